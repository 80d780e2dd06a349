package page

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var previewDir = flag.String("preview", "", "write every page with sample data into this folder")

// TestEveryPageIsWritten renders every page in every language; with -preview the result is kept, so
// that any file server shows it:
//
//	go test ./gateway/web/page -run EveryPage -args -preview DIR
func TestEveryPageIsWritten(t *testing.T) {
	p := newTestPages(t)
	dir := *previewDir
	if dir == "" {
		dir = t.TempDir()
	}
	keep := func(name string, body []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, lang := range p.Languages() {
		v := sampleCheckout
		body, err := p.AppendCheckout(nil, Key{lang, shop, usual}, &v)
		keep(lang+"/checkout.html", body, err)
		body, err = p.AppendCheckout(nil, Key{lang, shop, 0}, &v)
		keep(lang+"/checkout-plain.html", body, err)
		for _, s := range samples() {
			body, err := p.Render(lang, s.view)
			keep(lang+"/"+s.name+".html", body, err)
		}
	}
	for _, a := range p.Assets().All() {
		keep(a.Path, a.Body, nil)
	}
	for _, th := range []*Theme{shop, longShop} {
		keep(themeFor(th.Accent).URL, ThemeCSS(th.Accent), nil)
	}
	keep("p/Xk3mN8pQ2rTv/installments", []byte(`{"bin":"415565","brand":"visa","kind":"credit","issuer":"QNB","program":"CardFinans","currency":"TRY","offers":[`+
		`{"count":1,"total":25000,"monthly":25000},{"count":2,"total":25000,"monthly":12500},{"count":3,"total":25900,"monthly":8633,"rate":"3.60"},`+
		`{"count":6,"total":26800,"monthly":4467},{"count":9,"total":27700,"monthly":3078},{"count":12,"total":28600,"monthly":2383}]}`), nil)
}
