package run

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// burden is a process's processor time so far and its memory (proc(5)).
func burden(pid int) (cpu time.Duration, rss int64) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0
	}
	_, after, _ := bytes.Cut(text, []byte(") ")) // the name before may hold anything
	fields := bytes.Fields(after)
	if len(fields) < 22 {
		return 0, 0
	}
	number := func(i int) int64 {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	const tick = time.Second / 100 // USER_HZ, fixed on Linux
	return time.Duration(number(11)+number(12)) * tick, number(21) * int64(os.Getpagesize())
}

// listener is the process that listens at an address of this machine, 0 when none is found.
func listener(address string) int {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	if ip := net.ParseIP(strings.Trim(name, "[]")); name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return 0
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return 0
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if inode := listening(table, uint16(n)); inode != "" {
			return owner("socket:[" + inode + "]")
		}
	}
	return 0
}

// listening finds a listening socket's inode in a kernel table (proc(5)): local address in the second
// column, state 0A in the fourth, inode in the tenth.
func listening(table string, port uint16) (inode string) {
	text, err := os.ReadFile(table)
	if err != nil {
		return ""
	}
	suffix := ":" + strings.ToUpper(strconv.FormatUint(uint64(port)|0x10000, 16)[1:])
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) > 9 && f[3] == "0A" && strings.HasSuffix(f[1], suffix) {
			return f[9]
		}
	}
	return ""
}

func owner(socket string) int {
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return 0
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == socket {
			pid, err := strconv.Atoi(strings.Split(link, "/")[2])
			if err != nil {
				return 0
			}
			return pid
		}
	}
	return 0
}
