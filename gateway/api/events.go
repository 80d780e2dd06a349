package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// noticeView is an event as webhooks and the feed show it.
type noticeView struct {
	ID        checkout.EventID `json:"id"`
	Type      string           `json:"type"`
	CreatedAt string           `json:"created_at"`
	Sequence  int64            `json:"sequence"`
	Data      any              `json:"data"`
}

// EventBody renders an event with the object that it is about, as the API shows that now. Deliver keeps it
// when the event gets its place, so that whoever is told, and told again, reads the same bytes.
func (s *Surface) EventBody(ctx context.Context, n checkout.Notice) ([]byte, error) {
	data, err := s.subject(ctx, n)
	if err != nil {
		return nil, err
	}
	return json.Marshal(noticeView{ID: n.ID, Type: n.Topic, CreatedAt: stamp(n.At), Sequence: n.Seq, Data: data})
}

// subject is the object that an event is about.
func (s *Surface) subject(ctx context.Context, n checkout.Notice) (any, error) {
	switch {
	case checkout.LinkID(n.Subject).Valid():
		l, err := s.Ledger.LinkByID(ctx, n.Merchant, checkout.LinkID(n.Subject))
		if err != nil {
			return nil, err
		}
		views, err := s.withPayments(ctx, n.Merchant, []checkout.Link{l}, listedPayments)
		if err != nil {
			return nil, err
		}
		return views[0], nil
	case checkout.PaymentID(n.Subject).Valid():
		id := []checkout.PaymentID{checkout.PaymentID(n.Subject)}
		p, err := s.Ledger.PaymentOf(ctx, n.Merchant, id[0])
		if err != nil {
			return nil, err
		}
		calls, err := s.Ledger.Attention(ctx, n.Merchant, id)
		if err != nil {
			return nil, err
		}
		refunds, err := s.Ledger.RefundsOf(ctx, n.Merchant, id)
		if err != nil {
			return nil, err
		}
		v, back := viewPayment(p, calls[p.ID]), viewRefunds(refunds[p.ID])
		v.Refunds = &back
		return v, nil
	}
	if id := checkout.ChargebackID(n.Subject); id.Valid() {
		one, err := s.Ledger.ChargebackOf(ctx, n.Merchant, id)
		if err != nil {
			return nil, err
		}
		return viewChargeback(one), nil
	}
	if id := checkout.MessageID(n.Subject); id.Valid() {
		m, err := s.Flow.Message(ctx, n.Merchant, id)
		if err != nil {
			return nil, err
		}
		return viewMessage(m), nil
	}
	d, err := s.Ledger.DeliveryOf(ctx, n.Merchant, checkout.DeliveryID(n.Subject))
	if err != nil {
		return nil, err
	}
	return viewDelivery(d), nil
}

// bodies renders what of a page was never kept; a delivery that was forgotten since leaves its event without.
func (s *Surface) bodies(ctx context.Context, all []checkout.Notice) ([]checkout.Notice, error) {
	var out []checkout.Notice
	for _, n := range all {
		if n.Body == nil {
			body, err := s.EventBody(ctx, n)
			if checkout.KindOf(err) == checkout.KindNotFound {
				body, err = json.Marshal(noticeView{ID: n.ID, Type: n.Topic, CreatedAt: stamp(n.At), Sequence: n.Seq})
			}
			if err != nil {
				return nil, err
			}
			n.Body = body
		}
		out = append(out, n)
	}
	return out, nil
}

// listEvents answers the feed newest first, as every list, or from an event on in its own order: nothing that
// is committed is ever missing before the last event of such a page.
func (s *Surface) listEvents(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.NoticeQuery{Merchant: callerOf(c).merchant, After: checkout.EventID(c.Query("after")), Topic: choice(&f, "type", checkout.Topics), Limit: f.limit()}
	cursor := checkout.EventID(c.Query("cursor"))
	switch {
	case q.After == "":
		q.Newest, q.After = true, cursor
	case cursor != "": // whoever follows the feed goes on behind after
		f.mistake("cursor", "unknown_field")
	case !q.After.Valid():
		f.mistake("after", "invalid")
	}
	q.From, q.To = f.span()
	if err := f.err(); err != nil {
		return err
	}
	if q.Newest && q.After != "" && !q.After.Valid() {
		return strangeCursor(checkout.ErrCursor)
	}
	if err := s.Hooks.Place(c.UserContext()); err != nil {
		return err
	}
	all, more, err := s.Ledger.Notices(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	if all, err = s.bodies(c.UserContext(), all); err != nil {
		return err
	}
	rows, next := make([]json.RawMessage, len(all)), ""
	for i, n := range all {
		rows[i] = n.Body
	}
	if more {
		next = string(all[len(all)-1].ID)
	}
	return answerPage(c, rows, next)
}

// notice finds the event of the path for its merchant.
func (s *Surface) notice(c *fiber.Ctx) (checkout.Notice, error) {
	id := checkout.EventID(c.Params("id"))
	if !id.Valid() {
		return checkout.Notice{}, checkout.ErrNoEvent
	}
	n, err := s.Ledger.NoticeOf(c.UserContext(), callerOf(c).merchant, id)
	if err != nil {
		return n, err
	}
	all, err := s.bodies(c.UserContext(), []checkout.Notice{n})
	if err != nil {
		return n, err
	}
	return all[0], nil
}

func (s *Surface) readEvent(c *fiber.Ctx) error {
	n, err := s.notice(c)
	if err != nil {
		return err
	}
	return sendJSON(c, fiber.StatusOK, n.Body)
}

// redeliverBody says to whom; one event's may be left out.
type redeliverBody struct {
	Endpoint *string `json:"endpoint"`
}

// redeliverRange says which and to whom.
type redeliverRange struct {
	From     *time.Time `json:"from" validate:"omitempty,our_century"`
	To       *time.Time `json:"to" validate:"omitempty,our_century"`
	After    *string    `json:"after"`
	Type     *string    `json:"type"`
	Endpoint *string    `json:"endpoint"`
}

// waysView is what a redelivery made.
type waysView struct {
	Events     int     `json:"events"`
	Deliveries int     `json:"deliveries"`
	NextCursor *string `json:"next_cursor"`
}

func (s *Surface) redeliverEvent(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b redeliverBody
	if len(c.Request().Body()) > 0 {
		if _, err := s.decode(c, &b, nil); err != nil {
			return err
		}
	}
	n, err := s.notice(c)
	if err != nil {
		return err
	}
	return s.redeliver(c, key, given(b.Endpoint), []checkout.Notice{n}, "")
}

// redelivered is how many events one request takes at most; its answer says where to go on.
const redelivered = 1000

func (s *Surface) redeliverEvents(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b redeliverRange
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	q := checkout.NoticeQuery{Merchant: callerOf(c).merchant, After: checkout.EventID(given(b.After)), Topic: given(b.Type), Limit: redelivered}
	switch {
	case b.From == nil && q.After == "":
		return checkout.Invalid(checkout.FieldError{Field: "from", Code: "required"})
	case q.After != "" && !q.After.Valid():
		return checkout.Invalid(checkout.FieldError{Field: "after", Code: "invalid"})
	case q.Topic != "" && !slices.Contains(checkout.Topics, q.Topic):
		return checkout.Invalid(checkout.FieldError{Field: "type", Code: "not_a_choice"})
	}
	set(b.From != nil, b.From, &q.From)
	set(b.To != nil, b.To, &q.To)
	if err := s.Hooks.Place(c.UserContext()); err != nil {
		return err
	}
	all, more, err := s.Ledger.Notices(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	if all, err = s.bodies(c.UserContext(), all); err != nil {
		return err
	}
	next := ""
	if more {
		next = string(all[len(all)-1].ID)
	}
	return s.redeliver(c, key, given(b.Endpoint), all, next)
}

func (s *Surface) redeliver(c *fiber.Ctx, key idemKey, endpoint string, all []checkout.Notice, next string) error {
	to := checkout.EndpointID(endpoint)
	if to != "" && !to.Valid() {
		return checkout.Invalid(checkout.FieldError{Field: "endpoint", Code: "invalid"})
	}
	all = slices.DeleteFunc(all, func(n checkout.Notice) bool { return strings.HasSuffix(string(n.Body), `"data":null}`) })
	var body []byte
	_, err := s.Ledger.Redeliver(c.UserContext(), callerOf(c).merchant, to, all, func(w checkout.Ways) (checkout.Idempotency, error) {
		var err error
		body, err = json.Marshal(waysView{Events: w.Events, Deliveries: w.Deliveries, NextCursor: nullable(next)})
		return key.answer(statusOfWays, body), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendJSON(c, fiber.StatusAccepted, body)
}
