// Package plot draws figures as SVG that stands inside a page: no script, no picture from elsewhere, colours
// from the page's style sheet, so that it follows dark and light and prints. What is drawn is also answered
// as a table, for those who cannot see it. It deliberately knows nothing of what the figures mean.
//
// The page's style sheet gives the classes: axis, grid, tick, label, mark, and s0 … s5 for the series, whose
// lines differ by dashes too, so that colour alone tells nothing apart.
package plot

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
)

// Size of every plot, in the units of its own view box.
const (
	width  = 420.0 // about a phone's, so that letters stay readable there
	height = 220.0
	left   = 46.0
	right  = 22.0 // half of the last tick's figures
	top    = 26.0
	bottom = 36.0
)

// Axis is one axis; its label names the unit.
type Axis struct {
	Label string
	Log   bool // values of 0 or less are drawn at the lower end
}

// XY is one point.
type XY struct{ X, Y float64 }

// Series is one line.
type Series struct {
	Name   string
	Points []XY
	Dots   bool // points are drawn too, and the line through them is not: measurements in no order
}

// Lines is a plot of lines over a common axis.
type Lines struct {
	Title  string // read out in place of the picture
	X, Y   Axis
	Series []Series
	Mark   *Mark
}

// Mark is a line across the plot at a value of X.
type Mark struct {
	X    float64
	Name string
}

// Table is what a plot shows, as text.
type Table struct {
	Head []string
	Rows [][]string
}

// SVG draws it. A plot without points is empty axes.
func (l Lines) SVG() string {
	var b strings.Builder
	x, y := l.scales()
	begin(&b, l.Title, height)
	y.drawY(&b, l.Y.Label)
	x.drawX(&b, l.X.Label, top, height)
	if l.Mark != nil {
		at := x.at(l.Mark.X)
		fmt.Fprintf(&b, `<line class="mark" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, at, top, at, height-bottom)
		anchor, shift := "start", 5.0
		if at > width/2 {
			anchor, shift = "end", -5.0
		}
		text(&b, "label", anchor, at+shift, top+11, l.Mark.Name)
	}
	for i, s := range l.Series {
		class := "s" + strconv.Itoa(i%6)
		var path strings.Builder
		for j, p := range s.Points {
			px, py := x.at(p.X), y.at(p.Y)
			if s.Dots || len(s.Points) == 1 {
				fmt.Fprintf(&b, `<circle class="dot %s" cx="%.1f" cy="%.1f" r="4"/>`, class, px, py)
				continue
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", map[bool]string{true: "M", false: "L"}[j == 0], px, py)
		}
		if path.Len() > 0 {
			fmt.Fprintf(&b, `<path class="line %s" d="%s"/>`, class, path.String())
		}
	}
	b.WriteString("</svg>")
	return b.String()
}

func (l Lines) scales() (x, y scale) {
	xs, ys := []float64{}, []float64{}
	for _, s := range l.Series {
		for _, p := range s.Points {
			xs, ys = append(xs, p.X), append(ys, p.Y)
		}
	}
	if !l.Y.Log {
		ys = append(ys, 0)
	}
	if !l.X.Log && l.Mark == nil {
		xs = append(xs, 0)
	}
	return newScale(xs, l.X.Log, left, width-right), newScale(ys, l.Y.Log, height-bottom, top)
}

// Table lists the points, a row for each X.
func (l Lines) Table() Table {
	t := Table{Head: []string{l.X.Label}}
	rows := map[float64][]string{}
	var order []float64
	for i, s := range l.Series {
		t.Head = append(t.Head, s.Name)
		for _, p := range s.Points {
			if rows[p.X] == nil {
				rows[p.X] = make([]string, len(l.Series)+1)
				rows[p.X][0] = Number(p.X)
				order = append(order, p.X)
			}
			rows[p.X][i+1] = Number(p.Y)
		}
	}
	for _, x := range order {
		t.Rows = append(t.Rows, rows[x])
	}
	return t
}

// Row is a row of marks on a common axis.
type Row struct {
	Name string
	Bar  bool // a bar from the axis' beginning to the first value
	Dots []Dot
}

// Dot is one of them.
type Dot struct {
	Name string
	X    float64
}

// Ranges is a plot of rows: each shows a few values of one thing, joined by a thin line.
type Ranges struct {
	Title string
	X     Axis
	Rows  []Row
	Mark  *Mark
}

const (
	rowTop    = 6.0 // no name of an axis stands there
	rowHeight = 30.0

	// What stands left of the plot: names in letters that are a little larger on a phone, and no wider than leaves
	// the plot half of the room.
	nameLetter = 7.4
	nameGap    = 10.0
	leastNames = 92.0
	mostNames  = width / 2
)

// left is where the plot begins.
func (r Ranges) left() float64 {
	longest := 0
	for _, row := range r.Rows {
		longest = max(longest, len([]rune(row.Name)))
	}
	return min(max(float64(longest)*nameLetter+nameGap, leastNames), mostNames)
}

// SVG draws it.
func (r Ranges) SVG() string {
	var b strings.Builder
	tall := rowTop + rowHeight*float64(len(r.Rows)) + bottom
	rowLeft := r.left()
	x := newScale(r.values(), r.X.Log, rowLeft, width-right)
	begin(&b, r.Title, tall)
	x.drawX(&b, r.X.Label, rowTop, tall)
	if r.Mark != nil {
		at := x.at(r.Mark.X)
		fmt.Fprintf(&b, `<line class="mark" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, at, rowTop, at, tall-bottom)
	}
	for i, row := range r.Rows {
		y := rowTop + rowHeight*(float64(i)+0.5)
		text(&b, "label", "end", rowLeft-nameGap, y+4, row.Name)
		row.draw(&b, x, y)
	}
	b.WriteString("</svg>")
	return b.String()
}

func (r Row) draw(b *strings.Builder, x scale, y float64) {
	if len(r.Dots) == 0 {
		return
	}
	if r.Bar {
		from, to := x.from, x.at(r.Dots[0].X)
		fmt.Fprintf(b, `<rect class="bar s0" x="%.1f" y="%.1f" width="%.1f" height="16"/>`, from, y-8, max(to-from, 1))
	}
	low, high := x.at(r.Dots[0].X), x.at(r.Dots[0].X)
	for _, d := range r.Dots {
		low, high = min(low, x.at(d.X)), max(high, x.at(d.X))
	}
	fmt.Fprintf(b, `<line class="range" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, low, y, high, y)
	for i, d := range r.Dots {
		if r.Bar && i == 0 {
			continue
		}
		fmt.Fprintf(b, `<circle class="dot s%d" cx="%.1f" cy="%.1f" r="4.5"><title>%s: %s</title></circle>`,
			i%6, x.at(d.X), y, html.EscapeString(d.Name), Number(d.X))
	}
}

func (r Ranges) values() (all []float64) {
	if !r.X.Log {
		all = append(all, 0)
	}
	if r.Mark != nil {
		all = append(all, r.Mark.X)
	}
	for _, row := range r.Rows {
		for _, d := range row.Dots {
			all = append(all, d.X)
		}
	}
	return all
}

// Table lists the rows.
func (r Ranges) Table() Table {
	t := Table{Head: []string{r.X.Label}}
	for i, row := range r.Rows {
		cells := []string{row.Name}
		for _, d := range row.Dots {
			if i == 0 {
				t.Head = append(t.Head, d.Name)
			}
			cells = append(cells, Number(d.X))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// Legend names the dots of the rows in their order.
func (r Ranges) Legend() (names []string) {
	if len(r.Rows) > 0 {
		for _, d := range r.Rows[0].Dots {
			names = append(names, d.Name)
		}
	}
	return names
}

func begin(b *strings.Builder, title string, tall float64) {
	fmt.Fprintf(b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, width, tall, html.EscapeString(title))
}

func text(b *strings.Builder, class, anchor string, x, y float64, s string) {
	fmt.Fprintf(b, `<text class="%s" text-anchor="%s" x="%.1f" y="%.1f">%s</text>`, class, anchor, x, y, html.EscapeString(s))
}

// Number writes a figure with three digits that count, thousands apart.
func Number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case a == 0:
		return "0"
	case a >= 999.5:
		return thousands(strconv.FormatInt(int64(math.Round(v)), 10))
	case a >= 99.95:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 9.995:
		return trim(strconv.FormatFloat(v, 'f', 1, 64))
	case a >= 0.9995:
		return trim(strconv.FormatFloat(v, 'f', 2, 64))
	case a < 0.0001:
		return strconv.FormatFloat(v, 'e', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// trim takes away zeros behind the point that say nothing.
func trim(s string) string { return strings.TrimRight(strings.TrimRight(s, "0"), ".") }

func thousands(s string) string {
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
