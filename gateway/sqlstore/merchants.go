package sqlstore

import (
	"context"
	"crypto/subtle"
	"strconv"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Merchant answers ErrNoMerchant for an unknown one.
func (s *Store) Merchant(ctx context.Context, id checkout.MerchantID) (checkout.Merchant, error) {
	var found *merchantRow
	err := s.read(ctx, func(q querier) (err error) {
		found, err = readMerchant(ctx, q, id, "")
		return err
	})
	if err != nil {
		return checkout.Merchant{}, err
	}
	if found == nil {
		return checkout.Merchant{}, checkout.ErrNoMerchant
	}
	found.Test = found.Test || s.demo
	return found.Merchant, nil
}

// readMerchant is nil for an unknown one.
func readMerchant(ctx context.Context, q querier, id checkout.MerchantID, lock string) (found *merchantRow, err error) {
	err = q.query(ctx, "SELECT "+merchants.list+" FROM merchants WHERE id = $1"+lock, func(r row) (err error) {
		found, err = scanMerchant(r)
		return err
	}, string(id))
	return found, err
}

// change is a transaction about one merchant. It holds the merchant's row, which is the end of the
// chain that all of a merchant's own events are on.
type change struct {
	*work
	tx  tx
	row *merchantRow // nil = not there yet
}

func (s *Store) changeMerchant(ctx context.Context, id checkout.MerchantID, fn func(context.Context, *change) error) error {
	return s.changeMerchantNeeding(ctx, id, needs{}, fn)
}

func (s *Store) changeMerchantNeeding(ctx context.Context, id checkout.MerchantID, n needs, fn func(context.Context, *change) error) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		w, err := s.load(ctx, t, []*unit{{needs: n}})
		if err != nil {
			return err
		}
		found, err := readMerchant(ctx, t, id, s.engine.lock())
		if err != nil {
			return err
		}
		c := &change{work: w, tx: t, row: found}
		if err := fn(ctx, c); err != nil {
			return err
		}
		return w.flush(ctx, t)
	})
}

// record puts an event about row rowID on the merchant's chain and moves the chain's end.
func (c *change) record(ctx context.Context, e checkout.Event, rowID string, digest []byte) error {
	_, err := c.extend(ctx, e, rowID, digest)
	return err
}

// extend is record for whoever needs the line.
func (c *change) extend(ctx context.Context, e checkout.Event, rowID string, digest []byte) (line, error) {
	e.Merchant, e.Subject = c.row.ID, string(c.row.ID)
	l := c.event(e, c.row.seq+1, c.row.head, rowID, digest)
	if err := c.work.record(l, ""); err != nil {
		return line{}, err
	}
	n, err := c.tx.exec(ctx, "UPDATE merchants SET seq = $1, head = $2 WHERE id = $3 AND seq = $4",
		l.Seq, l.Hash, string(c.row.ID), c.row.seq)
	if err != nil {
		return line{}, err
	}
	if n != 1 {
		return line{}, errChanged
	}
	c.row.seq, c.row.head = l.Seq, l.Hash
	return l, nil
}

// note puts a line on the merchant's chain that changes nothing of its row.
func (c *change) note(ctx context.Context, e checkout.Event) error {
	_, err := c.noted(ctx, e)
	return err
}

// noted is note for whoever needs the line. It says again what the chain said of the row last: a digest worked out
// anew would vouch for what a hand changed meanwhile (A67).
func (c *change) noted(ctx context.Context, e checkout.Event) (line, error) {
	var said []byte
	err := c.tx.query(ctx, "SELECT row_digest FROM events WHERE subject = $1 AND row_id = $1 ORDER BY seq DESC LIMIT 1",
		func(r row) error { said = r.blob(); return nil }, string(c.row.ID))
	if err != nil {
		return line{}, err
	}
	return c.extend(ctx, e, string(c.row.ID), said)
}

// SaveMerchant makes a merchant or replaces the version before m.Version; its creation stays. ErrStale.
func (s *Store) SaveMerchant(ctx context.Context, m checkout.Merchant, e checkout.Event) error {
	return s.changeMerchant(ctx, m.ID, func(ctx context.Context, c *change) error {
		if c.row != nil && c.row.Version != m.Version-1 {
			return checkout.ErrStale
		}
		return c.saveMerchant(ctx, m, e)
	})
}

func (c *change) saveMerchant(ctx context.Context, m checkout.Merchant, e checkout.Event) error {
	old := c.row
	c.row = &merchantRow{Merchant: m, head: []byte{}}
	if old != nil {
		c.row.CreatedAt, c.row.seq, c.row.head = old.CreatedAt, old.seq, old.head
	}
	values, err := c.row.values()
	if err != nil {
		return err
	}
	w := write{table: merchants, rows: [][]any{values}}
	if old != nil {
		w.set = merchantAll
		w.rows[0] = merchantAll.pick(values, old.seq)
	}
	if err := c.tx.apply(ctx, []write{w}); err != nil {
		return err
	}
	return c.record(ctx, e, string(m.ID), c.keys.digest(merchants.name, merchants.bound(values, merchantBound)))
}

// SaveLogo stores a merchant's picture; one without data takes it away. ErrNoMerchant.
func (s *Store) SaveLogo(ctx context.Context, id checkout.MerchantID, l checkout.Logo, e checkout.Event) error {
	return s.changeMerchant(ctx, id, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if len(l.Data) == 0 {
			l.Type = ""
		}
		_, err := c.tx.exec(ctx, `INSERT INTO logos (merchant, data) VALUES ($1, $2)
			ON CONFLICT (merchant) DO UPDATE SET data = excluded.data`, string(id), blank(l.Data))
		if err != nil {
			return err
		}
		m := c.row.Merchant
		m.LogoType, m.UpdatedAt = l.Type, e.At
		m.Version++
		return c.saveMerchant(ctx, m, e)
	})
}

// Logo answers a merchant's picture. ErrNoMerchant when there is none.
func (s *Store) Logo(ctx context.Context, id checkout.MerchantID) (checkout.Logo, error) {
	var found checkout.Logo
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, `SELECT m.logo_type, l.data FROM merchants m JOIN logos l ON l.merchant = m.id
			WHERE m.id = $1`, func(r row) error {
			found = checkout.Logo{Type: r.text(), Data: r.blob()}
			return nil
		}, string(id))
	})
	if err != nil {
		return checkout.Logo{}, err
	}
	if found.Type == "" {
		return checkout.Logo{}, checkout.ErrNoMerchant
	}
	return found, nil
}

// Accounts answers all accounts of a merchant, highest priority first.
func (s *Store) Accounts(ctx context.Context, m checkout.MerchantID) ([]checkout.Account, error) {
	return s.accountsWhere(ctx, "WHERE merchant = $1", string(m))
}

// AllAccounts answers every account of every merchant: what serve and doctor look through at start.
func (s *Store) AllAccounts(ctx context.Context) ([]checkout.Account, error) {
	return s.accountsWhere(ctx, "")
}

func (s *Store) accountsWhere(ctx context.Context, where string, args ...any) ([]checkout.Account, error) {
	var out []checkout.Account
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+accounts.list+" FROM accounts "+where+" ORDER BY priority DESC, created_at, id",
			func(r row) error {
				a, sealed, err := scanAccount(r)
				if err != nil {
					return err
				}
				a.Credentials, err = s.openSecrets(a.ID, sealed)
				out = append(out, a)
				return err
			}, args...)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// SaveAccount makes an account or replaces it. ErrNoMerchant, and ErrNoAccount for an id that
// belongs to somebody else.
func (s *Store) SaveAccount(ctx context.Context, a checkout.Account, e checkout.Event) error {
	return s.ChangeAccount(ctx, checkout.AccountChange{Account: a, Event: e})
}

// ChangeAccount is SaveAccount with the answer of an Idempotency-Key. ErrKeyKnown, ErrKeyReused.
func (s *Store) ChangeAccount(ctx context.Context, ac checkout.AccountChange) error {
	a := ac.Account
	return s.changeMerchant(ctx, a.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, ac.Idem); err != nil {
			return err
		}
		owner, created, err := ownerOf(ctx, c.tx, accounts, string(a.ID))
		if err != nil {
			return err
		}
		if owner != "" && owner != a.Merchant {
			return checkout.ErrNoAccount
		}
		if owner != "" {
			a.CreatedAt = fromMicros(created)
		}
		if err := c.unchanged(ctx, ac); err != nil {
			return err
		}
		values, err := accountValues(a, s.sealSecrets(a.ID, a.Credentials))
		if err != nil {
			return err
		}
		if err := c.tx.apply(ctx, []write{saving(accounts, accountAll, owner != "", values)}); err != nil {
			return err
		}
		if err := s.keepFormer(ctx, c.tx, ac); err != nil {
			return err
		}
		return c.record(ctx, ac.Event, string(a.ID), c.keys.accountDigest(values, a.Credentials))
	})
}

// formerOwner is whose a sealed value of former credentials is.
const formerOwner = "former account "

// keepFormer keeps what a change of credentials replaces, and forgets what was kept for long enough.
func (s *Store) keepFormer(ctx context.Context, t tx, ac checkout.AccountChange) error {
	if ac.Former == nil {
		return nil
	}
	if _, err := t.exec(ctx, "DELETE FROM former_credentials WHERE account = $1 AND kept_until <= $2", string(ac.Account.ID), micros(ac.Former.ChangedAt)); err != nil {
		return err
	}
	id := string(ac.Account.ID) + "." + strconv.FormatInt(ac.Account.Version, 10) // before that version
	_, err := t.exec(ctx, "INSERT INTO former_credentials (id, account, changed_at, kept_until, credentials) VALUES ($1, $2, $3, $4, $5)",
		id, string(ac.Account.ID), micros(ac.Former.ChangedAt), micros(ac.Former.Until), s.boxes.seal(formerOwner+id, encodePairs(ac.Former.Credentials)))
	return err
}

// FormerCredentials opens what is kept of an account.
func (s *Store) FormerCredentials(ctx context.Context, a checkout.AccountID, now time.Time) (all []checkout.FormerCredentials, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, "SELECT id, changed_at, kept_until, credentials FROM former_credentials WHERE account = $1 AND kept_until > $2 ORDER BY changed_at, id", func(r row) error {
			id := r.text()
			f := checkout.FormerCredentials{ChangedAt: fromMicros(r.num()), Until: fromMicros(r.num())}
			plain, err := s.boxes.open(formerOwner+id, r.blob())
			if err == nil {
				f.Credentials, err = decodePairs(plain)
			}
			all = append(all, f)
			return err
		}, string(a), micros(now))
	})
	return all, err
}

// unchanged holds an account against the version that it was read with. The merchant's row is locked, so
// nobody changes it now.
func (c *change) unchanged(ctx context.Context, ac checkout.AccountChange) error {
	if ac.From == 0 {
		return nil
	}
	err := checkout.ErrStale
	read := c.tx.query(ctx, "SELECT version, deleted_at FROM accounts WHERE id = $1", func(r row) error {
		if r.num() == ac.From && r.num() == 0 {
			err = nil
		}
		return nil
	}, string(ac.Account.ID))
	if read != nil {
		return read
	}
	if err != nil {
		return err
	}
	return nil
}

// keepAnswer keeps what an idempotency key will be answered with, if nobody used it.
func (c *change) keepAnswer(ctx context.Context, i checkout.Idempotency) error {
	if i.Key == "" {
		return nil
	}
	key := idemPair(i)
	err := c.tx.query(ctx, "SELECT request FROM idempotency WHERE merchant = $1 AND name = $2",
		func(r row) error { c.idem[key] = r.blob(); return nil }, key.merchant, key.name)
	if err != nil {
		return err
	}
	if err := c.keyFree(i, nil); err != nil {
		return err
	}
	c.answer(i)
	return nil
}

// accountDigest binds the account and its credentials in clear, so that sealing them again under a
// new master key changes nothing. Terms of payouts are bound where there are some: rows from before them keep
// their digest.
func (k *lasting) accountDigest(values []any, secrets checkout.Secrets) []byte {
	bound := append([]any{}, values[:accountBound]...)
	bound = append(bound, encodePairs(secrets))
	if values[accountTerms] != "" {
		bound = append(bound, values[accountTerms])
	}
	return k.digest(accounts.name, bound)
}

// What a repeated save writes: everything but the key, the owner and the creation.
var (
	merchantAll = newUpdate(merchants, "seq", merchants.names("name", "version", "updated_at", "support")...)
	accountAll  = newUpdate(accounts, "merchant", accounts.names("kind", "version", "updated_at", "credentials", "deleted_at", "payout")...)
	apiKeyAll   = newUpdate(apiKeys, "merchant", "name", "shown", "hash", "revoked_at")
)

// saving inserts a row, or updates it when it is there; the second column is its merchant.
func saving(t *table, u *update, there bool, values []any) write {
	w := write{table: t, rows: [][]any{values}}
	if there {
		w.set = u
		w.rows[0] = append(u.pick(values, 0)[:len(u.cols)+1], values[1])
	}
	return w
}

// ownerOf answers whose row it is and when it was made, "" when there is none.
func ownerOf(ctx context.Context, q querier, t *table, id string) (m checkout.MerchantID, created int64, err error) {
	err = q.query(ctx, "SELECT merchant, created_at FROM "+t.name+" WHERE id = $1", func(r row) error {
		m, created = checkout.MerchantID(r.text()), r.num()
		return nil
	}, id)
	return m, created, err
}

// KeyByHash finds a live key.
func (s *Store) KeyByHash(ctx context.Context, hash []byte) (checkout.APIKey, error) {
	var found checkout.APIKey
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+apiKeys.list+" FROM api_keys WHERE hash = $1", func(r row) error {
			found = scanKey(r)
			return nil
		}, blank(hash))
	})
	if err != nil {
		return checkout.APIKey{}, err
	}
	if found.ID == "" || !found.RevokedAt.IsZero() || subtle.ConstantTimeCompare(found.Hash, hash) != 1 {
		return checkout.APIKey{}, checkout.ErrNoKey
	}
	return found, nil
}

// SaveKey makes a key or replaces it (its name, its end). ErrNoMerchant, and ErrNoKey for an id that
// belongs to somebody else.
func (s *Store) SaveKey(ctx context.Context, k checkout.APIKey, e checkout.Event) error {
	return s.changeMerchant(ctx, k.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		owner, created, err := ownerOf(ctx, c.tx, apiKeys, string(k.ID))
		if err != nil {
			return err
		}
		if owner != "" && owner != k.Merchant {
			return checkout.ErrNoKey
		}
		if owner != "" {
			k.CreatedAt = fromMicros(created)
		}
		values := keyValues(k)
		if err := c.tx.apply(ctx, []write{saving(apiKeys, apiKeyAll, owner != "", values)}); err != nil {
			return err
		}
		return c.record(ctx, e, string(k.ID), c.keys.digest(apiKeys.name, values))
	})
}

// Keys answers all keys of a merchant, revoked ones included, oldest first.
func (s *Store) Keys(ctx context.Context, m checkout.MerchantID) ([]checkout.APIKey, error) {
	var out []checkout.APIKey
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+apiKeys.list+" FROM api_keys WHERE merchant = $1 ORDER BY created_at, id",
			func(r row) error {
				out = append(out, scanKey(r))
				return nil
			}, string(m))
	})
	return out, err
}

// Answer finds the stored answer of an idempotency key.
func (s *Store) Answer(ctx context.Context, m checkout.MerchantID, key string) (a checkout.Idempotency, found bool, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+idempotency.list+" FROM idempotency WHERE merchant = $1 AND name = $2",
			func(r row) error {
				found = true
				a = checkout.Idempotency{
					Merchant: checkout.MerchantID(r.text()), Key: r.text(), Request: r.blob(), Status: int(r.num()), Body: r.blob(),
				}
				return nil
			}, string(m), plain(key))
	})
	return a, found, err
}
