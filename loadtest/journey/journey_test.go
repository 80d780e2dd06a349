package journey_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/odelink/odelink/loadtest/client"
	"github.com/odelink/odelink/loadtest/journey"
	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
	"github.com/odelink/odelink/loadtest/standin"
)

// walked is what a payer did, in order: "view", or "view: status 503".
type walked struct {
	seen []string
	said []string
	done journey.Done
}

func walk(t *testing.T, s *standin.Shop, change func(*journey.Payer)) walked {
	t.Helper()
	target := shop.Target{Name: "t", URL: s.Gateway.URL, Key: standin.Key, Bank: s.Bank.URL}
	links, err := target.Links(t.Context(), 1, shop.Terms{Amount: 100, Currency: "TRY", Usage: "single"})
	if err != nil {
		t.Fatal(err)
	}
	host, err := client.HostOf(s.Gateway.URL)
	if err != nil {
		t.Fatal(err)
	}
	var w walked
	p := journey.Payer{
		Script: scenario.Default().Script(time.Now()), Shop: &client.Conn{Host: host}, May: target.May,
		Record: func(seen measure.Seen) {
			step := journey.Steps[seen.Step]
			if seen.Error != "" {
				step += ": " + seen.Error
			}
			w.seen = append(w.seen, step)
		},
		Trouble: func(_ int, _ string, said func() string) { w.said = append(w.said, said()) },
	}
	if change != nil {
		change(&p)
	}
	defer p.Close()
	w.done = p.Walk(time.Now(), links[0].Token)
	return w
}

func TestAPayerGoesTheWholeWay(t *testing.T) {
	s := standin.Start()
	defer s.Close()
	w := walk(t, s, nil)
	if got := strings.Join(w.seen, " "); got != "view installments pay bank bank return result" || w.done.Reached != journey.Result || w.done.Payment != "pay_0" {
		t.Errorf("%s, %+v, said %q", got, w.done, w.said)
	}
}

func TestAWayEndsWhereItGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		shop  func(*standin.Shop)
		payer func(*journey.Payer)
		seen  string
		said  string
	}{
		"another bank than the simulated one": {
			shop: func(s *standin.Shop) { s.Leads = "https://vpos.bank.example" },
			seen: "view installments pay bank: forbidden host",
		},
		"a host that looks like this machine": {
			shop: func(s *standin.Shop) { s.Leads = "http://127.0.0.1.bank.example" },
			seen: "view installments pay bank: forbidden host",
		},
		"the wrong password": {
			payer: func(p *journey.Payer) { p.Script.Password = "000000" },
			seen:  "view installments pay bank bank return: status 400", said: "not verified",
		},
		"an answer without a form": {
			shop: func(s *standin.Shop) {
				s.Before = func(step string, w http.ResponseWriter, _ *http.Request) bool {
					if step == "pay" {
						_, _ = w.Write([]byte("<p>your card 4155650000001005 is &lt;new&gt;</p>")) // the payer reads it
					}
					return step == "pay"
				}
			},
			seen: "view installments pay pay: unexpected page", said: "your card … is <new>",
		},
		"a connection that is cut": {
			shop: func(s *standin.Shop) {
				s.Before = func(step string, _ http.ResponseWriter, _ *http.Request) bool {
					if step == "pay" {
						panic(http.ErrAbortHandler)
					}
					return false
				}
			},
			seen: "view installments pay: reset",
		},
		"one page in place of the way": {
			payer: func(p *journey.Payer) { p.Script.Path, p.Script.Until = "/r/any?x=1", journey.View },
			seen:  "view",
		},
	} {
		s := standin.Start()
		if c.shop != nil {
			c.shop(s)
		}
		w := walk(t, s, c.payer)
		s.Close()
		if got := strings.Join(w.seen, " "); got != c.seen {
			t.Errorf("%s: %s, want %s", name, got, c.seen)
		}
		if said := strings.Join(w.said, " "); !strings.Contains(said, c.said) || strings.Contains(said, "4155650000001005") {
			t.Errorf("%s: said %q, want %q", name, said, c.said)
		}
	}
}

func TestPayersComeFromNetworksOfTheirOwn(t *testing.T) {
	s := standin.Start()
	defer s.Close()
	var forwarded atomic.Value
	s.Before = func(step string, _ http.ResponseWriter, r *http.Request) bool {
		if step == "view" {
			forwarded.Store(r.Header.Get("X-Forwarded-For"))
		}
		return false
	}
	seen := map[any]bool{}
	for n := range 20 {
		walk(t, s, func(p *journey.Payer) { p.Script.Spread, p.Number = true, n })
		seen[forwarded.Load()] = true
	}
	if len(seen) != 20 || seen[""] {
		t.Errorf("networks %v", seen)
	}
}

// Whoever types a card asks for its instalments a few times, from one network and on one link.
func TestAPayerAsksForInstalmentsAFewTimes(t *testing.T) {
	s := standin.Start()
	defer s.Close()
	var asked atomic.Value
	s.Before = func(step string, _ http.ResponseWriter, r *http.Request) bool {
		asked.Store(r.Header.Get("X-Forwarded-For") + " " + r.URL.Path)
		return false
	}
	seen := map[any]int{}
	var one *journey.Payer
	walk(t, s, func(p *journey.Payer) {
		p.Script.Spread, p.Script.From, p.Script.Until = true, journey.Installments, journey.Installments
		one = p
	})
	for n := range 100 {
		one.Walk(time.Now(), fmt.Sprintf("nobodyslin%02d", n)) // whatever is answered
		seen[asked.Load()]++
	}
	if len(seen) < 10 || len(seen) > 11 {
		t.Errorf("asked %v", seen)
	}
}

func TestPlainTextIsShortAndHasNoCardInIt(t *testing.T) {
	for in, want := range map[string]string{
		" a\n\tb ":                     "a b",
		"pan 4155 6500 0000 1005 bad":  "pan … bad",
		"pan 4155-6500-0000-1005, bad": "pan …, bad",
		"order 12345678901":            "order 12345678901",
		strings.Repeat("ü", 201):       strings.Repeat("ü", 200) + "…",
	} {
		if got := journey.Plain(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
