package panel

import (
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// readAmount reads an amount of a currency, in minor units, as people type it in either language (domain.md 5.5):
// 1234,56 · 1.234,56 · 1234.56 · 1,234.56 · 1.234 = 1234 · 1.234,56 TL. It answers 0 and a field error code for
// what is none: "required", "amount_format", "amount_format_whole". The flow holds it against its bounds.
func readAmount(text string, c checkout.Currency) (minor int64, code string) {
	if strings.TrimSpace(text) == "" {
		return 0, "required"
	}
	m, err := checkout.ParseTyped(text, c)
	if err != nil {
		return 0, amountCode("amount_format", c)
	}
	return m.Minor, ""
}

// amountCode is the code whose sentence fits a currency: one without small coins is told of no decimals.
func amountCode(code string, c checkout.Currency) string {
	if c.Known() && c.Exponent() == 0 && (code == "amount_format" || code == "amount_range") {
		return code + "_whole"
	}
	return code
}

// amountCodes are mistakes with the codes that fit a currency.
func amountCodes(all []checkout.FieldError, c checkout.Currency) []checkout.FieldError {
	out := slices.Clone(all)
	for i := range out {
		out[i].Code = amountCode(out[i].Code, c)
	}
	return out
}

// AmountHint is an example of an amount in the currency of a form, and in the first that has another number of decimals where
// one can be chosen.
func (p *Page) AmountHint(f *Form) string {
	example := func(c checkout.Currency) string {
		m := checkout.Money{Minor: 1250, Currency: c}
		for range c.Exponent() {
			m.Minor *= 10
		}
		return typedAmount(p.L, m)
	}
	chosen := checkout.Currency(f.Get("currency"))
	if !chosen.Known() {
		chosen = checkout.TRY
	}
	hint := p.T("links.amount.example", "example", example(chosen))
	for _, c := range p.CurrencyField(f).Choices {
		if other := checkout.Currency(c.Value); other.Exponent() != chosen.Exponent() {
			return hint + p.T("links.amount.other", "currency", c.Label, "example", example(other))
		}
	}
	return hint
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
