//go:build !race

package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

var shopLink = regexp.MustCompile(`id="shop" href="([^"]*)"`)

// session makes a checkout session of a shop on this machine.
func (r *rig) session() map[string]any {
	r.t.Helper()
	status, s := r.api("POST", "/v1/checkout/sessions", map[string]any{
		"amount": 25000, "currency": "TRY", "success_url": "https://shop.example/paid?basket=7", "cancel_url": "https://shop.example/basket",
	})
	if status != http.StatusCreated {
		r.t.Fatalf("session: %d %v", status, s)
	}
	return s
}

// verified reads the result that the page of a payment sends the customer back with, as a shop does.
func (r *rig) verified(secret, page string) url.Values {
	r.t.Helper()
	m := shopLink.FindStringSubmatch(page)
	if m == nil {
		r.t.Fatalf("no way back to the shop: %.400s", page)
	}
	said, found := strings.CutPrefix(html.UnescapeString(m[1]), "https://shop.example/paid?basket=7&")
	before, signature, signed := strings.Cut(said, "&signature=")
	if !found || !signed {
		r.t.Fatalf("the way back is %s", m[1])
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(before))
	if hex.EncodeToString(mac.Sum(nil)) != signature {
		r.t.Fatalf("the signature of %s is wrong", said)
	}
	values, err := url.ParseQuery(before)
	if err != nil {
		r.t.Fatal(err)
	}
	return values
}

func TestSessionGoesToTheTillAndBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for script, want := range map[string]checkout.Status{"001": checkout.StatusPaid, "051": checkout.StatusDeclined} {
		s := r.session()
		b := r.browser().get(r.at(s["url"].(string)))
		r.must("page", b.status, http.StatusOK)
		if !strings.Contains(b.body, `href="/c/`+s["id"].(string)+`/cancel"`) || !strings.Contains(b.body, "Vazgeç ve mağazaya dön") {
			t.Errorf("no way back on the page: %.600s", b.body)
		}
		_, link := r.api("GET", "/v1/links/"+s["link"].(string), nil)
		id := r.paidBy(link, script)
		page := r.browser().get(r.base + "/r/" + id)
		result := r.verified(s["secret"].(string), page.body)
		r.must("result", []string{result.Get("session"), result.Get("payment"), result.Get("status"), result.Get("amount"), result.Get("currency")},
			[]string{s["id"].(string), id, string(want), "25000", "TRY"})
		_, read := r.api("GET", "/v1/checkout/sessions/"+s["id"].(string), nil)
		r.must("status", read["status"], map[checkout.Status]string{checkout.StatusPaid: "paid", checkout.StatusDeclined: "active"}[want])
	}
	r.proven()
}

func TestSessionIsLeftAndKept(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	s := r.session()
	id := s["id"].(string)
	c := r.stranger().get(r.base + "/c/" + id + "/cancel")
	r.must("left", fmt.Sprint(c.status, " ", c.header.Get("Location")), "303 https://shop.example/basket")
	_, read := r.api("GET", "/v1/checkout/sessions/"+id, nil)
	r.must("still open", read["status"], "active")

	// So do the other language, and instalments without scripts.
	for _, query := range []string{"?lang=en", "?bin=415565"} {
		page := r.browser().get(r.base + "/c/" + id + query)
		r.must(query, []any{page.status, strings.Contains(page.body, "/c/"+id+"/cancel"), strings.Contains(page.body, `href="/c/`+id+`?lang=`)}, []any{200, true, true})
	}
	r.must("the question's address", strings.Contains(r.browser().get(r.base+"/c/"+id).body, `action="/c/`+id+`"`), true)

	status, edit := r.api("PATCH", "/v1/links/"+fmt.Sprint(s["link"]), map[string]any{"return_url": nil})
	r.must("the way back is the session's", fmt.Sprint(status, edit["errors"].([]any)[0].(map[string]any)["code"]), "422read_only")

	// A mistake keeps the way back; the form of a plain link has none.
	form := url.Values{"card_number": {"1"}, "session": {id}}
	wrong := r.browser().post(r.base+"/p/"+r.tokenOf(s)+"/pay", form)
	r.must("mistakes", wrong.status, http.StatusUnprocessableEntity)
	r.must("the way back", strings.Contains(wrong.body, "/c/"+id+"/cancel"), true)
	form.Set("session", `cs_"><script>`)
	wrong = r.browser().post(r.base+"/p/"+r.tokenOf(s)+"/pay", form)
	r.must("what is no session", strings.Contains(wrong.body, "cs_"), false)
	plain := r.browser().get(r.at(r.link(nil)["url"].(string)))
	r.must("a plain link", strings.Contains(plain.body, "/cancel"), false)

	for _, unknown := range []string{"/c/cs_0000000000000000000000", "/c/x", "/c/cs_0000000000000000000000/cancel"} {
		r.must(unknown, r.stranger().get(r.base+unknown).status, http.StatusNotFound)
	}
	r.clock.advance(25 * time.Hour)
	r.must("expired", r.browser().get(r.base+"/c/"+id).status, http.StatusGone)
}

// tokenOf is the token of a session's link.
func (r *rig) tokenOf(s map[string]any) string {
	r.t.Helper()
	_, link := r.api("GET", "/v1/links/"+s["link"].(string), nil)
	return link["token"].(string)
}
