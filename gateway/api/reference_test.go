//go:build !race

package api_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// The page about the API shows every operation of the contract with everything that it takes and answers, and
// every object with all of its fields.
func TestTheReferenceHasEverything(t *testing.T) {
	h := open(t)
	a := h.ask("GET", "/docs?lang=tr", "", without("Authorization"))
	text := string(a.body)
	if a.status != 200 || a.header.Get("Content-Language") != "tr" || !strings.Contains(text, `<html lang="tr">`) || !strings.Contains(text, "Kimlik doğrulama") {
		t.Fatalf("%s %.300s", a, text)
	}
	d := document()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.operations {
		part := between(t, text, `<article id="`+o.node["operationId"].(string)+`">`, "</article>")
		wants := []string{o.method + "</b> <code>" + o.path + "</code>", escapeText(o.node["summary"].(string)), "curl", h.url}
		for status := range o.node["responses"].(map[string]any) {
			wants = append(wants, "<b>"+status+"</b>")
		}
		for name := range o.params {
			wants = append(wants, "<code>"+name+"</code>")
		}
		body := d.follow(d.follow(o.at+"/requestBody/content/application~1json") + "/schema")
		if fields, ok := d.at(body + "/properties").(map[string]any); ok {
			for name := range fields {
				wants = append(wants, "<code>"+name+"</code>")
			}
		}
		for _, want := range wants {
			if !strings.Contains(part, want) {
				t.Errorf("%s %s: the page does not say %s", o.method, o.path, want)
			}
		}
		if strings.Contains(part, "<no value>") || strings.Contains(part, "{id}'") || strings.Contains(part, "//links") {
			t.Errorf("%s %s: an address without an id", o.method, o.path)
		}
	}
	for name, schema := range d.at("/components/schemas").(map[string]any) {
		fields, ok := schema.(map[string]any)["properties"].(map[string]any)
		if !ok {
			continue
		}
		part := between(t, text, `<article id="object-`+name+`"`, "</article>")
		for field := range fields {
			if !strings.Contains(part, "<code>"+field+"</code>") {
				t.Errorf("the object %s is shown without %s", name, field)
			}
		}
	}
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, from)
	if !found {
		t.Errorf("the page has no %s", from)
	}
	part, _, _ := strings.Cut(rest, to)
	return part
}

// Every anchor leads somewhere, every code has its page, nothing is fetched from anywhere else, nothing is inline,
// and what a text of the contract holds is text.
func TestTheReferenceKeepsTheHouseRules(t *testing.T) {
	h := open(t)
	known := map[string]bool{}
	for _, code := range document().allCodes() {
		known[code] = true
	}
	for _, lang := range []string{"en", "tr"} {
		a := h.ask("GET", "/docs", "", header("Accept-Language", lang))
		text := string(a.body)
		if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("policy %q", policy)
		}
		ids := map[string]int{}
		for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(text, -1) {
			if ids[m[1]]++; ids[m[1]] > 1 {
				t.Errorf("the id %s stands twice", m[1])
			}
		}
		for _, m := range regexp.MustCompile(` (?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
			anchor, inside := strings.CutPrefix(m[1], "#")
			code, about := strings.CutPrefix(m[1], "/docs/errors/")
			code, _, _ = strings.Cut(code, "?")
			switch {
			case inside && ids[anchor] == 0, about && !known[code], !inside && !strings.HasPrefix(m[1], "/") && !strings.HasPrefix(m[1], "?"):
				t.Errorf("%s leads nowhere that we know", m[1])
			}
		}
		for _, inline := range []string{"<script", "<style", " style=", " onclick=", "javascript:", "&lt;code&gt;", "ZgotmplZ"} {
			if strings.Contains(text, inline) {
				t.Errorf("the page has %s", inline)
			}
		}
	}
}

// Its hundreds of kilobytes travel compressed to whoever takes that, and are the same page then.
func TestTheReferenceIsCompressed(t *testing.T) {
	h := open(t)
	plain := h.ask("GET", "/docs", "", header("Accept-Encoding", "identity"))
	r, err := http.NewRequest("GET", h.url+"/docs", nil)
	h.must(err)
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := h.client.Do(r)
	h.must(err)
	defer answer.Body.Close()
	if answer.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(answer.Header.Get("Vary"), "Accept-Encoding") || answer.ContentLength*4 > int64(len(plain.body)) {
		t.Errorf("%v, %d bytes of %d", answer.Header, answer.ContentLength, len(plain.body))
	}
	z, err := gzip.NewReader(answer.Body)
	h.must(err)
	small, err := io.ReadAll(z)
	h.must(err)
	if string(small) != string(plain.body) || plain.header.Get("Content-Encoding") != "" {
		t.Errorf("%d bytes compressed, %d as they are (%s)", len(small), len(plain.body), plain.header.Get("Content-Encoding"))
	}
}
