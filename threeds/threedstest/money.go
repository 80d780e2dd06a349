package threedstest

import (
	"errors"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// paid: what the acquirer says is what the bank's books say.
func paid(t *testing.T, s Subject) {
	for _, tc := range []struct {
		name, script string
		change       func(*checkout.Order)
	}{
		{"after a challenge", "000", func(*checkout.Order) {}},
		{"without a challenge", "001", func(*checkout.Order) {}},
		{"in English", "000", func(o *checkout.Order) { o.Lang = "en" }},
		{"in instalments", "000", func(o *checkout.Order) { o.Installments = 6 }},
		{"the smallest amount", "000", func(o *checkout.Order) { o.Amount.Minor = 1 }},
		{"a large amount", "000", func(o *checkout.Order) { o.Amount.Minor = 19_999_999 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			o := st.order()
			tc.change(&o)
			st.inBooks(st.pay(o, tc.script))
		})
	}
	for _, c := range s.Currencies {
		t.Run("in "+string(c), func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			o := st.order()
			o.Amount.Currency = c
			st.inBooks(st.pay(o, "000"))
		})
	}
	// The bank's hostile habits come and go by order and by chance.
	st := newStage(t, s, stageOptions{})
	for range 12 {
		st.inBooks(st.pay(st.order(), "000"))
	}
}

// inBooks compares an approved order with the bank's books and with an inquiry.
func (st *stage) inBooks(o checkout.Order, out checkout.Outcome) {
	st.t.Helper()
	c, ok := st.charge(o)
	if !ok || c.Amount != o.Amount.Minor || c.Currency != string(o.Amount.Currency) || c.Installments != o.Installments || c.Status != "authorized" ||
		c.AuthCode != out.AuthCode || c.RRN != out.RRN {
		st.t.Errorf("the books say %+v, the acquirer %+v", c, out)
	}
	if out.Amount != (checkout.Money{}) && out.Amount != o.Amount {
		st.t.Errorf("the amount is told as %v", out.Amount)
	}
	if asked := st.ask(o); asked.Result != checkout.ResultApproved || asked.Amount != o.Amount || asked.AuthCode != out.AuthCode || asked.RRN != out.RRN || asked.Refunded != 0 {
		st.t.Errorf("an inquiry says %+v", asked)
	}
}

// declined: every scripted refusal is an explicit no with its reason, and charges nothing.
func declined(t *testing.T, s Subject) {
	for script, reason := range map[string]checkout.Reason{
		"005": checkout.ReasonDoNotHonour, "041": checkout.ReasonCardNotUsable, "051": checkout.ReasonInsufficientFunds, "054": checkout.ReasonExpiredCard,
		"057": checkout.ReasonClosedToOnline, "061": checkout.ReasonLimitExceeded, "062": checkout.ReasonCardNotUsable, "065": checkout.ReasonCountExceeded,
		"075": checkout.ReasonPINTries, "082": checkout.ReasonWrongCVV, "091": checkout.ReasonIssuerUnavailable,
	} {
		t.Run(script, func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			o := st.order()
			v := st.judge(o, st.callback(o, script, rightCode))
			if st.mode().OneStep && (v.Result != checkout.VerdictRefused || v.Decline.Code != reason) {
				t.Errorf("verdict %+v", v)
			}
			o, out, err := st.decide(o, v)
			if err != nil || out.Result != checkout.ResultDeclined || out.Decline.Code != reason || out.Decline.BankCode == "" || out.Decline.Message == "" {
				t.Errorf("outcome %+v, %v", out, err)
			}
			if _, charged := st.charge(o); charged {
				t.Error("a declined payment was charged")
			}
			if asked := st.ask(o); asked.Result != checkout.ResultDeclined || asked.Decline.Code != reason {
				t.Errorf("an inquiry says %+v", asked)
			}
		})
	}
}

func notVerified(t *testing.T, s Subject) {
	for name, tc := range map[string]struct{ script, code string }{
		"the password fails":     {"000", wrongCode},
		"the issuer says no":     {"900", rightCode},
		"with a card for no use": {"051", wrongCode},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			o := st.order()
			v := st.judge(o, st.callback(o, tc.script, tc.code))
			if v.Result != checkout.VerdictNotAuthenticated || v.Decline.Code != checkout.ReasonAuthentication || v.Liability() != checkout.LiabilityNone {
				t.Errorf("verdict %+v", v)
			}
			if _, charged := st.charge(o); charged {
				t.Error("it was charged")
			}
			if out := st.ask(o); out.Result == checkout.ResultApproved {
				t.Errorf("an inquiry says %+v", out)
			}
		})
	}
}

// halfSecure: 2, 3 and 4 are told with their liability. Whether they may go on is the account's rule, not the dialect's.
func halfSecure(t *testing.T, s Subject) {
	for script, status := range map[string]string{"002": "2", "003": "3", "004": "4"} {
		t.Run(status, func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			o := st.order()
			v := st.judge(o, st.callback(o, script, rightCode))
			_, charged := st.charge(o)
			if !st.mode().OneStep {
				if v.Result != checkout.VerdictAuthenticated || v.MDStatus != status || v.Liability() != checkout.LiabilityAttempted || charged {
					t.Fatalf("verdict %+v, charged %v", v, charged)
				}
				st.inBooks(mustApprove(st, o, v))
				return
			}
			if (v.Result == checkout.VerdictCharged) != charged || (charged && v.MDStatus != status) {
				t.Errorf("verdict %+v, charged %v", v, charged)
			}
		})
	}
}

func mustApprove(st *stage, o checkout.Order, v checkout.Verdict) (checkout.Order, checkout.Outcome) {
	st.t.Helper()
	o, out, err := st.decide(o, v)
	if err != nil || out.Result != checkout.ResultApproved {
		st.t.Fatalf("outcome %+v, %v", out, err)
	}
	return o, out
}

// noClearAnswer: whatever happens to the call that moves the money, the acquirer never says more than it knows, and an
// inquiry then tells what the books say.
func noClearAnswer(t *testing.T, s Subject) {
	if st := newStage(t, s, stageOptions{}); st.mode().OneStep {
		oneStepNoAnswer(t, s)
		return
	}
	for _, tc := range []struct {
		name, script, fault, value string
		charged                    bool
	}{
		{"C17: charged, and the answer never comes", "901", "", "", true},
		{"C09: the call dies before the bank reads it", "902", "", "", false},
		{"C19: charged, and the answer is garbage", "903", "", "", true},
		{"the bank is silent and does nothing", "000", banksim.FaultTimeoutBefore, "", false},
		{"the bank is silent and charges", "000", banksim.FaultTimeoutAfter, "", true},
		{"status 500, nothing done", "000", banksim.FaultHTTP500, "", false},
		{"status 500, and charged", "000", banksim.FaultHTTP500, `"after"`, true},
		{"a page in place of an answer", "000", banksim.FaultGarbage, `"html"`, true},
		{"half an answer", "000", banksim.FaultGarbage, `"cut"`, true},
		{"an empty answer", "000", banksim.FaultGarbage, `"empty"`, true},
		{"a page, nothing done", "000", banksim.FaultGarbage, `"before"`, false},
		{"a reset connection, and charged", "000", banksim.FaultReset, `"after"`, true},
		{"an answer about another order", "000", banksim.FaultWrongOrder, "", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			o := st.order()
			v := st.judge(o, st.callback(o, tc.script, rightCode))
			if tc.fault != "" {
				st.fault(banksim.StepProvision, tc.fault, tc.value)
			}
			o, out, err := st.decide(o, v)
			if out.Result != checkout.ResultUnknown || err == nil {
				t.Errorf("outcome %+v, %v", out, err)
			}
			if err != nil {
				st.saysNothing(err.Error())
			}
			if sent := len(st.requests(banksim.StepProvision)); sent > 1 {
				t.Errorf("the call was sent %d times", sent)
			}
			st.truth(o, tc.charged)
		})
	}
	t.Run("the message arrives twice and charges once", func(t *testing.T) {
		st := newStage(t, s, stageOptions{})
		o := st.order()
		v := st.judge(o, st.callback(o, "000", rightCode))
		st.fault(banksim.StepProvision, banksim.FaultDuplicate, "")
		st.inBooks(mustApprove(st, o, v))
	})
	t.Run("a second call after a yes is no second charge and no decline", func(t *testing.T) {
		st := newStage(t, s, stageOptions{})
		o, _ := st.pay(st.order(), "000")
		if _, out, _ := st.decide(o, checkout.Verdict{}); out.Result == checkout.ResultDeclined {
			t.Errorf("outcome %+v", out)
		}
		st.truth(o, true)
	})
	t.Run("another order's ticket charges neither", func(t *testing.T) {
		st := newStage(t, s, stageOptions{})
		cheap, dear := st.order(), st.order()
		dear.Amount.Minor = 9900000
		v := st.judge(cheap, st.callback(cheap, "000", rightCode))
		st.judge(dear, st.callback(dear, "000", rightCode))
		if _, out, _ := st.decide(dear, v); out.Result == checkout.ResultApproved {
			t.Errorf("outcome %+v", out)
		}
		st.truth(dear, false)
		st.truth(cheap, false)
	})
}

// oneStepNoAnswer: the bank charged and the browser brought nothing usable; the inquiry tells.
func oneStepNoAnswer(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	o := st.order()
	ch := st.begin(o, "000")
	st.fault(banksim.StepCallback, banksim.FaultDropHash, "")
	st.refused(o, st.walk(o, ch, "000", rightCode), checkout.ForgedHashMissing)
	st.truth(o, true)
}

// truth holds an inquiry against the books.
func (st *stage) truth(o checkout.Order, charged bool) {
	st.t.Helper()
	if _, is := st.charge(o); is != charged {
		st.t.Fatalf("charged is %v", is)
	}
	out := st.ask(o)
	switch {
	case charged && (out.Result != checkout.ResultApproved || out.Amount != o.Amount):
		st.t.Errorf("charged, and an inquiry says %+v", out)
	case !charged && out.Result != checkout.ResultUnfinished && out.Result != checkout.ResultNotFound && out.Result != checkout.ResultDeclined:
		st.t.Errorf("not charged, and an inquiry says %+v", out)
	}
}

func (st *stage) requests(step string) []banksim.Request {
	var found []banksim.Request
	for _, r := range st.bank.Requests() {
		if r.Step == step {
			found = append(found, r)
		}
	}
	return found
}

func inquiry(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	inq, ok := st.acq.(checkout.Inquirer)
	if !ok {
		t.Fatal("an acquirer that cannot be asked leaves payments in doubt for ever")
	}
	if inq.SettleTime() <= 0 {
		t.Error("the settle time is not positive")
	}
	never := st.order()
	if out := st.ask(never); out.Result != checkout.ResultNotFound {
		t.Errorf("an order that never was: %+v", out)
	}
	o, _ := st.pay(st.order(), "000")
	mine := st.acq
	st.acq = st.open(s.Other)
	if out := st.ask(o); out.Result != checkout.ResultNotFound {
		t.Errorf("another merchant's order: %+v", out)
	}
	st.acq = mine
	for _, tc := range []struct {
		fault, value string
		want         checkout.Result
		mistake      bool
	}{
		{banksim.FaultNotFound, "", checkout.ResultNotFound, false},
		{banksim.FaultUnfinished, "", checkout.ResultUnfinished, false},
		{banksim.FaultHTTP500, "", checkout.ResultUnknown, true},
		{banksim.FaultGarbage, `"html"`, checkout.ResultUnknown, true},
		{banksim.FaultGarbage, `"cut"`, checkout.ResultUnknown, true},
		{banksim.FaultGarbage, `"empty"`, checkout.ResultUnknown, true},
		{banksim.FaultReset, "", checkout.ResultUnknown, true},
		{banksim.FaultTimeoutBefore, "", checkout.ResultUnknown, true},
		{banksim.FaultWrongOrder, "", checkout.ResultUnknown, true},
	} {
		st.fault(banksim.StepInquiry, tc.fault, tc.value)
		out, err := st.acq.(checkout.Inquirer).Inquire(st.patience(), o)
		if out.Result != tc.want || (err != nil) != tc.mistake {
			t.Errorf("%s %s: %+v, %v", tc.fault, tc.value, out, err)
		}
	}
	st.fault(banksim.StepInquiry, banksim.FaultWrongAmount, "1")
	if out := st.ask(o); out.Result != checkout.ResultApproved || out.Amount.Minor != o.Amount.Minor+1 {
		t.Errorf("another amount is not told: %+v", out)
	}
	st.fault(banksim.StepInquiry, banksim.FaultWrongCurrency, `"840"`)
	if out := st.ask(o); out.Amount.Currency == o.Amount.Currency && out.Result == checkout.ResultApproved {
		t.Errorf("another currency is not told: %+v", out)
	}
	open := st.order()
	st.begin(open, "000")
	if !st.mode().HostedCard {
		if out := st.ask(open); out.Result != checkout.ResultUnfinished {
			t.Errorf("an order at the issuer's page: %+v", out)
		}
	}
}

func void(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	v, ok := st.acq.(checkout.Voider)
	if !ok {
		return // the dialect has no void
	}
	o, _ := st.pay(st.order(), "000")
	out, err := v.Void(t.Context(), o)
	if err != nil || out.Result != checkout.ResultVoided {
		t.Fatalf("%+v, %v", out, err)
	}
	if c, _ := st.charge(o); c.Status != "voided" {
		t.Errorf("the books say %+v", c)
	}
	if asked := st.ask(o); asked.Result != checkout.ResultVoided || asked.Amount != o.Amount {
		t.Errorf("an inquiry says %+v", asked)
	}
	done := func(name string, o checkout.Order) {
		out, err := v.Void(t.Context(), o)
		if err != nil || (out.Result != checkout.ResultVoided && out.Result != checkout.ResultNotFound) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	done("a second void", o)
	done("a void of an order that never was", st.order())
	lost, _ := st.pay(st.order(), "000")
	st.fault(banksim.StepVoid, banksim.FaultTimeoutAfter, "")
	if out, err := v.Void(st.patience(), lost); err == nil || out.Result != checkout.ResultUnknown {
		t.Errorf("a void without an answer: %+v, %v", out, err)
	}
	done("the same void again", lost)
	if asked := st.ask(lost); asked.Result != checkout.ResultVoided {
		t.Errorf("an inquiry says %+v", asked)
	}
	for _, f := range [][2]string{{banksim.FaultGarbage, `"before"`}, {banksim.FaultHTTP500, ""}, {banksim.FaultReset, ""}, {banksim.FaultWrongOrder, ""}, {banksim.FaultDecline, `"96"`},
		{banksim.FaultDecline, `"05"`}} {
		o, _ := st.pay(st.order(), "000")
		st.fault(banksim.StepVoid, f[0], f[1])
		if out, _ := v.Void(t.Context(), o); out.Result != checkout.ResultUnknown {
			t.Errorf("%s %s: %+v", f[0], f[1], out)
		}
	}
	late, _ := st.pay(st.order(), "000")
	st.dayEnd()
	if out, err := v.Void(t.Context(), late); err != nil || out.Result != checkout.ResultTooLate {
		t.Errorf("a void after day end: %+v, %v", out, err)
	}
}

func (st *stage) dayEnd() {
	st.t.Helper()
	if _, err := st.bank.CloseDay(); err != nil {
		st.t.Fatal(err)
	}
}

func refund(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	r, ok := st.acq.(checkout.Refunder)
	if !ok {
		return // the dialect has no refund
	}
	o, _ := st.pay(st.order(), "000")
	give := func(minor int64, want checkout.Result) {
		t.Helper()
		out, err := r.Refund(t.Context(), o, checkout.Money{Minor: minor, Currency: o.Amount.Currency})
		if err != nil || out.Result != want || (want == checkout.ResultApproved && out.Amount.Minor != minor) {
			t.Errorf("refund of %d: %+v, %v; want %s", minor, out, err, want)
		}
	}
	back := func(minor int64) {
		t.Helper()
		if out := st.ask(o); out.Refunded != minor || out.Result != checkout.ResultApproved {
			t.Errorf("an inquiry says %+v, want %d given back", out, minor)
		}
	}
	give(10000, checkout.ResultTooEarly)
	back(0)
	st.dayEnd()
	give(25001, checkout.ResultDeclined)
	back(0)
	give(10000, checkout.ResultApproved)
	back(10000)
	st.fault(banksim.StepRefund, banksim.FaultTimeoutAfter, "")
	if out, err := r.Refund(st.patience(), o, checkout.Money{Minor: 5000, Currency: o.Amount.Currency}); err == nil || out.Result != checkout.ResultUnknown {
		t.Errorf("a refund without an answer: %+v, %v", out, err)
	}
	back(15000)
	give(10001, checkout.ResultDeclined)
	give(10000, checkout.ResultApproved)
	back(25000)
	give(1, checkout.ResultDeclined)
	for _, bad := range []checkout.Money{{Minor: 0, Currency: o.Amount.Currency}, {Minor: -1, Currency: o.Amount.Currency}, {Minor: 1, Currency: "XXX"}} {
		if _, err := r.Refund(t.Context(), o, bad); checkout.KindOf(err) != checkout.KindInvalid {
			t.Errorf("refund of %v: %v", bad, err)
		}
	}
	if c, _ := st.charge(o); c.RefundedAmount != 25000 || c.Status != "refunded" {
		t.Errorf("the books say %+v", c)
	}
}

func capture(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	c, ok := st.acq.(checkout.Capturer)
	if !ok {
		return // the dialect has no pre-authorisation
	}
	hold := func() checkout.Order {
		o := st.order()
		o.PreAuth = true
		o, _ = st.pay(o, "000")
		if ch, ok := st.charge(o); !ok || ch.Kind != "preauth" {
			t.Fatalf("the books say %+v", ch)
		}
		return o
	}
	o := hold()
	if out := st.ask(o); out.Result != checkout.ResultApproved || out.Amount != o.Amount {
		t.Errorf("an inquiry of the hold says %+v", out)
	}
	far := checkout.Money{Minor: 90000, Currency: o.Amount.Currency}
	if out, err := c.Capture(t.Context(), o, far); err != nil || out.Result != checkout.ResultDeclined {
		t.Errorf("a capture of more than the hold: %+v, %v", out, err)
	}
	if out, err := c.Capture(t.Context(), o, o.Amount); err != nil || out.Result != checkout.ResultApproved || out.AuthCode == "" {
		t.Errorf("%+v, %v", out, err)
	}
	if ch, _ := st.charge(o); ch.Kind != "capture" || ch.Amount != o.Amount.Minor {
		t.Errorf("the books say %+v", ch)
	}
	if out := st.ask(o); out.Result != checkout.ResultApproved || out.Amount != o.Amount {
		t.Errorf("an inquiry of the capture says %+v", out)
	}
	if out, err := c.Capture(t.Context(), o, o.Amount); out.Result == checkout.ResultApproved {
		t.Errorf("a second capture: %+v, %v", out, err)
	}
	sale, _ := st.pay(st.order(), "000")
	if out, err := c.Capture(t.Context(), sale, sale.Amount); err != nil || out.Result == checkout.ResultApproved {
		t.Errorf("a capture of a sale: %+v, %v", out, err)
	}
}

// verify: right settings pass, and each wrong secret that the dialect can test is laid at its own field.
func verify(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	v, ok := st.acq.(checkout.Verifier)
	if !ok {
		return // the dialect has no self-test
	}
	for range 3 {
		if err := v.Verify(t.Context()); err != nil {
			t.Errorf("right settings: %v", err)
		}
	}
	if len(st.bank.Charges()) != 0 {
		t.Error("the self-test moved money")
	}
	found := 0
	for _, c := range s.Dialect.Info.Credentials {
		if s.Credentials[c.Name] == "" {
			continue
		}
		wrong := checkout.Secrets{}
		for name, value := range s.Credentials {
			wrong[name] = value
		}
		wrong[c.Name] += "9"
		if st.s.Dialect.Check(st.account(wrong), true) != nil {
			continue // wrong by its look already
		}
		err := st.open(wrong).(checkout.Verifier).Verify(t.Context())
		var e *checkout.Error
		switch {
		case err == nil && c.Secret && !(st.mode().HostedCard):
			t.Errorf("a wrong %s passes", c.Name)
		case err == nil:
		case !errors.As(err, &e) || e.Kind != checkout.KindInvalid || len(e.Fields) == 0:
			t.Errorf("a wrong %s: %v", c.Name, err)
		default:
			found++
			st.saysNothing(err.Error())
		}
	}
	if found == 0 {
		t.Error("no wrong setting was found")
	}
	st.fault(banksim.StepVoid, banksim.FaultHTTP500, "")
	if err := v.Verify(t.Context()); !errors.Is(err, checkout.ErrUnreachable) {
		t.Errorf("a bank that is away: %v", err)
	}
}

// settings: what is missing or wrong is told at once, and no secret may be empty (A3, I24).
func settings(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	good := st.account(s.Credentials)
	if errs := s.Dialect.Check(good, true); errs != nil {
		t.Fatalf("the good account: %v", errs)
	}
	has := func(errs []checkout.FieldError, field string) bool {
		for _, e := range errs {
			if e.Field == field && e.Code != "" {
				return true
			}
		}
		return false
	}
	required := 0
	for _, c := range s.Dialect.Info.Credentials {
		if !c.Required && !c.Secret {
			continue
		}
		if c.Of == "" {
			required++
		}
		for _, empty := range []string{"", " ", "\n"} {
			a := st.account(checkout.Secrets{})
			for name, value := range s.Credentials {
				a.Credentials[name] = value
			}
			if c.Of != "" {
				a.Credentials[c.Of] = "whose secret it is"
			}
			if a.Credentials[c.Name] = empty; !has(s.Dialect.Check(a, true), "credentials."+c.Name) {
				t.Errorf("%s may be %q", c.Name, empty)
			}
		}
	}
	none := good
	none.Credentials = nil
	if errs := s.Dialect.Check(none, true); len(errs) < required {
		t.Errorf("no credentials at all: only %v", errs)
	}
	odd := good
	odd.Credentials = checkout.Secrets{"no_such_setting": "x"}
	if !has(s.Dialect.Check(odd, true), "credentials.no_such_setting") {
		t.Error("an unknown setting is taken")
	}
	mode := good
	mode.Mode = "no such mode"
	if !has(s.Dialect.Check(mode, true), "mode") {
		t.Error("an unknown mode is taken")
	}
	if !has(s.Dialect.Check(good, false), "base_url") {
		t.Error("a bank on this machine is taken where it is not allowed")
	}
	plain := good
	plain.BaseURL = "http://bank.example/"
	if !has(s.Dialect.Check(plain, true), "base_url") {
		t.Error("plain http is taken")
	}
	for _, b := range s.Dialect.Info.Banks {
		for _, address := range []string{b.BaseURL, b.TestURL} {
			real := good
			real.BaseURL = address
			if errs := s.Dialect.Check(real, false); address != "" && errs != nil {
				t.Errorf("%s at %s: %v", b.Name, address, errs)
			}
		}
	}
}
