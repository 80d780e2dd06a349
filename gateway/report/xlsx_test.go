package report

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// book is a workbook as archive/zip and encoding/xml read it.
type book struct {
	files  map[string]string
	sheets map[string][][]cell
}

// cell is one of its cells; the text of an inline string is unescaped as ECMA-376 says.
type cell struct {
	style      int
	kind, text string
}

func readBook(t *testing.T, text string) book {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader([]byte(text)), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	b := book{files: map[string]string{}, sheets: map[string][][]cell{}}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		b.files[f.Name] = string(content)
		for d := xml.NewDecoder(bytes.NewReader(content)); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	b.readSheets(t)
	return b
}

// readSheets goes the way a program goes: from the package's relationships to the sheets' names and files.
func (b book) readSheets(t *testing.T) {
	t.Helper()
	var list struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	parse := func(name string, v any) {
		if err := xml.Unmarshal([]byte(b.files[name]), v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	parse("xl/workbook.xml", &list)
	targets := map[string]string{}
	for _, m := range regexp.MustCompile(`Id="([^"]+)" Type="[^"]+" Target="([^"]+)"`).FindAllStringSubmatch(b.files["xl/_rels/workbook.xml.rels"], -1) {
		targets[m[1]] = m[2]
	}
	for _, s := range list.Sheets {
		var sheet struct {
			Rows []struct {
				Cells []struct {
					Style int    `xml:"s,attr"`
					Kind  string `xml:"t,attr"`
					Value string `xml:"v"`
					Text  string `xml:"is>t"`
				} `xml:"c"`
			} `xml:"sheetData>row"`
		}
		parse("xl/"+targets[s.ID], &sheet)
		for _, r := range sheet.Rows {
			var cells []cell
			for _, c := range r.Cells {
				cells = append(cells, cell{c.Style, c.Kind, c.Value + unescaped(c.Text)})
			}
			b.sheets[s.Name] = append(b.sheets[s.Name], cells)
		}
		if part := "/xl/" + targets[s.ID]; !strings.Contains(b.files["[Content_Types].xml"], `PartName="`+part+`"`) {
			t.Errorf("%s has no type", part)
		}
	}
}

var escape = regexp.MustCompile(`_x([0-9A-Fa-f]{4})_`)

func unescaped(text string) string {
	return escape.ReplaceAllStringFunc(text, func(m string) string {
		n, _ := strconv.ParseUint(m[2:6], 16, 16)
		return string(rune(n))
	})
}

// cell is the cell of a line, 0 = the titles, below a title.
func (b book) cell(t *testing.T, sheet string, line int, title string) cell {
	t.Helper()
	for i, c := range b.sheets[sheet][0] {
		if c.text == title {
			return b.sheets[sheet][line][i]
		}
	}
	t.Fatalf("no column %s in %v", title, b.sheets[sheet][0])
	return cell{}
}

// Numbers are numbers with their currency's digits, times are times, texts are texts; the titles stay in sight.
func TestXLSXHasTypedCells(t *testing.T) {
	b := readBook(t, wrote(t, fill(), "payments", "xlsx", "tr", DialectTR))
	for title, want := range map[string]cell{
		"Sipariş No": {styleText, "inlineStr", "SİP-1"}, "Durum": {styleText, "inlineStr", "Kısmen iade edildi"}, "Tutar": {styleMoney, "", "250.00"},
		"Tahsil Edilen": {styleMoney, "", "259.00"}, "Taksit": {styleCount, "", "3"}, "Taksit Farkı (%)": {styleRate, "", "0.036000"},
		"Kart Son 4": {styleText, "inlineStr", "0007"}, "İşlem Tarihi (UTC)": {styleTime, "", "46346.874305555555"}, "İşlem Tarihi (İstanbul)": {styleTime, "", "46346.999305555555"},
		"Ret Nedeni": {0, "", ""},
	} {
		if got := b.cell(t, "payments", 3, title); got != want {
			t.Errorf("%s is %+v, want %+v", title, got, want)
		}
	}
	if got := b.cell(t, "payments", 8, "Tutar"); got != (cell{styleYen, "", "1200"}) {
		t.Errorf("yen are %+v", got)
	}
	if got := b.cell(t, "payments", 9, "Tahsil Edilen"); got != (cell{styleMoney, "", "509.00"}) {
		t.Errorf("the total is %+v", got)
	}
	if !strings.Contains(b.files["xl/worksheets/sheet1.xml"], `<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>`) {
		t.Error("the titles scroll away")
	}
	if got := readBook(t, wrote(t, fill(), "settlement", "xlsx", "en", DialectTR)).cell(t, "settlement", 2, "Value date (estimate)"); got != (cell{styleDate, "", "46349.000000000000"}) {
		t.Errorf("a date is %+v", got)
	}
}

func TestSerial(t *testing.T) {
	for want, at := range map[string]time.Time{
		"25569.000000000000": time.Unix(0, 0).UTC(), "45658.500000000000": time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC),
		"45658.625000000000": time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC).In(Zone),
	} {
		if got := serial(at); got != want {
			t.Errorf("%s is %s, want %s", at, got, want)
		}
	}
}

// What one sheet cannot hold goes on on another one, with the titles.
func TestXLSXOfSeveralSheets(t *testing.T) {
	var w bytes.Buffer
	columns := []Column{{Name: "n", Type: TypeCount, Title: Words{"n", "n"}}}
	e := newXLSX(&w, head{name: "r", columns: columns, titles: []string{"n"}}).(*xlsxEncoder)
	e.most = 4
	err := e.begin()
	for i := range 7 {
		if err == nil {
			err = e.row(Row{Values: []Value{number(i)}})
		}
	}
	if err == nil {
		err = e.end(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	b := readBook(t, w.String())
	var got []string
	for _, name := range []string{"r", "r 2", "r 3"} {
		for _, line := range b.sheets[name] {
			got = append(got, line[0].text)
		}
	}
	if text := strings.Join(got, " "); text != "n 0 1 2 n 3 4 5 n 6" {
		t.Errorf("%s", text)
	}
}
