package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var (
	runs = newTable("reconciliations", `id:t merchant:t account:t day:t source:t lines:n failed:n faults:t other_days:n total_rows:n rows_digest:b actor:t
		created_at:n closed_at:n closed_by:t close_note:t`)
	runClose = newUpdate(runs, "merchant", "closed_at", "closed_by", "close_note")

	runRows = newTable("reconciliation_rows", `id:t run:t merchant:t account:t day:t day_at:n number:n class:t currency:t payment:t refund:t our_kind:t our_status:t
		our_order:t our_bank_order:t our_rrn:t our_auth_code:t our_currency:t our_amount:n our_at:n bank_row:n bank_kind:t bank_state:t bank_rrn:t
		bank_order:t bank_auth_code:t bank_currency:t bank_amount:n bank_commission:n bank_net:n bank_at:n bank_timed:n value_date:t card:t
		resolution:t manual:t note:t resolved_by:t resolved_at:n`)
	runRowBound   = runRows.from("resolution")
	runRowResolve = newUpdate(runRows, "run", runRows.names("resolution", "resolved_at")...)

	manualEntries = newTable("manual_entries", `id:t merchant:t account:t day:t run:t run_row:n kind:t currency:t amount:n rrn:t order_no:t auth_code:t at:n note:t actor:t
		created_at:n`)
)

func runValues(r checkout.Run, digest []byte) ([]any, error) {
	faults, err := encodeJSON(r.Faults)
	return []any{
		string(r.ID), string(r.Merchant), string(r.Account), string(r.Day), r.Source, int64(r.Lines), int64(r.Failed), faults, int64(r.OtherDays), int64(r.Rows),
		blank(digest), r.Actor, micros(r.CreatedAt), micros(r.ClosedAt), r.ClosedBy, r.CloseNote,
	}, err
}

func scanRun(r row) (checkout.Run, []byte, error) {
	var u checkout.Run
	u.ID, u.Merchant, u.Account = checkout.RunID(r.text()), checkout.MerchantID(r.text()), checkout.AccountID(r.text())
	u.Day, u.Source, u.Lines, u.Failed = checkout.Day(r.text()), r.text(), int(r.num()), int(r.num())
	err := decodeJSON(r.text(), &u.Faults)
	u.OtherDays, u.Rows = int(r.num()), int(r.num())
	digest := r.blob()
	u.Actor, u.CreatedAt = r.text(), fromMicros(r.num())
	u.ClosedAt, u.ClosedBy, u.CloseNote = fromMicros(r.num()), r.text(), r.text()
	u.Counts = map[checkout.Class]checkout.RunCount{}
	if err != nil {
		return u, nil, fmt.Errorf("faults of reconciliation %s: %w", u.ID, err)
	}
	return u, digest, nil
}

func optionalNum(n *int64) any {
	if n == nil {
		return nil
	}
	return *n
}

func runRowValues(r checkout.RunRow) []any {
	from, _, _ := r.Day.Span() // a run's day is one
	currency := r.Bank.Amount.Currency
	if r.Bank.Row == 0 {
		currency = r.Ours.Amount.Currency
	}
	return []any{
		r.ID(), string(r.Run), string(r.Merchant), string(r.Account), string(r.Day), micros(from), int64(r.Number), string(r.Class), string(currency),
		string(r.Ours.Payment), string(r.Ours.Refund), string(r.Ours.Kind), r.Ours.Status, string(r.Ours.Order), string(r.Ours.BankOrder), r.Ours.RRN, r.Ours.AuthCode,
		string(r.Ours.Amount.Currency), r.Ours.Amount.Minor, micros(r.Ours.At), int64(r.Bank.Row), string(r.Bank.Kind), string(r.Bank.State), r.Bank.RRN, r.Bank.Order,
		r.Bank.AuthCode, string(r.Bank.Amount.Currency), r.Bank.Amount.Minor, optionalNum(r.Bank.Commission), optionalNum(r.Bank.Net), micros(r.Bank.At), num(r.Bank.Timed),
		r.Bank.ValueDate, r.Bank.Card, string(r.Resolution), string(r.Manual), r.Note, r.ResolvedBy, micros(r.ResolvedAt),
	}
}

func scanRunRow(r row) checkout.RunRow {
	optional := func() *int64 {
		const null = -1 << 63
		if n := r.numOr(null); n != null {
			return &n
		}
		return nil
	}
	var v checkout.RunRow
	_ = r.text() // follows from run and number
	v.Run, v.Merchant, v.Account, v.Day = checkout.RunID(r.text()), checkout.MerchantID(r.text()), checkout.AccountID(r.text()), checkout.Day(r.text())
	_ = r.num()
	v.Number, v.Class = int(r.num()), checkout.Class(r.text())
	_ = r.text()
	v.Ours.Payment, v.Ours.Refund, v.Ours.Kind = checkout.PaymentID(r.text()), checkout.RefundID(r.text()), checkout.LineKind(r.text())
	v.Ours.Status, v.Ours.Order, v.Ours.BankOrder = r.text(), checkout.OrderNumber(r.text()), checkout.BankOrder(r.text())
	v.Ours.RRN, v.Ours.AuthCode = r.text(), r.text()
	v.Ours.Amount.Currency, v.Ours.Amount.Minor, v.Ours.At = checkout.Currency(r.text()), r.num(), fromMicros(r.num())
	v.Bank.Row, v.Bank.Kind, v.Bank.State = int(r.num()), checkout.LineKind(r.text()), checkout.LineState(r.text())
	v.Bank.RRN, v.Bank.Order, v.Bank.AuthCode = r.text(), r.text(), r.text()
	v.Bank.Amount.Currency, v.Bank.Amount.Minor = checkout.Currency(r.text()), r.num()
	v.Bank.Commission, v.Bank.Net = optional(), optional()
	v.Bank.At, v.Bank.Timed, v.Bank.ValueDate, v.Bank.Card = fromMicros(r.num()), r.num() != 0, r.text(), r.text()
	v.Resolution, v.Manual, v.Note = checkout.Resolution(r.text()), checkout.ManualID(r.text()), r.text()
	v.ResolvedBy, v.ResolvedAt = r.text(), fromMicros(r.num())
	return v
}

func manualValues(e checkout.ManualEntry) []any {
	return []any{
		string(e.ID), string(e.Merchant), string(e.Account), string(e.Day), string(e.Run), int64(e.Row), string(e.Kind), string(e.Amount.Currency), e.Amount.Minor,
		e.RRN, e.Order, e.AuthCode, micros(e.At), e.Note, e.Actor, micros(e.CreatedAt),
	}
}

func scanManual(r row) checkout.ManualEntry {
	var e checkout.ManualEntry
	e.ID, e.Merchant, e.Account = checkout.ManualID(r.text()), checkout.MerchantID(r.text()), checkout.AccountID(r.text())
	e.Day, e.Run, e.Row, e.Kind = checkout.Day(r.text()), checkout.RunID(r.text()), int(r.num()), checkout.LineKind(r.text())
	e.Amount.Currency, e.Amount.Minor = checkout.Currency(r.text()), r.num()
	e.RRN, e.Order, e.AuthCode, e.At = r.text(), r.text(), r.text(), fromMicros(r.num())
	e.Note, e.Actor, e.CreatedAt = r.text(), r.text(), fromMicros(r.num())
	return e
}

// rowsDigest binds what never changes of a run's rows.
func (k *lasting) rowsDigest(rows [][]any) []byte {
	all := make([]any, len(rows))
	for i, values := range rows {
		all[i] = k.digest(runRows.name, values[:runRowBound])
	}
	return k.digest("reconciliation rows", all)
}

// dayOpen refuses what would change a closed day. The merchant's row is locked, so nobody closes it now.
func (c *change) dayOpen(ctx context.Context, r checkout.Run) error {
	closed := false
	err := c.tx.query(ctx, "SELECT id FROM reconciliations WHERE merchant = $1 AND account = $2 AND day = $3 AND closed_at > 0", func(row) error {
		closed = true
		return nil
	}, string(r.Merchant), string(r.Account), string(r.Day))
	if err == nil && closed {
		return checkout.ErrDayClosed
	}
	return err
}

// reconciling is a change of a merchant's reconciliations that keeps the answer of a key.
func (s *Store) reconciling(ctx context.Context, r checkout.Run, i checkout.Idempotency, fn func(context.Context, *change) error) error {
	return s.changeMerchant(ctx, r.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, i); err != nil {
			return err
		}
		if err := c.dayOpen(ctx, r); err != nil {
			return err
		}
		return fn(ctx, c)
	})
}

// SaveRun stores a run with its rows.
func (s *Store) SaveRun(ctx context.Context, r checkout.Run, rows []checkout.RunRow, e checkout.Event, i checkout.Idempotency) error {
	return s.reconciling(ctx, r, i, func(ctx context.Context, c *change) error {
		w := write{table: runRows}
		for _, v := range rows {
			w.rows = append(w.rows, runRowValues(v))
		}
		values, err := runValues(r, c.keys.rowsDigest(w.rows))
		if err != nil {
			return err
		}
		if err := applyAll(ctx, c.tx, write{table: runs, rows: [][]any{values}}, w); err != nil {
			return err
		}
		if err := c.record(ctx, e, string(r.ID), c.keys.digest(runs.name, values)); err != nil {
			return err
		}
		for _, v := range rows { // those that were dealt with in an earlier list of the day
			if v.Resolution != "" {
				if err := c.resolved(ctx, e, v); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// resolved puts the line that vouches for a row's resolution on the chain.
func (c *change) resolved(ctx context.Context, e checkout.Event, v checkout.RunRow) error {
	return c.record(ctx, e, v.ID(), c.keys.digest(runRows.name, runRowValues(v)))
}

// ResolveRow writes down how a row was resolved.
func (s *Store) ResolveRow(ctx context.Context, v checkout.RunRow, entry *checkout.ManualEntry, e checkout.Event, i checkout.Idempotency) error {
	day := checkout.Run{Merchant: v.Merchant, Account: v.Account, Day: v.Day}
	return s.reconciling(ctx, day, i, func(ctx context.Context, c *change) error {
		have, err := readRunRow(ctx, c.tx, v.Merchant, v.Run, v.Number)
		if err != nil {
			return err
		}
		if !have.Calls() {
			return checkout.ErrRowResolved
		}
		if entry != nil {
			there, err := readManual(ctx, c.tx, v.Merchant, v.Account, v.Day)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(there, func(e checkout.ManualEntry) bool { return e.Holds(have.Bank) }) {
				return checkout.ErrRowResolved
			}
		}
		have.Resolution, have.Manual, have.Note, have.ResolvedBy, have.ResolvedAt = v.Resolution, v.Manual, v.Note, v.ResolvedBy, v.ResolvedAt
		values := runRowValues(have)
		w := write{table: runRows, set: runRowResolve, rows: [][]any{append(runRowResolve.pick(values, 0)[:len(runRowResolve.cols)+1], string(v.Run))}}
		if err := applyAll(ctx, c.tx, w); err != nil {
			return err
		}
		if err := c.resolved(ctx, e, have); err != nil || entry == nil {
			return err
		}
		made := manualValues(*entry)
		if err := applyAll(ctx, c.tx, write{table: manualEntries, rows: [][]any{made}}); err != nil {
			return err
		}
		e.Type = "manual_entry.made"
		return c.record(ctx, e, string(entry.ID), c.keys.digest(manualEntries.name, made))
	})
}

// CloseRun closes the day of a run.
func (s *Store) CloseRun(ctx context.Context, r checkout.Run, e checkout.Event, i checkout.Idempotency) error {
	return s.reconciling(ctx, r, i, func(ctx context.Context, c *change) error {
		have, digest, err := readRun(ctx, c.tx, r.Merchant, r.ID)
		if err != nil {
			return err
		}
		have.ClosedAt, have.ClosedBy, have.CloseNote = r.ClosedAt, r.ClosedBy, r.CloseNote
		values, err := runValues(have, digest)
		if err != nil {
			return err
		}
		if err := applyAll(ctx, c.tx, write{table: runs, set: runClose, rows: [][]any{append(runClose.pick(values, 0)[:len(runClose.cols)+1], string(r.Merchant))}}); err != nil {
			return err
		}
		return c.record(ctx, e, string(r.ID), c.keys.digest(runs.name, values))
	})
}

func readRun(ctx context.Context, q querier, m checkout.MerchantID, id checkout.RunID) (found checkout.Run, digest []byte, err error) {
	err = q.query(ctx, "SELECT "+runs.list+" FROM reconciliations WHERE id = $1 AND merchant = $2", func(r row) (err error) {
		found, digest, err = scanRun(r)
		return err
	}, string(id), string(m))
	if err == nil && found.ID == "" {
		err = checkout.ErrNoRun
	}
	return found, digest, err
}

// RunOf is for the merchant. ErrNoRun also for somebody else's.
func (s *Store) RunOf(ctx context.Context, m checkout.MerchantID, id checkout.RunID) (checkout.Run, error) {
	var found checkout.Run
	err := s.readWithin(ctx, searchTime, func(q querier) (err error) {
		if found, _, err = readRun(ctx, q, m, id); err != nil {
			return err
		}
		return countRows(ctx, q, []checkout.Run{found})
	})
	return found, err
}

// countRows fills the runs' counts in.
func countRows(ctx context.Context, q querier, of []checkout.Run) error {
	if len(of) == 0 {
		return nil
	}
	f, counts := &filter{}, map[checkout.RunID]map[checkout.Class]checkout.RunCount{}
	ids := make([]checkout.RunID, len(of))
	for i, r := range of {
		ids[i], counts[r.ID] = r.ID, r.Counts
	}
	in(f, "run", ids)
	return q.query(ctx, `SELECT run, class, COUNT(*), CAST(SUM(CASE WHEN class <> 'matched' AND resolution = '' THEN 1 ELSE 0 END) AS BIGINT)
		FROM reconciliation_rows WHERE `+strings.Join(f.where, " AND ")+" GROUP BY run, class", func(r row) error {
		run, class := checkout.RunID(r.text()), checkout.Class(r.text())
		counts[run][class] = checkout.RunCount{Rows: int(r.num()), Open: int(r.num())}
		return nil
	}, f.args...)
}

func isRun(id string) bool { return checkout.RunID(id).Valid() }

// SearchRuns answers a page of a merchant's runs, newest first, and the cursor of the next.
func (s *Store) SearchRuns(ctx context.Context, q checkout.RunQuery) ([]checkout.Run, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	if q.Account != "" {
		f.add("account = ?", string(q.Account))
	}
	if q.Day != "" {
		f.add("day = ?", string(q.Day))
	}
	text, err := f.page(runs, isRun, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var out []checkout.Run
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		out = nil
		err := db.query(ctx, text, func(r row) error {
			one, _, err := scanRun(r)
			out = append(out, one)
			return err
		}, f.args...)
		if err != nil {
			return err
		}
		return countRows(ctx, db, out)
	})
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

func readRunRow(ctx context.Context, q querier, m checkout.MerchantID, id checkout.RunID, number int) (found checkout.RunRow, err error) {
	err = q.query(ctx, "SELECT "+runRows.list+" FROM reconciliation_rows WHERE id = $1 AND merchant = $2", func(r row) error {
		found = scanRunRow(r)
		return nil
	}, checkout.RunRow{Run: id, Number: number}.ID(), string(m))
	if err == nil && found.Run == "" {
		err = checkout.ErrNoRunRow
	}
	return found, err
}

// RunRow answers one row. ErrNoRunRow.
func (s *Store) RunRow(ctx context.Context, m checkout.MerchantID, id checkout.RunID, number int) (found checkout.RunRow, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		found, err = readRunRow(ctx, q, m, id, number)
		return err
	})
	return found, err
}

// RunRows answers a page of a run's rows in their order, and the cursor of the next.
func (s *Store) RunRows(ctx context.Context, q checkout.RowQuery) ([]checkout.RunRow, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("run = ?", string(q.Run))
	f.add("merchant || '' = ?", string(q.Merchant))
	if q.Class != "" {
		f.add("class = ?", string(q.Class))
	}
	if q.Open {
		f.add("class <> 'matched' AND resolution = ''")
	}
	if q.Cursor != "" {
		after, id, ok := readCursor(q.Cursor)
		if !ok || id != string(q.Run) {
			return nil, "", checkout.ErrCursor
		}
		f.add("number > ?", after)
	}
	f.args = append(f.args, int64(limit+1))
	var out []checkout.RunRow
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		out = nil
		return db.query(ctx, fmt.Sprintf("SELECT %s FROM reconciliation_rows WHERE %s ORDER BY number LIMIT $%d", runRows.list, strings.Join(f.where, " AND "), len(f.args)), func(r row) error {
			out = append(out, scanRunRow(r))
			return nil
		}, f.args...)
	})
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	return out[:limit], makeCursor(fromMicros(int64(out[limit-1].Number)), string(q.Run)), nil
}

// ManualEntries answers those of an account's day, oldest first.
func (s *Store) ManualEntries(ctx context.Context, m checkout.MerchantID, a checkout.AccountID, day checkout.Day) (out []checkout.ManualEntry, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		out, err = readManual(ctx, q, m, a, day)
		return err
	})
	return out, err
}

func readManual(ctx context.Context, q querier, m checkout.MerchantID, a checkout.AccountID, day checkout.Day) (out []checkout.ManualEntry, err error) {
	err = q.query(ctx, "SELECT "+manualEntries.list+" FROM manual_entries WHERE merchant = $1 AND account = $2 AND day = $3 ORDER BY created_at, id", func(r row) error {
		out = append(out, scanManual(r))
		return nil
	}, string(m), string(a), string(day))
	return out, err
}

// ReportReconciled answers a page of rows by their day, newest first.
func (s *Store) ReportReconciled(ctx context.Context, q checkout.ReportQuery) (out []checkout.RunRow, err error) {
	f := newReport(q, "day_at")
	if q.Account != "" {
		f.add("account = ?", string(q.Account))
	}
	if q.Status != "" {
		f.add("class = ?", q.Status)
	}
	text := f.newest(runRows, "day_at", q.Limit)
	err = s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			out = append(out, scanRunRow(r))
			return nil
		}, f.args...)
	})
	return out, err
}

// ReportManual answers a page of entries made by hand by the time of their money, newest first.
func (s *Store) ReportManual(ctx context.Context, q checkout.ReportQuery) (out []checkout.ManualEntry, err error) {
	f := newReport(q, "at")
	if q.Account != "" {
		f.add("account = ?", string(q.Account))
	}
	text := f.newest(manualEntries, "at", q.Limit)
	err = s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			out = append(out, scanManual(r))
			return nil
		}, f.args...)
	})
	return out, err
}

// booksChunk is how many order numbers are asked for in one statement.
const booksChunk = 500

// DayBooks answers what a list is held against, at one moment: each payment once, with its refunds.
func (s *Store) DayBooks(ctx context.Context, q checkout.BooksQuery) (checkout.DayBooks, error) {
	var out checkout.DayBooks
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	err := s.reading(ctx, true, func(db querier) error {
		out = checkout.DayBooks{}
		seen := map[checkout.PaymentID]bool{}
		take := func(r row) error {
			p, err := scanPayment(r)
			if err == nil && p.Account == q.Account && !seen[p.ID] {
				seen[p.ID] = true
				out.Payments = append(out.Payments, p)
			}
			return err
		}
		m := string(q.Merchant)
		for _, span := range []string{"created_at >= $2 AND created_at < $3", "paid_at > 0 AND paid_at >= $2 AND paid_at < $3",
			"id IN (SELECT payment FROM refunds WHERE refunds.merchant = $1 AND refunds.created_at >= $2 AND refunds.created_at < $3)"} {
			if err := db.query(ctx, "SELECT "+payments.list+" FROM payments WHERE merchant = $1 AND "+span, take, m, micros(q.From), micros(q.To)); err != nil {
				return err
			}
		}
		for some := range slices.Chunk(q.Orders, booksChunk) {
			for _, by := range []string{"bank_order IN (", "link IN (SELECT id FROM links WHERE merchant = $1 AND merchant_order IN ("} {
				args := []any{m}
				for _, o := range some {
					args = append(args, o)
				}
				text := "SELECT " + payments.list + " FROM payments WHERE merchant = $1 AND " + by + holes(2, len(some)) + strings.Repeat(")", strings.Count(by, "("))
				if err := db.query(ctx, text, take, args...); err != nil {
					return err
				}
			}
		}
		return refundsOfBooks(ctx, db, m, &out)
	})
	return out, err
}

func refundsOfBooks(ctx context.Context, db querier, merchant string, out *checkout.DayBooks) error {
	for some := range slices.Chunk(out.Payments, booksChunk) {
		args := []any{merchant}
		for _, p := range some {
			args = append(args, string(p.ID))
		}
		err := db.query(ctx, "SELECT "+refunds.list+" FROM refunds WHERE merchant || '' = $1 AND payment IN ("+holes(2, len(some))+") ORDER BY created_at, id", func(r row) error {
			out.Refunds = append(out.Refunds, scanRefund(r))
			return nil
		}, args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// Columns answers what is remembered of an account's lists.
func (s *Store) Columns(ctx context.Context, m checkout.MerchantID, a checkout.AccountID) (c checkout.Columns, err error) {
	err = s.read(ctx, func(q querier) error {
		c = nil
		return q.query(ctx, "SELECT columns FROM bank_columns WHERE account = $1 AND merchant = $2", func(r row) error { return decodeJSON(r.text(), &c) }, string(a), string(m))
	})
	return c, err
}

// SaveColumns replaces what is remembered of an account's lists.
func (s *Store) SaveColumns(ctx context.Context, m checkout.MerchantID, a checkout.AccountID, columns checkout.Columns, e checkout.Event) error {
	return s.changeMerchant(ctx, m, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		text, err := encodeJSON(columns)
		if err != nil {
			return err
		}
		owner, _, err := ownerOf(ctx, c.tx, accounts, string(a))
		if err == nil && owner != m {
			err = checkout.ErrNoAccount
		}
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			_, err = c.tx.exec(ctx, "DELETE FROM bank_columns WHERE account = $1", string(a))
		} else {
			_, err = c.tx.exec(ctx, "INSERT INTO bank_columns (account, merchant, columns) VALUES ($1, $2, $3) ON CONFLICT (account) DO UPDATE SET columns = excluded.columns", string(a), string(m), text)
		}
		if err != nil {
			return err
		}
		return c.note(ctx, e) // columns decide nothing about money
	})
}

// reconciled holds a merchant's reconciliations against his chain.
func (a *audit) reconciled(ctx context.Context, q querier, s *subject, seen map[string]bool) error {
	for _, t := range []*table{runs, manualEntries} {
		err := q.query(ctx, "SELECT "+t.list+" FROM "+t.name+" WHERE merchant = $1", func(r row) error {
			values := t.raw(r)
			id, _ := values[0].(string)
			seen[id] = true
			a.row(s, id, a.keys.digest(t.name, values))
			return nil
		}, s.id)
		if err != nil {
			return err
		}
	}
	said := map[string][]byte{}
	err := q.query(ctx, "SELECT id, rows_digest FROM reconciliations WHERE merchant = $1", func(r row) error {
		said[r.text()] = r.blob()
		return nil
	}, s.id)
	if err != nil {
		return err
	}
	of := map[string][][]any{}
	err = q.query(ctx, "SELECT "+runRows.list+" FROM reconciliation_rows WHERE merchant = $1 ORDER BY id", func(r row) error {
		values := runRows.raw(r)
		id, _ := values[0].(string)
		run, _ := values[1].(string)
		of[run] = append(of[run], values[:runRowBound])
		if _, known := s.digests[id]; known || values[runRowBound] != any("") {
			seen[id] = true
			a.row(s, id, a.keys.digest(runRows.name, values))
		}
		return nil
	}, s.id)
	if err != nil {
		return err
	}
	for run, digest := range said {
		if string(a.keys.rowsDigest(of[run])) != string(digest) {
			a.findings = append(a.findings, Finding{Subject: s.id, Row: run, What: FoundRowChanged})
		}
	}
	return nil
}
