package checkout

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// ErrRate says that a text is no rate.
var ErrRate = errors.New("not a rate: 0 to 99.9999 with up to four digits after the point")

// Rates are parts per million.
const (
	hundredPercent = 1_000_000
	onePercent     = 10_000
)

// ParseRate reads a percentage below 100 with a point and up to four digits after it, like "3.60".
// Signs, commas, exponents and leading zeros are refused.
func ParseRate(text string) (Rate, error) {
	percent, frac, point := strings.Cut(text, ".")
	if !allDigits(percent) || len(percent) > 2 || (len(percent) == 2 && percent[0] == '0') ||
		(point && (!allDigits(frac) || len(frac) > 4)) {
		return 0, ErrRate
	}
	n, err := strconv.ParseInt(percent+(frac + "0000")[:4], 10, 64)
	if err != nil {
		return 0, ErrRate
	}
	return Rate(n), nil
}

// String writes what ParseRate reads, with two to four digits after the point: "3.60", "0.125".
func (r Rate) String() string { return string(r.AppendTo(nil)) }

// AppendTo appends what String answers.
func (r Rate) AppendTo(dst []byte) []byte {
	u := uint64(r)
	if r < 0 {
		dst, u = append(dst, '-'), -u
	}
	dst = append(strconv.AppendUint(dst, u/onePercent, 10), '.')
	at := len(dst)
	dst = strconv.AppendUint(dst, onePercent+u%onePercent, 10) // four digits behind a one, zeros in front kept
	dst = append(dst[:at], dst[at+1:]...)
	for len(dst) > at+2 && dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// Plan works out what a card may choose for a price. It is pure, so that the table that was shown
// can be worked out again from the card that was posted (A27, ux-checklist E9).
//
// A single payment is always there and costs the price exactly, whatever the accounts say: Law 5464
// article 17 forbids an extra charge for paying by card. It goes to the first account that takes the
// currency; without one there is no offer at all. Instalments need a credit card, TRY, a count that
// link, merchant and law allow, and an account whose own cards or programmes include this card
// (domain.md 1.4, 2.4, 2.5). Each count goes to the first such account that offers it: the order of
// the accounts is the merchant's word, and is not overruled by price. Every other count from 2 to 12
// is in Excluded once, with the reason that helps most.
func Plan(in PlanInput) OfferTable {
	t := OfferTable{BIN: in.BIN, Asked: in.Asked, Currency: in.Price.Currency}
	var found weighed
	general := in.barred()
	if general == "" {
		in.weigh(&found)
	}
	offered := 0
	for count := 2; count <= MaxInstallments; count++ {
		if found[count].reason == "" && general == "" {
			offered++
		}
	}
	if single, ok := in.single(); ok {
		t.Offers = append(make([]Offer, 0, 1+offered), single)
	}
	t.Excluded = make([]Exclusion, 0, MaxInstallments-1-offered)
	for count := 2; count <= MaxInstallments; count++ {
		reason := general
		if reason == "" {
			reason = found[count].reason
		}
		if reason == "" {
			t.Offers = append(t.Offers, found[count].offer)
		} else {
			t.Excluded = append(t.Excluded, Exclusion{Count: count, Reason: reason})
		}
	}
	return t
}

// weighed holds, by count, the offer or the reason why there is none.
type weighed [MaxInstallments + 1]struct {
	offer  Offer
	reason string
}

// single is the payment at once.
func (in *PlanInput) single() (Offer, bool) {
	p := in.Price.Minor
	for i := range in.Accounts {
		if a := &in.Accounts[i]; a.Enabled && a.Takes(in.Price.Currency) && p > 0 {
			return Offer{Count: 1, Total: p, Monthly: p, Last: p, Account: a.ID}, true
		}
	}
	return Offer{}, false
}

// barred says why the card or the currency allows no instalments at all, or "".
func (in *PlanInput) barred() (reason string) {
	switch {
	case in.BIN.Kind == CardDebit:
		return ExcludedDebit
	case in.BIN.Kind == CardPrepaid:
		return ExcludedPrepaid
	case in.BIN.Kind != CardCredit:
		return ExcludedUnknownCard
	case in.Price.Currency != TRY:
		return ExcludedForeign
	}
	return ""
}

// weigh asks every account about every count. Of several accounts that all say no, the one that
// came closest gives the reason.
func (in *PlanInput) weigh(out *weighed) {
	legal := in.legalCap()
	for count := range out {
		switch {
		case !in.onLink(count):
			out[count].reason = ExcludedLink
		case count > legal:
			out[count].reason = ExcludedLaw
		default:
			out[count].reason = ExcludedIssuer
		}
	}
	for i := range in.Accounts {
		a := &in.Accounts[i]
		if !a.Enabled || !a.Takes(TRY) || !a.shares(in.BIN) {
			continue
		}
		for count := 2; count <= MaxInstallments; count++ {
			c := &out[count]
			if c.reason == "" || c.reason == ExcludedLink || c.reason == ExcludedLaw {
				continue
			}
			offer, reason := a.offer(count, in.Price.Minor)
			if reason != ExcludedNoRate || c.reason == ExcludedIssuer {
				c.offer, c.reason = offer, reason
			}
		}
	}
}

// onLink says whether the link and the merchant allow a count.
func (in *PlanInput) onLink(count int) bool {
	if in.MaxCount > 0 && count > in.MaxCount {
		return false
	}
	if len(in.Allowed) == 0 {
		return true
	}
	for _, n := range in.Allowed {
		if n == count {
			return true
		}
	}
	return false
}

// legalCap is the tighter of the limits of the link's category and the merchant's: what is sold may
// lower the limit of the sector, never raise it (domain.md 2.4).
func (in *PlanInput) legalCap() int {
	if in.Caps == nil {
		return MaxInstallments
	}
	limit := in.Caps.Max(in.Category, in.Price, in.BIN.Kind, in.BIN.Commercial, in.Now)
	if in.Sector != "" && in.Sector != in.Category {
		limit = min(limit, in.Caps.Max(in.Sector, in.Price, in.BIN.Kind, in.BIN.Commercial, in.Now))
	}
	return min(limit, MaxInstallments)
}

// shares says whether a card may pay in instalments on this account: its bank is one of the
// account's own, or its programme one of the account's (domain.md 1.4).
func (a *Account) shares(b BIN) bool {
	for _, code := range a.Issuers {
		if b.IssuerCode != "" && issuerGroup(code) == issuerGroup(b.IssuerCode) {
			return true
		}
	}
	for _, program := range a.Programs {
		if b.Program != "" && (strings.EqualFold(program, b.Program) || strings.EqualFold(program, programFamily(b.Program))) {
			return true
		}
	}
	return false
}

// issuerGroup puts Enpara Bank (0157) with QNB (0111): it became a bank of its own in September 2025,
// its cards kept their numbers and their instalments at QNB's merchants, and no public list tells
// the two apart (domain.md 1.4).
func issuerGroup(code string) string {
	if code == "0157" {
		return "0111"
	}
	return code
}

// programFamily names the programme on whose terminals the cards of another one are taken: HSBC's
// Advantage runs on CardFinans, Wings on Axess, and Paraf and Bankkart have variants (domain.md
// 1.4). It goes one way: an account with Advantage alone does not take CardFinans.
func programFamily(program string) string {
	switch {
	case strings.EqualFold(program, "Advantage"):
		return "CardFinans"
	case strings.EqualFold(program, "Wings"):
		return "Axess"
	case strings.EqualFold(program, "Parafly"):
		return "Paraf"
	case strings.EqualFold(program, "Bankkart Combo"):
		return "Bankkart"
	}
	return program
}

// offer works out one count, or says why the account does not offer it. A total that does not fit
// counts as no row of the table.
func (a *Account) offer(count int, price int64) (Offer, string) {
	for _, r := range a.Rates {
		if r.Count != count {
			continue
		}
		total, ok := a.Pricing.total(price, r.Rate)
		if !ok {
			return Offer{}, ExcludedNoRate
		}
		o := Offer{Count: count, Total: total, Rate: r.Rate, Account: a.ID}
		if a.Pricing.free() {
			o.Rate = 0
		}
		n := int64(count)
		o.Monthly = total / n
		if o.Monthly < a.MinPerMonth {
			return Offer{}, ExcludedMinimum
		}
		if 2*(total%n) >= n {
			o.Monthly++
		}
		// Of a handful of kuruş nothing may be left for the last instalment.
		if o.Last = total - (n-1)*o.Monthly; o.Monthly <= 0 || o.Last <= 0 {
			return Offer{}, ExcludedMinimum
		}
		return o, ""
	}
	return Offer{}, ExcludedNoRate
}

// free says whether the payer pays the price for every count. An account that names no pricing is
// free: the payer never pays for what nobody set.
func (p Pricing) free() bool { return p == PricingAbsorb || p == "" }

// total is what the payer pays in all, rounded half up to the minor unit; false when it does not
// fit or pricing and rate make no sense together.
func (p Pricing) total(price int64, r Rate) (int64, bool) {
	if price < 0 || r < 0 {
		return 0, false
	}
	switch {
	case p.free():
		return price, true
	case p == PricingMarkup && r <= math.MaxInt64-hundredPercent:
		return scale(price, hundredPercent+uint64(r), hundredPercent)
	case p == PricingGrossUp && r < hundredPercent:
		return scale(price, hundredPercent, hundredPercent-uint64(r))
	}
	return 0, false
}

// scale is v × num ÷ den on 128 bits, rounded half up; den is not 0.
func scale(v int64, num, den uint64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(v), num)
	lo, carry := bits.Add64(lo, den/2, 0)
	if hi += carry; hi >= den {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, den)
	return int64(q), q <= math.MaxInt64
}
