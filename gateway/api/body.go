package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// maxDepth bounds how deep a body may nest (A57); ours need two levels.
const maxDepth = 20

// errMediaType: the body is not JSON.
var errMediaType = web.Reply(fiber.StatusUnsupportedMediaType, &checkout.Error{Kind: checkout.KindInvalid, Code: "unsupported_media_type"})

// newValidator makes the one instance that all requests share. Its field names are the JSON ones.
func newValidator() (*validator.Validate, error) {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(jsonName)
	v.RegisterAlias("minor_units", "gt=0,lte="+strconv.FormatInt(checkout.MaxPriceMinor, 10))
	return v, errors.Join(
		v.RegisterValidation("phone", func(fl validator.FieldLevel) bool { return checkout.PhoneShape(fl.Field().String()) }),
		v.RegisterValidation("our_century", func(fl validator.FieldLevel) bool {
			t, ok := fl.Field().Interface().(time.Time)
			return ok && t.Year() >= 2000 && t.Year() <= 2100
		}),
	)
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// decode reads a JSON object into the struct that to points to and checks it. Names that the struct
// does not have are refused, so that a misspelled one is not silently ignored (A47); readOnly are
// those that we write and nobody else. It answers which names were given, also beside mistakes in their values.
func (s *Surface) decode(c *fiber.Ctx, to any, readOnly []string) (given map[string]bool, err error) {
	if !isJSON(c.Get(fiber.HeaderContentType)) {
		return nil, errMediaType
	}
	body := c.Request().Body() // not c.Body(): that would decompress
	if code := malformed(body); code != "" {
		return nil, web.BadRequest(code)
	}
	r := reading{readOnly: readOnly}
	given = r.object("", body, reflect.ValueOf(to).Elem())
	for _, e := range s.checkStruct(to) {
		if !slices.ContainsFunc(r.errs, func(have checkout.FieldError) bool { return have.Field == e.Field }) {
			r.errs = append(r.errs, e)
		}
	}
	if len(r.errs) > 0 {
		return given, checkout.Invalid(r.errs...)
	}
	return given, nil
}

// isJSON says whether a media type is JSON in UTF-8, the only coding it has (RFC 8259, section 8.1).
func isJSON(text string) bool {
	kind, params, err := mime.ParseMediaType(text)
	charset, named := params["charset"]
	return err == nil && kind == fiber.MIMEApplicationJSON && (!named || strings.EqualFold(charset, "utf-8"))
}

// malformed says why a body is not one JSON object that means one thing only, or "". What a body is
// refused for here, another reader between the merchant and us could have understood differently.
func malformed(body []byte) (code string) {
	switch {
	case tooDeep(body): // first: it costs one pass and no memory
		return "json_too_deep"
	case !utf8.Valid(body) || !json.Valid(body) || bytes.TrimLeft(body, " \t\r\n")[0] != '{' || halfPair(body):
		return "json_malformed"
	case repeatsName(body):
		return "json_repeated_name"
	}
	return ""
}

// halfPair says whether a valid body escapes half of a surrogate pair, which is no character: some readers
// would put a replacement in its place, others refuse it (RFC 8259, section 8.2).
func halfPair(body []byte) bool {
	for {
		at := bytes.IndexByte(body, '\\') // in texts only, since the body is valid
		if at < 0 {
			return false
		}
		unit, rest := escaped(body[at:])
		body = rest
		if !utf16.IsSurrogate(unit) {
			continue
		}
		low, rest := escaped(body)
		if utf16.DecodeRune(unit, low) == utf8.RuneError {
			return true
		}
		body = rest
	}
}

// escaped reads the escape that text begins with: its unit when it is a \u one, else 0.
func escaped(text []byte) (unit rune, rest []byte) {
	const long = len(`\u0000`)
	if len(text) < 2 || text[0] != '\\' {
		return 0, text
	}
	if text[1] != 'u' || len(text) < long {
		return 0, text[2:]
	}
	n, err := strconv.ParseUint(string(text[2:long]), 16, 16)
	if err != nil { // cannot be: the body is valid
		return 0, text[2:]
	}
	return rune(n), text[long:]
}

// tooDeep counts brackets outside of strings.
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

// repeatsName says whether an object in a valid body has two members of one name. encoding/json
// would take the last one, other readers the first.
func repeatsName(body []byte) bool {
	type level struct {
		names map[string]bool // nil in an array
		named bool            // the name was read and its value comes next
	}
	levels := []level{{}}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil { // the end: the body is known to be valid
			return false
		}
		top := &levels[len(levels)-1]
		if name, ok := token.(string); ok && top.names != nil && !top.named {
			if top.names[name] {
				return true
			}
			top.names[name], top.named = true, true
			continue
		}
		top.named = false
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		}
	}
}

// reading gathers the mistakes of one body.
type reading struct {
	readOnly []string
	errs     []checkout.FieldError
}

func (r *reading) mistake(field, code string) {
	r.errs = append(r.errs, checkout.FieldError{Field: field, Code: code})
}

// object reads an object's members into the fields of a struct, by exactly spelled names: reading by
// encoding/json alone would take "Amount" for "amount". It answers which names were given.
func (r *reading) object(prefix string, raw []byte, to reflect.Value) (given map[string]bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		r.errs = append(r.errs, wrongType(strings.TrimSuffix(prefix, "."), to.Type()))
		return nil
	}
	given = make(map[string]bool, len(members))
	fields := fieldsOf(to)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch field, known := fields[name]; {
		case slices.Contains(r.readOnly, prefix+name):
			r.mistake(prefix+name, "read_only")
		case !known:
			r.mistake(prefix+shown(name), "unknown_field")
		default:
			given[name] = true
			r.member(prefix+name, members[name], field)
		}
	}
	return given
}

// member reads one value. null leaves the zero value.
func (r *reading) member(name string, raw []byte, to reflect.Value) {
	if to.Kind() == reflect.Pointer && to.Type().Elem().Kind() == reflect.Struct && to.Type() != reflect.TypeFor[*time.Time]() {
		if string(raw) != "null" {
			to.Set(reflect.New(to.Type().Elem()))
			r.object(name+".", raw, to.Elem())
		}
		return
	}
	err := json.Unmarshal(raw, to.Addr().Interface())
	var when *time.ParseError
	switch {
	case err == nil:
	case errors.As(err, &when):
		r.mistake(name, "time_format")
	default:
		r.errs = append(r.errs, wrongType(name, to.Type()))
	}
	if err != nil {
		to.SetZero() // what was read before the mistake counts for nothing
	}
}

// wrongType is the mistake of a value that is not of a type, told by what it should have been.
func wrongType(field string, t reflect.Type) checkout.FieldError {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	phrase := "type text"
	switch {
	case t == reflect.TypeFor[time.Time]():
		phrase = "type time"
	case t.Kind() == reflect.Struct:
		phrase = "type object"
	case t.Kind() == reflect.Map:
		phrase = "type notes"
	case t.Kind() == reflect.Bool:
		phrase = "type switch"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Int:
		phrase = "type numbers"
	case t.Kind() == reflect.Slice && (t.Elem().Kind() == reflect.Struct || t.Elem() == reflect.TypeFor[json.RawMessage]()):
		phrase = "type objects"
	case t.Kind() == reflect.Slice:
		phrase = "type texts"
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		phrase = "type number"
	}
	return checkout.FieldError{Field: field, Code: "wrong_type", Args: map[string]string{"type": phrase}}
}

// maxShown is how long an unknown name may be and still be told.
const maxShown = 64

// shown is a name that the client made up, fit to be told: what it sent by mistake may be a card
// number, which is never echoed (A32).
func shown(name string) string {
	if len(name) > maxShown || checkout.HoldsCard(name) {
		return "(not shown)"
	}
	return name
}

// fieldsOf maps the JSON names of a struct to its fields.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := make(map[string]reflect.Value, v.NumField())
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Anonymous {
			maps.Copy(fields, fieldsOf(v.Field(i)))
		} else {
			fields[jsonName(f)] = v.Field(i)
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
		field = strings.NewReplacer("[", ".", "]", "").Replace(field)
		if name, ok := strings.CutPrefix(field, "metadata."); ok {
			field = "metadata." + shown(name)
		}
		word := tagWords[f.Tag()]
		if kind := f.Kind(); f.Tag() == "max" && (kind == reflect.Slice || kind == reflect.Map) {
			word = "too_many"
		}
		errs[i] = checkout.FieldError{Field: field, Code: word}
		if f.Tag() == "minor_units" {
			errs[i].Args = checkout.PriceBounds(1)
		}
	}
	return errs
}

// tagWords names validator's tags by what is wrong.
var tagWords = map[string]string{
	"required":         "required",
	"required_without": "required",
	"oneof":            "not_a_choice",
	"email":            "email_format",
	"phone":            "phone_format",
	"our_century":      "time_range",
	"minor_units":      "amount_range",
	"gte":              "out_of_range",
	"lte":              "out_of_range",
	"max":              "length",
	"min":              "empty_list",
	"unique":           "repeated",
}
