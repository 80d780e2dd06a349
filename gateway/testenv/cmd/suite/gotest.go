package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/odelink/odelink/gateway/testenv"
)

// tests starts the shared servers and runs every test once under the race detector: vet and the tests
// then build everything twice, not three times, and what runs concurrently is not a guess of ours.
// Files with the constraint !race run after it, without: allocation budgets, and what does one thing after
// the other (a person in a browser or in the panel, forged answers one by one, commands, large files), where the
// detector has little to find and would take most of the run; what measures follows, alone.
func tests(ctx context.Context, r *run) error {
	redis, err := testenv.StartSharedRedis()
	if err != nil {
		return err
	}
	postgres, err := testenv.StartSharedPostgres()
	if err != nil {
		return errors.Join(err, redis.End())
	}
	r.env = append(r.env, testenv.EnvRedisURL+"=redis://"+redis.Addr(), testenv.EnvPostgresURL+"="+postgres.URL("postgres"))
	r.counted = true
	packages, err := r.listed(ctx)
	if err != nil {
		return errors.Join(err, redis.End(), postgres.End())
	}
	err = r.goTest(ctx, slices.Concat(raceFlags, longFirst(packages))...)
	hidden, listErr := r.withoutRace(ctx)
	err = errors.Join(err, listErr)
	others, alone := apart(hidden)
	if len(others) > 0 {
		fmt.Println("without the race detector:")
		err = errors.Join(err, r.goTest(ctx, unraced(others)...))
	}
	if len(alone) > 0 {
		fmt.Println("alone:")
		err = errors.Join(err, r.goTest(ctx, append([]string{"-p=1", "-parallel=1"}, unraced(alone)...)...))
	}
	if err == nil && r.count.passed == 0 {
		err = errors.New("no test ran")
	}
	return errors.Join(err, redis.End(), postgres.End())
}

// beside is how many packages are built or tested at once, and how many tests of each: most of them wait for
// servers, disks, a browser and other processes more than they work, and a machine of two processors
// stood half idle with Go's own numbers, one a processor.
var beside = []string{fmt.Sprintf("-p=%d", runtime.NumCPU()+1), fmt.Sprintf("-parallel=%d", 2*runtime.NumCPU())}

// long are the packages whose tests take longest, those that take most first: what begins last must not be what
// everything waits for in the end. A package that is missing here costs time and nothing else.
var long = []string{
	"gateway", "gateway/web/page", "gateway/sqlstore", "gateway/testenv/cmd/sidebyside", "gateway/api", "gateway/redisstore", "loadtest/run",
}

const module = "github.com/odelink/odelink/"

// longFirst puts the long packages before the others.
func longFirst(packages []string) []string {
	place := func(pkg string) int {
		if i := slices.Index(long, strings.TrimPrefix(pkg, module)); i >= 0 {
			return i
		}
		return len(long)
	}
	return slices.SortedStableFunc(slices.Values(packages), func(a, b string) int { return cmp.Compare(place(a), place(b)) })
}

// listed are the run's packages by their full names.
func (r *run) listed(ctx context.Context) ([]string, error) {
	cmd := r.command(ctx, "go", append([]string{"list"}, r.packages...)...)
	cmd.Stderr = os.Stdout
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Fields(string(text)), nil
}

// raceFlags watch everything but SQLite's own code, which is C made into Go: it works on memory that
// the detector does not know, one connection at a time, and watching it in vain takes a quarter of the
// run. What calls it is watched.
var raceFlags = []string{
	"-race",
	"-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0",
	"-gcflags=modernc.org/libc=-race=false -d=checkptr=0",
	"-gcflags=modernc.org/memory=-race=false -d=checkptr=0",
}

// count is the last line of the run. A test with sub-tests is not counted besides them.
type count struct {
	passed, failed, skipped int
}

func (c count) String() string {
	line := fmt.Sprintf("%d passed, %d failed", c.passed, c.failed)
	if c.skipped > 0 {
		line += fmt.Sprintf(", %d skipped", c.skipped)
	}
	return line
}

// event is one line of go test -json (go doc test2json).
type event struct {
	Action, Package, Test, Output string

	Elapsed float64 // seconds, of what is over
}

// goTest runs go test and prints its own line for each package, and of failed tests all they said.
func (r *run) goTest(ctx context.Context, args ...string) error {
	cmd := r.command(ctx, "go", slices.Concat([]string{"test", "-json", "-count=1", "-timeout=20m"}, r.vetted(), beside, args)...)
	cmd.Stderr = os.Stdout
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t := tally{run: r, said: map[string][]string{}, parents: map[string]bool{}}
	readErr := t.read(out)
	err = cmd.Wait()
	t.tellSlowest()
	if err != nil && len(t.failures) > 0 {
		err = fmt.Errorf("%d failed: %s", len(t.failures), strings.Join(t.failures, ", "))
	}
	return errors.Join(readErr, err)
}

// vetted spares go test its own vet where the step before has run all of it.
func (r *run) vetted() []string {
	if slices.Contains(r.fine, "vet") {
		return []string{"-vet=off"}
	}
	return nil
}

// tally follows one go test.
type tally struct {
	run      *run
	said     map[string][]string // output of what is not over, by package and test
	parents  map[string]bool     // tests with sub-tests
	failures []string
	took     []timed // tests of the first level
}

type timed struct {
	name    string
	seconds float64
}

// slowest is how many tests are named for their time: where to look when the run becomes long.
const slowest = 12

func (t *tally) tellSlowest() {
	slices.SortFunc(t.took, func(a, b timed) int { return cmp.Compare(b.seconds, a.seconds) })
	for _, one := range t.took[:min(slowest, len(t.took))] {
		if one.seconds >= 10 {
			fmt.Printf("took %.0f s: %s\n", one.seconds, one.name)
		}
	}
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Printf("%s", line) // not go test's: a tool below it speaks
			} else {
				t.take(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Print(e.Output)
	case "output":
		t.said[key] = append(t.said[key], e.Output)
	case "run":
		for i := strings.LastIndexByte(e.Test, '/'); i > 0; i = strings.LastIndexByte(e.Test[:i], '/') {
			t.parents[e.Package+" "+e.Test[:i]] = true
		}
	case "pass", "fail", "skip":
		t.over(e, key)
	}
}

// over counts a test and prints what is worth reading of it; of a package, its last line.
func (t *tally) over(e event, key string) {
	said := t.said[key]
	delete(t.said, key)
	leaf := e.Test != "" && !t.parents[key]
	name := strings.TrimPrefix(e.Package, module) + " " + e.Test
	if e.Test != "" && !strings.Contains(e.Test, "/") {
		t.took = append(t.took, timed{name, e.Elapsed})
	}
	switch {
	case e.Action == "fail":
		fmt.Print(strings.Join(said, ""))
		t.failures = append(t.failures, strings.TrimSpace(name))
		if leaf {
			t.run.count.failed++
		}
	case e.Test == "" && len(said) > 0:
		fmt.Print(said[len(said)-1])
	case e.Action == "pass" && leaf:
		t.run.count.passed++
	case e.Action == "skip" && leaf:
		t.run.count.skipped++
		t.run.unchecked = append(t.run.unchecked, name+", which skips itself: "+reason(said))
	}
}

// place is where in its file a test said something.
var place = regexp.MustCompile(`^\w+\.go:\d+: `)

// reason is what a skipped test said, without go test's own lines and the places.
func reason(said []string) string {
	var own []string
	for _, line := range said {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			own = append(own, place.ReplaceAllString(line, ""))
		}
	}
	return strings.Join(own, " ")
}

// hidden are tests of one package that the race detector's build leaves out.
type hidden struct {
	pkg   string
	tests []string
}

// measures ends the names of tests that hold what steps allocate against landed figures, the same that `make cost`
// calls. How many payers share a commit, and its cost with it, depends on what else the machine does.
const measures = "Landed"

// apart takes the tests that have to run alone from the others.
func apart(all []hidden) (others, alone []hidden) {
	add := func(to *[]hidden, pkg string, tests []string) {
		if len(tests) > 0 {
			*to = append(*to, hidden{pkg, tests})
		}
	}
	for _, h := range all {
		var rest, own []string
		for _, name := range h.tests {
			if strings.HasSuffix(name, measures) {
				own = append(own, name)
			} else {
				rest = append(rest, name)
			}
		}
		add(&others, h.pkg, rest)
		add(&alone, h.pkg, own)
	}
	return others, alone
}

// unraced are the arguments that run all of them at once. A test of another of the packages that happens to have
// the same name runs a second time.
func unraced(all []hidden) []string {
	var tests, packages []string
	for _, h := range all {
		tests, packages = append(tests, h.tests...), append(packages, h.pkg)
	}
	return append([]string{"-run", "^(" + strings.Join(tests, "|") + ")$"}, packages...)
}

// testName finds the tests and examples of a file.
var testName = regexp.MustCompile(`(?m)^func ((?:Test|Example|Fuzz)\w*)\(`)

// withoutRace compares the test files of both builds.
func (r *run) withoutRace(ctx context.Context) ([]hidden, error) {
	with, err := r.testFiles(ctx, "-race")
	if err != nil {
		return nil, err
	}
	without, err := r.testFiles(ctx)
	if err != nil {
		return nil, err
	}
	var all []hidden
	for pkg, files := range without {
		h := hidden{pkg: pkg}
		var seen []string // tests that the detector has watched
		whole := false
		for _, path := range files {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			into := &h.tests
			if slices.Contains(with[pkg], path) {
				into = &seen
			}
			for _, match := range testName.FindAllSubmatch(text, -1) {
				if name := string(match[1]); name != "TestMain" {
					*into = append(*into, name)
				} else if into == &h.tests {
					whole = true // it judges all tests of the package together, so that all have to run
				}
			}
		}
		if whole {
			h.tests = append(h.tests, seen...)
		}
		if len(h.tests) > 0 {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b hidden) int { return strings.Compare(a.pkg, b.pkg) })
	return all, nil
}

// testFiles lists each package's test files as full paths.
func (r *run) testFiles(ctx context.Context, flags ...string) (map[string][]string, error) {
	const form = `{{.ImportPath}}|{{.Dir}}|{{range .TestGoFiles}}{{.}}/{{end}}{{range .XTestGoFiles}}{{.}}/{{end}}`
	cmd := r.command(ctx, "go", slices.Concat([]string{"list", "-f", form}, flags, r.packages)...)
	cmd.Stderr = os.Stdout
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	files := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		pkg, rest, _ := strings.Cut(strings.TrimSpace(line), "|")
		dir, names, _ := strings.Cut(rest, "|")
		for name := range strings.SplitSeq(strings.TrimSuffix(names, "/"), "/") {
			if name != "" {
				files[pkg] = append(files[pkg], filepath.Join(dir, name))
			}
		}
	}
	return files, nil
}
