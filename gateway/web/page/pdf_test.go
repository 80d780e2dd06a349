package page

import (
	"bytes"
	"errors"
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
	if _, err := p.ReceiptPDF("tr", &Result{Status: StatusPending}); !errors.Is(err, ErrNoReceipt) {
		t.Errorf("a payment without a receipt gives %v", err)
	}
}
