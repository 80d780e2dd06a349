package checkout

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Currency is an ISO 4217 alphabetic code.
type Currency string

// The currencies a link may be in (features 1.5).
const (
	TRY Currency = "TRY"
	USD Currency = "USD"
	EUR Currency = "EUR"
	GBP Currency = "GBP"
	JPY Currency = "JPY"
	RUB Currency = "RUB"
)

// Currencies lists what links may be in, the home currency first.
var Currencies = []Currency{TRY, USD, EUR, GBP, JPY, RUB}

// Known says whether c is one of Currencies.
func (c Currency) Known() bool { return c.Numeric() != "" }

// Exponent is how many digits the minor unit has: 0 for JPY, 2 for the others (ISO 4217).
func (c Currency) Exponent() int {
	if c == JPY {
		return 0
	}
	return 2
}

// Numeric is the ISO 4217 numeric code that banks use, or "" for an unknown currency.
func (c Currency) Numeric() string {
	switch c {
	case TRY:
		return "949"
	case USD:
		return "840"
	case EUR:
		return "978"
	case GBP:
		return "826"
	case JPY:
		return "392"
	case RUB:
		return "643"
	}
	return ""
}

// Money is an amount in the smallest unit of its currency (kuruş, cent, yen).
type Money struct {
	Minor    int64
	Currency Currency
}

// ErrAmount says that a text is no amount of the currency.
var ErrAmount = errors.New("not an amount")

// ParseDecimal reads what Decimal writes and nothing else: digits, and for a currency with a
// minor unit a point and exactly that many digits. Signs, groups, exponents, other scripts'
// digits and numbers beyond int64 are refused (invariant I16), and so are currencies that are not
// known here, since nobody could say how many digits theirs has.
func ParseDecimal(text string, c Currency) (Money, error) {
	if !c.Known() {
		return Money{}, fmt.Errorf("%w: unknown currency", ErrAmount)
	}
	whole, frac, point := strings.Cut(text, ".")
	exp := c.Exponent()
	if point != (exp > 0) || len(frac) != exp || !allDigits(whole) || (exp > 0 && !allDigits(frac)) {
		return Money{}, fmt.Errorf("%w: %d characters, %s", ErrAmount, len(text), c)
	}
	if len(whole) > 1 && whole[0] == '0' {
		return Money{}, fmt.Errorf("%w: leading zero", ErrAmount)
	}
	minor, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("%w: too large", ErrAmount)
	}
	return Money{Minor: minor, Currency: c}, nil
}

// Decimal writes the amount with a point and the currency's digits ("250.00", "1200" for JPY):
// the form most banks want.
func (m Money) Decimal() string {
	exp := m.Currency.Exponent()
	if exp == 0 {
		return strconv.FormatInt(m.Minor, 10)
	}
	sign, u := "", uint64(m.Minor)
	if m.Minor < 0 {
		sign, u = "-", -u
	}
	digits := strconv.FormatUint(u, 10)
	for len(digits) <= exp {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-exp] + "." + digits[len(digits)-exp:]
}

// String is for people reading logs.
func (m Money) String() string { return m.Decimal() + " " + string(m.Currency) }

// Add adds two amounts of one currency; overflow and mixed currencies are errors.
func (m Money) Add(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, fmt.Errorf("add %s to %s: currencies differ", o.Currency, m.Currency)
	}
	if (o.Minor > 0 && m.Minor > math.MaxInt64-o.Minor) || (o.Minor < 0 && m.Minor < math.MinInt64-o.Minor) {
		return Money{}, fmt.Errorf("%w: sum too large", ErrAmount)
	}
	return Money{Minor: m.Minor + o.Minor, Currency: m.Currency}, nil
}

func allDigits(s string) bool {
	if s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// ParseTyped reads an amount as people type it: digits with an optional decimal comma or point and
// groups of three ("1234,5", "1.234,56", "1234.56", "1,234.56"). One mark followed by exactly
// three digits is a group mark ("1.234" is one thousand two hundred thirty-four, domain.md 5.5).
// Digits are those that the card fields take (ux-checklist C8), so that what the page's script counts
// is what is charged.
func ParseTyped(text string, c Currency) (Money, error) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(strings.TrimSpace(text))
	text = strings.Map(func(r rune) rune {
		if d, ok := digitOf(r); ok {
			return rune(d)
		}
		return r
	}, text)
	whole, frac := splitTyped(withoutUnit(text, c))
	exp := c.Exponent()
	if len(frac) > exp || len(text) > 32 {
		return Money{}, fmt.Errorf("%w: too many decimals", ErrAmount)
	}
	if whole = strings.TrimLeft(ungroup(whole), "0"); whole == "" {
		whole = "0"
	}
	m, err := ParseDecimal(strings.TrimSuffix(whole+"."+frac+strings.Repeat("0", exp-len(frac)), "."), c)
	if err != nil || !strings.ContainsAny(text, "0123456789") {
		return Money{}, fmt.Errorf("%w as typed", ErrAmount)
	}
	return m, nil
}

// units are how people write a currency beside its code.
var units = map[Currency][]string{TRY: {"TL", "₺"}, USD: {"$"}, EUR: {"€"}, GBP: {"£"}, JPY: {"¥"}, RUB: {"₽"}}

// withoutUnit takes the amount's own currency off its front or its end. Any other one stays, and
// the text is no amount: "100 TL" is not a hundred dollars.
func withoutUnit(text string, c Currency) string {
	text = strings.ToUpper(text)
	for _, unit := range append([]string{string(c)}, units[c]...) {
		if bare, found := strings.CutSuffix(text, unit); found {
			return bare
		}
		if bare, found := strings.CutPrefix(text, unit); found {
			return bare
		}
	}
	return text
}

// splitTyped cuts at the decimal mark: the last of comma and point, unless it reads as a group mark.
func splitTyped(text string) (whole, frac string) {
	i := strings.LastIndexAny(text, ",.")
	if i < 0 {
		return text, ""
	}
	mark := text[i : i+1]
	other := strings.Trim(",.", mark)
	groups := len(text)-i-1 == 3 && !strings.Contains(text, other)
	if groups || strings.Count(text, mark) > 1 {
		return text, ""
	}
	return text[:i], text[i+1:]
}

// ungroup removes group marks where every group behind the first has three digits and the first
// begins no number with zero ("0.500" is not five hundred); otherwise it leaves them in, and the
// text is no amount.
func ungroup(whole string) string {
	parts := strings.Split(strings.ReplaceAll(whole, ",", "."), ".")
	first := parts[0]
	if len(parts) < 2 || strings.Contains(whole, ",") && strings.Contains(whole, ".") ||
		first == "" || len(first) > 3 || first[0] == '0' {
		return whole
	}
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return whole
		}
	}
	return strings.Join(parts, "")
}
