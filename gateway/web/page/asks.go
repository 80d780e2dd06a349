package page

import "strconv"

// Label is a merchant's text by the code of a language; languages that have none read English.
type Label map[string]string

func (l Label) in(code string) string {
	if text, ok := l[code]; ok {
		return text
	}
	return l["en"]
}

// Ask is a field that the merchant asks for besides the card. Such a page is written by the engine each time: its texts
// are the merchant's, and no two links' are alike.
type Ask struct {
	Name     string // of the form's field
	Label    Label
	Type     string // text multiline number email phone date tckn vkn choice
	Required bool
	Max      int      // characters
	Options  []string // of a choice
	Typed    string   // what was written before a mistake; with 12 digits or more it is shown again only where Digits allows
	Digits   bool     // Typed was found to be no card number
}

// Answer is a line of a receipt in the merchant's words.
type Answer struct {
	Label Label
	Text  string
}

// askRow is a field as the template writes it.
type askRow struct {
	Ask
	Text, Hint, Error              string
	Input, Mode, Complete, Pattern string
	Missing, Wrong, Card, Long     string
}

// inputs are the attributes of a field by its type. Patterns are what a browser can hold an answer against; the server
// decides.
var inputs = map[string]askRow{
	"text":   {Input: "text", Complete: "off"},
	"number": {Input: "text", Mode: "decimal", Complete: "off", Pattern: `\p{Nd}{1,11}([.,]\p{Nd}{1,10})?`, Wrong: "number_format"},
	"email":  {Input: "email", Mode: "email", Complete: "email", Wrong: "email_format"},
	"phone":  {Input: "tel", Mode: "tel", Complete: "tel", Pattern: `\+?[^A-Za-z]{7,24}`, Wrong: "phone_format"},
	"date":   {Input: "date", Complete: "off", Wrong: "date_format"},
	"tckn":   {Input: "text", Mode: "numeric", Complete: "off", Pattern: `( *\p{Nd}){11} *`, Wrong: "tckn_check"},
	"vkn":    {Input: "text", Mode: "numeric", Complete: "off", Pattern: `( *\p{Nd}){10} *`, Wrong: "vkn_check"},
}

// Asked are the fields that the merchant asks for, with their words in the page's language.
func (r *root) Asked() []askRow {
	asks := r.V.(*CheckoutPage).Asks
	rows := make([]askRow, len(asks))
	for i, a := range asks {
		row := inputs[a.Type]
		row.Ask, row.Text, row.Long = a, a.Label.in(r.L.Code), strconv.Itoa(a.Max)
		if row.Typed = a.Typed; looksLikeCard(a.Typed) && !a.Digits {
			row.Typed = ""
		}
		say := func(code string) string {
			return r.asked(FieldError{Field: a.Name, Code: code, Label: a.Label, N: a.Max})
		}
		if row.Wrong == "" {
			row.Wrong = "length"
		}
		row.Missing, row.Wrong, row.Card = say("required"), say(row.Wrong), say("looks_like_card")
		row.Hint = r.T("ask.hint."+a.Type, "n", row.Long)
		if !a.Required {
			row.Hint = r.T("ask.optional", "hint", row.Hint)
		}
		if bad := r.Bad(a.Name); bad != nil {
			row.Error = bad.Text
		}
		rows[i] = row
	}
	return rows
}

// asked is the sentence of a mistake in such a field.
func (r *root) asked(e FieldError) string {
	key := "ask." + e.Code
	if !r.L.Has(key) {
		key = "ask.invalid"
	}
	return r.T(key, "label", e.Label.in(r.L.Code), "n", strconv.Itoa(e.N))
}

// answerRows are the payer's answers on a receipt.
func (r *root) answerRows() (rows []receiptRow) {
	for _, a := range r.Receipt().Answers {
		rows = append(rows, receiptRow{Label: a.Label.in(r.L.Code), Text: a.Text})
	}
	return rows
}
