package offline_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout/offline"
)

var update = flag.Bool("update", false, "write the vectors")

var key = offline.Key{Number: 0x0A1B2C, Secret: bytes.Repeat([]byte{7}, offline.SecretSize)}

func terms(change func(*offline.Terms)) offline.Terms {
	t := offline.Terms{Minor: 125050, Currency: "TRY", Reference: "ABC2026000000123", ExpiresAt: time.Date(2026, 12, 31, 20, 59, 0, 0, time.UTC)}
	if change != nil {
		change(&t)
	}
	return t
}

// vector is an example for other languages.
type vector struct {
	Key         string `json:"key"`
	Amount      int64  `json:"amount"`
	Currency    string `json:"currency"`
	Reference   string `json:"reference"`
	ExpiresAt   string `json:"expires_at"`
	Description string `json:"description"`
	Blob        string `json:"blob"`
}

func vectors() (all []vector) {
	for _, t := range []offline.Terms{
		terms(nil),
		terms(func(t *offline.Terms) { t.Minor = 1; t.Reference = "1" }),
		terms(func(t *offline.Terms) { t.Minor, t.Currency = offline.MaxMinor, "JPY" }),
		terms(func(t *offline.Terms) { t.Reference = "sipar_7#a" }),
		terms(func(t *offline.Terms) { t.Description = "Kışlık lastik, 4 adet" }),
		terms(func(t *offline.Terms) { t.Reference, t.Currency = strings.Repeat("A-./9Z", 10)+"WXYZ", "USD" }),
		terms(func(t *offline.Terms) { t.Reference, t.Description = strings.Repeat("a", 64), strings.Repeat("ş", 40) }),
		terms(func(t *offline.Terms) { t.ExpiresAt, t.Currency = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), "RUB" }),
	} {
		blob, err := offline.Mint(key, t)
		if err != nil {
			panic(err)
		}
		all = append(all, vector{key.String(), t.Minor, t.Currency, t.Reference, t.ExpiresAt.Format(time.RFC3339), t.Description, blob})
	}
	return all
}

// The vectors never change: links that were minted must stay valid.
func TestVectors(t *testing.T) {
	const file = "testdata/vectors.json"
	if *update {
		b, err := json.MarshalIndent(vectors(), "", "  ")
		if err == nil {
			err = os.WriteFile(file, append(b, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want []vector
	if err := json.Unmarshal(raw, &want); err != nil || len(want) != len(vectors()) {
		t.Fatal(len(want), err)
	}
	for i, got := range vectors() {
		if got != want[i] {
			t.Errorf("%+v, want %+v", got, want[i])
		}
	}
}

func TestWhatIsMintedIsRead(t *testing.T) {
	for _, v := range vectors() {
		k, err := offline.ParseKey(v.Key)
		if err != nil || k.Number != key.Number || !bytes.Equal(k.Secret, key.Secret) {
			t.Fatal(k, err)
		}
		s, err := offline.Read(v.Blob)
		if err != nil || s.Number != key.Number || len(v.Blob) > offline.MaxLength {
			t.Fatalf("%s: %v", v.Blob, err)
		}
		got, ok := s.Open(k.Secret)
		if !ok || got.Minor != v.Amount || got.Currency != v.Currency || got.Reference != v.Reference || got.Description != v.Description || got.ExpiresAt.Format(time.RFC3339) != v.ExpiresAt {
			t.Errorf("%+v of %+v", got, v)
		}
		if _, ok := s.Open(bytes.Repeat([]byte{8}, offline.SecretSize)); ok {
			t.Error("another key opens it")
		}
		if _, ok := s.Open(nil); ok {
			t.Error("no key opens it")
		}
	}
	if blob := vectors()[0].Blob; len(blob) != 40 {
		t.Errorf("an invoice's link has %d characters: %s", len(blob), blob)
	}
}

// Whoever changes one character of a blob has another one, or none.
func TestAChangedBlobIsForged(t *testing.T) {
	for _, v := range vectors() {
		for i := range v.Blob {
			for _, c := range []byte("0Zz_") {
				if v.Blob[i] == c {
					continue
				}
				forged := v.Blob[:i] + string(c) + v.Blob[i+1:]
				if s, err := offline.Read(forged); err == nil {
					if _, ok := s.Open(key.Secret); ok {
						t.Fatalf("%s opens like %s", forged, v.Blob)
					}
				}
			}
		}
		for _, forged := range []string{"", "0" + v.Blob, v.Blob + "0", v.Blob[1:], v.Blob[:len(v.Blob)-1], strings.ToLower(v.Blob), strings.Repeat("z", offline.MaxLength+1), " " + v.Blob} {
			if s, err := offline.Read(forged); err == nil && forged != v.Blob {
				if _, ok := s.Open(key.Secret); ok {
					t.Errorf("%q opens", forged)
				}
			}
		}
	}
}

func TestTermsThatNobodyCanSign(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*offline.Terms)
		want   error
	}{
		"nothing":                 {func(t *offline.Terms) { t.Minor = 0 }, offline.ErrAmount},
		"less than nothing":       {func(t *offline.Terms) { t.Minor = -1 }, offline.ErrAmount},
		"more than cards hold":    {func(t *offline.Terms) { t.Minor = offline.MaxMinor + 1 }, offline.ErrAmount},
		"a currency of nowhere":   {func(t *offline.Terms) { t.Currency = "CHF" }, offline.ErrCurrency},
		"no reference":            {func(t *offline.Terms) { t.Reference = "" }, offline.ErrReference},
		"a reference with blanks": {func(t *offline.Terms) { t.Reference = "a b" }, offline.ErrReference},
		"a reference too long":    {func(t *offline.Terms) { t.Reference = strings.Repeat("a", 65) }, offline.ErrReference},
		"before the count":        {func(t *offline.Terms) { t.ExpiresAt = time.Date(2025, 12, 31, 23, 59, 0, 0, time.UTC) }, offline.ErrExpiry},
		"behind the count":        {func(t *offline.Terms) { t.ExpiresAt = time.Date(2058, 1, 1, 0, 0, 0, 0, time.UTC) }, offline.ErrExpiry},
		"a text too long":         {func(t *offline.Terms) { t.Description = strings.Repeat("a", 81) }, offline.ErrDescription},
		"a text with controls":    {func(t *offline.Terms) { t.Description = "a\x07" }, offline.ErrDescription},
		"a text that is none":     {func(t *offline.Terms) { t.Description = "\xff" }, offline.ErrDescription},
	} {
		if _, err := offline.Mint(key, terms(c.change)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, k := range []offline.Key{{}, {Number: 1, Secret: []byte("short")}, {Number: offline.MaxNumber + 1, Secret: key.Secret}} {
		if _, err := offline.Mint(k, terms(nil)); !errors.Is(err, offline.ErrKey) {
			t.Errorf("%v signs", k.Number)
		}
	}
	for _, text := range []string{"", "ofk", "ofk_0a1b2c_", "ofk_0a1b2_" + key.String()[11:], "sk_0a1b2c_" + key.String()[11:], key.String() + "A", "ofk_zzzzzz_" + key.String()[11:]} {
		if _, err := offline.ParseKey(text); !errors.Is(err, offline.ErrKey) {
			t.Errorf("%q is a key", text)
		}
	}
}

// spelled writes signed bytes as a blob apart from the code under test: a number in base 62 behind its MAC.
func spelled(signed []byte) string {
	m := hmac.New(sha256.New, key.Secret)
	m.Write([]byte("odelink offline v1\x00"))
	m.Write(signed)
	text := []byte(new(big.Int).SetBytes(append(bytes.Clone(signed), m.Sum(nil)[:8]...)).Text(62))
	for i, c := range text { // big.Int has small letters before capital ones
		switch {
		case c >= 'a' && c <= 'z':
			text[i] = c - 'a' + 'A'
		case c >= 'A' && c <= 'Z':
			text[i] = c - 'A' + 'a'
		}
	}
	return string(text)
}

// No bytes stop the program, and what is read and rightly signed is what Mint would write: one spelling for one
// set of terms.
func FuzzRead(f *testing.F) {
	f.Add([]byte{1 << 5, 1, 2, 3, 0, 0, 9, 5, 'a'}, "x")
	f.Add([]byte{1<<5 | 3, 1, 2, 3, 0, 0, 9, 0x85, 1, 2, 3, 72, 'a', 'b'}, vectors()[4].Blob)
	f.Fuzz(func(t *testing.T, signed []byte, raw string) {
		for _, blob := range []string{spelled(signed), raw} {
			s, err := offline.Read(blob)
			if err != nil {
				continue
			}
			terms, ok := s.Open(key.Secret)
			if !ok {
				continue
			}
			again, err := offline.Mint(offline.Key{Number: s.Number, Secret: key.Secret}, terms)
			if err != nil || again != blob {
				t.Errorf("%s is spelled %s, %v", blob, again, err)
			}
		}
	})
}
