package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Payout is what banks are expected to pay out on one day, in one currency: an estimate as the report of
// settlement makes it, over sums of a day instead of single sales, so that commissions are rounded once.
type Payout struct {
	Day      time.Time // its beginning in Istanbul
	Currency checkout.Currency
	Minor    int64 // net where the account has a rate, else gross
}

// Expected answers the payouts on from and later of what was collected, in the order of their days. What went
// back is taken off in the proportion of each group.
func Expected(groups []checkout.PaidGroup, accounts []checkout.Account, from time.Time) []Payout {
	byID := map[checkout.AccountID]checkout.Account{}
	for _, a := range accounts {
		byID[a.ID] = a
	}
	type key struct {
		day      time.Time
		currency checkout.Currency
	}
	sums := map[key]int64{}
	for _, g := range groups {
		sale := checkout.Payment{Installments: g.Installments, Rate: g.Rate, PaidAt: g.Day, Total: checkout.Money{Minor: g.Total - max(g.Voided, g.Back), Currency: g.Currency}}
		for _, e := range payouts(sale, byID[g.Account]) {
			minor := e.gross
			if !e.net.None {
				minor = e.net.N
			}
			if !e.value.Before(from) {
				sums[key{e.value, g.Currency}] += minor
			}
		}
	}
	out := make([]Payout, 0, len(sums))
	for k, minor := range sums {
		if minor != 0 {
			out = append(out, Payout{k.day, k.currency, minor})
		}
	}
	slices.SortFunc(out, func(a, b Payout) int { return cmp.Or(a.Day.Compare(b.Day), currencyOrder(a.Currency, b.Currency)) })
	return out
}

// Today is the beginning of the calendar day of a moment in Istanbul.
func Today(t time.Time) time.Time { return dayOf(t) }

// currencyOrder is the order in which the product lists its currencies, the lira first.
func currencyOrder(a, b checkout.Currency) int {
	return cmp.Compare(slices.Index(checkout.Currencies, a), slices.Index(checkout.Currencies, b))
}
