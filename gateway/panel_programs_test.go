//go:build !race

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/panel"
)

var inMarks = regexp.MustCompile("`([^`]+)`")

// Whatever a merchant does in the panel, a program does by the API, or docs/panel.md says why it cannot: each address
// of the panel stands in one row of its table, with operations that the contract has, or a reason.
func TestEveryPanelActionHasItsOperation(t *testing.T) {
	t.Parallel()
	docs, err := os.ReadFile("../docs/panel.md")
	if err != nil {
		t.Fatal(err)
	}
	contract, err := os.ReadFile("api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(docs), "\n## The same for programs\n")
	if !found {
		t.Fatal("docs/panel.md has no such chapter")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	routes, stands := panel.Routes(), map[string]bool{}
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(row, "|")
		if len(cells) != 6 || !strings.Contains(cells[2], "`") {
			continue
		}
		operations := inMarks.FindAllStringSubmatch(cells[3], -1)
		if len(operations) == 0 && strings.TrimSpace(cells[4]) == "" {
			t.Errorf("neither an operation nor a reason: %s", row)
		}
		for _, o := range operations {
			if !strings.Contains(string(contract), "\n      operationId: "+o[1]+"\n") {
				t.Errorf("the contract has no operation %s", o[1])
			}
		}
		for _, r := range inMarks.FindAllStringSubmatch(cells[2], -1) {
			if _, there := routes[r[1]]; !there || stands[r[1]] {
				t.Errorf("%s is no address of the panel, or stands twice", r[1])
			}
			stands[r[1]] = true
		}
	}
	for route := range routes {
		if !stands[route] {
			t.Errorf("%s has no row in docs/panel.md", route)
		}
	}
}
