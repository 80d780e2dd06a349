package panel

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

const (
	// stopsShown is how many happenings a link's page tells of.
	stopsShown = 100
	// stoppingMost is how far a first screen counts, and stoppedKinds how many kinds of cards it names.
	stoppingMost = 100
	stoppedKinds = 3
)

// withStops notes what stops the payers of links right now; the rows are filled where they stand.
func (s *Surface) withStops(ctx context.Context, m checkout.MerchantID, rows []*linkRow) error {
	ids := make([]checkout.LinkID, 0, len(rows))
	for _, l := range rows {
		if l.State == checkout.LinkActive {
			ids = append(ids, l.ID)
		}
	}
	now, err := s.Ledger.StopsNow(ctx, m, ids)
	for _, l := range rows {
		l.Stops = now[l.ID]
	}
	return err
}

// rowsIn are the links in the rows of another table.
func rowsIn[T any](all []T, link func(*T) *linkRow) []*linkRow {
	rows := make([]*linkRow, len(all))
	for i := range all {
		rows[i] = link(&all[i])
	}
	return rows
}

// stopsOf are what stopped the payers of a link, and how many tries that were.
func (s *Surface) stopsOf(c *fiber.Ctx, l checkout.Link) (all []checkout.Stop, tries int64, err error) {
	all, err = s.Ledger.StopsOf(c.UserContext(), l.Merchant, l.ID, stopsShown)
	for _, one := range all {
		tries += one.Tries
	}
	return all, tries, err
}

// lasting are those that have not let go.
func (s *Surface) lasting(all []checkout.Stop) []checkout.Stop {
	now := s.now()
	return slices.DeleteFunc(slices.Clone(all), func(one checkout.Stop) bool { return one.Over(now) })
}

// Soon is a time of today or tomorrow as people say it, and any other in full.
func (p *Page) Soon(t time.Time) string {
	t = t.Add(time.Minute - time.Nanosecond) // what is told is not before it
	switch p.L.DaysAhead(p.now, t) {
	case 0:
		return p.Clock(t)
	case 1:
		return p.T("frame.tomorrow", "time", p.Clock(t))
	}
	return p.When(t)
}

// StopSays says whom a limit stops why, until when, and what helps against all that stop payers of the link.
func (p *Page) StopSays(one checkout.Stop, all []checkout.Stop) string {
	key := "links.stop." + string(one.Limit)
	if one.Limit.OfCard() && one.BIN == "" {
		key = "links.stop.cards"
	}
	text := p.T(key, "card", one.BIN+"…"+one.Last4, "bin", one.BIN, "until", p.Soon(one.Until))
	switch {
	case slices.ContainsFunc(all, func(other checkout.Stop) bool { return other.Limit == checkout.LimitLink }):
	case one.Limit == checkout.LimitBIN:
		text += " " + p.T("links.stop.otherbank")
	case one.Limit == checkout.LimitCard:
		text += " " + p.T("links.stop.other")
	}
	return text
}

// StopTries says how many tries that were.
func (p *Page) StopTries(one checkout.Stop) string {
	return p.N("links.stop.tries", one.Tries) + " " + p.T("links.stop.last", "at", p.When(one.Last))
}

// stopDetail is a happening on a timeline: which limit, of what card, and how many tries.
func (s *Surface) stopDetail(w *who, e checkout.Event, all []checkout.Stop) string {
	l := s.pages.locale(w.lang)
	text := l.Raw("links.limit." + e.Data["limit"])
	if bin := e.Data["bin"]; bin != "" {
		text += " · " + bin + "…" + e.Data["last4"]
	}
	for _, one := range all {
		if one.Since.Equal(e.At) && string(one.Limit) == e.Data["limit"] && one.BIN == e.Data["bin"] && one.Last4 == e.Data["last4"] {
			return text + " · " + l.Count("links.stop.count", int(one.Tries))
		}
	}
	return text
}

// stopped says whose payers are stopped: cards that begin alike are named, since that is all over the merchant's links.
func (h *home) stopped(p *Page, now checkout.Stopping) {
	links, ofBIN := map[checkout.LinkID]bool{}, map[string][]checkout.Stop{}
	var kinds []string
	for _, one := range now.Stops {
		if one.Limit != checkout.LimitBIN || one.BIN == "" {
			links[one.Link] = true
			continue
		}
		if ofBIN[one.BIN] = append(ofBIN[one.BIN], one); len(ofBIN[one.BIN]) == 1 {
			kinds = append(kinds, one.BIN)
		}
	}
	for i, bin := range kinds {
		if i == stoppedKinds {
			break
		}
		t, until := task{Words: "home.task.bin", Path: stoppedPath}, time.Time{}
		for _, one := range ofBIN[bin] {
			t.N += one.Tries
			if one.Until.After(until) {
				until = one.Until
			}
		}
		if len(ofBIN[bin]) == 1 {
			t.Path = linkPath(ofBIN[bin][0].Link)
		}
		t.Detail = p.T("home.task.bin.detail", "bin", bin, "until", p.Soon(until))
		h.Tasks = append(h.Tasks, t)
	}
	if n := int64(len(links)); n > 0 {
		t := task{Words: "home.task.stopped", N: n, Path: stoppedPath}
		for id := range links {
			if n == 1 {
				t.Path = linkPath(id)
			}
		}
		h.Tasks = append(h.Tasks, t)
	}
	if now.Resting > 0 {
		h.Tasks = append(h.Tasks, task{Words: "home.task.resting", N: now.Resting, Path: stoppedPath, Bad: true})
	}
}

// stoppedPath lists links that could be paid whose payers are stopped, or that rest.
const stoppedPath = "/panel/links?stopped=true"
