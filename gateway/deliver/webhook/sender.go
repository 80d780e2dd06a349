package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	// Patience bounds one attempt, from the name's look-up to the end of the answer (A53).
	Patience = 15 * time.Second
	// maxRead is how much of an answer is read, its head and its body each (A53). Nothing of it is kept.
	maxRead = 64 << 10
	// nameTime bounds a look-up while somebody waits for an endpoint to be saved.
	nameTime = 5 * time.Second
)

// Config is what a Sender takes from outside; the zero value is for real merchants.
type Config struct {
	// Loopback lets http and https go to this machine, in demo.
	Loopback bool
	Clock    checkout.Clock
	// Patience bounds one attempt; 0 = 15 s. Tests only.
	Patience time.Duration
	// Lookup finds a host's addresses; nil = the system's resolver.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	// Roots are the certificate authorities that count; nil = the system's.
	Roots *x509.CertPool
}

// Sender sends. It is safe for concurrent use.
type Sender struct {
	Config
	loopback bool
	lookup   func(ctx context.Context, network, host string) ([]netip.Addr, error)
	clients  map[string]*http.Client // by scheme
}

// New makes a sender. Every attempt has a connection of its own, so that every attempt looks the host up and
// checks what it dials; no proxy of the environment stands in between.
func New(c Config) *Sender {
	s := &Sender{Config: c, loopback: c.Loopback, lookup: c.Lookup, clients: map[string]*http.Client{}}
	if s.Patience == 0 {
		s.Patience = Patience
	}
	if s.lookup == nil {
		s.lookup = net.DefaultResolver.LookupNetIP
	}
	for _, scheme := range []string{"https", "http"} {
		s.clients[scheme] = &http.Client{
			Transport: &http.Transport{
				DialContext: s.dial(scheme), DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxRead,
				TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots},
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return s
}

// Message is what one attempt sends.
type Message struct {
	Endpoint checkout.Endpoint
	ID       string // webhook-id: of the event, the same in every attempt
	Request  string // names the attempt
	Number   int
	Body     []byte
}

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, m Message) checkout.Send {
	at := s.Clock.Now()
	start := time.Now() // how long it takes is measured; no decision depends on it
	code, word := s.send(ctx, m, at)
	return checkout.Send{Number: m.Number, At: at, Took: time.Since(start), Code: code, Error: word}
}

func (s *Sender) send(ctx context.Context, m Message, at time.Time) (code int, word string) {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	u, err := s.target(m.Endpoint.URL)
	if err != nil {
		return 0, checkout.SendTarget
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(m.Body))
	if err != nil {
		return 0, checkout.SendTarget
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Odelink-Webhooks/1")
	req.Header.Set("X-Request-Id", m.Request)
	req.Header.Set(HeaderID, m.ID)
	req.Header.Set(HeaderTimestamp, timestamp(at))
	req.Header.Set(HeaderSignature, Signature(m.Endpoint.Secrets(at), m.ID, at, m.Body))
	resp, err := s.clients[u.Scheme].Do(req)
	if err != nil {
		return 0, wordOf(ctx, err)
	}
	defer resp.Body.Close()
	// Read so that a receiver that is still writing is not cut off; what it says changes nothing.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxRead))
	return resp.StatusCode, wordOfStatus(resp.StatusCode)
}

func wordOfStatus(code int) string {
	switch {
	case code >= 200 && code < 300:
		return ""
	case code >= 300 && code < 400:
		return checkout.SendRedirect
	case code == http.StatusGone:
		return checkout.SendGone
	}
	return checkout.SendStatus
}

// wordOf says in a word of ours why there was no answer.
func wordOf(ctx context.Context, err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var slow net.Error
	switch {
	case errors.As(err, &refused{}):
		return checkout.SendTarget
	case ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		return checkout.SendTimeout
	case errors.As(err, &name):
		return checkout.SendName
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		return checkout.SendTLS
	}
	return checkout.SendBroken
}

// Check sends an event of type ping, which is about nothing and stands in no list.
func (s *Sender) Check(ctx context.Context, e checkout.Endpoint, id checkout.EventID) checkout.Send {
	now := s.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	body := `{"id":"` + string(id) + `","type":"ping","created_at":"` + now + `","sequence":1,"data":{"endpoint":"` + string(e.ID) + `"}}`
	return s.Send(ctx, Message{Endpoint: e, ID: string(id), Request: string(id), Number: 1, Body: []byte(body)})
}
