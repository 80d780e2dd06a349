package main

import (
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
	"github.com/odelink/odelink/loadtest/verdict"
)

//go:embed scenarios/*.json
var builtIn embed.FS

// keyVariable holds the API key where it shall not stand in a list of processes.
const keyVariable = "LOADTEST_KEY"

// call is what is to be done.
type call struct {
	kind          verdict.Kind
	scenario      scenario.Scenario
	targets       []shop.Target
	judged, aside []scenario.Threshold
	out           string
	rounds        int
	step          time.Duration // of one rate of a knee, of one measurement of a comparison
	hold          time.Duration // of the knee that was found
	open, alone   bool          // compare: the open model besides, or alone
}

// Bounds of a call.
const (
	mostRounds  = 1000
	longestStep = time.Hour
)

// named is a flag like NAME=VALUE that can be given again; without a name it is "".
type named struct {
	name, value string
}

var nameOf = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

type namedList []named

func (l *namedList) String() string { return "" }

func (l *namedList) Set(text string) error {
	name, value, found := strings.Cut(text, "=")
	if !found || !nameOf.MatchString(name) || value == "" {
		name, value = "", text
	}
	*l = append(*l, named{name, value})
	return nil
}

// of is the value for a name: its own, or else the one without a name.
func (l namedList) of(name string) string {
	value := ""
	for _, n := range l {
		if n.name == name {
			return n.value
		}
		if n.name == "" {
			value = n.value
		}
	}
	return value
}

// wishes are the flags as they were given.
type wishes struct {
	targets, pages, keys, banks, plain, thresholds namedList
	out                                            string
	rounds                                         int
	step, hold, duration, warmup                   time.Duration
	rate                                           float64
	callers                                        int
	open, alone                                    bool
}

func (w *wishes) flags() *flag.FlagSet {
	f := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Var(&w.targets, "target", "[NAME=]URL of a gateway; again for each target, the first is held against the others")
	f.Var(&w.pages, "page", "[NAME=]URL of a single page, asked for in place of the scenario's only step")
	f.Var(&w.keys, "key", "[NAME=]KEY of the API, or several with commas between; without a name for every target; default $"+keyVariable)
	f.Var(&w.banks, "bank", "[NAME=]URL of the simulated bank, whose books are compared")
	f.Var(&w.plain, "plain", "NAME of a target that is asked for answers without gzip")
	f.Var(&w.thresholds, "threshold", "one more threshold, like 'view.p99 <= 50'")
	f.StringVar(&w.out, "out", "loadtest-report", "folder for report.html and report.json")
	f.IntVar(&w.rounds, "rounds", 5, "compare: how often each target has its turn")
	f.DurationVar(&w.step, "step", 4*time.Second, "knee: length of each rate; compare: length of each turn")
	f.DurationVar(&w.hold, "hold", 20*time.Second, "knee: for how long the rate that was found must be followed too; 0s: for no longer than -step")
	f.BoolVar(&w.open, "open", false, "compare: besides, the open model at the scenario's rate, for latencies")
	f.BoolVar(&w.alone, "open-only", false, "compare: the open model alone, no capacities; a page then stands for each step of a way, in turns a quarter as long")
	f.DurationVar(&w.duration, "duration", 0, "in place of the scenario's")
	f.DurationVar(&w.warmup, "warmup", 0, "in place of the scenario's")
	f.Float64Var(&w.rate, "rate", 0, "in place of the scenario's")
	f.IntVar(&w.callers, "callers", 0, "in place of the scenario's")
	return f
}

// parse reads a call. The error names every mistake, a line each.
func parse(args []string) (call, error) {
	c := call{kind: verdict.Kind(args[0])}
	if !slices.Contains([]verdict.Kind{verdict.Run, verdict.Knee, verdict.Compare}, c.kind) {
		return c, fmt.Errorf("there is no command %q: run, knee, compare or help", args[0])
	}
	var w wishes
	f := w.flags()
	file, rest := "", args[1:]
	if len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		file, rest = rest[0], rest[1:]
	}
	if err := f.Parse(rest); err != nil {
		return c, err
	}
	switch {
	case file == "" && f.NArg() == 1:
		file = f.Arg(0)
	case f.NArg() > 0:
		return c, fmt.Errorf("%q is too much: one scenario, then flags", f.Args())
	}
	if file == "" {
		return c, fmt.Errorf("say which scenario: a file, or one of %s", strings.Join(names(), ", "))
	}
	sc, err := read(file)
	if err != nil {
		return c, err
	}
	f.Visit(func(given *flag.Flag) { w.override(&sc, given.Name) })
	c.scenario, c.out, c.rounds, c.step, c.hold, c.open, c.alone = sc, w.out, w.rounds, w.step, w.hold, w.open, w.alone
	if c.kind == verdict.Run && sc.Model == scenario.Knee {
		c.kind = verdict.Knee
	}
	var wrong error
	c.targets, wrong = w.all()
	if err := errors.Join(wrong, sc.Check(), c.check()); err != nil {
		return c, err
	}
	return c, c.demand(w.thresholds)
}

// override puts a flag that was given in place of the scenario's.
func (w *wishes) override(sc *scenario.Scenario, name string) {
	switch name {
	case "duration":
		sc.Duration = scenario.Duration(w.duration)
	case "warmup":
		sc.Warmup = scenario.Duration(w.warmup)
	case "rate":
		sc.Rate = w.rate
	case "callers":
		sc.Callers = w.callers
	}
}

// all are the targets, in the order of the call: gateways, then pages.
func (w *wishes) all() (all []shop.Target, err error) {
	var wrong []error
	taken := map[string]bool{}
	for i, n := range append(slices.Clone(w.targets), w.pages...) {
		t := shop.Target{Name: n.name, URL: n.value, Page: i >= len(w.targets)}
		if t.Name == "" {
			t.Name = "target"
		}
		if !t.Page {
			t.URL = strings.TrimRight(t.URL, "/")
			t.Key, t.Bank = w.keys.of(t.Name), strings.TrimRight(w.banks.of(t.Name), "/")
			if t.Key == "" {
				t.Key = os.Getenv(keyVariable)
			}
		}
		t.Plain = slices.ContainsFunc(w.plain, func(p named) bool { return p.value == t.Name })
		if taken[t.Name] {
			wrong = append(wrong, fmt.Errorf("two targets are named %s: name them with -target NAME=URL", t.Name))
		}
		taken[t.Name] = true
		wrong = append(wrong, t.Check())
		all = append(all, t)
	}
	for flagName, list := range map[string]namedList{"key": w.keys, "bank": w.banks} {
		for _, n := range list {
			if n.name != "" && !taken[n.name] {
				wrong = append(wrong, fmt.Errorf("-%s is for %s, and no target is named so", flagName, n.name))
			}
		}
	}
	for _, p := range w.plain {
		if !taken[p.value] {
			wrong = append(wrong, fmt.Errorf("-plain is for %s, and no target is named so", p.value))
		}
	}
	return all, errors.Join(wrong...)
}

// check says what is wrong with the call besides its scenario.
func (c call) check() error {
	var wrong []error
	switch n := len(c.targets); {
	case n == 0:
		wrong = append(wrong, errors.New("no target: say -target URL"))
	case c.kind == verdict.Compare && n < 2:
		wrong = append(wrong, errors.New("to compare takes two targets or more: -target NAME=URL -target NAME=URL"))
	case c.kind != verdict.Compare && n > 1:
		wrong = append(wrong, fmt.Errorf("%s takes one target, not %d; compare takes several", c.kind, n))
	}
	if c.rounds < 1 || c.rounds > mostRounds {
		wrong = append(wrong, fmt.Errorf("rounds are 1 to %d, not %d", mostRounds, c.rounds))
	}
	if c.step <= 0 || c.step > longestStep {
		wrong = append(wrong, fmt.Errorf("step is more than 0s and at most %s, not %s", longestStep, c.step))
	}
	if c.hold < 0 || c.hold > longestStep {
		wrong = append(wrong, fmt.Errorf("hold is 0s to %s, not %s", longestStep, c.hold))
	}
	if c.scenario.Rate <= 0 && (c.open || c.alone || c.kind == verdict.Knee) {
		wrong = append(wrong, errors.New("the open model needs a rate: -rate, or in the scenario"))
	}
	return errors.Join(wrong...)
}

// demand sorts the thresholds. One that was given in the call must be judged; one of the scenario may be
// about another kind of test.
func (c *call) demand(given namedList) (err error) {
	t := verdict.Test{Kind: c.kind, Steps: c.scenario.Steps(), Open: c.open || c.alone, Alone: c.alone, Books: c.scenario.Pays()}
	for i, target := range c.targets {
		t.Books = t.Books && (target.Bank != "" || target.Page) // a page takes no money
		if i > 0 {
			t.Others = append(t.Others, target.Name)
		}
	}
	if c.judged, c.aside, err = t.Sort(c.scenario.Thresholds); err != nil {
		return err
	}
	var added []scenario.Threshold
	for _, n := range given {
		text := n.value
		if n.name != "" { // "lost=0" was taken for a name
			text = n.name + "=" + n.value
		}
		added = append(added, scenario.Threshold(text))
	}
	judged, aside, err := t.Sort(added)
	if err != nil {
		return err
	}
	if len(aside) > 0 {
		return fmt.Errorf("threshold %q is about another kind of test than %s", aside[0], c.kind)
	}
	c.judged = append(c.judged, judged...)
	return nil
}

// read finds a scenario by its name or in a file.
func read(file string) (scenario.Scenario, error) {
	var text io.ReadCloser
	var err error
	if slices.Contains(names(), file) {
		text, err = builtIn.Open("scenarios/" + file + ".json")
	} else {
		text, err = os.Open(file)
	}
	if err != nil {
		return scenario.Scenario{}, fmt.Errorf("scenario %s: %w; built in are %s", file, err, strings.Join(names(), ", "))
	}
	defer text.Close()
	sc, err := scenario.Read(text)
	if err != nil {
		return sc, fmt.Errorf("%s: %w", file, err)
	}
	return sc, nil
}

// names are the scenarios that are built in.
func names() (all []string) {
	files, err := builtIn.ReadDir("scenarios")
	if err != nil {
		return nil
	}
	for _, f := range files {
		all = append(all, strings.TrimSuffix(f.Name(), path.Ext(f.Name())))
	}
	return all
}

// help is what `loadtest help` prints.
func help() string {
	var b strings.Builder
	fmt.Fprintf(&b, `loadtest measures a payment-link gateway over HTTP, against a simulated bank.

  loadtest run SCENARIO     -target URL -key KEY -bank URL      latencies, errors, thresholds, the books
  loadtest knee SCENARIO    -target URL -key KEY -bank URL      rising rates, until the target does not follow
  loadtest compare SCENARIO -target A=URL -target B=URL …       capacities in turn; ratios of A over the others

SCENARIO is a JSON file, or one of: %s

`, strings.Join(names(), ", "))
	f := new(wishes).flags()
	f.VisitAll(func(one *flag.Flag) {
		fmt.Fprintf(&b, "  -%-10s %s", one.Name, one.Usage)
		if one.DefValue != "" && one.DefValue != "0" && one.DefValue != "0s" && one.DefValue != "false" {
			fmt.Fprintf(&b, " (default %s)", one.DefValue)
		}
		b.WriteByte('\n')
	})
	b.WriteString(`
Thresholds: STEP.p50 .p90 .p99 .p999 .max .mean (ms), STEP.rate, rate (whole ways a second), errors (share),
lost double differ (payments), knee (ways a second), NAME.ratio NAME.cpu_ratio NAME.STEP.p99_ratio (compare).
Lost or double money always breaks a test.

Exit codes: 0 everything kept · 1 thresholds broken, or money lost or charged twice · 2 mistake in the call or
the scenario, or no room for the report · 3 the target cannot be used · 4 ended early, nothing broken until then.
An interrupt (Ctrl-C) ends a test early; what was seen until then is judged and reported as a part.
`)
	return b.String()
}
