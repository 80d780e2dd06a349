package einvoice

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Invoice is an invoice that a link can be made for. What it says of itself is as its maker wrote it.
type Invoice struct {
	checkout.InvoiceFacts
	doc      []byte
	notes    []element
	currency element
}

// Parse reads one UBL-TR invoice, by itself or within GİB's envelope. What gets no link is refused with one
// of the errors of this package; the first of them that holds, in the order in which they stand there. doc
// is kept and must not be changed.
func Parse(doc []byte) (*Invoice, error) {
	r, err := read(doc, MaxBytes, maxElements)
	if err != nil {
		return nil, err
	}
	if err := r.kind(); err != nil {
		return nil, err
	}
	for path, all := range r.values {
		if wanted[path] && len(all) > 1 {
			return nil, ErrMalformed
		}
	}
	if err := r.collects(); err != nil {
		return nil, err
	}
	inv := &Invoice{doc: doc, notes: r.notes}
	if inv.InvoiceFacts, err = r.facts(); err != nil {
		return nil, err
	}
	inv.currency = *r.currency
	return inv, nil
}

// kind says why the document is no invoice of the kind that gets links, or nil.
func (r *reader) kind() error {
	switch {
	case len(r.invoices) == 0 && r.root.Local == "Invoice":
		return ErrNamespace
	case len(r.invoices) == 0, !r.enveloped() && r.root.Space != nsInvoice:
		return ErrNotInvoice
	case len(r.invoices) > 1:
		return ErrSeveral
	case r.signed:
		return ErrSigned
	case r.basic == 0:
		return ErrNamespace
	case r.one("b:UBLVersionID") != "2.1" || !slices.Contains(customizations, r.one("b:CustomizationID")):
		return ErrVersion
	}
	return nil
}

func (r *reader) enveloped() bool {
	return r.root.Space == nsEnvelope && r.root.Local == "StandardBusinessDocument"
}

var customizations = []string{"TR1.2", "TR1.2.1"}

// collects says why nothing is to be collected for the invoice, or nil. Every type code of a return has IADE
// in it (IADE, TEVKIFATIADE, YTBIADE …).
func (r *reader) collects() error {
	switch {
	case strings.Contains(strings.ToUpper(r.one("b:InvoiceTypeCode")), "IADE"):
		return ErrReturn
	case r.one("b:CopyIndicator") == "true", r.one("b:CopyIndicator") == "1":
		return ErrCopy
	}
	return nil
}

// one is the text of the first value at a path, "" when there is none.
func (r *reader) one(path string) string {
	if all := r.values[path]; len(all) > 0 {
		return all[0].text
	}
	return ""
}

var (
	numberShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$`)
	uuidShape   = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	dateShape   = regexp.MustCompile(`^(20)[0-9]{2}-[0-9]{2}-[0-9]{2}$`)
	codeShape   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,39}$`)
	taxShape    = regexp.MustCompile(`^[0-9]{10,11}$`)
	amountShape = regexp.MustCompile(`^([0-9]{1,15})(?:\.([0-9]{1,10}))?$`)
)

// isCode says whether it is one of GİB's words, which are kept and shown: no card's number is one (A32).
func isCode(text string) bool { return codeShape.MatchString(text) && !checkout.HoldsCard(text) }

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil && dateShape.MatchString(text)
}

// facts reads what the link is made of. Every value that is missing or unreadable is told at once.
func (r *reader) facts() (f checkout.InvoiceFacts, err error) {
	var errs []checkout.FieldError
	need := func(path string, good func(string) bool) string {
		text := r.one(path)
		name := path[strings.LastIndexByte(path, ':')+1:]
		if text == "" {
			errs = append(errs, checkout.FieldError{Field: name, Code: "required"})
		} else if !good(text) {
			errs = append(errs, checkout.FieldError{Field: name, Code: "invalid"})
		}
		return text
	}
	f.Profile = need("b:ProfileID", isCode)
	f.Number = need("b:ID", numberShape.MatchString)
	f.UUID = strings.ToLower(need("b:UUID", uuidShape.MatchString))
	f.IssuedOn = need("b:IssueDate", isDate)
	f.Type = need("b:InvoiceTypeCode", isCode)
	currency := need("b:DocumentCurrencyCode", codeShape.MatchString)
	amount := need("a:LegalMonetaryTotal/b:PayableAmount", func(string) bool { return true })
	f.Supplier, f.Customer = r.party("a:AccountingSupplierParty/a:Party/"), r.party("a:AccountingCustomerParty/a:Party/")
	if f.Supplier.TaxNumber == "" {
		errs = append(errs, checkout.FieldError{Field: "AccountingSupplierParty", Code: "required"})
	}
	f.DueOn = r.due(&errs)
	if len(errs) > 0 {
		incomplete := *ErrIncomplete
		incomplete.Fields = errs
		return f, &incomplete
	}
	f.Amount, err = r.payable(amount, checkout.Currency(currency))
	return f, err
}

// payable reads what is to be paid, in the one currency of the invoice.
func (r *reader) payable(text string, c checkout.Currency) (checkout.Money, error) {
	said := r.values["a:LegalMonetaryTotal/b:PayableAmount"][0].attr("currencyID")
	pays := r.one("b:PaymentCurrencyCode")
	switch {
	case said != string(c), pays != "" && pays != string(c):
		return checkout.Money{}, ErrCurrencyMismatch
	case !c.Known():
		return checkout.Money{}, ErrCurrency
	}
	return amountOf(text, c)
}

// amountOf reads an xsd:decimal without a sign. Decimals beyond the currency's own may only be zeros.
func amountOf(text string, c checkout.Currency) (checkout.Money, error) {
	m := amountShape.FindStringSubmatch(text)
	if m == nil {
		return checkout.Money{}, ErrAmount
	}
	frac := m[2] + strings.Repeat("0", c.Exponent())
	if strings.Trim(frac[c.Exponent():], "0") != "" {
		return checkout.Money{}, ErrAmount
	}
	minor, err := strconv.ParseInt(m[1]+frac[:c.Exponent()], 10, 64)
	if err != nil || minor < 1 || minor > checkout.MaxPriceMinor {
		return checkout.Money{}, ErrAmount
	}
	return checkout.Money{Minor: minor, Currency: c}, nil
}

// due is the last day on which the invoice says it may be paid, "" when it says none.
func (r *reader) due(errs *[]checkout.FieldError) (day string) {
	for _, path := range []string{"a:PaymentMeans/b:PaymentDueDate", "a:PaymentTerms/b:PaymentDueDate"} {
		for _, v := range r.values[path] {
			if !isDate(v.text) {
				*errs = append(*errs, checkout.FieldError{Field: "PaymentDueDate", Code: "invalid"})
				return ""
			}
			day = max(day, v.text)
		}
	}
	return day
}

// party reads who it is: by VKN or TCKN, and by the name of the firm or the person.
func (r *reader) party(at string) (p checkout.Party) {
	for _, id := range r.values[at+"a:PartyIdentification/b:ID"] {
		if scheme := id.attr("schemeID"); (scheme == "VKN" || scheme == "TCKN") && taxShape.MatchString(id.text) && p.TaxNumber == "" {
			p.TaxNumber = id.text
		}
	}
	p.Name = r.one(at + "a:PartyName/b:Name")
	if p.Name == "" {
		p.Name = strings.TrimSpace(r.one(at+"a:Person/b:FirstName") + " " + r.one(at+"a:Person/b:FamilyName"))
	}
	p.Name = strings.Join(strings.Fields(p.Name), " ")
	return p
}
