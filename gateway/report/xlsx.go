package report

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/odelink/odelink/checkout"
)

// xlsxEncoder writes a workbook (ECMA-376, Office Open XML) while its rows come. Texts stand in their cells
// (inlineStr), so that there is no table of strings to keep, and what lists the sheets is written last.
type xlsxEncoder struct {
	head
	zip    *zip.Writer
	sheet  io.Writer
	sheets int
	rows   int // of the sheet that is open
	most   int // rows of a sheet
	line   []byte
}

// sheetRows is how many rows a spreadsheet program opens (Excel's specification); the rest goes on on another
// sheet.
const sheetRows = 1 << 20

// cellText is how many UTF-16 units a cell holds.
const cellText = 32_767

func newXLSX(w *bytes.Buffer, h head) encoder {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return &xlsxEncoder{head: h, zip: z, most: sheetRows}
}

// The styles of cells, by their places in xlsxStyles.
const (
	styleText  = 1
	styleHead  = 2
	styleMoney = 3
	styleYen   = 4 // money of a currency without minor unit
	styleCount = 5
	styleRate  = 6
	styleTime  = 7
	styleDate  = 8
)

// Text has the format "@" and quotePrefix: it stays text when somebody edits the cell.
const xlsxStyles = xmlHead + `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
	`<numFmts count="3"><numFmt numFmtId="164" formatCode="0.00##%"/><numFmt numFmtId="165" formatCode="dd\.mm\.yyyy\ hh:mm:ss"/><numFmt numFmtId="166" formatCode="dd\.mm\.yyyy"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="9"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" quotePrefix="1"/>` +
	`<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
	`<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="3" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="166" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

const (
	xmlHead   = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	officeRel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

func (e *xlsxEncoder) begin() error {
	err := e.file("_rels/.rels", xmlHead+`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+
		`<Relationship Id="rId1" Type="`+officeRel+`/officeDocument" Target="xl/workbook.xml"/></Relationships>`)
	if err == nil {
		err = e.file("xl/styles.xml", xlsxStyles)
	}
	if err == nil {
		err = e.openSheet()
	}
	return err
}

func (e *xlsxEncoder) file(name, content string) error {
	w, err := e.zip.Create(name)
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	return err
}

// openSheet begins a sheet with its titles, which stay in sight.
func (e *xlsxEncoder) openSheet() error {
	e.sheets++
	e.rows = 1
	w, err := e.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", e.sheets))
	if err != nil {
		return err
	}
	e.sheet = w
	b := append(e.line[:0], xmlHead+`<worksheet `+mainSpace+`><sheetViews><sheetView workbookViewId="0">`+
		`<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`+
		`<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="`+strconv.Itoa(len(e.columns))+`" width="20" customWidth="1"/></cols><sheetData><row r="1">`...)
	for _, title := range e.titles {
		b = appendText(b, styleHead, title)
	}
	e.line = append(b, "</row>"...)
	_, err = w.Write(e.line)
	return err
}

func (e *xlsxEncoder) closeSheet() error {
	_, err := io.WriteString(e.sheet, "</sheetData></worksheet>")
	return err
}

func (e *xlsxEncoder) row(r Row) error {
	if e.rows == e.most {
		if err := e.closeSheet(); err != nil {
			return err
		}
		if err := e.openSheet(); err != nil {
			return err
		}
	}
	e.rows++
	b := append(e.line[:0], `<row r="`...)
	b = append(strconv.AppendInt(b, int64(e.rows), 10), `">`...)
	for i, c := range e.columns {
		b = e.appendCell(b, c, r.Values[i], r.Currency)
	}
	e.line = append(b, "</row>"...)
	_, err := e.sheet.Write(e.line)
	return err
}

func (e *xlsxEncoder) appendCell(b []byte, of Column, v Value, c checkout.Currency) []byte {
	if v.None {
		return append(b, "<c/>"...) // cells have no addresses here, so their number counts
	}
	switch of.Type {
	case TypeMoney:
		style := styleMoney
		if c.Exponent() == 0 {
			style = styleYen
		}
		return appendNumber(b, style, checkout.Money{Minor: v.N, Currency: c}.Decimal())
	case TypeCount:
		return appendNumber(b, styleCount, strconv.FormatInt(v.N, 10))
	case TypeRate:
		return appendNumber(b, styleRate, fraction(v.N, 1_000_000, 6))
	case TypeTime:
		return appendNumber(b, styleTime, serial(v.At.UTC()))
	case TypeLocal:
		return appendNumber(b, styleTime, serial(v.At.In(Zone)))
	case TypeDate:
		return appendNumber(b, styleDate, serial(v.At.In(Zone)))
	case TypeCode:
		return appendText(b, styleText, of.Said(v.Text, e.lang))
	}
	return appendText(b, styleText, v.Text)
}

func appendNumber(b []byte, style int, n string) []byte {
	b = append(b, `<c s="`...)
	b = strconv.AppendInt(b, int64(style), 10)
	b = append(b, `"><v>`...)
	b = append(b, n...)
	return append(b, "</v></c>"...)
}

func appendText(b []byte, style int, s string) []byte {
	b = append(b, `<c s="`...)
	b = strconv.AppendInt(b, int64(style), 10)
	b = append(b, `" t="inlineStr"><is><t xml:space="preserve">`...)
	b = appendXML(b, s)
	return append(b, "</t></is></c>"...)
}

// appendXML writes text that every reader gives back as it was: what XML cannot hold is replaced, a carriage
// return is escaped as spreadsheets do (ECMA-376, 22.9.2.19, ST_Xstring), and so is what would be read as such
// an escape.
func appendXML(b []byte, s string) []byte {
	units := 0
	for i, r := range s {
		if units += max(utf16.RuneLen(r), 1); units > cellText {
			break
		}
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '\r':
			b = append(b, "_x000D_"...)
		case r == '_' && escapes(s[i:]):
			b = append(b, "_x005F_"...)
		case r < 0x20 && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			b = append(b, "\uFFFD"...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}

// escapes says whether text begins like _x0041_.
func escapes(s string) bool {
	return len(s) >= 7 && s[1] == 'x' && s[6] == '_' && strings.Trim(s[2:6], "0123456789abcdefABCDEF") == ""
}

// serial is a wall clock's time as spreadsheets count it: days since 30 December 1899.
func serial(t time.Time) string {
	const epoch, day = 25_569, 24 * 60 * 60 // days from there to 1970
	_, offset := t.Zone()
	seconds := t.Unix() + int64(offset)
	return strconv.FormatInt(seconds/day+epoch, 10) + fraction(seconds%day, day, 12)[1:]
}

// fraction is n ÷ of as a decimal text, without floating point. n is not negative.
func fraction(n, of int64, digits int) string {
	whole, rest := n/of, n%of
	b := append(strconv.AppendInt(nil, whole, 10), '.')
	for range digits {
		rest *= 10
		b = append(b, byte('0'+rest/of))
		rest %= of
	}
	return string(b)
}

func (e *xlsxEncoder) end(totals []Total) error {
	for _, t := range totals {
		if err := e.row(totalRow(e.columns, t, totalWord.In(e.lang))); err != nil {
			return err
		}
	}
	if err := e.closeSheet(); err != nil {
		return err
	}
	var book, rels, types strings.Builder
	for i := 1; i <= e.sheets; i++ {
		fmt.Fprintf(&book, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, sheetName(e.name, i), i, i)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i, officeRel, i)
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i, sheetType)
	}
	for _, f := range [][2]string{
		{"xl/workbook.xml", `<workbook ` + mainSpace + ` xmlns:r="` + officeRel + `"><sheets>` + book.String() + `</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + rels.String() +
			fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/></Relationships>`, e.sheets+1, officeRel)},
		{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + sheetType + `sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="` + sheetType + `styles+xml"/>` +
			types.String() + `</Types>`},
	} {
		if err := e.file(f[0], xmlHead+f[1]); err != nil {
			return err
		}
	}
	return e.zip.Close()
}

func sheetName(report string, i int) string {
	if i == 1 {
		return report
	}
	return report + " " + strconv.Itoa(i)
}
