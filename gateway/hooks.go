package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver"
	"github.com/odelink/odelink/gateway/deliver/webhook"
)

const (
	// deliverEvery is how soon after its commit an event is sent at the latest, where nothing is in its way.
	deliverEvery = time.Second
	// waitingEvery is how often what waits is counted, and forgetEvery how often old deliveries go.
	waitingEvery = 15 * time.Second
	forgetEvery  = time.Hour
)

// hooks joins the channel, the deliverer and what the API needs of both.
type hooks struct {
	*webhook.Sender
	*deliver.Deliverer
	ids    *checkout.IDs
	ledger checkout.WebhookLedger
	clock  checkout.Clock

	waiting atomic.Int64 // deliveries
	oldest  atomic.Int64 // when the oldest of them was made, in Unix seconds; 0 = none waits
}

// openHooks comes before the API, which makes endpoints, and the API before the deliverer, since it renders.
func (a *app) openHooks() {
	a.hooks = &hooks{
		Sender: webhook.New(webhook.Config{Clock: a.seams.clock, Loopback: a.cfg.Demo}), ids: a.ids, ledger: a.ledger, clock: a.seams.clock,
	}
	a.watch.metrics.Gauge("odelink_webhook_deliveries_waiting", "Deliveries that have not reached enabled endpoints yet.", nil, func() float64 {
		return float64(a.hooks.waiting.Load())
	})
	a.watch.metrics.Gauge("odelink_webhook_oldest_waiting_seconds", "Age of the oldest delivery that waits; 0 when none does.", nil, a.hooks.age)
}

func (h *hooks) age() float64 {
	oldest := h.oldest.Load()
	if oldest == 0 {
		return 0
	}
	return max(0, h.clock.Now().Sub(time.Unix(oldest, 0)).Seconds())
}

// count reads what waits, for the metrics.
func (h *hooks) count(ctx context.Context) error {
	w, err := h.ledger.WaitingDeliveries(ctx)
	if err != nil {
		return err
	}
	h.waiting.Store(w.Deliveries)
	h.oldest.Store(0)
	if !w.Oldest.IsZero() {
		h.oldest.Store(w.Oldest.Unix())
	}
	return nil
}

// Check sends a ping under an id of its own.
func (h *hooks) Check(ctx context.Context, e checkout.Endpoint) checkout.Send {
	return h.Sender.Check(ctx, e, h.ids.Event(h.clock.Now()))
}

// ShowSecret, NewSecret and NewEndpoint are what an endpoint is made of.
func (h *hooks) ShowSecret(secret []byte) string  { return webhook.ShowSecret(secret) }
func (h *hooks) NewSecret() []byte                { return h.ids.Bytes(webhook.SecretSize) }
func (h *hooks) NewEndpoint() checkout.EndpointID { return h.ids.Endpoint() }

// Sent counts an attempt and logs what did not deliver: neither address nor body nor answer stand there.
func (w *watch) Sent(d checkout.Delivery, made checkout.Send, gaveUp bool) {
	result := made.Error
	if result == "" {
		result = "delivered"
	}
	w.metrics.Delivered("webhook", result, made.Took)
	switch {
	case gaveUp:
		w.log.Warn("webhook given up", "delivery", d.ID, "endpoint", d.Endpoint, "event", d.Event, "type", d.Topic, "attempt", made.Number, "status", made.Code, "error", made.Error)
	case made.Error != "":
		w.log.Info("webhook not delivered", "delivery", d.ID, "endpoint", d.Endpoint, "event", d.Event, "type", d.Topic, "attempt", made.Number, "status", made.Code, "error", made.Error)
	default:
		w.log.Debug("webhook delivered", "delivery", d.ID, "endpoint", d.Endpoint, "event", d.Event, "type", d.Topic, "attempt", made.Number, "status", made.Code)
	}
}

// waitingTolerance is how long a delivery may wait before doctor calls that bad: the receiver is down, or
// nobody delivers.
const waitingTolerance = 24 * time.Hour

// checkWebhooks tells what waits to be delivered.
func (a *app) checkWebhooks(ctx context.Context) []finding {
	w, err := a.ledger.WaitingDeliveries(ctx)
	f := finding{what: "webhooks", note: "no delivery waits", err: err}
	if err == nil && w.Deliveries > 0 {
		age := a.seams.clock.Now().Sub(w.Oldest).Round(time.Second)
		f.note = fmt.Sprintf("%d deliveries wait, the oldest for %s", w.Deliveries, age)
		if age > waitingTolerance {
			f.err = errors.New(f.note)
		}
	}
	return []finding{f}
}
