package cost

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAStepThatGotDearerIsNamed(t *testing.T) {
	landed := Figures{"view": {10, 4000}, "pay": {200, 50000}}
	for name, c := range map[string]struct {
		got           Figures
		worse, better []string
	}{
		"as it landed":         {got: landed},
		"within the tolerance": {got: Figures{"view": {10.8, 4400}, "pay": {202, 50800}}},
		"one allocation more":  {got: Figures{"view": {11, 4000}, "pay": {200, 50000}}, worse: []string{"view: 11.0 allocations"}},
		"more bytes":           {got: Figures{"view": {10, 4500}, "pay": {200, 50000}}, worse: []string{"view: 4500.0 bytes"}},
		"cheaper":              {got: Figures{"view": {9, 4000}, "pay": {200, 40000}}, better: []string{"view: 9.0 allocations", "pay: 40000.0 bytes"}},
		"not measured":         {got: Figures{"view": {10, 4000}}, worse: []string{"pay has a landed figure and is not measured"}},
		"new":                  {got: Figures{"view": {10, 4000}, "pay": {200, 50000}, "x": {}}, worse: []string{"x has no landed figure"}},
	} {
		worse, better := Compare(landed, c.got)
		for said, want := range map[*[]string][]string{&worse: c.worse, &better: c.better} {
			if len(*said) != len(want) {
				t.Errorf("%s: %q, want %q", name, *said, want)
			}
			for _, begin := range want {
				if !slices.ContainsFunc(*said, func(s string) bool { return strings.HasPrefix(s, begin) }) {
					t.Errorf("%s: %q lacks %q", name, *said, begin)
				}
			}
		}
	}
}

var kept []byte

func TestWhatAnOperationAllocatesIsCounted(t *testing.T) {
	if f := Loop(func() { kept = make([]byte, 1024) }); f.Allocs < 1 || f.Allocs > 1.1 || f.Bytes < 1024 || f.Bytes > 1200 {
		t.Errorf("%+v, want one allocation of 1024 bytes", f)
	}
	if f := Loop(func() {}); f.Allocs > 0.1 {
		t.Errorf("nothing allocates %+v", f)
	}
}

// TestRoundsGoOnUntilTheyAreQuiet: what happened beside a step in its first rounds is not its own.
func TestRoundsGoOnUntilTheyAreQuiet(t *testing.T) {
	round := 0
	f := Of(1000, func() { round++ }, func() {
		for range 1000 + 3000*max(0, 8-round) {
			kept = make([]byte, 1024)
		}
	})
	if f.Allocs < 1 || f.Allocs > 1.1 || round < 8+settled || round >= mostRounds {
		t.Errorf("%+v after %d rounds, want one allocation after %d or little more", f, round, 8+settled)
	}
}

func TestFiguresAreWrittenAndReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "landed.json")
	all := map[string]Figures{"a": Figures{"x, y": {1.26, 100}, "z": {0, 0}}.rounded(), "b": {}}
	if err := write(path, all); err != nil {
		t.Fatal(err)
	}
	back, err := read(path)
	if err != nil || len(back) != 2 || back["a"]["x, y"] != (Figure{1.3, 96}) {
		t.Errorf("%v, %v", back, err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), "\n") > 8 {
		t.Errorf("%v: a figure is not a line:\n%s", err, text)
	}
}
