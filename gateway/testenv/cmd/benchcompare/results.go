package main

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// result is a line of a benchmark (golang.org/design/14313-benchmark-format): name, iterations, time. The number
// of processors behind the name is the same on both sides.
var result = regexp.MustCompile(`^(Benchmark\S*?)(?:-\d+)?\s+\d+\s+([0-9.e+]+) ns/op`)

// results reads what benchmarks printed.
func results(text string) times {
	all := times{}
	for line := range strings.Lines(text) {
		m := result.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if took, err := strconv.ParseFloat(m[2], 64); err == nil && took > 0 {
			all[m[1]] = took
		}
	}
	return all
}

// compare works out the ratios round by round, by name. Both have as many rounds.
func compare(base, now []times) (all []compared) {
	names := map[string]bool{}
	for _, round := range slices.Concat(base, now) {
		for name := range round {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		var ratios []float64
		for i := range min(len(base), len(now)) {
			before, had := base[i][name]
			after, has := now[i][name]
			if had && has {
				ratios = append(ratios, after/before)
			}
		}
		all = append(all, compared{name, ratios})
	}
	return all
}
