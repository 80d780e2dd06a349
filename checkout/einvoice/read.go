package einvoice

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/odelink/odelink/checkout"
)

var bom = []byte("\ufeff")

// value is one element that was read: its text without space around it, and its attributes.
type value struct {
	text  string
	attrs []xml.Attr
}

func (v value) attr(name string) string {
	for _, a := range v.attrs {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// element is where an element stands: its first byte, the first and the last of what it holds, its end.
type element struct {
	start, inner, outer, end int
	attrs                    []xml.Attr
	text                     string
}

// span is where an element begins, and where the next byte behind it is.
type span struct{ from, to int }

// reader walks through a document once and keeps what the link needs.
type reader struct {
	doc     []byte
	base    int // bytes of a byte order mark
	decoder *xml.Decoder
	open    []xml.Name // elements from the root to here
	root    xml.Name
	left    int // how many elements may still begin
	signed  bool

	invoices []span // where each stands, in their order
	within   int    // depth of the invoice that is open, the first or another; 0 = none is
	around   bool   // a signature stands outside of the invoices
	depth    int    // of the first invoice's own children; 0 = none is open
	basic    int    // how many of its children are of the basic components
	values   map[string][]value
	notes    []element // its own, in front of the currency's code
	currency *element  // its DocumentCurrencyCode

	path  string // of the value being read, "" = none
	text  strings.Builder
	begun element
}

// wanted are the values that are read: elements from the invoice down, b: for basic and a: for aggregate.
// single ones may stand once only, or two readers could take different ones.
var wanted = func() map[string]bool {
	single := map[string]bool{
		"b:UBLVersionID": true, "b:CustomizationID": true, "b:ProfileID": true, "b:ID": true, "b:CopyIndicator": true, "b:UUID": true,
		"b:IssueDate": true, "b:InvoiceTypeCode": true, "b:DocumentCurrencyCode": true, "b:PaymentCurrencyCode": true,
		"a:LegalMonetaryTotal/b:PayableAmount": true,
		"a:PaymentMeans/b:PaymentDueDate":      false, "a:PaymentTerms/b:PaymentDueDate": false, "b:Note": false,
	}
	for _, party := range []string{"a:AccountingSupplierParty/a:Party/", "a:AccountingCustomerParty/a:Party/"} {
		single[party+"a:PartyIdentification/b:ID"] = false
		single[party+"a:PartyName/b:Name"] = true
		single[party+"a:Person/b:FirstName"] = true
		single[party+"a:Person/b:FamilyName"] = true
	}
	return single
}()

// maxLevels is how far below the invoice a wanted value stands.
const maxLevels = 4

// read walks through the document of at most so many bytes and elements. What it answers is about the XML alone.
func read(doc []byte, maxBytes, maxElements int) (*reader, error) {
	switch {
	case len(doc) > maxBytes:
		return nil, ErrTooLarge
	case !utf8.Valid(doc):
		return nil, ErrEncoding
	}
	r := &reader{doc: doc, left: maxElements, values: map[string][]value{}}
	if bytes.HasPrefix(doc, bom) {
		r.base = len(bom)
	}
	in := &bounded{Reader: bytes.NewReader(doc[r.base:])}
	r.decoder = xml.NewDecoder(in)
	r.decoder.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, ErrEncoding }
	for {
		start := r.at()
		in.begin(doc[start:])
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) && len(r.open) == 0 && r.root.Local != "" {
			return r, nil
		}
		for _, told := range []*checkout.Error{ErrEncoding, ErrTooLarge} {
			if errors.Is(err, told) {
				return nil, told
			}
		}
		if err != nil {
			return nil, ErrMalformed.Because(err)
		}
		if err := r.take(token, start); err != nil {
			return nil, err
		}
	}
}

// bounded ends with ErrTooLarge in a tag of more than maxTag bytes: the decoder holds all attributes of one at once, and
// takes thirty times their size for them. Texts may be long.
type bounded struct {
	*bytes.Reader
	left int
}

// begin is told of what the decoder reads next.
func (b *bounded) begin(rest []byte) {
	b.left = len(rest)
	if len(rest) > 1 && rest[0] == '<' && rest[1] != '!' && rest[1] != '?' {
		b.left = maxTag
	}
}

func (b *bounded) ReadByte() (byte, error) {
	if b.left--; b.left < 0 && b.Len() > 0 {
		return 0, ErrTooLarge
	}
	return b.Reader.ReadByte()
}

// at is where the decoder stands in the document.
func (r *reader) at() int { return r.base + int(r.decoder.InputOffset()) }

func (r *reader) take(token xml.Token, start int) error {
	switch t := token.(type) {
	case xml.Directive: // after the prologue's <!DOCTYPE no other is legal
		return ErrDTD
	case xml.ProcInst:
		if t.Target == "xml" && start != r.base {
			return ErrMalformed
		}
	case xml.StartElement:
		return r.start(t, start)
	case xml.EndElement:
		r.end(start)
	case xml.CharData:
		if len(r.open) == 0 && len(bytes.TrimSpace(t)) > 0 {
			return ErrMalformed
		}
		if r.path != "" && r.text.Len() < maxText {
			r.text.Write(t)
		}
	}
	return nil
}

func (r *reader) start(t xml.StartElement, start int) error {
	r.left--
	switch {
	case len(r.open) >= maxDepth:
		return ErrTooDeep
	case r.left < 0, len(t.Attr) > maxAttributes:
		return ErrTooLarge
	case len(r.open) == 0 && r.root.Local != "", repeated(t.Attr), r.path != "":
		return ErrMalformed // a second root, an attribute twice, or an element where text is
	}
	if len(r.open) == 0 {
		r.root = t.Name
	}
	if t.Name.Space == nsSignature && t.Name.Local == "Signature" || t.Name.Space == nsSealed {
		r.signed, r.around = true, r.around || r.within == 0
	}
	r.open = append(r.open, t.Name)
	if t.Name == (xml.Name{Space: nsInvoice, Local: "Invoice"}) {
		if r.within > 0 {
			return ErrMalformed
		}
		r.within = len(r.open)
		r.invoices = append(r.invoices, span{from: start})
		if len(r.invoices) == 1 {
			r.depth = r.within
		}
		return nil
	}
	r.child(t, start)
	return nil
}

// child begins the reading of a value of the first invoice.
func (r *reader) child(t xml.StartElement, start int) {
	if r.depth == 0 {
		return
	}
	levels := len(r.open) - r.depth
	if levels == 1 && t.Name.Space == nsBasic {
		r.basic++
	}
	if levels > maxLevels {
		return
	}
	path := r.pathOf()
	if _, known := wanted[path]; !known {
		return
	}
	r.path = path
	r.text.Reset()
	r.begun = element{start: start, inner: r.at(), attrs: t.Attr}
}

// pathOf names the element that is open now, from the invoice down; "" for one of another namespace.
func (r *reader) pathOf() string {
	var b strings.Builder
	for i, n := range r.open[r.depth:] {
		if i > 0 {
			b.WriteByte('/')
		}
		switch n.Space {
		case nsBasic:
			b.WriteString("b:")
		case nsAggregate:
			b.WriteString("a:")
		default:
			return ""
		}
		b.WriteString(n.Local)
	}
	return b.String()
}

// end closes the element that is open; start is where its end tag begins.
func (r *reader) end(start int) {
	if r.path != "" {
		r.keep(start)
	}
	if r.within == len(r.open) {
		r.invoices[len(r.invoices)-1].to = r.at()
		r.within, r.depth = 0, 0
	}
	r.open = r.open[:len(r.open)-1]
}

// keep stores the value that ends here.
func (r *reader) keep(outer int) {
	text := strings.TrimSpace(r.text.String())
	r.values[r.path] = append(r.values[r.path], value{text: text, attrs: r.begun.attrs})
	e := r.begun
	e.outer, e.end, e.text = outer, r.at(), text
	switch {
	case r.path == "b:Note" && r.currency == nil:
		r.notes = append(r.notes, e)
	case r.path == "b:DocumentCurrencyCode" && r.currency == nil:
		r.currency = &e
	}
	r.path = ""
}

// repeated says whether an attribute stands twice, which encoding/xml lets pass.
func repeated(attrs []xml.Attr) bool {
	for i, a := range attrs {
		for _, b := range attrs[:i] {
			if a.Name == b.Name {
				return true
			}
		}
	}
	return false
}
