//go:build unix && !linux

package testenv

import "syscall"

// diesWithParent: whether the kernel ends servers with the process that started them.
const diesWithParent = false

// childAttributes puts a server in its own process group, away from the terminal's interrupts. These
// systems do not tie a child's life to its parent's: the shell of cleanAfterExit does.
func childAttributes(syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
