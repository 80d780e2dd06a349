package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/odelink/odelink/checkout"
)

func TestMask(t *testing.T) {
	for in, want := range map[string]string{
		"Onaylandı":                                   "Onaylandı",
		"Onayland\xfd":                                "Onaylandı",
		"kart 4155650000000007 red":                   "kart 415565******0007 red",
		"4155 6500 0000 0007":                         "4155 65** **** 0007",
		"4155-6500-0000-0007.":                        "4155-65**-****-0007.",
		"٤١٥٥٦٥٠٠٠٠٠٠٠٠٠٧":                            "٤١٥٥٦٥******٠٠٠٧",
		"4155  6500  0000  0007":                      "4155  65**  ****  0007",
		"ref 12345678901":                             "ref 12345678901",
		"a\r\nb\x00c\u2028d\x1b[31m":                  "a  b c d [31m",
		"415565******0007":                            "415565******0007",
		"CVV 123 hatalı":                              "CVV *** hatalı",
		"<Cvv2>4821</Cvv2>":                           "<Cvv2>***</Cvv2>",
		"CVC yanlış, kod 82":                          "CVC yanlış, kod 82",
		"5 6 7 8 1 2 3 4 5 6 7 8":                     "5 6 7 8 1 2 * * 5 6 7 8",
		strings.Repeat("ş", 300):                      strings.Repeat("ş", 199) + "…",
		strings.Repeat("x", 195) + "4155650000000007": strings.Repeat("x", 195) + "4155…",
	} {
		if got := Mask(in); got != want {
			t.Errorf("Mask(%q) is %q, want %q", in, got, want)
		}
	}
}

// Whatever surrounds it, a card number does not get through.
func TestMaskHidesCardNumbers(t *testing.T) {
	const pan = "4155650000000007"
	check := func(before, after string) bool {
		out := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, Mask(before+pan+after))
		return !strings.Contains(out, pan)
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}

func TestASCII(t *testing.T) {
	for in, want := range map[string]string{"Ayşe  IŞIK": "Ayse ISIK", "İğdır Çöğün ÜÂ": "Igdir Cogun UA", "李": "", "a\u202eb\tc": "abc", " x ": "x"} {
		if got := ASCII(in); got != want {
			t.Errorf("ASCII(%q) is %q, want %q", in, got, want)
		}
	}
}

func TestFoldASCIIFoldsNothingElse(t *testing.T) {
	if got := FoldASCII("OrderİD ıIſK\u212a"); got != "orderİd ıiſk\u212a" {
		t.Errorf("%q", got)
	}
}

func TestParseAmount(t *testing.T) {
	for text, want := range map[string]int64{"1": 100, "1.5": 150, "1.50": 150, "0.01": 1, "200000.00": 20000000, "0": 0, "92233720368547758.07": 9223372036854775807} {
		if m, err := ParseAmount(text, checkout.TRY); err != nil || m.Minor != want || m.Currency != checkout.TRY {
			t.Errorf("%s: %v, %v", text, m, err)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "1.505", "-1", "+1", "1,50", "1 ", " 1", "1e2", "0x1", "1.000,00", "NaN", "١", "92233720368547758.08", "1.5.0"} {
		if m, err := ParseAmount(text, checkout.TRY); err == nil {
			t.Errorf("%q was read as %v", text, m)
		}
	}
	if m, err := ParseAmount("1200", checkout.JPY); err != nil || m.Minor != 1200 {
		t.Errorf("yen: %v, %v", m, err)
	}
	if _, err := ParseAmount("1200.0", checkout.JPY); err == nil {
		t.Error("yen with decimals were read")
	}
}

func TestBaseURL(t *testing.T) {
	for text, want := range map[string][2]string{
		"https://bank.example/x":        {"", ""},
		"https://bank.example":          {"", ""},
		"http://bank.example/":          {"https_required", "https_required"},
		"http://127.0.0.1:8081/payfor/": {"loopback_refused", ""},
		"https://127.0.0.1:8081/":       {"loopback_refused", ""},
		"http://localhost./":            {"loopback_refused", ""},
		"http://bank.localhost/":        {"loopback_refused", ""},
		"http://[::1]/":                 {"loopback_refused", ""},
		"http://127.9.9.9/":             {"loopback_refused", ""},
		"ftp://127.0.0.1/":              {"loopback_refused", "https_required"},
		"https://user:pw@bank.example/": {"url", "url"},
		"https://bank.example/?a=b":     {"url", "url"},
		"https://bank.example/?":        {"url", "url"},
		"https://bank.example/#x":       {"url", "url"},
		"bank.example/x":                {"url", "url"},
		"//bank.example/x":              {"https_required", "https_required"},
		"javascript:alert(1)":           {"url", "url"},
		"https://b\u0430nk.example/":    {"url", "url"},
		"https://bank.example/%zz":      {"url", "url"},
	} {
		for i, allow := range []bool{false, true} {
			u, code := BaseURL(text, allow)
			if code != want[i] || (code == "" && !strings.HasSuffix(u.String(), "/")) {
				t.Errorf("%s, allowed %v: %v, %q; want %q", text, allow, u, code, want[i])
			}
		}
	}
}

func TestReadXML(t *testing.T) {
	const good = "<?xml version='1.0' encoding='ISO-8859-9'?><r><a>\r\n </a><b> Onayland\xfd </b><c x='1'><d>2</d></c></r>\n"
	n, err := ReadXML([]byte(good), "r")
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := n.One("a"); a != "" || !ok {
		t.Errorf("a is %q, %v", a, ok)
	}
	if b, _ := n.One("b"); b != "Onaylandı" {
		t.Errorf("b is %q", b)
	}
	if d, _ := n.Children[2].One("d"); d != "2" {
		t.Errorf("d is %q", d)
	}
	if _, ok := n.One("e"); ok {
		t.Error("e was found")
	}
	for name, bad := range map[string]string{
		"cut":                  good[:len(good)-6],
		"another root":         "<s/>",
		"nothing":              "",
		"blanks":               "  \n",
		"two roots":            "<r/><r/>",
		"text behind":          "<r/>x",
		"text before":          "x<r/>",
		"a document type":      "<!DOCTYPE r><r/>",
		"an entity":            "<r>&x;</r>",
		"HTML":                 "<!doctype html><html><br></html>",
		"a byte that is none":  "<r>\x00</r>",
		"wrong nesting":        "<r><a></r></a>",
		"21 levels":            strings.Repeat("<r>", 21) + strings.Repeat("</r>", 21),
		"5001 elements":        "<r>" + strings.Repeat("<a/>", 5000) + "</r>",
		"two attributes alike": "<r",
	} {
		if n, err := ReadXML([]byte(bad), "r"); err == nil {
			t.Errorf("%s was read: %+v", name, n)
		}
	}
	if _, err := ReadXML([]byte(strings.Repeat("<r>", 20)+strings.Repeat("</r>", 20)), "r"); err != nil {
		t.Errorf("20 levels: %v", err)
	}
}

func TestEncodeForm(t *testing.T) {
	got := string(EncodeForm([]checkout.Field{{Name: "b", Value: "ı+ &="}, {Name: "a", Value: ""}, {Name: "b", Value: "2"}}))
	if got != "b=%C4%B1%2B+%26%3D&a=&b=2" {
		t.Error(got)
	}
}

// post sends one small message to a handler.
func post(t *testing.T, c *Client, address string, limit int64, timeout time.Duration) (Answer, error) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return c.Post(t.Context(), Call{URL: u, Type: FormType, Body: []byte("UserPass=hush-hush"), Limit: limit, Timeout: timeout})
}

func TestClientTellsNotSentFromNoAnswer(t *testing.T) {
	serve := func(h http.HandlerFunc) string {
		s := httptest.NewServer(h)
		t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
		return s.URL + "/?x=UserPass"
	}
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := "http://" + dead.Addr().String() + "/"
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is the point
	secure.StartTLS()
	t.Cleanup(secure.Close)
	for _, tc := range []struct {
		name, address string
		sent          bool
	}{
		{"a refused connection", refused, false},
		{"a certificate nobody knows", secure.URL, false},
		{"a name that does not exist", "http://odelink.invalid/", false},
		{"no answer in time", serve(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // a server sees that its client left only behind the body
			<-r.Context().Done()
		}), true},
		{"a cut connection", serve(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), true},
		{"a body shorter than promised", serve(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "x")
		}), true},
		{"an answer longer than its limit", serve(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 101)) }), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := post(t, NewClient(ClientConfig{}), tc.address, 100, 300*time.Millisecond)
			var f *Failure
			if !errors.As(err, &f) || f.Sent != tc.sent || errors.Is(err, ErrNotSent) == tc.sent {
				t.Errorf("%v", err)
			}
			if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "UserPass") || strings.Contains(text, "hush") {
				t.Errorf("the error repeats the message: %s", text)
			}
		})
	}
}

func TestClientSendsOnceAndFollowsNothing(t *testing.T) {
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		if r.Header.Get("Accept-Encoding") != "" || r.Header.Get("Content-Type") != FormType {
			t.Errorf("headers %v", r.Header)
		}
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(s.Close)
	a, err := post(t, NewClient(ClientConfig{}), s.URL, 1000, time.Second)
	if err != nil || a.Status != http.StatusTemporaryRedirect || n != 1 {
		t.Errorf("%+v, %v after %d requests", a, err, n)
	}
}

// A proxy in the environment is not asked: bank messages take the way that was configured.
func TestClientIgnoresTheEnvironmentsProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	if p := NewClient(ClientConfig{}).http.Transport.(*http.Transport).Proxy; p != nil {
		t.Error("the transport asks for a proxy")
	}
	via, err := url.Parse("http://proxy.example:3128")
	if err != nil {
		t.Fatal(err)
	}
	p := NewClient(ClientConfig{Proxy: via}).http.Transport.(*http.Transport).Proxy
	if got, err := p(httptest.NewRequest(http.MethodPost, "https://bank.example/", nil)); err != nil || got.Host != via.Host {
		t.Errorf("%v, %v", got, err)
	}
}

func TestClientHasLimits(t *testing.T) {
	tr := NewClient(ClientConfig{}).http.Transport.(*http.Transport)
	if tr.TLSClientConfig.MinVersion < 0x0303 || tr.TLSClientConfig.InsecureSkipVerify || tr.TLSHandshakeTimeout == 0 || tr.IdleConnTimeout == 0 ||
		tr.MaxIdleConns == 0 || tr.ForceAttemptHTTP2 || !tr.DisableCompression {
		t.Errorf("transport %+v", tr)
	}
	got := NewClient(ClientConfig{Timeouts: Timeouts{Money: time.Second}}).Timeouts
	if got.Money != time.Second || got.Open != defaultOpen || got.Ask != defaultAsk || got.Connect != defaultConnect || got.TLS != defaultTLS {
		t.Errorf("timeouts %+v", got)
	}
}

func TestClientStopsWithItsCaller(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewClient(ClientConfig{}).Post(ctx, Call{URL: u, Type: FormType, Limit: 10}); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrNotSent) {
		t.Errorf("%v", err)
	}
}

func TestSameSignature(t *testing.T) {
	if !SameSignature("abc=", "abc=") || SameSignature("abc=", "abd=") || SameSignature("abc", "abc=") || SameSignature("", "a") {
		t.Error("signatures are compared wrongly")
	}
}

func TestModesByName(t *testing.T) {
	i := Info{Modes: []Mode{{Name: "a"}, {Name: "b", OneStep: true}}}
	if m, ok := i.Mode(""); !ok || m.Name != "a" {
		t.Error("the first mode is not the default")
	}
	if m, ok := i.Mode("b"); !ok || !m.OneStep {
		t.Error("b is lost")
	}
	if _, ok := i.Mode("c"); ok {
		t.Error("c exists")
	}
}

// A bank's name that leads to this machine is not called, whoever wrote it down.
func TestClientStaysOutside(t *testing.T) {
	called := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer s.Close()
	port := s.Listener.Addr().(*net.TCPAddr).Port
	for _, host := range []string{"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]", "169.254.169.254", "[fe80::1]", "224.0.0.1"} {
		_, err := post(t, NewClient(ClientConfig{Outside: true}), fmt.Sprintf("http://%s:%d/", host, port), 100, 2*time.Second)
		if !errors.Is(err, errInside) || !errors.Is(err, ErrNotSent) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if called {
		t.Error("it was called")
	}
}
