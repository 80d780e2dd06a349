//go:build !race

package report

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// office opens files in LibreOffice and has them written as flat OpenDocument, which says of each cell what it was
// taken for. filter says how the files are to be read, "" = as they say themselves.
func office(t *testing.T, filter string, files ...string) {
	t.Helper()
	program, err := exec.LookPath("soffice")
	if err != nil {
		t.Fatal("LibreOffice is not there: make test installs it", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	home := t.TempDir()
	args := []string{"-env:UserInstallation=file://" + home, "--headless", "--convert-to", "fods", "--outdir", filepath.Dir(files[0])}
	if filter != "" {
		args = append(args, "--infilter="+filter)
	}
	cmd := exec.CommandContext(ctx, program, append(args, files...)...)
	cmd.Env = append(os.Environ(), "HOME="+home)
	cmd.WaitDelay = 10 * time.Second
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// taken is what LibreOffice took a cell for (OpenDocument 1.3 part 3, 19.385 office:value-type), and its value: a
// number in full, a time as 2006-01-02T15:04:05, a text as it reads.
type taken struct{ kind, value string }

// opened reads the cells of the first table of a flat OpenDocument file.
func opened(t *testing.T, path string) (rows [][]taken) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for d := xml.NewDecoder(file); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			t.Fatalf("%s has no table", path)
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			if e.Name.Local == "table-row" {
				if row := readRow(t, d); len(row) > 0 {
					rows = append(rows, row)
				}
			}
		case xml.EndElement:
			if e.Name.Local == "table" {
				return rows
			}
		}
	}
}

// readRow reads a row without the empty cells at its end.
func readRow(t *testing.T, d *xml.Decoder) (row []taken) {
	t.Helper()
	for {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			times, err := strconv.Atoi(attribute(e, "number-columns-repeated", "1"))
			if err != nil {
				t.Fatal(err)
			}
			c := taken{kind: attribute(e, "value-type", "")}
			c.value = attribute(e, "value", attribute(e, "date-value", ""))
			if text := readText(t, d); c.kind == "string" {
				c.value = text
			}
			for range min(times, 200) {
				row = append(row, c)
			}
		case xml.EndElement:
			for len(row) > 0 && row[len(row)-1] == (taken{}) {
				row = row[:len(row)-1]
			}
			return row
		}
	}
}

// readText is a cell's text: its paragraphs are lines, and spaces beyond one are counted (19.763 text:c).
func readText(t *testing.T, d *xml.Decoder) string {
	t.Helper()
	var text strings.Builder
	paragraphs := 0
	for depth := 1; depth > 0; {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			depth++
			switch e.Name.Local {
			case "p":
				if paragraphs++; paragraphs > 1 {
					text.WriteByte('\n')
				}
			case "s":
				n, err := strconv.Atoi(attribute(e, "c", "1"))
				if err != nil {
					t.Fatal(err)
				}
				text.WriteString(strings.Repeat(" ", n))
			case "tab":
				text.WriteByte('\t')
			case "line-break":
				text.WriteByte('\n')
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if paragraphs > 0 && depth > 1 {
				text.Write(e)
			}
		}
	}
	return text.String()
}

func attribute(e xml.StartElement, name, otherwise string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && !strings.Contains(a.Name.Space, "calc") {
			return a.Value
		}
	}
	return otherwise
}

// Every report opens in LibreOffice with numbers as numbers, times as times and texts as texts, as a workbook and as a
// CSV of a Turkish Excel.
func TestReportsOpenInLibreOffice(t *testing.T) {
	dir := t.TempDir()
	var books, tables []string
	want := map[string]book{}
	for _, r := range All() {
		workbook := wrote(t, fill(), r.Name, "xlsx", "tr", DialectTR)
		want[r.Name] = readBook(t, workbook)
		for file, text := range map[string]string{r.Name + ".xlsx": workbook, r.Name + "-text.csv": wrote(t, fill(), r.Name, "csv", "tr", DialectTR)} {
			path := filepath.Join(dir, file)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(file, "xlsx") {
				books = append(books, path)
			} else {
				tables = append(tables, path)
			}
		}
	}
	office(t, "", books...)
	// Cut at semicolons, quotes, UTF-8, from line 1, no column formats, Turkish, what is quoted is text, times are found.
	office(t, "Text - txt - csv (StarCalc):59,34,76,1,,1055,true,true", tables...)
	for name, b := range want {
		rows := b.sheets[name]
		compare(t, name+".xlsx", opened(t, filepath.Join(dir, name+".fods")), rows, false)
		compare(t, name+".csv", opened(t, filepath.Join(dir, name+"-text.fods")), rows, true)
	}
}

// compare holds what LibreOffice read against what the workbook says.
func compare(t *testing.T, what string, got [][]taken, want [][]cell, text bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d rows, want %d", what, len(got), len(want))
		return
	}
	for i, row := range want {
		for j, c := range row {
			var g taken
			if j < len(got[i]) {
				g = got[i][j]
			}
			if !c.taken(g, text) {
				t.Errorf("%s, row %d, %q: LibreOffice has %+v, the report %+v", what, i+1, want[0][j].text, g, c)
			}
		}
	}
}

// taken says whether LibreOffice took a cell for what it is; text says that it read it from a CSV.
func (c cell) taken(g taken, text bool) bool {
	number, err := strconv.ParseFloat(c.text, 64)
	value, wrong := strconv.ParseFloat(g.value, 64)
	same := func(a, b float64) bool { return err == nil && wrong == nil && math.Abs(a-b) < 1e-9 }
	switch c.style {
	case styleMoney, styleYen, styleCount:
		return (g.kind == "float" || g.kind == "currency") && same(number, value)
	case styleRate:
		if text { // there it is a number of percent
			return g.kind == "float" && same(100*number, value)
		}
		return g.kind == "percentage" && same(number, value)
	case styleTime, styleDate:
		at := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Add(time.Duration(math.Round(number*86400)) * time.Second)
		return g.kind == "date" && (g.value == at.Format("2006-01-02T15:04:05") || g.value == at.Format(time.DateOnly))
	}
	want := c.text
	if text {
		want = inert(want)
	}
	if want == "" {
		return g.value == ""
	}
	return g == taken{"string", want}
}
