package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// errLate: a question was given up.
var errLate = errors.New("the answer takes longer than it is worth")

// engine is what SQLite and PostgreSQL do differently. Everything above it is written once.
type engine interface {
	// writers says how many transactions may write at once.
	writers() int
	// begin starts a writing transaction on writer w.
	begin(ctx context.Context, w int) (tx, error)
	// read runs fn with a connection of the readers; snapshot gives it one moment's view.
	read(ctx context.Context, snapshot bool, fn func(querier) error) error
	// readSoon is read for a question that need not be answered: it ends with errLate after a while, and its
	// connection stays.
	readSoon(ctx context.Context, most time.Duration, fn func(querier) error) error
	// migrate runs what in one transaction that no other process's migration overlaps.
	migrate(ctx context.Context, fn func(tx) error) error
	// section is the engine's name in migration files.
	section() string
	// lock and skipLocked end a SELECT whose rows no other transaction may change, waiting for those
	// that one is changing or passing over them.
	lock() string
	skipLocked() string
	close() error
}

// querier reads.
type querier interface {
	// query runs q with $1, $2 … and calls each for every row.
	query(ctx context.Context, q string, each func(row) error, args ...any) error
	// now asks the database's clock, in microseconds since 1970 UTC.
	now(ctx context.Context) (int64, error)
}

// tx is a writing transaction.
type tx interface {
	querier
	// exec runs q and answers how many rows changed.
	exec(ctx context.Context, q string, args ...any) (int64, error)
	// script runs statements of a migration file.
	script(ctx context.Context, text string) error
	// load runs look-ups, in order, and answers the database's clock where asked for.
	load(ctx context.Context, lookups []lookup, clock bool) (int64, error)
	// apply writes rows, in order. Fewer changed rows than given are errChanged.
	apply(ctx context.Context, writes []write) error
	// fill inserts rows, many at once, however long that takes.
	fill(ctx context.Context, writes []write) error
	commit(ctx context.Context) error
	rollback()
}

// lookup selects rows by the values of one or two text columns. With lock, no other transaction can
// change them until this one ends; rows are locked in the order of their ids, so that two
// transactions that share rows cannot wait for each other.
type lookup struct {
	table *table
	cols  string // instead of the table's own
	by    []string
	keys  [][]string // as many columns as by, equally long
	where string     // further condition
	lock  bool
	each  func(row) error
}

// write inserts rows of a table, or with set updates them.
type write struct {
	table *table
	set   *update // nil = insert
	rows  [][]any
}

// update is a prepared choice of columns. Its rows hold the key, then these columns, then the value
// that the guard column must still have; without a guard the key alone selects.
type update struct {
	cols  []column
	index []int // where each of them is in a whole row
	guard string
	one   string // the statement for one row
	all   string // for arrays of rows, in PostgreSQL
	kinds []kind // of the key, the columns and the guard
}

// newUpdate prepares an update of the named columns; the table's first column is the key.
func newUpdate(t *table, guard string, names ...string) *update {
	u := &update{guard: guard}
	var b strings.Builder
	b.WriteString("UPDATE " + t.name + " SET ")
	for i, n := range names {
		at := t.from(n)
		u.cols, u.index = append(u.cols, t.cols[at]), append(u.index, at)
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s = $%d", n, i+2)
	}
	fmt.Fprintf(&b, " WHERE %s = $1", t.cols[0].name)
	if guard != "" {
		fmt.Fprintf(&b, " AND %s = $%d", guard, len(names)+2)
	}
	u.one = b.String()
	u.all, u.kinds = u.unnested(t)
	return u
}

// unnested is the update of many rows from arrays, with the kinds of those.
func (u *update) unnested(t *table) (string, []kind) {
	kinds := []kind{t.cols[0].kind}
	names, set := []string{"k"}, make([]string, 0, len(u.cols))
	for i, c := range u.cols {
		kinds = append(kinds, c.kind)
		names = append(names, fmt.Sprintf("c%d", i))
		set = append(set, fmt.Sprintf("%s = v.c%d", c.name, i))
	}
	where := fmt.Sprintf("%s.%s = v.k", t.name, t.cols[0].name)
	if u.guard != "" {
		kinds = append(kinds, t.cols[t.from(u.guard)].kind)
		names = append(names, "g")
		where += fmt.Sprintf(" AND %s.%s = v.g", t.name, u.guard)
	}
	return fmt.Sprintf("UPDATE %s SET %s FROM %s AS v(%s) WHERE %s",
		t.name, strings.Join(set, ", "), unnest(kinds), strings.Join(names, ", "), where), kinds
}

// row hands out the columns of a result from left to right.
type row interface {
	text() string
	num() int64
	numOr(null int64) int64
	blob() []byte
}

// kind is a column's type: text, 64-bit integer or bytes. Nothing else is stored.
type kind byte

const (
	kindText kind = 't'
	kindNum  kind = 'n'
	kindBlob kind = 'b'
)

func (k kind) sql() string {
	switch k {
	case kindNum:
		return "bigint"
	case kindBlob:
		return "bytea"
	}
	return "text"
}

type column struct {
	name string
	kind kind
}

// table is a table and the columns that this program writes, in the order it writes them.
type table struct {
	name string
	cols []column
	list string // comma-separated, for SELECT and INSERT
	one  string // inserts one row

	all   string // inserts arrays of rows, in PostgreSQL
	kinds []kind
}

// newTable reads "name:kind name:kind …".
func newTable(name, spec string) *table {
	t := &table{name: name}
	var names, holes []string
	for _, f := range strings.Fields(spec) {
		n, k, ok := strings.Cut(f, ":")
		if !ok || len(k) != 1 {
			panic("sqlstore: column without a kind: " + f)
		}
		t.cols = append(t.cols, column{name: n, kind: kind(k[0])})
		t.kinds = append(t.kinds, kind(k[0]))
		names = append(names, n)
		holes = append(holes, fmt.Sprintf("$%d", len(names)))
	}
	t.list = strings.Join(names, ", ")
	t.one = "INSERT INTO " + name + " (" + t.list + ") VALUES (" + strings.Join(holes, ", ") + ")"
	t.all = "INSERT INTO " + name + " (" + t.list + ") SELECT * FROM " + unnest(t.kinds)
	return t
}

// listOf is list where the table has another name.
func (t *table) listOf(alias string) string {
	return alias + "." + strings.ReplaceAll(t.list, ", ", ", "+alias+".")
}

// with is the table with more of its columns.
func (t *table) with(spec string) *table {
	var all strings.Builder
	for _, c := range t.cols {
		all.WriteString(c.name + ":" + string(c.kind) + " ")
	}
	return newTable(t.name, all.String()+spec)
}

// bound are the values that a row's event vouches for: the first n columns, and of those behind the column head,
// which came after the first release, each that is neither 0 nor empty, with its name. So a row of before says what
// it always said, and one that was changed by hand does not.
func (t *table) bound(values []any, n int) []any {
	out := slices.Clip(values[:n])
	for i := t.from("head") + 1; i < len(values); i++ {
		if values[i] != any("") && values[i] != any(int64(0)) {
			out = append(out, t.cols[i].name, values[i])
		}
	}
	return out
}

// from is the position of a column.
func (t *table) from(name string) int {
	for i, c := range t.cols {
		if c.name == name {
			return i
		}
	}
	panic("sqlstore: " + t.name + " has no column " + name)
}

// micros is how times are stored; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func num(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// plain makes a text that both databases store alike: PostgreSQL refuses NUL and broken UTF-8, and
// a browser may send either in a header.
func plain(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

// blank is stored for no bytes: no column that is bound into a digest is NULL.
func blank(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// checkArg refuses at once what a driver would refuse late.
func checkArg(v any) error {
	switch v.(type) {
	case nil, string, int64, []byte:
		return nil
	}
	return fmt.Errorf("sqlstore: a %T is no column value", v)
}
