// Package pace decides when each way begins. In the open model ways are due at a fixed rate, whatever the
// target does, as card holders come; in the closed model each caller begins again when he is done, which
// finds capacity and hides stalls. It deliberately knows nothing of what a way is.
package pace

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Walk is one way of a caller, due at a moment; false ends that caller (there is nothing left to do).
type Walk func(caller int, due time.Time) bool

// Closed has callers walk without a pause until the context ends. It answers how many ways were begun.
func Closed(ctx context.Context, callers int, walk Walk) int64 {
	var begun atomic.Int64
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				begun.Add(1)
				if !walk(caller, time.Now()) {
					return
				}
			}
		})
	}
	all.Wait()
	return begun.Load()
}

// Opened says what became of an open run.
type Opened struct {
	Due  int64 // ways that fell due
	Late int64 // of them, begun more than a millisecond after that, because every caller was away
	Left int64 // of them, never begun: the run was over
}

// Open has ways fall due at a rate per second for as long as the context lives. At most callers are on
// their way at once; what is due beyond them waits, and its waiting counts.
func Open(ctx context.Context, rate float64, callers int, walk Walk) Opened {
	due := make(chan time.Time, 1<<16)
	var o Opened
	var late atomic.Int64
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for at := range due {
				if time.Since(at) > time.Millisecond {
					late.Add(1)
				}
				if ctx.Err() != nil || !walk(caller, at) {
					return
				}
			}
		})
	}
	o.Due, o.Left = clockwork(ctx, rate, due)
	close(due)
	all.Wait()
	o.Late = late.Load()
	return o
}

// nap is how long the pacer sleeps at least: timers are about as coarse, and several ways that fall due
// within one are handed out together, each with its own moment.
const nap = 500 * time.Microsecond

// clockwork hands out moments. It has an operating-system thread of its own: on a busy machine a goroutine
// that shares one comes late itself.
func clockwork(ctx context.Context, rate float64, due chan<- time.Time) (n, left int64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start, gap := time.Now(), float64(time.Second)/rate
	at := func() time.Time { return start.Add(time.Duration(float64(n) * gap)) }
	for ctx.Err() == nil {
		for end := last(ctx); !at().After(end); n++ {
			select {
			case due <- at():
			default:
				left++ // more wait than anybody would
			}
		}
		time.Sleep(max(nap, min(time.Until(at()), 20*time.Millisecond)))
	}
	for end := last(ctx); !at().After(end); n++ {
		left++ // fell due while the clock slept into the end
	}
	return n, left + int64(len(due))
}

// last is the moment up to which ways are due by now: a clock that comes late makes none beyond the end.
func last(ctx context.Context) time.Time {
	now := time.Now()
	if end, ok := ctx.Deadline(); ok && end.Before(now) {
		return end
	}
	return now
}
