package report

import (
	"fmt"
	"strings"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
)

// called is what a step is to somebody who pays.
var called = map[string]string{
	"view": "the payment page", "installments": "the instalment table", "pay": "sending the card",
	"bank": "the bank's page", "return": "the return from the bank", "result": "the result page",
}

// way is a scenario's steps as somebody who pays goes them.
func way(s scenario.Scenario) string {
	var steps []string
	for _, step := range s.Steps() {
		steps = append(steps, called[step])
	}
	if n := len(steps); n > 1 {
		return strings.Join(steps[:n-1], ", ") + " and " + steps[n-1]
	}
	return steps[0]
}

// made leaves the steps that requests were made of: a card that the bank lets pass unasked sees no bank's page.
func made(steps []measure.Step) (all []measure.Step) {
	for _, s := range steps {
		if s.Count+s.Failed() > 0 {
			all = append(all, s)
		}
	}
	return all
}

// model says how the load came, and what its figures are good for.
func model(m scenario.Model, rate float64, callers int) string {
	if m == scenario.Closed {
		return fmt.Sprintf("closed model: %d callers, each again when he is done. It finds capacity; its latencies hide stalls", callers)
	}
	return fmt.Sprintf("open model: %s a second fall due whatever the target does; latencies count from that moment", plot.Number(rate))
}

// answered says how many requests failed.
func answered(requests, failed int64) string {
	switch {
	case requests == 0:
		return "No request was made."
	case failed == 0:
		return fmt.Sprintf("All %s requests were answered as they should be.", count(requests))
	}
	return fmt.Sprintf("%s of %s requests (%.2g %%) failed.", count(failed), count(requests), 100*float64(failed)/float64(requests))
}

// moneySays is the sentence about a target's money.
func moneySays(a run.About, pays bool) string {
	switch {
	case !pays, a.Audit == nil && a.AuditGap == "": // a page takes no card
		return "No card was charged in this test."
	case a.Audit == nil:
		return "Whether money was lost is not known: " + a.AuditGap + "."
	case a.Audit.Payments == 0:
		return "No payment was made." + others(*a.Audit)
	case a.Audit.Lost+a.Audit.Double+a.Audit.Differ == 0:
		text := fmt.Sprintf("No money was lost and nobody was charged twice: all %s payments of this test were held against the bank's books one by one.", count(int64(a.Audit.Payments)))
		if a.Audit.Declined > 0 {
			text += fmt.Sprintf(" %s ended without money, as their card plays it.", count(int64(a.Audit.Declined)))
		}
		return text + others(*a.Audit)
	}
	return fmt.Sprintf("Of %s payments, %d were lost, %d were charged twice and %d were charged with another amount.",
		count(int64(a.Audit.Payments)), a.Audit.Lost, a.Audit.Double, a.Audit.Differ) + others(*a.Audit)
}

// others says how much else went on at a target.
func others(a shop.Audit) string {
	if a.Others == 0 {
		return ""
	}
	return fmt.Sprintf(" %s payments of others were seen meanwhile, and not judged.", count(int64(a.Others)))
}

// slowest is the step with the highest p99.
func slowest(steps []measure.Step) (s measure.Step, ok bool) {
	for _, step := range steps {
		if step.Count > 0 && (!ok || step.Latency.P99 > s.Latency.P99) {
			s, ok = step, true
		}
	}
	return s, ok
}

func count(n int64) string { return plot.Number(float64(n)) }

// span writes milliseconds as people read them.
func span(ms float64) string {
	if ms >= 1000 {
		return plot.Number(ms/1000) + " s"
	}
	return plot.Number(ms) + " ms"
}

// spread writes a median with its extremes.
func spread(s measure.Spread) string {
	if s.Rounds == 0 {
		return "–"
	}
	return fmt.Sprintf("%s (%s – %s)", plot.Number(s.Median), plot.Number(s.Min), plot.Number(s.Max))
}

// own says what the generator cost.
func own(g run.Generator) string {
	return fmt.Sprintf("%s µs of processor time a request, %.0f %% of a processor; from due to sent: p50 %s, p99 %s, at most %s",
		plot.Number(g.CPUMicros), 100*g.CPUShare, span(g.LagP50), span(g.LagP99), span(g.LagMax))
}

// burdens says what each process of the target used.
func burdens(m run.Measured) (all [][2]string) {
	for _, p := range m.Processes {
		var most int64
		for _, b := range p.Points {
			most = max(most, b.RSS)
		}
		text := fmt.Sprintf("%s s of processor time (%.0f %% of a processor), at most %s MB of memory", plot.Number(p.CPU), 100*p.CPU/max(m.Seconds, 1e-9), plot.Number(float64(most)/1e6))
		if micros, known := m.TargetCPU(); known && p.Role == run.RoleTarget {
			text += fmt.Sprintf(", %s µs of processor time a request", plot.Number(micros))
		}
		all = append(all, [2]string{p.Name, text})
	}
	return all
}
