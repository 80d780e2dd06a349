package observe

import (
	"log/slog"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

// When rejected callbacks are an alarm (threat model, section 3): three different payments of one
// acquirer account within ten minutes. One forged callback is noise; three are somebody at work, or
// a secret that the bank changed.
const (
	alarmPayments = 3
	alarmWindow   = 10 * time.Minute
	// maxTold bounds how many payments of one account are remembered as told at once.
	maxTold = 256
	// maxAccounts bounds the memory; the account that was quiet longest is forgotten first.
	maxAccounts = 1024
)

// Callbacks watches rejected callbacks.
type Callbacks struct {
	metrics *Metrics
	log     *slog.Logger
	clock   checkout.Clock

	mu       sync.Mutex
	accounts map[checkout.AccountID]*rejections
}

// rejections are the payments of one account whose callbacks were rejected lately; never more than
// alarmPayments of them.
type rejections struct {
	seen  map[checkout.PaymentID]time.Time
	told  map[checkout.PaymentID]time.Time // alarms that did not wait for others
	quiet time.Time                        // no further alarm before
	last  time.Time
}

// NewCallbacks counts into m and raises its alarms as errors in log.
func NewCallbacks(m *Metrics, log *slog.Logger, clock checkout.Clock) *Callbacks {
	return &Callbacks{metrics: m, log: log, clock: clock, accounts: map[checkout.AccountID]*rejections{}}
}

// Rejected records one rejected callback. reason is one of the checkout.Forged… words. A callback
// whose signature is right and whose amount is not (copy_mismatch) is an alarm at once (A9), however
// often it is repeated: a payer who sends one again and again must not drown the others.
func (c *Callbacks) Rejected(a checkout.AccountID, kind string, p checkout.PaymentID, reason string) {
	c.metrics.callbacks.WithLabelValues(kind, reason).Inc()
	if payments := c.record(a, p, reason == checkout.ForgedCopyMismatch); payments > 0 {
		c.metrics.alarms.WithLabelValues(kind).Inc()
		c.log.Error("callbacks of an acquirer account are being rejected", "account", string(a), "acquirer", kind,
			"payment", string(p), "reason", reason, "payments", payments, "within", alarmWindow)
	}
}

// record answers how many payments are behind an alarm, 0 for none.
func (c *Callbacks) record(a checkout.AccountID, p checkout.PaymentID, atOnce bool) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	r := c.account(a)
	r.last = now
	for id, at := range r.seen {
		if now.Sub(at) >= alarmWindow {
			delete(r.seen, id)
		}
	}
	r.seen[p] = now
	payments := len(r.seen)
	many := payments >= alarmPayments
	if many {
		clear(r.seen)
	}
	switch {
	case atOnce:
		if at, told := r.told[p]; told && now.Sub(at) < alarmWindow {
			return 0
		}
		if len(r.told) >= maxTold {
			clear(r.told)
		}
		r.told[p] = now
		return payments
	case !many, now.Before(r.quiet):
		return 0
	}
	r.quiet = now.Add(alarmWindow)
	return payments
}

func (c *Callbacks) account(a checkout.AccountID) *rejections {
	if r, known := c.accounts[a]; known {
		return r
	}
	if len(c.accounts) >= maxAccounts {
		var oldest checkout.AccountID
		var last time.Time
		for id, r := range c.accounts {
			if last.IsZero() || r.last.Before(last) {
				oldest, last = id, r.last
			}
		}
		delete(c.accounts, oldest)
	}
	r := &rejections{seen: map[checkout.PaymentID]time.Time{}, told: map[checkout.PaymentID]time.Time{}}
	c.accounts[a] = r
	return r
}
