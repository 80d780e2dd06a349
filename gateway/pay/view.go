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
	if bin := c.Context().QueryArgs().Peek("bin"); len(bin) > 0 {
		return s.viewWithOffers(c, hot, string(bin))
	}
	if id := s.waiting(c, hot); id != "" {
		return s.viewWaiting(c, hot, id)
	}
	t, err := s.look(c.UserContext(), hot.Merchant)
	if err != nil {
		return err
	}
	key := page.Key{Lang: web.Language(c), Theme: t.theme, Variant: t.variant(hot)}
	values := s.values(hot, now)
	resp := c.Response()
	gzipped := page.Accepts(c.Get(fiber.HeaderAcceptEncoding), "gzip")
	buf := resp.SwapBody(nil)[:0]
	if gzipped {
		buf, err = s.Pages.AppendCheckoutGzip(buf, key, &values)
	} else {
		buf, err = s.Pages.AppendCheckout(buf, key, &values)
	}
	if err != nil {
		return err
	}
	resp.SwapBody(buf)
	s.headers.Apply(c)
	resp.Header.SetContentTypeBytes(htmlType)
	if gzipped {
		resp.Header.SetCanonical(headerEncoding, valueGzip)
	}
	resp.Header.SetCanonical(headerVary, valueVary)
	return nil
}

var (
	htmlType       = []byte("text/html; charset=utf-8")
	headerEncoding = []byte(fiber.HeaderContentEncoding)
	headerVary     = []byte(fiber.HeaderVary)
	valueGzip      = []byte("gzip")
	valueVary      = []byte("Accept-Encoding, Accept-Language")
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

func (s *Surface) values(hot checkout.Hot, now time.Time) page.Checkout {
	return page.Checkout{
		Token: string(hot.Token), AmountMinor: hot.Amount.Minor, Currency: string(hot.Amount.Currency),
		MinMinor: hot.MinMinor, MaxMinor: hot.MaxMinor, Description: hot.Description, OrderID: string(hot.Order),
		Terms: hot.Terms(), Attempt: s.Flow.NewAttempt(), Rows: rows(hot), Now: now.Unix(), Until: hot.ExpiresAt.Unix(),
	}
}

// checkoutPage is the page with something the plain one never has.
func (s *Surface) checkoutPage(c *fiber.Ctx, hot checkout.Hot) (*page.CheckoutPage, error) {
	t, err := s.look(c.UserContext(), hot.Merchant)
	if err != nil {
		return nil, err
	}
	return &page.CheckoutPage{
		Head:    page.Head{Theme: t.theme, Test: t.test, Self: "/p/" + string(hot.Token)},
		Variant: t.variant(hot), Checkout: s.values(hot, s.Clock.Now()),
	}, nil
}

// viewWithOffers is the page with the instalments of a BIN written by the server, for browsers
// without scripts (ux-checklist E10).
func (s *Surface) viewWithOffers(c *fiber.Ctx, hot checkout.Hot, bin string) error {
	p, err := s.checkoutPage(c, hot)
	if err != nil {
		return err
	}
	p.Typed.Amount = c.Query("amount")
	if table, ok := s.offers(c, hot, bin, typedAmount(hot, p.Typed.Amount)); ok {
		p.BIN = table.Asked
		p.Offers, p.Why = offerRows(table), why(table)
	}
	return s.render(c, fiber.StatusOK, web.Language(c), p)
}

// typedAmount is the payer's amount on an open link, the smallest one until it can be read: the
// rows are for looking, paying works them out again.
func typedAmount(hot checkout.Hot, text string) int64 {
	m, err := checkout.ParseTyped(text, hot.Amount.Currency)
	if err != nil || m.Minor < hot.MinMinor || m.Minor > hot.MaxMinor {
		return hot.MinMinor
	}
	return m.Minor
}

// offers asks for a table; a BIN that is no BIN, or one question too many, gives none.
func (s *Surface) offers(c *fiber.Ctx, hot checkout.Hot, bin string, amount int64) (checkout.OfferTable, bool) {
	if !s.Guard.BINs(c.UserContext(), web.ClientIP(c), hot.Token) {
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

// installments answers the offer table as the contract's JSON (section 3).
func (s *Surface) installments(c *fiber.Ctx) error {
	// This address speaks JSON only, its errors included, whatever a browser says it accepts.
	c.Request().Header.Set(fiber.HeaderAccept, fiber.MIMEApplicationJSON)
	hot, _, err := s.open(c)
	if err != nil {
		return err
	}
	bin := c.Query("bin")
	if len(bin) < 6 || len(bin) > 8 || !digits(bin) {
		return web.BadRequest("bin_format")
	}
	amount := hot.MinMinor
	if a := c.Query("amount"); hot.Open && a != "" {
		if amount, err = strconv.ParseInt(a, 10, 64); err != nil || amount < hot.MinMinor || amount > hot.MaxMinor {
			return web.BadRequest("amount_range")
		}
	}
	var table checkout.OfferTable
	if s.Guard.BINs(c.UserContext(), web.ClientIP(c), hot.Token) {
		table, err = s.Flow.Offers(c.UserContext(), hot, bin, amount)
	} else {
		// Over the limit only the single payment is told (ux-checklist E11).
		single := checkout.Offer{Count: 1, Total: amountOf(hot, amount), Monthly: amountOf(hot, amount), Last: amountOf(hot, amount)}
		table = checkout.OfferTable{Asked: bin, Currency: hot.Amount.Currency, Offers: []checkout.Offer{single}}
	}
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	resp := c.Response()
	resp.Header.SetContentType(fiber.MIMEApplicationJSON)
	resp.SwapBody(web.AppendOffers(resp.SwapBody(nil)[:0], table, false))
	return nil
}

func amountOf(hot checkout.Hot, typed int64) int64 {
	if hot.Open {
		return typed
	}
	return hot.Amount.Minor
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
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
	case errors.Is(err, checkout.ErrBusy):
		kind.State, status = page.KindBusy, fiber.StatusConflict
		if posted {
			kind.State = page.KindInProgress
		}
	case errors.Is(err, checkout.ErrDeleted):
		kind.State, kind.PaidBefore = page.KindDeleted, hot.PaidBy != ""
	case errors.Is(err, checkout.ErrExpired):
		kind.State, kind.Date, kind.PaidBefore = page.KindExpired, hot.ExpiresAt, hot.PaidBy != ""
	case errors.Is(err, checkout.ErrNotActiveYet):
		kind.State, kind.Date, status = page.KindNotActive, hot.ActiveFrom, fiber.StatusForbidden
	case errors.Is(err, checkout.ErrResting):
		kind.State, status = page.KindResting, fiber.StatusTooManyRequests
	case errors.Is(err, checkout.ErrNoRoute):
		kind.State, status = page.KindNoRoute, fiber.StatusConflict
	case errors.Is(err, checkout.ErrUnreachable):
		kind.State, status = page.KindBankUnreachable, fiber.StatusServiceUnavailable
		c.Set(fiber.HeaderRetryAfter, "120")
	case errors.Is(err, checkout.ErrVelocity):
		wait := retryAfter(err)
		kind.State, kind.Wait, status = page.KindTooMany, wait, fiber.StatusTooManyRequests
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
	v, err := s.resultPage(c, p)
	if err != nil {
		return err
	}
	v.Self, v.Earlier = "/p/"+string(hot.Token), true
	return s.render(c, status, lang, v)
}
