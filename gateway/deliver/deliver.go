// Package deliver brings events to those who asked to be told: it gives what was committed its place in the
// feed, sends it, tries again, gives up, and remembers. It deliberately knows neither how an event looks
// (the API renders it) nor how it is sent (a channel does), and nobody's request waits for it.
//
//	outbox row ──Look──▶ place in the feed, body, a delivery for each endpoint that wants it
//	delivery ──lane──▶ leased ──▶ sent ──▶ delivered | waiting for the next attempt | given up
//
// An endpoint has a lane while something is due for it: so many attempts at once, and never another
// endpoint's (A53). Leases are the ledger's, so several gateways share the work, and what one sent without
// living to say so is sent again under the same id (C12).
package deliver

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver/webhook"
)

const (
	// width is how many attempts one endpoint gets at once; one that failed last gets one.
	width = 4
	// maxLanes bounds the endpoints at work at once: with their attempts, a thousand sockets.
	maxLanes = 256
	// lease is how long an attempt is one gateway's: its patience, and time to record it.
	lease = webhook.Patience + 30*time.Second
	// placeBatch is how many events get their places in one transaction.
	placeBatch = 200
	// expiryBatch is how many links' ends are told in one transaction.
	expiryBatch = 200
	// life is how long a delivery is tried.
	life = 72 * time.Hour
	// keep is how long deliveries and bodies are kept: as long as anybody asks why one did not come.
	keep        = 30 * 24 * time.Hour
	forgetBatch = 500
)

// pauses are those before the next attempts; the last one repeats.
var pauses = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// spread is how far a pause is stretched at most, so that what failed together does not come back together.
const spread = 0.2

// Channel makes one attempt.
type Channel interface {
	Send(ctx context.Context, m webhook.Message) checkout.Send
}

// Observer is told what happens. Its methods must not block.
type Observer interface {
	// Sent is called after an attempt was recorded; gaveUp says that it was the last one.
	Sent(d checkout.Delivery, made checkout.Send, gaveUp bool)
	// Fault is called where something went wrong that nobody outside is told.
	Fault(where string, err error)
}

// Config is what a Deliverer is made of.
type Config struct {
	Ledger  checkout.WebhookLedger
	Channel Channel
	Render  func(ctx context.Context, n checkout.Notice) ([]byte, error) // an event's body
	// Tell writes the messages by which a merchant is told of an event; nil = there are none.
	Tell     func(ctx context.Context, n checkout.Notice) ([]checkout.Message, error)
	Clock    checkout.Clock
	Observer Observer
	// Random answers numbers from 0 up to 1 to spread pauses; nil = from the runtime.
	Random func() float64
}

// Deliverer delivers. It is safe for concurrent use.
type Deliverer struct {
	Config
	mu      sync.Mutex
	lanes   map[checkout.EndpointID]bool
	failing map[checkout.EndpointID]bool
	running sync.WaitGroup
}

// New makes one that does nothing until it is asked to look.
func New(c Config) *Deliverer {
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return &Deliverer{Config: c, lanes: map[checkout.EndpointID]bool{}, failing: map[checkout.EndpointID]bool{}}
}

// Look tells of links whose end came, gives what was committed its place, and opens a lane for each endpoint
// that something is due for. It waits for no receiver.
func (d *Deliverer) Look(ctx context.Context) error {
	for more := true; more && ctx.Err() == nil; {
		n, err := d.Ledger.TellExpired(ctx, expiryBatch)
		if err != nil {
			return err
		}
		more = n == expiryBatch
	}
	if err := d.Place(ctx); err != nil {
		return err
	}
	due, err := d.Ledger.DueEndpoints(ctx)
	if err != nil {
		return err
	}
	for _, e := range due {
		d.open(ctx, e)
	}
	return nil
}

// Wait blocks until every lane has ended.
func (d *Deliverer) Wait() { d.running.Wait() }

// Place gives everything that was committed its place in the feed.
func (d *Deliverer) Place(ctx context.Context) error {
	for ctx.Err() == nil {
		all, err := d.Ledger.Unplaced(ctx, placeBatch)
		if err != nil || len(all) == 0 {
			return err
		}
		for i := range all {
			if err := d.write(ctx, &all[i]); checkout.KindOf(err) == checkout.KindNotFound {
				// What it is about is gone: nobody can be told, and those behind it need not wait.
				d.Observer.Fault("render event "+string(all[i].ID), err)
			} else if err != nil {
				return err
			}
		}
		if err := d.Ledger.Place(ctx, all); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// write makes what is told of an event: its body for endpoints, its messages for people.
func (d *Deliverer) write(ctx context.Context, n *checkout.Notice) (err error) {
	if n.Wanted {
		if n.Body, err = d.Render(ctx, *n); err != nil {
			return err
		}
	}
	if !n.Told && !n.Agreed || d.Tell == nil {
		return nil
	}
	if n.Messages, err = d.Tell(ctx, *n); err == nil || ctx.Err() != nil || checkout.KindOf(err) == checkout.KindUnavailable {
		return err
	}
	// One merchant whose settings cannot be read holds up nobody else's events.
	n.Messages = nil
	d.Observer.Fault("tell event "+string(n.ID), err)
	return nil
}

// open starts an endpoint's lane, unless it has one or there are too many.
func (d *Deliverer) open(ctx context.Context, e checkout.Endpoint) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lanes[e.ID] || len(d.lanes) >= maxLanes {
		return
	}
	d.lanes[e.ID] = true
	d.running.Go(func() {
		d.work(ctx, e)
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.lanes, e.ID)
	})
}

// work is a lane: a handful of attempts, then the next handful, until nothing is due.
func (d *Deliverer) work(ctx context.Context, e checkout.Endpoint) {
	for ctx.Err() == nil {
		all, err := d.Ledger.LeaseDeliveries(ctx, e.ID, d.Clock.Now().Add(lease), d.width(e.ID))
		if err != nil {
			d.fault(ctx, "lease deliveries", err)
			return
		}
		if len(all) == 0 {
			return
		}
		var batch sync.WaitGroup
		for _, one := range all {
			batch.Go(func() { d.attempt(ctx, e, one) })
		}
		batch.Wait()
		// What was changed meanwhile counts for the next ones: address, secrets, whether it is wanted at all.
		if e, err = d.Ledger.EndpointOf(ctx, e.Merchant, e.ID); err != nil || !e.Enabled {
			if checkout.KindOf(err) != checkout.KindNotFound {
				d.fault(ctx, "read an endpoint", err)
			}
			return
		}
	}
}

func (d *Deliverer) width(id checkout.EndpointID) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failing[id] {
		return 1
	}
	return width
}

func (d *Deliverer) noted(id checkout.EndpointID, failed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if failed {
		d.failing[id] = true
	} else {
		delete(d.failing, id)
	}
}

// attempt sends once and records it. What was cut off by our own end is nobody's failure: its lease ends,
// and it is sent again.
func (d *Deliverer) attempt(ctx context.Context, e checkout.Endpoint, one checkout.Delivery) {
	made := d.Channel.Send(ctx, webhook.Message{
		Endpoint: e, ID: string(one.Event), Request: one.RequestID(one.Attempts), Number: one.Attempts, Body: one.Body,
	})
	if ctx.Err() != nil && made.Error != "" {
		return
	}
	d.noted(e.ID, made.Error != "")
	next := time.Time{}
	if made.Error != "" && made.Error != checkout.SendGone {
		next = d.next(one, made.At.Add(made.Took))
	}
	if err := d.Ledger.EndSend(context.WithoutCancel(ctx), one, made, next); err != nil {
		d.Observer.Fault("record an attempt", err)
		return
	}
	d.Observer.Sent(one, made, made.Error != "" && next.IsZero())
}

// next is when a delivery is tried again after an attempt that ended at a time; zero = never.
func (d *Deliverer) next(one checkout.Delivery, ended time.Time) time.Time {
	end := one.CreatedAt.Add(life)
	if !ended.Before(end) {
		return time.Time{}
	}
	pause := pauses[min(one.Attempts, len(pauses))-1]
	at := ended.Add(pause + time.Duration(float64(pause)*spread*d.Random()))
	if at.After(end) {
		return end
	}
	return at
}

// Forget removes what is older than anybody asks for.
func (d *Deliverer) Forget(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := d.Ledger.ForgetDeliveries(ctx, d.Clock.Now().Add(-keep), forgetBatch)
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

func (d *Deliverer) fault(ctx context.Context, where string, err error) {
	if err != nil && ctx.Err() == nil {
		d.Observer.Fault(where, err)
	}
}
