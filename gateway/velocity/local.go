package velocity

import (
	"context"
	"hash/maphash"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
)

const (
	// maxFresh counters may be made in one sweep interval. A botnet beyond it is counted in folds:
	// memory stays bounded, and nobody goes uncounted.
	maxFresh = 200_000
	folds    = 4096
	// sweepEvery is how often the limiter's store drops old counters.
	sweepEvery = time.Minute
	// maxMarks and maxCards bound what is kept beside the counters.
	maxMarks = 100_000
	maxCards = 100_000
)

// local counts what this process has seen.
type local struct {
	counters limiter.Store
	seed     maphash.Seed
	fresh    atomic.Int64 // counters made since epoch began
	epoch    atomic.Int64
	blocks   marks
	cards    notes
}

func newLocal() *local {
	return &local{
		counters: memory.NewStoreWithOptions(limiter.StoreOptions{CleanUpInterval: sweepEvery}),
		seed:     maphash.MakeSeed(),
		blocks:   marks{all: make(map[string]mark)},
		cards:    notes{all: make(map[string]note)},
	}
}

// bounded gives way to folds while too many counters are new.
func (l *local) bounded(s subject, now time.Time) subject {
	epoch := now.UnixNano() / int64(sweepEvery)
	if have := l.epoch.Load(); have != epoch && l.epoch.CompareAndSwap(have, epoch) {
		l.fresh.Store(0)
	}
	if l.fresh.Load() >= maxFresh {
		s.name = "fold" + strconv.FormatUint(maphash.String(l.seed, s.name)%folds, 10)
	}
	return s
}

// add counts one hit in one counter. The limiter's memory store has no errors.
func (l *local) add(ctx context.Context, key string, r limiter.Rate) int64 {
	c, err := l.counters.Increment(ctx, key, 1, r)
	if err != nil {
		return r.Limit
	}
	n := count(c)
	if n == 1 {
		l.fresh.Add(1)
	}
	return n
}

// hit counts, and answers the ends of the blocks by the full limit and by half of it. Both are kept
// under the subject's own name; began says whether this hit, of all that arrive together, is the one
// that began a block by the full limit.
func (l *local) hit(ctx context.Context, s subject, now time.Time) (block mark, began bool) {
	counted := l.bounded(s, now)
	keys := counted.keys(now)
	last := len(keys) - 1
	counts := make([]int64, len(keys))
	for i, key := range keys[:last] {
		if c, err := l.counters.Peek(ctx, key, s.window.rate()); err == nil {
			counts[i] = count(c)
		}
	}
	counts[last] = l.add(ctx, keys[last], s.window.rate())
	block.until = s.window.until(counts, now, s.window.limit)
	block.strict = s.window.until(counts, now, s.window.strict())
	if block.strict.After(now) && s.window.name != untilRest.name {
		began = l.blocks.extend(markKey(s), block, now)
	}
	return block, began
}

func (l *local) mark(s subject, strict bool) time.Time {
	m := l.blocks.get(markKey(s))
	if strict {
		return m.strict
	}
	return m.until
}

func (l *local) forget(ctx context.Context, s subject, now time.Time) {
	for _, key := range l.bounded(s, now).keys(now) {
		_, _ = l.counters.Reset(ctx, key, s.window.rate()) // the memory store has no errors
	}
}

// mark is until when a subject is blocked, by the full limit and by half of it.
type mark struct{ until, strict time.Time }

// marks are the blocks of now. Asking costs next to nothing while there are none.
type marks struct {
	mu  sync.RWMutex
	all map[string]mark
	n   atomic.Int64
}

func (b *marks) empty() bool { return b.n.Load() == 0 }

func (b *marks) get(key string) mark {
	if b.empty() {
		return mark{}
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.all[key]
}

// extend keeps the later end of each kind: of hits that are counted together, the one that counted
// less may come here last. began says whether no block by the full limit stood before.
func (b *marks) extend(key string, m mark, now time.Time) (began bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.all[key]
	began = m.until.After(now) && !before.until.After(now)
	b.all[key] = mark{until: later(before.until, m.until), strict: later(before.strict, m.strict)}
	left := 4
	for k, m := range b.all {
		over := !m.strict.After(now)
		if over || len(b.all) > maxMarks {
			delete(b.all, k)
		}
		if left--; left == 0 {
			break
		}
	}
	b.n.Store(int64(len(b.all)))
	return began
}

// notes are texts that end by themselves; the oldest go when there are too many.
type notes struct {
	mu    sync.Mutex
	all   map[string]note
	order []string
}

type note struct {
	text  string
	until time.Time
}

func (n *notes) put(key, text string, now, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, again := n.all[key]; !again {
		n.order = append(n.order, key)
	}
	n.all[key] = note{text: text, until: until}
	for len(n.order) > 0 {
		oldest := n.order[0]
		if len(n.order) <= maxCards && now.Before(n.all[oldest].until) {
			return
		}
		delete(n.all, oldest)
		n.order = n.order[1:]
	}
}

func (n *notes) get(key string, now time.Time) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if have, ok := n.all[key]; ok && now.Before(have.until) {
		return have.text
	}
	return ""
}
