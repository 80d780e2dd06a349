package scenario

import (
	"fmt"
	"strconv"
	"strings"
)

// Threshold is a bound that a run must keep, like "view.p99 <= 50", "errors <= 0.001", "rate >= 100" or
// "lost = 0": a figure, a comparison, a number. Latencies are in milliseconds, errors a share of all
// requests, rates per second.
type Threshold string

var comparisons = []string{"<=", ">=", "<", ">", "="}

// Parts takes it apart.
func (t Threshold) Parts() (figure, comparison string, bound float64, err error) {
	for _, c := range comparisons {
		before, after, found := strings.Cut(string(t), c)
		if !found {
			continue
		}
		bound, err = strconv.ParseFloat(strings.TrimSpace(after), 64)
		figure = strings.TrimSpace(before)
		if err == nil && figure != "" {
			return figure, c, bound, nil
		}
		break
	}
	return "", "", 0, fmt.Errorf("scenario: threshold %q is not like \"view.p99 <= 50\"", string(t))
}

// Keeps says whether a figure's value keeps the bound.
func (t Threshold) Keeps(value float64) bool {
	_, comparison, bound, err := t.Parts()
	if err != nil {
		return false
	}
	switch comparison {
	case "<=":
		return value <= bound
	case ">=":
		return value >= bound
	case "<":
		return value < bound
	case ">":
		return value > bound
	}
	return value == bound
}

func (t Threshold) check() error {
	_, _, _, err := t.Parts()
	return err
}
