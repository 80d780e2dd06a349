package storetest

import (
	"fmt"
	"sync"

	"github.com/odelink/odelink/checkout"
)

// A merchant's own words come back, belong to it, and raise its version: the pages that are kept are made anew.
func pageWords(b *Books) {
	w, err := b.Ledger.PageWords(b.ctx, b.Merchant)
	b.must(err)
	b.equal("words before any", w, checkout.PageWords{Merchant: b.Merchant})
	was, err := b.Ledger.Merchant(b.ctx, b.Merchant)
	b.must(err)
	for i, text := range []string{"Kartınızın limiti yetmedi.", "Başka kart deneyin <b>\"&"} {
		w = checkout.PageWords{
			Merchant: b.Merchant, NoticeURL: "https://shop.example/kvkk",
			Declines: map[string]map[checkout.Reason]string{"tr": {checkout.ReasonInsufficientFunds: text}, "en": {checkout.ReasonGeneric: "Try another card."}},
		}
		b.must(b.words(w, b.Event("merchant.decline_words")))
		have, err := b.Ledger.PageWords(b.ctx, b.Merchant)
		b.must(err)
		b.equal("words", have, w)
		m, err := b.Ledger.Merchant(b.ctx, b.Merchant)
		b.must(err)
		b.equal("version", m.Version, was.Version+int64(i)+1)
	}
	other := b.NewMerchant()
	have, err := b.Ledger.PageWords(b.ctx, other)
	b.must(err)
	b.equal("somebody else's words", have, checkout.PageWords{Merchant: other})
	b.want(b.words(checkout.PageWords{Merchant: "mer_x"}, b.Event("merchant.notice")), checkout.ErrNoMerchant)
	same, err := b.Ledger.Merchant(b.ctx, b.Merchant)
	b.must(err)
	b.must(b.Ledger.EditPageWords(b.ctx, b.Merchant, func(m checkout.Merchant, w *checkout.PageWords) (*checkout.Event, error) {
		b.equal("as it is", m, same)
		w.NoticeURL = "" // and yet nothing is to be recorded
		return nil, nil
	}))
	b.want(b.Ledger.EditPageWords(b.ctx, b.Merchant, func(checkout.Merchant, *checkout.PageWords) (*checkout.Event, error) { return nil, checkout.ErrStale }), checkout.ErrStale)
	have, err = b.Ledger.PageWords(b.ctx, b.Merchant)
	b.must(err)
	b.equal("words that nobody changed", have, w)
	names, err := b.Ledger.MerchantNames(b.ctx)
	b.must(err)
	b.equal("name", names[b.Merchant], was.Name)
	_, there := names[other]
	b.equal("the other's name is there", there, true)
}

// words puts them in the place of what is there.
func (b *Books) words(w checkout.PageWords, e checkout.Event) error {
	return b.Ledger.EditPageWords(b.ctx, w.Merchant, func(_ checkout.Merchant, now *checkout.PageWords) (*checkout.Event, error) {
		*now = w
		return &e, nil
	})
}

// Whoever changes one of a merchant's words at the same moment as others change theirs loses nothing of them, and no
// wording is in force that is not there.
func wordsTogether(b *Books) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			b.must(b.Ledger.EditPageWords(b.ctx, b.Merchant, func(_ checkout.Merchant, w *checkout.PageWords) (*checkout.Event, error) {
				if w.Declines == nil {
					w.Declines = map[string]map[checkout.Reason]string{"tr": {}}
				}
				w.Declines["tr"][checkout.WordedReasons[i]] = "söz"
				e := b.Event("merchant.decline_words")
				return &e, nil
			}))
		})
		all.Go(func() {
			_, err := b.Ledger.SaveLegalText(b.ctx, b.Merchant, checkout.LegalText{
				Kind: checkout.ConsentKinds[i%3], Lang: "tr", Own: true, Words: fmt.Sprint("metin ", i), SavedAt: b.Clock.Now(),
			}, b.Event("merchant.legal_text"))
			b.must(err)
		})
	}
	all.Wait()
	w, err := b.Ledger.PageWords(b.ctx, b.Merchant)
	b.must(err)
	b.equal("sentences", len(w.Declines["tr"]), 8)
	last, err := b.Ledger.LegalTexts(b.ctx, b.Merchant, true)
	b.must(err)
	for _, t := range last {
		b.equal("the wording in force of "+string(t.Kind), w.Legal["tr"][t.Kind], t.Version)
	}
	b.equal("wordings", len(last), 3)
	b.wholeTrail()
}

// trail is what a merchant's own chain is asked in pages, newest first, by who, what and when.
func trail(b *Books) {
	ours := func(q checkout.TrailQuery) (types []string, more bool) {
		q.Merchant = b.Merchant
		if q.Limit == 0 {
			q.Limit = 100
		}
		found, more, err := b.Ledger.Trail(b.ctx, q)
		b.must(err)
		for _, e := range found {
			types = append(types, fmt.Sprintf("%s %s %d", e.Type, e.Actor, e.Seq))
		}
		return types, more
	}
	before, _ := ours(checkout.TrailQuery{})
	base := int64(len(before))
	w := checkout.PageWords{Merchant: b.Merchant}
	first := b.Clock.Now()
	for i, typ := range []string{"key.created", "member.added", "key.revoked", "keys.none"} {
		e := b.Event(typ)
		if i == 1 {
			e.Actor = "user:usr_1"
		}
		b.must(b.words(w, e))
		b.Clock.Advance(Tick)
	}
	line := func(typ, actor string, n int64) string { return fmt.Sprintf("%s %s %d", typ, actor, base+n) }
	all := []string{line("keys.none", "operator", 4), line("key.revoked", "operator", 3), line("member.added", "user:usr_1", 2), line("key.created", "operator", 1)}
	page, more := ours(checkout.TrailQuery{Limit: 2})
	b.equal("first page", page, all[:2])
	b.equal("there is more", more, true)
	page, more = ours(checkout.TrailQuery{Limit: 2, Before: base + 3})
	b.equal("second page", page, all[2:])
	b.equal("there is more", more, base > 0)
	page, _ = ours(checkout.TrailQuery{Actor: "user:usr_1"})
	b.equal("by actor", page, all[2:3])
	page, _ = ours(checkout.TrailQuery{About: "key"})
	b.equal("about keys", page, []string{all[1], all[3]})
	page, _ = ours(checkout.TrailQuery{From: first.Add(Tick), To: first.Add(3 * Tick)})
	b.equal("by time", page, all[1:3])
	b.Create()
	page, _ = ours(checkout.TrailQuery{Limit: 1})
	b.equal("a link has its own chain", page, all[:1])
	other := b.NewMerchant()
	found, _, err := b.Ledger.Trail(b.ctx, checkout.TrailQuery{Merchant: other, Actor: "user:usr_1", Limit: 100})
	b.must(err)
	b.equal("somebody else's trail", len(found), 0)
	b.must(b.Ledger.Note(b.ctx, b.Merchant, b.Event("access.denied")))
	page, _ = ours(checkout.TrailQuery{About: "access"})
	b.equal("a line about nothing that changed", page, []string{line("access.denied", "operator", 5)})
	b.want(b.Ledger.Note(b.ctx, "mer_x", b.Event("access.denied")), checkout.ErrNoMerchant)
	whole, err := b.Ledger.TrailWhole(b.ctx, b.Merchant)
	b.must(err)
	b.equal("the chain is whole", whole, true)
	whole, err = b.Ledger.TrailWhole(b.ctx, "mer_x")
	b.must(err)
	b.equal("the chain of nobody is whole", whole, false)
}

// keyList: a merchant's keys are its own, revoked ones too.
func keyList(b *Books) {
	k := checkout.APIKey{ID: b.IDs.Key(), Merchant: b.Merchant, Name: "ERP", Shown: "sk_live_abcd", Hash: []byte("hash " + string(b.Merchant)), CreatedAt: b.Clock.Now()}
	b.must(b.Ledger.SaveKey(b.ctx, k, b.Event("key.created")))
	b.Clock.Advance(Tick)
	k.RevokedAt = b.Clock.Now()
	b.must(b.Ledger.SaveKey(b.ctx, k, b.Event("key.revoked")))
	all, err := b.Ledger.Keys(b.ctx, b.Merchant)
	b.must(err)
	b.equal("keys", all, []checkout.APIKey{k})
	all, err = b.Ledger.Keys(b.ctx, b.NewMerchant())
	b.must(err)
	b.equal("somebody else's keys", len(all), 0)
}
