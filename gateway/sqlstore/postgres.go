package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// postgresReaders is how many reads run beside each other in this gateway: more gained nothing in
	// the shared figures, and a server's connections are for all gateways together.
	postgresReaders = 8
	// postgresMigrations is the advisory lock of migrations: "odelink" in ASCII.
	postgresMigrations = 0x6f64656c696e6b
	// rollbackTime bounds a rollback; a connection that takes longer is thrown away.
	rollbackTime = 2 * time.Second
)

// postgresSettings hold for every connection of ours, unless the address names them. A commit is on
// the server's disk before it is acknowledged, and nothing waits for ever.
var postgresSettings = map[string]string{
	"application_name":                    "odelink",
	"synchronous_commit":                  "on",
	"statement_timeout":                   "15s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "30s",
	"timezone":                            "UTC",
	"jit":                                 "off", // to compile a question takes longer than any here may
}

// postgresEngine has a connection for each writer and a pool for readers, so that reports cannot take
// the writers' places.
type postgresEngine struct {
	write *pgxpool.Pool
	reads *pgxpool.Pool
	n     int
}

func openPostgres(ctx context.Context, url string, writers int) (*postgresEngine, error) {
	e := &postgresEngine{n: writers}
	for _, p := range []struct {
		pool **pgxpool.Pool
		size int
	}{{&e.write, writers}, {&e.reads, postgresReaders}} {
		c, err := pgxpool.ParseConfig(url)
		if err != nil {
			// The driver's error may repeat the address, and that holds a password.
			return nil, errors.New("open the ledger: the address of PostgreSQL cannot be read")
		}
		c.MaxConns = int32(p.size)
		if p.pool == &e.write {
			// The writers' statements are few, always the same, and find rows by their ids: to plan them
			// again for each array of values would only cost time.
			c.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
		}
		for name, value := range postgresSettings {
			if _, named := c.ConnConfig.RuntimeParams[name]; !named {
				c.ConnConfig.RuntimeParams[name] = value
			}
		}
		if *p.pool, err = pgxpool.NewWithConfig(ctx, c); err != nil {
			return nil, fmt.Errorf("open the ledger: %w", err)
		}
	}
	return e, nil
}

func (e *postgresEngine) writers() int       { return e.n }
func (e *postgresEngine) section() string    { return "postgres" }
func (e *postgresEngine) lock() string       { return " FOR UPDATE" }
func (e *postgresEngine) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

func (e *postgresEngine) close() error {
	e.write.Close()
	e.reads.Close()
	return nil
}

// connection is an error of the way to the server, not of a statement.
type connection struct{ error }

func (c connection) Unwrap() error { return c.error }

func isConnection(err error) bool {
	var c connection
	return errors.As(err, &c)
}

// postgresError tells what the server said from what happened on the way to it.
func postgresError(err error) error {
	var said *pgconn.PgError
	if err == nil || errors.As(err, &said) {
		return err
	}
	return connection{err}
}

func (e *postgresEngine) read(ctx context.Context, snapshot bool, fn func(querier) error) error {
	conn, err := e.reads.Acquire(ctx)
	if err != nil {
		return postgresError(err)
	}
	defer conn.Release()
	q := postgresConn{conn.Conn()}
	if !snapshot {
		return fn(q)
	}
	if _, err := q.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return postgresError(err)
	}
	defer undo(q.Conn)
	return fn(q)
}

// readSoon has the server give up: a context that ends would take the connection with it, and the statements prepared
// on it.
func (e *postgresEngine) readSoon(ctx context.Context, most time.Duration, fn func(querier) error) error {
	conn, err := e.reads.Acquire(ctx)
	if err != nil {
		return postgresError(err)
	}
	defer conn.Release()
	q := postgresConn{conn.Conn()}
	if _, err := q.Exec(ctx, fmt.Sprintf("BEGIN READ ONLY; SET LOCAL statement_timeout = %d", most.Milliseconds())); err != nil {
		return postgresError(err)
	}
	defer undo(q.Conn)
	err = fn(q)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "57014" && ctx.Err() == nil { // query_canceled
		return errLate
	}
	return err
}

// undo ends a transaction. A connection on which that fails is still in it, and its pool closes it.
func undo(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTime)
	defer cancel()
	_, _ = c.Exec(ctx, "ROLLBACK")
}

func (e *postgresEngine) begin(ctx context.Context, _ int) (tx, error) {
	conn, err := e.write.Acquire(ctx)
	if err != nil {
		return nil, postgresError(err)
	}
	return &postgresTx{postgresConn: postgresConn{conn.Conn()}, held: conn, pool: e.write}, nil
}

func (e *postgresEngine) migrate(ctx context.Context, fn func(tx) error) error {
	t, err := e.begin(ctx, 0)
	if err != nil {
		return err
	}
	defer t.rollback()
	// Another gateway's migration may take long; waiting for it is right.
	if err := patient(ctx, t); err != nil {
		return err
	}
	err = t.query(ctx, "SELECT 1 FROM pg_advisory_xact_lock($1)", func(row) error { return nil }, int64(postgresMigrations))
	if err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	return t.commit(ctx)
}

// patient lets a transaction take and wait as long as it needs.
func patient(ctx context.Context, t tx) error {
	for _, q := range []string{"SET LOCAL lock_timeout = 0", "SET LOCAL statement_timeout = 0"} {
		if _, err := t.exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// postgresConn reads.
type postgresConn struct{ *pgx.Conn }

func (c postgresConn) query(ctx context.Context, q string, each func(row) error, args ...any) error {
	for i, a := range args {
		if text, ok := a.(string); ok {
			args[i] = plain(text)
		}
	}
	rows, err := c.Query(ctx, q, args...)
	if err != nil {
		return postgresError(err)
	}
	return eachRow(rows, each)
}

func eachRow(rows pgx.Rows, each func(row) error) error {
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return postgresError(err)
		}
		if err := each(&postgresRow{values: values}); err != nil {
			return err
		}
	}
	return postgresError(rows.Err())
}

const postgresClock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"

func (c postgresConn) now(ctx context.Context) (int64, error) {
	var n int64
	err := c.query(ctx, postgresClock, func(r row) error { n = r.num(); return nil })
	return n, err
}

// postgresRow hands out decoded values. A value of another type than the column's cannot come: the
// tables have three types, and the statements are fixed.
type postgresRow struct {
	values []any
	i      int
}

func (r *postgresRow) next() any { r.i++; return r.values[r.i-1] }

func (r *postgresRow) text() string {
	s, _ := r.next().(string)
	return s
}

func (r *postgresRow) num() int64 { return r.numOr(0) }

func (r *postgresRow) numOr(null int64) int64 {
	switch v := r.next().(type) {
	case int64:
		return v
	case int32: // a literal of a SELECT
		return int64(v)
	}
	return null
}

func (r *postgresRow) blob() []byte {
	b, _ := r.next().([]byte)
	return blank(b)
}

// postgresTx is a transaction that begins with its first message to the server.
type postgresTx struct {
	postgresConn
	held  *pgxpool.Conn
	pool  *pgxpool.Pool
	begun bool
	over  bool
}

const postgresBegin = "BEGIN ISOLATION LEVEL READ COMMITTED"

func (t *postgresTx) start(ctx context.Context) error {
	if t.begun {
		return nil
	}
	_, err := t.Exec(ctx, postgresBegin)
	t.begun = err == nil
	return postgresError(err)
}

func (t *postgresTx) query(ctx context.Context, q string, each func(row) error, args ...any) error {
	if err := t.start(ctx); err != nil {
		return err
	}
	return t.postgresConn.query(ctx, q, each, args...)
}

func (t *postgresTx) exec(ctx context.Context, q string, args ...any) (int64, error) {
	if err := t.start(ctx); err != nil {
		return 0, err
	}
	for i, a := range args {
		if text, ok := a.(string); ok {
			args[i] = plain(text)
		}
	}
	tag, err := t.Exec(ctx, q, args...)
	return tag.RowsAffected(), postgresError(err)
}

func (t *postgresTx) script(ctx context.Context, text string) error {
	if err := t.start(ctx); err != nil {
		return err
	}
	_, err := t.PgConn().Exec(ctx, text).ReadAll()
	return postgresError(err)
}

// load sends BEGIN, every look-up and the question for the time in one message. The time is read
// last, when the rows are locked.
func (t *postgresTx) load(ctx context.Context, lookups []lookup, clock bool) (int64, error) {
	if t.begun && len(lookups) == 0 && !clock {
		return 0, nil
	}
	res, err := t.send(ctx, lookups, clock)
	if err != nil {
		return 0, err
	}
	defer res.Close()
	for _, l := range lookups {
		if err := t.eachResult(res, l.each); err != nil {
			return 0, fmt.Errorf("read %s: %w", l.table.name, err)
		}
	}
	var now int64
	if clock {
		if err := t.eachResult(res, func(r row) error { now = r.num(); return nil }); err != nil {
			return 0, err
		}
	}
	return now, postgresError(res.Close())
}

func (t *postgresTx) eachResult(res pgx.BatchResults, each func(row) error) error {
	rows, err := res.Query()
	if err != nil {
		return postgresError(err)
	}
	return eachRow(rows, each)
}

// send sends the transaction's first message. A server that was restarted leaves dead connections in
// the pool: nothing has begun on them, so others may be tried, one more than the pool has.
func (t *postgresTx) send(ctx context.Context, lookups []lookup, clock bool) (pgx.BatchResults, error) {
	for try := 0; ; try++ {
		res := t.SendBatch(ctx, t.message(lookups, clock))
		if t.begun {
			return res, nil
		}
		_, err := res.Exec()
		if err == nil {
			t.begun = true
			return res, nil
		}
		_ = res.Close() // the error that counts is err
		err = postgresError(err)
		if !isDead(err) || try > int(t.pool.Config().MaxConns) {
			return nil, err
		}
		if err := t.reconnect(ctx); err != nil {
			return nil, err
		}
	}
}

func (t *postgresTx) message(lookups []lookup, clock bool) *pgx.Batch {
	b := &pgx.Batch{}
	if !t.begun {
		b.Queue(postgresBegin)
	}
	for _, l := range lookups {
		args := make([]any, len(l.keys))
		for i := range l.keys {
			args[i] = l.keys[i]
		}
		b.Queue(l.selectMany(), args...)
	}
	if clock {
		b.Queue(postgresClock)
	}
	return b
}

// isDead says whether the connection, not the database, is what is gone.
func isDead(err error) bool {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Code == "57P01" || said.Code == "57P02" // its server process was ended
	}
	return isConnection(err)
}

func (t *postgresTx) reconnect(ctx context.Context) error {
	_ = t.Close(ctx) // dead already
	t.held.Release()
	conn, err := t.pool.Acquire(ctx)
	if err != nil {
		t.over = true
		return postgresError(err)
	}
	t.held, t.postgresConn = conn, postgresConn{conn.Conn()}
	return nil
}

// selectMany is the statement for all keys at once.
func (l lookup) selectMany() string {
	cols := l.cols
	if cols == "" {
		cols = l.table.list
	}
	q := "SELECT " + cols + " FROM " + l.table.name + " WHERE "
	if len(l.by) > 1 {
		q += "(" + strings.Join(l.by, ", ") + ") IN (SELECT * FROM unnest($1::text[], $2::text[]))"
	} else {
		q += l.by[0] + " = ANY($1)"
	}
	if l.where != "" {
		q += " AND " + l.where
	}
	if l.lock {
		q += " ORDER BY id FOR UPDATE"
	}
	return q
}

// apply sends all writes in one message, each as one statement over arrays of columns.
func (t *postgresTx) apply(ctx context.Context, writes []write) error {
	if err := t.start(ctx); err != nil {
		return err
	}
	var b pgx.Batch
	for _, w := range writes {
		q, kinds := w.many()
		args, err := columnsOf(kinds, w.rows)
		if err != nil {
			return fmt.Errorf("write %s: %w", w.table.name, err)
		}
		b.Queue(q, args...)
	}
	res := t.SendBatch(ctx, &b)
	defer res.Close()
	for _, w := range writes {
		tag, err := res.Exec()
		if err != nil {
			return fmt.Errorf("write %s: %w", w.table.name, postgresError(err))
		}
		if tag.RowsAffected() != int64(len(w.rows)) {
			return fmt.Errorf("write %s: %w", w.table.name, errChanged)
		}
	}
	return postgresError(res.Close())
}

// fill sends rows by COPY.
func (t *postgresTx) fill(ctx context.Context, writes []write) error {
	if err := patient(ctx, t); err != nil {
		return err
	}
	for _, w := range writes {
		if len(w.rows) == 0 {
			continue
		}
		names := make([]string, len(w.table.cols))
		for i, c := range w.table.cols {
			names[i] = c.name
		}
		n, err := t.CopyFrom(ctx, pgx.Identifier{w.table.name}, names, pgx.CopyFromSlice(len(w.rows), func(i int) ([]any, error) {
			for at, v := range w.rows[i] {
				if text, ok := v.(string); ok {
					w.rows[i][at] = plain(text)
				}
			}
			return w.rows[i], nil
		}))
		if err != nil {
			return fmt.Errorf("write %s: %w", w.table.name, postgresError(err))
		}
		if n != int64(len(w.rows)) {
			return fmt.Errorf("write %s: %w", w.table.name, errChanged)
		}
	}
	return nil
}

// many is the statement that writes all rows, and the kinds of the columns it takes.
func (w write) many() (string, []kind) {
	if w.set == nil {
		return w.table.all, w.table.kinds
	}
	return w.set.all, w.set.kinds
}

// unnest is "unnest($1::text[], $2::bigint[], …)".
func unnest(kinds []kind) string {
	var b strings.Builder
	for i, k := range kinds {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d::%s[]", i+1, k.sql())
	}
	return "unnest(" + b.String() + ")"
}

// columnsOf turns rows into one array for each column.
func columnsOf(kinds []kind, rows [][]any) ([]any, error) {
	out := make([]any, len(kinds))
	for i, k := range kinds {
		var err error
		switch k {
		case kindText:
			out[i], err = textColumn(rows, i)
		case kindNum:
			out[i], err = numColumn(rows, i)
		default:
			out[i], err = blobColumn(rows, i)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func textColumn(rows [][]any, i int) ([]string, error) {
	out := make([]string, len(rows))
	for n, r := range rows {
		v, ok := r[i].(string)
		if !ok {
			return nil, wrongKind(r[i], kindText)
		}
		out[n] = plain(v)
	}
	return out, nil
}

// numColumn is the only one that may hold NULL.
func numColumn(rows [][]any, i int) ([]*int64, error) {
	out, values := make([]*int64, len(rows)), make([]int64, len(rows))
	for n, r := range rows {
		switch v := r[i].(type) {
		case int64:
			values[n] = v
			out[n] = &values[n]
		case nil:
		default:
			return nil, wrongKind(v, kindNum)
		}
	}
	return out, nil
}

func blobColumn(rows [][]any, i int) ([][]byte, error) {
	out := make([][]byte, len(rows))
	for n, r := range rows {
		v, ok := r[i].([]byte)
		if !ok {
			return nil, wrongKind(r[i], kindBlob)
		}
		out[n] = v
	}
	return out, nil
}

func wrongKind(v any, k kind) error { return fmt.Errorf("a %T for a column of %s", v, k.sql()) }

// commit answers the server's error where it is certain that nothing was stored.
func (t *postgresTx) commit(ctx context.Context) error {
	if !t.begun {
		t.end()
		return nil
	}
	tag, err := t.Exec(ctx, "COMMIT")
	if err != nil {
		return postgresError(err)
	}
	t.end()
	if tag.String() != "COMMIT" {
		return errChanged // the server had given the transaction up and rolled it back
	}
	return nil
}

func (t *postgresTx) rollback() {
	if t.over {
		return
	}
	if t.begun && !t.IsClosed() {
		undo(t.Conn)
	}
	t.end()
}

func (t *postgresTx) end() {
	t.over = true
	t.held.Release()
}
