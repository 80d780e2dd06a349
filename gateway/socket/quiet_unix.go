//go:build unix && (!linux || !(amd64 || arm64))

package socket

// Quiet says that a socket lives and that nothing of it waits to be read. Here it never knows.
func Quiet(uintptr) bool { return false }
