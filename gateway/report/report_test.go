package report

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	shop    = checkout.MerchantID("mer_0000000000000000000001")
	account = checkout.AccountID("acc_0000000000000000000001")
)

var noon = time.Date(2026, 11, 20, 20, 59, 0, 0, time.UTC) // Friday, 23:59 in Istanbul

// shelf is a ledger of a few rows, newest first.
type shelf struct {
	links    []checkout.Link
	payments []checkout.Payment
	refunds  []checkout.Refund
	disputes []checkout.Chargeback
	accounts []checkout.Account
	rows     []checkout.RunRow
	manual   []checkout.ManualEntry
	breaks   int // after so many pages; 0 = never
	pages    int
	asked    []checkout.ReportQuery
}

var errAway = errors.New("the ledger went away")

// part answers the page behind q's place.
func part[T any](s *shelf, q checkout.ReportQuery, all []T, place func(T) checkout.ReportPlace) ([]T, error) {
	s.asked = append(s.asked, q)
	if s.pages++; s.breaks > 0 && s.pages > s.breaks {
		return nil, errAway
	}
	if q.After.ID != "" {
		for i, v := range all {
			if place(v) == q.After {
				all = all[i+1:]
				break
			}
		}
	}
	return all[:min(q.Limit, len(all))], nil
}

func (s *shelf) ReportLinks(_ context.Context, q checkout.ReportQuery) ([]checkout.Link, error) {
	return part(s, q, s.links, func(l checkout.Link) checkout.ReportPlace {
		return checkout.ReportPlace{At: l.CreatedAt, ID: string(l.ID)}
	})
}

// RunRows answers the rows of a reconciliation, two at a time.
func (s *shelf) RunRows(_ context.Context, q checkout.RowQuery) ([]checkout.RunRow, string, error) {
	var of []checkout.RunRow
	for _, r := range s.rows {
		if r.Run == q.Run && (q.Class == "" || r.Class == q.Class) {
			of = append(of, r)
		}
	}
	from, _ := strconv.Atoi(q.Cursor)
	to := min(from+2, len(of))
	if to == len(of) {
		return of[from:], "", nil
	}
	return of[from:to], strconv.Itoa(to), nil
}

func (s *shelf) ReportPayments(_ context.Context, q checkout.ReportQuery) ([]checkout.Payment, error) {
	return part(s, q, s.payments, createdPayment)
}

func (s *shelf) ReportRefused(_ context.Context, q checkout.ReportQuery) ([]checkout.Refusal, error) {
	var all []checkout.Refusal
	for _, p := range s.payments {
		if p.Decline.Code != "" {
			all = append(all, checkout.Refusal{
				Payment: p.ID, At: p.CreatedAt, Account: p.Account, Reason: p.Decline.Code, BankCode: p.Decline.BankCode, Total: p.Total,
			})
		}
	}
	return part(s, q, all, func(r checkout.Refusal) checkout.ReportPlace {
		return checkout.ReportPlace{At: r.At, ID: string(r.Payment)}
	})
}

func (s *shelf) ReportCollected(_ context.Context, q checkout.ReportQuery) ([]checkout.Payment, error) {
	return part(s, q, slices.DeleteFunc(slices.Clone(s.payments), func(p checkout.Payment) bool { return p.PaidAt.IsZero() }), paidPayment)
}

func (s *shelf) ReportSold(_ context.Context, q checkout.ReportQuery) ([]checkout.Sold, error) {
	var all []checkout.Sold
	for _, p := range s.payments {
		if !p.PaidAt.IsZero() && (p.Items != nil || p.Answers != nil) {
			all = append(all, checkout.Sold{Payment: p.ID, PaidAt: p.PaidAt, Currency: p.Total.Currency, Refunded: p.Refunded, Items: p.Items})
		}
	}
	return part(s, q, all, func(s checkout.Sold) checkout.ReportPlace {
		return checkout.ReportPlace{At: s.PaidAt, ID: string(s.Payment)}
	})
}

func (s *shelf) ReportRefunds(_ context.Context, q checkout.ReportQuery) ([]checkout.Refund, error) {
	return part(s, q, s.refunds, createdRefund)
}

func (s *shelf) ReportChargebacks(_ context.Context, q checkout.ReportQuery) ([]checkout.Chargeback, error) {
	return part(s, q, s.disputes, func(c checkout.Chargeback) checkout.ReportPlace {
		return checkout.ReportPlace{At: startOf(c.ReceivedAt), ID: string(c.ID)}
	})
}

func (s *shelf) SearchPayments(_ context.Context, q checkout.PaymentQuery) (out []checkout.Payment, next string, err error) {
	for _, p := range s.payments {
		if (q.Status == "" || p.Status == q.Status) && string(p.ID) > q.Cursor {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b checkout.Payment) int { return cmp.Compare(a.ID, b.ID) })
	if len(out) > 2 {
		out, next = out[:2], string(out[1].ID)
	}
	return out, next, nil
}

func (s *shelf) ReportReconciled(_ context.Context, q checkout.ReportQuery) ([]checkout.RunRow, error) {
	return part(s, q, s.rows, comparedRow)
}

func (s *shelf) ReportManual(_ context.Context, q checkout.ReportQuery) ([]checkout.ManualEntry, error) {
	return part(s, q, s.manual, func(e checkout.ManualEntry) checkout.ReportPlace {
		return checkout.ReportPlace{At: e.At, ID: string(e.ID)}
	})
}

func (s *shelf) PaymentsOf(_ context.Context, _ checkout.MerchantID, ids []checkout.PaymentID) (map[checkout.PaymentID]checkout.Payment, error) {
	found := map[checkout.PaymentID]checkout.Payment{}
	for _, p := range s.payments {
		if slices.Contains(ids, p.ID) {
			found[p.ID] = p
		}
	}
	return found, nil
}

func (s *shelf) PayerNotes(_ context.Context, _ checkout.MerchantID, links []checkout.LinkID) (map[checkout.LinkID][]string, error) {
	found := map[checkout.LinkID][]string{}
	for _, p := range s.payments {
		if slices.Contains(links, p.Link) && p.PayerNote != "" && !p.PaidAt.IsZero() {
			found[p.Link] = append(found[p.Link], p.PayerNote)
		}
	}
	return found, nil
}

func (s *shelf) CollectedByCount(context.Context, checkout.ReportQuery) ([]checkout.CountSum, error) {
	return []checkout.CountSum{
		{Installments: 1, Currency: checkout.JPY, Payments: 1, Minor: 1200, TotalMinor: 1200},
		{Installments: 3, Program: "CardFinans", Currency: checkout.TRY, Payments: 2, Minor: 50000, TotalMinor: 51800, Refunded: 900},
	}, nil
}

func (s *shelf) Accounts(context.Context, checkout.MerchantID) ([]checkout.Account, error) {
	return s.accounts, nil
}

// fill is a shelf with one of everything.
func fill() *shelf {
	card := checkout.CardFacts{Brand: checkout.BrandVisa, Issuer: "QNB", IssuerCode: "0111", Program: "CardFinans", Kind: checkout.CardCredit, BIN: "41556500", Last4: "0007"}
	pay := func(n string, change func(*checkout.Payment)) checkout.Payment {
		p := checkout.Payment{
			ID: checkout.PaymentID("pay_000000000000000000000" + n), Merchant: shop, Link: "lnk_0000000000000000000001", Order: "SİP-1", BankOrder: checkout.BankOrder("BO" + n),
			Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Total: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Installments: 1,
			Account: account, Card: card, CreatedAt: noon, UpdatedAt: noon.Add(2 * time.Minute),
		}
		change(&p)
		return p
	}
	yes := func(p *checkout.Payment) {
		p.Status, p.PaidAt, p.AuthCode, p.RRN, p.MDStatus, p.ECI = checkout.StatusPaid, p.CreatedAt.Add(2*time.Minute), "123456", "632500000001", "1", "05"
	}
	no := func(at time.Time, code checkout.Reason, bank string) func(*checkout.Payment) {
		return func(p *checkout.Payment) {
			p.Status, p.CreatedAt, p.Decline = checkout.StatusDeclined, at, checkout.Decline{Code: code, BankCode: bank, Message: "Limit yetersiz"}
		}
	}
	fee, net := int64(-625), int64(24375)
	compared := func(n int, change func(*checkout.RunRow)) checkout.RunRow {
		r := checkout.RunRow{Run: "rec_0000000000000000000001", Merchant: shop, Account: account, Day: "2026-11-20", Number: n}
		r.Class, r.Bank = checkout.ClassMatched, checkout.BankLine{Row: n + 4, Kind: checkout.LineSale, State: checkout.LineDone, RRN: "632500000001", Order: "BO7", AuthCode: "123456",
			Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Commission: &fee, Net: &net, At: noon, ValueDate: "2026-11-23"}
		r.Ours = checkout.OurLine{Payment: "pay_0000000000000000000007", Kind: checkout.LineSale, Status: "paid", Order: "SİP-1", BankOrder: "BO7", RRN: "632500000001", AuthCode: "123456",
			Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, At: noon}
		change(&r)
		return r
	}
	return &shelf{
		rows: []checkout.RunRow{
			compared(3, func(r *checkout.RunRow) {
				r.Class, r.Ours, r.Bank.Kind, r.Bank.Commission, r.Bank.Net, r.Bank.Order = checkout.ClassNoSale, checkout.OurLine{}, checkout.LineRefund, nil, nil, "=1+1"
				r.Resolution, r.Manual, r.Note, r.ResolvedBy, r.ResolvedAt = checkout.ResolvedManual, "man_0000000000000000000001", "@telefonla", "api:key_1", noon.Add(time.Hour)
			}),
			compared(2, func(r *checkout.RunRow) { r.Class, r.Bank = checkout.ClassOnlyOurs, checkout.BankLine{} }),
			compared(1, func(*checkout.RunRow) {}),
		},
		manual: []checkout.ManualEntry{{
			ID: "man_0000000000000000000001", Merchant: shop, Account: account, Day: "2026-11-20", Run: "rec_0000000000000000000001", Row: 3, Kind: checkout.LineRefund,
			Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, RRN: "632500000001", Order: "=1+1", AuthCode: "123456", At: noon, Note: "@telefonla", Actor: "api:key_1", CreatedAt: noon.Add(time.Hour),
		}},
		payments: []checkout.Payment{
			pay("9", no(noon.Add(time.Hour), checkout.ReasonInsufficientFunds, "51")),
			pay("8", no(noon.Add(time.Minute), checkout.ReasonInsufficientFunds, "51")),
			pay("7", func(p *checkout.Payment) {
				yes(p)
				p.Installments, p.Rate, p.Total.Minor, p.Refunded, p.Status, p.PayerNote = 3, 36_000, 25900, 900, checkout.StatusPartiallyRefunded, "=HYPERLINK(\"http://x\";\"öde\")"
			}),
			pay("6", func(p *checkout.Payment) {
				yes(p)
				p.Items = []checkout.Item{{Product: "prd_0000000000000000000001", Code: "ZY-5", Name: "Zeytinyağı 5 l", Quantity: 2, UnitMinor: 12000}, {Name: "=1+1 Kargo", Quantity: 1, UnitMinor: 1000}}
				p.Refunded, p.Status, p.PayerNote = 25000, checkout.StatusVoided, "iki satır,\nnot; \"tırnak\""
			}),
			pay("5", no(noon, checkout.ReasonInsufficientFunds, "51")),
			pay("4", no(noon, checkout.ReasonInsufficientFunds, "51")),
			pay("3", no(noon, checkout.ReasonExpiredCard, "54")),
			pay("2", func(p *checkout.Payment) {
				yes(p)
				p.Amount, p.Total = checkout.Money{Minor: 1200, Currency: checkout.JPY}, checkout.Money{Minor: 1200, Currency: checkout.JPY}
				p.Items = []checkout.Item{{Product: "prd_0000000000000000000001", Code: "ESKİ", Name: "Zeytin", Quantity: 1, UnitMinor: 1200}}
			}),
		},
		refunds: []checkout.Refund{
			{ID: "rfd_0000000000000000000003", Payment: "pay_0000000000000000000007", Kind: checkout.KindRefund, Amount: checkout.Money{Minor: 900, Currency: checkout.TRY},
				Status: checkout.RefundRefunded, Reason: "@kısmi iade", AuthCode: "R1", RRN: "42", CreatedAt: noon.Add(26 * time.Hour), UpdatedAt: noon.Add(26 * time.Hour)},
			{ID: "rfd_0000000000000000000002", Payment: "pay_0000000000000000000007", Kind: checkout.KindRefund, Amount: checkout.Money{Minor: 900, Currency: checkout.TRY},
				Status: checkout.RefundRefused, Decline: checkout.Decline{Code: checkout.ReasonTooEarly, BankCode: "V014"}, CreatedAt: noon.Add(time.Hour), UpdatedAt: noon.Add(time.Hour)},
			{ID: "rfd_0000000000000000000001", Payment: "pay_0000000000000000000006", Kind: checkout.KindVoid, Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY},
				Status: checkout.RefundVoided, CreatedAt: noon.Add(10 * time.Minute), UpdatedAt: noon.Add(10 * time.Minute)},
		},
		disputes: []checkout.Chargeback{
			{ID: "cbk_0000000000000000000004", Payment: "pay_0000000000000000000007", Amount: checkout.Money{Minor: 99, Currency: checkout.TRY}, Status: checkout.ChargebackWithdrawn,
				ChargebackTerms: checkout.ChargebackTerms{ReceivedAt: "2026-11-29"}, CreatedAt: noon.Add(200 * time.Hour), ClosedAt: noon.Add(201 * time.Hour)},
			{ID: "cbk_0000000000000000000003", Payment: "pay_0000000000000000000002", Amount: checkout.Money{Minor: 1200, Currency: checkout.JPY}, Status: checkout.ChargebackWon,
				ChargebackTerms: checkout.ChargebackTerms{ReceivedAt: "2026-11-28"}, CreatedAt: noon.Add(200 * time.Hour), ClosedAt: noon.Add(300 * time.Hour)},
			{ID: "cbk_0000000000000000000002", Payment: "pay_0000000000000000000007", Amount: checkout.Money{Minor: 5000, Currency: checkout.TRY}, Status: checkout.ChargebackLost, RefundedBefore: 900,
				ChargebackTerms: checkout.ChargebackTerms{Code: "4837", ReceivedAt: "2026-11-27"}, CreatedAt: noon.Add(180 * time.Hour), ClosedAt: noon.Add(300 * time.Hour)},
			{ID: "cbk_0000000000000000000001", Payment: "pay_0000000000000000000007", Amount: checkout.Money{Minor: 20000, Currency: checkout.TRY}, Status: checkout.ChargebackOpen,
				ChargebackTerms: checkout.ChargebackTerms{Code: "10.4", Case: "D-1", Reason: "=almadım", ReceivedAt: "2026-11-21", RespondBy: "2026-12-01"}, CreatedAt: noon.Add(26 * time.Hour)},
		},
		links: []checkout.Link{
			{ID: "lnk_0000000000000000000002", Token: "tokentokento", Merchant: shop, Order: "0012", Open: true, Amount: checkout.Money{Currency: checkout.USD}, MinMinor: 100, MaxMinor: 99900,
				ActiveFrom: noon, ExpiresAt: noon.Add(24 * time.Hour), Usage: checkout.UsageMulti, MaxPayments: 5, PayerNote: true, Customer: checkout.Customer{Name: "Ayşe Ü.", Phone: "+905321234567"},
				Metadata: map[string]string{"b": "2", "a": "1"}, CreatedAt: noon.Add(time.Hour), UpdatedAt: noon.Add(time.Hour)},
			{ID: "lnk_0000000000000000000001", Token: "tokentokent2", Merchant: shop, Order: "SİP-1", Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Description: "-2+3 \"kutu\"; ceviz",
				Items:        []checkout.Item{{Name: "Kutu", Quantity: 2, UnitMinor: 10000}, {Name: "Ceviz", Quantity: 1, UnitMinor: 5000}},
				Installments: []int{1, 2, 3}, ActiveFrom: noon, ExpiresAt: noon.Add(24 * time.Hour), Usage: checkout.UsageSingle, PayerNote: true, PaidCount: 1, PaidMinor: 25900,
				PaidAt: noon.Add(2 * time.Minute), CreatedAt: noon, UpdatedAt: noon},
		},
		accounts: []checkout.Account{{ID: account, Merchant: shop, Name: "QNB TRY", Rates: []checkout.RateRow{{Count: 3, Rate: 36_000}}}},
	}
}

// wrote is a whole report.
func wrote(t *testing.T, l Ledger, name, format, lang string, d Dialect) string {
	t.Helper()
	r, ok := ByName(name)
	f, known := FormatByName(format)
	if !ok || !known {
		t.Fatalf("no %s as %s", name, format)
	}
	q := Query{Merchant: shop, From: noon.Add(-time.Hour), Now: noon.Add(2 * time.Hour), LinkURL: func(t checkout.Token) string { return "https://ode.example/p/" + string(t) }}
	s, err := Open(context.Background(), l, r, q, f, lang, d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// The files are read by people after each change, so what they hold is what reports hold.
func TestGolden(t *testing.T) {
	for _, r := range All() {
		for file, how := range map[string]struct {
			format, lang string
			dialect      Dialect
		}{
			"tr.csv": {"csv", "tr", DialectTR}, "en.csv": {"csv", "en", DialectTR}, "rfc4180.csv": {"csv", "tr", DialectRFC4180}, "json": {"json", "tr", DialectTR},
		} {
			path := "testdata/" + r.Name + "." + file
			got := wrote(t, fill(), r.Name, how.format, how.lang, how.dialect)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
			}
		}
	}
}

// Every code that the domain knows has words for people, and every report both languages.
func TestEveryCodeAndTitleHasWords(t *testing.T) {
	codes := slices.Concat(words(checkout.Statuses), words(checkout.RefundStatuses), words(checkout.RefundKinds), words(checkout.Reasons),
		words([]checkout.Reason{checkout.ReasonTooEarly, checkout.ReasonTooLate, checkout.ReasonNotDone}),
		words([]checkout.CardKind{checkout.CardCredit, checkout.CardDebit, checkout.CardPrepaid}), words([]checkout.Usage{checkout.UsageSingle, checkout.UsageMulti}),
		words(checkout.Classes), words(checkout.Resolutions), words([]checkout.LineState{checkout.LineDone, checkout.LineVoided, checkout.LineRefunded, checkout.LineFailed}), []string{"manual"})
	links, _ := ByName("links")
	codes = append(codes, links.Choices(FilterStatus)...)
	for _, status := range checkout.ChargebackStatuses {
		codes = append(codes, "chargeback."+string(status))
	}
	for _, code := range codes {
		if w, ok := spoken[code]; !ok || w.TR == "" || w.EN == "" {
			t.Errorf("%s has no words", code)
		}
	}
	for _, r := range All() {
		names := map[string]bool{}
		for _, c := range r.Columns() {
			if c.Title.TR == "" || c.Title.EN == "" || names[c.Name] {
				t.Errorf("%s: column %s has no title in both languages, or stands twice", r.Name, c.Name)
			}
			names[c.Name] = true
		}
		if r.Title.TR == "" || r.Title.EN == "" || r.About.TR == "" || r.About.EN == "" {
			t.Errorf("%s has no title or description", r.Name)
		}
	}
}

// A report of several pages is each row once, and every page is asked for the merchant's rows of the period.
func TestPagesJoinToTheWhole(t *testing.T) {
	for _, n := range []int{0, 1, page - 1, page, page + 1, 3*page + 7} {
		l := &shelf{}
		for i := range n {
			l.payments = append(l.payments, checkout.Payment{
				ID: checkout.PaymentID("pay_" + strings.Repeat("0", 10) + time.Duration(i).String()), Total: checkout.Money{Minor: 1, Currency: checkout.TRY}, CreatedAt: noon.Add(-time.Duration(i) * time.Second),
			})
		}
		got := wrote(t, l, "payments", "csv", "en", DialectRFC4180)
		if lines := strings.Count(got, "\r\n"); lines != n+1 {
			t.Errorf("%d payments are %d lines", n, lines)
		}
		for _, q := range l.asked {
			if q.Merchant != shop || !q.From.Equal(noon.Add(-time.Hour)) || q.Limit != page {
				t.Errorf("asked %+v", q)
			}
		}
	}
}

// What breaks before the first byte is refused; what breaks later is an error, never the end.
func TestABrokenReportIsNoWholeOne(t *testing.T) {
	for _, f := range Formats() {
		l := &shelf{breaks: 1}
		for i := range 2 * page {
			l.payments = append(l.payments, checkout.Payment{ID: checkout.PaymentID("pay_" + time.Duration(i).String()), Total: checkout.Money{Currency: checkout.TRY}, CreatedAt: noon})
		}
		r, _ := ByName("payments")
		s, err := Open(context.Background(), l, r, Query{Merchant: shop}, f, "en", DialectTR)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(s); !errors.Is(err, errAway) || f.Name != "xlsx" && len(got) == 0 {
			t.Errorf("%s: %d bytes, %v", f.Name, len(got), err)
		}
		l.breaks, l.pages = 1, 1
		if _, err := Open(context.Background(), l, r, Query{Merchant: shop}, f, "en", DialectTR); !errors.Is(err, errAway) {
			t.Errorf("%s begins: %v", f.Name, err)
		}
	}
}

// Sums that int64 cannot hold end the report instead of lying.
func TestTotalsThatOverflow(t *testing.T) {
	l := fill()
	for i := range 2 {
		l.payments[i].Status, l.payments[i].PaidAt, l.payments[i].Total.Minor = checkout.StatusPaid, noon, 1<<62+1<<61
	}
	r, _ := ByName("payments")
	f, _ := FormatByName("json")
	if _, err := Open(context.Background(), l, r, Query{Merchant: shop}, f, "en", DialectTR); !errors.Is(err, checkout.ErrAmount) {
		t.Errorf("%v", err)
	}
}

func TestValueDates(t *testing.T) {
	day := func(text string) time.Time {
		d, err := time.ParseInLocation(time.DateOnly, text, Zone)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, one := range map[string]struct{ from, want string }{
		"a weekday": {"2026-11-19", "2026-11-19"}, "Saturday": {"2026-11-21", "2026-11-23"}, "Republic Day": {"2026-10-29", "2026-10-30"},
		"a feast before a weekend": {"2026-05-27", "2026-06-01"}, "New Year": {"2027-01-01", "2027-01-04"}, "half a day is a business day": {"2026-10-28", "2026-10-28"},
	} {
		if got := businessDay(day(one.from)); !got.Equal(day(one.want)) {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := nextMonth(day("2026-11-30"), 3); !got.Equal(day("2027-02-28")) {
		t.Errorf("three months after 30 November: %s", got)
	}
	if got := dayOf(noon.Add(time.Minute)); !got.Equal(day("2026-11-21")) {
		t.Errorf("21:00 UTC belongs to the next day in Istanbul: %s", got)
	}
}

// Without a rate an instalment sale comes month by month, and its parts are its whole; a single payment's
// commission is unknown, which is not zero.
func TestPayoutsOfAnAccountWithoutRates(t *testing.T) {
	p := checkout.Payment{Total: checkout.Money{Minor: 10000, Currency: checkout.TRY}, Installments: 3, Status: checkout.StatusPaid, PaidAt: noon}
	var sum int64
	for i, e := range payouts(p, checkout.Account{}) {
		if sum += e.gross; !e.commission.None || !e.net.None || e.payout != i+1 || e.payouts != 3 || e.value.IsZero() {
			t.Errorf("%+v", e)
		}
	}
	if sum != 10000 {
		t.Errorf("the parts are %d", sum)
	}
	p.Installments = 1
	if all := payouts(p, checkout.Account{}); len(all) != 1 || !all[0].commission.None || !all[0].net.None || all[0].value.Format(time.DateOnly) != "2026-11-23" {
		t.Errorf("%+v", all)
	}
	p.Installments = 3
	if all := payouts(p, checkout.Account{Rates: []checkout.RateRow{{Count: 3, Rate: 36_050}}}); len(all) != 1 || all[0].commission.N != 361 || all[0].net.N != 9639 {
		t.Errorf("%+v", all)
	}
}

// What was agreed with the bank goes before what is assumed: when a sale comes, in how many parts, and what it costs
// (features 11.4, 11.12).
func TestPayoutsByTheTermsOfTheAccount(t *testing.T) {
	days, single := func(n int) *int { return &n }, checkout.Rate(17_900)
	three := []checkout.RateRow{{Count: 3, Rate: 36_050}}
	for name, one := range map[string]struct {
		installments int
		account      checkout.Account
		want         string // of each payout: value date, gross, commission, net
		basis        string
	}{
		"today":                     {1, checkout.Account{Payout: checkout.PayoutTerms{Days: days(0)}}, "2026-11-20 10000 - -", basisTerms},
		"in two days, on a Sunday":  {1, checkout.Account{Payout: checkout.PayoutTerms{Days: days(2), Commission: &single}}, "2026-11-23 10000 179 9821", basisTerms},
		"after a block of 40 days":  {3, checkout.Account{Payout: checkout.PayoutTerms{Days: days(40), Spread: checkout.SpreadAtOnce}}, "2026-12-30 10000 - -", basisTerms},
		"only a commission":         {1, checkout.Account{Payout: checkout.PayoutTerms{Commission: &single}}, "2026-11-23 10000 179 9821", basisTerms},
		"a commission of nothing":   {1, checkout.Account{Payout: checkout.PayoutTerms{Commission: new(checkout.Rate)}}, "2026-11-23 10000 0 10000", basisTerms},
		"it is not the instalments": {3, checkout.Account{Rates: three, Payout: checkout.PayoutTerms{Commission: &single}}, "2026-11-23 10000 361 9639", basisTable},
		"at once without a rate":    {3, checkout.Account{Payout: checkout.PayoutTerms{Spread: checkout.SpreadAtOnce}}, "2026-11-23 10000 - -", basisTerms},
		"monthly with a rate": {3, checkout.Account{Rates: three, Payout: checkout.PayoutTerms{Spread: checkout.SpreadMonthly}},
			"2026-12-21 3333 120 3213, 2027-01-20 3333 120 3213, 2027-02-22 3334 121 3213", basisTerms},
		"days alone say nothing of parts":   {2, checkout.Account{Payout: checkout.PayoutTerms{Days: days(7)}}, "2026-12-21 5000 - -, 2027-01-20 5000 - -", basisMonthly},
		"a single payment is never spread":  {1, checkout.Account{Payout: checkout.PayoutTerms{Spread: checkout.SpreadMonthly}}, "2026-11-23 10000 - -", basisDate},
		"an account number changes nothing": {1, checkout.Account{Payout: checkout.PayoutTerms{IBAN: "TR330006100519786457841326"}}, "2026-11-23 10000 - -", basisDate},
	} {
		p := checkout.Payment{Total: checkout.Money{Minor: 10000, Currency: checkout.TRY}, Installments: one.installments, Status: checkout.StatusPaid, PaidAt: noon}
		var got []string
		for _, e := range payouts(p, one.account) {
			known := func(v Value) string {
				if v.None {
					return "-"
				}
				return fmt.Sprint(v.N)
			}
			got = append(got, fmt.Sprintf("%s %d %s %s", e.value.Format(time.DateOnly), e.gross, known(e.commission), known(e.net)))
			if e.basis != one.basis {
				t.Errorf("%s: rests on %s, want %s", name, e.basis, one.basis)
			}
		}
		if text := strings.Join(got, ", "); text != one.want {
			t.Errorf("%s: %s, want %s", name, text, one.want)
		}
	}
}
