package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/odelink/odelink/gateway/testenv"
)

// Keys for Press.
const (
	KeyTab        = kb.Tab
	KeyEnter      = kb.Enter
	KeySpace      = " "
	KeyEscape     = kb.Escape
	KeyBackspace  = kb.Backspace
	KeyArrowDown  = kb.ArrowDown
	KeyArrowUp    = kb.ArrowUp
	KeyArrowLeft  = kb.ArrowLeft
	KeyArrowRight = kb.ArrowRight
)

// Open goes to an address and returns the HTTP status of the page once it has loaded.
func (p *Page) Open(address string) int {
	p.t.Helper()
	return p.load("open "+address, func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		answer, err := cdp.Call(ctx, tab, page.Navigate, page.NavigateParams{URL: address})
		if err == nil && answer.ErrorText != "" {
			err = errors.New(answer.ErrorText)
		}
		return chromedp.Void{}, err
	})
}

// Reload asks for the page again and returns its status.
func (p *Page) Reload() int {
	p.t.Helper()
	return p.load("reload", func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, call(ctx, tab, page.Reload, page.ReloadParams{})
	})
}

// Back is the browser's back button. A page that the browser kept in memory comes back without a request
// and as it was left, so there is no status.
func (p *Page) Back() {
	p.t.Helper()
	target := get(p, "go back", func(ctx context.Context, tab *chromedp.Target) (string, error) {
		history, err := cdp.Call(ctx, tab, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return "", err
		}
		if history.CurrentIndex == 0 {
			return "", errors.New("this is the first page")
		}
		entry := history.Entries[history.CurrentIndex-1]
		return entry.URL, call(ctx, tab, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry.ID})
	})
	p.WaitFor(fmt.Sprintf("location.href === %q && document.readyState === 'complete'", target))
}

// ClickAndLoad clicks what leads to another page and returns the status of that page once it has loaded.
func (p *Page) ClickAndLoad(selector string) int {
	p.t.Helper()
	return p.load("click "+selector, p.click(selector))
}

// PressAndLoad is ClickAndLoad for a key, such as Enter in a form.
func (p *Page) PressAndLoad(key string) int {
	p.t.Helper()
	return p.load("press "+strconv.Quote(key), chromedp.KeyEvent(key))
}

// load does something and waits for the load event of the page that it leads to. chromedp's own way
// loses its footing when the browser brings a page back from memory, so the events are counted here.
func (p *Page) load(doing string, action chromedp.Action[chromedp.Void]) int {
	p.t.Helper()
	p.mu.Lock()
	before := p.loads
	p.mu.Unlock()
	p.do(doing, action)
	status := 0
	p.wait(doing+" and wait for the page", func(context.Context) (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		status = p.status
		return p.loads > before, nil
	})
	return status
}

// click waits for the element, brings it into view and presses the mouse in its middle, provided that
// nothing covers it there.
func (p *Page) click(selector string) chromedp.Action[chromedp.Void] {
	p.t.Helper()
	p.WaitVisible(selector)
	return func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		at, err := chromedp.Evaluate[[2]float64](fmt.Sprintf(`(() => { const e = document.querySelector(%q);
			e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
			const r = e.getBoundingClientRect(), x = r.x + r.width / 2, y = r.y + r.height / 2, top = document.elementFromPoint(x, y);
			if (!e.contains(top) && !top?.contains(e) && ![...(e.labels ?? [])].some(l => l.contains(top)))
				throw new Error("covered by " + (top?.outerHTML ?? "nothing").slice(0, 200));
			return [x, y]; })()`, selector))(ctx, tab)
		if err != nil {
			return chromedp.Void{}, err
		}
		press := input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMousePressed, X: at[0], Y: at[1], Button: input.MouseButtonLeft, ClickCount: 1}
		release := press
		release.Type = input.DispatchMouseEventTypeMouseReleased
		return chromedp.Void{}, firstError(
			call(ctx, tab, input.DispatchMouseEvent, press),
			call(ctx, tab, input.DispatchMouseEvent, release))
	}
}

// Click clicks the first element that matches, once it is visible.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.do("click "+selector, p.click(selector))
}

// Fill empties a field and types into it, key by key.
func (p *Page) Fill(selector, text string) {
	p.t.Helper()
	p.Focus(selector)
	p.eval("empty "+selector, "document.activeElement.select && document.activeElement.select()")
	if text == "" {
		p.Press(KeyBackspace)
		return
	}
	p.Press(text)
}

// Focus puts the keyboard on the first element that matches.
func (p *Page) Focus(selector string) {
	p.t.Helper()
	p.WaitVisible(selector)
	p.eval("focus "+selector, fmt.Sprintf("document.querySelector(%q).focus()", selector))
}

// Press types one of the Key constants, or a text, where the focus is.
func (p *Page) Press(keys string) {
	p.t.Helper()
	p.do("type", chromedp.KeyEvent(keys)) // what is typed may be a card: not for the log
}

// TabKey moves on with the tabulator key and returns what has the focus then, as Focused does.
func (p *Page) TabKey() string {
	p.t.Helper()
	p.Press(KeyTab)
	return p.Focused()
}

// Focused names the element that has the keyboard: "input[name=card_number]", "#id", or the tag alone.
func (p *Page) Focused() string {
	p.t.Helper()
	return read[string](p, `(() => { const e = document.activeElement; if (!e) return "";
		const tag = e.tagName.toLowerCase();
		if (e.name) return tag + "[name=" + e.name + "]" + (e.type === "radio" ? "[value=" + e.value + "]" : "");
		return e.id ? "#" + e.id : tag; })()`)
}

// Choose picks an option of a <select> by its value, as a person would: the page is told of it.
func (p *Page) Choose(selector, value string) {
	p.t.Helper()
	p.eval("choose in "+selector, `(() => { const s = document.querySelector(`+strconv.Quote(selector)+`);
		if (![...s.options].some(o => o.value === `+strconv.Quote(value)+`)) throw new Error("no such option");
		s.value = `+strconv.Quote(value)+`;
		s.dispatchEvent(new Event("input", {bubbles: true})); s.dispatchEvent(new Event("change", {bubbles: true})); })()`)
}

// WaitVisible waits until an element that matches can be seen.
func (p *Page) WaitVisible(selector string) {
	p.t.Helper()
	p.WaitFor(fmt.Sprintf(`(e => e && e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length)(document.querySelector(%q))`, selector))
}

// WaitURL waits until the page's address contains a text and the page is whole: for chains of pages that send
// themselves on.
func (p *Page) WaitURL(part string) {
	p.t.Helper()
	p.wait("wait for an address with "+part, func(ctx context.Context) (bool, error) {
		address, err := chromedp.Run(ctx, chromedp.Evaluate[string](whenWhole("location.href")))
		return strings.Contains(address, part), err
	})
}

// WaitFor waits until a JavaScript expression is true in a whole page. It goes on over page loads.
func (p *Page) WaitFor(expression string) {
	p.t.Helper()
	p.wait("wait until "+expression, func(ctx context.Context) (bool, error) {
		return chromedp.Run(ctx, chromedp.Evaluate[bool](Whole+" && !!("+expression+")"))
	})
}

// WaitIdle waits until every request that the page has made so far has ended.
func (p *Page) WaitIdle() {
	p.t.Helper()
	p.wait("wait for the page's requests", func(context.Context) (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return len(p.pending) == 0, nil
	})
}

// wait asks every 20 ms. Errors on the way are those of a page that is just being replaced; the last
// one is told when patience ends.
func (p *Page) wait(doing string, ok func(context.Context) (bool, error)) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience)
	defer cancel()
	pace := time.NewTicker(20 * time.Millisecond)
	defer pace.Stop()
	for {
		yes, err := ok(ctx)
		if yes && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			p.fail(doing, errors.Join(ctx.Err(), err))
		case <-pace.C:
		}
	}
}

// Text is what can be read in the first element that matches, once it is visible and whole.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	p.WaitVisible(selector)
	return strings.TrimSpace(read[string](p, fmt.Sprintf("document.querySelector(%q)?.innerText ?? "+stillComing, selector)))
}

// Value is what stands in a field.
func (p *Page) Value(selector string) string {
	p.t.Helper()
	p.WaitVisible(selector)
	return read[string](p, fmt.Sprintf("document.querySelector(%q)?.value ?? "+stillComing, selector))
}

// Count is how many elements match now, visible or not.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return read[int](p, "document.querySelectorAll("+strconv.Quote(selector)+").length")
}

// Attribute is an attribute of the first element that matches; missing ones are empty.
func (p *Page) Attribute(selector, name string) string {
	p.t.Helper()
	return read[string](p, fmt.Sprintf("(document.querySelector(%q)?.getAttribute(%q)) ?? ''", selector, name))
}

// URL is the page's address.
func (p *Page) URL() string {
	p.t.Helper()
	return read[string](p, "location.href")
}

// Title is the page's title.
func (p *Page) Title() string {
	p.t.Helper()
	return read[string](p, "document.title")
}

// HTML is the page as the browser holds it now.
func (p *Page) HTML() string {
	p.t.Helper()
	return read[string](p, "document.documentElement.outerHTML")
}

// Eval runs a JavaScript expression in the page, once the page is whole, and returns its value; a promise is waited
// for. It works with the page's own scripts off, too, and past its Content-Security-Policy.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return evaluated[T](p, patience, whenWhole(expression), unfinished)
}

// read is Eval for what only looks: where the page sent itself on meanwhile, it looks at the next one.
func read[T any](p *Page, expression string) T {
	p.t.Helper()
	return evaluated[T](p, patience, whenWhole(expression), replaced)
}

// stillComing is an expression for what a page has not got yet.
const stillComing = `(() => { throw new Error("the page is still coming") })()`

// Whole is true in a page that has come with all that belongs to it, and whose scripts have run: an address and a
// title are the next page's as soon as its first bytes are there.
const Whole = `(document.readyState === "complete" && document.documentElement !== null)`

// whenWhole is an expression's value in a whole page, and an error that passes in another.
func whenWhole(expression string) string { return Whole + ` ? (` + expression + `) : ` + stillComing }

// What a browser answers to an expression while one page follows another: before the expression began, and also
// when the page that it began on is gone.
var (
	unfinished = []string{"the page is still coming", "Cannot find context"}
	replaced   = append([]string{"Execution context was destroyed", "Inspected target navigated or closed"}, unfinished...)
)

// evaluated asks every 20 ms for as long as the answer is one of those.
func evaluated[T any](p *Page, limit time.Duration, expression string, passing []string) T {
	p.t.Helper()
	return within(p, limit, "evaluate a script", func(ctx context.Context, tab *chromedp.Target) (T, error) {
		for {
			value, err := chromedp.Evaluate[T](expression, awaitPromise)(ctx, tab)
			if err == nil || !slices.ContainsFunc(passing, func(text string) bool { return strings.Contains(err.Error(), text) }) {
				return value, err
			}
			select {
			case <-ctx.Done():
				return value, err
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// eval is Eval for expressions without a value.
func (p *Page) eval(doing, expression string) {
	p.t.Helper()
	p.do(doing, chromedp.Evaluate[chromedp.Void](expression, awaitPromise))
}

func awaitPromise(params *runtime.EvaluateParams) {
	yes := true
	params.AwaitPromise = &yes
}

// Cookies lists the names of the cookies that this browser context holds for the page.
func (p *Page) Cookies() []string {
	p.t.Helper()
	return get(p, "list cookies", func(ctx context.Context, tab *chromedp.Target) ([]string, error) {
		answer, err := cdp.Call(ctx, tab, network.GetCookies, network.GetCookiesParams{})
		if err != nil {
			return nil, err
		}
		var names []string
		for _, cookie := range answer.Cookies {
			names = append(names, cookie.Name)
		}
		return names, nil
	})
}

// Screenshot writes a PNG of the whole page, also of what lies below the view.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	p.write(path, get(p, "take a picture", chromedp.FullScreenshot(100)))
}

// ScreenshotView writes a PNG of what can be seen without scrolling.
func (p *Page) ScreenshotView(path string) {
	p.t.Helper()
	p.write(path, get(p, "take a picture", chromedp.CaptureScreenshot()))
}

// PDF writes the page as the browser prints it, on A4.
func (p *Page) PDF(path string) {
	p.t.Helper()
	p.write(path, get(p, "print", func(ctx context.Context, tab *chromedp.Target) ([]byte, error) {
		const width, height = 8.27, 11.69 // A4 in inches
		answer, err := cdp.Call(ctx, tab, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: width, PaperHeight: height})
		return answer.Data, err
	}))
}

func (p *Page) write(path string, data []byte) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Zoom sets the view to another size in CSS pixels, as zooming or turning the phone does.
func (p *Page) Zoom(width, height int) {
	p.t.Helper()
	p.do("resize", func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(width), Height: int64(height), DeviceScaleFactor: p.options.Scale, Mobile: p.options.Mobile})
	})
}

// OverflowsSideways says whether the page is wider than the view.
func (p *Page) OverflowsSideways() bool {
	p.t.Helper()
	return read[bool](p, "document.documentElement.scrollWidth > document.documentElement.clientWidth")
}

// Spoken is one thing that a screen reader comes by.
type Spoken struct {
	Role, Name, Description, Value string
	Invalid, Required, Disabled    bool
}

// Spoken lists the page as assistive technology meets it, in order, without what it ignores. White space
// around a text is cut: versions of Chromium differ in it.
func (p *Page) Spoken() []Spoken {
	p.t.Helper()
	return get(p, "read the accessibility tree", func(ctx context.Context, tab *chromedp.Target) ([]Spoken, error) {
		answer, err := cdp.Call(ctx, tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			return nil, err
		}
		var list []Spoken
		for _, node := range answer.Nodes {
			if node.Ignored {
				continue
			}
			s := Spoken{Role: plain(node.Role), Name: plain(node.Name), Description: plain(node.Description), Value: plain(node.Value)}
			for _, property := range node.Properties {
				on := plain(property.Value) == "true"
				switch property.Name {
				case accessibility.PropertyNameInvalid:
					s.Invalid = on
				case accessibility.PropertyNameRequired:
					s.Required = on
				case accessibility.PropertyNameDisabled:
					s.Disabled = on
				}
			}
			list = append(list, s)
		}
		return list, nil
	})
}

// plain is a value of the accessibility tree as text.
func plain(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	text := string(v.Value)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	return strings.TrimSpace(text)
}

// Barrier is one finding of axe-core: a rule that the page breaks, and where.
type Barrier struct {
	ID, Impact, Help string
	Targets          []string // CSS selectors
}

// Barriers runs axe-core over the page with the rules of WCAG 2.2 levels A and AA and its best practices.
func (p *Page) Barriers() []Barrier {
	p.t.Helper()
	if p.options.ScriptsOff {
		p.t.Fatal("axe-core needs a page with scripts on")
	}
	source, err := testenv.AxeSource()
	if err != nil {
		p.t.Fatal(err)
	}
	p.WaitFor(`document.getAnimations().every(a => a.playState !== "running" || a.effect.getComputedTiming().endTime === Infinity)`) // what is half faded in has half its contrast
	// axe works for a while over a long page, and on a machine that others use, too, for longer.
	return evaluated[[]Barrier](p, 4*patience, `if (!`+Whole+`) `+stillComing+";\n"+source+`
		;axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
		"wcag22aa", "best-practice"]}).then(r => r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help,
		Targets: v.nodes.map(n => n.target.join(" "))})))`, replaced)
}

// WantNoBarriers fails the test for each finding of axe-core.
func (p *Page) WantNoBarriers() {
	p.t.Helper()
	for _, b := range p.Barriers() {
		p.t.Errorf("accessibility: %s (%s): %s: %s", b.ID, b.Impact, b.Help, strings.Join(b.Targets, ", "))
	}
}
