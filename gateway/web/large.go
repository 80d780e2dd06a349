package web

import (
	"bytes"
	"errors"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/checkout"
)

// largeBegun is how many bytes of bodies longer than MaxBody may begin within BodyTimeout, all addresses
// together. A body is whole or given up after that time, so what strangers can make us hold at once is twice
// this; it is a hundred invoices of 125 KB a second.
const largeBegun = 128 << 20

// largeBodies lets some addresses take longer bodies than MaxBody, as many as memory bears (A57).
type largeBodies struct {
	paths map[string]int // POST to this path: so many bytes

	mu    sync.Mutex
	since time.Time
	begun int64
}

// admit is asked between head and body of every request.
func (l *largeBodies) admit(head *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
	size := head.ContentLength()
	if size > MaxBody && size <= l.limit(head) && l.begin(int64(size), time.Now()) {
		c.MaxRequestBodySize = size
	}
	return c
}

// limit is how long a body to this address may be.
func (l *largeBodies) limit(head *fasthttp.RequestHeader) int {
	if !head.IsPost() {
		return MaxBody
	}
	path, _, _ := bytes.Cut(head.RequestURI(), []byte("?"))
	return max(MaxBody, l.paths[string(path)])
}

func (l *largeBodies) begin(size int64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) > BodyTimeout {
		l.since, l.begun = now, 0
	}
	if l.begun+size > largeBegun {
		return false
	}
	l.begun += size
	return true
}

// late says that a body was refused only because too many others were on their way.
func (l *largeBodies) late(c *fiber.Ctx, err error) bool {
	var f *fiber.Error
	head := &c.Request().Header
	return errors.As(err, &f) && f.Code == fiber.StatusRequestEntityTooLarge && head.ContentLength() > MaxBody && head.ContentLength() <= l.limit(head)
}

// errLate asks whoever sent such a body to come again.
var errLate = checkout.ErrVelocity.After(BodyTimeout)
