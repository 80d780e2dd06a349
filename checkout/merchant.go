package checkout

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
)

// Merchant is a company that collects. What the pages show of it changes with Version.
type Merchant struct {
	ID            MerchantID
	Name          string // display name
	LegalName     string
	Phone         string
	Email         string
	Website       string
	Accent        string     // "#1f6feb"; the pages correct its contrast
	LogoType      string     // media type of the stored logo, "" = none
	Currencies    []Currency // TRY and those with a foreign-currency permission
	Installments  []int      // counts offered when a link names none; nil = all its accounts offer
	MaxCount      int        // the merchant's own cap, 0 = none
	Category      string     // sector, for the legal caps
	Brands        []Brand    // accepted schemes; nil = Visa, Mastercard, Troy and American Express
	ReturnOrigins []string   // origins that return_url may name; nil = any https origin
	Test          bool       // shows the test banner
	Support       SupportLine
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// SupportLine is whom a merchant's staff call or write to about their virtual POS (features 10.2): of whoever runs the
// gateway, who sets it. Payers never see it. The zero value names nobody.
type SupportLine struct {
	Phone string `json:"phone,omitempty"` // as people write it
	Email string `json:"email,omitempty"`
	Hours string `json:"hours,omitempty"` // when somebody answers, or what else helps, in words
}

// Dial is the phone as a tel: address wants it (RFC 3966): digits, with a leading plus if there is one.
func (l SupportLine) Dial() string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, l.Phone)
}

// CheckSupport finds every mistake in a support line, by the names of its fields.
func CheckSupport(l SupportLine) (errs []FieldError) {
	add := func(field, code string) {
		if code != "" {
			errs = append(errs, FieldError{Field: "support_" + field, Code: code})
		}
	}
	switch code := checkLine(l.Phone, 40); {
	case code != "":
		add("phone", code)
	case l.Phone != "" && (!strings.ContainsFunc(l.Phone, unicode.IsDigit) || strings.LastIndexByte(l.Phone, '+') > 0):
		add("phone", "phone_malformed")
	}
	add("email", contactMistake(l.Email))
	add("hours", checkLine(l.Hours, 80))
	return errs
}

// Logo is a merchant's picture: PNG, JPEG or WebP, small, square.
type Logo struct {
	Type string // media type
	Data []byte
}

// Accepts says whether the merchant takes cards of this brand.
func (m Merchant) Accepts(b Brand) bool {
	brands := m.Brands
	if brands == nil {
		brands = []Brand{BrandVisa, BrandMastercard, BrandTroy, BrandAmex, BrandMaestro}
	}
	for _, have := range brands {
		if have == b {
			return true
		}
	}
	return false
}

// Takes says whether the merchant may collect in c (features 1.6).
func (m Merchant) Takes(c Currency) bool {
	if c == TRY && len(m.Currencies) == 0 {
		return true
	}
	for _, have := range m.Currencies {
		if have == c {
			return true
		}
	}
	return false
}

// Secrets are the credentials of an account, by the protocol sheet's names in lower snake case.
// They print as a count only and are encrypted at rest under the master key. fmt cannot call the
// methods of a value in somebody's unexported field, so whoever keeps Secrets keeps them behind two
// pointers or copies what it needs into a type of its own that does.
type Secrets map[string]string

func (s Secrets) String() string               { return fmt.Sprintf("secrets(%d)", len(s)) }
func (s Secrets) GoString() string             { return s.String() }
func (s Secrets) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, s.String()) } // fmt.State cannot answer an error
func (s Secrets) LogValue() slog.Value         { return slog.StringValue(s.String()) }
func (s Secrets) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// Account is one virtual POS of a merchant at a bank (contract, section 6).
type Account struct {
	ID          AccountID
	Merchant    MerchantID
	Kind        string // payfor, nestpay, …
	Name        string
	Mode        string // 3dmodel, 3dpay, 3dhost, …
	BaseURL     string // replaces host and leading path of every address of the bank; "" = the bank's own
	Credentials Secrets
	Currencies  []Currency
	Programs    []string // instalment programmes whose credit cards may pay in instalments here
	Issuers     []string // TCMB codes that count as the acquirer's own cards
	Rates       []RateRow
	Pricing     Pricing
	MinPerMonth int64 // smallest monthly amount in minor units, 0 = none
	HalfSecure  bool  // mdStatus 2, 3, 4 may authorise (invariant I11)
	Priority    int   // higher first
	Enabled     bool
	Payout      PayoutTerms
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DeletedAt   time.Time // zero = not; a deleted one is not Enabled
}

// Takes says whether the account takes payments in c.
func (a Account) Takes(c Currency) bool {
	for _, have := range a.Currencies {
		if have == c {
			return true
		}
	}
	return false
}

// Takes says whether some account of the shop takes payments in c.
func (sh *Shop) Takes(c Currency) bool {
	for _, a := range sh.Accounts {
		if a.Takes(c) {
			return true
		}
	}
	return false
}

// APIKey is a merchant's key; the secret itself is shown once and stored as a keyed hash only.
type APIKey struct {
	ID        KeyID
	Merchant  MerchantID
	Name      string
	Shown     string // the first characters, to tell keys apart
	Hash      []byte // HMAC-SHA256 under a key derived from the master key
	CreatedAt time.Time
	RevokedAt time.Time // zero = live
}

// CheckName holds a merchant's name against look-alikes: no control, bidi or zero-width marks, and
// no mix of scripts inside a word (A36). It answers "" or a field error code.
func CheckName(name string) (code string) {
	if strings.TrimSpace(name) == "" {
		return "required"
	}
	if code := checkLine(name, 80); code != "" {
		return code
	}
	for _, word := range strings.Fields(name) {
		scripts := map[string]bool{}
		for _, r := range word {
			for _, s := range []string{"Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Armenian", "Georgian", "Han"} {
				if unicode.Is(unicode.Scripts[s], r) {
					scripts[s] = true
				}
			}
		}
		if len(scripts) > 1 {
			return "mixed_scripts"
		}
	}
	return ""
}
