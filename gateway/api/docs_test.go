//go:build !race

package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/api"
)

// The type of every problem leads to a page that says what it means, in the reader's language.
func TestEveryProblemTypeIsAPage(t *testing.T) {
	h := open(t)
	codes := emitted(t, everywhere...)
	for _, prefix := range []string{"note_", "name_"} { // begin codes of single fields
		delete(codes, prefix)
	}
	for _, code := range document().allCodes() {
		codes[code] = "openapi.yaml"
	}
	for code, where := range codes {
		for _, lang := range []string{"en", "tr"} {
			a := h.ask("GET", "/docs/errors/"+code, "", header("Accept-Language", lang), header("Authorization", ""))
			if a.status != http.StatusOK {
				t.Errorf("%s (%s): status %d", code, where, a.status)
				continue
			}
			text := string(a.body)
			for _, part := range []string{`<html lang="` + lang + `">`, "<h1>" + code + "</h1>", escapeText(api.Message(lang, code, nil))} {
				if !strings.Contains(text, part) {
					t.Errorf("%s in %s: no %q\n%s", code, lang, part, text)
				}
			}
		}
	}
	if len(codes) < 60 {
		t.Errorf("only %d codes", len(codes))
	}
}

// escapeText writes what html/template writes.
func escapeText(s string) string {
	return strings.NewReplacer("&", "&amp;", "'", "&#39;", `"`, "&#34;", "<", "&lt;", ">", "&gt;", "+", "&#43;").Replace(s)
}

func TestTheListOfErrorsHasEveryCode(t *testing.T) {
	h := open(t)
	for _, c := range []struct{ target, accept, lang, title string }{
		{"/docs/errors", "", "en", "Error codes"},
		{"/docs/errors", "tr-TR,tr;q=0.9", "tr", "Hata kodları"},
		{"/docs/errors?lang=tr", "en", "tr", "Hata kodları"},
	} {
		a := h.ask("GET", c.target, "", header("Accept-Language", c.accept))
		text := string(a.body)
		if a.status != 200 || a.header.Get("Content-Language") != c.lang || !strings.Contains(text, "<h1>"+c.title+"</h1>") {
			t.Errorf("%s for %q: %d, %s\n%s", c.target, c.accept, a.status, a.header.Get("Content-Language"), text[:min(400, len(text))])
		}
		for _, code := range document().allCodes() {
			if !strings.Contains(text, `href="/docs/errors/`+code+`?lang=`+c.lang+`"`) {
				t.Errorf("%s: %s is not in the list", c.target, code)
			}
		}
	}
}

// These pages are pages: under the policy of pages, without anything inline.
func TestPagesAboutErrorsKeepTheHouseRules(t *testing.T) {
	h := open(t)
	for _, target := range []string{"/docs/errors", "/docs/errors/validation_failed"} {
		a := h.ask("GET", target, "")
		if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "style-src 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", target, csp)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
		for _, inline := range []string{"<script", "<style", " style=", " onclick=", "javascript:"} {
			if strings.Contains(strings.ToLower(string(a.body)), inline) {
				t.Errorf("%s has %s", target, inline)
			}
		}
	}
	for _, target := range []string{"/docs/errors/nothing", "/docs/errors/%3Cscript%3E", "/docs/errors/Internal"} {
		h.refused(h.ask("GET", target, "", header("Accept", "application/json")), 404, "not_found")
	}
}

// A browser that once came by https is told to keep to it, by the API as by pages.
func TestAnswersOfHttpsGatewaysKeepToHttps(t *testing.T) {
	h := open(t, furnish{public: "https://pay.example.com"})
	for _, target := range []string{"/v1/links", "/v1/openapi.yaml", "/docs/errors"} {
		if got := h.ask("GET", target, "").header.Get("Strict-Transport-Security"); !strings.Contains(got, "max-age=") {
			t.Errorf("%s: Strict-Transport-Security is %q", target, got)
		}
	}
}
