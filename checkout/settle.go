package checkout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// settleBatch is how many payments one pass looks at, all at once, so that a bank that keeps silent
// holds nobody up but its own; the caller comes again while there are more. What one of them takes
// (an inquiry, a fence or a reversal, their commits) fits into the lease.
const (
	settleBatch = 16
	settleLease = 3 // in inquiries
)

// Settle looks once at every payment whose time has come: it asks the bank about what is in doubt,
// gives back what must not stay, and ends what was abandoned. It answers how many it looked at.
// Several processes may run it: the ledger hands each payment to one of them, and every step is a
// compare-and-set anyway (C28).
func (s *Service) Settle(ctx context.Context) (int, error) {
	due, err := s.Ledger.LeaseDue(ctx, s.Clock.Now().Add(s.Timing.Inquiry*settleLease), settleBatch)
	if err != nil {
		return 0, fmt.Errorf("find payments to settle: %w", err)
	}
	var all sync.WaitGroup
	for _, p := range due {
		all.Go(func() {
			if err := s.settle(ctx, p); err != nil && !errors.Is(err, ErrStale) {
				s.Observer.Fault("settle payment", fmt.Errorf("payment %s: %w", p.ID, err))
			}
		})
	}
	all.Wait()
	return len(due), nil
}

// settle brings one payment a step further by the bank's word only (I21).
func (s *Service) settle(ctx context.Context, p Payment) error {
	if p.Status == StatusAuthorizing {
		// Its sender's lease has ended: whatever it sent, nobody waits for the answer any more (I22).
		m, err := p.Doubt(s.Clock.Now(), Step{At: s.Clock.Now(), Actor: "settle", Data: map[string]string{"cause": "lease_ended"}})
		if err != nil {
			return err
		}
		if err := s.commit(ctx, m); err != nil {
			return err
		}
		if p, err = s.Ledger.PaymentByID(ctx, p.ID); err != nil {
			return err
		}
	}
	if p.Status == StatusChallenged && !p.OneStep {
		m, err := p.Abandon(Step{At: s.Clock.Now(), Actor: "settle"})
		if err != nil {
			return err
		}
		return s.commit(ctx, m)
	}
	return s.ask(ctx, p)
}

// ask inquires once and acts on the answer.
func (s *Service) ask(ctx context.Context, p Payment) error {
	acq, err := s.acquirerOf(ctx, p)
	if err != nil {
		return err
	}
	inq, ok := acq.(Inquirer)
	if !ok {
		return s.asked(ctx, p, Outcome{}, errors.New("the acquirer cannot be asked"))
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	out, err := inq.Inquire(bank, s.order(p))
	if err != nil {
		return s.asked(ctx, p, Outcome{}, err)
	}
	switch {
	case p.Reversal == ReversalDue:
		return s.reverse(ctx, p, acq, out)
	case p.Status == StatusChallenged:
		return s.neverReturned(ctx, p, out)
	case p.Status == StatusPending:
		return s.decide(ctx, p, acq, out)
	}
	return nil
}

// decide ends a pending payment if the answer allows it.
func (s *Service) decide(ctx context.Context, p Payment, acq Acquirer, out Outcome) error {
	step := Step{At: s.Clock.Now(), Actor: "settle", Data: outcomeData(out)}
	switch out.Result {
	case ResultApproved:
		if !s.sameMoney(p, out) {
			s.Observer.Fault("bank states another amount", fmt.Errorf("payment %s: %s instead of %s", p.ID, out.Amount, p.Total))
			return s.asked(ctx, p, out, nil)
		}
		m, err := p.Approve(out, step)
		if err != nil {
			return err
		}
		return s.commit(ctx, m)
	case ResultDeclined:
		_, err := s.end(ctx, p, step, func() (Move, error) { return p.Refuse(out.Decline, step) })
		return err
	case ResultVoided:
		m, err := p.VoidDone(out, step)
		if err != nil {
			return err
		}
		return s.commit(ctx, m)
	case ResultNotFound, ResultUnfinished:
		if s.pastDeadline(p, acq) && p.NotFound >= 1 {
			return s.fence(ctx, p, acq, step)
		}
	}
	return s.asked(ctx, p, out, nil)
}

// pastDeadline says whether a missing authorisation can no longer appear: the sender's time is over
// and the bank has had its settle time.
func (s *Service) pastDeadline(p Payment, acq Acquirer) bool {
	wait := s.Timing.Settle
	if i, ok := acq.(Inquirer); ok && wait == 0 {
		wait = i.SettleTime()
	}
	return s.Clock.Now().After(p.Deadline.Add(wait))
}

// fence sends a void for an order that the bank twice did not know, so that a late booking cannot
// stay; then the payment is declined as not charged (I21, C8, C15).
func (s *Service) fence(ctx context.Context, p Payment, acq Acquirer, step Step) error {
	if v, ok := acq.(Voider); ok {
		bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
		defer cancel()
		out, err := v.Void(bank, s.order(p))
		step.Data["fence"] = out.Result.String()
		switch {
		case err != nil:
			return s.asked(ctx, p, out, err)
		case out.Result == ResultNotFound || out.Result == ResultUnfinished:
			// nothing was there, and nothing can come after the void
		case out.Result != ResultVoided:
			return s.asked(ctx, p, out, nil)
		default:
			m, err := p.VoidDone(out, step)
			if err != nil {
				return err
			}
			return s.commit(ctx, m)
		}
	}
	_, err := s.end(ctx, p, step, func() (Move, error) { return p.Refuse(Decline{Code: ReasonNotCharged}, step) })
	return err
}

// neverReturned ends a one-step attempt whose payer did not come back: the bank may have charged
// all the same.
func (s *Service) neverReturned(ctx context.Context, p Payment, out Outcome) error {
	step := Step{At: s.Clock.Now(), Actor: "settle", Data: outcomeData(out)}
	if out.Result == ResultApproved && !mayAuthorize(p, out.MDStatus) {
		m, err := p.Fail(Decline{Code: ReasonHalfSecure}, s.Clock.Now(), step)
		if err != nil {
			return err
		}
		return s.commit(ctx, m)
	}
	if out.Result == ResultApproved {
		m, err := p.Authorize(Verdict{MDStatus: out.MDStatus}, s.Clock.Now(), p.Deadline, step)
		if err != nil {
			return err
		}
		err = s.commit(ctx, m)
		if errors.Is(err, ErrPaid) || errors.Is(err, ErrBusy) {
			_, err = s.linkUsed(ctx, p, step, err)
			if errors.Is(err, ErrPaid) || errors.Is(err, ErrBusy) {
				return nil // recorded; the reversal is due
			}
			return err
		}
		if err != nil {
			return err
		}
		if p, err = s.Ledger.PaymentByID(ctx, p.ID); err != nil {
			return err
		}
		return s.record(ctx, p, out, "settle")
	}
	m, err := p.Abandon(step)
	if err != nil {
		return err
	}
	m.To.Reversal, m.To.DueAt, m.To.NotFound = ReversalDue, s.askAt(p), 0
	return s.commit(ctx, m)
}

// reverse makes sure that nothing stays charged for a payment that lost its link.
func (s *Service) reverse(ctx context.Context, p Payment, acq Acquirer, out Outcome) error {
	step := Step{At: s.Clock.Now(), Actor: "settle", Data: outcomeData(out)}
	if out.Result == ResultApproved && out.Refunded >= p.Total.Minor {
		out.Result = ResultVoided // somebody gave it back already
	}
	switch out.Result {
	case ResultApproved:
		back, err := s.giveBack(ctx, p, acq)
		if err != nil || back.Result != ResultVoided {
			return s.asked(ctx, p, back, err)
		}
		m, err := p.VoidDone(back, step)
		if err != nil {
			return err
		}
		return s.commit(ctx, m)
	case ResultVoided:
		m, err := p.VoidDone(out, step)
		if err != nil {
			return err
		}
		return s.commit(ctx, m)
	case ResultDeclined:
		return s.reversalOver(ctx, p, step)
	case ResultNotFound, ResultUnfinished:
		if s.pastDeadline(p, acq) && p.NotFound >= 1 {
			return s.reversalOver(ctx, p, step)
		}
	}
	return s.asked(ctx, p, out, nil)
}

func (s *Service) reversalOver(ctx context.Context, p Payment, step Step) error {
	m, err := p.ReversalOver(step)
	if err != nil {
		return err
	}
	return s.commit(ctx, m)
}

// giveBack voids, or refunds the whole where the bank's day has ended. ResultVoided means done.
func (s *Service) giveBack(ctx context.Context, p Payment, acq Acquirer) (Outcome, error) {
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	v, ok := acq.(Voider)
	if !ok {
		return Outcome{}, errors.New("the acquirer cannot void")
	}
	out, err := v.Void(bank, s.order(p))
	if err != nil || out.Result != ResultTooLate {
		return out, err
	}
	r, ok := acq.(Refunder)
	if !ok {
		return out, errors.New("the acquirer cannot refund")
	}
	out, err = r.Refund(bank, s.order(p), p.Total)
	if err == nil && out.Result == ResultApproved {
		out.Result = ResultVoided
	}
	return out, err
}

// asked records an inquiry that decided nothing and says when to ask again.
func (s *Service) asked(ctx context.Context, p Payment, out Outcome, cause error) error {
	data := outcomeData(out)
	if cause != nil {
		data["cause"] = cut(cause.Error(), 200)
	}
	absent := out.Result == ResultNotFound || out.Result == ResultUnfinished
	var counts bool
	if absent {
		acq, err := s.acquirerOf(ctx, p)
		counts = err == nil && s.pastDeadline(p, acq)
	}
	m, err := p.Asked(counts, s.nextAsk(p), Step{At: s.Clock.Now(), Actor: "settle", Data: data})
	if err != nil {
		return err
	}
	return s.commit(ctx, m)
}

func (s *Service) nextAsk(p Payment) time.Time {
	return s.Clock.Now().Add(s.Timing.askAfter(p.Asks + 1))
}

// Republish copies every link that changed since the given time into the hot state. A loop calls
// it, so that a publication that failed after its commit is made good (I26). While the hot state is
// away, it remembers from where on.
func (s *Service) Republish(ctx context.Context, since time.Time) error {
	if missed := s.unsaid.take(); !missed.IsZero() && missed.Before(since) {
		since = missed
	}
	err := s.republish(ctx, since)
	if err != nil {
		s.unsaid.add(since)
	}
	return err
}

func (s *Service) republish(ctx context.Context, since time.Time) error {
	const page = 500
	for {
		links, err := s.Ledger.ChangedLinks(ctx, since, page)
		if err != nil {
			return fmt.Errorf("find changed links: %w", err)
		}
		for i := range links {
			if err := s.Hot.Publish(ctx, links[i].Hot()); err != nil {
				return fmt.Errorf("publish link: %w", err)
			}
		}
		if len(links) < page {
			return nil
		}
		// More changes at one instant than a page holds come from bulk creation, and a new link that
		// is not published is merely read from the ledger at its first view.
		last := links[len(links)-1].UpdatedAt
		if !last.After(since) {
			last = since.Add(time.Millisecond)
		}
		since = last
	}
}
