//go:build unix

package web_test

import (
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web"
)

// deep uses as much stack as a handler that goes through a store and a template: what a goroutine
// needed once, its stack keeps.
//
//go:noinline
func deep(n int) int {
	var frame [256]byte
	frame[n%len(frame)] = byte(n)
	if n == 0 {
		return 0
	}
	return deep(n-1) + int(frame[n%len(frame)])
}

// The performance page asks for at most half of what stock Fiber keeps per idle connection, and aims
// at 0.35. Stock Fiber answers from its first handler here; ours does work.
func TestAnIdleConnectionCostsLessThanAThirdOfStockFibers(t *testing.T) {
	stock := fiber.New(fiber.Config{DisableStartupMessage: true})
	stock.Get("/x", func(c *fiber.Ctx) error { return c.SendString("ok") })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stock.Server().MaxIdleWorkerDuration = quickly
	go stock.Listener(ln) //nolint:errcheck // ended below
	theirs := idleCost(t, ln.Addr().String(), func() {})
	if err := stock.Shutdown(); err != nil {
		t.Fatal(err)
	}
	fewGoroutines(t, 100)

	app := web.NewApp(web.Config{})
	app.Get("/x", func(c *fiber.Ctx) error { deep(20); return c.SendString("ok") })
	app.Server().MaxIdleWorkerDuration = quickly
	h := serve(t, app, web.ListenOptions{})
	ours := idleCost(t, h.addr, func() {
		h.park(t, idleConns)
		fewGoroutines(t, idleConns+100)
	})
	t.Logf("idle connection: %d bytes, stock Fiber %d, ratio %.2f", ours, theirs, float64(ours)/float64(theirs))
	if 3*ours > theirs {
		t.Errorf("%d bytes per idle connection, stock Fiber has %d", ours, theirs)
	}
}

const idleConns = 1000

// quickly is how soon workers without a connection end here; otherwise they stay ten seconds.
const quickly = 20 * time.Millisecond

// fewGoroutines waits until there are at most n.
func fewGoroutines(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > n; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, want %d", runtime.NumGoroutine(), n)
		}
	}
}

// idleCost is the heap and stack bytes per connection that had one request and waits for the next.
func idleCost(t *testing.T, addr string, settle func()) int {
	t.Helper()
	open := make([]net.Conn, idleConns)
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
	settle()
	return (memory() - before) / idleConns
}

func memory() int {
	runtime.GC()
	runtime.GC() // empties the pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}
