package templates

import (
	"errors"
	"strconv"
	"strings"
)

// nbsp keeps an amount and its currency on one line (checklist B4).
const nbsp = "\u00a0"

// moneyFormat is how a language writes amounts.
type moneyFormat struct {
	decimal, group string
	before         bool // the currency stands before the number
	names          map[string]string
}

func parseMoney(text map[string]string) (moneyFormat, error) {
	f := moneyFormat{decimal: text["meta.decimal"], group: text["meta.group"], names: map[string]string{}}
	if f.decimal == "" || f.group == "" || f.decimal == f.group {
		return f, errors.New("meta.decimal and meta.group must differ")
	}
	switch text["meta.money"] {
	case "{number}" + nbsp + "{currency}":
	case "{currency}" + nbsp + "{number}":
		f.before = true
	default:
		return f, errors.New("meta.money is {number} and {currency} joined by U+00A0, in either order")
	}
	for k, v := range text {
		if code, ok := strings.CutPrefix(k, "currency."); ok {
			f.names[code] = v
		}
	}
	return f, nil
}

// Exponent is the number of decimals of a currency's smallest unit (ISO 4217): two for the
// product's currencies, none for JPY.
func Exponent(currency string) int {
	if currency == "JPY" {
		return 0
	}
	return 2
}

// CurrencyBefore tells whether the language writes the currency before the number.
func (l *Locale) CurrencyBefore() bool { return l.money.before }

// Separators are the decimal and the grouping mark.
func (l *Locale) Separators() (decimal, group string) { return l.money.decimal, l.money.group }

// CurrencyName is how the language writes a currency: its own short name or the ISO code.
func (l *Locale) CurrencyName(currency string) string {
	if n, ok := l.money.names[currency]; ok {
		return n
	}
	return currency
}

// Money writes an amount of the currency's smallest unit: 123456 TRY is "1.234,56 TL" in Turkish
// and "TRY 1,234.56" in English, joined by a non-breaking space.
func (l *Locale) Money(minor int64, currency string) string {
	return string(l.AppendMoney(make([]byte, 0, 32), minor, currency))
}

// AppendMoney is Money without an allocation of its own.
func (l *Locale) AppendMoney(dst []byte, minor int64, currency string) []byte {
	if l.money.before {
		dst = append(dst, l.CurrencyName(currency)...)
		dst = append(dst, nbsp...)
		return l.AppendNumber(dst, minor, Exponent(currency))
	}
	dst = l.AppendNumber(dst, minor, Exponent(currency))
	dst = append(dst, nbsp...)
	return append(dst, l.CurrencyName(currency)...)
}

// Number is the amount without its currency.
func (l *Locale) Number(minor int64, currency string) string {
	return string(l.AppendNumber(make([]byte, 0, 28), minor, Exponent(currency)))
}

// AppendNumber writes minor with the last decimals digits behind the decimal mark, grouped by three.
// It works on digits, never on floating point, so the whole range of int64 is exact.
func (l *Locale) AppendNumber(dst []byte, minor int64, decimals int) []byte {
	u := uint64(minor)
	if minor < 0 {
		dst = append(dst, '-')
		u = -u // two's complement: right for math.MinInt64 too
	}
	var buf [24]byte
	digits := strconv.AppendUint(buf[:0], u, 10)
	for len(digits) <= decimals {
		digits = append(digits, 0)
		copy(digits[1:], digits)
		digits[0] = '0'
	}
	whole := len(digits) - decimals
	for i, d := range digits {
		switch {
		case i == whole:
			dst = append(dst, l.money.decimal...)
		case i > 0 && i < whole && (whole-i)%3 == 0:
			dst = append(dst, l.money.group...)
		}
		dst = append(dst, d)
	}
	return dst
}
