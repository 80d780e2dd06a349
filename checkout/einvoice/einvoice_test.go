package einvoice_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/checkout/einvoice"
)

const (
	ours = "Ödeme linki: https://pay.example/p/"
	note = ours + "k7Q2mZ4RwB9t (14.01.2027 23:59'a kadar)"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestParseReadsWhatIsToBePaid(t *testing.T) {
	plain := checkout.InvoiceFacts{
		UUID: "8d1f6a52-3c1b-4e7a-9b1d-0a5c7e2f4b61", Number: "ABC2026000000123", Amount: checkout.Money{Minor: 125050, Currency: checkout.TRY}, IssuedOn: "2026-11-20", DueOn: "2026-12-15",
		Profile: "TICARIFATURA", Type: "SATIS", Supplier: checkout.Party{TaxNumber: "1288331521", Name: "Çınar Ahşap & Mobilya A.Ş."}, Customer: checkout.Party{TaxNumber: "10000000146", Name: "Işıl Öztürk"},
	}
	firm := plain
	firm.UUID, firm.Number, firm.Customer = "0b6f2b1e-90ab-4d0f-8a51-6a1c2f3d4e5f", "XYZ2026000000007", checkout.Party{TaxNumber: "9876543217", Name: "Güneş Otelcilik Ltd. Şti."}
	whole := plain
	whole.Amount.Minor, whole.DueOn = 10000, ""
	yen, packed := plain, plain
	yen.Amount, yen.Number = checkout.Money{Minor: 1200, Currency: checkout.JPY}, "JPN2026000000001"
	packed.Number = "ZRF2026000000055"
	for name, want := range map[string]checkout.InvoiceFacts{
		"plain.xml": plain, "notes-bom-crlf.xml": firm, "other-prefixes.xml": whole, "declared-each.xml": plain, "one-line.xml": yen, "envelope.xml": packed,
	} {
		got, err := einvoice.Parse(sample(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got.InvoiceFacts != want {
			t.Errorf("%s\n got %+v\nwant %+v", name, got.InvoiceFacts, want)
		}
	}
}

// The note stands behind the last note of the invoice's own, or in front of its currency, and nothing else
// of the file differs.
func TestNoteHasItsPlace(t *testing.T) {
	const basic = ` xmlns="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"`
	for name, c := range map[string]struct{ before, added, after string }{
		"plain.xml":          {"</cbc:InvoiceTypeCode>\n\t", "<cbc:Note>" + note + "</cbc:Note>\n\t", `<cbc:DocumentCurrencyCode`},
		"notes-bom-crlf.xml": {"kuruştur</cbc:Note>", "\r\n  <cbc:Note>" + note + "</cbc:Note>", "\r\n  <cbc:DocumentCurrencyCode"},
		"other-prefixes.xml": {"<b:Note>Not</b:Note>", "\n\t<b:Note>" + note + "</b:Note>", "\n\t<b:DocumentCurrencyCode"},
		"declared-each.xml":  {"</InvoiceTypeCode>\n ", "<Note" + basic + ">" + note + "</Note>\n ", "<DocumentCurrencyCode"},
		"one-line.xml":       {"</cbc:InvoiceTypeCode>", "<cbc:Note>" + note + "</cbc:Note>", "<cbc:DocumentCurrencyCode"},
		"envelope.xml":       {"</cbc:InvoiceTypeCode>\n   ", "<cbc:Note>" + note + "</cbc:Note>\n   ", "<cbc:DocumentCurrencyCode"},
	} {
		doc := sample(t, name)
		got := string(parsed(t, name, doc).WithNote(note, ours))
		if want := strings.Replace(string(doc), c.before+c.after, c.before+c.added+c.after, 1); got != want || want == string(doc) {
			t.Errorf("%s:\n%s", name, got)
		}
		if again := parsed(t, name, []byte(got)).WithNote(note, ours); string(again) != got {
			t.Errorf("%s: a second time it became\n%s", name, again)
		}
		moved := string(parsed(t, name, []byte(got)).WithNote(ours+"other", ours))
		if want := strings.Replace(got, note, ours+"other", 1); moved != want {
			t.Errorf("%s: another link of ours stands beside the first:\n%s", name, moved)
		}
		if !bytes.Equal(doc, sample(t, name)) {
			t.Errorf("%s: the document given was changed", name)
		}
	}
}

// attributes writes n of them, no two of one name.
func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("a" + strconv.FormatInt(int64(i), 36) + `='' `)
	}
	return b.String()
}

func parsed(t testing.TB, name string, doc []byte) *einvoice.Invoice {
	t.Helper()
	inv, err := einvoice.Parse(doc)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return inv
}

// A note behind the currency is where the schema has none: ours does not follow it there.
func TestNoteStaysInFrontOfTheCurrency(t *testing.T) {
	doc := strings.Replace(string(sample(t, "plain.xml")), "<cbc:LineCountNumeric>", "<cbc:Note>misplaced</cbc:Note><cbc:LineCountNumeric>", 1)
	got := string(parsed(t, "plain.xml", []byte(doc)).WithNote(note, ours))
	if want := strings.Replace(doc, "<cbc:DocumentCurrencyCode ", "<cbc:Note>"+note+"</cbc:Note>\n\t<cbc:DocumentCurrencyCode ", 1); got != want {
		t.Error(got)
	}
}

// A32: words of an invoice that are kept hold no card's number.
func TestA32_NoCardNumberAsAnInvoicesWord(t *testing.T) {
	plain := string(sample(t, "plain.xml"))
	for _, word := range []string{">TICARIFATURA<", ">SATIS<"} {
		_, err := einvoice.Parse([]byte(strings.Replace(plain, word, ">A4155650000000007<", 1)))
		if !errors.Is(err, einvoice.ErrIncomplete) {
			t.Errorf("%s: %v", word, err)
		}
	}
}

func TestNoteIsEscaped(t *testing.T) {
	got := string(parsed(t, "plain.xml", sample(t, "plain.xml")).WithNote(`a<b>&"c"'`, ours))
	if !strings.Contains(got, `<cbc:Note>a&lt;b&gt;&amp;"c"'</cbc:Note>`) {
		t.Error(got)
	}
}

// A57, A58: each is refused with its own code.
func TestA57_A58_WhatGetsNoLink(t *testing.T) {
	plain := string(sample(t, "plain.xml"))
	swap := func(pairs ...string) string {
		text := plain
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				t.Fatalf("the sample has no %s", pairs[i])
			}
			text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
		}
		return text
	}
	const payable = `<cbc:PayableAmount currencyID="TRY">1250.50<`
	amount := func(text string) string { return swap(payable, `<cbc:PayableAmount currencyID="TRY">`+text+"<") }
	envelope := string(sample(t, "envelope.xml"))
	invoice := regexp.MustCompile(`(?s)<Invoice.*</Invoice>`).FindString(envelope)
	deep := func(n int) string {
		return swap(`<yer-tutucu xmlns="urn:ornek"/>`, strings.Repeat("<y>", n)+strings.Repeat("</y>", n))
	}
	latin, err := os.ReadFile("testdata/plain.xml")
	if err != nil {
		t.Fatal(err)
	}
	latin = bytes.ReplaceAll(latin, []byte("Işıl"), []byte("I\xfe\xfdl"))
	for name, c := range map[string]struct {
		doc  string
		want *checkout.Error
	}{
		"a document type":                     {strings.Replace(plain, "<Invoice", `<!DOCTYPE Invoice [<!ENTITY a "b">]><Invoice`, 1), einvoice.ErrDTD},
		"an external entity":                  {strings.Replace(plain, "<Invoice", `<!DOCTYPE Invoice SYSTEM "file:///etc/passwd"><Invoice`, 1), einvoice.ErrDTD},
		"an entity that nobody declared":      {swap("Masa", "&masa;"), einvoice.ErrMalformed},
		"21 levels":                           {deep(17), einvoice.ErrTooDeep},
		"20 levels":                           {deep(16), nil},
		"elements without end":                {swap("Masa", "</cbc:Name>"+strings.Repeat("<cbc:Name/>", 200_000)+"<cbc:Name>"), einvoice.ErrTooLarge},
		"attributes without end":              {swap("<cbc:LineCountNumeric", "<cbc:LineCountNumeric "+attributes(500_000)), einvoice.ErrTooLarge}, // each against all before: minutes
		"201 attributes":                      {swap("<cbc:LineCountNumeric", "<cbc:LineCountNumeric "+attributes(201)), einvoice.ErrTooLarge},
		"200 attributes":                      {swap("<cbc:LineCountNumeric", "<cbc:LineCountNumeric "+attributes(200)), nil},
		"a text of megabytes":                 {swap("Masa", strings.Repeat("Masa", 1<<20)), nil},
		"more than five mebibytes":            {plain + strings.Repeat(" ", einvoice.MaxBytes), einvoice.ErrTooLarge},
		"five mebibytes":                      {plain + strings.Repeat(" ", einvoice.MaxBytes-len(plain)), nil},
		"ISO-8859-9 by its bytes":             {string(latin), einvoice.ErrEncoding},
		"windows-1254 by its name":            {swap("UTF-8", "windows-1254"), einvoice.ErrEncoding},
		"UTF-16":                              {"\xff\xfe<\x00I\x00n\x00v\x00", einvoice.ErrEncoding},
		"nothing":                             {"", einvoice.ErrMalformed},
		"JSON":                                {"{}", einvoice.ErrMalformed},
		"half of it":                          {plain[:len(plain)/2], einvoice.ErrMalformed},
		"text behind it":                      {plain + "x", einvoice.ErrMalformed},
		"two roots":                           {plain + "<x/>", einvoice.ErrMalformed},
		"a declaration in the middle":         {swap("Masa", `Masa</cbc:Name><?xml version="1.0"?><cbc:Name>`), einvoice.ErrMalformed},
		"two amounts":                         {swap("<cbc:PayableAmount", payable+"/cbc:PayableAmount><cbc:PayableAmount"), einvoice.ErrMalformed},
		"two currencies of one amount":        {swap(`<cbc:PayableAmount currencyID="TRY"`, `<cbc:PayableAmount currencyID="USD" currencyID="TRY"`), einvoice.ErrMalformed},
		"an element in an amount":             {amount("<x/>1"), einvoice.ErrMalformed},
		"an invoice in an invoice":            {swap("<cac:Item>", "<cac:Item>"+invoice), einvoice.ErrMalformed},
		"a web page":                          {`<html xmlns="http://www.w3.org/1999/xhtml"/>`, einvoice.ErrNotInvoice},
		"a style sheet (A58)":                 {`<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">` + invoice + `</xsl:stylesheet>`, einvoice.ErrNotInvoice},
		"a credit note":                       {`<CreditNote xmlns="urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"/>`, einvoice.ErrNotInvoice},
		"an empty envelope":                   {strings.Replace(envelope, invoice, "", 1), einvoice.ErrNotInvoice},
		"no namespace":                        {"<Invoice/>", einvoice.ErrNamespace},
		"another namespace":                   {swap(`schema:xsd:Invoice-2"`, `schema:xsd:Invoice-1"`), einvoice.ErrNamespace},
		"other basic components":              {swap("CommonBasicComponents-2", "CommonBasicComponents-1"), einvoice.ErrNamespace},
		"UBL 2.0":                             {swap(">2.1<", ">2.0<"), einvoice.ErrVersion},
		"TR1.0":                               {swap(">TR1.2<", ">TR1.0<"), einvoice.ErrVersion},
		"TR1.2.1":                             {swap(">TR1.2<", ">TR1.2.1<"), nil},
		"two in an envelope":                  {strings.Replace(envelope, invoice, invoice+invoice, 1), einvoice.ErrSeveral},
		"a signature":                         {swap(`<yer-tutucu xmlns="urn:ornek"/>`, `<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/>`), einvoice.ErrSigned},
		"a signature around it":               {strings.Replace(envelope, "<ef:Package>", `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/><ef:Package>`, 1), einvoice.ErrSigned},
		"a signature in UBL's own dress":      {swap(`<yer-tutucu xmlns="urn:ornek"/>`, `<s:UBLDocumentSignatures xmlns:s="urn:oasis:names:specification:ubl:schema:xsd:CommonSignatureComponents-2"/>`), einvoice.ErrSigned},
		"signed, and an old version":          {swap(`<yer-tutucu xmlns="urn:ornek"/>`, `<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"/>`, ">TR1.2<", ">TR1.0<"), einvoice.ErrSigned},
		"a return":                            {swap(">SATIS<", ">IADE<"), einvoice.ErrReturn},
		"a return with withholding":           {swap(">SATIS<", ">TEVKIFATIADE<"), einvoice.ErrReturn},
		"a copy":                              {swap(">false<", ">true<"), einvoice.ErrCopy},
		"another type, another profile":       {swap(">SATIS<", ">TEVKIFAT<", ">TICARIFATURA<", ">YENI_PROFIL<"), nil},
		"a UUID that is none":                 {swap("8D1F6A52-", ""), einvoice.ErrIncomplete},
		"no number":                           {swap("<cbc:ID>ABC2026000000123</cbc:ID>", ""), einvoice.ErrIncomplete},
		"a day that is none":                  {swap("2026-11-20", "2026-02-30"), einvoice.ErrIncomplete},
		"a due day that is none":              {swap("2026-12-15", "15.12.2026"), einvoice.ErrIncomplete},
		"no currency":                         {swap(`<cbc:DocumentCurrencyCode listID="ISO 4217 Alpha">TRY</cbc:DocumentCurrencyCode>`, ""), einvoice.ErrIncomplete},
		"no amount":                           {swap("<cbc:PayableAmount", "<cbc:PrepaidAmount", "</cbc:PayableAmount", "</cbc:PrepaidAmount"), einvoice.ErrIncomplete},
		"no supplier":                         {swap(`schemeID="VKN"`, `schemeID="HIZMETNO"`), einvoice.ErrIncomplete},
		"zero":                                {amount("0.00"), einvoice.ErrAmount},
		"less than zero":                      {amount("-1.00"), einvoice.ErrAmount},
		"with a plus":                         {amount("+1.00"), einvoice.ErrAmount},
		"with an exponent":                    {amount("1e3"), einvoice.ErrAmount},
		"with a comma":                        {amount("1250,50"), einvoice.ErrAmount},
		"a part of a kuruş":                   {amount("1.005"), einvoice.ErrAmount},
		"more than can be charged":            {amount("10000000000.00"), einvoice.ErrAmount},
		"more than a number holds":            {amount("999999999999999.99"), einvoice.ErrAmount},
		"zeros behind the kuruş":              {amount("1250.5000"), nil},
		"old lira":                            {swap("TRY", "TRL"), einvoice.ErrCurrency},
		"the amount in another currency":      {swap(payable, `<cbc:PayableAmount currencyID="USD">1250.50<`), einvoice.ErrCurrencyMismatch},
		"an amount without its currency":      {swap(payable, "<cbc:PayableAmount>1250.50<"), einvoice.ErrCurrencyMismatch},
		"to be paid in another currency":      {swap("<cbc:LineCountNumeric>", "<cbc:PaymentCurrencyCode>EUR</cbc:PaymentCurrencyCode><cbc:LineCountNumeric>"), einvoice.ErrCurrencyMismatch},
		"the same note at a wrong place only": {swap("Gecikmede aylık %2", ours), nil},
	} {
		_, err := einvoice.Parse([]byte(c.doc))
		if c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestEveryMissingValueIsToldAtOnce(t *testing.T) {
	doc := regexp.MustCompile(`<cbc:(UUID|IssueDate)>[^<]*</cbc:(UUID|IssueDate)>`).ReplaceAllString(string(sample(t, "plain.xml")), "")
	_, err := einvoice.Parse([]byte(strings.Replace(doc, ">SATIS<", ">satış<", 1)))
	if err == nil || err.Error() != "einvoice_incomplete [UUID: required] [IssueDate: required] [InvoiceTypeCode: invalid]" {
		t.Error(err)
	}
	if len(einvoice.ErrIncomplete.Fields) > 0 {
		t.Error("the fields of one invoice stand in the next one's error")
	}
}

// The examples that GİB publishes, where they are at hand.
func TestPublishedExamples(t *testing.T) {
	const folder = "../../../shared/data/ubl/"
	for name, want := range map[string]*checkout.Error{"satis-temelfatura.xml": nil, "satis-ticarifatura.xml": nil, "satis-temelfatura-imzali.xml": einvoice.ErrSigned} {
		doc, err := os.ReadFile(folder + name)
		if errors.Is(err, os.ErrNotExist) {
			t.Logf("%s is not here", name)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		inv, err := einvoice.Parse(doc)
		if want != nil {
			if !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		onlyAdds(t, doc, inv)
		t.Log(inv.Number, inv.Amount, inv.DueOn)
	}
}

// onlyAdds holds a spliced document against the one that it was made of: without the note, and the one run
// of space beside it, every byte is there.
func onlyAdds(t testing.TB, doc []byte, inv *einvoice.Invoice) {
	t.Helper()
	got := inv.WithNote(note, ours)
	at := bytes.Index(got, []byte(note))
	if at < 0 {
		t.Fatalf("no note in\n%s", got)
	}
	from, to := bytes.LastIndexByte(got[:at], '<'), at+len(note)+bytes.IndexByte(got[at+len(note):], '>')+1
	space := len(got) - (to - from) - len(doc)
	inFront := from >= space && string(got[:from-space])+string(got[to:]) == string(doc)
	if behind := string(got[:from]) + string(got[to+space:]); !inFront && behind != string(doc) {
		t.Errorf("other bytes changed\n%s", got)
	}
	again, err := einvoice.Parse(got)
	if err != nil {
		t.Fatalf("what was spliced is not read again: %v\n%s", err, got)
	}
	if again.InvoiceFacts != inv.InvoiceFacts {
		t.Errorf("the note changed what the invoice says\n%+v\n%+v", inv.InvoiceFacts, again.InvoiceFacts)
	}
	if twice := again.WithNote(note, ours); !bytes.Equal(twice, got) {
		t.Errorf("a second note\n%s", twice)
	}
}

func FuzzSplice(f *testing.F) {
	names, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(names) < 6 {
		f.Fatalf("%d samples, %v", len(names), err)
	}
	for _, name := range names {
		f.Add(sample(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		inv, err := einvoice.Parse(doc)
		var known *checkout.Error
		if err != nil {
			if !errors.As(err, &known) || known.Kind != checkout.KindInvalid || known.Code == "" {
				t.Fatalf("an error that says nothing: %v", err)
			}
			return
		}
		if bytes.Contains(doc, []byte("Ödeme linki")) {
			return // a note of ours is replaced, which TestNoteHasItsPlace holds
		}
		onlyAdds(t, doc, inv)
	})
}

// Files that are nearly invoices: pieces of the samples left out, doubled and moved.
func TestSpliceKeepsEveryOtherByteOfStrangeFiles(t *testing.T) {
	names, err := filepath.Glob("testdata/*.xml")
	if err != nil {
		t.Fatal(err)
	}
	source := rand.New(rand.NewPCG(1, 2))
	tags := regexp.MustCompile(`<[^>]*>|[^<]+`)
	spliced := 0
	for _, name := range names {
		pieces := tags.FindAllString(string(sample(t, filepath.Base(name))), -1)
		for range 400 {
			strange := slices.Clone(pieces)
			for range source.IntN(3) + 1 {
				at, piece := source.IntN(len(strange)), pieces[source.IntN(len(pieces))]
				switch source.IntN(4) {
				case 0:
					strange[at] = ""
				case 1:
					strange[at] += piece
				case 2:
					strange[at] = strings.TrimSpace(strange[at]) + "\r\n\t "
				case 3:
					strange[at] = "<!-- -->" + strange[at]
				}
			}
			doc := []byte(strings.Join(strange, ""))
			if inv, err := einvoice.Parse(doc); err == nil {
				onlyAdds(t, doc, inv)
				spliced++
			}
		}
	}
	if spliced < 200 {
		t.Errorf("only %d of them could be read", spliced)
	}
}

// A57: what a tag holds takes much memory, so a long one is not read to its end.
func TestA57_ALongTagIsNotHeld(t *testing.T) {
	doc := []byte(strings.Replace(string(sample(t, "plain.xml")), "<cbc:LineCountNumeric", "<cbc:LineCountNumeric "+strings.Repeat(`a='>' `, 700_000), 1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := einvoice.Parse(doc)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, einvoice.ErrTooLarge) || took > 32<<20 {
		t.Errorf("%v, for %d bytes of memory", err, took)
	}
}
