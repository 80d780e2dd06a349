package pay

import (
	"context"
	"strconv"
	"sync"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web/page"
)

// look is what a merchant's pages have in common, worked out when something about the merchant
// changed and not at every view.
type look struct {
	shop  *checkout.Shop // what it was made of
	theme *page.Theme
	test  bool
	plans bool                      // some account has an instalment table
	ways  map[checkout.Currency]way // how the merchant can be paid

	answers answers
}

// way is how cards are taken in a currency.
type way uint8

const (
	wayNone   way = iota // no account takes the currency
	wayCard              // our page takes the card
	wayHosted            // the bank's own page does
)

// looks keeps one look per merchant.
type looks struct {
	mu   sync.RWMutex
	have map[checkout.MerchantID]*look
}

// maxLooks bounds what is kept; beyond it everything is made again.
const maxLooks = 10_000

// look answers the merchant's look. One Theme serves as long as the merchant's version does, since
// the ready pages are found by it.
func (s *Surface) look(ctx context.Context, id checkout.MerchantID) (*look, error) {
	shop, err := s.Flow.Shop(ctx, id)
	if err != nil {
		return nil, err
	}
	s.looks.mu.RLock()
	l := s.looks.have[id]
	s.looks.mu.RUnlock()
	if l != nil && l.shop == shop {
		return l, nil
	}
	made := s.newLook(shop)
	if l != nil && l.shop.Merchant.Version == shop.Merchant.Version {
		made.theme = l.theme
	}
	s.looks.mu.Lock()
	defer s.looks.mu.Unlock()
	if len(s.looks.have) >= maxLooks {
		clear(s.looks.have)
	}
	s.looks.have[shop.Merchant.ID] = made // not id, which may lie in the request's memory
	return made, nil
}

func (s *Surface) newLook(shop *checkout.Shop) *look {
	m := shop.Merchant
	l := &look{shop: shop, test: m.Test, ways: map[checkout.Currency]way{}, theme: &page.Theme{
		ID: string(m.ID), Version: m.Version, Name: m.Name, LegalName: m.LegalName, Phone: m.Phone, Email: m.Email,
		Accent: m.Accent, Brands: brandMarks(m), NoticeURL: shop.Words.NoticeURL, Words: ownWords(shop.Words),
	}}
	if m.LogoType != "" {
		l.theme.Logo = "/m/" + string(m.ID) + "/logo?v=" + strconv.FormatInt(m.Version, 10)
	}
	for _, c := range checkout.Currencies {
		switch {
		case !shop.Takes(c):
		case s.Flow.HostedCard(shop.Accounts, c):
			l.ways[c] = wayHosted
		default:
			l.ways[c] = wayCard
		}
	}
	for _, a := range shop.Accounts {
		l.plans = l.plans || len(a.Rates) > 0
	}
	return l
}

// ownWords are the merchant's sentences by the keys of the pages; nil when it has none.
func ownWords(w checkout.PageWords) map[string]map[string]string {
	var out map[string]map[string]string
	for lang, declines := range w.Declines {
		for reason, text := range declines {
			if out == nil {
				out = map[string]map[string]string{}
			}
			if out[lang] == nil {
				out[lang] = map[string]string{}
			}
			out[lang]["decline."+string(reason)] = text
		}
	}
	return out
}

// brandMarks are the marks that the page shows, in its order.
func brandMarks(m checkout.Merchant) []string {
	var marks []string
	for _, b := range []checkout.Brand{checkout.BrandVisa, checkout.BrandMastercard, checkout.BrandTroy, checkout.BrandAmex} {
		if m.Accepts(b) {
			marks = append(marks, string(b))
		}
	}
	return marks
}

// variant chooses the blocks of a link's page; payable is false where nobody takes its currency.
func (l *look) variant(hot checkout.Hot) (v page.Variant, payable bool) {
	way := l.ways[hot.Amount.Currency]
	v = page.VariantUntil | page.VariantHolder
	if hot.PayerNote {
		v |= page.VariantNote
	}
	if hot.Open {
		v |= page.VariantOpen
	}
	if hot.Counted {
		v |= page.VariantCount
	}
	if l.test {
		v |= page.VariantTest
	}
	if hot.Sale == checkout.SaleConsumer {
		v |= page.VariantConsumer
		if len(l.shop.Asks(hot)) > 2 {
			v |= page.VariantAds
		}
	}
	if way == wayHosted {
		return v&^page.VariantHolder | page.VariantHosted, true
	}
	if l.plans && hot.Amount.Currency == checkout.TRY && rows(hot) > 1 {
		v |= page.VariantInstallments
	}
	return v, way == wayCard
}
