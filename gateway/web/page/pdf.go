package page

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"rsc.io/qr"
)

// ErrNoReceipt says that the view has no receipt to print.
var ErrNoReceipt = errors.New("no receipt")

// The receipt on A4, in millimetres.
const (
	pdfMargin = 20.0
	pdfLabel  = 55.0
	pdfLine   = 5.0 // of a text with more of them
	pdfPad    = 1.5 // above and below a row's
	pdfQR     = 32.0
)

// ReceiptPDF writes the receipt of a result as one A4 page with embedded letters, so that Turkish
// names look the same everywhere (checklist J3). The Go fonts draw every letter of Turkish.
func (p *Pages) ReceiptPDF(lang string, v *Result) ([]byte, error) {
	if v.Receipt == nil {
		return nil, ErrNoReceipt
	}
	r := &root{Head: v.head(), p: p, L: p.Locale(lang), V: v}
	doc := fpdf.New("P", "mm", "A4", "")
	doc.AddUTF8FontFromBytes("go", "", goregular.TTF)
	doc.AddUTF8FontFromBytes("go", "B", gobold.TTF)
	doc.SetMargins(pdfMargin, pdfMargin, pdfMargin)
	doc.SetCreationDate(v.Receipt.PaidAt.UTC())
	doc.SetModificationDate(time.Time{})
	doc.SetTitle(printable(r.Heading()+" · "+v.Receipt.OrderID), true)
	doc.SetLang(r.L.Code)
	doc.AddPage()
	r.pdfHead(doc)
	r.pdfRows(doc)
	if err := r.pdfCheck(doc); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := doc.Output(&out); err != nil {
		return nil, fmt.Errorf("writing the receipt: %w", err)
	}
	return out.Bytes(), nil
}

func (r *root) pdfHead(doc *fpdf.Fpdf) {
	if r.Test {
		doc.SetFillColor(255, 214, 102)
		doc.SetFont("go", "B", 11)
		doc.CellFormat(0, 9, r.T("receipt.test"), "", 1, "C", true, 0, "")
		doc.Ln(4)
	}
	if r.Theme != nil {
		doc.SetFont("go", "B", 15)
		doc.MultiCell(0, 7, printable(r.LegalName()), "", "L", false)
	}
	doc.SetFont("go", "", 12)
	doc.MultiCell(0, 7, printable(r.Heading()), "", "L", false)
	doc.SetFont("go", "B", 24)
	doc.CellFormat(0, 14, r.L.Money(r.Receipt().TotalMinor, r.Receipt().Currency), "", 1, "L", false, 0, "")
	doc.Ln(3)
}

// printable is a text in letters that the font may have: it has none beyond the first plane of Unicode.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xffff {
			return -1
		}
		return r
	}, text)
}

func (r *root) pdfRows(doc *fpdf.Fpdf) {
	doc.SetDrawColor(210, 214, 220)
	doc.SetLineWidth(0.2)
	width, height := doc.GetPageSize()
	for _, row := range append(r.ReceiptRows(), r.lineRows()...) {
		label, text := printable(row.Label), printable(row.Text)
		doc.SetFont("go", "B", 10)
		lines := len(doc.SplitText(text, width-2*pdfMargin-pdfLabel))
		doc.SetFont("go", "", 10)
		lines = max(lines, len(doc.SplitText(label, pdfLabel)))
		y := doc.GetY()
		if y+float64(lines)*pdfLine+2*pdfPad > height-2*pdfMargin { // in one piece, where a page takes it
			doc.AddPage()
			y = doc.GetY()
		}
		doc.Line(pdfMargin, y, width-pdfMargin, y)
		doc.SetTextColor(90, 96, 106)
		doc.SetXY(pdfMargin, y+pdfPad)
		doc.MultiCell(pdfLabel, pdfLine, label, "", "L", false)
		below, page := doc.GetY(), doc.PageNo()
		doc.SetXY(pdfMargin+pdfLabel, y+pdfPad)
		doc.SetTextColor(20, 22, 26)
		doc.SetFont("go", "B", 10)
		doc.MultiCell(0, pdfLine, text, "", "R", false)
		if doc.PageNo() == page {
			doc.SetY(max(below, doc.GetY()))
		}
		doc.Ln(pdfPad)
	}
	doc.Line(pdfMargin, doc.GetY(), width-pdfMargin, doc.GetY())
}

// pdfCheck draws the code by which a stranger checks the receipt, and what the paper is not.
func (r *root) pdfCheck(doc *fpdf.Fpdf) error {
	if r.Receipt().Code != "" {
		code, err := qr.Encode(r.CheckURL(), qr.M)
		if err != nil {
			return fmt.Errorf("drawing the receipt's code: %w", err)
		}
		doc.Ln(6)
		x, y, unit := pdfMargin, doc.GetY(), pdfQR/float64(code.Size)
		doc.SetFillColor(0, 0, 0)
		for row := range code.Size {
			for col := range code.Size {
				if code.Black(col, row) {
					doc.Rect(x+float64(col)*unit, y+float64(row)*unit, unit, unit, "F")
				}
			}
		}
		doc.SetXY(x+pdfQR+6, y+2)
		doc.SetFont("go", "", 10)
		doc.MultiCell(0, 6, r.T("receipt.code_hint")+"\n"+r.CheckURL(), "", "L", false)
		doc.SetY(y + pdfQR)
	}
	doc.Ln(6)
	doc.SetFont("go", "", 9)
	doc.SetTextColor(90, 96, 106)
	doc.MultiCell(0, 5, r.T("receipt.not_fiscal"), "", "L", false)
	return nil
}
