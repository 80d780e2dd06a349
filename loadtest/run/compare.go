package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
)

// Plan is how targets are compared.
type Plan struct {
	Rounds int           // each target is measured once in each
	Span   time.Duration // of one measurement
	Open   bool          // besides capacities, the open model at the scenario's rate, for latencies
	Alone  bool          // the open model alone, without capacities: a page may then be held against a way of several steps
}

// models are those that a target has in its turn, in their order.
func (p Plan) models() []scenario.Model {
	switch {
	case p.Alone:
		return []scenario.Model{scenario.Open}
	case p.Open:
		return []scenario.Model{scenario.Closed, scenario.Open}
	}
	return []scenario.Model{scenario.Closed}
}

// pageTurns is how much shorter a page's turn is where it only shows what the same rate costs without a
// gateway: the time is the way's.
const pageTurns = 4

// turn is how long each model is measured at a target.
func (p Plan) turn(t shop.Target) time.Duration {
	if p.Alone && t.Page {
		return p.Span / pageTurns
	}
	return p.Span
}

// Comparison holds a first target against others. Its capacities come from the closed model, at a fixed number
// of callers. Its latencies come from the open model, where it was asked for; alone, the rates are what came to
// its end of the rate that fell due.
type Comparison struct {
	Scenario scenario.Scenario `json:"scenario"` // without card and password
	Started  time.Time         `json:"started"`
	Callers  int               `json:"callers"`
	Asked    int               `json:"rounds_asked"`
	Rounds   int               `json:"rounds"` // that every target finished
	Sides    []Side            `json:"sides"`
	Pairs    []Pair            `json:"pairs"`             // the first side over each of the others
	Note     string            `json:"note,omitempty"`    // why it ended before its end
	Partial  bool              `json:"partial,omitempty"` // not all rounds were measured
}

// Side is one target.
type Side struct {
	About
	Capacity []Measured     `json:"capacity,omitempty"`        // closed model, a measurement a round
	Open     []Measured     `json:"open,omitempty"`            // open model, a measurement a round
	Rate     measure.Spread `json:"rate"`                      // whole ways per second: the capacity, unless the open model was alone
	CPU      measure.Spread `json:"cpu_micros"`                // its processor time per request; no rounds = not known
	Lag      measure.Spread `json:"lag_p99_ms"`                // the generator's, in the open model; no rounds = not asked for
	OwnCPU   measure.Spread `json:"generator_micros"`          // the generator's, per request
	Failed   float64        `json:"errors"`                    // share of all requests
	Bytes    float64        `json:"bytes_of_the_first_step"`   // of an answer's body
	Latency  []StepLatency  `json:"open_latency_ms,omitempty"` // medians of the rounds
}

// StepLatency is a step in the open model, in milliseconds.
type StepLatency struct {
	Step string         `json:"step"`
	P50  measure.Spread `json:"p50"`
	P99  measure.Spread `json:"p99"`
}

// Pair is the first side over another, round by round: the ratios' median and their extremes.
type Pair struct {
	Over  string         `json:"over"`
	Rate  measure.Spread `json:"rate"` // of capacities; more than 1: the first carries more; no rounds = not asked for
	CPU   measure.Spread `json:"cpu"`  // less than 1: the first is cheaper; no rounds = not known
	Steps []StepLatency  `json:"open_latency,omitempty"`
}

// Compare measures the targets in turn, in every other round in the opposite order, so that what changes
// on the machine meanwhile does not favour one.
func Compare(ctx context.Context, targets []shop.Target, sc scenario.Scenario, plan Plan, w Watch) (Comparison, error) {
	if len(targets) < 2 {
		return Comparison{}, errors.New("to compare takes two targets or more")
	}
	sc.Model, sc.Duration = plan.models()[0], scenario.Duration(plan.Span)
	c := Comparison{Scenario: sc.Masked(), Started: time.Now(), Callers: sc.Callers, Asked: plan.Rounds}
	var sessions []*session
	defer func() {
		for _, s := range sessions {
			s.close()
		}
	}()
	for _, t := range targets {
		s, err := open(ctx, t, asked(sc, t, plan), w)
		if err != nil {
			return c, err
		}
		sessions = append(sessions, s)
		c.Sides = append(c.Sides, Side{About: about(t)})
	}
	err := c.rounds(ctx, sessions, plan, w)
	for i, s := range sessions {
		s.finish(&c.Sides[i].About, w)
	}
	c.sum()
	if err != nil {
		c.Note, c.Partial = err.Error(), true
	}
	if c.Rounds == 0 && err != nil {
		return c, err
	}
	return c, nil
}

// asked is what of a scenario a target is asked for. A page beside a way stands for each of its steps.
func asked(sc scenario.Scenario, t shop.Target, plan Plan) scenario.Scenario {
	if plan.Alone && t.Page {
		sc.Until = sc.From
	}
	return sc
}

// rounds measures until all are done or the context ends.
func (c *Comparison) rounds(ctx context.Context, sessions []*session, plan Plan, w Watch) error {
	for round := range plan.Rounds {
		order := make([]int, len(sessions))
		for i := range order {
			order[i] = i
		}
		if round%2 == 1 {
			slices.Reverse(order)
		}
		got := make([][]Measured, len(sessions))
		for _, i := range order {
			w.preparing("round %d of %d: %s", round+1, plan.Rounds, sessions[i].target.Name)
			var err error
			if got[i], err = sessions[i].turnOf(ctx, plan, round == 0, w); err != nil {
				return err
			}
		}
		for i, all := range got { // a round counts when every target had its turn
			for _, m := range all {
				side := &c.Sides[i]
				if m.Model == scenario.Closed {
					side.Capacity = append(side.Capacity, m)
				} else {
					side.Open = append(side.Open, m)
				}
			}
		}
		c.Rounds++
	}
	return nil
}

// turnOf is a target's part of a round.
func (s *session) turnOf(ctx context.Context, plan Plan, first bool, w Watch) ([]Measured, error) {
	var got []Measured
	for i, model := range plan.models() {
		l := load{model: model, span: plan.turn(s.target)}
		if model == scenario.Open {
			l.rate = s.scenario.Rate
		}
		warmup := time.Duration(0)
		if first && i == 0 {
			warmup = time.Duration(s.scenario.Warmup)
		}
		if err := s.supply(ctx, l, warmup, w); err != nil {
			return nil, err
		}
		s.warm(ctx, l, warmup, w)
		m := s.measured(ctx, l, w)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ended early: %w", context.Cause(ctx))
		}
		got = append(got, m)
	}
	return got, nil
}

// sum works out what the rounds say.
func (c *Comparison) sum() {
	for i := range c.Sides {
		c.Sides[i].sum(c.Scenario.Steps())
	}
	for _, other := range c.Sides[1:] {
		c.Pairs = append(c.Pairs, pair(c.Sides[0], other))
	}
}

func (s *Side) sum(steps []string) {
	rounds := s.Rounds()
	s.Rate = measure.SpreadOf(each(rounds, rateOf))
	s.CPU = measure.SpreadOf(each(rounds, cpuOf))
	s.OwnCPU = measure.SpreadOf(each(rounds, func(m Measured) (float64, bool) { return m.Generator.CPUMicros, true }))
	s.Lag = measure.SpreadOf(each(s.Open, func(m Measured) (float64, bool) { return m.Generator.LagP99, true }))
	var requests, failed int64
	for _, m := range append(slices.Clone(s.Capacity), s.Open...) {
		requests, failed = requests+m.Requests(), failed+m.Failed()
		if len(m.Steps) > 0 && m.Steps[0].Count > 0 {
			s.Bytes = m.Steps[0].Bytes
		}
	}
	if requests > 0 {
		s.Failed = float64(failed) / float64(requests)
	}
	if len(s.Open) == 0 {
		return
	}
	for _, step := range steps {
		l := StepLatency{Step: step, P50: measure.SpreadOf(each(s.Open, p50Of(step))), P99: measure.SpreadOf(each(s.Open, p99Of(step)))}
		if l.P50.Rounds > 0 { // a card that the bank lets pass unasked sees no bank's page
			s.Latency = append(s.Latency, l)
		}
	}
}

// Rounds are the measurements that its rate and its processor time come from: of capacities, or else of the
// open model alone.
func (s Side) Rounds() []Measured {
	if len(s.Capacity) > 0 {
		return s.Capacity
	}
	return s.Open
}

func pair(first, other Side) Pair {
	p := Pair{
		Over: other.Target,
		Rate: ratios(first.Capacity, other.Capacity, rateOf, rateOf),
		CPU:  ratios(first.Rounds(), other.Rounds(), cpuOf, cpuOf),
	}
	for _, s := range first.Latency {
		its := s.Step
		if len(other.Latency) == 1 {
			its = other.Latency[0].Step // a page stands for each step
		}
		p.Steps = append(p.Steps, StepLatency{
			Step: s.Step, P50: ratios(first.Open, other.Open, p50Of(s.Step), p50Of(its)), P99: ratios(first.Open, other.Open, p99Of(s.Step), p99Of(its)),
		})
	}
	return p
}

// figure is one of a measurement's; false = it has none.
type figure func(Measured) (float64, bool)

func rateOf(m Measured) (float64, bool) { return m.Rate, m.Rate > 0 }
func cpuOf(m Measured) (float64, bool)  { return m.TargetCPU() }

func p50Of(step string) figure {
	return func(m Measured) (float64, bool) {
		s, ok := m.Step(step)
		return s.Latency.P50, ok && s.Count > 0
	}
}

func p99Of(step string) figure {
	return func(m Measured) (float64, bool) {
		s, ok := m.Step(step)
		return s.Latency.P99, ok && s.Count > 0
	}
}

func each(rounds []Measured, f figure) (values []float64) {
	for _, m := range rounds {
		if v, ok := f(m); ok {
			values = append(values, v)
		}
	}
	return values
}

// ratios are those of the rounds in which both have their figure.
func ratios(a, b []Measured, of, over figure) measure.Spread {
	var all []float64
	for i := range min(len(a), len(b)) {
		x, ok := of(a[i])
		y, also := over(b[i])
		if ok && also && y > 0 {
			all = append(all, x/y)
		}
	}
	return measure.SpreadOf(all)
}
