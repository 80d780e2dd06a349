package checkout

import (
	"context"
	"time"
)

// TrailQuery selects events of a merchant's own chain, newest first: what was done to its users, accounts, keys
// and settings. Links and payments have chains of their own.
type TrailQuery struct {
	Merchant MerchantID
	Actor    string // "" = anybody
	About    string // the part of a type before its point, such as "acquirer"; "" = anything
	From, To time.Time
	Before   int64 // only events with a lower Seq; 0 = from the newest
	Limit    int
}

// TrailLedger reads merchants' own chains.
type TrailLedger interface {
	// Trail answers events and whether there are more.
	Trail(ctx context.Context, q TrailQuery) (found []Event, more bool, err error)
	// TrailWhole says whether a merchant's chain, and every row that it vouches for, is as this program wrote it
	// (I20, A67). It reads the whole chain.
	TrailWhole(ctx context.Context, m MerchantID) (bool, error)
	// Note puts a line on a merchant's chain about something that changed nothing. ErrNoMerchant.
	Note(ctx context.Context, m MerchantID, e Event) error
}

// deniedType is of a line about a step that somebody's role does not allow.
const deniedType = "access.denied"

// Bounds of such lines: whoever is denied must not fill the trail.
const (
	deniedSpan = 10 * time.Minute // in which the same step of the same person is one line
	deniedMost = 20               // lines of a person in that span
)

// Denied writes down that somebody tried a step that his role does not allow (A43). step names it without anything that
// he typed.
func (s *Service) Denied(ctx context.Context, by By, m MerchantID, step string) error {
	now := s.Clock.Now()
	said, _, err := s.Ledger.Trail(ctx, TrailQuery{Merchant: m, Actor: by.Actor, About: "access", From: now.Add(-deniedSpan), Limit: deniedMost})
	if err != nil || len(said) == deniedMost {
		return err
	}
	for _, e := range said {
		if e.Data["step"] == step {
			return nil
		}
	}
	return s.Ledger.Note(ctx, m, Event{
		Merchant: m, Subject: string(m), Type: deniedType, Actor: by.Actor, IP: by.IP, At: now, Data: map[string]string{"step": step},
	})
}
