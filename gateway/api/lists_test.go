//go:build !race

package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// numbers are the order numbers of a page.
func numbers(p page[link]) string {
	var all []string
	for _, l := range p.Data {
		all = append(all, l.OrderID)
	}
	return strings.Join(all, " ")
}

func TestListLinks_filters(t *testing.T) {
	h := open(t)
	h.make(`{"amount":1,"currency":"TRY","order_id":"OLD","expires_at":"2026-11-22T09:30:00Z","description":"İstanbul kira %50_x","customer":{"name":"Ayşe Yılmaz","email":"ayse@example.com"}}`)
	h.clock.Advance(10 * time.Minute)
	h.make(`{"amount":1,"currency":"TRY","order_id":"LATER","active_from":"2026-12-01T00:00:00Z"}`)
	h.clock.Advance(10 * time.Minute)
	paid := h.make(`{"amount":1,"currency":"TRY","order_id":"PAID"}`)
	h.paid(h.stored(paid.ID))
	gone := h.make(`{"amount":1,"currency":"TRY","order_id":"GONE"}`)
	h.ask("DELETE", "/v1/links/"+gone.ID, "")
	h.clock.Advance(10 * time.Minute)
	h.make(`{"amount":1,"currency":"TRY","order_id":"NOW","description":"sandalye"}`)
	h.make(`{"amount":1,"currency":"TRY","order_id":"NOW","description":"somebody else's"}`, as(nextKey))

	for query, want := range map[string]string{
		"?status=expired": "OLD", "?status=scheduled": "LATER", "?status=paid": "PAID", "?status=deleted": "GONE", "?status=active": "NOW",
		"?order_id=PAID": "PAID", "?order_id=paid": "", "?order_id=NOW": "NOW", "?order_id=PAI": "",
		"?q=sandalye": "NOW", "?q=istanbul": "OLD", "?q=" + url.QueryEscape("YILMAZ"): "OLD", "?q=ayse@example": "OLD", "?q=LAT": "LATER",
		"?q=" + url.QueryEscape("%50_x"): "OLD", "?q=" + url.QueryEscape("%"): "OLD", "?q=zzz": "", "?q=" + url.QueryEscape("' OR 1=1 --"): "",
		"?from=2026-11-22T09:30:00Z": "NOW", "?to=2026-11-22T09:10:00Z": "OLD", "?to=2026-11-22T09:10:01Z": "LATER OLD",
		"?from=2026-11-22T12:10:00%2B03:00&to=2026-11-22T09:20:00Z": "LATER", "?from=2026-11-22T12:10:00+03:00&to=2026-11-22T09:20:00Z": "LATER",
		"?status=active&q=kira": "", "?status=&order_id=&q=&from=&to=&limit=&cursor=": "*",
	} {
		got := h.list(query)
		all := strings.Split(numbers(got), " ")
		if want == "*" {
			if len(all) != 5 {
				t.Errorf("%s: %v", query, all)
			}
			continue
		}
		if strings.Join(all, " ") != want || got.Next != nil || got.Data == nil {
			t.Errorf("%s: %q, want %q", query, numbers(got), want)
		}
	}
}

func TestLists_parametersThatAreRefused(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	for target, want := range map[string]string{
		"/v1/links?status=sold":                "status: not_a_choice",
		"/v1/links?limit=0":                    "limit: out_of_range",
		"/v1/links?limit=101":                  "limit: out_of_range",
		"/v1/links?limit=-1":                   "limit: wrong_type",
		"/v1/links?limit=%2B5":                 "limit: wrong_type",
		"/v1/links?limit=1e1":                  "limit: wrong_type",
		"/v1/links?limit=ten":                  "limit: wrong_type",
		"/v1/links?limit=99999999999999999999": "limit: wrong_type",
		"/v1/links?from=yesterday":             "from: time_format",
		"/v1/links?to=2026-11-22":              "to: time_format",
		"/v1/links?to=1999-11-22T00:00:00Z":    "to: time_range",
		"/v1/links?from=2026-11-22T09:00:00Z&to=2026-11-22T09:00:00Z": "to: ends_before_start",
		"/v1/links?state=paid":                                          "state: unknown_field",
		"/v1/links?Status=paid":                                         "Status: unknown_field",
		"/v1/links?status=paid&status=active":                           "status: repeated",
		"/v1/links?q=a%00b":                                             "q: control",
		"/v1/links?q=%ff":                                               "q: control",
		"/v1/links?order_id=%0d%0aSet-Cookie:x":                         "order_id: control",
		"/v1/links?q=" + strings.Repeat("x", 801):                       "q: length",
		"/v1/links?b=1&a=2":                                             "a: unknown_field, b: unknown_field",
		"/v1/links/" + l.ID + "?expand=payments":                        "expand: unknown_field",
		"/v1/payments?link=lnk_1":                                       "link: invalid",
		"/v1/payments?status=won":                                       "status: not_a_choice",
		"/v1/payments?reference=2bN8yQeWf":                              "reference: reference_format",
		"/v1/payments?reference=pay_2bN8yQeWfU":                         "reference: reference_format",
		"/v1/payments?reference=2bN8yQeWf%25":                           "reference: reference_format",
		"/v1/links?stopped=1":                                           "stopped: not_a_choice",
		"/v1/payments?attention=false":                                  "attention: not_a_choice",
		"/v1/payments?min=-1&max=x":                                     "min: wrong_type, max: wrong_type",
		"/v1/payments?min=10&max=9":                                     "max: max_below_min",
		"/v1/payments?q=x":                                              "q: unknown_field",
		"/v1/payments?limit=1000":                                       "limit: out_of_range",
		"/v1/payments/pay_0000000000000000000000?with=events":           "with: unknown_field",
		"/v1/links/" + l.ID + "/qr.svg?size=9":                          "size: unknown_field",
		"/v1/links/" + l.ID + "/qr.png?size=9":                          "size: unknown_field",
		"/v1/bins/415565?x=1":                                           "x: unknown_field",
		"/v1/installments?bin=415565&amount=100&currency=TRY&linkk=lnk": "linkk: unknown_field",
	} {
		h.mistakes(h.ask("GET", target, ""), want)
	}
	h.mistakes(h.ask("POST", "/v1/links?dry_run=1", plainLink), "dry_run: unknown_field")
	h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID+"?x=1", `{}`), "x: unknown_field")
	h.mistakes(h.ask("DELETE", "/v1/links/"+l.ID+"?x=1", ""), "x: unknown_field")
	h.mistakes(h.ask("POST", "/v1/links/"+l.ID+"/send?x=1", `{}`), "x: unknown_field")
	for _, cursor := range []string{"nonsense", "AAAA", "AAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAP8", "%E2%82%AC", strings.Repeat("A", 700)} {
		h.refused(h.ask("GET", "/v1/links?cursor="+cursor, ""), 400, "cursor_invalid")
		h.refused(h.ask("GET", "/v1/payments?cursor="+cursor, ""), 400, "cursor_invalid")
	}
	h.refused(h.ask("GET", "/v1/links?q=%zz", ""), 400, "form_malformed")
	h.refused(h.ask("GET", "/v1/links?q=a;limit=5", ""), 400, "form_malformed")
	h.refused(h.ask("GET", "/v1/links?"+strings.Repeat("a&", 300), ""), 413, "too_many_fields")
}

// What a merchant has few of comes in pages as well: every list of the contract does.
func TestListsOfFewArePaged(t *testing.T) {
	h := open(t, both)
	bank := h.bankHere()
	words := []string{"insufficient_funds", "expired_card", "generic", "do_not_honour", "invalid_card"}
	for i := range 5 {
		h.endpoint(fmt.Sprintf(`{"url":"https://shop.example/%d"}`, i))
		acquirerOf(t, h.ask("POST", "/v1/acquirers", posBody(t, bank, func(b map[string]any) { b["priority"] = 7 - i%2 })))
		h.ask("POST", "/v1/suppressions", fmt.Sprintf(`{"channel":"email","to":"ali%d@shop.example"}`, i))
		h.ask("POST", "/v1/offline_keys", `{"name":"ERP"}`)
		h.ask("POST", schedulesAt, dailyReport)
		h.ask("DELETE", "/v1/einvoice_registrations/"+fmt.Sprint(h.registers()["id"]), "")
		h.ask("PATCH", "/v1/decline_texts", fmt.Sprintf(`{"lang":"tr","code":%q,"text":"Bankanızı arayın."}`, words[i]))
		_, _, err := h.flow.CreateKey(t.Context(), checkout.By{Actor: "test"}, shop, "ERP", h.ledger.HashKey)
		h.must(err)
		_, err = h.flow.AddColleague(t.Context(), checkout.By{Actor: "test"}, shop, checkout.NewColleague{Email: fmt.Sprintf("ali%d@shop.example", i), Role: checkout.RoleSupport})
		h.must(err)
		h.clock.Advance(time.Second)
	}
	for _, list := range []string{"webhook_endpoints", "acquirers", "suppressions", "offline_keys", "api_keys", "users", "report_schedules", "einvoice_registrations", "decline_texts"} {
		h.pagedAs("/v1/"+list, 5)
	}
	for _, list := range []string{"/v1/webhook_endpoints", "/v1/acquirers"} {
		next := *read[page[struct{}]](t, h.ask("GET", list+"?limit=1", "")).Next
		h.ask("DELETE", list+"/"+next, "")
		h.refused(h.ask("GET", list+"?cursor="+next, ""), 400, "cursor_invalid")
	}
	if next := *read[page[struct{}]](t, h.ask("GET", "/v1/suppressions?limit=1", "")).Next; strings.Contains(next, "ali") || strings.Contains(next, "@") {
		t.Errorf("an address stands in a cursor: %s", next)
	}
}

// pagedAs wants a list of at least n rows to be the same in pages of every size.
func (h *house) pagedAs(list string, n int) {
	h.Helper()
	rows := func(query string) (got []string, next *string) {
		p := read[page[json.RawMessage]](h, h.ask("GET", list+query, ""))
		for _, row := range p.Data {
			got = append(got, string(row))
		}
		return got, p.Next
	}
	all, next := rows("")
	if len(all) < n || next != nil {
		h.Fatalf("%s: %v %v", list, all, next)
	}
	for _, limit := range []int{1, 2, len(all), 100} {
		got, next := rows(fmt.Sprintf("?limit=%d", limit))
		for next != nil {
			if len(got) > len(all) || len(got)%limit != 0 {
				h.Fatalf("%s by %d: %v", list, limit, got)
			}
			var more []string
			more, next = rows(fmt.Sprintf("?limit=%d&cursor=%s", limit, *next))
			got = append(got, more...)
		}
		if !slices.Equal(got, all) {
			h.Errorf("%s by %d: %v, want %v", list, limit, got, all)
		}
	}
	h.refused(h.ask("GET", list+"?cursor=x", ""), 400, "cursor_invalid")
	h.mistakes(h.ask("GET", list+"?limit=101&from=2026-11-22T09:00:00Z", ""), "from: unknown_field")
	h.mistakes(h.ask("GET", list+"?limit=0", ""), "limit: out_of_range")
}

// A walk through the pages meets every link once, newest first, whatever is made, edited or deleted
// on the way.
func TestCursorWalkIsStable(t *testing.T) {
	h := open(t)
	const n = 23
	var want []string
	for i := range n {
		if i%3 != 0 { // some share their moment
			h.clock.Advance(time.Second)
		}
		want = append(want, h.make(plainLink).ID)
	}
	for _, limit := range []int{1, 4, 7, 22, 23, 100} {
		var got []string
		query := fmt.Sprintf("?limit=%d", limit)
		for {
			p := h.list(query)
			if len(p.Data) > limit {
				t.Fatalf("%d links on a page of %d", len(p.Data), limit)
			}
			for _, l := range p.Data {
				if slices.Contains(want, l.ID) {
					got = append(got, l.ID)
				}
			}
			if p.Next == nil {
				break
			}
			h.clock.Advance(time.Second)
			h.make(plainLink)
			h.ask("PATCH", "/v1/links/"+p.Data[len(p.Data)-1].ID, `{"description":"edited on the way"}`)
			query = fmt.Sprintf("?limit=%d&cursor=%s", limit, url.QueryEscape(*p.Next))
		}
		sorted := slices.Clone(got)
		slices.Sort(sorted)
		if len(got) != n || len(slices.Compact(sorted)) != n {
			t.Fatalf("a walk by %d met %d links, %d different ones, of %d", limit, len(got), len(slices.Compact(sorted)), n)
		}
		if got[0] != want[n-1] && got[0] != want[n-2] {
			t.Errorf("a walk by %d does not begin with the newest", limit)
		}
	}
	if p := h.list(""); len(p.Data) != 25 || p.Next == nil {
		t.Errorf("without a limit %d", len(p.Data))
	}
}

// I17: a cursor is no key to another merchant's rows.
func TestI17_cursorOfAnotherMerchant(t *testing.T) {
	h := open(t)
	for range 3 {
		h.make(plainLink)
	}
	cursor := *h.list("?limit=1").Next
	h.refused(h.ask("GET", "/v1/payments?cursor="+url.QueryEscape(cursor), ""), 400, "cursor_invalid") // of another list
	if p := h.list("?cursor="+url.QueryEscape(cursor), as(nextKey)); len(p.Data) != 0 {
		t.Errorf("%+v", p.Data)
	}
}

// payment is what of a payment the tests ask for.
type payment struct {
	ID, Link, Currency, Status, Acquirer string
	Reference                            string
	Attention                            []call
	OrderID                              string `json:"order_id"`
	Amount, Total                        int64
	Installments                         int
	Card                                 *struct{ Brand, Issuer, Program, Kind, BIN, Last4 *string }
	AuthCode                             *string `json:"auth_code"`
	RRN                                  *string
	Liability                            *string
	Decline                              *struct{ Code, BankCode, Message *string }
	PayerNote                            *string `json:"payer_note"`
	Fields                               []checkout.Answer
	RefundedAmount                       int64 `json:"refunded_amount"`
	CreatedAt                            time.Time
	PaidAt                               *time.Time `json:"paid_at"`
	Events                               []struct {
		ID, Type, Actor string
		Sequence        int64
		Data            map[string]string
	}
}

// call is what a person should look at.
type call struct {
	Code           string
	Expected       int64
	Actual         *int64
	ActualCurrency *string `json:"actual_currency"`
	At             time.Time
}

func TestReadPayment(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":25000,"currency":"TRY","order_id":"SIP-1","payer_note":true}`)
	p := h.paid(h.stored(l.ID), func(p *checkout.Payment) {
		p.Total.Minor, p.Installments, p.Rate, p.PayerNote = 25900, 3, 36_000, `=1+1 <b>not</b>`
	})
	got := read[payment](t, h.ask("GET", "/v1/payments/"+string(p.ID), ""))
	if got.ID != string(p.ID) || got.Link != l.ID || got.OrderID != "SIP-1" || got.Amount != 25000 || got.Total != 25900 || got.Installments != 3 || got.Status != "paid" {
		t.Errorf("%+v", got)
	}
	if *got.Card.Brand != "visa" || *got.Card.BIN != "41556500" || *got.Card.Last4 != "0007" || *got.AuthCode != "123456" || *got.Liability != "full" || got.PaidAt == nil || got.Decline != nil {
		t.Errorf("%+v", got)
	}
	if *got.PayerNote != `=1+1 <b>not</b>` {
		t.Errorf("the note is %q", *got.PayerNote)
	}
	var steps []string
	for i, e := range got.Events {
		steps = append(steps, e.Type)
		if e.Sequence != int64(i+1) {
			t.Errorf("step %d has the number %d", i+1, e.Sequence)
		}
	}
	if want := "payment.challenged payment.authorizing payment.paid"; strings.Join(steps, " ") != want {
		t.Errorf("%v, want %s", steps, want)
	}
	if now := h.get(l.ID); len(now.Payments) != 1 || now.Payments[0].ID != got.ID || now.Payments[0].Total != 25900 || now.PaidAmount != 25900 {
		t.Errorf("%+v", now)
	}
}

// listedWhole wants each payment of a list as it is where that one is read: its events and refunds as well.
func (h *house) listedWhole(list string) (n int) {
	h.Helper()
	for _, row := range read[page[json.RawMessage]](h, h.ask("GET", list, "")).Data {
		var p struct {
			ID              string
			Events, Refunds []json.RawMessage
		}
		h.must(json.Unmarshal(row, &p))
		if one := h.ask("GET", "/v1/payments/"+p.ID, ""); string(one.body) != string(row) || len(p.Events) == 0 {
			h.Errorf("%s is listed as %s, read as %s", p.ID, row, one.body)
		}
		n += len(p.Refunds)
	}
	return n
}

func TestListedPaymentsHaveTheirHistory(t *testing.T) {
	h := open(t)
	l := h.stored(h.make(`{"amount":25000,"currency":"TRY","usage":"multi"}`).ID)
	for i := range 5 {
		p := h.paid(l)
		for range i {
			h.clock.Advance(time.Minute)
			r := h.books.Refund(p, func(r *checkout.Refund) { r.Amount.Minor = 1 })
			p = h.books.GiveBack(h.books.AskBack(p, r), r)
		}
	}
	if n := h.listedWhole("/v1/payments?limit=4"); n != 1+2+3+4 {
		t.Errorf("%d refunds", n)
	}
}

// Every state that a payment can be in is shown as the contract describes it.
func TestPaymentStates(t *testing.T) {
	h := open(t)
	b := h.books
	fresh := func() checkout.Payment { return h.pays(h.stored(h.make(plainLink).ID)) }
	move := func(m checkout.Move, err error) checkout.Payment {
		t.Helper()
		h.must(err)
		return b.Move(m)
	}
	paid := func() checkout.Payment { return b.Move(b.Approved(b.Move(b.Authorizing(fresh())))) }
	states := map[string]checkout.Payment{
		"challenged":         fresh(),
		"authorizing":        b.Move(b.Authorizing(fresh())),
		"pending":            move(b.Move(b.Authorizing(fresh())).Doubt(h.clock.Now(), b.Step())),
		"paid":               paid(),
		"declined":           b.Move(b.Refused(b.Move(b.Authorizing(fresh())))),
		"failed":             move(fresh().Fail(checkout.Decline{Code: checkout.ReasonAuthentication}, time.Time{}, b.Step())),
		"abandoned":          move(fresh().Abandon(b.Step())),
		"voided":             move(paid().VoidDone(checkout.Outcome{}, b.Step())),
		"refunded":           move(paid().RefundDone(25000, b.Step())),
		"partially_refunded": move(paid().RefundDone(1, b.Step())),
	}
	for status, p := range states {
		got := read[payment](t, h.ask("GET", "/v1/payments/"+string(p.ID), ""))
		listed := read[page[payment]](t, h.ask("GET", "/v1/payments?status="+status, ""))
		if got.Status != status || len(listed.Data) != 1 || listed.Data[0].ID != got.ID {
			t.Errorf("%s: read as %s, listed %d", status, got.Status, len(listed.Data))
		}
		h.listedWhole("/v1/payments?status=" + status)
		if declined := status == "declined" || status == "failed"; (got.Decline != nil) != declined {
			t.Errorf("%s: decline %+v", status, got.Decline)
		}
	}
	if len(states) != len(checkout.Statuses) {
		t.Errorf("%d of %d states", len(states), len(checkout.Statuses))
	}
	// Where the bank's own page took the card nothing is known of it.
	hosted := h.pays(h.stored(h.make(plainLink).ID), func(p *checkout.Payment) { p.Card = checkout.CardFacts{} })
	if got := read[payment](t, h.ask("GET", "/v1/payments/"+string(hosted.ID), "")); got.Card != nil {
		t.Errorf("%+v", got.Card)
	}
	// What the table does not know is null, not empty.
	unknown := h.pays(h.stored(h.make(plainLink).ID), func(p *checkout.Payment) { p.Card = checkout.CardFacts{BIN: "999999", Last4: "1111"} })
	if got := read[payment](t, h.ask("GET", "/v1/payments/"+string(unknown.ID), "")); got.Card == nil || got.Card.Brand != nil || got.Card.Kind != nil {
		t.Errorf("%+v", got.Card)
	}
}

func TestListPayments_filters(t *testing.T) {
	h := open(t)
	first := h.make(`{"amount":100,"currency":"TRY","order_id":"A"}`)
	second := h.make(`{"amount":200,"currency":"USD","order_id":"B"}`)
	one := h.paid(h.stored(first.ID))
	h.clock.Advance(time.Hour)
	two := h.pays(h.stored(second.ID))
	three := h.pays(h.stored(second.ID))
	for query, want := range map[string]int{
		"": 3, "?link=" + first.ID: 1, "?link=" + second.ID: 2, "?order_id=B": 2, "?order_id=b": 0, "?status=paid": 1, "?status=challenged": 2,
		"?min=101": 2, "?max=100": 1, "?min=100&max=200": 3, "?min=0": 3, "?min=201": 0, "?from=2026-11-22T10:00:00Z": 2, "?to=2026-11-22T10:00:00Z": 1,
		"?link=lnk_0000000000000000000000": 0, "?link=" + second.ID + "&status=paid": 0,
	} {
		if p := read[page[payment]](t, h.ask("GET", "/v1/payments"+query, "")); len(p.Data) != want || p.Data == nil {
			t.Errorf("%q: %d, want %d", query, len(p.Data), want)
		}
		if p := read[page[payment]](t, h.ask("GET", "/v1/payments"+query, "", as(nextKey))); len(p.Data) != 0 {
			t.Errorf("%q: a neighbour sees %d", query, len(p.Data))
		}
	}
	var walked []string
	for query := "?limit=1"; ; {
		p := read[page[payment]](t, h.ask("GET", "/v1/payments"+query, ""))
		walked = append(walked, p.Data[0].ID)
		if p.Next == nil {
			break
		}
		query = "?limit=1&cursor=" + url.QueryEscape(*p.Next)
	}
	if len(walked) != 3 || walked[2] != string(one.ID) || !slices.Contains(walked, string(two.ID)) || !slices.Contains(walked, string(three.ID)) {
		t.Errorf("%v", walked)
	}
}

// A payer reads the reference out on the phone; the merchant finds the payment by it, and nobody else does.
func TestPaymentsAreFoundByTheirReference(t *testing.T) {
	h := open(t)
	l := h.stored(h.make(`{"amount":25000,"currency":"TRY","usage":"multi"}`).ID)
	p, other := h.paid(l), h.pays(l)
	find := func(reference, more string, changes ...request) []payment {
		t.Helper()
		return read[page[payment]](t, h.ask("GET", "/v1/payments?reference="+reference+more, "", changes...)).Data
	}
	found := find(p.ID.Reference(), "")
	if len(found) != 1 || found[0].ID != string(p.ID) || found[0].Reference != p.ID.Reference() {
		t.Errorf("%+v", found)
	}
	if found := find(other.ID.Reference(), "&status=paid"); len(found) != 0 {
		t.Errorf("another filter does not count beside the reference: %+v", found)
	}
	if found := find(p.ID.Reference(), "", as(nextKey)); len(found) != 0 {
		t.Errorf("a neighbour finds %+v", found)
	}
	if one := read[payment](t, h.ask("GET", "/v1/payments/"+string(p.ID), "")); one.Reference != string(p.ID[4:14]) {
		t.Errorf("read as %q", one.Reference)
	}
}

// Where the bank states another amount, the merchant finds the payment and reads both.
func TestMoneyThatDiffersCallsForAttention(t *testing.T) {
	h := open(t)
	l := h.stored(h.make(`{"amount":25000,"currency":"TRY","usage":"multi"}`).ID)
	h.paid(l)
	differs := func(p checkout.Payment, amount string) checkout.Payment {
		t.Helper()
		step := h.books.Step()
		step.Data = map[string]string{"amount": amount}
		m, err := p.Note(checkout.EventAmountDiffers, step)
		h.must(err)
		return h.books.Move(m)
	}
	p := differs(h.paid(l), "999.00 TRY")
	h.clock.Advance(time.Second)
	p = differs(p, "251.00 TRY")
	found := read[page[payment]](t, h.ask("GET", "/v1/payments?attention=true", "")).Data
	if len(found) != 1 || found[0].ID != string(p.ID) || len(found[0].Attention) != 1 {
		t.Fatalf("%+v", found)
	}
	one := read[payment](t, h.ask("GET", "/v1/payments/"+string(p.ID), ""))
	for _, a := range [][]call{found[0].Attention, one.Attention} {
		if len(a) != 1 || a[0].Code != "amount_differs" || a[0].Expected != 25000 || *a[0].Actual != 25100 || *a[0].ActualCurrency != "TRY" || !a[0].At.Equal(h.clock.Now()) {
			t.Errorf("%+v", a)
		}
	}
	if found := read[page[payment]](t, h.ask("GET", "/v1/payments?attention=true", "", as(nextKey))).Data; len(found) != 0 {
		t.Errorf("a neighbour finds %+v", found)
	}
	for _, quiet := range read[page[payment]](t, h.ask("GET", "/v1/payments", "")).Data {
		if quiet.ID != string(p.ID) && (quiet.Attention == nil || len(quiet.Attention) != 0) {
			t.Errorf("%s: %+v, want an empty list", quiet.ID, quiet.Attention)
		}
	}
	// A currency that nobody here knows is told as the difference that it is.
	strange := differs(h.paid(l), "250.00 XAU")
	if one := read[payment](t, h.ask("GET", "/v1/payments/"+string(strange.ID), "")); len(one.Attention) != 1 || one.Attention[0].Actual != nil || one.Attention[0].ActualCurrency != nil {
		t.Errorf("%+v", one.Attention)
	}
}

// A list shows the newest ten attempts of each link, one link a hundred; the rest is in the list of
// payments.
func TestManyAttemptsOnOneLink(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	stored := h.stored(l.ID)
	var last checkout.Payment
	for range 103 {
		h.clock.Advance(time.Millisecond)
		last = h.pays(stored)
	}
	if n := len(h.get(l.ID).Payments); n != 100 {
		t.Errorf("one link shows %d", n)
	}
	listed := h.list("").Data[0].Payments
	if len(listed) != 10 || listed[0].ID != string(last.ID) {
		t.Errorf("a list shows %d, first %+v", len(listed), listed[0])
	}
}

// A page of links costs four questions to the ledger, however many links and attempts it shows.
func TestAListAsksOnceForThePaymentsOfItsLinks(t *testing.T) {
	h := open(t)
	for range 12 {
		l := h.stored(h.make(plainLink).ID)
		h.pays(l)
		h.pays(l)
	}
	h.fault.reads.Store(0)
	p := h.list("?limit=10")
	if len(p.Data) != 10 || len(p.Data[3].Payments) != 2 || len(p.Data[9].Payments) != 2 {
		t.Errorf("%+v", p)
	}
	if n := h.fault.reads.Load(); n != 5 { // the key, the links, their payments, how they were sent, what stops their payers
		t.Errorf("%d reads of the ledger", n)
	}
}

// BenchmarkListLinks is a full page of links with three attempts each, over HTTP.
func BenchmarkListLinks(b *testing.B) {
	h := open(b)
	for range 100 {
		l := h.stored(h.make(plainLink).ID)
		for range 3 {
			h.pays(l)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		r, err := http.NewRequestWithContext(context.Background(), "GET", h.url+"/v1/links?limit=100", nil)
		h.must(err)
		as(shopKey)(r)
		if a, err := h.send(r, nil); err != nil || a.status != 200 {
			b.Fatal(a, err)
		}
	}
}
