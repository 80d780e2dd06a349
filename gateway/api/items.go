package api

import (
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// itemBody is a line of what a link sells, as it comes in.
type itemBody struct {
	Product    string `json:"product"`
	Code       string `json:"code"`
	Name       string `json:"name"`
	Quantity   *int   `json:"quantity"`
	UnitAmount *int64 `json:"unit_amount" validate:"required_without=Product"`
}

// itemList takes lines with exactly the names that there are.
type itemList []itemBody

// UnmarshalJSON refuses names that a line does not have.
func (l *itemList) UnmarshalJSON(text []byte) error { return strict(text, (*[]itemBody)(l)) }

// terms stores what people read in normal form C (A36).
func (l itemList) terms() []checkout.Item {
	if len(l) == 0 {
		return nil
	}
	out := make([]checkout.Item, len(l))
	for n, i := range l {
		out[n] = checkout.Item{Product: checkout.ProductID(i.Product), Code: norm.NFC.String(i.Code), Name: norm.NFC.String(i.Name), Quantity: 1, UnitMinor: orZero(i.UnitAmount)}
		if i.Quantity != nil {
			out[n].Quantity = *i.Quantity
		}
		if i.Product != "" && i.UnitAmount != nil && *i.UnitAmount == 0 {
			out[n].UnitMinor = -1 // said, and no product's price: 0 stands for one that was not said
		}
	}
	return out
}

// itemView is the same as the API shows it.
type itemView struct {
	Product    *string `json:"product"`
	Code       *string `json:"code"`
	Name       string  `json:"name"`
	Quantity   int     `json:"quantity"`
	UnitAmount int64   `json:"unit_amount"`
}

func viewItems(items []checkout.Item) []itemView {
	views := make([]itemView, len(items))
	for n, i := range items {
		views[n] = itemView{Product: nullable(string(i.Product)), Code: nullable(i.Code), Name: i.Name, Quantity: i.Quantity, UnitAmount: i.UnitMinor}
	}
	return views
}
