package report

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"
)

// formulas are what a spreadsheet calculates where it stands at the beginning of a cell.
var formulas = []string{
	"=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠SUM(1)", " =1+1", "\u00a0=1", "\ufeff=1", "\u200b=1", "\u2060@SUM(1)",
	`=cmd|' /C calc'!A0`, `=HYPERLINK("http://x";"y")`, "=1;=2", "=1,=2", "\"=1", "a\n=1", "a;=1", "a,=1", "a\t=1", "a\";=1;\"", "'=1", "|=1",
}

// A54: no cell of a CSV begins with what a spreadsheet calculates, whatever mark the reader cuts at, and the
// text comes through whole. Our own negative amounts stay numbers.
func TestA54_CSVHoldsNoFormulas(t *testing.T) {
	for _, note := range formulas {
		for _, d := range Dialects {
			l := fill()
			l.payments[2].PayerNote, l.accounts[0].Name, l.refunds[0].Reason = note, note, note
			for _, name := range []string{"payments", "refunds", "settlement", "links", "declines"} {
				got := strings.TrimPrefix(wrote(t, l, name, "csv", "tr", d), "\ufeff")
				r := csv.NewReader(strings.NewReader(got))
				if d == DialectTR {
					r.Comma = ';'
				}
				records, err := r.ReadAll()
				if err != nil {
					t.Fatalf("%s %s %q: %v", name, d, note, err)
				}
				for _, record := range records {
					for _, cell := range record {
						if calculates(cell) && !isNumber(cell) {
							t.Errorf("%s %s: %q is calculated", name, d, cell)
						}
					}
				}
			}
		}
	}
}

// Whoever cuts a file at another mark than it was written with meets quotes, not a formula.
func TestA54_CSVCutAtAnotherMark(t *testing.T) {
	l := fill()
	l.payments[2].PayerNote = "x;=1,=2\t=3"
	for _, d := range Dialects {
		for _, line := range strings.Split(wrote(t, l, "payments", "csv", "tr", d), "\n") {
			inside := false
			for i, c := range line {
				if c == '"' {
					inside = !inside
				}
				if !inside && strings.ContainsRune(",;\t", c) && i+1 < len(line) && strings.ContainsRune("=+@", rune(line[i+1])) {
					t.Errorf("%s: %s", d, line)
				}
			}
		}
	}
}

// calculates says whether a cell begins, behind what is not to be seen, like a formula.
func calculates(cell string) bool {
	cell = strings.TrimLeftFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) && r != '\t' && r != '\r' && r != '\n' || unicode.Is(unicode.Cf, r)
	})
	return cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0])
}

func isNumber(cell string) bool {
	return strings.HasPrefix(cell, "-") && strings.Trim(cell[1:], "0123456789,.") == ""
}

// A54: a text that looks like a negative number is no number of ours.
func TestA54_NumbersOfPayersAreText(t *testing.T) {
	l := fill()
	l.payments[2].PayerNote = "-250,00"
	if got := wrote(t, l, "payments", "csv", "tr", DialectTR); !strings.Contains(got, `"'-250,00"`) {
		t.Errorf("%s", got)
	}
	if got := wrote(t, l, "settlement", "csv", "tr", DialectTR); !strings.Contains(got, ";-250,00;") {
		t.Errorf("%s", got)
	}
}

// A54: in a workbook every text is a text cell with the letters as they were typed, and no cell is a formula.
func TestA54_XLSXHoldsNoFormulas(t *testing.T) {
	for _, note := range append(formulas, "_x0041_", "<&>\"'", "a\r\nb", strings.Repeat("ü", 500)) {
		l := fill()
		l.payments[2].PayerNote = note
		book := readBook(t, wrote(t, l, "payments", "xlsx", "tr", DialectTR))
		cell := book.cell(t, "payments", 3, "Açıklama (ödeyenin notu)")
		if want := strings.ReplaceAll(note, "\u0000", "\uFFFD"); cell.text != want || cell.kind != "inlineStr" || cell.style != styleText {
			t.Errorf("%q came back as %+v", note, cell)
		}
		if strings.Contains(book.files["xl/worksheets/sheet1.xml"], "<f") {
			t.Error("the sheet has a formula")
		}
	}
	l := fill()
	l.payments[2].PayerNote = strings.Repeat("x", cellText+10) + "\x00"
	if got := readBook(t, wrote(t, l, "payments", "xlsx", "tr", DialectTR)).cell(t, "payments", 3, "Açıklama (ödeyenin notu)").text; len(got) != cellText {
		t.Errorf("a cell of %d letters", len(got))
	}
}
