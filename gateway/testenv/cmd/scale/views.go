package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/gateway/testenv/seed"
	"github.com/odelink/odelink/loadtest/client"
	"github.com/odelink/odelink/loadtest/pace"
)

// load is what payers who look at links saw.
type load struct {
	Seconds float64 `json:"seconds"`
	Views   int     `json:"views"`
	Errors  int     `json:"errors"`
	Rate    float64 `json:"rate"` // pages a second
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Said    string  `json:"said,omitempty"` // of the first error
}

// payer looks at links at random, over one connection, as a phone does; each time from another network, so
// that limits see as many as there would be.
type payer struct {
	conn  client.Conn
	req   fasthttp.Request
	resp  fasthttp.Response
	rng   *rand.Rand
	links int

	took   []float64 // milliseconds
	failed int
	said   string
}

// newPayer looks at one of so many links, or without links at what stands at the root.
func newPayer(addr string, links int, number uint64) *payer {
	p := &payer{conn: client.Conn{Host: client.Host{Address: addr, Name: addr}}, rng: rand.New(rand.NewPCG(number, 42)), links: links}
	p.req.Header.SetUserAgent("Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36")
	p.req.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	p.req.Header.Set("Accept-Language", "tr-TR,tr;q=0.9")
	p.req.Header.SetHost(addr)
	return p
}

// look opens one link. Its time counts from when it was due.
func (p *payer) look(due time.Time) {
	n := p.rng.Uint32()
	p.req.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", byte(n>>16), byte(n>>8), byte(n)))
	if p.links > 0 {
		p.req.SetRequestURI("/p/" + string(seed.Token(p.rng.IntN(p.links))))
	}
	err := p.conn.Do(&p.req, &p.resp)
	if err == nil && p.resp.StatusCode() != http.StatusOK {
		err = fmt.Errorf("status %d", p.resp.StatusCode())
	}
	if err != nil {
		p.failed++
		p.said = err.Error()
		return
	}
	p.took = append(p.took, float64(time.Since(due).Microseconds())/1000)
}

// crowd are payers who keep their connections from one turn to the next.
type crowd []*payer

func newCrowd(addr string, links, callers int) crowd {
	c := make(crowd, callers)
	for i := range c {
		c[i] = newPayer(addr, links, uint64(i))
	}
	return c
}

func (c crowd) leave() {
	for _, p := range c {
		p.conn.Close()
	}
}

// rush has them look without a pause until ctx ends: what the gateway carries.
func (c crowd) rush(ctx context.Context) load {
	began := time.Now()
	pace.Closed(ctx, len(c), func(caller int, due time.Time) bool { c[caller].look(due); return true })
	return c.sum(time.Since(began))
}

// steady has views fall due at a rate: what a page takes.
func (c crowd) steady(ctx context.Context, rate float64) load {
	began := time.Now()
	pace.Open(ctx, rate, len(c), func(caller int, due time.Time) bool { c[caller].look(due); return true })
	return c.sum(time.Since(began))
}

func (c crowd) rushFor(ctx context.Context, span time.Duration) load {
	ctx, stop := context.WithTimeout(ctx, span)
	defer stop()
	return c.rush(ctx)
}

func (c crowd) steadyFor(ctx context.Context, rate float64, span time.Duration) load {
	ctx, stop := context.WithTimeout(ctx, span)
	defer stop()
	return c.steady(ctx, rate)
}

// sum takes what the payers saw, and lets them begin anew.
func (c crowd) sum(span time.Duration) load {
	l := load{Seconds: span.Seconds()}
	var all []float64
	for _, p := range c {
		all = append(all, p.took...)
		l.Errors += p.failed
		if p.said != "" {
			l.Said = p.said
		}
		p.took, p.failed, p.said = p.took[:0], 0, ""
	}
	slices.Sort(all)
	l.Views, l.Rate = len(all), float64(len(all))/l.Seconds
	l.P50, l.P99 = quantile(all, 0.5), quantile(all, 0.99)
	return l
}

// quantile of sorted values; 0 of none.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// beside runs a load while something happens, and answers what its payers saw until that had ended.
func (c crowd) beside(ctx context.Context, what func() error) (load, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var seen load
	var ended sync.WaitGroup
	ended.Go(func() { seen = c.rush(ctx) })
	err := what()
	stop()
	ended.Wait()
	return seen, err
}

// untilAnswered asks for a path until the answer is 200.
func untilAnswered(ctx context.Context, addr, path string) error {
	conn := client.Conn{Host: client.Host{Address: addr, Name: addr}, Timeout: time.Minute}
	defer conn.Close()
	var req fasthttp.Request
	var resp fasthttp.Response
	req.Header.SetHost(addr)
	req.SetRequestURI(path)
	for end := time.Now().Add(time.Minute); ; time.Sleep(500 * time.Microsecond) {
		err := conn.Do(&req, &resp)
		if err == nil && resp.StatusCode() == http.StatusOK {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("status %d", resp.StatusCode())
		}
		if ctx.Err() != nil || time.Now().After(end) {
			return fmt.Errorf("%s%s does not answer: %w", addr, path, err)
		}
	}
}
