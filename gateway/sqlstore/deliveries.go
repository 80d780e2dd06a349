package sqlstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

var (
	deliveries = newTable("deliveries", `id:t merchant:t endpoint:t event:t topic:t subject:t seq:n ordered:n status:t
		attempts:n due_at:n created_at:n updated_at:n`)
	deliveryLease = newUpdate(deliveries, "endpoint", "due_at", "attempts")

	sends = newTable("delivery_attempts", "delivery:t number:n at:n took:n code:n error:t")
)

func scanDelivery(r row) checkout.Delivery {
	var d checkout.Delivery
	d.ID, d.Merchant, d.Endpoint = checkout.DeliveryID(r.text()), checkout.MerchantID(r.text()), checkout.EndpointID(r.text())
	d.Event, d.Topic, d.Subject, d.Seq = checkout.EventID(r.text()), r.text(), r.text(), r.num()
	d.Ordered, d.Status, d.Attempts = r.num() != 0, checkout.DeliveryStatus(r.text()), int(r.num())
	d.DueAt, d.CreatedAt, d.UpdatedAt = fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num())
	return d
}

// dueDeliveries are those of an endpoint whose time has come and that wait for no other: an earlier event
// about the same subject goes first.
const dueDeliveries = ` FROM deliveries AS d WHERE d.endpoint = $1 AND d.status = 'waiting' AND d.due_at <= $2
	AND (d.ordered = 0 OR NOT EXISTS (SELECT 1 FROM deliveries AS e WHERE e.endpoint = d.endpoint AND e.subject = d.subject
		AND e.status = 'waiting' AND e.ordered = 1 AND e.seq < d.seq))`

// DueEndpoints answers the enabled endpoints that a delivery is due for.
func (s *Store) DueEndpoints(ctx context.Context) (found []checkout.Endpoint, err error) {
	err = s.read(ctx, func(q querier) error {
		now, err := s.clock(ctx, q)
		if err != nil {
			return err
		}
		found, err = s.endpointsWhere(ctx, q, `WHERE enabled = 1 AND deleted_at = 0 AND EXISTS (SELECT 1 FROM deliveries AS d
			WHERE d.endpoint = webhook_endpoints.id AND d.status = 'waiting' AND d.due_at <= $1) ORDER BY id`, now)
		return err
	})
	return found, err
}

// LeaseDeliveries hands out deliveries that are due, with their bodies.
func (s *Store) LeaseDeliveries(ctx context.Context, id checkout.EndpointID, until time.Time, limit int) ([]checkout.Delivery, error) {
	var out []checkout.Delivery
	err := s.solo(ctx, func(ctx context.Context, t tx) error {
		out = nil
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		lease := write{table: deliveries, set: deliveryLease}
		err = t.query(ctx, "SELECT "+deliveries.list+dueDeliveries+" ORDER BY d.due_at, d.id LIMIT $3"+s.engine.skipLocked(), func(r row) error {
			d := scanDelivery(r)
			d.DueAt = fromMicros(micros(until))
			d.Attempts++
			out = append(out, d)
			lease.rows = append(lease.rows, []any{string(d.ID), micros(until), int64(d.Attempts), string(d.Endpoint)})
			return nil
		}, string(id), now, int64(limit))
		if err != nil {
			return err
		}
		for i := range out {
			err := t.query(ctx, "SELECT body FROM event_bodies WHERE event = $1", func(r row) error { out[i].Body = r.blob(); return nil }, string(out[i].Event))
			if err != nil {
				return err
			}
		}
		return applyAll(ctx, t, lease)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// EndSend records an attempt. What gives a delivery up is told in the same transaction.
func (s *Store) EndSend(ctx context.Context, d checkout.Delivery, made checkout.Send, next time.Time) error {
	status := checkout.DeliveryWaiting
	switch {
	case made.Error == "":
		status = checkout.DeliveryDelivered
	case next.IsZero():
		status = checkout.DeliveryFailed
	}
	if status != checkout.DeliveryFailed {
		return s.solo(ctx, func(ctx context.Context, t tx) error { return endSend(ctx, t, d, made, status, next) })
	}
	return s.changeMerchant(ctx, d.Merchant, func(ctx context.Context, c *change) error {
		if err := endSend(ctx, c.tx, d, made, status, next); err != nil {
			return err
		}
		return c.gaveUp(ctx, d, made)
	})
}

func endSend(ctx context.Context, t tx, d checkout.Delivery, made checkout.Send, status checkout.DeliveryStatus, next time.Time) error {
	ended := made.At.Add(made.Took)
	if status != checkout.DeliveryWaiting {
		next = d.DueAt
	}
	n, err := t.exec(ctx, "UPDATE deliveries SET status = $2, due_at = $3, updated_at = $4 WHERE id = $1 AND status = 'waiting' AND attempts = $5",
		string(d.ID), string(status), micros(next), micros(ended), int64(d.Attempts))
	if err != nil {
		return err
	}
	if n == 0 {
		return checkout.ErrStale
	}
	return t.apply(ctx, []write{{table: sends, rows: [][]any{{
		string(d.ID), int64(made.Number), micros(made.At), made.Took.Microseconds(), int64(made.Code), made.Error,
	}}}})
}

// gaveUp disables an endpoint that is gone, and tells that a delivery was given up, unless that one was to
// tell the same of another: who cannot be reached would else be told of that for ever.
func (c *change) gaveUp(ctx context.Context, d checkout.Delivery, made checkout.Send) error {
	if d.Topic == checkout.TopicDeliveryFailed && made.Error != checkout.SendGone {
		return nil
	}
	found, err := c.store.endpointsWhere(ctx, c.tx, "WHERE id = $1 AND merchant = $2", string(d.Endpoint), string(d.Merchant))
	if err != nil || len(found) == 0 {
		return err
	}
	e := found[0]
	if made.Error == checkout.SendGone && e.Enabled {
		e.Enabled, e.Reason = false, checkout.EndpointGone
	}
	e.Version++
	e.UpdatedAt = made.At.Add(made.Took)
	l, err := c.saveEndpoint(ctx, e, checkout.Event{
		Type: checkout.TopicDeliveryFailed, Actor: "webhooks", At: e.UpdatedAt,
		Data: map[string]string{"endpoint": string(e.ID), "delivery": string(d.ID), "event": string(d.Event), "error": made.Error},
	})
	if err != nil || d.Topic == checkout.TopicDeliveryFailed {
		return err
	}
	l.Subject, l.Seq = string(d.ID), 1 // what is told is about the delivery, and the only thing that is told of it
	c.outbox = append(c.outbox, outboxRow(l, checkout.TopicDeliveryFailed, c.now))
	return nil
}

// DeliveryOf is for the merchant.
func (s *Store) DeliveryOf(ctx context.Context, m checkout.MerchantID, id checkout.DeliveryID) (checkout.Delivery, error) {
	var found []checkout.Delivery
	err := s.read(ctx, func(q querier) error {
		err := q.query(ctx, "SELECT "+deliveries.list+" FROM deliveries WHERE id = $1 AND merchant = $2", func(r row) error {
			found = append(found, scanDelivery(r))
			return nil
		}, string(id), string(m))
		if err != nil {
			return err
		}
		return histories(ctx, q, found)
	})
	if err == nil && len(found) == 0 {
		err = checkout.ErrNoEvent
	}
	if err != nil {
		return checkout.Delivery{}, err
	}
	return found[0], nil
}

// histories reads the attempts of deliveries, oldest first.
func histories(ctx context.Context, q querier, all []checkout.Delivery) error {
	if len(all) == 0 {
		return nil
	}
	at, f := map[string]int{}, &filter{}
	ids := make([]any, len(all))
	for i, d := range all {
		at[string(d.ID)], ids[i] = i, string(d.ID)
	}
	f.add("delivery IN (?"+strings.Repeat(", ?", len(all)-1)+")", ids...)
	return q.query(ctx, "SELECT "+sends.list+" FROM delivery_attempts WHERE "+f.where[0]+" ORDER BY delivery, number", func(r row) error {
		d := &all[at[r.text()]]
		d.History = append(d.History, checkout.Send{
			Number: int(r.num()), At: fromMicros(r.num()), Took: time.Duration(r.num()) * time.Microsecond, Code: int(r.num()), Error: r.text(),
		})
		return nil
	}, f.args...)
}

func isDelivery(id string) bool { return checkout.DeliveryID(id).Valid() }

// SearchDeliveries answers a page of an endpoint's deliveries, newest first, and the cursor of the next.
func (s *Store) SearchDeliveries(ctx context.Context, q checkout.DeliveryQuery) ([]checkout.Delivery, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("endpoint = ?", string(q.Endpoint))
	f.add("merchant = ?", string(q.Merchant))
	for column, value := range map[string]string{"event": string(q.Event), "status": string(q.Status)} {
		if value != "" {
			f.add(column+" = ?", value)
		}
	}
	f.between(q.From, q.To)
	text, err := f.page(deliveries, isDelivery, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var out []checkout.Delivery
	next := ""
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		err := db.query(ctx, text, func(r row) error {
			out = append(out, scanDelivery(r))
			return nil
		}, f.args...)
		if err != nil {
			return err
		}
		if len(out) > limit {
			out = out[:limit]
			next = makeCursor(out[limit-1].CreatedAt, string(out[limit-1].ID))
		}
		return histories(ctx, db, out)
	})
	return out, next, err
}

// DeliveriesAbout answers who was told of events about a subject.
func (s *Store) DeliveriesAbout(ctx context.Context, m checkout.MerchantID, subject string, limit int) (out []checkout.Delivery, err error) {
	err = s.readWithin(ctx, searchTime, func(q querier) error {
		err := q.query(ctx, "SELECT "+deliveries.list+" FROM deliveries WHERE subject = $1 AND merchant || '' = $2 ORDER BY created_at DESC, id DESC LIMIT $3", func(r row) error {
			out = append(out, scanDelivery(r))
			return nil
		}, subject, string(m), int64(pageSize(limit)))
		if err != nil {
			return err
		}
		slices.Reverse(out)
		return histories(ctx, q, out)
	})
	return out, err
}

// WaitingDeliveries counts what has not reached enabled endpoints yet.
func (s *Store) WaitingDeliveries(ctx context.Context) (checkout.Waiting, error) {
	var w checkout.Waiting
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, `SELECT COUNT(*), COALESCE(MIN(d.created_at), 0) FROM deliveries AS d JOIN webhook_endpoints AS w ON w.id = d.endpoint
			WHERE d.status = 'waiting' AND w.enabled = 1 AND w.deleted_at = 0`, func(r row) error {
			w = checkout.Waiting{Deliveries: r.num(), Oldest: fromMicros(r.num())}
			return nil
		})
	})
	return w, err
}

// ForgetDeliveries removes what is older than it can be of use.
func (s *Store) ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	const old = "(SELECT id FROM deliveries WHERE created_at < $1 ORDER BY created_at, id LIMIT $2)"
	gone := int64(0)
	err := s.solo(ctx, func(ctx context.Context, t tx) error {
		gone = 0
		for _, q := range []string{
			"DELETE FROM delivery_attempts WHERE delivery IN " + old,
			"DELETE FROM deliveries WHERE id IN " + old,
			"DELETE FROM event_bodies WHERE event IN (SELECT event FROM event_bodies WHERE kept_at < $1 ORDER BY kept_at LIMIT $2)",
		} {
			n, err := t.exec(ctx, q, micros(before), int64(limit))
			if err != nil {
				return err
			}
			gone += n
		}
		return nil
	})
	return int(gone), err
}

// ending finds links whose end has come and was not told. What is being authorised may still be paid, and
// waits. Its condition is that of the index links_ending.
var ending = "SELECT " + links.list + " FROM links WHERE deleted_at = 0 AND NOT " + spent +
	" AND told_expiry <> expires_at AND expires_at <= $1 AND slots_held = 0 ORDER BY expires_at, id LIMIT $2"

// TellExpired writes the event of links whose end has come. Whose end is moved is told of the new one, too.
func (s *Store) TellExpired(ctx context.Context, limit int) (int, error) {
	told := 0
	err := s.solo(ctx, func(ctx context.Context, t tx) error {
		told = 0
		w, err := s.load(ctx, t, nil)
		if err != nil {
			return err
		}
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		w.now = fromMicros(now)
		var over []*linkState
		err = t.query(ctx, ending+s.engine.skipLocked(), func(r row) error {
			l, err := scanLink(r)
			if err == nil {
				over = append(over, &linkState{linkRow: *l, rev0: l.Rev, seq0: l.seq})
			}
			return err
		}, now, int64(limit))
		if err != nil {
			return err
		}
		for _, l := range over {
			if err := w.tellExpired(l); err != nil {
				return err
			}
			n, err := t.exec(ctx, "UPDATE links SET told_expiry = expires_at, seq = $2, head = $3 WHERE id = $1 AND seq = $4", string(l.ID), l.seq, l.head, l.seq0)
			if err != nil {
				return err
			}
			if n != 1 {
				return errChanged
			}
		}
		told = len(over)
		return w.flush(ctx, t)
	})
	return told, err
}

// tellExpired writes that a link's end has come.
func (w *work) tellExpired(l *linkState) error {
	e := checkout.Event{Type: checkout.TopicLinkExpired, Actor: "clock", At: w.now, Data: map[string]string{"expires_at": l.ExpiresAt.Format(time.RFC3339)}}
	return w.recordLink(l, e, checkout.TopicLinkExpired)
}
