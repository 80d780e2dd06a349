package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Stop is one try that a limit stopped for a quarter of an hour, changed by each of change. It is not stored.
func (b *Books) Stop(l checkout.Link, limit checkout.Limit, change ...func(*checkout.Stop)) checkout.Stop {
	now := b.Clock.Now()
	s := checkout.Stop{Link: l.ID, Merchant: l.Merchant, Limit: limit, Since: now, Last: now, Until: now.Add(15 * time.Minute), Tries: 1}
	for _, c := range change {
		c(&s)
	}
	return s
}

// card says which card a stop is of.
func card(bin, last4 string) func(*checkout.Stop) {
	return func(s *checkout.Stop) { s.BIN, s.Last4 = bin, last4 }
}

func (b *Books) addStop(s checkout.Stop) {
	b.Helper()
	b.must(b.Ledger.AddStop(b.ctx, s))
}

func (b *Books) stopsOf(l checkout.Link) []checkout.Stop {
	b.Helper()
	all, err := b.Ledger.StopsOf(b.ctx, l.Merchant, l.ID, 100)
	b.must(err)
	return all
}

func (b *Books) stopping(m checkout.MerchantID, maker checkout.UserID) checkout.Stopping {
	b.Helper()
	now, err := b.Ledger.Stopping(b.ctx, m, maker, 100)
	b.must(err)
	return now
}

// A happening lasts as long as its limit holds, however many tries come meanwhile; what comes after is another one.
func stopFields(b *Books) {
	l := b.Create()
	first := b.Stop(l, checkout.LimitCard, card("41556500", "0007"), func(s *checkout.Stop) { s.Tries = 3 })
	b.addStop(first)
	b.equal("begun", b.stopsOf(l), []checkout.Stop{first})
	b.Clock.Advance(10 * time.Minute)
	more := b.Stop(l, checkout.LimitCard, card("41556500", "0007"), func(s *checkout.Stop) { s.Tries = 40 })
	b.addStop(more)
	first.Last, first.Until, first.Tries = more.Last, more.Until, 43
	b.equal("goes on", b.stopsOf(l), []checkout.Stop{first})
	b.addStop(b.Stop(l, checkout.LimitCard, card("41556500", "0007"), func(s *checkout.Stop) {
		s.Since, s.Last, s.Until = s.Since.Add(-time.Minute), s.Last.Add(-time.Minute), s.Until.Add(-time.Hour)
	})) // of another gateway, late
	first.Tries++
	b.equal("never shorter", b.stopsOf(l), []checkout.Stop{first})
	b.Clock.Advance(15 * time.Minute) // the last tick at which it stops is before its end
	second := b.Stop(l, checkout.LimitCard, card("41556500", "0007"))
	b.addStop(second)
	b.Clock.Advance(time.Second)
	other := b.Stop(l, checkout.LimitLink)
	b.addStop(other)
	b.equal("newest first", b.stopsOf(l), []checkout.Stop{other, second, first})
	now, err := b.Ledger.StopsNow(b.ctx, b.Merchant, []checkout.LinkID{l.ID, b.Create().ID})
	b.must(err)
	b.equal("now", now, map[checkout.LinkID][]checkout.Stop{l.ID: {other, second}})
	none, err := b.Ledger.StopsNow(b.ctx, b.Merchant, nil)
	b.must(err)
	b.equal("of no link", len(none), 0)
}

// The link is as it was: who has its page open or its hot copy need not look again.
func stopLink(b *Books) {
	b.SaveEndpoint()
	l := b.ReadLink(b.Create().ID)
	b.Clock.Advance(time.Minute)
	for range 5 {
		b.addStop(b.Stop(l, checkout.LimitAddress))
	}
	b.equal("link", b.ReadLink(l.ID), l)
	events, err := b.Ledger.Events(b.ctx, l.Merchant, string(l.ID))
	b.must(err)
	b.equal("events", len(events), 2)
	e := events[1]
	b.equal("event", []any{e.Seq, e.Type, e.Actor, e.IP, e.At, e.Data}, []any{
		int64(2), checkout.TopicPayerStopped, "limits", "", b.Clock.Now(), map[string]string{"limit": "address", "until": b.Clock.Now().Add(15 * time.Minute).UTC().Format(time.RFC3339)},
	})
	b.Place()
	feed := b.feed(checkout.NoticeQuery{Topic: checkout.TopicPayerStopped})
	b.equal("told once", len(feed), 1)
	b.equal("told", []any{feed[0].Subject, feed[0].Seq, string(feed[0].Body)}, []any{string(l.ID), int64(2), `{"id":"` + string(feed[0].ID) + `"}`})
	// A payment and an edit go on from there.
	b.Pay(l)
	b.equal("paid", b.ReadLink(l.ID).PaidCount, 1)
	_, err = b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: b.ReadLink(l.ID), To: b.ReadLink(l.ID), Event: b.Event("link.edited")})
	b.must(err)
}

// Of one card, and of cards that begin alike, a merchant is told once, though every link's trail has it.
func stopTold(b *Books) {
	told := func() (n int) {
		b.Helper()
		b.Place()
		return len(b.feed(checkout.NoticeQuery{Topic: checkout.TopicPayerStopped}))
	}
	for _, c := range []struct {
		limit       checkout.Limit
		bin, last4  string
		links, told int
	}{
		{checkout.LimitBIN, "41556500", "", 3, 1}, {checkout.LimitBIN, "45063400", "", 2, 1}, {checkout.LimitCard, "41556500", "0007", 3, 1},
		{checkout.LimitCard, "41556500", "0015", 1, 1}, {checkout.LimitAddress, "", "", 3, 3}, {checkout.LimitLink, "", "", 2, 2},
	} {
		was := told()
		for range c.links {
			l := b.Create()
			b.addStop(b.Stop(l, c.limit, card(c.bin, c.last4)))
			events, err := b.Ledger.Events(b.ctx, l.Merchant, string(l.ID))
			b.must(err)
			b.equal("the link's own trail", events[len(events)-1].Type, checkout.TopicPayerStopped)
		}
		b.equal(fmt.Sprint("told of ", c.limit), told()-was, c.told)
	}
	other := b.NewMerchant()
	l := b.Create(func(l *checkout.Link) { l.Merchant = other })
	b.addStop(b.Stop(l, checkout.LimitBIN, card("41556500", "")))
	b.Place()
	b.equal("another merchant is told for himself", len(b.feed(checkout.NoticeQuery{Merchant: other, Topic: checkout.TopicPayerStopped})), 1)
	b.Clock.Advance(15 * time.Minute)
	was := told()
	for range 2 {
		b.addStop(b.Stop(b.Create(), checkout.LimitBIN, card("41556500", "")))
	}
	b.equal("told again when it was over", told()-was, 1)
}

// Whoever tries with more cards than are kept apart leaves one more row, and no digits in it.
func stopBounded(b *Books) {
	l := b.Create()
	for i := range 100 {
		b.addStop(b.Stop(l, checkout.LimitCard, card("41556500", fmt.Sprintf("%04d", i))))
	}
	all := b.stopsOf(l)
	b.equal("rows", len(all), checkout.MostStops+1)
	tries := int64(0)
	for _, s := range all {
		if tries += s.Tries; s.BIN == "" {
			b.equal("the others", []any{s.Tries, s.Last4}, []any{int64(100 - checkout.MostStops), ""})
		}
	}
	b.equal("tries", tries, int64(100))
	events, err := b.Ledger.Events(b.ctx, l.Merchant, string(l.ID))
	b.must(err)
	b.equal("events", len(events), 1+checkout.MostStops+1)
}

func stopForeign(b *Books) {
	l, other := b.Create(), b.NewMerchant()
	s := b.Stop(l, checkout.LimitLink)
	s.Merchant = other
	b.want(b.Ledger.AddStop(b.ctx, s), checkout.ErrNoLink)
	s = b.Stop(l, checkout.LimitLink)
	s.Link = b.IDs.Link(b.Clock.Now())
	b.want(b.Ledger.AddStop(b.ctx, s), checkout.ErrNoLink)
	b.equal("nothing written", len(b.stopsOf(l)), 0)
	b.addStop(b.Stop(l, checkout.LimitLink))
	all, err := b.Ledger.StopsOf(b.ctx, other, l.ID, 100)
	b.must(err)
	b.equal("of somebody else's link", len(all), 0)
	now, err := b.Ledger.StopsNow(b.ctx, other, []checkout.LinkID{l.ID})
	b.must(err)
	b.equal("now, to somebody else", len(now), 0)
	b.equal("first screen of somebody else", b.stopping(other, ""), checkout.Stopping{})
}

// What a first screen and its list show: links that could be paid, of whoever made them.
func stoppingNow(b *Books) {
	maker := b.User()
	made := b.New(b.Link())
	made.Maker = maker.ID
	b.must(b.Ledger.CreateLink(b.ctx, made))
	mine, plain, rests := made.Link, b.Create(), b.Create()
	paid, deleted, over, resting := b.Create(), b.Create(), b.Create(), b.Create()
	later := b.Create(func(l *checkout.Link) { l.ActiveFrom = l.ActiveFrom.Add(time.Hour) })
	b.addStop(b.Stop(over, checkout.LimitLink))
	b.Clock.Advance(15 * time.Minute)
	for i, l := range []checkout.Link{paid, deleted, later, rests, plain, mine} {
		b.Clock.Advance(time.Second)
		b.addStop(b.Stop(l, checkout.LimitBIN, card("41556500", ""), func(s *checkout.Stop) { s.Tries = int64(i) + 1 }))
	}
	b.Pay(paid)
	b.delete(deleted)
	for _, l := range []checkout.Link{rests, resting} {
		to := l
		to.RestingSince = b.Clock.Now()
		_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.velocity_blocked")})
		b.must(err)
	}
	links := func(s checkout.Stopping) (all []checkout.LinkID) {
		for _, one := range s.Stops {
			all = append(all, one.Link)
		}
		return all
	}
	all := b.stopping(b.Merchant, "")
	b.equal("stopped", links(all), []checkout.LinkID{mine.ID, plain.ID, rests.ID})
	b.equal("resting", all.Resting, int64(2))
	own := b.stopping(b.Merchant, maker.ID)
	b.equal("of who made them", links(own), []checkout.LinkID{mine.ID})
	b.equal("resting, of who made them", own.Resting, int64(0))
	few, err := b.Ledger.Stopping(b.ctx, b.Merchant, "", 1)
	b.must(err)
	b.equal("no more than asked for", []any{links(few), few.Resting}, []any{[]checkout.LinkID{mine.ID}, int64(1)})
	listed := func() []checkout.LinkID {
		return slices.Sorted(slices.Values(b.foundLinks(checkout.LinkQuery{Merchant: b.Merchant, Stopped: true})))
	}
	b.equal("in the list", listed(), slices.Sorted(slices.Values([]checkout.LinkID{mine.ID, plain.ID, rests.ID, resting.ID})))
	b.equal("in the list of who made them", b.foundLinks(checkout.LinkQuery{Merchant: b.Merchant, Maker: maker.ID, Stopped: true}), []checkout.LinkID{mine.ID})
	b.Clock.Advance(15 * time.Minute)
	b.equal("over", len(b.stopping(b.Merchant, "").Stops), 0)
	b.equal("in the list, over", listed(), slices.Sorted(slices.Values([]checkout.LinkID{rests.ID, resting.ID})))
}

// Tries that several gateways write at once are all counted, in one happening.
func stopParallel(b *Books) {
	l := b.Create()
	s := b.Stop(l, checkout.LimitLink)
	errs := make([]error, 100)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = b.Ledger.AddStop(b.ctx, s) })
	}
	all.Wait()
	for _, err := range errs {
		b.must(err)
	}
	s.Tries = 100
	b.equal("one happening", b.stopsOf(l), []checkout.Stop{s})
}
