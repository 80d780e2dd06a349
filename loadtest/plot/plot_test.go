package plot

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// elements counts them; the test fails where the text is no XML.
func elements(t *testing.T, svg string) map[string]int {
	t.Helper()
	n := map[string]int{}
	dec := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok {
			n[e.Name.Local]++
			for _, a := range e.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("%s: %s=%q", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
}

func TestLinesAreDrawnAndListed(t *testing.T) {
	l := Lines{
		Title: `a <b> & "c"`, X: Axis{Label: "s"}, Y: Axis{Label: "ms", Log: true}, Mark: &Mark{X: 2, Name: "<knee>"},
		Series: []Series{
			{Name: "p50", Points: []XY{{1, 0.5}, {2, 0}, {3, math.NaN()}}},
			{Name: "p99", Points: []XY{{1, 50}, {3, 700}}},
			{Name: "alone", Points: []XY{{2, 5}}},
		},
	}
	n := elements(t, l.SVG())
	if n["path"] != 2 || n["circle"] != 1 {
		t.Errorf("%v, want two lines and a point that has no neighbours", n)
	}
	table := l.Table()
	if strings.Join(table.Head, "|") != "s|p50|p99|alone" || len(table.Rows) != 3 || strings.Join(table.Rows[0], "|") != "1|0.5|50|" || strings.Join(table.Rows[1], "|") != "2|0||5" {
		t.Errorf("%+v", table)
	}
}

func TestRangesAreDrawnAndListed(t *testing.T) {
	r := Ranges{Title: "t", X: Axis{Label: "x"}, Mark: &Mark{X: 1}, Rows: []Row{
		{Name: "<a>", Bar: true, Dots: []Dot{{"median", 3}, {"lowest", 1}, {"highest", 4}}},
		{Name: "b", Dots: []Dot{{"median", 3}, {"lowest", 1}, {"highest", 4}}},
		{Name: "nothing known"},
	}}
	if n := elements(t, r.SVG()); n["rect"] != 1 || n["circle"] != 5 {
		t.Errorf("%v", n)
	}
	table := r.Table()
	if strings.Join(table.Head, "|") != "x|median|lowest|highest" || strings.Join(table.Rows[0], "|") != "<a>|3|1|4" || len(table.Rows) != 3 {
		t.Errorf("%+v", table)
	}
}

func TestPlotsOfNothingAreEmptyAxes(t *testing.T) {
	for _, log := range []bool{true, false} {
		elements(t, Lines{X: Axis{}, Y: Axis{Log: log}}.SVG())
		elements(t, Lines{X: Axis{}, Y: Axis{Log: log}, Series: []Series{{Points: []XY{{0, 0}}}}}.SVG())
		elements(t, Ranges{X: Axis{Log: log}}.SVG())
	}
}

func TestScalesHoldTheirValues(t *testing.T) {
	for _, c := range []struct {
		values []float64
		log    bool
		ticks  string
	}{
		{[]float64{0, 9.3}, false, "0 2 4 6 8 10"},
		{[]float64{0, 1}, false, "0 0.2 0.4 0.6 0.8 1"},
		{[]float64{0, 30}, false, "0 10 20 30"},
		{[]float64{980, 1020}, false, "980 990 1,000 1,010 1,020"},
		{[]float64{0.2, 30}, true, "0.1 1 10 100"},
		{[]float64{10}, true, "10 100"},
		{nil, true, "0.1 1 10"},
	} {
		s := newScale(c.values, c.log, 0, 100)
		var ticks []string
		for _, v := range s.ticks {
			ticks = append(ticks, Number(v))
		}
		if got := strings.Join(ticks, " "); got != c.ticks {
			t.Errorf("%v: ticks %s, want %s", c.values, got, c.ticks)
		}
		for _, v := range c.values {
			if v < s.low || v > s.high || s.at(v) < 0 || s.at(v) > 100 {
				t.Errorf("%v: %v lies outside", c.values, v)
			}
		}
	}
	s := newScale([]float64{0.1, 10}, true, 0, 100)
	if at := s.at(1); math.Abs(at-50) > 1e-9 || s.at(0) != 0 {
		t.Errorf("1 of 0.1 to 10 stands at %v, 0 at %v", at, s.at(0))
	}
}

func TestNumbersHaveThreeDigitsThatCount(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.8488: "0.849", 0.0024: "0.0024", 1: "1", 1.239: "1.24", 10: "10", 99.94: "99.9", 99.96: "100", 999.4: "999", 999.6: "1,000",
		1234567: "1,234,567", -1234: "-1,234", 12.34: "12.3", math.Inf(1): "–", 0.00001: "1.0e-05",
	} {
		if got := Number(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

// A name that is longer than usual must not run out of the picture on its left.
func TestLongNamesHaveRoom(t *testing.T) {
	short := Ranges{X: Axis{Label: "x"}, Rows: []Row{{Name: "a", Dots: []Dot{{Name: "d", X: 1}}}}}
	long := short
	long.Rows = []Row{{Name: "installments, gateway", Dots: short.Rows[0].Dots}}
	at := func(r Ranges) (x float64) {
		svg := r.SVG()
		before, _, _ := strings.Cut(svg, ">"+r.Rows[0].Name+"</text>")
		after := before[strings.LastIndex(before, ` x="`)+len(` x="`):]
		number, _, _ := strings.Cut(after, `"`)
		x, err := strconv.ParseFloat(number, 64)
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		return x
	}
	if a, b := at(short), at(long); b < 21*7 || b <= a {
		t.Errorf("names end at %v and at %v", a, b)
	}
}
