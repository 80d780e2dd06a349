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
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/plot"
)

// Files of a report.
const (
	figuresFile = "scale.json"
	pageFile    = "scale.html"
)

// report is everything that was measured.
type report struct {
	Began      time.Time `json:"began"`
	Seconds    float64   `json:"seconds"`
	Processors int       `json:"processors"`
	Go         string    `json:"go"`
	System     string    `json:"system"`
	Rounds     int       `json:"rounds"`
	Turn       string    `json:"turn"`
	Failed     string    `json:"failed,omitempty"`
	Goals      []goal    `json:"goals"`
	Links      []point   `json:"links,omitempty"`
	Idle       *idle     `json:"idle,omitempty"`
	Payments   []books   `json:"payments,omitempty"`

	Panel []panelPages `json:"panel,omitempty"`
}

func newReport(w wish) report {
	return report{
		Began: time.Now().UTC(), Processors: runtime.NumCPU(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Rounds: w.rounds, Turn: w.turn.String(),
	}
}

// goal is a figure beside what it should be: its aim, and the floor under which the test breaks.
type goal struct {
	Figure string         `json:"figure"`
	Value  measure.Spread `json:"value"`
	Aim    float64        `json:"aim"`
	Floor  float64        `json:"floor"`
	Most   bool           `json:"at_most"` // else at least
}

func (g goal) reaches(bound float64) bool {
	if g.Most {
		return g.Value.Median <= bound
	}
	return g.Value.Median >= bound
}

// Verdict is one of three words.
func (g goal) Verdict() string {
	switch {
	case g.reaches(g.Aim):
		return "reached"
	case g.reaches(g.Floor):
		return "above the floor"
	}
	return "BROKEN"
}

// Bounds says what it should be.
func (g goal) Bounds() string {
	sign := "≥ "
	if g.Most {
		sign = "≤ "
	}
	if g.Aim == g.Floor {
		return sign + plot.Number(g.Aim)
	}
	return sign + plot.Number(g.Aim) + ", floor " + plot.Number(g.Floor)
}

// Spread is the median with the lowest and the highest.
func (g goal) Spread() string { return spread(g.Value) }

func spread(s measure.Spread) string {
	if s.Rounds < 2 {
		return plot.Number(s.Median)
	}
	return plot.Number(s.Median) + " (" + plot.Number(s.Min) + " – " + plot.Number(s.Max) + ")"
}

// finish judges what was measured; the goals are those of the performance page.
func (r *report) finish(err error) {
	r.Seconds = time.Since(r.Began).Seconds()
	if err != nil {
		r.Failed = err.Error()
	}
	one := func(v float64) measure.Spread { return measure.SpreadOf([]float64{v}) }
	for _, p := range r.Links {
		name := fmt.Sprintf("%s links: ", plot.Number(float64(p.Links)))
		if p.Links > few && p.Compared.Rounds > 0 {
			r.Goals = append(r.Goals, goal{Figure: name + "views / views at a thousand links", Value: p.Compared, Aim: 0.95, Floor: 0.90})
		}
		if p.Links >= 10*few && p.RedisBytes > 0 { // below, the store's own tables weigh more than the links
			r.Goals = append(r.Goals, goal{Figure: name + "bytes a link in Redis", Value: one(p.RedisBytes), Aim: 230, Floor: 320, Most: true})
		}
		if p.Ratio.Rounds > 0 {
			r.Goals = append(r.Goals, goal{Figure: name + "start to the first page / empty Fiber's", Value: p.Ratio, Aim: 6, Floor: 15, Most: true})
		}
		if p.Refill != nil {
			r.Goals = append(r.Goals,
				goal{Figure: name + "links not back after Redis lost everything", Value: one(float64(p.Refill.Missing)), Most: true},
				goal{Figure: name + "errors that payers saw", Value: one(float64(p.Failed + p.Refill.Before.Errors + p.Refill.During.Errors)), Most: true})
		}
	}
	if r.Idle != nil && r.Idle.Ratio.Rounds > 0 {
		r.Goals = append(r.Goals, goal{Figure: plot.Number(float64(r.Idle.Connections)) + " idle connections: memory / stock Fiber's", Value: r.Idle.Ratio, Aim: 0.35, Floor: 0.5, Most: true})
	}
	r.panelGoals()
}

func (r *report) exit() int {
	for _, g := range r.Goals {
		if !g.reaches(g.Floor) {
			return broken
		}
	}
	return kept
}

// deliver prints the goals and writes the files.
func (r *report) deliver(dir string, out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "\nfigure\tmeasured\tshould be\t")
	for _, g := range r.Goals {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", g.Figure, g.Spread(), g.Bounds(), g.Verdict())
	}
	err := errors.Join(t.Flush(), write(filepath.Join(dir, figuresFile), r.json), write(filepath.Join(dir, pageFile), r.html))
	if err == nil {
		fmt.Fprintf(out, "\nall figures: %s/%s, curves: %s/%s\n", dir, figuresFile, dir, pageFile)
	}
	return err
}

func (r *report) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("scale").Funcs(template.FuncMap{"spread": spread, "number": plot.Number, "svg": func(s string) template.HTML { return template.HTML(s) }}).Parse(pageText))

// page is what the template shows.
type page struct {
	*report
	Kept   bool
	Curves []curve
	Tables []titled
}

type titled struct {
	Title string
	plot.Table
}

func (r *report) html(w io.Writer) error {
	return pageTemplate.Execute(w, page{report: r, Kept: r.exit() == kept && r.Failed == "", Curves: r.curves(), Tables: r.tables()})
}

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
