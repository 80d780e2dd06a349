package sqlstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// A trial ends as a write would end, and leaves nothing behind.
func TestTrialTellsWhetherWritesGoThrough(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		_, s, f := faulty(t, url)
		for _, store := range []bool{false, true} {
			if err := s.Trial(t.Context(), store); err != nil {
				t.Errorf("store %t: %v", store, err)
			}
			for _, point := range []string{sqlstore.FaultBegin, sqlstore.FaultBeforeCommit} {
				f.set(point, func() error { return errDisk })
				if err := s.Trial(t.Context(), store); !errors.Is(err, checkout.ErrStoreAway) {
					t.Errorf("store %t, %s: %v", store, point, err)
				}
				f.clear()
			}
		}
		if got := verify(t, s); got != nil {
			t.Errorf("found %q", got)
		}

		// A writer that hangs is one whose turn does not come while the prober waits.
		held, let := f.hold()
		first := make(chan error, 1)
		go func() { first <- s.Trial(context.Background(), false) }()
		<-held
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Trial(ctx, false); !errors.Is(err, checkout.ErrStoreAway) {
			t.Errorf("behind a writer that hangs: %v", err)
		}
		let()
		if err := <-first; err != nil {
			t.Errorf("the one that was held: %v", err)
		}
	})
}

// Reads of SQLite go on beside another process's lock, writes do not: a trial with store moves bytes into
// the log, one without moves none.
func TestTrialInSQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "odelink.db")
	s := open(t, "sqlite:"+path)
	size := func() int64 {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	if err := s.Trial(t.Context(), false); err != nil || size() != before {
		t.Errorf("a trial that stores nothing: %v, %d bytes", err, size()-before)
	}
	if err := s.Trial(t.Context(), true); err != nil || size() == before {
		t.Errorf("a trial that stores: %v, %d bytes", err, size()-before)
	}
	other, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	rows := -1
	count := &sqlitex.ExecOptions{ResultFunc: func(r *sqlite.Stmt) error { rows = r.ColumnInt(0); return nil }}
	if err := sqlitex.ExecuteTransient(other, "SELECT count(*) FROM idempotency", count); err != nil || rows != 0 {
		t.Errorf("%d rows stayed, %v", rows, err)
	}
	if err := sqlitex.ExecuteTransient(other, "BEGIN IMMEDIATE", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("a read beside the lock: %v", err)
	}
	if err := s.Trial(t.Context(), false); !errors.Is(err, checkout.ErrStoreAway) {
		t.Errorf("a trial beside the lock: %v", err)
	}
}

// Whoever waits for a ledger that somebody else holds waits once, however many wait, also where each has a transaction of
// his own.
func TestALockedLedgerIsWaitedForOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		_, s, f := faulty(t, url)
		reached, gate := make(chan struct{}, 99), make(chan struct{})
		f.set(sqlstore.FaultBegin, func() error {
			reached <- struct{}{}
			<-gate
			return errDisk
		})
		const callers = 12
		var wg sync.WaitGroup
		for n := range callers {
			wg.Go(func() {
				if err := s.Trial(t.Context(), n%2 == 0); !errors.Is(err, checkout.ErrStoreAway) {
					t.Errorf("beside the lock: %v", err)
				}
			})
		}
		<-reached
		time.Sleep(200 * time.Millisecond) // the others queue behind it
		close(gate)
		wg.Wait()
		if begun := 1 + len(reached); begun > callers/2 {
			t.Errorf("%d waited one after the other, of %d", begun, callers)
		}
		f.clear()
		if err := s.Trial(t.Context(), true); err != nil {
			t.Errorf("without the lock: %v", err)
		}
	})
}

// A PostgreSQL that takes no writes answers reads, and no trial: a standby refuses in the same words.
func TestTrialOnReadOnlyPostgreSQL(t *testing.T) {
	url := schema(t)
	open(t, url)
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url + "&default_transaction_read_only=on", MasterKeys: [][]byte{masterKey(1)}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("a read: %v", err)
	}
	if err := s.Trial(t.Context(), false); !errors.Is(err, checkout.ErrStoreAway) {
		t.Errorf("a trial: %v", err)
	}
}
