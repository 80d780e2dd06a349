package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
)

// The limit that a page is held against sends the page's own bytes, of each encoding.
func TestStaticPagesAreTheBytesThatWereFetched(t *testing.T) {
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		text := "plain"
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			text = "\x1f\x8bsqueezed"
		}
		_, _ = io.WriteString(w, text) // read by the test, or missing there
	}))
	defer source.Close()
	addr := testenv.FreeAddr(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- start(ctx, []string{"static", "-addr", addr, "-write-buffer", "16384", "-like", "/a.gz=" + source.URL, "-like", "/a=" + source.URL}, io.Discard)
	}()
	for path, want := range map[string][2]string{"/a.gz": {"gzip", "\x1f\x8bsqueezed"}, "/a": {"", "plain"}} {
		resp := get(t, "http://"+addr+path)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(body) != want[1] || resp.Header.Get("Content-Encoding") != want[0] || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %q, %v, %v", path, body, resp.Header, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// get asks until the server listens.
func get(t *testing.T, address string) *http.Response {
	t.Helper()
	for late := time.Now().Add(30 * time.Second); ; {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "identity")
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			return resp
		}
		if time.Now().After(late) {
			t.Fatal(err)
		}
	}
}

func TestMistakesEndTheStart(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	for want, args := range map[string][]string{
		"say 'baseline shop'":     {},
		"neither shop nor static": {"pub"},
		"required":                {"shop", "-redis", "redis://127.0.0.1:1"},
		"-like is required":       {"static"},
		"is not like":             {"static", "-like", "page"},
		"answers 404":             {"static", "-like", "/a=" + gone.URL},
		"no loopback address":     {"static", "-addr", "0.0.0.0:0", "-like", "/a=" + gone.URL},
		"unexpected argument":     {"static", "more"},
	} {
		if err := start(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}
