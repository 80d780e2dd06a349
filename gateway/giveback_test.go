package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/threeds/banksim"
)

// paid makes a payment of 250.00 TRY and answers its id.
func (r *rig) paid() string {
	r.t.Helper()
	id := r.paidBy(r.link(nil), "001")
	r.app.flow.Wait() // the bank is asked for the amount, which is no business of these tests
	return id
}

// givesBack asks by the API; kind is "void" or "refunds", key an Idempotency-Key or "".
func (r *rig) givesBack(payment, kind, key string, body map[string]any) (status int, answer map[string]any, header http.Header) {
	r.clock.advance(time.Millisecond) // rows are listed by their time
	status, answer, header, err := r.tryGiveBack(payment, kind, key, body)
	if err != nil {
		r.t.Fatal(err)
	}
	return status, answer, header
}

func (r *rig) tryGiveBack(payment, kind, key string, body map[string]any) (status int, answer map[string]any, header http.Header, err error) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, nil, nil, err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequest("POST", r.base+"/v1/payments/"+payment+"/"+kind, in)
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+demoAPIKey)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, answer, resp.Header, json.NewDecoder(resp.Body).Decode(&answer)
}

// back demands what an asking is answered with, and answers it.
func (r *rig) back(payment, kind string, body map[string]any, status int, field, want string) map[string]any {
	r.t.Helper()
	got, answer, _ := r.givesBack(payment, kind, "", body)
	if got != status || answer[field] != want {
		r.t.Fatalf("%s: %d %v, want %d %s", kind, got, answer, status, want)
	}
	return answer
}

// stands demands how a payment is.
func (r *rig) stands(payment string, status checkout.Status, back int64) checkout.Payment {
	r.t.Helper()
	p := r.ledgerPayment(payment)
	r.must("status", p.Status, status)
	r.must("went back", p.Refunded, back)
	r.proven()
	return p
}

func (r *rig) closeDay() {
	r.t.Helper()
	if _, err := r.bank.CloseDay(); err != nil {
		r.t.Fatal(err)
	}
}

func TestVoid(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	status, made, header := r.givesBack(id, "void", "", map[string]any{"reason": "Sipariş iptal edildi"})
	r.must("answer", []any{status, made["status"], made["kind"], made["amount"], made["payment"], made["reason"]}, []any{201, "voided", "void", 25000, id, "Sipariş iptal edildi"})
	r.must("where", header.Get("Location"), "/v1/refunds/"+fmt.Sprint(made["id"]))
	r.stands(id, checkout.StatusVoided, 25000)
	r.must("at the bank", r.bank.Charges()[0].Status, "voided")
	r.must("events", r.events(id)[len(r.events(id))-4:], []string{"payment.void_requested", "refund.pending", "payment.voided", "refund.voided"})
	r.must("told", r.told("payment.voided", id), 1)
	shown := r.payment(id)
	r.must("shown", []any{shown["status"], shown["refunded_amount"], len(shown["refunds"].([]any))}, []any{"voided", 25000, 1})
	r.back(id, "void", nil, 409, "code", "payment_not_refundable")
	r.back(id, "refunds", nil, 409, "code", "payment_not_refundable")
	_, one := r.api("GET", header.Get("Location"), nil)
	r.must("read", one, made)
	_, list := r.api("GET", "/v1/refunds?kind=void&payment="+id, nil)
	r.must("listed", list["data"], []any{made})
	r.must("calls", r.asked(id, banksim.StepVoid), 1)
}

func TestRefundsInParts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	r.back(id, "refunds", nil, 409, "code", "refund_too_early")
	r.stands(id, checkout.StatusPaid, 0)
	r.closeDay()
	r.back(id, "void", nil, 409, "code", "void_too_late")
	r.stands(id, checkout.StatusPaid, 0)
	r.back(id, "refunds", map[string]any{"amount": 25001}, 409, "code", "refund_over_total")
	r.back(id, "refunds", map[string]any{"amount": 0}, 422, "code", "validation_failed")
	r.back(id, "refunds", map[string]any{"amount": -1}, 422, "code", "validation_failed")
	r.back(id, "refunds", map[string]any{"amount": 5000}, 201, "status", "refunded")
	r.stands(id, checkout.StatusPartiallyRefunded, 5000)
	r.back(id, "void", nil, 409, "code", "payment_not_refundable")
	r.back(id, "refunds", map[string]any{"amount": 20001}, 409, "code", "refund_over_total")
	rest := r.back(id, "refunds", nil, 201, "status", "refunded")
	r.must("the rest", rest["amount"], 20000)
	r.stands(id, checkout.StatusRefunded, 25000)
	r.back(id, "refunds", nil, 409, "code", "payment_not_refundable")
	r.must("told", r.told("payment.refunded", id), 2)
	var kinds []any
	for _, one := range r.payment(id)["refunds"].([]any) {
		row := one.(map[string]any)
		kinds = append(kinds, row["kind"], row["status"], row["amount"])
	}
	r.must("rows of their own", kinds, []any{"refund", "refused", 25000, "void", "refused", 25000, "refund", "refunded", 5000, "refund", "refunded", 20000})
	_, list := r.api("GET", "/v1/refunds?status=refunded&limit=1", nil)
	_, next := r.api("GET", "/v1/refunds?status=refunded&cursor="+fmt.Sprint(list["next_cursor"]), nil)
	r.must("pages", []any{len(list["data"].([]any)), len(next["data"].([]any)), next["next_cursor"]}, []any{1, 1, nil})
}

// A46: what is not paid has nothing to give back.
func TestA46_OnlyPaidMoneyGoesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	declined := r.paidBy(r.link(nil), "051")
	challenged := r.atBank(r.link(nil)).id
	r.bankFault(banksim.StepProvision, banksim.FaultTimeoutAfter, "", 1)
	pending := r.atBank(r.link(nil))
	pending.back()
	for what, id := range map[string]string{"declined": declined, "challenged": challenged, "pending": pending.id} {
		for _, kind := range []string{"void", "refunds"} {
			status, answer, _ := r.givesBack(id, kind, "", nil)
			r.must(what+" "+kind, fmt.Sprint(status, answer["code"]), "409payment_not_refundable")
		}
		r.must(what+": calls", r.asked(id, banksim.StepVoid)+r.asked(id, banksim.StepRefund), 0)
	}
}

// A46, C16: an answer that was lost leaves it pending, the bank is asked, and nothing is sent twice.
func TestA46_C16_ALostAnswerIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		name, kind, step, fault string
		dayEnded                bool
		want                    checkout.Status
		back                    int64
		refund                  string
	}{
		{"void done", "void", banksim.StepVoid, banksim.FaultTimeoutAfter, false, checkout.StatusVoided, 25000, "voided"},
		{"void never arrived", "void", banksim.StepVoid, banksim.FaultTimeoutBefore, false, checkout.StatusPaid, 0, "refused"},
		{"void and garbage", "void", banksim.StepVoid, banksim.FaultGarbage, false, checkout.StatusVoided, 25000, "voided"},
		{"refund done", "refunds", banksim.StepRefund, banksim.FaultTimeoutAfter, true, checkout.StatusRefunded, 25000, "refunded"},
		{"refund never arrived", "refunds", banksim.StepRefund, banksim.FaultTimeoutBefore, true, checkout.StatusPaid, 0, "refused"},
		{"refund and reset", "refunds", banksim.StepRefund, banksim.FaultReset, true, checkout.StatusPaid, 0, "refused"},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{})
			id := r.paid()
			if one.dayEnded {
				r.closeDay()
			}
			r.bankFault(one.step, one.fault, "", 1)
			waits := r.back(id, one.kind, nil, 202, "status", "pending")
			r.back(id, one.kind, nil, 409, "code", "refund_running")
			r.must("still", r.ledgerPayment(id).Status, checkout.StatusPaid)
			r.settle()
			_, early := r.api("GET", "/v1/refunds/"+fmt.Sprint(waits["id"]), nil)
			r.must("while the sender may still send", early["status"], "pending")
			r.settleFor(20 * time.Minute)
			r.must("sent", r.asked(id, one.step), 1)
			_, ended := r.api("GET", "/v1/refunds/"+fmt.Sprint(waits["id"]), nil)
			r.must("the refund", ended["status"], one.refund)
			r.stands(id, one.want, one.back)
			if one.refund == "refused" {
				r.must("why", ended["decline"].(map[string]any)["code"], "not_done")
				again := r.back(id, one.kind, nil, 201, "payment", id) // a person may ask again
				r.must("again", again["id"] != waits["id"], true)
				r.proven()
			}
		})
	}
}

// A46: of many at once, no more goes back than was paid.
func TestA46_ManyAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	voided, parts := r.paid(), r.paid()
	var mu sync.Mutex
	seen := map[string]int{}
	ask := func(id, kind string, body map[string]any) {
		inParallel(20, 20, func(int) {
			status, answer, _, err := r.tryGiveBack(id, kind, "", body)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			seen[fmt.Sprint(kind, " ", status, " ", answer["code"])]++
		})
	}
	ask(voided, "void", nil)
	r.must("voids", seen["void 201 <nil>"], 1)
	r.must("calls", r.asked(voided, banksim.StepVoid), 1)
	r.closeDay()
	for range 40 {
		if r.ledgerPayment(parts).Status == checkout.StatusRefunded {
			break
		}
		ask(parts, "refunds", map[string]any{"amount": 10000})
		if r.ledgerPayment(parts).Rest() < 10000 {
			ask(parts, "refunds", nil)
		}
	}
	r.stands(voided, checkout.StatusVoided, 25000)
	r.stands(parts, checkout.StatusRefunded, 25000)
	r.must("refunds", seen["refunds 201 <nil>"], 3)
	for answer := range seen {
		switch answer {
		case "void 201 <nil>", "void 409 refund_running", "void 409 payment_not_refundable", "refunds 201 <nil>", "refunds 409 refund_running",
			"refunds 409 refund_over_total", "refunds 409 payment_not_refundable":
		default:
			t.Errorf("an answer that nobody expects: %s (%d times)", answer, seen[answer])
		}
	}
}

// A45: the same key asks once, whatever becomes of it, and reads how it stands.
func TestA45_AKeyGivesBackOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id, early := r.paid(), r.paid()
	_, first, _ := r.givesBack(id, "void", "k1", nil)
	status, again, header := r.givesBack(id, "void", "k1", nil)
	r.must("again", []any{status, again, header.Get("Idempotent-Replayed")}, []any{201, first, "true"})
	status, other, _ := r.givesBack(id, "void", "k1", map[string]any{"reason": "x"})
	r.must("another body", fmt.Sprint(status, other["code"]), "422idempotency_key_reused")
	for range 2 {
		status, refused, header := r.givesBack(early, "refunds", "k2", nil)
		r.must("refused", fmt.Sprint(status, refused["code"]), "409refund_too_early")
		r.must("where", header.Get("Location") != "", true)
	}
	r.must("calls", []int{r.asked(id, banksim.StepVoid), r.asked(early, banksim.StepRefund)}, []int{1, 1})
	r.bankFault(banksim.StepVoid, banksim.FaultTimeoutAfter, "", 1)
	status, waits, _ := r.givesBack(early, "void", "k3", nil)
	r.must("waits", fmt.Sprint(status, waits["status"]), "202pending")
	r.stop()
	r.start()
	r.settleFor(10 * time.Minute)
	status, ended, _ := r.givesBack(early, "void", "k3", nil)
	r.must("after a restart", []any{status, ended["status"], ended["id"]}, []any{201, "voided", waits["id"]})
	r.must("calls", r.asked(early, banksim.StepVoid), 1)
	r.proven()
}

// C16: a commit that failed leaves nothing and sends nothing; one that failed after the answer is asked for.
func TestC16_CommitsThatFail(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	broken := 0
	r := newRig(t, rigOptions{fault: func(point string) error {
		mu.Lock()
		defer mu.Unlock()
		if point != sqlstore.FaultBeforeCommit || broken == 0 {
			return nil
		}
		if broken--; broken > 0 {
			return nil
		}
		return fmt.Errorf("the disk is full")
	}})
	breakCommit := func(n int) { mu.Lock(); broken = n; mu.Unlock() }
	id := r.paid()
	r.settle()
	breakCommit(1)
	r.back(id, "void", nil, 503, "code", "temporarily_unavailable")
	r.must("sent", r.asked(id, banksim.StepVoid), 0)
	r.stands(id, checkout.StatusPaid, 0)
	breakCommit(2)
	waits := r.back(id, "void", nil, 202, "status", "pending")
	r.must("at the bank", r.bank.Charges()[0].Status, "voided")
	r.settleFor(10 * time.Minute)
	_, ended := r.api("GET", "/v1/refunds/"+fmt.Sprint(waits["id"]), nil)
	r.must("ended", ended["status"], "voided")
	r.stands(id, checkout.StatusVoided, 25000)
	r.must("sent", r.asked(id, banksim.StepVoid), 1)
}

// A refund is compared with what the bank says went back before, so nothing begins while it does not say it.
func TestRefundNeedsTheBanksRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	r.closeDay()
	r.bankFault(banksim.StepInquiry, banksim.FaultHTTP500, "", 1)
	r.back(id, "refunds", nil, 503, "code", "bank_unreachable")
	r.must("refunds", len(r.payment(id)["refunds"].([]any)), 0)
	r.must("sent", r.asked(id, banksim.StepRefund), 0)
	r.back(id, "refunds", nil, 201, "status", "refunded")
	r.stands(id, checkout.StatusRefunded, 25000)
}

// What the bank gave back beside, at its own panel, neither hides what we asked for nor keeps the payment waiting.
func TestA46_ThePanelGaveBackMeanwhile(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		fault  string
		panel  int64
		status string
		back   int64
	}{
		"ours arrived, and a part went back beside": {banksim.FaultTimeoutAfter, 4000, "refunded", 10000},
		"ours did not arrive, a smaller part did":   {banksim.FaultTimeoutBefore, 4000, "refused", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{})
			id := r.paid()
			r.closeDay()
			r.bankFault(banksim.StepRefund, one.fault, "", 1)
			waits := r.back(id, "refunds", map[string]any{"amount": 10000}, 202, "status", "pending")
			r.atPanel(id, one.panel)
			r.settleFor(20 * time.Minute)
			_, ended := r.api("GET", "/v1/refunds/"+fmt.Sprint(waits["id"]), nil)
			r.must("ended", ended["status"], one.status)
			r.must("went back", r.ledgerPayment(id).Refunded, one.back)
			r.must("people are told", len(r.logged("the bank gave back another amount")) > 0, true)
			rest := r.back(id, "refunds", map[string]any{"amount": 25000 - r.bank.Charges()[0].RefundedAmount + 1}, 409, "code", "refund_over_total")
			r.must("never over what the bank has left", rest["status"], 409)
		})
	}
}

// A message that reached the bank twice shows in its record only, and people are told.
func TestRefundThatReachedTheBankTwice(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	r.closeDay()
	r.bankFault(banksim.StepRefund, banksim.FaultDuplicate, "", 1)
	r.back(id, "refunds", map[string]any{"amount": 5000}, 201, "status", "refunded")
	r.app.flow.Wait()
	r.must("at the bank", r.bank.Charges()[0].RefundedAmount, 10000)
	r.must("told", len(r.logged("the bank gave back another amount")), 1)
}

// A refund is not begun of a sale whose record at the bank has another currency.
func TestRefundHoldsTheRecordAgainstThePayment(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	id := r.paid()
	r.closeDay()
	r.bankFault(banksim.StepInquiry, banksim.FaultWrongCurrency, "", 1)
	r.back(id, "refunds", nil, 409, "code", "payment_not_refundable")
	r.must("told", len(r.logged("bank states another amount")), 1)
	r.must("sent", r.asked(id, banksim.StepRefund), 0)
}

// atPanel gives money back at the bank, past the gateway.
func (r *rig) atPanel(payment string, minor int64) {
	r.t.Helper()
	p := r.ledgerPayment(payment)
	all, err := r.app.ledger.Accounts(context.Background(), demoMerchant)
	if err != nil {
		r.t.Fatal(err)
	}
	acq, err := r.app.banks.Open(all[0])
	if err != nil {
		r.t.Fatal(err)
	}
	out, err := acq.(checkout.Refunder).Refund(context.Background(), checkout.Order{BankOrder: p.BankOrder, Amount: p.Total, Lang: "tr"},
		checkout.Money{Minor: minor, Currency: p.Total.Currency})
	if err != nil || out.Result != checkout.ResultApproved {
		r.t.Fatalf("at the panel: %v %v", out, err)
	}
}

// A sum that another refund changed while the bank was being asked is no money that differs.
func TestARefundBesideAnotherRingsNoAlarm(t *testing.T) {
	t.Parallel()
	var r *rig
	var id string
	beside := sync.OnceFunc(func() {
		r.back(id, "refunds", map[string]any{"amount": 5000}, http.StatusCreated, "status", "refunded")
	})
	r = newRig(t, rigOptions{tame: true, sleep: func(context.Context, time.Duration) error { beside(); return nil }})
	id = r.paid()
	r.closeDay()
	r.clock.advance(24 * time.Hour)
	r.bankFault(banksim.StepInquiry, banksim.FaultSlow, `1`, 1)
	r.back(id, "refunds", map[string]any{"amount": 7000}, http.StatusCreated, "status", "refunded")
	r.must("alarms", len(r.logged("the bank gave back another amount")), 0)
	r.stands(id, checkout.StatusPartiallyRefunded, 12000)
}

// A46: a dispute that is recorded while the bank is asked about a refund stops it before the money is asked for; one
// that is recorded while the money is on its way does not, and both stand.
func TestA46_ADisputeBesideARefund(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step         string
		status, sent int
		back         int64
	}{
		"before the refund was written down": {banksim.StepInquiry, http.StatusConflict, 0, 0},
		"while the money is on its way":      {banksim.StepRefund, http.StatusCreated, 1, 25000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r *rig
			var id string
			beside := sync.OnceFunc(func() {
				status, answer := r.api("POST", "/v1/payments/"+id+"/chargebacks", map[string]any{"amount": 20000})
				r.must("recorded", []any{status, answer["refunded_before"]}, []any{http.StatusCreated, 0})
			})
			r = newRig(t, rigOptions{tame: true, sleep: func(context.Context, time.Duration) error { beside(); return nil }})
			id = r.paid()
			r.closeDay()
			r.clock.advance(24 * time.Hour)
			r.bankFault(c.step, banksim.FaultSlow, `1`, 1)
			status, answer, _ := r.givesBack(id, "refunds", "", map[string]any{"amount": 25000})
			r.must("answer", status, c.status)
			if c.status == http.StatusConflict {
				r.must("why", answer["code"], "payment_disputed")
			}
			r.app.flow.Wait()
			p := r.ledgerPayment(id)
			r.must("payment", []any{p.Refunded, p.Disputed, r.asked(id, banksim.StepRefund)}, []any{c.back, 20000, c.sent})
			r.proven()
			r.trailWhole()
		})
	}
}
