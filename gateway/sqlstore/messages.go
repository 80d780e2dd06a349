package sqlstore

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

var (
	messages = newTable("messages", `id:t merchant:t kind:t channel:t link:t payment:t event:t lang:t recipient:t address:t letter:t
		digest:b with_link:n once:t actor:t created_at:n status:t reason:t reference:t attempts:n unsure:n due_at:n remind_at:n updated_at:n`)
	messageLease  = newUpdate(messages, "merchant", "due_at", "attempts", "unsure")
	messageSends  = newTable("message_attempts", "message:t number:n at:n took:n code:n error:t answer:t reference:t")
	suppressions  = newTable("suppressions", "merchant:t recipient:t channel:t address:t reason:t created_at:n")
	messageMemory = 25 * time.Hour // as far back as any limit counts
)

func messageValues(m checkout.Message) ([]any, error) {
	letter, err := encodeJSON(m.Letter)
	if err != nil {
		return nil, err
	}
	return []any{
		string(m.ID), string(m.Merchant), string(m.Kind), string(m.Channel), string(m.Link), string(m.Payment), string(m.Event), m.Lang, m.Person(),
		m.To, letter, m.Digest(), num(m.WithLink), m.Once, m.Actor, micros(m.CreatedAt), string(m.Status), m.Reason, m.Reference, int64(m.Attempts),
		int64(m.Unsure), micros(m.DueAt), micros(m.RemindAt), micros(m.UpdatedAt),
	}, nil
}

func scanMessage(r row) (checkout.Message, error) {
	var m checkout.Message
	m.ID, m.Merchant = checkout.MessageID(r.text()), checkout.MerchantID(r.text())
	m.Kind, m.Channel = checkout.MessageKind(r.text()), checkout.Channel(r.text())
	m.Link, m.Payment, m.Event = checkout.LinkID(r.text()), checkout.PaymentID(r.text()), checkout.EventID(r.text())
	m.Lang = r.text()
	_ = r.text() // the person follows from channel and address
	m.To = r.text()
	err := decodeJSON(r.text(), &m.Letter)
	_ = r.blob() // so does the digest from the letter
	m.WithLink, m.Once, m.Actor, m.CreatedAt = r.num() != 0, r.text(), r.text(), fromMicros(r.num())
	m.Status, m.Reason, m.Reference = checkout.MessageStatus(r.text()), r.text(), r.text()
	m.Attempts, m.Unsure = int(r.num()), int(r.num())
	m.DueAt, m.RemindAt, m.UpdatedAt = fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num())
	if err != nil {
		err = fmt.Errorf("letter of message %s: %w", m.ID, err)
	}
	return m, err
}

// mail is what a transaction knows and makes of messages.
type mail struct {
	of, to  map[string][]checkout.SentBefore // by link, and by merchant and person
	blocked map[string]bool
	rows    [][]any
}

func recipientPair(m checkout.Message) pair { return pair{string(m.Merchant), m.Recipient()} }

// personPair is whom the limits hold for; a list holds for the address as it is.
func personPair(m checkout.Message) pair { return pair{string(m.Merchant), m.Person()} }

func (p pair) joined() string { return p.merchant + " " + p.name }

// needMessages names what the limits of messages are decided on.
func (n *needs) needMessages(all []checkout.NewMessage) {
	for _, m := range all {
		n.recipients = append(n.recipients, recipientPair(m.Message), personPair(m.Message))
		n.sentOf = append(n.sentOf, m.Message.Link)
	}
}

// messageLookups read what counts: messages that brought a link and were not suppressed. The clock that decides is read
// with them, so they reach back an hour further than any limit.
func (w *work) messageLookups(links keySet, recipients pairSet) []lookup {
	now := time.Now()
	if w.store.now != nil {
		now = w.store.now()
	}
	counted := fmt.Sprintf("kind IN ('link', 'reminder') AND status <> 'suppressed' AND created_at > %d", micros(now.Add(-messageMemory)))
	put := func(to *map[string][]checkout.SentBefore, key string, r row) {
		if *to == nil {
			*to = map[string][]checkout.SentBefore{}
		}
		(*to)[key] = append((*to)[key], checkout.SentBefore{At: fromMicros(r.num()), Digest: string(r.blob())})
	}
	return []lookup{
		{table: messages, cols: "link, created_at, digest", by: []string{"link"}, keys: links.columns(), where: counted,
			each: func(r row) error { put(&w.mail.of, r.text(), r); return nil }},
		{table: messages, cols: "merchant, recipient, created_at, digest", by: []string{"merchant", "recipient"}, keys: recipients.columns(), where: counted,
			each: func(r row) error { put(&w.mail.to, pair{r.text(), r.text()}.joined(), r); return nil }},
		{table: suppressions, cols: "merchant, recipient", by: []string{"merchant", "recipient"}, keys: recipients.columns(), each: func(r row) error {
			if w.mail.blocked == nil {
				w.mail.blocked = map[string]bool{}
			}
			w.mail.blocked[pair{r.text(), r.text()}.joined()] = true
			return nil
		}},
	}
}

// post makes a message, or keeps it as suppressed, or refuses it where it is strict.
func (w *work) post(n checkout.NewMessage) (checkout.Message, error) {
	m, who := n.Message, personPair(n.Message).joined()
	of, to := byTime(w.mail.of[string(m.Link)]), byTime(w.mail.to[who])
	reason, wait := n.Limits.Hold(m, w.now, of, to)
	if w.mail.blocked[recipientPair(m).joined()] {
		reason = checkout.SuppressedAddress
	}
	if reason != "" && n.Strict {
		return m, checkout.HeldError(reason, wait)
	}
	if reason != "" {
		m.Status, m.Reason, m.RemindAt = checkout.MessageSuppressed, reason, time.Time{}
	}
	m.CreatedAt, m.UpdatedAt, m.DueAt = w.now, w.now, w.now
	values, err := messageValues(m)
	if err != nil {
		return m, err
	}
	if m, err = scanMessage(&written{values: values}); err != nil {
		return m, err
	}
	w.mail.rows = append(w.mail.rows, values)
	if reason == "" {
		w.mail.note(string(m.Link), who, checkout.SentBefore{Link: m.Link, At: m.CreatedAt, Digest: string(m.Digest())})
	}
	return m, nil
}

// note counts a message of this transaction for those behind it.
func (a *mail) note(link, who string, b checkout.SentBefore) {
	if a.of == nil {
		a.of = map[string][]checkout.SentBefore{}
	}
	if a.to == nil {
		a.to = map[string][]checkout.SentBefore{}
	}
	a.of[link], a.to[who] = append(a.of[link], b), append(a.to[who], b)
}

// byTime puts messages into the order in which they were made.
func byTime(all []checkout.SentBefore) []checkout.SentBefore {
	slices.SortStableFunc(all, func(a, b checkout.SentBefore) int { return a.At.Compare(b.At) })
	return all
}

// AddMessage makes a message. Its link is locked, so that of several at once no more than its limit are made.
func (s *Store) AddMessage(ctx context.Context, n checkout.NewMessage) (checkout.Message, error) {
	need := needs{links: []checkout.LinkID{n.Message.Link}}
	need.needMessages([]checkout.NewMessage{n})
	if n.Idem.Key != "" {
		need.idem = []pair{idemPair(n.Idem)}
	}
	var made checkout.Message
	err := s.do(ctx, n.Message.Person(), &unit{needs: need, run: func(w *work) (err error) {
		if err := w.keyFree(n.Idem, nil); err != nil {
			return err
		}
		if l := w.links[n.Message.Link]; l == nil || l.Merchant != n.Message.Merchant {
			return checkout.ErrNoLink
		}
		if made, err = w.post(n); err == nil {
			w.answer(n.Idem)
		}
		return err
	}})
	return made, err
}

// MessageOf is for the merchant.
func (s *Store) MessageOf(ctx context.Context, m checkout.MerchantID, id checkout.MessageID) (checkout.Message, error) {
	found, err := s.messagesWhere(ctx, readTime, "SELECT "+messages.list+" FROM messages WHERE id = $1 AND merchant = $2", string(id), string(m))
	if err == nil && len(found) == 0 {
		err = checkout.ErrNoMessage
	}
	if err != nil {
		return checkout.Message{}, err
	}
	return found[0], nil
}

func (s *Store) messagesWhere(ctx context.Context, most time.Duration, text string, args ...any) (out []checkout.Message, err error) {
	err = s.readWithin(ctx, most, func(q querier) error {
		out = nil
		err := q.query(ctx, text, func(r row) error {
			m, err := scanMessage(r)
			out = append(out, m)
			return err
		}, args...)
		if err != nil {
			return err
		}
		return attemptsOf(ctx, q, out)
	})
	return out, err
}

// attemptsOf reads the attempts of messages, oldest first.
func attemptsOf(ctx context.Context, q querier, all []checkout.Message) error {
	if len(all) == 0 {
		return nil
	}
	at, ids := map[string]int{}, make([]any, len(all))
	for i, m := range all {
		at[string(m.ID)], ids[i] = i, string(m.ID)
	}
	return q.query(ctx, "SELECT "+messageSends.list+" FROM message_attempts WHERE message IN ("+holes(1, len(ids))+") ORDER BY message, number", func(r row) error {
		m := &all[at[r.text()]]
		m.History = append(m.History, checkout.MessageSend{
			Number: int(r.num()), At: fromMicros(r.num()), Took: time.Duration(r.num()) * time.Microsecond, Code: int(r.num()), Error: r.text(),
			Answer: r.text(), Reference: r.text(),
		})
		return nil
	}, ids...)
}

func isMessage(id string) bool { return checkout.MessageID(id).Valid() }

// SearchMessages answers a page of a merchant's messages, newest first, and the cursor of the next.
func (s *Store) SearchMessages(ctx context.Context, q checkout.MessageQuery) ([]checkout.Message, string, error) {
	limit := pageSize(q.Limit)
	text, args, err := messageSearch(q, limit)
	if err != nil {
		return nil, "", err
	}
	out, err := s.messagesWhere(ctx, searchTime, text, args...)
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// messageSearch is the question for a page. A link has few messages and is asked for by its index, not by its
// merchant's, who may have many.
func messageSearch(q checkout.MessageQuery, limit int) (string, []any, error) {
	f := &filter{}
	if q.Link == "" {
		f.add("merchant = ?", string(q.Merchant))
	} else {
		f.add("merchant || '' = ?", string(q.Merchant))
		f.add("link = ?", string(q.Link))
	}
	if q.Status != "" {
		f.add("status = ?", string(q.Status))
	}
	if q.Kind != "" {
		f.add("kind = ?", string(q.Kind))
	}
	f.between(q.From, q.To)
	text, err := f.page(messages, isMessage, q.Cursor, limit)
	return text, f.args, err
}

// DeliveredWith answers by which channels links were sent when they were made.
func (s *Store) DeliveredWith(ctx context.Context, m checkout.MerchantID, all []checkout.LinkID) (map[checkout.LinkID][]checkout.Channel, error) {
	out := map[checkout.LinkID][]checkout.Channel{}
	if len(all) == 0 {
		return out, nil
	}
	args := []any{string(m)}
	for _, id := range all {
		args = append(args, string(id))
	}
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT link, channel FROM messages WHERE link IN ("+holes(2, len(all))+") AND with_link = 1 AND merchant || '' = $1 ORDER BY link, channel DESC", func(r row) error {
			id := checkout.LinkID(r.text())
			out[id] = append(out[id], checkout.Channel(r.text()))
			return nil
		}, args...)
	})
	return out, err
}

// LeaseMessages hands out a channel's queued messages that are due.
func (s *Store) LeaseMessages(ctx context.Context, c checkout.Channel, until time.Time, limit int) ([]checkout.Message, error) {
	var out []checkout.Message
	err := s.solo(ctx, func(ctx context.Context, t tx) error {
		out = nil
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		lease := write{table: messages, set: messageLease}
		err = t.query(ctx, "SELECT "+messages.list+" FROM messages WHERE status = 'queued' AND due_at <= $1 AND channel = $2 ORDER BY due_at, id LIMIT $3"+s.engine.skipLocked(), func(r row) error {
			m, err := scanMessage(r)
			m.DueAt = fromMicros(micros(until))
			m.Attempts++
			m.Unsure++
			out = append(out, m)
			lease.rows = append(lease.rows, []any{string(m.ID), micros(until), int64(m.Attempts), int64(m.Unsure), string(m.Merchant)})
			return err
		}, now, string(c), int64(limit))
		if err != nil {
			return err
		}
		return applyAll(ctx, t, lease)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// EndMessage records an attempt. What gives a message up is told in the same transaction.
func (s *Store) EndMessage(ctx context.Context, m checkout.Message, made checkout.MessageSend, next time.Time, bounced bool) error {
	m.Reference, m.UpdatedAt = made.Reference, made.At.Add(made.Took)
	if !made.Unclear {
		m.Unsure--
	}
	switch {
	case made.Over:
		m.Status, m.Reason = checkout.MessageSuppressed, made.Error
	case made.Error == "":
		m.Status = checkout.MessageSent
	case next.IsZero():
		m.Status, m.Reason = checkout.MessageFailed, made.Error
	default:
		m.DueAt = next
	}
	if m.Status != checkout.MessageFailed {
		return s.solo(ctx, func(ctx context.Context, t tx) error { return endMessage(ctx, t, m, made) })
	}
	return s.changeMerchant(ctx, m.Merchant, func(ctx context.Context, c *change) error {
		if err := endMessage(ctx, c.tx, m, made); err != nil {
			return err
		}
		if bounced {
			if err := suppress(ctx, c.tx, checkout.Suppression{Merchant: m.Merchant, Channel: m.Channel, To: m.To, Reason: checkout.SuppressedByBounce, CreatedAt: c.now}); err != nil {
				return err
			}
		}
		return c.undelivered(ctx, m)
	})
}

func endMessage(ctx context.Context, t tx, m checkout.Message, made checkout.MessageSend) error {
	n, err := t.exec(ctx, `UPDATE messages SET status = $2, reason = $3, reference = $4, unsure = $5, due_at = $6, updated_at = $7,
		remind_at = CASE WHEN $2 IN ('queued', 'sent') THEN remind_at ELSE 0 END WHERE id = $1 AND status = 'queued' AND attempts = $8`,
		string(m.ID), string(m.Status), m.Reason, plain(m.Reference), int64(m.Unsure), micros(m.DueAt), micros(m.UpdatedAt), int64(m.Attempts))
	if err != nil {
		return err
	}
	if n == 0 {
		return checkout.ErrStale
	}
	return t.apply(ctx, []write{{table: messageSends, rows: [][]any{sendValues(m.ID, made)}}})
}

func sendValues(m checkout.MessageID, made checkout.MessageSend) []any {
	return []any{
		string(m), int64(made.Number), micros(made.At), made.Took.Microseconds(), int64(made.Code), made.Error, plain(made.Answer), plain(made.Reference),
	}
}

// undelivered tells that a message was given up.
func (c *change) undelivered(ctx context.Context, m checkout.Message) error {
	if c.row == nil {
		return checkout.ErrNoMerchant
	}
	l, err := c.noted(ctx, checkout.Event{
		Type: checkout.TopicDeliveryFailed, Actor: "messages", At: m.UpdatedAt,
		Data: map[string]string{"message": string(m.ID), "channel": string(m.Channel), "link": string(m.Link), "error": m.Reason},
	})
	if err != nil {
		return err
	}
	l.Subject, l.Seq = string(m.ID), 1 // what is told is about the message, and the only thing that is told of it
	c.outbox = append(c.outbox, outboxRow(l, checkout.TopicDeliveryFailed, c.now))
	return nil
}

// WaitingMessages counts what is queued.
func (s *Store) WaitingMessages(ctx context.Context) (w checkout.Waiting, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT COUNT(*), COALESCE(MIN(created_at), 0) FROM messages WHERE status = 'queued'", func(r row) error {
			w = checkout.Waiting{Deliveries: r.num(), Oldest: fromMicros(r.num())}
			return nil
		})
	})
	return w, err
}

// ForgetMessages removes old messages with their attempts.
func (s *Store) ForgetMessages(ctx context.Context, before time.Time, limit int) (int, error) {
	const old = "(SELECT id FROM messages WHERE updated_at < $1 AND status <> 'queued' AND remind_at = 0 ORDER BY updated_at, id LIMIT $2)"
	gone := int64(0)
	err := s.solo(ctx, func(ctx context.Context, t tx) (err error) {
		if _, err = t.exec(ctx, "DELETE FROM message_attempts WHERE message IN "+old, micros(before), int64(limit)); err == nil {
			gone, err = t.exec(ctx, "DELETE FROM messages WHERE id IN "+old, micros(before), int64(limit))
		}
		return err
	})
	return int(gone), err
}

// DueReminders answers messages whose time to remind has come.
func (s *Store) DueReminders(ctx context.Context, limit int) (out []checkout.Message, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		now, err := s.clock(ctx, q)
		if err != nil {
			return err
		}
		return q.query(ctx, "SELECT "+messages.list+" FROM messages WHERE remind_at > 0 AND remind_at <= $1 ORDER BY remind_at, id LIMIT $2", func(r row) error {
			m, err := scanMessage(r)
			out = append(out, m)
			return err
		}, now, int64(limit))
	})
	return out, err
}

// Remind moves when a message's link is looked at, and makes the reminder, unless there is one.
func (s *Store) Remind(ctx context.Context, m checkout.Message, next time.Time, reminder *checkout.NewMessage) error {
	var need needs
	if reminder != nil {
		need.links = []checkout.LinkID{m.Link}
		need.needMessages([]checkout.NewMessage{*reminder})
	}
	return s.changeMerchantNeeding(ctx, m.Merchant, need, func(ctx context.Context, c *change) error {
		n, err := c.tx.exec(ctx, "UPDATE messages SET remind_at = $2 WHERE id = $1 AND remind_at = $3", string(m.ID), micros(next), micros(m.RemindAt))
		if err != nil {
			return err
		}
		if n == 0 {
			return checkout.ErrStale
		}
		if reminder == nil {
			return nil
		}
		known := false
		err = c.tx.query(ctx, "SELECT id FROM messages WHERE once = $1", func(row) error { known = true; return nil }, reminder.Message.Once)
		if err != nil || known {
			return err
		}
		_, err = c.post(*reminder)
		return err
	})
}

// Suppressions answers a merchant's list, newest first.
func (s *Store) Suppressions(ctx context.Context, m checkout.MerchantID, limit int) (out []checkout.Suppression, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT channel, address, reason, created_at FROM suppressions WHERE merchant = $1 ORDER BY created_at DESC, recipient LIMIT $2", func(r row) error {
			out = append(out, checkout.Suppression{Merchant: m, Channel: checkout.Channel(r.text()), To: r.text(), Reason: r.text(), CreatedAt: fromMicros(r.num())})
			return nil
		}, string(m), int64(limit))
	})
	return out, err
}

// Suppress puts an address on a merchant's list.
func (s *Store) Suppress(ctx context.Context, one checkout.Suppression, e checkout.Event) error {
	return s.aboutMessages(ctx, one.Merchant, e, func(ctx context.Context, t tx) error { return suppress(ctx, t, one) })
}

func suppress(ctx context.Context, t tx, one checkout.Suppression) error {
	_, err := t.exec(ctx, "INSERT INTO suppressions ("+suppressions.list+") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (merchant, recipient) DO NOTHING",
		string(one.Merchant), checkout.RecipientOf(one.Channel, one.To), string(one.Channel), one.To, one.Reason, micros(one.CreatedAt))
	return err
}

// Unsuppress takes an address off.
func (s *Store) Unsuppress(ctx context.Context, m checkout.MerchantID, c checkout.Channel, to string, e checkout.Event) error {
	return s.aboutMessages(ctx, m, e, func(ctx context.Context, t tx) error {
		_, err := t.exec(ctx, "DELETE FROM suppressions WHERE merchant = $1 AND recipient = $2", string(m), checkout.RecipientOf(c, to))
		return err
	})
}

// aboutMessages changes what a merchant set, with a line of the merchant's own trail.
func (s *Store) aboutMessages(ctx context.Context, m checkout.MerchantID, e checkout.Event, fn func(context.Context, tx) error) error {
	return s.changeMerchant(ctx, m, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := fn(ctx, c.tx); err != nil {
			return err
		}
		return c.note(ctx, e)
	})
}

func settingsValues(m checkout.MerchantID, version int64, told bool, data string, at int64) []any {
	return []any{string(m), version, num(told), data, at}
}

// MessageSettings answers what a merchant set.
func (s *Store) MessageSettings(ctx context.Context, m checkout.MerchantID) (set checkout.MessageSettings, err error) {
	err = s.read(ctx, func(q querier) (err error) {
		set, err = s.messageSettings(ctx, q, m)
		return err
	})
	return set, err
}

func (s *Store) messageSettings(ctx context.Context, q querier, m checkout.MerchantID) (checkout.MessageSettings, error) {
	set := checkout.MessageSettings{Merchant: m}
	keys := s.keys.Load()
	if keys == nil {
		return set, errNoKeys
	}
	err := q.query(ctx, "SELECT version, told, data, updated_at, digest FROM message_settings WHERE merchant = $1", func(r row) error {
		version, told, data, at, digest := r.num(), r.num() != 0, r.text(), r.num(), r.blob()
		if !hmac.Equal(digest, keys.digest("message_settings", settingsValues(m, version, told, data, at))) {
			return fmt.Errorf("message settings of merchant %s: %w", m, errSettingsChanged)
		}
		set.Version, set.UpdatedAt = version, fromMicros(at)
		return decodeJSON(data, &set)
	}, string(m))
	return set, err
}

// changedSettings finds merchants whose message settings are not what this program wrote (A67).
func (s *Store) changedSettings(ctx context.Context) (found []Finding, err error) {
	var all []checkout.MerchantID
	err = s.reading(ctx, false, func(q querier) error {
		return q.query(ctx, "SELECT merchant FROM message_settings", func(r row) error {
			all = append(all, checkout.MerchantID(r.text()))
			return nil
		})
	})
	for _, m := range all {
		if err != nil {
			break
		}
		if _, err = s.MessageSettings(ctx, m); errors.Is(err, errSettingsChanged) {
			found, err = append(found, Finding{Subject: string(m), Row: "message_settings", What: FoundRowChanged}), nil
		}
	}
	return found, err
}

// errSettingsChanged: the row is not what this program wrote (A67).
var errSettingsChanged = errors.New("a row of message settings was changed")

// SaveMessageSettings replaces the version before.
func (s *Store) SaveMessageSettings(ctx context.Context, set checkout.MessageSettings, e checkout.Event) error {
	data, err := encodeJSON(set)
	if err != nil {
		return err
	}
	values := settingsValues(set.Merchant, set.Version, len(set.Recipients) > 0, plain(data), micros(set.UpdatedAt))
	return s.changeMerchant(ctx, set.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		have, err := s.messageSettings(ctx, c.tx, set.Merchant)
		if err != nil {
			return err
		}
		if have.Version != set.Version-1 {
			return checkout.ErrStale
		}
		_, err = c.tx.exec(ctx, `INSERT INTO message_settings (merchant, version, told, data, updated_at, digest) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (merchant) DO UPDATE SET version = excluded.version, told = excluded.told, data = excluded.data, updated_at = excluded.updated_at, digest = excluded.digest`,
			append(values[:len(values):len(values)], c.keys.digest("message_settings", values))...)
		if err != nil {
			return err
		}
		return c.note(ctx, e)
	})
}

// addNotices adds the rows of the messages that tell of an event. One that says what an earlier one said is not made;
// whoever places events holds the row of feed, so nobody makes it meanwhile. Card holders whom the merchant never writes
// to get none; the merchant itself has its own list.
func addNotices(ctx context.Context, t tx, to *write, all []checkout.Message, now int64) error {
	once := messages.from("once")
	for _, m := range all {
		known := slices.ContainsFunc(to.rows, func(row []any) bool { return row[once] == any(m.Once) })
		err := t.query(ctx, "SELECT id FROM messages WHERE once = $1", func(row) error { known = true; return nil }, m.Once)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if m.Kind == checkout.MessageAgreed {
			if err := t.query(ctx, "SELECT reason FROM suppressions WHERE merchant = $1 AND recipient = $2", func(row) error {
				m.Status, m.Reason = checkout.MessageSuppressed, checkout.SuppressedAddress
				return nil
			}, string(m.Merchant), m.Recipient()); err != nil {
				return err
			}
		}
		m.CreatedAt, m.UpdatedAt, m.DueAt = fromMicros(now), fromMicros(now), fromMicros(now)
		values, err := messageValues(m)
		if err != nil {
			return err
		}
		to.rows = append(to.rows, values)
	}
	return nil
}
