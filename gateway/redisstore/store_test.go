package redisstore

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// testBound is long, so that a loaded machine under the race detector is not taken for a Redis that hangs.
const testBound = 10 * time.Second

func open(t testing.TB, c Config) *Store {
	t.Helper()
	if c.Bound == 0 {
		c.Bound = testBound
	}
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// servers are the kinds of Redis that one URL setting may name.
var servers = map[string]func(testing.TB) string{
	"redis-server": testenv.Redis,
	"cluster":      testenv.RedisCluster,
	"sentinel":     testenv.RedisSentinel,
}

func TestLinkStore(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			storetest.LinkStore(t, func(t *testing.T, clock checkout.Clock) storetest.LinkStores {
				flush(t, url)
				return storetest.LinkStores{
					Client: func() checkout.LinkStore { return open(t, Config{URL: url, Clock: clock}) },
					Forget: func() { flush(t, url) },
				}
			})
		})
	}
}

// raw is a client as an operator would have one.
func raw(t testing.TB, url string) redis.UniversalClient {
	t.Helper()
	a, err := parseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := a.client(testBound)
	t.Cleanup(func() { c.Close() })
	return c
}

// eachNode does something on the server, or on every master of a Cluster, one after the other.
func eachNode(t testing.TB, c redis.UniversalClient, do func(redis.UniversalClient) error) {
	t.Helper()
	cluster, ok := c.(*redis.ClusterClient)
	if !ok {
		must(t, do(c))
		return
	}
	var one sync.Mutex
	must(t, cluster.ForEachMaster(t.Context(), func(_ context.Context, node *redis.Client) error {
		one.Lock()
		defer one.Unlock()
		return do(node)
	}))
}

func flush(t testing.TB, url string) {
	t.Helper()
	eachNode(t, raw(t, url), func(c redis.UniversalClient) error { return c.FlushDB(t.Context()).Err() })
}

// allKeys answers every key with its lifetime.
func allKeys(t testing.TB, url string) map[string]time.Duration {
	t.Helper()
	found := map[string]time.Duration{}
	eachNode(t, raw(t, url), func(c redis.UniversalClient) error {
		for keys := c.Scan(t.Context(), 0, "*", 1000).Iterator(); keys.Next(t.Context()); {
			life, err := c.PTTL(t.Context(), keys.Val()).Result()
			if err != nil {
				return err
			}
			found[keys.Val()] = life
		}
		return nil
	})
	return found
}

func TestC21_everyKeyHasOurPrefixAndALifetime(t *testing.T) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			url := server(t)
			flush(t, url)
			s := open(t, Config{URL: url})
			for n := range 50 {
				h := storetest.HotCopy(n, time.Now())
				h.ExpiresAt = time.Now().Add(time.Duration(n-10) * 24 * time.Hour)
				if n == 0 {
					h.ExpiresAt = time.Time{}
				}
				must(t, s.Publish(t.Context(), h))
				if n%2 == 0 {
					must(t, s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Duration(n)*time.Hour))
				}
				if n%4 == 0 {
					must(t, s.Release(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA"))
				}
			}
			must(t, s.Remember(t.Context(), "x:p:pay_1", "text", time.Hour))
			_, err := s.Counters().Get(t.Context(), "x:c:1", limiterRate)
			must(t, err)
			keys := allKeys(t, url)
			if len(keys) != 52 {
				t.Errorf("%d keys, want 52", len(keys))
			}
			for key, life := range keys {
				if !strings.HasPrefix(key, prefix) || life <= 0 || life > longest {
					t.Errorf("key %s lives for %s", key, life)
				}
				if life < 10*time.Minute-testBound {
					t.Errorf("key %s lives for %s only", key, life)
				}
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheLifetimeOfACopyFollowsItsLink(t *testing.T) {
	for name, c := range map[string]struct{ left, want time.Duration }{
		"an hour longer than the link": {24 * time.Hour, 25 * time.Hour},
		"a week at most":               {365 * 24 * time.Hour, longest},
		"ten minutes at least":         {-48 * time.Hour, shortest},
	} {
		h := checkout.Hot{ExpiresAt: start.Add(c.left)}
		if got := lifetime(h, start); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := lifetime(checkout.Hot{}, start); got != longest {
		t.Errorf("a link without an end: %s", got)
	}
}

// A claim must outlive a copy that is about to go, and a key that lost its lifetime gets one again.
func TestAClaimKeepsItsCopy(t *testing.T) {
	url := testenv.Redis(t)
	s, c := open(t, Config{URL: url}), raw(t, url)
	h := storetest.HotCopy(1, time.Now())
	key := prefix + string(h.Token)
	for name, spoil := range map[string]func() error{
		"a copy with seconds left":     func() error { return c.PExpire(t.Context(), key, 5*time.Second).Err() },
		"a copy without any life time": func() error { return c.Persist(t.Context(), key).Err() },
	} {
		must(t, s.Publish(t.Context(), h))
		must(t, spoil())
		must(t, s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", 2*time.Minute))
		if life := c.PTTL(t.Context(), key).Val(); life < time.Minute || life > 2*time.Minute {
			t.Errorf("%s lives for %s", name, life)
		}
	}
}

func TestC21_whatIsNotOurCopyIsNotHereAndIsOverwritten(t *testing.T) {
	url := testenv.Redis(t)
	s, c := open(t, Config{URL: url}), raw(t, url)
	h := storetest.HotCopy(1, time.Now())
	key := prefix + string(h.Token)
	good, err := pack(h)
	must(t, err)
	with := func(at int, b byte) string {
		v := append([]byte(nil), good...)
		v[at] = b
		return string(v)
	}
	set := func(v string) func() error {
		return func() error { return c.Set(t.Context(), key, v, time.Hour).Err() }
	}
	for name, spoil := range map[string]func() error{
		"a list":                       func() error { return c.LPush(t.Context(), key, "x").Err() },
		"a hash":                       func() error { return c.HSet(t.Context(), key, "x", "y").Err() },
		"an empty text":                set(""),
		"a short text":                 set("\xa1o"),
		"some text":                    set(`{"token":"Tok000000001"}`),
		"a number":                     set("12345678901234567890"),
		"a head alone":                 set(string(good[:12])),
		"a copy cut short":             set(string(good[:len(good)-3])),
		"a body of a newer version":    set(with(0, format+1)),
		"another format altogether":    set(with(0, 0x11)),
		"an unknown state":             set(with(1, 'x')),
		"a length of zero":             set(with(9, 0)),
		"a length beyond the text":     set(with(8, 0x7f)),
		"a length that splits a field": set(with(9, good[9]-2)),
		"flags of fields not there":    set(with(10, 0xff)),
		"a currency nobody knows":      set(with(11, good[11]|0x0f)),
	} {
		t.Run(name, func(t *testing.T) {
			must(t, c.Del(t.Context(), key).Err())
			must(t, spoil())
			if got, err := s.Open(t.Context(), h.Token); checkout.KindOf(err) != checkout.KindNotFound {
				t.Fatalf("open: %+v, %v; want ErrNoLink", got, err)
			}
			if err := s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute); err != nil {
				t.Errorf("claim: %v", err)
			}
			if err := s.Release(t.Context(), h.Token, "pay_BBBBBBBBBBBBBBBBBBBBBB"); err != nil {
				t.Errorf("release: %v", err)
			}
			must(t, s.Publish(t.Context(), h))
			if got, err := s.Open(t.Context(), h.Token); err != nil || got.Description != h.Description {
				t.Errorf("after publishing: %+v, %v", got, err)
			}
		})
	}
}

// C25: a gateway of a later version wrote a newer copy; ours must not put an older one over it.
func TestC25_aNewerCopyOfALaterVersionIsNotReplacedByAnOlderOne(t *testing.T) {
	url := testenv.Redis(t)
	s, c := open(t, Config{URL: url}), raw(t, url)
	h := storetest.HotCopy(1, time.Now())
	key := prefix + string(h.Token)
	h.Rev = 7
	later, err := pack(h)
	must(t, err)
	later[0] = format + 1
	must(t, c.Set(t.Context(), key, later, time.Hour).Err())
	h.Rev = 6
	must(t, s.Publish(t.Context(), h))
	if got := c.Get(t.Context(), key).Val(); got != string(later) {
		t.Error("rev 6 replaced rev 7 of a later version")
	}
	h.Rev = 7
	must(t, s.Publish(t.Context(), h))
	if got, err := s.Open(t.Context(), h.Token); err != nil || got.Rev != 7 {
		t.Errorf("the same rev was not stored: %+v, %v", got, err)
	}
}

func TestPublishRefusesWhatCannotBePacked(t *testing.T) {
	s := open(t, Config{URL: testenv.Redis(t)})
	for name, spoil := range map[string]func(*checkout.Hot){
		"no token":          func(h *checkout.Hot) { h.Token = "" },
		"a negative rev":    func(h *checkout.Hot) { h.Rev = -1 },
		"a rev beyond 2^48": func(h *checkout.Hot) { h.Rev = 1 << 48 },
		"no state":          func(h *checkout.Hot) { h.State = 0 },
		"a text too long":   func(h *checkout.Hot) { h.Description = strings.Repeat("x", maxPacked) },
	} {
		h := storetest.HotCopy(1, time.Now())
		spoil(&h)
		if err := s.Publish(t.Context(), h); err == nil || checkout.KindOf(err) != checkout.KindInternal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// C21: full and told to evict nothing, Redis refuses writes; views go on and the breaker stays closed.
func TestC21_outOfMemoryStopsWritesOnly(t *testing.T) {
	server := testenv.NewRedis(t)
	var opened bool
	s := open(t, Config{URL: server.URL(), Observer: Observer{Breaker: func(bool) { opened = true }}})
	h := storetest.HotCopy(1, time.Now())
	must(t, s.Publish(t.Context(), h))
	server.Do(t, "CONFIG", "SET", "maxmemory", "1")
	for range 5 {
		if err := s.Publish(t.Context(), h); checkout.KindOf(err) != checkout.KindUnavailable {
			t.Errorf("publish: %v, want ErrHotAway", err)
		}
		if err := s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute); checkout.KindOf(err) != checkout.KindUnavailable {
			t.Errorf("claim: %v, want ErrHotAway", err)
		}
		if _, err := s.Open(t.Context(), h.Token); err != nil {
			t.Errorf("open: %v", err)
		}
	}
	server.Do(t, "CONFIG", "SET", "maxmemory", "0")
	must(t, s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute))
	if opened {
		t.Error("the breaker opened for a Redis that answers")
	}
}

func TestTheObserverSeesEveryCall(t *testing.T) {
	var mu sync.Mutex
	calls, looked := map[string]int{}, 0
	s := open(t, Config{URL: testenv.Redis(t), Observer: Observer{
		Call: func(op string, took time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			if calls[op]++; err != nil || took <= 0 {
				t.Errorf("%s took %s, %v", op, took, err)
			}
		},
		Batch: func(size int, took time.Duration, err error) {
			mu.Lock()
			defer mu.Unlock()
			if looked += size; err != nil || took <= 0 || size < 1 || size > maxBatch {
				t.Errorf("batch of %d took %s, %v", size, took, err)
			}
		},
	}})
	h := storetest.HotCopy(1, time.Now())
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			_, _ = s.Open(context.Background(), h.Token) // not here
		})
	}
	wg.Wait()
	must(t, s.Publish(t.Context(), h))
	must(t, s.Claim(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA", time.Minute))
	must(t, s.Release(t.Context(), h.Token, "pay_AAAAAAAAAAAAAAAAAAAAAA"))
	must(t, s.Remember(t.Context(), "x:text", "text", time.Hour))
	_, err := s.Counters().Get(t.Context(), "x:count", limiterRate)
	must(t, err)
	mu.Lock()
	defer mu.Unlock()
	if want := map[string]int{"publish": 1, "claim": 1, "release": 1, "remember": 1, "count": 1}; !maps.Equal(calls, want) || looked != 100 {
		t.Errorf("saw %v and %d look-ups", calls, looked)
	}
}

// A62 once more, from the other side: bounds that run out while answers arrive.
func TestA62_boundsThatRunOutNeverMixLinks(t *testing.T) {
	url := testenv.Redis(t)
	publishMany(t, open(t, Config{URL: url}), 200)
	var answered, gaveUp atomic.Int64
	var wg sync.WaitGroup
	for _, bound := range []time.Duration{200 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond} {
		s := open(t, Config{URL: url, Bound: bound})
		for v := range 16 {
			wg.Go(func() {
				for i := range 300 {
					n := (v*31 + i*7) % 200
					h, err := s.Open(context.Background(), storetest.HotToken(n))
					switch {
					case err == nil && (h.Token != storetest.HotToken(n) || h.Amount.Minor != 25000+int64(n)):
						t.Errorf("asked for link %d, got %s with %d", n, h.Token, h.Amount.Minor)
					case err == nil:
						answered.Add(1)
					case checkout.KindOf(err) == checkout.KindUnavailable:
						gaveUp.Add(1)
						s.breaker.failures.Store(0) // or all would end with the first that is late
						s.breaker.until.Store(0)
					default:
						t.Errorf("link %d: %v", n, err)
					}
					runtime.Gosched()
				}
			})
		}
	}
	wg.Wait()
	if answered.Load() == 0 || gaveUp.Load() == 0 {
		t.Errorf("%d answered, %d gave up: nothing was tried", answered.Load(), gaveUp.Load())
	}
}

// What is no copy counts as missing, and a copy of a later version as what its Rev says.
func TestBehindTellsCopiesFromOtherValues(t *testing.T) {
	url := testenv.Redis(t)
	s, c := open(t, Config{URL: url}), raw(t, url)
	h := storetest.HotCopy(1, time.Now())
	h.Rev = 7
	good, err := pack(h)
	must(t, err)
	later := slices.Concat([]byte{0xAF}, good[1:])
	key := prefix + string(h.Token)
	for name, value := range map[string]struct {
		store func() error
		rev   int64
		want  bool
	}{
		"the same rev":                       {func() error { return c.Set(t.Context(), key, good, time.Hour).Err() }, 7, false},
		"an older rev":                       {func() error { return c.Set(t.Context(), key, good, time.Hour).Err() }, 8, true},
		"a later version of a newer rev":     {func() error { return c.Set(t.Context(), key, later, time.Hour).Err() }, 6, false},
		"a text":                             {func() error { return c.Set(t.Context(), key, "0000000000000000", time.Hour).Err() }, 1, true},
		"the beginning of a copy":            {func() error { return c.Set(t.Context(), key, good[:headLength-1], time.Hour).Err() }, 7, true},
		"a list":                             {func() error { return c.RPush(t.Context(), key, "x").Err() }, 1, true},
		"nothing, of a link of the rev zero": {func() error { return nil }, 0, true},
	} {
		must(t, c.Del(t.Context(), key).Err())
		must(t, value.store())
		got, err := s.Behind(t.Context(), []checkout.LinkRev{{Token: h.Token, Rev: value.rev}})
		if err != nil || (len(got) == 1) != value.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
