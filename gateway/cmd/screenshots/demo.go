package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
)

// demo is a running demo of the gateway with its simulated bank.
type demo struct {
	base, bank, admin string
	cmd               *exec.Cmd
	said              bytes.Buffer
	ended             chan error
}

// demoKey is the demo's public API key.
const demoKey = "sk_demo_odelink"

// buildGateway makes the program, so that what runs is one process that can be told to stop.
func buildGateway(ctx context.Context, dir string) (program string, err error) {
	program = filepath.Join(dir, "odelink")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/odelink/odelink/gateway")
	if text, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the gateway: %w\n%s", err, text)
	}
	return program, nil
}

// startDemo starts the demo on free ports and waits until it is ready.
func startDemo(ctx context.Context, program string, limits bool) (*demo, error) {
	var ports [3]int
	for i := range ports {
		var err error
		if ports[i], err = testenv.FreePort(); err != nil {
			return nil, err
		}
	}
	d := &demo{
		base: fmt.Sprintf("http://127.0.0.1:%d", ports[0]), bank: fmt.Sprintf("http://localhost:%d", ports[1]),
		admin: fmt.Sprintf("http://127.0.0.1:%d", ports[2]), ended: make(chan error, 1),
	}
	switchOf := map[bool]string{true: "on", false: "off"}
	d.cmd = exec.CommandContext(ctx, program, "demo",
		"-addr", fmt.Sprintf("127.0.0.1:%d", ports[0]), "-bank-addr", fmt.Sprintf("127.0.0.1:%d", ports[1]),
		"-admin-addr", fmt.Sprintf("127.0.0.1:%d", ports[2]), "-limits", switchOf[limits], "-log-level", "error")
	d.cmd.Cancel = func() error { return d.cmd.Process.Signal(syscall.SIGTERM) }
	d.cmd.Stdout, d.cmd.Stderr = &d.said, &d.said
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	go func() { d.ended <- d.cmd.Wait() }()
	for {
		if resp, err := http.Get(d.admin + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return d, nil
			}
		}
		select {
		case err := <-d.ended:
			return nil, fmt.Errorf("the demo ended: %w\n%s", err, d.said.String())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the demo in good order.
func (d *demo) stop() error {
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the demo: %w", err)
	}
	if err := <-d.ended; err != nil {
		return fmt.Errorf("the demo ended: %w\n%s", err, d.said.String())
	}
	return nil
}

// ask calls the gateway's API or the bank's steering port and decodes the answer.
func (d *demo) ask(method, address string, body any, answer any) error {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(raw)
	}
	q, err := http.NewRequest(method, address, in)
	if err != nil {
		return err
	}
	q.Header.Set("Authorization", "Bearer "+demoKey)
	q.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, address, resp.Status, raw)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(raw, answer)
}

// link is what the pictures need to know of a payment link.
type link struct{ ID, Token, URL string }

// link makes a link; fields are those of the API beside amount and currency.
func (s *studio) link(fields map[string]any) link {
	body := map[string]any{
		"amount": 125000, "currency": "TRY", "description": "Deniz manzaralı ahşap masa, 1 adet",
		"installments": []int{1, 2, 3, 6, 9, 12},
	}
	for k, v := range fields {
		body[k] = v
	}
	var l link
	if err := s.ask(http.MethodPost, s.base+"/v1/links", body, &l); err != nil {
		s.Fatal(err)
	}
	return l
}

// fault tells the bank to misbehave at one step, for long; an empty step ends that.
func (s *studio) fault(step, kind string) {
	method, body := http.MethodPost, any(map[string]any{"dialect": "payfor", "step": step, "fault": kind, "times": 1000})
	if step == "" {
		method, body = http.MethodDelete, nil
	}
	if err := s.ask(method, s.bank+"/_bank/faults", body, nil); err != nil {
		s.Fatal(err)
	}
}
