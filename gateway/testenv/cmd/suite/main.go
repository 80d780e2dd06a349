// Command suite is `make test`: it installs what the tests need, checks the code, starts the shared
// servers, runs every test under the race detector, stops the servers, and scans all that was written
// for card numbers. What it could not check it says in its last lines; the very last line counts tests.
//
//	go run ./gateway/testenv/cmd/suite [-keep] [-only STEP,…] [PACKAGE…]
//
// Steps: install format vet staticcheck vulnerabilities tests cards. It skips none by itself.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// patience bounds the whole run. CI gives it 90 minutes; two cores need a quarter of that, cold.
const patience = 80 * time.Minute

// step is one part of the run. Steps go on after another failed, so that one run tells all.
type step struct {
	name  string
	run   func(context.Context, *run) error
	vital bool // nothing after it makes sense without it
}

var steps = []step{
	{"install", programs, true},
	{"format", format, false},
	{"vet", vet, false},
	{"staticcheck", staticcheck, false},
	{"vulnerabilities", vulnerabilities, false},
	{"tests", tests, false},
	{"cards", cards, false},
}

func main() {
	keep := flag.Bool("keep", false, "keep the folder with everything that the run wrote")
	only := flag.String("only", "", "comma-separated steps to run instead of all")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ok, err := suite(ctx, *keep, chosen(*only), flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// chosen are the steps to run, in their order.
func chosen(only string) []step {
	if only == "" {
		return steps
	}
	var some []step
	for _, s := range steps {
		if slices.Contains(strings.Split(only, ","), s.name) {
			some = append(some, s)
		}
	}
	return some
}

func suite(ctx context.Context, keep bool, steps []step, packages []string) (bool, error) {
	r, err := newRun(packages)
	if err != nil {
		return false, err
	}
	defer r.close(keep)
	for _, s := range steps {
		fmt.Printf("== %s\n", s.name)
		start, before := time.Now(), processorTime()
		err := s.run(ctx, r)
		took := fmt.Sprintf("%s, %s of processor time", time.Since(start).Round(time.Second/10), (processorTime() - before).Round(time.Second/10))
		switch {
		case err != nil:
			r.broken = append(r.broken, s.name)
			fmt.Printf("-- %s FAILED after %s: %v\n", s.name, took, err)
		default:
			r.fine = append(r.fine, s.name)
			fmt.Printf("-- %s ok (%s)\n", s.name, took)
		}
		if err != nil && s.vital || ctx.Err() != nil {
			break
		}
	}
	r.conclude(steps)
	return len(r.broken) == 0 && ctx.Err() == nil, ctx.Err()
}

// processorTime is what this program and all that it started and saw end have used. On a machine that
// others use, too, it tells more than the clock does.
func processorTime() time.Duration {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		if syscall.Getrusage(who, &used) == nil {
			sum += time.Duration(used.Utime.Nano() + used.Stime.Nano())
		}
	}
	return sum
}

// conclude prints the last lines: what was not checked, what failed, how many tests.
func (r *run) conclude(chosen []step) {
	fmt.Println()
	for _, s := range steps {
		if !slices.ContainsFunc(chosen, func(c step) bool { return c.name == s.name }) {
			r.unchecked = append(r.unchecked, s.name+" (left out by -only)")
		}
	}
	for _, what := range r.unchecked {
		fmt.Println("not checked:", what)
	}
	for _, name := range r.broken {
		fmt.Println("FAILED:", name)
	}
	if r.counted {
		fmt.Println(r.count)
	}
}
