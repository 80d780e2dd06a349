package verdict_test

import (
	"strings"
	"testing"

	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
	"github.com/odelink/odelink/loadtest/verdict"
)

func TestThresholdsAboutNothingAreMistakesBeforeTheRun(t *testing.T) {
	paying := []string{"view", "pay"}
	for _, c := range []struct {
		test      verdict.Test
		threshold scenario.Threshold
		want      string // "judged", "aside" or what the mistake says
	}{
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "view.p999 <= 1", "judged"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "errors <= 0", "judged"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "view.p95 <= 1", "is about no figure"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "result.p99 <= 1", "is about no figure"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "speed > 1", "is about no figure"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "lost = 0", "-bank"},
		{verdict.Test{Kind: verdict.Run, Steps: paying, Books: true}, "lost = 0", "judged"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "static.ratio >= 1", "aside"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "knee >= 1", "aside"},
		{verdict.Test{Kind: verdict.Knee, Steps: paying}, "knee >= 1", "judged"},
		{verdict.Test{Kind: verdict.Knee, Steps: paying}, "view.p99 <= 1", "aside"},
		{verdict.Test{Kind: verdict.Knee, Steps: paying}, "errors <= 1", "aside"},
		{verdict.Test{Kind: verdict.Compare, Steps: paying, Others: []string{"static"}}, "static.ratio >= 1", "judged"},
		{verdict.Test{Kind: verdict.Compare, Steps: paying, Others: []string{"static"}}, "other.ratio >= 1", "is about no figure"},
		{verdict.Test{Kind: verdict.Compare, Steps: paying, Others: []string{"static"}}, "static.view.p99_ratio <= 1", "is about no figure"},
		{verdict.Test{Kind: verdict.Compare, Steps: paying, Others: []string{"static"}, Open: true}, "static.view.p99_ratio <= 1", "judged"},
		{verdict.Test{Kind: verdict.Compare, Steps: paying, Others: []string{"static"}}, "view.p99 <= 1", "aside"},
		{verdict.Test{Kind: verdict.Run, Steps: paying}, "view.p99 is small", "is not like"},
	} {
		judged, aside, err := c.test.Sort([]scenario.Threshold{c.threshold})
		got := ""
		switch {
		case err != nil:
			got = err.Error()
		case len(judged) == 1:
			got = "judged"
		case len(aside) == 1:
			got = "aside"
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s %q: %q, want %q", c.test.Kind, c.threshold, got, c.want)
		}
	}
}

func result() run.Result {
	step := measure.Step{Name: "view", Count: 90, Rate: 9, Errors: map[string]int64{"reset": 10}, Latency: measure.Latency{Mean: 1, P50: 2, P90: 3, P99: 4, P999: 5, Max: 6}}
	silent := measure.Step{Name: "pay", Errors: map[string]int64{"timeout": 100}}
	return run.Result{Measured: run.Measured{Rate: 8, Steps: []measure.Step{step, silent}}}
}

func TestFiguresAreHeldAgainstThresholds(t *testing.T) {
	for threshold, want := range map[scenario.Threshold]bool{
		"view.p50 <= 2": true, "view.p50 < 2": false, "view.p90 <= 3": true, "view.p99 <= 3.9": false, "view.p999 <= 5": true,
		"view.max < 6.5": true, "view.mean = 1": true, "view.rate >= 9": true, "rate >= 8": true, "rate > 8": false,
		"errors <= 0.55": true, "errors <= 0.5": false,
		"pay.p99 <= 1000": false, // nothing was answered: that is not fast
		"pay.rate >= 1":   false,
		"lost = 0":        false, // the books were not compared
	} {
		v := verdict.Judge([]scenario.Threshold{threshold}, nil, verdict.OfRun(result()))
		if v.Kept != want || len(v.Checks) != 1 || v.Checks[0].Kept != want {
			t.Errorf("%s: %v, want %v (%+v)", threshold, v.Kept, want, v.Checks)
		}
	}
}

func TestARunWithoutARequestKeepsNothing(t *testing.T) {
	for _, threshold := range []scenario.Threshold{"errors <= 0.5", "view.p99 <= 1000", "rate >= 1"} {
		if v := verdict.Judge([]scenario.Threshold{threshold}, nil, verdict.OfRun(run.Result{})); v.Kept {
			t.Errorf("%s is kept", threshold)
		}
	}
}

func TestWrongMoneyBreaksATestThatDemandsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		about run.About
		kept  bool
	}{
		"nothing wrong":        {run.About{Audit: &shop.Audit{Payments: 3, Paid: 3, Charges: 3}}, true},
		"no bank was named":    {run.About{AuditGap: "none"}, true},
		"undecided":            {run.About{Audit: &shop.Audit{Payments: 3, Open: 1}}, true},
		"lost":                 {run.About{Audit: &shop.Audit{Payments: 3, Lost: 1}}, false},
		"charged twice":        {run.About{Audit: &shop.Audit{Payments: 3, Double: 1}}, false},
		"charged another sum":  {run.About{Audit: &shop.Audit{Payments: 3, Differ: 1}}, false},
		"books cannot be read": {run.About{AuditGap: "answers 500", BooksFailed: true}, false},
	} {
		if v := verdict.Judge(nil, nil, verdict.Seen{Targets: []run.About{{}, c.about}}); v.Kept != c.kept || (v.Reasons == nil) != c.kept {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestComparisonsAndKneesHaveFigures(t *testing.T) {
	two := measure.SpreadOf([]float64{1, 3})
	c := run.Comparison{
		Rounds: 2,
		Sides: []run.Side{
			{About: run.About{Audit: &shop.Audit{Lost: 1}}, Rate: measure.SpreadOf([]float64{70, 80, 90}), Failed: 0.25},
			{About: run.About{Audit: &shop.Audit{Lost: 2, Double: 4}}},
		},
		Pairs: []run.Pair{{Over: "b", Rate: two, Steps: []run.StepLatency{{Step: "view", P50: two}}}},
	}
	got := verdict.OfComparison(c).Figures
	want := map[string]float64{"rate": 80, "errors": 0.25, "b.ratio": 2, "b.view.p50_ratio": 2, "lost": 3, "double": 4, "differ": 0}
	for name, v := range want {
		if value, ok := got[name]; !ok || value != v {
			t.Errorf("%s: %v (%v), want %v", name, value, ok, v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("figures %v, want %v: what no round has is not there", got, want)
	}
	if f := verdict.OfKnee(run.KneeResult{Knee: 500}).Figures; f["knee"] != 500 {
		t.Errorf("knee %v", f)
	}
	if _, there := verdict.OfKnee(run.KneeResult{}).Figures["knee"]; there {
		t.Error("a knee of 0 is no figure")
	}
}

// Whoever reads a verdict must know that it is of a part only.
func TestAnEarlyEndIsPartOfTheVerdict(t *testing.T) {
	early := result()
	early.Partial = true
	for name, c := range map[string]struct {
		seen    verdict.Seen
		partial bool
	}{
		"a whole run":              {verdict.OfRun(result()), false},
		"a run that ended early":   {verdict.OfRun(early), true},
		"a whole search":           {verdict.OfKnee(run.KneeResult{Knee: 5}), false},
		"an unfinished search":     {verdict.OfKnee(run.KneeResult{Knee: 5, Partial: true}), true},
		"a whole comparison":       {verdict.OfComparison(run.Comparison{}), false},
		"an unfinished comparison": {verdict.OfComparison(run.Comparison{Partial: true}), true},
	} {
		if v := verdict.Judge(nil, nil, c.seen); !v.Kept || v.Partial != c.partial {
			t.Errorf("%s: %+v", name, v)
		}
	}
}
