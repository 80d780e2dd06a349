//go:build !race

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/cardscan"
	"github.com/odelink/odelink/threeds/banksim"
)

// The invariants I13 to I15: what of a card is written, shown or sent on.

// wallet is many cards that nobody else has, known to a scanner and to the suite's own scan.
type wallet struct {
	cards []string
	known *cardscan.Known
}

func newWallet(t *testing.T, n int) *wallet {
	t.Helper()
	known, err := cardscan.NewKnown([]byte("the cards of one test"))
	if err != nil {
		t.Fatal(err)
	}
	w := &wallet{known: known}
	dice := rand.New(rand.NewPCG(13, 15))
	bins := []string{"41556500", "45063400", "54061100", "97920411", "52224000", "40070900", "55496012"}
	for i := range n {
		pan := banksim.CardNumber(bins[i%len(bins)][:6], fmt.Sprintf("%03d", 300+i)) // scripted: any unknown script is approved
		if i%2 == 0 {
			pan = luhn19(bins[i%len(bins)] + fmt.Sprintf("%07d", 1_111_111+dice.IntN(8_000_000)))
		}
		w.add(t, pan)
	}
	return w
}

func (w *wallet) add(t *testing.T, pan string) string {
	t.Helper()
	if err := w.known.Add(pan); err != nil {
		t.Fatal(err)
	}
	if err := cardscan.Register(pan); err != nil {
		t.Fatal(err)
	}
	w.cards = append(w.cards, pan)
	return pan
}

// TestI13_no_card_was_written: hundreds of cards over all outcomes, then every byte on the disk and
// every answer that anybody got is searched for them, in every form.
func TestI13_no_card_was_written(t *testing.T) {
	t.Parallel()
	w := newWallet(t, 240)
	scanner := &cardscan.Scanner{Known: w.known}
	var mu sync.Mutex
	answers := 0
	opt := rigOptions{seen: func(a *http.Response, body []byte) {
		var head bytes.Buffer
		_ = a.Header.Write(&head) // a Buffer takes everything
		mu.Lock()
		defer mu.Unlock()
		answers++
		for _, text := range [][]byte{body, head.Bytes()} {
			if !strings.HasPrefix(a.Request.URL.Path, "/payfor") && !strings.HasPrefix(a.Request.URL.Path, "/acs") {
				for _, f := range scanner.Bytes(a.Request.Method+" "+a.Request.URL.Path, text) {
					t.Errorf("answered: %s", f)
				}
			}
		}
	}}
	for _, mode := range []string{"3dmodel", "3dpay"} {
		t.Run(mode, func(t *testing.T) {
			opt := opt
			opt.mode, opt.limits = mode, false
			r := newRig(t, opt)
			spend(t, r, w, mode)
			scanAll(t, r, scanner)
		})
	}
	if answers < 500 {
		t.Errorf("only %d answers were looked at", answers)
	}
}

// spend uses up a wallet in every way that a payment can end.
func spend(t *testing.T, r *rig, w *wallet, mode string) {
	t.Helper()
	cards := w.cards
	next := func(i int) (card, cvc string) { return cards[i%len(cards)], fmt.Sprintf("%03d", 101+i*7%899) }
	link := r.link(map[string]any{"usage": "multi", "payer_note": true, "installments": []int{1, 3}})["url"].(string)
	half := len(cards) / 2
	if mode != "3dmodel" {
		half = len(cards) / 8
	}
	for i := range half {
		card, cvc := next(i)
		b := r.browser()
		switch i % 6 {
		case 0: // mistakes
			b.pay(link, card, "card_cvc", cvc, "card_expiry", "13/29")
			b.pay(link, card, "card_cvc", cvc, "installments", "9")
			b.pay(link, card, "card_cvc", cvc, "payer_note", "kartım "+card)
			b.pay(link, card, "card_cvc", cvc, "card_holder", card)
			b.pay(link, card[:15], "card_cvc", cvc)
			continue
		case 1: // the bank is away at the opening
			r.bankFault(banksim.StepOpen, []string{banksim.FaultReset, banksim.FaultHTTP500, banksim.FaultGarbage}[i%3], "", 1)
			b.pay(link, card, "card_cvc", cvc)
			continue
		case 2: // left alone
			b.pay(link, card, "card_cvc", cvc)
			continue
		case 3: // a program
			r.stranger("Accept", "application/json").post(link+"/pay", cardForm(card, "card_cvc", cvc))
			continue
		}
		b.pay(link, card, "card_cvc", cvc, "payer_note", "hepsi "+fmt.Sprint(i))
		if b.status != http.StatusOK {
			t.Fatalf("pay: %d", b.status)
		}
		action, fields := b.callback([]string{"123456", "000000"}[i%2])
		if i%5 == 0 {
			forged := copied(fields)
			forged.Set("ErrMsg", "Kart "+card+" CVV "+cvc)
			b.post(action, forged)
			forged.Set("ResponseHash", "x"+card)
			b.post(action, forged)
		}
		b.post(action, fields)
	}
	// Every part that a scripted card can play, the answers that never come among them.
	for n, script := range []string{"000", "001", "002", "003", "004", "005", "041", "051", "054", "057", "061", "062", "065", "075", "082", "091", "900", "901", "902", "903"} {
		own := r.link(nil)["url"].(string)
		b := r.browser().pay(own, w.addOnce(t, banksim.CardNumber("450634", script)), "card_cvc", fmt.Sprintf("%03d", 501+n))
		for range 6 { // as far as there is a form: some banks never send back
			if b.status != http.StatusOK || !strings.Contains(b.body, "<form") || strings.Contains(b.url, "/r/") {
				break
			}
			action, fields := b.form()
			if fields.Has("otp") {
				fields.Set("otp", "123456")
				fields.Set("action", "submit")
			}
			b.post(action, fields)
		}
	}
	r.settleFor(3 * time.Minute)
	r.clock.advance(time.Hour)
	r.settle()
	s := r.stranger("Authorization", "Bearer "+demoAPIKey)
	for _, path := range []string{"/v1/payments?limit=100", "/v1/links?limit=100"} {
		for path != "" {
			a := s.get(r.base + path)
			var page struct {
				NextCursor string `json:"next_cursor"`
			}
			if err := json.Unmarshal([]byte(a.body), &page); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			cut, _, _ := strings.Cut(path, "&cursor=")
			if path = ""; page.NextCursor != "" {
				path = cut + "&cursor=" + url.QueryEscape(page.NextCursor)
			}
		}
	}
	for _, p := range r.allPayments() {
		s.get(r.base + "/v1/payments/" + string(p.ID))
		s.get(r.base + "/r/" + string(p.ID))
	}
	r.booksAgree()
}

func (w *wallet) addOnce(t *testing.T, pan string) string {
	t.Helper()
	for _, have := range w.cards {
		if have == pan {
			return pan
		}
	}
	return w.add(t, pan)
}

// scanAll searches the rig's folder, with samples planted in it: the scan finds all of them and
// nothing else.
func scanAll(t *testing.T, r *rig, scanner *cardscan.Scanner) {
	t.Helper()
	if err := r.app.log.Flush(); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(r.dir, "planted")
	planted, err := cardscan.Plant(dir)
	if err != nil {
		t.Fatal(err)
	}
	found, stats, err := scanner.Scan(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	others, err := cardscan.Missed(dir, planted, found)
	if err != nil {
		t.Error(err)
	}
	for _, f := range others {
		t.Errorf("written: %s", f)
	}
	if stats.Bytes < 1<<20 {
		t.Errorf("only %d bytes in %d files were looked at", stats.Bytes, stats.Files)
	}
	for _, name := range []string{"odelink.db", "odelink.db-wal", "odelink.log", "bank.log"} {
		if info, err := os.Stat(filepath.Join(r.dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s is not among what was looked at: %v", name, err)
		}
	}
	if err := os.RemoveAll(dir); err != nil { // the suite's own scan must not meet them
		t.Fatal(err)
	}
}

// The same run with another security code writes the same: nothing of it is anywhere, hashed or not.
func TestI13_SameRunWithAnotherCodeWritesTheSame(t *testing.T) {
	t.Parallel()
	first, again, other := written(t, "739", "not"), written(t, "739", "not"), written(t, "842", "not")
	if first != again {
		t.Fatalf("two like runs differ, so this test cannot tell: %s", difference(first, again))
	}
	if first != other {
		t.Errorf("another security code writes something else: %s", difference(first, other))
	}
	if first == written(t, "739", "başka") {
		t.Error("another note writes the same, so this test sees nothing")
	}
}

// changing is what differs between two runs whatever is paid: ports, wall clock, references, tokens of
// the bank's sessions.
var changing = regexp.MustCompile(`127\.0\.0\.1:\d+|"took":\d+|"time":"[^"]*"|"ref":"[^"]*"|"client":"[^"]*"|"addr":"[^"]*"`)

// written is everything that a run leaves behind, as text.
func written(t *testing.T, cvc, note string) string {
	t.Helper()
	r := newRig(t, rigOptions{tame: true, seams: func(s *seams) { s.random = newSeed("the same") }, config: func(c *Config) {
		c.PublicURL = "http://127.0.0.1:1" // the port is new each time, and receipts hold it as a picture
	}})
	link := r.at(r.link(map[string]any{"usage": "multi", "payer_note": true})["url"].(string))
	for _, script := range []string{"000", "001", "004", "051", "900"} {
		b := r.browser().pay(link, banksim.CardNumber("415565", script), "card_cvc", cvc, "payer_note", note)
		action, fields := b.callback("123456")
		b.post(r.at(action), fields)
	}
	r.browser().pay(link, cardWithout, "card_cvc", cvc, "card_expiry", "13/13")
	r.browser().pay(link, cardWithout, "card_cvc", cvc) // left at the bank
	r.settleFor(time.Minute)
	var out strings.Builder
	for _, p := range r.allPayments() {
		p.Head = nil // keyed by the ledger's own random secret, over what stands here anyway
		fmt.Fprintf(&out, "%+v\n", p)
		list, err := r.app.ledger.Events(context.Background(), demoMerchant, string(p.ID))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			e.Prev, e.Hash = nil, nil
			fmt.Fprintf(&out, "%+v\n", e)
		}
	}
	r.stop()
	for _, name := range []string{"odelink.log", "bank.log"} {
		raw, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		out.Write(raw)
	}
	db, err := os.Stat(filepath.Join(r.dir, "odelink.db"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&out, "ledger: %d bytes\n", db.Size())
	return changing.ReplaceAllString(out.String(), "·")
}

// difference is the first line that is not the same.
func difference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return fmt.Sprintf("line %d:\n%.700s\n%.700s", i+1, left[i], right[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(left), len(right))
}

// instant is the moment of a line of the log, or how long what it tells of took, in nanoseconds: their digits are any
// digits, a card's last ones, too.
var instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z|"took":\d+`)

// I14: of all outputs together nobody learns more than the first eight (six of a shorter number) and the
// last four digits.
func TestI14_WhatOfACardIsShown(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var outputs strings.Builder
	r := newRig(t, rigOptions{seen: func(a *http.Response, body []byte) {
		if !strings.HasPrefix(a.Request.URL.Path, "/p/") && !strings.HasPrefix(a.Request.URL.Path, "/r/") && !strings.HasPrefix(a.Request.URL.Path, "/v1/") && !strings.HasPrefix(a.Request.URL.Path, "/3ds/") {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(&outputs, "%s %v\n%s\n", a.Request.URL.Path, a.Header, body)
	}})
	w := newWallet(t, 0)
	for _, tc := range []struct {
		card, cvc string
		shown     int // leading digits
	}{
		{w.add(t, luhn19("415565137246918")), "123", 8},
		{w.add(t, luhn19("37828713724695")), "1234", 6},    // American Express, 15 digits
		{w.add(t, luhn19("415565137246918273")), "123", 8}, // 19 digits
	} {
		outputs.Reset()
		link := r.link(map[string]any{"installments": []int{1, 3}, "payer_note": true})["url"].(string)
		b := r.browser()
		b.pay(link, tc.card, "card_cvc", tc.cvc, "installments", "9")
		b.pay(link, tc.card, "card_cvc", tc.cvc, "card_expiry", "13/13")
		b.pay(link, tc.card, "card_cvc", tc.cvc)
		r.must("pay", b.status, http.StatusOK)
		id := b.paymentID()
		b.finish("123456")
		r.must("result", heading(b.body), pagePaid)
		r.stranger("Authorization", "Bearer "+demoAPIKey).get(r.base + "/v1/payments/" + id)
		r.stranger().get(r.base + "/v/" + checkout.ReceiptCode(checkout.PaymentID(id)))
		if err := r.app.log.Flush(); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(filepath.Join(r.dir, "odelink.log"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := r.app.ledger.Events(context.Background(), demoMerchant, id)
		if err != nil {
			t.Fatal(err)
		}
		all := outputs.String() + instant.ReplaceAllString(string(log), "") + fmt.Sprintf("%+v %+v", r.ledgerPayment(id), list)
		if tooMuch := tc.card[:tc.shown+1]; strings.Contains(all, tooMuch) {
			t.Errorf("a card of %d digits: %d leading digits are shown: …%s…", len(tc.card), tc.shown+1, around(all, tooMuch))
		}
		if tooMuch := tc.card[len(tc.card)-5:]; strings.Contains(all, tooMuch) {
			t.Errorf("a card of %d digits: five last digits are shown: …%s…", len(tc.card), around(all, tooMuch))
		}
		middle := tc.card[tc.shown : len(tc.card)-4]
		if len(middle) >= 5 && strings.Contains(all, middle) {
			t.Errorf("the middle digits are shown: …%s…", around(all, middle))
		}
		if !strings.Contains(all, tc.card[:tc.shown]) || !strings.Contains(all, tc.card[len(tc.card)-4:]) {
			t.Error("first and last digits are nowhere: this test looks at the wrong outputs")
		}
		found, _, err := (&cardscan.Scanner{Known: w.known}).Scan(r.dir)
		if err != nil || len(found) > 0 {
			t.Errorf("written: %v, %v", found, err)
		}
	}
}

func around(text, part string) string {
	i := strings.Index(text, part)
	return text[max(0, i-80):min(len(text), i+len(part)+40)]
}
