package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/observe/mask"
)

// Logger is a structured logger whose lines are masked and collected for a moment before they are
// written. Close writes the rest.
type Logger struct {
	*slog.Logger
	out   *buffered
	lines slog.Handler // below the mask
	json  bool
}

// NewLogger logs to w in format "text" or "json" from level "debug", "info", "warn" or "error" on.
//
// Whatever is logged is masked: messages, keys, values, groups, errors, anything printed. Lines are
// written together every 50 ms, and soon from level error on: a system call for every line of an
// access log costs a quarter of the throughput (performance page).
func NewLogger(w io.Writer, format, level string) (*Logger, error) {
	var l slog.Level
	var errs []error
	switch level {
	case "debug", "info", "warn", "error":
		errs = append(errs, l.UnmarshalText([]byte(level)))
	default:
		errs = append(errs, fmt.Errorf("log level %q: not one of debug, info, warn, error", mask.Text(level)))
	}
	shape, known := map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
		"text": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
		"json": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
	}[format]
	if !known {
		errs = append(errs, fmt.Errorf("log format %q: not one of text, json", mask.Text(format)))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	out := newBuffered(w, func(dropped uint64) []byte {
		var line bytes.Buffer
		slog.New(shape(&line, nil)).Warn("log lines dropped: nobody reads them", "lines", dropped)
		return line.Bytes()
	})
	lines := shape(out, &slog.HandlerOptions{Level: l})
	return &Logger{Logger: slog.New(masking{lines, out}), out: out, lines: lines, json: format == "json"}, nil
}

// Flush writes what is collected and waits until it is written.
func (l *Logger) Flush() error { return l.out.Flush() }

// Close writes what is collected. It is the last thing before the process ends, also after an error.
func (l *Logger) Close() error { return l.out.Close() }

// Dropped is how many lines were lost because nobody read them.
func (l *Logger) Dropped() uint64 { return l.out.lost.Load() }

// masking is a handler that masks before it hands on.
type masking struct {
	inner slog.Handler
	out   *buffered
}

func (h masking) Enabled(ctx context.Context, l slog.Level) bool { return h.inner.Enabled(ctx, l) }

func (h masking) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(attr(a))
		return true
	})
	err := h.inner.Handle(ctx, clean)
	if r.Level >= slog.LevelError {
		h.out.Hurry()
	}
	return err
}

func (h masking) WithAttrs(attrs []slog.Attr) slog.Handler {
	return masking{h.inner.WithAttrs(masked(attrs)), h.out}
}

func (h masking) WithGroup(name string) slog.Handler {
	return masking{h.inner.WithGroup(text(name)), h.out}
}

// maxText is how many bytes of one message or value are logged.
const maxText = 4 << 10

// text masks and cuts. A little more than is kept is masked, so that the cut does not hide half of a
// card number from the mask.
func text(s string) string {
	if len(s) <= maxText {
		return mask.Text(s)
	}
	s = mask.Text(s[:min(len(s), maxText+256)])
	return s[:min(len(s), maxText)] + "…"
}

func masked(attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = attr(a)
	}
	return out
}

func attr(a slog.Attr) slog.Attr {
	key := text(a.Key)
	if mask.Secret(a.Key) {
		return slog.String(key, hidden)
	}
	return slog.Attr{Key: key, Value: value(a.Value.Resolve())}
}

// hidden stands for a value that is a secret as a whole.
const hidden = "***"

func value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(text(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(masked(v.Group())...)
	case slog.KindInt64:
		if n := v.Int64(); n > 0 && mask.Number(uint64(n)) || n < 0 && mask.Number(uint64(-n)) {
			return slog.StringValue(hidden)
		}
	case slog.KindUint64:
		if mask.Number(v.Uint64()) {
			return slog.StringValue(hidden)
		}
	case slog.KindFloat64:
		if f := math.Abs(v.Float64()); f >= 1e12 && f < 1e19 && mask.Number(uint64(f)) {
			return slog.StringValue(hidden)
		}
	case slog.KindAny:
		return slog.StringValue(text(printed(v.Any())))
	}
	return v
}

// printed writes any value as a log shows it. Its own way of printing may fail on a nil; that is no
// reason to lose the line.
func printed(x any) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = fmt.Sprintf("(%T does not print)", x)
		}
	}()
	switch v := x.(type) {
	case nil:
		return "<nil>"
	case checkout.Token: // knowing it opens the page
		return hidden
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case []byte:
		if len(v) > maxText {
			v = v[:maxText+256]
		}
		return strconv.Quote(string(v))
	}
	return fmt.Sprintf("%+v", x)
}
