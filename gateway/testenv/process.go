package testenv

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Process is one server process that a test may stop, kill, freeze and start again on the same
// port and the same data.
type Process struct {
	name   string
	dir    string // what the server writes, and its log
	argv   []string
	env    []string            // nil: ours
	asUser *syscall.Credential // nil: as whoever runs the tests
	dying  syscall.Signal      // sent by the kernel when the parent is gone
	ready  func(pid int) error // nil when this very process answers, not another on its port

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended
}

// Dir is the folder that the server writes to.
func (p *Process) Dir() string { return p.dir }

// LogPath is the file that holds what the server printed.
func (p *Process) LogPath() string { return filepath.Join(p.dir, "server.log") }

// start runs the program and waits until it answers.
func (p *Process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		return fmt.Errorf("start %s: it is running", p.name)
	}
	log, err := os.OpenFile(p.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	defer log.Close()
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Dir = p.dir
	cmd.Stdout, cmd.Stderr = log, log
	env := p.env
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(slices.Clip(env), "LC_ALL=C.UTF-8", "PGPASSWORD=")
	cmd.SysProcAttr = childAttributes(p.dying)
	cmd.SysProcAttr.Credential = p.asUser
	if err := spawn(cmd); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the way it ended is in its log; nobody decides by it
		close(done)
	}()
	err = await("start "+p.name, func() error {
		select {
		case <-done:
			return errEnded
		default:
			return p.ready(cmd.Process.Pid)
		}
	})
	if err != nil {
		_ = cmd.Process.Kill()
		<-done
		return fmt.Errorf("%w; its log ends:\n%s", err, tail(p.LogPath()))
	}
	p.cmd, p.done = cmd, done
	return nil
}

// errEnded is a server that stopped by itself, for example because its port was taken; await gives up on it.
var errEnded = errors.New("the process ended")

// end sends a signal and waits until the process is gone. With SIGKILL its children go too.
func (p *Process) end(signal syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	if signal == syscall.SIGKILL {
		if err := p.killChildren(); err != nil {
			return err
		}
	}
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.name, err)
	}
	<-p.done
	p.cmd, p.done = nil, nil
	return nil
}

// killChildren ends the children of a server that is about to be killed: PostgreSQL's would go on serving
// their connections until they notice. The server is held, so that it starts no others meanwhile.
func (p *Process) killChildren() error {
	pid := p.cmd.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("hold %s: %w", p.name, err)
	}
	family := children(pid)
	for _, child := range family {
		if err := syscall.Kill(child, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end a child of %s: %w", p.name, err)
		}
	}
	return await("see the children of "+p.name+" end", func() error {
		if slices.ContainsFunc(family, func(child int) bool { return !gone(child) }) {
			return errors.New("some are still there")
		}
		return nil
	})
}

// Kill ends the server as a power cut would (SIGKILL) and returns when its processes are gone.
// Killing a server that does not run changes nothing.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	if err := p.end(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// Stop asks the server to end in order (SIGTERM; PostgreSQL: fast shutdown) and returns when it has.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	if err := p.end(p.stopSignal()); err != nil {
		t.Fatal(err)
	}
}

// stopSignal is SIGTERM but for PostgreSQL, which would then wait for every client to leave.
func (p *Process) stopSignal() syscall.Signal {
	if p.dying == syscall.SIGQUIT {
		return syscall.SIGINT
	}
	return syscall.SIGTERM
}

// Start brings a stopped or killed server back on the same port and data, and returns when it answers.
func (p *Process) Start(t testing.TB) {
	t.Helper()
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
}

// Freeze stops the server's processes in their tracks (SIGSTOP): connections stay open and nothing
// is answered, as with a lost network. Thaw lets them go on; a test that forgets it is thawed at its end.
func (p *Process) Freeze(t testing.TB) {
	t.Helper()
	p.signalFamily(t, syscall.SIGSTOP)
	t.Cleanup(func() { p.signalFamily(t, syscall.SIGCONT) })
}

// Thaw ends a Freeze.
func (p *Process) Thaw(t testing.TB) {
	t.Helper()
	p.signalFamily(t, syscall.SIGCONT)
}

// signalFamily reaches the process and its children: PostgreSQL serves each connection in one.
func (p *Process) signalFamily(t testing.TB, signal syscall.Signal) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	for _, pid := range append([]int{p.cmd.Process.Pid}, children(p.cmd.Process.Pid)...) {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("signal %s: %v", p.name, err)
		}
	}
}

// gone says whether a process has ended. Where the kernel does not tell, it has.
func gone(pid int) bool {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(text), ") ") // behind the name
	return strings.HasPrefix(state, "Z") || strings.HasPrefix(state, "X")
}

// children lists the processes that a process started. Where the kernel does not tell, there are none.
func children(pid int) []int {
	id := strconv.Itoa(pid)
	text, err := os.ReadFile(filepath.Join("/proc", id, "task", id, "children"))
	if err != nil {
		return nil
	}
	var found []int
	for _, word := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(word); err == nil {
			found = append(found, child)
		}
	}
	return found
}

// tail is the end of a log, for a message that says why a server did not start.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	if len(text) > 2000 {
		text = text[len(text)-2000:]
	}
	return string(text)
}

// spawning is served by one goroutine that never leaves its thread. Linux sends the parent-death
// signal when the thread that forked ends, not the process, and Go ends threads at will.
var spawning = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// spawn starts a command from the thread that lives as long as this process.
func spawn(cmd *exec.Cmd) error {
	result := make(chan error, 1)
	spawning() <- func() { result <- cmd.Start() }
	if err := <-result; err != nil {
		return err
	}
	leftovers.Lock()
	defer leftovers.Unlock()
	if leftovers.w != nil && !diesWithParent {
		_, err := fmt.Fprintln(leftovers.w, cmd.Process.Pid)
		return err
	}
	return nil
}

// afterExit is the shell that outlives this process by a moment: it learns of the end by its input
// closing, ends the servers that it was told of, and removes the folder.
const afterExit = `
while read -r pid; do pids="$pids $pid"; done
[ -z "$pids" ] || kill -9 $pids 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" 2>/dev/null; [ -e "$1" ] || exit 0; sleep 0.3; done
`

// leftovers is the input of that shell, kept open by being here.
var leftovers struct {
	sync.Mutex
	w io.Writer
}

// cleanAfterExit makes sure that a folder (empty name: none) and the servers go when this process
// does, in whatever way.
func cleanAfterExit(dir string) error {
	cmd := exec.Command("/bin/sh", "-c", afterExit, "sh", dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("arrange what happens after the tests: %w", err)
	}
	leftovers.Lock()
	leftovers.w = in
	leftovers.Unlock()
	return nil
}
