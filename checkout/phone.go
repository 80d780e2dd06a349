package checkout

import "strings"

// NormalPhone writes a phone number as + and digits: Turkish ones typed as people dial them (0532…, 0212…, 0850…), and
// mobile ones also as 5…, 90…, 0090… or +90… with the 0 kept behind the 90, begin with +90; others keep their country.
// What is no number at all, or reads as a card number, answers "".
func NormalPhone(text string) string {
	n, plus, ok := phoneDigits(text)
	if !ok {
		return ""
	}
	switch {
	case plus:
	case strings.HasPrefix(n, "00"):
		n = n[2:]
	case len(n) == 11 && dialled(n):
		n = "9" + n
	case len(n) == 10 && n[0] == '5':
		n = "90" + n
	case !strings.HasPrefix(n, "90") || len(n) != 12 && !strings.HasPrefix(n, "9005"):
		return ""
	}
	if len(n) == 13 && strings.HasPrefix(n, "9005") {
		n = "90" + n[3:]
	}
	if len(n) < minPhone || len(n) > maxPhone || n[0] == '0' || len(n) >= 14 && HoldsCard(n) {
		return ""
	}
	return "+" + n
}

// dialled says whether a number of eleven digits is one as it is dialled within Türkiye: geographic ones begin with
// 02, 03 and 04, mobile ones with 05, and 0800 and 0850 have no place (BTK's national numbering plan). One that is
// written with its country begins with another digit or with 00, so that nobody else's is taken for it.
func dialled(n string) bool {
	return n[0] == '0' && (n[1] >= '2' && n[1] <= '5' || strings.HasPrefix(n, "0800") || strings.HasPrefix(n, "0850"))
}

// The digits of a number with its country (ITU-T E.164 allows 15). Nobody has one of 14 or 15 that is
// also a card number of that length.
const (
	minPhone = 8
	maxPhone = 15
)

// phoneDigits takes off what people write between the digits. A plus stands in front or nowhere.
func phoneDigits(text string) (digits string, plus, ok bool) {
	text, plus = strings.CutPrefix(strings.TrimSpace(text), "+")
	out := make([]byte, 0, maxPhone)
	for _, r := range text {
		if d, ok := digitOf(r); ok {
			out = append(out, d)
		} else if !strings.ContainsRune(" ()-./\u00a0", r) {
			return "", false, false
		}
	}
	return string(out), plus, true
}

// PhoneShape says whether text can be read as a phone number.
func PhoneShape(text string) bool { return NormalPhone(text) != "" }

// TurkishMobile says whether a normal number is a mobile one registered in Türkiye, the only kind
// that links are sent to by SMS (features 1.16).
func TurkishMobile(normal string) bool {
	return len(normal) == 13 && strings.HasPrefix(normal, "+905")
}

// Landline says whether a normal number is one of Türkiye that is no mobile: messages reach nobody there.
func Landline(normal string) bool {
	return strings.HasPrefix(normal, "+90") && !TurkishMobile(normal)
}
