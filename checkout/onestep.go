package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// One-step banks charge on their own page, before the browser is back (3DPay, 3DHost). A payer who closes the window
// then has paid, and we do not know it: such an attempt is asked about while it waits, and before anything else is
// charged for its link.

// looks is into how many parts the time that a payer may stay at the bank is cut: a one-step attempt is looked at
// after 1, 3, 7 and 15 of them, with the default after 2, 6, 14 and 30 minutes.
const looks = 15

// lookAt is when to look next at a one-step attempt whose payer has not come back.
func (s *Service) lookAt(p Payment) time.Time {
	at := s.Clock.Now().Add(s.Timing.Abandon / looks << p.Asks)
	if p.Asks > 8 || at.After(p.Deadline) {
		return p.Deadline
	}
	return at
}

// askRounds is how often a payment asks about one-step attempts that stand before it.
const askRounds = 3

// askOthers asks the banks of the link's other one-step attempts, if it is a single-use link. One that was charged is
// recorded as if its payer had come back, so that nobody pays a second time; the answer is those for which nothing was
// charged. ErrBusy: a bank owes its word.
func (s *Service) askOthers(ctx context.Context, p Payment) ([]PaymentID, error) {
	ctx = context.WithoutCancel(ctx) // what was charged is recorded, whoever waits
	open, err := s.Ledger.ChallengedOneStep(ctx, p.Link)
	if err != nil {
		return nil, fmt.Errorf("find one-step attempts: %w", err)
	}
	var nothing []PaymentID
	for _, other := range open {
		if other.ID == p.ID {
			continue
		}
		charged, err := s.askOther(ctx, other)
		if err != nil {
			return nil, err
		}
		if !charged {
			nothing = append(nothing, other.ID)
		}
	}
	return nothing, nil
}

// askOther asks about one, as long as a payer can wait for it.
func (s *Service) askOther(ctx context.Context, p Payment) (charged bool, err error) {
	out, err := s.askWithin(ctx, p, s.Timing.Answer)
	switch {
	case errors.Is(err, ErrStoreAway):
		return false, err
	case err != nil: // that this bank is away must not read as if the other one were
		return false, ErrBusy.Because(fmt.Errorf("ask about payment %s: %s", p.ID, err.Error()))
	}
	if out.Result == ResultApproved && s.early(p, out) {
		return false, ErrBusy.Because(fmt.Errorf("the bank does not say how the payer of %s was verified", p.ID))
	}
	switch out.Result {
	case ResultApproved:
		if err = s.neverReturned(ctx, p, out); errors.Is(err, ErrStale) {
			err = nil // its payer came back, or the settle loop was there
		}
		return true, err
	case ResultDeclined, ResultNotFound, ResultUnfinished, ResultVoided:
		return false, nil
	}
	return false, ErrBusy.Because(fmt.Errorf("the bank does not know payment %s's state", p.ID))
}

// early says that an answer about an attempt whose payer is away ends nothing yet: the payer may still be at the bank,
// or is charged and brings the 3-D status that the bank's record leaves out.
func (s *Service) early(p Payment, out Outcome) bool {
	return s.Clock.Now().Before(p.Deadline) && (out.Result != ResultApproved || out.MDStatus == "")
}

func (s *Service) askWithin(ctx context.Context, p Payment, within time.Duration) (Outcome, error) {
	acq, err := s.acquirerOf(ctx, p)
	if err != nil {
		return Outcome{}, err
	}
	inq, ok := Able[Inquirer](acq)
	if !ok {
		return Outcome{}, errors.New("the acquirer cannot be asked")
	}
	bank, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return inq.Inquire(bank, s.order(p))
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
		taken, err := s.take(ctx, m)
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
		_, err = s.record(ctx, taken, out, "settle")
		return err
	}
	m, err := p.Abandon(step)
	if err != nil {
		return err
	}
	m.To.Reversal, m.To.DueAt, m.To.Asks, m.To.NotFound = ReversalDue, s.reverseAt(p), 0, 0
	return s.commit(ctx, m)
}
