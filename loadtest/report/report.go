// Package report writes what a test came to: as a table for the terminal, as JSON with every figure, and as
// one HTML page that stands alone (no script, nothing from elsewhere). All three are made of one Report and
// say the same. It deliberately measures and judges nothing.
//
// The JSON is Report as it stands here; its format changes only with the number in "format":
//
//	format      "odelink-loadtest/1"
//	kind        "run", "knee" or "compare"; the member of that name (run, knee, comparison) holds the figures
//	made        RFC 3339
//	generator   the machine that the load came from: os, arch, processors, go
//	verdict     kept, partial, checks [{threshold, value, kept}], reasons, aside
//	warnings    what makes the figures doubtful
//
// Latencies are milliseconds in members that end with _ms or stand in one, rates are per second, shares lie
// between 0 and 1, memory is in bytes. A spread is {median, min, max, rounds}; without rounds it is unknown.
package report

import (
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/verdict"
)

// Format is the JSON's.
const Format = "odelink-loadtest/1"

// Report is one test.
type Report struct {
	Format     string          `json:"format"`
	Kind       verdict.Kind    `json:"kind"`
	Made       time.Time       `json:"made"`
	Generator  Machine         `json:"generator"`
	Verdict    verdict.Verdict `json:"verdict"`
	Warnings   []string        `json:"warnings,omitempty"`
	Run        *run.Result     `json:"run,omitempty"`
	Knee       *run.KneeResult `json:"knee,omitempty"`
	Comparison *run.Comparison `json:"comparison,omitempty"`
}

// Machine is where the load came from.
type Machine struct {
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
	Go         string `json:"go"`
}

func thisMachine() Machine {
	return Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.GOMAXPROCS(0), Go: runtime.Version()}
}

// OfRun reports a run.
func OfRun(r run.Result, v verdict.Verdict, made time.Time) Report {
	warnings := warn(r.About)
	if r.Model == scenario.Open && r.Generator.LagP99 > mostLag {
		warnings = append(warnings, fmt.Sprintf("One payer in a hundred began %s late or more: either all %d callers were on their way, and more of them show whether the target is the limit, or the machine that made the load was too busy itself. Their waiting counts as latency.",
			span(r.Generator.LagP99), r.Scenario.Callers))
	}
	return Report{Format: Format, Kind: verdict.Run, Made: made, Generator: thisMachine(), Verdict: v, Warnings: add(warnings, r.Note, r.Partial), Run: &r}
}

// OfKnee reports a search for the knee.
func OfKnee(k run.KneeResult, v verdict.Verdict, made time.Time) Report {
	return Report{Format: Format, Kind: verdict.Knee, Made: made, Generator: thisMachine(), Verdict: v, Warnings: add(warn(k.About), k.Note, k.Partial), Knee: &k}
}

// OfComparison reports a comparison.
func OfComparison(c run.Comparison, v verdict.Verdict, made time.Time) Report {
	var warnings []string
	for _, s := range c.Sides {
		warnings = append(warnings, warn(s.About)...)
	}
	return Report{Format: Format, Kind: verdict.Compare, Made: made, Generator: thisMachine(), Verdict: v, Warnings: add(warnings, c.Note, c.Partial), Comparison: &c}
}

// mostLag is how late, in milliseconds, the generator may send one request in a hundred without a word.
const mostLag = 10

// MostAhead is how far clocks may be apart, in seconds. A Date header tells about one; beyond two, links
// would open and expire at other moments than whoever makes them thinks.
const MostAhead = 2

// warn says what makes a target's figures doubtful.
func warn(a run.About) (all []string) {
	if a.ClockAhead != nil && math.Abs(*a.ClockAhead) > MostAhead {
		way := "ahead of"
		if *a.ClockAhead < 0 {
			way = "behind"
		}
		all = append(all, fmt.Sprintf("The clock of %s is %.0f s %s this machine's: links would begin and expire at other moments than their maker means. One of the two is wrong.",
			a.Target, math.Abs(*a.ClockAhead), way))
	}
	if a.Audit != nil && a.Audit.Open > 0 {
		all = append(all, fmt.Sprintf("%d payments at %s were still undecided when they were last asked for.", a.Audit.Open, a.Target))
	}
	return all
}

func add(warnings []string, note string, partial bool) []string {
	if !partial {
		return warnings
	}
	return append(warnings, "The test was not finished: "+note+". The figures are of what was seen until then.")
}

// Title names the test.
func (r Report) Title() string {
	switch {
	case r.Run != nil:
		return fmt.Sprintf("Load test of %s: %s", r.Run.Target, r.Run.Scenario.Name)
	case r.Knee != nil:
		return fmt.Sprintf("How much %s carries: %s", r.Knee.Target, r.Knee.Scenario.Name)
	}
	return fmt.Sprintf("Comparison of %s: %s", r.Comparison.Sides[0].Target, r.Comparison.Scenario.Name)
}

// targets are those of the report.
func (r Report) targets() (all []run.About) {
	switch {
	case r.Run != nil:
		return []run.About{r.Run.About}
	case r.Knee != nil:
		return []run.About{r.Knee.About}
	}
	for _, s := range r.Comparison.Sides {
		all = append(all, s.About)
	}
	return all
}
