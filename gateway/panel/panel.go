// Package panel is where merchants work: server-rendered pages under /panel that need no script and are better
// with a little. It parses, calls the flow or the ledger once, and writes; it decides nothing about money.
//
//	door.go      who is asking, what he may, and that the request comes from our own pages
//	signin.go    password, second factor, invitations, sign-out
//	view.go      pages from templates/panel with the words of templates/locale/panel
//	form.go      fields with their mistakes
//
// Every other file is an area of the panel: its routes with the power that each needs, and its pages. An area
// is added by its file, its line in areas, its folder in templates/panel and its words.
package panel

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
	"github.com/odelink/odelink/gateway/web"
)

// Flow is what the panel needs of checkout.Service.
type Flow interface {
	SettingsFlow
	LinkURL(t checkout.Token) string
	Denied(ctx context.Context, by checkout.By, m checkout.MerchantID, step string) error
	MoneyFlow
	InvoiceFlow
	ScheduleFlow
	DayFlow
	LinkFlow
	ProductFlow
}

// Ledger is what the panel reads, and its exports.
type Ledger interface {
	checkout.Ledger
	report.Ledger
}

// Guard bounds what one address may try.
type Guard interface {
	// API counts a request under a name; ErrVelocity with RetryAfter when there were too many.
	API(ctx context.Context, name string) error
}

// Config wires the surface.
type Config struct {
	Settings
	Flow   Flow
	Ledger Ledger
	Guard  Guard
	Clock  checkout.Clock
	IDs    *checkout.IDs
	Log    *slog.Logger
	// Hash is the keyed hash under which secrets are found again.
	Hash func(secret string) []byte
	// Message says what a code means in "tr" or "en"; "" when it knows none.
	Message   func(lang, code string, args map[string]string) string
	PublicURL string
	// Demo lets users in by password alone, and shows whose is known to everybody.
	Demo bool
}

// Surface is the merchant's side for people.
type Surface struct {
	Config
	headers web.PageHeaders
	files   web.PageHeaders
	pages   *pages
	hashing chan struct{} // how many passwords are hashed at once: each takes 19 MiB
	past    pastFigures

	exporting chan struct{} // files that are being written

	lines    lines
	stop     chan struct{}
	stopOnce sync.Once
}

// area is a part of the panel.
type area struct {
	name   string // its words begin with it: "links.title"
	path   string // where it begins; "" = not in the rail
	power  checkout.Power
	routes func(*Surface) []route
}

// areas are the parts in the order of the rail.
func areas() []area {
	return []area{
		{"home", "/panel", checkout.PowerLook, (*Surface).homeRoutes},
		{"links", "/panel/links", checkout.PowerLook, (*Surface).linksRoutes},
		{"payments", "/panel/payments", checkout.PowerLook, (*Surface).paymentsRoutes},
		{"reconciliation", "/panel/reconciliation", checkout.PowerMoney, (*Surface).reconciliationRoutes},
		{"reports", "/panel/reports", checkout.PowerReports, (*Surface).reportsRoutes},
		{"invoices", "/panel/invoices", checkout.PowerLook, (*Surface).invoicesRoutes},
		{"settings", "/panel/settings", checkout.PowerSettings, (*Surface).settingsRoutes},
		{"account", "", checkout.PowerLook, (*Surface).accountRoutes},
	}
}

// route is one address. Its power is what the role of whoever asks must have.
type route struct {
	method, path string
	power        checkout.Power
	handle       func(*Surface, *fiber.Ctx, *who) error
}

// New makes the surface.
func New(c Config) (*Surface, error) {
	s := &Surface{Config: c, headers: web.NewPanelHeaders(c.PublicURL), files: web.NewAssetHeaders(c.PublicURL), hashing: make(chan struct{}, 2), exporting: make(chan struct{}, exportsAtOnce), stop: make(chan struct{})}
	var err error
	if s.pages, err = newPages(); err != nil {
		return nil, err
	}
	return s, nil
}

// Register adds the routes.
func (s *Surface) Register(app *fiber.App) {
	app.Get(assetPrefix+":file", s.asset)
	app.Get("/panel/signin", s.signInPage)
	app.Post("/panel/signin", s.signIn)
	app.Get("/panel/code", s.stage(checkout.StageCode, s.codePage))
	app.Post("/panel/code", s.stage(checkout.StageCode, s.code))
	app.Get("/panel/setup", s.stage(checkout.StageSetUp, s.setUpPage))
	app.Post("/panel/setup", s.stage(checkout.StageSetUp, s.setUp))
	app.Get("/panel/invitation/:secret", s.invitationPage)
	app.Post("/panel/invitation/:secret", s.useInvitation)
	app.Post("/panel/signout", s.signOut)
	for _, a := range areas() {
		for _, r := range a.routes(s) {
			app.Add(r.method, r.path, s.door(a, r))
		}
	}
	app.All("/panel/*", s.nothing)
}

// Routes lists the areas' addresses with the power that each needs, for whoever checks that none is open.
func Routes() map[string]checkout.Power {
	all := map[string]checkout.Power{}
	for _, a := range areas() {
		for _, r := range a.routes(nil) {
			all[r.method+" "+r.path] = r.power
		}
	}
	return all
}

func (s *Surface) now() time.Time { return s.Clock.Now() }
