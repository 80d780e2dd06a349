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
	// logPasses is how often the log is moved while others write. What a pass has moved the disk gets logPart pages after the
	// other, since a sync of thousands holds up the commits beside it: the first within an eighth of the time that it took to
	// write them, logSpan at most, and each further pass within a quarter of that, so that little comes meanwhile.
	logPasses = 3
	logSpan   = 320 * time.Millisecond
	logPart   = 48
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
	moved int           // pages of the log that are in the database
	begun time.Time     // when the log was begun anew, or that was last tried
	vain  int           // how often in a row somebody read on, logDoublings at most
	due   chan struct{} // the signal
	hurry chan struct{} // closed when the ledger is
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
	l := &sqliteLog{conn: conn, file: file, log: log, every: logEvery, due: make(chan struct{}, 1), hurry: make(chan struct{}), ended: make(chan struct{})}
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
	span := min(time.Since(e.log.begun)/8, logSpan)
	if e.log.vain > 0 {
		span = 0 // it has grown enough
	}
	defer func() { e.log.begun = time.Now() }()
	for range logPasses {
		before := e.log.moved
		if _, err := e.log.pass("PASSIVE"); err != nil {
			return err
		}
		if err := e.log.sync(e.log.moved-before, span); err != nil {
			return err
		}
		span /= 4
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.conn.SetBusyTimeout(logPatience << e.log.vain)
	busy, err := e.log.pass("RESTART")
	if !busy {
		e.log.moved = 0 // who writes next begins anew
	}
	if e.log.vain = min(e.log.vain+1, logDoublings); !busy {
		e.log.vain = 0
	}
	return err
}

// pass moves what is in the log now and no reader holds there; busy says that somebody read on, or that another process does
// the same.
func (l *sqliteLog) pass(mode string) (busy bool, err error) {
	err = sqlitex.ExecuteTransient(l.conn, "PRAGMA wal_checkpoint("+mode+")", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error { busy, l.moved = stmt.ColumnInt(0) != 0, stmt.ColumnInt(2); return nil },
	})
	if err != nil {
		return busy, fmt.Errorf("move the log: %w", err)
	}
	return busy, nil
}

// sync makes durable what was moved, some pages after the other within span; ids are random, so equal parts of the file
// hold about as many of them.
func (l *sqliteLog) sync(pages int, span time.Duration) error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	if parts := int64(pages / logPart); parts > 1 && span > 0 {
		size, pause := info.Size()/parts+1, span/time.Duration(parts)
		for at := int64(0); at < info.Size() && writeBack(l.file, at, size) == nil; at += size {
			select {
			case <-time.After(pause):
			case <-l.hurry:
			}
		}
	}
	return l.file.Sync()
}

// end waits until nothing is moved any more.
func (l *sqliteLog) end() error {
	close(l.hurry)
	close(l.due)
	<-l.ended
	return l.conn.Close()
}
