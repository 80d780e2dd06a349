// Package cost holds what hot steps allocate against what they allocated when a change landed last: the
// figures stand in landed.json, a change that makes a step dearer fails its test, and one that makes it
// cheaper is told the command that writes the new figures down. It deliberately measures no time, which says
// more about the machine than about the change; `make bench-compare` holds times of two revisions against
// each other, as ratios.
package cost

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// Renew is the command that writes landed.json anew. One package after another writes its room's figures.
const Renew = "make cost"

// EnvRenew set to "yes" has Hold write figures down instead of judging them.
const EnvRenew = "ODELINK_COST_RENEW"

// file is where the figures stand, from the module's root.
const file = "gateway/testenv/cost/landed.json"

// Figure is what one operation allocates.
type Figure struct {
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
}

// Figures are those of a room by step.
type Figures map[string]Figure

// Tolerances: a figure may be this share above the one that landed, and this much besides. Steps that write to
// the ledger share commits with whoever comes at the same time, and a pool that was emptied is filled again;
// run after run, even on a busy machine, figures differ by less than that, and what a change adds to every
// operation is more.
const (
	sharing    = 0.01
	moreAllocs = 0.75
	moreBytes  = 384
)

// most is what a figure may be at most, beside the landed one.
func (f Figure) most() Figure {
	return Figure{f.Allocs*(1+sharing) + moreAllocs, f.Bytes*(1+sharing) + moreBytes}
}

// What runs beside a step only adds to its figure, so the least of all rounds counts. It is found when some
// rounds in a row came no lower, by more than a hair; a step that never settles is left after many.
const (
	settled    = 5
	mostRounds = 50
	hair       = 0.001
)

// Of measures n operations that one call of run makes, several times; prepare makes ready for each and does not
// count. Nothing else of the program should be busy meanwhile. Garbage is left lying, so that pools stay as full
// as under load.
func Of(n int, prepare, run func()) Figure {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	least := Figure{math.Inf(1), math.Inf(1)}
	for round, lowered := 0, 0; round < mostRounds && round-lowered < settled; round++ {
		prepare()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		run()
		runtime.ReadMemStats(&after)
		got := Figure{float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n)}
		if got.Allocs < least.Allocs*(1-hair) || got.Bytes < least.Bytes*(1-hair) {
			lowered = round + 1
		}
		least = Figure{min(least.Allocs, got.Allocs), min(least.Bytes, got.Bytes)}
	}
	return least
}

// Loop measures an operation that needs nothing prepared.
func Loop(operation func()) Figure {
	const n = 1000
	return Of(n, operation, func() {
		for range n {
			operation()
		}
	})
}

// Hold judges a room's figures, or writes them down where EnvRenew says so. A step that is not in the file, and
// one of the file that is not measured any more, are mistakes: nobody would compare them.
func Hold(t testing.TB, room string, got Figures) {
	t.Helper()
	path, err := find()
	if err != nil {
		t.Fatal(err)
	}
	landed, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv(EnvRenew) == "yes" {
		landed[room] = got.rounded()
		if err := write(path, landed); err != nil {
			t.Fatal(err)
		}
		return
	}
	worse, better := Compare(landed[room], got)
	for _, text := range worse {
		t.Errorf("%s: %s. Where that is meant: %s", room, text, Renew)
	}
	for _, text := range better {
		t.Logf("%s: %s. %s holds it there", room, text, Renew)
	}
}

// Compare says in sentences what got worse and what got better.
func Compare(landed, got Figures) (worse, better []string) {
	for step, g := range got {
		l, known := landed[step]
		if !known {
			worse = append(worse, fmt.Sprintf("%s has no landed figure", step))
			continue
		}
		for _, one := range []struct {
			got, landed, most float64
			what              string
		}{
			{g.Allocs, l.Allocs, l.most().Allocs, "allocations"}, {g.Bytes, l.Bytes, l.most().Bytes, "bytes"},
		} {
			text := fmt.Sprintf("%s: %.1f %s an operation, %.1f when it landed, %.1f at most", step, one.got, one.what, one.landed, one.most)
			switch {
			case one.got > one.most:
				worse = append(worse, text)
			case one.got < one.landed-(one.most-one.landed):
				better = append(better, text)
			}
		}
	}
	for step := range landed {
		if _, measured := got[step]; !measured {
			worse = append(worse, fmt.Sprintf("%s has a landed figure and is not measured", step))
		}
	}
	return worse, better
}

// rounded figures change in the file only where a step changed.
func (f Figures) rounded() Figures {
	all := Figures{}
	for step, one := range f {
		all[step] = Figure{math.Round(one.Allocs*10) / 10, math.Round(one.Bytes/16) * 16}
	}
	return all
}

func read(path string) (map[string]Figures, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := map[string]Figures{}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

func write(path string, all map[string]Figures) error {
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	// A figure is a line.
	flat := strings.NewReplacer("{\n      ", "{", ",\n      ", ", ", "\n    }", "}").Replace(string(text))
	return os.WriteFile(path, []byte(flat+"\n"), 0o644)
}

// find is the file's path: tests run in their package's folder.
func find() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, file), nil
		}
	}
	return "", errors.New("no go.mod above this folder: the landed figures are not found")
}
