package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	pan    = "4155650000000007"
	number = 4155650000000007
)

// record runs a logger over a function and gives what it wrote.
func record(t *testing.T, format string, use func(*slog.Logger)) string {
	t.Helper()
	var out bytes.Buffer
	l, err := NewLogger(&out, format, "debug")
	if err != nil {
		t.Fatal(err)
	}
	use(l.Logger)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type printsPAN struct{}

func (printsPAN) String() string { return "Card{" + pan + "}" }

type logsPAN struct{}

func (logsPAN) LogValue() slog.Value {
	return slog.GroupValue(slog.String("n", pan), slog.Any("inner", logsDeeper{}))
}

type logsDeeper struct{}

func (logsDeeper) LogValue() slog.Value { return slog.StringValue(pan) }

type holdsPAN struct {
	Number string
	Inner  map[string]any
}

func TestI15_NoCardNumberComesThroughTheLog(t *testing.T) {
	held := holdsPAN{pan, map[string]any{"n": pan, pan: int64(number)}}
	ways := map[string]func(*slog.Logger){
		"message":             func(l *slog.Logger) { l.Info("got " + pan) },
		"value":               func(l *slog.Logger) { l.Info("x", "n", pan) },
		"key":                 func(l *slog.Logger) { l.Info("x", pan, 1) },
		"integer":             func(l *slog.Logger) { l.Info("x", "n", int64(number)) },
		"negative integer":    func(l *slog.Logger) { l.Info("x", "n", int64(-number)) },
		"unsigned integer":    func(l *slog.Logger) { l.Info("x", "n", uint64(number)) },
		"float":               func(l *slog.Logger) { l.Info("x", "n", float64(number)) },
		"group":               func(l *slog.Logger) { l.Info("x", slog.Group("g", slog.Group("h", "n", pan))) },
		"group's name":        func(l *slog.Logger) { l.WithGroup(pan).Info("x", "n", 1) },
		"kept attribute":      func(l *slog.Logger) { l.With("n", pan).Info("x") },
		"kept group":          func(l *slog.Logger) { l.WithGroup("g").With("n", pan).Info("x") },
		"error":               func(l *slog.Logger) { l.Info("x", "err", fmt.Errorf("parse: %w", errors.New(pan))) },
		"stringer":            func(l *slog.Logger) { l.Info("x", "v", printsPAN{}) },
		"log valuer":          func(l *slog.Logger) { l.Info("x", "v", logsPAN{}) },
		"struct":              func(l *slog.Logger) { l.Info("x", "v", held) },
		"pointer":             func(l *slog.Logger) { l.Info("x", "v", &held) },
		"slice":               func(l *slog.Logger) { l.Info("x", "v", []any{pan, number}) },
		"bytes":               func(l *slog.Logger) { l.Info("x", "v", []byte(pan)) },
		"lone value":          func(l *slog.Logger) { lone := []any{pan}; l.Info("x", lone...) },
		"address":             func(l *slog.Logger) { l.Info("x", "url", "https://x/?n=4155%206500%200000%200007") },
		"behind a long text":  func(l *slog.Logger) { l.Info(strings.Repeat("x", maxText-8) + pan) },
		"before the long end": func(l *slog.Logger) { l.Info(strings.Repeat("x", maxText-20) + pan + strings.Repeat("y", maxText)) },
	}
	for name, use := range ways {
		for _, format := range []string{"text", "json"} {
			t.Run(name+", "+format, func(t *testing.T) {
				out := record(t, format, use)
				if out == "" {
					t.Fatal("nothing logged")
				}
				bare := strings.Map(func(r rune) rune {
					if r < '0' || r > '9' {
						return -1
					}
					return r
				}, out)
				if strings.Contains(bare, pan) || strings.Contains(bare, pan[:10]) || strings.Contains(out, "4.15565") {
					t.Errorf("logged %s", out)
				}
			})
		}
	}
}

func TestSecretsDoNotComeThroughTheLog(t *testing.T) {
	out := record(t, "text", func(l *slog.Logger) {
		l.Info("start", "database", "postgres://ode:hunter2@db/x", "api_key", "hunter2", "user_pass", "hunter2",
			"key", "sk_live_hunter2", "hook", "whsec_hunter2", "token", checkout.Token("hunter2hunter"),
			"path", "/p/hunter2hunte/pay", "secrets", checkout.Secrets{"merchant_pass": "hunter2"})
	})
	if strings.Contains(out, "hunter2") {
		t.Errorf("logged %s", out)
	}
	for _, kept := range []string{"postgres://ode:***@db/x", "/p/***/pay", "secrets(1)"} {
		if !strings.Contains(out, kept) {
			t.Errorf("%q is missing in %s", kept, out)
		}
	}
}

func TestA68_NoTextPretendsToBeALogLine(t *testing.T) {
	evil := "a\r\nlevel=ERROR msg=forged\x1b[31m\u009b31m\u2028b\u2029c\u202ed\x00e\x7f"
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			out := record(t, format, func(l *slog.Logger) {
				l.Info(evil, "v", evil, evil, 1, "err", errors.New(evil), slog.Group("g", evil, evil))
			})
			if n := strings.Count(out, "\n"); n != 1 || !strings.HasSuffix(out, "\n") {
				t.Errorf("%d line ends in %q", n, out)
			}
			for _, r := range out {
				if (r < 0x20 && r != '\n') || (r >= 0x7f && r < 0xa0) || r == '\u2028' || r == '\u2029' || r == '\u202e' {
					t.Errorf("%U in %q", r, out)
				}
			}
			if format == "json" && !json.Valid([]byte(out)) {
				t.Errorf("no JSON: %q", out)
			}
		})
	}
}

func TestAValueThatCannotPrintItselfDoesNotLoseTheLine(t *testing.T) {
	var none *checkout.Error
	out := record(t, "text", func(l *slog.Logger) { l.Info("kept", "err", error(none), "nil", nil) })
	if !strings.Contains(out, "kept") || !strings.Contains(out, "does not print") {
		t.Errorf("logged %q", out)
	}
}

func TestWrongLogSettingsAreReportedTogether(t *testing.T) {
	_, err := NewLogger(io.Discard, "xml", "loud")
	if err == nil || !strings.Contains(err.Error(), "xml") || !strings.Contains(err.Error(), "loud") {
		t.Errorf("got %v", err)
	}
}

func TestTheLevelCounts(t *testing.T) {
	var out bytes.Buffer
	l, err := NewLogger(&out, "text", "warn")
	if err != nil {
		t.Fatal(err)
	}
	l.Info("quiet")
	l.Warn("loud")
	if l.Enabled(context.Background(), slog.LevelInfo) {
		t.Error("info is enabled")
	}
	if err := l.Flush(); err != nil || strings.Contains(out.String(), "quiet") || !strings.Contains(out.String(), "loud") {
		t.Errorf("%v, logged %q", err, out.String())
	}
}

// armed keeps what a buffered writer wants to run later.
type armed struct {
	mu    sync.Mutex
	waits []time.Duration
	runs  []func()
}

func (a *armed) after(d time.Duration, run func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waits, a.runs = append(a.waits, d), append(a.runs, run)
}

// counting counts writes.
type counting struct {
	bytes.Buffer
	writes int
}

func (c *counting) Write(p []byte) (int, error) { c.writes++; return c.Buffer.Write(p) }

func said(n uint64) []byte { return fmt.Appendf(nil, "dropped %d\n", n) }

func TestLinesAreWrittenTogether(t *testing.T) {
	var w counting
	var a armed
	b := newBuffered(&w, said)
	b.after = a.after
	for range 100 {
		fmt.Fprintln(b, "line")
	}
	if w.writes != 0 || len(a.waits) != 1 || a.waits[0] != flushEvery {
		t.Fatalf("%d writes, waits %v", w.writes, a.waits)
	}
	a.runs[0]()
	if w.writes != 1 || strings.Count(w.String(), "line\n") != 100 {
		t.Errorf("%d writes of %d bytes", w.writes, w.Len())
	}
	fmt.Fprintln(b, "line")
	if len(a.waits) != 2 {
		t.Error("the next line arms no flush")
	}
	fmt.Fprint(b, strings.Repeat("x", flushSize))
	if len(a.waits) != 3 || a.waits[2] != 0 {
		t.Errorf("a full buffer waits %v", a.waits)
	}
}

func TestAnErrorHurries(t *testing.T) {
	var a armed
	l, err := NewLogger(io.Discard, "text", "info")
	if err != nil {
		t.Fatal(err)
	}
	l.out.after = a.after
	l.Info("x")
	l.Error("y")
	if len(a.waits) != 2 || a.waits[0] != flushEvery || a.waits[1] != 0 {
		t.Errorf("waits %v", a.waits)
	}
}

// stuck does not take anything until it is let go.
type stuck struct {
	entered, release chan struct{}
	got              bytes.Buffer
}

func (s *stuck) Write(p []byte) (int, error) {
	s.entered <- struct{}{}
	<-s.release
	return s.got.Write(p)
}

func TestNobodyWaitsForALogThatIsNotRead(t *testing.T) {
	w := &stuck{entered: make(chan struct{}, 9), release: make(chan struct{})}
	b := newBuffered(w, said)
	b.after = func(_ time.Duration, run func()) { go run() }
	fmt.Fprintln(b, "first")
	<-w.entered // the writer hangs from here on
	line := strings.Repeat("x", 1<<10) + "\n"
	for range 2 * maxPending / len(line) {
		fmt.Fprint(b, line)
	}
	if b.lost.Load() == 0 {
		t.Fatal("nothing was dropped")
	}
	close(w.release)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.got.String(), fmt.Sprintf("dropped %d\n", b.lost.Load())) {
		t.Error("the loss is not told")
	}
}
