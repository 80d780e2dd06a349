// Package sms hands text messages to a provider over HTTPS. A provider is one file: how its request looks and what
// its answers mean. The package deliberately knows nothing of links and merchants, retries nothing, and never
// lets a provider's answer decide anything but what became of this one attempt.
//
//	netgsm://USER:PASSWORD@api.netgsm.com.tr/?header=SHOP
//	iletimerkezi://KEY:HASH@api.iletimerkezi.com/?header=SHOP
//	https+json://USER:PASSWORD@sms.example/send?header=SHOP    any other, see generic.go
//
// encoding= is turkish (default), ascii (letters without their signs) or unicode. http is spoken to this machine only.
package sms

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	// Patience bounds one attempt, from the look-up of the name to the end of the answer.
	Patience = 20 * time.Second
	// maxRead is how much of an answer is read.
	maxRead = 64 << 10
	// maxHeader is how long a sender's name may be (domain sheet, 4.1).
	maxHeader = 11
	// maxAnswer is how much of an answer's own words is kept.
	maxAnswer = 200
)

// provider is one company's interface.
type provider interface {
	// request makes the request for one text to one number, in the form +905321234567. id is ours, and the same in
	// every attempt.
	request(ctx context.Context, base *url.URL, to, text, id string) (*http.Request, error)
	// verdict reads an answer that came whole.
	verdict(status int, body []byte) verdict
	// repeat is within which time the provider refuses the same text to the same number; 0 = it does not.
	repeat() time.Duration
}

// verdict is what an answer says.
type verdict struct {
	word      string // "" = taken over; else one of checkout.Sent…
	reference string // the provider's number of the message
	words     string // its own words
	code      string // its own code
	permanent bool
	unclear   bool
}

// kind is one provider's name and how it is made from an address's parameters.
type kind struct {
	scheme string
	params []string // that it knows beside header and encoding
	open   func(c settings) (provider, error)
}

// kinds lists the providers.
var kinds = []kind{
	{"netgsm", []string{"appname", "iysfilter"}, openNetgsm},
	{"iletimerkezi", []string{"iys"}, openIletiMerkezi},
	{"https+json", genericParams, openGeneric},
	{"http+json", genericParams, openGeneric},
}

// settings are what an address says.
type settings struct {
	header string
	user   string
	secret string
	params url.Values
}

// Config is what a Sender is made of.
type Config struct {
	URL   string
	Clock checkout.Clock
	// Patience bounds one attempt; 0 = 20 s. Roots are the authorities that count; nil = the system's. Tests only.
	Patience time.Duration
	Roots    *x509.CertPool
}

// Sender sends by one provider. It is safe for concurrent use, and prints without its secrets.
type Sender struct {
	clock    checkout.Clock
	patience time.Duration
	base     *url.URL // without user and parameters
	scheme   string
	encode   func(string) string
	provider provider
	secrets  []string // never to be told
	client   *http.Client
}

func (s *Sender) String() string       { return "sms by " + s.scheme + " at " + s.base.Host }
func (s *Sender) GoString() string     { return s.String() }
func (s *Sender) LogValue() slog.Value { return slog.StringValue(s.String()) }

// CheckURL lists every mistake of an address, none of which repeats a secret.
func CheckURL(text string) error {
	_, err := New(Config{URL: text})
	return err
}

// New reads an address.
func New(c Config) (*Sender, error) {
	u, err := url.Parse(text(c.URL))
	if err != nil {
		return nil, errors.New("cannot be read as an address; write user and password with %-escapes")
	}
	at := slices.IndexFunc(kinds, func(k kind) bool { return k.scheme == u.Scheme })
	if at < 0 {
		names := make([]string, len(kinds))
		for i, k := range kinds {
			names[i] = k.scheme + "://"
		}
		return nil, fmt.Errorf("begins with none of %s", strings.Join(names, " "))
	}
	k := kinds[at]
	set := settings{params: u.Query(), header: u.Query().Get("header"), user: u.User.Username()}
	set.secret, _ = u.User.Password()
	s := &Sender{clock: c.Clock, patience: c.Patience, scheme: k.scheme, secrets: []string{set.secret}}
	if s.patience == 0 {
		s.patience = Patience
	}
	errs := s.read(u, k, set)
	if s.provider, err = k.open(set); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	// A connection for each message: one that was kept may be closed under a request, and nobody would know whether
	// it had arrived.
	s.client = &http.Client{
		Transport: &http.Transport{
			DialContext: (&net.Dialer{Timeout: s.patience}).DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots},
			DisableKeepAlives: true, MaxResponseHeaderBytes: maxRead, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, nil
}

func text(s string) string { return strings.TrimSpace(s) }

// read takes what every provider's address has, and answers its mistakes.
func (s *Sender) read(u *url.URL, k kind, set settings) (errs []error) {
	add := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if u.Hostname() == "" {
		add("names no host")
	}
	s.base = &url.URL{Scheme: "https", Host: u.Host, Path: u.Path}
	switch local := loopback(u.Hostname()); {
	case k.scheme == "http+json" && !local:
		add("http+json:// is for this machine only; messages hold addresses of people")
	case local && k.scheme != "https+json":
		s.base.Scheme = "http"
	}
	if u.Fragment != "" {
		add("has a fragment; escape # as %%23")
	}
	if set.header == "" && k.scheme != "https+json" && k.scheme != "http+json" {
		add("header= is missing: the sender's name that the provider has approved")
	} else if len(set.header) > maxHeader && !strings.HasPrefix(set.header, "+") {
		add("header= has more than %d characters", maxHeader)
	}
	for name, values := range set.params {
		if name != "header" && name != "encoding" && !slices.Contains(k.params, name) {
			add("%s= is not known", name)
		} else if len(values) > 1 {
			add("%s= stands twice", name)
		}
	}
	switch set.params.Get("encoding") {
	case "", "turkish", "unicode":
		s.encode = func(text string) string { return text }
	case "ascii":
		s.encode = Latin
	default:
		add("encoding= is turkish, ascii or unicode")
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Repeat is within which time the provider refuses the same text to the same number; 0 = it does not.
func (s *Sender) Repeat() time.Duration { return s.provider.repeat() }

// Size counts a text as it is sent.
func (s *Sender) Size(text string) checkout.TextSize { return Measure(s.encode(text)) }

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, m checkout.Message) checkout.MessageSend {
	at, start := s.clock.Now(), time.Now() // how long it takes is measured; no decision depends on it
	made := checkout.MessageSend{Number: m.Attempts, At: at}
	status, v := s.send(ctx, m)
	made.Took, made.Code, made.Error, made.Reference = time.Since(start), status, v.word, cut(v.reference, 64)
	made.Permanent, made.Unclear = v.permanent, v.unclear
	made.Answer = s.masked(strings.TrimSpace(v.code + " " + v.words))
	return made
}

func (s *Sender) send(ctx context.Context, m checkout.Message) (status int, v verdict) {
	if !checkout.TurkishMobile(m.To) {
		return 0, verdict{word: checkout.SentRecipient, permanent: true, words: "not a mobile number registered in Türkiye: copy the link"}
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	req, err := s.provider.request(ctx, s.base, m.To, s.encode(m.Letter.Text), string(m.ID))
	if err != nil {
		return 0, verdict{word: checkout.SentContent, permanent: true}
	}
	sent := &reach{}
	resp, err := s.client.Do(req.WithContext(sent.trace(ctx)))
	if err != nil {
		return 0, verdict{word: wordOf(ctx, err), unclear: sent.wrote.Load()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRead))
	if err != nil {
		return resp.StatusCode, verdict{word: wordOf(ctx, err), unclear: true}
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return resp.StatusCode, verdict{word: checkout.SendRedirect}
	}
	return resp.StatusCode, s.provider.verdict(resp.StatusCode, body)
}

// wordOf says in a word of ours why there was no answer.
func wordOf(ctx context.Context, err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var slow net.Error
	switch {
	case ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		return checkout.SendTimeout
	case errors.As(err, &name):
		return checkout.SendName
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		return checkout.SendTLS
	}
	return checkout.SendBroken
}

// byStatus is the verdict of an answer whose body says nothing of use.
func byStatus(status int) verdict {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return verdict{word: checkout.SentCredentials}
	case status == http.StatusTooManyRequests || status == http.StatusPaymentRequired:
		return verdict{word: checkout.SentQuota}
	case status >= 500:
		return verdict{word: checkout.SentServer}
	case status >= 400:
		return verdict{word: checkout.SentContent, permanent: true}
	}
	// It took the request and said something that nobody understands: the message may be on its way.
	return verdict{word: checkout.SentGarbage, unclear: true}
}

// masked is a provider's words without secrets, digits of people and line ends, cut.
func (s *Sender) masked(words string) string {
	for _, secret := range s.secrets {
		if len(secret) > 3 {
			words = strings.ReplaceAll(words, secret, "***")
		}
	}
	var b strings.Builder
	digits := 0
	for _, r := range words {
		switch {
		case r < ' ' || r == 0x7f:
			r = ' '
		case r >= '0' && r <= '9':
			if digits++; digits > maxDigits {
				r = '*'
			}
		}
		if r < '0' || r > '9' {
			if r != '*' {
				digits = 0
			}
		}
		b.WriteRune(r)
	}
	return cut(b.String(), maxAnswer)
}

// maxDigits is how many digits in a row are kept of an answer: codes have fewer, numbers of phones and cards more.
const maxDigits = 5

// cut shortens a text to whole characters.
func cut(text string, max int) string {
	text = strings.ToValidUTF8(text, "?")
	for i := range text {
		if i > max {
			return text[:i]
		}
	}
	return text
}

// post makes a request with a JSON body.
func post(ctx context.Context, u *url.URL, path string, body []byte) (*http.Request, error) {
	to := *u
	if path != "" {
		to.Path = strings.TrimSuffix(to.Path, "/") + path
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", "application/json; charset=utf-8")
		req.Header.Set("Accept", "application/json")
		req.Header.Set("User-Agent", "Odelink/1")
	}
	return req, err
}
