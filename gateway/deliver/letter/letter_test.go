package letter_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver/letter"
	"github.com/odelink/odelink/gateway/deliver/sms"
	"github.com/odelink/odelink/templates"
)

var shop = checkout.Merchant{
	ID: "mer_1", Name: "Ahşap Atölyesi", LegalName: "Ahşap Atölyesi Ltd. Şti.", Phone: "+90 212 555 01 23", Email: "destek@ahsap.example", Accent: "#0b6b5e",
}

const address = "https://odeme.ornek.com/p/4kXqB7mZpR2n"

func facts(change ...func(*checkout.LetterFacts)) checkout.LetterFacts {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	f := checkout.LetterFacts{
		Kind: checkout.MessageLink, Channel: checkout.ChannelSMS, Lang: "tr", Merchant: shop, URL: address,
		Link: checkout.Link{
			Order: "SIP-1", Amount: checkout.Money{Minor: 125_000, Currency: checkout.TRY}, Description: "Deniz manzaralı masa", ExpiresAt: now.Add(24 * time.Hour),
			Customer: checkout.Customer{Name: "Ayşe Işık", Email: "ayse@ornek.example", Phone: "+905321234567"},
		},
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func writer(t *testing.T) *letter.Writer {
	t.Helper()
	w, err := letter.New()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func write(t *testing.T, f checkout.LetterFacts) checkout.Letter {
	t.Helper()
	w := writer(t)
	if f.Wording.Text == "" && f.Kind != checkout.MessageNotice {
		f.Wording = w.Default(f.Kind, f.Channel, f.Lang)
	}
	l, err := w.Write(f)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The own words of a text message hold the address once and fit into one part, in Turkish letters and without.
func TestOwnTextMessages(t *testing.T) {
	for lang, want := range map[string]string{
		"tr": "Ahşap Atölyesi: 1.250,00 TL tutarındaki ödemeniz için güvenli link: " + address + " Son ödeme: 23.11.2026 12:00 (TSİ)",
		"en": "Ahşap Atölyesi: secure link for your payment of TRY 1,250.00: " + address + " Pay by 23 Nov 2026, 12:00 (UTC+3)",
	} {
		got := write(t, facts(func(f *checkout.LetterFacts) { f.Lang = lang })).Text
		if got != want {
			t.Errorf("%s: %s", lang, got)
		}
		for _, text := range []string{got, sms.Latin(got)} {
			if size := sms.Measure(text); size.Parts != 1 {
				t.Errorf("%s: %+v", lang, size)
			}
		}
	}
	for _, k := range []checkout.MessageKind{checkout.MessageLink, checkout.MessageReminder} {
		for _, lang := range writer(t).Languages() {
			text := write(t, facts(func(f *checkout.LetterFacts) { f.Kind, f.Lang = k, lang })).Text
			if strings.Count(text, address) != 1 || strings.ContainsAny(text, "{}\u00a0") || sms.Measure(text).Encoding == string(sms.UCS2) {
				t.Errorf("%s %s: %s", k, lang, text)
			}
		}
	}
}

// Signs that nobody types on a phone do not take a text out of the alphabet that phones share.
func TestPlainSigns(t *testing.T) {
	got := write(t, facts(func(f *checkout.LetterFacts) {
		f.Merchant.Name, f.Wording.Text = "“Ahşap” – Atölye…", "{merchant} ‘{amount}’ ₺ {link}"
	})).Text
	if got != `"Ahşap" - Atölye... '1.250,00 TL' TL `+address {
		t.Errorf("%s", got)
	}
}

// A56: what was typed brings no second address, no placeholder and no line of its own into a message.
func TestA56_valuesStayValues(t *testing.T) {
	bad := "http://evil.example/x bak: evil.com.tr www.evil.net a@evil.example {link} {merchant}\r\nBcc: x"
	for _, c := range checkout.Channels {
		l := write(t, facts(func(f *checkout.LetterFacts) {
			f.Channel = c
			f.Link.Description, f.Link.Customer.Name = bad, bad
			f.Wording = checkout.Wording{Kind: f.Kind, Channel: c, Lang: "tr", Subject: "{description}", Text: "{customer}: {description} {link}"}
		}))
		all := l.Subject + "\n" + l.Text
		for _, r := range l.Rows {
			all += "\n" + r.Value
		}
		if found := regexp.MustCompile(`(?i)evil\.[a-z]|://evil|www\.[a-z]|@evil`).FindString(all); found != "" {
			t.Errorf("%s: %q stands in %s", c, found, all)
		}
		if strings.ContainsAny(l.Subject, "\r\n") || !strings.Contains(l.Text, "{merchant}") || strings.Count(l.Text, address) != 1 {
			t.Errorf("%s: %q %q", c, l.Subject, l.Text)
		}
	}
}

func TestMails(t *testing.T) {
	l := write(t, facts(func(f *checkout.LetterFacts) { f.Channel, f.Merchant.Test = checkout.ChannelEmail, true }))
	if l.Subject != "Ahşap Atölyesi ödeme linkiniz: 1.250,00\u00a0TL" && l.Subject != "Ahşap Atölyesi ödeme linkiniz: 1.250,00 TL" {
		t.Errorf("%q", l.Subject)
	}
	if l.Sum != "1.250,00\u00a0TL" || l.URL != address || l.Action == "" || l.ReplyTo != shop.Email || l.Accent != shop.Accent || l.Brand != shop.Name ||
		!strings.HasPrefix(l.Banner, "TEST") || len(l.Rows) != 3 || len(l.Foot) != 3 || strings.Contains(l.Text, "{") {
		t.Errorf("%+v", l)
	}
	open := write(t, facts(func(f *checkout.LetterFacts) {
		f.Channel = checkout.ChannelEmail
		f.Link.Open, f.Link.Amount.Minor, f.Link.MinMinor, f.Link.MaxMinor = true, 0, 1000, 5000
	}))
	if open.Sum != "10,00\u00a0TL - 50,00\u00a0TL" {
		t.Errorf("%q", open.Sum)
	}
	empty := write(t, facts(func(f *checkout.LetterFacts) {
		f.Channel, f.Link.Customer = checkout.ChannelEmail, checkout.Customer{}
		f.Wording = checkout.Wording{Subject: "x", Text: "Merhaba {customer},\n\nödeme"}
	}))
	if empty.Text != "Merhaba,\n\nödeme" {
		t.Errorf("%q", empty.Text)
	}
}

// Each event that a merchant may ask for has its words in each language; a text message shows nothing of the card (J6).
func TestNotices(t *testing.T) {
	p := checkout.Payment{
		ID: "pay_2bN8yQeWfU2bN8yQeWfU2b", Total: checkout.Money{Minor: 130_000, Currency: checkout.TRY}, Installments: 3, AuthCode: "123456", Refunded: 5_000,
		Card:    checkout.CardFacts{Brand: checkout.BrandVisa, Issuer: "QNB", BIN: "41556500", Last4: "0007"},
		Decline: checkout.Decline{Code: checkout.ReasonInsufficientFunds}, PayerNote: "not", UpdatedAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		Items: []checkout.Item{{Name: "Zeytinyağı", Quantity: 2}, {Name: "http://evil.example", Quantity: 1}},
	}
	for _, lang := range writer(t).Languages() {
		for _, topic := range checkout.NoticeTopics {
			for _, c := range checkout.Channels {
				l := write(t, facts(func(f *checkout.LetterFacts) {
					f.Kind, f.Topic, f.Lang, f.Channel = checkout.MessageNotice, topic, lang, c
					if strings.HasPrefix(topic, "payment.") {
						f.Payment = &p
					}
				}))
				all := l.Subject + l.Text
				for _, r := range l.Rows {
					all += "\n" + r.Name + ": " + r.Value
				}
				if strings.Contains(all, "mail.") || strings.ContainsAny(all, "{}") || !strings.Contains(all, "SIP-1") {
					t.Errorf("%s %s %s: %s", lang, topic, c, all)
				}
				if c == checkout.ChannelSMS && (strings.Contains(all, "0007") || strings.Contains(all, "Işık") || sms.Measure(l.Text).Parts != 1) {
					t.Errorf("%s %s: %s", lang, topic, all)
				}
				if c == checkout.ChannelEmail && f(topic) && (!strings.Contains(all, "•••• 0007") || !strings.Contains(all, ": 2 × Zeytinyağı; 1 × http evil. example")) {
					t.Errorf("%s %s: %s", lang, topic, all)
				}
			}
		}
	}
}

// A consumer's copy says what was bought and from whom, leads nowhere, and calls the texts what the page calls them.
func TestAgreedTexts(t *testing.T) {
	p := checkout.Payment{ID: "pay_2bN8yQeWfU2bN8yQeWfU2b", Order: "SIP-1", Total: checkout.Money{Minor: 130_000, Currency: checkout.TRY}, Installments: 3, PaidAt: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC),
		Items: []checkout.Item{{Name: "Zeytinyağı", Quantity: 2}}}
	for lang, want := range map[string][]string{
		"tr": {"Onayladığınız metinler: Ahşap Atölyesi, 1.300,00 TL", "ektedir", "Ön bilgilendirme formu"},
		"en": {"What you agreed to: Ahşap Atölyesi, TRY 1,300.00", "attached", "Pre-information form"},
	} {
		l := write(t, facts(func(f *checkout.LetterFacts) {
			f.Kind, f.Lang, f.Channel, f.Payment = checkout.MessageAgreed, lang, checkout.ChannelEmail, &p
			f.Wording.Text = "-"
		}))
		if l.Subject != want[0] || !strings.Contains(l.Text, want[1]) || l.URL != "" || len(l.Rows) != 6 || len(l.Foot) != 2 || l.ReplyTo != shop.Email {
			t.Errorf("%s: %+v", lang, l)
		}
		if name := writer(t).NameOf(checkout.ConsentInformation, lang); name != want[2] {
			t.Errorf("%s: %q", lang, name)
		}
	}
}

func f(topic string) bool { return strings.HasPrefix(topic, "payment.") }

// No sentence of a mail is left over. Those of a notice are asked for by their topic.
func TestEverySentenceIsUsed(t *testing.T) {
	var code strings.Builder
	for _, pattern := range []string{"*.go", "../email/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	all, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	own := regexp.MustCompile(`^mail\.(sms\.)?(link|reminder)(\.subject|\.text)?$`)
	for _, key := range all["tr"].Keys() {
		if !strings.HasPrefix(key, "mail.") || own.MatchString(key) || strings.Contains(code.String(), `"`+key+`"`) {
			continue
		}
		topic, isNotice := strings.CutPrefix(key, "mail.notice.")
		topic = strings.TrimSuffix(strings.TrimSuffix(topic, ".title"), ".text")
		known := false
		for _, have := range checkout.NoticeTopics {
			known = known || have == topic
		}
		if !isNotice || !known {
			t.Errorf("nothing uses %s", key)
		}
	}
}
