package baseline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// link is what Redis holds as JSON.
type link struct {
	Token, Order, Description, Currency, Status string
	Amount                                      int64
	Multi                                       bool // any number of payments; otherwise one
	Expires                                     time.Time
}

// payment is a row. Amounts are minor units.
type payment struct {
	ID, Token, BankOrder, Nonce, Currency, Status, BIN, Last4, Note, AuthCode, RRN string
	Price, Amount, Installments                                                    int64 // the link's, and with what instalments cost
	Created                                                                        time.Time
}

const schema = `
CREATE TABLE links (token TEXT PRIMARY KEY, merchant_order TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, description TEXT NOT NULL,
	multi INTEGER NOT NULL, status TEXT NOT NULL, expires INTEGER NOT NULL);
CREATE TABLE payments (id TEXT PRIMARY KEY, token TEXT NOT NULL, bank_order TEXT NOT NULL UNIQUE, nonce TEXT NOT NULL, price INTEGER NOT NULL, amount INTEGER NOT NULL,
	currency TEXT NOT NULL, installments INTEGER NOT NULL, status TEXT NOT NULL, bin TEXT NOT NULL, last4 TEXT NOT NULL, note TEXT NOT NULL,
	auth_code TEXT NOT NULL, rrn TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL);
CREATE INDEX payments_token ON payments (token);
CREATE TABLE events (id INTEGER PRIMARY KEY, payment TEXT NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE outbox (id INTEGER PRIMARY KEY, event INTEGER NOT NULL, done INTEGER NOT NULL);`

// store is the database and Redis. SQLite lets one connection write; callers take turns at it, which is
// quicker than letting them collide.
type store struct {
	rdb     *redis.Client
	writer  *sqlitex.Pool
	readers *sqlitex.Pool
}

func openStore(ctx context.Context, redisURL, path string) (*store, error) {
	opts, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, err
	}
	s := &store{rdb: redis.NewClient(opts)}
	durable := func(c *sqlite.Conn) error { return sqlitex.ExecuteTransient(c, "PRAGMA synchronous = FULL", nil) }
	s.writer, err = sqlitex.NewPool(path, sqlitex.PoolOptions{PoolSize: 1, PrepareConn: durable})
	if err == nil {
		err = s.write(ctx, func(c *sqlite.Conn) error { return sqlitex.ExecuteScript(c, schema, nil) })
	}
	if err == nil {
		s.readers, err = sqlitex.NewPool(path, sqlitex.PoolOptions{PoolSize: 4})
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *store) close() error {
	err := s.rdb.Close()
	for _, pool := range []*sqlitex.Pool{s.readers, s.writer} {
		if pool != nil {
			err = errors.Join(err, pool.Close())
		}
	}
	return err
}

// write is one transaction of the caller's own.
func (s *store) write(ctx context.Context, fn func(*sqlite.Conn) error) (err error) {
	conn, err := s.writer.Take(ctx)
	if err != nil {
		return err
	}
	defer s.writer.Put(conn)
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	return fn(conn)
}

func exec(c *sqlite.Conn, query string, args ...any) error {
	return sqlitex.Execute(c, query, &sqlitex.ExecOptions{Args: args})
}

func linkKey(token string) string  { return "straightforward:link:" + token }
func claimKey(token string) string { return "straightforward:claim:" + token }

func (s *store) saveLink(ctx context.Context, l link) error {
	err := s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT INTO links VALUES (?,?,?,?,?,?,?,?)", l.Token, l.Order, l.Amount, l.Currency, l.Description, l.Multi, l.Status, l.Expires.UnixMicro())
	})
	if err != nil {
		return err
	}
	return s.publish(ctx, l)
}

func (s *store) publish(ctx context.Context, l link) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return s.rdb.Set(ctx, linkKey(l.Token), text, time.Until(l.Expires)).Err()
}

func (s *store) link(ctx context.Context, token string) (link, error) {
	var l link
	text, err := s.rdb.Get(ctx, linkKey(token)).Bytes()
	if errors.Is(err, redis.Nil) {
		return l, fiber.ErrNotFound
	}
	if err != nil {
		return l, err
	}
	return l, json.Unmarshal(text, &l)
}

// claimScript lets one payment have a link that is there. KEYS: link, claim. ARGV: payment, milliseconds.
var claimScript = redis.NewScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local held = redis.call('GET', KEYS[2])
if held and held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1`)

func (s *store) claim(ctx context.Context, token, id string, d time.Duration) error {
	won, err := claimScript.Run(ctx, s.rdb, []string{linkKey(token), claimKey(token)}, id, d.Milliseconds()).Int()
	if err == nil && won == 0 {
		err = fiber.ErrConflict
	}
	return err
}

func (s *store) insert(ctx context.Context, p payment) error {
	at := p.Created.UnixMicro()
	return s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "INSERT INTO payments VALUES (?,?,?,?,?,?,?,?,?,?,?,?,'','',?,?)", p.ID, p.Token, p.BankOrder, p.Nonce, p.Price, p.Amount, p.Currency,
			p.Installments, p.Status, p.BIN, p.Last4, p.Note, at, at)
		if err != nil {
			return err
		}
		return exec(c, "INSERT INTO events (payment, type, at) VALUES (?,?,?)", p.ID, "payment.challenged", at)
	})
}

const columns = "id, token, bank_order, nonce, amount, currency, installments, status, bin, last4, note, auth_code, rrn, price, rowid"

func row(r *sqlite.Stmt) payment {
	return payment{
		ID: r.ColumnText(0), Token: r.ColumnText(1), BankOrder: r.ColumnText(2), Nonce: r.ColumnText(3), Amount: r.ColumnInt64(4),
		Currency: r.ColumnText(5), Installments: r.ColumnInt64(6), Status: r.ColumnText(7), BIN: r.ColumnText(8), Last4: r.ColumnText(9),
		Note: r.ColumnText(10), AuthCode: r.ColumnText(11), RRN: r.ColumnText(12), Price: r.ColumnInt64(13),
	}
}

func (s *store) payment(ctx context.Context, id string) (payment, error) {
	var p payment
	conn, err := s.readers.Take(ctx)
	if err != nil {
		return p, err
	}
	defer s.readers.Put(conn)
	err = sqlitex.Execute(conn, "SELECT "+columns+" FROM payments WHERE id = ?", &sqlitex.ExecOptions{Args: []any{id}, ResultFunc: func(r *sqlite.Stmt) error {
		p = row(r)
		return nil
	}})
	if err == nil && p.ID == "" {
		err = fiber.ErrNotFound
	}
	return p, err
}

// list answers payments made since a moment, newest first, from below a place on, and the last one's place.
func (s *store) list(ctx context.Context, since time.Time, below int64, limit int) (all []payment, last int64, err error) {
	conn, err := s.readers.Take(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer s.readers.Put(conn)
	err = sqlitex.Execute(conn, "SELECT "+columns+" FROM payments WHERE created >= ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
		&sqlitex.ExecOptions{Args: []any{since.UnixMicro(), below, limit}, ResultFunc: func(r *sqlite.Stmt) error {
			all, last = append(all, row(r)), r.ColumnInt64(14)
			return nil
		}})
	return all, last, err
}

// move takes a payment from one status to the next, if it is still there, with what else goes with it, if
// anything does.
func (s *store) move(ctx context.Context, p *payment, from, to string, also func(*sqlite.Conn, payment) error) error {
	now := time.Now().UnixMicro()
	err := s.write(ctx, func(c *sqlite.Conn) error {
		if err := exec(c, "UPDATE payments SET status = ?, auth_code = ?, rrn = ?, updated = ? WHERE id = ? AND status = ?", to, p.AuthCode, p.RRN, now, p.ID, from); err != nil {
			return err
		}
		if c.Changes() != 1 {
			return fiber.ErrConflict
		}
		if err := exec(c, "INSERT INTO events (payment, type, at) VALUES (?,?,?)", p.ID, "payment."+to, now); err != nil {
			return err
		}
		if also == nil {
			return nil
		}
		return also(c, *p)
	})
	if err != nil {
		return fmt.Errorf("record %s: %w", to, err)
	}
	p.Status = to
	return nil
}

// spend marks the link of a paid payment and leaves the webhook its work.
func spend(c *sqlite.Conn, p payment) error {
	event := c.LastInsertRowID()
	if err := exec(c, "UPDATE links SET status = iif(multi, status, 'paid') WHERE token = ? AND status = 'active'", p.Token); err != nil {
		return err
	}
	if c.Changes() != 1 {
		return fiber.ErrConflict
	}
	return exec(c, "INSERT INTO outbox (event, done) VALUES (?, 0)", event)
}

// settled tells Redis what became of the link.
func (s *store) settled(ctx context.Context, p payment) error {
	if p.Status == "paid" {
		l, err := s.link(ctx, p.Token)
		if err != nil {
			return err
		}
		if l.Multi {
			return nil
		}
		l.Status = "paid"
		if err := s.publish(ctx, l); err != nil {
			return err
		}
	}
	return s.rdb.Del(ctx, claimKey(p.Token)).Err()
}
