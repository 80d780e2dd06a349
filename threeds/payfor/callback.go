package payfor

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"regexp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/internal/wire"
)

// The callback's fields that decide something. Every one is pinned: exactly once, in the body, in this spelling. Only
// MerchantID may be spelled MerchantId as well (section 1).
const (
	fieldHash     = "ResponseHash"
	fieldHashType = "HashType" // optional: messages since 2024 and SHA-256 ones are without it
	fieldMerchant = "MerchantID"
	fieldOrder    = "OrderId"
	fieldAuth     = "AuthCode"
	fieldCode     = "ProcReturnCode"
	fieldStatus   = "3DStatus"
	fieldRnd      = "ResponseRnd"
)

// Shapes of the hashed fields (section 4.5). The hash joins them without separators, so a value of a foreign shape may
// have been lent characters by its neighbour.
var shapes = map[string]*regexp.Regexp{
	fieldRnd:    regexp.MustCompile(`^PF\d{18}$`),
	fieldAuth:   regexp.MustCompile(`^([A-Za-z0-9]{6})?$`),
	fieldCode:   regexp.MustCompile(`^(\d{2}|[A-Z]{1,2}\d{2,4}|\d{5,6})$`),
	fieldStatus: regexp.MustCompile(`^-?\d$`),
}

var (
	guidShape = regexp.MustCompile(`^[1-9]\d{0,31}$`) // "0" when the bank never registered the request
	eciShape  = regexp.MustCompile(`^\d{2}$`)
)

// refGuid is the ticket of the completion call. No hash covers it: the bank itself refuses it beside another order
// number (section 5), and the answer must name ours.
const refGuid = "request_guid"

// Judge believes a callback only if every check of invariant I10 holds, in this order: our secret exists, the field
// names are the dialect's and each is there once, the hashed fields have their shapes, the hash is right, and what no
// hash covers equals our own copy. It calls nobody.
func (a *acquirer) Judge(_ context.Context, o checkout.Order, cb checkout.Callback) (checkout.Verdict, error) {
	if a.set.merchantPass == "" {
		return checkout.Verdict{}, checkout.Forged(checkout.ForgedSecretMissing)
	}
	if reason := misplaced(o, cb); reason != "" {
		return checkout.Verdict{}, checkout.Forged(reason)
	}
	m := message{cb.Form}
	if reason := a.unproven(o, m); reason != "" {
		return checkout.Verdict{}, checkout.Forged(reason)
	}
	if reason := a.notOurs(o, m); reason != "" {
		return checkout.Verdict{}, checkout.Forged(reason)
	}
	if a.oneStep() {
		return oneStepVerdict(m), nil
	}
	v := twoStepVerdict(m)
	if v.Result == checkout.VerdictAuthenticated && v.Refs == nil {
		// The bank never says "verified" without a ticket: somebody took it out on the way. The genuine message may follow.
		return checkout.Verdict{}, checkout.Forged(checkout.ForgedFieldShape)
	}
	return v, nil
}

// message is a callback's body after misplaced has found every name at most once.
type message struct{ form url.Values }

// get is a field's value as decoded: nothing trimmed, nothing folded.
func (m message) get(name string) string {
	if v := m.form[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}

func (m message) has(name string) bool { return len(m.form[name]) == 1 }

// merchant is the merchant number in either spelling.
func (m message) merchant() string { return m.get(fieldMerchant) + m.get("MerchantId") }

// misplaced looks at names only: look-alikes and foreign letters (A19), a list of hashed fields of the sender's choice
// (A4), repetitions in one or in several letter cases, and fields in the address (A8).
func misplaced(o checkout.Order, cb checkout.Callback) (reason string) {
	folded := make(map[string]bool, len(cb.Form))
	for name, values := range cb.Form {
		key := wire.FoldASCII(name)
		switch {
		case !isName(name), key == "hashparams":
			return checkout.ForgedNotPinned
		case len(values) != 1, folded[key]:
			return checkout.ForgedFieldRepeated
		}
		folded[key] = true
	}
	own := url.Values{}
	if ret, err := url.Parse(o.ReturnURL); err == nil {
		own = ret.Query()
	}
	for name := range cb.Query {
		if !own.Has(name) {
			return checkout.ForgedFieldRepeated
		}
	}
	return ""
}

// isName says whether a field's name could be the bank's: 1 to 64 of A–Z, a–z, 0–9, "_", "." and "-". A
// callback has a hundred of them.
func isName(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-' {
			continue
		}
		return false
	}
	return name != "" && len(name) <= 64
}

// unproven checks shapes and the hash. A hashed field that is missing or emptied is a wrong hash, whatever would come
// out of the calculation; only the 3-D status may be missing, because nothing but a yes is read from it.
func (a *acquirer) unproven(o checkout.Order, m message) (reason string) {
	hash := m.get(fieldHash)
	if hash == "" {
		return checkout.ForgedHashMissing
	}
	for _, name := range []string{fieldOrder, fieldAuth, fieldCode, fieldRnd} {
		value := m.get(name)
		switch shape := shapes[name]; {
		case !m.has(name), value == "" && name != fieldAuth:
			return checkout.ForgedHashMismatch
		case shape != nil && !shape.MatchString(value):
			return checkout.ForgedFieldShape
		}
	}
	if a.oneStep() && !shapes[fieldStatus].MatchString(m.get(fieldStatus)) {
		// Money may have moved: such a message is settled by an inquiry, not by its own words (section 4.5). In two steps
		// it is a plain "not verified" below.
		return checkout.ForgedFieldShape
	}
	if len(m.get(fieldOrder)) != len(o.BankOrder) {
		return checkout.ForgedFieldShape // the order number gave characters to its neighbour, or took some (A6)
	}
	if m.merchant() != a.set.merchantID {
		return checkout.ForgedCopyMismatch // the hash below uses our own number; this tells another merchant's callback (A11)
	}
	want := a.responseHash(m, len(hash))
	if !wire.SameSignature(hash, want) || !hashTypeAgrees(m, len(hash)) {
		return checkout.ForgedHashMismatch
	}
	return ""
}

// Lengths of the two hashes in base64 (section 4.4).
const (
	sha1Length   = 28
	sha256Length = 44
)

// responseHash is what the bank would have written: over the message's own order number, codes and nonce, and over our
// merchant number, secret and user. "" for a length that no hash has, which no signature equals.
func (a *acquirer) responseHash(m message, length int) string {
	plain := a.set.merchantID + a.set.merchantPass + m.get(fieldOrder) + m.get(fieldAuth) + m.get(fieldCode) +
		m.get(fieldStatus) + m.get(fieldRnd) + a.set.user.code
	switch length {
	case sha1Length:
		sum := sha1.Sum([]byte(plain))
		return base64.StdEncoding.EncodeToString(sum[:])
	case sha256Length:
		sum := sha256.Sum256([]byte(plain))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	return ""
}

func hashTypeAgrees(m message, length int) bool {
	if !m.has(fieldHashType) {
		return true
	}
	switch wire.FoldASCII(m.get(fieldHashType)) {
	case "sha1", "sha-1":
		return length == sha1Length
	case "sha256", "sha-256":
		return length == sha256Length
	}
	return false
}

// notOurs compares what the message says with our copy (I9, A9, A10). Most of it no hash covers: a match proves
// little, and a mismatch is enough to stop.
func (a *acquirer) notOurs(o checkout.Order, m message) (reason string) {
	amount, err := wire.ParseAmount(m.get("PurchAmount"), o.Amount.Currency)
	if err != nil || amount != o.Amount {
		return checkout.ForgedCopyMismatch
	}
	want := []checkout.Field{
		{Name: fieldOrder, Value: string(o.BankOrder)},
		{Name: "MbrId", Value: a.set.mbrID},
		{Name: "Currency", Value: o.Amount.Currency.Numeric()},
		{Name: "InstallmentCount", Value: installments(o.Installments)},
		{Name: "TxnType", Value: txnType(o)},
		{Name: "SecureType", Value: a.secureType()},
		{Name: "Rnd", Value: o.Nonce},
	}
	for _, f := range want {
		if !m.has(f.Name) || m.get(f.Name) != f.Value {
			return checkout.ForgedCopyMismatch
		}
	}
	return ""
}

// verdict is what every reading of a believed message starts from.
func (m message) verdict(result checkout.VerdictResult) checkout.Verdict {
	v := checkout.Verdict{Result: result}
	if status := m.get(fieldStatus); shapes[fieldStatus].MatchString(status) {
		v.MDStatus = status
	}
	if eci := m.get("Eci"); eciShape.MatchString(eci) {
		v.ECI = eci
	}
	switch result {
	case checkout.VerdictRefused:
		v.Decline = decline(m.get(fieldCode), m.get("ErrMsg"))
	case checkout.VerdictNotAuthenticated:
		v.Decline = decline(m.get(fieldCode), m.get("ErrMsg"))
		v.Decline.Code = checkout.ReasonAuthentication
	}
	return v
}

// verified says whether the 3-D step ended with one of the four results that may go on; which of them do is the
// account's rule, not the bank's (I11).
func (m message) verified() bool {
	switch m.get(fieldStatus) {
	case "1", "2", "3", "4":
		return true
	}
	return false
}

// twoStepVerdict reads a 3DModel callback: V033 beside a 3-D status goes on, and nothing else does, a success code of
// the paying modes included (section 4.2). Nothing was charged yet, so a refusal is believed whatever its code: 101310,
// an order number used before, too. Our numbers are fresh, and only a call of ours can charge one.
func twoStepVerdict(m message) checkout.Verdict {
	code := m.get(fieldCode)
	if code == codeVerified && m.verified() {
		v := m.verdict(checkout.VerdictAuthenticated)
		if guid := m.get("RequestGuid"); guidShape.MatchString(guid) {
			v.Refs = checkout.Refs{refGuid: guid}
		}
		return v
	}
	refused := meaningOf(code).reason != checkout.ReasonAuthentication && code != codeVerified && code != codeApproved
	if refused && m.get(fieldStatus) == "-1" {
		return m.verdict(checkout.VerdictRefused)
	}
	return m.verdict(checkout.VerdictNotAuthenticated)
}

// oneStepVerdict reads a 3DPay or 3DHost callback. Yes and no are claims until an inquiry confirms the yes; a no is
// covered whole by the hash (order number, code, status), so it needs none. Codes that speak of doubt or of the order's
// state decide nothing: 101310 above all, which a payer gets who sends the host form twice and pays once.
func oneStepVerdict(m message) checkout.Verdict {
	code := m.get(fieldCode)
	means := meaningOf(code)
	switch {
	case code == codeApproved && m.verified():
		if m.get(fieldAuth) == "" {
			return m.verdict(checkout.VerdictUnclear)
		}
		return m.verdict(checkout.VerdictCharged)
	case code == codeApproved, means.reason == checkout.ReasonAuthentication:
		return m.verdict(checkout.VerdictNotAuthenticated)
	case !means.refuses():
		return m.verdict(checkout.VerdictUnclear)
	}
	return m.verdict(checkout.VerdictRefused)
}
