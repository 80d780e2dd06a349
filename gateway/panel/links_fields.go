package panel

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// fieldForms is how many fields a link's form has room for, which is as many as a link may have.
const fieldForms = 8

// fieldParts are what is said of one of them.
var fieldParts = []string{"tr", "en", "type", "key", "options", "max", "required"}

// fieldInput is the form's name of a part of field n.
func fieldInput(n int, part string) string { return "field" + strconv.Itoa(n) + "_" + part }

// fieldInputs are the names of all of them, and the place of mistakes of the whole list.
func fieldInputs() []string {
	all := []string{"fields"}
	for n := range fieldForms {
		for _, part := range fieldParts {
			all = append(all, fieldInput(n, part))
		}
	}
	return all
}

// fillFields writes a link's fields into a form.
func fillFields(f *Form, fields []checkout.LinkField) {
	for n, field := range fields[:min(len(fields), fieldForms)] {
		put := func(part, value string) { f.Values[fieldInput(n, part)] = value }
		put("tr", field.Label.TR)
		put("type", string(field.Type))
		put("key", field.Key)
		put("options", strings.Join(field.Options, "\n"))
		if field.Label.EN != field.Label.TR {
			put("en", field.Label.EN)
		}
		if field.Max > 0 {
			put("max", strconv.Itoa(field.Max))
		}
		if field.Required {
			put("required", "on")
		}
	}
}

// fieldsOf reads the fields that have a label. A key that is left out is made of the label.
func (s *Surface) fieldsOf(f *Form, w *who) []checkout.LinkField {
	var out []checkout.LinkField
	for n := range fieldForms {
		get := func(part string) string { return norm.NFC.String(f.Get(fieldInput(n, part))) }
		field := checkout.LinkField{
			Key: get("key"), Label: checkout.Label{TR: get("tr"), EN: get("en")}, Type: checkout.FieldType(get("type")), Required: f.On(fieldInput(n, "required")),
		}
		if field.Label.TR == "" && field.Label.EN == "" {
			continue
		}
		if field.Type == "" {
			field.Type = checkout.FieldText
		}
		if field.Key == "" {
			field.Key = madeKey(cmp.Or(field.Label.TR, field.Label.EN), out)
		}
		for _, line := range strings.FieldsFunc(get("options"), func(r rune) bool { return r == '\n' || r == '\r' }) {
			if line = strings.TrimSpace(line); line != "" {
				field.Options = append(field.Options, line)
			}
		}
		if text := get("max"); text != "" {
			most, err := strconv.ParseUint(text, 10, 31)
			if err != nil || most == 0 {
				s.wrong(f, w.lang, fieldInput(n, "max"), "out_of_range", nil)
			}
			field.Max = int(most)
		}
		out = append(out, field)
	}
	return out
}

// latin are the letters of Turkish that a key has no place for.
var latin = strings.NewReplacer("ç", "c", "ğ", "g", "ı", "i", "ö", "o", "ş", "s", "ü", "u", "İ", "i", "Ç", "c", "Ğ", "g", "Ö", "o", "Ş", "s", "Ü", "u")

// madeKey makes a key of a label, one that no field before has.
func madeKey(label string, have []checkout.LinkField) string {
	key := []byte{}
	for _, r := range strings.ToLower(latin.Replace(label)) {
		switch {
		case len(key) >= 30:
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' && len(key) > 0:
			key = append(key, byte(r))
		case len(key) > 0 && key[len(key)-1] != '_':
			key = append(key, '_')
		}
	}
	made := strings.Trim(string(key), "_")
	if made == "" {
		made = "field"
	}
	for n := 2; ; n++ {
		if !slices.ContainsFunc(have, func(f checkout.LinkField) bool { return f.Key == made }) {
			return made
		}
		made = strings.TrimRight(made, "0123456789_") + "_" + strconv.Itoa(n)
	}
}

// atFields puts the mistakes of a link's fields to the inputs of the form: the flow counts the fields that have a
// label, the form its places.
func atFields(f *Form, err error) error {
	e, ok := err.(*checkout.Error)
	if !ok {
		return err
	}
	var places []int
	for n := range fieldForms {
		if f.On(fieldInput(n, "tr")) || f.On(fieldInput(n, "en")) {
			places = append(places, n)
		}
	}
	moved := *e
	moved.Fields = slices.Clone(e.Fields)
	for i, m := range moved.Fields {
		parts := strings.Split(m.Field, ".")
		if len(parts) < 3 || parts[0] != "fields" {
			continue
		}
		n, err := strconv.Atoi(parts[1])
		if err != nil || n >= len(places) {
			continue
		}
		part := parts[2]
		if part == "label" {
			part = "tr"
		}
		moved.Fields[i].Field = fieldInput(places[n], part)
	}
	return &moved
}

// refusedLink is refused for the form of a link.
func (s *Surface) refusedLink(f *Form, lang string, err error) error {
	var e *checkout.Error
	if errors.As(err, &e) {
		err = s.sellerMissing(lang, atFields(f, atItems(f, e)))
	}
	return s.refused(f, lang, err, linkNames)
}

// sellerMissing makes one mistake of all details that keep a link from being a consumer sale.
func (s *Surface) sellerMissing(lang string, err error) error {
	e, ok := err.(*checkout.Error)
	if !ok {
		return err
	}
	words := s.pages.locale(lang)
	var details []string
	rest := *e
	rest.Fields = nil
	for _, m := range e.Fields {
		name, seller := strings.CutPrefix(m.Code, "seller_")
		name, missing := strings.CutSuffix(name, "_missing")
		if !seller || !missing {
			rest.Fields = append(rest.Fields, m)
			continue
		}
		details = append(details, words.Raw("seller.detail."+name))
	}
	if len(details) == 0 {
		return err
	}
	rest.Fields = append(rest.Fields, checkout.FieldError{Field: "sale", Code: "seller_missing", Args: map[string]string{"details": strings.Join(details, ", ")}})
	return &rest
}

// fieldForm is one field's part of a link's form.
type fieldForm struct {
	Title                                     string
	Open                                      bool
	TR, EN, Type, Key, Options, Max, Required *Input
}

// FieldForms are the places for fields: closed, unless something in one is wrong.
func (p *Page) FieldForms(f *Form) []fieldForm {
	var all []fieldForm
	for n := range fieldForms {
		in := func(part string, attrs ...string) *Input {
			input := p.Input(f, fieldInput(n, part), attrs...)
			input.Label = p.T("links.field." + part)
			if hint := "links.field." + part + ".hint"; p.L.Has(hint) {
				input.Hint = p.T(hint)
			}
			return input
		}
		row := fieldForm{
			Title: p.T("links.field.empty", "n", strconv.Itoa(n+1)),
			TR:    in("tr", "max", "80"), EN: in("en", "max", "80"), Type: in("type"), Key: in("key", "max", "40"), Options: in("options", "rows", "3", "max", "1300"),
			Max: in("max", "mode", "numeric", "max", "4"), Required: in("required", "type", "checkbox"),
		}
		if label := cmp.Or(f.Get(fieldInput(n, "tr")), f.Get(fieldInput(n, "en"))); label != "" {
			row.Title = p.T("links.field.title", "n", strconv.Itoa(n+1), "label", label)
		}
		for _, t := range checkout.FieldTypes {
			row.Type.Choices = append(row.Type.Choices, Choice{Value: string(t), Label: p.T("links.field.type." + string(t)), Chosen: f.Get(fieldInput(n, "type")) == string(t)})
		}
		for _, part := range fieldParts {
			row.Open = row.Open || f.Errors[fieldInput(n, part)] != ""
		}
		all = append(all, row)
	}
	return all
}
