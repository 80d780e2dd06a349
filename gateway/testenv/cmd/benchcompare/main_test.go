package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestResultsAreRead(t *testing.T) {
	got := results("goos: linux\nBenchmarkUnpack-2   \t 3117\t       382.1 ns/op\t     160 B/op\nBenchmarkCheckout/gzip \t 1\t 1.5e+06 ns/op\nBenchmarkMBs-16 10 2 MB/s\nPASS\n")
	if len(got) != 2 || got["BenchmarkUnpack"] != 382.1 || got["BenchmarkCheckout/gzip"] != 1.5e6 {
		t.Errorf("%v", got)
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	base := []times{{"a": 100, "gone": 1}, {"a": 1000}, {"a": 10}}
	now := []times{{"a": 120}, {"a": 1300, "new": 1}, {"a": 11}}
	all := compare(base, now)
	if len(all) != 3 || all[0].name != "a" || !slices.Equal(all[0].ratios, []float64{1.2, 1.3, 1.1}) {
		t.Errorf("%+v", all)
	}
	for bound, want := range map[float64]int{1.15: slower, 1.25: same} {
		var out bytes.Buffer
		code, err := tell(&out, all, bound)
		if code != want || err != nil || strings.Contains(out.String(), "SLOWER") != (want == slower) || strings.Count(out.String(), "only one side") != 2 {
			t.Errorf("from %v on: exit code %d, %v\n%s", bound, code, err, out.String())
		}
	}
	if code, err := tell(io.Discard, nil, 2); code != mistake || err == nil {
		t.Errorf("of nothing: exit code %d, %v", code, err)
	}
}

func TestRoundsThatDisagreeDecideNothing(t *testing.T) {
	for want, ratios := range map[string][]float64{
		"SLOWER":                       {1.2, 1.3, 0.9, 1.2},
		"unclear: the rounds disagree": {0.5, 3, 0.9, 1.2, 1.3, 4, 1.2},
		"":                             {1.1, 1.1, 9},
	} {
		if got := (compared{"a", ratios}).verdict(1.15); got != want {
			t.Errorf("%v: %q, want %q", ratios, got, want)
		}
	}
}

func TestMistakesInTheCallAreTold(t *testing.T) {
	for _, args := range [][]string{{}, {"-rounds", "0", "HEAD"}, {"-slower", "1", "HEAD"}, {"-colour", "HEAD"}, {"no-such-revision"}, {"--", "--exec=x"}} {
		if code, err := start(t.Context(), args, io.Discard, io.Discard); code != mistake || err == nil {
			t.Errorf("%q: exit code %d, %v", args, code, err)
		}
	}
}

// A repository whose operation got many times slower, far beyond what a busy machine does to a ratio, and back.
func TestASlowerRevisionIsFound(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, text)
		}
	}
	writes := func(work int) {
		t.Helper()
		for name, text := range map[string]string{
			"go.mod":      "module m\n\ngo 1.26\n",
			"x/x.go":      "package x\n\nvar Sum int\n\nfunc Work() {\n\tfor i := range " + fmt.Sprint(work) + " {\n\t\tSum += i\n\t}\n}\n",
			"x/x_test.go": "package x\n\nimport \"testing\"\n\nfunc BenchmarkWork(b *testing.B) {\n\tfor range b.N {\n\t\tWork()\n\t}\n}\n",
		} {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	writes(1000)
	git("init", "--quiet")
	git("add", ".")
	git("commit", "--quiet", "-m", "quick")
	writes(50_000) // not committed: this tree is what stands there
	t.Chdir(dir)
	var out bytes.Buffer
	code, err := start(t.Context(), []string{"-rounds", "2", "-benchtime", "100x", "HEAD", "./x"}, &out, io.Discard)
	if code != slower || err != nil || !strings.Contains(out.String(), "x BenchmarkWork") || !strings.Contains(out.String(), "SLOWER") {
		t.Errorf("exit code %d, %v\n%s", code, err, out.String())
	}
	writes(10)
	out.Reset()
	if code, err := start(t.Context(), []string{"-rounds", "2", "-benchtime", "100x", "HEAD", "./x", "./away"}, &out, io.Discard); code != same || err != nil {
		t.Errorf("quicker: exit code %d, %v\n%s", code, err, out.String())
	}
	if text, err := exec.Command("git", "-C", dir, "worktree", "list").Output(); err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("work trees are left: %s %v", text, err)
	}
}
