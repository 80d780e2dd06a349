//go:build unix

package web_test

import (
	"net"
	"runtime"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web"
)

// The performance page asks for at most half of what stock Fiber keeps per idle connection.
func TestAnIdleConnectionCostsLessThanHalfOfStockFibers(t *testing.T) {
	stock := fiber.New(fiber.Config{DisableStartupMessage: true})
	stock.Get("/x", func(c *fiber.Ctx) error { return c.SendString("ok") })
	theirs := idleCost(t, stock, func(ln net.Listener) net.Listener { return ln })
	ours := idleCost(t, echo(nil), func(ln net.Listener) net.Listener { return web.Wrap(ln, web.ListenOptions{}) })
	t.Logf("idle connection: %d bytes, stock Fiber %d, ratio %.2f", ours, theirs, float64(ours)/float64(theirs))
	if 2*ours > theirs {
		t.Errorf("%d bytes per idle connection, stock Fiber has %d", ours, theirs)
	}
}

// idleCost is the heap and stack bytes per connection that had one request and waits for the next.
func idleCost(t *testing.T, app *fiber.App, wrap func(net.Listener) net.Listener) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	go app.Listener(wrap(ln)) //nolint:errcheck // ended below
	defer app.Shutdown()      //nolint:errcheck // measured already
	const conns = 1000
	open := make([]net.Conn, conns)
	before := memory()
	for i := range open {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		send(t, c, get("/x"))
		if _, err := c.Read(make([]byte, 512)); err != nil {
			t.Fatal(err)
		}
		open[i] = c
	}
	return (memory() - before) / conns
}

func memory() int {
	runtime.GC()
	runtime.GC() // empties the pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}
