// Command sidebyside is `make loadtest`: it starts the gateway and its baselines (package stand), has the load
// tester measure them side by side, and sums up what it came to: a table, one page and one JSON, beside the
// load tester's own report of each part.
//
//	go run ./gateway/testenv/cmd/sidebyside [-minutes 3.5] [-out DIR] [-postgres] [-only PART,…]
//	go run ./gateway/testenv/cmd/sidebyside -soak 10    the knee, then ten minutes of payments at 80 % of it
//
// Every figure is of one run on one machine, and the verdict is over ratios: medians of rounds in which the
// targets took turns. Exit codes are the load tester's: 0 all kept, 1 a floor was broken or money lost, 2 a
// mistake in the call, 3 something could not be measured, 4 ended early. It deliberately measures nothing itself.
package main

import (
	"context"
	"encoding/json"
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

	"github.com/odelink/odelink/gateway/testenv/install"
	"github.com/odelink/odelink/gateway/testenv/stand"
	"github.com/odelink/odelink/loadtest/report"
)

// Exit codes, as the load tester's.
const (
	kept     = 0
	broken   = 1
	mistake  = 2
	unusable = 3
	early    = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "sidebyside:", err)
	}
	os.Exit(code)
}

// wish is what the call asks for.
type wish struct {
	minutes float64
	soak    float64 // minutes; 0 = side by side
	out     string
	only    string
	stand   stand.Options
}

// Bounds of the time that is measured.
const (
	leastMinutes = 0.05
	mostMinutes  = 24 * 60
)

// keys are enough for the links of a closed model: the gateway allows each a hundred calls a second.
const keys = 16

func start(ctx context.Context, args []string, out, progress io.Writer) (code int, err error) {
	w := wish{stand: stand.Options{Baselines: true, Keys: keys, Programs: []string{"./loadtest"}}}
	flags := flag.NewFlagSet("sidebyside", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.Float64Var(&w.minutes, "minutes", 3.5, "how long is measured, besides building, links and audits")
	flags.Float64Var(&w.soak, "soak", 0, "in place of all that: find the knee, then have payers come at 80 % of it for so many minutes")
	flags.StringVar(&w.out, "out", "loadtest-report", "folder of the reports")
	flags.StringVar(&w.only, "only", "", "parts to run instead of all, separated by commas: "+strings.Join(names(plan), " ")+"; with -soak "+strings.Join(names(soak), " "))
	flags.BoolVar(&w.stand.Postgres, "postgres", false, "the gateway on PostgreSQL instead of SQLite")
	flags.StringVar(&w.stand.Built, "programs", "", "folder of programs that were built (gateway, banksim, baseline, loadtest), also of another version; empty = they are built now")
	if err := flags.Parse(args); err != nil {
		return mistake, err
	}
	parts, err := w.parts(flags.Args())
	if err != nil {
		return mistake, err
	}
	if err := report.Try(w.out); err != nil {
		return mistake, err
	}
	needs := install.Redis
	if w.stand.Postgres {
		needs = slices.Concat(needs, install.Postgres)
	}
	if err := errors.Join(stand.OnDisk(), install.Missing(ctx, progress, needs)); err != nil {
		return unusable, err
	}
	fmt.Fprintln(progress, "building and starting: gateway, banks, Redis, the straightforward build, static pages")
	s, err := stand.Start(ctx, w.stand)
	if err != nil {
		return unusable, err
	}
	o := overview{Format: format, Began: time.Now().UTC(), Minutes: w.minutes, Ledger: w.ledger()}
	if w.soak > 0 {
		o.Minutes = w.soak
	}
	o.measure(ctx, s, parts, w, progress)
	err = s.End()
	o.sum()
	return o.exit(), errors.Join(err, o.deliver(w.out, out, progress))
}

func names(of []part) (all []string) {
	for _, p := range of {
		all = append(all, p.name)
	}
	return all
}

// unit is what the times of the plan, or of the soak, are multiples of.
func (w wish) unit() time.Duration {
	if w.soak > 0 {
		return time.Duration(w.soak * float64(time.Minute) / soaked)
	}
	return time.Duration(w.minutes * float64(time.Minute) / measured)
}

// parts are those that were asked for.
func (w wish) parts(rest []string) ([]part, error) {
	if len(rest) > 0 {
		return nil, fmt.Errorf("unexpected argument %q", rest[0])
	}
	if !(w.minutes >= leastMinutes && w.minutes <= mostMinutes) {
		return nil, fmt.Errorf("-minutes is %v to %v, not %v", leastMinutes, mostMinutes, w.minutes)
	}
	all := plan
	if w.soak != 0 {
		if !(w.soak >= leastMinutes && w.soak <= mostMinutes) {
			return nil, fmt.Errorf("-soak is %v to %v minutes, not %v", leastMinutes, mostMinutes, w.soak)
		}
		all = soak
	}
	if w.only == "" {
		return all, nil
	}
	var some []part
	for name := range strings.SplitSeq(w.only, ",") {
		i := slices.Index(names(all), name)
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q; there are: %s", name, strings.Join(names(all), ", "))
		}
		some = append(some, all[i])
	}
	return some, nil
}

func (w wish) ledger() string {
	if w.stand.Postgres {
		return "PostgreSQL, commits synced"
	}
	return "SQLite, commits synced"
}

// measure runs the parts one after another. One that fails does not keep the others from being measured.
func (o *overview) measure(ctx context.Context, s *stand.Stand, parts []part, w wish, progress io.Writer) {
	c := &course{unit: w.unit(), done: map[string]report.Report{}}
	for i, p := range parts {
		if ctx.Err() != nil {
			o.Ended = "ended early: " + context.Cause(ctx).Error()
			return
		}
		args := p.args(c)
		fmt.Fprintf(progress, "\n== %d of %d: %s\n", i+1, len(parts), p.title)
		dir := filepath.Join(w.out, p.name)
		result := outcome{Name: p.name, Title: p.title, About: p.about, Command: "go run ./loadtest " + shown(args), Report: p.name + "/" + report.HTMLFile}
		r, err := o.one(ctx, s, args, dir, &result.Exit, progress)
		if err != nil {
			result.Failed = err.Error()
		} else {
			c.done[p.name], o.Machine = r, r.Generator
			result.Rows, result.Warnings = rows(r), r.Warnings
			result.Broken, result.Partial = r.Verdict.Reasons, r.Verdict.Partial
		}
		o.Parts = append(o.Parts, result)
	}
}

// one runs a part and reads its report. What the load tester prints is progress here: the table of all parts
// is the verdict.
func (o *overview) one(ctx context.Context, s *stand.Stand, args []string, dir string, exit *int, progress io.Writer) (r report.Report, err error) {
	// A report of an earlier run must not be taken for this one's.
	if err := os.Remove(filepath.Join(dir, report.JSONFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		*exit = mistake
		return r, err
	}
	argv := slices.Concat([]string{s.Program("loadtest")}, args, []string{"-out", dir})
	*exit, err = s.Run(ctx, argv, progress, progress)
	if err != nil {
		*exit = unusable
		return r, err
	}
	text, err := os.ReadFile(filepath.Join(dir, report.JSONFile))
	if err != nil {
		*exit = max(*exit, unusable)
		return r, fmt.Errorf("nothing was measured (exit code %d of the load tester, which says why above)", *exit)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		*exit = unusable
		return r, fmt.Errorf("read its report: %w", err)
	}
	return r, nil
}

// shown is a call as one types it.
func shown(args []string) string {
	words := slices.Clone(args)
	for i, w := range words {
		if strings.ContainsAny(w, " <>=*") && !strings.Contains(w, "={") {
			words[i] = "'" + w + "'"
		}
	}
	return strings.Join(words, " ")
}
