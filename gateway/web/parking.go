package web

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"
)

// A goroutine that has served a request keeps the stack that the deepest handler needed, and Go
// shrinks it only when less than a quarter is in use, which fasthttp's frames alone exceed. So a
// connection that has been idle for a moment is parked: fasthttp is told that it ended, a fresh
// goroutine with the smallest stack waits for its next byte, and then serves it again. An idle
// connection costs a fifth of stock Fiber's this way (TestAnIdleConnection…).

// parkAfter is how often connections are looked at; one that waited through two looks is parked.
// A payer's browser asks for page, style and script within it, on a warm goroutine.
const parkAfter = time.Second

// parking is a connection's part in it. Its lock makes sure that a connection is told to park only
// while it waits, never when its next request has begun.
type parking struct {
	mu      sync.Mutex
	waiting bool // between two requests, no byte of the next one here
	looks   int  // since it began to wait
	told    bool // to park
	leaves  bool // the reader has obeyed: the next Close parks
}

// wait begins waiting for a next request.
func (p *parking) wait() {
	p.mu.Lock()
	p.waiting, p.looks, p.told = true, 0, false
	p.mu.Unlock()
}

// leave ends the waiting and says whether the connection was told to park, and whether the waiting ended
// because of that.
func (p *parking) leave(err error) (told, parks bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = false
	p.leaves = p.told && errors.Is(err, os.ErrDeadlineExceeded)
	return p.told, p.leaves
}

// takeLeave says once that a Close is the beginning of parking.
func (p *parking) takeLeave() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	leaves := p.leaves
	p.leaves = false
	return leaves
}

// look tells a connection to park that was waiting at the last look already.
func (g *guarded) look() {
	g.parking.mu.Lock()
	defer g.parking.mu.Unlock()
	if !g.parking.waiting || g.parking.told {
		return
	}
	if g.parking.looks++; g.parking.looks < 2 {
		return
	}
	g.parking.told = true
	_ = g.Conn.SetReadDeadline(time.Unix(1, 0)) // wakes the reader; a closed one is awake
}

// sweep looks at every connection.
func (l *Listener) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for g := range l.conns {
		g.look()
	}
}

// sweepUntil sweeps until ctx ends.
func (l *Listener) sweepUntil(ctx context.Context) {
	t := time.NewTicker(parkAfter)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			l.sweep()
		case <-ctx.Done():
			return
		}
	}
}

// park lets a fresh goroutine wait for the connection; false when the server is stopping.
func (l *Listener) park(g *guarded) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping || l.serve == nil {
		return false
	}
	g.parked = true
	go l.wakeUp(g)
	return true
}

// wakeUp waits for the next byte of a parked connection and serves it.
func (l *Listener) wakeUp(g *guarded) {
	err := g.Conn.SetReadDeadline(time.Now().Add(IdleTimeout - 2*parkAfter))
	if err == nil {
		err = g.fill()
	}
	if err != nil || !l.unpark(g) {
		_ = g.Close() // the client left, or the time is up
		return
	}
	defer l.revived.Done()
	_ = l.serve(g) // fasthttp has answered what there was to answer
}

// unpark counts a connection as served again; false when the server is stopping.
func (l *Listener) unpark(g *guarded) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	g.parked = false
	if l.stopping {
		return false
	}
	l.revived.Add(1)
	return true
}

// closeUnused closes connections that wait for a first request, are parked, or whose requests the lane
// has answered, which fasthttp knows nothing of; and lets none park any more: nobody should wait for them
// when the server stops.
func (l *Listener) closeUnused() {
	l.draining.Store(true)
	l.mu.Lock()
	l.stopping = true
	var unused, between []*guarded
	for g := range l.conns {
		switch {
		case g.parked || !g.spoke.Load():
			unused = append(unused, g)
		case g.turn.closes():
			between = append(between, g)
		}
	}
	l.mu.Unlock()
	for _, g := range unused {
		_ = g.Close() // whoever reads it sees the end
	}
	for _, g := range between {
		_ = g.end()
	}
}

// waitRevived waits for connections that were served again after parking and that fasthttp did not
// count yet when it was asked to stop. They may end the request that woke them.
func (l *Listener) waitRevived(ctx context.Context) error {
	done := make(chan struct{})
	go func() { l.revived.Wait(); close(done) }()
	t := time.NewTicker(parkAfter / 10)
	defer t.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
			l.closeWaiting()
		}
	}
}

// closeWaiting closes connections that wait for a next request.
func (l *Listener) closeWaiting() {
	l.mu.Lock()
	var waiting []*guarded
	for g := range l.conns {
		g.parking.mu.Lock()
		if g.parking.waiting {
			waiting = append(waiting, g)
		}
		g.parking.mu.Unlock()
	}
	l.mu.Unlock()
	for _, g := range waiting {
		_ = g.Close() // whoever reads it sees the end
	}
}
