package sqlstore

import (
	"context"
	"crypto/hmac"
	"time"

	"github.com/odelink/odelink/checkout"
)

// seenEvery is how often a visit notes that it is used: a page must not cost a commit.
const seenEvery = time.Minute

// oldTries is when a try's row, and oldSignIns when a note of one, is of no use to anybody.
const (
	oldTries   = 24 * time.Hour
	oldSignIns = 180 * 24 * time.Hour
)

// OpenVisit stores a session of the panel, and takes away those that have ended.
func (s *Store) OpenVisit(ctx context.Context, v checkout.Visit) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		if _, err := t.exec(ctx, "DELETE FROM visits WHERE ends_at < $1", micros(v.CreatedAt)); err != nil {
			return err
		}
		return t.apply(ctx, []write{{table: visits, rows: [][]any{{
			blank(v.Hash), string(v.User), string(v.Merchant), string(v.Stage), v.IP, v.Agent, micros(v.CreatedAt), micros(v.SeenAt), micros(v.EndsAt),
		}}}})
	})
}

func scanVisit(r row) checkout.Visit {
	return checkout.Visit{
		Hash: r.blob(), User: checkout.UserID(r.text()), Merchant: checkout.MerchantID(r.text()), Stage: checkout.VisitStage(r.text()),
		IP: r.text(), Agent: r.text(), CreatedAt: fromMicros(r.num()), SeenAt: fromMicros(r.num()), EndsAt: fromMicros(r.num()),
	}
}

// Visit finds a live session.
func (s *Store) Visit(ctx context.Context, hash []byte, now time.Time) (checkout.Visit, error) {
	var found checkout.Visit
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+visits.list+" FROM visits WHERE hash = $1", func(r row) error {
			found = scanVisit(r)
			return nil
		}, blank(hash))
	})
	if err != nil {
		return checkout.Visit{}, err
	}
	if found.User == "" || !found.EndsAt.After(now) || now.Sub(found.SeenAt) > checkout.VisitIdle {
		return checkout.Visit{}, checkout.ErrNoVisit
	}
	if now.Sub(found.SeenAt) < seenEvery {
		return found, nil
	}
	found.SeenAt = now
	return found, s.solo(ctx, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, "UPDATE visits SET seen_at = $1 WHERE hash = $2 AND seen_at < $1", micros(now), blank(hash))
		return err
	})
}

// MoveVisit leads a session to another merchant.
func (s *Store) MoveVisit(ctx context.Context, hash []byte, m checkout.MerchantID) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		n, err := t.exec(ctx, "UPDATE visits SET merchant = $1 WHERE hash = $2", string(m), blank(hash))
		if err == nil && n == 0 {
			err = checkout.ErrNoVisit
		}
		return err
	})
}

// Visits answers a user's live sessions.
func (s *Store) Visits(ctx context.Context, id checkout.UserID, now time.Time) (all []checkout.Visit, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, "SELECT "+visits.list+" FROM visits WHERE user_id = $1 AND ends_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, created_at DESC",
			func(r row) error { all = append(all, scanVisit(r)); return nil },
			string(id), micros(now), micros(now.Add(-checkout.VisitIdle)))
	})
	return all, err
}

// EndVisits ends one of a user's sessions, or all but one.
func (s *Store) EndVisits(ctx context.Context, id checkout.UserID, hash, except []byte) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		if hash != nil {
			_, err := t.exec(ctx, "DELETE FROM visits WHERE user_id = $1 AND hash = $2", string(id), hash)
			return err
		}
		_, err := t.exec(ctx, "DELETE FROM visits WHERE user_id = $1 AND hash <> $2", string(id), blank(except))
		return err
	})
}

// SaveInvitation stores an invitation in the place of the user's earlier one.
func (s *Store) SaveInvitation(ctx context.Context, i checkout.Invitation) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, `INSERT INTO invitations (user_id, hash, actor, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, actor = excluded.actor, created_at = excluded.created_at, expires_at = excluded.expires_at`,
			string(i.User), blank(i.Hash), i.By, micros(i.CreatedAt), micros(i.ExpiresAt))
		return err
	})
}

// Invitation finds one that is still good.
func (s *Store) Invitation(ctx context.Context, hash []byte, now time.Time) (checkout.Invitation, error) {
	var found checkout.Invitation
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT user_id, hash, actor, created_at, expires_at FROM invitations WHERE hash = $1", func(r row) error {
			found = checkout.Invitation{User: checkout.UserID(r.text()), Hash: r.blob(), By: r.text(), CreatedAt: fromMicros(r.num()), ExpiresAt: fromMicros(r.num())}
			return nil
		}, blank(hash))
	})
	if err == nil && (found.User == "" || !found.ExpiresAt.After(now)) {
		err = checkout.ErrNoInvitation
	}
	if err != nil {
		return checkout.Invitation{}, err
	}
	return found, nil
}

// UseInvitation spends an invitation and makes its user what u says. His sessions end: whoever chooses a new
// password may have lost the old one to somebody.
func (s *Store) UseInvitation(ctx context.Context, hash []byte, u checkout.User) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		n, err := t.exec(ctx, "DELETE FROM invitations WHERE hash = $1 AND user_id = $2 AND expires_at > $3", blank(hash), string(u.ID), micros(u.UpdatedAt))
		if err != nil {
			return err
		}
		if n != 1 {
			return checkout.ErrNoInvitation
		}
		if _, err := t.exec(ctx, "DELETE FROM visits WHERE user_id = $1", string(u.ID)); err != nil {
			return err
		}
		return s.saveUser(ctx, t, u)
	})
}

// joiningDigest vouches for what a joining makes of whom.
func joiningDigest(k *lasting, j checkout.Joining) []byte {
	return k.digest("joinings", []any{blank(j.Hash), string(j.User), string(j.Merchant), string(j.Role), num(j.OwnLinks), micros(j.ExpiresAt)})
}

// SaveJoining stores a joining in the place of an earlier one, and says so in the merchant's trail.
func (s *Store) SaveJoining(ctx context.Context, j checkout.Joining, e checkout.Event) error {
	return s.changeMerchant(ctx, j.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		_, err := c.tx.exec(ctx, `INSERT INTO joinings (user_id, merchant, hash, role, own_links, actor, created_at, expires_at, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
			ON CONFLICT (user_id, merchant) DO UPDATE SET hash = excluded.hash, role = excluded.role, own_links = excluded.own_links, actor = excluded.actor,
			created_at = excluded.created_at, expires_at = excluded.expires_at, digest = excluded.digest`,
			string(j.User), string(j.Merchant), blank(j.Hash), string(j.Role), num(j.OwnLinks), j.By, micros(j.CreatedAt), micros(j.ExpiresAt), joiningDigest(c.keys, j))
		if err != nil {
			return err
		}
		return c.note(ctx, e)
	})
}

// Joining finds one that is still good. One that was changed by hand is none.
func (s *Store) Joining(ctx context.Context, hash []byte, now time.Time) (checkout.Joining, error) {
	var j checkout.Joining
	var written []byte
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT user_id, merchant, hash, role, own_links, actor, created_at, expires_at, digest FROM joinings WHERE hash = $1", func(r row) error {
			j = checkout.Joining{User: checkout.UserID(r.text()), Merchant: checkout.MerchantID(r.text()), Hash: r.blob(), Role: checkout.Role(r.text()), OwnLinks: r.num() != 0,
				By: r.text(), CreatedAt: fromMicros(r.num()), ExpiresAt: fromMicros(r.num())}
			written = r.blob()
			return nil
		}, blank(hash))
	})
	if err != nil {
		return checkout.Joining{}, err
	}
	if j.User == "" || !j.ExpiresAt.After(now) || !hmac.Equal(written, joiningDigest(s.keys.Load(), j)) {
		return checkout.Joining{}, checkout.ErrNoInvitation
	}
	return j, nil
}

// Join makes a joining's user a member and spends it. Invitations to choose a password end: whoever has one would come in
// to this merchant, too.
func (s *Store) Join(ctx context.Context, j checkout.Joining, e checkout.Event) error {
	return s.changeMerchant(ctx, j.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		n, err := c.tx.exec(ctx, "DELETE FROM joinings WHERE hash = $1 AND user_id = $2 AND merchant = $3 AND digest = $4 AND expires_at > $5",
			blank(j.Hash), string(j.User), string(j.Merchant), joiningDigest(c.keys, j), micros(e.At))
		if err != nil {
			return err
		}
		_, live, err := c.member(ctx, j.User)
		if err != nil {
			return err
		}
		if n != 1 || live {
			return checkout.ErrNoInvitation
		}
		if _, err := c.tx.exec(ctx, "DELETE FROM invitations WHERE user_id = $1", string(j.User)); err != nil {
			return err
		}
		return c.putMember(ctx, checkout.Member{Merchant: j.Merchant, User: j.User, Role: j.Role, OwnLinks: j.OwnLinks, CreatedAt: e.At}, time.Time{}, e)
	})
}

// CountTry notes a try and answers until when no more are allowed.
func (s *Store) CountTry(ctx context.Context, key []byte, now time.Time, rule checkout.TryRule) (until time.Time, err error) {
	err = s.solo(ctx, func(ctx context.Context, t tx) error {
		if _, err := t.exec(ctx, "DELETE FROM tries WHERE since < $1 AND locked < $2", micros(now.Add(-oldTries)), micros(now)); err != nil {
			return err
		}
		// The row is made before it is read, so that PostgreSQL has something to lock.
		if _, err := t.exec(ctx, "INSERT INTO tries (name, count, since, locked) VALUES ($1, 0, $2, 0) ON CONFLICT (name) DO NOTHING", blank(key), micros(now)); err != nil {
			return err
		}
		var count int64
		var since, locked time.Time
		err := t.query(ctx, "SELECT count, since, locked FROM tries WHERE name = $1"+s.engine.lock(), func(r row) error {
			count, since, locked = r.num(), fromMicros(r.num()), fromMicros(r.num())
			return nil
		}, blank(key))
		if err != nil {
			return err
		}
		if until = locked; locked.After(now) {
			return nil
		}
		until = time.Time{}
		if now.Sub(since) > rule.Per {
			count, since = 0, now
		}
		if count++; count > int64(rule.Most) {
			count, since, until = 0, now, now.Add(rule.Locks)
		}
		_, err = t.exec(ctx, "UPDATE tries SET count = $1, since = $2, locked = $3 WHERE name = $4", count, micros(since), micros(until), blank(key))
		return err
	})
	return until, err
}

// ClearTries forgets the tries under a key.
func (s *Store) ClearTries(ctx context.Context, key []byte) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, "DELETE FROM tries WHERE name = $1", blank(key))
		return err
	})
}

// ForgetTry takes one try under a key back.
func (s *Store) ForgetTry(ctx context.Context, key []byte) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, "UPDATE tries SET count = count - 1 WHERE name = $1 AND count > 0", blank(key))
		return err
	})
}

// SaveSignIn notes how a try to sign in ended.
func (s *Store) SaveSignIn(ctx context.Context, n checkout.SignIn) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		if _, err := t.exec(ctx, "DELETE FROM sign_ins WHERE user_id = $1 AND at < $2", string(n.User), micros(n.At.Add(-oldSignIns))); err != nil {
			return err
		}
		_, err := t.exec(ctx, "INSERT INTO sign_ins (user_id, name, how, ip, agent, at) VALUES ($1, $2, $3, $4, $5, $6)",
			string(n.User), blank(n.Key), string(n.How), n.IP, n.Agent, micros(n.At))
		return err
	})
}

// SignIns answers a user's newest tries.
func (s *Store) SignIns(ctx context.Context, id checkout.UserID, limit int) (all []checkout.SignIn, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, "SELECT user_id, name, how, ip, agent, at FROM sign_ins WHERE user_id = $1 ORDER BY at DESC LIMIT $2", func(r row) error {
			all = append(all, checkout.SignIn{User: checkout.UserID(r.text()), Key: r.blob(), How: checkout.SignInHow(r.text()), IP: r.text(), Agent: r.text(), At: fromMicros(r.num())})
			return nil
		}, string(id), int64(limit))
	})
	return all, err
}
