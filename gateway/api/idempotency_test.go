package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/sqlstore"
)

// A45: the same key and body get the first answer, byte for byte, for as long as the object exists.
func TestA45_sameKeySameBody(t *testing.T) {
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
func TestC01_crashAroundTheCommit(t *testing.T) {
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
