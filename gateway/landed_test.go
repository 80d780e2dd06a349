//go:build !race

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/cost"
	"github.com/odelink/odelink/gateway/web/page"
	"github.com/odelink/odelink/threeds"
	"github.com/odelink/odelink/threeds/banksim"
)

// TestTheHotStepsAllocateNoMoreThanWhenTheyLanded holds each step of a payer, as a whole gateway answers it on
// its connection, against gateway/testenv/cost/landed.json. The other end of the connection allocates nothing.
// What a step may cost at all is in TestAllocationsOfTheHotPaths.
func TestTheHotStepsAllocateNoMoreThanWhenTheyLanded(t *testing.T) {
	got := cost.Figures{"the ledger admits a payment": admitting(t)}
	splicing(t, got)
	for name, redis := range map[string]string{"memory": "", "Redis": testenv.Redis(t)} {
		c := crowdAt(t, redis)
		page := "/p/" + c.newLink(t)
		got["view, "+name+", gzip"] = c.viewing(t, phoneAsks(page, true))
		got["view, "+name+", plain"] = c.viewing(t, phoneAsks(page, false))
		got["instalments, "+name+", gzip"] = c.viewing(t, phoneAsks(page+"/installments?bin=41556500", true))
		if redis != "" { // where the hot state lies makes a fiftieth of what paying costs
			c.paying(t, got)
		}
	}
	cost.Hold(t, "gateway", got)
}

// crowded is how many ask at once, as in TestAllocationsOfTheHotPaths.
const crowded = 64

// crowdOf is a gateway with a crowd before it, each with a connection and a network of his own.
type crowdOf struct {
	app  *app
	bank *quickBank
	each [crowded]handset
}

// crowdAt serves a gateway as in production, with a bank that answers at once.
func crowdAt(t *testing.T, redis string) *crowdOf {
	t.Helper()
	a, address := benchServeGateway(t, Config{
		Demo: true, PublicURL: "http://127.0.0.1:1", DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "ledger.db"), RedisURL: redis,
		MasterKeys: [][]byte{demoMasterKey}, LogFormat: "json", LogLevel: "info", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	c := &crowdOf{app: a, bank: newQuickBank(t)}
	a.flow.Timing.MerchantFresh = 0 // an account that was just changed costs a return another read, and this one stands for old ones
	a.flow.Banks = a.watch.metrics.Banks(threeds.New(threeds.Config{AllowLoopback: true, Transport: c.bank}), a.watch.callbacks)
	for k := range c.each {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		c.each[k] = handset{conn: conn, in: make([]byte, 256<<10)}
	}
	return c
}

func (c *crowdOf) newLink(t testing.TB) string {
	t.Helper()
	l, err := c.app.flow.CreateLink(context.Background(), checkout.By{Actor: "cost"}, demoMerchant, demoLink, nil)
	if err != nil {
		t.Error(err)
	}
	return string(l.Token)
}

// together has each of the crowd do something at once.
func (c *crowdOf) together(do func(p *handset)) {
	var all sync.WaitGroup
	for k := range c.each {
		all.Go(func() { do(&c.each[k]) })
	}
	all.Wait()
}

// phoneAsks is what a phone sends for a page. FROM stands where its network is named.
func phoneAsks(path string, gzip bool) string {
	text := strings.Replace(phoneView, "/p/TOKEN", path, 1)
	if !gzip {
		text = strings.Replace(text, "Accept-Encoding: gzip, deflate, br, zstd\r\n", "", 1)
	}
	return strings.TrimSuffix(text, "\r\n") + "X-Forwarded-For: FROM\r\n\r\n"
}

// viewing measures one request that may be made again and again.
func (c *crowdOf) viewing(t *testing.T, text string) cost.Figure {
	t.Helper()
	const each = 20
	asks := func(n int) func() {
		return func() {
			c.together(func(p *handset) {
				for range n {
					p.asks(t, fasthttp.StatusOK)
				}
			})
		}
	}
	return cost.Of(crowded*each, func() {
		for k := range c.each {
			c.each[k].from = newNetwork()
			c.each[k].ready(text)
		}
		asks(1)()
	}, asks(each))
}

// newNetwork is an address whose network nobody else has: limits count payers by theirs.
func newNetwork() string {
	m := payersMade.Add(1)
	return netip.AddrFrom4([4]byte{byte(20 + m>>16), byte(m >> 8), byte(m), 1}).String()
}

// handset is the other end of a connection. Asking allocates nothing: what it sends lies ready, and what it is
// answered goes where there is room.
type handset struct {
	cardHolder
	conn    net.Conn
	out, in []byte
	length  int // of the answer, in in
}

func (p *handset) ready(text string) { p.out = []byte(strings.Replace(text, "FROM", p.from, 1)) }

// posts makes ready to send a form.
func (p *handset) posts(path string, form url.Values) {
	body := form.Encode()
	text := strings.TrimSuffix(strings.Replace(phoneAsks(path, true), "GET ", "POST ", 1), "\r\n")
	p.ready(text + fmt.Sprintf("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("\r\nContent-Length: ")
)

// asks sends what lies ready and reads the answer.
func (p *handset) asks(t testing.TB, want int) {
	if _, err := p.conn.Write(p.out); err != nil {
		t.Error(err)
		return
	}
	for n, whole := 0, len(headEnd); n < whole; p.length = n {
		got, err := p.conn.Read(p.in[n:])
		if err != nil {
			t.Error(err)
			return
		}
		n += got
		if end := bytes.Index(p.in[:n], headEnd); end >= 0 {
			whole = end + len(headEnd) + lengthOf(p.in[:end+2])
		} else {
			whole = n + 1
		}
	}
	if status := number(p.in[len("HTTP/1.1 "):]); status != want {
		t.Errorf("%.60s: %.500s", p.out, p.in[:p.length])
	}
}

// lengthOf is a head's Content-Length; an answer without one has no body here.
func lengthOf(head []byte) int {
	if i := bytes.Index(head, contentLength); i >= 0 {
		return number(head[i+len(contentLength):])
	}
	return 0
}

// number reads digits.
func number(text []byte) (n int) {
	for _, d := range text {
		if d < '0' || d > '9' {
			break
		}
		n = n*10 + int(d-'0')
	}
	return n
}

// heard hands the answer to the card holder, who goes on with it.
func (p *handset) heard() error {
	return p.answer.Read(bufio.NewReader(bytes.NewReader(p.in[:p.length])))
}

// paidStep is a step of the way that pays: what is made ready out of the answer before it, and its own status.
type paidStep struct {
	name  string
	want  int
	ready func(p *handset) error
}

var paidSteps = []paidStep{
	{"pay", fasthttp.StatusOK, func(p *handset) error {
		err := p.fill()
		p.posts("/p/"+p.token+"/pay", p.form)
		return err
	}},
	{"return", fasthttp.StatusSeeOther, func(p *handset) error {
		path, form, err := p.broughtBack()
		p.posts(path, form)
		return err
	}},
	{"result", fasthttp.StatusOK, func(p *handset) error {
		p.ready(phoneAsks(string(p.answer.Header.Peek("Location")), true))
		return nil
	}},
}

// paying measures the steps of payers whose bank asks nothing, each with a link and a network of his own.
func (c *crowdOf) paying(t *testing.T, got cost.Figures) {
	t.Helper()
	c.rehearses(t)
	for i, s := range paidSteps {
		got[s.name+", Redis, gzip"] = cost.Of(crowded, func() {
			c.come(t)
			for _, before := range paidSteps[:i] {
				c.readies(t, before)
				c.together(func(p *handset) { p.asks(t, before.want) })
			}
			c.app.flow.Wait()
			c.readies(t, s)
		}, func() {
			c.together(func(p *handset) { p.asks(t, s.want) })
			c.app.flow.Wait() // what outlives the request is the step's, too
		})
	}
}

// come has everybody see the page of a link of his own.
func (c *crowdOf) come(t testing.TB) {
	t.Helper()
	c.together(func(p *handset) { // links share commits, too
		p.comes(c.newLink(t))
		p.asks(t, fasthttp.StatusOK)
	})
}

func (p *handset) comes(token string) {
	p.token, p.from, p.card = token, newNetwork(), banksim.CardNumber("415565", "001")
	p.ready(phoneAsks("/p/"+token, true))
}

// readies makes everybody's next request out of his last answer.
func (c *crowdOf) readies(t testing.TB, s paidStep) {
	t.Helper()
	for k := range c.each {
		p := &c.each[k]
		if err := errors.Join(p.heard(), s.ready(p)); err != nil {
			t.Fatal(strconv.Quote(s.name), err)
		}
	}
}

// rehearses takes one payer to the bank and back, whose bank's answers the others get.
func (c *crowdOf) rehearses(t testing.TB) {
	t.Helper()
	p := &c.each[0]
	p.comes(c.newLink(t))
	p.asks(t, fasthttp.StatusOK)
	for _, s := range paidSteps {
		if err := errors.Join(p.heard(), s.ready(p)); err != nil {
			t.Fatal(err)
		}
		p.asks(t, s.want)
	}
	c.app.flow.Wait()
	c.bank.replaying.Store(true)
}

// broughtBack is what the bank's form carries to the gateway, and where to.
func (p *cardHolder) broughtBack() (path string, form url.Values, err error) {
	fields, err := p.fields()
	form = url.Values{}
	for _, f := range fields {
		form.Set(f[0], f[1])
	}
	to, parseErr := url.Parse(form.Get("OkUrl"))
	if err := errors.Join(err, parseErr); err != nil {
		return "", nil, err
	}
	return to.Path, form, nil
}

// splicing measures the link's page put together out of its segments.
func splicing(t *testing.T, got cost.Figures) {
	t.Helper()
	p, err := page.New(page.Options{PublicURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	key := page.Key{Lang: "tr", Variant: page.VariantUntil | page.VariantHolder | page.VariantInstallments | page.VariantTest}
	values := page.Checkout{
		Token: "Tok000000001", AmountMinor: 125_000, Currency: "TRY", Description: demoLink.Description, OrderID: "OD-1", Rows: 6, Now: 1_800_000_000, Until: 1_800_090_000,
	}
	room := make([]byte, 0, 64<<10)
	for name, splice := range map[string]func([]byte, page.Key, *page.Checkout) ([]byte, error){"plain": p.AppendCheckout, "gzip": p.AppendCheckoutGzip} {
		got["splice the page, "+name] = cost.Loop(func() {
			if text, err := splice(room, key, &values); err != nil || len(text) < 1000 {
				t.Fatal(len(text), err)
			}
		})
	}
}

// admitting measures the ledger's unit that takes an attempt's place, in commits that a crowd shares.
func admitting(t *testing.T) cost.Figure {
	t.Helper()
	clock := storetest.NewClock(time.Now())
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "raw.db"), MasterKeys: [][]byte{demoMasterKey}, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	books := storetest.NewBooks(t, s, clock)
	var payments [crowded]checkout.Payment
	var event checkout.Event
	return cost.Of(crowded, func() {
		fresh := make([]checkout.NewLink, crowded)
		for k := range fresh {
			l := books.Link()
			payments[k], fresh[k] = books.Payment(l), books.New(l)
		}
		event = books.Event("payment.challenged")
		if err := s.CreateLinks(t.Context(), fresh); err != nil {
			t.Fatal(err)
		}
	}, func() {
		var all sync.WaitGroup
		for k := range payments {
			all.Go(func() {
				if _, err := s.Admit(t.Context(), payments[k], event); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}
