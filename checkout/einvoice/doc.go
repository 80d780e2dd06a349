// Package einvoice puts a payment link into a UBL-TR invoice: it reads what is to be paid, and splices one
// cbc:Note between the bytes that are there. It deliberately makes no link, keeps nothing, and never writes
// an invoice again from what it understood of it: every other byte stays, so that the invoice is still the
// one that its maker wrote and will sign.
//
//	Parse               bytes → Invoice, or an error that says why there is no link for it
//	Invoice.WithNote    the same bytes with the note in its place
//	Open                GİB's envelope with several → Envelope, whose invoices are parsed one by one
//
// Shapes and order of elements are those of GİB's UBL-TR 1.2 package. Namespaces decide, prefixes do not.
package einvoice

import "github.com/odelink/odelink/checkout"

// The limits of an invoice (threat model, A57). MaxBytes is far above the 100 to 280 KB of an invoice with its
// style sheet inside; its depth is 8, or 12 within an envelope. MaxEnvelope is what a file of several may have.
const (
	MaxBytes    = 5 << 20
	MaxEnvelope = 64 << 20
	maxDepth    = 20
	maxElements = 200_000
	maxPacked   = 2_000_000 // elements of an envelope
	// maxAttributes bounds those of one element, each of which is held against those before it; a root has some
	// twenty, its namespaces.
	maxAttributes = 200
	maxTag        = 64 << 10 // bytes
	maxText       = 2_000    // characters of one value that is read
)

// Why an invoice gets no link. All are 422, and nothing was stored.
var (
	ErrTooLarge  = refusal("einvoice_too_large")
	ErrTooDeep   = refusal("einvoice_too_deep")
	ErrEncoding  = refusal("einvoice_encoding")  // not UTF-8, the coding that GİB takes
	ErrDTD       = refusal("einvoice_dtd")       // A58
	ErrMalformed = refusal("einvoice_malformed") // not XML, or XML that two readers could understand differently

	ErrNotInvoice = refusal("einvoice_not_invoice")
	ErrNamespace  = refusal("einvoice_namespace")
	ErrVersion    = refusal("einvoice_version")
	ErrSeveral    = refusal("einvoice_several")

	// ErrSigned: any byte more would break the seal, so the note comes first and the signature after it.
	ErrSigned = refusal("einvoice_signed")
	ErrReturn = refusal("einvoice_return")
	ErrCopy   = refusal("einvoice_copy")

	// ErrIncomplete has a field for each value that is missing or cannot be read, by its element's name.
	ErrIncomplete       = refusal("einvoice_incomplete")
	ErrAmount           = refusal("einvoice_amount")
	ErrCurrency         = refusal("einvoice_currency")
	ErrCurrencyMismatch = refusal("einvoice_currency_mismatch")
)

func refusal(code string) *checkout.Error {
	return &checkout.Error{Kind: checkout.KindInvalid, Code: code}
}

// The namespaces that decide what an element is.
const (
	nsInvoice   = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
	nsBasic     = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
	nsAggregate = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
	nsEnvelope  = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsSealed    = "urn:oasis:names:specification:ubl:schema:xsd:CommonSignatureComponents-2"
)
