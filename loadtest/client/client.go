// Package client speaks HTTP/1.1 over one connection of its own, at the cost of a few microseconds a
// request: a generator that costs more than its target measures itself. It deliberately has no pool, no
// redirects, no cookies and no retries: each request is one that the caller counts.
package client

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/valyala/fasthttp"
)

// Conn is one connection to one host, opened when it is first needed and again after a failure. It is
// for one caller at a time.
type Conn struct {
	Host    Host
	Timeout time.Duration // of a whole request; 0 = 30 s
	// Idle is how long the connection is trusted without a request; 0 = 30 s. Servers close theirs after a while, many
	// after 60 seconds, and a request that meets the close is nobody's failure: behind a longer rest another is opened.
	Idle time.Duration

	c    net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	at   time.Time // until when the connection's deadline reaches
	last time.Time // when it was asked for something last
}

// Host is where a connection leads.
type Host struct {
	Address string // host:port
	Name    string // Host header
	TLS     bool
}

// HostOf reads scheme and host of an address.
func HostOf(base string) (Host, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return Host{}, fmt.Errorf("%q is no http or https address", base)
	}
	h := Host{Address: u.Host, Name: u.Host, TLS: u.Scheme == "https"}
	if u.Port() == "" {
		port := "80"
		if h.TLS {
			port = "443"
		}
		h.Address = net.JoinHostPort(u.Hostname(), port)
	}
	return h, nil
}

// Failure classes, besides "status NNN" and what a step calls its own.
const (
	FailConnect = "connect"
	FailTimeout = "timeout"
	FailReset   = "reset"
)

// Failure is a request that got no answer.
type Failure struct {
	Class string
	Cause error
}

func (f *Failure) Error() string { return f.Class + ": " + f.Cause.Error() }
func (f *Failure) Unwrap() error { return f.Cause }

// Do sends a request and reads its answer whole. An answer of any status is no error.
func (c *Conn) Do(req *fasthttp.Request, resp *fasthttp.Response) error {
	now := time.Now()
	if now.Sub(c.last) > c.idle() {
		c.Close()
	}
	c.last = now
	if err := c.open(); err != nil {
		return &Failure{FailConnect, err}
	}
	if err := c.deadline(now); err != nil {
		return c.fail(err)
	}
	if err := req.Write(c.w); err != nil {
		return c.fail(err)
	}
	if err := c.w.Flush(); err != nil {
		return c.fail(err)
	}
	if err := resp.Read(c.r); err != nil {
		return c.fail(err)
	}
	if resp.ConnectionClose() {
		c.Close()
	}
	return nil
}

func (c *Conn) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 30 * time.Second
}

func (c *Conn) idle() time.Duration {
	if c.Idle > 0 {
		return c.Idle
	}
	return 30 * time.Second
}

func (c *Conn) open() error {
	if c.c != nil {
		return nil
	}
	d := net.Dialer{Timeout: c.timeout()}
	var err error
	if c.Host.TLS {
		name, _, splitErr := net.SplitHostPort(c.Host.Address)
		if splitErr != nil {
			return splitErr
		}
		c.c, err = tls.DialWithDialer(&d, "tcp", c.Host.Address, &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12})
	} else {
		c.c, err = d.Dial("tcp", c.Host.Address)
	}
	if err != nil {
		c.c = nil
		return err
	}
	c.at = time.Time{}
	if c.r == nil {
		c.r, c.w = bufio.NewReaderSize(c.c, 16<<10), bufio.NewWriterSize(c.c, 8<<10)
		return nil
	}
	c.r.Reset(c.c)
	c.w.Reset(c.c)
	return nil
}

// deadline moves the connection's only when half of it is over: setting it costs as much as sending.
func (c *Conn) deadline(now time.Time) error {
	if c.at.Sub(now) > c.timeout() {
		return nil
	}
	c.at = now.Add(2 * c.timeout())
	return c.c.SetDeadline(c.at)
}

func (c *Conn) fail(err error) error {
	c.Close()
	var late interface{ Timeout() bool } // less than net.Error, which fasthttp's own is not
	if errors.As(err, &late) && late.Timeout() {
		return &Failure{FailTimeout, err}
	}
	return &Failure{FailReset, err}
}

// Close ends the connection; the next request opens another.
func (c *Conn) Close() {
	if c.c != nil {
		_ = c.c.Close() // nothing more is expected of it
		c.c = nil
	}
}
