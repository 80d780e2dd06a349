package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Endpoint is an enabled webhook endpoint that wants everything; it is not stored.
func (b *Books) Endpoint(change ...func(*checkout.Endpoint)) checkout.Endpoint {
	now := b.Clock.Now()
	e := checkout.Endpoint{
		ID: b.IDs.Endpoint(), Merchant: b.Merchant, URL: "https://shop.example/hooks", Enabled: true, Secret: []byte("a secret of the endpoint's own ✓"),
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	for _, c := range change {
		c(&e)
	}
	return e
}

// SaveEndpoint stores an endpoint.
func (b *Books) SaveEndpoint(change ...func(*checkout.Endpoint)) checkout.Endpoint {
	b.Helper()
	e := b.Endpoint(change...)
	b.must(b.save(e))
	return e
}

func (b *Books) save(e checkout.Endpoint) error {
	return b.Ledger.SaveEndpoint(b.ctx, e, b.Event("webhook_endpoint.saved"), checkout.Idempotency{})
}

func (b *Books) readEndpoint(id checkout.EndpointID) checkout.Endpoint {
	b.Helper()
	e, err := b.Ledger.EndpointOf(b.ctx, b.Merchant, id)
	b.must(err)
	return e
}

// Place gives everything that waits its place, with a body where one is wanted.
func (b *Books) Place() {
	b.Helper()
	for {
		all, err := b.Ledger.Unplaced(b.ctx, 100)
		b.must(err)
		if len(all) == 0 {
			return
		}
		for i := range all {
			if all[i].Wanted {
				all[i].Body = []byte(`{"id":"` + all[i].ID + `"}`)
			}
		}
		b.must(b.Ledger.Place(b.ctx, all))
	}
}

// told makes an event about a link of its own and places it.
func (b *Books) told(topic string) checkout.Notice {
	b.Helper()
	n := b.New(b.Link())
	n.Publish, n.Event.Type = topic, topic
	b.must(b.Ledger.CreateLink(b.ctx, n))
	b.Place()
	all := b.feed(checkout.NoticeQuery{})
	return all[len(all)-1]
}

// again makes another event about a subject that told made.
func (b *Books) again(n checkout.Notice, topic string) checkout.Notice {
	b.Helper()
	l := b.ReadLink(checkout.LinkID(n.Subject))
	to := l
	to.Description += "!"
	_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event(topic), Publish: topic})
	b.must(err)
	b.Place()
	all := b.feed(checkout.NoticeQuery{})
	return all[len(all)-1]
}

// feed reads a merchant's feed page by page.
func (b *Books) feed(q checkout.NoticeQuery) []checkout.Notice {
	b.Helper()
	if q.Merchant == "" {
		q.Merchant = b.Merchant
	}
	if q.Limit == 0 {
		q.Limit = 100
	}
	var out []checkout.Notice
	for {
		page, more, err := b.Ledger.Notices(b.ctx, q)
		b.must(err)
		out = append(out, page...)
		if !more {
			return out
		}
		q.After = page[len(page)-1].ID
	}
}

// lease takes what is due for an endpoint, for a minute.
func (b *Books) lease(e checkout.Endpoint) []checkout.Delivery {
	b.Helper()
	out, err := b.Ledger.LeaseDeliveries(b.ctx, e.ID, b.Clock.Now().Add(time.Minute), 100)
	b.must(err)
	return out
}

func (b *Books) sent(d checkout.Delivery, code int, word string) checkout.Send {
	return checkout.Send{Number: d.Attempts, At: b.Clock.Now(), Took: 1500 * time.Microsecond, Code: code, Error: word}
}

func topicsOf(all []checkout.Notice) []string {
	out := []string{}
	for _, n := range all {
		out = append(out, n.Topic)
	}
	return out
}

func eventsOf(all []checkout.Delivery) []checkout.EventID {
	out := []checkout.EventID{}
	for _, d := range all {
		out = append(out, d.Event)
	}
	return out
}

func ids[T any](all ...T) []T { return append([]T{}, all...) }

func endpointFields(b *Books) {
	e := b.SaveEndpoint(func(e *checkout.Endpoint) {
		e.Topics, e.Description = []string{"payment.paid", "link.paid"}, "Muhasebe 'ş'"
		e.OldSecret, e.OldUntil = []byte("the old one"), b.Clock.Now().Add(24*time.Hour)
	})
	b.equal("every field", b.readEndpoint(e.ID), e)
	b.Clock.Advance(time.Second)
	e.URL, e.Enabled, e.Reason, e.Topics, e.Secret, e.OldSecret, e.OldUntil = "https://x.example/?a=1", false, "gone", nil, []byte("new"), nil, time.Time{}
	e.Version, e.UpdatedAt = 2, b.Clock.Now()
	b.must(b.save(e))
	b.equal("replaced", b.readEndpoint(e.ID), e)
	other := b.SaveEndpoint()
	all, err := b.Ledger.Endpoints(b.ctx, b.Merchant)
	b.must(err)
	b.equal("all, oldest first", all, []checkout.Endpoint{e, other})
}

func endpointForeign(b *Books) {
	e, other := b.SaveEndpoint(), b.NewMerchant()
	_, err := b.Ledger.EndpointOf(b.ctx, other, e.ID)
	b.want(err, checkout.ErrNoEndpoint)
	all, err := b.Ledger.Endpoints(b.ctx, other)
	b.must(err)
	b.equal("listed", len(all), 0)
	mine := e
	mine.Merchant, mine.Version, mine.URL = other, 2, "https://thief.example"
	b.want(b.save(mine), checkout.ErrNoEndpoint)
	b.equal("untouched", b.readEndpoint(e.ID), e)
}

func endpointStale(b *Books) {
	e := b.SaveEndpoint()
	e.Version = 2
	b.must(b.save(e))
	b.want(b.save(e), checkout.ErrStale)
	e.Version, e.DeletedAt, e.Enabled = 3, b.Clock.Now(), false
	b.must(b.save(e))
	_, err := b.Ledger.EndpointOf(b.ctx, b.Merchant, e.ID)
	b.want(err, checkout.ErrNoEndpoint)
	e.Version = 4
	b.want(b.save(e), checkout.ErrNoEndpoint)
}

func endpointMost(b *Books) {
	for range checkout.MaxEndpoints {
		b.SaveEndpoint()
	}
	b.want(b.save(b.Endpoint()), checkout.ErrTooManyEndpoints)
}

func endpointKey(b *Books) {
	save := func(request string) error {
		return b.Ledger.SaveEndpoint(b.ctx, b.Endpoint(), b.Event("webhook_endpoint.created"), checkout.Idempotency{Merchant: b.Merchant, Key: "k", Request: []byte(request), Body: []byte("x")})
	}
	b.must(save("r"))
	b.want(save("r"), checkout.ErrKeyKnown)
	b.want(save("s"), checkout.ErrKeyReused)
	kept, found, err := b.Ledger.Answer(b.ctx, b.Merchant, "k")
	b.must(err)
	b.equal("kept", []any{found, string(kept.Body)}, []any{true, "x"})
	all, err := b.Ledger.Endpoints(b.ctx, b.Merchant)
	b.must(err)
	b.equal("made", len(all), 1)
	alone := checkout.Idempotency{Merchant: b.Merchant, Key: "alone", Request: []byte("r"), Status: 200, Body: []byte("{}")}
	b.must(b.Ledger.KeepAnswer(b.ctx, alone))
	b.want(b.Ledger.KeepAnswer(b.ctx, alone), checkout.ErrKeyKnown)
}

func feedPlaces(b *Books) {
	first := b.told("link.created")
	b.Clock.Advance(time.Second)
	second := b.again(first, "link.edited")
	b.Pay(b.Create())
	b.Place()
	all := b.feed(checkout.NoticeQuery{})
	b.equal("topics", topicsOf(all)[:2], []string{"link.created", "link.edited"})
	b.equal("of the payment", len(all), 4)
	b.equal("one object's numbers", []int64{first.Seq, second.Seq}, []int64{1, 2})
	b.equal("times", second.At, first.At.Add(time.Second))
	for i := 1; i < len(all); i++ {
		if all[i].Place <= all[i-1].Place {
			b.Errorf("place %d after %d", all[i].Place, all[i-1].Place)
		}
	}
	b.Place()
	b.equal("placed once", b.feed(checkout.NoticeQuery{}), all)
	one, err := b.Ledger.NoticeOf(b.ctx, b.Merchant, first.ID)
	b.must(err)
	b.equal("by its id", one, first)
	b.equal("no body without an endpoint", one.Body == nil, true)
}

func feedFanOut(b *Books) {
	before := b.told("link.created")
	all := b.SaveEndpoint()
	some := b.SaveEndpoint(func(e *checkout.Endpoint) { e.Topics = []string{"link.edited"} })
	off := b.SaveEndpoint(func(e *checkout.Endpoint) { e.Enabled = false })
	made := b.told("link.created")
	edited := b.again(made, "link.edited")
	b.equal("all", eventsOf(b.lease(all)), ids(made.ID))
	d := b.lease(some)
	b.equal("some", eventsOf(d), ids(edited.ID))
	b.equal("off", len(b.lease(off)), 0)
	b.equal("body", []string{string(d[0].Body), string(edited.Body)}, []string{`{"id":"` + string(edited.ID) + `"}`, `{"id":"` + string(edited.ID) + `"}`})
	b.equal("nothing from before", before.Body == nil, true)
	b.equal("whose", []any{d[0].Merchant, d[0].Endpoint, d[0].Topic, d[0].Subject, d[0].Seq, d[0].Attempts}, []any{b.Merchant, some.ID, "link.edited", made.Subject, int64(2), 1})
}

func feedForeign(b *Books) {
	n, other := b.told("link.created"), b.NewMerchant()
	_, err := b.Ledger.NoticeOf(b.ctx, other, n.ID)
	b.want(err, checkout.ErrNoEvent)
	b.equal("feed", len(b.feed(checkout.NoticeQuery{Merchant: other})), 0)
	_, _, err = b.Ledger.Notices(b.ctx, checkout.NoticeQuery{Merchant: other, After: n.ID})
	b.want(err, checkout.ErrCursor)
	_, _, err = b.Ledger.Notices(b.ctx, checkout.NoticeQuery{Merchant: b.Merchant, After: "evt_0000000000000000000000"})
	b.want(err, checkout.ErrCursor)
}

func feedPages(b *Books) {
	var want []checkout.EventID
	for range 5 {
		want = append(want, b.told("link.created").ID)
		b.Clock.Advance(time.Second)
	}
	var got []checkout.EventID
	q := checkout.NoticeQuery{Merchant: b.Merchant, Limit: 2}
	for more := true; more; {
		var page []checkout.Notice
		var err error
		page, more, err = b.Ledger.Notices(b.ctx, q)
		b.must(err)
		for _, n := range page {
			got = append(got, n.ID)
		}
		q.After = got[len(got)-1]
		if len(got) == 2 {
			want = append(want, b.told("link.edited").ID)
		}
	}
	b.equal("all", got, want)
	var back []checkout.EventID
	q = checkout.NoticeQuery{Merchant: b.Merchant, Newest: true, Limit: 4}
	for more := true; more; {
		var page []checkout.Notice
		var err error
		page, more, err = b.Ledger.Notices(b.ctx, q)
		b.must(err)
		for _, n := range page {
			back = append(back, n.ID)
		}
		q.After = back[len(back)-1]
	}
	slices.Reverse(back)
	b.equal("from the newest back", back, want)
	b.equal("of a topic", topicsOf(b.feed(checkout.NoticeQuery{Topic: "link.edited"})), []string{"link.edited"})
	page, _, err := b.Ledger.Notices(b.ctx, checkout.NoticeQuery{Merchant: b.Merchant, From: b.Clock.Now().Add(Tick), Limit: 10})
	b.must(err)
	b.equal("from", len(page), 0)
}

func feedParallel(b *Books) {
	e := b.SaveEndpoint()
	for range 10 {
		n := b.New(b.Link())
		n.Publish = "link.created"
		b.must(b.Ledger.CreateLink(b.ctx, n))
	}
	all, err := b.Ledger.Unplaced(b.ctx, 100)
	b.must(err)
	for i := range all {
		all[i].Body = []byte("{}")
	}
	b.equal("ends", tally(together(100, func(int) error { return b.Ledger.Place(b.ctx, all) })), map[string]int{"": 100})
	b.equal("feed", len(b.feed(checkout.NoticeQuery{})), 10)
	b.equal("deliveries", len(b.lease(e)), 10)
}

func redelivered(b *Books) {
	before := b.told("link.created")
	wants := b.SaveEndpoint(func(e *checkout.Endpoint) { e.Topics = []string{"link.created"} })
	not := b.SaveEndpoint(func(e *checkout.Endpoint) { e.Topics = []string{"link.paid"} })
	before.Body = []byte("{}")
	none := func(checkout.Ways) (checkout.Idempotency, error) { return checkout.Idempotency{}, nil }
	w, err := b.Ledger.Redeliver(b.ctx, b.Merchant, "", []checkout.Notice{before}, none)
	b.must(err)
	b.equal("ways", w, checkout.Ways{Events: 1, Deliveries: 1})
	d := b.lease(wants)
	b.equal("who wants it", []any{eventsOf(d), d[0].Ordered, string(d[0].Body)}, []any{ids(before.ID), false, "{}"})
	b.equal("who does not", len(b.lease(not)), 0)
	_, err = b.Ledger.Redeliver(b.ctx, b.Merchant, not.ID, []checkout.Notice{before}, none)
	b.must(err)
	b.equal("the one that is named", eventsOf(b.lease(not)), ids(before.ID))
	_, err = b.Ledger.Redeliver(b.ctx, b.Merchant, b.IDs.Endpoint(), []checkout.Notice{before}, none)
	b.want(err, checkout.ErrNoEndpoint)
	key := func(w checkout.Ways) (checkout.Idempotency, error) {
		return checkout.Idempotency{Merchant: b.Merchant, Key: "k", Request: []byte("r"), Status: 202, Body: fmt.Appendf(nil, "%d", w.Deliveries)}, nil
	}
	_, err = b.Ledger.Redeliver(b.ctx, b.Merchant, "", []checkout.Notice{before}, key)
	b.must(err)
	_, err = b.Ledger.Redeliver(b.ctx, b.Merchant, "", []checkout.Notice{before}, key)
	b.want(err, checkout.ErrKeyKnown)
	b.equal("once", len(b.lease(wants)), 1)
	kept, err := b.Ledger.NoticeOf(b.ctx, b.Merchant, before.ID)
	b.must(err)
	b.equal("the body is kept", string(kept.Body), "{}")
}

func deliveryLease(b *Books) {
	e := b.SaveEndpoint()
	for range 20 {
		b.told("link.created")
	}
	due, err := b.Ledger.DueEndpoints(b.ctx)
	b.must(err)
	b.equal("due", due, []checkout.Endpoint{e})
	until := b.Clock.Now().Add(time.Minute)
	got := make([][]checkout.Delivery, 10)
	b.equal("ends", tally(together(10, func(i int) (err error) {
		got[i], err = b.Ledger.LeaseDeliveries(b.ctx, e.ID, until, 3)
		return err
	})), map[string]int{"": 10})
	times := map[checkout.DeliveryID]int{}
	for _, part := range got {
		for _, d := range part {
			times[d.ID]++
		}
	}
	for _, d := range b.lease(e) {
		times[d.ID]++
	}
	b.equal("each once", len(times), 20)
	for id, n := range times {
		b.equal(string(id), n, 1)
	}
	due, err = b.Ledger.DueEndpoints(b.ctx)
	b.must(err)
	b.equal("leased", len(due), 0)
	b.Clock.Set(until)
	again := b.lease(e)
	b.equal("a lease that ended", []int{len(again), again[0].Attempts}, []int{20, 2})
}

func deliveryOrder(b *Books) {
	e := b.SaveEndpoint()
	first := b.told("link.created")
	second, other := b.again(first, "link.edited"), b.told("link.created")
	third := b.again(first, "link.edited")
	got := b.lease(e)
	b.equal("the first of each", len(got), 2)
	held := got[0]
	if held.Event != first.ID {
		held = got[1]
	}
	b.equal("whose", []checkout.EventID{got[0].Event, got[1].Event}[0] == other.ID || got[1].Event == other.ID, true)
	b.equal("others wait", len(b.lease(e)), 0)
	b.must(b.Ledger.EndSend(b.ctx, held, b.sent(held, 500, checkout.SendStatus), b.Clock.Now().Add(time.Hour)))
	b.equal("still", len(b.lease(e)), 0)
	w, err := b.Ledger.Redeliver(b.ctx, b.Merchant, e.ID, []checkout.Notice{third}, func(checkout.Ways) (checkout.Idempotency, error) { return checkout.Idempotency{}, nil })
	b.must(err)
	b.equal("redelivered", w.Deliveries, 1)
	by := b.lease(e)
	b.equal("a redelivery waits for none", eventsOf(by), ids(third.ID))
	b.must(b.Ledger.EndSend(b.ctx, by[0], b.sent(by[0], 200, ""), time.Time{}))
	b.Clock.Advance(time.Hour)
	for _, want := range []checkout.EventID{first.ID, second.ID, third.ID} {
		found := false
		for _, d := range b.lease(e) {
			if d.Subject == first.Subject {
				b.equal("next", d.Event, want)
				b.must(b.Ledger.EndSend(b.ctx, d, b.sent(d, 200, ""), time.Time{}))
				found = true
			}
		}
		b.equal("found", found, true)
	}
}

func deliveryEnds(b *Books) {
	e := b.SaveEndpoint()
	b.told("link.created")
	d := b.lease(e)[0]
	next := b.Clock.Now().Add(5 * time.Minute)
	failed := b.sent(d, 0, checkout.SendTimeout)
	b.must(b.Ledger.EndSend(b.ctx, d, failed, next))
	b.want(b.Ledger.EndSend(b.ctx, checkout.Delivery{ID: d.ID, Attempts: 7}, failed, next), checkout.ErrStale)
	w, err := b.Ledger.WaitingDeliveries(b.ctx)
	b.must(err)
	b.equal("waiting", w, checkout.Waiting{Deliveries: 1, Oldest: d.CreatedAt})
	b.Clock.Set(next)
	d = b.lease(e)[0]
	done := b.sent(d, 204, "")
	b.must(b.Ledger.EndSend(b.ctx, d, done, time.Time{}))
	b.want(b.Ledger.EndSend(b.ctx, d, done, time.Time{}), checkout.ErrStale)
	got, err := b.Ledger.DeliveryOf(b.ctx, b.Merchant, d.ID)
	b.must(err)
	b.equal("history", got.History, []checkout.Send{failed, done})
	b.equal("status", []any{got.Status, got.Attempts, got.UpdatedAt}, []any{checkout.DeliveryDelivered, 2, done.At.Add(done.Took)})
	_, err = b.Ledger.DeliveryOf(b.ctx, b.NewMerchant(), d.ID)
	b.want(err, checkout.ErrNoEvent)
	w, err = b.Ledger.WaitingDeliveries(b.ctx)
	b.must(err)
	b.equal("none waits", w, checkout.Waiting{})
}

func deliveryGivenUp(b *Books) {
	e := b.SaveEndpoint()
	b.told("link.created")
	d := b.lease(e)[0]
	b.must(b.Ledger.EndSend(b.ctx, d, b.sent(d, 500, checkout.SendStatus), time.Time{}))
	b.Place()
	all := b.feed(checkout.NoticeQuery{})
	last := all[len(all)-1]
	b.equal("told", []any{len(all), last.Topic, last.Subject, last.Seq}, []any{2, checkout.TopicDeliveryFailed, string(d.ID), int64(1)})
	of := b.lease(e)
	b.equal("to the endpoint too", eventsOf(of), ids(last.ID))
	b.must(b.Ledger.EndSend(b.ctx, of[0], b.sent(of[0], 500, checkout.SendStatus), time.Time{}))
	b.Place()
	b.equal("no more of it", len(b.feed(checkout.NoticeQuery{})), 2)
	b.equal("enabled", b.readEndpoint(e.ID).Enabled, true)
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(b.Merchant))
	b.must(err)
	b.equal("in the audit trail", events[len(events)-1].Data["delivery"], string(d.ID))
}

func deliveryGone(b *Books) {
	e := b.SaveEndpoint()
	b.told("link.created")
	d := b.lease(e)[0]
	b.told("link.created")
	b.must(b.Ledger.EndSend(b.ctx, d, b.sent(d, 410, checkout.SendGone), time.Time{}))
	now := b.readEndpoint(e.ID)
	b.equal("disabled", []any{now.Enabled, now.Reason, now.Version, string(now.Secret)}, []any{false, checkout.EndpointGone, int64(2), string(e.Secret)})
	due, err := b.Ledger.DueEndpoints(b.ctx)
	b.must(err)
	b.equal("nothing more", len(due), 0)
	w, err := b.Ledger.WaitingDeliveries(b.ctx)
	b.must(err)
	b.equal("nothing waits for it", w.Deliveries, int64(0))
	now.Enabled, now.Reason, now.Version = true, "", 3
	b.must(b.save(now))
	b.equal("enabled again", len(b.lease(e)), 1)
}

func searchDeliveries(b *Books) {
	e, other := b.SaveEndpoint(), b.SaveEndpoint()
	start := b.Clock.Now()
	first := b.told("link.created")
	b.Clock.Advance(time.Second)
	second := b.told("link.created")
	d := b.lease(e)
	b.must(b.Ledger.EndSend(b.ctx, d[0], b.sent(d[0], 200, ""), time.Time{}))
	find := func(q checkout.DeliveryQuery) []checkout.EventID {
		b.Helper()
		q.Merchant = b.Merchant
		if q.Endpoint == "" {
			q.Endpoint = e.ID
		}
		out := []checkout.EventID{}
		for {
			page, next, err := b.Ledger.SearchDeliveries(b.ctx, q)
			b.must(err)
			out = append(out, eventsOf(page)...)
			if q.Cursor = next; next == "" {
				return out
			}
		}
	}
	b.equal("all, page by page", find(checkout.DeliveryQuery{Limit: 1}), ids(second.ID, first.ID))
	b.equal("delivered", find(checkout.DeliveryQuery{Status: checkout.DeliveryDelivered}), ids(first.ID))
	b.equal("event", find(checkout.DeliveryQuery{Event: second.ID}), ids(second.ID))
	b.equal("from", find(checkout.DeliveryQuery{From: start.Add(time.Second)}), ids(second.ID))
	b.equal("another's", find(checkout.DeliveryQuery{Endpoint: other.ID, Status: checkout.DeliveryDelivered}), ids[checkout.EventID]())
	page, _, err := b.Ledger.SearchDeliveries(b.ctx, checkout.DeliveryQuery{Merchant: b.NewMerchant(), Endpoint: e.ID})
	b.must(err)
	b.equal("somebody else's", len(page), 0)
	for _, cursor := range []string{"x", "AAAAAAAAAAAAAAAA"} {
		_, _, err := b.Ledger.SearchDeliveries(b.ctx, checkout.DeliveryQuery{Merchant: b.Merchant, Endpoint: e.ID, Cursor: cursor})
		b.want(err, checkout.ErrCursor)
	}
}

func deliveriesForgotten(b *Books) {
	e := b.SaveEndpoint()
	old := b.told("link.created")
	d := b.lease(e)[0]
	b.must(b.Ledger.EndSend(b.ctx, d, b.sent(d, 200, ""), time.Time{}))
	b.Clock.Advance(time.Hour)
	young := b.told("link.created")
	before := b.Clock.Now().Add(-time.Minute)
	n, err := b.Ledger.ForgetDeliveries(b.ctx, before, 10)
	b.must(err)
	b.equal("an attempt, a delivery, a body", n, 3)
	n, err = b.Ledger.ForgetDeliveries(b.ctx, before, 10)
	b.must(err)
	b.equal("again", n, 0)
	_, err = b.Ledger.DeliveryOf(b.ctx, b.Merchant, d.ID)
	b.want(err, checkout.ErrNoEvent)
	all := b.feed(checkout.NoticeQuery{})
	b.equal("the feed stays", []any{all[0].ID, all[0].Body == nil, all[1].ID, all[1].Body == nil}, []any{old.ID, true, young.ID, false})
}

func linkPaidTold(b *Books) {
	b.Place()
	told := func() []string {
		b.Helper()
		b.Place()
		out := []string{}
		for _, n := range b.feed(checkout.NoticeQuery{}) {
			if n.Topic == checkout.TopicLinkPaid || n.Topic == "payment.paid" {
				out = append(out, n.Topic)
			}
		}
		return out
	}
	single, twice, many := b.Create(), b.Create(multi(2)), b.Create(multi(0))
	p := b.Pay(single)
	b.equal("single", len(told()), 2)
	e, err := b.Ledger.Events(b.ctx, b.Merchant, string(single.ID))
	b.must(err)
	last := e[len(e)-1]
	b.equal("event", []any{last.Type, last.Data["payment"], last.Actor}, []any{checkout.TopicLinkPaid, string(p.ID), "bank"})
	b.Pay(twice)
	b.Pay(many)
	b.equal("one of two, one of many", len(told()), 4)
	b.Pay(twice)
	b.equal("two of two", len(told()), 6)
	l := b.ReadLink(many.ID)
	to := l
	to.MaxPayments = 1
	_, err = b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: to, Event: b.Event("link.edited"), Publish: "link.edited"})
	b.must(err)
	b.equal("a limit that is reached already", len(told()), 7)
}

func linkExpiredTold(b *Books) {
	end := b.Clock.Now().Add(time.Hour)
	until := func(l *checkout.Link) { l.ExpiresAt = end }
	l, paid, gone, busy := b.Create(until), b.Create(until), b.Create(until), b.Create(until)
	b.Create()
	b.Pay(paid)
	b.delete(gone)
	held := b.Move(b.Authorizing(b.Admit(busy)))
	tell := func() (n int) {
		b.Helper()
		n, err := b.Ledger.TellExpired(b.ctx, 10)
		b.must(err)
		return n
	}
	b.Clock.Set(end.Add(-Tick))
	b.equal("before", tell(), 0)
	b.Clock.Set(end)
	b.equal("at its end", tell(), 1)
	b.equal("once", tell(), 0)
	b.Place()
	var subjects []string
	for _, n := range b.feed(checkout.NoticeQuery{Topic: checkout.TopicLinkExpired}) {
		subjects = append(subjects, n.Subject)
	}
	b.equal("which", subjects, []string{string(l.ID)})
	b.Move(b.Refused(held))
	b.equal("its payment failed", tell(), 1)
	from := b.ReadLink(l.ID)
	to := from
	to.ExpiresAt = end.Add(time.Minute)
	_, err := b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: from, To: to, Event: b.Event("link.edited")})
	b.must(err)
	b.equal("moved", tell(), 0)
	b.Clock.Set(end.Add(time.Minute))
	errs := together(10, func(int) error {
		n, err := b.Ledger.TellExpired(b.ctx, 10)
		if err == nil && n > 0 {
			err = errors.New("told")
		}
		return err
	})
	b.equal("its new end, once", tally(errs), map[string]int{"": 9, "told": 1})
}
