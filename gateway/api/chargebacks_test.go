package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// dispute is what of a chargeback the tests ask for.
type dispute struct {
	ID, Payment, Status, Currency string
	Amount                        int64
	ReasonCode                    *string `json:"reason_code"`
	Reason, Case                  *string
	ReceivedAt                    string  `json:"received_at"`
	RespondBy                     *string `json:"respond_by"`
	RefundedBefore                int64   `json:"refunded_before"`
	ClosedAt                      *string `json:"closed_at"`
}

// A dispute is recorded, followed to its end, and what it holds does not go back as well.
func TestChargebacksAreFollowedToTheirEnd(t *testing.T) {
	h := open(t)
	p := h.paid(h.stored(h.make(plainLink).ID))
	disputes, refunds := "/v1/payments/"+string(p.ID)+"/chargebacks", "/v1/payments/"+string(p.ID)+"/refunds"
	a := h.ask("POST", disputes, `{"amount":20000,"reason_code":"10.4","reason":"Almadım diyor","case":"D-2026/17","received_at":"2026-11-22","respond_by":"2026-12-02"}`)
	one := read[dispute](t, a)
	if a.status != http.StatusCreated || one.Status != "open" || one.Amount != 20000 || one.Currency != "TRY" || one.Payment != string(p.ID) || *one.ReasonCode != "10.4" ||
		*one.Case != "D-2026/17" || one.ReceivedAt != "2026-11-22" || *one.RespondBy != "2026-12-02" || one.ClosedAt != nil || a.header.Get("Location") != "/v1/chargebacks/"+one.ID {
		t.Errorf("%s %s %s", a, a.body, a.header.Get("Location"))
	}
	second := read[dispute](t, h.ask("POST", disputes, `{"received_at":null}`))
	if second.Amount != 5000 || second.ReceivedAt != "2026-11-22" || second.RespondBy != nil || second.ReasonCode != nil {
		t.Errorf("the rest: %+v", second)
	}
	h.refused(h.ask("POST", disputes, `{}`), 409, "chargeback_over_total")
	h.refused(h.ask("POST", disputes, `{"amount":1}`), 409, "chargeback_over_total")
	h.refused(h.ask("POST", refunds, `{"amount":1}`), 409, "payment_disputed")
	h.refused(h.ask("POST", refunds, ""), 409, "payment_disputed")
	h.refused(h.ask("POST", "/v1/payments/"+string(p.ID)+"/void", ""), 409, "payment_disputed")
	if got := read[struct {
		Disputed int64 `json:"disputed_amount"`
	}](t, h.ask("GET", "/v1/payments/"+string(p.ID), "")); got.Disputed != 25000 {
		t.Errorf("in dispute: %d", got.Disputed)
	}

	at := "/v1/chargebacks/" + one.ID
	now := read[dispute](t, h.ask("PATCH", at, `{"status":"contested","reason":"Tutanak gönderildi","respond_by":null}`))
	if now.Status != "contested" || *now.Reason != "Tutanak gönderildi" || now.RespondBy != nil || *now.Case != "D-2026/17" {
		t.Errorf("%+v", now)
	}
	h.refused(h.ask("PATCH", at, `{"status":"open"}`), 409, "chargeback_state")
	h.clock.Advance(time.Hour)
	now = read[dispute](t, h.ask("PATCH", at, `{"status":"won","case":null}`))
	if now.Status != "won" || now.ClosedAt == nil || now.Case != nil {
		t.Errorf("%+v", now)
	}
	if same := h.ask("PATCH", at, `{"status":"won"}`); same.status != 200 || string(same.body) != string(h.ask("GET", at, "").body) {
		t.Errorf("won again: %s %s", same, same.body)
	}
	now = read[dispute](t, h.ask("PATCH", at, `{"status":"open"}`))
	if now.Status != "open" || now.ClosedAt != nil {
		t.Errorf("a second round: %+v", now)
	}
	h.refused(h.ask("PATCH", "/v1/chargebacks/"+second.ID, `{"status":"lost"}`, as(nextKey)), 404, "chargeback_not_found")
	if now = read[dispute](t, h.ask("PATCH", "/v1/chargebacks/"+second.ID, `{"status":"lost"}`)); now.Status != "lost" {
		t.Errorf("%+v", now)
	}
	h.refused(h.ask("PATCH", "/v1/chargebacks/"+second.ID, `{"status":"open"}`), 409, "chargeback_state")
	if now = read[dispute](t, h.ask("PATCH", "/v1/chargebacks/"+second.ID, `{"status":"withdrawn"}`)); now.Status != "withdrawn" || now.ClosedAt == nil {
		t.Errorf("%+v", now)
	}
	h.refused(h.ask("PATCH", "/v1/chargebacks/"+second.ID, `{"status":"open"}`), 409, "chargeback_state")
	if again := h.ask("POST", disputes, `{"amount":5000}`); again.status != http.StatusCreated {
		t.Errorf("recorded anew: %s %s", again, again.body)
	}

	tried := h.pays(h.stored(h.make(`{"amount":25000,"currency":"TRY"}`).ID))
	h.refused(h.ask("POST", "/v1/payments/"+string(tried.ID)+"/chargebacks", `{}`), 409, "payment_not_disputable")
	h.refused(h.ask("POST", disputes, `{}`, as(nextKey)), 404, "payment_not_found")
	h.refused(h.ask("POST", "/v1/payments/x/chargebacks", `{}`), 404, "payment_not_found")
	h.refused(h.ask("GET", at, "", as(nextKey)), 404, "chargeback_not_found")
	h.refused(h.ask("PATCH", "/v1/chargebacks/x", `{}`), 404, "chargeback_not_found")
}

func TestWhatIsWrongWithAChargebackIsTold(t *testing.T) {
	h := open(t)
	p := h.paid(h.stored(h.make(plainLink).ID))
	disputes := "/v1/payments/" + string(p.ID) + "/chargebacks"
	for body, want := range map[string]string{
		`{"amount":0}`: "amount: amount_range", `{"amount":null}`: "amount: required", `{"amount":"5"}`: "amount: wrong_type", `{"status":"won"}`: "status: read_only", `{"why":"x"}`: "why: unknown_field",
		`{"reason_code":"almadım"}`: "reason_code: reason_code_format", `{"reason":"` + strings.Repeat("x", 251) + `"}`: "reason: length", `{"case":"4155650100416111"}`: "case: looks_like_card",
		`{"received_at":"22.11.2026"}`: "received_at: day_format", `{"received_at":"2026-11-23"}`: "received_at: day_in_future", `{"received_at":"2026-11-21"}`: "received_at: before_payment",
		`{"respond_by":"x"}`: "respond_by: day_format", `{"respond_by":"2026-11-21"}`: "respond_by: before_received",
	} {
		if a := h.ask("POST", disputes, body); a.status != 422 || a.codes(t) != want {
			t.Errorf("%s: %s %s", body, a, a.body)
		}
	}
	one := read[dispute](t, h.ask("POST", disputes, `{}`))
	at := "/v1/chargebacks/" + one.ID
	for body, want := range map[string]string{
		`{"status":"paid"}`: "status: not_a_choice", `{"status":null}`: "status: not_a_choice", `{"amount":1}`: "amount: read_only", `{"reason_code":"1"}`: "reason_code: read_only",
		`{"received_at":"2026-11-22"}`: "received_at: read_only", `{"respond_by":"2026-11-21"}`: "respond_by: before_received", `{"why":1}`: "why: unknown_field",
	} {
		if a := h.ask("PATCH", at, body); a.status != 422 || a.codes(t) != want {
			t.Errorf("%s: %s %s", body, a, a.body)
		}
	}
	for method, target := range map[string]string{"POST": disputes, "PATCH": at} {
		h.refused(h.ask(method, target, "{"), http.StatusBadRequest, "json_malformed")
		h.refused(h.ask(method, target, "{}", header("Content-Type", "text/plain")), http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
}

func TestA45_AChargebacksKeyAnswersTheSame(t *testing.T) {
	h := open(t)
	p := h.paid(h.stored(h.make(plainLink).ID))
	disputes := "/v1/payments/" + string(p.ID) + "/chargebacks"
	first := h.ask("POST", disputes, `{"amount":100}`, idem("c"))
	again := h.ask("POST", disputes, `{"amount":100}`, idem("c"))
	if first.status != 201 || again.status != 201 || string(again.body) != string(first.body) || again.header.Get("Location") != first.header.Get("Location") || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s, then %s %s", first, first.body, again, again.body)
	}
	h.refused(h.ask("POST", disputes, `{"amount":101}`, idem("c")), 422, "idempotency_key_reused")
	if got := h.books.Read(p.ID).Disputed; got != 100 {
		t.Errorf("%d in dispute", got)
	}
}

func TestChargebacksAreListed(t *testing.T) {
	h := open(t)
	var ids []string
	for range 3 {
		p := h.paid(h.stored(h.make(`{"amount":25000,"currency":"TRY"}`).ID))
		ids = append(ids, read[dispute](t, h.ask("POST", "/v1/payments/"+string(p.ID)+"/chargebacks", `{}`)).ID)
		h.clock.Advance(time.Second)
	}
	list := func(target string) (seen []string) {
		t.Helper()
		for target != "" {
			page := read[page[dispute]](t, h.ask("GET", target, ""))
			for _, one := range page.Data {
				seen = append(seen, one.ID)
			}
			target = ""
			if page.Next != nil {
				target = "/v1/chargebacks?limit=2&cursor=" + *page.Next
			}
		}
		return seen
	}
	if seen := list("/v1/chargebacks?limit=2&status=open"); strings.Join(seen, " ") != ids[2]+" "+ids[1]+" "+ids[0] {
		t.Errorf("listed %v of %v", seen, ids)
	}
	h.ask("PATCH", "/v1/chargebacks/"+ids[1], `{"status":"lost"}`)
	if seen := list("/v1/chargebacks?status=lost&from=2026-01-01T00:00:00Z"); strings.Join(seen, " ") != ids[1] {
		t.Errorf("lost %v", seen)
	}
	for _, query := range []string{"status=paid", "payment=lnk_1", "limit=0", "from=x", "unknown=1"} {
		if a := h.ask("GET", "/v1/chargebacks?"+query, ""); a.status != 422 {
			t.Errorf("%s: %s", query, a)
		}
	}
	h.refused(h.ask("GET", "/v1/chargebacks?cursor=x", ""), 400, "cursor_invalid")
	h.refused(h.ask("GET", "/v1/chargebacks/cbk_0000000000000000000000", ""), 404, "chargeback_not_found")
}

// Programs are told of a dispute, as the API shows it.
func TestChargebacksAreTold(t *testing.T) {
	h := open(t)
	p := h.paid(h.stored(h.make(plainLink).ID))
	one := read[dispute](t, h.ask("POST", "/v1/payments/"+string(p.ID)+"/chargebacks", `{"reason_code":"4837"}`))
	h.ask("PATCH", "/v1/chargebacks/"+one.ID, `{"case":"7"}`)
	h.ask("PATCH", "/v1/chargebacks/"+one.ID, `{"status":"lost"}`)
	var types []string
	for _, topic := range []string{checkout.TopicChargebackOpened, checkout.TopicChargebackUpdated, checkout.TopicChargebackClosed} {
		a := h.ask("GET", "/v1/events?type="+topic, "")
		for _, e := range read[page[struct {
			Type string
			Data json.RawMessage
		}]](t, a).Data {
			var told dispute
			if err := json.Unmarshal(e.Data, &told); err != nil || told.ID != one.ID || told.Status != "lost" || *told.ReasonCode != "4837" {
				t.Errorf("%s: %s", e.Type, e.Data)
			}
			types = append(types, e.Type)
		}
	}
	if strings.Join(types, " ") != "chargeback.opened chargeback.updated chargeback.closed" {
		t.Errorf("told %v", types)
	}
}
