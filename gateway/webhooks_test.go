package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/sqlstore"
)

// receiver is a merchant's program that verifies what it is told by the specification alone.
type receiver struct {
	*httptest.Server
	t       *testing.T
	id      string
	mu      sync.Mutex
	secrets []string
	answer  func(event) int // nil = 200
	got     []event
}

// event is what a receiver was told.
type event struct {
	ID, Type   string
	Sequence   int64
	Data       map[string]any
	signatures int
}

func newReceiver(r *rig, events ...string) *receiver {
	r.t.Helper()
	c := &receiver{t: r.t}
	c.Server = httptest.NewServer(c)
	r.t.Cleanup(c.Close)
	status, made := r.api("POST", "/v1/webhook_endpoints", map[string]any{"url": c.URL + "/hooks", "events": events})
	if status != http.StatusCreated {
		r.t.Fatalf("endpoint: %d %v", status, made)
	}
	c.id = fmt.Sprint(made["id"])
	c.trust(fmt.Sprint(made["secret"]))
	return c
}

func (c *receiver) trust(secret string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.secrets = append([]string{secret}, c.secrets...)
}

func (c *receiver) answers(f func(event) int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = f
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID != q.Header.Get("webhook-id") {
		c.t.Errorf("told %q as %s", body, q.Header.Get("webhook-id"))
	}
	if e.Type == "ping" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	signed := strings.Fields(q.Header.Get("webhook-signature"))
	e.signatures = len(signed)
	good := false
	for _, secret := range c.secrets {
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		m := hmac.New(sha256.New, key)
		fmt.Fprintf(m, "%s.%s.%s", q.Header.Get("webhook-id"), q.Header.Get("webhook-timestamp"), body)
		good = good || slices.Contains(signed, "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
	}
	if _, err := strconv.ParseInt(q.Header.Get("webhook-timestamp"), 10, 64); err != nil || !good {
		c.t.Errorf("%s is signed %q at %q", e.Type, signed, q.Header.Get("webhook-timestamp"))
	}
	c.got = append(c.got, e)
	if c.answer != nil {
		w.WriteHeader(c.answer(e))
	}
}

// take answers what the receiver was told since it was asked last.
func (c *receiver) take() []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := c.got
	c.got = nil
	return got
}

func typesOf(all []event) []string {
	out := []string{}
	for _, e := range all {
		out = append(out, e.Type)
	}
	return out
}

// deliver sends all that is due.
func (a *app) deliver(t *testing.T) {
	t.Helper()
	if err := a.hooks.Look(context.Background()); err != nil {
		t.Fatal(err)
	}
	a.hooks.Wait()
}

// I18: what happened is told, signed, in its order, by the same bytes that the feed has.
func TestI18_APaymentIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	c, paidOnly := newReceiver(r), newReceiver(r, "payment.paid")
	l := r.link(nil)
	id := r.paidBy(l, "001")
	r.app.deliver(t)
	got := c.take()
	slices.SortFunc(got, func(a, b event) int { return strings.Compare(a.Type, b.Type) })
	r.must("told", typesOf(got), []string{"link.created", "link.paid", "payment.paid"})
	r.must("the link", []any{got[1].Data["id"], got[1].Data["status"], got[1].Data["paid_count"]}, []any{l["id"], "paid", 1})
	r.must("the payment", []any{got[2].Data["id"], got[2].Data["status"], got[2].Data["total"]}, []any{id, "paid", 25000})
	r.must("numbers", []any{got[0].Sequence < got[1].Sequence, got[2].Sequence}, []any{true, 3})
	r.must("one topic", typesOf(paidOnly.take()), []string{"payment.paid"})
	r.clock.advance(time.Hour)
	r.app.deliver(t)
	r.must("once", len(c.take()), 0)
	_, header, _ := r.givesBack(id, "void", "", nil)
	_ = header
	r.app.deliver(t)
	r.must("voided", typesOf(c.take()), []string{"payment.voided"})
	expiring := r.link(map[string]any{"expires_at": r.clock.Now().Add(time.Hour).Format(time.RFC3339)})
	r.clock.advance(2 * time.Hour)
	r.app.deliver(t)
	told := c.take()
	r.must("expired", typesOf(told), []string{"link.created", "link.expired"})
	r.must("which", told[1].Data["id"], expiring["id"])
	r.proven()
}

// What becomes of a dispute is told in its order, as the API shows it then.
func TestI18_ADisputeIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	c := newReceiver(r, "chargeback.opened", "chargeback.updated", "chargeback.closed")
	id := r.paid()
	status, made := r.api("POST", "/v1/payments/"+id+"/chargebacks", map[string]any{"reason_code": "4837"})
	r.must("recorded", status, http.StatusCreated)
	r.app.deliver(t)
	told := c.take()
	r.must("opened", typesOf(told), []string{"chargeback.opened"})
	r.must("as it is shown", told[0].Data, made)
	for _, to := range []string{"contested", "won", "open", "lost", "withdrawn"} {
		status, _ = r.api("PATCH", "/v1/chargebacks/"+fmt.Sprint(made["id"]), map[string]any{"status": to})
		r.must(to, status, http.StatusOK)
		r.app.deliver(t)
	}
	told = c.take()
	r.must("went on", typesOf(told), []string{"chargeback.updated", "chargeback.closed", "chargeback.opened", "chargeback.closed", "chargeback.closed"})
	r.must("how", []any{told[0].Data["status"], told[1].Data["status"], told[2].Data["status"], told[3].Data["status"], told[4].Data["status"]}, []any{"contested", "won", "open", "lost", "withdrawn"})
	r.trailWhole()
}

// A receiver that was down for an hour is told everything afterwards, what concerns one object in order; both
// secrets sign while they rotate.
func TestAReceiverThatWasDown(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	c := newReceiver(r)
	c.answers(func(event) int { return http.StatusServiceUnavailable })
	var ids []string
	for range 3 {
		id := r.paid()
		ids = append(ids, id)
		r.givesBack(id, "void", "", nil)
	}
	for range 60 {
		r.app.deliver(t)
		r.clock.advance(time.Minute)
	}
	down := len(c.take())
	if down < 6 || down > 80 {
		t.Errorf("%d attempts in an hour", down)
	}
	status, rotated := r.api("POST", "/v1/webhook_endpoints/"+c.id+"/rotate", nil)
	r.must("rotate", status, 200)
	c.trust(fmt.Sprint(rotated["secret"]))
	c.answers(nil)
	r.clock.advance(2 * time.Hour)
	r.app.deliver(t)
	got := c.take()
	r.must("all", len(got), 12) // a link's creation and end, a payment and its void, of three
	last := map[any]int64{}
	for _, e := range got {
		if last[e.Data["id"]] >= e.Sequence {
			t.Errorf("%s %d of %v after %d", e.Type, e.Sequence, e.Data["id"], last[e.Data["id"]])
		}
		last[e.Data["id"]] = e.Sequence
		r.must("signatures", e.signatures, 2)
	}
	_, page := r.api("GET", "/v1/webhook_endpoints/"+c.id+"/deliveries?limit=100", nil)
	for _, row := range page["data"].([]any) {
		r.must("delivered", row.(map[string]any)["status"], "delivered")
	}
	_, feed := r.api("GET", "/v1/events?type=payment.paid", nil)
	newest := feed["data"].([]any)[0].(map[string]any)
	status, _ = r.api("POST", "/v1/events/"+fmt.Sprint(newest["id"])+"/redeliver", nil)
	r.must("redeliver", status, 202)
	r.app.deliver(t)
	again := c.take()
	r.must("the same event", []any{len(again), again[0].ID, again[0].Data["id"]}, []any{1, newest["id"], ids[len(ids)-1]})
}

// Three days without an answer end it, and that is told once, to those who can be reached.
func TestDeliveriesAreGivenUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	dead, other := newReceiver(r, "link.created", "delivery.failed"), newReceiver(r, "delivery.failed")
	dead.answers(func(event) int { return http.StatusInternalServerError })
	r.link(nil)
	for range 24 * 8 {
		r.app.deliver(t)
		r.clock.advance(time.Hour)
	}
	got := other.take()
	r.must("told", []any{typesOf(got), got[0].Data["endpoint"], got[0].Data["status"]}, []any{[]string{"delivery.failed"}, dead.id, "failed"})
	attempts := 0
	for _, e := range dead.take() {
		if e.Type == "link.created" {
			attempts++
		}
	}
	if attempts < 10 || attempts > 20 {
		t.Errorf("%d attempts in three days", attempts)
	}
}

// C12: sent and not marked is sent again under the same id, once the lease is over.
func TestC12_SentAndNotMarked(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	broken := false
	r := newRig(t, rigOptions{fault: func(point string) error {
		mu.Lock()
		defer mu.Unlock()
		if point == sqlstore.FaultBeforeCommit && broken {
			return errors.New("killed")
		}
		return nil
	}})
	c := newReceiver(r, "link.created")
	r.link(nil)
	c.answers(func(event) int {
		mu.Lock()
		defer mu.Unlock()
		broken = true // from here on nothing is stored
		return http.StatusOK
	})
	r.app.deliver(t)
	first := c.take()
	mu.Lock()
	broken = false
	mu.Unlock()
	c.answers(nil)
	r.stop()
	r.start()
	r.app.deliver(t)
	r.must("while the lease is another's", len(c.take()), 0)
	r.clock.advance(time.Minute)
	r.app.deliver(t)
	second := c.take()
	r.must("again, under the same id", []any{len(first), len(second), second[0].ID}, []any{1, 1, first[0].ID})
	r.clock.advance(time.Hour)
	r.app.deliver(t)
	r.must("and no more", len(c.take()), 0)
}

// Two gateways on one ledger make each attempt once.
func TestC12_TwoGatewaysTellOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	c := newReceiver(r, "link.created")
	cfg := r.app.cfg
	other, err := open(context.Background(), cfg, seams{clock: r.clock, log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.close() })
	for range 40 {
		r.link(nil)
	}
	var both sync.WaitGroup
	for _, a := range []*app{r.app, other} {
		both.Go(func() {
			for range 5 {
				if err := a.hooks.Look(context.Background()); err != nil {
					t.Error(err)
				}
				a.hooks.Wait()
			}
		})
	}
	both.Wait()
	seen := map[string]int{}
	for _, e := range c.take() {
		seen[e.ID]++
	}
	r.must("events", len(seen), 40)
	for id, n := range seen {
		r.must(id, n, 1)
	}
}

// A53: a receiver that hangs holds up nobody but itself.
func TestA53_AHangingReceiverDelaysNoOther(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	slow, quick := newReceiver(r, "link.created"), newReceiver(r, "link.created")
	let, hangs := make(chan struct{}), make(chan struct{}, 100)
	inner := slow.Config.Handler
	slow.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		hangs <- struct{}{}
		<-let
		inner.ServeHTTP(w, q)
	})
	told := make(chan struct{}, 100)
	quick.answers(func(event) int { told <- struct{}{}; return 200 })
	for range 20 {
		r.link(nil)
	}
	for range 3 { // as the loop does each second
		if err := r.app.hooks.Look(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		<-told // while the other still hangs
	}
	<-hangs
	if n := len(hangs); n > 4 {
		t.Errorf("%d attempts at once for one endpoint", n)
	}
	close(let)
	r.app.hooks.Wait()
	r.must("in the end", len(slow.take()), 20)
}
