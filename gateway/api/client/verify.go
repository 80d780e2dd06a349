package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ErrSignature is of what was not signed with the secret, or is too old.
var ErrSignature = errors.New("odelink: not signed by the gateway")

// tolerance is how old, or how far ahead, a webhook may be (Standard Webhooks): what somebody recorded cannot be
// sent again later.
const tolerance = 5 * time.Minute

// VerifyWebhook reads a webhook that came to one of the merchant's endpoints: body is its bytes as they came,
// secret the endpoint's whsec_…. Anything that the gateway did not sign within five minutes of now is
// ErrSignature. The same event may come twice, with the same id.
func VerifyWebhook(secret string, h http.Header, body []byte, now time.Time) (Notice, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return Notice{}, errors.New("odelink: the secret is none of a webhook endpoint")
	}
	id, sent := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if err != nil || id == "" || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return Notice{}, ErrSignature
	}
	m := hmac.New(sha256.New, key)
	m.Write([]byte(id + "." + sent + "."))
	m.Write(body)
	want := []byte("v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)))
	for _, one := range strings.Fields(h.Get("webhook-signature")) { // two while the secret rotates
		if !hmac.Equal([]byte(one), want) {
			continue
		}
		var n Notice
		if err := json.Unmarshal(body, &n); err != nil {
			return Notice{}, err
		}
		return n, nil
	}
	return Notice{}, ErrSignature
}

// Link reads what the event is about where that is a link.
func (n Notice) Link() (Link, error) { return dataOf[Link](n, "link.") }

// Payment reads what the event is about where that is a payment.
func (n Notice) Payment() (Payment, error) { return dataOf[Payment](n, "payment.") }

// Chargeback reads what the event is about where that is a dispute.
func (n Notice) Chargeback() (Chargeback, error) { return dataOf[Chargeback](n, "chargeback.") }

func dataOf[T any](n Notice, prefix string) (T, error) {
	var v T
	if !strings.HasPrefix(string(n.Type), prefix) {
		return v, errors.New("odelink: the event " + string(n.Type) + " is about something else")
	}
	return v, json.Unmarshal(n.Data, &v)
}

// SessionResult is what a customer brings back to a shop's success_url.
type SessionResult struct {
	Session  SessionID
	Payment  PaymentID
	OrderID  string
	Status   PaymentStatus // ship for PaymentStatusPaid only
	Amount   int64         // minor units
	Currency Currency
}

// VerifySessionResult reads the address at which a customer came back: secret is the session's, successURL what
// it was made with, address the whole address as it came. Anything that was not signed for this session is
// ErrSignature; ask ReadSession then, and ship nothing before.
func VerifySessionResult(secret, successURL, address string) (SessionResult, error) {
	rest, found := strings.CutPrefix(address, successURL)
	said, signature, signed := strings.Cut(strings.TrimLeft(rest, "?&"), "&signature=")
	sent, err := hex.DecodeString(signature)
	if !found || !signed || err != nil || secret == "" {
		return SessionResult{}, ErrSignature
	}
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(said))
	if !hmac.Equal(sent, m.Sum(nil)) {
		return SessionResult{}, ErrSignature
	}
	v, err := url.ParseQuery(said)
	if err != nil {
		return SessionResult{}, ErrSignature
	}
	amount, err := strconv.ParseInt(v.Get("amount"), 10, 64)
	if err != nil {
		return SessionResult{}, ErrSignature
	}
	return SessionResult{
		Session: SessionID(v.Get("session")), Payment: PaymentID(v.Get("payment")), OrderID: v.Get("order_id"),
		Status: PaymentStatus(v.Get("status")), Amount: amount, Currency: Currency(v.Get("currency")),
	}, nil
}
