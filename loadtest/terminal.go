package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/run"
)

// terminal shows how a test goes on: one line that is written anew on a terminal, lines elsewhere.
type terminal struct {
	w       io.Writer
	rewrite bool
	last    int // characters of the line that stands there
}

func newTerminal(w io.Writer) *terminal {
	t := &terminal{w: w}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		t.rewrite = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return t
}

func (t *terminal) watch() run.Watch {
	return run.Watch{
		Preparing: func(what string) { t.line("… " + what) },
		Second:    func(at time.Duration, s measure.Second, steps []string) { t.line(progressLine(at, s, steps)) },
	}
}

// progressLine is a second in a line: answers, the slowest step's latency, failures.
func progressLine(at time.Duration, s measure.Second, steps []string) string {
	var good, failed int64
	slowest := 0
	for i, one := range s.Steps {
		good, failed = good+one.Count, failed+one.Errors
		if one.Count > 0 && one.P99 > s.Steps[slowest].P99 {
			slowest = i
		}
	}
	line := fmt.Sprintf("%4.0f s  %s answers", at.Seconds(), plot.Number(float64(good)))
	if good > 0 {
		line += fmt.Sprintf("  slowest %s: p50 %s ms, p99 %s ms", steps[slowest], plot.Number(s.Steps[slowest].P50), plot.Number(s.Steps[slowest].P99))
	}
	return line + fmt.Sprintf("  %s failed", plot.Number(float64(failed)))
}

func (t *terminal) line(text string) {
	if !t.rewrite {
		fmt.Fprintln(t.w, text)
		return
	}
	n := len([]rune(text))
	fmt.Fprint(t.w, "\r"+text+strings.Repeat(" ", max(t.last-n, 0)))
	t.last = n
}

// end leaves the line that is written anew.
func (t *terminal) end() {
	if t.rewrite && t.last > 0 {
		fmt.Fprintln(t.w)
		t.last = 0
	}
}
