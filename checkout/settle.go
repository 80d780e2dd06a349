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
// gives back what must not stay, and ends what was abandoned; then at the refunds whose answer was lost. It
// answers how many it looked at, the larger of both numbers.
// Several processes may run it: the ledger hands each payment to one of them, and every step is a
// compare-and-set anyway (C28).
func (s *Service) Settle(ctx context.Context) (int, error) {
	s.restConfirmed(ctx)
	due, err := s.Ledger.LeaseDue(ctx, s.Clock.Now().Add(s.Timing.Inquiry*settleLease), settleBatch)
	if err != nil {
		return 0, fmt.Errorf("find payments to settle: %w", err)
	}
	var all sync.WaitGroup
	for _, p := range due {
		all.Go(func() {
			defer s.outlive("settling", p)
			if err := s.settle(ctx, p); err != nil && !errors.Is(err, ErrStale) {
				s.Observer.Fault("settle payment", fmt.Errorf("payment %s: %w", p.ID, err))
			}
		})
	}
	all.Wait()
	back, err := s.settleRefunds(ctx)
	return max(len(due), back), err
}

// AskNow looks at one pending payment of a merchant at once, as Settle would when its time has come, and answers
// it as it is then. Who asked is noted in its audit trail; only the bank's word decides. It takes the settle
// loop's own lease, so nobody else looks meanwhile, and keeps the loop's pause, since two answers of one moment
// are not two (I21). ErrNoPayment, ErrNotPending, and ErrAsking with RetryAfter while the loop is about to ask, or
// somebody just did.
func (s *Service) AskNow(ctx context.Context, by By, m MerchantID, id PaymentID) (Payment, error) {
	ctx = context.WithoutCancel(ctx) // what was begun is finished
	now := s.Clock.Now()
	pause := s.Timing.askAfter(1)
	p, err := s.Ledger.LeaseOne(ctx, m, id, now.Add(-pause), now.Add(s.Timing.Inquiry*settleLease))
	if errors.Is(err, ErrAsking) {
		return p, ErrAsking.After(pause)
	}
	if err != nil {
		return p, err
	}
	note, err := p.Note("payment.ask_requested", Step{At: now, Actor: by.Actor, IP: by.IP})
	if err == nil {
		p, err = s.take(ctx, note)
	}
	if err == nil {
		err = s.settle(ctx, p)
	}
	if err != nil && !errors.Is(err, ErrStale) { // who was first has the bank's word, too
		return p, fmt.Errorf("ask about payment %s: %w", id, err)
	}
	return s.Ledger.PaymentOf(ctx, m, id)
}

// settle brings one payment a step further by the bank's word only (I21).
func (s *Service) settle(ctx context.Context, p Payment) error {
	if p.Status == StatusAuthorizing {
		// Its sender's lease has ended: whatever it sent, nobody waits for the answer any more (I22).
		m, err := p.Doubt(s.Clock.Now(), Step{At: s.Clock.Now(), Actor: "settle", Data: map[string]string{"cause": "lease_ended"}})
		if err != nil {
			return err
		}
		if p, err = s.take(ctx, m); err != nil {
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
	if p.Status == StatusPaid {
		return s.confirmLater(ctx, p)
	}
	return s.ask(ctx, p, time.Time{})
}

// ask inquires once and acts on the answer. listed is when the bank's list of a day says that the money moved, for a
// bank whose answers do not; zero = there is no list.
func (s *Service) ask(ctx context.Context, p Payment, listed time.Time) error {
	w, err := s.inquire(ctx, p, s.Timing.Inquiry)
	switch {
	case errors.Is(err, ErrStoreAway):
		return err
	case err != nil:
		return s.asked(ctx, p, s.heard(w.out), err)
	case w.out.At.IsZero():
		w.out.At = listed
	}
	switch {
	case p.Reversal == ReversalDue:
		return s.reverse(ctx, w)
	case p.Status == StatusChallenged && s.early(p, w.out):
		return s.asked(ctx, p, s.heard(w.out), nil)
	case p.Status == StatusChallenged:
		return s.neverReturned(ctx, p, w.out)
	case p.Status == StatusPending:
		return s.decide(ctx, w)
	}
	return nil
}

// inquire asks the payment's bank. The error is why there is no answer.
func (s *Service) inquire(ctx context.Context, p Payment, within time.Duration) (w word, err error) {
	w.p = p
	if w.acq, err = s.acquirerOf(ctx, p); err != nil {
		return w, err
	}
	inq, ok := Able[Inquirer](w.acq)
	if !ok {
		return w, errors.New("the acquirer cannot be asked")
	}
	bank, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if w.out, err = inq.Inquire(bank, s.order(p)); err == nil {
		w.counts = s.lastWord(p, inq, w.out)
		w.over = s.Clock.Now().After(w.counts)
	}
	return w, err
}

// word is what a bank answered to an inquiry about a payment.
type word struct {
	p      Payment
	acq    Acquirer
	out    Outcome
	counts time.Time // until then a no is only a no for now
	over   bool      // that moment is over
}

// decide ends a pending payment if the answer allows it.
func (s *Service) decide(ctx context.Context, w word) error {
	p, out := w.p, w.out
	step := s.heard(out)
	switch out.Result {
	case ResultApproved:
		if !s.sameMoney(p, out) {
			s.Observer.Alarm("bank states another amount", fmt.Errorf("payment %s: %s instead of %s", p.ID, out.Amount, p.Total))
			m, err := p.Differs(out.Amount, s.nextAsk(p), step)
			if err != nil {
				return err
			}
			return s.commit(ctx, m)
		}
		m, err := p.Approve(out, step)
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
	case ResultDeclined, ResultNotFound, ResultUnfinished:
		return s.denied(ctx, w, func(step Step) error {
			d := Decline{Code: ReasonNotCharged}
			if out.Result == ResultDeclined {
				d = out.Decline
			}
			_, err := s.end(ctx, p, step, func() (Move, error) { return p.Refuse(d, step) })
			return err
		})
	}
	return s.asked(ctx, p, step, nil)
}

// lastWord is the moment until which a bank's no is only a no for now. An explicit one counts as soon as
// the sender's time is over, since a bank that has declined an order is done with it; that an order is
// missing counts when the bank has had its settle time besides (I21).
func (s *Service) lastWord(p Payment, inq Inquirer, out Outcome) time.Time {
	if out.Result == ResultDeclined {
		return p.Deadline
	}
	wait := s.Timing.Settle
	if wait == 0 {
		wait = inq.SettleTime()
	}
	return p.Deadline.Add(wait)
}

// denied acts on an inquiry that found no money. While the call may still run at the bank, its record
// of the order is not its last word, be it "declined" (of an earlier step, or of a copy of its books
// that lags behind) or "not found": such an answer is taken down and asked for again. Afterwards one
// explicit no is enough, and two answers that merely know of nothing; and a void is sent as a fence
// before the payment is told to be over, so that nothing which the bank overlooked can stay (I21, C8,
// C15, C18).
func (s *Service) denied(ctx context.Context, w word, over func(Step) error) error {
	step := s.heard(w.out)
	explicit := w.out.Result == ResultDeclined
	if !w.over || (!explicit && w.p.NotFound == 0) {
		return s.askedNo(ctx, w, step)
	}
	v, ok := Able[Voider](w.acq)
	if !ok {
		return over(step)
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	fence, err := v.Void(bank, s.order(w.p))
	if err != nil {
		return s.asked(ctx, w.p, step, err) // a fence that is not known to stand is none
	}
	step.Data["fence"] = fence.Result.String()
	switch {
	case fence.Result == ResultVoided:
		m, err := w.p.VoidDone(fence, step)
		if err != nil {
			return err
		}
		return s.commit(ctx, m)
	case fence.Result == ResultNotFound, fence.Result == ResultUnfinished:
		return over(step) // nothing was there, and nothing can come after the void
	case explicit && w.p.NotFound >= 1:
		// The bank refuses to void, as it may an order that it declined, and says no again after that.
		return over(step)
	}
	return s.askedNo(ctx, w, step)
}

// reverse makes sure that nothing stays charged for a payment that lost its link.
func (s *Service) reverse(ctx context.Context, w word) error {
	p, out := w.p, w.out
	step := s.heard(out)
	if out.Result == ResultApproved && out.Refunded >= p.Total.Minor {
		out.Result = ResultVoided // somebody gave it back already
	}
	switch out.Result {
	case ResultApproved:
		back, err := s.giveBack(ctx, p, w.acq)
		if err != nil || back.Result != ResultVoided {
			return s.asked(ctx, p, s.heard(back), err)
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
	case ResultDeclined, ResultNotFound, ResultUnfinished:
		return s.denied(ctx, w, func(step Step) error { return s.reversalOver(ctx, p, step) })
	}
	return s.asked(ctx, p, step, nil)
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
	v, ok := Able[Voider](acq)
	if !ok {
		return Outcome{}, errors.New("the acquirer cannot void")
	}
	out, err := v.Void(bank, s.order(p))
	if err != nil || out.Result != ResultTooLate {
		return out, err
	}
	r, ok := Able[Refunder](acq)
	if !ok {
		return out, errors.New("the acquirer cannot refund")
	}
	out, err = r.Refund(bank, s.order(p), p.Total)
	if err == nil && out.Result == ResultApproved {
		out.Result = ResultVoided
	}
	return out, err
}

// heard is the step that an answer of the bank leads to.
func (s *Service) heard(out Outcome) Step {
	return Step{At: s.Clock.Now(), Actor: "settle", Data: outcomeData(out)}
}

// asked records an inquiry that decided nothing and says when to ask again.
func (s *Service) asked(ctx context.Context, p Payment, step Step, cause error) error {
	if cause != nil {
		step.Data["cause"] = cut(cause.Error(), 200)
	}
	return s.askAgain(ctx, p, false, s.nextAsk(p), step)
}

// askedNo records an inquiry that found no money and is not believed yet. Whoever waits for it is not
// kept longer than until the bank's word counts.
func (s *Service) askedNo(ctx context.Context, w word, step Step) error {
	at := s.nextAsk(w.p)
	if counts := w.counts.Add(time.Millisecond); !w.over && at.After(counts) {
		at = counts
	}
	return s.askAgain(ctx, w.p, w.over, at, step)
}

func (s *Service) askAgain(ctx context.Context, p Payment, counts bool, at time.Time, step Step) error {
	m, err := p.Asked(counts, at, step)
	if err != nil {
		return err
	}
	if s.tooLong(p) {
		m.Event.Type = "payment.unresolved"
		s.Observer.Alarm("a payment stays undecided", fmt.Errorf("payment %s since %s", p.ID, p.Deadline.UTC().Format(time.RFC3339)))
	}
	return s.commit(ctx, m)
}

// unresolvedAfter is how long a bank may owe its word before people are told (C9).
const unresolvedAfter = 15 * time.Minute

// tooLong says once of a payment that it has been undecided for too long: with the first inquiry behind
// that moment.
func (s *Service) tooLong(p Payment) bool {
	at := p.Deadline.Add(unresolvedAfter)
	return (p.Status == StatusPending || p.Status == StatusChallenged) && !s.Clock.Now().Before(at) && p.UpdatedAt.Before(at)
}

func (s *Service) nextAsk(p Payment) time.Time {
	soonest := s.Clock.Now().Add(s.Timing.askAfter(p.Asks + 1))
	if p.Status == StatusChallenged && s.Clock.Now().Before(p.Deadline) {
		p.Asks++
		if at := s.lookAt(p); at.After(soonest) {
			return at
		} // else its time is over by the ledger's clock, which says when, and not by ours
	}
	return soonest
}

// Republish copies every link that changed since the given time into the hot state, unless that has it. A loop calls
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
		if err := s.catchUp(ctx, links); err != nil {
			return err
		}
		if len(links) < page {
			return nil
		}
		// More changes at one instant than a page holds come from bulk creation, and a new link that
		// is not published is merely read from the ledger at its first view.
		last := links[len(links)-1].ChangedAt
		if !last.After(since) {
			last = since.Add(time.Millisecond)
		}
		since = last
	}
}

// catchUp publishes those of the links whose copy is missing or old. Most were published right after their change, and
// reading and writing each of them again would cost a payment more than its own publications.
func (s *Service) catchUp(ctx context.Context, links []LinkRev) error {
	if len(links) == 0 {
		return nil
	}
	behind, err := s.Hot.Behind(ctx, links)
	if err != nil {
		return fmt.Errorf("ask the hot state for changed links: %w", err)
	}
	for _, t := range behind {
		l, err := s.Ledger.LinkByToken(ctx, t)
		if err != nil {
			return fmt.Errorf("read changed link: %w", err)
		}
		if err := s.Hot.Publish(ctx, l.Hot()); err != nil {
			return fmt.Errorf("publish link: %w", err)
		}
	}
	return nil
}
