package observe

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var served = map[string]Served{
	"a page":                    {Method: "GET", Route: "/p/:token", Status: 200, Bytes: 5, Took: time.Millisecond, Client: netip.MustParseAddr("203.0.113.9")},
	"a failure":                 {Method: "POST", Route: "/p/:token/pay", Status: 503, Took: 1500 * time.Microsecond, Code: "temporarily_unavailable", Ref: "REF"},
	"nobody's address":          {Method: "other", Status: 404, Bytes: -1, Took: 999, Client: netip.MustParseAddr("2001:db8::1"), Ref: "X"},
	"a route that is quoted":    {Method: "GET", Route: `/a "b"/*`, Status: 200},
	"a route of another script": {Method: "GET", Route: "/ö", Status: 200},
	"characters of HTML":        {Method: "GET", Route: "/<a>&b", Status: 200},
	"an equals sign":            {Method: "GET", Route: "/a=b", Status: 200, Code: "c d", Ref: "e\\f"},
}

// TestAccessLogWritesWhatSlogWould: every line is slog's, byte for byte, in both formats.
func TestAccessLogWritesWhatSlogWould(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		for name, s := range served {
			nanos := 60_500_000
			if s.Status == 404 {
				nanos = 0
			}
			var got, want bytes.Buffer
			l, err := NewLogger(&got, format, "info")
			if err != nil {
				t.Fatal(err)
			}
			slogs := slog.Handler(slog.NewTextHandler(&want, nil))
			var clock stamp
			clock.of(time.Date(2026, 11, 22, 9, 8, 6, 999_999_999, time.FixedZone("", 3*3600)))
			now := time.Date(2026, 11, 22, 9, 8, 7, nanos, time.FixedZone("", 3*3600))
			line := accessText
			if format == "json" {
				slogs, line = slog.NewJSONHandler(&want, nil), accessJSON
			}
			if err := slogs.Handle(context.Background(), accessRecord(s, now)); err != nil {
				t.Fatal(err)
			}
			own := plainWords(s.Method, s.Route, s.Code, s.Ref)
			if text := string(line(nil, s, clock.of(now))); own && text != want.String() {
				t.Errorf("%s, %s: got %swant %s", name, format, text, want.String())
			}
			l.AccessLog()(s)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if rest := func(line string) string { _, after, _ := strings.Cut(line, "level"); return after }; rest(got.String()) != rest(want.String()) {
				t.Errorf("%s, %s: wrote %swant %s", name, format, got.String(), want.String())
			}
		}
	}
}

func TestAccessLogKeepsToItsLevel(t *testing.T) {
	for level, want := range map[string]int{"debug": 2, "info": 2, "warn": 1, "error": 0} {
		var out bytes.Buffer
		l, err := NewLogger(&out, "json", level)
		if err != nil {
			t.Fatal(err)
		}
		log := l.AccessLog()
		log(served["a page"])
		log(served["a failure"])
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("level %s: %d lines, want %d", level, got, want)
		}
	}
}

func TestAnAccessLineThatNobodyReadsIsDropped(t *testing.T) {
	var a armed
	l, err := NewLogger(io.Discard, "json", "info")
	if err != nil {
		t.Fatal(err)
	}
	l.out.after = a.after
	log := l.AccessLog()
	for range maxPending/100 + 1 {
		log(served["a failure"])
	}
	if l.Dropped() == 0 || len(l.out.pending) > maxPending {
		t.Errorf("%d dropped, %d bytes pending", l.Dropped(), len(l.out.pending))
	}
	if a.waits[0] != flushEvery || a.waits[1] != 0 {
		t.Errorf("waits %v", a.waits)
	}
}

func BenchmarkAccessLine(b *testing.B) {
	l, err := NewLogger(io.Discard, "json", "info")
	if err != nil {
		b.Fatal(err)
	}
	log := l.AccessLog()
	b.ReportAllocs()
	for b.Loop() {
		log(served["a page"])
	}
}

func BenchmarkAccessLineBySlog(b *testing.B) {
	h := slog.NewJSONHandler(io.Discard, nil)
	b.ReportAllocs()
	for b.Loop() {
		_ = h.Handle(context.Background(), accessRecord(served["a page"], time.Now()))
	}
}
