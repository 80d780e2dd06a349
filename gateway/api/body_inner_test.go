package api

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/odelink/odelink/checkout"
)

// FuzzBody feeds any bytes to the reader of link bodies (A57). What it takes is one JSON object, read
// as encoding/json reads it; what it refuses, it refuses without a panic and in words that have a
// sentence; and no refusal tells a card number back.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"amount":25000,"currency":"TRY"}`, `{"amount":1e3}`, `{"Amount":1}`, `{"amount":1,"amount":2}`, `{"customer":{"name":"a","name":"b"}}`, `[]`, `null`, ` {"a":[{"b":{}}]} `,
		`{"metadata":{"a":null,"b":"c"}}`, `{"installments":[1,2,[3]]}`, `{"active_from":"2026-11-22T09:00:00Z"}`, `{"active_from":5}`, `{"customer":null}`, `{"x":"\"[[["}`, "{\"a\":\"\xff\"}",
		`{"4155650000000007":1}`, `{"metadata":{"4155650000000007":null}}`, strings.Repeat(`{"a":`, 30), `{"":1}`, `{"amount":9223372036854775808}`, `{"deliver":["sms",null]}`, `{"status":"paid"}`,
		`{"description":"\ud83d\udca5"}`, `{"description":"\ud83d"}`, `{"description":"\\\u"}`,
	} {
		f.Add([]byte(seed))
	}
	s, err := New(Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if code := malformed(body); code != "" {
			if Message("en", code, nil) == "" {
				t.Fatalf("no sentence for %q", code)
			}
			return
		}
		if !utf8.Valid(body) || !json.Valid(body) {
			t.Fatal("taken, and no JSON in UTF-8")
		}
		var b linkBody
		r := reading{readOnly: linkReadOnly}
		given := r.object("", body, reflect.ValueOf(&b).Elem())
		errs := append(r.errs, s.checkStruct(&b)...)
		for _, e := range errs {
			if Message("en", e.Code, e.Args) == "" || Message("tr", e.Code, e.Args) == "" {
				t.Fatalf("no sentence for %q of %q", e.Code, e.Field)
			}
			if checkout.HoldsCard(e.Field) {
				t.Fatalf("told back: %q", e.Field)
			}
		}
		if len(errs) > 0 {
			return
		}
		var same linkBody
		if err := json.Unmarshal(body, &same); err != nil {
			t.Fatalf("encoding/json refuses what was taken: %v", err)
		}
		if !reflect.DeepEqual(b, same) {
			t.Fatalf("read as %+v, by encoding/json as %+v", b, same)
		}
		var terms checkout.LinkTerms
		b.apply(&terms, given) // must not panic
	})
}

// A tag without a word would reach clients as an empty code.
func TestEveryTagHasAWord(t *testing.T) {
	for _, body := range []any{linkBody{}, customerBody{}, sendBody{}} {
		typ := reflect.TypeOf(body)
		for i := range typ.NumField() {
			for _, tag := range strings.Split(typ.Field(i).Tag.Get("validate"), ",") {
				name, _, _ := strings.Cut(tag, "=")
				if name == "" || name == "omitempty" || name == "dive" {
					continue
				}
				if tagWords[name] == "" {
					t.Errorf("%s.%s: no word for %s", typ.Name(), typ.Field(i).Name, name)
				}
			}
		}
	}
}
