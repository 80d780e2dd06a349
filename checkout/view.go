package checkout

import (
	"context"
	"errors"
	"time"
)

// Visit answers a link that may be opened for payment, and the moment it was looked at. When it may
// not, the error of Hot.Check says why, and the copy is answered with it.
func (s *Service) Visit(ctx context.Context, t Token) (Hot, time.Time, error) {
	if h, now, ok := s.Glance(ctx, t); ok {
		return h, now, nil
	}
	h, err := s.View(ctx, t)
	now := s.Clock.Now()
	if err == nil {
		err = h.Check(now)
	}
	return h, now, err
}

// Glance is Visit for a link that the hot state says may be opened; it asks no ledger. ok is false for
// every other, which Visit tells more about.
func (s *Service) Glance(ctx context.Context, t Token) (h Hot, now time.Time, ok bool) {
	if !t.Valid() {
		return Hot{}, time.Time{}, false
	}
	h, err := s.Hot.Open(ctx, t)
	now = s.Clock.Now()
	return h, now, err == nil && !s.unsaid.some.Load() && h.Check(now) == nil
}

// View answers the hot copy of a link, whatever its state; the caller asks Hot.Check. What the hot
// state does not have comes from the ledger and is published on the way. A copy may be older than the
// link (I26): one that would turn the payer away is held against the ledger first, and so is every
// copy while the hot state is known to have missed a change.
func (s *Service) View(ctx context.Context, t Token) (Hot, error) {
	if !t.Valid() {
		return Hot{}, ErrNoLink
	}
	h, err := s.Hot.Open(ctx, t)
	if err == nil {
		if !s.unsaid.some.Load() && h.Check(s.Clock.Now()) == nil {
			return h, nil
		}
		if now, lerr := s.fromLedger(ctx, h); lerr == nil {
			return now, nil
		}
		return h, nil
	}
	away := !errors.Is(err, ErrNoLink)
	if away && ctx.Err() != nil {
		return Hot{}, ErrStoreAway.Because(ctx.Err())
	}
	link, err := s.Ledger.LinkByToken(ctx, t)
	if err != nil {
		return Hot{}, err
	}
	if !away && !s.unsaid.some.Load() {
		s.publish(ctx, &link)
	}
	return link.Hot(), nil
}

// fromLedger reads a link past the hot state, and brings an old copy up to date on the way, or one that an older
// program made without what it does not know; where the hot state refuses changes, republishing does it later.
func (s *Service) fromLedger(ctx context.Context, h Hot) (Hot, error) {
	link, err := s.Ledger.LinkByToken(ctx, h.Token)
	if err != nil {
		return Hot{}, err
	}
	now := link.Hot()
	if (link.Rev != h.Rev || now.Terms() != h.Terms()) && !s.unsaid.some.Load() {
		s.publish(ctx, &link)
	}
	return now, nil
}

// fillPage is how many links go into an empty hot state at once.
const fillPage = 250

// Refill fills an empty hot state from the ledger while it is in use: at the start, and after it lost what it
// held. It answers how many links it copied.
func (s *Service) Refill(ctx context.Context) (int, error) {
	n, page := 0, make([]Hot, 0, fillPage)
	put := func() error {
		err := s.fill(ctx, page)
		if err == nil {
			n += len(page)
		}
		page = page[:0]
		return err
	}
	err := s.Ledger.LiveLinks(ctx, func(l Link) error {
		if page = append(page, l.Hot()); len(page) < fillPage {
			return nil
		}
		return put()
	})
	if err == nil {
		err = put()
	}
	return n, err
}

func (s *Service) fill(ctx context.Context, links []Hot) error {
	if filler, ok := s.Hot.(Filler); ok && len(links) > 0 {
		return filler.Fill(ctx, links)
	}
	for _, h := range links {
		if err := s.Hot.Publish(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// Offers answers what the card with this prefix (6 to 8 digits) may choose on this link. amount is
// the payer's amount on an open link and not looked at otherwise.
func (s *Service) Offers(ctx context.Context, h Hot, prefix string, amount int64) (OfferTable, error) {
	if len(prefix) < 6 || len(prefix) > 8 || !allDigits(prefix) {
		return OfferTable{}, Invalid(FieldError{Field: "bin", Code: "bin_format"})
	}
	sh, err := s.merchants.get(ctx, h.Merchant)
	if err != nil {
		return OfferTable{}, err
	}
	price := h.Amount
	if h.Open {
		price.Minor = amount
	}
	return s.plan(sh, sh.Accounts, price, prefix, h.Installments, h.Category), nil
}

// OffersOf is Offers for the merchant's own questions: of a price, within the counts and the category of that link; ""
// = the merchant's own. ErrNoLink.
func (s *Service) OffersOf(ctx context.Context, m MerchantID, within LinkID, price Money, prefix string) (OfferTable, error) {
	hot := Hot{Merchant: m, Amount: price}
	if within != "" {
		l, err := s.Ledger.LinkByID(ctx, m, within)
		if err != nil {
			return OfferTable{}, err
		}
		hot.Installments, hot.Category = l.Installments, l.Category
	}
	return s.Offers(ctx, hot, prefix, 0)
}

func (s *Service) plan(sh *Shop, accounts []Account, price Money, prefix string, onLink []int, category string) OfferTable {
	allowed := onLink
	if allowed == nil {
		allowed = sh.Merchant.Installments
	}
	return Plan(PlanInput{
		Price: price, BIN: s.BINs.Lookup(prefix), Asked: prefix, Allowed: allowed, Category: category,
		Sector: sh.Merchant.Category, MaxCount: sh.Merchant.MaxCount, Caps: s.Caps, Accounts: accounts, Now: s.Clock.Now(),
	})
}

// receiptCodeLength is how many characters of the payment's id make its receipt code: 71 random
// bits, short enough to be typed.
const receiptCodeLength = 12

// ReceiptCode is the code on a receipt that a stranger checks it by.
func ReceiptCode(id PaymentID) string {
	if !id.Valid() {
		return ""
	}
	return string(id[4 : 4+receiptCodeLength])
}

// ByCode finds the collected payment of a receipt code. ErrNoPayment also for one that was never
// collected: there is no receipt of it.
func (s *Service) ByCode(ctx context.Context, code string) (Payment, error) {
	if len(code) != receiptCodeLength || !allIn62(code) {
		return Payment{}, ErrNoPayment
	}
	p, err := s.Ledger.PaymentByPrefix(ctx, "pay_"+code)
	if err != nil {
		return Payment{}, err
	}
	if !p.Collected() {
		return Payment{}, ErrNoPayment
	}
	return p, nil
}

// Shown answers a payment for its result page, and its link, both as the ledger has them at one moment.
func (s *Service) Shown(ctx context.Context, id PaymentID) (Payment, Link, error) {
	if !id.Valid() {
		return Payment{}, Link{}, ErrNoPayment
	}
	return s.Ledger.PaymentAndLink(ctx, id)
}

// LinkOf answers the link of a payment.
func (s *Service) LinkOf(ctx context.Context, p Payment) (Link, error) {
	return s.Ledger.LinkByID(ctx, p.Merchant, p.Link)
}

// Logo answers a merchant's logo. ErrNoMerchant when it has none.
func (s *Service) Logo(ctx context.Context, m MerchantID) (Logo, error) { return s.Ledger.Logo(ctx, m) }
