package testenv

import "syscall"

// diesWithParent: whether the kernel ends servers with the process that started them.
const diesWithParent = true

// childAttributes puts a server in its own process group, away from the terminal's interrupts, and
// ties its life to ours.
func childAttributes(dying syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: dying}
}
