package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// sqliteReaders is how many reads run beside each other; reads never wait for the writer.
	sqliteReaders = 4
	// sqliteBusy is how long a transaction waits for another process (a backup, `doctor`).
	sqliteBusy = 5 * time.Second
)

// sqliteEngine writes through one connection and reads through a pool of others. A database in
// memory has the one connection only, and its readers take turns with the writer.
type sqliteEngine struct {
	mu      sync.Mutex // the writer's connection
	writer  *sqlite.Conn
	file    *os.File // the database; nil = in memory, and so is log
	log     *sqliteLog
	readers []*sqliteReader
	free    chan *sqliteReader // nil = in memory
	closing chan struct{}
}

// openSQLite opens the database at path, making it if it is not there, readable by its owner only.
func openSQLite(path string, log *slog.Logger) (*sqliteEngine, error) {
	if path == ":memory:" {
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenMemory)
		if err != nil {
			return nil, fmt.Errorf("open a ledger in memory: %w", err)
		}
		return &sqliteEngine{writer: conn}, nil
	}
	// The log and its index take the database file's mode. It stays open for as long as a connection is: a process that
	// closes a file gives up all its locks on it.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the ledger: %w", err), file.Close())
	}
	e := &sqliteEngine{file: file, writer: conn}
	if err := e.prepare(path, log); err != nil {
		return nil, errors.Join(err, conn.Close(), file.Close())
	}
	return e, nil
}

// prepare sets the writer's connection up and opens the others.
func (e *sqliteEngine) prepare(path string, log *slog.Logger) error {
	e.writer.SetBusyTimeout(sqliteBusy)
	for _, p := range []string{
		// FULL syncs the log at each commit: what was acknowledged survives a power cut (C29).
		"PRAGMA synchronous = FULL",
		"PRAGMA wal_autocheckpoint = 0", // sqliteLog does it
		fmt.Sprintf("PRAGMA journal_size_limit = %d", logKept),
		"PRAGMA cache_size = -16384",
		"PRAGMA temp_store = MEMORY",
	} {
		if err := sqlitex.ExecuteTransient(e.writer, p, nil); err != nil {
			return fmt.Errorf("open the ledger: %s: %w", p, err)
		}
	}
	e.free, e.closing = make(chan *sqliteReader, sqliteReaders), make(chan struct{})
	for range sqliteReaders {
		r, err := openReader(path)
		if err != nil {
			return errors.Join(fmt.Errorf("open the ledger's readers: %w", err), e.closeReaders())
		}
		e.readers = append(e.readers, r)
		e.free <- r
	}
	if err := e.openLog(path, e.file, log); err != nil {
		return errors.Join(fmt.Errorf("open the ledger's log: %w", err), e.closeReaders())
	}
	return nil
}

// sqliteReader is a connection for reads. A read ends early when stop is closed, which costs nothing where none does:
// the driver's own pool starts a goroutine for each read and waits for its end.
type sqliteReader struct {
	conn *sqlite.Conn

	mu   sync.Mutex
	turn int           // of whoever has the connection
	stop chan struct{} // watched by the driver; nil = closed, and to be made anew
}

func openReader(path string) (*sqliteReader, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	conn.SetBusyTimeout(sqliteBusy)
	if err := sqlitex.ExecuteTransient(conn, "PRAGMA query_only = ON", nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	r := &sqliteReader{conn: conn}
	r.listen()
	return r, nil
}

// listen has the driver watch a stop that nobody has closed.
func (r *sqliteReader) listen() {
	r.stop = make(chan struct{})
	r.conn.SetInterrupt(r.stop)
}

// until interrupts what is read when ctx ends. Whoever is done calls what is answered.
func (r *sqliteReader) until(ctx context.Context) (done func()) {
	turn := r.turn
	unhook := context.AfterFunc(ctx, func() { r.interrupt(turn) })
	return func() {
		unhook() // a late one finds another turn
		r.mu.Lock()
		defer r.mu.Unlock()
		r.turn++
		if r.stop == nil {
			r.listen()
		}
	}
}

// interrupt ends the read of a turn, if it is still that one's.
func (r *sqliteReader) interrupt(turn int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn == turn && r.stop != nil {
		close(r.stop)
		r.stop = nil
	}
}

func (e *sqliteEngine) writers() int    { return 1 }
func (e *sqliteEngine) section() string { return "sqlite" }

// A writing transaction has locked the whole database.
func (e *sqliteEngine) lock() string       { return "" }
func (e *sqliteEngine) skipLocked() string { return "" }

func (e *sqliteEngine) close() error {
	e.mu.Lock()
	writer := e.writer
	e.writer = nil
	e.mu.Unlock()
	if writer == nil {
		return nil
	}
	if e.file == nil {
		return writer.Close()
	}
	err := errors.Join(e.log.end(), e.closeReaders())
	// Best effort: a reader in another process keeps the log, and the next start replays it.
	_ = sqlitex.ExecuteTransient(writer, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
	return errors.Join(err, writer.Close(), e.file.Close())
}

// closeReaders ends what is read, and closes each connection once it is given back.
func (e *sqliteEngine) closeReaders() error {
	close(e.closing)
	for _, r := range e.readers {
		r.mu.Lock()
		turn := r.turn
		r.mu.Unlock()
		r.interrupt(turn)
	}
	var errs []error
	for range e.readers {
		errs = append(errs, (<-e.free).conn.Close())
	}
	return errors.Join(errs...)
}

var errClosed = errors.New("the ledger is closed")

func (e *sqliteEngine) begin(_ context.Context, _ int) (tx, error) {
	e.mu.Lock()
	if e.writer == nil {
		e.mu.Unlock()
		return nil, errClosed
	}
	if err := sqliteExec(e.writer, "BEGIN IMMEDIATE"); err != nil {
		e.mu.Unlock()
		return nil, err
	}
	return &sqliteTx{sqliteConn: sqliteConn{e.writer}, engine: e}, nil
}

func (e *sqliteEngine) migrate(ctx context.Context, fn func(tx) error) error {
	t, err := e.begin(ctx, 0)
	if err != nil {
		return err
	}
	defer t.rollback()
	if err := fn(t); err != nil {
		return err
	}
	return t.commit(ctx)
}

func (e *sqliteEngine) read(ctx context.Context, snapshot bool, fn func(querier) error) (err error) {
	conn, done, err := e.reader(ctx)
	if err != nil {
		return err
	}
	defer done()
	if snapshot {
		if err := sqliteExec(conn, "BEGIN"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, sqliteExec(conn, "ROLLBACK")) }()
	}
	return fn(sqliteConn{conn})
}

func (e *sqliteEngine) readSoon(ctx context.Context, most time.Duration, fn func(querier) error) error {
	soon, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	err := e.read(soon, false, func(q querier) error { return fn(bounded{q, soon}) })
	if err != nil && soon.Err() != nil && ctx.Err() == nil {
		return errLate
	}
	return err
}

// reader takes a connection and answers how to give it back.
func (e *sqliteEngine) reader(ctx context.Context) (*sqlite.Conn, func(), error) {
	if e.free != nil {
		select {
		case r := <-e.free:
			done := r.until(ctx)
			return r.conn, func() { done(); e.free <- r }, nil
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-e.closing:
			return nil, nil, errClosed
		}
	}
	e.mu.Lock()
	if e.writer == nil {
		e.mu.Unlock()
		return nil, nil, errClosed
	}
	return e.writer, e.mu.Unlock, nil
}

// sqliteConn reads and writes through one connection, keeping its statements prepared.
type sqliteConn struct{ *sqlite.Conn }

// sqliteTexts turns $1 into ?1, which SQLite counts instead of naming. Statements are few.
var sqliteTexts sync.Map

func sqliteText(q string) string {
	if t, ok := sqliteTexts.Load(q); ok {
		return t.(string)
	}
	t := strings.ReplaceAll(q, "$", "?")
	sqliteTexts.Store(q, t)
	return t
}

func sqliteExec(c *sqlite.Conn, q string) error {
	_, err := sqliteConn{c}.exec(q)
	return err
}

func (c sqliteConn) exec(q string, args ...any) (int64, error) {
	if err := c.rows(q, nil, args); err != nil {
		return 0, err
	}
	return int64(c.Changes()), nil
}

func (c sqliteConn) query(_ context.Context, q string, each func(row) error, args ...any) error {
	return c.rows(sqliteText(q), each, args)
}

// now is the host's clock as SQLite reads it: three digits of a second.
func (c sqliteConn) now(ctx context.Context) (int64, error) {
	var n int64
	err := c.query(ctx, "SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000",
		func(r row) error { n = r.num(); return nil })
	return n, err
}

func (c sqliteConn) rows(q string, each func(row) error, args []any) (err error) {
	stmt, err := c.Prepare(q)
	if err != nil {
		return err
	}
	defer func() {
		if reset := stmt.Reset(); err == nil && reset != nil {
			err = reset
		}
	}()
	for i, a := range args {
		if err := sqliteBind(stmt, i+1, a); err != nil {
			return err
		}
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if each == nil {
			continue
		}
		if err := each(&sqliteRow{stmt: stmt}); err != nil {
			return err
		}
	}
}

func sqliteBind(stmt *sqlite.Stmt, i int, a any) error {
	switch v := a.(type) {
	case string:
		stmt.BindText(i, plain(v))
	case int64:
		stmt.BindInt64(i, v)
	case []byte:
		stmt.BindBytes(i, v)
	case nil:
		stmt.BindNull(i)
	default:
		return checkArg(a)
	}
	return nil
}

type sqliteRow struct {
	stmt *sqlite.Stmt
	i    int
}

func (r *sqliteRow) next() int    { r.i++; return r.i - 1 }
func (r *sqliteRow) text() string { return r.stmt.ColumnText(r.next()) }
func (r *sqliteRow) num() int64   { return r.stmt.ColumnInt64(r.next()) }

func (r *sqliteRow) numOr(null int64) int64 {
	i := r.next()
	if r.stmt.ColumnIsNull(i) {
		return null
	}
	return r.stmt.ColumnInt64(i)
}

func (r *sqliteRow) blob() []byte {
	i := r.next()
	out := make([]byte, r.stmt.ColumnLen(i))
	r.stmt.ColumnBytes(i, out)
	return out
}

// sqliteTx is a transaction on the writer's connection.
type sqliteTx struct {
	sqliteConn
	engine *sqliteEngine
	wrote  int // statements
	over   bool
}

func (t *sqliteTx) exec(_ context.Context, q string, args ...any) (int64, error) {
	t.wrote++
	return t.sqliteConn.exec(sqliteText(q), args...)
}

// now is what a statement would answer, without one: SQLite has no clock but the host's, and reads it to the millisecond.
func (t *sqliteTx) now(context.Context) (int64, error) { return time.Now().UnixMilli() * 1000, nil }

func (t *sqliteTx) script(_ context.Context, text string) error {
	return sqlitex.ExecuteScript(t.Conn, text, nil)
}

func (t *sqliteTx) load(ctx context.Context, lookups []lookup, clock bool) (int64, error) {
	for _, l := range lookups {
		q := l.selectOne()
		for i := range l.keys[0] {
			args := []any{l.keys[0][i]}
			if len(l.by) > 1 {
				args = append(args, l.keys[1][i])
			}
			if err := t.query(ctx, q, l.each, args...); err != nil {
				return 0, fmt.Errorf("read %s: %w", l.table.name, err)
			}
		}
	}
	if !clock {
		return 0, nil
	}
	return t.now(ctx)
}

// selectOne is the statement for one key. The whole database is locked, so no row needs to be.
func (l lookup) selectOne() string {
	cols := l.cols
	if cols == "" {
		cols = l.table.list
	}
	q := "SELECT " + cols + " FROM " + l.table.name + " WHERE " + l.by[0] + " = $1"
	if len(l.by) > 1 {
		q += " AND " + l.by[1] + " = $2"
	}
	if l.where != "" {
		q += " AND " + l.where
	}
	return q
}

func (t *sqliteTx) apply(ctx context.Context, writes []write) error {
	for _, w := range writes {
		q := w.table.one
		if w.set != nil {
			q = w.set.one
		}
		for _, r := range w.rows {
			n, err := t.exec(ctx, q, r...)
			if err != nil {
				return fmt.Errorf("write %s: %w", w.table.name, err)
			}
			if n != 1 {
				return fmt.Errorf("write %s: %w", w.table.name, errChanged)
			}
		}
	}
	return nil
}

// fill is apply: one prepared statement for each table, and no limit of time.
func (t *sqliteTx) fill(ctx context.Context, writes []write) error { return t.apply(ctx, writes) }

func (t *sqliteTx) commit(context.Context) error {
	err := sqliteExec(t.Conn, "COMMIT")
	if err != nil {
		t.rollback()
		return err
	}
	t.engine.log.committed(t.wrote)
	t.end()
	return nil
}

// rollback ends the transaction if it has not ended. Some errors (disk full, I/O) have rolled it
// back already.
func (t *sqliteTx) rollback() {
	if t.over {
		return
	}
	if !t.AutocommitEnabled() {
		// A rollback that fails leaves the connection in the transaction, and the next BEGIN tells.
		_ = sqliteExec(t.Conn, "ROLLBACK")
	}
	t.end()
}

func (t *sqliteTx) end() {
	t.over = true
	t.engine.mu.Unlock()
}
