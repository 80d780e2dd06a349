//go:build !race

package api_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

func TestCreateLink(t *testing.T) {
	h := open(t)
	a := h.ask("POST", "/v1/links", `{"amount":25000,"currency":"TRY","order_id":"SIP-2041","description":"Deniz manzaralı ahşap masa","installments":[3,1,2],
		"active_from":"2026-11-23T12:00:00+03:00","expires_at":"2026-11-25T09:00:00Z","usage":"multi","max_payments":7,"payer_note":true,
		"customer":{"name":"Ayşe Yılmaz","email":"ayse@example.com","phone":"0532 123 45 67"},"return_url":"https://dukkan.example/tamam?x=1",
		"metadata":{"fatura":"2026/17","not":""},"category":"furniture","deliver":[]}`)
	l := read[link](t, a)
	if a.status != http.StatusCreated || a.header.Get("Location") != "/v1/links/"+l.ID || a.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("%s %v", a, a.header)
	}
	if l.Status != "scheduled" || *l.Amount != 25000 || l.Currency != "TRY" || l.OrderID != "SIP-2041" || l.Usage != "multi" || *l.MaxPayments != 7 || !l.PayerNote ||
		!slices.Equal(l.Installments, []int{1, 2, 3}) || l.AmountMode != "fixed" || l.MinAmount != nil || l.MaxAmount != nil {
		t.Errorf("%s", a.body)
	}
	if l.URL != h.url+"/p/"+l.Token || *l.ReturnURL != "https://dukkan.example/tamam?x=1" || *l.Category != "furniture" ||
		!maps.Equal(l.Metadata, map[string]string{"fatura": "2026/17", "not": ""}) || l.Customer.Phone != "+905321234567" || l.Customer.Name != "Ayşe Yılmaz" {
		t.Errorf("%s", a.body)
	}
	if want := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC); !l.ActiveFrom.Equal(want) || !l.CreatedAt.Equal(opening) {
		t.Errorf("active from %v, made at %v", l.ActiveFrom, l.CreatedAt)
	}
	if again := h.ask("GET", a.header.Get("Location"), ""); string(again.body) != string(a.body) {
		t.Errorf("read again as\n%s\nafter\n%s", again.body, a.body)
	}
	if url := h.flow.LinkURL(h.stored(l.ID).Token); url != l.URL {
		t.Errorf("%s leads elsewhere than %s", l.URL, url)
	}
}

func TestCreateLink_defaults(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	if l.Deliver == nil || len(l.Deliver) != 0 {
		t.Errorf("delivered by %v", l.Deliver)
	}
	if life := l.ExpiresAt.Sub(l.ActiveFrom); life != 24*time.Hour || !l.ActiveFrom.Equal(opening) {
		t.Errorf("lives %v from %v, want exactly 24 h from now (features 1.12)", life, l.ActiveFrom)
	}
	if l.Status != "active" || l.Usage != "single" || l.MaxPayments != nil || l.PayerNote || l.Installments != nil || l.Customer != nil ||
		l.Description != "" || l.ReturnURL != nil || l.Category != nil || len(l.Metadata) != 0 || l.PaidCount != 0 || len(l.Payments) != 0 {
		t.Errorf("%+v", l)
	}
	late := h.make(`{"amount":1,"currency":"TRY","active_from":"2027-01-01T00:00:00.123456Z"}`)
	if life := late.ExpiresAt.Sub(late.ActiveFrom); life != 24*time.Hour || late.Status != "scheduled" {
		t.Errorf("a later start lives %v and is %s", life, late.Status)
	}
	null := h.make(`{"amount":1,"currency":"TRY","order_id":null,"description":null,"installments":null,"active_from":null,"expires_at":null,"usage":null,
		"max_payments":null,"payer_note":null,"customer":null,"deliver":null,"return_url":null,"metadata":null,"category":null,"amount_mode":null,
		"min_amount":null,"max_amount":null}`)
	if null.Usage != "single" || null.ExpiresAt.Sub(null.ActiveFrom) != 24*time.Hour || null.AmountMode != "fixed" {
		t.Errorf("null is not as if left out: %+v", null)
	}
}

// 12.4: a second before and after both ends of a link's life.
func TestLinkStatusFollowsTheClock(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":100,"currency":"TRY","active_from":"2026-11-22T10:00:00Z"}`)
	for _, step := range []struct {
		at   string
		want string
	}{
		{"2026-11-22T09:59:59Z", "scheduled"}, {"2026-11-22T10:00:00Z", "active"}, {"2026-11-23T09:59:59Z", "active"}, {"2026-11-23T10:00:00Z", "expired"},
	} {
		at, err := time.Parse(time.RFC3339, step.at)
		h.must(err)
		h.clock.Set(at)
		if got := h.get(l.ID).Status; got != step.want {
			t.Errorf("at %s it is %s, want %s", step.at, got, step.want)
		}
	}
	if back := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"expires_at":"2026-12-01T00:00:00Z"}`)); back.Status != "active" || back.Token != l.Token {
		t.Errorf("a later end revives it: %+v", back)
	}
}

func TestCreateLink_refusals(t *testing.T) {
	h := open(t)
	long := strings.Repeat("ş", 501)
	for name, c := range map[string]struct{ body, want string }{
		"nothing is said":                             {`{}`, "currency: required, amount: required"},
		"no amount":                                   {`{"currency":"TRY"}`, "amount: required"},
		"no currency":                                 {`{"amount":100}`, "currency: required"},
		"null for what is required":                   {`{"amount":null,"currency":null}`, "currency: required, amount: required"},
		"an unknown currency":                         {`{"amount":100,"currency":"KWD"}`, "currency: currency_unknown"},
		"a currency in small letters":                 {`{"amount":100,"currency":"try"}`, "currency: currency_unknown"},
		"an amount beyond the largest":                {`{"amount":100000000000001,"currency":"TRY"}`, "amount: amount_range"},
		"an order number with a space inside":         {`{"amount":1,"currency":"TRY","order_id":"a b"}`, "order_id: order_id_format"},
		"an order number of 65 characters":            {`{"amount":1,"currency":"TRY","order_id":"` + strings.Repeat("a", 65) + `"}`, "order_id: order_id_format"},
		"an order number that starts like a formula":  {`{"amount":1,"currency":"TRY","order_id":"-1"}`, "order_id: order_id_format"},
		"an order number with a line break":           {`{"amount":1,"currency":"TRY","order_id":"a\r\nb"}`, "order_id: order_id_format"},
		"a description of 501 characters":             {`{"amount":1,"currency":"TRY","description":"` + long + `"}`, "description: length"},
		"no counts at all":                            {`{"amount":1,"currency":"TRY","installments":[]}`, "installments: empty_list"},
		"a count of 13":                               {`{"amount":1,"currency":"TRY","installments":[1,13]}`, "installments.1: out_of_range"},
		"a count of 0":                                {`{"amount":1,"currency":"TRY","installments":[0]}`, "installments.0: out_of_range"},
		"a count twice":                               {`{"amount":1,"currency":"TRY","installments":[2,2]}`, "installments: repeated"},
		"counts as texts":                             {`{"amount":1,"currency":"TRY","installments":["3"]}`, "installments: wrong_type"},
		"the end at the start":                        {`{"amount":1,"currency":"TRY","active_from":"2026-12-01T00:00:00Z","expires_at":"2026-12-01T00:00:00Z"}`, "expires_at: ends_before_start"},
		"the end before the start":                    {`{"amount":1,"currency":"TRY","active_from":"2026-12-02T00:00:00Z","expires_at":"2026-12-01T00:00:00Z"}`, "expires_at: ends_before_start"},
		"an end that is over":                         {`{"amount":1,"currency":"TRY","expires_at":"2026-11-22T08:59:59Z"}`, "expires_at: ends_before_start"},
		"a time without a zone":                       {`{"amount":1,"currency":"TRY","expires_at":"2026-12-01T00:00:00"}`, "expires_at: time_format"},
		"a time as a number":                          {`{"amount":1,"currency":"TRY","expires_at":1795000000}`, "expires_at: wrong_type"},
		"a year that nobody means":                    {`{"amount":1,"currency":"TRY","expires_at":"9999-12-31T00:00:00Z"}`, "expires_at: time_range"},
		"the year zero, which Go takes for no time":   {`{"amount":1,"currency":"TRY","active_from":"0001-01-01T00:00:00Z"}`, "active_from: time_range"},
		"an unknown usage":                            {`{"amount":1,"currency":"TRY","usage":"twice"}`, "usage: not_a_choice"},
		"a limit on a single-use link":                {`{"amount":1,"currency":"TRY","max_payments":2}`, "max_payments: only_for_multi"},
		"a limit of no payments":                      {`{"amount":1,"currency":"TRY","usage":"multi","max_payments":0}`, "max_payments: out_of_range"},
		"more payments than anybody takes":            {`{"amount":1,"currency":"TRY","usage":"multi","max_payments":1000001}`, "max_payments: out_of_range"},
		"a channel that does not exist":               {`{"amount":1,"currency":"TRY","deliver":["fax"]}`, "deliver.0: not_a_choice"},
		"a category in capitals":                      {`{"amount":1,"currency":"TRY","category":"Food"}`, "category: category_format"},
		"an e-mail address without a host":            {`{"amount":1,"currency":"TRY","customer":{"email":"ayse@"}}`, "customer.email: email_format"},
		"an e-mail address that no mail goes to":      {`{"amount":1,"currency":"TRY","customer":{"email":"ayşe@ornek.example"},"deliver":["email"]}`, "customer.email: email_format, deliver: channel_not_configured"},
		"an e-mail address with a second recipient":   {`{"amount":1,"currency":"TRY","customer":{"email":"a@b.example\r\nbcc: c@d.example"}}`, "customer.email: email_format"},
		"a phone number with letters":                 {`{"amount":1,"currency":"TRY","customer":{"phone":"ZERO5321"}}`, "customer.phone: phone_format"},
		"21 notes":                                    {`{"amount":1,"currency":"TRY","metadata":{` + notes(21) + `}}`, "metadata: too_many"},
		"a note without a name":                       {`{"amount":1,"currency":"TRY","metadata":{"":"x"}}`, "metadata: key_format"},
		"a note that is no text":                      {`{"amount":1,"currency":"TRY","metadata":{"a":1}}`, "metadata: wrong_type"},
		"a note that is null":                         {`{"amount":1,"currency":"TRY","metadata":{"a":null}}`, "metadata.a: required"},
		"a note of 501 characters":                    {`{"amount":1,"currency":"TRY","metadata":{"a":"` + long + `"}}`, "metadata.a: length"},
		"an open link with an amount":                 {`{"amount_mode":"open","amount":5,"min_amount":1,"max_amount":9,"currency":"TRY"}`, "amount: amount_on_open_link"},
		"an open link without bounds":                 {`{"amount_mode":"open","currency":"TRY"}`, "min_amount: required, max_amount: required"},
		"an open link whose bounds are the wrong way": {`{"amount_mode":"open","currency":"TRY","min_amount":9,"max_amount":8}`, "max_amount: max_below_min"},
		"an open link of nothing":                     {`{"amount_mode":"open","currency":"TRY","min_amount":0,"max_amount":8}`, "min_amount: amount_range"},
		"bounds on a fixed link":                      {`{"amount":5,"currency":"TRY","min_amount":1,"max_amount":9}`, "min_amount: only_for_open, max_amount: only_for_open"},
		"a mistake, and the rest is missing":          {`{"usage":"x"}`, "usage: not_a_choice, currency: required, amount: required"},
		"a wrong amount, and no currency":             {`{"amount":0}`, "amount: amount_range, currency: required"},
		"a wrong bound, and nothing else":             {`{"amount_mode":"open","max_amount":"9"}`, "max_amount: wrong_type, currency: required, min_amount: required"},
		"a wrong mode, which asks for other amounts":  {`{"amount_mode":"any"}`, "amount_mode: not_a_choice, currency: required"},
		"a wrong amount in a currency that is none":   {`{"amount":-1,"currency":"XX"}`, "amount: amount_range, currency: currency_unknown"},
		"mistakes of values, and of what they mean": {
			`{"amount":-1,"currency":"XX","order_id":"a b","category":"Food","expires_at":"2026-11-22T08:59:59Z","customer":{"email":"ayse@","phone":"x"},"metadata":{"a":null}}`,
			"amount: amount_range, customer.email: email_format, customer.phone: phone_format, metadata.a: required, currency: currency_unknown, order_id: order_id_format, category: category_format, expires_at: ends_before_start",
		},
		"what leans on a mistake is not told":       {`{"amount":"1","currency":"TRY","usage":7,"max_payments":3,"active_from":"x","expires_at":"2026-11-22T08:59:59Z"}`, "active_from: time_format, amount: wrong_type, usage: wrong_type"},
		"lines that are none, and no such currency": {`{"currency":"XX","items":[{"unit_amount":"5"}]}`, "items: wrong_type, currency: currency_unknown"},
		"several mistakes at once":                  {`{"amount":-1,"currency":"TRY","usage":"x","colour":"red"}`, "colour: unknown_field, amount: amount_range, usage: not_a_choice"},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.ask("POST", "/v1/links", c.body)
			h.mistakes(a, c.want)
		})
	}
	if all := read[page[link]](t, h.ask("GET", "/v1/links", "")); len(all.Data) != 0 {
		t.Errorf("%d links were made by refused requests", len(all.Data))
	}
}

func notes(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"n%d":"x"`, i)
	}
	return strings.Join(all, ",")
}

// 12.3: USD without the permission is refused with the way to the bank's branch.
func TestCurrencyPermission(t *testing.T) {
	h := open(t)
	for _, currency := range []string{"TRY", "USD", "EUR", "GBP", "JPY", "RUB"} {
		if l := h.make(`{"amount":1200,"currency":"` + currency + `"}`); l.Currency != currency || *l.Amount != 1200 {
			t.Errorf("%s: %+v", currency, l)
		}
	}
	for _, currency := range []string{"USD", "EUR", "GBP", "JPY", "RUB"} {
		a := h.refused(h.ask("POST", "/v1/links", `{"amount":1200,"currency":"`+currency+`"}`, as(nextKey)), 422, "currency_not_permitted")
		h.mistakes(a, "currency: currency_not_permitted")
		if p := a.problem(t); !strings.Contains(p.Detail, "branch") || !strings.Contains(p.Errors[0].Message, "branch") {
			t.Errorf("nobody is sent to the branch: %s", a.body)
		}
	}
	own := h.make(plainLink, as(nextKey))
	h.refused(h.ask("PATCH", "/v1/links/"+own.ID, `{"currency":"USD"}`, as(nextKey)), 422, "currency_not_permitted")
	h.refused(h.ask("POST", "/v1/links", `{"amount":0,"currency":"USD"}`, as(nextKey)), 422, "validation_failed")
}

// A34: an amount is a whole number that fits, or nothing.
func TestA34_amountsAreWholeNumbers(t *testing.T) {
	h := open(t)
	for name, c := range map[string]struct{ amount, want string }{
		"2^63":                      {"9223372036854775808", "amount: wrong_type"},
		"below −2^63":               {"-9223372036854775809", "amount: wrong_type"},
		"the largest that fits":     {"9223372036854775807", "amount: amount_range"},
		"thirteen digits":           {"1000000000000", "amount: amount_range"},
		"negative":                  {"-1", "amount: amount_range"},
		"zero":                      {"0", "amount: amount_range"},
		"minus zero":                {"-0", "amount: amount_range"},
		"with an exponent":          {"1e3", "amount: wrong_type"},
		"with a point":              {"250.00", "amount: wrong_type"},
		"a text":                    {`"25000"`, "amount: wrong_type"},
		"a text as people write it": {`"1.234,56"`, "amount: wrong_type"},
		"hexadecimal, as a text":    {`"0x10"`, "amount: wrong_type"},
		"not a number, as a text":   {`"NaN"`, "amount: wrong_type"},
		"true":                      {"true", "amount: wrong_type"},
		"a list":                    {"[25000]", "amount: wrong_type"},
		"an object":                 {`{"minor":25000}`, "amount: wrong_type"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, currency := range []string{"TRY", "JPY"} {
				h.mistakes(h.ask("POST", "/v1/links", `{"amount":`+c.amount+`,"currency":"`+currency+`"}`), c.want)
			}
			if name == "the largest that fits" || name == "thirteen digits" { // the other bound is below it
				return
			}
			open := strings.ReplaceAll(c.want, "amount: ", "min_amount: ")
			h.mistakes(h.ask("POST", "/v1/links", `{"amount_mode":"open","min_amount":`+c.amount+`,"max_amount":999999999999,"currency":"TRY"}`), open)
		})
	}
	for _, body := range []string{`{"amount":0x10,"currency":"TRY"}`, `{"amount":NaN,"currency":"TRY"}`, `{"amount":+5,"currency":"TRY"}`, `{"amount":05,"currency":"TRY"}`, `{"amount":.5,"currency":"TRY"}`} {
		h.refused(h.ask("POST", "/v1/links", body), 400, "json_malformed")
	}
	if l := h.make(`{"amount":999999999999,"currency":"JPY"}`); *l.Amount != checkout.MaxPriceMinor {
		t.Errorf("the largest amount became %d", *l.Amount)
	}
}

func TestOpenAmountLink(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount_mode":"open","currency":"TRY","min_amount":1000,"max_amount":500000,"usage":"multi"}`)
	if l.Amount != nil || *l.MinAmount != 1000 || *l.MaxAmount != 500000 || l.AmountMode != "open" {
		t.Errorf("%+v", l)
	}
	one := h.make(`{"amount_mode":"open","currency":"TRY","min_amount":5,"max_amount":5}`)
	if *one.MinAmount != *one.MaxAmount {
		t.Errorf("%+v", one)
	}
}

// 12.1: an order number is used once, for ever.
func TestOrderNumberIsUsedOnce(t *testing.T) {
	h := open(t)
	body := `{"amount":100,"currency":"TRY","order_id":"SIP-1"}`
	first := h.make(body)
	taken := func(when string) {
		t.Helper()
		a := h.refused(h.ask("POST", "/v1/links", body), 409, "order_id_taken")
		if a.header.Get("Location") != "" {
			t.Errorf("%s: %s", when, a.header)
		}
	}
	taken("while the link lives")
	h.refused(h.ask("POST", "/v1/links", `{"amount":100,"currency":"TRY","order_id":"  SIP-1 "}`), 409, "order_id_taken")
	h.clock.Advance(48 * time.Hour)
	taken("after expiry")
	h.ask("DELETE", "/v1/links/"+first.ID, "")
	taken("after deletion")
	h.restart()
	taken("after a restart")
	if l := h.make(body, as(nextKey)); l.OrderID != "SIP-1" {
		t.Errorf("another merchant's numbers are his own: %+v", l)
	}
}

func TestOrderNumberInParallelRequests(t *testing.T) {
	h := open(t)
	var mu sync.Mutex
	statuses := map[int]int{}
	atOnce(8, func(int) {
		a := h.ask("POST", "/v1/links", `{"amount":100,"currency":"TRY","order_id":"SIP-9"}`)
		mu.Lock()
		defer mu.Unlock()
		statuses[a.status]++
	})
	if statuses[201] != 1 || statuses[409] != 7 {
		t.Errorf("%v, want one 201 and seven 409", statuses)
	}
}

// 12.2: a blank number becomes one of ours: unique, readable, never one that the merchant used.
func TestOrderNumberIsMadeWhenBlank(t *testing.T) {
	h := open(t)
	seen := map[string]bool{}
	for _, given := range []string{``, `,"order_id":null`, `,"order_id":""`, `,"order_id":"   "`, `,"order_id":"\t"`} {
		for range 4 {
			l := h.make(`{"amount":100,"currency":"TRY"` + given + `}`)
			if !strings.HasPrefix(l.OrderID, "OD-261122-") || len(l.OrderID) != len("OD-261122-K7Q2MZ4R") || seen[l.OrderID] {
				t.Errorf("%q, seen %t", l.OrderID, seen[l.OrderID])
			}
			seen[l.OrderID] = true
		}
	}
	for taken := range seen {
		h.refused(h.ask("POST", "/v1/links", `{"amount":100,"currency":"TRY","order_id":"`+taken+`"}`), 409, "order_id_taken")
	}
}

// A35, A55, A68: text is stored as typed and means nothing to what shows it.
func TestA35_textIsStoredAsTyped(t *testing.T) {
	h := open(t)
	for _, text := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `=HYPERLINK("x")`, `' OR 1=1 --`, `%0d%0aSet-Cookie: a=b`, "satır\nikinci", "👩‍🔧 tamir", "ﷺ", `{{.}}`, `\u0000`,
	} {
		l := h.make(`{"amount":1,"currency":"TRY","description":` + quote(text) + `,"metadata":{"a":` + quote(text) + `}}`)
		got := h.get(l.ID)
		if got.Description != text || got.Metadata["a"] != text {
			t.Errorf("%q came back as %q and %q", text, got.Description, got.Metadata["a"])
		}
	}
}

// A36, A55: what cannot be seen, turns text around or breaks a line where there is one line only.
func TestA36_hiddenCharactersAreRefused(t *testing.T) {
	h := open(t)
	for name, mark := range map[string]string{
		"null": "\x00", "bell": "\x07", "escape": "\x1b", "delete": "\x7f", "next line": "\u0085", "left to right mark": "\u200e", "right to left override": "\u202e",
		"isolate": "\u2066", "zero-width space": "\u200b", "word joiner": "\u2060", "byte order mark": "\ufeff", "language tag": "\U000e0041", "interlinear mark": "\ufff9",
	} {
		t.Run(name, func(t *testing.T) {
			text := quote("Ali" + mark + "Veli")
			h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","description":`+text+`}`), "description: control")
			h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","customer":{"name":`+text+`}}`), "customer.name: control")
			h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","metadata":{"a":`+text+`}}`), "metadata.a: control")
			h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","metadata":{`+text+`:"a"}}`), "metadata: key_format")
			h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","order_id":`+text+`}`), "order_id: order_id_format")
			h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","return_url":`+quote("https://a.example/"+mark)+`}`), "return_url: url_not_allowed")
		})
	}
	for _, mark := range []string{"\r\n", "\n", "\t", "\u2028", "\u200d", "\u00ad"} {
		h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","customer":{"name":`+quote("Ali"+mark+"bcc: x@y.example")+`}}`), "customer.name: control")
	}
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","customer":{"name":"Аli Veli"}}`), "customer.name: mixed_scripts")
	if l := h.make(`{"amount":1,"currency":"TRY","customer":{"name":"Ali Иванов"}}`); l.Customer.Name != "Ali Иванов" {
		t.Errorf("%+v", l.Customer)
	}
}

// A36: equal texts are equal bytes.
func TestA36_textIsStoredInNormalForm(t *testing.T) {
	h := open(t)
	const composed, apart = "çığ", "c\u0327ıg\u0306"
	l := h.make(`{"amount":1,"currency":"TRY","description":"` + apart + `","customer":{"name":"` + apart + `"},"metadata":{"` + apart + `":"` + apart + `"}}`)
	stored := h.stored(l.ID)
	if stored.Description != composed || stored.Customer.Name != composed || stored.Metadata[composed] != composed {
		t.Errorf("stored as %+q, %+q, %+q", stored.Description, stored.Customer.Name, stored.Metadata)
	}
	if found := read[page[link]](t, h.ask("GET", "/v1/links?q="+url.QueryEscape(apart), "")); len(found.Data) != 1 {
		t.Errorf("not found by the other form")
	}
}

// A40: a return address leads to the merchant and nowhere else.
func TestA40_returnAddresses(t *testing.T) {
	h := open(t)
	for _, address := range []string{
		"http://dukkan.example/", "//evil.example/", `\\evil.example`, "https://shop@evil.example/", "https://shop:x@evil.example/", "javascript:alert(1)",
		"data:text/html,x", "/relative", "https://", "https:evil.example", "ftp://a.example/", "HTTPS://a.example\\@evil.example", " https://a.example/",
		"https://a.example/ x", "https://a.example/\t", "https://a.example/%0d%0aX:y\r\n", "https://" + strings.Repeat("a", 500) + ".example/", "https://a.example:65536/", "https://:443/", "https://a.example/%zz",
	} {
		h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","return_url":`+quote(address)+`}`), "return_url: url_not_allowed")
	}
	for _, address := range []string{"https://dukkan.example", "https://dukkan.example:8443/a/b?c=d&e=%20#f", "https://dükkan.example/ş"} {
		if l := h.make(`{"amount":1,"currency":"TRY","return_url":` + quote(address) + `}`); *l.ReturnURL != address {
			t.Errorf("%q became %q", address, *l.ReturnURL)
		}
	}
	for address, good := range map[string]bool{
		"https://komsu.example/tamam": true, "https://komsu.example.evil.example/": false, "https://komsu.example:444/": false,
		"https://KOMSU.example/": true, "http://127.0.0.1/": false, "https://www.komsu.example/": false,
	} {
		a := h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","return_url":`+quote(address)+`}`, as(nextKey))
		if (a.status == 201) != good {
			t.Errorf("%s: %s, where one origin is allowed", address, a)
		}
	}
}

// A32: a card number reaches no store and comes back in no answer, wherever it is put.
func TestA32_cardNumbersAreRefusedEverywhere(t *testing.T) {
	logs := &safeBuffer{}
	h := open(t, furnish{logs: logs})
	for _, number := range []string{
		pan("415565", "000"), pan("979200", "000"), "4155 6500 0000 0007", "4155-6500-0000-0007", "4155.6500.0000.0007", "4155/6500/0000/0007", "4155_6500_0000_0007",
		"4155,6500,0000,0007", "４１５５６５０００００００００７", "٤١٥٥٦٥٠٠٠٠٠٠٠٠٠٧", script('०'), script('𝟎'), "kart4155650000000007", "4155650000000007 12/30 123", "2026 4155 6500 0000 0007", "4155\u00a06500\u20030000\u20110007", "Kart 4155650000000007 son", amex(),
	} {
		for field, body := range map[string]string{ // the phone number's own length refuses it, or its check digit
			"description":    `"description":` + quote(number),
			"order_id":       `"order_id":` + quote(number),
			"customer.name":  `"customer":{"name":` + quote(number) + `}`,
			"customer.phone": `"customer":{"phone":` + quote("+"+number) + `}`,
			"metadata.a":     `"metadata":{"a":` + quote(number) + `}`,
			"metadata":       `"metadata":{` + quote(number) + `:"a"}`,
			"metadata, null": `"metadata":{` + quote(number) + `:null}`,
			"return_url":     `"return_url":` + quote("https://a.example/"+number),
			"category":       `"category":` + quote(number),
			"a made-up name": quote(number) + `:"a"`,
			"another type":   `"payer_note":` + quote(number),
			"a choice":       `"usage":` + quote(number),
			"a customer's":   `"customer":{` + quote(number) + `:"a"}`,
		} {
			a := h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY",`+body+`}`)
			if a.status != 422 {
				t.Errorf("%s in %s: %s", number, field, a)
			}
			if strings.Contains(string(a.body), number) || strings.Contains(string(a.body), "0000") {
				t.Errorf("%s in %s is told back: %s", number, field, a.body)
			}
		}
	}
	card := pan("415565", "000")
	h.refused(h.ask("GET", "/v1/links?q="+card, ""), 400, "pan_in_wrong_place")
	h.refused(h.ask("GET", "/v1/bins/"+card, ""), 400, "pan_in_wrong_place")
	h.refused(h.ask("POST", "/v1/links", plainLink, idem(card)), 400, "pan_in_wrong_place")
	if text := logs.String(); strings.Contains(text, card) || !strings.Contains(text, "pan_in_wrong_place") {
		t.Errorf("the log: %s", text)
	}
	if all := read[page[link]](t, h.ask("GET", "/v1/links", "")); len(all.Data) != 0 {
		t.Errorf("%d links hold card numbers", len(all.Data))
	}
}

// amex is a number of fifteen digits, as long as a phone number may be.
func amex() string {
	for n := 378282246310000; ; n++ {
		if digits := strconv.Itoa(n); checkout.Luhn(digits) {
			return digits
		}
	}
}

// script writes a test card's number in the digits of another script.
func script(zero rune) string {
	return strings.Map(func(r rune) rune { return zero + r - '0' }, pan("415565", "000"))
}

// Long numbers that are no card's are everyday business.
func TestNumbersThatAreNoCards(t *testing.T) {
	h := open(t)
	for _, text := range []string{"GIB2026000000017", "Fatura 2026000000123", "0850 222 0 000", "12345678901", "1234567890123456",
		"TR33 0006 1005 1978 6457 8413 26", "TR330006100519786457841326", "94155650000000007", "0532 123 45 67 / 0533 765 43 21"} {
		if l := h.make(`{"amount":1,"currency":"TRY","description":` + quote(text) + `,"metadata":{"no":` + quote(text) + `}}`); l.Description != text {
			t.Errorf("%q became %q", text, l.Description)
		}
	}
}

func TestCustomerPhone(t *testing.T) {
	h := open(t)
	for typed, want := range map[string]string{
		"05321234567": "+905321234567", "0532 123 45 67": "+905321234567", "(0532) 123-45-67": "+905321234567", "5321234567": "+905321234567",
		"+90 532 123 45 67": "+905321234567", "0090 532 123 4567": "+905321234567", "90 532 123 45 67": "+905321234567", "+90 0532 123 45 67": "+905321234567",
		"+44 20 7946 0958": "+442079460958", "０５３２ １２３ ４５ ６７": "+905321234567", "": "",
		"0212 555 11 22": "+902125551122", "(0850) 222 0 000": "+908502220000",
	} {
		l := h.make(`{"amount":1,"currency":"TRY","customer":{"name":"Ali","phone":` + quote(typed) + `}}`)
		if l.Customer.Phone != want {
			t.Errorf("%q became %q, want %q", typed, l.Customer.Phone, want)
		}
	}
	for _, typed := range []string{"123", "532+1234567", "0532 123 45 6", "4440123", "+0532123456", "0532 123 45 67 / 0533 765 43 21", " ", "+1234567890123456"} {
		h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","customer":{"phone":`+quote(typed)+`}}`), "customer.phone: phone_format")
	}
}

// 12.9: a text message to a number that is not registered in Türkiye is refused with the way out; no
// delivery is built in, and that is said too.
func TestDelivery(t *testing.T) {
	h := open(t)
	for name, c := range map[string]struct{ body, want string }{
		"nobody to send to": {`"deliver":["sms","email"]`, "customer.phone: required, deliver: channel_not_configured, customer.email: required, deliver: channel_not_configured"},
		"a foreign number":  {`"deliver":["sms"],"customer":{"phone":"+49 151 23456789"}`, "customer.phone: sms_needs_turkish_mobile, deliver: channel_not_configured"},
		"a landline":        {`"deliver":["sms"],"customer":{"phone":"0212 555 01 23"}`, "customer.phone: sms_needs_turkish_mobile, deliver: channel_not_configured"},
		"all well":          {`"deliver":["email"],"customer":{"email":"a@b.example"}`, "deliver: channel_not_configured"},
		"one channel twice": {`"deliver":["sms","sms"],"customer":{"phone":"05321234567"}`, "deliver: repeated"},
	} {
		t.Run(name, func(t *testing.T) {
			h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY",`+c.body+`}`), c.want)
		})
	}
	if all := read[page[link]](t, h.ask("GET", "/v1/links", "")); len(all.Data) != 0 {
		t.Errorf("%d links that nobody gets", len(all.Data))
	}
	l := h.make(plainLink)
	send := "/v1/links/" + l.ID + "/send"
	for name, c := range map[string]struct{ body, want string }{
		"nothing is said":      {`{}`, "channel: required, to: required"},
		"an unknown channel":   {`{"channel":"fax","to":"1"}`, "channel: not_a_choice"},
		"no e-mail address":    {`{"channel":"email","to":"05321234567"}`, "to: email_format"},
		"no phone number":      {`{"channel":"sms","to":"ali@example.com"}`, "to: phone_format"},
		"two recipients":       {`{"channel":"email","to":"a@b.example,c@d.example"}`, "to: email_format"},
		"a line break":         {`{"channel":"email","to":"a@b.example\nbcc: c@d.example"}`, "to: email_format"},
		"a foreign number":     {`{"channel":"sms","to":"+4915123456789"}`, "to: sms_needs_turkish_mobile"},
		"a very long address":  {`{"channel":"email","to":"` + strings.Repeat("a", 250) + `@b.example"}`, "to: length"},
		"an SMS that could go": {`{"channel":"sms","to":"0532 123 45 67"}`, "channel: channel_not_configured"},
		"a mail that could go": {`{"channel":"email","to":"ali@example.com"}`, "channel: channel_not_configured"},
	} {
		t.Run(name, func(t *testing.T) { h.mistakes(h.ask("POST", send, c.body), c.want) })
	}
	if p := h.ask("POST", send, `{"channel":"sms","to":"05321234567"}`).problem(t); !strings.Contains(p.Errors[0].Message, "by sms is set up here. Copy the link") {
		t.Errorf("no way out is shown: %+v", p.Errors)
	}
}

// What webhooks tell of a link waits in the outbox from the commit on that made it true (I18); what was
// refused is told to nobody, and a repeated request nothing twice.
func TestI18_linksAreToldInTheirOwnCommit(t *testing.T) {
	h := open(t)
	told := func() string {
		var all []string
		h.must(h.ledger.Outbox(context.Background(), shop, func(o sqlstore.Outgoing) error {
			events, err := h.ledger.Events(context.Background(), shop, o.Subject)
			h.must(err)
			if e := events[o.Seq-1]; e.ID != o.Event || e.Type != o.Topic {
				t.Errorf("%+v is the row of %+v", o, e)
			}
			all = append(all, o.Topic)
			return nil
		}))
		return strings.Join(all, " ")
	}
	l := h.make(plainLink, idem("one"))
	h.make(plainLink, idem("one"))
	h.mistakes(h.ask("POST", "/v1/links", `{"currency":"TRY"}`), "amount: required")
	h.refused(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","order_id":"`+l.OrderID+`"}`), 409, "order_id_taken")
	if got := told(); got != "link.created" {
		t.Errorf("made: %q", got)
	}
	h.clock.Advance(time.Second)
	h.ask("PATCH", "/v1/links/"+l.ID, `{"amount":30000}`)
	h.ask("PATCH", "/v1/links/"+l.ID, `{"amount":-1}`)
	h.clock.Advance(time.Second)
	h.ask("DELETE", "/v1/links/"+l.ID, "")
	h.ask("DELETE", "/v1/links/"+l.ID, "")
	if got := told(); got != "link.created link.edited link.deleted" {
		t.Errorf("edited and deleted: %q", got)
	}
}
