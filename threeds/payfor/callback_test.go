package payfor

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

func clone(form url.Values) url.Values {
	out := url.Values{}
	for name, values := range form {
		out[name] = slices.Clone(values)
	}
	return out
}

// pinned are the fields that decide; hashed are those among them that the hash covers.
var (
	hashed = []string{"OrderId", "AuthCode", "ProcReturnCode", "3DStatus", "ResponseRnd"}
	copied = []string{"MerchantID", "MbrId", "PurchAmount", "Currency", "InstallmentCount", "TxnType", "SecureType", "Rnd"}
)

func TestA01_NoHash(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(nil)
	form.Del("ResponseHash")
	c.refused(form, checkout.ForgedHashMissing)
	form.Set("responsehash", "PnIJNoqG0XbXeAbEmgpmfgDdqKc=")
	c.refused(form, checkout.ForgedHashMissing)
}

func TestA02_EmptyHash(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(nil)
	form.Set("ResponseHash", "")
	c.refused(form, checkout.ForgedHashMissing)
	form.Set("HASHPARAMS", "")
	c.refused(form, checkout.ForgedNotPinned)
}

func TestA03_EmptySecret(t *testing.T) {
	for _, secret := range []string{"", " ", "\t\n"} {
		a := account("", "")
		a.Credentials["merchant_pass"] = secret
		if errs := Dialect().Check(a, false); len(errs) != 1 || errs[0].Field != "credentials.merchant_pass" || errs[0].Code != "required" {
			t.Errorf("a secret of %q is answered with %v", secret, errs)
		}
	}
	c := newCase(t, "")
	c.a.set.merchantPass = ""
	c.refused(c.callback(nil), checkout.ForgedSecretMissing)
}

func TestA04_FieldListOfTheSender(t *testing.T) {
	c := newCase(t, "")
	for _, name := range []string{"HASHPARAMS", "hashparams", "HashParams"} {
		form := c.callback(nil)
		form.Set(name, "x")
		form.Set("x", "LNKA1")
		c.refused(form, checkout.ForgedNotPinned)
	}
}

// A05: what a sender says the hashed values are counts for nothing.
func TestA05_ValuesOfTheSender(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(map[string]string{"ProcReturnCode": "V034", "3DStatus": "-1"})
	form.Set("HASHPARAMSVAL", c.a.set.merchantID+string(c.o.BankOrder)+"V034-1")
	form.Set("ProcReturnCode", "V033")
	form.Set("3DStatus", "1")
	c.refused(form, checkout.ForgedHashMismatch)
}

// TestA06_OrderNumberGivesToItsNeighbour: the end of the order number moves into AuthCode, which may be six characters.
func TestA06_OrderNumberGivesToItsNeighbour(t *testing.T) {
	c := newCase(t, Mode3DPay)
	form := c.callback(map[string]string{"ProcReturnCode": "51"})
	hash := form.Get("ResponseHash")
	id := form.Get("OrderId")
	form.Set("OrderId", id[:len(id)-6])
	form.Set("AuthCode", id[len(id)-6:])
	if c.a.responseHash(message{form}, sha1Length) != hash {
		t.Fatal("the shifted message has another hash")
	}
	c.refused(form, checkout.ForgedFieldShape)
}

func TestA07_HashAppendedTo(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(map[string]string{"ResponseRnd": "PF639140000000000001" + c.a.set.user.code + "\x80\x00\x00\x01\x28" + "x"})
	c.refused(form, checkout.ForgedFieldShape)
	form = c.callback(nil)
	form.Set("ResponseHash", form.Get("ResponseHash")+"=")
	c.refused(form, checkout.ForgedHashMismatch)
	form = c.callback(nil)
	form.Set("ResponseHash", form.Get("ResponseHash")+" ")
	c.refused(form, checkout.ForgedHashMismatch)
}

// TestA08_AnyPinnedField walks every field that decides through everything that can be done to it.
func TestA08_AnyPinnedField(t *testing.T) {
	other := map[string]string{"OrderId": "ODQ7ZK2MABCDEFGHIJKY", "AuthCode": "S40917", "ProcReturnCode": "V034", "3DStatus": "2",
		"ResponseRnd": "PF639140000000000002", "MerchantID": "085300000009704", "MbrId": "12", "PurchAmount": "25.00", "Currency": "392",
		"InstallmentCount": "3", "TxnType": "PreAuth", "SecureType": "3DPay", "Rnd": "RABCDEFGHIJKLMNOPQR8", "ResponseHash": "PnIJNoqG0XbXeAbEmgpmfgDdqKc="}
	c := newCase(t, "")
	for _, name := range slices.Concat(hashed, copied, []string{"ResponseHash"}) {
		good := c.callback(nil)
		value := good.Get(name)
		mismatch := checkout.ForgedHashMismatch
		if slices.Contains(copied, name) {
			mismatch = checkout.ForgedCopyMismatch
		}
		spoil := func(what, reason string, do func(url.Values)) {
			t.Run(name+" "+what, func(t *testing.T) {
				c.t = t
				form := clone(good)
				do(form)
				c.refused(form, reason)
			})
		}
		gone := mismatch
		if name == "ResponseHash" {
			gone = checkout.ForgedHashMissing
		}
		spoil("changed", mismatch, func(f url.Values) { f.Set(name, other[name]) })
		spoil("removed", gone, func(f url.Values) { f.Del(name) })
		if value != "" {
			spoil("emptied", gone, func(f url.Values) { f.Set(name, "") })
		}
		spoil("given twice", checkout.ForgedFieldRepeated, func(f url.Values) { f.Add(name, value) })
		spoil("given twice with another value", checkout.ForgedFieldRepeated, func(f url.Values) { f.Add(name, other[name]) })
		spoil("given in a second letter case", checkout.ForgedFieldRepeated, func(f url.Values) { f.Set(strings.ToLower(name), other[name]) })
		spoil("in another letter case only", gone, func(f url.Values) {
			f.Del(name)
			f.Set(strings.ToLower(name), value)
		})
		t.Run(name+" in the address", func(t *testing.T) {
			moved := clone(good)
			moved.Del(name)
			for _, form := range []url.Values{good, moved} {
				_, err := c.acq.Judge(t.Context(), c.o, checkout.Callback{Method: "POST", Form: form, Query: url.Values{name: {value}}})
				if checkout.ForgedReason(err) != checkout.ForgedFieldRepeated {
					t.Errorf("answered with %v", err)
				}
			}
		})
	}
	if got, err := newCase(t, "").judge(c.callback(nil)); err != nil || got.Result != checkout.VerdictAuthenticated {
		t.Fatalf("the untouched message: %+v, %v", got, err)
	}
}

// Fields that nothing reads may be what they like, but not there twice.
func TestA08_OtherFields(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(nil)
	form.Set("ErrMsg", "<script>")
	form.Set("Yeni_Alan-1", "x")
	if got, err := c.judge(form); err != nil || got.Result != checkout.VerdictAuthenticated {
		t.Fatalf("%+v, %v", got, err)
	}
	form.Add("ErrMsg", "y")
	c.refused(form, checkout.ForgedFieldRepeated)
}

// The one field that the dialect spells in two ways.
func TestMerchantNumberInEitherSpelling(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(nil)
	form.Set("MerchantId", form.Get("MerchantID"))
	c.refused(form, checkout.ForgedFieldRepeated)
	form.Del("MerchantID")
	if _, err := c.judge(form); err != nil {
		t.Errorf("MerchantId: %v", err)
	}
}

func TestA09_CopyMismatchUnderARightHash(t *testing.T) {
	for name, value := range map[string]string{"PurchAmount": "249.99", "Currency": "840", "InstallmentCount": "2"} {
		c := newCase(t, "")
		form := c.callback(map[string]string{name: value})
		c.refused(form, checkout.ForgedCopyMismatch)
	}
	for _, text := range []string{"0250.00x", "250,00", "+250.00", " 250.00", "2.5e2", "250.000", "٢٥٠.٠٠", "-250.00"} {
		c := newCase(t, "")
		c.refused(c.callback(map[string]string{"PurchAmount": text}), checkout.ForgedCopyMismatch)
	}
	for _, text := range []string{"250", "250.0", "250.00"} {
		c := newCase(t, "")
		if _, err := c.judge(c.callback(map[string]string{"PurchAmount": text})); err != nil {
			t.Errorf("amount echoed as %s: %v", text, err)
		}
	}
}

func TestA10_CallbackOfAnotherPayment(t *testing.T) {
	cheap, dear := newCase(t, ""), newCase(t, "")
	dear.o.BankOrder, dear.o.Amount.Minor, dear.o.Nonce = "ODDEARDEARDEARDEARDX", 990000, "RZZZZZZZZZZZZZZZZZZ7"
	dear.refused(cheap.callback(nil), checkout.ForgedCopyMismatch)
	// The dear order's number beside the cheap one's tokens breaks the hash.
	mixed := cheap.callback(nil)
	mixed.Set("OrderId", string(dear.o.BankOrder))
	dear.refused(mixed, checkout.ForgedHashMismatch)
}

func TestA11_CallbackOfAnotherMerchant(t *testing.T) {
	a, b := newCase(t, ""), newCase(t, "")
	b.a.set.merchantID, b.a.set.merchantPass = "085300000009704", "0ther-K3y"
	a.refused(b.callback(nil), checkout.ForgedCopyMismatch)
	form := b.callback(nil)
	form.Set("MerchantID", a.a.set.merchantID)
	a.refused(form, checkout.ForgedHashMismatch)
}

func TestA14_StatusesThatAreNotOne(t *testing.T) {
	for _, status := range []string{"0", "5", "6", "7", "8", "9", "-1", "", "01", " 1", "1 ", "1,1", "１", "٢", "+1", "1\n"} {
		for _, code := range []string{"V033", "00", "V034"} {
			c := newCase(t, "")
			form := c.callback(map[string]string{"3DStatus": status, "ProcReturnCode": code, "Response": "Approved", "AuthCode": "S40917"})
			got, err := c.judge(form)
			if err != nil || got.Result != checkout.VerdictNotAuthenticated || got.Liability() != checkout.LiabilityNone || got.Refs != nil ||
				got.Decline.Code != checkout.ReasonAuthentication {
				t.Errorf("status %q beside %s: %+v, %v", status, code, got, err)
			}
			form.Set("ResponseHash", "PnIJNoqG0XbXeAbEmgpmfgDdqKc=")
			c.refused(form, checkout.ForgedHashMismatch)
		}
	}
	c := newCase(t, "")
	form := c.callback(map[string]string{"3DStatus": ""})
	form.Del("3DStatus")
	if got, err := c.judge(form); err != nil || got.Result != checkout.VerdictNotAuthenticated {
		t.Errorf("missing status under its own hash: %+v, %v", got, err)
	}
	for _, code := range []string{"00", "V034", "51", "V036"} {
		c := newCase(t, "")
		if got, err := c.judge(c.callback(map[string]string{"ProcReturnCode": code})); err != nil || got.Result == checkout.VerdictAuthenticated {
			t.Errorf("code %s beside status 1: %+v, %v", code, got, err)
		}
	}
}

func TestA15_HalfSecureIsToldAndNotDecided(t *testing.T) {
	for _, status := range []string{"2", "3", "4"} {
		c := newCase(t, "")
		got, err := c.judge(c.callback(map[string]string{"3DStatus": status, "Eci": "06"}))
		if err != nil || got.Result != checkout.VerdictAuthenticated || got.MDStatus != status || got.Liability() != checkout.LiabilityAttempted || got.ECI != "06" {
			t.Errorf("status %s: %+v, %v", status, got, err)
		}
	}
}

func TestA19_LookAlikeNames(t *testing.T) {
	for _, name := range []string{"ReſponseHash", "Orderİd", "Orderıd", "MerchantＩD", "\u212aey", "ResponseHash\u200b", "ProcReturnCode ", "", "a\x00b"} {
		c := newCase(t, "")
		form := c.callback(nil)
		form.Set(name, "x")
		c.refused(form, checkout.ForgedNotPinned)
	}
}

// TestA20_Bytes: the hash is over bytes as they came; nothing is trimmed, decoded twice or put in another character set.
func TestA20_Bytes(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(nil)
	form.Set("ErrMsg", "Onayland\xfd \\|| %2B+ ")
	form.Set("MrcName", "\xddSTANBUL")
	if _, err := c.judge(form); err != nil {
		t.Errorf("foreign bytes in fields that nothing hashes: %v", err)
	}
	for i := range 50 {
		c.o.Nonce = "R" + strings.Repeat("A", i)
		form := c.callback(nil)
		if hash := form.Get("ResponseHash"); strings.Contains(hash, "+") {
			form.Set("ResponseHash", strings.ReplaceAll(hash, "+", " "))
			c.refused(form, checkout.ForgedHashMismatch)
		}
		c.o.BankOrder = checkout.BankOrder("OD" + strings.Repeat("B", i%17) + "PLUS")
	}
	for _, name := range []string{"OrderId", "AuthCode", "ProcReturnCode", "ResponseRnd"} {
		form := c.callback(nil)
		form.Set(name, form.Get(name)+" ")
		c.refused(form, checkout.ForgedFieldShape)
	}
}

func TestHashKindsByLength(t *testing.T) {
	for _, tc := range []struct {
		name, kind string
		long       bool
		ok         bool
	}{
		{"SHA-1 that says so is believed", "Sha1", false, true},
		{"SHA-1 in the newer generation, which says nothing, is believed", "-", false, true},
		{"SHA-256 that says nothing is believed", "-", true, true},
		{"SHA-256 that says so is believed", "SHA256", true, true},
		{"SHA-256 that says SHA-1 is refused", "Sha1", true, false},
		{"SHA-1 that says SHA-256 is refused", "Sha256", false, false},
		{"an unknown kind is refused", "Md5", false, false},
		{"an empty kind is refused", "", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCase(t, "")
			form := c.callback(nil)
			form.Set("HashType", tc.kind)
			if tc.kind == "-" {
				form.Del("HashType")
			}
			_, err := c.judge(c.sign(form, tc.long))
			if (err == nil) != tc.ok || (err != nil && checkout.ForgedReason(err) != checkout.ForgedHashMismatch) {
				t.Errorf("%v", err)
			}
		})
	}
	c := newCase(t, "")
	form := c.callback(nil)
	form.Set("ResponseHash", "PnIJNoqG0XbXeAbEmgpmfgDdqKd=")
	c.refused(form, checkout.ForgedHashMismatch)
}

// Another spelling of the same hash bytes is another hash.
func TestHashHasOneSpelling(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(nil)
	hash := form.Get("ResponseHash")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(alphabet, hash[26])
	form.Set("ResponseHash", hash[:26]+string(alphabet[last^1])+"=") // the two lowest bits of this letter are padding
	c.refused(form, checkout.ForgedHashMismatch)
}

func TestTwoStepVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name, code, status string
		want               checkout.VerdictResult
		reason             checkout.Reason
	}{
		{"V033 with status 1 goes on", "V033", "1", checkout.VerdictAuthenticated, ""},
		{"failed authentication", "V034", "-1", checkout.VerdictNotAuthenticated, checkout.ReasonAuthentication},
		{"refused by the issuer's page", "MR15", "-1", checkout.VerdictNotAuthenticated, checkout.ReasonAuthentication},
		{"an order number used before charges nothing here", "101310", "-1", checkout.VerdictRefused, checkout.ReasonTryAgain},
		{"a card number that is none", "M041", "-1", checkout.VerdictRefused, checkout.ReasonInvalidCard},
		{"a security code that is none", "M005", "-1", checkout.VerdictRefused, checkout.ReasonWrongCVV},
		{"our address is not registered", "M047", "-1", checkout.VerdictRefused, checkout.ReasonMerchantSetup},
		{"instalments are not allowed", "V024", "-1", checkout.VerdictRefused, checkout.ReasonInstallment},
		{"a system error before the card holder was asked", "V036", "-1", checkout.VerdictRefused, checkout.ReasonTryAgain},
		{"a success of the paying modes is none here", "00", "1", checkout.VerdictNotAuthenticated, checkout.ReasonAuthentication},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newCase(t, "")
			got, err := c.judge(c.callback(map[string]string{"ProcReturnCode": tc.code, "3DStatus": tc.status}))
			if err != nil || got.Result != tc.want || got.Decline.Code != tc.reason {
				t.Errorf("%+v, %v", got, err)
			}
			if (got.Refs[refGuid] != "") != (tc.want == checkout.VerdictAuthenticated) {
				t.Errorf("references are %v", got.Refs)
			}
		})
	}
}

func TestOneStepVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name, code, status, auth string
		want                     checkout.VerdictResult
		reason                   checkout.Reason
	}{
		{"paid", "00", "1", "S40917", checkout.VerdictCharged, ""},
		{"paid half-secure", "00", "4", "S40917", checkout.VerdictCharged, ""},
		{"a yes without an authorisation code is asked about", "00", "1", "", checkout.VerdictUnclear, ""},
		{"a yes beside a failed 3-D step", "00", "-1", "S40917", checkout.VerdictNotAuthenticated, checkout.ReasonAuthentication},
		{"declined for funds", "51", "1", "", checkout.VerdictRefused, checkout.ReasonInsufficientFunds},
		{"declined as lost", "41", "1", "", checkout.VerdictRefused, checkout.ReasonCardNotUsable},
		{"not authenticated", "MR15", "-1", "", checkout.VerdictNotAuthenticated, checkout.ReasonAuthentication},
		{"a system error is asked about", "96", "1", "", checkout.VerdictUnclear, ""},
		{"verified but not said to be charged is asked about", "V033", "1", "", checkout.VerdictUnclear, ""},
		{"an order number used before may be paid already", "101310", "-1", "", checkout.VerdictUnclear, ""},
		{"our address is not registered", "M047", "-1", "", checkout.VerdictRefused, checkout.ReasonMerchantSetup},
	} {
		for _, mode := range []string{Mode3DPay, Mode3DHost} {
			t.Run(mode+" "+tc.name, func(t *testing.T) {
				c := newCase(t, mode)
				got, err := c.judge(c.callback(map[string]string{"ProcReturnCode": tc.code, "3DStatus": tc.status, "AuthCode": tc.auth}))
				if err != nil || got.Result != tc.want || got.Decline.Code != tc.reason || got.MDStatus != tc.status {
					t.Errorf("%+v, %v", got, err)
				}
			})
		}
	}
	c := newCase(t, Mode3DPay)
	c.refused(c.callback(map[string]string{"3DStatus": "01", "ProcReturnCode": "00", "AuthCode": "S40917"}), checkout.ForgedFieldShape)
}

// TestA22_BankTextIsKeptSafe: bank text may be hostile or hold a card number.
func TestA22_BankTextIsKeptSafe(t *testing.T) {
	c := newCase(t, "")
	form := c.callback(map[string]string{"ProcReturnCode": "M041", "3DStatus": "-1"})
	form.Set("ErrMsg", "kart 4155 6500 0000 0007\r\nhatal\xfd "+strings.Repeat("uzun ", 100))
	got, err := c.judge(form)
	if err != nil {
		t.Fatal(err)
	}
	text := got.Decline.Message
	if len([]rune(text)) > 200 || strings.ContainsAny(text, "\r\n") || strings.Contains(text, "0000 0007") || !strings.Contains(text, "hatalı") {
		t.Errorf("kept %q", text)
	}
}

// RequestGuid is not under the hash: without one in its own shape the message is not the bank's.
func TestTicketHasItsShape(t *testing.T) {
	for _, guid := range []string{"0", "", "12a", "-1", "1 ", strings.Repeat("9", 40), "<x/>"} {
		c := newCase(t, "")
		form := c.callback(nil)
		form.Set("RequestGuid", guid)
		c.refused(form, checkout.ForgedFieldShape)
		form.Del("RequestGuid")
		c.refused(form, checkout.ForgedFieldShape)
	}
	c := newCase(t, Mode3DPay)
	form := c.callback(map[string]string{"ProcReturnCode": "00", "AuthCode": "S40917"})
	form.Del("RequestGuid")
	if got, err := c.judge(form); err != nil || got.Refs != nil {
		t.Errorf("one-step callbacks need no ticket: %+v, %v", got, err)
	}
}

// TestA23_ConstantTime holds the comparison itself: nothing in this package compares a hash but SameSignature, and
// that calls crypto/subtle. BenchmarkA23 measures.
func TestA23_ConstantTime(t *testing.T) {
	calls := func(file, fn string) int {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		ast.Inspect(tree, func(node ast.Node) bool {
			switch x := node.(type) {
			case *ast.SelectorExpr:
				if id, ok := x.X.(*ast.Ident); ok && id.Name+"."+x.Sel.Name == fn {
					n++
				}
			case *ast.BinaryExpr:
				for _, side := range []ast.Expr{x.X, x.Y} {
					if id, ok := side.(*ast.Ident); ok && id.Name == "hash" {
						if lit, ok := x.Y.(*ast.BasicLit); !ok || lit.Value != `""` {
							t.Errorf("%s compares a hash with %s", file, x.Op)
						}
					}
				}
			}
			return true
		})
		return n
	}
	if calls("callback.go", "wire.SameSignature") != 1 || calls("../internal/wire/sign.go", "subtle.ConstantTimeCompare") != 1 {
		t.Error("the callback's hash is not compared in constant time")
	}
}

// BenchmarkA23 is the statistical check (Welch's t over two classes of wrong hashes, early and late difference); it
// fails above 4.5. Run it alone on a quiet machine: go test -bench A23 -benchtime 1000000x ./threeds/payfor
func BenchmarkA23(b *testing.B) {
	want := "PnIJNoqG0XbXeAbEmgpmfgDdqKc="
	wrong := []string{"X" + want[1:], want[:26] + "X="}
	var n, mean, m2 [2]float64
	sink := 0
	for i := 0; b.Loop(); i++ {
		class := (i * 2654435761 >> 7) & 1
		start := time.Now()
		for range 64 {
			if wire.SameSignature(wrong[class], want) {
				sink++
			}
		}
		took := float64(time.Since(start))
		if took > 20000 {
			continue // the scheduler, not the comparison
		}
		n[class]++
		d := took - mean[class]
		mean[class] += d / n[class]
		m2[class] += d * (took - mean[class])
	}
	if b.N < 100_000 || n[0] < 2 || n[1] < 2 {
		return
	}
	spread := math.Sqrt(m2[0]/(n[0]-1)/n[0] + m2[1]/(n[1]-1)/n[1])
	score := (mean[0] - mean[1]) / spread
	b.ReportMetric(score, "t")
	if math.Abs(score) >= 4.5 || sink != 0 {
		b.Errorf("t is %.2f", score)
	}
}

// FuzzJudge: no message makes the judge believe anything without the secret, and none makes it panic.
func FuzzJudge(f *testing.F) {
	f.Add("OrderId=ODQ7ZK2MABCDEFGHIJKX&ResponseHash=&3DStatus=1&ProcReturnCode=V033")
	f.Add("ResponseHash=PnIJNoqG0XbXeAbEmgpmfgDdqKc=&OrderId=x&OrderId=y")
	f.Fuzz(func(t *testing.T, body string) {
		c := &bankCase{t: t, a: &acquirer{set: settings{merchantID: "1", merchantPass: "unguessable-9f3b", user: user{code: "u"}, mbrID: "5", mode: Mode3DModel}}}
		c.acq = twoStep{c.a}
		form, _ := url.ParseQuery(body) // what can be read is judged
		got, err := c.judge(form)
		if err == nil || checkout.ForgedReason(err) == "" {
			t.Errorf("%q: %+v, %v", body, got, err)
		}
	})
}

// The table of reasons has a sentence for every code and no code outside the dialect's shapes.
func TestCodesHaveReasons(t *testing.T) {
	for code, m := range meanings {
		if !slices.Contains(checkout.Reasons, m.reason) || !shapes[fieldCode].MatchString(code) {
			t.Errorf("code %s: %+v", code, m)
		}
	}
	for code, want := range map[string]class{"77": soft, "M099": setup, "V099": setup, "": technical, "1": technical, "999": technical, "ok": technical, "00": technical} {
		if got := meaningOf(code).class; got != want {
			t.Errorf("code %q is of class %c, want %c", code, got, want)
		}
	}
}
