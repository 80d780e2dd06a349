package measure_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/loadtest/measure"
)

func near(got, want float64) bool { return math.Abs(got-want) <= want/500 }

func TestPercentilesAreThoseOfWhatWasSeen(t *testing.T) {
	start := time.Unix(0, 0)
	r := measure.NewRecorder([]string{"view", "pay"}, start)
	for i := 1; i <= 1000; i++ {
		r.Add(i, measure.Seen{Step: 0, Took: time.Duration(i) * time.Millisecond, Lag: time.Millisecond, Bytes: 10})
		if i%500 == 0 {
			r.Tick(start.Add(time.Duration(i/500) * time.Second))
		}
	}
	r.Add(1, measure.Seen{Step: 0, Took: time.Hour, Error: "timeout"})
	r.Tick(start.Add(3 * time.Second))
	steps := r.Steps(2 * time.Second)
	v := steps[0]
	if v.Count != 1000 || v.Rate != 500 || v.Bytes != 10 || v.Failed() != 1 || v.Errors["timeout"] != 1 {
		t.Errorf("%+v", v)
	}
	for name, c := range map[string][2]float64{"p50": {v.Latency.P50, 500}, "p90": {v.Latency.P90, 900}, "p99": {v.Latency.P99, 990}, "p99.9": {v.Latency.P999, 999}, "max": {v.Latency.Max, 1000}, "mean": {v.Latency.Mean, 500.5}, "lag": {v.Lag.P50, 1}} {
		if !near(c[0], c[1]) {
			t.Errorf("%s %v, want %v", name, c[0], c[1])
		}
	}
	if steps[1].Count != 0 || steps[1].Latency != (measure.Latency{}) {
		t.Errorf("a step that nobody went: %+v", steps[1])
	}
	series := r.Series()
	if len(series) != 3 || series[1].Steps[0].Count != 500 || !near(series[1].Steps[0].Max, 1000) || series[2].Steps[0].Errors != 1 || series[2].At != 3 {
		t.Errorf("%+v", series)
	}
}

// The sum of the seconds is the whole, whoever adds while a second ends.
func TestNothingIsLostBetweenSeconds(t *testing.T) {
	start := time.Unix(0, 0)
	r := measure.NewRecorder([]string{"view"}, start)
	var all sync.WaitGroup
	for caller := range 8 {
		all.Go(func() {
			for i := range 1000 {
				class := ""
				if i%10 == 0 {
					class = "reset"
				}
				r.Add(caller, measure.Seen{Took: time.Duration(i) * time.Hour, Error: class})
			}
		})
	}
	for i := range 20 {
		r.Tick(start.Add(time.Duration(i) * time.Second))
	}
	all.Wait()
	r.Tick(start.Add(time.Minute))
	var good, failed int64
	for _, s := range r.Series() {
		good, failed = good+s.Steps[0].Count, failed+s.Steps[0].Errors
	}
	whole := r.Steps(time.Minute)[0]
	if good != 7200 || failed != 800 || whole.Count != good || whole.Failed() != failed || whole.Latency.Max > 130_000 {
		t.Errorf("%d good and %d failed in the seconds, %d and %d in the whole, max %v", good, failed, whole.Count, whole.Failed(), whole.Latency.Max)
	}
}

func TestASpreadIsTheMedianAndItsExtremes(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   measure.Spread
	}{
		{nil, measure.Spread{}},
		{[]float64{3}, measure.Spread{Median: 3, Min: 3, Max: 3, Rounds: 1}},
		{[]float64{9, 1, 2}, measure.Spread{Median: 2, Min: 1, Max: 9, Rounds: 3}},
		{[]float64{4, 1, 2, 9}, measure.Spread{Median: 3, Min: 1, Max: 9, Rounds: 4}},
	} {
		if got := measure.SpreadOf(c.values); got != c.want {
			t.Errorf("%v: %+v", c.values, got)
		}
	}
}
