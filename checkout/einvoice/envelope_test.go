package einvoice_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout/einvoice"
)

var invoiceOf = regexp.MustCompile(`(?s)<Invoice.*?</Invoice>`)

// of is the sample's envelope with these invoices in the place of its own.
func of(t testing.TB, invoices ...string) []byte {
	t.Helper()
	doc := string(sample(t, "envelope.xml"))
	return []byte(strings.Replace(doc, invoiceOf.FindString(doc), strings.Join(invoices, "\r\n<!-- ]]&gt; <Invoice> -->"), 1))
}

// Each invoice of an envelope is the bytes between its tags; with notes in some, all else stays.
func TestOpenFindsEachInvoice(t *testing.T) {
	first := invoiceOf.FindString(string(sample(t, "envelope.xml")))
	returned, third := strings.Replace(first, ">SATIS<", ">IADE<", 1), invoiceOf.FindString(string(sample(t, "plain.xml")))
	doc := of(t, first, returned, third)
	e, err := einvoice.Open(doc)
	if err != nil {
		t.Fatal(err)
	}
	docs := e.Invoices()
	if len(docs) != 3 || string(docs[0]) != first || string(docs[1]) != returned || string(docs[2]) != third {
		t.Fatalf("%q", docs)
	}
	if got := e.With(make([][]byte, 3)); !bytes.Equal(got, doc) {
		t.Errorf("with nothing it became\n%s", got)
	}
	linked := [][]byte{parsed(t, "first", docs[0]).WithNote(note, ours), nil, parsed(t, "third", docs[2]).WithNote(note, ours)}
	if got, want := e.With(linked), of(t, string(linked[0]), returned, string(linked[2])); !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := einvoice.Parse(docs[1]); !errors.Is(err, einvoice.ErrReturn) {
		t.Errorf("the returned one: %v", err)
	}
}

// One alone is the whole document, in an envelope or not.
func TestOpenOfOneIsTheDocument(t *testing.T) {
	for _, name := range []string{"plain.xml", "envelope.xml", "notes-bom-crlf.xml"} {
		doc := sample(t, name)
		e, err := einvoice.Open(doc)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		docs := e.Invoices()
		if len(docs) != 1 || !bytes.Equal(docs[0], doc) || !bytes.Equal(e.With([][]byte{nil}), doc) {
			t.Errorf("%s: %d documents", name, len(docs))
		}
		linked := parsed(t, name, docs[0]).WithNote(note, ours)
		if !bytes.Equal(e.With([][]byte{linked}), linked) {
			t.Errorf("%s: not what it is with its note", name)
		}
	}
}

func TestWhatIsNoEnvelope(t *testing.T) {
	one := invoiceOf.FindString(string(sample(t, "envelope.xml")))
	two := string(of(t, one, one))
	const sealed = `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>`
	for name, c := range map[string]struct {
		doc  string
		want error
	}{
		"a signature around them":   {strings.Replace(two, "<ef:Package>", sealed+"<ef:Package>", 1), einvoice.ErrSigned},
		"a signature behind them":   {strings.Replace(two, "</ef:Package>", sealed+"</ef:Package>", 1), einvoice.ErrSigned},
		"two within something else": {"<list>" + one + one + "</list>", einvoice.ErrNotInvoice},
		"one within the other":      {strings.Replace(two, "<cbc:UBLVersionID>", one+"<cbc:UBLVersionID>", 1), einvoice.ErrMalformed},
		"none":                      {string(of(t)), einvoice.ErrNotInvoice},
		"a document type":           {strings.Replace(two, "<sh:Stand", "<!DOCTYPE a><sh:Stand", 1), einvoice.ErrDTD},
	} {
		if _, err := einvoice.Open([]byte(c.doc)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", name, err, c.want)
		}
	}
	e, err := einvoice.Open(of(t, strings.Replace(one, "<cbc:UBLVersionID>", sealed+"<cbc:UBLVersionID>", 1), one))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := einvoice.Parse(e.Invoices()[0]); !errors.Is(err, einvoice.ErrSigned) {
		t.Errorf("one that is signed: %v", err)
	}
	if _, err := einvoice.Parse(e.Invoices()[1]); err != nil {
		t.Errorf("its neighbour: %v", err)
	}
	e, err = einvoice.Open(of(t, strings.Replace(one, ` xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"`, "", 1), one))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := einvoice.Parse(e.Invoices()[0]); err == nil {
		t.Error("an invoice that leans on the envelope's names was read by itself")
	}
}
