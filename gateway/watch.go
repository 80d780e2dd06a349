package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/observe"
	"github.com/odelink/odelink/gateway/redisstore"
	"github.com/odelink/odelink/gateway/web"
)

// watch joins what the parts tell with logs, metrics and health.
type watch struct {
	log       *observe.Logger
	metrics   *observe.Metrics
	callbacks *observe.Callbacks
	access    func(observe.Served)
	stopping  atomic.Bool
	breaker   atomic.Bool
	unknown   atomic.Int64
}

func newWatch(log *observe.Logger, clock checkout.Clock) *watch {
	w := &watch{log: log, metrics: observe.NewMetrics(buildInfo()), access: log.AccessLog()}
	w.callbacks = observe.NewCallbacks(w.metrics, log.Logger, clock)
	w.metrics.Counter("odelink_unknown_bins_total", "Card prefixes that no table knows.", nil, func() float64 { return float64(w.unknown.Load()) })
	return w
}

// version is what the linker was told (-X main.version=…) where no repository is at hand that the Go tool could
// stamp it from: in the image's build.
var version string

// buildInfo reads what was stamped into the binary.
func buildInfo() observe.Build {
	b := observe.Build{Version: "devel"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	if version != "" {
		b.Version = version
	}
	return b
}

// Moved logs what became of payments; the measured ledger counts them.
func (w *watch) Moved(m checkout.Move) {
	if m.From.Status != m.To.Status {
		w.log.Info("payment", "id", m.To.ID, "from", m.From.Status, "to", m.To.Status, "reason", m.To.Decline.Code)
	}
}

// Rejected is logged and counted by the measured banks; an account without its secrets opens no bank,
// so what is rejected for that reason is told here.
func (w *watch) Rejected(p checkout.Payment, reason string) {
	if reason == checkout.ForgedSecretMissing {
		w.callbacks.Rejected(p.Account, p.Kind, p.ID, reason)
	}
}

// Alarm is for a person, at once.
func (w *watch) Alarm(what string, err error) { w.log.Error(what, "err", err) }

// Fault logs what nobody outside is told. That Redis is away was said when it went: every wish that it
// does not fulfil meanwhile would only bury the rest of the log.
func (w *watch) Fault(where string, err error) {
	level := slog.LevelWarn
	if w.breaker.Load() && errors.Is(err, checkout.ErrHotAway) {
		level = slog.LevelDebug
	}
	w.log.Log(context.Background(), level, "fault", "where", where, "err", err)
}

func (w *watch) blocked(limit string) { w.metrics.Limited(limit) }

// linkRests and guessing are alarms for a person.
func (w *watch) linkRests(a checkout.Attempt) {
	w.log.Error("link rests after too many refusals", "payment", a.Payment, "merchant", a.Merchant)
}

func (w *watch) guessing(misses int64) {
	w.log.Error("tokens are being guessed", "misses", misses)
}

// unknownBIN keeps six digits in the log: of a number shorter than sixteen nobody may keep more (I14),
// and how long this one is the prefix does not tell.
func (w *watch) unknownBIN(prefix string) {
	w.unknown.Add(1)
	w.log.Debug("unknown card prefix", "bin", prefix[:min(6, len(prefix))])
}

func (w *watch) redis() redisstore.Observer {
	w.metrics.Gauge("odelink_redis_breaker_open", "1 while Redis is not asked because it did not answer.", nil, func() float64 {
		if w.breaker.Load() {
			return 1
		}
		return 0
	})
	return redisstore.Observer{
		Batch: func(size int, _ time.Duration, _ error) { w.metrics.Batch("redis", size) },
		Breaker: func(open bool) {
			switch before := w.breaker.Swap(open); {
			case open && !before:
				w.log.Warn("Redis does not answer: pages and payments go on from the ledger, limits from this process")
			case before && !open:
				w.log.Info("Redis answers again")
			}
		},
	}
}

func (w *watch) served(s web.Served) {
	w.metrics.Served(observe.Served(s))
	w.access(observe.Served(s))
}

func (w *watch) listener(l *web.Listener) {
	gauge := func(name, help string, read func(web.Stats) float64) {
		w.metrics.Gauge(name, help, nil, func() float64 { return read(l.Stats()) })
	}
	gauge("odelink_connections_open", "Connections that are open.", func(s web.Stats) float64 { return float64(s.Open) })
	gauge("odelink_connections_refused", "Connections refused since start, over either limit.", func(s web.Stats) float64 {
		return float64(s.RefusedFull + s.RefusedAddress)
	})
	gauge("odelink_heads_refused", "Request heads that mean two things, refused since start.", func(s web.Stats) float64 {
		n := uint64(0)
		for _, c := range s.RefusedHeads {
			n += c
		}
		return float64(n)
	})
}

// admin is the server of the admin address.
func (a *app) admin() *http.Server {
	checks := map[string]observe.Check{"ledger": {Run: a.ledgerWorks, Vital: true}, "page": {Run: a.inspection.found}}
	if a.redis != nil {
		checks["redis"] = observe.Check{Run: func(ctx context.Context) error { return a.redis.Ping(ctx) }}
	}
	server := observe.Admin{Metrics: a.watch.metrics, Checks: checks, Profile: a.cfg.Pprof, Stopping: a.watch.stopping.Load}.Server()
	if a.mailbox != nil {
		server.Handler = a.mailbox.handler(server.Handler)
	}
	return server
}
