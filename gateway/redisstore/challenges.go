package redisstore

import (
	"context"
	"time"

	"github.com/odelink/odelink/checkout"
)

var _ checkout.Challenges = (*Store)(nil)

// challengeKey stands beside velocity's keys: "o:x:way:pay_…".
func challengeKey(p checkout.PaymentID) string { return "x:way:" + string(p) }

// KeepChallenge stores a sealed challenge; see checkout.Challenges.
func (s *Store) KeepChallenge(ctx context.Context, p checkout.PaymentID, sealed []byte, ttl time.Duration) error {
	if ttl <= 0 {
		return nil
	}
	return s.Remember(ctx, challengeKey(p), string(sealed), ttl)
}

// Challenge answers it; see checkout.Challenges.
func (s *Store) Challenge(ctx context.Context, p checkout.PaymentID) ([]byte, error) {
	if !p.Valid() {
		return nil, nil
	}
	texts, err := s.Recall(ctx, challengeKey(p))
	if err != nil || texts[0] == "" {
		return nil, err
	}
	return []byte(texts[0]), nil
}
