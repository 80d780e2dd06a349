package sqlstore

import (
	"context"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

var (
	refunds = newTable("refunds", `id:t merchant:t payment:t kind:t currency:t amount:n before:n reason:t actor:t
		created_at:n status:t auth_code:t rrn:t decline_code:t decline_bank_code:t decline_message:t updated_at:n
		due_at:n asks:n`)
	refundBound = refunds.from("due_at")

	refundEnd   = newUpdate(refunds, "payment", refunds.names("status", "due_at")...)
	refundLease = newUpdate(refunds, "payment", "due_at", "asks")
)

func refundValues(r checkout.Refund) []any {
	return []any{
		string(r.ID), string(r.Merchant), string(r.Payment), string(r.Kind), string(r.Amount.Currency), r.Amount.Minor,
		r.Before, r.Reason, r.Actor, micros(r.CreatedAt), string(r.Status), r.AuthCode, r.RRN, string(r.Decline.Code),
		r.Decline.BankCode, r.Decline.Message, micros(r.UpdatedAt), micros(r.DueAt), int64(r.Asks),
	}
}

func scanRefund(r row) checkout.Refund {
	var f checkout.Refund
	f.ID, f.Merchant, f.Payment = checkout.RefundID(r.text()), checkout.MerchantID(r.text()), checkout.PaymentID(r.text())
	f.Kind, f.Amount.Currency, f.Amount.Minor = checkout.RefundKind(r.text()), checkout.Currency(r.text()), r.num()
	f.Before, f.Reason, f.Actor, f.CreatedAt = r.num(), r.text(), r.text(), fromMicros(r.num())
	f.Status, f.AuthCode, f.RRN = checkout.RefundStatus(r.text()), r.text(), r.text()
	f.Decline = checkout.Decline{Code: checkout.Reason(r.text()), BankCode: r.text(), Message: r.text()}
	f.UpdatedAt, f.DueAt, f.Asks = fromMicros(r.num()), fromMicros(r.num()), int(r.num())
	return f
}

// refundState is a refund in this transaction, and its row once it changed.
type refundState struct {
	checkout.Refund
	row   []any
	fresh bool
}

func (w *work) loadedRefund(r row) error {
	f := scanRefund(r)
	w.refunds[f.ID] = &refundState{Refund: f}
	return nil
}

// mayGiveBack says whether a move's refund may be written: a new one beside no other that is pending, an
// old one while it is.
func (w *work) mayGiveBack(m checkout.Move) error {
	if m.Refund == nil {
		return nil
	}
	if have := w.refunds[m.Refund.ID]; have != nil {
		if have.Status != checkout.RefundPending || have.Payment != m.From.ID || have.Merchant != m.From.Merchant {
			return checkout.ErrStale
		}
		return nil
	}
	for _, other := range w.refunds {
		if other.Payment == m.From.ID && other.Status == checkout.RefundPending {
			return checkout.ErrRefundRunning
		}
	}
	return nil
}

// giveBack writes a move's refund and the line that vouches for it, behind the payment's own.
func (w *work) giveBack(p *paymentState, m checkout.Move) error {
	if m.Refund == nil {
		return nil
	}
	values := refundValues(*m.Refund)
	state := w.refunds[m.Refund.ID]
	if state == nil {
		state = &refundState{fresh: true}
		w.refunds[m.Refund.ID] = state
	}
	if state.row == nil {
		w.changedRefunds = append(w.changedRefunds, state)
	}
	state.Refund, state.row = scanRefund(&written{values: values}), values
	e := checkout.Event{
		Merchant: p.Merchant, Subject: string(p.ID), Type: "refund." + string(m.Refund.Status), Actor: m.Event.Actor, IP: m.Event.IP,
		At: m.Event.At, Data: map[string]string{"refund": string(m.Refund.ID)},
	}
	_, err := w.vouch(p, e, string(m.Refund.ID), w.keys.digest(refunds.name, values[:refundBound]))
	return err
}

// vouch extends a payment's chain by a line about a row that belongs to it.
func (w *work) vouch(p *paymentState, e checkout.Event, row string, digest []byte) (line, error) {
	l := w.event(e, p.Seq+1, p.Head, row, digest)
	if err := w.record(l, ""); err != nil {
		return l, err
	}
	p.Seq, p.Head = l.Seq, l.Hash
	p.row[paymentHead-1], p.row[paymentHead] = l.Seq, l.Hash
	return l, nil
}

// refundWrites are the refunds that changed: ended ones first, since a new one of the same payment may only
// stand beside what is over.
func (w *work) refundWrites() (ended, made write) {
	ended, made = write{table: refunds, set: refundEnd}, write{table: refunds}
	for _, f := range w.changedRefunds {
		if f.fresh {
			made.rows = append(made.rows, f.row)
		} else {
			ended.rows = append(ended.rows, append(refundEnd.pick(f.row, 0)[:len(refundEnd.cols)+1], string(f.Payment)))
		}
	}
	return ended, made
}

// RefundOf is for the merchant. ErrNoRefund also for somebody else's.
func (s *Store) RefundOf(ctx context.Context, m checkout.MerchantID, id checkout.RefundID) (checkout.Refund, error) {
	var found checkout.Refund
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+refunds.list+" FROM refunds WHERE id = $1 AND merchant = $2", func(r row) error {
			found = scanRefund(r)
			return nil
		}, string(id), string(m))
	})
	if err == nil && found.ID == "" {
		err = checkout.ErrNoRefund
	}
	return found, err
}

// RefundsOf answers the refunds of each of a merchant's payments, oldest first.
func (s *Store) RefundsOf(ctx context.Context, m checkout.MerchantID, of []checkout.PaymentID) (map[checkout.PaymentID][]checkout.Refund, error) {
	found := map[checkout.PaymentID][]checkout.Refund{}
	if len(of) == 0 {
		return found, nil
	}
	f := &filter{}
	ids := make([]any, len(of))
	for i, id := range of {
		ids[i] = string(id)
	}
	// The merchant is held against an expression, so that no planner walks through all his refunds.
	f.add("payment IN (?"+strings.Repeat(", ?", len(of)-1)+")", ids...)
	f.add("merchant || '' = ?", string(m))
	err := s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, "SELECT "+refunds.list+" FROM refunds WHERE "+strings.Join(f.where, " AND ")+" ORDER BY payment, created_at, id", func(r row) error {
			one := scanRefund(r)
			found[one.Payment] = append(found[one.Payment], one)
			return nil
		}, f.args...)
	})
	return found, err
}

func isRefund(id string) bool { return checkout.RefundID(id).Valid() }

// SearchRefunds answers a page of a merchant's voids and refunds, newest first, and the cursor of the next.
func (s *Store) SearchRefunds(ctx context.Context, q checkout.RefundQuery) ([]checkout.Refund, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	for column, value := range map[string]string{"payment": string(q.Payment), "kind": string(q.Kind), "status": string(q.Status)} {
		if value != "" {
			f.add(column+" = ?", value)
		}
	}
	f.between(q.From, q.To)
	text, err := f.page(refunds, isRefund, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var out []checkout.Refund
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			out = append(out, scanRefund(r))
			return nil
		}, f.args...)
	})
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// LeaseRefunds hands out pending refunds whose time has come, earliest first, moves their time to until and
// counts one more question.
func (s *Store) LeaseRefunds(ctx context.Context, until time.Time, limit int) ([]checkout.Refund, error) {
	var out []checkout.Refund
	err := s.solo(ctx, func(ctx context.Context, t tx) error {
		out = nil
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		lease := write{table: refunds, set: refundLease}
		err = t.query(ctx, "SELECT "+refunds.list+` FROM refunds WHERE due_at > 0 AND due_at <= $1 AND status = 'pending'
			ORDER BY due_at, id LIMIT $2`+s.engine.skipLocked(), func(r row) error {
			f := scanRefund(r)
			f.DueAt = fromMicros(micros(until))
			f.Asks++
			out = append(out, f)
			lease.rows = append(lease.rows, []any{string(f.ID), micros(until), int64(f.Asks), string(f.Payment)})
			return nil
		}, now, int64(limit))
		if err != nil {
			return err
		}
		return applyAll(ctx, t, lease)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// RefundLater moves when a pending refund is looked at.
func (s *Store) RefundLater(ctx context.Context, id checkout.RefundID, at time.Time) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, "UPDATE refunds SET due_at = $2 WHERE id = $1 AND status = 'pending'", string(id), micros(at))
		return err
	})
}
