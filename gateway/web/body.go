package web

import (
	"sync"

	"github.com/gofiber/fiber/v2"
)

// Body is the buffer of one answer, for handlers that write their bytes themselves. fasthttp's own pool
// keeps buffers of the size that is usual and drops the others: pages with and without compression beside
// each other made garbage of hundreds of megabytes a second, and cost three times as much.
type Body struct{ Bytes []byte }

// bodyKey finds the buffer among the request's user values, which fasthttp closes when the answer is
// written.
type bodyKey struct{}

// keptBody is how large a buffer may be that is used again.
const keptBody = 64 << 10

var bodies = sync.Pool{New: func() any { return &Body{Bytes: make([]byte, 0, 16<<10)} }}

// NewBody takes an empty buffer; it is the request's until the answer is written.
func NewBody(c *fiber.Ctx) *Body {
	b := bodies.Get().(*Body)
	b.Bytes = b.Bytes[:0]
	c.Context().SetUserValue(bodyKey{}, b)
	return b
}

// Send makes the buffer the answer's body.
func (b *Body) Send(c *fiber.Ctx) { c.Response().SetBodyRaw(b.Bytes) }

// Close gives the buffer back. It is fasthttp's to call.
func (b *Body) Close() error {
	if cap(b.Bytes) <= keptBody {
		bodies.Put(b)
	}
	return nil
}
