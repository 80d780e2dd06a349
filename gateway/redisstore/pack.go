package redisstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// One link is one string of bytes, because a hash costs half as much again in memory and JSON
// three quarters (performance.md, 'What costs what'):
//
//	0       format: high nibble A, low nibble the version of the body (2 or 3; 1 is still read)
//	1       state, one of checkout's Hot… bytes
//	2–7     Rev, big endian
//	8–9     n, big endian: how long the copy is; what follows it is a claim
//	10–11   flags
//	12–n    the fields, see appendBody
//	n–n+5   claim: until when, Unix milliseconds, big endian
//	n+6–    claim: the payment that has it
//
// The first ten bytes mean the same in every version, so that gateways of two versions beside each
// other still agree which copy is newer (threat model C25). A body of a later version is "not here". Version
// 2 differs from 1 in the order number: its length is doubled, and 1 stands for one of our own, packed. Version 3 is
// a link that says more than most, with a byte of further flags behind the fields; all others stay version 2.
const (
	formatMore = 0xA3
	format     = 0xA2
	formatText = 0xA1 // order numbers are texts
	headLength = 10
	untilBytes = 6

	// maxPacked bounds one copy, so that its length fits its field and no text of a merchant fills
	// the memory of everybody.
	maxPacked = 16 << 10

	maxRev = 1<<48 - 1
)

// Flags. The low four bits of the second byte are the currency.
const (
	hasOpen = 1 << iota
	hasNote
	hasActiveFrom
	hasExpiresAt
	hasPaidAt
	hasPaidBy
	hasRange
	hasCategory

	shortLink     = 1 << 4
	shortMerchant = 1 << 5
	shortPaidBy   = 1 << 6
	hasCounts     = 1 << 7
)

// Further flags of formatMore.
const (
	isConsumer = 1 << iota
	hasAsks
	hasCount
	hasItems
)

// currencies gives the usual ones a number. It is a wire form: append only, and 15 at most.
var currencies = [...]checkout.Currency{"", checkout.TRY, checkout.USD, checkout.EUR, checkout.GBP, checkout.JPY, checkout.RUB}

// pack writes a copy without a claim. The token is the key and not repeated.
func pack(h checkout.Hot) ([]byte, error) {
	if h.Rev < 0 || h.Rev > maxRev {
		return nil, fmt.Errorf("pack link: rev %d out of range", h.Rev)
	}
	if !knownState(byte(h.State)) {
		return nil, fmt.Errorf("pack link: state %q", byte(h.State))
	}
	b := make([]byte, headLength+2, 160)
	b[0], b[1] = format, byte(h.State)
	putUint48(b[2:], uint64(h.Rev))
	b = appendBody(b, h)
	if len(b) > maxPacked {
		return nil, fmt.Errorf("pack link: %d bytes, at most %d", len(b), maxPacked)
	}
	binary.BigEndian.PutUint16(b[8:], uint16(len(b)))
	return b, nil
}

// appendBody writes the fields and then the flags that tell which of them are there.
func appendBody(b []byte, h checkout.Hot) []byte {
	flags, more := setIf(h.Open, hasOpen)|setIf(h.PayerNote, hasNote), byte(0)
	b = binary.AppendVarint(b, h.Version)
	var from int64
	if !h.ActiveFrom.IsZero() {
		flags |= hasActiveFrom
		from = h.ActiveFrom.UnixMilli()
		b = binary.AppendVarint(b, from)
	}
	if !h.ExpiresAt.IsZero() {
		flags |= hasExpiresAt
		b = binary.AppendVarint(b, h.ExpiresAt.UnixMilli()-from)
	}
	b = binary.AppendVarint(b, h.Amount.Minor)
	if n := currencyNumber(h.Amount.Currency); n > 0 {
		more |= n
	} else {
		b = appendText(b, string(h.Amount.Currency))
	}
	if h.MinMinor != 0 || h.MaxMinor != 0 {
		flags |= hasRange
		b = binary.AppendVarint(b, h.MinMinor)
		b = binary.AppendVarint(b, h.MaxMinor)
	}
	b, more = appendID(b, more, shortLink, "lnk_", string(h.Link))
	b, more = appendID(b, more, shortMerchant, "mer_", string(h.Merchant))
	b = appendText(b, h.Description)
	b = appendOrder(b, string(h.Order))
	if h.Category != "" {
		flags |= hasCategory
		b = appendText(b, h.Category)
	}
	if h.Installments != nil {
		more |= hasCounts
		b = appendCounts(b, h.Installments)
	}
	if h.PaidBy != "" {
		flags |= hasPaidBy
		b, more = appendID(b, more, shortPaidBy, "pay_", string(h.PaidBy))
	}
	if !h.PaidAt.IsZero() {
		flags |= hasPaidAt
		b = binary.AppendVarint(b, h.PaidAt.UnixMilli())
	}
	b[headLength], b[headLength+1] = flags, more
	if flags := moreOf(h); flags != 0 {
		b[0] = formatMore
		b = appendMore(b, h, flags)
	}
	return b
}

// moreOf are the further flags of a link.
func moreOf(h checkout.Hot) byte {
	return setIf(h.Sale == checkout.SaleConsumer, isConsumer) | setIf(h.Asks != "", hasAsks) | setIf(h.Counted || h.Made != 0 || h.Most != 0, hasCount) | setIf(h.Items != "", hasItems)
}

// appendMore writes the further flags and what they stand for.
func appendMore(b []byte, h checkout.Hot, flags byte) []byte {
	b = append(b, flags)
	if flags&hasAsks != 0 {
		b = appendText(b, h.Asks)
	}
	if flags&hasCount != 0 {
		b = append(b, setIf(h.Counted, 1))
		b = binary.AppendVarint(b, int64(h.Made))
		b = binary.AppendVarint(b, int64(h.Most))
	}
	if flags&hasItems != 0 {
		b = appendText(b, h.Items)
	}
	return b
}

func setIf(set bool, flag byte) byte {
	if set {
		return flag
	}
	return 0
}

func knownState(s byte) bool { return strings.IndexByte("obsdr", s) >= 0 }

// currencyNumber answers 0 for a currency that has none.
func currencyNumber(c checkout.Currency) byte {
	for i, have := range currencies {
		if have == c && i > 0 {
			return byte(i)
		}
	}
	return 0
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// An order number that the gateway made (checkout.IDs.OrderNumber) is a day and eight characters of 31: two
// bytes and five instead of eighteen. Merchants' own numbers stay texts.
const (
	orderPrefix  = "OD-"
	orderDigits  = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	orderLength  = len("OD-261122-K7Q2MZ4R")
	orderBytes   = 7
	orderDays    = 100 * 12 * 31 // every day that a date of six digits can name
	orderNumbers = 31 * 31 * 31 * 31 * 31 * 31 * 31 * 31
	packedOrder  = 1
)

func appendOrder(b []byte, order string) []byte {
	day, number, ok := ownOrder(order)
	if !ok {
		b = binary.AppendUvarint(b, uint64(len(order))<<1)
		return append(b, order...)
	}
	b = append(b, packedOrder, byte(day>>8), byte(day))
	return append(b, byte(number>>32), byte(number>>24), byte(number>>16), byte(number>>8), byte(number))
}

// ownOrder reads a number of ours: the day counts 31 days to a month, the number is of base 31.
func ownOrder(order string) (day uint16, number uint64, ok bool) {
	if len(order) != orderLength || order[:3] != orderPrefix || order[9] != '-' {
		return 0, 0, false
	}
	var date [3]int
	for i := range date {
		tens, ones := order[3+2*i]-'0', order[4+2*i]-'0'
		if tens > 9 || ones > 9 {
			return 0, 0, false
		}
		date[i] = int(tens)*10 + int(ones)
	}
	if date[1] < 1 || date[1] > 12 || date[2] < 1 || date[2] > 31 {
		return 0, 0, false
	}
	for _, c := range []byte(order[10:]) {
		at := strings.IndexByte(orderDigits, c)
		if at < 0 {
			return 0, 0, false
		}
		number = number*31 + uint64(at)
	}
	return uint16((date[0]*12+date[1]-1)*31 + date[2] - 1), number, true
}

// appendCounts writes instalment counts as a set of bits where they are ascending numbers from 1 to
// 20, as they nearly always are, else as a list. The lowest bit tells which.
func appendCounts(b []byte, counts []int) []byte {
	set, last := uint64(0), 0
	for _, c := range counts {
		if c <= last || c > 20 {
			b = binary.AppendUvarint(b, uint64(len(counts))<<1)
			for _, c := range counts {
				b = binary.AppendVarint(b, int64(c))
			}
			return b
		}
		set |= 1 << (c - 1)
		last = c
	}
	return binary.AppendUvarint(b, set<<1|1)
}

// appendID writes our own identifiers as 17 bytes, and whatever does not look like one as text.
func appendID(b []byte, flags, short byte, prefix, id string) ([]byte, byte) {
	if rest, ok := strings.CutPrefix(id, prefix); ok && len(rest) == idDigits {
		if hi, ok1 := from62(rest[:10]); ok1 {
			if lo, ok2 := from62(rest[10:20]); ok2 {
				if end, ok3 := from62(rest[20:]); ok3 {
					b = binary.BigEndian.AppendUint64(b, hi<<4|lo>>56)
					b = append(b, byte(lo>>48), byte(lo>>40), byte(lo>>32), byte(lo>>24), byte(lo>>16), byte(lo>>8), byte(lo))
					return binary.BigEndian.AppendUint16(b, uint16(end)), flags | short
				}
			}
		}
	}
	return appendText(b, id), flags
}

const (
	idDigits = 22
	idBytes  = 17
	// Ten digits of base62 fit 60 bits, two fit 12.
	tenDigits = 839299365868340224
	twoDigits = 62 * 62
	digits62  = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

func from62(s string) (uint64, bool) {
	v := uint64(0)
	for i := 0; i < len(s); i++ {
		d := uint64(0)
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d = uint64(c - '0')
		case c >= 'A' && c <= 'Z':
			d = uint64(c-'A') + 10
		case c >= 'a' && c <= 'z':
			d = uint64(c-'a') + 36
		default:
			return 0, false
		}
		v = v*62 + d
	}
	return v, true
}

func put62(b []byte, v uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = digits62[v%62]
		v /= 62
	}
}

func putUint48(b []byte, v uint64) {
	b[0], b[1], b[2], b[3], b[4], b[5] = byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
}

func uint48(s string) uint64 {
	return uint64(s[0])<<40 | uint64(s[1])<<32 | uint64(s[2])<<24 | uint64(s[3])<<16 | uint64(s[4])<<8 | uint64(s[5])
}

// errPacked says that a value is none of ours, or of another version: as good as not there.
var errPacked = errors.New("not a packed link")

// unpack reads what pack wrote. The texts of the answer share the value's memory; token is copied.
// A live claim shows as HotBusy; now is asked only when there is a claim.
func unpack(v string, token checkout.Token, now func() time.Time) (checkout.Hot, error) {
	if len(v) < headLength+2 || v[0] != format && v[0] != formatText && v[0] != formatMore || !knownState(v[1]) {
		return checkout.Hot{}, errPacked
	}
	n := int(v[8])<<8 | int(v[9])
	if n < headLength+2 || n > len(v) {
		return checkout.Hot{}, errPacked
	}
	h := checkout.Hot{State: checkout.HotState(v[1]), Rev: int64(uint48(v[2:]))}
	r := reader{rest: v[headLength+2 : n], textOrder: v[0] == formatText}
	r.keep(string(token))
	r.readBody(&h, token, v[headLength], v[headLength+1])
	if v[0] == formatMore {
		r.readMore(&h)
	}
	if r.bad || r.rest != "" {
		return checkout.Hot{}, errPacked
	}
	if claim := v[n:]; h.State == checkout.HotOpen && len(claim) > untilBytes && uint48(claim) > uint64(now().UnixMilli()) {
		h.State = checkout.HotBusy
	}
	return h, nil
}

// reader takes fields off the front; after the first mistake it answers zero values. Short
// identifiers, an order number of ours and the token gather in room and become one string, which is one allocation.
type reader struct {
	rest string
	bad  bool
	n    int
	room [checkout.TokenLength + 3*(4+idDigits) + orderLength]byte

	textOrder bool
}

// keep answers where in room the text now stands.
func (r *reader) keep(text string) idRef {
	from := r.n
	r.n += copy(r.room[r.n:], text)
	return idRef{from: from, to: r.n}
}

func (r *reader) readBody(h *checkout.Hot, token checkout.Token, flags, more byte) {
	h.Open, h.PayerNote = flags&hasOpen != 0, flags&hasNote != 0
	h.Version = r.varint()
	var from int64
	if flags&hasActiveFrom != 0 {
		from = r.varint()
		h.ActiveFrom = time.UnixMilli(from).UTC()
	}
	if flags&hasExpiresAt != 0 {
		h.ExpiresAt = time.UnixMilli(from + r.varint()).UTC()
	}
	h.Amount.Minor = r.varint()
	h.Amount.Currency = r.currency(more & 15)
	if flags&hasRange != 0 {
		h.MinMinor, h.MaxMinor = r.varint(), r.varint()
	}
	link := r.id(more&shortLink != 0, "lnk_")
	merchant := r.id(more&shortMerchant != 0, "mer_")
	h.Description = r.text()
	order := r.order()
	if flags&hasCategory != 0 {
		h.Category = r.text()
	}
	if more&hasCounts != 0 {
		h.Installments = r.counts()
	}
	var paidBy idRef
	if flags&hasPaidBy != 0 {
		paidBy = r.id(more&shortPaidBy != 0, "pay_")
	}
	if flags&hasPaidAt != 0 {
		h.PaidAt = time.UnixMilli(r.varint()).UTC()
	}
	own := string(r.room[:r.n])
	h.Token = checkout.Token(own[:len(token)])
	h.Link, h.Merchant, h.PaidBy = checkout.LinkID(link.in(own)), checkout.MerchantID(merchant.in(own)), checkout.PaymentID(paidBy.in(own))
	h.Order = checkout.OrderNumber(order.in(own))
}

// readMore reads the further flags. One that is not known here is of a later version.
func (r *reader) readMore(h *checkout.Hot) {
	s := r.take(1)
	if r.bad = r.bad || s[0]&^(isConsumer|hasAsks|hasCount|hasItems) != 0; r.bad {
		return
	}
	if s[0]&isConsumer != 0 {
		h.Sale = checkout.SaleConsumer
	}
	if s[0]&hasAsks != 0 {
		h.Asks = r.text()
	}
	if s[0]&hasCount != 0 {
		counted := r.take(1)
		h.Counted, h.Made, h.Most = counted == "\x01", int(r.varint()), int(r.varint())
		r.bad = r.bad || counted > "\x01"
	}
	if s[0]&hasItems != 0 {
		h.Items = r.text()
	}
}

func (r *reader) order() idRef {
	if r.textOrder {
		return idRef{text: r.text()}
	}
	u := r.uvarint()
	if u != packedOrder {
		if r.bad = r.bad || u&1 == 1 || u>>1 > uint64(len(r.rest)); r.bad {
			return idRef{}
		}
		return idRef{text: r.take(int(u >> 1))}
	}
	s := r.take(orderBytes)
	if r.bad {
		return idRef{}
	}
	day, number := int(s[0])<<8|int(s[1]), uint64(s[2])<<32|uint64(s[3])<<24|uint64(s[4])<<16|uint64(s[5])<<8|uint64(s[6])
	if day >= orderDays || number >= orderNumbers {
		r.bad = true
		return idRef{}
	}
	place := r.keep(orderPrefix)
	for _, part := range [...]int{day / 31 / 12, day/31%12 + 1, day%31 + 1} {
		r.room[r.n], r.room[r.n+1] = byte('0'+part/10), byte('0'+part%10)
		r.n += 2
	}
	r.room[r.n] = '-'
	r.n += 9
	for at := r.n - 1; at >= r.n-8; at-- {
		r.room[at] = orderDigits[number%31]
		number /= 31
	}
	return idRef{from: place.from, to: r.n}
}

// idRef is an identifier as text, or where it stands in the string that is made at the end.
type idRef struct {
	text     string
	from, to int
}

func (i idRef) in(own string) string {
	if i.to > 0 {
		return own[i.from:i.to]
	}
	return i.text
}

func (r *reader) id(short bool, prefix string) idRef {
	if !short {
		return idRef{text: r.text()}
	}
	s := r.take(idBytes)
	if r.bad {
		return idRef{}
	}
	hi := uint64(s[0])<<52 | uint64(s[1])<<44 | uint64(s[2])<<36 | uint64(s[3])<<28 | uint64(s[4])<<20 | uint64(s[5])<<12 | uint64(s[6])<<4 | uint64(s[7])>>4
	lo := uint64(s[7]&15)<<56 | uint64(s[8])<<48 | uint48(s[9:])
	end := uint64(s[15])<<8 | uint64(s[16])
	if hi >= tenDigits || lo >= tenDigits || end >= twoDigits {
		r.bad = true
		return idRef{}
	}
	place := r.keep(prefix)
	r.n += idDigits
	digits := r.room[place.to:r.n]
	put62(digits[:10], hi)
	put62(digits[10:20], lo)
	put62(digits[20:], end)
	return idRef{from: place.from, to: r.n}
}

func (r *reader) take(n int) string {
	if r.bad || n > len(r.rest) {
		r.bad = true
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func (r *reader) uvarint() uint64 {
	v, shift := uint64(0), 0
	for i := 0; i < len(r.rest) && !r.bad; i++ {
		c := r.rest[i]
		if shift == 63 && c > 1 {
			break
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			r.rest = r.rest[i+1:]
			return v
		}
		shift += 7
	}
	r.bad = true
	return 0
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	return r.take(int(n))
}

func (r *reader) currency(number byte) checkout.Currency {
	switch {
	case number == 0:
		return checkout.Currency(r.text())
	case int(number) < len(currencies):
		return currencies[number]
	}
	r.bad = true
	return ""
}

func (r *reader) counts() []int {
	u := r.uvarint()
	if u&1 == 1 {
		if u>>1 >= 1<<20 {
			r.bad = true
			return nil
		}
		counts := make([]int, 0, 12)
		for c := 1; c <= 20; c++ {
			if u>>c&1 == 1 {
				counts = append(counts, c)
			}
		}
		return counts
	}
	n := u >> 1
	if n > uint64(len(r.rest)) { // every count takes a byte at least
		r.bad = true
		return nil
	}
	counts := make([]int, n)
	for i := range counts {
		counts[i] = int(r.varint())
	}
	return counts
}
