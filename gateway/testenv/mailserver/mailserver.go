// Package mailserver is a mail server for tests: it speaks SMTP with TLS as a provider's does, keeps what it is
// given, and is wrong where it is told to be. It delivers nothing to anybody.
package mailserver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// User and Password are the only ones that the server knows.
const (
	User     = "odelink"
	Password = "m4il-p4ssword"
)

// Options choose how the server differs from a good one with STARTTLS.
type Options struct {
	Implicit bool // TLS from the first byte
	Plain    bool // no TLS at all
	Open     bool // wants no password
}

// Mail is what was handed over.
type Mail struct {
	From string
	To   []string
	Raw  []byte
}

// Server is a running one.
type Server struct {
	Addr   string         // 127.0.0.1:port
	Roots  *x509.CertPool // that its certificate is signed by
	server *smtp.Server

	mu    sync.Mutex
	mails []Mail
	fault func(stage string) error
	cut   bool
}

// Start serves until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	certificate, roots := certify(t)
	s := &Server{Roots: roots}
	s.server = smtp.NewServer(backend{s, o})
	s.server.Domain, s.server.AllowInsecureAuth = "mail.example", o.Plain
	s.server.ErrorLog = silent{}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if !o.Plain {
		s.server.TLSConfig = config
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Addr = listener.Addr().String()
	if o.Implicit {
		listener = tls.NewListener(listener, config)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.server.Serve(listener) }() // ends with Close
	t.Cleanup(func() {
		_ = listener.Close() // the server knows it only once it serves
		_ = s.server.Close()
		<-done
	})
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// Mails are those that were handed over, in their order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Fault has the server answer an error at a stage: "from", "to" or "data". nil takes it back.
func (s *Server) Fault(f func(stage string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Cut has the server take mails over and hang up instead of saying so, each on its own connection.
func (s *Server) Cut(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = yes
}

// Says is an answer of the server, such as 550, "5.1.1", "no such user".
func Says(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: text}
}

func (s *Server) at(stage string) error {
	s.mu.Lock()
	f := s.fault
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(stage)
}

type backend struct {
	s *Server
	o Options
}

func (b backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{s: b.s, conn: c, known: b.o.Open, open: b.o.Open}, nil
}

type session struct {
	s           *Server
	conn        *smtp.Conn
	known, open bool
	mail        Mail
}

func (c *session) AuthMechanisms() []string {
	if c.open {
		return nil
	}
	return []string{sasl.Plain}
}

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return errors.New("no such user")
		}
		c.known = true
		return nil
	}), nil
}

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if !c.known {
		return smtp.ErrAuthRequired
	}
	c.mail = Mail{From: from}
	return c.s.at("from")
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.mail.To = append(c.mail.To, to)
	return c.s.at("to")
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := c.s.at("data"); err != nil {
		return err
	}
	c.mail.Raw = raw
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.mails = append(c.s.mails, c.mail)
	if c.s.cut {
		conn := c.conn.Conn()
		if secure, ok := conn.(*tls.Conn); ok {
			conn = secure.NetConn() // without a word, not even TLS' own
		}
		_ = conn.Close() // that is the fault
	}
	return nil
}

func (c *session) Reset()        { c.mail = Mail{} }
func (c *session) Logout() error { return nil }

// Read takes a mail apart.
func (m Mail) Read(t testing.TB) *mail.Message {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// certify makes a certificate for 127.0.0.1, good for the test.
func certify(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
