package checkout

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout/offline"
)

// Links that a merchant's program minted by itself (checkout/offline): the first opening checks the signature and
// makes the link. Its token follows from the signed terms and the key's secret, so that all openings of one
// address, however many at once, are of one link, and the order number's constraint lets only one be made.

// OfflineKey is what a merchant's program signs links with.
type OfflineKey struct {
	ID        OfflineKeyID
	Merchant  MerchantID
	Number    uint32 // stands in every address that it signed
	Name      string
	Secret    []byte // kept sealed
	CreatedAt time.Time
	RevokedAt time.Time // zero = it is good
}

// Shown is the key as the merchant's program needs it.
func (k OfflineKey) Shown() string { return offline.Key{Number: k.Number, Secret: k.Secret}.String() }

// OfflineLedger keeps such keys, and the references that were revoked before they were ever opened.
type OfflineLedger interface {
	// SaveOfflineKey makes a key, or writes down that it was revoked. ErrOfflineNumber: the number of a new one is
	// taken. ErrNoOfflineKey for an id that belongs to somebody else; ErrKeyKnown.
	SaveOfflineKey(ctx context.Context, k OfflineKey, e Event, i Idempotency) error
	// OfflineKeyOf is for the merchant. ErrNoOfflineKey also for somebody else's.
	OfflineKeyOf(ctx context.Context, m MerchantID, id OfflineKeyID) (OfflineKey, error)
	// OfflineKeyByNumber is for addresses. ErrNoOfflineKey.
	OfflineKeyByNumber(ctx context.Context, number uint32) (OfflineKey, error)
	// OfflineKeys answers all of a merchant's, newest first.
	OfflineKeys(ctx context.Context, m MerchantID) ([]OfflineKey, error)
	// RevokeReference writes down that no link of this reference is made by itself; again is no error. ErrKeyKnown.
	RevokeReference(ctx context.Context, m MerchantID, reference OrderNumber, e Event, i Idempotency) error
	// ReferenceRevoked says whether it was.
	ReferenceRevoked(ctx context.Context, m MerchantID, reference OrderNumber) (bool, error)
}

// maxOfflineKeys bounds the good keys of a merchant: one for each of its programs.
const maxOfflineKeys = 50

// CreateOfflineKey makes a key. idem may be nil. Invalid, ErrOfflineKeys, ErrKeyKnown.
func (s *Service) CreateOfflineKey(ctx context.Context, by By, m MerchantID, name string, idem func(OfflineKey) (Idempotency, error)) (OfflineKey, error) {
	if name = strings.TrimSpace(name); name == "" {
		return OfflineKey{}, Invalid(FieldError{Field: "name", Code: "required"})
	}
	if code := checkText(name, maxPerson); code != "" {
		return OfflineKey{}, Invalid(FieldError{Field: "name", Code: code})
	}
	have, err := s.Ledger.OfflineKeys(ctx, m)
	if err != nil {
		return OfflineKey{}, err
	}
	if n := len(slices.DeleteFunc(have, func(k OfflineKey) bool { return !k.RevokedAt.IsZero() })); n >= maxOfflineKeys {
		return OfflineKey{}, ErrOfflineKeys
	}
	for {
		k := OfflineKey{ID: s.IDs.OfflineKey(), Merchant: m, Name: name, Secret: s.IDs.Bytes(offline.SecretSize), CreatedAt: s.Clock.Now()}
		for _, b := range s.IDs.Bytes(3) {
			k.Number = k.Number<<8 | uint32(b)
		}
		var kept Idempotency
		if idem != nil {
			if kept, err = idem(k); err != nil {
				return OfflineKey{}, err
			}
		}
		if err := s.Ledger.SaveOfflineKey(ctx, k, s.offlineEvent(m, "offline_key.created", by, string(k.ID)), kept); !errors.Is(err, ErrOfflineNumber) {
			return k, err
		}
	}
}

// OfflineKeysOf answers a merchant's keys, newest first; OfflineKeyOf one of them.
func (s *Service) OfflineKeysOf(ctx context.Context, m MerchantID) ([]OfflineKey, error) {
	return s.Ledger.OfflineKeys(ctx, m)
}

// OfflineKeyOf answers a key of the merchant. ErrNoOfflineKey.
func (s *Service) OfflineKeyOf(ctx context.Context, m MerchantID, id OfflineKeyID) (OfflineKey, error) {
	return s.Ledger.OfflineKeyOf(ctx, m, id)
}

// RevokeOfflineKey ends a key: what it signed and nobody opened makes no link any more. Links that were opened go
// on. Again is no error. ErrNoOfflineKey.
func (s *Service) RevokeOfflineKey(ctx context.Context, by By, m MerchantID, id OfflineKeyID) error {
	k, err := s.Ledger.OfflineKeyOf(ctx, m, id)
	if err != nil || !k.RevokedAt.IsZero() {
		return err
	}
	k.RevokedAt = s.Clock.Now()
	return s.Ledger.SaveOfflineKey(ctx, k, s.offlineEvent(m, "offline_key.revoked", by, string(k.ID)), Idempotency{})
}

// RevokeOffline withdraws the link of a reference, whether it was opened already or never. The answer is the link
// that was deleted, if there was one. ErrPaid when it was paid; Invalid.
func (s *Service) RevokeOffline(ctx context.Context, by By, m MerchantID, reference OrderNumber) (deleted LinkID, err error) {
	if len(reference) > maxOrder || !orderShape.MatchString(string(reference)) {
		return "", Invalid(FieldError{Field: "order_id", Code: "order_id_format"})
	}
	if HoldsCard(string(reference)) { // no link has it, so there is none to withdraw
		return "", Invalid(FieldError{Field: "order_id", Code: "looks_like_card"})
	}
	// First the word that nobody may make it, then the look whether somebody did: whoever makes it meanwhile looks
	// the other way round.
	if err := s.Ledger.RevokeReference(ctx, m, reference, s.offlineEvent(m, "offline_link.revoked", by, string(reference)), Idempotency{}); err != nil {
		return "", err
	}
	found, _, err := s.Ledger.SearchLinks(ctx, LinkQuery{Merchant: m, Order: reference, Limit: 1})
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0].ID, s.DeleteLink(ctx, by, m, found[0].ID)
}

func (s *Service) offlineEvent(m MerchantID, typ string, by By, of string) Event {
	return Event{Merchant: m, Subject: string(m), Type: typ, Actor: by.Actor, IP: by.IP, At: s.Clock.Now(), Data: map[string]string{"of": of}}
}

// OpenOffline answers the token of an address that a merchant's program minted, and makes its link at the first
// opening. ErrNoLink: forged, or no address at all. ErrExpired, ErrDeleted: the copy says whose it would be.
func (s *Service) OpenOffline(ctx context.Context, blob, ip string) (Token, Hot, error) {
	sealed, err := offline.Read(blob)
	if err != nil {
		return "", Hot{}, ErrNoLink
	}
	k, err := s.Ledger.OfflineKeyByNumber(ctx, sealed.Number)
	if err != nil && !errors.Is(err, ErrNoOfflineKey) {
		return "", Hot{}, err
	}
	if err != nil {
		k.Secret = make([]byte, offline.SecretSize) // the check costs the same where no key has the number
	}
	terms, signed := sealed.Open(k.Secret)
	if err != nil || !signed {
		return "", Hot{}, ErrNoLink
	}
	token := offlineToken(sealed.Digest(k.Secret))
	if _, err := s.Ledger.LinkByToken(ctx, token); !errors.Is(err, ErrNoLink) {
		return token, Hot{}, err
	}
	hot := Hot{Merchant: k.Merchant, ExpiresAt: terms.ExpiresAt}
	revoked, err := s.Ledger.ReferenceRevoked(ctx, k.Merchant, OrderNumber(terms.Reference))
	switch {
	case err != nil:
		return "", Hot{}, err
	case revoked || !k.RevokedAt.IsZero():
		return "", hot, ErrDeleted
	case !s.Clock.Now().Before(terms.ExpiresAt):
		return "", hot, ErrExpired
	}
	if err := s.makeOffline(ctx, k, terms, token, ip); err != nil {
		return "", hot, err
	}
	return token, Hot{}, nil
}

func (s *Service) makeOffline(ctx context.Context, k OfflineKey, terms offline.Terms, token Token, ip string) error {
	shop, err := s.Shop(ctx, k.Merchant)
	if err != nil {
		return err
	}
	by := By{Actor: "offline:" + string(k.ID), IP: ip}
	order := OrderNumber(terms.Reference)
	l, err := s.makeLink(ctx, by, shop, LinkTerms{
		Order: order, Amount: Money{Minor: terms.Minor, Currency: Currency(terms.Currency)}, ExpiresAt: terms.ExpiresAt, Description: terms.Description,
	}, func(try int) OrderNumber {
		if try > 0 {
			return ""
		}
		return order
	}, func(n *NewLink) error {
		n.Link.Token = token
		return nil
	})
	switch {
	case errors.Is(err, ErrOrderTaken):
		// Another opening was first, or the merchant used the number for another link: then this one is none.
		if _, err := s.Ledger.LinkByToken(ctx, token); !errors.Is(err, ErrNoLink) {
			return err
		}
		return ErrDeleted.Because(err)
	case KindOf(err) == KindInvalid:
		s.Observer.Fault("make an offline link", fmt.Errorf("key %s, order %s: %w", k.ID, order, err))
		return ErrDeleted.Because(err) // rightly signed, and the merchant may not have such a link
	case err != nil:
		return err
	}
	revoked, err := s.Ledger.ReferenceRevoked(ctx, k.Merchant, order)
	if err == nil && revoked {
		if err = s.DeleteLink(ctx, by, k.Merchant, l.ID); err == nil {
			err = ErrDeleted
		}
	}
	return err
}

// offlineToken draws a token from a digest, without modulo bias.
func offlineToken(digest []byte) Token {
	out := make([]byte, 0, TokenLength)
	for limit := 256 - 256%len(plain57); ; {
		for _, b := range digest {
			if int(b) < limit {
				if out = append(out, plain57[int(b)%len(plain57)]); len(out) == TokenLength {
					return Token(out)
				}
			}
		}
		next := sha256.Sum256(digest)
		digest = next[:]
	}
}
