package checkout

import (
	"context"
	"sync"
	"time"
)

// cacheLimit bounds a cache; beyond it everything is read again, which is slower and not wrong.
const cacheLimit = 10_000

// cache remembers what load answered for a short time. When load fails, an old answer serves on
// for a while: branding a few seconds old beats no page.
type cache[K comparable, V any] struct {
	clock Clock
	fresh time.Duration
	load  func(context.Context, K) (V, error)

	mu   sync.RWMutex
	have map[K]*kept[V]
}

type kept[V any] struct {
	mu    sync.Mutex // one load at a time per key
	value V
	at    time.Time
	ok    bool
}

// staleFactor is how many times longer than fresh an old answer may serve when load fails.
const staleFactor = 30

func newCache[K comparable, V any](clock Clock, fresh time.Duration, load func(context.Context, K) (V, error)) *cache[K, V] {
	return &cache[K, V]{clock: clock, fresh: fresh, load: load, have: map[K]*kept[V]{}}
}

func (c *cache[K, V]) get(ctx context.Context, key K) (V, error) {
	k := c.slot(key)
	k.mu.Lock()
	defer k.mu.Unlock()
	age := c.clock.Now().Sub(k.at)
	if k.ok && age >= 0 && age < c.fresh {
		return k.value, nil
	}
	v, err := c.load(ctx, key)
	if err != nil {
		if k.ok && KindOf(err) != KindNotFound && age < c.fresh*staleFactor {
			return k.value, nil
		}
		return v, err
	}
	k.value, k.at, k.ok = v, c.clock.Now(), true
	return v, nil
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
