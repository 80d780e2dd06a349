//go:build !race

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
)

// desk is where an operator works: settings of its own, and an empty ledger.
func desk(t *testing.T) (dir string) {
	t.Helper()
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "ODELINK_") && !strings.HasPrefix(name, "ODELINK_TEST_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	dir = t.TempDir()
	t.Setenv("ODELINK_MASTER_KEY", goodKey)
	t.Setenv("ODELINK_DATABASE_URL", "sqlite:"+filepath.Join(dir, "own.db"))
	return dir
}

// types gives the next command its standard input.
func types(t *testing.T, dir, text string) {
	t.Helper()
	name := filepath.Join(dir, "typed")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	real := os.Stdin
	os.Stdin = f
	t.Cleanup(func() { os.Stdin = real; f.Close() })
}

// printed runs a command that has to work and answers its first line.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := start(t.Context(), args, &out); err != nil {
		t.Fatalf("%q: %s", args, inWords(err))
	}
	line, _, _ := strings.Cut(out.String(), "\n")
	return line
}

// falseLogo writes a file that begins like a picture.
func falseLogo(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "logo.png")
	if err := os.WriteFile(name, falsePictures(t)["script.png"], 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Every mistake at the command line is told in words that say what to do, never as a code of ours.
func TestCommandsSayInWordsWhatIsWrong(t *testing.T) {
	dir := desk(t)
	shop := printed(t, "merchant", "add", "--name", "Ahşap Atölyesi")
	const whole = `"kind":"payfor","mode":"3dmodel","name":"QNB","currencies":["TRY"],
		"credentials":{"merchant_id":"085300000009704","user_code":"u","user_pass":"hunter2","merchant_pass":"hunter2"}`
	for name, c := range map[string]struct {
		args  []string
		typed string
		says  []string
	}{
		"no such command":    {[]string{"merchants"}, "", []string{`there is no command "merchants"`, "serve, demo, migrate"}},
		"half a command":     {[]string{"key"}, "", []string{"key alone does nothing: say 'key add' or 'key revoke'"}},
		"another word":       {[]string{"merchant", "remove"}, "", []string{`merchant does not know "remove": say 'merchant add' or 'merchant change' or 'merchant list'`}},
		"a change of nobody": {[]string{"merchant", "change", "--currencies", "TRY"}, "", []string{"--merchant: say which merchant this is for"}},
		"a change to nonsense": {
			[]string{"merchant", "change", "--merchant", shop, "--currencies", "TL", "--category", "x", "--max-installments", "13", "--return-origins", "https://shop.example/x", "--support-phone", "call us", "--support-email", "x", "--support-hours", "a\nb"}, "",
			[]string{`--currencies: "TL"`, `--category: "x" is unknown; known are`, "--max-installments: 13 is not from 0 to 12", `--return-origins: "https://shop.example/x" is no origin`, "--support-phone: ", "--support-email: ", "--support-hours: "},
		},
		"a merchant of no name": {[]string{"merchant", "add"}, "", []string{"--name: This field is required."}},
		"a name of two scripts": {[]string{"merchant", "add", "--name", "Аhşap"}, "", []string{"--name: A word mixes letters of different alphabets."}},
		"help from nowhere":     {[]string{"merchant", "add", "--name", "x", "--support-phone", "0850 +90"}, "", []string{"--support-phone: "}},
		"a card for a name":     {[]string{"merchant", "add", "--name", "x", "--legal-name", "4155650000000007"}, "", []string{"--legal-name: This looks like a card number."}},
		"a currency of nowhere": {[]string{"merchant", "add", "--name", "x", "--currencies", "TRY,TL"}, "", []string{`--currencies: "TL": The currency is none of TRY, USD`}},
		"a logo that is none":   {[]string{"merchant", "add", "--name", "x", "--logo", falseLogo(t, dir)}, "", []string{"--logo: It has to be a PNG, JPEG or WebP of at most 64 KB."}},
		"an account for nobody": {[]string{"account", "add"}, `{` + whole + `}`, []string{"--merchant: say which merchant this is for", "'merchant add' makes one"}},
		"an account for a stranger": {
			[]string{"account", "add", "--merchant", "mer_9999999999999999999999"}, `{` + whole + `}`, []string{`this ledger has no merchant "mer_9999999999999999999999"`, "'merchant add' makes one"},
		},
		"an account from no file":       {[]string{"account", "add", "--merchant", shop, "--file", dir + "/none"}, "", []string{"--file: open ", "no such file"}},
		"no JSON":                       {[]string{"account", "add", "--merchant", shop}, `kind: payfor`, []string{"the account's file is no JSON from its byte 1 on", "kind name mode base_url credentials"}},
		"half of the JSON":              {[]string{"account", "add", "--merchant", shop}, `{"kind":"payfor"`, []string{"ends before its object does"}},
		"nothing at all":                {[]string{"account", "add", "--merchant", shop}, ``, []string{"ends before its object does"}},
		"a field that there is not":     {[]string{"account", "add", "--merchant", shop}, `{"kinda":"hunter2"}`, []string{`has a field "kinda", which there is none of; it takes: kind name mode`}},
		"a field of another type":       {[]string{"account", "add", "--merchant", shop}, `{"credentials":{"merchant_id":85300000009704}}`, []string{"credentials holds a JSON number, where another type belongs"}},
		"a bank that nobody speaks":     {[]string{"account", "add", "--merchant", shop}, `{"kind":"qnb","currencies":["TRY"]}`, []string{"the account's settings have mistakes:\nkind: The value is none that is known; those that are: payfor."}},
		"an account without currency":   {[]string{"account", "add", "--merchant", shop}, `{"kind":"payfor"}`, []string{`currencies: name at least one, like ["TRY"]`}},
		"a rate for a single payment":   {[]string{"account", "add", "--merchant", shop}, `{` + whole + `,"instalments":[{"count":1,"rate":"0"}]}`, []string{"instalments: count 1", "each count from 2 to 12 stands once"}},
		"settings that are not whole":   {[]string{"account", "add", "--merchant", shop}, `{"kind":"payfor","mode":"2d","currencies":["TRY"]}`, []string{"credentials.user_code: This field is required.\n", "mode: The value is none that is known; those that are: 3dmodel, 3dpay, 3dhost."}},
		"a bank on this machine":        {[]string{"account", "add", "--merchant", shop}, `{` + whole + `,"base_url":"http://127.0.0.1:1/"}`, []string{"base_url: The address is this machine", "ODELINK_ALLOW_SIMULATED_BANK=yes"}},
		"a bank without TLS":            {[]string{"account", "add", "--merchant", shop}, `{` + whole + `,"base_url":"http://bank.example/"}`, []string{"base_url: The address must begin with https://."}},
		"a key for nobody":              {[]string{"key", "add"}, "", []string{"--merchant: say which merchant"}},
		"a key that is none":            {[]string{"key", "revoke"}, "key_0000000000000000000001\n", []string{"this is no live key of this ledger", "standard input, not its id"}},
		"a flag that there is not":      {[]string{"key", "add", "--merchnt", shop}, "", []string{"flag provided but not defined: -merchnt"}},
		"a ledger in no folder":         {[]string{"migrate", "--database-url", "sqlite:" + dir + "/none/own.db"}, "", []string{"ODELINK_DATABASE_URL: open the ledger", "no such file or directory"}},
		"a gateway that does not run":   {[]string{"health", testenv.FreeAddr(t)}, "", []string{"no gateway answers at 127.0.0.1:", "ODELINK_ADMIN_ADDR"}},
		"a gateway that is not ready":   {[]string{"health", unready(t)}, "", []string{"the gateway answers and is not ready (status 503)", "/readyz"}},
		"a table that is not there":     {[]string{"bins", "import", dir + "/none.csv"}, "", []string{"no such file"}},
		"a table without its name":      {[]string{"bins", "import"}, "", []string{"bins import needs the name of one CSV file"}},
		"settings that nobody knows":    {[]string{"migrate", "--colour=red"}, "", []string{"flag provided but not defined: -colour"}},
		"a word behind a whole command": {[]string{"migrate", "now"}, "", []string{`unexpected argument "now"`}},
	} {
		t.Run(name, func(t *testing.T) {
			types(t, dir, c.typed)
			var out bytes.Buffer
			err := start(t.Context(), c.args, &out)
			if err == nil {
				t.Fatalf("%q is taken: %s", c.args, &out)
			}
			told := inWords(err)
			for _, want := range c.says {
				if !strings.Contains(told, want) {
					t.Errorf("%q is told as\n%s\nwithout %q", c.args, told, want)
				}
			}
			for _, never := range []string{"validation_failed", "not_found", "_refused", "_scripts", "looks_like", "unknown_", "invalid_api_key", ": required", "hunter2", "4155650000000007", "<nil>"} {
				if strings.Contains(told, never) {
					t.Errorf("%q is told with %q:\n%s", c.args, never, told)
				}
			}
		})
	}
}

// unready is the address of a gateway whose ledger is away.
func unready(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// What wraps a code, joins several or is none keeps its own words around the sentences.
func TestInWordsGoesThroughWhatWraps(t *testing.T) {
	refused := checkout.Invalid(checkout.FieldError{Field: "credentials.user_pass", Code: "password_refused", Args: map[string]string{"bank_code": "M009", "bank_text": "Şifre {hatalı} [1]"}})
	for want, err := range map[string]error{
		"EOF": io.EOF,
		"the bank did not confirm the account:\ncredentials.user_pass: The bank refuses the API user's password. Its code: M009. Its words: Şifre {hatalı} [1].": fmt.Errorf("the bank did not confirm the account:\n%w", refused),
		"first: No such merchant.\nsecond: EOF":                       errors.Join(fmt.Errorf("first: %w", checkout.ErrNoMerchant), fmt.Errorf("second: %w", io.EOF)),
		"The bank could not be reached. No money moved.\n(dial: EOF)": checkout.ErrUnreachable.Because(fmt.Errorf("dial: %w", io.EOF)),
		"both No such link. and No such payment. here":                fmt.Errorf("both %w and %w here", checkout.ErrNoLink, checkout.ErrNoPayment),
	} {
		if got := inWords(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Features 10.2: whom a merchant's staff call is the operator's to say, at first and later, a part at a time.
func TestAnOperatorSaysWhomStaffCall(t *testing.T) {
	desk(t)
	shop := printed(t, "merchant", "add", "--name", "Ahşap Atölyesi", "--support-phone", "0850 555 00 11")
	printed(t, "merchant", "change", "--merchant", shop, "--support-email", "pos@banka.example", "--support-hours", "Hafta içi 09:00–18:00")
	printed(t, "merchant", "change", "--merchant", shop, "--support-phone", "", "--currencies", "TRY")
	var out bytes.Buffer
	err := withApp(t.Context(), nil, &out, func(a *app) error {
		m, err := a.ledger.Merchant(t.Context(), checkout.MerchantID(shop))
		if err != nil || m.Support != (checkout.SupportLine{Email: "pos@banka.example", Hours: "Hafta içi 09:00–18:00"}) {
			t.Errorf("%+v %v", m, err)
		}
		found, _, err := a.ledger.Trail(t.Context(), checkout.TrailQuery{Merchant: m.ID, Limit: 10})
		if err != nil || len(found) != 3 || found[1].Actor != "operator" || found[1].Data["support_email"] != "pos@banka.example" {
			t.Errorf("%+v %v", found, err)
		}
		if phone, said := found[0].Data["support_phone"]; !said || phone != "" {
			t.Errorf("taking the phone away is not told: %+v", found[0].Data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Features 1.6: what a bank grants a merchant is written down by the operator, and counts for the next link.
func TestAnOperatorGrantsAMerchantCurrencies(t *testing.T) {
	desk(t)
	shop := printed(t, "merchant", "add", "--name", "Ahşap Atölyesi", "--phone", "0212")
	other := printed(t, "merchant", "add", "--name", "Cam Atölyesi")
	if got := printed(t, "merchant", "change", "--merchant", shop, "--currencies", "TRY, USD", "--max-installments", "6", "--return-origins", "https://shop.example"); got != shop+"  TRY,USD  Ahşap Atölyesi" {
		t.Errorf("said %q", got)
	}
	printed(t, "merchant", "change", "--merchant", shop, "--category", "furniture")
	var out bytes.Buffer
	if err := start(t.Context(), []string{"merchant", "list"}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{shop + "  TRY,USD  Ahşap Atölyesi\n", other + "  TRY  Cam Atölyesi\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the list has no %q: %s", want, out.String())
		}
	}
	err := withApp(t.Context(), nil, &out, func(a *app) error {
		m, err := a.ledger.Merchant(t.Context(), checkout.MerchantID(shop))
		if err != nil || !m.Takes(checkout.USD) || m.MaxCount != 6 || m.Category != "furniture" || m.Phone != "0212" || len(m.ReturnOrigins) != 1 || m.Version != 3 {
			t.Errorf("%+v %v", m, err)
		}
		found, _, err := a.ledger.Trail(t.Context(), checkout.TrailQuery{Merchant: m.ID, Limit: 10})
		if err != nil || len(found) != 3 || found[1].Type != "merchant.changed" || found[1].Actor != "operator" || found[1].Data["currencies"] != "TRY USD" {
			t.Errorf("%+v %v", found, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
