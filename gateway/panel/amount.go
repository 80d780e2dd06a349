package panel

import (
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// readAmount reads an amount of a currency, in minor units, as people type it in either language (domain.md 5.5):
// 1234,56 · 1.234,56 · 1234.56 · 1,234.56 · 1.234 = 1234 · 1.234,56 TL. It answers 0 and a field error code for
// what is none: "required", "amount_format". The flow holds it against its bounds.
func readAmount(text string, c checkout.Currency) (minor int64, code string) {
	if strings.TrimSpace(text) == "" {
		return 0, "required"
	}
	m, err := checkout.ParseTyped(text, c)
	if err != nil {
		return 0, "amount_format"
	}
	return m.Minor, ""
}

// amount reads a field of a form. A blank one is 0, and a mistake only if it is needed; what is none is noted
// at the field.
func (s *Surface) amount(f *Form, lang, field string, c checkout.Currency, needed bool) (minor int64) {
	minor, code := readAmount(f.Get(field), c)
	if code != "" && (needed || code != "required") {
		s.wrong(f, lang, field, code, nil)
	}
	return minor
}

// typedAmount is how an amount stands in a field, in the language's own form without the currency, so that
// readAmount reads it back as it was; 0 leaves the field blank.
func typedAmount(l *templates.Locale, m checkout.Money) string {
	if m.Minor == 0 {
		return ""
	}
	return l.Number(m.Minor, string(m.Currency))
}
