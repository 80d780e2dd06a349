package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/cardscan"
	"github.com/odelink/odelink/threeds/banksim"
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
{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: no such thing here\n"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
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
	if !slices.Equal(r.unchecked, []string{"p TestB, which skips itself: no such thing here"}) {
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
	if err := os.WriteFile("main_test.go", []byte("//go:build !race\n\npackage m\n\nimport \"testing\"\n\nfunc TestMain(m *testing.M) { m.Run() }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := r.withoutRace(t.Context())
	if err != nil || len(whole) != 1 || !slices.Equal(whole[0].tests, []string{"TestCost", "ExampleM", "TestAlways"}) {
		t.Errorf("where TestMain judges them all: %v, %v", whole, err)
	}
	args := unraced(append(found, hidden{"n", []string{"TestOther"}}))
	if !slices.Equal(args, []string{"-run", "^(TestCost|ExampleM|TestOther)$", "m", "n"}) {
		t.Errorf("they run with %q", args)
	}
}

func TestWhatMeasuresRunsAlone(t *testing.T) {
	others, alone := apart([]hidden{{"m", []string{"TestA", "TestStepsAsTheyLanded", "TestB"}}, {"n", []string{"TestPackingLanded"}}, {"o", []string{"TestC"}}})
	if !slices.Equal(unraced(others), []string{"-run", "^(TestA|TestB|TestC)$", "m", "o"}) {
		t.Errorf("with others run %v", others)
	}
	if !slices.Equal(unraced(alone), []string{"-run", "^(TestStepsAsTheyLanded|TestPackingLanded)$", "m", "n"}) {
		t.Errorf("alone run %v", alone)
	}
}

func TestLongPackagesBeginFirst(t *testing.T) {
	got := longFirst([]string{module + "checkout", module + "gateway/web/page", module + "gateway/api", module + "gateway", module + "loadtest"})
	want := []string{module + "gateway", module + "gateway/web/page", module + "gateway/api", module + "checkout", module + "loadtest"}
	if !slices.Equal(got, want) {
		t.Errorf("in the order %q, want %q", got, want)
	}
	r := &run{packages: []string{"."}, env: os.Environ()}
	all, err := r.listed(t.Context())
	if err != nil || !slices.Equal(all, []string{module + "gateway/testenv/cmd/suite"}) {
		t.Errorf("this package is listed as %q (%v)", all, err)
	}
	for _, name := range long {
		if _, err := os.Stat(filepath.Join("../../../..", name)); err != nil {
			t.Errorf("a long package is gone: %v", err)
		}
	}
}

func TestVetRunsOnce(t *testing.T) {
	r := new(run)
	if flags := r.vetted(); flags != nil {
		t.Errorf("%q before the step has run", flags)
	}
	r.fine = []string{"format", "vet"}
	if flags := r.vetted(); !slices.Equal(flags, []string{"-vet=off"}) {
		t.Errorf("%q after it", flags)
	}
}

func TestTheBanksCardsAreFoundAsIntegersAndOthersNot(t *testing.T) {
	family, err := bankCards()
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[string]int{
		banksim.CardNumber("415565", "004"): 1,
		banksim.CardNumber("979280", "901"): 1,
		banksim.CardNumber("498021", "004"): 0, // no bank in the table has this BIN
		banksim.CardNumber("415565", "777"): 0, // no part of the bank's has this script
	} {
		value, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		integer := binary.LittleEndian.AppendUint64(nil, value)
		if found := (&cardscan.Scanner{Family: family}).Bytes(number, integer); len(found) != want {
			t.Errorf("an integer: %v, want %d", found, want)
		}
		if found := (&cardscan.Scanner{Family: family}).Bytes(number, []byte(number)); len(found) != 1 {
			t.Errorf("digits: %v", found)
		}
	}
}
