// Command benchcompare is `make bench-compare BASE=<git revision>`: it builds the benchmarks of another revision
// and of this tree, runs them in turns, and says for each how many times longer it takes now.
//
//	go run ./gateway/testenv/cmd/benchcompare [-bench REGEXP] [-rounds 7] [-benchtime 300ms] [-slower 1.15] BASE [PACKAGE…]
//
// A time by itself says more about the machine than about the change, so none is judged: what is judged is the
// median of the rounds' ratios, both sides of a round within seconds of each other, in the opposite order every
// other round. Slower is what reaches -slower in the median and was slower in three rounds of four; where the
// rounds disagree it is called unclear, and more of them tell. What only one side has is named and not judged. Exit codes: 0 nothing is slower, 1 something is,
// 2 a mistake in the call or a revision that cannot be built. The other revision stands in a work tree of its
// own under the system's temporary folder, and is taken away again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/odelink/odelink/loadtest/measure"
)

// Exit codes.
const (
	same    = 0
	slower  = 1
	mistake = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchcompare:", err)
	}
	os.Exit(code)
}

// wish is what the call asks for.
type wish struct {
	base      string
	bench     string
	rounds    int
	benchtime string
	slower    float64
	packages  []string
}

// hot are the rooms whose benchmarks are compared unless the call names others: quick ones without a database.
// Whole servers beside each other are `make bench` and `make loadtest`.
var hot = []string{"./checkout", "./checkout/bins", "./gateway/redisstore", "./gateway/web", "./gateway/web/page", "./gateway/observe", "./gateway/velocity", "./templates"}

func read(args []string, progress io.Writer) (w wish, err error) {
	flags := flag.NewFlagSet("benchcompare", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&w.bench, "bench", ".", "which benchmarks, as go test -bench takes it")
	flags.IntVar(&w.rounds, "rounds", 7, "how often each side has its turn")
	flags.StringVar(&w.benchtime, "benchtime", "300ms", "of each benchmark in each turn, as go test takes it")
	flags.Float64Var(&w.slower, "slower", 1.15, "the median ratio of times from which on a benchmark counts as slower")
	if err := flags.Parse(args); err != nil {
		return w, err
	}
	if flags.NArg() == 0 {
		return w, errors.New("say against which revision: benchcompare BASE")
	}
	if w.rounds < 1 || w.slower <= 1 {
		return w, fmt.Errorf("rounds are at least 1, not %d, and -slower is more than 1, not %v", w.rounds, w.slower)
	}
	w.base, w.packages = flags.Arg(0), flags.Args()[1:]
	if len(w.packages) == 0 {
		w.packages = hot
	}
	return w, nil
}

func start(ctx context.Context, args []string, out, progress io.Writer) (code int, err error) {
	w, err := read(args, progress)
	if err != nil {
		return mistake, err
	}
	here, err := command(ctx, "", "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return mistake, err
	}
	dir, err := os.MkdirTemp("", "benchcompare-*")
	if err != nil {
		return mistake, err
	}
	defer os.RemoveAll(dir)
	base, err := checkOut(ctx, here, w.base, filepath.Join(dir, "base"))
	if err != nil {
		return mistake, err
	}
	defer base.leave()
	sides := []*side{{name: "base", tree: base.tree}, {name: "now", tree: here}}
	for _, s := range sides {
		fmt.Fprintf(progress, "building the benchmarks of %s\n", s.name)
		if err := s.build(ctx, filepath.Join(dir, s.name+"-tests"), w.packages); err != nil {
			return mistake, err
		}
	}
	if err := w.measure(ctx, sides, progress); err != nil {
		return mistake, err
	}
	return tell(out, compare(sides[0].rounds, sides[1].rounds), w.slower)
}

// checkedOut is a work tree of another revision.
type checkedOut struct{ repository, tree string }

func checkOut(ctx context.Context, repository, revision, tree string) (c checkedOut, err error) {
	// The revision is resolved first: what begins with a dash is no option then.
	commit, err := command(ctx, repository, "git", "rev-parse", "--verify", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return c, fmt.Errorf("there is no revision %s: %w", revision, err)
	}
	_, err = command(ctx, repository, "git", "worktree", "add", "--quiet", "--detach", tree, commit)
	return checkedOut{repository, tree}, err
}

// leave forgets the work tree, also after an interrupt.
func (c checkedOut) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, _ = command(ctx, c.repository, "git", "worktree", "remove", "--force", c.tree) // `git worktree prune` takes what is left
}

// side is one revision.
type side struct {
	name, tree string
	tests      map[string]string // programs by package
	rounds     []times
}

// times are nanoseconds an operation by benchmark.
type times map[string]float64

// build makes the test programs of the packages that the side has.
func (s *side) build(ctx context.Context, dir string, packages []string) error {
	s.tests = map[string]string{}
	for i, pkg := range packages {
		if _, err := os.Stat(filepath.Join(s.tree, pkg)); errors.Is(err, os.ErrNotExist) {
			continue // it is named where the other side has benchmarks in it
		}
		path := filepath.Join(dir, fmt.Sprint(i)+".test")
		if _, err := command(ctx, s.tree, "go", "test", "-c", "-o", path, pkg); err != nil {
			return fmt.Errorf("build the tests of %s: %w", pkg, err)
		}
		if _, err := os.Stat(path); err == nil { // a package without tests has none
			s.tests[pkg] = path
		}
	}
	return nil
}

// measure gives each side its turn at each package in every round, in the opposite order every other round: the
// two times of a ratio lie as near to each other as they can.
func (w wish) measure(ctx context.Context, sides []*side, progress io.Writer) error {
	for round := range w.rounds {
		fmt.Fprintf(progress, "round %d of %d\n", round+1, w.rounds)
		order := slices.Clone(sides)
		if round%2 == 1 {
			slices.Reverse(order)
		}
		for _, s := range sides {
			s.rounds = append(s.rounds, times{})
		}
		for _, pkg := range w.packages {
			for _, s := range order {
				if err := s.turn(ctx, w, pkg); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// turn runs a package's benchmarks once, in its folder, where its files are.
func (s *side) turn(ctx context.Context, w wish, pkg string) error {
	path, there := s.tests[pkg]
	if !there {
		return nil
	}
	text, err := command(ctx, filepath.Join(s.tree, pkg), path, "-test.run", "^$", "-test.bench", w.bench, "-test.benchtime", w.benchtime)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", s.name, pkg, err)
	}
	for name, took := range results(text) {
		s.rounds[len(s.rounds)-1][strings.TrimPrefix(pkg, "./")+" "+name] = took
	}
	return nil
}

// command runs a program in a folder, "" = this one, and answers what it printed.
func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var said strings.Builder
	cmd.Stderr = &said
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", name, err, text, said.String())
	}
	return strings.TrimSpace(string(text)), nil
}

// compared is one benchmark of both sides.
type compared struct {
	name   string
	ratios []float64 // now over base, round by round; none = only one side has it
}

// verdict is a word for it, "" = not slower.
func (c compared) verdict(bound float64) string {
	if measure.SpreadOf(c.ratios).Median < bound {
		return ""
	}
	quicker := 0
	for _, r := range c.ratios {
		if r <= 1 {
			quicker++
		}
	}
	if 4*quicker > len(c.ratios) {
		return "unclear: the rounds disagree"
	}
	return "SLOWER"
}

// tell prints the table and answers the exit code.
func tell(out io.Writer, all []compared, bound float64) (code int, err error) {
	if len(all) == 0 {
		return mistake, errors.New("no benchmark was run")
	}
	width := 0
	for _, c := range all {
		width = max(width, len(c.name))
	}
	fmt.Fprintf(out, "%-*s  now / base  lowest – highest\n", width, "time of an operation")
	for _, c := range all {
		if len(c.ratios) == 0 {
			fmt.Fprintf(out, "%-*s  only one side has it\n", width, c.name)
			continue
		}
		ratio, word := measure.SpreadOf(c.ratios), c.verdict(bound)
		if word == "SLOWER" {
			code = slower
		}
		fmt.Fprintf(out, "%-*s  %10.2f  %.2f – %.2f  %s\n", width, c.name, ratio.Median, ratio.Min, ratio.Max, word)
	}
	if code == same {
		fmt.Fprintf(out, "Nothing is clearly slower: no median of %.2f or more in which three rounds of four agree.\n", bound)
	}
	return code, nil
}
