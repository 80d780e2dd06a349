package checkout

import "time"

// Pricing says who carries the cost of instalments (domain.md 2.2).
type Pricing string

const (
	PricingAbsorb  Pricing = "absorb"  // every count costs the price
	PricingMarkup  Pricing = "markup"  // price × (1 + rate)
	PricingGrossUp Pricing = "grossup" // price ÷ (1 − rate): the merchant nets the price
)

// Rate is a percentage in parts per million: 3.60 % is 36,000. It is written as a decimal text
// with up to four digits after the point.
type Rate int64

// RateRow is one line of an account's instalment table.
type RateRow struct {
	Count int
	Rate  Rate
}

// Offer is one way to pay. All amounts are minor units of the table's currency.
type Offer struct {
	Count   int
	Total   int64
	Monthly int64 // round half up of Total ÷ Count: information for people
	Last    int64 // the last instalment when Count × Monthly is not Total; else Monthly
	Rate    Rate  // what the payer bears; 0 where the merchant absorbs the cost
	Account AccountID
}

// Exclusion says why a count is not offered.
type Exclusion struct {
	Count  int
	Reason string // one of the Excluded… words
}

// Reasons why a count is not offered, most telling first.
const (
	ExcludedUnknownCard = "unknown_card"       // the prefix is in no table
	ExcludedDebit       = "debit_card"         // debit cards pay at once
	ExcludedPrepaid     = "prepaid_card"       // prepaid cards pay at once
	ExcludedForeign     = "currency"           // other currencies than TRY pay at once
	ExcludedLink        = "not_on_link"        // the merchant did not allow it on this link
	ExcludedLaw         = "legal_cap"          // the dated legal cap of the category
	ExcludedMinimum     = "below_minimum"      // the amount is too small for this count
	ExcludedIssuer      = "not_this_programme" // no account of the merchant takes instalments of this card
	ExcludedNoRate      = "not_on_account"     // the account's table has no such count
)

// OfferTable is what one card may choose for one price.
type OfferTable struct {
	BIN      BIN
	Asked    string // the digits that were asked for
	Currency Currency
	Offers   []Offer // single payment first, then by count
	Excluded []Exclusion
}

// Offer finds the offer of a count.
func (t OfferTable) Offer(count int) (Offer, bool) {
	for _, o := range t.Offers {
		if o.Count == count {
			return o, true
		}
	}
	return Offer{}, false
}

// MaxInstallments is the general ceiling, postponements included (Regulation on Bank Cards and
// Credit Cards, article 26).
const MaxInstallments = 12

// PlanInput is everything an offer table follows from.
type PlanInput struct {
	Price    Money
	BIN      BIN
	Asked    string
	Allowed  []int  // counts that the link (or the merchant by default) allows; empty = all
	MaxCount int    // the merchant's own cap, 0 = none
	Category string // of what the link sells
	Sector   string // the merchant's own category: Category may only lower its cap
	Caps     Caps
	Accounts []Account // enabled accounts of the merchant, best first
	Now      time.Time
}

// Caps are the dated legal limits by category of goods.
type Caps interface {
	// Known says whether the table has the category; a misspelled one would get the general ceiling.
	Known(category string) bool
	// Categories lists those that it has, in alphabetical order.
	Categories() []string
	// Max answers the highest count allowed at now; 1 means single payment only.
	Max(category string, price Money, kind CardKind, commercial bool, now time.Time) int
}
