package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// answer is what a client gets.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends one request through the app without a network.
func ask(t *testing.T, app *fiber.App, method, target string, header map[string]string, body string) answer {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := app.Test(r, -1)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func problem(t *testing.T, a answer) web.Problem {
	t.Helper()
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Fatalf("content type %q, body %q", ct, a.body)
	}
	var p web.Problem
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return p
}

func failing(err error) fiber.Handler { return func(*fiber.Ctx) error { return err } }

func TestErrorsBecomeAnswersByKind(t *testing.T) {
	cases := []struct {
		name   string
		err    error
		status int
		code   string
		retry  string
	}{
		{"wrong input is 422", checkout.Invalid(checkout.FieldError{Field: "amount", Code: "required"}), 422, "validation_failed", ""},
		{"unknown is 404", checkout.ErrNoLink, 404, "link_not_found", ""},
		{"no key is 401", checkout.ErrNoKey, 401, "invalid_api_key", ""},
		{"not yet is 403", checkout.ErrNotActiveYet, 403, "link_not_active_yet", ""},
		{"gone is 410", checkout.ErrExpired, 410, "link_expired", ""},
		{"a conflict is 409", checkout.ErrBusy, 409, "link_busy", ""},
		{"a limit is 429 and says when again, rounded up", checkout.ErrVelocity.After(1500 * time.Millisecond), 429, "too_many_tries", "2"},
		{"a limit without a time still says when", checkout.ErrResting, 429, "link_resting", "60"},
		{"a forged callback is 400", checkout.Forged(checkout.ForgedHashMismatch), 400, "callback_rejected", ""},
		{"a store away is 503 and says when again", checkout.ErrStoreAway, 503, "temporarily_unavailable", "5"},
		{"a wrapped error keeps its kind", fmt.Errorf("open: %w", checkout.ErrPaid), 410, "link_paid", ""},
		{"an unknown error is 500", errors.New("secret 4155650000000007"), 500, "internal", ""},
		{"a status of its own wins over the kind's", web.BadRequest("bin_malformed"), 400, "bin_malformed", ""},
		{"a wrapped own status still wins", fmt.Errorf("x: %w", web.BadRequest("bin_malformed")), 400, "bin_malformed", ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			app := web.NewApp(web.Config{NewRef: func() string { return "REF" }})
			app.Get("/v1/x", failing(tc.err))
			a := ask(t, app, "GET", "/v1/x", nil, "")
			p := problem(t, a)
			if a.status != tc.status || p.Status != tc.status || p.Code != tc.code || p.Instance != "REF" {
				t.Errorf("got %d %+v", a.status, p)
			}
			if p.Type != "/docs/errors/"+tc.code || p.Title == "" || p.Detail == "" {
				t.Errorf("incomplete problem %+v", p)
			}
			if got := a.header.Get("Retry-After"); got != tc.retry {
				t.Errorf("Retry-After %q, want %q", got, tc.retry)
			}
			if strings.Contains(a.body, "secret") || strings.Contains(a.body, "4155") {
				t.Errorf("the cause got out: %s", a.body)
			}
		})
	}
}

func TestFieldMistakesCarryTheSurfacesWords(t *testing.T) {
	app := web.NewApp(web.Config{Message: func(lang, code string, args map[string]string) string {
		if code != "max" {
			return ""
		}
		return lang + " at most " + args["n"]
	}})
	app.Get("/v1/x", failing(checkout.Invalid(
		checkout.FieldError{Field: "amount", Code: "max", Args: map[string]string{"n": "5"}},
		checkout.FieldError{Field: "currency", Code: "not_a_currency"},
	)))
	p := problem(t, ask(t, app, "GET", "/v1/x", nil, ""))
	want := []web.ProblemField{{"amount", "max", "en at most 5"}, {"currency", "not_a_currency", "Not a currency."}}
	if len(p.Errors) != 2 || p.Errors[0] != want[0] || p.Errors[1] != want[1] {
		t.Errorf("got %+v", p.Errors)
	}
}

func TestPeopleGetPagesAndProgramsGetProblems(t *testing.T) {
	page := func(c *fiber.Ctx, e *checkout.Error, status int, ref string) error {
		return c.Type("html").SendString(fmt.Sprintf("page %s %d %s", e.Code, status, ref))
	}
	app := web.NewApp(web.Config{ErrorPage: page, NewRef: func() string { return "REF" }})
	app.Get("/p/:token", failing(checkout.ErrNoLink))
	cases := []struct {
		name, target, accept string
		page                 bool
	}{
		{"a browser gets the page", "/p/x", "text/html,application/xhtml+xml,*/*;q=0.8", true},
		{"no wish is a browser", "/p/x", "", true},
		{"who asks for JSON gets a problem", "/p/x", "application/json", false},
		{"who asks for both is a browser", "/p/x", "text/html, application/json", true},
		{"the API is for programs", "/v1/nothing", "text/html", false},
		{"so is a version that there is not", "/v2/links", "text/html", false},
		{"and its root", "/v20", "", false},
		{"what only looks like the API is not", "/v1x", "text/html", true},
		{"nor is what has no number", "/v/links", "text/html", true},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			a := ask(t, app, "GET", tc.target, map[string]string{"Accept": tc.accept}, "")
			if a.status != 404 {
				t.Fatalf("status %d", a.status)
			}
			if isPage := strings.HasPrefix(a.body, "page "); isPage != tc.page {
				t.Errorf("got %q", a.body)
			}
			if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Security-Policy") == "" {
				t.Errorf("headers missing: %v", a.header)
			}
		})
	}
}

func TestAPageThatCannotBeRenderedStillAnswers(t *testing.T) {
	for name, page := range map[string]web.ErrorPage{
		"it fails":  func(*fiber.Ctx, *checkout.Error, int, string) error { return errors.New("template") },
		"it panics": func(*fiber.Ctx, *checkout.Error, int, string) error { panic("template") },
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			app := web.NewApp(web.Config{ErrorPage: page, Log: slog.New(slog.NewTextHandler(&log, nil)), NewRef: func() string { return "REF" }})
			a := ask(t, app, "GET", "/nothing?lang=en", nil, "")
			if a.status != 404 || !strings.Contains(a.body, "REF") || !strings.Contains(a.body, "could not be opened") {
				t.Errorf("got %d %q", a.status, a.body)
			}
			if !strings.Contains(log.String(), "REF") {
				t.Errorf("not logged: %q", log.String())
			}
		})
	}
}

func TestAnErrorLeavesNothingOfTheHandlersAnswer(t *testing.T) {
	app := web.NewApp(web.Config{})
	app.Get("/p/x", func(c *fiber.Ctx) error {
		c.Set("Cache-Control", "public, max-age=99")
		c.Set("X-Half", "done")
		_ = c.SendString("half a page") // cannot fail
		return checkout.ErrStoreAway
	})
	a := ask(t, app, "GET", "/p/x", nil, "")
	if a.status != 503 || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Half") != "" || strings.Contains(a.body, "half") {
		t.Errorf("got %d %v %q", a.status, a.header, a.body)
	}
}

func TestAMethodThatARouteDoesNotTakeIs405WithAllow(t *testing.T) {
	app := web.NewApp(web.Config{})
	app.Get("/v1/x", failing(nil))
	a := ask(t, app, "DELETE", "/v1/x", nil, "")
	if p := problem(t, a); a.status != 405 || p.Code != "method_not_allowed" || !strings.Contains(a.header.Get("Allow"), "GET") {
		t.Errorf("got %d %v %s", a.status, a.header, a.body)
	}
}

func TestNoServerHeader(t *testing.T) {
	app := web.NewApp(web.Config{})
	app.Get("/x", func(c *fiber.Ctx) error { return c.SendString("ok") })
	for _, target := range []string{"/x", "/none"} {
		if s := ask(t, app, "GET", target, nil, "").header.Get("Server"); s != "" {
			t.Errorf("%s: Server %q", target, s)
		}
	}
}

func TestA16_PathsDifferInCaseAndTrailingSlash(t *testing.T) {
	app := web.NewApp(web.Config{})
	app.Get("/p/:token", func(c *fiber.Ctx) error { return c.SendString(c.Params("token")) })
	if a := ask(t, app, "GET", "/p/aBcDeFgHiJkL", nil, ""); a.body != "aBcDeFgHiJkL" {
		t.Errorf("the case of an id was lost: %q", a.body)
	}
	for _, target := range []string{"/P/aBcDeFgHiJkL", "/p/aBcDeFgHiJkL/"} {
		if a := ask(t, app, "GET", target, nil, ""); a.status != 404 {
			t.Errorf("%s: %d", target, a.status)
		}
	}
}

// The demo's credentials are public: another site's page must not reach them by rebinding its name.
func TestOnlyConfiguredHostsAreAnswered(t *testing.T) {
	app := web.NewApp(web.Config{Hosts: []string{"localhost", "127.0.0.1", "::1"}})
	app.Get("/x", func(c *fiber.Ctx) error { return c.SendString("ok") })
	for host, status := range map[string]int{
		"localhost": 200, "LOCALHOST:8080": 200, "127.0.0.1:8080": 200, "[::1]:8080": 200, "[::1]": 200,
		"evil.example": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example:8080": 421,
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.Host = host
		res, err := app.Test(r, -1)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != status {
			t.Errorf("%s: %d, want %d", host, res.StatusCode, status)
		}
	}
}

func TestA57_EncodedBodiesAreRefusedUnread(t *testing.T) {
	app := web.NewApp(web.Config{})
	called := false
	app.Post("/3ds/x", func(*fiber.Ctx) error { called = true; return nil })
	for _, coding := range []string{"gzip", "deflate", "br", "identity", "x"} {
		a := ask(t, app, "POST", "/3ds/x", map[string]string{"Content-Encoding": coding}, "\x1f\x8b")
		if a.status != 415 || called {
			t.Errorf("%s: %d, handler called %v", coding, a.status, called)
		}
	}
}

func TestA21_FormsHaveLimits(t *testing.T) {
	app := web.NewApp(web.Config{})
	app.Post("/3ds/x", func(c *fiber.Ctx) error {
		f, err := web.Form(c)
		if err != nil {
			return err
		}
		return c.SendString(fmt.Sprintf("%q", f["a"]))
	})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=ISO-8859-9"}
	many := strings.Repeat("a=1&", 199) + "a=1"
	cases := []struct {
		name   string
		header map[string]string
		body   string
		status int
		answer string
	}{
		{"repeated fields and foreign bytes are kept", form, "a=%DE&a=b", 200, `["\xde" "b"]`},
		{"200 fields are taken", form, many, 200, ""},
		{"201 fields are not", form, many + "&a=1", 413, ""},
		{"a body at the limit is taken", form, "a=" + strings.Repeat("x", web.MaxBody-2), 200, ""},
		{"a broken escape is refused", form, "a=%zz", 400, ""},
		{"a semicolon is refused", form, "a=1;b=2", 400, ""},
		{"multipart is refused", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, "--x--", 415, ""},
		{"JSON is refused", map[string]string{"Content-Type": "application/json"}, "{}", 415, ""},
		{"no type is refused", nil, "a=1", 415, ""},
		{"an empty body is an empty form", nil, "", 200, "[]"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			a := ask(t, app, "POST", "/3ds/x", tc.header, tc.body)
			if a.status != tc.status || (tc.answer != "" && a.body != tc.answer) {
				t.Errorf("got %d %.200s", a.status, a.body)
			}
		})
	}
}

func TestA65_APanicWithACardInMemoryShowsNoDigitOfIt(t *testing.T) {
	const pan, cvv = "4155650000000007", "739"
	panics := map[string]func(){
		"with the card as text":     func() { panic("cannot read " + pan + " " + cvv) },
		"with an error of the card": func() { panic(fmt.Errorf("parse %s", pan)) },
		"with the card as a number": func() { panic(4155650000000007) },
		"out of range by the code":  func() { n := len(pan) * 46; _ = []byte(pan)[n+3] },
	}
	for name, boom := range panics {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			app := web.NewApp(web.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), NewRef: func() string { return "REF" }})
			app.Post("/p/x/pay", func(*fiber.Ctx) error { boom(); return nil })
			a := ask(t, app, "POST", "/p/x/pay", nil, "card_number="+pan+"&card_cvc="+cvv)
			if a.status != 500 || !strings.Contains(a.body, "REF") {
				t.Errorf("got %d %s", a.status, a.body)
			}
			if !strings.Contains(log.String(), "REF") || !strings.Contains(log.String(), "panic") {
				t.Errorf("not logged: %s", log.String())
			}
			for _, out := range []string{a.body, log.String()} {
				if strings.Contains(out, pan) || strings.Contains(out, pan[:8]) || strings.Contains(out, cvv) {
					t.Errorf("card digits in %q", out)
				}
			}
		})
	}
}

func TestA63_ThePublicAddressHasNoAdminPages(t *testing.T) {
	app := web.NewApp(web.Config{})
	for _, target := range []string{"/metrics", "/readyz", "/livez", "/debug/pprof/", "/debug/vars"} {
		if a := ask(t, app, "GET", target, nil, ""); a.status != 404 || strings.Contains(a.body, "goroutine") {
			t.Errorf("%s: %d %q", target, a.status, a.body)
		}
	}
}

func TestServedTellsTheRouteAndNothingOfTheRequest(t *testing.T) {
	var told []web.Served
	app := web.NewApp(web.Config{Done: func(s web.Served) { told = append(told, s) }, NewRef: func() string { return "REF" }})
	app.Get("/p/:token", func(c *fiber.Ctx) error { return c.SendString("hello") })
	app.Get("/r/:payment", failing(checkout.ErrNoPayment))
	for _, target := range []string{"/p/secretsecret", "/r/pay_x", "/elsewhere/secret"} {
		ask(t, app, "GET", target, nil, "")
	}
	if len(told) != 3 {
		t.Fatalf("told %d times", len(told))
	}
	if s := told[0]; s.Route != "/p/:token" || s.Status != 200 || s.Bytes != 5 || s.Method != "GET" || s.Code != "" {
		t.Errorf("%+v", s)
	}
	if s := told[1]; s.Route != "/r/:payment" || s.Status != 404 || s.Code != "payment_not_found" || s.Ref != "REF" {
		t.Errorf("%+v", s)
	}
	if s := told[2]; s.Route != "" || s.Status != 404 {
		t.Errorf("%+v", s)
	}
}
