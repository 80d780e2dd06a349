package checkout

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Identifiers are types, so that two of them cannot be swapped. All but Token and the two order
// numbers carry a prefix that tells a reader what they name.
type (
	// Token is the short part of a link's address: 12 characters of base62.
	Token string
	// LinkID is "lnk_" and 22 characters of base62: seven tell when it was made, 15 are random (89 bits).
	LinkID string
	// PaymentID is "pay_" and 22 characters of base62 (128 random bits). People read its beginning to
	// each other (reference, receipt code), so ids are made without look-alikes; any base62 is understood.
	PaymentID string
	// MerchantID is "mer_" and 22 characters of base62.
	MerchantID string
	// AccountID is "acc_" and 22 characters of base62: one virtual POS of a merchant.
	AccountID string
	// EventID is "evt_" and 22 characters of base62, made like a LinkID.
	EventID string
	// RefundID is "rfd_" and 22 characters of base62: one void or refund.
	RefundID string
	// ChargebackID is "cbk_" and 22 characters of base62: one dispute of a payment.
	ChargebackID string
	// EInvoiceID is "inv_" and 22 characters of base62: one invoice that carries a link.
	EInvoiceID string
	// RegistrationID is "reg_" and 22 characters of base62: one intermediary of a merchant's e-invoices.
	RegistrationID string
	// RunID is "rec_" and 22 characters of base62: one bank's list held against the ledger.
	RunID string
	// ManualID is "man_" and 22 characters of base62: one entry that somebody made by hand.
	ManualID string
	// OfflineKeyID is "ofk_" and 22 characters of base62: one key that signs links by itself.
	OfflineKeyID string
	// ProductID is "prd_" and 22 characters of base62: one product of a merchant's catalogue.
	ProductID string
	// RequestID is "req_" and 22 characters of base62: one line of the log of requests.
	RequestID string
	// KeyID is "key_" and 22 characters of base62: one API key.
	KeyID string
	// UserID is "usr_" and 22 characters of base62: one person who signs in to the panel.
	UserID string
	// OrderNumber is the merchant's own number of an order, unique per merchant for ever.
	OrderNumber string
	// BankOrder is the number of one attempt at the bank, never used twice: 20 characters A–Z and
	// 2–7, first and last a letter. Twenty letters or digits is what the narrowest protocol takes
	// (PosNet XID, posnet.md 4.1); a letter at the end closes the boundary shift of hashes that
	// join fields without a separator (payfor.md 4.5).
	BankOrder string
)

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	// plain57 is base62 without 0 O 1 I l, which people mistype (ux-checklist N4); tokens and
	// payment ids are made of it, and any base62 is understood. 57^12 is a little over 2^69, 57^22 over 2^128.
	plain57 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	base32  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	// plain31 is capitals and digits without 0 O 1 I L.
	plain31 = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
)

// TokenLength is how many characters a link token has (contract, section 3).
const TokenLength = 12

// Valid says whether t has the syntax of a token; it asks no store.
func (t Token) Valid() bool { return len(t) == TokenLength && allIn62(string(t)) }

// paymentPrefix begins every payment id.
const paymentPrefix = "pay_"

// Valid says whether p has the syntax of a payment id.
func (p PaymentID) Valid() bool {
	return len(p) == 26 && strings.HasPrefix(string(p), paymentPrefix) && allIn62(string(p[len(paymentPrefix):]))
}

// ReferenceLength is how many characters a payment's reference has.
const ReferenceLength = 10

// Reference is the short number that a page shows and its payer reads out to support: the ten characters
// behind the prefix, 58 random bits, so it names one payment for all that anybody will live to see. ""
// for what is no payment id.
func (p PaymentID) Reference() string {
	if !p.Valid() {
		return ""
	}
	return string(p[len(paymentPrefix) : len(paymentPrefix)+ReferenceLength])
}

// ReferencedBy is the beginning that the id of every payment with this reference has. ok is false for what
// cannot be a reference.
func ReferencedBy(reference string) (prefix string, ok bool) {
	return paymentPrefix + reference, len(reference) == ReferenceLength && allIn62(reference)
}

// Valid says whether l has the syntax of a link id.
func (l LinkID) Valid() bool {
	return len(l) == 26 && strings.HasPrefix(string(l), "lnk_") && allIn62(string(l[4:]))
}

// Valid says whether r has the syntax of a refund id.
func (r RefundID) Valid() bool {
	return len(r) == 26 && strings.HasPrefix(string(r), "rfd_") && allIn62(string(r[4:]))
}

// Valid says whether c has the syntax of a chargeback id.
func (c ChargebackID) Valid() bool { return validID(string(c), "cbk_") }

// Valid says whether i has the syntax of an e-invoice id.
func (i EInvoiceID) Valid() bool {
	return len(i) == 26 && strings.HasPrefix(string(i), "inv_") && allIn62(string(i[4:]))
}

// Valid says whether r has the syntax of a registration id.
func (r RegistrationID) Valid() bool {
	return len(r) == 26 && strings.HasPrefix(string(r), "reg_") && allIn62(string(r[4:]))
}

// Valid says whether r has the syntax of a request's id.
func (r RequestID) Valid() bool {
	return len(r) == 26 && strings.HasPrefix(string(r), "req_") && allIn62(string(r[4:]))
}

// Valid says whether r has the syntax of a reconciliation's id.
func (r RunID) Valid() bool {
	return len(r) == 26 && strings.HasPrefix(string(r), "rec_") && allIn62(string(r[4:]))
}

func allIn62(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// IDs makes identifiers from a source of randomness that comes from outside: crypto/rand when
// serving, a seeded one in tests. It is safe for concurrent use.
type IDs struct {
	mu     sync.Mutex
	source *bufio.Reader
}

// NewIDs reads randomness from source. A source that fails makes the methods panic: without
// randomness no identifier is safe to hand out, and no caller could do better than stop.
func NewIDs(source io.Reader) *IDs { return &IDs{source: bufio.NewReaderSize(source, 512)} }

// Token makes a link token.
func (g *IDs) Token() Token { return Token(g.pick(plain57, TokenLength)) }

// Link makes the identifier of a link that is made now. A payment's id is random throughout: it opens the payer's page.
func (g *IDs) Link(now time.Time) LinkID { return LinkID("lnk_" + g.dated(now)) }

// Event makes the identifier of something that happened at a time.
func (g *IDs) Event(at time.Time) EventID { return EventID("evt_" + g.dated(at)) }

// dated is 22 characters of base62 of which the first seven are the time in milliseconds: what was made one after the other
// stands beside each other in the ledger's indexes, and is written with few pages. In 2081 they begin anew, which
// changes nothing but that.
func (g *IDs) dated(at time.Time) string {
	var out [22]byte
	ms := uint64(at.UnixMilli())
	for i := 6; i >= 0; i-- {
		out[i] = base62[ms%62]
		ms /= 62
	}
	g.draw(base62, out[7:])
	return string(out[:])
}

// Payment, Merchant, Account, Refund and Key make identifiers of their kind.
func (g *IDs) Payment() PaymentID   { return PaymentID(paymentPrefix + g.pick(plain57, 22)) }
func (g *IDs) Merchant() MerchantID { return MerchantID("mer_" + g.pick(base62, 22)) }
func (g *IDs) Account() AccountID   { return AccountID("acc_" + g.pick(base62, 22)) }
func (g *IDs) Refund() RefundID     { return RefundID("rfd_" + g.pick(base62, 22)) }
func (g *IDs) Key() KeyID           { return KeyID("key_" + g.pick(base62, 22)) }

// EInvoice and Registration make identifiers of theirs.
func (g *IDs) EInvoice() EInvoiceID         { return EInvoiceID("inv_" + g.pick(base62, 22)) }
func (g *IDs) Registration() RegistrationID { return RegistrationID("reg_" + g.pick(base62, 22)) }

// Chargeback makes an identifier of a dispute.
func (g *IDs) Chargeback() ChargebackID { return ChargebackID("cbk_" + g.pick(base62, 22)) }

// User makes an identifier of a person.
func (g *IDs) User() UserID { return UserID("usr_" + g.pick(base62, 22)) }

// Run and Manual make identifiers of theirs.
func (g *IDs) Run() RunID       { return RunID("rec_" + g.pick(base62, 22)) }
func (g *IDs) Manual() ManualID { return ManualID("man_" + g.pick(base62, 22)) }

// Request makes an identifier of a line of the log of requests.
func (g *IDs) Request() RequestID { return RequestID("req_" + g.pick(base62, 22)) }

// OfflineKey makes an identifier of a key that signs links by itself.
func (g *IDs) OfflineKey() OfflineKeyID { return OfflineKeyID("ofk_" + g.pick(base62, 22)) }

// Secret makes n characters of base62 for API keys.
func (g *IDs) Secret(n int) string { return g.pick(base62, n) }

// Nonce makes the freshness value of one attempt ("rnd" of the banks): 20 characters, the first
// a letter, so that it cannot lend digits to the field before it (payfor.md 4.5).
func (g *IDs) Nonce() string { return g.pick(letters, 1) + g.pick(base32, 19) }

// BankOrder makes the number of one attempt at a bank.
func (g *IDs) BankOrder() BankOrder {
	return BankOrder("OD" + g.pick(base32, 17) + g.pick(letters, 1))
}

// OrderNumber makes a readable order number for a link that was made without one, like
// "OD-261122-K7Q2MZ4R": the day is Istanbul's, as on every screen. The ledger's unique constraint has the last word; the
// caller tries again.
func (g *IDs) OrderNumber(now time.Time) OrderNumber {
	return OrderNumber(fmt.Sprintf("OD-%s-%s", now.In(Istanbul()).Format("060102"), g.pick(plain31, 8)))
}

// Attempt makes the field "attempt" of one view. It allocates nothing.
func (g *IDs) Attempt() (out [AttemptLength]byte) {
	g.draw(base62, out[:])
	return out
}

// Bytes draws n raw bytes, for nonces of ciphers.
func (g *IDs) Bytes(n int) []byte {
	out := make([]byte, n)
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := io.ReadFull(g.source, out); err != nil {
		panic(fmt.Sprintf("checkout: no randomness: %v", err))
	}
	return out
}

func (g *IDs) pick(alphabet string, n int) string {
	out := make([]byte, n)
	g.draw(alphabet, out)
	return string(out)
}

// draw fills out with characters of alphabet without modulo bias: a byte at or above the largest
// multiple of the alphabet's length is thrown away.
func (g *IDs) draw(alphabet string, out []byte) {
	limit := 256 - 256%len(alphabet)
	g.mu.Lock()
	defer g.mu.Unlock()
	for n := 0; n < len(out); {
		b, err := g.source.ReadByte()
		if err != nil {
			panic(fmt.Sprintf("checkout: no randomness: %v", err))
		}
		if int(b) < limit {
			out[n] = alphabet[int(b)%len(alphabet)]
			n++
		}
	}
}
