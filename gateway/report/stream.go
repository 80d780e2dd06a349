package report

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Format is a way to write reports.
type Format struct {
	Name string // also the ending of the file's name
	Type string // media type
	make func(w *bytes.Buffer, h head) encoder
}

// Formats lists them.
func Formats() []Format {
	return []Format{
		{"json", "application/json", newJSON},
		{"csv", "text/csv; charset=utf-8", newCSV},
		{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", newXLSX},
	}
}

// FormatByName finds a format.
func FormatByName(name string) (Format, bool) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// Dialect is a way to write CSV.
type Dialect string

// The dialects. Turkish spreadsheets want a byte order mark, semicolons, decimal commas and days before
// months; programs want RFC 4180, a decimal point and ISO dates.
const (
	DialectTR      Dialect = "tr"
	DialectRFC4180 Dialect = "rfc4180"
)

// Dialects lists them, the usual one first.
var Dialects = []Dialect{DialectTR, DialectRFC4180}

// head is what an encoder knows of a report.
type head struct {
	name     string
	title    string
	columns  []Column
	titles   []string
	lang     string
	dialect  Dialect
	from, to time.Time
}

// encoder writes a report into its buffer, which is emptied between two calls.
type encoder interface {
	begin() error
	row(Row) error
	end([]Total) error
}

// Total is what the columns with Sum come to in one currency. Where a single row does not know its value,
// nobody knows the total.
type Total struct {
	Currency checkout.Currency
	Rows     int64
	Sums     []Value // for each column; none in those without Sum
}

// Stream is a report being written: whoever reads it makes it read its next page. Reading is the only thing
// that goes on, so a slow reader holds no connection to the database and a reader that is gone leaves nothing.
// An error in the middle is answered as it is, never as the end.
type Stream struct {
	buf     bytes.Buffer
	next    batches
	enc     encoder
	columns []Column
	totals  []Total
	plain   bool
	err     error // what the buffer ends with
}

// Open begins a report: its first page is read, so that what cannot begin is refused before a byte of it is
// answered. ctx is that of all reading.
func Open(ctx context.Context, l Ledger, r Report, q Query, f Format, lang string, d Dialect) (*Stream, error) {
	next, err := r.open(ctx, l, q)
	if err != nil {
		return nil, fmt.Errorf("report %s: %w", r.Name, err)
	}
	s := &Stream{next: next, columns: r.columns, plain: r.plain}
	h := head{name: r.Name, title: r.Title.In(lang), columns: r.columns, lang: lang, dialect: d, from: q.From, to: q.To}
	for _, c := range r.columns {
		h.titles = append(h.titles, c.Title.In(lang))
	}
	s.enc = f.make(&s.buf, h)
	if err := s.enc.begin(); err != nil {
		return nil, err
	}
	if s.more(); s.err != nil && s.err != io.EOF {
		return nil, fmt.Errorf("report %s: %w", r.Name, s.err)
	}
	return s, nil
}

// Read is io.Reader's.
func (s *Stream) Read(p []byte) (int, error) {
	for s.buf.Len() == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.more()
	}
	return s.buf.Read(p)
}

// more writes the next page, or the end. What a page that broke had already written is dropped.
func (s *Stream) more() {
	rows, end := s.next()
	err := end
	if !failed(end) {
		err = s.rows(rows)
	}
	if err == nil && end != nil {
		if err = s.enc.end(s.totals); err == nil {
			s.err = end
		}
	}
	if err != nil {
		s.buf.Reset()
		s.err = err
	}
}

func (s *Stream) rows(rows []Row) error {
	for _, r := range rows {
		if err := s.count(r); err != nil {
			return err
		}
		if err := s.enc.row(r); err != nil {
			return err
		}
	}
	return nil
}

// count adds a row to the totals of its currency.
func (s *Stream) count(r Row) error {
	if s.plain {
		return nil
	}
	i := 0
	for i < len(s.totals) && s.totals[i].Currency != r.Currency {
		i++
	}
	if i == len(s.totals) {
		t := Total{Currency: r.Currency, Sums: make([]Value, len(s.columns))}
		for at, c := range s.columns {
			t.Sums[at].None = !c.Sum
		}
		s.totals = append(s.totals, t)
	}
	t := &s.totals[i]
	t.Rows++
	for at, c := range s.columns {
		if t.Sums[at].None = t.Sums[at].None || r.Values[at].None; t.Sums[at].None {
			continue
		}
		sum, err := (checkout.Money{Minor: t.Sums[at].N}).Add(checkout.Money{Minor: r.Values[at].N})
		if err != nil {
			return fmt.Errorf("total of %s: %w", c.Name, err)
		}
		t.Sums[at].N = sum.Minor
	}
	return nil
}

// totalRow is a total as a line of the table: the word in the first column that holds text, the currency in
// its own.
func totalRow(columns []Column, t Total, word string) Row {
	r := Row{Currency: t.Currency, Values: make([]Value, len(columns))}
	said := false
	for i, c := range columns {
		switch {
		case c.Sum:
			r.Values[i] = t.Sums[i]
		case c.Name == "currency":
			r.Values[i] = text(string(t.Currency))
		case !said && c.Type == TypeText:
			r.Values[i], said = text(word), true
		default:
			r.Values[i] = none
		}
	}
	return r
}

var totalWord = Words{"TOPLAM", "TOTAL"}

// isoTime is how programs read times: milliseconds, as everywhere in the API.
const isoTime = "2006-01-02T15:04:05.000Z07:00"
