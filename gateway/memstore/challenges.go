package memstore

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

// maxWays bounds the challenges kept: of some 2 kB each, one for every payer who is at a bank. Beyond it
// some other payer can check and give up, and not go on.
const maxWays = 10_000

// ways are sealed challenges by payment.
type ways struct {
	mu   sync.Mutex
	kept map[checkout.PaymentID]sealedWay
}

type sealedWay struct {
	sealed []byte
	drop   time.Time
}

// KeepChallenge stores a sealed challenge; see checkout.Challenges.
func (s *Store) KeepChallenge(_ context.Context, p checkout.PaymentID, sealed []byte, ttl time.Duration) error {
	now := s.clock.Now()
	w := &s.ways
	w.mu.Lock()
	defer w.mu.Unlock()
	left := sweepPerPublish
	for id, k := range w.kept {
		if left == 0 {
			break
		}
		left--
		if !now.Before(k.drop) || len(w.kept) >= maxWays {
			delete(w.kept, id)
		}
	}
	if ttl > 0 {
		w.kept[checkout.PaymentID(strings.Clone(string(p)))] = sealedWay{sealed: slices.Clone(sealed), drop: now.Add(ttl)}
	}
	return nil
}

// Challenge answers it; see checkout.Challenges.
func (s *Store) Challenge(_ context.Context, p checkout.PaymentID) ([]byte, error) {
	now := s.clock.Now()
	s.ways.mu.Lock()
	defer s.ways.mu.Unlock()
	k, ok := s.ways.kept[p]
	if !ok || !now.Before(k.drop) {
		return nil, nil
	}
	return slices.Clone(k.sealed), nil
}
