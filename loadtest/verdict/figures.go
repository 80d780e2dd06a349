package verdict

import "github.com/odelink/odelink/loadtest/run"

// OfRun is what a run saw. Figures of a step without a good answer are not there, and without a request
// there are no errors that could be few.
func OfRun(r run.Result) Seen {
	f := map[string]float64{"rate": r.Rate}
	if r.Requests() > 0 {
		f["errors"] = r.Errors()
	}
	for _, s := range r.Steps {
		f[s.Name+".rate"] = s.Rate
		if s.Count == 0 {
			continue
		}
		l := s.Latency
		for name, v := range map[string]float64{"p50": l.P50, "p90": l.P90, "p99": l.P99, "p999": l.P999, "max": l.Max, "mean": l.Mean} {
			f[s.Name+"."+name] = v
		}
	}
	count(f, r.About)
	return Seen{f, []run.About{r.About}, r.Partial}
}

// OfKnee is what a search saw; its knee is not there where not even the lowest rate was followed.
func OfKnee(k run.KneeResult) Seen {
	f := map[string]float64{}
	if k.Knee > 0 {
		f["knee"] = k.Knee // also where the target followed as far as was tried: it is at least that
	}
	count(f, k.About)
	return Seen{f, []run.About{k.About}, k.Partial}
}

// OfComparison is what a comparison saw.
func OfComparison(c run.Comparison) Seen {
	f := map[string]float64{}
	if len(c.Sides) > 0 && c.Rounds > 0 {
		f["rate"], f["errors"] = c.Sides[0].Rate.Median, c.Sides[0].Failed
	}
	for _, p := range c.Pairs {
		if p.Rate.Rounds > 0 {
			f[p.Over+".ratio"] = p.Rate.Median
		}
		if p.CPU.Rounds > 0 {
			f[p.Over+".cpu_ratio"] = p.CPU.Median
		}
		for _, s := range p.Steps {
			if s.P50.Rounds > 0 {
				f[p.Over+"."+s.Step+".p50_ratio"] = s.P50.Median
			}
			if s.P99.Rounds > 0 {
				f[p.Over+"."+s.Step+".p99_ratio"] = s.P99.Median
			}
		}
	}
	var targets []run.About
	for _, s := range c.Sides {
		targets = append(targets, s.About)
		count(f, s.About)
	}
	return Seen{f, targets, c.Partial}
}

// count adds up a target's money.
func count(f map[string]float64, a run.About) {
	if a.Audit == nil {
		return
	}
	f["lost"] += float64(a.Audit.Lost)
	f["double"] += float64(a.Audit.Double)
	f["differ"] += float64(a.Audit.Differ)
}
