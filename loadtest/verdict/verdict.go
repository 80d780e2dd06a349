// Package verdict holds what was measured against a scenario's thresholds. A threshold is about a figure;
// which figures there are depends on the kind of test:
//
//	run      STEP.p50 STEP.p90 STEP.p99 STEP.p999 STEP.max STEP.mean (ms)   STEP.rate rate (per second)
//	         errors (share of all requests)   lost double differ (payments)
//	knee     knee (ways per second)   lost double differ
//	compare  NAME.ratio NAME.cpu_ratio NAME.STEP.p50_ratio NAME.STEP.p99_ratio: the first target over NAME,
//	         medians of the rounds   rate errors (of the first target)   lost double differ
//
// Besides, lost or double money breaks every test, and so do payments that were charged with another amount
// and books that were named and could not be compared: no threshold has to ask for it.
package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/odelink/odelink/loadtest/journey"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
)

// Kind is a kind of test.
type Kind string

// The kinds.
const (
	Run     Kind = "run"
	Knee    Kind = "knee"
	Compare Kind = "compare"
)

// Verdict is what a test comes to.
type Verdict struct {
	Kept    bool     `json:"kept"`
	Partial bool     `json:"partial,omitempty"` // not all that was asked for was measured: what is kept was kept until then
	Checks  []Check  `json:"checks"`
	Reasons []string `json:"reasons,omitempty"` // why it is broken besides the checks; sentences
	Aside   []string `json:"aside,omitempty"`   // thresholds of the scenario that are about another kind of test
}

// Check is one threshold.
type Check struct {
	Threshold scenario.Threshold `json:"threshold"`
	Value     *float64           `json:"value"` // nil: the figure was not measured, which breaks the threshold
	Kept      bool               `json:"kept"`
}

// Test is a test before it is made: what its thresholds may be about.
type Test struct {
	Kind   Kind
	Steps  []string // of the scenario
	Others []string // compare: the targets after the first
	Open   bool     // compare: the open model too
	Alone  bool     // compare: the open model alone
	Books  bool     // every target's bank was named, and the scenario pays
}

var (
	ofSteps = []string{"p50", "p90", "p99", "p999", "max", "mean", "rate"}
	ofMoney = []string{"lost", "double", "differ"}
)

// Figures are those that the test has.
func (t Test) Figures() (all []string) {
	switch t.Kind {
	case Run:
		for _, step := range t.Steps {
			for _, f := range ofSteps {
				all = append(all, step+"."+f)
			}
		}
		all = append(all, "errors", "rate")
	case Knee:
		all = append(all, "knee")
	case Compare:
		for _, name := range t.Others {
			all = append(all, name+".cpu_ratio")
			if !t.Alone {
				all = append(all, name+".ratio")
			}
			for _, step := range t.Steps {
				if t.Open {
					all = append(all, name+"."+step+".p50_ratio", name+"."+step+".p99_ratio")
				}
			}
		}
		all = append(all, "errors", "rate")
	}
	if t.Books {
		all = append(all, ofMoney...)
	}
	return all
}

// Sort tells the thresholds that the test can judge from those that are about another kind of test. The
// error names those that are about nothing.
func (t Test) Sort(all []scenario.Threshold) (judged, aside []scenario.Threshold, err error) {
	var unknown []string
	known := t.Figures()
	for _, th := range all {
		figure, _, _, err := th.Parts()
		switch {
		case err != nil:
			return nil, nil, err
		case slices.Contains(known, figure):
			judged = append(judged, th)
		case t.elsewhere(figure):
			aside = append(aside, th)
		case slices.Contains(ofMoney, figure):
			unknown = append(unknown, fmt.Sprintf("threshold %q needs a scenario that pays, and -bank with the simulated bank's address", th))
		default:
			unknown = append(unknown, fmt.Sprintf("threshold %q is about no figure of this test, which are: %s", th, strings.Join(known, " ")))
		}
	}
	if unknown != nil {
		return nil, nil, fmt.Errorf("%s", strings.Join(unknown, "\n"))
	}
	return judged, aside, nil
}

// elsewhere says whether a figure is one of another kind of test.
func (t Test) elsewhere(figure string) bool {
	step, last, dotted := strings.Cut(figure, ".")
	switch {
	case figure == "knee":
		return t.Kind != Knee
	case strings.HasSuffix(figure, "ratio") && dotted:
		return t.Kind != Compare
	case dotted && slices.Contains(journey.Steps, step) && slices.Contains(ofSteps, last):
		return t.Kind != Run
	}
	return (figure == "errors" || figure == "rate") && t.Kind == Knee
}

// Seen is what a test measured.
type Seen struct {
	Figures map[string]float64
	Targets []run.About
	Partial bool // it ended before all was measured that was asked for
}

// Judge holds what was seen against thresholds; aside are those of another kind of test.
func Judge(judged, aside []scenario.Threshold, seen Seen) Verdict {
	v := Verdict{Kept: true, Partial: seen.Partial, Checks: []Check{}}
	for _, t := range aside {
		v.Aside = append(v.Aside, string(t))
	}
	for _, t := range judged {
		c := Check{Threshold: t}
		figure, _, _, err := t.Parts()
		if value, measured := seen.Figures[figure]; measured && err == nil {
			c.Value, c.Kept = &value, t.Keeps(value)
		}
		v.Kept = v.Kept && c.Kept
		v.Checks = append(v.Checks, c)
	}
	for _, a := range seen.Targets {
		v.Reasons = append(v.Reasons, money(a)...)
	}
	v.Kept = v.Kept && v.Reasons == nil
	return v
}

// money says what is wrong with a target's.
func money(a run.About) (wrong []string) {
	if a.BooksFailed {
		wrong = append(wrong, fmt.Sprintf("%s: the bank's books could not be compared: %s", a.Target, a.AuditGap))
	}
	if a.Audit == nil {
		return wrong
	}
	for _, w := range []struct {
		n    int
		what string
	}{
		{a.Audit.Lost, "lost"}, {a.Audit.Double, "charged twice"}, {a.Audit.Differ, "charged with another amount"},
	} {
		if w.n > 0 {
			wrong = append(wrong, fmt.Sprintf("%s: %d of %d payments %s", a.Target, w.n, a.Audit.Payments, w.what))
		}
	}
	return wrong
}
