package web_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web"
)

// patience is how long a test waits for what must come; it is never waited out when all is well.
const patience = 20 * time.Second

// house is a served app.
type house struct {
	addr string
	ln   *web.Listener
	stop context.CancelFunc
	done chan error
}

// serve runs an app on a loopback socket until the test ends.
func serve(t testing.TB, app *fiber.App, o web.ListenOptions) *house {
	t.Helper()
	return serveWith(t, web.Server{App: app}, o)
}

func serveWith(t testing.TB, s web.Server, o web.ListenOptions) *house {
	t.Helper()
	ln, err := web.Listen("127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &house{addr: ln.Addr().String(), ln: ln, stop: stop, done: make(chan error, 1)}
	go func() { h.done <- s.Run(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		h.ended(t)
	})
	return h
}

// ended waits for Run and wants it clean.
func (h *house) ended(t testing.TB) {
	t.Helper()
	select {
	case err := <-h.done:
		if err != nil {
			t.Errorf("run: %v", err)
		}
		h.done <- nil
	case <-time.After(patience):
		t.Error("the server does not stop")
	}
}

// dial opens a connection that gives up by itself.
func (h *house) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatalf("send: %v", err)
	}
}

// receive reads one answer.
func receive(t testing.TB, r *bufio.Reader) (int, http.Header, string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("receive body: %v", err)
	}
	if res.Close { // the reader takes the header out
		res.Header.Set("Connection", "close")
	}
	return res.StatusCode, res.Header, string(b)
}

// over wants the connection's end and nothing before it.
func over(t testing.TB, r *bufio.Reader) {
	t.Helper()
	if b, err := r.ReadByte(); err == nil {
		t.Errorf("the connection goes on with %q", b)
	} else if !errors.Is(err, io.EOF) {
		t.Errorf("the connection ended with %v", err)
	}
}

// echo answers with the method, the path and the body of every request.
func echo(seen *atomic.Int64) *fiber.App {
	app := web.NewApp(web.Config{})
	app.All("/*", func(c *fiber.Ctx) error {
		if seen != nil {
			seen.Add(1)
		}
		return c.SendString(c.Method() + " " + c.Path() + " " + string(c.Body()))
	})
	return app
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

func TestA60_BadHeadsAreAnsweredAndCloseTheConnection(t *testing.T) {
	var seen atomic.Int64
	h := serve(t, echo(&seen), web.ListenOptions{})
	cases := []struct {
		name, text string
		status     int
	}{
		{"both length headers", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get("/smuggled"), 400},
		{"two lengths", "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 40\r\n\r\n" + get("/smuggled"), 400},
		{"bare LF", "GET /x HTTP/1.1\nHost: x\n\n" + get("/smuggled"), 400},
		{"no host", "GET /x HTTP/1.1\r\n\r\n" + get("/smuggled"), 400},
		{"two hosts", "GET /x HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" + get("/smuggled"), 400},
		{"obs-fold", "GET /x HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n" + get("/smuggled"), 400},
		{"space before colon", "GET /x HTTP/1.1\r\nHost : x\r\n\r\n" + get("/smuggled"), 400},
		{"chunked", "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get("/smuggled"), 411},
		{"too large", "GET /" + strings.Repeat("x", web.MaxHead) + " HTTP/1.1\r\nHost: x\r\n\r\n" + get("/smuggled"), 431},
		{"unknown method", "BREW /x HTTP/1.1\r\nHost: x\r\n\r\n" + get("/smuggled"), 501},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			seen.Store(0)
			c := h.dial(t)
			r := bufio.NewReader(c)
			// Also in the middle of a connection, and behind another request in the same packet.
			send(t, c, get("/first"))
			if status, _, body := receive(t, r); status != 200 || body != "GET /first " {
				t.Fatalf("first: %d %q", status, body)
			}
			send(t, c, post("/second", "two")+tc.text)
			if status, _, body := receive(t, r); status != 200 || body != "POST /second two" {
				t.Fatalf("second: %d %q", status, body)
			}
			status, header, _ := receive(t, r)
			if status != tc.status || header.Get("Connection") != "close" {
				t.Errorf("got %d %v", status, header)
			}
			over(t, r)
			if n := seen.Load(); n != 2 {
				t.Errorf("the handler saw %d requests", n)
			}
		})
	}
	if n := h.ln.Stats().RefusedHeads["both_lengths"]; n != 1 {
		t.Errorf("both_lengths counted %d times", n)
	}
}

func TestRequestsInOnePacketAreAnsweredInOrder(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	c := h.dial(t)
	var all strings.Builder
	for i := range 200 {
		if i%2 == 0 {
			all.WriteString(get(fmt.Sprintf("/g%d", i)))
		} else {
			// The bodies look like requests, and one is longer than the guard's buffer.
			all.WriteString(post(fmt.Sprintf("/p%d", i), strings.Repeat(get("/inside"), i*i/100)))
		}
	}
	go io.WriteString(c, all.String()) //nolint:errcheck // the answers tell
	r := bufio.NewReader(c)
	for i := range 200 {
		status, _, body := receive(t, r)
		want := fmt.Sprintf("GET /g%d ", i)
		if i%2 == 1 {
			want = fmt.Sprintf("POST /p%d %s", i, strings.Repeat(get("/inside"), i*i/100))
		}
		if status != 200 || body != want {
			t.Fatalf("request %d: %d %.80q, want %.80q", i, status, body, want)
		}
	}
}

func TestARequestMayArriveByteByByte(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	c := h.dial(t)
	r := bufio.NewReader(c)
	for range 2 {
		for _, b := range []byte(post("/x", "body")) {
			send(t, c, string(b))
		}
		if status, _, body := receive(t, r); status != 200 || body != "POST /x body" {
			t.Fatalf("%d %q", status, body)
		}
	}
}

// Whoever reads slowly, or leaves in the middle, gets all of an answer that no socket holds, or ends his connection alone.
func TestALongAnswerWaitsForItsReader(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<19)
	app := web.NewApp(web.Config{})
	app.Get("/*", func(c *fiber.Ctx) error { return c.SendString(long) })
	h := serve(t, app, web.ListenOptions{})
	leaver := h.dial(t)
	send(t, leaver, get("/left"))
	if _, err := io.ReadFull(leaver, make([]byte, 1<<10)); err != nil {
		t.Fatal(err)
	}
	leaver.Close()
	c := h.dial(t)
	r := bufio.NewReader(c)
	for range 2 {
		send(t, c, get("/read"))
		time.Sleep(20 * time.Millisecond) // until there is no room any more
		if status, _, body := receive(t, r); status != 200 || body != long {
			t.Fatalf("%d, %d bytes", status, len(body))
		}
	}
}

func TestTheLongestLegalHeadIsTaken(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	head := "GET / HTTP/1.1\r\nHost: x\r\nX: "
	for _, tc := range []struct{ size, status int }{{web.MaxHead, 200}, {web.MaxHead + 1, 431}} {
		c := h.dial(t)
		send(t, c, head+strings.Repeat("y", tc.size-len(head)-4)+"\r\n\r\n")
		if status, _, _ := receive(t, bufio.NewReader(c)); status != tc.status {
			t.Errorf("%d bytes: %d, want %d", tc.size, status, tc.status)
		}
	}
}

func TestAClientThatAsksToContinueIsToldTo(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	c := h.dial(t)
	r := bufio.NewReader(c)
	for range 2 {
		send(t, c, "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
		if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
			t.Fatalf("%q %v", line, err)
		}
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		send(t, c, "body")
		if status, _, body := receive(t, r); status != 200 || body != "POST /x body" {
			t.Fatalf("%d %q", status, body)
		}
	}
}

// A browser whose upload is refused must see the answer, not a reset connection.
func TestA21_ABodyTooLargeIsAnswered413EvenWhileItIsSent(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	c := h.dial(t)
	body := strings.Repeat("x", web.MaxBody+1)
	send(t, c, post("/v1/x", body))
	r := bufio.NewReader(c)
	status, header, text := receive(t, r)
	if status != 413 || header.Get("Connection") != "close" || !strings.Contains(text, "request_too_large") {
		t.Errorf("%d %v %q", status, header, text)
	}
	over(t, r)
}

func TestA59_ASlowHeadIsCut(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{HeadTimeout: 50 * time.Millisecond})
	for name, before := range map[string]string{"on a fresh connection": "", "on a connection that had a request": get("/first")} {
		t.Run(name, func(t *testing.T) {
			c := h.dial(t)
			r := bufio.NewReader(c)
			if before != "" {
				send(t, c, before)
				receive(t, r)
			}
			send(t, c, "GET /x HTTP/1.1\r\nHost:")
			if status, _, _ := receive(t, r); status != 408 {
				t.Errorf("status %d", status)
			}
			over(t, r)
		})
	}
}

func TestWhatNoRouteSawIsToldWithoutItsPath(t *testing.T) {
	told := make(chan web.Served, 1)
	h := serve(t, web.NewApp(web.Config{Done: func(s web.Served) { told <- s }}), web.ListenOptions{})
	c := h.dial(t)
	send(t, c, post("/p/secretsecret/pay", strings.Repeat("x", web.MaxBody+1)))
	if s := <-told; s.Route != "" || s.Status != 413 || s.Method != "POST" || s.Code != "request_too_large" {
		t.Errorf("%+v", s)
	}
}

func TestA59_ASlowBodyIsCut(t *testing.T) {
	app := echo(nil)
	app.Server().ReadTimeout = 50 * time.Millisecond
	h := serve(t, app, web.ListenOptions{})
	c := h.dial(t)
	r := bufio.NewReader(c)
	send(t, c, "POST /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
	if status, _, _ := receive(t, r); status != 408 {
		t.Errorf("status %d", status)
	}
	over(t, r)
}

func TestA62_NoValueOfOneRequestIsSeenInAnother(t *testing.T) {
	app := web.NewApp(web.Config{})
	app.Post("/p/:token/pay", func(c *fiber.Ctx) error {
		token, lang, agent := c.Params("token"), c.Query("lang"), c.Get("User-Agent")
		form, err := web.Form(c)
		if err != nil {
			return err
		}
		kept := []string{token, lang, agent, form.Get("payer_note"), c.Path()}
		// Other requests run while this one waits: what was kept must still be its own.
		other := make(chan struct{})
		go close(other)
		<-other
		return c.SendString(strings.Join(kept, "|"))
	})
	h := serve(t, app, web.ListenOptions{})
	var wg sync.WaitGroup
	var mixed atomic.Int64
	conns := make([]net.Conn, 50)
	for i := range conns {
		conns[i] = h.dial(t)
	}
	for i, c := range conns {
		wg.Go(func() {
			r := bufio.NewReader(c)
			for n := range 20 {
				id := fmt.Sprintf("payer%04d", i*20+n)
				body := "payer_note=note-" + id
				fmt.Fprintf(c, "POST /p/%s/pay?lang=l-%s HTTP/1.1\r\nHost: x\r\nUser-Agent: agent-%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
					id, id, id, len(body), body)
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					mixed.Add(1)
					return
				}
				got, _ := io.ReadAll(res.Body) // a cut body is not what is wanted
				if want := strings.Join([]string{id, "l-" + id, "agent-" + id, "note-" + id, "/p/" + id + "/pay"}, "|"); string(got) != want {
					mixed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := mixed.Load(); n > 0 {
		t.Errorf("%d mixed answers", n)
	}
}

func TestC24_TheStopLetsOpenCallsEndAndTakesNoNewOnes(t *testing.T) {
	app := web.NewApp(web.Config{})
	begun, finish := make(chan struct{}), make(chan struct{})
	var calls atomic.Int64
	app.Post("/pay", func(c *fiber.Ctx) error {
		calls.Add(1)
		close(begun)
		<-finish
		return c.SendString("paid")
	})
	app.Get("/x", func(c *fiber.Ctx) error { return c.SendString("ok") })
	h := serve(t, app, web.ListenOptions{})

	silent, idle, busy := h.dial(t), h.dial(t), h.dial(t)
	idleReader, busyReader := bufio.NewReader(idle), bufio.NewReader(busy)
	send(t, idle, get("/x"))
	receive(t, idleReader)
	send(t, busy, post("/pay", "")+post("/pay", ""))
	<-begun
	h.stop()

	over(t, bufio.NewReader(silent))
	over(t, idleReader)
	select {
	case err := <-h.done:
		t.Fatalf("stopped with a call open: %v", err)
	default:
	}
	close(finish)
	status, header, body := receive(t, busyReader)
	if status != 200 || body != "paid" || header.Get("Connection") != "close" {
		t.Errorf("the open call: %d %v %q", status, header, body)
	}
	if _, err := busyReader.ReadByte(); err == nil {
		t.Error("the connection goes on")
	}
	h.ended(t)
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
	if c, err := net.Dial("tcp", h.addr); err == nil {
		c.Close()
		t.Error("still accepting")
	}
}

func TestC24_ACallThatOutlivesTheGraceIsAnError(t *testing.T) {
	app := web.NewApp(web.Config{})
	begun, finish := make(chan struct{}), make(chan struct{})
	app.Get("/x", func(*fiber.Ctx) error { close(begun); <-finish; return nil })
	defer close(finish)
	ln, err := web.Listen("127.0.0.1:0", web.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- web.Server{App: app, Grace: time.Millisecond}.Run(ctx, ln) }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send(t, c, get("/x"))
	<-begun
	stop()
	if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestConnectionsBeyondTheLimitAreTurnedAwayUntilSomeClose(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{MaxConns: 2})
	first, second := h.dial(t), h.dial(t)
	for _, c := range []net.Conn{first, second} {
		send(t, c, get("/x"))
		receive(t, bufio.NewReader(c))
	}
	third := h.dial(t)
	if status, header, _ := receive(t, bufio.NewReader(third)); status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("%d %v", status, header)
	}
	first.Close()
	for {
		c := h.dial(t)
		send(t, c, get("/x"))
		if status, _, _ := receive(t, bufio.NewReader(c)); status == 200 {
			break
		}
	}
	if h.ln.Stats().RefusedFull == 0 {
		t.Error("refusals are not counted")
	}
}

// script is a listener that answers what it was told to.
type script struct {
	net.Listener
	steps chan step
}

type step struct {
	conn net.Conn
	err  error
}

func (s *script) Accept() (net.Conn, error) {
	p, ok := <-s.steps
	if !ok {
		return nil, net.ErrClosed
	}
	return p.conn, p.err
}
func (s *script) Close() error { return nil }

func from(t *testing.T, peer string) (server, client net.Conn) {
	t.Helper()
	client, server = net.Pipe()
	a, err := net.ResolveTCPAddr("tcp", peer)
	if err != nil {
		t.Fatal(err)
	}
	return peerConn{server, a}, client
}

func TestOneAddressMayHoldSoManyConnections(t *testing.T) {
	s := &script{steps: make(chan step, 20)}
	ln := web.Wrap(s, web.ListenOptions{MaxPerAddress: 2, MaxConns: 100})
	cases := []struct {
		name, peer string
		taken      bool
	}{
		{"first", "203.0.113.1:1", true},
		{"second", "203.0.113.1:2", true},
		{"third is one too many", "203.0.113.1:3", false},
		{"another address has its own places", "203.0.113.2:1", true},
		{"IPv6 counts by its network", "[2001:db8:1:1::1]:1", true},
		{"second of the network", "[2001:db8:1:1::2]:1", true},
		{"third of the network", "[2001:db8:1:1:ffff::3]:1", false},
		{"another network", "[2001:db8:1:2::1]:1", true},
		{"loopback has no limit", "127.0.0.1:1", true},
		{"loopback again", "127.0.0.1:2", true},
		{"and again", "127.0.0.1:3", true},
	}
	var last net.Conn
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			server, client := from(t, tc.peer)
			s.steps <- step{conn: server}
			if tc.taken {
				c, err := ln.Accept()
				if err != nil {
					t.Fatal(err)
				}
				if tc.peer == "203.0.113.1:2" {
					last = c
				}
				return
			}
			marker, _ := from(t, "127.0.0.1:9") // what Accept answers after the refusal
			s.steps <- step{conn: marker}
			go ln.Accept() //nolint:errcheck // the marker
			if status, header, _ := receive(t, bufio.NewReader(client)); status != 429 || header.Get("Retry-After") == "" {
				t.Errorf("%d %v", status, header)
			}
		})
	}
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
	server, _ := from(t, "203.0.113.1:4")
	s.steps <- step{conn: server}
	if _, err := ln.Accept(); err != nil {
		t.Fatal(err)
	}
	if st := ln.Stats(); st.RefusedAddress != 2 {
		t.Errorf("%+v", st)
	}
}

func TestAcceptOutlivesErrorsThatPass(t *testing.T) {
	s := &script{steps: make(chan step, 20)}
	ln := web.Wrap(s, web.ListenOptions{})
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED} {
		s.steps <- step{err: &net.OpError{Op: "accept", Err: e}}
	}
	server, _ := from(t, "203.0.113.1:1")
	s.steps <- step{conn: server}
	if _, err := ln.Accept(); err != nil {
		t.Fatalf("gave up: %v", err)
	}
	if n := ln.Stats().AcceptErrors; n != 3 {
		t.Errorf("counted %d", n)
	}
	broken := errors.New("broken")
	s.steps <- step{err: broken}
	if _, err := ln.Accept(); !errors.Is(err, broken) {
		t.Errorf("a broken listener: %v", err)
	}
	s.steps <- step{err: syscall.EMFILE}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed while pausing: %v", err)
	}
}

func TestA32_ACardNumberInTheWrongPlaceIsRefusedAndTraceless(t *testing.T) {
	const pan = "4155650000000007"
	var log bytes.Buffer
	var seen atomic.Int64
	app := web.NewApp(web.Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Done: func(s web.Served) { fmt.Fprintf(&log, "%+v", s) }})
	app.All("/*", func(c *fiber.Ctx) error { seen.Add(1); return c.SendString("ok") })
	h := serve(t, app, web.ListenOptions{})
	grouped, dashed := "4155 6500 0000 0007", "4155-6500-0000-0007"
	cases := []struct{ name, text string }{
		{"path", "GET /p/" + pan},
		{"path, percent-encoded", "GET /p/%34%31%35%35%36%35%30%30%30%30%30%30%30%30%30%37"},
		{"query", "GET /p/x?card_number=" + pan},
		{"query, spaced by plus", "GET /p/x?n=4155+6500+0000+0007"},
		{"query, spaced by %20", "GET /p/x?n=4155%206500%200000%200007"},
		{"query, encoded twice", "GET /p/x?n=4155%25206500%25200000%25200007"},
		{"query, dashed", "GET /p/x?n=" + dashed},
		{"query, full-width digits", "GET /p/x?n=%EF%BC%94%EF%BC%91%EF%BC%95%EF%BC%95%EF%BC%96%EF%BC%95%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%90%EF%BC%97"},
		{"header", "GET /p/x HTTP/1.1\r\nX-Card: " + pan},
		{"header, spaced", "GET /p/x HTTP/1.1\r\nX-Card: " + grouped},
		{"cookie", "GET /p/x HTTP/1.1\r\nCookie: a=b; card=" + pan + "; c=d"},
		{"cookie, percent-encoded", "GET /p/x HTTP/1.1\r\nCookie: card=4155%206500%200000%200007"},
		{"referer", "GET /p/x HTTP/1.1\r\nReferer: https://shop.example/?card=" + pan},
		{"idempotency key", "POST /v1/links HTTP/1.1\r\nContent-Length: 0\r\nIdempotency-Key: order-" + pan},
		{"authorization", "POST /v1/links HTTP/1.1\r\nContent-Length: 0\r\nAuthorization: Bearer " + pan},
		{"American Express", "GET /p/x?n=378282246310005"},
		{"19 digits", "GET /p/x?n=4155650000000000001"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			log.Reset()
			seen.Store(0)
			c := h.dial(t)
			line, rest, more := strings.Cut(tc.text, " HTTP/1.1\r\n")
			if more {
				rest += "\r\n"
			}
			send(t, c, line+" HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n"+rest+"\r\n")
			status, _, body := receive(t, bufio.NewReader(c))
			if status != 400 || !strings.Contains(body, "pan_in_wrong_place") || seen.Load() != 0 {
				t.Errorf("%d %s, handler called %d times", status, body, seen.Load())
			}
			for _, out := range []string{body, log.String()} {
				if digits := onlyDigits(out); strings.Contains(digits, "41556500") || strings.Contains(digits, "37828224") {
					t.Errorf("the number got out: %q", out)
				}
			}
		})
	}
}

func TestA32_WhatIsNoCardNumberPasses(t *testing.T) {
	app := web.NewApp(web.Config{})
	app.All("/*", func(c *fiber.Ctx) error { return c.SendString("ok") })
	h := serve(t, app, web.ListenOptions{})
	for name, text := range map[string]string{
		"a wrong check digit":        "GET /p/x?n=4155650000000008",
		"a time in milliseconds":     "GET /p/x?t=1764000000000",
		"a time in nanoseconds":      "GET /p/x?t=1764000000000000000",
		"a payment id":               "GET /r/pay_41556500000000070A1b2C",
		"digits inside a word":       "GET /p/x?n=a4155650000000007",
		"a trace id":                 "GET /x HTTP/1.1\r\nTraceparent: 00-41556500000000074155650000000007-0000000000000007-01",
		"a browser's name":           "GET /x HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (Linux; Android 15; SM-S928B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.7339.51 Mobile Safari/537.36",
		"analytics cookies":          "GET /x HTTP/1.1\r\nCookie: _ga=GA1.1.1234567890.1764000000; _fbp=fb.1.1764000000000.1234567890; _ga_X=GS1.1.1764000000.5.1.1764000060.60.0.0",
		"addresses on the way":       "GET /x HTTP/1.1\r\nX-Forwarded-For: 203.0.113.195, 198.51.100.178, 10.20.30.40",
		"a UUID of digits":           "GET /x HTTP/1.1\r\nX-Request-Id: 41556500-0000-4007-8155-650000000007",
		"a telephone number":         "GET /x?q=%2B90+532+123+45+67",
		"an account number":          "GET /x?q=TR33+0006+1005+1978+6457+8413+26",
		"a BIN":                      "GET /p/x/installments?bin=41556500",
		"two dates and times":        "GET /v1/links?from=2026-11-22T10:11:12Z&to=2026-11-23T10:11:12Z",
		"twenty digits":              "GET /x?n=41556500000000070000",
		"an unknown scheme's number": "GET /x?n=9155650000000002",
		"a version with dots":        "GET /x?v=4155.6500.0000.0007",
	} {
		t.Run(name, func(t *testing.T) {
			c := h.dial(t)
			line, rest, more := strings.Cut(text, " HTTP/1.1\r\n")
			if more {
				rest += "\r\n"
			}
			send(t, c, line+" HTTP/1.1\r\nHost: x\r\n"+rest+"\r\n")
			if status, _, body := receive(t, bufio.NewReader(c)); status != 200 {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
