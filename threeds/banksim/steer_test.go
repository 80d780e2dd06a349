package banksim

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestChargesAreTheContractsList decodes the books by the names that strangers rely on.
func TestChargesAreTheContractsList(t *testing.T) {
	s := newShop(t, Options{})
	if p := s.get(s.srv.URL + "/_bank/charges"); strings.TrimSpace(p.body) != "[]" {
		t.Errorf("empty books are %q", p.body)
	}
	order := s.paid()
	s.paid()
	p := s.get(s.srv.URL + "/_bank/charges?order_id=" + order)
	var list []map[string]any
	if err := json.Unmarshal([]byte(p.body), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v: %s", err, p.body)
	}
	for name, want := range map[string]any{"dialect": "payfor", "merchant_id": s.m.MerchantID, "order_id": order, "amount": 25000.0, "currency": "TRY",
		"installments": 1.0, "status": "authorized", "refunded_amount": 0.0, "pan_masked": "415565******0007", "at": "2026-11-23T07:09:31Z"} {
		if list[0][name] != want {
			t.Errorf("%s is %v, want %v", name, list[0][name], want)
		}
	}
	for _, name := range []string{"auth_code", "rrn"} {
		if text, ok := list[0][name].(string); !ok || text == "" {
			t.Errorf("%s is %v", name, list[0][name])
		}
	}
}

func TestSteeringTheClockAndTheDay(t *testing.T) {
	s := newShop(t, Options{})
	post := func(path, body string) sheet {
		t.Helper()
		return s.must(s.do(http.MethodPost, s.srv.URL+path, "application/json", body))
	}
	order := s.paid()
	if p := post("/_bank/clock", `{"advance_ms":86400000}`); p.status != http.StatusOK || !strings.Contains(p.body, "2026-11-24T07:09:31Z") {
		t.Errorf("clock answers %d %s", p.status, p.body)
	}
	s.want(s.call("Refund", order, "PurchAmount", "1.00"), "ProcReturnCode", "00")
	post("/_bank/clock", `{"advance_ms":1000}`)
	if got := s.bank.now(); !got.Equal(testNow.Add(24*time.Hour + time.Second)) {
		t.Errorf("now is %v", got)
	}
	post("/_bank/clock", `{"offset_ms":0}`)
	if p := s.get(s.srv.URL + "/_bank/clock"); !strings.Contains(p.body, `"offset_ms": 0`) || !s.bank.now().Equal(testNow) {
		t.Errorf("clock is %s", p.body)
	}
	for _, bad := range []string{`{}`, `{"offset_ms":1,"advance_ms":1}`, `{"offset_ms":1e15}`, `{"offset_ms":-999999999999999}`, `{"hours":1}`, `1`, ``, `{"offset_ms":1}{}`} {
		if p := post("/_bank/clock", bad); p.status < 400 || p.status > 499 {
			t.Errorf("%s answers %d", bad, p.status)
		}
	}
	second := s.paid()
	if p := post("/_bank/eod", ""); !strings.Contains(p.body, `"closed": 2`) {
		t.Errorf("day end answers %s", p.body)
	}
	s.want(s.call("Void", second), "ProcReturnCode", "V018")
	if p := post("/_bank/eod", ""); !strings.Contains(p.body, `"closed": 0`) {
		t.Errorf("second day end answers %s", p.body)
	}
}

func TestSteeringRefusesWhatItDoesNotUnderstand(t *testing.T) {
	s := newShop(t, Options{})
	for _, bad := range []string{``, `[]`, `{"step":"open"}`, `{"step":"open","fault":"nothing"}`, `{"stp":"open","fault":"reset"}`, `{"step":"open","fault":"slow_ms"}`} {
		if p := s.must(s.do(http.MethodPost, s.srv.URL+"/_bank/faults", "application/json", bad)); p.status != 400 && p.status != 422 {
			t.Errorf("%s answers %d", bad, p.status)
		}
	}
	if p := s.get(s.srv.URL + "/_bank/merchants"); strings.Contains(p.body, "12345678") || !strings.Contains(p.body, "085300000009597") {
		t.Errorf("merchants are %s", p.body)
	}
}

func TestCardsOfTheContract(t *testing.T) {
	want := map[string]string{"000": "4155650000000007", "001": "4155650000001005", "002": "4155650000002003", "003": "4155650000003001",
		"004": "4155650000004009", "051": "4155650000051000", "091": "4155650000091006", "900": "4155650000900008", "901": "4155650000901006",
		"902": "4155650000902004", "903": "4155650000903002"}
	s := newShop(t, Options{})
	var list []scriptedCard
	if err := json.Unmarshal([]byte(s.get(s.srv.URL+"/_bank/cards").body), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != len(parts) {
		t.Errorf("%d cards", len(list))
	}
	for _, c := range list {
		if n, named := want[c.Script]; named && n != c.Number {
			t.Errorf("script %s is %s, want %s", c.Script, c.Number, n)
		}
		if !validPAN(c.Number) || scriptOf(c.Number) != c.Script {
			t.Errorf("card of %s plays %s", c.Script, scriptOf(c.Number))
		}
	}
	for _, pan := range []string{"4155650100416111", "4282405990002166", "371449635398431", "36577312700094", "6304000000000000000"} {
		if got := scriptOf(pan); got != "000" {
			t.Errorf("%s plays %s", maskPAN(pan), got)
		}
	}
	for _, bin := range []string{"41556", "415565012", "41556x", "%31"} {
		if p := s.get(s.srv.URL + "/_bank/cards?bin=" + bin); p.status != http.StatusBadRequest {
			t.Errorf("bin %s answers %d", bin, p.status)
		}
	}
	if p := s.get(s.srv.URL + "/_bank/cards?bin=41556501"); !strings.Contains(p.body, CardNumber("41556501", "051")) {
		t.Error("an eight-digit bin has no cards")
	}
}

func TestMoneyIsReadAndWrittenExactly(t *testing.T) {
	for _, c := range []struct {
		text     string
		want     int64
		decimals int
		ok       bool
	}{
		{"0.01", 1, 2, true}, {"250.00", 25000, 2, true}, {"250", 25000, -1, true}, {"2.5", 250, 1, true}, {"0", 0, -1, true},
		{"", 0, 0, false}, {".5", 0, 0, false}, {"5.", 0, 0, false}, {"1.234", 0, 0, false}, {"+1", 0, 0, false}, {" 1", 0, 0, false},
		{"１", 0, 0, false}, {"00.10", 0, 0, false}, {"1e3", 0, 0, false}, {"0x10", 0, 0, false}, {"9999999999999999.00", 0, 0, false}, {"1.0.0", 0, 0, false},
	} {
		got, decimals, ok := parseDecimal(c.text)
		if ok != c.ok || (ok && (got != c.want || decimals != c.decimals)) {
			t.Errorf("%q is %d with %d decimals, %v", c.text, got, decimals, ok)
		}
	}
	lira, yen := currencyByCode("TRY"), currencyByCode("JPY")
	for _, c := range []struct {
		cur          currency
		minor        int64
		text, tr, en string
	}{
		{lira, 1, "0.01", "0,01 TL", "TRY 0.01"},
		{lira, 123456789, "1234567.89", "1.234.567,89 TL", "TRY 1,234,567.89"},
		{lira, -250, "-2.50", "-2,50 TL", "TRY -2.50"},
		{yen, 1500, "1500", "1.500 JPY", "JPY 1,500"},
	} {
		if got := c.cur.decimal(c.minor); got != c.text {
			t.Errorf("%d is %s, want %s", c.minor, got, c.text)
		}
		if tr, en := c.cur.human(c.minor, "tr"), c.cur.human(c.minor, "en"); tr != c.tr || en != c.en {
			t.Errorf("%d is %s and %s", c.minor, tr, en)
		}
	}
}
