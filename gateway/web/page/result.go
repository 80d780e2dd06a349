package page

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"rsc.io/qr"
)

// shown is the state whose words the page uses.
func (v *Result) shown() string {
	if v.Status == StatusAuthorizing {
		return StatusPending
	}
	return v.Status
}

func (v *Result) tone() string {
	switch v.shown() {
	case StatusPaid, StatusPartiallyRefunded:
		return "ok"
	case StatusPending, StatusChallenged:
		return "wait"
	case StatusRefunded, StatusVoided:
		return "note"
	}
	return "bad"
}

// Sentences say what happened and what to do.
func (r *root) Sentences() []string {
	switch v := r.V.(type) {
	case *Result:
		return r.resultSentences(v)
	case *Kind:
		return r.kindSentences(v)
	case *Check:
		if v.Receipt == nil {
			return []string{r.T("check.unknown_what")}
		}
		return []string{r.T("check.genuine_what")}
	}
	return nil
}

func (r *root) resultSentences(v *Result) []string {
	switch v.shown() {
	case StatusPaid:
		if v.Earlier && v.Receipt != nil {
			return []string{r.T("result.paid_earlier.what", "date", r.L.When(v.Receipt.PaidAt))}
		}
		return []string{r.T("result.paid.what")}
	case StatusDeclined, StatusFailed, StatusLinkUsed:
		return []string{r.T(r.declineKey(v.Reason))}
	case StatusPending:
		return []string{r.T("result.pending.what"), r.T("result.pending.keep")}
	case StatusVoided:
		if v.Double {
			return []string{r.T("result.double.what")}
		}
		return nil
	case StatusPartiallyRefunded, StatusRefunded:
		return nil
	}
	return []string{r.T("result." + v.shown() + ".what")}
}

// declineKey is the key of a decline code's sentence; a code without one is a general refusal.
func (r *root) declineKey(code string) string {
	if key := "decline." + code; r.L.Has(key) {
		return key
	}
	return "decline.generic"
}

// MoneyTaken says whether money left the card (checklist D5); empty where the receipt says it. It
// is a sentence of its own, so that no rewording of the reason can drop it (D7).
func (r *root) MoneyTaken() string {
	switch v := r.V.(type) {
	case *Result:
		return r.moneyOf(v)
	case *Kind:
		if key := kinds[v.State].money; key != "" && !v.PaidBefore {
			return r.T(key)
		}
	}
	return ""
}

func (r *root) moneyOf(v *Result) string {
	switch v.shown() {
	case StatusDeclined, StatusFailed, StatusAbandoned, StatusSuperseded, StatusLinkUsed:
		if v.Reversing {
			return r.T("money.reversing")
		}
		return r.T("money.none")
	case StatusPending:
		return r.T("money.unknown")
	case StatusChallenged:
		if v.OneStep {
			return r.T("money.unknown")
		}
		return r.T("money.not_yet")
	case StatusRefunded:
		return r.T("money.returned")
	case StatusPartiallyRefunded:
		return r.T("money.partly")
	case StatusVoided:
		if v.Double {
			return r.T("money.once")
		}
		return r.T("money.voided")
	}
	return ""
}

// Poll is where the script asks for the state of a payment that is not decided.
func (r *root) Poll() string {
	if v, ok := r.V.(*Result); ok && v.tone() == "wait" {
		return r.PaymentURL() + "/status"
	}
	return ""
}

// CanPoll offers the same by hand.
func (r *root) CanPoll() bool { return r.Poll() != "" }

// Receipt is the receipt of a result or a check.
func (r *root) Receipt() *Receipt {
	switch v := r.V.(type) {
	case *Result:
		return v.Receipt
	case *Check:
		return v.Receipt
	}
	return nil
}

type receiptRow struct {
	Label, Text string
	Code        bool // a code, left to right in every language
}

// ReceiptRows is the receipt line by line (checklist J2); what is not known has no line.
func (r *root) ReceiptRows() []receiptRow {
	c := r.Receipt()
	var rows []receiptRow
	add := func(key, text string, code bool) {
		if text != "" {
			rows = append(rows, receiptRow{r.T("receipt." + key), text, code})
		}
	}
	if r.Theme != nil {
		add("merchant", r.LegalName(), false)
	}
	add("status", r.T("result."+r.status()+".title"), false)
	add("order", c.OrderID, true)
	add("description", c.Description, false)
	add("amount", r.L.Money(c.TotalMinor, c.Currency), true)
	if c.PriceMinor != 0 && c.PriceMinor != c.TotalMinor {
		add("price", r.L.Money(c.PriceMinor, c.Currency), true)
	}
	add("plan", r.planLine(c), false)
	add("card", strings.TrimSpace(r.brandName(c.Brand)+" •••• "+c.Last4), true)
	add("bank", c.Issuer, false)
	add("auth", c.AuthCode, true)
	add("rrn", c.RRN, true)
	add("reference", c.Payment, true)
	add("date", r.L.When(c.PaidAt), false)
	add("refund", r.refundLine(c), false)
	add("note", c.Note, false)
	return rows
}

func (r *root) status() string {
	switch v := r.V.(type) {
	case *Result:
		return v.shown()
	case *Check:
		if v.Status != "" {
			return v.Status
		}
	}
	return StatusPaid
}

func (r *root) brandName(brand string) string {
	if key := "brand." + brand; r.L.Has(key) {
		return r.T(key)
	}
	return brand
}

// planLine names count and monthly sum; the last one apart when it differs (checklist E3).
func (r *root) planLine(c *Receipt) string {
	if c.Installments <= 1 {
		return r.T("plan.single")
	}
	n, monthly := strconv.Itoa(c.Installments), r.L.Money(c.MonthlyMinor, c.Currency)
	if last := c.TotalMinor - c.MonthlyMinor*int64(c.Installments-1); last != c.MonthlyMinor {
		return r.T("receipt.plan_last", "n", n, "amount", monthly, "last", r.L.Money(last, c.Currency))
	}
	return r.T("receipt.plan_count", "n", n, "amount", monthly)
}

func (r *root) refundLine(c *Receipt) string {
	switch {
	case c.Voided:
		return r.T("receipt.refund_void")
	case c.RefundedMinor <= 0:
		return r.T("receipt.refund_none")
	case c.RefundedMinor >= c.TotalMinor:
		return r.T("receipt.refund_all")
	}
	return r.T("receipt.refund_part", "amount", r.L.Money(c.RefundedMinor, c.Currency))
}

// CheckURL is where a receipt is confirmed.
func (r *root) CheckURL() string { return r.p.opts.PublicURL + "/v/" + r.Receipt().Code }

// QR is CheckURL as a picture: level M, dark on a light plate with its quiet zone (checklist N5).
func (r *root) QR() (template.HTML, error) {
	code, err := qr.Encode(r.CheckURL(), qr.M)
	if err != nil {
		return "", fmt.Errorf("drawing the receipt's code: %w", err)
	}
	const quiet = 4 // modules, ISO/IEC 18004
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > start {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", start+quiet, y+quiet, x-start, x-start)
			}
		}
	}
	side := strconv.Itoa(code.Size + 2*quiet)
	return template.HTML(`<svg class="qr" viewBox="0 0 ` + side + ` ` + side + `" role="img" aria-label="` +
		template.HTMLEscapeString(r.T("receipt.qr")) + `"><path fill="#fff" d="M0 0h` + side + `v` + side + `H0z"/><path d="` +
		path.String() + `"/></svg>`), nil
}

// kindFacts is what the kind pages differ in besides their words.
type kindFacts struct {
	tone    string
	money   string // key of the sentence about money, "" for none
	retry   int    // seconds after which the page is loaded again by itself, 0 never
	back    bool   // 'back to the payment page'
	outcome bool   // 'check the result'
}

var kinds = map[string]kindFacts{
	KindNotFound:        {tone: "note"},
	KindNotActive:       {tone: "wait"},
	KindExpired:         {tone: "note", money: "money.none"},
	KindDeleted:         {tone: "note", money: "money.none"},
	KindUsedUp:          {tone: "note"}, // its reader may be one of those who paid
	KindBusy:            {tone: "wait", retry: 5, back: true},
	KindInProgress:      {tone: "wait", money: "money.attempt", back: true},
	KindTooMany:         {tone: "wait", money: "money.attempt"},
	KindResting:         {tone: "note", money: "money.attempt"},
	KindNoRoute:         {tone: "note", money: "money.attempt"},
	KindBankUnreachable: {tone: "bad", money: "money.none", back: true},
	KindUnavailable:     {tone: "wait", money: "money.attempt", retry: 10, back: true},
	KindReturnWaiting:   {tone: "wait", money: "money.unknown", retry: 10},
	KindBadReturn:       {tone: "bad", outcome: true},
	KindBadRequest:      {tone: "bad", back: true},
	KindServerError:     {tone: "bad", back: true},
}

func (v *Kind) refresh() int {
	if v.State == KindReturnWaiting {
		return 0 // only a form can repeat a POST; without scripts the payer presses its button
	}
	return kinds[v.State].retry
}

// RetrySeconds is after how long the script loads the page again, or sends its form again.
func (r *root) RetrySeconds() int {
	if v, ok := r.V.(*Kind); ok {
		return kinds[v.State].retry
	}
	return 0
}

func (r *root) kindSentences(v *Kind) []string {
	what := r.T("kind."+v.State+".what", "date", r.when(v.Date))
	var todo string
	switch {
	case v.State == KindTooMany:
		todo = r.N("kind.too_many.wait", max(1, int(math.Ceil(v.Wait.Minutes()))))
	case v.State == KindExpired && v.Asked:
		return []string{what}
	default:
		todo = r.T("kind." + v.State + ".todo")
	}
	if v.refresh() > 0 && v.State != KindUnavailable {
		return []string{what, todo, r.T("kind.wait")}
	}
	return []string{what, todo}
}

func (r *root) when(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return r.L.When(t)
}

// AskURL is where a new link is asked for.
func (v *Kind) AskURL() string {
	if v.State == KindExpired && v.Token != "" {
		return "/p/" + v.Token + "/ask"
	}
	return ""
}

// BackURL leads to the link's page.
func (v *Kind) BackURL() string {
	if kinds[v.State].back && v.Token != "" {
		return "/p/" + v.Token
	}
	return ""
}

// ResultURL leads to the payment's page.
func (v *Kind) ResultURL() string {
	if kinds[v.State].outcome && v.Payment != "" {
		return "/r/" + v.Payment
	}
	return ""
}
