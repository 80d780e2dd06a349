package einvoice

// Envelope is GİB's envelope (StandardBusinessDocument) with the invoices that stand in it.
type Envelope struct {
	doc      []byte
	invoices []span
}

// Open finds the invoices of an envelope, or the one that stands by itself, and reads none of them: Parse does, and
// each is refused or linked for itself. ErrSigned is of an envelope that is signed as a whole, ErrNotInvoice and
// ErrNamespace of a document without any. doc is kept and must not be changed.
func Open(doc []byte) (*Envelope, error) {
	r, err := read(doc, MaxEnvelope, maxPacked)
	switch {
	case err != nil:
		return nil, err
	case len(r.invoices) < 2:
		err = r.kind()
	case !r.enveloped():
		err = ErrNotInvoice
	case r.around:
		err = ErrSigned
	}
	if err != nil {
		return nil, err
	}
	return &Envelope{doc: doc, invoices: r.invoices}, nil
}

// Invoices are the documents of an envelope with several, each the bytes between its tags and nothing around them:
// an invoice that leans on names declared by the envelope is none by itself. One alone is the whole document.
func (e *Envelope) Invoices() [][]byte {
	if len(e.invoices) == 1 {
		return [][]byte{e.doc}
	}
	docs := make([][]byte, len(e.invoices))
	for i, at := range e.invoices {
		docs[i] = e.doc[at.from:at.to:at.to]
	}
	return docs
}

// With answers the envelope with these documents in the places of its own, in the order of Invoices; one that is nil
// stays as it was, as does every byte between them.
func (e *Envelope) With(docs [][]byte) []byte {
	if len(e.invoices) == 1 {
		if docs[0] == nil {
			return e.doc
		}
		return docs[0]
	}
	var out []byte
	from := 0
	for i, at := range e.invoices {
		if docs[i] != nil {
			out = append(append(out, e.doc[from:at.from]...), docs[i]...)
			from = at.to
		}
	}
	return append(out, e.doc[from:]...)
}
