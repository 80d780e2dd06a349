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

// childEnv makes the test program a server with few descriptors.
const childEnv = "ODELINK_TEST_FEW_DESCRIPTORS"

// few descriptors, standard streams and the runtime's own included.
const few = 64

func TestMain(m *testing.M) {
	if mode := os.Getenv(childEnv); mode != "" {
		if err := serveWithFewDescriptors(mode == "derived"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveWithFewDescriptors lowers its limit, says where it listens, and serves until it is told to
// end. Without a derived cap, it takes connections until the system has no descriptor left.
func serveWithFewDescriptors(derived bool) error {
	limit := syscall.Rlimit{Cur: few, Max: few}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	o := web.ListenOptions{MaxConns: 100 * few}
	if derived {
		o.MaxConns = 0
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

// fasthttp alone stops accepting for good when a connection finds no descriptor (performance page).
func TestAServerOutOfDescriptorsAnswersAgainWhenSomeAreFree(t *testing.T) {
	for name, mode := range map[string]string{"the cap is derived from the limit": "derived", "the system runs out": "none"} {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childEnv+"="+mode)
			child.Stderr = os.Stderr
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			defer child.Process.Kill() //nolint:errcheck // it has ended by then when all is well
			addr, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatalf("the server does not start: %v", err)
			}
			overrun(t, strings.TrimSpace(addr))
			if err := child.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := child.Wait(); err != nil {
				t.Errorf("the stop was not clean: %v", err)
			}
		})
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
