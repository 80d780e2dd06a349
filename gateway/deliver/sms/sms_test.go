package sms_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver/sms"
)

type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

const secret = "s3cret-p4ss"

// message is a text to a Turkish mobile.
func message(text string) checkout.Message {
	return checkout.Message{ID: "msg_0000000000000000000001", Channel: checkout.ChannelSMS, To: "+905321234567", Attempts: 1, Letter: checkout.Letter{Text: text}}
}

// gatewayOf is a provider that answers as it is told, and keeps the last request.
func gatewayOf(t *testing.T, answer http.HandlerFunc) (host string, last func() (*http.Request, map[string]any)) {
	t.Helper()
	var r *http.Request
	var body map[string]any
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		raw, _ := io.ReadAll(req.Body)
		r, body = req, nil
		if err := json.Unmarshal(raw, &body); err != nil {
			t.Errorf("not JSON: %q", raw)
		}
		answer(w, req)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), func() (*http.Request, map[string]any) { return r, body }
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func open(t *testing.T, address string) *sms.Sender {
	t.Helper()
	s, err := sms.New(sms.Config{URL: address, Clock: clock{}, Patience: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// addresses of each provider at a host.
var addresses = map[string]string{
	"netgsm":       "netgsm://8501112233:" + secret + "@%s/?header=AHSAP",
	"iletimerkezi": "iletimerkezi://key:" + secret + "@%s/?header=AHSAP",
	"generic":      "http+json://:" + secret + "@%s/send?header=AHSAP&number=international&reference=no",
}

// What is sent, whole, for each provider (domain sheet, 4.1).
func TestRequests(t *testing.T) {
	want := map[string]struct{ path, auth, body, yes string }{
		"netgsm": {"/sms/rest/v2/send", "Basic ODUwMTExMjIzMzpzM2NyZXQtcDRzcw==",
			`{"encoding":"TR","iysfilter":"0","messages":[{"msg":"Ödeme ş","no":"5321234567"}],"msgheader":"AHSAP"}`, `{"code":"00","jobid":"17377215342605050417149344","description":"queued"}`},
		"iletimerkezi": {"/v1/send-sms/json", "",
			`{"request":{"authentication":{"hash":"` + secret + `","key":"key"},"order":{"iys":"0","message":{"receipents":{"number":["5321234567"]},"text":"Ödeme ş"},"sendDateTime":[],"sender":"AHSAP"}}}`,
			`{"response":{"status":{"code":200,"message":"İşlem başarılı"},"order":{"id":"17377215342605050417149344"}}}`},
		"generic": {"/send", "Bearer " + secret, `{"from":"AHSAP","id":"msg_0000000000000000000001","text":"Ödeme ş","to":"905321234567"}`, `{"no":"17377215342605050417149344"}`},
	}
	for name, w := range want {
		host, last := gatewayOf(t, says(200, w.yes))
		made := open(t, fmt.Sprintf(addresses[name], host)).Send(t.Context(), message("Ödeme ş"))
		r, body := last()
		sent, _ := json.Marshal(body)
		if r.URL.Path != w.path || r.Header.Get("Authorization") != w.auth || string(sent) != w.body || r.Method != "POST" {
			t.Errorf("%s: %s %s %q\n%s", name, r.Method, r.URL.Path, r.Header.Get("Authorization"), sent)
		}
		if made.Error != "" || made.Reference != "17377215342605050417149344" || made.Unclear || made.Code != 200 {
			t.Errorf("%s: %+v", name, made)
		}
	}
}

// What each answer makes of an attempt: whether to try again, and whether the message may be on its way.
func TestAnswers(t *testing.T) {
	cases := []struct {
		provider, name string
		answer         http.HandlerFunc
		word           string
		permanent      bool
		unclear        bool
	}{
		{"netgsm", "wrong password", says(200, `{"code":"30"}`), checkout.SentCredentials, false, false},
		{"netgsm", "header not approved", says(406, `{"code":"40","description":"x"}`), checkout.SentSender, false, false},
		{"netgsm", "the text", says(406, `{"code":"20"}`), checkout.SentContent, true, false},
		{"netgsm", "a repetition", says(406, `{"code":"85"}`), checkout.SentRepeated, true, false},
		{"netgsm", "a code of tomorrow", says(200, `{"code":"99"}`), checkout.SentServer, false, false},
		{"netgsm", "500", says(500, "oops"), checkout.SentServer, false, false},
		{"netgsm", "garbage with 200", says(200, "<html>"), checkout.SentGarbage, false, true},
		{"netgsm", "nothing with 200", says(200, ""), checkout.SentGarbage, false, true},
		{"netgsm", "429", says(429, ""), checkout.SentQuota, false, false},
		{"iletimerkezi", "wrong key", says(401, `{"response":{"status":{"code":"401","message":"Üyelik bilgileri hatalı"}}}`), checkout.SentCredentials, false, false},
		{"iletimerkezi", "a repetition", says(451, `{"response":{"status":{"code":451,"message":"Tekrar eden sipariş"}}}`), checkout.SentRepeated, true, false},
		{"iletimerkezi", "header", says(450, `{"response":{"status":{"code":"450"}}}`), checkout.SentSender, false, false},
		{"iletimerkezi", "no credit", says(402, `{"response":{"status":{"code":"402"}}}`), checkout.SentQuota, false, false},
		{"iletimerkezi", "garbage with 200", says(200, `{"response":1}`), checkout.SentGarbage, false, true},
		{"iletimerkezi", "503 without words", says(503, ``), checkout.SentServer, false, false},
		{"generic", "taken over without words", says(202, ``), "", false, false},
		{"generic", "a repetition", says(409, `{}`), checkout.SentRepeated, true, false},
		{"generic", "no such number", says(404, `{}`), checkout.SentRecipient, true, false},
		{"generic", "a refused text", says(422, `{}`), checkout.SentContent, true, false},
		{"generic", "a redirect leads nowhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, checkout.SendRedirect, false, false},
		{"generic", "it hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, checkout.SendTimeout, false, true},
		{"generic", "it hangs up", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, checkout.SendBroken, false, true},
		{"generic", "its answer breaks off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		}, checkout.SendBroken, false, true},
	}
	for _, c := range cases {
		t.Run(c.provider+" "+c.name, func(t *testing.T) {
			t.Parallel()
			host, _ := gatewayOf(t, c.answer)
			made := open(t, fmt.Sprintf(addresses[c.provider], host)).Send(t.Context(), message("x"))
			if made.Error != c.word || made.Permanent != c.permanent || made.Unclear != c.unclear {
				t.Errorf("%+v, want %s, permanent %v, unclear %v", made, c.word, c.permanent, c.unclear)
			}
		})
	}
	t.Run("nobody there: nothing was handed over", func(t *testing.T) {
		s := httptest.NewServer(http.NotFoundHandler())
		s.Close()
		made := open(t, "http+json://"+strings.TrimPrefix(s.URL, "http://")+"/").Send(t.Context(), message("x"))
		if made.Error != checkout.SendBroken || made.Unclear || made.Permanent {
			t.Errorf("%+v", made)
		}
	})
}

// Features 1.16: nothing leaves for a number that is not a Turkish mobile one.
func TestOnlyTurkishMobiles(t *testing.T) {
	for _, to := range []string{"+4915123456789", "+902125550123", "5321234567", "", "+9053212345678"} {
		host, last := gatewayOf(t, says(200, "{}"))
		m := message("x")
		m.To = to
		made := open(t, fmt.Sprintf(addresses["generic"], host)).Send(t.Context(), m)
		if r, _ := last(); r != nil || made.Error != checkout.SentRecipient || !made.Permanent || !strings.Contains(made.Answer, "copy the link") {
			t.Errorf("%q: %+v", to, made)
		}
	}
}

// What a provider says is kept without secrets and people's numbers.
func TestAnswersAreMasked(t *testing.T) {
	host, _ := gatewayOf(t, says(406, `{"code":"70","description":"no 905321234567 and 5321234567 for `+secret+` card 4155650000000007\r\nX-Evil: 1"}`))
	made := open(t, fmt.Sprintf(addresses["netgsm"], host)).Send(t.Context(), message("x"))
	for _, bad := range []string{secret, "5321234567", "4155650000000007", "\n", "\r"} {
		if strings.Contains(made.Answer, bad) {
			t.Errorf("%q stands in %q", bad, made.Answer)
		}
	}
	if !strings.HasPrefix(made.Answer, "70 no 90532") {
		t.Errorf("%q", made.Answer)
	}
}

func TestPlainLetters(t *testing.T) {
	host, last := gatewayOf(t, says(200, `{"code":"00"}`))
	s := open(t, fmt.Sprintf(addresses["netgsm"]+"&encoding=ascii", host))
	s.Send(t.Context(), message("Şükrü ödeme"))
	_, body := last()
	if got := body["messages"].([]any)[0].(map[string]any)["msg"]; got != "Sukru odeme" || body["encoding"] != nil {
		t.Errorf("%v", body)
	}
	if size := s.Size("Şükrü ödeme"); size.Encoding != "gsm7" || size.Units != 11 {
		t.Errorf("%+v", size)
	}
}

// An address tells all its mistakes at once, and none of its secrets.
func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"netgsm://u:p@api.netgsm.com.tr/?header=SHOP":                                 "",
		"iletimerkezi://k:h@api.iletimerkezi.com/?header=SHOP&encoding=ascii&iys=0":   "",
		"https+json://:tok@sms.example/v1/send?header=SHOP&number=national&repeat=1h": "",
		"http+json://127.0.0.1:9/?header=SHOP":                                        "",
		"http+json://sms.example/?header=SHOP":                                        "http+json:// is for this machine only; messages hold addresses of people",
		"https://sms.example/":                                                        "begins with none of netgsm:// iletimerkezi:// https+json:// http+json://",
		"sms":                                                                         "begins with none of netgsm:// iletimerkezi:// https+json:// http+json://",
		"netgsm://api.netgsm.com.tr/?headr=SHOP&encoding=latin5":                      "encoding= is turkish, ascii or unicode|header= is missing: the sender's name that the provider has approved|headr= is not known|netgsm:// needs USER:PASSWORD@",
		"netgsm://u:p@/?header=WAYTOOLONGNAME":                                        "header= has more than 11 characters|names no host",
		"iletimerkezi://k@api.iletimerkezi.com/?header=A&header=B":                    "header= stands twice|iletimerkezi:// needs KEY:HASH@",
		"https+json://sms.example/?number=local&repeat=99h":                           "number= is e164, national or international|repeat= is a time like 1h, up to 24h, in which the provider refuses the same text to the same number",
		"netgsm://u:" + secret + "%zz@x/":                                             "cannot be read as an address; write user and password with %-escapes",
	} {
		got := ""
		if err := sms.CheckURL(address); err != nil {
			got = strings.ReplaceAll(err.Error(), "\n", "|")
		}
		if got != want || strings.Contains(got, secret) {
			t.Errorf("%s\n got %s\nwant %s", address, got, want)
		}
	}
	s := open(t, "netgsm://user:"+url.QueryEscape(secret)+"@localhost/?header=SHOP")
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), s.LogValue().String()} {
		if strings.Contains(text, secret) || strings.Contains(text, "user") {
			t.Errorf("it prints %q", text)
		}
	}
}
