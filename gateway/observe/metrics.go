package observe

import (
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// prefix of every metric.
const prefix = "odelink"

// Build says what is running.
type Build struct {
	Version  string
	Revision string
}

// Metrics counts what the gateway does. It has a registry of its own, so that no library adds what
// nobody asked for. No label ever holds anything that a stranger chose: routes are patterns, reasons
// and results are words of ours.
type Metrics struct {
	reg *prometheus.Registry

	requests  *prometheus.CounterVec
	latencies *prometheus.HistogramVec
	size      prometheus.Counter
	routes    atomic.Pointer[map[routeKey]route]
	routesMu  sync.Mutex

	payments  *prometheus.CounterVec
	amounts   *prometheus.CounterVec
	moves     *prometheus.HistogramVec
	bank      *prometheus.HistogramVec
	callbacks *prometheus.CounterVec
	alarms    *prometheus.CounterVec
	batches   *prometheus.HistogramVec
	limited   *prometheus.CounterVec
	sends     *prometheus.HistogramVec
}

// NewMetrics makes the registry with the runtime's, the process' and our own metrics.
func NewMetrics(b Build) *Metrics {
	m := &Metrics{
		reg:       prometheus.NewRegistry(),
		requests:  counters("http_requests_total", "Answered requests.", "method", "route", "status"),
		latencies: histograms("http_request_seconds", "Time from the read request to the written answer.", webTimes, "route"),
		size:      prometheus.NewCounter(prometheus.CounterOpts{Namespace: prefix, Name: "http_response_bytes_total", Help: "Bytes of answers' bodies."}),
		payments:  counters("payments_total", "Payments that came into a state.", "status", "acquirer", "reason"),
		amounts:   counters("paid_minor_units_total", "Money collected, in the currency's smallest unit.", "currency", "acquirer"),
		moves:     histograms("ledger_write_seconds", "Durable writes of the pay path, commit included.", storeTimes, "operation", "result"),
		bank:      histograms("bank_call_seconds", "Calls to banks.", bankTimes, "acquirer", "operation", "result"),
		callbacks: counters("callbacks_rejected_total", "Callbacks that were not what the bank would have sent.", "acquirer", "reason"),
		alarms:    counters("callback_alarms_total", "Times that rejected callbacks of one acquirer account piled up.", "acquirer"),
		batches:   histograms("batch_size", "Units of work that shared one round trip or commit.", sizes, "store"),
		limited:   counters("limiter_refusals_total", "Requests refused by a limit.", "limit"),
		sends:     histograms("delivery_seconds", "Attempts to deliver an event.", sendTimes, "channel", "result"),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: prefix, Name: "build_info", Help: "What is running; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "revision": b.Revision, "go": runtime.Version()},
	})
	info.Set(1)
	m.reg.MustRegister(info, m.requests, m.latencies, m.size, m.payments, m.amounts, m.moves, m.bank, m.callbacks, m.alarms,
		m.batches, m.limited, m.sends, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.routes.Store(&map[routeKey]route{})
	return m
}

// Buckets in seconds and in units of work. A page takes microseconds, a bank seconds.
var (
	webTimes   = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
	storeTimes = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
	bankTimes  = []float64{.05, .1, .25, .5, 1, 2, 3, 5, 8, 13, 20, 30, 45, 60}
	sendTimes  = []float64{.05, .1, .25, .5, 1, 2, 5, 10, 15, 30}
	sizes      = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}
)

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: prefix, Name: name, Help: help}, labels)
}

func histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: prefix, Name: name, Help: help, Buckets: buckets}, labels)
}

// Handler answers in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{EnableOpenMetrics: false})
}

// Gauge and Counter publish what another part counts by itself; read is called at every scrape and
// must be quick and safe for concurrent use. The name may carry our prefix or not. A part that is
// measured twice is a programmer's mistake and stops the start.
func (m *Metrics) Gauge(name, help string, labels map[string]string, read func() float64) {
	m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: prefix, Name: bare(name), Help: help, ConstLabels: labels}, read))
}

// Counter is for what only grows; see Gauge.
func (m *Metrics) Counter(name, help string, labels map[string]string, read func() float64) {
	m.reg.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: prefix, Name: bare(name), Help: help, ConstLabels: labels}, read))
}

// bare is a name without our prefix, which the registry puts in front.
func bare(name string) string { return strings.TrimPrefix(name, prefix+"_") }

// Batch counts how many units shared one commit or one look-up of a store.
func (m *Metrics) Batch(store string, units int) {
	m.batches.WithLabelValues(store).Observe(float64(units))
}

// Delivered counts an attempt to deliver an event by a channel.
func (m *Metrics) Delivered(channel, result string, took time.Duration) {
	m.sends.WithLabelValues(channel, result).Observe(took.Seconds())
}

// Limited counts a request refused by the limit of this name.
func (m *Metrics) Limited(limit string) { m.limited.WithLabelValues(limit).Inc() }

// Served is one answered request. It has the fields of web.Served, so that one converts to the other
// and neither package imports its neighbour.
type Served struct {
	Method string
	Route  string
	Status int
	Bytes  int
	Took   time.Duration
	At     time.Time // the answer's; zero = now
	Client netip.Addr
	Code   string
	Ref    string
}

// routeKey finds the counters of one kind of answer; they are resolved once.
type routeKey struct {
	method, route string
	status        int
}

type route struct {
	count   prometheus.Counter
	latency prometheus.Observer
}

// maxRoutes bounds the counters: routes times statuses that occur.
const maxRoutes = 1000

// Served counts an answered request.
func (m *Metrics) Served(s Served) {
	k := routeKey{s.Method, s.Route, s.Status}
	r, known := (*m.routes.Load())[k]
	if !known {
		r = m.resolve(k)
	}
	r.count.Inc()
	r.latency.Observe(s.Took.Seconds())
	if s.Bytes > 0 {
		m.size.Add(float64(s.Bytes))
	}
}

// resolve adds a key to a copy of the map, which readers take without a lock.
func (m *Metrics) resolve(k routeKey) route {
	m.routesMu.Lock()
	defer m.routesMu.Unlock()
	old := *m.routes.Load()
	if len(old) >= maxRoutes {
		k = routeKey{method: "other", route: "other"}
	}
	if r, known := old[k]; known {
		return r
	}
	pattern := k.route
	if pattern == "" {
		pattern = "none"
	}
	r := route{m.requests.WithLabelValues(k.method, pattern, strconv.Itoa(k.status)), m.latencies.WithLabelValues(pattern)}
	grown := make(map[routeKey]route, len(old)+1)
	for key, have := range old {
		grown[key] = have
	}
	grown[k] = r
	m.routes.Store(&grown)
	return r
}
