package web

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

// legalHeads are what clients send; every fault below is one of these with one thing wrong.
var legalHeads = map[string]string{
	"a browser's page view": "GET /p/aBcDeFgHiJkL?lang=tr HTTP/1.1\r\nHost: pay.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n" +
		"Accept: text/html,application/xhtml+xml\r\nAccept-Language: tr-TR,tr;q=0.9\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nCookie: a=b; c=\"d e\"\r\nConnection: keep-alive\r\n\r\n",
	"a form":                     "POST /p/x/pay HTTP/1.1\r\nHost: pay.example:8080\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1",
	"a length with zeros":        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 003\r\n\r\na=1",
	"no space after the colon":   "GET /x HTTP/1.1\r\nHost:x\r\nX-Empty:\r\n\r\n",
	"space around a value":       "POST /x HTTP/1.1\r\nHost: \t x \t\r\nContent-Length: \t3 \r\n\r\na=1",
	"HTTP/1.0 without a host":    "GET /livez HTTP/1.0\r\n\r\n",
	"HTTP/1.0 without headers":   "HEAD / HTTP/1.0\r\n\r\n",
	"an IPv6 host":               "GET /x HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
	"one empty line before":      "\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n",
	"a length of zero on GET":    "GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
	"names in any letter case":   "POST /x HTTP/1.1\r\nhOsT: x\r\ncontent-LENGTH: 3\r\n\r\na=1",
	"foreign bytes in a value":   "GET /x HTTP/1.1\r\nHost: x\r\nX-Name: \xc5\x9eule \xde\r\n\r\n",
	"100-continue":               "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\na=1",
	"odd characters in the path": "GET /x?a={b}|c^`\"<>\\ HTTP/1.1\r\nHost: x\r\n\r\n",
	"two slashes further on":     "GET /x?u=http://y//z HTTP/1.1\r\nHost: x\r\n\r\n",
}

func TestLegalHeadsPassWhereverTheyAreCut(t *testing.T) {
	for name, text := range legalHeads {
		t.Run(name, func(t *testing.T) {
			b := []byte(text)
			size := bytes.Index(b[2:], []byte("\r\n\r\n")) + 6
			checked := 0
			for n := 1; n < size; n++ {
				if h, f := parseHead(b[:n], checked); h.size != 0 || f != faultNone {
					t.Fatalf("cut at %d: %+v, fault %q", n, h, refusals[f].word)
				}
				checked = n
			}
			h, f := parseHead(b, checked)
			if f != faultNone || h.size != size || h.body != int64(len(b)-size) {
				t.Fatalf("%+v, fault %q; want %d and %d", h, refusals[f].word, size, len(b)-size)
			}
		})
	}
}

// badHeads are refused, each for its reason.
var badHeads = []struct {
	name  string
	text  string
	fault fault
}{
	{"both lengths", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", faultBoth},
	{"both lengths, the other way", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", faultBoth},
	{"chunked", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", faultCoding},
	{"identity", "POST /x HTTP/1.1\r\nHost: x\r\ntransfer-encoding: identity\r\n\r\n", faultCoding},
	{"an unknown coding", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", faultCoding},
	{"an empty coding", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n", faultCoding},
	{"chunked in HTTP/1.0", "POST /x HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", faultBoth},
	{"two lengths", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", faultLength},
	{"two equal lengths", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\ncontent-length: 3\r\n\r\n", faultLength},
	{"a list of lengths", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\n", faultLength},
	{"a signed length", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n", faultLength},
	{"a negative length", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", faultLength},
	{"a hexadecimal length", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\n", faultLength},
	{"an empty length", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n", faultLength},
	{"a length beyond all numbers", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551619\r\n\r\n", faultLength},
	{"a body on GET", "GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", faultGetBody},
	{"bare LF everywhere", "GET /x HTTP/1.1\nHost: x\n\n", faultBareLF},
	{"bare LF after the request line", "GET /x HTTP/1.1\nHost: x\r\n\r\n", faultBareLF},
	{"bare LF after a header", "GET /x HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", faultBareLF},
	{"bare LF before the empty line", "GET /x HTTP/1.1\r\nHost: x\n\r\n\r\n", faultBareLF},
	{"bare CR in a value", "GET /x HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", faultValue},
	{"bare CR before a line end", "GET /x HTTP/1.1\r\nHost: x\r\nX: a\r\r\n\r\n", faultValue},
	{"no host", "GET /x HTTP/1.1\r\nX: y\r\n\r\n", faultHost},
	{"two hosts", "GET /x HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", faultHost},
	{"two hosts in HTTP/1.0", "GET /x HTTP/1.0\r\nHost: x\r\nhost: y\r\n\r\n", faultHost},
	{"an empty host", "GET /x HTTP/1.1\r\nHost: \r\n\r\n", faultHost},
	{"a list of hosts", "GET /x HTTP/1.1\r\nHost: x, y\r\n\r\n", faultHost},
	{"a host with a user", "GET /x HTTP/1.1\r\nHost: a@x\r\n\r\n", faultHost},
	{"a host with a path", "GET /x HTTP/1.1\r\nHost: x/y\r\n\r\n", faultHost},
	{"obs-fold", "GET /x HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", faultName},
	{"obs-fold with a tab", "GET /x HTTP/1.1\r\nHost: x\r\nX: a\r\n\tb: c\r\n\r\n", faultName},
	{"a fold before the first header", "GET /x HTTP/1.1\r\n Host: x\r\n\r\n", faultName},
	{"space before the colon", "GET /x HTTP/1.1\r\nHost : x\r\n\r\n", faultName},
	{"tab before the colon", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length\t: 3\r\n\r\n", faultName},
	{"no name", "GET /x HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", faultName},
	{"no colon", "GET /x HTTP/1.1\r\nHost: x\r\nX\r\n\r\n", faultName},
	{"a name that is no token", "GET /x HTTP/1.1\r\nHost: x\r\nX(y): z\r\n\r\n", faultName},
	{"a name with a foreign letter", "GET /x HTTP/1.1\r\nHost: x\r\nContent-\xc4\xb0d: z\r\n\r\n", faultName},
	{"NUL in a name", "GET /x HTTP/1.1\r\nHost: x\r\nX\x00: z\r\n\r\n", faultName},
	{"NUL in a value", "GET /x HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n", faultValue},
	{"escape in a value", "GET /x HTTP/1.1\r\nHost: x\r\nX: \x1b[31m\r\n\r\n", faultValue},
	{"DEL in a value", "GET /x HTTP/1.1\r\nHost: x\r\nX: \x7f\r\n\r\n", faultValue},
	{"NUL in the target", "GET /x\x00 HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"space in the target", "GET /x y HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"tab for a space", "GET\t/x\tHTTP/1.1\r\nHost: x\r\n\r\n", faultLine},
	{"two spaces", "GET  /x HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"a space after the version", "GET /x HTTP/1.1 \r\nHost: x\r\n\r\n", faultLine},
	{"a fragment", "GET /x#y HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"foreign bytes in the target", "GET /\xc5\x9f HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"an absolute target", "GET http://y/x HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"a target that names another host", "GET //evil.example/p/x HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"a star", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", faultTarget},
	{"no target", "GET HTTP/1.1\r\nHost: x\r\n\r\n", faultLine},
	{"no version", "GET /x\r\nHost: x\r\n\r\n", faultLine},
	{"HTTP/0.9", "GET /x HTTP/0.9\r\nHost: x\r\n\r\n", faultVersion},
	{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", faultVersion},
	{"HTTP/1.10", "GET /x HTTP/1.10\r\nHost: x\r\n\r\n", faultLine},
	{"a small version", "GET /x http/1.1\r\nHost: x\r\n\r\n", faultLine},
	{"an unknown method", "BREW /x HTTP/1.1\r\nHost: x\r\n\r\n", faultMethod},
	{"CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", faultMethod},
	{"TRACE", "TRACE /x HTTP/1.1\r\nHost: x\r\n\r\n", faultMethod},
	{"a small method", "get /x HTTP/1.1\r\nHost: x\r\n\r\n", faultLine},
	{"a method that is no token", "GET( /x HTTP/1.1\r\nHost: x\r\n\r\n", faultLine},
	{"TLS on the plain port", "\x16\x03\x01\x02\x00\x01", faultLine},
	{"two empty lines before", "\r\n\r\nGET /x HTTP/1.1\r\nHost: x\r\n\r\n", faultLine},
	{"another expectation", "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 3\r\n\r\n", faultExpect},
	{"two media types", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 3\r\n\r\n", faultRepeated},
	{"two credentials", "GET /x HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", faultRepeated},
	{"101 headers", "GET /x HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: y\r\n", 100) + "\r\n", faultTooLarge},
	{"a head that never ends", "GET /" + strings.Repeat("x", MaxHead), faultTooLarge},
	{"a head that never ends after an empty line", "\r\nGET /" + strings.Repeat("x", MaxHead-7), faultTooLarge},
}

func TestA60_WhatTwoReadersCouldReadDifferentlyIsRefused(t *testing.T) {
	for _, tc := range badHeads {
		t.Run(tc.name, func(t *testing.T) {
			b := []byte(tc.text)
			if h, f := parseHead(b, 0); f != tc.fault || h.size != 0 {
				t.Errorf("whole: %+v, fault %q, want %q", h, refusals[f].word, refusals[tc.fault].word)
			}
			// However it arrives, it is refused, at the latest when it is whole.
			checked := 0
			for n := 1; n <= len(b); n++ {
				h, f := parseHead(b[:n], checked)
				if f != faultNone {
					return
				}
				if h.size != 0 {
					t.Fatalf("passed when cut at %d", n)
				}
				checked = n
			}
			t.Error("never refused byte by byte")
		})
	}
}

// FuzzHead: what passes the guard is read by fasthttp, and by net/http where it reads it at all, as
// the same single request that ends at the same byte.
func FuzzHead(f *testing.F) {
	for _, text := range legalHeads {
		f.Add([]byte(text))
	}
	for _, tc := range badHeads {
		if len(tc.text) < 1000 {
			f.Add([]byte(tc.text))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, fault := parseHead(b, 0)
		if fault != faultNone || h.size == 0 || int64(len(b)-h.size) < h.body {
			return
		}
		one := b[:int64(h.size)+h.body]
		sameToFasthttp(t, one, h)
		sameToNetHTTP(t, one, h)
	})
}

func sameToFasthttp(t *testing.T, one []byte, h head) {
	t.Helper()
	r := bufio.NewReaderSize(bytes.NewReader(one), MaxHead)
	var req fasthttp.Request
	if err := req.Header.Read(r); err != nil {
		t.Fatalf("fasthttp refuses %q: %v", one, err)
	}
	n := max(req.Header.ContentLength(), 0)
	if int64(n) != h.body {
		t.Fatalf("fasthttp reads a body of %d, the guard of %d: %q", n, h.body, one)
	}
	if rest := r.Buffered(); rest != n {
		t.Fatalf("fasthttp's head ends %d bytes before the guard's: %q", rest-n, one)
	}
	line, _, _ := bytes.Cut(bytes.TrimPrefix(one, []byte("\r\n")), []byte("\r\n"))
	if want := string(req.Header.Method()) + " " + string(req.Header.RequestURI()) + " " + string(req.Header.Protocol()); string(line) != want {
		t.Fatalf("fasthttp reads %q of %q", want, line)
	}
	if len(req.Header.PeekAll("Host")) > 1 || len(req.Header.PeekAll("Transfer-Encoding")) > 0 {
		t.Fatalf("fasthttp sees what the guard refuses: %q", one)
	}
}

func sameToNetHTTP(t *testing.T, one []byte, h head) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(one, []byte("\r\n"))))
	req, err := http.ReadRequest(r)
	if err != nil {
		return // stricter about something that decides nothing here
	}
	n, err := io.Copy(io.Discard, req.Body)
	if err != nil || n != h.body {
		t.Fatalf("net/http reads a body of %d (%v), the guard of %d: %q", n, err, h.body, one)
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Fatalf("net/http leaves bytes of %q", one)
	}
}

func BenchmarkParseHead(b *testing.B) {
	text := []byte(legalHeads["a browser's page view"])
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if h, _ := parseHead(text, 0); h.size != len(text) {
			b.Fatal("refused")
		}
	}
}

// The quick check of values is the slow one for every byte at every place of a word.
func TestCleanIsTheTableForEveryByteAtEveryPlace(t *testing.T) {
	for _, fill := range []byte{' ', 'a', '\t', 0x80, 0xff} {
		for at := range 11 {
			for c := range 256 {
				value := bytes.Repeat([]byte{fill}, 11)
				value[at] = byte(c)
				if got, want := clean(value), all(value, inValue); got != want {
					t.Fatalf("%q: %v, want %v", value, got, want)
				}
			}
		}
	}
}
