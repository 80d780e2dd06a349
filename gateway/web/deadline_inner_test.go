package web

import (
	"slices"
	"testing"
	"time"
)

// A deadline moves by steps of slack, is never later than asked for, and at once when it gets shorter.
func TestDeadlinesMoveByStepsAndShortenAtOnce(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_800_000_000, 0)
	var set []time.Duration
	var d deadline
	for _, step := range []struct {
		wanted time.Duration // −1: none
		want   []time.Duration
	}{
		{-1, nil}, // nothing was ever asked for
		{75 * time.Second, []time.Duration{75 * time.Second}},
		{75*time.Second + slack - 1, nil},
		{75*time.Second + slack, []time.Duration{75*time.Second + slack}},
		{10 * time.Second, []time.Duration{10 * time.Second}},
		{9999 * time.Millisecond, []time.Duration{9999 * time.Millisecond}},
		{-1, []time.Duration{-1}},
		{-1, nil},
	} {
		if d.wanted = (time.Time{}); step.wanted >= 0 {
			d.wanted = start.Add(step.wanted)
		}
		set = nil
		if err := d.hold(func(at time.Time) error {
			if at.IsZero() {
				set = append(set, -1)
			} else {
				set = append(set, at.Sub(start))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(set, step.want) {
			t.Errorf("%s: the connection was told %v, want %v", step.wanted, set, step.want)
		}
		if !d.wanted.IsZero() && d.held.After(d.wanted) {
			t.Errorf("%s: the deadline is later than asked for", step.wanted)
		}
	}
}
