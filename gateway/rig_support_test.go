package main

import (
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/checkout"
)

// newSeed is a source of randomness that repeats for one test name.
func newSeed(name string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(name))) }

func openAppend(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
}

// plainText is what a person reads of a page: no markup, entities decoded, white space folded.
func plainText(page string) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(page))
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.Join(strings.Fields(strings.ReplaceAll(out.String(), "\u00a0", " ")), " ")
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) == "script" || string(name) == "style" {
				hidden++
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "script" || string(name) == "style" {
				hidden--
			}
			out.WriteByte(' ')
		case html.TextToken:
			if hidden == 0 {
				out.WriteString(html.UnescapeString(string(z.Text())))
			}
		}
	}
}

// bomb is a clock that panics once, where the flow's function of this name looks at it.
type bomb struct {
	in    string
	of    checkout.Clock
	says  any
	armed atomic.Bool
}

func (b *bomb) Now() time.Time {
	if b.armed.Load() {
		var pcs [64]uintptr
		frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if strings.HasSuffix(f.Function, "checkout.(*Service)."+b.in) && b.armed.CompareAndSwap(true, false) {
				panic(b.says)
			}
		}
	}
	return b.of.Now()
}

// told counts the outbox rows of a type about a subject.
func (r *rig) told(topic, subject string) int {
	r.t.Helper()
	n := 0
	err := r.app.ledger.Outbox(context.Background(), demoMerchant, outboxCounter(topic, subject, &n))
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}
