//go:build unix

package web_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/web"
)

// These tests need the programs nginx and haproxy, which make test installs. They hold A60 where it
// matters: a request that the proxy and we read differently is how one payer's request becomes part
// of another's.

const nginxConf = `daemon off;
%[3]s
pid %[1]s/pid;
error_log stderr crit;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	upstream odelink { server %[2]s; keepalive 4; }
	server {
		listen 127.0.0.1:%[4]d;
		location / {
			proxy_pass http://odelink;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header Host $http_host;
			proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		}
	}
}
`

const haproxyConf = `defaults
	mode http
	timeout connect 5s
	timeout client 5s
	timeout server 5s
	option forwardfor
	http-reuse always
frontend in
	bind 127.0.0.1:%[4]d
	default_backend odelink
backend odelink
	server one %[2]s
`

// behind starts a proxy in front of an address and gives its own.
func behind(t *testing.T, program, conf, upstream string, args func(file string) []string) string {
	t.Helper()
	dir := t.TempDir()
	user := ""
	if os.Getuid() == 0 {
		user = "user root;"
	}
	port, err := testenv.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, conf, dir, upstream, user, port), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args(file)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()                          // its status is the signal's
	})
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if answers(t, addr) {
			return addr
		}
	}
	t.Fatalf("%s does not answer", program)
	return ""
}

// seen remembers which paths the handler was asked for.
type seen struct {
	mu    sync.Mutex
	paths []string
}

func (s *seen) add(p string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths = append(s.paths, p)
}

func (s *seen) has(part string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(strings.Join(s.paths, " "), part)
}

func TestA60_BehindProxies(t *testing.T) {
	proxies := []struct {
		program, conf string
		args          func(string) []string
	}{
		{"nginx", nginxConf, func(f string) []string { return []string{"-p", filepath.Dir(f), "-c", f} }},
		{"haproxy", haproxyConf, func(f string) []string { return []string{"-db", "-f", f} }},
	}
	for _, p := range proxies {
		t.Run(p.program, func(t *testing.T) {
			var asked seen
			app := web.NewApp(web.Config{})
			app.All("/*", func(c *fiber.Ctx) error { asked.add(c.Path()); return c.SendString(c.Path()) })
			addr := behind(t, p.program, p.conf, serve(t, app, web.ListenOptions{}).addr, p.args)
			for name, text := range smuggling {
				t.Run(name, func(t *testing.T) { attempt(t, addr, text, &asked) })
			}
			// After all of it, requests of others arrive whole and get their own answers.
			for i := range 20 {
				path := fmt.Sprintf("/honest/%d", i)
				res, err := http.Post("http://"+addr+path, "text/plain", strings.NewReader(get("/smuggled")))
				if err != nil || res.StatusCode != 200 {
					t.Fatalf("%v %v", res, err)
				}
				line, _ := bufio.NewReader(res.Body).ReadString(0) // until its end
				res.Body.Close()
				if line != path {
					t.Errorf("%s got the answer of %s", path, line)
				}
			}
			if asked.has("smuggled") {
				t.Errorf("the handler saw a smuggled request: %v", asked.paths)
			}
		})
	}
}

// smuggling are requests with another one hidden where two readers could disagree.
var smuggling = map[string]string{
	"both lengths":             "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"both lengths, folded":     "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n%s",
	"an unknown coding":        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n%s",
	"a coding with a space":    "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n%s",
	"a coding with a tab":      "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n%s",
	"a coding after a bare CR": "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"a coding after a bare LF": "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"two lengths":              "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: %d\r\n\r\n%s",
	"two lengths, the other":   "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nContent-Length: 0\r\n\r\n%s",
	"a signed length":          "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: +%d\r\n\r\n%s",
	"a list of lengths":        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0, %d\r\n\r\n%s",
	"a length with a space":    "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length : %d\r\n\r\n%s",
	"a body on GET":            "GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s",
	"chunked in HTTP/1.0":      "POST /x HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s",
	"two hosts":                "POST /x HTTP/1.1\r\nHost: x\r\nHost: y\r\nContent-Length: %d\r\n\r\n%s",
	"another host in the line": "POST //y/smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s",
}

// attempt sends a text with a hidden request as its body. Where both readers agree that it is a body,
// the request is answered; nothing hidden is ever run.
func attempt(t *testing.T, addr, text string, asked *seen) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	hidden := get("/smuggled")
	fmt.Fprintf(c, text, len(hidden), hidden)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return // cut off without a word
	}
	res.Body.Close()
	if asked.has("smuggled") {
		t.Errorf("the hidden request was run (answer %d)", res.StatusCode)
	}
}
