package cardscan

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"math"
	"strconv"
)

// encoded opens base64 (both alphabets, with or without line breaks, starting at any character) and hex
// (with or without marks between the bytes).
func (l *look) encoded(b *block) {
	runs(b.data, &base64Marks, 18, func(run []byte, at int) {
		for skip := range 4 {
			if text := fromBase64(run[skip:]); worthwhile(text, skip == 0) {
				l.block(b.inside(at, "base64", text))
			}
		}
	})
	runs(b.data, &hexMarks, 2*shortest, func(run []byte, at int) {
		for skip := range 2 {
			if text := fromHex(run, skip); worthwhile(text, skip == 0) {
				l.block(b.inside(at, "hex", text))
			}
		}
	})
}

// worthwhile says whether decoded bytes may hold a card at all: nearly everything that decodes is noise,
// and this look at it is a tenth of the whole scan's cost.
func worthwhile(text []byte, start bool) bool {
	if len(text) < shortest {
		return false
	}
	if start && (len(text) >= 24 || text[0] == 'x') { // a compressed stream may begin here
		return true
	}
	digits, run := 0, 0
	for _, c := range text {
		if isDigit(c) {
			if digits++; digits >= shortest {
				return true
			}
		}
		if base64Values[c] == 0xff {
			run = 0
		} else if run++; run >= 18 {
			return true
		}
	}
	return bytes.Contains(text, gzipMagic) || bytes.Contains(text, zipMagic)
}

// runs hands on every stretch of at least n bytes that all belong to a set.
func runs(data []byte, set *[256]bool, n int, see func(run []byte, at int)) {
	for i := 0; i < len(data); i++ {
		if !set[data[i]] {
			continue
		}
		start := i
		for i < len(data) && set[data[i]] {
			i++
		}
		if i-start >= n {
			see(data[start:i], start)
		}
	}
}

// base64Marks: either alphabet, padding and line breaks. hexMarks: hex digits and what dumps put between
// bytes (spaces, colons, commas, dashes, 0x, line breaks).
var base64Marks, hexMarks = func() (b, h [256]bool) {
	for c := range 256 {
		b[c] = base64Values[c] != 0xff || bytes.IndexByte([]byte("\r\n="), byte(c)) >= 0
		h[c] = hexValue(byte(c)) != 0xff || bytes.IndexByte([]byte(" :,-x\n"), byte(c)) >= 0
	}
	return b, h
}()

// base64Values are the six bits of a character in either alphabet; 0xff for others.
var base64Values = func() (values [256]byte) {
	for i := range values {
		values[i] = 0xff
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		values[c] = byte(i)
	}
	values['-'], values['_'] = 62, 63
	return values
}()

// fromBase64 decodes as many whole bytes as there are; line breaks and padding are passed over.
func fromBase64(run []byte) []byte {
	out := make([]byte, 0, len(run)*3/4)
	bits, n := uint32(0), 0
	for _, c := range run {
		v := base64Values[c]
		if v == 0xff {
			continue
		}
		bits, n = bits<<6|uint32(v), n+6
		if n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
		}
	}
	return out
}

func hexValue(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

// fromHex decodes pairs of hex digits, leaving out the first skip digits and all marks.
func fromHex(run []byte, skip int) []byte {
	out := make([]byte, 0, len(run)/2)
	high, have := byte(0), false
	for i := 0; i < len(run); i++ {
		c := run[i]
		if c == '0' && i+1 < len(run) && run[i+1] == 'x' { // 0x34
			i++
			continue
		}
		v := hexValue(c)
		switch {
		case v == 0xff:
		case skip > 0:
			skip--
		case have:
			out, have = append(out, high<<4|v), false
		default:
			high, have = v, true
		}
	}
	return out
}

// escapeStarts are the characters that an escape begins with.
var escapeStarts = func() (set [256]bool) {
	for _, c := range []byte(`%=\&`) {
		set[c] = true
	}
	return set
}()

// escaped opens URL escapes (%34), JSON and C escapes (\u0034, \x34), HTML references (&#52; &#x34;) and
// quoted-printable between digits (=20, and = at a line's end).
func (l *look) escaped(b *block) {
	data := b.data
	for i := 0; i < len(data); i++ {
		if !escapeStarts[data[i]] {
			continue
		}
		if n, _ := unescape(data, i); n == 0 {
			continue
		}
		start := i
		for start > 0 && i-start < 1024 && data[start-1] > ' ' {
			start--
		}
		end, text := i, append([]byte(nil), data[start:i]...)
		quiet := 0 // bytes since the last escape: enough of them end the stretch
		for end < len(data) && quiet < 64 && len(text) < overlap {
			n, c := 0, 0
			if escapeStarts[data[end]] {
				n, c = unescape(data, end)
			}
			switch {
			case n == 0:
				text = append(text, data[end])
				n, quiet = 1, quiet+1
			case c < 0:
				quiet = 0
			default:
				text = append(text, byte(c))
				quiet = 0
			}
			end += n
		}
		if worthwhile(text, false) {
			l.block(b.inside(start, "escaped", text))
		}
		i = end - 1
	}
}

// unescape reads the escape at i: its length, and the byte it stands for; -1 stands for nothing.
// Characters beyond one byte become a space: they are no digits.
func unescape(whole []byte, i int) (int, int) {
	data := whole[i:]
	if len(data) < 3 {
		return 0, 0
	}
	switch data[0] {
	case '%':
		return hexEscape(data, 1, 2)
	case '=':
		switch {
		case data[1] == '\n':
			return 2, -1
		case data[1] == '\r' && data[2] == '\n':
			return 3, -1
		case data[1] == '2' && data[2] == '0' && i > 0 && isDigit(whole[i-1]):
			return 3, ' '
		}
	case '\\':
		switch data[1] {
		case 'x':
			return hexEscape(data, 2, 2)
		case 'u':
			return hexEscape(data, 2, 4)
		}
	case '&':
		return reference(data)
	}
	return 0, 0
}

// reference reads an HTML character reference by number.
func reference(data []byte) (int, int) {
	if data[1] != '#' {
		return 0, 0
	}
	end := bytes.IndexByte(data[:min(len(data), 12)], ';')
	if end < 3 {
		return 0, 0
	}
	text, base := string(data[2:end]), 10
	if text[0]|0x20 == 'x' {
		text, base = text[1:], 16
	}
	v, err := strconv.ParseUint(text, base, 32)
	if err != nil {
		return 0, 0
	}
	return end + 1, oneByte(v)
}

// hexEscape reads n hex digits from an offset on.
func hexEscape(data []byte, from, n int) (int, int) {
	if len(data) < from+n {
		return 0, 0
	}
	v := uint64(0)
	for _, c := range data[from : from+n] {
		h := hexValue(c)
		if h == 0xff {
			return 0, 0
		}
		v = v<<4 | uint64(h)
	}
	return from + n, oneByte(v)
}

func oneByte(v uint64) int {
	if v > math.MaxUint8 {
		return ' '
	}
	return int(v)
}

// wide opens UTF-16 and UTF-32 of either end first: printable characters with one or three zero bytes
// between them.
func (l *look) wide(b *block) {
	if bytes.IndexByte(b.data, 0) < 0 {
		return
	}
	for _, step := range []int{2, 4} {
		data := b.data
		for i := 0; i+step < len(data); i++ {
			if data[i+1] != 0 || !isPrintable(data[i]) || !zeros(data[i+1:i+step]) {
				continue
			}
			start := i
			for i+step <= len(data) && isPrintable(data[i]) && zeros(data[i+1:i+step]) {
				i += step
			}
			end := i
			if i < len(data) && isPrintable(data[i]) { // the last one, when the high byte comes first
				end++
			}
			if (end-start+step-1)/step >= shortest {
				text := make([]byte, 0, (end-start+step-1)/step)
				for at := start; at < end; at += step {
					text = append(text, data[at])
				}
				l.block(b.inside(start, "UTF-"+strconv.Itoa(8*step), text))
			}
			i--
		}
	}
}

func isPrintable(c byte) bool { return c >= ' ' && c < 0x7f }

func zeros(data []byte) bool {
	for ; len(data) >= 8; data = data[8:] {
		if binary.LittleEndian.Uint64(data) != 0 {
			return false
		}
	}
	for _, c := range data {
		if c != 0 {
			return false
		}
	}
	return true
}

// inflaters are kept between members, one for each depth: making one takes 40 kB.
type inflaters []io.Reader

func (f *inflaters) take() io.Reader {
	if n := len(*f); n > 0 {
		r := (*f)[n-1]
		*f = (*f)[:n-1]
		return r
	}
	return flate.NewReader(bytes.NewReader(nil))
}

var gzipMagic, zipMagic = []byte{0x1f, 0x8b, 8}, []byte("PK\x03\x04")

// compressed unpacks gzip and zlib streams and zip members wherever they start, and raw deflate at the
// start of a file or of a decoded form.
func (l *look) compressed(b *block) {
	data := b.data
	if b.first {
		l.inflate(b, 0, 0, "deflate")
	}
	for i := range occurrences(data, gzipMagic) {
		if skip := gzipHeader(data[i:]); skip > 0 {
			l.inflate(b, i, skip, "gzip")
		}
	}
	for i := range occurrences(data, zipMagic) {
		if len(data) < i+30 || binary.LittleEndian.Uint16(data[i+8:]) != 8 { // 8: deflated
			continue
		}
		names := int(binary.LittleEndian.Uint16(data[i+26:])) + int(binary.LittleEndian.Uint16(data[i+28:]))
		l.inflate(b, i, 30+names, "zip")
	}
	// 0x78 is deflate with the window that every writer uses (RFC 1950, section 2.2).
	for i := range occurrences(data, []byte{0x78}) {
		if i+1 < len(data) && data[i+1]&0x20 == 0 && (0x7800|int(data[i+1]))%31 == 0 {
			l.inflate(b, i, 2, "zlib")
		}
	}
}

// occurrences yields the offsets at which a short text stands.
func occurrences(data, what []byte) func(func(int) bool) {
	return func(yield func(int) bool) {
		for at := 0; ; at++ {
			n := bytes.Index(data[at:], what)
			if n < 0 {
				return
			}
			at += n
			if !yield(at) {
				return
			}
		}
	}
}

// gzipHeader is the length of a gzip member's header (RFC 1952, section 2.3), or 0.
func gzipHeader(data []byte) int {
	if len(data) < 10 {
		return 0
	}
	flags, n := data[3], 10
	if flags&0xe0 != 0 {
		return 0
	}
	if flags&4 != 0 { // extra field
		if len(data) < n+2 {
			return 0
		}
		n += 2 + int(binary.LittleEndian.Uint16(data[n:]))
	}
	for _, flag := range []byte{8, 16} { // name, comment: up to a zero byte
		if flags&flag == 0 {
			continue
		}
		if n >= len(data) {
			return 0
		}
		end := bytes.IndexByte(data[n:], 0)
		if end < 0 {
			return 0
		}
		n += end + 1
	}
	if flags&2 != 0 { // header checksum
		n += 2
	}
	return n
}

// inflate unpacks what starts skip bytes after an offset, as far as it makes sense: a member that is cut
// or broken later on has still written what came before.
func (l *look) inflate(b *block, offset, skip int, form string) {
	var source io.Reader
	switch {
	case b.rest != nil:
		source = io.NewSectionReader(b.rest, b.base+int64(offset+skip), math.MaxInt64-b.base-int64(offset+skip))
	case offset+skip < len(b.data):
		source = bytes.NewReader(b.data[offset+skip:])
	default:
		return
	}
	inflater := l.take()
	defer func() { l.inflaters = append(l.inflaters, inflater) }()
	if err := inflater.(flate.Resetter).Reset(bufio.NewReaderSize(source, 512), nil); err != nil {
		return
	}
	// Nearly all that looks like a start is none and breaks within a few bytes. What is short is believed
	// when it ends in order.
	probe, n := make([]byte, 1024), 0
	var err error
	for n < len(probe) && err == nil {
		var more int
		more, err = inflater.Read(probe[n:])
		n += more
	}
	marked := form == "gzip" || form == "zip"
	if n < shortest || err != nil && err != io.EOF && !marked {
		return
	}
	rest := io.MultiReader(bytes.NewReader(probe[:n]), io.LimitReader(tolerant{inflater}, unpacked))
	first := true
	// The error of a broken member was turned into its end.
	_ = l.windows(rest, func(data []byte, _ int64) {
		inner := b.inside(offset, form, data)
		inner.first = first
		first = false
		l.block(inner)
	})
}

// tolerant ends where what it reads breaks.
type tolerant struct{ r io.Reader }

func (t tolerant) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}
