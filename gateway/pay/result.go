package pay

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// result shows what became of a payment: its state, in words, and the receipt.
func (s *Surface) result(c *fiber.Ctx) error {
	p, link, err := s.Flow.Shown(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	if err != nil {
		return err
	}
	v, err := s.resultOf(c, p, link)
	if err != nil {
		return err
	}
	return s.render(c, fiber.StatusOK, resultLanguage(c, p), v)
}

// resultLanguage: the address wins, then the language the payer chose before the bank.
func resultLanguage(c *fiber.Ctx, p checkout.Payment) string {
	if c.Query("lang") != "" || p.PayerLang == "" {
		return web.Language(c)
	}
	return p.PayerLang
}

// resultPage is resultOf where only the payment is at hand.
func (s *Surface) resultPage(c *fiber.Ctx, p checkout.Payment) (*page.Result, error) {
	link, err := s.Flow.LinkOf(c.UserContext(), p)
	if err != nil {
		return nil, err
	}
	return s.resultOf(c, p, link)
}

func (s *Surface) resultOf(c *fiber.Ctx, p checkout.Payment, link checkout.Link) (v *page.Result, err error) {
	head, _ := s.head(c, p.Merchant, "/r/"+string(p.ID))
	v = &page.Result{
		Head: head, Payment: string(p.ID), Status: string(p.Status), Reason: string(p.Decline.Code),
		Reference: p.ID.Reference(), CanAbandon: p.Status == checkout.StatusChallenged, OneStep: p.OneStep, Reversing: p.Reversal == checkout.ReversalDue,
	}
	v.CanContinue = s.Flow.Resumable(c.UserContext(), p)
	if p.Status == checkout.StatusFailed {
		switch p.Decline.Code {
		case checkout.ReasonSuperseded:
			v.Status = page.StatusSuperseded
		case checkout.ReasonLinkUsed:
			v.Status = page.StatusLinkUsed
		}
	}
	if v.TakenBack = p.Status == checkout.StatusVoided && !p.Collected(); v.TakenBack {
		if v.Double, err = s.paidOtherwise(c.UserContext(), p, link); err != nil {
			return nil, err
		}
	}
	v.About = aboutPayment(p, link)
	if p.Collected() {
		v.Receipt = receipt(p, v.About)
		v.Receipt.Answers, v.Receipt.Items = shownAnswers(p), shownItems(p.Items)
		v.Receipt.Description = checkout.BesideItems(v.Receipt.Description, p.Items)
		if v.Agreed, err = s.agreed(c.UserContext(), p); err != nil {
			return nil, err
		}
		v.AskedAt = p.CreatedAt
	}
	if v.ReturnURL, err = s.Flow.ReturnTo(c.UserContext(), p, link); err != nil {
		return nil, err
	}
	if v.ReturnURL == s.PublicURL+"/panel/links/"+string(link.ID) {
		v.ReturnURL, v.ToPanel = s.staffReturn(c, v.ReturnURL)
	}
	v.AutoReturn = v.ReturnURL != "" && p.Status == checkout.StatusPaid
	if retryable(p.Status) || v.TakenBack {
		v.RetryURL = s.retryURL(c.UserContext(), p.Token)
	}
	return v, nil
}

// staffReturn is the way back of a link whose card was to be taken by the merchant's staff: into the panel for a browser that
// has a visit there, and for any other payer, whom somebody sent the address, none. The cookie opens nothing here and is
// not read: it tells a payer from staff, and the panel asks for itself.
func (s *Surface) staffReturn(c *fiber.Ctx, to string) (address string, panel bool) {
	if len(c.Request().Header.Cookie(web.CookieName(s.PublicURL, web.PanelCookie))) == 0 {
		return "", false
	}
	return to, true
}

// agreed are the texts that the payer was asked to agree to, for his receipt.
func (s *Surface) agreed(ctx context.Context, p checkout.Payment) ([]page.Agreed, error) {
	all, err := s.Flow.ConsentsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	var out []page.Agreed
	for _, a := range all {
		out = append(out, page.Agreed{Kind: string(a.Kind), Text: a.Text, Hash: a.Hash, Yes: a.Given})
	}
	return out, nil
}

// paidOtherwise says whether the same card has paid the link with another payment. Another payer's card is
// nobody's business here, and what was taken from it says nothing about this one.
func (s *Surface) paidOtherwise(ctx context.Context, p checkout.Payment, link checkout.Link) (bool, error) {
	if !p.SingleUse || link.PaidBy == "" || link.PaidBy == p.ID {
		return false, nil
	}
	other, err := s.Flow.Give(ctx, link.PaidBy)
	return err == nil && other.Card.BIN == p.Card.BIN && other.Card.Last4 == p.Card.Last4, err
}

func retryable(st checkout.Status) bool {
	return st == checkout.StatusDeclined || st == checkout.StatusFailed || st == checkout.StatusAbandoned
}

// retryURL leads back to the link while it can be paid.
func (s *Surface) retryURL(ctx context.Context, t checkout.Token) string {
	hot, err := s.Flow.View(ctx, t)
	if err != nil || hot.Check(s.Clock.Now()) != nil {
		return ""
	}
	return "/p/" + string(t)
}

// receipt completes what a payment is about by what the payer keeps.
func receipt(p checkout.Payment, about *page.Receipt) *page.Receipt {
	r := *about
	r.Payment, r.Note, r.AuthCode, r.RRN, r.PaidAt = string(p.ID), p.PayerNote, p.AuthCode, p.RRN, p.PaidAt
	r.RefundedMinor, r.Voided, r.Code = p.Refunded, p.Status == checkout.StatusVoided, checkout.ReceiptCode(p.ID)
	return &r
}

func issuer(f checkout.CardFacts) string {
	if f.Program == "" || f.Issuer == "" {
		return f.Issuer
	}
	return f.Issuer + " · " + f.Program
}

// status answers the state as one word, for the script that waits.
func (s *Surface) status(c *fiber.Ctx) error {
	p, err := s.Flow.Give(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	return c.JSON(map[string]any{"status": p.Status, "decided": p.Status != checkout.StatusChallenged && !p.Status.Undecided()})
}

// abandon gives up an attempt at the bank and leads back to the link.
func (s *Surface) abandon(c *fiber.Ctx) error {
	p, err := s.Flow.GiveUp(c.UserContext(), checkout.PaymentID(c.Params("payment")), web.ClientIP(c))
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	if p.Status == checkout.StatusFailed && p.Decline.Code == checkout.ReasonSuperseded {
		address := "/p/" + string(p.Token)
		if lang := resultLanguage(c, p); lang != web.Wished(c) {
			address += "?lang=" + lang
		}
		return c.Redirect(address, fiber.StatusSeeOther)
	}
	return s.toResult(c, p.ID)
}

// receiptPDF is the receipt as a file.
func (s *Surface) receiptPDF(c *fiber.Ctx) error {
	p, link, err := s.Flow.Shown(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	if err != nil {
		return err
	}
	if !p.Collected() {
		return checkout.ErrNoPayment
	}
	v, err := s.resultOf(c, p, link)
	if err != nil {
		return err
	}
	pdf, err := s.Pages.ReceiptPDF(resultLanguage(c, p), v)
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="odelink-`+p.ID.Reference()+`.pdf"`)
	return c.Send(pdf)
}

// check confirms a receipt, so that a forged one is found out (ux-checklist J4).
func (s *Surface) check(c *fiber.Ctx) error {
	ip := web.ClientIP(c)
	if wait := s.Guard.Blocked(c.UserContext(), ip); wait > 0 {
		return checkout.ErrVelocity.After(wait)
	}
	p, err := s.Flow.ByCode(c.UserContext(), c.Params("code"))
	if checkout.KindOf(err) == checkout.KindNotFound {
		s.Guard.Missed(c.UserContext(), ip)
		return s.render(c, fiber.StatusNotFound, web.Language(c), &page.Check{})
	}
	if err != nil {
		return err
	}
	head, _ := s.head(c, p.Merchant, "/v/"+checkout.ReceiptCode(p.ID))
	return s.render(c, fiber.StatusOK, web.Language(c), &page.Check{Head: head, Receipt: receipt(p, aboutPayment(p, checkout.Link{})), Status: string(p.Status)})
}
