package panel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

const (
	chargebacksPath = "/panel/chargebacks"
	// chargebacksShown is how many disputes a page of the list has.
	chargebacksShown = 25
)

// disputes are the disputes on the page of a payment, and what can be done about them.
type disputes struct {
	Disputes   []checkout.Chargeback
	MayDispute bool                 // who asks may record and change them
	Open       *Form                // of a new one; nil = none can be recorded
	Follow     *checkout.Chargeback // the one that is about to change
	FollowForm *Form
	Certain    *certain // what is about to be written, when it has to be confirmed
}

// certain is what will be written about a dispute.
type certain struct {
	Step   string // open, contested, won, lost, withdrawn, or again for a second round; noted where the status stays
	Amount checkout.Money
	Path   string
	Fields []Choice // the form's, name and value
	Once   string   // so that a new one is recorded once; a change says by "seen" what it is of
}

// What the API calls the fields of the forms.
var chargebackNames = map[string]string{"amount": "disputed", "reason_code": "code", "reason": "words"}

// offerDisputes adds a payment's disputes, and the forms that go with them.
func (s *Surface) offerDisputes(c *fiber.Ctx, w *who, p checkout.Payment, d *disputes) error {
	of, err := s.Ledger.ChargebacksOf(c.UserContext(), w.member.Merchant, []checkout.PaymentID{p.ID})
	if err != nil {
		return err
	}
	d.Disputes, d.MayDispute = of[p.ID], w.may(checkout.PowerMoney)
	if !d.MayDispute {
		d.Open, d.Follow, d.Certain = nil, nil, nil
		return nil
	}
	if d.Open == nil && p.MayDispute(1) == nil {
		l := s.pages.locale(w.lang)
		d.Open = NewForm("disputes", "disputed", typedAmount(l, checkout.Money{Minor: p.Total.Minor - p.Disputed, Currency: p.Total.Currency}),
			"code", "", "received_at", string(checkout.DayOf(s.now())), "respond_by", "", "case", "", "words", "")
	}
	for i, one := range d.Disputes {
		if d.Follow == nil && string(one.ID) == c.Query("dispute") && len(one.Status.Next()) > 0 {
			d.Follow = &d.Disputes[i]
			by := one.RespondBy
			if one.Status.Over() {
				by = "" // that of a second round is another
			}
			d.FollowForm = NewForm("disputes", "status", string(one.Status), "respond_by", string(by), "case", one.Case, "words", one.Reason,
				"seen", strconv.FormatInt(one.UpdatedAt.UnixMicro(), 10))
		}
	}
	return nil
}

// recordChargeback writes a dispute down in two steps: what it means is shown, and it is written when it comes again
// with the button under that.
func (s *Surface) recordChargeback(c *fiber.Ctx, w *who) error {
	p, err := s.paymentOf(c, w)
	if err != nil {
		return err
	}
	f := readForm(c, "disputes", "disputed", "code", "received_at", "respond_by", "case", "words")
	key, content := backKey(w, posted(c, "once")), f.content(c.Path())
	was, err := s.disputedBefore(c, w, key, content)
	if err != nil {
		return err
	}
	back := "/panel/payments/" + string(p.ID)
	if was {
		return saved(c, back, "disputed")
	}
	d := paymentData{disputes: disputes{Open: f}}
	ask, err := s.readDispute(f, w, p)
	if err != nil {
		return err
	}
	if !f.OK() {
		return s.showPayment(c, w, fiber.StatusUnprocessableEntity, p, d)
	}
	if posted(c, "sure") == "" || key == "" {
		d.Certain = newCertain("open", checkout.Money{Minor: ask.Minor, Currency: p.Total.Currency}, c.Path(), f)
		d.Certain.Once = s.IDs.Secret(backOnceLength)
		return s.showPayment(c, w, fiber.StatusOK, p, d)
	}
	ask.Idem = func(made checkout.Chargeback) (checkout.Idempotency, error) {
		return checkout.Idempotency{Merchant: w.member.Merchant, Key: key, Request: content[:], Body: []byte(made.ID)}, nil
	}
	_, err = s.Flow.RecordChargeback(c.UserContext(), w.by(c), w.member.Merchant, p.ID, ask)
	if errors.Is(err, checkout.ErrKeyKnown) {
		err = nil // the other press was first
	}
	if err := s.refused(f, w.lang, err, chargebackNames); err != nil {
		return err
	}
	if !f.OK() {
		return s.showPayment(c, w, fiber.StatusConflict, p, d)
	}
	return saved(c, back, "disputed")
}

// readDispute reads the form of a new dispute, and notes in it all that is wrong.
func (s *Surface) readDispute(f *Form, w *who, p checkout.Payment) (checkout.ChargebackAsk, error) {
	ask := checkout.ChargebackAsk{ChargebackTerms: checkout.ChargebackTerms{
		Code: f.Get("code"), Reason: f.Get("words"), Case: f.Get("case"), ReceivedAt: checkout.Day(f.Get("received_at")), RespondBy: checkout.Day(f.Get("respond_by")),
	}}
	ask.Minor = s.amount(f, w.lang, "disputed", p.Total.Currency, true)
	try := checkout.Chargeback{Amount: checkout.Money{Minor: ask.Minor, Currency: p.Total.Currency}, ChargebackTerms: ask.ChargebackTerms}
	if f.Errors["disputed"] != "" {
		try.Amount.Minor = 1 // what else is wrong is told, too
	}
	_, err := p.Dispute(try, checkout.Step{At: s.now()})
	return ask, s.refused(f, w.lang, err, chargebackNames)
}

// disputedBefore says whether a confirmation with this content has recorded its dispute already.
func (s *Surface) disputedBefore(c *fiber.Ctx, w *who, key string, content [sha256.Size]byte) (bool, error) {
	if key == "" {
		return false, nil
	}
	a, was, err := s.Ledger.Answer(c.UserContext(), w.member.Merchant, key)
	return was && bytes.Equal(a.Request, content[:]), err
}

func newCertain(step string, amount checkout.Money, path string, f *Form) *certain {
	k := &certain{Step: step, Amount: amount, Path: path}
	for _, name := range []string{"disputed", "code", "status", "received_at", "respond_by", "case", "words", "seen"} {
		if value, there := f.Values[name]; there {
			k.Fields = append(k.Fields, Choice{Value: value, Label: name})
		}
	}
	return k
}

// changeChargeback writes down how a dispute goes on, in two steps: of the dispute as the form showed it, since all of
// the form is written, what somebody else wrote meanwhile as well. The same a second time changes nothing.
func (s *Surface) changeChargeback(c *fiber.Ctx, w *who) error {
	p, err := s.paymentOf(c, w)
	if err != nil {
		return err
	}
	one, err := s.Ledger.ChargebackOf(c.UserContext(), w.member.Merchant, checkout.ChargebackID(c.Params("chargeback")))
	if err == nil && one.Payment != p.ID {
		err = checkout.ErrNoChargeback
	}
	if err != nil {
		return err
	}
	f := readForm(c, "disputes", "status", "respond_by", "case", "words", "seen")
	d := paymentData{disputes: disputes{Follow: &one, FollowForm: f}}
	words, number, by := f.Get("words"), f.Get("case"), checkout.Day(f.Get("respond_by"))
	seen, _ := strconv.ParseInt(f.Get("seen"), 10, 64) // none: no dispute's
	change := checkout.ChargebackChange{Status: checkout.ChargebackStatus(f.Get("status")), Reason: &words, Case: &number, Seen: time.UnixMicro(seen)}
	if by != "" || !one.Status.Over() {
		change.RespondBy = &by
	}
	if !slices.Contains(checkout.ChargebackStatuses, change.Status) {
		f.Error = s.sentence(w.lang, "unknown_value", nil)
	} else {
		_, err := p.FollowUp(one, change, checkout.Step{At: s.now()})
		if err := s.refused(f, w.lang, err, chargebackNames); err != nil {
			return err
		}
	}
	if !f.OK() {
		return s.showPayment(c, w, fiber.StatusUnprocessableEntity, p, d)
	}
	if posted(c, "sure") == "" {
		d.Certain = newCertain(stepOf(one.Status, change.Status), one.Amount, c.Path(), f)
		return s.showPayment(c, w, fiber.StatusOK, p, d)
	}
	_, err = s.Flow.ChangeChargeback(c.UserContext(), w.by(c), w.member.Merchant, one.ID, change)
	if err := s.refused(f, w.lang, err, chargebackNames); err != nil {
		return err
	}
	if !f.OK() {
		return s.showPayment(c, w, fiber.StatusConflict, p, d)
	}
	return saved(c, "/panel/payments/"+string(p.ID), "followed")
}

// stepOf names what a change does, for its words.
func stepOf(was, now checkout.ChargebackStatus) string {
	switch {
	case was == now:
		return "noted"
	case now == checkout.ChargebackOpen:
		return "again"
	}
	return string(now)
}

// disputeRow is a dispute in the list.
type disputeRow struct {
	checkout.Chargeback
	Of checkout.Payment
}

// chargebacksData is the list.
type chargebacksData struct {
	Filters *Form
	Rows    []disputeRow
	Open    checkout.OpenChargebacks
	Next    string
}

func (s *Surface) chargebacksPage(c *fiber.Ctx, w *who) error {
	ctx, m := c.UserContext(), w.member.Merchant
	f := NewForm("disputes", "status", c.Query("status"), "cursor", c.Query("cursor"))
	q := checkout.ChargebackQuery{Merchant: m, Maker: w.own(), Limit: chargebacksShown, Cursor: f.Get("cursor")}
	oneOf(s, f, w, "status", checkout.ChargebackStatuses, &q.Status)
	found, next, err := s.Ledger.SearchChargebacks(ctx, q)
	if errors.Is(err, checkout.ErrCursor) {
		return c.Redirect(chargebacksPath, fiber.StatusSeeOther)
	}
	if err != nil {
		return err
	}
	ids := make([]checkout.PaymentID, len(found))
	for i, one := range found {
		ids[i] = one.Payment
	}
	of, err := s.Ledger.PaymentsOf(ctx, m, ids)
	if err != nil {
		return err
	}
	d := chargebacksData{Filters: f, Next: nextPage(c, next)}
	for _, one := range found {
		d.Rows = append(d.Rows, disputeRow{one, of[one.Payment]})
	}
	if d.Open, err = s.Ledger.OpenChargebacks(ctx, m, w.own()); err != nil {
		return err
	}
	status := fiber.StatusOK
	if !f.OK() {
		status = fiber.StatusUnprocessableEntity
	}
	return s.show(c, w, status, "chargebacks", d)
}

// evidence is what answers a dispute, on paper.
type evidence struct {
	paymentData
	Head string // the last hash of the payment's audit trail, in hex
	Made time.Time
}

// evidencePage is a page for paper with all that answers a dispute. What an edited link says is not what was sold: as on
// a receipt, its words are the payment's only where the link is still as it was then (I9).
func (s *Surface) evidencePage(c *fiber.Ctx, w *who) error {
	p, err := s.paymentOf(c, w)
	if err != nil {
		return err
	}
	d := evidence{Head: hex.EncodeToString(p.Head), Made: s.now()}
	if err := s.know(c, w, p, &d.paymentData); err != nil {
		return err
	}
	if d.Of.Version != p.LinkVersion {
		d.Of.Description, d.Of.Customer = "", checkout.Customer{}
	}
	return s.show(c, w, fiber.StatusOK, "payment_evidence", d)
}

// DayText is a calendar day, "" for none.
func (p *Page) DayText(d checkout.Day) string {
	from, _, ok := d.Span()
	if !ok {
		return ""
	}
	return p.Day(from)
}

// DisputeState is how a dispute stands.
func (p *Page) DisputeState(status checkout.ChargebackStatus) Pill {
	pill := Pill{Word: p.T("disputes.status." + string(status)), Icon: "clock", Tone: "warn"}
	switch status {
	case checkout.ChargebackContested:
		pill.Icon, pill.Tone = "mail", "info"
	case checkout.ChargebackWon:
		pill.Icon, pill.Tone = "check", "good"
	case checkout.ChargebackLost:
		pill.Icon, pill.Tone = "cross", "bad"
	case checkout.ChargebackWithdrawn:
		pill.Icon, pill.Tone = "cross", ""
	}
	return pill
}

// Deadline says how long there is for an answer; nil where nobody waits for one.
func (p *Page) Deadline(c checkout.Chargeback) *Pill {
	today := checkout.DayOf(p.now)
	days, ok := c.DaysLeft(today)
	switch by := p.DayText(c.RespondBy); {
	case !ok:
		return nil
	case days < 0:
		return &Pill{Word: p.T("disputes.overdue", "day", by), Tone: "bad"}
	case days == 0:
		return &Pill{Word: p.T("disputes.today", "day", by), Tone: "bad"}
	case c.DueSoon(today):
		return &Pill{Word: p.T("disputes.until", "day", by) + " · " + p.N("disputes.left", days), Tone: "bad"}
	default:
		return &Pill{Word: p.T("disputes.until", "day", by)}
	}
}

// DisputeSteps are the statuses that a dispute may have next, its own before them.
func (p *Page) DisputeSteps(c *checkout.Chargeback) []string {
	return append([]string{string(c.Status)}, wordsOf(c.Status.Next())...)
}

// DisputeStatuses are the words of the list's filter.
func (p *Page) DisputeStatuses() []string { return wordsOf(checkout.ChargebackStatuses) }

// Secure says in words what an mdStatus means.
func (p *Page) Secure(mdStatus string) string {
	return p.Or("evidence.md."+mdStatus, p.T("evidence.md.other"))
}
