package web

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/observe/mask"
)

// What the edge refuses before any surface sees the request.
var (
	// ErrPANInWrongPlace: a card number stands in the address, a header or a cookie (A32). It is
	// neither stored nor echoed nor logged.
	ErrPANInWrongPlace = Reply(fiber.StatusBadRequest, &checkout.Error{Kind: checkout.KindInvalid, Code: "pan_in_wrong_place"})
	// ErrEncodedBody: bodies are small, so nobody needs to compress one, and a bomb needs it (A57).
	ErrEncodedBody = Reply(fiber.StatusUnsupportedMediaType, &checkout.Error{Kind: checkout.KindInvalid, Code: "content_encoding_not_supported"})
	// ErrWrongHost: the request is addressed to a name that is not ours.
	ErrWrongHost = Reply(fiber.StatusMisdirectedRequest, &checkout.Error{Kind: checkout.KindInvalid, Code: "wrong_host"})
)

// handle is the first handler of every request: it admits, lets the surface work, turns an error
// into its answer and tells who listens. Its frame lies under every handler's: it is kept small, so
// that the stacks of thousands of connections are.
func (e *edge) handle(c *fiber.Ctx) error {
	c.Context().SetUserValue(edgeKey{}, e)
	own := c.Route()
	err := e.admit(c)
	if err == nil {
		err = next(c)
	}
	if err != nil || e.Done != nil {
		e.finish(c, own, err)
	}
	return nil
}

// answerServer is Fiber's error handler. Errors of handlers end in handle; what comes here is a
// request that fasthttp could not read.
func (e *edge) answerServer(c *fiber.Ctx, err error) error {
	c.Context().SetUserValue(edgeKey{}, e)
	if e.large.late(c, err) {
		err = errLate
	}
	e.finish(c, nil, err)
	return nil
}

// finish answers an error, if there is one, and tells who listens. A request that still has the
// edge's own route was nobody's; one that came through no route (nil) has none, and Fiber would give
// its path instead.
func (e *edge) finish(c *fiber.Ctx, own *fiber.Route, err error) {
	var told Served
	if r := c.Route(); own != nil && r != own {
		told.Route = r.Path
	}
	if err != nil {
		told.Code, told.Ref = e.respond(c, err, told.Route)
	}
	e.tell(c, told)
}

// admit refuses what no surface should see.
func (e *edge) admit(c *fiber.Ctx) error {
	head := &c.Request().Header
	switch {
	case len(e.hosts) > 0 && !e.ours(head.Host()):
		return ErrWrongHost
	case len(head.Peek(fiber.HeaderContentEncoding)) > 0:
		return ErrEncodedBody
	case mask.HasCard(head.RequestURI()), mask.HasCard(head.RawHeaders()):
		return ErrPANInWrongPlace
	}
	return nil
}

// ours says whether a Host header names one of the configured hosts, whatever its port.
func (e *edge) ours(host []byte) bool {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	name := strings.Trim(string(host), "[]")
	for _, h := range e.hosts {
		if strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}

// tell completes what is known of the answer and passes it on.
func (e *edge) tell(c *fiber.Ctx, told Served) {
	if e.Done == nil {
		return
	}
	told.Method = methodName(c)
	told.Status = c.Response().StatusCode()
	told.Bytes = -1
	if !c.Response().IsBodyStream() {
		told.Bytes = len(c.Response().Body())
	}
	told.At = time.Now()
	if t := c.Context().Time(); !t.IsZero() {
		told.Took = told.At.Sub(t)
	}
	told.Client = ClientAddr(c)
	e.Done(told)
}

// methodName is one of a fixed set of words, so that what keeps it neither holds request memory nor
// grows with what strangers send.
func methodName(c *fiber.Ctx) string {
	for _, m := range fiber.DefaultMethods {
		if string(c.Request().Header.Method()) == m {
			return m
		}
	}
	return "other"
}

// panicked is a recovered panic. A card may have been in memory when it happened, and what a panic
// says can hold request bytes: only the kind of value, the text of a runtime error without its
// digits, and the places in the code are kept (A65).
type panicked struct {
	what  string
	where string
}

func (p *panicked) Error() string { return "panic: " + p.what + " at " + p.where }

// next runs the surface and turns a panic into an error.
func next(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = recovered(r)
		}
	}()
	return c.Next()
}

func recovered(r any) *panicked {
	p := &panicked{what: fmt.Sprintf("%T", r), where: frames()}
	var re runtime.Error
	if err, ok := r.(error); ok && errors.As(err, &re) {
		p.what = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return '#'
			}
			return r
		}, re.Error())
	}
	return p
}

// frames lists where the panic came from: functions and lines only, never their arguments.
func frames() string {
	var pcs [24]uintptr
	n := runtime.Callers(4, pcs[:]) // skips Callers, frames, recovered and the deferred function
	it := runtime.CallersFrames(pcs[:n])
	var out strings.Builder
	for {
		f, more := it.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			if out.Len() > 0 {
				out.WriteString(" < ")
			}
			fmt.Fprintf(&out, "%s:%d", f.Function, f.Line)
		}
		if !more {
			return out.String()
		}
	}
}
