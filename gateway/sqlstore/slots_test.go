package sqlstore_test

import (
	"errors"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
)

// I2: payments that were paid while a link had no limit hold no slot, and count against the limit that
// it gets later, beside the one that is being authorised.
func TestI02_WhatWasPaidBeforeTheLimitCounts(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		ledger := open(t, url, at(clock))
		b := storetest.NewBooks(t, ledger, clock)
		l := b.Create(func(l *checkout.Link) { l.Usage, l.MaxPayments = checkout.UsageMulti, 0 })
		b.Pay(l)
		b.Pay(l)
		first, second := b.Admit(l), b.Admit(l)
		limited := b.ReadLink(l.ID)
		limited.MaxPayments = 3
		if _, err := ledger.ChangeLink(t.Context(), checkout.LinkChange{From: b.ReadLink(l.ID), To: limited, Event: b.Event("link.edited")}); err != nil {
			t.Fatal(err)
		}
		first = b.Move(b.Authorizing(first))
		if _, err := ledger.Move(t.Context(), b.Authorizing(second)); !errors.Is(err, checkout.ErrBusy) {
			t.Errorf("a fourth beside two paid ones and one on its way: %v", err)
		}
		b.Move(b.Approved(first))
		if _, err := ledger.Move(t.Context(), b.Authorizing(second)); !errors.Is(err, checkout.ErrPaid) {
			t.Errorf("a fourth beside three paid ones: %v", err)
		}
		if now := b.ReadLink(l.ID); now.PaidCount != 3 || now.SlotsHeld != 0 {
			t.Errorf("%d paid, %d held", now.PaidCount, now.SlotsHeld)
		}
	})
}

// I1: what was paid keeps its slot, whatever a later step says of it: a voided single-use link cannot
// be paid again.
func TestI01_NoStepFreesTheSlotOfWhatWasPaid(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		ledger := open(t, url, at(clock))
		b := storetest.NewBooks(t, ledger, clock)
		l := b.Create()
		other := b.Admit(l)
		m, err := b.Pay(l).VoidDone(checkout.Outcome{}, b.Step())
		if err != nil {
			t.Fatal(err)
		}
		m.Slot = checkout.SlotRelease
		if p := b.Move(m); p.Status != checkout.StatusVoided || p.Slot != 0 {
			t.Errorf("%s holds slot %d", p.Status, p.Slot)
		}
		if _, err := ledger.Move(t.Context(), b.Authorizing(other)); !errors.Is(err, checkout.ErrPaid) {
			t.Errorf("the link is taken again: %v", err)
		}
	})
}
