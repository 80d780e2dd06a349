package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
)

// Limits of a workbook (threat model A57). A ZIP says how large its parts are and may lie, so what comes out is
// counted.
const (
	maxUnpacked = 32 << 20 // bytes of all parts that are read
	maxParts    = 2000
	// maxToken bounds one tag with its attributes, or one text: a tag of six million attributes, 44 KB in its package,
	// took a gigabyte of memory. A cell's text has 32,767 characters at most.
	maxToken   = 1 << 20
	maxStrings = 8 << 20 // bytes of shared texts, which are held in memory
	maxDepth   = 40
)

// workbook is a package of parts (ECMA-376, part 2).
type workbook struct {
	parts   map[string]*zip.File
	left    int64
	texts   []string
	dates   []bool // by style: its numbers are dates
	since   time.Time
	content *parser
	closer  io.Closer
	number  int
}

// openWorkbook reads what cells refer to, and leaves the first sheet open.
func openWorkbook(data []byte) (*Table, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) > maxParts {
		return nil, ErrDamaged
	}
	w := &workbook{parts: map[string]*zip.File{}, left: maxUnpacked}
	for _, f := range z.File {
		w.parts[strings.ToLower(strings.TrimPrefix(f.Name, "/"))] = f
	}
	name, err := w.firstSheet()
	for _, read := range []func() error{w.readTexts, w.readStyles} {
		if err == nil {
			err = read()
		}
	}
	if err == nil {
		w.content, w.closer, err = w.open(name)
	}
	if err != nil {
		return nil, damaged(err)
	}
	return &Table{next: w.next}, nil
}

// damaged hides what is wrong inside of a workbook; that it is too large is told.
func damaged(err error) error {
	for _, told := range []error{ErrTooLarge, ErrKind} {
		if errors.Is(err, told) {
			return told
		}
	}
	return ErrDamaged // without its cause, which may be an io.EOF
}

// open opens a part whose bytes count.
func (w *workbook) open(name string) (*parser, io.Closer, error) {
	f := w.parts[strings.ToLower(name)]
	if f == nil {
		return nil, nil, errors.New("no part " + name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	c := &counted{r: r, left: &w.left}
	d := xml.NewDecoder(c)
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("not in UTF-8") }
	return &parser{d: d, read: c}, r, nil
}

// each reads a part that may be missing.
func (w *workbook) each(name string, element func(p *parser, e xml.StartElement) error) error {
	if w.parts[strings.ToLower(name)] == nil {
		return nil
	}
	p, c, err := w.open(name)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // of bytes in memory
	for {
		t, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := element(p, e); err != nil {
				return err
			}
		}
	}
}

// counted ends with ErrTooLarge when too much came out of a package, or too much for one token.
type counted struct {
	r     io.Reader
	left  *int64
	token int // bytes since the last one; what the decoder reads ahead counts to the next
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.token += n
	if *c.left -= int64(n); *c.left < 0 || c.token > maxToken {
		return 0, ErrTooLarge
	}
	return n, err
}

// parser is a decoder that takes neither document types nor endless depth.
type parser struct {
	d     *xml.Decoder
	read  *counted
	depth int
}

func (p *parser) token() (xml.Token, error) {
	p.read.token = 0
	t, err := p.d.Token()
	switch t.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > maxDepth {
			return nil, errors.New("too deep")
		}
	case xml.EndElement:
		p.depth--
	case xml.Directive:
		return nil, errors.New("a document type")
	}
	return t, err
}

// text is what stands in an element that was just begun: directly, or in its t elements, and not in those
// that only say how to pronounce it (rPh).
func (p *parser) text(within string) (string, error) {
	var out strings.Builder
	open, silent := p.depth, 0
	taken := within == "v" || within == "t"
	for p.depth >= open {
		t, err := p.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "rPh" {
				silent = p.depth
			}
			taken = taken || t.Name.Local == "t"
		case xml.EndElement:
			if t.Name.Local == "t" && p.depth >= open {
				taken = false
			}
			if silent > p.depth {
				silent = 0
			}
		case xml.CharData:
			if taken && silent == 0 {
				out.Write(t)
			}
		}
	}
	return out.String(), nil
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// firstSheet finds the part of the first sheet, and from which day dates count.
func (w *workbook) firstSheet() (string, error) {
	w.since = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	id := ""
	err := w.each("xl/workbook.xml", func(_ *parser, e xml.StartElement) error {
		switch {
		case e.Name.Local == "workbookPr" && (attribute(e, "date1904") == "1" || attribute(e, "date1904") == "true"):
			w.since = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		case e.Name.Local == "sheet" && id == "" && (attribute(e, "state") == "" || attribute(e, "state") == "visible"):
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					id = a.Value
				}
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", ErrKind // a package, and none with a sheet
	}
	name := "xl/worksheets/sheet1.xml"
	err = w.each("xl/_rels/workbook.xml.rels", func(_ *parser, e xml.StartElement) error {
		if target := attribute(e, "Target"); attribute(e, "Id") == id && target != "" {
			if name = strings.TrimPrefix(target, "/"); !strings.HasPrefix(target, "/") {
				name = path.Join("xl", target)
			}
		}
		return nil
	})
	return name, err
}

func (w *workbook) readTexts() error {
	held := 0
	return w.each("xl/sharedStrings.xml", func(p *parser, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := p.text("si")
		if held += len(text) + 16; held > maxStrings {
			return ErrTooLarge
		}
		w.texts = append(w.texts, strings.TrimSpace(text))
		return err
	})
}

// readStyles finds which styles show a number as a date: by their number formats, the built-in ones 14 to 22,
// 27 to 36, 45 to 47 and 50 to 58 (ECMA-376, part 1, 18.8.30), and those with the letters of one.
func (w *workbook) readStyles() error {
	own := map[string]bool{}
	inside := false
	return w.each("xl/styles.xml", func(_ *parser, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			own[attribute(e, "numFmtId")] = isDateFormat(attribute(e, "formatCode"))
		case "cellXfs":
			inside = true
		case "cellStyles", "dxfs":
			inside = false
		case "xf":
			if inside {
				id := attribute(e, "numFmtId")
				n, _ := strconv.Atoi(id) // 0 is no date
				w.dates = append(w.dates, own[id] || n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58)
			}
		}
		return nil
	})
}

// isDateFormat looks for letters of days, months, years, hours and seconds outside of quotes and brackets.
func isDateFormat(code string) bool {
	quoted, bracket := false, false
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case !quoted && !bracket && strings.IndexByte("dmyhsDMYHS", c) >= 0:
			return true
		}
	}
	return false
}

// next reads on to the end of the next row.
func (w *workbook) next() (Row, error) {
	for {
		t, err := w.content.token()
		if err != nil {
			_ = w.closer.Close() // of bytes in memory
			if errors.Is(err, io.EOF) {
				return Row{}, io.EOF
			}
			return Row{}, damaged(err)
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "row" {
			continue
		}
		w.number++
		if n, err := strconv.Atoi(attribute(e, "r")); err == nil && n > 0 {
			w.number = n
		}
		row, err := w.row()
		var bad *RowError
		if err != nil && !errors.As(err, &bad) {
			err = damaged(err)
		}
		return row, err
	}
}

func (w *workbook) row() (Row, error) {
	row := Row{Number: w.number}
	var wrong error
	open := w.content.depth
	for w.content.depth >= open {
		t, err := w.content.token()
		if err != nil {
			return row, err
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "c" {
			continue
		}
		at := len(row.Cells)
		if ref := attribute(e, "r"); ref != "" {
			at = columnOf(ref)
		}
		cell, err := w.cell(e)
		if err != nil {
			return row, err
		}
		if at < 0 || at >= MaxColumns {
			if cell.Text != "" {
				wrong = &RowError{Row: row.Number, Code: "row_too_wide"}
			}
			continue
		}
		for len(row.Cells) <= at {
			row.Cells = append(row.Cells, Cell{})
		}
		row.Cells[at] = cell
	}
	return row, wrong
}

// columnOf reads the letters of a reference like "AB12"; -1 for none.
func columnOf(ref string) int {
	n := 0
	for i := 0; i < len(ref) && n <= MaxColumns; i++ {
		c := ref[i] &^ 0x20
		if c < 'A' || c > 'Z' {
			break
		}
		n = n*26 + int(c-'A'+1)
	}
	return n - 1
}

func (w *workbook) cell(e xml.StartElement) (Cell, error) {
	kind, style := attribute(e, "t"), attribute(e, "s")
	value := ""
	open := w.content.depth
	for w.content.depth >= open {
		t, err := w.content.token()
		if err != nil {
			return Cell{}, err
		}
		if in, ok := t.(xml.StartElement); ok && (in.Name.Local == "v" || in.Name.Local == "is") {
			if value, err = w.content.text(in.Name.Local); err != nil {
				return Cell{}, err
			}
		}
	}
	return w.meant(kind, style, strings.TrimSpace(value)), nil
}

// meant is what a cell's value is: text of its own or shared, a number, or a date.
func (w *workbook) meant(kind, style, value string) Cell {
	switch kind {
	case "s":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n >= len(w.texts) {
			return Cell{}
		}
		return Cell{Text: w.texts[n]}
	case "inlineStr", "str", "b", "e":
		return Cell{Text: tidy(value)}
	case "d":
		return Cell{Text: strings.Replace(value, "T", " ", 1)}
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || n != n || n > 1e15 || n < -1e15 {
		return Cell{Text: value}
	}
	s, err := strconv.Atoi(style)
	if err == nil && s >= 0 && s < len(w.dates) && w.dates[s] && n >= 0 && n < lastDay {
		return Cell{Text: w.date(n)}
	}
	return Cell{Text: strconv.FormatFloat(shown(n), 'f', -1, 64), Number: true}
}

// shown rounds to the fifteen digits that spreadsheets keep and show: what they worked out, a sum of prices say, is
// stored with the noise of binary fractions behind them.
func shown(n float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', 15, 64), 64)
	if err != nil {
		return n
	}
	return rounded
}

// lastDay is the end of the year 9999.
const lastDay = 2958466

func (w *workbook) date(n float64) string {
	days := int(n)
	seconds := int((n-float64(days))*86400 + 0.5)
	at := w.since.AddDate(0, 0, days).Add(time.Duration(seconds) * time.Second)
	switch {
	case days == 0:
		return at.Format(time.TimeOnly)
	case seconds == 0:
		return at.Format(time.DateOnly)
	}
	return at.Format(time.DateTime)
}
