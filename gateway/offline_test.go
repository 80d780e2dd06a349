//go:build !race

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// mints asks the command line for an address, as an ERP would ask its own code.
func (r *rig) mints(key string, args ...string) string {
	r.t.Helper()
	file := filepath.Join(r.dir, "offline.key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	var out bytes.Buffer
	args = append([]string{"mint", "-url", r.base, "-key-file", file, "-amount", "250.00", "-expires", "2026-11-25T20:59:00Z"}, args...)
	if err := start(r.t.Context(), args, &out); err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

// opens answers where an address leads, and what its page says.
func (r *rig) opens(address string) (status int, to, body string) {
	r.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Language", "tr")
	resp, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), b.String()
}

func TestLinksThatAnERPMintsByItself(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{limits: true})
	newKey := func() (id, secret string) {
		status, made := r.api("POST", "/v1/offline_keys", map[string]any{"name": "ERP"})
		r.must("made", status, http.StatusCreated)
		return fmt.Sprint(made["id"]), fmt.Sprint(made["secret"])
	}
	id, secret := newKey()
	address := r.mints(secret, "-reference", "FT2026000000001", "-description", "Kışlık lastik")
	r.must("nothing was made yet", len(r.allLinks()), 0)
	status, to, _ := r.opens(address)
	r.must("leads to", []any{status, strings.HasPrefix(to, "/p/")}, []any{303, true})
	again, where, _ := r.opens(address)
	r.must("and always there", []any{again, where}, []any{303, to})
	_, lang, _ := r.opens(address + "?lang=en")
	r.must("in a language", lang, to+"?lang=en")
	links := r.allLinks()
	r.must("one link", []any{len(links), links[0]["order_id"], links[0]["amount"], links[0]["description"], links[0]["token"]}, []any{1, "FT2026000000001", 25000, "Kışlık lastik", to[3:]})
	payment := r.paidBy(links[0], "001")
	r.app.flow.Wait()
	r.must("paid", r.ledgerPayment(payment).Status, checkout.StatusPaid)
	if status, _, page := r.opens(r.base + to); status != http.StatusGone || !strings.Contains(page, "tamamlandı") {
		t.Errorf("%d %s", status, page)
	}

	revoked := r.mints(secret, "-reference", "FT-2")
	if status, _ := r.api("POST", "/v1/offline_links/revoke", map[string]any{"order_id": "FT-2"}); status != 200 {
		t.Error(status)
	}
	gone := func(what, address, says string) {
		t.Helper()
		status, to, page := r.opens(address)
		if status != http.StatusGone || to != "" || !strings.Contains(page, says) || !strings.Contains(page, "<h1") {
			t.Errorf("%s: %d %s %s", what, status, to, page)
		}
	}
	gone("revoked by its reference", revoked, "bu ödeme linkini kapattı")
	gone("other terms for a number that has a link", r.mints(secret, "-reference", "FT2026000000001", "-amount", "1.00"), "bu ödeme linkini kapattı")
	r.link(map[string]any{"amount": 100, "currency": "TRY", "order_id": "ELLE-1"})
	gone("a number that another link has", r.mints(secret, "-reference", "ELLE-1"), "bu ödeme linkini kapattı")
	late := r.mints(secret, "-reference", "FT-3")
	ended := r.mints(secret, "-reference", "FT-4")
	r.clock.advance(4 * 24 * time.Hour)
	gone("expired before anybody opened it", late, "tarihinde doldu")
	other, theirs := newKey()
	open := r.mints(theirs, "-reference", "FT-5", "-expires", "2026-12-25T20:59:00Z")
	_, to, _ = r.opens(open)
	unopened := r.mints(theirs, "-reference", "FT-6", "-expires", "2026-12-25T20:59:00Z")
	for _, one := range []string{id, other} {
		if status, _ := r.api("DELETE", "/v1/offline_keys/"+one, nil); status != http.StatusNoContent {
			t.Error(status)
		}
	}
	gone("of a revoked key, and expired", ended, "bu ödeme linkini kapattı")
	gone("of a revoked key", unopened, "bu ödeme linkini kapattı")
	_, still, _ := r.opens(open)
	r.must("what was opened before goes on", still, to)

	for what, forged := range map[string]string{
		"a changed character": open[:len(open)-1] + map[bool]string{true: "y", false: "x"}[strings.HasSuffix(open, "x")], "nothing": r.base + "/o/0", "words": r.base + "/o/hello", "too long": r.base + "/o/" + strings.Repeat("z", 300), "another key's number": open[:len(open)-30] + "zzz" + open[len(open)-27:],
	} {
		if status, _, page := r.opens(forged); status != http.StatusNotFound || !strings.Contains(page, "<h1") {
			t.Errorf("%s: %d", what, status)
		}
	}
	for i := 0; i < 40; i++ {
		if status, _, _ = r.opens(r.base + "/o/" + fmt.Sprint(i)); status == http.StatusTooManyRequests {
			break
		}
	}
	r.must("whoever guesses waits (A29)", status, http.StatusTooManyRequests)
	r.trailWhole()
}

// allLinks are the shop's, as the API shows them.
func (r *rig) allLinks() (all []map[string]any) {
	r.t.Helper()
	_, list := r.api("GET", "/v1/links?limit=100", nil)
	for _, one := range list["data"].([]any) {
		all = append(all, one.(map[string]any))
	}
	return all
}

func TestMintTellsWhatIsWrong(t *testing.T) {
	t.Setenv(mintKey, "ofk_0a1b2c_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc")
	for args, want := range map[string]string{
		"-amount x -reference 1":                      "-amount",
		"-amount 1.00":                                "reference",
		"-amount 1.00 -reference 1 -currency CHF":     "-amount",
		"-amount 1.00 -reference 1 -expires morgen":   "-expires",
		"-amount 1.00 -reference 1 -key-file /none":   "none",
		"-amount 1.00 -reference 1 more":              "more",
		"-amount 0.00 -reference 1":                   "amount",
		"-amount 1.00 -reference 1 -key-file mint.go": "key",
	} {
		var out bytes.Buffer
		if err := start(t.Context(), append([]string{"mint"}, strings.Fields(args)...), &out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	var out bytes.Buffer
	if err := start(t.Context(), []string{"mint", "-url", "https://ode.example/", "-amount", "1250.50", "-reference", "ABC2026000000123", "-expires", "2026-12-31T20:59:00Z"}, &out); err != nil || out.String() != "https://ode.example/o/SUTZ8kS8XEZW92NI9jVsnl0knZCtnCYqgfl2qerB\n" {
		t.Errorf("%s %v", out.String(), err)
	}
}
