package web

import (
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Stream makes what body reads the answer's body, of whatever length. Each piece has WriteTimeout to be
// accepted, not the whole answer. An error of body in the middle ends the connection without the end of the
// body, so that no client takes the half for the whole; it is logged here, where it is answered. closed, when
// not nil, is called once when the last byte is written or nothing more will be.
func Stream(c *fiber.Ctx, body io.Reader, closed func()) {
	s := &stream{body: body, conn: c.Context().Conn(), log: edgeOf(c).Log, route: c.Route().Path, closed: closed}
	if string(c.Request().Header.Method()) == fiber.MethodHead {
		c.Response().Header.SetContentLength(-1) // as of the GET; the server sends no body
		_ = s.Close()                            // never fails
		return
	}
	c.Context().SetBodyStream(s, -1)
}

// stream is read by the goroutine that writes the answer.
type stream struct {
	body   io.Reader
	conn   net.Conn
	log    *slog.Logger
	route  string
	closed func()
	once   sync.Once
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	if err != nil && err != io.EOF {
		s.log.Error("answer cut off", "route", s.route, "err", err)
		return n, err
	}
	if s.conn != nil {
		if late := s.conn.SetWriteDeadline(time.Now().Add(WriteTimeout)); late != nil {
			return n, late // the connection is gone
		}
	}
	return n, err
}

// Close is fasthttp's to call.
func (s *stream) Close() error {
	if s.closed != nil {
		s.once.Do(s.closed)
	}
	return nil
}
