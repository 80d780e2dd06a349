//go:build !race

package api_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// 2.3: the link stays where it is and gets new terms.
func TestEditLink_inPlace(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":25000,"currency":"TRY","order_id":"SIP-1","description":"Masa","installments":[2,3],"metadata":{"a":"1"},"customer":{"name":"Ali"},"payer_note":true}`)
	h.clock.Advance(time.Minute)
	e := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"amount":19900,"description":"Sandalye","metadata":{"b":"2"}}`))
	if e.ID != l.ID || e.Token != l.Token || e.URL != l.URL || e.OrderID != l.OrderID || !e.CreatedAt.Equal(l.CreatedAt) || !e.ExpiresAt.Equal(l.ExpiresAt) {
		t.Errorf("it moved: %+v", e)
	}
	if *e.Amount != 19900 || e.Description != "Sandalye" || !maps.Equal(e.Metadata, map[string]string{"b": "2"}) || !e.UpdatedAt.Equal(h.clock.Now()) {
		t.Errorf("it did not change: %+v", e)
	}
	if !slices.Equal(e.Installments, []int{2, 3}) || e.Customer.Name != "Ali" || !e.PayerNote {
		t.Errorf("what was not named changed: %+v", e)
	}
	hot, err := h.flow.View(context.Background(), checkout.Token(l.Token))
	h.must(err)
	if hot.Amount.Minor != 19900 || hot.Description != "Sandalye" {
		t.Errorf("the next view would show %+v", hot)
	}
	events, err := h.ledger.Events(context.Background(), shop, l.ID)
	h.must(err)
	if last := events[len(events)-1]; last.Type != "link.edited" || last.Actor != "api:key_0000000000000000000000" || last.IP != "127.0.0.1" {
		t.Errorf("the audit trail says %+v", last)
	}
}

// null puts a field back to what it is in a link that was made without it.
func TestEditLink_null(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":25000,"currency":"TRY","description":"Masa","installments":[2,3],"active_from":"2026-11-23T09:00:00Z","expires_at":"2026-12-23T09:00:00Z",
		"usage":"multi","max_payments":5,"payer_note":true,"customer":{"name":"Ali"},"return_url":"https://a.example/","metadata":{"a":"1"},"category":"food"}`)
	h.clock.Advance(time.Hour)
	e := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"description":null,"installments":null,"active_from":null,"expires_at":null,"max_payments":null,
		"payer_note":null,"customer":null,"return_url":null,"metadata":null,"category":null}`))
	if e.Description != "" || e.Installments != nil || e.MaxPayments != nil || e.PayerNote || e.Customer != nil || e.ReturnURL != nil || len(e.Metadata) != 0 || e.Category != nil {
		t.Errorf("%+v", e)
	}
	if !e.ActiveFrom.Equal(h.clock.Now()) || e.ExpiresAt.Sub(e.ActiveFrom) != 24*time.Hour || e.Status != "active" {
		t.Errorf("dates that were taken away are %v and %v", e.ActiveFrom, e.ExpiresAt)
	}
	if e.Usage != "multi" || *e.Amount != 25000 {
		t.Errorf("what was not named changed: %+v", e)
	}
	h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"amount":null,"currency":null}`), "currency: required, amount: required")
	if e := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"usage":null}`)); e.Usage != "single" {
		t.Errorf("usage null is %s", e.Usage)
	}
	if e := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{}`)); *e.Amount != 25000 || e.Token != l.Token {
		t.Errorf("nothing named: %+v", e)
	}
}

func TestEditLink_modes(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":25000,"currency":"TRY"}`)
	path := "/v1/links/" + l.ID
	h.mistakes(h.ask("PATCH", path, `{"amount_mode":"open"}`), "min_amount: required, max_amount: required")
	h.mistakes(h.ask("PATCH", path, `{"min_amount":1}`), "min_amount: only_for_open")
	if e := read[link](t, h.ask("PATCH", path, `{"amount_mode":"open","min_amount":100,"max_amount":200}`)); e.Amount != nil || *e.MinAmount != 100 {
		t.Errorf("%+v", e)
	}
	if e := read[link](t, h.ask("PATCH", path, `{"max_amount":300}`)); *e.MaxAmount != 300 || *e.MinAmount != 100 {
		t.Errorf("%+v", e)
	}
	h.mistakes(h.ask("PATCH", path, `{"min_amount":301}`), "max_amount: max_below_min")
	h.mistakes(h.ask("PATCH", path, `{"amount":5}`), "amount: amount_on_open_link")
	h.mistakes(h.ask("PATCH", path, `{"amount_mode":"fixed"}`), "amount: required")
	if e := read[link](t, h.ask("PATCH", path, `{"amount_mode":null,"amount":5}`)); *e.Amount != 5 || e.MinAmount != nil || e.MaxAmount != nil {
		t.Errorf("%+v", e)
	}
	if e := read[link](t, h.ask("PATCH", path, `{"usage":"multi","max_payments":9}`)); *e.MaxPayments != 9 {
		t.Errorf("%+v", e)
	}
	h.mistakes(h.ask("PATCH", path, `{"usage":"single","max_payments":9}`), "max_payments: only_for_multi")
	if e := read[link](t, h.ask("PATCH", path, `{"usage":"single"}`)); e.MaxPayments != nil || e.Usage != "single" {
		t.Errorf("%+v", e)
	}
}

func TestEditLink_refusals(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	path := "/v1/links/" + l.ID
	for body, want := range map[string]string{
		`{"expires_at":"2026-11-22T08:00:00Z"}`:  "expires_at: ends_before_start",
		`{"active_from":"2027-01-01T00:00:00Z"}`: "active_from: starts_after_end",
		`{"amount":0}`:                           "amount: amount_range",
		`{"amount":"5"}`:                         "amount: wrong_type",
		`{"description":"\u202e"}`:               "description: control",
		`{"return_url":"javascript:alert(1)"}`:   "return_url: url_not_allowed",
		`{"customer":{"phone":"1"}}`:             "customer.phone: phone_format",
		`{"usage":"often"}`:                      "usage: not_a_choice",
	} {
		h.mistakes(h.ask("PATCH", path, body), want)
	}
	h.refused(h.ask("PATCH", path, `{"amount":1,"amount":2}`), 400, "json_repeated_name")
	h.refused(h.ask("PATCH", path, `{"amount":1}`, header("Content-Type", "application/merge-patch+json")), 415, "unsupported_media_type")
	if now := h.get(l.ID); !now.UpdatedAt.Equal(l.UpdatedAt) || *now.Amount != 25000 {
		t.Errorf("a refused edit changed it: %+v", now)
	}
}

// A paid link is a receipt and a deleted one is gone: neither can be changed, and their owner is told so.
func TestPaidAndDeletedLinksStay(t *testing.T) {
	h := open(t)
	paid := h.make(plainLink)
	h.paid(h.stored(paid.ID))
	path := "/v1/links/" + paid.ID
	h.refused(h.ask("PATCH", path, `{"amount":1}`), 409, "link_paid")
	h.refused(h.ask("DELETE", path, ""), 409, "link_paid")
	if l := h.get(paid.ID); l.Status != "paid" || l.PaidCount != 1 || l.PaidAmount != 25000 || len(l.Payments) != 1 || l.Payments[0].Status != "paid" {
		t.Errorf("%+v", l)
	}

	gone := h.make(`{"amount":1,"currency":"TRY","order_id":"GONE"}`)
	path = "/v1/links/" + gone.ID
	for range 3 { // 204 each time, one event
		if a := h.ask("DELETE", path, ""); a.status != http.StatusNoContent || len(a.body) != 0 {
			t.Errorf("%s %s", a, a.body)
		}
	}
	h.refused(h.ask("PATCH", path, `{"amount":1}`), 409, "link_deleted")
	if l := h.get(gone.ID); l.Status != "deleted" {
		t.Errorf("%+v", l)
	}
	hot, err := h.flow.View(context.Background(), checkout.Token(gone.Token))
	h.must(err)
	if hot.State != checkout.HotDeleted {
		t.Errorf("its page is still %c", hot.State)
	}
	events, err := h.ledger.Events(context.Background(), shop, gone.ID)
	h.must(err)
	if len(events) != 2 || events[1].Type != "link.deleted" {
		t.Errorf("%+v", events)
	}
}

// A multi-use link counts; its terms cannot go below what was paid.
func TestMultiUseLink(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":500,"currency":"TRY","usage":"multi","max_payments":3}`)
	path := "/v1/links/" + l.ID
	for n := 1; n <= 2; n++ {
		h.paid(h.stored(l.ID))
		if now := h.get(l.ID); now.PaidCount != n || now.PaidAmount != int64(500*n) || now.Status != "active" || len(now.Payments) != n {
			t.Errorf("after %d: %+v", n, now)
		}
	}
	h.mistakes(h.ask("PATCH", path, `{"max_payments":1}`), "max_payments: below_paid_count")
	h.mistakes(h.ask("PATCH", path, `{"usage":"single"}`), "usage: below_paid_count")
	if now := read[link](t, h.ask("PATCH", path, `{"max_payments":2}`)); now.Status != "paid" {
		t.Errorf("%+v", now)
	}
	h.refused(h.ask("PATCH", path, `{"max_payments":4}`), 409, "link_paid")
}

// I9: a payment that is at the bank keeps the terms it started with, whatever becomes of the link.
func TestI09_paymentAtTheBankKeepsItsTerms(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	p := h.pays(h.stored(l.ID))
	read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"amount":99900,"description":"dearer"}`))
	h.ask("DELETE", "/v1/links/"+l.ID, "")
	h.books.Move(h.books.Approved(h.books.Move(h.books.Authorizing(p))))
	got := read[payment](t, h.ask("GET", "/v1/payments/"+string(p.ID), ""))
	if got.Amount != 25000 || got.Total != 25000 || got.Status != "paid" {
		t.Errorf("%+v", got)
	}
	if now := h.get(l.ID); now.Status != "paid" || now.PaidAmount != 25000 {
		t.Errorf("what was paid wins over deletion: %+v", now)
	}
}

// Editing wakes a link that rests after too many refused cards (A30).
func TestA30_editingWakesARestingLink(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	from := h.stored(l.ID)
	to := from
	to.RestingSince = h.clock.Now()
	_, err := h.ledger.ChangeLink(context.Background(), checkout.LinkChange{From: from, To: to, Event: h.books.Event("link.rests")})
	h.must(err)
	if now := h.get(l.ID); !now.Resting || now.Status != "active" {
		t.Errorf("%+v", now)
	}
	if now := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{}`)); now.Resting {
		t.Errorf("%+v", now)
	}
}

// A link that is open says which limits stop its payers, and no more of their cards than payments show (I14); programs
// are told once.
func TestA30_aLinkSaysWhatStopsItsPayers(t *testing.T) {
	h := open(t)
	l, other := h.make(plainLink), h.make(`{"amount":100,"currency":"TRY"}`)
	if len(l.Stops) != 0 || l.Stops == nil {
		t.Errorf("a new link: %+v", l.Stops)
	}
	stored, now := h.stored(l.ID), h.clock.Now()
	for range 3 {
		h.must(h.ledger.AddStop(context.Background(), checkout.Stop{
			Link: stored.ID, Merchant: shop, Limit: checkout.LimitCard, BIN: "41556500", Last4: "0007", Since: now, Last: now, Until: now.Add(24 * time.Hour), Tries: 5,
		}))
	}
	h.clock.Advance(time.Second)
	h.must(h.ledger.AddStop(context.Background(), h.books.Stop(stored, checkout.LimitAddress)))
	listed := h.list("").Data
	inList := listed[slices.IndexFunc(listed, func(one link) bool { return one.ID == l.ID })]
	for where, got := range map[string]link{"one": h.get(l.ID), "list": inList} {
		if len(got.Stops) != 2 || got.Status != "active" {
			t.Fatalf("%s: %+v", where, got)
		}
		address, card := got.Stops[0], got.Stops[1]
		if address.Limit != "address" || address.BIN != nil || address.Last4 != nil || address.Tries != 1 {
			t.Errorf("%s: %+v", where, address)
		}
		if card.Limit != "card" || *card.BIN != "41556500" || *card.Last4 != "0007" || card.Tries != 15 || !card.Since.Equal(now) || !card.LastAt.Equal(now) || !card.Until.Equal(now.Add(24*time.Hour)) {
			t.Errorf("%s: %+v", where, card)
		}
	}
	if found := h.list("?stopped=true").Data; len(found) != 1 || found[0].ID != l.ID || len(h.list("").Data) != 2 {
		t.Errorf("found %+v", found)
	}
	if got := h.get(other.ID); len(got.Stops) != 0 {
		t.Errorf("another link: %+v", got.Stops)
	}
	events := read[page[notice]](t, h.ask("GET", "/v1/events?type=link.payer_stopped", "")).Data
	if len(events) != 2 {
		t.Errorf("%d events", len(events))
	}
	h.paid(stored)
	if got := h.get(l.ID); got.Status != "paid" || len(got.Stops) != 0 {
		t.Errorf("paid: %s %+v", got.Status, got.Stops)
	}
}

// Edits that race are all applied: none is lost, and each reads what the one before wrote.
func TestParallelEdits(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	fields := []string{`{"amount":7}`, `{"description":"x"}`, `{"payer_note":true}`, `{"category":"food"}`, `{"metadata":{"a":"b"}}`, `{"installments":[1,2]}`}
	atOnce(len(fields), func(i int) {
		if a := h.ask("PATCH", "/v1/links/"+l.ID, fields[i]); a.status != 200 {
			t.Errorf("%s %s", a, a.body)
		}
	})
	now := h.get(l.ID)
	if *now.Amount != 7 || now.Description != "x" || !now.PayerNote || *now.Category != "food" || now.Metadata["a"] != "b" || len(now.Installments) != 2 {
		t.Errorf("an edit was lost: %+v", now)
	}
}

// An answer of ours, sent back as an edit, is refused by name for what only we write, and by nothing else.
func TestAnswerSentBack(t *testing.T) {
	h := open(t)
	a := h.ask("POST", "/v1/links", plainLink)
	var whole map[string]json.RawMessage
	h.must(json.Unmarshal(a.body, &whole))
	back, err := json.Marshal(whole)
	h.must(err)
	refused := h.ask("PATCH", a.header.Get("Location"), string(back))
	for _, e := range refused.problem(t).Errors {
		if e.Code != "read_only" {
			t.Errorf("%+v", e)
		}
	}
	for _, name := range strings.Split("id token url status order_id deliver resting stops paid_count paid_amount payments created_at updated_at", " ") {
		delete(whole, name)
	}
	back, err = json.Marshal(whole)
	h.must(err)
	if got := read[link](t, h.ask("PATCH", a.header.Get("Location"), string(back))); *got.Amount != 25000 {
		t.Errorf("%+v", got)
	}
}
