package banksim

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestThreeDModelIsPaidInTwoSteps(t *testing.T) {
	for _, hostile := range []bool{false, true} {
		s := newShop(t, Options{Hostile: hostile})
		for range 6 { // hostile habits come and go by order
			v := s.opening(model3D, "000")
			back := s.callback(s.pass(s.open(v), passwordRight), okURL)
			s.want(back, "ProcReturnCode", "V033", "3DStatus", "1", "TxnResult", "Failed", "TxnStatus", "N", "RequestStat", "1,3,5",
				"OrderId", v.Get("OrderId"), "PurchAmount", "250.00", "Currency", "949", "AuthCode", "", "CardMask", "415565******0007",
				"MerchantID", s.m.MerchantID, "Rnd", "a1b2c3", "Hash", v.Get("Hash"), "D3Stat", "Y", "ErrMsg", "3D Kullanıcı Doğrulama Adımı Başarılı")
			if _, charged := s.charge(v.Get("OrderId")); charged {
				t.Fatal("money moved before the completion call")
			}
			s.want(s.call("OrderInquiry", v.Get("OrderId")), "ProcReturnCode", "V000", "TxnResult", "Failed", "TxnStatus", "N")
			done := s.finish(back)
			s.want(done, "ProcReturnCode", "00", "TransId", v.Get("OrderId"), "ErrMsg", "Onaylandı", "CardHolderName", "AYŞE YILMAZ")
			ch, ok := s.charge(v.Get("OrderId"))
			if !ok || ch.Amount != 25000 || ch.Currency != "TRY" || ch.Status != "authorized" || ch.AuthCode != done["AuthCode"] || ch.Installments != 1 ||
				ch.RRN != done["HostRefNum"] {
				t.Errorf("charge is %+v", ch)
			}
			asked := s.call("OrderInquiry", v.Get("OrderId"))
			s.want(asked, "ProcReturnCode", "00", "TxnType", "Auth", "PurchAmount", "250.00", "HostRefNum", "", "F37", ch.RRN, "RequestStat", "1,3,5,1,6,10",
				"D3Status", "1", "TxnResult", "Success", "TxnStatus", "Y", "OrgOrderId", "")
		}
	}
}

// TestEveryCardPlaysItsPart walks the contract's table in the two-step model.
func TestEveryCardPlaysItsPart(t *testing.T) {
	for _, c := range []struct {
		script, name    string
		silent          bool
		status, stepOne string
		back            string
		code            string // of the completion; empty: it has no readable answer
		charged         bool
		inquiry         string
	}{
		{"000", "challenge, approved", false, "1", "V033", okURL, "00", true, "00"},
		{"001", "frictionless, approved", true, "1", "V033", okURL, "00", true, "00"},
		{"002", "half-secure 2 goes on if the merchant wants", true, "2", "V033", okURL, "00", true, "00"},
		{"003", "half-secure 3 goes on if the merchant wants", true, "3", "V033", okURL, "00", true, "00"},
		{"004", "half-secure 4 goes on if the merchant wants", true, "4", "V033", okURL, "00", true, "00"},
		{"005", "declined 05", false, "1", "V033", okURL, "05", false, "05"},
		{"041", "declined 41", false, "1", "V033", okURL, "41", false, "41"},
		{"051", "declined 51", false, "1", "V033", okURL, "51", false, "51"},
		{"054", "declined 54", false, "1", "V033", okURL, "54", false, "54"},
		{"057", "declined 57", false, "1", "V033", okURL, "57", false, "57"},
		{"061", "declined 61", false, "1", "V033", okURL, "61", false, "61"},
		{"062", "declined 62", false, "1", "V033", okURL, "62", false, "62"},
		{"065", "declined 65", false, "1", "V033", okURL, "65", false, "65"},
		{"075", "declined 75", false, "1", "V033", okURL, "75", false, "75"},
		{"082", "declined 82", false, "1", "V033", okURL, "82", false, "82"},
		{"091", "issuer inoperative", false, "1", "V033", okURL, "91", false, "91"},
		{"900", "3-D fails unasked", true, "0", "V034", failURL, "V036", false, "V034"},
		{"902", "completion dies unread", false, "1", "V033", okURL, "", false, "V000"},
		{"903", "garbage after a charge", false, "1", "V033", okURL, "", true, "00"},
		{"777", "an unknown script is 000", false, "1", "V033", okURL, "00", true, "00"},
	} {
		t.Run(c.script+" "+c.name, func(t *testing.T) {
			s := newShop(t, Options{})
			v := s.opening(model3D, c.script)
			p := s.open(v)
			if !c.silent {
				p = s.pass(p, passwordRight)
			}
			back := s.callback(p, c.back)
			s.want(back, "3DStatus", c.status, "ProcReturnCode", c.stepOne)
			got, err := s.xmlCall(s.completion(back["RequestGuid"], v.Get("OrderId")))
			switch {
			case c.code == "" && err == nil:
				t.Errorf("the completion was answered: %v", got)
			case c.code != "" && err != nil:
				t.Errorf("completion: %v", err)
			case c.code != "":
				s.want(got, "ProcReturnCode", c.code)
			}
			if _, charged := s.charge(v.Get("OrderId")); charged != c.charged {
				t.Errorf("charged is %v, want %v", charged, c.charged)
			}
			s.want(s.call("OrderInquiry", v.Get("OrderId")), "ProcReturnCode", c.inquiry)
		})
	}
}

func TestCard901IsChargedAndNeverAnswered(t *testing.T) {
	s := newShop(t, Options{})
	back := s.authenticate("901")
	ctx, giveUp := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.gate("XMLGate.aspx"),
			strings.NewReader(xmlRequest(s.completion(back["RequestGuid"], back["OrderId"]))))
		if err == nil {
			_, err = s.srv.Client().Do(r)
		}
		answered <- err
	}()
	s.eventually("the charge", func() bool { _, ok := s.charge(back["OrderId"]); return ok })
	select {
	case err := <-answered:
		t.Fatalf("the completion was answered: %v", err)
	default:
	}
	giveUp()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Errorf("the completion ended with %v", err)
	}
	s.want(s.call("OrderInquiry", back["OrderId"]), "ProcReturnCode", "00")
}

func TestHeldAnswersEndWithTheBank(t *testing.T) {
	s := newShop(t, Options{})
	back := s.authenticate("901")
	answered := make(chan error, 1)
	go func() {
		_, err := s.xmlCall(s.completion(back["RequestGuid"], back["OrderId"]))
		answered <- err
	}()
	s.eventually("the charge", func() bool { _, ok := s.charge(back["OrderId"]); return ok })
	s.bank.stop()
	if err := <-answered; err == nil {
		t.Error("a held completion was answered at the end")
	}
}

// TestOneStepModels: in 3DPay and 3DHost the bank takes the money before it sends the browser back.
func TestOneStepModels(t *testing.T) {
	for _, model := range []string{model3DPay, model3DHost} {
		host := ""
		if model == model3DHost {
			host = "2,"
		}
		for _, c := range []struct {
			script, name string
			otp          string
			back         string // empty: no callback at all
			code, status string
			trail        string
			charged      bool
		}{
			{"000", "paid", passwordRight, okURL, "00", "1", "1," + host + "3,10,5", true},
			{"001", "paid unasked", "", okURL, "00", "1", "1," + host + "3,10,5", true},
			{"000", "wrong password", passwordFails, failURL, "MR15", "-1", "1," + host + "4,5", false},
			{"051", "declined by the issuer", passwordRight, failURL, "51", "1", "1," + host + "3,10,5", false},
			{"002", "half-secure is not charged by default", "", failURL, "MR15", "2", "1," + host + "4,5", false},
			{"900", "3-D fails unasked", "", failURL, "MR15", "0", "1," + host + "4,5", false},
			{"901", "charged and never sent back", passwordRight, "", "", "", "", true},
			{"902", "neither charged nor sent back", passwordRight, "", "", "", "", false},
			{"903", "charged, sent back with a signature of garbage", passwordRight, okURL, "00", "1", "1," + host + "3,10,5", true},
		} {
			t.Run(model+" "+c.script+" "+c.name, func(t *testing.T) {
				s := newShop(t, Options{})
				v := s.opening(model, c.script)
				p := s.open(v)
				if model == model3DHost {
					p = s.typeCard(p, c.script)
				}
				switch {
				case c.otp != "" && model == model3DHost:
					p = s.press(p, map[string]string{"otp": c.otp})
				case c.otp != "":
					p = s.pass(p, c.otp)
				}
				if _, charged := s.charge(v.Get("OrderId")); charged != c.charged {
					t.Errorf("charged is %v, want %v", charged, c.charged)
				}
				if c.back == "" {
					if p.action != "" || !strings.Contains(p.body, "Bağlantı koptu") {
						t.Errorf("expected a lost connection, got\n%s", p.body)
					}
					return
				}
				back := s.callback(p, c.back)
				s.want(back, "ProcReturnCode", c.code, "3DStatus", c.status, "RequestStat", c.trail, "SecureType", model)
				if good := back["ResponseHash"] == s.signature(back, false); good != (c.script != "903") {
					t.Errorf("signature good is %v", good)
				}
				if (back["AuthCode"] != "") != c.charged {
					t.Errorf("AuthCode is %q", back["AuthCode"])
				}
			})
		}
	}
}

// TestHalfSecureMerchantIsChargedInOneStep is the other side of the merchant's switch.
func TestHalfSecureMerchantIsChargedInOneStep(t *testing.T) {
	m := DemoMerchants()[3]
	m.HalfSecure = true
	s := newShop(t, Options{Merchants: []Merchant{m}})
	back := s.callback(s.open(s.opening(model3DPay, "003")), okURL)
	s.want(back, "ProcReturnCode", "00", "3DStatus", "3", "D3Stat", "A", "Eci", "06")
}

// typeCard goes to the hosted card page and fills it in.
func (s shop) typeCard(p sheet, script string) sheet {
	s.t.Helper()
	page := s.press(p, nil)
	if _, asks := page.fields["Pan"]; !asks {
		s.t.Fatalf("no card page:\n%s", page.body)
	}
	return s.press(page, map[string]string{"Pan": CardNumber("415565", script), "Expiry": "12/29", "Cvv2": "123", "CardHolderName": "A B", "action": "submit"})
}

// signature is what the callback's signature must be.
func (s shop) signature(back map[string]string, long bool) string {
	return callbackHash(s.m.MerchantID, s.m.MerchantPass, back["OrderId"], back["AuthCode"], back["ProcReturnCode"], back["3DStatus"],
		back["ResponseRnd"], s.m.UserCode, long)
}

func (s shop) eventually(what string, is func() bool) {
	s.t.Helper()
	for s.t.Context().Err() == nil {
		if is() {
			return
		}
		runtime.Gosched()
	}
	s.t.Fatalf("%s did not happen", what)
}

func TestHostedCardPageRefusesBadCardsAndForgetsThem(t *testing.T) {
	s := newShop(t, Options{})
	page := s.press(s.open(s.opening(model3DHost, "000")), nil)
	good := map[string]string{"Pan": CardNumber("415565", "000"), "Expiry": "1229", "Cvv2": "123", "action": "submit"}
	for _, c := range []struct{ name, field, value, says string }{
		{"number with a wrong check digit", "Pan", "4155650000000008", "Kart numarası geçersiz"},
		{"no number", "Pan", "", "Kart numarası geçersiz"},
		{"month 13", "Expiry", "1329", "Son kullanma tarihini"},
		{"security code of letters", "Cvv2", "12a", "Güvenlik kodu 3"},
	} {
		bad := map[string]string{}
		for n, v := range good {
			bad[n] = v
		}
		bad[c.field] = c.value
		p := s.press(page, bad)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.says) {
			t.Errorf("%s: status %d", c.name, p.status)
		}
		if p.fields["Pan"] != "" || p.fields["Cvv2"] != "" {
			t.Errorf("%s: the page repeats the card", c.name)
		}
	}
	if p := s.press(page, good); p.fields["otp"] != "" || !strings.Contains(p.body, "4155 65•• •••• 0007") {
		t.Errorf("no password page after a good card:\n%s", p.body)
	}
	s.callback(s.press(s.press(s.open(s.opening(model3DHost, "000")), nil), map[string]string{"action": "cancel"}), failURL)
}

func TestOpeningIsRefusedInTheSheetsOrder(t *testing.T) {
	strict, loose := DemoMerchants()[3], DemoMerchants()[3]
	loose.MerchantID, loose.LooseAmount, loose.LooseInstallments, loose.LooseLang, loose.LooseMOTO = "990000000000002", true, true, true, true
	only := strict
	only.MerchantID, only.Models, only.Currencies = "990000000000003", []string{model3DHost}, []string{"USD"}
	for _, c := range []struct {
		name        string
		field, with string
		code        string
		long        bool // SHA-256 without HashType: refused before the merchant's record
		m           Merchant
	}{
		{"member bank missing", "MbrId", "", "M013", true, strict},
		{"merchant missing", "MerchantID", "", "M024", true, strict},
		{"merchant unknown", "MerchantID", "123456789012345", "V001", true, strict},
		{"user missing", "UserCode", "", "M016", true, strict},
		{"user of somebody else", "UserCode", "OTHER", "V035", true, strict},
		{"model not allowed", "SecureType", "3DPay", "M021", true, only},
		{"host model at the other page", "SecureType", "3DHost", "M021", true, strict},
		{"unknown operation", "TxnType", "Sale", "M015", true, strict},
		{"order number missing", "OrderId", "", "M028", true, strict},
		{"order number of 51 characters", "OrderId", strings.Repeat("A", 51), "M025", true, strict},
		{"OkUrl missing", "OkUrl", "", "M010", true, strict},
		{"OkUrl of another kind", "OkUrl", "javascript:alert(1)", "M010", true, strict},
		{"OkUrl too long", "OkUrl", "https://shop.example/" + strings.Repeat("a", 200), "M038", true, strict},
		{"amount missing", "PurchAmount", "", "M012", true, strict},
		{"amount without decimals", "PurchAmount", "250", "M004", true, strict},
		{"amount with one decimal", "PurchAmount", "250.0", "M004", true, strict},
		{"amount with a comma", "PurchAmount", "250,00", "M004", true, strict},
		{"amount grouped", "PurchAmount", "1.250,00", "M004", true, strict},
		{"amount negative", "PurchAmount", "-250.00", "M004", true, strict},
		{"amount with an exponent", "PurchAmount", "2e2.00", "M004", true, strict},
		{"amount with a leading zero", "PurchAmount", "0250.00", "M004", true, strict},
		{"amount of nothing", "PurchAmount", "0.00", "M019", true, strict},
		{"amount above the limit", "PurchAmount", "200000.01", "M019", true, strict},
		{"currency missing", "Currency", "", "M003", true, strict},
		{"currency in letters", "Currency", "TRY", "M002", true, strict},
		{"currency not the merchant's", "Currency", "949", "V030", true, Merchant{Dialect: dialectPayFor, MbrID: "5", MerchantID: "990000000000004",
			UserCode: "U", UserPass: "P", MerchantPass: "S", Currencies: []string{"USD"}}},
		{"yen with a fraction", "Currency", "392", "M050", true, strict},
		{"one instalment", "InstallmentCount", "1", "M020", true, strict},
		{"instalments missing", "InstallmentCount", "", "M020", true, strict},
		{"instalments padded", "InstallmentCount", "03", "M020", true, strict},
		{"too many instalments", "InstallmentCount", "48", "V024", true, strict},
		{"language in lower case", "Lang", "tr", "M048", true, strict},
		{"MOTO missing", "MOTO", "", "M048", true, strict},
		{"signature of somebody else", "Hash", "PnIJNoqG0XbXeAbEmgpmfgDdqKc=", "M030", false, strict},
		{"signature missing", "Hash", "", "M030", false, strict},
		{"card missing", "Pan", "", "M008", false, strict},
		{"card with a wrong check digit", "Pan", "4155650000000008", "M041", false, strict},
		{"expiry with a slash", "Expiry", "12/29", "M006", false, strict},
		{"security code missing", "Cvv2", "", "M005", false, strict},
		{"loose merchant: amount without decimals", "PurchAmount", "250", "", false, loose},
		{"loose merchant: one instalment", "InstallmentCount", "1", "", false, loose},
		{"loose merchant: language in lower case", "Lang", "tr", "", false, loose},
		{"loose merchant: MOTO missing", "MOTO", "", "", false, loose},
		{"loose merchant: comma all the same", "PurchAmount", "250,00", "M004", true, loose},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, Options{Merchants: []Merchant{c.m}}).as(c.m)
			v := s.opening(model3D, "000")
			order := v.Get("OrderId")
			if c.code == "M050" {
				v.Set("PurchAmount", "250.50")
			}
			v.Set(c.field, c.with)
			if c.field != "Hash" {
				s.sign(v)
			}
			p := s.post(s.gate("Default.aspx"), v)
			if c.code == "" {
				s.callback(s.pass(p, passwordRight), okURL)
				return
			}
			back := s.callback(p, failURL)
			s.want(back, "ProcReturnCode", c.code, "3DStatus", "-1", "RequestGuid", "0", "RequestStat", "1,5", "CardMask", "", "MrcName", "")
			if _, said := back["HashType"]; said == c.long {
				t.Errorf("HashType there is %v", said)
			}
			switch want := s.signature(back, c.long); {
			case c.code == "M024" || c.code == "V001" || c.code == "M013":
				if back["ResponseHash"] != "" {
					t.Error("signed with nobody's secret")
				}
			case back["ResponseHash"] != want:
				t.Errorf("signature is %s, want %s", back["ResponseHash"], want)
			}
			if _, known := s.bank.books.find(orderKey{dialectPayFor, c.m.MbrID, c.m.MerchantID, order}); known {
				t.Error("a refused opening used up the order number")
			}
		})
	}
}

func TestOpeningWithoutReturnAddressIsALineOfText(t *testing.T) {
	s := newShop(t, Options{})
	v := s.opening(model3D, "000")
	v.Del("FailUrl")
	if p := s.open(v); !strings.HasPrefix(p.body, "ProcReturnCode=M007;;ErrMsg=") {
		t.Errorf("answer is %q", p.body)
	}
	if p := s.post(s.gate("Default.aspx"), nil); !strings.Contains(p.body, "ProcReturnCode=M043") {
		t.Errorf("answer to an empty form is %q", p.body)
	}
	if p := s.get(s.gate("Default.aspx")); p.action != "" || !strings.Contains(p.body, "Login") {
		t.Errorf("a visitor gets %q", p.body)
	}
	if p := s.post(s.gate("Other.aspx"), v); p.status != http.StatusNotFound {
		t.Errorf("an unknown page answers %d", p.status)
	}
}

func TestOrderNumberIsUsedOnceWhateverBecameOfIt(t *testing.T) {
	s := newShop(t, Options{})
	for _, script := range []string{"000", "051", "900"} {
		v := s.opening(model3D, script)
		s.open(v)
		v.Set("Pan", "4155650000000008") // the number comes before the card
		back := s.callback(s.open(v), failURL)
		s.want(back, "ProcReturnCode", "101310", "D3Stat", "", "TxnStatus", "", "TxnResult", "", "RequestGuid", "0",
			"ErrMsg", "Verilen sipariş no önceden kullanılmıştır.")
		if back["ResponseHash"] != s.signature(back, true) {
			t.Error("not signed with SHA-256")
		}
		if _, there := back["HashType"]; there {
			t.Error("HashType beside SHA-256")
		}
	}
	other := s.as(DemoMerchants()[0])
	v := other.opening(model3D, "000")
	v.Set("OrderId", "LNK-000001A")
	other.callback(other.pass(other.open(v), passwordRight), okURL) // another merchant may use the same
}

func TestOrderNumberOpenedManyTimesAtOnceIsOpenedOnce(t *testing.T) {
	s := newShop(t, Options{})
	v := s.sign(s.opening(model3D, "001"))
	codes := make(chan string, 20)
	var wg sync.WaitGroup
	for range cap(codes) {
		wg.Go(func() {
			p, err := s.do(http.MethodPost, s.gate("Default.aspx"), formKind, v.Encode())
			if err != nil {
				t.Error(err)
			}
			codes <- p.fields["ProcReturnCode"]
		})
	}
	wg.Wait()
	close(codes)
	count := map[string]int{}
	for code := range codes {
		count[code]++
	}
	if count["V033"] != 1 || count["101310"] != 19 {
		t.Errorf("answers are %v", count)
	}
	o, _ := s.bank.books.find(orderKey{dialectPayFor, "5", s.m.MerchantID, v.Get("OrderId")})
	if _, err := s.bank.books.open(o); !errors.Is(err, errTaken) {
		t.Errorf("the books took it again: %v", err)
	}
}

func TestOpeningFromABrowserIsRefusedWhereTheBankWantsServers(t *testing.T) {
	m := DemoMerchants()[3]
	m.ServerOnly = true
	s := newShop(t, Options{Merchants: []Merchant{m}})
	for _, c := range []struct{ name, header, value, code string }{
		{"a browser that fetches", "Sec-Fetch-Mode", "navigate", "M047"},
		{"a form of another site", "Origin", "https://shop.example", "M047"},
		{"an old browser", "Accept", "text/html,*/*", "M047"},
		{"a server", "X-Anything", "1", ""},
	} {
		v := s.sign(s.opening(model3D, "000"))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.gate("Default.aspx"), strings.NewReader(v.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", formKind)
		r.Header.Set("User-Agent", "Mozilla/5.0")
		r.Header.Set(c.header, c.value)
		resp, err := s.srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), `value="M047"`); got != (c.code != "") {
			t.Errorf("%s: refused is %v", c.name, got)
		}
	}
}

func TestCompletionMovesMoneyOnce(t *testing.T) {
	s := newShop(t, Options{})
	back := s.authenticate("000")
	var wg sync.WaitGroup
	codes := make(chan string, 20)
	for range cap(codes) {
		wg.Go(func() {
			got, err := s.xmlCall(s.completion(back["RequestGuid"], back["OrderId"]))
			if err != nil {
				t.Error(err)
			}
			codes <- got["ProcReturnCode"]
		})
	}
	wg.Wait()
	close(codes)
	count := map[string]int{}
	for code := range codes {
		count[code]++
	}
	if count["00"] != 1 || count["V036"] != 19 {
		t.Errorf("answers are %v", count)
	}
	s.charge(back["OrderId"]) // fails the test when there are two
}

func TestCompletionMustMatchWhatWasAuthenticated(t *testing.T) {
	s := newShop(t, Options{})
	back := s.authenticate("000")
	for _, c := range []struct{ name, field, value, code string }{
		{"another order", "OrderId", "LNK-X", "V036"},
		{"another user", "UserCode", "OTHER", "V036"},
		{"wrong password", "UserPass", "guess", "V036"},
		{"unknown request", "RequestGuid", "1000000099999999", "V013"},
		{"no request", "RequestGuid", "0", "V013"},
		{"request of words", "RequestGuid", "abc", "V013"},
	} {
		v := s.completion(back["RequestGuid"], back["OrderId"])
		v[c.field] = c.value
		got, err := s.xmlCall(v)
		if err != nil {
			t.Fatal(err)
		}
		if got["ProcReturnCode"] != c.code {
			t.Errorf("%s: code is %s, want %s", c.name, got["ProcReturnCode"], c.code)
		}
	}
	if len(s.bank.Charges()) != 0 {
		t.Error("money moved")
	}
	open := s.opening(model3D, "000")
	s.open(open)
	o, _ := s.bank.books.find(orderKey{dialectPayFor, "5", s.m.MerchantID, open.Get("OrderId")})
	s.want(s.finish(map[string]string{"RequestGuid": payforGuid(o.Seq), "OrderId": o.OrderID}), "ProcReturnCode", "V020")
	s.want(s.finish(back), "ProcReturnCode", "00")
}

func TestSecurityCodeAndExpiryOverruleTheScript(t *testing.T) {
	s := newShop(t, Options{})
	for _, c := range []struct{ name, field, value, code string }{
		{"security code 000", "Cvv2", "000", "82"},
		{"expired last month", "Expiry", "1026", "54"},
		{"expires this month", "Expiry", "1126", "00"},
	} {
		v := s.opening(model3D, "000")
		v.Set(c.field, c.value)
		got := s.finish(s.callback(s.pass(s.open(v), passwordRight), okURL))
		if got["ProcReturnCode"] != c.code {
			t.Errorf("%s: code is %s, want %s", c.name, got["ProcReturnCode"], c.code)
		}
	}
}

func TestEverySixCurrenciesAndEveryCardLength(t *testing.T) {
	s := newShop(t, Options{})
	for _, c := range []struct {
		number, text, pan, cvv string
		code                   string
		amount                 int64
		brand                  string
	}{
		{"949", "0.01", "4155650100416111", "123", "TRY", 1, "V"},
		{"840", "200000.00", "5209882483498019", "123", "USD", 20000000, "M"},
		{"978", "35.05", "9792350046201275", "993", "EUR", 3505, "T"},
		{"826", "35.05", "371449635398431", "1234", "GBP", 3505, "A"},
		{"392", "1500.00", "36577312700094", "483", "JPY", 1500, "T"},
		{"392", "1500", "4282405990002166", "656", "JPY", 1500, "V"},
		{"643", "10.00", "6304000000000000000", "123", "RUB", 1000, "M"},
	} {
		v := s.opening(model3D, "000")
		v.Set("Currency", c.number)
		v.Set("PurchAmount", c.text)
		v.Set("Pan", c.pan)
		v.Set("Cvv2", c.cvv)
		if !validPAN(c.pan) {
			t.Fatalf("%s is no card", maskPAN(c.pan))
		}
		back := s.callback(s.pass(s.open(v), passwordRight), okURL)
		s.want(back, "Currency", c.number, "PurchAmount", c.text, "CardType", c.brand, "CardMask", maskPAN(c.pan))
		s.want(s.finish(back), "ProcReturnCode", "00")
		if ch, _ := s.charge(v.Get("OrderId")); ch.Amount != c.amount || ch.Currency != c.code {
			t.Errorf("%s %s: booked %d %s", c.text, c.number, ch.Amount, ch.Currency)
		}
	}
}

func TestZiraatKatilimSignsWithTheLongHash(t *testing.T) {
	s := newShop(t, Options{}).as(DemoMerchants()[4])
	v := s.sign(s.opening(model3D, "000"))
	v.Set("MerchantId", v.Get("MerchantID")) // the other spelling, at the other path, in other case
	v.Del("MerchantID")
	back := s.callback(s.pass(s.post(s.srv.URL+"/PayFor/MPI/default.ASPX", v), passwordRight), okURL)
	s.want(back, "MbrId", "12", "ProcReturnCode", "V033")
	if len(back["ResponseHash"]) != 44 || back["ResponseHash"] != s.signature(back, true) {
		t.Errorf("signature is %s", back["ResponseHash"])
	}
	s.want(s.finish(back), "ProcReturnCode", "00")
}

func TestCallbackHasTheRecordedFields(t *testing.T) {
	s := newShop(t, Options{})
	back := s.authenticate("000")
	if len(back) < 118 {
		t.Errorf("%d fields", len(back))
	}
	for name, shape := range map[string]string{"ResponseRnd": `^PF\d{18}$`, "RequestGuid": `^\d{16}$`, "PayerTxnId": `^.{28}$`,
		"PayerAuthenticationCode": `^.{28}$`, "TransactionDate": `^23\.11\.2026 10:09:31$`, "HashType": `^Sha1$`, "BatchNo": `^\d{4}$`} {
		if !regexp.MustCompile(shape).MatchString(back[name]) {
			t.Errorf("%s is %q", name, back[name])
		}
	}
	done := s.finish(back)
	for name, shape := range map[string]string{"AuthCode": `^S\d{5}$`, "HostRefNum": `^632710\d{6}$`} {
		if !regexp.MustCompile(shape).MatchString(done[name]) {
			t.Errorf("%s is %q", name, done[name])
		}
	}
}
