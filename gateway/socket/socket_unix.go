//go:build unix && (!linux || !(amd64 || arm64) || race)

package socket

import "syscall"

// Read is read(2).
func Read(fd uintptr, p []byte) (int, error) { return syscall.Read(int(fd), p) }

// Write is write(2).
func Write(fd uintptr, p []byte) (int, error) { return syscall.Write(int(fd), p) }
