//go:build !race

package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout/offline"
)

type offlineKey struct {
	ID, Name, Status, Secret string
	Number                   uint32
	RevokedAt                *string `json:"revoked_at"`
}

func TestOfflineKeysAreMadeListedAndRevoked(t *testing.T) {
	h := open(t)
	a := h.ask("POST", "/v1/offline_keys", `{"name":"ERP"}`, idem("k"))
	k := read[offlineKey](t, a)
	key, err := offline.ParseKey(k.Secret)
	if a.status != http.StatusCreated || err != nil || key.Number != k.Number || k.Status != "active" || a.header.Get("Location") != "/v1/offline_keys/"+k.ID {
		t.Fatalf("%s %s %v", a, a.body, err)
	}
	if again := h.ask("POST", "/v1/offline_keys", `{"name":"ERP"}`, idem("k")); string(again.body) != string(a.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s", again.body)
	}
	h.refused(h.ask("POST", "/v1/offline_keys", `{"name":"x"}`, idem("k")), 422, "idempotency_key_reused")
	for _, target := range []string{"/v1/offline_keys", "/v1/offline_keys/" + k.ID} {
		if a := h.ask("GET", target, ""); a.status != 200 || strings.Contains(string(a.body), k.Secret[12:]) || !strings.Contains(string(a.body), k.ID) {
			t.Errorf("%s %s", a, a.body)
		}
	}
	if a := h.ask("GET", "/v1/offline_keys", "", as(nextKey)); strings.Contains(string(a.body), k.ID) {
		t.Errorf("a neighbour sees %s", a.body)
	}
	for range 2 { // again changes nothing
		if a := h.ask("DELETE", "/v1/offline_keys/"+k.ID, ""); a.status != http.StatusNoContent {
			t.Errorf("%s", a)
		}
	}
	if got := read[offlineKey](t, h.ask("GET", "/v1/offline_keys/"+k.ID, "")); got.Status != "revoked" || got.RevokedAt == nil {
		t.Errorf("%+v", got)
	}
	for body, want := range map[string]string{`{}`: "name: required", `{"name":"4155650100416111"}`: "name: looks_like_card", `{"name":"x","secret":"y"}`: "secret: read_only", `{"name":"` + strings.Repeat("x", 200) + `"}`: "name: length"} {
		h.mistakes(h.ask("POST", "/v1/offline_keys", body), want)
	}
	h.refused(h.ask("POST", "/v1/offline_keys", "{"), 400, "json_malformed")
	h.refused(h.ask("POST", "/v1/offline_keys", "x", header("Content-Type", "text/plain")), 415, "unsupported_media_type")
	for range 50 {
		read[offlineKey](t, h.ask("POST", "/v1/offline_keys", `{"name":"x"}`))
	}
	h.refused(h.ask("POST", "/v1/offline_keys", `{"name":"x"}`), 409, "offline_keys_too_many")
}

func TestAReferenceIsRevoked(t *testing.T) {
	h := open(t)
	revoke := func(order string) exchange {
		h.Helper()
		return h.ask("POST", "/v1/offline_links/revoke", `{"order_id":"`+order+`"}`)
	}
	if a := revoke("FT-1"); string(a.body) != `{"order_id":"FT-1","link":null}` {
		t.Errorf("%s", a.body)
	}
	l := h.make(`{"amount":100,"currency":"TRY","order_id":"FT-2"}`)
	for range 2 {
		if a := revoke("FT-2"); string(a.body) != `{"order_id":"FT-2","link":"`+l.ID+`"}` || h.get(l.ID).Status != "deleted" {
			t.Errorf("%s", a.body)
		}
	}
	paid := h.make(`{"amount":100,"currency":"TRY","order_id":"FT-3"}`)
	h.paid(h.stored(paid.ID))
	h.refused(revoke("FT-3"), 409, "link_paid")
	h.mistakes(revoke("a b"), "order_id: order_id_format")
	h.mistakes(h.ask("POST", "/v1/offline_links/revoke", `{}`), "order_id: required")
	h.refused(h.ask("POST", "/v1/offline_links/revoke", `{`), 400, "json_malformed")
	h.refused(h.ask("POST", "/v1/offline_links/revoke", `{}`, header("Content-Type", "text/plain")), 415, "unsupported_media_type")
}

// An opened address is one link, whoever opens it, and the merchant's like any other.
func TestAMintedLinkIsTheMerchants(t *testing.T) {
	h := open(t)
	k := read[offlineKey](t, h.ask("POST", "/v1/offline_keys", `{"name":"ERP"}`))
	key, err := offline.ParseKey(k.Secret)
	h.must(err)
	blob, err := offline.Mint(key, offline.Terms{Minor: 125050, Currency: "TRY", Reference: "FT-9", ExpiresAt: h.clock.Now().Add(72 * time.Hour), Description: "Kışlık lastik"})
	h.must(err)
	tokens := make([]string, 30)
	atOnce(len(tokens), func(i int) {
		token, _, err := h.flow.OpenOffline(t.Context(), blob, "203.0.113.7")
		if tokens[i] = string(token); err != nil {
			t.Error(err)
		}
	})
	for _, token := range tokens {
		if token != tokens[0] {
			t.Fatalf("%v", tokens)
		}
	}
	all := read[page[link]](t, h.ask("GET", "/v1/links", ""))
	if l := all.Data[0]; len(all.Data) != 1 || l.Token != tokens[0] || l.OrderID != "FT-9" || *l.Amount != 125050 || l.Description != "Kışlık lastik" || l.Usage != "single" || !l.ExpiresAt.Equal(h.clock.Now().Add(72*time.Hour)) {
		t.Errorf("%+v", all.Data)
	}
}
