package sms

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// generic is any provider, or a program of the operator's own in front of one, that takes JSON:
//
//	POST path   {"to":"+905321234567","text":"…","from":"SHOP","id":"msg_…"}
//
// 2xx takes the message over; the number of it is read from the field "id" of the answer. 409 says that the same
// text went to the same number, 404 and 410 that there is no such number, any other 4xx that the text is refused.
// The names of the fields are parameters of the address: to= text= from= id= reference=. number= is e164
// (+905321234567, default), national (5321234567) or international (905321234567). user:password@ is sent as Basic,
// a password alone (:token@) as Bearer.
type generic struct{ settings }

var genericParams = []string{"to", "text", "from", "id", "reference", "number", "repeat"}

func openGeneric(s settings) (provider, error) {
	var errs []error
	switch s.params.Get("number") {
	case "", "e164", "national", "international":
	default:
		errs = append(errs, errors.New("number= is e164, national or international"))
	}
	if text := s.params.Get("repeat"); text != "" {
		if d, err := time.ParseDuration(text); err != nil || d < 0 || d > 24*time.Hour {
			errs = append(errs, errors.New("repeat= is a time like 1h, up to 24h, in which the provider refuses the same text to the same number"))
		}
	}
	return generic{s}, errors.Join(errs...)
}

// name is the provider's name of a field.
func (g generic) name(field string) string {
	if own := g.params.Get(field); own != "" {
		return own
	}
	return field
}

func (g generic) request(ctx context.Context, base *url.URL, to, text, id string) (*http.Request, error) {
	switch g.params.Get("number") {
	case "national":
		to = strings.TrimPrefix(to, "+90")
	case "international":
		to = strings.TrimPrefix(to, "+")
	}
	fields := map[string]string{g.name("to"): to, g.name("text"): text, g.name("id"): id}
	if g.header != "" {
		fields[g.name("from")] = g.header
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	req, err := post(ctx, base, "", body)
	switch {
	case err != nil:
	case g.user != "":
		req.SetBasicAuth(g.user, g.secret)
	case g.secret != "":
		req.Header.Set("Authorization", "Bearer "+g.secret)
	}
	if err == nil {
		req.Header.Set("Idempotency-Key", id)
	}
	return req, err
}

func (g generic) verdict(status int, body []byte) verdict {
	switch {
	case status >= 200 && status < 300:
		var fields map[string]json.RawMessage
		v := verdict{}
		if json.Unmarshal(body, &fields) == nil {
			name := "id"
			if own := g.params.Get("reference"); own != "" {
				name = own
			}
			v.reference = strings.Trim(string(fields[name]), `"`)
		}
		return v
	case status == http.StatusConflict:
		return verdict{word: checkout.SentRepeated, permanent: true}
	case status == http.StatusNotFound || status == http.StatusGone:
		return verdict{word: checkout.SentRecipient, permanent: true}
	}
	return byStatus(status)
}

func (g generic) repeat() time.Duration {
	d, err := time.ParseDuration(g.params.Get("repeat"))
	if err != nil {
		return 0 // openGeneric has read what is written
	}
	return d
}
