package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Money goes back the way it came: written down first, asked for once, ended by the bank's word. An answer
// that was lost is never a reason to ask again for the money; the bank's record of the sale is read instead,
// and compared with what it said before (A46, C16).

// maxRefundReason bounds a reason, in characters.
const maxRefundReason = 250

// RefundAsk is what a merchant asks for.
type RefundAsk struct {
	Kind   RefundKind
	Minor  int64 // of the payment's currency; 0 = all that is left, of a refund without what is disputed
	Reason string
	// Idem, when not nil, is asked for the answer to keep with the caller's Idempotency-Key.
	Idem func(Refund) (Idempotency, error)
}

// GiveBack voids or refunds a payment of the merchant and answers how it ended; pending means that the
// bank's answer is still awaited, refused that nothing went back. ErrNoPayment, ErrNotRefundable,
// ErrRefundOverTotal, ErrDisputed, ErrRefundRunning, ErrKeyKnown, Invalid for its reason, and ErrUnreachable when the bank could not be asked
// how the sale stands; then nothing was begun.
func (s *Service) GiveBack(ctx context.Context, by By, m MerchantID, id PaymentID, ask RefundAsk) (Refund, error) {
	ctx = context.WithoutCancel(ctx) // what was begun is finished
	if code := checkText(ask.Reason, maxRefundReason); code != "" {
		return Refund{}, Invalid(FieldError{Field: "reason", Code: code})
	}
	for {
		p, err := s.Ledger.PaymentOf(ctx, m, id)
		if err != nil {
			return Refund{}, err
		}
		r, err := s.giveBackOnce(ctx, by, p, ask)
		if !errors.Is(err, ErrStale) {
			return r, err
		}
	}
}

func (s *Service) giveBackOnce(ctx context.Context, by By, p Payment, ask RefundAsk) (Refund, error) {
	if ask.Minor == 0 {
		if ask.Minor = p.Rest(); ask.Kind == KindRefund && p.Free() > 0 {
			ask.Minor = p.Free()
		}
	}
	if ask.Kind == KindVoid && ask.Minor != p.Total.Minor {
		return Refund{}, ErrNotRefundable.Because(errors.New("a void takes back the whole sale"))
	}
	if err := p.MayGiveBack(ask.Kind, ask.Minor); err != nil {
		return Refund{}, err
	}
	// Asked here so that the bank is not; the ledger decides.
	others, err := s.Ledger.RefundsOf(ctx, p.Merchant, []PaymentID{p.ID})
	if err != nil {
		return Refund{}, err
	}
	if slices.ContainsFunc(others[p.ID], func(r Refund) bool { return r.Status == RefundPending }) {
		return Refund{}, ErrRefundRunning
	}
	acq, err := s.acquirerOf(ctx, p)
	if err != nil {
		return Refund{}, err
	}
	before, err := s.goneBack(ctx, p, acq, ask)
	if err != nil {
		return Refund{}, err
	}
	now := s.Clock.Now()
	r := Refund{
		ID: s.IDs.Refund(), Merchant: p.Merchant, Payment: p.ID, Kind: ask.Kind, Amount: Money{Minor: ask.Minor, Currency: p.Total.Currency},
		Status: RefundPending, Before: before, Reason: ask.Reason, Actor: by.Actor, CreatedAt: now, UpdatedAt: now, DueAt: now.Add(s.Timing.lease()),
	}
	m, err := p.AskBack(r, Step{At: now, Actor: by.Actor, IP: by.IP})
	if err != nil {
		return Refund{}, err
	}
	if ask.Idem != nil {
		if m.Answer, err = ask.Idem(r); err != nil {
			return Refund{}, err
		}
	}
	if p, err = s.take(ctx, m); err != nil {
		return Refund{}, err
	}
	if s.Clock.Now().Add(s.Timing.Provision).After(r.DueAt) {
		return r, nil // the commit took so long that the settle loop could act while our call still runs (I22)
	}
	return s.sendBack(ctx, p, r, acq)
}

// goneBack asks how much the bank says went back already. Of a void nothing depends on it: it takes all or
// nothing, and the record says which.
func (s *Service) goneBack(ctx context.Context, p Payment, acq Acquirer, ask RefundAsk) (int64, error) {
	if _, ok := Able[Voider](acq); ask.Kind == KindVoid {
		if !ok {
			return 0, ErrNotRefundable.Because(errors.New("the acquirer cannot void"))
		}
		return p.Refunded, nil
	}
	inq, asks := Able[Inquirer](acq)
	if _, ok := Able[Refunder](acq); !ok || !asks {
		return 0, ErrNotRefundable.Because(errors.New("the acquirer cannot refund"))
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	out, err := inq.Inquire(bank, s.order(p))
	if err != nil {
		return 0, ErrUnreachable.Because(err)
	}
	switch {
	case out.Result == ResultVoided:
		s.Observer.Alarm("the bank holds a payment for void", fmt.Errorf("payment %s", p.ID))
		return 0, ErrNotRefundable.Because(errors.New("the bank says it is void"))
	case out.Result != ResultApproved:
		return 0, ErrUnreachable.Because(fmt.Errorf("the bank does not say how the sale stands: %s", out.Result))
	}
	if out.Amount.Currency != p.Total.Currency {
		s.Observer.Alarm("bank states another amount", fmt.Errorf("payment %s: %s instead of %s", p.ID, out.Amount, p.Total))
		return 0, ErrNotRefundable.Because(errors.New("the bank's record has another currency"))
	}
	if out.Amount != p.Total {
		s.Observer.Alarm("bank states another amount", fmt.Errorf("payment %s: %s instead of %s", p.ID, out.Amount, p.Total))
	}
	if out.Refunded != p.Refunded {
		// Another giving-back may have begun or ended since the payment was read; whether this one may go on then is
		// the ledger's to say.
		if now, err := s.Ledger.PaymentByID(ctx, p.ID); err != nil {
			return 0, err
		} else if now.Seq == p.Seq {
			s.Observer.Alarm("the bank gave back another amount", fmt.Errorf("payment %s: %d instead of %d", p.ID, out.Refunded, p.Refunded))
		}
	}
	if ask.Minor > min(p.Total.Minor, out.Amount.Minor)-out.Refunded {
		return 0, ErrRefundOverTotal
	}
	return out.Refunded, nil
}

// sendBack makes the call in its own goroutine, so that whoever asked may go away.
func (s *Service) sendBack(ctx context.Context, p Payment, r Refund, acq Acquirer) (Refund, error) {
	done := make(chan Refund, 1)
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer close(done)
		defer s.outlive("a void or refund", p)
		bank, cancel := context.WithTimeout(ctx, s.Timing.Provision)
		defer cancel()
		out, err := s.callBack(bank, p, r, acq)
		if err != nil {
			s.Observer.Fault("void or refund", fmt.Errorf("refund %s: %w", r.ID, err))
		}
		now, err := s.endBack(ctx, r, out, r.Actor)
		if err != nil {
			s.Observer.Fault("record a void or refund", fmt.Errorf("refund %s: %w", r.ID, err))
			return // whether it was stored is the ledger's to say
		}
		done <- now
		s.holdBack(ctx, p, now, acq)
	}()
	timer := time.NewTimer(s.Timing.Answer)
	defer timer.Stop()
	select {
	case now, ok := <-done:
		if ok {
			return now, nil
		}
	case <-timer.C:
	}
	return s.Ledger.RefundOf(ctx, r.Merchant, r.ID)
}

// holdBack holds what went back against the bank's record: a message that reached it twice shows there and
// nowhere else. Nobody waits for it, and it decides nothing.
func (s *Service) holdBack(ctx context.Context, p Payment, r Refund, acq Acquirer) {
	inq, asks := Able[Inquirer](acq)
	if r.Status != RefundRefunded || !asks {
		return
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	out, err := inq.Inquire(bank, s.order(p))
	switch {
	case err != nil:
		s.Observer.Fault("look at what went back", fmt.Errorf("refund %s: %w", r.ID, err))
	case out.Result != ResultApproved || out.Refunded != r.Before+r.Amount.Minor:
		s.Observer.Alarm("the bank gave back another amount", fmt.Errorf("refund %s: %d after %d", r.ID, out.Refunded, r.Before))
	}
}

// callBack sends the void or refund that goneBack found the acquirer able to do.
func (s *Service) callBack(ctx context.Context, p Payment, r Refund, acq Acquirer) (Outcome, error) {
	if voids, has := Able[Voider](acq); has && r.Kind == KindVoid {
		return voids.Void(ctx, s.order(p))
	}
	refunds, has := Able[Refunder](acq)
	if !has || r.Kind == KindVoid {
		return Outcome{}, errors.New("the acquirer cannot give back")
	}
	return refunds.Refund(ctx, s.order(p), r.Amount)
}

// endBack records what an answer says, if it says anything. "Not found" of a void says nothing: the bank may
// have voided the sale already.
func (s *Service) endBack(ctx context.Context, r Refund, out Outcome, actor string) (Refund, error) {
	var end func(Payment, Step) (Move, error)
	switch {
	case r.Kind == KindVoid && out.Result == ResultVoided, r.Kind == KindRefund && out.Result == ResultApproved:
		end = func(p Payment, step Step) (Move, error) {
			if r.Kind == KindVoid && p.Status == StatusVoided {
				return p.WasVoided(r, out, step)
			}
			return p.GaveBack(r, out, step)
		}
	case out.Result == ResultTooLate:
		end = keeps(r, out, ReasonTooLate)
	case out.Result == ResultTooEarly:
		end = keeps(r, out, ReasonTooEarly)
	case out.Result == ResultDeclined:
		end = keeps(r, out, out.Decline.Code)
	default:
		return r, nil
	}
	for {
		p, err := s.Ledger.PaymentOf(ctx, r.Merchant, r.Payment)
		if err != nil {
			return r, err
		}
		m, err := end(p, Step{At: s.Clock.Now(), Actor: actor})
		if err != nil {
			return r, err
		}
		if _, err = s.take(ctx, m); err == nil {
			return *m.Refund, nil
		}
		if !errors.Is(err, ErrStale) {
			return r, err
		}
		// The payment has another event since, or somebody else ended this.
		if now, err := s.Ledger.RefundOf(ctx, r.Merchant, r.ID); err != nil || now.Status != RefundPending {
			return now, err
		}
	}
}

func keeps(r Refund, out Outcome, code Reason) func(Payment, Step) (Move, error) {
	d := out.Decline
	if d.Code = code; code == "" {
		d.Code = ReasonGeneric
	}
	return func(p Payment, step Step) (Move, error) { return p.KeptBack(r, d, step) }
}

// settleRefunds asks the bank about every void and refund whose answer was lost.
func (s *Service) settleRefunds(ctx context.Context) (int, error) {
	due, err := s.Ledger.LeaseRefunds(ctx, s.Clock.Now().Add(s.Timing.Inquiry*settleLease), settleBatch)
	if err != nil {
		return 0, fmt.Errorf("find refunds to settle: %w", err)
	}
	var all sync.WaitGroup
	for _, r := range due {
		all.Go(func() {
			defer s.outlive("settling a refund", Payment{ID: r.Payment})
			if err := s.settleRefund(ctx, r); err != nil {
				s.Observer.Fault("settle refund", fmt.Errorf("refund %s: %w", r.ID, err))
			}
		})
	}
	all.Wait()
	return len(due), nil
}

func (s *Service) settleRefund(ctx context.Context, r Refund) error {
	out, counts, err := s.standing(ctx, r)
	if err == nil {
		out = s.wentBack(r, out, s.Clock.Now().After(counts) && r.Asks > 1)
		if out.Result != ResultUnknown {
			_, err = s.endBack(ctx, r, out, "settle")
			return err
		}
	}
	now := s.Clock.Now()
	if now.Sub(r.CreatedAt) > unresolvedAfter {
		s.Observer.Alarm("a refund stays undecided", fmt.Errorf("refund %s of payment %s", r.ID, r.Payment))
	}
	return errors.Join(err, s.Ledger.RefundLater(ctx, r.ID, now.Add(s.Timing.askAfter(r.Asks))))
}

// standing asks how the sale stands; counts is the moment from which the bank's record has its last word.
func (s *Service) standing(ctx context.Context, r Refund) (out Outcome, counts time.Time, err error) {
	p, err := s.Ledger.PaymentOf(ctx, r.Merchant, r.Payment)
	if err != nil {
		return out, counts, err
	}
	acq, err := s.acquirerOf(ctx, p)
	if err != nil {
		return out, counts, err
	}
	inq, ok := Able[Inquirer](acq)
	if !ok {
		return out, counts, errors.New("the acquirer cannot be asked")
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	out, err = inq.Inquire(bank, s.order(p))
	wait := s.Timing.Settle
	if wait == 0 {
		wait = inq.SettleTime()
	}
	return out, r.CreatedAt.Add(s.Timing.lease() + wait), err
}

// wentBack reads from the sale's record how the giving-back ended: unknown where it does not say. That
// nothing went back counts when nothing can come any more (over).
func (s *Service) wentBack(r Refund, out Outcome, over bool) Outcome {
	unclear := Outcome{}
	nothing := unclear
	if over {
		nothing = Outcome{Result: ResultDeclined, Decline: Decline{Code: ReasonNotDone}}
	}
	switch {
	case r.Kind == KindVoid && out.Result == ResultVoided:
		return out
	case r.Kind == KindVoid && out.Result == ResultApproved:
		return nothing
	case out.Result != ResultApproved:
		return unclear
	}
	back := out.Refunded - r.Before
	if back != 0 && back != r.Amount.Minor {
		// Somebody else gave money back as well, at the bank's own panel perhaps.
		s.Observer.Alarm("the bank gave back another amount", fmt.Errorf("refund %s: %d after %d", r.ID, out.Refunded, r.Before))
	}
	if back >= r.Amount.Minor {
		return Outcome{Result: ResultApproved, Amount: r.Amount, AuthCode: out.AuthCode, RRN: out.RRN}
	}
	return nothing // less than was asked for is not what was asked for: that goes back whole or not at all
}
