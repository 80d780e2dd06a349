package checkout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// LinkField is something that a merchant asks of the payer besides the card. Keys and labels are the merchant's.
type LinkField struct {
	Key      string    `json:"key"` // names the answer to programs, unique on the link
	Label    Label     `json:"label"`
	Type     FieldType `json:"type"`
	Required bool      `json:"required,omitempty"`
	Max      int       `json:"max,omitempty"`     // characters of a text; 0 = what its type allows
	Options  []string  `json:"options,omitempty"` // of a choice
}

// Label is a text of a merchant's for payers, in both languages of the page.
type Label struct {
	TR string `json:"tr"`
	EN string `json:"en"`
}

// In is the label in a language; languages that have none read English.
func (l Label) In(lang string) string {
	if lang == "tr" {
		return l.TR
	}
	return l.EN
}

// FieldType is the kind of an answer.
type FieldType string

const (
	FieldText      FieldType = "text"
	FieldMultiline FieldType = "multiline"
	FieldNumber    FieldType = "number"
	FieldEmail     FieldType = "email"
	FieldPhone     FieldType = "phone"
	FieldDate      FieldType = "date"
	FieldTCKN      FieldType = "tckn" // identity number of a person
	FieldVKN       FieldType = "vkn"  // tax number
	FieldChoice    FieldType = "choice"
)

// FieldTypes lists them.
var FieldTypes = []FieldType{FieldText, FieldMultiline, FieldNumber, FieldEmail, FieldPhone, FieldDate, FieldTCKN, FieldVKN, FieldChoice}

// Answer is what a payer said, with the question as it was put: part of the payment's frozen copy.
type Answer struct {
	Key   string    `json:"key"`
	Label Label     `json:"label"`
	Type  FieldType `json:"type"`
	Value string    `json:"value"` // a phone number is normal, a date is YYYY-MM-DD
}

// Shown is the answer for papers that travel: of a person's identity number only its ends.
func (a Answer) Shown() string {
	if a.Type == FieldTCKN && len(a.Value) == 11 {
		return a.Value[:3] + "••••••" + a.Value[9:]
	}
	return a.Value
}

// Limits of a link's fields. maxFieldsBytes bounds all of them together, since they travel in the link's hot copy.
const (
	maxLinkFields  = 8
	maxFieldLabel  = 80
	maxOptions     = 20
	maxOption      = 60
	maxFieldsBytes = 6000

	// MaxAnswer and MaxLongAnswer bound a line and a text of several lines, in characters.
	MaxAnswer     = 200
	MaxLongAnswer = 1000
)

var fieldKeyShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Longest is how many characters an answer may have.
func (f LinkField) Longest() int {
	switch {
	case f.Max > 0:
		return f.Max
	case f.Type == FieldMultiline:
		return MaxLongAnswer
	}
	return MaxAnswer
}

// EncodeFields writes a link's fields as its hot copy and the ledger keep them; "" for none.
func EncodeFields(fields []LinkField) string { return encodeList(fields) }

func encodeList[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(list) // texts and numbers are always written
	return strings.TrimSuffix(b.String(), "\n")
}

// DecodeFields reads what EncodeFields wrote.
func DecodeFields(text string) (fields []LinkField, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &fields)
	}
	return fields, err
}

// AnswerLine is a payment's answers in one line for merchants' lists, with their labels in Turkish. whole is false
// where the list may travel: then each answer is Shown.
func AnswerLine(answers []Answer, whole bool) string {
	parts := make([]string, len(answers))
	for i, a := range answers {
		text := a.Shown()
		if whole {
			text = a.Value
		}
		parts[i] = a.Label.TR + ": " + strings.ReplaceAll(text, "\n", " ")
	}
	return strings.Join(parts, "; ")
}

// checkFields finds the mistakes in a link's fields.
func (t *LinkTerms) checkFields() (errs []FieldError) {
	if len(t.Fields) > maxLinkFields {
		return []FieldError{{Field: "fields", Code: "too_many"}}
	}
	t.Fields = slices.Clone(t.Fields)
	for i := range t.Fields {
		f := &t.Fields[i]
		at := "fields." + strconv.Itoa(i) + "."
		add := func(field, code string) { errs = append(errs, FieldError{Field: at + field, Code: code}) }
		f.Label = f.Label.whole()
		f.check(add)
		if slices.ContainsFunc(t.Fields[:i], func(other LinkField) bool { return other.Key == f.Key }) {
			add("key", "repeated")
		}
	}
	if len(errs) == 0 && len(EncodeFields(t.Fields)) > maxFieldsBytes {
		return []FieldError{{Field: "fields", Code: "fields_too_large"}}
	}
	return errs
}

// whole gives a label of one language to both.
func (l Label) whole() Label {
	l.TR, l.EN = strings.TrimSpace(l.TR), strings.TrimSpace(l.EN)
	if l.TR == "" {
		l.TR = l.EN
	}
	if l.EN == "" {
		l.EN = l.TR
	}
	return l
}

func (f *LinkField) check(add func(field, code string)) {
	if !fieldKeyShape.MatchString(f.Key) || HoldsCard(f.Key) {
		add("key", "field_key_format")
	}
	if !slices.Contains(FieldTypes, f.Type) {
		add("type", "not_a_choice")
	}
	switch {
	case f.Label.TR == "":
		add("label", "required")
	case asksForCard(f.Key, f.Label.TR, f.Label.EN):
		add("label", "asks_for_card")
	default:
		for _, text := range []string{f.Label.TR, f.Label.EN} {
			if code := checkLine(text, maxFieldLabel); code != "" {
				add("label", code)
				break
			}
		}
	}
	texts := f.Type == FieldText || f.Type == FieldMultiline
	switch {
	case f.Max != 0 && !texts:
		add("max", "only_for_text")
	case f.Max < 0 || f.Type == FieldText && f.Max > MaxAnswer || f.Max > MaxLongAnswer:
		add("max", "out_of_range")
	}
	f.checkOptions(add)
}

func (f *LinkField) checkOptions(add func(field, code string)) {
	switch {
	case f.Type != FieldChoice && len(f.Options) > 0:
		add("options", "only_for_choice")
	case f.Type == FieldChoice && len(f.Options) == 0:
		add("options", "required")
	case len(f.Options) > maxOptions:
		add("options", "too_many")
	}
	f.Options = slices.Clone(f.Options)
	for i, text := range f.Options {
		text = oneSpaced(text) // as a browser reads it, and sends it back
		f.Options[i] = text
		code := checkLine(text, maxOption)
		switch {
		case text == "":
			code = "required"
		case code == "" && slices.Contains(f.Options[:i], text):
			code = "repeated"
		}
		if code != "" {
			add("options."+strconv.Itoa(i), code)
		}
	}
}

// oneSpaced is a text with one blank where several are.
func oneSpaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// askedSecrets are words of what a page may ask for in the card form alone, or nowhere: they are sent to banks once
// and stored by nobody (PCI DSS 4.0.1, requirement 3.3).
var askedSecrets = []string{"cvv", "cvc", "cv2", "güvenlik kod", "guvenlik kod", "security code", "kart şifre", "kart sifre", "kartın şifre", "card pin", "3d şifre", "3d sifre", "3d password"}

// asksForCard says whether texts ask for what belongs to a card.
func asksForCard(texts ...string) bool {
	for _, text := range texts {
		text = strings.ToLower(strings.NewReplacer("_", " ", "İ", "i", "I", "i", "ı", "i").Replace(text)) // typed on any keyboard
		if slices.ContainsFunc(askedSecrets, func(word string) bool { return strings.Contains(text, word) }) {
			return true
		}
	}
	return false
}

// answers holds what a payer wrote against the link's fields. Mistakes are named field_ and the key. An answer that was
// not given leaves no trace.
func (h Hot) answers(given map[string]string) (out []Answer, errs []FieldError, err error) {
	fields, err := DecodeFields(h.Asks)
	if err != nil {
		return nil, nil, fmt.Errorf("read the fields of link %s: %w", h.Link, err)
	}
	for _, f := range fields {
		value, code := f.Read(given[f.Key])
		switch {
		case code != "":
			errs = append(errs, FieldError{Field: "field_" + f.Key, Code: code, Args: map[string]string{"n": strconv.Itoa(f.Longest())}})
		case value != "":
			out = append(out, Answer{Key: f.Key, Label: f.Label, Type: f.Type, Value: value})
		}
	}
	return out, errs, nil
}

// Read makes an answer normal, or says with a field error code what is wrong with it.
func (f LinkField) Read(text string) (value, code string) {
	value = strings.TrimSpace(text)
	switch {
	case value == "" && f.Required:
		return "", "required"
	case value == "":
		return "", ""
	}
	switch f.Type {
	case FieldMultiline:
		value = strings.ReplaceAll(value, "\r\n", "\n")
		if strings.ContainsFunc(value, isHidden) {
			return "", "control"
		}
		return value, CheckFreeText(value, f.Longest())
	case FieldNumber:
		return readNumber(value)
	case FieldPhone:
		if value = NormalPhone(value); value == "" {
			code = "phone_format"
		}
		return value, code
	case FieldDate:
		return readDate(value)
	case FieldTCKN:
		if value = plainDigits(value); len(value) != 11 || !tckn(value) {
			code = "tckn_check"
		}
		return value, code
	case FieldVKN:
		if value = plainDigits(value); len(value) != 10 || !vkn(value) {
			code = "vkn_check"
		}
		return value, code
	case FieldChoice:
		at := slices.IndexFunc(f.Options, func(o string) bool { return oneSpaced(o) == oneSpaced(value) })
		if at < 0 {
			return value, "not_a_choice"
		}
		return f.Options[at], ""
	}
	if code = checkLine(value, f.Longest()); code == "" {
		code = CheckFreeText(value, f.Longest()) // stricter about digits than merchants' texts
	}
	if code == "" && f.Type == FieldEmail {
		code = checkEmail(value)
	}
	return value, code
}

// plainDigits takes the blanks out of a number; "" when there is anything else in it.
func plainDigits(text string) string {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		if d, ok := digitOf(r); ok {
			out = append(out, d)
		} else if r != ' ' && r != '\u00a0' {
			return ""
		}
	}
	return string(out)
}

// maxNumber is how many digits a number has at most: fewer than any card number.
const maxNumber = minDigits - 1

// readNumber takes digits with at most one mark between them, as people of either language write it.
func readNumber(text string) (value, code string) {
	out, marks, digits := make([]byte, 0, len(text)), 0, 0
	for _, r := range text {
		d, ok := digitOf(r)
		switch {
		case ok:
			out = append(out, d)
			digits++
		case (r == ',' || r == '.') && digits > 0:
			out = append(out, byte(r))
			marks++
		default:
			return "", "number_format"
		}
	}
	switch last := out[len(out)-1]; {
	case digits > maxNumber:
		return "", "looks_like_card"
	case marks > 1 || last == ',' || last == '.':
		return "", "number_format"
	}
	return string(out), ""
}

// readDate takes a day as browsers send it and as people write it.
func readDate(text string) (value, code string) {
	for _, layout := range []string{time.DateOnly, "2.1.2006", "2/1/2006"} {
		if day, err := time.Parse(layout, text); err == nil && day.Year() >= 1900 && day.Year() <= 2100 {
			return day.Format(time.DateOnly), ""
		}
	}
	return "", "date_format"
}
