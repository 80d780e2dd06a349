package panel

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// How a page that is open is told of what happened.
const (
	liveEvery = 2 * time.Second  // the feed is looked at
	liveBeat  = 15 * time.Second // something is said though nothing happened, so that proxies keep the line
	liveMost  = 15 * time.Minute // then the browser connects again, and its visit is held against the ledger
	liveLines = 500              // open at once, all users together
	liveOfOne = 10               // of them one user's: nobody takes all
)

// lines counts the streams that are open.
type lines struct {
	mu  sync.Mutex
	all int
	of  map[checkout.UserID]int
}

// take says whether a user may have one more, and counts it.
func (l *lines) take(u checkout.UserID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= liveLines || l.of[u] >= liveOfOne {
		return false
	}
	if l.of == nil {
		l.of = map[checkout.UserID]int{}
	}
	l.all++
	l.of[u]++
	return true
}

func (l *lines) give(u checkout.UserID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.of[u]--; l.of[u] == 0 {
		delete(l.of, u)
	}
}

// events is a stream of server-sent events: "change" when the merchant's feed grew beyond ?after=.
func (s *Surface) events(c *fiber.Ctx, w *who) error {
	user := w.user.ID
	if !s.lines.take(user) {
		return checkout.ErrVelocity.After(time.Minute)
	}
	// From where the page stood, or the line that broke, so that nothing is missed between.
	place, err := strconv.ParseInt(cmp.Or(c.Get("Last-Event-ID"), c.Query("after")), 10, 64)
	if err != nil {
		place = -1
	}
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set("X-Accel-Buffering", "no")
	web.Stream(c, &changes{s: s, merchant: w.member.Merchant, place: place, until: time.Now().Add(liveMost)}, func() { s.lines.give(user) })
	return nil
}

// changes is the body of such a stream. It is timed by the real clock: it waits for a person's eyes.
type changes struct {
	s        *Surface
	merchant checkout.MerchantID
	place    int64
	until    time.Time
	begun    bool
}

func (ch *changes) Read(p []byte) (int, error) {
	if !ch.begun {
		ch.begun = true
		return copy(p, "retry: 5000\n\n"), nil
	}
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	quiet := time.Now().Add(liveBeat)
	for {
		select {
		case <-ch.s.stop:
			return 0, io.EOF
		case now := <-tick.C:
			ctx, cancel := context.WithTimeout(context.Background(), liveEvery)
			place, err := ch.s.Ledger.FeedPlace(ctx, ch.merchant)
			cancel()
			switch {
			case now.After(ch.until):
				return 0, io.EOF
			case err == nil && place != ch.place:
				ch.place = place
				return copy(p, fmt.Sprintf("event: change\nid: %d\ndata: 1\n\n", place)), nil
			case now.After(quiet): // also while the ledger is away
				return copy(p, ": \n\n"), nil
			}
		}
	}
}

// Stop ends the streams, so that a gateway that is told to stop need not wait for them.
func (s *Surface) Stop() { s.stopOnce.Do(func() { close(s.stop) }) }
