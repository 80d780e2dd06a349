package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// laneAlone serves the lane in front of an app that has no route: what is answered there, the lane answered.
func laneAlone(t *testing.T, a *app) (base string) {
	t.Helper()
	return serveOnLoopback(t, web.Server{App: web.NewApp(web.Config{}), Lane: a.lane})
}

func serveOnLoopback(t *testing.T, s web.Server) (base string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, web.Wrap(listener, web.ListenOptions{}))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

// attempts and times of day differ from one page to the next.
var ofOneView = regexp.MustCompile(`name="attempt" value="[^"]*"`)

// laneAsk answers status, headers and the page as people see it.
func laneAsk(t *testing.T, address string, headers http.Header) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = headers.Clone()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	resp.Header.Del("Date")
	return resp.StatusCode, resp.Header, ofOneView.ReplaceAllString(string(body), "")
}

// The page and the offers of a link are the same on the lane as through the app, which a cookie leads to,
// in each language, compressed and not.
func TestTheLaneShowsThePagesOfTheApp(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{limits: true})
	base := laneAlone(t, r.app)
	for _, terms := range []map[string]any{
		nil, {"description": `Kira "Kasım" <2026> & daha`, "payer_note": true},
		{"amount": nil, "amount_mode": "open", "min_amount": 1000, "max_amount": 500000},
	} {
		token := "/p/" + r.link(terms)["token"].(string)
		for _, path := range []string{token, token + "/installments?bin=" + card("000")[:8], token + "/installments?bin=400709"} {
			for _, language := range []string{"tr", "en-GB,en;q=0.9,tr;q=0.1", "de"} {
				for _, coding := range []string{"identity", "gzip, br", "gzip;q=0"} {
					wish := http.Header{"Accept-Language": {language}, "Accept-Encoding": {coding}, "User-Agent": {"lane"}}
					status, headers, body := laneAsk(t, base+path, wish)
					wish.Set("Cookie", "of=nobody")
					wantStatus, wantHeaders, want := laneAsk(t, r.base+path, wish)
					length, wantLength := headers.Get("Content-Length"), wantHeaders.Get("Content-Length")
					r.must(path+"'s status", status, http.StatusOK)
					r.must("the app's", wantStatus, http.StatusOK)
					r.must(path+"'s headers", headers, wantHeaders)
					if body != want || length != wantLength {
						t.Errorf("%s, %s, %s: the lane answers %s bytes\n%s\nthe app %s\n%s", path, language, coding, length, body, wantLength, want)
					}
				}
			}
		}
	}
}

// A question that says two things at once is refused, as the API does: the lane leaves it to the app.
func TestAQuestionWithTwoBINsIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	offers := r.base + "/p/" + r.link(map[string]any{"amount": nil, "amount_mode": "open", "min_amount": 1000, "max_amount": 500000})["token"].(string) + "/installments?bin=415565"
	for query, want := range map[string]int{"": 200, "&amount=2000": 200, "&bin=400709": 400, "&bin=415565": 400, "&b%69n=400709": 400, "&bin": 400, "&amount=2000&amount=3000": 400} {
		a := r.stranger().get(offers + query)
		r.must(query, a.status, want)
		if want == 400 {
			r.must(query, a.problem(t), "repeated")
		}
	}
}

// Whatever is not a page to pay on is the app's: the lane says nothing about a link that is over, unknown,
// asked for too often or asked for by somebody who guesses.
func TestTheLaneLeavesEverythingElseToTheApp(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{limits: true})
	base := laneAlone(t, r.app)
	link := r.link(map[string]any{"expires_at": r.clock.Now().Add(time.Hour).Format(time.RFC3339)})
	page := "/p/" + link["token"].(string)
	said := func(path string) int {
		status, _, _ := laneAsk(t, base+path, http.Header{})
		return status
	}
	r.must("a page", said(page), http.StatusOK)
	for _, path := range []string{page + "/installments?bin=41556", page + "/installments?bin=4155650x", "/p/AAAAAAAAAAAA", "/p/AAAAAAAAAA-A", page + "?bin=415565"} {
		r.must(path, said(path), http.StatusNotFound)
	}
	r.app.limits.Missed(t.Context(), "203.0.113.1")
	r.must("while somebody has missed", said(page), http.StatusOK)
	for range 40 {
		r.app.limits.Missed(t.Context(), "203.0.113.1")
	}
	r.must("while somebody is blocked", said(page), http.StatusNotFound)
	r.clock.advance(2 * time.Hour)
	r.must("when it is over", said(page), http.StatusNotFound)
}

// A question on the lane counts as one at the app: over the limit only the single payment is told (E11).
func TestA29_TheLaneCountsQuestions(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{limits: true})
	offers := "/p/" + r.link(nil)["token"].(string) + "/installments?bin=" + card("000")[:8]
	base := laneAlone(t, r.app)
	_, _, many := laneAsk(t, base+offers, http.Header{})
	for range 15 {
		laneAsk(t, base+offers, http.Header{})
		laneAsk(t, r.base+offers, http.Header{"Cookie": {"of=nobody"}})
	}
	_, _, one := laneAsk(t, base+offers, http.Header{})
	if bytes.Count([]byte(many), []byte(`"count"`)) < 2 || bytes.Count([]byte(one), []byte(`"count"`)) != 1 {
		t.Errorf("first %s, over the limit %s", many, one)
	}
}

// Offers that are kept as they were written follow the price, the counts, the category, the card and the
// merchant's accounts.
func TestKeptOffersAreThoseOfTheLinkAndOfNow(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	base := laneAlone(t, r.app)
	ask := func(terms map[string]any, bin string) string {
		t.Helper()
		path := "/p/" + r.link(terms)["token"].(string) + "/installments?bin=" + bin
		status, _, first := laneAsk(t, base+path, http.Header{})
		r.must(path, status, http.StatusOK)
		_, _, again := laneAsk(t, base+path, http.Header{})
		r.must("asked again, "+path, again, first)
		return first
	}
	bin := card("000")[:8]
	said := map[string]string{}
	for name, answer := range map[string]string{
		"usual": ask(nil, bin), "dearer": ask(map[string]any{"amount": 25001}, bin), "fewer counts": ask(map[string]any{"installments": []int{1, 2, 6}}, bin),
		"once": ask(map[string]any{"installments": []int{1}}, bin), "capped by law": ask(map[string]any{"category": "electronics"}, bin), "six digits": ask(nil, bin[:6]),
		"debit": ask(nil, "400709"), "in dollars": ask(map[string]any{"amount": 25000, "currency": "USD"}, bin),
	} {
		for other, same := range said {
			if same == answer {
				t.Errorf("%s is answered as %s: %s", name, other, answer)
			}
		}
		said[name] = answer
	}
	r.account(func(acc *checkout.Account) { acc.Rates = []checkout.RateRow{{Count: 2, Rate: 12_300}} })
	r.clock.advance(3 * time.Second) // accounts are read again every two
	if changed := ask(nil, bin); !strings.Contains(changed, `"rate":"1.23"`) || strings.Contains(changed, `"count":3`) {
		t.Errorf("with another table of the account: %s", changed)
	}
}
