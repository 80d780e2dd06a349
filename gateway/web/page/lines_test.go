package page

import (
	"strings"
	"testing"
)

// Lines are a table with a caption and headings of rows and columns, on the link's page and on its receipt: amounts in the
// page's language, the price of one only where there are several. A page without lines is what it was.
func TestLinesAreATable(t *testing.T) {
	all := allPages(t)
	for lang, want := range map[string]string{
		"tr": "Satın aldıklarınız|col:Ürün|col:Tutar|row:9999 × A4 fotokopi kâğıdı, 80 g, 500 yaprak|Birim fiyatı 1.234.567,89 TL|12.344.444.332,11 TL|",
		"en": "What you are buying|col:Item|col:Amount|row:9999 × A4 fotokopi kâğıdı, 80 g, 500 yaprak|TRY 1,234,567.89 each|TRY 12,344,444,332.11|",
	} {
		for _, name := range []string{"checkout-lines", "result-lines"} {
			html := all[lang+"/"+name]
			_, table, found := strings.Cut(html, `<table class="lines">`)
			table, _, _ = strings.Cut(table, "</table>")
			words := strings.NewReplacer("\u00a0", " ", "\n", "", `<th scope="col">`, "col:", `<th scope="row">`, "row:", "<small>", "|", "</caption>", "|", "</th>", "|", "</td>", "|").Replace(table)
			for strings.Contains(words, "<") {
				before, rest, _ := strings.Cut(words, "<")
				_, after, _ := strings.Cut(rest, ">")
				words = before + after
			}
			words = strings.ReplaceAll(words, "||", "|")
			if !found || !strings.HasPrefix(words, want) || !strings.Contains(words, "&lt;b&gt;Hediye&lt;/b&gt;") || strings.Count(table, "<small>") != 2 {
				t.Errorf("%s/%s: %s", lang, name, words)
			}
		}
		for _, name := range []string{"checkout-debit", "result-paid"} {
			if strings.Contains(all[lang+"/"+name], "<table") {
				t.Errorf("%s/%s has a table", lang, name)
			}
		}
	}
}
