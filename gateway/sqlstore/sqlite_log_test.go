package sqlstore

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
)

// logged is a ledger of SQLite whose log is moved after few statements.
type logged struct {
	*Store
	t    *testing.T
	path string
	said bytes.Buffer // in the log of the program
}

func newLogged(t *testing.T) *logged {
	l := &logged{t: t, path: filepath.Join(testenv.Dir(t), "ledger.db")}
	s, err := Open(t.Context(), Config{URL: "sqlite:" + l.path, MasterKeys: [][]byte{make([]byte, MasterKeySize)}, Logger: slog.New(slog.NewTextHandler(&l.said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	l.Store = s
	l.behindTheLock(func(log *sqliteLog) { log.every = 32 })
	l.write("CREATE TABLE wide (n INTEGER, text BLOB)")
	return l
}

func (l *logged) behindTheLock(do func(*sqliteLog)) {
	e := l.engine.(*sqliteEngine)
	e.mu.Lock()
	defer e.mu.Unlock()
	do(e.log)
}

func (l *logged) write(q string, args ...any) {
	l.t.Helper()
	err := l.solo(context.Background(), func(ctx context.Context, x tx) error {
		_, err := x.exec(ctx, q, args...)
		return err
	})
	if err != nil {
		l.t.Fatal(err)
	}
}

// fill commits rows, each of which leaves two pages in the log at least.
func (l *logged) fill(rows int) {
	for i := range rows {
		l.write("INSERT INTO wide VALUES ($1, $2)", int64(i), make([]byte, 3000))
	}
}

func (l *logged) ask(text string) (n int64) {
	l.t.Helper()
	err := l.read(context.Background(), func(q querier) error {
		return q.query(context.Background(), text, func(r row) error { n = r.num(); return nil })
	})
	if err != nil {
		l.t.Error(err)
	}
	return n
}

// size is what the log's file has grown to.
func (l *logged) size() int64 {
	l.t.Helper()
	info, err := os.Stat(l.path + "-wal")
	if err != nil {
		l.t.Fatal(err)
	}
	return info.Size()
}

// smallLog is far above what 32 statements leave, also on a busy machine, and far below what those of a test do.
const smallLog = 6 << 20

// The log is begun anew again and again while others write and read, and stays small.
func TestTheLogIsMovedBesideThoseWhoWriteAndRead(t *testing.T) {
	l := newLogged(t)
	over := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(time.Millisecond):
					l.ask("SELECT n FROM wide LIMIT 1")
				}
			}
		})
	}
	l.fill(2000)
	close(over)
	readers.Wait()
	if size := l.size(); size > smallLog {
		t.Errorf("the log has %d bytes", size)
	}
	if n := l.ask("SELECT count(*) FROM wide"); n != 2000 {
		t.Errorf("%d rows", n)
	}
	if err := l.Close(); err != nil || l.said.Len() > 0 {
		t.Error(err, l.said.String())
	}
}

// Who reads for long, as a report does, keeps the log from being begun anew, and nobody from writing for long; once he is
// done it soon grows no more.
func TestALongReadHoldsTheLogAndNobody(t *testing.T) {
	l := newLogged(t)
	var held int64
	err := l.engine.read(t.Context(), true, func(q querier) error {
		if err := q.query(t.Context(), "SELECT count(*) FROM wide", func(row) error { return nil }); err != nil {
			return err
		}
		l.fill(1000)
		held = l.size()
		return nil
	})
	if err != nil || held <= smallLog {
		t.Fatalf("%v; the log has %d bytes", err, held)
	}
	l.fill(32 << logDoublings) // until it is due again
	after := l.size()
	l.fill(2000)
	if size := l.size(); size > after+smallLog {
		t.Errorf("the log went on from %d to %d bytes", after, size)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A log that cannot be moved is told of, and payments go on.
func TestALogThatCannotBeMovedIsToldOf(t *testing.T) {
	l := newLogged(t)
	l.behindTheLock(func(log *sqliteLog) {
		if err := log.file.Close(); err != nil {
			t.Error(err)
		}
	})
	l.fill(200)
	_ = l.Close() // the file is closed twice
	if !strings.Contains(l.said.String(), "could not be moved") {
		t.Errorf("nobody is told: %q", l.said.String())
	}
}

// C29: what leaves the log is in the database for certain.
func TestC29_TheLogsConnectionSyncs(t *testing.T) {
	l := newLogged(t)
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	err := sqliteConn{l.engine.(*sqliteEngine).log.conn}.query(t.Context(), "PRAGMA synchronous", func(r row) error {
		if n := r.num(); n != 2 {
			t.Errorf("%d, not FULL", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
