package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/baseline"
	"github.com/odelink/odelink/threeds"
	"github.com/odelink/odelink/threeds/banksim"
)

// BenchmarkPay compares the durable pay step (form posted, hand-over page answered) with the same as one
// writes it first (package baseline), and with the rate at which the ledger alone admits payments. Every
// payer has a link, an address and an attempt of his own; SQLite is on disk, the hot state in Redis, limits,
// metrics and log are on. The bank is in this process and answers at once. The client costs both sides the
// same, so the ratios are lower than those of the gateways alone.
//
//	pay/straightforward  the performance sheet asks for 4
//	pay/raw              0.25
func BenchmarkPay(b *testing.B) {
	before, pay := []step{(*cardHolder).view, (*cardHolder).fill}, []step{(*cardHolder).pay}
	rates := payersInTurns(b, 16*benchCallers, banksim.CardNumber("415565", "000"), before, pay, benchPayGateway(b), benchPayBaseline(b))
	raw := rawAdmissions(b, len(rates), 16*benchCallers)
	for i := range rates {
		rates[i] = append(rates[i], raw[i])
	}
	b.ReportMetric(medianRatio(rates, 0, 1), "pay/straightforward")
	b.ReportMetric(medianRatio(rates, 0, 2), "pay/raw")
	b.ReportMetric(median(rates, 0), "pay/s")
}

// BenchmarkFlow compares the whole way of a payer whose bank asks nothing: page, instalments, pay, back from
// the bank, result. The sheet asks for 5.
func BenchmarkFlow(b *testing.B) {
	flow := []step{(*cardHolder).view, (*cardHolder).fill, (*cardHolder).offers, (*cardHolder).pay, (*cardHolder).back, (*cardHolder).result}
	rates := payersInTurns(b, 8*benchCallers, banksim.CardNumber("415565", "001"), nil, flow, benchPayGateway(b), benchPayBaseline(b))
	b.ReportMetric(medianRatio(rates, 0, 1), "flow/straightforward")
	b.ReportMetric(median(rates, 0), "flow/s")
}

// shop is one gateway that payers pay at.
type shop struct {
	address string
	newLink func(context.Context) (token string, err error)
	bank    *quickBank
	settled func() // waits for work that outlives its request
}

// What the accounts of both gateways name; nobody listens there.
const (
	benchBankHost = "127.0.0.1:1"
	benchBankURL  = "http://" + benchBankHost + "/payfor/Gateway/"
)

func benchPayGateway(b *testing.B) shop {
	b.Helper()
	a, address := benchServeGateway(b, Config{
		Demo: true, PublicURL: "http://127.0.0.1:1", DatabaseURL: "sqlite:" + filepath.Join(b.TempDir(), "ledger.db"), RedisURL: testenv.Redis(b),
		MasterKeys: [][]byte{demoMasterKey}, LogFormat: "json", LogLevel: "info", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	bank := newQuickBank(b)
	a.flow.Banks = a.watch.metrics.Banks(threeds.New(threeds.Config{AllowLoopback: true, Transport: bank}), a.watch.callbacks)
	newLink := func(ctx context.Context) (string, error) {
		l, err := a.flow.CreateLink(ctx, checkout.By{Actor: "bench"}, demoMerchant, demoLink, nil)
		return string(l.Token), err
	}
	return shop{address, newLink, bank, a.flow.Wait}
}

func benchPayBaseline(b *testing.B) shop {
	b.Helper()
	bank := newQuickBank(b)
	s := newBaseline(b, bank)
	return shop{benchServe(b, s.App(), "").address, s.NewLink, bank, func() {}}
}

func newBaseline(b *testing.B, bank http.RoundTripper) *baseline.Shop {
	b.Helper()
	o := baseline.Demo("http://" + benchBankHost)
	o.Redis, o.Database, o.PublicURL, o.Bank = testenv.Redis(b), filepath.Join(b.TempDir(), "baseline.db"), "http://127.0.0.1:1", bank
	s, err := baseline.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// cardHolder is one payer with his link. What he was shown last is what he goes on with.
type cardHolder struct {
	client  *fasthttp.HostClient
	token   string
	from    string // his address
	card    string
	form    url.Values // filled, not yet posted
	next    string     // where he was sent
	request fasthttp.Request
	answer  fasthttp.Response
}

// step is one request of a payer.
type step func(*cardHolder) error

func (p *cardHolder) send(method, path string, form url.Values, want int) error {
	p.request.Reset()
	p.request.SetRequestURI("http://" + p.client.Addr + path)
	p.request.Header.SetMethod(method)
	p.request.Header.Set("Accept-Encoding", "gzip")
	p.request.Header.Set("Accept-Language", "tr")
	p.request.Header.Set("X-Forwarded-For", p.from)
	if form != nil {
		p.request.Header.SetContentType("application/x-www-form-urlencoded")
		p.request.SetBodyString(form.Encode())
	}
	if err := p.client.Do(&p.request, &p.answer); err != nil {
		return err
	}
	if p.answer.StatusCode() != want {
		return fmt.Errorf("%s %s: %d %.300s", method, path, p.answer.StatusCode(), p.answer.Body())
	}
	return nil
}

func (p *cardHolder) view() error {
	return p.send("GET", "/p/"+p.token, nil, fasthttp.StatusOK)
}

// fill types the card into the page.
func (p *cardHolder) fill() error {
	fields, err := p.fields()
	if err != nil {
		return err
	}
	p.form = cardForm(p.card, "installments", "3")
	for _, f := range fields {
		if f[0] == "attempt" || f[0] == "terms" || f[0] == "lang" {
			p.form.Set(f[0], f[1])
		}
	}
	return nil
}

// offers asks as the page's script does.
func (p *cardHolder) offers() error {
	return p.send("GET", "/p/"+p.token+"/installments?bin="+p.card[:8], nil, fasthttp.StatusOK)
}

func (p *cardHolder) pay() error {
	return p.send("POST", "/p/"+p.token+"/pay", p.form, fasthttp.StatusOK)
}

// back carries the bank's form to the gateway: the bank asked the payer nothing.
func (p *cardHolder) back() error {
	fields, err := p.fields()
	if err != nil {
		return err
	}
	form := url.Values{}
	for _, f := range fields {
		form.Set(f[0], f[1])
	}
	back, err := url.Parse(form.Get("OkUrl"))
	if err != nil {
		return err
	}
	if err := p.send("POST", back.Path, form, fasthttp.StatusSeeOther); err != nil {
		return err
	}
	p.next = string(p.answer.Header.Peek("Location"))
	return nil
}

func (p *cardHolder) result() error {
	if err := p.send("GET", p.next, nil, fasthttp.StatusOK); err != nil {
		return err
	}
	page, err := p.answer.BodyUncompressed()
	if err == nil && !bytes.Contains(page, []byte("/v/")) { // where a receipt is checked
		err = errors.New("the result page is no receipt")
	}
	return err
}

// fields are the hidden ones of the page that was shown, name and value.
func (p *cardHolder) fields() (fields [][2]string, err error) {
	page, err := p.answer.BodyUncompressed()
	for err == nil {
		_, rest, found := bytes.Cut(page, []byte(`<input type="hidden" name="`))
		if !found {
			break
		}
		tag, after, _ := bytes.Cut(rest, []byte(`">`))
		page = after
		if name, value, has := strings.Cut(string(tag), `" value="`); has {
			fields = append(fields, [2]string{name, html.UnescapeString(value)})
		}
	}
	return fields, err
}

// payersInTurns takes n payers through steps at each shop in every round and answers rates[round][shop] per
// second. What a payer did before is not measured.
func payersInTurns(b *testing.B, n int, card string, before, steps []step, shops ...shop) [][]float64 {
	b.Helper()
	for _, s := range shops {
		s.rehearse(b, card, append(slices.Clone(before), steps...))
	}
	var rates [][]float64
	b.ResetTimer()
	for i := range b.N {
		round := make([]float64, len(shops))
		for k := range shops {
			if i%2 == 1 {
				k = len(shops) - 1 - k
			}
			crowd := shops[k].newPayers(b, n, card)
			crowd.walk(b, before)
			round[k] = float64(n) / crowd.walk(b, steps).Seconds()
		}
		rates = append(rates, round)
	}
	return rates
}

// rehearse takes one payer through, whose bank's answers the others get.
func (s shop) rehearse(b *testing.B, card string, steps []step) {
	b.Helper()
	var one payers
	one[0] = s.newPayers(b, benchCallers, card)[0]
	one.walk(b, steps)
	s.settled()
	s.bank.replaying.Store(true)
}

// payers is as many lists of payers as there are callers.
type payers [benchCallers][]*cardHolder

// payersMade numbers the payers' addresses: each is of a network of his own.
var payersMade atomic.Uint32

func (s shop) newPayers(b *testing.B, n int, card string) *payers {
	b.Helper()
	var c payers
	client := &fasthttp.HostClient{Addr: s.address, MaxConns: benchCallers}
	b.Cleanup(client.CloseIdleConnections)
	c.each(b, func(k int) error {
		for range n / benchCallers {
			token, err := s.newLink(b.Context())
			if err != nil {
				return err
			}
			m := payersMade.Add(1)
			from := netip.AddrFrom4([4]byte{byte(20 + m>>16), byte(m >> 8), byte(m), 1})
			c[k] = append(c[k], &cardHolder{client: client, token: token, from: from.String(), card: card})
		}
		return nil
	})
	return &c
}

// walk takes everybody through the steps and answers how long that took.
func (c *payers) walk(b *testing.B, steps []step) time.Duration {
	b.Helper()
	start := time.Now()
	c.each(b, func(k int) error {
		for _, p := range c[k] {
			for _, s := range steps {
				if err := s(p); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return time.Since(start)
}

// each does the work of every caller at once.
func (*payers) each(b *testing.B, work func(k int) error) {
	b.Helper()
	var all sync.WaitGroup
	errs := make(chan error, benchCallers)
	for k := range benchCallers {
		all.Go(func() {
			if err := work(k); err != nil {
				errs <- err
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		b.Fatal(err)
	default:
	}
}

// rawAdmissions is how many payments per second the ledger alone admits, in shared commits, round by round.
func rawAdmissions(b *testing.B, rounds, n int) []float64 {
	b.Helper()
	clock := storetest.NewClock(time.Now())
	s, err := sqlstore.Open(b.Context(), sqlstore.Config{URL: "sqlite:" + filepath.Join(b.TempDir(), "raw.db"), MasterKeys: [][]byte{demoMasterKey}, Now: clock.Now})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	books := storetest.NewBooks(b, s, clock)
	var rates []float64
	for range rounds {
		payments := make([]checkout.Payment, n)
		fresh := make([]checkout.NewLink, n)
		for i := range fresh {
			l := books.Link()
			payments[i], fresh[i] = books.Payment(l), books.New(l)
		}
		if err := s.CreateLinks(b.Context(), fresh); err != nil {
			b.Fatal(err)
		}
		var c payers
		start := time.Now()
		c.each(b, func(k int) error {
			for i := k; i < n; i += benchCallers {
				if _, err := s.Admit(b.Context(), payments[i], books.Event("payment.challenged")); err != nil {
					return err
				}
			}
			return nil
		})
		rates = append(rates, float64(n)/time.Since(start).Seconds())
	}
	return rates
}
