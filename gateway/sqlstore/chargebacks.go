package sqlstore

import (
	"context"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var (
	chargebacks = newTable("chargebacks", `id:t merchant:t payment:t currency:t amount:n code:t actor:t created_at:n
		received_at:n status:t reason:t case_number:t respond_by:n refunded_before:n updated_at:n closed_at:n`)
	chargebackChange = newUpdate(chargebacks, "payment", chargebacks.names("received_at", "closed_at")...)
)

// dayMicros is how days are stored: by their first moment, 0 for none.
func dayMicros(d checkout.Day) int64 {
	from, _, ok := d.Span()
	if !ok {
		return 0
	}
	return micros(from)
}

func dayFromMicros(n int64) checkout.Day {
	if n == 0 {
		return ""
	}
	return checkout.DayOf(fromMicros(n))
}

func chargebackValues(c checkout.Chargeback) []any {
	return []any{
		string(c.ID), string(c.Merchant), string(c.Payment), string(c.Amount.Currency), c.Amount.Minor, c.Code,
		c.Actor, micros(c.CreatedAt), dayMicros(c.ReceivedAt), string(c.Status), c.Reason, c.Case, dayMicros(c.RespondBy), c.RefundedBefore,
		micros(c.UpdatedAt), micros(c.ClosedAt),
	}
}

func scanChargeback(r row) checkout.Chargeback {
	var c checkout.Chargeback
	c.ID, c.Merchant, c.Payment = checkout.ChargebackID(r.text()), checkout.MerchantID(r.text()), checkout.PaymentID(r.text())
	c.Amount.Currency, c.Amount.Minor, c.Code = checkout.Currency(r.text()), r.num(), r.text()
	c.Actor, c.CreatedAt, c.ReceivedAt = r.text(), fromMicros(r.num()), dayFromMicros(r.num())
	c.Status, c.Reason, c.Case = checkout.ChargebackStatus(r.text()), r.text(), r.text()
	c.RespondBy, c.RefundedBefore = dayFromMicros(r.num()), r.num()
	c.UpdatedAt, c.ClosedAt = fromMicros(r.num()), fromMicros(r.num())
	return c
}

// chargebackState is a chargeback in this transaction, and its row once it changed.
type chargebackState struct {
	checkout.Chargeback
	row   []any
	fresh bool
}

func (w *work) loadedChargeback(r row) error {
	c := scanChargeback(r)
	w.chargebacks[c.ID] = &chargebackState{Chargeback: c}
	return nil
}

// mayDispute says whether a move's chargeback may be written: a new one, or one of this payment whose status may
// become that. How much is in dispute is the payment's, which nobody moved meanwhile.
func (w *work) mayDispute(m checkout.Move) error {
	if m.Chargeback == nil {
		return nil
	}
	have := w.chargebacks[m.Chargeback.ID]
	if have == nil {
		return nil
	}
	status := m.Chargeback.Status
	if have.Payment != m.From.ID || have.Merchant != m.From.Merchant || status != have.Status && !have.Status.MayBecome(status) {
		return checkout.ErrStale
	}
	return nil
}

// dispute writes a move's chargeback and the line that vouches for it, behind the payment's own. Programs are told of
// the chargeback by that line.
func (w *work) dispute(p *paymentState, m checkout.Move) error {
	if m.Chargeback == nil {
		return nil
	}
	values, was := chargebackValues(*m.Chargeback), checkout.ChargebackStatus("")
	state := w.chargebacks[m.Chargeback.ID]
	if state == nil {
		state = &chargebackState{fresh: true}
		w.chargebacks[m.Chargeback.ID] = state
	} else {
		was = state.Status
	}
	if state.row == nil {
		w.changedChargebacks = append(w.changedChargebacks, state)
	}
	state.Chargeback, state.row = scanChargeback(&written{values: values}), values
	topic := state.Topic(was)
	e := checkout.Event{
		Merchant: p.Merchant, Subject: string(p.ID), Type: topic, Actor: m.Event.Actor, IP: m.Event.IP, At: m.Event.At,
		Data: map[string]string{"chargeback": string(state.ID), "chargeback_status": string(state.Status)},
	}
	l, err := w.vouch(p, e, string(state.ID), w.keys.digest(chargebacks.name, values))
	if err != nil {
		return err
	}
	l.Subject = string(state.ID) // whose own events have their order, beside the payment's
	w.outbox = append(w.outbox, outboxRow(l, topic, w.now))
	return nil
}

// chargebackWrites are the chargebacks that changed.
func (w *work) chargebackWrites() (changed, made write) {
	changed, made = write{table: chargebacks, set: chargebackChange}, write{table: chargebacks}
	for _, c := range w.changedChargebacks {
		if c.fresh {
			made.rows = append(made.rows, c.row)
		} else {
			changed.rows = append(changed.rows, append(chargebackChange.pick(c.row, 0)[:len(chargebackChange.cols)+1], string(c.Payment)))
		}
	}
	return changed, made
}

// ChargebackOf is for the merchant. ErrNoChargeback also for somebody else's.
func (s *Store) ChargebackOf(ctx context.Context, m checkout.MerchantID, id checkout.ChargebackID) (checkout.Chargeback, error) {
	var found checkout.Chargeback
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+chargebacks.list+" FROM chargebacks WHERE id = $1 AND merchant = $2", func(r row) error {
			found = scanChargeback(r)
			return nil
		}, string(id), string(m))
	})
	if err == nil && found.ID == "" {
		err = checkout.ErrNoChargeback
	}
	return found, err
}

// ChargebacksOf answers the chargebacks of each of a merchant's payments, oldest first.
func (s *Store) ChargebacksOf(ctx context.Context, m checkout.MerchantID, of []checkout.PaymentID) (map[checkout.PaymentID][]checkout.Chargeback, error) {
	found := map[checkout.PaymentID][]checkout.Chargeback{}
	if len(of) == 0 {
		return found, nil
	}
	f := &filter{}
	in(f, "payment", of)
	f.add("merchant || '' = ?", string(m)) // found by their payments, however many the merchant has
	err := s.chargebacks(ctx, "SELECT "+chargebacks.list+" FROM chargebacks WHERE "+strings.Join(f.where, " AND ")+" ORDER BY payment, created_at, id", f.args, func(c checkout.Chargeback) {
		found[c.Payment] = append(found[c.Payment], c)
	})
	return found, err
}

func (s *Store) chargebacks(ctx context.Context, text string, args []any, each func(checkout.Chargeback)) error {
	return s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			each(scanChargeback(r))
			return nil
		}, args...)
	})
}

func isChargeback(id string) bool { return checkout.ChargebackID(id).Valid() }

// ofMaker leaves those of payments of links that a user made in the panel.
func (f *filter) ofMaker(m checkout.MerchantID, maker checkout.UserID) {
	if maker != "" {
		f.add("EXISTS (SELECT 1 FROM payments AS p JOIN link_makers AS k ON k.link = p.link WHERE p.id = chargebacks.payment AND k.merchant = ? AND k.maker = ?)",
			string(m), string(maker))
	}
}

// SearchChargebacks answers a page of a merchant's chargebacks, newest first, and the cursor of the next.
func (s *Store) SearchChargebacks(ctx context.Context, q checkout.ChargebackQuery) ([]checkout.Chargeback, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	for column, value := range map[string]string{"payment": string(q.Payment), "status": string(q.Status), "currency": string(q.Currency)} {
		if value != "" {
			f.add(column+" = ?", value)
		}
	}
	f.ofMaker(q.Merchant, q.Maker)
	f.between(q.From, q.To)
	text, err := f.page(chargebacks, isChargeback, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var out []checkout.Chargeback
	err = s.chargebacks(ctx, text, f.args, func(c checkout.Chargeback) { out = append(out, c) })
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// OpenChargebacks answers how many wait for an answer.
func (s *Store) OpenChargebacks(ctx context.Context, m checkout.MerchantID, maker checkout.UserID) (open checkout.OpenChargebacks, err error) {
	text, args := openChargebacks(m, maker)
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			open = checkout.OpenChargebacks{Count: r.num(), RespondBy: dayFromMicros(r.numOr(0))}
			return nil
		}, args...)
	})
	return open, err
}

// openChargebacks asks in the words of the index chargebacks_open.
func openChargebacks(m checkout.MerchantID, maker checkout.UserID) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(m))
	f.add("status = 'open'")
	f.ofMaker(m, maker)
	return "SELECT COUNT(*), MIN(NULLIF(respond_by, 0)) FROM chargebacks WHERE " + strings.Join(f.where, " AND "), f.args
}

// ReportChargebacks answers a page of chargebacks by the day of the bank's letter, newest first.
func (s *Store) ReportChargebacks(ctx context.Context, q checkout.ReportQuery) ([]checkout.Chargeback, error) {
	text, args := reportChargebacks(q)
	var out []checkout.Chargeback
	err := s.readWithin(ctx, reportTime, func(db querier) error {
		return db.query(ctx, text, func(r row) error {
			out = append(out, scanChargeback(r))
			return nil
		}, args...)
	})
	return out, err
}

func reportChargebacks(q checkout.ReportQuery) (text string, args []any) {
	f := newReport(q, "received_at")
	if q.Status != "" {
		f.add("status = ?", q.Status)
	}
	if q.Account != "" {
		f.add("EXISTS (SELECT 1 FROM payments AS p WHERE p.id = chargebacks.payment AND p.account = ?)", string(q.Account))
	}
	return f.newest(chargebacks, "received_at", q.Limit), f.args
}
