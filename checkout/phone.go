package checkout

import "strings"

// NormalPhone writes a phone number as + and digits: Turkish ones typed as 05…, 5…, 90…, 0090… or
// +90…, also with the 0 kept behind the 90, become +905…; others keep their country. What is no
// number at all, or reads as a card number, answers "".
func NormalPhone(text string) string {
	n, plus, ok := phoneDigits(text)
	if !ok {
		return ""
	}
	switch {
	case plus:
	case strings.HasPrefix(n, "00"):
		n = n[2:]
	case len(n) == 11 && strings.HasPrefix(n, "05"):
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
