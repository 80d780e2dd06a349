package main

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func noEnv(string) string { return "" }

func TestOnlyLoopbackUnlessTold(t *testing.T) {
	for _, c := range []struct {
		addr string
		ok   bool
	}{
		{"127.0.0.1:8081", true}, {"127.9.9.9:0", true}, {"localhost:8081", true}, {"[::1]:8081", true},
		{"0.0.0.0:8081", false}, {":8081", false}, {"192.168.1.5:8081", false}, {"[::]:8081", false}, {"bank.example:8081", false}, {"8081", false},
	} {
		if _, err := configure([]string{"-addr", c.addr}, noEnv, io.Discard); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.addr, err)
		}
		if _, err := configure([]string{"-addr", c.addr, "-unsafe-listen"}, noEnv, io.Discard); err != nil {
			t.Errorf("%s with -unsafe-listen: %v", c.addr, err)
		}
	}
}

func TestFlagsOverEnvironmentOverDefaults(t *testing.T) {
	env := func(name string) string {
		return map[string]string{"BANKSIM_ADDR": "127.0.0.1:9", "BANKSIM_DATA": "a.jsonl", "BANKSIM_HOSTILE": "true"}[name]
	}
	c, err := configure([]string{"-data", "b.jsonl"}, env, io.Discard)
	if err != nil || c.addr != "127.0.0.1:9" || c.data != "b.jsonl" || !c.hostile {
		t.Errorf("%+v %v", c, err)
	}
	if c, err := configure(nil, noEnv, io.Discard); err != nil || c.addr != "127.0.0.1:8081" || c.hostile {
		t.Errorf("defaults are %+v %v", c, err)
	}
	for name, args := range map[string][]string{"an unknown flag": {"-colour"}, "an argument": {"serve"}} {
		if _, err := configure(args, noEnv, io.Discard); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := configure(nil, func(string) string { return "maybe" }, io.Discard); err == nil {
		t.Error("BANKSIM_HOSTILE=maybe was taken")
	}
}

// TestStartsSaysWhatItIsAndStops runs the whole process on a free port.
func TestStartsSaysWhatItIsAndStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := start(ctx, []string{"-addr", "127.0.0.1:0", "-hostile", "-seed", "7", "-data", filepath.Join(t.TempDir(), "b.jsonl")}, noEnv, out)
		ended <- err
		_ = out.Close()
	}()
	var text strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(text.String(), "books") {
		n, err := said.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(buf[:n])
	}
	go func() { _, _ = io.Copy(io.Discard, said) }() // the farewell must not block
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`).FindString(text.String())
	if address == "" || !strings.Contains(text.String(), "TEST ONLY") {
		t.Fatalf("it says\n%s", text.String())
	}
	resp, err := http.Get(address + "_bank/charges")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%d %v", resp.StatusCode, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
	if err := start(t.Context(), []string{"-public-url", "nonsense"}, noEnv, io.Discard); err == nil {
		t.Error("a bad public address was taken")
	}
	if err := start(t.Context(), []string{"-addr", "127.0.0.1:999999"}, noEnv, io.Discard); err == nil {
		t.Error("a bad port was taken")
	}
	if err := start(t.Context(), []string{"-h"}, noEnv, io.Discard); err != nil {
		t.Errorf("help: %v", err)
	}
}
