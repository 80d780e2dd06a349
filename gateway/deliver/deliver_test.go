package deliver

import (
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// The pauses grow, are spread, and fill three days: the last attempt is made at their end, and then it is over.
func TestPausesFillThreeDays(t *testing.T) {
	for name, random := range map[string]float64{"no spread": 0, "all of it": 0.999} {
		d := New(Config{Random: func() float64 { return random }})
		made := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		one, at, before := checkout.Delivery{CreatedAt: made, Attempts: 1}, made, time.Duration(0)
		for {
			next := d.next(one, at)
			if next.IsZero() {
				break
			}
			pause := next.Sub(at)
			if last := next.Equal(made.Add(life)); pause < before && !last || pause > 15*time.Hour {
				t.Errorf("%s: attempt %d after %s, the one before after %s", name, one.Attempts+1, pause, before)
			}
			at, before = next, pause
			if one.Attempts++; one.Attempts > 100 {
				t.Fatalf("%s: no end", name)
			}
		}
		if at.Sub(made) != life || one.Attempts < 11 || one.Attempts > 14 {
			t.Errorf("%s: %d attempts, the last after %s", name, one.Attempts, at.Sub(made))
		}
	}
	d := New(Config{Random: func() float64 { return 0 }})
	made := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	if got := d.next(checkout.Delivery{CreatedAt: made, Attempts: 1}, made).Sub(made); got != 5*time.Second {
		t.Errorf("the first pause is %s", got)
	}
}
