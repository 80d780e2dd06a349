package bins

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
)

// A prefix has six to eight digits (ISO/IEC 7812-1:2017; domain.md 1.2).
const (
	minPrefix = 6
	maxPrefix = 8
)

// Commercial says whether a card is a company's.
type Commercial string

const (
	CommercialYes     Commercial = "1"
	CommercialNo      Commercial = "0"
	CommercialUnknown Commercial = ""
)

// Row is one line of a table. Every field but Prefix may be empty, which means unknown; a row of a
// prefix alone makes the card unknown on purpose.
type Row struct {
	Prefix     string // 6 to 8 digits
	BankCode   string // TCMB code, four digits
	BankName   string
	Brand      checkout.Brand // empty: from the ranges of the schemes
	Kind       checkout.CardKind
	Program    string
	Commercial Commercial
}

// BIN is what a look-up answers. A card of which nobody knows whether it is a company's counts as a
// consumer's, whose limits are the tighter ones.
func (r Row) BIN() checkout.BIN {
	return checkout.BIN{
		Prefix: r.Prefix, IssuerCode: r.BankCode, Issuer: r.BankName, Brand: r.brand(),
		Kind: r.Kind, Program: r.Program, Commercial: r.Commercial == CommercialYes,
	}
}

func (r Row) brand() checkout.Brand {
	if r.Brand == checkout.BrandUnknown {
		return checkout.BrandOf(r.Prefix)
	}
	return r.Brand
}

// columns are the header of a file, in the order in which Encode writes them.
var columns = []string{"prefix", "bank_code", "bank_name", "brand", "card_type", "programme", "commercial"}

// fields are the row's values by column.
func (r Row) fields() []string {
	return []string{
		r.Prefix, r.BankCode, r.BankName, string(r.Brand), string(r.Kind), r.Program, string(r.Commercial),
	}
}

// Rows are sorted by prefix, each prefix once.
type Rows []Row

// Merge lays tables over each other: where two have a row of the same prefix, the later one counts.
// A longer prefix of an earlier table still wins over a shorter one of a later table; Compare tells.
func Merge(layers ...Rows) Rows {
	byPrefix := make(map[string]Row)
	for _, rows := range layers {
		for _, r := range rows {
			byPrefix[r.Prefix] = r
		}
	}
	out := make(Rows, 0, len(byPrefix))
	for _, r := range byPrefix {
		out = append(out, r)
	}
	out.sort()
	return out
}

func (rows Rows) sort() {
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Prefix, b.Prefix) })
}

// Encode writes the rows as the CSV file that Import reads: UTF-8, comma, LF. What was imported is
// kept in this form.
func (rows Rows) Encode(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write(columns) // the writer keeps its first error for Error below
	for _, r := range rows {
		_ = out.Write(r.fields()) // as above
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the card prefixes: %w", err)
	}
	return nil
}

// Report says what a file changes. It is the same for the same file and the same table before.
type Report struct {
	Source  string
	SHA256  string // of the file as it was read, in hex
	Rows    int
	Added   int // prefixes of which nothing was known, or which only say the same for more digits
	Same    int
	Changed int // prefixes whose cards are now seen otherwise
	// Changes are the fields that differ, by prefix, then in the order of the columns.
	Changes []Change
	// Kept are longer prefixes that were there before, that the file does not name, and that still
	// win over a shorter one of the file although they say something else.
	Kept []Change
}

// Change is one field of one prefix. Over is the other prefix where it is not the same one: in
// Changes the shorter prefix that decided so far, in Kept the file's shorter prefix.
type Change struct {
	Prefix string
	Over   string
	Column string
	Was    string
	Is     string
}

// Compare tells what rows change when they are laid over before.
func Compare(before, rows Rows) Report {
	report := Report{Rows: len(rows)}
	old, fresh := byPrefix(before), byPrefix(rows)
	for _, r := range rows {
		was, found := nearest(old, r.Prefix)
		if !found {
			report.Added++
			continue
		}
		diff := differences(was, r)
		switch {
		case len(diff) > 0:
			report.Changed++
			report.Changes = append(report.Changes, diff...)
		case was.Prefix == r.Prefix:
			report.Same++
		default:
			report.Added++
		}
	}
	for _, r := range before {
		if over, found := nearest(fresh, r.Prefix); found && over.Prefix != r.Prefix {
			for _, c := range differences(r, over) {
				c.Prefix, c.Over = r.Prefix, over.Prefix
				report.Kept = append(report.Kept, c)
			}
		}
	}
	return report
}

func byPrefix(rows Rows) map[string]Row {
	out := make(map[string]Row, len(rows))
	for _, r := range rows {
		out[r.Prefix] = r
	}
	return out
}

// nearest finds the row that decides about a prefix: its own, or the longest one that it begins with.
func nearest(rows map[string]Row, prefix string) (Row, bool) {
	for n := len(prefix); n >= minPrefix; n-- {
		if r, ok := rows[prefix[:n]]; ok {
			return r, true
		}
	}
	return Row{}, false
}

// differences compares what two rows say, not how: an empty brand is that of the ranges.
func differences(was, is Row) []Change {
	over := was.Prefix
	if over == is.Prefix {
		over = ""
	}
	was.Brand, is.Brand = was.brand(), is.brand()
	a, b := was.fields(), is.fields()
	var out []Change
	for i := 1; i < len(columns); i++ { // the prefixes themselves are not compared
		if a[i] != b[i] {
			out = append(out, Change{Prefix: is.Prefix, Over: over, Column: columns[i], Was: a[i], Is: b[i]})
		}
	}
	return out
}

// String is the report for an operator's terminal.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d rows, %d new, %d as before, %d changed\n", r.Source, r.Rows, r.Added, r.Same, r.Changed)
	if r.SHA256 != "" {
		fmt.Fprintf(&b, "sha-256 %s\n", r.SHA256)
	}
	for _, c := range r.Changes {
		over := ""
		if c.Over != "" {
			over = " (so far " + c.Over + ")"
		}
		fmt.Fprintf(&b, "  %s%s %s: %s, was %s\n", c.Prefix, over, c.Column, shown(c.Is), shown(c.Was))
	}
	if len(r.Kept) > 0 {
		b.WriteString("longer prefixes that stay as they were:\n")
	}
	for _, c := range r.Kept {
		fmt.Fprintf(&b, "  %s %s: %s, the file says %s for %s\n", c.Prefix, c.Column, shown(c.Was), shown(c.Is), c.Over)
	}
	return b.String()
}

func shown(value string) string {
	if value == "" {
		return "unknown"
	}
	return value
}
