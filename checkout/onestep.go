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

// askOthers asks the banks of the link's other one-step attempts, if it is a single-use link, and answers those for which
// nothing is charged. One that was charged while its payer is away is recorded as paid, so that nobody pays a second
// time; what was charged for one that has ended is given back first. ErrBusy: a bank owes its word.
func (s *Service) askOthers(ctx context.Context, p Payment) ([]PaymentID, error) {
	ctx = context.WithoutCancel(ctx) // what was charged is recorded, whoever waits
	open, err := s.Ledger.UnsettledOneStep(ctx, p.Link)
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

// askOther asks about one, as long as a payer can wait for it. A bank that cannot be asked for unresolvedAfter behind the
// last moment at which the payer could be there keeps nobody from paying any more: what it has charged goes back
// when it can be asked.
func (s *Service) askOther(ctx context.Context, p Payment) (charged bool, err error) {
	w, err := s.inquire(ctx, p, s.Timing.Answer)
	switch result := w.out.Result; {
	case errors.Is(err, ErrStoreAway):
		return false, err
	case err != nil:
	case result == ResultApproved && p.Reversal == ReversalDue:
		return false, s.reverseNow(ctx, w)
	case result == ResultApproved && !s.early(p, w.out):
		return true, s.foundCharged(ctx, w)
	case result == ResultDeclined, result == ResultNotFound, result == ResultUnfinished, result == ResultVoided:
		return false, nil
	default:
		err = fmt.Errorf("the bank's answer, %s, decides nothing yet", result)
	}
	if s.Clock.Now().After(p.Deadline.Add(unresolvedAfter)) {
		return false, nil
	}
	// The cause is told and not wrapped: that this bank is away must not read as if the newcomer's were.
	s.Observer.Fault("ask about an earlier attempt", fmt.Errorf("payment %s: %w", p.ID, err))
	return false, ErrBusy
}

// foundCharged records a charge whose payer did not come back.
func (s *Service) foundCharged(ctx context.Context, w word) error {
	if !mayAuthorize(w.p, w.out.MDStatus) {
		if err := s.neverReturned(ctx, w.p, w.out); err != nil && !errors.Is(err, ErrStale) {
			return err
		}
		return ErrBusy // until it is given back
	}
	if err := s.neverReturned(ctx, w.p, w.out); !errors.Is(err, ErrStale) {
		return err
	}
	return nil // its payer came back, or the settle loop was there
}

// reverseNow gives a charge back before another is made. ErrBusy: it stands for now.
func (s *Service) reverseNow(ctx context.Context, w word) error {
	if err := s.reverse(ctx, w); err != nil && !errors.Is(err, ErrStale) {
		return err
	}
	now, err := s.Ledger.PaymentByID(ctx, w.p.ID)
	if err == nil && now.Reversal == ReversalDue {
		err = ErrBusy
	}
	return err
}

// early says that an answer about an attempt whose payer is away ends nothing yet: the payer may still be at the bank,
// or is charged and brings the 3-D status that the bank's record leaves out.
func (s *Service) early(p Payment, out Outcome) bool {
	return s.Clock.Now().Before(p.Deadline) && (out.Result != ResultApproved || out.MDStatus == "")
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
