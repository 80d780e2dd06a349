// Package payfor speaks PayFor, the virtual POS of QNB Finansbank (MbrId 5) and Ziraat Katılım (MbrId 12).
//
//	Begin      POST Default.aspx, the answer reduced to its form     (3DModel, 3DPay)
//	           a form for the browser to 3DHost.aspx                 (3DHost)
//	Judge      the callback's fields, shapes and ResponseHash
//	Authorize  XMLGate.aspx 3DModelPayment: the call that moves money (3DModel only)
//	Inquire, Void, Refund, Capture, Verify, List   XMLGate.aspx
//
// It deliberately does not speak the text and JSON faces of the same engine, pays nothing without 3-D Secure, and
// leaves the bank's points, payment links, recurring payments and batch closing alone.
//
// One field of a genuine callback can be changed and the rest still be believed: RequestGuid, the bank's ticket for the
// completion call, is under no hash of the protocol, and no other field repeats it. A payer who changes it in his own
// browser takes nobody's money: the completion names ticket and order, the bank holds no such pair and charges nothing,
// the link stays taken while the bank is asked by our order number, and its "not charged" ends the payment as declined.
// A bank that went by the ticket alone would answer with the order of the ticket, which is no yes for ours.
//
// Sections in comments are those of the protocol sheet payfor.md; A, C and I numbers are the threat model's.
package payfor

import (
	"fmt"
	"log/slog"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// The modes an account may have.
const (
	Mode3DModel = "3dmodel" // two steps: nothing moves before Authorize
	Mode3DPay   = "3dpay"   // the bank charges before the callback
	Mode3DHost  = "3dhost"  // as 3dpay, with the card typed on the bank's page
)

// The banks that speak PayFor, by MbrId (section 1).
const (
	mbrQNB     = "5"
	mbrKatilim = "12"
)

// Dialect is what the front door lists.
func Dialect() wire.Dialect {
	return wire.Dialect{
		Info: info(),
		Check: func(a checkout.Account, allowLoopback bool) []checkout.FieldError {
			_, errs := decode(a, allowLoopback)
			return errs
		},
		Open: open,
	}
}

func info() wire.Info {
	return wire.Info{
		Kind: "payfor",
		Name: "PayFor (QNB, Ziraat Katılım)",
		Modes: []wire.Mode{
			{Name: Mode3DModel},
			{Name: Mode3DPay, OneStep: true},
			{Name: Mode3DHost, OneStep: true, HostedCard: true},
		},
		Credentials: []wire.Credential{
			{Name: "merchant_id", Required: true, Fixed: true},
			{Name: "user_code", Required: true},
			{Name: "user_pass", Secret: true, Required: true},
			{Name: "merchant_pass", Secret: true, Required: true},
			{Name: "mbr_id", Default: mbrQNB, Fixed: true},
			{Name: "terminal_id"},
			// Banks may let one user void and refund, and another read (V006, V038); none: the same does all.
			{Name: "refund_user_code"},
			{Name: "refund_user_pass", Secret: true, Of: "refund_user_code"},
			{Name: "report_user_code"},
			{Name: "report_user_pass", Secret: true, Of: "report_user_code"},
		},
		// How to write yen, which has no decimals, is open at the bank (sections 2 and 12).
		Currencies: []checkout.Currency{checkout.TRY, checkout.USD, checkout.EUR, checkout.GBP, checkout.RUB},
		Banks: []wire.Bank{
			{
				Name: "QNB", When: map[string]string{"mbr_id": mbrQNB},
				BaseURL: "https://vpos.qnb.com.tr/Gateway/", TestURL: "https://vpostest.qnb.com.tr/Gateway/",
				// 0111 is QNB, 0157 its daughter Enpara.
				Issuers: []string{"0111", "0157"}, Programs: []string{"CardFinans", "Advantage"},
			},
			{
				Name: "Ziraat Katılım", When: map[string]string{"mbr_id": mbrKatilim},
				BaseURL: "https://vpos.ziraatkatilim.com.tr/Mpi/", TestURL: "https://payfortestziraatkatilim.cordisnetwork.com/Mpi/",
				Issuers: []string{"0209"},
			},
		},
	}
}

// settings are an account's, checked. They print without their secrets.
type settings struct {
	merchantID   string // text: leading zeros count
	user         user   // who opens and completes payments
	refunds      user   // who voids and gives back
	reports      user   // who asks about orders and days
	merchantPass string // signs requests and callbacks; never on the wire
	mbrID        string
	terminalID   string // "" = the merchant's only one
	mode         string
	base         *url.URL // ends in a slash
	currencies   []checkout.Currency
}

// user is a user of the merchant at the bank.
type user struct {
	code string
	pass string // proves server calls
}

func (s settings) String() string { return fmt.Sprintf("payfor(%s, %s)", s.merchantID, s.mode) }

// GoString, Format and LogValue print what String does.
func (s settings) GoString() string           { return s.String() }
func (s settings) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) } // fmt.State cannot answer an error
func (s settings) LogValue() slog.Value       { return slog.StringValue(s.String()) }

// Largest values of the settings, far above those seen (section 1).
const maxSetting = 64

// decode reads an account's settings and lists every mistake at once. Field names are those of the API.
func decode(a checkout.Account, allowLoopback bool) (settings, []checkout.FieldError) {
	var errs []checkout.FieldError
	add := func(field, code string) { errs = append(errs, checkout.FieldError{Field: field, Code: code}) }
	in := info()
	s := settings{currencies: a.Currencies}
	targets := map[string]*string{"merchant_id": &s.merchantID, "user_code": &s.user.code, "user_pass": &s.user.pass,
		"merchant_pass": &s.merchantPass, "mbr_id": &s.mbrID, "terminal_id": &s.terminalID,
		"refund_user_code": &s.refunds.code, "refund_user_pass": &s.refunds.pass, "report_user_code": &s.reports.code, "report_user_pass": &s.reports.pass}
	for _, c := range in.Credentials {
		value := a.Credentials[c.Name]
		if value == "" {
			value = c.Default
		}
		switch {
		case strings.TrimSpace(value) == "" && (c.Required || value != ""):
			// An empty secret would sign for everybody (A3); blanks are as empty.
			add("credentials."+c.Name, "required")
		case len(value) > maxSetting, !wire.IsASCII(value), value != strings.TrimSpace(value),
			c.Name == "merchant_id" && !wire.AllDigits(value),
			c.Name == "mbr_id" && value != mbrQNB && value != mbrKatilim:
			add("credentials."+c.Name, "invalid")
		}
		*targets[c.Name] = value
	}
	for name, u := range map[string]*user{"refund_user": &s.refunds, "report_user": &s.reports} {
		switch {
		case u.code == "" && u.pass == "":
			*u = s.user
		case u.code == "":
			add("credentials."+name+"_code", "required")
		case u.pass == "":
			add("credentials."+name+"_pass", "required")
		}
	}
	for _, name := range unknown(a.Credentials, targets) {
		add("credentials."+name, "unknown_field")
	}
	mode, known := in.Mode(a.Mode)
	if s.mode = mode.Name; !known {
		errs = append(errs, checkout.FieldError{Field: "mode", Code: "unknown_value", Args: map[string]string{"known": modes(in)}})
	}
	for _, c := range a.Currencies {
		if !takes(in.Currencies, c) {
			errs = append(errs, checkout.FieldError{Field: "currencies", Code: "currency_not_supported", Args: map[string]string{"currency": string(c)}})
		}
	}
	var code string
	if s.base, code = base(a.BaseURL, s.mbrID, allowLoopback); code != "" {
		add("base_url", code)
	}
	return s, errs
}

// modes lists the names of all modes.
func modes(in wire.Info) string {
	names := make([]string, len(in.Modes))
	for i, m := range in.Modes {
		names[i] = m.Name
	}
	return strings.Join(names, ", ")
}

// base is where the bank is: the account's own address, or the bank's.
func base(text, mbrID string, allowLoopback bool) (*url.URL, string) {
	if text == "" {
		for _, b := range info().Banks {
			if b.When["mbr_id"] == mbrID {
				text = b.BaseURL
			}
		}
		if text == "" {
			return nil, "" // the unknown mbr_id is the mistake, and is told
		}
	}
	return wire.BaseURL(text, allowLoopback)
}

func unknown(have checkout.Secrets, known map[string]*string) []string {
	var names []string
	for name := range have {
		if known[name] == nil {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

func takes(list []checkout.Currency, c checkout.Currency) bool {
	for _, have := range list {
		if have == c {
			return true
		}
	}
	return false
}

// acquirer is one account in any mode. It holds no state between calls.
type acquirer struct {
	set           settings
	client        *wire.Client
	clock         checkout.Clock
	ids           *checkout.IDs
	allowLoopback bool
}

// twoStep is an acquirer whose money moves in a call of ours.
type twoStep struct{ *acquirer }

var (
	_ checkout.Acquirer   = (*acquirer)(nil)
	_ checkout.Inquirer   = (*acquirer)(nil)
	_ checkout.Voider     = (*acquirer)(nil)
	_ checkout.Refunder   = (*acquirer)(nil)
	_ checkout.Capturer   = (*acquirer)(nil)
	_ checkout.Verifier   = (*acquirer)(nil)
	_ checkout.Acquirer   = twoStep{}
	_ checkout.Authorizer = twoStep{}
)

// open trusts the front door to have checked the account.
func open(a checkout.Account, d wire.Deps) checkout.Acquirer {
	s, _ := decode(a, d.AllowLoopback)
	acq := &acquirer{set: s, client: d.Client, clock: d.Clock, ids: d.IDs, allowLoopback: d.AllowLoopback}
	if s.mode == Mode3DModel {
		return twoStep{acq}
	}
	return acq
}

// oneStep says whether the bank charges before the browser returns.
func (a *acquirer) oneStep() bool { return a.set.mode != Mode3DModel }

// secureType is the mode's name on the wire.
func (a *acquirer) secureType() string {
	switch a.set.mode {
	case Mode3DPay:
		return "3DPay"
	case Mode3DHost:
		return "3DHost"
	}
	return "3DModel"
}

func txnType(o checkout.Order) string {
	if o.PreAuth {
		return "PreAuth"
	}
	return "Auth"
}

// installments writes a single payment as 0, never 1 (section 2).
func installments(n int) string {
	if n <= 1 {
		return "0"
	}
	return fmt.Sprint(n)
}

// lang is TR or EN, in upper case since 2026 (section 2).
func lang(code string) string {
	if code == "en" {
		return "EN"
	}
	return "TR"
}

// settleTime is how long after its last moment an authorisation may still appear in the bank's books. The sheet gives
// no figure; the bank's samples wait 90 s for a server call (section 1), after which nothing of it can still run.
const settleTime = 2 * time.Minute
