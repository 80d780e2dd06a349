package client_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/loadtest/client"
)

func ask(t *testing.T, c *client.Conn) (int, error) {
	t.Helper()
	var req fasthttp.Request
	var resp fasthttp.Response
	req.SetRequestURI("/")
	req.Header.SetHost(c.Host.Name)
	err := c.Do(&req, &resp)
	return resp.StatusCode(), err
}

func to(t *testing.T, address string) *client.Conn {
	t.Helper()
	host, err := client.HostOf(address)
	if err != nil {
		t.Fatal(err)
	}
	c := &client.Conn{Host: host}
	t.Cleanup(c.Close)
	return c
}

func class(err error) string {
	var f *client.Failure
	if errors.As(err, &f) {
		return f.Class
	}
	return ""
}

func TestOneConnectionServesManyRequestsAndComesBackAfterAFailure(t *testing.T) {
	var conns, n atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) {
		case 3:
			panic(http.ErrAbortHandler)
		case 5:
			w.Header().Set("Connection", "close")
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c := to(t, server.URL)
	for i := 1; i <= 6; i++ {
		status, err := ask(t, c)
		switch {
		case i == 3 && class(err) != client.FailReset:
			t.Errorf("a cut connection is %v", err)
		case i != 3 && (err != nil || status != http.StatusTeapot):
			t.Errorf("request %d: %d %v", i, status, err)
		}
	}
	if got := conns.Load(); got != 3 {
		t.Errorf("%d connections, want one, one after the cut, one after the close", got)
	}
}

// What rested between two rounds may be closed at the other end by now.
func TestAConnectionThatRestedIsOpenedAgain(t *testing.T) {
	var conns atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	for idle, want := range map[time.Duration]int64{0: 1, time.Nanosecond: 2} {
		conns.Store(0)
		c := to(t, server.URL)
		c.Idle = idle
		for range 2 {
			if status, err := ask(t, c); err != nil || status != http.StatusOK {
				t.Fatal(status, err)
			}
		}
		if got := conns.Load(); got != want {
			t.Errorf("trusted for %v: %d connections, want %d", idle, got, want)
		}
	}
}

func TestFailuresHaveTheirClass(t *testing.T) {
	if _, err := ask(t, to(t, "http://127.0.0.1:1")); class(err) != client.FailConnect {
		t.Errorf("nobody there: %v", err)
	}
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer server.Close()
	defer close(over)
	c := to(t, server.URL)
	c.Timeout = 20 * time.Millisecond
	if _, err := ask(t, c); class(err) != client.FailTimeout {
		t.Errorf("no answer: %v", err)
	}
}

func TestHostsOfAddresses(t *testing.T) {
	for address, want := range map[string]client.Host{
		"http://a.example":        {Address: "a.example:80", Name: "a.example"},
		"https://a.example/x?y=z": {Address: "a.example:443", Name: "a.example", TLS: true},
		"http://127.0.0.1:8080":   {Address: "127.0.0.1:8080", Name: "127.0.0.1:8080"},
		"http://[::1]":            {Address: "[::1]:80", Name: "[::1]"},
	} {
		if got, err := client.HostOf(address); err != nil || got != want {
			t.Errorf("%s: %+v %v", address, got, err)
		}
	}
	for _, bad := range []string{"", "a.example", "ftp://a.example", "http://", "http://user:secret@a.example", "http://%zz"} {
		if h, err := client.HostOf(bad); err == nil {
			t.Errorf("%q: %+v", bad, h)
		}
	}
}
