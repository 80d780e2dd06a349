package deliver

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	// messageWidth is how many messages are handed over at once.
	messageWidth = 8
	// messageLease is how long an attempt is one gateway's: longer than any channel's patience, and time to record it.
	messageLease = time.Minute
	// messageLife is how long a message is tried: what comes later than a day surprises whom it is for.
	messageLife = 24 * time.Hour
	// maxUnsure is how many attempts may have handed a message over without a word back: the first and one
	// repetition (C13).
	maxUnsure = 2
	// keepMessages is how long messages are kept: as long as somebody asks why one did not come, and no longer, since
	// they hold people's addresses.
	keepMessages = 90 * 24 * time.Hour
)

// messagePauses are those before the next attempts; the last one repeats.
var messagePauses = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 2 * time.Hour}

// Carrier hands a message over, once.
type Carrier interface {
	Send(ctx context.Context, m checkout.Message) checkout.MessageSend
}

// MessageObserver is told what happens. Its methods must not block.
type MessageObserver interface {
	// Carried is called after an attempt was recorded; gaveUp says that it was the last one.
	Carried(m checkout.Message, made checkout.MessageSend, gaveUp bool)
	Fault(where string, err error)
}

// PostConfig is what a Postman is made of.
type PostConfig struct {
	Ledger   checkout.MessageLedger
	Carriers map[checkout.Channel]Carrier
	// Wanted says whether a message still has something to bring.
	Wanted func(ctx context.Context, m checkout.Message) (bool, error)
	// Enclosed answers what is attached to a message.
	Enclosed func(ctx context.Context, m checkout.Message) ([]checkout.MessageFile, error)
	// Bounced says whether an attempt found that there is no such address.
	Bounced  func(m checkout.Message, made checkout.MessageSend) bool
	Clock    checkout.Clock
	Observer MessageObserver
	// Random answers numbers from 0 up to 1 to spread pauses; nil = from the runtime.
	Random func() float64
}

// Postman brings messages: queued ──▶ leased ──▶ handed over | later | given up. Leases are the ledger's, so several
// gateways share the work and none sends what another has.
type Postman struct{ PostConfig }

// NewPostman makes one that does nothing until it is asked to carry.
func NewPostman(c PostConfig) *Postman {
	if c.Random == nil {
		c.Random = rand.Float64
	}
	return &Postman{c}
}

// Carry makes an attempt at each message of a channel that is due, until none is. A channel whose server hangs holds
// up no other (A53).
func (p *Postman) Carry(ctx context.Context, c checkout.Channel) error {
	for ctx.Err() == nil {
		due, err := p.Ledger.LeaseMessages(ctx, c, p.Clock.Now().Add(messageLease), messageWidth)
		if err != nil || len(due) == 0 {
			return err
		}
		var batch sync.WaitGroup
		for _, m := range due {
			batch.Go(func() { p.attempt(ctx, m) })
		}
		batch.Wait()
	}
	return nil
}

// attempt hands one message over and records it. What was cut off by our own end is nobody's failure: its lease ends.
func (p *Postman) attempt(ctx context.Context, m checkout.Message) {
	made := p.carry(ctx, m)
	if ctx.Err() != nil && made.Error != "" {
		return
	}
	next := time.Time{}
	if made.Error != "" && !made.Permanent && !made.Over {
		next = p.next(m, made)
	}
	bounced := next.IsZero() && made.Error != "" && m.Kind != checkout.MessageNotice && p.Bounced(m, made)
	if err := p.Ledger.EndMessage(context.WithoutCancel(ctx), m, made, next, bounced); err != nil {
		p.Observer.Fault("record an attempt at a message", err)
		return
	}
	p.Observer.Carried(m, made, made.Error != "" && next.IsZero())
}

// carry makes the attempt, unless there is nothing to bring or nobody knows what became of those before it.
func (p *Postman) carry(ctx context.Context, m checkout.Message) checkout.MessageSend {
	none := checkout.MessageSend{Number: m.Attempts, At: p.Clock.Now(), Permanent: true}
	wanted, err := p.Wanted(ctx, m)
	carrier := p.Carriers[m.Channel]
	switch {
	case err != nil:
		p.Observer.Fault("look at a message's link", err)
		none.Permanent, none.Error = false, checkout.SentServer
	case !wanted:
		none.Over, none.Error = true, checkout.SentOver
	case carrier == nil:
		none.Permanent, none.Error = false, checkout.SentServer // it was set up when the message was made
	case m.Unsure > maxUnsure:
		none.Error = checkout.SentUnclear
	default:
		if m.Files, err = p.Enclosed(ctx, m); err == nil {
			return carrier.Send(ctx, m)
		}
		p.Observer.Fault("read what a message encloses", err)
		none.Permanent, none.Error = false, checkout.SentServer
	}
	return none
}

// next is when a message is tried again after an attempt; zero = never.
func (p *Postman) next(m checkout.Message, made checkout.MessageSend) time.Time {
	ended := made.At.Add(made.Took)
	pause := messagePauses[min(m.Attempts, len(messagePauses))-1]
	at := ended.Add(pause + time.Duration(float64(pause)*spread*p.Random()))
	if at.After(m.CreatedAt.Add(messageLife)) {
		return time.Time{}
	}
	return at
}

// ForgetMessages removes what is older than anybody asks for.
func (p *Postman) ForgetMessages(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := p.Ledger.ForgetMessages(ctx, p.Clock.Now().Add(-keepMessages), forgetBatch)
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}
