package pay

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// ErrPageChanged is a card page that is not what this program built: a foreign script, a changed file or a
// weaker header stands on it as it is served (threat model A42).
var ErrPageChanged = errors.New("page_changed")

// maxInspected bounds what is read of one answer; pages are some 15 kB, files less.
const maxInspected = 1 << 20

// Inspect fetches the card page as strangers get it from the public listener at base ("http://127.0.0.1:8080"),
// and every script and style that it names, and holds them against what was built: code only in our files and
// with their content, and exactly our headers. Without a link that could be paid it looks at the page that
// tells of no link, which has the same head. Another error than ErrPageChanged says that nothing could be seen.
func (s *Surface) Inspect(ctx context.Context, base string) error {
	token, err := s.Flow.AnyOpen(ctx)
	if err != nil {
		return fmt.Errorf("find a page to inspect: %w", err)
	}
	for _, lang := range s.Pages.Languages() {
		at, status := "/?lang="+lang, http.StatusNotFound
		if token != "" {
			at, status = "/p/"+string(token)+"?lang="+lang, http.StatusOK
		}
		got, err := s.fetch(ctx, base, at)
		if err != nil {
			return err
		}
		if got.status != status {
			return fmt.Errorf("inspect %s page: status %d", lang, got.status) // the link may have ended just now
		}
		if err := s.inspect(ctx, base, lang, got); err != nil {
			return fmt.Errorf("inspect %s page: %w", lang, err)
		}
	}
	return nil
}

// fetched is one answer of the listener.
type fetched struct {
	status int
	header http.Header
	body   []byte
}

func (s *Surface) fetch(ctx context.Context, base, path string) (fetched, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
	if err != nil {
		return fetched{}, fmt.Errorf("inspect: %w", err)
	}
	if public, err := url.Parse(s.PublicURL); err == nil {
		req.Host = public.Host
	}
	req.Header.Set("User-Agent", "odelink-self-check")
	req.Header.Set("Accept", "text/html")
	resp, err := inspector.Do(req)
	if err != nil {
		return fetched{}, fmt.Errorf("inspect: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxInspected))
	if err != nil {
		return fetched{}, fmt.Errorf("inspect: %w", err)
	}
	return fetched{resp.StatusCode, resp.Header, body}, nil
}

// inspector asks this process only: no proxy of the environment, no redirects, no connection kept.
var inspector = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// changed says what differs. It never quotes what was found: that is a stranger's text.
func changed(format string, v ...any) error {
	return fmt.Errorf("%w: %s", ErrPageChanged, fmt.Sprintf(format, v...))
}

func (s *Surface) inspect(ctx context.Context, base, lang string, got fetched) error {
	if err := sameHeaders(got.header, s.headers); err != nil {
		return err
	}
	files, err := s.code(got.body, lang)
	if err != nil {
		return err
	}
	for _, f := range files {
		file, err := s.fetch(ctx, base, f.path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(file.body)
		if file.status != http.StatusOK || "sha256-"+base64.StdEncoding.EncodeToString(sum[:]) != f.integrity {
			return changed("%s is not the file that was built", f.path)
		}
		if err := sameHeaders(file.header, web.NewAssetHeaders(s.PublicURL)); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
	}
	return nil
}

// besides are the headers that answers have apart from ours: what the message itself needs.
var besides = []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Date", "Etag", "Vary", "Connection", "Server", "Retry-After"}

// sameHeaders wants every header of ours once, as it was made, and none that nobody knows.
func sameHeaders(got http.Header, want web.PageHeaders) error {
	ours := want.All()
	for name, value := range ours {
		if have := got.Values(name); len(have) != 1 || have[0] != value {
			return changed("the header %s is not as it was built", name)
		}
	}
	for name := range got {
		if _, known := ours[name]; !known && !slices.Contains(besides, name) {
			return changed("there is a header of another's")
		}
	}
	return nil
}

// linked is a file that the page names with what its content must be.
type linked struct{ path, integrity string }

// code reads all code of a page: one script and the styles, each ours and with the integrity value that
// was built. Anything else that can run, or take the form elsewhere, is a change.
func (s *Surface) code(body []byte, lang string) (files []linked, err error) {
	built := map[string]string{}
	for _, a := range s.Pages.Assets().All() {
		built[a.Path] = a.Integrity
	}
	scripts, ours := 0, map[string]string{}
	for _, name := range page.ScriptNames(lang) {
		a := s.Pages.Assets().ByName(name)
		ours[a.Path] = a.Integrity
	}
	for z := html.NewTokenizer(strings.NewReader(string(body))); ; {
		switch z.Next() {
		case html.ErrorToken:
			if scripts != 1 {
				return nil, changed("%d scripts", scripts)
			}
			return files, nil
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			if !harmless(tag) {
				return nil, changed("code stands at <%s>", tag.Data)
			}
			switch f := (linked{value(tag, "src"), value(tag, "integrity")}); {
			case tag.Data == "script":
				scripts++
				if want, known := ours[f.path]; !known || f.integrity != want {
					return nil, changed("a script of another's")
				}
				if z.Next(); strings.TrimSpace(string(z.Text())) != "" {
					return nil, changed("a script that is no file")
				}
				files = append(files, f)
			case tag.Data == "link" && value(tag, "rel") != "icon":
				f.path = value(tag, "href")
				theme, isTheme := page.ThemeIntegrity(strings.TrimPrefix(f.path, page.ThemePath))
				if value(tag, "rel") != "stylesheet" || f.integrity == "" || (f.integrity != built[f.path] && !(isTheme && f.integrity == theme)) {
					return nil, changed("a style of another's")
				}
				files = append(files, f)
			}
		}
	}
}

// harmless says whether a tag runs nothing by itself, loads no frame and sends no form elsewhere.
func harmless(tag html.Token) bool {
	switch tag.Data {
	case "style", "iframe", "frame", "object", "embed", "base", "applet", "template", "math":
		return false
	case "meta":
		return value(tag, "http-equiv") == ""
	case "form":
		if to := value(tag, "action"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			return false
		}
	}
	for _, a := range tag.Attr {
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || a.Key == "formaction" ||
			strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
			return false
		}
	}
	return true
}

func value(tag html.Token, name string) string {
	for _, a := range tag.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
