package storetest

import (
	"context"
	"time"

	"github.com/odelink/odelink/checkout"
)

// reports is what a ledger that reports are made of has beside checkout.Ledger.
type reports interface {
	ReportLinks(ctx context.Context, q checkout.ReportQuery) ([]checkout.Link, error)
	ReportPayments(ctx context.Context, q checkout.ReportQuery) ([]checkout.Payment, error)
	ReportCollected(ctx context.Context, q checkout.ReportQuery) ([]checkout.Payment, error)
	ReportReconciled(ctx context.Context, q checkout.ReportQuery) ([]checkout.RunRow, error)
	ReportManual(ctx context.Context, q checkout.ReportQuery) ([]checkout.ManualEntry, error)
	ReportSold(ctx context.Context, q checkout.ReportQuery) ([]checkout.Sold, error)
	ReportRefused(ctx context.Context, q checkout.ReportQuery) ([]checkout.Refusal, error)
	ReportRefunds(ctx context.Context, q checkout.ReportQuery) ([]checkout.Refund, error)
	PaymentsOf(ctx context.Context, m checkout.MerchantID, ids []checkout.PaymentID) (map[checkout.PaymentID]checkout.Payment, error)
	PayerNotes(ctx context.Context, m checkout.MerchantID, links []checkout.LinkID) (map[checkout.LinkID][]string, error)
	CollectedByCount(ctx context.Context, q checkout.ReportQuery) ([]checkout.CountSum, error)
}

func (b *Books) reports() reports {
	b.Helper()
	r, ok := b.Ledger.(reports)
	if !ok {
		b.Fatalf("%T makes no reports", b.Ledger)
	}
	return r
}

// sold is a day of one merchant: a paid sale in instalments, one in dollars that was partly given back, one that
// was refused, one that nobody came back for; each in its own second, oldest first.
func (b *Books) sold() (links []checkout.Link, all []checkout.Payment, refund checkout.Refund) {
	b.Helper()
	later := func() { b.Clock.Advance(time.Second) }
	link := func(change ...func(*checkout.Link)) checkout.Link {
		later()
		l := b.Create(change...)
		links = append(links, l)
		return l
	}
	pay := func(l checkout.Link, change func(*checkout.Payment)) checkout.Payment {
		later()
		p := b.Authorizing(b.Admit(l, change))
		later()
		return b.Move(b.Approved(b.Move(p)))
	}
	all = append(all, pay(link(), func(p *checkout.Payment) {
		p.Installments, p.Card.Program, p.PayerNote = 3, "CardFinans", "=not"
		p.Total.Minor = p.Amount.Minor + 900
	}))
	dollars := link(func(l *checkout.Link) { l.Amount.Currency = checkout.USD })
	p := pay(dollars, func(p *checkout.Payment) { p.Account = b.IDs.Account() })
	later()
	refund = b.Refund(p, func(r *checkout.Refund) { r.Amount.Minor = 100 })
	p = b.GiveBack(b.AskBack(p, refund), refund)
	all = append(all, p)
	third := link()
	later()
	all = append(all, b.Move(b.Refused(b.Move(b.Authorizing(b.Admit(third))))))
	later()
	all = append(all, b.Admit(link()))
	return links, all, refund
}

func paymentIDs(all []checkout.Payment, err error) ([]checkout.PaymentID, error) {
	out := []checkout.PaymentID{}
	for _, p := range all {
		out = append(out, p.ID)
	}
	return out, err
}

func reportRows(b *Books) {
	links, all, refund := b.sold()
	r, ctx := b.reports(), b.ctx
	q := checkout.ReportQuery{Merchant: b.Merchant}
	want := func(what string, got []checkout.PaymentID, err error, which ...int) {
		b.Helper()
		b.must(err)
		ids := []checkout.PaymentID{}
		for _, i := range which {
			ids = append(ids, all[i].ID)
		}
		b.equal(what, got, ids)
	}
	ask := func(what string, read func(context.Context, checkout.ReportQuery) ([]checkout.Payment, error), change func(*checkout.ReportQuery), which ...int) {
		b.Helper()
		asked := q
		change(&asked)
		got, err := paymentIDs(read(ctx, asked))
		want(what, got, err, which...)
	}
	ask("all, newest first", r.ReportPayments, func(*checkout.ReportQuery) {}, 3, 2, 1, 0)
	ask("paid", r.ReportPayments, func(q *checkout.ReportQuery) { q.Status = string(checkout.StatusPaid) }, 0)
	ask("partly given back", r.ReportPayments, func(q *checkout.ReportQuery) { q.Status = string(checkout.StatusPartiallyRefunded) }, 1)
	ask("in dollars", r.ReportPayments, func(q *checkout.ReportQuery) { q.Currency = checkout.USD }, 1)
	ask("of an account", r.ReportPayments, func(q *checkout.ReportQuery) { q.Account = all[1].Account }, 1)
	ask("of a period", r.ReportPayments, func(q *checkout.ReportQuery) { q.From, q.To = all[1].CreatedAt, all[3].CreatedAt }, 2, 1)
	ask("collected", r.ReportCollected, func(*checkout.ReportQuery) {}, 1, 0)
	ask("collected, by the time of payment", r.ReportCollected, func(q *checkout.ReportQuery) { q.From = all[1].PaidAt }, 1)
	ask("collected before it", r.ReportCollected, func(q *checkout.ReportQuery) { q.To = all[1].PaidAt }, 0)
	ask("collected at an account", r.ReportCollected, func(q *checkout.ReportQuery) { q.Account = all[0].Account }, 0)
	no := all[2]
	refused, err := r.ReportRefused(ctx, q)
	b.must(err)
	b.equal("refused", refused, []checkout.Refusal{{
		Payment: no.ID, At: no.CreatedAt, Account: no.Account, Reason: no.Decline.Code, BankCode: no.Decline.BankCode, Total: no.Total,
	}})
	for name, change := range map[string]func(*checkout.ReportQuery){
		"refused at another account": func(q *checkout.ReportQuery) { q.Account = all[1].Account }, "refused later": func(q *checkout.ReportQuery) { q.From = no.CreatedAt.Add(time.Microsecond) },
		"refused earlier": func(q *checkout.ReportQuery) { q.To = no.CreatedAt }, "refused behind it": func(q *checkout.ReportQuery) { q.After = checkout.ReportPlace{At: no.CreatedAt, ID: string(no.ID)} },
	} {
		asked := q
		change(&asked)
		refused, err = r.ReportRefused(ctx, asked)
		b.must(err)
		b.equal(name, len(refused), 0)
	}
	found, err := r.ReportLinks(ctx, q)
	b.must(err)
	b.equal("links", len(found), len(links))
	b.equal("the newest link", found[0].ID, links[len(links)-1].ID)
	q.Status = string(checkout.LinkPaid)
	found, err = r.ReportLinks(ctx, q)
	b.must(err)
	b.equal("paid links", []checkout.LinkID{found[0].ID, found[1].ID}, []checkout.LinkID{links[1].ID, links[0].ID})
	q.Status = ""
	u := b.User()
	n := b.New(b.Link(func(l *checkout.Link) { l.Description = "Işıklı tabela %100" }))
	n.Maker = u.ID
	b.must(b.Ledger.CreateLink(ctx, n))
	for name, change := range map[string]func(*checkout.ReportQuery){
		"links with a text": func(q *checkout.ReportQuery) { q.Text = "IŞIKLI tabela %" }, "links of who made them": func(q *checkout.ReportQuery) { q.Maker = u.ID },
	} {
		asked := q
		change(&asked)
		found, err = r.ReportLinks(ctx, asked)
		b.must(err)
		b.equal(name, []any{len(found), found[0].ID}, []any{1, n.Link.ID})
	}
	for name, change := range map[string]func(*checkout.ReportQuery){
		"refunds": func(*checkout.ReportQuery) {}, "kind": func(q *checkout.ReportQuery) { q.Kind = checkout.KindRefund },
		"status": func(q *checkout.ReportQuery) { q.Status = string(checkout.RefundRefunded) }, "account": func(q *checkout.ReportQuery) { q.Account = all[1].Account },
		"currency": func(q *checkout.ReportQuery) { q.Currency = checkout.USD },
	} {
		asked := q
		change(&asked)
		got, err := r.ReportRefunds(ctx, asked)
		b.must(err)
		b.equal(name, []any{len(got), got[0].ID}, []any{1, refund.ID})
		asked.Kind = checkout.KindVoid
		got, err = r.ReportRefunds(ctx, asked)
		b.must(err)
		b.equal("voids", len(got), 0)
	}
	notes, err := r.PayerNotes(ctx, b.Merchant, []checkout.LinkID{links[0].ID, links[1].ID})
	b.must(err)
	b.equal("notes", notes, map[checkout.LinkID][]string{links[0].ID: {"=not"}})
	of, err := r.PaymentsOf(ctx, b.Merchant, []checkout.PaymentID{all[1].ID, b.IDs.Payment()})
	b.must(err)
	b.equal("by their ids", of, map[checkout.PaymentID]checkout.Payment{all[1].ID: all[1]})
	sums, err := r.CollectedByCount(ctx, q)
	b.must(err)
	b.equal("sums", sums, []checkout.CountSum{
		{Installments: 1, Program: all[1].Card.Program, Currency: checkout.USD, Payments: 1, Minor: all[1].Amount.Minor, TotalMinor: all[1].Total.Minor, Refunded: 100},
		{Installments: 3, Program: "CardFinans", Currency: checkout.TRY, Payments: 1, Minor: all[0].Amount.Minor, TotalMinor: all[0].Total.Minor},
	})
}

// Pages join to the whole though rows share a moment.
func reportPages(b *Books) {
	want := map[checkout.PaymentID]bool{}
	l := b.Create(func(l *checkout.Link) { l.Usage, l.MaxPayments = checkout.UsageMulti, 0 })
	for range 7 {
		want[b.Admit(l).ID] = true
	}
	q := checkout.ReportQuery{Merchant: b.Merchant, Limit: 2}
	for pages := 0; ; pages++ {
		some, err := b.reports().ReportPayments(b.ctx, q)
		b.must(err)
		for _, p := range some {
			if !want[p.ID] {
				b.Errorf("%s stands twice, or is nobody's", p.ID)
			}
			delete(want, p.ID)
			q.After = checkout.ReportPlace{At: p.CreatedAt, ID: string(p.ID)}
		}
		if len(some) < q.Limit {
			break
		}
	}
	b.equal("missing", len(want), 0)
}

func reportForeign(b *Books) {
	links, all, _ := b.sold()
	r, ctx, other := b.reports(), b.ctx, checkout.ReportQuery{Merchant: b.NewMerchant()}
	for what, read := range map[string]func(context.Context, checkout.ReportQuery) ([]checkout.Payment, error){
		"payments": r.ReportPayments, "collected": r.ReportCollected,
	} {
		for _, change := range []func(*checkout.ReportQuery){func(*checkout.ReportQuery) {}, func(q *checkout.ReportQuery) { q.Account = all[0].Account }} {
			q := other
			change(&q)
			got, err := read(ctx, q)
			b.must(err)
			b.equal(what, len(got), 0)
		}
	}
	refused, err := r.ReportRefused(ctx, other)
	b.must(err)
	found, err := r.ReportLinks(ctx, other)
	b.must(err)
	refunds, err := r.ReportRefunds(ctx, other)
	b.must(err)
	sums, err := r.CollectedByCount(ctx, other)
	b.must(err)
	of, err := r.PaymentsOf(ctx, other.Merchant, []checkout.PaymentID{all[0].ID})
	b.must(err)
	notes, err := r.PayerNotes(ctx, other.Merchant, []checkout.LinkID{links[0].ID})
	b.must(err)
	b.equal("others' rows", []int{len(refused), len(found), len(refunds), len(sums), len(of), len(notes)}, []int{0, 0, 0, 0, 0, 0})
}

func reportSold(b *Books) {
	lines := []checkout.Item{{Product: "prd_0000000000000000000001", Name: "Zeytinyağı", Quantity: 2, UnitMinor: 100}, {Name: "Kargo", Quantity: 1}}
	ofLines := func(l *checkout.Link) { l.Items = lines }
	buy := func(l checkout.Link, change ...func(*checkout.Payment)) checkout.Payment {
		b.Helper()
		b.Clock.Advance(time.Second)
		return b.Move(b.Approved(b.Move(b.Authorizing(b.Admit(l, change...)))))
	}
	answer := func(p *checkout.Payment) {
		p.Answers = []checkout.Answer{{Key: "plate", Type: checkout.FieldText, Value: `34 "items":[`}}
	}
	first, second := buy(b.Create(ofLines)), buy(b.Create(ofLines), answer)
	buy(b.Create(), answer)
	buy(b.Create())
	refund := b.Refund(first, func(r *checkout.Refund) { r.Amount.Minor = 100 })
	first = b.GiveBack(b.AskBack(first, refund), refund)
	b.Admit(b.Create(ofLines)) // nobody paid it
	want := []checkout.Sold{
		{Payment: second.ID, PaidAt: second.PaidAt, Currency: second.Total.Currency, Items: lines},
		{Payment: first.ID, PaidAt: first.PaidAt, Currency: first.Total.Currency, Refunded: 100, Items: lines},
	}
	q := checkout.ReportQuery{Merchant: b.Merchant}
	for name, c := range map[string]struct {
		change func(*checkout.ReportQuery)
		want   []checkout.Sold
	}{
		"all":    {func(*checkout.ReportQuery) {}, want},
		"a page": {func(q *checkout.ReportQuery) { q.Limit = 1 }, want[:1]},
		"the next": {func(q *checkout.ReportQuery) {
			q.After = checkout.ReportPlace{At: second.PaidAt, ID: string(second.ID)}
		}, want[1:]},
		"a period":   {func(q *checkout.ReportQuery) { q.To = second.PaidAt }, want[1:]},
		"a stranger": {func(q *checkout.ReportQuery) { q.Merchant = b.NewMerchant() }, nil},
	} {
		asked := q
		c.change(&asked)
		got, err := b.reports().ReportSold(b.ctx, asked)
		b.must(err)
		b.equal(name, got, c.want)
	}
}
