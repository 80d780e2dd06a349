package plot

import (
	"fmt"
	"math"
	"strings"
)

// scale maps values to places.
type scale struct {
	low, high float64
	log       bool
	from, to  float64
	ticks     []float64
}

// Bounds of logarithmic axes that have nothing on them.
const (
	logLow  = 0.1
	logHigh = 10
)

func newScale(values []float64, log bool, from, to float64) scale {
	s := scale{log: log, from: from, to: to}
	first := true
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) || log && v <= 0 {
			continue
		}
		if first {
			s.low, s.high, first = v, v, false
		}
		s.low, s.high = min(s.low, v), max(s.high, v)
	}
	if log {
		s.decades(first)
		return s
	}
	s.steps()
	return s
}

// decades widens a logarithmic scale to whole powers of ten.
func (s *scale) decades(empty bool) {
	if empty {
		s.low, s.high = logLow, logHigh
	}
	low, high := math.Floor(math.Log10(s.low)), math.Ceil(math.Log10(s.high))
	if low == high {
		high++
	}
	s.low, s.high = math.Pow(10, low), math.Pow(10, high)
	for e := low; e <= high; e++ {
		s.ticks = append(s.ticks, math.Pow(10, e))
	}
}

// steps widens a linear scale to round numbers, five or so.
func (s *scale) steps() {
	if s.high == s.low {
		s.high = s.low + 1
	}
	raw := (s.high - s.low) / 5
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := unit
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step = m * unit; step >= raw {
			break
		}
	}
	s.low, s.high = math.Floor(s.low/step)*step, math.Ceil(s.high/step)*step
	for i := 0; ; i++ {
		v := s.low + float64(i)*step
		if v > s.high+step/2 {
			return
		}
		s.ticks = append(s.ticks, v)
	}
}

func (s scale) at(v float64) float64 {
	share := (v - s.low) / (s.high - s.low)
	if s.log {
		share = 0
		if v > s.low {
			share = math.Log(v/s.low) / math.Log(s.high/s.low)
		}
	}
	return s.from + min(max(share, 0), 1)*(s.to-s.from)
}

func (s scale) drawX(b *strings.Builder, label string, roof, tall float64) {
	floor := tall - bottom
	for _, v := range s.ticks {
		x := s.at(v)
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, x, roof, x, floor)
		text(b, "tick", "middle", x, floor+15, Number(v))
	}
	fmt.Fprintf(b, `<line class="axis" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, s.from, floor, s.to, floor)
	text(b, "label", "end", width-2, tall-4, label)
}

func (s scale) drawY(b *strings.Builder, label string) {
	for _, v := range s.ticks {
		y := s.at(v)
		fmt.Fprintf(b, `<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, left, y, width-right, y)
		text(b, "tick", "end", left-6, y+4, Number(v))
	}
	text(b, "label", "start", 2, 12, label)
}
