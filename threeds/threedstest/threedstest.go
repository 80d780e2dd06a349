// Package threedstest is what every acquirer must do, as tests. Run plays a merchant's server and a payer's browser
// against the simulated bank and compares what the acquirer says with the bank's own books. It deliberately knows no
// dialect: names of fields, and how the bank signs, come with the Subject, and the bank signs by code of its own.
package threedstest

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// Subject is one mode of one dialect under test.
type Subject struct {
	Dialect wire.Dialect
	Mode    string
	// Path is where the simulated bank speaks the dialect, like "/payfor/Gateway/".
	Path string
	// Merchants replaces the simulated bank's own; nil = those.
	Merchants []banksim.Merchant
	// Credentials are of a merchant that the simulated bank knows; Other of another one there.
	Credentials, Other checkout.Secrets
	// Currencies that a payment is tried in; the first is the usual one.
	Currencies []checkout.Currency
	// Hash is the callback's signature field, Status its 3-D status.
	Hash, Status string
	// Pinned are the callback's fields that decide something.
	Pinned []Pinned
	// Resign signs a changed callback with the secret of Credentials, by code of its own.
	Resign func(url.Values)
	// Money are the callback's amount, currency and instalment fields with a wrong value each (A9).
	Money []checkout.Field
}

// Pinned is a callback field that decides something, and a well-formed wrong value of it.
type Pinned struct {
	Name  string
	Wrong string
}

// Now is the day on which the tests play, a working day's morning in Turkey.
var Now = time.Date(2026, 11, 23, 7, 9, 31, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return Now }

// Run checks a subject. Names of tests are the threat model's where it has one.
func Run(t *testing.T, s Subject) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"Paid", paid},
		{"Declined", declined},
		{"NotVerified", notVerified},
		{"A15_HalfSecure", halfSecure},
		{"Settings", settings},
		{"A01_A02_HashMissing", hashMissing},
		{"A07_HashAppendedTo", hashAppended},
		{"A08_AnyPinnedField", anyPinnedField},
		{"A09_MoneyDiffers", moneyDiffers},
		{"A10_A11_AnotherPayment", anotherPayment},
		{"A14_Statuses", statuses},
		{"A19_LookAlikes", lookAlikes},
		{"A20_Bytes", foreignBytes},
		{"BankLiesInTheCallback", lyingCallback},
		{"OpeningFails", openingFails},
		{"OpenedTwice", openedTwice},
		{"C09_C17_C19_NoClearAnswer", noClearAnswer},
		{"Inquiry", inquiry},
		{"C15_Void", void},
		{"Refund", refund},
		{"Capture", capture},
		{"Verify", verify},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, s) })
	}
}

// stage is one simulated bank, one acquirer at it, and one payer.
type stage struct {
	t    *testing.T
	s    Subject
	bank *banksim.Bank
	srv  *httptest.Server
	ids  *checkout.IDs
	acq  checkout.Acquirer

	giveUp *atomic.Pointer[context.CancelFunc] // what ends the acquirer's patience when the bank holds an answer
}

// stageOptions are what a test changes of the usual stage.
type stageOptions struct {
	tame bool // without the bank's hostile habits, so that field names and spellings are known
}

func newStage(t *testing.T, s Subject, o stageOptions) *stage {
	t.Helper()
	giveUp := &atomic.Pointer[context.CancelFunc]{}
	bank, err := banksim.New(banksim.Options{
		Now: func() time.Time { return Now }, Rand: rand.NewChaCha8([32]byte{11}), Merchants: s.Merchants, Hostile: !o.tame,
		// An answer that is held ends the client's patience at once; no clock takes part.
		Sleep: func(ctx context.Context, _ time.Duration) error {
			if stop := giveUp.Load(); stop != nil {
				(*stop)()
			}
			<-ctx.Done()
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	st := &stage{t: t, s: s, bank: bank, srv: httptest.NewServer(bank.Handler()), ids: checkout.NewIDs(rand.NewChaCha8([32]byte{12})), giveUp: giveUp}
	t.Cleanup(func() {
		if err := bank.Close(); err != nil {
			t.Errorf("closing the bank: %v", err)
		}
		st.srv.CloseClientConnections()
		st.srv.Close()
	})
	st.acq = st.open(s.Credentials)
	return st
}

// patience is a context that ends as soon as the bank holds an answer.
func (st *stage) patience() context.Context {
	ctx, cancel := context.WithCancel(st.t.Context())
	st.t.Cleanup(cancel)
	st.giveUp.Store(&cancel)
	return ctx
}

// account is the subject's at this stage's bank.
func (st *stage) account(c checkout.Secrets) checkout.Account {
	return checkout.Account{ID: "acc_0000000000000000000001", Kind: st.s.Dialect.Info.Kind, Mode: st.s.Mode, BaseURL: st.srv.URL + st.s.Path,
		Credentials: c, Currencies: st.s.Currencies, HalfSecure: true}
}

func (st *stage) open(c checkout.Secrets) checkout.Acquirer {
	st.t.Helper()
	a := st.account(c)
	if errs := st.s.Dialect.Check(a, true); errs != nil {
		st.t.Fatalf("settings: %v", errs)
	}
	client := wire.NewClient(wire.ClientConfig{})
	st.t.Cleanup(client.Close)
	return st.s.Dialect.Open(a, wire.Deps{Client: client, Clock: clock{}, IDs: st.ids, AllowLoopback: true})
}

// order is a fresh order of 250.00 in the usual currency.
func (st *stage) order() checkout.Order {
	id := st.ids.Payment()
	return checkout.Order{Payment: id, BankOrder: st.ids.BankOrder(), Nonce: st.ids.Nonce(), Amount: checkout.Money{Minor: 25000, Currency: st.s.Currencies[0]},
		Installments: 1, ReturnURL: "https://pay.example.com/3ds/" + string(id), Lang: "tr", PayerIP: "203.0.113.24", Merchant: "Deneme", CreatedAt: Now}
}

// card is a scripted test card of the simulated bank (contract, section 5).
func (st *stage) card(script string) checkout.Card {
	st.t.Helper()
	c, errs := checkout.ParseCard(checkout.CardInput{Number: banksim.CardNumber("415565", script), Expiry: "12/29", CVC: "371", Holder: "Ayşe Işık"}, Now)
	if errs != nil {
		st.t.Fatal(errs)
	}
	return c
}

// oneStep and hosted are the mode's.
func (st *stage) mode() wire.Mode {
	m, ok := st.s.Dialect.Info.Mode(st.s.Mode)
	if !ok {
		st.t.Fatalf("mode %q is unknown", st.s.Mode)
	}
	return m
}

// What a payer types at the issuer's page.
const (
	rightCode = "123456"
	wrongCode = "000000"
)

// begin opens 3-D Secure and looks at what the browser is given.
func (st *stage) begin(o checkout.Order, script string) checkout.Challenge {
	st.t.Helper()
	var c checkout.Card
	if !st.mode().HostedCard {
		c = st.card(script)
	}
	ch, err := st.acq.Begin(st.t.Context(), o, c)
	if err != nil {
		st.t.Fatalf("begin: %v", err)
	}
	st.looksSafe(ch, script)
	return ch
}

// looksSafe holds a challenge to what any browser may see (I13): no card number and no secret of the account.
func (st *stage) looksSafe(ch checkout.Challenge, script string) {
	st.t.Helper()
	number := banksim.CardNumber("415565", script)
	for _, f := range append([]checkout.Field{{Name: "action", Value: ch.Action}}, ch.Fields...) {
		if strings.Contains(f.Value, number) {
			st.t.Errorf("the browser is given the card number in %s", f.Name)
		}
		for _, c := range st.s.Dialect.Info.Credentials {
			if secret := st.s.Credentials[c.Name]; c.Secret && secret != "" && strings.Contains(f.Value, secret) {
				st.t.Errorf("the browser is given %s in %s", c.Name, f.Name)
			}
		}
	}
}

// walk is a payer's browser: it submits forms until one leads to the return address, and answers its fields. code is
// typed at the issuer's page, script's card at a card page of the bank.
func (st *stage) walk(o checkout.Order, ch checkout.Challenge, script, code string) checkout.Callback {
	st.t.Helper()
	method, action, fields := ch.Method, ch.Action, ch.Fields
	for range 10 {
		if action == o.ReturnURL {
			form, err := url.ParseQuery(string(wire.EncodeForm(fields)))
			if err != nil {
				st.t.Fatal(err)
			}
			return checkout.Callback{Method: method, Form: form}
		}
		page, at := st.submit(method, action, fields)
		if hand, err := page.Handover(at, true); err == nil {
			method, action, fields = hand.Method, hand.Action.String(), hand.Fields
			continue
		}
		if len(page.Forms) != 1 {
			st.t.Fatalf("the payer is stuck at %s: %d forms", at.Path, len(page.Forms))
		}
		method, fields = strings.ToUpper(page.Forms[0].Method), st.fill(page.Forms[0], script, code)
		next, err := at.Parse(page.Forms[0].Action)
		if err != nil {
			st.t.Fatal(err)
		}
		action = next.String()
	}
	st.t.Fatal("the payer is sent in circles")
	return checkout.Callback{}
}

// submit sends a form as a browser does and reads the page behind it.
func (st *stage) submit(method, action string, fields []checkout.Field) (wire.Page, *url.URL) {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.t.Context(), method, action, strings.NewReader(string(wire.EncodeForm(fields))))
	if err != nil {
		st.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Mozilla/5.0")
	res, err := st.srv.Client().Do(req)
	if err != nil {
		st.t.Fatalf("the payer's browser: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // read to its end
	if err != nil {
		st.t.Fatal(err)
	}
	page, err := wire.ReadPage(body)
	if err != nil {
		st.t.Fatalf("a page of the bank: %v", err)
	}
	return page, res.Request.URL
}

// fill types what a payer would into the issuer's page or the bank's card page.
func (st *stage) fill(f wire.PageForm, script, code string) []checkout.Field {
	fields := []checkout.Field{{Name: "action", Value: "submit"}}
	typed := map[string]string{"otp": code, "pan": banksim.CardNumber("415565", script), "expiry": "1229", "cvv2": "371", "cardholdername": "AYSE ISIK"}
	for _, in := range f.Inputs {
		value := in.Value
		if in.Kind == "text" {
			value = typed[wire.FoldASCII(in.Name)]
		}
		fields = append(fields, checkout.Field{Name: in.Name, Value: value})
	}
	return fields
}

// callback brings a fresh order to its callback.
func (st *stage) callback(o checkout.Order, script, code string) checkout.Callback {
	st.t.Helper()
	return st.walk(o, st.begin(o, script), script, code)
}

// judge is Judge on a callback that must be believed.
func (st *stage) judge(o checkout.Order, cb checkout.Callback) checkout.Verdict {
	st.t.Helper()
	v, err := st.acq.Judge(st.t.Context(), o, cb)
	if err != nil {
		st.t.Fatalf("judge: %v", err)
	}
	return v
}

// refused asserts that a callback is forged for one of the reasons, and that nobody was asked and nothing moved for it.
func (st *stage) refused(o checkout.Order, cb checkout.Callback, reasons ...string) {
	st.t.Helper()
	asked, charges := len(st.bank.Requests()), len(st.bank.Charges())
	v, err := st.acq.Judge(st.t.Context(), o, cb)
	reason := checkout.ForgedReason(err)
	ok := reason != "" && len(reasons) == 0
	for _, want := range reasons {
		ok = ok || reason == want
	}
	if !ok || v.Result != checkout.VerdictUnclear || v.Refs != nil {
		st.t.Errorf("judged %+v, %v; want it refused for %v", v, err, reasons)
	}
	if len(st.bank.Requests()) != asked || len(st.bank.Charges()) != charges {
		st.t.Error("a forged callback made the acquirer call the bank")
	}
}

// decide ends a judged payment as the flow does: two-step accounts authorise, one-step accounts ask.
func (st *stage) decide(o checkout.Order, v checkout.Verdict) (checkout.Order, checkout.Outcome, error) {
	o.Refs = o.Refs.With(v.Refs)
	if a, ok := st.acq.(checkout.Authorizer); ok && !st.mode().OneStep {
		out, err := a.Authorize(st.patience(), o)
		o.Refs = o.Refs.With(out.Refs)
		return o, out, err
	}
	out, err := st.acq.(checkout.Inquirer).Inquire(st.patience(), o)
	o.Refs = o.Refs.With(out.Refs)
	return o, out, err
}

// pay is a whole payment that must end as approved.
func (st *stage) pay(o checkout.Order, script string) (checkout.Order, checkout.Outcome) {
	st.t.Helper()
	v := st.judge(o, st.callback(o, script, rightCode))
	want := checkout.VerdictAuthenticated
	if st.mode().OneStep {
		want = checkout.VerdictCharged
	}
	if v.Result != want {
		st.t.Fatalf("verdict %+v", v)
	}
	o, out, err := st.decide(o, v)
	if err != nil || out.Result != checkout.ResultApproved {
		st.t.Fatalf("outcome %+v, %v", out, err)
	}
	o.PaidAt = Now
	return o, out
}

// charge is what the bank's books say of an order; ok is false when nothing was charged.
func (st *stage) charge(o checkout.Order) (found banksim.Charge, ok bool) {
	st.t.Helper()
	for _, c := range st.bank.Charges() {
		if strings.Contains(c.OrderID, string(o.BankOrder)) {
			if ok {
				st.t.Fatalf("order %s was charged twice", o.BankOrder)
			}
			found, ok = c, true
		}
	}
	return found, ok
}

// fault makes the bank wrong once.
func (st *stage) fault(step, kind, value string) {
	st.t.Helper()
	f := banksim.Fault{Dialect: strings.Split(strings.Trim(st.s.Path, "/"), "/")[0], Step: step, Fault: kind}
	if value != "" {
		f.Value = []byte(value)
	}
	if _, err := st.bank.AddFault(f); err != nil {
		st.t.Fatal(err)
	}
}

// ask is an inquiry without a mistake.
func (st *stage) ask(o checkout.Order) checkout.Outcome {
	st.t.Helper()
	out, err := st.acq.(checkout.Inquirer).Inquire(st.t.Context(), o)
	if err != nil {
		st.t.Fatalf("inquiry: %v", err)
	}
	return out
}

// copyOf is a callback that may be spoilt.
func copyOf(cb checkout.Callback) checkout.Callback {
	out := checkout.Callback{Method: cb.Method, Form: url.Values{}, Query: url.Values{}}
	for name, values := range cb.Form {
		out.Form[name] = append([]string(nil), values...)
	}
	return out
}
