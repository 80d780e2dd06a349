package main

import (
	"fmt"

	"github.com/odelink/odelink/loadtest/plot"
)

// What an axis counts in, so that its figures stay short.
const (
	thousand = 1000
	megabyte = 1e6
)

// curve is a plot over the number of links or payments.
type curve struct {
	Title string
	Says  string // what to look for
	SVG   string
	Names []string // of its lines
	plot.Table
}

func draw(title, says string, l plot.Lines) curve {
	l.Title = title
	c := curve{Title: title, Says: says, SVG: l.SVG(), Table: l.Table()}
	for _, s := range l.Series {
		c.Names = append(c.Names, s.Name)
	}
	return c
}

// curves are those of which at least two points were measured.
func (r *report) curves() (all []curve) {
	if len(r.Links) > 1 {
		all = append(all, r.linkCurves()...)
	}
	var sizes []plot.Series
	for _, b := range r.Payments {
		s := plot.Series{Name: b.Database}
		for _, at := range b.Sizes {
			s.Points = append(s.Points, plot.XY{X: float64(at.Payments) / thousand, Y: float64(at.Bytes) / megabyte})
		}
		if len(s.Points) > 1 {
			sizes = append(sizes, s)
		}
	}
	if len(sizes) > 0 {
		all = append(all, draw("Size of the ledger", "Each payment with its link, events and index entries.", plot.Lines{X: plot.Axis{Label: "thousand payments", Log: true}, Y: plot.Axis{Label: "MB", Log: true}, Series: sizes}))
	}
	return all
}

// of is one line over the links.
func (r *report) of(name string, value func(point) (float64, bool)) plot.Series {
	s := plot.Series{Name: name}
	for _, p := range r.Links {
		if v, ok := value(p); ok && v > 0 { // 0 = not measured
			s.Points = append(s.Points, plot.XY{X: float64(p.Links) / thousand, Y: v})
		}
	}
	return s
}

func (r *report) linkCurves() []curve {
	links := plot.Axis{Label: "thousand links", Log: true}
	always := func(f func(point) float64) func(point) (float64, bool) {
		return func(p point) (float64, bool) { return f(p), true }
	}
	return []curve{
		draw("Views against a thousand links", "1 is a gateway with a thousand links, measured in turns; the floor is 0.90.", plot.Lines{X: links, Y: plot.Axis{Label: "ratio"}, Series: []plot.Series{
			r.of("median", always(func(p point) float64 { return p.Compared.Median })),
			r.of("lowest", always(func(p point) float64 { return p.Compared.Min })),
			r.of("highest", always(func(p point) float64 { return p.Compared.Max })),
		}}),
		draw("Processor time of a view against a thousand links", "Gateway and Redis together; less scattered than rates on a machine that others use.", plot.Lines{X: links, Y: plot.Axis{Label: "ratio"}, Series: []plot.Series{
			r.of("median", always(func(p point) float64 { return p.Cost.Median })),
			r.of("lowest", always(func(p point) float64 { return p.Cost.Min })),
			r.of("highest", always(func(p point) float64 { return p.Cost.Max })),
		}}),
		draw("What a page takes", "At a fixed rate, half of what a thousand links carry; p99 of the median round.", plot.Lines{X: links, Y: plot.Axis{Label: "ms"}, Series: []plot.Series{
			r.of("p99", always(func(p point) float64 { return p.P99.Median })),
			r.of("p99, a thousand links", always(func(p point) float64 { return p.P99Few.Median })),
			r.of("p50", always(func(p point) float64 { return p.P50.Median })),
		}}),
		draw("Redis, bytes a link", "used_memory over the links; few links carry the tables' first sizes.", plot.Lines{X: links, Y: plot.Axis{Label: "bytes"}, Series: []plot.Series{
			r.of("Redis", always(func(p point) float64 { return p.RedisBytes })),
		}}),
		draw("Start to the first page", "Redis whole, or no Redis at all. A start that read its links first would rise with them.", plot.Lines{X: links, Y: plot.Axis{Label: "ms"}, Series: []plot.Series{
			r.of("with Redis", always(func(p point) float64 { return p.Start.Median })),
			r.of("without", func(p point) (float64, bool) {
				if p.Memory == nil {
					return 0, false
				}
				return p.Memory.Start, true
			}),
		}}),
		draw("Redis lost everything: until all is back", "While payers ask for pages without a pause, and while nobody does.", plot.Lines{X: links, Y: plot.Axis{Label: "seconds", Log: true}, Series: []plot.Series{
			r.of("under load", func(p point) (float64, bool) {
				if p.Refill == nil {
					return 0, false
				}
				return p.Refill.Seconds, true
			}),
			r.of("nobody asks, start included", always(func(p point) float64 { return p.FillSeconds })),
		}}),
		draw("Size of the ledger with links alone", "SQLite; each link with its event and outbox line.", plot.Lines{X: links, Y: plot.Axis{Label: "MB", Log: true}, Series: []plot.Series{
			r.of("SQLite", always(func(p point) float64 { return float64(p.LedgerSize) / megabyte })),
		}}),
	}
}

// tables are what is not a curve.
func (r *report) tables() (all []titled) {
	if len(r.Links) > 0 {
		t := plot.Table{Head: []string{"links", "stored a second", "views a second", "before the loss", "while it is filled", "p99 then, ms", "views then", "errors"}}
		for _, p := range r.Links {
			if p.Refill == nil {
				continue
			}
			t.Rows = append(t.Rows, []string{plot.Number(float64(p.Links)), plot.Number(p.SeedRate), spread(p.Views), plot.Number(p.Refill.Before.Rate),
				plot.Number(p.Refill.During.Rate), plot.Number(p.Refill.During.P99), plot.Number(float64(p.Refill.During.Views)), plot.Number(float64(p.Refill.During.Errors))})
		}
		all = append(all, titled{"Redis loses everything while pages are asked for", t})
	}
	for _, b := range r.Payments {
		t := plot.Table{Head: []string{"question", "ms", "ms at a thousand"}}
		for _, l := range b.Lists {
			t.Rows = append(t.Rows, []string{l.Question, spread(l.Millis), spread(l.Few)})
		}
		all = append(all, titled{"Lists at " + plot.Number(float64(b.Payments)) + " payments, " + b.Database, t})
	}
	if len(r.Payments) > 0 {
		t := plot.Table{Head: []string{"database", "payments", "bytes a payment", "durable units a second", "over a thousand payments"}}
		for _, b := range r.Payments {
			each := "–"
			if len(b.Sizes) > 1 {
				each = plot.Number(b.Sizes[len(b.Sizes)-1].Each)
			}
			t.Rows = append(t.Rows, []string{b.Database, plot.Number(float64(b.Payments)), each, spread(b.Units), spread(b.Ratio)})
		}
		all = append(all, titled{"Payments", t})
	}
	for _, p := range r.Panel {
		t := plot.Table{Head: []string{"page", "who", "median, ms", "p95, ms", "bytes"}}
		for _, page := range p.Pages {
			t.Rows = append(t.Rows, []string{page.Path, page.Who, plot.Number(page.Median), plot.Number(page.P95), plot.Number(float64(page.Bytes))})
		}
		all = append(all, titled{fmt.Sprintf("The panel at %s payments on %s links, %s; filled in %.0f s", plot.Number(float64(p.Payments)), plot.Number(float64(p.Links)), p.Database, p.FillSeconds), t})
	}
	if r.Idle != nil {
		all = append(all, titled{"Idle connections", plot.Table{Head: []string{"connections", "bytes each", "stock Fiber's", "ratio"}, Rows: [][]string{
			{plot.Number(float64(r.Idle.Connections)), spread(r.Idle.Ours), spread(r.Idle.Theirs), spread(r.Idle.Ratio)},
		}}})
	}
	return all
}
