// Command banksim runs the simulated bank as a process of its own. It deliberately has no way to become a real bank: its credentials are
// public, so it listens on loopback only unless it is told that this is meant.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/odelink/odelink/threeds/banksim"
)

// stopLimit is how long open answers may take to end after SIGTERM; held ones end at once.
const stopLimit = 10 * time.Second

type config struct {
	addr         string
	data         string
	publicURL    string
	seed         int64
	hostile      bool
	unsafeListen bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "banksim:", err)
		os.Exit(1)
	}
}

// start reads the configuration and serves until ctx ends.
func start(ctx context.Context, args []string, env func(string) string, out io.Writer) error {
	c, err := configure(args, env, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	o := banksim.Options{DataFile: c.data, PublicURL: c.publicURL, Hostile: c.hostile}
	if c.seed != 0 {
		var seed [32]byte
		copy(seed[:], strconv.FormatInt(c.seed, 10))
		o.Rand = rand.NewChaCha8(seed)
	}
	bank, err := banksim.New(o)
	if err != nil {
		return err
	}
	return errors.Join(serve(ctx, c, bank, out), bank.Close())
}

// configure reads flags over environment over defaults.
func configure(args []string, env func(string) string, out io.Writer) (config, error) {
	c := config{addr: "127.0.0.1:8081", data: env("BANKSIM_DATA"), publicURL: env("BANKSIM_PUBLIC_URL")}
	if v := env("BANKSIM_ADDR"); v != "" {
		c.addr = v
	}
	if v := env("BANKSIM_HOSTILE"); v != "" {
		hostile, err := strconv.ParseBool(v)
		if err != nil {
			return config{}, fmt.Errorf("BANKSIM_HOSTILE=%q is neither true nor false", v)
		}
		c.hostile = hostile
	}
	fs := flag.NewFlagSet("banksim", flag.ContinueOnError)
	fs.SetOutput(out)
	fs.StringVar(&c.addr, "addr", c.addr, "address to listen on (BANKSIM_ADDR)")
	fs.StringVar(&c.data, "data", c.data, "file in which the books survive a restart; none keeps them in memory (BANKSIM_DATA)")
	fs.StringVar(&c.publicURL, "public-url", c.publicURL, "what addresses in the bank's forms start with; none takes each request's host (BANKSIM_PUBLIC_URL)")
	fs.BoolVar(&c.hostile, "hostile", c.hostile, "show the habits of real banks that clients must survive (BANKSIM_HOSTILE)")
	fs.Int64Var(&c.seed, "seed", 0, "makes hostile choices repeatable; 0 is real randomness")
	fs.BoolVar(&c.unsafeListen, "unsafe-listen", false, "allow an address that others can reach, although every credential is public")
	if err := fs.Parse(args); err != nil {
		return config{}, err
	}
	if fs.NArg() > 0 {
		return config{}, fmt.Errorf("unknown argument %q", fs.Arg(0))
	}
	if !c.unsafeListen && !loopback(c.addr) {
		return config{}, fmt.Errorf("%s can be reached by others and every credential of the simulated bank is public; -unsafe-listen allows it", c.addr)
	}
	return c, nil
}

// loopback says whether only this machine can reach addr.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func serve(ctx context.Context, c config, bank *banksim.Bank, out io.Writer) error {
	l, err := net.Listen("tcp", c.addr)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	describe(out, c, l.Addr())
	s := bank.Server()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	// The parent context has ended; the stop needs one that has not.
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := s.Shutdown(limit); err != nil {
		return fmt.Errorf("stopping: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	fmt.Fprintln(out, "banksim: stopped")
	return nil
}

func describe(out io.Writer, c config, addr net.Addr) {
	books := "in memory"
	if c.data != "" {
		books = "in " + c.data
	}
	habits := "polite"
	if c.hostile {
		habits = "hostile"
	}
	fmt.Fprintf(out, `banksim: a simulated bank, TEST ONLY, no real money
  open      http://%[1]s/
  dialects  http://%[1]s/payfor/Gateway/  (QNB, MbrId 5)   http://%[1]s/payfor/Mpi/  (Ziraat Katılım, MbrId 12)
  steering  http://%[1]s/_bank/charges  /_bank/requests  /_bank/faults  /_bank/cards
  password  123456 passes, 000000 fails
  books     %s; habits %s
`, addr, books, habits)
}
