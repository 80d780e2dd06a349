package checkout

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
)

// A payer who comes back from the bank's page without an answer can go on there (ux-checklist H5): a
// challenge that holds nothing of the card is kept sealed in the hot state while the payment waits.
// Losing it loses a convenience.

// way is what is kept of a challenge.
type way struct {
	Method  string   `json:"m"`
	Action  string   `json:"a"`
	Fields  []Field  `json:"f"`
	Origins []string `json:"o,omitempty"`
}

// keepChallenge seals a challenge that may be used again. A failure is no failure of the payment.
func (s *Service) keepChallenge(ctx context.Context, p Payment, ch Challenge) {
	store, ok := s.Hot.(Challenges)
	life := p.Deadline.Sub(s.Clock.Now())
	if !ok || !ch.Resumable || life <= 0 {
		return
	}
	sealed, err := s.seal(p.ID, way{ch.Method, ch.Action, ch.Fields, ch.Origins})
	if err == nil {
		err = store.KeepChallenge(ctx, p.ID, sealed, life)
	}
	if err != nil && !errors.Is(err, ErrHotAway) { // a store that is away is told where it is asked for links
		s.Observer.Fault("keep challenge", err)
	}
}

// Resume answers the way back to the bank of a payment that waits there. ErrTransition: it does not wait
// any more, or the way is not kept; its page says what can be done.
func (s *Service) Resume(ctx context.Context, id PaymentID) (Started, error) {
	p, err := s.Give(ctx, id)
	if err != nil {
		return Started{}, err
	}
	return s.resume(ctx, p)
}

// Resumable says whether Resume would lead this payment back.
func (s *Service) Resumable(ctx context.Context, p Payment) bool {
	_, err := s.resume(ctx, p)
	return err == nil
}

func (s *Service) resume(ctx context.Context, p Payment) (Started, error) {
	store, ok := s.Hot.(Challenges)
	if p.Status != StatusChallenged || !ok {
		return Started{Payment: p}, ErrTransition
	}
	sealed, err := store.Challenge(ctx, p.ID)
	if err != nil || sealed == nil {
		return Started{Payment: p}, ErrTransition
	}
	w, err := s.unseal(p.ID, sealed)
	if err != nil {
		s.Observer.Fault("open a kept challenge", err)
		return Started{Payment: p}, ErrTransition
	}
	return Started{Payment: p, Challenge: Challenge{Method: w.Method, Action: w.Action, Fields: w.Fields, Origins: w.Origins, Resumable: true}}, nil
}

func (s *Service) seal(id PaymentID, w way) ([]byte, error) {
	plain, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("write challenge: %w", err)
	}
	c, err := s.sealer()
	if err != nil {
		return nil, err
	}
	nonce := s.IDs.Bytes(c.NonceSize())
	return c.Seal(nonce, nonce, plain, []byte(id)), nil
}

// unseal refuses what was changed, and what was kept for another payment.
func (s *Service) unseal(id PaymentID, sealed []byte) (w way, err error) {
	c, err := s.sealer()
	if err != nil {
		return w, err
	}
	if len(sealed) < c.NonceSize() {
		return w, errors.New("too short to be a challenge")
	}
	plain, err := c.Open(nil, sealed[:c.NonceSize()], sealed[c.NonceSize():], []byte(id))
	if err != nil {
		return w, fmt.Errorf("unseal challenge: %w", err)
	}
	if err := json.Unmarshal(plain, &w); err != nil {
		return w, fmt.Errorf("read challenge: %w", err)
	}
	return w, nil
}

// sealer is made once: neither the key nor what it is for changes while we run.
func (s *Service) sealer() (cipher.AEAD, error) { return s.wayBox() }

func (s *Service) newSealer() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.CardKey, nil, "challenge", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the challenges' key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the challenges' cipher: %w", err)
	}
	return cipher.NewGCM(block)
}
