package payfor

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// acsPage is the bank's answer to an opening that was taken.
const acsPage = `<!DOCTYPE html><html><head><title>Yönlendiriliyor</title></head><body onload="document.forms[0].submit()">
<!-- <form action="https://evil.example/"><input type="hidden" name="a" value="b"></form> -->
<form method="post" action='/acs/auth?x=1&amp;y=2'><input type="hidden" name="creq" value="eyJ0aHJl"/>
<INPUT TYPE=HIDDEN NAME=threeDSSessionData VALUE='a&amp;b &#39;c&#39; &quot;d&quot;'><input type="hidden" name="creq" value="2">
<noscript><input type="submit" value="Devam"></noscript></form><script>var s = "</form><form>";</script></body></html>`

// TestOpening3DModel compares the whole message, byte by byte.
func TestOpening3DModel(t *testing.T) {
	c := newCase(t, "")
	c.reply = acsPage
	ch, err := c.acq.Begin(t.Context(), c.o, card(t))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"MbrId": {"5"}, "MerchantID": {"085300000009597"}, "UserCode": {"ODELINK_API"}, "SecureType": {"3DModel"}, "TxnType": {"Auth"},
		"InstallmentCount": {"0"}, "Currency": {"949"}, "OkUrl": {c.o.ReturnURL}, "FailUrl": {c.o.ReturnURL}, "OrderId": {"ODQ7ZK2MABCDEFGHIJKX"},
		"PurchAmount": {"250.00"}, "Lang": {"TR"}, "MOTO": {"0"}, "Rnd": {"RABCDEFGHIJKLMNOPQR7"}, "Pan": {"4155650000000007"}, "Expiry": {"1229"},
		"Cvv2": {"373"}, "CardHolderName": {"Ayse Isik"}}
	got := c.calls[0]
	want.Set("Hash", requestHash([]checkout.Field{{Name: "MbrId", Value: "5"}, {Name: "OrderId", Value: "ODQ7ZK2MABCDEFGHIJKX"}, {Name: "PurchAmount", Value: "250.00"},
		{Name: "OkUrl", Value: c.o.ReturnURL}, {Name: "FailUrl", Value: c.o.ReturnURL}, {Name: "TxnType", Value: "Auth"}, {Name: "InstallmentCount", Value: "0"},
		{Name: "Rnd", Value: c.o.Nonce}}, "St0re-K3y-Wv"))
	if got.Encode() != want.Encode() {
		t.Errorf("sent\n%s\nwant\n%s", got.Encode(), want.Encode())
	}
	if c.paths[0] != "/payfor/Gateway/Default.aspx" {
		t.Errorf("sent to %s", c.paths[0])
	}
	base := strings.TrimSuffix(c.a.set.base.String(), "/payfor/Gateway/")
	if ch.Method != "POST" || ch.Action != base+"/acs/auth?x=1&y=2" || ch.Origins != nil {
		t.Errorf("challenge %s %s %v", ch.Method, ch.Action, ch.Origins)
	}
	fields := []checkout.Field{{Name: "creq", Value: "eyJ0aHJl"}, {Name: "threeDSSessionData", Value: `a&b 'c' "d"`}, {Name: "creq", Value: "2"}}
	if !slices.Equal(ch.Fields, fields) {
		t.Errorf("fields %v", ch.Fields)
	}
}

func TestOpeningVariants(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*checkout.Order)
		want   map[string]string
	}{
		{"instalments are written as they are", func(o *checkout.Order) { o.Installments = 6 }, map[string]string{"InstallmentCount": "6"}},
		{"a hold is PreAuth", func(o *checkout.Order) { o.PreAuth = true }, map[string]string{"TxnType": "PreAuth"}},
		{"English is EN", func(o *checkout.Order) { o.Lang = "en" }, map[string]string{"Lang": "EN"}},
		{"any other language is TR", func(o *checkout.Order) { o.Lang = "de" }, map[string]string{"Lang": "TR"}},
		{"dollars are 840 with two decimals", func(o *checkout.Order) { o.Amount = checkout.Money{Minor: 5, Currency: checkout.USD} },
			map[string]string{"Currency": "840", "PurchAmount": "0.05"}},
		{"roubles are 643", func(o *checkout.Order) { o.Amount.Currency = checkout.RUB }, map[string]string{"Currency": "643"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCase(t, Mode3DPay)
			c.reply = acsPage
			c.a.set.terminalID = "VS010481"
			tc.change(&c.o)
			if _, err := c.acq.Begin(t.Context(), c.o, card(t)); err != nil {
				t.Fatal(err)
			}
			got := c.calls[0]
			for name, value := range tc.want {
				if got.Get(name) != value {
					t.Errorf("%s is %q, want %q", name, got.Get(name), value)
				}
			}
			if got.Get("SecureType") != "3DPay" || got.Get("TerminalID") != "VS010481" {
				t.Errorf("sent %v", got)
			}
			if got.Has("UserPass") || got.Has("MerchantPass") {
				t.Error("a secret was posted")
			}
		})
	}
}

// 3DHost calls nobody: the form goes with the browser, and holds neither card nor secret.
func TestOpening3DHost(t *testing.T) {
	c := newCase(t, Mode3DHost)
	ch, err := c.acq.Begin(t.Context(), c.o, checkout.Card{})
	if err != nil || len(c.calls) != 0 {
		t.Fatalf("%v, %d calls", err, len(c.calls))
	}
	if ch.Method != "POST" || ch.Action != c.a.set.base.String()+"3DHost.aspx" {
		t.Errorf("%s %s", ch.Method, ch.Action)
	}
	for _, f := range ch.Fields {
		switch f.Name {
		case "Pan", "Expiry", "Cvv2", "CardHolderName", "UserPass", "MerchantPass":
			t.Errorf("the browser is given %s", f.Name)
		}
		if f.Value == c.a.set.user.pass || f.Value == c.a.set.merchantPass {
			t.Errorf("%s holds a secret", f.Name)
		}
	}
}

// Where the form leads to our own address, it is a challenge like any: the browser carries the answer to Judge.
func TestOpeningAnsweredAtOnce(t *testing.T) {
	c := newCase(t, "")
	c.reply = fmt.Sprintf(`<body onload="f.submit()"><form name=f method=post action="%s"><input type=hidden name="ProcReturnCode" value="M041"></form>`, c.o.ReturnURL)
	ch, err := c.acq.Begin(t.Context(), c.o, card(t))
	if err != nil || ch.Action != c.o.ReturnURL || len(ch.Origins) != 1 || ch.Origins[0] != wire.Origin(c.a.set.base) {
		t.Errorf("%+v, %v", ch, err)
	}
}

func TestOpeningsThatCannotBeWritten(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*checkout.Order)
		field  string // "" = a mistake of ours
	}{
		{"yen are refused until the bank says how they are written", func(o *checkout.Order) { o.Amount.Currency = checkout.JPY }, "currency"},
		{"an unknown currency", func(o *checkout.Order) { o.Amount.Currency = "XXX" }, "currency"},
		{"nothing", func(o *checkout.Order) { o.Amount.Minor = 0 }, "amount"},
		{"less than nothing", func(o *checkout.Order) { o.Amount.Minor = -5 }, "amount"},
		{"an order number that ends in a digit", func(o *checkout.Order) { o.BankOrder = "OD7" }, ""},
		{"no order number", func(o *checkout.Order) { o.BankOrder = "" }, ""},
		{"an order number of 51 characters", func(o *checkout.Order) { o.BankOrder = checkout.BankOrder(strings.Repeat("X", 51)) }, ""},
		{"a nonce that begins with a digit", func(o *checkout.Order) { o.Nonce = "7RA" }, ""},
		{"no nonce", func(o *checkout.Order) { o.Nonce = "" }, ""},
		{"a return address of 201 characters", func(o *checkout.Order) { o.ReturnURL = "https://a.example/" + strings.Repeat("a", 183) }, ""},
		{"a return address with foreign letters", func(o *checkout.Order) { o.ReturnURL = "https://öde.example/" }, ""},
		{"no instalments at all", func(o *checkout.Order) { o.Installments = 0 }, ""},
		{"thirteen instalments", func(o *checkout.Order) { o.Installments = 13 }, ""},
	} {
		for _, mode := range []string{Mode3DModel, Mode3DHost} {
			t.Run(mode+" "+tc.name, func(t *testing.T) {
				c := newCase(t, mode)
				tc.change(&c.o)
				_, err := c.acq.Begin(t.Context(), c.o, card(t))
				if err == nil || len(c.calls) != 0 || errors.Is(err, checkout.ErrUnreachable) {
					t.Fatalf("%v, %d calls", err, len(c.calls))
				}
				var e *checkout.Error
				if errors.As(err, &e) != (tc.field != "") || (e != nil && e.Fields[0].Field != tc.field) {
					t.Errorf("%v", err)
				}
			})
		}
	}
	if _, err := newCase(t, "").acq.Begin(t.Context(), newCase(t, "").o, checkout.Card{}); err == nil {
		t.Error("an opening without a card was sent")
	}
}

// badPages are answers that hold no form to relay.
var badPages = map[string]string{
	"a log-in page":                     `<script></script><form method=post action="x"><input type=hidden name=a value=b><input name=user><input type=password name=p></form>`,
	"an empty page":                     ``,
	"plain text":                        `ProcReturnCode=M030;;ErrMsg=x`,
	"a page without a form":             `<html><body><h1>Bakım</h1><script></script></body></html>`,
	"two forms":                         `<script></script><form method=post action="/a"><input type=hidden name=a value=b></form><form method=post action="/b"><input type=hidden name=a value=b></form>`,
	"a form that nothing submits":       `<form method=post action="/a"><input type=hidden name=a value=b></form>`,
	"a form without fields":             `<script></script><form method=post action="/a"><input type=submit></form>`,
	"a form with a selection":           `<script></script><form method=post action="/a"><input type=hidden name=a value=b><select name=c></select></form>`,
	"a form cut off":                    `<script></script><form method=post action="/a"><input type=hidden name=a value=b>`,
	"a tag cut off":                     `<script></script><form method=post action="/a"><input type=hidden name=a val`,
	"a value cut off":                   `<script></script><form method=post action="/a"><input type=hidden name=a value="b`,
	"a script cut off":                  `<form method=post action="/a"><input type=hidden name=a value=b></form><script>f.submit(`,
	"a form to a script":                `<script></script><form method=post action="javascript:alert(1)"><input type=hidden name=a value=b></form>`,
	"a form to a script, disguised":     `<script></script><form method=post action="&#106;avascript:alert(1)"><input type=hidden name=a value=b></form>`,
	"a form to data":                    `<script></script><form method=post action="data:text/html,x"><input type=hidden name=a value=b></form>`,
	"a form to plain http":              `<script></script><form method=post action="http://acs.example/"><input type=hidden name=a value=b></form>`,
	"a form to plain http by its base":  `<base href="http://acs.example/"><script></script><form method=post action="x"><input type=hidden name=a value=b></form>`,
	"a form with a user in its address": `<script></script><form method=post action="https://bank@evil.example/"><input type=hidden name=a value=b></form>`,
	"a form with files":                 `<script></script><form method=post enctype="multipart/form-data" action="/a"><input type=hidden name=a value=b></form>`,
	"a form with an unknown method":     `<script></script><form method=dialog action="/a"><input type=hidden name=a value=b></form>`,
	"a field from outside":              `<script></script><form id=f method=post action="/a"><input type=hidden name=a value=b></form><input form=f type=hidden name=c value=d>`,
	"too many fields":                   `<script></script><form method=post action="/a">` + strings.Repeat(`<input type=hidden name=a value=b>`, 401) + `</form>`,
	"a page of more than a megabyte":    acsPage + strings.Repeat(" ", 1<<20),
}

func TestOpeningAnswersWithoutAForm(t *testing.T) {
	for name, page := range badPages {
		t.Run(name, func(t *testing.T) {
			for mode, want := range map[string]error{Mode3DModel: checkout.ErrUnreachable, Mode3DPay: ErrAnswerLost} {
				c := newCase(t, mode)
				c.reply = page
				ch, err := c.acq.Begin(t.Context(), c.o, card(t))
				if !errors.Is(err, want) {
					t.Errorf("%s: %+v, %v", mode, ch, err)
				}
				safe(t, c, err)
			}
		})
	}
	for _, status := range []int{201, 302, 404, 500, 503} {
		c := newCase(t, "")
		c.status, c.reply = status, acsPage
		if _, err := c.acq.Begin(t.Context(), c.o, card(t)); !errors.Is(err, checkout.ErrUnreachable) || len(c.calls) != 1 {
			t.Errorf("status %d: %v", status, err)
		}
	}
}

// A bank that cannot be reached at all has read nothing, in one-step modes too.
func TestOpeningNotSent(t *testing.T) {
	for _, mode := range []string{Mode3DModel, Mode3DPay} {
		c := newCase(t, mode)
		c.a.set.base, _ = url.Parse("http://127.0.0.1:1/")
		_, err := c.acq.Begin(t.Context(), c.o, card(t))
		if !errors.Is(err, checkout.ErrUnreachable) || !errors.Is(err, wire.ErrNotSent) {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// TestI13_CardIsNotEchoed: a form that carries the card is not relayed.
func TestI13_CardIsNotEchoed(t *testing.T) {
	const pan = "4155650000000007"
	page := func(action, name, value string) string {
		return fmt.Sprintf(`<script></script><form method=post action="%s"><input type=hidden name="%s" value="%s"></form>`, action, name, value)
	}
	for name, text := range map[string]string{
		"the number":                    page("/a", "x", pan),
		"the number in other text":      page("/a", "x", "card="+pan+";"),
		"the number in groups":          page("/a", "x", "4155 6500-0000 0007"),
		"the number percent-encoded":    page("/a", "x", "%34155650000000007"),
		"the number in base64":          page("/a", "x", base64.StdEncoding.EncodeToString([]byte("pan="+pan))),
		"the number in base64 for URLs": page("/a", "x", base64.RawURLEncoding.EncodeToString([]byte("{\"pan\":\""+pan+"\"}"))),
		"the number in the address":     page("/a?p="+pan, "x", "y"),
		"the number as a name":          page("/a", pan, "y"),
		"the security code":             page("/a", "Cvv2", "373"),
		"the security code, other name": page("/a", "CVC2", "373"),
	} {
		t.Run(name, func(t *testing.T) {
			c := newCase(t, "")
			c.reply = text
			_, err := c.acq.Begin(t.Context(), c.o, card(t))
			if !errors.Is(err, checkout.ErrUnreachable) {
				t.Errorf("relayed: %v", err)
			}
			safe(t, c, err)
		})
	}
	c := newCase(t, "")
	c.reply = page("/a", "MsgLength", "373") + ""
	if _, err := c.acq.Begin(t.Context(), c.o, card(t)); err != nil {
		t.Errorf("a number that only looks like the security code: %v", err)
	}
}

// safe asserts that an error and whatever prints the acquirer hold no secret and no card.
func safe(t *testing.T, c *bankCase, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v %v %+v", err, err, err, c.a.set, c.a.set)
	if found := secrets.FindString(text); found != "" {
		t.Errorf("%q is printed in %s", found, text)
	}
}

// secrets are those of account and card; the code stands alone, because a port may hold its digits.
var secrets = regexp.MustCompile(`4155650000000007|\b373\b|Us3r-P4ss-Zq|St0re-K3y-Wv`)
