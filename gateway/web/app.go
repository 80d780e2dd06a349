package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// The limits of the edge. Each is what a legal request needs with room to spare, no more.
const (
	// MaxHead is the longest request head in bytes, request line and headers together: the default
	// of the proxies that stand in front of us for one line, and more than any browser sends that
	// got no cookie from us.
	MaxHead = 8 << 10
	// MaxBody is the longest request body in bytes (threat model, A21). A card form has under 4 KiB.
	MaxBody = 64 << 10
	// MaxFields is how many fields a form may have (threat model, A21).
	MaxFields = 200
	// HeadTimeout and BodyTimeout are how long a client may take to send either (A59).
	HeadTimeout = 10 * time.Second
	BodyTimeout = 10 * time.Second
	// WriteTimeout is how long a client may take to accept an answer.
	WriteTimeout = 10 * time.Second
	// IdleTimeout is how long a connection is kept without a request. Proxies close theirs after 60
	// seconds; being the later one spares them a reset on a request just sent.
	IdleTimeout = 75 * time.Second
	// writeBuffer holds a whole page with its headers, so that an answer is one write (performance
	// page, 'Server settings').
	writeBuffer = 16 << 10
)

// Served is one answered request, for access logs and metrics. It holds no byte of the request but
// its method.
type Served struct {
	Method string
	Route  string // the pattern, like "/p/:token"; "" when no route matched
	Status int
	Bytes  int // of the body; −1 for a stream
	Took   time.Duration
	At     time.Time
	Client netip.Addr
	Code   string // of the error answered, else ""
	Ref    string // of the error answered, else ""
}

// ErrorPage renders an error for people. Headers and status are set already.
type ErrorPage func(c *fiber.Ctx, e *checkout.Error, status int, ref string) error

// Config is what the edge needs to know. The zero value is a working edge without a public
// address: no trusted proxies, any host, plain error pages.
type Config struct {
	// PublicURL is what links start with. https switches HSTS on.
	PublicURL string
	// TrustedProxies are the networks whose X-Forwarded-For counts.
	TrustedProxies []netip.Prefix
	// Hosts, when not empty, are the only names a request may be addressed to; others get 421. The
	// demo lists its loopback names, because its credentials are public and a foreign page could
	// rebind its own name to this machine. A public gateway leaves it empty: health checks and
	// proxies use other names, and nothing here is built from the name.
	Hosts []string
	// LargeBodies are paths whose POST takes longer bodies than MaxBody, and how long ones in bytes.
	LargeBodies map[string]int
	// Log takes what nobody else answers for: internal errors, panics, refused listeners.
	Log *slog.Logger
	// ErrorPage renders errors for people; nil is a plain page.
	ErrorPage ErrorPage
	// Message gives a sentence for a code of an error or of a field's mistake, in "tr" or "en"; ""
	// when it knows none. It is asked for "field code" first. nil leaves the built-in English sentences.
	Message func(lang, code string, args map[string]string) string
	// NewRef makes the reference that joins an answer to the log line about it; nil draws one.
	NewRef func() string
	// Done, when not nil, is told of every answered request.
	Done func(Served)
	// Concurrency is how many connections are served at once, as ListenOptions.MaxConns; 0 derives
	// it from the descriptors that the system allows this process.
	Concurrency int
}

// edge is the configuration made ready for requests. It is found again through every request's
// user values.
type edge struct {
	Config
	hosts   []string
	large   largeBodies
	pages   PageHeaders
	program PageHeaders
}

// NewApp makes the Fiber app that all surfaces register on, with the edge in front of them.
//
// Immutable is on: Fiber's strings otherwise point into a buffer that the next request reuses, and
// a token handed to the batched look-up would become another payer's (performance page). Hot
// handlers read bytes from c.Context() and copy what they keep.
func NewApp(cfg Config) *fiber.App {
	e := newEdge(cfg)
	app := fiber.New(fiber.Config{
		AppName:                      "odelink",
		Immutable:                    true,
		CaseSensitive:                true, // ids differ in case only (A16)
		StrictRouting:                true,
		BodyLimit:                    MaxBody,
		Concurrency:                  e.Concurrency + e.Concurrency/8 + 16, // the listener's cap decides; fasthttp frees a place later than it
		ReadBufferSize:               MaxHead,
		WriteBufferSize:              writeBuffer,
		ReadTimeout:                  BodyTimeout,
		WriteTimeout:                 WriteTimeout,
		IdleTimeout:                  IdleTimeout,
		ReduceMemoryUsage:            true,
		DisablePreParseMultipartForm: true,
		DisableStartupMessage:        true,
		// With no trusted proxy of its own, Fiber believes no X-Forwarded-Host and -Proto (A61); the
		// client's address is ClientIP's business.
		EnableTrustedProxyCheck: true,
		ErrorHandler:            e.answerServer,
	})
	server := app.Server()
	// fasthttp would put request bytes into its error texts.
	server.SecureErrorLogMessage = true
	// A keep-alive connection gets its last answer with "Connection: close" once we are stopping.
	server.CloseOnShutdown = true
	if len(cfg.LargeBodies) > 0 {
		e.large.paths = cfg.LargeBodies
		server.HeaderReceived = e.large.admit
	}
	app.Use(e.handle)
	return app
}

func newEdge(cfg Config) *edge {
	e := &edge{Config: cfg, pages: NewPageHeaders(cfg.PublicURL), program: NewAPIHeaders(cfg.PublicURL)}
	if e.Log == nil {
		e.Log = slog.New(slog.DiscardHandler)
	}
	if e.NewRef == nil {
		e.NewRef = newRef
	}
	if e.Concurrency == 0 {
		e.Concurrency = Descriptors()
	}
	for _, h := range cfg.Hosts {
		e.hosts = append(e.hosts, strings.ToLower(h))
	}
	return e
}

// newRef draws a reference that people can read out: ten characters without I, L, O and U, fifty
// random bits.
func newRef() string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // 32 characters: no modulo bias
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand documents it)
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b[:])
}

// edgeKey finds the edge in a request's user values.
type edgeKey struct{}

// edgeOf is the edge a request came through, or one without any trust for apps made otherwise.
func edgeOf(c *fiber.Ctx) *edge {
	if e, ok := c.Context().UserValue(edgeKey{}).(*edge); ok {
		return e
	}
	return bare
}

var bare = newEdge(Config{Concurrency: 1})

// Detach gives a context for work on behalf of a request that must end by itself after d, whether
// or not the client is still there: a bank's answer is wanted even when the browser went away.
func Detach(c *fiber.Ctx, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(c.UserContext()), d)
}
