package web_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web"
)

// laneApp is an app with a page and a question, both on the lane too, that say what they were asked.
type laneApp struct {
	mu     sync.Mutex
	told   []web.Served
	lane   atomic.Int64 // answers of the lane
	config web.Config
}

func (a *laneApp) body(dst []byte, token, value, coding, lang, ip string) []byte {
	return fmt.Appendf(dst, "token %s value %q coding %q language %s client %s", token, value, coding, lang, ip)
}

func (a *laneApp) handle(kind, vary string) fiber.Handler {
	headers := web.NewPageHeaders(a.config.PublicURL)
	return func(c *fiber.Ctx) error {
		token, coding := c.Params("token"), c.Get("Accept-Encoding")
		if strings.HasPrefix(token, "no") {
			return web.BadRequest("bad_request")
		}
		if strings.HasPrefix(token, "panic") {
			panic("on purpose")
		}
		headers.Apply(c)
		c.Response().Header.SetContentType(kind)
		if strings.Contains(coding, "gzip") {
			c.Response().Header.Set("Content-Encoding", "gzip") // nobody unpacks it here
		}
		if vary != "" {
			c.Response().Header.Set("Vary", vary)
		}
		return c.Send(a.body(nil, token, c.Query("bin"), coding, web.Language(c), web.ClientIP(c)))
	}
}

func (a *laneApp) answer(r *web.LaneRequest) bool {
	if bytes.HasPrefix(r.Token, []byte("no")) {
		return false
	}
	if bytes.HasPrefix(r.Token, []byte("panic")) {
		panic("on purpose")
	}
	a.lane.Add(1)
	r.Gzip = bytes.Contains(r.Coding, []byte("gzip"))
	r.Out = a.body(r.Out, string(r.Token), string(r.Value), string(r.Coding), r.Language(), r.Client.String())
	return true
}

// serve serves the app, with its lane or without.
func (a *laneApp) serve(t testing.TB, lane bool, o web.ListenOptions) *house {
	t.Helper()
	a.config.Done = func(s web.Served) {
		a.mu.Lock()
		defer a.mu.Unlock()
		s.At, s.Took, s.Ref = time.Time{}, 0, ""
		a.told = append(a.told, s)
	}
	app := web.NewApp(a.config)
	app.Get("/p/:token", a.handle("text/html; charset=utf-8", "Accept-Encoding"))
	app.Get("/p/:token/ask", a.handle("application/json", ""))
	s := web.Server{App: app, Grace: 2 * time.Second}
	if lane {
		headers := web.NewPageHeaders(a.config.PublicURL)
		s.Lane = web.NewLane(a.config,
			web.LaneRoute{Pattern: "/p/:token", Before: "/p/", Type: "text/html; charset=utf-8", Vary: "Accept-Encoding", Headers: headers, Answer: a.answer},
			web.LaneRoute{Pattern: "/p/:token/ask", Before: "/p/", Behind: "/ask?bin=", Type: "application/json", Headers: headers, Answer: a.answer})
	}
	return serveWith(t, s, o)
}

// laneHeads are requests, and whether the lane may answer the first of each.
var laneHeads = map[string]struct {
	text string
	lane bool
}{
	"a browser's view":        {view, true},
	"few headers":             {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\n\r\n", true},
	"an empty line before":    {"\r\nGET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\n\r\n", true},
	"odd case, spaces, empty": {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nhOST: x\r\naccept-LANGUAGE: \t en \r\nACCEPT-encoding:\r\nConnection:  Keep-Alive \r\n\r\n", true},
	"an empty language":       {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nAccept-Language:\r\nAccept-Encoding:  gzip;q=1 \r\n\r\n", true},
	"a question":              {"GET /p/aBcDeFgHiJkL/ask?bin=415565 HTTP/1.1\r\nHost: x\r\nAccept-Language: en\r\n\r\n", true},
	"a question of nothing":   {"GET /p/aBcDeFgHiJkL/ask?bin= HTTP/1.1\r\nHost: x\r\n\r\n", true},
	"behind a proxy":          {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9, 127.0.0.1\r\n\r\n", true},
	"a forged chain":          {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: nobody, 127.0.0.2\r\n\r\n", true},
	"an empty chain":          {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nX-Forwarded-For:\r\n\r\n", true},
	"two chains":              {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n", false},
	"two languages":           {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nAccept-Language: en\r\nAccept-Language: tr\r\n\r\n", false},
	"two codings":             {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br\r\nAccept-Encoding: gzip\r\n\r\n", false},
	"an end":                  {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", false},
	"a cookie":                {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n\r\n", false},
	"an old version":          {"GET /p/aBcDeFgHiJkL HTTP/1.0\r\nHost: x\r\n\r\n", false},
	"another method":          {"HEAD /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\n\r\n", false},
	"an empty body":           {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", false},
	"an encoded body":         {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n\r\n", false},
	"another protocol":        {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n", false},
	"a language in the query": {"GET /p/aBcDeFgHiJkL?lang=en HTTP/1.1\r\nHost: x\r\n\r\n", false},
	"a longer token":          {"GET /p/aBcDeFgHiJkLm HTTP/1.1\r\nHost: x\r\n\r\n", false},
	"a shorter token":         {"GET /p/aBcDeFgHiJk HTTP/1.1\r\nHost: x\r\n\r\n", false},
	"a slash behind":          {"GET /p/aBcDeFgHiJkL/ HTTP/1.1\r\nHost: x\r\n\r\n", false},
	"another query":           {"GET /p/aBcDeFgHiJkL/ask?amount=1&bin=4 HTTP/1.1\r\nHost: x\r\n\r\n", false},
	"what it cannot answer":   {"GET /p/noCdEfGhIjKl HTTP/1.1\r\nHost: x\r\n\r\n", false},
	"what panics":             {"GET /p/panicFgHiJkL HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n\r\n", false},
	"a card in a header":      {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\nX-Note: 4155650100416111\r\n\r\n", false},
	"a strange host":          {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: evil.example\r\n\r\n", false},
	"two in one packet":       {"GET /p/aBcDeFgHiJkL HTTP/1.1\r\nHost: x\r\n\r\nGET /p/zYxWvUtSrQpO HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n\r\n", true},
}

// lastRequest ends every exchange: its answer closes the connection.
const lastRequest = "GET /p/lAsTlAsTlAsT HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

// What differs from one answer to the next by itself.
var passing = regexp.MustCompile(`(?m)^Date: .*\r\n|[0-9A-HJKMNP-TV-Z]{10}`)

func TestTheLaneAnswersWhatTheAppAnswers(t *testing.T) {
	for name, tc := range laneHeads {
		t.Run(name, func(t *testing.T) {
			var said [2]string
			var told [2][]web.Served
			for i, lane := range []bool{false, true} {
				a := laneApp{config: web.Config{
					PublicURL: "https://pay.example", Hosts: []string{"x", "pay.example"}, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
				}}
				said[i] = passing.ReplaceAllString(a.serve(t, lane, web.ListenOptions{}).exchange(t, tc.text+lastRequest), "")
				a.mu.Lock()
				told[i] = a.told
				a.mu.Unlock()
				if want := lane && tc.lane; (a.lane.Load() == 1) != want {
					t.Errorf("the lane has answered %d requests, want one: %v", a.lane.Load(), want)
				}
			}
			if said[0] != said[1] || !strings.Contains(said[1], "HTTP/1.1 ") {
				t.Errorf("the app says\n%s\nthe lane\n%s", said[0], said[1])
			}
			if fmt.Sprint(told[0]) != fmt.Sprint(told[1]) || len(told[0]) == 0 {
				t.Errorf("told of the app's %+v, of the lane's %+v", told[0], told[1])
			}
		})
	}
}

// exchange sends text and answers all that comes back until the connection ends.
func (h *house) exchange(t *testing.T, text string) string {
	t.Helper()
	c := h.dial(t)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestA62_TheLaneMixesNoTwoPayers(t *testing.T) {
	a := laneApp{}
	h := a.serve(t, true, web.ListenOptions{})
	var all sync.WaitGroup
	for i := range 16 {
		c := h.dial(t)
		all.Go(func() {
			r := bufio.NewReader(c)
			for n := range 200 {
				token := fmt.Sprintf("tok%03dn%05d", i, n)
				fmt.Fprintf(c, "GET /p/%s HTTP/1.1\r\nHost: x\r\nX-Filler: %s\r\n\r\n", token, strings.Repeat("f", n))
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				if err != nil || !strings.HasPrefix(string(body), "token "+token+" ") {
					t.Errorf("%s was answered %.80q, %v", token, body, err)
					return
				}
			}
		})
	}
	all.Wait()
	if a.lane.Load() != 16*200 {
		t.Errorf("the lane has answered %d", a.lane.Load())
	}
}

// A stop lets the lane's answer leave whole, also where fasthttp takes the connection for idle, and waits
// for no connection between two of its requests: fasthttp alone would, longer than these servers' grace.
func TestC24_TheStopWaitsForTheLaneAndNotForItsConnections(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	answer := func(r *web.LaneRequest) bool {
		if bytes.HasPrefix(r.Token, []byte("slow")) {
			close(entered)
			<-leave
		}
		r.Out = append(r.Out, "whole"...)
		return true
	}
	lane := web.NewLane(web.Config{}, web.LaneRoute{Pattern: "/p/:token", Before: "/p/", Type: "text/plain", Answer: answer})
	h := serveWith(t, web.Server{App: web.NewApp(web.Config{}), Lane: lane, Grace: 2 * time.Second}, web.ListenOptions{})
	var idle []*bufio.Reader
	for i := range 12 {
		c := h.dial(t)
		path := "/nobody" // the app's: fasthttp has seen the connection, and knows that it is idle
		if i < 2 {
			path = "/p/quickHiJkLmN"
		}
		idle = append(idle, h.ask(t, c, path))
	}
	busy := h.dial(t)
	h.ask(t, busy, "/nobody")
	if _, err := io.WriteString(busy, "GET /p/slowGhIjKlMn HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-entered
	h.stop()
	for i, r := range idle {
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("idle connection %d ends with %v", i, err)
		}
	}
	close(leave)
	if all, err := io.ReadAll(busy); err != nil || !strings.HasSuffix(string(all), "\r\n\r\nwhole") {
		t.Errorf("the busy connection ends with %q, %v", all, err)
	}
	h.ended(t)
}

// ask makes one request and reads its answer.
func (h *house) ask(t *testing.T, c net.Conn, path string) *bufio.Reader {
	t.Helper()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return r
}

// A connection that the lane has used goes on at the app, parks, and comes back to the lane.
func TestTheLaneAndTheAppShareAConnection(t *testing.T) {
	a := laneApp{}
	h := a.serve(t, true, web.ListenOptions{})
	c := h.dial(t)
	r := bufio.NewReader(c)
	for i, text := range []string{view, "GET /p/noCdEfGhIjKl HTTP/1.1\r\nHost: x\r\n\r\n", view} {
		if i > 0 {
			for h.ln.Parked() == 0 {
				h.ln.Sweep()
			}
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || (resp.StatusCode == 200) != (i != 1) {
			t.Errorf("request %d: %d %v", i, resp.StatusCode, err)
		}
	}
	if a.lane.Load() != 2 {
		t.Errorf("the lane has answered %d", a.lane.Load())
	}
}
