// Command baseline is what load tests hold the gateway against, as a process of its own.
//
//	baseline shop    the straightforward build (package baseline): Fiber, templates, one transaction each
//	baseline static  stock Fiber that sends bytes which it has once fetched from somewhere else
//	baseline static -write-buffer 16384
//	                 the same with one write per answer
//
// It deliberately listens on loopback only, because its account's credentials are public.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/testenv/baseline"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:], os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("say 'baseline shop' or 'baseline static'")
	}
	flags := flag.NewFlagSet("baseline "+args[0], flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8090", "address to listen on, loopback only")
	var open func(ctx context.Context, addr string) (app *fiber.App, closing func() error, err error)
	switch args[0] {
	case "shop":
		open = shopFlags(flags)
	case "static":
		open = staticFlags(flags)
	default:
		return fmt.Errorf("%q is neither shop nor static", args[0])
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if host, _, err := net.SplitHostPort(*addr); err != nil || host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return fmt.Errorf("%q is no loopback address", *addr)
	}
	app, closing, err := open(ctx, *addr)
	if err != nil {
		return err
	}
	return errors.Join(serve(ctx, app, *addr), closing())
}

// serve until ctx ends.
func serve(ctx context.Context, app *fiber.App, addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- app.Listener(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	return errors.Join(app.ShutdownWithTimeout(5*time.Second), <-ended)
}

// bankConnections are kept open to the bank: what the gateway allows itself, too (threeds/internal/wire).
const bankConnections = 32

func shopFlags(flags *flag.FlagSet) func(context.Context, string) (*fiber.App, func() error, error) {
	redis := flags.String("redis", "", "URL of Redis (required)")
	database := flags.String("database", "", "path of the SQLite file (required)")
	bank := flags.String("bank", "", "base address of the simulated bank (required)")
	key := flags.String("key", "", "API key; none = no API")
	return func(ctx context.Context, addr string) (*fiber.App, func() error, error) {
		if *redis == "" || *database == "" || *bank == "" {
			return nil, nil, errors.New("-redis, -database and -bank are required")
		}
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = bankConnections
		o := baseline.Demo(*bank)
		o.Key, o.Redis, o.Database, o.PublicURL, o.Bank = *key, *redis, *database, "http://"+addr, transport
		s, err := baseline.Open(ctx, o)
		if err != nil {
			return nil, nil, err
		}
		return s.App(), s.Close, nil
	}
}

// pages are PATH=URL: what is sent where.
type pages []string

func (p *pages) String() string { return strings.Join(*p, " ") }

func (p *pages) Set(text string) error {
	if path, address, found := strings.Cut(text, "="); !found || !strings.HasPrefix(path, "/") || address == "" {
		return errors.New("is not like /page=http://…")
	}
	*p = append(*p, text)
	return nil
}

func staticFlags(flags *flag.FlagSet) func(context.Context, string) (*fiber.App, func() error, error) {
	var like pages
	flags.Var(&like, "like", "PATH=URL: answer PATH with the bytes that URL answers now; PATH ending in .gz asks it for gzip (repeatable)")
	buffer := flags.Int("write-buffer", 0, "bytes of Fiber's write buffer; 0 = its own default")
	return func(ctx context.Context, _ string) (*fiber.App, func() error, error) {
		if len(like) == 0 {
			return nil, nil, errors.New("-like is required")
		}
		app := fiber.New(fiber.Config{DisableStartupMessage: true, WriteBufferSize: *buffer})
		for _, text := range like {
			path, address, _ := strings.Cut(text, "=")
			if err := copyPage(ctx, app, path, address); err != nil {
				return nil, nil, fmt.Errorf("fetch %s: %w", path, err)
			}
		}
		return app, func() error { return nil }, nil
	}
}

// copyPage serves at path what address answers now: its bytes, type and encoding, and nothing else.
func copyPage(ctx context.Context, app *fiber.App, path, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	wish := "identity"
	if strings.HasSuffix(path, ".gz") {
		wish = "gzip"
	}
	req.Header.Set("Accept-Encoding", wish)
	req.Header.Set("Accept-Language", "tr")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", address, resp.StatusCode)
	}
	kind, encoding := resp.Header.Get("Content-Type"), resp.Header.Get("Content-Encoding")
	app.Get(path, func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, kind)
		if encoding != "" {
			c.Set(fiber.HeaderContentEncoding, encoding)
		}
		return c.Send(body)
	})
	return nil
}
