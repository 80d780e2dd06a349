package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Admit stores a challenged payment with its first event, its Seq 1, if its link is open; whether the
// link is single-use is copied from it here, where it is certain. The link's
// row is locked when the database's clock is read, and stays so until both are stored, so nothing
// can come between the judgement and its effect (invariant I25).
func (s *Store) Admit(ctx context.Context, p checkout.Payment, e checkout.Event, agreed ...checkout.Consent) (checkout.Payment, error) {
	// The payment is looked for, so that an attempt whose form came twice is told apart from a failure
	// (H1); that it is stored once is the primary key's doing.
	u := &unit{needs: needs{links: []checkout.LinkID{p.Link}, payments: []checkout.PaymentID{p.ID}}}
	if p.OneStep {
		u.needs.oneStep = u.needs.links
	}
	var admitted checkout.Payment
	u.run = func(w *work) error {
		err := w.admit(p, e)
		if err == nil && len(agreed) > 0 {
			err = w.agree(w.payments[p.ID], agreed, e)
		}
		if err == nil {
			admitted = w.payments[p.ID].Payment
		}
		return err
	}
	if err := s.do(ctx, string(p.Link), u); err != nil {
		return checkout.Payment{}, err
	}
	return admitted, nil
}

func (w *work) admit(p checkout.Payment, e checkout.Event) error {
	l := w.links[p.Link]
	if l == nil || l.Merchant != p.Merchant || l.Token != p.Token {
		return checkout.ErrNoLink
	}
	if p.Status != checkout.StatusChallenged {
		return checkout.ErrTransition.Because(fmt.Errorf("admit payment %s as %s", p.ID, p.Status))
	}
	if w.payments[p.ID] != nil {
		return checkout.ErrBegun
	}
	if err := l.Hot().Check(w.now); err != nil {
		return err
	}
	if p.LinkVersion != l.Version || !slices.Equal(p.Items, l.Items) { // a copy made by an older program has no lines
		return checkout.ErrTermsChanged
	}
	if l.Usage == checkout.UsageSingle && p.OneStep {
		if err := w.supersede(p, e); err != nil {
			return err
		}
	}
	p.SingleUse = l.Usage == checkout.UsageSingle
	p.Seq, p.Head, p.Slot = 0, nil, -1
	made := &paymentState{fresh: true}
	if err := w.keep(made, p, e, ""); err != nil {
		return err
	}
	w.payments[p.ID] = made
	if p.OneStep {
		w.oneStep[p.Link] = append(w.oneStep[p.Link], p.ID)
	}
	return nil
}

// supersede fails the link's earlier one-step attempts: their bank may still charge, so each has a
// reversal due.
func (w *work) supersede(by checkout.Payment, e checkout.Event) error {
	for _, id := range w.oneStep[by.Link] {
		old := w.payments[id]
		if old.Status != checkout.StatusChallenged {
			continue
		}
		m, err := old.Fail(checkout.Decline{Code: checkout.ReasonSuperseded}, e.At, checkout.Step{
			At: e.At, Actor: e.Actor, IP: e.IP, Data: map[string]string{"by": string(by.ID)},
		})
		if err != nil {
			return err
		}
		if err := w.keep(old, m.To, m.Event, m.Publish); err != nil {
			return err
		}
	}
	return nil
}

// unsettled is true of a one-step attempt whose bank may hold money for it that we do not know of.
const unsettled = "one_step = 1 AND (status = 'challenged' OR reversal = 'due')"

// displace supersedes the one-step attempts that stand before a two-step payment which takes the link, if their bank
// was asked about each, and about those that have ended and may be charged.
func (w *work) displace(l *linkState, by checkout.Payment, m checkout.Move) error {
	if by.OneStep || l.Usage != checkout.UsageSingle {
		return nil
	}
	for _, id := range w.oneStep[l.ID] {
		p := w.payments[id]
		if (p.Status == checkout.StatusChallenged || p.Reversal == checkout.ReversalDue) && !slices.Contains(m.Asked, id) {
			return checkout.ErrUnasked
		}
	}
	return w.supersede(by, m.Event)
}

// Move makes a step true. Of m.To it takes what may change in a payment; slot, Seq and Head are the
// ledger's own, and the frozen copy is never written again.
func (s *Store) Move(ctx context.Context, m checkout.Move) (checkout.Moved, error) {
	var done checkout.Moved
	u := &unit{needs: needs{payments: []checkout.PaymentID{m.From.ID}}}
	if m.Slot != checkout.SlotKeep || m.To.Status != m.From.Status {
		u.needs.links = []checkout.LinkID{m.From.Link}
	}
	if m.Slot == checkout.SlotTake {
		u.needs.slots = u.needs.links
		if m.From.SingleUse && !m.From.OneStep {
			u.needs.oneStep = u.needs.links
		}
	}
	if m.Refund != nil {
		u.needs.refunds = u.needs.payments
	}
	if m.Chargeback != nil {
		u.needs.chargebacks = []checkout.ChargebackID{m.Chargeback.ID}
	}
	if m.Answer.Key != "" {
		u.needs.idem = []pair{idemPair(m.Answer)}
	}
	u.run = func(w *work) (err error) {
		if done.Link, err = w.move(m); err == nil {
			done.Payment = w.payments[m.From.ID].Payment
		}
		return err
	}
	if err := s.do(ctx, string(m.From.Link), u); err != nil {
		return checkout.Moved{}, err
	}
	return done, nil
}

func (w *work) move(m checkout.Move) (*checkout.Link, error) {
	p := w.payments[m.From.ID]
	if p == nil || p.Merchant != m.From.Merchant || p.Link != m.From.Link {
		return nil, checkout.ErrNoPayment
	}
	if p.Seq != m.From.Seq {
		return nil, checkout.ErrStale
	}
	if m.To.Status != p.Status && !p.Status.MayBecome(m.To.Status) {
		return nil, checkout.ErrTransition.Because(fmt.Errorf("payment %s: %s → %s", p.ID, p.Status, m.To.Status))
	}
	if err := w.mayGiveBack(m); err != nil {
		return nil, err
	}
	if err := w.mayDispute(m); err != nil {
		return nil, err
	}
	if err := w.keyFree(m.Answer, nil); err != nil {
		return nil, err
	}
	l, err := w.step(p, m)
	if err != nil {
		return nil, err
	}
	w.answer(m.Answer)
	if err := w.giveBack(p, m); err != nil {
		return nil, err
	}
	return l, w.dispute(p, m)
}

// step writes what a move changes in the payment and in its link's counters.
func (w *work) step(p *paymentState, m checkout.Move) (*checkout.Link, error) {
	next := moved(p.Payment, m.To)
	l := w.links[p.Link]
	if l == nil {
		return nil, w.keep(p, next, m.Event, m.Publish)
	}
	slot, err := w.slot(l, p.Payment, m.Slot)
	if err != nil {
		return nil, err
	}
	if m.Slot == checkout.SlotTake {
		if err := w.displace(l, p.Payment, m); err != nil {
			return nil, err
		}
	}
	before, open := p.Payment, !l.Spent()
	next.Slot = slot
	if err := w.keep(p, next, m.Event, m.Publish); err != nil {
		return nil, err
	}
	if !w.count(l, before, next, m.Event.At) {
		return nil, nil
	}
	if open {
		if err := w.tellSpent(l, m.Event); err != nil {
			return nil, err
		}
	}
	after := l.Link
	return &after, nil
}

// tellSpent writes that a link that was open is paid, if it is by what e did.
func (w *work) tellSpent(l *linkState, e checkout.Event) error {
	if !l.Spent() {
		return nil
	}
	e.Type, e.Data = checkout.TopicLinkPaid, map[string]string{"payment": string(l.PaidBy)}
	return w.recordLink(l, e, checkout.TopicLinkPaid)
}

// moved is the stored payment with what a move may change.
func moved(now, to checkout.Payment) checkout.Payment {
	next := now
	next.Status, next.Refs = to.Status, to.Refs
	next.MDStatus, next.ECI, next.Liability = to.MDStatus, to.ECI, to.Liability
	next.AuthCode, next.RRN, next.Decline, next.Reversal = to.AuthCode, to.RRN, to.Decline, to.Reversal
	next.Refunded, next.Disputed, next.DueAt, next.Deadline = to.Refunded, to.Disputed, to.DueAt, to.Deadline
	next.Asks, next.NotFound, next.UpdatedAt, next.PaidAt = to.Asks, to.NotFound, to.UpdatedAt, to.PaidAt
	return next
}

// slot is which of the link's slots the payment holds after the change, −1 = none. The constraint on
// (link, slot) holds what is decided here against every mistake and every other gateway.
func (w *work) slot(l *linkState, p checkout.Payment, c checkout.SlotChange) (int, error) {
	switch {
	case c == checkout.SlotTake && p.Slot < 0 && l.Slots() > 0:
		return w.freeSlot(l)
	case c == checkout.SlotRelease && p.PaidAt.IsZero():
		return -1, nil
	}
	return p.Slot, nil
}

// freeSlot is the smallest free slot. Payments that were paid before the link had a limit hold no
// slot and count all the same.
func (w *work) freeSlot(l *linkState) (int, error) {
	switch {
	case l.Spent():
		return 0, checkout.ErrPaid
	case l.PaidCount+l.SlotsHeld >= l.Slots():
		return 0, checkout.ErrBusy
	}
	for n := range l.Slots() {
		if !w.slots[l.ID][n] {
			return n, nil
		}
	}
	return 0, checkout.ErrBusy
}

// count brings the link's counters up to date and says whether any changed.
func (w *work) count(l *linkState, before, after checkout.Payment, at time.Time) bool {
	held := undecided(after) - undecided(before)
	paid := after.Status == checkout.StatusPaid && !before.Status.Collected()
	if held == 0 && !paid && before.Slot == after.Slot {
		return false
	}
	if before.Slot != after.Slot {
		if w.slots[l.ID] == nil {
			w.slots[l.ID] = map[int]bool{}
		}
		delete(w.slots[l.ID], before.Slot)
		if after.Slot >= 0 {
			w.slots[l.ID][after.Slot] = true
		}
	}
	l.counted = true
	l.SlotsHeld += held
	if paid {
		l.PaidCount++
		l.PaidMinor += after.Total.Minor
		l.PaidBy, l.PaidAt = after.ID, fromMicros(micros(after.PaidAt))
	}
	w.touch(l, at)
	return true
}

// undecided is 1 for a payment that holds a slot while its bank's word is awaited.
func undecided(p checkout.Payment) int {
	if p.Slot >= 0 && p.Status.Undecided() {
		return 1
	}
	return 0
}

// PaymentByID is for the card holder's pages and the bank's callbacks.
func (s *Store) PaymentByID(ctx context.Context, id checkout.PaymentID) (checkout.Payment, error) {
	return s.payment(ctx, "id = $1", string(id))
}

var paymentAndLink = "SELECT " + payments.listOf("p") + ", " + links.listOf("l") + " FROM payments AS p JOIN links AS l ON l.id = p.link WHERE p.id = $1"

// PaymentAndLink is for the card holder's result, in one question.
func (s *Store) PaymentAndLink(ctx context.Context, id checkout.PaymentID) (p checkout.Payment, l checkout.Link, err error) {
	found := false
	err = s.read(ctx, func(q querier) error {
		return q.query(ctx, paymentAndLink, func(r row) error {
			var link *linkRow
			if p, err = scanPayment(r); err == nil {
				link, err = scanLink(r)
			}
			if err == nil {
				l, found = link.Link, true
			}
			return err
		}, string(id))
	})
	if err == nil && !found {
		err = checkout.ErrNoPayment
	}
	return p, l, err
}

// PaymentOf is for the merchant.
func (s *Store) PaymentOf(ctx context.Context, m checkout.MerchantID, id checkout.PaymentID) (checkout.Payment, error) {
	return s.payment(ctx, "id = $1 AND merchant = $2", string(id), string(m))
}

// receiptCode is how long the prefix of PaymentByPrefix is: "pay_" and twelve characters.
const receiptCode = 16

// pastIDs, behind the beginning of an id, is greater than every id that begins so: ids are ASCII and
// compared byte by byte.
const pastIDs = "\x7f"

// PaymentByPrefix finds the payment that a receipt's code names, if it is the only one.
func (s *Store) PaymentByPrefix(ctx context.Context, prefix string) (checkout.Payment, error) {
	if len(prefix) != receiptCode {
		return checkout.Payment{}, checkout.ErrNoPayment
	}
	var found []checkout.Payment
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+payments.list+" FROM payments WHERE id >= $1 AND id < $2 LIMIT 2", func(r row) error {
			p, err := scanPayment(r)
			found = append(found, p)
			return err
		}, prefix, prefix+pastIDs)
	})
	if err != nil {
		return checkout.Payment{}, err
	}
	if len(found) != 1 {
		return checkout.Payment{}, checkout.ErrNoPayment
	}
	return found[0], nil
}

func (s *Store) payment(ctx context.Context, where string, args ...any) (checkout.Payment, error) {
	var found checkout.Payment
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+payments.list+" FROM payments WHERE "+where, func(r row) (err error) {
			found, err = scanPayment(r)
			return err
		}, args...)
	})
	if err != nil {
		return checkout.Payment{}, err
	}
	if found.ID == "" {
		return checkout.Payment{}, checkout.ErrNoPayment
	}
	return found, nil
}

// The link's usage is the one that displace and admit go by: an attempt may be older than it.
var unsettledOneStep = "SELECT " + payments.list + ` FROM payments WHERE link = $1 AND ` + unsettled + `
	AND EXISTS (SELECT 1 FROM links WHERE id = $1 AND usage = 'single') ORDER BY id`

// UnsettledOneStep finds what displace looks at.
func (s *Store) UnsettledOneStep(ctx context.Context, l checkout.LinkID) (open []checkout.Payment, err error) {
	err = s.read(ctx, func(q querier) error {
		open = nil
		return q.query(ctx, unsettledOneStep, func(r row) error {
			p, err := scanPayment(r)
			open = append(open, p)
			return err
		}, string(l))
	})
	return open, err
}

// LeaseDue hands out payments whose time has come, earliest first, and moves their time to until. A
// lease is no event: it changes nothing about the payment but when it is looked at. Payments that
// another gateway is leasing or moving right now are passed over.
func (s *Store) LeaseDue(ctx context.Context, until time.Time, limit int) ([]checkout.Payment, error) {
	var out []checkout.Payment
	err := s.solo(ctx, func(ctx context.Context, t tx) error {
		out = nil
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		lease := write{table: payments, set: paymentLease}
		err = t.query(ctx, "SELECT "+payments.list+` FROM payments WHERE due_at > 0 AND due_at <= $1
			ORDER BY due_at, id LIMIT $2`+s.engine.skipLocked(), func(r row) error {
			p, err := scanPayment(r)
			p.DueAt = fromMicros(micros(until))
			out = append(out, p)
			lease.rows = append(lease.rows, []any{string(p.ID), micros(until), p.Seq})
			return err
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

// LeaseOne hands out one pending payment that nobody can be asking about: its time has come, or is behind the
// end of every lease that runs.
func (s *Store) LeaseOne(ctx context.Context, m checkout.MerchantID, id checkout.PaymentID, rested, until time.Time) (checkout.Payment, error) {
	p, err := s.PaymentOf(ctx, m, id)
	if err != nil {
		return p, err
	}
	if p.Status != checkout.StatusPending || p.Reversal != checkout.ReversalNone {
		return p, checkout.ErrNotPending
	}
	leased := false
	err = s.solo(ctx, func(ctx context.Context, t tx) error {
		leased = false
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		lease := write{table: payments, set: paymentLease}
		err = t.query(ctx, "SELECT "+payments.list+` FROM payments WHERE id = $1 AND seq = $2 AND updated_at <= $3
			AND due_at > 0 AND (due_at <= $4 OR due_at > $5)`+s.engine.skipLocked(), func(r row) error {
			p, err = scanPayment(r)
			p.DueAt, leased = fromMicros(micros(until)), true
			lease.rows = append(lease.rows, []any{string(p.ID), micros(until), p.Seq})
			return err
		}, string(id), p.Seq, micros(rested), now, micros(until))
		if err != nil || !leased {
			return err
		}
		return applyAll(ctx, t, lease)
	})
	if err == nil && !leased {
		err = checkout.ErrAsking
	}
	return p, err
}

// Postpone moves when paid payments are looked at.
func (s *Store) Postpone(ctx context.Context, ids []checkout.PaymentID, until time.Time) error {
	const most = 500 // parameters of one statement
	for ; len(ids) > most; ids = ids[most:] {
		if err := s.postpone(ctx, ids[:most], until); err != nil {
			return err
		}
	}
	return s.postpone(ctx, ids, until)
}

func (s *Store) postpone(ctx context.Context, ids []checkout.PaymentID, until time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	marks, args := make([]string, len(ids)), make([]any, len(ids))
	for i, id := range ids {
		marks[i], args[i] = "$"+strconv.Itoa(i+1), string(id)
	}
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		later := write{table: payments, set: paymentLease}
		err := t.query(ctx, "SELECT id, seq FROM payments WHERE status = 'paid' AND due_at > 0 AND id IN ("+strings.Join(marks, ", ")+") ORDER BY id"+
			s.engine.skipLocked(), func(r row) error {
			later.rows = append(later.rows, []any{r.text(), micros(until), r.num()})
			return nil
		}, args...)
		if err != nil {
			return err
		}
		return applyAll(ctx, t, later)
	})
}

// Undecided walks the few payments that the settle loop has before it.
func (s *Store) Undecided(ctx context.Context, limit int) (all []checkout.Undecided, err error) {
	err = s.read(ctx, func(q querier) error {
		all = nil
		return q.query(ctx, `SELECT id, merchant, account, deadline FROM payments WHERE due_at > 0 AND status IN ('authorizing', 'pending')
			ORDER BY deadline, id LIMIT $1`, func(r row) error {
			all = append(all, checkout.Undecided{
				Payment: checkout.PaymentID(r.text()), Merchant: checkout.MerchantID(r.text()), Account: checkout.AccountID(r.text()), Since: fromMicros(r.num()),
			})
			return nil
		}, int64(limit))
	})
	return all, err
}

// Events answers the audit trail of one subject in order.
func (s *Store) Events(ctx context.Context, m checkout.MerchantID, subject string) ([]checkout.Event, error) {
	var out []checkout.Event
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+events.list+" FROM events WHERE subject = $1 AND merchant = $2 ORDER BY seq",
			func(r row) error {
				l, err := scanLine(r)
				out = append(out, l.Event)
				return err
			}, subject, string(m))
	})
	return out, err
}

// Outgoing is an event that waits in the outbox for its place in the feed, or has it.
type Outgoing struct {
	Event    checkout.EventID
	Merchant checkout.MerchantID
	Subject  string
	Seq      int64 // of the event, per subject
	Topic    string
	DueAt    time.Time
	Attempts int
	DoneAt   time.Time // when it got its place in the feed; zero = not yet
}

// Outbox calls yield for everything a merchant's events have published, oldest due first.
func (s *Store) Outbox(ctx context.Context, m checkout.MerchantID, yield func(Outgoing) error) error {
	return s.reading(ctx, false, func(q querier) error { // as long as yield takes
		return q.query(ctx, "SELECT "+outbox.list+" FROM outbox WHERE merchant = $1 ORDER BY due_at, subject, seq",
			func(r row) error {
				return yield(Outgoing{
					Event: checkout.EventID(r.text()), Merchant: checkout.MerchantID(r.text()), Subject: r.text(),
					Seq: r.num(), Topic: r.text(), DueAt: fromMicros(r.num()), Attempts: int(r.num()),
					DoneAt: fromMicros(r.num()),
				})
			}, string(m))
	})
}
