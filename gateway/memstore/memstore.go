// Package memstore keeps the hot state of links in this process: for tests, and for a gateway that
// runs alone, without Redis. It deliberately keeps nothing else and survives no restart: the ledger
// fills it again.
package memstore

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"
	"unique"

	"github.com/odelink/odelink/checkout"
)

var (
	_ checkout.LinkStore  = (*Store)(nil)
	_ checkout.Challenges = (*Store)(nil)
)

// Lifetimes of a link's copy, the same as in redisstore: an hour past the link's end, a week at most,
// ten minutes at least.
const (
	afterExpiry = time.Hour
	longest     = 7 * 24 * time.Hour
	shortest    = 10 * time.Minute
)

const (
	// shards spread the locks, so that views on all cores do not meet.
	shards = 64
	// sweepPerPublish copies are looked at whenever one is stored. Four for one keeps copies whose
	// time is over a small part of the whole, without a goroutine of its own.
	sweepPerPublish = 4
)

// Store is a checkout.LinkStore. It is safe for concurrent use; Open allocates nothing.
type Store struct {
	clock  checkout.Clock
	seed   maphash.Seed
	shards [shards]shard
	ways   ways
}

type shard struct {
	mu    sync.RWMutex
	links map[checkout.Token]*entry
	_     [24]byte // keeps two shards' locks out of one cache line
}

// entry is replaced or changed under its shard's lock only.
type entry struct {
	hot   checkout.Hot
	drop  time.Time
	by    checkout.PaymentID // who claimed, "" = nobody
	until time.Time
}

// New makes an empty store.
func New(clock checkout.Clock) *Store {
	s := &Store{clock: clock, seed: maphash.MakeSeed()}
	s.ways.kept = make(map[checkout.PaymentID]sealedWay)
	for i := range s.shards {
		s.shards[i].links = make(map[checkout.Token]*entry)
	}
	return s
}

func (s *Store) shard(t checkout.Token) *shard {
	return &s.shards[maphash.String(s.seed, string(t))%shards]
}

// Open answers the hot copy of a link; see checkout.LinkStore. Its Installments are the store's own
// and not to be changed.
func (s *Store) Open(_ context.Context, t checkout.Token) (checkout.Hot, error) {
	now := s.clock.Now()
	sh := s.shard(t)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	e := sh.links[t]
	if e == nil || !now.Before(e.drop) {
		return checkout.Hot{}, checkout.ErrNoLink
	}
	h := e.hot
	if h.State == checkout.HotOpen && e.by != "" && now.Before(e.until) {
		h.State = checkout.HotBusy
	}
	return h, nil
}

// Publish stores a copy; see checkout.LinkStore. A copy with a higher Rev drops the claim: the ledger
// has spoken since, and its copy says by itself whether a slot is free.
func (s *Store) Publish(_ context.Context, h checkout.Hot) error {
	now := s.clock.Now()
	e := &entry{hot: own(h), drop: now.Add(lifetime(h, now))}
	sh := s.shard(h.Token)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if have := sh.links[h.Token]; have != nil && now.Before(have.drop) {
		if have.hot.Rev > h.Rev {
			return nil
		}
		if have.hot.Rev == h.Rev {
			e.by, e.until = have.by, have.until
		}
	}
	sh.links[e.hot.Token] = e
	sh.sweep(now)
	return nil
}

// Behind answers whose copy is missing or old; see checkout.LinkStore.
func (s *Store) Behind(_ context.Context, all []checkout.LinkRev) (behind []checkout.Token, err error) {
	now := s.clock.Now()
	for _, l := range all {
		sh := s.shard(l.Token)
		sh.mu.RLock()
		e := sh.links[l.Token]
		if e == nil || !now.Before(e.drop) || e.hot.Rev < l.Rev {
			behind = append(behind, l.Token)
		}
		sh.mu.RUnlock()
	}
	return behind, nil
}

// own makes a copy that shares nothing with its maker, with times as exact as Hot promises.
func own(h checkout.Hot) checkout.Hot {
	h.Token = checkout.Token(strings.Clone(string(h.Token)))
	h.Link = checkout.LinkID(strings.Clone(string(h.Link)))
	h.Merchant = unique.Make(h.Merchant).Value() // few merchants, many links
	h.Category = unique.Make(h.Category).Value()
	h.Amount.Currency = unique.Make(h.Amount.Currency).Value()
	h.Description, h.Asks, h.Items = strings.Clone(h.Description), strings.Clone(h.Asks), strings.Clone(h.Items)
	h.Order = checkout.OrderNumber(strings.Clone(string(h.Order)))
	h.PaidBy = checkout.PaymentID(strings.Clone(string(h.PaidBy)))
	h.Installments = slices.Clone(h.Installments)
	h.ActiveFrom, h.ExpiresAt, h.PaidAt = exact(h.ActiveFrom), exact(h.ExpiresAt), exact(h.PaidAt)
	return h.WithTerms()
}

func exact(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func lifetime(h checkout.Hot, now time.Time) time.Duration {
	if h.ExpiresAt.IsZero() {
		return longest
	}
	return max(shortest, min(longest, h.ExpiresAt.Sub(now)+afterExpiry))
}

// sweep drops a few copies whose time is over; Go's maps are walked from a random place.
func (sh *shard) sweep(now time.Time) {
	left := sweepPerPublish
	for t, e := range sh.links {
		if !now.Before(e.drop) {
			delete(sh.links, t)
		}
		if left--; left == 0 {
			return
		}
	}
}

// Sweep drops every copy whose time is over. Publishing keeps their number small by itself; a gateway
// that publishes little calls this now and then.
func (s *Store) Sweep() {
	now := s.clock.Now()
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		for t, e := range sh.links {
			if !now.Before(e.drop) {
				delete(sh.links, t)
			}
		}
		sh.mu.Unlock()
	}
}

// Claim takes the link for one payment; see checkout.LinkStore. ErrPaid: it is spent. Deleted and
// resting links can be claimed: who was admitted in time may finish (invariant I25, A17).
func (s *Store) Claim(_ context.Context, t checkout.Token, p checkout.PaymentID, ttl time.Duration) error {
	if p == "" || ttl <= 0 {
		return nil
	}
	now := s.clock.Now()
	sh := s.shard(t)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	e := sh.links[t]
	if e == nil || !now.Before(e.drop) {
		return nil
	}
	held := e.by != "" && now.Before(e.until)
	switch {
	case e.hot.State == checkout.HotSpent:
		return checkout.ErrPaid
	case held && e.by == p:
	case held || e.hot.State == checkout.HotBusy:
		return checkout.ErrBusy
	}
	e.by, e.until = checkout.PaymentID(strings.Clone(string(p))), now.Add(ttl)
	if e.drop.Before(e.until) {
		e.drop = e.until
	}
	return nil
}

// Release gives a claim back; see checkout.LinkStore.
func (s *Store) Release(_ context.Context, t checkout.Token, p checkout.PaymentID) error {
	sh := s.shard(t)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if e := sh.links[t]; e != nil && e.by == p {
		e.by, e.until = "", time.Time{}
	}
	return nil
}

// Len is how many copies are held, those whose time is over included.
func (s *Store) Len() int {
	n := 0
	for i := range s.shards {
		s.shards[i].mu.RLock()
		n += len(s.shards[i].links)
		s.shards[i].mu.RUnlock()
	}
	return n
}
