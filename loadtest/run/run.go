// Package run carries scenarios out against targets and answers what was seen. It deliberately prints
// nothing, judges nothing and writes no file: packages verdict and report do.
//
//	Once      one target, one scenario
//	Knee      one target at rising rates, until it does not follow
//	Compare   several targets in turn, held against each other round by round
//
// All three begin alike: the target is reached, its clock read, and one payer goes the whole way, so that a
// target that refuses is heard before thousands of links are made for it. All three end alike: the books of
// ways that paid are compared, also when they were ended early.
package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/odelink/odelink/loadtest/journey"
	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
)

// About is what is known of a target besides its figures.
type About struct {
	Target  string `json:"target"`
	Address string `json:"address"`

	// ClockAhead is how far the target's clock is ahead of this machine's, by its Date header: known to
	// about a second. nil = its answers have no date.
	ClockAhead *float64 `json:"clock_ahead_seconds,omitempty"`

	Audit       *shop.Audit `json:"audit,omitempty"`
	AuditGap    string      `json:"audit_gap,omitempty"`    // why there is no audit of ways that paid
	BooksFailed bool        `json:"books_failed,omitempty"` // the gap is not that no bank was named: its books were asked for and not read

	// Said holds the first answer of each way in which requests failed: "pay: status 403" to its text.
	Said map[string]string `json:"said,omitempty"`
}

// Result is one run.
type Result struct {
	About
	Scenario scenario.Scenario `json:"scenario"` // without card and password
	Started  time.Time         `json:"started"`
	Measured
}

// Measured is what one stretch of load showed.
type Measured struct {
	Model     scenario.Model   `json:"model"`              // open or closed
	RateDue   float64          `json:"rate_due,omitempty"` // ways per second that fell due; open model only
	Seconds   float64          `json:"seconds"`            // measured
	Ways      int64            `json:"ways"`               // begun, or fallen due in the open model
	Whole     int64            `json:"whole"`              // of them, gone to their last step
	Rate      float64          `json:"rate"`               // whole ways per second
	Late      int64            `json:"late"`               // begun late, because every caller was away
	Left      int64            `json:"left"`               // due and never begun
	Steps     []measure.Step   `json:"steps"`              // those of the scenario
	Series    []measure.Second `json:"series"`
	Generator Generator        `json:"generator"`
	Processes []Process        `json:"processes,omitempty"` // of the target, where it is on this machine
	Note      string           `json:"note,omitempty"`      // why it ended before its time was over
	Partial   bool             `json:"partial,omitempty"`   // not all that was asked for was measured
}

// Requests counts what was sent.
func (m Measured) Requests() (n int64) {
	for _, s := range m.Steps {
		n += s.Count + s.Failed()
	}
	return n
}

// Failed counts what was not answered as it should be.
func (m Measured) Failed() (n int64) {
	for _, s := range m.Steps {
		n += s.Failed()
	}
	return n
}

// Errors is the share of all requests that failed.
func (m Measured) Errors() float64 {
	if n := m.Requests(); n > 0 {
		return float64(m.Failed()) / float64(n)
	}
	return 0
}

// Step finds a step by its name.
func (m Measured) Step(name string) (measure.Step, bool) {
	for _, s := range m.Steps {
		if s.Name == name {
			return s, true
		}
	}
	return measure.Step{}, false
}

// TargetCPU is the target's processor time per request of its own (the bank's are not), in microseconds.
// known is false where the target is elsewhere, or too little was used to be read.
func (m Measured) TargetCPU() (micros float64, known bool) {
	n := m.Requests()
	if bank, ok := m.Step(journey.Steps[journey.Bank]); ok {
		n -= bank.Count + bank.Failed()
	}
	for _, p := range m.Processes {
		if p.Role == RoleTarget && n > 0 && p.CPU > 0 {
			return p.CPU * 1e6 / float64(n), true
		}
	}
	return 0, false
}

// Generator is what the test itself cost.
type Generator struct {
	CPUMicros float64 `json:"cpu_micros_per_request"`
	CPUShare  float64 `json:"cpu_share"`  // of one processor
	LagP50    float64 `json:"lag_p50_ms"` // from when a way was due to when its first request was sent
	LagP99    float64 `json:"lag_p99_ms"`
	LagMax    float64 `json:"lag_max_ms"`
}

// Watch is told of a run while it goes on; nil functions are not called.
type Watch struct {
	Preparing func(what string)
	Second    func(at time.Duration, s measure.Second, steps []string)
}

func (w Watch) preparing(format string, args ...any) {
	if w.Preparing != nil {
		w.Preparing(fmt.Sprintf(format, args...))
	}
}

// Unusable is a target that nothing can be measured of: away, refusing, or no simulated bank behind it.
type Unusable struct {
	Target string
	Cause  error
}

func (u *Unusable) Error() string { return fmt.Sprintf("target %s: %s", u.Target, u.Cause) }
func (u *Unusable) Unwrap() error { return u.Cause }

// load is a stretch of it.
type load struct {
	model scenario.Model
	rate  float64 // ways per second; open model only
	span  time.Duration
}

// Once carries a scenario out. A cancelled context ends it early; what was seen until then is answered.
// The error is of what made a run impossible: an *Unusable, or a mistake in the call.
func Once(ctx context.Context, t shop.Target, sc scenario.Scenario, w Watch) (Result, error) {
	if sc.Model == scenario.Knee {
		return Result{}, errors.New("a knee is looked for with Knee")
	}
	res := Result{About: about(t), Scenario: sc.Masked(), Started: time.Now()}
	s, err := open(ctx, t, sc, w)
	if err != nil {
		return res, err
	}
	defer s.close()
	l := load{model: sc.Model, rate: sc.Rate, span: time.Duration(sc.Duration)}
	if err := s.supply(ctx, l, time.Duration(sc.Warmup), w); err != nil {
		return res, err
	}
	s.warm(ctx, l, time.Duration(sc.Warmup), w)
	res.Measured = s.measured(ctx, l, w)
	s.finish(&res.About, w)
	if res.Requests() == 0 && ctx.Err() != nil {
		return res, context.Cause(ctx)
	}
	return res, nil
}

func about(t shop.Target) About { return About{Target: t.Name, Address: t.URL} }
