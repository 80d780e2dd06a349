package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
)

// Text writes the report as tables for a terminal.
func (r Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", r.Title())
	switch {
	case r.Run != nil:
		runText(&b, *r.Run)
	case r.Knee != nil:
		kneeText(&b, *r.Knee)
	default:
		comparisonText(&b, *r.Comparison)
	}
	r.verdictText(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// columns writes rows with their cells under each other: words to the left, figures to the right.
func columns(b *strings.Builder, rows [][]string) {
	var widths []int
	words := map[int]bool{0: true}
	for n, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
			words[i] = words[i] || n > 0 && isWords(cell)
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			switch {
			case !words[i]:
				b.WriteString("  " + pad + cell)
			case i == len(row)-1:
				b.WriteString("  " + cell)
			default:
				b.WriteString("  " + cell + pad)
			}
		}
		b.WriteByte('\n')
	}
}

// isWords tells a cell of words from one of figures.
func isWords(cell string) bool {
	first, _ := utf8.DecodeRuneInString(cell)
	return unicode.IsLetter(first)
}

// facts writes names with what is said of them.
func facts(b *strings.Builder, all [][2]string) {
	t := tabwriter.NewWriter(b, 0, 8, 2, ' ', 0)
	for _, f := range all {
		fmt.Fprintf(t, "  %s\t%s\n", f[0], f[1])
	}
	_ = t.Flush() // a Builder takes everything
}

func runText(b *strings.Builder, r run.Result) {
	fmt.Fprintf(b, "  %s, %.1f s, %s\n\n", r.Address, r.Seconds, model(r.Model, r.RateDue, r.Scenario.Callers))
	t := stepTable(r.Measured)
	columns(b, append([][]string{t.Head}, t.Rows...))
	b.WriteByte('\n')
	facts(b, runFacts(r))
	said(b, r.About)
}

// stepTable is a row for each step.
func stepTable(m run.Measured) plot.Table {
	t := plot.Table{Head: []string{"step", "good", "failed", "per second", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms", "bytes"}}
	for _, s := range made(m.Steps) {
		l := s.Latency
		row := []string{s.Name, count(s.Count), count(s.Failed()), plot.Number(s.Rate)}
		for _, v := range []float64{l.P50, l.P90, l.P99, l.P999, l.Max} {
			if s.Count == 0 {
				row = append(row, "–")
				continue
			}
			row = append(row, plot.Number(v))
		}
		t.Rows = append(t.Rows, append(row, plot.Number(s.Bytes)))
	}
	return t
}

func runFacts(r run.Result) [][2]string {
	all := [][2]string{
		{"ways", fmt.Sprintf("%s begun, %s whole (%s a second), %s more than 1 ms late, %s due and never begun", count(r.Ways), count(r.Whole), plot.Number(r.Rate), count(r.Late), count(r.Left))},
		{"generator", own(r.Generator)},
	}
	all = append(all, burdens(r.Measured)...)
	return append(all, [2]string{"money", moneySays(r.About, r.Scenario.Pays())})
}

// said writes what failing requests were answered with.
func said(b *strings.Builder, a run.About) {
	for _, row := range saidRows(a) {
		fmt.Fprintf(b, "  %s answered %s: %s\n", a.Target, row[0], row[1])
	}
	if a.Audit != nil {
		for _, e := range a.Audit.Examples {
			fmt.Fprintf(b, "  %s: %s\n", a.Target, e)
		}
	}
}

func saidRows(a run.About) (all [][]string) {
	for class, text := range a.Said {
		all = append(all, []string{class, text})
	}
	slices.SortFunc(all, func(x, y []string) int { return strings.Compare(x[0], y[0]) })
	return all
}

func kneeText(b *strings.Builder, k run.KneeResult) {
	fmt.Fprintf(b, "  %s, open model at rising rates, %s each\n\n", k.Address, k.Scenario.Duration)
	t := kneeTable(k)
	columns(b, append([][]string{t.Head}, t.Rows...))
	fmt.Fprintf(b, "\n  %s\n", kneeSays(k))
	facts(b, [][2]string{{"generator", own(busiest(k).Generator)}, {"money", moneySays(k.About, k.Scenario.Pays())}})
	said(b, k.About)
}

// kneeTable is a row for each rate, in rising order.
func kneeTable(k run.KneeResult) plot.Table {
	t := plot.Table{Head: []string{"ways due per second", "whole per second", "slowest p50 ms", "slowest p99 ms", "failed", "generator µs a request", "followed"}}
	for _, p := range rising(k.Points) {
		followed := "yes"
		if p.Broke != "" {
			followed = "no: " + p.Broke
		}
		s, _ := slowest(p.Steps)
		t.Rows = append(t.Rows, []string{
			plot.Number(p.RateDue), plot.Number(p.Rate), plot.Number(s.Latency.P50), plot.Number(s.Latency.P99),
			fmt.Sprintf("%.2f %%", 100*p.Errors()), plot.Number(p.Generator.CPUMicros), followed,
		})
	}
	return t
}

func rising(points []run.Point) []run.Point {
	all := slices.Clone(points)
	slices.SortStableFunc(all, func(a, b run.Point) int {
		switch {
		case a.RateDue < b.RateDue:
			return -1
		case a.RateDue > b.RateDue:
			return 1
		}
		return 0
	})
	return all
}

// busiest is the point at which the generator had most to do.
func busiest(k run.KneeResult) (m run.Measured) {
	for _, p := range k.Points {
		if p.Requests() >= m.Requests() {
			m = p.Measured
		}
	}
	return m
}

func kneeSays(k run.KneeResult) string {
	switch {
	case k.Found && k.Knee > 0:
		return fmt.Sprintf("The knee lies at %s ways a second (±5 %%)%s. Right above it: %s.", plot.Number(k.Knee), heldFor(k), k.Limit)
	case k.Knee > 0:
		return fmt.Sprintf("%s ways a second were followed%s; the knee lies above, and was not reached.", plot.Number(k.Knee), heldFor(k))
	case k.Limit != "":
		return fmt.Sprintf("Not even the lowest rate was followed: %s.", k.Limit)
	}
	return "Nothing was found out."
}

func heldFor(k run.KneeResult) string {
	if k.Held == 0 {
		return ""
	}
	return ", held for " + k.Held.String()
}

func comparisonText(b *strings.Builder, c run.Comparison) {
	fmt.Fprintf(b, "  %d of %d rounds of %s, order reversed in every other; %s\n\n", c.Rounds, c.Asked, c.Scenario.Duration, model(c.Scenario.Model, c.Scenario.Rate, c.Callers))
	for _, t := range comparisonTables(c) {
		columns(b, append([][]string{t.Head}, t.Rows...))
		b.WriteByte('\n')
	}
	for _, s := range c.Sides {
		if c.Scenario.Pays() {
			fmt.Fprintf(b, "  %s: %s\n", s.Target, moneySays(s.About, true))
		}
		said(b, s.About)
	}
}

// alone says whether a comparison is of the open model alone.
func alone(c run.Comparison) bool { return c.Scenario.Model == scenario.Open }

// comparisonTables are the sides, the ratios, and the open model's latencies where they were asked for.
func comparisonTables(c run.Comparison) []namedTable {
	first, name := c.Sides[0].Target, "Capacity (closed model)"
	if alone(c) {
		name = "Each target (open model)"
	}
	sides := plot.Table{Head: []string{"target", "ways per second", "its µs a request", "generator µs a request", "bytes", "failed"}}
	for _, s := range c.Sides {
		sides.Rows = append(sides.Rows, []string{s.Target, spread(s.Rate), spread(s.CPU), spread(s.OwnCPU), plot.Number(s.Bytes), fmt.Sprintf("%.2f %%", 100*s.Failed)})
	}
	tables := []namedTable{{name, sides}}
	if !alone(c) {
		pairs := plot.Table{Head: []string{first + " over", "capacity", "processor time a request"}}
		for _, p := range c.Pairs {
			pairs.Rows = append(pairs.Rows, []string{p.Over, spread(p.Rate), spread(p.CPU)})
		}
		tables = append(tables, namedTable{"Ratios (closed model)", pairs})
	}
	if len(c.Sides[0].Open) == 0 {
		return tables
	}
	rate := plot.Number(c.Scenario.Rate)
	open := plot.Table{Head: []string{"open model, " + rate + " a second", "step", "p50 ms", "p99 ms", "generator lag p99 ms"}}
	for _, s := range c.Sides {
		for _, l := range s.Latency {
			open.Rows = append(open.Rows, []string{s.Target, l.Step, spread(l.P50), spread(l.P99), spread(s.Lag)})
		}
	}
	ratio := plot.Table{Head: []string{first + " over", "step", "p50", "p99"}}
	for _, p := range c.Pairs {
		for _, l := range p.Steps {
			ratio.Rows = append(ratio.Rows, []string{p.Over, l.Step, spread(l.P50), spread(l.P99)})
		}
	}
	return append(tables, namedTable{"Latency (open model)", open}, namedTable{"Ratios of latencies (open model)", ratio})
}

func (r Report) verdictText(b *strings.Builder) {
	for _, w := range r.Warnings {
		fmt.Fprintf(b, "\n  warning: %s\n", w)
	}
	b.WriteByte('\n')
	var rows [][]string
	for _, c := range r.Verdict.Checks {
		word := "kept"
		if !c.Kept {
			word = "BROKEN"
		}
		value := "not measured"
		if c.Value != nil {
			value = plot.Number(*c.Value)
		}
		rows = append(rows, []string{word, string(c.Threshold), value})
	}
	columns(b, rows)
	for _, reason := range r.Verdict.Reasons {
		fmt.Fprintf(b, "  BROKEN  %s\n", reason)
	}
	if len(r.Verdict.Aside) > 0 {
		fmt.Fprintf(b, "  not judged in this kind of test: %s\n", strings.Join(r.Verdict.Aside, ", "))
	}
	fmt.Fprintf(b, "  %s\n", r.outcome())
}

// outcome is the verdict in a sentence.
func (r Report) outcome() string {
	switch {
	case len(r.Verdict.Reasons) > 0 && r.lostMoney():
		return "FAILED: money was lost, charged twice or charged wrongly."
	case !r.Verdict.Kept:
		return "FAILED: not everything that was demanded was kept."
	case r.Verdict.Partial && len(r.Verdict.Checks) == 0:
		return "PARTIAL: ended early. Nothing was demanded, and no money was seen to be lost until then."
	case r.Verdict.Partial:
		return fmt.Sprintf("PARTIAL: ended early. Until then %s was kept.", all(len(r.Verdict.Checks)))
	case len(r.Verdict.Checks) == 0:
		return "PASSED: nothing was demanded, and no money was seen to be lost."
	}
	return "PASSED: everything that was demanded was kept."
}

// all says that of so many thresholds none was broken.
func all(n int) string {
	if n == 1 {
		return "the one threshold"
	}
	return fmt.Sprintf("each of the %d thresholds", n)
}

func (r Report) lostMoney() bool {
	for _, a := range r.targets() {
		if a.Audit != nil && a.Audit.Lost+a.Audit.Double+a.Audit.Differ > 0 {
			return true
		}
	}
	return false
}
