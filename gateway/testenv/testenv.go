// Package testenv starts the real servers that tests talk to: redis-server alone, as a Cluster and
// behind a Sentinel, PostgreSQL, and browsers. It does not fake any of them, does not install them
// (`make test` does), and is imported by tests and by the commands below it only.
//
//	testenv.Redis(t)          an empty database of a shared redis-server
//	testenv.RedisCluster(t)   three masters, emptied, for this test alone
//	testenv.RedisSentinel(t)  one master, one replica, one sentinel, for this test alone
//	testenv.Postgres(t)       an empty database of a shared PostgreSQL
//	testenv.NewRedis(t), NewRedisCluster(t), NewRedisSentinel(t), NewPostgres(t, …)
//	                          private servers whose processes a test may kill, freeze and restart
//	browser.New(t, …)         package browser: a page in headless Chromium
//	engine.New(t, …)          package engine: the same in WebKit or Gecko, for whole journeys
//	testenv.Dir(t)            a folder for what the tested program writes, kept for the card scan
//
// Shared servers are those that `make test` started for the whole run and named in the environment
// (EnvRedisURL, EnvPostgresURL). Without them each test binary starts its own on first use, so plain
// `go test ./...` works wherever the programs are installed. Where one is missing the test fails, saying
// what installs it: nothing is skipped, but for the engines that `make test` could not bring and names in its last lines.
//
// No server outlives the process that started it. On Linux the kernel ends them with their parent,
// however it dies; elsewhere, and for their files everywhere, a small shell waits for the parent's end.
package testenv

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The environment by which `make test` hands a run's shared servers and folder to every test binary.
const (
	EnvDir         = "ODELINK_TEST_DIR"          // absolute path; all that a run writes lies under it
	EnvRedisURL    = "ODELINK_TEST_REDIS_URL"    // redis://host:port of the shared server, no database number
	EnvPostgresURL = "ODELINK_TEST_POSTGRES_URL" // postgres://… of the shared server's maintenance database
)

// patience bounds every wait for a server. Two loaded cores start the slowest, PostgreSQL, in a fifth of it.
const patience = 30 * time.Second

// Dir returns a new, empty folder for what the program under test writes: ledgers, logs, exports.
// In `make test` it is kept until everything written has been scanned for card numbers, which a
// t.TempDir would not survive; otherwise it is a t.TempDir.
func Dir(t testing.TB) string {
	t.Helper()
	if os.Getenv(EnvDir) == "" {
		return t.TempDir()
	}
	dir, err := newDir("written", t.Name())
	if err != nil {
		t.Fatalf("make a folder that is kept for the card scan: %v", err)
	}
	return dir
}

// root is the folder of this process: under EnvDir, or a temporary one that goes with the process.
var root = sync.OnceValues(func() (string, error) {
	base := os.Getenv(EnvDir)
	dir, err := os.MkdirTemp(base, "odelink-test-")
	if err != nil {
		return "", fmt.Errorf("make the servers' folder: %w", err)
	}
	// PostgreSQL runs as another user and has to pass through.
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	switch {
	case base == "":
		return dir, cleanAfterExit(dir)
	case !diesWithParent:
		return dir, cleanAfterExit("")
	}
	return dir, nil
})

// newDir makes a folder of its own for one server or test, readable by name.
func newDir(kind, name string) (string, error) {
	base, err := root()
	if err != nil {
		return "", err
	}
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, name)
	if len(plain) > 60 {
		plain = plain[:60]
	}
	dir, err := os.MkdirTemp(base, kind+"-"+plain+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

// Free ports come from below those that the kernel gives to outgoing connections and to whoever asks it for any
// (Linux: from 32768 on): a server that was killed would now and then find its port taken by a passing connection.
const firstFree, lastFree = 10_000, 32_000

// handedOut are the ports that this process has had from FreePort.
var handedOut sync.Map

// FreePort answers a loopback port that nobody listens on now and that this process has not had before. Another
// process may take it before the server does; whoever starts a server tries again with a new one.
func FreePort() (int, error) {
	for range 1000 {
		port := firstFree + mathrand.IntN(lastFree-firstFree)
		if _, had := handedOut.LoadOrStore(port, true); had {
			continue
		}
		if l, err := net.Listen("tcp", loopback(port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("find a free port: none of a thousand was")
}

// FreeAddr is the address of such a port, for a program that cannot choose one by itself or keeps it over restarts.
func FreeAddr(t testing.TB) string {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return loopback(port)
}

// loopback is the address of a port on this machine.
func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Installed returns the path of a program that a Debian package brings.
func Installed(pkg, name string) (string, error) { return program(pkg, []string{name}) }

// program finds an installed program by its names, in the search path and in the folders given.
func program(pkg string, names []string, folders ...string) (string, error) {
	folders = append(filepath.SplitList(os.Getenv("PATH")), folders...)
	folders = append(folders, "/usr/bin", "/usr/sbin", "/usr/local/bin")
	for _, folder := range folders {
		for _, name := range names {
			path := filepath.Join(folder, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s is not installed: run `make test`, which installs it (on Debian: apt-get install %s)", names[0], pkg)
}

// await asks again and again, with short pauses, until ok says yes or patience ends.
func await(what string, ok func() error) error {
	deadline := time.Now().Add(patience)
	for pause := 5 * time.Millisecond; ; pause = min(pause*2, 100*time.Millisecond) {
		err := ok()
		if err == nil {
			return nil
		}
		if errors.Is(err, errEnded) {
			return fmt.Errorf("%s: %w", what, err)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: not within %s: %w", what, patience, err)
		}
		time.Sleep(pause)
	}
}

// randomName is 16 hex digits that no other test process draws.
func randomName() string {
	b := make([]byte, 8)
	if _, err := rand.Read(b); err != nil {
		panic(err) // the system has no randomness: nothing can run
	}
	return hex.EncodeToString(b)
}
