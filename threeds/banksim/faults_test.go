package banksim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// held is an Options.Sleep that tells when somebody is kept waiting, and for how long.
func held(waits chan<- time.Duration) func(context.Context, time.Duration) error {
	return func(ctx context.Context, d time.Duration) error {
		waits <- d
		<-ctx.Done()
		return ctx.Err()
	}
}

// unanswered makes a call in the background, waits until the bank holds it, and gives up.
func (s shop) unanswered(waits <-chan time.Duration, body string) {
	s.t.Helper()
	ctx, giveUp := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.gate("XMLGate.aspx"), strings.NewReader(body))
		if err == nil {
			_, err = s.srv.Client().Do(r)
		}
		ended <- err
	}()
	select {
	case d := <-waits:
		if d != holdLimit {
			s.t.Errorf("held for %v", d)
		}
	case err := <-ended:
		s.t.Fatalf("the call ended with %v instead of being held", err)
	}
	giveUp()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		s.t.Errorf("the call ended with %v", err)
	}
}

// TestFaultsAtServerCalls: for each step what the client sees, and whether the bank did it.
func TestFaultsAtServerCalls(t *testing.T) {
	type outcome struct {
		name, fault, value string
		lost               bool // no readable answer
		code               string
		done               bool
	}
	common := []outcome{
		{"never read", FaultTimeoutBefore, "", true, "", false},
		{"done but never answered", FaultTimeoutAfter, "", true, "", true},
		{"error page", FaultHTTP500, "", true, "", false},
		{"error page after the deed", FaultHTTP500, `"after"`, true, "", true},
		{"garbage after the deed", FaultGarbage, "", true, "", true},
		{"half an answer", FaultGarbage, `"cut"`, true, "", true},
		{"empty answer", FaultGarbage, `"empty"`, true, "", true},
		{"garbage before the deed", FaultGarbage, `"before"`, true, "", false},
		{"connection reset", FaultReset, "", true, "", false},
		{"connection reset after the deed", FaultReset, `"after"`, true, "", true},
		{"network doubles the message", FaultDuplicate, "", false, "00", true},
		{"refused", FaultDecline, "", false, "05", false},
		{"refused with a code", FaultDecline, `"57"`, false, "57", false},
		{"nothing to sign here", FaultForgeHash, "", false, "00", true},
		{"nothing to leave out here", FaultDropHash, "", false, "00", true},
	}
	for _, step := range []string{StepProvision, StepVoid, StepRefund, StepCapture} {
		for _, c := range common {
			t.Run(step+" "+c.name, func(t *testing.T) {
				waits := make(chan time.Duration, 1)
				s := newShop(t, Options{Sleep: held(waits)})
				body, done := s.prepare(step)
				s.fault(step, c.fault, c.value)
				if c.fault == FaultTimeoutBefore || c.fault == FaultTimeoutAfter {
					s.unanswered(waits, body)
				} else {
					p, err := s.do(http.MethodPost, s.gate("XMLGate.aspx"), "text/xml", body)
					got, unread := flatXML(p.body)
					switch lost := err != nil || unread != nil || p.status != http.StatusOK; {
					case lost != c.lost:
						t.Errorf("answer lost is %v: %v %v %d", lost, err, unread, p.status)
					case !lost:
						s.want(got, "ProcReturnCode", c.code)
					}
				}
				if done() != c.done {
					t.Errorf("done is %v, want %v", done(), c.done)
				}
				if left := s.bank.Faults(); len(left) != 0 {
					t.Errorf("faults left: %v", left)
				}
			})
		}
	}
}

// prepare makes an order ready for a step and answers the call and whether it was done.
func (s shop) prepare(step string) (body string, done func() bool) {
	s.t.Helper()
	if step == StepProvision {
		back := s.authenticate("000")
		return xmlRequest(s.completion(back["RequestGuid"], back["OrderId"])), func() bool { _, ok := s.charge(back["OrderId"]); return ok }
	}
	if step == StepCapture {
		v := s.opening(model3D, "000")
		v.Set("TxnType", "PreAuth")
		s.finish(s.callback(s.pass(s.open(v), passwordRight), okURL))
		return xmlRequest(s.followUp("PostAuth", v.Get("OrderId"), "PurchAmount", "250.00")),
			func() bool { ch, _ := s.charge(v.Get("OrderId")); return ch.Kind == "capture" }
	}
	order := s.paid()
	if step == StepVoid {
		return xmlRequest(s.followUp("Void", order)), func() bool { ch, _ := s.charge(order); return ch.Status == "voided" }
	}
	if _, err := s.bank.CloseDay(); err != nil {
		s.t.Fatal(err)
	}
	return xmlRequest(s.followUp("Refund", order, "PurchAmount", "100.00")),
		func() bool { ch, _ := s.charge(order); return ch.RefundedAmount > 0 }
}

func TestDoubledRefundPaysTwiceAndADoubledCompletionOnce(t *testing.T) {
	s := newShop(t, Options{})
	order := s.paid()
	if _, err := s.bank.CloseDay(); err != nil {
		t.Fatal(err)
	}
	s.fault(StepRefund, FaultDuplicate, "")
	s.want(s.call("Refund", order, "PurchAmount", "100.00"), "ProcReturnCode", "00")
	if ch, _ := s.charge(order); ch.RefundedAmount != 20000 {
		t.Errorf("refunded %d: nothing in this protocol tells a repeated refund from a second one", ch.RefundedAmount)
	}
	back := s.authenticate("000")
	s.fault(StepProvision, FaultDuplicate, "")
	s.want(s.finish(back), "ProcReturnCode", "00")
	s.charge(back["OrderId"])
}

func TestSlowAnswerWaitsAndThenIsRight(t *testing.T) {
	var mu sync.Mutex
	var waited []time.Duration
	s := newShop(t, Options{Sleep: func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		waited = append(waited, d)
		return nil
	}})
	back := s.authenticate("000")
	for _, step := range []string{StepProvision, StepInquiry, StepVoid} {
		s.fault(step, FaultSlow, "1500")
	}
	s.want(s.finish(back), "ProcReturnCode", "00")
	s.want(s.call("OrderInquiry", back["OrderId"]), "ProcReturnCode", "00")
	s.want(s.call("Void", back["OrderId"]), "ProcReturnCode", "00")
	if fmt.Sprint(waited) != "[1.5s 1.5s 1.5s]" {
		t.Errorf("waited %v", waited)
	}
}

func TestProvisionLies(t *testing.T) {
	s := newShop(t, Options{})
	s.fault(StepProvision, FaultWrongOrder, `"LNK-OTHER"`)
	back := s.authenticate("000")
	s.want(s.finish(back), "ProcReturnCode", "00", "TransId", "LNK-OTHER")
	s.fault(StepProvision, FaultWrongAmount, "1")
	back = s.authenticate("000")
	s.want(s.finish(back), "ProcReturnCode", "00")
	if ch, _ := s.charge(back["OrderId"]); ch.Amount != 25001 {
		t.Errorf("charged %d", ch.Amount)
	}
	s.want(s.call("OrderInquiry", back["OrderId"]), "ProcReturnCode", "00", "PurchAmount", "250.01")
}

// TestC18_LateBooking: a charge that the bank shows only later, and that a void in between does not find.
func TestC18_LateBooking(t *testing.T) {
	waits := make(chan time.Duration, 1)
	now := testNow
	var mu sync.Mutex
	s := newShop(t, Options{Sleep: held(waits), Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	back := s.authenticate("000")
	s.fault(StepProvision, FaultLate, "60000")
	s.unanswered(waits, xmlRequest(s.completion(back["RequestGuid"], back["OrderId"])))
	s.want(s.call("OrderInquiry", back["OrderId"]), "ProcReturnCode", "V013")
	for fault, code := range map[string]string{FaultDecline: "05", FaultUnfinished: "V000"} { // told meanwhile, and wrong
		s.fault(StepInquiry, fault, "")
		s.want(s.call("OrderInquiry", back["OrderId"]), "ProcReturnCode", code, "OrderId", back["OrderId"], "AuthCode", "")
	}
	s.want(s.call("Void", back["OrderId"]), "ProcReturnCode", "V013")
	history := func() string {
		return s.must(s.do(http.MethodPost, s.gate("XMLGate.aspx"), "text/xml", xmlRequest(s.followUp("TxnHistory", "", "OrderId", back["OrderId"])))).body
	}
	if !strings.Contains(history(), "<ProcReturnCode>V013<") {
		t.Error("the history shows it already")
	}
	if _, shown := s.charge(back["OrderId"]); shown {
		t.Error("the books show it already")
	}
	mu.Lock()
	now = now.Add(time.Minute)
	mu.Unlock()
	s.want(s.call("OrderInquiry", back["OrderId"]), "ProcReturnCode", "00")
	if _, shown := s.charge(back["OrderId"]); !shown {
		t.Error("the books never show it")
	}
	if !strings.Contains(history(), "<ProcReturnCode>00<") {
		t.Error("the history never shows it")
	}
	s.want(s.call("Void", back["OrderId"]), "ProcReturnCode", "00")
}

func TestInquiryFaults(t *testing.T) {
	for _, c := range []struct {
		name, fault, value string
		want               []string
	}{
		{"not found", FaultNotFound, "", []string{"ProcReturnCode", "V013", "IrcCode", "99961", "RequestGuid", "0"}},
		{"still working", FaultUnfinished, "", []string{"ProcReturnCode", "V000", "TxnResult", "Failed", "TxnStatus", "N"}},
		{"declined", FaultDecline, "", []string{"ProcReturnCode", "05", "TxnResult", "Failed"}},
		{"another amount", FaultWrongAmount, "-100", []string{"ProcReturnCode", "00", "PurchAmount", "249.00"}},
		{"another currency", FaultWrongCurrency, `"392"`, []string{"ProcReturnCode", "00", "Currency", "392"}},
		{"another order", FaultWrongOrder, `"LNK-OTHER"`, []string{"ProcReturnCode", "00", "OrderId", "LNK-OTHER"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, Options{})
			order := s.paid()
			s.fault(StepInquiry, c.fault, c.value)
			s.want(s.call("OrderInquiry", order), c.want...)
			s.want(s.call("OrderInquiry", order), "ProcReturnCode", "00", "PurchAmount", "250.00", "OrderId", order)
		})
	}
	s := newShop(t, Options{})
	order := s.paid()
	for _, kind := range []string{FaultHTTP500, FaultGarbage, FaultReset} {
		s.fault(StepInquiry, kind, "")
		if got, err := s.xmlCall(s.followUp("OrderInquiry", order)); err == nil {
			t.Errorf("%s: the inquiry was answered %v", kind, got)
		}
	}
	s.fault(StepVoid, FaultNotFound, "")
	s.want(s.call("Void", order), "ProcReturnCode", "V013")
	s.want(s.call("Void", order), "ProcReturnCode", "00")
}

// TestCallbackFaults: what the browser carries when the bank lies or fails, in the two-step and in a one-step model.
func TestCallbackFaults(t *testing.T) {
	for _, model := range []string{model3D, model3DPay} {
		good := map[string]string{model3D: "V033", model3DPay: "00"}[model]
		for _, c := range []struct {
			name, fault, value string
			back               string // empty: no callback
			code               string
			signed             bool
			check              []string
			done               bool // authenticated or charged
		}{
			{"forged signature", FaultForgeHash, "", okURL, good, false, nil, true},
			{"garbage signature", FaultGarbage, "", okURL, good, false, []string{"ResponseHash", "%%not*a-hash%%"}, true},
			{"signature empty", FaultDropHash, `"empty"`, okURL, good, false, []string{"ResponseHash", ""}, true},
			{"another amount under a good signature", FaultWrongAmount, "500", okURL, good, true, []string{"PurchAmount", "255.00"}, true},
			{"another currency under a good signature", FaultWrongCurrency, "", okURL, good, true, []string{"Currency", "840"}, true},
			{"another order rightly signed", FaultWrongOrder, `"LNK-OTHER"`, okURL, good, true, []string{"OrderId", "LNK-OTHER"}, true},
			{"3-D declined", FaultDecline, "", failURL, map[string]string{model3D: "V034", model3DPay: "MR15"}[model], true, []string{"3DStatus", "-1"}, false},
			{"lost before", FaultTimeoutBefore, "", "", "", false, nil, false},
			{"lost after", FaultTimeoutAfter, "", "", "", false, nil, true},
			{"error page", FaultHTTP500, "", "", "", false, nil, false},
			{"error page after", FaultHTTP500, `"after"`, "", "", false, nil, true},
		} {
			t.Run(model+" "+c.name, func(t *testing.T) {
				s := newShop(t, Options{})
				v := s.opening(model, "000")
				p := s.open(v)
				s.fault(StepCallback, c.fault, c.value)
				p = s.pass(p, passwordRight)
				o, _ := s.bank.books.find(orderKey{dialectPayFor, "5", s.m.MerchantID, v.Get("OrderId")})
				if done := o.Stage == StageAuthenticated || o.Hold != nil; done != c.done {
					t.Errorf("done is %v, want %v", done, c.done)
				}
				if c.back == "" {
					if p.action != "" && strings.HasPrefix(p.action, "https://shop.example") {
						t.Errorf("a callback all the same: %v", p.fields)
					}
					return
				}
				back := s.callback(p, c.back)
				s.want(back, append(c.check, "ProcReturnCode", c.code)...)
				if signed := back["ResponseHash"] == s.signature(back, false); signed != c.signed {
					t.Errorf("signature good is %v, want %v", signed, c.signed)
				}
			})
		}
	}
}

func TestCallbackWithoutSignatureAndSentTwice(t *testing.T) {
	s := newShop(t, Options{})
	p := s.open(s.opening(model3D, "000"))
	s.fault(StepCallback, FaultDropHash, "")
	back := s.callback(s.pass(p, passwordRight), okURL)
	if _, there := back["ResponseHash"]; there {
		t.Error("the signature is there")
	}
	p = s.open(s.opening(model3D, "000"))
	s.fault(StepCallback, FaultDuplicate, "")
	if p = s.pass(p, passwordRight); !p.twice {
		t.Error("the callback is not marked to be sent twice")
	}
	if p = s.pass(s.open(s.opening(model3D, "000")), passwordRight); p.twice {
		t.Error("a callback without the fault is sent twice")
	}
}

func TestOpenFaults(t *testing.T) {
	s := newShop(t, Options{})
	known := func(order string) bool {
		_, ok := s.bank.books.find(orderKey{dialectPayFor, "5", s.m.MerchantID, order})
		return ok
	}
	for _, c := range []struct {
		fault, value string
		lost, known  bool
	}{
		{FaultHTTP500, "", true, false},
		{FaultHTTP500, `"after"`, true, true},
		{FaultGarbage, "", true, true},
		{FaultReset, "", true, false},
		{FaultDuplicate, "", false, true},
	} {
		v := s.opening(model3D, "000")
		s.fault(StepOpen, c.fault, c.value)
		p, err := s.do(http.MethodPost, s.gate("Default.aspx"), formKind, s.sign(v).Encode())
		if lost := err != nil || p.action == ""; lost != c.lost || known(v.Get("OrderId")) != c.known {
			t.Errorf("%s %s: lost %v, known %v", c.fault, c.value, lost, known(v.Get("OrderId")))
		}
	}
	s.fault(StepOpen, FaultDecline, `"M047"`)
	s.want(s.callback(s.open(s.opening(model3D, "000")), failURL), "ProcReturnCode", "M047")

	// A lie told to the opening waits for that order's callback, not for another's.
	s.fault(StepOpen, FaultWrongAmount, "100")
	v := s.opening(model3D, "000")
	lied := s.open(v)
	s.want(s.callback(s.pass(s.open(s.opening(model3D, "000")), passwordRight), okURL), "PurchAmount", "250.00")
	s.want(s.callback(s.pass(lied, passwordRight), okURL), "PurchAmount", "251.00")
}

func TestEveryFaultIsTakenAtEveryStep(t *testing.T) {
	s := newShop(t, Options{})
	for _, step := range steps {
		for _, kind := range faultKinds {
			body := fmt.Sprintf(`{"dialect":"payfor","step":%q,"fault":%q,"times":1,"value":1}`, step, kind)
			if p := s.must(s.do(http.MethodPost, s.srv.URL+"/_bank/faults", "application/json", body)); p.status != http.StatusCreated {
				t.Errorf("%s at %s: %d %s", kind, step, p.status, p.body)
			}
		}
	}
	if n := len(s.bank.Faults()); n != len(steps)*len(faultKinds) {
		t.Errorf("%d faults wait", n)
	}
	if p := s.must(s.do(http.MethodDelete, s.srv.URL+"/_bank/faults", "", "")); p.status != http.StatusNoContent || len(s.bank.Faults()) != 0 {
		t.Errorf("clearing answers %d", p.status)
	}
}

func TestFaultsAreCountedAndAimed(t *testing.T) {
	s := newShop(t, Options{})
	add := func(f Fault) {
		t.Helper()
		if _, err := s.bank.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	a, b := s.paid(), s.paid()
	add(Fault{Step: StepInquiry, Fault: FaultNotFound, OrderID: b, Times: 2})
	for range 2 {
		s.want(s.call("OrderInquiry", a), "ProcReturnCode", "00")
		s.want(s.call("OrderInquiry", b), "ProcReturnCode", "V013")
	}
	s.want(s.call("OrderInquiry", b), "ProcReturnCode", "00")
	add(Fault{Dialect: "*", Step: StepInquiry, Fault: FaultNotFound, Times: -1})
	for range 5 {
		s.want(s.call("OrderInquiry", a), "ProcReturnCode", "V013")
	}
	s.bank.ClearFaults()
	s.want(s.call("OrderInquiry", a), "ProcReturnCode", "00")
	add(Fault{Step: StepInquiry, Fault: FaultNotFound, MerchantID: "somebody else"})
	s.want(s.call("OrderInquiry", a), "ProcReturnCode", "00")
	for _, bad := range []Fault{
		{Step: "opening", Fault: FaultReset},
		{Step: StepOpen, Fault: "explode"},
		{Dialect: "klingon", Step: StepOpen, Fault: FaultReset},
		{Step: StepOpen, Fault: FaultSlow},
		{Step: StepProvision, Fault: FaultLate, Value: json.RawMessage(`"soon"`)},
	} {
		if _, err := s.bank.AddFault(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	s.bank.ClearFaults()
	for range maxFaults {
		add(Fault{Step: StepOpen, Fault: FaultReset})
	}
	if _, err := s.bank.AddFault(Fault{Step: StepOpen, Fault: FaultReset}); err == nil {
		t.Error("more faults than the limit")
	}
}
