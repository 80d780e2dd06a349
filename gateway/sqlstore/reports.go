package sqlstore

import (
	"context"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	// reportTime bounds one page of a report, and a report that is one sum over all of a merchant's payments.
	reportTime = 60 * time.Second
	// maxReportPage bounds what is held in memory of a report.
	maxReportPage = 2500
	// notesShown is how many notes of payers a link shows in its report; the report of payments has them all.
	notesShown = 20
)

// ReportLinks answers a page of links by time of creation, newest first.
func (s *Store) ReportLinks(ctx context.Context, q checkout.ReportQuery) ([]checkout.Link, error) {
	var out []checkout.Link
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		f := newReport(q, "created_at")
		if q.Status != "" {
			now, err := s.clock(ctx, db)
			if err != nil {
				return err
			}
			f.status(checkout.LinkStatus(q.Status), now)
		}
		if q.Text != "" {
			f.add(`search LIKE ? ESCAPE '\'`, like(q.Text))
		}
		if q.Maker != "" {
			f.add("id IN (SELECT link FROM link_makers WHERE merchant = ? AND maker = ?)", string(q.Merchant), string(q.Maker))
		}
		return db.query(ctx, f.newest(links, "created_at", q.Limit), func(r row) error {
			l, err := scanLink(r)
			if err == nil {
				out = append(out, l.Link)
			}
			return err
		}, f.args...)
	})
	return out, err
}

// ReportPayments answers a page of attempts by time of creation, newest first.
func (s *Store) ReportPayments(ctx context.Context, q checkout.ReportQuery) ([]checkout.Payment, error) {
	text, args := reportPayments(q)
	return s.reportPayments(ctx, text, args)
}

func reportPayments(q checkout.ReportQuery) (text string, args []any) {
	f := newReport(q, "created_at")
	if q.Account != "" {
		f.add("account = ?", string(q.Account))
	}
	if q.Status != "" {
		f.add("status = ?", q.Status)
		if !frequent(checkout.Status(q.Status)) {
			f.add(rare)
		}
	}
	return f.newest(payments, "created_at", q.Limit), f.args
}

// ReportRefused answers a page of attempts that were refused or failed for a reason, newest first.
func (s *Store) ReportRefused(ctx context.Context, q checkout.ReportQuery) ([]checkout.Refusal, error) {
	text, args := reportRefused(q)
	var out []checkout.Refusal
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			out = append(out, checkout.Refusal{
				Payment: checkout.PaymentID(r.text()), At: fromMicros(r.num()), Account: checkout.AccountID(r.text()), Reason: checkout.Reason(r.text()),
				BankCode: r.text(), Total: checkout.Money{Currency: checkout.Currency(r.text()), Minor: r.num()},
			})
			return nil
		}, args...)
	})
	return out, err
}

// reportRefused asks in the words of the index payments_declined, for as little as the report counts: its periods have
// tens of thousands of rows.
func reportRefused(q checkout.ReportQuery) (text string, args []any) {
	f := newReport(q, "created_at")
	if q.Account != "" {
		f.add("account = ?", string(q.Account))
	}
	f.add("status IN ('declined', 'failed') AND decline_code <> ''")
	narrow := &table{name: payments.name, list: "id, created_at, account, decline_code, decline_bank_code, currency, total"}
	return f.newest(narrow, "created_at", q.Limit), f.args
}

// ReportCollected answers a page of payments that were ever paid by time of payment, newest first.
func (s *Store) ReportCollected(ctx context.Context, q checkout.ReportQuery) ([]checkout.Payment, error) {
	text, args := reportCollected(q)
	return s.reportPayments(ctx, text, args)
}

func reportCollected(q checkout.ReportQuery) (text string, args []any) {
	f := collected(q)
	return f.newest(payments, "paid_at", q.Limit), f.args
}

// collected are payments that were ever paid, in the words of the index payments_collected.
func collected(q checkout.ReportQuery) *filter {
	f := newReport(q, "paid_at")
	if q.Account != "" {
		f.add("account = ?", string(q.Account))
	}
	f.add("paid_at > 0")
	return f
}

// ReportSold answers a page of payments that were ever paid and say something of what was bought, by time of payment,
// newest first.
func (s *Store) ReportSold(ctx context.Context, q checkout.ReportQuery) ([]checkout.Sold, error) {
	text, args := reportSold(q)
	var out []checkout.Sold
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) (err error) {
			one := checkout.Sold{Payment: checkout.PaymentID(r.text()), PaidAt: fromMicros(r.num()), Currency: checkout.Currency(r.text()), Refunded: r.num()}
			_, one.Items, err = checkout.DecodeSaid(r.text())
			out = append(out, one)
			return err
		}, args...)
	})
	return out, err
}

// reportSold asks in the words of the index payments_sold.
func reportSold(q checkout.ReportQuery) (text string, args []any) {
	f := collected(q)
	f.add("answers <> ''")
	f.add(`answers LIKE '%"items":%'`) // within a text its quotes would be escaped
	return f.newest(&table{name: payments.name, list: "id, paid_at, currency, refunded, answers"}, "paid_at", q.Limit), f.args
}

func (s *Store) reportPayments(ctx context.Context, text string, args []any) ([]checkout.Payment, error) {
	var out []checkout.Payment
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			p, err := scanPayment(r)
			out = append(out, p)
			return err
		}, args...)
	})
	return out, err
}

// ReportRefunds answers a page of voids and refunds by time of asking, newest first.
func (s *Store) ReportRefunds(ctx context.Context, q checkout.ReportQuery) ([]checkout.Refund, error) {
	f := newReport(q, "created_at")
	if q.Kind != "" {
		f.add("kind = ?", string(q.Kind))
	}
	if q.Status != "" {
		f.add("status = ?", q.Status)
	}
	if q.Account != "" {
		f.add("EXISTS (SELECT 1 FROM payments AS p WHERE p.id = refunds.payment AND p.account = ?)", string(q.Account))
	}
	var out []checkout.Refund
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, f.newest(refunds, "created_at", q.Limit), func(r row) error {
			out = append(out, scanRefund(r))
			return nil
		}, f.args...)
	})
	return out, err
}

// PaymentsOf answers those of the ids that are the merchant's payments.
func (s *Store) PaymentsOf(ctx context.Context, m checkout.MerchantID, ids []checkout.PaymentID) (map[checkout.PaymentID]checkout.Payment, error) {
	found := make(map[checkout.PaymentID]checkout.Payment, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	f := &filter{}
	f.add("merchant || '' = ?", string(m)) // found by their ids, whatever else the merchant has
	in(f, "id", ids)
	all, err := s.reportPayments(ctx, "SELECT "+payments.list+" FROM payments WHERE "+strings.Join(f.where, " AND "), f.args)
	for _, p := range all {
		found[p.ID] = p
	}
	return found, err
}

// PayerNotes answers the newest notes of paid payments of each link, with what was answered to its fields.
func (s *Store) PayerNotes(ctx context.Context, m checkout.MerchantID, of []checkout.LinkID) (map[checkout.LinkID][]string, error) {
	found := map[checkout.LinkID][]string{}
	if len(of) == 0 {
		return found, nil
	}
	f := &filter{}
	f.add("merchant || '' = ?", string(m))
	in(f, "link", of)
	text := "SELECT link, payer_note, answers FROM payments WHERE (payer_note <> '' OR answers <> '') AND paid_at > 0 AND " + strings.Join(f.where, " AND ") + " ORDER BY link, created_at DESC, id DESC"
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			link, note := checkout.LinkID(r.text()), r.text()
			answers, _, err := checkout.DecodeSaid(r.text())
			if err != nil {
				return err
			}
			if said := checkout.AnswerLine(answers, false); note != "" && said != "" {
				note += "; " + said
			} else if said != "" {
				note = said
			}
			if note != "" && len(found[link]) < notesShown {
				found[link] = append(found[link], note)
			}
			return nil
		}, f.args...)
	})
	return found, err
}

// CollectedByCount sums what was paid by instalments, programme and currency.
func (s *Store) CollectedByCount(ctx context.Context, q checkout.ReportQuery) ([]checkout.CountSum, error) {
	text, args := collectedByCount(q)
	var out []checkout.CountSum
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			out = append(out, checkout.CountSum{
				Installments: int(r.num()), Program: r.text(), Currency: checkout.Currency(r.text()), Payments: r.num(),
				Minor: r.num(), TotalMinor: r.num(), Refunded: r.num(),
			})
			return nil
		}, args...)
	})
	return out, err
}

// collectedByCount is answered from the index payments_collected alone.
func collectedByCount(q checkout.ReportQuery) (text string, args []any) {
	f := collected(q)
	// PostgreSQL's sum of bigint is a numeric; nobody collects 2^63 minor units.
	return "SELECT installments, card_program, currency, count(*), CAST(sum(amount) AS BIGINT), CAST(sum(total) AS BIGINT), CAST(sum(refunded) AS BIGINT)" +
		" FROM payments WHERE " + strings.Join(f.where, " AND ") + " GROUP BY installments, card_program, currency ORDER BY installments, card_program, currency", f.args
}

// newReport selects a merchant's rows in a period of the given time, behind the query's place.
func newReport(q checkout.ReportQuery, when string) *filter {
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	if q.Currency != "" {
		f.add("currency = ?", string(q.Currency))
	}
	if !q.From.IsZero() {
		f.add(when+" >= ?", micros(q.From))
	}
	if !q.To.IsZero() {
		f.add(when+" < ?", micros(q.To))
	}
	if q.After.ID != "" {
		f.add("("+when+", id) < (?, ?)", micros(q.After.At), q.After.ID)
	}
	return f
}

// newest finishes a page of a report.
func (f *filter) newest(t *table, when string, limit int) string {
	if limit <= 0 || limit > maxReportPage {
		limit = maxReportPage
	}
	f.args = append(f.args, int64(limit))
	return fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s DESC, id DESC LIMIT $%d", t.list, t.name, strings.Join(f.where, " AND "), when, len(f.args))
}

// in takes a column's value out of a list that is not empty.
func in[T ~string](f *filter, column string, ids []T) {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = string(id)
	}
	// Engines keep what they have prepared: the last one again, so that there are a few lengths of lists only.
	for len(values) > 8 && bits.OnesCount(uint(len(values))) > 1 {
		values = append(values, values[len(values)-1])
	}
	f.add(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
}
