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
//	0       format: high nibble A, low nibble the version of the body (4; 1 to 3 are still read, see before.go)
//	1       state, one of checkout's Hot… bytes
//	2–7     Rev, big endian
//	8–9     n, big endian: how long the copy is; what follows it is a claim
//	10–11   flags, big endian
//	12–n    the fields, see appendBody
//	n–n+5   claim: until when, Unix milliseconds, big endian
//	n+6–    claim: the payment that has it
//
// The first ten bytes mean the same in every version, so that gateways of two versions beside each
// other still agree which copy is newer (threat model C25). A body of a later version is "not here".
//
// What most links are like takes least: Redis' allocator gives a value of at most 92 bytes 96, and one of at most 108
// bytes 112. A link made with an amount and a description of 27 bytes takes 85, and 106 once it is paid.
const (
	format     = 0xA4
	headLength = 10
	untilBytes = 6

	// maxPacked bounds one copy, so that its length fits its field and no text of a merchant fills
	// the memory of everybody.
	maxPacked = 16 << 10

	maxRev = 1<<48 - 1
)

// Flags. The low four bits are the currency; when the link ends and what its order number is like have two bits each.
const (
	isFirst   = 1 << (4 + iota) // of Version 1, which is not written
	ownIDs                      // link and merchant are identifiers of ours
	isHundred                   // the amount is written in hundreds
	hasFrom
	hasCounts
	hasNote
	hasPaid // by an identifier of ours
	hasMore // a byte of further flags behind the fields

	currencyBits = 1<<4 - 1
	endShift     = 12
	orderShift   = 14
)

// When a link ends.
const (
	endsNever = iota
	endsMillis
	endsMinutes
	endsInADay
)

// What an order number is like.
const (
	orderText  = iota
	orderOwn   // made here, see ownOrder
	orderToday // made here on the day of ActiveFrom
)

// Further flags.
const (
	isConsumer = 1 << iota
	hasAsks
	hasCount
	hasItems
	isOpen
	hasRange
	hasCategory
	hasOddPaid // what hasPaid does not tell
)

// Units of times, in milliseconds. They are wire forms.
const (
	minute = 60_000
	aDay   = 24 * 60 * minute

	// epoch is the first of January 2020; an instant is five bytes until 2054, see appendInstant.
	epoch       = 1_577_836_800_000
	shortMillis = 0xFF << 32
	longInstant = 0xFF
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
	flags := uint16(currencyNumber(h.Amount.Currency)) | flagIf(h.PayerNote, hasNote)
	if h.Version == 1 {
		flags |= isFirst
	} else {
		b = binary.AppendVarint(b, h.Version)
	}
	b, from, times := appendTimes(b, h)
	flags |= times
	if minor := h.Amount.Minor; minor%100 == 0 {
		flags |= isHundred
		b = binary.AppendVarint(b, minor/100)
	} else {
		b = binary.AppendVarint(b, minor)
	}
	if flags&currencyBits == 0 {
		b = appendText(b, string(h.Amount.Currency))
	}
	b, own := appendIDs(b, string(h.Link), string(h.Merchant))
	b = appendText(b, h.Description)
	b, order := appendOrder(b, string(h.Order), h.ActiveFrom)
	flags |= own | order<<orderShift
	if h.Installments != nil {
		flags |= hasCounts
		b = appendCounts(b, h.Installments)
	}
	more := moreOf(h)
	if payment, ok := readID(paymentPrefix, string(h.PaidBy)); ok && !h.PaidAt.IsZero() {
		flags |= hasPaid
		b = binary.BigEndian.AppendUint16(appendTwenty(b, payment), payment.end)
		b = binary.AppendVarint(b, h.PaidAt.UnixMilli()-from)
	} else if h.PaidBy != "" || !h.PaidAt.IsZero() {
		more |= hasOddPaid
	}
	if more != 0 {
		flags |= hasMore
		b = appendMore(b, h, more)
	}
	binary.BigEndian.PutUint16(b[headLength:], flags)
	return b
}

// appendTimes writes when a link begins and ends. A link whose dates were left blank ends a day after it began, and
// people choose whole minutes, of the clock or since it began: the lowest bit of those is set for the clock's.
func appendTimes(b []byte, h checkout.Hot) (_ []byte, from int64, flags uint16) {
	if !h.ActiveFrom.IsZero() {
		flags = hasFrom
		from = h.ActiveFrom.UnixMilli()
		b = appendInstant(b, from)
	}
	if h.ExpiresAt.IsZero() {
		return b, from, flags
	}
	life := h.ExpiresAt.UnixMilli() - from
	clock := life + from%minute
	switch {
	case life == aDay:
		return b, from, flags | endsInADay<<endShift
	case life >= 0 && life%minute == 0:
		return binary.AppendUvarint(b, uint64(life/minute)<<1), from, flags | endsMinutes<<endShift
	case clock >= 0 && clock%minute == 0:
		return binary.AppendUvarint(b, uint64(clock/minute)<<1|1), from, flags | endsMinutes<<endShift
	}
	return binary.AppendVarint(b, life), from, flags | endsMillis<<endShift
}

// appendInstant writes Unix milliseconds.
func appendInstant(b []byte, millis int64) []byte {
	if v := uint64(millis - epoch); v < shortMillis {
		return append(b, byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	return binary.AppendVarint(append(b, longInstant), millis)
}

// moreOf are the further flags of a link, apart from how it was paid.
func moreOf(h checkout.Hot) byte {
	return setIf(h.Sale == checkout.SaleConsumer, isConsumer) | setIf(h.Asks != "", hasAsks) | setIf(h.Counted || h.Made != 0 || h.Most != 0, hasCount) | setIf(h.Items != "", hasItems) |
		setIf(h.Open, isOpen) | setIf(h.MinMinor != 0 || h.MaxMinor != 0, hasRange) | setIf(h.Category != "", hasCategory)
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
	if flags&hasRange != 0 {
		b = binary.AppendVarint(b, h.MinMinor)
		b = binary.AppendVarint(b, h.MaxMinor)
	}
	if flags&hasCategory != 0 {
		b = appendText(b, h.Category)
	}
	if flags&hasOddPaid != 0 {
		b = appendText(b, string(h.PaidBy))
		b = append(b, setIf(!h.PaidAt.IsZero(), 1))
		if !h.PaidAt.IsZero() {
			b = binary.AppendVarint(b, h.PaidAt.UnixMilli())
		}
	}
	return b
}

func flagIf(set bool, flag uint16) uint16 {
	if set {
		return flag
	}
	return 0
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
// bytes, which are not written where the link begins on that day of UTC's, and five instead of eighteen. Merchants' own numbers
// stay texts.
const (
	orderPrefix  = "OD-"
	orderDigits  = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
	orderLength  = len("OD-261122-K7Q2MZ4R")
	orderDays    = 100 * 12 * 31 // every day that a date of six digits can name
	orderNumbers = 31 * 31 * 31 * 31 * 31 * 31 * 31 * 31
)

func appendOrder(b []byte, order string, from time.Time) (_ []byte, form uint16) {
	day, number, ok := ownOrder(order)
	if !ok {
		return appendText(b, order), orderText
	}
	form = orderToday
	if from.IsZero() || orderDay(from) != day {
		form = orderOwn
		b = append(b, byte(day>>8), byte(day))
	}
	return append(b, byte(number>>32), byte(number>>24), byte(number>>16), byte(number>>8), byte(number)), form
}

// orderDay is the day of a time as ownOrder counts; below 0 before our era.
func orderDay(at time.Time) int {
	year, month, day := at.UTC().Date()
	return (year%100*12+int(month)-1)*31 + day - 1
}

// ownOrder reads a number of ours: the day counts 31 days to a month, the number is of base 31.
func ownOrder(order string) (day int, number uint64, ok bool) {
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
	return (date[0]*12+date[1]-1)*31 + date[2] - 1, number, true
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

// id is the number that the 22 digits of an identifier of ours are: ten, ten and two of them.
type id struct {
	hi, lo uint64
	end    uint16
}

func readID(prefix, text string) (n id, ok bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(rest) != idDigits {
		return n, false
	}
	hi, ok1 := from62(rest[:10])
	lo, ok2 := from62(rest[10:20])
	end, ok3 := from62(rest[20:])
	return id{hi, lo, uint16(end)}, ok1 && ok2 && ok3
}

// appendIDs writes two identifiers of ours as 33 bytes, whose last three are the last digits of both, and whatever
// does not look like them as texts.
func appendIDs(b []byte, link, merchant string) (_ []byte, flags uint16) {
	l, ok1 := readID(linkPrefix, link)
	m, ok2 := readID(merchantPrefix, merchant)
	if !ok1 || !ok2 {
		return appendText(appendText(b, link), merchant), 0
	}
	b = appendTwenty(appendTwenty(b, l), m)
	return append(b, byte(l.end>>4), byte(l.end<<4|m.end>>8), byte(m.end)), ownIDs
}

// appendTwenty writes the first twenty digits as fifteen bytes.
func appendTwenty(b []byte, n id) []byte {
	b = binary.BigEndian.AppendUint64(b, n.hi<<4|n.lo>>56)
	return append(b, byte(n.lo>>48), byte(n.lo>>40), byte(n.lo>>32), byte(n.lo>>24), byte(n.lo>>16), byte(n.lo>>8), byte(n.lo))
}

const (
	linkPrefix     = "lnk_"
	merchantPrefix = "mer_"
	paymentPrefix  = "pay_"

	idDigits    = 22
	twentyBytes = 15
	// Ten digits of base62 fit 60 bits, two fit 12.
	tenDigits  = fiveDigits * fiveDigits
	fiveDigits = 62 * 62 * 62 * 62 * 62
	twoDigits  = 62 * 62
	digits62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
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

// putTen writes ten digits, in halves that a processor works out side by side.
func putTen(b []byte, v uint64) {
	hi, lo := uint32(v/fiveDigits), uint32(v%fiveDigits)
	for i := 4; i >= 0; i-- {
		b[i], b[i+5] = digits62[hi%62], digits62[lo%62]
		hi /= 62
		lo /= 62
	}
}

func putUint48(b []byte, v uint64) {
	b[0], b[1], b[2], b[3], b[4], b[5] = byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v)
}

func uint48(s string) uint64 {
	return uint64(s[0])<<40 | uint64(s[1])<<32 | uint64(s[2])<<24 | uint64(s[3])<<16 | uint64(s[4])<<8 | uint64(s[5])
}

func uint40(s string) uint64 {
	return uint64(s[0])<<32 | uint64(s[1])<<24 | uint64(s[2])<<16 | uint64(s[3])<<8 | uint64(s[4])
}

// errPacked says that a value is none of ours, or of another version: as good as not there.
var errPacked = errors.New("not a packed link")

// unpack reads what pack wrote. The texts of the answer share the value's memory; token is copied.
// A live claim shows as HotBusy; now is asked only when there is a claim.
func unpack(v string, token checkout.Token, now func() time.Time) (checkout.Hot, error) {
	if len(v) < headLength+2 || v[0] < formatText || v[0] > format || !knownState(v[1]) {
		return checkout.Hot{}, errPacked
	}
	n := int(v[8])<<8 | int(v[9])
	if n < headLength+2 || n > len(v) {
		return checkout.Hot{}, errPacked
	}
	h := checkout.Hot{State: checkout.HotState(v[1]), Rev: int64(uint48(v[2:]))}
	r := reader{rest: v[headLength+2 : n]}
	r.keep(string(token))
	if v[0] == format {
		r.readBody(&h, token, uint16(v[headLength])<<8|uint16(v[headLength+1]))
	} else {
		r.readBefore(&h, token, v[0], v[headLength], v[headLength+1])
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
}

// keep answers where in room the text now stands.
func (r *reader) keep(text string) idRef {
	from := r.n
	r.n += copy(r.room[r.n:], text)
	return idRef{from: from, to: r.n}
}

func (r *reader) readBody(h *checkout.Hot, token checkout.Token, flags uint16) {
	h.PayerNote, h.Version = flags&hasNote != 0, 1
	if flags&isFirst == 0 {
		h.Version = r.varint()
	}
	from := r.times(h, flags)
	h.Amount.Minor = r.varint()
	if flags&isHundred != 0 {
		h.Amount.Minor *= 100
	}
	h.Amount.Currency = r.currency(byte(flags & currencyBits))
	var ids identifiers
	if flags&ownIDs != 0 {
		ids.link, ids.merchant = r.ownIDs()
	} else {
		ids.link, ids.merchant = idRef{text: r.text()}, idRef{text: r.text()}
	}
	h.Description = r.text()
	ids.order = r.order(flags>>orderShift, h.ActiveFrom)
	if flags&hasCounts != 0 {
		h.Installments = r.counts()
	}
	if flags&hasPaid != 0 {
		ids.paidBy = r.ownID(paymentPrefix)
		h.PaidAt = time.UnixMilli(from + r.varint()).UTC()
	}
	if flags&hasMore != 0 {
		r.readMore(h, &ids)
	}
	r.settle(h, token, ids)
}

// times reads when a link begins, which it answers, and ends.
func (r *reader) times(h *checkout.Hot, flags uint16) (from int64) {
	if flags&hasFrom != 0 {
		from = r.instant()
		h.ActiveFrom = time.UnixMilli(from).UTC()
	}
	life := int64(aDay)
	switch flags >> endShift & 3 {
	case endsNever:
		return from
	case endsMillis:
		life = r.varint()
	case endsMinutes:
		u := r.uvarint()
		life = int64(u>>1) * minute
		if u&1 == 1 {
			life -= from % minute
		}
	}
	h.ExpiresAt = time.UnixMilli(from + life).UTC()
	return from
}

func (r *reader) instant() int64 {
	if r.rest != "" && r.rest[0] == longInstant {
		r.take(1)
		return r.varint()
	}
	s := r.take(5)
	if r.bad {
		return 0
	}
	return epoch + int64(uint40(s))
}

// readMore reads the further flags.
func (r *reader) readMore(h *checkout.Hot, ids *identifiers) {
	s := r.take(1)
	if r.bad {
		return
	}
	flags := s[0]
	if flags&isConsumer != 0 {
		h.Sale = checkout.SaleConsumer
	}
	if flags&hasAsks != 0 {
		h.Asks = r.text()
	}
	if flags&hasCount != 0 {
		h.Counted, h.Made, h.Most = r.yes(), int(r.varint()), int(r.varint())
	}
	if flags&hasItems != 0 {
		h.Items = r.text()
	}
	h.Open = h.Open || flags&isOpen != 0 // a body before told it elsewhere
	if flags&hasRange != 0 {
		h.MinMinor, h.MaxMinor = r.varint(), r.varint()
	}
	if flags&hasCategory != 0 {
		h.Category = r.text()
	}
	if flags&hasOddPaid != 0 {
		ids.paidBy = idRef{text: r.text()}
		if r.yes() {
			h.PaidAt = time.UnixMilli(r.varint()).UTC()
		}
	}
}

// yes reads a byte that is 1 or 0.
func (r *reader) yes() bool {
	s := r.take(1)
	r.bad = r.bad || s > "\x01"
	return s == "\x01"
}

// identifiers are those of a link, beside its token.
type identifiers struct {
	link, merchant, paidBy, order idRef
}

// settle makes the string that the identifiers and the token share.
func (r *reader) settle(h *checkout.Hot, token checkout.Token, ids identifiers) {
	own := string(r.room[:r.n])
	h.Token = checkout.Token(own[:len(token)])
	h.Link, h.Merchant, h.PaidBy = checkout.LinkID(ids.link.in(own)), checkout.MerchantID(ids.merchant.in(own)), checkout.PaymentID(ids.paidBy.in(own))
	h.Order = checkout.OrderNumber(ids.order.in(own))
}

func (r *reader) order(form uint16, from time.Time) idRef {
	switch form {
	case orderText:
		return idRef{text: r.text()}
	case orderOwn:
		return r.ownOrder(r.day())
	case orderToday:
		if !from.IsZero() {
			return r.ownOrder(orderDay(from))
		}
	}
	r.bad = true
	return idRef{}
}

// day reads the day of an order number.
func (r *reader) day() int {
	s := r.take(2)
	if r.bad {
		return 0
	}
	return int(s[0])<<8 | int(s[1])
}

// ownOrder reads the rest of an order number of ours and writes it out.
func (r *reader) ownOrder(day int) idRef {
	s := r.take(5)
	if r.bad {
		return idRef{}
	}
	number := uint40(s)
	if day < 0 || day >= orderDays || number >= orderNumbers {
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

// ownIDs reads the identifiers of link and merchant.
func (r *reader) ownIDs() (link, merchant idRef) {
	link, merchant = r.twenty(linkPrefix), r.twenty(merchantPrefix)
	s := r.take(3)
	if r.bad {
		return idRef{}, idRef{}
	}
	r.lastTwo(link, uint64(s[0])<<4|uint64(s[1])>>4)
	r.lastTwo(merchant, uint64(s[1]&15)<<8|uint64(s[2]))
	return link, merchant
}

// ownID reads an identifier that stands alone.
func (r *reader) ownID(prefix string) idRef {
	ref := r.twenty(prefix)
	s := r.take(2)
	if r.bad {
		return idRef{}
	}
	r.lastTwo(ref, uint64(s[0])<<8|uint64(s[1]))
	return ref
}

// twenty reads an identifier's first twenty digits and leaves room for the last two.
func (r *reader) twenty(prefix string) idRef {
	s := r.take(twentyBytes)
	if r.bad {
		return idRef{}
	}
	hi := uint64(s[0])<<52 | uint64(s[1])<<44 | uint64(s[2])<<36 | uint64(s[3])<<28 | uint64(s[4])<<20 | uint64(s[5])<<12 | uint64(s[6])<<4 | uint64(s[7])>>4
	lo := uint64(s[7]&15)<<56 | uint64(s[8])<<48 | uint48(s[9:])
	if hi >= tenDigits || lo >= tenDigits {
		r.bad = true
		return idRef{}
	}
	place := r.keep(prefix)
	r.n += idDigits
	digits := r.room[place.to:r.n]
	putTen(digits[:10], hi)
	putTen(digits[10:20], lo)
	return idRef{from: place.from, to: r.n}
}

func (r *reader) lastTwo(ref idRef, end uint64) {
	r.bad = r.bad || end >= twoDigits
	r.room[ref.to-2], r.room[ref.to-1] = digits62[end/62%62], digits62[end%62]
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
