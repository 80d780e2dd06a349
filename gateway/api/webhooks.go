package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// Hooks is what the API needs of webhooks beside what the ledger keeps.
type Hooks interface {
	// Allowed says whether an endpoint may have this address. checkout.ErrTarget.
	Allowed(ctx context.Context, address string) error
	// Check sends a signed event of type ping that nobody keeps, and says how the endpoint answered.
	Check(ctx context.Context, e checkout.Endpoint) checkout.Send
	// ShowSecret is a secret as receivers configure it.
	ShowSecret(secret []byte) string
	// NewSecret makes one.
	NewSecret() []byte
	NewEndpoint() checkout.EndpointID
	// Place gives everything that was committed its place in the feed.
	Place(ctx context.Context) error
}

// rotation is how long an endpoint's former secret signs beside the new one.
const rotation = 24 * time.Hour

// endpointBody is what a merchant may say of an endpoint.
type endpointBody struct {
	URL         *string  `json:"url" validate:"omitempty,max=2000"`
	Events      []string `json:"events" validate:"omitempty,unique,max=50"`
	Description *string  `json:"description" validate:"omitempty,max=250"`
	Enabled     *bool    `json:"enabled"`
}

var endpointReadOnly = []string{"id", "secret", "check", "disabled_reason", "old_secret_until", "created_at", "updated_at"}

// endpointView is an endpoint as the API shows it. Secret is told once.
type endpointView struct {
	ID             checkout.EndpointID `json:"id"`
	URL            string              `json:"url"`
	Events         []string            `json:"events"`
	Description    *string             `json:"description"`
	Enabled        bool                `json:"enabled"`
	DisabledReason *string             `json:"disabled_reason"`
	OldSecretUntil *string             `json:"old_secret_until"`
	Secret         string              `json:"secret,omitempty"`
	Check          *checkView          `json:"check,omitempty"`
	CreatedAt      string              `json:"created_at"`
	UpdatedAt      string              `json:"updated_at"`
}

// checkView is how an endpoint answered a ping.
type checkView struct {
	OK         bool    `json:"ok"`
	StatusCode *int    `json:"status_code"`
	Error      *string `json:"error"`
	DurationMS int64   `json:"duration_ms"`
}

func viewCheck(made checkout.Send) *checkView {
	v := &checkView{OK: made.Error == "", Error: nullable(made.Error), DurationMS: made.Took.Milliseconds()}
	if made.Code > 0 {
		v.StatusCode = &made.Code
	}
	return v
}

func (s *Surface) viewEndpoint(e checkout.Endpoint) endpointView {
	v := endpointView{
		ID: e.ID, URL: e.URL, Events: e.Topics, Description: nullable(e.Description), Enabled: e.Enabled, DisabledReason: nullable(e.Reason),
		CreatedAt: stamp(e.CreatedAt), UpdatedAt: stamp(e.UpdatedAt),
	}
	if v.Events == nil {
		v.Events = []string{}
	}
	if len(e.OldSecret) > 0 && s.Clock.Now().Before(e.OldUntil) {
		until := stamp(e.OldUntil)
		v.OldSecretUntil = &until
	}
	return v
}

// apply writes what was given over an endpoint.
func (b *endpointBody) apply(e *checkout.Endpoint, given map[string]bool) error {
	if given["events"] {
		for _, topic := range b.Events {
			if !slices.Contains(checkout.Topics, topic) {
				return checkout.Invalid(checkout.FieldError{Field: "events", Code: "not_a_choice"})
			}
		}
		e.Topics = b.Events
	}
	set(given["description"], b.Description, &e.Description)
	e.Description = norm.NFC.String(e.Description)
	if given["enabled"] {
		e.Enabled, e.Reason = b.Enabled == nil || *b.Enabled, ""
	}
	if given["url"] || e.URL == "" {
		if b.URL == nil || *b.URL == "" {
			return checkout.Invalid(checkout.FieldError{Field: "url", Code: "required"})
		}
		e.URL = *b.URL
	}
	if given["url"] || given["description"] {
		return e.Check()
	}
	return nil
}

func (s *Surface) endpointEvent(c *fiber.Ctx, typ string) checkout.Event {
	by := s.by(c)
	return checkout.Event{Type: typ, Actor: by.Actor, IP: by.IP, At: s.Clock.Now()}
}

func (s *Surface) createEndpoint(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b endpointBody
	given, err := s.decode(c, &b, endpointReadOnly)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	e := checkout.Endpoint{
		ID: s.Hooks.NewEndpoint(), Merchant: callerOf(c).merchant, Enabled: true, Secret: s.Hooks.NewSecret(), Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := b.apply(&e, given); err != nil {
		return err
	}
	if err := s.Hooks.Allowed(c.UserContext(), e.URL); err != nil {
		return err
	}
	kept := keptEndpoint{ID: e.ID, Version: e.Version, Status: fiber.StatusCreated, Check: viewCheck(s.Hooks.Check(c.UserContext(), e))}
	if err := s.saveEndpoint(c, key, e, "webhook_endpoint.created", kept); err != nil {
		return s.beaten(c, key, err)
	}
	return s.answerEndpoint(c, e, kept)
}

// keptEndpoint is what is kept of an answer that told a secret: the secret stays where it is sealed, and is
// told again to who repeats the request, as long as it is still that one.
type keptEndpoint struct {
	ID      checkout.EndpointID
	Version int64
	Status  int
	Check   *checkView
}

// What marks stored answers that are not sent as they are: an endpoint's, and those without a Location.
const (
	statusOfEndpoint = -1
	statusOfChecked  = -fiber.StatusOK
	statusOfWays     = -fiber.StatusAccepted
)

func (s *Surface) saveEndpoint(c *fiber.Ctx, key idemKey, e checkout.Endpoint, typ string, kept keptEndpoint) error {
	body, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return s.Ledger.SaveEndpoint(c.UserContext(), e, s.endpointEvent(c, typ), key.answer(statusOfEndpoint, body))
}

func (s *Surface) answerEndpoint(c *fiber.Ctx, e checkout.Endpoint, kept keptEndpoint) error {
	v := s.viewEndpoint(e)
	v.Check = kept.Check
	if e.Version == kept.Version {
		v.Secret = s.Hooks.ShowSecret(e.Secret)
	}
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if kept.Status == fiber.StatusCreated {
		return sendCreated(c, kept.Status, body)
	}
	return sendJSON(c, kept.Status, body)
}

func (s *Surface) replayEndpoint(c *fiber.Ctx, stored checkout.Idempotency) error {
	var kept keptEndpoint
	if err := json.Unmarshal(stored.Body, &kept); err != nil {
		return err
	}
	e, err := s.Ledger.EndpointOf(c.UserContext(), stored.Merchant, kept.ID)
	if err != nil {
		return err
	}
	return s.answerEndpoint(c, e, kept)
}

// endpoint finds the endpoint of the path for its merchant.
func (s *Surface) endpoint(c *fiber.Ctx) (checkout.Endpoint, error) {
	id := checkout.EndpointID(c.Params("id"))
	if !id.Valid() {
		return checkout.Endpoint{}, checkout.ErrNoEndpoint
	}
	return s.Ledger.EndpointOf(c.UserContext(), callerOf(c).merchant, id)
}

func (s *Surface) readEndpoint(c *fiber.Ctx) error {
	e, err := s.endpoint(c)
	if err != nil {
		return err
	}
	return c.JSON(s.viewEndpoint(e))
}

func (s *Surface) listEndpoints(c *fiber.Ctx) error {
	all, err := s.Ledger.Endpoints(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := make([]endpointView, len(all))
	for i, e := range all {
		views[len(all)-1-i] = s.viewEndpoint(e)
	}
	return answerFew(c, views, func(v endpointView) string { return string(v.ID) })
}

// changeEndpoint reads, changes and writes the endpoint of the path until nobody was faster.
func (s *Surface) changeEndpoint(c *fiber.Ctx, key idemKey, typ string, change func(*checkout.Endpoint) error) (checkout.Endpoint, error) {
	for {
		e, err := s.endpoint(c)
		if err != nil {
			return e, err
		}
		if err := change(&e); err != nil {
			return e, err
		}
		e.Version++
		e.UpdatedAt = s.Clock.Now()
		err = s.saveEndpoint(c, key, e, typ, keptEndpoint{ID: e.ID, Version: e.Version, Status: fiber.StatusOK})
		if !errors.Is(err, checkout.ErrStale) {
			return e, err
		}
	}
}

func (s *Surface) editEndpoint(c *fiber.Ctx) error {
	var b endpointBody
	given, err := s.decode(c, &b, endpointReadOnly)
	if err != nil {
		return err
	}
	e, err := s.changeEndpoint(c, idemKey{}, "webhook_endpoint.edited", func(e *checkout.Endpoint) error {
		was := e.URL
		if err := b.apply(e, given); err != nil || e.URL == was {
			return err
		}
		return s.Hooks.Allowed(c.UserContext(), e.URL)
	})
	if err != nil {
		return err
	}
	return c.JSON(s.viewEndpoint(e))
}

func (s *Surface) deleteEndpoint(c *fiber.Ctx) error {
	_, err := s.changeEndpoint(c, idemKey{}, "webhook_endpoint.deleted", func(e *checkout.Endpoint) error {
		e.Enabled, e.Secret, e.OldSecret, e.OldUntil, e.DeletedAt = false, nil, nil, time.Time{}, s.Clock.Now()
		return nil
	})
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// rotateEndpoint gives the endpoint a new secret; the former one signs too until the receiver has had time.
func (s *Surface) rotateEndpoint(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	e, err := s.changeEndpoint(c, key, "webhook_endpoint.rotated", func(e *checkout.Endpoint) error {
		e.OldSecret, e.OldUntil, e.Secret = e.Secret, s.Clock.Now().Add(rotation), s.Hooks.NewSecret()
		return nil
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return s.answerEndpoint(c, e, keptEndpoint{Version: e.Version, Status: fiber.StatusOK})
}

func (s *Surface) pingEndpoint(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	e, err := s.endpoint(c)
	if err != nil {
		return err
	}
	body, err := json.Marshal(viewCheck(s.Hooks.Check(c.UserContext(), e)))
	if err != nil {
		return err
	}
	if key.key != "" {
		if err := s.Ledger.KeepAnswer(c.UserContext(), key.answer(statusOfChecked, body)); err != nil {
			return s.beaten(c, key, err)
		}
	}
	return sendJSON(c, fiber.StatusOK, body)
}

// deliveryView is an event's way to an endpoint as the API shows it. Of answers it has the status only (A51).
type deliveryView struct {
	ID            checkout.DeliveryID     `json:"id"`
	Endpoint      checkout.EndpointID     `json:"endpoint"`
	Event         checkout.EventID        `json:"event"`
	Type          string                  `json:"type"`
	Sequence      int64                   `json:"sequence"`
	Status        checkout.DeliveryStatus `json:"status"`
	Redelivery    bool                    `json:"redelivery"`
	NextAttemptAt *string                 `json:"next_attempt_at"`
	Attempts      []attemptView           `json:"attempts"`
	CreatedAt     string                  `json:"created_at"`
	UpdatedAt     string                  `json:"updated_at"`
}

type attemptView struct {
	Number     int     `json:"number"`
	At         string  `json:"at"`
	StatusCode *int    `json:"status_code"`
	Error      *string `json:"error"`
	DurationMS int64   `json:"duration_ms"`
	RequestID  string  `json:"request_id"`
}

func viewDelivery(d checkout.Delivery) deliveryView {
	v := deliveryView{
		ID: d.ID, Endpoint: d.Endpoint, Event: d.Event, Type: d.Topic, Sequence: d.Seq, Status: d.Status, Redelivery: !d.Ordered,
		Attempts: make([]attemptView, len(d.History)), CreatedAt: stamp(d.CreatedAt), UpdatedAt: stamp(d.UpdatedAt),
	}
	if d.Status == checkout.DeliveryWaiting {
		next := stamp(d.DueAt)
		v.NextAttemptAt = &next
	}
	for i, made := range d.History {
		v.Attempts[i] = attemptView{
			Number: made.Number, At: stamp(made.At), Error: nullable(made.Error), DurationMS: made.Took.Milliseconds(), RequestID: d.RequestID(made.Number),
		}
		if made.Code > 0 {
			v.Attempts[i].StatusCode = &made.Code
		}
	}
	return v
}

func (s *Surface) listDeliveries(c *fiber.Ctx) error {
	e, err := s.endpoint(c)
	if err != nil {
		return err
	}
	f := filters{c: c}
	q := checkout.DeliveryQuery{
		Merchant: e.Merchant, Endpoint: e.ID, Event: checkout.EventID(c.Query("event")), Status: choice(&f, "status", checkout.DeliveryStatuses),
		Limit: f.limit(), Cursor: c.Query("cursor"),
	}
	q.From, q.To = f.span()
	if q.Event != "" && !q.Event.Valid() {
		f.mistake("event", "invalid")
	}
	if err := f.err(); err != nil {
		return err
	}
	all, next, err := s.Ledger.SearchDeliveries(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]deliveryView, len(all))
	for i, d := range all {
		views[i] = viewDelivery(d)
	}
	return answerPage(c, views, next)
}
