// Package main is the gateway: it reads the settings, opens every part from the inside out, serves,
// and stops. It deliberately knows how parts are joined and nothing of what they do.
//
//	serve     (default) the gateway for real merchants
//	demo      gateway and simulated bank on this machine, everything embedded
//	migrate   bring the ledger's tables up to date
//	bins      import an operator's BIN table
//	merchant, account, key   set up who collects, in which currencies, where, and with which API key
//	mint      sign the address of a link with an offline key
//	einvoice  put payment links into UBL-TR invoices that lie in files
//	rewrap    encrypt stored credentials under the newest master key
//	doctor    check settings, stores, banks, clock, certificate and the audit trail
//	health    ask a running gateway whether it is ready (for containers)
//	version   what this program is
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	_ "time/tzdata" // a static binary has no zone files, and report days are Istanbul's
)

// command is one subcommand. It answers what went wrong; main prints it.
type command struct {
	name string
	help string
	run  func(ctx context.Context, args []string, out io.Writer) error
}

// commands is filled in a function, because help lists the table it stands in.
func commands() []command {
	return []command{
		{"serve", "serve the gateway (default)", serve},
		{"demo", "gateway and simulated bank on this machine, everything embedded", demo},
		{"migrate", "bring the ledger's tables up to date", migrate},
		{"bins", "import FILE: override the embedded BIN table with an operator's CSV", binsCommand},
		{"merchant", "add, change, list: merchants that collect, and what the operator grants them", merchantCommand},
		{"user", "invite: let somebody in to the panel, or in again", userCommand},
		{"account", "add: give a merchant a virtual POS", accountCommand},
		{"key", "add, revoke: API keys of a merchant", keyCommand},
		{"einvoice", "FILE…: put payment links into UBL-TR invoices, before they are signed", einvoiceCommand},
		{"mint", "sign the address of a link without asking the gateway, with an offline key", mintCommand},
		{"rewrap", "encrypt stored credentials under the newest master key", rewrap},
		{"doctor", "check settings, stores, banks, clock, certificate and the audit trail", doctor},
		{"health", "ask a running gateway whether it is ready", health},
		{"version", "what this program is: its version, and the Go that built it", printVersion},
		{"help", "this list, and every setting", help},
	}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "odelink:", inWords(err))
		stop()
		os.Exit(1) // the only exit, after everything deferred has run
	}
}

// start finds the subcommand; arguments that begin with a dash belong to serve.
func start(ctx context.Context, args []string, out io.Writer) error {
	name, rest := "serve", args
	if len(args) > 0 && len(args[0]) > 0 && args[0][0] != '-' {
		name, rest = args[0], args[1:]
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, rest, out)
		}
	}
	var names []string
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return fmt.Errorf("there is no command %q; there are: %s", name, strings.Join(names, ", "))
}

// printVersion says what odelink_build_info says of a gateway that runs.
func printVersion(_ context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	b := buildInfo()
	fmt.Fprintf(out, "odelink %s (%s %s/%s)\n", b.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

func help(_ context.Context, _ []string, out io.Writer) error {
	fmt.Fprint(out, "odelink: payment links and hosted payment pages\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  %-10s %s\n", c.name, c.help)
	}
	fmt.Fprint(out, "\nSettings (environment, flag, or a line NAME=value in the file that ODELINK_CONFIG names):\n\n")
	for _, s := range settings {
		def := s.def
		if def == "" {
			def = "empty"
		}
		where := ""
		if s.demo {
			where = "demo: "
		}
		fmt.Fprintf(out, "  %-30s --%-22s %s%s (%s)\n", s.name, s.flagName(), where, s.help, def)
	}
	return nil
}
