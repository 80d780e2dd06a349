package sqlstore_test

import (
	"errors"
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
	drop := "DROP TRIGGER events_no_update; DROP TRIGGER events_no_delete; DROP TRIGGER consents_no_update; DROP TRIGGER consents_no_delete;"
	if !strings.HasPrefix(url, "sqlite:") {
		drop = "DROP TRIGGER events_no_change ON events; DROP TRIGGER events_no_truncate ON events; DROP TRIGGER consents_no_change ON consents; DROP TRIGGER consents_no_truncate ON consents;"
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
		given := b.Pay(b.Create())
		part := b.Refund(given, func(r *checkout.Refund) { r.ID, r.Amount.Minor = "rfd_1", 100 })
		given = b.GiveBack(b.AskBack(given, part), part)
		disputed := b.Pay(b.Create())
		asked := b.Chargeback(disputed, func(c *checkout.Chargeback) { c.ID = "cbk_1" })
		disputed = b.FollowUp(b.Dispute(disputed, asked), asked.ID, checkout.ChargebackContested)
		other := b.AdmitAs(b.Payment(b.Create(), func(p *checkout.Payment) {
			p.Answers = []checkout.Answer{{Key: "plate", Label: checkout.Label{TR: "Plaka", EN: "Plate"}, Type: checkout.FieldText, Value: "34"}}
		}))
		order := b.Link(func(l *checkout.Link) { l.ID = "lnk_0000000000000000000009" })
		held := b.New(order)
		held.Session = &checkout.Session{Link: order.ID, Merchant: b.Merchant, SuccessURL: "https://shop.example/", CancelURL: "https://shop.example/x", CreatedAt: clock.Now()}
		if err := s.CreateLink(t.Context(), held); err != nil {
			t.Fatal(err)
		}
		sold := b.Create(func(l *checkout.Link) { l.Sale = checkout.SaleConsumer })
		agreed := b.Payment(sold, func(p *checkout.Payment) { p.Sale = checkout.SaleConsumer })
		if _, err := s.Admit(t.Context(), agreed, b.Event("payment.challenged"), b.Agreed()...); err != nil {
			t.Fatal(err)
		}
		agreement := string(agreed.ID) + " con_" + strings.TrimPrefix(string(agreed.ID), "pay_")
		a := checkout.Account{ID: "acc_1", Merchant: b.Merchant, Kind: "payfor", BaseURL: "https://bank.example", Credentials: checkout.Secrets{"a": "b"}}
		k := checkout.APIKey{ID: "key_1", Merchant: b.Merchant, Name: "shop", Hash: []byte("h")}
		if err := s.SaveAccount(t.Context(), a, b.Event("acquirer.created")); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveKey(t.Context(), k, b.Event("key.created")); err != nil {
			t.Fatal(err)
		}
		b.SaveEndpoint(func(e *checkout.Endpoint) { e.ID = "whk_1" })
		invoice := b.Carried(func(n *checkout.NewEInvoice) { n.ID = "inv_1" })
		registered := b.Registration()
		registered.ID = "reg_1"
		if err := s.SaveRegistration(t.Context(), registered, b.Event("einvoice.registered"), checkout.Idempotency{}); err != nil {
			t.Fatal(err)
		}
		offline := b.OfflineKey()
		offline.ID = "ofk_1"
		if err := s.SaveOfflineKey(t.Context(), offline, b.Event("offline_key.created"), checkout.Idempotency{}); err != nil {
			t.Fatal(err)
		}
		if err := s.RevokeReference(t.Context(), b.Merchant, "FT-1", b.Event("offline_link.revoked"), checkout.Idempotency{}); err != nil {
			t.Fatal(err)
		}
		product := b.Product(func(p *checkout.Product) { p.ID = "prd_1" })
		if err := s.SaveProduct(t.Context(), product, b.Event("product.created"), checkout.Idempotency{}); err != nil {
			t.Fatal(err)
		}
		run, rows := b.Reconciled(checkout.AccountID("acc_1"))
		b.Resolves(rows[1])
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
			{"a question put in", "UPDATE links SET fields = '[{\"key\":\"iban\"}]' WHERE id = '" + string(l.ID) + "'", "UPDATE links SET fields = '' WHERE id = '" + string(l.ID) + "'", "row_changed " + string(l.ID)},
			{"a line put in", "UPDATE links SET items = '[{\"name\":\"x\",\"quantity\":1,\"unit\":25000}]' WHERE id = '" + string(l.ID) + "'", "UPDATE links SET items = '' WHERE id = '" + string(l.ID) + "'", "row_changed " + string(l.ID)},
			{"a product's price", "UPDATE products SET price = 1", "UPDATE products SET price = 125000", "row_changed " + m + " prd_1"},
			{"a product gone", "CREATE TABLE kept AS SELECT * FROM products; DELETE FROM products", "INSERT INTO products SELECT * FROM kept; DROP TABLE kept", "row_missing " + m + " prd_1"},
			{"a count shown", "UPDATE links SET show_count = 1 WHERE id = '" + string(l.ID) + "'", "UPDATE links SET show_count = 0 WHERE id = '" + string(l.ID) + "'", "row_changed " + string(l.ID)},
			{"an answer taken away", "UPDATE payments SET answers = '' WHERE id = '" + q + "'", "UPDATE payments SET answers = '[{\"key\":\"plate\",\"label\":{\"tr\":\"Plaka\",\"en\":\"Plate\"},\"type\":\"text\",\"value\":\"34\"}]' WHERE id = '" + q + "'", "row_changed " + q},
			{"a link opened again", "UPDATE links SET paid_count = 0 WHERE id = '" + string(l.ID) + "'", "UPDATE links SET paid_count = 1 WHERE id = '" + string(l.ID) + "'", "counters " + string(l.ID)},
			{"an account's bank", "UPDATE accounts SET base_url = 'https://thief.example'", "UPDATE accounts SET base_url = 'https://bank.example'", "row_changed " + m + " acc_1"},
			{"where an account is paid to", "UPDATE accounts SET payout = '{\"iban\":\"TR00\"}'", "UPDATE accounts SET payout = ''", "row_changed " + m + " acc_1"},
			{"a key's owner", "UPDATE api_keys SET merchant = 'x'", "UPDATE api_keys SET merchant = '" + m + "'", "row_missing " + m + " key_1"},
			{"a revoked key revived", "UPDATE api_keys SET revoked_at = 1", "UPDATE api_keys SET revoked_at = 0", "row_changed " + m + " key_1"},
			{"a merchant's name", "UPDATE merchants SET name = 'X'", "UPDATE merchants SET name = 'Deneme'", "row_changed " + m},
			{"whom its staff call", "UPDATE merchants SET support = '{\"phone\":\"0900\"}'", "UPDATE merchants SET support = ''", "row_changed " + m},
			{"who did it", "UPDATE events SET actor = 'payer' WHERE subject = '" + p + "' AND seq = 2", "UPDATE events SET actor = 'bank' WHERE subject = '" + p + "' AND seq = 2", "event_changed " + p + " event 2"},
			{"what was said", "UPDATE events SET data = '{\"from\":\"x\"}' WHERE subject = '" + p + "' AND seq = 3", "UPDATE events SET data = '{\"from\":\"test\"}' WHERE subject = '" + p + "' AND seq = 3", "event_changed " + p + " event 3"},
			{"data that is none", "UPDATE events SET data = '{' WHERE subject = '" + p + "' AND seq = 3", "UPDATE events SET data = '{\"from\":\"test\"}' WHERE subject = '" + p + "' AND seq = 3", "event_changed " + p + " event 3"},
			{"the last event gone", "CREATE TABLE kept AS SELECT * FROM events WHERE subject = '" + p + "' AND seq = 3; DELETE FROM events WHERE subject = '" + p + "' AND seq = 3", "INSERT INTO events SELECT * FROM kept; DROP TABLE kept", "row_changed " + p + "|tail_missing " + p},
			{"an event in between gone", "CREATE TABLE kept AS SELECT * FROM events WHERE subject = '" + p + "' AND seq = 2; DELETE FROM events WHERE subject = '" + p + "' AND seq = 2", "INSERT INTO events SELECT * FROM kept; DROP TABLE kept", "event_missing " + p + " event 3"},
			{"a payment gone", "CREATE TABLE kept AS SELECT * FROM payments WHERE id = '" + p + "'; DELETE FROM payments WHERE id = '" + p + "'", "INSERT INTO payments SELECT * FROM kept; DROP TABLE kept", "counters " + string(l.ID) + "|row_missing " + p},
			{"a payment and its events gone", "CREATE TABLE kept AS SELECT * FROM payments WHERE id = '" + p + "'; CREATE TABLE said AS SELECT * FROM events WHERE subject = '" + p + "'; DELETE FROM payments WHERE id = '" + p + "'; DELETE FROM events WHERE subject = '" + p + "'", "INSERT INTO payments SELECT * FROM kept; INSERT INTO events SELECT * FROM said; DROP TABLE kept; DROP TABLE said", "counters " + string(l.ID)},
			{"a payment made up", "CREATE TABLE kept AS SELECT * FROM payments WHERE id = '" + q + "'; UPDATE kept SET id = 'pay_x', bank_order = 'x'; INSERT INTO payments SELECT * FROM kept; DROP TABLE kept", "DELETE FROM payments WHERE id = 'pay_x'", "row_unknown pay_x|tail_missing pay_x"},
			{"an account gone", "CREATE TABLE kept AS SELECT * FROM accounts; DELETE FROM accounts", "INSERT INTO accounts SELECT * FROM kept; DROP TABLE kept", "row_missing " + m + " acc_1"},
			{"an invoice's sum", "UPDATE einvoices SET amount = 1", "UPDATE einvoices SET amount = 25000", "row_changed " + string(invoice.Link) + " inv_1"},
			{"an invoice gone", "CREATE TABLE kept AS SELECT * FROM einvoices; DELETE FROM einvoices", "INSERT INTO einvoices SELECT * FROM kept; DROP TABLE kept", "row_missing " + string(invoice.Link) + " inv_1"},
			{"a registration's customer", "UPDATE einvoice_registrations SET customer_id = 'x'", "UPDATE einvoice_registrations SET customer_id = '" + registered.CustomerID + "'", "row_changed " + m + " reg_1"},
			{"a refund's amount", "UPDATE refunds SET amount = 99", "UPDATE refunds SET amount = 100", "row_changed " + string(given.ID) + " rfd_1"},
			{"a refund that was refused", "UPDATE refunds SET status = 'refused'", "UPDATE refunds SET status = 'refunded'", "row_changed " + string(given.ID) + " rfd_1"},
			{"a refund gone", "CREATE TABLE kept AS SELECT * FROM refunds; DELETE FROM refunds", "INSERT INTO refunds SELECT * FROM kept; DROP TABLE kept", "row_missing " + string(given.ID) + " rfd_1"},
			{"a refund made up", "CREATE TABLE kept AS SELECT * FROM refunds; UPDATE kept SET id = 'rfd_2'; INSERT INTO refunds SELECT * FROM kept; DROP TABLE kept", "DELETE FROM refunds WHERE id = 'rfd_2'", "row_unknown " + string(given.ID) + " rfd_2"},
			{"a refund of no payment", "CREATE TABLE kept AS SELECT * FROM refunds; UPDATE kept SET id = 'rfd_2', payment = 'pay_x'; INSERT INTO refunds SELECT * FROM kept; DROP TABLE kept", "DELETE FROM refunds WHERE id = 'rfd_2'", "row_unknown pay_x rfd_2"},
			{"a refund's lease is no finding", "UPDATE refunds SET due_at = 7, asks = 3", "UPDATE refunds SET due_at = 0, asks = 0", ""},
			{"a chargeback's amount", "UPDATE chargebacks SET amount = 99", "UPDATE chargebacks SET amount = 25000", "row_changed " + string(disputed.ID) + " cbk_1"},
			{"a chargeback that was won", "UPDATE chargebacks SET status = 'won'", "UPDATE chargebacks SET status = 'contested'", "row_changed " + string(disputed.ID) + " cbk_1"},
			{"nothing in dispute", "UPDATE payments SET disputed = 0 WHERE disputed > 0", "UPDATE payments SET disputed = 25000 WHERE id = '" + string(disputed.ID) + "'", "row_changed " + string(disputed.ID)},
			{"a chargeback gone", "CREATE TABLE kept AS SELECT * FROM chargebacks; DELETE FROM chargebacks", "INSERT INTO chargebacks SELECT * FROM kept; DROP TABLE kept", "row_missing " + string(disputed.ID) + " cbk_1"},
			{"a chargeback made up", "CREATE TABLE kept AS SELECT * FROM chargebacks; UPDATE kept SET id = 'cbk_2'; INSERT INTO chargebacks SELECT * FROM kept; DROP TABLE kept", "DELETE FROM chargebacks WHERE id = 'cbk_2'", "row_unknown " + string(disputed.ID) + " cbk_2"},
			{"a chargeback of no payment", "CREATE TABLE kept AS SELECT * FROM chargebacks; UPDATE kept SET id = 'cbk_2', payment = 'pay_x'; INSERT INTO chargebacks SELECT * FROM kept; DROP TABLE kept", "DELETE FROM chargebacks WHERE id = 'cbk_2'", "row_unknown pay_x cbk_2"},
			{"where a webhook goes", "UPDATE webhook_endpoints SET url = 'https://thief.example'", "UPDATE webhook_endpoints SET url = 'https://shop.example/hooks'", "row_changed " + m + " whk_1"},
			{"a webhook endpoint gone", "CREATE TABLE kept AS SELECT * FROM webhook_endpoints; DELETE FROM webhook_endpoints", "INSERT INTO webhook_endpoints SELECT * FROM kept; DROP TABLE kept", "row_missing " + m + " whk_1"},
			{"a shop's way back", "UPDATE sessions SET success_url = 'https://evil.example/'", "UPDATE sessions SET success_url = 'https://shop.example/'", "row_changed lnk_0000000000000000000009 cs_0000000000000000000009"},
			{"an offline key's end", "UPDATE offline_keys SET revoked_at = 1", "UPDATE offline_keys SET revoked_at = 0", "row_changed " + m + " ofk_1"},
			{"an offline key gone", "CREATE TABLE kept AS SELECT * FROM offline_keys; DELETE FROM offline_keys", "INSERT INTO offline_keys SELECT * FROM kept; DROP TABLE kept", "row_missing " + m + " ofk_1"},
			{"a revocation undone", "CREATE TABLE kept AS SELECT * FROM offline_revocations; DELETE FROM offline_revocations", "INSERT INTO offline_revocations SELECT * FROM kept; DROP TABLE kept", "row_missing " + m + " " + m + "/FT-1"},
			{"a list's row", "UPDATE reconciliation_rows SET bank_amount = 7 WHERE number = 1", "UPDATE reconciliation_rows SET bank_amount = 100 WHERE number = 1", "row_changed " + m + " " + string(run.ID)},
			{"a list's row gone", "CREATE TABLE kept AS SELECT * FROM reconciliation_rows WHERE number = 3; DELETE FROM reconciliation_rows WHERE number = 3", "INSERT INTO reconciliation_rows SELECT * FROM kept; DROP TABLE kept", "row_changed " + m + " " + string(run.ID)},
			{"a row resolved by hand", "UPDATE reconciliation_rows SET resolution = 'accepted' WHERE number = 3", "UPDATE reconciliation_rows SET resolution = '' WHERE number = 3", "row_unknown " + m + " " + string(run.ID) + ".000003"},
			{"a resolution unsaid", "UPDATE reconciliation_rows SET resolution = '' WHERE number = 2", "UPDATE reconciliation_rows SET resolution = 'manual' WHERE number = 2", "row_changed " + m + " " + string(run.ID) + ".000002"},
			{"a day closed by hand", "UPDATE reconciliations SET closed_at = 1", "UPDATE reconciliations SET closed_at = 0", "row_changed " + m + " " + string(run.ID)},
			{"a manual entry's amount", "UPDATE manual_entries SET amount = 7", "UPDATE manual_entries SET amount = 200", "row_changed " + m + " man_1"},
			{"a manual entry gone", "CREATE TABLE kept AS SELECT * FROM manual_entries; DELETE FROM manual_entries", "INSERT INTO manual_entries SELECT * FROM kept; DROP TABLE kept", "row_missing " + m + " man_1"},
			{"a sale made a collection", "UPDATE links SET sale = '' WHERE sale = 'consumer'", "UPDATE links SET sale = 'consumer' WHERE id = '" + string(sold.ID) + "'", "row_changed " + string(sold.ID)},
			{"a collection made a sale", "UPDATE payments SET sale = 'consumer' WHERE id = '" + q + "'", "UPDATE payments SET sale = '' WHERE id = '" + q + "'", "row_changed " + q},
			{"a consent that was not given", "UPDATE consents SET advertising = 1", "UPDATE consents SET advertising = 0", "row_changed " + agreement},
			{"a consent gone", "CREATE TABLE kept AS SELECT * FROM consents; DELETE FROM consents", "INSERT INTO consents SELECT * FROM kept; DROP TABLE kept", "row_missing " + agreement},
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

// A67: a document that a hand exchanged is not given out.
func TestA67_AnExchangedInvoiceIsNotGivenOut(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b := storetest.NewBooks(t, s, clock)
		mine, other := b.Carried(), b.Carried()
		if err := byHand(t, url, "UPDATE einvoice_documents SET data = (SELECT data FROM einvoice_documents WHERE einvoice = '"+string(other.ID)+"')"); err != nil {
			t.Fatal(err)
		}
		if document, err := s.EInvoiceDocument(t.Context(), b.Merchant, mine.ID); err == nil {
			t.Errorf("given out: %s", document)
		}
		if _, err := s.EInvoiceDocument(t.Context(), b.Merchant, other.ID); err != nil {
			t.Error(err)
		}
	})
}

// A67: what a hand changes in one merchant's chain, in a row that it vouches for, or in the words for its payers is
// found by looking at this merchant alone, and says nothing of another.
func TestA67_OneMerchantsChain(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b := storetest.NewBooks(t, s, clock)
		other := b.NewMerchant()
		if err := s.SaveKey(t.Context(), checkout.APIKey{ID: "key_1", Merchant: b.Merchant, Hash: []byte("h")}, b.Event("key.created")); err != nil {
			t.Fatal(err)
		}
		if err := s.EditPageWords(t.Context(), b.Merchant, func(_ checkout.Merchant, w *checkout.PageWords) (*checkout.Event, error) {
			w.NoticeURL = "https://shop.example/kvkk"
			e := b.Event("merchant.notice")
			return &e, nil
		}); err != nil {
			t.Fatal(err)
		}
		m, err := s.Merchant(t.Context(), b.Merchant)
		if err != nil {
			t.Fatal(err)
		}
		m.Support.Phone = "0850 555 00 11"
		m.Version++
		if err := s.SaveMerchant(t.Context(), m, b.Event("merchant.changed")); err != nil {
			t.Fatal(err)
		}
		unlock(t, url)
		for _, hand := range []struct{ do, undo string }{
			{"UPDATE api_keys SET revoked_at = 1", "UPDATE api_keys SET revoked_at = 0"},
			{"UPDATE merchants SET support = replace(support, '0850', '0900')", "UPDATE merchants SET support = replace(support, '0900', '0850')"},
			{"UPDATE events SET actor = 'x' || actor WHERE subject = '" + string(b.Merchant) + "' AND seq = 2", "UPDATE events SET actor = substr(actor, 2) WHERE subject = '" + string(b.Merchant) + "' AND seq = 2"},
		} {
			if whole, err := s.TrailWhole(t.Context(), b.Merchant); !whole || err != nil {
				t.Fatalf("a good chain: %v, %v", whole, err)
			}
			if err := byHand(t, url, hand.do); err != nil {
				t.Fatal(err)
			}
			if whole, err := s.TrailWhole(t.Context(), b.Merchant); whole || err != nil {
				t.Errorf("%s: %v, %v", hand.do, whole, err)
			}
			if whole, err := s.TrailWhole(t.Context(), other); !whole || err != nil {
				t.Errorf("%s, another merchant: %v, %v", hand.do, whole, err)
			}
			if err := byHand(t, url, hand.undo); err != nil {
				t.Fatal(err)
			}
		}
		// What is written down afterwards and changes nothing vouches for nothing.
		if err := byHand(t, url, "UPDATE merchants SET name = name || 'x' WHERE id = '"+string(b.Merchant)+"'"); err != nil {
			t.Fatal(err)
		}
		if err := s.Note(t.Context(), b.Merchant, b.Event("access.denied")); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveMessageSettings(t.Context(), checkout.MessageSettings{Merchant: b.Merchant, Version: 1}, b.Event("messages.settings_saved")); err != nil {
			t.Fatal(err)
		}
		if whole, err := s.TrailWhole(t.Context(), b.Merchant); whole || err != nil {
			t.Errorf("a name that a hand changed before a line about something else: %v, %v", whole, err)
		}
		if err := byHand(t, url, "UPDATE page_words SET data = '{\"notice_url\":\"https://thief.example\"}'"); err != nil {
			t.Fatal(err)
		}
		if w, err := s.PageWords(t.Context(), b.Merchant); !errors.Is(err, checkout.ErrWordsChanged) || w.NoticeURL != "" {
			t.Errorf("words that a hand changed are given out: %v, %v", w, err)
		}
		if found := verify(t, s); !slices.Contains(found, "row_changed "+string(b.Merchant)+" page_words") {
			t.Errorf("doctor does not name them: %v", found)
		}
	})
}
