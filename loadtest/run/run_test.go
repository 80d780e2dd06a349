package run_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
	"github.com/odelink/odelink/loadtest/standin"
)

// start opens a stand-in that is wrong as the hooks say.
func start(t *testing.T, wrong func(*standin.Shop)) (*standin.Shop, shop.Target) {
	t.Helper()
	s := standin.Start()
	t.Cleanup(s.Close)
	if wrong != nil {
		wrong(s)
	}
	return s, shop.Target{Name: "stand-in", URL: s.Gateway.URL, Key: standin.Key, Bank: s.Bank.URL}
}

// short is the whole way, closed, on so many links: it ends when they are used up, however fast the machine.
func short(links int) scenario.Scenario {
	sc := scenario.Default()
	sc.Model, sc.Callers, sc.Links, sc.Warmup, sc.Duration = scenario.Closed, 3, links, 0, scenario.Duration(time.Minute)
	return sc
}

// oneStep is a step alone.
func oneStep(name string) scenario.Scenario {
	sc := short(4)
	sc.From, sc.Until, sc.Usage, sc.Duration = name, name, scenario.Multi, scenario.Duration(300*time.Millisecond)
	return sc
}

func TestTheWholeWayIsCountedAndItsBooksAgree(t *testing.T) {
	t.Parallel()
	s, target := start(t, nil)
	r, err := run.Once(t.Context(), target, short(50), run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Whole != 50 || r.Failed() != 0 || r.Requests() != 7*50 {
		t.Errorf("%d whole ways, %d of %d requests failed; said %v", r.Whole, r.Failed(), r.Requests(), r.Said)
	}
	for _, step := range r.Steps {
		want := int64(50)
		if step.Name == "bank" {
			want = 100 // it asks for a password
		}
		if step.Count != want || step.Latency.P50 <= 0 || step.Latency.P99 < step.Latency.P50 || step.Latency.Max < step.Latency.P99 {
			t.Errorf("%s: %d, want %d; %+v", step.Name, step.Count, want, step.Latency)
		}
	}
	if r.Audit == nil || !r.Audit.Whole() || r.Audit.Payments != s.Payments() || r.Audit.Charges != 51 {
		t.Errorf("audit %+v (%s), want the 50 and the first payer", r.Audit, r.AuditGap)
	}
	if !strings.Contains(r.Note, "used up") || r.Partial {
		t.Errorf("note %q, partial %v: it went all ways that were counted out, before its time was over", r.Note, r.Partial)
	}
	if r.Scenario.Card != "415565******1005" || r.Scenario.CVC != "" {
		t.Errorf("the result holds the card: %s %s", r.Scenario.Card, r.Scenario.CVC)
	}
}

func TestTheOpenModelBeginsWhatFallsDue(t *testing.T) {
	t.Parallel()
	_, target := start(t, nil)
	sc := short(20)
	sc.Model, sc.Rate = scenario.Open, 500
	r, err := run.Once(t.Context(), target, sc, run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Partial || !strings.Contains(r.Note, "used up") {
		t.Errorf("partial %v, note %q: payers would have come for a minute", r.Partial, r.Note)
	}
	if r.Whole != 20 || r.Ways < 20 || r.RateDue != 500 || r.Model != scenario.Open {
		t.Errorf("%d due, %d whole at %v a second in the %s model", r.Ways, r.Whole, r.RateDue, r.Model)
	}
	if r.Audit == nil || !r.Audit.Whole() {
		t.Errorf("audit %+v (%s)", r.Audit, r.AuditGap)
	}
}

func TestMoneyThatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wrong  func(*standin.Shop)
		card   string
		lost   bool
		double bool
		differ bool
	}{
		"charged, and not recorded": {lost: true, wrong: func(s *standin.Shop) {
			s.Ledger = func(p *standin.Payment) { p.Status = "failed" }
		}},
		"recorded, and not charged": {lost: true, wrong: func(s *standin.Shop) {
			s.Books = func(standin.Charge) []standin.Charge { return nil }
		}},
		"forgotten": {lost: true, wrong: func(s *standin.Shop) {
			s.Ledger = func(p *standin.Payment) { p.CreatedAt = p.CreatedAt.AddDate(-1, 0, 0) }
		}},
		"charged twice": {double: true, wrong: func(s *standin.Shop) {
			s.Books = func(c standin.Charge) []standin.Charge { return []standin.Charge{c, c} }
		}},
		"another amount": {differ: true, wrong: func(s *standin.Shop) {
			s.Books = func(c standin.Charge) []standin.Charge { c.Amount++; return []standin.Charge{c} }
		}},
		"paid, and its card is declined": {lost: true, wrong: func(*standin.Shop) {}, card: "4155650000051006"},
		"a single-use link paid twice": {double: true, wrong: func(s *standin.Shop) {
			s.Ledger = func(p *standin.Payment) { p.Link = "lnk_one" }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, target := start(t, c.wrong)
			sc := short(5)
			if c.card != "" {
				sc.Card = c.card
			}
			r, err := run.Once(t.Context(), target, sc, run.Watch{})
			if err != nil || r.Audit == nil {
				t.Fatal(err, r.AuditGap)
			}
			if a := r.Audit; (a.Lost > 0) != c.lost || (a.Double > 0) != c.double || (a.Differ > 0) != c.differ || len(a.Examples) == 0 {
				t.Errorf("audit %+v", a)
			}
		})
	}
}

// What is right depends on what the card plays: money that a declining card did not move is not lost.
func TestAPaymentIsJudgedByWhatItsCardPlays(t *testing.T) {
	t.Parallel()
	declines := func(s *standin.Shop) {
		s.Books = func(standin.Charge) []standin.Charge { return nil }
		s.Ledger = func(p *standin.Payment) { p.Status = "declined" }
	}
	for name, c := range map[string]struct {
		card, cvc      string
		wrong          func(*standin.Shop)
		paid, declined int
		lost           bool
	}{
		"declined as it plays":              {card: "4155650000051006", wrong: declines, declined: 6},
		"a wrong security code is declined": {cvc: "000", wrong: declines, declined: 6},
		"declined and charged all the same": {card: "4155650000051006", lost: true, wrong: func(s *standin.Shop) { s.Ledger = func(p *standin.Payment) { p.Status = "declined" } }},
		"declined, and the card pays":       {wrong: declines, lost: true},
		"half-secure and paid":              {card: "4155650000002004", paid: 6},
		"half-secure and not paid":          {card: "4155650000002004", wrong: declines, declined: 6},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, target := start(t, c.wrong)
			sc := short(5)
			if c.card != "" {
				sc.Card = c.card
			}
			if c.cvc != "" {
				sc.CVC = c.cvc
			}
			r, err := run.Once(t.Context(), target, sc, run.Watch{})
			if err != nil || r.Audit == nil {
				t.Fatal(err, r.AuditGap)
			}
			if a := r.Audit; (a.Lost > 0) != c.lost || !c.lost && (a.Paid != c.paid || a.Declined != c.declined || !a.Whole()) {
				t.Errorf("audit %+v", a)
			}
		})
	}
}

// A staging gateway has other users: what happens to their payments is told and not judged.
func TestPaymentsOfOthersAreSeenAndNotJudged(t *testing.T) {
	t.Parallel()
	var others sync.Once
	_, target := start(t, func(s *standin.Shop) {
		s.Books = func(c standin.Charge) []standin.Charge {
			if c.Amount == standin.SettledAmount {
				return nil // somebody else's, and wrong
			}
			return []standin.Charge{c}
		}
		s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
			if step == "result" {
				others.Do(func() { s.Settle("lnk_theirs"); s.Settle("lnk_theirs") })
			}
			return false
		}
	})
	r, err := run.Once(t.Context(), target, short(5), run.Watch{})
	if err != nil || r.Audit == nil {
		t.Fatal(err, r.AuditGap)
	}
	if a := r.Audit; !a.Whole() || a.Others != 2 || a.Payments != 6 || a.Paid != 6 {
		t.Errorf("audit %+v", a)
	}
}

// A target stands still for a while. Who comes meanwhile waits, and the open model's percentiles say so; the
// closed model asks nobody meanwhile, and its percentiles hide it. The stall is far longer than what a busy
// machine does to one request in a hundred, and both are held against it alone.
func TestAStallShowsInTheOpenModelAndHidesInTheClosed(t *testing.T) {
	t.Parallel()
	const stall, before, enough = 1500 * time.Millisecond, 50, 1200
	p99 := map[scenario.Model]float64{}
	for _, model := range []scenario.Model{scenario.Open, scenario.Closed} {
		var requests atomic.Int64
		var gate sync.RWMutex
		ctx, cancel := context.WithCancel(t.Context())
		_, target := start(t, func(s *standin.Shop) {
			s.Before = func(string, http.ResponseWriter, *http.Request) bool {
				switch n := requests.Add(1); {
				case n == before:
					gate.Lock()
					time.AfterFunc(stall, gate.Unlock)
				case n == enough && model == scenario.Closed:
					cancel() // so many are asked however slow the machine is
				}
				gate.RLock() // nobody is answered while it stands still
				defer gate.RUnlock()
				return false
			}
		})
		sc := oneStep("view")
		sc.Model, sc.Rate, sc.Duration = model, 200, scenario.Duration(2500*time.Millisecond)
		if model == scenario.Closed {
			sc.Duration = scenario.Duration(time.Minute)
		}
		r, err := run.Once(ctx, target, sc, run.Watch{})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		view, _ := r.Step("view")
		if view.Latency.Max < 0.9*float64(stall.Milliseconds()) {
			t.Fatalf("%s model: %d views, at most %.0f ms: there was no stall", model, view.Count, view.Latency.Max)
		}
		p99[model] = view.Latency.P99
	}
	half := float64(stall.Milliseconds()) / 2
	if p99[scenario.Open] < half || p99[scenario.Closed] > half {
		t.Errorf("p99 of a stall of %v: open model %.0f ms, closed model %.0f ms", stall, p99[scenario.Open], p99[scenario.Closed])
	}
}

func TestATargetThatCannotBeUsedIsToldBeforeLinksAreMade(t *testing.T) {
	t.Parallel()
	status := func(step string, code int, text string) func(*standin.Shop) {
		return func(s *standin.Shop) {
			s.Before = func(at string, w http.ResponseWriter, _ *http.Request) bool {
				if at == step {
					w.WriteHeader(code)
					_, _ = fmt.Fprint(w, text) // the test reads it
				}
				return at == step
			}
		}
	}
	for name, c := range map[string]struct {
		wrong func(*standin.Shop)
		at    func(*shop.Target)
		says  string
	}{
		"its page refuses":              {wrong: status("view", 503, "<style>p{}</style><p>Closed for &lt;repairs&gt;</p>"), says: "its first view is answered with status 503: Closed for <repairs>"},
		"its pay step refuses":          {wrong: status("pay", 403, "no account"), says: "its first pay is answered with status 403: no account"},
		"it refuses, and says the card": {wrong: status("pay", 422, "4155650000001005 and 4155 6500 0000 1005 are wrong"), says: "status 422: … and … are wrong"},
		"its page has no form":          {wrong: status("view", 200, "<p>hello</p>"), says: "unexpected page: hello"},
		"its API refuses":               {wrong: status("links", 403, `{"title":"Forbidden","detail":"the key may not make links"}`), says: "POST /v1/links answers 403: Forbidden: the key may not make links"},
		"the key is wrong":              {at: func(t *shop.Target) { t.Key = "sk_other" }, says: "answers 401: Unauthorized: this key is not known"},
		"it is away":                    {at: func(t *shop.Target) { t.URL = "http://127.0.0.1:1" }, says: "cannot be reached"},
		"its bank is away":              {at: func(t *shop.Target) { t.Bank = "http://127.0.0.1:1" }, says: "is not a simulated bank that can be reached"},
		"its bank has no books":         {wrong: status("charges", 404, ""), says: "is not a simulated bank that can be reached"},
		"its form leads to a real bank": {wrong: func(s *standin.Shop) { s.Leads = "https://vpos.bank.example" }, says: "forbidden host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var made atomic.Int64
			_, target := start(t, func(s *standin.Shop) {
				if c.wrong != nil {
					c.wrong(s)
				}
				before := s.Before
				s.Before = func(step string, w http.ResponseWriter, r *http.Request) bool {
					if step == "links" {
						made.Add(1)
					}
					return before != nil && before(step, w, r)
				}
			})
			if c.at != nil {
				c.at(&target)
			}
			_, err := run.Once(t.Context(), target, short(500), run.Watch{})
			var unusable *run.Unusable
			if !errors.As(err, &unusable) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if n := made.Load(); n > 3 {
				t.Errorf("%d links were made for nothing", n)
			}
		})
	}
}

func TestFailuresAreCountedByClassAndTheTestGoesOn(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, w http.ResponseWriter, _ *http.Request) bool {
			if step != "view" {
				return false
			}
			switch n.Add(1) % 4 {
			case 2:
				http.Error(w, "too busy", http.StatusServiceUnavailable)
				return true
			case 3:
				panic(http.ErrAbortHandler) // the connection is reset
			}
			return false
		}
	})
	r, err := run.Once(t.Context(), target, short(40), run.Watch{}) // the first payer was the first of 41 views
	if err != nil {
		t.Fatal(err)
	}
	view, _ := r.Step("view")
	if view.Errors["status 503"] != 10 || view.Errors["reset"] != 10 || view.Count != 20 || r.Whole != 20 || r.Errors() != 20./160 {
		t.Errorf("%d good, %d whole ways, failures %v, share %v", view.Count, r.Whole, view.Errors, r.Errors())
	}
	if r.Said["view: status 503"] != "too busy" {
		t.Errorf("said %v", r.Said)
	}
}

func TestAWrongClockIsSeenAndTheBooksAreComparedByIt(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		_, target := start(t, func(s *standin.Shop) {
			s.Clock = func() time.Time { return time.Now().Add(off) }
		})
		r, err := run.Once(t.Context(), target, short(5), run.Watch{})
		if err != nil {
			t.Fatal(err)
		}
		if r.ClockAhead == nil || *r.ClockAhead < off.Seconds()-30 || *r.ClockAhead > off.Seconds()+30 {
			t.Errorf("clock %v, want about %v s", r.ClockAhead, off.Seconds())
		}
		if r.Audit == nil || !r.Audit.Whole() || r.Audit.Payments != 6 {
			t.Errorf("audit %+v", r.Audit)
		}
	}
}

func TestAnEarlyEndKeepsWhatWasSeenAndComparesTheBooks(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	var once sync.Once
	var results atomic.Int64
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
			if step == "result" && results.Add(1) > 5 {
				once.Do(func() { cancel(errors.New("somebody interrupts")) })
			}
			return false
		}
	})
	r, err := run.Once(ctx, target, short(10_000), run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.Note, "somebody interrupts") || !r.Partial || r.Whole == 0 || r.Whole > 100 {
		t.Errorf("note %q, %d whole ways", r.Note, r.Whole)
	}
	if r.Audit == nil || !r.Audit.Whole() || r.Audit.Paid < int(r.Whole) {
		t.Errorf("audit %+v (%s)", r.Audit, r.AuditGap)
	}
}

// A target that dies takes its books with it: what it answered before is kept, and nobody is told that no money
// was lost.
func TestATargetThatDiesOnTheWayLeavesWhatWasSeen(t *testing.T) {
	t.Parallel()
	var results atomic.Int64
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
			if step == "result" && results.Add(1) == 8 {
				for _, server := range []*httptest.Server{s.Gateway, s.Bank} {
					if err := server.Listener.Close(); err != nil {
						t.Error(err)
					}
				}
				panic(http.ErrAbortHandler)
			}
			return results.Load() >= 8
		}
	})
	sc := short(60)
	sc.Callers = 1
	r, err := run.Once(t.Context(), target, sc, run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Whole != 6 || r.Failed() == 0 || len(r.Said) == 0 {
		t.Errorf("%d whole ways, %d requests failed, said %v", r.Whole, r.Failed(), r.Said)
	}
	if r.Audit != nil || !r.BooksFailed || r.AuditGap == "" {
		t.Errorf("books %+v, %q", r.Audit, r.AuditGap)
	}
}

func TestAnEndBeforeTheMeasurementIsNoResult(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var views atomic.Int64
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
			if step == "view" && views.Add(1) == 2 { // the first payer's was before the warm-up
				cancel()
			}
			return false
		}
	})
	sc := short(100)
	sc.Warmup = scenario.Duration(time.Minute)
	if r, err := run.Once(ctx, target, sc, run.Watch{}); !errors.Is(err, context.Canceled) || r.Requests() != 0 {
		t.Errorf("%v, %d requests", err, r.Requests())
	}
}

func TestBooksThatCannotBeReadAreAGapThatIsNotForgiven(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, w http.ResponseWriter, _ *http.Request) bool {
			gone := step == "charges" && asked.Add(1) > 1
			if gone {
				w.WriteHeader(http.StatusInternalServerError)
			}
			return gone
		}
	})
	r, err := run.Once(t.Context(), target, short(3), run.Watch{})
	if err != nil || r.Audit != nil || !r.BooksFailed || !strings.Contains(r.AuditGap, "answers 500") {
		t.Errorf("%v, %+v", err, r.About)
	}
	target.Bank = ""
	if r, err = run.Once(t.Context(), target, short(3), run.Watch{}); err != nil || r.BooksFailed || r.AuditGap == "" {
		t.Errorf("without a bank: %v, %+v", err, r.About)
	}
}

func TestAKneeIsFoundWhereTheTargetBreaks(t *testing.T) {
	t.Parallel()
	var views atomic.Int64
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, w http.ResponseWriter, _ *http.Request) bool {
			tired := step == "view" && views.Add(1) > 60
			if tired {
				http.Error(w, "tired", http.StatusServiceUnavailable)
			}
			return tired
		}
	})
	sc := oneStep("view")
	sc.Model, sc.Rate = scenario.Open, 100
	k, err := run.Knee(t.Context(), target, sc, 100*time.Millisecond, 0, run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	// A busy machine may break it earlier; the knee is the highest rate that was followed all the same.
	highest, broken := 0.0, 0
	for _, p := range k.Points {
		if p.Broke == "" {
			highest = max(highest, p.RateDue)
		} else {
			broken++
		}
	}
	if k.Limit == "" || broken == 0 || k.Knee != highest {
		t.Errorf("knee %v (found %v), limit %q; %v followed, %d rates broken", k.Knee, k.Found, k.Limit, highest, broken)
	}
}

func TestAKneeOfWaysThatPayMakesLinksForEachRateAndComparesTheBooks(t *testing.T) {
	t.Parallel()
	var pays atomic.Int64
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, w http.ResponseWriter, _ *http.Request) bool {
			tired := step == "pay" && pays.Add(1) > 40
			if tired {
				http.Error(w, "tired", http.StatusServiceUnavailable)
			}
			return tired
		}
	})
	sc := short(0)
	sc.Model, sc.Rate = scenario.Open, 50
	k, err := run.Knee(t.Context(), target, sc, 200*time.Millisecond, 0, run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	if k.Audit == nil || !k.Audit.Whole() || k.Audit.Paid == 0 || k.Audit.Paid > 40 || k.Audit.Charges != k.Audit.Paid || k.Note != "" {
		t.Errorf("audit %+v (%s), note %q", k.Audit, k.AuditGap, k.Note)
	}
}

func TestTargetsAreComparedInTurnAndInOppositeOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var turns []string
	heard := func(name string) func(*standin.Shop) {
		return func(s *standin.Shop) {
			s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if step == "view" && (len(turns) == 0 || turns[len(turns)-1] != name) {
					turns = append(turns, name)
				}
				return false
			}
		}
	}
	_, a := start(t, heard("a"))
	_, b := start(t, heard("b"))
	a.Name, b.Name = "a", "b"
	sc := short(6) // a turn ends when its links are used up, however fast the machine
	sc.Rate = 2000
	c, err := run.Compare(t.Context(), []shop.Target{a, b}, sc, run.Plan{Rounds: 2, Span: time.Minute, Open: true}, run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	// The first payers, then a b, then b a.
	if got := strings.Join(turns, " "); got != "a b a b a" {
		t.Errorf("turns %q", got)
	}
	if c.Rounds != 2 || len(c.Sides) != 2 || len(c.Pairs) != 1 {
		t.Fatalf("%d rounds, %d sides, pairs %+v", c.Rounds, len(c.Sides), c.Pairs)
	}
	p, first, second := c.Pairs[0], c.Sides[0].Capacity, c.Sides[1].Capacity
	one, two := first[0].Rate/second[0].Rate, first[1].Rate/second[1].Rate
	if p.Over != "b" || p.Rate.Rounds != 2 || p.Rate.Min != min(one, two) || p.Rate.Max != max(one, two) || p.Rate.Median != (one+two)/2 {
		t.Errorf("over %s: %+v, of %v and %v", p.Over, p.Rate, one, two)
	}
	if len(p.Steps) != 6 || p.Steps[0].Step != "view" || p.Steps[0].P99.Rounds != 2 {
		t.Errorf("over %s: %+v", p.Over, p.Steps)
	}
	if first[0].Model != scenario.Closed || first[0].Whole != 6 || c.Sides[0].Open[0].Model != scenario.Open || c.Sides[0].Open[0].Whole != 6 {
		t.Error("the models are not told, or not all ways were gone")
	}
}

func TestAPageStandsForTheScenariosOnlyStep(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s, a := start(t, func(s *standin.Shop) {
		s.Before = func(step string, _ http.ResponseWriter, r *http.Request) bool {
			if step == "result" && r.URL.RequestURI() == "/r/any?x=1" {
				asked.Add(1)
			}
			return false
		}
	})
	page := shop.Target{Name: "page", URL: s.Gateway.URL + "/r/any?x=1", Page: true}
	c, err := run.Compare(t.Context(), []shop.Target{a, page}, oneStep("installments"), run.Plan{Rounds: 1, Span: 50 * time.Millisecond}, run.Watch{})
	if err != nil || c.Pairs[0].Over != "page" || asked.Load() == 0 {
		t.Fatal(err, c.Pairs, asked.Load())
	}
	if steps := c.Sides[1].Capacity[0].Steps; len(steps) != 1 || steps[0].Name != "installments" || c.Sides[1].Failed != 0 {
		t.Errorf("%+v", c.Sides[1])
	}
}

// A page beside a whole way: what the same rate costs without a gateway.
func TestAPageIsHeldAgainstEachStepInTheOpenModelAlone(t *testing.T) {
	t.Parallel()
	s, a := start(t, nil)
	page := shop.Target{Name: "page", URL: s.Gateway.URL + "/r/any", Page: true}
	sc := short(0)
	sc.Rate = 25 // a machine with other work still keeps up
	c, err := run.Compare(t.Context(), []shop.Target{a, page}, sc, run.Plan{Rounds: 2, Span: 400 * time.Millisecond, Alone: true}, run.Watch{})
	if err != nil || c.Rounds != 2 || c.Scenario.Model != scenario.Open {
		t.Fatal(err, c.Rounds, c.Scenario.Model)
	}
	way, alone := c.Sides[0], c.Sides[1]
	if len(way.Capacity)+len(alone.Capacity) > 0 || way.Rate.Rounds != 2 || way.OwnCPU.Rounds != 2 || c.Pairs[0].Rate.Rounds != 0 {
		t.Errorf("capacities %d and %d, rate %+v, ratio of capacities %+v", len(way.Capacity), len(alone.Capacity), way.Rate, c.Pairs[0].Rate)
	}
	if way.Audit == nil || !way.Audit.Whole() || way.Audit.Paid < 10 || alone.Audit != nil {
		t.Errorf("books %+v and %+v", way.Audit, alone.Audit)
	}
	if len(alone.Latency) != 1 || alone.Open[0].Seconds > way.Open[0].Seconds/2 {
		t.Errorf("the page has %d steps, and %v s of %v", len(alone.Latency), alone.Open[0].Seconds, way.Open[0].Seconds)
	}
	steps := c.Pairs[0].Steps
	if len(steps) != 6 {
		t.Fatalf("%+v", steps)
	}
	for i, step := range steps {
		own, _ := way.Open[0].Step(step.Step)
		its := alone.Open[0].Steps[0].Latency.P99
		if other, _ := way.Open[1].Step(step.Step); step.P99.Rounds != 2 || own.Latency.P99/its != step.P99.Min && own.Latency.P99/its != step.P99.Max {
			t.Errorf("%d %s: %+v, of %v and %v over %v", i, step.Step, step.P99, own.Latency.P99, other.Latency.P99, its)
		}
	}
	if _, err := run.Compare(t.Context(), []shop.Target{a, page}, sc, run.Plan{Rounds: 1, Span: time.Second, Open: true}, run.Watch{}); err == nil {
		t.Error("a page has a capacity of ways")
	}
}

func TestWaysThatPayAreComparedOnLinksOfTheirOwn(t *testing.T) {
	t.Parallel()
	_, a := start(t, nil)
	_, b := start(t, nil)
	a.Name, b.Name = "a", "b"
	c, err := run.Compare(t.Context(), []shop.Target{a, b}, short(0), run.Plan{Rounds: 2, Span: 60 * time.Millisecond}, run.Watch{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Sides {
		if s.Audit == nil || !s.Audit.Whole() || s.Audit.Paid == 0 || s.Failed != 0 {
			t.Errorf("%s: audit %+v, %v failed, said %v", s.Target, s.Audit, s.Failed, s.Said)
		}
	}
}

func TestAComparisonThatIsInterruptedKeepsItsWholeRounds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	_, a := start(t, nil)
	_, b := start(t, nil)
	a.Name, b.Name = "a", "b"
	w := run.Watch{Preparing: func(what string) {
		if what == "round 2 of 9: a" { // the second in its round
			cancel(errors.New("somebody interrupts"))
		}
	}}
	c, err := run.Compare(ctx, []shop.Target{a, b}, oneStep("view"), run.Plan{Rounds: 9, Span: 30 * time.Millisecond}, w)
	if err != nil || c.Rounds != 1 || len(c.Sides[0].Capacity) != 1 || len(c.Sides[1].Capacity) != 1 || c.Note == "" || !c.Partial {
		t.Errorf("%v, %d rounds, note %q", err, c.Rounds, c.Note)
	}
}

func TestMistakesOfACallAreNotTheTargets(t *testing.T) {
	t.Parallel()
	_, target := start(t, nil)
	page := shop.Target{Name: "page", URL: target.URL + "/x", Page: true}
	for name, call := range map[string]func() error{
		"a page for a way of several steps": func() error { _, err := run.Once(t.Context(), page, short(1), run.Watch{}); return err },
		"one target is compared": func() error {
			_, err := run.Compare(t.Context(), []shop.Target{target}, short(1), run.Plan{Rounds: 1, Span: time.Second}, run.Watch{})
			return err
		},
		"a knee is no run": func() error {
			sc := short(1)
			sc.Model = scenario.Knee
			_, err := run.Once(t.Context(), target, sc, run.Watch{})
			return err
		},
		"no key": func() error {
			_, err := run.Once(t.Context(), shop.Target{Name: "t", URL: target.URL}, short(1), run.Watch{})
			return err
		},
	} {
		var unusable *run.Unusable
		if err := call(); err == nil || errors.As(err, &unusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One bad moment of a machine is not where its capacity ends.
func TestARateThatBreaksOnceIsTriedOnceMore(t *testing.T) {
	t.Parallel()
	var bad atomic.Bool
	_, target := start(t, func(s *standin.Shop) {
		s.Before = func(step string, w http.ResponseWriter, _ *http.Request) bool {
			if step == "view" && bad.Load() {
				http.Error(w, "a moment please", http.StatusServiceUnavailable)
				return true
			}
			return false
		}
	})
	sc := oneStep("view")
	sc.Model, sc.Rate = scenario.Open, 200
	ctx, cancel := context.WithCancel(t.Context())
	rates := 0
	w := run.Watch{Preparing: func(what string) {
		if strings.Contains(what, "a second at") {
			if rates++; rates == 3 {
				cancel()
			}
			bad.Store(true)
		}
	}}
	k, err := run.Knee(ctx, target, sc, 50*time.Millisecond, 0, w)
	if err != nil || len(k.Points) != 3 {
		t.Fatal(err, len(k.Points))
	}
	if a, b, c := k.Points[0], k.Points[1], k.Points[2]; a.Broke == "" || b.RateDue != a.RateDue || c.RateDue == a.RateDue {
		t.Errorf("%v a second broke (%s), then %v and %v were tried", a.RateDue, a.Broke, b.RateDue, c.RateDue)
	}
}
