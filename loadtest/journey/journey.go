// Package journey is one payer's way through a gateway as its browser goes it:
//
//	view ── installments ── pay ── bank … ── return ── result
//
// It knows the published addresses and the pages' forms, nothing else: what a form has is sent back, and a
// form that leads to another host is followed there until one leads back. It deliberately judges no
// latency; it says of each request when it was due, how long it took and what went wrong.
package journey

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/loadtest/client"
	"github.com/odelink/odelink/loadtest/measure"
)

// The steps, in their order. "bank" is each page of the bank's that is gone through.
const (
	View = iota
	Installments
	Pay
	Bank
	Return
	Result
)

// Steps names them.
var Steps = []string{"view", "installments", "pay", "bank", "return", "result"}

// Failure classes of steps, besides client's and "status NNN".
const (
	FailPage = "unexpected page" // an answer of the right status that cannot be gone on from
	FailLost = "lost way"        // the forms do not lead back to the gateway
	FailHost = "forbidden host"  // the forms lead to what may be a real bank
)

// Script is how every payer goes.
type Script struct {
	From, Until  int // first and last step; a way that pays begins with View, whose form it needs
	Card         string
	CVC          string
	Expiry       string // "MM/YY"
	Password     string // typed wherever the bank asks for something
	Installments int
	Lang         string // Accept-Language
	Gzip         bool
	Spread       bool // a forged network for each payer, for targets that trust this address as a proxy

	// Path is the one page that is asked for in place of the From step; "" = the way of a link. It is how a
	// baseline without links is held against a single step.
	Path string
}

// Payer goes the way again and again, each time on another link. He has his own connections, like a
// phone; one goroutine uses him.
type Payer struct {
	Script Script
	Number int // tells payers apart
	Shop   *client.Conn
	May    func(client.Host) bool // whether the forms may lead him to a host
	Record func(measure.Seen)

	// Trouble is told of each request that went wrong; said works out what the target answered, in plain
	// words and without anything that looks like a card number. nil = nobody wants to know.
	Trouble func(step int, class string, said func() string)

	banks map[string]*client.Conn
	req   fasthttp.Request
	resp  fasthttp.Response
	page  []byte
	turn  uint32
	from  string
	token string // of a payer who only asks
}

// Done is how a way ended.
type Done struct {
	Payment string // "pay_…"; "" = none was begun
	Reached int    // the last step that was answered as it should be; −1 = none
}

// Walk goes from the link's page on. due is when the payer was to begin: everything counts from then.
func (p *Payer) Walk(due time.Time, token string) Done {
	p.turn++
	if p.Script.asks() {
		if p.turn%asksEach == 0 || p.token == "" {
			p.token = token
		}
		token = p.token
	}
	if p.Script.Spread {
		p.from = p.network()
	}
	done := Done{Reached: -1}
	w := walk{Payer: p, token: token, due: due}
	for step := p.Script.From; step <= p.Script.Until; step++ {
		if !w.goes(step) {
			break
		}
		done.Reached = step
	}
	done.Payment = w.payment
	return done
}

// asksEach is how often one payer asks for the instalments of his link: at six digits, at eight, and again for what he
// corrects. It is more than most do, because the generator asks some ten thousand times a second, and a gateway cannot
// count that many new payers apart.
const asksEach = 10

// asks says whether instalments are all that is asked for: a turn is no payer yet.
func (s *Script) asks() bool {
	return s.Path == "" && s.From == Installments && s.Until == Installments
}

// network is an address that belongs to nobody else in this run: 10.0.0.0/8 and its neighbours by payer
// and turn, so that limits per network see as many networks as payers.
func (p *Payer) network() string {
	payer := p.turn
	if p.Script.asks() {
		payer /= asksEach
	}
	n := uint32(p.Number)*2_654_435_761 + payer*40_503
	return netip.AddrFrom4([4]byte{byte(11 + n>>24%180), byte(n >> 16), byte(n >> 8), 1}).String()
}

// walk is one way.
type walk struct {
	*Payer
	token   string
	due     time.Time // of the next request
	form    form      // to be sent next
	at      string    // address that the form stands on
	payment string
	next    string // path that the return led to
}

// goes makes one step and records it.
func (w *walk) goes(step int) bool {
	if w.Script.Path != "" {
		return w.ask(step, "GET", w.Script.Path, nil, fasthttp.StatusOK) == nil
	}
	switch step {
	case View:
		return w.view()
	case Installments:
		return w.ask(step, "GET", w.base()+"/installments?bin="+w.Script.Card[:8], nil, fasthttp.StatusOK) == nil
	case Pay:
		return w.pay()
	case Bank:
		return w.bank()
	case Return:
		return w.back()
	}
	return w.ask(Result, "GET", w.next, nil, fasthttp.StatusOK) == nil
}

func (w *walk) base() string { return "/p/" + w.token }

func (w *walk) view() bool {
	err := w.ask(View, "GET", w.base(), nil, fasthttp.StatusOK)
	if err != nil || w.Script.Until < Pay {
		return err == nil
	}
	f, ok := readForm(w.page, "pay")
	w.form = f
	return ok || w.wrong(View, FailPage)
}

// cardHolder is what is typed where a page asks for the name on the card.
const cardHolder = "Yük Testi"

// pay sends the card in the page's own form and takes the form that leads to the bank.
func (w *walk) pay() bool {
	form := url.Values{}
	for _, f := range w.form.fields {
		switch {
		case !f.asked:
			form.Set(f.name, f.value)
		case f.name == "card_holder":
			form.Set(f.name, cardHolder)
		}
	}
	form.Set("card_number", w.Script.Card)
	form.Set("card_expiry", w.Script.Expiry)
	form.Set("card_cvc", w.Script.CVC)
	form.Set("installments", strconv.Itoa(max(w.Script.Installments, 1)))
	if w.ask(Pay, "POST", w.base()+"/pay", form, fasthttp.StatusOK) != nil {
		return false
	}
	f, ok := readForm(w.page, "")
	w.form, w.at = f, ""
	return ok || w.wrong(Pay, FailPage)
}

// maxPages is how many pages of a bank a card holder goes through before he gives up.
const maxPages = 6

// bank follows forms until one leads back to the gateway.
func (w *walk) bank() bool {
	for range maxPages {
		to, err := url.Parse(w.form.action)
		if err != nil {
			return w.wrong(Bank, FailLost)
		}
		if w.at != "" {
			base, err := url.Parse(w.at)
			if err != nil {
				return w.wrong(Bank, FailLost)
			}
			to = base.ResolveReference(to)
		}
		if w.home(to) {
			return true
		}
		if !w.visit(to) {
			return false
		}
	}
	return w.wrong(Bank, FailLost)
}

// home says whether an address is the gateway's: its way back begins so.
func (w *walk) home(to *url.URL) bool {
	rest, ok := strings.CutPrefix(to.Path, "/3ds/")
	if !ok || (to.Host != "" && to.Host != w.Shop.Host.Name && !strings.HasPrefix(rest, "pay_")) {
		return false
	}
	w.payment, _, _ = strings.Cut(rest, "/")
	return true
}

// visit sends the form to the bank and reads the next one.
func (w *walk) visit(to *url.URL) bool {
	host, err := client.HostOf(to.Scheme + "://" + to.Host)
	if err != nil {
		return w.wrong(Bank, FailLost)
	}
	if !w.May(host) {
		return w.wrong(Bank, FailHost)
	}
	if w.banks == nil {
		w.banks = map[string]*client.Conn{}
	}
	conn := w.banks[host.Address]
	if conn == nil {
		conn = &client.Conn{Host: host, Timeout: w.Shop.Timeout}
		w.banks[host.Address] = conn
	}
	filled := w.filled()
	path := to.RequestURI()
	if w.method() == "GET" && len(filled) > 0 {
		path = to.EscapedPath() + "?" + filled.Encode()
	}
	if w.send(Bank, conn, w.method(), path, filled, fasthttp.StatusOK, fasthttp.StatusFound, fasthttp.StatusSeeOther) != nil {
		return false
	}
	w.at = to.String()
	if location := w.resp.Header.Peek("Location"); w.resp.StatusCode() != fasthttp.StatusOK {
		w.form = form{method: "GET", action: string(location)}
		return true
	}
	f, ok := readForm(w.page, "")
	w.form = f
	return ok || w.wrong(Bank, FailPage)
}

func (w *walk) method() string {
	if w.form.method == "GET" {
		return "GET"
	}
	return "POST"
}

// filled is the form as a card holder sends it.
func (w *walk) filled() url.Values {
	form := url.Values{}
	for _, f := range w.form.fields {
		if f.asked {
			f.value = w.Script.Password
		}
		form.Add(f.name, f.value)
	}
	return form
}

// back carries the bank's form to the gateway.
func (w *walk) back() bool {
	if w.ask(Return, "POST", "/3ds/"+w.payment, w.filled(), fasthttp.StatusSeeOther) != nil {
		return false
	}
	to, err := url.Parse(string(w.resp.Header.Peek("Location")))
	if err != nil || !strings.HasPrefix(to.Path, "/r/") {
		return w.wrong(Return, FailPage)
	}
	w.next = to.Path
	return true
}

// ask is send to the gateway.
func (w *walk) ask(step int, method, path string, form url.Values, want int) error {
	return w.send(step, w.Shop, method, path, form, want)
}

var errStatus = errors.New("another status than expected")

// send makes one request and records it. The next one is due when its answer is here.
func (w *walk) send(step int, conn *client.Conn, method, path string, form url.Values, want ...int) error {
	w.write(conn, method, path, form)
	sent := time.Now()
	err := conn.Do(&w.req, &w.resp)
	end := time.Now()
	seen := measure.Seen{Step: step, Took: end.Sub(w.due), Lag: sent.Sub(w.due), Bytes: len(w.resp.Body())}
	w.due = end
	var failed *client.Failure
	switch {
	case errors.As(err, &failed):
		seen.Error = failed.Class
	case !slices.Contains(want, w.resp.StatusCode()):
		seen.Error, err = "status "+strconv.Itoa(w.resp.StatusCode()), errStatus
	}
	w.Record(seen)
	if err != nil && w.Trouble != nil {
		w.Trouble(step, seen.Error, func() string { return said(&w.resp, failed) })
	}
	if err == nil && w.reads(step) {
		w.page, err = w.resp.BodyUncompressed()
	}
	return err
}

// reads says whether anything is looked for in a step's answer.
func (w *walk) reads(step int) bool {
	return w.Script.Until >= Pay && step != Installments && step != Result
}

func (w *walk) write(conn *client.Conn, method, path string, form url.Values) {
	w.resp.Reset()
	w.req.Reset()
	w.req.SetRequestURI(path)
	h := &w.req.Header
	h.SetMethod(method)
	h.SetHost(conn.Host.Name)
	if w.Script.Lang != "" {
		h.Set("Accept-Language", w.Script.Lang)
	}
	if w.Script.Gzip {
		h.Set("Accept-Encoding", "gzip")
	}
	if w.from != "" && conn == w.Shop {
		h.Set("X-Forwarded-For", w.from)
	}
	if method == "POST" {
		h.SetContentType("application/x-www-form-urlencoded")
		w.req.SetBodyString(form.Encode())
	}
}

// wrong records that an answer was of no use. The step's good answer was counted already, and is one of a
// failed way.
func (w *walk) wrong(step int, class string) bool {
	w.Record(measure.Seen{Step: step, Error: class})
	if w.Trouble != nil {
		w.Trouble(step, class, func() string { return said(&w.resp, nil) })
	}
	return false
}

// Close ends the payer's connections.
func (p *Payer) Close() {
	p.Shop.Close()
	for _, c := range p.banks {
		c.Close()
	}
}
