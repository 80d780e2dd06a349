package checkout

import (
	"errors"
	"testing"
	"time"
)

// What may go back, in each state of a payment.
func TestMayGiveBack(t *testing.T) {
	total := Money{Minor: 25900, Currency: TRY}
	for _, status := range Statuses {
		for _, kind := range RefundKinds {
			for _, back := range []int64{0, 900} {
				p := Payment{Status: status, Total: total, Refunded: back}
				for minor, over := range map[int64]error{-1: Invalid(), 0: Invalid(), 1: nil, p.Rest(): nil, p.Rest() + 1: ErrRefundOverTotal, 1 << 62: ErrRefundOverTotal} {
					want := over
					if status != StatusPaid && (kind != KindRefund || status != StatusPartiallyRefunded) {
						want = ErrNotRefundable
					}
					if err := p.MayGiveBack(kind, minor); !errors.Is(err, want) || (err == nil) != (want == nil) {
						t.Errorf("%s of %d of a %s payment of which %d went back: %v, want %v", kind, minor, status, back, err, want)
					}
				}
			}
		}
	}
}

// On the day of the sale, Istanbul's, money goes back by a void, afterwards by refunds.
func TestWayBack(t *testing.T) {
	paid := time.Date(2026, 11, 22, 20, 30, 0, 0, time.UTC) // half past eleven at night
	for _, c := range []struct {
		status Status
		back   int64
		after  time.Duration
		want   RefundKind
	}{
		{StatusPaid, 0, 0, KindVoid},
		{StatusPaid, 0, 29 * time.Minute, KindVoid},
		{StatusPaid, 0, 30 * time.Minute, KindRefund},
		{StatusPartiallyRefunded, 100, 0, KindRefund},
		{StatusPartiallyRefunded, 100, 48 * time.Hour, KindRefund},
		{StatusRefunded, 25900, 0, ""},
		{StatusVoided, 25900, 0, ""},
		{StatusDeclined, 0, 0, ""},
		{StatusPending, 0, 0, ""},
	} {
		p := Payment{Status: c.status, Total: Money{Minor: 25900, Currency: TRY}, Refunded: c.back, PaidAt: paid}
		if got, why := p.WayBack(paid.Add(c.after), nil); got != c.want || why != "" {
			t.Errorf("%s, %s later: %q for %q, want %q", c.status, c.after, got, why, c.want)
		}
	}
}

// What the bank said of its day's end goes before the calendar, and one that is pending before everything.
func TestWayBackAfterTheBanksWord(t *testing.T) {
	paid := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	said := func(after time.Duration, code Reason) Refund {
		return Refund{Status: RefundRefused, Decline: Decline{Code: code}, UpdatedAt: paid.Add(after)}
	}
	late, early, other := said(time.Hour, ReasonTooLate), said(25*time.Hour, ReasonTooEarly), said(time.Hour, ReasonGeneric)
	for what, c := range map[string]struct {
		status Status
		after  time.Duration
		tried  []Refund
		want   RefundKind
		why    Reason
	}{
		"a void that was too late, on the same day":          {StatusPaid, 2 * time.Hour, []Refund{late}, KindRefund, ReasonTooLate},
		"a void that was too late, the next day":             {StatusPaid, 26 * time.Hour, []Refund{late}, KindRefund, ReasonTooLate},
		"a void that was refused for something else":         {StatusPaid, 2 * time.Hour, []Refund{other}, KindVoid, ""},
		"a refund that was too early":                        {StatusPaid, 26 * time.Hour, []Refund{early}, KindVoid, ReasonTooEarly},
		"a refund that was too early the day before":         {StatusPaid, 50 * time.Hour, []Refund{early}, KindRefund, ""},
		"a refund that was too early, and a void, too late":  {StatusPaid, 26 * time.Hour, []Refund{early, late}, KindRefund, ReasonTooLate},
		"a void that was too late, and a refund, too early":  {StatusPaid, 26 * time.Hour, []Refund{late, early}, KindRefund, ReasonTooLate},
		"too early for another refund":                       {StatusPartiallyRefunded, 26 * time.Hour, []Refund{early}, KindRefund, ""},
		"a void that was too late, and a part went back":     {StatusPartiallyRefunded, 2 * time.Hour, []Refund{late}, KindRefund, ""},
		"one that is pending after one that was too late":    {StatusPaid, 2 * time.Hour, []Refund{late, {Status: RefundPending}}, "", ""},
		"too late, of a payment that was refunded meanwhile": {StatusRefunded, 2 * time.Hour, []Refund{late}, "", ""},
	} {
		p := Payment{Status: c.status, Total: Money{Minor: 25900, Currency: TRY}, PaidAt: paid}
		if c.status != StatusPaid {
			p.Refunded = 900
		}
		if way, why := p.WayBack(paid.Add(c.after), c.tried); way != c.want || why != c.why {
			t.Errorf("%s: %q for %q, want %q for %q", what, way, why, c.want, c.why)
		}
	}
}

// A giving-back is written down, and ends, in steps that say so and change nothing else.
func TestRefundSteps(t *testing.T) {
	p := Payment{ID: "pay_x", Status: StatusPaid, Total: Money{Minor: 25900, Currency: TRY}, Seq: 7}
	r := Refund{ID: "rfd_x", Payment: p.ID, Kind: KindRefund, Amount: Money{Minor: 900, Currency: TRY}, Status: RefundPending}
	asked, err := p.AskBack(r, Step{Actor: "api:key_x"})
	if err != nil || asked.To.Status != StatusPaid || asked.To.Refunded != 0 || *asked.Refund != r || asked.Event.Type != "payment.refund_requested" || asked.Publish != "" {
		t.Errorf("asked: %+v %v", asked, err)
	}
	gave, err := p.GaveBack(r, Outcome{Result: ResultApproved, AuthCode: "A", RRN: "R"}, Step{})
	if err != nil || gave.To.Status != StatusPartiallyRefunded || gave.To.Refunded != 900 || gave.Refund.Status != RefundRefunded || gave.Refund.AuthCode != "A" || gave.Publish != "payment.refunded" {
		t.Errorf("gave: %+v %v", gave, err)
	}
	kept, err := p.KeptBack(r, Decline{Code: ReasonTooEarly, BankCode: "V014"}, Step{})
	if err != nil || kept.To.Status != StatusPaid || kept.To.Refunded != 0 || kept.Refund.Status != RefundRefused || kept.Refund.Decline.BankCode != "V014" || kept.Publish != "" {
		t.Errorf("kept: %+v %v", kept, err)
	}
	r.Kind, r.Amount = KindVoid, p.Total
	voided, err := p.GaveBack(r, Outcome{Result: ResultVoided}, Step{})
	if err != nil || voided.To.Status != StatusVoided || voided.To.Refunded != 25900 || voided.Refund.Status != RefundVoided || voided.Publish != "payment.voided" {
		t.Errorf("voided: %+v %v", voided, err)
	}
	if _, err := (Payment{Status: StatusVoided, Total: p.Total}).GaveBack(r, Outcome{}, Step{}); !errors.Is(err, ErrTransition) {
		t.Errorf("a void after a void: %v", err)
	}
}
