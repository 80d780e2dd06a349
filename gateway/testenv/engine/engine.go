// Package engine is a person at a browser that is not Chromium: card holders use iPhones (WebKit) and Firefox
// (Gecko), and each engine lays a page out and reads its scripts in its own way. It deliberately knows no more
// than going to a page, typing, pressing and reading: what a page does behind a person's back, and everything
// about one page that needs looking at from all sides, is package browser's.
//
// Both engines speak WebDriver (W3C, chapters 8 to 13), WebKit over HTTP and Gecko over a socket of its own
// (Marionette), so that a command is a name for one and a path for the other. Each Page is a browser of its own
// on a fresh profile. Browser, profile and, for WebKit, the display that it draws on are gone after the test.
package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience bounds every command and every wait. A machine that others use, too, starts a browser in a third of it.
const patience = time.Minute

// Trial is the test that opens a page in each engine, for `make test` to see whether one runs where it is.
const Trial = "^TestAPersonAtTheBrowserLeavesNothingBehind$"

// EnvWithout names the engines, by commas, that `make test` looked for and could not bring, or that did not run.
// Their tests are skipped, which its last lines tell; without that word a missing engine is a failure like any other
// missing program.
const EnvWithout = "ODELINK_TEST_WITHOUT"

// Name is a browser's engine.
type Name string

const (
	WebKit Name = "WebKit"
	Gecko  Name = "Gecko"
)

// Installed is nil when the engine's programs are there.
func (n Name) Installed() error {
	var err error
	if n == WebKit {
		_, err = webKitPrograms()
	} else {
		_, err = geckoPath()
	}
	return err
}

// excused says whether the run goes on without the engine.
func (n Name) excused() bool {
	return slices.Contains(strings.Split(os.Getenv(EnvWithout), ","), string(n))
}

// command is one of WebDriver's: its name for Marionette, and its path in a session, where {id} is the element's.
type command struct{ name, path string }

var (
	newSession = command{"WebDriver:NewSession", ""}
	resize     = command{"WebDriver:SetWindowRect", "/window/rect"}
	navigate   = command{"WebDriver:Navigate", "/url"}
	back       = command{"WebDriver:Back", "/back"}
	find       = command{"WebDriver:FindElement", "/element"}
	empty      = command{"WebDriver:ElementClear", "/element/{id}/clear"}
	sendKeys   = command{"WebDriver:ElementSendKeys", "/element/{id}/value"}
	click      = command{"WebDriver:ElementClick", "/element/{id}/click"}
	execute    = command{"WebDriver:ExecuteScript", "/execute/sync"}
)

// params are what a command is given, by the names of WebDriver.
type params map[string]any

// session is one browser that takes commands and answers their values.
type session interface {
	do(c command, p params) (json.RawMessage, error)
}

// Page is the one window of a browser.
type Page struct {
	Name Name

	t testing.TB
	s session
}

// New opens a browser with a window as wide as a phone, or as little wider as the engine allows: 450 to 500 pixels.
// Where `make test` said that there is no such engine, the test is skipped.
func New(t testing.TB, n Name) *Page {
	t.Helper()
	if n.excused() {
		t.Skipf("%s could not be brought to this machine, or does not run on it", n)
	}
	if err := n.Installed(); err != nil {
		t.Fatalf("%v; to do without it: %s=%s", err, EnvWithout, n)
	}
	start := startGecko
	if n == WebKit {
		start = startWebKit
	}
	s, err := start(t)
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{n, t, s}
	p.do("resize", resize, params{"width": 360, "height": 780})
	return p
}

// do gives one command, and ends the test where it fails.
func (p *Page) do(doing string, c command, q params) json.RawMessage {
	p.t.Helper()
	value, err := p.s.do(c, q)
	if err != nil {
		p.t.Fatalf("%s: %v (page: %s)", doing, err, p.lookedAt())
	}
	return value
}

// lookedAt is what a message says of the page where a test failed: its address and its words.
func (p *Page) lookedAt() string {
	var text string
	if err := p.read(`location.href + "\n" + document.body.innerText`, &text); err != nil {
		return err.Error()
	}
	return text
}

// Open goes to an address and returns when its page is whole.
func (p *Page) Open(address string) {
	p.t.Helper()
	p.do("open "+address, navigate, params{"url": address})
}

// Back presses the browser's back button.
func (p *Page) Back() {
	p.t.Helper()
	p.do("go back", back, params{})
}

// Fill empties a field and types into it, key by key.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	id := p.element(selector)
	p.do("empty "+selector, empty, params{"id": id})
	p.do("type into "+selector, sendKeys, params{"id": id, "text": text})
}

// Click presses the mouse in the middle of an element; one that something covers is an error.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do("click "+selector, click, params{"id": p.element(selector)})
}

// element is the first one that matches, once it can be seen, brought into view: WebKit's driver does not wait for
// pages that scroll smoothly.
func (p *Page) element(selector string) string {
	p.t.Helper()
	p.WaitFor(fmt.Sprintf(`(e => e?.getClientRects().length && (e.scrollIntoView({block: "center", behavior: "instant"}), true))(document.querySelector(%q))`, selector))
	var reference map[string]string // one entry, whose name is a constant of the standard
	p.parse(p.do("find "+selector, find, params{"using": "css selector", "value": selector}), &reference)
	for _, id := range reference {
		return id
	}
	p.t.Fatalf("find %s: no element in the answer", selector)
	return ""
}

// Reads waits until all the texts can be read in the first element that matches, white space and no-break spaces
// taken for one space each.
func (p *Page) Reads(selector string, texts ...string) {
	p.t.Helper()
	wanted, err := json.Marshal(texts)
	if err != nil {
		p.t.Fatal(err)
	}
	p.WaitFor(fmt.Sprintf(`(said => %s.every(text => said.includes(text)))((document.querySelector(%q)?.innerText ?? "").replace(/\s+/g, " "))`, wanted, selector))
}

// WaitFor waits until a JavaScript expression is true in a whole page. It goes on over page loads: errors on the way
// are those of a page that is just being replaced.
func (p *Page) WaitFor(expression string) {
	p.t.Helper()
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for end := time.Now().Add(patience); ; <-pace.C {
		var yes bool
		err := p.read(`document.readyState === "complete" && !!(`+expression+`)`, &yes)
		if yes {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("waited in vain until %s (%v; page: %s)", expression, err, p.lookedAt())
		}
	}
}

// Eval is the value of a JavaScript expression in the page.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	var value T
	if err := p.read(expression, &value); err != nil {
		p.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return value
}

func (p *Page) read(expression string, into any) error {
	value, err := p.s.do(execute, params{"script": "return " + expression, "args": []any{}})
	if err != nil {
		return err
	}
	return json.Unmarshal(value, into)
}

func (p *Page) parse(value json.RawMessage, into any) {
	p.t.Helper()
	if err := json.Unmarshal(value, into); err != nil {
		p.t.Fatal(err)
	}
}

// refusal is an error as WebDriver tells it (chapter 6.6).
type refusal struct {
	Code    string `json:"error"`
	Message string
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }
