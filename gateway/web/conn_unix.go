//go:build unix

package web

import (
	"net"
	"os"
	"syscall"

	"github.com/odelink/odelink/gateway/socket"
)

// readable gives the connection's way of reading without holding a buffer while it waits, and of writing.
func (g *guarded) readable() {
	sys, ok := g.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return
	}
	g.raw, g.try, g.put = raw, g.tryRead, g.tryWrite
}

// tryRead reads what is there and says whether anything, or the end, was.
func (g *guarded) tryRead(fd uintptr) bool {
	g.take()
	for {
		n, err := socket.Read(fd, g.buf[g.w:])
		switch err {
		case nil:
			g.got, g.gotErr = n, nil
			return true
		case syscall.EINTR:
			continue
		case syscall.EAGAIN:
			if g.w == 0 {
				g.drop()
			}
			return false
		}
		g.got, g.gotErr = 0, err
		return true
	}
}

// tryWrite sends what is left of g.out and says whether that is done, or failed.
func (g *guarded) tryWrite(fd uintptr) bool {
	for len(g.out) > 0 {
		n, err := socket.Write(fd, g.out)
		switch err {
		case nil:
			g.out = g.out[n:]
		case syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			g.outErr = &net.OpError{Op: "write", Net: "tcp", Source: g.LocalAddr(), Addr: g.RemoteAddr(), Err: os.NewSyscallError("write", err)}
			return true
		}
	}
	return true
}
