package banksim

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The steps at which something can go wrong. What a dialect calls them is in its file.
const (
	StepOpen      = "open"
	StepCallback  = "callback"
	StepProvision = "provision" // the money step, sales without 3-D included
	StepInquiry   = "inquiry"   // history included
	StepVoid      = "void"
	StepRefund    = "refund"
	StepCapture   = "capture"
)

// What can go wrong. "Before" and "after" are before and after the bank does what it was asked for.
const (
	FaultTimeoutBefore = "timeout_before" // nothing is done and no answer comes
	FaultTimeoutAfter  = "timeout_after"  // it is done, but no answer comes
	FaultHTTP500       = "http_500"       // an HTML error page; value "after": it is done nevertheless
	FaultGarbage       = "garbage"        // done, the answer is unreadable; value "html" (default), "cut", "empty"; "before": not done
	FaultReset         = "reset"          // the connection is reset; value "after": it is done nevertheless
	FaultSlow          = "slow_ms"        // done and answered after value milliseconds
	FaultDuplicate     = "duplicate"      // the message reaches the bank twice; a callback is sent twice
	FaultForgeHash     = "forge_hash"     // the signature is well-formed and wrong
	FaultDropHash      = "drop_hash"      // the signature is missing; value "empty": there and empty
	FaultWrongAmount   = "wrong_amount"   // value minor units more (default 100) are charged, or told by callback and inquiry
	FaultWrongOrder    = "wrong_order"    // the answer names order number value, rightly signed
	FaultDecline       = "decline"        // refused with code value (default 05)

	FaultWrongCurrency = "wrong_currency" // callback and inquiry tell currency value (default 840)
	FaultNotFound      = "not_found"      // inquiry, void, refund: the bank knows no such order
	FaultUnfinished    = "unfinished"     // inquiry: still being worked on
	FaultLate          = "late_ms"        // provision: charged, never answered, and not in the books for value milliseconds
)

var (
	steps      = []string{StepOpen, StepCallback, StepProvision, StepInquiry, StepVoid, StepRefund, StepCapture}
	faultKinds = []string{FaultTimeoutBefore, FaultTimeoutAfter, FaultHTTP500, FaultGarbage, FaultReset, FaultSlow, FaultDuplicate,
		FaultForgeHash, FaultDropHash, FaultWrongAmount, FaultWrongOrder, FaultDecline, FaultWrongCurrency, FaultNotFound,
		FaultUnfinished, FaultLate}
)

// Fault is one thing told to go wrong. Faults at a step that has nothing to lie about (a hash at a void) are used up without effect;
// callback lies told to the open step are told in the callback of the order that is opened.
type Fault struct {
	ID         int             `json:"id"`
	Dialect    string          `json:"dialect"` // empty = any
	Step       string          `json:"step"`
	Fault      string          `json:"fault"`
	Times      int             `json:"times"` // 0 counts as 1, negative = until cleared
	Value      json.RawMessage `json:"value,omitempty"`
	MerchantID string          `json:"merchant_id,omitempty"` // empty = any
	OrderID    string          `json:"order_id,omitempty"`    // empty = any
}

// is works on no fault, too.
func (f *Fault) is(kinds ...string) bool { return f != nil && slices.Contains(kinds, f.Fault) }

// text is the value as a string, a number as its digits.
func (f *Fault) text(otherwise string) string {
	if f == nil || len(f.Value) == 0 || string(f.Value) == "null" {
		return otherwise
	}
	var s string
	if json.Unmarshal(f.Value, &s) == nil {
		return s
	}
	return strings.TrimSpace(string(f.Value))
}

func (f *Fault) number(otherwise int64) int64 {
	n, err := strconv.ParseInt(f.text(""), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

func (f *Fault) span() time.Duration { return time.Duration(f.number(0)) * time.Millisecond }

// maxFaults is far above any test and far below what would slow the bank down.
const maxFaults = 1000

type faults struct {
	mu   sync.Mutex
	last int
	list []Fault
}

// AddFault tells the bank to be wrong; the error says what it did not understand.
func (b *Bank) AddFault(f Fault) (Fault, error) {
	if f.Dialect == "*" {
		f.Dialect = ""
	}
	if _, known := b.dialects[f.Dialect]; f.Dialect != "" && !known {
		return Fault{}, fmt.Errorf("dialect %q is not spoken here", f.Dialect)
	}
	if !slices.Contains(steps, f.Step) {
		return Fault{}, fmt.Errorf("step %q is none of %s", f.Step, strings.Join(steps, " "))
	}
	if !slices.Contains(faultKinds, f.Fault) {
		return Fault{}, fmt.Errorf("fault %q is none of %s", f.Fault, strings.Join(faultKinds, " "))
	}
	if f.is(FaultSlow, FaultLate) && f.number(-1) < 0 {
		return Fault{}, fmt.Errorf("fault %s needs a value in milliseconds", f.Fault)
	}
	if f.Times == 0 {
		f.Times = 1
	}
	return b.faults.add(f)
}

// ClearFaults makes the bank right again.
func (b *Bank) ClearFaults() {
	b.faults.mu.Lock()
	b.faults.list = nil
	b.faults.mu.Unlock()
}

// Faults are those not used up yet.
func (b *Bank) Faults() []Fault {
	b.faults.mu.Lock()
	defer b.faults.mu.Unlock()
	return append([]Fault{}, b.faults.list...)
}

func (s *faults) add(f Fault) (Fault, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) >= maxFaults {
		return Fault{}, fmt.Errorf("more than %d faults are waiting", maxFaults)
	}
	s.last++
	f.ID = s.last
	s.list = append(s.list, f)
	return f, nil
}

// take uses up the oldest fault that fits, or answers nil.
func (s *faults) take(dialect, step, merchantID, orderID string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	fits := func(want, is string) bool { return want == "" || want == is }
	for i := range s.list {
		f := &s.list[i]
		if f.Step != step || !fits(f.Dialect, dialect) || !fits(f.MerchantID, merchantID) || !fits(f.OrderID, orderID) {
			continue
		}
		used := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.list = slices.Delete(s.list, i, i+1)
			}
		}
		return &used
	}
	return nil
}

// scripted is the fault a card plays by itself at the money step, nil if it plays none.
func scripted(c Card) *Fault {
	if kind := partOf(c.Script).fault; kind != "" {
		return &Fault{Fault: kind}
	}
	return nil
}

// under does act as the fault f has it done and answers what the client gets to see; silence is what no answer looks like at this
// step. Faults of content (a decline, a lie) are act's own business.
func (b *Bank) under(ctx context.Context, f *Fault, silence reply, act func() reply) reply {
	switch {
	case f.is(FaultTimeoutBefore):
		return silence
	case f.is(FaultTimeoutAfter, FaultLate):
		act()
		return silence
	case f.is(FaultHTTP500):
		if f.text("before") == "after" {
			act()
		}
		return brokenPage
	case f.is(FaultReset):
		if f.text("before") == "after" {
			act()
		}
		return reset
	case f.is(FaultGarbage):
		how := f.text("html")
		if how == "before" {
			return garbage("html", nil)
		}
		return garbage(how, act())
	case f.is(FaultSlow):
		if b.wait(ctx, f.span()) != nil {
			return silence
		}
		return act()
	case f.is(FaultDuplicate):
		first := act()
		act()
		return first
	}
	return act()
}

func brokenPage(w http.ResponseWriter, _ *http.Request) {
	htmlHead(w, http.StatusInternalServerError)
	_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>Runtime Error</title></head><body><h1>Server Error in '/' Application.</h1></body></html>")
}

// garbage is an answer nobody can read: a page in place of a message, the first half of the real one, or nothing.
func garbage(how string, real reply) reply {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case how == "cut" && real != nil:
			real(&cutWriter{ResponseWriter: w}, r)
		case how == "empty":
			w.WriteHeader(http.StatusOK)
		default:
			htmlHead(w, http.StatusOK)
			_, _ = io.WriteString(w, "<html><body>\x00\xff<PayforResponse><ProcReturnCode>0</Proc\xfeWe will be back soon &nope; <br></body>")
		}
	}
}

// cutWriter lets the first half of every write through.
type cutWriter struct{ http.ResponseWriter }

func (c *cutWriter) Write(p []byte) (int, error) {
	_, err := c.ResponseWriter.Write(p[:len(p)/2])
	return len(p), err
}
