package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// A45: the same key and body get the first answer, byte for byte, for as long as the object exists.
func TestA45_I19_sameKeySameBody(t *testing.T) {
	h := open(t)
	const key = "8f14e45f-ea4a-4b3c-9d1a-7f2b6c9d0e1f"
	first := h.ask("POST", "/v1/links", plainLink, idem(key))
	if first.status != 201 || first.header.Get("Idempotent-Replayed") != "" {
		t.Fatalf("%s %v", first, first.header)
	}
	again := func(when string) {
		t.Helper()
		a := h.ask("POST", "/v1/links", plainLink, idem(key))
		if a.status != first.status || string(a.body) != string(first.body) || a.header.Get("Location") != first.header.Get("Location") || a.header.Get("Content-Type") != first.header.Get("Content-Type") {
			t.Errorf("%s: %s %v\n%s", when, a, a.header, a.body)
		}
		if a.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: it does not say that it repeats", when)
		}
	}
	again("at once")
	h.clock.Advance(25 * time.Hour)
	again("after 25 hours, when the link has expired")
	h.restart()
	again("after a restart")
	link := read[link](t, first)
	read[map[string]any](t, h.ask("PATCH", "/v1/links/"+link.ID, `{"amount":1,"expires_at":"2027-01-01T00:00:00Z"}`))
	again("after an edit")
	h.ask("DELETE", "/v1/links/"+link.ID, "")
	again("after deletion")
	if all := h.list(""); len(all.Data) != 1 {
		t.Errorf("%d links", len(all.Data))
	}
}

// The contract promises a key for every POST, also for those that make nothing.
func TestA45_everyPostTakesAKey(t *testing.T) {
	for _, o := range document().operations {
		takes := strings.Contains(fmt.Sprint(o.node["parameters"]), "parameters/IdempotencyKey")
		if takes != (o.method == "POST" && strings.HasPrefix(o.path, "/v1/")) {
			t.Errorf("%s %s takes an Idempotency-Key: %t", o.method, o.path, takes)
		}
	}
	h := open(t)
	bank := h.bankHere()
	pos := acquirerOf(t, h.ask("POST", "/v1/acquirers", posBody(t, bank, nil))).ID
	for i, call := range []struct{ path, body, other string }{
		{"/v1/suppressions", `{"channel":"email","to":"ali@example.com"}`, `{"channel":"email","to":"veli@example.com"}`},
		{"/v1/suppressions/remove", `{"channel":"email","to":"ali@example.com"}`, `{"channel":"email","to":"veli@example.com"}`},
		{"/v1/message_templates/preview", `{"kind":"link","channel":"sms","lang":"tr","text":"{link}"}`, `{"kind":"link","channel":"sms","lang":"en","text":"{link}"}`},
		{"/v1/offline_links/revoke", `{"order_id":"FT-1"}`, `{"order_id":"FT-2"}`},
		{"/v1/acquirers/" + pos + "/verify", "", "{}"},
	} {
		key := idem(fmt.Sprint("once-", i))
		first := h.ask("POST", call.path, call.body, key)
		if first.status > 204 || first.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("%s %s %v", first, first.body, first.header)
		}
		if call.path == "/v1/suppressions" { // somebody takes it off again meanwhile: what was asked before is not asked anew
			h.ask("POST", "/v1/suppressions/remove", call.body)
		}
		again := h.ask("POST", call.path, call.body, key)
		if again.status != first.status || string(again.body) != string(first.body) || again.header.Get("Content-Type") != first.header.Get("Content-Type") || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again: %s %s %v", again, again.body, again.header)
		}
		h.refused(h.ask("POST", call.path, call.other, key), 422, "idempotency_key_reused")
	}
	if list := h.ask("GET", "/v1/suppressions", ""); strings.Contains(string(list.body), "ali@example.com") {
		t.Errorf("a repetition put it on the list again: %s", list.body)
	}
}

func TestA45_sameKeyOtherRequest(t *testing.T) {
	h := open(t)
	l := h.make(plainLink, idem("k"))
	for _, body := range []string{`{"amount":25001,"currency":"TRY"}`, `{"currency":"TRY","amount":25000}`, plainLink + " ", `{}`, "not JSON", ""} {
		h.refused(h.ask("POST", "/v1/links", body, idem("k"), header("Content-Type", "application/json")), 422, "idempotency_key_reused")
	}
	h.refused(h.ask("POST", "/v1/links/"+l.ID+"/send", plainLink, idem("k")), 422, "idempotency_key_reused")
	if other := h.make(plainLink, idem("K")); other.ID == l.ID {
		t.Error("keys that differ in case are one")
	}
	if theirs := h.make(plainLink, idem("k"), as(nextKey)); theirs.ID == l.ID {
		t.Error("two merchants share a key")
	}
	if none := h.make(plainLink); none.ID == l.ID {
		t.Error("a request without a key is one with it")
	}
}

// A refused request made nothing and stores nothing: it may be corrected under its key.
func TestA45_refusedRequestsKeepNoKey(t *testing.T) {
	h := open(t)
	for _, body := range []string{"x", `{}`, `{"amount":1}`, `{"amount":1,"currency":"TRY","x":1}`} {
		if a := h.ask("POST", "/v1/links", body, idem("k")); a.status < 400 {
			t.Errorf("%s", a)
		}
	}
	h.make(`{"amount":1,"currency":"TRY","order_id":"ONCE"}`)
	h.refused(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","order_id":"ONCE"}`, idem("k")), 409, "order_id_taken")
	l := h.make(plainLink, idem("k"))
	if h.make(plainLink, idem("k")).ID != l.ID {
		t.Error("two links under one key")
	}
	// Sending is a POST too; while nothing can be sent, nothing is stored for its key.
	for range 2 {
		h.mistakes(h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234567"}`, idem("s")), "channel: channel_not_configured")
	}
}

func TestA45_inParallel(t *testing.T) {
	h := open(t)
	for round := range 5 {
		key := fmt.Sprint("round-", round)
		var mu sync.Mutex
		bodies, busy := map[string]int{}, 0
		atOnce(12, func(int) {
			a := h.ask("POST", "/v1/links", plainLink, idem(key))
			mu.Lock()
			defer mu.Unlock()
			switch a.status {
			case 201:
				bodies[string(a.body)]++
			case 409:
				busy++
				h.refused(a, 409, "idempotency_key_known")
				if a.header.Get("Retry-After") == "" {
					t.Error("nobody says when to look again")
				}
			default:
				t.Errorf("%s %s", a, a.body)
			}
		})
		if len(bodies) != 1 {
			t.Errorf("%d different answers, %d busy", len(bodies), busy)
		}
	}
	if all := h.list(""); len(all.Data) != 5 {
		t.Errorf("%d links of 5 keys", len(all.Data))
	}
}

// Two gateways on one ledger know nothing of each other's running requests; the ledger does.
func TestA45_betweenGateways(t *testing.T) {
	one := open(t)
	two := &house{TB: t, clock: one.clock, file: one.file, fault: &faults{}}
	two.serve(furnish{})
	t.Cleanup(func() { two.close() })
	for round := range 10 {
		key := fmt.Sprint("round-", round)
		body := fmt.Sprintf(`{"amount":1,"currency":"TRY","order_id":"R%d"}`, round)
		answers := make([]exchange, 2)
		atOnce(len(answers), func(i int) { answers[i] = []*house{one, two}[i].ask("POST", "/v1/links", body, idem(key)) })
		// Whoever comes second finds the first one's answer in the ledger, made or not when it asked.
		first, second := answers[0], answers[1]
		if first.status != 201 || second.status != 201 || string(first.body) != string(second.body) {
			t.Errorf("round %d\n%s %s\n%s %s", round, first, first.body, second, second.body)
		}
		if first.header.Get("Idempotent-Replayed") == second.header.Get("Idempotent-Replayed") {
			t.Errorf("round %d: one is the first and one repeats it", round)
		}
	}
	if all := one.list(""); len(all.Data) != 10 {
		t.Errorf("%d links of 10 keys", len(all.Data))
	}
}

func TestIdempotencyKeyFormat(t *testing.T) {
	h := open(t)
	for name, change := range map[string]request{
		"empty":            idem(""),
		"256 characters":   idem(strings.Repeat("k", 256)),
		"a space inside":   idem("a b"),
		"a tab inside":     idem("a\tb"),
		"not ASCII":        idem("anahtar-ş"),
		"sent twice":       func(r *http.Request) { r.Header["Idempotency-Key"] = []string{"a", "b"} },
		"sent twice alike": func(r *http.Request) { r.Header["Idempotency-Key"] = []string{"a", "a"} },
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(h.ask("POST", "/v1/links", plainLink, change), 400, "idempotency_key_format")
		})
	}
	h.make(plainLink, idem(strings.Repeat("k", 255)))
	h.make(plainLink, idem(`!"#$%&'()*+,-./:;<=>?@[\]^_{|}~`))
}

// C1: a create that dies before its commit made nothing; one that dies after it, before the answer, is
// answered with the same link under the same key.
func TestC01_I19_crashAroundTheCommit(t *testing.T) {
	h := open(t)
	h.fault.set(sqlstore.FaultBeforeCommit)
	h.refused(h.ask("POST", "/v1/links", plainLink, idem("before")), 503, "temporarily_unavailable")
	h.fault.set(sqlstore.FaultAfterCommit)
	h.refused(h.ask("POST", "/v1/links", plainLink, idem("after")), 503, "temporarily_unavailable")
	h.fault.set("")
	h.restart()
	all := h.list("")
	if len(all.Data) != 1 {
		t.Fatalf("%d links", len(all.Data))
	}
	if l := h.make(plainLink, idem("after")); l.ID != all.Data[0].ID {
		t.Errorf("the same key made %s beside %s", l.ID, all.Data[0].ID)
	}
	if l := h.make(plainLink, idem("before")); l.ID == all.Data[0].ID {
		t.Error("what was never stored was answered")
	}
	events, err := h.ledger.Events(context.Background(), shop, all.Data[0].ID)
	h.must(err)
	if len(events) != 1 || events[0].Type != "link.created" {
		t.Errorf("%+v", events)
	}
}

// heldFlow holds the shop's new links until it is let go on.
type heldFlow struct {
	*checkout.Service
	at, on chan struct{}
}

func (f heldFlow) CreateLink(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.LinkTerms, idem func(checkout.Link) (checkout.Idempotency, error)) (checkout.Link, error) {
	if m == shop {
		f.at <- struct{}{}
		<-f.on
	}
	return f.Service.CreateLink(ctx, by, m, t, idem)
}

// I17, A45: a key belongs to its merchant, at work and afterwards; another's request under the same text is
// neither told to wait nor given the first one's answer.
func TestA45_I17_theSameKeyOfTwoMerchants(t *testing.T) {
	h := open(t)
	flow := heldFlow{h.flow, make(chan struct{}), make(chan struct{})}
	inner := h.with(flow)
	first := make(chan exchange, 1)
	go func() { first <- inner.ask("POST", "/v1/links", plainLink, idem("k")) }()
	<-flow.at
	inner.refused(inner.ask("POST", "/v1/links", plainLink, idem("k")), 409, "idempotency_key_known")
	theirs := header("Authorization", "Bearer "+nextKey)
	second := inner.ask("POST", "/v1/links", plainLink, idem("k"), theirs)
	close(flow.on)
	a := <-first
	if a.status != 201 || second.status != 201 || string(a.body) == string(second.body) {
		t.Errorf("%s %s\n%s %s", a, a.body, second, second.body)
	}
	if again := inner.ask("POST", "/v1/links", plainLink, idem("k"), theirs); string(again.body) != string(second.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %s %s", again, again.body)
	}
}

// A number that happens to be a valid card number is refused as a key, and the contract says so and what to use.
func TestNumericKeysAndWhatTheContractSays(t *testing.T) {
	h := open(t)
	for _, key := range []string{"4611686018427387900", "4155650000000007"} {
		h.refused(h.ask("POST", "/v1/links", plainLink, idem(key)), 400, "pan_in_wrong_place")
	}
	for _, key := range []string{"4611686018427387901", "41556500-0000-4007-8000-000000000000"} {
		if a := h.ask("POST", "/v1/links", plainLink, idem(key)); a.status != 201 {
			t.Errorf("%s: %s", key, a)
		}
	}
	text, _ := document().at("/components/parameters/IdempotencyKey/description").(string)
	for _, part := range []string{"`pan_in_wrong_place`", "UUID"} {
		if !strings.Contains(text, part) {
			t.Errorf("the contract says nothing of %s beside the header: %s", part, text)
		}
	}
}
