package checkout

import (
	"context"
	"errors"
	"time"
)

// ChargebackAsk is what a merchant records about a dispute.
type ChargebackAsk struct {
	ChargebackTerms       // without ReceivedAt it is of today
	Minor           int64 // of the payment's currency; 0 = all that is not in dispute yet
	// Idem, when not nil, is asked for the answer to keep with the caller's Idempotency-Key.
	Idem func(Chargeback) (Idempotency, error)
}

// ChargebackQuery selects chargebacks of one merchant, newest first.
type ChargebackQuery struct {
	Merchant MerchantID
	Payment  PaymentID
	Maker    UserID // only those of payments of links that he made in the panel; "" = all
	Status   ChargebackStatus
	Currency Currency
	From, To time.Time // of the recording
	Limit    int
	Cursor   string
}

// OpenChargebacks are those of a merchant to which the bank waits for an answer.
type OpenChargebacks struct {
	Count     int64
	RespondBy Day // the first last day of all; "" = of none one was told
}

// ChargebackLedger keeps chargebacks. PaymentLedger.Move writes them: a Move with a Chargeback whose id is not there
// records it, else it changes it, if its status may become that (ErrStale). The payment's audit trail vouches for it,
// and programs are told of it by an event whose subject is the chargeback.
type ChargebackLedger interface {
	// ChargebackOf is for the merchant. ErrNoChargeback also for somebody else's.
	ChargebackOf(ctx context.Context, m MerchantID, id ChargebackID) (Chargeback, error)
	// ChargebacksOf answers the chargebacks of each of a merchant's payments, oldest first.
	ChargebacksOf(ctx context.Context, m MerchantID, payments []PaymentID) (map[PaymentID][]Chargeback, error)
	// SearchChargebacks answers a page and the cursor of the next one, "" at the end. A cursor that no page gave is
	// ErrCursor.
	SearchChargebacks(ctx context.Context, q ChargebackQuery) ([]Chargeback, string, error)
	// OpenChargebacks answers how many wait for an answer, of payments of a maker's links only or with "" of all.
	OpenChargebacks(ctx context.Context, m MerchantID, maker UserID) (OpenChargebacks, error)
}

// RecordChargeback writes down that a payment of the merchant is disputed. ErrNoPayment, ErrNotDisputable,
// ErrChargebackOverTotal, ErrKeyKnown; Invalid names the fields as the API does.
func (s *Service) RecordChargeback(ctx context.Context, by By, m MerchantID, id PaymentID, ask ChargebackAsk) (Chargeback, error) {
	c := Chargeback{ID: s.IDs.Chargeback(), Merchant: m, Payment: id, ChargebackTerms: ask.ChargebackTerms, Actor: by.Actor}
	for {
		p, err := s.Ledger.PaymentOf(ctx, m, id)
		if err != nil {
			return Chargeback{}, err
		}
		now := s.Clock.Now()
		if c.Amount = (Money{Minor: ask.Minor, Currency: p.Total.Currency}); ask.Minor == 0 {
			c.Amount.Minor = p.Total.Minor - p.Disputed
			if c.Amount.Minor == 0 && p.Collected() {
				return Chargeback{}, ErrChargebackOverTotal
			}
		}
		if ask.ReceivedAt == "" {
			c.ReceivedAt = DayOf(now)
		}
		move, err := p.Dispute(c, Step{At: now, Actor: by.Actor, IP: by.IP})
		if err != nil {
			return Chargeback{}, err
		}
		if ask.Idem != nil {
			if move.Answer, err = ask.Idem(*move.Chargeback); err != nil {
				return Chargeback{}, err
			}
		}
		if _, err = s.take(ctx, move); !errors.Is(err, ErrStale) {
			return *move.Chargeback, err
		}
	}
}

// ChangeChargeback writes down how a dispute goes on. ErrNoChargeback, ErrChargebackState, ErrChargebackOverTotal;
// Invalid names the fields as the API does.
func (s *Service) ChangeChargeback(ctx context.Context, by By, m MerchantID, id ChargebackID, change ChargebackChange) (Chargeback, error) {
	for {
		c, err := s.Ledger.ChargebackOf(ctx, m, id)
		if err != nil {
			return Chargeback{}, err
		}
		p, err := s.Ledger.PaymentOf(ctx, m, c.Payment)
		if err != nil {
			return Chargeback{}, err
		}
		// Read behind the payment, it is as old as that or newer: then the payment is stale.
		if c, err = s.Ledger.ChargebackOf(ctx, m, id); err != nil {
			return Chargeback{}, err
		}
		move, err := p.FollowUp(c, change, Step{At: s.Clock.Now(), Actor: by.Actor, IP: by.IP})
		if err != nil || move.Chargeback == nil {
			return c, err
		}
		if _, err = s.take(ctx, move); !errors.Is(err, ErrStale) {
			return *move.Chargeback, err
		}
	}
}
