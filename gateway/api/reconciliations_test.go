//go:build !race

package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/statement"
)

// calls is one call of every operation but the contract itself, on the link and payment given.
func calls(l link, p checkout.Payment) map[string][2]string { // "METHOD /path" → target, body
	all := moreCalls(l, p)
	const run, columns = "/v1/reconciliations/rec_0000000000000000000001", "/bank_columns"
	maps.Copy(all, map[string][2]string{
		"POST /v1/payments/{id}/ask":                  {"/v1/payments/" + string(p.ID) + "/ask", ""},
		"GET /v1/branding":                            {"/v1/branding", ""},
		"PATCH /v1/branding":                          {"/v1/branding", `{"phone":"0212 555 00 00"}`},
		"PUT /v1/branding/privacy_notice":             {"/v1/branding/privacy_notice", `{"notice_url":null}`},
		"GET /v1/decline_texts":                       {"/v1/decline_texts", ""},
		"PATCH /v1/decline_texts":                     {"/v1/decline_texts", `{"lang":"tr","code":"generic"}`},
		"GET /v1/api_keys":                            {"/v1/api_keys", ""},
		"DELETE /v1/api_keys/{id}":                    {"/v1/api_keys/key_0000000000000000000009", ""},
		"GET /v1/users":                               {"/v1/users", ""},
		"DELETE /v1/users/{id}":                       {"/v1/users/usr_0000000000000000000009", ""},
		"GET /v1/audit_events":                        {"/v1/audit_events", ""},
		"GET /v1/audit_events/verify":                 {"/v1/audit_events/verify", ""},
		"POST /v1/link_batches":                       {"/v1/link_batches", `{"name":"x","rows":[{"amount":1}]}`},
		"POST /v1/link_batches/check":                 {"/v1/link_batches/check", `{"name":"x","rows":[{"amount":1}]}`},
		"GET /v1/link_batches":                        {"/v1/link_batches", ""},
		"GET /v1/link_batches/{id}":                   {"/v1/link_batches/bat_0000000000000000000001", ""},
		"GET /v1/link_batches/{id}/rows":              {"/v1/link_batches/bat_0000000000000000000001/rows", ""},
		"POST /v1/report_schedules":                   {"/v1/report_schedules", `{"report":"payments","to":["kasa@shop.example"]}`},
		"GET /v1/report_schedules":                    {"/v1/report_schedules", ""},
		"GET /v1/report_schedules/{id}":               {"/v1/report_schedules/rsc_0000000000000000000001", ""},
		"PATCH /v1/report_schedules/{id}":             {"/v1/report_schedules/rsc_0000000000000000000001", `{"every":"daily"}`},
		"DELETE /v1/report_schedules/{id}":            {"/v1/report_schedules/rsc_0000000000000000000001", ""},
		"POST /v1/report_schedules/{id}/send":         {"/v1/report_schedules/rsc_0000000000000000000001/send", ""},
		"POST /v1/products":                           {"/v1/products", plainProduct},
		"GET /v1/products":                            {"/v1/products", ""},
		"GET /v1/products/{id}":                       {"/v1/products/prd_0000000000000000000001", ""},
		"PATCH /v1/products/{id}":                     {"/v1/products/prd_0000000000000000000001", `{"price":1}`},
		"DELETE /v1/products/{id}":                    {"/v1/products/prd_0000000000000000000001", ""},
		"GET /v1/requests":                            {"/v1/requests", ""},
		"POST /v1/offline_keys":                       {"/v1/offline_keys", `{"name":"ERP"}`},
		"GET /v1/offline_keys":                        {"/v1/offline_keys", ""},
		"GET /v1/offline_keys/{id}":                   {"/v1/offline_keys/ofk_0000000000000000000001", ""},
		"DELETE /v1/offline_keys/{id}":                {"/v1/offline_keys/ofk_0000000000000000000001", ""},
		"POST /v1/offline_links/revoke":               {"/v1/offline_links/revoke", `{"order_id":"x"}`},
		"POST /v1/reconciliations":                    {"/v1/reconciliations?acquirer=" + string(p.Account), "tarih;tutar;rrn\n22.11.2026;1;1\n"},
		"GET /v1/reconciliations":                     {"/v1/reconciliations", ""},
		"GET /v1/reconciliations/{id}":                {run, ""},
		"GET /v1/reconciliations/{id}/rows":           {run + "/rows", ""},
		"GET /v1/reconciliations/{id}/rows.{format}":  {run + "/rows.json", ""},
		"POST /v1/reconciliations/{id}/rows/{number}": {run + "/rows/1", `{"action":"ask"}`},
		"POST /v1/reconciliations/{id}/close":         {run + "/close", ""},
		"GET /v1/acquirers/{id}/bank_columns":         {"/v1/acquirers/" + string(p.Account) + columns, ""},
		"PUT /v1/acquirers/{id}/bank_columns":         {"/v1/acquirers/" + string(p.Account) + columns, `{"columns":{"amount":"Tutar"}}`},
	})
	return all
}

type run struct {
	ID, Acquirer, Day, Source, Status string
	Lines, Rows, Open                 int
	OtherDays                         int `json:"other_days"`
	Failed                            int `json:"failed_lines"`
	Faults                            []struct {
		Row           int
		Field         *string
		Code, Message string
	}
	Counts    map[string]struct{ Rows, Open int }
	ClosedAt  *string `json:"closed_at"`
	CloseNote *string `json:"close_note"`
}

type runRow struct {
	Number int
	Class  string
	Ours   *struct{ Payment, Status string }
	Bank   *struct {
		Card, RRN  *string
		Amount     int64
		Commission *int64
	}
	Open       bool
	Resolution *string
	Manual     *string `json:"manual_entry"`
	Note       *string
}

// uploads sends a bank's file for the shop's account.
func (h *house) uploads(file, query string, changes ...request) exchange {
	h.Helper()
	return h.ask("POST", "/v1/reconciliations?acquirer="+string(account)+query, file, append([]request{header("Content-Type", "text/csv")}, changes...)...)
}

func (h *house) rowsOf(r run, query string) (all []runRow) {
	h.Helper()
	for target := "/v1/reconciliations/" + r.ID + "/rows?limit=2" + query; target != ""; {
		p := read[page[runRow]](h, h.ask("GET", target, ""))
		all = append(all, p.Data...)
		target = ""
		if p.Next != nil {
			target = "/v1/reconciliations/" + r.ID + "/rows?limit=2" + query + "&cursor=" + *p.Next
		}
	}
	return all
}

// bankFile is a list of the house's day with these payments, and what only the bank has.
func bankFile(h *house, all ...checkout.Payment) string {
	var b strings.Builder
	b.WriteString("İşlem Tarihi;Sipariş No;Referans No;Provizyon No;İşlem Tipi;Tutar;Komisyon Tutarı;Kart No\n")
	for _, p := range all {
		fmt.Fprintf(&b, "%s;%s;%s;%s;Satış;%s;1,50;4155650000000007\n", h.clock.Now().In(checkout.Istanbul()).Format("02.01.2006 15:04"), p.BankOrder, p.RRN, p.AuthCode, strings.ReplaceAll(p.Total.Decimal(), ".", ","))
	}
	return b.String()
}

func TestADayIsReconciledAndClosed(t *testing.T) {
	h := open(t)
	first, second := h.paid(h.stored(h.make(plainLink).ID)), h.paid(h.stored(h.make(plainLink).ID))
	h.clock.Advance(time.Minute)
	file := bankFile(h, first) + "22.11.2026;X-1;77;S9;Satış;10,00;;\n22.11.2026;X-2;78;S8;İade;5,00;;\n21.11.2026;Y;79;S7;Satış;1,00;;\n22.11.2026;Z;80;;Satış;bin;;\n"
	h.nextDay()
	h.mistakes(h.uploads(file, ""), "day: day_of_many")
	a := h.uploads(file, "&day=2026-11-22", idem("f"), header("Accept-Language", "tr"))
	r := read[run](t, a)
	if a.status != http.StatusCreated || a.header.Get("Location") != "/v1/reconciliations/"+r.ID || r.Day != "2026-11-22" || r.Source != "file" || r.Status != "open" || r.Lines != 4 || r.OtherDays != 1 ||
		r.Failed != 1 || r.Rows != 4 || r.Open != 3 || r.Counts["matched"].Rows != 1 || r.Counts["only_bank"].Open != 1 || r.Counts["refund_without_sale"].Open != 1 || r.Counts["only_ours"].Open != 1 {
		t.Fatalf("%s", a.body)
	}
	if f := r.Faults[0]; f.Row != 6 || *f.Field != "amount" || f.Code != "amount_format" || f.Message != "Bu bir tutar değil." {
		t.Errorf("%+v", f)
	}
	if again := h.uploads(file, "&day=2026-11-22", idem("f"), header("Accept-Language", "tr")); string(again.body) != string(a.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	h.refused(h.uploads(file, "&day=2026-11-21", idem("f")), 422, "idempotency_key_reused")
	rows := h.rowsOf(r, "")
	if len(rows) != 4 || rows[0].Ours.Payment != string(first.ID) || *rows[0].Bank.Card != "415565******0007" || *rows[0].Bank.Commission != 150 || rows[0].Open || rows[3].Ours.Payment != string(second.ID) || rows[3].Bank != nil {
		t.Errorf("%+v", rows)
	}
	if open := h.rowsOf(r, "&open=true"); len(open) != 3 || len(h.rowsOf(r, "&class=only_bank")) != 1 {
		t.Errorf("%+v", open)
	}
	asFile := "/v1/reconciliations/" + r.ID + "/rows."
	for query, want := range map[string]int{"": 4, "?open=true": 3, "?class=only_bank": 1, "?class=duplicate": 0} {
		if got := read[table](t, h.ask("GET", asFile+"json"+query, "")); len(got.Data) != want || want == 4 && got.Data[0]["payment"] != string(first.ID) {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if a := h.ask("GET", asFile+"csv?dialect=rfc4180", ""); a.header.Get("Content-Disposition") != `attachment; filename="odelink-reconciliation-20261122-20261123.csv"` || !strings.Contains(string(a.body), ",only_bank,") {
		t.Errorf("%v %s", a.header, a.body)
	}
	if a := h.ask("GET", asFile+"xlsx", ""); !strings.HasPrefix(string(a.body), "PK\x03\x04") {
		t.Errorf("%.40q", a.body)
	}
	h.refused(h.ask("GET", asFile+"pdf", ""), 404, "report_format_not_found")
	h.refused(h.ask("GET", "/v1/reconciliations/rec_2222222222222222222222/rows.csv", ""), 404, "reconciliation_not_found")
	h.mistakes(h.ask("GET", asFile+"csv?class=x&open=1&dialect=y&lang=de", ""), "class: not_a_choice, open: not_a_choice, lang: not_a_choice, dialect: not_a_choice")
	do := func(n int, body string, changes ...request) exchange {
		h.Helper()
		return h.ask("POST", fmt.Sprintf("/v1/reconciliations/%s/rows/%d", r.ID, n), body, changes...)
	}
	h.refused(do(1, `{"action":"accept","note":"x"}`), 409, "row_resolved")
	h.refused(do(2, `{"action":"ask"}`), 409, "not_for_this_row")
	h.refused(do(9, `{"action":"ask"}`), 404, "reconciliation_row_not_found")
	h.mistakes(do(2, `{"action":"accept"}`), "note: required")
	h.mistakes(do(2, `{"action":"accept","note":"4155650100416111"}`), "note: looks_like_card")
	h.mistakes(do(2, `{"action":"accept","note":"`+strings.Repeat("x", 251)+`"}`), "note: length")
	h.mistakes(do(2, `{"action":"steal"}`), "action: not_a_choice")
	made := do(2, `{"action":"manual","note":"Telefonla ödendi"}`, idem("m"))
	if row := read[runRow](t, made); *row.Resolution != "manual" || row.Manual == nil || *row.Note != "Telefonla ödendi" || row.Open {
		t.Errorf("%s", made.body)
	}
	if again := do(2, `{"action":"manual","note":"Telefonla ödendi"}`, idem("m")); string(again.body) != string(made.body) {
		t.Errorf("%s", again.body)
	}
	h.refused(do(2, `{"action":"manual"}`), 409, "row_resolved")
	if row := read[runRow](t, do(3, `{"action":"accept","note":"Şube bakıyor"}`)); *row.Resolution != "accepted" {
		t.Errorf("%+v", row)
	}
	closes := func(body string, changes ...request) exchange {
		return h.ask("POST", "/v1/reconciliations/"+r.ID+"/close", body, changes...)
	}
	h.refused(closes(""), 409, "rows_open")
	closed := closes(`{"note":"Banka yarın bakacak"}`, idem("c"))
	if got := read[run](t, closed); got.Status != "closed" || got.ClosedAt == nil || *got.CloseNote != "Banka yarın bakacak" || got.Open != 1 {
		t.Errorf("%s", closed.body)
	}
	if again := closes(`{"note":"Banka yarın bakacak"}`, idem("c")); string(again.body) != string(closed.body) {
		t.Errorf("%s", again.body)
	}
	h.refused(closes(`{"note":"x"}`), 409, "day_closed")
	h.refused(do(4, `{"action":"accept","note":"x"}`), 409, "day_closed")
	h.refused(h.uploads(file, "&day=2026-11-22"), 409, "day_closed")
	if got := read[run](t, h.ask("GET", "/v1/reconciliations/"+r.ID, "")); got.Status != "closed" {
		t.Errorf("%+v", got)
	}
	if got := read[page[run]](t, h.ask("GET", "/v1/reconciliations?day=2026-11-22&acquirer="+string(account), "")); len(got.Data) != 1 || got.Data[0].Counts["only_bank"].Open != 0 {
		t.Errorf("%+v", got)
	}
	if all := h.report("reconciliation.json?status=only_bank"); len(all.Data) != 1 || all.Data[0]["resolution"] != "manual" {
		t.Errorf("%+v", all)
	}
	if all := h.report("manual_entries.json"); len(all.Data) != 1 || all.Data[0]["entry"] != "manual" || all.Totals[0]["amount"] != 1000. {
		t.Errorf("%+v", all)
	}
	if all := h.report("payments.json"); len(all.Data) != 2 {
		t.Errorf("a manual entry stands among %d payments", len(all.Data))
	}
	h.must(h.ledger.Verify(context.Background(), func(f sqlstore.Finding) { t.Error(f) }))
}

// nextDay lets the house's day end in Istanbul: only a day that has ended is reconciled.
func (h *house) nextDay() { h.clock.Advance(12 * time.Hour) }

func TestADayIsReconciledWhenItHasEnded(t *testing.T) {
	h := open(t)
	h.clock.Advance(12*time.Hour - time.Microsecond) // 23:59:59.999999 in Istanbul
	file := func(day string) string { return "tarih;tutar;rrn\n" + day + ";1;1\n" }
	h.refused(h.uploads(file("22.11.2026"), ""), 409, "day_not_over")
	h.refused(h.uploads(file("23.11.2026"), ""), 409, "day_not_over")
	h.refused(h.uploads(file("22.11.2026"), "&day=2099-01-01"), 409, "day_not_over")
	h.refused(h.ask("POST", "/v1/reconciliations", `{"acquirer":"`+string(account)+`","day":"2026-11-22"}`), 409, "day_not_over")
	if got := read[run](t, h.uploads(file("21.11.2026"), "")); got.Day != "2026-11-21" {
		t.Errorf("%+v", got)
	}
	early := checkout.Run{
		ID: h.books.IDs.Run(), Merchant: shop, Account: account, Day: "2026-11-22", Source: checkout.FromFile, Actor: "test", CreatedAt: h.clock.Now(), Counts: map[checkout.Class]checkout.RunCount{},
	} // of a gateway that compared running days
	h.must(h.ledger.SaveRun(context.Background(), early, nil, h.books.Event("reconciliation.made"), checkout.Idempotency{}))
	h.clock.Advance(time.Microsecond)
	h.refused(h.ask("POST", "/v1/reconciliations/"+string(early.ID)+"/close", `{"note":"x"}`), 409, "day_not_over")
	if got := read[run](t, h.uploads(file("22.11.2026"), "")); got.Day != "2026-11-22" {
		t.Errorf("%+v", got)
	}
}

// A list that says nothing of the day, or not all of it, closes no day without a word why.
func TestAListThatSaysLittleClosesNoDayByItself(t *testing.T) {
	for name, c := range map[string]struct{ file, day string }{
		"no row of the day":   {"20.11.2026;1;1;Satış\n", "2026-11-19"},
		"an unreadable row":   {"18.11.2026;1;1;Satış;\n18.11.2026;x;2;Satış\n", "2026-11-18"},
		"rows of another day": {"17.11.2026;1;1;Satış\n16.11.2026;1;2;Satış\n", "2026-11-17"},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			r := read[run](t, h.uploads("tarih;tutar;rrn;tip\n"+c.file, "&day="+c.day))
			for _, row := range h.rowsOf(r, "&open=true") {
				read[runRow](t, h.ask("POST", fmt.Sprintf("/v1/reconciliations/%s/rows/%d", r.ID, row.Number), `{"action":"manual"}`))
			}
			at := "/v1/reconciliations/" + r.ID + "/close"
			h.refused(h.ask("POST", at, ""), 409, "list_incomplete")
			h.refused(h.ask("POST", at, `{"note":" "}`), 409, "list_incomplete")
			if got := read[run](t, h.ask("POST", at, `{"note":"Şube kapalıydı"}`)); got.Status != "closed" {
				t.Errorf("%+v", got)
			}
		})
	}
	h := open(t)
	r := read[run](t, h.uploads("tarih;tutar;rrn;tip\n18.11.2026;1;1;Satış\n", ""))
	read[runRow](t, h.ask("POST", "/v1/reconciliations/"+r.ID+"/rows/1", `{"action":"manual"}`))
	if got := read[run](t, h.ask("POST", "/v1/reconciliations/"+r.ID+"/close", "")); got.Status != "closed" {
		t.Errorf("%+v", got)
	}
}

func TestColumnsOfABankAreRemembered(t *testing.T) {
	h := open(t)
	h.nextDay()
	at := "/v1/acquirers/" + string(account) + "/bank_columns"
	type columns struct{ Columns map[string]string }
	if got := read[columns](t, h.ask("GET", at, "")); len(got.Columns) != 0 {
		t.Errorf("%v", got)
	}
	read[run](t, h.uploads("Kod;Bedel;Tarih;RRN;Tutar\nX;5,00;22.11.2026;1;9,00\n", ""))
	if got := read[columns](t, h.ask("GET", at, "")); fmt.Sprint(got.Columns) != "map[amount:Tutar date:Tarih rrn:RRN]" {
		t.Errorf("%v", got)
	}
	read[columns](t, h.ask("PUT", at, `{"columns":{"amount":"Bedel","rrn":"Kod","date":"Tarih"}}`))
	r := read[run](t, h.uploads("Kod;Bedel;Tarih;RRN;Tutar\nX;5,00;22.11.2026;1;9,00\n", ""))
	if row := h.rowsOf(r, "")[0]; row.Bank.Amount != 500 || *row.Bank.RRN != "X" {
		t.Errorf("%+v", row)
	}
	h.mistakes(h.ask("PUT", at, `{"columns":{"colour":"x"}}`), "columns.colour: unknown_field")
	h.mistakes(h.ask("PUT", at, `{"columns":{"amount":"4155650100416111"}}`), "columns.amount: looks_like_card")
	h.mistakes(h.ask("PUT", at, `{"columns":{"amount":""}}`), "columns.amount: length")
	h.mistakes(h.ask("PUT", at, `{}`), "columns: required")
	h.refused(h.ask("PUT", at, `{`), 400, "json_malformed")
	h.refused(h.ask("PUT", at, `{}`, header("Content-Type", "text/plain")), 415, "unsupported_media_type")
	if got := read[columns](t, h.ask("PUT", at, `{"columns":{}}`)); len(got.Columns) != 0 {
		t.Errorf("%v", got)
	}
}

// workbookOf is a workbook of one sheet with these rows.
func workbookOf(rows string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"xl/workbook.xml":          `<workbook xmlns:r="r"><sheets><sheet r:id="rId1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + rows + "</sheetData></worksheet>",
	} {
		if w, err := z.Create(name); err == nil {
			_, _ = w.Write([]byte(text)) // into memory
		}
	}
	_ = z.Close()
	return b.String()
}

func TestFilesThatAreNone(t *testing.T) {
	h := open(t)
	h.nextDay()
	for name, c := range map[string]struct{ file, code, errors string }{
		"empty":      {" ", "file_empty", ""},
		"binary":     {"\x00", "file_not_a_table", ""},
		"old Excel":  {"\xD0\xCF\x11\xE0", "file_old_excel", ""},
		"damaged":    {"PK\x03\x04", "file_damaged", ""},
		"rows":       {"tarih;tutar;rrn\n" + strings.Repeat("22.11.2026;1;1\n", statement.MaxLines+1), "bank_file_too_long", ""},
		"no columns": {"a;b\n1;2\n", "bank_file_columns", "date: column_missing, amount: column_missing"},
		"no rows": {"tarih;tutar;rrn;tip;durum;valör;para birimi\nx;1;1;;;;\n22.11.2026;1;1;bilinmez;;;\n22.11.2026;1;1;;belki;;\n22.11.2026;;1;;;;\n22.11.2026;1;1;;;;CHF\n22.11.2026;1;1" + strings.Repeat(";", 250) + "x\n22.11.2026;1;" + strings.Repeat("x", 4001) + ";;;;\n22.11.2026;-5,00;1;Satış;;;\n\"22.11.2026;1;1;;;;\n", "bank_file_no_lines",
			"row 2.date: date_format, row 3.kind: kind_unknown, row 4.status: status_unknown, row 5.amount: required, row 6.currency: currency_unknown, row 7: row_too_wide, row 8: row_text_too_long, row 9.kind: sale_below_zero, row 10: row_quote_open"},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.refused(h.uploads(c.file, ""), 422, c.code)
			if got := a.codes(t); got != c.errors {
				t.Errorf("%s, want %s", got, c.errors)
			}
		})
	}
	heads := "tarih;tutar;rrn\n" + strings.Repeat("\n;;\n", 10) + strings.Repeat("22.11.2026;x;1\n", 10)
	h.refused(h.uploads(heads, ""), 422, "bank_file_no_lines")
	book := `<row><c t="inlineStr"><is><t>Tarih</t></is></c><c t="inlineStr"><is><t>Tutar</t></is></c><c t="inlineStr"><is><t>RRN</t></is></c></row><row><c><v>46348</v></c><c><v>12.5</v></c><c><v>632614000123</v></c></row>`
	if r := read[run](t, h.uploads(workbookOf(book), "", header("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))); r.Day != "2026-11-22" || h.rowsOf(r, "")[0].Bank.Amount != 1250 {
		t.Errorf("%+v", r)
	}
	h.refused(h.uploads(workbookOf(`<row><c t="inlineStr"><is><t>`+strings.Repeat(" ", 33<<20)+"</t></is></c></row>"), "", header("Content-Type", "application/octet-stream")), 422, "file_too_large")
	h.refused(h.uploads("x", "", header("Content-Type", "image/png")), 415, "unsupported_media_type")
	h.refused(h.uploads("x", "", header("Content-Type", ";")), 415, "unsupported_media_type")
	h.mistakes(h.ask("POST", "/v1/reconciliations", "x", header("Content-Type", "text/csv")), "acquirer: required")
	h.mistakes(h.uploads("tarih;tutar;rrn\n22.11.2026;1;1\n", "&day=x"), "day: day_format")
	h.refused(h.ask("POST", "/v1/reconciliations?acquirer=acc_0000000000000000000000", "x", header("Content-Type", "text/csv")), 404, "acquirer_not_found")
	h.refused(h.ask("POST", "/v1/reconciliations", "{"), 400, "json_malformed")
	h.mistakes(h.ask("POST", "/v1/reconciliations", `{}`), "acquirer: required, day: required")
	if got := h.ask("GET", "/v1/reconciliations?day=x", ""); got.codes(t) != "day: day_format" {
		t.Errorf("%s", got.body)
	}
	h.refused(h.ask("GET", "/v1/reconciliations?cursor=x", ""), 400, "cursor_invalid")
	h.refused(h.ask("GET", "/v1/reconciliations/x", ""), 404, "reconciliation_not_found")
}

// reconciling answers what the bank would.
type reconciling struct {
	*checkout.Service
	err error
}

func (f reconciling) PullDay(context.Context, checkout.By, checkout.MerchantID, checkout.AccountID, checkout.Day, func(checkout.Run) (checkout.Idempotency, error)) (checkout.Run, error) {
	return checkout.Run{}, f.err
}

func TestADayIsAskedOfTheBank(t *testing.T) {
	h := open(t)
	for err, want := range map[error]struct {
		status int
		code   string
	}{checkout.ErrCannotList: {409, "acquirer_cannot_list"}, checkout.ErrUnreachable: {503, "bank_unreachable"}, errors.New("x"): {500, "internal"}} {
		inner := h.with(reconciling{h.flow, err})
		inner.refused(inner.ask("POST", "/v1/reconciliations", `{"acquirer":"`+string(account)+`","day":"2026-11-22"}`), want.status, want.code)
	}
	h.mistakes(h.ask("POST", "/v1/reconciliations", `{"acquirer":"`+string(account)+`","day":"22.11.2026"}`), "day: day_format")
}
