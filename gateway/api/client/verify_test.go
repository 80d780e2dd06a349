package client_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/api/client"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func signed(id, at, body string) string {
	secret, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(id + "." + at + "." + body))
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func TestWebhooks(t *testing.T) {
	now := time.Unix(1795338881, 0)
	at, body := strconv.FormatInt(now.Unix(), 10), `{"id":"evt_1","type":"payment.paid","sequence":3,"data":{"id":"pay_1","total":25900}}`
	good := http.Header{"Webhook-Id": {"evt_1"}, "Webhook-Timestamp": {at}, "Webhook-Signature": {"v1,AAAA " + signed("evt_1", at, body)}}
	n, err := client.VerifyWebhook(hookSecret, good, []byte(body), now.Add(4*time.Minute))
	if err != nil || n.ID != "evt_1" || n.Type != client.EventTypePaymentPaid {
		t.Fatalf("%+v %v", n, err)
	}
	if p, err := n.Payment(); err != nil || p.Total != 25900 {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := n.Link(); err == nil {
		t.Error("a payment is read as a link")
	}
	with := func(name, value string) http.Header {
		h := good.Clone()
		h.Set(name, value)
		return h
	}
	for name, c := range map[string]struct {
		h    http.Header
		body string
		at   time.Time
	}{
		"another body": {good, body + " ", now}, "too old": {good, body, now.Add(301 * time.Second)}, "from the future": {good, body, now.Add(-301 * time.Second)},
		"another id": {with("webhook-id", "evt_2"), body, now}, "another time": {with("webhook-timestamp", strconv.FormatInt(now.Unix()+1, 10)), body, now},
		"no signature": {with("webhook-signature", ""), body, now}, "no time": {with("webhook-timestamp", ""), body, now}, "no id": {with("webhook-id", ""), body, now},
		"without its version": {with("webhook-signature", strings.TrimPrefix(signed("evt_1", at, body), "v1,")), body, now},
	} {
		if _, err := client.VerifyWebhook(hookSecret, c.h, []byte(c.body), c.at); !errors.Is(err, client.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, secret := range []string{"", "whsec_", "whsec_!!"} {
		if _, err := client.VerifyWebhook(secret, good, []byte(body), now); err == nil {
			t.Errorf("the secret %q", secret)
		}
	}
}

func TestSessionResults(t *testing.T) {
	const success = "https://shop.example/paid?basket=7"
	said := "session=cs_1&payment=pay_1&order_id=A+1&status=paid&amount=25000&currency=TRY"
	m := hmac.New(sha256.New, []byte("secret"))
	m.Write([]byte(said))
	signature := hex.EncodeToString(m.Sum(nil))
	got, err := client.VerifySessionResult("secret", success, success+"&"+said+"&signature="+signature)
	want := client.SessionResult{Session: "cs_1", Payment: "pay_1", OrderID: "A 1", Status: client.PaymentStatusPaid, Amount: 25000, Currency: client.CurrencyTRY}
	if err != nil || got != want {
		t.Errorf("%+v %v", got, err)
	}
	for name, address := range map[string]string{
		"another amount":  success + "&" + strings.Replace(said, "25000", "1", 1) + "&signature=" + signature,
		"more before it":  success + "&status=paid&" + said + "&signature=" + signature,
		"more behind it":  success + "&" + said + "&signature=" + signature + "&status=paid",
		"no signature":    success + "&" + said,
		"an empty one":    success + "&" + said + "&signature=",
		"another address": "https://evil.example/?" + said + "&signature=" + signature,
		"nothing":         success,
	} {
		if _, err := client.VerifySessionResult("secret", success, address); !errors.Is(err, client.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.VerifySessionResult("", success, success+"&"+said+"&signature="+signature); !errors.Is(err, client.ErrSignature) {
		t.Errorf("no secret: %v", err)
	}
}
