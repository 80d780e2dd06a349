package sqlstore

import (
	"context"

	"github.com/odelink/odelink/checkout"
)

var (
	offlineKeys    = newTable("offline_keys", "id:t merchant:t number:n name:t created_at:n revoked_at:n secret:b")
	offlineBound   = offlineKeys.from("secret")
	offlineKeyEnd  = newUpdate(offlineKeys, "merchant", "revoked_at")
	offlineRevoked = newTable("offline_revocations", "id:t merchant:t reference:t created_at:n")
)

// offlineOwner is whose a sealed value of offline keys is.
const offlineOwner = "offline key "

func (s *Store) offlineValues(k checkout.OfflineKey) []any {
	return []any{
		string(k.ID), string(k.Merchant), int64(k.Number), k.Name, micros(k.CreatedAt), micros(k.RevokedAt), s.boxes.seal(offlineOwner+string(k.ID), k.Secret),
	}
}

func (s *Store) scanOfflineKey(r row) (k checkout.OfflineKey, err error) {
	k.ID, k.Merchant, k.Number, k.Name = checkout.OfflineKeyID(r.text()), checkout.MerchantID(r.text()), uint32(r.num()), r.text()
	k.CreatedAt, k.RevokedAt = fromMicros(r.num()), fromMicros(r.num())
	k.Secret, err = s.boxes.open(offlineOwner+string(k.ID), r.blob())
	return k, err
}

// offlineDigest binds the key and its secret in clear, as accountDigest does.
func (k *lasting) offlineDigest(values []any, secret []byte) []byte {
	return k.digest(offlineKeys.name, append(append([]any{}, values[:offlineBound]...), secret))
}

// SaveOfflineKey makes a key, or writes down that it was revoked.
func (s *Store) SaveOfflineKey(ctx context.Context, k checkout.OfflineKey, e checkout.Event, i checkout.Idempotency) error {
	return s.changeMerchant(ctx, k.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, i); err != nil {
			return err
		}
		var have, other checkout.OfflineKey
		err := c.tx.query(ctx, "SELECT "+offlineKeys.list+" FROM offline_keys WHERE id = $1 OR number = $2", func(r row) error {
			one, err := s.scanOfflineKey(r)
			if one.ID == k.ID {
				have = one
			} else {
				other = one
			}
			return err
		}, string(k.ID), int64(k.Number))
		switch {
		case err != nil:
			return err
		case have.ID != "" && have.Merchant != k.Merchant:
			return checkout.ErrNoOfflineKey
		case have.ID == "" && other.ID != "":
			return checkout.ErrOfflineNumber
		}
		w := write{table: offlineKeys, rows: [][]any{s.offlineValues(k)}}
		if have.ID != "" {
			have.RevokedAt = k.RevokedAt
			k = have
			w.set, w.rows[0] = offlineKeyEnd, []any{string(k.ID), micros(k.RevokedAt), string(k.Merchant)}
		}
		if err := c.tx.apply(ctx, []write{w}); err != nil {
			return err
		}
		return c.record(ctx, e, string(k.ID), c.keys.offlineDigest(s.offlineValues(k), k.Secret))
	})
}

// OfflineKeyOf is for the merchant. ErrNoOfflineKey also for somebody else's.
func (s *Store) OfflineKeyOf(ctx context.Context, m checkout.MerchantID, id checkout.OfflineKeyID) (checkout.OfflineKey, error) {
	return s.oneOfflineKey(ctx, "id = $1 AND merchant = $2", string(id), string(m))
}

// OfflineKeyByNumber is for addresses. ErrNoOfflineKey.
func (s *Store) OfflineKeyByNumber(ctx context.Context, number uint32) (checkout.OfflineKey, error) {
	return s.oneOfflineKey(ctx, "number = $1", int64(number))
}

func (s *Store) oneOfflineKey(ctx context.Context, where string, args ...any) (checkout.OfflineKey, error) {
	all, err := s.offlineKeysWhere(ctx, where, args...)
	if err == nil && len(all) == 0 {
		err = checkout.ErrNoOfflineKey
	}
	if err != nil {
		return checkout.OfflineKey{}, err
	}
	return all[0], nil
}

func (s *Store) offlineKeysWhere(ctx context.Context, where string, args ...any) (out []checkout.OfflineKey, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		return q.query(ctx, "SELECT "+offlineKeys.list+" FROM offline_keys WHERE "+where+" ORDER BY created_at DESC, id DESC", func(r row) error {
			k, err := s.scanOfflineKey(r)
			out = append(out, k)
			return err
		}, args...)
	})
	return out, err
}

// OfflineKeys answers all of a merchant's, newest first.
func (s *Store) OfflineKeys(ctx context.Context, m checkout.MerchantID) ([]checkout.OfflineKey, error) {
	return s.offlineKeysWhere(ctx, "merchant = $1", string(m))
}

func revocationID(m checkout.MerchantID, reference checkout.OrderNumber) string {
	return string(m) + "/" + string(reference)
}

// RevokeReference writes down that no link of this reference is made by itself.
func (s *Store) RevokeReference(ctx context.Context, m checkout.MerchantID, reference checkout.OrderNumber, e checkout.Event, i checkout.Idempotency) error {
	return s.changeMerchant(ctx, m, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, i); err != nil {
			return err
		}
		owner, _, err := ownerOf(ctx, c.tx, offlineRevoked, revocationID(m, reference))
		if err != nil || owner != "" {
			return err
		}
		values := []any{revocationID(m, reference), string(m), string(reference), micros(e.At)}
		if err := c.tx.apply(ctx, []write{{table: offlineRevoked, rows: [][]any{values}}}); err != nil {
			return err
		}
		return c.record(ctx, e, revocationID(m, reference), c.keys.digest(offlineRevoked.name, values))
	})
}

// ReferenceRevoked says whether it was.
func (s *Store) ReferenceRevoked(ctx context.Context, m checkout.MerchantID, reference checkout.OrderNumber) (revoked bool, err error) {
	err = s.read(ctx, func(q querier) error {
		revoked = false
		return q.query(ctx, "SELECT id FROM offline_revocations WHERE id = $1", func(row) error { revoked = true; return nil }, revocationID(m, reference))
	})
	return revoked, err
}

// offline holds a merchant's offline keys and revoked references against his chain.
func (a *audit) offline(ctx context.Context, q querier, s *subject, seen map[string]bool) error {
	err := q.query(ctx, "SELECT "+offlineKeys.list+" FROM offline_keys WHERE merchant = $1", func(r row) error {
		values := offlineKeys.raw(r)
		id, _ := values[0].(string)
		sealed, _ := values[offlineBound].([]byte)
		seen[id] = true
		secret, err := a.store.boxes.open(offlineOwner+id, sealed)
		if err != nil {
			a.findings = append(a.findings, Finding{Subject: s.id, Row: id, What: FoundSealedChanged})
			return nil
		}
		a.row(s, id, a.keys.offlineDigest(values, secret))
		return nil
	}, s.id)
	if err != nil {
		return err
	}
	return q.query(ctx, "SELECT "+offlineRevoked.list+" FROM offline_revocations WHERE merchant = $1", func(r row) error {
		values := offlineRevoked.raw(r)
		id, _ := values[0].(string)
		seen[id] = true
		a.row(s, id, a.keys.digest(offlineRevoked.name, values))
		return nil
	}, s.id)
}
