//go:build !race

// What is measured here is done by programs that have no race detector in them.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/stand"
	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/report"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/verdict"
)

// built are the programs, made once for all tests.
var built = sync.OnceValues(func() (string, error) {
	dir, err := testenv.Folder("programs")
	if err != nil {
		return "", err
	}
	return dir, stand.Build(context.Background(), dir, "./loadtest")
})

// called runs the command into a folder and answers its overview, with what it printed.
func called(t *testing.T, dir string, args ...string) (o overview, code int, table, progress string) {
	t.Helper()
	programs, err := built()
	if err != nil {
		t.Fatal(err)
	}
	var out, seen bytes.Buffer
	code, err = start(t.Context(), append([]string{"-programs", programs, "-out", dir}, args...), &out, &seen)
	if err != nil || code != kept && code != broken {
		t.Fatalf("exit code %d, %v\n%s", code, err, seen.String())
	}
	read(t, filepath.Join(dir, figuresFile), &o)
	return o, code, out.String(), seen.String()
}

// `make loadtest SOAK=…`, of a few seconds: what is judged is there, and payers came at four fifths of the knee.
func TestASoakFindsTheKneeAndHoldsEachStepAgainstTheStaticPage(t *testing.T) {
	t.Parallel() // beside the whole plan: what either measures so briefly decides nothing
	dir := t.TempDir()
	o, _, table, progress := called(t, dir, "-soak", "0.05")
	if len(o.Parts) != 2 || o.Parts[0].Failed+o.Parts[1].Failed != "" || o.Minutes != 0.05 {
		t.Fatalf("%+v\n%s", o, progress)
	}
	var knee, soak report.Report
	read(t, filepath.Join(dir, "knee", report.JSONFile), &knee)
	read(t, filepath.Join(dir, "soak", report.JSONFile), &soak)
	if k := knee.Knee.Knee; k == 0 || math.Abs(soak.Comparison.Scenario.Rate-k*soakShare) > 1 {
		t.Errorf("payers came at %v a second, the knee is %v", soak.Comparison.Scenario.Rate, k)
	}
	for _, step := range soakSteps {
		i := slices.IndexFunc(o.Parts[1].Rows, func(r row) bool { return strings.Contains(r.Figure, "gateway / static, p99 of "+step+" at") })
		if i < 0 || o.Parts[1].Rows[i].Must != "≤ 2" || o.Parts[1].Rows[i].Value.Rounds != soakRounds {
			t.Errorf("%s is not judged by its rounds:\n%s", step, table)
		}
	}
	for _, money := range []string{"payments lost", "payments charged twice"} {
		i := slices.IndexFunc(o.Parts[1].Rows, func(r row) bool { return r.Figure == money })
		if i < 0 || !o.Parts[1].Rows[i].Kept || o.Parts[1].Rows[i].Must != "= 0" {
			t.Errorf("%s:\n%s", money, table)
		}
	}
	if a := soak.Comparison.Sides[0].Audit; a == nil || a.Paid == 0 {
		t.Errorf("the books: %+v", a)
	}
}

// `make loadtest` itself, of a few seconds: what it measures so briefly decides nothing, but every part is
// measured, no payment is lost, and table, JSON and page say the same.
func TestTheWholePlanIsMeasuredAndReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o, code, table, progress := called(t, dir, "-minutes", "0.05")
	page, err := os.ReadFile(filepath.Join(dir, pageFile))
	if err != nil {
		t.Fatal(err)
	}
	if o.Format != format || o.Kept != (code == kept) || o.Machine.Processors == 0 || len(o.Parts) != len(plan) {
		t.Errorf("the overview is %+v", o)
	}
	for _, p := range o.Parts {
		if p.Failed != "" || len(p.Broken) > 0 || len(p.Rows) == 0 {
			t.Errorf("%s: %+v\n%s", p.Name, p, progress)
		}
		if _, err := os.Stat(filepath.Join(dir, p.Report)); err != nil {
			t.Error(err)
		}
		for _, r := range p.Rows {
			if !strings.Contains(table, r.Figure) || r.Value.Rounds > 0 && !bytes.Contains(page, []byte(">"+r.Median()+"<")) {
				t.Errorf("%s: %q is not in table and page alike", p.Name, r.Figure)
			}
		}
	}
	payments := 0.0
	for _, p := range o.Parts {
		for _, r := range p.Rows {
			switch {
			case strings.HasSuffix(r.Figure, "held against the bank's books"):
				payments += r.Value.Median
			case strings.HasPrefix(r.Figure, "payments") && (!r.Kept || r.Must != "= 0"):
				t.Errorf("%s: %+v", p.Name, r)
			}
		}
	}
	if payments == 0 {
		t.Error("no payment was held against the books")
	}
	for _, foreign := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(page), -1) {
		if strings.Contains(foreign[1], ":") {
			t.Errorf("the page leads to %s", foreign[1])
		}
	}
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// brokenFloor is a comparison that did not keep one of two thresholds.
func brokenFloor() report.Report {
	c := run.Comparison{
		Scenario: scenario.Default(),
		Sides:    []run.Side{{About: run.About{Target: "gateway"}, Rate: measure.SpreadOf([]float64{900, 1000, 1100})}, {About: run.About{Target: "static"}}},
		Pairs:    []run.Pair{{Over: "static", Rate: measure.SpreadOf([]float64{0.5, 0.6, 0.7})}},
	}
	low, none := 0.6, 0.0
	return report.Report{Comparison: &c, Verdict: verdict.Verdict{Checks: []verdict.Check{
		{Threshold: "static.ratio >= 0.65", Value: &low}, {Threshold: "errors <= 0.001", Value: &none, Kept: true}, {Threshold: "static.cpu_ratio <= 2"},
	}}}
}

func TestABrokenFloorIsToldWithItsSpread(t *testing.T) {
	o := overview{Parts: []outcome{{Title: "The page", Exit: broken, Rows: rows(brokenFloor())}}}
	o.sum()
	var out bytes.Buffer
	if err := o.text(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"BROKEN: The page: gateway / static, capacity is 0.6 (0.5 – 0.7), must be ≥ 0.65",
		"BROKEN: The page: static.cpu_ratio is not measured, must be ≤ 2",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, out.String())
		}
	}
	if o.Kept || o.exit() != broken || strings.Contains(out.String(), "Everything was kept") || strings.Contains(out.String(), "BROKEN: The page: share") {
		t.Errorf("kept %v, exit code %d:\n%s", o.Kept, o.exit(), out.String())
	}
}

func TestTheWorstPartIsTheExitCode(t *testing.T) {
	for name, tc := range map[string]struct {
		o    overview
		want int
	}{
		"all kept":           {overview{Parts: []outcome{{}, {}}}, kept},
		"one broken":         {overview{Parts: []outcome{{}, {Exit: broken}, {}}}, broken},
		"one not measured":   {overview{Parts: []outcome{{Exit: broken}, {Exit: unusable, Failed: "away"}}}, unusable},
		"ended before all":   {overview{Ended: "interrupt", Parts: []outcome{{}}}, early},
		"ended in a part":    {overview{Parts: []outcome{{}, {Exit: early}}}, early},
		"broken, then ended": {overview{Ended: "interrupt", Parts: []outcome{{Exit: broken}, {Exit: early}}}, broken},
		"ended and unusable": {overview{Ended: "interrupt", Parts: []outcome{{Exit: unusable}}}, unusable},
	} {
		if got := tc.o.exit(); got != tc.want {
			t.Errorf("%s: exit code %d, want %d", name, got, tc.want)
		}
	}
}

// The report of an earlier run lies where this one's will be.
func TestAPartThatDoesNotRunIsNotReportedFromAnEarlierRun(t *testing.T) {
	dir := t.TempDir()
	parts := []part{{name: "old", title: "Old", args: func(*course) []string { return []string{"compare"} }}}
	if err := report.Save(filepath.Join(dir, "old"), brokenFloor()); err != nil {
		t.Fatal(err)
	}
	var o overview
	o.measure(t.Context(), &stand.Stand{}, parts, wish{out: dir, minutes: 1}, io.Discard) // its programs are not there
	if len(o.Parts) != 1 || o.Parts[0].Failed == "" || len(o.Parts[0].Rows) > 0 || o.exit() != unusable {
		t.Errorf("%+v, exit code %d", o.Parts, o.exit())
	}
}

func TestWhatWasMeasuredBeforeAnInterruptIsReported(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	first := part{name: "first", title: "First", args: func(*course) []string { cancel(); return []string{"run"} }}
	var o overview
	o.measure(ctx, &stand.Stand{}, []part{first, first}, wish{out: t.TempDir(), minutes: 1}, io.Discard)
	o.sum()
	if len(o.Parts) != 1 || o.Ended == "" || o.Kept {
		t.Fatalf("%+v", o)
	}
	dir := t.TempDir()
	var out bytes.Buffer
	if err := o.deliver(dir, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var again overview
	read(t, filepath.Join(dir, figuresFile), &again)
	if again.Ended != o.Ended || !strings.Contains(out.String(), "not all was measured") {
		t.Errorf("told %s, kept %+v", out.String(), again)
	}
}

func TestATableIsPrintedWhereNoFileCanBeWritten(t *testing.T) {
	o := overview{Parts: []outcome{{Title: "The page", Rows: rows(brokenFloor())}}}
	var out bytes.Buffer
	if err := o.deliver(filepath.Join(t.TempDir(), "away"), &out, io.Discard); err == nil || !strings.Contains(out.String(), "gateway / static") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestMistakesInTheCallAreToldBeforeAnythingStarts(t *testing.T) {
	for _, args := range [][]string{{"-minutes", "0"}, {"-minutes", "NaN"}, {"-minutes", "9999"}, {"-soak", "-1"}, {"-soak", "9999"}, {"-soak", "1", "-only", "view"}, {"-only", "view,teapot"}, {"all"}, {"-colour"}} {
		if code, err := start(t.Context(), append([]string{"-out", t.TempDir()}, args...), io.Discard, io.Discard); code != mistake || err == nil {
			t.Errorf("%q: exit code %d, %v", args, code, err)
		}
	}
}

// The rates of later parts come from what earlier ones found.
func TestPayersComeAtHalfOfWhatTheGatewayCarries(t *testing.T) {
	c := course{done: map[string]report.Report{"view": brokenFloor()}}
	if got := c.half("view", 20); got != "500" {
		t.Errorf("%s a second, want 500", got)
	}
	c.done["knee"] = report.Report{Knee: &run.KneeResult{Knee: 250}}
	if got := c.followed("knee", 20); got != "200" {
		t.Errorf("%s a second, want 200", got)
	}
	if got := c.followed("other", 20); got != "20" {
		t.Errorf("%s a second where nothing was found, want 20", got)
	}
	if got := c.half("whole", 20); got != "20" {
		t.Errorf("%s a second where nothing was found, want 20", got)
	}
}
