package checkout

import (
	"fmt"
	"testing"
)

func TestPaymentsAtBanksAreRememberedOnceAndBounded(t *testing.T) {
	var a atBanks
	p := Payment{ID: "pay_1", Status: StatusChallenged, Seq: 1}
	a.moved(p)
	if _, ok := a.take(p.ID); ok {
		t.Error("a step of a payment that is not remembered brought it in")
	}
	a.put(p)
	p.Seq = 2
	a.moved(p)
	if got, ok := a.take(p.ID); !ok || got.Seq != 2 {
		t.Errorf("taken: %v, %v", got.Seq, ok)
	}
	if _, ok := a.take(p.ID); ok {
		t.Error("it is answered twice")
	}
	a.put(p)
	p.Status = StatusFailed
	a.moved(p)
	a.put(p)
	if _, ok := a.take(p.ID); ok {
		t.Error("one that is over is remembered")
	}
	for n := range mostAtBanks + 10 {
		a.put(Payment{ID: PaymentID(fmt.Sprint(n)), Status: StatusChallenged})
	}
	if len(a.kept) != mostAtBanks {
		t.Errorf("%d are remembered", len(a.kept))
	}
}
