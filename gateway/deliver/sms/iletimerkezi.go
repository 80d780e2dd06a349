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

// iletiMerkezi is POST /v1/send-sms/json with key and hash in the body (domain sheet, 4.1). "receipents" is its spelling.
type iletiMerkezi struct{ settings }

func openIletiMerkezi(s settings) (provider, error) {
	if s.user == "" || s.secret == "" {
		return nil, errors.New("iletimerkezi:// needs KEY:HASH@")
	}
	if s.params.Get("iys") == "" {
		s.params.Set("iys", "0") // information, no advertising
	}
	return iletiMerkezi{s}, nil
}

func (i iletiMerkezi) request(ctx context.Context, base *url.URL, to, text, _ string) (*http.Request, error) {
	type object = map[string]any
	body, err := json.Marshal(object{"request": object{
		"authentication": object{"key": i.user, "hash": i.secret},
		"order": object{
			"sender": i.header, "sendDateTime": []string{}, "iys": i.params.Get("iys"),
			"message": object{"text": text, "receipents": object{"number": []string{strings.TrimPrefix(to, "+90")}}},
		},
	}})
	if err != nil {
		return nil, err
	}
	return post(ctx, base, "/v1/send-sms/json", body)
}

// iletiMerkeziWords are what its codes mean.
var iletiMerkeziWords = map[string]verdict{
	"200": {},
	"400": {word: checkout.SentContent, permanent: true},
	"401": {word: checkout.SentCredentials}, "402": {word: checkout.SentQuota}, "404": {word: checkout.SentServer},
	"450": {word: checkout.SentSender}, "451": {word: checkout.SentRepeated, permanent: true},
	"452": {word: checkout.SentRecipient, permanent: true}, "453": {word: checkout.SentQuota}, "503": {word: checkout.SentServer},
}

func (i iletiMerkezi) verdict(status int, body []byte) verdict {
	var a struct {
		Response struct {
			Status struct {
				Code    json.RawMessage `json:"code"` // a number in some answers, a text in others
				Message string          `json:"message"`
			} `json:"status"`
			Order struct {
				ID json.RawMessage `json:"id"`
			} `json:"order"`
		} `json:"response"`
	}
	code := ""
	if json.Unmarshal(body, &a) == nil {
		code = strings.Trim(string(a.Response.Status.Code), `"`)
	}
	if code == "" {
		return byStatus(status)
	}
	v, known := iletiMerkeziWords[code]
	if !known {
		v = byStatus(max(status, http.StatusInternalServerError))
	}
	v.code, v.words, v.reference = code, a.Response.Status.Message, strings.Trim(string(a.Response.Order.ID), `"`)
	return v
}

// repeat: 451 is its word for a repetition; how long it remembers is not written down, so a day is assumed.
func (i iletiMerkezi) repeat() time.Duration { return 24 * time.Hour }
