package page

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// Checklist J3: the receipt's letters are embedded, so each that a receipt can hold must exist.
func TestJ03_PDFDrawsEveryLetterOfEveryLanguage(t *testing.T) {
	p := newTestPages(t)
	for name, ttf := range map[string][]byte{"regular": goregular.TTF, "bold": gobold.TTF} {
		font, err := sfnt.Parse(ttf)
		if err != nil {
			t.Fatal(err)
		}
		text := "ğĞşŞıİçÇöÖüÜâîû•\u00a0"
		for _, lang := range p.Languages() {
			for _, k := range p.Locale(lang).Keys() {
				if len(k) > 8 && k[:8] == "receipt." {
					text += p.Locale(lang).Raw(k)
				}
			}
		}
		for _, r := range text {
			if i, err := font.GlyphIndex(nil, r); err != nil || i == 0 {
				t.Errorf("%s has no %q", name, r)
			}
		}
	}
}

func TestReceiptPDFIsMadeOfReceiptsOnly(t *testing.T) {
	p := newTestPages(t)
	for _, lang := range p.Languages() {
		receipt := sampleReceipt
		pdf, err := p.ReceiptPDF(lang, &Result{Head: Head{Theme: shop}, Payment: receipt.Payment, Status: StatusPaid, Receipt: &receipt})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("%%EOF")) {
			t.Errorf("%s: %.20q is no PDF", lang, pdf)
		}
		if n := bytes.Count(pdf, []byte("/Type /Page\n")); n != 1 {
			t.Errorf("%s: %d pages, want one", lang, n)
		}
	}
	odd := sampleReceipt // letters that no font here has, and more of them than a page takes
	odd.Answers = []Answer{{Label: Label{"en": "😀 " + strings.Repeat("uzun etiket ", 6)}, Text: "Ali 😀"}, {Label: Label{"en": "😀"}, Text: strings.Repeat("Çınar Sk. No 5 ", 300)}, {Label: Label{"en": "Son"}, Text: "-"}}
	if pdf, err := p.ReceiptPDF("tr", &Result{Head: Head{Theme: shop}, Payment: odd.Payment, Status: StatusPaid, Receipt: &odd}); err != nil || bytes.Count(pdf, []byte("/Type /Page\n")) < 2 {
		t.Errorf("answers that no letter of the font stands for: %v", err)
	}
	sold := sampleReceipt
	for range 20 {
		sold.Items = append(sold.Items, sampleItems[1])
	}
	if pdf, err := p.ReceiptPDF("en", &Result{Head: Head{Theme: shop}, Payment: sold.Payment, Status: StatusPaid, Receipt: &sold}); err != nil || bytes.Count(pdf, []byte("/Type /Page\n")) < 2 {
		t.Errorf("twenty lines of long names: %v", err)
	}
	if _, err := p.ReceiptPDF("tr", &Result{Status: StatusPending}); !errors.Is(err, ErrNoReceipt) {
		t.Errorf("a payment without a receipt gives %v", err)
	}
}

// Lines of one text stand closer together than rows do.
func TestLinesOfAReceiptsTextBelongTogether(t *testing.T) {
	p := newTestPages(t)
	for want, description := range map[int]string{0: "Masa", 1: "Ceviz yemek masası, altı sandalye ve iki komodin; montaj ve taşıma fiyata dahildir, kat farkı alınmaz"} {
		receipt := sampleReceipt
		receipt.Description = description
		pdf, err := p.ReceiptPDF("tr", &Result{Head: Head{Theme: shop}, Payment: receipt.Payment, Status: StatusPaid, Receipt: &receipt})
		if err != nil {
			t.Fatal(err)
		}
		close, last := 0, 0.0
		for _, m := range textAt.FindAllSubmatch(drawn(t, pdf), -1) {
			y, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(last-y-pdfLine*72/25.4) < 0.5 {
				close++
			}
			last = y
		}
		if close != want {
			t.Errorf("%q: %d lines stand close to the one above", description, close)
		}
	}
}

var textAt = regexp.MustCompile(`BT [\d.]+ ([\d.]+) Td`)

// drawn is what is drawn on a PDF's first page.
func drawn(t *testing.T, pdf []byte) []byte {
	t.Helper()
	_, rest, _ := bytes.Cut(pdf, []byte("stream\n"))
	in, err := zlib.NewReader(bytes.NewReader(rest))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
