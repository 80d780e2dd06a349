// Package velocity limits what one visitor, card or program may try: refused payments (threat model
// A30), guessed link tokens (A29), and plain request rates. It is built on ulule/limiter: its Redis
// store where several gateways share limits, its memory store otherwise. It deliberately decides
// nothing about money, stores no card number and no address in any ledger, and cannot be switched off
// outside the demo.
//
//	Check ── refused lately for this link, address, BIN or card?
//	Refused ── counts; says when a link has to rest
//	Missed, Blocked ── guessed tokens
//	BINs, Asks, API ── request rates
//
// Every hit is counted in this process too. When Redis does not answer, what this process has seen
// decides alone, against half of each limit (invariant I23, C21): stricter, never off.
//
// Time comes from outside, though the limiter's stores read their own clocks: the stores are given
// counters for short pieces of time, named by the gateway's clock, and use their clocks only to drop
// old ones. See window.go.
package velocity

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/odelink/odelink/checkout"
)

var _ checkout.Velocity = (*Limits)(nil)

// Shared is what several gateways count in together; redisstore.Store is one. Its calls are bounded
// in time. Recall answers, for the key of a counter, its number as text.
type Shared interface {
	Counters() limiter.Store
	Recall(ctx context.Context, keys ...string) ([]string, error)
	Remember(ctx context.Context, key, text string, ttl time.Duration) error
	// RecallAndRemember is both in one round trip. kept is false where the text was refused, and nothing else failed.
	RecallAndRemember(ctx context.Context, keys []string, key, text string, ttl time.Duration) (texts []string, kept bool, err error)
}

// Config wires the limits. Only Clock is required.
type Config struct {
	Clock  checkout.Clock
	Shared Shared // nil = this process alone
	Off    bool   // no limits at all: for load and race tests in the demo

	// For metrics and alarms; nil = nobody listens. They must not block.
	OnBlocked  func(limit string)       // a try was refused by the limit of this name
	OnRest     func(a checkout.Attempt) // a link has to rest
	OnGuessing func(misses int64)       // too many unknown tokens over all addresses: somebody scans
}

// The limits of A30 on refused payments. A link rests at ten refusals in an hour: one that is tried
// on for as long as its limit of five in a quarter of an hour allows gets there with the second round,
// and a busy link with ordinary refusals does not.
var (
	perLink    = window{name: "l", says: "refusals per link", stops: checkout.LimitLink, limit: 5, span: 15 * time.Minute}
	perAddress = window{name: "a", says: "refusals per address", stops: checkout.LimitAddress, limit: 10, span: 15 * time.Minute}
	perBIN     = window{name: "b", says: "refusals per BIN and merchant", stops: checkout.LimitBIN, limit: 30, span: time.Hour}
	perCard    = window{name: "c", says: "refusals per card", stops: checkout.LimitCard, limit: 5, span: 24 * time.Hour}
	untilRest  = window{name: "r", says: "refusals until a link rests", limit: 10, span: time.Hour}
)

// cardKept is how long a payment's card hash is remembered for the refusal that may follow.
const cardKept = 24 * time.Hour

// Limits is a checkout.Velocity and the guard of pages and API. It is safe for concurrent use.
type Limits struct {
	Config
	local  *local
	shared *shared // nil without Config.Shared
}

// New makes limits.
func New(c Config) (*Limits, error) {
	if c.Clock == nil {
		return nil, errors.New("velocity: a clock is missing")
	}
	if c.OnBlocked == nil {
		c.OnBlocked = func(string) {}
	}
	if c.OnRest == nil {
		c.OnRest = func(checkout.Attempt) {}
	}
	if c.OnGuessing == nil {
		c.OnGuessing = func(int64) {}
	}
	l := &Limits{Config: c, local: newLocal()}
	if c.Shared != nil {
		l.shared = &shared{Shared: c.Shared, counters: c.Shared.Counters()}
	}
	return l, nil
}

// subject is one thing that refusals are counted for.
type subject struct {
	window window
	name   string
}

// subjects of an attempt. A payment whose card is typed at the bank has no BIN and no card here.
func subjects(a checkout.Attempt) []subject {
	all := append(make([]subject, 0, 5),
		subject{perLink, string(a.Token) + "." + strconv.FormatInt(a.Version, 36)},
		subject{perAddress, network(a.IP)})
	if a.BIN != "" {
		all = append(all, subject{perBIN, string(a.Merchant) + ":" + a.BIN})
	}
	if a.CardHash != "" {
		all = append(all, subject{perCard, a.CardHash})
	}
	return all
}

// network is the part of an address that one attacker has for himself: /24 of IPv4, /48 of IPv6. What
// is no address shares one place, so that nobody escapes by having none.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	bits := 48
	if addr = addr.Unmap(); addr.Is4() {
		bits = 24
	}
	prefix, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}

// Check answers ErrVelocity with the time to wait, and the limits as its cause; see checkout.Velocity.
// It remembers which card the payment is made with.
func (l *Limits) Check(ctx context.Context, a checkout.Attempt) error {
	if l.Off {
		return nil
	}
	now := l.Clock.Now()
	all := subjects(a)
	var marks []string
	strict, kept := false, false
	if l.shared != nil {
		tied := a
		if len(l.blocked(all, nil, false, now)) > 0 {
			tied.CardHash = "" // whoever is blocked and goes on must not fill the store
		}
		var err error
		marks, kept, err = l.shared.marks(ctx, all, tied)
		strict = err != nil
	}
	if by := l.blocked(all, marks, strict, now); len(by) > 0 {
		return l.refuse(by)
	}
	if a.CardHash != "" && !kept {
		l.local.cards.put(string(a.Payment), a.CardHash, now, now.Add(cardKept))
	}
	return nil
}

// block is a limit that stops a try, and for how long yet.
type block struct {
	window window
	wait   time.Duration
}

// blocked answers the limits that stop an attempt. marks are what other gateways say; nil = nothing.
func (l *Limits) blocked(all []subject, marks []string, strict bool, now time.Time) (by []block) {
	for i, s := range all {
		end := l.local.mark(s, strict)
		if marks != nil {
			if there := parseMark(marks[i]); there.After(end) {
				if end = there; end.After(now) {
					l.local.blocks.extend(markKey(s), mark{until: end, strict: end}, now)
				}
			}
		}
		if end.After(now) {
			by = append(by, block{s.window, end.Sub(now)})
		}
	}
	return by
}

// refuse is the answer to a try that limits stop: to wait for the longest of them, which is the one that is counted.
func (l *Limits) refuse(by []block) error {
	stopped, longest := make(checkout.Stopped, len(by)), by[0]
	for i, b := range by {
		stopped[i] = checkout.StoppedBy{Limit: b.window.stops, Wait: b.wait}
		if b.wait > longest.wait {
			longest = b
		}
	}
	l.OnBlocked(longest.window.says)
	return checkout.ErrVelocity.Because(stopped).After(longest.wait)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Refused counts one refused payment; see checkout.Velocity. It counts in this process when Redis
// does not answer, so it has no error to tell.
func (l *Limits) Refused(ctx context.Context, a checkout.Attempt) (rest bool, err error) {
	if l.Off {
		return false, nil
	}
	now := l.Clock.Now()
	if a.CardHash == "" {
		a.CardHash = l.recallCard(ctx, a.Payment, now)
	}
	for _, s := range subjects(a) {
		l.hit(ctx, s, now, true)
	}
	resting := subject{untilRest, string(a.Token)}
	if !l.hit(ctx, resting, now, false).After(now) {
		return false, nil
	}
	// From here the ledger knows that the link rests. When its merchant wakes it, it starts anew.
	l.local.forget(ctx, resting, now)
	if l.shared != nil {
		l.shared.forget(ctx, resting, now)
	}
	l.OnRest(a)
	return true, nil
}

// hit counts one hit in this process and in the shared store, and answers until when the subject is
// blocked. tell lets other gateways know of the block.
func (l *Limits) hit(ctx context.Context, s subject, now time.Time, tell bool) (until time.Time) {
	here, _ := l.local.hit(ctx, s, now)
	if l.shared == nil {
		return here.until
	}
	end, err := l.shared.hit(ctx, s, now)
	switch {
	case err == nil && s.window.name == untilRest.name:
		return end // another gateway may have forgotten these hits, this process cannot know
	case err != nil && s.window.name == untilRest.name:
		return here.until // resting takes a merchant to end: the full limit decides
	case err != nil:
		return later(here.until, here.strict)
	}
	if tell && end.After(now) {
		l.shared.setMark(ctx, s, now, end)
	}
	return later(here.until, end)
}

func (l *Limits) recallCard(ctx context.Context, p checkout.PaymentID, now time.Time) string {
	if l.shared != nil {
		if texts, err := l.shared.Recall(ctx, cardKey(p)); err == nil && texts[0] != "" {
			return texts[0]
		}
	}
	return l.local.cards.get(string(p), now)
}

// keyPrefix begins every key here; redisstore puts its own before it.
const keyPrefix = "x:"

func cardKey(p checkout.PaymentID) string { return keyPrefix + "p:" + string(p) }

func markKey(s subject) string { return keyPrefix + s.window.name + ":" + s.name }

func parseMark(text string) time.Time {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{} // none, or not ours
	}
	return time.UnixMilli(ms)
}
