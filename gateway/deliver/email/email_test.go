package email_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver/email"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/mailserver"
)

type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

const link = "https://odeme.ornek.com/p/4kXqB7mZpR2n"

// message is a link by mail.
func message(change ...func(*checkout.Message)) checkout.Message {
	m := checkout.Message{
		ID: "msg_0000000000000000000001", Kind: checkout.MessageLink, Channel: checkout.ChannelEmail, Lang: "tr", To: "ayse@ornek.example", Attempts: 1, CreatedAt: clock{}.Now(),
		Letter: checkout.Letter{
			Subject: "Ahşap Atölyesi ödeme linkiniz: 1.250,00\u00a0TL", Text: "Merhaba,\n\nÖdemenizi <b>kartınızla</b> yapabilirsiniz.", Brand: "Ahşap Atölyesi", Accent: "#0b6b5e",
			Sum: "1.250,00\u00a0TL", Rows: []checkout.LetterRow{{Name: "Sipariş no", Value: "SIP-1"}}, Action: "Ödeme sayfasını aç", URL: link,
			Foot: []string{"Kart bilgilerinizi yalnızca bu sayfada girin."}, ReplyTo: "destek@ahsap.example",
		},
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func sender(t *testing.T, s *mailserver.Server, scheme, login string) *email.Sender {
	t.Helper()
	out, err := email.New(email.Config{URL: scheme + "://" + login + s.Addr + "/?from=odeme@shop.example", Clock: clock{}, Patience: time.Second, Roots: s.Roots})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const login = mailserver.User + ":" + mailserver.Password + "@"

// parts are a mail's texts by their media type, in their order.
func parts(t *testing.T, m *mail.Message) (types []string, texts map[string]string) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s: %v", kind, err)
	}
	texts = map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return types, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil || !strings.EqualFold(params["charset"], "utf-8") || p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("%v: %v", p.Header, err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		types, texts[kind] = append(types, kind), string(text)
	}
}

// By STARTTLS and by TLS from the first byte, with a password; what arrives is a whole mail to one person.
func TestMailArrives(t *testing.T) {
	for scheme, o := range map[string]mailserver.Options{"smtp": {}, "smtps": {Implicit: true}} {
		t.Run(scheme, func(t *testing.T) {
			s := mailserver.Start(t, o)
			made := sender(t, s, scheme, login).Send(t.Context(), message())
			if made.Error != "" || made.Code != 250 || made.Unclear {
				t.Fatalf("%+v", made)
			}
			all := s.Mails()
			if len(all) != 1 || all[0].From != "odeme@shop.example" || fmt.Sprint(all[0].To) != "[ayse@ornek.example]" {
				t.Fatalf("%+v", all)
			}
			m := all[0].Read(t)
			dec := new(mime.WordDecoder)
			subject, err := dec.DecodeHeader(m.Header.Get("Subject"))
			if err != nil || subject != "Ahşap Atölyesi ödeme linkiniz: 1.250,00 TL" {
				t.Errorf("subject %q: %v", subject, err)
			}
			from, err := m.Header.AddressList("From")
			if err != nil || from[0].Name != "Ahşap Atölyesi" || from[0].Address != "odeme@shop.example" {
				t.Errorf("from %v: %v", from, err)
			}
			for name, want := range map[string]string{
				"To": "<ayse@ornek.example>", "Reply-To": "<destek@ahsap.example>", "Message-Id": "<msg_0000000000000000000001@shop.example>",
				"Date": "Sun, 22 Nov 2026 09:00:00 +0000", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0", "Bcc": "", "Cc": "", "User-Agent": "", "X-Mailer": "",
			} {
				if got := m.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			types, texts := parts(t, m)
			if fmt.Sprint(types) != "[text/plain text/html]" {
				t.Errorf("%v", types)
			}
			for _, want := range []string{"1.250,00\u00a0TL", "Sipariş no: SIP-1", "<b>kartınızla</b>", "Ödeme sayfasını aç:\r\n" + link + "\r\n"} {
				if !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(texts["text/plain"], "\r\n", "\n"), "\n", "\r\n"), want) {
					t.Errorf("the text lacks %q:\n%s", want, texts["text/plain"])
				}
			}
			page(t, texts["text/html"])
		})
	}
}

// page holds the page to what a mail may have: no script, no picture from elsewhere, one address and that shown as it
// is, typed markup as text.
func page(t *testing.T, text string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var words strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			words.WriteString(n.Data)
		}
		if n.Type == html.ElementNode {
			switch n.Data {
			case "script", "img", "link", "iframe", "form", "b":
				t.Errorf("<%s> in a mail", n.Data)
			}
			for _, a := range n.Attr {
				if (a.Key == "href" || a.Key == "src" || a.Key == "background") && a.Val != link {
					t.Errorf("%s=%q", a.Key, a.Val)
				}
				if strings.HasPrefix(a.Key, "on") || strings.Contains(a.Val, "url(") || strings.Contains(a.Val, "ZgotmplZ") {
					t.Errorf("%s=%q", a.Key, a.Val)
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	for _, want := range []string{"Ahşap Atölyesi", "1.250,00\u00a0TL", "<b>kartınızla</b>", link, "Ödeme sayfasını aç", "SIP-1"} {
		if !strings.Contains(words.String(), want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// C13: a second attempt is the same mail.
func TestC13_aSecondAttemptIsTheSameMail(t *testing.T) {
	s := mailserver.Start(t, mailserver.Options{})
	out := sender(t, s, "smtp", login)
	out.Send(t.Context(), message())
	out.Send(t.Context(), message(func(m *checkout.Message) { m.Attempts = 2 }))
	all := s.Mails()
	for _, name := range []string{"Message-Id", "Date", "Subject", "From", "To"} {
		if a, b := all[0].Read(t).Header.Get(name), all[1].Read(t).Header.Get(name); a != b || a == "" {
			t.Errorf("%s: %q and %q", name, a, b)
		}
	}
}

// A55: no name, subject or address ends a header, names a second recipient or adds a part.
func TestA55_headersAreNotInjected(t *testing.T) {
	s := mailserver.Start(t, mailserver.Options{Open: true})
	out := sender(t, s, "smtp", "")
	bad := "x\r\nBcc: evil@evil.example\r\n\r\n--body\nContent-Type: text/html\x00" + strings.Repeat("ş", 500)
	made := out.Send(t.Context(), message(func(m *checkout.Message) { m.Letter.Subject, m.Letter.Brand, m.Letter.Sum = bad, bad, bad }))
	if made.Error != "" {
		t.Fatalf("%+v", made)
	}
	got := s.Mails()[0]
	m := got.Read(t)
	if fmt.Sprint(got.To) != "[ayse@ornek.example]" || m.Header.Get("Bcc") != "" || m.Header.Get("Content-Type") == "text/html" {
		t.Errorf("%v %v", got.To, m.Header)
	}
	if types, _ := parts(t, m); len(types) != 2 {
		t.Errorf("%v", types)
	}
	for _, line := range strings.Split(string(got.Raw), "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d octets (RFC 5322, 2.1.1)", len(line))
		}
	}
	for _, to := range []string{"a@x.example, b@x.example", "a@x.example\r\nRCPT TO:<b@x.example>", "\"a b\"@x.example\nx", ""} {
		before := len(s.Mails())
		made := out.Send(t.Context(), message(func(m *checkout.Message) { m.To = to }))
		if made.Error == "" || len(s.Mails()) != before {
			t.Errorf("%q was written to: %+v", to, made)
		}
	}
}

// What a server's answers make of an attempt.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		stage     string
		says      error
		word      string
		permanent bool
		bounced   bool
	}{
		"no such mailbox":       {"to", mailserver.Says(550, [3]int{5, 1, 1}, "no such user ayse@ornek.example"), checkout.SentRecipient, true, true},
		"refused by policy":     {"to", mailserver.Says(550, [3]int{5, 7, 1}, "policy"), checkout.SentContent, true, false},
		"mailbox full, for now": {"to", mailserver.Says(452, [3]int{4, 2, 2}, "full"), checkout.SentServer, false, false},
		"grey list":             {"to", mailserver.Says(451, [3]int{4, 7, 1}, "later"), checkout.SentServer, false, false},
		"our sender":            {"from", mailserver.Says(553, [3]int{5, 7, 1}, "not yours"), checkout.SentSender, false, false},
		"the text":              {"data", mailserver.Says(554, [3]int{5, 6, 0}, "spam"), checkout.SentContent, true, false},
		"busy":                  {"data", mailserver.Says(421, [3]int{4, 3, 2}, "shutting down"), checkout.SentServer, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailserver.Start(t, mailserver.Options{Open: true})
			s.Fault(func(stage string) error {
				if stage == c.stage {
					return c.says
				}
				return nil
			})
			made := sender(t, s, "smtp", "").Send(t.Context(), message())
			if made.Error != c.word || made.Permanent != c.permanent || email.Bounced(made) != c.bounced || made.Unclear || made.Code == 0 {
				t.Errorf("%+v, bounced %v", made, email.Bounced(made))
			}
			if strings.Contains(made.Answer, "ayse@") || made.Answer == "" {
				t.Errorf("%q", made.Answer)
			}
		})
	}
}

func TestLostAnswersAndServers(t *testing.T) {
	t.Run("it takes the mail over and hangs up: nobody knows", func(t *testing.T) {
		s := mailserver.Start(t, mailserver.Options{Open: true})
		s.Cut(true)
		if made := sender(t, s, "smtp", "").Send(t.Context(), message()); made.Error == "" || !made.Unclear || made.Permanent || len(s.Mails()) != 1 {
			t.Errorf("%+v", made)
		}
	})
	t.Run("it hangs", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s := &mailserver.Server{Addr: l.Addr().String()}
		if made := sender(t, s, "smtp", "").Send(t.Context(), message()); made.Error != checkout.SendTimeout || made.Unclear {
			t.Errorf("%+v", made)
		}
	})
	t.Run("nobody is there", func(t *testing.T) {
		s := &mailserver.Server{Addr: testenv.FreeAddr(t)}
		if made := sender(t, s, "smtp", "").Send(t.Context(), message()); made.Error != checkout.SendBroken || made.Unclear || made.Permanent {
			t.Errorf("%+v", made)
		}
	})
	t.Run("its certificate is somebody else's", func(t *testing.T) {
		s, other := mailserver.Start(t, mailserver.Options{}), mailserver.Start(t, mailserver.Options{})
		s.Roots = other.Roots
		if made := sender(t, s, "smtp", login).Send(t.Context(), message()); made.Error != checkout.SendTLS || len(s.Mails()) != 0 {
			t.Errorf("%+v", made)
		}
	})
	t.Run("it has no TLS, and no password is told it", func(t *testing.T) {
		s := mailserver.Start(t, mailserver.Options{Plain: true})
		if made := sender(t, s, "smtp", login).Send(t.Context(), message()); made.Error != checkout.SendTLS || len(s.Mails()) != 0 {
			t.Errorf("%+v", made)
		}
	})
	t.Run("a wrong password", func(t *testing.T) {
		s := mailserver.Start(t, mailserver.Options{})
		made := sender(t, s, "smtp", mailserver.User+":wr0ng-p4ss@").Send(t.Context(), message())
		if made.Error != checkout.SentCredentials || made.Permanent || strings.Contains(made.Answer, "wr0ng") {
			t.Errorf("%+v", made)
		}
	})
	t.Run("on this machine TLS may be missing", func(t *testing.T) {
		s := mailserver.Start(t, mailserver.Options{Plain: true, Open: true})
		s.Roots = nil
		if made := sender(t, s, "smtp", "").Send(t.Context(), message()); made.Error != "" || len(s.Mails()) != 1 {
			t.Errorf("%+v", made)
		}
	})
}

// B9, and the colours: an accent that is none is ours, and the ink on it can be read.
func TestTestModeAndColours(t *testing.T) {
	s := mailserver.Start(t, mailserver.Options{Open: true})
	out := sender(t, s, "smtp", "")
	for accent, want := range map[string]string{"#ffee00": "background:#ffee00;color:#000000", "#0b6b5e": "background:#0b6b5e;color:#ffffff", "red;}": "background:#0b57d0;color:#ffffff", "": "background:#0b57d0;color:#ffffff"} {
		out.Send(t.Context(), message(func(m *checkout.Message) { m.Letter.Accent, m.Letter.Banner, m.Lang = accent, "TEST MODE", "en" }))
		all := s.Mails()
		m := all[len(all)-1].Read(t)
		_, texts := parts(t, m)
		if !strings.Contains(texts["text/html"], want) || strings.Contains(texts["text/html"], "red;") || !strings.Contains(texts["text/html"], `lang="en"`) {
			t.Errorf("%q: not %s", accent, want)
		}
		dec := new(mime.WordDecoder)
		subject, err := dec.DecodeHeader(m.Header.Get("Subject"))
		if !strings.HasPrefix(subject, "[TEST] ") || err != nil || !strings.Contains(texts["text/html"], "TEST MODE") || !strings.HasPrefix(texts["text/plain"], "TEST MODE") {
			t.Errorf("%q", subject)
		}
	}
}

func TestAddresses(t *testing.T) {
	const secret = "s3cret-p4ss"
	for address, want := range map[string]string{
		"smtp://u:p@mail.example/?from=odeme@shop.example":           "",
		"smtps://mail.example:2465?from=odeme@shop.example":          "",
		"imap://mail.example/":                                       "begins with neither smtp:// nor smtps://",
		"smtp://u@/?frm=x":                                           "frm= is not known|from= is missing: the address that mails are from|has a user without a password, or the reverse|names no host",
		"smtp://mail.example:99999/x?from=Odeme <odeme@x.example>":   "from= is no address like odeme@shop.example|has a path or fragment|has no port between 1 and 65535",
		"smtp://mail.example:0/x?from=Odeme%20%3Codeme@x.example%3E": "from= is no address like odeme@shop.example|has a path or fragment|has no port between 1 and 65535",
		"smtp://u:" + secret + "%zz@x/":                              "cannot be read as an address; write user and password with %-escapes",
	} {
		got := ""
		if err := email.CheckURL(address); err != nil {
			got = strings.ReplaceAll(err.Error(), "\n", "|")
		}
		if got != want && got+"|" != want || strings.Contains(got, secret) {
			t.Errorf("%s\n got %s\nwant %s", address, got, want)
		}
	}
}
