package checkout

import (
	"context"
	"strings"
)

// MaxKeys is how many live keys a merchant may have.
const MaxKeys = 50

// ErrTooManyKeys: revoke one that nobody uses.
var ErrTooManyKeys = &Error{Kind: KindConflict, Code: "too_many_api_keys"}

// ErrNoSuchKey: the merchant has no key with this id.
var ErrNoSuchKey = &Error{Kind: KindNotFound, Code: "not_found"}

// Keys answers all keys of a merchant, revoked ones included, oldest first.
func (s *Service) Keys(ctx context.Context, m MerchantID) ([]APIKey, error) {
	return s.Ledger.Keys(ctx, m)
}

// CreateKey makes a key and answers its secret, which nobody can read again. hash is the keyed hash under which
// it is found. Invalid; ErrTooManyKeys.
func (s *Service) CreateKey(ctx context.Context, by By, m MerchantID, name string, hash func(secret string) []byte) (k APIKey, secret string, err error) {
	name = strings.TrimSpace(name)
	code := checkLine(name, 80)
	if name == "" {
		code = "required"
	}
	if code != "" {
		return k, "", Invalid(FieldError{Field: "name", Code: code})
	}
	all, err := s.Ledger.Keys(ctx, m)
	if err != nil {
		return k, "", err
	}
	live := 0
	for _, have := range all {
		if have.RevokedAt.IsZero() {
			live++
		}
	}
	if live >= MaxKeys {
		return k, "", ErrTooManyKeys
	}
	secret = "sk_live_" + s.IDs.Secret(40)
	k = APIKey{ID: s.IDs.Key(), Merchant: m, Name: name, Shown: secret[:12], Hash: hash(secret), CreatedAt: s.Clock.Now()}
	return k, secret, s.Ledger.SaveKey(ctx, k, s.keyEvent(k, "key.created", by))
}

// RevokeKey ends a key for good. ErrNoSuchKey also for somebody else's; a revoked one stays as it is.
func (s *Service) RevokeKey(ctx context.Context, by By, m MerchantID, id KeyID) error {
	all, err := s.Ledger.Keys(ctx, m)
	if err != nil {
		return err
	}
	for _, k := range all {
		if k.ID != id {
			continue
		}
		if !k.RevokedAt.IsZero() {
			return nil
		}
		k.RevokedAt = s.Clock.Now()
		return s.Ledger.SaveKey(ctx, k, s.keyEvent(k, "key.revoked", by))
	}
	return ErrNoSuchKey
}

func (s *Service) keyEvent(k APIKey, typ string, by By) Event {
	e := s.merchantEvent(k.Merchant, typ, by)
	e.Data = map[string]string{"key": string(k.ID), "name": k.Name}
	return e
}
