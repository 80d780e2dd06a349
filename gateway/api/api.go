// Package api is what merchants' programs talk to: versioned JSON under /v1. It parses, calls the
// flow or the ledger once, and writes; it deliberately decides nothing about money.
//
//	POST   /v1/links                make a link            (Idempotency-Key)
//	GET    /v1/links                list, newest first
//	GET    /v1/links/:id            one link
//	PATCH  /v1/links/:id            new terms, same address
//	DELETE /v1/links/:id            dead at once
//	POST   /v1/links/:id/send       deliver it             (Idempotency-Key)
//	GET    /v1/links/:id/qr.svg     the short address as QR; also qr.png
//	GET    /v1/payments             list, newest first
//	GET    /v1/payments/:id         one payment with its events
//	GET    /v1/installments         the offer table without a link
//	GET    /v1/bins/:bin            what a prefix tells
//	GET    /v1/openapi.yaml         the contract
//
// Every row is selected by the merchant of the key in the same statement; what belongs to somebody
// else is not found, in the same words.
package api

import (
	"context"
	_ "embed"
	"strings"
	"sync"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

//go:embed openapi.yaml
var openAPI []byte

// Flow is what the API needs of checkout.Service.
type Flow interface {
	CreateLink(ctx context.Context, by checkout.By, m checkout.MerchantID, t checkout.LinkTerms, idem func(checkout.Link) (checkout.Idempotency, error)) (checkout.Link, error)
	EditLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID, edit func(*checkout.LinkTerms) error) (checkout.Link, error)
	DeleteLink(ctx context.Context, by checkout.By, m checkout.MerchantID, id checkout.LinkID) error
	OffersOf(ctx context.Context, m checkout.MerchantID, price checkout.Money, prefix string) (checkout.OfferTable, error)
	LinkURL(t checkout.Token) string
}

// Ledger is what the API reads directly.
type Ledger interface {
	LinkByID(ctx context.Context, m checkout.MerchantID, id checkout.LinkID) (checkout.Link, error)
	SearchLinks(ctx context.Context, q checkout.LinkQuery) ([]checkout.Link, string, error)
	PaymentOf(ctx context.Context, m checkout.MerchantID, id checkout.PaymentID) (checkout.Payment, error)
	SearchPayments(ctx context.Context, q checkout.PaymentQuery) ([]checkout.Payment, string, error)
	PaymentsOfLinks(ctx context.Context, m checkout.MerchantID, links []checkout.LinkID, newest int) (map[checkout.LinkID][]checkout.Payment, error)
	Events(ctx context.Context, m checkout.MerchantID, subject string) ([]checkout.Event, error)
	KeyByHash(ctx context.Context, hash []byte) (checkout.APIKey, error)
	Answer(ctx context.Context, m checkout.MerchantID, key string) (checkout.Idempotency, bool, error)
}

// Limits bounds what one key, or one address without a good key ("unknown " and the address), may
// ask. It answers checkout.ErrVelocity with RetryAfter.
type Limits interface {
	API(ctx context.Context, key string) error
}

// Config wires the surface.
type Config struct {
	Flow   Flow
	Ledger Ledger
	BINs   checkout.BINs
	Limits Limits
	Clock  checkout.Clock
	Hash   func(secret string) []byte // keyed hash under which keys are stored
}

// Surface is the programs' side.
type Surface struct {
	Config
	headers  web.PageHeaders
	validate *validator.Validate
	running  sync.Map // idempotency keys at work in this process
}

// New makes the surface.
func New(c Config) (*Surface, error) {
	v, err := newValidator()
	if err != nil {
		return nil, err
	}
	return &Surface{Config: c, headers: web.NewAPIHeaders(""), validate: v}, nil
}

// Register adds the routes.
func (s *Surface) Register(app *fiber.App) {
	app.Get("/v1/openapi.yaml", s.contract)
	v1 := app.Group("/v1", s.authenticate)
	v1.Post("/links", takes(), s.createLink)
	v1.Get("/links", takes(append([]string{"status", "order_id", "q"}, listParams...)...), s.listLinks)
	v1.Get("/links/:id", takes(), s.readLink)
	v1.Patch("/links/:id", takes(), s.editLink)
	v1.Delete("/links/:id", takes(), s.deleteLink)
	v1.Post("/links/:id/send", takes(), s.sendLink)
	v1.Get("/links/:id/qr.svg", takes(), s.qrSVG)
	v1.Get("/links/:id/qr.png", takes(), s.qrPNG)
	v1.Get("/payments", takes(append([]string{"link", "status", "order_id", "min", "max"}, listParams...)...), s.listPayments)
	v1.Get("/payments/:id", takes(), s.readPayment)
	v1.Get("/installments", takes("bin", "amount", "currency"), s.installments)
	v1.Get("/bins/:bin", takes(), s.bin)
}

// contract answers this surface's own description; it needs no key.
func (s *Surface) contract(c *fiber.Ctx) error {
	s.headers.Apply(c)
	c.Set(fiber.HeaderContentType, "application/yaml")
	return c.Send(openAPI)
}

// caller is who asks, found by its key.
type caller struct {
	merchant checkout.MerchantID
	key      checkout.KeyID
}

type callerKey struct{}

func callerOf(c *fiber.Ctx) caller {
	who, ok := c.Context().UserValue(callerKey{}).(caller)
	if !ok {
		panic("api: a route without authentication")
	}
	return who
}

// by names the caller in the audit trail.
func (s *Surface) by(c *fiber.Ctx) checkout.By {
	return checkout.By{Actor: "api:" + string(callerOf(c).key), IP: web.ClientIP(c)}
}

// authenticate finds the key by its keyed hash. A key in the address is refused before it is looked
// up, since addresses end up in logs (A44).
func (s *Surface) authenticate(c *fiber.Ctx) error {
	s.headers.Apply(c)
	if keyInAddress(c) {
		return web.BadRequest("api_key_in_address")
	}
	secret, ok := bearer(c)
	if !ok {
		return s.refused(c)
	}
	k, err := s.Ledger.KeyByHash(c.UserContext(), s.Hash(secret))
	if checkout.KindOf(err) == checkout.KindUnauthorized {
		return s.refused(c)
	}
	if err != nil {
		return err
	}
	if err := s.Limits.API(c.UserContext(), string(k.ID)); err != nil {
		return err
	}
	c.Context().SetUserValue(callerKey{}, caller{merchant: k.Merchant, key: k.ID})
	return c.Next()
}

// maxSecret is longer than any key that we make.
const maxSecret = 200

// bearer reads the secret of the one Authorization header.
func bearer(c *fiber.Ctx) (secret string, ok bool) {
	sent := c.Request().Header.PeekAll(fiber.HeaderAuthorization)
	if len(sent) != 1 {
		return "", false
	}
	scheme, secret, _ := strings.Cut(string(sent[0]), " ")
	secret = strings.TrimSpace(secret)
	return secret, strings.EqualFold(scheme, "Bearer") && strings.HasPrefix(secret, keyPrefix) && len(secret) <= maxSecret
}

const (
	// keyPrefix is how every API key begins.
	keyPrefix = "sk_"
	// shortestKey is shorter than any key, and longer than what search texts like "sk_12" have.
	shortestKey = 12
)

// keyInAddress says whether the path or a query parameter looks like an API key.
func keyInAddress(c *fiber.Ctx) bool {
	looksLikeKey := func(text string) bool {
		i := strings.Index(text, keyPrefix)
		return i >= 0 && len(text)-i >= shortestKey && (i == 0 || strings.ContainsAny(text[i-1:i], " /=:;,"))
	}
	uri := c.Request().URI()
	for name, value := range uri.QueryArgs().All() {
		if looksLikeKey(string(name)) || looksLikeKey(string(value)) {
			return true
		}
	}
	return looksLikeKey(string(uri.Path()))
}

// stranger begins the name under which an address without a good key is counted.
const stranger = "unknown "

// refused counts a try without a good key against its address.
func (s *Surface) refused(c *fiber.Ctx) error {
	if err := s.Limits.API(c.UserContext(), stranger+web.ClientIP(c)); err != nil {
		return err
	}
	return checkout.ErrNoKey
}
