// Command stand starts all that a load test needs (package stand), runs a command beside it, ends everything
// and exits as the command did.
//
//	go run ./gateway/testenv/cmd/stand [-postgres] [-cluster] [-gateways N] [-baselines] [-programs DIR] -- COMMAND …
//
// In the command's words {gateway}, {key}, {bank} and the other names of Stand.Names are replaced; its
// environment has them as STAND_GATEWAY, STAND_KEY and so on. Without a command the names are printed, and
// everything stands until Ctrl-C. It installs what it lacks, as `make test` does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/odelink/odelink/gateway/testenv/install"
	"github.com/odelink/odelink/gateway/testenv/stand"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "stand:", err)
	}
	stop()
	os.Exit(code)
}

// cannot is the exit code when nothing could be started: package loadtest's own for an unusable target.
const cannot = 3

func start(ctx context.Context, args []string, out, progress io.Writer) (code int, err error) {
	var o stand.Options
	flags := flag.NewFlagSet("stand", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.BoolVar(&o.Postgres, "postgres", false, "PostgreSQL with synced commits instead of SQLite")
	flags.BoolVar(&o.Cluster, "cluster", false, "a Redis Cluster of three masters instead of one Redis")
	flags.IntVar(&o.Gateways, "gateways", 1, "gateways on one Redis and one PostgreSQL")
	flags.IntVar(&o.Keys, "keys", 8, "API keys: the gateway allows each a hundred calls a second, links are made with all in turn")
	flags.BoolVar(&o.Baselines, "baselines", false, "the straightforward build and the static pages, too")
	flags.StringVar(&o.Built, "programs", "", "folder of programs that were built (gateway, banksim, baseline), also of another version; empty = they are built now")
	if err := flags.Parse(args); err != nil {
		return 2, err
	}
	if err := stand.OnDisk(); err != nil {
		return cannot, err
	}
	needs := install.Redis
	if o.Postgres {
		needs = slices.Concat(needs, install.Postgres)
	}
	if err := install.Missing(ctx, progress, needs); err != nil {
		return cannot, err
	}
	fmt.Fprintln(progress, "stand: building and starting")
	s, err := stand.Start(ctx, o)
	if err != nil {
		return cannot, err
	}
	if flags.NArg() > 0 {
		if code, err = s.Run(ctx, flags.Args(), out, progress); err != nil {
			code = cannot
		}
	} else {
		show(ctx, out, s.Names())
	}
	return code, errors.Join(err, s.End())
}

// show prints the names and waits.
func show(ctx context.Context, out io.Writer, names map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(out, "%-10s %s\n", name, names[name])
	}
	<-ctx.Done()
}
