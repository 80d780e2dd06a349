package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// bounded is the longest that a payer may wait for any page while a store is away; a loaded machine
// is allowed for.
const bounded = 15 * time.Second

// within holds a step to the bound.
func (r *rig) within(what string, step func()) {
	r.t.Helper()
	begin := time.Now()
	step()
	if took := time.Since(begin); took > bounded {
		r.t.Errorf("%s took %s", what, took)
	}
}

// C21, I26: whatever Redis does in the middle of a payment, the pages and the payment go on from the
// ledger.
func TestC21_redisInTheMiddleOfAPayment(t *testing.T) {
	t.Parallel()
	// Each trouble is made at two moments: before the page is opened, and while the payer is at the bank.
	for name, tc := range map[string]struct {
		args    []string
		trouble func(t *testing.T, s *testenv.RedisServer, token string)
		over    func(t *testing.T, s *testenv.RedisServer)
	}{
		"killed": {
			trouble: func(t *testing.T, s *testenv.RedisServer, _ string) { s.Kill(t) },
			over:    func(t *testing.T, s *testenv.RedisServer) { s.Start(t) },
		},
		"hanging": {
			trouble: func(t *testing.T, s *testenv.RedisServer, _ string) { s.Freeze(t) },
			over:    func(t *testing.T, s *testenv.RedisServer) { s.Thaw(t) },
		},
		"paused": {
			trouble: func(t *testing.T, s *testenv.RedisServer, _ string) { s.Do(t, "CLIENT", "PAUSE", "2000", "ALL") },
		},
		"flushed": {
			trouble: func(t *testing.T, s *testenv.RedisServer, _ string) { s.Do(t, "FLUSHALL") },
		},
		"full and refusing writes": {
			args: []string{"--maxmemory-policy", "noeviction"},
			trouble: func(t *testing.T, s *testenv.RedisServer, _ string) {
				s.Do(t, "CONFIG", "SET", "maxmemory", "1")
			},
			over: func(t *testing.T, s *testenv.RedisServer) { s.Do(t, "CONFIG", "SET", "maxmemory", "0") },
		},
		"full and evicting": {
			args: []string{"--maxmemory-policy", "allkeys-random"},
			trouble: func(t *testing.T, s *testenv.RedisServer, _ string) {
				s.Do(t, "CONFIG", "SET", "maxmemory", "1")
			},
			over: func(t *testing.T, s *testenv.RedisServer) { s.Do(t, "CONFIG", "SET", "maxmemory", "0") },
		},
		"another type at the link's key": {
			trouble: func(t *testing.T, s *testenv.RedisServer, token string) {
				s.Do(t, "DEL", "o:"+token)
				s.Do(t, "RPUSH", "o:"+token, "x", "y")
			},
		},
		"nonsense at the link's key": {
			trouble: func(t *testing.T, s *testenv.RedisServer, token string) { s.Do(t, "SET", "o:"+token, "\xa1o nonsense") },
		},
		"read only": {
			trouble: func(t *testing.T, s *testenv.RedisServer, _ string) { s.Do(t, "REPLICAOF", "127.0.0.1", "1") },
			over:    func(t *testing.T, s *testenv.RedisServer) { s.Do(t, "REPLICAOF", "NO", "ONE") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.NewRedis(t, tc.args...)
			c := newCrash(t, rigOptions{redis: server.URL(), limits: true})
			link := c.link(nil)
			token := link["token"].(string)
			tc.trouble(t, server, token)
			p := &payer{browser: c.browser()}
			c.within("the page", func() { p.get(link["url"].(string)) })
			p.wants(http.StatusOK, "250,00 TL")
			c.within("a paid payment", func() { p = c.atBank(link) })
			other := c.atBank(link)
			if tc.over != nil {
				tc.over(t, server)
			}
			tc.trouble(t, server, token)
			c.within("the way back", func() { p.back() })
			p.wants(http.StatusOK, "Ödeme tamamlandı")
			c.within("the second payer", func() { other.back() })
			other.wants(http.StatusConflict)
			c.ended(p.id, checkout.StatusPaid, "", 1)
			c.ended(other.id, checkout.StatusFailed, checkout.ReasonLinkUsed, 0)
			c.within("links made meanwhile", func() {
				made := c.link(nil)
				p.get(made["url"].(string))
				p.wants(http.StatusOK)
			})
			if tc.over != nil {
				tc.over(t, server)
			}
			p.get(link["url"].(string))
			p.wants(http.StatusGone)
			c.proven()
		})
	}
}

// C21: Redis failed over and lost writes, or was restored from an old dump: it has the link as it
// was. Nobody is charged by old terms, and nobody is turned away by an old state.
func TestC21_redisHasAnOldCopy(t *testing.T) {
	t.Parallel()
	server := testenv.NewRedis(t)
	c := newCrash(t, rigOptions{redis: server.URL()})
	keep := func(link map[string]any) func() {
		key, old := "o:"+link["token"].(string), ""
		c.until(key+" is in Redis", func() (ok bool) {
			if old, ok = server.Do(t, "GET", key).(string); !ok { // it was too slow for the one who made the link: a view puts it there
				c.browser().get(link["url"].(string))
			}
			return ok
		})
		return func() { server.Do(t, "SET", key, old) }
	}
	open := func(link map[string]any, status int, texts ...string) *payer {
		t.Helper()
		p := &payer{browser: c.browser(), url: link["url"].(string)}
		p.get(p.url)
		p.wants(status, texts...)
		return p
	}

	t.Run("old terms are shown and not charged", func(t *testing.T) {
		link := c.link(nil)
		restore := keep(link)
		c.edit(link, map[string]any{"amount": 30000})
		restore()
		p := open(link, http.StatusOK, "250,00 TL")
		_, shown := p.form()
		p.pay(p.url, cardWithout, "terms", shown.Get("terms"))
		p.wants(http.StatusConflict, "300,00 TL")
		c.must("payments", len(c.paymentsOf(link)), 0)
		_, shown = p.form()
		p.pay(p.url, cardWithout, "terms", shown.Get("terms"))
		p.wants(http.StatusOK)
		open(link, http.StatusOK, "300,00 TL") // mended on the way
	})
	t.Run("a copy that says open, of a link that is paid", func(t *testing.T) {
		link := c.link(nil)
		restore := keep(link)
		c.atBank(link).back().wants(http.StatusOK, "Ödeme tamamlandı")
		restore()
		p := &payer{browser: c.browser(), url: link["url"].(string)}
		p.pay(p.url, cardWithout)
		p.wants(http.StatusConflict, "Ödeme tamamlandı")
		open(link, http.StatusGone, "Ödeme tamamlandı")
	})
	t.Run("a copy that says busy, of a link that is free again", func(t *testing.T) {
		link := c.link(nil)
		p := c.atBank(link)
		c.bankFault(banksim.StepProvision, banksim.FaultReset, `"before"`, 1)
		p.back().wants(http.StatusOK, "Sonuç bekleniyor")
		restore := keep(link)
		open(link, http.StatusConflict)
		c.settleUntil(p.id, checkout.StatusDeclined)
		restore()
		open(link, http.StatusOK, "250,00 TL")
		restore()
		c.atBank(link).back().wants(http.StatusOK, "Ödeme tamamlandı")
	})
	t.Run("a copy that says expired, of a link that lives longer now", func(t *testing.T) {
		link := c.link(map[string]any{"expires_at": c.clock.Now().Add(time.Hour).Format(time.RFC3339)})
		restore := keep(link)
		c.edit(link, map[string]any{"expires_at": c.clock.Now().Add(48 * time.Hour).Format(time.RFC3339)})
		restore()
		c.clock.advance(2 * time.Hour)
		open(link, http.StatusOK, "250,00 TL")
		restore()
		c.atBank(link).back().wants(http.StatusOK, "Ödeme tamamlandı")
	})
	t.Run("a copy that says open, of a link that is deleted", func(t *testing.T) {
		link := c.link(nil)
		restore := keep(link)
		if status, _ := c.api("DELETE", "/v1/links/"+link["id"].(string), nil); status != http.StatusNoContent {
			t.Fatal(status)
		}
		restore()
		p := &payer{browser: c.browser()}
		p.pay(link["url"].(string), cardWithout)
		p.wants(http.StatusGone)
		c.must("payments", len(c.paymentsOf(link)), 0)
	})
	c.proven()
}

func (r *rig) edit(link, terms map[string]any) {
	r.t.Helper()
	if status, answer := r.api("PATCH", "/v1/links/"+link["id"].(string), terms); status != http.StatusOK {
		r.t.Fatalf("edit: %d %v", status, answer)
	}
}

func (r *rig) paymentsOf(link map[string]any) []any {
	r.t.Helper()
	status, list := r.api("GET", "/v1/payments?link="+link["id"].(string), nil)
	r.must("payments of a link", status, http.StatusOK)
	return list["data"].([]any)
}

// C21: a change that could not be published is made good when Redis is back, however long it was away.
func TestC21_whatRedisMissedReachesItLater(t *testing.T) {
	t.Parallel()
	server := testenv.NewRedis(t)
	c := newCrash(t, rigOptions{redis: server.URL()})
	link := c.link(nil)
	server.Kill(t)
	c.edit(link, map[string]any{"amount": 30000})
	for range 20 { // republishing fails all the while
		c.clock.advance(republishEvery)
		_ = c.app.republish(t.Context())
	}
	server.Start(t) // with the old copy, which it had on disk
	c.until("Redis is found again", func() bool { return c.app.redis.Ping(context.Background()) == nil })
	c.until("the change has reached Redis", func() bool {
		c.clock.advance(republishEvery)
		_ = c.app.republish(t.Context())
		h, err := c.app.redis.Open(t.Context(), checkout.Token(link["token"].(string)))
		return err == nil && h.Amount.Minor == 30000
	})
	p := &payer{browser: c.browser()}
	p.get(link["url"].(string))
	p.wants(http.StatusOK, "300,00 TL")
}

// C21: the paid flow on a Cluster of three masters, one of which dies in the middle.
func TestC21_paidOnARedisCluster(t *testing.T) {
	t.Parallel()
	cluster := testenv.NewRedisCluster(t)
	c := newCrash(t, rigOptions{redis: cluster.URL(), limits: true})
	for range 6 { // links on all three
		p := c.atBank(nil)
		other := c.atBank(p.link)
		p.back().wants(http.StatusOK, "Ödeme tamamlandı")
		other.back().wants(http.StatusConflict)
	}
	var open []*payer
	for range 6 {
		open = append(open, c.atBank(nil))
	}
	cluster.Nodes[1].Kill(t)
	for _, p := range open {
		c.within("the way back", func() { p.back() })
		p.wants(http.StatusOK, "Ödeme tamamlandı")
	}
	c.within("a whole payment", func() { c.atBank(nil).back().wants(http.StatusOK, "Ödeme tamamlandı") })
	c.proven()
}

// C22: the ledger is gone at each step a payer can be at: a page that says when to come again, nothing
// sent, and everything goes on when it is back.
func TestC22_ledgerGone(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		// Redis is there all the while: a quarter of a second that a busy machine lets it wait would be both stores' loss.
		opt.seams = func(s *seams) { s.redis = 10 * time.Second }
		c := newCrash(t, opt)
		gone := func() { c.ledger.at("*", 0, -1) }
		c.goneAtEveryStep(gone, func() { c.ledger.mend() })
	})
}

// C22 with a real server: killed (every connection breaks) and hanging (no connection answers).
func TestC22_postgresGone(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(t *testing.T, s *testenv.PostgresServer) (gone, back func()){
		"killed": func(t *testing.T, s *testenv.PostgresServer) (gone, back func()) {
			return func() { s.Kill(t) }, func() { s.Start(t) }
		},
		"hanging": func(t *testing.T, s *testenv.PostgresServer) (gone, back func()) {
			return func() { s.Freeze(t) }, func() { s.Thaw(t) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testenv.NewPostgres(t, testenv.PostgresOptions{})
			c := newCrash(t, rigOptions{database: server.Database(t)})
			gone, back := make(t, server)
			c.goneAtEveryStep(gone, func() {
				back()
				c.until("the ledger answers again", func() bool { return c.app.ledger.Ping(t.Context()) == nil })
			})
		})
	}
}

// goneAtEveryStep lets the ledger be away at the page, at pay, at the callback and between call and
// commit, one after the other.
func (c *crash) goneAtEveryStep(gone, back func()) {
	c.t.Helper()
	// The page of a link that nobody opened yet, and of one whose copy is at hand.
	known, link := c.link(nil), c.link(nil)
	p := &payer{browser: c.browser()}
	p.get(known["url"].(string))
	p.wants(http.StatusOK)
	if c.app.memory != nil {
		c.stop()
		c.start() // memory is empty now
		p.get(c.at(known["url"].(string)))
		p.wants(http.StatusOK)
	}
	gone()
	c.within("a page at hand", func() { p.get(c.at(known["url"].(string))) })
	p.wants(http.StatusOK, "250,00 TL")
	if c.app.memory != nil {
		c.within("a page that is not", func() { p.get(c.at(link["url"].(string))) })
		p.unavailable()
	}
	c.within("pay", func() { p.pay(c.at(known["url"].(string)), cardWithout) })
	p.notBegun(known["token"].(string))
	if strings.Contains(p.body, cardWithout) || strings.Contains(p.body, `value="123"`) {
		c.t.Error("the page holds the card")
	}
	c.must("sent to the bank", len(c.bank.Requests()), 0)
	back()
	c.must("payments", len(c.paymentsOf(known)), 0)
	p.get(c.at(link["url"].(string)))
	p.wants(http.StatusOK, "250,00 TL")

	// The callback.
	p = c.atBank(known)
	gone()
	c.within("the callback", func() { p.back() })
	p.waiting()
	c.within("the same again", func() { p.again() })
	p.waiting()
	c.must("sent to the money step", c.moneyCalls(), 0)
	back()
	p.again().wants(http.StatusOK, "Ödeme tamamlandı")
	c.ended(p.id, checkout.StatusPaid, "", 1)

	// Between the call and the commit of its answer: C10.
	p = c.atBank(link)
	c.bankFault(banksim.StepProvision, banksim.FaultSlow, `1000`, 1)
	done := make(chan struct{})
	go func() { defer close(done); p.back() }()
	c.until("the call is at the bank", func() bool { return c.moneyCalls() == 2 })
	gone()
	select {
	case <-done:
	case <-time.After(2 * bounded):
		c.t.Fatal("the payer's browser was left waiting")
	}
	if p.status != http.StatusServiceUnavailable && !strings.Contains(p.body, "Sonuç bekleniyor") {
		c.t.Errorf("the payer got %d: %.300s", p.status, plainText(p.body))
	}
	c.app.flow.Wait()
	back()
	c.must("status", c.ledgerPayment(p.id).Status, checkout.StatusAuthorizing)
	c.settleUntil(p.id, checkout.StatusPaid)
	c.ended(p.id, checkout.StatusPaid, "", 1)
	c.proven()
}

// unavailable is the page that loads itself again.
func (p *payer) unavailable() {
	p.r.t.Helper()
	p.wants(http.StatusServiceUnavailable)
	if p.header.Get("Retry-After") == "" {
		p.r.t.Error("503 without Retry-After")
	}
	if !strings.Contains(p.body, "data-retry=") && !strings.Contains(p.body, `http-equiv="refresh"`) {
		p.r.t.Errorf("the page does not try again by itself: %.600s", p.body)
	}
}

// notBegun is what a card form is answered with while nothing can be stored: it leads back to the link and
// does not claim to try by itself, which only the payer can.
func (p *payer) notBegun(token string) {
	p.r.t.Helper()
	p.wants(http.StatusServiceUnavailable)
	text := plainText(p.body)
	for _, part := range []string{"Ödemeniz başlatılamadı", "Bu denemede kartınızdan para çekilmedi."} {
		if !strings.Contains(text, part) {
			p.r.t.Errorf("the page does not say %q: %.300s", part, text)
		}
	}
	if p.header.Get("Retry-After") == "" || !strings.Contains(p.body, `href="/p/`+token+`"`) {
		p.r.t.Errorf("no way back to the link: %.600s", p.body)
	}
	if strings.Contains(p.body, "data-retry=") || strings.Contains(p.body, `http-equiv="refresh"`) {
		p.r.t.Errorf("the page tries again by itself, which cannot send a card: %.600s", p.body)
	}
}

// provisions counts what the bank received at the money step.
func (r *rig) moneyCalls() int {
	n := 0
	for _, q := range r.bank.Requests() {
		if q.Step == banksim.StepProvision {
			n++
		}
	}
	return n
}

// C23: no space for the write that comes before the call: nothing is sent. No space for the result:
// the bank is asked when there is some.
func TestC23_diskFull(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		full := fmt.Errorf("write the log: %w", syscall.ENOSPC)
		p := c.atBank(nil)
		c.ledger.because(sqlstore.FaultBeforeCommit, 0, -1, full)
		for range 3 {
			p.back().waiting()
		}
		c.ledger.mend()
		c.must("status", c.ledgerPayment(p.id).Status, checkout.StatusChallenged)
		c.must("sent to the money step", c.moneyCalls(), 0)
		p.again().wants(http.StatusOK, "Ödeme tamamlandı")
		c.ended(p.id, checkout.StatusPaid, "", 1)

		for i, o := range outcomes {
			p := c.atBank(nil)
			c.provisionFault(o)
			c.ledger.because(sqlstore.FaultBeforeCommit, 1, -1, full)
			p.back().wants(http.StatusOK, "Sonuç bekleniyor")
			c.app.flow.Wait()
			c.clock.advance(time.Minute)
			if _, err := c.app.flow.Settle(t.Context()); err == nil {
				t.Errorf("%s: settled on a full disk", o.name)
			}
			c.ledger.mend()
			c.must(o.name+": status", c.ledgerPayment(p.id).Status, checkout.StatusAuthorizing)
			c.settleUntil(p.id, o.ends)
			c.ended(p.id, o.ends, o.reason, o.charges())
			c.must(o.name+": sent to the money step", c.moneyCalls(), i+2)
		}
		c.proven()
	})
}
