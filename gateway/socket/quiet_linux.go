//go:build linux && (amd64 || arm64)

package socket

import (
	"syscall"
	"unsafe"
)

// Quiet says that a socket lives and that nothing of it waits to be read.
func Quiet(fd uintptr) bool {
	var one [1]byte
	_, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&one)), 1, syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	return e == syscall.EAGAIN
}
