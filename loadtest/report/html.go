package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"words": isWords, "column": isColumnOfWords}).Parse(pageText))

// isColumnOfWords tells by its first row whether a column is one of words.
func isColumnOfWords(t plot.Table, column int) bool {
	return len(t.Rows) > 0 && column < len(t.Rows[0]) && isWords(t.Rows[0][column])
}

// page is what the template shows. The first screen is for whoever has to know whether it went well: what
// was tested, how fast it was, whether money was lost.
type page struct {
	Style    template.CSS
	Title    string
	Mood     string // of the verdict: good, bad or part
	Sign     string
	Outcome  string
	Lead     []string
	Tiles    []tile
	Warnings []string
	Report   Report
	Checks   []checkRow
	Tables   []namedTable
	Figures  []figure
	Facts    [][2]string
	Notes    []string
	Made     string
}

type tile struct {
	Value, Label string
	Bad          bool
}

type checkRow struct {
	Threshold, Value string
	Kept             bool
}

type namedTable struct {
	Name string
	plot.Table
}

// figure is a plot with its table.
type figure struct {
	Title, Note string
	SVG         template.HTML
	Legend      []string
	Lines       bool // the legend is of lines, or else of dots
	Table       plot.Table
}

// HTML writes the page.
func (r Report) HTML(w io.Writer) error {
	p := page{
		Style: template.CSS(pageStyle), Title: r.Title(), Outcome: r.outcome(), //nolint:gosec // our own file
		Warnings: r.Warnings, Report: r, Made: r.Made.UTC().Format("2 January 2006, 15:04 UTC"),
	}
	switch {
	case !r.Verdict.Kept:
		p.Mood, p.Sign = "bad", "✕"
	case r.Verdict.Partial:
		p.Mood, p.Sign = "part", "!"
	default:
		p.Mood, p.Sign = "good", "✓"
	}
	for _, c := range r.Verdict.Checks {
		value := "not measured"
		if c.Value != nil {
			value = plot.Number(*c.Value)
		}
		p.Checks = append(p.Checks, checkRow{string(c.Threshold), value, c.Kept})
	}
	switch {
	case r.Run != nil:
		p.ofRun(*r.Run)
	case r.Knee != nil:
		p.ofKnee(*r.Knee)
	default:
		p.ofComparison(*r.Comparison)
	}
	p.saidTables(r.targets())
	p.Facts = append(p.Facts, [2]string{"load came from", fmt.Sprintf("%s/%s, %d processors, %s", r.Generator.OS, r.Generator.Arch, r.Generator.Processors, r.Generator.Go)})
	return pageTemplate.Execute(w, p)
}

func (p *page) ofRun(r run.Result) {
	seconds := plot.Number(r.Seconds)
	what := fmt.Sprintf("For %s seconds, payers came to %s for %s.", seconds, r.Target, way(r.Scenario))
	if r.Model == scenario.Open {
		what = fmt.Sprintf("For %s seconds, %s payers a second came to %s for %s.", seconds, plot.Number(r.RateDue), r.Target, way(r.Scenario))
	}
	p.Lead = append(p.Lead, what, fast(r.Steps), answered(r.Requests(), r.Failed()), moneySays(r.About, r.Scenario.Pays()))
	p.Tiles = append(p.Tiles, tile{plot.Number(r.Rate), "payers served a second", false})
	if s, ok := slowest(r.Steps); ok {
		p.Tiles = append(p.Tiles, tile{span(s.Latency.P99), "99 of 100 waited no longer, at the slowest step", false})
	}
	p.Tiles = append(p.Tiles, tile{count(r.Failed()), "requests failed of " + count(r.Requests()), r.Failed() > 0})
	p.Tiles = append(p.Tiles, moneyTiles(r.About)...)
	p.Tables = append(p.Tables, namedTable{"Each step", stepTable(r.Measured)})
	p.Figures = runFigures(r)
	p.Facts = append([][2]string{{"target", r.Address}, {"model", model(r.Model, r.RateDue, r.Scenario.Callers)}}, runFacts(r)...)
	p.Notes = notes(r.Model)
}

// fast says how long payers waited.
func fast(steps []measure.Step) string {
	var said []string
	for _, s := range steps {
		if s.Count > 0 && (s.Name == "view" || len(steps) == 1) {
			said = append(said, fmt.Sprintf("Of 100 payers, 50 waited at most %s for %s, and 99 waited at most %s.", span(s.Latency.P50), called[s.Name], span(s.Latency.P99)))
		}
	}
	if s, ok := slowest(steps); ok && len(steps) > 1 {
		said = append(said, fmt.Sprintf("The slowest step was %s: 99 of 100 waited at most %s.", called[s.Name], span(s.Latency.P99)))
	}
	return strings.Join(said, " ")
}

func moneyTiles(a run.About) []tile {
	if a.Audit == nil {
		return nil
	}
	return []tile{
		{count(int64(a.Audit.Lost)), "payments lost of " + count(int64(a.Audit.Payments)), a.Audit.Lost > 0},
		{count(int64(a.Audit.Double)), "payers charged twice", a.Audit.Double > 0},
	}
}

func notes(m scenario.Model) []string {
	all := []string{
		"p50, p99 and so on: of 100 requests, 50 or 99 were answered within that time. p99.9 leaves out one in a thousand.",
		"Latency counts from the moment a request was due, not from when it was sent; a target that stalls cannot hide it by being asked less.",
		"Generator: the program that made the load. Its own cost and lateness are part of what is shown, and are printed so that they can be subtracted by eye.",
	}
	if m == scenario.Closed {
		all = append(all, "These figures come from a closed model: each caller asks again only when he was answered. Its rate is a capacity; its latencies leave out whoever would have come meanwhile.")
	}
	return all
}

func (p *page) ofKnee(k run.KneeResult) {
	p.Lead = append(p.Lead,
		fmt.Sprintf("Payers came to %s at rising rates for %s, until it no longer followed.", k.Target, way(k.Scenario)),
		kneeSays(k), moneySays(k.About, k.Scenario.Pays()))
	p.Tiles = append(p.Tiles, tile{plot.Number(k.Knee), "payers a second are carried", false})
	for _, point := range k.Points {
		if s, ok := slowest(point.Steps); ok && point.RateDue == k.Knee {
			p.Tiles = append(p.Tiles, tile{span(s.Latency.P99), "99 of 100 waited no longer there, at the slowest step", false})
		}
	}
	p.Tiles = append(p.Tiles, moneyTiles(k.About)...)
	p.Tables = append(p.Tables, namedTable{"Each rate", kneeTable(k)})
	p.Figures = kneeFigures(k)
	p.Facts = append(p.Facts, [2]string{"target", k.Address}, [2]string{"model", "open, " + k.Scenario.Duration.String() + " at each rate"}, [2]string{"generator at its busiest", own(busiest(k).Generator)})
	p.Facts = append(p.Facts, burdens(busiest(k))...)
	p.Notes = append(notes(scenario.Open), "A rate is followed when at least 97 % of the ways that fell due came to their end, at most 1 % of the requests failed, and no step's p99 was more than ten times the lowest seen (a p99 under 1 ms counts as 1 ms). A rate that breaks is tried once more.")
}

func (p *page) ofComparison(c run.Comparison) {
	first := c.Sides[0]
	p.Lead = append(p.Lead, fmt.Sprintf("%d targets were asked in turn, in %d rounds, for %s.", len(c.Sides), c.Rounds, way(c.Scenario)))
	for _, pair := range c.Pairs {
		if pair.Rate.Rounds > 0 {
			p.Lead = append(p.Lead, fmt.Sprintf("%s carries %s times what %s does (between %s and %s).", first.Target, plot.Number(pair.Rate.Median), pair.Over, plot.Number(pair.Rate.Min), plot.Number(pair.Rate.Max)))
			p.Tiles = append(p.Tiles, tile{plot.Number(pair.Rate.Median) + " ×", first.Target + " over " + pair.Over + ", capacity", false})
		}
	}
	for _, s := range c.Sides {
		if c.Scenario.Pays() {
			p.Lead = append(p.Lead, s.Target+": "+moneySays(s.About, true))
		}
		p.Facts = append(p.Facts, [2]string{s.Target, s.Address})
	}
	if alone(c) {
		p.worst(c)
	}
	p.Tiles = append(p.Tiles, moneyTiles(first.About)...)
	p.Tables = append(p.Tables, comparisonTables(c)...)
	p.Figures = comparisonFigures(c)
	p.Facts = append(p.Facts, [2]string{"model", model(c.Scenario.Model, c.Scenario.Rate, c.Callers)}, [2]string{"generator", spread(first.OwnCPU) + " µs of processor time a request"})
	p.Notes = append(notes(c.Scenario.Model), "Ratios are worked out round by round, between measurements that lie seconds apart; shown are their median and extremes. The order is reversed in every other round.")
}

// worst names the step that takes longest beside each other target.
func (p *page) worst(c run.Comparison) {
	for _, pair := range c.Pairs {
		var most run.StepLatency
		for _, s := range pair.Steps {
			if s.P99.Median > most.P99.Median {
				most = s
			}
		}
		if most.Step == "" {
			continue
		}
		ratio := plot.Number(most.P99.Median)
		p.Lead = append(p.Lead, fmt.Sprintf("At %s a second, the slowest step beside %s was %s: its p99 was %s times that of %s.", plot.Number(c.Scenario.Rate), pair.Over, called[most.Step], ratio, pair.Over))
		p.Tiles = append(p.Tiles, tile{ratio + " ×", "p99 of " + most.Step + " over that of " + pair.Over, false})
	}
}

// saidTables show what failing requests were answered with, and which payments are wrong.
func (p *page) saidTables(targets []run.About) {
	for _, a := range targets {
		if rows := saidRows(a); rows != nil {
			p.Tables = append(p.Tables, namedTable{"What " + a.Target + " answered where requests failed", plot.Table{Head: []string{"step and failure", "its words"}, Rows: rows}})
		}
		if a.Audit != nil && len(a.Audit.Examples) > 0 {
			t := namedTable{"Payments that are wrong at " + a.Target, plot.Table{Head: []string{"payment"}}}
			for _, e := range a.Audit.Examples {
				t.Rows = append(t.Rows, []string{e})
			}
			p.Tables = append(p.Tables, t)
		}
	}
}
