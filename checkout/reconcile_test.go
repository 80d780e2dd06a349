package checkout_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// The day of these tests is 2026-11-22 in Istanbul: from 21:00 UTC on the 21st to 21:00 UTC on the 22nd.
const theDay = checkout.Day("2026-11-22")

func utc(text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return at
}

var noon = utc("2026-11-22 09:00")

func sold(n int, change ...func(*checkout.Payment)) checkout.Payment {
	p := checkout.Payment{
		ID: checkout.PaymentID(fmt.Sprintf("pay_%d", n)), Order: checkout.OrderNumber(fmt.Sprintf("S-%d", n)), BankOrder: checkout.BankOrder(fmt.Sprintf("OD%dX", n)),
		Total: checkout.Money{Minor: int64(1000 * n), Currency: checkout.TRY}, Status: checkout.StatusPaid, RRN: fmt.Sprintf("00%d", n), AuthCode: fmt.Sprintf("A%d", n),
		CreatedAt: noon, PaidAt: noon,
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func stated(row, n int, change ...func(*checkout.BankLine)) checkout.BankLine {
	l := checkout.BankLine{
		Row: row, Kind: checkout.LineSale, State: checkout.LineDone, RRN: fmt.Sprint(n), Order: fmt.Sprintf("od%dx", n), AuthCode: fmt.Sprintf("A%d", n),
		Amount: checkout.Money{Minor: int64(1000 * n), Currency: checkout.TRY}, At: noon,
	}
	for _, c := range change {
		c(&l)
	}
	return l
}

func given(p checkout.Payment, n int, kind checkout.RefundKind, minor int64) checkout.Refund {
	r := checkout.Refund{
		ID: checkout.RefundID(fmt.Sprintf("rfd_%d", n)), Payment: p.ID, Kind: kind, Amount: checkout.Money{Minor: minor, Currency: checkout.TRY},
		Status: checkout.RefundRefunded, UpdatedAt: noon, CreatedAt: noon,
	}
	if kind == checkout.KindVoid {
		r.Status = checkout.RefundVoided
	}
	return r
}

func TestAListIsHeldAgainstTheLedger(t *testing.T) {
	type (
		pay  = checkout.Payment
		line = checkout.BankLine
	)
	status := func(s checkout.Status, refunded int64) func(*pay) {
		return func(p *pay) { p.Status, p.Refunded = s, refunded }
	}
	unpaid := func(s checkout.Status) func(*pay) {
		return func(p *pay) { p.Status, p.PaidAt, p.RRN, p.AuthCode = s, time.Time{}, "", "" }
	}
	kind := func(k checkout.LineKind, minor int64) func(*line) {
		return func(l *line) { l.Kind, l.Amount.Minor = k, minor }
	}
	says := func(s checkout.LineState) func(*line) { return func(l *line) { l.State = s } }
	at := func(text string) func(*line) { return func(l *line) { l.At = utc(text) } }
	keys := func(rrn, order, auth string) func(*line) {
		return func(l *line) { l.RRN, l.Order, l.AuthCode = rrn, order, auth }
	}
	voided, partly := sold(3, status(checkout.StatusVoided, 3000)), sold(4, status(checkout.StatusPartiallyRefunded, 500))
	yesterday := sold(5, func(p *pay) { p.CreatedAt, p.PaidAt = utc("2026-11-21 20:59"), utc("2026-11-21 20:59") })
	for name, c := range map[string]struct {
		ours  []pay
		backs []checkout.Refund
		bank  []line
		want  string
	}{
		"by the reference, without its zeros":          {[]pay{sold(1)}, nil, []line{stated(2, 1, keys("1", "", ""))}, "2:matched:pay_1"},
		"by the bank's order number":                   {[]pay{sold(1)}, nil, []line{stated(2, 1, keys("", "OD1X", ""))}, "2:matched:pay_1"},
		"by the merchant's order number":               {[]pay{sold(1)}, nil, []line{stated(2, 1, keys("", "S-1", ""))}, "2:matched:pay_1"},
		"by code, amount and day":                      {[]pay{sold(1)}, nil, []line{stated(2, 1, keys("", "", "A1"))}, "2:matched:pay_1"},
		"a code with another amount is no key":         {[]pay{sold(1)}, nil, []line{stated(2, 1, keys("", "", "A1"), kind("sale", 7))}, "2:only_bank: 0:only_ours:pay_1"},
		"of several attempts the one that was paid":    {[]pay{sold(1, unpaid(checkout.StatusDeclined)), sold(2, func(p *pay) { p.Order = "S-1" })}, nil, []line{stated(2, 2, keys("", "S-1", ""))}, "2:matched:pay_2"},
		"a reference that two have, told by the order": {[]pay{sold(1), sold(2, func(p *pay) { p.RRN = "001" })}, nil, []line{stated(2, 1), stated(3, 2, keys("1", "OD2X", ""))}, "2:matched:pay_1 3:matched:pay_2"},
		"a reference of one and the order of another":  {[]pay{sold(1), sold(2)}, nil, []line{stated(2, 2, keys("1", "OD2X", ""))}, "2:matched:pay_2 0:only_ours:pay_1"},
		"amount":   {[]pay{sold(1)}, nil, []line{stated(2, 1, kind("sale", 999))}, "2:amount_differs:pay_1"},
		"currency": {[]pay{sold(1)}, nil, []line{stated(2, 1, func(l *line) { l.Amount.Currency = checkout.USD })}, "2:amount_differs:pay_1"},
		"the bank has money for one that was declined":           {[]pay{sold(1, unpaid(checkout.StatusDeclined))}, nil, []line{stated(2, 1)}, "2:state_differs:pay_1"},
		"the bank has money for one that is pending":             {[]pay{sold(1, unpaid(checkout.StatusPending))}, nil, []line{stated(2, 1)}, "2:state_differs:pay_1"},
		"the bank refused what is paid here":                     {[]pay{sold(1)}, nil, []line{stated(2, 1, says("failed"))}, "2:state_differs:pay_1"},
		"a try that failed before the one that did not":          {[]pay{sold(1)}, nil, []line{stated(2, 1, says("failed")), stated(3, 1)}, "3:matched:pay_1"},
		"what failed on both sides":                              {[]pay{sold(1, unpaid(checkout.StatusDeclined))}, nil, []line{stated(2, 1, says("failed")), stated(3, 9, says("failed"))}, ""},
		"missing there":                                          {[]pay{sold(1)}, nil, nil, "0:only_ours:pay_1"},
		"missing here":                                           {nil, nil, []line{stated(2, 1)}, "2:only_bank:"},
		"twice in the list":                                      {[]pay{sold(1)}, nil, []line{stated(2, 1), stated(3, 1)}, "2:matched:pay_1 3:duplicate:pay_1"},
		"twice in the list, and not here":                        {nil, nil, []line{stated(2, 1), stated(3, 1)}, "2:only_bank: 3:duplicate:"},
		"two without any key":                                    {nil, nil, []line{stated(2, 1, keys("", "", "")), stated(3, 1, keys("", "", ""))}, "2:only_bank: 3:only_bank:"},
		"a void as a row":                                        {[]pay{voided}, []checkout.Refund{given(voided, 1, checkout.KindVoid, 3000)}, []line{stated(2, 3), stated(3, 3, kind("void", 3000))}, "2:matched:pay_3 3:matched:rfd_1"},
		"a void as the sale's state":                             {[]pay{voided}, []checkout.Refund{given(voided, 1, checkout.KindVoid, 3000)}, []line{stated(2, 3, says("voided"))}, "2:matched:pay_3"},
		"what was voided is in no list":                          {[]pay{voided}, []checkout.Refund{given(voided, 1, checkout.KindVoid, 3000)}, nil, ""},
		"voided here, and a sale there":                          {[]pay{voided}, []checkout.Refund{given(voided, 1, checkout.KindVoid, 3000)}, []line{stated(2, 3)}, "2:state_differs:pay_3"},
		"voided there, and a sale here":                          {[]pay{sold(1)}, nil, []line{stated(2, 1), stated(3, 1, kind("void", 1000))}, "2:state_differs:pay_1 3:state_differs:pay_1"},
		"voided there as a state, and a sale here":               {[]pay{sold(1)}, nil, []line{stated(2, 1, says("voided"))}, "2:state_differs:pay_1"},
		"charged and taken back for one that failed":             {[]pay{sold(1, unpaid(checkout.StatusFailed))}, nil, []line{stated(2, 1), stated(3, 1, kind("void", 1000))}, "2:matched:pay_1 3:matched:pay_1"},
		"charged for one that failed, and refunded by ourselves": {[]pay{sold(1, unpaid(checkout.StatusVoided))}, nil, []line{stated(2, 1, kind("refund", 1000)), stated(3, 1, kind("refund", 1000))}, "2:matched:pay_1 3:state_differs:pay_1"},
		"a part of it is another thing":                          {[]pay{sold(1, unpaid(checkout.StatusVoided))}, nil, []line{stated(2, 1, kind("refund", 400))}, "2:state_differs:pay_1"},
		"a void that was given by ourselves":                     {[]pay{sold(1, status(checkout.StatusVoided, 1000))}, nil, []line{stated(2, 1), stated(3, 1, kind("void", 1000)), stated(4, 1, kind("void", 1000))}, "2:matched:pay_1 3:matched:pay_1 4:duplicate:pay_1"},
		"a refund as a row":                                      {[]pay{partly}, []checkout.Refund{given(partly, 1, checkout.KindRefund, 500)}, []line{stated(2, 4), stated(3, 4, kind("refund", 500))}, "2:matched:pay_4 3:matched:rfd_1"},
		"a refund as the sale's state":                           {[]pay{partly}, nil, []line{stated(2, 4, says("refunded"))}, "2:matched:pay_4"},
		"a refund that nobody gave":                              {[]pay{sold(1)}, nil, []line{stated(2, 1, says("refunded"))}, "2:state_differs:pay_1"},
		"a refund of another amount":                             {[]pay{partly}, []checkout.Refund{given(partly, 1, checkout.KindRefund, 500)}, []line{stated(2, 4), stated(3, 4, kind("refund", 400))}, "2:matched:pay_4 3:amount_differs:rfd_1"},
		"two refunds, told by their amounts":                     {[]pay{partly}, []checkout.Refund{given(partly, 1, checkout.KindRefund, 300), given(partly, 2, checkout.KindRefund, 200)}, []line{stated(2, 4), stated(3, 4, kind("refund", 200)), stated(4, 4, kind("refund", 300))}, "2:matched:pay_4 3:matched:rfd_2 4:matched:rfd_1"},
		"a refund that is missing there":                         {[]pay{partly}, []checkout.Refund{given(partly, 1, checkout.KindRefund, 500)}, []line{stated(2, 4)}, "2:matched:pay_4 0:only_ours:rfd_1"},
		"a refund that is missing here":                          {[]pay{sold(1)}, nil, []line{stated(2, 1), stated(3, 1, kind("refund", 400))}, "2:matched:pay_1 3:state_differs:pay_1"},
		"a refund of a sale that nobody knows":                   {nil, nil, []line{stated(3, 8, kind("refund", 400))}, "3:refund_without_sale:"},
		"a void of a sale that nobody knows":                     {nil, nil, []line{stated(3, 8, kind("void", 400))}, "3:refund_without_sale:"},
		"a refund of another day's sale":                         {[]pay{yesterday}, []checkout.Refund{given(yesterday, 1, checkout.KindRefund, 5000)}, []line{stated(3, 5, kind("refund", 5000))}, "3:matched:rfd_1"},
		"a refund that failed":                                   {[]pay{sold(1)}, nil, []line{stated(2, 1), stated(3, 1, kind("refund", 400), says("failed"))}, "2:matched:pay_1"},
		"paid before midnight, and in the list after":            {[]pay{yesterday}, nil, []line{stated(2, 5, at("2026-11-21 21:01"))}, "2:matched:pay_5"},
		"paid today, and in the list tomorrow":                   {[]pay{sold(1)}, nil, []line{stated(2, 1, at("2026-11-22 21:00"))}, "2:matched:pay_1"},
		"rows of other days alone":                               {[]pay{yesterday}, nil, []line{stated(2, 5, at("2026-11-21 20:59")), stated(3, 9, at("2026-11-22 21:00"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range checkout.MatchDay(theDay, c.bank, checkout.DayBooks{Payments: c.ours, Refunds: c.backs}) {
				who := string(p.Ours.Payment)
				if p.Ours.Refund != "" {
					who = string(p.Ours.Refund)
				}
				got = append(got, fmt.Sprintf("%d:%s:%s", p.Bank.Row, p.Class, who))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("%s\nwant %s", s, c.want)
			}
		})
	}
}

func TestDays(t *testing.T) {
	from, to, ok := theDay.Span()
	if !ok || from != utc("2026-11-21 21:00") || to != utc("2026-11-22 21:00") || checkout.DayOf(to) != "2026-11-23" || checkout.DayOf(from) != theDay {
		t.Errorf("%v %v %v", from, to, ok)
	}
	for _, d := range []checkout.Day{"", "2026-11-31", "22.11.2026", "1999-01-01", "2026-11-22T00:00:00Z"} {
		if _, _, ok := d.Span(); ok {
			t.Errorf("%q is a day", d)
		}
	}
}
