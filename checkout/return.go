package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxNotes bounds the events that strangers can cause on one payment by posting nonsense.
const maxNotes = 64

// Return takes what the bank sent back through the browser and brings the payment as far as it
// goes: verify, authorise, record. Repeating it changes nothing and answers the same payment.
//
// Forged: the callback is not the bank's; nothing changed. ErrPaid or ErrBusy: another payment of
// the link was first; this one is failed. Otherwise the payment's status says what the payer is
// shown; authorizing and pending mean that the answer is still awaited.
func (s *Service) Return(ctx context.Context, id PaymentID, cb Callback, ip string) (Payment, error) {
	if !id.Valid() {
		return Payment{}, ErrNoPayment
	}
	// What was begun is finished even if the payer's browser goes away.
	ctx = context.WithoutCancel(ctx)
	for {
		p, err := s.Ledger.PaymentByID(ctx, id)
		if err != nil {
			return Payment{}, err
		}
		p, err = s.judge(ctx, p, cb, ip)
		if !errors.Is(err, ErrStale) {
			return p, err
		}
		// Somebody else moved the payment since it was read: look again.
	}
}

// judge believes or refuses one callback for the payment as read.
func (s *Service) judge(ctx context.Context, p Payment, cb Callback, ip string) (Payment, error) {
	v, acq, err := s.verdict(ctx, p, cb)
	if reason := ForgedReason(err); reason != "" {
		s.reject(ctx, p, reason, ip)
		return p, err
	}
	if err != nil {
		return p, fmt.Errorf("judge callback: %w", err)
	}
	step := Step{At: s.Clock.Now(), Actor: "bank", IP: ip, Data: verdictData(v)}
	if p.Status != StatusChallenged {
		return p, s.late(ctx, p, v, step)
	}
	passed := v.Result == VerdictAuthenticated || v.Result == VerdictCharged
	if v.Result == VerdictNotAuthenticated || (passed && !mayAuthorize(p, v.MDStatus)) {
		return s.notVerified(ctx, p, v, step)
	}
	if v.Result == VerdictRefused && !p.OneStep {
		return s.end(ctx, p, step, func() (Move, error) { return p.Fail(v.Decline, time.Time{}, step) })
	}
	return s.authorize(ctx, p, acq, v, step)
}

// verdict asks the payment's bank what to make of a callback. An account that was read a moment ago spares the
// ledger a read; where its key does not know the signature, one that was changed since may. Another password that was
// given at another gateway is known here after Timing.MerchantFresh, as everything of an account is to the pages.
func (s *Service) verdict(ctx context.Context, p Payment, cb Callback) (v Verdict, acq Acquirer, err error) {
	lately, known := s.accountAtHand(p)
	if known {
		if v, acq, err = s.verdictAt(ctx, lately, p, cb); ForgedReason(err) == "" {
			return v, acq, err
		}
	}
	a, loadErr := s.accountOf(ctx, p)
	switch {
	case loadErr != nil:
		return Verdict{}, nil, loadErr
	case known && a.Version == lately.Version:
		return v, acq, err
	}
	return s.verdictAt(ctx, a, p, cb)
}

func (s *Service) verdictAt(ctx context.Context, a Account, p Payment, cb Callback) (Verdict, Acquirer, error) {
	acq, err := s.openFor(a, p)
	if err != nil {
		return Verdict{}, nil, unusable(err)
	}
	judges, err := s.judges(ctx, a, p, acq)
	if err != nil {
		return Verdict{}, nil, err
	}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	var v Verdict
	for _, judge := range judges {
		if v, err = judge.Judge(bank, s.order(p), cb); ForgedReason(err) != ForgedHashMismatch {
			break
		}
	}
	return v, acq, err // what is sent now is signed as the bank takes it now
}

// judges are who may know the signature of a callback, likeliest first: where the account's credentials were changed
// since the payment was made, the bank signs with those that it had when the payer came.
func (s *Service) judges(ctx context.Context, a Account, p Payment, now Acquirer) ([]Acquirer, error) {
	if p.CreatedAt.After(a.UpdatedAt.Add(s.Timing.MerchantFresh)) {
		return []Acquirer{now}, nil
	}
	former, err := s.Ledger.FormerCredentials(ctx, a.ID, s.Clock.Now())
	if err != nil {
		return nil, fmt.Errorf("load former credentials: %w", err)
	}
	var before, after []Acquirer
	for _, f := range former {
		if p.CreatedAt.After(f.ChangedAt.Add(s.Timing.MerchantFresh)) {
			continue
		}
		a.Kind, a.Mode, a.Credentials = p.Kind, p.Mode, f.Credentials
		acq, err := s.Banks.Open(a)
		switch {
		case err != nil:
			continue // they had a mistake, so the bank signed nothing with them
		case p.CreatedAt.Before(f.ChangedAt):
			before = append(before, acq)
		default:
			after = append(after, acq)
		}
	}
	return slices.Concat(before, []Acquirer{now}, after), nil
}

// unusable says what an account whose settings are wrong means for a callback: without its secrets
// nothing can be checked and nothing is believed (A3, I23); any other mistake is for the merchant to
// mend, and the callback is as good afterwards.
func unusable(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Kind != KindInvalid {
		return err
	}
	for _, f := range e.Fields {
		if strings.HasPrefix(f.Field, "credentials.") && f.Code == "required" {
			return Forged(ForgedSecretMissing)
		}
	}
	return ErrUnreachable.Because(err)
}

// verdictData is what the audit trail keeps of a believed callback.
func verdictData(v Verdict) map[string]string {
	d := map[string]string{"md_status": v.MDStatus, "eci": v.ECI}
	for k, text := range map[string]string{"bank_code": v.Decline.BankCode, "bank_message": cut(v.Decline.Message, 200)} {
		if text != "" {
			d[k] = text
		}
	}
	return d
}

// mayAuthorize is invariant I11: byte-equal "1", or 2, 3, 4 where the account allowed it.
func mayAuthorize(p Payment, mdStatus string) bool {
	switch mdStatus {
	case "1":
		return true
	case "2", "3", "4":
		return p.HalfSecure
	}
	return false
}

// reject writes the audit line of a callback that failed its checks; the payment stays as it is.
func (s *Service) reject(ctx context.Context, p Payment, reason, ip string) {
	s.Observer.Rejected(p, reason)
	if p.Seq >= maxNotes {
		return
	}
	for {
		m, err := p.Note("payment.callback_rejected", Step{At: s.Clock.Now(), Actor: "browser", IP: ip, Data: map[string]string{"reason": reason}})
		if err == nil {
			err = s.commit(ctx, m)
		}
		if !errors.Is(err, ErrStale) {
			if err != nil {
				s.Observer.Fault("record rejected callback", err)
			}
			return
		}
		if p, err = s.Ledger.PaymentByID(ctx, p.ID); err != nil || p.Seq >= maxNotes {
			return
		}
	}
}

// late records a genuine callback that says otherwise than what is already decided (A13). What a one-step bank charged
// for an attempt that had ended goes back at once, not when the settle loop would have looked again, or never (I3).
func (s *Service) late(ctx context.Context, p Payment, v Verdict, step Step) error {
	yes := v.Result == VerdictAuthenticated || v.Result == VerdictCharged
	agrees := yes == (p.Status.Collected() || p.Status.Undecided())
	if agrees || p.Seq >= maxNotes {
		return nil
	}
	m, err := p.Note("payment.callback_late", step)
	if err != nil {
		return err
	}
	if p.OneStep && p.over() && v.Result == VerdictCharged { // the bank has the money, as it says itself: it is asked now
		m.To.Reversal, m.To.DueAt, m.To.Asks, m.To.NotFound = ReversalDue, s.Clock.Now(), 0, 0
	}
	return s.commit(ctx, m)
}

// notVerified ends a payment whose 3-D Secure did not pass. No authorising call was made.
func (s *Service) notVerified(ctx context.Context, p Payment, v Verdict, step Step) (Payment, error) {
	d := v.Decline
	if v.Result != VerdictNotAuthenticated {
		d = Decline{Code: ReasonHalfSecure}
		if v.MDStatus != "2" && v.MDStatus != "3" && v.MDStatus != "4" {
			d.Code = ReasonAuthentication
		}
	}
	if d.Code == "" {
		d.Code = ReasonAuthentication
	}
	return s.end(ctx, p, step, func() (Move, error) {
		m, err := p.Fail(d, s.reverseAt(p), step)
		m.To.MDStatus, m.To.ECI = v.MDStatus, v.ECI
		return m, err
	})
}

// end makes a last step true, counts the refusal, and answers the payment as stored.
func (s *Service) end(ctx context.Context, p Payment, step Step, make func() (Move, error)) (Payment, error) {
	m, err := make()
	if err != nil {
		return p, err
	}
	over, err := s.take(ctx, m)
	if err != nil {
		return p, fmt.Errorf("record %s: %w", m.To.Status, err)
	}
	if m.To.Decline.Code != ReasonLinkUsed && m.To.Decline.Code != ReasonSuperseded {
		s.countRefusal(ctx, m.To)
	}
	return over, nil
}

// countRefusal feeds the limits, and lets the link rest when they say so (A30).
func (s *Service) countRefusal(ctx context.Context, p Payment) {
	rest, err := s.Velocity.Refused(ctx, Attempt{Payment: p.ID, Merchant: p.Merchant, Token: p.Token, Version: p.LinkVersion, IP: p.PayerIP, BIN: p.Card.BIN})
	if err != nil {
		s.Observer.Fault("count refusal", err)
	}
	if !rest {
		return
	}
	if err := s.restLink(ctx, p); err != nil {
		s.Observer.Fault("rest link", err)
	}
}

func (s *Service) restLink(ctx context.Context, p Payment) error {
	for {
		l, err := s.Ledger.LinkByID(ctx, p.Merchant, p.Link)
		if err != nil || !l.RestingSince.IsZero() {
			return err
		}
		to := l
		to.RestingSince, to.UpdatedAt = s.Clock.Now(), s.Clock.Now()
		now, err := s.Ledger.ChangeLink(ctx, LinkChange{From: l, To: to, Publish: "link.velocity_blocked", Event: Event{
			Merchant: l.Merchant, Subject: string(l.ID), Type: "link.velocity_blocked", Actor: "limits", At: s.Clock.Now(),
		}})
		if err == nil {
			s.publish(ctx, &now)
		}
		if !errors.Is(err, ErrStale) {
			return err
		}
	}
}

// authorize takes the link's slot durably, then lets the bank move the money. The bank's answer is
// waited for a while; the call itself goes on until its own time-out.
func (s *Service) authorize(ctx context.Context, p Payment, acq Acquirer, v Verdict, step Step) (Payment, error) {
	if err := s.claim(ctx, p); err != nil {
		return s.linkUsed(ctx, p, step, err)
	}
	sent, told, err := s.takeSlot(ctx, p, v, step)
	if err != nil {
		s.release(ctx, p)
		if errors.Is(err, ErrPaid) || errors.Is(err, ErrBusy) {
			return s.linkUsed(ctx, p, step, err)
		}
		return p, fmt.Errorf("record authorizing: %w", err)
	}
	p = sent
	if s.Clock.Now().Add(s.Timing.Provision).After(p.DueAt) {
		// The commit took so long that the resolver could act while our call still runs (I22).
		return p, nil
	}
	return s.send(ctx, p, acq, v, !told)
}

// takeSlot writes that the money moves now, and from when on the settle loop may ask about it. What the bank may have
// charged for an earlier attempt is asked first.
func (s *Service) takeSlot(ctx context.Context, p Payment, v Verdict, step Step) (taken Payment, told bool, err error) {
	var asked []PaymentID
	for range askRounds {
		lease := s.Clock.Now().Add(s.Timing.lease())
		m, err := p.Authorize(v, lease, lease, step)
		if err != nil {
			return p, false, err
		}
		m.Asked = asked
		if taken, told, err = s.tell(ctx, m); !errors.Is(err, ErrUnasked) {
			return taken, told, err
		}
		if asked, err = s.askOthers(ctx, p); err != nil {
			return p, false, err
		}
	}
	return p, false, ErrBusy // others begin one-step attempts all the time
}

// claim takes the quick mark. It only spares losers the database: a claim that says busy is
// believed when the ledger says so too (I2, I26).
func (s *Service) claim(ctx context.Context, p Payment) error {
	if !p.SingleUse {
		return nil // a claim would show a link with room for more payers as busy
	}
	err := s.Hot.Claim(ctx, p.Token, p.ID, s.Timing.lease())
	if err == nil || KindOf(err) == KindUnavailable {
		return nil
	}
	l, lerr := s.Ledger.LinkByID(ctx, p.Merchant, p.Link)
	if lerr != nil {
		return nil // the taking statement decides
	}
	if l.Spent() {
		return ErrPaid
	}
	if l.Slots() > 0 && l.PaidCount+l.SlotsHeld >= l.Slots() {
		return ErrBusy
	}
	return nil
}

func (s *Service) release(ctx context.Context, p Payment) {
	if !p.SingleUse {
		return
	}
	if err := s.Hot.Release(ctx, p.Token, p.ID); err != nil {
		s.Observer.Fault("release claim", err)
	}
}

// linkUsed ends a payment that came second. A one-step bank may have charged: then the reversal is due.
func (s *Service) linkUsed(ctx context.Context, p Payment, step Step, cause error) (Payment, error) {
	ended, err := s.end(ctx, p, step, func() (Move, error) {
		return p.Fail(Decline{Code: ReasonLinkUsed}, s.reverseAt(p), step)
	})
	if err != nil {
		return p, err
	}
	return ended, cause
}

// send makes the authorising call in its own goroutine, so that a payer who closes the page or a
// bank that is slow changes nothing about how it is recorded. claimed says that the quick mark may still
// stand.
func (s *Service) send(ctx context.Context, p Payment, acq Acquirer, v Verdict, claimed bool) (Payment, error) {
	done := make(chan Payment, 1)
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer close(done)
		defer s.outlive("the authorising call", p)
		bank, cancel := context.WithTimeout(ctx, s.Timing.Provision)
		defer cancel()
		out, err := s.charge(bank, p, acq, v)
		if err != nil {
			s.Observer.Fault("authorising call", err)
		}
		now, err := s.record(ctx, p, out, "bank")
		if err != nil {
			s.Observer.Fault("record outcome", err)
			now = Payment{} // whether it was stored is the ledger's to say
		}
		if claimed {
			s.release(ctx, p)
		}
		done <- now
		if amountOpen(p, out) {
			s.running.Add(1)
			go s.confirmAmount(ctx, p, acq)
		}
	}()
	timer := time.NewTimer(s.Timing.Answer)
	defer timer.Stop()
	select {
	case now := <-done:
		if now.ID != "" {
			return now, nil
		}
	case <-timer.C:
	}
	return s.Ledger.PaymentByID(ctx, p.ID)
}

// outlive keeps a panic over one payment from ending the process and every other call in flight. The payment
// stays as it is, and the settle loop asks about it. Of the panic only its kind is told: a card
// may have been in memory (A65).
func (s *Service) outlive(what string, p Payment) {
	if r := recover(); r != nil {
		s.Observer.Alarm("panic in "+what, fmt.Errorf("payment %s: %T", p.ID, r))
	}
}

// charge moves the money in two-step modes, and asks what was moved in one-step modes: a callback
// that came through a browser never makes a payment paid (I4). Nor does an inquiry alone make it
// declined so early: unless the callback says no as well, the settle loop asks again when nothing can
// still appear (I21).
func (s *Service) charge(ctx context.Context, p Payment, acq Acquirer, v Verdict) (Outcome, error) {
	if a, ok := Able[Authorizer](acq); ok && !p.OneStep {
		return a.Authorize(ctx, s.order(p))
	}
	if i, ok := Able[Inquirer](acq); ok {
		out, err := i.Inquire(ctx, s.order(p))
		if out.Result == ResultDeclined && v.Result != VerdictRefused {
			out.Result = ResultUnknown
		}
		return out, err
	}
	return Outcome{}, errors.New("the acquirer can neither authorise nor be asked")
}

// record writes what the bank said: an explicit yes, an explicit no, or that we do not know. A
// sender that was held up beyond its lease finds the payment moved on by the settle loop. It answers the
// payment as it is then, where it could be known.
func (s *Service) record(ctx context.Context, p Payment, out Outcome, actor string) (Payment, error) {
	for {
		now, err := s.recordAt(ctx, p, out, actor)
		if !errors.Is(err, ErrStale) {
			return now, err
		}
		if p, err = s.Ledger.PaymentByID(ctx, p.ID); err != nil {
			return Payment{}, err
		}
		switch {
		case p.Status == StatusAuthorizing:
		case p.Status == StatusPending && (out.Result == ResultApproved || out.Result == ResultDeclined):
		case p.Status == StatusDeclined && out.Result == ResultApproved:
			return Payment{}, s.chargedTooLate(ctx, p, out, actor)
		default:
			return p, nil // decided, and the answer adds nothing
		}
	}
}

// chargedTooLate has a charge given back whose payment was already told to be declined (I3).
func (s *Service) chargedTooLate(ctx context.Context, p Payment, out Outcome, actor string) error {
	s.Observer.Alarm("charge after the end of its payment", fmt.Errorf("payment %s", p.ID))
	for {
		m, err := p.Note("payment.charged_late", Step{At: s.Clock.Now(), Actor: actor, Data: outcomeData(out)})
		if err != nil {
			return err
		}
		m.To.Reversal, m.To.DueAt, m.To.Asks, m.To.NotFound = ReversalDue, s.Clock.Now(), 0, 0
		if err = s.commit(ctx, m); !errors.Is(err, ErrStale) {
			return err
		}
		if p, err = s.Ledger.PaymentByID(ctx, p.ID); err != nil {
			return err
		}
	}
}

// recordAt writes it to the payment as read. ErrStale: it moved since.
func (s *Service) recordAt(ctx context.Context, p Payment, out Outcome, actor string) (Payment, error) {
	step := Step{At: s.Clock.Now(), Actor: actor, Data: outcomeData(out)}
	var m Move
	var err error
	switch {
	case out.Result == ResultApproved && !s.sameMoney(p, out):
		step.Data["copy_mismatch"] = out.Amount.String()
		s.Observer.Alarm("bank states another amount", fmt.Errorf("payment %s: %s instead of %s", p.ID, out.Amount, p.Total))
		if p.Status == StatusPending {
			m, err = p.Differs(out.Amount, s.nextAsk(p), step)
		} else {
			m, err = p.Doubt(s.askAt(p), step)
		}
	case out.Result == ResultApproved:
		if m, err = p.Approve(out, step); amountOpen(p, out) {
			m.To.DueAt = s.Clock.Now().Add(confirmAfter)
		}
	case out.Result == ResultDeclined:
		return s.end(ctx, p, step, func() (Move, error) { return p.Refuse(out.Decline, step) })
	default:
		m, err = p.Doubt(s.askAt(p), step)
	}
	if err != nil {
		return Payment{}, err
	}
	return s.take(ctx, m)
}

// sameMoney holds an amount that the bank states against the copy; silence is no contradiction.
func (s *Service) sameMoney(p Payment, out Outcome) bool {
	return out.Amount == Money{} || out.Amount == p.Total
}

func (s *Service) askAt(p Payment) time.Time { return s.Clock.Now().Add(s.Timing.askAfter(p.Asks)) }

// outcomeData is what the audit trail keeps of a bank's answer.
func outcomeData(out Outcome) map[string]string {
	d := map[string]string{"result": out.Result.String()}
	for k, v := range map[string]string{
		"auth_code": out.AuthCode, "rrn": out.RRN, "reason": string(out.Decline.Code),
		"bank_code": out.Decline.BankCode, "bank_message": cut(out.Decline.Message, 200),
	} {
		if v != "" {
			d[k] = v
		}
	}
	return d
}

// Give answers a payment for its result page.
func (s *Service) Give(ctx context.Context, id PaymentID) (Payment, error) {
	if !id.Valid() {
		return Payment{}, ErrNoPayment
	}
	return s.Ledger.PaymentByID(ctx, id)
}
