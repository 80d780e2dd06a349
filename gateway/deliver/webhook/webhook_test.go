package webhook

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// clock stands.
type clock struct{}

func (clock) Now() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }

// The example of the specification's own reference libraries.
func TestA52_TheSpecificationsOwnSignature(t *testing.T) {
	secret, err := base64.StdEncoding.DecodeString("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	if got := ShowSecret(secret); got != "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" {
		t.Errorf("secret %s", got)
	}
	at := time.Unix(1614265330, 0)
	if one := Signature([][]byte{secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, []byte(`{"test": 2432232314}`)); one != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signature %s", one)
	}
	two := Signature([][]byte{secret, []byte("old")}, "a", at, []byte("b"))
	if first, second, ok := strings.Cut(two, " "); !ok || first != Signature([][]byte{secret}, "a", at, []byte("b")) || second != Signature([][]byte{[]byte("old")}, "a", at, []byte("b")) {
		t.Errorf("two signatures %s", two)
	}
	for name, other := range map[string]string{
		"another id": Signature([][]byte{secret}, "x", at, []byte("b")), "another time": Signature([][]byte{secret}, "a", at.Add(time.Second), []byte("b")),
		"another body": Signature([][]byte{secret}, "a", at, []byte("c")),
	} {
		if strings.Contains(two, other) {
			t.Errorf("%s has the same signature", name)
		}
	}
}

func TestA51_AddressesThatAreNobodysHost(t *testing.T) {
	for _, text := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
		"168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:8.8.8.8", "::ffff:127.0.0.1", "::8.8.8.8", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1",
		"2001::1", "2001:0:53aa:64c::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "fec0::1", "100::1", "4000::1",
	} {
		if public(netip.MustParseAddr(text)) {
			t.Errorf("%s is public", text)
		}
	}
	for _, text := range []string{"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "193.140.100.1", "2606:4700:4700::1111", "2a00:1450:4001::1"} {
		if !public(netip.MustParseAddr(text)) {
			t.Errorf("%s is not public", text)
		}
	}
	if public(netip.Addr{}) || public(netip.MustParseAddr("2606:4700::1%eth0")) {
		t.Error("no address, or one of a link, is public")
	}
}

// resolving is a look-up that answers from a table.
func resolving(table map[string][]string) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(_ context.Context, _, host string) ([]netip.Addr, error) {
		texts, known := table[host]
		if !known {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		var out []netip.Addr
		for _, text := range texts {
			out = append(out, netip.MustParseAddr(text))
		}
		return out, nil
	}
}

func TestA51_TargetsAtSave(t *testing.T) {
	names := resolving(map[string][]string{
		"shop.example": {"8.8.8.8", "2606:4700:4700::1111"}, "mapped.example": {"::ffff:8.8.8.8"}, "inside.example": {"10.0.0.1"}, "bait.example": {"8.8.8.8", "127.0.0.1"},
		"localhost": {"127.0.0.1"}, "meta.example": {"169.254.169.254"}, "mapped-inside.example": {"::ffff:10.0.0.1"}, "nat64.example": {"64:ff9b::7f00:1"},
	})
	live, demo := New(Config{Clock: clock{}, Lookup: names}), New(Config{Clock: clock{}, Lookup: names, Loopback: true})
	for address, good := range map[string][2]bool{ // for merchants, in demo
		"https://shop.example/hooks?a=1": {true, true}, "https://shop.example:443/": {true, true}, "https://shop.example:8443/": {true, true}, "https://mapped.example/": {true, true},
		"https://8.8.8.8/": {true, true}, "https://[2606:4700:4700::1111]/x": {true, true}, "https://nowhere.example/": {true, true},
		"http://shop.example/": {false, false}, "ftp://shop.example/": {false, false}, "//shop.example/": {false, false}, "https:shop.example": {false, false}, "https:///x": {false, false},
		"https://user@shop.example/": {false, false}, "https://user:pass@shop.example/": {false, false}, "https://shop.example/#x": {false, false}, "": {false, false}, "https://shop.example:/": {false, false},
		"https://shop.example:25/": {false, false}, "https://shop.example:80/": {false, false}, "https://8.8.8.8:22/": {false, false}, "https://shop.example:0/": {false, false}, "https://shop.example:99999/": {false, false},
		"https://inside.example/": {false, false}, "https://bait.example/": {false, true}, "https://meta.example/": {false, false}, "https://mapped-inside.example/": {false, false}, "https://nat64.example/": {false, false},
		"https://localhost/": {false, true}, "http://localhost:8080/": {false, true}, "http://localhost/": {false, true}, "https://127.0.0.1:22/": {false, true}, "http://127.0.0.1:9/": {false, true}, "http://[::1]:9/": {false, true}, "https://127.0.0.1/": {false, true},
		"https://10.0.0.1/": {false, false}, "https://169.254.169.254/latest": {false, false}, "https://[::ffff:8.8.8.8]/": {false, false}, "https://[fe80::1%25eth0]/": {false, false},
		"https://2130706433/": {false, false}, "https://127.1/": {false, false}, "https://0x7f.1/": {false, false}, "https://0X7F000001/": {false, false}, "https://0177.0.0.1/": {false, false},
		"https://8.8.8.08/": {false, false}, "https://127.0.0.1./": {false, false}, "https://1.2.3.4.5/": {false, false}, "https://[::ffff:127.0.0.1]/": {false, true}, "https://[::127.0.0.1]/": {false, false},
		"https://１２７.0.0.1/": {false, false}, "https://127。0。0。1/": {false, false}, "https://127.0.0。1/": {false, false}, "https://shop.example./": {false, false}, "https://shop.example:22/": {false, false}, "http://nowhere.example/": {false, false}, "https://intranet/": {false, false},
		"https://LOCALHOST./": {false, false}, "https://printer.local/": {false, false}, "https://metadata.google.internal/": {false, false}, "https://a.localhost/": {false, false}, "https://router.home.arpa/": {false, false},
		"https://örnek.example/": {true, true}, "https://Shop.Example/": {true, true}, "https://4.shop.example/": {true, true}, "https://0x.example/": {true, true},
	} {
		for i, s := range []*Sender{live, demo} {
			err := s.Allowed(t.Context(), address)
			if (err == nil) != good[i] || err != nil && !errors.Is(err, checkout.ErrTarget) {
				t.Errorf("%s, demo %t: %v", address, i == 1, err)
			}
		}
	}
}

// receiver is an https server of this machine that senders reach under the name shop.example; it counts.
type receiver struct {
	*httptest.Server
	calls atomic.Int64
	roots *x509.CertPool
}

func receive(t *testing.T, answer http.HandlerFunc) *receiver {
	r := &receiver{roots: x509.NewCertPool()}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		r.calls.Add(1)
		answer(w, q)
	}))
	r.roots.AddCert(r.Certificate())
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) sender(change ...func(*Config)) *Sender {
	c := Config{Clock: clock{}, Loopback: true, Roots: r.roots, Patience: time.Second}
	for _, f := range change {
		f(&c)
	}
	return New(c)
}

func message(url string) Message {
	return Message{Endpoint: checkout.Endpoint{ID: "whk_1", URL: url, Secret: []byte("secret")}, ID: "evt_1", Request: "dlv_1-1", Number: 1, Body: []byte(`{"a":1}`)}
}

func TestSendSaysWhatItSent(t *testing.T) {
	var got http.Header
	var body []byte
	r := receive(t, func(w http.ResponseWriter, q *http.Request) {
		got = q.Header
		body, _ = io.ReadAll(q.Body)
		w.WriteHeader(http.StatusAccepted)
	})
	made := r.sender().Send(t.Context(), message(r.URL+"/hooks"))
	if made.Error != "" || made.Code != 202 || made.Number != 1 || !made.At.Equal(clock{}.Now()) || made.Took <= 0 {
		t.Errorf("%+v", made)
	}
	want := map[string]string{
		HeaderID: "evt_1", HeaderTimestamp: fmt.Sprint(clock{}.Now().Unix()), HeaderSignature: Signature([][]byte{[]byte("secret")}, "evt_1", clock{}.Now(), body),
		"X-Request-Id": "dlv_1-1", "Content-Type": "application/json",
	}
	for name, value := range want {
		if got.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Get(name), value)
		}
	}
	if string(body) != `{"a":1}` {
		t.Errorf("body %s", body)
	}
}

// A51: what changed since the address was saved is found when it is dialled.
func TestA51_TargetsAtSend(t *testing.T) {
	r := receive(t, func(http.ResponseWriter, *http.Request) {})
	rebound := r.sender(func(c *Config) {
		c.Loopback = false
		asked := 0
		c.Lookup = func(context.Context, string, string) ([]netip.Addr, error) {
			if asked++; asked == 1 {
				return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
	})
	port := r.URL[strings.LastIndexByte(r.URL, ':'):]
	if err := rebound.Allowed(t.Context(), "https://shop.example"+port); err != nil {
		t.Fatal(err)
	}
	if made := rebound.Send(t.Context(), message("https://shop.example"+port)); made.Error != checkout.SendTarget {
		t.Errorf("rebound: %+v", made)
	}
	if made := rebound.Send(t.Context(), message(r.URL)); made.Error != checkout.SendTarget {
		t.Errorf("saved in demo, sent for merchants: %+v", made)
	}
	if err := rebound.control("tcp", "127.0.0.1:443", nil); !errors.As(err, &refused{}) {
		t.Errorf("the socket itself: %v", err)
	}
	if n := r.calls.Load(); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
}

func TestA51_RedirectsAreNotFollowed(t *testing.T) {
	r := receive(t, func(w http.ResponseWriter, q *http.Request) {
		http.Redirect(w, q, "/elsewhere", http.StatusTemporaryRedirect)
	})
	made := r.sender().Send(t.Context(), message(r.URL))
	if made.Error != checkout.SendRedirect || made.Code != 307 || r.calls.Load() != 1 {
		t.Errorf("%+v after %d requests", made, r.calls.Load())
	}
}

// A53: receivers of every bad kind end within the patience, and their answer is not read without end.
func TestA53_BadReceivers(t *testing.T) {
	stop := make(chan struct{})
	hold := func(q *http.Request) {
		_, _ = io.Copy(io.Discard, q.Body) // else nobody tells that the sender went away
		select {
		case <-stop:
		case <-q.Context().Done():
		}
	}
	var written atomic.Int64
	for name, one := range map[string]struct {
		answer http.HandlerFunc
		code   int
		word   string
	}{
		"hangs": {func(_ http.ResponseWriter, q *http.Request) { hold(q) }, 0, checkout.SendTimeout},
		"hangs after its head": {func(w http.ResponseWriter, q *http.Request) {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			hold(q)
		}, 200, ""},
		"writes without end": {func(w http.ResponseWriter, _ *http.Request) {
			for chunk := make([]byte, 1<<16); ; {
				n, err := w.Write(chunk)
				if written.Add(int64(n)); err != nil || written.Load() > 64<<20 {
					return
				}
			}
		}, 200, ""},
		"a head without end": {func(w http.ResponseWriter, _ *http.Request) {
			for i := range 200 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1024))
			}
		}, 0, checkout.SendBroken},
		"resets": {func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = conn.Close()
			}
		}, 0, checkout.SendBroken},
		"fails":   {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 500, checkout.SendStatus},
		"is gone": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, 410, checkout.SendGone},
	} {
		t.Run(name, func(t *testing.T) {
			r := receive(t, one.answer)
			made := r.sender().Send(t.Context(), message(r.URL))
			if made.Code != one.code || made.Error != one.word {
				t.Errorf("%+v", made)
			}
		})
	}
	close(stop)
	if n := written.Load(); n > 32<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}

func TestSendSaysWhyNot(t *testing.T) {
	r := receive(t, func(http.ResponseWriter, *http.Request) {})
	r.Server.Config.ErrorLog = nil
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, one := range map[string]struct {
		sender *Sender
		url    string
		word   string
	}{
		"an unknown authority": {r.sender(func(c *Config) { c.Roots = x509.NewCertPool() }), r.URL, checkout.SendTLS},
		"no TLS there":         {r.sender(), "https" + strings.TrimPrefix(plain(t), "http"), checkout.SendBroken},
		"nobody listens":       {r.sender(), closed.URL, checkout.SendBroken},
		"no such name":         {r.sender(func(c *Config) { c.Lookup = resolving(nil) }), "https://shop.example", checkout.SendName},
		"no address":           {r.sender(), "https://", checkout.SendTarget},
	} {
		if made := one.sender.Send(t.Context(), message(one.url)); made.Error != one.word || made.Code != 0 {
			t.Errorf("%s: %+v", name, made)
		}
	}
}

func plain(t *testing.T) string {
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.URL
}
