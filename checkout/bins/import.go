package bins

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/odelink/odelink/checkout"
)

// Limits of a file. All cards of the country fit in some 10,000 rows of about 60 bytes.
const (
	maxFile     = 8 << 20 // bytes
	maxRows     = 50_000
	maxText     = 80  // characters of a name
	maxMistakes = 100 // listed; further ones are counted
)

// Mistake is one thing that is wrong with a file. It never carries what stood there: a column of
// prefixes may by accident hold whole card numbers.
type Mistake struct {
	Line   int    // 1 is the header; 0: the file as a whole
	Column string // "" = the whole line
	Code   string // one of the Mistake… words
}

// What can be wrong with a file.
const (
	MistakeTooLarge    = "file_too_large"
	MistakeTooMany     = "too_many_rows"
	MistakeEmpty       = "empty_file"
	MistakeEncoding    = "encoding"
	MistakeHeader      = "no_header"
	MistakeUnknown     = "unknown_column"
	MistakeMissing     = "missing_column"
	MistakeTwice       = "column_twice"
	MistakeCells       = "number_of_cells"
	MistakeQuotes      = "quotes"
	MistakePrefix      = "prefix_form"
	MistakeNotPayable  = "prefix_not_payable"
	MistakeDuplicate   = "prefix_twice"
	MistakeBankCode    = "bank_code_form"
	MistakeText        = "text_form"
	MistakeBrand       = "brand_word"
	MistakeKind        = "card_type_word"
	MistakeCommercial  = "commercial_word"
	MistakeReadFailure = "reading_failed"
)

// mistakeText says the codes in words, for the command line.
var mistakeText = map[string]string{
	MistakeTooLarge:    "the file is larger than 8 MB",
	MistakeTooMany:     "the file has more than 50,000 rows",
	MistakeEmpty:       "the file has no rows",
	MistakeEncoding:    "the text is neither UTF-8 nor Windows-1254",
	MistakeHeader:      "the first line does not name the columns prefix,bank_code,bank_name,brand,card_type,programme,commercial",
	MistakeUnknown:     "not one of the known columns",
	MistakeMissing:     "this column is missing",
	MistakeTwice:       "this column stands there twice",
	MistakeCells:       "not as many cells as the header has",
	MistakeQuotes:      "quotation marks are not closed or stand inside a cell",
	MistakePrefix:      "6 to 8 digits are needed",
	MistakeNotPayable:  "numbers that begin with 0, 1 or 90 are no payment cards",
	MistakeDuplicate:   "this prefix stood above with other values",
	MistakeBankCode:    "up to 4 digits are needed",
	MistakeText:        "longer than 80 characters, or with control characters",
	MistakeBrand:       "visa, mastercard, maestro, amex, troy, diners, discover, unionpay or empty",
	MistakeKind:        "credit, debit, prepaid or empty",
	MistakeCommercial:  "1, 0 or empty",
	MistakeReadFailure: "the file could not be read to its end",
}

func (m Mistake) String() string {
	var b strings.Builder
	if m.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", m.Line)
	}
	if m.Column != "" {
		b.WriteString(m.Column + ": ")
	}
	return b.String() + mistakeText[m.Code]
}

// FileError says why a file was not taken: all that is wrong with it, by line.
type FileError struct {
	Source   string
	Mistakes []Mistake // the first 100
	More     int       // how many are not listed
	Cause    error     // of MistakeReadFailure
}

func (e *FileError) Error() string {
	lines := make([]string, 0, len(e.Mistakes)+1)
	for _, m := range e.Mistakes {
		lines = append(lines, m.String())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.More))
	}
	text := fmt.Sprintf("importing %s: %s", e.Source, strings.Join(lines, "; "))
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Cause }

func (e *FileError) add(line int, column, code string) {
	if len(e.Mistakes) == maxMistakes {
		e.More++
		return
	}
	e.Mistakes = append(e.Mistakes, Mistake{Line: line, Column: column, Code: code})
}

// Import reads an operator's file and compares it with the embedded table. The header names the
// seven columns prefix, bank_code, bank_name, brand, card_type, programme, commercial in any order;
// cells are separated by comma, semicolon or tab; the text is UTF-8 with or without a byte order
// mark, or Windows-1254. A file with any mistake is refused whole, with a *FileError: half a table
// would be a third truth. source names the file in reports.
func Import(r io.Reader, source string) (Rows, Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, Report{}, &FileError{Source: source, Mistakes: []Mistake{{Code: MistakeReadFailure}}, Cause: err}
	}
	rows, err := parse(data, source)
	if err != nil {
		return nil, Report{}, err
	}
	report := Compare(embedded(), rows)
	sum := sha256.Sum256(data)
	report.Source, report.SHA256 = source, hex.EncodeToString(sum[:])
	return rows, report, nil
}

func parse(data []byte, source string) (Rows, error) {
	wrong := &FileError{Source: source}
	if len(data) > maxFile {
		wrong.add(0, "", MistakeTooLarge)
		return nil, wrong
	}
	text, ok := decode(data)
	if !ok {
		wrong.add(0, "", MistakeEncoding)
		return nil, wrong
	}
	in := csv.NewReader(strings.NewReader(text))
	in.Comma = separator(text)
	in.ReuseRecord = true
	header, err := in.Read()
	if err != nil {
		wrong.add(1, "", csvMistake(err))
		return nil, wrong
	}
	at := place(header, wrong)
	if len(wrong.Mistakes) > 0 {
		return nil, wrong
	}
	rows := readRows(in, at, wrong)
	if len(rows) == 0 && len(wrong.Mistakes) == 0 {
		wrong.add(0, "", MistakeEmpty)
	}
	if len(wrong.Mistakes) > 0 {
		return nil, wrong
	}
	rows.sort()
	return rows, nil
}

// place finds where each column stands.
func place(header []string, wrong *FileError) map[string]int {
	at := make(map[string]int, len(columns))
	known := func(name string) bool { return slices.Contains(columns, columnName(name)) }
	if !slices.ContainsFunc(header, known) {
		wrong.add(1, "", MistakeHeader)
		return nil
	}
	for i, name := range header {
		name = columnName(name)
		_, twice := at[name]
		switch {
		case !slices.Contains(columns, name):
			// What is not a name of ours may be anything, so the place is said and not the text.
			wrong.add(1, fmt.Sprintf("column %d", i+1), MistakeUnknown)
		case twice:
			wrong.add(1, name, MistakeTwice)
		default:
			at[name] = i
		}
	}
	for _, name := range columns {
		if _, ok := at[name]; !ok {
			wrong.add(1, name, MistakeMissing)
		}
	}
	return at
}

func columnName(cell string) string { return strings.ToLower(strings.TrimSpace(cell)) }

func readRows(in *csv.Reader, at map[string]int, wrong *FileError) Rows {
	var rows Rows
	seen := make(map[string]Row)
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		line := 0
		if len(cells) > 0 {
			line, _ = in.FieldPos(0)
		}
		if err != nil {
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				line = bad.StartLine
			}
			wrong.add(line, "", csvMistake(err))
			if errors.Is(err, csv.ErrFieldCount) {
				continue
			}
			return rows // after a lost quotation mark no line is where it seems to be
		}
		if blank(cells) {
			continue // spreadsheets leave rows of separators at the end
		}
		if len(seen) == maxRows {
			wrong.add(line, "", MistakeTooMany)
			return rows
		}
		row, ok := readRow(cells, at, line, wrong)
		if !ok {
			continue
		}
		if was, twice := seen[row.Prefix]; twice {
			if was != row {
				wrong.add(line, "prefix", MistakeDuplicate)
			}
			continue
		}
		seen[row.Prefix] = row
		rows = append(rows, row)
	}
}

func readRow(cells []string, at map[string]int, line int, wrong *FileError) (Row, bool) {
	good := true
	cell := func(column string) string { return strings.TrimSpace(cells[at[column]]) }
	check := func(ok bool, column, code string) {
		if !ok {
			wrong.add(line, column, code)
			good = false
		}
	}
	row := Row{
		// The reader's cells share one string per line; a row outlives its file.
		Prefix:     strings.Clone(cell("prefix")),
		BankCode:   strings.Clone(cell("bank_code")),
		BankName:   strings.Clone(cell("bank_name")),
		Brand:      checkout.Brand(strings.ToLower(cell("brand"))),
		Kind:       checkout.CardKind(strings.ToLower(cell("card_type"))),
		Program:    strings.Clone(cell("programme")),
		Commercial: Commercial(strings.Clone(cell("commercial"))),
	}
	if _, digits := number(row.Prefix); len(row.Prefix) < minPrefix || len(row.Prefix) > maxPrefix || !digits {
		check(false, "prefix", MistakePrefix)
	} else {
		check(payable(row.Prefix), "prefix", MistakeNotPayable)
	}
	if row.BankCode != "" {
		_, digits := number(row.BankCode)
		check(digits && len(row.BankCode) <= 4, "bank_code", MistakeBankCode)
		// Spreadsheets eat leading zeros: 62 is 0062.
		row.BankCode = strings.Repeat("0", max(0, 4-len(row.BankCode))) + row.BankCode
	}
	check(plain(row.BankName), "bank_name", MistakeText)
	check(plain(row.Program), "programme", MistakeText)
	check(slices.Contains(brands, row.Brand), "brand", MistakeBrand)
	check(slices.Contains(kinds, row.Kind), "card_type", MistakeKind)
	check(row.Commercial == CommercialUnknown || row.Commercial == CommercialNo || row.Commercial == CommercialYes,
		"commercial", MistakeCommercial)
	return row, good
}

var (
	brands = []checkout.Brand{
		checkout.BrandUnknown, checkout.BrandVisa, checkout.BrandMastercard, checkout.BrandMaestro, checkout.BrandAmex,
		checkout.BrandTroy, checkout.BrandDiners, checkout.BrandDiscover, checkout.BrandUnionPay,
	}
	kinds = []checkout.CardKind{
		checkout.CardUnknown, checkout.CardCredit, checkout.CardDebit, checkout.CardPrepaid,
	}
)

// plain says whether a name may be shown to payers: short, of letters, marks, digits, signs and
// ordinary spaces. Line breaks and invisible or reordering characters are not.
func plain(name string) bool {
	if utf8.RuneCountInString(name) > maxText {
		return false
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

func csvMistake(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return MistakeEmpty
	case errors.Is(err, csv.ErrFieldCount):
		return MistakeCells
	}
	return MistakeQuotes
}

// separator is the most frequent of the three in the first line; a Turkish spreadsheet writes
// semicolons, because the comma is its decimal mark.
func separator(text string) rune {
	header, _, _ := strings.Cut(text, "\n")
	best, most := ',', strings.Count(header, ",")
	for _, r := range []rune{';', '\t'} {
		if n := strings.Count(header, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

// decode reads UTF-8, with or without a byte order mark, else Windows-1254, which Turkish
// spreadsheets still write. Text with NUL is neither (UTF-16, mostly).
func decode(data []byte) (string, bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(data, 0) >= 0 {
		return "", false
	}
	if utf8.Valid(data) {
		return string(data), true
	}
	var b strings.Builder
	b.Grow(len(data) + len(data)/8)
	for _, c := range data {
		r := rune(c)
		if c >= 0x80 && c <= 0x9f {
			r = windowsSigns[c-0x80]
		} else if letter, turkish := windowsTurkish[c]; turkish {
			r = letter
		}
		if r == 0 {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), true
}

// Windows-1254 is ISO 8859-9 with signs where that has control characters. 0 is no character.
var (
	windowsTurkish = map[byte]rune{0xd0: 'Ğ', 0xdd: 'İ', 0xde: 'Ş', 0xf0: 'ğ', 0xfd: 'ı', 0xfe: 'ş'}
	windowsSigns   = [32]rune{
		'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 0, 0,
		0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 0, 'Ÿ',
	}
)
