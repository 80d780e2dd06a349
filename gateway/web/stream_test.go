package web_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/gateway/web"
)

// streaming serves one route whose answer is what body makes.
func streaming(t *testing.T, log io.Writer, closed *atomic.Int32, body func() io.Reader) (url string) {
	t.Helper()
	app := web.NewApp(web.Config{Log: slog.New(slog.NewTextHandler(log, nil))})
	app.Get("/stream", func(c *fiber.Ctx) error {
		web.Stream(c, body(), func() { closed.Add(1) })
		return nil
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- web.Server{App: app, Grace: 5 * time.Second}.Run(ctx, web.Wrap(listener, web.ListenOptions{}))
	}()
	t.Cleanup(func() { stop(); <-done })
	return "http://" + listener.Addr().String() + "/stream"
}

func TestStreamIsWholeAndClosed(t *testing.T) {
	var logs bytes.Buffer
	var closed atomic.Int32
	url := streaming(t, &logs, &closed, func() io.Reader {
		return io.LimitReader(strings.NewReader(strings.Repeat("satır\n", 100_000)), 500_000)
	})
	for range 2 { // the second on the same connection
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if err != nil || len(got) != 500_000 {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		_ = res.Body.Close()
	}
	head, err := http.Head(url)
	if err != nil || head.StatusCode != 200 || head.Header.Get("Content-Length") != "" {
		t.Errorf("HEAD %v %v", head, err)
	}
	if n := closed.Load(); n != 3 || logs.Len() > 0 {
		t.Errorf("closed %d times, logs %s", n, &logs)
	}
}

// An answer that breaks in the middle must not look like a whole one.
func TestStreamThatBreaksIsCutOff(t *testing.T) {
	var logs bytes.Buffer
	var closed atomic.Int32
	url := streaming(t, &logs, &closed, func() io.Reader {
		return io.MultiReader(strings.NewReader(strings.Repeat("x", 200_000)), broken{})
	})
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err == nil || len(got) > 200_000 || res.StatusCode != 200 {
		t.Errorf("%d bytes look like a whole answer, %v", len(got), err)
	}
	if closed.Load() != 1 {
		t.Errorf("closed %d times", closed.Load())
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the ledger went away") }
