package sqlstore

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/odelink/odelink/checkout"
)

// bulk is how many links CreateLinks stores in one transaction.
const bulk = 1000

// CreateLink stores a link with its first event.
func (s *Store) CreateLink(ctx context.Context, n checkout.NewLink) error {
	return s.createLinks(ctx, []checkout.NewLink{n})
}

// CreateLinks stores many links, a thousand to a transaction. If one is refused, its thousand is not
// stored and no later one; the error names the link.
func (s *Store) CreateLinks(ctx context.Context, all []checkout.NewLink) error {
	for len(all) > 0 {
		n := min(bulk, len(all))
		if err := s.createLinks(ctx, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

func (s *Store) createLinks(ctx context.Context, all []checkout.NewLink) error {
	if len(all) == 0 {
		return nil
	}
	var needs needs
	for _, n := range all {
		needs.orders = append(needs.orders, orderPair(n.Link))
		needs.needMessages(n.Messages)
		if n.Idem.Key != "" {
			needs.idem = append(needs.idem, idemPair(n.Idem))
		}
		if n.Invoice != nil {
			needs.invoices = append(needs.invoices, einvoicePair(n.Invoice.EInvoice))
		}
	}
	return s.do(ctx, string(all[0].Link.ID), &unit{needs: needs, run: func(w *work) error {
		if err := w.mayCreate(all); err != nil {
			return err
		}
		for _, n := range all {
			if err := w.create(n); err != nil {
				return err
			}
		}
		return nil
	}})
}

func orderPair(l checkout.Link) pair { return pair{string(l.Merchant), plain(string(l.Order))} }

func idemPair(i checkout.Idempotency) pair { return pair{string(i.Merchant), plain(i.Key)} }

// mayCreate refuses before anything changed: a key that was used answers first, since its request
// is a repetition and its order number is taken by itself.
func (w *work) mayCreate(all []checkout.NewLink) error {
	orders, keys := map[pair]bool{}, map[pair]bool{}
	for _, n := range all {
		if err := w.keyFree(n.Idem, keys); err != nil {
			return err
		}
		if err := w.mayCarry(n); err != nil {
			return err
		}
		order := orderPair(n.Link)
		if w.orders[order] || orders[order] {
			return checkout.ErrOrderTaken.Because(fmt.Errorf("create link %s", n.Link.ID))
		}
		orders[order] = true
	}
	return nil
}

// keyFree answers ErrKeyKnown or ErrKeyReused for an idempotency key that was used.
func (w *work) keyFree(i checkout.Idempotency, beside map[pair]bool) error {
	if i.Key == "" {
		return nil
	}
	key := idemPair(i)
	request, used := w.idem[key]
	switch {
	case used && !bytes.Equal(request, i.Request):
		return checkout.ErrKeyReused
	case used || beside[key]:
		return checkout.ErrKeyKnown
	}
	if beside != nil {
		beside[key] = true
	}
	return nil
}

func (w *work) create(n checkout.NewLink) error {
	l := &linkState{linkRow: linkRow{Link: n.Link}, fresh: true}
	l.Version = max(l.Version, 1)
	l.Rev = max(l.Rev, 1) - 1 // touch makes it as it was given
	updated := l.UpdatedAt
	if updated.IsZero() {
		updated = l.CreatedAt
	}
	if err := w.recordLink(l, n.Event, n.Publish); err != nil {
		return err
	}
	if err := w.carry(l, n); err != nil {
		return err
	}
	w.hold(n)
	w.links[l.ID] = l
	w.orders[orderPair(n.Link)] = true
	w.touch(l, updated)
	w.answer(n.Idem)
	for _, m := range n.Messages {
		if _, err := w.post(m); err != nil {
			return err
		}
	}
	if n.Maker != "" {
		w.newMakers = append(w.newMakers, []any{string(l.ID), string(l.Merchant), string(n.Maker)})
	}
	return w.gather(n)
}

// recordLink extends the link's own chain.
func (w *work) recordLink(l *linkState, e checkout.Event, topic string) error {
	values, err := l.values()
	if err != nil {
		return err
	}
	e.Merchant, e.Subject = l.Merchant, string(l.ID)
	line := w.event(e, l.seq+1, l.head, string(l.ID), w.keys.digest(links.name, links.bound(values, linkBound)))
	if err := w.record(line, topic); err != nil {
		return err
	}
	l.seq, l.head = line.Seq, line.Hash
	return nil
}

// ChangeLink replaces a link's terms. The counters that payments move are the stored ones, whatever
// c.To says of them; so are id, token, merchant, order number and creation. Version grows when the
// terms differ, and stays when the link only rests, wakes or is deleted, unless c.To says more.
func (s *Store) ChangeLink(ctx context.Context, c checkout.LinkChange) (checkout.Link, error) {
	var after checkout.Link
	u := &unit{needs: needs{links: []checkout.LinkID{c.From.ID}, stops: []checkout.LinkID{c.From.ID}}}
	if c.Idem.Key != "" {
		u.needs.idem = []pair{idemPair(c.Idem)}
	}
	u.run = func(w *work) (err error) {
		after, err = w.change(c)
		return err
	}
	err := s.do(ctx, string(c.From.ID), u)
	if err != nil {
		return checkout.Link{}, err
	}
	return after, nil
}

func (w *work) change(c checkout.LinkChange) (checkout.Link, error) {
	l := w.links[c.From.ID]
	if l == nil || l.Merchant != c.From.Merchant {
		return checkout.Link{}, checkout.ErrNoLink
	}
	if err := w.keyFree(c.Idem, nil); err != nil {
		return checkout.Link{}, err
	}
	if l.Version != c.From.Version || !sameTime(l.DeletedAt, c.From.DeletedAt) {
		return checkout.Link{}, checkout.ErrStale
	}
	next := *l
	next.Link = replaced(l.Link, c)
	next.terms = true
	if err := w.recordLink(&next, c.Event, c.Publish); err != nil {
		return checkout.Link{}, err
	}
	if !l.Spent() {
		if err := w.tellSpent(&next, c.Event); err != nil { // fewer payments are allowed now
			return checkout.Link{}, err
		}
	}
	if next.Version > l.Version {
		w.endStops(l.ID, c.To.UpdatedAt)
	}
	*l = next
	at := c.To.UpdatedAt
	if sameTime(at, c.From.UpdatedAt) {
		at = c.Event.At
	}
	w.touch(l, at)
	w.answer(c.Idem)
	return l.Link, nil
}

// replaced is the stored link with the terms of c.To.
func replaced(now checkout.Link, c checkout.LinkChange) checkout.Link {
	next := c.To
	next.ID, next.Token, next.Merchant, next.Order = now.ID, now.Token, now.Merchant, now.Order
	next.Rev, next.SlotsHeld, next.CreatedAt = now.Rev, now.SlotsHeld, now.CreatedAt
	next.PaidCount, next.PaidMinor, next.PaidBy, next.PaidAt = now.PaidCount, now.PaidMinor, now.PaidBy, now.PaidAt
	next.UpdatedAt = now.UpdatedAt
	if sameTime(c.To.RestingSince, c.From.RestingSince) {
		// The link may have been put to rest since it was read, and an edit does not wake it.
		next.RestingSince = now.RestingSince
	}
	next.Version = max(c.To.Version, now.Version)
	if next.Version == now.Version && !sameTerms(now, next) {
		next.Version++
	}
	return next
}

// sameTerms compares everything but rest, deletion and counters.
func sameTerms(a, b checkout.Link) bool {
	b.RestingSince, b.DeletedAt, b.Version = a.RestingSince, a.DeletedAt, a.Version
	for _, l := range []*checkout.Link{&a, &b} {
		l.ActiveFrom, l.ExpiresAt = fromMicros(micros(l.ActiveFrom)), fromMicros(micros(l.ExpiresAt))
		if len(l.Metadata) == 0 {
			l.Metadata = nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// sameTime compares times as they are stored.
func sameTime(a, b time.Time) bool { return micros(a) == micros(b) }

// LinkByToken is for the card holder's pages.
func (s *Store) LinkByToken(ctx context.Context, t checkout.Token) (checkout.Link, error) {
	return s.link(ctx, "token = $1", string(t))
}

// LinkByID is for the merchant.
func (s *Store) LinkByID(ctx context.Context, m checkout.MerchantID, id checkout.LinkID) (checkout.Link, error) {
	return s.link(ctx, "id = $1 AND merchant = $2", string(id), string(m))
}

func (s *Store) link(ctx context.Context, where string, args ...any) (checkout.Link, error) {
	var found *linkRow
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+links.list+" FROM links WHERE "+where, func(r row) (err error) {
			found, err = scanLink(r)
			return err
		}, args...)
	})
	if err != nil {
		return checkout.Link{}, err
	}
	if found == nil {
		return checkout.Link{}, checkout.ErrNoLink
	}
	return found.Link, nil
}

// ChangedLinks answers links whose page changed at or after since by the deciding clock. Commits of other
// gateways may become visible a little late: ask again from somewhat before the last answer.
func (s *Store) ChangedLinks(ctx context.Context, since time.Time, limit int) ([]checkout.LinkRev, error) {
	var out []checkout.LinkRev
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT token, rev, changed_at FROM links WHERE changed_at >= $1 ORDER BY changed_at, id LIMIT $2",
			func(r row) error {
				out = append(out, checkout.LinkRev{Token: checkout.Token(r.text()), Rev: r.num(), ChangedAt: fromMicros(r.num())})
				return nil
			}, micros(since), int64(limit))
	})
	return out, err
}

// spent is Link.Spent in SQL.
const spent = "(slots > 0 AND paid_count >= slots)"

// livePage is how many links LiveLinks reads at once: one question takes milliseconds, whatever there is.
const livePage = 500

// LiveLinks calls yield for every link that is neither deleted, spent nor expired, those that end first
// before others. It reads a page at a time and holds no connection while yield works, so that it may take
// as long as it likes. Of links that are edited meanwhile it may see the old terms, or pass one over whose
// end moved: whoever edits publishes.
func (s *Store) LiveLinks(ctx context.Context, yield func(checkout.Link) error) error {
	var from place
	for {
		page, err := s.liveLinks(ctx, &from)
		if err != nil {
			return err
		}
		for _, l := range page {
			if err := yield(l); err != nil {
				return err
			}
		}
		if len(page) < livePage {
			return nil
		}
	}
}

// place is where a page of live links ended.
type place struct {
	expires int64
	id      string
}

// liveLinks answers the page behind a place, which it moves on. The zero place is the beginning.
func (s *Store) liveLinks(ctx context.Context, from *place) (page []checkout.Link, err error) {
	err = s.readWithin(ctx, searchTime, func(q querier) error {
		if from.id == "" {
			now, err := s.clock(ctx, q)
			if err != nil {
				return err
			}
			*from = place{expires: now, id: pastIDs}
		}
		return q.query(ctx, liveQuestion, func(r row) error {
			l, err := scanLink(r)
			if err == nil {
				page = append(page, l.Link)
			}
			return err
		}, from.expires, from.id, int64(livePage))
	})
	if n := len(page); n > 0 {
		*from = place{expires: micros(page[n-1].ExpiresAt), id: string(page[n-1].ID)}
	}
	return page, err
}

// liveQuestion is answered from the index links_open, whose condition it repeats.
var liveQuestion = "SELECT " + links.list + " FROM links WHERE deleted_at = 0 AND NOT " + spent +
	" AND (expires_at, id) > ($1, $2) ORDER BY expires_at, id LIMIT $3"
