// Package consent has the built-in texts of consumer sales, in every language that there is a folder of in
// templates/legal, and writes the values that texts are filled from as the language does. It deliberately decides
// nothing: what is asked of whom, and what of it is kept, checkout does.
//
// The texts hold what the Turkish Consumer Protection Act (no. 6502, article 48) and the Regulation on Distance
// Contracts (articles 5 to 15) ask for. They are no legal advice: a merchant may put its own in their place.
package consent

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// version is that of the built-in texts. Whoever changes one counts it up: payments name it, and a test holds it
// against the texts' hashes.
const version = 2

// Texts are the built-in texts. It is safe for concurrent use.
type Texts struct {
	locales templates.Locales
	codes   []string
	words   map[string]map[checkout.ConsentKind]string
}

var _ checkout.LegalTexts = (*Texts)(nil)

// New reads them. A language without one of them is an error.
func New() (*Texts, error) {
	locales, err := templates.Load()
	if err != nil {
		return nil, err
	}
	t := &Texts{locales: locales, codes: locales.Codes(), words: map[string]map[checkout.ConsentKind]string{}}
	for _, lang := range t.codes {
		t.words[lang] = map[checkout.ConsentKind]string{}
		for _, k := range checkout.ConsentKinds {
			raw, err := templates.Legal.ReadFile("legal/" + lang + "/" + string(k) + ".txt")
			if err != nil {
				return nil, fmt.Errorf("read legal texts: %w", err)
			}
			t.words[lang][k] = strings.TrimSpace(string(raw))
		}
	}
	return t, nil
}

// Languages are those that there are texts in, Turkish first.
func (t *Texts) Languages() []string { return t.codes }

func (t *Texts) locale(lang string) *templates.Locale {
	if l, ok := t.locales[lang]; ok {
		return l
	}
	return t.locales[t.codes[0]]
}

// BuiltIn answers the built-in wording of a kind; an unknown language gives Turkish.
func (t *Texts) BuiltIn(k checkout.ConsentKind, lang string) checkout.LegalText {
	lang = t.locale(lang).Code
	return checkout.LegalText{Kind: k, Lang: lang, Version: version, Words: t.words[lang][k]}
}

// nothing stands where a merchant says nothing of itself.
const nothing = "–"

// Values writes facts by the names of checkout.LegalPlaceholders.
func (t *Texts) Values(lang string, f checkout.LegalFacts) map[string]string {
	l := t.locale(lang)
	price, total := t.sums(l, f)
	values := map[string]string{
		"seller": cmp.Or(f.Merchant.LegalName, f.Merchant.Name), "address": f.Seller.Address, "tax": tax(f.Seller), "mersis": f.Seller.MERSIS,
		"phone": f.Merchant.Phone, "email": f.Merchant.Email, "website": f.Merchant.Website, "subject": subject(l, f), "order": string(f.Order),
		"price": price, "total": total, "plan": plans(l, f), "delivery": f.Seller.Delivery, "exceptions": f.Seller.Exceptions, "date": l.When(f.At),
	}
	for name, value := range values {
		values[name] = cmp.Or(strings.TrimSpace(value), nothing)
	}
	return values
}

// subject is what is sold, on one line: each line with its price, behind what the merchant says of it besides.
func subject(l *templates.Locale, f checkout.LegalFacts) string {
	var parts []string
	if f.Subject != "" {
		parts = append(parts, f.Subject)
	}
	for _, i := range f.Items {
		key, currency := "legal.item", string(f.Price.Currency)
		if i.Quantity > 1 {
			key = "legal.items"
		}
		parts = append(parts, templates.Fill(l.Raw(key), "item", i.String(), "each", l.Money(i.UnitMinor, currency), "sum", l.Money(i.Total(), currency)))
	}
	return strings.Join(parts, "; ")
}

// tax is office and number in one, as Turkish papers have it.
func tax(s checkout.Seller) string { return strings.TrimSpace(s.TaxOffice + " " + s.TaxNumber) }

// sums are the price and what is paid in all. Where the payer has not chosen yet, the total of each way stands with
// it in the plan, and here the least.
func (t *Texts) sums(l *templates.Locale, f checkout.LegalFacts) (price, total string) {
	currency := string(f.Price.Currency)
	if f.Price.Minor == 0 {
		price = l.Text("mail.range", "min", l.Money(f.Min, currency), "max", l.Money(f.Max, currency))
		return price, price
	}
	price = l.Money(f.Price.Minor, currency)
	if len(f.Offers) != 1 {
		return price, price
	}
	return price, l.Money(f.Offers[0].Total, currency)
}

// plans are the ways to pay, on one line.
func plans(l *templates.Locale, f checkout.LegalFacts) string {
	all := make([]string, len(f.Offers))
	for i, o := range f.Offers {
		all[i] = plan(l, o, string(f.Price.Currency))
	}
	if f.More {
		all = append(all, l.Raw("legal.plan_more"))
	}
	return strings.Join(all, "; ")
}

func plan(l *templates.Locale, o checkout.Offer, currency string) string {
	if o.Count == 1 {
		return l.Raw("plan.single")
	}
	words := l.Text("receipt.plan_count", "n", strconv.Itoa(o.Count), "amount", l.Money(o.Monthly, currency))
	return l.Text("legal.plan", "plan", words, "total", l.Money(o.Total, currency))
}
