package panel

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
)

// paymentsShown is how many payments a page of the list has, triedRead how many of the day's newest voids and refunds it
// looks at for the way that each offers: behind more of them the calendar speaks.
const (
	paymentsShown = 25
	triedRead     = 100
)

// MoneyFlow is what payments need of checkout.Service.
type MoneyFlow interface {
	GiveBack(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.PaymentID, ask checkout.RefundAsk) (checkout.Refund, error)
	AskNow(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.PaymentID) (checkout.Payment, error)
	ConsentsOf(ctx context.Context, p checkout.Payment) ([]checkout.Consent, error)
	RecordChargeback(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.PaymentID, ask checkout.ChargebackAsk) (checkout.Chargeback, error)
	ChangeChargeback(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.ChargebackID, change checkout.ChargebackChange) (checkout.Chargeback, error)
}

// paymentsRoutes are payments: the list, one with its way, and what is done about it.
func (s *Surface) paymentsRoutes() []route {
	look, money := checkout.PowerLook, checkout.PowerMoney
	return []route{
		{"GET", "/panel/payments", look, (*Surface).paymentsPage},
		{"GET", "/panel/payments/export.*", checkout.PowerReports, (*Surface).exportPayments},
		{"GET", "/panel/payments/:id", look, (*Surface).paymentPage},
		{"POST", "/panel/payments/:id/ask", money, (*Surface).askBank},
		{"POST", "/panel/payments/:id/back", money, (*Surface).giveBack},
		{"GET", "/panel/payments/:id/evidence", look, (*Surface).evidencePage},
		{"POST", "/panel/payments/:id/chargebacks", money, (*Surface).recordChargeback},
		{"POST", "/panel/payments/:id/chargebacks/:chargeback", money, (*Surface).changeChargeback},
		{"GET", "/panel/chargebacks", look, (*Surface).chargebacksPage},
	}
}

// paymentFilters reads the list's filters out of the address: days are Istanbul's, both included, sums as people
// type them. What cannot be read is noted in the form and left out of the query.
func (s *Surface) paymentFilters(c *fiber.Ctx, w *who) (*Form, checkout.PaymentQuery) {
	f := NewForm("payments")
	for _, name := range []string{"q", "status", "attention", "from", "to", "min", "max", "currency", "acquirer", "link", "cursor"} {
		f.Values[name] = strings.TrimSpace(strings.ToValidUTF8(c.Query(name), ""))
	}
	q := checkout.PaymentQuery{
		Merchant: w.member.Merchant, Maker: w.own(), Attention: f.Get("attention") == "true", Link: checkout.LinkID(f.Get("link")),
		Account: checkout.AccountID(f.Get("acquirer")), Limit: paymentsShown, Cursor: f.Get("cursor"),
	}
	if len(f.Get("q")) > maxSearch {
		s.wrong(f, w.lang, "q", "too_long", nil)
	} else if text, asks := checkout.ReadPaymentText(norm.NFC.String(f.Get("q"))); asks {
		q.Any = &text
	}
	oneOf(s, f, w, "status", checkout.Statuses, &q.Status)
	oneOf(s, f, w, "currency", checkout.Currencies, &q.Currency)
	if q.Status == checkout.StatusPending {
		q.Status, q.Waiting = "", true // the board shows all whose outcome the bank owes
	}
	q.From = s.dayField(f, w, "from")
	if q.To = s.dayField(f, w, "to"); !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	currency := cmp.Or(q.Currency, checkout.TRY)
	q.Min, q.Max = s.amount(f, w.lang, "min", currency, false), s.amount(f, w.lang, "max", currency, false)
	return f, q
}

// oneOf reads a field that is one of a list.
func oneOf[T ~string](s *Surface, f *Form, w *who, name string, all []T, into *T) {
	switch v := T(f.Get(name)); {
	case v == "" || slices.Contains(all, v):
		*into = v
	default:
		s.wrong(f, w.lang, name, "unknown_value", nil)
	}
}

// paymentRow is a payment in a table.
type paymentRow struct {
	checkout.Payment
	POS    string // name of its account
	Stated *checkout.Money
	Calls  bool                // somebody should look at it
	Way    checkout.RefundKind // how its money goes back now, where who looks may give it back; "" = not at all
}

// paymentSums are the sums of payments in sight.
func paymentSums(rows []paymentRow) []checkout.PaymentSum {
	by := map[checkout.Currency]checkout.PaymentSum{}
	for _, p := range rows {
		t := by[p.Total.Currency]
		t.Currency = p.Total.Currency
		t.Tries++
		if p.Collected() {
			t.Paid++
			t.Collected += p.Total.Minor
			t.Back += p.Refunded
		}
		by[t.Currency] = t
	}
	return slices.SortedFunc(maps.Values(by), func(a, b checkout.PaymentSum) int {
		return cmp.Or(cmp.Compare(b.Tries, a.Tries), cmp.Compare(a.Currency, b.Currency))
	})
}

// paymentsData is the list.
type paymentsData struct {
	Filters  *Form
	Accounts []Choice
	Rows     []paymentRow
	Totals   []checkout.PaymentSum
	Of       string // which payments those are, in a word: all, newest, page
	Next     string // address of the next page
	SumAll   string // address of this page with the whole list added up; "" = it is, or cannot be
	Part     bool   // there are rows before or behind these
	Set      bool   // some filter is
	More     bool   // one that is not always in sight is
	Board    bool   // of those whose outcome the bank owes
	Calls    bool   // of those that somebody should look at
	Link     checkout.LinkID
	Saved    string
}

func (s *Surface) paymentsPage(c *fiber.Ctx, w *who) error {
	f, q := s.paymentFilters(c, w)
	found, next, err := s.Ledger.SearchPayments(c.UserContext(), q)
	if err == checkout.ErrCursor {
		return c.Redirect("/panel/payments", fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	d := paymentsData{
		Filters: f, Next: nextPage(c, next), Part: next != "" || q.Cursor != "", Board: q.Waiting, Calls: q.Attention, Link: q.Link, Saved: c.Query("saved"),
	}
	if d.Rows, d.Accounts, err = s.paymentRows(c, w, found); err != nil {
		return err
	}
	if err := s.offerWays(c.UserContext(), w, d.Rows); err != nil {
		return err
	}
	if d.Totals, d.Of, err = s.sumsOf(c, q, d.Rows, d.Part); err != nil {
		return err
	}
	if d.Of == "page" && c.Query("sums") != "all" {
		d.SumAll = samePage(c, "sums", "all")
	}
	for _, name := range []string{"min", "max", "currency", "acquirer"} {
		d.More = d.More || f.On(name)
	}
	d.Set = d.More || f.On("q") || f.On("from") || f.On("to") || f.On("link") || f.On("status") && !d.Board
	status := fiber.StatusOK
	if !f.OK() {
		status = fiber.StatusUnprocessableEntity
	}
	return s.show(c, w, status, "payments", d)
}

// A page waits for the sums of its list as long as nobody notices; who asks for them waits as for a search, and a link's
// page, whose payments an index names, in between.
const (
	sumsInPassing = 25 * time.Millisecond
	sumsOfLink    = 700 * time.Millisecond
	sumsAsked     = 10 * time.Second
)

// sumsOf adds the payments of the whole list up, whatever page is in sight; of one that is too long, or not added up in
// time, it says which payments the sums are of. What a text finds is not added up in passing: that costs as much again
// as finding it.
func (s *Surface) sumsOf(c *fiber.Ctx, q checkout.PaymentQuery, rows []paymentRow, part bool) (sums []checkout.PaymentSum, of string, err error) {
	if !part {
		return paymentSums(rows), "all", nil
	}
	within := sumsInPassing
	if c.Query("sums") == "all" {
		within = sumsAsked
	} else if q.Any != nil && q.Any.Text != "" {
		return paymentSums(rows), "page", nil
	}
	all, err := s.Ledger.PaymentSums(c.UserContext(), q, within)
	switch {
	case err != nil:
		return nil, "", err
	case !all.Known:
		return paymentSums(rows), "page", nil
	case all.More:
		return all.Each, "newest", nil
	}
	return all.Each, "all", nil
}

// paymentRows joins payments with their accounts and with what calls for attention.
func (s *Surface) paymentRows(c *fiber.Ctx, w *who, found []checkout.Payment) (rows []paymentRow, accounts []Choice, err error) {
	ids := make([]checkout.PaymentID, len(found))
	for i, p := range found {
		ids[i] = p.ID
	}
	calls, err := s.Ledger.Attention(c.UserContext(), w.member.Merchant, ids)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.Ledger.Accounts(c.UserContext(), w.member.Merchant)
	if err != nil {
		return nil, nil, err
	}
	names := map[checkout.AccountID]string{}
	for _, a := range all {
		names[a.ID] = a.Name
		accounts = append(accounts, Choice{Value: string(a.ID), Label: a.Name, Chosen: c.Query("acquirer") == string(a.ID)})
	}
	for _, p := range found {
		row := paymentRow{Payment: p, POS: names[p.Account]}
		for _, e := range calls[p.ID] {
			row.Calls = true
			if m, ok := e.Stated(); ok {
				row.Stated = &m
			}
		}
		rows = append(rows, row)
	}
	return rows, accounts, nil
}

// offerWays says of each row of a list which way its own page offers first, if any. What was tried is
// today's, read for all rows at once along its index: an older word of the bank is the calendar's as well. What the
// card's bank may take back by itself is left to the page, which tells of it.
func (s *Surface) offerWays(ctx context.Context, w *who, rows []paymentRow) error {
	if !w.may(checkout.PowerMoney) {
		return nil
	}
	today, _, _ := checkout.DayOf(s.now()).Span()
	latest, _, err := s.Ledger.SearchRefunds(ctx, checkout.RefundQuery{Merchant: w.member.Merchant, From: today, Limit: triedRead})
	if err != nil {
		return err
	}
	tried := map[checkout.PaymentID][]checkout.Refund{}
	for _, r := range latest {
		tried[r.Payment] = append(tried[r.Payment], r)
	}
	for i, p := range rows {
		if p.Disputed == 0 {
			rows[i].Way, _ = p.WayBack(s.now(), tried[p.ID])
		}
	}
	return nil
}

// exportPayments answers the list as a file, all of its pages, with the list's filters.
func (s *Surface) exportPayments(c *fiber.Ctx, w *who) error {
	f, q := s.paymentFilters(c, w)
	if !f.OK() {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	r, _ := report.ByName("payments")
	return s.export(c, w, r, report.Query{
		Merchant: q.Merchant, Payments: &q, From: q.From, To: q.To, Now: s.now(), LinkURL: s.Flow.LinkURL,
	}, c.Params("*"))
}

// AccountChoice is the field for a virtual POS.
func (p *Page) AccountChoice(f *Form, accounts []Choice) *Input {
	in := p.Input(f, "acquirer")
	in.Choices = append([]Choice{{Value: "", Label: p.T("frame.all")}}, accounts...)
	return in
}

// AnyOf is Select with "all" in front.
func (p *Page) AnyOf(f *Form, name, prefix string, values []string) *Input {
	in := p.Select(f, name, prefix, values)
	in.Choices = append([]Choice{{Value: "", Label: p.T("frame.all"), Chosen: f.Get(name) == ""}}, in.Choices...)
	return in
}

// Statuses and Currencies are the words of filters.
func (p *Page) Statuses() []string   { return wordsOf(checkout.Statuses) }
func (p *Page) Currencies() []string { return wordsOf(checkout.Currencies) }

func wordsOf[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return out
}
