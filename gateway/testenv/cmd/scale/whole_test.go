//go:build !race

// What is measured here is done by programs that have no race detector in them; with it in this one, filling
// their ledgers takes four times as long.

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/odelink/odelink/gateway/testenv"
)

// The smallest run there is, against the built gateway: every figure of every part is there.
func TestASmallRunMeasuresEverything(t *testing.T) {
	t.Setenv("TMPDIR", testenv.Dir(t))
	dir := t.TempDir()
	var out, progress bytes.Buffer
	code, err := start(t.Context(), []string{"-links", "1100", "-stored", "1000", "-payments", "1100", "-rounds", "1", "-turn", "50ms", "-only", "links,payments,panel", "-databases", "SQLite", "-out", dir}, &out, &progress)
	if err != nil || code == mistake || code == unusable {
		t.Fatalf("exit code %d, %v\n%s", code, err, progress.String())
	}
	text, err := os.ReadFile(filepath.Join(dir, figuresFile))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Links) != 2 || len(r.Payments) != 1 {
		t.Fatalf("%d points, %d databases", len(r.Links), len(r.Payments))
	}
	first, last, b := r.Links[0], r.Links[1], r.Payments[0]
	if first.Refill == nil || first.Refill.Seconds <= 0 || first.Refill.Missing != 0 || first.Refill.During.Views == 0 || first.Refill.During.Errors != 0 {
		t.Errorf("the refill: %+v", first.Refill)
	}
	if first.Memory == nil || first.Memory.FillSeconds <= 0 || first.Views.Median <= 0 || first.Start.Median <= 0 || first.RedisBytes <= 0 {
		t.Errorf("the first point: %+v", first)
	}
	if last.Stored != 1000 || last.RedisBytes <= 0 || last.Views.Median <= 0 || last.Failed != 0 {
		t.Errorf("links that are in Redis alone: %+v", last)
	}
	if len(r.Panel) != 1 || len(r.Panel[0].Pages) < 150 || r.Panel[0].Pages[0].Median <= 0 || r.Panel[0].Pages[0].Bytes < 1000 {
		t.Errorf("the panel: %+v", r.Panel)
	}
	if len(b.Lists) != len(questions("", r.Began)) || b.Ratio.Median <= 0 || len(b.Sizes) != 2 || b.Sizes[1].Each <= 0 {
		t.Errorf("payments: %+v", b)
	}
}
