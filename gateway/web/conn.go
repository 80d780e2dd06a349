package web

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// guarded is a connection that hands request heads on only when they are whole and legal, and never
// a byte beyond the request being read. What fasthttp parses is therefore what the guard parsed:
// both stand at the same place between two requests, or the connection is over.
//
// While it waits for a request it holds no buffer: it asks the system to say when there is something
// to read and only then takes one from the pool. Thousands of idle connections cost a descriptor
// and a goroutine each.
type guarded struct {
	net.Conn
	in       *Listener
	raw      syscall.RawConn // nil where the system has no such reading
	try      func(fd uintptr) bool
	put      func(fd uintptr) bool
	buf      *[MaxHead]byte
	r, w     int   // buf[r:w] is read and not handed on
	ready    int   // of it, so many bytes may be handed on
	left     int64 // body bytes of the request that are not in buf
	checked  int   // of buf[r:w], bytes that parseHead found incomplete
	got      int   // result of try
	gotErr   error
	out      []byte // what put has to send
	outErr   error  // result of put
	broken   bool   // refused; nothing more is handed on
	readBy   deadline
	writeBy  deadline
	spoke    atomic.Bool // a byte has arrived
	unread   atomic.Bool // the client may still be sending: close gently
	isClosed atomic.Bool
	parking  parking
	parked   bool // under the listener's lock
	peer     netip.Addr
	turn     turn
}

// buffers are as long as the longest head. A page of requests in the pipe shares one.
var buffers = sync.Pool{New: func() any { return new([MaxHead]byte) }}

// Read hands on at most the rest of the present request. At the end of one it waits for the next
// head; a refused head is answered here and ends the connection.
func (g *guarded) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if g.ready == 0 {
		if g.left > 0 {
			return g.readBody(p)
		}
		if err := g.nextHead(); err != nil {
			return 0, err
		}
	}
	n := copy(p, g.buf[g.r:g.r+g.ready])
	g.r += n
	g.ready -= n
	if g.r == g.w {
		g.drop()
	}
	return n, nil
}

// Write sends all of p. One at a time calls it: fasthttp, or the lane.
func (g *guarded) Write(p []byte) (int, error) {
	if g.raw == nil {
		return g.Conn.Write(p)
	}
	g.out, g.outErr = p, nil
	err := g.raw.Write(g.put)
	if err == nil {
		err = g.outErr
	}
	n := len(p) - len(g.out)
	g.out = nil
	return n, err
}

// readBody reads the rest of a body past the buffer, which is empty then.
func (g *guarded) readBody(p []byte) (int, error) {
	if int64(len(p)) > g.left {
		p = p[:g.left]
	}
	if err := g.readBy.hold(g.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	n, err := g.Conn.Read(p)
	g.left -= int64(n)
	if g.left == 0 {
		g.unread.Store(false)
	}
	return n, err
}

// nextHead returns when a legal head is ready.
func (g *guarded) nextHead() error {
	started := false
	for {
		if g.broken {
			return io.EOF
		}
		if g.r < g.w {
			h, f := parseHead(g.buf[g.r:g.w], g.checked)
			if f != faultNone {
				return g.refuse(f)
			}
			if h.size > 0 {
				answered, err := g.inLane(h)
				if err != nil {
					return err
				}
				if answered {
					started = false
					continue
				}
				g.accept(h)
				return nil
			}
			g.checked = g.w - g.r
			if !started {
				// From the first byte on, the head has its own time, whatever the connection had
				// before: an idle one waits longer for its next request than a head may take.
				started = true
				if err := g.SetReadDeadline(time.Now().Add(g.in.headTimeout)); err != nil {
					return err
				}
			}
		}
		if err := g.more(); err != nil {
			return err
		}
	}
}

// more waits for more of a head. While not a byte of it is here, the connection may be parked; its
// reader sees the end then.
func (g *guarded) more() error {
	if err := g.readBy.hold(g.Conn.SetReadDeadline); err != nil {
		return err
	}
	begun := g.r < g.w
	if !begun {
		g.parking.wait()
	}
	err := g.fill()
	if !begun {
		told, parks := g.parking.leave(err)
		if told {
			g.readBy.held = time.Time{} // telling moved it
		}
		if parks {
			g.drop()
			return io.EOF
		}
	}
	if err != nil && begun && errors.Is(err, os.ErrDeadlineExceeded) {
		return g.refuse(faultSlow)
	}
	if err != nil {
		g.drop()
	}
	return err
}

// accept makes the head, and what is there of its body, ready.
func (g *guarded) accept(h head) {
	g.checked = 0
	there := int64(g.w - g.r - h.size)
	g.ready = h.size + int(min(there, h.body))
	if g.left = h.body - min(there, h.body); g.left > 0 {
		g.unread.Store(true)
	}
}

// fill reads what has arrived into the buffer, waiting without one.
func (g *guarded) fill() error {
	if g.r > 0 {
		g.w = copy(g.buf[:], g.buf[g.r:g.w])
		g.r = 0
	}
	g.got, g.gotErr = 0, nil
	if g.raw == nil {
		g.take()
		g.got, g.gotErr = g.Conn.Read(g.buf[g.w:])
	} else if err := g.raw.Read(g.try); err != nil {
		return err
	}
	if g.got <= 0 {
		if g.gotErr == nil {
			g.gotErr = io.EOF
		}
		return g.gotErr
	}
	if g.w == 0 && !g.spoke.Load() {
		g.spoke.Store(true)
	}
	g.w += g.got
	return nil
}

func (g *guarded) take() {
	if g.buf == nil {
		g.buf = buffers.Get().(*[MaxHead]byte)
	}
}

// deadline is one direction's. fasthttp moves it up to three times for every request, each time at the price
// of a timer of the runtime's; moved it is only when something is about to wait, and then by steps of slack.
type deadline struct {
	wanted, held time.Time
}

// slack is how much earlier than asked for a deadline may fall.
const slack = time.Second

// hold makes the connection keep what is wanted.
func (d *deadline) hold(set func(time.Time) error) error {
	if off := d.wanted.Sub(d.held); off >= 0 && off < slack && !d.held.IsZero() {
		return nil
	}
	if d.wanted.IsZero() && d.held.IsZero() {
		return nil
	}
	if err := set(d.wanted); err != nil {
		return err
	}
	d.held = d.wanted
	return nil
}

// SetReadDeadline counts from the next wait on. Only the connection's reader calls it.
func (g *guarded) SetReadDeadline(t time.Time) error {
	g.readBy.wanted = t
	return nil
}

// SetWriteDeadline is net.Conn's. Only who writes calls it.
func (g *guarded) SetWriteDeadline(t time.Time) error {
	g.writeBy.wanted = t
	return g.writeBy.hold(g.Conn.SetWriteDeadline)
}

// drop gives an empty buffer back.
func (g *guarded) drop() {
	if g.buf != nil {
		buffers.Put(g.buf)
		g.buf = nil
	}
	g.r, g.w, g.ready, g.checked = 0, 0, 0, 0
}

// refuse answers a fault. The reader sees the end of the connection and closes it.
func (g *guarded) refuse(f fault) error {
	said := asked(g.buf[g.r:g.w])
	g.broken = true
	g.drop()
	g.unread.Store(true)
	g.in.refused[f].Add(1)
	g.in.answer(g.Conn, refusals[f], said)
	return io.EOF
}

// writeRefusal sends a short answer. A client that does not read it is not waited for.
func writeRefusal(c net.Conn, r refusal, extra, kind string, body []byte) {
	if err := c.SetWriteDeadline(time.Now().Add(lingerTime)); err != nil {
		return
	}
	b := make([]byte, 0, 640)
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(r.status), 10)
	b = append(b, ' ')
	b = append(b, r.reason...)
	b = append(b, "\r\nDate: "...)
	b = time.Now().UTC().AppendFormat(b, http.TimeFormat)
	b = append(b, "\r\nConnection: close\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"...)
	b = append(b, extra...)
	b = append(b, "Content-Type: "...)
	b = append(b, kind...)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	b = append(b, body...)
	_, _ = c.Write(b) // the connection ends either way
}

// A connection that is closed with unread bytes is reset by the system, and the reset overtakes the
// answer: a browser whose upload was refused would show a network error. So we stop sending, read on
// for a moment, and close then.
const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 256 << 10
)

func (g *guarded) linger() {
	half, ok := g.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || g.Conn.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, g.Conn, lingerBytes) // its end is all that is waited for
}

// Close may be called by whoever stops the server while another goroutine reads; the buffer stays
// with the reader. When the reader was told to park, closing is parking; while the lane answers, its
// answer is waited for.
func (g *guarded) Close() error {
	if g.turn.postpones() || g.parking.takeLeave() && g.in.park(g) {
		return nil
	}
	return g.end()
}

func (g *guarded) end() error {
	if !g.isClosed.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	if g.unread.Load() {
		g.linger()
	}
	err := g.Conn.Close()
	g.in.forget(g)
	return err
}
