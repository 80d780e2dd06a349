package checkout

import (
	"context"
	"sync"
	"time"
)

// cacheLimit bounds a cache; beyond it everything is read again, which is slower and not wrong.
const cacheLimit = 10_000

// cache remembers what load answered for a short time. When load fails, an old answer serves on
// for a while: branding a few seconds old beats no page. Nobody who has such an answer waits for a
// load under way, and a load that failed is not tried again at once: a ledger that hangs costs one
// caller its patience and not all of them in a row (C22).
type cache[K comparable, V any] struct {
	clock Clock
	fresh time.Duration
	load  func(context.Context, K) (V, error)

	mu   sync.RWMutex
	have map[K]*kept[V]
}

type kept[V any] struct {
	loading sync.Mutex // one load at a time per key

	mu    sync.RWMutex // of what follows
	value V
	at    time.Time // of value
	ok    bool
	tried time.Time // of the last load
	err   error     // of the last load
	loads int
}

// staleFactor is how many times longer than fresh an old answer may serve when load fails.
const staleFactor = 30

func newCache[K comparable, V any](clock Clock, fresh time.Duration, load func(context.Context, K) (V, error)) *cache[K, V] {
	return &cache[K, V]{clock: clock, fresh: fresh, load: load, have: map[K]*kept[V]{}}
}

func (c *cache[K, V]) get(ctx context.Context, key K) (V, error) {
	k := c.slot(key)
	v, loads, state := k.look(c.clock.Now(), c.fresh)
	switch {
	case state == keptFresh:
		return v, nil
	case state == keptGone:
		k.loading.Lock()
	case !k.loading.TryLock():
		return v, nil
	}
	defer k.loading.Unlock()
	if v, err, done := k.loadedSince(loads); done {
		return v, err // by the one that was waited for
	}
	loaded, err := c.load(ctx, key)
	k.keep(loaded, err, c.clock.Now())
	if err != nil && state == keptOld && KindOf(err) != KindNotFound {
		return v, nil
	}
	return loaded, err
}

// peek answers what was loaded a moment ago, and loads nothing.
func (c *cache[K, V]) peek(key K) (v V, ok bool) {
	c.mu.RLock()
	k := c.have[key]
	c.mu.RUnlock()
	if k == nil {
		return v, false
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	age := c.clock.Now().Sub(k.at)
	return k.value, k.ok && age >= 0 && age < c.fresh
}

// keptState is what a kept value is good for.
type keptState int

const (
	keptGone  keptState = iota // there is none, or it is too old
	keptOld                    // serves when a load fails or is under way
	keptFresh                  // need not be loaded
)

func (k *kept[V]) look(now time.Time, fresh time.Duration) (V, int, keptState) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	age, tried := now.Sub(k.at), now.Sub(k.tried)
	switch {
	case !k.ok || age < 0 || age >= fresh*staleFactor:
		return k.value, k.loads, keptGone
	case age < fresh || (tried >= 0 && tried < fresh):
		return k.value, k.loads, keptFresh
	}
	return k.value, k.loads, keptOld
}

// loadedSince answers what a load brought that ended since the count was read.
func (k *kept[V]) loadedSince(loads int) (V, error, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.value, k.err, k.loads != loads
}

func (k *kept[V]) keep(v V, err error, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried, k.err = now, err
	k.loads++
	if err == nil {
		k.value, k.at, k.ok = v, now, true
	}
}

func (c *cache[K, V]) slot(key K) *kept[V] {
	c.mu.RLock()
	k := c.have[key]
	c.mu.RUnlock()
	if k != nil {
		return k
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if k = c.have[key]; k == nil {
		if len(c.have) >= cacheLimit {
			clear(c.have)
		}
		k = &kept[V]{}
		c.have[key] = k
	}
	return k
}

func (c *cache[K, V]) drop(key K) {
	c.mu.Lock()
	delete(c.have, key)
	c.mu.Unlock()
}
