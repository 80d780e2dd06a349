package panel

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// plot is the sums of some days in one currency.
type plot struct {
	Currency checkout.Currency
	Days     []plotDay
	Most     int64
	Total    int64
}

type plotDay struct {
	Day      time.Time
	Minor    int64
	Payments int64
}

// plotsOf makes one plot a currency that anything came in, the lira's always and first.
func plotsOf(groups []checkout.PaidGroup, today time.Time) []plot {
	plots := []*plot{newPlot(checkout.TRY, today)}
	for _, g := range groups {
		var p *plot
		for _, have := range plots {
			if have.Currency == g.Currency {
				p = have
			}
		}
		if p == nil {
			p = newPlot(g.Currency, today)
			plots = append(plots, p)
		}
		for i := range p.Days {
			if p.Days[i].Day.Equal(g.Day) {
				p.Days[i].Minor += g.Total - g.Back
				p.Days[i].Payments += g.Payments
				p.Total += g.Total - g.Back
				p.Most = max(p.Most, p.Days[i].Minor)
			}
		}
	}
	out := make([]plot, len(plots))
	for i, p := range plots {
		out[i] = *p
	}
	return out
}

func newPlot(c checkout.Currency, today time.Time) *plot {
	p := &plot{Currency: c, Days: make([]plotDay, plotDays)}
	for i := range p.Days {
		p.Days[i].Day = today.AddDate(0, 0, i+1-plotDays)
	}
	return p
}

// Size of a plot in its own units; the browser scales it.
const (
	plotWidth  = 720
	plotHeight = 200
	plotTop    = 16
	plotFoot   = 24
)

// Area draws the plot. It is for the eye only: the same figures stand in a table beside it.
func (p *Page) Area(pl plot) template.HTML {
	var curve strings.Builder
	floor := plotHeight - plotFoot
	x := func(i int) int { return i * plotWidth / (len(pl.Days) - 1) }
	y := func(minor int64) int {
		if pl.Most == 0 {
			return floor
		}
		return floor - int(max(minor, 0)*int64(floor-plotTop)/pl.Most)
	}
	for i, d := range pl.Days {
		fmt.Fprintf(&curve, "%c%d %d", "ML"[min(i, 1)], x(i), y(d.Minor))
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="plot" viewBox="0 0 %d %d" aria-hidden="true" focusable="false" preserveAspectRatio="none"><path class="area" d="%sL%d %dL0 %dz"/><path class="axis" d="M0 %dH%d" stroke="currentColor"/><path class="curve" vector-effect="non-scaling-stroke" d="%s"/></svg>`,
		plotWidth, plotHeight, curve.String(), plotWidth, floor, floor, floor, plotWidth, curve.String())
	return template.HTML(b.String()) // numbers and our own marks only
}

// Meter draws a bar of so many hundredths.
func (p *Page) Meter(percent int64) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><path class="rest" d="M0 0h100v6H0z"/><path class="bar" d="M0 0h%dv6H0z"/></svg>`, min(max(percent, 0), 100)))
}
