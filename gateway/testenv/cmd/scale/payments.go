package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/seed"
	"github.com/odelink/odelink/loadtest/measure"
)

const (
	// perDay is how many payments a day the seeded ones are spread over.
	perDay = 100_000
	// paying callers and the payments of one turn.
	paying  = 64
	payTurn = 2000
	// asked is how often each list is asked for.
	asked = 9
)

// books is what payments cost in one kind of database.
type books struct {
	Database string         `json:"database"`
	Payments int            `json:"payments"`
	Sizes    []size         `json:"sizes"`
	SeedRate float64        `json:"payments_stored_per_second"`
	Units    measure.Spread `json:"units_per_second"` // durable commits of 64 callers, three for a payment
	Ratio    measure.Spread `json:"units_ratio"`      // over a ledger of a thousand payments, in turns
	Lists    []list         `json:"lists"`
}

// size is the ledger's at a number of payments, each with its link, its events and its index entries.
type size struct {
	Payments int     `json:"payments"`
	Bytes    int64   `json:"bytes"`
	Each     float64 `json:"bytes_per_payment"` // since the size before
}

// list is how long the API takes to answer one question.
type list struct {
	Question string         `json:"question"`
	Millis   measure.Spread `json:"ms"`
	Few      measure.Spread `json:"few_ms"` // at a thousand payments
}

// bookkeeping is a ledger whose size is known.
type bookkeeping struct {
	*site
	size func() (int64, error)

	settled func() error // has the planner know what it was filled with; nil = nobody would
	opened  *seed.Ledger
}

// ledgers makes two empty ones of a kind, and answers how they are ended.
func (c course) ledgers(kind, purpose string) (small, big *bookkeeping, end func() error, err error) {
	address := func(name string) (string, error) { return "sqlite:" + filepath.Join(c.folder, name+".db"), nil }
	size := func(address string) func() (int64, error) { return func() (int64, error) { return sizeOf(address) } }
	end = func() error { return nil }
	var settled func(address string) func() error
	if kind == "PostgreSQL" {
		server, err := testenv.StartPostgres("payments", testenv.PostgresOptions{Durable: true, Settings: []string{"autovacuum_naptime = 1min", "max_wal_size = 1GB", "shared_buffers = 512MB"}})
		if err != nil {
			return nil, nil, nil, err
		}
		end = server.End
		address = func(string) (string, error) { return server.Create() }
		settled = func(address string) func() error {
			return func() error { return testenv.SQL(address, "VACUUM ANALYZE") }
		}
		size = func(string) func() (int64, error) {
			return func() (int64, error) { return folderSize(filepath.Join(server.Dir(), "data", "base")) }
		}
	}
	var both []*bookkeeping
	for _, name := range []string{purpose + "-few", purpose + "-many"} {
		at, err := address(name)
		if err != nil {
			return nil, nil, nil, errors.Join(err, end())
		}
		s, err := newSite(name, c.programs, at)
		if err != nil {
			return nil, nil, nil, errors.Join(err, end())
		}
		b := &bookkeeping{site: s, size: size(at)}
		if settled != nil {
			b.settled = settled(at)
		}
		both = append(both, b)
		inner := end
		end = func() error { return errors.Join(s.end(), inner()) }
	}
	return both[0], both[1], end, nil
}

func folderSize(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a table's file that went meanwhile
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return nil
	})
	return total, err
}

// payments fills a ledger with n payments and measures what they cost.
func (c course) payments(ctx context.Context, kind string, n int) (b books, err error) {
	b = books{Database: kind, Payments: n}
	small, big, end, err := c.ledgers(kind, "payments")
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if _, _, err := small.pay(ctx, few); err != nil {
		return b, err
	}
	for _, at := range decades(few, n) {
		c.progress("%s: %d payments", kind, at)
		s, rate, err := big.pay(ctx, at)
		if err != nil {
			return b, err
		}
		if len(b.Sizes) > 0 {
			last := b.Sizes[len(b.Sizes)-1]
			s.Each = float64(s.Bytes-last.Bytes) / float64(s.Payments-last.Payments)
		}
		b.Sizes, b.SeedRate = append(b.Sizes, s), rate
	}
	c.progress("%s: lists", kind)
	if b.Lists, err = c.lists(ctx, small.site, big.site); err != nil {
		return b, err
	}
	c.progress("%s: units", kind)
	return b, c.units(ctx, &b, small, big)
}

// decades are a number and its tenfolds until the last one, which is there in any case.
func decades(first, last int) (all []int) {
	for n := first; n < last; n *= 10 {
		all = append(all, n)
	}
	return append(all, last)
}

// pay brings the ledger to n payments, as many as links.
func (b *bookkeeping) pay(ctx context.Context, n int) (s size, rate float64, err error) {
	from := b.links
	began := time.Now()
	err = b.seeded(ctx, func(l *seed.Ledger) error {
		return l.Fill(ctx, seed.Fill{From: from, Until: n, Payments: n - from, Span: time.Duration(n-from) * 24 * time.Hour / perDay})
	})
	rate = float64(n-from) / time.Since(began).Seconds()
	b.links = n
	if err != nil {
		return s, rate, err
	}
	s = size{Payments: n}
	s.Bytes, err = b.size()
	return s, rate, err
}

// units has few and many rows take turns in taking payments.
func (c course) units(ctx context.Context, b *books, small, big *bookkeeping) error {
	sides := []*bookkeeping{small, big}
	var got [2][]float64
	for _, s := range sides {
		l, err := s.open(ctx)
		if err != nil {
			return err
		}
		defer l.Close() //nolint:errcheck // nothing is written any more
		s.opened = l
	}
	for round := range c.rounds + 1 { // the first one warms up
		for i := range sides {
			side := (i + round) % 2
			rate, err := sides[side].turn(ctx)
			if err != nil {
				return err
			}
			if round > 0 {
				got[side] = append(got[side], rate)
			}
		}
	}
	b.Units, b.Ratio = measure.SpreadOf(got[1]), measure.SpreadOf(over(got[1], got[0]))
	return nil
}

// turn takes payments on fresh links, and answers durable units a second.
func (b *bookkeeping) turn(ctx context.Context) (float64, error) {
	from := b.links
	b.links += payTurn
	if err := b.opened.Links(ctx, from, b.links); err != nil {
		return 0, err
	}
	links := make(chan checkout.Link, payTurn)
	for _, l := range b.opened.Fresh(from, b.links) {
		links <- l
	}
	close(links)
	errs := make([]error, paying)
	var all sync.WaitGroup
	began := time.Now()
	for caller := range paying {
		all.Go(func() {
			for l := range links {
				if errs[caller] = b.opened.Pay(ctx, l, time.Now()); errs[caller] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return 3 * payTurn / time.Since(began).Seconds(), errors.Join(errs...)
}

// questions are what merchants ask for; order is a link's among the others.
func questions(order checkout.OrderNumber, now time.Time) []string {
	day := func(ago int) string { return now.AddDate(0, 0, -ago).UTC().Format(time.RFC3339) }
	named := string(order)
	return []string{
		"/v1/payments?limit=100",
		"/v1/payments?limit=100&status=declined",
		"/v1/payments?limit=100&status=pending",
		"/v1/payments?limit=100&from=" + url.QueryEscape(day(6)) + "&to=" + url.QueryEscape(day(5)),
		"/v1/payments?order_id=" + named,
		"/v1/payments?limit=100&min=10007&max=10007",
		"/v1/links?limit=100",
		"/v1/links?limit=100&status=active",
		"/v1/links?limit=100&status=deleted",
		"/v1/links?order_id=" + named,
		"/v1/links?limit=100&q=" + named,
	}
}

// lists asks both gateways in turns.
func (c course) lists(ctx context.Context, small, big *site) (all []list, err error) {
	now := time.Now()
	var asking [2][]string
	for i, s := range []*site{small, big} {
		order, err := s.order(ctx, s.links/2)
		if err != nil {
			return nil, err
		}
		asking[i] = questions(order, now)
		if _, err := s.start(ctx, true); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, s.stop()) }()
	}
	few, many := asking[0], asking[1]
	for i := range many {
		var one, other []float64
		for range asked {
			fast, err := small.asks(ctx, few[i])
			if err != nil {
				return all, err
			}
			slow, err := big.asks(ctx, many[i])
			if err != nil {
				return all, err
			}
			one, other = append(one, fast), append(other, slow)
		}
		all = append(all, list{Question: many[i], Millis: measure.SpreadOf(other), Few: measure.SpreadOf(one)})
	}
	return all, nil
}

// order is the order number of link n, which says on which day it was made.
func (s *site) order(ctx context.Context, n int) (order checkout.OrderNumber, err error) {
	err = s.seeded(ctx, func(l *seed.Ledger) error {
		link, err := l.Store.LinkByToken(ctx, seed.Token(n))
		order = link.Order
		return err
	})
	return order, err
}

// asks answers how many milliseconds an answer of the API took.
func (s *site) asks(ctx context.Context, path string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.base()+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+s.apiKey)
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answers %d", path, resp.StatusCode)
	}
	return float64(time.Since(began).Microseconds()) / 1000, nil
}
