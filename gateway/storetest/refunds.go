package storetest

import (
	"time"

	"github.com/odelink/odelink/checkout"
)

// Refund is a giving-back of all that is left of a payment; it is not stored.
func (b *Books) Refund(p checkout.Payment, change ...func(*checkout.Refund)) checkout.Refund {
	now := b.Clock.Now()
	r := checkout.Refund{
		ID: b.IDs.Refund(), Merchant: p.Merchant, Payment: p.ID, Kind: checkout.KindRefund, Status: checkout.RefundPending, Actor: "operator",
		Amount: checkout.Money{Minor: p.Rest(), Currency: p.Total.Currency}, CreatedAt: now, UpdatedAt: now, DueAt: now,
	}
	for _, c := range change {
		c(&r)
	}
	return r
}

// AskBack stores a giving-back and answers its payment.
func (b *Books) AskBack(p checkout.Payment, r checkout.Refund) checkout.Payment {
	b.Helper()
	m, err := p.AskBack(r, b.Step())
	b.must(err)
	return b.Move(m)
}

// GiveBack ends a giving-back with the bank's yes.
func (b *Books) GiveBack(p checkout.Payment, r checkout.Refund) checkout.Payment {
	b.Helper()
	m, err := p.GaveBack(r, checkout.Outcome{Result: checkout.ResultApproved, AuthCode: "R1", RRN: "42"}, b.Step())
	b.must(err)
	return b.Move(m)
}

func (b *Books) readRefund(id checkout.RefundID) checkout.Refund {
	b.Helper()
	r, err := b.Ledger.RefundOf(b.ctx, b.Merchant, id)
	b.must(err)
	return r
}

func refundFields(b *Books) {
	p := b.Pay(b.Create())
	part := b.Refund(p, func(r *checkout.Refund) { r.Amount.Minor, r.Reason, r.Before = 100, "İade: 'eksik' ürün", 7 })
	p = b.AskBack(p, part)
	b.equal("asked for", b.readRefund(part.ID), part)
	b.equal("nothing went back", p.Refunded, int64(0))
	b.Clock.Advance(time.Second)
	p = b.GiveBack(p, part)
	part.Status, part.AuthCode, part.RRN, part.UpdatedAt, part.DueAt = checkout.RefundRefunded, "R1", "42", b.Clock.Now(), time.Time{}
	b.equal("went back", b.readRefund(part.ID), part)
	b.equal("of the payment", []any{p.Status, p.Refunded}, []any{checkout.StatusPartiallyRefunded, int64(100)})
	rest := b.Refund(p)
	p = b.AskBack(p, rest)
	m, err := p.KeptBack(rest, checkout.Decline{Code: checkout.ReasonTooEarly, BankCode: "V014", Message: "gün sonu"}, b.Step())
	b.must(err)
	p = b.Move(m)
	rest.Status, rest.DueAt, rest.UpdatedAt = checkout.RefundRefused, time.Time{}, b.Clock.Now()
	rest.Decline = checkout.Decline{Code: checkout.ReasonTooEarly, BankCode: "V014", Message: "gün sonu"}
	b.equal("kept back", b.readRefund(rest.ID), rest)
	b.equal("the payment stays", []any{p.Status, p.Refunded}, []any{checkout.StatusPartiallyRefunded, int64(100)})
	all, err := b.Ledger.RefundsOf(b.ctx, b.Merchant, []checkout.PaymentID{p.ID, b.IDs.Payment()})
	b.must(err)
	b.equal("of the payment, oldest first", all, map[checkout.PaymentID][]checkout.Refund{p.ID: {part, rest}})
	none, err := b.Ledger.RefundsOf(b.ctx, b.Merchant, nil)
	b.must(err)
	b.equal("of nothing", len(none), 0)
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(p.ID))
	b.must(err)
	var types []string
	for _, e := range events[3:] {
		types = append(types, e.Type)
	}
	b.equal("events", types, []string{
		"payment.refund_requested", "refund.pending", "payment.refunded", "refund.refunded", "payment.refund_requested", "refund.pending", "payment.refund_refused", "refund.refused",
	})
}

func refundForeign(b *Books) {
	p := b.Pay(b.Create())
	r := b.Refund(p)
	b.AskBack(p, r)
	other := b.NewMerchant()
	_, err := b.Ledger.RefundOf(b.ctx, other, r.ID)
	b.want(err, checkout.ErrNoRefund)
	found, _, err := b.Ledger.SearchRefunds(b.ctx, checkout.RefundQuery{Merchant: other})
	b.must(err)
	b.equal("listed", len(found), 0)
	of, err := b.Ledger.RefundsOf(b.ctx, other, []checkout.PaymentID{p.ID})
	b.must(err)
	b.equal("of the payment", len(of), 0)
}

func refundOneAtATime(b *Books) {
	p := b.Pay(b.Create())
	first := b.Refund(p, func(r *checkout.Refund) { r.Amount.Minor = 100 })
	asked := b.AskBack(p, first)
	second, err := asked.AskBack(b.Refund(p, func(r *checkout.Refund) { r.Amount.Minor = 100 }), b.Step())
	b.must(err)
	_, err = b.Ledger.Move(b.ctx, second)
	b.want(err, checkout.ErrRefundRunning)
	b.equal("untouched", b.Read(p.ID), asked)
	done := b.GiveBack(asked, first)
	again, err := done.GaveBack(first, checkout.Outcome{Result: checkout.ResultApproved}, b.Step())
	b.must(err)
	_, err = b.Ledger.Move(b.ctx, again)
	b.want(err, checkout.ErrStale)
	b.equal("not twice", b.Read(p.ID), done)
	foreign := b.Pay(b.Create())
	strange, err := foreign.AskBack(b.Refund(foreign), b.Step())
	b.must(err)
	strange.Refund.ID = first.ID
	_, err = b.Ledger.Move(b.ctx, strange)
	b.equal("another payment's id is refused", err != nil, true)
	b.equal("nothing of it", b.Read(foreign.ID), foreign)
}

func refundParallel(b *Books) {
	p := b.Pay(b.Create())
	errs := together(100, func(int) error {
		m, err := p.AskBack(b.Refund(p), b.Step())
		if err == nil {
			_, err = b.Ledger.Move(b.ctx, m)
		}
		return err
	})
	b.equal("ends", tally(errs), map[string]int{"": 1, "stale": 99})
}

func refundKey(b *Books) {
	p := b.Pay(b.Create())
	r := b.Refund(p)
	m, err := p.AskBack(r, b.Step())
	b.must(err)
	m.Answer = checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte("r"), Body: []byte(r.ID)}
	b.must(func() error { _, err := b.Ledger.Move(b.ctx, m); return err }())
	kept, found, err := b.Ledger.Answer(b.ctx, b.Merchant, "once")
	b.must(err)
	b.equal("kept", []any{found, string(kept.Body), kept.Status}, []any{true, string(r.ID), 0})
	q := b.Pay(b.Create())
	for request, want := range map[string]error{"r": checkout.ErrKeyKnown, "other": checkout.ErrKeyReused} {
		m, err := q.AskBack(b.Refund(q), b.Step())
		b.must(err)
		m.Answer = checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte(request)}
		_, err = b.Ledger.Move(b.ctx, m)
		b.want(err, want)
	}
	b.equal("nothing was written", b.Read(q.ID), q)
}

func refundLease(b *Books) {
	p, q := b.Pay(b.Create()), b.Pay(b.Create())
	due := b.Clock.Now().Add(time.Minute)
	r := b.Refund(p, func(r *checkout.Refund) { r.DueAt = due })
	over := b.Refund(q, func(r *checkout.Refund) { r.DueAt = due })
	p = b.AskBack(p, r)
	b.GiveBack(b.AskBack(q, over), over)
	lease := func(until time.Time) []checkout.Refund {
		b.Helper()
		out, err := b.Ledger.LeaseRefunds(b.ctx, until, 10)
		b.must(err)
		return out
	}
	b.equal("early", len(lease(due)), 0)
	b.Clock.Set(due)
	until := due.Add(time.Minute)
	leased := lease(until)
	r.DueAt, r.Asks = until, 1
	b.equal("due", leased, []checkout.Refund{r})
	b.equal("as stored", b.readRefund(r.ID), r)
	b.equal("leased already", len(lease(until)), 0)
	later := until.Add(time.Hour)
	b.must(b.Ledger.RefundLater(b.ctx, r.ID, later))
	b.Clock.Set(until)
	b.equal("later", len(lease(later)), 0)
	b.Clock.Set(later)
	b.equal("asks", lease(later.Add(time.Minute))[0].Asks, 2)
	b.equal("no event of the payment", b.Read(p.ID), p)
	b.must(b.Ledger.RefundLater(b.ctx, over.ID, later))
	b.equal("what is over waits for nothing", b.readRefund(over.ID).DueAt.IsZero(), true)
}

func searchRefunds(b *Books) {
	p, q := b.Pay(b.Create()), b.Pay(b.Create())
	start := b.Clock.Now()
	void := b.Refund(p, func(r *checkout.Refund) { r.Kind = checkout.KindVoid })
	b.AskBack(p, void)
	b.Clock.Advance(time.Second)
	part := b.Refund(q, func(r *checkout.Refund) { r.Amount.Minor = 1 })
	q = b.GiveBack(b.AskBack(q, part), part)
	b.Clock.Advance(time.Second)
	rest := b.Refund(q)
	b.AskBack(q, rest)
	find := func(q checkout.RefundQuery) []checkout.RefundID {
		b.Helper()
		q.Merchant = b.Merchant
		ids := []checkout.RefundID{}
		for {
			found, next, err := b.Ledger.SearchRefunds(b.ctx, q)
			b.must(err)
			for _, r := range found {
				ids = append(ids, r.ID)
			}
			if q.Cursor = next; next == "" {
				return ids
			}
		}
	}
	ids := func(all ...checkout.RefundID) []checkout.RefundID { return append([]checkout.RefundID{}, all...) }
	b.equal("all", find(checkout.RefundQuery{}), ids(rest.ID, part.ID, void.ID))
	b.equal("page by page", find(checkout.RefundQuery{Limit: 1}), ids(rest.ID, part.ID, void.ID))
	b.equal("payment", find(checkout.RefundQuery{Payment: q.ID}), ids(rest.ID, part.ID))
	b.equal("kind", find(checkout.RefundQuery{Kind: checkout.KindVoid}), ids(void.ID))
	b.equal("status", find(checkout.RefundQuery{Status: checkout.RefundPending}), ids(rest.ID, void.ID))
	b.equal("from", find(checkout.RefundQuery{From: start.Add(time.Second)}), ids(rest.ID, part.ID))
	b.equal("to", find(checkout.RefundQuery{To: start.Add(time.Second)}), ids(void.ID))
	for _, cursor := range []string{"x", "AAAAAAAAAAAAAAAA"} {
		_, _, err := b.Ledger.SearchRefunds(b.ctx, checkout.RefundQuery{Merchant: b.Merchant, Cursor: cursor})
		b.want(err, checkout.ErrCursor)
	}
}
