package api

import (
	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// merchantView is the caller's own merchant: what payers read of it, and what the texts of consumer sales tell besides.
type merchantView struct {
	ID          checkout.MerchantID `json:"id"`
	Version     int64               `json:"version"`
	Name        string              `json:"name"`
	LegalName   *string             `json:"legal_name"`
	Phone       *string             `json:"phone"`
	Email       *string             `json:"email"`
	Website     *string             `json:"website"`
	Address     *string             `json:"address"`
	TaxOffice   *string             `json:"tax_office"`
	TaxNumber   *string             `json:"tax_number"`
	MERSIS      *string             `json:"mersis"`
	Delivery    *string             `json:"delivery"`
	Exceptions  *string             `json:"exceptions"`
	Advertising bool                `json:"advertising"`
	Missing     []string            `json:"missing"`
	Support     *supportView        `json:"support"`
	UpdatedAt   string              `json:"updated_at"`
}

// supportView is whom the merchant's staff call or write to.
type supportView struct {
	Phone *string `json:"phone"`
	Email *string `json:"email"`
	Hours *string `json:"hours"`
}

// viewSupport is nil where nobody is named.
func viewSupport(l checkout.SupportLine) *supportView {
	if l == (checkout.SupportLine{}) {
		return nil
	}
	return &supportView{Phone: nullable(l.Phone), Email: nullable(l.Email), Hours: nullable(l.Hours)}
}

// merchantBody changes what is given. Version is the one that the caller saw.
type merchantBody struct {
	Version     *int64  `json:"version" validate:"omitempty,gte=1"`
	Address     *string `json:"address"`
	TaxOffice   *string `json:"tax_office"`
	TaxNumber   *string `json:"tax_number"`
	MERSIS      *string `json:"mersis"`
	Delivery    *string `json:"delivery"`
	Exceptions  *string `json:"exceptions"`
	Advertising *bool   `json:"advertising"`
}

var merchantReadOnly = []string{"id", "name", "legal_name", "phone", "email", "website", "missing", "support", "updated_at"}

func (s *Surface) readMerchant(c *fiber.Ctx) error {
	m, d, missing, err := s.Flow.Details(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	return c.JSON(merchantView{
		ID: m.ID, Version: m.Version, Name: m.Name, LegalName: nullable(m.LegalName), Phone: nullable(m.Phone), Email: nullable(m.Email), Website: nullable(m.Website),
		Address: nullable(d.Address), TaxOffice: nullable(d.TaxOffice), TaxNumber: nullable(d.TaxNumber), MERSIS: nullable(d.MERSIS),
		Delivery: nullable(d.Delivery), Exceptions: nullable(d.Exceptions), Advertising: d.Advertising, Missing: append([]string{}, missing...), Support: viewSupport(m.Support), UpdatedAt: stamp(m.UpdatedAt),
	})
}

func (s *Surface) editMerchant(c *fiber.Ctx) error {
	var b merchantBody
	named, err := s.decode(c, &b, merchantReadOnly)
	if err != nil {
		return err
	}
	_, err = s.Flow.SetSeller(c.UserContext(), s.by(c), callerOf(c).merchant, orZero(b.Version), func(d *checkout.Seller) {
		for name, field := range map[string]struct{ from, to *string }{
			"address": {b.Address, &d.Address}, "tax_office": {b.TaxOffice, &d.TaxOffice}, "tax_number": {b.TaxNumber, &d.TaxNumber},
			"mersis": {b.MERSIS, &d.MERSIS}, "delivery": {b.Delivery, &d.Delivery}, "exceptions": {b.Exceptions, &d.Exceptions},
		} {
			set(named[name], field.from, field.to)
			*field.to = norm.NFC.String(*field.to)
		}
		set(named["advertising"], b.Advertising, &d.Advertising)
	})
	if err != nil {
		return err
	}
	return s.readMerchant(c)
}

// legalTextView is one wording of a text that consumers agree to.
type legalTextView struct {
	Kind    checkout.ConsentKind `json:"kind"`
	Lang    string               `json:"lang"`
	Version int64                `json:"version"`
	Own     bool                 `json:"own"`
	Hash    string               `json:"hash"`
	Text    string               `json:"text"`
	SavedAt *string              `json:"saved_at"`
}

func viewLegalText(t checkout.LegalText) legalTextView {
	v := legalTextView{Kind: t.Kind, Lang: t.Lang, Version: t.Version, Own: t.Own, Hash: t.Hash(), Text: t.Words}
	if !t.SavedAt.IsZero() {
		at := stamp(t.SavedAt)
		v.SavedAt = &at
	}
	return v
}

func viewLegalTexts(all []checkout.LegalText) []legalTextView {
	views := make([]legalTextView, len(all))
	for i, t := range all {
		views[i] = viewLegalText(t)
	}
	return views
}

// legalTextsView is what is in force, and every version of the merchant's own.
type legalTextsView struct {
	Placeholders []string        `json:"placeholders"`
	Data         []legalTextView `json:"data"`
	Versions     []legalTextView `json:"versions"`
}

func (s *Surface) listLegalTexts(c *fiber.Ctx) error {
	inForce, own, err := s.Flow.LegalTexts(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	return c.JSON(legalTextsView{Placeholders: checkout.LegalPlaceholders, Data: viewLegalTexts(inForce), Versions: viewLegalTexts(own)})
}

// legalTextBody is one wording; without text the built-in one is in force again.
type legalTextBody struct {
	Kind string  `json:"kind" validate:"required"`
	Lang string  `json:"lang" validate:"required"`
	Text *string `json:"text"`
}

func (s *Surface) saveLegalText(c *fiber.Ctx) error {
	var b legalTextBody
	if _, err := s.decode(c, &b, []string{"version", "own", "hash", "saved_at"}); err != nil {
		return err
	}
	saved, err := s.Flow.SaveLegalText(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.ConsentKind(b.Kind), b.Lang, norm.NFC.String(given(b.Text)))
	if err != nil {
		return err
	}
	return c.JSON(viewLegalText(saved))
}

// consentView is one text that a payer was asked to agree to.
type consentView struct {
	Kind     checkout.ConsentKind `json:"kind"`
	Given    bool                 `json:"given"`
	Version  int64                `json:"version"`
	Own      bool                 `json:"own"`
	Lang     string               `json:"lang"`
	Template string               `json:"template_hash"`
	Hash     string               `json:"text_hash"`
	Text     string               `json:"text"`
	At       string               `json:"at"`
	IP       *string              `json:"ip"`
	Agent    *string              `json:"user_agent"`
}

func (s *Surface) paymentConsents(c *fiber.Ctx) error {
	all, err := s.Flow.PaymentConsents(c.UserContext(), callerOf(c).merchant, checkout.PaymentID(c.Params("id")))
	if err != nil {
		return err
	}
	views := make([]consentView, len(all))
	for i, a := range all {
		views[i] = consentView{a.Kind, a.Given, a.Version, a.Own, a.Lang, a.Template, a.Hash, a.Text, stamp(a.At), nullable(a.IP), nullable(a.Agent)}
	}
	return answerPage(c, views, "")
}
