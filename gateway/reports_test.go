//go:build !race

package main

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	reports "github.com/odelink/odelink/gateway/report"
)

// reported is a report as JSON: its rows and its total in lira.
func (r *rig) reported(target string) (rows []map[string]any, total map[string]any) {
	r.t.Helper()
	status, answer := r.api("GET", "/v1/reports/"+target, nil)
	r.must(target, status, http.StatusOK)
	for _, one := range answer["data"].([]any) {
		rows = append(rows, one.(map[string]any))
	}
	if totals := answer["totals"].([]any); len(totals) > 0 {
		total = totals[0].(map[string]any)
		r.must("currencies", len(totals), 1)
		r.must("currency", total["currency"], "TRY")
	}
	return rows, total
}

// file is a report as it is downloaded.
func (r *rig) file(target string) []byte {
	r.t.Helper()
	req, err := http.NewRequest("GET", r.base+"/v1/reports/"+target, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+demoAPIKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d %v", target, resp.StatusCode, err)
	}
	return body
}

// What was paid, refused, voided and refunded stands in the reports, and their sums are the bank's.
func TestReportsAgreeWithTheBank(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	step := func() { r.clock.advance(time.Second) }
	kept := r.paid()
	step()
	voided := r.paid()
	step()
	declined := r.paidBy(r.link(nil), "051")
	r.back(voided, "void", map[string]any{"reason": "=yanlış"}, 201, "status", "voided")
	r.closeDay()
	r.back(kept, "refunds", map[string]any{"amount": 5000}, 201, "status", "refunded")

	var collected, back int64
	for _, c := range r.bank.Charges() {
		collected += c.Amount
		if c.Status == "voided" {
			back += c.Amount
		} else {
			back += c.RefundedAmount
		}
	}
	r.must("the bank's books", []any{collected, back}, []any{int64(50000), int64(30000)})
	rows, total := r.reported("payments.json")
	r.must("payments", []any{len(rows), rows[0]["id"], rows[0]["status"], rows[0]["decline_bank_code"]}, []any{3, declined, "declined", "51"})
	r.must("sums of payments", []any{total["collected"], total["refunded"], total["net"]}, []any{float64(collected), float64(back), float64(collected - back)})
	rows, total = r.reported("refunds.json")
	r.must("refunds", []any{len(rows), rows[0]["kind"], rows[1]["kind"], total["given_back"]}, []any{2, "refund", "void", float64(back)})
	_, total = r.reported("links.json")
	r.must("links", []any{total["rows"], total["paid_count"], total["paid_amount"]}, []any{3., 2., float64(collected)})
	_, total = r.reported("installments.json")
	r.must("instalments", []any{total["payments"], total["net"]}, []any{2., float64(collected - back)})
	rows, total = r.reported("declines.json")
	r.must("declines", []any{len(rows), rows[0]["decline_code"], total["attempts"]}, []any{1, "insufficient_funds", 1.})
	_, total = r.reported("settlement.json")
	r.must("settlement", total["gross"], float64(collected-back))

	for _, one := range reports.All() {
		text := string(r.file(one.Name + ".csv?lang=tr"))
		if !strings.HasPrefix(text, "\ufeff\"") || !strings.HasSuffix(text, "\r\n") {
			t.Errorf("%s: %q", one.Name, text)
		}
		book := r.file(one.Name + ".xlsx")
		if _, err := zip.NewReader(bytes.NewReader(book), int64(len(book))); err != nil {
			t.Errorf("%s: %v", one.Name, err)
		}
	}
	if text := string(r.file("refunds.csv?lang=tr")); !strings.Contains(text, `"'=yanlış"`) || !strings.Contains(text, ";300,00;") {
		t.Errorf("%s", text)
	}
}
