package banksim

import (
	"context"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// testNow is a working day's morning in Turkey.
var testNow = time.Date(2026, 11, 23, 7, 9, 31, 0, time.UTC)

// seeded is repeatable randomness.
func seeded() io.Reader { return rand.NewChaCha8([32]byte{7}) }

// shop is a merchant and its payers at one bank: it signs, posts and follows forms as both would, and remembers every byte it saw.
type shop struct {
	t    *testing.T
	bank *Bank
	srv  *httptest.Server
	m    Merchant

	mu   *sync.Mutex
	seen *strings.Builder
	n    *int
}

func newShop(t *testing.T, o Options) shop {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return testNow }
	}
	if o.Rand == nil {
		o.Rand = seeded()
	}
	if o.Sleep == nil {
		// Held answers wait for the client or the bank's end, never for a clock.
		o.Sleep = func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() }
	}
	bank, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(bank.Handler())
	t.Cleanup(func() {
		if err := bank.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
		srv.CloseClientConnections()
		srv.Close()
	})
	return shop{t: t, bank: bank, srv: srv, m: DemoMerchants()[3], mu: &sync.Mutex{}, seen: &strings.Builder{}, n: new(int)}
}

// as is the same shop with another merchant number.
func (s shop) as(m Merchant) shop { s.m = m; return s }

func (s shop) nextOrder() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.n++
	return fmt.Sprintf("LNK-%06dA", *s.n)
}

// opening is a good opening with a fresh order number, unsigned so that a test can spoil it.
func (s shop) opening(model, script string) url.Values {
	v := url.Values{"MbrId": {s.m.MbrID}, "MerchantID": {s.m.MerchantID}, "UserCode": {s.m.UserCode}, "SecureType": {model},
		"TxnType": {"Auth"}, "InstallmentCount": {"0"}, "Currency": {"949"}, "OkUrl": {"https://shop.example/ok"},
		"FailUrl": {"https://shop.example/fail"}, "OrderId": {s.nextOrder()}, "PurchAmount": {"250.00"}, "Lang": {"TR"}, "Rnd": {"a1b2c3"}, "MOTO": {"0"}}
	if model != model3DHost {
		v.Set("Pan", CardNumber("415565", script))
		v.Set("Expiry", "1229")
		v.Set("Cvv2", "123")
		v.Set("CardHolderName", "AYŞE YILMAZ")
	}
	return v
}

func (s shop) sign(v url.Values) url.Values {
	p := params{}
	for name := range v {
		p.set(name, v.Get(name))
	}
	v.Set("Hash", requestHash(p, s.m))
	return v
}

// sheet is a page with at most one form, as a browser sees it.
type sheet struct {
	status int
	at     *url.URL
	body   string
	header http.Header
	action string
	fields map[string]string
	twice  bool
}

var (
	formTag   = regexp.MustCompile(`(?is)<form\b([^>]*)>`)
	inputTag  = regexp.MustCompile(`(?is)<input\b([^>]*)>`)
	attribute = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

func attributes(tag string) map[string]string {
	found := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(tag, -1) {
		found[strings.ToLower(m[1])] = html.UnescapeString(m[2] + m[3])
	}
	return found
}

func (s shop) do(method, address, kind, body string) (sheet, error) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		return sheet{}, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := s.srv.Client().Do(r)
	if err != nil {
		return sheet{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return sheet{}, err
	}
	s.mu.Lock()
	s.seen.Write(text)
	s.mu.Unlock()
	p := sheet{status: resp.StatusCode, at: resp.Request.URL, body: string(text), header: resp.Header, fields: map[string]string{}}
	if m := formTag.FindStringSubmatch(p.body); m != nil {
		p.action = attributes(m[1])["action"]
		p.twice = strings.Contains(m[1], "data-twice")
	}
	for _, m := range inputTag.FindAllStringSubmatch(p.body, -1) {
		a := attributes(m[1])
		p.fields[a["name"]] = a["value"]
	}
	return p, nil
}

func (s shop) must(p sheet, err error) sheet {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

const formKind = "application/x-www-form-urlencoded"

func (s shop) post(address string, v url.Values) sheet {
	s.t.Helper()
	return s.must(s.do(http.MethodPost, address, formKind, v.Encode()))
}

func (s shop) get(address string) sheet {
	s.t.Helper()
	return s.must(s.do(http.MethodGet, address, "", ""))
}

func (s shop) gate(page string) string { return s.srv.URL + "/payfor/Gateway/" + page }

// open signs and posts an opening.
func (s shop) open(v url.Values) sheet {
	s.t.Helper()
	page := "Default.aspx"
	if v.Get("SecureType") == model3DHost {
		page = "3DHost.aspx"
	}
	return s.post(s.gate(page), s.sign(v))
}

// press submits the form of a page with some fields set, wherever it leads at the bank.
func (s shop) press(p sheet, set map[string]string) sheet {
	s.t.Helper()
	to, err := p.at.Parse(p.action)
	if err != nil || to.Host != p.at.Host {
		s.t.Fatalf("the form leads to %q, not to the bank: %v", p.action, err)
	}
	v := url.Values{}
	for name, value := range p.fields {
		v.Set(name, value)
	}
	for name, value := range set {
		v.Set(name, value)
	}
	return s.post(to.String(), v)
}

// pass goes from an opening's answer through the password page to the callback.
func (s shop) pass(p sheet, otp string) sheet {
	s.t.Helper()
	page := s.press(p, nil)
	if _, asks := page.fields["otp"]; !asks {
		s.t.Fatalf("no password page but %d:\n%s", page.status, page.body)
	}
	return s.press(page, map[string]string{"otp": otp, "action": "submit"})
}

// callback checks that a page carries a callback to the shop and answers its fields.
func (s shop) callback(p sheet, address string) map[string]string {
	s.t.Helper()
	if p.action != address {
		s.t.Fatalf("callback goes to %q, want %q\n%s", p.action, address, p.body)
	}
	f := p.fields
	if f["MerchantID"] == "" {
		f["MerchantID"] = f["MerchantId"]
	}
	return f
}

const okURL, failURL = "https://shop.example/ok", "https://shop.example/fail"

// xmlCall posts a PayforRequest and reads a flat answer.
func (s shop) xmlCall(v map[string]string) (map[string]string, error) {
	p, err := s.do(http.MethodPost, s.gate("XMLGate.aspx"), "text/xml; charset=UTF-8", xmlRequest(v))
	if err != nil {
		return nil, err
	}
	if p.status != http.StatusOK {
		return nil, fmt.Errorf("status %d", p.status)
	}
	return flatXML(p.body)
}

func xmlRequest(v map[string]string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><PayforRequest>`)
	for name, value := range v {
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(&b, []byte(value))
		b.WriteString("</" + name + ">")
	}
	b.WriteString("</PayforRequest>")
	return b.String()
}

func flatXML(text string) (map[string]string, error) {
	var doc struct {
		Fields []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, f := range doc.Fields {
		found[f.XMLName.Local] = strings.TrimSpace(f.Text)
	}
	return found, nil
}

// call makes a server call that must be answered; pairs are more fields.
func (s shop) call(txn, orderID string, pairs ...string) map[string]string {
	s.t.Helper()
	got, err := s.xmlCall(s.followUp(txn, orderID, pairs...))
	if err != nil {
		s.t.Fatalf("%s: %v", txn, err)
	}
	return got
}

func (s shop) followUp(txn, orderID string, pairs ...string) map[string]string {
	model := map[string]string{"OrderInquiry": "Inquiry", "TxnHistory": "Report"}[txn]
	if model == "" {
		model = modelPlain
	}
	v := map[string]string{"MbrId": s.m.MbrID, "MerchantId": s.m.MerchantID, "UserCode": s.m.UserCode, "UserPass": s.m.UserPass,
		"SecureType": model, "TxnType": txn, "OrgOrderId": orderID, "Currency": "949", "Lang": "TR"}
	for i := 0; i+1 < len(pairs); i += 2 {
		v[pairs[i]] = pairs[i+1]
	}
	return v
}

func (s shop) completion(guid, orderID string) map[string]string {
	return map[string]string{"RequestGuid": guid, "UserCode": s.m.UserCode, "UserPass": s.m.UserPass, "OrderId": orderID, "SecureType": modelFinish}
}

// finish makes the completion call of an authenticated callback.
func (s shop) finish(back map[string]string) map[string]string {
	s.t.Helper()
	got, err := s.xmlCall(s.completion(back["RequestGuid"], back["OrderId"]))
	if err != nil {
		s.t.Fatalf("completion: %v", err)
	}
	return got
}

// authenticate brings a fresh 3DModel order of a card to the point where money may be asked for.
func (s shop) authenticate(script string) map[string]string {
	s.t.Helper()
	p := s.open(s.opening(model3D, script))
	if !partOf(script).silent {
		p = s.pass(p, passwordRight)
	}
	return s.callback(p, okURL)
}

// paid is a fresh paid order.
func (s shop) paid() string {
	s.t.Helper()
	got := s.finish(s.authenticate("000"))
	s.want(got, "ProcReturnCode", "00")
	return got["TransId"]
}

func (s shop) want(got map[string]string, pairs ...string) {
	s.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if got[pairs[i]] != pairs[i+1] {
			s.t.Errorf("%s is %q, want %q", pairs[i], got[pairs[i]], pairs[i+1])
		}
	}
}

// charge is the only charge of an order, or none.
func (s shop) charge(orderID string) (Charge, bool) {
	s.t.Helper()
	var found []Charge
	for _, c := range s.bank.Charges() {
		if c.OrderID == orderID {
			found = append(found, c)
		}
	}
	if len(found) > 1 {
		s.t.Fatalf("order %s was charged %d times", orderID, len(found))
	}
	if len(found) == 0 {
		return Charge{}, false
	}
	return found[0], true
}

func (s shop) fault(step, kind, value string) {
	s.t.Helper()
	f := Fault{Dialect: dialectPayFor, Step: step, Fault: kind}
	if value != "" {
		f.Value = []byte(value)
	}
	if _, err := s.bank.AddFault(f); err != nil {
		s.t.Fatal(err)
	}
}

func dataFile(t *testing.T) string { return filepath.Join(t.TempDir(), "bank.jsonl") }
