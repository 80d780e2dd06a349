package checkout

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Brand is a card scheme.
type Brand string

const (
	BrandVisa       Brand = "visa"
	BrandMastercard Brand = "mastercard"
	BrandTroy       Brand = "troy"
	BrandAmex       Brand = "amex"
	BrandMaestro    Brand = "maestro"
	BrandDiners     Brand = "diners"
	BrandDiscover   Brand = "discover"
	BrandUnionPay   Brand = "unionpay"
	BrandUnknown    Brand = ""
)

// Card is a card as its holder typed it. It lives for one request: it prints masked however it is
// printed, and no struct that is stored or logged holds one. Only banks read PAN and CVV. What it
// holds is behind two pointers, because a printer that finds a Card in an unexported field of
// another struct may not call its methods: it would print the fields, and package fmt also what one
// pointer points to when the verb does not fit.
type Card struct {
	held **held
}

type held struct {
	pan    string
	cvv    string
	holder string
	month  int // 1–12
	year   int // four digits
}

// CardInput is the card form's raw text.
type CardInput struct {
	Number string
	Expiry string
	CVC    string
	Holder string
}

// limits of the card form's free fields, in characters.
const (
	maxNumberInput = 64
	maxHolder      = 60
	maxNote        = 500
)

// minDigits is what the shortest card number has (Maestro), and from where on digits in a free
// field look like one (ux-checklist C9, C13).
const minDigits = 12

// turkey is the clock that a card's last day ends by: UTC+3 all year since 2016.
var turkey = time.FixedZone("TSİ", 3*60*60)

// ParseCard checks and normalises the card form. now decides about expiry: a card is good to the
// last day of its month in Turkey (ux-checklist C11). The errors name the form's fields and never
// carry what was typed.
func ParseCard(in CardInput, now time.Time) (Card, []FieldError) {
	var c held
	var errs []FieldError
	add := func(field, code string, args map[string]string) {
		errs = append(errs, FieldError{Field: field, Code: code, Args: args})
	}
	if code := c.setNumber(in.Number); code != "" {
		add("card_number", code, nil)
	}
	if code := c.setExpiry(in.Expiry, now); code != "" {
		add("card_expiry", code, nil)
	}
	brand := BrandOf(c.pan)
	if n := brand.CVVLength(); !c.setCVV(in.CVC, n) {
		if strings.TrimSpace(in.CVC) == "" {
			add("card_cvc", "required", nil)
		} else {
			add("card_cvc", "cvc_length", map[string]string{"n": strconv.Itoa(n)})
		}
	}
	if code := CheckFreeText(in.Holder, maxHolder); code != "" {
		add("card_holder", "name_"+code, nil)
	}
	c.holder = strings.Join(strings.Fields(in.Holder), " ")
	if len(errs) > 0 {
		return Card{}, errs
	}
	h := &c
	return Card{held: &h}, nil
}

// is gives what the card holds, or nothing.
func (c Card) is() held {
	if c.held == nil {
		return held{}
	}
	return **c.held
}

func (c *held) setNumber(text string) (code string) {
	if strings.TrimSpace(text) == "" {
		return "required"
	}
	digits, ok := cardDigits(text)
	if !ok {
		return "luhn"
	}
	c.pan = digits
	switch {
	case !BrandOf(digits).lengthOK(len(digits)):
		return "length"
	case !Luhn(digits):
		return "luhn"
	}
	return ""
}

// cardDigits drops spaces and dashes and reads digits of any script (full-width, Arabic-Indic);
// anything else is refused. The field takes more characters than a number has digits.
func cardDigits(text string) (string, bool) {
	if utf8.RuneCountInString(text) > maxNumberInput {
		return "", false
	}
	out := make([]byte, 0, 19)
	for _, r := range text {
		if d, ok := digitOf(r); ok {
			out = append(out, d)
			continue
		}
		if !unicode.IsSpace(r) && !unicode.Is(unicode.Dash, r) && r != '\u200e' && r != '\u200f' {
			return "", false
		}
	}
	return string(out), true
}

// digitOf reads one decimal digit of the scripts that keyboards in our markets produce.
func digitOf(r rune) (byte, bool) {
	for _, zero := range []rune{'0', '０', '٠', '۰'} {
		if r >= zero && r <= zero+9 {
			return byte('0' + r - zero), true
		}
	}
	return 0, false
}

// setExpiry takes 1227, 12/27, 12-27, 12/2027, "12 / 27", 122027, and 2027-12, which is how HTML
// defines the value that browsers fill in for cc-exp: no month begins with 20.
func (c *held) setExpiry(text string, now time.Time) (code string) {
	if strings.TrimSpace(text) == "" {
		return "required"
	}
	digits := make([]byte, 0, 6)
	for _, r := range text {
		if d, ok := digitOf(r); ok && len(digits) < 7 {
			digits = append(digits, d)
		} else if !unicode.IsSpace(r) && r != '/' && r != '.' && !unicode.Is(unicode.Dash, r) {
			return "expiry_format"
		}
	}
	if len(digits) != 4 && len(digits) != 6 {
		return "expiry_format"
	}
	if len(digits) == 6 && digits[0] == '2' {
		digits = append(digits[4:6:6], digits[:4]...)
	}
	month, _ := strconv.Atoi(string(digits[:2])) // two digits: cannot fail
	year, _ := strconv.Atoi(string(digits[2:]))  // two or four digits: cannot fail
	if len(digits) == 4 {
		year += 2000
	}
	if month < 1 || month > 12 {
		return "expiry_format"
	}
	// The first moment at which the card is no longer good.
	end := time.Date(year, time.Month(month)+1, 1, 0, 0, 0, 0, turkey)
	switch {
	case !now.Before(end):
		return "expiry_past"
	case year > now.In(turkey).Year()+20:
		return "expiry_far"
	}
	c.month, c.year = month, year
	return ""
}

func (c *held) setCVV(text string, want int) bool {
	digits := make([]byte, 0, 4)
	for _, r := range strings.TrimSpace(text) {
		d, ok := digitOf(r)
		if !ok || len(digits) == 4 {
			return false
		}
		digits = append(digits, d)
	}
	c.cvv = string(digits)
	return len(digits) == want
}

// CheckFreeText refuses a free field that is too long, holds control characters, or holds twelve
// or more digits: it looks like a card number and must reach no store (ux-checklist C13, A32).
// Digits of every script count. A number goes on over spaces, line breaks, dashes, dots, slashes and
// invisible characters, and over one other sign that stands right between two of its digits.
// It answers "" or "length", "control", "looks_like_card".
func CheckFreeText(text string, max int) (code string) {
	if !utf8.ValidString(text) {
		return "control"
	}
	if utf8.RuneCountInString(text) > max {
		return "length"
	}
	run, digit, sign := 0, false, false // sign: what stood before is a sign right behind a digit
	for _, r := range text {
		switch {
		case unicode.IsNumber(r):
			if run++; run >= minDigits {
				return "looks_like_card"
			}
			digit, sign = true, false
			continue
		case unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t', isBidi(r):
			return "control"
		case separates(r):
			if sign {
				run = 0
			}
		case digit && !unicode.IsLetter(r):
			digit, sign = false, true
			continue
		default:
			run = 0
		}
		digit, sign = false, false
	}
	return ""
}

// separates says whether people write r between the groups of one number, or cannot see it there.
func separates(r rune) bool {
	return r == '.' || r == '/' || r == '_' || unicode.In(r, unicode.White_Space, unicode.Dash, unicode.Cf, unicode.Mn)
}

// isBidi reports marks that reorder or hide text (A36).
func isBidi(r rune) bool {
	return (r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069') ||
		r == '\u200e' || r == '\u200f' || r == '\u061c' || r == '\u200b' || r == '\u2060' || r == '\ufeff'
}

// CheckNote is CheckFreeText for the payer's note.
func CheckNote(text string) (code string) { return CheckFreeText(text, maxNote) }

// PAN is the card number, digits only. For banks' messages; never to be stored, logged or shown.
func (c Card) PAN() string { return c.is().pan }

// CVV is the security code. For the one message that needs it; never to be written anywhere.
func (c Card) CVV() string { return c.is().cvv }

// Holder is the name as typed, white space folded; may be empty.
func (c Card) Holder() string { return c.is().holder }

// ExpiryMMYY is the expiry as most banks take it, like "0730".
func (c Card) ExpiryMMYY() string { return fmt.Sprintf("%02d%02d", c.is().month, c.is().year%100) }

// ExpiryYYMM is the expiry as PosNet takes it.
func (c Card) ExpiryYYMM() string { return fmt.Sprintf("%02d%02d", c.is().year%100, c.is().month) }

// ExpiryMonth and ExpiryYear are 1–12 and four digits.
func (c Card) ExpiryMonth() int { return c.is().month }
func (c Card) ExpiryYear() int  { return c.is().year }

// Brand is the scheme that the number belongs to.
func (c Card) Brand() Brand { return BrandOf(c.PAN()) }

// Prefix is the first eight digits, for the BIN table only.
func (c Card) Prefix() string { return c.PAN()[:min(8, len(c.PAN()))] }

// BIN is what of the prefix may be kept: eight digits of a number of sixteen or more, six of a
// shorter one (invariant I14).
func (c Card) BIN() string {
	switch pan := c.PAN(); {
	case len(pan) < minDigits:
		return ""
	case len(pan) >= 16:
		return pan[:8]
	default:
		return pan[:6]
	}
}

// Last4 is the last four digits.
func (c Card) Last4() string {
	pan := c.PAN()
	if len(pan) < minDigits {
		return ""
	}
	return pan[len(pan)-4:]
}

// masked shows the least that helps: "415565******6111".
func (c Card) masked() string {
	pan := c.PAN()
	if len(pan) < minDigits {
		return "card(none)"
	}
	return "card(" + pan[:6] + strings.Repeat("*", len(pan)-10) + pan[len(pan)-4:] + ")"
}

// String, GoString, Format, LogValue, MarshalJSON and MarshalText all print the mask.
func (c Card) String() string               { return c.masked() }
func (c Card) GoString() string             { return c.masked() }
func (c Card) Format(s fmt.State, _ rune)   { _, _ = io.WriteString(s, c.masked()) } // fmt.State cannot answer an error
func (c Card) LogValue() slog.Value         { return slog.StringValue(c.masked()) }
func (c Card) MarshalJSON() ([]byte, error) { return []byte(strconv.Quote(c.masked())), nil }
func (c Card) MarshalText() ([]byte, error) { return []byte(c.masked()), nil }

// The raw form is as secret as the card.
func (CardInput) String() string               { return "card form (hidden)" }
func (CardInput) GoString() string             { return "card form (hidden)" }
func (CardInput) Format(s fmt.State, _ rune)   { _, _ = io.WriteString(s, "card form (hidden)") } // as above
func (CardInput) LogValue() slog.Value         { return slog.StringValue("card form (hidden)") }
func (CardInput) MarshalJSON() ([]byte, error) { return []byte(`"card form (hidden)"`), nil }
func (CardInput) MarshalText() ([]byte, error) { return []byte("card form (hidden)"), nil }

// Luhn checks the check digit of a number of digits (ISO/IEC 7812-1 annex B).
func Luhn(digits string) bool {
	if len(digits) < 2 {
		return false
	}
	sum := 0
	for i := 0; i < len(digits); i++ {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// BrandOf finds the scheme from the leading digits (domain.md 1.1). It needs four digits at most;
// fewer may answer BrandUnknown.
func BrandOf(digits string) Brand {
	p := func(n int) int {
		if len(digits) < n {
			return -1
		}
		v, err := strconv.Atoi(digits[:n])
		if err != nil {
			return -1
		}
		return v
	}
	two, three, four := p(2), p(3), p(4)
	switch {
	case four == 9792:
		return BrandTroy
	case p(1) == 4:
		return BrandVisa
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return BrandMastercard
	case two == 34 || two == 37:
		return BrandAmex
	case two == 65:
		return BrandTroy
	case four == 6011, three >= 644 && three <= 649:
		return BrandDiscover
	case two == 36, two == 38, two == 30:
		return BrandDiners
	case two == 62 && three != 627:
		return BrandUnionPay
	case two == 50, two >= 56 && two <= 58, two == 60, two == 63, two == 67, three == 627,
		three >= 640 && three <= 643: // the table of prefixes has a local debit card there
		return BrandMaestro
	}
	return BrandUnknown
}

// CVVLength is 4 for American Express, else 3.
func (b Brand) CVVLength() int {
	if b == BrandAmex {
		return 4
	}
	return 3
}

// lengthOK says whether a number of this brand may have n digits (ux-checklist C9).
func (b Brand) lengthOK(n int) bool {
	switch b {
	case BrandVisa:
		return n == 13 || n == 16 || n == 19
	case BrandMastercard, BrandTroy:
		return n == 16
	case BrandAmex:
		return n == 15
	case BrandMaestro:
		return n >= 12 && n <= 19
	case BrandDiners:
		return n >= 14 && n <= 19
	case BrandDiscover, BrandUnionPay:
		return n >= 16 && n <= 19
	}
	return n >= 13 && n <= 19
}
