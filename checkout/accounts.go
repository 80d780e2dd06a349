package checkout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// verifyTime bounds an account's self-test at its bank, which makes two calls.
const verifyTime = 30 * time.Second

// AccountChange is an account as it is to be stored, and what goes with it.
type AccountChange struct {
	Account Account
	From    int64 // the Version that it was read with; 0 = whatever is there is replaced
	Event   Event
	Idem    Idempotency
	Former  *FormerCredentials // what the change replaces, to be kept for a while; nil = nothing
}

// FormerCredentials are what an account had until they were changed. They judge what was signed before, and send
// nothing.
type FormerCredentials struct {
	Credentials Secrets
	ChangedAt   time.Time
	Until       time.Time // nothing that they signed is believed from then on
}

// CreateAccount makes a virtual POS of the merchant. Its settings are checked, and with verify the bank is
// asked whether it takes the credentials. idem is asked for the answer to keep with an Idempotency-Key, nil
// for none. Invalid names the fields as the API does; ErrUnreachable when the bank could not be asked.
func (s *Service) CreateAccount(ctx context.Context, by By, m MerchantID, a Account, verify bool, idem func(Account) (Idempotency, error)) (Account, error) {
	now := s.Clock.Now()
	a.ID, a.Merchant, a.Version, a.CreatedAt, a.UpdatedAt = s.IDs.Account(), m, 1, now, now
	a = s.Banks.Complete(a)
	if err := s.knownBank(a); err != nil {
		return Account{}, err
	}
	if err := s.checkAccount(ctx, a, Account{}, verify); err != nil {
		return Account{}, err
	}
	c := AccountChange{Account: a, Event: accountEvent(a, "acquirer.created", by, now)}
	if idem != nil {
		var err error
		if c.Idem, err = idem(a); err != nil {
			return Account{}, err
		}
	}
	return a, s.saveAccount(ctx, c)
}

// EditAccount changes an account in place. The bank is asked again where what it sees has changed. The
// merchant that it is at the bank stays: what it took is settled, voided and refunded as that one. ErrStale:
// somebody else changed or deleted it meanwhile.
func (s *Service) EditAccount(ctx context.Context, by By, m MerchantID, id AccountID, verify bool, edit func(*Account) error) (Account, error) {
	was, err := s.Account(ctx, m, id)
	if err != nil {
		return Account{}, err
	}
	a := was
	if err := edit(&a); err != nil {
		return Account{}, err
	}
	a = s.Banks.Complete(a)
	if names := s.Banks.Another(was, a); len(names) > 0 {
		errs := make([]FieldError, len(names))
		for i, name := range names {
			errs[i] = FieldError{Field: "credentials." + name, Code: "names_the_merchant"}
		}
		return Account{}, Invalid(errs...)
	}
	if a.BaseURL != was.BaseURL {
		if err := s.knownBank(a); err != nil {
			return Account{}, err
		}
	}
	a.Version, a.UpdatedAt = was.Version+1, s.Clock.Now()
	seen := a.Mode != was.Mode || a.BaseURL != was.BaseURL || !equalSecrets(a.Credentials, was.Credentials)
	if err := s.checkAccount(ctx, a, was, verify && seen); err != nil {
		return Account{}, err
	}
	c := AccountChange{Account: a, From: was.Version, Event: accountEvent(a, "acquirer.changed", by, a.UpdatedAt)}
	tellChange(c.Event.Data, was, a)
	if !equalSecrets(a.Credentials, was.Credentials) {
		// Other gateways begin with the former ones until they have read the account again.
		c.Former = &FormerCredentials{Credentials: was.Credentials, ChangedAt: a.UpdatedAt, Until: a.UpdatedAt.Add(s.Timing.Abandon + s.Timing.MerchantFresh)}
	}
	return a, s.saveAccount(ctx, c)
}

// DeleteAccount ends an account for new payments and for every list. What it took is still settled, voided
// and refunded with it.
func (s *Service) DeleteAccount(ctx context.Context, by By, m MerchantID, id AccountID) error {
	a, err := s.Account(ctx, m, id)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	a.Enabled, a.DeletedAt, a.UpdatedAt = false, now, now
	a.Version++
	return s.saveAccount(ctx, AccountChange{Account: a, From: a.Version - 1, Event: accountEvent(a, "acquirer.deleted", by, now)})
}

// VerifyAccount asks the bank whether it takes an account's credentials; nil = it does. Invalid names the
// setting to look at.
func (s *Service) VerifyAccount(ctx context.Context, m MerchantID, id AccountID) error {
	a, err := s.Account(ctx, m, id)
	if err != nil {
		return err
	}
	return s.checkAccount(ctx, a, a, true)
}

// AccountsOf answers a merchant's accounts, highest priority first, without deleted ones.
func (s *Service) AccountsOf(ctx context.Context, m MerchantID) ([]Account, error) {
	all, err := s.Ledger.Accounts(ctx, m)
	return slices.DeleteFunc(all, func(a Account) bool { return !a.DeletedAt.IsZero() }), err
}

// Account is one of them. ErrNoAccount also for somebody else's.
func (s *Service) Account(ctx context.Context, m MerchantID, id AccountID) (Account, error) {
	all, err := s.AccountsOf(ctx, m)
	if err != nil {
		return Account{}, err
	}
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	return Account{}, ErrNoAccount
}

func (s *Service) saveAccount(ctx context.Context, c AccountChange) error {
	if err := s.Ledger.ChangeAccount(ctx, c); err != nil {
		return err
	}
	s.Forget(c.Account.Merchant)
	return nil
}

// knownBank refuses an address that is neither the bank's nor one that the operator named: payers' cards go
// there, and a stolen key must not be enough to have them.
func (s *Service) knownBank(a Account) error {
	if s.Banks.Known(a) {
		return nil
	}
	return Invalid(FieldError{Field: "base_url", Code: "bank_host_unknown"})
}

// checkAccount finds every mistake of an account, and asks its bank where verify says so.
// was is what it was before: the programmes and issuers that it had stay.
func (s *Service) checkAccount(ctx context.Context, a, was Account, verify bool) error {
	errs := append(accountMistakes(a), s.strange(a, was)...)
	var e *Error
	if err := s.Banks.Check(a); errors.As(err, &e) && e.Kind == KindInvalid {
		errs = append(errs, e.Fields...)
	} else if err != nil {
		return err
	}
	if len(errs) > 0 {
		return Invalid(errs...)
	}
	if !verify {
		return nil
	}
	acq, err := s.Banks.Open(a)
	if err != nil {
		return fmt.Errorf("open account: %w", err)
	}
	v, ok := Able[Verifier](acq)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, verifyTime)
	defer cancel()
	return v.Verify(ctx)
}

// familyPrograms are programmes that are taken as another's family and that no list of BINs may have, see programFamily.
var familyPrograms = []string{"Parafly", "Bankkart Combo"}

// strange finds the mistakes of programmes and issuers that no card has: instalments would be offered to nobody, and nobody
// would know why. Those of a BIN table that an operator imported are known with it; a table without any can tell nothing.
func (s *Service) strange(a, was Account) (errs []FieldError) {
	table, ok := s.BINs.(Programmer)
	if !ok {
		return nil
	}
	look := func(field, code string, said, known []string, knows func(string) bool) {
		strange := func(one string) bool { return !knows(one) }
		if len(known) > 0 && slices.ContainsFunc(said, strange) {
			errs = append(errs, FieldError{Field: field, Code: code, Args: map[string]string{"known": strings.Join(known, ", ")}})
		}
	}
	programs := table.Programs()
	all := slices.Concat(programs, familyPrograms, was.Programs)
	look("programmes", "programme_unknown", a.Programs, programs, func(p string) bool {
		same := func(name string) bool { return strings.EqualFold(name, p) }
		return HoldsCard(p) || slices.ContainsFunc(all, same) // accountMistakes tells of a card number, and one mistake is enough
	})
	issuers := table.Issuers()
	names := make([]string, 0, len(issuers))
	for code, name := range issuers {
		names = append(names, code+" "+name)
	}
	slices.Sort(names)
	look("issuers", "issuer_unknown", a.Issuers, names, func(code string) bool {
		_, has := issuers[issuerGroup(code)]
		return has || slices.Contains(was.Issuers, code)
	})
	return errs
}

// accountMistakes are those that are the same for every bank.
func accountMistakes(a Account) (errs []FieldError) {
	mistake := func(field, code string) {
		errs = append(errs, FieldError{Field: field, Code: code})
	}
	if len(a.Currencies) == 0 {
		mistake("currencies", "required")
	}
	if a.Pricing != PricingAbsorb && a.Pricing != PricingMarkup && a.Pricing != PricingGrossUp {
		mistake("pricing", "not_a_choice")
	}
	seen := map[int]bool{}
	for i, row := range a.Rates {
		field := "instalments." + strconv.Itoa(i) + ".count"
		switch {
		case row.Count < 2 || row.Count > MaxInstallments:
			mistake(field, "out_of_range")
		case seen[row.Count]:
			mistake(field, "repeated")
		}
		seen[row.Count] = true
	}
	if HoldsCard(a.Name) {
		mistake("name", "looks_like_card")
	}
	if addressHoldsCard(a.BaseURL) {
		mistake("base_url", "looks_like_card")
	}
	if slices.ContainsFunc(a.Programs, HoldsCard) {
		mistake("programmes", "looks_like_card")
	}
	return append(errs, a.Payout.mistakes()...)
}

// MoveTo gives the account another address. Its secrets were given for the old one and go nowhere else:
// whoever moves it has to have them. shown are the credentials that are no secrets.
func (a *Account) MoveTo(baseURL string, shown []string) {
	if baseURL == a.BaseURL {
		return
	}
	a.BaseURL = baseURL
	kept := Secrets{}
	for _, name := range shown {
		if value, has := a.Credentials[name]; has {
			kept[name] = value
		}
	}
	a.Credentials = kept
}

func equalSecrets(a, b Secrets) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if have, ok := b[k]; !ok || have != v {
			return false
		}
	}
	return true
}

func accountEvent(a Account, typ string, by By, at time.Time) Event {
	return Event{
		Merchant: a.Merchant, Subject: string(a.Merchant), Type: typ, Actor: by.Actor, IP: by.IP, At: at,
		Data: map[string]string{"acquirer": string(a.ID), "name": a.Name, "kind": a.Kind, "mode": a.Mode},
	}
}

// tellChange writes into an event what of an account changed: from what to what where people ask for that, else the field
// alone. Of a secret it is that it changed.
func tellChange(data map[string]string, was, a Account) {
	if was.Name != a.Name {
		data["former_name"] = was.Name
	}
	if !slices.Equal(was.Currencies, a.Currencies) {
		data["currencies"] = fromTo(listed(was.Currencies), listed(a.Currencies))
	}
	if was.Priority != a.Priority {
		data["priority"] = fromTo(strconv.Itoa(was.Priority), strconv.Itoa(a.Priority))
	}
	if was.Enabled != a.Enabled {
		data["enabled"] = fromTo(strconv.FormatBool(was.Enabled), strconv.FormatBool(a.Enabled))
	}
	data["rates"], data["changed"] = changedRates(was, a), strings.Join(changedFields(was, a), ", ")
	for _, name := range []string{"rates", "changed"} {
		if data[name] == "" {
			delete(data, name)
		}
	}
}

// fromTo is a change of a value, "–" for none.
func fromTo(was, is string) string { return cmp.Or(was, "–") + " → " + cmp.Or(is, "–") }

func listed(all []Currency) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = string(one)
	}
	return strings.Join(words, ", ")
}

// changedRates are the rates of an account that are others than before, by their counts: "3: 3.60 → 20.00; 6: – → 7.20".
func changedRates(was, a Account) string {
	rates := func(of Account) map[int]string {
		by := map[int]string{}
		for _, row := range of.Rates {
			by[row.Count] = row.Rate.String()
		}
		return by
	}
	old, now := rates(was), rates(a)
	var all []string
	for n := range MaxInstallments + 1 {
		if old[n] != now[n] {
			all = append(all, strconv.Itoa(n)+": "+fromTo(old[n], now[n]))
		}
	}
	return strings.Join(all, "; ")
}

// changedFields names the other settings that changed, and credentials behind "cred.".
func changedFields(was, a Account) (all []string) {
	for _, one := range []struct {
		name    string
		changed bool
	}{
		{"mode", was.Mode != a.Mode}, {"base_url", was.BaseURL != a.BaseURL}, {"programmes", !slices.Equal(was.Programs, a.Programs)},
		{"issuers", !slices.Equal(was.Issuers, a.Issuers)}, {"pricing", was.Pricing != a.Pricing}, {"min_monthly", was.MinPerMonth != a.MinPerMonth},
		{"half_secure", was.HalfSecure != a.HalfSecure}, {"payouts", !reflect.DeepEqual(was.Payout, a.Payout)},
	} {
		if one.changed {
			all = append(all, one.name)
		}
	}
	names := slices.Collect(maps.Keys(was.Credentials))
	for name := range a.Credentials {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		old, had := was.Credentials[name]
		if now, has := a.Credentials[name]; old != now || had != has {
			all = append(all, "cred."+name)
		}
	}
	return all
}
