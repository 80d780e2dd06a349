package observe

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// AccessLog gives a function that writes one line for every answered request: the route's pattern,
// never the path with its token. Answers of the server's own making are warnings.
//
// The lines are not masked: every field is a word, a number or an address of ours, no stranger can
// put text into one, and looking for cards in each costs more than the line itself. They are the
// same, byte for byte, as slog would write them, at a third of its cost; it does write those with
// a word that needs quoting.
func (l *Logger) AccessLog() func(Served) {
	ctx := context.Background()
	told, warned := l.lines.Enabled(ctx, slog.LevelInfo), l.lines.Enabled(ctx, slog.LevelWarn)
	line := accessText
	if l.json {
		line = accessJSON
	}
	var clock stamp // its use is ordered by the buffer's lock
	return func(s Served) {
		failed := s.Status >= http.StatusInternalServerError
		if !told && !(failed && warned) {
			return
		}
		now := s.At
		if now.IsZero() {
			now = time.Now()
		}
		if !plainWords(s.Method, s.Route, s.Code, s.Ref) {
			_ = l.lines.Handle(ctx, accessRecord(s, now)) // a log that cannot be written is counted by its buffer
			return
		}
		l.out.Line(func(dst []byte) []byte { return line(dst, s, clock.of(now)) })
	}
}

// plainWords says whether neither format has to quote a character of the words. The empty word is
// told apart by the text format only, which writes it as two quotes.
func plainWords(words ...string) bool {
	for _, w := range words {
		for i := 0; i < len(w); i++ {
			switch c := w[i]; {
			case c <= ' ', c >= 0x7f, c == '"', c == '\\', c == '=', c == '<', c == '>', c == '&':
				return false
			}
		}
	}
	return true
}

// accessRecord is the line as slog's record.
func accessRecord(s Served, now time.Time) slog.Record {
	level := slog.LevelInfo
	if s.Status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	r := slog.NewRecord(now, level, "served", 0)
	r.AddAttrs(
		slog.String("method", s.Method), slog.String("route", s.Route), slog.Int("status", s.Status),
		slog.Duration("took", s.Took), slog.Int("bytes", s.Bytes), slog.String("client", string(appendClient(nil, s.Client))))
	if s.Ref != "" {
		r.AddAttrs(slog.String("code", s.Code), slog.String("ref", s.Ref))
	}
	return r
}

// stamp writes times; most of each is the same for a second.
type stamp struct {
	now    time.Time
	second int64
	date   []byte // "2006-01-02T15:04:05"
	zone   []byte // "Z" or "+03:00"
}

func (c *stamp) of(now time.Time) *stamp {
	c.now = now
	if s := now.Unix(); s != c.second || c.date == nil {
		c.second = s
		c.date = now.AppendFormat(c.date[:0], "2006-01-02T15:04:05")
		c.zone = now.AppendFormat(c.zone[:0], "Z07:00")
	}
	return c
}

// millis is the time as slog's text has it: always three digits of a second.
func (c *stamp) millis(dst []byte) []byte {
	ms := c.now.Nanosecond() / 1e6
	dst = append(append(dst, c.date...), '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
	return append(dst, c.zone...)
}

// nanos is the time as slog's JSON has it: RFC 3339 with as many digits of a second as it needs.
func (c *stamp) nanos(dst []byte) []byte {
	dst = append(dst, c.date...)
	if ns := c.now.Nanosecond(); ns > 0 {
		digits := [10]byte{'.'}
		last := 0
		for i := 9; i > 0; i-- {
			digits[i] = byte('0' + ns%10)
			if ns /= 10; last == 0 && digits[i] != '0' {
				last = i
			}
		}
		dst = append(dst, digits[:last+1]...)
	}
	return append(dst, c.zone...)
}

func accessJSON(dst []byte, s Served, clock *stamp) []byte {
	dst = clock.nanos(append(dst, `{"time":"`...))
	if s.Status >= http.StatusInternalServerError {
		dst = append(dst, `","level":"WARN","msg":"served","method":"`...)
	} else {
		dst = append(dst, `","level":"INFO","msg":"served","method":"`...)
	}
	dst = append(append(dst, s.Method...), `","route":"`...)
	dst = append(append(dst, s.Route...), `","status":`...)
	dst = append(strconv.AppendInt(dst, int64(s.Status), 10), `,"took":`...)
	dst = append(strconv.AppendInt(dst, int64(s.Took), 10), `,"bytes":`...)
	dst = append(strconv.AppendInt(dst, int64(s.Bytes), 10), `,"client":"`...)
	dst = append(appendClient(dst, s.Client), '"')
	if s.Ref != "" {
		dst = append(append(dst, `,"code":"`...), s.Code...)
		dst = append(append(dst, `","ref":"`...), s.Ref...)
		dst = append(dst, '"')
	}
	return append(dst, "}\n"...)
}

func accessText(dst []byte, s Served, clock *stamp) []byte {
	dst = clock.millis(append(dst, "time="...))
	if s.Status >= http.StatusInternalServerError {
		dst = append(dst, " level=WARN msg=served method="...)
	} else {
		dst = append(dst, " level=INFO msg=served method="...)
	}
	dst = append(appendWord(dst, s.Method), " route="...)
	dst = append(appendWord(dst, s.Route), " status="...)
	dst = append(strconv.AppendInt(dst, int64(s.Status), 10), " took="...)
	dst = append(append(dst, s.Took.String()...), " bytes="...)
	dst = append(strconv.AppendInt(dst, int64(s.Bytes), 10), " client="...)
	if !s.Client.IsValid() {
		dst = append(dst, `""`...)
	}
	dst = appendClient(dst, s.Client)
	if s.Ref != "" {
		dst = appendWord(append(dst, " code="...), s.Code)
		dst = appendWord(append(dst, " ref="...), s.Ref)
	}
	return append(dst, '\n')
}

func appendWord(dst []byte, w string) []byte {
	if w == "" {
		return append(dst, `""`...)
	}
	return append(dst, w...)
}

// appendClient writes nothing for a peer without an address.
func appendClient(dst []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return dst
	}
	return a.AppendTo(dst)
}
