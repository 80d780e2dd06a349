//go:build !race

package api_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// What a link asks of its payer is made, read, listed, edited and taken away, in whole lists; a label of one text
// serves both languages, and texts are in normal form C.
func TestFieldsOfALink(t *testing.T) {
	h := open(t)
	const fields = `[{"key":"plate","label":{"tr":"Plaka ğ"},"type":"text","required":true,"max":12},{"key":"size","label":"Beden","type":"choice","options":["S","Orta boy"]}]`
	l := h.make(`{"amount":25000,"currency":"TRY","usage":"multi","show_count":true,"fields":` + strings.ReplaceAll(fields, "ğ", "g\u0306") + `}`)
	twelve := 12
	want := []linkField{
		{Key: "plate", Label: checkout.Label{TR: "Plaka ğ", EN: "Plaka ğ"}, Type: "text", Required: true, Max: &twelve, Options: []string{}},
		{Key: "size", Label: checkout.Label{TR: "Beden", EN: "Beden"}, Type: "choice", Options: []string{"S", "Orta boy"}},
	}
	for name, got := range map[string]link{"made": l, "read": h.get(l.ID), "listed": read[page[link]](t, h.ask("GET", "/v1/links", "")).Data[0]} {
		if !reflect.DeepEqual(got.Fields, want) || !got.ShowCount {
			t.Errorf("%s: %+v", name, got)
		}
	}
	e := read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"amount":100}`))
	if !reflect.DeepEqual(e.Fields, want) {
		t.Errorf("an edit of the amount leaves %+v", e.Fields)
	}
	e = read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"fields":[{"key":"note","label":{"en":"Note"},"type":"multiline"}],"usage":"single"}`))
	if len(e.Fields) != 1 || e.Fields[0].Label.TR != "Note" || e.ShowCount {
		t.Errorf("edited: %+v", e)
	}
	if e = read[link](t, h.ask("PATCH", "/v1/links/"+l.ID, `{"fields":null}`)); len(e.Fields) != 0 {
		t.Errorf("taken away: %+v", e.Fields)
	}
	h.mistakes(h.ask("PATCH", "/v1/links/"+l.ID, `{"show_count":true}`), "show_count: only_for_multi")
}

// What a payer answered stands in the payment, with the question as it was.
func TestAnswersStandInThePayment(t *testing.T) {
	h := open(t)
	said := []checkout.Answer{{Key: "plate", Label: checkout.Label{TR: "Plaka", EN: "Plate"}, Type: checkout.FieldText, Value: "=34 <b>"}}
	p := h.paid(h.stored(h.make(`{"amount":25000,"currency":"TRY"}`).ID), func(p *checkout.Payment) { p.Answers = said })
	if got := read[payment](t, h.ask("GET", "/v1/payments/"+string(p.ID), "")); !reflect.DeepEqual(got.Fields, said) {
		t.Errorf("%+v", got.Fields)
	}
	if got := read[page[payment]](t, h.ask("GET", "/v1/payments", "")).Data[0]; !reflect.DeepEqual(got.Fields, said) {
		t.Errorf("listed: %+v", got.Fields)
	}
}

// Every mistake of a field is told at its place, and nothing is stored.
func TestFieldsAreHeldToTheirRules(t *testing.T) {
	h := open(t)
	eight := func(one string) string {
		return strings.TrimSuffix(strings.Repeat(one+",", 8), ",")
	}
	numbered := func(field string) string {
		for i := range strings.Count(field, "#") {
			field = strings.Replace(field, "#", fmt.Sprint(i), 1)
		}
		return field
	}
	long := strings.TrimSuffix(strings.Repeat(`"`+strings.Repeat("ğ", 55)+`_#",`, 20), ",")
	for fields, want := range map[string]string{
		`{}`:    "fields: wrong_type",
		`[1]`:   "fields: wrong_type",
		`["x"]`: "fields: wrong_type",
		`[{"key":"a","label":"A","type":"text","value":"x"}]`:                                                    "fields: wrong_type",
		`[{"key":"a","label":{"de":"A"},"type":"text"}]`:                                                         "fields: wrong_type",
		`[{"key":"a","label":5,"type":"text"}]`:                                                                  "fields: wrong_type",
		`[` + eight(`{"key":"a","label":"A","type":"text"}`) + `,{"key":"b","label":"A","type":"text"}]`:         "fields: too_many",
		`[` + numbered(eight(`{"key":"a#","label":"A","type":"choice","options":[`+long+`]}`)) + `]`:             "fields: fields_too_large",
		`[{"key":"a b","label":"A","type":"text"}]`:                                                              "fields.0.key: field_key_format",
		`[{"label":"A","type":"text"}]`:                                                                          "fields.0.key: field_key_format",
		`[{"key":"c4155650000000007","label":"A","type":"text"}]`:                                                "fields.0.key: field_key_format",
		`[{"key":"a","label":"A","type":"text"},{"key":"a","label":"A","type":"date"}]`:                          "fields.1.key: repeated",
		`[{"key":"a","label":" ","type":"text"}]`:                                                                "fields.0.label: required",
		`[{"key":"a","label":{"tr":"A","en":"` + strings.Repeat("x", 81) + `"},"type":"text"}]`:                  "fields.0.label: length",
		`[{"key":"a","label":"a\nb","type":"text"}]`:                                                             "fields.0.label: control",
		`[{"key":"a","label":"4155650000000007","type":"text"}]`:                                                 "fields.0.label: looks_like_card",
		`[{"key":"a","label":"Kartınızın CVV kodu","type":"text"}]`:                                              "fields.0.label: asks_for_card",
		`[{"key":"a","label":"GÜVENLİK KODU","type":"text"}]`:                                                    "fields.0.label: asks_for_card",
		`[{"key":"security_code","label":"A","type":"text"}]`:                                                    "fields.0.label: asks_for_card",
		`[{"key":"a","label":"A","type":"password"}]`:                                                            "fields.0.type: not_a_choice",
		`[{"key":"a","label":"A"}]`:                                                                              "fields.0.type: not_a_choice",
		`[{"key":"a","label":"A","type":"date","max":5}]`:                                                        "fields.0.max: only_for_text",
		`[{"key":"a","label":"A","type":"text","max":-1}]`:                                                       "fields.0.max: out_of_range",
		`[{"key":"a","label":"A","type":"text","max":201}]`:                                                      "fields.0.max: out_of_range",
		`[{"key":"a","label":"A","type":"multiline","max":1001}]`:                                                "fields.0.max: out_of_range",
		`[{"key":"a","label":"A","type":"text","options":["x"]}]`:                                                "fields.0.options: only_for_choice",
		`[{"key":"a","label":"A","type":"choice"}]`:                                                              "fields.0.options: required",
		`[{"key":"a","label":"A","type":"choice","options":["x"," "]}]`:                                          "fields.0.options.1: required",
		`[{"key":"a","label":"A","type":"choice","options":["x","x "]}]`:                                         "fields.0.options.1: repeated",
		`[{"key":"a","label":"A","type":"choice","options":["` + strings.Repeat("x", 61) + `"]}]`:                "fields.0.options.0: length",
		numbered(`[{"key":"a","label":"A","type":"choice","options":[` + strings.Repeat(`"x#",`, 20) + `"x"]}]`): "fields.0.options: too_many",
		`[{"key":"A","label":"","type":"x"},{"key":"b","label":"B","type":"vkn","max":3}]`:                       "fields.0.key: field_key_format, fields.0.type: not_a_choice, fields.0.label: required, fields.1.max: only_for_text",
	} {
		h.mistakes(h.ask("POST", "/v1/links", `{"amount":1,"currency":"TRY","fields":`+fields+`}`), want)
	}
	if links := read[page[link]](t, h.ask("GET", "/v1/links", "")).Data; len(links) != 0 {
		t.Errorf("%d links were made", len(links))
	}
}
