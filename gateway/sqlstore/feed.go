package sqlstore

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var bodies = newTable("event_bodies", "event:t body:b kept_at:n")

// noticeColumns are those of scanNotice, from outbox AS o and event_bodies AS b.
const noticeColumns = "o.event, o.merchant, o.subject, o.seq, o.topic, o.due_at, o.place, b.body"

func scanNotice(r row) checkout.Notice {
	n := checkout.Notice{
		ID: checkout.EventID(r.text()), Merchant: checkout.MerchantID(r.text()), Subject: r.text(), Seq: r.num(), Topic: r.text(),
		At: fromMicros(r.num()), Place: r.num(),
	}
	if body := r.blob(); len(body) > 0 {
		n.Body = body
	}
	return n
}

// Unplaced answers events that have no place yet, and who is to be told of them.
func (s *Store) Unplaced(ctx context.Context, limit int) ([]checkout.Notice, error) {
	var out []checkout.Notice
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, `SELECT o.event, o.merchant, o.subject, o.seq, o.topic, o.due_at, o.place,
			CASE WHEN EXISTS (SELECT 1 FROM webhook_endpoints w WHERE w.merchant = o.merchant AND w.deleted_at = 0) THEN 1 ELSE 0 END,
			CASE WHEN EXISTS (SELECT 1 FROM message_settings m WHERE m.merchant = o.merchant AND m.told = 1) THEN 1 ELSE 0 END,
			CASE WHEN o.topic = 'payment.paid' AND EXISTS (SELECT 1 FROM payments p WHERE p.id = o.subject AND p.sale = 'consumer') THEN 1 ELSE 0 END
			FROM outbox AS o WHERE o.done_at = 0 ORDER BY o.due_at, o.subject, o.seq LIMIT $1`, func(r row) error {
			n := checkout.Notice{
				ID: checkout.EventID(r.text()), Merchant: checkout.MerchantID(r.text()), Subject: r.text(), Seq: r.num(), Topic: r.text(),
				At: fromMicros(r.num()), Place: r.num(),
			}
			n.Wanted, n.Told, n.Agreed = r.num() != 0, r.num() != 0, r.num() != 0
			out = append(out, n)
			return nil
		}, int64(limit))
	})
	return out, err
}

// Place gives events their places, one transaction at a time: the row of feed is its lock, and is held until
// the commit, so that no place becomes visible before a smaller one.
func (s *Store) Place(ctx context.Context, all []checkout.Notice) error {
	if len(all) == 0 {
		return nil
	}
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		var last int64
		if err := t.query(ctx, "SELECT place FROM feed WHERE one = 1"+s.engine.lock(), func(r row) error { last = r.num(); return nil }); err != nil {
			return err
		}
		now, err := s.clock(ctx, t)
		if err != nil {
			return err
		}
		ways, err := s.fanOut(ctx, t, all)
		if err != nil {
			return err
		}
		kept, made, told := write{table: bodies}, write{table: deliveries}, write{table: messages}
		for _, n := range all {
			changed, err := t.exec(ctx, "UPDATE outbox SET place = $2, done_at = $3 WHERE event = $1 AND done_at = 0", string(n.ID), last+1, now)
			if err != nil {
				return err
			}
			if changed == 0 {
				continue // another gateway placed it since it was read
			}
			last++
			if err := addNotices(ctx, t, &told, n.Messages, now); err != nil {
				return err
			}
			if n.Body != nil {
				kept.rows = append(kept.rows, []any{string(n.ID), n.Body, now})
				made.rows = append(made.rows, s.deliveriesOf(n, ways[n.Merchant], true, now)...)
			}
		}
		if _, err := t.exec(ctx, "UPDATE feed SET place = $1 WHERE one = 1", last); err != nil {
			return err
		}
		return applyAll(ctx, t, kept, made, told)
	})
}

// fanOut reads the endpoints of the merchants that events with bodies are of.
func (s *Store) fanOut(ctx context.Context, q querier, all []checkout.Notice) (map[checkout.MerchantID][]checkout.Endpoint, error) {
	ways := map[checkout.MerchantID][]checkout.Endpoint{}
	for _, n := range all {
		if _, known := ways[n.Merchant]; known || n.Body == nil {
			continue
		}
		found, err := s.endpointsWhere(ctx, q, "WHERE merchant = $1 AND deleted_at = 0 ORDER BY created_at, id", string(n.Merchant))
		if err != nil {
			return nil, err
		}
		ways[n.Merchant] = found
	}
	return ways, nil
}

// deliveriesOf are the rows of an event's deliveries to those of the endpoints that want it.
func (s *Store) deliveriesOf(n checkout.Notice, to []checkout.Endpoint, ordered bool, now int64) (rows [][]any) {
	for _, e := range to {
		if e.Wants(n.Topic) {
			rows = append(rows, []any{
				string(s.ids.Delivery()), string(n.Merchant), string(e.ID), string(n.ID), n.Topic, n.Subject, n.Seq, num(ordered),
				string(checkout.DeliveryWaiting), int64(0), now, now, now,
			})
		}
	}
	return rows
}

// NoticeOf is for the merchant.
func (s *Store) NoticeOf(ctx context.Context, m checkout.MerchantID, id checkout.EventID) (checkout.Notice, error) {
	var found checkout.Notice
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+noticeColumns+" FROM outbox AS o LEFT JOIN event_bodies AS b ON b.event = o.event WHERE o.event = $1 AND o.merchant = $2",
			func(r row) error { found = scanNotice(r); return nil }, string(id), string(m))
	})
	if err == nil && found.ID == "" {
		err = checkout.ErrNoEvent
	}
	return found, err
}

// maxNotices bounds a page of the feed: a redelivery takes more at once than a list shows.
const maxNotices = 1000

// Notices answers events from the feed in its order, or from the newest back.
func (s *Store) Notices(ctx context.Context, q checkout.NoticeQuery) (found []checkout.Notice, more bool, err error) {
	order, after := "o.place > ?", int64(0)
	if q.Newest {
		order, after = "o.place < ?", math.MaxInt64
	}
	if q.After != "" {
		n, err := s.NoticeOf(ctx, q.Merchant, q.After)
		if err != nil || n.Place == 0 {
			if err == nil || checkout.KindOf(err) == checkout.KindNotFound {
				err = checkout.ErrCursor
			}
			return nil, false, err
		}
		after = n.Place
	}
	limit := max(1, min(q.Limit, maxNotices))
	f := &filter{}
	f.add("o.merchant = ?", string(q.Merchant))
	f.add("o.place > 0 AND "+order, after)
	if q.Topic != "" {
		f.add("o.topic = ?", q.Topic)
	}
	if !q.From.IsZero() {
		f.add("o.due_at >= ?", micros(q.From))
	}
	if !q.To.IsZero() {
		f.add("o.due_at < ?", micros(q.To))
	}
	direction := ""
	if q.Newest {
		direction = " DESC"
	}
	f.add("1 = 1 ORDER BY o.place"+direction+" LIMIT ?", int64(limit+1))
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		return db.query(ctx, "SELECT "+noticeColumns+" FROM outbox AS o LEFT JOIN event_bodies AS b ON b.event = o.event WHERE "+strings.Join(f.where, " AND "),
			func(r row) error { found = append(found, scanNotice(r)); return nil }, f.args...)
	})
	if err != nil || len(found) <= limit {
		return found, false, err
	}
	return found[:limit], true, nil
}

// Redeliver makes another delivery of each event, and keeps the bodies that were not kept before.
func (s *Store) Redeliver(ctx context.Context, m checkout.MerchantID, to checkout.EndpointID, all []checkout.Notice, answer func(checkout.Ways) (checkout.Idempotency, error)) (checkout.Ways, error) {
	var ways checkout.Ways
	err := s.changeMerchant(ctx, m, func(ctx context.Context, c *change) error {
		targets, err := s.targets(ctx, c.tx, m, to)
		if err != nil {
			return err
		}
		made := write{table: deliveries}
		for _, n := range all {
			_, err := c.tx.exec(ctx, "INSERT INTO event_bodies (event, body, kept_at) VALUES ($1, $2, $3) ON CONFLICT (event) DO NOTHING", string(n.ID), n.Body, micros(c.now))
			if err != nil {
				return err
			}
			made.rows = append(made.rows, s.deliveriesOf(n, targets, false, micros(c.now))...)
		}
		ways = checkout.Ways{Events: len(all), Deliveries: len(made.rows)}
		idem, err := answer(ways)
		if err != nil {
			return err
		}
		if err := c.keepAnswer(ctx, idem); err != nil {
			return err
		}
		return applyAll(ctx, c.tx, made)
	})
	return ways, err
}

// targets are the endpoints of a redelivery. One that was asked for by its id takes every topic.
func (s *Store) targets(ctx context.Context, q querier, m checkout.MerchantID, to checkout.EndpointID) ([]checkout.Endpoint, error) {
	found, err := s.endpointsWhere(ctx, q, "WHERE merchant = $1 AND deleted_at = 0 ORDER BY created_at, id", string(m))
	if err != nil || to == "" {
		return found, err
	}
	at := slices.IndexFunc(found, func(e checkout.Endpoint) bool { return e.ID == to })
	if at < 0 {
		return nil, checkout.ErrNoEndpoint
	}
	found[at].Topics = nil
	return found[at : at+1], nil
}
