package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/api/client"
)

const key = "sk_test_shop00000000000000"

// standIn answers as a gateway in trouble does: by a list of answers, one a request, the last one for all that follow.
type standIn struct {
	*client.Client
	seen    []*http.Request
	waited  []time.Duration
	answers []func(http.ResponseWriter)
}

func stand(t *testing.T, answers ...func(http.ResponseWriter)) *standIn {
	t.Helper()
	s := &standIn{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.seen = append(s.seen, r)
		s.answers[min(len(s.seen), len(s.answers))-1](w)
	}))
	t.Cleanup(server.Close)
	var err error
	s.Client, err = client.New(client.Config{URL: server.URL, Key: key, Wait: func(ctx context.Context, d time.Duration) error {
		s.waited = append(s.waited, d)
		return ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func says(status int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// breaks ends the connection in the middle of an answer.
func breaks(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "100")
	_, _ = w.Write([]byte(`{"id"`))
	w.(http.Flusher).Flush() // else nothing was sent, and net/http itself repeats what has a key
	panic(http.ErrAbortHandler)
}

const busy = `{"type":"/docs/errors/temporarily_unavailable","title":"x","status":503,"detail":"Try again.","instance":"R1","code":"temporarily_unavailable"}`

func TestWhatFailsInPassingIsSentAgainUnderOneKey(t *testing.T) {
	s := stand(t, says(503, busy, "Retry-After", "7"), says(502, "<html>"), breaks, says(201, `{"id":"lnk_1","amount":25000}`))
	l, err := s.CreateLink(t.Context(), client.NewLink{Amount: 25000, Currency: client.CurrencyTRY})
	if err != nil || l.ID != "lnk_1" || l.Amount != 25000 {
		t.Fatalf("%+v %v", l, err)
	}
	first := s.seen[0].Header.Get("Idempotency-Key")
	for _, r := range s.seen {
		if got := r.Header.Get("Idempotency-Key"); got != first || len(got) < 16 || r.Header.Get("Authorization") != "Bearer "+key {
			t.Errorf("keys %q and %q", got, r.Header.Get("Authorization"))
		}
	}
	if len(s.seen) != 4 || s.waited[0] != 7*time.Second || s.waited[1] > time.Second || s.waited[2] <= s.waited[1]/2 {
		t.Errorf("%d requests, waited %v", len(s.seen), s.waited)
	}
	if _, err := s.CreateLink(t.Context(), client.NewLink{}); err != nil || s.seen[4].Header.Get("Idempotency-Key") == first {
		t.Errorf("another call has the same key: %v", err)
	}
	if _, err := s.CreateLink(t.Context(), client.NewLink{}, client.IdempotencyKey("order-7")); err != nil || s.seen[5].Header.Get("Idempotency-Key") != "order-7" {
		t.Errorf("a key of the caller's: %v", err)
	}
}

func TestTriesEnd(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		call   func(*standIn) error
		want   int
	}{
		"four times at most":                    {says(503, busy), read, 4},
		"a refusal is told at once":             {says(422, `{"code":"validation_failed"}`), read, 1},
		"our mistake is not repeated":           {says(500, `{"code":"internal"}`), read, 1},
		"no wait of hours":                      {says(429, `{"code":"too_many_tries"}`, "Retry-After", "7200"), read, 1},
		"a running request is waited for":       {says(409, `{"code":"idempotency_key_known"}`), read, 4},
		"a conflict is not":                     {says(409, `{"code":"order_id_taken"}`), read, 1},
		"a broken change is not sent again":     {breaks, edit, 1},
		"a change that was not done is":         {says(503, busy), edit, 4},
		"a redirect is no way for a key":        {says(302, "", "Location", "https://elsewhere.example/"), read, 1},
		"a broken answer of a read is repeated": {breaks, read, 4},
	} {
		s := stand(t, c.answer)
		if err := c.call(s); err == nil || len(s.seen) != c.want {
			t.Errorf("%s: %d requests, %v", name, len(s.seen), err)
		}
	}
	s, ctx := stand(t, says(503, busy)), t.Context()
	ended, end := context.WithCancel(ctx)
	end()
	if _, err := s.ReadLink(ended, "lnk_1"); !errors.Is(err, context.Canceled) || len(s.waited) != 0 {
		t.Errorf("%v after %v", err, s.waited)
	}
}

func read(s *standIn) error {
	_, err := s.ReadLink(context.Background(), "lnk_1")
	return err
}

func edit(s *standIn) error {
	_, err := s.EditLink(context.Background(), "lnk_1", client.LinkChange{Amount: client.Set(int64(5))})
	return err
}

func TestRefusalsAreProblems(t *testing.T) {
	s := stand(t, says(422, `{"type":"/docs/errors/validation_failed","title":"T","status":422,"detail":"D","instance":"I","code":"validation_failed","errors":[{"field":"amount","code":"required","message":"M"}]}`,
		"Location", "/v1/refunds/rfd_1", "Retry-After", "3"))
	err := read(s)
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != "validation_failed" || p.Status != 422 || p.Instance != "I" || p.RetryAfter != 3*time.Second || p.Location != "/v1/refunds/rfd_1" ||
		!slices.Equal(p.Errors, []client.FieldProblem{{Field: "amount", Code: "required", Message: "M"}}) || client.CodeOf(err) != "validation_failed" {
		t.Errorf("%#v of %v", p, err)
	}
	if text := err.Error(); !strings.Contains(text, "422 validation_failed: D amount: M") || strings.Contains(text, key) {
		t.Errorf("%s", text)
	}
	err = read(stand(t, says(404, "<html>nginx</html>")))
	if !errors.As(err, &p) || p.Status != 404 || p.Code != "" || client.CodeOf(errors.New("x")) != "" {
		t.Errorf("what no gateway answered: %v", err)
	}
}

// The key stands in nothing that is printed: neither the client nor what holds it, nor an error.
func TestTheKeyIsNotPrinted(t *testing.T) {
	s := stand(t, breaks)
	holder := struct{ inner *client.Client }{s.Client}
	copied := *s.Client
	for _, form := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{s.Client, copied, &copied, holder, read(s)} {
			if text := fmt.Sprintf(form, value); strings.Contains(text, "sk_test") || strings.Contains(text, fmt.Sprintf("%x", "sk_test")) {
				t.Errorf("%s of %T shows the key", form, value)
			}
		}
	}
	if raw, err := json.Marshal(struct{ Held *client.Client }{s.Client}); err != nil || strings.Contains(string(raw), "sk_test") {
		t.Errorf("%s %v", raw, err)
	}
}

func TestKeysGoToGatewaysOnly(t *testing.T) {
	for _, c := range []client.Config{
		{URL: "http://pay.example.com", Key: key}, {URL: "ftp://pay.example.com", Key: key}, {URL: "pay.example.com", Key: key}, {URL: "", Key: key},
		{URL: "https://user@pay.example.com", Key: key}, {URL: "https://pay.example.com?x=1", Key: key}, {URL: "https://pay.example.com", Key: ""},
		{URL: "https://pay.example.com", Key: "pk_x"}, {URL: "https://pay.example.com", Key: "sk_x\r\nX: y"}, {URL: "http://127.0.0.1.example.com", Key: key},
	} {
		if made, err := client.New(c); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v, %v", c.URL, made, err)
		}
	}
	for _, good := range []string{"https://pay.example.com/", "http://localhost:8080", "http://[::1]:80", "http://127.0.0.1:1"} {
		if _, err := client.New(client.Config{URL: good, Key: key}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func TestListsAreWalkedPageByPage(t *testing.T) {
	s := stand(t, says(200, `{"data":[{"id":"lnk_1"},{"id":"lnk_2"}],"next_cursor":"c1"}`), says(200, `{"data":[{"id":"lnk_3"}],"next_cursor":null}`))
	from := time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("", 3*3600))
	ids := []client.LinkID{}
	for l, err := range s.Links(t.Context(), client.LinkFilter{Status: client.LinkStatusPaid, From: from, Limit: 2, Q: "a b&c"}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, l.ID)
	}
	if !slices.Equal(ids, []client.LinkID{"lnk_1", "lnk_2", "lnk_3"}) || s.seen[0].URL.Query().Get("cursor") != "" || s.seen[1].URL.Query().Get("cursor") != "c1" {
		t.Errorf("%v by %s", ids, s.seen[1].URL)
	}
	for _, r := range s.seen {
		if q := r.URL.Query(); q.Get("status") != "paid" || q.Get("from") != "2026-11-22T12:00:00+03:00" || q.Get("limit") != "2" || q.Get("q") != "a b&c" || q.Has("to") {
			t.Errorf("%s", r.URL)
		}
	}
	for further, filter := range map[string]client.EventFilter{"cursor": {}, "after": {After: "evt_0"}} { // back from the newest, or on behind an event
		s = stand(t, says(200, `{"data":[{"id":"evt_1"}],"next_cursor":"evt_1"}`), says(403, `{"code":"x"}`))
		n := 0
		for e, err := range s.Events(t.Context(), filter) {
			if n++; n == 1 && (err != nil || e.ID != "evt_1") || n == 2 && client.CodeOf(err) != "x" {
				t.Errorf("%d: %v %v", n, e, err)
			}
		}
		if q := s.seen[1].URL.Query(); n != 2 || q.Get(further) != "evt_1" || len(q) != 1 || s.seen[0].URL.Query().Get("after") != string(filter.After) {
			t.Errorf("%d events, %s", n, s.seen[1].URL)
		}
	}
	s = stand(t, says(200, `{"data":[{"id":"lnk_1"},{"id":"lnk_2"}],"next_cursor":"c"}`))
	for range s.Links(t.Context(), client.LinkFilter{}) {
		break
	}
	if len(s.seen) != 1 {
		t.Errorf("%d pages for one link", len(s.seen))
	}
}

func TestIDsStayInTheirPlace(t *testing.T) {
	s := stand(t, says(200, `{}`))
	if _, err := s.ReadLink(t.Context(), "../payments?x=1#/"); err != nil || s.seen[0].URL.EscapedPath() != "/v1/links/..%2Fpayments%3Fx=1%23%2F" {
		t.Errorf("%s %v", s.seen[0].URL.EscapedPath(), err)
	}
}

func TestChangesSayWhatTheyLeave(t *testing.T) {
	for want, change := range map[string]client.LinkChange{
		`{}`: {}, `{"amount":5,"max_payments":null}`: {Amount: client.Set(int64(5)), MaxPayments: client.Null[int]()}, `{"payer_note":false}`: {PayerNote: client.Set(false)},
	} {
		if raw, err := json.Marshal(change); err != nil || string(raw) != want {
			t.Errorf("%s, want %s (%v)", raw, want, err)
		}
	}
}
