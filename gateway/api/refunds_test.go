package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/api"
)

// till gives money back as it is told to, with the ledger behind it and no bank.
type till struct {
	api.Flow
	h    *house
	ends func(checkout.Payment, checkout.Refund) (checkout.Move, error) // nil = the bank does not answer
	err  error
	asks int
}

func (f *till) GiveBack(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.PaymentID, ask checkout.RefundAsk) (checkout.Refund, error) {
	f.asks++
	if f.err != nil {
		return checkout.Refund{}, f.err
	}
	p, err := f.h.ledger.PaymentOf(ctx, m, id)
	if err != nil {
		return checkout.Refund{}, err
	}
	r := f.h.books.Refund(p, func(r *checkout.Refund) {
		r.Kind, r.Reason, r.Actor = ask.Kind, ask.Reason, by.Actor
		if ask.Minor > 0 {
			r.Amount.Minor = ask.Minor
		}
	})
	move, err := p.AskBack(r, f.h.books.Step())
	if err != nil {
		return r, err
	}
	if move.Answer, err = ask.Idem(r); err != nil {
		return r, err
	}
	done, err := f.h.ledger.Move(ctx, move)
	if err != nil || f.ends == nil {
		return r, err
	}
	if move, err = f.ends(done.Payment, r); err == nil {
		_, err = f.h.ledger.Move(ctx, move)
	}
	return *move.Refund, err
}

func (f *till) yes(p checkout.Payment, r checkout.Refund) (checkout.Move, error) {
	return p.GaveBack(r, checkout.Outcome{AuthCode: "R1", RRN: "42"}, f.h.books.Step())
}

func (f *till) no(code checkout.Reason) func(checkout.Payment, checkout.Refund) (checkout.Move, error) {
	return func(p checkout.Payment, r checkout.Refund) (checkout.Move, error) {
		return p.KeptBack(r, checkout.Decline{Code: code, BankCode: "V014", Message: "Bu işlem geri alınamaz"}, f.h.books.Step())
	}
}

func newTill(h *house) (*till, *house) {
	f := &till{Flow: h.flow, h: h}
	return f, h.with(f)
}

func refundOf(t testing.TB, a exchange) (r map[string]any) {
	t.Helper()
	if err := json.Unmarshal(a.body, &r); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	return r
}

func TestRefundsAnswer(t *testing.T) {
	h := open(t)
	f, with := newTill(h)
	p := h.paid(h.stored(h.make(plainLink).ID))
	void, refunds := "/v1/payments/"+string(p.ID)+"/void", "/v1/payments/"+string(p.ID)+"/refunds"

	for code, want := range map[checkout.Reason]string{
		checkout.ReasonTooEarly: "refund_too_early", checkout.ReasonTooLate: "void_too_late", checkout.ReasonGeneric: "refund_refused",
	} {
		f.ends = f.no(code)
		a := with.refused(with.ask("POST", refunds, `{"amount":100}`), http.StatusConflict, want)
		read := refundOf(t, with.ask("GET", a.header.Get("Location"), ""))
		if read["status"] != "refused" || read["decline"].(map[string]any)["code"] != string(code) {
			t.Errorf("%s: %v", want, read)
		}
	}
	f.ends = f.yes
	a := with.ask("POST", refunds, `{"amount":100,"reason":"Eksik ürün"}`)
	if r := refundOf(t, a); a.status != http.StatusCreated || r["status"] != "refunded" || r["amount"] != 100.0 || r["reason"] != "Eksik ürün" || r["auth_code"] != "R1" {
		t.Errorf("%s %s", a, a.body)
	}
	f.ends = nil
	a = with.ask("POST", refunds, "")
	if r := refundOf(t, a); a.status != http.StatusAccepted || r["status"] != "pending" || r["amount"] != 24900.0 || r["reason"] != nil {
		t.Errorf("%s %s", a, a.body)
	}
	with.refused(with.ask("POST", refunds, `{"amount":1}`), http.StatusConflict, "refund_running")
	with.refused(with.ask("POST", void, "{}"), http.StatusConflict, "payment_not_refundable")

	f.err = checkout.ErrRefundOverTotal
	with.refused(with.ask("POST", refunds, `{"amount":99999}`), http.StatusConflict, "refund_over_total")
	f.err = checkout.ErrUnreachable
	with.refused(with.ask("POST", refunds, ""), http.StatusServiceUnavailable, "bank_unreachable")
	with.refused(with.ask("POST", void, ""), http.StatusServiceUnavailable, "bank_unreachable")
	asked := f.asks
	for body, field := range map[string]string{
		`{"amount":0}`: "amount", `{"amount":null}`: "amount", `{"amount":-5}`: "amount", `{"amount":"5"}`: "amount", `{"amount":1.5}`: "amount", `{"currency":"TRY"}`: "currency",
		`{"reason":"` + strings.Repeat("x", 251) + `"}`: "reason", `{"status":"refunded"}`: "status",
	} {
		a := with.refused(with.ask("POST", refunds, body), http.StatusUnprocessableEntity, "validation_failed")
		if !strings.Contains(string(a.body), `"field":"`+field+`"`) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	with.refused(with.ask("POST", void, `{"amount":1}`), http.StatusUnprocessableEntity, "validation_failed")
	for _, target := range []string{void, refunds} {
		with.refused(with.ask("POST", target, "{"), http.StatusBadRequest, "json_malformed")
		with.refused(with.ask("POST", target, "{}", header("Content-Type", "text/plain")), http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	if f.asks != asked {
		t.Error("a body with mistakes reached the bank")
	}
}

func TestA45_ARefundsKeyReadsHowItStands(t *testing.T) {
	h := open(t)
	f, with := newTill(h)
	p := h.paid(h.stored(h.make(plainLink).ID))
	void := "/v1/payments/" + string(p.ID) + "/void"
	first := with.ask("POST", void, "", idem("v"))
	if first.status != http.StatusAccepted {
		t.Fatalf("%s %s", first, first.body)
	}
	r, err := h.ledger.RefundOf(t.Context(), shop, checkout.RefundID(refundOf(t, first)["id"].(string)))
	h.must(err)
	again := with.ask("POST", void, "", idem("v"))
	if again.status != http.StatusAccepted || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	h.books.GiveBack(h.books.Read(p.ID), r)
	ended := with.ask("POST", void, "", idem("v"))
	if got := refundOf(t, ended); ended.status != http.StatusCreated || got["status"] != "voided" || got["id"] != string(r.ID) {
		t.Errorf("%s %s", ended, ended.body)
	}
	with.refused(with.ask("POST", void, `{"reason":"x"}`, idem("v")), http.StatusUnprocessableEntity, "idempotency_key_reused")
	if f.asks != 1 {
		t.Errorf("asked %d times", f.asks)
	}
}

func TestRefundsAreListed(t *testing.T) {
	h := open(t)
	var ids []string
	for range 3 {
		p := h.paid(h.stored(h.make(`{"amount":25000,"currency":"TRY"}`).ID))
		r := h.books.Refund(p)
		h.books.GiveBack(h.books.AskBack(p, r), r)
		ids = append(ids, string(r.ID))
		h.clock.Advance(time.Second)
	}
	var seen []string
	for target := "/v1/refunds?limit=2&kind=refund&status=refunded"; target != ""; {
		var page struct {
			Data       []struct{ ID string }
			NextCursor *string `json:"next_cursor"`
		}
		a := h.ask("GET", target, "")
		if err := json.Unmarshal(a.body, &page); err != nil || a.status != 200 {
			t.Fatalf("%s %s", a, a.body)
		}
		for _, r := range page.Data {
			seen = append(seen, r.ID)
		}
		target = ""
		if page.NextCursor != nil {
			target = "/v1/refunds?limit=2&cursor=" + *page.NextCursor
		}
	}
	if strings.Join(seen, " ") != ids[2]+" "+ids[1]+" "+ids[0] {
		t.Errorf("listed %v of %v", seen, ids)
	}
	for _, query := range []string{"kind=x", "status=paid", "payment=lnk_1", "limit=0", "from=x", "unknown=1"} {
		if a := h.ask("GET", "/v1/refunds?"+query, ""); a.status != 422 {
			t.Errorf("%s: %s", query, a)
		}
	}
	h.refused(h.ask("GET", "/v1/refunds?cursor=x", ""), 400, "cursor_invalid")
	h.refused(h.ask("GET", "/v1/refunds/rfd_0000000000000000000000", ""), 404, "refund_not_found")
	h.refused(h.ask("GET", "/v1/refunds/x", ""), 404, "refund_not_found")
}
