package banksim

import (
	"strings"
	"time"
)

// Card is what the bank remembers of a card. The number, the expiry and the security code are gone when the message that brought
// them has been read.
type Card struct {
	Mask   string `json:"mask"`  // first six and last four digits
	Brand  string `json:"brand"` // visa mastercard troy amex
	Script string `json:"script"`
	Holder string `json:"holder,omitempty"`
}

// typedCard is a card as a payer typed it. It is never stored, and prints as its mask.
type typedCard struct{ number, expiry, cvv, holder string }

func (t typedCard) String() string   { return maskPAN(t.number) }
func (t typedCard) GoString() string { return t.String() }

// part is what a scripted card plays.
type part struct {
	Script string `json:"script"`
	Plays  string `json:"plays"`

	silent bool   // no challenge page: the 3-D step ends at once
	status string // its 3-D status, "1" when the holder passed or was not asked
	code   string // what the issuer says to the money, "00" is yes
	fault  string // what goes wrong between bank and merchant at the money step
}

// parts is the contract's table of test cards (contract section 5).
var parts = []part{
	{"000", "3-D challenge, approved", false, "1", "00", ""},
	{"001", "frictionless 3-D, approved", true, "1", "00", ""},
	{"002", "half-secure: status 2, no challenge, approved if the merchant goes on", true, "2", "00", ""},
	{"003", "half-secure: status 3, no challenge, approved if the merchant goes on", true, "3", "00", ""},
	{"004", "half-secure: status 4, no challenge, approved if the merchant goes on", true, "4", "00", ""},
	{"005", "authenticated, then declined 05: do not honour", false, "1", "05", ""},
	{"041", "authenticated, then declined 41: lost card", false, "1", "41", ""},
	{"051", "authenticated, then declined 51: not enough funds", false, "1", "51", ""},
	{"054", "authenticated, then declined 54: expired card", false, "1", "54", ""},
	{"057", "authenticated, then declined 57: not permitted to this card", false, "1", "57", ""},
	{"061", "authenticated, then declined 61: amount limit exceeded", false, "1", "61", ""},
	{"062", "authenticated, then declined 62: restricted card", false, "1", "62", ""},
	{"065", "authenticated, then declined 65: count limit exceeded", false, "1", "65", ""},
	{"075", "authenticated, then declined 75: PIN tries exceeded", false, "1", "75", ""},
	{"082", "authenticated, then declined 82: security code wrong", false, "1", "82", ""},
	{"091", "authenticated, then 91: issuer or switch inoperative", false, "1", "91", ""},
	{"900", "3-D fails without a challenge: status 0", true, "0", "00", ""},
	{"901", "charged, but the answer to the money step never comes", false, "1", "00", FaultTimeoutAfter},
	{"902", "the money step dies before the bank reads it, nothing charged", false, "1", "00", FaultReset},
	{"903", "charged, but the answer to the money step is garbage", false, "1", "00", FaultGarbage},
}

// partOf finds what a script plays; an unknown one plays 000.
func partOf(script string) part {
	for _, p := range parts {
		if p.Script == script {
			return p
		}
	}
	return parts[0]
}

// Scripts are the three digits of every part that a card can play.
func Scripts() []string {
	scripts := make([]string, len(parts))
	for i, p := range parts {
		scripts[i] = p.Script
	}
	return scripts
}

// CardNumber builds the 16-digit test card of a BIN (six to eight digits) and a script (three digits): BIN, zeros up to digit ten,
// script, 00, check digit.
func CardNumber(bin, script string) string {
	body := (bin + "0000000000")[:10] + script + "00"
	for d := '0'; d <= '9'; d++ {
		if n := body + string(d); luhn(n) {
			return n
		}
	}
	return "" // not reached: one of ten digits always fits
}

// remember judges a typed card and keeps what may be kept. Security code 000 and a past expiry overrule the script, because a real
// issuer looks at them first. Expiry is MMYY.
func (t typedCard) remember(now time.Time) Card {
	c := Card{Mask: maskPAN(t.number), Brand: brandOf(t.number), Script: scriptOf(t.number), Holder: t.holder}
	switch {
	case t.cvv == "000":
		c.Script = "082"
	case expired(t.expiry, now):
		c.Script = "054"
	}
	return c
}

// scriptOf reads digits 11 to 13 of a 16-digit number whose digits 14 and 15 are 00. Every other card, published test cards of
// real banks among them, plays 000.
func scriptOf(pan string) string {
	if len(pan) != 16 || pan[13:15] != "00" {
		return "000"
	}
	return partOf(pan[10:13]).Script
}

// expired says whether a well-formed MMYY lies before the month of now.
func expired(mmyy string, now time.Time) bool {
	return mmyy[2:]+mmyy[:2] < now.In(turkey).Format("0601")
}

func validExpiry(mmyy string) bool {
	return len(mmyy) == 4 && digitsOnly(mmyy) && mmyy[:2] >= "01" && mmyy[:2] <= "12"
}

func validPAN(pan string) bool {
	return len(pan) >= 13 && len(pan) <= 19 && digitsOnly(pan) && luhn(pan)
}

func luhn(digits string) bool {
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

// maskPAN keeps the first six and last four digits, as the dialects' CardMask does; anything too short for that is all stars.
func maskPAN(pan string) string {
	if len(pan) < 13 {
		return strings.Repeat("*", len(pan))
	}
	return pan[:6] + strings.Repeat("*", len(pan)-10) + pan[len(pan)-4:]
}

func brandOf(pan string) string {
	switch {
	case strings.HasPrefix(pan, "4"):
		return "visa"
	case strings.HasPrefix(pan, "34"), strings.HasPrefix(pan, "37"):
		return "amex"
	case strings.HasPrefix(pan, "9792"), strings.HasPrefix(pan, "65"), strings.HasPrefix(pan, "36"):
		return "troy"
	default:
		return "mastercard"
	}
}
