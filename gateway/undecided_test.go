package main

import (
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// C9: a payment whose bank keeps silent is counted by how long it waits, and doctor names it before long.
func TestC09_LongUndecidedPaymentsAreCountedAndNamed(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	look := func() string {
		t.Helper()
		r.must("look", r.app.undecided.look(t.Context()), nil)
		var ages []string
		for _, w := range waits {
			ages = append(ages, r.metric(`odelink_payments_undecided{age="`+w.name+`"}`))
		}
		return strings.Join(ages, " ")
	}
	doctor := func() finding { return r.app.checkUndecided(t.Context())[0] }
	r.must("none", []any{look(), r.metric("odelink_payments_undecided_oldest_seconds"), doctor().err}, []any{"0 0 0 0 0", "0", nil})
	r.bankFault(banksim.StepProvision, banksim.FaultTimeoutAfter, "", 1)
	lost := r.atBank(r.link(nil))
	lost.back()
	p := r.ledgerPayment(lost.id)
	r.must("waits", p.Status, checkout.StatusPending)
	f := doctor()
	r.must("just now", []any{look(), f.err, f.note}, []any{"1 0 0 0 0", nil, "1 wait for their bank's word"})
	r.clock.advance(p.Deadline.Sub(r.clock.Now()) + 16*time.Minute)
	r.must("for too long", []any{look(), r.metric("odelink_payments_undecided_oldest_seconds")}, []any{"0 0 1 0 0", "960"})
	if f := doctor(); f.err == nil || !strings.Contains(f.err.Error(), lost.id+" of "+string(demoMerchant)) || !strings.Contains(f.err.Error(), "for 16m0s") {
		t.Errorf("%+v", f)
	}
	r.clock.advance(24 * time.Hour)
	r.must("for days", look(), "0 0 0 0 1")
	r.settle()
	r.must("the bank has said it", []any{r.ledgerPayment(lost.id).Status, look(), doctor().err}, []any{checkout.StatusPaid, "0 0 0 0 0", nil})
}
