package sms

import (
	"strings"
	"unicode/utf16"

	"github.com/odelink/odelink/checkout"
)

// Encoding is how the letters of a text message travel.
type Encoding string

// The encodings.
const (
	GSM7    Encoding = "gsm7"         // the default alphabet, 3GPP TS 23.038, 6.2.1
	Turkish Encoding = "gsm7_turkish" // with the Turkish single shift table, 3GPP TS 23.038, A.2.1
	UCS2    Encoding = "ucs2"
)

// room is how many units one part holds alone, and each of several: a header of their order takes the rest, and
// one that names the table takes some of every part (3GPP TS 23.040, 9.2.3.24).
var room = map[Encoding]struct{ one, many int }{
	GSM7: {160, 153}, Turkish: {155, 149}, UCS2: {70, 67},
}

// basic is the default alphabet: one septet each.
const basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// extended needs an escape before each: two septets. turkish are those that only the Turkish table has.
const (
	extended = "\f^{}\\[~]|€"
	turkish  = "ĞİŞçğış"
)

// Measure counts a text in the smallest encoding that holds it.
func Measure(text string) checkout.TextSize {
	encoding, units := GSM7, 0
	var cost []string
	for _, r := range text {
		switch {
		case strings.ContainsRune(basic, r):
			units++
		case strings.ContainsRune(extended, r):
			units += 2
		case strings.ContainsRune(turkish, r):
			units += 2
			if encoding == GSM7 {
				encoding = Turkish
			}
		default:
			encoding = UCS2
			if s := string(r); len(cost) < maxCost && !contains(cost, s) {
				cost = append(cost, s)
			}
		}
	}
	if encoding == UCS2 {
		units = len(utf16.Encode([]rune(text)))
	}
	size := checkout.TextSize{Encoding: string(encoding), Units: units, Cost: cost}
	size.Parts, size.Left = parts(text, encoding, units)
	return size
}

// maxCost is how many characters are named that make a text larger.
const maxCost = 10

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// parts counts how many messages a text is cut into and what is left of the last. No escape is cut from its letter and
// no surrogate from its other half, so a part may end one unit early.
func parts(text string, encoding Encoding, units int) (n, left int) {
	r := room[encoding]
	if units <= r.one {
		return 1, r.one - units
	}
	n, left = 1, r.many
	for _, c := range text {
		size := width(c, encoding)
		if size > left {
			n, left = n+1, r.many
		}
		left -= size
	}
	return n, left
}

// width is how many units a character takes.
func width(c rune, encoding Encoding) int {
	switch {
	case encoding == UCS2:
		return utf16.RuneLen(c)
	case strings.ContainsRune(extended, c), strings.ContainsRune(turkish, c):
		return 2
	}
	return 1
}

// latin writes the letters of Turkish and its loan words without their signs (domain sheet, 4.2).
var latin = strings.NewReplacer(
	"ç", "c", "ğ", "g", "ı", "i", "İ", "I", "ö", "o", "ş", "s", "ü", "u", "Ç", "C", "Ğ", "G", "Ö", "O", "Ş", "S", "Ü", "U",
	"â", "a", "î", "i", "û", "u", "Â", "A", "Î", "I", "Û", "U",
)

// Latin is the text in plain Latin letters, for providers and phones that have no others. What has no such letter
// becomes a question mark.
func Latin(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			return r
		}
		return '?'
	}, latin.Replace(text))
}
