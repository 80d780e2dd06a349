package pay

import (
	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web/page"
)

// aboutPayment is what a payment is about, its card included: for pages whose reader named the payment
// itself, by its address or by this browser's own cookie. An edited link does not give its description
// to a payment that began before the edit (I9), nor does one that is not known (the zero Link).
func aboutPayment(p checkout.Payment, link checkout.Link) *page.Receipt {
	about := &page.Receipt{
		OrderID: string(p.Order), TotalMinor: p.Total.Minor, PriceMinor: p.Amount.Minor, Currency: string(p.Total.Currency),
		Installments: p.Installments, Brand: string(p.Card.Brand), Last4: p.Card.Last4, Issuer: issuer(p.Card),
	}
	n := int64(p.Installments)
	about.MonthlyMinor = (p.Total.Minor*2 + n) / (n * 2) // round half up, as the offer showed it
	if link.ID == p.Link && link.Version == p.LinkVersion {
		about.Description = link.Description
	}
	return about
}

// aboutLink is what anybody who has the link may read of it: what its form showed before, and nothing of
// another payer's amount, plan or card.
func aboutLink(hot checkout.Hot) *page.Receipt {
	return &page.Receipt{
		OrderID: string(hot.Order), Description: hot.Description, TotalMinor: hot.Amount.Minor, Currency: string(hot.Amount.Currency),
	}
}
