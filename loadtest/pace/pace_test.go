package pace

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The open model goes on counting while the target stalls: ways that fell due meanwhile carry their own
// moments, so that their waiting shows. Nothing is skipped.
func TestOpenKeepsItsAppointmentsThroughAStall(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 600*time.Millisecond)
	defer cancel()
	var mu sync.Mutex
	var dues []time.Time
	var worst time.Duration
	stalled := sync.OnceFunc(func() { <-time.After(300 * time.Millisecond) })
	o := Open(ctx, 1000, 1, func(_ int, due time.Time) bool {
		mu.Lock()
		dues, worst = append(dues, due), max(worst, time.Since(due))
		mu.Unlock()
		stalled()
		return true
	})
	for i := 1; i < len(dues); i++ {
		if gap := dues[i].Sub(dues[i-1]); gap < 999*time.Microsecond || gap > 1001*time.Microsecond {
			t.Fatalf("way %d fell due %s after the one before", i, gap)
		}
	}
	if worst < 250*time.Millisecond || o.Late < 200 {
		t.Errorf("a stall of 300 ms shows as %s at most, %d late", worst, o.Late)
	}
	if got := int64(len(dues)) + o.Left; got < o.Due-1 || got > o.Due {
		t.Errorf("%d fell due, %d were begun, %d left", o.Due, len(dues), o.Left)
	}
}

// The closed model begins anew only when a way is over, and ends when there is nothing left.
func TestClosedHasOneWayPerCaller(t *testing.T) {
	t.Parallel()
	var now, most, done atomic.Int64
	n := Closed(t.Context(), 5, func(int, time.Time) bool {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		return done.Add(1) < 100
	})
	if most.Load() > 5 || n != done.Load() {
		t.Errorf("%d at once, %d begun, %d done", most.Load(), n, done.Load())
	}
}

// As many ways fall due as the rate and the time make, however late the clock wakes up: links are made for
// so many and no more.
func TestNothingFallsDueBeyondTheEnd(t *testing.T) {
	t.Parallel()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		end, _ := ctx.Deadline()
		var beyond atomic.Int64
		begin := time.Now()
		o := Open(ctx, 100_000, 2, func(_ int, due time.Time) bool {
			if due.After(end) {
				beyond.Add(1)
			}
			return true
		})
		cancel()
		// The clock begins a little after the time does.
		if most := int64(end.Sub(begin).Seconds()*100_000) + 1; beyond.Load() > 0 || o.Due > most {
			t.Fatalf("%d ways fell due, %d at most; %d of them after the end", o.Due, most, beyond.Load())
		}
	}
}

// Who sleeps into the end counts what fell due meanwhile.
func TestWhatFellDueDuringTheLastNapIsLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(500*time.Millisecond))
	defer cancel()
	began := int64(0)
	o := Open(ctx, 50, 1, func(int, time.Time) bool { began++; <-ctx.Done(); return true })
	if o.Due < 2 || began != 1 || o.Left < o.Due-2 {
		t.Errorf("%d due, %d begun, %d left", o.Due, began, o.Left)
	}
}
