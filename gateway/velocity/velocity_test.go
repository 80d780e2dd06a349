package velocity

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/redisstore"
	"github.com/odelink/odelink/gateway/testenv"
)

var start = time.Date(2026, 11, 22, 9, 7, 3, 0, time.UTC)

type testClock struct{ since atomic.Int64 }

func (c *testClock) Now() time.Time          { return start.Add(time.Duration(c.since.Load())) }
func (c *testClock) advance(d time.Duration) { c.since.Add(int64(d)) }

// limitsTest is one set of limits and how to make another gateway beside it.
type limitsTest struct {
	*testing.T
	*Limits
	clock *testClock
	// beside is another gateway with the same store: the same limits where there is none.
	beside func() *Limits
	rested []checkout.Token
	said   map[string]int
	alarms int
}

// stores are where limits may be counted; nil is this process alone.
var stores = map[string]func(testing.TB) string{
	"memory":  nil,
	"redis":   testenv.Redis,
	"cluster": testenv.RedisCluster,
}

// everywhere runs a test with every store.
func everywhere(t *testing.T, test func(*limitsTest)) {
	for name, url := range stores {
		t.Run(name, func(t *testing.T) {
			l := &limitsTest{T: t, clock: new(testClock), said: map[string]int{}}
			if url == nil {
				l.Limits = l.make(nil)
				l.beside = func() *Limits { return l.Limits }
			} else {
				at := url(t)
				l.Limits = l.make(store(t, at, 10*time.Second))
				l.beside = func() *Limits { return l.make(store(t, at, 10*time.Second)) }
			}
			test(l)
		})
	}
}

func store(t testing.TB, url string, bound time.Duration) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open(t.Context(), redisstore.Config{URL: url, Bound: bound})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (l *limitsTest) make(s *redisstore.Store) *Limits {
	l.Helper()
	c := Config{
		Clock:      l.clock,
		OnRest:     func(a checkout.Attempt) { l.rested = append(l.rested, a.Token) },
		OnBlocked:  func(limit string) { l.said[limit]++ },
		OnGuessing: func(int64) { l.alarms++ },
	}
	if s != nil {
		c.Shared = s
	}
	made, err := New(c)
	if err != nil {
		l.Fatal(err)
	}
	return made
}

// attempt n differs from every other in all that limits look at.
func attempt(n int) checkout.Attempt {
	return checkout.Attempt{
		Payment: checkout.PaymentID(fmt.Sprintf("pay_%022d", n)), Merchant: "mer_7GhT2kLpWqZ9sVbXnM4cRd",
		Token: checkout.Token(fmt.Sprintf("Tok%09d", n)), IP: fmt.Sprintf("10.%d.%d.1", n/256%256, n%256),
		BIN: fmt.Sprintf("%08d", n), CardHash: fmt.Sprintf("%032x", n),
	}
}

// refuse lets attempts be checked and then refused, as checkout does: the refusal knows no card.
func (l *limitsTest) refuse(times int, next func(i int) checkout.Attempt) (rests int) {
	l.Helper()
	for i := range times {
		a := next(i)
		if err := l.Check(l.Context(), a); err != nil {
			l.Fatalf("try %d: %v", i+1, err)
		}
		a.CardHash = ""
		rest, err := l.Refused(l.Context(), a)
		if err != nil {
			l.Fatal(err)
		}
		if rest {
			rests++
		}
	}
	return rests
}

func (l *limitsTest) wantBlocked(who *Limits, a checkout.Attempt, atLeast, atMost time.Duration) time.Duration {
	l.Helper()
	err := who.Check(l.Context(), a)
	var e *checkout.Error
	if !errors.As(err, &e) || !errors.Is(err, checkout.ErrVelocity) {
		l.Fatalf("check: %v, want ErrVelocity", err)
	}
	if e.RetryAfter < atLeast || e.RetryAfter > atMost {
		l.Errorf("wait %s, want %s to %s", e.RetryAfter, atLeast, atMost)
	}
	return e.RetryAfter
}

func (l *limitsTest) wantFree(who *Limits, a checkout.Attempt) {
	l.Helper()
	if err := who.Check(l.Context(), a); err != nil {
		l.Errorf("check: %v, want nil", err)
	}
}

func TestA30_everyLimitIsExactAndEnds(t *testing.T) {
	for name, c := range map[string]struct {
		limit int
		span  time.Duration
		says  string
		same  func(base, a checkout.Attempt) checkout.Attempt // what every try shares
	}{
		"5 refusals per link in 15 minutes": {5, 15 * time.Minute, perLink.says,
			func(base, a checkout.Attempt) checkout.Attempt { a.Token = base.Token; return a }},
		"10 per address in 15 minutes": {10, 15 * time.Minute, perAddress.says,
			func(base, a checkout.Attempt) checkout.Attempt { a.IP = base.IP; return a }},
		"30 per BIN and merchant in an hour": {30, time.Hour, perBIN.says,
			func(base, a checkout.Attempt) checkout.Attempt { a.BIN = base.BIN; return a }},
		"5 per card in a day": {5, 24 * time.Hour, perCard.says,
			func(base, a checkout.Attempt) checkout.Attempt { a.CardHash = base.CardHash; return a }},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(l *limitsTest) {
				base, beside := attempt(1000), l.beside()
				next := func(i int) checkout.Attempt { return c.same(base, attempt(i)) }
				l.refuse(c.limit-1, next)
				l.wantFree(beside, next(50))
				l.clock.advance(c.span - time.Second) // the first ones still count
				l.refuse(1, func(int) checkout.Attempt { return next(51) })
				l.wantBlocked(l.Limits, next(52), time.Millisecond, c.span/pieces+time.Second)
				l.clock.advance(c.span/pieces + time.Second) // now only the last one does
				l.wantFree(beside, next(53))
				l.refuse(c.limit-1, next)
				wait := l.wantBlocked(l.Limits, next(54), c.span*14/15, c.span)
				l.wantBlocked(beside, next(54), wait, wait)
				l.wantFree(beside, attempt(55)) // who shares nothing
				l.clock.advance(wait - time.Millisecond)
				l.wantBlocked(beside, next(56), time.Millisecond, time.Millisecond)
				l.clock.advance(time.Millisecond)
				l.wantFree(l.Limits, next(57))
				l.wantFree(beside, next(57))
				if l.said[c.says] == 0 || len(l.said) != 1 {
					t.Errorf("the limits named are %v", l.said)
				}
			})
		})
	}
}

// A burst of the full limit in one moment is blocked for the full span, not a fifteenth more or less.
func TestA30_theWaitAfterABurstIsTheSpan(t *testing.T) {
	everywhere(t, func(l *limitsTest) {
		l.refuse(5, func(int) checkout.Attempt { return attempt(1) })
		l.wantBlocked(l.Limits, attempt(1), 24*time.Hour, 24*time.Hour) // the card's, the longest
		a := attempt(2)
		a.Token = attempt(1).Token
		l.wantBlocked(l.Limits, a, 15*time.Minute, 15*time.Minute)
	})
}

func TestA30_aLinkRestsAtTheTenthRefusal(t *testing.T) {
	onLink := func(i int) checkout.Attempt {
		a := attempt(i)
		a.Token = "Tok000009999"
		return a
	}
	everywhere(t, func(l *limitsTest) {
		refused := func(from, to int) (rests int) {
			for i := from; i < to; i++ { // challenges that were open before the link was blocked
				rest, err := l.Refused(l.Context(), onLink(i))
				if err != nil {
					t.Fatal(err)
				}
				if rest {
					rests++
				}
			}
			return rests
		}
		if n := refused(0, 9); n != 0 {
			t.Fatalf("nine refusals let it rest %d times", n)
		}
		if n := refused(9, 10); n != 1 || len(l.rested) != 1 || l.rested[0] != "Tok000009999" {
			t.Fatalf("the tenth let it rest %d times, told %v", n, l.rested)
		}
		// Woken by its merchant, it has as many refusals again.
		l.clock.advance(15 * time.Minute)
		l.wantFree(l.Limits, onLink(20))
		if n := refused(20, 29); n != 0 {
			t.Errorf("nine refusals after waking let it rest %d times", n)
		}
		if n := refused(29, 30); n != 1 {
			t.Errorf("the tenth after waking let it rest %d times", n)
		}
	})
}

// A tester who waits whenever he is told to, and no longer, meets the rest within the hour.
func TestA30_patienceDoesNotKeepALinkAwake(t *testing.T) {
	everywhere(t, func(l *limitsTest) {
		begin := l.clock.Now()
		for i := range 10 {
			a := attempt(i)
			a.Token = "Tok000009999"
			if err := l.Check(l.Context(), a); err != nil {
				l.clock.advance(l.wantBlocked(l.Limits, a, 1, 15*time.Minute))
				l.wantFree(l.Limits, a)
			}
			if _, err := l.Refused(l.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
		if took := l.clock.Now().Sub(begin); len(l.rested) != 1 || took < 15*time.Minute || took > 20*time.Minute {
			t.Errorf("ten refusals took %s and let it rest %d times", took, len(l.rested))
		}
	})
}

func TestA30_addressesAreNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"one /24":                         {"203.0.113.7", "203.0.113.250", true},
		"two /24":                         {"203.0.113.7", "203.0.114.7", false},
		"one /48":                         {"2001:db8:1:2::7", "2001:db8:1:ffff::9", true},
		"two /48":                         {"2001:db8:1::7", "2001:db8:2::7", false},
		"IPv4 in IPv6":                    {"::ffff:203.0.113.7", "203.0.113.9", true},
		"a zone makes nobody else":        {"fe80::1%eth0", "fe80::2%eth1", true},
		"no address is one place for all": {"", "not an address", true},
	} {
		if same := network(c.a) == network(c.b); same != c.same {
			t.Errorf("%s: %s and %s are %s and %s", name, c.a, c.b, network(c.a), network(c.b))
		}
	}
}

// Where the card is typed at the bank, the limits of link and address hold alone.
func TestA30_aPaymentWithoutACardHereIsLimitedToo(t *testing.T) {
	everywhere(t, func(l *limitsTest) {
		hosted := func(i int) checkout.Attempt {
			a := attempt(i)
			a.BIN, a.CardHash = "", ""
			return a
		}
		l.refuse(40, hosted) // other links, other addresses
		l.refuse(5, func(i int) checkout.Attempt { a := hosted(100 + i); a.Token = attempt(1000).Token; return a })
		a := hosted(200)
		a.Token = attempt(1000).Token
		l.wantBlocked(l.Limits, a, 15*time.Minute, 15*time.Minute)
	})
}

func TestOffMeansNoLimitAtAll(t *testing.T) {
	l, err := New(Config{Clock: new(testClock), Off: true, OnRest: func(checkout.Attempt) { t.Error("rests") }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2000 {
		rest, err := l.Refused(t.Context(), attempt(1))
		if rest || err != nil || l.Check(t.Context(), attempt(1)) != nil || l.API(t.Context(), Stranger+"10.0.0.1") != nil ||
			!l.BINs(t.Context(), netip.MustParseAddr("10.0.0.1"), "Tok000000001") || !l.Asks(t.Context(), "10.0.0.1", "Tok000000001") {
			t.Fatal("limited")
		}
		l.Missed(t.Context(), "10.0.0.1")
		if l.Blocked(t.Context(), "10.0.0.1") != 0 {
			t.Fatal("blocked")
		}
	}
}

func TestNewWithoutAClockIsRefused(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("made")
	}
}

// C21, I23: what this process has seen decides, against half of each limit.
func TestC21_withoutRedisTheLimitsAreStricterNotOff(t *testing.T) {
	l := &limitsTest{T: t, clock: new(testClock), said: map[string]int{}}
	server := testenv.NewRedis(t)
	l.Limits = l.make(store(t, server.URL(), 250*time.Millisecond))
	onLink := func(i int) checkout.Attempt { a := attempt(i); a.Token = "Tok000009999"; return a }
	l.refuse(2, onLink)
	l.wantFree(l.Limits, onLink(10))
	server.Kill(t)
	begin := time.Now()
	l.wantFree(l.Limits, onLink(11)) // two of three
	l.refuse(1, func(int) checkout.Attempt { return onLink(12) })
	l.wantBlocked(l.Limits, onLink(13), 15*time.Minute, 15*time.Minute)
	sameCard := func(i int) checkout.Attempt { a := attempt(100 + i); a.CardHash = "0123"; return a }
	l.refuse(3, sameCard)
	l.wantBlocked(l.Limits, sameCard(4), 24*time.Hour, 24*time.Hour)
	for range 14 {
		l.Missed(t.Context(), "192.0.2.1")
	}
	if wait := l.Blocked(t.Context(), "192.0.2.1"); wait != 0 {
		t.Errorf("blocked for %s after 14 misses", wait)
	}
	l.Missed(t.Context(), "192.0.2.1")
	if l.Blocked(t.Context(), "192.0.2.1") == 0 {
		t.Error("15 misses are not too many without Redis")
	}
	for range 15 {
		if err := l.API(t.Context(), Stranger+"192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.API(t.Context(), Stranger+"192.0.2.1"); !errors.Is(err, checkout.ErrVelocity) {
		t.Errorf("the sixteenth call without a key: %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("all that took %s: somebody waited for a Redis that is away", took)
	}
}

// The full limit holds again once Redis is back: three refusals are not five.
func TestC21_redisBackMeansFullLimits(t *testing.T) {
	l := &limitsTest{T: t, clock: new(testClock), said: map[string]int{}}
	server := testenv.NewRedis(t)
	s := store(t, server.URL(), 250*time.Millisecond)
	l.Limits = l.make(s)
	onLink := func(i int) checkout.Attempt { a := attempt(i); a.Token = "Tok000009999"; return a }
	l.refuse(3, onLink)
	server.Kill(t)
	l.wantBlocked(l.Limits, onLink(10), 1, 15*time.Minute)
	server.Start(t)
	for begin := time.Now(); l.Check(t.Context(), onLink(11)) != nil; {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("still strict")
		}
		_ = s.Ping(t.Context())
	}
	l.refuse(2, func(i int) checkout.Attempt { return onLink(20 + i) })
	l.wantBlocked(l.Limits, onLink(30), 1, 15*time.Minute)
}

// A flush gives an attacker nothing at a gateway that saw him.
func TestC21_aFlushDoesNotFreeWhoIsBlockedHere(t *testing.T) {
	l := &limitsTest{T: t, clock: new(testClock), said: map[string]int{}}
	server := testenv.NewRedis(t)
	l.Limits = l.make(store(t, server.URL(), 10*time.Second))
	l.refuse(5, func(int) checkout.Attempt { return attempt(1) })
	server.Do(t, "FLUSHALL")
	l.wantBlocked(l.Limits, attempt(1), 1, 24*time.Hour)
}

func TestC21_everyKeyHasALifetimeAndWrongTypesHeal(t *testing.T) {
	l := &limitsTest{T: t, clock: new(testClock), said: map[string]int{}}
	server := testenv.NewRedis(t)
	l.Limits = l.make(store(t, server.URL(), 10*time.Second))
	use := func(times int) {
		l.refuse(times, func(int) checkout.Attempt { return attempt(1) })
		for range 35 {
			l.Missed(t.Context(), "192.0.2.1")
			_ = l.API(t.Context(), Stranger+"192.0.2.1") // too many at the end
			l.Asks(t.Context(), "192.0.2.1", "Tok000000001")
		}
	}
	use(4)
	keys, _ := server.Do(t, "KEYS", "*").([]any)
	if len(keys) < 8 {
		t.Fatalf("keys: %v", keys)
	}
	for _, k := range keys {
		key := fmt.Sprint(k)
		if ms, _ := server.Do(t, "PTTL", key).(int64); ms <= 0 || ms > (30*time.Hour).Milliseconds() {
			t.Errorf("%s lives for %d ms", key, ms)
		}
		server.Do(t, "DEL", key)
		server.Do(t, "LPUSH", key, "spoilt")
	}
	use(1) // the fifth by this process's count
	l.wantBlocked(l.Limits, attempt(1), 1, 24*time.Hour)
	l.wantFree(l.make(store(t, server.URL(), 10*time.Second)), attempt(1)) // another gateway never saw the four that were spoilt
}

func TestA29_thirtyUnknownTokensBlockAnAddress(t *testing.T) {
	everywhere(t, func(l *limitsTest) {
		miss := func(who *Limits, ip string, times int) {
			for range times {
				who.Missed(l.Context(), ip)
			}
		}
		beside := l.beside()
		miss(l.Limits, "198.51.100.7", 20)
		miss(beside, "198.51.100.7", 9)
		if wait := beside.Blocked(l.Context(), "198.51.100.7"); wait != 0 {
			t.Fatalf("29 misses: blocked for %s", wait)
		}
		miss(beside, "198.51.100.7", 1)
		if wait := beside.Blocked(l.Context(), "198.51.100.7"); wait != 10*time.Minute {
			t.Errorf("30 misses: blocked for %s, want 10 minutes", wait)
		}
		if wait := beside.Blocked(l.Context(), "198.51.100.8"); wait != 0 {
			t.Errorf("the neighbour is blocked for %s", wait)
		}
		l.clock.advance(10*time.Minute - time.Millisecond)
		if beside.Blocked(l.Context(), "198.51.100.7") == 0 {
			t.Error("free too early")
		}
		l.clock.advance(time.Millisecond)
		if wait := beside.Blocked(l.Context(), "198.51.100.7"); wait != 0 {
			t.Errorf("blocked for another %s", wait)
		}
		miss(l.Limits, "2001:db8::1", 15)
		miss(l.Limits, "2001:db8::ffff", 15)
		if l.Blocked(l.Context(), "2001:db8::2") == 0 {
			t.Error("one /64 is one visitor")
		}
		if l.Blocked(l.Context(), "2001:db8:0:1::2") != 0 {
			t.Error("another /64 is another visitor")
		}
	})
}

func TestA29_aScanFromManyAddressesRingsOnce(t *testing.T) {
	everywhere(t, func(l *limitsTest) {
		scan := func(n int) {
			for i := range n {
				l.Missed(l.Context(), fmt.Sprintf("10.%d.%d.1", i/250, i%250))
			}
		}
		scan(999)
		if l.alarms != 0 {
			t.Fatal("rings too early")
		}
		scan(200)
		if l.alarms != 1 {
			t.Errorf("rang %d times", l.alarms)
		}
		l.clock.advance(time.Hour)
		scan(1000)
		if l.alarms != 2 {
			t.Errorf("the second scan: rang %d times in all", l.alarms)
		}
	})
}

// Of misses that are counted together, one rings, whichever comes first or last.
func TestA29_aScanInParallelRingsOnce(t *testing.T) {
	for range 20 {
		var alarms atomic.Int64
		l, err := New(Config{Clock: new(testClock), OnGuessing: func(int64) { alarms.Add(1) }})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for part := range 8 {
			wg.Go(func() {
				for i := range 150 {
					l.Missed(t.Context(), fmt.Sprintf("10.%d.%d.1", part, i))
				}
			})
		}
		wg.Wait()
		if n := alarms.Load(); n != 1 {
			t.Fatalf("rang %d times", n)
		}
	}
}

// A hit that was counted earlier and is kept later ends nobody's block.
func TestABlockIsNeverShortened(t *testing.T) {
	b := marks{all: make(map[string]mark)}
	end := start.Add(time.Hour)
	if !b.extend("k", mark{until: end, strict: end}, start) {
		t.Error("the hit that reached the limit did not begin the block")
	}
	if b.extend("k", mark{strict: end.Add(-time.Minute)}, start) {
		t.Error("a hit below the limit began a block")
	}
	if got := b.get("k"); !got.until.Equal(end) || !got.strict.Equal(end) {
		t.Errorf("the block ends %v, want %v", got, end)
	}
	if b.extend("k", mark{until: end.Add(time.Minute), strict: end}, start) {
		t.Error("a hit under a block began another")
	}
	if got := b.get("k").until; !got.Equal(end.Add(time.Minute)) {
		t.Errorf("the block was not made longer: %v", got)
	}
}

func TestRequestRates(t *testing.T) {
	for name, c := range map[string]struct {
		limit int
		span  time.Duration
		ask   func(*Limits, string) bool
	}{
		"30 BIN questions per page and visitor in a minute": {30, time.Minute,
			func(l *Limits, ip string) bool {
				return l.BINs(context.Background(), netip.MustParseAddr(ip), "Tok000000001")
			}},
		"3 requests for a new link in an hour": {3, time.Hour,
			func(l *Limits, ip string) bool { return l.Asks(context.Background(), ip, "Tok000000001") }},
		"30 API calls without a key in a minute": {30, time.Minute,
			func(l *Limits, ip string) bool { return l.API(context.Background(), Stranger+ip) == nil }},
		"1000 API calls with one key in ten seconds": {1000, 10 * time.Second,
			func(l *Limits, key string) bool { return l.API(context.Background(), key) == nil }},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(l *limitsTest) {
				l.clock.advance(c.span - time.Duration(l.clock.Now().UnixNano())%c.span) // to the begin of a span
				for i := range c.limit {
					if !c.ask(l.Limits, "192.0.2.1") {
						t.Fatalf("number %d is refused", i+1)
					}
				}
				if c.ask(l.Limits, "192.0.2.1") {
					t.Errorf("number %d is allowed", c.limit+1)
				}
				if !c.ask(l.Limits, "192.0.2.2") {
					t.Error("another visitor is refused")
				}
				l.clock.advance(c.span - time.Millisecond)
				if c.ask(l.Limits, "192.0.2.1") {
					t.Error("allowed before the span is over")
				}
				l.clock.advance(time.Millisecond)
				if !c.ask(l.Limits, "192.0.2.1") {
					t.Error("refused in the next span")
				}
			})
		})
	}
}

func TestAPISaysHowLongToWait(t *testing.T) {
	clock := new(testClock) // three seconds after a full ten
	l, err := New(Config{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	for range apiRate.limit {
		if err := l.API(t.Context(), "key_1"); err != nil {
			t.Fatal(err)
		}
	}
	var e *checkout.Error
	if err := l.API(t.Context(), "key_1"); !errors.As(err, &e) || e.Kind != checkout.KindTooMany || e.RetryAfter != 7*time.Second {
		t.Errorf("%v, wait %s", err, e.RetryAfter)
	}
}

// What is kept must be bounded: beyond the bound strangers are counted together, not left out.
func TestManyAddressesAreFoldedNotForgotten(t *testing.T) {
	clock := new(testClock)
	l, err := New(Config{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	l.local.bounded(subject{}, clock.Now()) // begins the epoch
	l.local.fresh.Store(maxFresh)
	for range 30 {
		l.Missed(t.Context(), "192.0.2.1")
	}
	if l.Blocked(t.Context(), "192.0.2.1") == 0 {
		t.Error("an address is not counted beyond the bound")
	}
	if s := l.local.bounded(subject{name: "192.0.2.1"}, clock.Now()); len(s.name) > len("fold4095") || s.name == "192.0.2.1" {
		t.Errorf("counted as %q", s.name)
	}
	clock.advance(sweepEvery)
	if s := l.local.bounded(subject{name: "192.0.2.1"}, clock.Now()); s.name != "192.0.2.1" {
		t.Errorf("in the next interval counted as %q", s.name)
	}
}

func TestCardsOfPaymentsEndAndAreBounded(t *testing.T) {
	n := notes{all: make(map[string]note)}
	n.put("first", "hash", start, start.Add(cardKept))
	if n.get("first", start.Add(cardKept-1)) != "hash" || n.get("first", start.Add(cardKept)) != "" || n.get("other", start) != "" {
		t.Error("a note does not end when it should")
	}
	for i := range maxCards + 10 {
		n.put(fmt.Sprint(i), "hash", start, start.Add(cardKept))
	}
	if len(n.all) > maxCards || len(n.order) > maxCards || n.get("first", start) != "" || n.get(fmt.Sprint(maxCards), start) == "" {
		t.Errorf("%d notes are kept, the oldest %q", len(n.all), n.get("first", start))
	}
	n.put("late", "hash", start.Add(2*cardKept), start.Add(3*cardKept))
	if len(n.all) != 1 {
		t.Errorf("%d notes are kept after all others ended", len(n.all))
	}
}

func TestMarksAreBounded(t *testing.T) {
	m := marks{all: make(map[string]mark)}
	for i := range 20_000 {
		now := start.Add(time.Duration(i) * time.Second)
		m.extend(fmt.Sprint(i), mark{strict: now.Add(time.Minute)}, now)
	}
	if len(m.all) > 500 {
		t.Errorf("%d marks are kept, 60 are alive", len(m.all))
	}
}

// A hundred refusals at once are a hundred: no count is lost between gateways.
func TestA30_refusalsInParallelAreAllCounted(t *testing.T) {
	everywhere(t, func(l *limitsTest) {
		quiet := func(c Config) *Limits {
			c.OnRest, c.OnBlocked, c.OnGuessing = nil, nil, nil
			made, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
		gateways := []*Limits{quiet(l.Config), quiet(l.Config)}
		if l.shared == nil {
			gateways[1] = gateways[0]
		}
		var wg sync.WaitGroup
		for i := range 29 {
			wg.Go(func() {
				a := attempt(i)
				a.BIN = "41556500"
				if _, err := gateways[i%2].Refused(context.Background(), a); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		last := attempt(100)
		last.BIN = "41556500"
		l.wantFree(gateways[0], last)
		if _, err := gateways[1].Refused(l.Context(), last); err != nil {
			t.Fatal(err)
		}
		l.wantBlocked(gateways[0], last, time.Millisecond, time.Hour)
	})
}

func BenchmarkBlockedByNobody(b *testing.B) {
	l, err := New(Config{Clock: new(testClock)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Blocked(context.Background(), "198.51.100.7")
	}
}

func BenchmarkBINs(b *testing.B) {
	l, err := New(Config{Clock: new(testClock)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	ip := netip.MustParseAddr("198.51.100.7")
	for b.Loop() {
		l.BINs(context.Background(), ip, "Tok000000001")
	}
}

// Whoever goes on though he is blocked fills no store: a gateway that was told of a block once ties no more payments to
// its cards.
func TestA30_whoIsBlockedLeavesNothingBehind(t *testing.T) {
	for name, url := range stores {
		if url == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			l := &limitsTest{T: t, clock: new(testClock), said: map[string]int{}}
			s := store(t, url(t), 10*time.Second)
			l.Limits = l.make(s)
			tied := func(p checkout.PaymentID) bool {
				texts, err := s.Recall(t.Context(), cardKey(p))
				if err != nil {
					t.Fatal(err)
				}
				return texts[0] != ""
			}
			try := func(n int) checkout.Attempt {
				a := attempt(70_000 + n)
				a.Token = attempt(70_000).Token
				return a
			}
			l.refuse(5, func(i int) checkout.Attempt { return try(i) })
			if !tied(try(0).Payment) {
				t.Error("a payment that was let in is not tied to its card")
			}
			other := l.make(s)
			for n := range 3 {
				a := try(10 + n)
				if err := other.Check(t.Context(), a); checkout.KindOf(err) != checkout.KindTooMany {
					t.Errorf("try %d is let in: %v", n, err)
				}
				if n > 0 && tied(a.Payment) {
					t.Errorf("blocked try %d is tied to its card", n)
				}
			}
		})
	}
}
