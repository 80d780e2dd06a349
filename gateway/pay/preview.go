package pay

import (
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web/page"
)

// previewSelf is where the sample page's switch of languages leads: back to where it was asked for. The question
// mark keeps it out of the pages that are kept for payers.
const previewSelf = "/panel/settings/branding?preview"

// Preview writes the payer's page of a merchant whose settings are not saved, with a sample order on it. It wears
// the test banner, and its form leads to no link.
func (s *Surface) Preview(lang string, m checkout.Merchant, noticeURL string) ([]byte, error) {
	l := s.newLook(&checkout.Shop{Merchant: m, Words: checkout.PageWords{NoticeURL: noticeURL}})
	now := s.Clock.Now()
	return s.Pages.Render(lang, &page.CheckoutPage{
		Head:    page.Head{Theme: l.theme, Test: true, Self: previewSelf},
		Variant: page.VariantUntil | page.VariantHolder | page.VariantInstallments | page.VariantTest,
		Checkout: page.Checkout{
			Token: "preview", AmountMinor: 123_456, Currency: string(checkout.TRY), Description: "Kapora", OrderID: "SIP-2026-00123",
			Attempt: s.Flow.NewAttempt(), Rows: 6, Now: now.Unix(), Until: now.Add(24 * time.Hour).Unix(),
		},
	})
}

// Contrast answers an accent's contrast with the light page as it was asked for, 0 when it is no colour, and the
// colour that the pages make of it.
func Contrast(accent string) (asked float64, shown string, adjusted bool) {
	shown, _, _, _, adjusted = page.Accent(accent)
	return page.Contrast(accent, "#ffffff"), shown, adjusted
}
