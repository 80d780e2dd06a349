package checkout

import (
	"context"
	"time"
)

// PaidGroup is what was collected on one day in Istanbul through one account, with one number of instalments
// at one rate.
type PaidGroup struct {
	Day          time.Time // its beginning
	Account      AccountID
	Installments int
	Rate         Rate
	Currency     Currency
	Payments     int64
	Total        int64 // minor units; what went back is in it
	Back         int64 // of it, what went back so far
	Voided       int64 // of it, whole sales that were voided: they never reach a statement
}

// TriedGroup is how attempts of a period stand, by account and reason of refusal.
type TriedGroup struct {
	Account  AccountID
	Status   Status
	Reason   Reason // "" = none
	Currency Currency
	Attempts int64
	Total    int64 // minor units
}

// Funnel is how far the links of a period have come.
type Funnel struct {
	Made, Sent, Opened, Tried, Paid int64
}

// FigureLedger answers sums over many payments. from is inclusive, to exclusive; maker "" is everybody.
type FigureLedger interface {
	// PaidGroups goes by the time of the payment, TriedGroups by that of the attempt, LinkFunnel by the link's.
	PaidGroups(ctx context.Context, m MerchantID, maker UserID, from, to time.Time) ([]PaidGroup, error)
	TriedGroups(ctx context.Context, m MerchantID, maker UserID, from, to time.Time) ([]TriedGroup, error)
	LinkFunnel(ctx context.Context, m MerchantID, maker UserID, from, to time.Time) (Funnel, error)
	// Calling counts payments for which a person should look, at most most of them.
	Calling(ctx context.Context, m MerchantID, maker UserID, most int) (int64, error)
	// FeedPlace is the place of a merchant's newest event: it grows when something happened.
	FeedPlace(ctx context.Context, m MerchantID) (int64, error)
	// NoteOpened keeps when links were first opened; those that were before stay as they are.
	NoteOpened(ctx context.Context, tokens []Token, at time.Time) error
	// OpenedAt answers when a link was first opened, zero when never.
	OpenedAt(ctx context.Context, m MerchantID, id LinkID) (time.Time, error)
}
