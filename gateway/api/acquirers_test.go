package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// bankHere is a simulated bank; the answer is what an account there needs.
func (h *house) bankHere() (baseURL string) {
	h.Helper()
	b, err := banksim.New(banksim.Options{})
	h.must(err)
	s := httptest.NewServer(b.Handler())
	h.Cleanup(func() { s.Close(); h.must(b.Close()) })
	return s.URL + "/payfor/Gateway/"
}

// posBody is an account at a simulated bank, with some of it changed.
func posBody(t testing.TB, baseURL string, change func(map[string]any)) string {
	t.Helper()
	body := map[string]any{
		"kind": "payfor", "name": "QNB TRY", "mode": "3dmodel", "base_url": baseURL, "currencies": []string{"TRY"}, "programmes": []string{"CardFinans"},
		"credentials": map[string]string{
			"merchant_id": "990000000000001", "user_code": "ODELINK_API", "user_pass": "Demo-Pass-1", "merchant_pass": "12345678", "mbr_id": "5",
		},
		"instalments": []map[string]any{{"count": 3, "rate": "3.60"}, {"count": 6, "rate": "7.2"}}, "pricing": "markup", "priority": 10,
		"commission": "1.79", "payout": "at_once", "payout_days": 0, "iban": "tr33 0006 1005 1978 6457 8413 26",
	}
	if change != nil {
		change(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type acquirer struct {
	ID          string
	Name        string
	Mode        string
	Credentials map[string]*string
	Programmes  []string
	Instalments []struct{ Count int }
	Priority    int
	Enabled     bool
}

func acquirerOf(t testing.TB, a exchange) (v acquirer) {
	t.Helper()
	if err := json.Unmarshal(a.body, &v); err != nil || a.status >= 300 {
		t.Fatalf("%s %s", a, a.body)
	}
	return v
}

func TestAcquirerIsMadeEditedAndDeleted(t *testing.T) {
	h := open(t)
	bank := h.bankHere()
	a := h.ask("POST", "/v1/acquirers", posBody(t, bank, nil), idem("pos"))
	made := acquirerOf(t, a)
	if a.status != 201 || !strings.HasPrefix(made.ID, "acc_") || a.header.Get("Location") != "/v1/acquirers/"+made.ID || len(made.Instalments) != 2 || !made.Enabled {
		t.Fatalf("%s %s", a, a.body)
	}
	for name, want := range map[string]string{"merchant_id": "990000000000001", "user_code": "ODELINK_API", "mbr_id": "5"} {
		if got := made.Credentials[name]; got == nil || *got != want {
			t.Errorf("%s is not shown: %s", name, a.body)
		}
	}
	for _, secret := range []string{"Demo-Pass-1", "12345678"} {
		if strings.Contains(string(a.body), secret) {
			t.Errorf("a secret is told: %s", a.body)
		}
	}
	if value, set := made.Credentials["user_pass"]; !set || value != nil {
		t.Errorf("that the password is set is not told: %s", a.body)
	}
	again := h.ask("POST", "/v1/acquirers", posBody(t, bank, nil), idem("pos"))
	if again.status != 201 || string(again.body) != string(a.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	h.refused(h.ask("POST", "/v1/acquirers", posBody(t, bank, func(b map[string]any) { b["priority"] = 1 }), idem("pos")), 422, "idempotency_key_reused")
	at := "/v1/acquirers/" + made.ID
	if read := h.ask("GET", at, ""); string(read.body) != string(a.body) {
		t.Errorf("%s\n%s", read.body, a.body)
	}
	edited := acquirerOf(t, h.ask("PATCH", at, `{"name":"QNB","priority":-5,"instalments":[{"count":2,"rate":"1"}],"credentials":{"mbr_id":"5"}}`))
	if edited.Name != "QNB" || edited.Priority != -5 || len(edited.Instalments) != 1 || edited.Mode != "3dmodel" || len(edited.Programmes) != 1 {
		t.Errorf("%+v", edited)
	}
	if a := h.ask("POST", at+"/verify", ""); a.status != 204 {
		t.Errorf("%s %s", a, a.body)
	}
	stored, err := h.flow.Account(t.Context(), shop, checkout.AccountID(made.ID))
	if h.must(err); stored.Credentials["user_pass"] != "Demo-Pass-1" {
		t.Error("a credential that was not named is lost")
	}
	var list struct{ Data []acquirer }
	h.must(json.Unmarshal(h.ask("GET", "/v1/acquirers", "").body, &list))
	if len(list.Data) != 2 || list.Data[1].ID != made.ID {
		t.Errorf("not by priority: %+v", list.Data)
	}
	if a := h.ask("DELETE", at, ""); a.status != 204 {
		t.Errorf("%s", a)
	}
	for _, call := range [][2]string{{"GET", ""}, {"PATCH", `{"priority":1}`}, {"DELETE", ""}} {
		h.refused(h.ask(call[0], at, call[1]), 404, "acquirer_not_found")
	}
	h.refused(h.ask("POST", at+"/verify", ""), 404, "acquirer_not_found")
	all, err := h.ledger.Accounts(t.Context(), shop)
	if h.must(err); len(all) != 2 || all[1].Enabled || all[1].DeletedAt.IsZero() {
		t.Errorf("what it took can no longer be settled: %+v", all)
	}
}

// Features 11.12: what was agreed about payouts is kept as it was said, each for itself, and null is not known.
func TestAnAcquirerKnowsItsPayouts(t *testing.T) {
	h := open(t)
	type terms struct {
		Commission, Payout, IBAN *string
		PayoutDays               *int `json:"payout_days"`
	}
	said := func(a exchange) string {
		h.Helper()
		v := read[terms](t, a)
		text := func(s *string) string {
			if s == nil {
				return "-"
			}
			return *s
		}
		days := "-"
		if v.PayoutDays != nil {
			days = fmt.Sprint(*v.PayoutDays)
		}
		return strings.Join([]string{text(v.Commission), text(v.Payout), days, text(v.IBAN)}, " ")
	}
	made := h.ask("POST", "/v1/acquirers", posBody(t, h.bankHere(), nil))
	at := "/v1/acquirers/" + acquirerOf(t, made).ID
	for _, step := range []struct {
		a    exchange
		want string
	}{
		{made, "1.79 at_once 0 TR330006100519786457841326"},
		{h.ask("GET", at, ""), "1.79 at_once 0 TR330006100519786457841326"},
		{h.ask("PATCH", at, `{"priority":3}`), "1.79 at_once 0 TR330006100519786457841326"},
		{h.ask("PATCH", at, `{"payout_days":null,"payout":"monthly"}`), "1.79 monthly - TR330006100519786457841326"},
		{h.ask("PATCH", at, `{"commission":"0","iban":"DE89 3704 0044 0532 0130 00"}`), "0.00 monthly - DE89370400440532013000"},
		{h.ask("PATCH", at, `{"commission":null,"payout":null,"iban":null}`), "- - - -"},
		{h.ask("GET", "/v1/acquirers/"+string(account), ""), "- - - -"},
	} {
		if got := said(step.a); got != step.want {
			t.Errorf("%s: %s, want %s", step.a, got, step.want)
		}
	}
}

func TestWrongAcquirersAreRefused(t *testing.T) {
	h := open(t)
	bank := h.bankHere()
	credential := func(name, value string) func(map[string]any) {
		return func(b map[string]any) { b["credentials"].(map[string]string)[name] = value }
	}
	with := func(name string, value any) func(map[string]any) { return func(b map[string]any) { b[name] = value } }
	for want, change := range map[string]func(map[string]any){
		"credentials.merchant_id: merchant_unknown": credential("merchant_id", "990000000000999"),
		"credentials.user_pass: password_refused":   credential("user_pass", "wrong"),
		"credentials.user_code: user_refused":       credential("user_code", "NOBODY"),
		"credentials.merchant_pass: hash_refused":   credential("merchant_pass", "87654321"),
		"credentials.merchant_pass: required":       credential("merchant_pass", ""),
		"credentials.user_pass: invalid":            credential("user_pass", " Demo-Pass-1"),
		"kind: unknown_value":                       with("kind", "swift"),
		"currencies: required":                      with("currencies", []string{}),
		"currencies: currency_not_supported":        with("currencies", []string{"TRL"}),
		"pricing: not_a_choice":                     with("pricing", "free"),
		"issuers: issuer_unknown":                   with("issuers", []string{"0157", "9999"}),
		"programmes: programme_unknown":             with("programmes", []string{"cardfinans", "Parafly", "Uydurma"}),
		"instalments.0.count: out_of_range":         with("instalments", []map[string]any{{"count": 1, "rate": "1"}}),
		"instalments.1.count: repeated":             with("instalments", []map[string]any{{"count": 3, "rate": "1"}, {"count": 3, "rate": "2"}}),
		"instalments.0.rate: rate_format":           with("instalments", []map[string]any{{"count": 3, "rate": "3,60"}}),
		"instalments: wrong_type":                   with("instalments", []map[string]any{{"counts": 3, "rate": "1"}}),
		"name: looks_like_card":                     with("name", "4155 6500 0000 0007"),
		"iban: iban":                                with("iban", "TR34 0006 1005 1978 6457 8413 26"),
		"iban: length":                              with("iban", strings.Repeat("1", 51)),
		"payout: not_a_choice":                      with("payout", "daily"),
		"payout_days: out_of_range":                 with("payout_days", 121),
		"commission: rate_format":                   with("commission", "1,79"),
		"name: length":                              with("name", strings.Repeat("x", 81)),
		"id: read_only":                             with("id", "acc_1"),
		"secret: unknown_field":                     with("secret", "x"),
		"base_url: bank_host_unknown":               with("base_url", "http://bank.example/"),
		"base_url: https_required":                  with("base_url", "http://vpos.qnb.com.tr/Gateway/"),
	} {
		h.mistakes(h.ask("POST", "/v1/acquirers", posBody(t, bank, change)), want)
	}
	h.mistakes(h.ask("POST", "/v1/acquirers", `{"currencies":["TRY"]}`), "kind: required")
	h.mistakes(h.ask("PATCH", "/v1/acquirers/"+string(account), `{"kind":"payfor"}`), "kind: read_only")
	h.refused(h.ask("POST", "/v1/acquirers", posBody(t, "http://127.0.0.1:1/", nil)), 503, "bank_unreachable")
	if all, err := h.ledger.Accounts(t.Context(), shop); err != nil || len(all) != 1 {
		t.Errorf("a refused account was stored: %v %v", all, err)
	}
	if a := h.ask("POST", "/v1/acquirers", posBody(t, "http://127.0.0.1:1/", with("verify", false))); a.status != 201 {
		t.Errorf("in the demo: %s %s", a, a.body)
	}
	serves := open(t, furnish{serves: true})
	serves.mistakes(serves.ask("POST", "/v1/acquirers", posBody(t, bank, with("verify", false))), "verify: demo_only")
}

// What names the merchant at the bank is what payments under way are asked for: it stays. And secrets that
// were given for one address go to no other.
func TestAnAcquirerStaysTheMerchantThatItIs(t *testing.T) {
	h := open(t)
	bank := h.bankHere()
	at := "/v1/acquirers/" + acquirerOf(t, h.ask("POST", "/v1/acquirers", posBody(t, bank, nil))).ID
	h.mistakes(h.ask("PATCH", at, `{"credentials":{"merchant_id":"990000000000002"}}`), "credentials.merchant_id: names_the_merchant")
	h.mistakes(h.ask("PATCH", at, `{"credentials":{"mbr_id":"12"}}`), "credentials.mbr_id: names_the_merchant")
	if a := h.ask("PATCH", at, `{"credentials":{"mbr_id":""}}`); a.status != 200 { // its default, which it is
		t.Errorf("%s %s", a, a.body)
	}
	heard := make(chan string, 10)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // an empty one is as good here
		heard <- string(body)
	}))
	defer thief.Close()
	h.mistakes(h.ask("PATCH", at, `{"base_url":"`+thief.URL+`/payfor/Gateway/"}`), "credentials.user_pass: required, credentials.merchant_pass: required")
	select {
	case body := <-heard:
		t.Errorf("the other address was told %s", body)
	default:
	}
	other := h.bankHere()
	moved := h.ask("PATCH", at, `{"base_url":"`+other+`","credentials":{"user_pass":"Demo-Pass-1","merchant_pass":"12345678"}}`)
	if moved.status != 200 || !strings.Contains(string(moved.body), other) {
		t.Errorf("%s %s", moved, moved.body)
	}
}

// Cards are sent to an account's address: a key alone names no address but the bank's own.
func TestAKeyNamesNoOtherBank(t *testing.T) {
	h := open(t)
	for _, elsewhere := range []string{"https://vpos.qnbfinansbank.com.evil.example/Gateway/", "https://evil.example/", "https://10.0.0.1/", "https://vpos.qnbfinansbank.com:8443/"} {
		h.mistakes(h.ask("POST", "/v1/acquirers", posBody(t, elsewhere, nil)), "base_url: bank_host_unknown")
		h.mistakes(h.ask("PATCH", "/v1/acquirers/"+string(account), `{"base_url":"`+elsewhere+`"}`), "base_url: bank_host_unknown")
	}
}

// outrun is a flow in which somebody else was quicker.
type outrun struct{ *checkout.Service }

func (outrun) EditAccount(context.Context, checkout.By, checkout.MerchantID, checkout.AccountID, bool, func(*checkout.Account) error) (checkout.Account, error) {
	return checkout.Account{}, checkout.ErrStale
}

func (outrun) DeleteAccount(context.Context, checkout.By, checkout.MerchantID, checkout.AccountID) error {
	return checkout.ErrStale
}

func TestAnAcquirerThatWasChangedMeanwhile(t *testing.T) {
	h := open(t)
	late := h.with(outrun{h.flow})
	late.refused(late.ask("PATCH", "/v1/acquirers/"+string(account), `{"priority":1}`), 409, "stale")
	late.refused(late.ask("DELETE", "/v1/acquirers/"+string(account), ""), 409, "stale")
}

// Of edits at once one is made, and what was deleted meanwhile stays deleted.
func TestAcquirerEditsAreCompared(t *testing.T) {
	h := open(t)
	made := acquirerOf(t, h.ask("POST", "/v1/acquirers", posBody(t, h.bankHere(), nil)))
	id := checkout.AccountID(made.ID)
	by := checkout.By{Actor: "test"}
	_, err := h.flow.EditAccount(t.Context(), by, shop, id, false, func(a *checkout.Account) error {
		_, err := h.flow.EditAccount(t.Context(), by, shop, id, false, func(a *checkout.Account) error { a.Name = "first"; return nil })
		a.Priority = 99
		return err
	})
	if !errors.Is(err, checkout.ErrStale) {
		t.Errorf("an edit of what was edited meanwhile: %v", err)
	}
	_, err = h.flow.EditAccount(t.Context(), by, shop, id, false, func(a *checkout.Account) error {
		a.Priority = 99
		return h.flow.DeleteAccount(t.Context(), by, shop, id)
	})
	if !errors.Is(err, checkout.ErrStale) {
		t.Errorf("an edit of what was deleted meanwhile: %v", err)
	}
	h.refused(h.ask("GET", "/v1/acquirers/"+made.ID, ""), 404, "acquirer_not_found")
	all, err := h.ledger.Accounts(t.Context(), shop)
	h.must(err)
	if at := slices.IndexFunc(all, func(a checkout.Account) bool { return a.ID == id }); all[at].Name != "first" || all[at].Priority != 10 || all[at].Enabled {
		t.Errorf("%+v", all[at])
	}
}
