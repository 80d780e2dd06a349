package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web"
)

// A57: an address with a limit of its own takes longer bodies, no other does, and not without end at once.
func TestA57_largeBodiesWhereTheyBelong(t *testing.T) {
	const limit = 200 << 10
	app := web.NewApp(web.Config{LargeBodies: map[string]int{"/large": limit}})
	size := func(c *fiber.Ctx) error { return c.SendString(strconv.Itoa(len(c.Request().Body()))) }
	app.Post("/large", size)
	app.Post("/small", size)
	app.Put("/large", size)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- web.Server{App: app}.Run(ctx, web.Wrap(listener, web.ListenOptions{})) }()
	defer func() { stop(); <-done }()
	post := func(method, path string, size int) (int, http.Header, string) {
		t.Helper()
		return posted(t, method, "http://"+listener.Addr().String()+path, size)
	}
	for _, c := range []struct {
		method, path string
		size, status int
		text         string
	}{
		{"POST", "/large", limit, 200, "204800"},
		{"POST", "/large", limit + 1, 413, "request_too_large"},
		{"POST", "/large", 10, 200, "10"},
		{"POST", "/large?x", limit, 200, "204800"},
		{"POST", "/larger?/large", limit, 413, "request_too_large"},
		{"PUT", "/large", limit, 413, "request_too_large"},
		{"POST", "/small", limit, 413, "request_too_large"},
		{"POST", "/small", web.MaxBody, 200, "65536"},
	} {
		if status, _, text := post(c.method, c.path, c.size); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s %s of %d: %d %s", c.method, c.path, c.size, status, text)
		}
	}
	refused := false
	for range 5000 { // 671 of them are 128 MiB, which may begin within ten seconds
		status, header, text := post("POST", "/large", limit)
		if status == http.StatusOK {
			continue
		}
		if refused = true; status != http.StatusTooManyRequests || !strings.Contains(text, "too_many_tries") || header.Get("Retry-After") != "10" {
			t.Fatalf("%d %v %s", status, header, text)
		}
		break
	}
	if !refused {
		t.Error("there is no end to what may be on its way")
	}
	if status, _, _ := post("POST", "/large", web.MaxBody); status != http.StatusOK {
		t.Errorf("a short body beside them: %d", status)
	}
}

func posted(t *testing.T, method, target string, size int) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequest(method, target, strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // everything was read
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(text)
}
