package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// Limits of the log of requests.
const (
	// maxNoted bounds what waits to be stored: a minute of one key at its full rate. What comes beyond is not noted.
	maxNoted = 6000
	// requestsKept and requestsOfKey are how long lines are kept, and how many of a key.
	requestsKept  = 30 * 24 * time.Hour
	requestsOfKey = 10_000
	// maxPath bounds a path in the log, in bytes.
	maxPath = 200
)

// Journal is the log of requests: what is noted waits in memory, and requests wait for nothing of it.
type Journal struct {
	ledger checkout.RequestLedger
	clock  checkout.Clock
	ids    *checkout.IDs
	mu     sync.Mutex
	lines  []checkout.RequestLine
}

// NewJournal makes one.
func NewJournal(l checkout.RequestLedger, c checkout.Clock, ids *checkout.IDs) *Journal {
	return &Journal{ledger: l, clock: c, ids: ids}
}

// follow lets a request go on and writes down who asked for what and how it ended, and nothing of what was sent.
func (j *Journal) follow(c *fiber.Ctx, k checkout.APIKey) error {
	if j == nil {
		return c.Next()
	}
	at := j.clock.Now()
	err := c.Next()
	line := checkout.RequestLine{
		ID: j.ids.Request(), Merchant: k.Merchant, Key: k.ID, Method: strings.Clone(c.Method()), Path: shownPath(string(c.Request().URI().Path())),
		Status: c.Response().StatusCode(), IP: web.ClientIP(c), Took: j.clock.Now().Sub(at), At: at,
	}
	if err != nil {
		line.Code, line.Status = web.Outcome(err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.lines) < maxNoted {
		j.lines = append(j.lines, line)
	}
	return err
}

// shownPath is a path fit to be kept: one may hold anything that somebody sent by mistake.
func shownPath(path string) string {
	if path = strings.ToValidUTF8(path, "?"); len(path) > maxPath || checkout.HoldsCard(path) {
		return "(not shown)"
	}
	return path
}

// Keep stores what was noted. A loop calls it, and the end of the program.
func (j *Journal) Keep(ctx context.Context) error {
	j.mu.Lock()
	lines := j.lines
	j.lines = nil
	j.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	err := j.ledger.AddRequests(ctx, lines)
	if err != nil { // they wait for the next time, as far as there is room
		j.mu.Lock()
		defer j.mu.Unlock()
		lines = append(lines, j.lines...)
		j.lines = lines[:min(len(lines), maxNoted)]
	}
	return err
}

// Forget drops what is old, and more than enough of a key.
func (j *Journal) Forget(ctx context.Context) error {
	return j.ledger.ForgetRequests(ctx, j.clock.Now().Add(-requestsKept), requestsOfKey)
}

// requestView is a line of the log as the API shows it.
type requestView struct {
	ID         checkout.RequestID `json:"id"`
	Key        checkout.KeyID     `json:"key"`
	Method     string             `json:"method"`
	Path       string             `json:"path"`
	Status     int                `json:"status"`
	Code       *string            `json:"code"`
	IP         string             `json:"ip"`
	DurationMS int64              `json:"duration_ms"`
	CreatedAt  string             `json:"created_at"`
}

func (s *Surface) listRequests(c *fiber.Ctx) error {
	f := filters{c: c}
	q := checkout.RequestQuery{Merchant: callerOf(c).merchant, Key: checkout.KeyID(c.Query("key")), Failed: f.yes("failed"), Limit: f.limit(), Cursor: c.Query("cursor")}
	q.From, q.To = f.span()
	if err := f.err(); err != nil {
		return err
	}
	lines, next, err := s.Ledger.SearchRequests(c.UserContext(), q)
	if err != nil {
		return strangeCursor(err)
	}
	views := make([]requestView, len(lines))
	for i, l := range lines {
		views[i] = requestView{
			ID: l.ID, Key: l.Key, Method: l.Method, Path: l.Path, Status: l.Status, Code: nullable(l.Code), IP: l.IP, DurationMS: l.Took.Milliseconds(), CreatedAt: stamp(l.At),
		}
	}
	return answerPage(c, views, next)
}
