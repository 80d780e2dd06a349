package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/api"
)

// inWords is what an operator reads of an error: sentences where codes are. What wraps an error shows the
// error's own text, so the sentence takes the place of that.
func inWords(err error) string {
	if e, ok := err.(*checkout.Error); ok {
		return sentences(e)
	}
	var inner []error
	switch w := err.(type) {
	case interface{ Unwrap() []error }:
		inner = w.Unwrap()
	case interface{ Unwrap() error }:
		inner = []error{w.Unwrap()}
	}
	text := err.Error()
	for _, e := range inner {
		if e != nil {
			text = strings.Replace(text, e.Error(), inWords(e), 1)
		}
	}
	return text
}

// sentences says one error of ours: each field's mistake on a line of its own, or what the code means; and
// the cause, which is for operators.
func sentences(e *checkout.Error) string {
	var lines []string
	for _, f := range e.Fields {
		lines = append(lines, f.Field+": "+sentence(f.Code, f.Args))
	}
	if len(lines) == 0 {
		lines = append(lines, sentence(e.Code, nil))
	}
	if e.Cause != nil {
		lines = append(lines, "("+inWords(e.Cause)+")")
	}
	return strings.Join(lines, "\n")
}

func sentence(code string, args map[string]string) string {
	if s := api.Message("en", code, args); s != "" {
		return s
	}
	return code // a test holds that every code has a sentence
}

// errNoMerchant says what to do where a command was given no merchant, or one that is not there.
func errNoMerchant(id checkout.MerchantID, err error) error {
	const hint = "'merchant add' makes one and prints its id, mer_ and 22 letters and digits"
	switch {
	case id == "":
		return errors.New("--merchant: say which merchant this is for; " + hint)
	case errors.Is(err, checkout.ErrNoMerchant):
		return fmt.Errorf("--merchant: this ledger has no merchant %q; %s", id, hint)
	}
	return err
}

// accountMistake says what is wrong with an account's file, which holds secrets: no value is repeated.
func accountMistake(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var names []string
	for f := range reflect.TypeFor[accountFile]().Fields() {
		names = append(names, f.Tag.Get("json"))
	}
	known := strings.Join(names, " ")
	unknown, isUnknown := strings.CutPrefix(err.Error(), "json: unknown field ")
	switch {
	case isUnknown:
		return fmt.Errorf("the account's file has a field %s, which there is none of; it takes: %s", unknown, known)
	case errors.As(err, &kind):
		return fmt.Errorf("the account's file: %s holds a JSON %s, where another type belongs", kind.Field, strings.Fields(kind.Value)[0])
	case errors.As(err, &syntax):
		return fmt.Errorf("the account's file is no JSON from its byte %d on; it is one object with: %s", syntax.Offset, known)
	}
	return fmt.Errorf("the account's file ends before its object does; it is one JSON object with: %s", known)
}
