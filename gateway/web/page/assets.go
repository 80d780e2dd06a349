package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/andybalholm/brotli"

	"github.com/odelink/odelink/static"
)

// AssetPath is the address prefix of assets.
const AssetPath = "/s/"

// Asset is one file for the browser in every form it may be sent in. Its address holds a hash of
// its content, so it may be kept for ever (`Cache-Control: public, max-age=31536000, immutable`).
type Asset struct {
	Name        string // "app.css"
	Path        string // "/s/app.1a2b3c4d5e.css"
	ContentType string
	ETag        string // strong, quoted; of the plain bytes
	Integrity   string // SRI value
	Body        []byte
	Gzip        []byte // level 9

	brotli atomic.Pointer[[]byte]
	once   sync.Once
}

// Brotli is the file at level 11. Loading starts the work, which takes longer than all the rest of
// it, beside everything else; Brotli waits for it, Encoded does not.
func (a *Asset) Brotli() []byte {
	a.once.Do(func() {
		var out bytes.Buffer
		// A window of 64 KiB holds every file we have; the default one costs 32 MiB of memory for each.
		w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 16})
		if _, err := w.Write(a.Body); err != nil {
			return // a Buffer takes everything; without it gzip serves
		}
		if err := w.Close(); err != nil {
			return
		}
		b := out.Bytes()
		a.brotli.Store(&b)
	})
	if b := a.brotli.Load(); b != nil {
		return *b
	}
	return nil
}

// Encoded picks the smallest form that a request's Accept-Encoding allows; encoding is "" for plain.
func (a *Asset) Encoded(acceptEncoding string) (body []byte, encoding string) {
	br := a.brotli.Load()
	switch {
	case br != nil && Accepts(acceptEncoding, "br"):
		return *br, "br"
	case Accepts(acceptEncoding, "gzip"):
		return a.Gzip, "gzip"
	}
	return a.Body, ""
}

// Assets are all files of the card holder's pages. The script is there once per language, as
// "app.tr.js": its words stand before its code, so that a page need not carry them.
type Assets struct {
	byName, byPath map[string]*Asset
}

// assetFiles are the files in the order in which one may name the next: the style sheet names the
// marks by their hashed address.
var assetFiles = []struct{ file, contentType string }{
	{"img/marks.svg", "image/svg+xml"},
	{"img/icon.svg", "image/svg+xml"},
	{"css/app.css", "text/css; charset=utf-8"},
}

// loadAssets builds all files; words are the script's constant T by language, as JSON.
func loadAssets(words map[string]string) (*Assets, error) {
	as := &Assets{map[string]*Asset{}, map[string]*Asset{}}
	for _, f := range assetFiles {
		raw, err := static.Files.ReadFile(f.file)
		if err != nil {
			return nil, fmt.Errorf("loading asset: %w", err)
		}
		if err := as.build(path.Base(f.file), f.contentType, squeeze(raw)); err != nil {
			return nil, fmt.Errorf("loading asset %s: %w", f.file, err)
		}
	}
	for _, s := range static.Scripts {
		raw, err := static.Files.ReadFile(s.File)
		if err != nil {
			return nil, fmt.Errorf("loading asset: %w", err)
		}
		code := squeeze(raw)
		for lang, t := range words {
			name := strings.TrimSuffix(path.Base(s.File), ".js") + "." + lang + ".js"
			body := append([]byte("(T=>{\n"), code...)
			body = append(append(append(body, "})("...), t...), ")\n"...)
			if err := as.build(name, "text/javascript; charset=utf-8", body); err != nil {
				return nil, fmt.Errorf("loading asset %s: %w", name, err)
			}
		}
	}
	go func() {
		for _, a := range as.All() {
			a.Brotli()
		}
	}()
	return as, nil
}

// ScriptName is the name of the script's asset in a language.
func ScriptName(lang string) string { return "app." + lang + ".js" }

func (as *Assets) build(name, contentType string, body []byte) error {
	for known, a := range as.byName {
		body = bytes.ReplaceAll(body, []byte("url("+known+")"), []byte("url("+path.Base(a.Path)+")"))
	}
	sum := sha256.Sum256(body)
	if known, ok := built.Load(builtAs{name, sum}); ok {
		a := known.(*Asset)
		as.byName[name], as.byPath[a.Path] = a, a
		return nil
	}
	hash := hex.EncodeToString(sum[:5])
	ext := path.Ext(name)
	a := &Asset{
		Name: name, ContentType: contentType, Body: body, Integrity: integrity(body),
		Path: AssetPath + strings.TrimSuffix(name, ext) + "." + hash + ext,
		ETag: `"` + hash + `"`,
	}
	var gz bytes.Buffer
	zw, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zw.Write(body); err != nil {
		return err
	}
	if err := zw.Close(); err != nil {
		return err
	}
	a.Gzip = gz.Bytes()
	as.byName[name], as.byPath[a.Path] = a, a
	built.Store(builtAs{name, sum}, a)
	return nil
}

// built keeps every file that this process has made, by its content: gateways that are opened one
// after the other, as in tests, compress it once.
var built sync.Map // builtAs → *Asset

type builtAs struct {
	name string
	sum  [sha256.Size]byte
}

// squeeze drops what a browser does not need: indentation, blank lines, and comments that have
// their lines to themselves (// and /* … */). Our files hold no string over several lines.
func squeeze(src []byte) []byte {
	var out bytes.Buffer
	comment := false
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSpace(line)
		switch {
		case comment:
			comment = !strings.HasSuffix(line, "*/")
		case strings.HasPrefix(line, "/*"):
			comment = !strings.HasSuffix(line, "*/")
		case line == "" || strings.HasPrefix(line, "//"):
		default:
			out.WriteString(line)
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// ByPath finds an asset by the path of a request.
func (as *Assets) ByPath(path string) (*Asset, bool) { a, ok := as.byPath[path]; return a, ok }

// ByName finds an asset by its plain name; nil when there is none.
func (as *Assets) ByName(name string) *Asset { return as.byName[name] }

// All lists the assets by name.
func (as *Assets) All() []*Asset {
	all := make([]*Asset, 0, len(as.byName))
	for _, a := range as.byName {
		all = append(all, a)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// Accepts tells whether an Accept-Encoding header allows a coding by its name: named (or covered by
// "*") with a weight above zero (RFC 9110, 12.5.3). It does not allocate.
func Accepts(header, coding string) bool {
	star := false
	for header != "" {
		var item string
		item, header, _ = strings.Cut(header, ",")
		name, params, _ := strings.Cut(item, ";")
		name = strings.TrimSpace(name)
		switch {
		case strings.EqualFold(name, coding):
			return weighs(params)
		case name == "*":
			star = weighs(params)
		}
	}
	return star
}

// weighs is false for "q=0", "q=0.0" and the like.
func weighs(params string) bool {
	key, q, found := strings.Cut(params, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(key), "q") {
		return true
	}
	return strings.Trim(strings.TrimSpace(q), "0.") != ""
}
