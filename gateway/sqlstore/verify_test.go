package sqlstore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

func verify(t testing.TB, s *sqlstore.Store) []string {
	t.Helper()
	var out []string
	if err := s.Verify(t.Context(), func(f sqlstore.Finding) { out = append(out, f.String()) }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// unlock lets a hand change events: who has the database can drop a trigger too.
func unlock(t testing.TB, url string) {
	t.Helper()
	drop := "DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete;"
	if !strings.HasPrefix(url, "sqlite:") {
		drop = "DROP TRIGGER events_no_change ON events; DROP TRIGGER events_no_truncate ON events;"
	}
	if err := byHand(t, url, drop); err != nil {
		t.Fatal(err)
	}
}

// TestA67_WhatAHandChangesIsFound changes a good ledger in one place each and asks what Verify says.
func TestA67_WhatAHandChangesIsFound(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b := storetest.NewBooks(t, s, clock)
		l := b.Create()
		paid := b.Pay(l)
		other := b.Admit(b.Create())
		a := checkout.Account{ID: "acc_1", Merchant: b.Merchant, Kind: "payfor", BaseURL: "https://bank.example", Credentials: checkout.Secrets{"a": "b"}}
		k := checkout.APIKey{ID: "key_1", Merchant: b.Merchant, Name: "shop", Hash: []byte("h")}
		if err := s.SaveAccount(t.Context(), a, b.Event("acquirer.created")); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveKey(t.Context(), k, b.Event("key.created")); err != nil {
			t.Fatal(err)
		}
		if got := verify(t, s); got != nil {
			t.Fatalf("a good ledger: %q", got)
		}
		unlock(t, url)
		p, q, m := string(paid.ID), string(other.ID), string(b.Merchant)
		for _, row := range []struct{ name, do, undo, want string }{
			{"a total lowered", "UPDATE payments SET total = total - 1 WHERE id = '" + p + "'", "UPDATE payments SET total = total + 1 WHERE id = '" + p + "'", "counters " + string(l.ID) + "|row_changed " + p},
			{"declined made paid", "UPDATE payments SET status = 'paid' WHERE id = '" + q + "'", "UPDATE payments SET status = 'challenged' WHERE id = '" + q + "'", "row_changed " + q},
			{"a refund unsaid", "UPDATE payments SET refunded = 1 WHERE id = '" + p + "'", "UPDATE payments SET refunded = 0 WHERE id = '" + p + "'", "row_changed " + p},
			{"a bank order exchanged", "UPDATE payments SET bank_order = 'X' || bank_order WHERE id = '" + p + "'", "UPDATE payments SET bank_order = substr(bank_order, 2) WHERE id = '" + p + "'", "row_changed " + p},
			{"a link's price", "UPDATE links SET amount = 1 WHERE id = '" + string(l.ID) + "'", "UPDATE links SET amount = 25000 WHERE id = '" + string(l.ID) + "'", "row_changed " + string(l.ID)},
			{"a link opened again", "UPDATE links SET paid_count = 0 WHERE id = '" + string(l.ID) + "'", "UPDATE links SET paid_count = 1 WHERE id = '" + string(l.ID) + "'", "counters " + string(l.ID)},
			{"an account's bank", "UPDATE accounts SET base_url = 'https://thief.example'", "UPDATE accounts SET base_url = 'https://bank.example'", "row_changed " + m + " acc_1"},
			{"a key's owner", "UPDATE api_keys SET merchant = 'x'", "UPDATE api_keys SET merchant = '" + m + "'", "row_missing " + m + " key_1"},
			{"a revoked key revived", "UPDATE api_keys SET revoked_at = 1", "UPDATE api_keys SET revoked_at = 0", "row_changed " + m + " key_1"},
			{"a merchant's name", "UPDATE merchants SET name = 'X'", "UPDATE merchants SET name = 'Deneme'", "row_changed " + m},
			{"who did it", "UPDATE events SET actor = 'payer' WHERE subject = '" + p + "' AND seq = 2", "UPDATE events SET actor = 'bank' WHERE subject = '" + p + "' AND seq = 2", "event_changed " + p + " event 2"},
			{"what was said", "UPDATE events SET data = '{\"from\":\"x\"}' WHERE subject = '" + p + "' AND seq = 3", "UPDATE events SET data = '{\"from\":\"test\"}' WHERE subject = '" + p + "' AND seq = 3", "event_changed " + p + " event 3"},
			{"data that is none", "UPDATE events SET data = '{' WHERE subject = '" + p + "' AND seq = 3", "UPDATE events SET data = '{\"from\":\"test\"}' WHERE subject = '" + p + "' AND seq = 3", "event_changed " + p + " event 3"},
			{"the last event gone", "CREATE TABLE kept AS SELECT * FROM events WHERE subject = '" + p + "' AND seq = 3; DELETE FROM events WHERE subject = '" + p + "' AND seq = 3", "INSERT INTO events SELECT * FROM kept; DROP TABLE kept", "row_changed " + p + "|tail_missing " + p},
			{"an event in between gone", "CREATE TABLE kept AS SELECT * FROM events WHERE subject = '" + p + "' AND seq = 2; DELETE FROM events WHERE subject = '" + p + "' AND seq = 2", "INSERT INTO events SELECT * FROM kept; DROP TABLE kept", "event_missing " + p + " event 3"},
			{"a payment gone", "CREATE TABLE kept AS SELECT * FROM payments WHERE id = '" + p + "'; DELETE FROM payments WHERE id = '" + p + "'", "INSERT INTO payments SELECT * FROM kept; DROP TABLE kept", "counters " + string(l.ID) + "|row_missing " + p},
			{"a payment and its events gone", "CREATE TABLE kept AS SELECT * FROM payments WHERE id = '" + p + "'; CREATE TABLE said AS SELECT * FROM events WHERE subject = '" + p + "'; DELETE FROM payments WHERE id = '" + p + "'; DELETE FROM events WHERE subject = '" + p + "'", "INSERT INTO payments SELECT * FROM kept; INSERT INTO events SELECT * FROM said; DROP TABLE kept; DROP TABLE said", "counters " + string(l.ID)},
			{"a payment made up", "CREATE TABLE kept AS SELECT * FROM payments WHERE id = '" + q + "'; UPDATE kept SET id = 'pay_x', bank_order = 'x'; INSERT INTO payments SELECT * FROM kept; DROP TABLE kept", "DELETE FROM payments WHERE id = 'pay_x'", "row_unknown pay_x|tail_missing pay_x"},
			{"an account gone", "CREATE TABLE kept AS SELECT * FROM accounts; DELETE FROM accounts", "INSERT INTO accounts SELECT * FROM kept; DROP TABLE kept", "row_missing " + m + " acc_1"},
			{"a lease is no finding", "UPDATE payments SET due_at = 7 WHERE id = '" + q + "'", "UPDATE payments SET due_at = 0 WHERE id = '" + q + "'", ""},
		} {
			t.Run(row.name, func(t *testing.T) {
				if err := byHand(t, url, row.do); err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(verify(t, s), "|"); got != row.want {
					t.Errorf("found %q, want %q", got, row.want)
				}
				if err := byHand(t, url, row.undo); err != nil {
					t.Fatal(err)
				}
				if got := verify(t, s); got != nil {
					t.Errorf("after it was put right: %q", got)
				}
			})
		}
		t.Run("credentials changed", func(t *testing.T) {
			if err := byHand(t, url, "UPDATE accounts SET credentials = (SELECT wrapped FROM keys WHERE name = 'audit')"); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(verify(t, s), "|"), "sealed_changed "+m+" acc_1"; got != want {
				t.Errorf("found %q, want %q", got, want)
			}
		})
	})
}

// TestVerifyWalksEveryPage has more subjects than a page, with the wrong one in the last.
func TestVerifyWalksEveryPage(t *testing.T) {
	clock := storetest.NewClock(start)
	s := open(t, databases["SQLite"](t), at(clock))
	b := storetest.NewBooks(t, s, clock)
	var all []checkout.NewLink
	for range 450 {
		all = append(all, b.New(b.Link()))
	}
	if err := s.CreateLinks(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	if got := verify(t, s); got != nil {
		t.Fatalf("a good ledger: %q", got)
	}
}

// TestI20_EventsCannotBeChanged: without dropping the triggers nobody changes the audit trail.
func TestI20_EventsCannotBeChanged(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		l := storetest.NewBooks(t, s, clock).Create()
		statements := []string{"UPDATE events SET actor = 'x'", "DELETE FROM events", "DELETE FROM events WHERE subject = '" + string(l.ID) + "'"}
		if !strings.HasPrefix(url, "sqlite:") {
			statements = append(statements, "TRUNCATE events")
		}
		for _, q := range statements {
			if err := byHand(t, url, q); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", q, err)
			}
		}
		if got := verify(t, s); got != nil {
			t.Errorf("found %q", got)
		}
	})
}
