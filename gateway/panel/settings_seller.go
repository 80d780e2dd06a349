package panel

import (
	"errors"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// sellerRoutes are what the texts of consumer sales say of the merchant, and their wording.
func sellerRoutes() []route {
	return []route{
		{"GET", "/panel/settings/seller", checkout.PowerSettings, (*Surface).sellerPage},
		{"POST", "/panel/settings/seller", checkout.PowerSettings, (*Surface).saveSeller},
		{"POST", "/panel/settings/seller/text", checkout.PowerSettings, (*Surface).saveLegalText},
	}
}

type sellerData struct {
	*Form
	Version   int64
	Missing   []string
	Lang      string
	Languages []Choice
	Texts     []sellerText
	Names     string // that a wording may have in braces
	Saved     string
	Other     []Choice // what somebody else stored meanwhile and is not what was typed here: field and value
}

// sellerText is a wording in force, or one that was refused.
type sellerText struct {
	checkout.LegalText
	Error string
}

var sellerFields = []string{"address", "tax_office", "tax_number", "mersis", "delivery", "exceptions", "advertising"}

func sellerForm(d checkout.Seller) *Form {
	return NewForm("seller", "address", d.Address, "tax_office", d.TaxOffice, "tax_number", d.TaxNumber, "mersis", d.MERSIS,
		"delivery", d.Delivery, "exceptions", d.Exceptions, "advertising", ticked(d.Advertising))
}

func (s *Surface) sellerPage(c *fiber.Ctx, w *who) error {
	_, d, _, err := s.Flow.Details(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	return s.showSeller(c, w, fiber.StatusOK, sellerForm(d), sellerText{})
}

// showSeller shows details and texts; bad is a text that was refused.
func (s *Surface) showSeller(c *fiber.Ctx, w *who, status int, f *Form, bad sellerText, other ...Choice) error {
	m, _, missing, err := s.Flow.Details(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	inForce, _, err := s.Flow.LegalTexts(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	lang := s.textLanguage(c, w)
	d := sellerData{Form: f, Version: m.Version, Missing: missing, Lang: lang, Languages: s.languageChoices(lang), Saved: c.Query("saved"), Other: other}
	for _, name := range checkout.LegalPlaceholders {
		d.Names += "{" + name + "} "
	}
	for _, t := range inForce {
		row := sellerText{LegalText: t}
		if t.Lang != lang {
			continue
		}
		if bad.Kind == t.Kind {
			row.Words, row.Error = bad.Words, bad.Error
		}
		d.Texts = append(d.Texts, row)
	}
	return s.show(c, w, status, "settings_seller", d)
}

func (s *Surface) saveSeller(c *fiber.Ctx, w *who) error {
	f := readForm(c, "seller", sellerFields...)
	version, err := strconv.ParseInt(posted(c, "version"), 10, 64)
	if err != nil {
		return &checkout.Error{Kind: checkout.KindInvalid, Code: "bad_request"}
	}
	_, err = s.Flow.SetSeller(c.UserContext(), w.by(c), w.member.Merchant, version, func(d *checkout.Seller) {
		d.Address, d.TaxOffice, d.TaxNumber, d.MERSIS = nfc(f.Get("address")), nfc(f.Get("tax_office")), f.Get("tax_number"), f.Get("mersis")
		d.Delivery, d.Exceptions, d.Advertising = nfc(f.Get("delivery")), nfc(f.Get("exceptions")), f.On("advertising")
	})
	if err == nil {
		return saved(c, "/panel/settings/seller", "seller")
	}
	stale := errors.Is(err, checkout.ErrStale)
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	if !stale {
		return s.showSeller(c, w, fiber.StatusUnprocessableEntity, f, sellerText{})
	}
	_, stored, _, err := s.Flow.Details(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	f.Error = s.sentence(w.lang, "branding_stale", nil)
	return s.showSeller(c, w, fiber.StatusConflict, f, sellerText{}, s.differing(w.lang, "seller", sellerFields, f, sellerForm(stored))...)
}

// saveLegalText puts a wording in force; the button for it puts the built-in one back.
func (s *Surface) saveLegalText(c *fiber.Ctx, w *who) error {
	f := readForm(c, "seller.text", "kind", "text")
	words := nfc(f.Get("text"))
	if posted(c, "reset") != "" {
		words = ""
	}
	lang, kind := s.textLanguage(c, w), checkout.ConsentKind(f.Get("kind"))
	_, err := s.Flow.SaveLegalText(c.UserContext(), w.by(c), w.member.Merchant, kind, lang, words)
	if err == nil {
		return c.Redirect("/panel/settings/seller?texts="+lang+"&saved="+string(kind)+"#"+string(kind), fiber.StatusSeeOther)
	}
	if err := s.refused(f, w.lang, err, nil); err != nil {
		return err
	}
	_, d, _, err := s.Flow.Details(c.UserContext(), w.member.Merchant)
	if err != nil {
		return err
	}
	return s.showSeller(c, w, fiber.StatusUnprocessableEntity, sellerForm(d), sellerText{checkout.LegalText{Kind: kind, Words: words}, f.Errors["text"] + f.Error})
}
