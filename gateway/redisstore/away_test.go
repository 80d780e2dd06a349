package redisstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

// slack is what a loaded machine may add to a bound.
const slack = 1500 * time.Millisecond

// shortBound is the one of production.
const shortBound = defaultBound

// viewer looks at links until told to stop, and remembers the longest wait and anything that is
// neither an answer nor ErrHotAway.
type viewer struct {
	t       testing.TB
	s       *Store
	stop    atomic.Bool
	running sync.WaitGroup
	longest atomic.Int64
	seen    atomic.Int64 // answered
	away    atomic.Int64
}

func watch(t testing.TB, s *Store, callers int) *viewer {
	v := &viewer{t: t, s: s}
	for n := range callers {
		v.running.Go(func() {
			for !v.stop.Load() {
				v.look(n)
				runtime.Gosched() // an open breaker answers without ever letting others run
			}
		})
	}
	t.Cleanup(func() { v.end() })
	return v
}

func (v *viewer) look(n int) {
	begin := time.Now()
	h, err := v.s.Open(context.Background(), storetest.HotToken(n))
	if took := int64(time.Since(begin)); took > v.longest.Load() {
		v.longest.Store(took)
	}
	switch {
	case err == nil && h.Token == storetest.HotToken(n):
		v.seen.Add(1)
	case errors.Is(err, checkout.ErrNoLink):
		v.seen.Add(1)
	case errors.Is(err, checkout.ErrHotAway):
		v.away.Add(1)
	default:
		v.t.Errorf("link %d: %+v, %v", n, h, err)
	}
}

func (v *viewer) end() {
	v.stop.Store(true)
	v.running.Wait()
}

// until views as well until a count has grown by more than by.
func (v *viewer) until(what string, count *atomic.Int64, by int64) {
	v.t.Helper()
	from := count.Load()
	for begin := time.Now(); count.Load() <= from+by; v.look(0) {
		if time.Since(begin) > 90*time.Second {
			v.t.Fatalf("not within 90 s: %s", what)
		}
	}
}

func (v *viewer) wantLongest(most time.Duration) {
	v.t.Helper()
	if got := time.Duration(v.longest.Load()); got > most {
		v.t.Errorf("somebody waited %s, %s at most", got, most)
	}
}

func publishMany(t testing.TB, s *Store, n int) {
	t.Helper()
	for i := range n {
		must(t, s.Publish(t.Context(), storetest.HotCopy(i, time.Now())))
	}
}

func TestC21_aRedisThatIsKilledIsNoticedAtOnceAndFoundAgain(t *testing.T) {
	server := testenv.NewRedis(t)
	var opened, closed atomic.Int64
	s := open(t, Config{URL: server.URL(), Bound: shortBound, Observer: Observer{Breaker: func(open bool) {
		if open {
			opened.Add(1)
		} else {
			closed.Add(1)
		}
	}}})
	publishMany(t, s, 16)
	v := watch(t, s, 16)
	v.until("views before", &v.seen, 100)
	for range 2 {
		server.Kill(t)
		v.until("answers that it is away", &v.away, 1000)
		h := storetest.HotCopy(1, time.Now())
		for name, err := range map[string]error{
			"publish": s.Publish(t.Context(), h),
			"claim":   s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute),
			"release": s.Release(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA"),
			"ping":    s.Ping(t.Context()),
		} {
			if !errors.Is(err, checkout.ErrHotAway) {
				t.Errorf("%s: %v, want ErrHotAway", name, err)
			}
		}
		server.Start(t)
		v.until("views after", &v.seen, 100)
	}
	v.end()
	v.wantLongest(shortBound + slack)
	if opened.Load() != 2 || closed.Load() != 2 {
		t.Errorf("the breaker opened %d and closed %d times, want 2", opened.Load(), closed.Load())
	}
}

func TestC21_aRedisThatHangsCostsTheBoundOnceAndThenNothing(t *testing.T) {
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL(), Bound: shortBound})
	publishMany(t, s, 64)
	v := watch(t, s, 64)
	v.until("views before", &v.seen, 500)
	server.Freeze(t)
	v.until("answers that it is away", &v.away, 5000)
	v.wantLongest(shortBound + slack)
	begin := time.Now()
	v.until("more of them", &v.away, 5000)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("5,000 answers took %s with an open breaker", took)
	}
	server.Thaw(t)
	v.until("views after", &v.seen, 500)
	v.end()
	v.wantLongest(shortBound + slack)
}

// The gateway starts while Redis is away and finds it when it comes.
func TestC21_aRedisThatComesLaterIsFound(t *testing.T) {
	server := testenv.NewRedis(t)
	server.Kill(t)
	s := open(t, Config{URL: server.URL(), Bound: shortBound})
	v := watch(t, s, 4)
	v.until("answers that it is away", &v.away, 100)
	server.Start(t)
	v.until("answers", &v.seen, 10)
}

func TestC21_aMasterOfAClusterThatIsKilledSendsViewsToTheLedger(t *testing.T) {
	cluster := testenv.NewRedisCluster(t)
	s := open(t, Config{URL: cluster.URL(), Bound: shortBound})
	publishMany(t, s, 32) // on all three
	v := watch(t, s, 32)
	v.until("views before", &v.seen, 500)
	cluster.Nodes[1].Kill(t)
	v.until("answers that it is away", &v.away, 5000)
	cluster.Nodes[1].Start(t)
	cluster.AwaitWhole(t)
	v.until("views after", &v.seen, 500)
	v.end()
	v.wantLongest(shortBound + slack)
	for n := range 32 { // every slot again
		if _, err := s.Open(t.Context(), storetest.HotToken(n)); err != nil && !errors.Is(err, checkout.ErrNoLink) {
			t.Errorf("link %d: %v", n, err)
		}
	}
}

// C21: a fail-over loses what was not replicated; a claim that is lost is a claim that was never
// there, and the ledger decides.
func TestC21_afterAFailoverTheNewMasterIsUsed(t *testing.T) {
	set := testenv.NewRedisSentinel(t)
	s := open(t, Config{URL: set.URL(), Bound: shortBound})
	publishMany(t, s, 8)
	v := watch(t, s, 8)
	v.until("views before", &v.seen, 100)
	set.Failover(t, true)
	v.until("views after", &v.seen, 100)
	v.end()
	v.wantLongest(shortBound + slack)
	h := storetest.HotCopy(1, time.Now())
	h.Rev = 2
	for begin := time.Now(); ; {
		err := s.Publish(t.Context(), h)
		if err == nil {
			break
		}
		if time.Since(begin) > 90*time.Second {
			t.Fatalf("publish after the fail-over: %v", err)
		}
	}
	must(t, s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute))
	if got, err := s.Open(t.Context(), h.Token); err != nil || got.Rev != 2 || got.State != checkout.HotBusy {
		t.Errorf("%+v, %v", got, err)
	}
}

// Redis' own clock must not matter beyond lifetimes: a claim of a gateway whose clock is a day off
// lasts as long by that clock.
func TestC26_claimsGoByTheGatewaysClock(t *testing.T) {
	for name, off := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "an hour behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			clock := &steppedClock{now: time.Now().Add(off)}
			s := open(t, Config{URL: testenv.Redis(t), Clock: clock})
			h := storetest.HotCopy(1, clock.Now())
			must(t, s.Publish(t.Context(), h))
			must(t, s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute))
			if got, err := s.Open(t.Context(), h.Token); err != nil || got.State != checkout.HotBusy {
				t.Errorf("%+v, %v", got, err)
			}
			clock.now = clock.now.Add(time.Minute)
			if got, err := s.Open(t.Context(), h.Token); err != nil || got.State != checkout.HotOpen {
				t.Errorf("a minute later: %+v, %v", got, err)
			}
		})
	}
}

type steppedClock struct{ now time.Time }

func (c *steppedClock) Now() time.Time { return c.now }

// More callers than the queue holds are told at once; nobody waits longer than the bound.
func TestAFullQueueAnswersAtOnce(t *testing.T) {
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL(), Bound: 2 * time.Second})
	publishMany(t, s, 1)
	must(t, s.Ping(t.Context()))
	server.Freeze(t)
	const callers = queueLength + workers*maxBatch + 500
	var full, other atomic.Int64
	var wg sync.WaitGroup
	begin := time.Now()
	for range callers {
		wg.Go(func() {
			_, err := s.Open(context.Background(), storetest.HotToken(0))
			switch {
			case errors.Is(err, errQueueFull) && errors.Is(err, checkout.ErrHotAway):
				full.Add(1)
			case errors.Is(err, checkout.ErrHotAway):
				other.Add(1)
			default:
				t.Errorf("%v, want ErrHotAway", err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(begin); took > 2*time.Second+slack {
		t.Errorf("the last was answered after %s", took)
	}
	if full.Load() < 500 || other.Load() == 0 {
		t.Errorf("%d were told that the queue is full, %d something else", full.Load(), other.Load())
	}
}

// Who queues behind a command that ran out of time does not wait for the next one too; whatever else went
// wrong with it may go better for them.
func TestNobodyWaitsBehindACommandThatRanOutOfTime(t *testing.T) {
	b := &batcher{in: make(chan *lookup, 1)}
	for _, tc := range []struct {
		err     error
		refused bool
	}{{nil, false}, {io.EOF, false}, {context.Canceled, false}, {context.DeadlineExceeded, true}, {fmt.Errorf("read: %w", os.ErrDeadlineExceeded), true}} {
		l := &lookup{answer: make(chan answer, 1)}
		b.in <- l
		b.refuseBehind(tc.err)
		if refused := len(b.in) == 0 && (<-l.answer).err == errSlow; refused != tc.refused {
			t.Errorf("%v: refused %v", tc.err, refused)
		}
		if !tc.refused {
			<-b.in
		}
	}
}

// One answer that is slow holds up nobody behind it.
func TestASlowAnswerHoldsUpNobodyElse(t *testing.T) {
	s := open(t, Config{URL: testenv.NewRedis(t).URL(), Bound: 20 * time.Second})
	publishMany(t, s, 2)
	held := heldUp{asked: make(chan struct{}), release: make(chan struct{})}
	s.client.AddHook(&held)
	first := make(chan error, 1)
	go func() {
		_, err := s.Open(context.Background(), storetest.HotToken(0))
		first <- err
	}()
	<-held.asked
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.Open(ctx, storetest.HotToken(1)); err != nil {
		t.Errorf("behind it: %v", err)
	}
	close(held.release)
	if err := <-first; err != nil {
		t.Errorf("the slow one: %v", err)
	}
}

// heldUp keeps the first command until it is released.
type heldUp struct {
	seen           atomic.Bool
	asked, release chan struct{}
}

func (h *heldUp) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *heldUp) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if h.seen.CompareAndSwap(false, true) {
			close(h.asked)
			<-h.release
		}
		return next(ctx, cmd)
	}
}

func (h *heldUp) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestALookUpNeverWaitsLongerThanItsCaller(t *testing.T) {
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL(), Bound: 20 * time.Second})
	publishMany(t, s, 1)
	server.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, err := s.Open(ctx, storetest.HotToken(0)); !errors.Is(err, checkout.ErrHotAway) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open: %v", err)
	}
	if took := time.Since(begin); took > slack {
		t.Errorf("answered after %s", took)
	}
	server.Thaw(t)
	if _, err := s.Open(t.Context(), storetest.HotToken(0)); err != nil {
		t.Errorf("the worker did not come back: %v", err)
	}
}

func TestAClosedStoreIsAway(t *testing.T) {
	s, err := Open(t.Context(), Config{URL: testenv.Redis(t)})
	must(t, err)
	must(t, s.Publish(t.Context(), storetest.HotCopy(1, time.Now())))
	must(t, s.Close())
	for range 10 {
		if _, err := s.Open(t.Context(), storetest.HotToken(1)); !errors.Is(err, checkout.ErrHotAway) {
			t.Errorf("open: %v, want ErrHotAway", err)
		}
	}
	if err := s.Publish(t.Context(), storetest.HotCopy(1, time.Now())); !errors.Is(err, checkout.ErrHotAway) {
		t.Errorf("publish: %v, want ErrHotAway", err)
	}
}

// A script that a server has lost (restart, fail-over, SCRIPT FLUSH) is sent again.
func TestLostScriptsAreSentAgain(t *testing.T) {
	server := testenv.NewRedis(t)
	s := open(t, Config{URL: server.URL()})
	h := storetest.HotCopy(1, time.Now())
	for i := range 3 {
		server.Do(t, "SCRIPT", "FLUSH")
		must(t, s.Publish(t.Context(), h))
		server.Do(t, "SCRIPT", "FLUSH")
		must(t, s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute))
		server.Do(t, "SCRIPT", "FLUSH")
		must(t, s.Release(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA"))
		server.Do(t, "SCRIPT", "FLUSH")
		c, err := s.Counters().Increment(t.Context(), "x:t", 1, limiterRate)
		must(t, err)
		if n := c.Limit - c.Remaining; n != int64(i+1) {
			t.Errorf("counted %d, want %d", n, i+1)
		}
	}
}
