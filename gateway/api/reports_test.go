package api_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/api"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/web"
)

// table is a report as JSON.
type table struct {
	Report string
	From   *time.Time
	To     *time.Time
	Data   []map[string]any
	Totals []map[string]any
}

// report reads one.
func (h *house) report(target string, changes ...request) table {
	h.Helper()
	return read[table](h, h.ask("GET", "/v1/reports/"+target, "", changes...))
}

// sells makes one of everything: a paid sale with a note, a void of another one, a refused one.
func (h *house) sells() (paid, voided, declined checkout.Payment) {
	h.Helper()
	b := h.books
	later := func() { h.clock.Advance(time.Second) }
	link := func() checkout.Link {
		later()
		return h.stored(h.make(`{"amount":25000,"currency":"TRY","payer_note":true}`).ID)
	}
	paid = h.paid(link(), func(p *checkout.Payment) { p.PayerNote = "=1+1" })
	voided = h.paid(link())
	later()
	r := b.Refund(voided, func(r *checkout.Refund) { r.Kind = checkout.KindVoid })
	voided = b.GiveBack(b.AskBack(voided, r), r)
	later()
	declined = b.Move(b.Refused(b.Move(b.Authorizing(h.pays(link())))))
	return paid, voided, declined
}

func TestReportsAreListed(t *testing.T) {
	h := open(t)
	type list struct {
		Data []struct {
			Name, Title string
			Formats     []string
			Columns     []struct{ Name, Title string }
		}
	}
	var names []string
	for _, r := range read[list](t, h.ask("GET", "/v1/reports?lang=tr", "")).Data {
		names = append(names, r.Name)
		if len(r.Formats) != 3 || len(r.Columns) < 5 {
			t.Errorf("%+v", r)
		}
	}
	if got := strings.Join(names, " "); got != "links payments refunds chargebacks installments products declines settlement reconciliation manual_entries" {
		t.Errorf("%s", got)
	}
	en, tr := read[list](t, h.ask("GET", "/v1/reports", "")), read[list](t, h.ask("GET", "/v1/reports", "", header("Accept-Language", "tr")))
	if en.Data[0].Title != "Links" || tr.Data[0].Title != "Link raporu" {
		t.Errorf("%s, %s", en.Data[0].Title, tr.Data[0].Title)
	}
	h.mistakes(h.ask("GET", "/v1/reports?lang=de", ""), "lang: not_a_choice")
}

// Every report in every format answers as an attachment that nobody keeps.
func TestReportsInEveryFormat(t *testing.T) {
	h := open(t)
	h.sells()
	for _, r := range report.All() {
		for _, f := range report.Formats() {
			for _, query := range []string{"", "?from=2026-11-22&to=2026-11-23&lang=tr", "?dialect=rfc4180&currency=TRY"} {
				a := h.ask("GET", "/v1/reports/"+r.Name+"."+f.Name+query, "")
				name := "odelink-" + r.Name
				if strings.Contains(query, "from") {
					name += "-20261122-20261123"
				}
				if a.status != http.StatusOK || a.header.Get("Content-Type") != f.Type || len(a.body) == 0 || a.header.Get("Cache-Control") != "no-store" ||
					a.header.Get("Content-Disposition") != `attachment; filename="`+name+"."+f.Name+`"` {
					t.Errorf("%s %v", a, a.header)
				}
			}
		}
	}
}

func TestReportsTellWhatHappened(t *testing.T) {
	h := open(t)
	paid, voided, declined := h.sells()
	got := h.report("payments.json")
	if len(got.Data) != 3 || got.Data[0]["id"] != string(declined.ID) || got.Data[1]["id"] != string(voided.ID) || got.Data[2]["id"] != string(paid.ID) {
		t.Fatalf("%v", got.Data)
	}
	if d := got.Data[0]; d["status"] != "declined" || d["decline_bank_code"] != "51" || d["collected"] != 0. || d["card_last4"] != "0007" || d["acquirer_name"] != "QNB" {
		t.Errorf("%v", d)
	}
	if p := got.Data[2]; p["payer_note"] != "=1+1" || p["auth_code"] != "123456" || p["created_at_local"] != paid.CreatedAt.In(report.Zone).Format("2006-01-02T15:04:05.000Z07:00") {
		t.Errorf("%v", p)
	}
	if sum := got.Totals[0]; len(got.Totals) != 1 || sum["currency"] != "TRY" || sum["rows"] != 3. || sum["collected"] != 50000. || sum["refunded"] != 25000. || sum["net"] != 25000. {
		t.Errorf("%v", got.Totals)
	}
	if back := h.report("refunds.json?kind=void"); len(back.Data) != 1 || back.Data[0]["payment"] != string(voided.ID) || back.Data[0]["given_back"] != 25000. || back.Data[0]["order_id"] != string(voided.Order) {
		t.Errorf("%v", back.Data)
	}
	links := h.report("links.json?status=paid")
	if len(links.Data) != 2 || links.Data[1]["payer_notes"] != "=1+1" || links.Data[1]["url"] != h.url+"/p/"+string(paid.Token) || links.Totals[0]["paid_count"] != 2. {
		t.Errorf("%v", links)
	}
	if days := h.report("declines.json"); len(days.Data) != 1 || days.Data[0]["day"] != "2026-11-22" || days.Data[0]["attempts"] != 1. || days.Data[0]["decline_code"] != "insufficient_funds" {
		t.Errorf("%v", days.Data)
	}
	if counts := h.report("installments.json"); len(counts.Data) != 1 || counts.Data[0]["installments"] != 1. || counts.Totals[0]["net"] != 25000. {
		t.Errorf("%v", counts)
	}
	if s := h.report("settlement.json"); len(s.Data) != 3 || s.Totals[0]["gross"] != 25000. || s.Data[2]["value_date"] != "2026-11-23" || s.Data[2]["commission"] != nil || s.Totals[0]["commission"] != nil {
		t.Errorf("%v", s)
	}
	a := h.ask("GET", "/v1/reports/payments.csv?lang=tr", "")
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(a.body, []byte("\ufeff"))))
	r.Comma = ';'
	lines, err := r.ReadAll()
	if err != nil || len(lines) != 5 || !strings.Contains(string(a.body), `"'=1+1"`) || !strings.Contains(string(a.body), ";500,00;250,00;250,00;") {
		t.Errorf("%v\n%s", err, a.body)
	}
}

// Periods are half-open, and a date is a day in Istanbul.
func TestReportPeriods(t *testing.T) {
	h := open(t)
	at := func(text string) {
		day, err := time.Parse(time.RFC3339, text)
		h.must(err)
		h.clock.Set(day)
		h.make(plainLink)
	}
	at("2026-11-22T20:59:59Z")
	at("2026-11-22T21:00:00Z")
	at("2026-11-23T20:59:59Z")
	at("2026-11-23T21:00:00Z")
	for query, want := range map[string]int{
		"": 4, "from=2026-11-23": 3, "to=2026-11-23": 1, "from=2026-11-23&to=2026-11-24": 2, "from=2026-11-22T21:00:00Z&to=2026-11-23T20:59:59Z": 1,
		"from=2026-11-23T00:00:00%2B03:00": 3, "from=2026-12-01": 0,
	} {
		got := h.report("links.json?" + query)
		if len(got.Data) != want || strings.Contains(query, "from") != (got.From != nil) || strings.Contains(query, "to=") != (got.To != nil) {
			t.Errorf("%s: %d links, %v to %v", query, len(got.Data), got.From, got.To)
		}
	}
}

func TestReportMistakes(t *testing.T) {
	h := open(t)
	h.refused(h.ask("GET", "/v1/reports/nothing.csv", ""), 404, "report_not_found")
	h.refused(h.ask("GET", "/v1/reports/payments.pdf", ""), 404, "report_format_not_found")
	h.refused(h.ask("GET", "/v1/reports/payments.csv.exe", ""), 404, "report_format_not_found")
	h.refused(h.ask("GET", "/v1/reports/payments", ""), 404, "not_found")
	for query, want := range map[string]string{
		"from=2026-13-01": "from: time_format", "from=gestern": "from: time_format", "to=1999-01-01": "to: time_range", "from=2026-11-23&to=2026-11-23": "to: ends_before_start",
		"status=sold": "status: not_a_choice", "currency=TL": "currency: not_a_choice", "dialect=dos": "dialect: not_a_choice", "kind=void": "kind: unknown_field", "limit=3": "limit: unknown_field",
		"lang=tr&lang=en": "lang: repeated",
	} {
		h.mistakes(h.ask("GET", "/v1/reports/payments.json?"+query, ""), want)
	}
	h.mistakes(h.ask("GET", "/v1/reports/refunds.json?kind=sale", ""), "kind: not_a_choice")
	h.mistakes(h.ask("GET", "/v1/reports/links.json?acquirer="+string(account), ""), "acquirer: unknown_field")
}

// I17: every report of another merchant is empty.
func TestI17_reportsOfANeighbour(t *testing.T) {
	h := open(t)
	h.sells()
	for _, r := range report.All() {
		if got := h.report(r.Name+".json", as(nextKey)); len(got.Data) != 0 || len(got.Totals) != 0 {
			t.Errorf("%s: %v", r.Name, got)
		}
		if r.Takes(report.FilterAccount) {
			if got := h.report(r.Name+".json?acquirer="+string(account), as(nextKey)); len(got.Data) != 0 {
				t.Errorf("%s: %v", r.Name, got)
			}
		}
	}
}

// away is a ledger that knows keys and reads no payments.
type away struct{ *sqlstore.Store }

func (away) ReportPayments(context.Context, checkout.ReportQuery) ([]checkout.Payment, error) {
	return nil, checkout.ErrStoreAway
}

// A ledger that is away is told before anything is sent.
func TestReportWithoutALedger(t *testing.T) {
	h := open(t)
	a := h.refused(h.over(away{h.ledger}).ask("GET", "/v1/reports/payments.csv", ""), 503, checkout.ErrStoreAway.Code)
	if a.header.Get("Content-Disposition") != "" {
		t.Errorf("%v", a.header)
	}
}

// over is the same house with another ledger, and without a listener.
func (h *house) over(l api.Ledger) *house {
	h.Helper()
	surface, err := api.New(api.Config{Flow: h.flow, Ledger: l, Limits: free{}, Clock: h.clock, Hash: h.ledger.HashKey})
	h.must(err)
	app := web.NewApp(web.Config{PublicURL: h.url, Message: api.Message})
	surface.Register(app)
	inner := *h
	inner.client = &http.Client{Transport: inMemory{app}}
	return &inner
}

// slow is a ledger whose reports of payments wait to be let on.
type slow struct {
	*sqlstore.Store
	came, on chan struct{}
}

func (s slow) ReportPayments(ctx context.Context, q checkout.ReportQuery) ([]checkout.Payment, error) {
	s.came <- struct{}{}
	<-s.on
	return s.Store.ReportPayments(ctx, q)
}

// Four reports at once are one merchant's share; one that is over makes room.
func TestReportsAtOnce(t *testing.T) {
	h := open(t)
	l := slow{h.ledger, make(chan struct{}), make(chan struct{})}
	inner := h.over(l)
	var running sync.WaitGroup
	ask := func(changes ...request) {
		running.Go(func() {
			if a := inner.ask("GET", "/v1/reports/payments.json", "", changes...); a.status != http.StatusOK {
				t.Errorf("%s", a)
			}
		})
		<-l.came
	}
	for range 4 {
		ask()
	}
	h.refused(inner.ask("GET", "/v1/reports/payments.json", ""), 429, "too_many_tries")
	ask(as(nextKey)) // a neighbour need not wait
	close(l.on)
	running.Wait()
	ask()
	running.Wait()
}
