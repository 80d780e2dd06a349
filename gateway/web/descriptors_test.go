//go:build unix

package web_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/web"
)

// childEnv makes the test program a server, so that descriptors of both ends are not one process'.
const childEnv = "ODELINK_TEST_SERVER"

// Ways for the child to serve.
const (
	roomy   = "with the descriptors there are"
	derived = "with few descriptors and a cap derived from them"
	running = "with few descriptors until none is left"
)

// few descriptors, standard streams and the runtime's own included.
const few = 64

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		if err := serveChild(mode); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveChild lowers its limit, says where it listens, and serves until it is told to end.
func serveChild(mode string) error {
	if mode != roomy {
		limit := syscall.Rlimit{Cur: few, Max: few}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			return err
		}
	}
	o := web.ListenOptions{}
	if mode == running {
		o.MaxConns = 100 * few
	}
	ln, err := web.Listen("127.0.0.1:0", o)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	fmt.Println(ln.Addr())
	return web.Server{App: echo(nil)}.Run(ctx, ln)
}

// child starts a server process and gives its address; at the end it must stop cleanly.
func child(t *testing.T, mode string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+mode)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the stop was not clean: %v", err)
		}
	})
	if err != nil {
		t.Fatalf("the server does not start: %v", err)
	}
	return strings.TrimSpace(addr)
}

// fasthttp alone stops accepting for good when a connection finds no descriptor (performance page).
func TestAServerOutOfDescriptorsAnswersAgainWhenSomeAreFree(t *testing.T) {
	for _, mode := range []string{derived, running} {
		t.Run(mode, func(t *testing.T) { overrun(t, child(t, mode)) })
	}
}

func TestA59_TheServerAnswersBesideTenThousandIdleConnections(t *testing.T) {
	h := &house{addr: child(t, roomy)}
	// Fewer only where the system does not let a process have so many.
	for i := range min(10_000, web.Descriptors()) {
		c := h.dial(t)
		if i%2 == 0 { // half of them in the middle of a head
			send(t, c, "GET /")
		}
	}
	if !answers(t, h.addr) {
		t.Error("no answer")
	}
}

// overrun opens more connections than there are descriptors, closes them, and wants an answer.
func overrun(t *testing.T, addr string) {
	t.Helper()
	conns := make([]net.Conn, 3*few)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		conns[i] = c
		// One beyond the cap may have been turned away already.
		_, _ = fmt.Fprint(c, "GET /half")
	}
	for _, c := range conns {
		c.Close()
	}
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if answers(t, addr) {
			return
		}
	}
	t.Error("the server does not answer again")
}

func answers(t *testing.T, addr string) bool {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprint(c, get("/x")) // the answer tells
	line, err := bufio.NewReader(c).ReadString('\n')
	return err == nil && strings.Contains(line, " 200 ")
}
