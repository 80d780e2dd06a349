package sqlstore_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

const bankPassword = "Very-Secret-Bank-Password-7788"

func withKeys(keys ...[]byte) func(*sqlstore.Config) {
	return func(c *sqlstore.Config) { c.MasterKeys = keys }
}

// secretBooks is a ledger with an account and a key in it.
func secretBooks(t *testing.T, s *sqlstore.Store, clock *storetest.Clock) (*storetest.Books, checkout.Account) {
	t.Helper()
	b := storetest.NewBooks(t, s, clock)
	a := checkout.Account{ID: b.IDs.Account(), Merchant: b.Merchant, Kind: "payfor", Credentials: checkout.Secrets{"user_pass": bankPassword, "ş": "ğ"}}
	if err := s.SaveAccount(t.Context(), a, b.Event("acquirer.created")); err != nil {
		t.Fatal(err)
	}
	k := checkout.APIKey{ID: b.IDs.Key(), Merchant: b.Merchant, Shown: "sk_1", Hash: s.HashKey("sk_1_the_rest_of_the_key")}
	if err := s.SaveKey(t.Context(), k, b.Event("key.created")); err != nil {
		t.Fatal(err)
	}
	b.SaveEndpoint(func(e *checkout.Endpoint) { e.Secret, e.OldSecret = []byte(hookSecret), []byte("old-"+hookSecret) })
	return b, a
}

const hookSecret = "Very-Secret-Webhook-Key-9911"

// hookSecrets reads what signs an endpoint's webhooks.
func hookSecrets(t *testing.T, s *sqlstore.Store, m checkout.MerchantID) string {
	t.Helper()
	all, err := s.Endpoints(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return string(all[0].Secret) + " " + string(all[0].OldSecret)
}

// credentials reads an account's password; the type prints nothing of itself.
func credentials(t *testing.T, s *sqlstore.Store, m checkout.MerchantID) string {
	t.Helper()
	all, err := s.Accounts(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return all[0].Credentials["user_pass"]
}

// TestA66_StolenFilesHoldNoSecret reads the database and its log as a thief would.
func TestA66_StolenFilesHoldNoSecret(t *testing.T) {
	clock := storetest.NewClock(start)
	url := databases["SQLite"](t)
	s := open(t, url, at(clock))
	b, _ := secretBooks(t, s, clock)
	if got := credentials(t, s, b.Merchant); got != bankPassword {
		t.Fatal("the credentials do not come back")
	}
	look := func(want bool, secret []byte) {
		t.Helper()
		found := false
		for _, suffix := range []string{"", "-wal", "-shm"} {
			content, err := os.ReadFile(strings.TrimPrefix(url, "sqlite:") + suffix)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			found = found || bytes.Contains(content, secret)
		}
		if found != want {
			t.Errorf("%q found: %t, want %t", secret, found, want)
		}
	}
	look(true, []byte("sk_1")) // what is shown is there, so the search works
	for _, secret := range [][]byte{[]byte(bankPassword), []byte("the_rest_of_the_key"), []byte(hookSecret), masterKey(1)} {
		look(false, secret)
		look(false, []byte(hex.EncodeToString(secret)))
		look(false, []byte(base64.StdEncoding.EncodeToString(secret)))
	}
}

// TestRotation: a new key in front seals, the old one still opens, and after Rewrap it can go.
func TestRotation(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		old := open(t, url, at(clock), withKeys(masterKey(1)))
		b, a := secretBooks(t, old, clock)
		hash := old.HashKey("sk_x")

		if _, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, MasterKeys: [][]byte{masterKey(2)}}); err == nil {
			t.Fatal("a start with another master key was not refused")
		}
		both := open(t, url, at(clock), withKeys(masterKey(2), masterKey(1)))
		if credentials(t, both, b.Merchant) != bankPassword {
			t.Fatal("the old key does not open")
		}
		if err := both.Rewrap(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := both.Rewrap(t.Context()); err != nil {
			t.Fatal("again: ", err)
		}
		fresh := open(t, url, at(clock), withKeys(masterKey(2)))
		if credentials(t, fresh, b.Merchant) != bankPassword || hookSecrets(t, fresh, b.Merchant) != hookSecret+" old-"+hookSecret {
			t.Fatal("the new key does not open")
		}
		if !bytes.Equal(fresh.HashKey("sk_x"), hash) {
			t.Fatal("API keys changed with the master key")
		}
		if got := verify(t, fresh); got != nil {
			t.Fatalf("the chain changed with the master key: %q", got)
		}
		if _, err := old.Accounts(t.Context(), b.Merchant); err == nil || strings.Contains(err.Error(), bankPassword) {
			t.Fatalf("the old key alone opens what was sealed anew: %v", err)
		}
		a.Name = "renamed"
		if err := fresh.SaveAccount(t.Context(), a, b.Event("acquirer.edited")); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCredentialsOpenInTheirOwnRowOnly: a sealed value copied to another account is refused.
func TestCredentialsOpenInTheirOwnRowOnly(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b, a := secretBooks(t, s, clock)
		mine := a
		mine.ID, mine.Merchant, mine.Credentials = b.IDs.Account(), b.NewMerchant(), checkout.Secrets{"user_pass": "mine"}
		if err := s.SaveAccount(t.Context(), mine, b.Event("acquirer.created")); err != nil {
			t.Fatal(err)
		}
		err := byHand(t, url, "UPDATE accounts SET credentials = (SELECT credentials FROM accounts WHERE id = '"+string(a.ID)+"') WHERE id = '"+string(mine.ID)+"'")
		if err != nil {
			t.Fatal(err)
		}
		if all, err := s.Accounts(t.Context(), mine.Merchant); err == nil || len(all) > 0 {
			t.Fatalf("%d accounts, %v", len(all), err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	short := masterKey(1)[:31]
	for name, c := range map[string]sqlstore.Config{
		"no master key":           {URL: "sqlite::memory:"},
		"a short master key":      {URL: "sqlite::memory:", MasterKeys: [][]byte{masterKey(1), short}},
		"no address":              {MasterKeys: [][]byte{masterKey(1)}},
		"an unknown database":     {URL: "mysql://u:" + bankPassword + "@h/d", MasterKeys: [][]byte{masterKey(1)}},
		"a broken address":        {URL: "postgres://u:" + bankPassword + "%zz@h/d", MasterKeys: [][]byte{masterKey(1)}},
		"a broken port":           {URL: "postgres://u:" + bankPassword + "@h:port/d", MasterKeys: [][]byte{masterKey(1)}},
		"a server that is not up": {URL: "postgres://u:" + bankPassword + "@127.0.0.1:1/d", MasterKeys: [][]byte{masterKey(1)}},
		"a folder that is not":    {URL: "sqlite:" + t.TempDir() + "/no/where.db", MasterKeys: [][]byte{masterKey(1)}},
	} {
		s, err := sqlstore.Open(context.Background(), c)
		if err == nil {
			_ = s.Close() // the test fails anyway
			t.Errorf("%s: opened", name)
			continue
		}
		if strings.Contains(err.Error(), bankPassword) || bytes.Contains([]byte(err.Error()), short) {
			t.Errorf("%s: the error holds a secret: %v", name, err)
		}
	}
}
