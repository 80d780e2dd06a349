package banksim

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// again opens a second bank on the same file without closing the first, as after kill -9.
func again(t *testing.T, path string) shop {
	t.Helper()
	return newShop(t, Options{DataFile: path})
}

func TestBooksSurviveAKilledProcess(t *testing.T) {
	path := dataFile(t)
	s := again(t, path)
	paid, voided, refunded, declined := s.paid(), s.paid(), s.paid(), s.authenticate("051")
	s.call("Void", voided)
	s.finish(declined)
	if _, err := s.bank.CloseDay(); err != nil {
		t.Fatal(err)
	}
	s.call("Refund", refunded, "PurchAmount", "40.00")
	waiting := s.authenticate("000")
	atBank := s.open(s.opening(model3D, "000"))

	r := again(t, path)
	if !reflect.DeepEqual(s.bank.Charges(), r.bank.Charges()) {
		t.Errorf("before %+v\nafter  %+v", s.bank.Charges(), r.bank.Charges())
	}
	r.want(r.call("OrderInquiry", paid), "ProcReturnCode", "00")
	r.want(r.call("OrderInquiry", declined["OrderId"]), "ProcReturnCode", "51")
	r.want(r.call("Refund", refunded, "PurchAmount", "210.01"), "ProcReturnCode", "V015")
	r.want(r.call("Refund", refunded, "PurchAmount", "210.00"), "ProcReturnCode", "00")
	got := r.finish(waiting) // authenticated before, charged after
	r.want(got, "ProcReturnCode", "00")
	for _, ch := range r.bank.Charges() {
		if ch.OrderID != waiting["OrderId"] && ch.AuthCode == got["AuthCode"] {
			t.Error("an authorisation number was given out twice")
		}
	}
	reused := r.opening(model3D, "000")
	reused.Set("OrderId", paid)
	r.want(r.callback(r.open(reused), failURL), "ProcReturnCode", "101310")
	// The payer who was at the bank goes on at the new process.
	page := r.must(r.do("GET", r.srv.URL+challengePath+"/"+atBank.fields["threeDSSessionData"], "", ""))
	r.callback(r.press(page, map[string]string{"otp": passwordRight}), okURL)
}

func TestBooksDropOnlyALineCutOff(t *testing.T) {
	path := dataFile(t)
	s := again(t, path)
	first, second := s.paid(), s.paid()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text[:len(text)-20]) // killed in the middle of the second order's last line
	r := again(t, path)
	r.want(r.call("OrderInquiry", first), "ProcReturnCode", "00")
	r.want(r.call("OrderInquiry", second), "ProcReturnCode", "V000")
	third := r.opening(model3D, "000")
	third.Set("OrderId", "LNK-THIRD")
	r.open(third) // written after the cut, not into it
	r = again(t, path)
	r.want(r.call("OrderInquiry", "LNK-THIRD"), "ProcReturnCode", "V000")

	lines := strings.SplitAfter(string(text), "\n")
	for name, spoiled := range map[string]string{
		"a line in the middle is not JSON": lines[0] + "{\"order\":\n" + strings.Join(lines[1:], ""),
		"an order is missing":              strings.Join(lines[len(lines)-2:], ""),
	} {
		write([]byte(spoiled))
		if b, err := New(Options{DataFile: path}); err == nil {
			t.Errorf("%s: opened", name)
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if _, err := New(Options{DataFile: t.TempDir()}); err == nil {
		t.Error("a folder was opened as a file")
	}
}

func TestBooksAreCompactedWhenTheyAreOpened(t *testing.T) {
	path := dataFile(t)
	s := again(t, path)
	order := s.paid()
	s.call("Refund", order, "PurchAmount", "1.00") // refused and recorded
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := text[strings.LastIndex(strings.TrimRight(string(text), "\n"), "\n")+1:]
	if err := os.WriteFile(path, []byte(string(text)+strings.Repeat(string(last), compactAbove)), 0o600); err != nil {
		t.Fatal(err)
	}
	r := again(t, path)
	small, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(small) != string(last) {
		t.Errorf("%d bytes are left, want the %d of the order's last line", len(small), len(last))
	}
	r.want(r.call("Void", order), "ProcReturnCode", "00")
	if r := again(t, path); r.bank.Charges()[0].Status != "voided" {
		t.Error("what was written after compacting is lost")
	}
}

// TestBooksWriteFirst: what cannot be written did not happen.
func TestBooksWriteFirst(t *testing.T) {
	s := again(t, dataFile(t))
	back := s.authenticate("000")
	order := s.paid()
	if err := s.bank.books.file.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := s.xmlCall(s.completion(back["RequestGuid"], back["OrderId"])); err == nil {
		t.Errorf("completion was answered %v", got)
	}
	if _, charged := s.charge(back["OrderId"]); charged {
		t.Error("charged without a line in the books")
	}
	if got, err := s.xmlCall(s.followUp("Void", order)); err == nil {
		t.Errorf("void was answered %v", got)
	}
	if ch, _ := s.charge(order); ch.Status != "authorized" {
		t.Errorf("charge is %+v", ch)
	}
	if _, err := s.bank.CloseDay(); err == nil {
		t.Error("the day was closed without a line in the books")
	}
	s.want(s.callback(s.open(s.opening(model3D, "000")), failURL), "ProcReturnCode", "V003")
	s.bank.books.file = nil // closed above, on purpose
}

func TestDataFileIsForItsOwnerOnly(t *testing.T) {
	path := dataFile(t)
	again(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v", info.Mode())
	}
}

func TestMerchantsAddedAtRunTimeSurvive(t *testing.T) {
	path := dataFile(t)
	s := again(t, path)
	body := `{"merchant_id":"990000000000077","name":"Yeni Mağaza","user_code":"YENI","user_pass":"p","merchant_pass":"s3cret"}`
	p := s.must(s.do("POST", s.srv.URL+"/_bank/merchants", "application/json", body))
	if p.status != 201 || strings.Contains(p.body, "s3cret") {
		t.Fatalf("%d %s", p.status, p.body)
	}
	for _, bad := range []string{`{}`, `{"merchant_id":"1","merchant_pass":""}`, `{"merchant_id":"1","merchant_pass":"x","dialect":"other"}`, `{"unknown":1}`, `[`} {
		if p := s.must(s.do("POST", s.srv.URL+"/_bank/merchants", "application/json", bad)); p.status < 400 {
			t.Errorf("%s was taken", bad)
		}
	}
	r := again(t, path).as(Merchant{MbrID: "5", MerchantID: "990000000000077", UserCode: "YENI", UserPass: "p", MerchantPass: "s3cret"})
	r.paid()
}
