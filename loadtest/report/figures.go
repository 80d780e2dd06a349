package report

import (
	"html/template"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/run"
)

// Axes that several plots have.
var (
	seconds = plot.Axis{Label: "seconds since the start"}
	latency = plot.Axis{Label: "ms, logarithmic", Log: true}
)

// drawn makes a figure of lines.
func drawn(note string, l plot.Lines) figure {
	f := figure{Title: l.Title, Note: note, SVG: template.HTML(l.SVG()), Table: l.Table(), Lines: true} //nolint:gosec // plot escapes every text
	if len(l.Series) > 1 {
		for _, s := range l.Series {
			f.Legend = append(f.Legend, s.Name)
		}
	}
	return f
}

func ranged(note string, r plot.Ranges) figure {
	f := figure{Title: r.Title, Note: note, SVG: template.HTML(r.SVG()), Table: r.Table()} //nolint:gosec // plot escapes every text
	f.Legend = r.Legend()
	return f
}

// runFigures are the plots of a run.
func runFigures(r run.Result) []figure {
	all := []figure{throughput(r), errorsOverTime(r), steps(r)}
	for i, s := range r.Steps {
		if s.Count > 0 {
			all = append(all, overTime(r, i, s.Name))
		}
	}
	return append(all, processes(r.Measured)...)
}

// lengths are how long each second of the series really was.
func lengths(series []measure.Second) []float64 {
	var all []float64
	last := 0.0
	for _, s := range series {
		all, last = append(all, s.At-last), s.At
	}
	return all
}

// shortest is the part of a second that a point of the series may be drawn of: the rest of a run says
// nothing as a rate.
const shortest = 0.5

func perSecond(r run.Result, of func(measure.StepSecond) int64) []plot.XY {
	var points []plot.XY
	spans := lengths(r.Series)
	for i, s := range r.Series {
		if spans[i] < shortest && len(r.Series) > 1 {
			continue
		}
		var n int64
		for _, step := range s.Steps {
			n += of(step)
		}
		points = append(points, plot.XY{X: s.At, Y: float64(n) / max(spans[i], 1e-3)})
	}
	return points
}

func throughput(r run.Result) figure {
	return drawn("All steps together.", plot.Lines{
		Title: "Good answers a second", X: seconds, Y: plot.Axis{Label: "answers per second"},
		Series: []plot.Series{{Name: "good answers per second", Points: perSecond(r, func(s measure.StepSecond) int64 { return s.Count })}},
	})
}

func errorsOverTime(r run.Result) figure {
	note := "No request failed."
	if r.Failed() > 0 {
		note = answered(r.Requests(), r.Failed())
	}
	return drawn(note, plot.Lines{
		Title: "Failed requests a second", X: seconds, Y: plot.Axis{Label: "failed per second"},
		Series: []plot.Series{{Name: "failed per second", Points: perSecond(r, func(s measure.StepSecond) int64 { return s.Errors })}},
	})
}

// steps shows the percentiles of all steps beside each other.
func steps(r run.Result) figure {
	p := plot.Ranges{Title: "How long each step took", X: latency}
	for _, s := range r.Steps {
		if s.Count == 0 {
			continue
		}
		l := s.Latency
		p.Rows = append(p.Rows, plot.Row{Name: s.Name, Dots: []plot.Dot{
			{Name: "p50", X: l.P50}, {Name: "p90", X: l.P90}, {Name: "p99", X: l.P99}, {Name: "p99.9", X: l.P999}, {Name: "max", X: l.Max},
		}})
	}
	return ranged("Further to the left is faster; each line of the grid is ten times the one before. The dots of a row stand in the order of their names.", p)
}

func overTime(r run.Result, step int, name string) figure {
	var p50, p99, most []plot.XY
	for _, s := range r.Series {
		if one := s.Steps[step]; one.Count > 0 {
			p50 = append(p50, plot.XY{X: s.At, Y: one.P50})
			p99 = append(p99, plot.XY{X: s.At, Y: one.P99})
			most = append(most, plot.XY{X: s.At, Y: one.Max})
		}
	}
	return drawn("", plot.Lines{
		Title: "Latency of " + called[name] + " (" + name + ")", X: seconds, Y: latency,
		Series: []plot.Series{{Name: "p50", Points: p50}, {Name: "p99", Points: p99}, {Name: "max", Points: most}},
	})
}

// processes are the plots of what the target used, where it is on this machine.
func processes(m run.Measured) []figure {
	if len(m.Processes) == 0 {
		return nil
	}
	var cpu, memory []plot.Series
	for _, p := range m.Processes {
		c, r := plot.Series{Name: p.Name}, plot.Series{Name: p.Name}
		for _, b := range p.Points {
			c.Points = append(c.Points, plot.XY{X: b.At, Y: b.CPU})
			r.Points = append(r.Points, plot.XY{X: b.At, Y: float64(b.RSS) / 1e6})
		}
		cpu, memory = append(cpu, c), append(memory, r)
	}
	return []figure{
		drawn("1 is one processor, fully used.", plot.Lines{Title: "Processor use of the target", X: seconds, Y: plot.Axis{Label: "processors"}, Series: cpu}),
		drawn("", plot.Lines{Title: "Memory of the target", X: seconds, Y: plot.Axis{Label: "MB resident"}, Series: memory}),
	}
}

// kneeFigures are the curve and its latencies.
func kneeFigures(k run.KneeResult) []figure {
	var whole, p50, p99 []plot.XY
	for _, p := range rising(k.Points) {
		whole = append(whole, plot.XY{X: p.RateDue, Y: p.Rate})
		if s, ok := slowest(p.Steps); ok {
			p50 = append(p50, plot.XY{X: p.RateDue, Y: s.Latency.P50})
			p99 = append(p99, plot.XY{X: p.RateDue, Y: s.Latency.P99})
		}
	}
	due := plot.Axis{Label: "ways due per second"}
	var mark *plot.Mark
	if k.Knee > 0 {
		mark = &plot.Mark{X: k.Knee, Name: "knee " + plot.Number(k.Knee)}
	}
	return []figure{
		drawn("While it follows, as many ways come to their end as fall due.", plot.Lines{
			Title: "Ways that came to their end", X: due, Y: plot.Axis{Label: "whole ways per second"}, Mark: mark,
			Series: []plot.Series{{Name: "whole ways per second", Points: whole}},
		}),
		drawn("Of the slowest step at each rate.", plot.Lines{
			Title: "Latency at each rate", X: due, Y: latency, Mark: mark,
			Series: []plot.Series{{Name: "p50", Points: p50}, {Name: "p99", Points: p99}},
		}),
	}
}

// comparisonFigures are rates, ratios, processor time, memory and latencies.
func comparisonFigures(c run.Comparison) []figure {
	rate := plot.Ranges{Title: "Capacity of each target (closed model)", X: plot.Axis{Label: "ways per second"}}
	if alone(c) {
		rate.Title = "Ways to their end of each target (open model)"
	}
	cpu := plot.Ranges{Title: "Processor time of each target", X: plot.Axis{Label: "µs a request"}}
	for _, s := range c.Sides {
		rate.Rows = append(rate.Rows, plot.Row{Name: s.Target, Bar: true, Dots: dots(s.Rate)})
		if s.CPU.Rounds > 0 {
			cpu.Rows = append(cpu.Rows, plot.Row{Name: s.Target, Bar: true, Dots: dots(s.CPU)})
		}
	}
	all := []figure{ranged("Bars are medians of the rounds, dots the lowest and the highest.", rate)}
	if !alone(c) {
		ratio := plot.Ranges{Title: c.Sides[0].Target + " over each other target, capacity", X: plot.Axis{Label: "times; 1 = alike"}, Mark: &plot.Mark{X: 1}}
		for _, p := range c.Pairs {
			ratio.Rows = append(ratio.Rows, plot.Row{Name: p.Over, Dots: dots(p.Rate)})
		}
		all = append(all, ranged("More than 1: "+c.Sides[0].Target+" carries more. Median and extremes of the rounds.", ratio))
	}
	if len(cpu.Rows) > 0 {
		all = append(all, ranged("Less is better. Targets on this machine only.", cpu))
	}
	if p99 := latencies(c); len(p99.Rows) > 0 {
		all = append(all, ranged("At "+plot.Number(c.Scenario.Rate)+" a second. Further to the left is faster.", p99))
	}
	return append(all, memories(c)...)
}

// latencies are every step's p99 at every target; a row names both where there are several steps.
func latencies(c run.Comparison) plot.Ranges {
	p99 := plot.Ranges{Title: "p99 of each step (open model)", X: latency}
	for _, s := range c.Sides {
		for _, l := range s.Latency {
			name := s.Target
			if len(s.Latency) > 1 {
				name = l.Step + ", " + s.Target
			}
			if l.P99.Rounds > 0 {
				p99.Rows = append(p99.Rows, plot.Row{Name: name, Dots: dots(l.P99)})
			}
		}
	}
	return p99
}

// memories is what the targets held over all their turns, one after another: what grows from turn to turn is
// not given back.
func memories(c run.Comparison) []figure {
	var all []plot.Series
	for _, s := range c.Sides {
		one, begun := plot.Series{Name: s.Target}, 0.0
		for _, m := range s.Rounds() {
			for _, p := range m.Processes {
				if p.Role != run.RoleTarget {
					continue
				}
				for _, b := range p.Points {
					one.Points = append(one.Points, plot.XY{X: begun + b.At, Y: float64(b.RSS) / 1e6})
				}
			}
			begun += m.Seconds
		}
		if len(one.Points) > 0 {
			all = append(all, one)
		}
	}
	if all == nil {
		return nil
	}
	return []figure{drawn("Of each target's own turns, one after another.", plot.Lines{
		Title: "Memory of the targets", X: plot.Axis{Label: "seconds under load"}, Y: plot.Axis{Label: "MB resident"}, Series: all,
	})}
}

func dots(s measure.Spread) []plot.Dot {
	if s.Rounds == 0 {
		return nil
	}
	return []plot.Dot{{Name: "median", X: s.Median}, {Name: "lowest", X: s.Min}, {Name: "highest", X: s.Max}}
}
