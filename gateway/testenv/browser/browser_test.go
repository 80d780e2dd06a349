package browser

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// site serves one page at /, which may misbehave, a form's target at /sent and a page on its way to / at /on.
func site(t *testing.T, head, body string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' http://elsewhere.example")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>A page</title>%s</head><body><main><h1>%s</h1>%s</main></body></html>`,
			head, r.Header.Get("Accept-Language"), body)
	})
	mux.HandleFunc("GET /script.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `document.querySelector("h1").dataset.script = "ran"; console.error("a cry", 7);`)
	})
	mux.HandleFunc("/sent", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, "<title>Sent</title><p id=got>%s</p>", r.FormValue("a"))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

const form = `<form method="post" action="/sent"><label>Name <input name="a" required></label>
<label>Pick <select name="b"><option value="1">one<option value="2">two</select></label><button>Send</button></form>`

func TestPersonFillsAFormAndReadsTheAnswer(t *testing.T) {
	for name, o := range map[string]Options{
		"with scripts":    Phone(),
		"without scripts": {ScriptsOff: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := New(t, o)
			if status := p.Open(site(t, "", form)); status != http.StatusOK {
				t.Fatalf("status %d", status)
			}
			p.Fill("input[name=a]", "a wrong word")
			p.Fill("input[name=a]", "Öde 42")
			if got := p.Value("input[name=a]"); got != "Öde 42" {
				t.Errorf("the field holds %q", got)
			}
			p.Choose("select", "2")
			if got := p.Value("select"); got != "2" {
				t.Errorf("the list stands at %q", got)
			}
			if status := p.ClickAndLoad("button"); status != http.StatusUnprocessableEntity {
				t.Errorf("status %d after sending", status)
			}
			if got := p.Text("#got"); got != "Öde 42" {
				t.Errorf("the site got %q", got)
			}
			if p.Title() != "Sent" || !strings.HasSuffix(p.URL(), "/sent") {
				t.Errorf("on %q at %s", p.Title(), p.URL())
			}
			p.WantQuiet(hostOf(t, p.URL()))
			p.Back()
			p.WaitVisible("select")
			p.Fill("input[name=a]", "again")
			if status := p.ClickAndLoad("button"); status != http.StatusUnprocessableEntity || p.Text("#got") != "again" {
				t.Errorf("after going back: status %d, the site got %q", status, p.Text("#got"))
			}
		})
	}
}

func TestPageIsCaughtMisbehaving(t *testing.T) {
	p := New(t, Options{})
	address := site(t, `<script src="/script.js" defer></script><script>0</script><img src="http://elsewhere.example/spy.png" alt="">`, "")
	p.Open(address)
	p.WaitFor(`document.querySelector("h1").dataset.script`)
	if v := strings.Join(p.Violations(), "\n"); !strings.Contains(v, "script-src") {
		t.Errorf("the inline script is not among the violations %q", v)
	}
	if e := strings.Join(p.Errors(), "\n"); !strings.Contains(e, "a cry") {
		t.Errorf("the console's cry is not among the errors %q", e)
	}
	if want := []string{hostOf(t, address), "elsewhere.example"}; !slices.Equal(p.Hosts(), want) {
		t.Errorf("hosts %v, want %v", p.Hosts(), want)
	}
}

func TestScriptsOffMeansThePagesScriptsDoNotRun(t *testing.T) {
	p := New(t, Options{ScriptsOff: true})
	p.Open(site(t, `<script src="/script.js" defer></script>`, `<noscript id="n">no scripts</noscript>`))
	if got := p.Attribute("h1", "data-script"); got != "" {
		t.Error("the script ran")
	}
	if got := p.Text("#n"); got != "no scripts" {
		t.Errorf("noscript shows %q", got)
	}
}

func TestOptionsReachTheSiteAndThePage(t *testing.T) {
	p := New(t, Options{Width: 360, Height: 740, Mobile: true, Lang: "en-GB", Dark: true, ReducedMotion: true, ForcedColors: true})
	p.Open(site(t, `<meta name="viewport" content="width=device-width">`, ""))
	if got := p.Text("h1"); !strings.HasPrefix(got, "en-GB") {
		t.Errorf("Accept-Language is %q", got)
	}
	for _, query := range []string{"(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)", "(forced-colors: active)", "(width: 360px)", "(pointer: coarse)"} {
		if !Eval[bool](p, "matchMedia("+fmt.Sprintf("%q", query)+").matches") {
			t.Errorf("the page does not see %s", query)
		}
	}
}

func TestPagesDoNotShareCookiesButTabsDo(t *testing.T) {
	address := site(t, "", "")
	first := New(t, Options{})
	first.Open(address)
	first.eval("set a cookie", `document.cookie = "k=v"`)
	tab, other := first.Tab(), New(t, Options{})
	tab.Open(address)
	other.Open(address)
	if !slices.Equal(tab.Cookies(), []string{"k"}) {
		t.Errorf("the second tab has cookies %v", tab.Cookies())
	}
	if len(other.Cookies()) != 0 {
		t.Errorf("the other person has cookies %v", other.Cookies())
	}
}

func TestCoveredButtonCannotBeClicked(t *testing.T) {
	p := New(t, Options{})
	p.Open(site(t, "", `<button>Send</button>`))
	p.eval("cover it", `document.body.insertAdjacentHTML("beforeend", "<div id=cover></div>");
		Object.assign(document.getElementById("cover").style, {position: "fixed", inset: "0"})`)
	err := chromedp.Do(p.Ctx, p.click("button"))
	if err == nil || !strings.Contains(err.Error(), "cover") {
		t.Errorf("clicking through a cover answers %v", err)
	}
}

func TestKeyboardAndScreenReader(t *testing.T) {
	p := New(t, Options{})
	p.Open(site(t, "", form))
	var order []string
	for range 3 {
		order = append(order, p.TabKey())
	}
	if want := []string{"input[name=a]", "select[name=b]", "button"}; !slices.Equal(order, want) {
		t.Errorf("the tabulator goes %v, want %v", order, want)
	}
	spoken := p.Spoken()
	if !slices.ContainsFunc(spoken, func(s Spoken) bool { return s.Role == "textbox" && s.Name == "Name" && s.Required }) {
		t.Errorf("no required text box named Name in %+v", spoken)
	}
	p.Focus("input")
	p.Press("x")
	if status := p.PressAndLoad(KeyEnter); status != http.StatusUnprocessableEntity {
		t.Errorf("status %d after Enter", status)
	}
}

func TestAxeFindsABarrierAndOnlyWhereThereIsOne(t *testing.T) {
	good := New(t, Options{})
	good.Open(site(t, "", form))
	good.WantNoBarriers()
	bad := New(t, Options{})
	bad.Open(site(t, "", `<input name="a">`))
	if !slices.ContainsFunc(bad.Barriers(), func(b Barrier) bool { return b.ID == "label" }) {
		t.Errorf("a field without a label is not among %v", bad.Barriers())
	}
}

func TestPicturesAndPrint(t *testing.T) {
	dir := t.TempDir()
	p := New(t, Options{Width: 360, Height: 740, Scale: 2, Mobile: true})
	p.Open(site(t, `<meta name="viewport" content="width=device-width">`, strings.Repeat("<p>a line", 100)))
	p.Screenshot(filepath.Join(dir, "whole.png"))
	p.ScreenshotView(filepath.Join(dir, "view.png"))
	p.PDF(filepath.Join(dir, "page.pdf"))
	whole, view := size(t, filepath.Join(dir, "whole.png")), size(t, filepath.Join(dir, "view.png"))
	if view != [2]int{720, 1480} || whole[0] != 720 || whole[1] <= 2*1480 {
		t.Errorf("pictures of %v and %v pixels", view, whole)
	}
	pdf, err := os.ReadFile(filepath.Join(dir, "page.pdf"))
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("no PDF: %v", err)
	}
	if p.OverflowsSideways() {
		t.Error("a plain page overflows sideways")
	}
}

func TestResponsesTellWhatWentOverTheWire(t *testing.T) {
	p := New(t, Options{})
	p.Open(site(t, `<script src="/script.js"></script>`, ""))
	p.WaitIdle()
	for _, r := range p.Responses() {
		if r.Status != http.StatusOK && !strings.HasSuffix(r.URL, "favicon.ico") || r.WireBytes == 0 {
			t.Errorf("%+v", r)
		}
	}
	if n := len(p.Responses()); n < 2 {
		t.Errorf("%d answers, want the page and its script", n)
	}
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func size(t *testing.T, path string) [2]int {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.DecodeConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	return [2]int{picture.Width, picture.Height}
}
