package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/odelink/odelink/loadtest/report"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/standin"
)

// asCommand has this test program be the command itself, in a process of its own.
const asCommand = "LOADTEST_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	if err := os.Unsetenv(keyVariable); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// called runs the command.
func called(ctx context.Context, args ...string) (code int, out, progress string) {
	var o, p bytes.Buffer
	code = start(ctx, args, &o, &p)
	return code, o.String(), p.String()
}

// bench is a stand-in with the flags that lead to it, and a folder for reports.
func bench(t *testing.T, wrong func(*standin.Shop)) (flags []string, out string) {
	t.Helper()
	s := standin.Start()
	t.Cleanup(s.Close)
	if wrong != nil {
		wrong(s)
	}
	out = filepath.Join(t.TempDir(), "out")
	return []string{"-target", s.Gateway.URL + "/", "-key", standin.Key, "-bank", s.Bank.URL, "-out", out}, out
}

// file writes a scenario.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const fewWays = `{"name":"few ways","model":"closed","callers":2,"links":10,"warmup":"0s","duration":"1m","thresholds":["errors <= 0","lost = 0"]}`

func TestARunThatKeepsItsThresholdsLeavesBothFiles(t *testing.T) {
	flags, out := bench(t, nil)
	code, said, progress := called(t.Context(), append([]string{"run", file(t, fewWays)}, flags...)...)
	if code != exitKept || !strings.Contains(said, "PASSED") || !strings.Contains(progress, out) {
		t.Fatalf("exit %d\n%s\n%s", code, said, progress)
	}
	text, err := os.ReadFile(filepath.Join(out, report.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil || r.Format != report.Format || r.Run.Whole != 10 || r.Run.Audit == nil || !r.Verdict.Kept {
		t.Errorf("%v: %+v", err, r)
	}
	page, err := os.ReadFile(filepath.Join(out, report.HTMLFile))
	if err != nil {
		t.Fatal(err)
	}
	card := scenario.Default().Card
	if strings.Contains(said+progress+string(text)+string(page), card) {
		t.Error("the card's number is in what was written")
	}
}

func TestWhatIsBrokenIsAnExitCode(t *testing.T) {
	refuse := func(step string) func(*standin.Shop) {
		return func(s *standin.Shop) {
			s.Before = func(at string, w http.ResponseWriter, _ *http.Request) bool {
				if at == step {
					http.Error(w, "closed today", http.StatusServiceUnavailable)
				}
				return at == step
			}
		}
	}
	for name, c := range map[string]struct {
		wrong func(*standin.Shop)
		more  []string
		code  int
		says  string
	}{
		"a threshold":      {more: []string{"-threshold", "view.p50 < 0"}, code: exitBroken, says: "BROKEN  view.p50 < 0"},
		"a threshold of =": {more: []string{"-threshold", "double=1"}, code: exitBroken, says: "BROKEN  double=1"},
		"charged twice": {code: exitBroken, says: "charged twice", wrong: func(s *standin.Shop) {
			s.Books = func(c standin.Charge) []standin.Charge { return []standin.Charge{c, c} }
		}},
		"the page refuses":      {wrong: refuse("view"), code: exitUnusable, says: "status 503: closed today"},
		"no simulated bank":     {wrong: refuse("charges"), code: exitUnusable, says: "is not a simulated bank"},
		"a target that is away": {more: []string{"-target", "x=http://127.0.0.1:1"}, code: exitMistake, says: "run takes one target, not 2"},
	} {
		flags, _ := bench(t, c.wrong)
		code, said, progress := called(t.Context(), append(append([]string{"run", file(t, fewWays)}, flags...), c.more...)...)
		if code != c.code || !strings.Contains(said+progress, c.says) {
			t.Errorf("%s: exit %d, want %d and %q\n%s\n%s", name, code, c.code, c.says, said, progress)
		}
	}
}

func TestMistakesAreToldInWordsBeforeAnythingIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no such command":     {[]string{"walk", "view"}, `no command "walk"`},
		"no scenario":         {[]string{"run", "-target", "http://127.0.0.1:1", "-key", "k"}, "say which scenario"},
		"no such scenario":    {[]string{"run", "vjew", "-target", "http://127.0.0.1:1", "-key", "k"}, "built in are installments, pay, view, whole"},
		"no target":           {[]string{"run", "view"}, "no target"},
		"no key":              {[]string{"run", "view", "-target", "http://127.0.0.1:1"}, "an API key is missing"},
		"no address":          {[]string{"run", "view", "-target", "127.0.0.1:1", "-key", "k"}, "is no http or https address"},
		"unknown flag":        {[]string{"run", "view", "-speed", "1"}, "-speed"},
		"two scenarios":       {[]string{"run", "view", "-rate", "1", "pay"}, "is too much"},
		"one to compare":      {[]string{"compare", "view", "-target", "http://127.0.0.1:1", "-key", "k"}, "two targets or more"},
		"the same name":       {[]string{"compare", "view", "-target", "a=http://127.0.0.1:1", "-page", "a=http://127.0.0.1:1", "-key", "k"}, "two targets are named a"},
		"a key for nobody":    {[]string{"run", "view", "-target", "a=http://127.0.0.1:1", "-key", "k", "-key", "b=k"}, "-key is for b"},
		"plain for nobody":    {[]string{"run", "view", "-target", "a=http://127.0.0.1:1", "-key", "k", "-plain", "b"}, "-plain is for b"},
		"no rounds":           {[]string{"compare", "view", "-target", "a=http://127.0.0.1:1", "-target", "b=http://127.0.0.1:1", "-key", "k", "-rounds", "0"}, "rounds are 1 to"},
		"no rate":             {[]string{"run", "view", "-target", "http://127.0.0.1:1", "-key", "k", "-rate", "0"}, "rate is ways per second"},
		"no step":             {[]string{"knee", "view", "-target", "http://127.0.0.1:1", "-key", "k", "-step", "0s"}, "step is more than 0s"},
		"held for less":       {[]string{"knee", "view", "-target", "http://127.0.0.1:1", "-key", "k", "-hold", "-1s"}, "hold is 0s to"},
		"a wrong threshold":   {[]string{"run", "view", "-target", "http://127.0.0.1:1", "-key", "k", "-threshold", "pay.p99 <= 1"}, "is about no figure of this test"},
		"another's threshold": {[]string{"run", "view", "-target", "http://127.0.0.1:1", "-key", "k", "-threshold", "x.ratio >= 1"}, "another kind of test"},
		"money without books": {[]string{"run", "whole", "-target", "http://127.0.0.1:1", "-key", "k", "-threshold", "lost = 0"}, "-bank"},
		"unknown key":         {[]string{"run", file(t, `{"ratio":1}`), "-target", "http://127.0.0.1:1", "-key", "k"}, `unknown field "ratio"; there are: name from until model rate`},
		"a page of two steps": {[]string{"run", "whole", "-page", "http://127.0.0.1:1/x"}, "is a single page"},
		"no folder for it":    {[]string{"run", "view", "-target", "http://127.0.0.1:1", "-key", "k", "-out", filepath.Join(file(t, ""), "x")}, "not a directory"},
	} {
		args := c.args
		if !strings.Contains(strings.Join(args, " "), "-out") {
			args = append(args, "-out", t.TempDir())
			if name == "two scenarios" {
				args = c.args
			}
		}
		code, said, progress := called(t.Context(), args...)
		if code != exitMistake || !strings.Contains(progress, c.says) || said != "" {
			t.Errorf("%s: exit %d, %q, want %q", name, code, said+progress, c.says)
		}
	}
}

func TestATargetThatIsAwayIsUnusable(t *testing.T) {
	code, _, progress := called(t.Context(), "run", "view", "-target", "http://127.0.0.1:1", "-key", "k", "-out", t.TempDir())
	if code != exitUnusable || !strings.Contains(progress, "target target: cannot be reached") {
		t.Errorf("exit %d: %s", code, progress)
	}
}

func TestAnInterruptBeforeTheBeginningIsSaid(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	flags, _ := bench(t, nil)
	if code, _, progress := called(ctx, append([]string{"run", "view"}, flags...)...); code != exitPartial || !strings.Contains(progress, "before anything was measured") {
		t.Errorf("exit %d: %s", code, progress)
	}
}

// Ctrl-C in the middle: what was seen is judged, and nobody is told that the test passed.
func TestAnInterruptedRunIsPartial(t *testing.T) {
	for name, c := range map[string]struct {
		more []string
		code int
		says string
	}{
		"nothing was broken until then": {nil, exitPartial, "PARTIAL: ended early"},
		"something was":                 {[]string{"-threshold", "view.p50 < 0"}, exitBroken, "FAILED: not everything"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		flags, out := bench(t, func(s *standin.Shop) {
			var results atomic.Int64
			s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
				if step == "result" && results.Add(1) == 5 {
					cancel()
				}
				return false
			}
		})
		many := file(t, `{"model":"closed","callers":2,"links":1000,"warmup":"0s","duration":"1m","thresholds":["errors <= 0","lost = 0"]}`)
		code, said, progress := called(ctx, append(append([]string{"run", many}, flags...), c.more...)...)
		text, err := os.ReadFile(filepath.Join(out, report.JSONFile))
		var r report.Report
		if err != nil || json.Unmarshal(text, &r) != nil {
			t.Fatal(err)
		}
		if code != c.code || !strings.Contains(said, c.says) || strings.Contains(said, "PASSED") || !r.Verdict.Partial || r.Run.Audit == nil || !strings.Contains(said, "not finished") {
			t.Errorf("%s: exit %d, want %d and %q\n%s\n%s", name, code, c.code, c.says, said, progress)
		}
	}
}

// A bound of the scenario's can end a run before its time, too: payers would have come for a minute.
func TestARunThatItsBoundEndedIsPartial(t *testing.T) {
	flags, _ := bench(t, nil)
	few := file(t, `{"model":"open","rate":500,"links":10,"warmup":"0s","duration":"1m","thresholds":["errors <= 0"]}`)
	code, said, progress := called(t.Context(), append([]string{"run", few}, flags...)...)
	if code != exitPartial || !strings.Contains(said, "PARTIAL: ended early") || !strings.Contains(said, "used up") {
		t.Errorf("exit %d\n%s\n%s", code, said, progress)
	}
}

// The folder goes while the test runs: what was fine before is not afterwards.
func TestAReportThatCannotBeWrittenKeepsTheVerdictAndTheFigures(t *testing.T) {
	rescue := t.TempDir()
	t.Setenv("TMPDIR", rescue)
	var out string
	gone := sync.OnceFunc(func() {
		if err := errors.Join(os.RemoveAll(out), os.WriteFile(out, nil, 0o600)); err != nil {
			t.Error(err)
		}
	})
	var flags []string
	flags, out = bench(t, func(s *standin.Shop) {
		s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
			if step == "result" {
				gone()
			}
			return false
		}
	})
	code, said, progress := called(t.Context(), append([]string{"run", file(t, fewWays)}, flags...)...)
	kept, err := filepath.Glob(filepath.Join(rescue, "loadtest-*.json"))
	if code != exitMistake || !strings.Contains(said, "PASSED") || err != nil || len(kept) != 1 || !strings.Contains(progress, kept[0]) {
		t.Errorf("exit %d, kept %v (%v)\n%s\n%s", code, kept, err, said, progress)
	}
}

// The disk has no room left when the report is written, here or for temporary files: the system takes no byte.
// The verdict is printed, and the report of the last test is as it was.
func TestAFullDiskIsToldAndLeavesTheLastReport(t *testing.T) {
	flags, out := bench(t, nil)
	last := filepath.Join(out, report.JSONFile)
	if err := errors.Join(os.MkdirAll(out, 0o755), os.WriteFile(last, []byte("the last test's"), 0o600)); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-c", `ulimit -f 0; exec "$@"`, "sh", os.Args[0], "run", file(t, fewWays)}, flags...)
	cmd := exec.Command("sh", args...)
	cmd.Env = append(os.Environ(), asCommand+"=yes")
	var progress strings.Builder
	cmd.Stderr = &progress
	said, err := cmd.Output()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != exitMistake || !strings.Contains(string(said), "PASSED") || !strings.Contains(string(said), "p99 ms") {
		t.Errorf("%v\n%s\n%s", err, said, progress.String())
	}
	for _, want := range []string{"the report cannot be written", "file too large", "nor can the figures be kept elsewhere"} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, progress.String())
		}
	}
	left, err := os.ReadDir(out)
	text, readErr := os.ReadFile(last)
	if err != nil || readErr != nil || len(left) != 1 || string(text) != "the last test's" {
		t.Errorf("left are %v (%v), and the last report is %q (%v)", left, err, text, readErr)
	}
}

func TestKneeAndCompareGoTheSameWay(t *testing.T) {
	flags, out := bench(t, nil)
	more, _ := bench(t, nil)
	kind := func() string {
		text, err := os.ReadFile(filepath.Join(out, report.JSONFile))
		var r report.Report
		if err != nil || json.Unmarshal(text, &r) != nil {
			t.Fatal(err)
		}
		return string(r.Kind)
	}
	small := file(t, `{"from":"installments","until":"installments","usage":"multi","links":2,"callers":2,"warmup":"0s","thresholds":["errors <= 0","installments.p99 <= 5"]}`)
	args := append([]string{"compare", small, "-rounds", "2", "-step", "150ms"}, flags...)
	args = append(args, "-target", "other="+more[1], "-page", "page="+more[1]+"r/any", "-threshold", "rate >= 0")
	if code, said, progress := called(t.Context(), args...); code != exitKept || !strings.Contains(said, "not judged in this kind of test: installments.p99 <= 5") || kind() != "compare" {
		t.Errorf("exit %d\n%s\n%s", code, said, progress)
	}
	way := file(t, `{"usage":"multi","links":4,"rate":40,"warmup":"0s","thresholds":["lost = 0"]}`)
	args = append([]string{"compare", way, "-open-only", "-rounds", "1", "-step", "400ms", "-page", "page=" + more[1] + "r/any", "-threshold", "page.pay.p99_ratio >= 0"}, flags...)
	if code, said, progress := called(t.Context(), args...); code != exitKept || !strings.Contains(said, "kept  page.pay.p99_ratio >= 0") || kind() != "compare" {
		t.Errorf("exit %d\n%s\n%s", code, said, progress)
	}
	knee := file(t, `{"model":"knee","from":"view","until":"view","usage":"multi","links":2,"callers":1,"warmup":"0s","rate":900000}`)
	if code, said, progress := called(t.Context(), append([]string{"run", knee, "-step", "10ms", "-hold", "20ms"}, flags...)...); code != exitKept || kind() != "knee" {
		t.Errorf("exit %d\n%s\n%s", code, said, progress)
	}
}

// Whoever names a scenario gets one that can be run.
func TestTheScenariosThatAreBuiltIn(t *testing.T) {
	if len(names()) != 4 {
		t.Errorf("%v", names())
	}
	for _, name := range names() {
		sc, err := read(name)
		if err != nil || len(sc.Thresholds) == 0 {
			t.Errorf("%s: %v, %d thresholds", name, err, len(sc.Thresholds))
		}
		for _, kind := range []string{"run", "knee", "compare"} {
			args := []string{kind, name, "-key", "k", "-target", "http://127.0.0.1:1"}
			if kind == "compare" {
				args = append(args, "-target", "b=http://127.0.0.1:1")
			}
			if _, err := parse(args); err != nil {
				t.Errorf("%s %s: %v", kind, name, err)
			}
		}
		if !strings.Contains(help(), name) {
			t.Errorf("help does not name %s", name)
		}
	}
}

func TestKeysAndBanksFindTheirTargets(t *testing.T) {
	t.Setenv(keyVariable, "from the environment")
	c, err := parse([]string{"compare", "view", "-target", "a=http://127.0.0.1:1?x=y", "-target", "b=http://127.0.0.1:2/", "-page", "p=http://127.0.0.1:3/x/", "-key", "b=k=", "-bank", "http://127.0.0.1:4/", "-plain", "p"})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a http://127.0.0.1:1?x=y from the environment http://127.0.0.1:4", "b http://127.0.0.1:2 k= http://127.0.0.1:4", "p http://127.0.0.1:3/x/  "} {
		if got := strings.Join([]string{c.targets[i].Name, c.targets[i].URL, c.targets[i].Key, c.targets[i].Bank}, " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if c.targets[1].Plain || !c.targets[2].Plain {
		t.Error("-plain p is p's")
	}
}

func TestProgressIsALineEachTime(t *testing.T) {
	var b bytes.Buffer
	term := newTerminal(&b)
	term.line("one")
	term.end()
	term.rewrite = true
	term.line("a long line")
	term.line("short")
	term.end()
	if got, want := b.String(), "one\n\ra long line\rshort      \n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
