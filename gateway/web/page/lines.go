package page

import "strconv"

// Item is a line of what a link sells. Such a page is written by the engine each time, as one with an Ask is.
type Item struct {
	Name                  string
	Quantity              int
	UnitMinor, TotalMinor int64 // of the page's currency
}

// line is one as the template writes it.
type line struct {
	Text, Each, Sum string
}

// Lines are what is sold, on the link's page and on receipts.
func (r *root) Lines() []line {
	var items []Item
	var currency string
	if c, ok := r.V.(*CheckoutPage); ok {
		items, currency = c.Items, c.Checkout.Currency
	} else if c := r.Receipt(); c != nil {
		items, currency = c.Items, c.Currency
	}
	lines := make([]line, len(items))
	for i, item := range items {
		lines[i] = line{Text: strconv.Itoa(item.Quantity) + "\u00a0×\u00a0" + item.Name, Sum: r.L.Money(item.TotalMinor, currency)}
		if item.Quantity > 1 {
			lines[i].Each = r.T("lines.each", "amount", r.L.Money(item.UnitMinor, currency))
		}
	}
	return lines
}

// lineRows are the lines on paper.
func (r *root) lineRows() (rows []receiptRow) {
	for _, l := range r.Lines() {
		if l.Each != "" {
			l.Text += " (" + l.Each + ")"
		}
		rows = append(rows, receiptRow{Label: l.Text, Text: l.Sum, Code: true})
	}
	return rows
}
