// Command scale is `make scale`: it measures how the gateway grows. Ledgers are filled with a thousand to many
// million links and payments (package seed), the gateway serves them as in production, and each point of a curve
// is taken in turns with a small neighbour on the same machine, so that its ratio says something.
//
//	links        bytes in Redis, start, views, and Redis losing everything while pages are asked for
//	idle         memory of a connection that waits, against stock Fiber's
//	payments     bytes, durable units and lists, in SQLite and PostgreSQL
//	panel        every page of the panel against 100 ms and 60 kB, in both; with payments on a tenth as many links
//
//	go run ./gateway/testenv/cmd/scale [-links 100000] [-payments 100000] [-out DIR] [-only PART,…]
//
// It writes scale.json and one page, scale.html. Exit codes are the load tester's: 0 every floor kept, 1 one
// was broken, 2 a mistake in the call, 3 something could not be measured.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/install"
	"github.com/odelink/odelink/gateway/testenv/stand"
)

// Exit codes, as the load tester's.
const (
	kept     = 0
	broken   = 1
	mistake  = 2
	unusable = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "scale:", err)
	}
	os.Exit(code)
}

// wish is what the call asks for.
type wish struct {
	links, stored, payments, inside, idle int
	panelLinks                            int
	rounds                                int
	turn                                  time.Duration
	out, only, programs, databases        string
}

var (
	parts     = []string{"links", "idle", "payments", "panel"}
	databases = []string{"SQLite", "PostgreSQL"}
)

func start(ctx context.Context, args []string, out, progress io.Writer) (code int, err error) {
	var w wish
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.IntVar(&w.links, "links", 100_000, "the most links; every power of ten from a thousand is measured")
	flags.IntVar(&w.stored, "stored", 100_000_000, "the most links that are stored in the ledger; beyond, Redis alone is filled, and what reads the ledger is not measured")
	flags.IntVar(&w.payments, "payments", 100_000, "payments in each database")
	flags.IntVar(&w.inside, "inside", 1_000_000, "the most links that are also kept without Redis, in the gateway's memory")
	flags.IntVar(&w.idle, "idle", 10_000, "idle connections")
	flags.IntVar(&w.rounds, "rounds", 5, "rounds in which the sides take turns")
	flags.DurationVar(&w.turn, "turn", 2*time.Second, "one side's turn")
	flags.StringVar(&w.out, "out", "scale-report", "folder of the report")
	flags.StringVar(&w.only, "only", strings.Join(parts, ","), "parts to measure")
	flags.StringVar(&w.databases, "databases", strings.Join(databases, ","), "databases of the payments")
	flags.StringVar(&w.programs, "programs", "", "folder of built programs (gateway, emptyfiber), also of another version; empty = they are built now")
	if err := flags.Parse(args); err != nil {
		return mistake, err
	}
	if err := w.check(flags.Args()); err != nil {
		return mistake, err
	}
	w.panelLinks = w.payments / 10
	if err := os.MkdirAll(w.out, 0o755); err != nil {
		return mistake, err
	}
	needs := install.Redis
	if w.wants("payments") || w.wants("panel") {
		needs = slices.Concat(needs, install.Postgres)
	}
	if err := errors.Join(stand.OnDisk(), install.Missing(ctx, progress, needs)); err != nil {
		return unusable, err
	}
	c, err := w.course(ctx, progress)
	if err != nil {
		return unusable, err
	}
	r := newReport(w)
	err = c.all(ctx, w, &r)
	r.finish(err)
	if code = r.exit(); err != nil {
		code = unusable
	}
	return code, errors.Join(err, r.deliver(w.out, out))
}

func (w wish) wants(part string) bool { return slices.Contains(strings.Split(w.only, ","), part) }

func (w wish) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q", rest[0])
	}
	for _, some := range []struct{ asked, of []string }{{strings.Split(w.only, ","), parts}, {strings.Split(w.databases, ","), databases}} {
		for _, name := range some.asked {
			if !slices.Contains(some.of, name) {
				return fmt.Errorf("%q is none of: %s", name, strings.Join(some.of, ", "))
			}
		}
	}
	for name, n := range map[string]int{"-links": w.links, "-stored": w.stored, "-payments": w.payments} {
		if n < few || n > 100_000_000 {
			return fmt.Errorf("%s is %d to 100000000, not %d", name, few, n)
		}
	}
	if w.rounds < 1 || w.idle < 1 || w.turn <= 0 {
		return errors.New("-rounds, -idle and -turn are more than 0")
	}
	return nil
}

// course builds the programs and makes the folder of the ledgers.
func (w wish) course(ctx context.Context, progress io.Writer) (c course, err error) {
	began := time.Now()
	c = course{points: decades(few, w.links), stored: w.stored, inside: w.inside, rounds: w.rounds, turn: w.turn, programs: programs(w.programs), progress: func(format string, args ...any) {
		fmt.Fprintf(progress, "%7.0f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}}
	if c.folder, err = testenv.Folder("scale"); err != nil {
		return c, err
	}
	if w.programs != "" {
		absolute, err := filepath.Abs(w.programs) // they run in folders of their own
		c.programs = programs(absolute)
		return c, err
	}
	c.progress("building")
	c.programs = programs(filepath.Join(c.folder, "programs"))
	return c, stand.Build(ctx, string(c.programs), "./gateway/testenv/cmd/emptyfiber")
}

// all measures the parts that were asked for; one that fails does not keep the others from being measured.
func (c course) all(ctx context.Context, w wish, r *report) error {
	var errs []error
	if w.wants("links") {
		var err error
		r.Links, err = c.curve(ctx)
		errs = append(errs, err)
	}
	if w.wants("idle") && ctx.Err() == nil {
		i, err := c.idle(ctx, w.idle, min(w.rounds, 3))
		r.Idle = &i
		errs = append(errs, err)
	}
	if w.wants("payments") {
		for kind := range strings.SplitSeq(w.databases, ",") {
			if ctx.Err() != nil {
				break
			}
			b, err := c.payments(ctx, kind, w.payments)
			r.Payments = append(r.Payments, b)
			errs = append(errs, err)
		}
	}
	if w.wants("panel") {
		for kind := range strings.SplitSeq(w.databases, ",") {
			if ctx.Err() != nil {
				break
			}
			p, err := c.panel(ctx, kind, w)
			r.Panel = append(r.Panel, p)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
