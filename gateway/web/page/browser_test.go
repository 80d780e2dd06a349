//go:build browser

package page

import (
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var shotDir = flag.String("shots", "", "keep screenshots of every page in this folder")

// site serves the samples as /{lang}/{name} and the files beside them, with the policy that the
// gateway sends, so that an inline script or style would be refused here too.
func site(t *testing.T, p *Pages) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc(AssetPath, func(w http.ResponseWriter, r *http.Request) {
		a, ok := p.Assets().ByPath(r.URL.Path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", a.ContentType)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(a.Body)
	})
	mux.HandleFunc(ThemePath, func(w http.ResponseWriter, r *http.Request) {
		css, ok := ThemeFile(strings.TrimPrefix(r.URL.Path, ThemePath))
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/css")
		_, _ = w.Write(css)
	})
	mux.HandleFunc("GET /p/{token}", func(w http.ResponseWriter, r *http.Request) {
		v, lang := sampleCheckout, r.FormValue("lang")
		if lang == "" {
			lang = "tr"
		}
		body, err := p.AppendCheckout(nil, Key{lang, shop, usual | VariantNote}, &v)
		answer(t, w, body, err)
	})
	mux.HandleFunc("GET /p/{token}/installments", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(sampleOffers(r.FormValue("bin"))))
	})
	for _, s := range samples() {
		for _, lang := range p.Languages() {
			mux.HandleFunc("GET /"+lang+"/"+s.name, func(w http.ResponseWriter, r *http.Request) {
				body, err := p.Render(lang, s.view)
				answer(t, w, body, err)
			})
		}
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func answer(t *testing.T, w http.ResponseWriter, body []byte, err error) {
	if err != nil {
		t.Error(err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self' https://acs.bank.example; base-uri 'none'; frame-ancestors 'none'")
	_, _ = w.Write(body)
}

func sampleOffers(bin string) string {
	if strings.HasPrefix(bin, "400709") {
		return `{"bin":"400709","brand":"visa","kind":"debit","issuer":"QNB","program":null,"currency":"TRY","offers":[{"count":1,"total":25000,"monthly":25000}]}`
	}
	return `{"bin":"415565","brand":"visa","kind":"credit","issuer":"QNB","program":"CardFinans","currency":"TRY","offers":[` +
		`{"count":1,"total":25000,"monthly":25000},{"count":2,"total":25000,"monthly":12500},{"count":3,"total":25900,"monthly":8633,"rate":"3.60"},` +
		`{"count":6,"total":26800,"monthly":4467},{"count":9,"total":27700,"monthly":3078},{"count":12,"total":28600,"monthly":2383}]}`
}

// open starts a browser of its own, without the network but for the loopback.
func open(t *testing.T) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("hide-scrollbars", true))
	if path := os.Getenv("CHROMIUM"); path != "" {
		opts = append(opts, chromedp.ExecPath(path))
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	return ctx
}

// patience bounds each step in the browser.
const patience = 20 * time.Second

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for i, step := range steps {
		limited, cancel := context.WithTimeout(ctx, patience)
		err := chromedp.Do(limited, step)
		cancel()
		if err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
	}
}

// js asks the page.
func js[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	v, err := chromedp.Run(limited, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for the page to make an expression true.
func until(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(limited, chromedp.Poll[bool](expression)); err != nil {
		t.Fatalf("waiting for %s: %v", expression, err)
	}
}

func screen(t *testing.T, ctx context.Context, width, height int64, dark bool) {
	t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// shot keeps a picture of the whole page, however long, if pictures are wanted.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	if *shotDir == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*shotDir, name+".png"), png, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestA08_NothingIsCutAtAnyWidth(t *testing.T) {
	p := newTestPages(t)
	srv := site(t, p)
	ctx := open(t)
	do(t, ctx)
	for _, view := range []struct {
		name  string
		w, h  int64
		dark  bool
		langs []string
	}{
		{"360", 360, 740, false, []string{"tr", "en"}}, {"320", 320, 640, false, []string{"tr"}},
		{"1440", 1440, 900, false, []string{"tr"}}, {"360-dark", 360, 740, true, []string{"tr"}},
	} {
		screen(t, ctx, view.w, view.h, view.dark)
		for _, lang := range view.langs {
			for name, path := range addresses(lang) {
				do(t, ctx, chromedp.Navigate(srv.URL+path))
				if over := js[int](t, ctx, `document.documentElement.scrollWidth-innerWidth`); over > 0 {
					t.Errorf("%s in %s at %s: %d px stick out sideways", name, lang, view.name, over)
				}
				shot(t, ctx, name+"-"+lang+"-"+view.name)
			}
		}
	}
}

// addresses are the pages that stay where they are, by name.
func addresses(lang string) map[string]string {
	pages := map[string]string{"checkout": "/p/Xk3mN8pQ2rTv?lang=" + lang}
	for _, s := range samples() {
		if s.name != "handover" {
			pages[s.name] = "/" + lang + "/" + s.name
		}
	}
	return pages
}
