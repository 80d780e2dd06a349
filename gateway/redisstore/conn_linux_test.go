//go:build linux && (amd64 || arm64)

package redisstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// prompts answers both ends of a connection, the first of which is a prompt one.
func prompts(t *testing.T) (net.Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var d net.Dialer
	c, err := prompt(d.DialContext)(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.(*prompted); !ok {
		t.Fatalf("a %T, which tells the scheduler of every call", c)
	}
	other, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = c.Close(), other.Close() })
	return c, other.(*net.TCPConn)
}

func TestPromptConnectionsCarryEveryByte(t *testing.T) {
	c, other := prompts(t)
	sent := make([]byte, 8<<20) // more than the kernel takes at once
	_, _ = rand.Read(sent)
	go func() {
		time.Sleep(50 * time.Millisecond) // until the writer has to wait
		_, _ = io.Copy(other, io.LimitReader(other, int64(len(sent))))
		_ = other.CloseWrite()
	}()
	done := make(chan error, 1)
	go func() {
		n, err := c.Write(sent)
		if n != len(sent) && err == nil {
			err = errors.New("a short write without an error")
		}
		done <- err
	}()
	back, err := io.ReadAll(c)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back, sent) {
		t.Errorf("%d bytes came back of %d, or others", len(back), len(sent))
	}
}

func TestPromptConnectionsKeepDeadlines(t *testing.T) {
	c, _ := prompts(t)
	var room [16]byte
	_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond))
	_, err := c.Read(room[:])
	var late net.Error
	if !errors.As(err, &late) || !late.Timeout() {
		t.Errorf("reading: %v", err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Millisecond))
	n, err := c.Write(make([]byte, 32<<20))
	if !errors.As(err, &late) || !late.Timeout() || n == 0 || n == 32<<20 {
		t.Errorf("writing: %d, %v", n, err)
	}
}

func TestPromptConnectionsTellOfTheirEnd(t *testing.T) {
	c, other := prompts(t)
	_ = other.SetLinger(0)
	_ = other.Close() // with a reset
	_, err := c.Read(make([]byte, 16))
	var op *net.OpError
	if !errors.As(err, &op) || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reading: %v", err)
	}
	if _, err = c.Write([]byte("x")); !errors.As(err, &op) || !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing: %v", err)
	}
	_ = c.Close()
	if _, err = c.Read(make([]byte, 16)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading what is closed: %v", err)
	}
}

// The driver looks at a connection before it is used again, and sees what ended or spoke meanwhile.
func TestPromptConnectionsAreLookedAt(t *testing.T) {
	c, other := prompts(t)
	looks := func() (n int) {
		raw, err := c.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := raw.Read(func(uintptr) bool { n++; return true }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if looks() != 0 {
		t.Error("there is nothing to see")
	}
	if _, err := other.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	soon(t, func() bool { return looks() == 1 })
	if _, err := c.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	_ = other.Close()
	soon(t, func() bool { return looks() == 1 })
}

func TestDialingPromptlyFails(t *testing.T) {
	dial := prompt(func(context.Context, string, string) (net.Conn, error) { return nil, os.ErrPermission })
	if c, err := dial(t.Context(), "tcp", "x"); c != nil || !errors.Is(err, os.ErrPermission) {
		t.Errorf("%v, %v", c, err)
	}
}

func soon(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}
