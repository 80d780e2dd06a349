package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// databases are the addresses of new, empty databases, one kind each.
var databases = map[string]func(t testing.TB) string{
	"SQLite": func(t testing.TB) string { return "sqlite:" + filepath.Join(testenv.Dir(t), "ledger.db") },
	"SQLite in memory": func(testing.TB) string {
		return "sqlite::memory:"
	},
	"PostgreSQL": schema,
}

// shared is the one database of this package's tests; each has a schema of its own, which takes a
// tenth of the time of a database of its own.
var shared struct {
	sync.Mutex
	url string
	n   int
}

func schema(t testing.TB) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.url == "" {
		shared.url = testenv.Postgres(packageLife{t})
	}
	shared.n++
	name := fmt.Sprintf("s%d", shared.n)
	conn, err := pgx.Connect(t.Context(), shared.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return shared.url + "&search_path=" + name
}

// packageLife is a test whose cleanup does not happen: what it made lives as long as the package's
// tests, and the server's end takes it along.
type packageLife struct{ testing.TB }

func (packageLife) Cleanup(func()) {}

// masterKey is the n-th key of a test.
func masterKey(n byte) []byte { return bytes.Repeat([]byte{n}, sqlstore.MasterKeySize) }

// open opens and migrates a ledger; change may alter its configuration.
func open(t testing.TB, url string, change ...func(*sqlstore.Config)) *sqlstore.Store {
	t.Helper()
	c := sqlstore.Config{URL: url, MasterKeys: [][]byte{masterKey(1)}}
	for _, f := range change {
		f(&c)
	}
	s, err := sqlstore.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func at(clock *storetest.Clock) func(*sqlstore.Config) {
	return func(c *sqlstore.Config) { c.Now = clock.Now }
}

// eachDatabase runs a test on every kind.
func eachDatabase(t *testing.T, test func(t *testing.T, url string)) {
	for name, url := range databases {
		t.Run(name, func(t *testing.T) { test(t, url(t)) })
	}
}

func TestLedger(t *testing.T) {
	for name, url := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Ledger(t, func(t *testing.T) (checkout.Ledger, *storetest.Clock) {
				clock := storetest.NewClock(start)
				return open(t, url(t), at(clock)), clock
			})
		})
	}
}
