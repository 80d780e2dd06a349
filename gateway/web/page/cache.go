package page

import "sync/atomic"

// Key chooses one checkout page.
type Key struct {
	Lang    string // unknown languages give Turkish
	Theme   *Theme // nil for the product's own
	Variant Variant
}

type cacheKey struct {
	lang    string
	theme   string
	version int64
	variant Variant
}

// usedBit says that a page was asked for since the last clearing out.
type usedBit struct{ atomic.Bool }

func (u *usedBit) mark() {
	if !u.Load() { // spare other processors the write
		u.Store(true)
	}
}

// checkout finds the page for a key, making it when it is asked for first. Finding takes no lock:
// the map is never written, only replaced.
func (p *Pages) checkout(k Key) (*compiled, error) {
	ck := cacheKey{lang: k.Lang, variant: k.Variant & (variantEnd - 1)}
	if k.Theme != nil {
		ck.theme, ck.version = k.Theme.ID, k.Theme.Version
	}
	if c, ok := (*p.ready.Load())[ck]; ok {
		c.used.mark()
		return c, nil
	}
	return p.add(ck, k)
}

func (p *Pages) add(ck cacheKey, k Key) (*compiled, error) {
	p.build.Lock()
	defer p.build.Unlock()
	l := p.Locale(k.Lang)
	ck.lang = l.Code // an unknown language must not be a key of its own
	old := *p.ready.Load()
	if c, ok := old[ck]; ok {
		return c, nil
	}
	c, err := p.compile(l, k.Theme, ck.variant)
	if err != nil {
		return nil, err
	}
	if p.opts.MaxCached < 0 {
		return c, nil
	}
	c.used.mark()
	next := make(map[cacheKey]*compiled, len(old)+1)
	for key, page := range old {
		if key.theme == ck.theme && key.version < ck.version {
			continue // the merchant's former look
		}
		next[key] = page
	}
	if len(next) >= p.opts.MaxCached {
		clearOut(next, p.opts.MaxCached*3/4)
	}
	next[ck] = c
	p.ready.Store(&next)
	return c, nil
}

// clearOut drops pages until keep are left: those not asked for since the last time first, then any.
func clearOut(pages map[cacheKey]*compiled, keep int) {
	for key, c := range pages {
		if len(pages) > keep && !c.used.Load() {
			delete(pages, key)
		}
	}
	for key := range pages {
		if len(pages) <= keep {
			break
		}
		delete(pages, key)
	}
	for _, c := range pages {
		c.used.Store(false)
	}
}
