// Package baseline is the card holder's path as a competent team writes it first, from the same parts and
// with the same promises about money, but before anything was measured. Benchmarks and load tests hold the gateway
// against it; nothing else uses it.
//
//	GET  /p/{token}               GET and JSON from Redis, html/template at each view
//	GET  /l/{token}               the same with a template per language, parsed at the start: texts stand in it
//	GET  /p/{token}/installments  the offers of a BIN, encoding/json
//	POST /p/{token}/pay           BodyParser, validator, EVALSHA claim, one transaction, 3-D Secure opened, html/template
//	POST /3ds/{payment}           signature, one transaction, the authorising call, one transaction, 303
//	GET  /r/{payment}             a row, html/template
//	POST /v1/links                a link: one transaction and SET in Redis
//	GET  /v1/payments             rows, newest first, for who audits a run
//
// Every transaction is durable (WAL, synchronous=FULL) and its caller's own. The SQLite driver, the templates
// and the BIN table are the gateway's, so that what differs is the way they are used. It deliberately has no
// limits, audit chain, settle loop, second account or idempotent form: what it leaves out makes it quicker.
package baseline

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/logger"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"

	"github.com/odelink/odelink/checkout/bins"
	"github.com/odelink/odelink/gateway/web/page"
)

// Options are what a Shop stands on. All but Key are required.
type Options struct {
	Key       string // of the API; "" = nobody's
	Redis     string // URL
	Database  string // path of a SQLite file
	PublicURL string
	Bank      http.RoundTripper
	Account   Account
	Terms     Terms
}

// Account is the shop's account at a PayFor bank.
type Account struct {
	URL                                             string // ends in a slash
	MbrID, MerchantID, UserCode, UserPass, StoreKey string
}

// Terms are those of links that say nothing else. Amount is in minor units, rates in parts per million.
type Terms struct {
	Amount      int64
	Currency    string
	Description string
	Rates       []Rate
}

// Rate is one line of the instalment table.
type Rate struct{ Count, PPM int64 }

// Demo is the merchant of the gateway's demo at a simulated bank, with the demo's link and rates. Stores,
// addresses and the API's key are the caller's to fill in.
func Demo(bank string) Options {
	return Options{
		Account: Account{
			URL: bank + "/payfor/Gateway/", MbrID: "5", MerchantID: "990000000000001", UserCode: "ODELINK_API", UserPass: "Demo-Pass-1", StoreKey: "12345678",
		},
		Terms: Terms{
			Amount: 125_000, Currency: "TRY", Description: "Deniz manzaralı ahşap masa, 1 adet",
			Rates: []Rate{{2, 20_000}, {3, 36_000}, {6, 72_000}, {9, 110_000}, {12, 150_000}},
		},
	}
}

// Shop is the straightforward gateway of one merchant.
type Shop struct {
	Options
	store *store
	bank  *bank
	bins  *bins.Table
	pages *page.Pages
	theme *page.Theme
	check *validator.Validate
	app   *fiber.App

	languages map[string]*template.Template // of the link's page, by language
}

// Open makes the database and the routes.
func Open(ctx context.Context, o Options) (*Shop, error) {
	pages, err := page.New(page.Options{PublicURL: o.PublicURL, MaxCached: -1})
	if err != nil {
		return nil, err
	}
	st, err := openStore(ctx, o.Redis, o.Database)
	if err != nil {
		return nil, fmt.Errorf("open the baseline's stores: %w", err)
	}
	s := &Shop{
		Options: o, store: st, bank: &bank{Account: o.Account, client: &http.Client{Transport: o.Bank, Timeout: 15 * time.Second}},
		bins: bins.New(nil), pages: pages, check: validator.New(validator.WithRequiredStructEnabled()),
		theme: &page.Theme{ID: "m", Name: "Ahşap Atölyesi", LegalName: "Ahşap Atölyesi Mobilya Ltd. Şti.", Phone: "+90 212 555 01 23",
			Email: "destek@ahsap.example", Brands: []string{"visa", "mastercard", "troy", "amex"}},
	}
	if err := s.speak(); err != nil {
		return nil, errors.Join(err, st.close())
	}
	s.app = fiber.New(fiber.Config{DisableStartupMessage: true})
	s.app.Use(recover.New(), requestid.New(), logger.New(logger.Config{Output: io.Discard}), helmet.New(), compress.New())
	s.app.Get("/p/:token", s.view)
	s.app.Get("/l/:token", s.viewInLanguage)
	s.app.Get("/p/:token/installments", s.installments)
	s.app.Post("/p/:token/pay", s.pay)
	s.app.Post("/3ds/:payment", s.back)
	s.app.Get("/r/:payment", s.result)
	s.app.Post("/v1/links", s.keyed, s.createLink)
	s.app.Get("/v1/payments", s.keyed, s.listPayments)
	return s, nil
}

// App is what to serve.
func (s *Shop) App() *fiber.App { return s.app }

// Close ends the stores.
func (s *Shop) Close() error { return s.store.close() }

// NewLink makes a single-use link of the shop's terms and answers its token.
func (s *Shop) NewLink(ctx context.Context) (string, error) {
	l := newLink(s.Terms.Amount, s.Terms.Currency, s.Terms.Description)
	return l.Token, s.store.saveLink(ctx, l)
}

// linkTime is how long a link is open, as the gateway's default.
const linkTime = 24 * time.Hour

// newLink is a single-use link that nobody has yet. amount is in minor units.
func newLink(amount int64, currency, description string) link {
	return link{
		Token: random(6), Order: "OD-" + random(5), Description: description, Currency: currency, Amount: amount,
		Status: "active", Expires: time.Now().Add(linkTime),
	}
}

// open is a link that may be paid.
func (s *Shop) open(c *fiber.Ctx) (link, error) {
	l, err := s.store.link(c.UserContext(), c.Params("token"))
	if err != nil {
		return l, err
	}
	if l.Status != "active" || time.Now().After(l.Expires) {
		return l, fiber.ErrGone
	}
	return l, nil
}

func (s *Shop) head() page.Head { return page.Head{Theme: s.theme, Test: true} }

func (s *Shop) html(c *fiber.Ctx, v page.View) error {
	html, err := s.pages.Render("tr", v)
	if err != nil {
		return err
	}
	c.Type("html", "utf-8")
	return c.Send(html)
}

func (s *Shop) view(c *fiber.Ctx) error {
	l, err := s.open(c)
	if err != nil {
		return err
	}
	return s.html(c, s.checkout(l, time.Now()))
}

// offer is one way to pay.
type offer struct {
	Count   int64 `json:"count"`
	Total   int64 `json:"total"`
	Monthly int64 `json:"monthly"`
}

// offers are those of a card: everything on credit, one payment on any other.
func (s *Shop) offers(amount int64, bin string) []offer {
	all := []offer{{1, amount, amount}}
	if s.bins.Lookup(bin).Kind != "credit" {
		return all
	}
	for _, r := range s.Terms.Rates {
		total := amount + (amount*r.PPM+500_000)/1_000_000
		all = append(all, offer{r.Count, total, (total + r.Count/2) / r.Count})
	}
	return all
}

func (s *Shop) installments(c *fiber.Ctx) error {
	l, err := s.open(c)
	if err != nil {
		return err
	}
	bin := c.Query("bin")
	if err := s.check.Var(bin, "required,numeric,min=6,max=8"); err != nil {
		return fiber.ErrBadRequest
	}
	row := s.bins.Lookup(bin)
	return c.JSON(fiber.Map{
		"bin": bin, "brand": row.Brand, "kind": row.Kind, "issuer": row.Issuer, "program": row.Program,
		"currency": l.Currency, "offers": s.offers(l.Amount, bin),
	})
}
