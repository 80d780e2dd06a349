package storetest

import (
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Consents are what a payer of a consumer sale is asked, none of them stored.
func (b *Books) Consents() []checkout.Consent {
	at := b.Clock.Now()
	return []checkout.Consent{
		// The contract is as long as a wording can become with the longest values in it.
		{Kind: checkout.ConsentInformation, Given: true, Version: 1, Lang: "tr", Template: strings.Repeat("a", 64), Text: "Ön bilgilendirme: 250,00 TL <b>&\"", At: at},
		{Kind: checkout.ConsentContract, Given: true, Version: 7, Own: true, Lang: "tr", Template: strings.Repeat("b", 64), Text: strings.Repeat("Sözleşme <&>. ", 8000), At: at},
		{Kind: checkout.ConsentAdvertising, Version: 1, Lang: "tr", Template: strings.Repeat("c", 64), Text: "Onay", At: at},
	}
}

// Agreed are Consents whose hashes are those of their texts.
func (b *Books) Agreed() []checkout.Consent {
	all := b.Consents()
	for i := range all {
		all[i].Hash = checkout.LegalText{Words: all[i].Text}.Hash()
	}
	return all
}

// What was agreed to comes back as it was, with its payment alone, and the payment's trail says so.
func consentFields(b *Books) {
	l := b.Create(func(l *checkout.Link) { l.Sale = checkout.SaleConsumer })
	b.equal("link", b.ReadLink(l.ID), l)
	p := b.Payment(l, func(p *checkout.Payment) { p.Sale = checkout.SaleConsumer })
	agreed := b.Agreed()
	admitted, err := b.Ledger.Admit(b.ctx, p, b.Event("payment.challenged"), agreed...)
	b.must(err)
	b.equal("payment", b.Read(p.ID), admitted)
	b.equal("sale", admitted.Sale, checkout.SaleConsumer)
	b.equal("number of its last event", admitted.Seq, int64(2))
	got, err := b.Ledger.Consents(b.ctx, p.ID)
	b.must(err)
	b.equal("consents", got, agreed)
	events, err := b.Ledger.Events(b.ctx, b.Merchant, string(p.ID))
	b.must(err)
	b.equal("events", len(events), 2)
	b.equal("type", events[1].Type, checkout.EventConsented)
	b.equal("what it says", events[1].Data, map[string]string{
		"pre_information": "yes", "pre_information_text": agreed[0].Hash, "distance_sale": "yes", "distance_sale_text": agreed[1].Hash,
		"advertising": "no", "advertising_text": agreed[2].Hash,
	})
	b.Move(b.Authorizing(admitted)) // goes on from there
	again, err := b.Ledger.Consents(b.ctx, p.ID)
	b.must(err)
	b.equal("consents afterwards", again, agreed)
	none, err := b.Ledger.Consents(b.ctx, b.Admit(b.Create()).ID)
	b.must(err)
	b.equal("consents of a collection", len(none), 0)
}

// A payment that is refused leaves no consent behind, and one that is not what was agreed to is not told.
func consentRefused(b *Books) {
	l := b.Create(func(l *checkout.Link) { l.Sale = checkout.SaleConsumer })
	p := b.Payment(l, func(p *checkout.Payment) { p.Sale, p.LinkVersion = checkout.SaleConsumer, l.Version+1 })
	_, err := b.Ledger.Admit(b.ctx, p, b.Event("payment.challenged"), b.Agreed()...)
	b.want(err, checkout.ErrTermsChanged)
	none, err := b.Ledger.Consents(b.ctx, p.ID)
	b.must(err)
	b.equal("consents", len(none), 0)
	p.LinkVersion = l.Version
	_, err = b.Ledger.Admit(b.ctx, p, b.Event("payment.challenged"), b.Consents()...) // whose texts are not those of their hashes
	b.must(err)
	_, err = b.Ledger.Consents(b.ctx, p.ID)
	b.equal("a text that its hash does not name was told", err == nil, false)
}

// Each wording is a version of its own and never changes; the last one is in force until the built-in one is back.
func legalTexts(b *Books) {
	save := func(k checkout.ConsentKind, lang, words string) checkout.LegalText {
		b.Clock.Advance(time.Second)
		t, err := b.Ledger.SaveLegalText(b.ctx, b.Merchant, checkout.LegalText{Kind: k, Lang: lang, Own: true, Words: words, SavedAt: b.Clock.Now()}, b.Event("merchant.legal_text"))
		b.must(err)
		return t
	}
	was, err := b.Ledger.Merchant(b.ctx, b.Merchant)
	b.must(err)
	first := save(checkout.ConsentContract, "tr", "Bir {seller}")
	second := save(checkout.ConsentContract, "tr", "İki {seller}\n<b>")
	other := save(checkout.ConsentContract, "en", "One {seller}")
	b.equal("versions", []int64{first.Version, second.Version, other.Version}, []int64{1, 2, 1})
	all, err := b.Ledger.LegalTexts(b.ctx, b.Merchant, false)
	b.must(err)
	b.equal("all, newest first", all, []checkout.LegalText{other, second, first})
	last, err := b.Ledger.LegalTexts(b.ctx, b.Merchant, true)
	b.must(err)
	b.equal("the last ones", last, []checkout.LegalText{other, second})
	w, err := b.Ledger.PageWords(b.ctx, b.Merchant)
	b.must(err)
	b.equal("in force", w.Legal, map[string]map[checkout.ConsentKind]int64{"tr": {checkout.ConsentContract: 2}, "en": {checkout.ConsentContract: 1}})
	save(checkout.ConsentContract, "tr", "")
	b.equal("the next one after the built-in one", save(checkout.ConsentContract, "tr", "Üç {seller}").Version, int64(3))
	save(checkout.ConsentContract, "en", "")
	w, err = b.Ledger.PageWords(b.ctx, b.Merchant)
	b.must(err)
	b.equal("the built-in one is back", w.Legal["en"][checkout.ConsentContract], int64(0))
	m, err := b.Ledger.Merchant(b.ctx, b.Merchant)
	b.must(err)
	b.equal("the merchant's version", m.Version, was.Version+6)
	none, err := b.Ledger.LegalTexts(b.ctx, b.NewMerchant(), false)
	b.must(err)
	b.equal("of somebody else", len(none), 0)
	_, err = b.Ledger.SaveLegalText(b.ctx, "mer_x", first, b.Event("merchant.legal_text"))
	b.want(err, checkout.ErrNoMerchant)
}
