package checkout

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Item is a line of what a link sells: a copy, so that whatever becomes of the product, the link says what it said. In
// terms that come in, a line of a product has its Product and Quantity alone, and the catalogue says the rest.
type Item struct {
	Product   ProductID `json:"product,omitempty"` // "" = typed freely
	Code      string    `json:"code,omitempty"`    // the merchant's own, such as a stock code
	Name      string    `json:"name"`
	Quantity  int       `json:"quantity"`
	UnitMinor int64     `json:"unit"` // of one, in minor units of the link's currency; 0 = for nothing
}

// Total is what the line comes to, in minor units.
func (i Item) Total() int64 { return int64(i.Quantity) * i.UnitMinor }

// String is the line as people write it: "2 × Zeytinyağı 5 l".
func (i Item) String() string { return strconv.Itoa(i.Quantity) + " × " + i.Name }

// sameCopy says whether both are copies of one product as it was at one time.
func (i Item) sameCopy(of Item) bool {
	i.Quantity = of.Quantity
	return i == of
}

// Limits of a link's lines. Quantity and price together stay far below int64: 20 × 9,999 × MaxPriceMinor is 2 × 10^17.
// maxItemsBytes bounds all of them together, since they travel in the link's hot copy.
const (
	MaxItems      = 20
	MaxQuantity   = 9999
	maxItemName   = 120
	maxItemCode   = 40
	maxItemsBytes = 6000
)

// ItemsTotal is what lines come to together, in minor units.
func ItemsTotal(items []Item) (minor int64) {
	for _, i := range items {
		minor += i.Total()
	}
	return minor
}

// ItemLine is all lines in one text, for lists and files.
func ItemLine(items []Item) string {
	parts := make([]string, len(items))
	for n, i := range items {
		parts[n] = i.String()
	}
	return strings.Join(parts, "; ")
}

// EncodeItems writes a link's lines as its hot copy and the ledger keep them; "" for none.
func EncodeItems(items []Item) string { return encodeList(items) }

// DecodeItems reads what EncodeItems wrote.
func DecodeItems(text string) (items []Item, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &items)
	}
	return items, err
}

// subject is the description of a link that says nothing but its lines.
func subject(items []Item) string {
	names := make([]string, len(items))
	for n, i := range items {
		names[n] = oneSpaced(i.Name)
	}
	text := strings.Join(names, ", ")
	if utf8.RuneCountInString(text) > maxDescription {
		text = string([]rune(text)[:maxDescription-1]) + "…"
	}
	return text
}

// BesideItems is a link's description where its lines stand beside it: nothing, where it was made of their names.
func BesideItems(description string, items []Item) string {
	if len(items) > 0 && description == subject(items) {
		return ""
	}
	return description
}

// price makes an amount that was not said the sum of the lines, and a description the names in them. One that was made
// of the lines that the link had before is made anew. Of wrong lines nothing is made.
func (t *LinkTerms) price(was LinkTerms) {
	if n := len(t.Items); n == 0 || n > MaxItems || slices.ContainsFunc(t.Items, func(i Item) bool { return len(i.check()) > 0 }) {
		return
	}
	if !t.Open && t.Amount.Minor == 0 {
		t.Amount.Minor = ItemsTotal(t.Items)
	}
	if t.Description == "" || len(was.Items) > 0 && t.Description == subject(was.Items) {
		t.Description = subject(t.Items)
	}
}

// checkItems finds the mistakes in a link's lines. A product that the catalogue does not have was told of before.
func (t *LinkTerms) checkItems() (errs []FieldError) {
	switch {
	case len(t.Items) == 0:
		return nil
	case len(t.Items) > MaxItems:
		return []FieldError{{Field: "items", Code: "too_many"}}
	case t.Open:
		return []FieldError{{Field: "items", Code: "items_on_open_link"}}
	}
	t.Items = slices.Clone(t.Items)
	refused := false
	for n := range t.Items {
		refused = refused || t.Items[n].refused()
		for _, e := range t.Items[n].check() {
			e.Field = itemField(n, e.Field)
			errs = append(errs, e)
		}
	}
	switch sum := ItemsTotal(t.Items); {
	case len(errs) > 0 || refused:
	case len(EncodeItems(t.Items)) > maxItemsBytes:
		errs = []FieldError{{Field: "items", Code: "items_too_large"}}
	case sum == 0:
		errs = []FieldError{{Field: "amount", Code: "amount_range", Args: PriceBounds(1)}}
	case sum != t.Amount.Minor:
		errs = []FieldError{{Field: "amount", Code: "amount_not_sum", Args: map[string]string{"sum": strconv.FormatInt(sum, 10)}}}
	}
	return errs
}

// refused says whether the line is of a product that the catalogue said nothing of.
func (i Item) refused() bool { return i.Product != "" && i.Name == "" }

// itemField names a part of a line as the API does.
func itemField(n int, part string) string { return "items." + strconv.Itoa(n) + "." + part }

func (i *Item) check() (errs []FieldError) {
	i.Name, i.Code = oneSpaced(i.Name), oneSpaced(i.Code)
	if e := checkItemName(i.Name); e != "" && !i.refused() {
		errs = append(errs, FieldError{Field: "name", Code: e})
	}
	if e := checkLine(i.Code, maxItemCode); e != "" {
		errs = append(errs, FieldError{Field: "code", Code: e})
	}
	if i.Quantity < 1 || i.Quantity > MaxQuantity {
		errs = append(errs, FieldError{Field: "quantity", Code: "quantity_range", Args: map[string]string{"max": strconv.Itoa(MaxQuantity)}})
	}
	if i.UnitMinor < 0 || i.UnitMinor > MaxPriceMinor {
		errs = append(errs, FieldError{Field: "unit_amount", Code: "amount_range", Args: PriceBounds(0)})
	}
	return errs
}

// checkItemName holds what is sold to one line that somebody can read.
func checkItemName(name string) (code string) {
	switch {
	case name == "":
		return "required"
	case !strings.ContainsFunc(name, isVisible):
		return "blank"
	}
	return checkLine(name, maxItemName)
}

// said is what a payment keeps of its payer's answers and of what was bought, in one column: a column more would cost
// every payment, and nearly none has either. Lines stand behind the answers, as an entry of their own.
type said struct {
	Answer
	Items []Item `json:"items,omitempty"`
}

// EncodeSaid writes the answers and lines of a payment; "" for none.
func EncodeSaid(answers []Answer, items []Item) string {
	if len(items) == 0 {
		return encodeList(answers)
	}
	list := make([]said, 0, len(answers)+1)
	for _, a := range answers {
		list = append(list, said{Answer: a})
	}
	return encodeList(append(list, said{Items: items}))
}

// DecodeSaid reads what EncodeSaid wrote.
func DecodeSaid(text string) (answers []Answer, items []Item, err error) {
	if text == "" {
		return nil, nil, nil
	}
	var list []said
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, nil, err
	}
	for _, one := range list {
		if one.Items != nil {
			items = one.Items
		} else {
			answers = append(answers, one.Answer)
		}
	}
	return answers, items, nil
}

// bought are the lines of a link's hot copy, for the frozen copy of a payment.
func (h Hot) bought() ([]Item, error) {
	if h.Items == "" {
		return nil, nil
	}
	items, err := DecodeItems(h.Items)
	if err != nil {
		return nil, fmt.Errorf("read the lines of link %s: %w", h.Link, err)
	}
	return items, nil
}
