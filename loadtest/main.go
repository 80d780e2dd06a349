// Command loadtest measures a payment-link gateway as a stranger: over HTTP, with an API key, against a
// simulated bank. It deliberately has nothing of the gateway's code, and refuses to follow a form to any
// bank but the simulated one.
//
//	loadtest run SCENARIO       one target: latencies, errors, thresholds, the books
//	loadtest knee SCENARIO      one target at rising rates, until it does not follow
//	loadtest compare SCENARIO   targets in turn: ratios of the first over the others
//	loadtest help               flags, scenarios, exit codes
//
// A scenario is a file, or the name of one that is built in (scenarios/). Exit codes: 0 everything that was
// demanded was kept; 1 it was not, or money was lost; 2 the call or the scenario is a mistake, or the report
// could not be written; 3 the target cannot be used; 4 ended early, and nothing was broken until then.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/odelink/odelink/loadtest/report"
	"github.com/odelink/odelink/loadtest/run"
	"github.com/odelink/odelink/loadtest/verdict"
)

// Exit codes.
const (
	exitKept     = 0
	exitBroken   = 1
	exitMistake  = 2
	exitUnusable = 3
	exitPartial  = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second interrupt ends at once
		fmt.Fprintln(os.Stderr, "\nending: ways that have begun are gone to their end, and what was seen is reported; once more to stop at once")
	})
	code := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	os.Exit(code)
}

// start does what the arguments say and answers the exit code. The verdict goes to out, everything else to
// progress.
func start(ctx context.Context, args []string, out, progress io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		fmt.Fprint(out, help())
		return exitKept
	}
	c, err := parse(args)
	if err == nil {
		err = report.Try(c.out)
	}
	if err != nil {
		fmt.Fprintf(progress, "%s\n\n`loadtest help` says how it is called.\n", err)
		return exitMistake
	}
	r, err := c.carryOut(ctx, newTerminal(progress))
	if err != nil {
		return refused(ctx, err, progress)
	}
	return deliver(r, c.out, out, progress)
}

// refused says why nothing was measured.
func refused(ctx context.Context, err error, progress io.Writer) int {
	var unusable *run.Unusable
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(progress, "ended before anything was measured")
		return exitPartial
	case errors.As(err, &unusable):
		fmt.Fprintln(progress, err)
		return exitUnusable
	}
	fmt.Fprintln(progress, err)
	return exitMistake
}

// carryOut makes the test and judges it.
func (c call) carryOut(ctx context.Context, t *terminal) (report.Report, error) {
	defer t.end()
	switch c.kind {
	case verdict.Knee:
		k, err := run.Knee(ctx, c.targets[0], c.scenario, c.step, c.hold, t.watch())
		if err != nil {
			return report.Report{}, err
		}
		return report.OfKnee(k, verdict.Judge(c.judged, c.aside, verdict.OfKnee(k)), time.Now()), nil
	case verdict.Compare:
		got, err := run.Compare(ctx, c.targets, c.scenario, run.Plan{Rounds: c.rounds, Span: c.step, Open: c.open, Alone: c.alone}, t.watch())
		if err != nil {
			return report.Report{}, err
		}
		return report.OfComparison(got, verdict.Judge(c.judged, c.aside, verdict.OfComparison(got)), time.Now()), nil
	}
	r, err := run.Once(ctx, c.targets[0], c.scenario, t.watch())
	if err != nil {
		return report.Report{}, err
	}
	return report.OfRun(r, verdict.Judge(c.judged, c.aside, verdict.OfRun(r)), time.Now()), nil
}

// deliver prints the verdict first: it is kept even where no file can be written.
func deliver(r report.Report, dir string, out, progress io.Writer) int {
	code := exitKept
	switch {
	case !r.Verdict.Kept:
		code = exitBroken // also of a part: what was broken once was broken
	case r.Verdict.Partial:
		code = exitPartial
	}
	if err := r.Text(out); err != nil {
		fmt.Fprintf(progress, "the verdict cannot be printed: %s\n", err)
	}
	err := report.Save(dir, r)
	if err == nil {
		fmt.Fprintf(progress, "  report: %s/%s, every figure: %s/%s\n", dir, report.HTMLFile, dir, report.JSONFile)
		return code
	}
	fmt.Fprintf(progress, "the report cannot be written: %s\n", err)
	if path, err := report.Rescue(r); err == nil {
		fmt.Fprintf(progress, "every figure is in %s instead\n", path)
	} else {
		fmt.Fprintf(progress, "nor can the figures be kept elsewhere (%s): what is printed above is all\n", err)
	}
	return exitMistake
}
