package checkout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A bank's yes to the authorising call may name no amount (PayFor's short answer, payfor.md 5). The payment is
// paid by that yes, which answers a call of ours for exactly this money, and the bank is asked once what it
// charged. Nobody waits for it. An inquiry that is lost, or a process that ends before it, leaves the payment
// due: the settle loop asks again.

const (
	// confirmAfter is when the settle loop asks, where the inquiry right after the yes was lost.
	confirmAfter = time.Minute
	// confirmAgain is the pause until it asks once more.
	confirmAgain = 10 * time.Minute
	// confirmAtLast is when people are told that the bank has never said what it charged.
	confirmAtLast = 24 * time.Hour
)

// confirmed gathers payments that need no asking any more; they leave the ledger's list together, with the
// settle loop's next pass. What is lost of it is only asked for again.
type confirmed struct {
	mu  sync.Mutex
	ids []PaymentID
}

func (c *confirmed) add(ids ...PaymentID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = append(c.ids, ids...)
}

func (c *confirmed) take() []PaymentID {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := c.ids
	c.ids = nil
	return ids
}

// amountOpen says whether a yes leaves open what was charged.
func amountOpen(p Payment, out Outcome) bool {
	return out.Result == ResultApproved && out.Amount == (Money{}) && !p.OneStep
}

// restConfirmed takes what was confirmed off the ledger's list.
func (s *Service) restConfirmed(ctx context.Context) {
	ids := s.confirmed.take()
	if len(ids) == 0 {
		return
	}
	if err := s.Ledger.Postpone(ctx, ids, time.Time{}); err != nil {
		s.confirmed.add(ids...)
		s.Observer.Fault("rest confirmed payments", err)
	}
}

// confirmAmount asks right after the yes. Silence decides nothing; the settle loop is the net below.
func (s *Service) confirmAmount(ctx context.Context, p Payment, acq Acquirer) {
	defer s.running.Done()
	defer s.outlive("asking for the amount", p)
	if _, err := s.confirm(ctx, p, acq); err != nil {
		s.Observer.Fault("confirm amount", fmt.Errorf("payment %s: %w", p.ID, err))
	}
}

// confirmLater is the settle loop's asking about a paid payment.
func (s *Service) confirmLater(ctx context.Context, p Payment) error {
	acq, err := s.acquirerOf(ctx, p)
	if err == nil {
		var said bool
		if said, err = s.confirm(ctx, p, acq); said {
			return err
		}
	}
	now := s.Clock.Now()
	if now.Sub(p.PaidAt) < confirmAtLast {
		if perr := s.Ledger.Postpone(ctx, []PaymentID{p.ID}, now.Add(confirmAgain)); perr != nil {
			return perr
		}
		return err
	}
	if err == nil {
		err = errors.New("its answers do not say")
	}
	s.Observer.Alarm("the bank never said what it charged", fmt.Errorf("payment %s: %w", p.ID, err))
	m, merr := p.Note("payment.unconfirmed", Step{At: now, Actor: "settle"})
	if merr != nil {
		return merr
	}
	m.To.DueAt = time.Time{}
	return s.commit(ctx, m)
}

// confirm asks what was charged; said is whether the bank's answer settles it. A difference is an alarm for
// people and a line of the audit trail; the payment stays what the bank's yes made it.
func (s *Service) confirm(ctx context.Context, p Payment, acq Acquirer) (said bool, err error) {
	inq, ok := Able[Inquirer](acq)
	if !ok {
		s.confirmed.add(p.ID)
		return true, nil
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	out, err := inq.Inquire(bank, s.order(p))
	if err != nil || out.Result != ResultApproved || out.Amount == (Money{}) {
		return false, err
	}
	if s.sameMoney(p, out) {
		s.confirmed.add(p.ID)
		return true, nil
	}
	s.Observer.Alarm("bank states another amount", fmt.Errorf("payment %s: %s instead of %s", p.ID, out.Amount, p.Total))
	return true, s.differs(ctx, p, out)
}

// differs writes down that the bank charged other money for a paid payment, whatever has happened to it since.
func (s *Service) differs(ctx context.Context, p Payment, out Outcome) error {
	for {
		now, err := s.Ledger.PaymentByID(ctx, p.ID)
		if err != nil {
			return err
		}
		m, err := now.Differs(out.Amount, time.Time{}, Step{At: s.Clock.Now(), Actor: "bank", Data: outcomeData(out)})
		if err != nil {
			return err
		}
		m.To.DueAt = time.Time{}
		if err = s.commit(ctx, m); !errors.Is(err, ErrStale) {
			return err
		}
	}
}
