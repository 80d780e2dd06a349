package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver"
	"github.com/odelink/odelink/gateway/deliver/email"
	"github.com/odelink/odelink/gateway/deliver/letter"
	"github.com/odelink/odelink/gateway/deliver/sms"
)

const (
	// carryEvery is how soon after its commit a message is handed over at the latest, where nothing is in its way.
	carryEvery = time.Second
	// remindEvery is how often links are looked for that are to be reminded of.
	remindEvery = 30 * time.Second
)

// carrier is a channel that is set up.
type carrier interface {
	deliver.Carrier
	Repeat() time.Duration
}

// mailroom joins the words of messages with the channels that carry them.
type mailroom struct {
	*letter.Writer
	carriers map[checkout.Channel]carrier
	size     func(text string) checkout.TextSize
}

var _ checkout.Post = (*mailroom)(nil)

// Offers says whether a channel is set up here.
func (p *mailroom) Offers(c checkout.Channel) bool { return p.carriers[c] != nil }

// Repeat is within which time a channel's provider refuses the same text to the same recipient.
func (p *mailroom) Repeat(c checkout.Channel) time.Duration {
	if p.carriers[c] == nil {
		return 0
	}
	return p.carriers[c].Repeat()
}

// Size counts a text as it would be sent.
func (p *mailroom) Size(text string) checkout.TextSize { return p.size(text) }

// openPost reads the settings of mail and SMS. The demo keeps what nobody carries in a mailbox of its own.
func (a *app) openPost(context.Context) error {
	words, err := letter.New()
	if err != nil {
		return err
	}
	a.post = &mailroom{Writer: words, carriers: map[checkout.Channel]carrier{}, size: sms.Measure}
	if a.cfg.SMTPURL != "" {
		out, err := email.New(email.Config{URL: a.cfg.SMTPURL, Clock: a.seams.clock, Roots: a.seams.roots})
		if err != nil {
			return fmt.Errorf("ODELINK_SMTP_URL: %w", err)
		}
		a.post.carriers[checkout.ChannelEmail] = out
	}
	if a.cfg.SMSURL != "" {
		out, err := sms.New(sms.Config{URL: a.cfg.SMSURL, Clock: a.seams.clock, Roots: a.seams.roots})
		if err != nil {
			return fmt.Errorf("ODELINK_SMS_URL: %w", err)
		}
		a.post.carriers[checkout.ChannelSMS], a.post.size = out, out.Size
	}
	if a.cfg.Demo {
		return a.openMailbox()
	}
	return nil
}

// openPostman comes after the flow, which knows what is still to be brought.
func (a *app) openPostman() {
	carriers := map[checkout.Channel]deliver.Carrier{}
	for c, out := range a.post.carriers {
		carriers[c] = out
	}
	a.postman = deliver.NewPostman(deliver.PostConfig{
		Ledger: a.ledger, Carriers: carriers, Wanted: a.flow.Wanted, Enclosed: a.flow.Enclosed, Bounced: bounced, Clock: a.seams.clock, Observer: a.watch,
	})
	a.openReports(carriers)
}

// bounced says whether an attempt found that there is no such mailbox. What SMS providers say of numbers is not
// believed for good: some say the same of a request that they do not understand.
func bounced(m checkout.Message, made checkout.MessageSend) bool {
	return m.Channel == checkout.ChannelEmail && email.Bounced(made)
}

// carry answers what brings a channel's messages.
func (a *app) carry(c checkout.Channel) func(context.Context) error {
	return func(ctx context.Context) error { return a.postman.Carry(ctx, c) }
}

// remind makes the reminders that are due.
func (a *app) remind(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := a.flow.RemindDue(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// Carried counts an attempt and logs what was not taken over: neither address nor text stand there.
func (w *watch) Carried(m checkout.Message, made checkout.MessageSend, gaveUp bool) {
	result := made.Error
	if result == "" {
		result = "delivered"
	}
	w.metrics.Delivered(string(m.Channel), result, made.Took)
	switch {
	case gaveUp && !made.Over:
		w.log.Warn("message given up", "message", m.ID, "channel", m.Channel, "kind", m.Kind, "attempt", made.Number, "status", made.Code, "error", made.Error, "answer", made.Answer)
	case made.Error != "":
		w.log.Info("message not sent", "message", m.ID, "channel", m.Channel, "kind", m.Kind, "attempt", made.Number, "status", made.Code, "error", made.Error, "answer", made.Answer)
	default:
		w.log.Debug("message sent", "message", m.ID, "channel", m.Channel, "kind", m.Kind, "attempt", made.Number)
	}
}

// checkMessages tells what waits to be sent.
func (a *app) checkMessages(ctx context.Context) []finding {
	w, err := a.ledger.WaitingMessages(ctx)
	f := finding{what: "messages", note: "no message waits", err: err}
	if err == nil && w.Deliveries > 0 {
		age := a.seams.clock.Now().Sub(w.Oldest).Round(time.Second)
		f.note = fmt.Sprintf("%d messages wait, the oldest for %s", w.Deliveries, age)
		if age > messageTolerance {
			f.err = errors.New(f.note)
		}
	}
	return []finding{f}
}

// messageTolerance is how long a message may wait before doctor calls that bad.
const messageTolerance = time.Hour

// mail hands a mail over that no queue keeps; nil where none is sent.
func (a *app) mail() func(context.Context, checkout.Message) checkout.MessageSend {
	if out := a.post.carriers[checkout.ChannelEmail]; out != nil {
		return out.Send
	}
	return nil
}
