package cardscan

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
)

// Card numbers have 13 to 19 digits (ISO/IEC 7812-1).
const shortest, longest = 13, 19

// longestRun is how many digits of one run are looked at together; longer ones are cut with an overlap.
const longestRun = 4096

// digits is a run of digits with single or few separators between them, as it stands in a block.
type digits struct {
	value []byte // '0' to '9'
	place []int  // offset of each in the block
}

// numbers finds runs of digits and judges the numbers in them.
func (l *look) numbers(b *block) {
	data := b.data
	for i := 0; i < len(data); i++ {
		if !isDigit(data[i]) {
			continue
		}
		l.value, l.place = l.value[:0], l.place[:0]
		for i < len(data) && isDigit(data[i]) {
			l.value, l.place = append(l.value, data[i]), append(l.place, i)
			i++
			if n := separator(data[i:]); n > 0 {
				i += n
			}
			if len(l.value) == longestRun {
				l.judge(b)
				keep := longestRun - longest
				l.value, l.place = append(l.value[:0], l.value[keep:]...), append(l.place[:0], l.place[keep:]...)
			}
		}
		l.judge(b)
	}
}

// judge applies the three rules to a run of digits.
func (l *look) judge(b *block) {
	if len(l.value) < shortest {
		return
	}
	for i := 0; i+shortest <= len(l.value); i++ {
		if i+16 <= len(l.value) && isScripted(l.value[i:i+16]) {
			l.tell(b, l.place[i], l.shape(i, 16), "scripted", l.value[i:i+16])
		}
		if l.known == nil {
			continue
		}
		for n := shortest; n <= longest && i+n <= len(l.value); n++ {
			if l.known.lengths[n] && l.known.has(l.value[i:i+n]) {
				l.tell(b, l.place[i], l.shape(i, n), "registered", l.value[i:i+n])
			}
		}
	}
	l.judgeAny(b)
}

// shape says whether digits i to i+n stand together.
func (l *look) shape(i, n int) string {
	if l.place[i+n-1]-l.place[i] == n-1 {
		return "plain"
	}
	return "spaced"
}

// groupings are the ways in which people write card numbers in groups.
var groupings = [][]int{{4, 4, 4, 4}, {4, 4, 4, 4, 3}, {4, 4, 4, 1}, {4, 6, 5}, {4, 6, 4}}

// judgeAny looks for any brand's number that stands alone, whole or in groups.
func (l *look) judgeAny(b *block) {
	var groups []int // lengths
	for start := 0; start < len(l.value); {
		end := start + 1
		for end < len(l.value) && l.place[end] == l.place[end-1]+1 {
			end++
		}
		groups = append(groups, end-start)
		l.alone(b, start, end-start, "plain")
		start = end
	}
	first := 0
	for g := range groups {
		for _, wanted := range groupings {
			if g+len(wanted) <= len(groups) && slices.Equal(groups[g:g+len(wanted)], wanted) {
				total := 0
				for _, n := range wanted {
					total += n
				}
				if l.sameGaps(b, first, total) {
					l.alone(b, first, total, "spaced")
				}
			}
		}
		first += groups[g]
	}
}

// sameGaps says whether all separators between digits i to i+n are of one kind, as a person's are.
func (l *look) sameGaps(b *block, i, n int) bool {
	gap := ""
	for j := i + 1; j < i+n; j++ {
		between := string(b.data[l.place[j-1]+1 : l.place[j]])
		if between == "" {
			continue
		}
		if gap != "" && between != gap {
			return false
		}
		gap = between
	}
	return true
}

// alone tells of n digits from i on when nothing touches them and they make a brand's number.
func (l *look) alone(b *block, i, n int, form string) {
	if n < shortest || n > longest {
		return
	}
	number := l.value[i : i+n]
	if !isCard(number) {
		return
	}
	before, after := l.place[i]-1, l.place[i+n-1]+1
	if before >= 0 && touches(b.data[before]) || after < len(b.data) && touches(b.data[after]) {
		return
	}
	// A decimal fraction: 0.4155650000000007.
	if before >= 1 && (b.data[before] == '.' || b.data[before] == ',') && isDigit(b.data[before-1]) {
		return
	}
	l.tell(b, l.place[i], form, "any", number)
}

// touches: characters that make digits a part of something longer.
func touches(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// separator is the length of what may stand between two digits of one number, when a digit follows.
func separator(data []byte) int {
	for n := 0; n <= 3 && n < len(data); {
		c := data[n]
		switch {
		case isDigit(c):
			return n
		case c == ' ' || c == '-' || c == '.' || c == '+' || c == '_' || c == '/' || c == '\t':
			n++
		case c == 0xc2 && n+1 < len(data) && data[n+1] == 0xa0: // no-break space
			n += 2
		case c == 0xe2 && n+2 < len(data) && data[n+1] == 0x80: // thin spaces, typographic hyphens
			n += 3
		default:
			return 0
		}
	}
	return 0
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// isScripted: six digits of BIN, 0000, three of script, 00, check digit.
func isScripted(d []byte) bool {
	return d[6] == '0' && d[7] == '0' && d[8] == '0' && d[9] == '0' && d[13] == '0' && d[14] == '0' && isCard(d)
}

// isCard: a known brand's leading digits and length, and a valid check digit.
func isCard(d []byte) bool { return inRange(d) && luhn(d) }

// luhn checks the last digit (ISO/IEC 7812-1 annex B).
func luhn(d []byte) bool {
	sum, double := 0, false
	for i := len(d) - 1; i >= 0; i-- {
		n := int(d[i] - '0')
		if double {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
		double = !double
	}
	return sum%10 == 0
}

// ranges are the leading digits (as six digits, both ends included) and lengths of the brands.
var ranges = []struct {
	first, last     int
	fewest, longest int
}{
	{400000, 499999, 13, 19}, // Visa
	{510000, 559999, 16, 16}, // Mastercard
	{222100, 272099, 16, 16}, // Mastercard
	{340000, 349999, 15, 15}, // American Express
	{370000, 379999, 15, 15}, // American Express
	{979200, 979299, 16, 16}, // TROY
	{650000, 659999, 16, 19}, // TROY abroad, Discover
	{601100, 601199, 16, 19}, // Discover
	{644000, 649999, 16, 19}, // Discover
	{300000, 305999, 14, 19}, // Diners Club
	{360000, 369999, 14, 19}, // Diners Club
	{380000, 399999, 14, 19}, // Diners Club
	{352800, 358999, 16, 19}, // JCB
	{620000, 629999, 16, 19}, // UnionPay
	{220000, 220499, 16, 19}, // Mir
	{501800, 501899, 13, 19}, // Maestro
	{502000, 503899, 13, 19}, // Maestro
	{560000, 589999, 13, 19}, // Maestro
	{630400, 630499, 13, 19}, // Maestro
	{675900, 676399, 13, 19}, // Maestro
}

func inRange(d []byte) bool {
	lead := 0
	for _, c := range d[:6] {
		lead = lead*10 + int(c-'0')
	}
	for _, r := range ranges {
		if lead >= r.first && lead <= r.last && len(d) >= r.fewest && len(d) <= r.longest {
			return true
		}
	}
	return false
}

// integers looks at every eight bytes as a number, either end first, for scripted and registered cards,
// and, for registered ones, as packed decimal.
func (l *look) integers(b *block) {
	for i := 0; i+8 <= len(b.data); i++ {
		little := binary.LittleEndian.Uint64(b.data[i:])
		if little == 0 { // go on where the first byte that is not zero comes in
			for i < len(b.data) && b.data[i] == 0 {
				i++
			}
			i -= 8
			continue
		}
		big := bits.ReverseBytes64(little)
		// The scripted family lies between 10^15 and 10^16: 3 to 0x23 in the upper sixteen bits.
		if little>>48-3 <= 0x20 || l.known.reaches(little) {
			l.integer(b, i, little)
		}
		if big>>48-3 <= 0x20 || l.known.reaches(big) {
			l.integer(b, i, big)
		}
		if l.known != nil && l.known.lengths[16] && isPacked(big) {
			l.packed(b, i, big)
		}
	}
}

func (l *look) integer(b *block, offset int, v uint64) {
	if v&(1<<24-1) == 0 {
		return // zeros before or behind a shorter field: of sixteen million card numbers one is like this
	}
	scripted := v >= 1e15 && v < 1e16 && v/10%100 == 0 && v/1e6%1e4 == 0
	if !scripted && (l.known == nil || !l.known.maybe(v)) {
		return
	}
	number := strconv.AppendUint(nil, v, 10)
	switch {
	case len(number) < shortest || len(number) > longest:
	case scripted && isScripted(number) && (l.family == nil || l.family.has(number)):
		l.tell(b, offset, "integer", "scripted", number)
	case l.known.has(number):
		l.tell(b, offset, "integer", "registered", number)
	}
}

// isPacked says whether each half byte is a decimal digit: eight, and four or two beside it, is none.
func isPacked(v uint64) bool { return v>>3&(v>>2|v>>1)&0x1111_1111_1111_1111 == 0 }

// packed reads sixteen decimal digits from eight bytes, two to a byte.
func (l *look) packed(b *block, offset int, digits uint64) {
	v := digits&0x0f0f_0f0f_0f0f_0f0f + digits>>4&0x0f0f_0f0f_0f0f_0f0f*10
	v = v&0x00ff_00ff_00ff_00ff + v>>8&0x00ff_00ff_00ff_00ff*100
	v = v&0x0000_ffff_0000_ffff + v>>16&0x0000_ffff_0000_ffff*10_000
	v = v&0xffff_ffff + v>>32*100_000_000
	if !l.known.maybe(v) {
		return
	}
	if number := fmt.Appendf(nil, "%016d", v); l.known.has(number) {
		l.tell(b, offset, "packed decimal", "registered", number)
	}
}
