package payfor

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// record is an inquiry answer about the case's order; pairs override or add.
func record(pairs ...string) string {
	v := map[string]string{"RequestGuid": "1000000090000001", "MbrId": "5", "MerchantID": "085300000009597", "OrderId": order, "SecureType": "3DModel",
		"PurchAmount": "250.00", "Currency": "949", "TxnType": "Auth", "TxnStatus": "Y", "TxnResult": "Success", "ProcReturnCode": "00",
		"AuthCode": "S40917", "HostRefNum": "", "F37": "632610040917", "VoidDate": "0", "IsVoided": "False", "IsRefunded": "false", "RefundedAmount": "0",
		"OrgOrderId": "\r\n ", "D3Status": "1"}
	for i := 0; i+1 < len(pairs); i += 2 {
		v[pairs[i]] = pairs[i+1]
	}
	var list []string
	for name, value := range v {
		if value != "-" {
			list = append(list, name, value)
		}
	}
	return short(list...)
}

func TestInquiryMessage(t *testing.T) {
	c := newCase(t, Mode3DPay)
	c.reply = record()
	if _, err := c.a.Inquire(t.Context(), c.o); err != nil {
		t.Fatal(err)
	}
	want := `<PayforRequest><MbrId>5</MbrId><MerchantId>085300000009597</MerchantId><UserCode>ODELINK_API</UserCode><UserPass>Us3r-P4ss-Zq</UserPass>` +
		`<SecureType>Inquiry</SecureType><TxnType>OrderInquiry</TxnType><OrgOrderId>ODQ7ZK2MABCDEFGHIJKX</OrgOrderId><Lang>TR</Lang></PayforRequest>`
	if got := c.calls[0].Get("xml"); !strings.HasSuffix(got, want) {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
}

// A record says when it was written, in Turkey's time; the list of a day goes by the same. One that says nothing, or
// nonsense, is as good.
func TestWhenTheBankTookTheMoney(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		want time.Time
	}{
		"behind midnight there, before it in UTC": {"23.11.2026 00:10:09", time.Date(2026, 11, 22, 21, 10, 9, 0, time.UTC)},
		"a day of one digit":                      {"1.12.2026 14:00:00", time.Date(2026, 12, 1, 11, 0, 0, 0, time.UTC)},
		"none":                                    {"1.01.0001 00:00:00", time.Time{}},
		"nothing":                                 {"", time.Time{}},
		"nonsense":                                {"2026", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCase(t, "")
			c.reply = record("InsertDatetime", tc.text)
			out, err := c.acq.(checkout.Inquirer).Inquire(t.Context(), c.o)
			if err != nil || out.Result != checkout.ResultApproved || !out.At.Equal(tc.want) {
				t.Errorf("%+v, %v", out, err)
			}
		})
	}
}

func TestInquiryAnswers(t *testing.T) {
	try := func(minor int64) checkout.Money { return checkout.Money{Minor: minor, Currency: checkout.TRY} }
	for _, tc := range []struct {
		name, reply string
		preAuth     bool
		want        checkout.Result
		amount      checkout.Money
		mistake     bool
	}{
		{"paid", record(), false, checkout.ResultApproved, try(25000), false},
		{"paid, another amount is told and not judged", record("PurchAmount", "1"), false, checkout.ResultApproved, try(100), false},
		{"paid, another currency is told and not judged", record("Currency", "840"), false, checkout.ResultApproved,
			checkout.Money{Minor: 25000, Currency: checkout.USD}, false},
		{"captured", record("TxnType", "PostAuth"), true, checkout.ResultApproved, try(25000), false},
		{"held", record("TxnType", "PreAuth"), true, checkout.ResultApproved, try(25000), false},
		{"a hold where a sale was asked for", record("TxnType", "PreAuth"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"a sale where a hold was asked for", record(), true, checkout.ResultUnknown, checkout.Money{}, true},
		{"a refund's record", record("TxnType", "Refund"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"a yes that is not done", record("TxnStatus", "N"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"a yes without an authorisation code", record("AuthCode", ""), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"a yes without an amount", record("PurchAmount", ""), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"a yes with an amount that is none", record("PurchAmount", "250,00"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"a yes in an unknown currency", record("Currency", "TL"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"voided by its flag", record("IsVoided", "TRUE"), false, checkout.ResultVoided, try(25000), false},
		{"voided by its date", record("VoidDate", "20261122"), false, checkout.ResultVoided, try(25000), false},
		{"voided by its letter", record("TxnStatus", "V"), false, checkout.ResultVoided, try(25000), false},
		{"unfinished", record("ProcReturnCode", "V000", "TxnStatus", "N", "AuthCode", ""), false, checkout.ResultUnfinished, checkout.Money{}, false},
		{"verified and waiting", record("ProcReturnCode", "V033", "TxnStatus", "N", "AuthCode", ""), false, checkout.ResultUnfinished, checkout.Money{}, false},
		{"not found", record("ProcReturnCode", "V013", "RequestGuid", "0", "OrderId", "", "MerchantID", "", "AuthCode", ""), false, checkout.ResultNotFound, checkout.Money{}, false},
		{"not found, our number echoed", record("ProcReturnCode", "V013", "RequestGuid", "0"), false, checkout.ResultNotFound, checkout.Money{}, false},
		{"not found, another number echoed", record("ProcReturnCode", "V013", "OrderId", "X"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"declined", record("ProcReturnCode", "51", "AuthCode", "", "TxnStatus", "N"), false, checkout.ResultDeclined, checkout.Money{}, false},
		{"not authenticated", record("ProcReturnCode", "V034", "AuthCode", "", "TxnStatus", "N"), false, checkout.ResultDeclined, checkout.Money{}, false},
		{"a no without a record", short("ProcReturnCode", "51"), false, checkout.ResultUnknown, checkout.Money{}, false},
		{"our password is wrong", short("ProcReturnCode", "M009", "TransId", order), false, checkout.ResultUnknown, checkout.Money{}, false},
		{"our address is not registered", record("ProcReturnCode", "M047", "RequestGuid", "0"), false, checkout.ResultUnknown, checkout.Money{}, false},
		{"a system error", record("ProcReturnCode", "96"), false, checkout.ResultUnknown, checkout.Money{}, false},
		{"another order", record("OrderId", "ODQ7ZK2MABCDEFGHIJKY"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"no order", record("OrderId", "-"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"another merchant", record("MerchantID", "085300000009704"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"no merchant", record("MerchantID", "-"), false, checkout.ResultUnknown, checkout.Money{}, true},
		{"the merchant in its other spelling", record("MerchantID", "-", "MerchantId", "085300000009597"), false, checkout.ResultApproved, try(25000), false},
		{"garbage", "<html>", false, checkout.ResultUnknown, checkout.Money{}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCase(t, "")
			c.o.PreAuth, c.reply = tc.preAuth, tc.reply
			out, err := c.acq.(checkout.Inquirer).Inquire(t.Context(), c.o)
			if out.Result != tc.want || out.Amount != tc.amount || (err != nil) != tc.mistake {
				t.Errorf("%+v, %v", out, err)
			}
			if out.Result == checkout.ResultApproved && (out.AuthCode != "S40917" || out.RRN != "632610040917") {
				t.Errorf("references: %+v", out)
			}
			safe(t, c, err)
		})
	}
	c := newCase(t, "")
	c.reply = record("RefundedAmount", "100.5", "IsRefunded", "true")
	if out, err := c.a.Inquire(t.Context(), c.o); err != nil || out.Refunded != 10050 || out.Result != checkout.ResultApproved {
		t.Errorf("refunded: %+v, %v", out, err)
	}
	if c.a.SettleTime() <= 0 {
		t.Error("no settle time")
	}
}

func TestFollowUpAnswers(t *testing.T) {
	void := func(c *bankCase) (checkout.Outcome, error) { return c.a.Void(c.t.Context(), c.o) }
	refund := func(c *bankCase) (checkout.Outcome, error) {
		return c.a.Refund(c.t.Context(), c.o, checkout.Money{Minor: 10000, Currency: checkout.TRY})
	}
	capture := func(c *bankCase) (checkout.Outcome, error) {
		return c.a.Capture(c.t.Context(), c.o, checkout.Money{Minor: 25002, Currency: checkout.TRY})
	}
	for _, tc := range []struct {
		name string
		call func(*bankCase) (checkout.Outcome, error)
		code string
		want checkout.Result
	}{
		{"a void that worked", void, "00", checkout.ResultVoided},
		{"a void of what is void", void, "V017", checkout.ResultVoided},
		{"a void of what nobody knows, or is void", void, "V013", checkout.ResultNotFound},
		{"a void after day end", void, "V018", checkout.ResultTooLate},
		{"a void after its batch is gone", void, "V032", checkout.ResultTooLate},
		{"a void whose original is missing", void, "V021", checkout.ResultNotFound},
		{"a void whose original the host does not find", void, "25", checkout.ResultNotFound},
		{"a void whose original the host does not find, in another word", void, "29", checkout.ResultNotFound},
		{"a void of what was declined", void, "28", checkout.ResultNotFound},
		{"a void of what cannot be chosen", void, "V022", checkout.ResultUnknown},
		{"a void of what is not finished", void, "V020", checkout.ResultUnfinished},
		{"a void with a wrong password takes nothing back", void, "M009", checkout.ResultUnknown},
		{"a void that the issuer refused takes nothing back", void, "05", checkout.ResultUnknown},
		{"a void that met a system error", void, "V036", checkout.ResultUnknown},
		{"a void of what was refunded", void, "V037", checkout.ResultUnknown},
		{"a refund that worked", refund, "00", checkout.ResultApproved},
		{"a refund before day end", refund, "V014", checkout.ResultTooEarly},
		{"a refund above the sale", refund, "V015", checkout.ResultDeclined},
		{"a refund of what is refunded", refund, "V037", checkout.ResultDeclined},
		{"a refund of what nobody knows", refund, "V013", checkout.ResultNotFound},
		{"a refund that met a system error", refund, "96", checkout.ResultUnknown},
		{"a refund that the issuer refused", refund, "05", checkout.ResultDeclined},
		{"a capture that worked", capture, "00", checkout.ResultApproved},
		{"a capture too far from the hold", capture, "V027", checkout.ResultDeclined},
		{"a capture of a sale", capture, "V016", checkout.ResultDeclined},
		{"a capture that was made before decides nothing", capture, "V025", checkout.ResultUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCase(t, "")
			c.reply = short("AuthCode", "S40918", "HostRefNum", "632610040918", "ProcReturnCode", tc.code, "TransId", order, "ErrMsg", "x")
			out, err := tc.call(c)
			if err != nil || out.Result != tc.want {
				t.Errorf("%+v, %v", out, err)
			}
			done := tc.code == "00"
			if done != (out.AuthCode == "S40918") || done == (out.Decline.BankCode != "") && tc.code != "V017" {
				t.Errorf("%+v", out)
			}
			c.reply = strings.Replace(c.reply, order, "ODQ7ZK2MABCDEFGHIJKY", 1)
			if out, err := tc.call(c); err == nil || out.Result != checkout.ResultUnknown {
				t.Errorf("about another order: %+v, %v", out, err)
			}
			c.status = 500
			if out, err := tc.call(c); err == nil || out.Result != checkout.ResultUnknown {
				t.Errorf("with status 500: %+v, %v", out, err)
			}
		})
	}
}

func TestFollowUpMessages(t *testing.T) {
	c := newCase(t, "")
	c.reply = short("ProcReturnCode", "00", "TransId", order)
	_, _ = c.a.Void(t.Context(), c.o) // only what is sent counts here
	_, _ = c.a.Refund(t.Context(), c.o, checkout.Money{Minor: 10000, Currency: checkout.TRY})
	_, _ = c.a.Capture(t.Context(), c.o, checkout.Money{Minor: 25002, Currency: checkout.TRY})
	for i, want := range []string{
		`<TxnType>Void</TxnType><OrgOrderId>ODQ7ZK2MABCDEFGHIJKX</OrgOrderId><Currency>949</Currency><Lang>TR</Lang></PayforRequest>`,
		`<TxnType>Refund</TxnType><OrgOrderId>ODQ7ZK2MABCDEFGHIJKX</OrgOrderId><PurchAmount>100.00</PurchAmount><Currency>949</Currency><Lang>TR</Lang></PayforRequest>`,
		`<TxnType>PostAuth</TxnType><OrgOrderId>ODQ7ZK2MABCDEFGHIJKX</OrgOrderId><PurchAmount>250.02</PurchAmount><Currency>949</Currency><Lang>TR</Lang></PayforRequest>`,
	} {
		got := c.calls[i].Get("xml")
		if !strings.HasSuffix(got, want) || !strings.Contains(got, "<SecureType>NonSecure</SecureType>") {
			t.Errorf("sent %s", got)
		}
	}
	for _, bad := range []checkout.Money{{Minor: 0, Currency: checkout.TRY}, {Minor: -1, Currency: checkout.TRY}, {Minor: 5, Currency: checkout.USD}} {
		if _, err := c.a.Refund(t.Context(), c.o, bad); checkout.KindOf(err) != checkout.KindInvalid || len(c.calls) != 3 {
			t.Errorf("refund of %v: %v", bad, err)
		}
	}
}

// Each call is made by the user who may make it; without others, one makes all.
func TestEachUserMakesHisCalls(t *testing.T) {
	c := newCase(t, "")
	c.a.set.refunds, c.a.set.reports = user{"BACK", "b4ck"}, user{"READ", "r34d"}
	c.reply = short("ProcReturnCode", "00", "TransId", order)
	lira := checkout.Money{Minor: 10000, Currency: checkout.TRY}
	_, _ = c.a.Void(t.Context(), c.o) // only what is sent counts here
	_, _ = c.a.Refund(t.Context(), c.o, lira)
	_, _ = c.a.Capture(t.Context(), c.o, lira)
	_, _ = c.a.Inquire(t.Context(), c.o)
	_, _ = c.a.List(t.Context(), "2026-11-22")
	_, _ = c.acq.(checkout.Authorizer).Authorize(t.Context(), c.o)
	for i, want := range []string{
		"<UserCode>BACK</UserCode><UserPass>b4ck</UserPass>", "<UserCode>BACK</UserCode><UserPass>b4ck</UserPass>", "<UserCode>ODELINK_API</UserCode><UserPass>Us3r-P4ss-Zq</UserPass>",
		"<UserCode>READ</UserCode><UserPass>r34d</UserPass>", "<UserCode>READ</UserCode><UserPass>r34d</UserPass>", "<UserCode>ODELINK_API</UserCode><UserPass>Us3r-P4ss-Zq</UserPass>",
	} {
		if got := c.calls[i].Get("xml"); !strings.Contains(got, want) {
			t.Errorf("call %d: sent %s", i, got)
		}
	}
	a := account(Mode3DModel, "")
	a.Credentials["refund_user_code"], a.Credentials["report_user_pass"] = "BACK", "r34d"
	var wrong []string
	for _, e := range Dialect().Check(a, true) {
		wrong = append(wrong, e.Field+" "+e.Code)
	}
	slices.Sort(wrong)
	if !slices.Equal(wrong, []string{"credentials.refund_user_pass required", "credentials.report_user_code required"}) {
		t.Errorf("halves of users: %q", wrong)
	}
}

// TestVerify: what a bank says to the two steps of the self-test, and which setting it is laid at.
func TestVerify(t *testing.T) {
	for _, tc := range []struct {
		name, mode, void, open string
		forge                  bool
		back                   string // another user voids, and this is what he is told
		read                   string // another user asks for histories, and this is what he is told
		field, code            string // "" = the account works
	}{
		{name: "everything right", void: "V013", open: "M008"},
		{name: "a bank that knows M027 instead", void: "M027", open: "M041"},
		{name: "a hosted account is asked once", mode: Mode3DHost, void: "V013"},
		{name: "wrong password", void: "M009", field: "credentials.user_pass", code: "password_refused"},
		{name: "unknown user", void: "V035", field: "credentials.user_code", code: "user_refused"},
		{name: "unknown merchant", void: "V001", field: "credentials.merchant_id", code: "merchant_unknown"},
		{name: "our address is not registered", void: "V036", field: "base_url", code: "address_not_registered"},
		{name: "our address is not registered for openings", void: "V013", open: "M047", field: "base_url", code: "address_not_registered"},
		{name: "wrong hash secret, the bank says so", void: "V013", open: "M030", field: "credentials.merchant_pass", code: "hash_refused"},
		{name: "wrong hash secret, the bank's own signature says so", void: "V013", open: "M008", forge: true, field: "credentials.merchant_pass", code: "hash_refused"},
		{name: "a mode the merchant does not have", void: "V013", open: "M021", field: "mode", code: "mode_not_allowed"},
		{name: "another user voids", void: "V038", open: "M008", back: "V013"},
		{name: "another user voids, and the first may, too", void: "V013", open: "M008", back: "V013"},
		{name: "nobody may void", void: "V038", field: "credentials", code: "operation_not_allowed"},
		{name: "another user voids and may not", void: "V038", back: "V038", field: "credentials", code: "operation_not_allowed"},
		{name: "the first user's password is wrong", void: "M009", back: "V013", field: "credentials.user_pass", code: "password_refused"},
		{name: "the other user's password is wrong", void: "V038", back: "M009", field: "credentials.refund_user_pass", code: "password_refused"},
		{name: "the other user is unknown", void: "V038", back: "V035", field: "credentials.refund_user_code", code: "user_refused"},
		{name: "another user reads, and a history is asked for in another way", void: "V013", open: "M008", read: "M028"},
		{name: "another user reads, whom the bank does not know", void: "V013", open: "M008", read: "V035", field: "credentials.report_user_code", code: "user_refused"},
		{name: "a strange refusal", void: "M099", field: "credentials", code: "credentials_refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCase(t, tc.mode)
			bank := &selfTestBank{c: c, void: tc.void, open: tc.open, forge: tc.forge, back: tc.back}
			if tc.back != "" {
				c.a.set.refunds = user{"BACK", "b4ck"}
			}
			if bank.read = tc.read; tc.read != "" {
				c.a.set.reports = user{"READ", "r34d"}
			}
			c.a.client = wire.NewClient(wire.ClientConfig{Transport: bank})
			err := c.acq.(checkout.Verifier).Verify(t.Context())
			var e *checkout.Error
			switch {
			case tc.code == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.code != "" && (!errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != tc.field || e.Fields[0].Code != tc.code || e.Fields[0].Args["bank_code"] == ""):
				t.Errorf("%v", err)
			}
			safe(t, c, err)
			if bank.sawCard || !strings.HasPrefix(bank.order, "ODTEST261122") || len(bank.order) != 20 {
				t.Errorf("the self-test sent a card or order number %q", bank.order)
			}
		})
	}
	c := newCase(t, "")
	c.status = 500
	if err := c.a.Verify(t.Context()); !errors.Is(err, checkout.ErrUnreachable) {
		t.Errorf("bank away: %v", err)
	}
}

// openingAnswer is the bank's refusal of an opening: a form to FailUrl, signed.
func openingAnswer(c *bankCase, in url.Values, code string, forge bool) string {
	plain := c.a.set.merchantID + c.a.set.merchantPass + in.Get("OrderId") + code + "-1" + "PF639140000000000007" + c.a.set.user.code
	if forge {
		plain += "x"
	}
	sum := sha1.Sum([]byte(plain))
	fields := url.Values{"OrderId": in["OrderId"], "MerchantID": in["MerchantID"], "AuthCode": {""}, "ProcReturnCode": {code}, "3DStatus": {"-1"},
		"ResponseRnd": {"PF639140000000000007"}, "ResponseHash": {base64.StdEncoding.EncodeToString(sum[:])}}
	var b strings.Builder
	fmt.Fprintf(&b, `<script></script><form method="post" action="%s">`, in.Get("FailUrl"))
	for name := range fields {
		fmt.Fprintf(&b, `<input type="hidden" name="%s" value="%s">`, name, fields.Get(name))
	}
	return b.String() + "</form>"
}

// selfTestBank answers a void with one code and an opening with another, naming the order it was asked about.
type selfTestBank struct {
	c          *bankCase
	void, open string
	back, read string // a void of the user BACK, a history of the user READ
	forge      bool
	sawCard    bool
	order      string
}

func (b *selfTestBank) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	reply := ""
	if strings.HasSuffix(r.URL.Path, "XMLGate.aspx") {
		if _, after, void := strings.Cut(string(body), "<OrgOrderId>"); void {
			b.order, _, _ = strings.Cut(after, "<")
		}
		code := b.void
		if strings.Contains(string(body), "<UserCode>READ</UserCode>") {
			code = b.read
		}
		if strings.Contains(string(body), "<UserCode>BACK</UserCode>") {
			code = b.back
		}
		reply = short("ProcReturnCode", code, "TransId", b.order, "ErrMsg", "x")
	} else {
		in, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		b.sawCard = in.Has("Pan") || in.Has("Cvv2") || in.Has("Expiry")
		reply = openingAnswer(b.c, in, b.open, b.forge)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(reply)), Request: r}, nil
}
