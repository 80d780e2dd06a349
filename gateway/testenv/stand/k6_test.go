package stand

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// k6 is not among what the tests install. Its script is run by node with stand-ins for the modules that k6
// brings, against a real gateway: what it finds in pages and forms, and how it judges the books, is tried.
func TestTheK6ScriptGoesTheWholeWay(t *testing.T) {
	s := stood(t, Options{})
	n := s.Names()
	for name, card := range map[string]string{"a card that asks for nothing": "4155650000001005", "a card with a challenge": "4155650000000007"} {
		cmd := exec.Command("node", "testdata/k6/run.mjs", "../../../loadtest/k6/journey.js", "2")
		cmd.Env = append(os.Environ(), "BASE="+n["gateway"], "KEY="+n["key"], "BANK="+n["bank"], "RATE=1", "DURATION=1", "CARD="+card, "NETWORKS=1")
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, said.String())
		}
		var got struct {
			Whole, Ways int
			Model       string
			Audit, May  []bool
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s: it prints %s", name, out)
		}
		if got.Whole != 2 || got.Ways != 2 || got.Model != "constant-arrival-rate" {
			t.Errorf("%s: %+v", name, got)
		}
		// In order: right, not charged, charged twice, declined and charged, another amount, a link paid twice, voided.
		if want := []bool{false, true, true, true, true, true, false}; !slices.Equal(got.Audit, want) {
			t.Errorf("the books are judged %v, want %v", got.Audit, want)
		}
		if want := []bool{true, true, false, false, false, false}; !slices.Equal(got.May, want) {
			t.Errorf("payers may be sent to %v, want %v", got.May, want)
		}
	}
}
