package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/stand"
)

// The environment by which a copy of this test binary is told to be the command, and where the programs are.
const (
	childEnv    = "ODELINK_TEST_STAND"
	programsEnv = "ODELINK_TEST_PROGRAMS"
)

func TestMain(m *testing.M) {
	if command := os.Getenv(childEnv); command != "" {
		os.Args = []string{"stand", "-keys", "1", "-programs", os.Getenv(programsEnv), "--", "sh", "-c", command}
		main()
	}
	os.Exit(m.Run())
}

// However a stand ends, nothing of it stays: no server, no file.
func TestNothingStays(t *testing.T) {
	programs := t.TempDir()
	if err := stand.Build(t.Context(), programs); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		command string // says where the gateway and its bank are, in one line
		signal  syscall.Signal
		want    int // exit code; -1 = killed
	}{
		"when the command has ended": {"echo {gateway} $STAND_BANK; exit 7", 0, 7},
		"when it is interrupted":     {"trap 'exit 9' INT; echo {gateway} $STAND_BANK; while :; do sleep 0.05; done", syscall.SIGINT, 9},
		"when it is killed":          {"echo {gateway} $STAND_BANK; exec sleep 2", syscall.SIGKILL, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childEnv+"="+tc.command, programsEnv+"="+programs, "TMPDIR="+dir, testenv.EnvDir+"=")
			cmd.Stderr = t.Output()
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatalf("it says %q: %v", line, err)
			}
			if tc.signal != 0 {
				if err := cmd.Process.Signal(tc.signal); err != nil {
					t.Fatal(err)
				}
			}
			_, _ = io.Copy(io.Discard, out) // ends with the command
			_ = cmd.Wait()                  // how it ended is looked at
			if got := cmd.ProcessState.ExitCode(); got != tc.want {
				t.Errorf("exit code %d, want %d", got, tc.want)
			}
			soon(t, func() error { return gone(strings.Fields(line), dir) })
		})
	}
}

// gone says whether nobody answers at these addresses, and a folder is empty.
func gone(addresses []string, dir string) error {
	if len(addresses) != 2 {
		return fmt.Errorf("two addresses, not %q", addresses)
	}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		if conn, err := net.Dial("tcp", u.Host); err == nil {
			conn.Close()
			return fmt.Errorf("%s still answers", address)
		}
	}
	left, err := os.ReadDir(dir)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%s is left", left[0].Name())
	}
	return err
}

// soon asks again until a thing is so: what is killed, and files of whoever was, go a moment later.
func soon(t *testing.T, ok func() error) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	late := time.After(30 * time.Second)
	for {
		err := ok()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-late:
			t.Fatal(err)
		}
	}
}

func TestMistakesInTheCallAreToldBeforeAnythingStarts(t *testing.T) {
	for _, args := range [][]string{{"-colour"}, {"-gateways", "two"}} {
		if code, err := start(t.Context(), args, io.Discard, io.Discard); code != 2 || err == nil {
			t.Errorf("%q: exit code %d, %v", args, code, err)
		}
	}
	t.Setenv("TMPDIR", t.TempDir())
	if code, err := start(t.Context(), []string{"-gateways", "2"}, io.Discard, io.Discard); code != cannot || err == nil {
		t.Errorf("two gateways on SQLite: exit code %d, %v", code, err)
	}
}
