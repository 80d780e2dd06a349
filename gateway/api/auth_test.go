//go:build !race

package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// moreCalls are those that do not stand beside their own tests; see calls.
func moreCalls(l link, p checkout.Payment) map[string][2]string { // "METHOD /path" → target, body
	return map[string][2]string{
		"POST /v1/links":                            {"/v1/links", plainLink},
		"GET /v1/links":                             {"/v1/links", ""},
		"GET /v1/links/{id}":                        {"/v1/links/" + l.ID, ""},
		"PATCH /v1/links/{id}":                      {"/v1/links/" + l.ID, `{"amount":1}`},
		"DELETE /v1/links/{id}":                     {"/v1/links/" + l.ID, ""},
		"POST /v1/links/{id}/send":                  {"/v1/links/" + l.ID + "/send", `{"channel":"sms","to":"05321234567"}`},
		"GET /v1/links/{id}/qr.svg":                 {"/v1/links/" + l.ID + "/qr.svg", ""},
		"GET /v1/links/{id}/qr.png":                 {"/v1/links/" + l.ID + "/qr.png", ""},
		"GET /v1/payments":                          {"/v1/payments", ""},
		"GET /v1/payments/{id}":                     {"/v1/payments/" + string(p.ID), ""},
		"GET /v1/payments/{id}/consents":            {"/v1/payments/" + string(p.ID) + "/consents", ""},
		"GET /v1/merchant":                          {"/v1/merchant", ""},
		"PATCH /v1/merchant":                        {"/v1/merchant", `{"advertising":true}`},
		"GET /v1/legal_texts":                       {"/v1/legal_texts", ""},
		"PATCH /v1/legal_texts":                     {"/v1/legal_texts", `{"kind":"advertising","lang":"tr"}`},
		"POST /v1/payments/{id}/void":               {"/v1/payments/" + string(p.ID) + "/void", ""},
		"POST /v1/payments/{id}/refunds":            {"/v1/payments/" + string(p.ID) + "/refunds", `{"amount":1}`},
		"GET /v1/refunds":                           {"/v1/refunds", ""},
		"GET /v1/refunds/{id}":                      {"/v1/refunds/rfd_0000000000000000000001", ""},
		"POST /v1/payments/{id}/chargebacks":        {"/v1/payments/" + string(p.ID) + "/chargebacks", `{"reason_code":"10.4"}`},
		"GET /v1/chargebacks":                       {"/v1/chargebacks", ""},
		"GET /v1/chargebacks/{id}":                  {"/v1/chargebacks/cbk_0000000000000000000001", ""},
		"PATCH /v1/chargebacks/{id}":                {"/v1/chargebacks/cbk_0000000000000000000001", `{"status":"won"}`},
		"POST /v1/checkout/sessions":                {"/v1/checkout/sessions", `{"amount":1}`},
		"GET /v1/checkout/sessions/{id}":            {"/v1/checkout/sessions/" + string(checkout.LinkID(l.ID).Session()), ""},
		"POST /v1/acquirers":                        {"/v1/acquirers", `{"kind":"payfor"}`},
		"GET /v1/acquirers":                         {"/v1/acquirers", ""},
		"GET /v1/acquirers/{id}":                    {"/v1/acquirers/" + string(p.Account), ""},
		"PATCH /v1/acquirers/{id}":                  {"/v1/acquirers/" + string(p.Account), `{"priority":1}`},
		"DELETE /v1/acquirers/{id}":                 {"/v1/acquirers/" + string(p.Account), ""},
		"POST /v1/acquirers/{id}/verify":            {"/v1/acquirers/" + string(p.Account) + "/verify", ""},
		"POST /v1/einvoices":                        {"/v1/einvoices", "<Invoice/>"},
		"GET /v1/einvoices":                         {"/v1/einvoices", ""},
		"GET /v1/einvoices/{id}":                    {"/v1/einvoices/inv_0000000000000000000001", ""},
		"GET /v1/einvoices/{id}/document":           {"/v1/einvoices/inv_0000000000000000000001/document", ""},
		"POST /v1/einvoice_registrations":           {"/v1/einvoice_registrations", `{"intermediary":"odelink","customer_id":"OD1234567889"}`},
		"GET /v1/einvoice_registrations":            {"/v1/einvoice_registrations", ""},
		"GET /v1/einvoice_registrations/{id}":       {"/v1/einvoice_registrations/reg_0000000000000000000001", ""},
		"DELETE /v1/einvoice_registrations/{id}":    {"/v1/einvoice_registrations/reg_0000000000000000000001", ""},
		"POST /v1/webhook_endpoints":                {"/v1/webhook_endpoints", `{"url":"https://shop.example/hooks"}`},
		"GET /v1/webhook_endpoints":                 {"/v1/webhook_endpoints", ""},
		"GET /v1/webhook_endpoints/{id}":            {"/v1/webhook_endpoints/whk_0000000000000000000001", ""},
		"PATCH /v1/webhook_endpoints/{id}":          {"/v1/webhook_endpoints/whk_0000000000000000000001", `{"enabled":false}`},
		"DELETE /v1/webhook_endpoints/{id}":         {"/v1/webhook_endpoints/whk_0000000000000000000001", ""},
		"POST /v1/webhook_endpoints/{id}/rotate":    {"/v1/webhook_endpoints/whk_0000000000000000000001/rotate", ""},
		"POST /v1/webhook_endpoints/{id}/ping":      {"/v1/webhook_endpoints/whk_0000000000000000000001/ping", ""},
		"GET /v1/webhook_endpoints/{id}/deliveries": {"/v1/webhook_endpoints/whk_0000000000000000000001/deliveries", ""},
		"GET /v1/events":                            {"/v1/events", ""},
		"POST /v1/events/redeliver":                 {"/v1/events/redeliver", `{"from":"2026-01-01T00:00:00Z"}`},
		"GET /v1/events/{id}":                       {"/v1/events/evt_0000000000000000000001", ""},
		"POST /v1/events/{id}/redeliver":            {"/v1/events/evt_0000000000000000000001/redeliver", ""},
		"GET /v1/reports":                           {"/v1/reports", ""},
		"GET /v1/reports/{name}.{format}":           {"/v1/reports/payments.json", ""},
		"GET /v1/links/{id}/messages":               {"/v1/links/" + l.ID + "/messages", ""},
		"GET /v1/links/{id}/share":                  {"/v1/links/" + l.ID + "/share", ""},
		"GET /v1/links/{id}/qr.pdf":                 {"/v1/links/" + l.ID + "/qr.pdf", ""},
		"GET /v1/messages/{id}":                     {"/v1/messages/msg_0000000000000000000001", ""},
		"GET /v1/notifications":                     {"/v1/notifications", ""},
		"PATCH /v1/notifications":                   {"/v1/notifications", `{"reminder_hours":1}`},
		"GET /v1/message_templates":                 {"/v1/message_templates", ""},
		"PATCH /v1/message_templates":               {"/v1/message_templates", `{"kind":"link","channel":"sms","lang":"tr"}`},
		"POST /v1/message_templates/preview":        {"/v1/message_templates/preview", `{"kind":"link","channel":"sms","lang":"tr"}`},
		"GET /v1/suppressions":                      {"/v1/suppressions", ""},
		"POST /v1/suppressions":                     {"/v1/suppressions", `{"channel":"sms","to":"05321234567"}`},
		"POST /v1/suppressions/remove":              {"/v1/suppressions/remove", `{"channel":"sms","to":"05321234567"}`},
		"GET /v1/installments":                      {"/v1/installments?bin=415565&amount=100", ""},
		"GET /v1/bins/{bin}":                        {"/v1/bins/415565", ""},
	}
}

// aboutErrors are the pages that need no key: they hold nothing of any merchant.
var aboutErrors = map[string]string{"/docs": "/docs", "/docs/errors": "/docs/errors", "/docs/errors/{code}": "/docs/errors/internal"}

// A43, A44: every operation without a good key is 401 in the same words; a route that this table does
// not list fails the test.
func TestA43_everyRouteWantsAKey(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	table := calls(l, h.pays(h.stored(l.ID)))
	for _, o := range document().operations {
		name := o.method + " " + o.path
		call, listed := table[name]
		if o.path == "/v1/openapi.yaml" {
			if a := h.ask("GET", o.path, "", without("Authorization")); a.status != 200 || string(a.body) != string(document().text) {
				t.Errorf("%s", a)
			}
			continue
		}
		if page, public := aboutErrors[o.path]; public {
			if a := h.ask(o.method, page, "", without("Authorization")); a.status != 200 {
				t.Errorf("%s", a)
			}
			continue
		}
		if !listed {
			t.Errorf("%s is not in the table of calls", name)
			continue
		}
		for why, change := range map[string]request{
			"no key": without("Authorization"), "a revoked key": as(revokedKey), "an unknown key": as("sk_test_unknown00000000000"), "half a key": as(shopKey[:20]),
			"a longer key": as(shopKey + "0"), "other letters": as(strings.ToUpper(shopKey)), "an empty key": as(""), "a huge key": as("sk_" + strings.Repeat("a", 4000)),
			"another scheme": header("Authorization", "Basic "+shopKey), "no scheme": header("Authorization", shopKey), "a key of another kind": as("pk_" + shopKey[3:]),
			"two in one": as(shopKey + ", Bearer " + nextKey),
		} {
			a := h.ask(o.method, call[0], call[1], change)
			if h.refused(a, 401, "invalid_api_key"); a.header.Get("WWW-Authenticate") != `Bearer realm="odelink"` {
				t.Errorf("%s with %s: %s", name, why, a.header)
			}
		}
	}
	// The listener refuses a request with two keys before it comes this far.
	h.refused(h.with(h.flow).ask("GET", "/v1/links", "", func(r *http.Request) {
		r.Header["Authorization"] = []string{"Bearer " + shopKey, "Bearer " + nextKey}
	}), 401, "invalid_api_key")
	h.refused(h.ask("GET", "/v1/nothing", "", without("Authorization")), 401, "invalid_api_key")
	if now := h.get(l.ID); *now.Amount != 25000 || now.Status != "active" {
		t.Errorf("somebody without a key changed it: %+v", now)
	}
	if a := h.ask("GET", "/v1/links", "", header("Authorization", "bearer   "+shopKey)); a.status != 200 {
		t.Errorf("the scheme in small letters: %s", a)
	}
}

func without(name string) request { return func(r *http.Request) { r.Header.Del(name) } }

// A44: a key in the address is refused, whether or not it is one, and stands in no log.
func TestA44_keyInTheAddress(t *testing.T) {
	logs := &safeBuffer{}
	h := open(t, furnish{logs: logs})
	for _, target := range []string{
		"/v1/links?api_key=" + shopKey, "/v1/links?key=" + shopKey, "/v1/links?access_token=" + shopKey, "/v1/links?q=" + shopKey, "/v1/links?" + shopKey,
		"/v1/links?authorization=Bearer%20" + shopKey, "/v1/links?x=%73k%5Ftest_shop00000000000000", "/v1/links/" + shopKey, "/v1/" + shopKey + "/links", "/v1/links?status=active&q=sk_live_anything00",
	} {
		for _, change := range []request{as(shopKey), without("Authorization")} {
			a := h.refused(h.ask("GET", target, "", change), 400, "api_key_in_address")
			if strings.Contains(string(a.body), shopKey) {
				t.Errorf("the key is told back: %s", a.body)
			}
		}
	}
	for _, target := range []string{"/v1/links?q=sk_12", "/v1/links?q=desk_lamp_of_oak_wood", "/v1/links?order_id=TASK_sk_000000000000"} {
		if a := h.ask("GET", target, ""); a.status != 200 {
			t.Errorf("%s %s", a, a.body)
		}
	}
	h.ask("GET", "/v1/links", "", as("sk_test_unknown00000000000"))
	if text := logs.String(); strings.Contains(text, "sk_test") || !strings.Contains(text, "api_key_in_address") {
		t.Errorf("the log: %s", text)
	}
}

// I17, A43: what belongs to somebody else is not found, in the same bytes as what does not exist.
func TestI17_foreignObjectsAreUnknown(t *testing.T) {
	h := open(t)
	mine := h.make(`{"amount":100,"currency":"TRY","order_id":"MINE"}`)
	p := h.pays(h.stored(mine.ID))
	never := calls(link{ID: "lnk_0000000000000000000000"}, checkout.Payment{ID: "pay_0000000000000000000000", Account: "acc_0000000000000000000000"})
	reference := regexp.MustCompile(`"instance":"[^"]*"`)
	for name, call := range calls(mine, p) {
		method, path, _ := strings.Cut(name, " ")
		if !strings.Contains(path, "{id}") {
			continue
		}
		foreign := h.ask(method, call[0], call[1], as(nextKey))
		unknown := h.ask(method, never[name][0], never[name][1], as(nextKey))
		if foreign.status != 404 || string(reference.ReplaceAll(foreign.body, nil)) != string(reference.ReplaceAll(unknown.body, nil)) {
			t.Errorf("%s\n%s\n%s", name, foreign.body, unknown.body)
		}
		foreign.header.Del("Date")
		unknown.header.Del("Date")
		for field := range foreign.header {
			if foreign.header.Get(field) != unknown.header.Get(field) {
				t.Errorf("%s: header %s differs: %q and %q", name, field, foreign.header.Get(field), unknown.header.Get(field))
			}
		}
		if head := h.ask("HEAD", call[0], "", as(nextKey)); method == "GET" && head.status != 404 {
			t.Errorf("%s", head)
		}
	}
	for _, target := range []string{"/v1/links?order_id=MINE", "/v1/links?q=MINE", "/v1/payments?link=" + mine.ID, "/v1/payments?order_id=MINE"} {
		if a := h.ask("GET", target, "", as(nextKey)); string(a.body) != `{"data":[],"next_cursor":null}` {
			t.Errorf("%s shows %s", target, a.body)
		}
	}
	if now := h.get(mine.ID); now.Status != "active" || *now.Amount != 100 {
		t.Errorf("a neighbour changed it: %+v", now)
	}
}

// A16: ids are matched exactly, and a name of another kind is none.
func TestA16_idsThatAreNone(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	p := h.pays(h.stored(l.ID))
	for _, id := range []string{strings.ToUpper(l.ID), strings.ToLower(l.ID), l.ID[4:], l.Token, string(p.ID), l.ID + "0", l.ID[:25], "lnk_", "%00", "lnk_%ff%ff%ff%ff", "'", l.ID + "%20"} {
		if id == l.ID {
			continue
		}
		for _, method := range []string{"GET", "HEAD", "DELETE"} {
			if a := h.ask(method, "/v1/links/"+id, ""); a.status != 404 {
				t.Errorf("%s", a)
			}
		}
		if a := h.ask("PATCH", "/v1/links/"+id, `{}`); a.status != 404 {
			t.Errorf("%s", a)
		}
	}
	for _, id := range []string{l.ID, "pay_", strings.ToUpper(string(p.ID)), "%27"} {
		h.refused(h.ask("GET", "/v1/payments/"+id, ""), 404, "payment_not_found")
	}
}

func TestUnknownRoutesAndMethods(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	for _, target := range []string{"/v1", "/v1/", "/v1/nothing", "/v1/links/", "/v1/links/" + l.ID + "/", "/v1/links/" + l.ID + "/qr", "/v1/Links", "/v2/links", "/v1/links//send", "/metrics", "/readyz", "/livez", "/debug/pprof/"} {
		a := h.ask("GET", target, "", header("Accept", "application/json"))
		if a.status != 404 || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s as %s", a, a.header.Get("Content-Type"))
		}
	}
	for target, allowed := range map[string]string{
		"/v1/links": "GET, HEAD, POST", "/v1/links/" + l.ID: "DELETE, GET, HEAD, PATCH", "/v1/links/" + l.ID + "/send": "POST", "/v1/payments": "GET, HEAD", "/v1/openapi.yaml": "GET, HEAD",
	} {
		for _, method := range []string{"PUT", "GET", "POST", "DELETE", "PATCH", "OPTIONS"} {
			if strings.Contains(allowed, method) {
				continue
			}
			a := h.refused(h.ask(method, target, ""), 405, "method_not_allowed")
			allow := strings.Split(a.header.Get("Allow"), ", ")
			slices.Sort(allow)
			if got := strings.Join(allow, ", "); got != allowed {
				t.Errorf("%s %s: Allow %q, want %q", method, target, got, allowed)
			}
		}
	}
}

// HEAD answers what GET answers, without the body.
func TestHead(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	for name, call := range calls(l, h.pays(h.stored(l.ID))) {
		if !strings.HasPrefix(name, "GET ") {
			continue
		}
		get, head := h.ask("GET", call[0], ""), h.ask("HEAD", call[0], "")
		if head.status != get.status || len(head.body) != 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") ||
			head.header.Get("Content-Length") != get.header.Get("Content-Length") {
			t.Errorf("%s: %s %v, GET %v", name, head, head.header, get.header)
		}
	}
}

// What answers to programs carry: should one be opened in a browser, it may do nothing there.
func TestAnswerHeaders(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	for _, a := range []exchange{
		h.ask("GET", "/v1/links", ""), h.ask("GET", "/v1/links/"+l.ID+"/qr.svg", ""), h.ask("GET", "/v1/openapi.yaml", ""), h.ask("GET", "/v1/links/x", ""),
		h.ask("DELETE", "/v1/links/"+l.ID, ""), h.ask("GET", "/v1/links", "", without("Authorization")), h.ask("POST", "/v1/links", plainLink),
	} {
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s %q", a, name, got)
			}
		}
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", a, policy)
		}
		if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Set-Cookie") != "" || a.header.Get("Server") != "" {
			t.Errorf("%s: %v", a, a.header)
		}
	}
}

// One key's limit is its own; an address without a good key has a much smaller one, and its misses
// take nothing from those who have a key.
func TestRateLimits(t *testing.T) {
	h := open(t, furnish{limits: true})
	for range 30 {
		h.refused(h.ask("GET", "/v1/links", "", as("sk_test_unknown00000000000")), 401, "invalid_api_key")
	}
	a := h.refused(h.ask("GET", "/v1/links", "", as("sk_test_unknown00000000000")), 429, "too_many_tries")
	if wait := a.header.Get("Retry-After"); wait != "60" || a.header.Get("RateLimit-Policy") != `"address";q=30;w=60` || a.header.Get("RateLimit") != `"address";r=0;t=60` {
		t.Errorf("wait %q, %v", wait, a.header)
	}
	h.refused(h.ask("GET", "/v1/links", "", as(revokedKey)), 429, "too_many_tries")
	n := 0
	for ; n < 2000; n++ {
		a := h.ask("GET", "/v1/bins/415565", "")
		if left := fmt.Sprintf(`"key";r=%d;t=10`, max(0, 999-n)); a.header.Get("RateLimit") != left || a.header.Get("RateLimit-Policy") != `"key";q=1000;w=10` {
			t.Fatalf("%v, want %s", a.header, left)
		}
		if a.status != 200 {
			h.refused(a, 429, "too_many_tries")
			break
		}
	}
	if n != 1000 {
		t.Errorf("%d calls went through in ten seconds", n)
	}
	if a := h.ask("GET", "/v1/bins/415565", "", as(nextKey)); a.status != 200 {
		t.Errorf("another key has to wait too: %s", a)
	}
	h.clock.Advance(10 * time.Second)
	if a := h.ask("GET", "/v1/bins/415565", ""); a.status != 200 {
		t.Errorf("ten seconds later: %s", a)
	}
	h.clock.Advance(50 * time.Second)
	h.refused(h.ask("GET", "/v1/links", "", without("Authorization")), 401, "invalid_api_key")
}

// A65: what breaks inside is answered with a reference and nothing else.
func TestA65_panicAndUnknownErrors(t *testing.T) {
	h := open(t)
	for name, flow := range map[string]broken{"a panic": {panics: true}, "an error that nobody classified": {}} {
		t.Run(name, func(t *testing.T) {
			flow.Service = h.flow
			inner := h.with(flow)
			a := inner.refused(inner.ask("POST", "/v1/links", plainLink, idem("k")), 500, "internal")
			if strings.Contains(string(a.body), "secret") {
				t.Errorf("%s", a.body)
			}
			inner.refused(inner.ask("POST", "/v1/links", plainLink, idem("k")), 500, "internal") // its key is free again
		})
	}
}

// broken is a flow that breaks.
type broken struct {
	*checkout.Service
	panics bool
}

func (b broken) CreateLink(context.Context, checkout.By, checkout.MerchantID, checkout.LinkTerms, func(checkout.Link) (checkout.Idempotency, error)) (checkout.Link, error) {
	if b.panics {
		panic("secret")
	}
	return checkout.Link{}, errors.New("secret")
}

// A program that asks for a version that there is not reads a refusal as programs do, whatever it says that it takes, with a
// key or without; an address that only begins like the API's is no matter of keys.
func TestVersionsThatThereAreNot(t *testing.T) {
	h := open(t)
	for _, method := range []string{"GET", "POST", "DELETE"} {
		for _, target := range []string{"/v2/links", "/v2", "/v12/links", "/v0/"} {
			h.refused(h.ask(method, target, "", header("Accept", "*/*")), 404, "not_found")
			h.refused(h.ask(method, target, "", without("Authorization")), 404, "not_found")
		}
	}
	h.refused(h.ask("GET", "/v1x", "", without("Authorization"), header("Accept", "application/json")), 404, "not_found")
}
