package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
)

// KneeResult is the highest rate that a target follows, and the curve that shows it.
type KneeResult struct {
	About
	Scenario scenario.Scenario `json:"scenario"` // without card and password; its rate is the first that was tried
	Started  time.Time         `json:"started"`
	Knee     float64           `json:"knee"`              // ways per second, to ±5 %; 0 = not even the lowest rate was followed
	Held     scenario.Duration `json:"held,omitempty"`    // for how long the target followed it in the end
	Found    bool              `json:"found"`             // false: the knee lies beyond what was tried
	Limit    string            `json:"limit"`             // what broke right above it
	Points   []Point           `json:"points"`            // in the order in which they were measured
	Note     string            `json:"note,omitempty"`    // why it ended before its end
	Partial  bool              `json:"partial,omitempty"` // the search was not finished
}

// Point is one rate that was tried.
type Point struct {
	Measured
	Broke string `json:"broke,omitempty"` // why the target did not follow; "" = it did
}

// Bounds of following.
const (
	leastWhole  = 0.97 // of the ways that fell due, whole
	mostErrors  = 0.01 // of the requests
	mostSlower  = 10   // times the lowest p99 seen of the same step
	finestP99   = 1.0  // ms; less is the resolution of the generator's own timers, and no measure of the target
	kneeStep    = 1.3  // from rate to rate
	kneeWithin  = 0.05 // on either side
	mostRates   = 40   // 1.3^40 is 36,000 times the first rate
	highestRate = 1e6  // ways per second
	lowestRate  = 1.0  // less than that is no load
	lessToHold  = 0.9  // of a rate that was followed for a moment and not for long
)

// Knee tries rising rates, each for a span, until the target does not follow, and closes in on the last that
// it followed. A rate counts as not followed when it broke twice. What was found in such turns is then held for
// longer, and lowered until it can be: queues that grow slowly, the log's checkpoints and a busy neighbour do not
// show in seconds. With hold 0 it is not.
func Knee(ctx context.Context, t shop.Target, sc scenario.Scenario, span, hold time.Duration, w Watch) (KneeResult, error) {
	sc.Model, sc.Duration = scenario.Open, scenario.Duration(span)
	res := KneeResult{About: about(t), Scenario: sc.Masked(), Started: time.Now()}
	res.Scenario.Model = scenario.Knee
	s, err := open(ctx, t, sc, w)
	if err != nil {
		return res, err
	}
	defer s.close()
	lowest := map[string]float64{}
	once := func(rate float64, span, warmup time.Duration) (string, error) {
		l := load{model: scenario.Open, rate: rate, span: span}
		if err := s.supply(ctx, l, warmup, w); err != nil {
			return "", err
		}
		s.warm(ctx, l, warmup, w)
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		w.preparing("%.0f a second at %s", rate, t.Name)
		p := Point{Measured: s.measured(ctx, l, w)}
		if p.Note == "" {
			p.Broke = p.judge(lowest)
		}
		res.Points = append(res.Points, p)
		if p.Note != "" {
			return "", errors.New(p.Note)
		}
		return p.Broke, nil
	}
	warmup := time.Duration(sc.Warmup)
	try := func(rate float64, span time.Duration) (string, error) {
		broke, err := once(rate, span, warmup)
		warmup = 0 // once is enough: the target stays busy
		if broke != "" && err == nil {
			return once(rate, span, 0) // a pause of the machine breaks a rate once, too much load breaks it again
		}
		return broke, err
	}
	res.Knee, res.Found, res.Limit, err = search(sc.Rate, func(rate float64) (string, error) { return try(rate, span) })
	if err == nil && res.Knee > 0 && hold > 0 {
		res.Held = scenario.Duration(hold)
		err = res.holds(func(rate float64) (string, error) { return try(rate, hold) })
	}
	if err != nil {
		res.Note, res.Partial = err.Error(), true
	}
	s.finish(&res.About, w)
	if len(res.Points) == 0 && err != nil {
		return res, err
	}
	return res, nil
}

// holds lowers the knee until try says that it was followed. An end before that leaves no knee: none was held.
func (k *KneeResult) holds(try func(rate float64) (broke string, err error)) error {
	for rate := k.Knee; ; rate *= lessToHold {
		k.Knee = 0
		if rate < lowestRate {
			return nil
		}
		broke, err := try(rate)
		if err != nil {
			return err
		}
		if broke == "" {
			k.Knee = rate
			return nil
		}
		k.Found, k.Limit = true, broke
	}
}

// judge says what broke, and remembers the lowest p99 of each step.
func (p Point) judge(lowest map[string]float64) string {
	broke := ""
	for _, s := range p.Steps {
		p99 := max(s.Latency.P99, finestP99)
		if low, seen := lowest[s.Name]; s.Count > 0 && (!seen || p99 < low) {
			lowest[s.Name] = p99
		}
		if low := lowest[s.Name]; low > 0 && p99 > mostSlower*low {
			broke = fmt.Sprintf("%s: p99 %.1f ms, more than %d times the lowest (%.1f ms)", s.Name, s.Latency.P99, mostSlower, low)
		}
	}
	switch {
	case p.Errors() > mostErrors:
		return fmt.Sprintf("%.1f %% of the requests failed", 100*p.Errors())
	case p.Whole == 0 || float64(p.Whole) < leastWhole*float64(p.Ways): // of none, where the machine stood still
		return fmt.Sprintf("%d of %d ways came to their end", p.Whole, p.Ways)
	}
	return broke
}

// search finds the highest rate that is followed. try answers what broke, "" when nothing did; its error
// ends the search with what is known then.
func search(first float64, try func(rate float64) (broke string, err error)) (knee float64, found bool, limit string, err error) {
	low, high := 0.0, 0.0
	for rate, n := first, 0; n < mostRates && rate <= highestRate && rate >= min(first, lowestRate); n++ {
		broke, err := try(rate)
		if err != nil {
			return low, false, limit, err
		}
		if broke == "" {
			low = rate
			if high > 0 {
				break
			}
			rate *= kneeStep
			continue
		}
		high, limit = rate, broke
		if low > 0 {
			break
		}
		rate /= 2 // the very first was too much
	}
	if low == 0 || high == 0 {
		return low, false, limit, nil
	}
	for (high-low)/(high+low) > kneeWithin {
		rate := (low + high) / 2
		broke, err := try(rate)
		if err != nil {
			return low, false, limit, err
		}
		if broke == "" {
			low = rate
		} else {
			high, limit = rate, broke
		}
	}
	return low, true, limit, nil
}
