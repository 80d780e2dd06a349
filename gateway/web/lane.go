package web

import (
	"io"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/observe/mask"
)

// Lane answers the hottest routes on the connection itself. The guard has read a request's head there
// already; reading it a second time, routing it, and collecting an answer's headers one by one costs more
// than a page that is joined from ready pieces (docs/performance.md, 'The lane').
//
//	guard ── plain GET of a hot route, which its handler can answer ── one write
//	  └───── everything else ── fasthttp ── Fiber ── edge
//
// The lane knows no error and no other answer than 200: whatever it does not answer goes to the app as if
// there were no lane, and every one of its routes is also the app's. Its answers are the app's, byte for
// byte; headers, limits, metrics and access log as well (TestTheLaneAnswersWhatTheAppAnswers).
type Lane struct {
	edge   *edge
	routes []laneRoute
	date   atomic.Pointer[dateLine]
}

// LaneRoute is a GET whose target is a link's token between two texts.
type LaneRoute struct {
	Pattern string      // the app's, for log and metrics
	Before  string      // what stands before the token
	Behind  string      // what follows it; where that is not empty, a value may follow it in turn
	Type    string      // Content-Type of the answer
	Vary    string      // its Vary; "" = none
	Headers PageHeaders // its security headers
	// Answer appends the body to r.Out, and says whether it did. What it looks up may not change because
	// of it: when it says false, the app looks again.
	Answer func(r *LaneRequest) bool
}

// LaneRequest is one request on the lane. Its texts are parts of the connection's buffer: what keeps one
// makes a copy.
type LaneRequest struct {
	Token    []byte // as many characters as tokens have
	Value    []byte // what stands behind LaneRoute.Behind
	Coding   []byte // Accept-Encoding; nil = none
	language []byte
	Client   netip.Addr
	Gzip     bool   // set by Answer: the body is compressed
	Out      []byte // Answer appends the body; what stands there before is the head's room
}

// Language is the function of that name.
func (r *LaneRequest) Language() string { return accepted(r.language, "tr") }

// laneRoute is a route with its answer's head in pieces: first, Date, kind, (coding,) length, rest.
type laneRoute struct {
	LaneRoute
	kind []byte // "\r\nContent-Type: …"
	rest []byte // from the end of the length to the end of the head
	room int    // bytes of the longest head
}

const (
	laneFirst  = "HTTP/1.1 200 OK\r\nDate: "
	laneCoding = "\r\nContent-Encoding: gzip"
	laneLength = "\r\nContent-Length: "
)

// NewLane makes a lane in front of an app that was made from the same configuration.
func NewLane(cfg Config, routes ...LaneRoute) *Lane {
	l := &Lane{edge: newEdge(cfg)}
	for _, r := range routes {
		own := laneRoute{LaneRoute: r, kind: []byte("\r\nContent-Type: " + r.Type)}
		own.rest = append(own.rest, "\r\n"...)
		for _, p := range r.Headers.pairs {
			own.rest = append(append(append(append(own.rest, p.name...), ": "...), p.value...), "\r\n"...)
		}
		if r.Vary != "" {
			own.rest = append(own.rest, fiber.HeaderVary+": "+r.Vary+"\r\n"...)
		}
		own.rest = append(own.rest, "\r\n"...)
		own.room = len(laneFirst+time.RFC1123+laneCoding+laneLength) + len(own.kind) + 20 + len(own.rest)
		l.routes = append(l.routes, own)
	}
	return l
}

// laneRequests are used again; a head and a page fit.
var laneRequests = sync.Pool{New: func() any { return &LaneRequest{Out: make([]byte, 0, 20<<10)} }}

// inLane answers a request whose head is at the front of the buffer, if the lane has its route and wants
// it. An error ends the connection.
func (g *guarded) inLane(h head) (answered bool, err error) {
	lane := g.in.lane
	if lane == nil {
		return false, nil
	}
	route := lane.find(&h.lane)
	if route == nil || g.in.draining.Load() || !lane.admits(&h.lane) {
		return false, g.turn.toServer()
	}
	if !g.turn.begin() {
		return false, io.EOF
	}
	start := time.Now()
	r := lane.request(g, route, &h.lane)
	if !lane.try(route, r) {
		return false, g.turn.toServer()
	}
	if err := g.send(lane.finish(route, r, start), start); err != nil {
		_ = g.turn.toServer() // which closes it
		return false, err
	}
	if cap(r.Out) <= keptBody {
		laneRequests.Put(r)
	}
	g.next(h, start)
	return true, g.turn.end(&g.in.draining)
}

func (g *guarded) send(answer []byte, now time.Time) error {
	if err := g.SetWriteDeadline(now.Add(WriteTimeout)); err != nil {
		return err
	}
	_, err := g.Write(answer)
	return err
}

// next goes on behind a request that was answered.
func (g *guarded) next(h head, now time.Time) {
	g.readBy.wanted = now.Add(IdleTimeout)
	g.checked = 0
	if g.r += h.size; g.r == g.w {
		g.drop()
	}
}

// find is the route of a request, nil when it has none or is not plain.
func (l *Lane) find(w *laneHead) *laneRoute {
	if !w.plain {
		return nil
	}
	for i := range l.routes {
		r := &l.routes[i]
		at := len(r.Before) + checkout.TokenLength
		if len(w.target) < at || string(w.target[:len(r.Before)]) != r.Before {
			continue
		}
		behind, n := w.target[at:], len(r.Behind)
		if len(behind) == n || n > 0 && len(behind) > n {
			if string(behind[:n]) == r.Behind {
				return r
			}
		}
	}
	return nil
}

// admits is edge.admit; what it would refuse is left to it.
func (l *Lane) admits(w *laneHead) bool {
	return (len(l.edge.hosts) == 0 || l.edge.ours(w.host)) && !mask.HasCard(w.target) && !mask.HasCard(w.lines)
}

func (l *Lane) request(g *guarded, route *laneRoute, w *laneHead) *LaneRequest {
	r := laneRequests.Get().(*LaneRequest)
	token, behind := w.target[len(route.Before):], len(route.Before)+checkout.TokenLength
	*r = LaneRequest{
		Token: token[:checkout.TokenLength], Value: w.target[behind+len(route.Behind):],
		Coding: trim(w.coding), language: w.language, Client: l.edge.client(g.peer, w.forwarded), Out: r.Out,
	}
	if cap(r.Out) < route.room {
		r.Out = make([]byte, 0, keptBody)
	}
	r.Out = r.Out[:route.room]
	return r
}

// try lets the route answer. A panic is the app's to answer and to tell of: it meets the same one.
func (l *Lane) try(route *laneRoute, r *LaneRequest) (done bool) {
	defer func() {
		if p := recover(); p != nil {
			done = false
			l.edge.Log.Warn("a panic on the lane; the request goes to the app", "err", recovered(p))
		}
	}()
	return route.Answer(r)
}

// finish tells of the answer and answers its bytes.
func (l *Lane) finish(route *laneRoute, r *LaneRequest, start time.Time) []byte {
	size := len(r.Out) - route.room
	if l.edge.Done != nil {
		now := time.Now()
		l.edge.Done(Served{
			Method: fiber.MethodGet, Route: route.Pattern, Status: fiber.StatusOK, Bytes: size, Took: now.Sub(start), At: now, Client: r.Client,
		})
	}
	var space [20]byte
	return route.head(r, l.dateOf(start), strconv.AppendInt(space[:0], int64(size), 10))
}

// head writes the answer's head right before its body, in fasthttp's order, and answers both.
func (route *laneRoute) head(r *LaneRequest, date, size []byte) []byte {
	length := len(laneFirst) + len(date) + len(route.kind) + len(laneLength) + len(size) + len(route.rest)
	if r.Gzip {
		length += len(laneCoding)
	}
	from := route.room - length
	b := append(append(append(r.Out[from:from], laneFirst...), date...), route.kind...)
	if r.Gzip {
		b = append(b, laneCoding...)
	}
	_ = append(append(append(b, laneLength...), size...), route.rest...)
	return r.Out[from:]
}

// dateLine is the time of one second as a head shows it.
type dateLine struct {
	second int64
	text   []byte
}

func (l *Lane) dateOf(now time.Time) []byte {
	d := l.date.Load()
	if s := now.Unix(); d == nil || d.second != s {
		d = &dateLine{second: s, text: fasthttp.AppendHTTPDate(nil, now)}
		l.date.Store(d)
	}
	return d.text
}

// turn says whose a connection is, so that who stops the server closes none in the middle of an answer
// and waits for none between two.
type turn struct{ state atomic.Int32 }

const (
	turnServer = iota // fasthttp's, which knows by itself whether it may be closed
	turnIdle          // the lane has answered last
	turnLane          // the lane is answering
	turnOver          // to be closed, when the lane has answered
)

// begin is the lane's; false when the connection is over.
func (t *turn) begin() bool {
	return t.state.CompareAndSwap(turnServer, turnLane) || t.state.CompareAndSwap(turnIdle, turnLane)
}

// end follows begin; io.EOF when the connection is to be closed now. Who sets draining looks at the turn
// afterwards, so that one of the two sees the other.
func (t *turn) end(draining *atomic.Bool) error {
	if t.state.CompareAndSwap(turnLane, turnIdle) && !draining.Load() {
		return nil
	}
	t.state.Store(turnServer)
	return io.EOF
}

// toServer gives a request to fasthttp; io.EOF when the connection is to be closed instead.
func (t *turn) toServer() error {
	if t.state.Swap(turnServer) == turnOver {
		return io.EOF
	}
	return nil
}

// postpones says whether closing has to wait for the lane, which then does it.
func (t *turn) postpones() bool {
	return t.state.CompareAndSwap(turnLane, turnOver) || t.state.Load() == turnOver
}

// closes says whether the connection may be closed because nobody but the lane has used it.
func (t *turn) closes() bool { return t.state.CompareAndSwap(turnIdle, turnOver) }
