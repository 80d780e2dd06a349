package page

import (
	"math"
	"strconv"
	"strings"
	"time"
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

// titleKey is the key of the heading. A failed payment's says that the check was not completed where its sentence says the
// same; a bank can refuse anything else there, too.
func (v *Result) titleKey() string {
	if v.Status == StatusFailed && v.Reason != "authentication_failed" && v.Reason != "half_secure_refused" {
		return "result." + StatusDeclined + ".title"
	}
	return "result." + v.shown() + ".title"
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
		switch {
		case v.Double:
			return []string{r.T("result.double.what")}
		case v.TakenBack:
			return []string{r.T("result.taken_back.what")}
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
		if key := v.money(); key != "" {
			return r.T(key)
		}
	}
	return ""
}

// money is the key of what a kind page says of the reader's money; "" where nothing can be said.
func (v *Kind) money() string {
	switch {
	case v.PaidBefore:
		return ""
	case v.NotYet:
		return "money.not_yet"
	}
	return kinds[v.State].money
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

// About is what a page without a receipt is about.
func (r *root) About() *Receipt {
	switch v := r.V.(type) {
	case *Result:
		if v.Receipt == nil {
			return v.About
		}
	case *Kind:
		return v.About
	case *CheckoutPage:
		return v.About
	}
	return nil
}

// AboutRows are its lines, what is not known left out.
func (r *root) AboutRows() []receiptRow {
	c := r.About()
	rows := r.rows([]fact{{"receipt.order", c.OrderID, true}, {"receipt.description", c.Description, false}})
	if c.TotalMinor > 0 {
		rows = append(rows, r.rows(r.sumFacts(c))...)
	}
	return rows
}

// AboutLine is the same in one line, without what the link's page shows anyhow: card, plan, sum.
func (r *root) AboutLine() string {
	c := r.About()
	var parts []string
	for _, part := range []string{r.cardLine(c), r.planTitle(c), r.L.Money(c.TotalMinor, c.Currency)} {
		if part != "" {
			parts = append(parts, strings.ReplaceAll(part, " ", "\u00a0")) // lines break between them only
		}
	}
	return strings.Join(parts, " · ")
}

// fact is one line of a receipt before it has its label.
type fact struct {
	key, text string
	code      bool
}

func (r *root) rows(facts []fact) []receiptRow {
	var rows []receiptRow
	for _, f := range facts {
		if f.text != "" {
			rows = append(rows, receiptRow{r.T(f.key), f.text, f.code})
		}
	}
	return rows
}

// sumFacts are amount, plan and card.
func (r *root) sumFacts(c *Receipt) []fact {
	var price string
	if c.PriceMinor != 0 && c.PriceMinor != c.TotalMinor {
		price = r.L.Money(c.PriceMinor, c.Currency)
	}
	return []fact{
		{"receipt.amount", r.L.Money(c.TotalMinor, c.Currency), true}, {"receipt.price", price, true},
		{"receipt.plan", r.planLine(c), false}, {"receipt.card", r.cardLine(c), true}, {"receipt.bank", c.Issuer, false},
	}
}

// ReceiptRows is the receipt line by line (checklist J2); what is not known has no line.
func (r *root) ReceiptRows() []receiptRow {
	facts := r.receiptFacts()
	if r.marks != nil {
		facts = r.marks.rows(facts)
	}
	return append(r.rows(facts), r.answerRows()...)
}

// receiptLines is how many lines a receipt has at most.
const receiptLines = 15

// receiptFacts are all of a receipt's lines, those without a text too, so that each has its place.
func (r *root) receiptFacts() []fact {
	if r.facts != nil {
		return r.facts
	}
	c := r.Receipt()
	var merchant string
	if r.Theme != nil {
		merchant = r.LegalName()
	}
	facts := make([]fact, 0, receiptLines)
	facts = append(facts, fact{"receipt.merchant", merchant, false}, fact{"receipt.status", r.T("result." + r.status() + ".title"), false},
		fact{"receipt.order", c.OrderID, true}, fact{"receipt.description", c.Description, false})
	facts = append(facts, r.sumFacts(c)...)
	r.facts = append(facts, fact{"receipt.auth", c.AuthCode, true}, fact{"receipt.rrn", c.RRN, true}, fact{"receipt.reference", c.Payment, true},
		fact{"receipt.date", r.L.When(c.PaidAt), false}, fact{"receipt.refund", r.refundLine(c), false}, fact{"receipt.note", c.Note, false})
	return r.facts
}

// cardLine names a card by its brand and last four digits; a bank's own page keeps them to itself.
func (r *root) cardLine(c *Receipt) string {
	if c.Last4 == "" {
		return ""
	}
	return strings.TrimSpace(r.brandName(c.Brand) + " •••• " + c.Last4)
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

// planTitle is how somebody pays: at once or in how many instalments; "" where nobody has chosen yet.
func (r *root) planTitle(c *Receipt) string {
	switch {
	case c.Installments == 1:
		return r.T("plan.single")
	case c.Installments > 1:
		return r.T("plan.count", "n", strconv.Itoa(c.Installments))
	}
	return ""
}

// planLine names count and monthly sum; where the last instalment differs, how many there are of the
// others and what it is (checklist E3).
func (r *root) planLine(c *Receipt) string {
	if c.Installments <= 1 {
		return r.planTitle(c)
	}
	n, monthly := strconv.Itoa(c.Installments), r.L.Money(c.MonthlyMinor, c.Currency)
	if last := c.TotalMinor - c.MonthlyMinor*int64(c.Installments-1); last != c.MonthlyMinor {
		return r.T("receipt.plan_last", "n", n, "rest", strconv.Itoa(c.Installments-1), "amount", monthly, "last", r.L.Money(last, c.Currency))
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
	KindNoAccount:       {tone: "note"}, // nobody tried
	KindBankUnreachable: {tone: "bad", money: "money.none", back: true},
	KindUnavailable:     {tone: "wait", money: "money.attempt", retry: 10, back: true},
	KindNotBegun:        {tone: "wait", money: "money.attempt", back: true},
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

// again says when to come again, as it stands in a sentence: in so many minutes, and from an hour on at what time.
func (r *root) again(d time.Duration, now time.Time) string {
	if minutes := int(math.Ceil(d.Minutes())); minutes < 60 || now.IsZero() {
		return r.N("kind.too_many.again.minutes", max(1, minutes))
	}
	at := now.Add(d).Add(time.Minute - time.Nanosecond) // what is told is not before the end
	switch r.L.DaysAhead(now, at) {
	case 0:
		return r.T("kind.too_many.again.today", "time", r.L.Clock(at))
	case 1:
		return r.T("kind.too_many.again.tomorrow", "time", r.L.Clock(at))
	}
	return r.T("kind.too_many.again.on", "date", r.L.When(at))
}

// tooMany says which limit holds the payer up, and what he can do meanwhile. It names no limit's size (A31).
func (r *root) tooMany(v *Kind) []string {
	again, other := r.again(v.Wait, v.Now), r.again(v.OtherCard, v.Now)
	switch v.Limit {
	case "card", "bin":
		todo := ".todo"
		if v.OtherCard > 0 {
			todo = ".todo_later"
		}
		return []string{r.T("kind.too_many." + v.Limit + ".what"), r.T("kind.too_many."+v.Limit+todo, "again", again, "other", other)}
	case "address", "link":
		return []string{r.T("kind.too_many." + v.Limit + ".what"), r.T("kind.too_many.any.todo", "again", again)}
	}
	return []string{r.T("kind.too_many.what"), r.T("kind.too_many.todo", "again", again)}
}

func (r *root) kindSentences(v *Kind) []string {
	if v.State == KindTooMany {
		return r.tooMany(v)
	}
	what := r.T("kind."+v.State+".what", "date", r.when(v.Date), "currency", r.aboutCurrency())
	var todo string
	switch {
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

// aboutCurrency is how the language writes the currency that the page is about.
func (r *root) aboutCurrency() string {
	if c := r.About(); c != nil {
		return r.L.CurrencyName(c.Currency)
	}
	return ""
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
	if (kinds[v.State].back || v.ofCard()) && v.Token != "" {
		return "/p/" + v.Token
	}
	return ""
}

// ofCard says whether nothing but the card is in the payer's way: with another he goes on at once.
func (v *Kind) ofCard() bool {
	return v.State == KindTooMany && (v.Limit == "card" || v.Limit == "bin") && v.OtherCard == 0
}

// ResultURL leads to the payment's page.
func (v *Kind) ResultURL() string {
	if kinds[v.State].outcome && v.Payment != "" {
		return "/r/" + v.Payment
	}
	return ""
}

// GivenLine says when a text was agreed to, or that it was not; "" where nobody has been asked yet.
func (r *root) GivenLine() string {
	v, ok := r.V.(*Text)
	if !ok || v.Given.IsZero() {
		return ""
	}
	return r.saidLine(v.Yes, v.Given)
}

func (r *root) saidLine(yes bool, at time.Time) string {
	if yes {
		return r.T("agree.given", "date", r.L.When(at))
	}
	return r.T("agree.not_given", "date", r.L.When(at))
}

type agreedText struct{ Kind, Name, Said, Text string }

// AgreedTexts are what the payer of a consumer sale was asked, for his receipt.
func (r *root) AgreedTexts() []agreedText {
	v, ok := r.V.(*Result)
	if !ok {
		return nil
	}
	all := make([]agreedText, len(v.Agreed))
	for i, a := range v.Agreed {
		all[i] = agreedText{a.Kind, r.T("agree.name." + a.Kind), r.saidLine(a.Yes, v.AskedAt), a.Text}
	}
	return all
}
