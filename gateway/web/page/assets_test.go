//go:build !race

package page

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/odelink/odelink/static"
)

// One initial TCP window of ten segments, 1,460 bytes each (checklist A2).
const firstViewBudget = 14600

func TestA02_FirstViewFitsOneTCPWindow(t *testing.T) {
	p := newTestPages(t)
	for _, lang := range p.Languages() {
		v := sampleCheckout
		html, err := p.AppendCheckoutGzip(nil, Key{lang, shop, variantFull}, &v)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := p.AppendCheckout(nil, Key{lang, shop, variantFull}, &v)
		if err != nil {
			t.Fatal(err)
		}
		names := []string{"app.css", inLanguage("app.js", lang), "marks.svg", "icon.svg"}
		gz, br, requests := len(html)+len(ThemeCSS(shop.Accent)), len(html)+len(ThemeCSS(shop.Accent)), 2
		for _, name := range names {
			a := p.Assets().ByName(name)
			gz, br, requests = gz+len(a.Gzip()), br+len(a.Brotli()), requests+1
			t.Logf("%s %s: %d plain, %d gzip, %d brotli", lang, name, len(a.Body), len(a.Gzip()), len(a.Brotli()))
		}
		t.Logf("%s: page %d plain, %d gzip (%.2f); first view %d with gzip, %d with brotli", lang, len(plain), len(html), float64(len(html))/float64(len(plain)), gz, br)
		if gz > firstViewBudget {
			t.Errorf("first view in %s is %d bytes, more than %d", lang, gz, firstViewBudget)
		}
		if requests > 6 {
			t.Errorf("first view in %s needs %d requests", lang, requests)
		}
	}
}

func TestAssetsComeOutOfEveryEncodingUnchanged(t *testing.T) {
	for _, a := range newTestPages(t).Assets().All() {
		zr, err := gzip.NewReader(bytes.NewReader(a.Gzip()))
		if err != nil {
			t.Fatal(err)
		}
		gz, err := io.ReadAll(zr)
		if err != nil || !bytes.Equal(gz, a.Body) {
			t.Errorf("%s: gzip gives %d bytes (%v), not the %d of the file", a.Name, len(gz), err, len(a.Body))
		}
		br, err := io.ReadAll(brotli.NewReader(bytes.NewReader(a.Brotli())))
		if err != nil || !bytes.Equal(br, a.Body) {
			t.Errorf("%s: brotli gives %d bytes (%v), not the %d of the file", a.Name, len(br), err, len(a.Body))
		}
	}
}

func TestAssetsAreNamedByTheirContent(t *testing.T) {
	p := newTestPages(t)
	for _, a := range p.Assets().All() {
		got, ok := p.Assets().ByPath(a.Path)
		if !ok || got != a {
			t.Errorf("%s is not found at %s", a.Name, a.Path)
		}
	}
	css := p.Assets().ByName("app.css")
	if marks := p.Assets().ByName("marks.svg"); !bytes.Contains(css.Body, []byte("url("+strings.TrimPrefix(marks.Path, AssetPath)+")")) {
		t.Error("the style sheet does not name the marks by their hashed address")
	}
	if _, ok := p.Assets().ByPath("/s/app.css"); ok {
		t.Error("an unhashed address is served, which would be kept for ever")
	}
	same, err := loadAssets(map[string]string{"tr": `{}`})
	if err != nil {
		t.Fatal(err)
	}
	if same.ByName("app.css").Path != css.Path || same.ByName("app.tr.js").Path == p.Assets().ByName("app.tr.js").Path {
		t.Error("an address must change with the content and only with it")
	}
}

func TestAcceptEncodingIsRead(t *testing.T) {
	for _, c := range []struct {
		name, header, coding string
		want                 bool
	}{
		{"named", "gzip, deflate, br", "br", true},
		{"named with weight", "gzip;q=0.8, br;q=1.0", "gzip", true},
		{"not named", "deflate", "gzip", false},
		{"empty header", "", "gzip", false},
		{"refused by weight zero", "gzip;q=0, *;q=1", "gzip", false},
		{"refused by weight zero with decimals", "br;q=0.000", "br", false},
		{"tiny weight still counts", "br;q=0.001", "br", true},
		{"covered by the star", "*", "br", true},
		{"star refused", "*;q=0", "br", false},
		{"letter case does not matter", "GZip", "gzip", true},
		{"a longer name is another coding", "x-gzip", "gzip", false},
	} {
		if got := Accepts(c.header, c.coding); got != c.want {
			t.Errorf("%s: %q allows %s = %v", c.name, c.header, c.coding, got)
		}
	}
}

// Checklist A10: every script on any page is on the list, has a hash, and every listed one is used.
func TestA10_ScriptsOnThePagesAreTheListedOnes(t *testing.T) {
	p := newTestPages(t)
	listed := map[string]bool{}
	for _, s := range static.Scripts {
		if s.Reason == "" || s.Owner == "" {
			t.Errorf("%s has no reason or owner", s.File)
		}
		listed[strings.TrimSuffix(s.File[strings.LastIndexByte(s.File, '/')+1:], ".js")] = false
	}
	tag := regexp.MustCompile(`<script src="([^"]*)" integrity="([^"]*)" defer blocking="render"></script>`)
	for name, html := range allPages(t) {
		found := tag.FindAllStringSubmatch(html, -1)
		if len(found) != strings.Count(html, "<script") {
			t.Errorf("%s has a script that is not a deferred file with a hash", name)
		}
		for _, m := range found {
			a, ok := p.Assets().ByPath(m[1])
			if !ok {
				t.Errorf("%s: %s is no file of ours", name, m[1])
				continue
			}
			if strings.ReplaceAll(m[2], "&#43;", "+") != a.Integrity {
				t.Errorf("%s: the hash of %s is not that of the file", name, a.Name)
			}
			plain, _, _ := strings.Cut(a.Name, ".")
			if _, ok := listed[plain]; !ok {
				t.Errorf("%s: %s is not on the list", name, a.Name)
			}
			listed[plain] = true
		}
	}
	for file, used := range listed {
		if !used {
			t.Errorf("%s is listed and on no page", file)
		}
	}
}

// A start compresses nothing: the first browser that takes Brotli gets gzip at once, later ones Brotli.
func TestFilesAreCompressedWhenTheyAreAskedFor(t *testing.T) {
	as, err := loadAssets(map[string]string{"xx": `{"only":"here"}`})
	if err != nil {
		t.Fatal(err)
	}
	a := as.ByName("app.xx.js")
	if a.gzip.made.Load() != nil || a.brotli.made.Load() != nil {
		t.Error("compressed before anybody asked")
	}
	if body, coding := a.Encoded("br"); coding == "" && !bytes.Equal(body, a.Body) || coding == "gzip" {
		t.Errorf("%d bytes as %q for a browser that takes Brotli alone", len(body), coding)
	}
	if body, coding := a.Encoded("gzip"); coding != "gzip" || !bytes.Equal(body, a.Gzip()) {
		t.Errorf("%d bytes as %q for a browser that takes gzip", len(body), coding)
	}
	if want := a.Brotli(); len(want) == 0 {
		t.Fatal("there is no Brotli")
	} else if body, coding := a.Encoded("gzip, br"); coding != "br" || !bytes.Equal(body, want) {
		t.Errorf("%d bytes as %q once Brotli is there", len(body), coding)
	}
}
