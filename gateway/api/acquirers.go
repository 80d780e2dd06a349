package api

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
)

// acquirerView is a merchant's virtual POS as the API shows it: never with a secret.
type acquirerView struct {
	ID          checkout.AccountID  `json:"id"`
	Kind        string              `json:"kind"`
	Name        string              `json:"name"`
	Mode        string              `json:"mode"`
	BaseURL     *string             `json:"base_url"`
	Credentials map[string]*string  `json:"credentials"` // null = a secret that is set
	Currencies  []checkout.Currency `json:"currencies"`
	Programmes  []string            `json:"programmes"`
	Issuers     []string            `json:"issuers"`
	Instalments []instalmentRow     `json:"instalments"`
	Pricing     checkout.Pricing    `json:"pricing"`
	MinMonthly  int64               `json:"min_monthly"`
	HalfSecure  bool                `json:"half_secure"`
	Priority    int                 `json:"priority"`
	Enabled     bool                `json:"enabled"`
	Commission  *string             `json:"commission"`
	Payout      *string             `json:"payout"`
	PayoutDays  *int                `json:"payout_days"`
	IBAN        *string             `json:"iban"`
	CreatedAt   string              `json:"created_at"`
	UpdatedAt   string              `json:"updated_at"`
}

// instalmentRow is one count of an account's table and what it costs, in percent.
type instalmentRow struct {
	Count int    `json:"count"`
	Rate  string `json:"rate"`
}

func (s *Surface) viewAcquirer(a checkout.Account) acquirerView {
	v := acquirerView{
		ID: a.ID, Kind: a.Kind, Name: a.Name, Mode: a.Mode, BaseURL: nullable(a.BaseURL), Credentials: map[string]*string{},
		Currencies: some(a.Currencies), Programmes: some(a.Programs), Issuers: some(a.Issuers), Instalments: []instalmentRow{}, Pricing: a.Pricing,
		MinMonthly: a.MinPerMonth, HalfSecure: a.HalfSecure, Priority: a.Priority, Enabled: a.Enabled,
		Payout: nullable(string(a.Payout.Spread)), PayoutDays: a.Payout.Days, IBAN: nullable(a.Payout.IBAN), CreatedAt: stamp(a.CreatedAt), UpdatedAt: stamp(a.UpdatedAt),
	}
	if a.Payout.Commission != nil {
		v.Commission = nullable(a.Payout.Commission.String())
	}
	shown := s.Banks.Shown(a.Kind)
	for name, value := range a.Credentials {
		v.Credentials[name] = nil
		if slices.Contains(shown, name) {
			v.Credentials[name] = &value
		}
	}
	for _, r := range a.Rates {
		v.Instalments = append(v.Instalments, instalmentRow{r.Count, r.Rate.String()})
	}
	return v
}

// some is a list that JSON shows as one.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// acquirerBody is what a merchant says of an account. Verify false leaves out the self-test, in demo only.
type acquirerBody struct {
	Kind        *string              `json:"kind"`
	Name        *string              `json:"name" validate:"omitempty,max=80"`
	Mode        *string              `json:"mode"`
	BaseURL     *string              `json:"base_url" validate:"omitempty,max=300"`
	Credentials *map[string]string   `json:"credentials" validate:"omitempty,max=20,dive,max=300"`
	Currencies  *[]checkout.Currency `json:"currencies" validate:"omitempty,max=6,unique"`
	Programmes  *[]string            `json:"programmes" validate:"omitempty,max=20,unique,dive,max=40"`
	Issuers     *[]string            `json:"issuers" validate:"omitempty,max=20,unique,dive,max=8"`
	Instalments *instalmentTable     `json:"instalments" validate:"omitempty,max=11"`
	Pricing     *checkout.Pricing    `json:"pricing"`
	MinMonthly  *int64               `json:"min_monthly" validate:"omitempty,gte=0"`
	HalfSecure  *bool                `json:"half_secure"`
	Priority    *int                 `json:"priority" validate:"omitempty,gte=-1000000,lte=1000000"`
	Enabled     *bool                `json:"enabled"`
	Commission  *string              `json:"commission"`
	Payout      *checkout.Spread     `json:"payout" validate:"omitempty,oneof=at_once monthly"`
	PayoutDays  *int                 `json:"payout_days"`
	IBAN        *string              `json:"iban" validate:"omitempty,max=50"`
	Verify      *bool                `json:"verify"`
}

// instalmentTable takes rows with exactly the names that there are.
type instalmentTable []instalmentRow

// UnmarshalJSON refuses names that a row does not have.
func (t *instalmentTable) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode((*[]instalmentRow)(t))
}

// apply writes what was said into the account; given are the names that were said. Credentials that are not named
// stay, except secrets when the address changes. shown are those that are no secrets.
func (b *acquirerBody) apply(a *checkout.Account, given map[string]bool, shown []string) error {
	put(&a.Name, b.Name)
	put(&a.Mode, b.Mode)
	if b.BaseURL != nil {
		a.MoveTo(*b.BaseURL, shown)
	}
	put(&a.Currencies, b.Currencies)
	put(&a.Programs, b.Programmes)
	put(&a.Issuers, b.Issuers)
	put(&a.Pricing, b.Pricing)
	put(&a.MinPerMonth, b.MinMonthly)
	put(&a.HalfSecure, b.HalfSecure)
	put(&a.Priority, b.Priority)
	put(&a.Enabled, b.Enabled)
	if b.Credentials != nil {
		merged := checkout.Secrets{}
		for _, from := range []map[string]string{a.Credentials, *b.Credentials} {
			for name, value := range from {
				merged[name] = value
			}
		}
		a.Credentials = merged
	}
	if err := b.payout(&a.Payout, given); err != nil {
		return err
	}
	return b.rates(a)
}

// payout writes what was said of the bank's payouts; null is that it is not known.
func (b *acquirerBody) payout(to *checkout.PayoutTerms, given map[string]bool) error {
	if given["payout"] {
		to.Spread = checkout.SpreadUnknown
		put(&to.Spread, b.Payout)
	}
	if given["payout_days"] {
		to.Days = b.PayoutDays
	}
	if given["iban"] {
		to.IBAN = ""
		if b.IBAN != nil {
			to.IBAN = checkout.PlainIBAN(*b.IBAN)
		}
	}
	if !given["commission"] {
		return nil
	}
	if to.Commission = nil; b.Commission == nil {
		return nil
	}
	rate, err := checkout.ParseRate(*b.Commission)
	if err != nil {
		return checkout.Invalid(checkout.FieldError{Field: "commission", Code: "rate_format"})
	}
	to.Commission = &rate
	return nil
}

func put[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

func (b *acquirerBody) rates(a *checkout.Account) error {
	if b.Instalments == nil {
		return nil
	}
	a.Rates = nil
	var errs []checkout.FieldError
	for i, row := range *b.Instalments {
		rate, err := checkout.ParseRate(row.Rate)
		if err != nil {
			errs = append(errs, checkout.FieldError{Field: "instalments." + strconv.Itoa(i) + ".rate", Code: "rate_format"})
		}
		a.Rates = append(a.Rates, checkout.RateRow{Count: row.Count, Rate: rate})
	}
	if len(errs) > 0 {
		return checkout.Invalid(errs...)
	}
	return nil
}

// verifies says whether the bank is to be asked.
func (b *acquirerBody) verifies(demo bool) (bool, error) {
	if b.Verify == nil || *b.Verify {
		return true, nil
	}
	if !demo {
		return true, checkout.Invalid(checkout.FieldError{Field: "verify", Code: "demo_only"})
	}
	return false, nil
}

// What only we write of an account.
var acquirerReadOnly = []string{"id", "created_at", "updated_at"}

func (s *Surface) createAcquirer(c *fiber.Ctx) error {
	key, done, err := s.idempotent(c)
	if done || err != nil {
		return err
	}
	defer s.release(key)
	var b acquirerBody
	given, err := s.decode(c, &b, acquirerReadOnly)
	if err != nil {
		return err
	}
	if b.Kind == nil {
		return checkout.Invalid(checkout.FieldError{Field: "kind", Code: "required"})
	}
	verify, err := b.verifies(s.Demo)
	if err != nil {
		return err
	}
	a := checkout.Account{Kind: *b.Kind, Pricing: checkout.PricingAbsorb, Enabled: true}
	if err := b.apply(&a, given, s.Banks.Shown(a.Kind)); err != nil {
		return err
	}
	var answer []byte
	_, err = s.Flow.CreateAccount(c.UserContext(), s.by(c), callerOf(c).merchant, a, verify, func(a checkout.Account) (checkout.Idempotency, error) {
		var err error
		answer, err = json.Marshal(s.viewAcquirer(a))
		return key.answer(fiber.StatusCreated, answer), err
	})
	if err != nil {
		return s.beaten(c, key, err)
	}
	return sendCreated(c, fiber.StatusCreated, answer)
}

func (s *Surface) listAcquirers(c *fiber.Ctx) error {
	all, err := s.Flow.AccountsOf(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := make([]acquirerView, len(all))
	for i, a := range all {
		views[i] = s.viewAcquirer(a)
	}
	return answerFew(c, views, func(v acquirerView) string { return string(v.ID) })
}

func (s *Surface) readAcquirer(c *fiber.Ctx) error {
	a, err := s.Flow.Account(c.UserContext(), callerOf(c).merchant, checkout.AccountID(c.Params("id")))
	if err != nil {
		return err
	}
	return c.JSON(s.viewAcquirer(a))
}

func (s *Surface) editAcquirer(c *fiber.Ctx) error {
	var b acquirerBody
	given, err := s.decode(c, &b, append([]string{"kind"}, acquirerReadOnly...))
	if err != nil {
		return err
	}
	verify, err := b.verifies(s.Demo)
	if err != nil {
		return err
	}
	a, err := s.Flow.EditAccount(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.AccountID(c.Params("id")), verify, func(a *checkout.Account) error {
		return b.apply(a, given, s.Banks.Shown(a.Kind))
	})
	if err != nil {
		return err
	}
	return c.JSON(s.viewAcquirer(a))
}

func (s *Surface) deleteAcquirer(c *fiber.Ctx) error {
	if err := s.Flow.DeleteAccount(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.AccountID(c.Params("id"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// verifyAcquirer asks the bank now; 204 says that it takes the credentials.
func (s *Surface) verifyAcquirer(c *fiber.Ctx) error {
	if err := s.Flow.VerifyAccount(c.UserContext(), callerOf(c).merchant, checkout.AccountID(c.Params("id"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
