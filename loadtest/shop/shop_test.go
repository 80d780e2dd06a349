package shop_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/loadtest/client"
	"github.com/odelink/odelink/loadtest/shop"
	"github.com/odelink/odelink/loadtest/standin"
)

// A load test reaches this machine and the bank that was named and proved to be simulated, nothing else.
func TestPayersAreNeverSentToARealBank(t *testing.T) {
	for _, c := range []struct {
		bank, to string
		may      bool
	}{
		{"", "http://127.0.0.1:8081", true},
		{"", "http://localhost:8081", true},
		{"", "http://[::1]:8081", true},
		{"", "http://127.8.8.8:80", true},
		{"", "https://vpos.qnb.com.tr", false},
		{"", "http://10.0.0.5:8081", false},
		{"", "http://127.0.0.1.evil.example", false},
		{"", "http://localhost.evil.example", false},
		{"http://bank.test:8081", "http://bank.test:8081", true},
		{"http://bank.test:8081", "http://bank.test", false},
		{"http://bank.test:8081", "https://bank.test", false},
		{"https://bank.test", "https://bank.test:443", true},
		{"http://bank.test:8081", "http://other.test:8081", false},
	} {
		host, err := client.HostOf(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := (shop.Target{Bank: c.bank}).May(host); got != c.may {
			t.Errorf("bank %q, to %s: %v", c.bank, c.to, got)
		}
	}
}

func TestABankWithoutBooksIsNoSimulatedBank(t *testing.T) {
	s := standin.Start()
	defer s.Close()
	if err := (shop.Target{Bank: s.Bank.URL}).Simulated(t.Context()); err != nil {
		t.Error(err)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"404":    http.NotFound,
		"a page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, // whoever asked reads it
		"somewhere else": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, s.Bank.URL+"/_bank/charges", http.StatusFound)
		},
	} {
		real := httptest.NewServer(answer)
		if err := (shop.Target{Bank: real.URL}).Simulated(t.Context()); err == nil {
			t.Errorf("a bank that answers %s is taken for a simulated one", name)
		}
		real.Close()
	}
}

// The key goes where it was meant for, not where that leads.
func TestTheKeyDoesNotFollowARedirect(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a stranger is asked with %q", r.Header.Get("Authorization"))
	}))
	defer stranger.Close()
	target := httptest.NewServer(http.RedirectHandler(stranger.URL, http.StatusTemporaryRedirect))
	defer target.Close()
	err := shop.Target{URL: target.URL, Key: "sk_secret"}.Payments(t.Context(), time.Now(), func(shop.Payment) {})
	if err == nil || !strings.Contains(err.Error(), "answers 307") {
		t.Error(err)
	}
}

func TestTheTargetsClockIsReadFromItsAnswers(t *testing.T) {
	date := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{date}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer server.Close()
	target := shop.Target{URL: server.URL}
	for _, off := range []time.Duration{0, time.Hour, -time.Hour} {
		date = time.Now().Add(off).UTC().Format(http.TimeFormat)
		ahead, known, err := target.Ahead(t.Context())
		if err != nil || !known || ahead < off-30*time.Second || ahead > off+30*time.Second {
			t.Errorf("%v: %v %v %v", off, ahead, known, err)
		}
	}
	date = "yesterday"
	if _, known, err := target.Ahead(t.Context()); known || err != nil {
		t.Errorf("a date that is none: %v %v", known, err)
	}
	if _, _, err := (shop.Target{URL: "http://127.0.0.1:1"}).Ahead(t.Context()); err == nil {
		t.Error("a target that is away has a clock")
	}
}

func TestUndecidedPaymentsAreAskedForAgain(t *testing.T) {
	s := standin.Start()
	defer s.Close()
	lists := 0
	var decided func()
	s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
		if step == "payments" {
			if lists++; lists == 2 {
				decided()
			}
		}
		return false
	}
	s.Ledger = func(p *standin.Payment) {
		p.Status = "pending"
		decided = func() { p.Status = "paid" }
	}
	target := shop.Target{Name: "t", URL: s.Gateway.URL, Key: standin.Key, Bank: s.Bank.URL}
	began := time.Now().Add(-time.Second)
	s.Settle("lnk_t")
	a, err := target.Audit(t.Context(), shop.Own{Since: began, Links: map[string]bool{"lnk_t": true}, SingleUse: true}, time.Minute)
	if err != nil || !a.Whole() || a.Paid != 1 || lists != 2 {
		t.Errorf("%+v, %v, asked %d times", a, err, lists)
	}
}

func TestTargetsAreChecked(t *testing.T) {
	for _, bad := range []shop.Target{
		{Name: "t"}, {Name: "t", URL: "http://x"}, {Name: "t", URL: "ftp://x", Key: "k"}, {Name: "t", URL: "http://u:p@x", Key: "k"},
		{Name: "t", URL: "http://x", Key: "k", Bank: "bank"},
	} {
		if bad.Check() == nil {
			t.Errorf("%+v is fine", bad)
		}
	}
	for _, good := range []shop.Target{{URL: "http://x", Key: "k"}, {URL: "https://x/y", Page: true}} {
		if err := good.Check(); err != nil {
			t.Error(err)
		}
	}
}
