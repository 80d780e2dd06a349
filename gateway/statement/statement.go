// Package statement reads the lists that banks hand out of a day's payments, from a table: which column is
// what is guessed from the headings, in Turkish and English, or told. It deliberately decides nothing about
// what it read; checkout.Service holds it against the ledger.
package statement

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sheet"
)

// MaxLines bounds a list.
const MaxLines = 20_000

// maxFaults is how many unreadable rows are told one by one.
const maxFaults = 100

// headRows is how far down the headings may stand: banks put titles above them.
const headRows = 40

// Read is what a file said.
type Read struct {
	Lines  []checkout.BankLine
	Faults []checkout.LineFault // the first of them
	Failed int                  // how many rows could not be read
	// Columns are those that were used, by field, as the file heads them.
	Columns map[string]string
	Heads   []string // all of the file's headings, in their order
}

// ErrColumns: the file has no headings in which day and amount could be found. Its fields say which are
// missing, with the headings that were read.
var ErrColumns = &checkout.Error{Kind: checkout.KindInvalid, Code: "bank_file_columns"}

// ErrNoLines: not one row could be read.
var ErrNoLines = &checkout.Error{Kind: checkout.KindInvalid, Code: "bank_file_no_lines"}

// ErrTooMany: more than MaxLines.
var ErrTooMany = &checkout.Error{Kind: checkout.KindInvalid, Code: "bank_file_too_long"}

// File reads a bank's file. columns are the headings to use, by field; those that the file does not have, or an
// empty set, are guessed. Amounts without a currency are in the one given.
func File(data []byte, columns map[string]string, currency checkout.Currency) (Read, error) {
	table, err := sheet.Open(data)
	if err != nil {
		return Read{}, err
	}
	in := reader{table: table, currency: currency}
	if err := in.heading(columns); err != nil {
		return Read{}, err
	}
	for {
		row, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Read{}, err
		}
		in.take(row)
		if len(in.read.Lines)+in.read.Failed > MaxLines {
			return Read{}, ErrTooMany
		}
	}
	slices.SortStableFunc(in.read.Faults, func(a, b checkout.LineFault) int { return a.Row - b.Row }) // some were met before the headings
	if len(in.read.Lines) == 0 {
		return in.read, withFaults(ErrNoLines, in.read.Faults)
	}
	return in.read, nil
}

// withFaults tells the first rows that could not be read, as fields "row 12.amount".
func withFaults(e *checkout.Error, faults []checkout.LineFault) error {
	out := *e
	for _, f := range faults[:min(len(faults), 10)] {
		name := fmt.Sprintf("row %d", f.Row)
		if f.Field != "" {
			name += "." + f.Field
		}
		out.Fields = append(out.Fields, checkout.FieldError{Field: name, Code: f.Code})
	}
	return &out
}

// reader goes through a table.
type reader struct {
	table    *sheet.Table
	currency checkout.Currency
	at       map[string]int // column by field
	read     Read
	kept     []sheet.Row // read while looking for the headings
}

// next answers the next row that can be read.
func (in *reader) next() (sheet.Row, error) {
	if len(in.kept) > 0 {
		row := in.kept[0]
		in.kept = in.kept[1:]
		return row, nil
	}
	for {
		row, err := in.table.Next()
		var bad *sheet.RowError
		if !errors.As(err, &bad) {
			return row, err
		}
		in.fault(bad.Row, "", bad.Code)
	}
}

func (in *reader) fault(row int, field, code string) {
	if in.read.Failed++; len(in.read.Faults) < maxFaults {
		in.read.Faults = append(in.read.Faults, checkout.LineFault{Row: row, Field: field, Code: code})
	}
}

// heading finds the row of headings: the one among the first in which most fields are known.
func (in *reader) heading(columns map[string]string) error {
	var rows []sheet.Row
	best, most := -1, 0
	for len(rows) < headRows {
		row, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if n := len(assign(row.Cells, columns)); n > most {
			best, most = len(rows), n
		}
		rows = append(rows, row)
	}
	if best < 0 {
		best = 0
	}
	if len(rows) == 0 {
		return ErrNoLines
	}
	in.at = assign(rows[best].Cells, columns)
	in.kept = rows[best+1:]
	in.read.Columns, in.read.Heads = map[string]string{}, nil
	for _, c := range rows[best].Cells {
		if c.Text != "" && len(in.read.Heads) < 60 {
			in.read.Heads = append(in.read.Heads, masked(short(c.Text)))
		}
	}
	for field, i := range in.at {
		in.read.Columns[field] = masked(short(rows[best].Cells[i].Text))
	}
	return in.complete()
}

// complete demands the columns without which a list says nothing.
func (in *reader) complete() error {
	out := *ErrColumns
	for _, field := range []string{FieldDate, FieldAmount} {
		if _, has := in.at[field]; !has {
			out.Fields = append(out.Fields, checkout.FieldError{Field: field, Code: "column_missing", Args: map[string]string{"known": strings.Join(in.read.Heads, ", ")}})
		}
	}
	if out.Fields == nil && !slices.ContainsFunc([]string{FieldRRN, FieldOrder, FieldAuth}, func(f string) bool { _, has := in.at[f]; return has }) {
		out.Fields = append(out.Fields, checkout.FieldError{Field: FieldRRN, Code: "column_missing", Args: map[string]string{"known": strings.Join(in.read.Heads, ", ")}})
	}
	if out.Fields != nil {
		return &out
	}
	return nil
}

// short cuts a heading to what a person would read of it.
func short(text string) string {
	if r := []rune(text); len(r) > 60 {
		return string(r[:60])
	}
	return text
}

// assign finds the columns of the fields in a row of headings: those that were told, then those whose heading
// is one of a field's words, then those whose heading begins with one. No column is two fields.
func assign(heads []sheet.Cell, told map[string]string) map[string]int {
	folded := make([]string, len(heads))
	for i, c := range heads {
		if !c.Number {
			folded[i] = sheet.Fold(c.Text)
		}
	}
	at, used := map[string]int{}, map[int]bool{}
	put := func(field string, fits func(head string) bool) {
		if _, has := at[field]; has {
			return
		}
		for i, head := range folded {
			if head != "" && !used[i] && fits(head) {
				at[field], used[i] = i, true
				return
			}
		}
	}
	for _, field := range slices.Sorted(maps.Keys(told)) {
		want := sheet.Fold(told[field])
		put(field, func(head string) bool { return want != "" && head == want })
	}
	for _, f := range Fields {
		for _, word := range headings[f] {
			put(f, func(head string) bool { return head == word })
		}
	}
	for _, f := range Fields {
		for _, word := range headings[f] {
			put(f, func(head string) bool {
				return strings.HasPrefix(head, word+" ") && !slices.ContainsFunc(strings.Fields(head), func(w string) bool { return noValue[w] })
			})
		}
	}
	return at
}
