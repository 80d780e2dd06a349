package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/report"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/verdict"
)

// format names the JSON; its members change only with the number.
const format = "odelink-sidebyside/1"

// Names of the files.
const (
	pageFile    = "index.html"
	figuresFile = "index.json"
)

// overview is what all parts came to.
type overview struct {
	Format  string         `json:"format"`
	Began   time.Time      `json:"began"`
	Seconds float64        `json:"seconds"` // all of it
	Minutes float64        `json:"minutes"` // that were to be measured
	Machine report.Machine `json:"machine"`
	Ledger  string         `json:"ledger"` // of the gateway
	Kept    bool           `json:"kept"`
	Ended   string         `json:"ended,omitempty"` // why not all parts were measured
	Parts   []outcome      `json:"parts"`
}

// outcome is a part.
type outcome struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	About    string   `json:"about"`
	Command  string   `json:"command"` // repeats it beside a stand: go run ./gateway/testenv/cmd/stand -baselines -- …
	Report   string   `json:"report"`  // the load tester's own, relative to this file
	Exit     int      `json:"exit"`    // the load tester's
	Failed   string   `json:"failed,omitempty"`
	Broken   []string `json:"broken,omitempty"` // what is wrong besides thresholds: money
	Partial  bool     `json:"partial,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Rows     []row    `json:"rows"`
}

// row is one figure.
type row struct {
	Figure string         `json:"figure"`
	Value  measure.Spread `json:"value"`          // one round: of the whole part
	Must   string         `json:"must,omitempty"` // "≥ 0.65"; "" = nothing is asked of it
	Kept   bool           `json:"kept"`
}

// judged are the thresholds of a report by their figures; what a row took is gone.
type judged map[string]verdict.Check

func (j judged) row(figure, title string, v measure.Spread) row {
	r := row{Figure: title, Value: v, Kept: true}
	if c, found := j[figure]; found {
		r.Must, r.Kept = must(c), c.Kept
		delete(j, figure)
	}
	return r
}

// must is a threshold without its figure.
func must(c verdict.Check) string {
	_, comparison, bound, _ := c.Threshold.Parts() // it was judged, so it has parts
	return strings.NewReplacer("<=", "≤", ">=", "≥").Replace(comparison) + " " + plot.Number(bound)
}

// rows are the figures of a report: those that stand for the part, then what else was asked of it.
func rows(r report.Report) []row {
	j := judged{}
	for _, c := range r.Verdict.Checks {
		figure, _, _, _ := c.Threshold.Parts() // as above
		j[figure] = c
	}
	var all []row
	switch {
	case r.Comparison != nil:
		all = compared(*r.Comparison, j)
	case r.Run != nil:
		all = ran(*r.Run, j)
	case r.Knee != nil:
		all = append([]row{{Figure: r.Knee.Target + ", whole ways a second that it follows", Value: followed(*r.Knee), Kept: true}}, money(r.Knee.About)...)
	}
	for _, c := range r.Verdict.Checks {
		figure, _, _, _ := c.Threshold.Parts() // as above
		if _, left := j[figure]; !left {
			continue
		}
		one := measure.Spread{}
		if c.Value != nil {
			one = measure.SpreadOf([]float64{*c.Value})
		}
		all = append(all, j.row(figure, words(figure), one))
	}
	return all
}

// words are names of figures for people.
func words(figure string) string {
	switch figure {
	case "errors":
		return "share of requests that failed"
	case "lost":
		return "payments lost"
	case "double":
		return "payments charged twice"
	}
	step, what, found := strings.Cut(figure, ".")
	if found && (strings.HasPrefix(what, "p") || what == "max" || what == "mean") && !strings.HasSuffix(what, "ratio") {
		return step + ", " + what + " in ms"
	}
	return figure
}

// followed is the knee; no rounds = nothing was followed.
func followed(k run.KneeResult) measure.Spread {
	if k.Knee == 0 {
		return measure.Spread{}
	}
	return measure.SpreadOf([]float64{k.Knee})
}

func compared(c run.Comparison, j judged) (all []row) {
	first := c.Sides[0]
	for _, p := range c.Pairs {
		if p.Rate.Rounds > 0 {
			all = append(all, j.row(p.Over+".ratio", first.Target+" / "+p.Over+", capacity", p.Rate))
		}
		if p.CPU.Rounds > 0 {
			all = append(all, j.row(p.Over+".cpu_ratio", first.Target+" / "+p.Over+", processor time a request", p.CPU))
		}
		for _, s := range p.Steps {
			all = append(all, j.row(p.Over+"."+s.Step+".p99_ratio", fmt.Sprintf("%s / %s, p99 of %s at %s a second", first.Target, p.Over, s.Step, plot.Number(c.Scenario.Rate)), s.P99))
		}
	}
	all = append(all, row{Figure: first.Target + ", ways a second", Value: first.Rate, Kept: true})
	if first.CPU.Rounds > 0 {
		all = append(all, row{Figure: first.Target + ", µs of processor time a request", Value: first.CPU, Kept: true})
	}
	all = append(all, row{Figure: "load tester, µs of processor time a request", Value: first.OwnCPU, Kept: true})
	for _, s := range c.Sides {
		all = append(all, money(s.About)...)
	}
	return all
}

func ran(r run.Result, j judged) []row {
	one := func(v float64) measure.Spread { return measure.SpreadOf([]float64{v}) }
	all := []row{j.row("rate", fmt.Sprintf("ways to their end a second, of %s", plot.Number(r.RateDue)), one(r.Rate))}
	for _, s := range r.Steps {
		if s.Count > 0 {
			all = append(all, j.row(s.Name+".p99", words(s.Name+".p99"), one(s.Latency.P99)))
		}
	}
	return append(all, money(r.About)...)
}

// money is how many payments were held against the books.
func money(a run.About) []row {
	if a.Audit == nil {
		return nil
	}
	return []row{{Figure: a.Target + ", payments held against the bank's books", Value: measure.SpreadOf([]float64{float64(a.Audit.Payments)}), Kept: true}}
}

// sum closes the overview.
func (o *overview) sum() {
	o.Seconds = time.Since(o.Began).Seconds()
	o.Kept = o.exit() == kept
}

// severity orders exit codes: what is broken was broken, however early the end.
var severity = []int{kept, early, broken, mistake, unusable}

// exit is the worst of all parts.
func (o *overview) exit() int {
	worst := 0
	if o.Ended != "" {
		worst = slices.Index(severity, early)
	}
	for _, p := range o.Parts {
		at := slices.Index(severity, p.Exit)
		if at < 0 {
			at = len(severity) - 1 // a code that nobody knows
		}
		worst = max(worst, at)
	}
	return severity[worst]
}

// deliver prints the table first: it is kept even where no file can be written.
func (o *overview) deliver(dir string, out, progress io.Writer) error {
	err := o.text(out)
	err = errors.Join(err, write(filepath.Join(dir, figuresFile), o.json), write(filepath.Join(dir, pageFile), o.html))
	if err == nil {
		fmt.Fprintf(progress, "  overview: %s/%s, every figure: %s/%s and report.json of each part\n", dir, pageFile, dir, figuresFile)
	}
	return err
}

func (o *overview) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(o)
}

// text is the table.
func (o *overview) text(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "\nside by side, %s, %d processors\n", o.Ledger, o.Machine.Processors)
	for _, p := range o.Parts {
		fmt.Fprintf(t, "\n%s\tmedian\tmin – max\tmust be\t\n", p.Title)
		for _, r := range p.Rows {
			fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", r.Figure, r.Median(), r.Range(), r.Must, r.Verdict())
		}
	}
	fmt.Fprintln(t)
	for _, line := range o.Conclusion() {
		fmt.Fprintln(t, line)
	}
	return t.Flush()
}

// Conclusion says what failed, and what it all comes to.
func (o *overview) Conclusion() (lines []string) {
	for _, p := range o.Parts {
		if p.Failed != "" {
			lines = append(lines, "FAILED: "+p.Title+": "+p.Failed)
		}
		if p.Partial {
			lines = append(lines, "PARTIAL: "+p.Title+": it ended early")
		}
		for _, r := range p.Rows {
			if !r.Kept {
				lines = append(lines, fmt.Sprintf("BROKEN: %s: %s is %s, must be %s", p.Title, r.Figure, r.spread(), r.Must))
			}
		}
		for _, b := range p.Broken {
			lines = append(lines, "BROKEN: "+p.Title+": "+b)
		}
		for _, warning := range p.Warnings {
			lines = append(lines, "note: "+p.Title+": "+warning)
		}
	}
	if o.Ended != "" {
		lines = append(lines, "not all was measured: "+o.Ended)
	}
	if o.Kept {
		lines = append(lines, "Everything was kept.")
	}
	return lines
}

// Median, Range and Verdict are a row's cells.
func (r row) Median() string {
	if r.Value.Rounds == 0 {
		return "not measured"
	}
	return plot.Number(r.Value.Median)
}

func (r row) Range() string {
	if r.Value.Rounds < 2 {
		return ""
	}
	return plot.Number(r.Value.Min) + " – " + plot.Number(r.Value.Max)
}

// spread is both in a sentence.
func (r row) spread() string {
	if r.Range() == "" {
		return r.Median()
	}
	return r.Median() + " (" + r.Range() + ")"
}

func (r row) Verdict() string {
	switch {
	case r.Must == "":
		return ""
	case r.Kept:
		return "kept"
	}
	return "BROKEN"
}

//go:embed overview.html
var pageText string

var pageTemplate = template.Must(template.New("overview").Parse(pageText))

func (o *overview) html(w io.Writer) error { return pageTemplate.Execute(w, o) }

// write makes a file whole or not at all.
func write(path string, content func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	if err = errors.Join(content(f), f.Chmod(0o644), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
