package checkout_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	challenged  = checkout.StatusChallenged
	authorizing = checkout.StatusAuthorizing
	pending     = checkout.StatusPending
	paid        = checkout.StatusPaid
	declined    = checkout.StatusDeclined
	failed      = checkout.StatusFailed
	abandoned   = checkout.StatusAbandoned
	voided      = checkout.StatusVoided
	partly      = checkout.StatusPartiallyRefunded
	refunded    = checkout.StatusRefunded
)

// life says once more, in other words than the code, what may follow what: who may become it.
var life = map[checkout.Status][]checkout.Status{
	authorizing: {challenged},
	pending:     {authorizing},
	paid:        {authorizing, pending},
	declined:    {challenged, authorizing, pending},
	failed:      {challenged, authorizing, pending},
	abandoned:   {challenged},
	voided:      {pending, paid, declined, failed, abandoned},
	partly:      {paid, partly},
	refunded:    {paid, partly},
}

func TestEveryPairOfStatuses(t *testing.T) {
	all := append([]checkout.Status{"", "PAID", "settled"}, checkout.Statuses...)
	if len(checkout.Statuses) != 10 {
		t.Errorf("%d statuses", len(checkout.Statuses))
	}
	for _, from := range all {
		for _, to := range all {
			if want := slices.Contains(life[to], from); from.MayBecome(to) != want {
				t.Errorf("%q may become %q: %t, want %t", from, to, !want, want)
			}
		}
	}
}

func TestWhatAStatusMeans(t *testing.T) {
	for _, s := range checkout.Statuses {
		if want := slices.Contains([]checkout.Status{paid, voided, partly, refunded}, s); s.Collected() != want {
			t.Errorf("%s collected: %t", s, !want)
		}
		if want := s == authorizing || s == pending; s.Undecided() != want {
			t.Errorf("%s undecided: %t", s, !want)
		}
	}
}

var (
	moment   = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	lease    = moment.Add(90 * time.Second)
	deadline = moment.Add(2 * time.Minute)
	asks     = moment.Add(5 * time.Second)
)

func step() checkout.Step {
	return checkout.Step{At: moment, Actor: "bank", IP: "192.0.2.1", Data: map[string]string{"k": "v"}}
}

// payment is a payment in the middle of its life, every field set, so that a transition that touches
// a field it should not shows.
func payment(s checkout.Status) checkout.Payment {
	p := checkout.Payment{
		ID: "pay_x", Merchant: "mer_x", Link: "lnk_x", Token: "abcdefghjkmn", LinkVersion: 2, Order: "OD-1", BankOrder: "ODX", Nonce: "N", Amount: tl(25000),
		Total: tl(25900), Installments: 3, Rate: 36000, Account: "acc_x", Kind: "payfor", Mode: "3dmodel", HalfSecure: true, SingleUse: true,
		Card: checkout.CardFacts{Brand: "visa", BIN: "41556500", Last4: "0007"}, PayerNote: "n", PayerIP: "192.0.2.9", PayerAgent: "a", PayerLang: "tr",
		Status: s, Slot: 0, Refs: checkout.Refs{"guid": "1"}, MDStatus: "4", ECI: "06", Liability: checkout.LiabilityAttempted, AuthCode: "old", RRN: "old",
		Decline: checkout.Decline{Code: checkout.ReasonTryAgain}, DueAt: moment.Add(-time.Minute), Deadline: moment.Add(-time.Second), Asks: 4, NotFound: 1,
		CreatedAt: moment.Add(-time.Hour), UpdatedAt: moment.Add(-time.Hour), Seq: 7, Head: []byte("head"),
	}
	if s == partly {
		p.Refunded = 5900
	}
	return p
}

var (
	verdict = checkout.Verdict{Result: checkout.VerdictAuthenticated, MDStatus: "1", ECI: "05", Refs: checkout.Refs{"md": "2"}}
	outcome = checkout.Outcome{Result: checkout.ResultApproved, AuthCode: "A1", RRN: "R1", Refs: checkout.Refs{"host": "3"}}
	no      = checkout.Decline{Code: checkout.ReasonInsufficientFunds, BankCode: "51", Message: "yetersiz"}
)

// transition is one way of a payment to go on, and all that it may change.
type transition struct {
	name    string
	to      checkout.Status // "" = any status stays what it is
	event   string
	publish string
	slot    func(from checkout.Status) checkout.SlotChange
	do      func(checkout.Payment) (checkout.Move, error)
	change  func(*checkout.Payment) // besides status, time and number of the event
}

func always(c checkout.SlotChange) func(checkout.Status) checkout.SlotChange {
	return func(checkout.Status) checkout.SlotChange { return c }
}

var transitions = []transition{
	{
		name: "authorize takes a slot, keeps the verdict and sets lease and deadline", to: authorizing, event: "payment.authorizing", slot: always(checkout.SlotTake),
		do: func(p checkout.Payment) (checkout.Move, error) { return p.Authorize(verdict, lease, deadline, step()) },
		change: func(p *checkout.Payment) {
			p.Refs, p.MDStatus, p.ECI, p.Liability = checkout.Refs{"guid": "1", "md": "2"}, "1", "05", checkout.LiabilityFull
			p.DueAt, p.Deadline, p.Asks = lease, deadline, 0 // inquiries while the payer was away
		},
	},
	{
		name: "approve keeps the slot for ever, clears what was declined before, and is never due again", to: paid, event: "payment.paid", publish: "payment.paid",
		slot: always(checkout.SlotKeep),
		do:   func(p checkout.Payment) (checkout.Move, error) { return p.Approve(outcome, step()) },
		change: func(p *checkout.Payment) {
			p.Refs, p.AuthCode, p.RRN = checkout.Refs{"guid": "1", "host": "3"}, "A1", "R1"
			p.PaidAt, p.DueAt, p.Decline = p.Deadline, time.Time{}, checkout.Decline{} // nothing can have moved behind it
		},
	},
	{
		name: "refuse gives the slot back", to: declined, event: "payment.declined", publish: "payment.declined", slot: always(checkout.SlotRelease),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Refuse(no, step()) },
		change: func(p *checkout.Payment) { p.Decline, p.DueAt = no, time.Time{} },
	},
	{
		name: "fail gives the slot back and asks for no reversal in two-step modes", to: failed, event: "payment.failed", slot: always(checkout.SlotRelease),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Fail(no, time.Time{}, step()) },
		change: func(p *checkout.Payment) { p.Decline, p.DueAt = no, time.Time{} },
	},
	{
		name: "fail in one-step modes makes a reversal due and counts inquiries anew", to: failed, event: "payment.failed", slot: always(checkout.SlotRelease),
		do: func(p checkout.Payment) (checkout.Move, error) { return p.Fail(no, asks, step()) },
		change: func(p *checkout.Payment) {
			p.Decline, p.Reversal, p.DueAt, p.Asks, p.NotFound = no, checkout.ReversalDue, asks, 0, 0
		},
	},
	{
		name: "doubt keeps the slot, so that nobody pays again meanwhile", to: pending, event: "payment.pending", publish: "payment.pending", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Doubt(asks, step()) },
		change: func(p *checkout.Payment) { p.DueAt = asks },
	},
	{
		name: "abandon ends what never took a slot", to: abandoned, event: "payment.abandoned", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Abandon(step()) },
		change: func(p *checkout.Payment) { p.DueAt = time.Time{} },
	},
	{
		name: "void keeps the slot of what was paid and releases any other", to: voided, event: "payment.voided", publish: "payment.voided",
		slot: func(from checkout.Status) checkout.SlotChange {
			if from == paid {
				return checkout.SlotKeep
			}
			return checkout.SlotRelease
		},
		do: func(p checkout.Payment) (checkout.Move, error) { return p.VoidDone(outcome, step()) },
		change: func(p *checkout.Payment) {
			if p.Status != paid {
				p.Reversal, p.AuthCode, p.RRN = checkout.ReversalDone, "A1", "R1"
			}
			p.Refunded, p.DueAt = 25900, time.Time{}
		},
	},
	{
		name: "a refund of a part leaves the rest to be refunded", to: partly, event: "payment.refunded", publish: "payment.refunded", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.RefundDone(100, step()) },
		change: func(p *checkout.Payment) { p.Refunded, p.DueAt = p.Refunded+100, time.Time{} },
	},
	{
		name: "a refund of the rest is the last one", to: refunded, event: "payment.refunded", publish: "payment.refunded", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.RefundDone(25900-p.Refunded, step()) },
		change: func(p *checkout.Payment) { p.Refunded, p.DueAt = 25900, time.Time{} },
	},
	{
		name: "a note changes nothing", event: "payment.callback_late", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Note("payment.callback_late", step()) },
		change: func(*checkout.Payment) {},
	},
	{
		name: "an inquiry that found nothing counts twice", event: "payment.asked", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Asked(true, asks, step()) },
		change: func(p *checkout.Payment) { p.Asks, p.NotFound, p.DueAt = 5, 2, asks },
	},
	{
		name: "an inquiry without an answer counts once", event: "payment.asked", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Asked(false, asks, step()) },
		change: func(p *checkout.Payment) { p.Asks, p.DueAt = 5, asks },
	},
	{
		name: "a reversal that is over is never due again", event: "payment.reversal_over", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.ReversalOver(step()) },
		change: func(p *checkout.Payment) { p.Reversal, p.DueAt = checkout.ReversalDone, time.Time{} },
	},
	{
		name: "references of the opening are kept beside the older ones", event: "payment.opened", slot: always(checkout.SlotKeep),
		do:     func(p checkout.Payment) (checkout.Move, error) { return p.Keep(checkout.Refs{"xid": "9"}, step()) },
		change: func(p *checkout.Payment) { p.Refs = checkout.Refs{"guid": "1", "xid": "9"} },
	},
}

// Every transition from every status: either it is in the table, and changes exactly what it says,
// or it is refused and answers nothing that could be written.
func TestEveryTransitionFromEveryStatus(t *testing.T) {
	for _, tr := range transitions {
		t.Run(tr.name, func(t *testing.T) {
			for _, from := range append([]checkout.Status{"", "settled"}, checkout.Statuses...) {
				p := payment(from)
				m, err := tr.do(p)
				switch {
				case tr.to == "" || slices.Contains(life[tr.to], from):
					if err != nil {
						t.Errorf("from %s: %v", from, err)
						continue
					}
					tr.holds(t, p, m)
				default: // also a transition that has already happened: no second event, no second release
					if !errors.Is(err, checkout.ErrTransition) || !reflect.DeepEqual(m, checkout.Move{}) {
						t.Errorf("from %s: %v, %+v", from, err, m)
					}
				}
			}
		})
	}
}

// holds compares the whole move with the payment it came from.
func (tr transition) holds(t *testing.T, p checkout.Payment, m checkout.Move) {
	t.Helper()
	want := payment(p.Status)
	tr.change(&want)
	if tr.to != "" {
		want.Status = tr.to
	}
	want.UpdatedAt, want.Seq = moment, 8
	if !reflect.DeepEqual(m.To, want) {
		t.Errorf("from %s\ngot  %+v\nwant %+v", p.Status, m.To, want)
	}
	if !reflect.DeepEqual(m.From, payment(p.Status)) {
		t.Errorf("from %s: the payment as read became %+v", p.Status, m.From)
	}
	if m.Slot != tr.slot(p.Status) || m.Publish != tr.publish {
		t.Errorf("from %s: slot %d, publishes %q", p.Status, m.Slot, m.Publish)
	}
	event := checkout.Event{
		Merchant: "mer_x", Subject: "pay_x", Seq: 8, Type: tr.event, Actor: "bank", IP: "192.0.2.1", At: moment, Data: map[string]string{"k": "v"}, Prev: []byte("head"),
	}
	if !reflect.DeepEqual(m.Event, event) {
		t.Errorf("from %s: event %+v", p.Status, m.Event)
	}
}

// A transition is pure: asked twice it answers the same, and it changes neither the payment nor the
// values that it was given.
func TestTransitionsArePure(t *testing.T) {
	before := fmt.Sprintf("%+v %+v", verdict, outcome)
	for _, tr := range transitions {
		for _, from := range checkout.Statuses {
			p := payment(from)
			first, err1 := tr.do(p)
			second, err2 := tr.do(p)
			if !reflect.DeepEqual(first, second) || fmt.Sprint(err1) != fmt.Sprint(err2) {
				t.Errorf("%s, from %s: two answers", tr.name, from)
			}
			if !reflect.DeepEqual(p, payment(from)) {
				t.Errorf("%s, from %s: the payment became %+v", tr.name, from, p)
			}
		}
	}
	if after := fmt.Sprintf("%+v %+v", verdict, outcome); after != before {
		t.Errorf("verdict and outcome became %s", after)
	}
}

func TestRefundsSumToTheTotalAtMost(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from     checkout.Status
		refunded int64
		amount   int64
		to       checkout.Status // "" = refused as too much
	}{
		{"a kuruş", paid, 0, 1, partly},
		{"all but a kuruş", paid, 0, 25899, partly},
		{"all", paid, 0, 25900, refunded},
		{"a kuruş too much", paid, 0, 25901, ""},
		{"nothing", paid, 0, 0, ""},
		{"less than nothing", paid, 0, -1, ""},
		{"the largest number there is", paid, 0, math.MaxInt64, ""},
		{"the smallest number there is", paid, 0, math.MinInt64, ""},
		{"the rest", partly, 5900, 20000, refunded},
		{"more than the rest", partly, 5900, 20001, ""},
		{"another part", partly, 5900, 19999, partly},
		{"the same again after all is back", refunded, 25900, 1, ""},
		{"after a void", voided, 25900, 1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := payment(tt.from)
			p.Refunded = tt.refunded
			m, err := p.RefundDone(tt.amount, step())
			if tt.to == "" {
				var invalid *checkout.Error
				if !errors.As(err, &invalid) || invalid.Kind != checkout.KindInvalid || invalid.Fields[0].Field != "amount" || !reflect.DeepEqual(m, checkout.Move{}) {
					t.Errorf("%v, %+v", err, m.To)
				}
				return
			}
			if err != nil || m.To.Status != tt.to || m.To.Refunded != tt.refunded+tt.amount || m.To.Refunded > m.To.Total.Minor {
				t.Errorf("%v, %s, %d back", err, m.To.Status, m.To.Refunded)
			}
		})
	}
}

// I11: mdStatus 1 alone is full authentication; a word from elsewhere shifts nothing to the issuer.
func TestI11_LiabilityFollowsMDStatus(t *testing.T) {
	for md, want := range map[string]checkout.Liability{
		"1": checkout.LiabilityFull, "2": checkout.LiabilityAttempted, "3": checkout.LiabilityAttempted, "4": checkout.LiabilityAttempted,
		"": checkout.LiabilityNone, "0": checkout.LiabilityNone, "5": checkout.LiabilityNone, "7": checkout.LiabilityNone, "9": checkout.LiabilityNone, "01": checkout.LiabilityNone,
		" 1": checkout.LiabilityNone, "1 ": checkout.LiabilityNone, "11": checkout.LiabilityNone, "true": checkout.LiabilityNone, "Y": checkout.LiabilityNone,
	} {
		if got := (checkout.Verdict{MDStatus: md}).Liability(); got != want {
			t.Errorf("mdStatus %q: %q, want %q", md, got, want)
		}
	}
}

// A sale counts for the bank's moment, however much later its yes is heard: a day's list has it on that day.
func TestASaleCountsForTheBanksMoment(t *testing.T) {
	made := time.Date(2026, 11, 22, 20, 58, 0, 0, time.UTC) // two minutes to midnight in Istanbul
	deadline, heard := made.Add(time.Minute), made.Add(40*time.Hour)
	for name, c := range map[string]struct {
		stated, now, want time.Time
	}{
		"heard at once":                          {time.Time{}, made.Add(time.Second), made.Add(time.Second)},
		"heard later, the bank does not say":     {time.Time{}, heard, deadline},
		"heard later, the bank says":             {made.Add(5 * time.Second), heard, made.Add(5 * time.Second)},
		"the bank has it behind midnight":        {made.Add(3 * time.Minute), heard, made.Add(3 * time.Minute)},
		"a bank's clock that is ahead of ours":   {heard.Add(time.Hour), heard, heard},
		"a bank's clock that is behind, or lies": {made.Add(-24 * time.Hour), heard, made},
	} {
		t.Run(name, func(t *testing.T) {
			p := checkout.Payment{Status: pending, CreatedAt: made, Deadline: deadline}
			m, err := p.Approve(checkout.Outcome{Result: checkout.ResultApproved, At: c.stated}, checkout.Step{At: c.now})
			if err != nil || !m.To.PaidAt.Equal(c.want) || !m.To.UpdatedAt.Equal(c.now) || !m.Event.At.Equal(c.now) {
				t.Errorf("%v paid, %v updated, event at %v, %v", m.To.PaidAt, m.To.UpdatedAt, m.Event.At, err)
			}
		})
	}
}

func TestRefsAreCopied(t *testing.T) {
	old := checkout.Refs{"a": "1", "b": "2"}
	joined := old.With(checkout.Refs{"b": "3", "c": "4"})
	if !reflect.DeepEqual(joined, checkout.Refs{"a": "1", "b": "3", "c": "4"}) || !reflect.DeepEqual(old, checkout.Refs{"a": "1", "b": "2"}) {
		t.Errorf("%v with more is %v", old, joined)
	}
	if got := checkout.Refs(nil).With(checkout.Refs{"a": "1"}); !reflect.DeepEqual(got, checkout.Refs{"a": "1"}) {
		t.Errorf("nothing with a is %v", got)
	}
	if got := old.With(nil); !reflect.DeepEqual(got, old) {
		t.Errorf("%v with nothing is %v", old, got)
	}
}

func TestReasonsAreListedOnce(t *testing.T) {
	seen := map[checkout.Reason]bool{}
	for _, r := range checkout.Reasons {
		if r == "" || seen[r] {
			t.Errorf("reason %q", r)
		}
		seen[r] = true
	}
}

// What the bank stated is read from the one event that says so, and from no other.
func TestStatedAmounts(t *testing.T) {
	differs := func(amount string) checkout.Event {
		return checkout.Event{Type: checkout.EventAmountDiffers, Data: map[string]string{"amount": amount}}
	}
	for text, want := range map[string]checkout.Money{
		"251.00 TRY": {Minor: 25100, Currency: checkout.TRY}, "1200 JPY": {Minor: 1200, Currency: checkout.JPY}, "0.00 USD": {Currency: checkout.USD},
	} {
		if got, ok := differs(text).Stated(); !ok || got != want {
			t.Errorf("%q is read as %s, %t", text, got, ok)
		}
		if got := want.String(); got != text {
			t.Errorf("%q is written as %q", text, got)
		}
	}
	for _, text := range []string{"", "251.00", "251.00 XAU", "251 TRY", "-1.00 TRY", "251.00  TRY"} {
		if got, ok := differs(text).Stated(); ok {
			t.Errorf("%q is read as %s", text, got)
		}
	}
	if got, ok := (checkout.Event{Type: "payment.paid", Data: map[string]string{"amount": "251.00 TRY"}}).Stated(); ok {
		t.Errorf("another event states %s", got)
	}
}
