package api_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/bins"
	"github.com/odelink/odelink/checkout/caps"
	"github.com/odelink/odelink/gateway/api"
	"github.com/odelink/odelink/gateway/consent"
	"github.com/odelink/odelink/gateway/deliver"
	"github.com/odelink/odelink/gateway/deliver/letter"
	"github.com/odelink/odelink/gateway/deliver/sms"
	"github.com/odelink/odelink/gateway/deliver/webhook"
	"github.com/odelink/odelink/gateway/memstore"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/velocity"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/threeds"
)

// The merchants of every house and their keys.
const (
	shop       = checkout.MerchantID("mer_0000000000000000000001") // collects in every currency
	neighbour  = checkout.MerchantID("mer_0000000000000000000002") // TRY only, returns to one origin only
	shopKey    = "sk_test_shop00000000000000"
	nextKey    = "sk_test_neighbour000000000"
	revokedKey = "sk_test_revoked00000000000"
)

// opening is when every house opens.
var opening = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// house is a gateway's API with everything real behind it: the ledger on a file, the hot state, the
// flow, the limits, the edge and a listener on the loopback.
type house struct {
	journal *api.Journal
	testing.TB
	clock  *storetest.Clock
	ledger *sqlstore.Store
	books  *storetest.Books
	flow   *checkout.Service
	file   string
	url    string
	client *http.Client
	fault  *faults
	hooks  *hooks
	close  func()
}

// faults lets a test break the ledger.
type faults struct {
	mu    sync.Mutex
	point string
	pass  int // how often it goes well before
	reads atomic.Int64
}

func (f *faults) set(point string) { f.setAfter(point, 0) }

// setAfter lets the point be passed some times first.
func (f *faults) setAfter(point string, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.point, f.pass = point, times
}

func (f *faults) at(point string) error {
	if point == sqlstore.FaultRead {
		f.reads.Add(1)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.point != point {
		return nil
	}
	if f.pass--; f.pass < 0 {
		return fmt.Errorf("broken on purpose at %s", point)
	}
	return nil
}

// furnish is what a test wants to be different.
type furnish struct {
	limits bool // with rate limits
	logs   io.Writer
	serves bool   // as serve does, not as the demo
	public string // the public address; "" = the listener's
	// channels are those that messages go out by, without anybody who carries them.
	channels []checkout.Channel
	repeat   time.Duration // within which the SMS provider refuses the same text
}

func open(t testing.TB, f ...furnish) *house {
	t.Helper()
	h := &house{TB: t, clock: storetest.NewClock(opening), file: filepath.Join(t.TempDir(), "ledger.db"), fault: &faults{}}
	with := furnish{}
	if len(f) > 0 {
		with = f[0]
	}
	h.serve(with)
	h.settle()
	t.Cleanup(func() { h.close() })
	return h
}

// restart ends the gateway and opens another on the same ledger, as a new process would.
func (h *house) restart() {
	h.Helper()
	h.close()
	h.serve(furnish{})
}

// serve wires the parts as the program does.
func (h *house) serve(f furnish) {
	h.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var err error
	h.ledger, err = sqlstore.Open(ctx, sqlstore.Config{URL: "sqlite:" + h.file, MasterKeys: [][]byte{make([]byte, 32)}, Now: h.clock.Now, Fault: h.fault.at})
	h.must(err)
	h.must(h.ledger.Migrate(ctx))
	limits, err := velocity.New(velocity.Config{Clock: h.clock, Off: !f.limits})
	h.must(err)
	log := slog.New(slog.DiscardHandler)
	if f.logs != nil {
		log = slog.New(slog.NewTextHandler(f.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	table := bins.New(nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	h.must(err)
	h.url = "http://" + listener.Addr().String()
	texts, err := consent.New()
	h.must(err)
	h.flow, err = checkout.New(checkout.Parts{
		Ledger: h.ledger, Hot: memstore.New(h.clock), BINs: table, Caps: caps.New(), Banks: threeds.New(threeds.Config{AllowLoopback: true}),
		Velocity: limits, Clock: h.clock, IDs: checkout.NewIDs(rand.Reader), Log: log, PublicURL: h.url, CardKey: make([]byte, 32),
		Post: words(h, f), Texts: texts, Reports: report.Scheduled{Ledger: h.ledger, Clock: h.clock, LinkURL: func(t checkout.Token) string { return h.flow.LinkURL(t) }},
	})
	h.must(err)
	h.hooks = &hooks{Sender: webhook.New(webhook.Config{Clock: h.clock, Loopback: !f.serves}), ids: h.flow.IDs}
	h.journal = api.NewJournal(h.ledger, h.clock, h.flow.IDs)
	surface, err := api.New(api.Config{
		Flow: h.flow, Ledger: h.ledger, Hooks: h.hooks, BINs: table, Banks: h.flow.Banks, Demo: !f.serves, Limits: limits, Clock: h.clock, Journal: h.journal, Hash: h.ledger.HashKey, PublicURL: cmp.Or(f.public, h.url),
	})
	h.must(err)
	h.hooks.Deliverer = deliver.New(deliver.Config{Ledger: h.ledger, Channel: h.hooks.Sender, Render: surface.EventBody, Clock: h.clock, Observer: h.hooks})
	app := web.NewApp(web.Config{PublicURL: h.url, Log: log, Message: api.Message, LargeBodies: api.LargeBodies()})
	surface.Register(app)
	done := make(chan error, 1)
	go func() {
		done <- web.Server{App: app, Grace: 5 * time.Second}.Run(ctx, web.Wrap(listener, web.ListenOptions{}))
	}()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	h.client = &http.Client{Transport: transport, Timeout: 90 * time.Second}
	h.close = sync.OnceFunc(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-done; err != nil {
			h.Errorf("stop: %v", err)
		}
		h.flow.Wait()
		h.must(h.ledger.Close())
	})
}

// post writes letters and carries none.
type post struct {
	*letter.Writer
	f furnish
}

func words(t testing.TB, f furnish) post {
	t.Helper()
	w, err := letter.New()
	if err != nil {
		t.Fatal(err)
	}
	return post{w, f}
}

func (p post) Offers(c checkout.Channel) bool { return slices.Contains(p.f.channels, c) }
func (p post) Repeat(c checkout.Channel) time.Duration {
	if c == checkout.ChannelSMS {
		return p.f.repeat
	}
	return 0
}
func (p post) Size(text string) checkout.TextSize { return sms.Measure(text) }

// with is the same house with another flow, and without a listener.
func (h *house) with(flow api.Flow) *house {
	h.Helper()
	surface, err := api.New(api.Config{Flow: flow, Ledger: h.ledger, Hooks: h.hooks, BINs: bins.New(nil), Banks: h.flow.Banks, Limits: free{}, Clock: h.clock, Hash: h.ledger.HashKey})
	h.must(err)
	app := web.NewApp(web.Config{PublicURL: h.url, Message: api.Message})
	surface.Register(app)
	inner := *h
	inner.client = &http.Client{Transport: inMemory{app}}
	return &inner
}

// free has no limits.
type free struct{}

func (free) Quota(context.Context, string) (checkout.Quota, error) { return checkout.Quota{}, nil }

// inMemory lets a client talk to an app without a listener.
type inMemory struct{ app *fiber.App }

func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) { return m.app.Test(r, -1) }

// settle stores the merchants, their keys and an account.
func (h *house) settle() {
	h.Helper()
	ctx, now := context.Background(), h.clock.Now()
	event := func(m checkout.MerchantID, subject string) checkout.Event {
		return checkout.Event{Merchant: m, Subject: subject, Type: "test.settled", Actor: "operator", At: now}
	}
	h.books = storetest.NewBooks(h, h.ledger, h.clock)
	h.books.Merchant = shop
	for _, m := range []checkout.Merchant{
		{ID: shop, Name: "Ahşap Atölyesi", Currencies: checkout.Currencies, Test: true},
		{ID: neighbour, Name: "Komşu", ReturnOrigins: []string{"https://komsu.example"}},
	} {
		m.Version, m.CreatedAt, m.UpdatedAt = 1, now, now
		h.must(h.ledger.SaveMerchant(ctx, m, event(m.ID, string(m.ID))))
	}
	for i, k := range []checkout.APIKey{
		{Merchant: shop, Hash: h.ledger.HashKey(shopKey)}, {Merchant: neighbour, Hash: h.ledger.HashKey(nextKey)},
		{Merchant: shop, Hash: h.ledger.HashKey(revokedKey), RevokedAt: now},
	} {
		k.ID, k.CreatedAt = checkout.KeyID(fmt.Sprintf("key_%022d", i)), now
		h.must(h.ledger.SaveKey(ctx, k, event(k.Merchant, string(k.ID))))
	}
	h.must(h.ledger.SaveAccount(ctx, checkout.Account{
		ID: account, Merchant: shop, Kind: "payfor", Mode: "3dmodel", Name: "QNB", Currencies: []checkout.Currency{checkout.TRY, checkout.USD},
		Programs: []string{"CardFinans"}, Issuers: []string{"0111"}, Rates: []checkout.RateRow{{Count: 3, Rate: 36_000}, {Count: 6, Rate: 72_000}},
		Pricing: checkout.PricingMarkup, Enabled: true, Version: 1, CreatedAt: now, UpdatedAt: now,
	}, event(shop, string(account))))
}

const account = checkout.AccountID("acc_0000000000000000000001")

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// exchange is one request and its answer.
type exchange struct {
	method, path string
	query        url.Values
	sent         []byte
	kind         string // of what was sent
	status       int
	header       http.Header
	body         []byte
}

func (a exchange) String() string { return fmt.Sprintf("%s %s → %d", a.method, a.path, a.status) }

type problem struct {
	Type, Title, Detail, Instance, Code string
	Status                              int
	Errors                              []struct{ Field, Code, Message string }
}

func (a exchange) problem(t testing.TB) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(a.body, &p); err != nil {
		t.Fatalf("%s: %v\n%s", a, err, a.body)
	}
	return p
}

// codes are the mistakes as "field: code", in their order.
func (a exchange) codes(t testing.TB) string {
	t.Helper()
	var all []string
	for _, e := range a.problem(t).Errors {
		all = append(all, e.Field+": "+e.Code)
	}
	return strings.Join(all, ", ")
}

// link is what of a link the tests ask for.
type link struct {
	ID, Token, URL, Status, Currency, Description, Usage string
	AmountMode                                           string `json:"amount_mode"`
	OrderID                                              string `json:"order_id"`
	Amount                                               *int64
	MinAmount                                            *int64 `json:"min_amount"`
	MaxAmount                                            *int64 `json:"max_amount"`
	Installments                                         []int
	ActiveFrom                                           time.Time `json:"active_from"`
	ExpiresAt                                            time.Time `json:"expires_at"`
	MaxPayments                                          *int      `json:"max_payments"`
	PayerNote                                            bool      `json:"payer_note"`
	Fields                                               []linkField
	Items                                                []item
	ShowCount                                            bool `json:"show_count"`
	Customer                                             *struct{ Name, Email, Phone string }
	Deliver                                              []string
	ReturnURL                                            *string `json:"return_url"`
	Metadata                                             map[string]string
	Category                                             *string
	Resting                                              bool
	Stops                                                []linkStop
	PaidCount                                            int   `json:"paid_count"`
	PaidAmount                                           int64 `json:"paid_amount"`
	Payments                                             []struct {
		ID, Status string
		Total      int64
	}
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// linkStop is what stops payers of a link.
type linkStop struct {
	Limit      string
	BIN, Last4 *string
	Since      time.Time
	LastAt     time.Time `json:"last_at"`
	Until      time.Time
	Tries      int64
}

// item is a line of a link.
type item struct {
	Product, Code *string
	Name          string
	Quantity      int
	UnitAmount    int64 `json:"unit_amount"`
}

type page[T any] struct {
	Data []T
	Next *string `json:"next_cursor"`
}

func read[T any](t testing.TB, a exchange) T {
	t.Helper()
	var v T
	if a.status >= 300 {
		t.Fatalf("%s\n%s", a, a.body)
	}
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%s: %v\n%s", a, err, a.body)
	}
	return v
}

// request changes a request before it is sent.
type request func(*http.Request)

func as(key string) request {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) }
}

func header(name, value string) request { return func(r *http.Request) { r.Header.Set(name, value) } }

func idem(key string) request { return header("Idempotency-Key", key) }

// ask sends one request as the shop and has it witnessed.
func (h *house) ask(method, target, body string, changes ...request) exchange {
	h.Helper()
	r, err := http.NewRequest(method, h.url+target, strings.NewReader(body))
	h.must(err)
	if body == "" {
		r.Body = http.NoBody
		r.ContentLength = 0
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	as(shopKey)(r)
	for _, change := range changes {
		change(r)
	}
	a, err := h.send(r, []byte(body))
	h.must(err)
	document().witness(h, a)
	return a
}

func (h *house) send(r *http.Request, body []byte) (exchange, error) {
	answer, err := h.client.Do(r)
	if err != nil {
		return exchange{}, err
	}
	defer func() { _ = answer.Body.Close() }() // everything was read
	got, err := io.ReadAll(answer.Body)
	return exchange{
		method: r.Method, path: r.URL.Path, query: r.URL.Query(), sent: bytes.Clone(body), kind: r.Header.Get("Content-Type"),
		status: answer.StatusCode, header: answer.Header, body: got,
	}, err
}

// make makes a link from a body and answers it.
func (h *house) make(body string, changes ...request) link {
	h.Helper()
	a := h.ask("POST", "/v1/links", body, changes...)
	if a.status != http.StatusCreated {
		h.Fatalf("%s\n%s", a, a.body)
	}
	return read[link](h, a)
}

const plainLink = `{"amount":25000,"currency":"TRY"}`

// get reads a link.
func (h *house) get(id string) link {
	h.Helper()
	return read[link](h, h.ask("GET", "/v1/links/"+id, ""))
}

// refused wants a status and a code, and answers the exchange.
func (h *house) refused(a exchange, status int, code string) exchange {
	h.Helper()
	if p := a.problem(h); a.status != status || p.Code != code {
		h.Errorf("%s %s, want %d %s\n%s", a, p.Code, status, code, a.body)
	}
	return a
}

// mistakes wants 422 with these mistakes and no others.
func (h *house) mistakes(a exchange, want string) {
	h.Helper()
	if a.status != http.StatusUnprocessableEntity {
		h.Errorf("%s, want 422 with %s\n%s", a, want, a.body)
		return
	}
	if got := a.codes(h); got != want {
		h.Errorf("%s: %s, want %s", a, got, want)
	}
}

// stored is a link as the ledger has it.
func (h *house) stored(id string) checkout.Link {
	h.Helper()
	l, err := h.ledger.LinkByID(context.Background(), shop, checkout.LinkID(id))
	h.must(err)
	return l
}

// pays takes a payment of the card that the shop's account takes to where the steps lead.
func (h *house) pays(l checkout.Link, change ...func(*checkout.Payment)) checkout.Payment {
	h.Helper()
	return h.books.Admit(l, append([]func(*checkout.Payment){func(p *checkout.Payment) {
		p.Account = account
		p.Card = checkout.CardFacts{Brand: checkout.BrandVisa, Issuer: "QNB", IssuerCode: "0111", Program: "CardFinans", Kind: checkout.CardCredit, BIN: "41556500", Last4: "0007"}
	}}, change...)...)
}

// paid takes a payment of a link to paid.
func (h *house) paid(l checkout.Link, change ...func(*checkout.Payment)) checkout.Payment {
	h.Helper()
	b := h.books
	return b.Move(b.Approved(b.Move(b.Authorizing(h.pays(l, change...)))))
}

// atOnce calls fn n times together.
func atOnce(n int, fn func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

func (h *house) list(query string, changes ...request) page[link] {
	h.Helper()
	return read[page[link]](h, h.ask("GET", "/v1/links"+query, "", changes...))
}

var both = furnish{channels: checkout.Channels}

type linkField struct {
	Key, Type string
	Label     checkout.Label
	Required  bool
	Max       *int
	Options   []string
}
