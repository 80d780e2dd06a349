package web

import (
	"bytes"
	"encoding/binary"
)

// fault is why a request head is refused. Its index counts refusals.
type fault int

const (
	faultNone fault = iota
	faultLine
	faultVersion
	faultMethod
	faultTarget
	faultBareLF
	faultName
	faultValue
	faultHost
	faultLength
	faultCoding
	faultBoth
	faultRepeated
	faultGetBody
	faultExpect
	faultTooLarge
	faultSlow
	faults // how many there are
)

// refusal is what the client is told, and the word that counts it.
type refusal struct {
	status int
	reason string // of the status line
	word   string // of the metric
	text   string
}

// refusals answer each fault. The texts hold nothing of the request.
var refusals = [faults]refusal{
	faultLine:     {400, "Bad Request", "request_line", "The request line is malformed."},
	faultVersion:  {505, "HTTP Version Not Supported", "version", "This server speaks HTTP/1.1."},
	faultMethod:   {501, "Not Implemented", "method", "This server does not know the method."},
	faultTarget:   {400, "Bad Request", "target", "The request target is malformed."},
	faultBareLF:   {400, "Bad Request", "bare_lf", "Lines end with CR LF."},
	faultName:     {400, "Bad Request", "header_name", "A header name is malformed."},
	faultValue:    {400, "Bad Request", "header_value", "A header value is malformed."},
	faultHost:     {400, "Bad Request", "host", "A request names its host once."},
	faultLength:   {400, "Bad Request", "content_length", "The Content-Length is malformed or repeated."},
	faultCoding:   {411, "Length Required", "transfer_encoding", "Send a Content-Length; this server takes no Transfer-Encoding."},
	faultBoth:     {400, "Bad Request", "both_lengths", "Content-Length and Transfer-Encoding contradict each other."},
	faultRepeated: {400, "Bad Request", "repeated", "A header that may stand once stands twice."},
	faultGetBody:  {400, "Bad Request", "get_with_body", "GET and HEAD carry no body."},
	faultExpect:   {417, "Expectation Failed", "expect", "This server knows no other expectation than 100-continue."},
	faultTooLarge: {431, "Request Header Fields Too Large", "too_large", "The request line and headers are too large."},
	faultSlow:     {408, "Request Timeout", "slow", "The request took too long to arrive."},
}

// maxHeaders is how many header lines a head may have. Browsers send about twenty.
const maxHeaders = 100

// maxLengthDigits bounds a Content-Length so that it cannot overflow; what is larger than MaxBody
// is told so by the app.
const maxLengthDigits = 15

// Classes of bytes in a head (RFC 9110, sections 5.5 and 5.6.2; RFC 3986).
const (
	isToken  = 1 << iota // header names and methods
	inValue              // header values: everything but control characters; tab is allowed
	inTarget             // request targets: visible ASCII without the fragment mark
	inHost               // Host: a registered name or an address, and a port
)

var class = func() (t [256]uint8) {
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	mark := func(chars string, bit uint8) {
		for i := 0; i < len(chars); i++ {
			t[chars[i]] |= bit
		}
	}
	mark(alnum+"!#$%&'*+-.^_`|~", isToken)
	mark(alnum+"-._~:[]", inHost)
	t['\t'] |= inValue
	for c := 0x20; c < 0x100; c++ {
		if c != 0x7f {
			t[c] |= inValue
		}
		if c > 0x20 && c < 0x7f && c != '#' {
			t[c] |= inTarget
		}
	}
	return t
}()

func all(text []byte, bit uint8) bool {
	for _, c := range text {
		if class[c]&bit == 0 {
			return false
		}
	}
	return true
}

// clean is all(value, inValue), eight bytes at a time: values are most of a head.
func clean(value []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for len(value) >= 8 {
		x := binary.LittleEndian.Uint64(value)
		del := x ^ 0x7f*ones
		// The high bit of a byte is set where it is below a space, and where it is DEL; a borrow may
		// set more, so the slow way has the last word.
		if ((x-0x20*ones)&^x|(del-ones)&^del)&high != 0 && !all(value[:8], inValue) {
			return false
		}
		value = value[8:]
	}
	return all(value, inValue)
}

// head is what the guard must know of a request to find the next one.
type head struct {
	size int // bytes of the head, its empty line included; 0 = not complete yet
	body int64
}

// parseHead reads the request head at the start of b by the letter of RFC 9112 and tighter: what
// two readers could understand differently is refused (threat model, A60). checked is how many
// bytes an earlier call found incomplete.
//
// Tighter than the RFC, on purpose: no Transfer-Encoding at all (forms have lengths), no absolute
// or "//" target (its host could contradict the Host header), no body on GET and HEAD, one empty
// line before the request line at most.
func parseHead(b []byte, checked int) (head, fault) {
	from := 0
	if bytes.HasPrefix(b, []byte("\r\n")) { // RFC 9112, section 2.2
		from = 2
	}
	end := bytes.Index(b[max(from, checked-3):], []byte("\r\n\r\n"))
	if end < 0 {
		return head{}, incomplete(b, from, checked)
	}
	end += max(from, checked-3) + 4
	lines := b[from : end-2] // each line with its line end
	nl := bytes.IndexByte(lines, '\n')
	if nl < 1 || lines[nl-1] != '\r' {
		return head{}, faultBareLF
	}
	l := reading{body: -1}
	if f := l.requestLine(lines[:nl-1]); f != faultNone {
		return head{}, f
	}
	if f := l.headers(lines[nl+1:]); f != faultNone {
		return head{}, f
	}
	if f := l.verdict(); f != faultNone {
		return head{}, f
	}
	return head{size: end, body: max(l.body, 0)}, faultNone
}

// incomplete refuses early what cannot become a legal head any more, so that a client speaking
// something else is not kept waiting. The request line starts at from; up to checked no line ended
// wrongly.
func incomplete(b []byte, from, checked int) fault {
	if len(b) > from && (b[from] < 'A' || b[from] > 'Z') && b[from] != '\r' {
		return faultLine
	}
	for i := checked; i < len(b); i++ {
		nl := bytes.IndexByte(b[i:], '\n')
		if nl < 0 {
			break
		}
		if i += nl; i == 0 || b[i-1] != '\r' {
			return faultBareLF
		}
	}
	if len(b) >= MaxHead {
		return faultTooLarge
	}
	return faultNone
}

// reading collects what decides over a head while its lines go by.
type reading struct {
	old    bool // HTTP/1.0
	get    bool // GET or HEAD
	body   int64
	hosts  int
	coding bool
	types  int
	auths  int
}

func (l *reading) requestLine(line []byte) fault {
	sp := bytes.IndexByte(line, ' ')
	last := bytes.LastIndexByte(line, ' ')
	if sp <= 0 || last == sp {
		return faultLine
	}
	method, target, version := line[:sp], line[sp+1:last], line[last+1:]
	switch string(version) {
	case "HTTP/1.1":
	case "HTTP/1.0":
		l.old = true
	default:
		if bytes.HasPrefix(version, []byte("HTTP/")) && len(version) == len("HTTP/1.1") && all(version, inTarget) {
			return faultVersion
		}
		return faultLine
	}
	switch string(method) {
	case "GET", "HEAD":
		l.get = true
	case "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		if all(method, isToken) {
			return faultMethod
		}
		return faultLine
	}
	if len(target) == 0 || target[0] != '/' || (len(target) > 1 && target[1] == '/') || !all(target, inTarget) {
		return faultTarget
	}
	return faultNone
}

// headers checks every header line; a line that starts with a space (obs-fold) has no legal name.
func (l *reading) headers(lines []byte) fault {
	for n := 0; len(lines) > 0; n++ {
		if n == maxHeaders {
			return faultTooLarge
		}
		nl := bytes.IndexByte(lines, '\n')
		if nl < 1 || lines[nl-1] != '\r' {
			return faultBareLF
		}
		line := lines[:nl-1]
		lines = lines[nl+1:]
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || !all(line[:colon], isToken) {
			return faultName
		}
		value := line[colon+1:]
		if !clean(value) {
			return faultValue
		}
		if f := l.header(line[:colon], value); f != faultNone {
			return f
		}
	}
	return faultNone
}

// header looks at the headers that decide where a request ends and whom it is for.
func (l *reading) header(name, value []byte) fault {
	switch len(name) {
	case len("Host"):
		if named(name, "host") {
			return l.host(value)
		}
	case len("Expect"):
		if named(name, "expect") && !bytes.EqualFold(trim(value), []byte("100-continue")) {
			return faultExpect
		}
	case len("Content-Type"):
		if named(name, "content-type") {
			l.types++
		}
	case len("Authorization"):
		if named(name, "authorization") {
			l.auths++
		}
	case len("Content-Length"):
		if named(name, "content-length") {
			return l.length(trim(value))
		}
	case len("Transfer-Encoding"):
		if named(name, "transfer-encoding") {
			l.coding = true
		}
	}
	return faultNone
}

// named compares a header name with a lower-case word of the same length.
func named(name []byte, word string) bool {
	for i := range name {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

func trim(value []byte) []byte {
	for len(value) > 0 && (value[0] == ' ' || value[0] == '\t') {
		value = value[1:]
	}
	for len(value) > 0 && (value[len(value)-1] == ' ' || value[len(value)-1] == '\t') {
		value = value[:len(value)-1]
	}
	return value
}

func (l *reading) host(value []byte) fault {
	value = trim(value)
	if l.hosts++; l.hosts > 1 || len(value) == 0 || !all(value, inHost) {
		return faultHost
	}
	return faultNone
}

func (l *reading) length(value []byte) fault {
	if l.body >= 0 || len(value) == 0 || len(value) > maxLengthDigits {
		return faultLength
	}
	n := int64(0)
	for _, c := range value {
		if c < '0' || c > '9' {
			return faultLength
		}
		n = n*10 + int64(c-'0')
	}
	l.body = n
	return faultNone
}

// verdict judges the head as a whole.
func (l *reading) verdict() fault {
	switch {
	case l.coding && l.body >= 0, l.coding && l.old:
		return faultBoth
	case l.coding:
		return faultCoding
	case l.hosts == 0 && !l.old: // HTTP/1.0 had no Host yet; old health checks send none
		return faultHost
	case l.get && l.body > 0:
		return faultGetBody
	case l.types > 1 || l.auths > 1:
		return faultRepeated
	}
	return faultNone
}
