package checkout

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
)

// Limit names what a limit on tries to pay goes by (A29, A30).
type Limit string

const (
	LimitLink    Limit = "link"    // refusals on one link
	LimitAddress Limit = "address" // refusals from one network
	LimitBIN     Limit = "bin"     // refusals of cards that begin alike, at one merchant
	LimitCard    Limit = "card"    // refusals of one card, at whatever merchant
	LimitGuesses Limit = "guesses" // unknown links asked for from one address
)

// Limits are all of them, in the order of the API's document.
var Limits = []Limit{LimitLink, LimitAddress, LimitBIN, LimitCard, LimitGuesses}

// OfCard says whether another card would pass at once.
func (l Limit) OfCard() bool { return l == LimitBIN || l == LimitCard }

// StoppedBy is a limit that stops a try, and for how long yet.
type StoppedBy struct {
	Limit Limit
	Wait  time.Duration
}

// Stopped is the cause of an ErrVelocity: every limit that stops the try.
type Stopped []StoppedBy

func (s Stopped) Error() string {
	names := make([]string, len(s))
	for i, by := range s {
		names[i] = string(by.Limit)
	}
	return "stopped by the limit of " + strings.Join(names, ", ")
}

// OtherCard is how long a try with a card of another kind would have to wait; 0 = not at all.
func (s Stopped) OtherCard() (wait time.Duration) {
	for _, by := range s {
		if !by.Limit.OfCard() {
			wait = max(wait, by.Wait)
		}
	}
	return wait
}

// First is the limit that its payer is told of: that of his card where there is one, since he has another sooner than he
// is another payer; of two, the longer one. Without any it is zero.
func (s Stopped) First() (first StoppedBy) {
	for _, by := range s {
		if first.Limit == "" || by.Limit.OfCard() && !first.Limit.OfCard() || by.Limit.OfCard() == first.Limit.OfCard() && by.Wait > first.Wait {
			first = by
		}
	}
	return first
}

// StoppedOf answers the limits that an ErrVelocity comes from, nil for any other error.
func StoppedOf(err error) Stopped {
	var s Stopped
	errors.As(err, &s)
	return s
}

// Stop is a happening on a link: payers were stopped by one limit, from the first of them until it lets go. Of the card
// there is what I14 lets through: its beginning where the limit goes by that, and its last digits too where it is one
// card's. Nothing tells who the payers were.
type Stop struct {
	Link     LinkID
	Merchant MerchantID
	Limit    Limit
	BIN      string // "" = the limit goes by no card, or more cards than are kept apart
	Last4    string
	Since    time.Time // the first try
	Last     time.Time // the last one that was written down
	Until    time.Time
	Tries    int64
}

// Over says whether the limit has let go.
func (s Stop) Over(now time.Time) bool { return !s.Until.After(now) }

// MostStops is how many happenings of one limit on one link are kept apart while they last: cards beyond it are counted
// together, without their digits.
const MostStops = 10

// TopicPayerStopped is the event of a happening's beginning. Of one card, or of cards that begin alike, a merchant is
// told once, on whatever link that is; every link's own trail has it.
const TopicPayerStopped = "link.payer_stopped"

// StopData is what the audit trail keeps of a happening's beginning.
func (s Stop) StopData() map[string]string {
	d := map[string]string{"limit": string(s.Limit), "until": s.Until.UTC().Format(time.RFC3339)}
	if s.BIN != "" {
		d["bin"] = s.BIN
	}
	if s.Last4 != "" {
		d["last4"] = s.Last4
	}
	return d
}

// Stopping is what a merchant's payers are stopped by right now.
type Stopping struct {
	Stops   []Stop // on links that could be paid, the newest first
	Resting int64  // links that could be paid and rest
}

// StopLedger keeps whom the limits stopped.
type StopLedger interface {
	// AddStop adds tries to the happening of the link, limit and card that lasts, or begins one with an event of the
	// link's. The link itself stays as it is. ErrNoLink, also for a link of another merchant.
	AddStop(ctx context.Context, s Stop) error
	// StopsOf answers a link's happenings, newest first; none for somebody else's link.
	StopsOf(ctx context.Context, m MerchantID, id LinkID, limit int) ([]Stop, error)
	// StopsNow answers the happenings of links that last, newest first. A link without such, or of somebody else, is not in
	// the answer.
	StopsNow(ctx context.Context, m MerchantID, links []LinkID) (map[LinkID][]Stop, error)
	// Stopping answers what lasts of a merchant's, at most most of each; maker "" is everybody.
	Stopping(ctx context.Context, m MerchantID, maker UserID, most int) (Stopping, error)
}

// What writing down costs at most, whoever hammers: the answer to a stopped try itself writes nothing.
const (
	stopsWaiting = 1000        // happenings that wait to be written down; what comes beyond is only in the metrics
	stopsTaken   = 50          // written at once, beside payments
	stopsRaise   = time.Minute // how often the same happening is written
	stopsHourly  = 2000        // written in an hour, all merchants together
)

// stops are happenings that wait to be written down.
type stops struct {
	mu      sync.Mutex
	waiting map[stopKey]Stop
	written map[stopKey]time.Time // the last time, for stopsRaise
	hour    time.Time             // began
	spent   int                   // of the hour
}

type stopKey struct {
	link  LinkID
	limit Limit
	bin   string
	last4 string
}

func (s Stop) key() stopKey { return stopKey{s.Link, s.Limit, s.BIN, s.Last4} }

// note adds tries to what waits.
func (w *stops) note(s Stop) {
	w.mu.Lock()
	defer w.mu.Unlock()
	have, known := w.waiting[s.key()]
	switch {
	case known:
		have.Tries += s.Tries
		have.Since, have.Last, have.Until = earlier(have.Since, s.Since), later(have.Last, s.Last), later(have.Until, s.Until)
		w.waiting[s.key()] = have
	case len(w.waiting) >= stopsWaiting:
	case w.waiting == nil:
		w.waiting = map[stopKey]Stop{s.key(): s}
	default:
		w.waiting[s.key()] = s
	}
}

// take hands out what may be written now.
func (w *stops) take(now time.Time) (all []Stop) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.hour) >= time.Hour || now.Before(w.hour) {
		w.hour, w.spent = now, 0
	}
	for k, at := range w.written {
		if now.Sub(at) >= stopsRaise || now.Before(at) {
			delete(w.written, k)
		}
	}
	for k, s := range w.waiting {
		if len(all) == stopsTaken || w.spent == stopsHourly {
			break
		}
		if _, lately := w.written[k]; lately {
			continue
		}
		if w.written == nil {
			w.written = map[stopKey]time.Time{}
		}
		all, w.written[k] = append(all, s), now
		delete(w.waiting, k)
		w.spent++
	}
	return all
}

// begunAnew drops what waits of a link's own limit, which its merchant has ended.
func (w *stops) begunAnew(id LinkID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting, stopKey{link: id, limit: LimitLink})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// NoteStopped remembers that a payer of a link was stopped by limits: the causes of an ErrVelocity, and what may be kept of
// his card. It asks no store.
func (s *Service) NoteStopped(h Hot, c CardFacts, err error) {
	now := s.Clock.Now()
	if h.Check(now) != nil {
		return // nobody could have paid it anyway
	}
	for _, by := range StoppedOf(err) {
		one := Stop{Link: h.Link, Merchant: h.Merchant, Limit: by.Limit, Since: now, Last: now, Until: now.Add(by.Wait), Tries: 1}
		if by.Limit.OfCard() {
			one.BIN = c.BIN
		}
		if by.Limit == LimitCard {
			one.Last4 = c.Last4
		}
		s.stops.note(one)
	}
}

// NoteStops writes down whom the limits stopped. What cannot be written waits for the next time.
func (s *Service) NoteStops(ctx context.Context) error {
	all := s.stops.take(s.Clock.Now())
	errs := make([]error, len(all))
	var done sync.WaitGroup
	for i, one := range all {
		done.Go(func() {
			err := s.Ledger.AddStop(ctx, one)
			if err == nil || errors.Is(err, ErrNoLink) { // the hot state was wrong about it (I26)
				return
			}
			s.stops.note(one)
			errs[i] = err
		})
	}
	done.Wait()
	return errors.Join(errs...)
}
