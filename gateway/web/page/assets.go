package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
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

	gzip, brotli coded
	asked        atomic.Bool // for Brotli
}

// coded is one compressed form, made when it is asked for first: a start waits for none of them.
type coded struct {
	once sync.Once
	made atomic.Pointer[[]byte]
}

// of answers the form, nil if it could not be made: then another one serves.
func (c *coded) of(body []byte, writer func(io.Writer) (io.WriteCloser, error)) []byte {
	c.once.Do(func() {
		var out bytes.Buffer
		w, err := writer(&out)
		if err == nil {
			_, err = w.Write(body)
		}
		if err == nil {
			err = w.Close()
		}
		if err == nil {
			b := out.Bytes()
			c.made.Store(&b)
		}
	})
	if b := c.made.Load(); b != nil {
		return *b
	}
	return nil
}

// Gzip is the file at level 9, a millisecond's work.
func (a *Asset) Gzip() []byte {
	return a.gzip.of(a.Body, func(out io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(out, gzip.BestCompression) })
}

// Brotli is the file at level 11, fifty times the work of Gzip.
func (a *Asset) Brotli() []byte {
	return a.brotli.of(a.Body, func(out io.Writer) (io.WriteCloser, error) {
		// A window of 64 KiB holds every file we have; the default one costs 32 MiB of memory for each.
		return brotli.NewWriterOptions(out, brotli.WriterOptions{Quality: brotli.BestCompression, LGWin: 16}), nil
	})
}

// Encoded picks the smallest form that a request's Accept-Encoding allows; encoding is "" for plain. The
// first browser that takes Brotli has it made beside it, and gets gzip meanwhile.
func (a *Asset) Encoded(acceptEncoding string) (body []byte, encoding string) {
	if Accepts(acceptEncoding, "br") {
		if br := a.brotli.made.Load(); br != nil {
			return *br, "br"
		}
		if a.asked.CompareAndSwap(false, true) {
			go a.Brotli()
		}
	}
	if Accepts(acceptEncoding, "gzip") {
		if gz := a.Gzip(); gz != nil {
			return gz, "gzip"
		}
	}
	return a.Body, ""
}

// Assets are all files of the card holder's pages. A script that shows words is there once per
// language, as "app.tr.js": they stand in it, so that a page need not carry them.
type Assets struct {
	byName, byPath map[string]*Asset
}

// assetFiles are the files in the order in which one may name the next: the style sheet names the
// marks by their hashed address.
var assetFiles = []struct{ file, contentType string }{
	{"img/marks.svg", "image/svg+xml"},
	{"img/icon.svg", "image/svg+xml"},
	{"css/app.css", "text/css; charset=utf-8"},
	{"css/outcome.css", "text/css; charset=utf-8"},
	{"css/docs.css", "text/css; charset=utf-8"},
}

// loadAssets builds all files; words are the script's constant T by language, as JSON.
func loadAssets(words map[string]string) (*Assets, error) {
	as := &Assets{map[string]*Asset{}, map[string]*Asset{}}
	for _, f := range assetFiles {
		raw, err := static.Files.ReadFile(f.file)
		if err != nil {
			return nil, fmt.Errorf("loading asset: %w", err)
		}
		as.build(path.Base(f.file), f.contentType, squeezeStyle(raw))
	}
	for _, s := range static.Scripts {
		raw, err := static.Files.ReadFile(s.File)
		if err != nil {
			return nil, fmt.Errorf("loading asset: %w", err)
		}
		as.buildScript(s, squeezeScript(raw), words)
	}
	return as, nil
}

// buildScript wraps a script into a function, so that its names are its own, and gives it its words.
func (as *Assets) buildScript(s static.Script, code []byte, words map[string]string) {
	versions := map[string]string{path.Base(s.File): ""}
	if s.Words {
		versions = map[string]string{}
		for lang, t := range words {
			versions[inLanguage(path.Base(s.File), lang)] = t
		}
	}
	for name, t := range versions {
		body := append([]byte("(T=>{\n"), code...)
		body = append(append(append(body, "})("...), t...), ")\n"...)
		as.build(name, "text/javascript; charset=utf-8", body)
	}
}

// inLanguage is the name of a script's asset in a language.
func inLanguage(file, lang string) string {
	return strings.TrimSuffix(file, ".js") + "." + lang + ".js"
}

// ScriptNames are the names of all scripts that a page in a language may hold.
func ScriptNames(lang string) []string {
	names := make([]string, len(static.Scripts))
	for i, s := range static.Scripts {
		if names[i] = path.Base(s.File); s.Words {
			names[i] = inLanguage(names[i], lang)
		}
	}
	return names
}

func (as *Assets) build(name, contentType string, body []byte) {
	for known, a := range as.byName {
		body = bytes.ReplaceAll(body, []byte("url("+known+")"), []byte("url("+path.Base(a.Path)+")"))
	}
	sum := sha256.Sum256(body)
	if known, ok := built.Load(builtAs{name, sum}); ok {
		a := known.(*Asset)
		as.byName[name], as.byPath[a.Path] = a, a
		return
	}
	hash := hex.EncodeToString(sum[:5])
	ext := path.Ext(name)
	a := &Asset{
		Name: name, ContentType: contentType, Body: body, Integrity: integrity(body),
		Path: AssetPath + strings.TrimSuffix(name, ext) + "." + hash + ext,
		ETag: `"` + hash + `"`,
	}
	as.byName[name], as.byPath[a.Path] = a, a
	built.Store(builtAs{name, sum}, a)
}

// built keeps every file that this process has made, by its content: gateways that are opened one
// after the other, as in tests, compress it once.
var built sync.Map // builtAs → *Asset

type builtAs struct {
	name string
	sum  [sha256.Size]byte
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
