//go:build !race

package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// sent is what of a message the tests ask for.
type sent struct {
	ID, Kind, Channel, To, Lang, Status, Text string
	Link, Reason, Subject                     *string
	Attempts                                  []struct{ Number int }
}

// Features 1.14, 1.21: the message waits from the commit on, in the words of the language that was asked for.
func TestSendLink(t *testing.T) {
	h := open(t, both)
	l := h.make(plainLink)
	target := "/v1/links/" + l.ID + "/send"
	a := h.ask("POST", target, `{"channel":"sms","to":"0532 123 45 67"}`, idem("k"))
	m := read[sent](t, a)
	if a.status != http.StatusAccepted || a.header.Get("Location") != "/v1/messages/"+m.ID || m.Status != "queued" || m.To != "+905321234567" || m.Lang != "tr" ||
		*m.Link != l.ID || !strings.Contains(m.Text, l.URL) || m.Subject != nil {
		t.Errorf("%s %+v", a, m)
	}
	again := h.ask("POST", target, `{"channel":"sms","to":"0532 123 45 67"}`, idem("k"))
	if read[sent](t, again).ID != m.ID || again.header.Get("Idempotent-Replayed") != "true" || again.header.Get("Location") != a.header.Get("Location") {
		t.Errorf("%s %s", again, again.body)
	}
	mail := read[sent](t, h.ask("POST", target, `{"channel":"email","to":"ali@example.com","lang":"en"}`))
	if mail.Lang != "en" || !strings.HasPrefix(*mail.Subject, "Your payment link") {
		t.Errorf("%+v", mail)
	}
	all := read[page[sent]](t, h.ask("GET", "/v1/links/"+l.ID+"/messages", ""))
	if len(all.Data) != 2 {
		t.Errorf("%+v", all)
	}
	if got := read[page[sent]](t, h.ask("GET", "/v1/links/"+l.ID+"/messages?status=sent&kind=link&limit=1", "")); len(got.Data) != 0 {
		t.Errorf("%+v", got)
	}
	if got := read[sent](t, h.ask("GET", "/v1/messages/"+m.ID, "")); got.ID != m.ID {
		t.Errorf("%+v", got)
	}
	h.refused(h.ask("GET", "/v1/messages/msg_0000000000000000000009", ""), 404, "message_not_found")
	h.mistakes(h.ask("POST", target, `{"channel":"email","to":"ali@example.com","lang":"de"}`), "lang: not_a_choice")
	h.ask("DELETE", "/v1/links/"+l.ID, "")
	h.refused(h.ask("POST", target, `{"channel":"email","to":"ali@example.com"}`), 409, "link_deleted")
}

// Features 1.5, 1.14: what nobody could pay is sent to nobody, with the link or later. The link is made: a virtual POS may
// take its currency tomorrow.
func TestALinkThatNoAccountTakesIsNotSent(t *testing.T) {
	h := open(t, both)
	const yen = `"amount":5000,"currency":"JPY","customer":{"phone":"05321234567"}`
	a := h.ask("POST", "/v1/links", `{`+yen+`,"deliver":["sms"]}`)
	h.mistakes(a, "deliver: currency_not_taken")
	if p := a.problem(t); !strings.Contains(p.Errors[0].Message, "takes JPY") {
		t.Errorf("%+v", p.Errors)
	}
	l := h.make(`{` + yen + `}`)
	h.mistakes(h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"0532 123 45 67"}`), "channel: currency_not_taken")
	if got := read[page[sent]](t, h.ask("GET", "/v1/links/"+l.ID+"/messages", "")); len(got.Data) != 0 {
		t.Errorf("%+v", got)
	}
}

// A56, with the wait that a program is told.
func TestA56_sendingIsLimited(t *testing.T) {
	h := open(t, both)
	l := h.make(plainLink)
	for i := range 5 {
		if a := h.ask("POST", "/v1/links/"+l.ID+"/send", fmt.Sprintf(`{"channel":"sms","to":"0532123450%d"}`, i)); a.status != 202 {
			t.Fatalf("%s %s", a, a.body)
		}
	}
	a := h.refused(h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234509"}`), 429, "link_message_limit")
	if a.header.Get("Retry-After") != "86400" {
		t.Errorf("%v", a.header)
	}
	for range 3 {
		h.ask("POST", "/v1/links/"+h.make(plainLink).ID+"/send", `{"channel":"email","to":"ali@example.com"}`)
	}
	a = h.refused(h.ask("POST", "/v1/links/"+h.make(plainLink).ID+"/send", `{"channel":"email","to":"Ali@example.com"}`), 429, "recipient_limit")
	if a.header.Get("Retry-After") != "3600" {
		t.Errorf("%v", a.header)
	}
	h.clock.Advance(time.Hour)
	if a := h.ask("POST", "/v1/links/"+h.make(plainLink).ID+"/send", `{"channel":"email","to":"ali@example.com"}`); a.status != 202 {
		t.Errorf("%s %s", a, a.body)
	}
	other := open(t, furnish{channels: checkout.Channels, repeat: time.Hour})
	link := other.make(plainLink)
	for _, want := range []int{202, 409} {
		if a := other.ask("POST", "/v1/links/"+link.ID+"/send", `{"channel":"sms","to":"05321234567"}`); a.status != want {
			t.Errorf("%s %s", a, a.body)
		} else if want == 409 {
			other.refused(a, 409, "message_repeated")
		}
	}
}

// Features 1.21: a link that is made for somebody goes out with its own commit; what the limits hold back is seen.
func TestLinksThatAreDeliveredWhenMade(t *testing.T) {
	h := open(t, both)
	body := `{"amount":1,"currency":"TRY","deliver":["email","sms"],"deliver_lang":"en","customer":{"name":"Ali","email":"ali@example.com","phone":"05321234567"}}`
	a := h.ask("POST", "/v1/links", body, idem("k"))
	l := read[link](t, a)
	if fmt.Sprint(l.Deliver) != "[sms email]" || fmt.Sprint(h.get(l.ID).Deliver) != "[sms email]" {
		t.Errorf("%v, later %v", l.Deliver, h.get(l.ID).Deliver)
	}
	h.ask("POST", "/v1/links", body, idem("k"))
	status := func(l link) string {
		var all []string
		for _, m := range read[page[sent]](t, h.ask("GET", "/v1/links/"+l.ID+"/messages", "")).Data {
			reason := ""
			if m.Reason != nil {
				reason = " " + *m.Reason
			}
			all = append(all, m.Channel+" "+m.Lang+" "+m.Status+reason)
		}
		slices.Sort(all)
		return strings.Join(all, ", ")
	}
	if got := status(l); got != "email en queued, sms en queued" {
		t.Errorf("%s", got)
	}
	h.make(body)
	h.make(body)
	if got := status(h.make(body)); got != "email en suppressed recipient_limit, sms en suppressed recipient_limit" {
		t.Errorf("%s", got)
	}
	h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","deliver_lang":"de","deliver":["sms"],"customer":{"phone":"+4915123456789"}}`),
		"customer.phone: sms_needs_turkish_mobile, deliver_lang: not_a_choice")
	h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"deliver":["sms"]}`), "deliver: read_only")
}

// Features 1.23: WhatsApp, SMS and mail by hand; the address is written so that every program reads it.
func TestShare(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":123456,"currency":"TRY","description":"Kapora & masa","customer":{"phone":"05321234567","email":"ali@example.com"}}`)
	s := read[struct{ Text, WhatsApp, SMS, Email string }](t, h.ask("GET", "/v1/links/"+l.ID+"/share", ""))
	wa, err := url.Parse(s.WhatsApp)
	if err != nil || wa.Host != "wa.me" || wa.Path != "/905321234567" || wa.Query().Get("text") != s.Text || !strings.Contains(s.Text, l.URL) || strings.Contains(s.WhatsApp, "+") {
		t.Errorf("%s: %v", s.WhatsApp, err)
	}
	if !strings.HasPrefix(s.SMS, "sms:+905321234567?body=TEST%3A%20Ah%C5%9Fap%20") || !strings.HasPrefix(s.Email, "mailto:ali@example.com?subject=Ah%C5%9Fap%20") || strings.ContainsAny(s.Email, " +") {
		t.Errorf("%+v", s)
	}
	en := read[struct{ Text, WhatsApp string }](t, h.ask("GET", "/v1/links/"+h.make(plainLink).ID+"/share?lang=en", ""))
	if !strings.Contains(en.Text, "secure link") || !strings.HasPrefix(en.WhatsApp, "https://wa.me/?text=") {
		t.Errorf("%+v", en)
	}
	h.mistakes(h.ask("GET", "/v1/links/"+l.ID+"/share?lang=de", ""), "lang: not_a_choice")
}

func TestSuppressions(t *testing.T) {
	h := open(t, both)
	l := h.make(plainLink)
	if a := h.ask("POST", "/v1/suppressions", `{"channel":"sms","to":"0532 123 45 67"}`); a.status != 200 || !strings.Contains(string(a.body), `"to":"+905321234567","reason":"opt_out"`) {
		t.Errorf("%s %s", a, a.body)
	}
	h.refused(h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234567"}`), 409, "suppressed_recipient")
	if a := h.ask("GET", "/v1/suppressions", "", as(nextKey)); string(a.body) != `{"data":[],"next_cursor":null}` {
		t.Errorf("a neighbour reads %s", a.body)
	}
	h.ask("POST", "/v1/suppressions/remove", `{"channel":"sms","to":"05321234567"}`, as(nextKey))
	h.refused(h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234567"}`), 409, "suppressed_recipient")
	if a := h.ask("POST", "/v1/suppressions/remove", `{"channel":"sms","to":"05321234567"}`); a.status != 204 {
		t.Errorf("%s %s", a, a.body)
	}
	if a := h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234567"}`); a.status != 202 {
		t.Errorf("%s %s", a, a.body)
	}
	h.mistakes(h.ask("POST", "/v1/suppressions", `{"channel":"sms","to":"x"}`), "to: phone_format")
}

func TestNotifications(t *testing.T) {
	h := open(t, both)
	type settings struct {
		Version       int
		Recipients    []struct{ Channel, To string }
		Lang          string
		ReminderHours *int `json:"reminder_hours"`
		Channels      []string
	}
	if got := read[settings](t, h.ask("GET", "/v1/notifications", "")); got.Version != 0 || got.Lang != "tr" || len(got.Channels) != 2 {
		t.Errorf("%+v", got)
	}
	body := `{"recipients":[{"channel":"email","to":"kasa@ahsap.example","events":["payment.paid"]},{"channel":"sms","to":"0532 123 45 67","events":["payment.paid","payment.refunded"]}],"lang":"en","reminder_hours":3}`
	got := read[settings](t, h.ask("PATCH", "/v1/notifications", body))
	if got.Version != 1 || got.Recipients[1].To != "+905321234567" || *got.ReminderHours != 3 {
		t.Errorf("%+v", got)
	}
	if got := read[settings](t, h.ask("PATCH", "/v1/notifications", `{"version":1,"reminder_hours":null}`)); got.Version != 2 || got.ReminderHours != nil || len(got.Recipients) != 2 {
		t.Errorf("%+v", got)
	}
	h.refused(h.ask("PATCH", "/v1/notifications", `{"version":1,"lang":"tr"}`), 409, "stale")
	for body, want := range map[string]string{
		`{"recipients":[{"channel":"fax","to":"1","events":["payment.paid"]}]}`:                         "recipients.0.channel: not_a_choice",
		`{"recipients":[{"channel":"sms","to":"+4915123456789","events":["payment.paid"]}]}`:            "recipients.0.to: sms_needs_turkish_mobile",
		`{"recipients":[{"channel":"email","to":"a@b.example","events":[]}]}`:                           "recipients.0.events: required",
		`{"recipients":[{"channel":"email","to":"a@b.example","events":["payment.challenged"]}]}`:       "recipients.0.events: not_a_choice",
		`{"recipients":[{"channel":"email","to":"a@b.example","event":["payment.paid"]}]}`:              "recipients: wrong_type",
		`{"recipients":[{"channel":"email","to":"a@b.example\nBcc: x@y.z","events":["payment.paid"]}]}`: "recipients.0.to: email_format",
		`{"lang":"de"}`: "lang: not_a_choice", `{"reminder_hours":73}`: "reminder_hours: out_of_range", `{"channels":["sms"]}`: "channels: read_only",
	} {
		h.mistakes(h.ask("PATCH", "/v1/notifications", body), want)
	}
	if got := read[settings](t, h.ask("GET", "/v1/notifications", "", as(nextKey))); got.Version != 0 {
		t.Errorf("a neighbour reads %+v", got)
	}
}

// Features 1.24, A56: the words are the merchant's, the address is ours.
func TestMessageTemplates(t *testing.T) {
	h := open(t, both)
	type wording struct {
		Kind, Channel, Lang, Text string
		Own                       bool
		Version                   int
	}
	all := read[page[wording]](t, h.ask("GET", "/v1/message_templates", ""))
	if len(all.Data) != 8 || all.Data[0].Own {
		t.Errorf("%+v", all)
	}
	w := read[wording](t, h.ask("PATCH", "/v1/message_templates", `{"kind":"link","channel":"sms","lang":"tr","text":"Sayın {customer}, {amount}: {link}"}`))
	if !w.Own || w.Version != 1 {
		t.Errorf("%+v", w)
	}
	l := h.make(`{"amount":100,"currency":"TRY","customer":{"name":"Ali"}}`)
	if m := read[sent](t, h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234567"}`)); !strings.HasSuffix(m.Text, "Sayın Ali, 1,00 TL: "+l.URL) {
		t.Errorf("%q", m.Text)
	}
	h.refused(h.ask("PATCH", "/v1/message_templates", `{"version":9,"kind":"link","channel":"sms","lang":"tr"}`), 409, "stale")
	if w := read[wording](t, h.ask("PATCH", "/v1/message_templates", `{"version":1,"kind":"link","channel":"sms","lang":"tr"}`)); w.Own || w.Version != 2 {
		t.Errorf("%+v", w)
	}
	sms := func(text string) string {
		return `{"kind":"link","channel":"sms","lang":"tr","text":` + quote(text) + `}`
	}
	mail := func(text string) string {
		return `{"kind":"reminder","channel":"email","lang":"tr","subject":"Konu","text":` + quote(text) + `}`
	}
	for body, want := range map[string]string{
		sms("{link} {amount"):                                      "text: placeholder_unknown",
		sms("{link} {iban}"):                                       "text: placeholder_unknown",
		sms("öde"):                                                 "text: link_once",
		sms("{link} {link}"):                                       "text: link_once",
		sms("http://evil.example/x {link}"):                        "text: address_in_text",
		sms("evil.com.tr adresinden {link}"):                       "text: address_in_text",
		sms("bize yaz: a@b {link}"):                                "text: address_in_text",
		sms("kart 4155 6500 0000 0007 {link}"):                     "text: looks_like_card",
		sms("satır\nsatır {link}"):                                 "text: control",
		sms("\u202eters {link}"):                                   "text: control",
		sms(strings.Repeat("ş", 250) + "{link}"):                   "text: sms_too_long",
		sms(strings.Repeat("a", 301) + "{link}"):                   "text: length",
		mail("öde {link}"):                                         "text: link_has_its_place",
		mail("www.evil.example"):                                   "text: address_in_text",
		`{"kind":"notice","channel":"fax","lang":"de"}`:            "kind: not_a_choice, channel: not_a_choice, lang: not_a_choice",
		`{"kind":"link","channel":"email","lang":"tr","text":"x"}`: "subject: required",
		`{"kind":"link","channel":"sms","lang":"tr","subject":"x","text":"{link}"}`: "subject: read_only",
	} {
		for _, call := range [][2]string{{"PATCH", "/v1/message_templates"}, {"POST", "/v1/message_templates/preview"}} {
			h.mistakes(h.ask(call[0], call[1], body), want)
		}
	}
	p := read[struct {
		Text string
		Size *struct {
			Encoding string
			Parts    int
			Cost     []string
		}
	}](t, h.ask("POST", "/v1/message_templates/preview", sms("👍 {amount} {link}")))
	if p.Size.Encoding != "ucs2" || p.Size.Parts != 1 || fmt.Sprint(p.Size.Cost) != "[👍]" || !strings.Contains(p.Text, "1.234,56 TL") {
		t.Errorf("%+v", p)
	}
	if a := h.ask("POST", "/v1/message_templates/preview", mail("{description}: {expires}\n\n{merchant}")); a.status != 200 || !strings.Contains(string(a.body), `"size":null`) {
		t.Errorf("%s %s", a, a.body)
	}
}

// What was given up is an event that webhooks and the feed show with the message.
func TestAMessageThatIsGivenUpIsAnEvent(t *testing.T) {
	h := open(t, both)
	l := h.make(plainLink)
	m := read[sent](t, h.ask("POST", "/v1/links/"+l.ID+"/send", `{"channel":"sms","to":"05321234567"}`))
	leased, err := h.ledger.LeaseMessages(context.Background(), checkout.ChannelSMS, h.clock.Now().Add(time.Minute), 10)
	h.must(err)
	h.must(h.ledger.EndMessage(context.Background(), leased[0], checkout.MessageSend{Number: 1, At: h.clock.Now(), Error: checkout.SentSender, Answer: "header"}, time.Time{}, false))
	a := h.ask("GET", "/v1/events?type=delivery.failed", "")
	if !strings.Contains(string(a.body), m.ID) || !strings.Contains(string(a.body), `"reason":"sender_refused"`) {
		t.Errorf("%s", a.body)
	}
	if got := read[sent](t, h.ask("GET", "/v1/messages/"+m.ID, "")); got.Status != "failed" || *got.Reason != "sender_refused" || len(got.Attempts) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestPrintedPage(t *testing.T) {
	h := open(t)
	l := h.make(`{"amount":100,"currency":"TRY","description":"Masa 👍"}`)
	for _, lang := range []string{"", "?lang=en"} {
		a := h.ask("GET", "/v1/links/"+l.ID+"/qr.pdf"+lang, "")
		if a.status != 200 || a.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(string(a.body), "%PDF-") {
			t.Errorf("%s %s", a, a.header.Get("Content-Type"))
		}
	}
	open := h.make(`{"amount_mode":"open","min_amount":100,"max_amount":500,"currency":"TRY"}`)
	if a := h.ask("GET", "/v1/links/"+open.ID+"/qr.pdf", ""); a.status != 200 {
		t.Errorf("%s %s", a, a.body)
	}
	h.mistakes(h.ask("GET", "/v1/links/"+l.ID+"/qr.pdf?lang=de", ""), "lang: not_a_choice")
}
