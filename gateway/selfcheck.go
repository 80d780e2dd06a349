package main

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/odelink/odelink/gateway/pay"
)

// inspectEvery leaves time to look twice before the five minutes of the threat model (A42) are over.
const inspectEvery = 2 * time.Minute

// inspectTime bounds one look: a handful of small answers from this very machine.
const inspectTime = 20 * time.Second

// inspection asks the own public listener for the card page and remembers what it found.
type inspection struct {
	look func(context.Context) error

	mu   sync.Mutex
	last error // of the newest look that saw the page
}

// found is the readiness check "page": what differs, until a look finds the page as it was built.
func (i *inspection) found(context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.last
}

// inspect looks once. A page that could not be seen is a fault of the moment and says nothing of the page;
// one that differs is looked at again at once, since a merchant's change may have come between its parts.
func (a *app) inspect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, inspectTime)
	defer cancel()
	i := &a.inspection
	err := i.look(ctx)
	if errors.Is(err, pay.ErrPageChanged) {
		err = i.look(ctx)
	}
	if err != nil && !errors.Is(err, pay.ErrPageChanged) {
		return err
	}
	if err != nil {
		a.log.Error("page_changed", "err", err)
	}
	i.mu.Lock()
	i.last = err
	i.mu.Unlock()
	return nil
}

// watchPage makes the look and its metric for a listener.
func (a *app) watchPage(listener net.Addr) {
	base := "http://" + reachable(listener)
	a.inspection.look = func(ctx context.Context) error { return a.pages.Inspect(ctx, base) }
	a.watch.metrics.Gauge("odelink_page_changed", "1 while the card page as served is not what this program built (page_changed).", nil, func() float64 {
		if a.inspection.found(context.Background()) != nil {
			return 1
		}
		return 0
	})
}

// reachable is where a listener can be asked from this machine.
func reachable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	port := tcp.AddrPort().Port()
	if tcp.IP.To4() == nil {
		return (&net.TCPAddr{IP: net.IPv6loopback, Port: int(port)}).String()
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)}).String()
}
