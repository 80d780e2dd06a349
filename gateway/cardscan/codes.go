package cardscan

import "bytes"

// codes looks for a security code beside a name for it: cvv=123, "Cvv2": "123", <CVV2>123</CVV2>,
// card_cvc%22%3A%22123. Between name and digits may stand what makes the name longer (cv2val,
// cvc_number), and up to sixteen marks that are neither letters nor digits.
func (l *look) codes(b *block) {
	data := b.data
	for i := 0; i+3 <= len(data); i++ {
		if data[i]|0x20 != 'c' || data[i+1]|0x20 != 'v' {
			continue
		}
		c := data[i+2] | 0x20
		if c != 'v' && c != 'c' && c != '2' || !nameBegins(data, i) {
			continue
		}
		if end, ok := nameEnd(data, i); ok && codeFollows(data[end:]) {
			l.tell(b, i, "named", "security code", nil)
		}
	}
}

// nameBegins says whether a name may begin at i: behind a letter only as in cardCvc or ccCVV, behind a digit
// never. Such are the last letters of random tokens.
func nameBegins(data []byte, i int) bool {
	if i == 0 || data[i-1] == '_' || !touches(data[i-1]) {
		return true
	}
	for _, before := range []string{"card", "cc"} {
		if i >= len(before) && bytes.EqualFold(data[i-len(before):i], []byte(before)) {
			return true
		}
	}
	return false
}

// nameTails are what may follow cvv, cvc and cv2 in a name.
var nameTails = []string{"2val", "_value", "value", "_number", "number", "_code", "code", "val", "_no", "no", "2", ""}

// nameEnd finds where a name whose first three characters are at i ends.
func nameEnd(data []byte, i int) (int, bool) {
	for _, tail := range nameTails {
		end := i + 3 + len(tail)
		if end > len(data) || !bytes.EqualFold(data[i+3:end], []byte(tail)) {
			continue
		}
		return end, end == len(data) || !touches(data[end])
	}
	return 0, false
}

// codeFollows: marks, then three or four digits and no more.
func codeFollows(data []byte) bool {
	data = behindLength(data)
	marks := 0
	for marks < len(data) && marks <= 16 && !isDigit(data[marks]) {
		c := data[marks]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
		if c == '%' && marks+2 < len(data) { // %22, %3A: one mark each
			marks += 2
		}
		marks++
	}
	if marks == 0 || marks > 16 {
		return false
	}
	n := 0
	for marks+n < len(data) && n <= 4 && isDigit(data[marks+n]) {
		n++
	}
	return n == 3 || n == 4
}

// behindLength is data behind the end of one string and the length of the next as Redis writes them (RESP, bulk
// strings): the length is no code. Its line's end stays, a mark like others.
func behindLength(data []byte) []byte {
	rest, found := bytes.CutPrefix(data, []byte("\r\n$"))
	if !found {
		return data
	}
	if rest = bytes.TrimLeft(rest, "0123456789"); !bytes.HasPrefix(rest, []byte("\r\n")) {
		return data
	}
	return rest
}
