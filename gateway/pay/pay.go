// Package pay is what the card holder's browser sees. It parses, calls one method of the flow and
// renders; it deliberately decides nothing about money.
//
//	GET  /p/:token                the link's page                → 200, 403, 404, 409, 410, 429
//	GET  /p/:token/installments   what a card may choose (JSON)
//	POST /p/:token/pay            takes the card, answers with the bank's form
//	GET  /p/:token?text=kind      a text that a consumer is asked to agree to (page, or plain text)
//	GET  /c/:session              the page of a shop's order, which is a link's
//	GET  /c/:session/cancel       back to the shop without paying → 303
//	GET  /o/:blob                 a link that a merchant's program minted by itself → 303 to its page
//	POST /p/:token/ask            an expired link: ask the merchant for a new one
//	POST /3ds/:payment            where the bank sends the browser back → 303
//	GET  /r/:payment              the result and the receipt
//	GET  /r/:payment/status       the same as one word (JSON)
//	POST /r/:payment/continue     back to the bank's page
//	POST /r/:payment/abandon      give up an attempt and use another card
//	GET  /r/:payment/receipt.pdf  the receipt as PDF
//	GET  /r/:payment/texts/:kind  a text that its payer was asked to agree to
//	GET  /v/:code                 is this receipt genuine?
//	GET  /s/… /t/… /m/…           files, the merchant's colour, the merchant's logo
//
// No step calls the next one: each leaves the payment in a state and sends the browser on, so that
// any of them can be repeated. No step needs a cookie; one of a payer who is at the bank only reminds
// him of it when he opens the link again.
package pay

import (
	"context"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

// Flow is what this surface needs of checkout.Service.
type Flow interface {
	View(ctx context.Context, t checkout.Token) (checkout.Hot, error)
	Visit(ctx context.Context, t checkout.Token) (checkout.Hot, time.Time, error)
	Glance(ctx context.Context, t checkout.Token) (checkout.Hot, time.Time, bool)
	Offers(ctx context.Context, h checkout.Hot, prefix string, amount int64) (checkout.OfferTable, error)
	AnyOpen(ctx context.Context) (checkout.Token, error)
	NewAttempt() [checkout.AttemptLength]byte
	Pay(ctx context.Context, r checkout.PayRequest) (checkout.Started, error)
	NoteStopped(h checkout.Hot, c checkout.CardFacts, err error)
	Return(ctx context.Context, id checkout.PaymentID, cb checkout.Callback, ip string) (checkout.Payment, error)
	Give(ctx context.Context, id checkout.PaymentID) (checkout.Payment, error)
	Resume(ctx context.Context, id checkout.PaymentID) (checkout.Started, error)
	Resumable(ctx context.Context, p checkout.Payment) bool
	GiveUp(ctx context.Context, id checkout.PaymentID, ip string) (checkout.Payment, error)
	AskAgain(ctx context.Context, t checkout.Token, ip string) (checkout.Link, error)
	ByCode(ctx context.Context, code string) (checkout.Payment, error)
	OpenOffline(ctx context.Context, blob, ip string) (checkout.Token, checkout.Hot, error)
	SessionByID(ctx context.Context, id checkout.SessionID) (checkout.Session, checkout.Link, error)
	ReturnTo(ctx context.Context, p checkout.Payment, l checkout.Link) (string, error)
	LinkOf(ctx context.Context, p checkout.Payment) (checkout.Link, error)
	Shown(ctx context.Context, id checkout.PaymentID) (checkout.Payment, checkout.Link, error)
	Shop(ctx context.Context, id checkout.MerchantID) (*checkout.Shop, error)
	Logo(ctx context.Context, id checkout.MerchantID) (checkout.Logo, error)
	LegalTextOf(ctx context.Context, h checkout.Hot, k checkout.ConsentKind, lang string, ask checkout.LegalAsk) (string, error)
	ConsentsOf(ctx context.Context, p checkout.Payment) ([]checkout.Consent, error)
	HostedCard(accounts []checkout.Account, c checkout.Currency) bool
}

// Guard limits what one visitor may ask.
type Guard interface {
	// Missed counts a token that was not found; Blocked says for how long an address must wait (A29).
	Missed(ctx context.Context, ip string)
	Blocked(ctx context.Context, ip string) time.Duration
	// BlocksSomebody says whether any address is blocked: seldom, so that a view need not ask for its own.
	BlocksSomebody() bool
	// BINs and Asks say whether one more BIN question or request for a new link is allowed (E11).
	BINs(ctx context.Context, ip netip.Addr, t checkout.Token) bool
	Asks(ctx context.Context, ip string, t checkout.Token) bool
}

// Config wires the surface.
type Config struct {
	Flow      Flow
	Pages     *page.Pages
	Guard     Guard
	Clock     checkout.Clock
	PublicURL string
}

// Surface is the card holder's side.
type Surface struct {
	Config
	headers web.PageHeaders
	files   web.PageHeaders // of what may be kept
	looks   looks
	opened  *opened
}

// New makes the surface.
func New(c Config) *Surface {
	return &Surface{
		Config: c, headers: web.NewPageHeaders(c.PublicURL), files: web.NewAssetHeaders(c.PublicURL),
		looks: looks{have: map[checkout.MerchantID]*look{}}, opened: newOpened(),
	}
}

// viewPath is the link's page, offersPath what a card may choose there, payPath where the card form goes.
const (
	viewPath   = "/p/:token"
	offersPath = "/p/:token/installments"
	payPath    = "/p/:token/pay"
)

// Register adds the routes.
func (s *Surface) Register(app *fiber.App) {
	app.Get(viewPath, s.view)
	app.Get(offersPath, s.installments)
	app.Post(payPath, s.pay)
	app.Get("/p/:token/pay", s.backToLink)
	app.Get("/c/:session", s.session)
	app.Get("/o/:blob", s.offline)
	app.Get("/c/:session/cancel", s.cancelSession)
	app.Post("/p/:token/ask", s.ask)
	app.Post("/3ds/:payment", s.bankReturn)
	app.Get("/3ds/:payment", s.leadToResult)
	app.Get("/r/:payment", s.result)
	app.Get("/r/:payment/status", s.status)
	app.Post("/r/:payment/continue", s.resume)
	app.Post("/r/:payment/abandon", s.abandon)
	app.Get("/r/:payment/continue", s.leadToResult)
	app.Get("/r/:payment/abandon", s.leadToResult)
	app.Get("/r/:payment/receipt.pdf", s.receiptPDF)
	app.Get("/r/:payment/texts/:kind", s.agreedText)
	app.Get("/v/:code", s.check)
	app.Get("/s/:file", s.asset)
	app.Get("/t/:file", s.themeFile)
	app.Get("/m/:merchant/logo", s.logo)
}

// head is what every page of a merchant shows around its content.
func (s *Surface) head(c *fiber.Ctx, merchant checkout.MerchantID, self string) (page.Head, *look) {
	t, err := s.look(c.UserContext(), merchant)
	if err != nil {
		return page.Head{Self: self}, nil
	}
	return page.Head{Theme: t.theme, Test: t.test, Self: self}, t
}

// render answers one of the rare pages.
func (s *Surface) render(c *fiber.Ctx, status int, lang string, v page.View) error {
	if lang != web.Wished(c) {
		page.Carry(v, lang)
	}
	html, err := s.Pages.Render(lang, v)
	if err != nil {
		return err
	}
	s.headers.Apply(c)
	c.Status(status)
	c.Context().SetContentType("text/html; charset=utf-8")
	c.Response().Header.Set(fiber.HeaderContentLanguage, lang)
	return c.Send(html)
}
