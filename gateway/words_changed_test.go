package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

// metric is what a metric without labels says now, "" where there is none.
func (r *rig) metric(name string) string {
	r.t.Helper()
	a := httptest.NewRecorder()
	r.app.admin().Handler.ServeHTTP(a, httptest.NewRequest("GET", "/metrics", nil))
	_, rest, _ := strings.Cut(a.Body.String(), "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// changedWords is a ledger in which a hand changed every merchant's own words.
type changedWords struct{ checkout.Ledger }

func (changedWords) PageWords(_ context.Context, m checkout.MerchantID) (checkout.PageWords, error) {
	return checkout.PageWords{}, fmt.Errorf("merchant %s: %w", m, checkout.ErrWordsChanged)
}

// A67: words of a merchant's that a hand changed stop no page and stand on none. People are told once, by the metric
// for as long as it is so, and what the merchant saves next takes their place.
func TestA67_ChangedWordsStopNoPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(nil)["url"].(string)
	r.must("as it should be", r.metric("odelink_page_words_changed"), "0")
	whole := r.app.writes.Ledger
	r.app.writes.Ledger = changedWords{whole}
	for range 2 {
		r.app.flow.Forget(demoMerchant)
		r.must("the page", r.stranger().get(link).status, http.StatusOK)
	}
	told := r.logged("a merchant's own words were changed by hand: its pages say the built-in ones")
	r.must("told once, as an error, and counted", []any{len(told), told[0]["level"], r.metric("odelink_page_words_changed")}, []any{1, "ERROR", "1"})
	r.app.writes.Ledger = whole
	r.must("saved anew", r.app.flow.SetNoticeURL(t.Context(), checkout.By{Actor: "operator"}, demoMerchant, "https://ahsap.example/kvkk"), nil)
	r.must("the page with them", strings.Contains(r.stranger().get(link).body, "https://ahsap.example/kvkk"), true)
	r.must("all is well", r.metric("odelink_page_words_changed"), "0")
}
