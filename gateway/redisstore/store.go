// Package redisstore keeps the hot state of links in Redis: standalone, behind Sentinel or a Cluster,
// by one URL. It deliberately holds no truth: everything here is a copy with a lifetime, and the
// gateway starts, serves and takes payments while Redis is empty, full, wrong or away (invariant I26).
//
// Keys, all under "o:", short because there is one for every link:
//
//	o:{12 characters}    one link: state, rev, fields and the claim of a payment, in one string
//	o:x:way:{payment}    the way back to the bank, sealed, while a payer is there
//	o:x:whole:{n} o:x:filling   whether all links are here, see Restore
//	o:x:…                whatever package velocity counts and remembers
//
// A link and its claim are one key, so they share a slot of a Cluster without a hash tag.
//
//	Open ── breaker ── queue ── batch of look-ups ── MGET (Cluster: pipeline of GETs)
//	Publish, Claim, Release ── breaker ── script of one key
//	Restore ── is anything lost? ── Fill ── breaker ── pipeline of SETs
//
// No call takes longer than Config.Bound. After two failures in a row the breaker opens: every call
// answers checkout.ErrHotAway at once, and one probe after each half second finds out when it is over.
package redisstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/ulule/limiter/v3"

	"github.com/odelink/odelink/checkout"
)

var _ checkout.LinkStore = (*Store)(nil)

// prefix begins every key. A token has no colon, so nothing below o:x: can be mistaken for a link.
const prefix = "o:"

// Lifetimes of a link's copy.
const (
	// afterExpiry is how long a link's page is still asked for after its end.
	afterExpiry = time.Hour
	// longest is when a copy is fetched from the ledger again whatever happens, so that a mistake heals.
	longest = 7 * 24 * time.Hour
	// shortest keeps a link that is over from being fetched at every view.
	shortest = 10 * time.Minute
)

// defaultBound is what a payer may lose to a Redis that hangs before the ledger answers.
const defaultBound = 250 * time.Millisecond

// Config is where Redis is and who looks on. URL alone is enough.
type Config struct {
	URL      string         // see parseURL: redis://, rediss://, redis+cluster://, redis+sentinel://
	Clock    checkout.Clock // nil = the system's
	Bound    time.Duration  // the longest wait for an answer; 0 = 250 ms
	Observer Observer
}

// Observer is told what happens, for metrics. Its functions may be nil and must not block.
type Observer struct {
	// Batch is called for every MGET or pipeline: how many look-ups shared it.
	Batch func(size int, took time.Duration, err error)
	// Call is called for every other command: "publish", "claim", "release", "count", "remember", "look", "fill".
	Call func(op string, took time.Duration, err error)
	// Breaker is called when the breaker opens and closes.
	Breaker func(open bool)
}

func (o Observer) withDefaults() Observer {
	if o.Batch == nil {
		o.Batch = func(int, time.Duration, error) {}
	}
	if o.Call == nil {
		o.Call = func(string, time.Duration, error) {}
	}
	if o.Breaker == nil {
		o.Breaker = func(bool) {}
	}
	return o
}

// Store is a checkout.LinkStore, and velocity's shared memory. It is safe for concurrent use.
type Store struct {
	client   redis.UniversalClient
	clock    checkout.Clock
	bound    time.Duration
	observer Observer
	breaker  *breaker
	batch    *batcher
	counters limiter.Store
}

// quietDriver stops the driver from writing lines of its own to standard error, past our masked log:
// one for every connection that fails. The Observer tells the same.
var quietDriver = sync.OnceFunc(logging.Disable)

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// Open reads the configuration and connects to nothing: Redis may be away for as long as it likes.
// An error is a mistake in the configuration, and never repeats the URL. ctx ends nothing that was
// opened; Close does.
func Open(_ context.Context, c Config) (*Store, error) {
	a, err := parseURL(c.URL)
	if err != nil {
		return nil, err
	}
	quietDriver()
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.Bound <= 0 {
		c.Bound = defaultBound
	}
	s := &Store{client: a.client(c.Bound), clock: c.Clock, bound: c.Bound, observer: c.Observer.withDefaults()}
	s.breaker = &breaker{probe: s.probe, bound: c.Bound, changed: s.observer.Breaker, start: time.Now()}
	s.batch = &batcher{client: s.client, cluster: a.kind == "cluster", bound: c.Bound, breaker: s.breaker, seen: s.observer.Batch}
	if s.counters, err = newCounters(s); err != nil {
		return nil, fmt.Errorf("limiter's store: %w", err)
	}
	s.batch.begin()
	return s, nil
}

// Close ends the look-ups that wait with ErrHotAway and closes the connections.
func (s *Store) Close() error {
	s.batch.end()
	return s.client.Close()
}

// Ping asks Redis itself, past the breaker: on a Cluster every master. It waits for Bound at most.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.bound)
	defer cancel()
	if err := s.probe(ctx); err != nil {
		return away(err)
	}
	return nil
}

// Look asks Redis as a caller with a wish would, so that the breaker, and whoever is told of it, know how
// things stand when nobody calls. The answer is the breaker's business.
func (s *Store) Look(ctx context.Context) { _ = s.call(ctx, "look", s.probe) }

// probe is content only with a Redis that serves every key.
func (s *Store) probe(ctx context.Context) error {
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return c.Ping(ctx).Err() })
	}
	return s.client.Ping(ctx).Err()
}

// Open answers the hot copy of a link; see checkout.LinkStore. What is not a copy of this version
// reads as not here.
func (s *Store) Open(ctx context.Context, t checkout.Token) (checkout.Hot, error) {
	if !t.Valid() {
		return checkout.Hot{}, checkout.ErrNoLink
	}
	v, err := s.batch.get(ctx, string(t))
	if err != nil {
		return checkout.Hot{}, away(err)
	}
	if v == "" {
		return checkout.Hot{}, checkout.ErrNoLink
	}
	h, err := unpack(v, t, s.clock.Now)
	if err != nil {
		return checkout.Hot{}, checkout.ErrNoLink
	}
	return h, nil
}

// Publish stores a copy; see checkout.LinkStore.
func (s *Store) Publish(ctx context.Context, h checkout.Hot) error {
	if !h.Token.Valid() {
		return fmt.Errorf("publish link %s: its token is none", h.Link)
	}
	packed, err := pack(h)
	if err != nil {
		return err
	}
	life := lifetime(h, s.clock.Now())
	_, err = s.run(ctx, "publish", publishScript, string(h.Token), packed, life.Milliseconds())
	return err
}

// lifetime is how long a copy may stay: an hour past the link's end, bounded on both sides.
func lifetime(h checkout.Hot, now time.Time) time.Duration {
	if h.ExpiresAt.IsZero() {
		return longest
	}
	return max(shortest, min(longest, h.ExpiresAt.Sub(now)+afterExpiry))
}

// Claim takes the link for one payment; see checkout.LinkStore. ErrPaid: it is spent.
func (s *Store) Claim(ctx context.Context, t checkout.Token, p checkout.PaymentID, ttl time.Duration) error {
	if !t.Valid() || p == "" || ttl <= 0 {
		return nil // such a link is not here
	}
	now := s.clock.Now()
	said, err := s.run(ctx, "claim", claimScript, string(t), string(p), now.UnixMilli(), now.Add(ttl).UnixMilli())
	switch {
	case err != nil:
		return err
	case said == -1:
		return checkout.ErrBusy
	case said == -2:
		return checkout.ErrPaid
	}
	return nil
}

// Release gives a claim back; see checkout.LinkStore.
func (s *Store) Release(ctx context.Context, t checkout.Token, p checkout.PaymentID) error {
	if !t.Valid() || p == "" {
		return nil
	}
	_, err := s.run(ctx, "release", releaseScript, string(t), string(p))
	return err
}

// run sends one script for one key and answers its number. A failure is ErrHotAway.
func (s *Store) run(ctx context.Context, op string, script *redis.Script, key string, args ...any) (said int64, err error) {
	err = s.call(ctx, op, func(ctx context.Context) error {
		said, err = script.Run(ctx, s.client, []string{prefix + key}, args...).Int64()
		return err
	})
	return said, err
}

// call does one thing with Redis if the breaker lets it, for at most the bound. A caller who gave up
// says nothing about Redis.
func (s *Store) call(ctx context.Context, op string, do func(context.Context) error) error {
	if !s.breaker.ready() {
		return away(errOpen)
	}
	bounded, cancel := context.WithTimeout(ctx, s.bound)
	defer cancel()
	start := time.Now()
	err := do(bounded)
	if ctx.Err() == nil {
		s.breaker.saw(err)
	}
	s.observer.Call(op, time.Since(start), err)
	if err != nil {
		return away(err)
	}
	return nil
}
