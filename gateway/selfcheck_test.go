//go:build !race

package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/pay"
)

// A42: whatever changes the card page, a file of it or its headers on the way out is found at the next look
// of the self-check: a log line, a metric and the readiness say so, and stop saying so when it is over.
func TestA42_ChangedPagesAreFound(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	r.link(nil)
	gateway, err := url.Parse(r.base)
	if err != nil {
		t.Fatal(err)
	}
	type alter func(path string, h http.Header, body []byte) []byte
	var change atomic.Value // of alter
	change.Store(alter(nil))
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(gateway)
			p.Out.Header.Del("Accept-Encoding") // so that the page can be changed as text
		},
		ModifyResponse: func(a *http.Response) error {
			var body bytes.Buffer
			if _, err := body.ReadFrom(a.Body); err != nil {
				return err
			}
			changed := body.Bytes()
			if do := change.Load().(alter); do != nil {
				changed = do(a.Request.URL.Path, a.Header, changed)
			}
			a.Header.Del("Content-Length")
			a.ContentLength, a.Body = int64(len(changed)), http.NoBody
			a.Body = readCloser{bytes.NewReader(changed)}
			return nil
		},
	}
	front := httptest.NewServer(proxy)
	defer front.Close()
	page := func(was, is string) func(string, http.Header, []byte) []byte {
		return func(path string, _ http.Header, body []byte) []byte {
			if strings.HasPrefix(path, "/p/") && !bytes.Contains(body, []byte(was)) {
				t.Errorf("%q is not on the page", was)
			}
			if !strings.HasPrefix(path, "/p/") {
				return body
			}
			return bytes.Replace(body, []byte(was), []byte(is), 1)
		}
	}
	header := func(name, value string) func(string, http.Header, []byte) []byte {
		return func(_ string, h http.Header, body []byte) []byte { h.Set(name, value); return body }
	}
	ctx := context.Background()
	if err := r.app.pages.Inspect(ctx, front.URL); err != nil {
		t.Fatalf("the page as it is: %v", err)
	}
	for name, c := range map[string]func(string, http.Header, []byte) []byte{
		"another script":        page("</head>", `<script src="/s/app.js"></script></head>`),
		"a script of a host":    page("</head>", `<script src="https://evil.example/x.js" integrity="sha256-x"></script></head>`),
		"an inline script":      page("</main>", `<script>1</script></main>`),
		"a script's text":       page(`"render"></script>`, `"render">1</script>`),
		"another integrity":     page(`integrity="sha256-`, `integrity="sha256-A`),
		"no integrity":          page(` integrity=`, ` data-integrity=`),
		"an event":              page(`<body>`, `<body onload="x()">`),
		"a style":               page(`<body>`, `<body><style>*{}</style>`),
		"a style sheet":         page("</head>", `<link rel="stylesheet" href="/s/app.css" integrity="sha256-x"></head>`),
		"a preload":             page("</head>", `<link rel="preload" as="script" href="//evil.example/x.js"></head>`),
		"a frame":               page("</main>", `<iframe src="/x"></iframe></main>`),
		"a base":                page("<head>", `<head><base href="https://evil.example/">`),
		"a form to elsewhere":   page(`action="/p/`, `action="//evil.example/p/`),
		"a button to elsewhere": page(`<button class="go"`, `<button formaction="https://evil.example" class="go"`),
		"no script":             page(`<script `, `<i `),
		"a weaker policy":       header("Content-Security-Policy", "default-src 'self'"),
		"no policy":             func(_ string, h http.Header, b []byte) []byte { h.Del("Content-Security-Policy"); return b },
		"two policies":          func(_ string, h http.Header, b []byte) []byte { h.Add("Content-Security-Policy", "sandbox"); return b },
		"a cached page":         header("Cache-Control", "public"),
		"a foreign header":      header("Link", "</x.js>; rel=preload"),
		"another script file": func(path string, _ http.Header, b []byte) []byte {
			if strings.HasSuffix(path, ".js") {
				return append(b, "//"...)
			}
			return b
		},
		"another style file": func(path string, _ http.Header, b []byte) []byte {
			if strings.HasPrefix(path, "/t/") {
				return append(b, "*{}"...)
			}
			return b
		},
	} {
		change.Store(alter(c))
		if err := r.app.pages.Inspect(ctx, front.URL); !errors.Is(err, pay.ErrPageChanged) || strings.Contains(err.Error(), "evil") {
			t.Errorf("%s: %v", name, err)
		}
	}

	// The alert: on, and off again; a page that cannot be seen changes nothing about it.
	r.app.inspection.look = func(ctx context.Context) error { return r.app.pages.Inspect(ctx, front.URL) }
	ready := func() string {
		w := httptest.NewRecorder()
		r.app.admin().Handler.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		return w.Body.String()
	}
	change.Store(alter(page("</main>", `<script>1</script></main>`)))
	if err := r.app.inspect(ctx); err != nil {
		t.Error(err)
	}
	if out := ready(); !strings.Contains(out, `"degraded"`) || !strings.Contains(out, "page_changed") {
		t.Errorf("readiness: %s", out)
	}
	if len(r.logged("page_changed")) != 1 {
		t.Error("no line in the log")
	}
	change.Store(alter(func(string, http.Header, []byte) []byte { panic(http.ErrAbortHandler) }))
	if err := r.app.inspect(ctx); err == nil || errors.Is(err, pay.ErrPageChanged) {
		t.Errorf("a page that was not seen: %v", err)
	}
	if !strings.Contains(ready(), "page_changed") {
		t.Error("the alert ended though nobody saw the page")
	}
	change.Store(alter(nil))
	if err := r.app.inspect(ctx); err != nil || !strings.Contains(ready(), `"ready"`) {
		t.Errorf("after the change: %v, %s", err, ready())
	}
	if inspectEvery+inspectTime > 5*time.Minute/2 {
		t.Error("a look may be missed, and the next one comes later than five minutes")
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// The look is at the own listener, whatever address it has.
func TestA42_OwnListener(t *testing.T) {
	for at, want := range map[string]string{
		"127.0.0.1:8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:443": "[::1]:443", "[2001:db8::1]:80": "[2001:db8::1]:80",
	} {
		a, err := net.ResolveTCPAddr("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if got := reachable(a); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	r := newRig(t, rigOptions{})
	if err := r.app.pages.Inspect(context.Background(), r.base); err != nil {
		t.Errorf("without any link: %v", err)
	}
}
