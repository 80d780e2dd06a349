//go:build !race

package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/odelink/odelink/checkout"
)

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	return string(b)
}

// pan builds a test card's number: prefix, four zeros, script, two zeros, check digit.
func pan(prefix, script string) string {
	for d := '0'; d <= '9'; d++ {
		if n := prefix + "0000" + script + "00" + string(d); checkout.Luhn(n) {
			return n
		}
	}
	panic("no check digit")
}

// safeBuffer is a log that several requests write.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// A47: what only we write, what does not exist and what is spelled otherwise is refused by its name.
func TestA47_fieldsThatAreNotTheCallers(t *testing.T) {
	h := open(t)
	l := h.make(plainLink)
	for _, field := range []string{"id", "token", "url", "status", "paid_count", "paid_amount", "payments", "created_at", "updated_at", "merchant", "merchant_id", "resting", "stops"} {
		h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","`+field+`":"x"}`), field+": read_only")
		h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"`+field+`":"x"}`), field+": read_only")
	}
	for _, field := range []string{"order_id", "deliver"} {
		h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"`+field+`":null}`), field+": read_only")
	}
	for _, field := range []string{"Amount", "AMOUNT", "amounT", "amount ", "ａmount", "currency\u0000", "curreny", "version", "__proto__", "paid_by", "MaxPayments"} {
		h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY",`+quote(field)+`:1}`), field+": unknown_field")
	}
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","customer":{"Name":"x","id":1}}`), "customer.Name: unknown_field, customer.id: unknown_field")
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","cuſtomer":{}}`), "cuſtomer: unknown_field")
	h.mistakes(h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234567","text":"pay me"}`), "text: unknown_field")
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","`+strings.Repeat("x", 65)+`":1}`), "(not shown): unknown_field")
	if now := h.get(l.ID); now.Status != "active" || now.PaidAmount != 0 {
		t.Errorf("%+v", now)
	}
}

func TestA47_wrongTypes(t *testing.T) {
	h := open(t)
	for field, value := range map[string]string{
		"currency": "949", "amount_mode": "true", "order_id": "2041", "description": `["x"]`, "installments": "3", "usage": "1",
		"max_payments": `"3"`, "payer_note": `"true"`, "fields": "{}", "show_count": "1", "customer": `"Ali"`, "deliver": `"sms"`, "return_url": "{}", "metadata": "[]", "category": "7",
	} {
		body := `{"amount":1,"currency":"TRY","` + field + `":` + value + `}`
		if field == "currency" {
			body = `{"amount":1,"currency":` + value + `}`
			h.mistakes(h.ask("POST", "/v1/links", body), "currency: wrong_type")
			continue
		}
		h.mistakes(h.ask("POST", "/v1/links", body), field+": wrong_type")
	}
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","customer":{"name":5}}`), "customer.name: wrong_type")
}

// A57: a body means one thing only, to every reader, or it is refused before it is understood.
func TestA57_bodiesThatAreRefusedUnread(t *testing.T) {
	h := open(t)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no body":                    {"", 400, "json_malformed"},
		"not JSON":                   {"amount=1", 400, "json_malformed"},
		"half of it":                 {`{"amount":1`, 400, "json_malformed"},
		"two objects":                {plainLink + plainLink, 400, "json_malformed"},
		"something behind it":        {plainLink + "x", 400, "json_malformed"},
		"a list":                     {"[" + plainLink + "]", 400, "json_malformed"},
		"null":                       {"null", 400, "json_malformed"},
		"a text":                     {`"x"`, 400, "json_malformed"},
		"a comma too many":           {`{"amount":1,"currency":"TRY",}`, 400, "json_malformed"},
		"a comment":                  {`{"amount":1,/*x*/"currency":"TRY"}`, 400, "json_malformed"},
		"broken UTF-8":               {"{\"amount\":1,\"currency\":\"TRY\",\"description\":\"\xff\xfe\"}", 400, "json_malformed"},
		"ISO-8859-9":                 {"{\"amount\":1,\"currency\":\"TRY\",\"description\":\"\xfeahin\"}", 400, "json_malformed"},
		"a byte order mark":          {"\ufeff" + plainLink, 400, "json_malformed"},
		"a raw line break in a text": {"{\"amount\":1,\"currency\":\"TRY\",\"description\":\"a\nb\"}", 400, "json_malformed"},
		"half a character":           {`{"amount":1,"currency":"TRY","description":"a\ud83d"}`, 400, "json_malformed"},
		"the other half":             {`{"amount":1,"currency":"TRY","description":"\\\udca5\ud83d"}`, 400, "json_malformed"},
		"two first halves":           {`{"amount":1,"currency":"TRY","description":"\ud83d\ud83d\udca5"}`, 400, "json_malformed"},
		"half a character in a name": {`{"amount":1,"currency":"TRY","metadata":{"\uD800":"x"}}`, 400, "json_malformed"},
		"a name twice":               {`{"amount":1,"currency":"TRY","amount":2}`, 400, "json_repeated_name"},
		"a name twice, once escaped": {`{"amount":1,"currency":"TRY","\u0061mount":2}`, 400, "json_repeated_name"},
		"a name twice, inside":       {`{"amount":1,"currency":"TRY","customer":{"name":"a","name":"b"}}`, 400, "json_repeated_name"},
		"a name twice, in a list":    {`{"amount":1,"currency":"TRY","x":[{"a":1},{"b":1,"b":2}]}`, 400, "json_repeated_name"},
		"21 levels":                  {`{"x":` + deep(20) + `}`, 400, "json_too_deep"},
		"thirty thousand levels":     {strings.Repeat(`[`, 30_000), 400, "json_too_deep"},
		"20 levels":                  {`{"x":` + deep(19) + `}`, 422, "validation_failed"},
		"brackets inside a text":     {`{"x":"` + strings.Repeat("[", 99) + `\""}`, 422, "validation_failed"},
		"65 KiB":                     {`{"x":"` + strings.Repeat("a", 65<<10) + `"}`, 413, "request_too_large"},
		"60 KiB":                     {`{"x":"` + strings.Repeat("a", 60<<10) + `"}`, 422, "validation_failed"},
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(h.ask("POST", "/v1/links", c.body, header("Content-Type", "application/json")), c.status, c.code)
		})
	}
	if l := h.make(`{"amount":1,"currency":"TRY","description":"\ud83d\udCA5 \\ud83d \u015f"}`); l.Description != `💥 \ud83d ş` {
		t.Errorf("whole characters became %q", l.Description)
	}
	// The same name in different objects is no repetition.
	h.make(`{"amount":1,"currency":"TRY","metadata":{"amount":"x","currency":"y","name":"z"},"customer":{"name":"a"}}`)
}

func TestA57_mediaTypesAndCodings(t *testing.T) {
	h := open(t)
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "application/problem+json", "json",
		"application/json; charset=iso-8859-9", "application/json; charset=utf-16", "application/json,text/plain", "application/json; charset"} {
		h.refused(h.ask("POST", "/v1/links", plainLink, header("Content-Type", kind)), 415, "unsupported_media_type")
	}
	for _, kind := range []string{"application/json", "APPLICATION/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8", `application/json; charset="utf-8"`, "application/json; v=1"} {
		h.make(plainLink, header("Content-Type", kind))
	}
	for _, coding := range []string{"gzip", "br", "identity", "deflate, gzip", "zstd"} {
		h.refused(h.ask("POST", "/v1/links", plainLink, header("Content-Encoding", coding)), 415, "content_encoding_not_supported")
		h.refused(h.ask("GET", "/v1/links", "", header("Content-Encoding", coding)), 415, "content_encoding_not_supported")
	}
}

// A62: what one request says is never seen in another's answer.
func TestA62_parallelRequestsDoNotMix(t *testing.T) {
	h := open(t)
	atOnce(100, func(i int) {
		own := fmt.Sprintf("request-%03d", i)
		l := h.make(fmt.Sprintf(`{"amount":%d,"currency":"TRY","order_id":%q,"description":%q,"metadata":{"own":%q}}`, i+1, own, own, own), idem(own))
		for _, have := range []link{l, h.get(l.ID)} {
			if have.Description != own || have.Metadata["own"] != own || have.OrderID != own || *have.Amount != int64(i+1) {
				t.Errorf("%s: %+v", own, have)
			}
		}
	})
}

// A63: an answer carries a reference and nothing of what went wrong inside.
func TestA63_storeAwayIsSaidWithoutItsReason(t *testing.T) {
	logs := &safeBuffer{}
	h := open(t, furnish{logs: logs})
	l := h.make(plainLink)
	h.fault.set("read")
	for _, target := range []string{"/v1/links", "/v1/links/" + l.ID, "/v1/payments"} {
		a := h.refused(h.ask("GET", target, ""), http.StatusServiceUnavailable, "temporarily_unavailable")
		if strings.Contains(string(a.body), "purpose") || a.header.Get("Retry-After") == "" {
			t.Errorf("%s %s", a.header, a.body)
		}
		if ref := a.problem(t).Instance; !strings.Contains(logs.String(), ref) || !strings.Contains(logs.String(), "broken on purpose") {
			t.Errorf("the log does not explain %s", ref)
		}
	}
	h.fault.set("")
	if got := h.get(l.ID); got.ID != l.ID {
		t.Errorf("%+v", got)
	}
}
