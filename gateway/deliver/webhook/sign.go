// Package webhook is the channel to merchants' programs: it signs by the Standard Webhooks specification
// and sends where it may. It deliberately decides nothing about what is sent, when, and how often.
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks.
const (
	HeaderID        = "webhook-id"
	HeaderTimestamp = "webhook-timestamp"
	HeaderSignature = "webhook-signature"
)

const (
	// SecretSize is how many bytes a secret has; the specification asks for 24 to 64.
	SecretSize   = 32
	secretPrefix = "whsec_"
)

// ShowSecret is a secret as receivers configure it.
func ShowSecret(secret []byte) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// Signature is the header's value: one signature for each secret, in their order, over id, the moment of
// sending and the body.
func Signature(secrets [][]byte, id string, at time.Time, body []byte) string {
	all := make([]string, len(secrets))
	for i, secret := range secrets {
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(id + "." + timestamp(at) + "."))
		m.Write(body)
		all[i] = "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
	}
	return strings.Join(all, " ")
}

func timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
