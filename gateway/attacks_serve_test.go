//go:build !race

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/cardscan"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/threeds/banksim"
)

// The rows A64 and A65 and the invariants I23 and I24: what the gateway does not start with, and what it
// does not do when something is missing.

// started runs serve with settings until it is up or refuses; "" means that it served.
func started(t *testing.T, settings map[string]string) string {
	t.Helper()
	all := map[string]string{"addr": testenv.FreeAddr(t), "admin-addr": testenv.FreeAddr(t), "log-level": "error"}
	for k, v := range settings {
		all[k] = v
	}
	var args []string
	for k, v := range all {
		args = append(args, "--"+k+"="+v)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	var out bytes.Buffer
	go func() { done <- serve(ctx, args, &out) }()
	for {
		select {
		case err := <-done:
			if err == nil {
				return ""
			}
			return err.Error()
		default:
		}
		if conn, err := net.DialTimeout("tcp", all["addr"], 50*time.Millisecond); err == nil {
			conn.Close()
			cancel()
			if err := <-done; err != nil {
				t.Fatalf("serve stopped with %v", err)
			}
			return ""
		}
		runtime.Gosched()
	}
}

var goodKey = base64.StdEncoding.EncodeToString([]byte("a key of thirty-two bytes, as if"))

func TestA64_I24_SettingsThatServeRefuses(t *testing.T) {
	db := func() string { return "sqlite:" + filepath.Join(t.TempDir(), "odelink.db") }
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "ODELINK_") && !strings.HasPrefix(name, "ODELINK_TEST_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	if got := started(t, map[string]string{"master-key": goodKey, "database-url": db()}); got != "" {
		t.Fatalf("a clean ledger with a key is refused: %s", got)
	}
	demo := base64.StdEncoding.EncodeToString(demoMasterKey)
	for name, tc := range map[string]struct {
		settings map[string]string
		want     string
	}{
		"no master key":             {nil, "ODELINK_MASTER_KEY: required"},
		"the demo's master key":     {map[string]string{"master-key": demo}, "a demo or empty key"},
		"the demo's key as old key": {map[string]string{"master-key": goodKey + "," + demo}, "a demo or empty key"},
		"a key of zeros":            {map[string]string{"master-key": base64.StdEncoding.EncodeToString(make([]byte, 32))}, "a demo or empty key"},
		"a short key":               {map[string]string{"master-key": base64.StdEncoding.EncodeToString(make([]byte, 31))}, "32 bytes"},
		"a key that is no base64":   {map[string]string{"master-key": "hunter2"}, "32 bytes"},
		"plain http in public":      {map[string]string{"master-key": goodKey, "public-url": "http://pay.example"}, "must be https"},
	} {
		settings := map[string]string{"database-url": db()}
		for k, v := range tc.settings {
			settings[k] = v
		}
		got := started(t, settings)
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
		if key := tc.settings["master-key"]; key != "" && strings.Contains(got, key) {
			t.Errorf("%s: the mistake repeats the key", name)
		}
	}
	for _, name := range []string{"ODELINK_LIMITS=off", "ODELINK_BANK_ADDR=127.0.0.1:1", "ODELINK_DEMO_DATA=x"} {
		t.Run(name, func(t *testing.T) {
			k, v, _ := strings.Cut(name, "=")
			t.Setenv(k, v)
			if got := started(t, map[string]string{"master-key": goodKey, "database-url": db()}); !strings.Contains(got, k+": is for demo only") {
				t.Errorf("answered %q", got)
			}
		})
	}
	t.Run("a switch against signature checks", func(t *testing.T) {
		for _, s := range settings {
			for _, word := range []string{"hash", "signature", "verify", "insecure", "skip"} {
				if strings.Contains(strings.ToLower(s.name+s.help), word) {
					t.Errorf("%s sounds like one: %s", s.name, s.help)
				}
			}
		}
	})
}

// A ledger that demo, a test or a mistake has filled.
func TestA64_I24_LedgersThatServeRefuses(t *testing.T) {
	ctx, now := context.Background(), time.Now()
	real := checkout.Secrets{"merchant_id": "4411", "user_code": "SHOP_API", "user_pass": "pQ8!xz", "merchant_pass": "0f9e8d7c"}
	with := func(name, value string) checkout.Secrets {
		out := checkout.Secrets{}
		for k, v := range real {
			out[k] = v
		}
		out[name] = value
		return out
	}
	for name, tc := range map[string]struct {
		fill      func(a *app) error
		simulated string
		want      string // "" = served
	}{
		"the demo's": {func(a *app) error { return a.seedDemo(ctx, "http://127.0.0.1:8081/payfor/Gateway/") }, "no", "public API key"},
		"the demo's, with a simulated bank allowed": {func(a *app) error { return a.seedDemo(ctx, "http://127.0.0.1:8081/payfor/Gateway/") }, "yes", "public API key"},
		"a bank on this machine":                    {account(real, "http://127.0.0.1:8081/payfor/Gateway/", true), "no", "base_url"},
		"a bank on localhost, by https":             {account(real, "https://localhost/payfor/", true), "no", "base_url"},
		"such a bank, allowed":                      {account(real, "http://127.0.0.1:8081/payfor/Gateway/", true), "yes", ""},
		"such a bank, switched off":                 {account(real, "http://127.0.0.1:8081/payfor/Gateway/", false), "no", ""},
		"an empty secret":                           {account(with("merchant_pass", ""), "", true), "no", "credentials.merchant_pass"},
		"a blank secret":                            {account(with("merchant_pass", "  "), "", true), "no", "credentials.merchant_pass"},
		"an empty secret, simulated bank allowed":   {account(with("merchant_pass", ""), "http://127.0.0.1:8081/", true), "yes", "credentials.merchant_pass"},
		"the demo's secrets at the real bank":       {account(checkout.Secrets{"merchant_id": demoShop.merchant, "user_code": demoShop.user, "user_pass": "Demo-Pass-1", "merchant_pass": demoShop.pass}, "", true), "no", "demo"},
		"the demo's password at the real bank":      {account(with("user_pass", "Demo-Pass-1"), "", true), "no", "demo"},
		"the demo's secrets, simulated bank":        {account(with("user_pass", "Demo-Pass-1"), "http://127.0.0.1:8081/", true), "yes", ""},
		"an account like any other":                 {account(real, "", true), "no", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := "sqlite:" + filepath.Join(t.TempDir(), "odelink.db")
			key, err := base64.StdEncoding.DecodeString(goodKey)
			if err != nil {
				t.Fatal(err)
			}
			a, err := open(ctx, Config{PublicURL: "http://127.0.0.1:1", DatabaseURL: file, MasterKeys: [][]byte{key}, LogFormat: "text", LogLevel: "error"}, seams{log: &bytes.Buffer{}})
			if err != nil {
				t.Fatal(err)
			}
			m := checkout.Merchant{ID: demoMerchant, Name: "Dükkân", Currencies: []checkout.Currency{checkout.TRY}, Version: 1, CreatedAt: now, UpdatedAt: now}
			if err := a.ledger.SaveMerchant(ctx, m, operatorEvent(m.ID, string(m.ID), "merchant.created", now)); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(tc.fill(a), a.close()); err != nil {
				t.Fatal(err)
			}
			got := started(t, map[string]string{"master-key": goodKey, "database-url": file, "allow-simulated-bank": tc.simulated})
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("%q, want %q", got, tc.want)
			}
			for _, secret := range []string{"Demo-Pass-1", "0f9e8d7c", "pQ8!xz", demoAPIKey} {
				if strings.Contains(got, secret) {
					t.Errorf("the mistake repeats a secret: %s", got)
				}
			}
		})
	}
}

// Who points serve at the demo's ledger reads one sentence that says so, whichever master key it is given.
func TestA64_I24_TheDemosLedgerIsNamedOnce(t *testing.T) {
	ctx := context.Background()
	for name, tc := range map[string]struct {
		keys [][]byte
		want string
	}{
		"under the demo's own key": {[][]byte{demoMasterKey}, "ODELINK_DATABASE_URL: this ledger was made by demo"},
		"under the operator's key": {nil, "the ledger holds the demo's public API key"},
		"another one's ledger":     {[][]byte{bytes.Repeat([]byte("k1"), 16)}, "sealed under a master key that is not configured"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Config{Demo: true, PublicURL: "http://127.0.0.1:1", DatabaseURL: "sqlite:" + filepath.Join(t.TempDir(), "odelink.db"), LogFormat: "text", LogLevel: "error", MasterKeys: tc.keys}
			if len(tc.keys) == 0 {
				key, err := base64.StdEncoding.DecodeString(goodKey)
				if err != nil {
					t.Fatal(err)
				}
				c.MasterKeys = [][]byte{key}
			}
			a, err := open(ctx, c, seams{log: &bytes.Buffer{}})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(a.seedDemo(ctx, "http://127.0.0.1:8081/payfor/Gateway/"), a.close()); err != nil {
				t.Fatal(err)
			}
			got := started(t, map[string]string{"master-key": goodKey, "database-url": c.DatabaseURL})
			if !strings.Contains(got, tc.want) || strings.Count(got, "\n") > 0 || strings.Count(got, "open the ledger") > 1 {
				t.Errorf("%q, want one line with %q", got, tc.want)
			}
		})
	}
}

// account stores a PayFor account past every check.
func account(secrets checkout.Secrets, base string, enabled bool) func(a *app) error {
	return func(a *app) error {
		now := a.seams.clock.Now()
		acc := checkout.Account{ID: a.ids.Account(), Merchant: demoMerchant, Kind: "payfor", Name: "QNB", Mode: "3dmodel", BaseURL: base, Credentials: secrets,
			Currencies: []checkout.Currency{checkout.TRY}, Enabled: enabled, Version: 1, CreatedAt: now, UpdatedAt: now}
		return a.ledger.SaveAccount(context.Background(), acc, operatorEvent(demoMerchant, string(acc.ID), "account.saved", now))
	}
}

// A65, I15: a panic while a card is in memory says nothing of it anywhere.
func TestA65_PanicWithACardInMemory(t *testing.T) {
	t.Parallel()
	secret := banksim.CardNumber("415565", "565")
	for name, says := range map[string]any{
		"a text that holds the card":   "cannot write card " + secret + " cvv 739",
		"an error that holds the card": fmt.Errorf("card_number=%s&card_cvc=739", secret),
		"a value that holds the card":  struct{ Pan, Cvv string }{secret, "739"},
		"bytes of the body":            []byte("card_number=" + secret + "&card_cvc=739"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bomb{in: "newPayment", says: says} // the flow holds a checked card there
			r := newRig(t, rigOptions{seams: func(s *seams) { b.of = s.clock; s.clock = b }})
			link := r.link(nil)["url"].(string)
			form := cardForm(secret, "card_cvc", "739", "card_holder", "Ayşe Panik")
			b.armed.Store(true)
			page := r.stranger().post(link+"/pay", form)
			b.armed.Store(true)
			program := r.stranger("Accept", "application/json").post(link+"/pay", form)
			if page.status != http.StatusInternalServerError || heading(page.body) != pageServerError || program.problem(t) != "internal" || program.status != 500 {
				t.Fatalf("%d %q, %d %s", page.status, heading(page.body), program.status, program.body)
			}
			lines := r.logged("request refused")
			ref, _ := lines[0]["ref"].(string)
			if ref == "" || lines[0]["level"] != "ERROR" || !strings.Contains(page.body, ref) {
				t.Errorf("the page and the log do not share a reference: %v", lines[0])
			}
			if !strings.Contains(fmt.Sprint(lines[0]["err"]), "newPayment") {
				t.Errorf("the log does not say where: %v", lines[0])
			}
			whole, err := os.ReadFile(filepath.Join(r.dir, "odelink.log"))
			if err != nil {
				t.Fatal(err)
			}
			// References are drawn, and times pass: they may hold any three digits.
			drawn := strings.NewReplacer(ref, "", fmt.Sprint(lines[1]["ref"]), "")
			for place, text := range map[string]string{"log": string(whole), "page": drawn.Replace(page.body), "JSON": drawn.Replace(program.body), "headers": drawn.Replace(fmt.Sprint(page.header, program.header))} {
				if found := new(cardscan.Scanner).Bytes(place, []byte(text)); len(found) > 0 {
					t.Errorf("%v", found)
				}
				for _, never := range []string{"739", "Panik", secret[:9], "goroutine "} {
					if strings.Contains(text, never) && !(never == "739" && place == "log") {
						t.Errorf("the %s holds %q", place, never)
					}
				}
			}
			delete(lines[0], "time")
			delete(lines[0], "ref")
			if strings.Contains(fmt.Sprint(lines[0]), "739") {
				t.Errorf("the log line holds the security code: %v", lines[0])
			}
			r.must("payments", len(r.allPayments()), 0)
			r.must("the gateway lives", r.browser().pay(link, secret).status, http.StatusOK)
			r.clean()
		})
	}
}

// I23: nothing is skipped because something is missing. Without ledger, account or secret no
// authorising call is made, and the payer never reads 'declined'.
func TestI23_NothingIsSkipped(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rigOptions{})
	p := c.atBank(nil)
	for name, fault := range map[string]struct {
		point string
		pay   int
	}{
		// A payment is begun by one write; nothing of the ledger has to be read for it.
		"reading fails": {sqlstore.FaultRead, http.StatusOK},
		"writing fails": {sqlstore.FaultBegin, http.StatusServiceUnavailable},
	} {
		c.ledger.at(fault.point, 0, -1)
		a := c.stranger().post(p.action, p.fields)
		page := c.stranger().post(p.url+"/pay", cardForm(cardWithout))
		if a.status != http.StatusServiceUnavailable || page.status != fault.pay || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: return %d, pay %d", name, a.status, page.status)
		}
		for _, text := range []string{plainText(a.body), plainText(page.body)} {
			if strings.Contains(text, pageDeclined) {
				t.Errorf("%s: the payer reads %.200s", name, text)
			}
		}
		c.ledger.mend()
	}
	for name, change := range map[string]func(*checkout.Account){
		"the secret is gone":      func(a *checkout.Account) { a.Credentials["merchant_pass"] = "" },
		"the bank's address is":   func(a *checkout.Account) { a.BaseURL = "gopher://x" },
		"the kind is unknown":     func(a *checkout.Account) { a.Kind = "nobank" },
		"the password is missing": func(a *checkout.Account) { delete(a.Credentials, "user_pass") },
	} {
		good := c.app.mustAccount(t)
		c.account(change)
		a := c.stranger().post(p.action, p.fields)
		if a.status != http.StatusServiceUnavailable && a.status != http.StatusBadRequest {
			// A payment finishes under the kind it was made with.
			if name != "the kind is unknown" {
				t.Errorf("%s: %d", name, a.status)
			}
		}
		if strings.Contains(plainText(a.body), pageDeclined) {
			t.Errorf("%s: the payer reads %.200s", name, plainText(a.body))
		}
		c.account(func(acc *checkout.Account) { v := acc.Version; *acc = good; acc.Version = v })
	}
	c.must("still", c.ledgerPayment(p.id).Status != checkout.StatusDeclined, true)
	if c.ledgerPayment(p.id).Status == checkout.StatusChallenged {
		c.must("authorising calls", c.asked(p.id, banksim.StepProvision), 0)
	}
	p.back().wants(http.StatusOK, pagePaid)
	c.proven()
}
