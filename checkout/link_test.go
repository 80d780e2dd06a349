package checkout_test

import (
	"errors"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

var (
	opens  = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	closes = opens.Add(24 * time.Hour)
)

// link is a single-use link over 250 TL, with changes.
func link(change ...func(*checkout.Link)) checkout.Link {
	l := checkout.Link{
		ID: "lnk_0123456789abcdefghijkl", Token: "abcdefghjkmn", Merchant: "mer_x", Order: "OD-1", Amount: tl(25000), Description: "Kış lastiği",
		Installments: []int{1, 2, 3}, ActiveFrom: opens, ExpiresAt: closes, Usage: checkout.UsageSingle, Version: 1, Rev: 1, CreatedAt: opens, UpdatedAt: opens,
	}
	for _, c := range change {
		c(&l)
	}
	return l
}

// Status and Check at every border of the dates, for every state of the slots (features 12.4, 12.5;
// ux-checklist I6; invariants I1, I25).
func TestLinkAtEveryMoment(t *testing.T) {
	type change = func(*checkout.Link)
	multi := func(max int) change {
		return func(l *checkout.Link) { l.Usage, l.MaxPayments = checkout.UsageMulti, max }
	}
	paid := func(n int) change { return func(l *checkout.Link) { l.PaidCount = n } }
	held := func(n int) change { return func(l *checkout.Link) { l.SlotsHeld = n } }
	deleted := func(l *checkout.Link) { l.DeletedAt = opens }
	resting := func(l *checkout.Link) { l.RestingSince = opens }
	before, first, last, after := opens.Add(-1), opens, closes.Add(-1), closes
	const (
		active, scheduled, expired = checkout.LinkActive, checkout.LinkScheduled, checkout.LinkExpired
		isPaid, isDeleted          = checkout.LinkPaid, checkout.LinkDeleted
	)
	tests := []struct {
		name   string
		change []change
		at     time.Time
		status checkout.LinkStatus
		check  error
	}{
		{"a moment before its start it is not active yet", nil, before, scheduled, checkout.ErrNotActiveYet},
		{"its first moment", nil, first, active, nil},
		{"its last moment", nil, last, active, nil},
		{"the moment of its end is too late", nil, after, expired, checkout.ErrExpired},
		{"a link without a lifetime is over", []change{func(l *checkout.Link) { l.ExpiresAt = opens }}, first, expired, checkout.ErrExpired},
		{"an end before the start is an end", []change{func(l *checkout.Link) { l.ExpiresAt = opens.Add(-time.Hour) }}, before, expired, checkout.ErrExpired},
		{"another zone's clock is the same moment", nil, last.In(time.FixedZone("", 14*60*60)), active, nil},

		{"paid stays paid", []change{paid(1)}, first, isPaid, checkout.ErrPaid},
		{"paid wins over expiry", []change{paid(1)}, after, isPaid, checkout.ErrPaid},
		{"paid wins over deletion", []change{paid(1), deleted}, first, isPaid, checkout.ErrPaid},
		{"paid wins over the start", []change{paid(1)}, before, isPaid, checkout.ErrPaid},
		{"a single-use link paid twice by a mishap is paid", []change{paid(2)}, first, isPaid, checkout.ErrPaid},
		{"deleted", []change{deleted}, first, isDeleted, checkout.ErrDeleted},
		{"deleted wins over expiry", []change{deleted}, after, isDeleted, checkout.ErrDeleted},
		{"deleted before its start", []change{deleted}, before, isDeleted, checkout.ErrDeleted},
		{"deleted while its only payment is being confirmed: its payer reads that first", []change{deleted, held(1)}, first, isDeleted, checkout.ErrBusy},

		{"busy while a payment is being confirmed", []change{held(1)}, first, active, checkout.ErrBusy},
		{"busy past its end, since whoever was admitted may finish", []change{held(1)}, after, expired, checkout.ErrBusy},
		{"resting", []change{resting}, first, active, checkout.ErrResting},
		{"resting is over with the link", []change{resting}, after, expired, checkout.ErrExpired},
		{"resting before its start", []change{resting}, before, scheduled, checkout.ErrNotActiveYet},
		{"busy wins over resting", []change{resting, held(1)}, first, active, checkout.ErrBusy},

		{"a multi-use link without a limit is never spent", []change{multi(0), paid(1000), held(50)}, first, active, nil},
		{"and expires", []change{multi(0), paid(1000)}, after, expired, checkout.ErrExpired},
		{"three of three paid", []change{multi(3), paid(3)}, first, isPaid, checkout.ErrPaid},
		{"two of three paid", []change{multi(3), paid(2)}, first, active, nil},
		{"two paid, one being confirmed", []change{multi(3), paid(2), held(1)}, first, active, checkout.ErrBusy},
		{"one paid, one being confirmed", []change{multi(3), paid(1), held(1)}, first, active, nil},
		{"a limit lowered below what was paid", []change{multi(1), paid(2)}, first, isPaid, checkout.ErrPaid},
		{"a limit on a single-use link does not count", []change{func(l *checkout.Link) { l.MaxPayments = 5 }, paid(1)}, first, isPaid, checkout.ErrPaid},
		{"a link that names no usage is paid once", []change{func(l *checkout.Link) { l.Usage = "" }, paid(1)}, first, isPaid, checkout.ErrPaid},
		{"a usage nobody knows is single", []change{func(l *checkout.Link) { l.Usage = "unlimited" }, held(1)}, first, active, checkout.ErrBusy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := link(tt.change...)
			if got := l.Status(tt.at); got != tt.status {
				t.Errorf("status %s, want %s", got, tt.status)
			}
			if got := l.Hot().Check(tt.at); !errors.Is(got, tt.check) {
				t.Errorf("check %v, want %v", got, tt.check)
			}
		})
	}
}

// The page's copy carries all that the page shows.
func TestHotCopyOfALink(t *testing.T) {
	l := link(func(l *checkout.Link) {
		l.Open, l.MinMinor, l.MaxMinor, l.PayerNote, l.Category, l.Rev, l.Version = true, 100, 900, true, "food", 7, 3
		l.PaidBy, l.PaidAt = "pay_x", opens
		l.Usage, l.MaxPayments, l.PaidCount = checkout.UsageMulti, 5, 2
		l.Items = []checkout.Item{{Product: "prd_x", Code: "ZY", Name: "Zeytin <5 l>", Quantity: 2, UnitMinor: 12500}, {Name: "Kargo", Quantity: 1}}
		l.Fields = []checkout.LinkField{{Key: "plate", Label: checkout.Label{TR: "Plaka", EN: "Plate"}, Type: checkout.FieldText, Max: 9}}
	})
	h := l.Hot()
	want := checkout.Hot{
		Token: l.Token, Link: l.ID, Merchant: l.Merchant, Rev: 7, Version: 3, State: checkout.HotOpen, ActiveFrom: opens, ExpiresAt: closes, Open: true,
		Amount: l.Amount, MinMinor: 100, MaxMinor: 900, Description: l.Description, Order: l.Order, PayerNote: true, Category: "food", PaidBy: "pay_x", PaidAt: opens,
		Asks:  `[{"key":"plate","label":{"tr":"Plaka","en":"Plate"},"type":"text","max":9}]`,
		Items: `[{"product":"prd_x","code":"ZY","name":"Zeytin <5 l>","quantity":2,"unit":12500},{"name":"Kargo","quantity":1,"unit":0}]`, Counted: true, Made: 2, Most: 5,
	}
	if h.Terms() == "" || len(h.Installments) != 3 {
		t.Errorf("terms %q, counts %v", h.Terms(), h.Installments)
	}
	h.Installments = nil
	if got := h; !sameHot(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func sameHot(a, b checkout.Hot) bool {
	return a.Token == b.Token && a.Link == b.Link && a.Merchant == b.Merchant && a.Rev == b.Rev && a.Version == b.Version && a.State == b.State &&
		a.ActiveFrom.Equal(b.ActiveFrom) && a.ExpiresAt.Equal(b.ExpiresAt) && a.Open == b.Open && a.Amount == b.Amount && a.MinMinor == b.MinMinor &&
		a.MaxMinor == b.MaxMinor && a.Description == b.Description && a.Order == b.Order && a.PayerNote == b.PayerNote && a.Category == b.Category &&
		a.PaidBy == b.PaidBy && a.PaidAt.Equal(b.PaidAt) && a.Asks == b.Asks && a.Items == b.Items && a.Counted == b.Counted && a.Made == b.Made && a.Most == b.Most
}

// A28: the digest changes with everything the payer agrees to, one field at a time, and with no two
// fields alike; what the payer does not agree to leaves it alone.
func TestA28_TermsChangeWithEveryShownField(t *testing.T) {
	base := link().Hot()
	terms := map[string]string{"as it was": base.Terms()}
	for name, change := range map[string]func(*checkout.Hot){
		"another link":             func(h *checkout.Hot) { h.Link = "lnk_0123456789abcdefghijkm" },
		"a kuruş more":             func(h *checkout.Hot) { h.Amount.Minor++ },
		"another currency":         func(h *checkout.Hot) { h.Amount.Currency = checkout.USD },
		"an open amount":           func(h *checkout.Hot) { h.Open = true },
		"a smallest amount":        func(h *checkout.Hot) { h.MinMinor = 1 },
		"a largest amount":         func(h *checkout.Hot) { h.MaxMinor = 1 },
		"a question":               func(h *checkout.Hot) { h.Asks = `[{"key":"a"}]` },
		"another question":         func(h *checkout.Hot) { h.Asks = `[{"key":"b"}]` },
		"a line":                   func(h *checkout.Hot) { h.Items = `[{"name":"a"}]` },
		"another line":             func(h *checkout.Hot) { h.Items = `[{"name":"b"}]` },
		"a line like a question":   func(h *checkout.Hot) { h.Items = `[{"key":"a"}]` },
		"another description":      func(h *checkout.Hot) { h.Description += "." },
		"no description":           func(h *checkout.Hot) { h.Description = "" },
		"another order number":     func(h *checkout.Hot) { h.Order = "OD-2" },
		"a count more":             func(h *checkout.Hot) { h.Installments = []int{1, 2, 3, 4} },
		"counts run together":      func(h *checkout.Hot) { h.Installments = []int{12, 3} },
		"the merchant's counts":    func(h *checkout.Hot) { h.Installments = nil },
		"text over two fields":     func(h *checkout.Hot) { h.Description, h.Order = `Kış lastiği"|"OD`, "-1" },
		"text with the next field": func(h *checkout.Hot) { h.Description, h.Order = `Kış lastiği|OD-1`, "" },
	} {
		h := base
		change(&h)
		for other, digest := range terms {
			if digest == h.Terms() {
				t.Errorf("%s has the terms of %s", name, other)
			}
		}
		terms[name] = h.Terms()
	}
	for name, change := range map[string]func(*checkout.Hot){
		"a payment elsewhere": func(h *checkout.Hot) { h.Rev, h.State = 99, checkout.HotBusy },
		"a longer life":       func(h *checkout.Hot) { h.ExpiresAt = h.ExpiresAt.Add(time.Hour) },
		"a payment before":    func(h *checkout.Hot) { h.PaidBy, h.PaidAt = "pay_x", opens },
		"a copy of the same":  func(h *checkout.Hot) { h.Installments = append([]int(nil), h.Installments...) },
	} {
		h := base
		change(&h)
		if h.Terms() != base.Terms() {
			t.Errorf("%s changes the terms", name)
		}
	}
	if len(base.Terms()) != 12 {
		t.Errorf("terms %q", base.Terms())
	}
}
