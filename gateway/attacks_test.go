package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/threeds/banksim"
)

// answer is what a stranger got for one request, redirects not followed.
type answer struct {
	status int
	header http.Header
	body   string
}

// stranger sends requests as no browser does.
type stranger struct {
	r      *rig
	header http.Header
}

func (r *rig) stranger(header ...string) *stranger {
	s := &stranger{r: r, header: http.Header{}}
	for i := 0; i+1 < len(header); i += 2 {
		s.header.Add(header[i], header[i+1])
	}
	return s
}

// send makes one request with a raw body of the given type; "" is none.
func (s *stranger) send(method, address, kind, body string) answer {
	s.r.t.Helper()
	a, err := s.try(method, address, kind, body)
	if err != nil {
		s.r.t.Fatalf("%s %s: %v", method, address, err)
	}
	return a
}

func (s *stranger) try(method, address, kind, body string) (answer, error) {
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Language", "tr")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	maps.Copy(req.Header, s.header)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if s.r.opt.seen != nil && err == nil {
		s.r.opt.seen(resp, raw)
	}
	return answer{resp.StatusCode, resp.Header, string(raw)}, err
}

const formType = "application/x-www-form-urlencoded"

func (s *stranger) get(address string) answer { s.r.t.Helper(); return s.send("GET", address, "", "") }

func (s *stranger) post(address string, form url.Values) answer {
	s.r.t.Helper()
	return s.send("POST", address, formType, form.Encode())
}

// problem is the code of a problem+json answer and its fields' codes, like "validation_failed
// card_number:luhn".
func (a answer) problem(t *testing.T) string {
	t.Helper()
	var p struct {
		Code   string
		Errors []struct{ Field, Code string }
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
		t.Fatalf("%d %s is no problem: %.300s", a.status, a.header.Get("Content-Type"), a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		t.Fatalf("%v: %.300s", err, a.body)
	}
	out := p.Code
	for _, e := range p.Errors {
		out += " " + e.Field + ":" + e.Code
	}
	return out
}

// heading is the text of a page's one h1.
func heading(body string) string {
	_, rest, _ := strings.Cut(body, "<h1")
	_, rest, _ = strings.Cut(rest, ">")
	text, _, _ := strings.Cut(rest, "</h1>")
	return plainText(text)
}

// Headings of the pages that attackers meet.
const (
	pageBadReturn   = "Bankadan gelen yanıt doğrulanamadı"
	pageNotVerified = "Ödeme alınamadı: doğrulama yapılamadı"
	pagePaid        = "Ödeme tamamlandı"
	pageDeclined    = "Ödeme alınamadı"
	pageNotFound    = "Ödeme sayfası bulunamadı"
	pageBadRequest  = "İstek anlaşılamadı"
	pageTooMany     = "Çok fazla deneme yapıldı"
	pageCardStopped = "Bu kart şu anda kullanılamıyor"
	pageResting     = "Bu link şu anda ödeme almıyor"
	pageExpired     = "Ödeme linkinin süresi doldu"
	pageTerms       = "Ödeme bilgileri değişti"
	pageChallenged  = "Bankanızda bekleyen bir işlem var"
	pageServerError = "Beklenmeyen bir hata oluştu"

	anotherPayment = "başka bir ödeme" // what whoever came second reads
)

// logged are the log's lines with this message, all of them for "".
func (r *rig) logged(message string) []map[string]any {
	r.t.Helper()
	if err := r.app.log.Flush(); err != nil {
		r.t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(r.dir, "odelink.log"))
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	var lines []map[string]any
	for in := bufio.NewReader(f); ; {
		raw, err := in.ReadBytes('\n')
		if len(raw) == 0 && err != nil {
			return lines
		}
		var line map[string]any
		if err := json.Unmarshal(raw, &line); err != nil {
			r.t.Fatalf("log line %q: %v", raw, err)
		}
		if message == "" || line["msg"] == message {
			lines = append(lines, line)
		}
	}
}

// alerts counts the alarms over rejected callbacks so far.
func (r *rig) alerts() int {
	r.t.Helper()
	n := 0
	for _, line := range r.logged("callbacks of an acquirer account are being rejected") {
		if line["level"] == "ERROR" {
			n++
		}
	}
	return n
}

// Public credentials of two shops at the simulated bank; the demo's account is the first.
var (
	demoShop  = shopSecrets{merchant: "990000000000001", user: "ODELINK_API", pass: "12345678"}
	otherShop = shopSecrets{merchant: "085300000009597", user: "QNB_API_KULLANICI", pass: "12345678"}
)

type shopSecrets struct{ merchant, user, pass string }

// sign gives a PayFor callback the hash that the bank would (protocol sheet, section 4.4), SHA-1.
func (s shopSecrets) sign(f url.Values) {
	sum := sha1.Sum([]byte(s.merchant + s.pass + f.Get("OrderId") + f.Get("AuthCode") + f.Get("ProcReturnCode") +
		f.Get("3DStatus") + f.Get("ResponseRnd") + s.user))
	f.Set("ResponseHash", base64.StdEncoding.EncodeToString(sum[:]))
}

func copied(f url.Values) url.Values {
	out := url.Values{}
	for name, values := range f {
		out[name] = slices.Clone(values)
	}
	return out
}

// merchantField is how this callback spells the one field that has two spellings.
func merchantField(f url.Values) string {
	if f.Has("MerchantId") {
		return "MerchantId"
	}
	return "MerchantID"
}

// rejects holds one forged callback to the threat model's "400·same": status, kind page, state,
// audit line with its reason, and nothing sent to the bank (I10, I12).
func (r *rig) rejects(p *payer, address, body, reason string) answer {
	r.t.Helper()
	before := r.ledgerPayment(p.id)
	sent := r.asked(p.id, banksim.StepProvision)
	a := r.stranger().send("POST", address, formType, body)
	if a.status != http.StatusBadRequest || heading(a.body) != pageBadReturn {
		r.t.Fatalf("answered %d %q, want 400 %q; events %v", a.status, heading(a.body), pageBadReturn, r.events(p.id))
	}
	if strings.Contains(a.body, "250,00") || strings.Contains(a.body, reason) {
		r.t.Errorf("the page tells of the payment or of the reason: %.800s", plainText(a.body))
	}
	after := r.ledgerPayment(p.id)
	got := r.events(p.id)
	if want := "payment.callback_rejected:" + reason; got[len(got)-1] != want || after.Seq != before.Seq+1 {
		r.t.Errorf("recorded %v, want one more: %s", got, want)
	}
	if after.Status != before.Status || after.Slot != before.Slot || !after.DueAt.Equal(before.DueAt) {
		r.t.Errorf("the payment went from %s to %s", before.Status, after.Status)
	}
	if n := r.asked(p.id, banksim.StepProvision); n != sent {
		r.t.Errorf("%d authorising calls were made", n-sent)
	}
	return a
}

// forgery is one thing done to a genuine callback, and why it is rejected.
type forgery struct {
	name   string
	reason string
	spoil  func(f url.Values)
}

// forged holds every forgery against a payment of its own, and lets the genuine callback pay it
// afterwards: what was rejected changed nothing.
func forged(t *testing.T, opt rigOptions, list ...forgery) *rig {
	t.Helper()
	r := newRig(t, opt)
	for _, f := range list {
		p := r.atBank(nil)
		form := copied(p.fields)
		f.spoil(form)
		part := *r
		t.Run(f.name, func(t *testing.T) {
			part.t = t
			part.rejects(p, p.action, form.Encode(), f.reason)
		})
		p.back()
		r.must(f.name+": the genuine callback afterwards", heading(p.body), pagePaid)
	}
	r.proven()
	return r
}

// shop makes a second merchant with an account and a link of its own, and answers the link's address.
func (r *rig) shop(secrets shopSecrets, userPass string) (address string, merchant checkout.MerchantID) {
	r.t.Helper()
	ctx, now := context.Background(), r.clock.Now()
	m := checkout.Merchant{ID: r.app.ids.Merchant(), Name: "Öteki Dükkân", Currencies: []checkout.Currency{checkout.TRY}, Test: true, Version: 1, CreatedAt: now, UpdatedAt: now}
	acc := checkout.Account{
		ID: r.app.ids.Account(), Merchant: m.ID, Kind: "payfor", Name: "Öteki", Mode: "3dmodel", BaseURL: r.bankS.URL + "/payfor/Gateway/",
		Credentials: checkout.Secrets{"merchant_id": secrets.merchant, "user_code": secrets.user, "user_pass": userPass, "merchant_pass": secrets.pass},
		Currencies:  []checkout.Currency{checkout.TRY}, Enabled: true, Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := r.app.ledger.SaveMerchant(ctx, m, operatorEvent(m.ID, string(m.ID), "merchant.created", now)); err != nil {
		r.t.Fatal(err)
	}
	if err := r.app.ledger.SaveAccount(ctx, acc, operatorEvent(m.ID, string(acc.ID), "account.saved", now)); err != nil {
		r.t.Fatal(err)
	}
	l, err := r.app.flow.CreateLink(ctx, checkout.By{Actor: "test"}, m.ID, checkout.LinkTerms{Amount: checkout.Money{Minor: 25000, Currency: checkout.TRY}}, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.app.flow.LinkURL(l.Token), m.ID
}

// limited switches the limits on and lets a test be many addresses: X-Forwarded-For counts from
// this machine.
func limited() rigOptions {
	return rigOptions{limits: true, config: func(c *Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}}
}

// elements finds the elements of a page by name.
func elements(t *testing.T, body, name string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var out []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			out = append(out, n)
		}
	}
	return out
}

// inParallel runs f n times with at most width at once.
func inParallel(n, width int, f func(i int)) {
	work := make(chan int)
	done := make(chan struct{})
	for range width {
		go func() {
			for i := range work {
				f(i)
			}
			done <- struct{}{}
		}()
	}
	for i := range n {
		work <- i
	}
	close(work)
	for range width {
		<-done
	}
}

// provisions counts the authorising calls among the last thousand requests that the bank received.
func (r *rig) provisions() int {
	n := 0
	for _, q := range r.bank.Requests() {
		if q.Step == banksim.StepProvision && bytes.Contains([]byte(q.Body), []byte("3DModelPayment")) {
			n++
		}
	}
	return n
}

// total says how many of a list of statuses were which.
func total(statuses []int) string {
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	return fmt.Sprint(count)
}

// outboxCounter counts the rows of a topic about a subject.
func outboxCounter(topic, subject string, n *int) func(sqlstore.Outgoing) error {
	return func(o sqlstore.Outgoing) error {
		if o.Topic == topic && o.Subject == subject {
			*n++
		}
		return nil
	}
}

// loggedWith are the log's lines whose field has this value.
func (r *rig) loggedWith(field string, value any) (lines []map[string]any) {
	r.t.Helper()
	for _, line := range r.logged("") {
		if line[field] == value {
			lines = append(lines, line)
		}
	}
	return lines
}
