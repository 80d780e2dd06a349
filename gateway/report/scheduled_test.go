package report

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

type still struct{ at time.Time }

func (s still) Now() time.Time { return s.at }

// The file of a scheduled report is the report's file; one that is too large is counted and added up all the same.
func TestScheduled(t *testing.T) {
	shelf := &shelf{}
	for i := range 1200 {
		shelf.payments = append(shelf.payments, checkout.Payment{
			ID: checkout.PaymentID(fmt.Sprintf("pay_%022d", 9999-i)), Merchant: shop, Status: checkout.StatusPaid, CreatedAt: noon, PaidAt: noon,
			Amount: checkout.Money{Minor: 100, Currency: checkout.TRY}, Total: checkout.Money{Minor: 100, Currency: checkout.TRY},
		})
	}
	s := Scheduled{Ledger: shelf, Clock: still{noon}, LinkURL: func(checkout.Token) string { return "" }}
	ask := checkout.ReportAsk{
		Merchant: shop, From: time.Date(2026, 11, 19, 21, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 20, 21, 0, 0, 0, time.UTC),
		ReportTerms: checkout.ReportTerms{Report: "payments", Format: "csv", Dialect: "tr", Lang: "tr", Status: "paid"},
	}
	made, err := s.Make(t.Context(), ask, 5<<20)
	if err != nil || made.File == nil {
		t.Fatal(err)
	}
	text := string(made.File.Body)
	if made.Rows != 1200 || made.Title == "" || made.File.Name != "odelink-payments-20261120-20261121.csv" ||
		made.File.Type != "text/csv; charset=utf-8" || strings.Count(text, "\r\n") != 1202 || !strings.HasPrefix(text, "\ufeff") || !strings.Contains(text, "TOPLAM") {
		t.Errorf("%d rows, %s, %d lines", made.Rows, made.File.Name, strings.Count(text, "\r\n"))
	}
	if q := shelf.asked[0]; q.Merchant != shop || q.Status != "paid" || !q.From.Equal(ask.From) || !q.To.Equal(ask.To) {
		t.Errorf("asked for %+v", q)
	}
	exact, err := s.Make(t.Context(), ask, len(made.File.Body))
	if err != nil || exact.File == nil || string(exact.File.Body) != text {
		t.Errorf("a file of just that size: %v %v", exact.File, err)
	}
	large, err := s.Make(t.Context(), ask, len(made.File.Body)-1)
	if err != nil || large.File != nil || large.Rows != 1200 || fmt.Sprint(large.Sums) != fmt.Sprint(made.Sums) || len(made.Sums) == 0 {
		t.Errorf("one byte less: %v %d %v %v", large.File, large.Rows, large.Sums, err)
	}
	shelf.breaks, shelf.pages = 2, 0
	if _, err := s.Make(t.Context(), ask, 5<<20); err == nil {
		t.Error("a report that broke off was made")
	}
}

// A report that leaves the house shows an identity number by its ends; whoever asks for it here gets it whole.
func TestAMailedReportShowsIdentityNumbersByTheirEnds(t *testing.T) {
	shelf := &shelf{payments: []checkout.Payment{{
		ID: "pay_0000000000000000000001", Merchant: shop, Status: checkout.StatusPaid, CreatedAt: noon, PaidAt: noon,
		Amount: checkout.Money{Minor: 100, Currency: checkout.TRY}, Total: checkout.Money{Minor: 100, Currency: checkout.TRY},
		Answers: []checkout.Answer{{Key: "person", Label: checkout.Label{TR: "Kimlik", EN: "Identity"}, Type: checkout.FieldTCKN, Value: "10000000146"}},
	}}}
	ask := checkout.ReportAsk{Merchant: shop, ReportTerms: checkout.ReportTerms{Report: "payments", Format: "csv", Dialect: "tr", Lang: "tr"}}
	made, err := Scheduled{Ledger: shelf, Clock: still{noon}, LinkURL: func(checkout.Token) string { return "" }}.Make(t.Context(), ask, 5<<20)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(made.File.Body); !strings.Contains(text, "Kimlik: 100••••••46") || strings.Contains(text, "10000000146") {
		t.Errorf("mailed: %s", text)
	}
	shelf.pages = 0
	r, _ := ByName("payments")
	format, _ := FormatByName("csv")
	from, err := Open(t.Context(), shelf, r, Query{Merchant: shop, Now: noon}, format, "tr", "tr")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(from)
	if err != nil || !strings.Contains(string(whole), "Kimlik: 10000000146") {
		t.Errorf("%v: asked for here: %s", err, whole)
	}
}

func TestScheduledMistakes(t *testing.T) {
	good := checkout.ReportTerms{Report: "refunds", Format: "xlsx", Kind: checkout.KindVoid, Currency: checkout.TRY, Account: "acc_1"}
	for want, change := range map[string]func(*checkout.ReportTerms){
		"":                func(*checkout.ReportTerms) {},
		"report":          func(t *checkout.ReportTerms) { t.Report = "secrets" },
		"kind":            func(t *checkout.ReportTerms) { t.Kind = "x" },
		"currency":        func(t *checkout.ReportTerms) { t.Currency = "XXX" },
		"status":          func(t *checkout.ReportTerms) { t.Status = "x" },
		"format":          func(t *checkout.ReportTerms) { t.Format = "json" },
		"dialect":         func(t *checkout.ReportTerms) { t.Format = "csv" },
		"status kind":     func(t *checkout.ReportTerms) { t.Report, t.Status = "settlement", "paid" },
		"kind acquirer":   func(t *checkout.ReportTerms) { t.Report = "links" },
		"status currency": func(t *checkout.ReportTerms) { t.Status, t.Currency = "x", "x" },
	} {
		one := good
		change(&one)
		var got []string
		for _, e := range (Scheduled{}).Check(one) {
			got = append(got, e.Field)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %q", got, want)
		}
	}
}
