package checkout

import "strings"

// NormalPhone writes a phone number as + and digits: Turkish ones typed as 05…, 5…, 90…, 0090… or
// +90… become +905…; others keep their country. What is no number at all answers "".
func NormalPhone(text string) string {
	plus := strings.HasPrefix(strings.TrimSpace(text), "+")
	digits := make([]byte, 0, 15)
	for _, r := range text {
		if d, ok := digitOf(r); ok {
			digits = append(digits, d)
		} else if !strings.ContainsRune(" ()-./+\u00a0", r) {
			return ""
		}
	}
	n := string(digits)
	switch {
	case plus:
	case strings.HasPrefix(n, "00"):
		n = n[2:]
	case len(n) == 11 && strings.HasPrefix(n, "05"):
		n = "9" + n
	case len(n) == 10 && n[0] == '5':
		n = "90" + n
	case len(n) != 12 || !strings.HasPrefix(n, "90"):
		return ""
	}
	if len(n) < 8 || len(n) > 15 || n[0] == '0' {
		return ""
	}
	return "+" + n
}

// PhoneShape says whether text can be read as a phone number.
func PhoneShape(text string) bool { return NormalPhone(text) != "" }

// TurkishMobile says whether a normal number is a mobile one registered in Türkiye, the only kind
// that links are sent to by SMS (features 1.16).
func TurkishMobile(normal string) bool {
	return len(normal) == 13 && strings.HasPrefix(normal, "+905")
}
