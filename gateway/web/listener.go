package web

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// perAddress is how many connections one address may hold by default. Turkish mobile networks put
// hundreds of payers behind one IPv4 address, and a browser opens up to six connections.
const perAddress = 512

// ListenOptions are the limits of a listener; the zero value has the defaults.
type ListenOptions struct {
	// MaxConns is how many connections may be open in all; 0 derives it from the descriptors that
	// the system allows (Descriptors).
	MaxConns int
	// MaxPerAddress is how many of them one IPv4 address or IPv6 /64 network may hold; 0 is 512,
	// negative is no limit. Loopback and Exempt networks have none.
	MaxPerAddress int
	// Exempt are networks that stand for many clients: the trusted proxies.
	Exempt []netip.Prefix
	// HeadTimeout is how long a request head may take; 0 is the package's HeadTimeout.
	HeadTimeout time.Duration
	// Log is told of accept errors and, now and then, of refusals.
	Log *slog.Logger
}

// Listener accepts connections for an app of NewApp. It outlives a shortage of descriptors, holds
// connections to their limits, and puts the head guard in front of each.
type Listener struct {
	net.Listener
	opts        ListenOptions
	headTimeout time.Duration
	closing     chan struct{}
	closeOnce   sync.Once

	mu       sync.Mutex
	conns    map[*guarded]netip.Addr
	perAddr  map[netip.Addr]int
	serve    func(net.Conn) error // serves a parked connection again; nil: none is parked
	lane     *Lane                // nil: the app answers everything
	stopping bool
	draining atomic.Bool // stopping, for who does not hold the lock
	revived  sync.WaitGroup

	accepted, full, crowded, errors atomic.Uint64
	refused                         [faults]atomic.Uint64
}

// Stats are counters of a listener since its start, and how many connections are open now.
type Stats struct {
	Open           int
	Accepted       uint64
	RefusedFull    uint64            // over MaxConns
	RefusedAddress uint64            // over MaxPerAddress
	AcceptErrors   uint64            // waited out: no descriptor, aborted before accepted
	RefusedHeads   map[string]uint64 // by reason
}

// Listen opens a TCP listener with the edge's limits.
func Listen(address string, o ListenOptions) (*Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return Wrap(ln, o), nil
}

// Wrap puts the edge's limits on a listener.
func Wrap(ln net.Listener, o ListenOptions) *Listener {
	if o.MaxConns == 0 {
		o.MaxConns = Descriptors()
	}
	if o.MaxPerAddress == 0 {
		o.MaxPerAddress = perAddress
	}
	if o.HeadTimeout == 0 {
		o.HeadTimeout = HeadTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Listener{
		Listener: ln, opts: o, headTimeout: o.HeadTimeout, closing: make(chan struct{}),
		conns: map[*guarded]netip.Addr{}, perAddr: map[netip.Addr]int{},
	}
}

// Stats answers the counters.
func (l *Listener) Stats() Stats {
	l.mu.Lock()
	s := Stats{Open: len(l.conns), RefusedHeads: map[string]uint64{}}
	l.mu.Unlock()
	s.Accepted, s.RefusedFull, s.RefusedAddress, s.AcceptErrors = l.accepted.Load(), l.full.Load(), l.crowded.Load(), l.errors.Load()
	for f := range refusals {
		if refusals[f].word != "" {
			s.RefusedHeads[refusals[f].word] = l.refused[f].Load()
		}
	}
	return s
}

// Pauses before accepting again: the first is short because an aborted connection is over at once,
// the last is what a shortage of descriptors takes to pass.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// Accept waits for a connection within the limits. fasthttp's accept loop ends for good on the
// first error, so that only a closed or broken listener answers one.
func (l *Listener) Accept() (net.Conn, error) {
	pause := time.Duration(0)
	for {
		c, err := l.Listener.Accept()
		if err == nil {
			pause = 0
			if g := l.admit(c); g != nil {
				return g, nil
			}
			continue
		}
		if !passing(err) {
			return nil, err
		}
		l.errors.Add(1)
		if pause = min(max(2*pause, firstPause), lastPause); pause == firstPause {
			l.opts.Log.Warn("accepting connections", "err", err)
		}
		if !l.wait(pause) {
			return nil, net.ErrClosed
		}
	}
}

// passing says whether an accept error may be over after a while.
func passing(err error) bool {
	for _, e := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, // the system has none left
		syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EPROTO, syscall.EPERM, syscall.EINTR, // this connection only
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// wait pauses unless the listener is closed meanwhile.
func (l *Listener) wait(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.closing:
		return false
	}
}

// Close stops accepting.
func (l *Listener) Close() error {
	l.closeOnce.Do(func() { close(l.closing) })
	return l.Listener.Close()
}

var (
	refusalFull    = refusal{status: 503, reason: "Service Unavailable", text: "All connections are in use."}
	refusalCrowded = refusal{status: 429, reason: "Too Many Requests", text: "Too many connections from this address."}
)

// admit puts the guard on a connection, or refuses it and answers nil.
func (l *Listener) admit(c net.Conn) *guarded {
	peer := addrOf(c.RemoteAddr())
	addr := network(peer)
	g := &guarded{Conn: c, in: l, peer: peer}
	l.mu.Lock()
	full := len(l.conns) >= l.opts.MaxConns
	crowded := !full && l.opts.MaxPerAddress > 0 && !l.exempt(addr) && l.perAddr[addr] >= l.opts.MaxPerAddress
	if !full && !crowded {
		l.conns[g] = addr
		l.perAddr[addr]++
	}
	l.mu.Unlock()
	switch {
	case full:
		l.full.Add(1)
		l.turnAway(c, refusalFull)
		return nil
	case crowded:
		l.crowded.Add(1)
		l.turnAway(c, refusalCrowded)
		return nil
	}
	l.accepted.Add(1)
	g.readable()
	return g
}

// turnAway answers a connection too many. The answer fits into the empty send buffer of a fresh
// connection, so that the accept loop does not wait.
func (l *Listener) turnAway(c net.Conn, r refusal) {
	writeRefusal(c, r, "Retry-After: 5\r\n", plainText, []byte(r.text+"\n"))
	_ = c.Close() // it was never used
}

// network is what one client can easily have many addresses of.
func network(a netip.Addr) netip.Addr {
	if a.Is6() {
		p, err := a.Prefix(64)
		if err == nil {
			return p.Addr()
		}
	}
	return a
}

func (l *Listener) exempt(a netip.Addr) bool {
	return !a.IsValid() || a.IsLoopback() || within(l.opts.Exempt, a)
}

// forget frees the place of a closed connection.
func (l *Listener) forget(g *guarded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	addr := l.conns[g]
	delete(l.conns, g)
	if l.perAddr[addr]--; l.perAddr[addr] <= 0 {
		delete(l.perAddr, addr)
	}
}
