package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// istanbulDay makes a moment's calendar day in Istanbul, counted from 1970: it has been UTC+3 all year since
// 2016 (domain.md 5.4), before anything in this ledger.
const istanbulDay = "((%s + 10800000000) / 86400000000)"

func dayFrom(n int64) time.Time { return time.Unix(n*86400-10800, 0).UTC() }

// byMaker limits to links that somebody made in the panel.
func (f *filter) byMaker(column string, m checkout.MerchantID, maker checkout.UserID) {
	if maker != "" {
		f.add(column+" IN (SELECT link FROM link_makers WHERE merchant = ? AND maker = ?)", string(m), string(maker))
	}
}

// madeBy is byMaker for links that a text names, which stand in that column: who made each is looked up, and not which
// ones somebody made.
func (f *filter) madeBy(link string, m checkout.MerchantID, maker checkout.UserID) {
	if maker != "" {
		f.add("(SELECT count(*) FROM link_makers WHERE link_makers.link = "+link+" AND merchant = ? AND maker = ?) > 0", string(m), string(maker))
	}
}

func (f *filter) clause() string { return strings.Join(f.where, " AND ") }

// PaidGroups sums what was collected, from the index payments_collected alone.
func (s *Store) PaidGroups(ctx context.Context, m checkout.MerchantID, maker checkout.UserID, from, to time.Time) (all []checkout.PaidGroup, err error) {
	text, args := paidGroups(m, maker, from, to)
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		all = nil
		return db.query(ctx, text, func(r row) error {
			all = append(all, checkout.PaidGroup{
				Day: dayFrom(r.num()), Account: checkout.AccountID(r.text()), Installments: int(r.num()), Rate: checkout.Rate(r.num()), Currency: checkout.Currency(r.text()),
				Payments: r.num(), Total: r.num(), Back: r.num(), Voided: r.num(),
			})
			return nil
		}, args...)
	})
	return all, err
}

func paidGroups(m checkout.MerchantID, maker checkout.UserID, from, to time.Time) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.add("paid_at > 0 AND paid_at >= ? AND paid_at < ?", micros(from), micros(to))
	f.byMaker("link", m, maker)
	day := fmt.Sprintf(istanbulDay, "paid_at")
	return "SELECT " + day + " AS day, account, installments, rate, currency, count(*), CAST(sum(total) AS BIGINT), CAST(sum(refunded) AS BIGINT), CAST(sum(CASE WHEN status = 'voided' THEN total ELSE 0 END) AS BIGINT) FROM payments WHERE " +
		f.clause() + " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5", f.args
}

// TriedGroups counts attempts, by the index payments_merchant.
func (s *Store) TriedGroups(ctx context.Context, m checkout.MerchantID, maker checkout.UserID, from, to time.Time) (all []checkout.TriedGroup, err error) {
	text, args := triedGroups(m, maker, from, to)
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		all = nil
		return db.query(ctx, text, func(r row) error {
			all = append(all, checkout.TriedGroup{
				Account: checkout.AccountID(r.text()), Status: checkout.Status(r.text()), Reason: checkout.Reason(r.text()), Currency: checkout.Currency(r.text()), Attempts: r.num(), Total: r.num(),
			})
			return nil
		}, args...)
	})
	return all, err
}

func triedGroups(m checkout.MerchantID, maker checkout.UserID, from, to time.Time) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.between(from, to)
	f.byMaker("link", m, maker)
	return "SELECT account, status, decline_code, currency, count(*), CAST(sum(total) AS BIGINT) FROM payments WHERE " +
		f.clause() + " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4", f.args
}

// LinkFunnel counts how far links have come, by the index links_merchant and one look-up a link in each of the
// others'.
func (s *Store) LinkFunnel(ctx context.Context, m checkout.MerchantID, maker checkout.UserID, from, to time.Time) (n checkout.Funnel, err error) {
	text, args := linkFunnel(m, maker, from, to)
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			n = checkout.Funnel{Made: r.num(), Sent: r.num(), Opened: r.num(), Tried: r.num(), Paid: r.num()}
			return nil
		}, args...)
	})
	return n, err
}

func linkFunnel(m checkout.MerchantID, maker checkout.UserID, from, to time.Time) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.between(from, to)
	f.byMaker("id", m, maker)
	one := func(where string) string {
		return "CAST(COALESCE(sum(CASE WHEN " + where + " THEN 1 ELSE 0 END), 0) AS BIGINT)"
	}
	const tried = "EXISTS (SELECT 1 FROM payments WHERE payments.link = links.id)"
	return "SELECT count(*), " + one("EXISTS (SELECT 1 FROM messages WHERE messages.link = links.id)") + ", " +
		one("EXISTS (SELECT 1 FROM link_opens WHERE link_opens.link = links.id) OR "+tried) + ", " + one(tried) + ", " + one("paid_count > 0") +
		" FROM links WHERE " + f.clause(), f.args
}

// Calling walks the index events_attention, and no further than it counts.
func (s *Store) Calling(ctx context.Context, m checkout.MerchantID, maker checkout.UserID, most int) (n int64, err error) {
	text, args := calling(m, maker, most)
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			n = r.num()
			return nil
		}, args...)
	})
	return n, err
}

func calling(m checkout.MerchantID, maker checkout.UserID, most int) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.add(attention)
	if maker != "" {
		f.add("EXISTS (SELECT 1 FROM payments AS p JOIN link_makers AS k ON k.link = p.link WHERE p.id = events.subject AND k.merchant = ? AND k.maker = ?)", string(m), string(maker))
	}
	f.args = append(f.args, int64(most))
	return fmt.Sprintf("SELECT count(*) FROM (SELECT DISTINCT subject FROM events WHERE %s LIMIT $%d) AS found", f.clause(), len(f.args)), f.args
}

// FeedPlace reads the end of the index outbox_place.
func (s *Store) FeedPlace(ctx context.Context, m checkout.MerchantID) (place int64, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT place FROM outbox WHERE merchant = $1 AND place > 0 ORDER BY place DESC LIMIT 1", func(r row) error {
			place = r.num()
			return nil
		}, string(m))
	})
	return place, err
}

// NoteOpened keeps when links were first opened.
func (s *Store) NoteOpened(ctx context.Context, tokens []checkout.Token, at time.Time) error {
	if len(tokens) == 0 {
		return nil
	}
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		for _, token := range tokens {
			_, err := t.exec(ctx, "INSERT INTO link_opens (link, at) SELECT id, CAST($1 AS BIGINT) FROM links WHERE token = $2 ON CONFLICT (link) DO NOTHING", micros(at), string(token))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// OpenedAt answers when a link was first opened.
func (s *Store) OpenedAt(ctx context.Context, m checkout.MerchantID, id checkout.LinkID) (at time.Time, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT o.at FROM link_opens o JOIN links l ON l.id = o.link WHERE o.link = $1 AND l.merchant = $2", func(r row) error {
			at = fromMicros(r.num())
			return nil
		}, string(id), string(m))
	})
	return at, err
}
