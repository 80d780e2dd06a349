package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/odelink/odelink/gateway/testenv/seed"
	"github.com/odelink/odelink/loadtest/measure"
)

// idle is what a connection costs that had one answer and waits.
type idle struct {
	Connections int            `json:"connections"`
	Ours        measure.Spread `json:"bytes"` // of resident memory, per connection
	Theirs      measure.Spread `json:"fiber_bytes"`
	Ratio       measure.Spread `json:"ratio"`
	Refused     int            `json:"refused"`
}

// A server has a while to let go of what it does not need: Fiber's workers end after ten seconds (fasthttp's
// MaxIdleWorkerDuration). Then a few others ask for pages, as happens wherever connections wait: without any
// work Go's collector comes every two minutes only, and what was thrown away counts as memory. The gateway
// closes connections that waited for 75 seconds.
const (
	settled = 15 * time.Second
	working = 15 * time.Second
)

// idle opens connections to the gateway and to stock Fiber, in turns, each time to a new process.
func (c course) idle(ctx context.Context, n, rounds int) (idle, error) {
	result := idle{Connections: n}
	s, err := newSite("idle", c.programs, "sqlite:"+c.folder+"/idle.db")
	if err != nil {
		return result, err
	}
	if _, err := s.grow(ctx, few); err != nil {
		return result, errors.Join(err, s.end())
	}
	var ours, theirs []float64
	for round := range rounds {
		c.progress("idle connections: round %d of %d", round+1, rounds)
		mine, err := c.idleGateway(ctx, s, n)
		if err != nil {
			return result, errors.Join(err, s.end())
		}
		stock, err := c.idleFiber(ctx, n)
		if err != nil {
			return result, errors.Join(err, s.end())
		}
		result.Refused += mine.refused + stock.refused
		ours, theirs = append(ours, mine.bytes), append(theirs, stock.bytes)
	}
	result.Ours, result.Theirs = measure.SpreadOf(ours), measure.SpreadOf(theirs)
	result.Ratio = measure.SpreadOf(over(ours, theirs))
	return result, s.end()
}

type waiting struct {
	bytes   float64 // per connection
	refused int
}

func (c course) idleGateway(ctx context.Context, s *site, n int) (waiting, error) {
	if _, err := s.start(ctx, true); err != nil {
		return waiting{}, err
	}
	defer s.stop() //nolint:errcheck // the next start tells
	if err := s.awaitWhole(ctx); err != nil {
		return waiting{}, err
	}
	return hold(ctx, s.base(), s.gateway.PID(), n, few)
}

func (c course) idleFiber(ctx context.Context, n int) (waiting, error) {
	p, _, err := c.programs.empty(ctx)
	if err != nil {
		return waiting{}, err
	}
	w, err := hold(ctx, p.Addrs[0], p.PID(), n, 0)
	return w, errors.Join(err, p.End())
}

// hold opens connections, has each answered once, and reads what the process keeps for them.
func hold(ctx context.Context, addr string, pid, n, links int) (waiting, error) {
	payers := newCrowd(addr, links, callers)
	defer payers.leave()
	payers.rushFor(ctx, working)
	if err := pause(ctx, settled); err != nil {
		return waiting{}, err
	}
	before := resident(pid)
	conns := make([]net.Conn, n)
	defer func() {
		for _, conn := range conns {
			if conn != nil {
				conn.Close()
			}
		}
	}()
	var refused sync.Map
	var all sync.WaitGroup
	const openers = 64
	for opener := range openers {
		all.Go(func() {
			for i := opener; i < n; i += openers {
				var err error
				if conns[i], err = answered(addr, links, i); err != nil {
					refused.Store(i, err)
				}
			}
		})
	}
	all.Wait()
	if err := pause(ctx, settled); err != nil {
		return waiting{}, err
	}
	payers.rushFor(ctx, working)
	w := waiting{bytes: float64(resident(pid)-before) / float64(n)}
	refused.Range(func(any, any) bool { w.refused++; return true })
	return w, nil
}

// answered opens a connection, and asks for one page on it.
func answered(addr string, links, number int) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	path := "/"
	if links > 0 {
		path = "/p/" + string(seed.Token(number%links))
	}
	err = errors.Join(conn.SetDeadline(time.Now().Add(30*time.Second)), ask(conn, addr, path, number), conn.SetDeadline(time.Time{}))
	return conn, err
}

// ask sends one request and reads until its body must have come: pages are short, and the first read of one on
// loopback has its status.
func ask(conn net.Conn, addr, path string, number int) error {
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept-Encoding: gzip\r\nX-Forwarded-For: 10.%d.%d.%d\r\n\r\n", path, addr, byte(number>>16), byte(number>>8), byte(number))
	if err != nil {
		return err
	}
	head := make([]byte, 16<<10)
	n, err := conn.Read(head)
	if err == nil && !strings.HasPrefix(string(head[:n]), "HTTP/1.1 200") {
		err = fmt.Errorf("answered %.40q", head[:n])
	}
	return err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// resident is a process's memory that is no file's, in bytes (proc(5), RssAnon).
func resident(pid int) int64 {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	return anonymous(string(text))
}

func anonymous(status string) int64 {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}
