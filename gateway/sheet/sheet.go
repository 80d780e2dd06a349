// Package sheet reads the tables that people upload: CSV as whichever program wrote it, and XLSX. A table is
// handed out row by row; a row that cannot be read is told and passed over, and no bytes make it stop the
// program. It deliberately knows nothing of what a column means.
package sheet

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/odelink/odelink/checkout"
)

// MaxBytes bounds a file; the longest day of a bank that we have heard of has a tenth of it.
const MaxBytes = 5 << 20

// Limits of a table (threat model A57).
const (
	// MaxColumns and MaxText bound a row: cells, and bytes of a cell.
	MaxColumns = 200
	MaxText    = 4000
	// MaxRows is more than a file of MaxBytes has in practice.
	MaxRows = 100_000
)

// Cell is one value as text.
type Cell struct {
	Text string
	// Number: the file holds a number, which is written here with a point and without groups. Other texts
	// that look like numbers are as somebody typed them. A date that the file holds is text, as
	// "2006-01-02", "15:04:05" or both.
	Number bool
}

// Row is one line of the table; those without any text are passed over.
type Row struct {
	Number int // in the file, from 1
	Cells  []Cell
}

// RowError says why one row was not read. The rows behind it can be.
type RowError struct {
	Row  int
	Code string // row_too_wide, row_text_too_long, row_quote_open
}

func (e *RowError) Error() string { return e.Code }

// What is wrong with a whole file.
var (
	ErrEmpty    = fileError("file_empty")
	ErrTooLarge = fileError("file_too_large")
	// ErrKind: neither text nor a workbook; ErrOldExcel: a workbook in the form before 2007.
	ErrKind     = fileError("file_not_a_table")
	ErrOldExcel = fileError("file_old_excel")
	// ErrDamaged: a workbook that cannot be read.
	ErrDamaged = fileError("file_damaged")
)

func fileError(code string) *checkout.Error {
	return &checkout.Error{Kind: checkout.KindInvalid, Code: code}
}

// Table is an opened file.
type Table struct {
	next func() (Row, error)
	rows int
}

// Open recognises the kind of a file by its first bytes and makes it ready to be read. data must not change
// while the table is in use.
func Open(data []byte) (*Table, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, ErrEmpty
	case len(data) > MaxBytes:
		return nil, ErrTooLarge
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return openWorkbook(data)
	case bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0")):
		return nil, ErrOldExcel
	}
	return openText(data)
}

// Next answers the next row with text in it: io.EOF behind the last, a *RowError for one that is passed over,
// and any other error ends the table.
func (t *Table) Next() (Row, error) {
	for {
		row, err := t.next()
		var bad *RowError
		if err != nil && !errors.As(err, &bad) {
			return Row{}, err
		}
		if t.rows++; t.rows > MaxRows {
			return Row{}, ErrTooLarge
		}
		if err != nil {
			return Row{}, err
		}
		if code := tooMuch(row.Cells); code != "" {
			return Row{}, &RowError{Row: row.Number, Code: code}
		}
		for _, c := range row.Cells {
			if c.Text != "" {
				return row, nil
			}
		}
	}
}

// All reads a table to its end, or until it has more than so many rows: its rows, and what was wrong with others. Rows
// that nobody wants are not held: a hundred thousand wide ones, 10 KB in a workbook, took a gigabyte of memory (A57).
func (t *Table) All(most int) (rows []Row, wrong []*RowError, err error) {
	for len(rows)+len(wrong) <= most {
		row, err := t.Next()
		var bad *RowError
		switch {
		case errors.Is(err, io.EOF):
			return rows, wrong, nil
		case errors.As(err, &bad):
			wrong = append(wrong, bad)
		case err != nil:
			return nil, nil, err
		default:
			rows = append(rows, row)
		}
	}
	return rows, wrong, nil
}

func tooMuch(cells []Cell) (code string) {
	if len(cells) > MaxColumns {
		return "row_too_wide"
	}
	for _, c := range cells {
		if len(c.Text) > MaxText {
			return "row_text_too_long"
		}
	}
	return ""
}

// Fold makes headings and words comparable as people write them: without case, Turkish letters as their Latin
// neighbours, and everything that is no letter or digit as one blank.
func Fold(text string) string {
	text = letters.Replace(strings.ToLower(letters.Replace(text)))
	var out strings.Builder
	blank := false
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if blank && out.Len() > 0 {
				out.WriteByte(' ')
			}
			out.WriteRune(r)
			blank = false
		case r != '\u0307': // the dot that lower-casing İ leaves behind
			blank = true
		}
	}
	return out.String()
}

var letters = strings.NewReplacer("ç", "c", "Ç", "C", "ğ", "g", "Ğ", "G", "ı", "i", "İ", "I", "ö", "o", "Ö", "O", "ş", "s", "Ş", "S",
	"ü", "u", "Ü", "U", "â", "a", "Â", "A", "î", "i", "Î", "I", "û", "u", "Û", "U")
