package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var errAmount = errors.New("not an amount")

// ParseAmount reads a decimal amount as banks echo it: digits, and after a point at most as many digits as the
// currency has; "1", "1.5" and "1.50" are one amount. Signs, groups, exponents, blanks and other scripts' digits are
// refused (invariant I16).
func ParseAmount(text string, c checkout.Currency) (checkout.Money, error) {
	whole, frac, point := strings.Cut(text, ".")
	exp := c.Exponent()
	if !AllDigits(whole) || (point && (!AllDigits(frac) || len(frac) > exp)) {
		return checkout.Money{}, fmt.Errorf("%w: %d characters, %s", errAmount, len(text), c)
	}
	frac += strings.Repeat("0", exp-len(frac))
	minor, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil {
		return checkout.Money{}, fmt.Errorf("%w: too large", errAmount)
	}
	return checkout.Money{Minor: minor, Currency: c}, nil
}

// CurrencyByNumeric finds a currency by its ISO 4217 numeric code.
func CurrencyByNumeric(code string) (checkout.Currency, bool) {
	for _, c := range checkout.Currencies {
		if code != "" && c.Numeric() == code {
			return c, true
		}
	}
	return "", false
}
