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

// netgsm is the REST interface, version 2: POST /sms/rest/v2/send, JSON, Basic user:password (domain sheet, 4.1).
// A link is information and no advertising, so iysfilter is 0.
type netgsm struct{ settings }

func openNetgsm(s settings) (provider, error) {
	if s.user == "" || s.secret == "" {
		return nil, errors.New("netgsm:// needs USER:PASSWORD@")
	}
	if s.params.Get("iysfilter") == "" {
		s.params.Set("iysfilter", "0")
	}
	return netgsm{s}, nil
}

func (n netgsm) request(ctx context.Context, base *url.URL, to, text, _ string) (*http.Request, error) {
	type message struct {
		Text string `json:"msg"`
		To   string `json:"no"`
	}
	body, err := json.Marshal(struct {
		Header    string    `json:"msgheader"`
		Encoding  string    `json:"encoding,omitempty"`
		IYSFilter string    `json:"iysfilter"`
		AppName   string    `json:"appname,omitempty"`
		Messages  []message `json:"messages"`
	}{n.header, n.coding(), n.params.Get("iysfilter"), n.params.Get("appname"), []message{{text, strings.TrimPrefix(to, "+90")}}})
	if err != nil {
		return nil, err
	}
	req, err := post(ctx, base, "/sms/rest/v2/send", body)
	if err == nil {
		req.SetBasicAuth(n.user, n.secret)
	}
	return req, err
}

func (n netgsm) coding() string {
	if n.params.Get("encoding") == "ascii" {
		return ""
	}
	return "TR"
}

// netgsmWords are what its codes mean.
var netgsmWords = map[string]verdict{
	"00": {}, "01": {}, "02": {}, // taken over; 01 and 02 mend the dates, which are not used
	"20": {word: checkout.SentContent, permanent: true}, // the text
	"30": {word: checkout.SentCredentials},              // user, password, or our address is not allowed
	"40": {word: checkout.SentSender},                   // the header is not approved
	"50": {word: checkout.SentSender}, "51": {word: checkout.SentSender},
	"60": {word: checkout.SentQuota},
	"70": {word: checkout.SentContent, permanent: true},  // a parameter
	"80": {word: checkout.SentQuota},                     // too many at once
	"85": {word: checkout.SentRepeated, permanent: true}, // the same text to the same number too often
}

func (n netgsm) verdict(status int, body []byte) verdict {
	var a struct {
		Code        string `json:"code"`
		Job         string `json:"jobid"`
		Description string `json:"description"`
	}
	if json.Unmarshal(body, &a) != nil || a.Code == "" {
		return byStatus(status)
	}
	v, known := netgsmWords[a.Code]
	if !known {
		v = byStatus(max(status, http.StatusInternalServerError)) // a code of its own is a no that nobody here knows
	}
	v.code, v.words, v.reference = a.Code, a.Description, a.Job
	return v
}

// repeat: the provider refuses repetitions; how long it remembers is not written down, so a day is assumed.
func (n netgsm) repeat() time.Duration { return 24 * time.Hour }
