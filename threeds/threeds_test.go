package threeds

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

func demo() checkout.Account {
	return checkout.Account{ID: "acc_1", Kind: "payfor", BaseURL: "http://127.0.0.1:8081/payfor/Gateway/", Currencies: []checkout.Currency{checkout.TRY},
		Credentials: checkout.Secrets{"merchant_id": "990000000000001", "user_code": "ODELINK_API", "user_pass": "Demo-Pass-1", "merchant_pass": "12345678"}}
}

func fields(t *testing.T, err error) map[string]string {
	t.Helper()
	var e *checkout.Error
	if !errors.As(err, &e) || e.Kind != checkout.KindInvalid {
		t.Fatalf("%v", err)
	}
	out := map[string]string{}
	for _, f := range e.Fields {
		if _, twice := out[f.Field]; twice {
			t.Errorf("%s is told twice", f.Field)
		}
		out[f.Field] = f.Code
	}
	return out
}

// Everything that is wrong is told in one go.
func TestCheckTellsAllMistakes(t *testing.T) {
	b := New(Config{})
	a := demo()
	a.Mode, a.BaseURL = "3dx", "http://bank.example/"
	a.Currencies = []checkout.Currency{checkout.TRY, checkout.JPY}
	a.Credentials = checkout.Secrets{"merchant_id": "12x", "user_code": "ö", "merchant_pass": " ", "mbr_id": "7", "usercode": "x"}
	got := fields(t, b.Check(a))
	for field, code := range map[string]string{"mode": "unknown_value", "base_url": "https_required", "currencies": "currency_not_supported",
		"credentials.merchant_id": "invalid", "credentials.user_code": "invalid", "credentials.user_pass": "required", "credentials.merchant_pass": "required",
		"credentials.mbr_id": "invalid", "credentials.usercode": "unknown_field"} {
		if got[field] != code {
			t.Errorf("%s is answered with %q, want %q", field, got[field], code)
		}
	}
	if len(got) != 9 {
		t.Errorf("told %v", got)
	}
	if _, err := b.Open(a); len(fields(t, err)) != 9 {
		t.Errorf("opened: %v", err)
	}
	a.Kind = "est"
	if got := fields(t, b.Check(a)); got["kind"] != "unknown_value" {
		t.Errorf("told %v", got)
	}
}

// TestA64_SimulatedBank: an account at a bank on this machine opens only where that is allowed.
func TestA64_SimulatedBank(t *testing.T) {
	a := demo()
	if got := fields(t, New(Config{}).Check(a)); got["base_url"] != "loopback_refused" {
		t.Errorf("told %v", got)
	}
	b := New(Config{AllowLoopback: true})
	acq, err := b.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := acq.(checkout.Authorizer); !ok {
		t.Error("the default mode cannot authorise")
	}
	a.BaseURL = ""
	if err := New(Config{}).Check(a); err != nil {
		t.Errorf("the bank's own address: %v", err)
	}
}

func TestModes(t *testing.T) {
	b := New(Config{})
	for _, tc := range []struct {
		kind, mode      string
		oneStep, hosted bool
	}{
		{"payfor", "", false, false},
		{"payfor", "3dmodel", false, false},
		{"payfor", "3dpay", true, false},
		{"payfor", "3dhost", true, true},
		{"payfor", "nonsecure", true, false},
		{"unknown", "", true, false},
	} {
		if b.OneStep(tc.kind, tc.mode) != tc.oneStep || b.HostedCard(tc.kind, tc.mode) != tc.hosted {
			t.Errorf("%s %q: %v, %v", tc.kind, tc.mode, b.OneStep(tc.kind, tc.mode), b.HostedCard(tc.kind, tc.mode))
		}
	}
}

func TestDefaultsOfTheBank(t *testing.T) {
	b := New(Config{})
	a := demo()
	bank, ok := b.BankOf(a)
	if !ok || bank.Name != "QNB" || strings.Join(bank.Issuers, " ") != "0111 0157" || strings.Join(bank.Programs, " ") != "CardFinans Advantage" {
		t.Errorf("%+v, %v", bank, ok)
	}
	a.Credentials["mbr_id"] = "12"
	if bank, _ := b.BankOf(a); bank.Name != "Ziraat Katılım" {
		t.Errorf("%+v", bank)
	}
	a.Credentials["mbr_id"] = "99"
	if bank, ok := b.BankOf(a); ok {
		t.Errorf("%+v", bank)
	}
	a.Kind = "est"
	if _, ok := b.BankOf(a); ok {
		t.Error("an unknown kind has a bank")
	}
}

// A kind describes itself whole, and every kind's folder runs the common tests: forgetting them is a failure.
func TestKindsAreDescribedAndTested(t *testing.T) {
	b := New(Config{})
	if len(b.Kinds()) == 0 {
		t.Fatal("no kinds")
	}
	seen := map[string]bool{}
	for _, k := range b.Kinds() {
		if seen[k.Kind] || k.Kind == "" || k.Name == "" || len(k.Modes) == 0 || len(k.Credentials) == 0 || len(k.Currencies) == 0 || len(k.Banks) == 0 {
			t.Errorf("%+v", k)
		}
		seen[k.Kind] = true
		if got, ok := b.Kind(k.Kind); !ok || got.Name != k.Name {
			t.Errorf("%s is not found", k.Kind)
		}
		files, err := filepath.Glob(filepath.Join(k.Kind, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		tested := false
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tested = tested || strings.Contains(string(src), "threedstest.Run(")
		}
		if !tested {
			t.Errorf("%s does not run the tests of every acquirer", k.Kind)
		}
	}
}

// A dialect's folder is listed here, or it is no dialect.
func TestFoldersAreListed(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	other := map[string]bool{"banksim": true, "cmd": true, "internal": true, "threedstest": true}
	for _, e := range entries {
		if _, ok := New(Config{}).Kind(e.Name()); e.IsDir() && !ok && !other[e.Name()] {
			t.Errorf("the dialect in %s is not listed", e.Name())
		}
	}
}

func TestTimeoutsAreFilled(t *testing.T) {
	b := New(Config{Timeouts: Timeouts{Money: 1}})
	defer b.Close()
	if got := b.Timeouts(); got.Money != 1 || got.Open == 0 || got.Ask == 0 || got.Connect == 0 || got.TLS == 0 {
		t.Errorf("%+v", got)
	}
}
