// Package browser is a person at a browser, for tests: it opens pages in headless Chromium, types,
// clicks, looks, and remembers what the page did behind the person's back: every host asked, every
// error on the console, every violation of the page's own security policy. It does not know Odelink's
// pages; tests name what they look for by CSS selectors.
//
// One Chromium runs for a whole process of tests. Each Page lives in a browser context of its own, with
// its own cookies and cache, as after a fresh installation. Every wait is bounded, and what does not
// come ends the test with a picture of the page in the test's folder.
package browser

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/odelink/odelink/gateway/testenv"
)

// patience bounds every action, from a click to a whole page load.
const patience = 15 * time.Second

// Tester is what a page needs of a *testing.T, so that commands that take pictures can use it, too.
type Tester interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// Options say who sits at the browser. The zero value is a desktop, 1280×800, with scripts, in Turkish.
type Options struct {
	Width, Height int     // CSS pixels of the view
	Scale         float64 // device pixels for each CSS pixel; 0 is 1
	Mobile        bool    // touch, viewport meta tag, overlay scroll bars
	ScriptsOff    bool    // the page's scripts do not run
	Lang          string  // Accept-Language and the locale, such as "en-GB"; empty is "tr-TR"
	Dark          bool    // prefers-color-scheme: dark
	ReducedMotion bool    // prefers-reduced-motion: reduce
	ForcedColors  bool    // forced-colors: active
	Whole         bool    // the browser with all its surroundings: the headless shell asks for no icon and fills no form in
}

// Phone is a small phone held upright, 360×740.
func Phone() Options { return Options{Width: 360, Height: 740, Mobile: true} }

// Desktop is a laptop's window, 1280×800.
func Desktop() Options { return Options{Width: 1280, Height: 800} }

// Page is one tab.
type Page struct {
	Ctx context.Context // for chromedp itself, where the methods are not enough; it ends with the test

	t       Tester
	options Options
	frame   string // the tab's own frame, which has the tab's id

	mu         sync.Mutex
	loads      int // load events so far
	status     int // of the last document asked for in the tab itself, not in a frame
	requests   []string
	pending    map[network.RequestID]bool
	responses  []Response
	errors     []string
	violations []string
}

// Response is what one request was answered.
type Response struct {
	URL         string
	Type        string // "Document", "Stylesheet", "Script", "Image" …
	Status      int
	FromCache   bool
	WireBytes   int // headers and body as they came over the network; 0 until the request has ended
	requestID   network.RequestID
	contentType string
}

// whole and shell are the browsers of this process of tests.
var (
	whole = sync.OnceValues(func() (context.Context, error) { return launch(testenv.ChromiumPath()) })
	shell = sync.OnceValues(func() (context.Context, error) { return launch(testenv.HeadlessPath()) })
)

func launch(path string, err error) (context.Context, error) {
	if err != nil {
		return nil, err
	}
	profile, err := testenv.ProcessDir("chromium")
	if err != nil {
		return nil, err
	}
	allocator, _ := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path), chromedp.UserDataDir(profile),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-default-apps", true), chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-breakpad", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("font-render-hinting", "none"),
		// Nothing but this machine can be reached: a page that asks for a foreign host is caught by
		// the record of hosts and gets no answer.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]"),
	)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	return ctx, nil
}

// New opens an empty page that ends with the test.
func New(t Tester, o Options) *Page {
	t.Helper()
	process := shell
	if o.Whole {
		process = whole
	}
	parent, err := process()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	return start(t, ctx, o)
}

// Tab opens a second page in the same browser context: same cookies, same cache.
func (p *Page) Tab() *Page {
	p.t.Helper()
	ctx, cancel := chromedp.NewContext(p.Ctx)
	p.t.Cleanup(cancel)
	return start(p.t, ctx, p.options)
}

func start(t Tester, ctx context.Context, o Options) *Page {
	t.Helper()
	if o.Width == 0 || o.Height == 0 {
		o.Width, o.Height = 1280, 800
	}
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.Lang == "" {
		o.Lang = "tr-TR"
	}
	p := &Page{Ctx: ctx, t: t, options: o, pending: map[network.RequestID]bool{}}
	if err := chromedp.Listen(ctx, p.note); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	p.frame = string(chromedp.FromContext(ctx).Target.TargetID)
	p.do("set up the page", func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, prepare(ctx, tab, o)
	})
	return p
}

// prepare makes the tab report what it does and behave as its options say.
func prepare(ctx context.Context, tab *chromedp.Target, o Options) error {
	agent, err := cdp.Call(ctx, tab, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	var media []*emulation.MediaFeature
	for feature, value := range map[string]string{
		"prefers-color-scheme":   pick(o.Dark, "dark", "light"),
		"prefers-reduced-motion": pick(o.ReducedMotion, "reduce", "no-preference"),
		"forced-colors":          pick(o.ForcedColors, "active", "none"),
	} {
		media = append(media, &emulation.MediaFeature{Name: feature, Value: value})
	}
	return firstError(
		call(ctx, tab, network.Enable, network.EnableParams{}),
		call(ctx, tab, page.Enable, page.EnableParams{}),
		call(ctx, tab, runtime.Enable, cdp.Empty{}),
		call(ctx, tab, log.Enable, cdp.Empty{}),
		call(ctx, tab, audits.Enable, cdp.Empty{}),
		call(ctx, tab, accessibility.Enable, cdp.Empty{}),
		call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: int64(o.Width), Height: int64(o.Height), DeviceScaleFactor: o.Scale, Mobile: o.Mobile}),
		call(ctx, tab, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: o.Mobile}),
		call(ctx, tab, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: strings.Replace(agent.UserAgent, "HeadlessChrome", "Chrome", 1), AcceptLanguage: o.Lang}),
		call(ctx, tab, emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: o.Lang}),
		call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: media}),
		call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.ScriptsOff}),
	)
}

// call is cdp.Call for those who want the error only.
func call[P, R any](ctx context.Context, tab *chromedp.Target, command cdp.Command[P, R], params P) error {
	_, err := cdp.Call(ctx, tab, command, params)
	return err
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func pick(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// note keeps what the page did. It runs inside the reader of the browser's messages: quick, no commands.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
		p.pending[e.RequestID] = true
	case *page.EventLoadEventFired:
		p.loads++
	case *network.EventResponseReceived:
		if e.Type == network.ResourceTypeDocument && string(e.FrameID) == p.frame {
			p.status = int(e.Response.Status)
		}
		p.responses = append(p.responses, Response{URL: e.Response.URL, Type: string(e.Type), Status: int(e.Response.Status),
			FromCache: e.Response.FromDiskCache, requestID: e.RequestID, contentType: e.Response.MimeType})
	case *network.EventLoadingFailed:
		delete(p.pending, e.RequestID)
	case *network.EventLoadingFinished:
		delete(p.pending, e.RequestID)
		for i := range p.responses {
			if p.responses[i].requestID == e.RequestID {
				p.responses[i].WireBytes = int(e.EncodedDataLength)
			}
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		p.errors = append(p.errors, text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.errors = append(p.errors, "console: "+describe(e.Args))
		}
	case *log.EventEntryAdded:
		// The browser also logs every answer of 400 and above; those are in responses.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			p.errors = append(p.errors, string(e.Entry.Source)+": "+e.Entry.Text)
		}
	case *audits.EventIssueAdded:
		if csp := e.Issue.Details.ContentSecurityPolicyIssueDetails; csp != nil && !csp.IsReportOnly {
			p.violations = append(p.violations, strings.TrimSpace(csp.ViolatedDirective+" "+csp.BlockedURL))
		}
	}
}

// describe joins the arguments of a console call.
func describe(args []*runtime.RemoteObject) string {
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.Description
		if parts[i] == "" {
			parts[i] = string(a.Value)
		}
	}
	return strings.Join(parts, " ")
}

// Requests lists the addresses that the page asked for, in order, repeated ones included.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.requests...)
}

// Responses lists what the page's requests were answered, in order. After WaitIdle their sizes are known.
func (p *Page) Responses() []Response {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Response(nil), p.responses...)
}

// Hosts lists the host:port pairs that the page asked, each once, in order of first use.
func (p *Page) Hosts() []string {
	var hosts []string
	seen := map[string]bool{}
	for _, address := range p.Requests() {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || seen[u.Host] {
			continue
		}
		seen[u.Host] = true
		hosts = append(hosts, u.Host)
	}
	return hosts
}

// Errors lists uncaught exceptions, console errors and what else the browser logged as an error, other
// than answers of 400 and above.
func (p *Page) Errors() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.errors...)
}

// Violations lists what the page's Content-Security-Policy refused: directive and address.
func (p *Page) Violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.violations...)
}

// WantQuiet fails the test for each error, each violation and each host that is not among those given.
func (p *Page) WantQuiet(hosts ...string) {
	p.t.Helper()
	for _, e := range p.Errors() {
		p.t.Errorf("the page reports an error: %s", e)
	}
	for _, v := range p.Violations() {
		p.t.Errorf("the page violates its own policy: %s", v)
	}
	allowed := map[string]bool{}
	for _, host := range hosts {
		allowed[host] = true
	}
	for _, host := range p.Hosts() {
		if !allowed[host] {
			p.t.Errorf("the page asks the host %s, allowed are %v", host, hosts)
		}
	}
}

// do runs one action within patience; what fails ends the test with a picture of the page.
func (p *Page) do(doing string, action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, action); err != nil {
		p.fail(doing, err)
	}
}

// get is do for actions with a result.
func get[T any](p *Page, doing string, action chromedp.Action[T]) T {
	p.t.Helper()
	return within(p, patience, doing, action)
}

// within is get for what takes another time than an action of a person.
func within[T any](p *Page, limit time.Duration, doing string, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, limit)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		p.fail(doing, err)
	}
	return value
}

// fail ends the test, saying where the page stood and where its picture is.
func (p *Page) fail(doing string, cause error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.Ctx, patience/3)
	defer cancel()
	where, picture := "", "none could be taken"
	if address, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href")); err == nil {
		where = address
	}
	if png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot()); err == nil {
		// Not in the test's own folder: that is gone before anyone can look.
		file := filepath.Join(os.TempDir(), fmt.Sprintf("odelink-page-%d.png", time.Now().UnixNano()))
		if os.WriteFile(file, png, 0o600) == nil {
			picture = file
		}
	}
	p.t.Fatalf("%s: %v (page: %s; picture: %s)", doing, cause, where, picture)
}
