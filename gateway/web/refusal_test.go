package web_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// journal is a log that several goroutines may write.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// A refused head is a refusal like any other to a program: problem details with a stable code, in its
// language. To everybody else it is one line.
func TestRefusedHeadsTellProgramsAsEveryRefusalDoes(t *testing.T) {
	log := &journal{}
	h := serve(t, echo(nil), web.ListenOptions{
		HeadTimeout: 50 * time.Millisecond, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	for _, tc := range []struct {
		name, head string
		status     int
		code       string // "" = one line of text
		detail     string
	}{
		{"a broken line", "GET /v1/links\r\n\r\n", 400, "bad_request", "The request line is malformed."},
		{"two hosts", "GET /v1/links HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "bad_request", "A request names its host once."},
		{"a broken header", "POST /v1/links HTTP/1.1\r\nHost : x\r\n\r\n", 400, "bad_request", "A header name is malformed."},
		{"chunks", "POST /v1/links HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411, "length_required", "Send a Content-Length; this server takes no Transfer-Encoding."},
		{"an unknown expectation", "POST /v1/links HTTP/1.1\r\nHost: x\r\nExpect: gold\r\n\r\n", 417, "expectation_failed", ""},
		{"too large", "GET /v1/links?q=" + strings.Repeat("x", web.MaxHead), 431, "head_too_large", ""},
		{"too slow", "GET /v1/links HTTP/1.1\r\nHost: x\r\n", 408, "request_timeout", ""},
		{"an unknown method", "BREW /v1/links HTTP/1.1\r\nHost: x\r\n\r\n", 501, "method_unknown", ""},
		{"another version", "GET /v1/links HTTP/9.9\r\nHost: x\r\n\r\n", 505, "http_version_not_supported", ""},
		{"in the program's language", "GET /v1/links HTTP/1.1\r\nHost: x\r\naccept-language: tr-TR, en;q=0.5\r\nHost: y\r\n\r\n", 400, "bad_request", "İstekte Host başlığı bir kez bulunur."},
		{"what a card may choose", "GET /p/x/installments?bin=415565 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "bad_request", "A request names its host once."},
		{"a page", "GET /p/x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "", "A request names its host once."},
		{"a page in Turkish", "GET /p/x HTTP/1.1\r\nHost: x\r\nAccept-Language: tr\r\nHost: y\r\n\r\n", 400, "", "İstekte Host başlığı bir kez bulunur."},
		{"no API but one that begins so", "GET /v1x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "", "A request names its host once."},
		{"nothing that can be read", "?????\r\n\r\n", 400, "", "The request line is malformed."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := h.dial(t)
			send(t, c, tc.head)
			r := bufio.NewReader(c)
			status, header, body := receive(t, r)
			over(t, r)
			if status != tc.status || header.Get("Connection") != "close" {
				t.Fatalf("%d %v %s", status, header, body)
			}
			if tc.code == "" {
				if header.Get("Content-Type") != "text/plain; charset=utf-8" || body != tc.detail+"\n" {
					t.Errorf("%v %q", header, body)
				}
				return
			}
			var p web.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil || header.Get("Content-Type") != "application/problem+json" {
				t.Fatalf("%v %v %q", err, header, body)
			}
			if p.Code != tc.code || p.Status != tc.status || p.Type != "/docs/errors/"+tc.code || p.Title == "" || p.Detail == "" || tc.detail != "" && p.Detail != tc.detail {
				t.Errorf("%+v", p)
			}
			if !strings.Contains(log.String(), "ref="+p.Instance) {
				t.Errorf("the log does not know %q", p.Instance)
			}
		})
	}
}

// The sentences are in the language that the program asks for; what it goes by stays.
func TestProblemsSpeakTheProgramsLanguage(t *testing.T) {
	app := web.NewApp(web.Config{Message: func(lang, code string, _ map[string]string) string {
		if strings.Contains(code, " ") { // no words of its own for any field
			return ""
		}
		return lang + " " + code
	}})
	app.Get("/v1/x", failing(badAmount))
	app.Get("/p/x", failing(badAmount))
	for _, tc := range []struct {
		name, path, accept string
		lang, title        string
	}{
		{"Turkish when asked", "/v1/x", "tr-TR,tr;q=0.9", "tr", "İstekte hatalar var"},
		{"English when asked", "/v1/x", "en", "en", "The request has mistakes"},
		{"English when nothing is said", "/v1/x", "", "en", "The request has mistakes"},
		{"English when we do not speak it", "/v1/x", "de, fr", "en", "The request has mistakes"},
		{"by weight", "/v1/x", "en;q=0.2, tr;q=0.8", "tr", "İstekte hatalar var"},
		{"a page's address too", "/p/x", "tr", "tr", "İstekte hatalar var"},
		{"a page's own choice wins", "/p/x?lang=en", "tr", "en", "The request has mistakes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			headers := map[string]string{"Accept": "application/json"}
			if tc.accept != "" {
				headers["Accept-Language"] = tc.accept
			}
			a := ask(t, app, "GET", tc.path, headers, "")
			p := problem(t, a)
			if p.Title != tc.title || p.Detail != tc.lang+" validation_failed" || p.Errors[0].Message != tc.lang+" required" || a.header.Get("Content-Language") != tc.lang {
				t.Errorf("%v %+v", a.header, p)
			}
			if p.Code != "validation_failed" || p.Errors[0].Code != "required" || p.Errors[0].Field != "amount" {
				t.Errorf("what programs go by changed: %+v", p)
			}
		})
	}
}

var badAmount = checkout.Invalid(checkout.FieldError{Field: "amount", Code: "required"})
