package api_test

import (
	"encoding/json"
	"strings"
	"testing"
)

const plainSession = `{"amount":25000,"currency":"TRY","order_id":"SIP-1","description":"Masa","success_url":"https://shop.example/paid?basket=7","cancel_url":"https://shop.example/basket"}`

type session struct {
	ID, URL, Status, Link, Secret string
	OrderID                       string `json:"order_id"`
	Payments                      []struct{ Status string }
}

func sessionOf(t testing.TB, a exchange) (s session) {
	t.Helper()
	if err := json.Unmarshal(a.body, &s); err != nil || a.status >= 300 {
		t.Fatalf("%s %s", a, a.body)
	}
	return s
}

func TestSessions(t *testing.T) {
	h := open(t)
	a := h.ask("POST", "/v1/checkout/sessions", plainSession, idem("till"))
	made := sessionOf(t, a)
	if a.status != 201 || made.URL != h.url+"/c/"+made.ID || made.Status != "active" || !strings.HasPrefix(made.Secret, "css_") || made.OrderID != "SIP-1" {
		t.Fatalf("%s %s", a, a.body)
	}
	again := h.ask("POST", "/v1/checkout/sessions", plainSession, idem("till"))
	if again.status != 201 || string(again.body) != string(a.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s %s", again, again.body)
	}
	at := "/v1/checkout/sessions/" + made.ID
	if read := sessionOf(t, h.ask("GET", at, "")); read.Secret != "" || read.Status != "active" || len(read.Payments) != 0 {
		t.Errorf("%+v", read)
	}
	h.paid(h.stored(made.Link))
	if read := sessionOf(t, h.ask("GET", at, "")); read.Status != "paid" || len(read.Payments) != 1 {
		t.Errorf("%+v", read)
	}
	stored, found, err := h.ledger.Answer(t.Context(), shop, "till")
	if h.must(err); !found || strings.Contains(string(stored.Body), "css_") {
		t.Errorf("the secret is stored: %s", stored.Body)
	}
	h.refused(h.ask("POST", "/v1/checkout/sessions", plainSession), 409, "order_id_taken")
	h.refused(h.ask("GET", "/v1/checkout/sessions/cs_0000000000000000000000", ""), 404, "session_not_found")
	h.refused(h.ask("GET", "/v1/checkout/sessions/x", ""), 404, "session_not_found")
	plain := h.make(`{"amount":100,"currency":"TRY"}`)
	h.refused(h.ask("GET", "/v1/checkout/sessions/cs_"+strings.TrimPrefix(plain.ID, "lnk_"), ""), 404, "session_not_found")
}

func TestWrongSessionsAreRefused(t *testing.T) {
	h := open(t)
	for body, want := range map[string]string{
		`{"amount":100,"currency":"TRY","success_url":"http://shop.example","cancel_url":"https://shop.example"}`:       "success_url: url_not_allowed",
		`{"amount":100,"currency":"TRY","success_url":"https://shop.example","cancel_url":"https://shop@evil.example"}`: "cancel_url: url_not_allowed",
		`{"amount":100,"currency":"TRY","success_url":"https://shop.example","cancel_url":"javascript:alert(1)"}`:       "cancel_url: url_not_allowed",
		`{"amount":100,"currency":"TRY"}`: "success_url: required, cancel_url: required",
		`{"amount":0,"currency":"TRY","success_url":"https://shop.example","cancel_url":"https://shop.example"}`:            "amount: amount_range",
		`{"currency":"TRY","success_url":"https://shop.example","cancel_url":"https://shop.example"}`:                       "amount: required",
		`{"amount":100,"currency":"TRL","success_url":"https://shop.example","cancel_url":"https://shop.example"}`:          "currency: currency_unknown",
		`{"amount":100,"currency":"TRY","success_url":"https://shop.example","cancel_url":"https://shop.example","id":"x"}`: "id: read_only",
	} {
		h.mistakes(h.ask("POST", "/v1/checkout/sessions", body), want)
	}
	// The neighbour may return to one origin only.
	h.mistakes(h.ask("POST", "/v1/checkout/sessions", plainSession, as(nextKey)), "success_url: url_not_allowed, cancel_url: url_not_allowed")
}
