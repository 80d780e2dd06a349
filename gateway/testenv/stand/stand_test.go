package stand

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/loadtest/client"
	"github.com/odelink/odelink/loadtest/journey"
	"github.com/odelink/odelink/loadtest/measure"
	"github.com/odelink/odelink/loadtest/scenario"
	"github.com/odelink/odelink/loadtest/shop"
)

// built are the programs, made once for all tests.
var built = sync.OnceValues(func() (string, error) {
	dir, err := testenv.Folder("programs")
	if err != nil {
		return "", err
	}
	return dir, Build(context.Background(), dir)
})

// stood is a stand that is ended, and then gone, with the test.
func stood(t *testing.T, o Options) *Stand {
	t.Helper()
	var err error
	if o.Built, err = built(); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		pids := s.PIDs()
		if err := s.End(); err != nil {
			t.Error(err)
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("process %d is still there: %v", pid, err)
			}
		}
		for name, address := range s.Names() {
			if u, err := url.Parse(address); err == nil && u.Port() != "" {
				if conn, err := net.Dial("tcp", u.Host); err == nil {
					conn.Close()
					t.Errorf("somebody still answers as %s", name)
				}
			}
		}
	})
	return s
}

// walks has one payer go the whole way at a target, and holds the books.
func walks(t *testing.T, target shop.Target) {
	t.Helper()
	begun := time.Now()
	links, err := target.Links(t.Context(), 1, shop.Terms{Amount: 25000, Currency: "TRY", Usage: "single"})
	if err != nil {
		t.Fatal(err)
	}
	host, err := client.HostOf(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	sc := scenario.Default()
	sc.Networks = true
	p := &journey.Payer{
		Script: sc.Script(begun), Shop: &client.Conn{Host: host}, May: target.May,
		Record: func(s measure.Seen) {
			if s.Error != "" {
				t.Errorf("%s: %s: %s", target.Name, journey.Steps[s.Step], s.Error)
			}
		},
	}
	defer p.Close()
	done := p.Walk(begun, links[0].Token)
	if done.Reached != journey.Result {
		t.Fatalf("%s: the way ended with %+v", target.Name, done)
	}
	a, err := target.Audit(t.Context(), shop.Own{
		Since: begun.Add(-time.Second), Links: map[string]bool{links[0].ID: true}, Finished: map[string]bool{done.Payment: true}, Plays: shop.Pays, SingleUse: true,
	}, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if !a.Whole() || a.Paid == 0 || a.Charges != a.Paid {
		t.Errorf("%s: the books: %+v", target.Name, a)
	}
}

func TestBothBuildsAreWalkedAndTheStaticPagesAreOfTheSameBytes(t *testing.T) {
	s := stood(t, Options{Baselines: true, Keys: 2})
	n := s.Names()
	walks(t, shop.Target{Name: "gateway", URL: n["gateway"], Key: n["key"], Bank: n["bank"]})
	walks(t, shop.Target{Name: "shop", URL: n["shop"], Key: n["shopkey"], Bank: n["shopbank"]})
	if err := answers(t.Context(), n["language"], 200, `<form id="pay"`); err != nil {
		t.Errorf("the page with a template per language: %.300s", err)
	}
	if keys := strings.Split(n["key"], ","); len(keys) != 2 || keys[0] == keys[1] {
		t.Error("two keys were asked for")
	}
	for path, want := range map[string]string{"/view.gz": "\x1f\x8b", "/view": "<!doctype html>", "/installments.gz": `"offers":[`, "/installments": `"offers":[`} {
		for _, name := range []string{"static", "tuned"} {
			if err := answers(t.Context(), n[name]+path, 200, want); err != nil {
				t.Errorf("%s: %.300s", name, err)
			}
		}
	}
}

// In production a gateway keeps its limits, tells its metrics and writes its log as JSON without a card in it.
func TestTheGatewayRunsAsInProduction(t *testing.T) {
	s := stood(t, Options{})
	n := s.Names()
	if err := answers(t.Context(), n["admin"]+"/metrics", 200, "odelink_"); err != nil {
		t.Error(err)
	}
	for range 40 { // thirty in a minute are let in
		_ = answers(t.Context(), n["gateway"]+"/v1/payments", 401, "")
	}
	if err := answers(t.Context(), n["gateway"]+"/v1/payments", 429, "problem"); err != nil && !strings.Contains(err.Error(), "answers 429") {
		t.Errorf("limits are off: %v", err)
	}
	walks(t, shop.Target{Name: "gateway", URL: n["gateway"], Key: n["key"], Bank: n["bank"]})
	var gateway *testenv.Program
	for _, p := range s.running {
		if program, ok := p.(*testenv.Program); ok && "http://"+program.Addrs[0] == n["gateway"] {
			gateway = program
		}
	}
	if err := s.End(); err != nil { // lines wait a moment before they are written; with its end all are
		t.Fatal(err)
	}
	text, err := os.ReadFile(gateway.LogPath())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "{") || !strings.Contains(string(text), `"addr"`) {
		t.Errorf("the log is no JSON: %.300s", text)
	}
	if strings.Contains(string(text), scenario.Default().Card) {
		t.Error("the log holds a card number")
	}
	if _, err := os.Stat(strings.TrimPrefix(n["database"], "sqlite:")); err != nil {
		t.Errorf("the ledger is not on disk: %v", err)
	}
}

func TestTwoGatewaysShareOneLedgerAndOneCluster(t *testing.T) {
	s := stood(t, Options{Postgres: true, Cluster: true, Gateways: 2})
	n := s.Names()
	if !strings.HasPrefix(n["redis"], "redis+cluster://") {
		t.Errorf("their Redis is %s", n["redis"])
	}
	for _, name := range []string{"gateway", "gateway2"} {
		walks(t, shop.Target{Name: name, URL: n[name], Key: n["key"], Bank: n["bank"]})
	}
	paid := 0
	second := shop.Target{Name: "gateway2", URL: n["gateway2"], Key: n["key"]}
	if err := second.Payments(t.Context(), time.Now().Add(-time.Hour), func(shop.Payment) { paid++ }); err != nil || paid != 2 {
		t.Errorf("the second gateway lists %d payments of 2: %v", paid, err)
	}
}

func TestTwoGatewaysOnSQLiteAreAMistake(t *testing.T) {
	if _, err := Start(t.Context(), Options{Gateways: 2}); err == nil || !strings.Contains(err.Error(), "PostgreSQL") {
		t.Errorf("answered %v", err)
	}
}

func TestBaselinesBesideAClusterAreAMistake(t *testing.T) {
	if _, err := Start(t.Context(), Options{Cluster: true, Baselines: true}); err == nil || !strings.Contains(err.Error(), "Cluster") {
		t.Errorf("answered %v", err)
	}
}

// A part that does not start must not leave the others behind.
func TestWhatWasStartedEndsWhenALaterPartFails(t *testing.T) {
	s := &Stand{names: map[string]string{}}
	if err := s.stores(t.Context()); err != nil {
		t.Fatal(err)
	}
	pids := s.PIDs()
	s.programs = t.TempDir()
	if err := s.bank("bank")(t.Context()); err == nil {
		t.Fatal("a program that is not there was started")
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there", pid)
		}
	}
	if _, err := os.Stat(filepath.Join(s.programs, "banksim")); err == nil {
		t.Error(fmt.Sprint("somebody built into ", s.programs))
	}
}
