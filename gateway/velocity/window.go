package velocity

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/ulule/limiter/v3"

	"github.com/odelink/odelink/checkout"
)

// window is "limit hits in span". It is counted in pieces: a hit belongs to the piece of time it fell
// into and counts until the whole piece is older than span. So a limit is never looser than it says,
// and at most a fifteenth stricter; a block never lasts longer than span.
type window struct {
	name  string         // in keys: short
	says  string         // in metrics
	stops checkout.Limit // whom it stops; "" = nobody by itself
	limit int64
	span  time.Duration
}

// pieces make one window.
const pieces = 15

func (w window) piece() time.Duration { return w.span / pieces }

// strict is the limit that counts when only this process knows: half, at least one.
func (w window) strict() int64 { return max(1, (w.limit+1)/2) }

// at is the number of the piece that a moment belongs to.
func (w window) at(now time.Time) int64 { return now.UnixMilli() / w.piece().Milliseconds() }

// keys are the counters whose hits still count, oldest first; the last one is now's.
func (s subject) keys(now time.Time) []string {
	base := markKey(s) + ":"
	last := s.window.at(now)
	keys := make([]string, 0, pieces+1)
	for i := last - pieces; i <= last; i++ {
		keys = append(keys, base+strconv.FormatInt(i, 36))
	}
	return keys
}

// rate tells the limiter's stores how long to keep a piece. They are asked for counts, not for
// judgement: no count reaches this limit.
func (w window) rate() limiter.Rate {
	return limiter.Rate{Period: w.span + 2*w.piece(), Limit: math.MaxInt32}
}

// count is how many hits a store's answer stands for.
func count(c limiter.Context) int64 { return c.Limit - c.Remaining }

// until answers when fewer than limit hits will count again, the zero time if that is so now. counts
// are those of keys(now).
func (w window) until(counts []int64, now time.Time, limit int64) time.Time {
	sum := int64(0)
	for i := len(counts) - 1; i >= 0; i-- {
		sum += counts[i]
		if sum >= limit {
			// This piece has to leave, and every older one.
			end := time.UnixMilli((w.at(now) - int64(len(counts)-1-i) + 1) * w.piece().Milliseconds()).Add(w.span)
			if latest := now.Add(w.span); end.After(latest) {
				return latest
			}
			return end
		}
	}
	return time.Time{}
}

// shared counts where all gateways see it.
type shared struct {
	Shared
	counters limiter.Store
}

func (h *shared) hit(ctx context.Context, s subject, now time.Time) (until time.Time, err error) {
	keys := s.keys(now)
	last := len(keys) - 1
	c, err := h.counters.Increment(ctx, keys[last], 1, s.window.rate())
	if err != nil {
		return time.Time{}, err
	}
	counts := make([]int64, len(keys))
	counts[last] = count(c)
	texts, err := h.Recall(ctx, keys[:last]...)
	if err != nil {
		return time.Time{}, err
	}
	for i, text := range texts {
		counts[i], _ = strconv.ParseInt(text, 10, 64) // nothing there, or not a number: none
	}
	return s.window.until(counts, now, s.window.limit), nil
}

func (h *shared) forget(ctx context.Context, s subject, now time.Time) {
	for _, key := range s.keys(now) {
		if _, err := h.counters.Reset(ctx, key, s.window.rate()); err != nil {
			return // away: the pieces end by themselves
		}
	}
}

// marks answers the blocks of subjects, and ties the payment to its card's keyed hash until a refusal may have come, in
// one round trip: that of an attempt that is blocked is asked for by nobody. kept is false where it is not tied.
func (h *shared) marks(ctx context.Context, all []subject, a checkout.Attempt) (marks []string, kept bool, err error) {
	keys := make([]string, len(all))
	for i, s := range all {
		keys[i] = markKey(s)
	}
	if a.CardHash == "" {
		marks, err = h.Recall(ctx, keys...)
		return marks, false, err
	}
	return h.RecallAndRemember(ctx, keys, cardKey(a.Payment), a.CardHash, cardKept)
}

func (h *shared) setMark(ctx context.Context, s subject, now, until time.Time) {
	// A mark that cannot be stored is set by the next refusal; this process knows it anyway.
	_ = h.Remember(ctx, markKey(s), strconv.FormatInt(until.UnixMilli(), 10), until.Sub(now)+time.Second)
}
