package checkout

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Registration says by which intermediary a merchant's e-invoices are collected (features 3.12 to 3.16).
// While one lasts, invoices get links.
type Registration struct {
	ID           RegistrationID
	Merchant     MerchantID
	Intermediary string
	CustomerID   string // the merchant's at the intermediary
	TaxNumber    string // of the supplier whose invoices get links, "" = any
	CreatedAt    time.Time
	EndedAt      time.Time // zero = it lasts
}

// RegistrationStatus is what the API shows.
type RegistrationStatus string

const (
	RegistrationActive RegistrationStatus = "active"
	RegistrationEnded  RegistrationStatus = "ended"
)

// RegistrationStatuses lists them.
var RegistrationStatuses = []RegistrationStatus{RegistrationActive, RegistrationEnded}

// Status says whether it lasts.
func (r Registration) Status() RegistrationStatus {
	if r.EndedAt.IsZero() {
		return RegistrationActive
	}
	return RegistrationEnded
}

// Intermediary is who collects for e-invoices: the bank or institution whose customer a merchant is.
type Intermediary interface {
	// Verify says whether the id is one of a customer of its: nil, Invalid with a code for the field
	// customer_id, or ErrUnreachable. It stores nothing.
	Verify(ctx context.Context, customerID string) error
}

// IntermediaryOdelink is this gateway itself; it is always there.
const IntermediaryOdelink = "odelink"

// ownCustomers are customers of this gateway. Their ids are "OD", eight digits and two check digits, so that
// mistyped and swapped digits are noticed; nobody outside is asked.
type ownCustomers struct{}

var customerShape = regexp.MustCompile(`^OD([0-9]{8})([0-9]{2})$`)

func (ownCustomers) Verify(_ context.Context, customerID string) error {
	m := customerShape.FindStringSubmatch(customerID)
	switch {
	case m == nil:
		return Invalid(FieldError{Field: "customer_id", Code: "customer_id_format"})
	case customerID != OwnCustomerID(m[1]):
		return Invalid(FieldError{Field: "customer_id", Code: "customer_id_check"})
	}
	return nil
}

// OwnCustomerID is the customer id of eight digits, with their check digits by ISO 7064, MOD 97-10: the number
// with them leaves 1 when it is divided by 97.
func OwnCustomerID(eight string) string {
	rest := 0
	for _, d := range eight + "00" {
		rest = (rest*10 + int(d-'0')) % 97
	}
	return fmt.Sprintf("OD%s%02d", eight, 98-rest)
}

// intermediaries are those that there are: our own, and those given from outside.
func (s *Service) intermediaries() map[string]Intermediary {
	all := map[string]Intermediary{IntermediaryOdelink: ownCustomers{}}
	maps.Copy(all, s.Intermediaries)
	return all
}

// IntermediaryNames lists who may collect, in the order of the alphabet.
func (s *Service) IntermediaryNames() []string { return slices.Sorted(maps.Keys(s.intermediaries())) }

// Register makes a registration once the intermediary knows the customer. Nothing is stored before. Invalid
// with field names as the API shows them, ErrUnreachable, ErrRegistered, ErrKeyKnown.
func (s *Service) Register(ctx context.Context, by By, r Registration, idem func(Registration) (Idempotency, error)) (Registration, error) {
	var errs []FieldError
	known := s.intermediaries()
	intermediary, there := known[r.Intermediary]
	if !there {
		errs = append(errs, FieldError{Field: "intermediary", Code: "unknown_value", Args: map[string]string{"known": strings.Join(s.IntermediaryNames(), ", ")}})
	}
	if r.TaxNumber != "" && !taxNumber(r.TaxNumber) {
		errs = append(errs, FieldError{Field: "tax_number", Code: "tax_number_format"})
	}
	if len(errs) > 0 {
		return Registration{}, Invalid(errs...)
	}
	ctx, cancel := context.WithTimeout(ctx, s.Timing.Inquiry)
	defer cancel()
	if err := intermediary.Verify(ctx, r.CustomerID); err != nil {
		return Registration{}, fmt.Errorf("verify a customer id at %s: %w", r.Intermediary, err)
	}
	r.ID, r.CreatedAt, r.EndedAt = s.IDs.Registration(), s.Clock.Now(), time.Time{}
	var kept Idempotency
	if idem != nil {
		var err error
		if kept, err = idem(r); err != nil {
			return Registration{}, err
		}
	}
	return r, s.Ledger.SaveRegistration(ctx, r, s.registrationEvent(r, by, "einvoice.registered"), kept)
}

// EndRegistration ends one; ending it again is no error. Links that were made stay.
func (s *Service) EndRegistration(ctx context.Context, by By, m MerchantID, id RegistrationID) error {
	all, err := s.Ledger.Registrations(ctx, m)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.ID != id {
			continue
		}
		if !r.EndedAt.IsZero() {
			return nil
		}
		r.EndedAt = s.Clock.Now()
		return s.Ledger.SaveRegistration(ctx, r, s.registrationEvent(r, by, "einvoice.registration_ended"), Idempotency{})
	}
	return ErrNoRegistration
}

func (s *Service) registrationEvent(r Registration, by By, typ string) Event {
	return Event{
		Merchant: r.Merchant, Subject: string(r.Merchant), Type: typ, Actor: by.Actor, IP: by.IP, At: s.Clock.Now(),
		Data: map[string]string{"registration": string(r.ID), "intermediary": r.Intermediary, "customer_id": r.CustomerID},
	}
}

// taxNumber holds a VKN or TCKN against its check digits.
func taxNumber(text string) bool {
	if !allDigits(text) {
		return false
	}
	switch len(text) {
	case 10:
		return vkn(text)
	case 11:
		return tckn(text)
	}
	return false
}

// vkn: each of nine digits plus the places behind it, modulo 10, is doubled as often as there are places
// behind it, modulo 9 (nothing but zero becomes zero); the tenth digit fills their sum up to a ten.
func vkn(text string) bool {
	sum := 0
	for i := range 9 {
		n := (int(text[i]-'0') + 9 - i) % 10
		if n == 0 {
			continue
		}
		if n = n << (9 - i) % 9; n == 0 {
			n = 9
		}
		sum += n
	}
	return int(text[9]-'0') == (10-sum%10)%10
}

// tckn: the tenth digit is seven times the odd places less the even ones, the eleventh the sum of all
// others, each modulo 10; it begins with no zero.
func tckn(text string) bool {
	odd, even := 0, 0
	for i := range 9 {
		if i%2 == 0 {
			odd += int(text[i] - '0')
		} else {
			even += int(text[i] - '0')
		}
	}
	tenth := ((7*odd-even)%10 + 10) % 10
	return text[0] != '0' && int(text[9]-'0') == tenth && int(text[10]-'0') == (odd+even+tenth)%10
}
