// Package poster prints a payment link on a page of A6: who collects, the sum, a QR code to point a phone at, and the
// address to type. It deliberately knows no link and no merchant, only what stands on the page.
package poster

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"rsc.io/qr"

	"github.com/odelink/odelink/templates"
)

// Poster is what stands on the page.
type Poster struct {
	Merchant    string
	Contact     string
	Accent      string // "#0b6b5e"; what is none is black
	Sum         string // as it is written in the language; "" = the payer types it
	Description string
	Order       string
	URL         string
	Until       time.Time
	Test        bool
}

// The page, in millimetres. A code of 66 mm is read from an arm's length and more (ux-checklist N5 asks for 20).
const (
	width  = 105.0
	height = 148.0
	margin = 9.0
	code   = 66.0
	quiet  = 4 // modules of light border (ISO/IEC 18004)
)

// maxText is how much of a description is printed; the page that the code leads to has all of it.
const maxText = 110

// PDF writes the page with embedded letters. The same poster gives the same bytes.
func PDF(l *templates.Locale, p Poster) ([]byte, error) {
	drawn, err := qr.Encode(p.URL, qr.M)
	if err != nil {
		return nil, fmt.Errorf("drawing a link's code: %w", err)
	}
	doc := fpdf.NewCustom(&fpdf.InitType{OrientationStr: "P", UnitStr: "mm", Size: fpdf.SizeType{Wd: width, Ht: height}})
	doc.AddUTF8FontFromBytes("go", "", goregular.TTF)
	doc.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	doc.SetMargins(margin, margin, margin)
	doc.SetAutoPageBreak(false, 0)
	doc.SetCatalogSort(true)
	doc.SetCreationDate(p.Until.UTC())
	doc.SetModificationDate(p.Until.UTC())
	doc.SetTitle(printable(p.Merchant)+" · "+p.Order, true)
	doc.SetLang(l.Code)
	doc.AddPage()
	head(doc, l, p)
	drawCode(doc, drawn, p.Accent)
	foot(doc, l, p)
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return nil, fmt.Errorf("writing a link's page: %w", err)
	}
	return out.Bytes(), nil
}

// head is who collects how much for what.
func head(doc *fpdf.Fpdf, l *templates.Locale, p Poster) {
	r, g, b := ink(p.Accent)
	doc.SetFillColor(r, g, b)
	doc.Rect(0, 0, width, 3, "F")
	doc.SetY(8)
	if p.Test {
		doc.SetFillColor(255, 214, 102)
		line(doc, "B", 7.5, 6, l.Text("mail.test"), true)
		doc.Ln(1)
	}
	line(doc, "B", 13, 7, printable(p.Merchant), false)
	if p.Sum != "" {
		line(doc, "B", 24, 12, p.Sum, false)
	}
	doc.SetTextColor(70, 76, 84)
	if text := printable(p.Description); text != "" {
		doc.SetFont("go", "", 9)
		for _, part := range firstTwo(doc.SplitText(cut(text), width-2*margin)) {
			line(doc, "", 9, 4.5, part, false)
		}
	}
	line(doc, "", 8, 4.5, l.Text("mail.row.order")+": "+p.Order, false)
	doc.SetTextColor(0, 0, 0)
}

// drawCode draws the code dark on light, in the middle.
func drawCode(doc *fpdf.Fpdf, drawn *qr.Code, accent string) {
	unit := code / float64(drawn.Size+2*quiet)
	x, y := (width-code)/2, doc.GetY()+1
	doc.SetFillColor(0, 0, 0)
	for row := range drawn.Size {
		for col := range drawn.Size {
			if drawn.Black(col, row) {
				doc.Rect(x+float64(col+quiet)*unit, y+float64(row+quiet)*unit, unit, unit, "F")
			}
		}
	}
	r, g, b := ink(accent)
	doc.SetDrawColor(r, g, b)
	doc.SetLineWidth(0.5)
	doc.RoundedRect(x, y, code, code, 3, "1234", "D")
	doc.SetY(y + code + 2)
}

// foot is what to do, until when, and whom to ask.
func foot(doc *fpdf.Fpdf, l *templates.Locale, p Poster) {
	line(doc, "B", 9.5, 5, l.Text("poster.scan"), false)
	doc.SetTextColor(70, 76, 84)
	line(doc, "", 8, 4.5, l.Text("poster.type"), false)
	doc.SetTextColor(0, 0, 0)
	line(doc, "B", 8, 4.5, p.URL, false)
	line(doc, "", 8, 4.5, l.Text("mail.row.until")+": "+l.When(p.Until), false)
	doc.SetTextColor(70, 76, 84)
	line(doc, "", 7.5, 4, printable(p.Contact), false)
}

// line is one centred line, smaller where it would not fit.
func line(doc *fpdf.Fpdf, style string, size, high float64, text string, fill bool) {
	doc.SetFont("go", style, size)
	for size > 5 && doc.GetStringWidth(text) > width-2*margin-2 {
		size -= 0.5
		doc.SetFont("go", style, size)
	}
	doc.CellFormat(0, high, text, "", 1, "C", fill, 0, "")
}

func firstTwo(lines []string) []string { return lines[:min(len(lines), 2)] }

func cut(text string) string {
	runes := []rune(text)
	if len(runes) <= maxText {
		return text
	}
	return string(runes[:maxText-1]) + "…"
}

// printable is a text on one line in letters that the font may have: it has none beyond the first plane of Unicode.
func printable(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r > 0xffff {
			return -1
		}
		return r
	}, text)), " ")
}

// ink reads a colour; what is none is black.
func ink(accent string) (r, g, b int) {
	n, err := strconv.ParseUint(strings.TrimPrefix(accent, "#"), 16, 32)
	if len(accent) != 7 || err != nil {
		return 0, 0, 0
	}
	return int(n >> 16), int(n >> 8 & 0xff), int(n & 0xff)
}
