package panel

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

const (
	// rotation is how long an endpoint's former secret signs beside the new one.
	rotation = 24 * time.Hour
	// redelivered is how many events are sent again at once, at most.
	redelivered = 1000
	// deliveriesShown is how many deliveries a page has.
	deliveriesShown = 30
)

func webhookRoutes() []route {
	settings := checkout.PowerSettings
	return []route{
		{"GET", "/panel/settings/webhooks", settings, (*Surface).webhooksPage},
		{"GET", "/panel/settings/webhooks/new", settings, (*Surface).newWebhookPage},
		{"POST", "/panel/settings/webhooks/new", settings, (*Surface).createWebhook},
		{"GET", "/panel/settings/webhooks/:endpoint", settings, (*Surface).webhookPage},
		{"POST", "/panel/settings/webhooks/:endpoint", settings, (*Surface).editWebhook},
		{"POST", "/panel/settings/webhooks/:endpoint/ping", settings, (*Surface).pingWebhook},
		{"POST", "/panel/settings/webhooks/:endpoint/rotate", settings, (*Surface).rotateWebhook},
		{"POST", "/panel/settings/webhooks/:endpoint/delete", settings, (*Surface).deleteWebhook},
		{"POST", "/panel/settings/webhooks/:endpoint/redeliver", settings, (*Surface).redeliver},
		{"GET", "/panel/settings/webhooks/:endpoint/:delivery", settings, (*Surface).deliveryPage},
	}
}

func (s *Surface) webhooksPage(c *fiber.Ctx, w *who) error {
	all, err := s.Ledger.Endpoints(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	slices.Reverse(all)
	return s.show(c, w, fiber.StatusOK, "settings_webhooks", struct {
		Endpoints []checkout.Endpoint
		Saved     string
	}{all, c.Query("saved")})
}

// webhookData is an endpoint's page. Endpoint is nil for a new one.
type webhookData struct {
	*Form
	Endpoint   *checkout.Endpoint
	Secret     string         // shown once
	Ping       *checkout.Send // how it answered just now
	Deliveries []checkout.Delivery
	Filter     *Form
	Next       string // address of the next page
	Rotating   bool   // the former secret signs too
	Saved      string
	Again      *checkout.Ways // what was just sent again
}

// TopicBoxes are the events that an endpoint can be told of.
func (p *Page) TopicBoxes(f *Form, topics []string) (all []Box) {
	for _, t := range topics {
		all = append(all, Box{Name: "topic_" + t, Label: p.Or("webhooks.topic."+t, t), On: f.On("topic_" + t)})
	}
	return all
}

// Topics are all events, NoticeTopics those that messages tell of.
func (p *Page) Topics() []string       { return checkout.Topics }
func (p *Page) NoticeTopics() []string { return checkout.NoticeTopics }

func webhookFields() []string {
	names := []string{"url", "description", "enabled"}
	for _, t := range checkout.Topics {
		names = append(names, "topic_"+t)
	}
	return names
}

func webhookForm(e checkout.Endpoint) *Form {
	f := NewForm("webhooks", "url", e.URL, "description", e.Description, "enabled", ticked(e.Enabled))
	for _, t := range e.Topics {
		f.Values["topic_"+t] = "on"
	}
	return f
}

func (s *Surface) newWebhookPage(c *fiber.Ctx, w *who) error {
	return s.show(c, w, fiber.StatusOK, "settings_webhook", webhookData{Form: webhookForm(checkout.Endpoint{Enabled: true})})
}

// fillEndpoint writes what was typed over an endpoint.
func fillEndpoint(f *Form, e *checkout.Endpoint) error {
	e.URL, e.Description = f.Get("url"), nfc(f.Get("description"))
	e.Enabled, e.Reason = f.On("enabled"), ""
	e.Topics = nil
	for _, t := range checkout.Topics {
		if f.On("topic_" + t) {
			e.Topics = append(e.Topics, t)
		}
	}
	return e.Check()
}

func (s *Surface) endpointEvent(c *fiber.Ctx, w *who, typ string, e checkout.Endpoint) checkout.Event {
	by := w.by(c)
	return checkout.Event{Type: typ, Actor: by.Actor, IP: by.IP, At: s.now(), Data: map[string]string{"endpoint": string(e.ID)}}
}

func (s *Surface) createWebhook(c *fiber.Ctx, w *who) error {
	f := readForm(c, "webhooks", webhookFields()...)
	now := s.now()
	e := checkout.Endpoint{ID: s.Hooks.NewEndpoint(), Merchant: w.member.Merchant, Secret: s.Hooks.NewSecret(), Version: 1, CreatedAt: now, UpdatedAt: now}
	err := fillEndpoint(f, &e)
	if err == nil {
		err = s.Hooks.Allowed(c.UserContext(), e.URL)
	}
	if err == nil {
		err = s.Ledger.SaveEndpoint(c.UserContext(), e, s.endpointEvent(c, w, "webhook_endpoint.created", e), checkout.Idempotency{})
	}
	if err != nil {
		if err := s.refused(f, w.lang, err, nil); err != nil {
			return err
		}
		return s.show(c, w, fiber.StatusUnprocessableEntity, "settings_webhook", webhookData{Form: f})
	}
	ping := s.Hooks.Check(c.UserContext(), e)
	return s.showWebhook(c, w, fiber.StatusOK, e, webhookData{Secret: s.Hooks.ShowSecret(e.Secret), Ping: &ping})
}

// endpoint finds the endpoint of the address.
func (s *Surface) endpoint(c *fiber.Ctx, w *who) (checkout.Endpoint, error) {
	id := checkout.EndpointID(c.Params("endpoint"))
	if !id.Valid() {
		return checkout.Endpoint{}, checkout.ErrNoEndpoint
	}
	return s.Ledger.EndpointOf(c.UserContext(), w.member.Merchant, id)
}

func (s *Surface) webhookPage(c *fiber.Ctx, w *who) error {
	e, err := s.endpoint(c, w)
	if err != nil {
		return err
	}
	return s.showWebhook(c, w, fiber.StatusOK, e, webhookData{Saved: c.Query("saved")})
}

// showWebhook shows an endpoint with its deliveries, as the address filters them.
func (s *Surface) showWebhook(c *fiber.Ctx, w *who, status int, e checkout.Endpoint, d webhookData) error {
	d.Endpoint, d.Rotating = &e, len(e.OldSecret) > 0 && s.now().Before(e.OldUntil)
	if d.Form == nil {
		d.Form = webhookForm(e)
	}
	d.Filter = NewForm("webhooks.filter", "status", c.Query("status"), "from", c.Query("from"), "to", c.Query("to"))
	q := checkout.DeliveryQuery{Merchant: e.Merchant, Endpoint: e.ID, From: dayOf(c, "from"), To: dayOf(c, "to"), Limit: deliveriesShown, Cursor: c.Query("cursor")}
	if st := checkout.DeliveryStatus(c.Query("status")); slices.Contains(checkout.DeliveryStatuses, st) {
		q.Status = st
	}
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	var next string
	var err error
	if d.Deliveries, next, err = s.Ledger.SearchDeliveries(c.UserContext(), q); err != nil {
		return err
	}
	if next != "" {
		d.Next = "?" + url.Values{"status": {string(q.Status)}, "from": {c.Query("from")}, "to": {c.Query("to")}, "cursor": {next}}.Encode()
	}
	return s.show(c, w, status, "settings_webhook", d)
}

// DeliveryChoice is the filter for how deliveries stand, TopicChoice the one for what they tell.
func (p *Page) DeliveryChoice(f *Form) *Input {
	names := []string{""}
	for _, st := range checkout.DeliveryStatuses {
		names = append(names, string(st))
	}
	return p.Select(f, "status", "webhooks.status", names)
}

// changeEndpoint reads, changes and writes the endpoint of the address until nobody was faster.
func (s *Surface) changeEndpoint(c *fiber.Ctx, w *who, typ string, change func(*checkout.Endpoint) error) (checkout.Endpoint, error) {
	for {
		e, err := s.endpoint(c, w)
		if err != nil {
			return e, err
		}
		if err := change(&e); err != nil {
			return e, err
		}
		e.Version++
		e.UpdatedAt = s.now()
		err = s.Ledger.SaveEndpoint(c.UserContext(), e, s.endpointEvent(c, w, typ, e), checkout.Idempotency{})
		if !errors.Is(err, checkout.ErrStale) {
			return e, err
		}
	}
}

func (s *Surface) editWebhook(c *fiber.Ctx, w *who) error {
	was, err := s.endpoint(c, w)
	if err != nil {
		return err
	}
	f := readForm(c, "webhooks", webhookFields()...)
	_, err = s.changeEndpoint(c, w, "webhook_endpoint.edited", func(e *checkout.Endpoint) error {
		before := e.URL
		if err := fillEndpoint(f, e); err != nil || e.URL == before {
			return err
		}
		return s.Hooks.Allowed(c.UserContext(), e.URL)
	})
	if err == nil {
		return saved(c, "/panel/settings/webhooks/"+string(was.ID), "changed")
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	return s.showWebhook(c, w, fiber.StatusUnprocessableEntity, was, webhookData{Form: f})
}

// pingWebhook asks the endpoint now whether it is there.
func (s *Surface) pingWebhook(c *fiber.Ctx, w *who) error {
	e, err := s.endpoint(c, w)
	if err != nil {
		return err
	}
	made := s.Hooks.Check(c.UserContext(), e)
	return s.showWebhook(c, w, fiber.StatusOK, e, webhookData{Ping: &made})
}

// rotateWebhook gives the endpoint a new secret; the former one signs too until the receiver has had time.
func (s *Surface) rotateWebhook(c *fiber.Ctx, w *who) error {
	e, err := s.changeEndpoint(c, w, "webhook_endpoint.rotated", func(e *checkout.Endpoint) error {
		e.OldSecret, e.OldUntil, e.Secret = e.Secret, s.now().Add(rotation), s.Hooks.NewSecret()
		return nil
	})
	if err != nil {
		return err
	}
	return s.showWebhook(c, w, fiber.StatusOK, e, webhookData{Secret: s.Hooks.ShowSecret(e.Secret)})
}

func (s *Surface) deleteWebhook(c *fiber.Ctx, w *who) error {
	_, err := s.changeEndpoint(c, w, "webhook_endpoint.deleted", func(e *checkout.Endpoint) error {
		e.Enabled, e.Secret, e.OldSecret, e.OldUntil, e.DeletedAt = false, nil, nil, time.Time{}, s.now()
		return nil
	})
	if err != nil {
		return err
	}
	return saved(c, "/panel/settings/webhooks", "deleted")
}

// redeliver sends one event again, or those of a span of days.
func (s *Surface) redeliver(c *fiber.Ctx, w *who) error {
	e, err := s.endpoint(c, w)
	if err != nil {
		return err
	}
	var all []checkout.Notice
	if id := checkout.EventID(posted(c, "event")); id != "" {
		one, err := s.Ledger.NoticeOf(c.UserContext(), e.Merchant, id)
		if err != nil {
			return err
		}
		all = []checkout.Notice{one}
	} else {
		from, fromErr := time.ParseInLocation(time.DateOnly, posted(c, "from"), checkout.Istanbul())
		to, toErr := time.ParseInLocation(time.DateOnly, posted(c, "to"), checkout.Istanbul())
		if fromErr != nil || toErr != nil {
			f := webhookForm(e)
			f.Error = s.sentence(w.lang, "days_needed", nil)
			return s.showWebhook(c, w, fiber.StatusUnprocessableEntity, e, webhookData{Form: f})
		}
		if err := s.Hooks.Place(c.UserContext()); err != nil {
			return err
		}
		q := checkout.NoticeQuery{Merchant: e.Merchant, From: from, To: to.AddDate(0, 0, 1), Limit: redelivered}
		if all, _, err = s.Ledger.Notices(c.UserContext(), q); err != nil {
			return err
		}
	}
	if all, err = s.bodies(c, all); err != nil {
		return err
	}
	ways, err := s.Ledger.Redeliver(c.UserContext(), e.Merchant, e.ID, all, func(checkout.Ways) (checkout.Idempotency, error) { return checkout.Idempotency{}, nil })
	if err != nil {
		return err
	}
	return s.showWebhook(c, w, fiber.StatusOK, e, webhookData{Again: &ways})
}

// bodies renders what was never kept; an event whose subject was forgotten has none and is left out.
func (s *Surface) bodies(c *fiber.Ctx, all []checkout.Notice) (out []checkout.Notice, err error) {
	for _, n := range all {
		if n.Body == nil {
			n.Body, err = s.EventBody(c.UserContext(), n)
			if checkout.KindOf(err) == checkout.KindNotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		out = append(out, n)
	}
	return out, nil
}

// deliveryPage shows what was sent and how each attempt was answered.
func (s *Surface) deliveryPage(c *fiber.Ctx, w *who) error {
	e, err := s.endpoint(c, w)
	if err != nil {
		return err
	}
	id := checkout.DeliveryID(c.Params("delivery"))
	if !id.Valid() {
		return checkout.ErrNoEvent
	}
	d, err := s.Ledger.DeliveryOf(c.UserContext(), e.Merchant, id)
	if err == nil && d.Endpoint != e.ID {
		err = checkout.ErrNoEvent
	}
	if err != nil {
		return err
	}
	n, err := s.Ledger.NoticeOf(c.UserContext(), e.Merchant, d.Event)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if json.Indent(&body, n.Body, "", "  ") != nil {
		body.Reset()
	}
	return s.show(c, w, fiber.StatusOK, "settings_delivery", struct {
		checkout.Delivery
		Endpoint checkout.Endpoint
		Request  string
	}{d, e, strings.TrimSpace(body.String())})
}
