package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTallyCountsLeavesAndTellsWhatSkipped(t *testing.T) {
	r := new(run)
	tests := tally{run: r, said: map[string][]string{}, parents: map[string]bool{}}
	err := tests.read(strings.NewReader(`{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/one/deep"}
{"Action":"pass","Package":"p","Test":"TestA/one/deep"}
{"Action":"pass","Package":"p","Test":"TestA/one"}
{"Action":"run","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA/two"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"no such thing here\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
a line that is not go test's
{"Action":"run","Package":"q","Test":"TestC"}
{"Action":"fail","Package":"q","Test":"TestC"}
{"Action":"fail","Package":"q"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.count.String(); got != "2 passed, 1 failed, 1 skipped" {
		t.Errorf("the last line is %q", got)
	}
	if len(r.unchecked) != 1 || !strings.Contains(r.unchecked[0], "no such thing here") {
		t.Errorf("the skipped test is told as %q", r.unchecked)
	}
	if !slices.Equal(tests.failures, []string{"q TestC", "q"}) {
		t.Errorf("failures are %q", tests.failures)
	}
}

func TestStepsLeftOutAreToldAsNotChecked(t *testing.T) {
	some := chosen("vet,tests")
	if len(some) != 2 || some[0].name != "vet" || some[1].name != "tests" {
		t.Fatalf("chosen %v", some)
	}
	r := new(run)
	r.conclude(some)
	if len(r.unchecked) != len(steps)-2 {
		t.Errorf("not checked: %q", r.unchecked)
	}
}

func TestTestsHiddenFromTheRaceDetectorAreFound(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module m\n\ngo 1.26\n",
		"m.go":         "package m\n",
		"m_test.go":    "package m\n\nimport \"testing\"\n\nfunc TestAlways(*testing.T) {}\n",
		"cost_test.go": "//go:build !race\n\npackage m\n\nimport \"testing\"\n\nfunc TestCost(*testing.T) {}\n\nfunc helper(*testing.T) {}\n",
		"x_test.go":    "//go:build !race\n\npackage m_test\n\nimport \"testing\"\n\nfunc ExampleM() {}\n\nfunc BenchmarkM(*testing.B) {}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	r := &run{packages: []string{"./..."}, env: os.Environ()}
	found, err := r.withoutRace(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].pkg != "m" || !slices.Equal(found[0].tests, []string{"TestCost", "ExampleM"}) {
		t.Errorf("found %v", found)
	}
}

func TestMissingProgramsAreNamedWithTheCommandThatBringsThem(t *testing.T) {
	missing, packages := absent([]need{
		{"a thing", []string{"thing", "libthing-dev"}, func() bool { return false }},
		{"another", []string{"another"}, func() bool { return true }},
	})
	if !slices.Equal(missing, []string{"a thing"}) || !slices.Equal(packages, []string{"thing", "libthing-dev"}) {
		t.Errorf("missing %q, packages %q", missing, packages)
	}
	text := refusal(missing, packages).Error()
	if !strings.Contains(text, "a thing") || !strings.Contains(text, "apt-get install -y --no-install-recommends thing libthing-dev") {
		t.Errorf("the refusal says %q", text)
	}
}
