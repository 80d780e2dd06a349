//go:build !race

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// payforAccount is the demo shop's account at QNB.
func (r *rig) payforAccount() string {
	r.t.Helper()
	_, list := r.api("GET", "/v1/acquirers", nil)
	for _, one := range list["data"].([]any) {
		if a := one.(map[string]any); a["kind"] == "payfor" {
			return fmt.Sprint(a["id"])
		}
	}
	r.t.Fatal("no account at QNB")
	return ""
}

// pulls reconciles a day with the bank's own list, and answers the run and its open rows.
func (r *rig) pulls(account, day string) (run map[string]any, open []map[string]any) {
	r.t.Helper()
	status, run := r.api("POST", "/v1/reconciliations", map[string]any{"acquirer": account, "day": day})
	r.must("pulled", []any{status, run["source"], run["failed_lines"]}, []any{201, "bank", 0})
	return run, r.openRows(run)
}

func (r *rig) openRows(run map[string]any) (open []map[string]any) {
	r.t.Helper()
	_, list := r.api("GET", fmt.Sprintf("/v1/reconciliations/%s/rows?open=true&limit=100", run["id"]), nil)
	for _, one := range list["data"].([]any) {
		open = append(open, one.(map[string]any))
	}
	return open
}

// does something about a row, and answers how it is then.
func (r *rig) does(run, row map[string]any, action string) map[string]any {
	r.t.Helper()
	status, got := r.api("POST", fmt.Sprintf("/v1/reconciliations/%s/rows/%v", run["id"], row["number"]), map[string]any{"action": action, "note": "Şube bakıyor"})
	r.must(action, status, http.StatusOK)
	return got
}

// Acceptance 16: what is missing here, missing there, and different is found against the bank's own books, and
// put right by its word.
func TestADayIsReconciledWithTheBank(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	account := r.payforAccount()
	step := func() { r.clock.advance(time.Second) }
	night := func() { r.clock.advance(24 * time.Hour) } // only a day that has ended is compared
	status, refused := r.api("POST", "/v1/reconciliations", map[string]any{"acquirer": account, "day": "2026-11-22"})
	r.must("money still comes in", []any{status, refused["code"]}, []any{409, "day_not_over"})
	kept, forgotten := r.paid(), r.paid()
	step()
	voided := r.paid()
	r.back(voided, "void", nil, 201, "status", "voided")
	step()
	r.paidBy(r.link(nil), "051")
	night()
	run, open := r.pulls(account, "2026-11-22")
	r.must("a good day", []any{len(open), run["rows"], run["open"]}, []any{0, 4, 0})

	// The answer to a charge was lost: the bank has it, and here it waits.
	r.bankFault(banksim.StepProvision, banksim.FaultTimeoutAfter, "", 1)
	lost := r.atBank(r.link(nil))
	lost.back()
	r.must("waits", r.ledgerPayment(lost.id).Status, checkout.StatusPending)
	step()

	// Ended here without money by a hand, and the bank has it all the same.
	r.bankFault(banksim.StepProvision, banksim.FaultTimeoutAfter, "", 1)
	wrong := r.atBank(r.link(nil))
	wrong.back()
	p := r.ledgerPayment(wrong.id)
	m, err := p.Refuse(checkout.Decline{Code: checkout.ReasonGeneric}, checkout.Step{At: r.clock.Now(), Actor: "test"})
	if err == nil {
		_, err = r.app.ledger.Move(t.Context(), m)
	}
	if err != nil {
		t.Fatal(err)
	}
	night()
	run, open = r.pulls(account, "2026-11-23")
	var found []any
	for _, row := range open {
		found = append(found, row["class"], row["ours"].(map[string]any)["payment"])
	}
	r.must("found", found, []any{"state_differs", lost.id, "state_differs", wrong.id})
	r.must("asked", r.does(run, open[0], "ask")["resolution"], "repaired")
	r.must("the bank does not agree", []any{r.does(run, open[1], "ask")["resolution"], r.ledgerPayment(wrong.id).Status}, []any{nil, checkout.StatusDeclined})
	r.must("given back", r.does(run, open[1], "give_back")["resolution"], "given_back")
	r.must("voided at the bank", r.ledgerPayment(wrong.id).Status, checkout.StatusVoided)
	r.stands(lost.id, checkout.StatusPaid, 0)
	r.countsFor(lost.id, "2026-11-23")
	night()
	_, open = r.pulls(account, "2026-11-24")
	r.must("the day of the repair misses nothing", len(open), 0)

	// A refund that was given in the bank's own panel.
	r.closeDay()
	r.atPanel(kept, 4000)
	night()
	run, open = r.pulls(account, "2026-11-25")
	r.must("a refund that is missing here", []any{len(open), open[0]["class"], open[0]["bank"].(map[string]any)["kind"]}, []any{1, "state_differs", "refund"})
	r.must("heard of", r.does(run, open[0], "ask")["resolution"], "repaired")
	r.stands(kept, checkout.StatusPartiallyRefunded, 4000)
	night()
	run, open = r.pulls(account, "2026-11-26")
	r.must("nor has the day on which the refund was heard of", []any{run["rows"], len(open)}, []any{0, 0})
	rows, _ := r.reported("refunds.json?status=refunded")
	r.must("its row", []any{len(rows), rows[0]["payment"], rows[0]["amount"]}, []any{1, kept, 4000})
	run, open = r.pulls(account, "2026-11-25")
	r.must("all is well again", []any{len(open), run["open"]}, []any{0, 0})

	r.fileOfTheDay(account, kept, forgotten)
	r.trailWhole()
}

// C16: the answer to a void was lost, and a comparison with the bank's list heard first that the sale is void. The void
// ends as well: it stayed pending for ever.
func TestC16_AComparisonHearsOfAVoidBeforeItsAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	account, id := r.payforAccount(), r.paid()
	r.bankFault(banksim.StepVoid, banksim.FaultTimeoutAfter, "", 1)
	waits := r.back(id, "void", nil, 202, "status", "pending")
	r.clock.advance(24 * time.Hour)
	run, open := r.pulls(account, "2026-11-22")
	r.must("asked", r.does(run, open[0], "ask")["resolution"], "repaired")
	r.stands(id, checkout.StatusVoided, 25000)
	r.settleFor(20 * time.Minute)
	_, ended := r.api("GET", "/v1/refunds/"+fmt.Sprint(waits["id"]), nil)
	r.must("the void", ended["status"], "voided")
	r.stands(id, checkout.StatusVoided, 25000)
	r.must("sent", r.asked(id, banksim.StepVoid), 1)
	r.trailWhole()
}

// A row that two lists of a day have is written down by hand once, whichever list somebody reads.
func TestARowOfTwoListsIsWrittenDownOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	account := r.payforAccount()
	r.clock.advance(24 * time.Hour)
	file := "İşlem Tarihi;Sipariş No;Provizyon No;İşlem Tipi;Tutar\r\n22.11.2026 12:10;TEL-1;S99999;Satış;1.234,56 TL\r\n"
	first, open := r.uploads(account, file)
	second, again := r.uploads(account, file)
	one, other := r.does(first, open[0], "manual"), r.does(second, again[0], "manual")
	r.must("in both lists", []any{other["resolution"], other["manual_entry"]}, []any{"manual", one["manual_entry"]})
	rows, total := r.reported("manual_entries.json")
	r.must("entries", []any{len(rows), total["amount"]}, []any{1, 123456})
	r.trailWhole()
}

// countsFor checks the day of a sale that was heard of later; when that was is kept besides.
func (r *rig) countsFor(payment, day string) {
	r.t.Helper()
	p := r.ledgerPayment(payment)
	r.must("the bank's day, and when we learned", []any{checkout.DayOf(p.PaidAt), checkout.DayOf(p.UpdatedAt)}, []any{checkout.Day(day), checkout.DayOf(r.clock.Now())})
	_, got := r.api("GET", "/v1/payments/"+payment, nil)
	told, err := time.Parse(time.RFC3339, fmt.Sprint(got["paid_at"]))
	r.must("in the API", []any{checkout.DayOf(told), err}, []any{checkout.Day(day), nil})
}

// fileOfTheDay uploads a file in which one sale is missing and one is nobody's, and closes the day.
func (r *rig) fileOfTheDay(account, kept, forgotten string) {
	r.t.Helper()
	p := r.ledgerPayment(kept)
	head := "\ufeffİşlem Tarihi;Sipariş No;Provizyon No;İşlem Tipi;Tutar\r\n22.11.2026 12:00;" + string(p.BankOrder) + ";" + p.AuthCode + ";Satış;"
	run, open := r.uploads(account, head+"255,00 TL\r\n")
	r.must("a sum that the bank's answer does not bear out", []any{open[0]["class"], r.does(run, open[0], "ask")["resolution"]}, []any{"amount_differs", nil})
	run, open = r.uploads(account, head+"250,00 TL\r\n22.11.2026 12:10;TEL-1;S99999;Satış;1.234,56 TL\r\n")
	var classes []any
	for _, row := range open {
		classes = append(classes, row["class"])
	}
	r.must("of the file", classes, []any{"only_bank", "only_ours"})
	r.must("missing in it", open[1]["ours"].(map[string]any)["payment"], forgotten)
	r.must("written down", r.does(run, open[0], "manual")["resolution"], "manual")
	status, refused := r.api("POST", fmt.Sprintf("/v1/reconciliations/%s/close", run["id"]), nil)
	r.must("a row is open", []any{status, refused["code"]}, []any{409, "rows_open"})
	r.must("the bank has it", r.does(run, open[1], "ask")["resolution"], "repaired")
	status, closed := r.api("POST", fmt.Sprintf("/v1/reconciliations/%s/close", run["id"]), nil)
	r.must("closed", []any{status, closed["status"]}, []any{200, "closed"})
	status, refused = r.api("POST", "/v1/reconciliations", map[string]any{"acquirer": account, "day": "2026-11-22"})
	r.must("a closed day is closed", []any{status, refused["code"]}, []any{409, "day_closed"})
	rows, total := r.reported("manual_entries.json")
	r.must("the entry", []any{len(rows), rows[0]["entry"], rows[0]["order_id"], total["amount"]}, []any{1, "manual", "TEL-1", 123456})
	rows, _ = r.reported("settlement.json")
	for _, row := range rows {
		if row["order_id"] == "TEL-1" {
			r.t.Error("a manual entry pretends to be a card payment")
		}
	}
}

// uploads sends a bank's file of a day.
func (r *rig) uploads(account, file string) (run map[string]any, open []map[string]any) {
	r.t.Helper()
	req, err := http.NewRequest("POST", r.base+"/v1/reconciliations?acquirer="+account, strings.NewReader(file))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+demoAPIKey)
	req.Header.Set("Content-Type", "text/csv")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(body, &run)
	}
	if err != nil || resp.StatusCode != http.StatusCreated {
		r.t.Fatalf("%d %s %v", resp.StatusCode, body, err)
	}
	return run, r.openRows(run)
}
