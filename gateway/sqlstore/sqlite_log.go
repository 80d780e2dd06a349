package sqlstore

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// logEvery is how many statements write before the log is moved into the database. Each leaves some five pages of
	// 4 KiB in it: 40 MiB, which a start after a crash reads first.
	logEvery = 2048
	// logKept is the most of its file that an emptied log keeps for those who write next, in bytes: a file that grows
	// syncs slower.
	logKept = 64 << 20
	// logPasses is how often the log is moved while others write.
	logPasses = 2
	// logPatience is how long the last of it waits for those who read what was there before it, while nobody writes. After
	// each time in vain, logDoublings times at most, it waits twice as long and is due half as often: who reads for
	// minutes holds up nobody for more, and readers of whom one is always there do not let it grow for ever.
	logPatience  = 10 * time.Millisecond
	logDoublings = 5
)

// sqliteLog moves what the write-ahead log has gathered into the database, from a connection of its own and beside the
// writer. SQLite would have it done by a commit, for which all wait: the larger the ledger, the more pages a payment
// touches that no other does, and the longer.
type sqliteLog struct {
	conn  *sqlite.Conn
	file  *os.File // the database
	log   *slog.Logger
	every int           // logEvery; as wrote, behind the engine's lock
	wrote int           // statements since the last signal
	vain  int           // how often in a row somebody read on, logDoublings at most
	due   chan struct{} // the signal
	ended chan struct{}
}

func (e *sqliteEngine) openLog(path string, file *os.File, log *slog.Logger) error {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return err
	}
	// What leaves the log must be in the database for certain.
	if err := sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = FULL", nil); err != nil {
		return errors.Join(err, conn.Close())
	}
	l := &sqliteLog{conn: conn, file: file, log: log, every: logEvery, due: make(chan struct{}, 1), ended: make(chan struct{})}
	e.log = l
	go func() {
		defer close(l.ended)
		for range l.due {
			if err := e.moveLog(); err != nil {
				l.log.Error("the ledger's log could not be moved; it grows until it can", "err", err)
			}
		}
	}()
	return nil
}

// committed counts what a transaction has written. It is called behind the engine's lock.
func (l *sqliteLog) committed(statements int) {
	if l == nil {
		return
	}
	if l.wrote += statements; l.wrote < l.every<<l.vain {
		return
	}
	select {
	case l.due <- struct{}{}:
		l.wrote = 0
	default: // it is at work, and was told once more
	}
}

// moveLog moves the log while others write, again what came meanwhile, a tenth or so, and the little that came then while
// nobody writes: only a log that is moved whole and that nobody reads is begun anew by the next who writes; where somebody
// reads on, it is tried again when it is due again. SQLite syncs the database with the last of it only, so most of that is
// done before.
func (e *sqliteEngine) moveLog() error {
	for range logPasses {
		if _, err := e.log.pass("PASSIVE"); err != nil {
			return err
		}
		if err := e.log.file.Sync(); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.conn.SetBusyTimeout(logPatience << e.log.vain)
	busy, err := e.log.pass("RESTART")
	if e.log.vain = min(e.log.vain+1, logDoublings); !busy {
		e.log.vain = 0
	}
	return err
}

// pass moves what is in the log now and no reader holds there; busy says that somebody read on, or that another process does
// the same.
func (l *sqliteLog) pass(mode string) (busy bool, err error) {
	err = sqlitex.ExecuteTransient(l.conn, "PRAGMA wal_checkpoint("+mode+")", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error { busy = stmt.ColumnInt(0) != 0; return nil },
	})
	if err != nil {
		return busy, fmt.Errorf("move the log: %w", err)
	}
	return busy, nil
}

// end waits until nothing is moved any more.
func (l *sqliteLog) end() error {
	close(l.due)
	<-l.ended
	return l.conn.Close()
}
