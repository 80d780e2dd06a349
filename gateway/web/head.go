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
	code   string // stable, for programs
	text   string
	tr     string // the same in Turkish
}

// refusals answer each fault. The texts hold nothing of the request.
var refusals = [faults]refusal{
	faultLine:     {400, "Bad Request", "request_line", "bad_request", "The request line is malformed.", "İstek satırı bozuk."},
	faultVersion:  {505, "HTTP Version Not Supported", "version", "http_version_not_supported", "This server speaks HTTP/1.1.", "Bu sunucu HTTP/1.1 konuşur."},
	faultMethod:   {501, "Not Implemented", "method", "method_unknown", "This server does not know the method.", "Bu sunucu bu yöntemi tanımıyor."},
	faultTarget:   {400, "Bad Request", "target", "bad_request", "The request target is malformed.", "İstenen adres bozuk."},
	faultBareLF:   {400, "Bad Request", "bare_lf", "bad_request", "Lines end with CR LF.", "Satırlar CR LF ile biter."},
	faultName:     {400, "Bad Request", "header_name", "bad_request", "A header name is malformed.", "Bir başlığın adı bozuk."},
	faultValue:    {400, "Bad Request", "header_value", "bad_request", "A header value is malformed.", "Bir başlığın değeri bozuk."},
	faultHost:     {400, "Bad Request", "host", "bad_request", "A request names its host once.", "İstekte Host başlığı bir kez bulunur."},
	faultLength:   {400, "Bad Request", "content_length", "bad_request", "The Content-Length is malformed or repeated.", "Content-Length bozuk veya yinelenmiş."},
	faultCoding:   {411, "Length Required", "transfer_encoding", "length_required", "Send a Content-Length; this server takes no Transfer-Encoding.", "Content-Length gönderin; bu sunucu Transfer-Encoding kabul etmiyor."},
	faultBoth:     {400, "Bad Request", "both_lengths", "bad_request", "Content-Length and Transfer-Encoding contradict each other.", "Content-Length ile Transfer-Encoding çelişiyor."},
	faultRepeated: {400, "Bad Request", "repeated", "bad_request", "A header that may stand once stands twice.", "Bir kez bulunabilen bir başlık iki kez geçiyor."},
	faultGetBody:  {400, "Bad Request", "get_with_body", "bad_request", "GET and HEAD carry no body.", "GET ve HEAD gövde taşımaz."},
	faultExpect:   {417, "Expectation Failed", "expect", "expectation_failed", "This server knows no other expectation than 100-continue.", "Bu sunucu 100-continue dışında bir Expect tanımıyor."},
	faultTooLarge: {431, "Request Header Fields Too Large", "too_large", "head_too_large", "The request line and headers are too large.", "İstek satırı ve başlıklar çok büyük."},
	faultSlow:     {408, "Request Timeout", "slow", "request_timeout", "The request took too long to arrive.", "İsteğin gelmesi çok uzun sürdü."},
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
	lane laneHead
}

// laneHead is what the lane reads of a head. Its texts are parts of it; nil is a header that is not there.
type laneHead struct {
	plain     bool // a GET of HTTP/1.1 without a body, and nothing else that the lane leaves to the app
	target    []byte
	lines     []byte // of the headers, as they came
	host      []byte
	coding    []byte // Accept-Encoding
	language  []byte // Accept-Language
	forwarded []byte // X-Forwarded-For
}

// parseHead reads the request head at the start of b by the letter of RFC 9112 and tighter: what
// two readers could understand differently is refused (threat model, A60). Of b, an earlier call
// found the first checked bytes incomplete. A wrong line is refused as soon as it has ended.
//
// Tighter than the RFC, on purpose: no Transfer-Encoding at all (forms have lengths), no absolute
// or "//" target (its host could contradict the Host header), no body on GET and HEAD, one empty
// line before the request line at most.
func parseHead(b []byte, checked int) (head, fault) {
	at := 0
	if bytes.HasPrefix(b, []byte("\r\n")) { // RFC 9112, section 2.2
		at = 2
	}
	if len(b) > at && (b[at] < 'A' || b[at] > 'Z') && b[at] != '\r' {
		return head{}, faultLine // no method starts so: do not wait for the end of the line
	}
	if bytes.IndexByte(b[checked:], '\n') >= 0 {
		if h, f := parseLines(b, at); h.size > 0 || f != faultNone {
			return h, f
		}
	}
	if len(b) >= MaxHead {
		return head{}, faultTooLarge
	}
	return head{}, faultNone
}

// parseLines reads the lines of b from at on, up to the empty one; no size means that it has not
// come yet.
func parseLines(b []byte, at int) (head, fault) {
	l := reading{body: -1}
	for n := 0; ; n++ {
		line, f := nextLine(b[at:])
		if line == nil {
			return head{}, f
		}
		at += len(line) + len("\r\n")
		switch {
		case n == 0:
			f = l.requestLine(line)
			l.first = at
		case len(line) > 0:
			f = l.header(n, line)
		default:
			if f = l.verdict(); f == faultNone {
				l.lane.lines = b[l.first:at]
				return head{size: at, body: max(l.body, 0), lane: l.lane}, faultNone
			}
		}
		if f != faultNone {
			return head{}, f
		}
	}
}

// nextLine is the first line of b without its end, nil when it has not ended.
func nextLine(b []byte) ([]byte, fault) {
	nl := bytes.IndexByte(b, '\n')
	if nl < 0 {
		return nil, faultNone
	}
	if nl == 0 || b[nl-1] != '\r' {
		return nil, faultBareLF
	}
	return b[:nl-1], faultNone
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
	first  int // where the header lines begin
	lane   laneHead
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
	l.lane.plain, l.lane.target = len(method) == len("GET") && l.get && !l.old, target
	return faultNone
}

// header checks the nth header line; a line that starts with a space (obs-fold) has no legal name.
func (l *reading) header(n int, line []byte) fault {
	if n > maxHeaders {
		return faultTooLarge
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || !all(line[:colon], isToken) {
		return faultName
	}
	if !clean(line[colon+1:]) {
		return faultValue
	}
	return l.decisive(line[:colon], line[colon+1:])
}

// decisive looks at the headers that decide where a request ends and whom it is for.
func (l *reading) decisive(name, value []byte) fault {
	switch len(name) {
	case len("Host"):
		if named(name, "host") {
			return l.host(value)
		}
	case len("Expect"):
		if named(name, "expect") && !bytes.EqualFold(trim(value), []byte("100-continue")) {
			return faultExpect
		}
		l.lane.unless(name, "expect", "cookie")
	case len("Connection"):
		if named(name, "connection") && !bytes.EqualFold(trim(value), []byte("keep-alive")) {
			l.lane.plain = false
		}
	case len("Accept-Encoding"):
		l.lane.take(name, value)
	case len("Content-Encoding"):
		l.lane.unless(name, "content-encoding", "proxy-connection")
	case len("Trailer"):
		l.lane.unless(name, "trailer", "upgrade")
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
			l.lane.plain = false
			return l.length(trim(value))
		}
	case len("Transfer-Encoding"):
		if named(name, "transfer-encoding") {
			l.coding = true
		}
	}
	return faultNone
}

// unless leaves a request with one of these headers, as long as this one's name, to the app.
func (w *laneHead) unless(name []byte, words ...string) {
	for _, word := range words {
		if named(name, word) {
			w.plain = false
		}
	}
}

// take keeps what the lane reads of the headers whose names are as long as this one's. What is told twice
// is the app's to understand.
func (w *laneHead) take(name, value []byte) {
	var field *[]byte
	switch {
	case named(name, "accept-encoding"):
		field = &w.coding
	case named(name, "accept-language"):
		field = &w.language
	case named(name, "x-forwarded-for"):
		field = &w.forwarded
	default:
		return
	}
	if *field != nil {
		w.plain = false
	}
	*field = value
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
	l.lane.host = value
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
