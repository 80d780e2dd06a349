package velocity

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/odelink/odelink/checkout"
)

// Guessed tokens (A29). The alarm counts all addresses of this process together: somebody who scans
// from a thousand addresses stays below the first limit with each.
var (
	perGuesser = window{name: "g", says: "unknown tokens per address", limit: 30, span: 10 * time.Minute}
	allGuesses = window{name: "ga", says: "unknown tokens", limit: 1000, span: 10 * time.Minute}
)

// visitor is one address of IPv4, or the /64 of IPv6 that a single visitor has.
func visitor(ip string) string {
	addr, _ := netip.ParseAddr(ip) // what is no address is the zero one
	return string(appendVisitor(nil, addr))
}

// appendVisitor writes the visitor of an address; all that have none are one.
func appendVisitor(dst []byte, addr netip.Addr) []byte {
	if addr = addr.Unmap().WithZone(""); addr.Is4() {
		return addr.AppendTo(dst)
	}
	prefix, err := addr.Prefix(64)
	if err != nil || !prefix.IsValid() {
		return append(dst, "unknown"...)
	}
	return prefix.AppendTo(dst)
}

// Missed counts a token that was not found.
func (l *Limits) Missed(ctx context.Context, ip string) {
	if l.Off {
		return
	}
	now := l.Clock.Now()
	guesser := subject{perGuesser, visitor(ip)}
	if until := l.hit(ctx, guesser, now, false); until.After(now) {
		// Pages ask this process only: they are too many to ask Redis. So what the shared count or a
		// missing Redis says is kept here.
		l.local.blocks.extend(markKey(guesser), mark{until: until, strict: until}, now)
	}
	if _, began := l.local.hit(ctx, subject{allGuesses, ""}, now); began {
		l.OnGuessing(allGuesses.limit)
	}
}

// BlocksSomebody says whether Blocked may answer anything but 0.
func (l *Limits) BlocksSomebody() bool { return !l.Off && !l.local.blocks.empty() }

// Blocked says for how long an address has to wait before it may open any link; 0 = not at all. It
// asks no store.
func (l *Limits) Blocked(_ context.Context, ip string) time.Duration {
	if !l.BlocksSomebody() {
		return 0
	}
	now := l.Clock.Now()
	until := l.local.mark(subject{perGuesser, visitor(ip)}, false)
	if !until.After(now) {
		return 0
	}
	l.OnBlocked(perGuesser.says)
	return until.Sub(now)
}

// rule is a plain request rate: limit requests in each span of the clock.
type rule struct {
	name  string
	says  string
	limit int64
	span  time.Duration
	alone bool // counted in this process only: routes too busy to ask Redis at each request
}

// Request rates. Typing a card number asks for its BIN two or three times (ux-checklist E11); a
// program that needs more than a hundred calls a second should use lists.
var (
	binRate     = rule{name: "bin", says: "BIN questions per page and visitor", limit: 30, span: time.Minute, alone: true}
	askRate     = rule{name: "ask", says: "requests for a new link", limit: 3, span: time.Hour}
	apiRate     = rule{name: "api", says: "API calls per key", limit: 1000, span: 10 * time.Second, alone: true}
	strangeRate = rule{name: "str", says: "API calls without a key per address", limit: 30, span: time.Minute}
)

// BINs says whether this visitor may ask for one more BIN on this page. It is asked at every typed card.
func (l *Limits) BINs(ctx context.Context, ip netip.Addr, t checkout.Token) bool {
	if l.Off {
		return true
	}
	var space [80]byte
	name := appendVisitor(append(append(space[:0], t...), ':'), ip)
	return l.take(ctx, binRate, string(name)) == 0
}

// Asks says whether this visitor may ask once more for a new link in the place of this one.
func (l *Limits) Asks(ctx context.Context, ip string, t checkout.Token) bool {
	return l.take(ctx, askRate, string(t)+":"+visitor(ip)) == 0
}

// Stranger begins the name of a caller who has no good key; his address follows.
const Stranger = "unknown "

// API counts one call by this key, or by Stranger and an address. ErrVelocity with RetryAfter.
func (l *Limits) API(ctx context.Context, key string) error {
	_, err := l.Quota(ctx, key)
	return err
}

// Quota is API, and answers what is left.
func (l *Limits) Quota(ctx context.Context, key string) (checkout.Quota, error) {
	if l.Off {
		return checkout.Quota{}, nil
	}
	r := apiRate
	if ip, ok := strings.CutPrefix(key, Stranger); ok {
		r, key = strangeRate, visitor(ip)
	}
	q := l.count(ctx, r, key)
	if q.Left < 0 {
		q.Left = 0
		return q, checkout.ErrVelocity.Because(errors.New(r.says)).After(q.Reset)
	}
	return q, nil
}

// take counts one request and answers 0, or how long to wait.
func (l *Limits) take(ctx context.Context, r rule, name string) time.Duration {
	if l.Off {
		return 0
	}
	if q := l.count(ctx, r, name); q.Left < 0 {
		return q.Reset
	}
	return 0
}

// count counts one request; less than nothing is left when it is one too many.
func (l *Limits) count(ctx context.Context, r rule, name string) checkout.Quota {
	now := l.Clock.Now()
	number := now.UnixMilli() / r.span.Milliseconds()
	n, limit := int64(0), r.limit
	if l.shared != nil && !r.alone {
		c, err := l.shared.counters.Increment(ctx, rateKey(r, name, number), 1, r.rate())
		if err == nil {
			n = count(c)
		} else {
			limit = max(1, (limit+1)/2)
		}
	}
	s := l.local.bounded(subject{window{name: r.name}, name}, now)
	if here := l.local.add(ctx, rateKey(r, s.name, number), r.rate()); here > n {
		n = here
	}
	if n > limit {
		l.OnBlocked(r.says)
	}
	return checkout.Quota{Limit: limit, Span: r.span, Left: limit - n, Reset: time.UnixMilli((number + 1) * r.span.Milliseconds()).Sub(now)}
}

func rateKey(r rule, name string, number int64) string {
	var space [128]byte
	key := append(append(append(space[:0], keyPrefix...), r.name...), ':')
	key = append(append(key, name...), ':')
	return string(strconv.AppendInt(key, number, 36))
}

// rate keeps a counter a little longer than it is asked for, whatever the clocks say.
func (r rule) rate() limiter.Rate {
	return limiter.Rate{Period: r.span + r.span/4, Limit: 1 << 40}
}
