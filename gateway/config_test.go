//go:build !race

package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every mistake of environment, flags and file is told by one start, and no mistake repeats what may be a
// secret.
func TestAllMistakesOfTheSettingsAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(file, []byte("# comment\nODELINK_LOG_FORMAT=xml\nnonsense\nODELINK_COLOUR=red\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{
		"PATH=/bin", "ODELINK_TEST_X=1", "ODELINK_CONFIG=" + file, "ODELINK_ADR=127.0.0.1:1", "ODELINK_LIMITS=off",
		"ODELINK_ADMIN_ADDR=127.0.0.1:99999", "ODELINK_REDIS_URL=redis://:hunter2@:port", "ODELINK_MASTER_KEY=hunter2",
		"ODELINK_SMTP_URL=ftp://hunter2", "ODELINK_SMS_URL=https:hunter2", "ODELINK_TRUSTED_PROXIES=10.0.0.1",
	}
	args := []string{
		"--nosuch=1", "--addr", "nowhere", "---", "serve", "--database-url=postgres://u:hunter2@[bad", "--log-level=loud",
		"--public-url=http://pay.example/x", "--bank-addr=127.0.0.1:1", "--config",
	}
	var out bytes.Buffer
	_, err := loadConfig(args, environ, false, &out)
	if err == nil {
		t.Fatal("taken")
	}
	got := err.Error()
	for _, want := range []string{
		"ODELINK_ADR: unknown setting", "ODELINK_LIMITS: is for demo only", "-nosuch", "bad flag syntax: ---", `unexpected argument "serve"`, "-bank-addr", "flag needs an argument: -config",
		`ODELINK_ADDR: "nowhere"`, "ODELINK_ADMIN_ADDR:", "ODELINK_DATABASE_URL:", "ODELINK_REDIS_URL:", "ODELINK_MASTER_KEY:", "ODELINK_TRUSTED_PROXIES:", "ODELINK_LOG_LEVEL:",
		"ODELINK_SMTP_URL:", "ODELINK_SMS_URL:", "ODELINK_PUBLIC_URL:", "ODELINK_LOG_FORMAT:", "line 3", "line 4: ODELINK_COLOUR: unknown setting",
	} {
		if n := strings.Count(got, want); n != 1 {
			t.Errorf("%q stands %d times", want, n)
		}
	}
	if n := strings.Count(got, "\n") + 1; n != 20 || strings.Contains(got, "hunter2") {
		t.Errorf("%d mistakes:\n%s", n, got)
	}
	if out.Len() > 0 {
		t.Errorf("printed beside the mistakes: %s", &out)
	}
	if _, err := loadConfig([]string{"--help"}, nil, false, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "-database-url") || strings.Contains(out.String(), "-bank-addr") {
		t.Errorf("help: %v\n%s", err, &out)
	}
}

// A flag wins over the environment, and the environment over the file; what nobody says has the contract's
// default.
func TestSettingsByPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(file, []byte("ODELINK_LOG_LEVEL=debug\nODELINK_LOG_FORMAT=json\nODELINK_ADDR=127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig([]string{"-config", file, "-addr=127.0.0.1:3"}, []string{"ODELINK_MASTER_KEY=" + goodKey, "ODELINK_ADDR=127.0.0.1:2", "ODELINK_LOG_FORMAT=text"}, false, &bytes.Buffer{})
	if err != nil || c.Addr != "127.0.0.1:3" || c.LogFormat != "text" || c.LogLevel != "debug" || c.PublicURL != "http://127.0.0.1:3" {
		t.Errorf("%v %+v", err, c)
	}
	c, err = loadConfig(nil, []string{"ODELINK_LOG_LEVEL="}, true, &bytes.Buffer{})
	if err != nil || c.Addr != "127.0.0.1:8080" || c.PublicURL != "http://127.0.0.1:8080" || c.AdminAddr != "127.0.0.1:9090" || c.DatabaseURL != "sqlite:odelink.db" ||
		c.RedisURL != "" || c.LogFormat != "text" || c.LogLevel != "info" || c.BankAddr != "127.0.0.1:8081" || c.LimitsOff || len(c.TrustedProxies) != 0 || c.SMTPURL != "" || c.SMSURL != "" {
		t.Errorf("%v %+v", err, c)
	}
}

// A setting is a flag of every command that opens the ledger, not of serve alone.
func TestOperatorsCommandsTakeSettingsAsFlags(t *testing.T) {
	for _, e := range os.Environ() {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "ODELINK_") && !strings.HasPrefix(name, "ODELINK_TEST_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	file := filepath.Join(t.TempDir(), "own.db")
	for _, c := range []struct{ command, says string }{{"migrate", "up to date"}, {"rewrap", "newest master key"}, {"doctor", "all is well"}} {
		var out bytes.Buffer
		args := []string{c.command, "--database-url=sqlite:" + file, "--master-key", goodKey}
		if err := start(t.Context(), args, &out); err != nil || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: %v %s", c.command, err, &out)
		}
		if err := start(t.Context(), append(args, "extra"), &out); err == nil || !strings.Contains(err.Error(), `unexpected argument "extra"`) {
			t.Errorf("%s takes another word: %v", c.command, err)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// Whoever looks for what is away is told of all of it at once.
func TestDoctorNamesEveryStoreThatIsAway(t *testing.T) {
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := nobody.Addr().String()
	nobody.Close()
	var out bytes.Buffer
	err = start(t.Context(), []string{"doctor", "--database-url=postgres://odelink@" + away + "/odelink?sslmode=disable", "--redis-url=redis://" + away, "--master-key", goodKey}, &out)
	if err == nil || !strings.Contains(out.String(), "BAD  start") || !strings.Contains(out.String(), "BAD  redis") {
		t.Errorf("%v %s", err, &out)
	}
}

// The master key is required to serve, and to nobody who only deploys: tables are made without it, and the
// ledger takes its key from the first start that has one.
func TestMigrateNeedsNoMasterKey(t *testing.T) {
	for _, name := range []string{"ODELINK_MASTER_KEY", "ODELINK_MASTER_KEY_FILE"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	otherKey := base64.StdEncoding.EncodeToString([]byte("another key of thirty-two bytes."))
	ledger := "--database-url=sqlite:" + filepath.Join(t.TempDir(), "own.db")
	for _, c := range []struct {
		args       []string
		says, errs string
	}{
		{[]string{"migrate", ledger}, "up to date", ""},
		{[]string{"migrate", ledger}, "up to date", ""}, // once more, on tables that no key was made for yet
		{[]string{"rewrap", ledger}, "", "ODELINK_MASTER_KEY: required"},
		{[]string{"migrate", ledger, "--master-key=short"}, "", "ODELINK_MASTER_KEY: each key must be 32 bytes"},
		{[]string{"doctor", ledger, "--master-key", goodKey}, "all is well", ""},
		{[]string{"migrate", ledger}, "up to date", ""},
		{[]string{"migrate", ledger, "--master-key", otherKey}, "", "sealed under a master key that is not configured"},
	} {
		var out bytes.Buffer
		err := start(t.Context(), c.args, &out)
		if (err == nil) != (c.errs == "") || err != nil && !strings.Contains(err.Error(), c.errs) || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: %v %s", c.args, err, &out)
		}
	}
}

func TestVersionSaysWhatWasStamped(t *testing.T) {
	was := version
	t.Cleanup(func() { version = was })
	version = "v1.2.3-4-gabcdef0"
	var out bytes.Buffer
	if err := start(t.Context(), []string{"version"}, &out); err != nil || !strings.HasPrefix(out.String(), "odelink v1.2.3-4-gabcdef0 (go1.") {
		t.Errorf("%v %s", err, &out)
	}
	if err := start(t.Context(), []string{"version", "now"}, &out); err == nil {
		t.Error("version takes another word")
	}
}

// bins import takes its flag before and behind the file, and names what it cannot read.
func TestBinsImport(t *testing.T) {
	t.Setenv("ODELINK_BINS_FILE", "")
	dir := t.TempDir()
	table, kept := filepath.Join(dir, "own.csv"), filepath.Join(dir, "kept.csv")
	if err := os.WriteFile(table, []byte("prefix,bank_code,bank_name,brand,card_type,programme,commercial\n41556500,0111,Own Bank,visa,debit,,0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--to", kept, table}, {table, "--to", kept}, {table, "--to=" + kept}} {
		var out bytes.Buffer
		if err := start(t.Context(), append([]string{"bins", "import"}, args...), &out); err != nil || !strings.Contains(out.String(), "kept in "+kept) {
			t.Errorf("%q: %v %s", args, err, &out)
		}
		if err := os.Remove(kept); err != nil {
			t.Error(err)
		}
	}
	var out bytes.Buffer
	if err := start(t.Context(), []string{"bins", "import", table}, &out); err != nil || !strings.Contains(out.String(), "nothing was kept") {
		t.Errorf("without a place: %v %s", err, &out)
	}
	for _, args := range [][]string{{}, {"--to", kept}, {table, table}, {filepath.Join(dir, "none.csv")}, {table, "--nosuch"}} {
		if err := start(t.Context(), append([]string{"bins", "import"}, args...), &out); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}
