package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// scrape gives the metrics as Prometheus sees them.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	return fetch(t, Admin{Metrics: m}.Handler(), "/metrics", http.StatusOK)
}

func fetch(t *testing.T, h http.Handler, path string, status int) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	if w.Code != status {
		t.Errorf("%s: %d, want %d: %s", path, w.Code, status, w.Body)
	}
	return w.Body.String()
}

func wants(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, l) {
			t.Errorf("missing: %s", l)
		}
	}
}

func TestRequestsAreCountedByRoute(t *testing.T) {
	m := NewMetrics(Build{Version: "1.2.3", Revision: "abc"})
	for range 3 {
		m.Served(Served{Method: "GET", Route: "/p/:token", Status: 200, Bytes: 100, Took: 2 * time.Millisecond})
	}
	m.Served(Served{Method: "GET", Status: 404, Bytes: -1})
	out := scrape(t, m)
	wants(t, out,
		`odelink_http_requests_total{method="GET",route="/p/:token",status="200"} 3`,
		`odelink_http_requests_total{method="GET",route="none",status="404"} 1`,
		`odelink_http_request_seconds_bucket{route="/p/:token",le="0.001"} 0`,
		`odelink_http_request_seconds_bucket{route="/p/:token",le="0.0025"} 3`,
		"odelink_http_response_bytes_total 300",
		`odelink_build_info{go="go1.`, `version="1.2.3"`, "go_goroutines", "process_open_fds")
}

func TestCountersDoNotGrowWithoutEnd(t *testing.T) {
	m := NewMetrics(Build{})
	for i := range 3 * maxRoutes {
		m.Served(Served{Method: "GET", Route: fmt.Sprint("/", i), Status: 200})
	}
	if n := strings.Count(scrape(t, m), "odelink_http_requests_total{"); n > maxRoutes+1 {
		t.Errorf("%d counters", n)
	}
}

func TestCountingARequestAllocatesNothing(t *testing.T) {
	m := NewMetrics(Build{})
	s := Served{Method: "GET", Route: "/p/:token", Status: 200, Bytes: 3000, Took: time.Millisecond}
	m.Served(s)
	if n := testing.AllocsPerRun(100, func() { m.Served(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestOtherPartsPublishTheirOwnCounts(t *testing.T) {
	m := NewMetrics(Build{})
	m.Gauge("hot_breaker_open", "Whether the hot state is being left alone.", nil, func() float64 { return 1 })
	m.Counter("odelink_hot_calls_total", "Calls to the hot state.", map[string]string{"store": "redis"}, func() float64 { return 42 })
	m.Batch("ledger", 3)
	m.Limited("tokens")
	out := scrape(t, m)
	if strings.Contains(out, "odelink_odelink") {
		t.Error("the prefix stands twice")
	}
	wants(t, out, "odelink_hot_breaker_open 1", `odelink_hot_calls_total{store="redis"} 42`,
		`odelink_batch_size_bucket{store="ledger",le="4"} 1`, `odelink_limiter_refusals_total{limit="tokens"} 1`)
}

// The acquirer powers, each told apart by what it answers.
type bank struct{ err error }

func (b bank) Begin(context.Context, checkout.Order, checkout.Card) (checkout.Challenge, error) {
	return checkout.Challenge{Action: "begun"}, b.err
}
func (b bank) Judge(context.Context, checkout.Order, checkout.Callback) (checkout.Verdict, error) {
	return checkout.Verdict{Result: checkout.VerdictAuthenticated}, b.err
}

type (
	authorizes struct{ err error }
	inquires   struct{}
	voids      struct{}
	refunds    struct{}
	captures   struct{}
	verifies   struct{}
	lists      struct{}
)

func says(code string, r checkout.Result) checkout.Outcome {
	return checkout.Outcome{Result: r, AuthCode: code}
}
func (a authorizes) Authorize(context.Context, checkout.Order) (checkout.Outcome, error) {
	return says("authorized", checkout.ResultApproved), a.err
}
func (inquires) Inquire(context.Context, checkout.Order) (checkout.Outcome, error) {
	return says("inquired", checkout.ResultNotFound), nil
}
func (inquires) SettleTime() time.Duration { return 7 * time.Minute }
func (voids) Void(context.Context, checkout.Order) (checkout.Outcome, error) {
	return says("voided", checkout.ResultVoided), nil
}
func (refunds) Refund(_ context.Context, _ checkout.Order, m checkout.Money) (checkout.Outcome, error) {
	return checkout.Outcome{AuthCode: "refunded", Amount: m}, nil
}
func (captures) Capture(_ context.Context, _ checkout.Order, m checkout.Money) (checkout.Outcome, error) {
	return checkout.Outcome{AuthCode: "captured", Amount: m}, nil
}
func (verifies) Verify(context.Context) error { return checkout.ErrUnreachable }
func (lists) List(_ context.Context, day checkout.Day) ([]checkout.BankLine, error) {
	return []checkout.BankLine{{Order: string(day)}}, nil
}

// all has every power, each answering as above.
type all struct {
	bank
	authorizes
	inquires
	voids
	refunds
	captures
	verifies
	lists
}

// powers is what a caller can find of an acquirer, with whether each answers as the one inside.
func powers(t *testing.T, a checkout.Acquirer) (found []string) {
	ctx, sum := t.Context(), checkout.Money{Minor: 5, Currency: checkout.TRY}
	add := func(name string, has, right bool) {
		if has {
			found = append(found, name)
		}
		if has && !right {
			t.Errorf("%s answers something else", name)
		}
	}
	code := func(o checkout.Outcome, err error) string { return fmt.Sprint(o.AuthCode, err) }
	aut, has := checkout.Able[checkout.Authorizer](a)
	add("authorize", has, has && code(aut.Authorize(ctx, checkout.Order{})) == "authorized<nil>")
	inq, has := checkout.Able[checkout.Inquirer](a)
	add("inquire", has, has && code(inq.Inquire(ctx, checkout.Order{})) == "inquired<nil>" && inq.SettleTime() == 7*time.Minute)
	voi, has := checkout.Able[checkout.Voider](a)
	add("void", has, has && code(voi.Void(ctx, checkout.Order{})) == "voided<nil>")
	ref, has := checkout.Able[checkout.Refunder](a)
	add("refund", has, has && code(ref.Refund(ctx, checkout.Order{}, sum)) == "refunded<nil>")
	capt, has := checkout.Able[checkout.Capturer](a)
	add("capture", has, has && code(capt.Capture(ctx, checkout.Order{}, sum)) == "captured<nil>")
	ver, has := checkout.Able[checkout.Verifier](a)
	add("verify", has, has && errors.Is(ver.Verify(ctx), checkout.ErrUnreachable))
	lis, has := checkout.Able[checkout.Lister](a)
	if has {
		lines, err := lis.List(ctx, "2026-11-22")
		add("list", has, err == nil && len(lines) == 1 && lines[0].Order == "2026-11-22")
	}
	return found
}

func TestAMeasuredAcquirerHasThePowersOfTheOneInside(t *testing.T) {
	m := NewMetrics(Build{})
	for _, c := range []struct {
		inside checkout.Acquirer
		want   string
	}{
		{bank{}, "[]"},
		{struct {
			bank
			authorizes
		}{}, "[authorize]"},
		{struct {
			bank
			inquires
			lists
		}{}, "[inquire list]"},
		{struct {
			bank
			voids
			refunds
		}{}, "[void refund]"},
		{struct {
			bank
			captures
			verifies
		}{}, "[capture verify]"},
		{all{}, "[authorize inquire void refund capture verify list]"},
	} {
		account := checkout.Account{Kind: "payfor"}
		once := m.Acquirer(account, c.inside, nil)
		for _, a := range []checkout.Acquirer{c.inside, once, m.Acquirer(account, once, nil)} {
			if got := fmt.Sprint(powers(t, a)); got != c.want {
				t.Errorf("%T shows %s, want %s", a, got, c.want)
			}
			if ch, err := a.Begin(t.Context(), checkout.Order{}, checkout.Card{}); ch.Action != "begun" || err != nil {
				t.Errorf("%T: Begin %v %v", a, ch, err)
			}
		}
	}
}

type opener struct {
	checkout.Banks
	bank checkout.Acquirer
}

func (o opener) Open(a checkout.Account) (checkout.Acquirer, error) {
	if a.Kind == "" {
		return nil, errors.New("no kind")
	}
	return o.bank, nil
}

func TestBankCallsAreMeasuredByResult(t *testing.T) {
	ctx := context.Background()
	m := NewMetrics(Build{})
	open := func(err error) checkout.Acquirer {
		a, openErr := m.Banks(opener{bank: struct {
			bank
			authorizes
		}{bank{err}, authorizes{err}}}, nil).Open(checkout.Account{Kind: "payfor"})
		if openErr != nil {
			t.Fatal(openErr)
		}
		return a
	}
	for _, err := range []error{nil, checkout.ErrUnreachable, fmt.Errorf("read: %w", context.DeadlineExceeded), errors.New("?")} {
		a := open(err)
		if _, got := a.Begin(ctx, checkout.Order{}, checkout.Card{}); !errors.Is(got, err) {
			t.Errorf("Begin answers %v, not %v", got, err)
		}
		if _, got := a.(checkout.Authorizer).Authorize(ctx, checkout.Order{}); !errors.Is(got, err) {
			t.Errorf("Authorize answers %v, not %v", got, err)
		}
	}
	wants(t, scrape(t, m),
		`odelink_bank_call_seconds_count{acquirer="payfor",operation="begin",result="ok"} 1`,
		`odelink_bank_call_seconds_count{acquirer="payfor",operation="begin",result="unavailable"} 1`,
		`odelink_bank_call_seconds_count{acquirer="payfor",operation="begin",result="timeout"} 1`,
		`odelink_bank_call_seconds_count{acquirer="payfor",operation="begin",result="error"} 1`,
		`odelink_bank_call_seconds_count{acquirer="payfor",operation="authorize",result="approved"} 1`)
	if _, err := m.Banks(opener{}, nil).Open(checkout.Account{}); err == nil {
		t.Error("the error of Open is lost")
	}
}

// books is a ledger of which only the measured part is used.
type books struct {
	checkout.Ledger
	err error
}

func (b books) Admit(_ context.Context, p checkout.Payment, _ checkout.Event, _ ...checkout.Consent) (checkout.Payment, error) {
	return p, b.err
}

func (b books) Move(context.Context, checkout.Move) (checkout.Moved, error) {
	return checkout.Moved{Link: &checkout.Link{ID: "lnk_x"}}, b.err
}

func TestPaymentsAreCountedOnceTheyAreTrue(t *testing.T) {
	ctx, m := context.Background(), NewMetrics(Build{})
	p := checkout.Payment{Kind: "payfor", Status: checkout.StatusChallenged, Total: checkout.Money{Minor: 25000, Currency: checkout.TRY}}
	move := func(from, to checkout.Status, why checkout.Reason) checkout.Move {
		a, b := p, p
		a.Status, b.Status = from, to
		b.Decline.Code = why
		return checkout.Move{From: a, To: b}
	}
	good := m.Ledger(books{})
	if _, err := good.Admit(ctx, p, checkout.Event{}); err != nil {
		t.Fatal(err)
	}
	for _, mv := range []checkout.Move{
		move(checkout.StatusAuthorizing, checkout.StatusPaid, ""),
		move(checkout.StatusAuthorizing, checkout.StatusDeclined, checkout.ReasonInsufficientFunds),
		move(checkout.StatusPending, checkout.StatusPending, ""), // only a note
	} {
		if done, err := good.Move(ctx, mv); err != nil || done.Link.ID != "lnk_x" {
			t.Fatalf("%v %v", done, err)
		}
	}
	if _, err := m.Ledger(books{err: checkout.ErrStale}).Move(ctx, move(checkout.StatusAuthorizing, checkout.StatusPaid, "")); !errors.Is(err, checkout.ErrStale) {
		t.Fatal(err)
	}
	out := scrape(t, m)
	wants(t, out,
		`odelink_payments_total{acquirer="payfor",reason="",status="challenged"} 1`,
		`odelink_payments_total{acquirer="payfor",reason="",status="paid"} 1`,
		`odelink_payments_total{acquirer="payfor",reason="insufficient_funds",status="declined"} 1`,
		`odelink_paid_minor_units_total{acquirer="payfor",currency="TRY"} 25000`,
		`odelink_ledger_write_seconds_count{operation="move",result="ok"} 3`,
		`odelink_ledger_write_seconds_count{operation="move",result="conflict"} 1`)
	if strings.Contains(out, `status="pending"`) {
		t.Error("a note was counted as a state")
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestRejectedCallbacksRaiseAnAlarm(t *testing.T) {
	type step struct {
		wait    time.Duration
		account checkout.AccountID
		payment checkout.PaymentID
		reason  string
		alarm   bool
	}
	mis, other := checkout.ForgedHashMismatch, checkout.ForgedCopyMismatch
	cases := []struct {
		name  string
		steps []step
	}{
		{"three different payments of one account", []step{{0, "a", "p1", mis, false}, {time.Minute, "a", "p2", mis, false}, {time.Minute, "a", "p3", mis, true}}},
		{"one payment again and again is noise", []step{{0, "a", "p1", mis, false}, {0, "a", "p1", mis, false}, {0, "a", "p1", mis, false}, {0, "a", "p1", mis, false}}},
		{"three accounts are three beginnings", []step{{0, "a", "p1", mis, false}, {0, "b", "p2", mis, false}, {0, "c", "p3", mis, false}}},
		{"what is ten minutes old does not count", []step{{0, "a", "p1", mis, false}, {0, "a", "p2", mis, false}, {10 * time.Minute, "a", "p3", mis, false}}},
		{"what is just younger counts", []step{{0, "a", "p1", mis, false}, {0, "a", "p2", mis, false}, {10*time.Minute - 1, "a", "p3", mis, true}}},
		{"the alarm is not repeated at every callback", []step{{0, "a", "p1", mis, false}, {0, "a", "p2", mis, false}, {0, "a", "p3", mis, true},
			{0, "a", "p4", mis, false}, {0, "a", "p5", mis, false}, {0, "a", "p6", mis, false}}},
		{"it comes again when it goes on", []step{{0, "a", "p1", mis, false}, {0, "a", "p2", mis, false}, {0, "a", "p3", mis, true},
			{11 * time.Minute, "a", "p4", mis, false}, {0, "a", "p5", mis, false}, {0, "a", "p6", mis, true}}},
		{"A9: another amount under a right signature is an alarm at once", []step{{0, "a", "p1", other, true}}},
		{"A9: once for each payment, however often it is sent", []step{{0, "a", "p1", other, true}, {0, "a", "p1", other, false}, {0, "a", "p2", other, true},
			{time.Minute, "a", "p1", other, false}, {10 * time.Minute, "a", "p1", other, true}}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var log bytes.Buffer
			c := &clock{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
			m := NewMetrics(Build{})
			cb := NewCallbacks(m, slog.New(slog.NewTextHandler(&log, nil)), c)
			for i, s := range tc.steps {
				log.Reset()
				c.pass(s.wait)
				cb.Rejected(s.account, "payfor", s.payment, s.reason)
				if got := strings.Contains(log.String(), "level=ERROR"); got != s.alarm {
					t.Errorf("step %d: alarm %v, want %v: %s", i+1, got, s.alarm, log.String())
				}
			}
			wants(t, scrape(t, m), fmt.Sprintf(`odelink_callbacks_rejected_total{acquirer="payfor",reason=%q} %d`, tc.steps[0].reason, len(tc.steps)))
		})
	}
}

func TestRejectedCallbacksAreSeenWhereTheyAreJudged(t *testing.T) {
	m := NewMetrics(Build{})
	cb := NewCallbacks(m, slog.New(slog.DiscardHandler), &clock{})
	a := m.Acquirer(checkout.Account{ID: "acc_1", Kind: "payfor"}, bank{checkout.Forged(checkout.ForgedFieldShape)}, cb)
	if _, err := a.Judge(context.Background(), checkout.Order{Payment: "pay_1"}, checkout.Callback{}); checkout.ForgedReason(err) != checkout.ForgedFieldShape {
		t.Fatal(err)
	}
	wants(t, scrape(t, m), `odelink_callbacks_rejected_total{acquirer="payfor",reason="field_shape"} 1`,
		`odelink_bank_call_seconds_count{acquirer="payfor",operation="judge",result="forged"} 1`)
}

func TestWatchingManyAccountsIsBounded(t *testing.T) {
	c := &clock{now: time.Unix(0, 0)}
	cb := NewCallbacks(NewMetrics(Build{}), slog.New(slog.DiscardHandler), c)
	for i := range 2 * maxAccounts {
		c.pass(time.Second)
		cb.Rejected(checkout.AccountID(fmt.Sprint("acc_", i)), "payfor", "p", checkout.ForgedHashMissing)
	}
	if len(cb.accounts) > maxAccounts {
		t.Errorf("%d accounts are watched", len(cb.accounts))
	}
	if cb.accounts["acc_0"] != nil || cb.accounts[checkout.AccountID(fmt.Sprint("acc_", 2*maxAccounts-1))] == nil {
		t.Error("not the oldest was forgotten")
	}
}

func TestReadinessKnowsWhatIsVital(t *testing.T) {
	fine := func(context.Context) error { return nil }
	away := func(context.Context) error { return errors.New("dial redis://:hunter2@cache: refused") }
	hangs := func(ctx context.Context) error { <-ctx.Done(); select {} }
	cases := []struct {
		name   string
		checks map[string]Check
		status int
		word   string
	}{
		{"all is well", map[string]Check{"sql": {fine, true}, "redis": {fine, false}}, 200, `"status":"ready"`},
		{"C21: without Redis it goes on", map[string]Check{"sql": {fine, true}, "redis": {away, false}}, 200, `"status":"degraded"`},
		{"C22: without the ledger it does not", map[string]Check{"sql": {away, true}, "redis": {fine, false}}, 503, `"status":"not ready"`},
		{"without both it does not", map[string]Check{"sql": {away, true}, "redis": {away, false}}, 503, `"status":"not ready"`},
		{"who does not answer is away", map[string]Check{"sql": {hangs, true}}, 503, `"status":"not ready"`},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			h := Admin{Metrics: NewMetrics(Build{}), Checks: tc.checks}.Handler()
			out := fetch(t, h, "/readyz", tc.status)
			if !strings.Contains(out, tc.word) || strings.Contains(out, "hunter2") {
				t.Errorf("got %s", out)
			}
			fetch(t, h, "/livez", 200)
		})
	}
}

func TestAStoppingGatewayIsNotReadyButAlive(t *testing.T) {
	h := Admin{Metrics: NewMetrics(Build{}), Stopping: func() bool { return true }}.Handler()
	wants(t, fetch(t, h, "/readyz", 503), `"status":"stopping"`)
	fetch(t, h, "/livez", 200)
}

func TestTheAdminAddressHasNothingElse(t *testing.T) {
	h := Admin{Metrics: NewMetrics(Build{})}.Handler()
	for _, path := range []string{"/", "/debug/pprof/", "/debug/pprof/profile", "/debug/vars", "/v1/links"} {
		fetch(t, h, path, 404)
	}
	fetch(t, Admin{Metrics: NewMetrics(Build{}), Profile: true}.Handler(), "/debug/pprof/cmdline", 404)
	wants(t, fetch(t, Admin{Metrics: NewMetrics(Build{}), Profile: true}.Handler(), "/debug/pprof/", 200), "goroutine")
	res := httptest.NewRecorder()
	h.ServeHTTP(res, httptest.NewRequest("POST", "/readyz", nil))
	if b, _ := io.ReadAll(res.Body); res.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d %s", res.Code, b)
	}
}

func BenchmarkServed(b *testing.B) {
	m := NewMetrics(Build{})
	s := Served{Method: "GET", Route: "/p/:token", Status: 200, Bytes: 3000, Took: time.Millisecond}
	b.ReportAllocs()
	for b.Loop() {
		m.Served(s)
	}
}
