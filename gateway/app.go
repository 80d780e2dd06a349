package main

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/bins"
	"github.com/odelink/odelink/checkout/caps"
	"github.com/odelink/odelink/gateway/api"
	"github.com/odelink/odelink/gateway/consent"
	"github.com/odelink/odelink/gateway/deliver"
	"github.com/odelink/odelink/gateway/memstore"
	"github.com/odelink/odelink/gateway/observe"
	"github.com/odelink/odelink/gateway/panel"
	"github.com/odelink/odelink/gateway/pay"
	"github.com/odelink/odelink/gateway/redisstore"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/velocity"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
	"github.com/odelink/odelink/threeds"
)

// seams are what tests put in the place of the world. The zero value is the world.
type seams struct {
	clock  checkout.Clock // nil = the system's
	random io.Reader      // nil = crypto/rand
	timing checkout.Timing
	roots  *x509.CertPool           // of mail servers and SMS providers; nil = the system's
	fault  func(point string) error // of the ledger
	log    io.Writer                // nil = standard error
	redis  time.Duration            // how long Redis is waited for; 0 = as long as in production
}

// systemClock is time.Now.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

// app is the gateway, opened and not yet serving.
type app struct {
	cfg       Config
	seams     seams
	log       *observe.Logger
	ledger    *sqlstore.Store
	writes    *writes           // the ledger as the flow writes to it
	redis     *redisstore.Store // nil without Redis
	memory    *memstore.Store   // nil with Redis
	bins      *bins.Table
	banks     *threeds.Banks
	limits    *velocity.Limits
	watch     *watch
	flow      *checkout.Service
	pages     *pay.Surface
	panel     *panel.Surface
	fiber     *fiber.App
	lane      *web.Lane
	ids       *checkout.IDs
	undecided *undecided
	journal   *api.Journal
	hooks     *hooks
	post      *mailroom
	texts     *consent.Texts
	postman   *deliver.Postman
	mailbox   *mailbox // demo's

	reportman *deliver.Postman // brings scheduled reports

	inspection inspection
}

// open wires the gateway from the inside out and starts nothing. What it opened is closed again
// when a later part fails.
func open(ctx context.Context, cfg Config, s seams) (*app, error) {
	s = s.withDefaults()
	a := &app{cfg: cfg, seams: s, ids: checkout.NewIDs(s.random)}
	if err := a.openAll(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *app) openAll(ctx context.Context) (err error) {
	if a.log, err = observe.NewLogger(a.seams.log, a.cfg.LogFormat, a.cfg.LogLevel); err != nil {
		return err
	}
	a.watch = newWatch(a.log, a.seams.clock)
	for _, open := range []func(context.Context) error{a.openLedger, a.openHot, a.openPost, a.openFlow, a.openSurfaces} {
		if err := open(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s seams) withDefaults() seams {
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.log == nil {
		s.log = os.Stderr
	}
	if s.clock == nil {
		s.clock = systemClock{}
	}
	return s
}

// openLedger opens and migrates the durable truth.
func (a *app) openLedger(ctx context.Context) error {
	c := sqlstore.Config{URL: a.cfg.DatabaseURL, MasterKeys: a.cfg.MasterKeys, IDs: a.ids, Logger: a.log.Logger, Demo: a.cfg.Demo, Fault: a.seams.fault}
	if _, real := a.seams.clock.(systemClock); !real {
		c.Now = a.seams.clock.Now
	}
	var err error
	if a.ledger, err = sqlstore.Open(ctx, c); err != nil {
		return a.strangeLedger(ctx, c, err)
	}
	if err := a.ledger.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate the ledger: %w", err)
	}
	return nil
}

// strangeLedger says what is wrong with a ledger that the configured master keys do not open: most often
// it is the demo's, or an older key is missing.
func (a *app) strangeLedger(ctx context.Context, c sqlstore.Config, err error) error {
	if !errors.Is(err, sqlstore.ErrMasterKey) {
		return fmt.Errorf("ODELINK_DATABASE_URL: %w", err)
	}
	c.MasterKeys = [][]byte{demoMasterKey}
	if ledger, other := sqlstore.Open(ctx, c); other == nil {
		return errors.Join(errDemoLedger, ledger.Close())
	}
	return fmt.Errorf("%w (if it was rotated, ODELINK_MASTER_KEY needs the older key too, behind the newest)", err)
}

// errDemoLedger: everybody knows the keys of a ledger that demo made.
var errDemoLedger = errors.New("ODELINK_DATABASE_URL: this ledger was made by demo, whose credentials are public: serve refuses it, give it one of its own")

// openHot opens the hot state and the limits: Redis where it is configured, else memory.
func (a *app) openHot(ctx context.Context) error {
	v := velocity.Config{
		Clock: a.seams.clock, Off: a.cfg.LimitsOff, OnBlocked: a.watch.blocked, OnRest: a.watch.linkRests, OnGuessing: a.watch.guessing,
	}
	if a.cfg.RedisURL == "" {
		a.memory = memstore.New(a.seams.clock)
	} else {
		var err error
		if a.redis, err = redisstore.Open(ctx, redisstore.Config{URL: a.cfg.RedisURL, Bound: a.seams.redis, Observer: a.watch.redis()}); err != nil {
			return fmt.Errorf("open Redis: %w", err)
		}
		v.Shared = a.redis
	}
	var err error
	a.limits, err = velocity.New(v)
	return err
}

func (a *app) hot() checkout.LinkStore {
	if a.redis != nil {
		return a.redis
	}
	return a.memory
}

// openFlow joins the flow's parts.
func (a *app) openFlow(context.Context) error {
	var err error
	if a.bins, err = a.loadBINs(); err != nil {
		return err
	}
	a.banks = threeds.New(threeds.Config{AllowLoopback: a.cfg.Demo || a.cfg.SimulatedBank, Hosts: a.cfg.BankHosts})
	cardKey, err := derive(a.ledger, "card velocity")
	if err != nil {
		return err
	}
	if a.texts, err = consent.New(); err != nil {
		return err
	}
	a.writes = &writes{Ledger: a.ledger, trial: a.ledger.Trial, clock: a.seams.clock}
	a.flow, err = checkout.New(checkout.Parts{
		Ledger: a.watch.metrics.Ledger(a.writes), Hot: a.hot(), BINs: a.bins, Caps: caps.New(), Banks: a.watch.metrics.Banks(a.banks, a.watch.callbacks), Velocity: a.limits,
		Clock: a.seams.clock, IDs: a.ids, Log: a.log.Logger, Observer: a.watch, Timing: a.seams.timing,
		PublicURL: a.cfg.PublicURL, CardKey: cardKey, Post: a.post, NoMessageLimits: a.cfg.LimitsOff, Texts: a.texts, Reports: a.reports(),
	})
	if err == nil {
		a.openPostman()
		a.watchUndecided()
		a.watch.metrics.Gauge("odelink_page_words_changed", "Merchants whose own words were changed by hand in the ledger; their pages say the built-in ones.", nil, func() float64 {
			return float64(a.flow.WordsChanged())
		})
	}
	return err
}

func (a *app) loadBINs() (*bins.Table, error) {
	t := bins.New(a.watch.unknownBIN)
	if a.cfg.BinsFile == "" {
		return t, nil
	}
	f, err := os.Open(a.cfg.BinsFile)
	if err != nil {
		return nil, fmt.Errorf("open the imported BIN table: %w", err)
	}
	defer f.Close()
	rows, _, err := bins.Import(f, a.cfg.BinsFile)
	if err != nil {
		return nil, fmt.Errorf("read the imported BIN table: %w", err)
	}
	t.Replace(rows)
	return t, nil
}

// derive makes a key for one purpose from the ledger's own secret, which survives a rotation of the
// master key.
func derive(ledger *sqlstore.Store, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, ledger.HashKey("odelink derived keys"), nil, purpose, 32)
}

// openSurfaces registers pages and API on one app with one edge in front.
func (a *app) openSurfaces(context.Context) error {
	pages, err := page.New(page.Options{PublicURL: a.cfg.PublicURL})
	if err != nil {
		return err
	}
	card := pay.New(pay.Config{Flow: a.flow, Pages: pages, Guard: a.limits, Clock: a.seams.clock, PublicURL: a.cfg.PublicURL})
	edge := web.Config{
		PublicURL: a.cfg.PublicURL, TrustedProxies: a.cfg.TrustedProxies, Hosts: a.hosts(), Log: a.log.Logger,
		ErrorPage: card.ErrorPage, Message: api.Message, Done: a.watch.served, LargeBodies: api.LargeBodies(),
	}
	maps.Copy(edge.LargeBodies, panel.LargeBodies())
	a.fiber, a.lane = web.NewApp(edge), web.NewLane(edge, card.Lane()...)
	card.Register(a.fiber)
	a.pages = card
	style, docs := pages.Assets().ByName("app.css"), pages.Assets().ByName("docs.css")
	a.openHooks()
	a.journal = api.NewJournal(a.ledger, a.seams.clock, a.ids)
	programs, err := api.New(api.Config{
		Flow: a.flow, Ledger: a.ledger, Hooks: a.hooks, BINs: a.bins, Banks: a.banks, Demo: a.cfg.Demo, Limits: a.limits, Clock: a.seams.clock, Journal: a.journal, Hash: a.ledger.HashKey,
		PublicURL: a.cfg.PublicURL, Style: api.Style{Path: style.Path, Integrity: style.Integrity},
		DocsStyle: api.Style{Path: docs.Path, Integrity: docs.Integrity},
	})
	if err != nil {
		return err
	}
	programs.Register(a.fiber)
	a.panel, err = panel.New(panel.Config{
		Settings: panel.Settings{
			Banks: a.banks, Hooks: a.hooks, EventBody: programs.EventBody, Preview: card.Preview, Contrast: pay.Contrast, Mail: a.mail(), OutgoingIP: a.cfg.OutgoingIP,
		},
		Flow: a.flow, Ledger: a.ledger, Guard: a.limits, Clock: a.seams.clock, IDs: a.ids, Log: a.log.Logger, Hash: a.ledger.HashKey, Message: api.Message,
		PublicURL: a.cfg.PublicURL, Demo: a.cfg.Demo,
	})
	if err != nil {
		return err
	}
	a.panel.Register(a.fiber)
	a.hooks.Deliverer = deliver.New(deliver.Config{
		Ledger: a.ledger, Channel: a.hooks.Sender, Render: programs.EventBody, Tell: a.flow.Tell, Clock: a.seams.clock, Observer: a.watch,
	})
	return nil
}

// server serves the surfaces.
func (a *app) server() web.Server { return web.Server{App: a.fiber, Lane: a.lane} }

// hosts are the names that demo answers to: its credentials are public, and a foreign page could
// rebind its own name to this machine.
func (a *app) hosts() []string {
	if !a.cfg.Demo {
		return nil
	}
	return []string{"localhost", "127.0.0.1", "::1"}
}

// run serves until ctx ends, then lets open calls end within their deadline (C24).
func (a *app) run(ctx context.Context, ready func()) error {
	adminListener, err := net.Listen("tcp", a.cfg.AdminAddr)
	if err != nil {
		return fmt.Errorf("ODELINK_ADMIN_ADDR: listen for administration: %w", err)
	}
	admin := a.admin()
	go func() { _ = admin.Serve(adminListener) }() // ends with Close below
	defer admin.Close()
	listener, err := net.Listen("tcp", a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("ODELINK_ADDR: listen for pages and API: %w", err)
	}
	loops, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	a.watchPage(listener.Addr())
	done := a.startLoops(loops)
	a.log.Info("odelink serves", "addr", a.cfg.Addr, "public_url", a.cfg.PublicURL, "demo", a.cfg.Demo)
	for _, c := range checkout.Channels {
		if !a.post.Offers(c) {
			a.log.Info("links are not sent by "+string(c)+": its setting is empty", "settings", "ODELINK_SMTP_URL ODELINK_SMS_URL")
		}
	}
	if ready != nil {
		ready()
	}
	edge := web.Wrap(listener, web.ListenOptions{Exempt: a.cfg.TrustedProxies, Log: a.log.Logger})
	a.watch.listener(edge)
	go func() { <-ctx.Done(); a.watch.stopping.Store(true); a.panel.Stop() }()
	err = a.server().Run(ctx, edge)
	stop()
	<-done
	a.said(ctx, "keep the log of requests", a.journal.Keep(context.WithoutCancel(ctx)))
	a.said(ctx, "write down whom the limits stopped", a.flow.NoteStops(context.WithoutCancel(ctx)))
	a.flow.Wait()
	return err
}

const (
	settleEvery    = time.Second
	republishEvery = 5 * time.Second
	republishSpan  = 15 * time.Second
	// openedEvery and openedBatch bound what noting opened links costs the ledger.
	openedEvery = time.Second
	openedBatch = 200
	// stopsEvery is how soon a merchant is told that the limits stop his payers.
	stopsEvery = 2 * time.Second
	// requestsEvery is how long a line of the log of requests may be lost with the program.
	requestsEvery = 3 * time.Second
	// lookEvery is how often Redis is asked how it is, where no payer's view finds out.
	lookEvery = 2 * time.Second
)

// startLoops runs what happens without anybody asking; the channel closes when all have ended.
func (a *app) startLoops(ctx context.Context) <-chan struct{} {
	done := make(chan struct{})
	loops := []func(){
		func() { a.every(ctx, settleEvery, a.settle) },
		func() { a.every(ctx, republishEvery, a.republish) },
		func() { a.every(ctx, openedEvery, a.noteOpened) },
		func() { a.every(ctx, stopsEvery, a.flow.NoteStops) },
		func() { a.every(ctx, inspectEvery, a.inspect) },
		func() { a.every(ctx, writeEvery, a.writes.look) },
		func() { a.every(ctx, deliverEvery, a.hooks.Look); a.hooks.Wait() },
		func() { a.every(ctx, waitingEvery, a.hooks.count) },
		func() { a.every(ctx, undecidedEvery, a.undecided.look) },
		func() { a.every(ctx, forgetEvery, a.hooks.Forget) },
		func() { a.every(ctx, requestsEvery, a.journal.Keep) },
		func() { a.every(ctx, forgetEvery, a.journal.Forget) },
		func() { a.every(ctx, carryEvery, a.carry(checkout.ChannelSMS)) },
		func() { a.every(ctx, carryEvery, a.carry(checkout.ChannelEmail)) },
		func() { a.every(ctx, remindEvery, a.remind) },
		func() { a.every(ctx, reportEvery, a.makeReports) },
		func() { a.every(ctx, carryEvery, a.carryReports) },
		func() { a.every(ctx, forgetEvery, a.reportman.ForgetMessages) },
		func() { a.every(ctx, forgetEvery, a.postman.ForgetMessages) },
	}
	if a.memory != nil {
		loops = append(loops, func() { a.said(ctx, "refill hot state", a.refill(ctx)) })
	}
	if a.redis != nil {
		loops = append(loops, func() { a.lookAfterRedis(ctx) }, func() { a.every(ctx, lookEvery, a.restorer()) })
	}
	left := make(chan struct{}, len(loops))
	for _, loop := range loops {
		go func() { loop(); left <- struct{}{} }()
	}
	go func() {
		for range loops {
			<-left
		}
		close(done)
	}()
	return done
}

// every calls f until ctx ends. What it answers is for the log: the next turn tries again.
func (a *app) every(ctx context.Context, d time.Duration, f func(context.Context) error) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.said(ctx, "background loop", f(ctx))
		}
	}
}

// said logs what a loop answered, unless it was told to stop.
func (a *app) said(ctx context.Context, loop string, err error) {
	if err != nil && ctx.Err() == nil {
		a.watch.Fault(loop, err)
	}
}

// askRedis finds out whether Redis answers before anything is asked of it. One failure may be a connection
// that died, so it asks twice.
func (a *app) askRedis(ctx context.Context) {
	if a.redis != nil {
		a.redis.Look(ctx)
		a.redis.Look(ctx)
	}
}

// lookAfterRedis finds out at the start, and later also when nobody opens a page, whether Redis answers;
// the watch says so once each time that this changes.
func (a *app) lookAfterRedis(ctx context.Context) {
	a.askRedis(ctx)
	a.every(ctx, lookEvery, func(ctx context.Context) error {
		a.redis.Look(ctx)
		return nil
	})
}

// settle goes on while there is more to do than one pass takes.
func (a *app) settle(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := a.flow.Settle(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
	return nil
}

// noteOpened writes down which links were opened; few at a time, so that payments do not wait for it.
func (a *app) noteOpened(ctx context.Context) error {
	return a.ledger.NoteOpened(ctx, a.pages.Opened(openedBatch), a.seams.clock.Now())
}

func (a *app) republish(ctx context.Context) error {
	return a.flow.Republish(ctx, a.seams.clock.Now().Add(-republishSpan))
}

// refill fills the hot state while serving: a link that is not there yet is read from the ledger at its
// first view.
func (a *app) refill(ctx context.Context) error {
	n, err := a.flow.Refill(ctx)
	if err == nil {
		a.log.Info("hot state filled", "links", n)
	}
	return err
}

// restorer answers what has a Redis that is new, or lost its links, filled from the ledger. One that is away is
// said by the watch, and filled when it is back; one that takes no more links is said once.
func (a *app) restorer() func(context.Context) error {
	failed := false
	return func(ctx context.Context) error {
		ran, err := a.redis.Restore(ctx, a.refill)
		if !ran {
			return nil // it is whole, away, or another gateway's to fill
		}
		again := failed
		failed = err != nil
		if again || a.watch.breaker.Load() {
			return nil
		}
		return err
	}
}

// close ends everything that was opened, outermost first.
func (a *app) close() error {
	var errs []error
	if a.redis != nil {
		errs = append(errs, a.redis.Close())
	}
	if a.ledger != nil {
		errs = append(errs, a.ledger.Close())
	}
	if a.log != nil {
		errs = append(errs, a.log.Close())
	}
	return errors.Join(errs...)
}

// serve is the gateway for real merchants.
func serve(ctx context.Context, args []string, out io.Writer) error {
	cfg, err := loadConfig(args, os.Environ(), false, out)
	if err != nil {
		return err
	}
	a, err := open(ctx, cfg, seams{})
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.refuseDemo(ctx); err != nil {
		return err
	}
	return a.run(ctx, nil)
}

// refuseDemo holds invariant I24: no demo credentials and no simulated bank where money is real. Of the
// demo's own ledger it says so once, and not again of its account.
func (a *app) refuseDemo(ctx context.Context) error {
	var errs []error
	_, err := a.ledger.KeyByHash(ctx, a.ledger.HashKey(demoAPIKey))
	demo := err == nil
	switch {
	case demo:
		errs = append(errs, errors.New("the ledger holds the demo's public API key: serve refuses it (was this ledger made by demo?)"))
	case !errors.Is(err, checkout.ErrNoKey):
		return err
	}
	if _, err := a.ledger.UserByEmail(ctx, demoEmail); err == nil && !demo {
		errs = append(errs, errors.New("the ledger holds the demo's public panel user: serve refuses it (was this ledger made by demo?)"))
	} else if err != nil && !errors.Is(err, checkout.ErrNoUser) {
		return err
	}
	accounts, err := a.ledger.AllAccounts(ctx)
	if err != nil {
		return err
	}
	for _, acc := range accounts {
		if !acc.Enabled || demo && acc.ID == demoPayFor {
			continue
		}
		// What a simulated bank is allowed is its address, which Check knows; never an empty secret.
		if err := a.banks.Check(acc); err != nil {
			errs = append(errs, fmt.Errorf("acquirer account %s (%s): %w", acc.ID, acc.Name, err))
		}
		if !a.cfg.SimulatedBank && publicSecrets(acc) {
			errs = append(errs, fmt.Errorf("acquirer account %s (%s): its password or store key is the demo's or the bank's published test one: serve refuses it", acc.ID, acc.Name))
		}
	}
	return errors.Join(errs...)
}

// publicSecrets says whether anybody could sign for an account: it holds a secret of the demo's.
func publicSecrets(acc checkout.Account) bool {
	for name, public := range demoSecrets {
		if acc.Credentials[name] == public {
			return true
		}
	}
	return false
}
