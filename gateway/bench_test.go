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
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/web"
)

// BenchmarkView compares the link's page, in production configuration (headers, limits, metrics, access
// log) and looked up in Redis at every view, with what bounds it and with what one would write without
// measuring: whole servers on loopback, measured in turns, the order reversed every other round. Each
// figure is the median of the rounds' ratios of throughput, our client's own cost included.
//
//	view/static          stock Fiber sending the same bytes; the performance sheet asks for 0.65
//	view/tuned           the same with one write per answer; 0.50
//	view/straightforward GET, JSON, html/template, compressed at every request; 10
//	view/per-language    the same with a template per language, in which the texts stand; 4
//	memory/static        the view without Redis
func BenchmarkView(b *testing.B) {
	memory := benchGateway(b, "", false)
	hot := benchGateway(b, testenv.Redis(b), false)
	answer := hot.fetch(b)
	plain := benchStatic(b, answer, fiber.Config{})
	tuned := benchStatic(b, answer, fiber.Config{WriteBufferSize: 16 << 10})
	straight, language := benchStraightforward(b)
	rates := inTurns(b, 4000, hot, memory, plain, tuned, straight, language)
	b.ReportMetric(medianRatio(rates, 0, 2), "view/static")
	b.ReportMetric(medianRatio(rates, 0, 3), "view/tuned")
	b.ReportMetric(medianRatio(rates, 0, 4), "view/straightforward")
	b.ReportMetric(medianRatio(rates, 0, 5), "view/per-language")
	b.ReportMetric(medianRatio(rates, 1, 2), "memory/static")
	b.ReportMetric(float64(len(answer.body)), "page-bytes")
}

// BenchmarkInstallments compares the offers for a BIN with an answer of the same bytes; the sheet asks
// for 0.85.
func BenchmarkInstallments(b *testing.B) {
	t := benchGateway(b, "", true) // one address asks for all
	t.path += "/installments?bin=415565"
	answer := t.fetch(b)
	rates := inTurns(b, 4000, t, benchStatic(b, answer, fiber.Config{}))
	b.ReportMetric(medianRatio(rates, 0, 1), "offers/static")
	b.ReportMetric(float64(len(answer.body)), "answer-bytes")
}

// inTurns measures n requests to each target in every round and answers rates[round][target] per second.
func inTurns(b *testing.B, n int, targets ...target) [][]float64 {
	b.Helper()
	for _, t := range targets {
		t.load(b, n/10)
	}
	b.ResetTimer()
	var rates [][]float64
	for i := range b.N {
		round := make([]float64, len(targets))
		for k := range targets {
			if i%2 == 1 {
				k = len(targets) - 1 - k
			}
			round[k] = float64(n) / targets[k].load(b, n).Seconds()
		}
		rates = append(rates, round)
	}
	return rates
}

func medianRatio(rates [][]float64, of, to int) float64 {
	var ratios []float64
	for _, r := range rates {
		ratios = append(ratios, r[of]/r[to])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}

// median is the median of one target's rates.
func median(rates [][]float64, of int) float64 {
	var all []float64
	for _, r := range rates {
		all = append(all, r[of])
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// benchGateway serves a gateway with one link.
func benchGateway(b *testing.B, redis string, limitsOff bool) target {
	b.Helper()
	a, address := benchServeGateway(b, Config{
		Demo: true, PublicURL: "http://127.0.0.1:1", DatabaseURL: "sqlite:" + b.TempDir() + "/ledger.db", RedisURL: redis,
		MasterKeys: [][]byte{demoMasterKey}, LogFormat: "json", LogLevel: "info", LimitsOff: limitsOff,
	})
	l, err := a.flow.CreateLink(context.Background(), checkout.By{Actor: "bench"}, demoMerchant, demoLink, nil)
	if err != nil {
		b.Fatal(err)
	}
	return target{address, "/p/" + string(l.Token)}
}

// benchServeGateway serves a gateway with the demo's merchant until the benchmark ends.
func benchServeGateway(b testing.TB, cfg Config) (a *app, address string) {
	b.Helper()
	a, err := open(context.Background(), cfg, seams{log: discard{}})
	if err != nil {
		b.Fatal(err)
	}
	if err := a.seedDemo(context.Background(), benchBankURL); err != nil {
		b.Fatal(err)
	}
	listener := benchListener(b)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- a.server().Run(ctx, web.Wrap(listener, web.ListenOptions{Exempt: cfg.TrustedProxies}))
	}()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		a.flow.Wait()
		if err := a.close(); err != nil {
			b.Error(err)
		}
	})
	return a, listener.Addr().String()
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// benchStatic is Fiber sending the same bytes with the same headers of content.
func benchStatic(b *testing.B, like sent, cfg fiber.Config) target {
	cfg.DisableStartupMessage = true
	app := fiber.New(cfg)
	app.Get("/", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, like.mime)
		if like.encoding != "" {
			c.Set(fiber.HeaderContentEncoding, like.encoding)
		}
		return c.Send(like.body)
	})
	return benchServe(b, app, "/")
}

// benchStraightforward is the same page as a competent team writes it before measuring, and with a template
// per language.
func benchStraightforward(b *testing.B) (straight, language target) {
	b.Helper()
	s := newBaseline(b, newQuickBank(b))
	token, err := s.NewLink(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	straight = benchServe(b, s.App(), "/p/"+token)
	return straight, target{straight.address, "/l/" + token}
}

func benchServe(b *testing.B, app *fiber.App, path string) target {
	listener := benchListener(b)
	go func() { _ = app.Listener(listener) }() // ends with Shutdown
	b.Cleanup(func() { _ = app.Shutdown() })
	return target{listener.Addr().String(), path}
}

func benchListener(b testing.TB) net.Listener {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return listener
}

// target is one address to ask.
type target struct{ address, path string }

func (t target) request(req *fasthttp.Request) {
	req.SetRequestURI("http://" + t.address + t.path)
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept-Language", "tr")
}

// sent is what a target answered.
type sent struct {
	body           []byte
	mime, encoding string
}

func (t target) fetch(b *testing.B) sent {
	b.Helper()
	var req fasthttp.Request
	var resp fasthttp.Response
	t.request(&req)
	if err := fasthttp.Do(&req, &resp); err != nil || resp.StatusCode() != 200 {
		b.Fatalf("%v %d %.200s", err, resp.StatusCode(), resp.Body())
	}
	return sent{slices.Clone(resp.Body()), string(resp.Header.ContentType()), string(resp.Header.ContentEncoding())}
}

// benchCallers is how many callers ask at once, each over a connection of its own.
const benchCallers = 64

// load makes n requests and answers how long they took.
func (t target) load(b *testing.B, n int) time.Duration {
	b.Helper()
	client := &fasthttp.HostClient{Addr: t.address, MaxConns: benchCallers}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	errs := make(chan error, benchCallers)
	start := time.Now()
	for range benchCallers {
		all.Go(func() {
			var req fasthttp.Request
			var resp fasthttp.Response
			t.request(&req)
			for range n / benchCallers {
				if err := client.Do(&req, &resp); err != nil || resp.StatusCode() != 200 {
					errs <- fmt.Errorf("%w, status %d", err, resp.StatusCode())
					return
				}
			}
		})
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
