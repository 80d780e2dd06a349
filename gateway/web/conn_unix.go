//go:build unix

package web

import "syscall"

// readable gives the connection's way of reading without holding a buffer while it waits.
func (g *guarded) readable() {
	sys, ok := g.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sys.SyscallConn()
	if err != nil {
		return
	}
	g.raw, g.try = raw, g.tryRead
}

// tryRead reads what is there and says whether anything, or the end, was.
func (g *guarded) tryRead(fd uintptr) bool {
	g.take()
	for {
		n, err := syscall.Read(int(fd), g.buf[g.w:])
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
