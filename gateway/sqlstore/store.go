// Package sqlstore is the ledger in SQL: links, payments, merchants and their events in SQLite (inside
// the program) or PostgreSQL (several gateways), with one code and one set of migrations for both.
//
// It deliberately decides nothing about payments beyond what checkout.Ledger says, knows no bank and
// no page, and keeps no copy of a row between two transactions.
//
//	caller ──unit──▶ writer ─▶ begin ─▶ load rows ─▶ run each unit ─▶ write rows ─▶ commit ─▶ answer each
//	                  ▲                (locked)       (in memory)                  (durable)
//	                  └── units that came meanwhile are the next transaction
//
// A unit that is refused (stale, busy, expired) writes nothing and does not disturb its neighbours. A
// constraint that another process's commit turns against a transaction undoes it, and its units run
// again one by one.
package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/odelink/odelink/checkout"
)

// Config says where the ledger is and what it takes from outside.
type Config struct {
	// URL is sqlite:PATH, sqlite::memory: or postgres://….
	URL string
	// MasterKeys are 32 bytes each, newest first: the first one seals secrets, all open them.
	MasterKeys [][]byte
	// Now decides about expiry, leases and what is live. Nil = the database's own clock (invariant
	// I25), as always outside tests.
	Now func() time.Time
	// IDs makes event ids. Nil = from crypto/rand.
	IDs *checkout.IDs
	// Logger hears of transactions that failed. Nil = nobody.
	Logger *slog.Logger
	// Demo says that no money of this ledger is real: every merchant in it is one of tests, whoever made it.
	Demo bool

	// Batch is how many units share a commit at most; 0 = 512, 1 = each has its own.
	Batch int
	// Writers is how many transactions PostgreSQL writes at once; 0 = 2. SQLite always has one.
	Writers int
	// Fault is asked at the points FaultRead, FaultBegin, FaultBeforeCommit and FaultAfterCommit; an
	// error stands for the database failing there. Tests only.
	Fault func(point string) error
}

// Points at which Config.Fault is asked.
const (
	FaultRead         = "read"
	FaultBegin        = "begin"
	FaultBeforeCommit = "before-commit" // nothing is stored
	FaultAfterCommit  = "after-commit"  // everything is stored, and nobody learns it
)

// Limits of the writers.
const (
	// maxBatch is where more units in one commit stopped gaining anything (shared figures: half of
	// the callers settle in a batch).
	maxBatch = 512
	// maxQueue is how many units wait for one writer; callers beyond wait to get in.
	maxQueue = 4096
	// batchTime bounds one transaction: a database that takes longer counts as away. It is below what
	// the flow allows for the commit of a bank's answer, and a payer may be waiting.
	batchTime = 10 * time.Second
	// readTime bounds a look-up, searchTime a page of a search: a server that hangs never ends them.
	readTime   = 5 * time.Second
	searchTime = 15 * time.Second
	// maxTries is how often a unit alone runs again after a conflict with another process.
	maxTries = 10
	// postgresWriters: two measured better than one, and more did not.
	postgresWriters = 2
)

// Store is the ledger.
type Store struct {
	engine engine
	boxes  boxes
	keys   atomic.Pointer[lasting]
	now    func() time.Time // nil = the database's
	ids    *checkout.IDs
	log    *slog.Logger
	fail   func(point string) error
	batch  int
	demo   bool

	gate    sync.RWMutex // held by those who hand a unit over, and by Close
	closed  bool
	queues  []chan *unit
	running sync.WaitGroup
}

var _ checkout.Ledger = (*Store)(nil)

// Open connects to the database and starts the writers. Migrate comes next, except where the
// tables are known to be there.
func Open(ctx context.Context, c Config) (*Store, error) {
	bs, err := newBoxes(c.MasterKeys)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	s := &Store{boxes: bs, now: c.Now, ids: c.IDs, log: c.logger(), fail: c.Fault, batch: c.Batch, demo: c.Demo}
	if s.ids == nil {
		s.ids = checkout.NewIDs(rand.Reader)
	}
	if s.batch <= 0 {
		s.batch = maxBatch
	}
	if s.engine, err = openEngine(ctx, c); err != nil {
		return nil, err
	}
	// A ledger without tables is no mistake yet: Migrate makes them.
	err = s.engine.read(ctx, false, func(q querier) error { return s.readKeys(ctx, q) })
	if err != nil && !missingTable(err) && !errors.Is(err, errNotMigrated) {
		return nil, errors.Join(fmt.Errorf("open the ledger: %w", err), s.engine.close())
	}
	for range s.engine.writers() {
		s.queues = append(s.queues, make(chan *unit, maxQueue))
	}
	for i := range s.queues {
		s.running.Go(func() { s.write(i) })
	}
	return s, nil
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// CheckURL says whether a setting is an address that Open takes; nothing is opened. The mistake never
// repeats the address, which may hold a password.
func CheckURL(text string) error {
	path, file := strings.CutPrefix(text, "sqlite:")
	switch {
	case file && path == "":
		return errors.New("sqlite: needs the name of a file")
	case file:
		return nil
	case !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://"):
		return errors.New("begins with neither sqlite: nor postgres://")
	}
	if _, err := pgxpool.ParseConfig(text); err != nil {
		return errors.New("the address of PostgreSQL cannot be read")
	}
	return nil
}

// openEngine picks the database by the address.
func openEngine(ctx context.Context, c Config) (engine, error) {
	if err := CheckURL(c.URL); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if path, ok := strings.CutPrefix(c.URL, "sqlite:"); ok {
		return openSQLite(path, c.logger())
	}
	n := c.Writers
	if n <= 0 {
		n = postgresWriters
	}
	return openPostgres(ctx, c.URL, n)
}

// Close lets waiting units finish and closes the database. It may be called again.
func (s *Store) Close() error {
	s.gate.Lock()
	if s.closed {
		s.gate.Unlock()
		return nil
	}
	s.closed = true
	for _, q := range s.queues {
		close(q)
	}
	s.gate.Unlock()
	s.running.Wait()
	return s.engine.close()
}

// Ping asks the database for its clock.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(q querier) error {
		_, err := q.now(ctx)
		return err
	})
}

// DatabaseTime is the clock that decides about expiry, for `doctor` to compare with the host's.
func (s *Store) DatabaseTime(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.read(ctx, func(q querier) error {
		n, err := q.now(ctx)
		now = fromMicros(n)
		return err
	})
	return now, err
}

// read runs fn on a reader; what fails there is the store's, and what fn refuses is fn's.
func (s *Store) read(ctx context.Context, fn func(querier) error) error {
	return s.readWithin(ctx, readTime, fn)
}

func (s *Store) readWithin(ctx context.Context, most time.Duration, fn func(querier) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return s.reading(ctx, false, func(q querier) error { return fn(bounded{q, ctx}) })
}

// readSoon is readWithin for what a page can do without: inTime is false where it took too long.
func (s *Store) readSoon(ctx context.Context, most time.Duration, fn func(querier) error) (inTime bool, err error) {
	if err := s.fault(FaultRead); err != nil {
		return false, away("read the ledger", err)
	}
	if err = s.engine.readSoon(ctx, most, fn); errors.Is(err, errLate) {
		return false, nil
	}
	return err == nil, translate("read the ledger", err)
}

// bounded is a querier whose statements end with ctx, whichever context they are given: the callers'
// own ends with its request at best.
type bounded struct {
	querier
	ctx context.Context
}

func (b bounded) query(_ context.Context, q string, each func(row) error, args ...any) error {
	return b.querier.query(b.ctx, q, each, args...)
}

func (b bounded) now(context.Context) (int64, error) { return b.querier.now(b.ctx) }

func (s *Store) reading(ctx context.Context, snapshot bool, fn func(querier) error) error {
	if err := s.fault(FaultRead); err != nil {
		return away("read the ledger", err)
	}
	err := s.engine.read(ctx, snapshot, fn)
	return translate("read the ledger", err)
}

// clock is the time that decides, inside a read.
func (s *Store) clock(ctx context.Context, q querier) (int64, error) {
	if s.now != nil {
		return micros(s.now()), nil
	}
	return q.now(ctx)
}

func (s *Store) fault(point string) error {
	if s.fail == nil {
		return nil
	}
	return s.fail(point)
}
