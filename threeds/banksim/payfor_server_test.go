package banksim

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestVoidTakesASaleBackOnTheSameDay(t *testing.T) {
	s := newShop(t, Options{})
	order := s.paid()
	s.want(s.call("Void", order, "PurchAmount", "100.00"), "ProcReturnCode", "V019")
	s.want(s.call("Void", order, "Currency", "840"), "ProcReturnCode", "V030")
	before, _ := s.charge(order)
	got := s.call("Void", order)
	s.want(got, "ProcReturnCode", "00", "TransId", order)
	if got["AuthCode"] == before.AuthCode || got["AuthCode"] == "" || got["HostRefNum"] == before.RRN {
		t.Errorf("a void has numbers of its own: %v", got)
	}
	if ch, _ := s.charge(order); ch.Status != "voided" || ch.RefundedAmount != 0 {
		t.Errorf("charge is %+v", ch)
	}
	s.want(s.call("OrderInquiry", order), "ProcReturnCode", "00", "TxnResult", "Success", "TxnStatus", "V", "IsVoided", "true", "VoidDate", "20261123",
		"VoidTime", "100931", "VoidUserCode", s.m.UserCode)
	s.want(s.call("Void", order), "ProcReturnCode", "V013")
	s.want(s.call("Refund", order, "PurchAmount", "1.00"), "ProcReturnCode", "V017")
	s.want(s.call("Void", "LNK-unknown"), "ProcReturnCode", "V013", "IrcCode", "99961")
	s.want(s.call("Void", s.authenticate("000")["OrderId"]), "ProcReturnCode", "V013")
}

func TestRefundWaitsForTheBatchAndStopsAtTheSale(t *testing.T) {
	s := newShop(t, Options{})
	order := s.paid()
	sold, _ := s.charge(order)
	s.want(s.call("Refund", order, "PurchAmount", "100.00"), "ProcReturnCode", "V014", "IrcCode", "99962", "AuthCode", sold.AuthCode,
		"ErrMsg", "Bu işlem geri alınamaz, lüften asıl işlemi iptal edin.")
	if _, err := s.bank.CloseDay(); err != nil {
		t.Fatal(err)
	}
	s.want(s.call("Void", order), "ProcReturnCode", "V018")
	s.want(s.call("Refund", order), "ProcReturnCode", "V031")
	s.want(s.call("Refund", order, "PurchAmount", "100"), "ProcReturnCode", "M004")
	s.want(s.call("Refund", order, "PurchAmount", "250.01"), "ProcReturnCode", "V015")
	s.want(s.call("Refund", order, "PurchAmount", "100.00"), "ProcReturnCode", "00")
	if ch, _ := s.charge(order); ch.Status != "authorized" || ch.RefundedAmount != 10000 {
		t.Errorf("after a part: %+v", ch)
	}
	s.want(s.call("OrderInquiry", order), "ProcReturnCode", "00", "RefundedAmount", "100.00", "IsRefunded", "true")
	s.want(s.call("Refund", order, "PurchAmount", "150.01"), "ProcReturnCode", "V015")
	s.want(s.call("Refund", order, "PurchAmount", "150.00"), "ProcReturnCode", "00")
	if ch, _ := s.charge(order); ch.Status != "refunded" || ch.RefundedAmount != 25000 {
		t.Errorf("after the rest: %+v", ch)
	}
	s.want(s.call("Refund", order, "PurchAmount", "0.01"), "ProcReturnCode", "V037")
}

func TestDayEndsByItselfAtMidnightInTurkey(t *testing.T) {
	now := testNow
	s := newShop(t, Options{Now: func() time.Time { return now }})
	order := s.paid()
	now = time.Date(2026, 11, 23, 20, 59, 59, 0, time.UTC)
	s.want(s.call("Refund", order, "PurchAmount", "1.00"), "ProcReturnCode", "V014")
	now = time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	s.want(s.call("Void", order), "ProcReturnCode", "V018")
	s.want(s.call("Refund", order, "PurchAmount", "1.00"), "ProcReturnCode", "00")
}

func TestPreAuthorisationIsCapturedOnceWithinItsLimits(t *testing.T) {
	now := testNow
	s := newShop(t, Options{Now: func() time.Time { return now }})
	hold := func(currency string) string {
		v := s.opening(model3D, "000")
		v.Set("TxnType", "PreAuth")
		v.Set("Currency", currency)
		s.want(s.finish(s.callback(s.pass(s.open(v), passwordRight), okURL)), "ProcReturnCode", "00")
		return v.Get("OrderId")
	}
	order := hold("949")
	s.want(s.call("OrderInquiry", order), "ProcReturnCode", "00", "TxnType", "PreAuth")
	if ch, _ := s.charge(order); ch.Kind != "preauth" {
		t.Errorf("charge is %+v", ch)
	}
	s.want(s.call("PostAuth", order, "PurchAmount", "287.51"), "ProcReturnCode", "V027")
	s.want(s.call("PostAuth", order, "PurchAmount", "212.49"), "ProcReturnCode", "V027")
	s.want(s.call("PostAuth", order, "PurchAmount", "287.50"), "ProcReturnCode", "00")
	s.want(s.call("PostAuth", order, "PurchAmount", "287.50"), "ProcReturnCode", "V025")
	s.want(s.call("OrderInquiry", order), "ProcReturnCode", "00", "TxnType", "PostAuth", "PurchAmount", "287.50", "OrgOrderId", order)
	if ch, _ := s.charge(order); ch.Kind != "capture" || ch.Amount != 28750 {
		t.Errorf("charge is %+v", ch)
	}
	s.want(s.call("Void", order), "ProcReturnCode", "00")
	s.want(s.call("OrderInquiry", order), "TxnType", "PostAuth", "IsVoided", "true")

	s.want(s.call("PostAuth", s.paid(), "PurchAmount", "250.00"), "ProcReturnCode", "V016")
	s.want(s.call("PostAuth", "LNK-unknown", "PurchAmount", "250.00"), "ProcReturnCode", "V013")

	dollars := hold("840")
	s.want(s.call("PostAuth", dollars, "PurchAmount", "240.00", "Currency", "840"), "ProcReturnCode", "V027") // in part only in lira
	s.want(s.call("PostAuth", dollars, "PurchAmount", "250.00", "Currency", "840"), "ProcReturnCode", "00")

	dropped := hold("949")
	s.want(s.call("Void", dropped), "ProcReturnCode", "00")
	s.want(s.call("PostAuth", dropped, "PurchAmount", "250.00"), "ProcReturnCode", "V017")

	old := hold("949")
	now = now.Add(26 * 24 * time.Hour)
	s.want(s.call("Refund", old, "PurchAmount", "1.00"), "ProcReturnCode", "V022")
	s.want(s.call("PostAuth", old, "PurchAmount", "250.00"), "ProcReturnCode", "V026")
}

func TestServerCallsKnowTheirSender(t *testing.T) {
	s := newShop(t, Options{})
	order := s.paid()
	for _, c := range []struct{ name, field, value, void, inquiry string }{
		{"wrong password", "UserPass", "guess", "M009", "V013"},
		{"no password", "UserPass", "", "M017", "V013"},
		{"another user", "UserCode", "OTHER", "V035", "V013"},
		{"no user", "UserCode", "", "M016", "V013"},
		{"unknown merchant", "MerchantId", "000000000000009", "V001", "V013"},
		{"no merchant", "MerchantId", "", "M024", "M024"},
		{"another bank", "MbrId", "12", "V001", "V013"},
		{"no bank", "MbrId", "", "M013", "M013"},
	} {
		if got := s.call("Void", order, c.field, c.value); got["ProcReturnCode"] != c.void {
			t.Errorf("%s: void says %s, want %s", c.name, got["ProcReturnCode"], c.void)
		}
		if got := s.call("OrderInquiry", order, c.field, c.value); got["ProcReturnCode"] != c.inquiry {
			t.Errorf("%s: inquiry says %s, want %s", c.name, got["ProcReturnCode"], c.inquiry)
		}
	}
	other := s.as(DemoMerchants()[0])
	s.want(other.call("Void", order), "ProcReturnCode", "V013")
	parts := s.as(DemoMerchants()[5])
	for _, c := range []struct{ txn, user, pass, code string }{
		{"Void", "UC_SATIS", "Satis-Pass-1", "V038"},
		{"Void", "UC_RAPOR", "Rapor-Pass-1", "V038"},
		{"Void", "UC_IADE", "Rapor-Pass-1", "M009"},
		{"Void", "UC_IADE", "Iade-Pass-1", "V013"}, // nobody's order
		{"Refund", "UC_SATIS", "Satis-Pass-1", "V038"},
		{"PostAuth", "UC_IADE", "Iade-Pass-1", "V038"},
		{"TxnHistory", "UC_SATIS", "Satis-Pass-1", "V038"},
	} {
		if got := parts.call(c.txn, order, "UserCode", c.user, "UserPass", c.pass, "PurchAmount", "1.00", "ReqDate", "20261122"); got["ProcReturnCode"] != c.code {
			t.Errorf("%s by %s: %s, want %s", c.txn, c.user, got["ProcReturnCode"], c.code)
		}
	}
	s.want(other.call("OrderInquiry", order), "ProcReturnCode", "V013", "RequestGuid", "0")
	s.want(s.call("Launder", order), "ProcReturnCode", "M015")
	if ch, _ := s.charge(order); ch.Status != "authorized" {
		t.Errorf("charge is %+v", ch)
	}
}

func TestSaleWithoutThreeD(t *testing.T) {
	m, closed := DemoMerchants()[3], DemoMerchants()[3]
	closed.MerchantID, closed.Models = "990000000000009", []string{model3D}
	s := newShop(t, Options{Merchants: []Merchant{m, closed}})
	sale := func(s shop, script string, pairs ...string) map[string]string {
		v := []string{"OrderId", s.nextOrder(), "PurchAmount", "99.90", "InstallmentCount", "3", "MOTO", "0", "Pan", CardNumber("415565", script),
			"Expiry", "1229", "Cvv2", "123", "CardHolderName", "A B"}
		got, err := s.xmlCall(s.followUp("Auth", "", append(v, pairs...)...))
		if err != nil {
			return map[string]string{"error": err.Error()}
		}
		return got
	}
	paid := sale(s, "000")
	s.want(paid, "ProcReturnCode", "00")
	if ch, _ := s.charge(paid["TransId"]); ch.Amount != 9990 || ch.Installments != 3 {
		t.Errorf("charge is %+v", ch)
	}
	s.want(sale(s, "000", "OrderId", paid["TransId"]), "ProcReturnCode", "101310")
	s.want(sale(s, "051"), "ProcReturnCode", "51")
	s.want(sale(s, "000", "Pan", "4155650000000008"), "ProcReturnCode", "M041")
	s.want(sale(s, "000", "PurchAmount", "99.9"), "ProcReturnCode", "M004")
	s.want(sale(s, "000", "InstallmentCount", "1"), "ProcReturnCode", "M020")
	s.want(sale(s, "000", "SecureType", "Inquiry"), "ProcReturnCode", "M014")
	s.want(sale(s.as(closed), "000"), "ProcReturnCode", "M021")
	before := len(s.bank.Charges())
	if got := sale(s, "902"); got["error"] == "" || len(s.bank.Charges()) != before {
		t.Errorf("902 was answered (%v) or charged", got)
	}
	if got := sale(s, "903"); got["error"] == "" || len(s.bank.Charges()) != before+1 {
		t.Errorf("903 was readable (%v) or not charged", got)
	}
}

func TestHistoryHasEveryAttemptOfAnOrderOrADay(t *testing.T) {
	for _, hostile := range []bool{false, true} {
		s := newShop(t, Options{Hostile: hostile})
		order := s.paid()
		s.call("Refund", order, "PurchAmount", "100.00") // refused, and recorded with the amount tried
		s.call("Void", order)
		s.authenticate("000")
		type record struct {
			Code     string `xml:"ProcReturnCode"`
			TxnType  string
			Refunded string `xml:"RefundedAmount"`
			Mask     string `xml:"CardMask"`
		}
		report := func(pairs ...string) []record {
			p := s.must(s.do(http.MethodPost, s.gate("xmlgate.aspx"), "text/xml", xmlRequest(s.followUp("TxnHistory", "", pairs...))))
			var doc struct {
				XMLName xml.Name `xml:"TxnHistoryReport"`
				List    []struct {
					P record `xml:"http://ocean.smartway.com/ PaymentRequest"`
				} `xml:"PaymentRequestExtended"`
			}
			if err := xml.Unmarshal([]byte(p.body), &doc); err != nil {
				t.Fatalf("%v in\n%s", err, p.body)
			}
			list := []record{}
			for _, r := range doc.List {
				list = append(list, r.P)
			}
			return list
		}
		got := report("OrderId", order)
		if len(got) != 3 || got[0].TxnType != "Auth" || got[0].Code != "00" || got[1].TxnType != "Refund" || got[1].Code != "V014" ||
			strings.TrimSpace(got[1].Refunded) != "100.00" || got[2].TxnType != "Void" || got[2].Code != "00" {
			t.Errorf("history of the order is %+v", got)
		}
		if day := report("ReqDate", "20261123"); len(day) != 4 || day[3].Code != "V000" {
			t.Errorf("history of the day is %+v", day)
		}
		if day := report("ReqDate", "20261124"); len(day) != 0 {
			t.Errorf("history of another day is %+v", day)
		}
		if none := report("OrderId", "LNK-unknown"); len(none) != 1 || none[0].Code != "V013" {
			t.Errorf("history of no order is %+v", none)
		}
		s.want(s.call("TxnHistory", ""), "ProcReturnCode", "M028")
	}
}

func TestBatchCloseClosesOneMerchantsCurrency(t *testing.T) {
	s := newShop(t, Options{})
	order, other := s.paid(), s.as(DemoMerchants()[0])
	foreign := other.paid()
	s.want(s.call("BatchClose", "", "Currency", "840"), "ProcReturnCode", "00")
	s.want(s.call("Refund", order, "PurchAmount", "1.00"), "ProcReturnCode", "V014")
	s.want(s.call("BatchClose", "", "Currency", "8"), "ProcReturnCode", "00")
	s.want(s.call("Refund", order, "PurchAmount", "1.00"), "ProcReturnCode", "00")
	s.want(other.call("Refund", foreign, "PurchAmount", "1.00"), "ProcReturnCode", "V014")
	s.want(s.call("BatchClose", "", "Currency", "TL"), "ProcReturnCode", "M002")
}

// TestThreeFacesOfOneEngine: XML, text and JSON tell the same.
func TestThreeFacesOfOneEngine(t *testing.T) {
	s := newShop(t, Options{})
	order := s.paid()
	v := url.Values{}
	for name, value := range s.followUp("OrderInquiry", order) {
		v.Set(name, value)
	}
	text := map[string]string{}
	for _, pair := range strings.Split(s.post(s.gate("Default.aspx"), v).body, ";;") {
		name, value, _ := strings.Cut(pair, "=")
		text[name] = value
	}
	var doc struct {
		PaymentRequest map[string]any
		PaymentAddress []any
		IsOnUsCard     *bool
	}
	p := s.post(s.gate("JsonGate.aspx"), v)
	if err := json.Unmarshal([]byte(p.body), &doc); err != nil || doc.IsOnUsCard == nil {
		t.Fatalf("%v in %s", err, p.body)
	}
	same := s.call("OrderInquiry", order)
	for name, value := range same {
		if name == "PAYFORFROMXMLREQUEST" {
			continue
		}
		if text[name] != value {
			t.Errorf("text says %s=%q, XML %q", name, text[name], value)
		}
		if got, isText := doc.PaymentRequest[name].(string); isText && got != value {
			t.Errorf("JSON says %s=%q, XML %q", name, got, value)
		}
	}
	if doc.PaymentRequest["Exponent"] != 2.0 {
		t.Errorf("Exponent is %v in JSON, want a number", doc.PaymentRequest["Exponent"])
	}
	// The five fields of a completion go to Default.aspx, too (section 5).
	back := s.authenticate("000")
	v = url.Values{}
	for name, value := range s.completion(back["RequestGuid"], back["OrderId"]) {
		v.Set(name, value)
	}
	if p := s.post(s.gate("Default.aspx"), v); !strings.Contains(p.body, "ProcReturnCode=00;;TransId="+back["OrderId"]+";;") {
		t.Errorf("completion in text is %q", p.body)
	}
	for _, page := range []string{"Default.aspx", "JsonGate.aspx"} {
		v := url.Values{}
		for name, value := range s.followUp("TxnHistory", "", "OrderId", order) {
			v.Set(name, value)
		}
		if p := s.post(s.gate(page), v); !strings.Contains(p.body, order) {
			t.Errorf("history at %s is %q", page, p.body)
		}
	}
}

func TestXMLGateReadsFlatDocumentsOnly(t *testing.T) {
	s := newShop(t, Options{})
	for _, c := range []struct{ name, body string }{
		{"nothing", ""},
		{"no XML", "SecureType=Inquiry"},
		{"cut off", "<PayforRequest><MbrId>5</MbrId>"},
		{"another root", "<Request><MbrId>5</MbrId></Request>"},
		{"nested", "<PayforRequest><A><B>1</B></A></PayforRequest>"},
		{"a document type", `<!DOCTYPE a [<!ENTITY b "c">]><PayforRequest><MbrId>5</MbrId></PayforRequest>`},
	} {
		p := s.must(s.do(http.MethodPost, s.gate("XMLGate.aspx"), "text/xml", c.body))
		if p.status != http.StatusInternalServerError || strings.Contains(p.body, "ProcReturnCode") {
			t.Errorf("%s: status %d, %s", c.name, p.status, p.body)
		}
	}
	p := s.must(s.do(http.MethodPost, s.gate("XMLGate.aspx"), "text/xml", "<PayforRequest></PayforRequest>"))
	if !strings.Contains(p.body, "<ProcReturnCode>M043</ProcReturnCode>") {
		t.Errorf("an empty request is answered %s", p.body)
	}
	p = s.must(s.do(http.MethodPost, s.gate("XMLGate.aspx"), "text/xml", "<PayforRequest>"+strings.Repeat("<A>1</A>", 10_000)+"</PayforRequest>"))
	if p.status != http.StatusRequestEntityTooLarge {
		t.Errorf("80 kB are answered %d", p.status)
	}
}

func TestHostileXMLHasLineBreaksInEmptyElements(t *testing.T) {
	for _, hostile := range []bool{false, true} {
		s := newShop(t, Options{Hostile: hostile})
		p := s.must(s.do(http.MethodPost, s.gate("XMLGate.aspx"), "text/xml", xmlRequest(s.followUp("Void", "LNK-unknown"))))
		if broken := strings.Contains(p.body, "<AuthCode>\r\n"); broken != hostile {
			t.Errorf("hostile %v: line break in an empty element is %v", hostile, broken)
		}
	}
}
