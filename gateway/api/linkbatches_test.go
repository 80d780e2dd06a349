package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

type batch struct {
	ID, Kind, Name       string
	Rows, Links, Refused int
	Sums                 []struct {
		Currency    string
		Links, Paid int
		Amount      int64
		PaidAmount  int64 `json:"paid_amount"`
	}
}

type batchRow struct {
	Row    int
	Label  *string
	Link   *link
	Errors []struct{ Field, Code, Message string }
}

type checkedBatch struct {
	Rows, Links int
	Sums        []struct {
		Currency string
		Links    int
		Amount   int64
	}
	Refused []batchRow
}

// told are rows as "row label: field code, …".
func told(rows []batchRow) string {
	var all []string
	for _, r := range rows {
		text := fmt.Sprint(r.Row)
		if r.Label != nil {
			text += " " + *r.Label
		}
		for i, e := range r.Errors {
			text += []string{": ", ", "}[min(i, 1)] + e.Field + " " + e.Code
		}
		if r.Link != nil {
			text += fmt.Sprintf(" = %d", *r.Link.Amount)
		}
		all = append(all, text)
	}
	return strings.Join(all, " | ")
}

const batchesAt = "/v1/link_batches"

const mixedBatch = `{"name":"Kasım aidatları","currency":"TRY","rows":[
	{"label":"Daire 1","amount":125050,"order_id":"AIDAT-1","customer":{"name":"Ayşe Işık","phone":"0532 123 45 67"}},
	{"label":"Daire 2"},
	{"amount":"5","colour":"red","customer":{"name":"Can"}},
	{"label":"Daire 4","amount":100,"order_id":"AIDAT-1"},
	{"label":"Daire 5","amount":900,"currency":"USD","metadata":{"kat":"3"}},
	{"label":"4155650100416111","amount":100}]}`

const mixedRefused = "2 Daire 2: amount required | 3 Can: amount wrong_type, colour unknown_field | 4 Daire 4: order_id order_id_repeated | 6: label looks_like_card"

// A value that is null in a row is a mistake of that row, not the end of the answer.
func TestLinkBatches_nullsInRows(t *testing.T) {
	h := open(t)
	const body = `{"name":"x","currency":"TRY","rows":[{"label":"A","amount":5,"metadata":{"kat":null}},{"label":"B","amount":5,"fields":[null],"customer":null}]}`
	if a := h.ask("POST", batchesAt+"/check", body); a.status != http.StatusOK || !strings.HasPrefix(told(read[checkedBatch](t, a).Refused), "1 A: metadata.kat required") {
		t.Errorf("%s %s", a, a.body)
	}
}

// What would be made is told before anything is stored; then links are made of the good rows, once under one key.
func TestLinkBatchesAreCheckedAndMade(t *testing.T) {
	h := open(t)
	check := h.ask("POST", batchesAt+"/check", mixedBatch)
	c := read[checkedBatch](t, check)
	if check.status != http.StatusOK || c.Rows != 6 || c.Links != 2 || len(c.Sums) != 2 || c.Sums[0].Amount != 125050 || c.Sums[1].Currency != "USD" || told(c.Refused) != mixedRefused {
		t.Errorf("%s\n%s\n%s", told(c.Refused), mixedRefused, check.body)
	}
	if strings.Contains(string(check.body), "4155650100416111") {
		t.Errorf("a card number is told back: %s", check.body)
	}
	if all := read[page[link]](t, h.ask("GET", "/v1/links", "")); len(all.Data) != 0 {
		t.Fatalf("looking made %d links", len(all.Data))
	}
	a := h.ask("POST", batchesAt, mixedBatch, idem("k"))
	b := read[batch](t, a)
	if a.status != http.StatusCreated || a.header.Get("Location") != batchesAt+"/"+b.ID || b.Kind != "file" || b.Rows != 6 || b.Links != 2 || b.Refused != 4 || len(b.Sums) != 2 {
		t.Errorf("%s %s", a, a.body)
	}
	if again := h.ask("POST", batchesAt, mixedBatch, idem("k")); string(again.body) != string(a.body) || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Location") != a.header.Get("Location") {
		t.Errorf("%s %s", again, again.body)
	}
	h.refused(h.ask("POST", batchesAt, strings.Replace(mixedBatch, "125050", "1", 1), idem("k")), 422, "idempotency_key_reused")
	h.refused(h.ask("POST", "/v1/links", plainLink, idem("k")), 422, "idempotency_key_reused")
	rows := read[page[batchRow]](t, h.ask("GET", batchesAt+"/"+b.ID+"/rows", ""))
	if got := told(rows.Data); got != "1 Daire 1 = 125050 | "+strings.Replace(mixedRefused, " | 6", " | 5 Daire 5 = 900 | 6", 1) || rows.Next != nil || rows.Data[0].Link.Customer.Phone != "+905321234567" {
		t.Errorf("%s", got)
	}
	turkish := read[page[batchRow]](t, h.ask("GET", batchesAt+"/"+b.ID+"/rows?refused=true", "", header("Accept-Language", "tr")))
	if told(turkish.Data) != mixedRefused || turkish.Data[0].Errors[0].Message != "Bu alan zorunludur." {
		t.Errorf("%+v", turkish.Data)
	}
	h.paid(h.stored(rows.Data[0].Link.ID))
	if got := read[batch](t, h.ask("GET", batchesAt+"/"+b.ID, "")); got.Sums[0].Paid != 1 || got.Sums[0].PaidAmount == 0 {
		t.Errorf("%+v", got)
	}
	for _, path := range []string{"", "/rows"} {
		h.refused(h.ask("GET", batchesAt+"/"+b.ID+path, "", as(nextKey)), 404, "batch_not_found")
		h.refused(h.ask("GET", batchesAt+"/bat_1"+path, ""), 404, "batch_not_found")
	}
	h.mistakes(h.ask("POST", batchesAt, `{"name":"x","rows":[{"amount":0,"currency":"TRY"}]}`), "rows: no_good_row")
}

// A call that broke off between two of its parts goes on under its key, and makes nothing twice.
func TestALinkBatchGoesOnWhereItBrokeOff(t *testing.T) {
	h := open(t)
	const rows = 1100
	body := `{"name":"Uzun","currency":"TRY","rows":[` + strings.Repeat(`{"amount":100},`, rows-1) + `{"amount":100}]}`
	h.fault.setAfter(sqlstore.FaultBegin, 1)
	h.refused(h.ask("POST", batchesAt, body, idem("k")), 503, "temporarily_unavailable")
	h.fault.set("")
	begun := read[page[batch]](t, h.ask("GET", batchesAt, ""))
	if half := read[batch](t, h.ask("GET", batchesAt+"/"+begun.Data[0].ID, "")); half.Links == 0 || half.Links >= rows {
		t.Fatalf("%d links were made before it broke off", half.Links)
	}
	h.refused(h.ask("POST", batchesAt, mixedBatch, idem("k")), 422, "idempotency_key_reused")
	b := read[batch](t, h.ask("POST", batchesAt, body, idem("k")))
	if b.Links != rows || b.ID != begun.Data[0].ID {
		t.Errorf("%+v, begun as %s", b, begun.Data[0].ID)
	}
	n, target := 0, batchesAt+"/"+b.ID+"/rows?limit=100"
	for next := ""; ; {
		p := read[page[batchRow]](t, h.ask("GET", target+next, ""))
		for _, r := range p.Data {
			if n++; r.Row != n {
				t.Fatalf("row %d at %d", r.Row, n)
			}
		}
		if p.Next == nil {
			break
		}
		next = "&cursor=" + *p.Next
	}
	if n != rows {
		t.Errorf("%d rows", n)
	}
	h.refused(h.ask("GET", target+"&cursor=x", ""), 400, "cursor_invalid")
	h.mistakes(h.ask("GET", batchesAt+"/"+b.ID+"/rows?refused=no&limit=0", ""), "limit: out_of_range, refused: not_a_choice")
}

// Of batches of the same rows that are made at one moment each link belongs to a batch that there is: a part whose rows
// another one took begins none, and the part behind it does.
func TestALinkOfABatchHasABatch(t *testing.T) {
	h := open(t)
	shared := make([]string, 500) // a whole part
	for i := range shared {
		shared[i] = fmt.Sprintf(`{"amount":100,"order_id":"X%d"}`, i)
	}
	var all sync.WaitGroup
	for _, own := range []string{"Y", "Z"} {
		all.Go(func() {
			rows := append(slices.Clone(shared), `{"amount":100,"order_id":"`+own+`"}`)
			a := h.ask("POST", batchesAt, `{"name":"`+own+`","currency":"TRY","rows":[`+strings.Join(rows, ",")+`]}`)
			made := read[page[struct{ ID string }]](t, h.ask("GET", "/v1/links?order_id="+own, ""))
			if stored := len(made.Data) == 1; stored != (a.status == 201) {
				t.Errorf("%s: answered %d, and %d links of its own", own, a.status, len(made.Data))
			}
			if b := read[batch](t, a); b.Links+b.Refused != len(rows) {
				t.Errorf("%s: %d links and %d refused rows of %d", own, b.Links, b.Refused, len(rows))
			}
		})
	}
	all.Wait()
	if got := read[page[batch]](t, h.ask("GET", batchesAt, "")); len(got.Data) != 2 {
		t.Errorf("%d batches", len(got.Data))
	}
}

// Tables are read as people write them, by their headings.
func TestLinkBatchesOfTables(t *testing.T) {
	h := open(t, both)
	csv := func(text string, params ...string) exchange {
		return h.ask("POST", batchesAt+"?name=Liste&"+strings.Join(params, "&"), text, header("Content-Type", "text/csv"))
	}
	const table = "Müşteri;TUTAR;E-posta;Sipariş No;Son ödeme tarihi\r\nAyşe Işık;1.250,50 TL;ayse@ornek.example;F-1;31.12.2026\r\nBarış;abc;;F-2;\r\n"
	a := csv(table, "description=Aidat", "deliver=sms,email")
	b := read[batch](t, a)
	rows := read[page[batchRow]](t, h.ask("GET", a.header.Get("Location")+"/rows", ""))
	if b.Links != 1 || told(rows.Data) != "2 Ayşe Işık = 125050 | 3 Barış: amount amount_format" {
		t.Fatalf("%s: %s", a, told(rows.Data))
	}
	if l := rows.Data[0].Link; l.Description != "Aidat" || l.OrderID != "F-1" || len(l.Deliver) != 1 || l.Deliver[0] != "email" || !l.ExpiresAt.Equal(time.Date(2026, 12, 31, 20, 59, 0, 0, time.UTC)) {
		t.Errorf("%+v", l)
	}
	if got := read[batch](t, csv("tutar\n5\n", "currency=USD", "expires_at=2026-12-01T00:00:00Z")); got.Sums[0].Currency != "USD" {
		t.Errorf("%+v", got)
	}
	refused := csv("Kim;4155650100416111\nAli;5\n")
	h.mistakes(refused, "amount: column_missing")
	if strings.Contains(string(refused.body), "4155650100416111") || !strings.Contains(string(refused.body), "Kim") {
		t.Errorf("%s", refused.body)
	}
	for text, code := range map[string]string{
		"": "file_empty", "\x00\x01\x02binary": "file_not_a_table", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1old": "file_old_excel", "PK\x03\x04broken": "file_damaged",
		"tutar\n" + strings.Repeat("1\n", checkout.MaxBatchRows+1): "file_too_many_rows",
	} {
		h.refused(csv(text), 422, code)
	}
	h.mistakes(h.ask("POST", batchesAt+"?currency=X&deliver=fax&expires_at=x", table, header("Content-Type", "text/csv")), "currency: not_a_choice, expires_at: time_format, deliver: not_a_choice, name: required")
	h.mistakes(h.ask("POST", batchesAt+"?name=x", mixedBatch), "name: unknown_field")
	for _, path := range []string{"", "/check"} {
		h.refused(h.ask("POST", batchesAt+path, "{}", header("Content-Type", "application/xml")), 415, "unsupported_media_type")
		h.refused(h.ask("POST", batchesAt+path, "{"), 400, "json_malformed")
	}
}

// The shares of a sum are made together or not at all.
func TestLinkGroups(t *testing.T) {
	h := open(t)
	group := func(total, rows string) string {
		return `{"name":"Ev kirası","kind":"group","currency":"TRY","total":` + total + `,"rows":[` + rows + `]}`
	}
	b := read[batch](t, h.ask("POST", batchesAt, group("100001", `{"label":"Ayşe","amount":40000},{"label":"Barış"},{"label":"Derya"}`)))
	rows := read[page[batchRow]](t, h.ask("GET", batchesAt+"/"+b.ID+"/rows", ""))
	if told(rows.Data) != "1 Ayşe = 40000 | 2 Barış = 30001 | 3 Derya = 30000" || rows.Data[1].Link.Metadata["share"] != "Barış" || rows.Data[1].Link.Metadata["group"] != b.ID {
		t.Errorf("%s", told(rows.Data))
	}
	for body, want := range map[string]string{
		group("null", `{"label":"Ali"}`):                                               "total: group_total_needed",
		group("10", `{"label":"Ali","amount":20}`):                                     "total: group_total_differs",
		group("10", `{"label":"Ali"},{"label":"V","amount":1,"order_id":"a b"}`):       "rows.2.order_id: order_id_format",
		group("10", `{"label":"Ali","order_id":"A-1"},{"label":"V","order_id":"A-1"}`): "rows.2.order_id: order_id_repeated",
		group("10", `{"label":"Ali","metadata":{"a":"b"}}`):                            "rows.1.metadata: read_only, rows.1.amount: required",
		group("10", `{"label":"Ali"},{"label":"V","amount":20,"currency":"USD"}`):      "rows.2.currency: group_currency_differs",
		group("10", "7"): "rows.1.row: wrong_type, rows.1.amount: required",
		group("10", ""):  "rows: required",
		group("10000", strings.Repeat(`{},`, checkout.MaxGroupLinks)+"{}"):   "rows: too_many",
		`{"name":"x","total":5,"rows":[{"amount":5}]}`:                       "total: only_of_group",
		`{"name":"x","kind":"heap","rows":[{"amount":5}]}`:                   "kind: not_a_choice",
		`{"name":"x","rows":5}`:                                              "rows: wrong_type",
		`{"rows":[{"amount":5}]}`:                                            "name: required",
		`{"name":"4155650100416111","rows":[{"amount":5,"currency":"TRY"}]}`: "name: looks_like_card",
	} {
		h.mistakes(h.ask("POST", batchesAt, body), want)
	}
	if all := read[page[link]](t, h.ask("GET", "/v1/links", "")); len(all.Data) != 3 {
		t.Errorf("%d links", len(all.Data))
	}
	h.clock.Advance(time.Second)
	read[batch](t, h.ask("POST", batchesAt, `{"name":"Liste","rows":[{"amount":5,"currency":"TRY"}]}`))
	first := read[page[batch]](t, h.ask("GET", batchesAt+"?limit=1", ""))
	second := read[page[batch]](t, h.ask("GET", batchesAt+"?limit=1&cursor="+*first.Next, ""))
	if first.Data[0].Name != "Liste" || second.Data[0].ID != b.ID || second.Next != nil {
		t.Errorf("%+v %+v", first, second)
	}
	if got := read[page[batch]](t, h.ask("GET", batchesAt+"?kind=group", "")); len(got.Data) != 1 {
		t.Errorf("%+v", got)
	}
	if a := h.ask("GET", batchesAt, "", as(nextKey)); string(a.body) != `{"data":[],"next_cursor":null}` {
		t.Errorf("a neighbour sees %s", a.body)
	}
	h.refused(h.ask("GET", batchesAt+"?cursor=x", ""), 400, "cursor_invalid")
	h.mistakes(h.ask("GET", batchesAt+"?kind=heap", ""), "kind: not_a_choice")
}
