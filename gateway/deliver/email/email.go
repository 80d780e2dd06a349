// Package email lays letters out as mails and hands them to a mail server over TLS. It deliberately writes no words of
// its own, retries nothing, and puts nothing into a mail that tells who has read it.
//
//	smtp://USER:PASSWORD@mail.example:587/?from=odeme@shop.example    STARTTLS, required but to this machine
//	smtps://USER:PASSWORD@mail.example:465/?from=odeme@shop.example   TLS from the first byte
//
// One mail has one recipient. Its Message-ID follows from the message's id, so a mail that is handed over a second
// time is the same mail (C13).
package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/odelink/odelink/checkout"
)

const (
	// Patience bounds one attempt, from the look-up of the name to the server's last word.
	Patience = 30 * time.Second
	// maxAnswer is how much of a server's words is kept.
	maxAnswer = 200
)

// ports are those of the schemes (RFC 6409, RFC 8314).
var ports = map[string]int{"smtp": 587, "smtps": 465}

// Config is what a Sender is made of.
type Config struct {
	URL   string
	Clock checkout.Clock
	// Patience bounds one attempt; 0 = 30 s. Roots are the authorities that count; nil = the system's. Tests only.
	Patience time.Duration
	Roots    *x509.CertPool
}

// Sender sends by one server. It is safe for concurrent use, and prints without its secrets.
type Sender struct {
	clock    checkout.Clock
	patience time.Duration
	frame    *frame
	address  address
	roots    *x509.CertPool
}

// address is what a setting says.
type address struct {
	host           string
	port           int
	implicit       bool // TLS from the first byte
	local          bool // this machine: TLS may be missing
	user, password string
	from           string
}

func (s *Sender) String() string       { return "mail by " + s.address.host }
func (s *Sender) GoString() string     { return s.String() }
func (s *Sender) LogValue() slog.Value { return slog.StringValue(s.String()) }

// CheckURL lists every mistake of an address, none of which repeats a secret.
func CheckURL(text string) error {
	_, err := read(text)
	return err
}

// New reads an address and the templates.
func New(c Config) (*Sender, error) {
	a, err := read(c.URL)
	if err != nil {
		return nil, err
	}
	f, err := newFrame()
	if err != nil {
		return nil, err
	}
	s := &Sender{clock: c.Clock, patience: c.Patience, frame: f, address: a, roots: c.Roots}
	if s.patience == 0 {
		s.patience = Patience
	}
	return s, nil
}

// read takes an address apart.
func read(text string) (a address, err error) {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return a, errors.New("cannot be read as an address; write user and password with %-escapes")
	}
	var errs []error
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	port, known := ports[u.Scheme]
	if !known {
		return a, errors.New("begins with neither smtp:// nor smtps://")
	}
	a = address{host: u.Hostname(), port: port, implicit: u.Scheme == "smtps", user: u.User.Username(), from: u.Query().Get("from")}
	a.password, _ = u.User.Password()
	a.local = loopback(a.host)
	if a.host == "" {
		add("names no host")
	}
	if p := u.Port(); p != "" {
		if a.port, err = strconv.Atoi(p); err != nil || a.port < 1 || a.port > 65535 {
			add("has no port between 1 and 65535")
		}
	}
	if (a.user == "") != (a.password == "") {
		add("has a user without a password, or the reverse")
	}
	switch {
	case a.from == "":
		add("from= is missing: the address that mails are from")
	case checkout.NormalEmail(a.from) != a.from:
		add("from= is no address like odeme@shop.example")
	}
	for name, values := range u.Query() {
		if name != "from" {
			add("%s= is not known", name)
		} else if len(values) > 1 {
			add("%s= stands twice", name)
		}
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		add("has a path or fragment")
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return a, errors.Join(errs...)
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Repeat: mail servers refuse no repetitions.
func (s *Sender) Repeat() time.Duration { return 0 }

// Build lays a message out, without sending it.
func (s *Sender) Build(m checkout.Message) (*mail.Msg, error) {
	return s.frame.build(m, s.address.from)
}

// Page is the mail's page alone, as a mail program shows it.
func (s *Sender) Page(m checkout.Message) (string, error) { return s.frame.html(m) }

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, m checkout.Message) checkout.MessageSend {
	at, start := s.clock.Now(), time.Now() // how long it takes is measured; no decision depends on it
	made := checkout.MessageSend{Number: m.Attempts, At: at}
	s.attempt(ctx, m, &made)
	made.Took = time.Since(start)
	return made
}

func (s *Sender) attempt(ctx context.Context, m checkout.Message, made *checkout.MessageSend) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	msg, err := s.Build(m)
	if err != nil {
		made.Error, made.Permanent, made.Answer = checkout.SentContent, true, s.masked(m, err.Error())
		return
	}
	client, err := s.client()
	if err != nil {
		made.Error, made.Answer = checkout.SentServer, s.masked(m, err.Error())
		return
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		made.Error, made.Answer = wordOf(ctx, err), s.masked(m, err.Error())
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // cuts off a server that hangs
	err = client.SendWithSMTPClient(conn, msg)
	stop()
	_ = client.CloseWithSMTPClient(conn) // the mail is handed over, or not: a farewell changes nothing
	if err == nil || msg.IsDelivered() {
		made.Code, made.Reference = 250, s.masked(m, msg.ServerResponse())
		return
	}
	refusal(ctx, err, made)
	made.Answer = s.masked(m, err.Error())
}

// client is a fresh one: its timeouts are those of one attempt.
func (s *Sender) client() (*mail.Client, error) {
	a := s.address
	options := []mail.Option{
		mail.WithPort(a.port), mail.WithTimeout(s.patience), mail.WithHELO(domainOf(a.from)), mail.WithoutNoop(),
		mail.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: a.host, RootCAs: s.roots}),
	}
	switch {
	case a.implicit:
		options = append(options, mail.WithSSL())
	case a.local && s.roots == nil:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if a.user != "" {
		options = append(options, mail.WithUsername(a.user), mail.WithPassword(a.password), mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover))
	}
	return mail.NewClient(a.host, options...)
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// refusal reads what a server said no with, and when.
func refusal(ctx context.Context, err error, made *checkout.MessageSend) {
	var said *mail.SendError
	if !errors.As(err, &said) {
		made.Error = wordOf(ctx, err)
		return
	}
	made.Code = said.ErrorCode()
	made.Permanent = made.Code >= 500
	switch {
	case made.Code == 0:
		// The connection ended. Whatever the server has read whole, it may have taken over.
		made.Error, made.Unclear = wordOf(ctx, err), said.Reason == mail.ErrSMTPDataClose
	case made.Code < 500:
		made.Error = checkout.SentServer
	case said.Reason == mail.ErrSMTPMailFrom:
		made.Error, made.Permanent = checkout.SentSender, false // the operator's to mend
	case said.Reason == mail.ErrSMTPRcptTo && !strings.HasPrefix(said.EnhancedStatusCode(), "5.7"):
		made.Error = checkout.SentRecipient
	case made.Code == 530 || made.Code == 535:
		made.Error, made.Permanent = checkout.SentCredentials, false
	default:
		made.Error = checkout.SentContent
	}
}

// Bounced says whether an attempt found that there is no such mailbox (RFC 3463, X.1.x).
func Bounced(made checkout.MessageSend) bool {
	return made.Error == checkout.SentRecipient && made.Permanent
}

// wordOf says in a word of ours why there was no answer.
func wordOf(ctx context.Context, err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var slow net.Error
	text := err.Error()
	switch {
	case ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		return checkout.SendTimeout
	case errors.As(err, &name):
		return checkout.SendName
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), strings.Contains(text, "STARTTLS"):
		return checkout.SendTLS
	case strings.Contains(text, "535"), strings.Contains(text, "AUTH"), strings.Contains(text, "authentication"):
		return checkout.SentCredentials
	}
	return checkout.SendBroken
}

// masked is what a server or library said without secrets, addresses and line ends, cut.
func (s *Sender) masked(m checkout.Message, text string) string {
	for _, secret := range []string{s.address.password, s.address.user, m.To} {
		if len(secret) > 3 {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if checkout.HoldsCard(text) {
		return "***"
	}
	for i := range text {
		if i > maxAnswer {
			return text[:i]
		}
	}
	return text
}
