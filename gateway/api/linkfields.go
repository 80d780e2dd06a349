package api

import (
	"bytes"
	"encoding/json"

	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// fieldBody is what a link asks of its payer, as it comes in.
type fieldBody struct {
	Key      string             `json:"key"`
	Label    labelBody          `json:"label"`
	Type     checkout.FieldType `json:"type"`
	Required bool               `json:"required"`
	Max      int                `json:"max"`
	Options  []string           `json:"options"`
}

// fieldList takes fields with exactly the names that there are.
type fieldList []fieldBody

// UnmarshalJSON refuses names that a field does not have.
func (l *fieldList) UnmarshalJSON(text []byte) error { return strict(text, (*[]fieldBody)(l)) }

// labelBody takes one text for both languages, or one for each.
type labelBody checkout.Label

// UnmarshalJSON reads either form.
func (l *labelBody) UnmarshalJSON(text []byte) error {
	if bytes.HasPrefix(text, []byte(`"`)) {
		return json.Unmarshal(text, &l.TR)
	}
	return strict(text, (*checkout.Label)(l))
}

func strict(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(to)
}

// terms stores what people read in normal form C (A36).
func (l fieldList) terms() []checkout.LinkField {
	if len(l) == 0 {
		return nil
	}
	out := make([]checkout.LinkField, len(l))
	for i, f := range l {
		out[i] = checkout.LinkField{
			Key: f.Key, Label: checkout.Label{TR: norm.NFC.String(f.Label.TR), EN: norm.NFC.String(f.Label.EN)}, Type: f.Type,
			Required: f.Required, Max: f.Max,
		}
		for _, o := range f.Options {
			out[i].Options = append(out[i].Options, norm.NFC.String(o))
		}
	}
	return out
}

// fieldView is the same as the API shows it.
type fieldView struct {
	Key      string             `json:"key"`
	Label    checkout.Label     `json:"label"`
	Type     checkout.FieldType `json:"type"`
	Required bool               `json:"required"`
	Max      *int               `json:"max"`
	Options  []string           `json:"options"`
}

func viewFields(fields []checkout.LinkField) []fieldView {
	views := make([]fieldView, len(fields))
	for i, f := range fields {
		views[i] = fieldView{Key: f.Key, Label: f.Label, Type: f.Type, Required: f.Required, Options: some(f.Options)}
		if f.Max > 0 {
			views[i].Max = &f.Max
		}
	}
	return views
}
