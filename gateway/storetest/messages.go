package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Message is a queued text message about a link; it is not stored.
func (b *Books) Message(l checkout.Link, change ...func(*checkout.Message)) checkout.NewMessage {
	now := b.Clock.Now()
	m := checkout.Message{
		ID: b.IDs.Message(), Merchant: b.Merchant, Kind: checkout.MessageLink, Channel: checkout.ChannelSMS, Link: l.ID, Lang: "tr", To: "+905321234567",
		Status: checkout.MessageQueued, Letter: checkout.Letter{Text: "Ödeme linkiniz: " + string(b.IDs.Token())}, Actor: "api:key_1", DueAt: now, CreatedAt: now, UpdatedAt: now,
	}
	for _, c := range change {
		c(&m)
	}
	return checkout.NewMessage{Message: m, Strict: true, Limits: checkout.MessageLimits{PerLink: 5, PerRecipient: 3}}
}

// to is a message's change of recipient.
func to(number int) func(*checkout.Message) {
	return func(m *checkout.Message) { m.To = fmt.Sprintf("+9053212%05d", number) }
}

func (b *Books) add(n checkout.NewMessage) checkout.Message {
	b.Helper()
	m, err := b.Ledger.AddMessage(b.ctx, n)
	b.must(err)
	return m
}

func (b *Books) readMessage(id checkout.MessageID) checkout.Message {
	b.Helper()
	m, err := b.Ledger.MessageOf(b.ctx, b.Merchant, id)
	b.must(err)
	return m
}

// leaseMessages takes what is due of each channel, for a minute.
func (b *Books) leaseMessages() (all []checkout.Message) {
	b.Helper()
	for _, c := range checkout.Channels {
		due, err := b.Ledger.LeaseMessages(b.ctx, c, b.Clock.Now().Add(time.Minute), 100)
		b.must(err)
		for _, m := range due {
			b.equal("channel", m.Channel, c)
		}
		all = append(all, due...)
	}
	return all
}

func messageFields(b *Books) {
	l := b.Create()
	n := b.Message(l, func(m *checkout.Message) {
		m.Channel, m.To, m.WithLink, m.Once = checkout.ChannelEmail, "Ayse@ornek.example", true, "once"
		m.Letter = checkout.Letter{Subject: "Ödeme 'ş'", Text: "a\n\nb", Rows: []checkout.LetterRow{{Name: "n", Value: "v"}}, Foot: []string{"<f>"}, URL: "https://x.example/p/1"}
		m.RemindAt, m.Payment, m.Event = b.Clock.Now().Add(time.Hour), "pay_1", "evt_1"
	})
	made := b.add(n)
	b.equal("as given", made, n.Message)
	b.equal("as read", b.readMessage(made.ID), made)
	_, err := b.Ledger.MessageOf(b.ctx, b.NewMerchant(), made.ID)
	b.want(err, checkout.ErrNoMessage)
	_, err = b.Ledger.AddMessage(b.ctx, b.Message(checkout.Link{ID: b.IDs.Link(b.Clock.Now())}))
	b.want(err, checkout.ErrNoLink)
	mine := b.Message(l)
	mine.Message.Merchant = b.NewMerchant()
	_, err = b.Ledger.AddMessage(b.ctx, mine)
	b.want(err, checkout.ErrNoLink)
	by, err := b.Ledger.DeliveredWith(b.ctx, b.Merchant, []checkout.LinkID{l.ID})
	b.must(err)
	b.equal("delivered with", by, map[checkout.LinkID][]checkout.Channel{l.ID: {checkout.ChannelEmail}})
}

func messageKey(b *Books) {
	l := b.Create()
	add := func(request string) error {
		n := b.Message(l)
		n.Idem = checkout.Idempotency{Merchant: b.Merchant, Key: "k", Request: []byte(request), Status: 202, Body: []byte(n.Message.ID)}
		_, err := b.Ledger.AddMessage(b.ctx, n)
		return err
	}
	b.must(add("r"))
	b.want(add("r"), checkout.ErrKeyKnown)
	b.want(add("s"), checkout.ErrKeyReused)
	b.equal("made", len(b.leaseMessages()), 1)
}

// A56: of twenty at once, to twenty people, five go out for a link; the sixth when the first is a day old.
func messagesPerLink(b *Books) {
	l := b.Create()
	var mu sync.Mutex
	var made, refused int
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, err := b.Ledger.AddMessage(b.ctx, b.Message(l, to(i)))
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, checkout.ErrLinkMessages) {
				refused++
			} else if err == nil {
				made++
			}
		})
	}
	all.Wait()
	b.equal("made and refused", []int{made, refused}, []int{5, 15})
	b.Clock.Advance(24*time.Hour - Tick)
	_, err := b.Ledger.AddMessage(b.ctx, b.Message(l, to(99)))
	b.want(err, checkout.ErrLinkMessages)
	var e *checkout.Error
	b.equal("when again", []any{errors.As(err, &e), e.RetryAfter}, []any{true, Tick})
	b.Clock.Advance(Tick)
	b.add(b.Message(l, to(99)))
}

// A56: three messages an hour to one person, however many links there are and however the address is spelled.
func messagesPerRecipient(b *Books) {
	mail := func(to string) func(*checkout.Message) {
		return func(m *checkout.Message) { m.Channel, m.To = checkout.ChannelEmail, to }
	}
	for _, to := range []string{"a@x.example", "A@x.example", "a+2@x.example"} {
		b.add(b.Message(b.Create(), mail(to)))
	}
	for _, to := range []string{"a@x.example", "a+3@x.example", "A+shop+4@X.example"} {
		_, err := b.Ledger.AddMessage(b.ctx, b.Message(b.Create(), mail(to)))
		b.want(err, checkout.ErrRecipientMessages)
	}
	b.must(b.Ledger.Suppress(b.ctx, checkout.Suppression{Merchant: b.Merchant, Channel: checkout.ChannelEmail, To: "b+list@x.example", Reason: checkout.SuppressedByMerchant, CreatedAt: b.Clock.Now()}, b.Event("messages.suppressed")))
	_, err := b.Ledger.AddMessage(b.ctx, b.Message(b.Create(), mail("B+list@x.example")))
	b.want(err, checkout.ErrSuppressed)
	b.add(b.Message(b.Create(), mail("b@x.example"))) // a list has addresses as they are
	b.add(b.Message(b.Create()))
	n := b.Message(b.Create(), mail("a@x.example"))
	n.Strict = false
	held := b.add(n)
	b.equal("kept, and not sent", []any{held.Status, held.Reason}, []any{checkout.MessageSuppressed, checkout.SuppressedPerson})
	b.equal("queued", len(b.leaseMessages()), 5)
	b.Clock.Advance(time.Hour)
	b.add(b.Message(b.Create(), mail("a@x.example"))) // what was held back counts for nothing
	n = b.Message(b.Create(), mail("a@x.example"))
	n.Limits = checkout.MessageLimits{}
	for range 5 {
		n.Message.ID = b.IDs.Message()
		b.add(n)
	}
}

func messageRepeated(b *Books) {
	same := func(m *checkout.Message) { m.Letter.Text = "the same" }
	n := b.Message(b.Create(), same)
	n.Limits.Repeat = time.Hour
	b.add(n)
	again := b.Message(b.Create(), same)
	again.Limits.Repeat = time.Hour
	_, err := b.Ledger.AddMessage(b.ctx, again)
	b.want(err, checkout.ErrMessageRepeated)
	b.add(b.Message(b.Create(), same)) // by a provider that does not mind
	b.Clock.Advance(time.Hour)
	b.add(again)
}

func messagesSuppressed(b *Books) {
	one := checkout.Suppression{Merchant: b.Merchant, Channel: checkout.ChannelSMS, To: "+905321234567", Reason: checkout.SuppressedByMerchant, CreatedAt: b.Clock.Now()}
	b.must(b.Ledger.Suppress(b.ctx, one, b.Event("messages.suppressed")))
	b.must(b.Ledger.Suppress(b.ctx, one, b.Event("messages.suppressed")))
	all, err := b.Ledger.Suppressions(b.ctx, b.Merchant, 10)
	b.must(err)
	b.equal("list", all, []checkout.Suppression{one})
	_, err = b.Ledger.AddMessage(b.ctx, b.Message(b.Create()))
	b.want(err, checkout.ErrSuppressed)
	n := b.New(b.Link())
	n.Messages = []checkout.NewMessage{b.Message(n.Link)}
	n.Messages[0].Strict = false
	b.must(b.Ledger.CreateLink(b.ctx, n))
	b.equal("with a link", b.readMessage(n.Messages[0].Message.ID).Reason, checkout.SuppressedAddress)
	other := b.NewMerchant()
	theirs, err := b.Ledger.Suppressions(b.ctx, other, 10)
	b.must(err)
	b.equal("another's list", len(theirs), 0)
	b.must(b.Ledger.Unsuppress(b.ctx, other, checkout.ChannelSMS, one.To, b.Event("messages.unsuppressed")))
	_, err = b.Ledger.AddMessage(b.ctx, b.Message(b.Create()))
	b.want(err, checkout.ErrSuppressed)
	b.must(b.Ledger.Unsuppress(b.ctx, b.Merchant, checkout.ChannelSMS, one.To, b.Event("messages.unsuppressed")))
	b.add(b.Message(b.Create()))
	b.wholeTrail()
}

// wholeTrail looks through the audit trail where the ledger can.
func (b *Books) wholeTrail() {
	b.Helper()
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(b.Merchant))
	b.must(err)
	for i, e := range events {
		b.equal("number", e.Seq, int64(i+1))
	}
}

// C12, C28: each message is handed out once, and again when its lease has ended.
func messageLease(b *Books) {
	l := b.Create()
	for i := range 5 {
		b.add(b.Message(l, to(i)))
	}
	var mu sync.Mutex
	seen := map[checkout.MessageID]int{}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for _, m := range b.leaseMessages() {
				mu.Lock()
				seen[m.ID]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	b.equal("messages", len(seen), 5)
	for id, n := range seen {
		if n != 1 {
			b.Errorf("%s was handed out %d times", id, n)
		}
	}
	b.Clock.Advance(time.Minute - Tick)
	b.equal("within the lease", len(b.leaseMessages()), 0)
	b.Clock.Advance(Tick)
	again := b.leaseMessages()
	b.equal("after it", len(again), 5)
	b.equal("counted", []int{again[0].Attempts, again[0].Unsure}, []int{2, 2})
	w, err := b.Ledger.WaitingMessages(b.ctx)
	b.must(err)
	b.equal("waiting", w.Deliveries, int64(5))
}

func messageEnds(b *Books) {
	made := b.add(b.Message(b.Create(), func(m *checkout.Message) { m.RemindAt = b.Clock.Now().Add(20 * time.Hour) }))
	m := b.leaseMessages()[0]
	next := b.Clock.Now().Add(10 * time.Minute)
	failed := checkout.MessageSend{Number: 1, At: b.Clock.Now(), Took: time.Millisecond, Code: 500, Error: checkout.SentServer, Answer: "ş later"}
	b.must(b.Ledger.EndMessage(b.ctx, m, failed, next, false))
	b.want(b.Ledger.EndMessage(b.ctx, checkout.Message{ID: m.ID, Merchant: m.Merchant, Attempts: 0}, failed, next, false), checkout.ErrStale)
	now := b.readMessage(made.ID)
	b.equal("later", []any{now.Status, now.DueAt, now.Unsure, now.History, now.RemindAt}, []any{checkout.MessageQueued, next, 0, []checkout.MessageSend{failed}, made.RemindAt})
	b.equal("not before", len(b.leaseMessages()), 0)
	b.Clock.Set(next)
	m = b.leaseMessages()[0]
	b.equal("the letter stays", m.Letter, made.Letter)
	b.must(b.Ledger.EndMessage(b.ctx, m, checkout.MessageSend{Number: 2, At: b.Clock.Now(), Code: 200, Reference: "job-1"}, time.Time{}, false))
	now = b.readMessage(made.ID)
	b.equal("sent", []any{now.Status, now.Reference, now.Attempts, len(now.History)}, []any{checkout.MessageSent, "job-1", 2, 2})
	b.Place()
	b.equal("nothing is told", topicsOf(b.feed(checkout.NoticeQuery{Topic: checkout.TopicDeliveryFailed})), []string{})
}

func messageGivenUp(b *Books) {
	l := b.Create()
	made := b.add(b.Message(l, func(m *checkout.Message) { m.RemindAt = b.Clock.Now().Add(time.Hour) }))
	m := b.leaseMessages()[0]
	no := checkout.MessageSend{Number: 1, At: b.Clock.Now(), Code: 200, Error: checkout.SentRecipient, Permanent: true}
	b.must(b.Ledger.EndMessage(b.ctx, m, no, time.Time{}, true))
	now := b.readMessage(made.ID)
	b.equal("failed", []any{now.Status, now.Reason, now.RemindAt.IsZero()}, []any{checkout.MessageFailed, checkout.SentRecipient, true})
	b.Place()
	told := b.feed(checkout.NoticeQuery{Topic: checkout.TopicDeliveryFailed})
	b.equal("told once, of the message", []any{len(told), told[0].Subject}, []any{1, string(made.ID)})
	_, err := b.Ledger.AddMessage(b.ctx, b.Message(b.Create()))
	b.want(err, checkout.ErrSuppressed)
	all, err := b.Ledger.Suppressions(b.ctx, b.Merchant, 10)
	b.must(err)
	b.equal("on the list", []any{len(all), all[0].Reason}, []any{1, checkout.SuppressedByBounce})
	over := b.add(b.Message(l, to(7)))
	m = b.leaseMessages()[0]
	b.must(b.Ledger.EndMessage(b.ctx, m, checkout.MessageSend{Number: 1, At: b.Clock.Now(), Error: checkout.SentOver, Over: true}, time.Time{}, false))
	b.equal("nothing to bring", b.readMessage(over.ID).Status, checkout.MessageSuppressed)
	b.Place()
	b.equal("and nothing told", len(b.feed(checkout.NoticeQuery{Topic: checkout.TopicDeliveryFailed})), 1)
}

func searchMessages(b *Books) {
	l, other := b.Create(), b.Create()
	var want []checkout.MessageID
	for i := range 5 {
		want = append([]checkout.MessageID{b.add(b.Message(l, to(i))).ID}, want...)
		b.Clock.Advance(time.Second)
	}
	b.add(b.Message(other, to(50)))
	var got []checkout.MessageID
	q := checkout.MessageQuery{Merchant: b.Merchant, Link: l.ID, Limit: 2}
	for {
		page, next, err := b.Ledger.SearchMessages(b.ctx, q)
		b.must(err)
		for _, m := range page {
			got = append(got, m.ID)
		}
		if next == "" {
			break
		}
		q.Cursor = next
	}
	b.equal("of a link, newest first", got, want)
	count := func(q checkout.MessageQuery) int {
		q.Merchant, q.Limit = b.Merchant, 100
		page, _, err := b.Ledger.SearchMessages(b.ctx, q)
		b.must(err)
		return len(page)
	}
	b.equal("all", count(checkout.MessageQuery{}), 6)
	b.equal("by status", count(checkout.MessageQuery{Status: checkout.MessageSent}), 0)
	b.equal("by kind", count(checkout.MessageQuery{Kind: checkout.MessageLink}), 6)
	b.equal("by time", count(checkout.MessageQuery{From: b.Clock.Now()}), 1)
	page, _, err := b.Ledger.SearchMessages(b.ctx, checkout.MessageQuery{Merchant: b.NewMerchant()})
	b.must(err)
	b.equal("another's", len(page), 0)
	_, _, err = b.Ledger.SearchMessages(b.ctx, checkout.MessageQuery{Merchant: b.Merchant, Cursor: "x"})
	b.want(err, checkout.ErrCursor)
}

func remindOnce(b *Books) {
	l := b.Create()
	at := b.Clock.Now().Add(time.Hour)
	made := b.add(b.Message(l, func(m *checkout.Message) { m.RemindAt = at }))
	due := func() []checkout.Message {
		all, err := b.Ledger.DueReminders(b.ctx, 10)
		b.must(err)
		return all
	}
	b.Clock.Set(at.Add(-Tick))
	b.equal("not yet", len(due()), 0)
	b.Clock.Set(at)
	m := due()[0]
	reminder := b.Message(l, func(m *checkout.Message) { m.Kind, m.Once = checkout.MessageReminder, "reminder 1" })
	b.must(b.Ledger.Remind(b.ctx, m, time.Time{}, &reminder))
	second := b.Message(l, func(m *checkout.Message) { m.Kind, m.Once = checkout.MessageReminder, "reminder 1" })
	b.want(b.Ledger.Remind(b.ctx, m, time.Time{}, &second), checkout.ErrStale)
	b.equal("made", b.readMessage(reminder.Message.ID).Kind, checkout.MessageReminder)
	b.equal("no more", len(due()), 0)
	other := b.add(b.Message(l, func(m *checkout.Message) { m.RemindAt = at.Add(time.Minute) }))
	b.Clock.Set(at.Add(time.Minute))
	b.must(b.Ledger.Remind(b.ctx, due()[0], at.Add(time.Hour), nil))
	b.equal("later", b.readMessage(other.ID).RemindAt, at.Add(time.Hour))
	b.Clock.Set(at.Add(time.Hour))
	b.must(b.Ledger.Remind(b.ctx, due()[0], time.Time{}, &second))
	_, err := b.Ledger.MessageOf(b.ctx, b.Merchant, second.Message.ID)
	b.want(err, checkout.ErrNoMessage)
	b.equal("the first stands", b.readMessage(made.ID).RemindAt.IsZero(), true)
}

func settingsOfMessages(b *Books) {
	none, err := b.Ledger.MessageSettings(b.ctx, b.Merchant)
	b.must(err)
	b.equal("nothing yet", none, checkout.MessageSettings{Merchant: b.Merchant})
	set := checkout.MessageSettings{
		Merchant: b.Merchant, Version: 1, UpdatedAt: b.Clock.Now(), Lang: "en", ReminderHours: 3,
		Recipients: []checkout.NoticeRecipient{{Channel: checkout.ChannelEmail, To: "a@x.example", Topics: []string{"payment.paid"}}},
		Wordings:   []checkout.Wording{{Kind: checkout.MessageLink, Channel: checkout.ChannelSMS, Lang: "tr", Text: "ş {link}"}},
	}
	save := func(set checkout.MessageSettings) error {
		return b.Ledger.SaveMessageSettings(b.ctx, set, b.Event("messages.settings_saved"))
	}
	b.must(save(set))
	b.want(save(set), checkout.ErrStale)
	have, err := b.Ledger.MessageSettings(b.ctx, b.Merchant)
	b.must(err)
	b.equal("every field", have, set)
	set.Version, set.Recipients, set.UpdatedAt = 2, nil, b.Clock.Now().Add(time.Second)
	b.must(save(set))
	have, err = b.Ledger.MessageSettings(b.ctx, b.Merchant)
	b.must(err)
	b.equal("replaced", have, set)
	set.Merchant, set.Version = b.IDs.Merchant(), 1
	b.want(save(set), checkout.ErrNoMerchant)
	b.wholeTrail()
}

// I18: the messages that tell of an event become true with its place, once however many place it.
func noticesOnce(b *Books) {
	b.must(b.Ledger.SaveMessageSettings(b.ctx, checkout.MessageSettings{
		Merchant: b.Merchant, Version: 1, Recipients: []checkout.NoticeRecipient{{Channel: checkout.ChannelSMS, To: "+905321234567", Topics: []string{"payment.paid"}}},
	}, b.Event("messages.settings_saved")))
	n := b.New(b.Link())
	n.Publish = "link.created"
	b.must(b.Ledger.CreateLink(b.ctx, n))
	place := func() {
		all, err := b.Ledger.Unplaced(b.ctx, 100)
		b.must(err)
		for i := range all {
			b.equal("told", all[i].Told, true)
			m := b.Message(n.Link, func(m *checkout.Message) {
				m.Kind, m.Event, m.Once = checkout.MessageNotice, all[i].ID, "notice "+string(all[i].ID)
			}).Message
			all[i].Messages = []checkout.Message{m}
		}
		b.must(b.Ledger.Place(b.ctx, all))
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(place)
	}
	all.Wait()
	got := b.leaseMessages()
	b.equal("one", len(got), 1)
	for range 4 { // notices count against no limit
		b.add(b.Message(b.Create(), to(1)))
		b.Clock.Advance(time.Hour)
	}
	b.add(b.Message(n.Link))
}

// F7: the end of a consumer's payment, and of no other, is told to its payer; not to one on the merchant's list.
func agreedCopies(b *Books) {
	never := checkout.Suppression{Merchant: b.Merchant, Channel: checkout.ChannelEmail, To: "yok@x.example", Reason: checkout.SuppressedByMerchant, CreatedAt: b.Clock.Now()}
	b.must(b.Ledger.Suppress(b.ctx, never, b.Event("messages.suppressed")))
	for _, sale := range []checkout.Sale{checkout.SaleConsumer, checkout.SaleCollection} {
		l := b.Create(func(l *checkout.Link) { l.Sale = sale })
		p := b.Payment(l, func(p *checkout.Payment) { p.Sale = sale })
		var agreed []checkout.Consent
		if sale == checkout.SaleConsumer {
			agreed = b.Agreed()
		}
		p, err := b.Ledger.Admit(b.ctx, p, b.Event("payment.challenged"), agreed...)
		b.must(err)
		b.Move(b.Approved(b.Move(b.Authorizing(p))))
		all, err := b.Ledger.Unplaced(b.ctx, 100)
		b.must(err)
		for i, n := range all {
			b.equal(n.Topic+" of a sale of kind '"+string(sale)+"'", n.Agreed, n.Topic == "payment.paid" && sale == checkout.SaleConsumer)
			for _, to := range []string{"ayse@x.example", "yok@x.example"} {
				m := b.Message(l, func(m *checkout.Message) {
					m.Kind, m.Channel, m.To, m.Payment, m.Once = checkout.MessageAgreed, checkout.ChannelEmail, to, p.ID, "agreed_texts "+to
				}).Message
				all[i].Messages = append(all[i].Messages, m)
			}
		}
		b.must(b.Ledger.Place(b.ctx, all))
	}
	got := b.leaseMessages()
	b.equal("to one of them", []any{len(got), got[0].To, got[0].Kind}, []any{1, "ayse@x.example", checkout.MessageAgreed})
	held, _, err := b.Ledger.SearchMessages(b.ctx, checkout.MessageQuery{Merchant: b.Merchant, Kind: checkout.MessageAgreed, Status: checkout.MessageSuppressed, Limit: 10})
	b.must(err)
	b.equal("and why not to the other", []any{len(held), held[0].To, held[0].Reason}, []any{1, "yok@x.example", checkout.SuppressedAddress})
}

func messagesForgotten(b *Books) {
	l := b.Create()
	b.add(b.Message(l, to(1)))
	m := b.leaseMessages()[0]
	b.must(b.Ledger.EndMessage(b.ctx, m, checkout.MessageSend{Number: 1, At: b.Clock.Now()}, time.Time{}, false))
	b.Clock.Advance(time.Hour)
	queued := b.add(b.Message(l, to(2)))
	n, err := b.Ledger.ForgetMessages(b.ctx, b.Clock.Now().Add(time.Hour), 10)
	b.must(err)
	b.equal("forgotten", n, 1)
	_, err = b.Ledger.MessageOf(b.ctx, b.Merchant, m.ID)
	b.want(err, checkout.ErrNoMessage)
	b.equal("what is queued stays", b.readMessage(queued.ID).Status, checkout.MessageQueued)
}
