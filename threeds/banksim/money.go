package banksim

import (
	"math"
	"strconv"
	"strings"
)

// currency is one of the six that Turkish virtual terminals know.
type currency struct {
	code     string // ISO 4217 letters
	number   string // ISO 4217 digits, what most dialects send
	exponent int    // decimals of the smallest unit
	symbol   string // what Turkish pages write
}

var currencies = []currency{
	{"TRY", "949", 2, "TL"},
	{"USD", "840", 2, "USD"},
	{"EUR", "978", 2, "EUR"},
	{"GBP", "826", 2, "GBP"},
	{"JPY", "392", 0, "JPY"},
	{"RUB", "643", 2, "RUB"},
}

func currencyByNumber(number string) (currency, bool) {
	for _, c := range currencies {
		if c.number == number {
			return c, true
		}
	}
	return currency{}, false
}

// currencyByCode answers TRY for a code it does not know, which cannot happen to a stored order.
func currencyByCode(code string) currency {
	for _, c := range currencies {
		if c.code == code {
			return c
		}
	}
	return currencies[0]
}

// decimal writes minor units with a point: 25000 TRY is 250.00, 1500 JPY is 1500.
func (c currency) decimal(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	digits := strconv.FormatInt(minor, 10)
	if c.exponent == 0 {
		return sign + digits
	}
	if pad := c.exponent + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	cut := len(digits) - c.exponent
	return sign + digits[:cut] + "." + digits[cut:]
}

// human writes an amount for a page: 1.234,56 TL in Turkish, TRY 1,234.56 in English.
func (c currency) human(minor int64, lang string) string {
	whole, fraction, _ := strings.Cut(c.decimal(minor), ".")
	group, point := ".", ","
	if lang == "en" {
		group, point = ",", "."
	}
	var b strings.Builder
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(d)
	}
	if fraction != "" {
		b.WriteString(point + fraction)
	}
	if lang == "en" {
		return c.code + " " + b.String()
	}
	return b.String() + " " + c.symbol
}

// parseDecimal reads digits, and after one point up to two more, as hundredths; decimals is how many stood after the point (-1: no
// point). Signs, grouping, exponents, blanks and other alphabets' digits are refused.
func parseDecimal(text string) (hundredths int64, decimals int, ok bool) {
	whole, fraction, point := strings.Cut(text, ".")
	if whole == "" || len(whole) > 15 || !digitsOnly(whole) || (len(whole) > 1 && whole[0] == '0') {
		return 0, 0, false
	}
	decimals = -1
	if point {
		decimals = len(fraction)
		if decimals < 1 || decimals > 2 || !digitsOnly(fraction) {
			return 0, 0, false
		}
	}
	n, err := strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
	if err != nil || n > math.MaxInt64/1000 {
		return 0, 0, false
	}
	return n, decimals, true
}

func digitsOnly(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
