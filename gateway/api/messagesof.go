package api

import (
	"encoding/json"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// messageView is a message as the API shows it.
type messageView struct {
	ID            checkout.MessageID     `json:"id"`
	Kind          checkout.MessageKind   `json:"kind"`
	Channel       checkout.Channel       `json:"channel"`
	To            string                 `json:"to"`
	Lang          string                 `json:"lang"`
	Link          *string                `json:"link"`
	Payment       *string                `json:"payment"`
	Event         *string                `json:"event"`
	Status        checkout.MessageStatus `json:"status"`
	Reason        *string                `json:"reason"`
	Subject       *string                `json:"subject"`
	Text          string                 `json:"text"`
	Reference     *string                `json:"reference"`
	NextAttemptAt *string                `json:"next_attempt_at"`
	Attempts      []messageAttemptView   `json:"attempts"`
	CreatedAt     string                 `json:"created_at"`
	UpdatedAt     string                 `json:"updated_at"`
}

type messageAttemptView struct {
	Number     int     `json:"number"`
	At         string  `json:"at"`
	Code       *int    `json:"code"`
	Error      *string `json:"error"`
	Answer     *string `json:"answer"`
	DurationMS int64   `json:"duration_ms"`
}

func viewMessage(m checkout.Message) messageView {
	v := messageView{
		ID: m.ID, Kind: m.Kind, Channel: m.Channel, To: m.To, Lang: m.Lang, Link: nullable(string(m.Link)), Payment: nullable(string(m.Payment)),
		Event: nullable(string(m.Event)), Status: m.Status, Reason: nullable(m.Reason), Subject: nullable(m.Letter.Subject), Text: m.Letter.Text,
		Reference: nullable(m.Reference), Attempts: make([]messageAttemptView, len(m.History)), CreatedAt: stamp(m.CreatedAt), UpdatedAt: stamp(m.UpdatedAt),
	}
	if m.Status == checkout.MessageQueued {
		next := stamp(m.DueAt)
		v.NextAttemptAt = &next
	}
	for i, made := range m.History {
		v.Attempts[i] = messageAttemptView{
			Number: made.Number, At: stamp(made.At), Error: nullable(made.Error), Answer: nullable(made.Answer), DurationMS: made.Took.Milliseconds(),
		}
		if made.Code > 0 {
			v.Attempts[i].Code = &made.Code
		}
	}
	return v
}

// sendBody is a wish to send a link. Its words are not among what is asked for: they are the merchant's template's (A56).
type sendBody struct {
	Channel string  `json:"channel" validate:"required,oneof=sms email"`
	To      string  `json:"to" validate:"required,max=254"`
	Lang    *string `json:"lang"`
}

// statusOfMessage marks a stored answer whose body is a message's id: what became of that is the answer.
const statusOfMessage = -3

// sendLink queues a message that brings the link; it is handed over within seconds.
func (s *Surface) sendLink(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b sendBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	m, err := s.Flow.SendLink(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.LinkID(c.Params("id")), checkout.SendAsk{
		Channel: checkout.Channel(b.Channel), To: b.To, Lang: given(b.Lang),
		Idem: func(m checkout.Message) (checkout.Idempotency, error) {
			return key.answer(statusOfMessage, []byte(m.ID)), nil
		},
	})
	if err != nil {
		return s.beaten(c, key, conflict(err))
	}
	return answerMessage(c, m)
}

func (s *Surface) replayMessage(c *fiber.Ctx, stored checkout.Idempotency) error {
	m, err := s.Flow.Message(c.UserContext(), stored.Merchant, checkout.MessageID(stored.Body))
	if err != nil {
		return err
	}
	return answerMessage(c, m)
}

func answerMessage(c *fiber.Ctx, m checkout.Message) error {
	body, err := json.Marshal(viewMessage(m))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, "/v1/messages/"+string(m.ID))
	return sendJSON(c, fiber.StatusAccepted, body)
}

func (s *Surface) readMessage(c *fiber.Ctx) error {
	m, err := s.Flow.Message(c.UserContext(), callerOf(c).merchant, checkout.MessageID(c.Params("id")))
	if err != nil {
		return err
	}
	return c.JSON(viewMessage(m))
}

// listMessages answers what was sent about a link, also what of it was held back.
func (s *Surface) listMessages(c *fiber.Ctx) error {
	l, err := s.link(c)
	if err != nil {
		return err
	}
	f := filters{c: c}
	q := checkout.MessageQuery{
		Merchant: l.Merchant, Link: l.ID, Status: choice(&f, "status", checkout.MessageStatuses), Kind: choice(&f, "kind", checkout.MessageKinds),
		Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	if err := f.err(); err != nil {
		return err
	}
	all, next, err := s.Flow.Messages(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]messageView, len(all))
	for i, m := range all {
		views[i] = viewMessage(m)
	}
	return answerPage(c, views, next)
}

// shareView is how a link is sent by hand.
type shareView struct {
	Text     string `json:"text"`
	WhatsApp string `json:"whatsapp"`
	SMS      string `json:"sms"`
	Email    string `json:"email"`
}

func (s *Surface) shareLink(c *fiber.Ctx) error {
	l, err := s.link(c)
	if err != nil {
		return err
	}
	sh, err := s.Flow.ShareOf(c.UserContext(), l.Merchant, l, c.Query("lang"))
	if err != nil {
		return err
	}
	return c.JSON(shareView{Text: sh.Text, WhatsApp: sh.WhatsApp, SMS: sh.SMS, Email: sh.Email})
}
