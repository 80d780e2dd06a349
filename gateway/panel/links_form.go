package panel

import (
	"cmp"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/templates"
)

// linkFields are the fields of a link's form beside the counts of instalments.
var linkFields = []string{
	"amount", "currency", "description", "open", "min", "max", "order", "life", "active_from", "expires_at", "usage", "max_payments", "show_count", "payer_note", "sale",
	"name", "email", "phone", "return_url", "category", "send_sms", "send_email", "quick", "take", "once",
}

// linkNames are the form's names of what the flow names as the API does.
var linkNames = map[string]string{
	"order_id": "order", "min_amount": "min", "max_amount": "max", "customer.name": "name", "customer.email": "email", "customer.phone": "phone",
	"installments": "counts", "deliver": "deliver", "deliver_lang": "deliver",
}

// lives are the lengths of a link's life that the form offers, in days; the first is the default (features 1.12).
var lives = []int{1, 3, 7, 30}

// localTime is how <input type=datetime-local> writes a time; here it is Istanbul's.
const localTime = "2006-01-02T15:04"

// countField is the name of the box for a number of instalments.
func countField(n int) string { return "count" + strconv.Itoa(n) }

// allLinkFields are linkFields with the boxes, and the places of mistakes that belong to no single field.
func allLinkFields() []string {
	all := append(slices.Clone(linkFields), "counts", "deliver")
	for n := 1; n <= checkout.MaxInstallments; n++ {
		all = append(all, countField(n))
	}
	return slices.Concat(all, fieldInputs(), itemInputs())
}

// newLinkForm is an empty form: the merchant's own currency, the default life, and a name under which it is
// done once.
func (s *Surface) newLinkForm(w *who) *Form {
	f := NewForm("links")
	for _, name := range allLinkFields() {
		f.Values[name] = ""
	}
	f.Values["currency"], f.Values["usage"], f.Values["sale"], f.Values["once"] = string(checkout.TRY), string(checkout.UsageSingle), checkout.SaleCollection.Name(), s.IDs.Secret(onceLength)
	if takes := w.merchant.Currencies; len(takes) > 0 && !slices.Contains(takes, checkout.TRY) {
		f.Values["currency"] = string(takes[0])
	}
	return f
}

// fillLinkForm writes a link's terms into a form.
func (s *Surface) fillLinkForm(w *who, l checkout.Link) *Form {
	f := s.newLinkForm(w)
	words, tick := s.pages.locale(w.lang), map[bool]string{true: "on"}
	in := func(minor int64) string {
		return typedAmount(words, checkout.Money{Minor: minor, Currency: l.Amount.Currency})
	}
	for name, value := range map[string]string{
		"amount": in(l.Amount.Minor), "currency": string(l.Amount.Currency), "description": l.Description, "open": tick[l.Open], "min": in(l.MinMinor), "max": in(l.MaxMinor),
		"usage": string(l.Usage), "payer_note": tick[l.PayerNote], "show_count": tick[l.ShowCount], "sale": l.Sale.Name(), "name": l.Customer.Name, "email": l.Customer.Email, "phone": l.Customer.Phone,
		"return_url": l.ReturnURL, "category": l.Category,
	} {
		f.Values[name] = value
	}
	if l.MaxPayments > 0 {
		f.Values["max_payments"] = strconv.Itoa(l.MaxPayments)
	}
	for _, n := range l.Installments {
		f.Values[countField(n)] = "on"
	}
	fillFields(f, l.Fields)
	s.fillItems(f, w.lang, l.Items, l.Amount.Currency)
	return f
}

// linkTerms reads a form over the terms that a link had, the zero value for a new one; mistakes are noted in the
// form. What the form does not have stays. items are the form's lines, see itemsOf.
func (s *Surface) linkTerms(f *Form, w *who, was checkout.LinkTerms, items []checkout.Item) checkout.LinkTerms {
	t := was
	t.Amount, t.Items = checkout.Money{Currency: checkout.Currency(f.Get("currency"))}, items
	t.Open, t.MinMinor, t.MaxMinor = f.On("open"), 0, 0
	if t.Open {
		t.MinMinor = s.amount(f, w.lang, "min", t.Amount.Currency, true)
		t.MaxMinor = s.amount(f, w.lang, "max", t.Amount.Currency, true)
	} else {
		t.Amount.Minor = s.amount(f, w.lang, "amount", t.Amount.Currency, len(items) == 0)
		if t.Amount.Minor == 0 && f.On("amount") && f.Errors["amount"] == "" {
			s.wrong(f, w.lang, "amount", "amount_not_positive", nil)
		}
		if len(items) > 0 && len(was.Items) > 0 && t.Amount == was.Amount {
			t.Amount.Minor = 0 // the sum of the lines before; theirs is worked out again
		}
	}
	t.Description = norm.NFC.String(f.Get("description"))
	if f.On("order") {
		t.Order = checkout.OrderNumber(f.Get("order"))
	}
	t.Usage, t.MaxPayments = checkout.Usage(f.Get("usage")), 0
	if text := f.Get("max_payments"); text != "" { // the flow says that single use has none
		n, err := strconv.ParseUint(text, 10, 31)
		if err != nil || n == 0 {
			s.wrong(f, w.lang, "max_payments", "out_of_range", nil)
		}
		t.MaxPayments = int(n)
	}
	t.Fields, t.ShowCount = s.fieldsOf(f, w), f.On("show_count")
	t.PayerNote, t.ReturnURL, t.Category = f.On("payer_note"), f.Get("return_url"), f.Get("category")
	t.Customer = checkout.Customer{Name: norm.NFC.String(f.Get("name")), Email: f.Get("email"), Phone: f.Get("phone")}
	if normal := checkout.NormalPhone(t.Customer.Phone); normal != "" {
		t.Customer.Phone = normal
	}
	t.Sale = checkout.SaleNamed(f.Get("sale"))
	t.Installments = nil
	for n := 1; n <= checkout.MaxInstallments; n++ {
		if f.On(countField(n)) {
			t.Installments = append(t.Installments, n)
		}
	}
	s.linkTimes(f, w, &t)
	return t
}

// linkTimes reads when a link may be paid: a time that is typed goes before a length that is chosen.
func (s *Surface) linkTimes(f *Form, w *who, t *checkout.LinkTerms) {
	if f.Get("life") != keepLife {
		t.ExpiresAt = time.Time{}
	}
	if at := s.timeField(f, w, "active_from"); !at.IsZero() {
		t.ActiveFrom = at
	}
	if at := s.timeField(f, w, "expires_at"); !at.IsZero() {
		t.ExpiresAt = at
		return
	}
	days, err := strconv.Atoi(f.Get("life"))
	if err != nil || !slices.Contains(lives, days) {
		return // the flow's default, or as it was
	}
	from := s.now()
	if t.ActiveFrom.After(from) {
		from = t.ActiveFrom
	}
	t.ExpiresAt = from.Add(time.Duration(days) * 24 * time.Hour)
}

// keepLife is the choice that leaves an edited link's times as they are.
const keepLife = "keep"

// timeField reads a time of Istanbul, zero when there is none.
func (s *Surface) timeField(f *Form, w *who, name string) time.Time {
	text := f.Get(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.ParseInLocation(localTime, text[:min(len(text), len(localTime))], report.Zone)
	if err != nil || at.Year() < 2000 || at.Year() > 2100 {
		s.wrong(f, w.lang, name, "time_format", nil)
	}
	return at.UTC()
}

// linkFormData is a form for a new link, or for one that is edited.
type linkFormData struct {
	*Form
	Link     *linkRow       // that is edited; nil = a new one
	Shop     *checkout.Shop // with the virtual POSs that are switched on
	Life     *Input
	Counts   []Input
	Channels []checkout.Channel
	Products []checkout.Product // that lines are suggested of
	Other    []Choice           // what somebody else stored meanwhile and is not what was typed here: field and value
	More     bool               // something beyond the first fields is set or wrong
}

func (s *Surface) showLinkForm(c *fiber.Ctx, w *who, status int, f *Form, edited *linkRow, other ...Choice) error {
	d := linkFormData{Form: f, Link: edited, Channels: s.Flow.DeliveryChannels(), Other: other}
	words := s.pages.locale(w.lang)
	d.Life = &Input{Name: "life", Label: words.Raw("links.life"), Hint: words.Raw("links.life.hint"), Error: f.Errors["life"]}
	if edited != nil {
		d.Life.Choices = []Choice{{Value: keepLife, Label: lifeText(words, keepLife, edited.ExpiresAt), Chosen: f.Get("life") == keepLife}}
	}
	for _, days := range lives {
		value := strconv.Itoa(days)
		label := lifeText(words, value, s.now().Add(time.Duration(days)*24*time.Hour))
		d.Life.Choices = append(d.Life.Choices, Choice{Value: value, Label: label, Chosen: f.Get("life") == value})
	}
	for n := 1; n <= checkout.MaxInstallments; n++ {
		label := strconv.Itoa(n)
		if n == 1 {
			label = words.Raw("links.count.one")
		}
		d.Counts = append(d.Counts, Input{Name: countField(n), Label: label, Checked: f.On(countField(n))})
	}
	var err error
	if d.Shop, err = s.Flow.Shop(c.UserContext(), w.member.Merchant); err != nil {
		return err
	}
	if d.Products, err = s.offered(c.UserContext(), w); err != nil {
		return err
	}
	d.More = edited != nil
	for _, name := range allLinkFields() {
		first := slices.Contains([]string{"amount", "description", "phone", "email", "currency", "usage", "sale", "life", "once", "send_sms", "send_email", "quick", "take", "deliver"}, name)
		first = first || strings.HasPrefix(name, "item")                                            // their part opens by itself
		set := f.On(name) && !(strings.HasPrefix(name, "field") && strings.HasSuffix(name, "type")) // a list that always says one
		d.More = d.More || !first && (set || f.Errors[name] != "")
	}
	return s.show(c, w, status, "links_form", d)
}

// lifeText is a choice of a link's life with its end, short enough for a phone's field: the zone stands in its hint.
func lifeText(words *templates.Locale, life string, until time.Time) string {
	return words.Text("links.life."+life, "until", words.Day(until)+" "+words.Clock(until))
}

// trialForm is a form for a link to try a virtual POS with before the shop opens (features 8.10): one of its
// currency's whole units, for a day.
func (s *Surface) trialForm(c *fiber.Ctx, w *who, id checkout.AccountID) (*Form, error) {
	a, err := s.Flow.Account(c.UserContext(), w.member.Merchant, id)
	if err != nil {
		return nil, err
	}
	f, words := s.newLinkForm(w), s.pages.locale(w.lang)
	currency := checkout.Currency(f.Get("currency"))
	if len(a.Currencies) > 0 && !slices.Contains(a.Currencies, currency) {
		currency = a.Currencies[0]
	}
	one := checkout.Money{Minor: 1, Currency: currency}
	for range currency.Exponent() {
		one.Minor *= 10
	}
	f.Values["amount"], f.Values["currency"] = typedAmount(words, one), string(currency)
	f.Values["description"], f.Values["trial"] = words.Text("links.trial.description", "pos", a.Name), a.Name
	return f, nil
}

// newLinkPage asks for a new link's terms; ?from= takes those of another one, ?trial= those of a try of a virtual POS,
// ?product= a line of a product. ?take= has the card taken at once first among what can be done with it.
func (s *Surface) newLinkPage(c *fiber.Ctx, w *who) error {
	f := s.newLinkForm(w)
	if from := checkout.LinkID(c.Query("from")); from.Valid() {
		if err := s.seesLink(c, w, from); err != nil {
			return err
		}
		l, err := s.Ledger.LinkByID(c.UserContext(), w.member.Merchant, from)
		if err != nil {
			return err
		}
		f = s.fillLinkForm(w, l)
		if l.ReturnURL == s.PublicURL+linkPath(l.ID) {
			f.Values["return_url"] = "" // the card was taken here; the payer of the copy has no business here
		}
	}
	if id := checkout.AccountID(c.Query("trial")); id != "" && w.may(checkout.PowerSettings) {
		var err error
		if f, err = s.trialForm(c, w, id); err != nil {
			return err
		}
	}
	if id := checkout.ProductID(c.Query("product")); id != "" {
		var err error
		if f, err = s.productForm(c, w, id); err != nil {
			return err
		}
	}
	if c.Query("take") != "" {
		f.Values["take"] = "on"
	}
	return s.showLinkForm(c, w, fiber.StatusOK, f, nil)
}

// createLink makes a link of either form, the whole one or the two fields above the list. A second press makes
// nothing and leads to the link of the first. One whose card is taken at once is sent to nobody (features 6.9).
func (s *Surface) createLink(c *fiber.Ctx, w *who) error {
	f := readForm(c, "links", allLinkFields()...)
	if f.Get("currency") == "" {
		f.Values["currency"] = string(checkout.TRY)
	}
	items, err := s.itemsOf(c.UserContext(), f, w, checkout.Currency(f.Get("currency")))
	if err != nil {
		return err
	}
	t := s.linkTerms(f, w, checkout.LinkTerms{}, items)
	take := f.On("take")
	if !take && (f.On("send_sms") || f.On("quick") && f.On("phone")) {
		t.Deliver.Channels = append(t.Deliver.Channels, checkout.ChannelSMS)
	}
	if !take && f.On("send_email") {
		t.Deliver.Channels = append(t.Deliver.Channels, checkout.ChannelEmail)
	}
	if !f.OK() {
		return s.showLinkForm(c, w, fiber.StatusUnprocessableEntity, f, nil)
	}
	l, err := s.makeLink(c, w, f, t)
	if isCode(err, checkout.ErrKeyKnown) {
		made, err := s.madeOnce(c, w, f)
		if err != nil {
			return err
		}
		if l, err = s.Ledger.LinkByID(c.UserContext(), w.member.Merchant, checkout.LinkID(made)); err != nil {
			return err
		}
		return s.toMade(c, f, l)
	}
	if isCode(err, checkout.ErrOrderTaken) {
		s.wrong(f, w.lang, "order", checkout.ErrOrderTaken.Code, nil)
		err = nil
	}
	if err := s.refusedLink(f, w.lang, err); err != nil {
		return err
	}
	if !f.OK() {
		return s.showLinkForm(c, w, fiber.StatusUnprocessableEntity, f, nil)
	}
	return s.toMade(c, f, l)
}

// makeLink asks the flow for the link of a form.
func (s *Surface) makeLink(c *fiber.Ctx, w *who, f *Form, t checkout.LinkTerms) (checkout.Link, error) {
	idem := func(l checkout.Link) (checkout.Idempotency, error) { return s.once(c, w, f, string(l.ID)), nil }
	if !f.On("take") {
		return s.Flow.CreateLink(c.UserContext(), w.by(c), w.member.Merchant, t, idem)
	}
	page := func(l checkout.Link) string { return s.PublicURL + linkPath(l.ID) }
	return s.Flow.CreateLinkToTake(c.UserContext(), w.by(c), w.member.Merchant, t, page, idem)
}

// toMade leads to a link that a form made: to its payment page where the card is taken at once and can be, else to
// its page here. The address there has no host: staff go on under the name that they came by, which is all that the
// panel's headers let a form lead to.
func (s *Surface) toMade(c *fiber.Ctx, f *Form, l checkout.Link) error {
	if f.On("take") && l.Status(s.now()) == checkout.LinkActive {
		return c.Redirect(strings.TrimPrefix(s.Flow.LinkURL(l.Token), s.PublicURL), fiber.StatusSeeOther)
	}
	return saved(c, linkPath(l.ID), "made")
}

func (s *Surface) editLinkPage(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	f, row := s.fillLinkForm(w, l), s.linkRow(l)
	f.Values["life"], f.Values["version"] = keepLife, strconv.FormatInt(l.Version, 10)
	return s.showLinkForm(c, w, fiber.StatusOK, f, &row)
}

// editLink changes a link in place; its address and order number stay, and so does what its form has no field
// for. A form whose mistakes are its own is shown again before the flow is asked. One without the version that it was
// filled from changes the link as it is.
func (s *Surface) editLink(c *fiber.Ctx, w *who) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	f, row := readForm(c, "links", append(allLinkFields(), "version")...), s.linkRow(l)
	delete(f.Values, "order")
	seen, err := strconv.ParseInt(cmp.Or(f.Get("version"), "0"), 10, 64)
	if err != nil {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	items, err := s.itemsOf(c.UserContext(), f, w, checkout.Currency(f.Get("currency")))
	if err != nil {
		return err
	}
	if s.linkTerms(f, w, checkout.LinkTerms{}, items); f.OK() {
		_, err := s.Flow.EditLink(c.UserContext(), w.by(c), l.Merchant, l.ID, seen, func(t *checkout.LinkTerms) error {
			*t = s.linkTerms(f, w, *t, items)
			return nil
		})
		if isCode(err, checkout.ErrStale) {
			return s.editedMeanwhile(c, w, f, items)
		}
		if err := s.refusedLink(f, w.lang, err); err != nil {
			return err
		}
	}
	if !f.OK() {
		return s.showLinkForm(c, w, fiber.StatusUnprocessableEntity, f, &row)
	}
	return saved(c, linkPath(l.ID), "edited")
}

// editedMeanwhile shows a form again whose link somebody else changed since it was filled: nothing is saved, what was
// typed stays, and what is stored otherwise stands beside it. Who saves again has seen that, so the form is of the new
// version now.
func (s *Surface) editedMeanwhile(c *fiber.Ctx, w *who, f *Form, items []checkout.Item) error {
	l, err := s.linkOf(c, w)
	if err != nil {
		return err
	}
	typed := s.linkTerms(f, w, l.Terms(), items)
	if len(items) > 0 && typed.Amount.Minor == 0 {
		typed.Amount = l.Amount // it follows from the lines
	}
	var other []Choice
	mine := s.termsInWords(w.lang, typed)
	for i, one := range s.termsInWords(w.lang, l.Terms()) {
		if one != mine[i] {
			other = append(other, one)
		}
	}
	f.Values["version"], f.Error = strconv.FormatInt(l.Version, 10), s.sentence(w.lang, "link_stale", nil)
	row := s.linkRow(l)
	return s.showLinkForm(c, w, fiber.StatusConflict, f, &row, other...)
}

// onceLength is how many characters the name of a form has under which it is done once.
const onceLength = 22

// once is the key that keeps a form from being done twice: kept with what it made, like a program's
// Idempotency-Key. A form that was corrected and is sent again under its name is another one. No program's key
// has a blank in it. A form without a name is done as often as it is sent.
func (s *Surface) once(c *fiber.Ctx, w *who, f *Form, made string) checkout.Idempotency {
	if len(f.Get("once")) != onceLength {
		return checkout.Idempotency{}
	}
	sum := f.content(c.Path())
	return checkout.Idempotency{Merchant: w.member.Merchant, Key: onceKey(c, f), Request: sum[:], Status: fiber.StatusCreated, Body: []byte(made)}
}

func onceKey(c *fiber.Ctx, f *Form) string {
	sum := f.content(c.Path())
	return "panel " + f.Get("once") + " " + base64.RawURLEncoding.EncodeToString(sum[:])
}

// madeOnce answers what a form made when it was done.
func (s *Surface) madeOnce(c *fiber.Ctx, w *who, f *Form) (string, error) {
	a, found, err := s.Ledger.Answer(c.UserContext(), w.member.Merchant, onceKey(c, f))
	if err == nil && !found {
		err = checkout.ErrNoLink
	}
	return string(a.Body), err
}

// isCode says whether an error is the given one, whatever it was caused by.
func isCode(err error, of *checkout.Error) bool {
	var e *checkout.Error
	return errors.As(err, &e) && e.Code == of.Code
}
