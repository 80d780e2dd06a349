package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver"
	"github.com/odelink/odelink/gateway/deliver/webhook"
)

// hooks are real ones, which a test moves.
type hooks struct {
	*webhook.Sender
	*deliver.Deliverer
	ids *checkout.IDs

	mu     sync.Mutex
	faults []error
}

func (k *hooks) Check(ctx context.Context, e checkout.Endpoint) checkout.Send {
	return k.Sender.Check(ctx, e, k.ids.Event(time.Now()))
}
func (k *hooks) ShowSecret(s []byte) string                  { return webhook.ShowSecret(s) }
func (k *hooks) NewSecret() []byte                           { return k.ids.Bytes(webhook.SecretSize) }
func (k *hooks) NewEndpoint() checkout.EndpointID            { return k.ids.Endpoint() }
func (k *hooks) Sent(checkout.Delivery, checkout.Send, bool) {}
func (k *hooks) Fault(_ string, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.faults = append(k.faults, err)
}

// deliver sends all that is due.
func (h *house) deliver() {
	h.Helper()
	h.must(h.hooks.Look(context.Background()))
	h.hooks.Wait()
	h.hooks.mu.Lock()
	defer h.hooks.mu.Unlock()
	for _, err := range h.hooks.faults {
		h.Errorf("deliver: %v", err)
	}
}

// inbox is a receiver of a merchant's.
type inbox struct {
	*httptest.Server
	mu     sync.Mutex
	answer int
	bodies []string
	heads  []http.Header
}

func newInbox(t *testing.T) *inbox {
	b := &inbox{answer: 200}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.bodies, b.heads = append(b.bodies, string(body)), append(b.heads, r.Header)
		w.WriteHeader(b.answer)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *inbox) answers(code int) { b.mu.Lock(); b.answer = code; b.mu.Unlock() }

// take answers what came since it was asked last.
func (b *inbox) take() (bodies []string, heads []http.Header) {
	b.mu.Lock()
	defer b.mu.Unlock()
	bodies, heads = b.bodies, b.heads
	b.bodies, b.heads = nil, nil
	return bodies, heads
}

type endpoint struct {
	ID, URL, Secret string
	Events          []string
	Enabled         bool
	DisabledReason  *string `json:"disabled_reason"`
	OldSecretUntil  *string `json:"old_secret_until"`
	Check           *struct {
		OK         bool
		StatusCode *int `json:"status_code"`
		Error      *string
	}
}

func (h *house) endpoint(body string, changes ...request) endpoint {
	h.Helper()
	a := h.ask("POST", "/v1/webhook_endpoints", body, changes...)
	if a.status != 201 {
		h.Fatalf("%s %s", a, a.body)
	}
	return read[endpoint](h, a)
}

func TestWebhookEndpoints(t *testing.T) {
	h, box := open(t), newInbox(t)
	e := h.endpoint(`{"url":"` + box.URL + `/hooks","events":["payment.paid"],"description":"Muhasebe"}`)
	if !strings.HasPrefix(e.Secret, "whsec_") || !e.Check.OK || *e.Check.StatusCode != 200 || !e.Enabled {
		t.Errorf("%+v", e)
	}
	if bodies, heads := box.take(); len(bodies) != 1 || !strings.Contains(bodies[0], `"type":"ping"`) || heads[0].Get("webhook-signature") == "" {
		t.Errorf("checked by %q", bodies)
	}
	at := "/v1/webhook_endpoints/" + e.ID
	for _, a := range []exchange{h.ask("GET", at, ""), h.ask("GET", "/v1/webhook_endpoints", ""), h.ask("PATCH", at, `{"events":[]}`)} {
		if a.status != 200 || strings.Contains(string(a.body), "whsec_") {
			t.Errorf("%s %s", a, a.body)
		}
	}
	box.answers(503)
	down := h.endpoint(`{"url":"` + box.URL + `"}`)
	if down.Check.OK || *down.Check.Error != "status" || *down.Check.StatusCode != 503 {
		t.Errorf("an endpoint that is down: %+v", down.Check)
	}
	var check struct{ OK bool }
	if a := h.ask("POST", at+"/ping", "", idem("ping")); json.Unmarshal(a.body, &check) != nil || a.status != 200 || check.OK {
		t.Errorf("%s %s", a, a.body)
	}
	box.answers(200)
	if a := h.ask("POST", at+"/ping", "", idem("ping")); !strings.Contains(string(a.body), `"ok":false`) || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the same key: %s %s", a, a.body)
	}
	if a := h.ask("POST", at+"/ping", ""); !strings.Contains(string(a.body), `"ok":true`) {
		t.Errorf("%s %s", a, a.body)
	}
	for body, want := range map[string]string{
		`{}`: "url: required", `{"url":null}`: "url: required", `{"url":"` + box.URL + `","events":["payment.lost"]}`: "events: not_a_choice",
		`{"url":1}`: "url: wrong_type", `{"url":"` + box.URL + `","secret":"x"}`: "secret: read_only", `{"url":"` + box.URL + `","description":"` + strings.Repeat("x", 251) + `"}`: "description: length",
	} {
		h.mistakes(h.ask("POST", "/v1/webhook_endpoints", body), want)
	}
	for range 14 {
		h.endpoint(`{"url":"` + box.URL + `"}`)
	}
	h.refused(h.ask("POST", "/v1/webhook_endpoints", `{"url":"`+box.URL+`"}`), 409, "too_many_webhook_endpoints")
	if a := h.ask("DELETE", at, ""); a.status != 204 {
		t.Errorf("%s", a)
	}
	h.refused(h.ask("GET", at, ""), 404, "webhook_endpoint_not_found")
	h.endpoint(`{"url":"` + box.URL + `"}`)
}

// A51: what is inside, or no https, is refused at save, and nothing is sent there.
func TestA51_TargetsAreRefusedAtSave(t *testing.T) {
	h := open(t, furnish{serves: true})
	box := newInbox(t)
	for _, url := range []string{
		box.URL, "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
		"https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://100.64.0.1/", "http://8.8.8.8/", "https://user:pw@8.8.8.8/", "https://8.8.8.8:22/", "ftp://8.8.8.8/", "x",
	} {
		h.refused(h.ask("POST", "/v1/webhook_endpoints", `{"url":"`+url+`"}`), 422, "webhook_target_refused")
	}
	if bodies, _ := box.take(); len(bodies) > 0 {
		t.Errorf("sent: %q", bodies)
	}
}

// A45: the same key makes one endpoint, and its repeated answer has the secret while it is that one.
func TestA45_AnEndpointsKey(t *testing.T) {
	h, box := open(t), newInbox(t)
	body := `{"url":"` + box.URL + `"}`
	first := h.endpoint(body, idem("e"))
	again := h.endpoint(body, idem("e"))
	if again.ID != first.ID || again.Secret != first.Secret {
		t.Errorf("%+v, then %+v", first, again)
	}
	at := "/v1/webhook_endpoints/" + first.ID
	one := read[endpoint](t, h.ask("POST", at+"/rotate", "", idem("r")))
	two := read[endpoint](t, h.ask("POST", at+"/rotate", "", idem("r")))
	if one.Secret == first.Secret || two.Secret != one.Secret || one.OldSecretUntil == nil {
		t.Errorf("rotated: %+v, then %+v", one, two)
	}
	if late := h.endpoint(body, idem("e")); late.ID != first.ID || late.Secret != "" {
		t.Errorf("a secret that is no more: %+v", late)
	}
	h.refused(h.ask("POST", "/v1/webhook_endpoints", `{"url":"https://other.example"}`, idem("e")), 422, "idempotency_key_reused")
}

type notice struct {
	ID, Type  string
	Sequence  int64
	CreatedAt string `json:"created_at"`
	Data      map[string]any
}

// A52: what is sent is signed, by both secrets while the endpoint rotates; the body is the event of the feed.
func TestA52_WhatIsSent(t *testing.T) {
	h, box := open(t), newInbox(t)
	e := h.endpoint(`{"url":"` + box.URL + `"}`)
	box.take()
	h.ask("POST", "/v1/webhook_endpoints/"+e.ID+"/rotate", "")
	l := h.make(plainLink)
	h.deliver()
	bodies, heads := box.take()
	if len(bodies) != 1 {
		t.Fatalf("sent %q", bodies)
	}
	var n notice
	h.must(json.Unmarshal([]byte(bodies[0]), &n))
	if n.Type != "link.created" || n.Sequence != 1 || n.Data["id"] != l.ID || heads[0].Get("webhook-id") != n.ID {
		t.Errorf("%s with %v", bodies[0], heads[0])
	}
	stored, err := h.ledger.EndpointOf(t.Context(), shop, checkout.EndpointID(e.ID))
	h.must(err)
	if want := webhook.Signature([][]byte{stored.Secret, stored.OldSecret}, n.ID, h.clock.Now(), []byte(bodies[0])); heads[0].Get("webhook-signature") != want || webhook.ShowSecret(stored.OldSecret) != e.Secret {
		t.Errorf("signature %s, want %s", heads[0].Get("webhook-signature"), want)
	}
	if a := h.ask("GET", "/v1/events/"+n.ID, ""); string(a.body) != bodies[0] {
		t.Errorf("read %s, sent %s", a.body, bodies[0])
	}
	h.clock.Advance(25 * time.Hour)
	h.make(plainLink)
	h.deliver()
	_, heads = box.take()
	if signed := heads[len(heads)-1].Get("webhook-signature"); strings.Contains(signed, " ") {
		t.Errorf("a day later: %s", signed)
	}
}

func TestEventsAreCaughtUp(t *testing.T) {
	h := open(t)
	var want []string
	for range 5 {
		want = append(want, h.make(plainLink).ID)
		h.clock.Advance(time.Second)
	}
	p := h.paid(h.stored(want[0]))
	read := func(target string) (all []notice) {
		for base := target; target != ""; {
			a := h.ask("GET", target, "")
			var page page[notice]
			if a.status != 200 || json.Unmarshal(a.body, &page) != nil {
				t.Fatalf("%s %s", a, a.body)
			}
			all = append(all, page.Data...)
			target = ""
			if page.Next != nil {
				start, _, follow := strings.Cut(base, "&after=")
				if target = start + "&cursor=" + *page.Next; follow {
					target = start + "&after=" + *page.Next
				}
			}
		}
		return all
	}
	newest := read("/v1/events?limit=2")
	all := slices.Clone(newest)
	slices.Reverse(all)
	var got []string
	for _, n := range all[:5] {
		got = append(got, n.Data["id"].(string))
	}
	if len(all) != 7 || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("%d events, %v of %v", len(all), got, want)
	}
	rest := read("/v1/events?limit=10&after=" + all[4].ID)
	types := map[string]string{}
	for _, n := range rest {
		types[n.Type] = fmt.Sprint(n.Data["id"])
	}
	if len(rest) != 2 || types["payment.paid"] != string(p.ID) || types["link.paid"] != want[0] {
		t.Errorf("the rest: %v", types)
	}
	if follow := read("/v1/events?limit=1&after=" + all[0].ID); len(follow) != 6 || follow[0].ID != all[1].ID || follow[5].ID != newest[0].ID {
		t.Errorf("behind the first, one by one: %v", follow)
	}
	h.make(plainLink)
	if older := read("/v1/events?limit=10&cursor=" + newest[1].ID); len(older) != 5 || older[0].ID != newest[2].ID {
		t.Errorf("back from the second: %v", older)
	}
	if of := read("/v1/events?limit=10&type=link.paid"); len(of) != 1 {
		t.Errorf("of a type: %v", of)
	}
	for _, query := range []string{"after=evt_0000000000000000000000", "cursor=evt_0000000000000000000000", "cursor=x"} {
		h.refused(h.ask("GET", "/v1/events?"+query, ""), 400, "cursor_invalid")
	}
	h.refused(h.ask("GET", "/v1/events/evt_0000000000000000000000", ""), 404, "event_not_found")
	for _, query := range []string{"after=x", "type=payment.lost", "limit=0", "after=" + all[0].ID + "&cursor=" + all[1].ID, "from=x"} {
		if a := h.ask("GET", "/v1/events?"+query, ""); a.status != 422 {
			t.Errorf("%s: %s", query, a)
		}
	}
	h.refused(h.ask("GET", "/v1/events/"+all[0].ID, "", as(nextKey)), 404, "event_not_found")
}

func TestRedelivery(t *testing.T) {
	h, box := open(t), newInbox(t)
	before := h.make(plainLink)
	h.deliver()
	e := h.endpoint(`{"url":"` + box.URL + `"}`)
	box.take()
	first := read[page[notice]](t, h.ask("GET", "/v1/events", "")).Data[0]
	again := "/v1/events/" + first.ID + "/redeliver"
	for range 2 {
		if a := h.ask("POST", again, "", idem("one")); a.status != 202 || string(a.body) != `{"events":1,"deliveries":1,"next_cursor":null}` {
			t.Errorf("%s %s", a, a.body)
		}
	}
	h.deliver()
	if bodies, _ := box.take(); len(bodies) != 1 || !strings.Contains(bodies[0], before.ID) {
		t.Errorf("redelivered %q", bodies)
	}
	h.make(plainLink)
	h.deliver()
	box.take()
	if a := h.ask("POST", "/v1/events/redeliver", `{"from":"2026-01-01T00:00:00Z","endpoint":"`+e.ID+`"}`); string(a.body) != `{"events":2,"deliveries":2,"next_cursor":null}` {
		t.Errorf("%s %s", a, a.body)
	}
	h.ask("POST", "/v1/events/redeliver", `{"after":"`+first.ID+`","type":"link.created"}`)
	h.deliver()
	if bodies, _ := box.take(); len(bodies) != 3 {
		t.Errorf("a range, and one behind the first: %q", bodies)
	}
	for body, want := range map[string]string{
		`{}`: "from: required", `{"after":"x"}`: "after: invalid", `{"from":"2026-01-01T00:00:00Z","type":"x"}`: "type: not_a_choice", `{"from":"x"}`: "from: time_format",
		`{"from":"2026-01-01T00:00:00Z","endpoint":"x"}`: "endpoint: invalid",
	} {
		h.mistakes(h.ask("POST", "/v1/events/redeliver", body), want)
	}
	h.refused(h.ask("POST", again, `{"endpoint":"whk_0000000000000000000000"}`), 404, "webhook_endpoint_not_found")
	h.refused(h.ask("POST", again, "{"), 400, "json_malformed")
}

// What became of each delivery can be read, and nothing of what the receiver said but its status (A51).
func TestDeliveriesAreShown(t *testing.T) {
	h, box := open(t), newInbox(t)
	e := h.endpoint(`{"url":"` + box.URL + `"}`)
	box.answers(500)
	h.make(plainLink)
	h.deliver()
	list := "/v1/webhook_endpoints/" + e.ID + "/deliveries"
	type delivery struct {
		Status, Type, Event string
		NextAttemptAt       *string `json:"next_attempt_at"`
		Attempts            []struct {
			StatusCode *int `json:"status_code"`
			Error      *string
			RequestID  string `json:"request_id"`
		}
	}
	d := read[page[delivery]](t, h.ask("GET", list+"?status=waiting", "")).Data
	_, heads := box.take()
	if len(d) != 1 || d[0].NextAttemptAt == nil || *d[0].Attempts[0].StatusCode != 500 || *d[0].Attempts[0].Error != "status" || d[0].Attempts[0].RequestID != heads[len(heads)-1].Get("X-Request-Id") {
		t.Fatalf("%+v", d)
	}
	box.answers(204)
	h.clock.Advance(7 * time.Second)
	h.deliver()
	d = read[page[delivery]](t, h.ask("GET", list+"?limit=1&event="+d[0].Event, "")).Data
	if d[0].Status != "delivered" || len(d[0].Attempts) != 2 || d[0].NextAttemptAt != nil {
		t.Errorf("%+v", d)
	}
	box.answers(410)
	h.make(plainLink)
	h.deliver()
	now := read[endpoint](t, h.ask("GET", "/v1/webhook_endpoints/"+e.ID, ""))
	if now.Enabled || *now.DisabledReason != "gone" {
		t.Errorf("410 leaves %+v", now)
	}
	all := read[page[notice]](t, h.ask("GET", "/v1/events?type=delivery.failed", "")).Data
	if len(all) != 1 || all[0].Data["status"] != "failed" || all[0].Data["endpoint"] != e.ID {
		t.Errorf("told: %+v", all)
	}
	box.answers(200)
	now = read[endpoint](t, h.ask("PATCH", "/v1/webhook_endpoints/"+e.ID, `{"enabled":true}`))
	if !now.Enabled || now.DisabledReason != nil {
		t.Errorf("enabled again: %+v", now)
	}
	for _, query := range []string{"status=lost", "event=x", "limit=0", "unknown=1"} {
		if a := h.ask("GET", list+"?"+query, ""); a.status != 422 {
			t.Errorf("%s: %s", query, a)
		}
	}
	h.refused(h.ask("GET", list+"?cursor=x", ""), 400, "cursor_invalid")
}
