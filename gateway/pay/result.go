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
	p, err := s.Flow.Give(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	if err != nil {
		return err
	}
	v, err := s.resultPage(c, p)
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

func (s *Surface) resultPage(c *fiber.Ctx, p checkout.Payment) (*page.Result, error) {
	head, _ := s.head(c, p.Merchant, "/r/"+string(p.ID))
	v := &page.Result{
		Head: head, Payment: string(p.ID), Status: string(p.Status), Reason: string(p.Decline.Code),
		Reference: reference(p), CanAbandon: p.Status == checkout.StatusChallenged, OneStep: p.OneStep, Reversing: p.Reversal == checkout.ReversalDue,
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
	if p.Status == checkout.StatusVoided && p.Reversal == checkout.ReversalDone {
		v.Double = true
	}
	if p.Status.Collected() && !v.Double {
		v.Receipt = receipt(p)
	}
	link, err := s.Flow.LinkOf(c.UserContext(), p)
	if err != nil {
		return nil, err
	}
	v.ReturnURL, v.AutoReturn = link.ReturnURL, link.ReturnURL != "" && p.Status == checkout.StatusPaid
	if retryable(p.Status) {
		v.RetryURL = s.retryURL(c.UserContext(), p.Token)
	}
	return v, nil
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

// reference is the short number that a payer reads out to support.
func reference(p checkout.Payment) string { return string(p.ID[4:14]) }

// receipt is what the payer keeps.
func receipt(p checkout.Payment) *page.Receipt {
	r := &page.Receipt{
		Payment: string(p.ID), OrderID: string(p.Order), Note: p.PayerNote,
		TotalMinor: p.Total.Minor, PriceMinor: p.Amount.Minor, Currency: string(p.Total.Currency), Installments: p.Installments,
		Brand: string(p.Card.Brand), Last4: p.Card.Last4, Issuer: issuer(p.Card), AuthCode: p.AuthCode, RRN: p.RRN, PaidAt: p.PaidAt,
		RefundedMinor: p.Refunded, Voided: p.Status == checkout.StatusVoided, Code: checkout.ReceiptCode(p.ID),
	}
	n := int64(p.Installments)
	r.MonthlyMinor = (p.Total.Minor*2 + n) / (n * 2) // round half up, as the offer showed it
	return r
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
	p, err := s.Flow.Give(c.UserContext(), checkout.PaymentID(c.Params("payment")))
	if err != nil {
		return err
	}
	if !p.Status.Collected() {
		return checkout.ErrNoPayment
	}
	v, err := s.resultPage(c, p)
	if err != nil {
		return err
	}
	pdf, err := s.Pages.ReceiptPDF(resultLanguage(c, p), v)
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="odelink-`+reference(p)+`.pdf"`)
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
	return s.render(c, fiber.StatusOK, web.Language(c), &page.Check{Head: head, Receipt: receipt(p), Status: string(p.Status)})
}
