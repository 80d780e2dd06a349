package page

import (
	"crypto/rand"
	"fmt"
	"html/template"
	"strings"
)

// The two pages that every payment shows, the way to the bank and the receipt, are written as the link's page
// is: the engine renders them once with marks for values, and from then on the pieces are joined. Everything that
// makes such a page another one is in keptKey; what has no place there (a receipt that was refunded, an address
// that the engine would rewrite) is rendered by the engine each time.

// value is a place on such a page.
type value uint8

const (
	valueSelf value = iota
	valuePayment
	valueSum
	valueBank
	valueAction
	valueFields // ready markup
	valueReturn
	valueCode
	valueQR  // ready markup
	valueRow // the first line of the receipt

	values = valueRow + value(receiptLines)
)

// keptKey is all that a page says besides its values. Rows has a bit for each line that the receipt has.
type keptKey struct {
	frameKey
	rows         uint32
	method       string
	bank         bool
	code         bool
	back, itself bool // to the shop
}

// kept is a page cut at its values: text[0] value[0] text[1] … text[n].
type kept struct {
	text  []string
	value []value
	size  int // of the texts together
}

// marks stand for values while a page is rendered to be cut.
type marks struct{ prefix string }

func (m *marks) of(v value) string { return m.prefix + string(rune('A'+v)) + "q" }

// keep answers the key of a page that may be kept; ok is false for all others.
func (r *root) keep() (k keptKey, ok bool) {
	if r.p.opts.LiveTemplates != "" || r.p.opts.MaxCached < 0 || !plainPath(r.Self) {
		return k, false
	}
	switch v := r.V.(type) {
	case *Handover:
		k.method, k.bank = v.Method, v.Bank != ""
		ok = plainPath(v.Payment) && plainURL(v.Action)
	case *Result:
		usual := v.Status == StatusPaid && v.Receipt != nil && v.Receipt.Answers == nil && v.Receipt.Items == nil && len(v.Agreed) == 0 && !v.Earlier && !v.CanContinue && !v.CanAbandon && v.RetryURL == "" && !v.ToPanel
		if !usual || !plainPath(v.Payment) || v.ReturnURL != "" && !plainURL(v.ReturnURL) {
			return k, false
		}
		for i, f := range r.receiptFacts() {
			if f.text != "" {
				k.rows |= 1 << i
			}
		}
		k.code, k.back, k.itself, ok = v.Receipt.Code != "", v.ReturnURL != "", v.AutoReturn, true
	}
	k.frameKey = r.frameKey()
	return k, ok
}

// plainURL says whether the engine writes an address as it is: of http or https, and without a character that
// means something to an address or to markup.
func plainURL(address string) bool {
	rest, secure := strings.CutPrefix(address, "https://")
	if !secure {
		if rest, secure = strings.CutPrefix(address, "http://"); !secure {
			return false
		}
	}
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("/_-.:?=~", c) >= 0 {
			continue
		}
		return false
	}
	return true
}

// appendKept writes a page that may be kept, cutting it where it is the first of its key.
func (p *Pages) appendKept(dst []byte, r *root, k keptKey) ([]byte, error) {
	p.frameLock.RLock()
	page := p.kept[k]
	p.frameLock.RUnlock()
	if page == nil {
		var err error
		if page, err = p.cutKept(r, k); err != nil {
			return dst, err
		}
	}
	if dst == nil {
		dst = make([]byte, 0, page.size+keptRoom)
	}
	for i, v := range page.value {
		var err error
		if dst, err = r.appendValue(append(dst, page.text[i]...), v); err != nil {
			return dst, err
		}
	}
	return append(dst, page.text[len(page.value)]...), nil
}

// keptRoom is space for the values of a usual page: a receipt's code has 6 kB, a bank's form less.
const keptRoom = 10 << 10

// appendValue writes one value as the engine would.
func (r *root) appendValue(dst []byte, v value) ([]byte, error) {
	if v >= valueRow {
		return appendEscaped(dst, r.receiptFacts()[v-valueRow].text), nil
	}
	switch v {
	case valueSelf:
		return append(dst, r.Self...), nil
	case valueSum:
		return appendEscaped(dst, r.Sum()), nil
	case valueQR:
		return r.appendQR(dst)
	}
	switch view := r.V.(type) {
	case *Handover:
		switch v {
		case valuePayment:
			return append(dst, view.Payment...), nil
		case valueBank:
			return appendEscaped(dst, view.Bank), nil
		case valueAction:
			return append(dst, view.Action...), nil
		case valueFields:
			return appendHidden(dst, view.Fields), nil
		}
	case *Result:
		switch v {
		case valuePayment:
			return append(dst, view.Payment...), nil
		case valueReturn:
			return append(dst, view.ReturnURL...), nil
		case valueCode:
			return appendEscaped(dst, view.Receipt.Code), nil
		}
	}
	return dst, fmt.Errorf("writing a kept page: value %d is not of %T", v, r.V)
}

// cutKept renders a page with marks, cuts it and keeps it.
func (p *Pages) cutKept(r *root, k keptKey) (*kept, error) {
	m := &marks{prefix: "q" + rand.Text()}
	marked := *r
	marked.marks, marked.framed, marked.facts = m, nil, nil
	head := *r.Head
	head.Self = "/" + m.of(valueSelf)
	marked.Head, marked.V = &head, m.mark(r.V)
	out, err := p.engineWrites(&marked)
	if err != nil {
		return nil, err
	}
	page, err := m.cut(strings.ReplaceAll(string(out), head.Self, m.of(valueSelf)))
	if err != nil {
		return nil, err
	}
	p.frameLock.Lock()
	defer p.frameLock.Unlock()
	if len(p.kept) >= p.opts.MaxCached {
		clear(p.kept) // titles hold merchants' names: there is no end to them
	}
	p.kept[k] = page
	return page, nil
}

// mark is a view with marks for its values.
func (m *marks) mark(v View) View {
	hide := func(text *string, v value) {
		if *text != "" {
			*text = m.of(v)
		}
	}
	switch v := v.(type) {
	case *Handover:
		marked := *v
		hide(&marked.Payment, valuePayment)
		hide(&marked.Bank, valueBank)
		hide(&marked.Action, valueAction)
		return &marked
	case *Result:
		marked, receipt := *v, *v.Receipt
		marked.Receipt = &receipt
		hide(&marked.Payment, valuePayment)
		hide(&marked.ReturnURL, valueReturn)
		hide(&receipt.Code, valueCode)
		return &marked
	}
	return v
}

func (m *marks) cut(page string) (*kept, error) {
	k := &kept{}
	for {
		before, after, found := strings.Cut(page, m.prefix)
		k.text = append(k.text, before)
		k.size += len(before)
		if !found {
			return k, nil
		}
		v := value(after[0] - 'A')
		if v >= values || after[1] != 'q' {
			return nil, fmt.Errorf("cutting a page: a mark was changed: %.8q", after)
		}
		k.value, page = append(k.value, v), after[2:]
	}
}

// rows are the receipt's lines with marks for what they say.
func (m *marks) rows(facts []fact) []fact {
	for i := range facts {
		if facts[i].text != "" {
			facts[i].text = m.of(valueRow + value(i))
		}
	}
	return facts
}

// Hidden are the hidden fields of a form: a bank's has up to a hundred, which the engine writes at forty
// times the cost.
func (r *root) Hidden(fields []Field) template.HTML {
	if _, handover := r.V.(*Handover); handover && r.marks != nil {
		return template.HTML(r.marks.of(valueFields))
	}
	return template.HTML(appendHidden(nil, fields))
}

func appendHidden(dst []byte, fields []Field) []byte {
	for _, f := range fields {
		dst = append(dst, `<input type="hidden" name="`...)
		dst = appendEscaped(dst, f.Name)
		dst = append(dst, `" value="`...)
		dst = appendEscaped(dst, f.Value)
		dst = append(dst, "\">\n"...)
	}
	return dst
}
