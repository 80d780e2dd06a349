// Package threeds is the front door of the banks: it lists the dialects and opens acquirers from accounts.
//
//	threeds.New(Config)   → *Banks, a checkout.Banks
//	Banks.Kinds()         what can be opened, for forms and documents
//	Banks.Check(account)  everything that is missing or wrong in its settings
//	Banks.Open(account)   a checkout.Acquirer, with the powers its dialect has
//
// It deliberately holds no account and no payment, and knows nothing of any dialect but its name: a new bank is one
// folder beside this file and one line in it.
package threeds

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
	"github.com/odelink/odelink/threeds/payfor"
)

// dialects is every bank language, in the order in which people see them.
func dialects() []wire.Dialect {
	return []wire.Dialect{
		payfor.Dialect(),
	}
}

// What a kind says of itself, and how long banks may take.
type (
	KindInfo       = checkout.KindInfo
	ModeInfo       = checkout.ModeInfo
	CredentialInfo = checkout.CredentialInfo
	BankInfo       = checkout.BankInfo
	// Timeouts bound the calls to banks; zero fields take defaults.
	Timeouts = wire.Timeouts
)

// ErrNotSent is in the chain of an error when no byte of the message can have left. It helps a reader of logs; the
// payment's state must not hang on it.
var ErrNotSent = wire.ErrNotSent

// Config is how the banks are reached. The zero value works.
type Config struct {
	Timeouts Timeouts
	// Proxy is the way out, if there is one; the environment is never asked for it.
	Proxy *url.URL
	// AllowLoopback admits banks on this machine, over plain http too: the simulated bank, in demo and tests only.
	AllowLoopback bool
	// Hosts are further hosts at which merchants may say that their bank is, beside those that the dialects know.
	Hosts []string
	// Transport replaces the HTTP transport, for tests. nil is one with TLS 1.2 or newer and every limit set.
	Transport http.RoundTripper
	// Clock dates messages; nil is the system's.
	Clock checkout.Clock
	// Rand makes the order numbers of self-tests; nil is crypto/rand.
	Rand io.Reader
}

// systemClock is time.Now.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// Banks opens acquirers. It is safe for concurrent use.
type Banks struct {
	list  []wire.Dialect
	hosts []string
	deps  wire.Deps
}

var _ checkout.Banks = (*Banks)(nil)

// New makes the banks; it calls none of them.
func New(c Config) *Banks {
	source, clock := c.Rand, c.Clock
	if source == nil {
		source = rand.Reader
	}
	if clock == nil {
		clock = systemClock{}
	}
	return &Banks{
		list: dialects(), hosts: c.Hosts,
		deps: wire.Deps{
			Client:        wire.NewClient(wire.ClientConfig{Outside: !c.AllowLoopback, Timeouts: c.Timeouts, Proxy: c.Proxy, Transport: c.Transport}),
			Clock:         clock,
			IDs:           checkout.NewIDs(source),
			AllowLoopback: c.AllowLoopback,
		},
	}
}

// Close drops idle connections to banks.
func (b *Banks) Close() { b.deps.Client.Close() }

// Timeouts are those in force, defaults filled in. A payment's lease must outlive Timeouts().Money (invariant I22).
func (b *Banks) Timeouts() Timeouts { return b.deps.Client.Timeouts }

// Kinds lists what can be opened.
func (b *Banks) Kinds() []KindInfo {
	out := make([]KindInfo, len(b.list))
	for i, d := range b.list {
		out[i] = d.Info
	}
	return out
}

// Kind describes one kind.
func (b *Banks) Kind(name string) (KindInfo, bool) {
	d, ok := b.dialect(name)
	return d.Info, ok
}

// BankOf finds the bank that an account is at, for its defaults. An unknown kind or choice has none.
func (b *Banks) BankOf(a checkout.Account) (BankInfo, bool) {
	d, ok := b.dialect(a.Kind)
	if !ok {
		return BankInfo{}, false
	}
	for _, bank := range d.Info.Banks {
		if chosen(d.Info, bank, a.Credentials) {
			return bank, true
		}
	}
	return BankInfo{}, false
}

func chosen(i KindInfo, bank BankInfo, have checkout.Secrets) bool {
	for _, c := range i.Credentials {
		want, asked := bank.When[c.Name]
		value := have[c.Name]
		if value == "" {
			value = c.Default
		}
		if asked && value != want {
			return false
		}
	}
	return true
}

func (b *Banks) dialect(kind string) (wire.Dialect, bool) {
	for _, d := range b.list {
		if d.Info.Kind == kind {
			return d, true
		}
	}
	return wire.Dialect{}, false
}

// Check lists everything that is missing or wrong in an account's settings as one Invalid error, fields named as in
// the API ("credentials.user_pass", "base_url"); nil when Open will succeed. It calls no bank: Verifier does.
func (b *Banks) Check(a checkout.Account) error {
	d, ok := b.dialect(a.Kind)
	if !ok {
		known := make([]string, len(b.list))
		for i, one := range b.list {
			known[i] = one.Info.Kind
		}
		return checkout.Invalid(checkout.FieldError{Field: "kind", Code: "unknown_value", Args: map[string]string{"known": strings.Join(known, ", ")}})
	}
	if errs := d.Check(a, b.deps.AllowLoopback); len(errs) > 0 {
		return checkout.Invalid(errs...)
	}
	return nil
}

// Open makes an acquirer from an account. Missing and wrong settings are reported together, as by Check.
func (b *Banks) Open(a checkout.Account) (checkout.Acquirer, error) {
	if err := b.Check(a); err != nil {
		return nil, fmt.Errorf("opening account %s: %w", a.ID, err)
	}
	d, _ := b.dialect(a.Kind) // Check found it
	return d.Open(a, b.deps), nil
}

// Complete fills in what an account leaves to its bank: the mode, the bank's own issuers and programmes.
func (b *Banks) Complete(a checkout.Account) checkout.Account {
	if m, ok := b.mode(a.Kind, a.Mode); ok {
		a.Mode = m.Name
	}
	bank, ok := b.BankOf(a)
	if !ok {
		return a
	}
	if a.Issuers == nil {
		a.Issuers = bank.Issuers
	}
	if a.Programs == nil {
		a.Programs = bank.Programs
	}
	return a
}

// Known says whether an account's address is the bank's own, or of a host that the operator named. Cards are sent
// there, so no key of a merchant may name another. It does not look at addresses that Check refuses.
func (b *Banks) Known(a checkout.Account) bool {
	u, err := url.Parse(a.BaseURL)
	if err != nil || a.BaseURL == "" || b.deps.AllowLoopback && wire.Loopback(u.Hostname()) {
		return true
	}
	d, _ := b.dialect(a.Kind)
	for _, bank := range d.Info.Banks {
		for _, own := range []string{bank.BaseURL, bank.TestURL} {
			if known, err := url.Parse(own); err == nil && strings.EqualFold(known.Host, u.Host) {
				return true
			}
		}
	}
	return slices.ContainsFunc(b.hosts, func(host string) bool { return strings.EqualFold(host, u.Host) })
}

// Another says in which credentials an account names another merchant at the bank than it did.
func (b *Banks) Another(was, now checkout.Account) (names []string) {
	d, _ := b.dialect(now.Kind)
	value := func(a checkout.Account, c CredentialInfo) string { return cmp.Or(a.Credentials[c.Name], c.Default) }
	for _, c := range d.Info.Credentials {
		if c.Fixed && value(was, c) != value(now, c) {
			names = append(names, c.Name)
		}
	}
	return names
}

// Shown are the credentials of a kind that are no secrets.
func (b *Banks) Shown(kind string) (names []string) {
	d, _ := b.dialect(kind)
	for _, c := range d.Info.Credentials {
		if !c.Secret {
			names = append(names, c.Name)
		}
	}
	return names
}

// OneStep says whether accounts of this kind and mode charge before the browser returns. The mode "" is the kind's
// default. Unknown ones count as one-step: the careful reading.
func (b *Banks) OneStep(kind, mode string) bool {
	m, ok := b.mode(kind, mode)
	return !ok || m.OneStep
}

// HostedCard says whether the bank's own page takes the card.
func (b *Banks) HostedCard(kind, mode string) bool {
	m, ok := b.mode(kind, mode)
	return ok && m.HostedCard
}

func (b *Banks) mode(kind, mode string) (ModeInfo, bool) {
	d, ok := b.dialect(kind)
	if !ok {
		return ModeInfo{}, false
	}
	return d.Info.Mode(mode)
}
