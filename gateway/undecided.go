package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	// undecidedEvery is how often payments that wait for their banks are counted.
	undecidedEvery = 15 * time.Second
	// undecidedMost is how many are looked at: more are a bank that is away, and their number says nothing more.
	undecidedMost = 10_000
	// undecidedNamed is how many of them doctor names.
	undecidedNamed = 5
)

// waits are the ages that undecided payments are counted by; the last has no end.
var waits = []struct {
	name string
	most time.Duration
}{{"under_5m", 5 * time.Minute}, {"5m_15m", checkout.UndecidedTooLong}, {"15m_1h", time.Hour}, {"1h_24h", 24 * time.Hour}, {"over_24h", 1<<63 - 1}}

// undecided is which payments' banks owe their word, as last looked.
type undecided struct {
	ledger checkout.Ledger
	clock  checkout.Clock

	mu    sync.Mutex
	since []time.Time
}

// watchUndecided makes the count and its metrics.
func (a *app) watchUndecided() {
	u := &undecided{ledger: a.ledger, clock: a.seams.clock}
	a.undecided = u
	for i, w := range waits {
		a.watch.metrics.Gauge("odelink_payments_undecided", "Payments whose bank owes its word, by how long.", map[string]string{"age": w.name}, func() float64 { return u.aged(i) })
	}
	a.watch.metrics.Gauge("odelink_payments_undecided_oldest_seconds", "How long the bank owes its word for the payment that waits longest; 0 when none does.", nil, u.oldest)
}

// look counts them anew.
func (u *undecided) look(ctx context.Context) error {
	all, err := u.ledger.Undecided(ctx, undecidedMost)
	if err != nil {
		return err
	}
	since := make([]time.Time, len(all))
	for i, one := range all {
		since[i] = one.Since
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.since = since
	return nil
}

// aged is how many are of the age that waits[i] names.
func (u *undecided) aged(i int) (n float64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, since := range u.since {
		age := u.clock.Now().Sub(since)
		if age < waits[i].most && (i == 0 || age >= waits[i-1].most) {
			n++
		}
	}
	return n
}

func (u *undecided) oldest() float64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.since) == 0 {
		return 0
	}
	return max(0, u.clock.Now().Sub(u.since[0]).Seconds())
}

// checkUndecided names the payments whose bank has owed its word for too long.
func (a *app) checkUndecided(ctx context.Context) []finding {
	all, err := a.ledger.Undecided(ctx, undecidedMost)
	f := finding{what: "undecided payments", note: "no bank owes its word", err: err}
	if err != nil || len(all) == 0 {
		return []finding{f}
	}
	now, late := a.seams.clock.Now(), []string{}
	for _, one := range all {
		if age := now.Sub(one.Since); age >= checkout.UndecidedTooLong && len(late) < undecidedNamed {
			late = append(late, fmt.Sprintf("%s of %s at %s for %s", one.Payment, one.Merchant, one.Account, age.Round(time.Second)))
		}
	}
	f.note = fmt.Sprintf("%d wait for their bank's word", len(all))
	if len(late) > 0 {
		f.err = errors.New(f.note + ", longest: " + strings.Join(late, "; "))
	}
	return []finding{f}
}
