package panel

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/odelink/odelink/checkout"
)

// itemsOpen is how many lines a form shows at once; the others open beneath them.
const itemsOpen = 4

// itemParts are what is said of a line. What it was made of is hidden in the form: a line that still says so is a
// product's, or the copy that the link had.
var itemParts = []string{"quantity", "name", "unit", "product", "code", "was"}

// itemInput is the form's name of a part of line n.
func itemInput(n int, part string) string { return "item" + strconv.Itoa(n) + "_" + part }

// itemInputs are the names of all of them, and the place of mistakes of all lines together.
func itemInputs() []string {
	all := []string{"items"}
	for n := range checkout.MaxItems {
		for _, part := range itemParts {
			all = append(all, itemInput(n, part))
		}
	}
	return all
}

// fillItems writes lines into a form.
func (s *Surface) fillItems(f *Form, lang string, items []checkout.Item, c checkout.Currency) {
	words := s.pages.locale(lang)
	for n, i := range items[:min(len(items), checkout.MaxItems)] {
		unit := words.Number(i.UnitMinor, string(c))
		for part, value := range map[string]string{
			"quantity": strconv.Itoa(i.Quantity), "name": i.Name, "unit": unit, "product": string(i.Product), "code": i.Code, "was": wasItem(i.Name, unit),
		} {
			f.Values[itemInput(n, part)] = value
		}
	}
}

func wasItem(name, unit string) string { return name + " | " + unit }

// itemsOf reads the lines that have a name. One without a price is a product, by its name or code; it answers as much
// of it as there is to know.
func (s *Surface) itemsOf(ctx context.Context, f *Form, w *who, c checkout.Currency) (out []checkout.Item, err error) {
	for n := range checkout.MaxItems {
		get := func(part string) string { return nfc(f.Get(itemInput(n, part))) }
		name := get("name")
		if name == "" {
			if f.On(itemInput(n, "unit")) {
				s.wrong(f, w.lang, itemInput(n, "name"), "required", nil)
			}
			continue
		}
		item := checkout.Item{Name: name, Quantity: 1}
		if text := get("quantity"); text != "" {
			if item.Quantity, err = strconv.Atoi(text); err != nil {
				item.Quantity = 0 // the flow says what is taken
			}
		}
		if unit := get("unit"); unit == "" {
			found, err := s.productsTyped(ctx, w, name, c)
			if err != nil {
				return nil, err
			}
			switch len(found) {
			case 0:
				s.wrong(f, w.lang, itemInput(n, "name"), "item_product", nil)
			case 1:
				item = checkout.Item{Product: found[0].ID, Quantity: item.Quantity}
			default:
				s.wrong(f, w.lang, itemInput(n, "name"), "item_products", nil)
			}
		} else {
			item.UnitMinor = s.amount(f, w.lang, itemInput(n, "unit"), c, true)
			if get("was") == wasItem(name, unit) {
				item.Product, item.Code = checkout.ProductID(get("product")), get("code")
			}
		}
		out = append(out, item)
	}
	return out, nil
}

// productsTyped finds the products that are sold and that somebody typed by their whole code, or else name; those of
// this currency where there are some.
func (s *Surface) productsTyped(ctx context.Context, w *who, typed string, c checkout.Currency) ([]checkout.Product, error) {
	sold := true
	q := checkout.ProductQuery{Merchant: w.member.Merchant, Text: typed, Active: &sold, Limit: 100}
	var coded, named []checkout.Product
	for {
		found, next, err := s.Ledger.SearchProducts(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			switch {
			case p.Code == typed:
				return []checkout.Product{p}, nil // a code is one product's
			case sameWord(p.Code, typed):
				coded = append(coded, p)
			case sameWord(p.Name, typed):
				named = append(named, p)
			}
		}
		if q.Cursor = next; next == "" {
			break
		}
	}
	if len(coded) == 0 {
		coded = named
	}
	ofCurrency := slices.DeleteFunc(slices.Clone(coded), func(p checkout.Product) bool { return p.Price.Currency != c })
	if len(ofCurrency) > 0 {
		return ofCurrency, nil
	}
	return coded, nil
}

// sameWord says whether two texts are the same but for case, also on a keyboard that is not Turkish.
func sameWord(a, b string) bool { return strings.EqualFold(dotless.Replace(a), dotless.Replace(b)) }

var dotless = strings.NewReplacer("İ", "i", "I", "i", "ı", "i")

// atItems puts the mistakes of a link's lines to the inputs of the form: the flow counts the lines that there are, the
// form its places.
func atItems(f *Form, e *checkout.Error) *checkout.Error {
	var places []int
	for n := range checkout.MaxItems {
		if f.On(itemInput(n, "name")) {
			places = append(places, n)
		}
	}
	moved := *e
	moved.Fields = slices.Clone(e.Fields)
	for i, m := range moved.Fields {
		parts := strings.Split(m.Field, ".")
		if len(parts) != 3 || parts[0] != "items" {
			continue
		}
		n, err := strconv.Atoi(parts[1])
		if err != nil || n >= len(places) {
			continue
		}
		part := parts[2]
		switch part {
		case "product", "code":
			part = "name"
		case "unit_amount":
			part = "unit"
		}
		moved.Fields[i].Field = itemInput(places[n], part)
	}
	return &moved
}

// itemForm is one line's part of a link's form.
type itemForm struct {
	Title                string
	Hidden               [][2]string
	Quantity, Name, Unit *Input
}

// ItemForms are the places for lines: those that are shown at once, which are all that say something, and the others.
func (p *Page) ItemForms(f *Form) (all [2][]itemForm) {
	shown := itemsOpen
	for n := range checkout.MaxItems {
		if f.On(itemInput(n, "name")) || f.Errors[itemInput(n, "name")] != "" {
			shown = max(shown, n+1)
		}
	}
	for n := range checkout.MaxItems {
		in := func(part string, attrs ...string) *Input {
			input := p.Input(f, itemInput(n, part), attrs...)
			input.Label, input.Hint = p.T("links.item."+part), ""
			return input
		}
		row := itemForm{
			Title: p.T("links.item.title", "n", strconv.Itoa(n+1)), Quantity: in("quantity", "mode", "numeric", "max", "4"),
			Name: in("name", "max", "120", "list", "products"), Unit: in("unit", "mode", "decimal", "max", "20"),
		}
		for _, part := range itemParts[3:] {
			if name := itemInput(n, part); f.On(name) {
				row.Hidden = append(row.Hidden, [2]string{name, f.Get(name)})
			}
		}
		at := 0
		if n >= shown {
			at = 1
		}
		all[at] = append(all[at], row)
	}
	return all
}

// bought is a table of lines.
type bought struct {
	P        *Page
	Items    []checkout.Item
	Currency checkout.Currency
}

// Bought is the table of a link's or a payment's lines.
func (p *Page) Bought(items []checkout.Item, c checkout.Currency) bought { return bought{p, items, c} }
