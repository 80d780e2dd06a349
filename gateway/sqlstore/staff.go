package sqlstore

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/odelink/odelink/checkout"
)

var (
	users = newTable("users", `id:t email:t name:t lang:t password:b spare:b version:n created_at:n updated_at:n
		second:b digest:b`)
	members    = newTable("members", "user_id:t merchant:t role:t own_links:n created_at:n removed_at:n")
	linkMakers = newTable("link_makers", "link:t merchant:t maker:t")
	visits     = newTable("visits", "hash:b user_id:t merchant:t stage:t ip:t agent:t created_at:n seen_at:n ends_at:n")
)

// userOwner is whose a sealed value of users is.
const userOwner = "user "

// errUserChanged: the row is not what this program wrote (A67).
var errUserChanged = errors.New("a user's row was changed")

// UserByEmail finds who signs in with an address.
func (s *Store) UserByEmail(ctx context.Context, email string) (checkout.User, error) {
	return s.userWhere(ctx, "WHERE email = $1", email)
}

// UserByID finds a user.
func (s *Store) UserByID(ctx context.Context, id checkout.UserID) (checkout.User, error) {
	return s.userWhere(ctx, "WHERE id = $1", string(id))
}

func (s *Store) userWhere(ctx context.Context, where string, args ...any) (found checkout.User, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		found, err = s.readUser(ctx, q, where, args...)
		return err
	})
	return found, err
}

func (s *Store) readUser(ctx context.Context, q querier, where string, args ...any) (found checkout.User, err error) {
	err = q.query(ctx, "SELECT "+users.list+" FROM users "+where, func(r row) (err error) {
		found, err = s.scanUser(r)
		return err
	}, args...)
	if err == nil && found.ID == "" {
		err = checkout.ErrNoUser
	}
	return found, err
}

// userValues are a user's columns; the digest covers the second factor's secret in clear, so that sealing it
// again under a new master key changes nothing.
func (s *Store) userValues(u checkout.User) ([]any, error) {
	keys := s.keys.Load()
	if keys == nil {
		return nil, errNoKeys
	}
	var spare canon
	for _, h := range u.Spare {
		spare.blob(h)
	}
	bound := []any{
		string(u.ID), u.Email, u.Name, u.Lang, blank(u.Password), blank(spare.b), u.Version, micros(u.CreatedAt), micros(u.UpdatedAt),
	}
	digest := keys.digest(users.name, append(bound[:len(bound):len(bound)], blank(u.Second)))
	sealed := s.boxes.seal(userOwner+string(u.ID), u.Second)
	return append(bound, sealed, digest), nil
}

// scanUser reads a user; its error says that the row is not what this program wrote.
func (s *Store) scanUser(r row) (checkout.User, error) {
	u := checkout.User{ID: checkout.UserID(r.text()), Email: r.text(), Name: r.text(), Lang: r.text(), Password: r.blob()}
	spare, err := splitBlobs(r.blob())
	if err != nil {
		return u, fmt.Errorf("user %s: %w", u.ID, err)
	}
	u.Spare, u.Version, u.CreatedAt, u.UpdatedAt = spare, r.num(), fromMicros(r.num()), fromMicros(r.num())
	second, err := s.boxes.open(userOwner+string(u.ID), r.blob())
	if err != nil {
		return u, fmt.Errorf("user %s: %w", u.ID, err)
	}
	u.Second = second
	written := r.blob()
	values, err := s.userValues(u)
	if err != nil {
		return u, err
	}
	if digest, _ := values[len(values)-1].([]byte); !hmac.Equal(written, digest) {
		return u, fmt.Errorf("user %s: %w", u.ID, errUserChanged)
	}
	return u, nil
}

// splitBlobs reads what canon.blob wrote.
func splitBlobs(b []byte) (all [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < 5 || kind(b[0]) != kindBlob {
			return nil, errPairs
		}
		n := int(b[1])<<24 | int(b[2])<<16 | int(b[3])<<8 | int(b[4])
		if n > len(b)-5 {
			return nil, errPairs
		}
		all, b = append(all, b[5:5+n]), b[5+n:]
	}
	return all, nil
}

// SaveUser makes a user or replaces the version before.
func (s *Store) SaveUser(ctx context.Context, u checkout.User) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error { return s.saveUser(ctx, t, u) })
}

func (s *Store) saveUser(ctx context.Context, t tx, u checkout.User) error {
	values, err := s.userValues(u)
	if err != nil {
		return err
	}
	if err := emailFree(ctx, t, u); err != nil {
		return err
	}
	if u.Version == 1 {
		return t.apply(ctx, []write{{table: users, rows: [][]any{values}}})
	}
	n, err := t.exec(ctx, `UPDATE users SET email = $1, name = $2, lang = $3, password = $4, spare = $5, version = $6,
		updated_at = $7, second = $8, digest = $9 WHERE id = $10 AND version = $11 AND created_at = $12`,
		values[1], values[2], values[3], values[4], values[5], values[6], values[8], values[9], values[10], values[0], u.Version-1, values[7])
	if err == nil && n != 1 {
		err = checkout.ErrStale
	}
	return err
}

func emailFree(ctx context.Context, q querier, u checkout.User) error {
	taken := false
	err := q.query(ctx, "SELECT id FROM users WHERE email = $1", func(r row) error {
		taken = r.text() != string(u.ID)
		return nil
	}, u.Email)
	if err == nil && taken {
		err = checkout.ErrEmailTaken
	}
	return err
}

// SpendStep marks a time step as used.
func (s *Store) SpendStep(ctx context.Context, id checkout.UserID, step int64) (fresh bool, err error) {
	err = s.solo(ctx, func(ctx context.Context, t tx) error {
		n, err := t.exec(ctx, "UPDATE users SET step = $1 WHERE id = $2 AND step < $1", step, string(id))
		fresh = n == 1
		return err
	})
	return fresh && err == nil, err
}

// Memberships answers what a user is where.
func (s *Store) Memberships(ctx context.Context, id checkout.UserID) (all []checkout.Membership, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, `SELECT `+members.prefixed("b")+`, m.name FROM members b JOIN merchants m ON m.id = b.merchant
			WHERE b.user_id = $1 AND b.removed_at = 0 ORDER BY m.name, m.id`, func(r row) error {
			member, _ := scanMember(r)
			all = append(all, checkout.Membership{Member: member, Name: r.text()})
			return nil
		}, string(id))
	})
	return all, err
}

// prefixed lists the columns of a table that has another name in the statement.
func (t *table) prefixed(name string) string {
	out := ""
	for i, c := range t.cols {
		if i > 0 {
			out += ", "
		}
		out += name + "." + c.name
	}
	return out
}

func memberValues(m checkout.Member, removed time.Time) []any {
	return []any{string(m.User), string(m.Merchant), string(m.Role), num(m.OwnLinks), micros(m.CreatedAt), micros(removed)}
}

func scanMember(r row) (m checkout.Member, removed time.Time) {
	m = checkout.Member{User: checkout.UserID(r.text()), Merchant: checkout.MerchantID(r.text()), Role: checkout.Role(r.text()), OwnLinks: r.num() != 0, CreatedAt: fromMicros(r.num())}
	return m, fromMicros(r.num())
}

// Colleagues answers who is what at a merchant.
func (s *Store) Colleagues(ctx context.Context, id checkout.MerchantID) (all []checkout.Colleague, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, `SELECT `+members.prefixed("b")+`, u.email, u.name, length(u.password), u.second FROM members b JOIN users u ON u.id = b.user_id
			WHERE b.merchant = $1 AND b.removed_at = 0 ORDER BY CASE WHEN b.role = 'owner' THEN 0 ELSE 1 END, u.name, u.id`, func(r row) error {
			c := checkout.Colleague{}
			c.Member, _ = scanMember(r)
			c.Email, c.Name, c.Pending = r.text(), r.text(), r.num() == 0
			second, err := s.boxes.open(userOwner+string(c.User), r.blob())
			c.Second = len(second) > 0
			all = append(all, c)
			return err
		}, string(id))
	})
	return all, err
}

// SaveMember makes a user a member or changes what he may.
func (s *Store) SaveMember(ctx context.Context, m checkout.Member, e checkout.Event) error {
	return s.changeMerchant(ctx, m.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if _, err := s.readUser(ctx, c.tx, "WHERE id = $1", string(m.User)); err != nil {
			return err
		}
		there, live, err := c.member(ctx, m.User)
		if err != nil {
			return err
		}
		if live {
			m.CreatedAt = there.CreatedAt
		}
		if live && there.Role == checkout.RoleOwner && m.Role != checkout.RoleOwner {
			if err := c.otherOwner(ctx, m.User); err != nil {
				return err
			}
		}
		return c.putMember(ctx, m, time.Time{}, e)
	})
}

// RemoveMember ends a membership.
func (s *Store) RemoveMember(ctx context.Context, id checkout.MerchantID, user checkout.UserID, e checkout.Event) error {
	return s.changeMerchant(ctx, id, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		m, live, err := c.member(ctx, user)
		if err != nil {
			return err
		}
		if !live {
			return checkout.ErrNoUser
		}
		if m.Role == checkout.RoleOwner {
			if err := c.otherOwner(ctx, user); err != nil {
				return err
			}
		}
		if err := c.putMember(ctx, m, e.At, e); err != nil {
			return err
		}
		_, err = c.tx.exec(ctx, "DELETE FROM visits WHERE user_id = $1 AND merchant = $2", string(user), string(id))
		return err
	})
}

// member reads what a user is at the merchant; live is false when he is nothing any more.
func (c *change) member(ctx context.Context, id checkout.UserID) (m checkout.Member, live bool, err error) {
	err = c.tx.query(ctx, "SELECT "+members.list+" FROM members WHERE merchant = $1 AND user_id = $2", func(r row) error {
		var removed time.Time
		m, removed = scanMember(r)
		live = removed.IsZero()
		return nil
	}, string(c.row.ID), string(id))
	return m, live, err
}

// otherOwner says whether somebody else owns the merchant; its row is locked, so that stays true.
func (c *change) otherOwner(ctx context.Context, besides checkout.UserID) error {
	n := int64(0)
	err := c.tx.query(ctx, "SELECT count(*) FROM members WHERE merchant = $1 AND role = $2 AND removed_at = 0 AND user_id <> $3",
		func(r row) error { n = r.num(); return nil }, string(c.row.ID), string(checkout.RoleOwner), string(besides))
	if err == nil && n == 0 {
		err = checkout.ErrLastOwner
	}
	return err
}

func (c *change) putMember(ctx context.Context, m checkout.Member, removed time.Time, e checkout.Event) error {
	values := memberValues(m, removed)
	_, err := c.tx.exec(ctx, `INSERT INTO members (`+members.list+`) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (merchant, user_id) DO UPDATE SET role = excluded.role, own_links = excluded.own_links,
		created_at = excluded.created_at, removed_at = excluded.removed_at`, values...)
	if err != nil {
		return err
	}
	return c.record(ctx, e, string(m.User), c.keys.digest(members.name, values))
}

// LinkMaker answers who made a link in the panel.
func (s *Store) LinkMaker(ctx context.Context, m checkout.MerchantID, id checkout.LinkID) (maker checkout.UserID, err error) {
	err = s.read(ctx, func(q querier) error {
		there := false
		err := q.query(ctx, "SELECT COALESCE(k.maker, '') FROM links l LEFT JOIN link_makers k ON k.link = l.id WHERE l.id = $1 AND l.merchant = $2",
			func(r row) error { maker, there = checkout.UserID(r.text()), true; return nil }, string(id), string(m))
		if err == nil && !there {
			err = checkout.ErrNoLink
		}
		return err
	})
	return maker, err
}
