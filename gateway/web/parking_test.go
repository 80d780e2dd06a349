package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/web"
)

// park sweeps until n connections are parked.
func (h *house) park(t testing.TB, n int) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		h.ln.Sweep()
		if h.ln.Parked() == n {
			return
		}
	}
	t.Fatalf("%d connections are parked, want %d", h.ln.Parked(), n)
}

func TestAParkedConnectionGoesOnWhereItWas(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	c := h.dial(t)
	r := bufio.NewReader(c)
	for i := range 5 {
		path := fmt.Sprintf("/x%d", i)
		send(t, c, get(path)+post(path, "body"))
		if status, _, body := receive(t, r); status != 200 || body != "GET "+path+" " {
			t.Fatalf("%d %q", status, body)
		}
		if status, _, body := receive(t, r); status != 200 || body != "POST "+path+" body" {
			t.Fatalf("%d %q", status, body)
		}
		h.park(t, 1)
	}
	if open := h.ln.Stats().Open; open != 1 {
		t.Errorf("%d connections are counted", open)
	}
	send(t, c, "GET /x HTTP/1.1\nHost: x\n\n")
	if status, _, _ := receive(t, r); status != 400 {
		t.Errorf("a bad head after parking: %d", status)
	}
	over(t, r)
}

func TestAParkedConnectionThatItsClientClosesIsForgotten(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	c := h.dial(t)
	send(t, c, get("/x"))
	receive(t, bufio.NewReader(c))
	h.park(t, 1)
	c.Close()
	for end := time.Now().Add(patience); h.ln.Stats().Open > 0; {
		if time.Now().After(end) {
			t.Fatal("it is still counted")
		}
	}
}

func TestC24_ParkedConnectionsAreClosedAtTheStop(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	c := h.dial(t)
	r := bufio.NewReader(c)
	send(t, c, get("/x"))
	receive(t, r)
	h.park(t, 1)
	h.stop()
	over(t, r)
	h.ended(t)
}

// A connection is told to park only while it waits: whatever moment the look comes at, every request
// is answered.
func TestALookNeverMeetsARequest(t *testing.T) {
	h := serve(t, echo(nil), web.ListenOptions{})
	quit, swept := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(swept)
		for {
			select {
			case <-quit:
				return
			default:
				h.ln.Sweep()
			}
		}
	}()
	body := strings.Repeat("b", 20<<10) // longer than the guard's buffer
	var wg sync.WaitGroup
	for range 8 {
		c := h.dial(t)
		wg.Go(func() {
			r := bufio.NewReader(c)
			for i := range 60 {
				text, want := get("/x"), "GET /x "
				if i%3 == 0 {
					text, want = post("/x", body), "POST /x "+body
				}
				half := len(text) / (1 + i%4) // whole, or in two pieces
				_, err := io.WriteString(c, text[:half])
				if err == nil {
					_, err = io.WriteString(c, text[half:])
				}
				if err != nil {
					t.Errorf("request %d: %v", i, err)
					return
				}
				res, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Errorf("request %d: %v", i, err)
					return
				}
				if got, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || string(got) != want {
					t.Errorf("request %d: %d %.40q %v", i, res.StatusCode, got, err)
					return
				}
			}
		})
	}
	wg.Wait()
	close(quit)
	<-swept
}
