//go:build !race

package web_test

import (
	"runtime"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/gateway/web"
)

// Answers of one size, many of them, do not make those of another size throw their buffers away.
func TestBodiesOfAnySizeAreUsedAgain(t *testing.T) {
	const usual, many, rare, few = 3 << 10, 50_000, 6 << 10, 2000
	app := fiber.New()
	size := usual
	text := make([]byte, rare)
	app.Get("/", func(c *fiber.Ctx) error {
		b := web.NewBody(c)
		for len(b.Bytes) < size {
			b.Bytes = append(b.Bytes, text[:64]...)
		}
		b.Send(c)
		return nil
	})
	var ctx fasthttp.RequestCtx
	handler := app.Handler()
	ask := func() {
		ctx.Request.Reset()
		ctx.Response.Reset()
		ctx.Request.SetRequestURI("/")
		handler(&ctx)
		if n := len(ctx.Response.Body()); n != size {
			t.Fatalf("%d bytes instead of %d", n, size)
		}
	}
	for range many {
		ask()
	}
	size = rare
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range few {
		ask()
	}
	runtime.ReadMemStats(&after)
	if per := (after.TotalAlloc - before.TotalAlloc) / few; per > 1024 {
		t.Errorf("an answer makes garbage of %d bytes", per)
	}
}
