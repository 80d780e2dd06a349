package checkout

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// disputable is a payment of 259.00 that was paid on 22 November 2026.
func disputable() Payment {
	return Payment{
		ID: "pay_x", Merchant: "mer_x", Status: StatusPaid, Total: Money{Minor: 25900, Currency: TRY}, Seq: 7,
		PaidAt: time.Date(2026, 11, 22, 20, 30, 0, 0, time.UTC),
	}
}

// week is when its disputes are recorded.
var week = Step{At: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC), Actor: "user:usr_x"}

func dispute(minor int64) Chargeback {
	return Chargeback{ID: "cbk_x", Merchant: "mer_x", Payment: "pay_x", Amount: Money{Minor: minor, Currency: TRY}, ChargebackTerms: ChargebackTerms{Code: "10.4", ReceivedAt: "2026-11-28"}}
}

// Every pair of statuses, allowed or not, and how much is in dispute afterwards.
func TestChargebackStatuses(t *testing.T) {
	allowed := map[[2]ChargebackStatus]bool{
		{ChargebackOpen, ChargebackContested}: true, {ChargebackOpen, ChargebackWon}: true, {ChargebackOpen, ChargebackLost}: true,
		{ChargebackContested, ChargebackWon}: true, {ChargebackContested, ChargebackLost}: true, {ChargebackWon, ChargebackOpen}: true,
		{ChargebackOpen, ChargebackWithdrawn}: true, {ChargebackContested, ChargebackWithdrawn}: true, {ChargebackLost, ChargebackWithdrawn}: true,
	}
	for _, from := range ChargebackStatuses {
		for _, to := range ChargebackStatuses {
			p, c := disputable(), dispute(900)
			c.Status = from
			if from.Holds() {
				p.Disputed = 900
			}
			m, err := p.FollowUp(c, ChargebackChange{Status: to}, week)
			switch {
			case from == to:
				if err != nil || m.Chargeback != nil {
					t.Errorf("%s again: %+v %v", to, m, err)
				}
			case !allowed[[2]ChargebackStatus{from, to}]:
				if !errors.Is(err, ErrChargebackState) {
					t.Errorf("%s → %s: %v", from, to, err)
				}
			default:
				held := int64(0)
				if to.Holds() {
					held = 900
				}
				if err != nil || m.Chargeback.Status != to || m.To.Disputed != held || m.Chargeback.ClosedAt.IsZero() == to.Over() || m.To.Status != p.Status {
					t.Errorf("%s → %s: %+v %v", from, to, m, err)
				}
			}
			if from.MayBecome(to) != allowed[[2]ChargebackStatus{from, to}] || slices.Contains(from.Next(), to) != from.MayBecome(to) {
				t.Errorf("%s → %s", from, to)
			}
		}
	}
}

// What was withdrawn holds nothing, is over, and is told as that.
func TestWithdrawn(t *testing.T) {
	for status, want := range map[ChargebackStatus][2]bool{
		ChargebackOpen: {true, false}, ChargebackContested: {true, false}, ChargebackWon: {false, true}, ChargebackLost: {true, true}, ChargebackWithdrawn: {false, true},
	} {
		if got := [2]bool{status.Holds(), status.Over()}; got != want {
			t.Errorf("%s holds and is over: %v", status, got)
		}
	}
	p, c := disputable(), dispute(900)
	p.Disputed, c.Status, c.ClosedAt = 900, ChargebackLost, week.At.Add(-time.Hour)
	m, err := p.FollowUp(c, ChargebackChange{Status: ChargebackWithdrawn}, week)
	if err != nil || m.To.Disputed != 0 || m.Chargeback.Topic(ChargebackLost) != TopicChargebackClosed || !m.Chargeback.ClosedAt.Equal(week.At) {
		t.Errorf("%+v %v", m, err)
	}
}

// What is disputed was collected, and is not more than that.
func TestMayDispute(t *testing.T) {
	for _, status := range Statuses {
		p := disputable()
		p.Status, p.Disputed = status, 900
		for minor, want := range map[int64]error{-1: Invalid(), 0: Invalid(), 1: nil, 25000: nil, 25001: ErrChargebackOverTotal, 1 << 62: ErrChargebackOverTotal} {
			if !status.Collected() {
				want = ErrNotDisputable
			}
			if err := p.MayDispute(minor); !errors.Is(err, want) || (err == nil) != (want == nil) {
				t.Errorf("%d of a %s payment: %v, want %v", minor, status, err, want)
			}
		}
	}
	p := disputable()
	p.Status, p.PaidAt = StatusVoided, time.Time{} // taken back before it ever counted
	if err := p.MayDispute(1); !errors.Is(err, ErrNotDisputable) {
		t.Errorf("never paid: %v", err)
	}
}

// The bank's dispute of what went back before is recorded all the same, with that as its answer.
func TestDisputeOfARefundedPayment(t *testing.T) {
	p := disputable()
	p.Status, p.Refunded = StatusRefunded, 25900
	m, err := p.Dispute(dispute(25900), week)
	if err != nil || m.Chargeback.RefundedBefore != 25900 || m.Chargeback.Status != ChargebackOpen || m.To.Disputed != 25900 || m.To.Refunded != 25900 || m.To.Status != StatusRefunded || m.Publish != "" {
		t.Errorf("%+v %v", m, err)
	}
	if m.Event.Type != "payment.chargeback_opened" || m.Event.Data["chargeback"] != "cbk_x" || m.Event.Data["reason_code"] != "10.4" {
		t.Errorf("%+v", m.Event)
	}
}

// While a part is in dispute, no more than the rest goes back, and no void takes all.
func TestNothingGoesBackTwice(t *testing.T) {
	p := disputable()
	p.Disputed = 25000
	for _, c := range []struct {
		kind     RefundKind
		minor    int64
		refunded int64
		want     error
	}{
		{KindVoid, 25900, 0, ErrDisputed},
		{KindRefund, 25900, 0, ErrDisputed},
		{KindRefund, 901, 0, ErrDisputed},
		{KindRefund, 900, 0, nil},
		{KindRefund, 25901, 0, ErrRefundOverTotal},
		{KindRefund, 1, 900, ErrDisputed},
		{KindRefund, 1, 25000, ErrDisputed}, // what went back before is the same money perhaps
	} {
		p.Refunded, p.Status = c.refunded, StatusPaid
		if c.refunded > 0 {
			p.Status = StatusPartiallyRefunded
		}
		err := p.MayGiveBack(c.kind, c.minor)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s of %d with %d refunded: %v, want %v", c.kind, c.minor, c.refunded, err, c.want)
		}
	}
	p.Status, p.Refunded = StatusPaid, 0
	if way, _ := p.WayBack(p.PaidAt, nil); way != KindRefund || p.Free() != 900 {
		t.Errorf("the way back is %q, of %d", way, p.Free())
	}
	p.Disputed = 25900
	if way, _ := p.WayBack(p.PaidAt, nil); way != "" || p.Free() != 0 {
		t.Errorf("the way back is %q, of %d", way, p.Free())
	}
	// A refund that the bank was asked for before ends as the bank says.
	r := Refund{ID: "rfd_x", Payment: p.ID, Kind: KindRefund, Amount: p.Total, Status: RefundPending}
	if m, err := p.GaveBack(r, Outcome{Result: ResultApproved}, Step{}); err != nil || m.To.Refunded != 25900 || m.To.Disputed != 25900 {
		t.Errorf("%+v %v", m, err)
	}
}

// A second round is another letter, of its own day, and takes no more than there is.
func TestSecondRound(t *testing.T) {
	p, c := disputable(), dispute(25900)
	c.Status, c.ClosedAt, c.RespondBy = ChargebackWon, week.At, "2026-12-05"
	p.Refunded, p.Status = 500, StatusPartiallyRefunded
	m, err := p.FollowUp(c, ChargebackChange{Status: ChargebackOpen}, week)
	if err != nil || m.Chargeback.RefundedBefore != 500 || !m.Chargeback.ClosedAt.IsZero() || m.To.Disputed != 25900 || m.Chargeback.Topic(ChargebackWon) != TopicChargebackOpened {
		t.Errorf("%+v %v", m, err)
	}
	late := Step{At: time.Date(2027, 3, 2, 22, 0, 0, 0, time.UTC)} // 3 March in Istanbul
	for by, want := range map[Day]ChargebackTerms{
		"none": {Code: "10.4", ReceivedAt: "2027-03-03"}, "2027-03-03": {Code: "10.4", ReceivedAt: "2027-03-03", RespondBy: "2027-03-03"}, "2027-03-02": {},
	} {
		change := ChargebackChange{Status: ChargebackOpen, RespondBy: &by}
		if by == "none" {
			change.RespondBy = nil
		}
		m, err := p.FollowUp(c, change, late)
		var e *Error
		switch {
		case want.Code == "" && (!errors.As(err, &e) || e.Fields[0].Field+" "+e.Fields[0].Code != "respond_by before_received"):
			t.Errorf("%s: %v", by, err)
		case want.Code != "" && (err != nil || m.Chargeback.ChargebackTerms != want || m.Event.Data["received_at"] != "2027-03-03"):
			t.Errorf("%s: %+v %v", by, m.Chargeback, err)
		}
	}
	if m, err := p.FollowUp(c, ChargebackChange{Reason: new(string), Case: &[]string{"D-2"}[0]}, late); err != nil || m.Chargeback.ReceivedAt != c.ReceivedAt || m.Chargeback.RespondBy != c.RespondBy {
		t.Errorf("a note alone: %+v %v", m.Chargeback, err)
	}
	p.Disputed = 1
	if _, err := p.FollowUp(c, ChargebackChange{Status: ChargebackOpen}, week); !errors.Is(err, ErrChargebackOverTotal) {
		t.Errorf("over the total: %v", err)
	}
}

// Who decides by what he read changes nothing that somebody else changed since; the same a second time is no mistake.
func TestFollowUpOfWhatWasSeen(t *testing.T) {
	p, c := disputable(), dispute(900)
	c.Status, c.UpdatedAt = ChargebackWon, week.At
	for name, one := range map[string]struct {
		change ChargebackChange
		want   error
	}{
		"as it stands":        {ChargebackChange{Status: ChargebackOpen, Seen: week.At.Local()}, nil},
		"however it stands":   {ChargebackChange{Status: ChargebackOpen}, nil},
		"as it stood":         {ChargebackChange{Status: ChargebackOpen, Seen: week.At.Add(-time.Microsecond)}, ErrChargebackState},
		"notes, as it stood":  {ChargebackChange{Case: new(string), Reason: &[]string{"x"}[0], Seen: week.At.Add(-time.Microsecond)}, ErrChargebackState},
		"the same once again": {ChargebackChange{Status: ChargebackWon, Seen: week.At.Add(-time.Microsecond)}, nil},
	} {
		if _, err := p.FollowUp(c, one.change, week); !errors.Is(err, one.want) || (err == nil) != (one.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What a merchant writes down is checked, by the names of the API's fields.
func TestChargebackTerms(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Chargeback)
		field  string
		code   string
	}{
		"all":                        {func(*Chargeback) {}, "", ""},
		"nothing told":               {func(c *Chargeback) { c.Code = "" }, "", ""},
		"on the day of the payment":  {func(c *Chargeback) { c.ReceivedAt = "2026-11-22" }, "", ""},
		"answered on the same day":   {func(c *Chargeback) { c.RespondBy = "2026-11-28" }, "", ""},
		"before the payment":         {func(c *Chargeback) { c.ReceivedAt = "2026-11-21" }, "received_at", "before_payment"},
		"in the future":              {func(c *Chargeback) { c.ReceivedAt = "2026-11-30" }, "received_at", "day_in_future"},
		"no day":                     {func(c *Chargeback) { c.ReceivedAt = "28.11.2026" }, "received_at", "day_format"},
		"no day to answer":           {func(c *Chargeback) { c.RespondBy = "soon" }, "respond_by", "day_format"},
		"to answer before it came":   {func(c *Chargeback) { c.RespondBy = "2026-11-27" }, "respond_by", "before_received"},
		"a code in words":            {func(c *Chargeback) { c.Code = "almadım" }, "reason_code", "reason_code_format"},
		"a code that is long":        {func(c *Chargeback) { c.Code = "123456789012345678901" }, "reason_code", "reason_code_format"},
		"a bank's long file number":  {func(c *Chargeback) { c.Case = "74537604221000912345678" }, "", ""},
		"a card number as the code":  {func(c *Chargeback) { c.Code = "4155650100416111" }, "reason_code", "looks_like_card"},
		"two lines in the case":      {func(c *Chargeback) { c.Case = "D-1\nD-2" }, "case", "control"},
		"a card number in the case":  {func(c *Chargeback) { c.Case = "4155650100416111" }, "case", "looks_like_card"},
		"a card number in the words": {func(c *Chargeback) { c.Reason = "kart 4155 6501 0041 6111" }, "reason", "looks_like_card"},
	} {
		p, one := disputable(), dispute(100)
		c.change(&one)
		_, err := p.Dispute(one, week)
		var e *Error
		switch {
		case c.code == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.code != "" && (!errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != c.field || e.Fields[0].Code != c.code):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChargebackDeadline(t *testing.T) {
	for today, want := range map[Day][3]any{
		"2026-11-26": {4, false, false}, "2026-11-27": {3, true, false}, "2026-11-30": {0, true, false}, "2026-12-01": {-1, false, true},
	} {
		c := Chargeback{Status: ChargebackOpen, ChargebackTerms: ChargebackTerms{RespondBy: "2026-11-30"}}
		days, ok := c.DaysLeft(today)
		if got := [3]any{days, c.DueSoon(today), c.Overdue(today)}; got != want || !ok {
			t.Errorf("%s: %v, want %v", today, got, want)
		}
		c.Status = ChargebackContested
		if _, ok := c.DaysLeft(today); ok || c.DueSoon(today) || c.Overdue(today) {
			t.Errorf("%s: what was answered is due", today)
		}
	}
	if c := (Chargeback{Status: ChargebackOpen}); c.DueSoon("2026-11-30") || c.Overdue("2026-11-30") {
		t.Error("without a last day something is due")
	}
}
