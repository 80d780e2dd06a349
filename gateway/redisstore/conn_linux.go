//go:build linux && (amd64 || arm64)

package redisstore

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/odelink/odelink/gateway/socket"
)

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

// prompt dials as dial does, for connections that nothing encrypts, and spares their calls the scheduler (package socket).
func prompt(dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, nil
		}
		raw, err := tcp.SyscallConn()
		if err != nil {
			return nil, err
		}
		p := &prompted{Conn: tcp, raw: raw, look: look{RawConn: raw}}
		p.in.step, p.out.step, p.look.step = p.in.some, p.out.all, p.look.quiet
		return p, nil
	}
}

// prompted is a connection with one reader and one writer at a time.
type prompted struct {
	net.Conn
	raw     syscall.RawConn
	in, out transfer
	look    look
}

// transfer is one call of Read or Write. Its step is made once, so that a call allocates nothing.
type transfer struct {
	step func(fd uintptr) bool
	p    []byte
	n    int
	err  error
}

// some reads until something, or the end, was there; false = nothing is yet.
func (t *transfer) some(fd uintptr) bool {
	for {
		n, err := socket.Read(fd, t.p)
		switch err {
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			return false
		case nil:
			t.n = n
		}
		t.err = err
		return true
	}
}

// all writes until everything went; false = there is no room now.
func (t *transfer) all(fd uintptr) bool {
	for t.n < len(t.p) {
		n, err := socket.Write(fd, t.p[t.n:])
		switch err {
		case nil:
			t.n += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			t.err = err
			return true
		}
	}
	return true
}

func (p *prompted) Read(b []byte) (int, error) {
	n, err := p.run(&p.in, "read", p.raw.Read, b)
	if n == 0 && err == nil && len(b) > 0 {
		err = io.EOF
	}
	return n, err
}

func (p *prompted) Write(b []byte) (int, error) { return p.run(&p.out, "write", p.raw.Write, b) }

func (p *prompted) run(t *transfer, name string, through func(func(uintptr) bool) error, b []byte) (int, error) {
	t.p, t.n, t.err = b, 0, nil
	err := through(t.step)
	if t.p = nil; err == nil && t.err != nil {
		err = &net.OpError{Op: name, Net: "tcp", Source: p.LocalAddr(), Addr: p.RemoteAddr(), Err: os.NewSyscallError(name, t.err)}
	}
	return t.n, err
}

// SyscallConn is by what the driver looks, before each use, whether a connection has ended meanwhile or says something
// that nobody asked for.
func (p *prompted) SyscallConn() (syscall.RawConn, error) { return &p.look, nil }

// look calls the driver's function only where there is something to see.
type look struct {
	syscall.RawConn
	step func(fd uintptr) bool
	then func(fd uintptr) bool
}

func (l *look) Read(f func(fd uintptr) bool) error {
	l.then = f
	err := l.RawConn.Read(l.step)
	l.then = nil
	return err
}

func (l *look) quiet(fd uintptr) bool { return socket.Quiet(fd) || l.then(fd) }
