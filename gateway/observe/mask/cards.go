// Package mask finds and covers what must never be written down: card numbers, bearer tokens, API
// keys, passwords inside addresses, and characters that would let a text pretend to be a log line.
//
// It deliberately knows nothing of logs, requests or stores: it takes text and gives text. It is a
// net under those who should not have let the text come this far, not a licence to log it.
package mask

import (
	"bytes"
	"encoding/binary"

	"github.com/odelink/odelink/checkout"
)

// shortest and longest card number, in digits (ISO/IEC 7812-1 allows 19; no scheme sold here that
// pays online issues fewer than 13).
const (
	minPAN = 13
	maxPAN = 19
)

// HasCard says whether text, as it stands or after percent-decoding, holds a card number that
// stands by itself: digits of a known scheme and length with a right check digit, not part of a
// longer word, in one piece or in groups with a space, dash or plus between them. It is for text
// that is refused when it does, so it prefers to miss what no card form would send over refusing
// an identifier: numbers inside words (base62 ids) and dotted numbers (versions, addresses,
// analytics cookies) are none.
//
// It allocates nothing unless text holds a percent sign or a byte outside ASCII.
func HasCard(text []byte) bool {
	if hasCard(text) {
		return true
	}
	plain := text
	for range maxDecodings {
		next, changed := plainDigits(plain)
		if !changed {
			return false
		}
		if hasCard(next) {
			return true
		}
		plain = next
	}
	return false
}

// maxDecodings is how often percent signs are peeled off: twice-encoded text is what a careless
// proxy or a hiding sender makes.
const maxDecodings = 3

// plainDigits decodes percent signs and writes digits of other scripts, and spaces of other kinds,
// in ASCII. It says whether anything was different.
func plainDigits(text []byte) (plain []byte, changed bool) {
	if bytes.IndexByte(text, '%') < 0 && isASCII(text) {
		return text, false
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			hi, lo := unhex(text[i+1]), unhex(text[i+2])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				changed = true
				continue
			}
		}
		out = append(out, text[i])
	}
	folded, did := foldDigits(out)
	return folded, changed || did
}

// isASCII looks at eight bytes at a time: it reads every head whole.
func isASCII(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if binary.LittleEndian.Uint64(text)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// foldDigits writes full-width and Arabic-Indic digits, and spaces and dashes outside ASCII, as
// their ASCII kin: phones type them.
func foldDigits(text []byte) ([]byte, bool) {
	if isASCII(text) {
		return text, false
	}
	changed := false
	out := bytes.Map(func(r rune) rune {
		to := foldRune(r)
		changed = changed || to != r
		return to
	}, text)
	return out, changed
}

func foldRune(r rune) rune {
	for _, zero := range [...]rune{'０', '٠', '۰'} {
		if r >= zero && r <= zero+9 {
			return '0' + r - zero
		}
	}
	switch {
	case r == '\u00a0', r == '\u202f', r == '\u3000', r >= '\u2000' && r <= '\u200a':
		return ' '
	case r >= '\u2010' && r <= '\u2015', r == '\u2212':
		return '-'
	}
	return r
}

// hasCard looks for runs without reading every byte: a run of at least 13 digits with at most one
// separator between two of them covers 13 bytes in a row, so that one of every twelve bytes and
// its neighbour lie inside it and at least one of the two is a digit.
func hasCard(text []byte) bool {
	const stride = minPAN - 1
	for i := 0; i+1 < len(text); i += stride {
		if !isDigit(text[i]) && !isDigit(text[i+1]) {
			continue
		}
		start, end := runAround(text, i)
		if end-start >= minPAN && cardInRun(text, start, end) {
			return true
		}
		i = max(i, end-stride) // the next run starts after this one
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isGap(c byte) bool { return c == ' ' || c == '-' || c == '+' }

// runAround gives the digits with single gaps between them that hold text[i] or text[i+1].
func runAround(text []byte, i int) (start, end int) {
	if !isDigit(text[i]) {
		i++
	}
	start, end = i, i+1
	for start > 0 && (isDigit(text[start-1]) || (isGap(text[start-1]) && start > 1 && isDigit(text[start-2]))) {
		start--
	}
	for end < len(text) && (isDigit(text[end]) || (isGap(text[end]) && end+1 < len(text) && isDigit(text[end+1]))) {
		end++
	}
	return start, end
}

// cardInRun tries every stretch of whole groups of the run text[start:end].
func cardInRun(text []byte, start, end int) bool {
	// A letter beside a run makes its outer group part of a word.
	if start > 0 && isWord(text[start-1]) {
		start = skipGroup(text, start, end)
	}
	if end < len(text) && isWord(text[end]) {
		end = dropGroup(text, start, end)
	}
	for s := start; s < end; s = skipGroup(text, s, end) {
		if cardAt(text[s:end]) {
			return true
		}
	}
	return false
}

func isWord(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// skipGroup is where the group after the one at s starts.
func skipGroup(text []byte, s, end int) int {
	for s < end && isDigit(text[s]) {
		s++
	}
	return min(s+1, end)
}

// dropGroup is where the group before the last one of text[start:end] ends.
func dropGroup(text []byte, start, end int) int {
	for end > start && isDigit(text[end-1]) {
		end--
	}
	return max(end-1, start)
}

// cardAt says whether a card number starts at the first digit of run and ends at the end of one of
// its groups. Groups inside must have three digits or more: dates and counters have fewer.
func cardAt(run []byte) bool {
	var digits [maxPAN]byte
	n, group := 0, 0
	for i, c := range run {
		if isDigit(c) {
			if n == maxPAN {
				return false
			}
			digits[n] = c
			n, group = n+1, group+1
			if i+1 < len(run) {
				continue
			}
		}
		if isPAN(digits[:n]) {
			return true
		}
		if group < 3 {
			return false
		}
		group = 0
	}
	return false
}

// isPAN says whether digits are a number that a known scheme could have issued.
func isPAN(digits []byte) bool {
	if len(digits) < minPAN || len(digits) > maxPAN || !luhn(digits) {
		return false
	}
	n := len(digits)
	switch checkout.BrandOf(string(digits[:4])) {
	case checkout.BrandUnknown:
		return false
	case checkout.BrandVisa:
		return n == 13 || n == 16 || n == 19
	case checkout.BrandMastercard, checkout.BrandTroy:
		return n == 16
	case checkout.BrandAmex:
		return n == 15
	case checkout.BrandDiners:
		return n >= 14
	case checkout.BrandDiscover, checkout.BrandUnionPay:
		return n >= 16
	}
	return true
}

// luhn is checkout.Luhn without turning bytes into a string first.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
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
