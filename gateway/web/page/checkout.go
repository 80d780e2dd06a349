package page

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/odelink/odelink/templates"
)

// Variant is which optional blocks the checkout page has. Each set of bits is a page rendered ahead.
type Variant uint16

// The blocks.
const (
	VariantNote         Variant = 1 << iota // the payer may write a note
	VariantOpen                             // the payer chooses the amount
	VariantInstallments                     // the instalment list
	VariantUntil                            // the link's last day is shown
	VariantHolder                           // the name on the card is asked for
	VariantTest                             // test mode's banner
	VariantHosted                           // the bank's own page takes the card: no card fields here
	VariantConsumer                         // a consumer buys: what he has to agree to (checklist F2)
	VariantAds                              // of a consumer sale: he may agree to advertising (checklist F6)
	VariantCount                            // how often the link was paid, or may still be

	variantEnd
)

// Checkout are the values of one checkout page: few, and all that differs between two links of one
// merchant with the same blocks.
type Checkout struct {
	Token       string // the link's: letters and digits only
	AmountMinor int64  // 0 with VariantOpen
	Currency    string // "TRY"
	MinMinor    int64  // with VariantOpen
	MaxMinor    int64
	Description string
	OrderID     string
	Terms       string              // digest of the terms shown, comes back with the form (threat model A28)
	Attempt     [AttemptLength]byte // of this view, comes back with the form (checklist H1): letters and digits
	Rows        int                 // how many ways to pay the link offers at most, the single payment included
	Now         int64               // server's time, Unix seconds
	Until       int64               // the link's end, Unix seconds; 0 when it has none
	Made, Most  int                 // with VariantCount: how often the link was paid, of at most that; 0 = no limit
}

// AttemptLength is how many characters the attempt of a view has.
const AttemptLength = 12

// hole is a value's place on the page.
type hole uint8

const (
	holeToken hole = iota
	holeNumber
	holeCurrency
	holeAmount
	holeMin
	holeMax
	holeRange
	holeDescription
	holeOrder
	holeTerms
	holeAttempt
	holeRows
	holeUntil
	holeClock
	holeCount

	holes
)

// fill is every hole's text as the template sees it.
type fill [holes]string

func (f *fill) Token() string       { return f[holeToken] }
func (f *fill) Number() string      { return f[holeNumber] }
func (f *fill) Currency() string    { return f[holeCurrency] }
func (f *fill) Amount() string      { return f[holeAmount] }
func (f *fill) Min() string         { return f[holeMin] }
func (f *fill) Max() string         { return f[holeMax] }
func (f *fill) MinMax() string      { return f[holeRange] }
func (f *fill) Description() string { return f[holeDescription] }
func (f *fill) Order() string       { return f[holeOrder] }
func (f *fill) Terms() string       { return f[holeTerms] }
func (f *fill) Attempt() string     { return f[holeAttempt] }
func (f *fill) Rows() string        { return f[holeRows] }
func (f *fill) Until() string       { return f[holeUntil] }
func (f *fill) Clock() string       { return f[holeClock] }
func (f *fill) Count() string       { return f[holeCount] }

// fill writes the values for the engine.
func (c *Checkout) fill(l *templates.Locale) *fill {
	var f fill
	for h := range holes {
		f[h] = string(c.append(nil, h, l))
	}
	return &f
}

// reservedRows bounds the space kept free for instalments, so that nothing moves when they come.
const reservedRows = 6

// append writes one hole's text, not yet escaped.
func (c *Checkout) append(dst []byte, h hole, l *templates.Locale) []byte {
	switch h {
	case holeToken:
		return append(dst, c.Token...)
	case holeNumber:
		return l.AppendNumber(dst, c.AmountMinor, templates.Exponent(c.Currency))
	case holeCurrency:
		return append(dst, l.CurrencyName(c.Currency)...)
	case holeAmount:
		return l.AppendMoney(dst, c.AmountMinor, c.Currency)
	case holeMin:
		return l.AppendMoney(dst, c.MinMinor, c.Currency)
	case holeMax:
		return l.AppendMoney(dst, c.MaxMinor, c.Currency)
	case holeRange:
		dst = strconv.AppendInt(dst, c.MinMinor, 10)
		return strconv.AppendInt(append(dst, ' '), c.MaxMinor, 10)
	case holeDescription:
		return append(dst, c.Description...)
	case holeOrder:
		return append(dst, c.OrderID...)
	case holeTerms:
		return append(dst, c.Terms...)
	case holeAttempt:
		if c.Attempt == [AttemptLength]byte{} {
			return dst
		}
		return append(dst, c.Attempt[:]...)
	case holeRows:
		return append(dst, byte('0'+min(max(c.Rows, 1), reservedRows)))
	case holeUntil:
		if c.Until == 0 {
			return dst
		}
		return l.AppendWhen(dst, time.Unix(c.Until, 0))
	case holeClock:
		// Seconds to the link's end (-1: none), this month, currency: all that the script cannot
		// know without trusting the browser's clock.
		left := int64(-1)
		if c.Until != 0 {
			left = max(0, c.Until-c.Now)
		}
		dst = strconv.AppendInt(dst, left, 10)
		dst = strconv.AppendInt(append(dst, ' '), int64(l.YearMonth(time.Unix(c.Now, 0))), 10)
		return append(append(dst, ' '), c.Currency...)
	case holeCount:
		if c.Most > 0 {
			return appendCounts(dst, l.Raw("pay.left"), max(0, c.Most-c.Made), c.Most)
		}
		return appendCounts(dst, l.Raw("pay.made"), c.Made, 0)
	}
	return dst
}

// appendCounts writes a sentence with its {n} and {of}, without a text in between.
func appendCounts(dst []byte, sentence string, n, of int) []byte {
	for {
		before, rest, found := strings.Cut(sentence, "{")
		if dst = append(dst, before...); !found {
			return dst
		}
		name, after, _ := strings.Cut(rest, "}")
		value := n
		if name == "of" {
			value = of
		}
		dst = strconv.AppendInt(dst, int64(value), 10)
		sentence = after
	}
}

// text is the text of a hole that needs no writing of its own; ok is false for the others. It spares
// the long values, which come from the merchant, a copy.
func (c *Checkout) text(h hole) (s string, ok bool) {
	switch h {
	case holeToken:
		return c.Token, true
	case holeDescription:
		return c.Description, true
	case holeOrder:
		return c.OrderID, true
	case holeTerms:
		return c.Terms, true
	}
	return "", false
}

// Open, Installments, Until, Holder and Note are the variant's bits for the template.
func (c *CheckoutPage) Open() bool         { return c.Variant&VariantOpen != 0 }
func (c *CheckoutPage) Installments() bool { return c.Variant&VariantInstallments != 0 }
func (c *CheckoutPage) Until() bool        { return c.Variant&VariantUntil != 0 }
func (c *CheckoutPage) Holder() bool       { return c.Variant&VariantHolder != 0 }
func (c *CheckoutPage) Note() bool         { return c.Variant&VariantNote != 0 }

// Count says whether the link's page counts its payments.
func (c *CheckoutPage) Count() bool { return c.Variant&VariantCount != 0 }

func (c *CheckoutPage) Hosted() bool   { return c.Variant&VariantHosted != 0 }
func (c *CheckoutPage) Consumer() bool { return c.Variant&VariantConsumer != 0 }

// agreement is a box on the page of a consumer sale, and its text.
type agreement struct {
	Kind, Field, Label string
	Missing            string // what is said where it is not ticked; "" = it need not be
	Given              bool   // ticked in a form that came back with a mistake; never beforehand
}

// Agreements are the boxes of a consumer sale, in their order.
func (r *root) Agreements() (all []agreement) {
	c := r.V.(*CheckoutPage)
	if !c.Consumer() {
		return nil
	}
	kinds := []string{"pre_information", "distance_sale"}
	if c.Variant&VariantAds != 0 {
		kinds = append(kinds, "advertising")
	}
	for _, k := range kinds {
		a := agreement{Kind: k, Field: "consent_" + k, Label: r.T("agree." + k)}
		if key := "field." + a.Field + ".consent_required"; r.L.Has(key) {
			a.Missing = r.T(key)
		}
		for _, given := range c.Typed.Consents {
			a.Given = a.Given || given == k
		}
		all = append(all, a)
	}
	return all
}

// AskOpen shows the question for the first digits opened, where the server has just answered it.
func (c *CheckoutPage) AskOpen() bool { return c.BIN != "" }

// Few says that the rows are known and leave no space to keep free.
func (c *CheckoutPage) Few() bool { return len(c.Offers) == 1 }

// Range is the sentence about the limits of an open amount.
func (r *root) Range() string {
	return r.T("pay.amount_hint", "min", r.F.Min(), "max", r.F.Max())
}

// Button says what the one button does (checklist B5). Without scripts it does not follow the choice, so
// it names an amount only where every choice costs the same; the script names the chosen one.
func (r *root) Button() string {
	c := r.V.(*CheckoutPage)
	if c.Open() {
		return r.T("pay.button_open")
	}
	for _, o := range c.Offers {
		if o.TotalMinor != c.Checkout.AmountMinor {
			return r.T("pay.button_chosen")
		}
	}
	return r.T("pay.button", "amount", r.F.Amount())
}

// Notice is the 'terms changed' notice.
func (r *root) Notice() map[string]string {
	if !r.V.(*CheckoutPage).TermsChanged {
		return nil
	}
	return map[string]string{"Title": r.T("pay.terms_changed"), "What": r.T("pay.terms_changed_what")}
}

// TextsAt is where the texts of a consumer sale are asked for: at the plain page's own address.
func (r *root) TextsAt() string {
	if r.Self == "" {
		return ""
	}
	return "/p/" + r.F.Token()
}

// BinsAction is where the question for instalments goes: nowhere on the plain page, whose own
// address it is, and the link's page from wherever else this one was sent.
func (r *root) BinsAction() string {
	if r.Self == "" {
		return ""
	}
	if r.V.(*CheckoutPage).Session != "" {
		return r.Self
	}
	return "/p/" + r.F.Token()
}

// Typed is what the payer wrote, less what looks like a card number.
func (r *root) Typed() Typed {
	t := r.V.(*CheckoutPage).Typed
	for _, s := range []*string{&t.Amount, &t.Expiry, &t.Holder, &t.Note} {
		if looksLikeCard(*s) {
			*s = ""
		}
	}
	return t
}

// looksLikeCard is true from 12 digits on, of any script (checklist C13).
func looksLikeCard(s string) bool {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n >= 12
}

type boundError struct{ Field, Text string }

// Errors are the mistakes with their sentences, in the order given.
func (r *root) Errors() []boundError {
	var bound []boundError
	for _, e := range r.V.(*CheckoutPage).Errors {
		bound = append(bound, boundError{e.Field, r.mistake(e)})
	}
	return bound
}

// Bad is the mistake at one field, nil when it is right.
func (r *root) Bad(field string) *boundError {
	for _, e := range r.Errors() {
		if e.Field == field {
			return &e
		}
	}
	return nil
}

func (r *root) mistake(e FieldError) string {
	if e.Label != nil {
		return r.asked(e)
	}
	key := "field." + e.Field + "." + e.Code
	switch {
	case e.Code == "installments_not_offered" && e.N < 2:
		key = "field.installments.required" // no count to name
	case e.Code == "brand_not_accepted" && e.Brand == "":
		key = "field.card_number.brand_unknown"
	}
	if !r.L.Has(key) {
		key = "field.invalid"
	}
	currency := r.V.(*CheckoutPage).Checkout.Currency
	return r.T(key, "n", strconv.Itoa(e.N), "brand", r.brandName(e.Brand),
		"min", r.L.Money(e.Min, currency), "max", r.L.Money(e.Max, currency),
		"example", r.L.Number(123456, currency))
}

// Describe ties a field to its hint and its mistake.
func (r *root) Describe(field string) template.HTMLAttr {
	if r.Bad(field) != nil {
		return template.HTMLAttr(`aria-describedby="` + field + `-h ` + field + `-e" aria-invalid="true"`)
	}
	return template.HTMLAttr(`aria-describedby="` + field + `-h"`)
}

type offerRow struct {
	Count                              int
	Title, Monthly, Last, Total, Extra string
	Chosen                             bool
	Seen                               string // the field that tells the server which total was shown; "" = its terms do
	Minor                              int64
}

// OfferRows are the instalments written by the server, for browsers without scripts.
func (r *root) OfferRows() []offerRow {
	c := r.V.(*CheckoutPage)
	money := func(minor int64) string { return r.L.Money(minor, c.Checkout.Currency) }
	rows := make([]offerRow, len(c.Offers))
	chosen := 0
	for i, o := range c.Offers {
		rows[i] = offerRow{Count: o.Count, Title: r.T("plan.single"), Total: money(o.TotalMinor)}
		if o.Count == c.Typed.Installments {
			chosen = i
		}
		if o.Count == 1 {
			continue
		}
		n := strconv.Itoa(o.Count)
		rows[i].Seen, rows[i].Minor = "seen_"+n, o.TotalMinor
		rows[i].Title = r.T("plan.count", "n", n)
		if last := o.TotalMinor - o.MonthlyMinor*int64(o.Count-1); last != o.MonthlyMinor {
			n, rows[i].Last = strconv.Itoa(o.Count-1), r.T("plan.last", "amount", money(last))
		}
		rows[i].Monthly = r.T("plan.monthly", "n", n, "amount", money(o.MonthlyMinor))
		rows[i].Extra = r.T("plan.free")
		if extra := o.TotalMinor - c.Offers[0].TotalMinor; extra > 0 {
			rows[i].Extra = r.T("plan.extra", "amount", money(extra))
		}
	}
	if len(rows) > 0 {
		rows[chosen].Chosen = true
	}
	return rows
}

// compiled is one checkout page cut at its holes: text[0] hole[0] text[1] hole[1] … text[n].
type compiled struct {
	l       *templates.Locale
	text    [][]byte
	hole    []hole
	deflate [][]byte   // text[i] deflated; see gzip.go
	sums    []*textSum // of the deflated ones
	used    usedBit
}

// compile renders the page with marks for values, cuts it there and deflates the pieces.
func (p *Pages) compile(l *templates.Locale, theme *Theme, v Variant) (*compiled, error) {
	c, err := p.cut(l, theme, v)
	if err != nil {
		return nil, err
	}
	if c.deflate, err = deflateSegments(c.text); err != nil {
		return nil, err
	}
	c.sums = make([]*textSum, len(c.text))
	for i, text := range c.text {
		if c.deflate[i] != nil {
			c.sums[i] = newTextSum(text)
		}
	}
	return c, nil
}

func (p *Pages) cut(l *templates.Locale, theme *Theme, v Variant) (*compiled, error) {
	prefix := "q" + rand.Text() // no merchant's text can hold it by chance or by will
	var marks fill
	for h := range holes {
		marks[h] = prefix + string(rune('a'+h)) + "q" + awkwardIn(h)
	}
	view := &CheckoutPage{Head: Head{Theme: theme, Test: v&VariantTest != 0}, Variant: v}
	page, err := p.execute(l, view, &marks)
	if err != nil {
		return nil, err
	}
	c := &compiled{l: l}
	seen := [holes]bool{}
	for rest := string(page); ; {
		before, after, found := strings.Cut(rest, prefix)
		c.text = append(c.text, []byte(before))
		if !found {
			break
		}
		h := hole(after[0] - 'a')
		if h >= holes || after[1] != 'q' {
			return nil, fmt.Errorf("cutting the checkout page: a mark was changed: %.8q", after)
		}
		if rest, found = strings.CutPrefix(after[2:], string(appendEscaped(nil, awkwardIn(h)))); !found {
			return nil, fmt.Errorf("cutting the checkout page: in %s, variant %d, value %d stands where it is escaped otherwise", l.Code, v, h)
		}
		c.hole, seen[h] = append(c.hole, h), true
	}
	for _, h := range needed(v) {
		if !seen[h] {
			return nil, fmt.Errorf("cutting the checkout page: value %d is not on it", h)
		}
	}
	return c, nil
}

// needed are the values that a variant's page must show.
func needed(v Variant) []hole {
	list := []hole{holeToken, holeCurrency, holeDescription, holeOrder, holeTerms, holeAttempt, holeClock}
	if v&VariantOpen != 0 {
		list = append(list, holeMin, holeMax, holeRange)
	} else {
		list = append(list, holeNumber, holeAmount)
	}
	if v&VariantUntil != 0 {
		list = append(list, holeUntil)
	}
	if v&VariantInstallments != 0 {
		list = append(list, holeRows)
	}
	if v&VariantCount != 0 {
		list = append(list, holeCount)
	}
	return list
}

// AppendCheckout appends the checkout page. It allocates nothing once the page of its key is ready
// and dst is large enough; 16 kB is.
func (p *Pages) AppendCheckout(dst []byte, k Key, v *Checkout) ([]byte, error) {
	if p.opts.LiveTemplates != "" {
		out, err := p.live(k, v)
		return append(dst, out...), err
	}
	c, err := p.checkout(k)
	if err != nil {
		return dst, err
	}
	for i, h := range c.hole {
		dst = append(dst, c.text[i]...)
		dst = c.appendHole(dst, h, v)
	}
	return append(dst, c.text[len(c.hole)]...), nil
}

// appendHole writes one value, escaped.
func (c *compiled) appendHole(dst []byte, h hole, v *Checkout) []byte {
	if s, ok := v.text(h); ok {
		return appendEscaped(dst, s)
	}
	var buf [96]byte
	return appendEscaped(dst, v.append(buf[:0], h, c.l))
}

// live renders through the engine, so that templates can be edited while the program runs.
func (p *Pages) live(k Key, v *Checkout) ([]byte, error) {
	return p.Render(k.Lang, &CheckoutPage{
		Head:    Head{Theme: k.Theme, Test: k.Variant&VariantTest != 0},
		Variant: k.Variant, Checkout: *v,
	})
}

// appendEscaped escapes as html/template does in text and in quoted attributes.
func appendEscaped[T string | []byte](dst []byte, s T) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		var as string
		switch s[i] {
		case '&':
			as = "&amp;"
		case '<':
			as = "&lt;"
		case '>':
			as = "&gt;"
		case '"':
			as = "&#34;"
		case '\'':
			as = "&#39;"
		case '+':
			as = "&#43;"
		case 0:
			as = "\uFFFD"
		default:
			continue
		}
		dst = append(append(dst, s[from:i]...), as...)
		from = i + 1
	}
	return append(dst, s[from:]...)
}

// awkwardIn is behind the mark of a value: it has to come out of the engine as out of appendEscaped, so that
// every page is proven in its own language, variant and look when it is cut. A token stands in addresses, and
// has letters and digits only.
func awkwardIn(h hole) string {
	if h == holeToken {
		return ""
	}
	return awkward
}

// awkward is every character that the engine writes otherwise.
const awkward = "<>&\"'+\x00"

// probe proves at the start, for the page with nothing, with everything and with all card fields, that it can
// be cut, in each language, and that no value decides about what stands beside it. The other variants are
// proven by the tests, of the very templates that are built in, and once more when a payer's page is cut: a
// start has no time for each of them.
func (p *Pages) probe() error {
	const full = (variantEnd - 1) &^ VariantHosted
	for _, l := range p.locales {
		if _, err := p.cut(l, nil, full); err != nil {
			return err
		}
	}
	for _, v := range []Variant{0, variantEnd - 1, full} {
		if err := p.prove(p.locales["tr"], v); err != nil {
			return err
		}
	}
	return nil
}

// prove cuts a page and holds it, with awkward values, against what the engine makes of those.
func (p *Pages) prove(l *templates.Locale, v Variant) error {
	var values fill
	for h := range holes {
		values[h] = awkward
	}
	values[holeToken] = "Az09Az09Az09"
	c, err := p.cut(l, nil, v)
	if err != nil {
		return err
	}
	want, err := p.execute(l, &CheckoutPage{Head: Head{Test: v&VariantTest != 0}, Variant: v}, &values)
	if err != nil {
		return err
	}
	var got []byte
	for i, h := range c.hole {
		got = appendEscaped(append(got, c.text[i]...), values[h])
	}
	if got = append(got, c.text[len(c.hole)]...); string(got) != string(want) {
		return fmt.Errorf("cutting the checkout page: in %s, variant %d, a value changes what stands beside it", l.Code, v)
	}
	return nil
}
