package api_test

import (
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/sqlstore"
)

type requestLine struct {
	ID, Key, Method, Path string
	Status                int
	Code                  *string
	IP                    string
}

// What programs asked is told to their merchant: every call with how it ended, and nothing of what was sent.
func TestRequestsAreLogged(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":25000,"currency":"TRY","order_id":"S-1","description":"geheim"}`)
	h.refused(h.ask("POST", "/v1/links", `{"amount":25000,"currency":"TRY","order_id":"S-1"}`), 409, "order_id_taken")
	h.ask("GET", "/v1/links?q=geheim", "")
	h.ask("GET", "/v1/links/"+strings.Repeat("x", 220), "")
	h.ask("GET", "/v1/links", "", as(nextKey))
	h.ask("GET", "/v1/links", "", as("sk_test_unknown00000000000"))
	h.fault.set(sqlstore.FaultBegin)
	if h.journal.Keep(t.Context()) == nil {
		t.Error("lines are stored without a store")
	}
	h.fault.set("")
	h.must(h.journal.Keep(t.Context()))
	h.must(h.journal.Keep(t.Context())) // nothing is left
	a := h.ask("GET", "/v1/requests", "")
	var all []string
	for _, r := range read[page[requestLine]](t, a).Data {
		code := ""
		if r.Code != nil {
			code = " " + *r.Code
		}
		all = append(all, r.Method+" "+r.Path+code)
		if r.Key == "" || r.IP == "" || !strings.HasPrefix(r.ID, "req_") {
			t.Errorf("%+v", r)
		}
	}
	want := "GET (not shown) link_not_found|GET /v1/links|POST /v1/links order_id_taken|POST /v1/links"
	sorted := strings.Join(all, "|")
	for _, one := range strings.Split(want, "|") {
		if !strings.Contains(sorted, one) {
			t.Errorf("%s, want %s", sorted, one)
		}
	}
	if len(all) != 4 || strings.Contains(string(a.body), "geheim") || strings.Contains(string(a.body), l.ID[4:]) {
		t.Errorf("%s", a.body)
	}
	if got := read[page[requestLine]](t, h.ask("GET", "/v1/requests?failed=true&key=key_0000000000000000000000", "")); len(got.Data) != 2 {
		t.Errorf("%+v", got)
	}
	if got := read[page[requestLine]](t, h.ask("GET", "/v1/requests?limit=1", "")); len(got.Data) != 1 || got.Next == nil {
		t.Errorf("%+v", got)
	}
	h.refused(h.ask("GET", "/v1/requests?cursor=x", ""), 400, "cursor_invalid")
	h.mistakes(h.ask("GET", "/v1/requests?failed=no", ""), "failed: not_a_choice")
	h.must(h.journal.Forget(t.Context()))
	h.clock.Advance(31 * 24 * 3600e9)
	h.must(h.journal.Forget(t.Context()))
	if got := read[page[requestLine]](t, h.ask("GET", "/v1/requests", "")); len(got.Data) != 0 {
		t.Errorf("%d are kept for ever", len(got.Data))
	}
}
