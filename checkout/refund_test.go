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
		if got := p.WayBack(paid.Add(c.after)); got != c.want {
			t.Errorf("%s, %s later: %q, want %q", c.status, c.after, got, c.want)
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
