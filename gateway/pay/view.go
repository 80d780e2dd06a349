package pay

import (
	"errors"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// view is the hot path: one batched look-up, then the page is joined from ready pieces into the
// answer's own buffer.
func (s *Surface) view(c *fiber.Ctx) error {
	hot, now, err := s.open(c)
	if err != nil {
		return s.notOpen(c, hot, err, false)
	}
	if kind := c.Context().QueryArgs().Peek("text"); len(kind) > 0 {
		return s.text(c, hot, checkout.ConsentKind(kind))
	}
	if bin := c.Context().QueryArgs().Peek("bin"); len(bin) > 0 {
		return s.viewWithOffers(c, hot, string(bin))
	}
	if p, waits := s.waiting(c, hot); waits {
		return s.viewWaiting(c, hot, p)
	}
	if hot.Asks != "" || hot.Items != "" {
		return s.viewWithAsks(c, hot)
	}
	t, err := s.look(c.UserContext(), hot.Merchant)
	if err != nil {
		return err
	}
	variant, payable := t.variant(hot)
	if !payable {
		return s.notOpen(c, hot, checkout.ErrNoRoute, false)
	}
	resp := c.Response()
	gzipped := page.Accepts(string(c.Request().Header.Peek(fiber.HeaderAcceptEncoding)), "gzip")
	body := web.NewBody(c)
	lang := web.Language(c)
	values := s.values(hot, t, lang, now.Unix())
	body.Bytes, err = s.appendPage(body.Bytes, page.Key{Lang: lang, Theme: t.theme, Variant: variant}, &values, gzipped)
	if err != nil {
		return err
	}
	body.Send(c)
	s.headers.Apply(c)
	resp.Header.SetContentTypeBytes(htmlType)
	if gzipped {
		resp.Header.SetCanonical(headerEncoding, valueGzip)
	}
	resp.Header.SetCanonical(headerVary, valueVary)
	return nil
}

func (s *Surface) appendPage(dst []byte, key page.Key, values *page.Checkout, gzipped bool) ([]byte, error) {
	s.opened.note(values.Token)
	if gzipped {
		return s.Pages.AppendCheckoutGzip(dst, key, values)
	}
	return s.Pages.AppendCheckout(dst, key, values)
}

const (
	typeHTML   = "text/html; charset=utf-8"
	varyOfPage = "Accept-Encoding, Accept-Language"
)

var (
	htmlType       = []byte(typeHTML)
	headerEncoding = []byte(fiber.HeaderContentEncoding)
	headerVary     = []byte(fiber.HeaderVary)
	valueGzip      = []byte("gzip")
	valueVary      = []byte(varyOfPage)
)

// open finds the link and says whether it may be paid now. An address that guesses tokens is told
// to wait whatever token it brings (A29). It answers also when it looked: a view reads the clock as
// seldom as it can.
func (s *Surface) open(c *fiber.Ctx) (checkout.Hot, time.Time, error) {
	if s.Guard.BlocksSomebody() {
		if wait := s.Guard.Blocked(c.UserContext(), web.ClientIP(c)); wait > 0 {
			return checkout.Hot{}, time.Time{}, checkout.ErrVelocity.After(wait)
		}
	}
	hot, now, err := s.Flow.Visit(c.UserContext(), checkout.Token(c.Params("token")))
	if errors.Is(err, checkout.ErrNoLink) {
		s.Guard.Missed(c.UserContext(), web.ClientIP(c))
	}
	return hot, now, err
}

// rows is how many ways to pay the link offers at most.
func rows(hot checkout.Hot) int {
	if hot.Installments == nil {
		return checkout.MaxInstallments
	}
	n := 1
	for _, count := range hot.Installments {
		if count > 1 {
			n++
		}
	}
	return n
}

// values are what a link's page shows; now is in Unix seconds.
func (s *Surface) values(hot checkout.Hot, l *look, lang string, now int64) page.Checkout {
	return page.Checkout{
		Token: string(hot.Token), AmountMinor: hot.Amount.Minor, Currency: string(hot.Amount.Currency),
		MinMinor: hot.MinMinor, MaxMinor: hot.MaxMinor, Description: hot.Description, OrderID: string(hot.Order),
		Terms: l.shop.TermsOf(hot, lang), Attempt: s.Flow.NewAttempt(), Rows: rows(hot), Now: now, Until: hot.ExpiresAt.Unix(),
		Made: hot.Made, Most: hot.Most,
	}
}

// checkoutPage is the page with something the plain one never has. ErrNoRoute: no account of the merchant
// takes the link's currency, and there is no form to show.
func (s *Surface) checkoutPage(c *fiber.Ctx, hot checkout.Hot, lang string) (*page.CheckoutPage, error) {
	t, err := s.look(c.UserContext(), hot.Merchant)
	if err != nil {
		return nil, err
	}
	variant, payable := t.variant(hot)
	if !payable {
		return nil, checkout.ErrNoRoute
	}
	asks, err := asks(hot, nil)
	if err != nil {
		return nil, err
	}
	items, err := checkout.DecodeItems(hot.Items)
	if err != nil {
		return nil, err
	}
	session, self := sessionHere(c), "/p/"+string(hot.Token)
	if session != "" {
		self = "/c/" + session
	}
	values := s.values(hot, t, lang, s.Clock.Now().Unix())
	values.Description = checkout.BesideItems(values.Description, items)
	return &page.CheckoutPage{
		Session: session,
		Head:    page.Head{Theme: t.theme, Test: t.test, Self: self},
		Variant: variant, Checkout: values, Asks: asks, Items: shownItems(items),
	}, nil
}

// viewWithOffers is the page with the instalments of a BIN written by the server, for browsers
// without scripts (ux-checklist E10).
func (s *Surface) viewWithOffers(c *fiber.Ctx, hot checkout.Hot, bin string) error {
	p, err := s.checkoutPage(c, hot, web.Language(c))
	if err != nil {
		return s.notOpen(c, hot, err, false)
	}
	p.Typed.Amount = c.Query("amount")
	amount, known := typedAmount(hot, p.Typed.Amount)
	if !known && isBIN(bin) {
		p.BIN, p.AskAmount = bin, true
	} else if table, ok := s.offers(c, hot, bin, amount); ok {
		p.BIN = table.Asked
		p.Offers, p.Why = offerRows(table), why(table)
	}
	return s.render(c, fiber.StatusOK, web.Language(c), p)
}

// typedAmount is what rows are worked out for: the payer's amount on an open link, which is not known
// until he has written one that the link takes. Rows of any other amount would name sums that nobody
// is charged.
func typedAmount(hot checkout.Hot, text string) (minor int64, known bool) {
	if !hot.Open {
		return hot.Amount.Minor, true
	}
	m, err := checkout.ParseTyped(text, hot.Amount.Currency)
	return m.Minor, err == nil && m.Minor >= hot.MinMinor && m.Minor <= hot.MaxMinor
}

// offers asks for a table; a BIN that is no BIN, or one question too many, gives none.
func (s *Surface) offers(c *fiber.Ctx, hot checkout.Hot, bin string, amount int64) (checkout.OfferTable, bool) {
	if !s.Guard.BINs(c.UserContext(), web.ClientAddr(c), hot.Token) {
		return checkout.OfferTable{}, false
	}
	table, err := s.Flow.Offers(c.UserContext(), hot, bin, amount)
	return table, err == nil
}

func offerRows(t checkout.OfferTable) []page.Offer {
	rows := make([]page.Offer, len(t.Offers))
	for i, o := range t.Offers {
		rows[i] = page.Offer{Count: o.Count, TotalMinor: o.Total, MonthlyMinor: o.Monthly}
	}
	return rows
}

// why says in one sentence why a card gets no instalments (ux-checklist E5).
func why(t checkout.OfferTable) page.WhyNone {
	if len(t.Offers) > 1 || len(t.Excluded) == 0 {
		return ""
	}
	switch t.Excluded[0].Reason {
	case checkout.ExcludedDebit:
		return page.WhyDebit
	case checkout.ExcludedPrepaid:
		return page.WhyPrepaid
	}
	return page.WhyOther
}

func amountOf(hot checkout.Hot, typed int64) int64 {
	if hot.Open {
		return typed
	}
	return hot.Amount.Minor
}

// isBIN says whether s is the beginning of a card number that instalments are asked for: six to eight digits.
func isBIN(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) >= 6 && len(s) <= 8
}

// notOpen answers why a link cannot be paid: one kind page each. posted says that the payer had
// just tried to pay.
func (s *Surface) notOpen(c *fiber.Ctx, hot checkout.Hot, err error, posted bool) error {
	if web.WantsJSON(c) || hot.Token == "" {
		return err // the edge answers: problem+json, or the page of its kind
	}
	lang := web.Language(c)
	if posted {
		lang = s.postedLanguage(c)
	}
	head, _ := s.head(c, hot.Merchant, "/p/"+string(hot.Token))
	kind := &page.Kind{Head: head, Token: string(hot.Token)}
	status := fiber.StatusGone
	switch {
	case errors.Is(err, checkout.ErrPaid):
		return s.alreadyPaid(c, hot, lang, posted)
	case errors.Is(err, checkout.ErrBusy) && posted:
		kind.State, kind.About, status = page.KindInProgress, aboutLink(hot), fiber.StatusConflict
	case errors.Is(err, checkout.ErrBusy):
		if p, waits := s.waiting(c, hot); waits && p.Status.Undecided() {
			return s.viewOwn(c, hot, p)
		}
		kind.State, kind.About, status = page.KindBusy, aboutLink(hot), fiber.StatusConflict
	case errors.Is(err, checkout.ErrDeleted):
		kind.State, kind.PaidBefore = page.KindDeleted, hot.PaidBy != ""
	case errors.Is(err, checkout.ErrExpired):
		kind.State, kind.Date, kind.PaidBefore = page.KindExpired, hot.ExpiresAt, hot.PaidBy != ""
	case errors.Is(err, checkout.ErrNotActiveYet):
		kind.State, kind.Date, status = page.KindNotActive, hot.ActiveFrom, fiber.StatusForbidden
	case errors.Is(err, checkout.ErrResting):
		kind.State, status = page.KindResting, fiber.StatusTooManyRequests
	case errors.Is(err, checkout.ErrNoRoute) && posted:
		kind.State, status = page.KindNoRoute, fiber.StatusConflict
	case errors.Is(err, checkout.ErrNoRoute):
		kind.State, kind.About, status = page.KindNoAccount, aboutLink(hot), fiber.StatusConflict
	case errors.Is(err, checkout.ErrVelocity):
		wait, by := retryAfter(err), checkout.StoppedOf(err)
		kind.State, kind.Wait, status = page.KindTooMany, wait, fiber.StatusTooManyRequests
		if first := by.First(); first.Limit != "" {
			kind.Wait, kind.Limit, kind.OtherCard = first.Wait, string(first.Limit), by.OtherCard()
		}
		kind.Now = s.Clock.Now()
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(wait.Seconds())+1))
	default:
		return err
	}
	return s.render(c, status, lang, kind)
}

func retryAfter(err error) time.Duration {
	var e *checkout.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// justPaid is how long after a payment another try counts as a conflict rather than as an old link.
const justPaid = 15 * time.Minute

// alreadyPaid shows the receipt, never the form again (ux-checklist H8).
func (s *Surface) alreadyPaid(c *fiber.Ctx, hot checkout.Hot, lang string, posted bool) error {
	status := fiber.StatusGone
	if posted && s.Clock.Now().Sub(hot.PaidAt) < justPaid {
		status = fiber.StatusConflict
	}
	p, err := s.Flow.Give(c.UserContext(), hot.PaidBy)
	if err != nil {
		return err
	}
	if !p.SingleUse {
		// Whoever opens a full link of many payers is not the one who paid last.
		head, _ := s.head(c, hot.Merchant, "/p/"+string(hot.Token))
		return s.render(c, status, lang, &page.Kind{Head: head, State: page.KindUsedUp, Token: string(hot.Token)})
	}
	if p.Status.Undecided() { // its page leads on to the payer's own, which is not everybody's
		return s.notOpen(c, hot, checkout.ErrBusy, posted)
	}
	v, err := s.resultPage(c, p)
	if err != nil {
		return err
	}
	v.Self, v.Earlier = "/p/"+string(hot.Token), true
	if v.Receipt != nil && len(v.Receipt.Answers) > 0 {
		// Whoever has the link reads this, not the payer alone: neither the answers nor the number that opens the page with them.
		v.Receipt.Answers, v.Receipt.Payment, v.Private = nil, p.ID.Reference(), true
	}
	return s.render(c, status, lang, v)
}
