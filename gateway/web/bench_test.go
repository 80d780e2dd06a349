//go:build unix

package web_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/gateway/web"
)

// view is what a phone sends for a page.
const view = "GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: pay.example\r\nConnection: keep-alive\r\n" +
	"User-Agent: Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" +
	"Accept-Language: tr-TR,tr;q=0.9,en-US;q=0.8,en;q=0.7\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nUpgrade-Insecure-Requests: 1\r\n\r\n"

var answered = bytes.Repeat([]byte("x"), 3<<10)

// BenchmarkServer compares, in one run, what the guard and the edge cost. The ratios of cpu-ns/op
// count, not the figures; the client's work is in all of them.
func BenchmarkServer(b *testing.B) {
	handler := func(c *fiber.Ctx) error { return c.Send(answered) }
	plain := func() *fiber.App {
		app := fiber.New(fiber.Config{DisableStartupMessage: true, ReduceMemoryUsage: true, WriteBufferSize: 16 << 10, ReadBufferSize: web.MaxHead})
		app.Get("/p/:token", handler)
		return app
	}
	edge := func() *fiber.App {
		app := web.NewApp(web.Config{})
		app.Get("/p/:token", handler)
		return app
	}
	for _, bc := range []struct {
		name  string
		app   func() *fiber.App
		guard bool
	}{
		{"fiber", plain, false},
		{"fiber+guard", plain, true},
		{"edge", edge, false},
		{"edge+guard", edge, true},
	} {
		b.Run(bc.name, func(b *testing.B) { hammer(b, bc.app(), bc.guard) })
	}
}

func hammer(b *testing.B, app *fiber.App, guard bool) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr := ln.Addr().String()
	if guard {
		ln = web.Wrap(ln, web.ListenOptions{})
	}
	go app.Listener(ln)  //nolint:errcheck // ended below
	defer app.Shutdown() //nolint:errcheck // the benchmark is over
	b.ReportAllocs()
	b.SetParallelism(8)
	before := cpuTime(b)
	defer func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }()
	b.RunParallel(func(pb *testing.PB) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		var res fasthttp.Response
		for pb.Next() {
			if _, err := io.WriteString(c, view); err != nil {
				b.Error(err)
				return
			}
			if err := res.Read(r); err != nil || res.StatusCode() != 200 {
				b.Errorf("%d %v", res.StatusCode(), err)
				return
			}
		}
	})
}

// cpuTime is what this process has used so far, in nanoseconds: steadier than the clock on a machine
// that does other work.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkAdmit is the edge's own work on one request, without a network.
func BenchmarkAdmit(b *testing.B) {
	app := web.NewApp(web.Config{})
	app.Get("/p/:token", func(c *fiber.Ctx) error { return nil })
	h := app.Handler()
	var req fasthttp.RequestCtx
	if err := req.Request.Read(bufio.NewReader(strings.NewReader(view))); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		h(&req)
	}
}
