package seed

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Fresh are links from to until, without the last, which are stored and not paid yet: what Pay takes.
func (l *Ledger) Fresh(from, until int) []checkout.Link {
	links := make([]checkout.Link, 0, until-from)
	for n := from; n < until; n++ {
		links = append(links, l.link(n))
	}
	return links
}

// Pay takes a link's payment through its three durable units, each of which waits for the disk: admitted before the
// bank hears of it, authorizing before money can move, then paid.
func (l *Ledger) Pay(ctx context.Context, link checkout.Link, at time.Time) error {
	p := attempt(l.live, rand.New(rand.NewPCG(l.Seed, uint64(at.UnixNano()))), link, l.merchants[0].accounts[0], at)
	p, err := l.Store.Admit(ctx, p, admission(p))
	if err != nil {
		return err
	}
	step := func(after time.Duration) checkout.Step {
		return checkout.Step{At: at.Add(after), Actor: "bank", IP: p.PayerIP, Data: map[string]string{"md_status": "1"}}
	}
	authorizing, err := p.Authorize(checkout.Verdict{MDStatus: "1", ECI: "05"}, at.Add(time.Minute), at.Add(time.Hour), step(20*time.Second))
	if err != nil {
		return err
	}
	moved, err := l.Store.Move(ctx, authorizing)
	if err != nil {
		return err
	}
	paid, err := moved.Payment.Approve(checkout.Outcome{Result: checkout.ResultApproved, AuthCode: "123456", RRN: "632612345678"}, step(21*time.Second))
	if err != nil {
		return err
	}
	_, err = l.Store.Move(ctx, paid)
	return err
}
