package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout"
)

// patient is for tests whose load may be slow on a small machine and must not be taken for a silent bank.
var patient = checkout.Timing{
	Provision: time.Minute, Answer: time.Minute, Opening: time.Minute, Inquiry: time.Minute, Settle: time.Minute, Abandon: 30 * time.Minute,
}

// A24, I1, I2: three hundred browsers pay one single-use link at once, then all come back at once.
func TestA24_ManyPayersOfOneLink(t *testing.T) {
	t.Parallel()
	const many = 300
	r := newRig(t, rigOptions{timing: patient})
	link := r.link(nil)["url"].(string)
	form := cardForm(cardWithout).Encode()
	pages := make([]*browser, many)
	inParallel(many, many, func(i int) {
		a, err := r.stranger().try("POST", link+"/pay", formType, form)
		if err != nil || a.status != http.StatusOK {
			t.Errorf("pay: %d, %v", a.status, err)
		}
		pages[i] = &browser{r: r, lang: "tr", url: link + "/pay", status: a.status, body: a.body}
	})
	if t.Failed() {
		t.FailNow()
	}
	actions, fields, ids := make([]string, many), make([]string, many), make([]string, many)
	for i, b := range pages {
		ids[i] = b.paymentID()
		action, form := b.callback("")
		actions[i], fields[i] = action, form.Encode()
	}
	statuses, texts := make([]int, many), make([]string, many)
	inParallel(many, many, func(i int) {
		a, err := r.stranger().try("POST", actions[i], formType, fields[i])
		if err != nil {
			t.Error(err)
		}
		statuses[i], texts[i] = a.status, plainText(a.body)
	})
	r.app.flow.Wait()
	r.must("answers", total(statuses), fmt.Sprint(map[int]int{http.StatusSeeOther: 1, http.StatusConflict: many - 1}))
	r.must("authorising calls", r.provisions(), 1)
	for i, id := range ids {
		if statuses[i] == http.StatusSeeOther {
			r.ended(id, checkout.StatusPaid, "", 1)
			continue
		}
		if !strings.Contains(texts[i], anotherPayment) {
			t.Errorf("a loser reads %.300q", texts[i])
		}
		if p := r.ledgerPayment(id); p.Status != checkout.StatusFailed || p.Decline.Code != checkout.ReasonLinkUsed {
			t.Errorf("a loser is %s %s", p.Status, p.Decline.Code)
		}
	}
	r.proven()
}

// A62: a thousand payers at once, each with texts of his own: nobody meets another's.
func TestA62_ThousandPayers(t *testing.T) {
	t.Parallel()
	const many = 1000
	r := newRig(t, rigOptions{timing: patient})
	type person struct{ link, token, note, id string }
	people := make([]person, many)
	inParallel(many, 8, func(i int) {
		l, err := r.app.flow.CreateLink(context.Background(), checkout.By{Actor: "test"}, demoMerchant, checkout.LinkTerms{
			Amount: checkout.Money{Minor: int64(100_000 + i), Currency: checkout.TRY}, Description: fmt.Sprintf("malzeme<%d>", i), PayerNote: true,
		}, nil)
		if err != nil {
			t.Error(err)
			return
		}
		people[i] = person{link: r.app.flow.LinkURL(l.Token), token: string(l.Token), note: fmt.Sprintf("not %d", i)}
	})
	mixed := func(i int, where, format string, v ...any) {
		t.Errorf("payer %d, %s: "+format, append([]any{i, where}, v...)...)
	}
	inParallel(many, 64, func(i int) {
		p := &people[i]
		s := r.stranger("User-Agent", fmt.Sprintf("Tarayici/%d", i), "Accept-Language", []string{"tr", "en"}[i%2])
		amount := []string{fmt.Sprintf("%d.%03d,%02d", (100_000+i)/100_000, (100_000+i)/100%1000, i%100), fmt.Sprintf("%d,%03d.%02d", (100_000+i)/100_000, (100_000+i)/100%1000, i%100)}[i%2]
		a, err := s.try("GET", p.link, "", "")
		text := strings.ReplaceAll(plainText(a.body), "\u00a0", " ")
		if err != nil || a.status != http.StatusOK || !strings.Contains(text, amount) || !strings.Contains(text, fmt.Sprintf("malzeme<%d>", i)) || !strings.Contains(a.body, `/p/`+p.token+`/pay`) {
			mixed(i, "link page", "%d %v %.300s", a.status, err, text)
			return
		}
		a, err = s.try("POST", p.link+"/pay", formType, cardForm(cardWithout, "payer_note", p.note).Encode())
		text = plainText(a.body)
		if err != nil || a.status != http.StatusOK || !strings.Contains(text, amount) {
			mixed(i, "hand-over", "%d %v %.300s", a.status, err, text)
			return
		}
		p.id = paymentInURL.FindString(a.body)
		j, err := r.stranger("Accept", "application/json").try("GET", p.link+"/installments?bin=415565", "", "")
		if err != nil || !strings.Contains(j.body, fmt.Sprintf(`"total":%d`, 100_000+i)) {
			mixed(i, "offers", "%v %.300s", err, j.body)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	for i, p := range people {
		stored := r.ledgerPayment(p.id)
		if stored.Total.Minor != int64(100_000+i) || stored.PayerNote != p.note || string(stored.Token) != p.token || stored.PayerAgent != fmt.Sprintf("Tarayici/%d", i) || stored.PayerLang != []string{"tr", "en"}[i%2] {
			mixed(i, "ledger", "%+v", stored)
		}
	}
	r.trailWhole()
}
