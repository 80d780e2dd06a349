// Package wire is what the banks' dialects share: how a dialect describes and opens itself, an HTTP client that
// tells "not sent" from "no answer", forms and XML written and read strictly, amounts, signatures, and texts made
// safe for the audit trail.
//
// It deliberately knows no dialect: no field name, no code and no address of any bank is here. It logs nothing, and
// its errors hold neither a message nor a value of one.
package wire

import (
	"github.com/odelink/odelink/checkout"
)

// Dialect is one bank language as the front door sees it.
type Dialect struct {
	Info Info
	// Check lists everything that is missing or wrong in an account's settings, nil when it can be opened.
	Check func(a checkout.Account, allowLoopback bool) []checkout.FieldError
	// Open makes an acquirer from an account that Check passed.
	Open func(a checkout.Account, d Deps) checkout.Acquirer
}

// Deps is what a dialect gets from outside.
type Deps struct {
	Client        *Client
	Clock         checkout.Clock // for messages that carry a date
	IDs           *checkout.IDs  // order numbers and nonces of self-tests; payments bring their own
	AllowLoopback bool           // banks on this machine over plain http: demo and tests only
}

// Info describes a dialect for the panel, the API and the doctor.
type Info struct {
	Kind        string // as in accounts: "payfor"
	Name        string // for people
	Modes       []Mode // the first is the default
	Credentials []Credential
	Currencies  []checkout.Currency // what the dialect can write for certain
	Banks       []Bank              // where the dialect is spoken
}

// Mode is one way of taking a payment.
type Mode struct {
	Name       string
	OneStep    bool // the bank charges before the browser returns
	HostedCard bool // the bank's own page takes the card
}

// Credential is one setting of an account.
type Credential struct {
	Name     string // the sheet's name in lower snake case
	Secret   bool   // never shown again
	Required bool
	Default  string // used when it is left out
}

// Bank is a place where a dialect is spoken, and the defaults of accounts there.
type Bank struct {
	Name     string
	When     map[string]string // credentials that choose this bank, like mbr_id 5
	BaseURL  string            // production
	TestURL  string
	Issuers  []string // TCMB codes of its own cards
	Programs []string // instalment programmes that its virtual POS takes
}

// Mode finds a mode by name; "" is the default.
func (i Info) Mode(name string) (Mode, bool) {
	for n, m := range i.Modes {
		if m.Name == name || (name == "" && n == 0) {
			return m, true
		}
	}
	return Mode{}, false
}
