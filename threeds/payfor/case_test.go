package payfor

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// bankCase is one account, one order, and a bank that answers what a test tells it to.
type bankCase struct {
	t   *testing.T
	a   *acquirer
	acq checkout.Acquirer
	o   checkout.Order

	status int
	reply  string
	calls  []url.Values // openings received; XML bodies under "xml"
	paths  []string
}

var today = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

type fixed struct{}

func (fixed) Now() time.Time { return today }

func card(t *testing.T) checkout.Card {
	t.Helper()
	c, errs := checkout.ParseCard(checkout.CardInput{Number: "4155 6500 0000 0007", Expiry: "12/29", CVC: "373", Holder: "Ayşe Işık"}, today)
	if errs != nil {
		t.Fatal(errs)
	}
	return c
}

func account(mode, base string) checkout.Account {
	return checkout.Account{ID: "acc_1", Kind: "payfor", Mode: mode, BaseURL: base, Currencies: []checkout.Currency{checkout.TRY},
		Credentials: checkout.Secrets{"merchant_id": "085300000009597", "user_code": "ODELINK_API", "user_pass": "Us3r-P4ss-Zq",
			"merchant_pass": "St0re-K3y-Wv", "mbr_id": "5"}}
}

func newCase(t *testing.T, mode string) *bankCase {
	t.Helper()
	c := &bankCase{t: t, status: http.StatusOK}
	srv := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(srv.Close)
	a := account(mode, srv.URL+"/payfor/Gateway")
	if errs := Dialect().Check(a, true); errs != nil {
		t.Fatal(errs)
	}
	ids := checkout.NewIDs(strings.NewReader(strings.Repeat("all work and no play 0123456789 ", 500)))
	c.acq = Dialect().Open(a, wire.Deps{Client: wire.NewClient(wire.ClientConfig{}), Clock: fixed{}, IDs: ids, AllowLoopback: true})
	switch acq := c.acq.(type) {
	case twoStep:
		c.a = acq.acquirer
	case *acquirer:
		c.a = acq
	}
	c.o = checkout.Order{BankOrder: "ODQ7ZK2MABCDEFGHIJKX", Nonce: "RABCDEFGHIJKLMNOPQR7",
		Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}, Installments: 1, Lang: "tr",
		ReturnURL: "https://pay.example.com/3ds/pay_1", Refs: checkout.Refs{refGuid: "1000000090000001"}}
	return c
}

func (c *bankCase) serve(w http.ResponseWriter, r *http.Request) {
	c.paths = append(c.paths, r.URL.Path)
	if strings.HasSuffix(r.URL.Path, "XMLGate.aspx") {
		var b strings.Builder
		if _, err := io.Copy(&b, http.MaxBytesReader(w, r.Body, 1<<16)); err != nil {
			c.t.Error(err)
		}
		c.calls = append(c.calls, url.Values{"xml": {b.String()}})
	} else {
		if err := r.ParseForm(); err != nil {
			c.t.Error(err)
		}
		c.calls = append(c.calls, r.PostForm)
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(c.status)
	_, _ = w.Write([]byte(c.reply))
}

// sign writes the hash as the sheet describes it, apart from the code under test.
func (c *bankCase) sign(form url.Values, long bool) url.Values {
	s := c.a.set
	plain := s.merchantID + s.merchantPass + form.Get("OrderId") + form.Get("AuthCode") + form.Get("ProcReturnCode") +
		form.Get("3DStatus") + form.Get("ResponseRnd") + s.user.code
	if long {
		sum := sha256.Sum256([]byte(plain))
		form.Set("ResponseHash", base64.StdEncoding.EncodeToString(sum[:]))
		return form
	}
	sum := sha1.Sum([]byte(plain))
	form.Set("ResponseHash", base64.StdEncoding.EncodeToString(sum[:]))
	return form
}

// callback is a whole, rightly signed message about the case's order; change overrides fields before it is signed.
func (c *bankCase) callback(change map[string]string) url.Values {
	form := url.Values{
		"RequestGuid": {"1000000090000001"}, "MbrId": {c.a.set.mbrID}, "MerchantID": {c.a.set.merchantID}, "OrderId": {string(c.o.BankOrder)},
		"SecureType": {c.a.secureType()}, "TxnType": {txnType(c.o)}, "PurchAmount": {c.o.Amount.Decimal()}, "Currency": {c.o.Amount.Currency.Numeric()},
		"InstallmentCount": {installments(c.o.Installments)}, "Rnd": {c.o.Nonce}, "Eci": {"05"}, "3DStatus": {"1"}, "D3Stat": {"Y"},
		"TxnStatus": {"N"}, "TxnResult": {"Failed"}, "ProcReturnCode": {"V033"}, "AuthCode": {""}, "HostRefNum": {""},
		"CardMask": {"415565******0007"}, "ResponseRnd": {"PF639140000000000001"}, "HashType": {"Sha1"}, "ErrMsg": {"Onaylandı"},
		"MrcName": {"Deneme + Mağazası "},
	}
	for name, value := range change {
		form.Set(name, value)
	}
	return c.sign(form, false)
}

func (c *bankCase) judge(form url.Values) (checkout.Verdict, error) {
	return c.acq.Judge(c.t.Context(), c.o, checkout.Callback{Method: "POST", Form: form})
}

// refused asserts that a callback is not believed, and why.
func (c *bankCase) refused(form url.Values, reason string) {
	c.t.Helper()
	got, err := c.judge(form)
	if r := checkout.ForgedReason(err); r != reason || checkout.KindOf(err) != checkout.KindForged {
		c.t.Errorf("verdict %+v, %v; want it refused for %s", got, err, reason)
	}
}

func formOf(fields map[string]string) message {
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return message{form}
}
