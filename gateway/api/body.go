package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// maxDepth bounds how deep a body may nest; ours need two levels (A57).
const maxDepth = 20

// newValidator makes the one instance that all requests share. Its field names are the JSON ones.
func newValidator() (*validator.Validate, error) {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string { return jsonName(f) })
	err := v.RegisterValidation("turkish_or_e164", func(fl validator.FieldLevel) bool {
		return checkout.PhoneShape(fl.Field().String())
	})
	return v, err
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// decode reads a JSON object into the struct that to points to and checks it. Unknown fields are
// refused by name, so that a misspelled one is not silently ignored (A47); readOnly names the
// fields that we write and nobody else. It answers which fields were given.
func (s *Surface) decode(c *fiber.Ctx, to any, readOnly []string) (given map[string]bool, err error) {
	kind, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), fiber.MIMEApplicationJSON) {
		return nil, web.Reply(fiber.StatusUnsupportedMediaType, &checkout.Error{Kind: checkout.KindInvalid, Code: "unsupported_media_type"})
	}
	body := c.Body()
	if tooDeep(body) {
		return nil, web.BadRequest("json_too_deep")
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
		return nil, web.BadRequest("json_malformed")
	}
	given = make(map[string]bool, len(raw))
	var errs []checkout.FieldError
	fields := fieldsOf(to)
	for _, name := range sortedKeys(raw) {
		value, known := fields[name]
		switch {
		case slices.Contains(readOnly, name):
			errs = append(errs, checkout.FieldError{Field: name, Code: "read_only"})
		case !known:
			errs = append(errs, checkout.FieldError{Field: name, Code: "unknown_field"})
		default:
			given[name] = true
			errs = append(errs, decodeField(name, raw[name], value)...)
		}
	}
	if len(errs) == 0 {
		errs = s.checkStruct(to)
	}
	if len(errs) > 0 {
		return nil, checkout.Invalid(errs...)
	}
	return given, nil
}

// decodeField reads one value; nested objects refuse unknown fields too.
func decodeField(name string, raw json.RawMessage, to reflect.Value) []checkout.FieldError {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(to.Addr().Interface())
	if err == nil {
		return nil
	}
	if after, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return []checkout.FieldError{{Field: name + "." + strings.Trim(after, `"`), Code: "unknown_field"}}
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		name += "." + wrong.Field
	}
	return []checkout.FieldError{{Field: name, Code: "wrong_type"}}
}

// fieldsOf maps the JSON names of a struct to its fields.
func fieldsOf(to any) map[string]reflect.Value {
	v := reflect.ValueOf(to).Elem()
	fields := make(map[string]reflect.Value, v.NumField())
	for i := range v.NumField() {
		if name := jsonName(v.Type().Field(i)); name != "" {
			fields[name] = v.Field(i)
		}
	}
	return fields
}

// checkStruct runs validator and turns what it found into field errors with our words.
func (s *Surface) checkStruct(to any) []checkout.FieldError {
	var found validator.ValidationErrors
	if err := s.validate.Struct(to); !errors.As(err, &found) {
		return nil
	}
	errs := make([]checkout.FieldError, len(found))
	for i, f := range found {
		_, field, _ := strings.Cut(f.Namespace(), ".") // drop the struct's own name
		errs[i] = checkout.FieldError{Field: field, Code: wordFor(f.Tag())}
	}
	return errs
}

// wordFor names validator's tags by what is wrong.
func wordFor(tag string) string {
	switch tag {
	case "required":
		return "required"
	case "oneof":
		return "not_a_choice"
	case "email":
		return "email_format"
	case "turkish_or_e164":
		return "phone_format"
	case "max", "min", "gte", "lte", "gt", "lt":
		return "out_of_range"
	case "unique":
		return "repeated"
	}
	return "invalid"
}

func sortedKeys(m map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// tooDeep counts brackets outside of strings, so that a body made of them is refused before it is
// parsed.
func tooDeep(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return false
}
