package mask

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cover stands where something was.
const cover = "***"

// Text covers what must not be written down: digits of card numbers, however grouped or encoded and
// whatever stands around them; API keys and webhook secrets; passwords in addresses and values of
// fields with secret names; the tokens of payment pages, which are bearer secrets. It escapes
// characters that steer a terminal or reorder text and that log formats leave alone. It is meant to
// cover too much rather than too little, and returns harmless text as it is.
func Text(s string) string {
	if harmless(s) {
		return s
	}
	return thorough(s)
}

func thorough(s string) string {
	s = cards(s)
	for _, hide := range [...]func(string) string{prefixed, credentials, passwords, tokens, named} {
		s = hide(s)
	}
	return controls(s)
}

// harmless is a cheap no: most of what is logged is short words. It looks at each byte once and
// says yes only where none of the ways to hide above could find anything.
func harmless(s string) bool {
	digits := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case c >= 0x7f, c == '%':
			return false
		case c == '=' || c == ':':
			if i > 0 && len(byEnd[lower(s[i-1])]) > 0 || i > 0 && strings.IndexByte(`"' `, s[i-1]) >= 0 || strings.HasPrefix(s[i:], "://") {
				return false // maybe the end of a secret name, or an address with a password
			}
		case c == '_': // sk_, whsec_
			if i > 0 && (lower(s[i-1]) == 'k' || lower(s[i-1]) == 'c') {
				return false
			}
		case c == '/': // /p/, /c/
			if i > 1 && s[i-2] == '/' && (s[i-1] == 'p' || s[i-1] == 'c') && tokenLength(s[i+1:]) >= minToken {
				return false
			}
		case c == ' ': // Bearer, Basic
			if i > 4 && (s[i-1] == 'r' || s[i-1] == 'c') && hasScheme(s[:i+1]) {
				return false
			}
		}
	}
	return digits < minPAN
}

// hasScheme finds the words before credentials of an Authorization header.
func hasScheme(s string) bool {
	return strings.HasSuffix(s, "earer ") || strings.HasSuffix(s, "asic ")
}

// Number says whether the digits of n could be a card number.
func Number(n uint64) bool {
	if n < 1e12 {
		return false
	}
	text := fmt.Sprint(n)
	return cards(text) != text
}

// mark is one digit of a text and where it stands there.
type mark struct {
	digit      byte
	start, end int
	opens      bool // first of its group
}

// cards covers every digit of every run that holds a card number. Runs may have gaps of up to
// maxGap characters; in ungrouped digits a number may start anywhere, in groups at a group.
func cards(s string) string {
	var run []mark
	var covered []mark
	gap := 0
	flush := func() {
		if len(run) >= minPAN && holdsCard(run) {
			covered = append(covered, run...)
		}
		run, gap = run[:0], 0
	}
	for i := 0; i < len(s); {
		kind, digit, n := next(s[i:])
		switch {
		case kind == isDigitChar:
			run = append(run, mark{digit, i, i + n, len(run) == 0 || gap > 0})
			gap = 0
		case kind == isGapChar && len(run) > 0 && gap < maxGap:
			gap++
		default:
			flush()
		}
		i += n
	}
	flush()
	if len(covered) == 0 {
		return s
	}
	out, from := make([]byte, 0, len(s)), 0
	for _, m := range covered {
		out = append(append(out, s[from:m.start]...), '*')
		from = m.end
	}
	return string(append(out, s[from:]...))
}

// maxGap is how many characters may stand between two digits of one number.
const maxGap = 2

type charKind int

const (
	isOther charKind = iota
	isDigitChar
	isGapChar
)

// next reads one character: a digit of any script, percent-encoded or not, or what may stand
// between two groups. It answers its kind, the ASCII digit, and its length.
func next(s string) (charKind, byte, int) {
	c := s[0]
	switch {
	case isDigit(c):
		return isDigitChar, c, 1
	case c == ' ', c == '-', c == '+', c == '\t':
		return isGapChar, 0, 1
	case c == '%' && len(s) >= 3 && unhex(s[1]) >= 0 && unhex(s[2]) >= 0:
		d := byte(unhex(s[1])<<4 | unhex(s[2]))
		if isDigit(d) {
			return isDigitChar, d, 3
		}
		if isGap(d) {
			return isGapChar, 0, 3
		}
		return isOther, 0, 1
	case c < utf8.RuneSelf:
		return isOther, 0, 1
	}
	r, n := utf8.DecodeRuneInString(s)
	switch f := foldRune(r); {
	case f >= '0' && f <= '9':
		return isDigitChar, byte(f), n
	case f == ' ' || f == '-' || unicode.Is(unicode.Cf, r):
		return isGapChar, 0, n
	}
	return isOther, 0, n
}

// holdsCard tries every start, in a long group at every digit, in short ones at the group.
func holdsCard(run []mark) bool {
	digits := make([]byte, len(run))
	for i, m := range run {
		digits[i] = m.digit
	}
	for s := range run {
		for n := minPAN; n <= maxPAN && s+n <= len(run); n++ {
			if (whole(run[s:s+n]) || grouped(run, s, s+n)) && isPAN(digits[s:s+n]) {
				return true
			}
		}
	}
	return false
}

// whole: no gap inside.
func whole(part []mark) bool {
	for _, m := range part[1:] {
		if m.opens {
			return false
		}
	}
	return true
}

// grouped: starts and ends with a group.
func grouped(run []mark, s, end int) bool {
	return run[s].opens && (end == len(run) || run[end].opens)
}

// prefixed covers keys that say by their beginning what they are.
func prefixed(s string) string {
	for _, prefix := range [...]string{"sk_", "whsec_"} {
		s = replaceAfter(s, prefix, true, isKeyChar)
	}
	return s
}

// credentials covers what follows the scheme of an Authorization header.
func credentials(s string) string {
	for _, scheme := range [...]string{"Bearer ", "bearer ", "Basic ", "basic "} {
		s = replaceAfter(s, scheme, true, func(c byte) bool { return c > ' ' && c != '"' && c != '\'' && c < 0x7f })
	}
	return s
}

func isKeyChar(c byte) bool {
	return isBase62(c) || c == '_' || c == '-' || c == '+' || c == '/' || c == '='
}

func isBase62(c byte) bool {
	return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// replaceAfter covers the characters after each occurrence of prefix; alone means that prefix must
// not be the end of a longer word.
func replaceAfter(s, prefix string, alone bool, in func(byte) bool) string {
	if !strings.Contains(s, prefix) {
		return s
	}
	var out strings.Builder
	for {
		i := strings.Index(s, prefix)
		if i < 0 {
			out.WriteString(s)
			return out.String()
		}
		end := i + len(prefix)
		from := end
		for end < len(s) && in(s[end]) {
			end++
		}
		out.WriteString(s[:from])
		if end > from && (!alone || i == 0 || !isBase62(s[i-1])) {
			out.WriteString(cover)
		} else {
			out.WriteString(s[from:end])
		}
		s = s[end:]
	}
}

// passwords covers the password of an address: scheme://user:password@host.
func passwords(s string) string {
	var out strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			break
		}
		i += len("://")
		end := i
		for end < len(s) && s[end] > ' ' && !strings.ContainsRune(`/?#"'<>`, rune(s[end])) {
			end++
		}
		at := strings.LastIndexByte(s[i:end], '@')
		colon := -1
		if at >= 0 {
			colon = strings.IndexByte(s[i:i+at], ':')
		}
		if colon >= 0 {
			out.WriteString(s[:i+colon+1] + cover)
			i += at
		} else {
			out.WriteString(s[:i])
		}
		s = s[i:]
	}
	if out.Len() == 0 {
		return s
	}
	return out.String() + s
}

// minToken is the shortest path element that counts as a token: the words of our own routes are
// shorter or have another place.
const minToken = 8

// tokens covers what follows /p/ and /c/ in a path: whoever knows it may open the page.
func tokens(s string) string {
	for _, prefix := range [...]string{"/p/", "/c/"} {
		i := 0
		for {
			at := strings.Index(s[i:], prefix)
			if at < 0 {
				break
			}
			i += at + len(prefix)
			end := i + tokenLength(s[i:])
			if end-i >= minToken {
				s = s[:i] + cover + s[end:]
				end = i + len(cover)
			}
			i = end
		}
	}
	return s
}

// tokenLength is how many characters of a token s starts with.
func tokenLength(s string) int {
	n := 0
	for n < len(s) && (isBase62(s[n]) || s[n] == '_') {
		n++
	}
	return n
}

// secretNames end the names of fields whose value nobody may read.
var secretNames = []string{
	"password", "passwd", "pass", "pwd", "secret", "cvv", "cvc", "cvv2", "cvc2", "card_number", "cardnumber", "pan", "api_key", "apikey",
	"master_key", "private_key", "authorization", "cookie", "storekey", "store_key", "otp",
}

// byEnd are the secret names by their last letter: every logged attribute is asked.
var byEnd = func() (t [256][]string) {
	for _, n := range secretNames {
		t[n[len(n)-1]] = append(t[n[len(n)-1]], n)
	}
	return t
}()

// Secret says whether a field of this name is never to be shown, whatever it holds. A short secret
// word must be the name's last word ("user_pass", not "bypass").
func Secret(name string) bool {
	if name == "" {
		return false
	}
	for _, n := range byEnd[lower(name[len(name)-1])] {
		at := len(name) - len(n)
		if at < 0 || !sameFolded(name[at:], n) {
			continue
		}
		if at == 0 || !isBase62(name[at-1]) || len(n) > 5 {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// sameFolded compares with a lower-case word of the same length; ASCII only, whatever the locale.
func sameFolded(s, word string) bool {
	for i := range len(s) {
		if lower(s[i]) != word[i] {
			return false
		}
	}
	return true
}

// named covers the value after a secret name, as forms (name=value), JSON ("name":"value") and
// people (name: value) write it.
func named(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] != '=' && s[i] != ':' {
			continue
		}
		nameEnd := i
		for nameEnd > 0 && (s[nameEnd-1] == '"' || s[nameEnd-1] == '\'' || s[nameEnd-1] == ' ') {
			nameEnd--
		}
		nameStart := nameEnd
		for nameStart > 0 && (isBase62(s[nameStart-1]) || s[nameStart-1] == '_' || s[nameStart-1] == '-') {
			nameStart--
		}
		if !Secret(strings.ReplaceAll(s[nameStart:nameEnd], "-", "_")) {
			continue
		}
		start, end := value(s, i+1)
		s = s[:start] + cover + s[end:]
		i = start + len(cover) - 1
	}
	return s
}

// value finds the value that starts at or after i: quoted, or up to a separator.
func value(s string, i int) (start, end int) {
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		q := s[i]
		for end = i + 1; end < len(s) && s[end] != q; end++ {
			if s[end] == '\\' {
				end++
			}
		}
		return i + 1, min(end, len(s))
	}
	end = i
	for end < len(s) && !strings.ContainsRune(" &;,\r\n\t\"'}])", rune(s[end])) {
		end++
	}
	return i, end
}

// controls escapes characters that log formats leave alone and that a terminal or an editor obeys:
// C1 controls and DEL, marks that reorder or hide text, line and paragraph separators.
func controls(s string) string {
	steers := func(r rune) bool {
		return r == 0x7f || (r >= 0x80 && r < 0xa0) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
	}
	if strings.IndexFunc(s, steers) < 0 {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if steers(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}
