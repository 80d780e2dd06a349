package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"sync/atomic"
	"syscall"
	"time"
)

// Timeouts bound a call to a bank, from its first step to the last byte of the answer. Zero takes the default.
// A shorter deadline of the caller's context always wins.
type Timeouts struct {
	Connect time.Duration // TCP connection
	TLS     time.Duration // handshake
	Open    time.Duration // opening 3-D Secure: the payer waits
	Money   time.Duration // calls that move money
	Ask     time.Duration // inquiries and self-tests
}

// Defaults. The banks' own samples wait 90 s for an authorisation (payfor.md 1) and name up to 45 s of their own work
// (posnet.md 8), so the money call waits as long: giving up earlier only makes doubt.
const (
	defaultConnect = 5 * time.Second
	defaultTLS     = 5 * time.Second
	defaultOpen    = 20 * time.Second
	defaultMoney   = 90 * time.Second
	defaultAsk     = 20 * time.Second
)

func (t Timeouts) filled() Timeouts {
	set := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	set(&t.Connect, defaultConnect)
	set(&t.TLS, defaultTLS)
	set(&t.Open, defaultOpen)
	set(&t.Money, defaultMoney)
	set(&t.Ask, defaultAsk)
	return t
}

// ClientConfig is how a Client reaches the banks.
type ClientConfig struct {
	Outside   bool // never call this machine or a link-local address; a Proxy is called wherever it is
	Timeouts  Timeouts
	Proxy     *url.URL          // nil = none; the environment is never asked
	Transport http.RoundTripper // replaces the transport below, for tests; Proxy, Connect and TLS then count for nothing
}

// Client posts messages to banks. It follows no redirect, keeps no cookie and never repeats a message.
type Client struct {
	http     *http.Client
	Timeouts Timeouts // as filled with defaults
}

// errInside: a name of a bank leads to this machine or its own network segment.
var errInside = errors.New("the address is this machine's, or of its own network segment")

// dialer connects to banks. With Outside it looks at the address that is dialled, whatever name led there: an
// account's address comes from whoever has a merchant's key, and metadata services listen on link-local ones.
func dialer(c ClientConfig, timeout time.Duration) *net.Dialer {
	d := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	if !c.Outside || c.Proxy != nil {
		return d
	}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if ip := at.Addr().Unmap(); ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() {
			return errInside
		}
		return nil
	}
	return d
}

// idlePerBank is how many connections to a bank wait for the next call: the three calls of a payment, of some hundred
// payments a second that take a bank a third of a second each. What is called beyond it opens one anew, with a
// handshake, and throws it away.
const idlePerBank = 128

// NewClient makes a client; it opens no connection yet.
func NewClient(c ClientConfig) *Client {
	t := c.Timeouts.filled()
	transport := c.Transport
	if transport == nil {
		own := &http.Transport{
			DialContext:         dialer(c, t.Connect).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: t.TLS,
			// With its own TLS settings and without this switch the transport speaks HTTP/1.1 only, where a POST is sent
			// once: HTTP/2 would repeat streams that a server refused.
			ForceAttemptHTTP2:      false,
			MaxIdleConns:           512,
			MaxIdleConnsPerHost:    idlePerBank,
			IdleConnTimeout:        20 * time.Second, // below what servers keep, so that few messages meet a dying connection
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		}
		if c.Proxy != nil {
			own.Proxy = http.ProxyURL(c.Proxy)
		}
		transport = own
	}
	return &Client{
		http: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Timeouts: t,
	}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call is one message to a bank.
type Call struct {
	URL     *url.URL
	Type    string // Content-Type
	Body    []byte
	Header  http.Header // further headers that a dialect asks for; nil = none
	Limit   int64       // largest answer in bytes
	Timeout time.Duration
}

// Answer is what came back, whatever its status.
type Answer struct {
	Status int
	Type   string // Content-Type
	Body   []byte
}

// ErrNotSent is what a Failure is when no byte of the message can have left: errors.Is(err, wire.ErrNotSent).
var ErrNotSent = errors.New("not sent")

// Failure is a call without a whole answer. It names the host and the cause, never the message.
type Failure struct {
	Host  string
	Sent  bool // bytes may have left
	Cause error
}

func (f *Failure) Error() string {
	how := "not sent"
	if f.Sent {
		how = "no answer"
	}
	return fmt.Sprintf("calling %s: %s: %v", f.Host, how, f.Cause)
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Cause }

// Is makes a failure before the first byte equal to ErrNotSent.
func (f *Failure) Is(target error) bool { return target == ErrNotSent && !f.Sent }

var errTooLong = errors.New("answer longer than its limit")

// Post sends a message once and reads the whole answer. Every error is a *Failure. A message counts as sent from the
// moment a connection is handed to it: only before that is it certain that no byte left.
func (c *Client) Post(ctx context.Context, m Call) (Answer, error) {
	var connected atomic.Bool
	fail := func(cause error) (Answer, error) {
		var u *url.Error
		if errors.As(cause, &u) {
			cause = u.Err // the outer error repeats the whole address
		}
		return Answer{}, &Failure{Host: m.URL.Host, Sent: connected.Load(), Cause: cause}
	}
	if m.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, m.Timeout)
		defer cancel()
	}
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, m.URL.String(), bytes.NewReader(m.Body))
	if err != nil {
		return fail(err)
	}
	for name, values := range m.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", m.Type)
	req.Header.Set("User-Agent", "Odelink")
	res, err := c.http.Do(req)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = res.Body.Close() }() // the answer is read or given up; nothing hangs on the closing
	connected.Store(true)                   // a replaced transport may not report its connections
	var body bytes.Buffer
	body.Grow(int(min(max(res.ContentLength, shortAnswer), m.Limit)) + bytes.MinRead)
	if _, err := body.ReadFrom(io.LimitReader(res.Body, m.Limit+1)); err != nil {
		return fail(err)
	}
	if int64(body.Len()) > m.Limit {
		return fail(errTooLong)
	}
	return Answer{Status: res.StatusCode, Type: res.Header.Get("Content-Type"), Body: body.Bytes()}, nil
}

// shortAnswer is room for an answer whose length is not told beforehand, in bytes.
const shortAnswer = 2 << 10
