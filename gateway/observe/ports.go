package observe

import (
	"context"
	"errors"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Banks measures every acquirer that b opens, and tells rejected what its Judge rejects (nil: tells
// nobody). What an acquirer can do beside taking payments stays what it is.
func (m *Metrics) Banks(b checkout.Banks, rejected *Callbacks) checkout.Banks {
	return banks{b, m, rejected}
}

type banks struct {
	checkout.Banks
	m        *Metrics
	rejected *Callbacks
}

func (b banks) Open(a checkout.Account) (checkout.Acquirer, error) {
	inner, err := b.Banks.Open(a)
	if err != nil {
		return nil, err
	}
	return b.m.Acquirer(a, inner, b.rejected), nil
}

// Acquirer measures one acquirer.
func (m *Metrics) Acquirer(a checkout.Account, inner checkout.Acquirer, rejected *Callbacks) checkout.Acquirer {
	return &measured{Acquirer: inner, account: a.ID, kind: a.Kind, m: m, rejected: rejected}
}

// measured has every method; checkout.Able finds those that the acquirer inside has too, and nobody calls
// the others.
type measured struct {
	checkout.Acquirer
	account  checkout.AccountID
	kind     string
	m        *Metrics
	rejected *Callbacks
}

// Inside is the acquirer that is measured.
func (a *measured) Inside() checkout.Acquirer { return a.Acquirer }

// done records one call. It measures wall time, which no decision depends on.
func (a *measured) done(operation string, start time.Time, result string) {
	a.m.bank.WithLabelValues(a.kind, operation, result).Observe(time.Since(start).Seconds())
}

func (a *measured) Begin(ctx context.Context, o checkout.Order, c checkout.Card) (checkout.Challenge, error) {
	start := time.Now()
	ch, err := a.Acquirer.Begin(ctx, o, c)
	a.done("begin", start, failure(err, "ok"))
	return ch, err
}

func (a *measured) Judge(ctx context.Context, o checkout.Order, cb checkout.Callback) (checkout.Verdict, error) {
	start := time.Now()
	v, err := a.Acquirer.Judge(ctx, o, cb)
	a.done("judge", start, failure(err, verdictWord(v.Result)))
	if reason := checkout.ForgedReason(err); reason != "" && a.rejected != nil {
		a.rejected.Rejected(a.account, a.kind, o.Payment, reason)
	}
	return v, err
}

func (a *measured) Authorize(ctx context.Context, o checkout.Order) (checkout.Outcome, error) {
	return a.call("authorize", func() (checkout.Outcome, error) { return a.Acquirer.(checkout.Authorizer).Authorize(ctx, o) })
}

func (a *measured) Inquire(ctx context.Context, o checkout.Order) (checkout.Outcome, error) {
	return a.call("inquire", func() (checkout.Outcome, error) { return a.Acquirer.(checkout.Inquirer).Inquire(ctx, o) })
}

func (a *measured) SettleTime() time.Duration { return a.Acquirer.(checkout.Inquirer).SettleTime() }

func (a *measured) Void(ctx context.Context, o checkout.Order) (checkout.Outcome, error) {
	return a.call("void", func() (checkout.Outcome, error) { return a.Acquirer.(checkout.Voider).Void(ctx, o) })
}

func (a *measured) Refund(ctx context.Context, o checkout.Order, amount checkout.Money) (checkout.Outcome, error) {
	return a.call("refund", func() (checkout.Outcome, error) { return a.Acquirer.(checkout.Refunder).Refund(ctx, o, amount) })
}

func (a *measured) Capture(ctx context.Context, o checkout.Order, amount checkout.Money) (checkout.Outcome, error) {
	return a.call("capture", func() (checkout.Outcome, error) { return a.Acquirer.(checkout.Capturer).Capture(ctx, o, amount) })
}

func (a *measured) Verify(ctx context.Context) error {
	start := time.Now()
	err := a.Acquirer.(checkout.Verifier).Verify(ctx)
	a.done("verify", start, failure(err, "ok"))
	return err
}

func (a *measured) List(ctx context.Context, day checkout.Day) ([]checkout.BankLine, error) {
	start := time.Now()
	lines, err := a.Acquirer.(checkout.Lister).List(ctx, day)
	a.done("list", start, failure(err, "ok"))
	return lines, err
}

func (a *measured) call(operation string, do func() (checkout.Outcome, error)) (checkout.Outcome, error) {
	start := time.Now()
	out, err := do()
	a.done(operation, start, failure(err, resultWord(out.Result)))
	return out, err
}

// failure is the word for an error, or word without one.
func failure(err error, word string) string {
	switch {
	case err == nil:
		return word
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return kindWord(checkout.KindOf(err))
}

func kindWord(k checkout.Kind) string {
	switch k {
	case checkout.KindInvalid:
		return "invalid"
	case checkout.KindForged:
		return "forged"
	case checkout.KindUnavailable:
		return "unavailable"
	case checkout.KindConflict:
		return "conflict"
	case checkout.KindGone:
		return "gone"
	case checkout.KindNotFound:
		return "not_found"
	}
	return "error"
}

func verdictWord(r checkout.VerdictResult) string {
	switch r {
	case checkout.VerdictAuthenticated:
		return "authenticated"
	case checkout.VerdictCharged:
		return "charged"
	case checkout.VerdictNotAuthenticated:
		return "not_authenticated"
	case checkout.VerdictRefused:
		return "refused"
	}
	return "unclear"
}

func resultWord(r checkout.Result) string {
	switch r {
	case checkout.ResultApproved:
		return "approved"
	case checkout.ResultDeclined:
		return "declined"
	case checkout.ResultNotFound:
		return "not_found"
	case checkout.ResultUnfinished:
		return "unfinished"
	case checkout.ResultVoided:
		return "voided"
	case checkout.ResultTooLate:
		return "too_late"
	case checkout.ResultTooEarly:
		return "too_early"
	}
	return "unknown"
}

// Ledger measures the writes of the pay path and counts the states that payments come into. What
// else the ledger can do is asked of l itself, not of the answer.
func (m *Metrics) Ledger(l checkout.Ledger) checkout.Ledger { return ledger{l, m} }

type ledger struct {
	checkout.Ledger
	m *Metrics
}

func (l ledger) Admit(ctx context.Context, p checkout.Payment, e checkout.Event, agreed ...checkout.Consent) (checkout.Payment, error) {
	start := time.Now()
	admitted, err := l.Ledger.Admit(ctx, p, e, agreed...)
	l.m.moves.WithLabelValues("admit", failure(err, "ok")).Observe(time.Since(start).Seconds())
	if err == nil {
		l.m.payments.WithLabelValues(string(p.Status), p.Kind, "").Inc()
	}
	return admitted, err
}

func (l ledger) Move(ctx context.Context, mv checkout.Move) (checkout.Moved, error) {
	start := time.Now()
	moved, err := l.Ledger.Move(ctx, mv)
	l.m.moves.WithLabelValues("move", failure(err, "ok")).Observe(time.Since(start).Seconds())
	if err == nil && mv.From.Status != mv.To.Status {
		l.m.payments.WithLabelValues(string(mv.To.Status), mv.To.Kind, string(mv.To.Decline.Code)).Inc()
		if mv.To.Status == checkout.StatusPaid {
			l.m.amounts.WithLabelValues(string(mv.To.Total.Currency), mv.To.Kind).Add(float64(mv.To.Total.Minor))
		}
	}
	return moved, err
}
