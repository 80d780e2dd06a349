package sheet

import (
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// openText reads separated values. What they are separated by, and in which letters they are written, is found
// out (domain.md 5.5).
func openText(data []byte) (*Table, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	first := 1
	mark, rest, told := toldSeparator(text)
	if told {
		text, first = rest, 2
	} else {
		mark = separator(text)
	}
	t := &textReader{rest: text, mark: mark, line: first}
	return &Table{next: t.next}, nil
}

// maxQuotedLines is how many lines a quoted cell may have: more of them are a quote that nobody meant.
const maxQuotedLines = 50

// textReader hands out the records of separated values, each read by itself so that a mistake in one does not
// reach the next.
type textReader struct {
	rest string
	mark rune
	line int // of the first byte of rest, from 1
}

// next answers the next record. A quote that is not closed within a cell's bounds is a RowError of its line, and
// the line behind it is the next record.
func (t *textReader) next() (Row, error) {
	for t.rest != "" {
		begin := t.line
		record, closed := t.take()
		if !closed {
			return Row{}, &RowError{Row: begin, Code: "row_quote_open"}
		}
		if strings.Trim(record, "\r\n") == "" {
			continue
		}
		r := csv.NewReader(strings.NewReader(record))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes = t.mark, -1, true
		fields, err := r.Read()
		if err != nil {
			return Row{}, ErrKind // lazy quotes and free lengths leave nothing to be wrong about
		}
		row := Row{Number: begin, Cells: make([]Cell, len(fields))}
		for i, f := range fields {
			row.Cells[i].Text = tidy(f)
		}
		return row, nil
	}
	return Row{}, io.EOF
}

// take cuts the next record off, with the lines that its quotes hold together; of one that stays open, its first
// line only.
func (t *textReader) take() (record string, closed bool) {
	size, first, quoted := 0, 0, false
	for lines := 1; lines <= maxQuotedLines && size < len(t.rest); lines++ {
		line := t.rest[size:]
		if end := strings.IndexByte(line, '\n'); end >= 0 {
			line = line[:end+1]
		}
		size += len(line)
		if lines == 1 {
			first = size
		}
		if quoted = opens(line, t.mark, quoted); !quoted {
			record, t.rest = t.rest[:size], t.rest[size:]
			t.line += lines
			return record, true
		}
		if size-first > MaxText {
			break
		}
	}
	t.rest, t.line = t.rest[first:], t.line+1
	return "", false
}

// opens says whether a quoted cell is open at the end of a line, as encoding/csv reads with lazy quotes: a cell
// is quoted that begins with a quote, and ends with one before a mark or the line's end.
func opens(line string, mark rune, quoted bool) bool {
	line = strings.TrimRight(line, "\r\n")
	begins := !quoted // a cell
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '"' && i+1 < len(line) && line[i+1] == '"':
			i++
		case quoted && c == '"' && (i+1 == len(line) || rune(line[i+1]) == mark):
			quoted = false
		case !quoted && c == '"' && begins:
			quoted = true
		}
		begins = !quoted && rune(line[i]) == mark
	}
	return quoted
}

// tidy takes away what programs put around a value so that spreadsheets keep it as text: blanks, ="…", and the
// apostrophe before what could be a formula.
func tidy(text string) string {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, `="`); ok && strings.HasSuffix(inner, `"`) && len(inner) > 0 {
		text = strings.TrimSpace(inner[:len(inner)-1])
	}
	return strings.TrimSpace(strings.TrimPrefix(text, "'"))
}

// decode makes a file UTF-8: by its byte order mark, else UTF-8 where it is that, else Windows-1254, which
// Turkish programs write. Bytes that no text has make it none.
func decode(data []byte) (string, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xFF\xFE")):
		return decode16(data[2:], func(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 })
	case bytes.HasPrefix(data, []byte("\xFE\xFF")):
		return decode16(data[2:], func(b []byte) uint16 { return uint16(b[1]) | uint16(b[0])<<8 })
	}
	if isBinary(data) {
		return "", ErrKind
	}
	if utf8.Valid(data) {
		return string(data), nil
	}
	text, err := charmap.Windows1254.NewDecoder().Bytes(data)
	if err != nil {
		return "", ErrKind
	}
	return string(text), nil
}

// isBinary says whether there are control characters that no table has.
func isBinary(data []byte) bool {
	for _, b := range data {
		if b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' {
			return true
		}
	}
	return false
}

func decode16(data []byte, unit func([]byte) uint16) (string, error) {
	units := make([]uint16, 0, len(data)/2)
	for ; len(data) >= 2; data = data[2:] {
		units = append(units, unit(data))
	}
	text := string(utf16.Decode(units))
	if isBinary([]byte(text)) {
		return "", ErrKind
	}
	return text, nil
}

// separators are the marks between values, the likelier ones first.
const separators = ";,\t|"

// toldSeparator reads the line "sep=;" that some programs begin with.
func toldSeparator(text string) (mark rune, rest string, told bool) {
	line, rest, _ := strings.Cut(text, "\n")
	line = strings.TrimRight(line, "\r")
	if sign, ok := strings.CutPrefix(strings.ToLower(line), "sep="); ok && len(sign) == 1 && strings.Contains(separators, sign) {
		return rune(sign[0]), rest, true
	}
	return 0, text, false
}

// looked is how many lines decide about the separator; banks put a few of their own above the table.
const looked = 40

// separator is the mark that most lines have the same number of; decimal commas are there in some lines only,
// or beside more of another mark.
func separator(text string) rune {
	best, most := ';', 0
	lines := 0
	counts := map[rune]map[int]int{}
	for line := range strings.Lines(text) {
		if lines++; lines > looked {
			break
		}
		for mark, n := range marks(line) {
			if counts[mark] == nil {
				counts[mark] = map[int]int{}
			}
			counts[mark][n]++
		}
	}
	for _, mark := range separators {
		for n, often := range counts[mark] {
			if score := often * min(n, 20); score > most {
				best, most = mark, score
			}
		}
	}
	return best
}

// marks counts the separators of a line that stand outside of quotes.
func marks(line string) map[rune]int {
	found := map[rune]int{}
	quoted := false
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && strings.ContainsRune(separators, r):
			found[r]++
		}
	}
	return found
}
