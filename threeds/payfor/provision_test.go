package payfor

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// short is an answer of the form that calls which move money get; pairs are element names and texts.
func short(pairs ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><PayforResponse>`)
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteString("<" + pairs[i] + ">" + pairs[i+1] + "</" + pairs[i] + ">")
	}
	b.WriteString("<BankInternalResponseMessage>\r\n  </BankInternalResponseMessage><PAYFORFROMXMLREQUEST>1</PAYFORFROMXMLREQUEST></PayforResponse>")
	return b.String()
}

const order = "ODQ7ZK2MABCDEFGHIJKX"

var approved = short("AuthCode", "S40917", "HostRefNum", "632610040917", "ProcReturnCode", "00", "TransId", order, "ErrMsg", "Onaylandı")

// TestCompletionMessage compares the whole message.
func TestCompletionMessage(t *testing.T) {
	c := newCase(t, "")
	c.reply = approved
	c.a.set.user.pass = `a<b>&"c`
	out, err := c.acq.(checkout.Authorizer).Authorize(t.Context(), c.o)
	if err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?><PayforRequest><RequestGuid>1000000090000001</RequestGuid><UserCode>ODELINK_API</UserCode>` +
		`<UserPass>a&lt;b&gt;&amp;&#34;c</UserPass><OrderId>ODQ7ZK2MABCDEFGHIJKX</OrderId><SecureType>3DModelPayment</SecureType></PayforRequest>`
	if got := c.calls[0].Get("xml"); got != want {
		t.Errorf("sent\n%s\nwant\n%s", got, want)
	}
	if c.paths[0] != "/payfor/Gateway/XMLGate.aspx" {
		t.Errorf("sent to %s", c.paths[0])
	}
	if out.Result != checkout.ResultApproved || out.AuthCode != "S40917" || out.RRN != "632610040917" || out.Amount != (checkout.Money{}) {
		t.Errorf("outcome %+v", out)
	}
}

func TestOnlyTwoStepAccountsAuthorize(t *testing.T) {
	for mode, want := range map[string]bool{"": true, Mode3DModel: true, Mode3DPay: false, Mode3DHost: false} {
		if _, has := newCase(t, mode).acq.(checkout.Authorizer); has != want {
			t.Errorf("mode %q: %v", mode, has)
		}
	}
}

// TestC19_CompletionAnswers: only an explicit yes about our order is approved, only an explicit no is declined.
func TestC19_CompletionAnswers(t *testing.T) {
	decl := func(code string) string {
		return short("AuthCode", "", "ProcReturnCode", code, "TransId", order, "ErrMsg", "Reddedildi")
	}
	for _, tc := range []struct {
		name, reply string
		status      int
		want        checkout.Result
		reason      checkout.Reason
		mistake     bool // an error says why it is unknown
	}{
		{"yes", approved, 200, checkout.ResultApproved, "", false},
		{"yes in windows-1254", strings.ReplaceAll(approved, "ı", "\xfd"), 200, checkout.ResultApproved, "", false},
		{"yes after a byte order mark", "\xef\xbb\xbf" + approved, 200, checkout.ResultApproved, "", false},
		{"yes for another order", strings.Replace(approved, order, "ODQ7ZK2MABCDEFGHIJKY", 1), 200, checkout.ResultUnknown, "", true},
		{"yes for no order", strings.Replace(approved, order, "", 1), 200, checkout.ResultUnknown, "", true},
		{"yes for the order in other letters", strings.Replace(approved, order, strings.ToLower(order), 1), 200, checkout.ResultUnknown, "", true},
		{"yes without an authorisation code", strings.Replace(approved, "S40917", "", 1), 200, checkout.ResultUnknown, "", true},
		{"yes twice", strings.Replace(approved, "<AuthCode>", "<ProcReturnCode>00</ProcReturnCode><AuthCode>", 1), 200, checkout.ResultUnknown, "", true},
		{"yes beside no", strings.Replace(approved, "<AuthCode>", "<ProcReturnCode>51</ProcReturnCode><AuthCode>", 1), 200, checkout.ResultUnknown, "", true},
		{"one zero is no yes", strings.Replace(approved, ">00<", ">0<", 1), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"the text Onaylandı is no yes", strings.Replace(approved, ">00<", "><", 1), 200, checkout.ResultUnknown, "", true},
		{"yes under status 500", approved, 500, checkout.ResultUnknown, "", true},
		{"yes under status 202", approved, 202, checkout.ResultUnknown, "", true},
		{"yes with a redirect", approved, 302, checkout.ResultUnknown, "", true},
		{"yes cut off", approved[:len(approved)/2], 200, checkout.ResultUnknown, "", true},
		{"yes without its last character", approved[:len(approved)-1], 200, checkout.ResultUnknown, "", true},
		{"yes with something behind", approved + "<x/>", 200, checkout.ResultUnknown, "", true},
		{"yes under another root", strings.ReplaceAll(approved, "PayforResponse", "CC5Response"), 200, checkout.ResultUnknown, "", true},
		{"yes with a document type", strings.Replace(approved, "<PayforResponse>", `<!DOCTYPE x [<!ENTITY a "00">]><PayforResponse>`, 1), 200, checkout.ResultUnknown, "", true},
		{"yes by an entity", strings.Replace(approved, ">00<", ">&a;<", 1), 200, checkout.ResultUnknown, "", true},
		{"yes too deep", strings.Replace(approved, ">00<", ">00"+strings.Repeat("<a>", 30)+strings.Repeat("</a>", 30)+"<", 1), 200, checkout.ResultUnknown, "", true},
		{"nothing", "", 200, checkout.ResultUnknown, "", true},
		{"HTML", "<!DOCTYPE html><html><body>Bakım</body></html>", 200, checkout.ResultUnknown, "", true},
		{"the text face", "ProcReturnCode=00;;AuthCode=S40917;;TransId=" + order, 200, checkout.ResultUnknown, "", true},
		{"more than the limit", approved + strings.Repeat(" ", maxAnswer), 200, checkout.ResultUnknown, "", true},
		{"no funds", decl("51"), 200, checkout.ResultDeclined, checkout.ReasonInsufficientFunds, false},
		{"do not honour", decl("05"), 200, checkout.ResultDeclined, checkout.ReasonDoNotHonour, false},
		{"stolen", decl("43"), 200, checkout.ResultDeclined, checkout.ReasonCardNotUsable, false},
		{"expired", decl("54"), 200, checkout.ResultDeclined, checkout.ReasonExpiredCard, false},
		{"closed to online use", decl("57"), 200, checkout.ResultDeclined, checkout.ReasonClosedToOnline, false},
		{"amount limit", decl("61"), 200, checkout.ResultDeclined, checkout.ReasonLimitExceeded, false},
		{"count limit", decl("65"), 200, checkout.ResultDeclined, checkout.ReasonCountExceeded, false},
		{"PIN tries", decl("75"), 200, checkout.ResultDeclined, checkout.ReasonPINTries, false},
		{"wrong security code", decl("82"), 200, checkout.ResultDeclined, checkout.ReasonWrongCVV, false},
		{"issuer away", decl("91"), 200, checkout.ResultDeclined, checkout.ReasonIssuerUnavailable, false},
		{"a code nobody knows, of the issuer's kind", decl("77"), 200, checkout.ResultDeclined, checkout.ReasonDoNotHonour, false},
		{"our settings", decl("M009"), 200, checkout.ResultDeclined, checkout.ReasonMerchantSetup, false},
		{"no for another order", strings.Replace(decl("51"), order, "ODQ7ZK2MABCDEFGHIJKY", 1), 200, checkout.ResultUnknown, "", true},
		{"no under status 500", decl("51"), 500, checkout.ResultUnknown, "", true},
		{"system error", decl("96"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"system error of the gateway", decl("V036"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"V9196", decl("V9196"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"V9199", decl("V9199"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"too late at the switch", decl("68"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"not found may be the echo of an earlier delivery", decl("V013"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"order number used may be, too", decl("101310"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"V033 is not paid", decl("V033"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
		{"a word", decl("OK"), 200, checkout.ResultUnknown, checkout.ReasonTryAgain, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCase(t, "")
			c.status, c.reply = tc.status, tc.reply
			out, err := c.acq.(checkout.Authorizer).Authorize(t.Context(), c.o)
			if out.Result != tc.want || out.Decline.Code != tc.reason || (err != nil) != tc.mistake || len(c.calls) != 1 {
				t.Errorf("%+v, %v after %d calls", out, err, len(c.calls))
			}
			if out.Result != checkout.ResultApproved && out.AuthCode+out.RRN != "" {
				t.Errorf("references of a payment that is not approved: %+v", out)
			}
			safe(t, c, err)
		})
	}
}

func TestCompletionWithoutATicketIsNotSent(t *testing.T) {
	c := newCase(t, "")
	c.o.Refs = nil
	out, err := c.acq.(checkout.Authorizer).Authorize(t.Context(), c.o)
	if out.Result != checkout.ResultUnknown || !errors.Is(err, wire.ErrNotSent) || len(c.calls) != 0 {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestC09_NoAnswer: a time-out, a reset and a refused connection are all unknown; only the last is known as not sent.
func TestC09_NoAnswer(t *testing.T) {
	release := make(chan struct{})
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		sent    bool
	}{
		"the caller's time is up": {func(http.ResponseWriter, *http.Request) { <-release }, true},
		"the connection is cut":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, true},
		"the body is cut": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5000")
			_, _ = w.Write([]byte(approved))
		}, true},
		"nobody listens": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCase(t, "")
			address := "http://127.0.0.1:1/"
			if tc.handler != nil {
				srv := httptest.NewServer(tc.handler)
				t.Cleanup(srv.Close)
				address = srv.URL + "/"
			}
			var err error
			if c.a.set.base, err = url.Parse(address); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			if name == "the caller's time is up" {
				cancel(context.DeadlineExceeded)
				defer close(release)
				// A context that ended before the call sends nothing; one that ends during it, does.
				out, err := c.acq.(checkout.Authorizer).Authorize(ctx, c.o)
				if out.Result != checkout.ResultUnknown || !errors.Is(err, wire.ErrNotSent) {
					t.Errorf("ended before: %+v, %v", out, err)
				}
				c.a.client = wire.NewClient(wire.ClientConfig{Timeouts: wire.Timeouts{Money: 50_000_000}})
				ctx = t.Context()
			}
			defer cancel(nil)
			out, err := c.acq.(checkout.Authorizer).Authorize(ctx, c.o)
			if out.Result != checkout.ResultUnknown || err == nil || errors.Is(err, wire.ErrNotSent) == tc.sent {
				t.Errorf("%+v, %v", out, err)
			}
			safe(t, c, err)
		})
	}
}
