package panel

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// Form is what was typed into a form, and what is wrong with it.
type Form struct {
	Values map[string]string
	Errors map[string]string // sentences by field
	Error  string            // about the whole
	// Prefix of the words of its fields: "links.form" has "links.form.amount" and, if there is one,
	// "links.form.amount.hint".
	Prefix string
}

// NewForm makes a form with what its fields begin with, as name, value pairs.
func NewForm(prefix string, pairs ...string) *Form {
	f := &Form{Values: map[string]string{}, Errors: map[string]string{}, Prefix: prefix}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Values[pairs[i]] = pairs[i+1]
	}
	return f
}

// readForm reads the named fields of a posted form, without the spaces around them. Other fields are not looked at.
func readForm(c *fiber.Ctx, prefix string, names ...string) *Form {
	f := NewForm(prefix)
	for _, name := range names {
		text := strings.ReplaceAll(posted(c, name), "\r\n", "\n") // as browsers end the lines of a text
		f.Values[name] = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	}
	return f
}

// Get is a field's value.
func (f *Form) Get(name string) string { return f.Values[name] }

// On says whether a box was ticked.
func (f *Form) On(name string) bool { return f.Values[name] != "" }

// OK says whether nothing is wrong.
func (f *Form) OK() bool { return len(f.Errors) == 0 && f.Error == "" }

// content is SHA-256 over what the form says and where it was sent.
func (f *Form) content(path string) [sha256.Size]byte {
	said := path
	for _, name := range slices.Sorted(maps.Keys(f.Values)) {
		said += fmt.Sprintf(" %q=%q", name, f.Values[name])
	}
	return sha256.Sum256([]byte(said))
}

// wrong notes a mistake in a field by its code.
func (s *Surface) wrong(f *Form, lang, field, code string, args map[string]string) {
	f.Errors[field] = s.sentence(lang, code, args)
}

// refused takes an error of the flow into the form: mistakes to their fields, named as the API names them and
// here by names (nil: the same), and what else the form can tell. It answers the error back if the form
// cannot: then it is somebody else's.
func (s *Surface) refused(f *Form, lang string, err error, names map[string]string) error {
	if err == nil {
		return nil
	}
	var e *checkout.Error
	if !errors.As(err, &e) || e.Kind == checkout.KindInternal || e.Kind == checkout.KindUnavailable || e.Kind == checkout.KindNotFound {
		return err
	}
	for _, m := range amountCodes(e.Fields, checkout.Currency(f.Get("currency"))) {
		field := m.Field
		if other, ok := names[field]; ok {
			field = other
		}
		if _, shown := f.Values[field]; !shown {
			f.Error = strings.TrimSpace(f.Error + " " + s.sentence(lang, m.Code, m.Args))
			continue
		}
		s.wrong(f, lang, field, m.Code, m.Args)
	}
	if len(e.Fields) == 0 {
		f.Error = s.sentence(lang, e.Code, nil)
	}
	return nil
}

// sentence says what a code means, to people.
func (s *Surface) sentence(lang, code string, args map[string]string) string {
	l := s.pages.locale(lang)
	if l.Has("error." + code) {
		pairs := make([]string, 0, 2*len(args))
		for name, value := range args {
			pairs = append(pairs, name, value)
		}
		return l.Text("error."+code, pairs...)
	}
	if text := s.Message(lang, code, args); text != "" {
		return text
	}
	return code
}

// Choice is one of several values of a field.
type Choice struct {
	Value, Label string
	Chosen       bool
}

// Input is one field of a form as the part "input" draws it.
type Input struct {
	Name, Label, Hint, Error, Value   string
	Type, Mode, Complete, Placeholder string
	Required, Checked, Focus          bool
	Max, Rows, List                   string
	Choices                           []Choice
}

// Input makes a field. attrs are pairs: type, mode (inputmode), complete (autocomplete), placeholder, max
// (maxlength), rows, list (of suggestions); "required" and "focus" take "yes". A field without words of its own shows its name.
func (p *Page) Input(f *Form, name string, attrs ...string) *Input {
	in := &Input{Name: name, Label: p.T(f.Prefix + "." + name), Value: f.Values[name], Error: f.Errors[name], Type: "text", Checked: f.Values[name] != ""}
	if hint := f.Prefix + "." + name + ".hint"; p.L.Has(hint) {
		in.Hint = p.T(hint)
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		in.set(attrs[i], attrs[i+1])
	}
	return in
}

func (in *Input) set(attr, value string) {
	switch attr {
	case "type":
		in.Type = value
	case "mode":
		in.Mode = value
	case "complete":
		in.Complete = value
	case "placeholder":
		in.Placeholder = value
	case "max":
		in.Max = value
	case "rows":
		in.Rows = value
	case "list":
		in.List = value
	case "hint":
		in.Hint = value
	case "required":
		in.Required = value == "yes"
	case "focus":
		in.Focus = value == "yes"
	default:
		panic("panel: no attribute " + attr)
	}
}

// Select makes a field with choices: those of values, each with its word under prefix.
func (p *Page) Select(f *Form, name, prefix string, values []string) *Input {
	in := p.Input(f, name)
	for _, v := range values {
		in.Choices = append(in.Choices, Choice{Value: v, Label: p.Or(prefix+"."+v, v), Chosen: v == f.Values[name]})
	}
	return in
}
