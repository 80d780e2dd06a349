package storetest

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// typed are the payments that are found by what a person types, newest first.
func (b *Books) typed(text string, q checkout.PaymentQuery) []checkout.PaymentID {
	b.Helper()
	any, ok := checkout.ReadPaymentText(text)
	b.equal("asks: "+text, ok, true)
	q.Any = &any
	if q.Merchant == "" {
		q.Merchant = b.Merchant
	}
	found := []checkout.PaymentID{}
	for _, p := range b.listed(q) {
		found = append(found, p.ID)
	}
	return found
}

// listed are the payments of all pages of a list, whose sums are held against the store's.
func (b *Books) listed(q checkout.PaymentQuery) (all []checkout.Payment) {
	b.Helper()
	sums, err := b.Ledger.PaymentSums(b.ctx, q, time.Minute)
	b.must(err)
	for {
		page, next, err := b.Ledger.SearchPayments(b.ctx, q)
		b.must(err)
		all = append(all, page...)
		if q.Cursor = next; next == "" {
			break
		}
	}
	want := map[checkout.Currency]checkout.PaymentSum{}
	for _, p := range all {
		s := want[p.Total.Currency]
		s.Currency = p.Total.Currency
		s.Tries++
		if p.Collected() {
			s.Paid, s.Collected, s.Back = s.Paid+1, s.Collected+p.Total.Minor, s.Back+p.Refunded
		}
		want[s.Currency] = s
	}
	got := map[checkout.Currency]checkout.PaymentSum{}
	for _, s := range sums.Each {
		got[s.Currency] = s
	}
	b.equal("sums of the list", got, want)
	b.equal("all of them", []bool{sums.Known, sums.More}, []bool{true, false})
	return all
}

// listSums adds up lists of payments in every state, whatever page is in sight.
func listSums(b *Books) {
	l := b.Create(multi(0))
	first := b.Pay(l)
	b.Pay(l)
	m, err := first.RefundDone(1000, b.Step())
	b.must(err)
	b.Move(m)
	b.Clock.Advance(time.Second)
	b.Admit(l)
	yen := checkout.Money{Minor: 9900, Currency: checkout.JPY}
	b.Admit(l, func(p *checkout.Payment) { p.Amount, p.Total = yen, yen })
	for _, q := range []checkout.PaymentQuery{
		{}, {Limit: 1}, {Status: checkout.StatusPaid}, {Currency: checkout.JPY}, {Link: l.ID}, {Waiting: true}, {Attention: true}, {Max: 1}, {From: b.Clock.Now()}, {Account: "acc_2"}, {Order: l.Order},
	} {
		q.Merchant = b.Merchant
		b.listed(q)
	}
	sums, err := b.Ledger.PaymentSums(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant}, time.Minute)
	b.must(err)
	b.equal("the currency of the most first", []any{len(sums.Each), sums.Each[0].Currency, sums.Each[0].Paid, sums.Each[0].Back}, []any{2, checkout.TRY, int64(2), int64(1000)})
	b.equal("what is left", sums.Each[0].Remaining(), sums.Each[0].Collected-1000)
	sums, err = b.Ledger.PaymentSums(b.ctx, checkout.PaymentQuery{Merchant: b.NewMerchant()}, time.Minute)
	b.must(err)
	b.equal("foreign", len(sums.Each), 0)
}

func searchTyped(b *Books) {
	card := func(bin, last4 string) func(*checkout.Payment) {
		return func(p *checkout.Payment) { p.Card = checkout.CardFacts{BIN: bin, Last4: last4} }
	}
	first := b.Create(func(l *checkout.Link) { l.Order, l.Customer.Name = "SIP-7001", "Ayşe Işık" })
	second := b.Create(multi(0), func(l *checkout.Link) { l.Amount.Minor, l.Customer.Phone = 990000, "+905321112233" })
	paid := b.Move(b.Approved(b.Move(b.Authorizing(b.Admit(first, card("41556500", "1234"))))))
	b.Clock.Advance(time.Second)
	tried := b.Admit(second, card("51234567", "1234"))
	b.Clock.Advance(time.Second)
	yen := b.Admit(second, card("979204", "9900"), func(p *checkout.Payment) {
		p.Amount, p.Total = checkout.Money{Minor: 9900, Currency: checkout.JPY}, checkout.Money{Minor: 9900, Currency: checkout.JPY}
	})
	for text, want := range map[string][]checkout.PaymentID{
		string(paid.ID): ids(paid.ID), paid.ID.Reference(): ids(paid.ID), string(second.ID): ids(yen.ID, tried.ID),
		"https://pay.example/p/" + string(first.Token): ids(paid.ID), "SIP-7001": ids(paid.ID), string(tried.BankOrder): ids(tried.ID),
		"000000000001": ids(paid.ID), "123456": ids(paid.ID), "1234": ids(tried.ID, paid.ID), "41556500": ids(paid.ID), "512345": ids(tried.ID),
		"415565******1234": ids(paid.ID), "5123 45** **** 1234": ids(tried.ID), "**** 1234": ids(tried.ID, paid.ID), "512345 9999": {},
		"250": ids(paid.ID), "250,00 TL": ids(paid.ID), "9900": ids(yen.ID, tried.ID), "9.900,00": ids(tried.ID), "9900 JPY": ids(yen.ID), "9900 USD": {},
		"IŞIK": ids(paid.ID), "sip-70": ids(paid.ID), "0532 111 22 33": ids(yen.ID, tried.ID), "' OR 1=1 --": {}, "%%%": {}, "nobody": {},
	} {
		b.equal(text, b.typed(text, checkout.PaymentQuery{}), want)
		b.equal("foreign: "+text, b.typed(text, checkout.PaymentQuery{Merchant: b.NewMerchant()}), []checkout.PaymentID{})
	}
	b.equal("page by page", b.typed("1234", checkout.PaymentQuery{Limit: 1}), ids(tried.ID, paid.ID))
	b.equal("and status", b.typed("1234", checkout.PaymentQuery{Status: checkout.StatusPaid}), ids(paid.ID))
	b.equal("and currency", b.typed("9900", checkout.PaymentQuery{Currency: checkout.JPY}), ids(yen.ID))
	b.equal("and account", b.typed("9900", checkout.PaymentQuery{Account: "acc_2"}), []checkout.PaymentID{})
	b.equal("and time", b.typed("1234", checkout.PaymentQuery{To: tried.CreatedAt}), ids(paid.ID))
	waiting, _, err := b.Ledger.SearchPayments(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant, Waiting: true})
	b.must(err)
	b.equal("waiting", len(waiting), 0)
}

// A text that names more links than can be looked up one by one finds their payments all the same, newest first and page
// by page, whatever else is asked.
// manyLinks are more with one text than a store looks up, the 300th not by their maker.
func (b *Books) manyLinks() (many []checkout.NewLink, maker checkout.UserID) {
	b.Helper()
	many, maker = make([]checkout.NewLink, 600), b.User().ID
	for i := range many {
		many[i] = b.New(b.Link(func(l *checkout.Link) { l.Description = "Kasım aidatı" }))
		if i != 300 {
			many[i].Maker = maker
		}
	}
	b.must(b.Ledger.CreateLinks(b.ctx, many))
	return many, maker
}

// linksNamed finds links by texts that name few and many of them, beside other filters, and by what they say now.
func linksNamed(b *Books) {
	many, maker := b.manyLinks()
	b.Clock.Advance(time.Second)
	deleted := many[300].Link
	gone := deleted
	gone.DeletedAt = b.Clock.Now()
	_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: deleted, To: gone, Event: b.Event("link.deleted")})
	b.must(err)
	b.Clock.Advance(time.Second)
	newest := b.Create(func(l *checkout.Link) { l.Description = "Aralık aidatı" })

	b.equal("the newest of many", b.foundLinks(checkout.LinkQuery{Text: "AİDAT", Limit: 1}), []checkout.LinkID{newest.ID})
	all := map[checkout.LinkID]bool{}
	for cursor, first := "", true; first || cursor != ""; first = false {
		page, next, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: b.Merchant, Text: "aidat", Maker: maker, Limit: 100, Cursor: cursor})
		b.must(err)
		for _, l := range page {
			all[l.ID] = true
		}
		cursor = next
	}
	b.equal("of who made them, page by page", []any{len(all), all[deleted.ID], all[newest.ID]}, []any{599, false, false})
	b.equal("and status", b.foundLinks(checkout.LinkQuery{Text: "aidat", Status: checkout.LinkDeleted}), []checkout.LinkID{deleted.ID})
	b.equal("few", b.foundLinks(checkout.LinkQuery{Text: "aralık"}), []checkout.LinkID{newest.ID})
	b.equal("few, of another status", b.foundLinks(checkout.LinkQuery{Text: "aralık", Status: checkout.LinkPaid}), []checkout.LinkID{})
	b.equal("few, of somebody else", b.foundLinks(checkout.LinkQuery{Text: "aralık", Maker: maker}), []checkout.LinkID{})
	b.equal("few, on another day", b.foundLinks(checkout.LinkQuery{Text: "aralık", To: newest.CreatedAt}), []checkout.LinkID{})

	to := newest
	to.Description = "Ocak aidatı"
	_, err = b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: newest, To: to, Event: b.Event("link.edited")})
	b.must(err)
	b.Pay(b.ReadLink(newest.ID)) // which leaves its words alone
	b.equal("what it said", b.foundLinks(checkout.LinkQuery{Text: "aralık"}), []checkout.LinkID{})
	b.equal("what it says", b.foundLinks(checkout.LinkQuery{Text: "ocak"}), []checkout.LinkID{newest.ID})
	other := b.NewMerchant()
	found, _, err := b.Ledger.SearchLinks(b.ctx, checkout.LinkQuery{Merchant: other, Text: "ocak"})
	b.must(err)
	b.equal("foreign", len(found), 0)
}

func searchManyLinks(b *Books) {
	many, maker := b.manyLinks()
	b.equal("before anybody paid", b.typed("aidat", checkout.PaymentQuery{}), []checkout.PaymentID{})
	var want []checkout.PaymentID
	for _, i := range []int{599, 0, 300} {
		want = append(ids(b.Pay(b.ReadLink(many[i].Link.ID)).ID), want...)
		b.Clock.Advance(time.Second)
		b.Pay(b.Create()) // somebody else's, in between
	}
	b.equal("all", b.typed("AİDAT", checkout.PaymentQuery{}), want)
	b.equal("page by page", b.typed("aidat", checkout.PaymentQuery{Limit: 1}), want)
	b.equal("of who made them", b.typed("aidat", checkout.PaymentQuery{Maker: maker}), want[1:])
	b.equal("of somebody who made none", b.typed("aidat", checkout.PaymentQuery{Maker: b.User().ID}), []checkout.PaymentID{})
	b.equal("and status", b.typed("aidat", checkout.PaymentQuery{Status: checkout.StatusPaid}), want)
	b.equal("and another status", b.typed("aidat", checkout.PaymentQuery{Status: checkout.StatusDeclined}), []checkout.PaymentID{})
	b.equal("foreign", b.typed("aidat", checkout.PaymentQuery{Merchant: b.NewMerchant()}), []checkout.PaymentID{})
}

func leaseOne(b *Books) {
	pending := func(askIn time.Duration) checkout.Payment {
		b.Helper()
		m, err := b.Move(b.Authorizing(b.Admit(b.Create()))).Doubt(b.Clock.Now().Add(askIn), b.Step())
		b.must(err)
		return b.Move(m)
	}
	late, soon, due, paid := pending(10*time.Minute), pending(50*time.Second), pending(-time.Second), b.Pay(b.Create())
	waiting, _, err := b.Ledger.SearchPayments(b.ctx, checkout.PaymentQuery{Merchant: b.Merchant, Waiting: true})
	b.must(err)
	b.equal("waiting", len(waiting), 3)
	lease := func(p checkout.Payment, rested time.Time) (checkout.Payment, error) {
		return b.Ledger.LeaseOne(b.ctx, b.Merchant, p.ID, rested, b.Clock.Now().Add(time.Minute))
	}
	now := b.Clock.Now()
	for what, p := range map[string]checkout.Payment{"long before its time": late, "due": due} {
		_, err = lease(p, now.Add(-time.Second))
		b.want(err, checkout.ErrAsking) // it was asked about just now
		got, err := lease(p, now)
		b.must(err)
		p.DueAt = now.Add(time.Minute)
		b.equal(what, got, p)
		b.equal(what+", stored", b.Read(p.ID), p)
		_, err = lease(p, now)
		b.want(err, checkout.ErrAsking)
	}
	_, err = lease(soon, now)
	b.want(err, checkout.ErrAsking)
	b.equal("untouched", b.Read(soon.ID), soon)
	_, err = lease(paid, now)
	b.want(err, checkout.ErrNotPending)
	_, err = b.Ledger.LeaseOne(b.ctx, b.NewMerchant(), late.ID, now, now.Add(time.Minute))
	b.want(err, checkout.ErrNoPayment)
	got := 0
	b.Clock.Advance(2 * time.Minute)
	for _, err := range together(8, func(int) error {
		_, err := lease(late, b.Clock.Now())
		return err
	}) {
		if err == nil {
			got++
		}
	}
	b.equal("leased once", got, 1)
}

func undecidedFirst(b *Books) {
	b.Pay(b.Create())
	b.Admit(b.Create())
	first := b.Authorizing(b.Admit(b.Create()))
	first.To.Deadline = b.Clock.Now().Add(time.Minute)
	sent := b.Move(first)
	later := b.Authorizing(b.Admit(b.Create()))
	later.To.Deadline = b.Clock.Now().Add(2 * time.Minute)
	m, err := b.Move(later).Doubt(b.Clock.Now(), b.Step())
	b.must(err)
	doubted := b.Move(m)
	all, err := b.Ledger.Undecided(b.ctx, 10)
	b.must(err)
	mine := slices.DeleteFunc(all, func(u checkout.Undecided) bool { return u.Merchant != b.Merchant })
	b.equal("undecided", mine, []checkout.Undecided{
		{Payment: sent.ID, Merchant: b.Merchant, Account: "acc_1", Since: sent.Deadline}, {Payment: doubted.ID, Merchant: b.Merchant, Account: "acc_1", Since: doubted.Deadline},
	})
	some, err := b.Ledger.Undecided(b.ctx, 1)
	b.must(err)
	b.equal("at most", len(some), 1)
}

func deliveriesAbout(b *Books) {
	e := b.SaveEndpoint()
	p, other := b.Pay(b.Create()), b.Pay(b.Create())
	b.Place()
	leased := b.lease(e)
	for _, d := range leased {
		if d.Subject == string(p.ID) {
			b.must(b.Ledger.EndSend(b.ctx, d, b.sent(d, http.StatusOK, ""), time.Time{}))
		}
	}
	found, err := b.Ledger.DeliveriesAbout(b.ctx, b.Merchant, string(p.ID), 10)
	b.must(err)
	b.equal("one", len(found), 1)
	b.equal("which", fmt.Sprint(found[0].Topic, found[0].Subject, found[0].Status, len(found[0].History)), fmt.Sprint("payment.paid", p.ID, checkout.DeliveryDelivered, 1))
	b.equal("not of another", slices.ContainsFunc(found, func(d checkout.Delivery) bool { return d.Subject == string(other.ID) }), false)
	none, err := b.Ledger.DeliveriesAbout(b.ctx, b.NewMerchant(), string(p.ID), 10)
	b.must(err)
	b.equal("foreign", len(none), 0)
}

func einvoiceSums(b *Books) {
	due := func(day string) func(*checkout.NewEInvoice) {
		return func(n *checkout.NewEInvoice) { n.DueOn = day }
	}
	b.Carried(due("2099-01-01"))
	b.Carried(due(""))
	late, paid := b.Carried(due("2026-11-20")), b.Carried(due("2026-11-20"))
	b.Pay(paid.Of)
	withdrawn := b.Carried(due("2026-11-20"))
	b.delete(withdrawn.Of)
	const today = checkout.Day("2026-11-22")
	sums, err := b.Ledger.SumEInvoices(b.ctx, b.Merchant, "", today)
	b.must(err)
	minor := late.Amount.Minor
	b.equal("sums", sums, []checkout.EInvoiceSum{
		{Status: checkout.EInvoicePaid, Currency: checkout.TRY, Invoices: 1, Minor: minor},
		{Status: checkout.EInvoiceWaiting, Currency: checkout.TRY, Invoices: 2, Minor: 2 * minor},
		{Status: checkout.EInvoiceWaiting, Overdue: true, Currency: checkout.TRY, Invoices: 1, Minor: minor},
		{Status: checkout.EInvoiceWithdrawn, Currency: checkout.TRY, Invoices: 1, Minor: minor},
	})
	find := func(q checkout.EInvoiceQuery) []checkout.EInvoiceID {
		b.Helper()
		q.Merchant = b.Merchant
		found, _, err := b.Ledger.SearchEInvoices(b.ctx, q)
		b.must(err)
		all := []checkout.EInvoiceID{}
		for _, i := range found {
			all = append(all, i.ID)
		}
		return all
	}
	b.equal("overdue", find(checkout.EInvoiceQuery{Overdue: today}), ids(late.ID))
	b.equal("none yet", find(checkout.EInvoiceQuery{Overdue: "2026-11-20"}), []checkout.EInvoiceID{})
	b.equal("of a maker", find(checkout.EInvoiceQuery{Maker: b.IDs.User()}), []checkout.EInvoiceID{})
	b.equal("all", len(find(checkout.EInvoiceQuery{})), 5)
	foreign, err := b.Ledger.SumEInvoices(b.ctx, b.NewMerchant(), "", today)
	b.must(err)
	b.equal("foreign", len(foreign), 0)
	none, err := b.Ledger.SumEInvoices(b.ctx, b.Merchant, b.IDs.User(), today)
	b.must(err)
	b.equal("of a maker", len(none), 0)
}
