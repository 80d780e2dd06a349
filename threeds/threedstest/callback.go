package threedstest

import (
	"net/url"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// genuine is a stage with one order whose good callback is in hand and not yet judged.
func genuine(t *testing.T, s Subject) (*stage, checkout.Order, checkout.Callback) {
	t.Helper()
	st := newStage(t, s, stageOptions{tame: true})
	o := st.order()
	return st, o, st.callback(o, "000", rightCode)
}

func hashMissing(t *testing.T, s Subject) {
	st, o, good := genuine(t, s)
	cb := copyOf(good)
	cb.Form.Del(s.Hash)
	st.refused(o, cb, checkout.ForgedHashMissing)
	cb.Form.Set(s.Hash, "")
	st.refused(o, cb, checkout.ForgedHashMissing)
	st.refused(o, checkout.Callback{Method: "POST"}, checkout.ForgedHashMissing)
	st.refused(o, checkout.Callback{Method: "GET", Query: good.Form})
	st.judge(o, good) // and the good one still counts
}

func hashAppended(t *testing.T, s Subject) {
	st, o, good := genuine(t, s)
	for _, tail := range []string{"=", " ", "A", "\x00", "\x80"} {
		cb := copyOf(good)
		cb.Form.Set(s.Hash, good.Form.Get(s.Hash)+tail)
		st.refused(o, cb)
	}
	for _, p := range s.Pinned {
		cb := copyOf(good)
		cb.Form.Set(p.Name, good.Form.Get(p.Name)+"\x80\x00\x00\x01x")
		st.refused(o, cb)
	}
}

// anyPinnedField walks every field that decides through everything a sender can do to it.
func anyPinnedField(t *testing.T, s Subject) {
	st, o, good := genuine(t, s)
	spoilings := []struct {
		name  string
		spoil func(cb checkout.Callback, p Pinned, value string) bool // false = changes nothing here
	}{
		{"changed", func(cb checkout.Callback, p Pinned, value string) bool {
			cb.Form.Set(p.Name, p.Wrong)
			return p.Wrong != value
		}},
		{"removed", func(cb checkout.Callback, p Pinned, _ string) bool { cb.Form.Del(p.Name); return true }},
		{"emptied", func(cb checkout.Callback, p Pinned, value string) bool { cb.Form.Set(p.Name, ""); return value != "" }},
		{"given twice", func(cb checkout.Callback, p Pinned, value string) bool { cb.Form.Add(p.Name, value); return true }},
		{"given twice, the wrong one first", func(cb checkout.Callback, p Pinned, value string) bool {
			cb.Form[p.Name] = []string{p.Wrong, value}
			return true
		}},
		{"in the address as well", func(cb checkout.Callback, p Pinned, value string) bool { cb.Query.Set(p.Name, value); return true }},
		{"in the address only", func(cb checkout.Callback, p Pinned, value string) bool {
			cb.Form.Del(p.Name)
			cb.Query.Set(p.Name, value)
			return true
		}},
		{"in lower case only", func(cb checkout.Callback, p Pinned, value string) bool {
			return respell(cb, p.Name, strings.ToLower(p.Name))
		}},
		{"in upper case only", func(cb checkout.Callback, p Pinned, value string) bool {
			return respell(cb, p.Name, strings.ToUpper(p.Name))
		}},
		{"in a second letter case as well", func(cb checkout.Callback, p Pinned, value string) bool {
			cb.Form.Set(strings.ToLower(p.Name), p.Wrong)
			return strings.ToLower(p.Name) != p.Name
		}},
		{"with a blank behind", func(cb checkout.Callback, p Pinned, value string) bool { cb.Form.Set(p.Name, value+" "); return true }},
		{"with a blank before", func(cb checkout.Callback, p Pinned, value string) bool { cb.Form.Set(p.Name, " "+value); return true }},
	}
	for _, p := range append([]Pinned{{Name: s.Hash, Wrong: strings.Repeat("A", len(good.Form.Get(s.Hash))-1) + "="}}, s.Pinned...) {
		value := good.Form.Get(p.Name)
		if !good.Form.Has(p.Name) || value == p.Wrong {
			t.Fatalf("the bank's callback has %s = %q", p.Name, value)
		}
		for _, spoiling := range spoilings {
			t.Run(p.Name+" "+spoiling.name, func(t *testing.T) {
				cb := copyOf(good)
				if spoiling.spoil(cb, p, value) {
					part := *st
					part.t = t
					part.refused(o, cb)
				}
			})
		}
	}
	st.judge(o, good)
}

func respell(cb checkout.Callback, name, to string) bool {
	if name == to {
		return false
	}
	cb.Form[to] = cb.Form[name]
	delete(cb.Form, name)
	return true
}

func moneyDiffers(t *testing.T, s Subject) {
	st, o, good := genuine(t, s)
	for _, f := range s.Money {
		cb := copyOf(good)
		cb.Form.Set(f.Name, f.Value)
		s.Resign(cb.Form)
		st.refused(o, cb, checkout.ForgedCopyMismatch)
	}
	// The same from the other side: a genuine callback held against an order of other money.
	for _, change := range []func(*checkout.Order){
		func(o *checkout.Order) { o.Amount.Minor++ },
		func(o *checkout.Order) { o.Amount.Minor *= 10 },
		func(o *checkout.Order) { o.Amount.Currency = checkout.JPY },
		func(o *checkout.Order) { o.Installments = 3 },
		func(o *checkout.Order) { o.PreAuth = true },
	} {
		mine := o
		change(&mine)
		st.refused(mine, good, checkout.ForgedCopyMismatch)
	}
}

func anotherPayment(t *testing.T, s Subject) {
	st, cheap, good := genuine(t, s)
	dear := st.order()
	dear.Amount.Minor = 9900000
	own := st.callback(dear, "000", rightCode)
	st.refused(dear, good, checkout.ForgedCopyMismatch)
	st.refused(cheap, own, checkout.ForgedCopyMismatch)
	for _, p := range s.Pinned {
		mixed := copyOf(good)
		if mixed.Form.Get(p.Name) != own.Form.Get(p.Name) {
			mixed.Form.Set(p.Name, own.Form.Get(p.Name))
			st.refused(cheap, mixed)
			st.refused(dear, mixed)
		}
	}
	twin := cheap
	twin.Nonce = st.ids.Nonce()
	st.refused(twin, good, checkout.ForgedCopyMismatch)
	// A callback that is genuine for another merchant of the same bank.
	mine := st.acq
	st.acq = st.open(s.Other)
	foreign := st.callback(cheap, "000", rightCode)
	st.judge(cheap, foreign)
	st.acq = mine
	st.refused(cheap, foreign, checkout.ForgedCopyMismatch)
	st.judge(cheap, good)
	st.judge(dear, own)
}

func statuses(t *testing.T, s Subject) {
	st, o, good := genuine(t, s)
	for _, status := range []string{"0", "5", "6", "7", "8", "9", "-1", "", "01", " 1", "1 ", "1,1", "１", "+1"} {
		cb := copyOf(good)
		cb.Form.Set(s.Status, status)
		st.refused(o, cb)
		s.Resign(cb.Form)
		v, err := st.acq.Judge(t.Context(), o, cb)
		goesOn := err == nil && (v.Result == checkout.VerdictAuthenticated || v.Result == checkout.VerdictCharged)
		if goesOn || (err != nil && checkout.ForgedReason(err) == "") || v.Liability() != checkout.LiabilityNone {
			t.Errorf("status %q under a right hash: %+v, %v", status, v, err)
		}
	}
	cb := copyOf(good)
	cb.Form.Del(s.Status)
	s.Resign(cb.Form)
	if v, err := st.acq.Judge(t.Context(), o, cb); err == nil && v.Result != checkout.VerdictNotAuthenticated {
		t.Errorf("no status under a right hash: %+v", v)
	}
}

func lookAlikes(t *testing.T, s Subject) {
	t.Setenv("LANG", "tr_TR.UTF-8")
	t.Setenv("LC_ALL", "tr_TR.UTF-8")
	st, o, good := genuine(t, s)
	alike := strings.NewReplacer("s", "ſ", "S", "ſ", "k", "\u212a", "K", "\u212a", "i", "ı", "I", "İ")
	for _, name := range append([]string{s.Hash}, names(s.Pinned)...) {
		look := alike.Replace(name)
		if look == name {
			look = name + "\u200b"
		}
		cb := copyOf(good)
		cb.Form.Set(look, good.Form.Get(name))
		st.refused(o, cb, checkout.ForgedNotPinned)
		cb.Form.Del(name)
		st.refused(o, cb, checkout.ForgedNotPinned)
	}
	st.judge(o, good)
}

func names(list []Pinned) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.Name
	}
	return out
}

// foreignBytes: what the browser decoded is hashed as it is. A plus sign that became a blank was decoded twice.
func foreignBytes(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{tame: true})
	tried := 0
	for range 40 {
		o := st.order()
		good := st.callback(o, "001", rightCode)
		hash := good.Form.Get(s.Hash)
		if !strings.Contains(hash, "+") {
			continue
		}
		tried++
		st.judge(o, good)
		again, err := url.QueryUnescape(hash)
		if err != nil {
			t.Fatal(err)
		}
		cb := copyOf(good)
		cb.Form.Set(s.Hash, again)
		st.refused(o, cb, checkout.ForgedHashMismatch)
		if tried == 3 {
			return
		}
	}
	if tried == 0 {
		t.Error("no hash of forty had a plus sign")
	}
}

// lyingCallback lets the bank itself send what it should not.
func lyingCallback(t *testing.T, s Subject) {
	for _, lie := range []struct {
		fault, value string
		reasons      []string
	}{
		{banksim.FaultForgeHash, "", []string{checkout.ForgedHashMismatch}},
		{banksim.FaultDropHash, "", []string{checkout.ForgedHashMissing}},
		{banksim.FaultDropHash, `"empty"`, []string{checkout.ForgedHashMissing}},
		{banksim.FaultGarbage, "", []string{checkout.ForgedHashMismatch}},
		{banksim.FaultWrongAmount, "1", []string{checkout.ForgedCopyMismatch}},
		{banksim.FaultWrongCurrency, `"840"`, []string{checkout.ForgedCopyMismatch}},
		{banksim.FaultWrongOrder, `"ODAAAAAAAAAAAAAAAAAA"`, []string{checkout.ForgedCopyMismatch}},
		{banksim.FaultWrongOrder, "", []string{checkout.ForgedFieldShape, checkout.ForgedCopyMismatch}},
	} {
		t.Run(lie.fault+lie.value, func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			o := st.order()
			ch := st.begin(o, "000")
			st.fault(banksim.StepCallback, lie.fault, lie.value)
			st.refused(o, st.walk(o, ch, "000", rightCode), lie.reasons...)
		})
	}
}

// openedTwice: an order number opened a second time never counts as a payment by that opening.
func openedTwice(t *testing.T, s Subject) {
	st := newStage(t, s, stageOptions{})
	o := st.order()
	first := st.callback(o, "000", rightCode)
	v := st.judge(o, st.callback(o, "000", rightCode))
	if v.Result == checkout.VerdictAuthenticated || v.Result == checkout.VerdictCharged {
		t.Errorf("the second opening: %+v", v)
	}
	if st.mode().OneStep && v.Result != checkout.VerdictUnclear {
		t.Errorf("the first opening charged, and the second one's word is taken for it: %+v", v)
	}
	// The same message twice says the same twice.
	if a, b := st.judge(o, first), st.judge(o, first); a.Result != b.Result || a.MDStatus != b.MDStatus {
		t.Errorf("%+v, then %+v", a, b)
	}
}

func openingFails(t *testing.T, s Subject) {
	if st := newStage(t, s, stageOptions{}); st.mode().HostedCard {
		asked := len(st.bank.Requests())
		st.begin(st.order(), "000")
		if len(st.bank.Requests()) != asked {
			t.Error("a hosted opening called the bank")
		}
		return
	}
	for _, f := range [][2]string{{banksim.FaultHTTP500, ""}, {banksim.FaultGarbage, `"html"`}, {banksim.FaultGarbage, `"cut"`}, {banksim.FaultGarbage, `"empty"`},
		{banksim.FaultReset, ""}, {banksim.FaultTimeoutBefore, ""}, {banksim.FaultTimeoutAfter, ""}} {
		t.Run(f[0]+f[1], func(t *testing.T) {
			st := newStage(t, s, stageOptions{})
			st.fault(banksim.StepOpen, f[0], f[1])
			o := st.order()
			ch, err := st.acq.Begin(st.patience(), o, st.card("000"))
			if err == nil || checkout.KindOf(err) != checkout.KindUnavailable || ch.Action != "" {
				t.Fatalf("%+v, %v", ch, err)
			}
			if _, charged := st.charge(o); charged {
				t.Error("the opening charged")
			}
			st.saysNothing(err.Error())
		})
	}
	for _, c := range checkout.Currencies {
		if takes(s.Dialect.Info.Currencies, c) {
			continue
		}
		st := newStage(t, s, stageOptions{})
		o := st.order()
		o.Amount.Currency = c
		if _, err := st.acq.Begin(t.Context(), o, st.card("000")); checkout.KindOf(err) != checkout.KindInvalid || len(st.bank.Requests()) != 0 {
			t.Errorf("a currency that the dialect cannot write: %v", err)
		}
	}
}

func takes(list []checkout.Currency, c checkout.Currency) bool {
	for _, have := range list {
		if have == c {
			return true
		}
	}
	return false
}

// saysNothing holds a text to I15: neither card nor secret is in it.
func (st *stage) saysNothing(text string) {
	st.t.Helper()
	if strings.Contains(text, "415565000000") || wire.Mask(text) != strings.TrimSpace(text) && len(text) < 200 {
		st.t.Errorf("it holds a card number: %s", text)
	}
	for _, c := range st.s.Dialect.Info.Credentials {
		if secret := st.s.Credentials[c.Name]; c.Secret && secret != "" && strings.Contains(text, secret) {
			st.t.Errorf("it holds %s: %s", c.Name, text)
		}
	}
}
