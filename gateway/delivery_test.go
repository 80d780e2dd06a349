//go:build !race

package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv/mailserver"
	"github.com/odelink/odelink/threeds/banksim"
)

// smsGateway is an SMS provider that is wrong as it is told to.
type smsGateway struct {
	*httptest.Server
	mu    sync.Mutex
	got   []map[string]string
	wrong []string // what it does with the next ones: a status, or "hang up"
}

func newSMSGateway(t *testing.T) *smsGateway {
	g := &smsGateway{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var fields map[string]string
		if err := json.NewDecoder(r.Body).Decode(&fields); err != nil {
			t.Errorf("an SMS: %v", err)
		}
		g.mu.Lock()
		g.got = append(g.got, fields)
		wrong := ""
		if len(g.wrong) > 0 {
			wrong, g.wrong = g.wrong[0], g.wrong[1:]
		}
		g.mu.Unlock()
		switch wrong {
		case "":
			_, _ = io.WriteString(w, `{"id":"job-1"}`)
		case "hang up":
			panic(http.ErrAbortHandler)
		case "500":
			w.WriteHeader(http.StatusInternalServerError)
		case "409":
			w.WriteHeader(http.StatusConflict)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *smsGateway) fail(with ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong = with
}

func (g *smsGateway) texts() []map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]map[string]string(nil), g.got...)
}

// posted is a rig whose messages go to a real mail server with TLS and to an SMS gateway.
type posted struct {
	*rig
	mails *mailserver.Server
	sms   *smsGateway
}

func newPosted(t *testing.T) *posted {
	p := &posted{mails: mailserver.Start(t, mailserver.Options{}), sms: newSMSGateway(t)}
	p.rig = newRig(t, rigOptions{
		tame: true, limits: true,
		config: func(c *Config) {
			c.SMTPURL = "smtp://" + mailserver.User + ":" + mailserver.Password + "@" + p.mails.Addr + "/?from=odeme@shop.example"
			c.SMSURL = "http+json://" + strings.TrimPrefix(p.sms.URL, "http://") + "/send?header=AHSAP"
		},
		seams: func(s *seams) { s.roots = p.mails.Roots },
	})
	return p
}

// carry does what the loops do, once.
func (p *posted) carry() {
	p.t.Helper()
	for _, f := range []func(context.Context) error{p.app.hooks.Place, p.app.remind, p.app.carry(checkout.ChannelSMS), p.app.carry(checkout.ChannelEmail)} {
		if err := f(context.Background()); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *posted) send(link map[string]any, channel, to string) map[string]any {
	p.t.Helper()
	status, m := p.api("POST", "/v1/links/"+link["id"].(string)+"/send", map[string]any{"channel": channel, "to": to})
	if status != http.StatusAccepted {
		p.t.Fatalf("send: %d %v", status, m)
	}
	return m
}

// became is a message's status and reason.
func (p *posted) became(m map[string]any) string {
	p.t.Helper()
	_, now := p.api("GET", "/v1/messages/"+m["id"].(string), nil)
	if reason, ok := now["reason"].(string); ok {
		return now["status"].(string) + " " + reason
	}
	return now["status"].(string)
}

// Features 1.14, 1.21, 5.5; C13: what is sent, what a provider's faults make of it, and what merchants are told.
func TestDelivery(t *testing.T) {
	t.Parallel()
	p := newPosted(t)
	phone := 0
	fresh := func() string { phone++; return "+9053212345" + string(rune('0'+phone/10)) + string(rune('0'+phone%10)) }

	t.Run("a link for somebody goes out at once, and opens", func(t *testing.T) {
		l := p.link(map[string]any{"deliver": []string{"sms", "email"}, "customer": map[string]any{"email": "ayse@ornek.example", "phone": "0532 999 88 77"}})
		p.carry()
		mails, texts := p.mails.Mails(), p.sms.texts()
		if len(mails) != 1 || len(texts) != 1 || texts[0]["to"] != "+905329998877" || texts[0]["from"] != "AHSAP" {
			t.Fatalf("%d mails, %v", len(mails), texts)
		}
		at := strings.Index(texts[0]["text"], "http")
		address, _, _ := strings.Cut(texts[0]["text"][at:], " ")
		if address != l["url"] || !strings.Contains(string(mails[0].Raw), l["token"].(string)) || mails[0].To[0] != "ayse@ornek.example" {
			t.Errorf("%q", texts[0]["text"])
		}
		if b := p.browser().get(address); b.status != 200 {
			t.Errorf("%s: %d", address, b.status)
		}
		p.carry()
		if len(p.mails.Mails()) != 1 || len(p.sms.texts()) != 1 {
			t.Error("sent twice")
		}
	})

	t.Run("a provider that fails is tried again, one that refuses is not", func(t *testing.T) {
		l := p.link(nil)
		p.sms.fail("500", "500")
		m := p.send(l, "sms", fresh())
		for range 3 {
			p.carry()
			p.clock.advance(2 * time.Minute)
		}
		p.must("after two failures", p.became(m), "sent")
		p.sms.fail("409")
		m = p.send(l, "sms", fresh())
		p.carry()
		p.must("refused", p.became(m), "failed message_repeated")
		p.carry()
		_, events := p.api("GET", "/v1/events?type=delivery.failed", nil)
		if all := events["data"].([]any); len(all) != 1 || all[0].(map[string]any)["data"].(map[string]any)["id"] != m["id"] {
			t.Errorf("%v", all)
		}
	})

	t.Run("C13 handed over without a word: one repetition, the same message", func(t *testing.T) {
		before := len(p.sms.texts())
		p.sms.fail("hang up", "hang up", "hang up")
		m := p.send(p.link(nil), "sms", fresh())
		for range 6 {
			p.carry()
			p.clock.advance(3 * time.Hour)
		}
		p.sms.fail()
		texts := p.sms.texts()[before:]
		if len(texts) != 2 || texts[0]["id"] != texts[1]["id"] || texts[0]["id"] != m["id"] || texts[0]["text"] != texts[1]["text"] {
			t.Errorf("%v", texts)
		}
		p.must("then given up", p.became(m), "failed outcome_unknown")
	})

	t.Run("C13 a gateway that dies while it hands over: one repetition by another", func(t *testing.T) {
		m := p.send(p.link(nil), "email", "olen@ornek.example")
		for _, want := range []string{"queued", "queued"} {
			if _, err := p.app.ledger.LeaseMessages(context.Background(), checkout.ChannelEmail, p.clock.Now().Add(time.Minute), 10); err != nil {
				t.Fatal(err) // whoever has it dies here, the mail perhaps on its way
			}
			p.carry()
			p.must("under the lease", p.became(m), want)
			p.clock.advance(2 * time.Minute)
		}
		before := len(p.mails.Mails())
		p.carry()
		p.must("a third time", []any{p.became(m), len(p.mails.Mails())}, []any{"failed outcome_unknown", before})
	})

	t.Run("an address that does not exist is not written to again", func(t *testing.T) {
		p.mails.Fault(func(stage string) error {
			if stage == "to" {
				return mailserver.Says(550, [3]int{5, 1, 1}, "no such user")
			}
			return nil
		})
		l := p.link(nil)
		m := p.send(l, "email", "kimse@ornek.example")
		p.carry()
		p.mails.Fault(nil)
		p.must("bounced", p.became(m), "failed recipient_refused")
		status, answer := p.api("POST", "/v1/links/"+l["id"].(string)+"/send", map[string]any{"channel": "email", "to": "kimse@ornek.example"})
		p.must("again", []any{status, answer["code"]}, []any{409, "suppressed_recipient"})
	})

	t.Run("a link that is withdrawn meanwhile is not sent", func(t *testing.T) {
		l := p.link(nil)
		m := p.send(l, "sms", fresh())
		p.api("DELETE", "/v1/links/"+l["id"].(string), nil)
		before := len(p.sms.texts())
		p.carry()
		p.must("it", p.became(m), "suppressed link_over")
		p.must("sent", len(p.sms.texts()), before)
	})

	t.Run("merchants are told of payments, once each", p.noticesOfPayments)
	t.Run("card holders are reminded once, and only of what is unpaid", p.reminders)
	t.Run("I5 who stands before an expired link asks for a new one", p.renewalIsTold)
	p.booksAgree()
}

func (p *posted) noticesOfPayments(t *testing.T) {
	status, set := p.api("PATCH", "/v1/notifications", map[string]any{"recipients": []map[string]any{
		{"channel": "email", "to": "kasa@ahsap.example", "events": []string{"payment.paid", "payment.declined", "link.renewal_asked"}},
		{"channel": "sms", "to": "05301112233", "events": []string{"payment.paid"}},
	}})
	if status != 200 {
		t.Fatalf("%d %v", status, set)
	}
	p.carry()
	mails, texts := len(p.mails.Mails()), len(p.sms.texts())
	l := p.link(map[string]any{"order_id": "SIP-42"})
	p.browser().pay(l["url"].(string), banksim.CardNumber("415565", "051")).finish("123456")
	paid := p.browser().pay(l["url"].(string), banksim.CardNumber("415565", "000")).finish("123456")
	if paid.status != 200 {
		t.Fatalf("%d %s", paid.status, paid.body)
	}
	var all sync.WaitGroup
	for range 4 { // several gateways at once
		all.Go(func() {
			if err := p.app.hooks.Place(context.Background()); err != nil {
				t.Error(err)
			}
			for _, c := range checkout.Channels {
				if err := p.app.postman.Carry(context.Background(), c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	p.carry()
	got := p.mails.Mails()[mails:]
	var subjects []string
	for _, m := range got {
		subjects = append(subjects, m.To[0])
		for _, number := range []string{"4155650000000007", "4155 6500", "41556500"} {
			if strings.Contains(string(m.Raw), number) {
				t.Errorf("a notice holds %s", number)
			}
		}
	}
	if len(got) != 2 || strings.Join(subjects, " ") != "kasa@ahsap.example kasa@ahsap.example" {
		t.Errorf("%v", subjects)
	}
	if told := p.sms.texts()[texts:]; len(told) != 1 || told[0]["to"] != "+905301112233" || !strings.Contains(told[0]["text"], "Ödeme alındı: 250,00 TL (SIP-42)") {
		t.Errorf("%v", told)
	}
}

func (p *posted) reminders(t *testing.T) {
	p.api("PATCH", "/v1/notifications", map[string]any{"reminder_hours": 3})
	unpaid, paid, moved := p.link(nil), p.link(nil), p.link(nil)
	for i, l := range []map[string]any{unpaid, paid, moved} {
		p.send(l, "sms", "+9053344455"+string(rune('0'+i))+"0")
	}
	p.carry()
	before := len(p.sms.texts())
	p.browser().pay(paid["url"].(string), banksim.CardNumber("415565", "000")).finish("123456")
	p.api("PATCH", "/v1/links/"+moved["id"].(string), map[string]any{"expires_at": p.clock.Now().Add(48 * time.Hour).Format(time.RFC3339)})
	reminders := func() (all []map[string]string) {
		for _, text := range p.sms.texts()[before:] {
			if !strings.Contains(text["text"], "Ödeme alındı") { // notices, of the test before
				all = append(all, text)
			}
		}
		return all
	}
	p.clock.advance(21*time.Hour - time.Minute)
	p.carry()
	p.must("too early", len(reminders()), 0)
	p.clock.advance(2 * time.Minute)
	p.carry()
	p.clock.advance(time.Hour)
	p.carry()
	if got := reminders(); len(got) != 1 || got[0]["to"] != "+905334445500" || !strings.Contains(got[0]["text"], unpaid["url"].(string)) || !strings.Contains(got[0]["text"], "henüz yapılmadı") {
		t.Errorf("%v", got)
	}
	p.clock.advance(24 * time.Hour)
	p.carry()
	if got := reminders(); len(got) != 2 || got[1]["to"] != "+905334445520" {
		t.Errorf("%v", got)
	}
}

func (p *posted) renewalIsTold(t *testing.T) {
	l := p.link(map[string]any{"order_id": "SIP-77"})
	p.clock.advance(25 * time.Hour)
	p.carry()
	before := len(p.mails.Mails())
	b := p.browser().get(l["url"].(string))
	action, fields := b.form()
	if b.status != http.StatusGone {
		t.Fatalf("%d", b.status)
	}
	for range 5 { // his impatience is told once
		if b.post(action, url.Values(fields)); b.status != 200 || !strings.Contains(b.body, "İşyerine haber verildi") {
			t.Errorf("%d %.300s", b.status, b.body)
		}
	}
	p.carry()
	got := p.mails.Mails()[before:]
	if len(got) != 1 || got[0].To[0] != "kasa@ahsap.example" || !strings.Contains(string(got[0].Raw), "SIP-77") {
		t.Errorf("%d mails", len(got))
	}
}

// Delivery without settings: the demo keeps its messages where a visitor reads them, and serve says what it has not.
func TestTheDemosMailbox(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	l := r.link(map[string]any{"deliver": []string{"email", "sms"}, "customer": map[string]any{"email": "ayse@ornek.example", "phone": "05321234567"}})
	for _, c := range checkout.Channels {
		if err := r.app.postman.Carry(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	admin := httptest.NewServer(r.app.admin().Handler)
	defer admin.Close()
	get := func(path string) (int, string, http.Header) {
		resp, err := http.Get(admin.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body), resp.Header
	}
	_, text, _ := get("/_messages")
	var list struct{ Data []seenMessage }
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Data) != 2 {
		t.Fatalf("%v: %s", err, text)
	}
	for _, m := range list.Data {
		status, page, header := get(m.Page)
		if status != 200 || !strings.Contains(page, l["url"].(string)) || !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: %d %s", m.Channel, status, page)
		}
	}
	if status, _, _ := get("/_messages/msg_0"); status != 404 {
		t.Errorf("%d", status)
	}
	if status, _, _ := get("/livez"); status != 200 {
		t.Errorf("%d", status)
	}
	if b := r.browser().get(r.base + "/_messages"); b.status != 404 {
		t.Errorf("the public address answers %d", b.status)
	}
	_, m := r.api("GET", "/v1/links/"+l["id"].(string)+"/messages", nil)
	if all := m["data"].([]any); len(all) != 2 || all[0].(map[string]any)["status"] != checkout.MessageSent && all[0].(map[string]any)["status"] != "sent" {
		t.Errorf("%v", m)
	}
}
