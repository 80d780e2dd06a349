//go:build !race

package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/api"
)

// Keys and people are listed and ended, each merchant's own; no key makes another, or a person.
func TestKeysAndPeopleAreListedAndEnded(t *testing.T) {
	h := open(t)
	type key struct {
		ID, Status string
		Name       *string
	}
	k, secret, err := h.flow.CreateKey(t.Context(), checkout.By{Actor: "test"}, shop, "ERP", h.ledger.HashKey)
	h.must(err)
	a := h.ask("GET", "/v1/api_keys", "", as(secret))
	keys := read[page[key]](t, a)
	if len(keys.Data) != 3 || keys.Data[0].ID != string(k.ID) || *keys.Data[0].Name != "ERP" || strings.Contains(string(a.body), secret) {
		t.Errorf("%s", a.body)
	}
	h.refused(h.ask("DELETE", "/v1/api_keys/"+string(k.ID), "", as(nextKey)), 404, "not_found")
	for range 2 { // again changes nothing
		if a := h.ask("DELETE", "/v1/api_keys/"+string(k.ID), ""); a.status != http.StatusNoContent {
			t.Errorf("%s", a)
		}
	}
	h.refused(h.ask("GET", "/v1/api_keys", "", as(secret)), 401, "invalid_api_key")
	for _, target := range []string{"/v1/api_keys", "/v1/users"} {
		h.refused(h.ask("POST", target, `{"name":"x"}`), 405, "method_not_allowed")
	}
	owner, err := h.flow.AddColleague(t.Context(), checkout.By{Actor: "test"}, shop, checkout.NewColleague{Email: "sahip@shop.example", Role: checkout.RoleOwner})
	h.must(err)
	leaving, err := h.flow.AddColleague(t.Context(), checkout.By{Actor: "test"}, shop, checkout.NewColleague{Email: "giden@shop.example", Role: checkout.RoleSupport, OwnLinks: true})
	h.must(err)
	type user struct {
		ID, Email, Role, Status string
		OwnLinks                bool `json:"own_links"`
	}
	var mine user
	for _, u := range read[page[user]](t, h.ask("GET", "/v1/users", "")).Data {
		if u.ID == string(leaving.ID) {
			mine = u
		}
	}
	if mine.Email != "giden@shop.example" || mine.Role != "support" || mine.Status != "invited" || !mine.OwnLinks {
		t.Errorf("%+v", mine)
	}
	h.refused(h.ask("DELETE", "/v1/users/"+string(leaving.ID), "", as(nextKey)), 404, "user_not_found")
	if a := h.ask("DELETE", "/v1/users/"+string(leaving.ID), ""); a.status != http.StatusNoContent {
		t.Errorf("%s", a)
	}
	h.refused(h.ask("DELETE", "/v1/users/"+string(leaving.ID), ""), 404, "user_not_found")
	h.refused(h.ask("DELETE", "/v1/users/"+string(owner.ID), ""), 409, "last_owner")
}

// The trail of settings is read page by page, filtered, and held against itself.
func TestTheAuditTrailIsRead(t *testing.T) {
	h := open(t)
	h.ask("PATCH", "/v1/branding", `{"phone":"0212 555 00 00"}`)
	h.ask("PATCH", "/v1/decline_texts", `{"lang":"tr","code":"generic","text":"Bankanızı arayın."}`)
	type line struct {
		Sequence          int64
		Type, Actor, Hash string
		Data              map[string]string
	}
	first := read[page[line]](t, h.ask("GET", "/v1/audit_events?limit=1", ""))
	if len(first.Data) != 1 || first.Data[0].Type != "merchant.decline_words" || first.Data[0].Data["reason"] != "generic" || !strings.HasPrefix(first.Data[0].Actor, "api:key_") || len(first.Data[0].Hash) != 64 || first.Next == nil {
		t.Fatalf("%+v", first)
	}
	second := read[page[line]](t, h.ask("GET", "/v1/audit_events?limit=1&cursor="+*first.Next, ""))
	if second.Data[0].Type != "merchant.changed" || second.Data[0].Data["phone"] != "0212 555 00 00" || second.Data[0].Sequence >= first.Data[0].Sequence {
		t.Errorf("%+v", second)
	}
	if got := read[page[line]](t, h.ask("GET", "/v1/audit_events?about=member&actor="+first.Data[0].Actor+"&from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z", "")); len(got.Data) != 0 {
		t.Errorf("%+v", got)
	}
	for _, l := range read[page[line]](t, h.ask("GET", "/v1/audit_events", "", as(nextKey))).Data {
		if strings.Contains(l.Type, "decline") {
			t.Errorf("a neighbour sees %+v", l)
		}
	}
	if a := h.ask("GET", "/v1/audit_events/verify", ""); string(a.body) != `{"whole":true}` {
		t.Errorf("%s", a.body)
	}
	h.refused(h.ask("GET", "/v1/audit_events?cursor=x", ""), 400, "cursor_invalid")
	h.refused(h.ask("GET", "/v1/audit_events?cursor=0", ""), 400, "cursor_invalid")
	h.mistakes(h.ask("GET", "/v1/audit_events?limit=0", ""), "limit: out_of_range")
}

// How the page shows the merchant is changed field by field, by the rules that the panel has.
func TestBrandingIsChanged(t *testing.T) {
	h := open(t)
	type look struct {
		Version                         int64
		Name                            string
		Phone, Accent, LegalName, Email *string
		Brands                          []string
		Installments                    []int
		NoticeURL                       *string `json:"notice_url"`
	}
	was := read[look](t, h.ask("GET", "/v1/branding", ""))
	got := read[look](t, h.ask("PATCH", "/v1/branding", `{"phone":"0212 555 00 00","accent":"#1d4ed8","brands":["visa","troy"],"installments":[1,3],"email":"destek@shop.example"}`))
	if got.Version != was.Version+1 || got.Name != "Ahşap Atölyesi" || *got.Phone != "0212 555 00 00" || len(got.Brands) != 2 || len(got.Installments) != 2 {
		t.Errorf("%+v", got)
	}
	back := read[look](t, h.ask("PATCH", "/v1/branding", `{"version":`+"2"+`,"accent":null,"brands":null,"installments":null}`))
	if back.Accent != nil || back.Brands != nil || back.Installments != nil || *back.Phone != "0212 555 00 00" {
		t.Errorf("%+v", back)
	}
	h.refused(h.ask("PATCH", "/v1/branding", `{"version":1,"phone":null}`), 409, "stale")
	for body, want := range map[string]string{
		`{"name":null}`: "name: required", `{"phone":"yok"}`: "phone: phone_malformed", `{"email":"x"}`: "email: email_malformed", `{"website":"http://x.example"}`: "website: https_required",
		`{"accent":"blue"}`: "accent: color_malformed", `{"brands":[]}`: "brands: required", `{"brands":["jcb"]}`: "brands.0: not_a_choice", `{"installments":[13]}`: "installments.0: out_of_range",
		`{"name":"KOMSU"}`: "name: name_like_another", `{"logo":true,"notice_url":"x"}`: "logo: read_only, notice_url: read_only",
	} {
		h.mistakes(h.ask("PATCH", "/v1/branding", body), want)
	}
	if got := read[look](t, h.ask("PUT", "/v1/branding/privacy_notice", `{"notice_url":"https://shop.example/kvkk"}`)); *got.NoticeURL != "https://shop.example/kvkk" {
		t.Errorf("%+v", got)
	}
	h.mistakes(h.ask("PUT", "/v1/branding/privacy_notice", `{"notice_url":"ftp://x"}`), "notice_url: https_required")
	if got := read[look](t, h.ask("PUT", "/v1/branding/privacy_notice", `{"notice_url":null}`)); got.NoticeURL != nil {
		t.Errorf("%+v", got)
	}
	const texts = "/v1/decline_texts"
	if a := h.ask("PATCH", texts, `{"lang":"tr","code":"insufficient_funds","text":"Limit yetmedi."}`); string(a.body) != `{"lang":"tr","code":"insufficient_funds","text":"Limit yetmedi."}` {
		t.Errorf("%s", a.body)
	}
	if a := h.ask("GET", texts, ""); string(a.body) != `{"data":[{"lang":"tr","code":"insufficient_funds","text":"Limit yetmedi."}],"next_cursor":null}` {
		t.Errorf("%s", a.body)
	}
	h.ask("PATCH", texts, `{"lang":"tr","code":"insufficient_funds","text":null}`)
	if a := h.ask("GET", texts, ""); string(a.body) != `{"data":[],"next_cursor":null}` {
		t.Errorf("%s", a.body)
	}
	h.mistakes(h.ask("PATCH", texts, `{"lang":"de","code":"generic"}`), "lang: not_a_choice")
	h.mistakes(h.ask("PATCH", texts, `{"lang":"tr","code":"superseded"}`), "code: not_a_choice")
	h.mistakes(h.ask("PATCH", texts, `{"lang":"tr","code":"generic","text":"4155650100416111"}`), "text: looks_like_card")
	for _, target := range []string{"/v1/branding", texts} {
		h.refused(h.ask("PATCH", target, "{"), 400, "json_malformed")
		h.refused(h.ask("PATCH", target, "{}", header("Content-Type", "text/plain")), 415, "unsupported_media_type")
	}
	h.refused(h.ask("PUT", "/v1/branding/privacy_notice", "{"), 400, "json_malformed")
	h.refused(h.ask("PUT", "/v1/branding/privacy_notice", "{}", header("Content-Type", "text/plain")), 415, "unsupported_media_type")
}

// asker asks no bank.
type asker struct {
	api.Flow
	err error
}

func (f asker) AskNow(context.Context, checkout.By, checkout.MerchantID, checkout.PaymentID) (checkout.Payment, error) {
	return checkout.Payment{}, f.err
}

func TestTheBankIsAskedNow(t *testing.T) {
	h := open(t)
	p := h.paid(h.stored(h.make(plainLink).ID))
	ask := "/v1/payments/" + string(p.ID) + "/ask"
	h.refused(h.ask("POST", ask, ""), 409, "payment_not_pending")
	h.refused(h.ask("POST", ask, "", as(nextKey)), 404, "payment_not_found")
	h.refused(h.ask("POST", "/v1/payments/x/ask", ""), 404, "payment_not_found")
	busy := h.with(asker{h.flow, checkout.ErrAsking.After(time.Minute)})
	if a := busy.refused(busy.ask("POST", ask, ""), 409, "payment_being_asked"); a.header.Get("Retry-After") != "60" {
		t.Errorf("%v", a.header)
	}
	told := h.with(asker{Flow: h.flow})
	if a := told.ask("POST", ask, ""); a.status != http.StatusOK || read[struct{ Status string }](t, a).Status != "paid" {
		t.Errorf("%s %s", a, a.body)
	}
}
