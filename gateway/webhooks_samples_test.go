//go:build !race

package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
)

// A52: the receivers of docs/webhooks take what the gateway sends, also while the secret rotates, and refuse
// what is forged, changed, old or from the future.
func TestA52_SampleReceivers(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]func(t *testing.T) *exec.Cmd{
		"Go": func(t *testing.T) *exec.Cmd {
			program := filepath.Join(testenv.Dir(t), "receiver")
			if text, err := exec.Command("go", "build", "-o", program, "../docs/webhooks/receiver.go").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			return exec.Command(program)
		},
		"Python": func(*testing.T) *exec.Cmd { return exec.Command("python3", "../docs/webhooks/receiver.py") },
		"Node":   func(*testing.T) *exec.Cmd { return exec.Command("node", "../docs/webhooks/receiver.mjs") },
		"PHP": func(t *testing.T) *exec.Cmd {
			return exec.Command("php", "-S", testenv.FreeAddr(t), "../docs/webhooks/receiver.php")
		},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := command(t)
			if cmd.Err != nil {
				t.Fatalf("%v; make test installs it", cmd.Err)
			}
			r := newRig(t, rigOptions{seams: func(s *seams) { s.clock = systemClock{} }})
			c := newReceiver(r, "link.created")
			secret := c.secrets[0]
			address := sample(t, cmd, secret)
			status, changed := r.api("PATCH", "/v1/webhook_endpoints/"+c.id, map[string]any{"url": address + "/hooks"})
			r.must("moved", []any{status, changed["url"]}, []any{200, address + "/hooks"})
			status, _ = r.api("POST", "/v1/webhook_endpoints/"+c.id+"/rotate", nil)
			r.must("rotated", status, 200)
			r.link(nil)
			r.app.deliver(t)
			_, page := r.api("GET", "/v1/webhook_endpoints/"+c.id+"/deliveries", nil)
			sent := page["data"].([]any)[0].(map[string]any)
			r.must("delivered", []any{sent["status"], sent["attempts"].([]any)[0].(map[string]any)["status_code"]}, []any{"delivered", 204})

			now, body := time.Now(), `{"id":"evt_1","type":"payment.paid","data":{}}`
			for what, one := range map[string]struct {
				id, signature, body string
				at                  time.Time
				want                int
			}{
				"good":              {"evt_1", signed(secret, "evt_1", now, body), body, now, 204},
				"one of two":        {"evt_1", "v1,AAAA " + signed(secret, "evt_1", now, body), body, now, 204},
				"another secret":    {"evt_1", signed("whsec_"+strings.Repeat("A", 44), "evt_1", now, body), body, now, 400},
				"another body":      {"evt_1", signed(secret, "evt_1", now, body), strings.Replace(body, "paid", "void", 1), now, 400},
				"another id":        {"evt_2", signed(secret, "evt_1", now, body), body, now, 400},
				"another time":      {"evt_1", signed(secret, "evt_1", now, body), body, now.Add(time.Minute), 400},
				"ten minutes old":   {"evt_1", signed(secret, "evt_1", now.Add(-10*time.Minute), body), body, now.Add(-10 * time.Minute), 400},
				"from the future":   {"evt_1", signed(secret, "evt_1", now.Add(10*time.Minute), body), body, now.Add(10 * time.Minute), 400},
				"no signature":      {"evt_1", "", body, now, 400},
				"another algorithm": {"evt_1", strings.Replace(signed(secret, "evt_1", now, body), "v1,", "v0,", 1), body, now, 400},
				"no id":             {"", signed(secret, "", now, body), body, now, 400},
			} {
				if got := deliverByHand(t, address, one.id, one.signature, one.body, one.at); got != one.want {
					t.Errorf("%s: %d, want %d", what, got, one.want)
				}
			}
		})
	}
}

// signed is worked out beside the gateway's own code.
func signed(secret, id string, at time.Time, body string) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	m := hmac.New(sha256.New, key)
	fmt.Fprintf(m, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

func deliverByHand(t *testing.T, address, id, signature, body string, at time.Time) int {
	t.Helper()
	req, err := http.NewRequest("POST", address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"webhook-id": id, "webhook-timestamp": fmt.Sprint(at.Unix()), "webhook-signature": signature} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

// sample starts a receiver and answers its address once it listens. PHP's server says so on its errors.
func sample(t *testing.T, cmd *exec.Cmd, secret string) string {
	t.Helper()
	cmd.Env = append(os.Environ(), "WEBHOOK_SECRET="+secret, "ADDR=127.0.0.1:0")
	said, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = said.Close()
		_ = cmd.Wait() // it was killed
	})
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		line := lines.Text()
		if _, address, ok := strings.Cut(line, "listening on "); ok {
			go func() { _, _ = io.Copy(io.Discard, said) }() // until the cleanup
			return "http://" + address
		}
		if _, rest, ok := strings.Cut(line, "(http://"); ok && strings.Contains(line, "started") {
			go func() { _, _ = io.Copy(io.Discard, said) }()
			return "http://" + strings.TrimSuffix(rest, ") started")
		}
	}
	t.Fatalf("the receiver did not start: %v", lines.Err())
	return ""
}
