package checkout

import "strings"

// Spread says how a bank pays an instalment sale out (domain.md 5.2).
type Spread string

const (
	SpreadUnknown Spread = ""
	SpreadAtOnce  Spread = "at_once" // the whole sale on one day
	SpreadMonthly Spread = "monthly" // a part in each month
)

// Spreads are those that a merchant may say.
var Spreads = []Spread{SpreadAtOnce, SpreadMonthly}

// MaxPayoutDays bounds PayoutTerms.Days. Banks hold credit card sales for 40 days at most (domain.md 5.2); the rest is
// room for what was agreed otherwise.
const MaxPayoutDays = 120

// PayoutTerms are what a merchant agreed with his bank about being paid out. Reports estimate with them; they move
// no money and decide nothing about a payment. The zero value says that nothing is known.
type PayoutTerms struct {
	Commission *Rate  `json:"commission,omitempty"` // of single payments; nil = not known, which is not zero
	Spread     Spread `json:"spread,omitempty"`
	Days       *int   `json:"days,omitempty"` // from the day of the sale, in calendar days; nil = not known
	IBAN       string `json:"iban,omitempty"` // where the money goes, in capitals without spaces
}

// PlainIBAN is an IBAN as it is kept: people write it in groups and in small letters.
func PlainIBAN(typed string) string {
	return strings.ToUpper(strings.Join(strings.Fields(typed), ""))
}

// lengthTR is how long an IBAN of Türkiye is; the shortest and the longest of all countries are ISO 13616's.
const (
	lengthTR = 26
	minIBAN  = 15
	maxIBAN  = 34
)

// CheckIBAN holds an IBAN against its own check digits (ISO 13616, ISO 7064 MOD 97-10). It answers "" or a field error
// code.
func CheckIBAN(iban string) (code string) {
	if len(iban) < minIBAN || len(iban) > maxIBAN || strings.HasPrefix(iban, "TR") && len(iban) != lengthTR {
		return "iban"
	}
	rest := 0
	for i, c := range []byte(iban[4:] + iban[:4]) {
		country, check := i >= len(iban)-4 && i < len(iban)-2, i >= len(iban)-2
		switch {
		case c >= '0' && c <= '9' && !country:
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z' && !check:
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return "iban"
		}
	}
	if rest != 1 {
		return "iban"
	}
	return ""
}

// mistakes are those of the terms, by the names of the API.
func (p PayoutTerms) mistakes() (errs []FieldError) {
	if p.Days != nil && (*p.Days < 0 || *p.Days > MaxPayoutDays) {
		errs = append(errs, FieldError{Field: "payout_days", Code: "out_of_range"})
	}
	if p.Spread != SpreadUnknown && p.Spread != SpreadAtOnce && p.Spread != SpreadMonthly {
		errs = append(errs, FieldError{Field: "payout", Code: "not_a_choice"})
	}
	if p.IBAN != "" {
		if code := CheckIBAN(p.IBAN); code != "" {
			errs = append(errs, FieldError{Field: "iban", Code: code})
		}
	}
	return errs
}
