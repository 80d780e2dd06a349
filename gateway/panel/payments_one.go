package panel

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// toldShown is how many deliveries and messages the page of a payment has.
const toldShown = 50

// paymentData is the page of one payment.
type paymentData struct {
	paymentRow
	disputes
	Of       checkout.Link
	Opened   time.Time // when its link was first opened
	Refunds  []checkout.Refund
	Agreed   []checkout.Consent // of a consumer sale
	Line     []moment
	Way      checkout.RefundKind // how money goes back now; "" = not at all
	Why      checkout.Reason     // what the bank said that makes it so; "" = nothing
	Other    checkout.RefundKind // the other way, where the bank's day may end at another hour
	Begun    bool                // the form for it is open: its way was asked for
	Running  bool                // a void or refund waits for the bank
	Form     *Form
	Sure     *giving // what is about to be done, when it has to be confirmed
	Outcome  *checkout.Refund
	Saved    string
	Problem  string
	Owed     time.Duration
	AskAgain bool // the bank can be asked now
}

// giving is money that is about to go back.
type giving struct {
	Kind  checkout.RefundKind
	Minor int64
	Left  int64
	Once  string // so that it is done once, however often the button is pressed
}

// moment is one line of a payment's way.
type moment struct {
	At    time.Time
	Key   string // of its words
	Word  string // where there are none
	Tone  string
	Actor string
	IP    string // of the payer's and the bank's steps, for papers that travel: staff's is the merchant's own business
	Sub   string
	Data  []Choice // what is known of it, name and value
	order int
}

// paymentOf finds the payment of the path for who asks. ErrNoPayment also for one of a colleague's link where he
// sees only his own.
func (s *Surface) paymentOf(c *fiber.Ctx, w *who) (checkout.Payment, error) {
	id := checkout.PaymentID(c.Params("id"))
	if !id.Valid() {
		return checkout.Payment{}, checkout.ErrNoPayment
	}
	p, err := s.Ledger.PaymentOf(c.UserContext(), w.member.Merchant, id)
	if err != nil {
		return p, err
	}
	if errors.Is(s.seesLink(c, w, p.Link), checkout.ErrNoLink) {
		return p, checkout.ErrNoPayment
	}
	return p, s.seesLink(c, w, p.Link)
}

func (s *Surface) paymentPage(c *fiber.Ctx, w *who) error {
	p, err := s.paymentOf(c, w)
	if err != nil {
		return err
	}
	d := paymentData{Saved: c.Query("saved")}
	if other := checkout.RefundKind(c.Query("way")); slices.Contains(checkout.RefundKinds, other) {
		d.Way, d.Begun = other, true
	}
	return s.showPayment(c, w, fiber.StatusOK, p, d)
}

// showPayment answers the page with everything that is known of the payment.
func (s *Surface) showPayment(c *fiber.Ctx, w *who, status int, p checkout.Payment, d paymentData) error {
	if err := s.know(c, w, p, &d); err != nil {
		return err
	}
	s.offer(w, p, &d)
	return s.show(c, w, status, "payment", d)
}

// know reads everything that is known of the payment.
func (s *Surface) know(c *fiber.Ctx, w *who, p checkout.Payment, d *paymentData) error {
	ctx := c.UserContext()
	rows, _, err := s.paymentRows(c, w, []checkout.Payment{p})
	if err != nil {
		return err
	}
	d.paymentRow = rows[0]
	if d.Of, err = s.Ledger.LinkByID(ctx, w.member.Merchant, p.Link); err != nil {
		return err
	}
	if d.Opened, err = s.Ledger.OpenedAt(ctx, w.member.Merchant, p.Link); err != nil {
		return err
	}
	back, err := s.Ledger.RefundsOf(ctx, w.member.Merchant, []checkout.PaymentID{p.ID})
	if err != nil {
		return err
	}
	d.Refunds = back[p.ID]
	if d.Agreed, err = s.Flow.ConsentsOf(ctx, p); err != nil {
		return err
	}
	for i, r := range d.Refunds {
		d.Running = d.Running || r.Status == checkout.RefundPending
		if string(r.ID) == c.Query("refund") {
			d.Outcome = &d.Refunds[i]
		}
	}
	if err := s.offerDisputes(c, w, p, &d.disputes); err != nil {
		return err
	}
	d.Line, err = s.wayOf(ctx, w, *d)
	return err
}

// offer says what can be done about a payment now: the way that the calendar tells or the bank told, and the other one,
// since the bank's day may have ended, or not. A day that has ended does not begin again.
func (s *Surface) offer(w *who, p checkout.Payment, d *paymentData) {
	asked := d.Way
	d.Way, d.Why = p.WayBack(s.now(), d.Refunds)
	if p.Status == checkout.StatusPaid && d.Way != "" && p.Disputed == 0 && d.Why != checkout.ReasonTooLate {
		d.Other = checkout.KindVoid
		if d.Way == checkout.KindVoid {
			d.Other = checkout.KindRefund
		}
		if asked == d.Other {
			d.Way, d.Other = d.Other, d.Way
		}
	}
	if d.Running || !w.may(checkout.PowerMoney) {
		d.Way, d.Other, d.Sure = "", "", nil
	}
	if d.Form == nil {
		d.Form = NewForm("payments.back", "amount", typedAmount(s.pages.locale(w.lang), checkout.Money{Minor: p.Free(), Currency: p.Total.Currency}), "reason", "")
	}
	if p.Status.Undecided() {
		d.Owed = s.now().Sub(p.CreatedAt)
		d.AskAgain = p.Status == checkout.StatusPending && w.may(checkout.PowerMoney)
	}
}

// askBank asks the bank what became of a payment.
func (s *Surface) askBank(c *fiber.Ctx, w *who) error {
	p, err := s.paymentOf(c, w)
	if err != nil {
		return err
	}
	_, err = s.Flow.AskNow(c.UserContext(), w.by(c), w.member.Merchant, p.ID)
	word := "asked"
	switch {
	case errors.Is(err, checkout.ErrAsking):
		word = "asking"
	case errors.Is(err, checkout.ErrNotPending):
		word = "decided"
	case err != nil:
		return err
	}
	return saved(c, "/panel/payments/"+string(p.ID), word)
}

// giveBack voids or refunds in two steps: what was asked for is shown in words and money, and done when it comes
// again with the button under that.
func (s *Surface) giveBack(c *fiber.Ctx, w *who) error {
	p, err := s.paymentOf(c, w)
	if err != nil {
		return err
	}
	f := readForm(c, "payments.back", "kind", "amount", "reason", "once")
	done := func(r checkout.Refund) error {
		return c.Redirect("/panel/payments/"+string(p.ID)+"?refund="+string(r.ID), fiber.StatusSeeOther)
	}
	key := backKey(w, f.Get("once"))
	r, was, err := s.givenBack(c, w, key)
	switch {
	case err != nil:
		return err
	case was && gaveBack(f, p, r):
		return done(r)
	}
	d := paymentData{Form: f, Way: checkout.RefundKind(f.Get("kind"))}
	ask, left := s.readGiving(f, w, p)
	if !f.OK() {
		return s.showPayment(c, w, fiber.StatusUnprocessableEntity, p, d)
	}
	status, sure := fiber.StatusOK, posted(c, "sure") != ""
	if sure && (key == "" || was) {
		status, sure = fiber.StatusUnprocessableEntity, false // what was confirmed is not this
	}
	if !sure {
		d.Sure = &giving{Kind: ask.Kind, Minor: ask.Minor, Left: left, Once: s.IDs.Secret(backOnceLength)}
		return s.showPayment(c, w, status, p, d)
	}
	if r, err = s.giveBackOnce(c, w, p, ask, key); err != nil {
		if err := s.refused(f, w.lang, err, nil); err != nil {
			return err
		}
		return s.showPayment(c, w, fiber.StatusConflict, p, d)
	}
	return done(r)
}

// backOnceLength is how many characters the name of a confirmation has.
const backOnceLength = 20

// backKey is under what a confirmation keeps what it did, "" for one without a name of ours: that of another
// form, or none, stands for nothing that was shown to anybody.
func backKey(w *who, once string) string {
	if len(once) != backOnceLength {
		return ""
	}
	return "panel " + string(w.user.ID) + " " + once
}

// givenBack finds what a confirmation did before.
func (s *Surface) givenBack(c *fiber.Ctx, w *who, key string) (r checkout.Refund, was bool, err error) {
	if key == "" {
		return r, false, nil
	}
	a, was, err := s.Ledger.Answer(c.UserContext(), w.member.Merchant, key)
	if err == nil && was {
		r, err = s.Ledger.RefundOf(c.UserContext(), w.member.Merchant, checkout.RefundID(a.Body))
	}
	return r, was, err
}

// gaveBack says whether a void or refund is the one that a form asks for. A void has no amount but the whole.
func gaveBack(f *Form, p checkout.Payment, r checkout.Refund) bool {
	if r.Payment != p.ID || string(r.Kind) != f.Get("kind") {
		return false
	}
	minor, code := readAmount(f.Get("amount"), p.Total.Currency)
	return r.Kind == checkout.KindVoid || code == "" && minor == r.Amount.Minor
}

// maxReason bounds a reason in characters, as in the API.
const maxReason = 250

func (s *Surface) readGiving(f *Form, w *who, p checkout.Payment) (ask checkout.RefundAsk, left int64) {
	ask = checkout.RefundAsk{Kind: checkout.RefundKind(f.Get("kind")), Minor: p.Rest(), Reason: f.Get("reason")}
	if !slices.Contains(checkout.RefundKinds, ask.Kind) {
		f.Error = s.sentence(w.lang, "unknown_value", nil)
		return ask, 0
	}
	if code := checkout.CheckFreeText(ask.Reason, maxReason); code != "" {
		s.wrong(f, w.lang, "reason", code, nil)
	}
	if ask.Kind == checkout.KindRefund {
		if ask.Minor = s.amount(f, w.lang, "amount", p.Total.Currency, true); f.Errors["amount"] != "" {
			return ask, 0
		}
	}
	switch err := p.MayGiveBack(ask.Kind, ask.Minor); {
	case errors.Is(err, checkout.ErrRefundOverTotal):
		s.wrong(f, w.lang, "amount", "refund_over_total", nil)
	case err != nil:
		if err := s.refused(f, w.lang, err, nil); err != nil {
			f.Error = err.Error()
		}
	}
	return ask, p.Rest() - ask.Minor
}

// giveBackOnce keeps what was done under the confirmation's own key: a second press of its button, or a reload,
// answers what the first one did.
func (s *Surface) giveBackOnce(c *fiber.Ctx, w *who, p checkout.Payment, ask checkout.RefundAsk, key string) (checkout.Refund, error) {
	request := sha256.Sum256([]byte(string(p.ID) + " " + string(ask.Kind) + " " + strconv.FormatInt(ask.Minor, 10)))
	ask.Idem = func(r checkout.Refund) (checkout.Idempotency, error) {
		return checkout.Idempotency{Merchant: w.member.Merchant, Key: key, Request: request[:], Body: []byte(r.ID)}, nil
	}
	r, err := s.Flow.GiveBack(c.UserContext(), w.by(c), w.member.Merchant, p.ID, ask)
	if err == nil {
		return r, nil
	}
	first, was, lost := s.givenBack(c, w, key)
	if lost != nil {
		return first, lost
	}
	if was && first.Payment == p.ID && first.Kind == ask.Kind && first.Amount.Minor == ask.Minor {
		return first, nil // the other press was first
	}
	return r, err
}

// wayOf is a payment's way from its link to those who were told, in the order of time.
func (s *Surface) wayOf(ctx context.Context, w *who, d paymentData) ([]moment, error) {
	m, id := w.member.Merchant, d.ID
	events, err := s.Ledger.Events(ctx, m, string(id))
	if err != nil {
		return nil, err
	}
	people, err := s.names(ctx, w)
	if err != nil {
		return nil, err
	}
	line := []moment{{At: d.Of.CreatedAt, Key: "payments.event.link.created"}}
	if !d.Opened.IsZero() && !d.Opened.After(d.CreatedAt) {
		line = append(line, moment{At: d.Opened, Key: "payments.event.link.opened"})
	}
	for _, e := range events {
		line = append(line, momentOf(e, people, d.paymentRow))
	}
	told, err := s.toldOf(ctx, w, d)
	line = append(line, told...)
	for i := range line {
		line[i].order = i
	}
	slices.SortFunc(line, func(a, b moment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.order, b.order)) })
	return line, err
}

// names are who may stand in an audit trail as "user:…".
func (s *Surface) names(ctx context.Context, w *who) (map[string]string, error) {
	all, err := s.Ledger.Colleagues(ctx, w.member.Merchant)
	names := map[string]string{"user:" + string(w.user.ID): w.user.Name}
	for _, c := range all {
		names["user:"+string(c.User)] = c.Name
	}
	return names, err
}

func momentOf(e checkout.Event, people map[string]string, of paymentRow) moment {
	m := moment{At: e.At, Key: "payments.event." + e.Type, Word: e.Type, Actor: cmp.Or(people[e.Actor], e.Actor), Tone: toneOf(e.Type)}
	for _, name := range slices.Sorted(maps.Keys(e.Data)) {
		value := e.Data[name]
		if name == "account" && value == string(of.Account) && of.POS != "" {
			value = of.POS
		}
		if value != "" {
			m.Data = append(m.Data, Choice{Value: value, Label: name})
		}
	}
	if e.IP != "" {
		m.Data = append(m.Data, Choice{Value: e.IP, Label: "ip"})
	}
	if e.Actor == "payer" || e.Actor == "bank" {
		m.IP = e.IP
	}
	return m
}

func toneOf(typ string) string {
	switch typ {
	case "payment.paid", "payment.refunded", "payment.voided":
		return "good"
	case "payment.declined", "payment.failed", "payment.callback_rejected", checkout.EventAmountDiffers, "payment.void_refused", "payment.refund_refused", "payment.unresolved":
		return "bad"
	}
	return ""
}

// toldOf are the deliveries and messages about a payment and its disputes, and the messages that brought its link.
func (s *Surface) toldOf(ctx context.Context, w *who, d paymentData) (line []moment, err error) {
	about := []string{string(d.ID)}
	for _, one := range d.Disputes {
		about = append(about, string(one.ID))
	}
	var sent []checkout.Delivery
	for _, subject := range about {
		some, err := s.Ledger.DeliveriesAbout(ctx, w.member.Merchant, subject, toldShown)
		if err != nil {
			return nil, err
		}
		sent = append(sent, some...)
	}
	for _, one := range sent {
		for _, try := range one.History {
			m := moment{At: try.At, Key: "payments.told.delivered", Tone: "good", Sub: one.Topic, Data: []Choice{{Value: string(one.ID), Label: "delivery"}, {Value: string(one.Event), Label: "event"}, {Value: try.Took.String(), Label: "took"}}}
			if try.Error != "" {
				m.Key, m.Tone = "payments.told.missed", "bad"
				m.Data = append(m.Data, Choice{Value: try.Error, Label: "error"})
			}
			if try.Code != 0 {
				m.Data = append(m.Data, Choice{Value: strconv.Itoa(try.Code), Label: "http_status"})
			}
			line = append(line, m)
		}
	}
	messages, _, err := s.Ledger.SearchMessages(ctx, checkout.MessageQuery{Merchant: w.member.Merchant, Link: d.Link, Limit: toldShown})
	for _, one := range messages {
		if one.Payment == "" || one.Payment == d.ID {
			line = append(line, messageMoments(one)...)
		}
	}
	return line, err
}

func messageMoments(one checkout.Message) (line []moment) {
	about := []Choice{{Value: string(one.ID), Label: "message"}}
	sub := string(one.Channel) + " · " + hideTo(one.Channel, one.To)
	if len(one.History) == 0 {
		return []moment{{At: one.CreatedAt, Key: "payments.told." + string(one.Kind) + "." + string(one.Status), Sub: sub, Data: append(about, reasonOf(one.Reason)...)}}
	}
	for _, try := range one.History {
		m := moment{At: try.At, Key: "payments.told." + string(one.Kind) + ".sent", Tone: "good", Sub: sub, Data: append(slices.Clone(about), reasonOf(try.Error)...)}
		if try.Error != "" {
			m.Key, m.Tone = "payments.told."+string(one.Kind)+".failed", "bad"
		}
		if try.Answer != "" {
			m.Data = append(m.Data, Choice{Value: try.Answer, Label: "answer"})
		}
		line = append(line, m)
	}
	return line
}

func reasonOf(reason string) []Choice {
	if reason == "" {
		return nil
	}
	return []Choice{{Value: reason, Label: "reason"}}
}

// hideTo is an address as a page shows it to everybody who may look: enough to know it again.
func hideTo(c checkout.Channel, to string) string {
	if c == checkout.ChannelEmail {
		user, domain, _ := strings.Cut(to, "@")
		return firstRunes(user, 2) + "…@" + domain
	}
	if len(to) > 4 {
		return "…" + to[len(to)-4:]
	}
	return "…"
}

func firstRunes(text string, n int) string {
	r := []rune(text)
	return string(r[:min(n, len(r))])
}

// Exact is a moment to the second, in Istanbul's time, and UTC the same for machines' logs.
func (p *Page) Exact(t time.Time) string {
	return p.Day(t) + " " + t.In(p.L.Zone()).Format("15:04:05")
}
func (p *Page) UTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000 UTC") }

// Moment is what a line of a payment's way says, Actor who did it.
func (p *Page) Moment(m moment) string { return p.Or(m.Key, cmp.Or(m.Word, m.Key)) }
func (p *Page) Actor(actor string) string {
	switch {
	case strings.HasPrefix(actor, "api:"):
		return p.T("payments.actor.api")
	case strings.HasPrefix(actor, "user:"):
		return p.T("payments.actor.user")
	}
	return p.Or("payments.actor."+actor, actor)
}

// factWords are where the values of a payment's details have their words, by the detail's name. What has none is
// shown as it is: numbers of the bank, and texts that somebody else wrote.
var factWords = map[string][]string{
	"result": {"payments.result."}, "fence": {"payments.result."}, "cause": {"payments.cause."},
	"reason": {"reason.", "payments.forged.", "links.reason."}, "error": {"webhooks.send.", "links.reason."},
	"chargeback_status": {"disputes.status."}, "route": {"payments.route."},
}

// factMoney are the details that are money, written like "250.00 TRY".
var factMoney = []string{"amount", "total", "copy_mismatch"}

// Fact is what a detail of a payment's way says, in words where there are some.
func (p *Page) Fact(c Choice) string {
	if slices.Contains(factMoney, c.Label) {
		number, currency, _ := strings.Cut(c.Value, " ")
		if m, err := checkout.ParseDecimal(number, checkout.Currency(currency)); err == nil {
			return p.MoneyText(m)
		}
	}
	for _, prefix := range factWords[c.Label] {
		if p.L.Has(prefix + c.Value) {
			return p.T(prefix + c.Value)
		}
	}
	return c.Value
}

// InWords says whether Fact says more than the value itself.
func (p *Page) InWords(c Choice) bool { return p.Fact(c) != c.Value }

// Waited is how long something has been waiting, in the largest unit that fits.
func (p *Page) Waited(t time.Time) string {
	switch d := p.now.Sub(t); {
	case d < time.Minute:
		return p.L.Count("payments.waited.seconds", int(d/time.Second))
	case d < time.Hour:
		return p.L.Count("payments.waited.minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return p.L.Count("payments.waited.hours", int(d/time.Hour))
	default:
		return p.L.Count("payments.waited.days", int(d/(24*time.Hour)))
	}
}

// MoneyText is an amount of money in the language of the page.
func (p *Page) MoneyText(m checkout.Money) string { return p.Money(m.Minor, m.Currency) }

// Plain is an amount as a field takes it.
func (p *Page) Plain(minor int64, c checkout.Currency) string {
	return typedAmount(p.L, checkout.Money{Minor: minor, Currency: c})
}

// Given is how a void or refund stands.
func (p *Page) Given(status checkout.RefundStatus) Pill {
	if status == checkout.RefundPending {
		return Pill{Word: p.T("payments.back.waits"), Icon: "clock", Tone: "warn"}
	}
	if status == checkout.RefundRefused {
		return Pill{Word: p.T("payments.back.refused"), Icon: "cross", Tone: "bad"}
	}
	return p.State(status)
}

// Brand is a card's brand as people write it.
func (p *Page) Brand(b checkout.Brand) string {
	switch b {
	case checkout.BrandVisa:
		return "Visa"
	case checkout.BrandMastercard:
		return "Mastercard"
	case checkout.BrandTroy:
		return "Troy"
	case checkout.BrandUnknown:
		return "–"
	}
	return string(b)
}

// FirstPage is the address of this list from its beginning, with its filters.
func (p *Page) FirstPage() string {
	values, err := url.ParseQuery(p.Query)
	if err != nil {
		values = url.Values{}
	}
	values.Del("cursor")
	return p.Path + "?" + values.Encode()
}

// Rate is an instalment rate in per cent.
func (p *Page) Rate(r checkout.Rate) string {
	decimal, _ := p.L.Separators()
	return strings.Replace(r.String(), ".", decimal, 1)
}
