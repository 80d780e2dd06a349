package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/seed"
)

// nobody is the address of a bank that is not there: what is measured here never asks one.
const nobody = "http://127.0.0.1:1"

// programs is the folder of the built gateway and of emptyfiber.
type programs string

func (p programs) path(name string) string { return filepath.Join(string(p), name) }

// site is a ledger, a Redis of its own and the gateway that serves it.
type site struct {
	programs programs
	ledger   string // address
	key      []byte // master key
	redis    *testenv.RedisServer
	links    int
	apiKey   string
	gateway  *testenv.Program
}

// newSite makes an empty ledger and starts a Redis. A copy that may be lost needs no log of writes.
func newSite(name string, p programs, ledger string) (*site, error) {
	s := &site{programs: p, ledger: ledger, key: make([]byte, 32)}
	_, _ = rand.Read(s.key) // crypto/rand does not fail
	var err error
	s.redis, err = testenv.StartRedis(name, "--appendonly", "no")
	return s, err
}

func (s *site) open(ctx context.Context) (*seed.Ledger, error) {
	return seed.Open(ctx, seed.Config{Address: s.ledger, MasterKey: s.key, Bank: nobody})
}

// seeded opens the ledger for filling, and closes it again.
func (s *site) seeded(ctx context.Context, fill func(*seed.Ledger) error) error {
	l, err := s.open(ctx)
	if err != nil {
		return err
	}
	s.apiKey = l.Key
	return errors.Join(fill(l), l.Close())
}

// grow fills the ledger up to so many links, and answers how many it stored a second.
func (s *site) grow(ctx context.Context, links int) (rate float64, err error) {
	began := time.Now()
	err = s.seeded(ctx, func(l *seed.Ledger) error { return l.Links(ctx, s.links, links) })
	rate = float64(links-s.links) / time.Since(began).Seconds()
	s.links = links
	return rate, err
}

// start starts `odelink serve`, with its Redis or without, and answers how long it took from the program's
// start to the first page.
func (s *site) start(ctx context.Context, redis bool) (time.Duration, error) {
	dir, err := testenv.Folder("key")
	if err != nil {
		return 0, err
	}
	file := filepath.Join(dir, "master_key")
	if err := os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(s.key)), 0o600); err != nil {
		return 0, err
	}
	env := append(plainEnviron(), "ODELINK_MASTER_KEY_FILE="+file, "ODELINK_DATABASE_URL="+s.ledger, "ODELINK_ALLOW_SIMULATED_BANK=yes",
		"ODELINK_LOG_FORMAT=json", "ODELINK_TRUSTED_PROXIES=127.0.0.0/8")
	if redis {
		env = append(env, "ODELINK_REDIS_URL="+s.redis.URL())
	}
	program, took, err := timed(ctx, "gateway", 2, "/p/"+string(seed.Token(seed.Unpaid(s.links/2))), func(addrs []string) testenv.Command {
		return testenv.Command{
			Argv: []string{s.programs.path("gateway"), "serve"},
			Env:  append(env[:len(env):len(env)], "ODELINK_ADDR="+addrs[0], "ODELINK_ADMIN_ADDR="+addrs[1], "ODELINK_PUBLIC_URL=http://"+addrs[0]),
		}
	})
	s.gateway = program
	return took, err
}

// empty starts stock Fiber and answers how long it took to its first answer.
func (p programs) empty(ctx context.Context) (*testenv.Program, time.Duration, error) {
	return timed(ctx, "emptyfiber", 1, "/", func(addrs []string) testenv.Command {
		return testenv.Command{Argv: []string{p.path("emptyfiber"), addrs[0]}}
	})
}

// timed starts a program and asks it for a path until it answers 200.
func timed(ctx context.Context, name string, ports int, path string, plan func(addrs []string) testenv.Command) (*testenv.Program, time.Duration, error) {
	var began, answered time.Time
	p, err := testenv.StartProgram(name, ports, func(_ string, addrs []string) testenv.Command {
		c := plan(addrs)
		c.Up = func() error {
			err := untilAnswered(ctx, addrs[0], path)
			answered = time.Now()
			return err
		}
		began = time.Now()
		return c
	})
	return p, answered.Sub(began), err
}

// stop ends the gateway.
func (s *site) stop() error {
	if s.gateway == nil {
		return nil
	}
	err := s.gateway.End()
	s.gateway = nil
	return err
}

// end ends everything.
func (s *site) end() error { return errors.Join(s.stop(), s.redis.End()) }

func (s *site) base() string { return s.gateway.Addrs[0] }

// pids are the processes that answer a view.
func (s *site) pids() []int { return []int{s.gateway.PID(), s.redis.PID()} }

// spent is the processor time that processes have used, in ticks of the kernel (proc(5), utime and stime).
func spent(pids []int) (ticks int64) {
	for _, pid := range pids {
		text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(text), ") ") // the name before may hold anything
		for i, field := range strings.Fields(after) {
			if n, err := strconv.ParseInt(field, 10, 64); err == nil && (i == 11 || i == 12) {
				ticks += n
			}
		}
	}
	return ticks
}

// plainEnviron is the environment without settings of a gateway.
func plainEnviron() []string {
	var rest []string
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, "ODELINK_") {
			rest = append(rest, line)
		}
	}
	return rest
}

// whole says whether every link is in Redis, as the gateway's own mark says.
func (s *site) whole() (bool, error) {
	answer, err := s.redis.Ask("GET", "o:x:whole:0")
	return answer == "whole", err
}

// awaitWhole returns when it is.
func (s *site) awaitWhole(ctx context.Context) error {
	return until(ctx, s.whole)
}

// until asks again every few milliseconds.
func until(ctx context.Context, ok func() (bool, error)) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := ok()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// keys is how many keys Redis has, and memory how many bytes it has in use.
func (s *site) keys() (int64, error) {
	answer, err := s.redis.Ask("DBSIZE")
	n, _ := answer.(int64)
	return n, err
}

func (s *site) memory() (int64, error) { return s.info("used_memory") }

// emptied has Redis forget everything, and answers what it uses when all of it is freed.
func (s *site) emptied(ctx context.Context) (int64, error) {
	if _, err := s.redis.Ask("FLUSHALL", "ASYNC"); err != nil {
		return 0, err
	}
	err := until(ctx, func() (bool, error) {
		left, err := s.info("lazyfree_pending_objects")
		return left == 0, err
	})
	if err != nil {
		return 0, err
	}
	return s.memory()
}

func (s *site) info(name string) (int64, error) {
	answer, err := s.redis.Ask("INFO", "memory")
	if err != nil {
		return 0, err
	}
	text, _ := answer.(string)
	return infoNumber(text, name)
}

// infoNumber reads a line of INFO.
func infoNumber(info, name string) (int64, error) {
	for line := range strings.SplitSeq(info, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strconv.ParseInt(value, 10, 64)
		}
	}
	return 0, fmt.Errorf("redis INFO says nothing of %s", name)
}
