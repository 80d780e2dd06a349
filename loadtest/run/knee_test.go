package run

import (
	"errors"
	"strings"
	"testing"

	"github.com/odelink/odelink/loadtest/measure"
)

// A target that follows up to a rate is found out to ±5 %, from wherever the search begins.
func TestTheSearchClosesInOnTheKnee(t *testing.T) {
	for _, first := range []float64{1, 50, 700, 5000} {
		tried := map[float64]bool{}
		knee, found, limit, err := search(first, func(rate float64) (string, error) {
			if tried[rate] {
				t.Errorf("from %v: %v is tried twice", first, rate)
			}
			tried[rate] = true
			if rate > 777 {
				return "too much", nil
			}
			return "", nil
		})
		if err != nil || !found || limit != "too much" || knee > 777 || knee < 777*0.9 {
			t.Errorf("from %v: knee %v (found %v, limit %q), %v", first, knee, found, limit, err)
		}
	}
}

func TestTheSearchEndsWhereNoKneeIs(t *testing.T) {
	n := 0
	count := func(broke string) func(float64) (string, error) {
		n = 0
		return func(float64) (string, error) { n++; return broke, nil }
	}
	if knee, found, _, err := search(500_000, count("")); knee < 500_000 || found || err != nil || n > mostRates {
		t.Errorf("always followed: %v %v %v after %d", knee, found, err, n)
	}
	if knee, found, limit, err := search(100, count("refused")); knee != 0 || found || limit != "refused" || err != nil || n > mostRates {
		t.Errorf("never followed: %v %v %q %v after %d", knee, found, limit, err, n)
	}
	over := errors.New("over")
	knee, found, _, err := search(100, func(rate float64) (string, error) {
		if rate > 150 {
			return "", over
		}
		return "", nil
	})
	if knee != 130 || found || !errors.Is(err, over) {
		t.Errorf("interrupted: %v %v %v", knee, found, err)
	}
}

// A rate that is followed for a moment and not for long is lowered until it is.
func TestTheKneeIsOneThatHolds(t *testing.T) {
	k := KneeResult{Knee: 1000}
	var tried []float64
	err := k.holds(func(rate float64) (string, error) {
		tried = append(tried, rate)
		if rate > 850 {
			return "a queue grew", nil
		}
		return "", nil
	})
	if err != nil || len(tried) != 3 || k.Knee != tried[2] || k.Knee < 800 || !k.Found || k.Limit != "a queue grew" {
		t.Errorf("%+v after %v, %v", k, tried, err)
	}
	at := KneeResult{Knee: 1000, Found: true, Limit: "too much"}
	if err := at.holds(func(float64) (string, error) { return "", nil }); err != nil || at.Knee != 1000 || at.Limit != "too much" {
		t.Errorf("held at once: %+v, %v", at, err)
	}
	never := KneeResult{Knee: 20}
	if err := never.holds(func(float64) (string, error) { return "refused", nil }); err != nil || never.Knee != 0 || never.Limit != "refused" {
		t.Errorf("never: %+v, %v", never, err)
	}
	over := errors.New("over")
	ended := KneeResult{Knee: 1000}
	if err := ended.holds(func(float64) (string, error) { return "", over }); !errors.Is(err, over) || ended.Knee != 0 {
		t.Errorf("ended: %+v, %v", ended, err)
	}
}

func TestWhatCountsAsNotFollowing(t *testing.T) {
	point := func(ways, whole int64, p99 float64, errs map[string]int64) Point {
		s := measure.Step{Name: "view", Count: whole, Errors: errs}
		s.Latency.P99 = p99
		return Point{Measured: Measured{Ways: ways, Whole: whole, Steps: []measure.Step{s}}}
	}
	for name, c := range map[string]struct {
		p    Point
		says string
	}{
		"all":                             {point(100, 100, 2, nil), ""},
		"nearly all":                      {point(100, 97, 2, nil), ""},
		"too few":                         {point(100, 96, 2, nil), "96 of 100 ways"},
		"none was sent":                   {point(0, 0, 0, nil), "0 of 0 ways"},
		"failures":                        {point(1000, 980, 2, map[string]int64{"reset": 20}), "2.0 % of the requests failed"},
		"ten times slower is still so":    {point(100, 100, 20, nil), ""},
		"more than ten times slower":      {point(100, 100, 20.1, nil), "p99 20.1 ms"},
		"below a millisecond is no lower": {point(100, 100, 0.01, nil), ""},
	} {
		lowest := map[string]float64{"view": 2}
		if got := c.p.judge(lowest); c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
	lowest := map[string]float64{}
	for _, p99 := range []float64{0.01, 9.9} {
		if broke := point(10, 10, p99, nil).judge(lowest); broke != "" {
			t.Errorf("%v ms after 0.01 ms: %s", p99, broke)
		}
	}
}
