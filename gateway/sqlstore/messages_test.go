package sqlstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

// A67: nobody has himself told of a merchant's payments, or puts words into its messages, by writing into the database.
func TestA67_MessageSettingsThatAHandChangedAreRefused(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b := storetest.NewBooks(t, s, clock)
		set := checkout.MessageSettings{
			Merchant: b.Merchant, Version: 1, Recipients: []checkout.NoticeRecipient{{Channel: checkout.ChannelEmail, To: "kasa@shop.example", Topics: []string{"payment.paid"}}},
		}
		if err := s.SaveMessageSettings(t.Context(), set, b.Event("messages.settings_saved")); err != nil {
			t.Fatal(err)
		}
		if found := verify(t, s); len(found) != 0 {
			t.Fatalf("before: %v", found)
		}
		if err := byHand(t, url, "UPDATE message_settings SET data = replace(data, 'kasa@', 'hirsiz@')"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.MessageSettings(context.Background(), b.Merchant); err == nil {
			t.Error("changed settings are answered")
		}
		if found := verify(t, s); len(found) != 1 || !strings.Contains(found[0], "message_settings") || !strings.Contains(found[0], string(sqlstore.FoundRowChanged)) {
			t.Errorf("after: %v", found)
		}
	})
}

// What is asked of messages every second, and for one link, must not walk through all that there are.
func TestMessagesAreFoundByAnIndex(t *testing.T) {
	const m = checkout.MerchantID("mer_0000000000000000000001")
	page := func(q checkout.MessageQuery) (string, []any) {
		q.Merchant = m
		text, args, err := sqlstore.MessageSearch(q)
		if err != nil {
			t.Fatal(err)
		}
		return text, args
	}
	files(t, func(t *testing.T, url string) {
		open(t, url)
		for index, ask := range map[string]func() (string, []any){
			"messages_link": func() (string, []any) {
				return page(checkout.MessageQuery{Link: "lnk_1", Status: checkout.MessageSent})
			},
			"messages_merchant": func() (string, []any) { return page(checkout.MessageQuery{From: start, To: start.Add(time.Hour)}) },
			"messages_due": func() (string, []any) {
				return "SELECT id FROM messages WHERE status = 'queued' AND due_at <= $1 AND channel = $2 ORDER BY due_at, id LIMIT $3", []any{int64(1), "sms", int64(8)}
			},
			"messages_remind": func() (string, []any) {
				return "SELECT id FROM messages WHERE remind_at > 0 AND remind_at <= $1 ORDER BY remind_at, id LIMIT $2", []any{int64(1), int64(8)}
			},
		} {
			text, args := ask()
			if got := plan(t, url, text, args); !strings.Contains(got, index) {
				t.Errorf("%s is not used\n%s", index, got)
			}
		}
	})
}
