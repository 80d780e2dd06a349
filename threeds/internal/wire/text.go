package wire

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Text decodes what a bank sent by what its bytes are: UTF-8 when they are valid UTF-8, else windows-1254, which
// holds all of ISO-8859-9. Labels are not believed, because banks label wrongly in both directions (nestpay.md 10,
// posnet.md 2).
func Text(raw []byte) string {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if utf8.Valid(raw) {
		return string(raw)
	}
	// The decoder maps every byte, so it cannot fail.
	text, _ := charmap.Windows1254.NewDecoder().Bytes(raw)
	return string(text)
}

// maxAudit is how much of a bank's text is kept, in characters (threat model A22).
const maxAudit = 200

// codeNamed is a security code behind its name. Where no hash covers a bank's text, its sender may have put one in.
var codeNamed = regexp.MustCompile(`(?i)((?:cvv2?|cvc2?|cv2|csc)[^0-9]{0,20})[0-9]{3,4}`)

// Mask makes a bank's free text fit for the audit trail: valid, on one line, at most 200 characters, and without
// anything that could be a card number or a security code beside its name. Digits of any script count, and blanks, dots
// and dashes do not hide a number.
func Mask(text string) string {
	in := []rune(Text([]byte(text)))
	for i, r := range in {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			in[i] = ' '
		}
	}
	for i := 0; i < len(in); {
		if !unicode.IsDigit(in[i]) {
			i++
			continue
		}
		end, digits := digitRun(in, i)
		if digits >= 12 {
			star(in[i:end], digits)
		}
		i = end
	}
	if len(in) > maxAudit {
		in = append(in[:maxAudit-1], '…')
	}
	return codeNamed.ReplaceAllString(strings.TrimSpace(string(in)), "$1***")
}

// digitRun finds the end of digits that at most two separators at a time interrupt, and counts the digits.
func digitRun(in []rune, from int) (end, digits int) {
	gap := 0
	for i := from; i < len(in); i++ {
		switch r := in[i]; {
		case unicode.IsDigit(r):
			digits++
			end, gap = i+1, 0
		case gap < 2 && (unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) || strings.ContainsRune("./_*", r)):
			gap++
		default:
			return end, digits
		}
	}
	return end, digits
}

// star leaves the first six and last four digits of a run.
func star(run []rune, digits int) {
	n := 0
	for i, r := range run {
		if unicode.IsDigit(r) {
			n++
			if n > 6 && n <= digits-4 {
				run[i] = '*'
			}
		}
	}
}

// plain are the Turkish letters that ASCII lacks, and what people write for them.
var plain = strings.NewReplacer("ç", "c", "Ç", "C", "ğ", "g", "Ğ", "G", "ı", "i", "İ", "I", "ö", "o", "Ö", "O",
	"ş", "s", "Ş", "S", "ü", "u", "Ü", "U", "â", "a", "Â", "A", "î", "i", "Î", "I", "û", "u", "Û", "U")

// ASCII writes a name with the letters that every bank's character set has; what has no such letter is left out.
func ASCII(text string) string {
	out := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, plain.Replace(text))
	return strings.Join(strings.Fields(out), " ")
}

// IsASCII says whether text is printable ASCII throughout.
func IsASCII(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// FoldASCII lowers A–Z and nothing else. Folding any other letter would join names that are not the same: the Kelvin
// sign with k, the long s with s, and in a Turkish locale I with ı (threat model A19).
func FoldASCII(text string) string {
	first := 0
	for first < len(text) && (text[first] < 'A' || text[first] > 'Z') {
		first++
	}
	if first == len(text) {
		return text
	}
	b := []byte(text)
	for i := first; i < len(b); i++ {
		if b[i] >= 'A' && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// AllDigits says whether text is one or more of 0–9.
func AllDigits(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}
