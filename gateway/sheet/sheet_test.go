package sheet_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/odelink/odelink/gateway/sheet"
)

// shown writes a table on one line: cells joined by |, numbers in brackets, rows by /.
func shown(t testing.TB, data []byte) string {
	t.Helper()
	table, err := sheet.Open(data)
	if err != nil {
		return err.Error()
	}
	rows, wrong, err := table.All(sheet.MaxRows)
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, r := range rows {
		var cells []string
		for _, c := range r.Cells {
			if c.Number {
				c.Text = "[" + c.Text + "]"
			}
			cells = append(cells, c.Text)
		}
		lines = append(lines, fmt.Sprintf("%d:%s", r.Number, strings.Join(cells, "|")))
	}
	for _, w := range wrong {
		lines = append(lines, fmt.Sprintf("%d!%s", w.Row, w.Code))
	}
	return strings.Join(lines, " / ")
}

func utf16le(text string) []byte {
	out := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func turkish(t testing.TB, text string) []byte {
	t.Helper()
	out, err := charmap.Windows1254.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// rowsOf is what n rows of the same look like.
func rowsOf(from, n int, row string) (all string) {
	for i := range n {
		all += fmt.Sprintf(" / %d:%s", from+i, row)
	}
	return all
}

func TestTextsAreReadAsTheyWereWritten(t *testing.T) {
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"semicolons, decimal commas":          {[]byte("Sipariş;Tutar\r\nA1;1.234,56\r\n"), "1:Sipariş|Tutar / 2:A1|1.234,56"},
		"commas":                              {[]byte("order,amount\nA1,12.50\n"), "1:order|amount / 2:A1|12.50"},
		"commas, and decimal ones quoted":     {[]byte("order,amount\nA1,\"12,50\"\nA2,\"3,10\"\n"), "1:order|amount / 2:A1|12,50 / 3:A2|3,10"},
		"tabs, and decimal commas":            {[]byte("order\tamount\nA1\t12,50\nA2\t3,10\n"), "1:order|amount / 2:A1|12,50 / 3:A2|3,10"},
		"a mark of UTF-8":                     {[]byte("\xEF\xBB\xBFİşlem;Tutar\nA;1\n"), "1:İşlem|Tutar / 2:A|1"},
		"Windows-1254":                        {turkish(t, "İşlem Tarihi;Ücret\nğüşıöç;1\n"), "1:İşlem Tarihi|Ücret / 2:ğüşıöç|1"},
		"UTF-16 with tabs":                    {utf16le("Sipariş\tTutar\nA\t1\n"), "1:Sipariş|Tutar / 2:A|1"},
		"a told separator":                    {[]byte("sep=|\na|b,c;d\n"), "2:a|b,c;d"},
		"quotes within":                       {[]byte("a;b\n\"x;\"\"y\"\"\";z\n"), "1:a|b / 2:x;\"y\"|z"},
		"lines within":                        {[]byte("a;b\n\"x\ny\";z\nc;d\n"), "1:a|b / 2:x\ny|z / 4:c|d"},
		"kept as text":                        {[]byte("a;b\n=\"0012\";'007\n"), "1:a|b / 2:0012|007"},
		"blank lines and rows":                {[]byte("a;b\n\n;\n  ; \nc;d\n"), "1:a|b / 5:c|d"},
		"titles above":                        {[]byte("QNB, Mağaza raporu\nDönem: 22.11.2026, 1\nNo;Tutar;Tarih\n1;2,50;x\n2;3,50;y\n"), "1:QNB, Mağaza raporu / 2:Dönem: 22.11.2026, 1 / 3:No|Tutar|Tarih / 4:1|2,50|x / 5:2|3,50|y"},
		"one column":                          {[]byte("a\nb\n"), "1:a / 2:b"},
		"nothing":                             {[]byte("  \n"), "file_empty"},
		"a picture":                           {[]byte("\x89PNG\r\n\x1a\n\x00\x00"), "file_not_a_table"},
		"Excel before 2007":                   {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1aaaa"), "file_old_excel"},
		"a row that is too wide":              {[]byte("a;b\n" + strings.Repeat("x;", sheet.MaxColumns) + "x\nc;d\n"), "1:a|b / 3:c|d / 2!row_too_wide"},
		"a text that is too long":             {[]byte("a;b\n" + strings.Repeat("x", sheet.MaxText+1) + ";1\nc;d\n"), "1:a|b / 3:c|d / 2!row_text_too_long"},
		"more than may be sent":               {bytes.Repeat([]byte("a;b\n"), sheet.MaxBytes/4+1), "file_too_large"},
		"more rows than a table has":          {bytes.Repeat([]byte("a;b\n"), sheet.MaxRows+1), "file_too_large"},
		"a quote that nobody closes":          {[]byte("a;b\n\"x;y\nz;w\n"), "1:a|b / 3:z|w / 2!row_quote_open"},
		"a quote closed far below":            {[]byte("a;b\n\"x;y\n" + strings.Repeat("z;w\n", 60) + "q;\"v\"\n"), "1:a|b" + rowsOf(3, 60, "z|w") + " / 63:q|v / 2!row_quote_open"},
		"a quote closed many characters on":   {[]byte("a;b\n\"x\n" + strings.Repeat("z", sheet.MaxText) + "\n\";1\nc;d\n"), "1:a|b / 3:" + strings.Repeat("z", sheet.MaxText) + " / 5:c|d / 2!row_quote_open / 4!row_quote_open"},
		"a quote in the middle of a word":     {[]byte("a;b\nx\"y;z\n"), "1:a|b / 2:x\"y|z"},
		"quotes that nobody closes":           {bytes.Repeat([]byte("\"x\n"), sheet.MaxRows+1), "file_too_large"},
		"control characters that no text has": {[]byte("a;b\x01\n"), "file_not_a_table"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(t, c.data); got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
		})
	}
}

// book is a workbook of these parts; those that every one has are there unless given.
func book(t testing.TB, sheet1 string, more map[string]string) []byte {
	t.Helper()
	parts := map[string]string{
		"xl/workbook.xml":            `<workbook xmlns="m" xmlns:r="r"><sheets><sheet name="x" sheetId="1" state="hidden" r:id="rId9"/><sheet name="Gün Sonu" sheetId="2" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId9" Target="worksheets/hidden.xml"/><Relationship Id="rId1" Target="worksheets/sheet7.xml"/></Relationships>`,
		"xl/worksheets/sheet7.xml":   `<worksheet xmlns="m"><sheetData>` + sheet1 + `</sheetData></worksheet>`,
	}
	maps.Copy(parts, more)
	files := fstest.MapFS{}
	for name, text := range parts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	if err := errors.Join(z.AddFS(files), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const styles = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd\.mm\.yyyy hh:mm"/><numFmt numFmtId="165" formatCode="#,##0.00&quot; days&quot;"/></numFmts>
	<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="21"/></cellXfs></styleSheet>`

func TestWorkbooksAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		rows string
		more map[string]string
		want string
	}{
		"texts, shared and of their own": {
			`<row r="1"><c r="A1" t="s"><v>1</v></c><c r="B1" t="inlineStr"><is><t>Tu</t><r><t>tar</t></r></is></c><c r="C1" t="str"><f>A1</f><v>x</v></c></row>`,
			map[string]string{"xl/sharedStrings.xml": `<sst><si><t>no</t></si><si><r><t xml:space="preserve">Sipariş </t></r><r><t>No</t></r><rPh><t>ses</t></rPh></si></sst>`},
			"1:Sipariş No|Tutar|x",
		},
		"numbers": {`<row r="4"><c r="A4"><v>1234.5</v></c><c r="C4"><v>2.30422098249E11</v></c><c r="D4"><v>0.30000000000000004</v></c><c r="E4"><v>59.699999999999996</v></c><c r="F4"><v>999999999999.99</v></c></row>`, nil, "4:[1234.5]||[230422098249]|[0.3]|[59.7]|[999999999999.99]"},
		"dates": {`<row><c s="1"><v>46348</v></c><c s="2"><v>46348.604224537</v></c><c s="3"><v>46348</v></c><c s="4"><v>0.5</v></c><c t="d"><v>2026-11-22T09:00:00</v></c></row>`,
			map[string]string{"xl/styles.xml": styles}, "1:2026-11-22|2026-11-22 14:30:05|[46348]|12:00:00|2026-11-22 09:00:00"},
		"dates that count from 1904": {`<row><c s="1"><v>44886</v></c></row>`,
			map[string]string{"xl/styles.xml": styles, "xl/workbook.xml": `<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet r:id="rId1"/></sheets></workbook>`}, "1:2026-11-22"},
		"names with a prefix":      {`<x:row xmlns:x="m" r="2"><x:c r="B2" t="inlineStr"><x:is><x:t>ok</x:t></x:is></x:c></x:row>`, nil, "2:|ok"},
		"a text that is not there": {`<row><c t="s"><v>7</v></c><c t="inlineStr"><is><t>a</t></is></c></row>`, nil, "1:|a"},
		"a row that is too wide":   {`<row r="1"><c r="ZZZ1"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>`, nil, "2:[1] / 1!row_too_wide"},
		"a document type":          {"", map[string]string{"xl/worksheets/sheet7.xml": `<!DOCTYPE x [<!ENTITY a "b">]><worksheet><sheetData><row><c><v>&a;</v></c></row></sheetData></worksheet>`}, "file_damaged"},
		"no end":                   {"", map[string]string{"xl/worksheets/sheet7.xml": `<worksheet><sheetData><row><c><v>1</v></c></row>`}, "file_damaged"},
		"endless depth":            {strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), nil, "file_damaged"},
		"no sheet":                 {"", map[string]string{"xl/workbook.xml": "<workbook/>"}, "file_not_a_table"},
		"a sheet that is missing":  {"", map[string]string{"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="/xl/none.xml"/></Relationships>`}, "file_damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := shown(t, book(t, c.rows, c.more)); got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
		})
	}
}

func TestFold(t *testing.T) {
	for text, want := range map[string]string{
		"İşlem Tarihi": "islem tarihi", "ISLEM  TARİHİ ": "islem tarihi", "Referans No (RRN)": "referans no rrn", "Provizyon_No.": "provizyon no", "ığüşöç": "igusoc", "—": "",
	} {
		if got := sheet.Fold(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// No bytes stop the program, and a table ends.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("a;b\n1;2\n"))
	f.Add([]byte("sep=,\n\"a\"\"b\",c\n"))
	f.Add(utf16le("a\tb\n"))
	f.Add(book(f, `<row r="1"><c r="A1" t="s"><v>0</v></c><c s="2"><v>46348.6</v></c></row>`, map[string]string{"xl/styles.xml": styles, "xl/sharedStrings.xml": "<sst><si><t>a</t></si></sst>"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := sheet.Open(data)
		if err != nil {
			return
		}
		rows, wrong, err := table.All(sheet.MaxRows)
		if err == nil && len(rows)+len(wrong) > sheet.MaxRows {
			t.Errorf("%d rows", len(rows))
		}
		for _, r := range rows {
			if len(r.Cells) > sheet.MaxColumns || r.Number < 1 {
				t.Errorf("row %d has %d cells", r.Number, len(r.Cells))
			}
		}
		if err != nil && !errors.Is(err, sheet.ErrDamaged) && !errors.Is(err, sheet.ErrTooLarge) && !errors.Is(err, sheet.ErrKind) {
			t.Errorf("%v", err)
		}
	})
}
