package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/odelink/odelink/loadtest/plot"
	"github.com/odelink/odelink/loadtest/scenario"
)

// Who reads docs/loadtest.md writes scenarios and trusts floors by it.
func TestTheDocumentNamesEveryKeyAndEveryFloor(t *testing.T) {
	data, err := os.ReadFile("../../../../docs/loadtest.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	_, table, _ := strings.Cut(text, "| key | default | meaning |")
	table, _, _ = strings.Cut(table, "\n\n")
	kind := reflect.TypeFor[scenario.Scenario]()
	for i := range kind.NumField() {
		if key := kind.Field(i).Tag.Get("json"); !strings.Contains(table, "`"+key+"`") {
			t.Errorf("the key %q is not in the table of keys", key)
		}
	}
	_, floors, _ := strings.Cut(text, "| | floor |")
	floors, _, _ = strings.Cut(floors, "\n\n")
	for _, p := range slices.Concat(plan, soak) {
		args := p.args(&course{unit: 1})
		for i, word := range args {
			if word != "-threshold" {
				continue
			}
			_, _, bound, err := scenario.Threshold(args[i+1]).Parts()
			if err != nil {
				t.Fatalf("%s: %v", p.name, err)
			}
			if number := regexp.QuoteMeta(plot.Number(bound)); bound != 0 && !regexp.MustCompile(`[ ;]`+number+`0?[ ;|\n]`).MatchString(floors) {
				t.Errorf("%s: the floor %q is not in the table of floors", p.name, args[i+1])
			}
		}
	}
}
