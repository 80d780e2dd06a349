// Package banksim is a bank that is not one: it speaks the acquirers' real dialects on their real paths, checks every signature, keeps its own
// books, shows the issuer's one-time-password page, and is wrong on purpose when it is told to. It imports nothing of the gateway and computes its own
// signatures, so that a mistake is not made twice. It deliberately never looks like a real bank, never keeps a card number, and
// never talks to any other host.
//
//	/payfor/…          the PayFor dialect (QNB Finansbank and Ziraat Katılım), see payfor.go
//	/acs/…             the issuer's page and the hosted card page, see acs.go
//	/_bank/…           steering: charges, faults, requests, day end, clock, cards, merchants, see steer.go
//
// A new dialect is one file that implements dialect and one line in New.
package banksim

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// bodyLimit is far above the largest message of any dialect (about 10 kB) and small enough that nobody fills the memory.
	bodyLimit = 64 << 10
	// holdLimit ends a connection that was told never to be answered: PayFor's own samples wait 90 s, so a client that has not given up
	// after this never will.
	holdLimit = 120 * time.Second
)

// turkey is the banks' local time: UTC+3 all year since 2016.
var turkey = time.FixedZone("TRT", 3*60*60)

// Options are what a bank is made of; the zero value is a working bank in memory.
type Options struct {
	// Now is the bank's clock before the offset of POST /_bank/clock; nil is time.Now.
	Now func() time.Time
	// Sleep waits for d or until ctx ends, whichever is first; nil is a real timer. Held and slow answers wait through it.
	Sleep func(ctx context.Context, d time.Duration) error
	// Rand is where session names and hostile choices come from; nil is crypto/rand. A seeded source makes runs repeatable.
	Rand io.Reader
	// DataFile is an append-only file in which the books survive a restart, kill -9 included; empty keeps them in memory.
	DataFile string
	// PublicURL is what the addresses inside the bank's forms start with; empty takes the host of each request.
	PublicURL string
	// Hostile turns on the habits that clients must survive: callback fields in another order, the other spelling of names that have two,
	// CR LF in empty XML elements, relative form addresses, upper-case markup, a callback without Origin.
	Hostile bool
	// Merchants replaces DemoMerchants when it is not nil.
	Merchants []Merchant
}

// Bank is one simulated bank. Its methods are safe for concurrent use.
type Bank struct {
	opts     Options
	books    *books
	faults   faults
	requests requestLog
	dialects map[string]dialect

	ctx  context.Context // ends with Close, and with it every held answer
	stop context.CancelFunc

	mu        sync.Mutex
	offset    time.Duration
	merchants map[merchantKey]Merchant
}

// dialect is one bank language. Its name is the first element of its paths.
type dialect interface {
	// serve answers a request on the dialect's own paths.
	serve(c *call) reply
	// enter takes the card a payer typed on the hosted page; a non-empty code refuses it and the page is shown again.
	enter(c *call, o Order, card typedCard) (reply, refusal)
	// settle ends the 3-D step of an order and says what the browser is shown. On an order that is already past it, it repeats the
	// recorded answer and changes nothing.
	settle(c *call, o Order, passed bool) reply
}

// reply writes an answer. What a request does is done before its reply exists, so that an answer can be lost without the deed.
type reply func(w http.ResponseWriter, r *http.Request)

// call is one request in the bank's hands, its body read.
type call struct {
	bank *Bank
	r    *http.Request
	body []byte
	seq  int // its number in the request log
}

// New opens a bank and its books. The error names the option that does not work.
func New(o Options) (*Bank, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Merchants == nil {
		o.Merchants = DemoMerchants()
	}
	if o.PublicURL != "" {
		u, err := url.Parse(o.PublicURL)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("opening the simulated bank: public address %q is not an absolute http address", o.PublicURL)
		}
		o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	}
	b := &Bank{opts: o, merchants: map[merchantKey]Merchant{}}
	for _, m := range o.Merchants {
		if err := b.admit(m); err != nil {
			return nil, fmt.Errorf("opening the simulated bank: %w", err)
		}
	}
	bk, added, err := openBooks(o.DataFile)
	if err != nil {
		return nil, fmt.Errorf("opening the simulated bank's books: %w", err)
	}
	b.books = bk
	for _, m := range added {
		if err := b.admit(m); err != nil {
			return nil, errors.Join(fmt.Errorf("opening the simulated bank's books: %w", err), bk.close())
		}
	}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.dialects = map[string]dialect{
		dialectPayFor: &payfor{bank: b},
	}
	return b, nil
}

// Close ends every held answer and closes the books. Close a test server after the bank it serves, not before: the server waits for
// answers that only Close ends.
func (b *Bank) Close() error {
	b.stop()
	return b.books.close()
}

// Server is an HTTP server for this bank with every limit set; its Shutdown ends held answers first. The caller listens, serves and
// closes the bank afterwards.
func (b *Bank) Server() *http.Server {
	s := &http.Server{
		Handler:           b.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      holdLimit + 30*time.Second, // a held answer must not be cut by the server before its own limit
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	s.RegisterOnShutdown(b.stop)
	return s
}

// Handler is everything the bank answers.
func (b *Bank) Handler() http.Handler { return http.HandlerFunc(b.serve) }

func (b *Bank) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		http.Error(w, "the message is too large or was cut off", http.StatusRequestEntityTooLarge)
		return
	}
	c := &call{bank: b, r: r, body: body}
	head, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	head = asciiLower(head)
	if head == "_bank" {
		b.steer(c)(w, r)
		return
	}
	d, isDialect := b.dialects[head]
	if isDialect || (head == "acs" && !strings.HasPrefix(r.URL.Path, staticPath)) {
		c.seq = b.requests.add(b.now(), c)
	}
	switch {
	case isDialect:
		d.serve(c)(w, r)
	case head == "acs":
		b.serveACS(c)(w, r)
	case r.URL.Path == "/":
		b.indexPage(c)(w, r)
	default:
		notFound(w, r)
	}
}

// base is what absolute addresses of the bank start with, without a trailing slash.
func (c *call) base() string {
	if c.bank.opts.PublicURL != "" {
		return c.bank.opts.PublicURL
	}
	return "http://" + c.r.Host
}

// form reads the body as a form; a body that is none has no fields. Names are compared without regard to ASCII case.
func (c *call) form() params {
	p := params{}
	// ParseQuery keeps what it could read and reports the rest; a bank does the same.
	values, _ := url.ParseQuery(string(c.body))
	for name, v := range values {
		p.set(name, v[0])
	}
	return p
}

// note tells the request log what this call turned out to be.
func (c *call) note(dialect, step, orderID string) {
	c.bank.requests.note(c.seq, dialect, step, orderID)
}

// params are named values of a message, names in ASCII lower case.
type params map[string]string

func (p params) get(name string) string { return p[asciiLower(name)] }

func (p params) set(name, value string) {
	if key := asciiLower(name); p[key] == "" {
		p[key] = value
	}
}

// now is the bank's time.
func (b *Bank) now() time.Time {
	b.mu.Lock()
	offset := b.offset
	b.mu.Unlock()
	return b.opts.Now().Add(offset)
}

// wait sleeps for d, until the client leaves or until the bank closes; the error says that it was cut short.
func (b *Bank) wait(ctx context.Context, d time.Duration) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(b.ctx, cancel)()
	return b.opts.Sleep(ctx, d)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// hold keeps the client waiting until it gives up, then drops the connection without a word.
func (b *Bank) hold(_ http.ResponseWriter, r *http.Request) {
	// Why the wait ended does not matter: whoever is still there gets nothing.
	_ = b.wait(r.Context(), holdLimit)
	panic(http.ErrAbortHandler)
}

// reset drops the connection with a TCP reset, as a machine that died does.
func reset(w http.ResponseWriter, _ *http.Request) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				// Without the reset the close below is an orderly one: still no answer, only less rude.
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// random reads n bytes of the bank's randomness.
func (b *Bank) random(n int) []byte {
	buf := make([]byte, n)
	b.mu.Lock()
	_, err := io.ReadFull(b.opts.Rand, buf)
	b.mu.Unlock()
	if err != nil {
		panic(fmt.Sprintf("simulated bank: its randomness ended: %v", err))
	}
	return buf
}

func (b *Bank) token() string { return hex.EncodeToString(b.random(16)) }

// pick is a number below n, for hostile choices only: its bias does not matter.
func (b *Bank) pick(n int) int { return int(binary.BigEndian.Uint32(b.random(4)) % uint32(n)) }

// asciiLower folds A–Z only: the Turkish dotless i, the long s and the Kelvin sign stay what they are.
func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	htmlHead(w, http.StatusNotFound)
	_, _ = io.WriteString(w, "<!DOCTYPE html><title>404</title><h1>404</h1><p>The simulated bank has no such page.</p>")
}

func seeOther(address string) reply {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, address, http.StatusSeeOther)
	}
}
