package observe

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/odelink/odelink/gateway/observe/mask"
)

// Check asks one part whether it works. A part that is not Vital may be away: the gateway goes on
// without Redis, and not without its ledger.
type Check struct {
	Run   func(ctx context.Context) error
	Vital bool
}

// checkTime is how long a check may take: shorter than the second that probes usually wait, with
// room for the answer.
const checkTime = 800 * time.Millisecond

// Admin answers on the admin address, which is never the public one.
//
//	GET /livez    200 while the process answers at all
//	GET /readyz   200 "ready" or "degraded", 503 "not ready"; JSON with every check
//	GET /metrics  Prometheus text
//
// Profile adds /debug/pprof/, for an operator who asked for it. Nothing else is there.
type Admin struct {
	Metrics *Metrics
	Checks  map[string]Check
	Profile bool
	// Stopping, when not nil, makes /readyz answer 503 so that no new traffic is sent here.
	Stopping func() bool
}

// Handler makes the handler.
func (a Admin) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, readiness{Status: "alive"})
	})
	mux.HandleFunc("GET /readyz", a.ready)
	mux.Handle("GET /metrics", a.Metrics.Handler())
	if a.Profile {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	}
	return mux
}

// Server makes the admin server with limits; its owner serves and shuts it down.
func (a Admin) Server() *http.Server {
	return &http.Server{
		Handler:           a.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       5 * time.Second,
		WriteTimeout:      70 * time.Second, // a profile runs up to a minute
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    8 << 10,
	}
}

// readiness is what /readyz answers.
type readiness struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"` // "ok" or what is wrong, masked
}

func (a Admin) ready(w http.ResponseWriter, r *http.Request) {
	if a.Stopping != nil && a.Stopping() {
		answer(w, http.StatusServiceUnavailable, readiness{Status: "stopping"})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), checkTime)
	defer cancel()
	out, status := readiness{Status: "ready", Checks: map[string]string{}}, http.StatusOK
	for name, err := range a.run(ctx) {
		if err == nil {
			out.Checks[name] = "ok"
			continue
		}
		out.Checks[name] = mask.Text(err.Error())
		if a.Checks[name].Vital {
			out.Status, status = "not ready", http.StatusServiceUnavailable
		} else if status == http.StatusOK {
			out.Status = "degraded"
		}
	}
	answer(w, status, out)
}

// run asks all parts at once and does not wait for one that does not heed its deadline.
func (a Admin) run(ctx context.Context) map[string]error {
	var mu sync.Mutex
	results := make(map[string]error, len(a.Checks))
	for name := range a.Checks {
		results[name] = context.DeadlineExceeded
	}
	finished := make(chan struct{})
	var wg sync.WaitGroup
	for name, check := range a.Checks {
		wg.Go(func() {
			err := check.Run(ctx)
			mu.Lock()
			defer mu.Unlock()
			results[name] = err
		})
	}
	go func() { wg.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
	}
	mu.Lock()
	defer mu.Unlock()
	out := make(map[string]error, len(results))
	for name, err := range results {
		out[name] = err
	}
	return out
}

func answer(w http.ResponseWriter, status int, body readiness) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the prober went away
}
