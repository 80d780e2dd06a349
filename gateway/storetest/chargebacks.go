package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Chargeback is a dispute of all that is not disputed of a payment; it is not stored.
func (b *Books) Chargeback(p checkout.Payment, change ...func(*checkout.Chargeback)) checkout.Chargeback {
	c := checkout.Chargeback{
		ID: b.IDs.Chargeback(), Merchant: p.Merchant, Payment: p.ID, Amount: checkout.Money{Minor: p.Total.Minor - p.Disputed, Currency: p.Total.Currency},
		ChargebackTerms: checkout.ChargebackTerms{Code: "10.4", ReceivedAt: checkout.DayOf(b.Clock.Now())}, Actor: "operator",
	}
	for _, to := range change {
		to(&c)
	}
	return c
}

// Dispute stores a chargeback and answers its payment.
func (b *Books) Dispute(p checkout.Payment, c checkout.Chargeback) checkout.Payment {
	b.Helper()
	m, err := p.Dispute(c, b.Step())
	b.must(err)
	return b.Move(m)
}

// FollowUp brings a chargeback to a status and answers its payment.
func (b *Books) FollowUp(p checkout.Payment, id checkout.ChargebackID, to checkout.ChargebackStatus) checkout.Payment {
	b.Helper()
	m, err := p.FollowUp(b.readChargeback(id), checkout.ChargebackChange{Status: to}, b.Step())
	b.must(err)
	return b.Move(m)
}

func (b *Books) readChargeback(id checkout.ChargebackID) checkout.Chargeback {
	b.Helper()
	c, err := b.Ledger.ChargebackOf(b.ctx, b.Merchant, id)
	b.must(err)
	return c
}

func chargebackFields(b *Books) {
	p := b.Pay(b.Create())
	part := b.Refund(p, func(r *checkout.Refund) { r.Amount.Minor = 100 })
	p = b.GiveBack(b.AskBack(p, part), part)
	today := checkout.DayOf(b.Clock.Now())
	tomorrow := checkout.DayOf(b.Clock.Now().Add(24 * time.Hour))
	c := b.Chargeback(p, func(c *checkout.Chargeback) {
		c.Amount.Minor, c.Reason, c.Case, c.RespondBy = 700, "Müşteri 'almadım' diyor", "D-2026/17", tomorrow
	})
	p = b.Dispute(p, c)
	c.Status, c.RefundedBefore, c.CreatedAt, c.UpdatedAt = checkout.ChargebackOpen, 100, b.Clock.Now(), b.Clock.Now()
	b.equal("recorded", b.readChargeback(c.ID), c)
	b.equal("of the payment", []any{p.Status, p.Refunded, p.Disputed}, []any{checkout.StatusPartiallyRefunded, int64(100), int64(700)})
	b.equal("as stored", b.Read(p.ID), p)
	second := b.Chargeback(p, func(c *checkout.Chargeback) { c.Code, c.Amount.Minor = "", 1 })
	b.Clock.Advance(time.Second)
	p = b.Dispute(p, second)
	second.Status, second.RefundedBefore, second.CreatedAt, second.UpdatedAt = checkout.ChargebackOpen, 100, b.Clock.Now(), b.Clock.Now()
	b.Clock.Advance(time.Second)
	words, number, none := "Teslim tutanağı gönderildi", "D-2026/18", checkout.Day("")
	m, err := p.FollowUp(c, checkout.ChargebackChange{Status: checkout.ChargebackContested, Reason: &words, Case: &number, RespondBy: &none}, b.Step())
	b.must(err)
	p = b.Move(m)
	c.Status, c.Reason, c.Case, c.RespondBy, c.UpdatedAt = checkout.ChargebackContested, words, number, "", b.Clock.Now()
	b.equal("contested", b.readChargeback(c.ID), c)
	p = b.FollowUp(p, c.ID, checkout.ChargebackWon)
	c.Status, c.ClosedAt = checkout.ChargebackWon, b.Clock.Now()
	b.equal("won", b.readChargeback(c.ID), c)
	b.equal("no longer in dispute", p.Disputed, int64(1))
	all, err := b.Ledger.ChargebacksOf(b.ctx, b.Merchant, []checkout.PaymentID{p.ID, b.IDs.Payment()})
	b.must(err)
	b.equal("of the payment, oldest first", all, map[checkout.PaymentID][]checkout.Chargeback{p.ID: {c, second}})
	none2, err := b.Ledger.ChargebacksOf(b.ctx, b.Merchant, nil)
	b.must(err)
	b.equal("of nothing", len(none2), 0)
	b.equal("received", c.ReceivedAt, today)
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(p.ID))
	b.must(err)
	var types []string
	for _, e := range events[7:] {
		types = append(types, e.Type)
	}
	b.equal("events", types, []string{
		"payment.chargeback_opened", "chargeback.opened", "payment.chargeback_opened", "chargeback.opened",
		"payment.chargeback_changed", "chargeback.updated", "payment.chargeback_changed", "chargeback.closed",
	})
	told, err := b.Ledger.Unplaced(b.ctx, 100)
	b.must(err)
	var topics []string
	for _, n := range told {
		if n.Subject == string(c.ID) {
			topics = append(topics, n.Topic)
		}
	}
	b.equal("told", topics, []string{checkout.TopicChargebackOpened, checkout.TopicChargebackUpdated, checkout.TopicChargebackClosed})
}

func chargebackForeign(b *Books) {
	p := b.Pay(b.Create())
	c := b.Chargeback(p)
	b.Dispute(p, c)
	other := b.NewMerchant()
	_, err := b.Ledger.ChargebackOf(b.ctx, other, c.ID)
	b.want(err, checkout.ErrNoChargeback)
	found, _, err := b.Ledger.SearchChargebacks(b.ctx, checkout.ChargebackQuery{Merchant: other})
	b.must(err)
	of, err := b.Ledger.ChargebacksOf(b.ctx, other, []checkout.PaymentID{p.ID})
	b.must(err)
	open, err := b.Ledger.OpenChargebacks(b.ctx, other, "")
	b.must(err)
	reported, err := b.chargebackReport().ReportChargebacks(b.ctx, checkout.ReportQuery{Merchant: other})
	b.must(err)
	b.equal("others' rows", []int64{int64(len(found)), int64(len(of)), open.Count, int64(len(reported))}, []int64{0, 0, 0, 0})
	strange, err := b.Pay(b.Create()).Dispute(c, b.Step())
	b.must(err)
	_, err = b.Ledger.Move(b.ctx, strange)
	b.want(err, checkout.ErrStale)
}

func chargebackStale(b *Books) {
	p := b.Pay(b.Create())
	c := b.Chargeback(p)
	open := b.Dispute(p, c)
	as := b.readChargeback(c.ID)
	lost := b.FollowUp(open, c.ID, checkout.ChargebackLost)
	// Somebody who read it while it was open.
	late, err := open.FollowUp(as, checkout.ChargebackChange{Status: checkout.ChargebackWon}, b.Step())
	b.must(err)
	_, err = b.Ledger.Move(b.ctx, late)
	b.want(err, checkout.ErrStale)
	// The same with the payment as it is, and the chargeback as it was.
	late, err = lost.FollowUp(as, checkout.ChargebackChange{Status: checkout.ChargebackWon}, b.Step())
	b.must(err)
	_, err = b.Ledger.Move(b.ctx, late)
	b.want(err, checkout.ErrStale)
	b.equal("lost", []any{b.readChargeback(c.ID).Status, b.Read(p.ID)}, []any{checkout.ChargebackLost, lost})
	back := b.FollowUp(lost, c.ID, checkout.ChargebackWithdrawn)
	b.equal("withdrawn", []any{b.readChargeback(c.ID).Status, back.Disputed, b.Read(p.ID)}, []any{checkout.ChargebackWithdrawn, int64(0), back})
}

// The refund's asker read the payment before the chargeback was recorded.
func chargebackFirst(b *Books) {
	p := b.Pay(b.Create())
	refund, err := p.AskBack(b.Refund(p), b.Step())
	b.must(err)
	disputed := b.Dispute(p, b.Chargeback(p))
	_, err = b.Ledger.Move(b.ctx, refund)
	b.want(err, checkout.ErrStale)
	b.equal("untouched", b.Read(p.ID), disputed)
	_, err = b.Read(p.ID).AskBack(b.Refund(p), b.Step())
	b.want(err, checkout.ErrDisputed)
}

// What the bank was asked for goes back, whatever is disputed meanwhile.
func refundFirst(b *Books) {
	p := b.Pay(b.Create())
	r := b.Refund(p)
	stale, err := p.Dispute(b.Chargeback(p), b.Step())
	b.must(err)
	asked := b.AskBack(p, r)
	_, err = b.Ledger.Move(b.ctx, stale)
	b.want(err, checkout.ErrStale)
	c := b.Chargeback(asked)
	p = b.Dispute(asked, c)
	b.equal("nothing had gone back", b.readChargeback(c.ID).RefundedBefore, int64(0))
	p = b.GiveBack(p, r)
	b.equal("both", []any{p.Status, p.Refunded, p.Disputed}, []any{checkout.StatusRefunded, p.Total.Minor, p.Total.Minor})
	p = b.FollowUp(p, c.ID, checkout.ChargebackWon)
	b.Clock.Advance(24 * time.Hour)
	p = b.FollowUp(p, c.ID, checkout.ChargebackOpen)
	second := b.readChargeback(c.ID)
	b.equal("at its second round it had", []any{second.RefundedBefore, p.Disputed}, []any{p.Total.Minor, p.Total.Minor})
	b.equal("its letter is of that day", second.ReceivedAt, checkout.DayOf(b.Clock.Now()))
}

func chargebackParallel(b *Books) {
	p := b.Pay(b.Create())
	errs := together(100, func(i int) error {
		m, err := p.AskBack(b.Refund(p), b.Step())
		if i%2 == 0 {
			m, err = p.Dispute(b.Chargeback(p), b.Step())
		}
		if err == nil {
			_, err = b.Ledger.Move(b.ctx, m)
		}
		return err
	})
	b.equal("ends", tally(errs), map[string]int{"": 1, "stale": 99})
}

func chargebackKey(b *Books) {
	p := b.Pay(b.Create())
	m, err := p.Dispute(b.Chargeback(p), b.Step())
	b.must(err)
	m.Answer = checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte("r"), Status: 201, Body: []byte("b")}
	b.Move(m)
	q := b.Pay(b.Create())
	for request, want := range map[string]error{"r": checkout.ErrKeyKnown, "other": checkout.ErrKeyReused} {
		m, err := q.Dispute(b.Chargeback(q), b.Step())
		b.must(err)
		m.Answer = checkout.Idempotency{Merchant: b.Merchant, Key: "once", Request: []byte(request)}
		_, err = b.Ledger.Move(b.ctx, m)
		b.want(err, want)
	}
	b.equal("nothing was written", b.Read(q.ID), q)
}

func searchChargebacks(b *Books) {
	u := b.User()
	n := b.New(b.Link())
	n.Maker = u.ID
	b.must(b.Ledger.CreateLink(b.ctx, n))
	p, q := b.Pay(b.Create()), b.Pay(b.ReadLink(n.Link.ID))
	start := b.Clock.Now()
	first := b.Chargeback(p, func(c *checkout.Chargeback) { c.Amount.Minor = 1 })
	p = b.Dispute(p, first)
	b.Clock.Advance(time.Second)
	second := b.Chargeback(q)
	b.Dispute(q, second)
	b.Clock.Advance(time.Second)
	third := b.Chargeback(p)
	p = b.FollowUp(b.Dispute(p, third), third.ID, checkout.ChargebackLost)
	find := func(q checkout.ChargebackQuery) []checkout.ChargebackID {
		b.Helper()
		q.Merchant = b.Merchant
		ids := []checkout.ChargebackID{}
		for {
			found, next, err := b.Ledger.SearchChargebacks(b.ctx, q)
			b.must(err)
			for _, c := range found {
				ids = append(ids, c.ID)
			}
			if q.Cursor = next; next == "" {
				return ids
			}
		}
	}
	ids := func(all ...checkout.ChargebackID) []checkout.ChargebackID {
		return append([]checkout.ChargebackID{}, all...)
	}
	b.equal("all", find(checkout.ChargebackQuery{}), ids(third.ID, second.ID, first.ID))
	b.equal("page by page", find(checkout.ChargebackQuery{Limit: 1}), ids(third.ID, second.ID, first.ID))
	b.equal("payment", find(checkout.ChargebackQuery{Payment: p.ID}), ids(third.ID, first.ID))
	b.equal("status", find(checkout.ChargebackQuery{Status: checkout.ChargebackOpen}), ids(second.ID, first.ID))
	b.equal("maker", find(checkout.ChargebackQuery{Maker: u.ID}), ids(second.ID))
	b.equal("currency", find(checkout.ChargebackQuery{Currency: checkout.USD}), ids())
	b.equal("from", find(checkout.ChargebackQuery{From: start.Add(time.Second)}), ids(third.ID, second.ID))
	b.equal("to", find(checkout.ChargebackQuery{To: start.Add(time.Second)}), ids(first.ID))
	for _, cursor := range []string{"x", "AAAAAAAAAAAAAAAA"} {
		_, _, err := b.Ledger.SearchChargebacks(b.ctx, checkout.ChargebackQuery{Merchant: b.Merchant, Cursor: cursor})
		b.want(err, checkout.ErrCursor)
	}
}

func openChargebacks(b *Books) {
	u := b.User()
	n := b.New(b.Link())
	n.Maker = u.ID
	b.must(b.Ledger.CreateLink(b.ctx, n))
	open := func(maker checkout.UserID) checkout.OpenChargebacks {
		b.Helper()
		o, err := b.Ledger.OpenChargebacks(b.ctx, b.Merchant, maker)
		b.must(err)
		return o
	}
	b.equal("none", open(""), checkout.OpenChargebacks{})
	in := func(days int) checkout.Day {
		return checkout.DayOf(b.Clock.Now().Add(time.Duration(days) * 24 * time.Hour))
	}
	untold := b.Pay(b.ReadLink(n.Link.ID))
	b.Dispute(untold, b.Chargeback(untold))
	b.equal("no last day", open(""), checkout.OpenChargebacks{Count: 1})
	var soon checkout.Chargeback
	for _, days := range []int{9, 2, 5} {
		p := b.Pay(b.Create())
		c := b.Chargeback(p, func(c *checkout.Chargeback) { c.RespondBy = in(days) })
		if b.Dispute(p, c); days == 2 {
			soon = c
		}
	}
	b.equal("all", open(""), checkout.OpenChargebacks{Count: 4, RespondBy: in(2)})
	b.equal("of a maker", open(u.ID), checkout.OpenChargebacks{Count: 1})
	b.FollowUp(b.Read(soon.Payment), soon.ID, checkout.ChargebackContested)
	b.equal("answered", open(""), checkout.OpenChargebacks{Count: 3, RespondBy: in(5)})
}

// chargebackReports is what a ledger that reports are made of has beside checkout.Ledger.
type chargebackReports interface {
	ReportChargebacks(ctx context.Context, q checkout.ReportQuery) ([]checkout.Chargeback, error)
}

func (b *Books) chargebackReport() chargebackReports {
	b.Helper()
	r, ok := b.Ledger.(chargebackReports)
	if !ok {
		b.must(errors.New("the ledger reports no chargebacks"))
	}
	return r
}

func reportChargebacks(b *Books) {
	p := b.Pay(b.Create())
	b.Clock.Advance(48 * time.Hour)
	day := func(ago int) checkout.Day {
		return checkout.DayOf(b.Clock.Now().Add(-time.Duration(ago) * 24 * time.Hour))
	}
	var made []checkout.ChargebackID
	for _, ago := range []int{0, 2, 1} { // recorded in another order than they came
		c := b.Chargeback(p, func(c *checkout.Chargeback) { c.Amount.Minor, c.ReceivedAt = 10, day(ago) })
		p = b.Dispute(p, c)
		made = append(made, c.ID)
		b.Clock.Advance(time.Second)
	}
	p = b.FollowUp(p, made[2], checkout.ChargebackLost)
	find := func(q checkout.ReportQuery) []checkout.ChargebackID {
		b.Helper()
		q.Merchant = b.Merchant
		ids := []checkout.ChargebackID{}
		for {
			some, err := b.chargebackReport().ReportChargebacks(b.ctx, q)
			b.must(err)
			for _, c := range some {
				ids = append(ids, c.ID)
				from, _, _ := c.ReceivedAt.Span()
				q.After = checkout.ReportPlace{At: from, ID: string(c.ID)}
			}
			if q.Limit == 0 || len(some) < q.Limit {
				return ids
			}
		}
	}
	ids := func(all ...checkout.ChargebackID) []checkout.ChargebackID {
		return append([]checkout.ChargebackID{}, all...)
	}
	yesterday, today, _ := day(1).Span()
	b.equal("newest letter first", find(checkout.ReportQuery{}), ids(made[0], made[2], made[1]))
	b.equal("page by page", find(checkout.ReportQuery{Limit: 1}), ids(made[0], made[2], made[1]))
	b.equal("of a day", find(checkout.ReportQuery{From: yesterday, To: today}), ids(made[2]))
	b.equal("status", find(checkout.ReportQuery{Status: string(checkout.ChargebackLost)}), ids(made[2]))
	b.equal("account", find(checkout.ReportQuery{Account: p.Account}), ids(made[0], made[2], made[1]))
	b.equal("another account", find(checkout.ReportQuery{Account: "acc_x"}), ids())
	b.equal("currency", find(checkout.ReportQuery{Currency: checkout.JPY}), ids())
}
