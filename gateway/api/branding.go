package api

import (
	"errors"
	"maps"
	"slices"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// brandingView is how the payment page shows the merchant.
type brandingView struct {
	Version      int64            `json:"version"`
	Name         string           `json:"name"`
	LegalName    *string          `json:"legal_name"`
	Phone        *string          `json:"phone"`
	Email        *string          `json:"email"`
	Website      *string          `json:"website"`
	Accent       *string          `json:"accent"`
	Brands       []checkout.Brand `json:"brands"`
	Installments []int            `json:"installments"`
	NoticeURL    *string          `json:"notice_url"`
	Logo         bool             `json:"logo"`
}

func (s *Surface) answerBranding(c *fiber.Ctx) error {
	m := callerOf(c).merchant
	shop, err := s.Flow.Shop(c.UserContext(), m)
	if err != nil {
		return err
	}
	words, err := s.Flow.PageWords(c.UserContext(), m)
	if err != nil {
		return err
	}
	of := shop.Merchant
	return c.JSON(brandingView{
		Version: of.Version, Name: of.Name, LegalName: nullable(of.LegalName), Phone: nullable(of.Phone), Email: nullable(of.Email), Website: nullable(of.Website),
		Accent: nullable(of.Accent), Brands: of.Brands, Installments: of.Installments, NoticeURL: nullable(words.NoticeURL), Logo: of.LogoType != "",
	})
}

// brandingBody changes what is given; null puts a field back to what it is for a merchant that says nothing.
type brandingBody struct {
	Version      *int64   `json:"version" validate:"omitempty,gte=1"`
	Name         *string  `json:"name"`
	LegalName    *string  `json:"legal_name"`
	Phone        *string  `json:"phone"`
	Email        *string  `json:"email"`
	Website      *string  `json:"website"`
	Accent       *string  `json:"accent"`
	Brands       []string `json:"brands" validate:"omitempty,unique,dive,oneof=visa mastercard troy amex maestro discover diners unionpay"`
	Installments []int    `json:"installments" validate:"omitempty,min=1,max=12,unique,dive,gte=1,lte=12"`
}

func (b *brandingBody) apply(m *checkout.Merchant, named map[string]bool) {
	set(named["name"], b.Name, &m.Name)
	set(named["legal_name"], b.LegalName, &m.LegalName)
	m.Name, m.LegalName = norm.NFC.String(m.Name), norm.NFC.String(m.LegalName)
	set(named["phone"], b.Phone, &m.Phone)
	set(named["email"], b.Email, &m.Email)
	set(named["website"], b.Website, &m.Website)
	set(named["accent"], b.Accent, &m.Accent)
	if named["brands"] {
		m.Brands = nil
		for _, brand := range b.Brands {
			m.Brands = append(m.Brands, checkout.Brand(brand))
		}
		if b.Brands != nil && m.Brands == nil {
			m.Brands = []checkout.Brand{} // none at all, which the flow refuses
		}
	}
	if named["installments"] {
		m.Installments = slices.Clone(b.Installments)
	}
}

func (s *Surface) readBranding(c *fiber.Ctx) error { return s.answerBranding(c) }

// editBranding changes the merchant. Without a version the change is made of what is there now.
func (s *Surface) editBranding(c *fiber.Ctx) error {
	var b brandingBody
	named, err := s.decode(c, &b, []string{"logo", "notice_url"})
	if err != nil {
		return err
	}
	m := callerOf(c).merchant
	for {
		version := orZero(b.Version)
		if version == 0 {
			now, err := s.Ledger.Merchant(c.UserContext(), m)
			if err != nil {
				return err
			}
			version = now.Version
		}
		_, err := s.Flow.ChangeMerchant(c.UserContext(), s.by(c), m, version, func(to *checkout.Merchant) { b.apply(to, named) })
		if errors.Is(err, checkout.ErrStale) && b.Version == nil {
			continue
		}
		if err != nil {
			return err
		}
		return s.answerBranding(c)
	}
}

type privacyNoticeBody struct {
	URL *string `json:"notice_url"`
}

// writePrivacyNotice says where the merchant's privacy notice is; null leaves the built-in text only.
func (s *Surface) writePrivacyNotice(c *fiber.Ctx) error {
	var b privacyNoticeBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	if err := s.Flow.SetNoticeURL(c.UserContext(), s.by(c), callerOf(c).merchant, given(b.URL)); err != nil {
		return err
	}
	return s.answerBranding(c)
}

// declineTextView is a sentence of the merchant's own, in the place of the usual one.
type declineTextView struct {
	Lang string          `json:"lang"`
	Code checkout.Reason `json:"code"`
	Text *string         `json:"text"`
}

// listDeclineTexts answers the merchant's own sentences on one page; where there is none, the usual one is read.
func (s *Surface) listDeclineTexts(c *fiber.Ctx) error {
	words, err := s.Flow.PageWords(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := []declineTextView{}
	for _, lang := range slices.Sorted(maps.Keys(words.Declines)) {
		for _, code := range slices.Sorted(maps.Keys(words.Declines[lang])) {
			views = append(views, declineTextView{lang, code, nullable(words.Declines[lang][code])})
		}
	}
	return answerFew(c, views, func(v declineTextView) string { return v.Lang + "." + string(v.Code) })
}

type declineTextBody struct {
	Lang string  `json:"lang" validate:"required,oneof=tr en"`
	Code string  `json:"code" validate:"required"`
	Text *string `json:"text"`
}

// saveDeclineText replaces one sentence; null puts the usual one back.
func (s *Surface) saveDeclineText(c *fiber.Ctx) error {
	var b declineTextBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	text := norm.NFC.String(given(b.Text))
	if !slices.Contains(checkout.WordedReasons, checkout.Reason(b.Code)) {
		return checkout.Invalid(checkout.FieldError{Field: "code", Code: "not_a_choice"})
	}
	if err := s.Flow.SetDecline(c.UserContext(), s.by(c), callerOf(c).merchant, b.Lang, checkout.Reason(b.Code), text); err != nil {
		return err
	}
	return c.JSON(declineTextView{b.Lang, checkout.Reason(b.Code), nullable(text)})
}
