package checkout_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

func items(n int) (all []checkout.Item) {
	for range n {
		all = append(all, checkout.Item{Name: "Zeytinyağı 5 l", Quantity: 2, UnitMinor: 12500})
	}
	return all
}

// What is kept of a link's lines comes back as it was, beside a payer's answers too; what has none is written as it was
// before there were lines.
func TestLinesComeBack(t *testing.T) {
	lines := []checkout.Item{{Product: "prd_x", Code: "ZY <5>", Name: "Zeytinyağı & \"sabun\"", Quantity: 9999, UnitMinor: checkout.MaxPriceMinor}, {Name: "Hediye", Quantity: 1}}
	answers := []checkout.Answer{{Key: "plate", Label: checkout.Label{TR: "Plaka", EN: "Plate"}, Type: checkout.FieldText, Value: "34"}, {Key: "b", Value: "x"}}
	if got, err := checkout.DecodeItems(checkout.EncodeItems(lines)); err != nil || !reflect.DeepEqual(got, lines) {
		t.Errorf("lines %v, %v", got, err)
	}
	for name, c := range map[string]struct {
		answers []checkout.Answer
		items   []checkout.Item
	}{"neither": {}, "answers": {answers, nil}, "lines": {nil, lines}, "both": {answers, lines}} {
		text := checkout.EncodeSaid(c.answers, c.items)
		if a, i, err := checkout.DecodeSaid(text); err != nil || !reflect.DeepEqual(a, c.answers) || !reflect.DeepEqual(i, c.items) {
			t.Errorf("%s: %v, %v, %v of %s", name, a, i, err, text)
		}
	}
	if got, want := checkout.EncodeSaid(answers[:1], nil), `[{"key":"plate","label":{"tr":"Plaka","en":"Plate"},"type":"text","value":"34"}]`; got != want {
		t.Errorf("answers alone are %s", got)
	}
	if checkout.EncodeItems(nil) != "" || checkout.EncodeSaid(nil, nil) != "" {
		t.Error("nothing is kept as something")
	}
	if _, _, err := checkout.DecodeSaid("{"); err == nil {
		t.Error("what was broken reads as nothing")
	}
}

// Sums of the largest lines stay within 64 bits, and a line reads as people write it.
func TestLinesAddUp(t *testing.T) {
	largest := make([]checkout.Item, checkout.MaxItems)
	for n := range largest {
		largest[n] = checkout.Item{Name: "x", Quantity: checkout.MaxQuantity, UnitMinor: checkout.MaxPriceMinor}
	}
	if got, want := checkout.ItemsTotal(largest), int64(checkout.MaxItems)*checkout.MaxQuantity*checkout.MaxPriceMinor; got != want || got <= 0 {
		t.Errorf("%d, not %d", got, want)
	}
	if got := checkout.ItemLine(append(items(1), checkout.Item{Name: "Sabun", Quantity: 1})); got != "2 × Zeytinyağı 5 l; 1 × Sabun" {
		t.Errorf("as text: %s", got)
	}
}

// A description that was made of the names stands for nothing beside the lines; one of the merchant's own does.
func TestADescriptionBesideLines(t *testing.T) {
	all := append(items(1), checkout.Item{Name: "Sabun", Quantity: 1})
	if got := checkout.BesideItems("Zeytinyağı 5 l, Sabun", all); got != "" {
		t.Errorf("made of the names, and said again: %s", got)
	}
	if got := checkout.BesideItems("Bayram paketi", all); got != "Bayram paketi" {
		t.Errorf("the merchant's own words: %q", got)
	}
	if got := checkout.BesideItems("", nil); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	long := checkout.Item{Name: strings.Repeat("ş", 120), Quantity: 1}
	if got := checkout.BesideItems(strings.Repeat("ş", 120)+", "+strings.Repeat("ş", 120), []checkout.Item{long, long}); got != "" {
		t.Errorf("long names: %q", got)
	}
}
