package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/odelink/odelink/gateway/redisstore"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/seed"
	"github.com/odelink/odelink/loadtest/measure"
)

// few links are what every point of the curve is held against, measured in turns with it.
const few = 1000

// callers look at links at once.
const callers = 32

// point is the curve at one number of links.
type point struct {
	Links      int     `json:"links"`
	Stored     int     `json:"links_in_the_ledger"` // fewer: the rest was put into Redis alone
	SeedRate   float64 `json:"links_stored_per_second"`
	LedgerSize int64   `json:"ledger_bytes"` // of the file

	FillSeconds float64 `json:"fill_seconds"`         // of an empty Redis, while nobody looks
	RedisBytes  float64 `json:"redis_bytes_per_link"` // used_memory

	Start measure.Spread `json:"start_ms"`    // until the first page, Redis whole
	Ratio measure.Spread `json:"start_ratio"` // over an empty Fiber program, in turns

	Views    measure.Spread `json:"views_per_second"`
	Compared measure.Spread `json:"views_ratio"` // over few links, in turns
	P50      measure.Spread `json:"view_p50_ms"` // at a fixed rate, half of what few links carry
	P99      measure.Spread `json:"view_p99_ms"`
	P99Few   measure.Spread `json:"view_p99_few_ms"` // of few links at the same rate
	Cost     measure.Spread `json:"view_cpu_ratio"`  // processor time of gateway and Redis for a view, over few links
	Failed   int            `json:"errors"`

	empty  int64   // what Redis used before
	Refill *refill `json:"refill"`
	Memory *inside `json:"without_redis,omitempty"`
}

// refill is what happened when Redis lost everything while payers looked at links.
type refill struct {
	Seconds float64 `json:"seconds"` // until every link was back
	Before  load    `json:"before"`
	During  load    `json:"during"`
	Missing int64   `json:"missing"` // links that were not back
}

// inside is a gateway without Redis.
type inside struct {
	Start       float64 `json:"start_ms"`
	FillSeconds float64 `json:"fill_seconds"`
	Bytes       float64 `json:"bytes_per_link"` // of resident memory
	Views       float64 `json:"views_per_second"`
}

// course is how much is measured.
type course struct {
	programs programs
	folder   string
	points   []int // numbers of links
	stored   int   // the most links that are stored in the ledger
	inside   int   // the most links that are also kept without Redis
	rounds   int
	turn     time.Duration
	progress func(format string, args ...any)
}

// curve measures every point. What was measured until an error stays.
func (c course) curve(ctx context.Context) (points []point, err error) {
	small, err := newSite("few", c.programs, "sqlite:"+c.folder+"/few.db")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, small.end()) }()
	big, err := newSite("many", c.programs, "sqlite:"+c.folder+"/many.db")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, big.end()) }()
	if _, err := small.grow(ctx, few); err != nil {
		return nil, err
	}
	if _, err := small.start(ctx, true); err != nil {
		return nil, err
	}
	if err := small.awaitWhole(ctx); err != nil {
		return nil, err
	}
	for _, links := range c.points {
		p, err := c.point(ctx, links, small, big)
		points = append(points, p)
		if err = errors.Join(err, big.stop()); err != nil {
			return points, fmt.Errorf("%d links: %w", links, err)
		}
	}
	return points, nil
}

func (c course) point(ctx context.Context, links int, small, big *site) (p point, err error) {
	p.Links, p.Stored = links, min(links, c.stored)
	c.progress("%d links: storing", links)
	if before := big.links; p.Stored > before {
		if p.SeedRate, err = big.grow(ctx, p.Stored); err != nil {
			return p, err
		}
	}
	if p.LedgerSize, err = sizeOf(big.ledger); err != nil {
		return p, err
	}
	steps := []func(context.Context, *point, *site, *site) error{c.fill, c.starts, c.views, c.bytes, c.refill, c.memory}
	if p.Stored < links {
		steps = []func(context.Context, *point, *site, *site) error{c.hot, c.starts, c.views, c.bytes}
	}
	for _, step := range steps {
		if err := step(ctx, &p, small, big); err != nil {
			return p, err
		}
	}
	return p, nil
}

// hot puts more links into Redis than the ledger holds: views and bytes are those of so many, and what would read
// the ledger is not measured.
func (c course) hot(ctx context.Context, p *point, _, big *site) error {
	c.progress("%d links: filling Redis alone", p.Links)
	empty, err := big.emptied(ctx)
	if err != nil {
		return err
	}
	store, err := redisstore.Open(ctx, redisstore.Config{URL: big.redis.URL()})
	if err != nil {
		return err
	}
	began := time.Now()
	err = big.seeded(ctx, func(l *seed.Ledger) error {
		_, err := store.Restore(ctx, func(ctx context.Context) error {
			const piece = 250
			for from := 0; from < p.Links; from += piece {
				if err := store.Fill(ctx, l.Copies(from, min(from+piece, p.Links))); err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	p.FillSeconds = time.Since(began).Seconds()
	p.empty = empty
	return nil
}

// fill starts the gateway beside an empty Redis.
func (c course) fill(ctx context.Context, p *point, _, big *site) error {
	c.progress("%d links: filling Redis", p.Links)
	empty, err := big.emptied(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := big.start(ctx, true); err != nil {
		return err
	}
	if err := big.awaitWhole(ctx); err != nil {
		return err
	}
	p.FillSeconds = time.Since(began).Seconds()
	p.empty = empty
	return nil
}

// bytes reads what Redis uses, after the views: by then it has moved on from the tables that it had outgrown.
func (c course) bytes(_ context.Context, p *point, _, big *site) error {
	full, err := big.memory()
	p.RedisBytes = float64(full-p.empty) / float64(p.Links)
	return err
}

// starts times starts in turns with those of an empty Fiber program.
func (c course) starts(ctx context.Context, p *point, _, big *site) error {
	c.progress("%d links: starting", p.Links)
	var ours, ratios []float64
	for range c.rounds {
		if err := big.stop(); err != nil {
			return err
		}
		program, theirs, err := c.programs.empty(ctx)
		if err != nil {
			return err
		}
		if err := program.End(); err != nil {
			return err
		}
		took, err := big.start(ctx, true)
		if err != nil {
			return err
		}
		ours, ratios = append(ours, took.Seconds()*1000), append(ratios, float64(took)/float64(theirs))
	}
	p.Start, p.Ratio = measure.SpreadOf(ours), measure.SpreadOf(ratios)
	return nil
}

// views has few and many links take turns, in the opposite order every other round.
func (c course) views(ctx context.Context, p *point, small, big *site) error {
	c.progress("%d links: views", p.Links)
	sides := []crowd{newCrowd(small.base(), few, callers), newCrowd(big.base(), p.Links, callers)}
	pids := [][]int{small.pids(), big.pids()}
	var costs [2][]float64
	var fast, steady [2][]load
	rate := 100.0
	for round := range c.rounds + 1 { // the first one warms up
		for i := range sides {
			side := (i + round) % 2
			before := spent(pids[side])
			seen := sides[side].rushFor(ctx, c.turn)
			fast[side] = append(fast[side], seen)
			costs[side] = append(costs[side], float64(spent(pids[side])-before)/float64(max(seen.Views, 1)))
		}
		if round == 0 {
			rate = max(rate, fast[0][0].Rate/2)
		}
		for i := range sides {
			side := (i + round) % 2
			steady[side] = append(steady[side], sides[side].steadyFor(ctx, rate, c.turn))
		}
	}
	for _, s := range sides {
		s.leave()
	}
	p.Views, p.Compared = measure.SpreadOf(rates(fast[1][1:])), measure.SpreadOf(over(rates(fast[1][1:]), rates(fast[0][1:])))
	p.P50, p.P99 = measure.SpreadOf(each(steady[1][1:], func(l load) float64 { return l.P50 })), measure.SpreadOf(each(steady[1][1:], p99))
	p.Cost = measure.SpreadOf(over(costs[1][1:], costs[0][1:]))
	p.P99Few = measure.SpreadOf(each(steady[0][1:], p99))
	for _, l := range append(fast[1], steady[1]...) {
		p.Failed += l.Errors
	}
	return ctx.Err()
}

func p99(l load) float64 { return l.P99 }

func rates(all []load) []float64 { return each(all, func(l load) float64 { return l.Rate }) }

func each(all []load, of func(load) float64) (values []float64) {
	for _, l := range all {
		values = append(values, of(l))
	}
	return values
}

// over divides pair by pair.
func over(a, b []float64) (ratios []float64) {
	for i := range min(len(a), len(b)) {
		if b[i] > 0 {
			ratios = append(ratios, a[i]/b[i])
		}
	}
	return ratios
}

// refill empties Redis while payers look.
func (c course) refill(ctx context.Context, p *point, _, big *site) error {
	c.progress("%d links: Redis loses everything while pages are asked for", p.Links)
	payers := newCrowd(big.base(), p.Links, callers)
	defer payers.leave()
	r := &refill{Before: payers.rushFor(ctx, c.turn)}
	p.Refill = r
	var err error
	r.During, err = payers.beside(ctx, func() error {
		began := time.Now()
		if _, err := big.redis.Ask("FLUSHALL", "ASYNC"); err != nil {
			return err
		}
		err := big.awaitWhole(ctx)
		r.Seconds = time.Since(began).Seconds()
		return err
	})
	if err != nil {
		return err
	}
	keys, err := big.keys()
	r.Missing = max(int64(p.Links)+1-keys, 0) // and the mark
	return err
}

// memory is the same ledger behind a gateway without Redis.
func (c course) memory(ctx context.Context, p *point, _, big *site) error {
	if p.Links > c.inside {
		return nil
	}
	c.progress("%d links: without Redis", p.Links)
	if err := big.stop(); err != nil {
		return err
	}
	began := time.Now()
	took, err := big.start(ctx, false)
	if err != nil {
		return err
	}
	m := &inside{Start: took.Seconds() * 1000}
	p.Memory = m
	if err := until(ctx, func() (bool, error) { return filled(big.gateway) }); err != nil {
		return err
	}
	m.FillSeconds = time.Since(began).Seconds()
	m.Bytes = float64(resident(big.gateway.PID())) / float64(p.Links)
	payers := newCrowd(big.base(), p.Links, callers)
	defer payers.leave()
	m.Views = payers.rushFor(ctx, c.turn).Rate
	return nil
}

// filled reads in the gateway's log whether its own memory holds every link.
func filled(p *testenv.Program) (bool, error) {
	text, err := os.ReadFile(p.LogPath())
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(text)) {
		var said struct{ Msg string }
		if json.Unmarshal([]byte(line), &said) == nil && said.Msg == "hot state filled" {
			return true, nil
		}
	}
	return false, nil
}

// sizeOf is how long the file of an SQLite ledger is.
func sizeOf(ledger string) (int64, error) {
	info, err := os.Stat(strings.TrimPrefix(ledger, "sqlite:"))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
