//go:build !race

package main

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// What one payer typed or paid is no other's to read, and the form's answer gives nobody the card back.

// tracesOf finds digits of what was typed in an answer, gaps and entities between them taken out: any eight
// that follow each other, behind the BIN that the instalments are asked for with (I14).
func tracesOf(typed string, a answer) (found []string) {
	fold := func(text string) string {
		return strings.Map(func(r rune) rune {
			switch {
			case r >= '０' && r <= '９':
				return r - '０' + '0'
			case strings.ContainsRune(" \t\n-._/\u00a0", r):
				return -1
			}
			return r
		}, text)
	}
	text, digits := fold(html.UnescapeString(a.body)+fmt.Sprint(a.header)), fold(typed)
	for i := 1; i+8 <= len(digits); i++ {
		if strings.Contains(text, digits[i:i+8]) {
			found = append(found, digits[i:i+8])
		}
	}
	return found
}

// I13, checklist C16: whatever was wrong with a form, neither the page nor the problem for programs carries
// number or security code back, be the number a card's or not: who mistypes has typed most of one.
func TestI13_ARefusedFormGivesNothingOfTheCardBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	link := r.link(map[string]any{"payer_note": true, "installments": []int{1, 3}})["url"].(string)
	pan := luhn19("415565917304628")
	const cvc = "739184625"
	for name, number := range map[string]string{
		"a card":          pan,
		"spaced":          pan[:4] + " " + pan[4:8] + " " + pan[8:12] + " " + pan[12:],
		"dashed":          pan[:4] + "-" + pan[4:8] + "-" + pan[8:12] + "-" + pan[12:],
		"full-width":      widen(pan),
		"no check digit":  pan[:15] + string('0'+(pan[15]-'0'+1)%10),
		"a digit short":   pan[:15],
		"ten digits":      pan[:10],
		"a digit too far": pan + "73",
		"a letter in it":  pan[:9] + "x" + pan[9:],
		"markup":          `">` + pan,
	} {
		for _, wrong := range [][2]string{
			{"card_expiry", "13/29"}, {"card_expiry", ""}, {"card_cvc", cvc}, {"card_holder", "A\x07B"}, {"installments", "9"}, {"payer_note", "A\x07B"},
		} {
			for _, accept := range []string{"text/html", "application/json"} {
				a := r.stranger("Accept", accept).post(link+"/pay", cardForm(number, wrong[0], wrong[1]))
				if a.status != http.StatusUnprocessableEntity {
					t.Fatalf("%s, %s %q: %d", name, wrong[0], wrong[1], a.status)
				}
				if found := append(tracesOf(number, a), tracesOf(cvc, a)...); found != nil {
					t.Errorf("%s, %s %q, %s: the answer holds %v", name, wrong[0], wrong[1], accept, found)
				}
			}
		}
	}
}

// Checklist H8, A18: somebody else's payment is nobody's to read on a link that many pay, at any time: while
// it is at the bank, while it is in doubt, when the link is full, and for who came second.
func TestA18_AnothersPaymentIsShownToNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	const note, number = "Perdeler mavi olsun", "4155650000000007"
	for name, terms := range map[string]map[string]any{
		"a link for one":     {"usage": "single", "payer_note": true},
		"a link for several": {"usage": "multi", "max_payments": 1, "payer_note": true},
	} {
		link := r.link(terms)
		address := link["url"].(string)
		first := r.browser().pay(address, number, "payer_note", note)
		id := first.paymentID()
		second := r.atBank(link)
		look := func(when string, status int, a answer) {
			t.Helper()
			if a.status != status {
				t.Errorf("%s, %s: %d, want %d", name, when, a.status, status)
			}
			p := r.ledgerPayment(id)
			for what, text := range map[string]string{"number": id[4:14], "note": note, "card": "•••• " + number[12:], "authorisation": p.AuthCode, "reference": p.RRN} {
				if text != "" && strings.Contains(plainText(a.body)+a.body+fmt.Sprint(a.header), text) {
					t.Errorf("%s, %s: a stranger reads the other's %s", name, when, what)
				}
			}
		}
		stranger := func(when string, status int) {
			t.Helper()
			look(when, status, r.stranger("Accept", "text/html").get(address))
			look(when+", for programs", status, r.stranger("Accept", "application/json").get(address))
		}
		stranger("while it is at the bank", http.StatusOK)
		r.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
		first.finish("123456")
		r.must(name+": the first is in doubt", r.ledgerPayment(id).Status, checkout.StatusPending)
		stranger("while it is in doubt", http.StatusConflict)
		second.back()
		look("for who came second", http.StatusConflict, answer{second.status, second.header, second.body})
		look("who came second, again", http.StatusOK, r.stranger("Accept", "text/html").get(r.base+"/r/"+second.id))
		r.settleUntil(id, checkout.StatusPaid)
		look("for who came second, later", http.StatusOK, r.stranger("Accept", "text/html").get(r.base+"/r/"+second.id))
		look("to a program", http.StatusGone, r.stranger("Accept", "application/json").get(address))
		if name == "a link for several" { // that of one shows its receipt to whoever has the link (contract, section 3)
			stranger("when the link is full", http.StatusGone)
			look("who pays a full link", http.StatusConflict, r.stranger("Accept", "text/html").post(address+"/pay", cardForm(cardWithout)))
		}
	}
}

// I4, checklist J4: before the bank's explicit yes there is no receipt, neither on the page nor as a file nor
// behind a code; whatever else became of the payment, there never is one.
func TestI04_NoReceiptBeforeTheBanksYes(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	receipts := func(when, id string, there bool) {
		t.Helper()
		file, page := r.stranger().get(r.base+"/r/"+id+"/receipt.pdf"), r.stranger("Accept", "text/html").get(r.base+"/r/"+id)
		code := r.stranger("Accept", "text/html").get(r.base + "/v/" + checkout.ReceiptCode(checkout.PaymentID(id)))
		got := []bool{strings.HasPrefix(file.body, "%PDF"), strings.Contains(page.body, "/v/"), strings.Contains(code.body, checkout.ReceiptCode(checkout.PaymentID(id)))}
		if want := []bool{there, there, there}; !slices.Equal(got, want) {
			t.Errorf("%s: receipt as a file, on the page, behind its code: %v", when, got)
		}
		status := http.StatusNotFound
		if there {
			status = http.StatusOK
		}
		r.must(when+": file", file.status, status)
		r.must(when+": code", code.status, status)
	}
	p := r.atBank(nil)
	receipts("at the bank", p.id, false)
	r.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	p.back()
	r.must("in doubt", r.ledgerPayment(p.id).Status, checkout.StatusPending)
	receipts("in doubt", p.id, false)
	r.settleUntil(p.id, checkout.StatusPaid)
	receipts("paid", p.id, true)
	for script, want := range map[string]checkout.Status{"051": checkout.StatusDeclined, "900": checkout.StatusFailed} {
		id := r.paidBy(r.link(nil), script)
		r.must(script, r.ledgerPayment(id).Status, want)
		receipts(string(want), id, false)
	}
}
