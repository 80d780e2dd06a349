// Package measure keeps what a run saw: latencies per step as HDR histograms, errors by their class, and
// both second by second. It deliberately decides nothing: what is too slow is the scenario's to say.
//
// Latency counts from the moment a request was due, not from when it was sent: a target that stalls makes
// requests late that were not sent yet, and leaving those out is how stalls disappear from percentiles
// (coordinated omission).
package measure

import (
	"sort"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Bounds of what is told apart: one microsecond to two minutes, with three digits.
const (
	shortest = 1
	longest  = 120_000_000
	digits   = 3
)

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(shortest, longest, digits) }

// shards spares callers waiting for each other.
const shards = 4

// Recorder takes what callers saw. It is safe for concurrent use.
type Recorder struct {
	steps   []string
	start   time.Time
	shards  [shards]shard
	mu      sync.Mutex // what follows
	total   []cell
	seconds []Second
}

type shard struct {
	mu    sync.Mutex
	cells []cell
	_     [64]byte // its neighbour's lock is on another line
}

// cell is one step.
type cell struct {
	took, lag *hdrhistogram.Histogram
	errors    map[string]int64
	bytes     int64
}

func newCells(n int) []cell {
	cells := make([]cell, n)
	for i := range cells {
		cells[i] = cell{took: newHistogram(), lag: newHistogram(), errors: map[string]int64{}}
	}
	return cells
}

// NewRecorder records these steps; others are a mistake of the caller's.
func NewRecorder(steps []string, start time.Time) *Recorder {
	r := &Recorder{steps: steps, start: start, total: newCells(len(steps))}
	for i := range r.shards {
		r.shards[i].cells = newCells(len(steps))
	}
	return r
}

// Seen is one request.
type Seen struct {
	Step  int           // its place in the Recorder's steps
	Took  time.Duration // since it was due
	Lag   time.Duration // of it, before it was sent: ours
	Bytes int           // of the answer's body, on the wire
	Error string        // class, "" = answered as it should be; its latency is kept apart from the good ones'
}

// Add records a request of a caller.
func (r *Recorder) Add(caller int, s Seen) {
	sh := &r.shards[caller%shards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	c := &sh.cells[s.Step]
	_ = c.lag.RecordValue(clamp(s.Lag))
	if s.Error != "" {
		c.errors[s.Error]++
		return
	}
	_ = c.took.RecordValue(clamp(s.Took))
	c.bytes += int64(s.Bytes)
}

// clamp is in microseconds and within the bounds, so that recording cannot fail.
func clamp(d time.Duration) int64 { return min(max(d.Microseconds(), shortest), longest) }

// Tick ends a second: it becomes a point of the series. Call it once a second, and once at the end.
func (r *Recorder) Tick(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	second := newCells(len(r.steps))
	for i := range r.shards {
		r.shards[i].drain(second)
	}
	point := Second{At: now.Sub(r.start).Seconds()}
	for i, c := range second {
		p := StepSecond{Count: c.took.TotalCount(), P50: millis(c.took.ValueAtQuantile(50)), P99: millis(c.took.ValueAtQuantile(99)), Max: millis(c.took.Max())}
		for class, n := range c.errors {
			p.Errors += n
			r.total[i].errors[class] += n
		}
		r.total[i].took.Merge(c.took)
		r.total[i].lag.Merge(c.lag)
		r.total[i].bytes += c.bytes
		point.Steps = append(point.Steps, p)
	}
	r.seconds = append(r.seconds, point)
}

func (s *shard) drain(into []cell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.cells {
		into[i].took.Merge(c.took)
		into[i].lag.Merge(c.lag)
		into[i].bytes += c.bytes
		for class, n := range c.errors {
			into[i].errors[class] += n
		}
		c.took.Reset()
		c.lag.Reset()
		clear(c.errors)
		s.cells[i].bytes = 0
	}
}

// Second is one point of the series.
type Second struct {
	At    float64      `json:"at"` // seconds since the start
	Steps []StepSecond `json:"steps"`
}

// StepSecond is one step in one second; latencies in milliseconds.
type StepSecond struct {
	Count  int64   `json:"count"`
	Errors int64   `json:"errors"`
	P50    float64 `json:"p50"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
}

// Step is one step over the whole run.
type Step struct {
	Name    string           `json:"name"`
	Count   int64            `json:"count"` // answered as it should be
	Rate    float64          `json:"rate"`  // of them, per second
	Latency Latency          `json:"latency_ms"`
	Lag     Latency          `json:"lag_ms"` // between due and sent: the generator's own
	Errors  map[string]int64 `json:"errors,omitempty"`
	Bytes   float64          `json:"bytes"` // of an answer's body, on average
}

// Failed is how many requests of the step were not answered as they should be.
func (s Step) Failed() (n int64) {
	for _, k := range s.Errors {
		n += k
	}
	return n
}

// Latency are percentiles in milliseconds.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Steps answers the whole run, which took so long.
func (r *Recorder) Steps(took time.Duration) []Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Step
	for i, c := range r.total {
		s := Step{Name: r.steps[i], Count: c.took.TotalCount(), Latency: latency(c.took), Lag: latency(c.lag), Errors: c.errors}
		if took > 0 {
			s.Rate = float64(s.Count) / took.Seconds()
		}
		if s.Count > 0 {
			s.Bytes = float64(c.bytes) / float64(s.Count)
		}
		all = append(all, s)
	}
	return all
}

// Series answers the seconds so far.
func (r *Recorder) Series() []Second {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Second(nil), r.seconds...)
}

func latency(h *hdrhistogram.Histogram) Latency {
	if h.TotalCount() == 0 {
		return Latency{}
	}
	return Latency{
		Mean: h.Mean() / 1000, P50: millis(h.ValueAtQuantile(50)), P90: millis(h.ValueAtQuantile(90)),
		P99: millis(h.ValueAtQuantile(99)), P999: millis(h.ValueAtQuantile(99.9)), Max: millis(h.Max()),
	}
}

func millis(micros int64) float64 { return float64(micros) / 1000 }

// Spread is a figure of several rounds.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Rounds int     `json:"rounds"`
}

// SpreadOf is the zero Spread for no rounds.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	v := append([]float64(nil), values...)
	sort.Float64s(v)
	m := v[len(v)/2]
	if len(v)%2 == 0 {
		m = (v[len(v)/2-1] + m) / 2
	}
	return Spread{Median: m, Min: v[0], Max: v[len(v)-1], Rounds: len(v)}
}
