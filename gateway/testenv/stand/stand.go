// Package stand starts all that a load test needs, each as a process of its own on a free loopback port, and
// ends it again: the gateway as it runs in production, the simulated bank, the stores, and the baselines
// that figures are ratios to.
//
//	odelink serve ── redis-server or Cluster, SQLite on disk or PostgreSQL ── banksim
//	baseline shop ── the same redis-server, SQLite on disk      ── banksim (books of its own)
//	baseline static, twice: Fiber's own write buffer, and one write per answer
//
// The gateway is the built program, set up by its operator's commands, with limits, metrics and masked JSON
// log on. It deliberately measures nothing.
package stand

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/loadtest/shop"
)

// Options say what is started. The zero value is one gateway on SQLite and Redis, with its bank.
type Options struct {
	Postgres  bool // instead of SQLite, every commit synced
	Cluster   bool // a Redis Cluster of three masters instead of one Redis; not with Baselines, which know one
	Gateways  int  // 0 = 1; more share Redis and PostgreSQL
	Keys      int  // of the API; 0 = 1: limits count per key
	Baselines bool
	Programs  []string // further ones to build: folders of the module, like "./loadtest"
	Built     string   // folder in which Build has made all programs; "" = they are built now
}

// Stand is what was started.
type Stand struct {
	options  Options
	programs string            // folder of built ones
	names    map[string]string // addresses and keys
	setup    []string          // environment of the gateway's commands
	running  []process         // in the order of their start
}

// process is a server that can be ended.
type process interface {
	End() error
	PID() int
}

// Start builds and starts everything. What was started is ended again when a later part fails.
func Start(ctx context.Context, o Options) (*Stand, error) {
	o.Gateways, o.Keys = max(o.Gateways, 1), max(o.Keys, 1)
	if o.Gateways > 1 && !o.Postgres {
		return nil, errors.New("several gateways need PostgreSQL: SQLite has one writer")
	}
	if o.Cluster && o.Baselines {
		return nil, errors.New("the straightforward build speaks to one Redis, not to a Cluster")
	}
	s := &Stand{options: o, programs: o.Built, names: map[string]string{}}
	parts := []func(context.Context) error{s.build, s.stores, s.bank("bank"), s.merchant, s.gateways}
	if o.Baselines {
		parts = append(parts, s.bank("shopbank"), s.straightforward, s.static)
	}
	for _, start := range parts {
		if err := errors.Join(ctx.Err(), start(ctx)); err != nil {
			return nil, errors.Join(err, s.End())
		}
	}
	return s, nil
}

// End stops everything, the last first.
func (s *Stand) End() error {
	var errs []error
	for _, p := range slices.Backward(s.running) {
		errs = append(errs, p.End())
	}
	s.running = nil
	return errors.Join(errs...)
}

// Names are what a test is told: addresses and keys.
//
//	gateway gateway2 admin admin2 key   base addresses, API keys separated by commas
//	bank redis database                 of the gateways
//	shop shopkey shopbank               the straightforward build
//	language                            its page of one link with a template per language
//	static tuned                        /view.gz /view /installments.gz /installments
func (s *Stand) Names() map[string]string { return s.names }

// PIDs are the processes that were started.
func (s *Stand) PIDs() []int {
	var all []int
	for _, p := range s.running {
		all = append(all, p.PID())
	}
	return all
}

// sources are the programs of ours that run.
var sources = []string{"./gateway", "./threeds/cmd/banksim", "./gateway/testenv/cmd/baseline"}

// Build makes static programs in a folder, as `make build` does: those of a stand, and more folders of the
// module, like "./loadtest".
func Build(ctx context.Context, dir string, more ...string) error {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", dir + "/"}, sources, more)...)
	cmd.Dir = filepath.Dir(strings.TrimSpace(string(mod)))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, text)
	}
	return nil
}

// build makes the programs unless they are there.
func (s *Stand) build(ctx context.Context) (err error) {
	if s.programs != "" {
		s.programs, err = filepath.Abs(s.programs) // they run in folders of their own
		return err
	}
	if s.programs, err = testenv.Folder("programs"); err != nil {
		return err
	}
	return Build(ctx, s.programs, s.options.Programs...)
}

// Program is the path of a built one.
func (s *Stand) Program(name string) string { return filepath.Join(s.programs, name) }

// stores starts Redis, with its log of writes synced each second, and PostgreSQL where it is wanted.
func (s *Stand) stores(context.Context) error {
	if err := s.redis(); err != nil {
		return err
	}
	if !s.options.Postgres {
		dir, err := testenv.Folder("ledger")
		s.names["database"] = "sqlite:" + filepath.Join(dir, "odelink.db")
		return err
	}
	postgres, err := testenv.StartPostgres("stand", testenv.PostgresOptions{Durable: true})
	if err != nil {
		return err
	}
	s.running = append(s.running, postgres)
	s.names["database"], err = postgres.Create()
	return err
}

// redis starts the one server, or the masters of a Cluster.
func (s *Stand) redis() error {
	if !s.options.Cluster {
		redis, err := testenv.StartRedis("stand", "--appendfsync", "everysec")
		if err != nil {
			return err
		}
		s.running = append(s.running, redis)
		s.names["redis"] = "redis://" + redis.Addr() + "/0"
		return nil
	}
	cluster, err := testenv.StartRedisCluster("stand")
	if err != nil {
		return err
	}
	for _, node := range cluster.Nodes {
		s.running = append(s.running, node)
	}
	s.names["redis"] = cluster.URL()
	return nil
}

// start runs a program whose addresses get the names given.
func (s *Stand) start(title string, names []string, plan func(dir string, addrs []string) testenv.Command) error {
	p, err := testenv.StartProgram(title, len(names), plan)
	if err != nil {
		return err
	}
	s.running = append(s.running, p)
	for i, name := range names {
		s.names[name] = "http://" + p.Addrs[i]
	}
	return nil
}

// bank starts a simulated bank with books of its own.
func (s *Stand) bank(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		return s.start(name, []string{name}, func(_ string, addrs []string) testenv.Command {
			return testenv.Command{
				Argv: []string{s.Program("banksim"), "-addr", addrs[0], "-public-url", "http://" + addrs[0]},
				Up:   func() error { return answers(ctx, "http://"+addrs[0]+"/_bank/charges", http.StatusOK, "[") },
			}
		})
	}
}

// straightforward starts the build that the gateway is compared with.
func (s *Stand) straightforward(ctx context.Context) error {
	key := secret("sk_")
	err := s.start("shop", []string{"shop"}, func(dir string, addrs []string) testenv.Command {
		return testenv.Command{
			Argv: []string{
				s.Program("baseline"), "shop", "-addr", addrs[0], "-redis", strings.TrimSuffix(s.names["redis"], "0") + "1",
				"-database", filepath.Join(dir, "baseline.db"), "-bank", s.names["shopbank"], "-key", key,
			},
			Up: func() error { return answers(ctx, "http://"+addrs[0]+"/p/unknown", http.StatusNotFound, "") },
		}
	})
	if err != nil {
		return err
	}
	s.names["shopkey"] = key
	links, err := shop.Target{Name: "shop", URL: s.names["shop"], Key: key}.Links(ctx, 1, shop.Terms{Amount: 125_000, Currency: "TRY", Usage: "multi"})
	if err != nil {
		return fmt.Errorf("a link for the page with a template per language: %w", err)
	}
	s.names["language"] = s.names["shop"] + "/l/" + links[0].Token
	return nil
}

// tunedBuffer holds an answer whole, so that it leaves with one write.
const tunedBuffer = "16384"

// static starts the limits: servers that send what the gateway answers, and do nothing for it.
func (s *Stand) static(ctx context.Context) error {
	links, err := shop.Target{Name: "gateway", URL: s.names["gateway"], Key: s.names["key"]}.Links(ctx, 1, shop.Terms{Amount: 125_000, Currency: "TRY", Usage: "multi"})
	if err != nil {
		return fmt.Errorf("a link whose page is copied: %w", err)
	}
	page := s.names["gateway"] + "/p/" + links[0].Token
	offers := page + "/installments?bin=41556500"
	for name, buffer := range map[string]string{"static": "0", "tuned": tunedBuffer} {
		err := s.start(name, []string{name}, func(_ string, addrs []string) testenv.Command {
			return testenv.Command{
				Argv: []string{
					s.Program("baseline"), "static", "-addr", addrs[0], "-write-buffer", buffer, "-like", "/view.gz=" + page, "-like", "/view=" + page,
					"-like", "/installments.gz=" + offers, "-like", "/installments=" + offers,
				},
				Up: func() error { return answers(ctx, "http://"+addrs[0]+"/view", http.StatusOK, "<form") },
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// answers says whether an address answers with a status and a text in it.
func answers(ctx context.Context, address string, status int, text string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "identity") // or what came compressed would be read otherwise
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != status || !strings.Contains(string(body), text) {
		return fmt.Errorf("%s answers %d: %.200s", address, resp.StatusCode, body)
	}
	return nil
}

// listens says whether anybody takes connections at an address.
func listens(ctx context.Context, addr string) error {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}

// account is the virtual POS of the simulated shop, as README writes it.
func account(bank string) ([]byte, error) {
	type rate struct {
		Count int    `json:"count"`
		Rate  string `json:"rate"`
	}
	return json.Marshal(map[string]any{
		"kind": "payfor", "name": "QNB", "mode": "3dmodel", "base_url": bank + "/payfor/Gateway/", "currencies": []string{"TRY"}, "pricing": "markup",
		"programmes":  []string{"CardFinans", "Advantage"},
		"credentials": map[string]string{"merchant_id": "990000000000001", "user_code": "ODELINK_API", "user_pass": "Demo-Pass-1", "merchant_pass": "12345678", "mbr_id": "5"},
		"instalments": []rate{{2, "2.00"}, {3, "3.60"}, {6, "7.20"}, {9, "11.00"}, {12, "15.00"}},
	})
}
