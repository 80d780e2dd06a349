package sqlstore

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Page sizes: the contract's limit, and what a query without one gets.
const (
	maxPage     = 100
	defaultPage = 20
)

// filter gathers conditions and their parameters.
type filter struct {
	where []string
	args  []any
}

// add takes a condition whose one "?" or several stand for the value.
func (f *filter) add(condition string, values ...any) {
	for _, v := range values {
		f.args = append(f.args, v)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(f.args)), 1)
	}
	f.where = append(f.where, condition)
}

// between limits a creation time: from inclusive, to exclusive.
func (f *filter) between(from, to time.Time) {
	if !from.IsZero() {
		f.add("created_at >= ?", micros(from))
	}
	if !to.IsZero() {
		f.add("created_at < ?", micros(to))
	}
}

// page finishes a query that lists newest first, with one row more than asked for: that one says
// whether there is a next page. ours tells the ids of this list.
func (f *filter) page(t *table, ours func(id string) bool, cursor string, limit int) (string, error) {
	if cursor != "" {
		at, id, ok := readCursor(cursor)
		if !ok || !ours(id) {
			return "", checkout.ErrCursor
		}
		f.add("(created_at, id) < (?, ?)", at, id)
	}
	f.args = append(f.args, int64(limit+1))
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY created_at DESC, id DESC LIMIT $%d",
		t.list, t.name, strings.Join(f.where, " AND "), len(f.args)), nil
}

func pageSize(limit int) int {
	if limit <= 0 {
		return defaultPage
	}
	return min(limit, maxPage)
}

// A cursor names the last row of a page by creation time and id, so that rows made meanwhile, which
// stand before it, move nothing.
func makeCursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, uint64(micros(at))), id...))
}

// readCursor takes exactly what makeCursor writes: the decoder alone would also take line ends and stray
// bits.
func readCursor(text string) (at int64, id string, ok bool) {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) <= 8 || base64.RawURLEncoding.EncodeToString(b) != text {
		return 0, "", false
	}
	at, id = int64(binary.BigEndian.Uint64(b)), string(b[8:])
	return at, id, at > 0
}

func isLink(id string) bool    { return checkout.LinkID(id).Valid() }
func isPayment(id string) bool { return checkout.PaymentID(id).Valid() }

// like makes a pattern that finds text anywhere; its own signs mean themselves.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(fold(text)) + "%"
}

// SearchLinks answers a page of a merchant's links, newest first, and the cursor of the next one.
func (s *Store) SearchLinks(ctx context.Context, q checkout.LinkQuery) ([]checkout.Link, string, error) {
	var out []checkout.Link
	limit := pageSize(q.Limit)
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		now, err := s.clock(ctx, db)
		if err != nil {
			return err
		}
		f := &filter{}
		f.add("merchant = ?", string(q.Merchant))
		if q.Status != "" {
			f.status(q.Status, now)
		}
		if q.Order != "" {
			f.add("merchant_order = ?", string(q.Order))
		}
		if q.Text != "" {
			f.add(`search LIKE ? ESCAPE '\'`, like(q.Text))
		}
		f.between(q.From, q.To)
		text, err := f.page(links, isLink, q.Cursor, limit)
		if err != nil {
			return err
		}
		return db.query(ctx, text, func(r row) error {
			l, err := scanLink(r)
			if err == nil {
				out = append(out, l.Link)
			}
			return err
		}, f.args...)
	})
	if err != nil {
		return nil, "", err
	}
	if len(out) <= limit {
		return out, "", nil
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// status is Link.Status in SQL. A word that is no status finds nothing.
func (f *filter) status(s checkout.LinkStatus, now int64) {
	const undeleted = "NOT " + spent + " AND deleted_at = 0"
	switch s {
	case checkout.LinkPaid:
		f.add(spent)
	case checkout.LinkDeleted:
		f.add("NOT " + spent + " AND deleted_at > 0")
	case checkout.LinkExpired:
		f.add(undeleted+" AND expires_at <= ?", now)
	case checkout.LinkScheduled:
		f.add(undeleted+" AND expires_at > ? AND active_from > ?", now, now)
	case checkout.LinkActive:
		f.add(undeleted+" AND expires_at > ? AND active_from <= ?", now, now)
	default:
		f.add("1 = 0")
	}
}

// SearchPayments answers a page of a merchant's payments, newest first, and the cursor of the next.
func (s *Store) SearchPayments(ctx context.Context, q checkout.PaymentQuery) ([]checkout.Payment, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	if q.Link != "" {
		f.add("link = ?", string(q.Link))
	}
	if q.Status != "" {
		f.add("status = ?", string(q.Status))
	}
	if q.Order != "" {
		// An order number has one link, and payments are found by that.
		f.add("link = (SELECT id FROM links WHERE merchant = ? AND merchant_order = ?)", string(q.Merchant), string(q.Order))
	}
	if q.Min > 0 {
		f.add("total >= ?", q.Min)
	}
	if q.Max > 0 {
		f.add("total <= ?", q.Max)
	}
	f.between(q.From, q.To)
	text, err := f.page(payments, isPayment, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var out []checkout.Payment
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			p, err := scanPayment(r)
			out = append(out, p)
			return err
		}, f.args...)
	})
	if err != nil {
		return nil, "", err
	}
	if len(out) <= limit {
		return out, "", nil
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// PaymentsOfLinks answers the newest payments of each link. PostgreSQL is asked once and walks the index
// from the newest payment of each link. The merchant is held against the link there and not against each
// payment, or the planner might walk through all payments of the merchant instead. SQLite, which is no
// journey away and has no lateral join, is asked link by link with one prepared statement.
func (s *Store) PaymentsOfLinks(ctx context.Context, m checkout.MerchantID, of []checkout.LinkID, newest int) (map[checkout.LinkID][]checkout.Payment, error) {
	found := make(map[checkout.LinkID][]checkout.Payment, len(of))
	if len(of) == 0 {
		return found, nil
	}
	collect := func(r row) error {
		p, err := scanPayment(r)
		found[p.Link] = append(found[p.Link], p)
		return err
	}
	const order = " ORDER BY created_at DESC, id DESC"
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		if s.engine.section() == "postgres" {
			ids := make([]string, len(of))
			for i, id := range of {
				ids[i] = string(id)
			}
			return db.query(ctx, "SELECT p.* FROM links AS l CROSS JOIN LATERAL (SELECT "+payments.list+" FROM payments WHERE link = l.id"+order+
				" LIMIT $3) AS p WHERE l.merchant = $1 AND l.id = ANY(string_to_array($2, ' ')) ORDER BY p.created_at DESC, p.id DESC",
				collect, string(m), strings.Join(ids, " "), int64(newest))
		}
		for _, id := range of {
			err := db.query(ctx, "SELECT "+payments.list+" FROM payments WHERE merchant = $1 AND link = $2"+order+" LIMIT $3",
				collect, string(m), string(id), int64(newest))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
