package memstore

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
)

func TestLinkStore(t *testing.T) {
	storetest.LinkStore(t, func(_ *testing.T, clock checkout.Clock) storetest.LinkStores {
		s := New(clock)
		return storetest.LinkStores{
			Client: func() checkout.LinkStore { return s },
			Forget: func() { s = New(clock) },
		}
	})
}

type testClock struct{ since atomic.Int64 }

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func (c *testClock) Now() time.Time          { return start.Add(time.Duration(c.since.Load())) }
func (c *testClock) advance(d time.Duration) { c.since.Add(int64(d)) }

func TestACopyLivesNoLongerThanItsTime(t *testing.T) {
	for name, c := range map[string]struct {
		left, want time.Duration // of the link, of its copy
	}{
		"an hour longer than the link": {left: 24 * time.Hour, want: 25 * time.Hour},
		"a week at most":               {left: 365 * 24 * time.Hour, want: 7 * 24 * time.Hour},
		"ten minutes at least":         {left: -48 * time.Hour, want: 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			clock := new(testClock)
			s := New(clock)
			h := storetest.HotCopy(1, clock.Now())
			h.ExpiresAt = clock.Now().Add(c.left)
			if err := s.Publish(t.Context(), h); err != nil {
				t.Fatal(err)
			}
			clock.advance(c.want - time.Millisecond)
			if _, err := s.Open(t.Context(), h.Token); err != nil {
				t.Errorf("just before its time is over: %v", err)
			}
			clock.advance(time.Millisecond)
			if _, err := s.Open(t.Context(), h.Token); !errors.Is(err, checkout.ErrNoLink) {
				t.Errorf("when its time is over: %v, want ErrNoLink", err)
			}
			if err := s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute); err != nil {
				t.Errorf("claim of what is not here any more: %v", err)
			}
		})
	}
}

// A store that runs for months must not keep the links of months.
func TestCopiesWhoseTimeIsOverAreDropped(t *testing.T) {
	clock := new(testClock)
	s := New(clock)
	publish := func(from, to int) {
		for n := from; n < to; n++ {
			h := storetest.HotCopy(n, clock.Now())
			h.ExpiresAt = clock.Now().Add(time.Hour)
			if err := s.Publish(t.Context(), h); err != nil {
				t.Fatal(err)
			}
		}
	}
	const day = 10_000
	for d := range 10 {
		publish(d*day, (d+1)*day)
		clock.advance(24 * time.Hour)
	}
	if n := s.Len(); n > 3*day {
		t.Errorf("%d copies are held, %d were stored in the last day", n, day)
	}
	clock.advance(-24 * time.Hour)
	s.Sweep()
	if n := s.Len(); n != day {
		t.Errorf("%d copies are held after a sweep, %d live", n, day)
	}
}

func TestOpenAllocatesNothing(t *testing.T) {
	s := New(new(testClock))
	if err := s.Publish(t.Context(), storetest.HotCopy(1, start)); err != nil {
		t.Fatal(err)
	}
	token, ctx := storetest.HotToken(1), context.Background()
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := s.Open(ctx, token); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOpen(b *testing.B) {
	s := New(new(testClock))
	tokens := make([]checkout.Token, 100_000)
	for n := range tokens {
		tokens[n] = storetest.HotToken(n)
		if err := s.Publish(b.Context(), storetest.HotCopy(n, start)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			if _, err := s.Open(context.Background(), tokens[n*7919%len(tokens)]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
