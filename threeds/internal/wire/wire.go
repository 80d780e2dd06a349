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

// What a dialect says of itself, in short names for those who write one.
type (
	Info       = checkout.KindInfo
	Mode       = checkout.ModeInfo
	Credential = checkout.CredentialInfo
	Bank       = checkout.BankInfo
)
