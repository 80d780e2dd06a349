//go:build !race

package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// The rows A1 to A22: what strangers send to the address where the bank sends browsers back. Each is
// also proven field by field at the adapter; here the whole gateway answers, records and raises alarms.

func TestA01_A02_NoHash(t *testing.T) {
	t.Parallel()
	r := forged(t, rigOptions{},
		forgery{"no hash field", checkout.ForgedHashMissing, func(f url.Values) { f.Del("ResponseHash") }},
		forgery{"an empty hash", checkout.ForgedHashMissing, func(f url.Values) { f.Set("ResponseHash", "") }},
		forgery{"an empty hash and an empty field list", checkout.ForgedNotPinned, func(f url.Values) { f.Set("ResponseHash", ""); f.Set("HASHPARAMS", "") }},
	)
	if n := r.alerts(); n != 1 {
		t.Errorf("three payments rejected within ten minutes raised %d alarms", n)
	}
	p := r.atBank(nil)
	r.rejects(p, p.action, "", checkout.ForgedHashMissing)
	r.must("a GET with all fields leads to the result and is not believed",
		r.stranger().get(p.action+"?"+p.fields.Encode()).header.Get("Location"), "/r/"+p.id)
	r.must("status", r.ledgerPayment(p.id).Status, checkout.StatusChallenged)
}

// Three different payments are somebody at work; one payment three times, or three in more than ten
// minutes, is noise.
func TestA01_AlarmCountsPaymentsInTenMinutes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	reject := func() {
		p := r.atBank(nil)
		for range 3 {
			r.rejects(p, p.action, "ResponseHash=x", checkout.ForgedHashMismatch)
		}
	}
	for range 4 {
		reject()
		r.clock.advance(5 * time.Minute)
	}
	r.must("alarms over one payment every five minutes", r.alerts(), 0)
	r.clock.advance(10 * time.Minute)
	reject()
	reject()
	r.must("alarms over two payments", r.alerts(), 0)
	reject()
	r.must("alarms over three payments", r.alerts(), 1)
}

func TestA03_EmptySecret(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	p := r.atBank(nil)
	acc := r.app.mustAccount(t)
	acc.Credentials = checkout.Secrets{"merchant_id": "990000000000001", "user_code": "ODELINK_API", "user_pass": "Demo-Pass-1", "merchant_pass": ""}
	if err := r.app.checkAccount(context.Background(), acc, false); checkout.KindOf(err) != checkout.KindInvalid {
		t.Errorf("an account with an empty secret is taken when saved: %v", err)
	}
	// Somebody wrote it past every check.
	r.account(func(a *checkout.Account) { a.Credentials = acc.Credentials })
	form := copied(p.fields)
	shopSecrets{demoShop.merchant, demoShop.user, ""}.sign(form)
	r.rejects(p, p.action, form.Encode(), checkout.ForgedSecretMissing)
	r.rejects(p, p.action, p.fields.Encode(), checkout.ForgedSecretMissing)
	for range 2 {
		// Payments that were at the bank when the secret went.
		r.account(func(a *checkout.Account) { a.Credentials["merchant_pass"] = demoShop.pass })
		q := r.atBank(nil)
		r.account(func(a *checkout.Account) { a.Credentials["merchant_pass"] = "" })
		r.rejects(q, q.action, q.fields.Encode(), checkout.ForgedSecretMissing)
	}
	r.must("alarms", r.alerts(), 1)
	r.account(func(a *checkout.Account) { a.Credentials["merchant_pass"] = demoShop.pass })
	p.back().wants(http.StatusOK, pagePaid)
	r.proven()
}

func (a *app) mustAccount(t *testing.T) checkout.Account {
	t.Helper()
	all, err := a.ledger.Accounts(context.Background(), demoMerchant)
	if err != nil || len(all) == 0 {
		t.Fatalf("accounts: %v, %v", all, err)
	}
	return all[0]
}

func TestA04_A05_FieldListOfTheSender(t *testing.T) {
	t.Parallel()
	forged(t, rigOptions{},
		forgery{"the list names one field that the sender fills", checkout.ForgedNotPinned, func(f url.Values) {
			f.Set("x", f.Get("OrderId")+f.Get("ProcReturnCode")+f.Get("3DStatus"))
			f.Set("HASHPARAMS", "x")
		}},
		forgery{"the list in lower case", checkout.ForgedNotPinned, func(f url.Values) { f.Set("hashparams", "OrderId") }},
		forgery{"the joined values trusted instead of the fields", checkout.ForgedHashMismatch, func(f url.Values) {
			f.Set("HASHPARAMSVAL", demoShop.merchant+f.Get("OrderId")+f.Get("ProcReturnCode")+f.Get("3DStatus"))
			f.Set("AuthCode", "S40917")
		}},
	)
}

func TestA06_A07_ShiftedAndAppended(t *testing.T) {
	t.Parallel()
	forged(t, rigOptions{},
		forgery{"the order number gives six characters to its neighbour", checkout.ForgedFieldShape, func(f url.Values) {
			id := f.Get("OrderId")
			f.Set("OrderId", id[:len(id)-6])
			f.Set("AuthCode", id[len(id)-6:]+f.Get("AuthCode"))
		}},
		forgery{"the last free field is extended", checkout.ForgedFieldShape, func(f url.Values) { f.Set("ResponseRnd", f.Get("ResponseRnd")+"\x80\x00\x00\x01x") }},
		forgery{"the hash is appended to", checkout.ForgedHashMismatch, func(f url.Values) { f.Set("ResponseHash", f.Get("ResponseHash")+"=") }},
		forgery{"the hash ends in a blank", checkout.ForgedHashMismatch, func(f url.Values) { f.Set("ResponseHash", f.Get("ResponseHash")+" ") }},
	)
}

func TestA08_AnyPinnedField(t *testing.T) {
	t.Parallel()
	hashed := []string{"OrderId", "AuthCode", "ProcReturnCode", "3DStatus", "ResponseRnd", "ResponseHash"}
	other := map[string]string{"OrderId": "ODQ7ZK2MABCDEFGHIJKY", "AuthCode": "S40917", "ProcReturnCode": "V034", "3DStatus": "2",
		"ResponseRnd": "PF639140000000000002", "MerchantID": otherShop.merchant, "MbrId": "12", "PurchAmount": "25.00", "Currency": "392",
		"InstallmentCount": "3", "TxnType": "PreAuth", "SecureType": "3DPay", "Rnd": "RABCDEFGHIJKLMNOPQR8", "ResponseHash": "PnIJNoqG0XbXeAbEmgpmfgDdqKc="}
	var list []forgery
	for name, wrong := range other {
		reason := checkout.ForgedCopyMismatch
		for _, h := range hashed {
			if h == name {
				reason = checkout.ForgedHashMismatch
			}
		}
		gone := reason
		if name == "ResponseHash" {
			gone = checkout.ForgedHashMissing
		}
		at := func(f url.Values) string {
			if name == "MerchantID" {
				return merchantField(f)
			}
			return name
		}
		list = append(list,
			forgery{name + " changed", reason, func(f url.Values) { f.Set(at(f), wrong) }},
			forgery{name + " removed", gone, func(f url.Values) { f.Del(at(f)) }},
			forgery{name + " twice, the wrong one first", checkout.ForgedFieldRepeated, func(f url.Values) { f[at(f)] = []string{wrong, f.Get(at(f))} }},
			forgery{name + " in a letter case of its own", gone, func(f url.Values) {
				value := f.Get(at(f))
				f.Del(at(f))
				f.Set(strings.ToLower(name), value)
			}},
			forgery{name + " in two letter cases", checkout.ForgedFieldRepeated, func(f url.Values) { f.Set(strings.ToUpper(name)+"", wrong); f.Set(strings.ToLower(name), wrong) }},
		)
		if name != "AuthCode" {
			list = append(list, forgery{name + " emptied", gone, func(f url.Values) { f.Set(at(f), "") }})
		}
	}
	r := forged(t, rigOptions{}, list...)
	for name := range other {
		p := r.atBank(nil)
		r.rejects(p, p.action+"?"+url.Values{name: {p.fields.Get(name)}}.Encode(), p.fields.Encode(), checkout.ForgedFieldRepeated)
		moved := copied(p.fields)
		moved.Del(name)
		r.rejects(p, p.action+"?"+url.Values{name: {p.fields.Get(name)}}.Encode(), moved.Encode(), checkout.ForgedFieldRepeated)
	}
}

func TestA09_MoneyDiffersThoughTheHashIsRight(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"PurchAmount": "1.00", "Currency": "840", "InstallmentCount": "3"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{})
			p := r.atBank(nil)
			form := copied(p.fields)
			form.Set(name, value)
			demoShop.sign(form)
			r.rejects(p, p.action, form.Encode(), checkout.ForgedCopyMismatch)
			if n := r.alerts(); n != 1 {
				t.Errorf("%d alarms, want one at once", n)
			}
			p.back().wants(http.StatusOK, pagePaid)
			r.proven()
		})
	}
}

// A10: the callback of one payment, or parts of it, sent to another.
func TestA10_CallbackOfAnotherPayment(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	cheap := r.atBank(r.link(map[string]any{"amount": 100}))
	dear := r.atBank(r.link(map[string]any{"amount": 9_900_000}))
	r.rejects(dear, dear.action, cheap.fields.Encode(), checkout.ForgedCopyMismatch)
	r.rejects(cheap, cheap.action, dear.fields.Encode(), checkout.ForgedCopyMismatch)
	for _, name := range []string{"OrderId", "ResponseRnd", "ResponseHash", "PurchAmount", "Rnd"} {
		mixed := copied(dear.fields)
		mixed.Set(name, cheap.fields.Get(name))
		if name == "OrderId" || name == "ResponseRnd" || name == "ResponseHash" {
			r.rejects(dear, dear.action, mixed.Encode(), checkout.ForgedHashMismatch)
		} else {
			r.rejects(dear, dear.action, mixed.Encode(), checkout.ForgedCopyMismatch)
		}
	}
	// The 3-D token is under no hash: the dear order with the cheap one's token is the bank's to refuse,
	// and it is not charged (I4).
	mixed := copied(dear.fields)
	mixed.Set("RequestGuid", cheap.fields.Get("RequestGuid"))
	dear.post(dear.action, mixed)
	if st := r.ledgerPayment(dear.id).Status; st == checkout.StatusPaid {
		t.Errorf("the dear payment is %s with the token of the cheap one", st)
	}
	r.must("charges", len(r.bank.Charges()), 0)
	r.must("the cheap one", r.ledgerPayment(cheap.id).Status, checkout.StatusChallenged)
	cheap.back().wants(http.StatusOK, pagePaid, "1,00 TL")
	r.proven()
}

// A11: a callback that is genuine for another merchant of the same bank.
func TestA11_CallbackOfAnotherMerchant(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	address, _ := r.shop(otherShop, "FwCX2")
	theirs := &payer{browser: r.browser(), url: address}
	theirs.pay(address, cardWithout)
	r.must("pay", theirs.status, http.StatusOK)
	theirs.id = theirs.paymentID()
	theirs.action, theirs.fields = theirs.callback("")
	mine := r.atBank(nil)
	r.rejects(mine, mine.action, theirs.fields.Encode(), checkout.ForgedCopyMismatch)
	// Merchant B knows B's secrets, and signs A's order with them.
	form := copied(mine.fields)
	otherShop.sign(form)
	r.rejects(mine, mine.action, form.Encode(), checkout.ForgedHashMismatch)
	form.Set(merchantField(form), otherShop.merchant)
	r.rejects(mine, mine.action, form.Encode(), checkout.ForgedCopyMismatch)
	r.must("alarm at once", r.alerts() > 0, true)
	theirs.back().wants(http.StatusOK, pagePaid)
	mine.back().wants(http.StatusOK, pagePaid)
}

// A12: a hundred browsers send the same callback, before, while and after it is worked on.
func TestA12_Replays(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	p := r.atBank(nil)
	r.bankFault(banksim.StepProvision, banksim.FaultSlow, "300", 1)
	replay := func(int) {
		a, err := r.stranger().try("POST", p.action, formType, p.fields.Encode())
		if err != nil || a.status != http.StatusSeeOther || a.header.Get("Location") != "/r/"+p.id {
			t.Errorf("%d to %q, %v", a.status, a.header.Get("Location"), err)
		}
	}
	inParallel(100, 100, replay)
	inParallel(20, 4, replay)
	r.app.flow.Wait()
	r.must("authorising calls", r.asked(p.id, banksim.StepProvision), 1)
	r.must("events", r.events(p.id), []string{"payment.challenged", "payment.authorizing", "payment.paid"})
	p.result()
	r.must("result", heading(p.body), pagePaid)
	r.must("alarms", r.alerts(), 0)
	r.proven()
}

// late sends a callback to a payment that is decided: 303 to the recorded result, nothing moves, and
// one audit line says so (A13).
func (r *rig) late(p *payer, form url.Values, want checkout.Status) {
	r.t.Helper()
	before, sent := r.ledgerPayment(p.id), r.asked(p.id, banksim.StepProvision)
	r.must("status before", before.Status, want)
	a := r.stranger().post(p.action, form)
	r.must("answer", a.status, http.StatusSeeOther)
	r.must("leads to", a.header.Get("Location"), "/r/"+p.id)
	after := r.ledgerPayment(p.id)
	r.must("status after", after.Status, want)
	r.must("reason after", after.Decline.Code, before.Decline.Code)
	r.must("authorising calls", r.asked(p.id, banksim.StepProvision), sent)
	got := r.events(p.id)
	r.must("recorded", got[len(got)-1], "payment.callback_late")
	r.must("one line", after.Seq, before.Seq+1)
}

func TestA13_LateCallbacks(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	says := func(p *payer, code, status string) url.Values {
		f := copied(p.fields)
		f.Set("ProcReturnCode", code)
		f.Set("3DStatus", status)
		demoShop.sign(f)
		return f
	}
	paid := r.atBank(nil)
	paid.back().wants(http.StatusOK, pagePaid)
	r.late(paid, says(paid, "V034", "0"), checkout.StatusPaid)
	r.late(paid, says(paid, "51", "-1"), checkout.StatusPaid)

	declined := r.atBank(nil)
	r.bankFault(banksim.StepProvision, banksim.FaultDecline, `"51"`, 1)
	declined.back().wants(http.StatusOK, pageDeclined)
	r.late(declined, declined.fields, checkout.StatusDeclined)

	failed := r.atBank(nil)
	failed.post(failed.action, says(failed, "V034", "0"))
	r.must("3-D failed", heading(failed.body), pageNotVerified)
	r.late(failed, failed.fields, checkout.StatusFailed)

	abandoned := r.atBank(nil)
	r.clock.advance(31 * time.Minute)
	r.settle()
	r.late(abandoned, abandoned.fields, checkout.StatusAbandoned)
	// And a forged one to a decided payment is rejected as ever.
	r.rejects(paid, paid.action, "ResponseHash=x", checkout.ForgedHashMismatch)
	r.proven()
}

// A14, I11: only the byte "1" goes on, whatever success stands beside it.
func TestA14_I11_StatusesThatAreNoYes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{half: true})
	for _, status := range []string{"0", "5", "6", "7", "8", "9", "-1", "", "01", " 1", "1 ", "1,1", "１", "+1", "true", "Y", "missing"} {
		for _, code := range []string{"V033", "00"} {
			p := r.atBank(nil)
			form := copied(p.fields)
			form.Set("ProcReturnCode", code)
			form.Set("Response", "Approved")
			form.Set("TxnResult", "Success")
			form.Set("mdStatus", "1")
			form.Set("3DStatus", status)
			if status == "missing" {
				form.Del("3DStatus")
			}
			r.rejects(p, p.action, form.Encode(), checkout.ForgedHashMismatch)
			demoShop.sign(form)
			p.post(p.action, form)
			if p.status != http.StatusOK || heading(p.body) != pageNotVerified {
				t.Errorf("status %q, code %s: %d %q", status, code, p.status, heading(p.body))
			}
			r.ended(p.id, checkout.StatusFailed, checkout.ReasonAuthentication, 0)
			r.must("authorising calls", r.asked(p.id, banksim.StepProvision), 0)
		}
	}
	p := r.atBank(nil)
	form := copied(p.fields)
	form.Set("ProcReturnCode", "00")
	demoShop.sign(form)
	p.post(p.action, form)
	r.must("a paying mode's success code in two steps", heading(p.body), pageNotVerified)
	r.ended(p.id, checkout.StatusFailed, checkout.ReasonAuthentication, 0)
	r.proven()
}

func TestA15_I11_HalfSecure(t *testing.T) {
	t.Parallel()
	for _, allows := range []bool{false, true} {
		r := newRig(t, rigOptions{half: allows})
		for _, script := range []string{"002", "003", "004"} {
			p := &payer{browser: r.browser()}
			p.pay(r.link(nil)["url"].(string), banksim.CardNumber("415565", script))
			p.id = p.paymentID()
			p.finish("")
			if !allows {
				r.must("strict", heading(p.body), pageNotVerified)
				r.ended(p.id, checkout.StatusFailed, checkout.ReasonHalfSecure, 0)
				r.must("authorising calls", r.asked(p.id, banksim.StepProvision), 0)
				continue
			}
			r.must("allowed", heading(p.body), pagePaid)
			r.ended(p.id, checkout.StatusPaid, "", 1)
			api := r.payment(p.id)
			r.must("liability", api["liability"], "attempted")
			r.must("md_status", api["md_status"], strings.TrimPrefix(script, "00"))
		}
		// The permission is part of the copy: one that is given while the payer is at the bank counts
		// for the next payment.
		p := &payer{browser: r.browser()}
		p.pay(r.link(nil)["url"].(string), banksim.CardNumber("415565", "003"))
		p.id = p.paymentID()
		action, fields := p.callback("")
		r.account(func(a *checkout.Account) { a.HalfSecure = !allows })
		p.post(action, fields)
		r.must("as the copy says", heading(p.body), map[bool]string{false: pageNotVerified, true: pagePaid}[allows])
		r.proven()
	}
}

func TestA16_UnknownPayments(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	p := r.atBank(nil)
	swapped := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 32
		case c >= 'A' && c <= 'Z':
			return c + 32
		}
		return c
	}, p.id[4:])
	for name, id := range map[string]string{
		"an id that nobody made":   "pay_0000000000000000000000",
		"a link's id":              p.link["id"].(string),
		"a link's id as payment":   "pay_" + strings.TrimPrefix(p.link["id"].(string), "lnk_"),
		"a link's token":           p.link["token"].(string),
		"the id in another case":   "pay_" + swapped,
		"the prefix in upper case": "PAY_" + p.id[4:],
		"a character less":         p.id[:len(p.id)-1],
		"a character more":         p.id + "0",
		"an encoded character":     p.id + "%20",
		"nothing":                  "",
		"a wildcard":               "pay_%25",
	} {
		a := r.stranger().post(r.base+"/3ds/"+id, p.fields)
		if a.status != http.StatusNotFound || heading(a.body) != pageNotFound {
			t.Errorf("%s: %d %q", name, a.status, heading(a.body))
		}
		for _, path := range []string{"", "/status", "/receipt.pdf"} {
			if a := r.stranger().get(r.base + "/r/" + id + path); a.status != http.StatusNotFound {
				t.Errorf("%s at /r/…%s: %d", name, path, a.status)
			}
		}
	}
	r.must("events", r.events(p.id), []string{"payment.challenged"})
	r.must("alarms", r.alerts(), 0)
	p.back().wants(http.StatusOK, pagePaid)
	r.proven()
}

// A17, I9, I25: who was admitted in time finishes, with the money that was agreed.
func TestA17_LinkChangesWhileAtTheBank(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for name, change := range map[string]func(p *payer){
		"deleted": func(p *payer) {
			status, _ := r.api("DELETE", "/v1/links/"+p.link["id"].(string), nil)
			r.must("delete", status, http.StatusNoContent)
		},
		"edited": func(p *payer) {
			status, _ := r.api("PATCH", "/v1/links/"+p.link["id"].(string), map[string]any{"amount": 990_000, "currency": "USD"})
			r.must("edit", status, http.StatusOK)
		},
		"expired": func(*payer) { r.clock.advance(20 * time.Minute) },
	} {
		p := r.atBank(r.link(map[string]any{"expires_at": r.clock.Now().Add(10 * time.Minute).Format(time.RFC3339)}))
		change(p)
		p.back()
		r.must(name, heading(p.body), pagePaid)
		paid := r.ledgerPayment(p.id)
		r.must(name+": the copy", paid.Total, checkout.Money{Minor: 25000, Currency: checkout.TRY})
		r.ended(p.id, checkout.StatusPaid, "", 1)
		r.must(name+": events", r.events(p.id), []string{"payment.challenged", "payment.authorizing", "payment.paid"})
	}
	r.proven()
}

// A18, I1, I2: whoever comes second is told so, and his bank is never asked to charge.
func TestA18_SecondPayer(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for name, tc := range map[string]struct {
		fault, value string
		first        checkout.Status
	}{
		"while the first is paid":     {"", "", checkout.StatusPaid},
		"while the first is in doubt": {banksim.FaultReset, `"after"`, checkout.StatusPending},
	} {
		first := r.atBank(nil)
		second := r.atBank(first.link)
		if tc.fault != "" {
			r.bankFault(banksim.StepProvision, tc.fault, tc.value, 1)
		}
		first.back()
		r.must(name, r.ledgerPayment(first.id).Status, tc.first)
		second.back()
		r.must(name+": answer", second.status, http.StatusConflict)
		second.wants(http.StatusConflict, anotherPayment)
		r.ended(second.id, checkout.StatusFailed, checkout.ReasonLinkUsed, 0)
		r.must(name+": authorising calls of the second", r.asked(second.id, banksim.StepProvision), 0)
		r.must(name+": of the first", r.asked(first.id, banksim.StepProvision), 1)
		r.must(name+": API", r.payment(second.id)["decline"].(map[string]any)["code"], "link_used")
		r.settleUntil(first.id, checkout.StatusPaid)
	}
	// While the first call is under way.
	first := r.atBank(nil)
	second := r.atBank(first.link)
	r.bankFault(banksim.StepProvision, banksim.FaultSlow, "400", 1)
	done := make(chan answer, 1)
	go func() {
		a, _ := r.stranger().try("POST", first.action, formType, first.fields.Encode())
		done <- a
	}()
	for r.ledgerPayment(first.id).Status == checkout.StatusChallenged {
		<-time.After(time.Millisecond)
	}
	second.back()
	r.must("while authorizing", second.status, http.StatusConflict)
	r.must("the first", (<-done).status, http.StatusSeeOther)
	r.ended(second.id, checkout.StatusFailed, checkout.ReasonLinkUsed, 0)
	r.ended(first.id, checkout.StatusPaid, "", 1)
	r.proven()
}

// A19: names that case folding joins. The process runs under a Turkish locale.
func TestA19_LookAlikeNames(t *testing.T) {
	t.Setenv("LANG", "tr_TR.UTF-8")
	t.Setenv("LC_ALL", "tr_TR.UTF-8")
	alike := strings.NewReplacer("s", "ſ", "S", "ſ", "k", "\u212a", "i", "ı", "I", "İ")
	var list []forgery
	for _, name := range []string{"ResponseHash", "3DStatus", "PurchAmount", "MbrId", "InstallmentCount", "Rnd"} {
		look := alike.Replace(name)
		if look == name {
			look = name + "\u200b"
		}
		list = append(list,
			forgery{name + " and its look-alike", checkout.ForgedNotPinned, func(f url.Values) { f.Set(look, f.Get(name)) }},
			forgery{name + " as its look-alike", checkout.ForgedNotPinned, func(f url.Values) { f.Set(look, f.Get(name)); f.Del(name) }},
		)
	}
	forged(t, rigOptions{}, list...)
}

// A20: the hash is over the bytes that the browser sent.
func TestA20_Bytes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	p := r.atBank(nil)
	form := copied(p.fields)
	for i := 0; !strings.Contains(form.Get("ResponseHash"), "+"); i++ {
		form.Set("ResponseRnd", "PF63914000000000"+string(rune('0'+i/1000%10))+string(rune('0'+i/100%10))+string(rune('0'+i/10%10))+string(rune('0'+i%10)))
		demoShop.sign(form)
	}
	body := form.Encode()
	r.rejects(p, p.action, strings.ReplaceAll(body, "%2B", "+"), checkout.ForgedHashMismatch) // a plus sign is a blank in a form
	r.rejects(p, p.action, strings.Replace(body, "V033", "V033+", 1), checkout.ForgedFieldShape)
	r.rejects(p, p.action, strings.Replace(body, "OrderId="+form.Get("OrderId"), "OrderId=+"+form.Get("OrderId"), 1), checkout.ForgedFieldShape)
	// Foreign bytes and signs in fields that decide nothing: windows-1254, ISO-8859-9, bars, backslashes.
	body += "&Aciklama=%DE%FDfre%20%7C%5C%7C+%2B++&Not=%80%9F%00"
	a := r.stranger().send("POST", p.action, formType, body)
	r.must("answer", a.status, http.StatusSeeOther)
	r.ended(p.id, checkout.StatusPaid, "", 1)
	r.proven()
}

// A21: what is no form is refused before anybody judges it.
func TestA21_BodiesThatAreNoForm(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	p := r.atBank(nil)
	good := p.fields.Encode()
	for name, tc := range map[string]struct {
		kind, body string
		header     []string
		status     int
	}{
		"64 KiB and one byte":   {formType, good + "&x=" + strings.Repeat("x", 64<<10+1-len(good)-3), nil, http.StatusRequestEntityTooLarge},
		"201 fields":            {formType, good + strings.Repeat("&x=1", 201-len(p.fields)), nil, http.StatusRequestEntityTooLarge},
		"gzip":                  {formType, good, []string{"Content-Encoding", "gzip"}, http.StatusUnsupportedMediaType},
		"identity":              {formType, good, []string{"Content-Encoding", "identity"}, http.StatusUnsupportedMediaType},
		"multipart":             {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"OrderId\"\r\n\r\n1\r\n--x--\r\n", nil, http.StatusUnsupportedMediaType},
		"JSON":                  {"application/json", `{"OrderId":"1"}`, nil, http.StatusUnsupportedMediaType},
		"text":                  {"text/plain", good, nil, http.StatusUnsupportedMediaType},
		"no type":               {"", good, nil, http.StatusUnsupportedMediaType},
		"a broken escape":       {formType, good + "&x=%zz", nil, http.StatusBadRequest},
		"semicolons as seams":   {formType, strings.ReplaceAll(good, "&", ";"), nil, http.StatusBadRequest},
		"200 fields in the URL": {formType, good, []string{"", "?" + strings.Repeat("x=1&", 200) + "x=1"}, http.StatusRequestEntityTooLarge},
	} {
		address := p.action
		if len(tc.header) == 2 && tc.header[0] == "" {
			address, tc.header = p.action+tc.header[1], nil
		}
		a := r.stranger(tc.header...).send("POST", address, tc.kind, tc.body)
		if a.status != tc.status || heading(a.body) != pageBadRequest {
			t.Errorf("%s: %d %q, want %d", name, a.status, heading(a.body), tc.status)
		}
	}
	r.must("recorded", r.events(p.id), []string{"payment.challenged"})
	r.must("the largest good body", r.stranger().send("POST", p.action, formType, good+"&x="+strings.Repeat("x", 64<<10-len(good)-3)).status, http.StatusSeeOther)
	r.ended(p.id, checkout.StatusPaid, "", 1)
	r.proven()
}

// A22: what the bank says in words reaches the audit trail and the merchant; the payer reads ours.
func TestA22_TextOfTheBank(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for _, text := range []string{
		`<script>alert(1)</script>`, `=cmd|'/c calc'!A0`, `"><img src=x onerror=alert(1)>`, "kart 4155650000000007 reddedildi",
		strings.Repeat("ğ", 5000), "satır\r\nSet-Cookie: a=b\x1b[31m\u2028\u202e",
	} {
		p := r.atBank(nil)
		form := copied(p.fields)
		form.Set("3DStatus", "0")
		form.Set("ProcReturnCode", "V034")
		form.Set("ErrMsg", text)
		form.Set("mdErrorMsg", text)
		demoShop.sign(form)
		p.post(p.action, form)
		r.must("page", heading(p.body), pageNotVerified)
		if strings.Contains(p.body, "alert(1)") || strings.Contains(p.body, "calc") || strings.Contains(p.body, "ğğğğ") || strings.Contains(p.body, "Set-Cookie") {
			t.Errorf("the payer reads the bank's words: %.500s", p.body)
		}
		stored := r.ledgerPayment(p.id)
		if n := len([]rune(stored.Decline.Message)); n == 0 || n > 200 {
			t.Errorf("%d characters of the bank's text are kept", n)
		}
		if strings.ContainsAny(stored.Decline.Message, "\r\n\x1b\u2028") || strings.Contains(stored.Decline.Message, "4155650000000007") {
			t.Errorf("kept as %q", stored.Decline.Message)
		}
		list, err := r.app.ledger.Events(context.Background(), demoMerchant, p.id)
		if err != nil {
			t.Fatal(err)
		}
		if last := list[len(list)-1]; last.Data["bank_message"] == "" || !strings.HasPrefix(stored.Decline.Message, last.Data["bank_message"]) || last.Data["bank_code"] != "V034" {
			t.Errorf("the audit line says %v", last.Data)
		}
		r.must("API", r.payment(p.id)["decline"].(map[string]any)["message"], stored.Decline.Message)
	}
	r.proven()
}
