package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// BenchmarkView compares the link's page, in production configuration (headers, limits, metrics,
// access log), with a plain Fiber handler that sends the same bytes: whole servers on loopback,
// measured in turns, the order reversed every other round. view/static is the median of the ratios
// of throughput; the performance sheet asks for 0.65 against stock Fiber.
func BenchmarkView(b *testing.B) {
	address, token, page := benchGateway(b)
	static := benchStatic(b, page)
	view := target{address, "/p/" + token}
	plain := target{static, "/"}
	view.load(b, 200)
	plain.load(b, 200)
	b.ResetTimer()
	var ratios []float64
	for i := range b.N {
		pair := []target{view, plain}
		if i%2 == 1 {
			slices.Reverse(pair)
		}
		took := map[string]time.Duration{}
		for _, t := range pair {
			took[t.path] = t.load(b, 4000)
		}
		ratios = append(ratios, float64(took[plain.path])/float64(took[view.path]))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "view/static")
	b.ReportMetric(ratios[0], "min")
	b.ReportMetric(ratios[len(ratios)-1], "max")
	b.ReportMetric(float64(len(page)), "page-bytes")
}

// benchGateway serves a gateway with one link and answers its gzipped page.
func benchGateway(b *testing.B) (address, token string, page []byte) {
	b.Helper()
	cfg := Config{
		Demo: true, PublicURL: "http://127.0.0.1:1", DatabaseURL: "sqlite:" + b.TempDir() + "/ledger.db",
		MasterKeys: [][]byte{demoMasterKey}, LogFormat: "json", LogLevel: "info",
	}
	a, err := open(context.Background(), cfg, seams{log: discard{}})
	if err != nil {
		b.Fatal(err)
	}
	if err := a.seedDemo(context.Background(), "http://127.0.0.1:1/payfor/"); err != nil {
		b.Fatal(err)
	}
	l, err := a.flow.CreateLink(context.Background(), checkout.By{Actor: "bench"}, demoMerchant, demoLink, nil)
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- web.Server{App: a.fiber}.Run(ctx, web.Wrap(listener, web.ListenOptions{}))
	}()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := a.close(); err != nil {
			b.Error(err)
		}
	})
	address = listener.Addr().String()
	return address, string(l.Token), target{address, "/p/" + string(l.Token)}.fetch(b)
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// benchStatic is stock Fiber sending the same bytes with the same encoding.
func benchStatic(b *testing.B, page []byte) string {
	b.Helper()
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(page)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = app.Listener(listener) }() // ends with Shutdown
	b.Cleanup(func() { _ = app.Shutdown() })
	return listener.Addr().String()
}

// target is one address to ask.
type target struct{ address, path string }

func (t target) request(req *fasthttp.Request) {
	req.SetRequestURI("http://" + t.address + t.path)
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept-Language", "tr")
}

func (t target) fetch(b *testing.B) []byte {
	b.Helper()
	var req fasthttp.Request
	var resp fasthttp.Response
	t.request(&req)
	if err := fasthttp.Do(&req, &resp); err != nil || resp.StatusCode() != 200 {
		b.Fatalf("%v %d %.200s", err, resp.StatusCode(), resp.Body())
	}
	return slices.Clone(resp.Body())
}

// benchCallers is how many callers ask at once, each over a connection of its own.
const benchCallers = 16

// load makes n requests and answers how long they took.
func (t target) load(b *testing.B, n int) time.Duration {
	b.Helper()
	client := &fasthttp.HostClient{Addr: t.address, MaxConns: benchCallers}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	errs := make(chan error, benchCallers)
	start := time.Now()
	for range benchCallers {
		all.Add(1)
		go func() {
			defer all.Done()
			var req fasthttp.Request
			var resp fasthttp.Response
			t.request(&req)
			for range n / benchCallers {
				if err := client.Do(&req, &resp); err != nil || resp.StatusCode() != 200 {
					errs <- fmt.Errorf("%w, status %d", err, resp.StatusCode())
					return
				}
			}
		}()
	}
	all.Wait()
	took := time.Since(start)
	select {
	case err := <-errs:
		b.Fatal(err)
	default:
	}
	return took
}
