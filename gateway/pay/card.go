package pay

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// cardFields are the fields of the card form that may stand in it once only; the browser sends
// each once, and two of one name would leave open which of them counts.
var cardFields = []string{"card_number", "card_expiry", "card_cvc", "card_holder", "installments", "payer_note", "amount", "amount_as", "terms", "seen_total", "attempt", "lang",
	checkout.ConsentInformation.Field(), checkout.ConsentContract.Field(), checkout.ConsentAdvertising.Field()}

// pay takes the card form and answers with the form that takes the browser to the bank. The card
// lives in this call only.
func (s *Surface) pay(c *fiber.Ctx) error {
	form, err := web.Form(c)
	if err != nil {
		return err
	}
	if err = s.payForm(c, form); err != nil && slices.Contains(s.Pages.Languages(), form.Get("lang")) {
		return web.In(form.Get("lang"), err)
	}
	return err
}

func (s *Surface) payForm(c *fiber.Ctx, form url.Values) error {
	for name, values := range form {
		if len(values) > 1 && (slices.Contains(cardFields, name) || strings.HasPrefix(name, askPrefix)) {
			return web.BadRequest("field_repeated")
		}
	}
	ip := web.ClientIP(c)
	token := checkout.Token(c.Params("token"))
	if wait := s.Guard.Blocked(c.UserContext(), ip); wait > 0 {
		return s.payBlocked(c, token, form, checkout.ErrVelocity.Because(checkout.Stopped{{Limit: checkout.LimitGuesses, Wait: wait}}).After(wait))
	}
	lang := s.formLanguage(c, form)
	started, err := s.Flow.Pay(c.UserContext(), checkout.PayRequest{
		Token: token, Attempt: form.Get("attempt"),
		Card: checkout.CardInput{
			Number: form.Get("card_number"), Expiry: form.Get("card_expiry"), CVC: form.Get("card_cvc"), Holder: form.Get("card_holder"),
		},
		Installments: form.Get("installments"), Amount: form.Get("amount"), AmountTyped: form.Get("amount_as") == "typed",
		Note: form.Get("payer_note"), Answers: answersIn(form), Consents: boxes(form.Get), Terms: form.Get("terms"), SeenTotal: seenTotal(form),
		Lang: lang, IP: ip, Agent: agent(c),
	})
	if errors.Is(err, checkout.ErrNoLink) {
		s.Guard.Missed(c.UserContext(), ip)
	}
	if errors.Is(err, checkout.ErrBegun) {
		return s.begun(c, started.Payment.ID, err)
	}
	if err != nil {
		return s.notStarted(c, started, form, lang, err)
	}
	if web.WantsJSON(c) {
		return s.challengeJSON(c, started)
	}
	return s.handOver(c, started, lang)
}

// seenTotal is the total that the page showed for the chosen count: told by the script, or where there is none by the
// row that the server wrote.
func seenTotal(form url.Values) string {
	if total := form.Get("seen_total"); total != "" {
		return total
	}
	return form.Get("seen_" + form.Get("installments"))
}

// payBlocked tells a payer to wait whose address is blocked, maybe because of a neighbour behind it. The
// digest of the terms can only come from the link's page: whoever brings it has seen that page and reads
// whose it is; to all others every token looks alike (A29).
func (s *Surface) payBlocked(c *fiber.Ctx, token checkout.Token, form url.Values, blocked error) error {
	if form.Get("terms") == "" {
		return blocked
	}
	hot, err := s.Flow.View(c.UserContext(), token)
	if err != nil || !hot.Saw(form.Get("terms")) {
		return blocked
	}
	s.Flow.NoteStopped(hot, checkout.CardFacts{}, blocked)
	return s.notOpen(c, hot, blocked, true)
}

// begun answers a form that came a second time: it leads to what the first one has become.
func (s *Surface) begun(c *fiber.Ctx, id checkout.PaymentID, err error) error {
	if web.WantsJSON(c) {
		c.Set(fiber.HeaderLocation, "/r/"+string(id))
		return err
	}
	return s.toResult(c, id)
}

// agent is what the browser calls itself. It is stored, so a name that holds a card number is dropped;
// the edge refuses only numbers that stand by themselves (A32).
func agent(c *fiber.Ctx) string {
	name := c.Get(fiber.HeaderUserAgent)
	if checkout.HoldsCard(name) {
		return ""
	}
	return name
}

// formLanguage: what the page was written in wins, if there is such a language.
func (s *Surface) formLanguage(c *fiber.Ctx, form url.Values) string {
	if l := form.Get("lang"); slices.Contains(s.Pages.Languages(), l) {
		return l
	}
	return web.Language(c)
}

// postedLanguage is the same for a form that was read before.
func (s *Surface) postedLanguage(c *fiber.Ctx) string {
	form, err := web.Form(c)
	if err != nil {
		return web.Language(c)
	}
	return s.formLanguage(c, form)
}

// notStarted answers why no payment was begun: the page again with the mistakes at their fields,
// or one of the kind pages.
func (s *Surface) notStarted(c *fiber.Ctx, started checkout.Started, form url.Values, lang string, err error) error {
	hot := started.Hot
	if web.WantsJSON(c) || hot.Token == "" {
		return conflictIfJustPaid(s, hot, err)
	}
	var e *checkout.Error
	mistakes := errors.As(err, &e) && e.Kind == checkout.KindInvalid && len(e.Fields) > 0
	changed := errors.Is(err, checkout.ErrTermsChanged)
	if errors.Is(err, checkout.ErrUnreachable) {
		return s.unreachable(c, started, lang)
	}
	if !mistakes && !changed {
		return s.notOpen(c, hot, err, true)
	}
	if changed {
		if hot, err = s.Flow.View(c.UserContext(), hot.Token); err != nil {
			return err
		}
		if err := hot.Check(s.Clock.Now()); err != nil {
			return s.notOpen(c, hot, err, true)
		}
	}
	p, err := s.checkoutPage(c, hot, lang)
	if err != nil {
		return s.notOpen(c, hot, err, true)
	}
	p.TermsChanged, p.Typed = changed, typed(form)
	if changed {
		p.Typed.Consents = nil // to other texts
	}
	if p.Asks, err = asks(hot, form); err != nil {
		return err
	}
	if a := form.Get("attempt"); started.Payment.ID == "" && len(a) == checkout.AttemptLength && !checkout.HoldsCard(a) {
		copy(p.Checkout.Attempt[:], a) // the same try with its mistakes put right
	}
	status := fiber.StatusConflict
	if mistakes {
		p.Errors, status = fieldErrors(e.Fields, hot, p.Asks), fiber.StatusUnprocessableEntity
		s.offersAgain(c, p, hot, form)
	}
	return s.render(c, status, lang, p)
}

// unreachable says that no bank of the merchant answered, with the number of the attempt where one was
// written before its bank was called (ux-checklist D4).
func (s *Surface) unreachable(c *fiber.Ctx, started checkout.Started, lang string) error {
	token := string(started.Hot.Token)
	head, _ := s.head(c, started.Hot.Merchant, "/p/"+token)
	kind := &page.Kind{Head: head, Token: token, State: page.KindBankUnreachable}
	if id := started.Payment.ID; id != "" {
		kind.Payment, kind.Reference = string(id), id.Reference()
	}
	c.Set(fiber.HeaderRetryAfter, "120")
	return s.render(c, fiber.StatusServiceUnavailable, lang, kind)
}

// conflictIfJustPaid gives programs the same status as the page: 409 when the link was paid while
// they tried.
func conflictIfJustPaid(s *Surface, hot checkout.Hot, err error) error {
	if errors.Is(err, checkout.ErrPaid) && s.Clock.Now().Sub(hot.PaidAt) < justPaid {
		return web.Reply(fiber.StatusConflict, checkout.ErrPaid)
	}
	return err
}

// offersAgain shows the rows of the card that was typed, so that a wrong count can be corrected
// without scripts too. Only the BIN is used, and no more of it than any other page shows.
func (s *Surface) offersAgain(c *fiber.Ctx, p *page.CheckoutPage, hot checkout.Hot, form url.Values) {
	if p.Variant&page.VariantInstallments == 0 {
		return
	}
	card, errs := checkout.ParseCard(checkout.CardInput{
		Number: form.Get("card_number"), Expiry: form.Get("card_expiry"), CVC: form.Get("card_cvc"), Holder: form.Get("card_holder"),
	}, s.Clock.Now())
	if len(errs) > 0 {
		return
	}
	amount, known := typedAmount(hot, form.Get("amount"))
	if !known {
		return
	}
	if table, ok := s.offers(c, hot, card.Prefix(), amount); ok {
		p.BIN, p.Offers, p.Why = card.BIN(), offerRows(table), why(table) // six digits where eight are too many (I14)
	}
}

// typed is what the payer gets back. Number and security code are not among it.
func typed(form url.Values) page.Typed {
	n, err := strconv.Atoi(form.Get("installments"))
	if err != nil {
		n = 0
	}
	return page.Typed{
		Amount: form.Get("amount"), Expiry: form.Get("card_expiry"), Holder: form.Get("card_holder"),
		Note: form.Get("payer_note"), Installments: n, Consents: consentNames(boxes(form.Get)),
	}
}

// order of the fields on the page, for the list of mistakes; what the merchant asks for stands behind the amount.
var fieldOrder = []string{"amount", askPrefix, "card_number", "card_expiry", "card_cvc", "card_holder", "installments", "payer_note",
	checkout.ConsentInformation.Field(), checkout.ConsentContract.Field()}

func consentNames(kinds []checkout.ConsentKind) (names []string) {
	for _, k := range kinds {
		names = append(names, string(k))
	}
	return names
}

func fieldErrors(fields []checkout.FieldError, hot checkout.Hot, asks []page.Ask) []page.FieldError {
	out := make([]page.FieldError, len(fields))
	for i, f := range fields {
		n, err := strconv.Atoi(f.Args["n"])
		if err != nil {
			n = 0
		}
		out[i] = page.FieldError{Field: f.Field, Code: f.Code, N: n, Brand: f.Args["brand"], Min: hot.MinMinor, Max: hot.MaxMinor}
	}
	slices.SortStableFunc(out, func(a, b page.FieldError) int {
		return place(a.Field) - place(b.Field)
	})
	withLabels(out, asks)
	return out
}

func place(field string) int {
	if strings.HasPrefix(field, askPrefix) {
		field = askPrefix
	}
	return slices.Index(fieldOrder, field)
}

// challengeJSON is the hand-over for programs (contract, section 3).
func (s *Surface) challengeJSON(c *fiber.Ctx, st checkout.Started) error {
	fields := make(map[string]string, len(st.Challenge.Fields))
	for _, f := range st.Challenge.Fields {
		fields[f.Name] = f.Value
	}
	s.headers.Apply(c)
	return c.JSON(map[string]any{
		"payment":   st.Payment.ID,
		"challenge": map[string]any{"method": st.Challenge.Method, "action": st.Challenge.Action, "fields": fields},
	})
}

// handOver takes the browser to the bank. The page may post to the bank's origins and to nobody
// else; the bank learns our origin and not the link's address (A7, A38).
func (s *Surface) handOver(c *fiber.Ctx, st checkout.Started, lang string) error {
	head, _ := s.head(c, st.Payment.Merchant, "")
	s.remind(c, st.Payment)
	v := &page.Handover{
		Head: head, Payment: string(st.Payment.ID), AmountMinor: st.Payment.Total.Minor, Currency: string(st.Payment.Total.Currency),
		Bank: st.Payment.Card.Issuer, Method: st.Challenge.Method, Action: st.Challenge.Action,
	}
	v.Fields = make([]page.Field, len(st.Challenge.Fields))
	for i, f := range st.Challenge.Fields {
		v.Fields[i] = page.Field{Name: f.Name, Value: f.Value}
	}
	if err := s.render(c, fiber.StatusOK, lang, v); err != nil {
		return err
	}
	s.headers.WithFormAction(append([]string{st.Challenge.Action, s.PublicURL}, st.Challenge.Origins...)...).Apply(c)
	return nil
}

// backToLink is where a reload of the card form's answer ends up.
func (s *Surface) backToLink(c *fiber.Ctx) error {
	s.headers.Apply(c)
	return c.Redirect("/p/"+url.PathEscape(c.Params("token")), fiber.StatusSeeOther)
}

// ask tells the merchant that somebody wants a new link (ux-checklist I5).
func (s *Surface) ask(c *fiber.Ctx) error {
	hot, _, err := s.open(c)
	if !errors.Is(err, checkout.ErrExpired) {
		if err == nil {
			return s.backToLink(c)
		}
		return s.notOpen(c, hot, err, false)
	}
	if s.Guard.Asks(c.UserContext(), web.ClientIP(c), hot.Token) {
		if _, err := s.Flow.AskAgain(c.UserContext(), hot.Token, web.ClientIP(c)); err != nil {
			return err
		}
	}
	head, _ := s.head(c, hot.Merchant, "/p/"+string(hot.Token))
	return s.render(c, fiber.StatusOK, s.postedLanguage(c), &page.Kind{Head: head, State: page.KindExpired, Date: hot.ExpiresAt, Asked: true, Token: string(hot.Token)})
}
