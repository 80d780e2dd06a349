package checkout

import (
	"context"
	"errors"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// PageWords is what a merchant says to its payers in its own words.
type PageWords struct {
	Merchant MerchantID `json:"-"`
	// NoticeURL leads to the merchant's privacy notice; "" = the built-in text only.
	NoticeURL string `json:"notice_url,omitempty"`
	// Declines are sentences in the place of the usual ones, by language and reason.
	Declines map[string]map[Reason]string `json:"declines,omitempty"`
	// Seller is what consumer sales tell of the merchant, Legal which version of its own wording is in force, by
	// language; 0 = the built-in one.
	Seller Seller                           `json:"seller,omitzero"`
	Legal  map[string]map[ConsentKind]int64 `json:"legal,omitempty"`
}

// WordedReasons are those whose sentence a merchant may choose. What became of a payer's money is said beside it
// by a sentence of its own, which nobody rewords (checklist D7).
var WordedReasons = slices.DeleteFunc(slices.Clone(Reasons), func(r Reason) bool {
	return r == ReasonLinkUsed || r == ReasonSuperseded || r == ReasonNotCharged
})

// MaxPageWords is how long such a sentence may be, in characters.
const MaxPageWords = 200

// MaxLogo is how large a merchant's picture may be, in bytes.
const MaxLogo = 64 << 10

// BrandingLedger keeps what payers see of a merchant beside the merchant itself.
type BrandingLedger interface {
	// PageWords answers what a merchant says in its own words; nothing for one that says nothing.
	// ErrWordsChanged.
	PageWords(ctx context.Context, m MerchantID) (PageWords, error)
	// EditPageWords has edit change it as it is now and raises the merchant's Version: nobody else's change is lost in
	// between. edit answers the event to record, nil = nothing is different; it may be asked more than once.
	// Words that a hand changed are nothing to it. ErrNoMerchant, and edit's errors.
	EditPageWords(ctx context.Context, m MerchantID, edit func(Merchant, *PageWords) (*Event, error)) error
	// MerchantNames answers the display names of all merchants.
	MerchantNames(ctx context.Context) (map[MerchantID]string, error)
}

// ChangeMerchant changes what payers see of a merchant; they see it at once. version is the one that the caller
// saw. The event names the fields that changed. Invalid; ErrStale.
func (s *Service) ChangeMerchant(ctx context.Context, by By, id MerchantID, version int64, edit func(*Merchant)) (Merchant, error) {
	was, err := s.Ledger.Merchant(ctx, id)
	if err != nil {
		return was, err
	}
	if was.Version != version {
		return was, ErrStale
	}
	m := was
	edit(&m)
	errs := CheckMerchant(m)
	if w, err := s.Ledger.PageWords(ctx, id); err != nil {
		return m, err
	} else if len(errs) == 0 {
		errs = lostDetails(missingDetails(was, w.Seller), missingDetails(m, w.Seller))
	}
	if m.Name != was.Name && len(errs) == 0 {
		if errs, err = s.likeAnother(ctx, m); err != nil {
			return m, err
		}
	}
	if len(errs) > 0 {
		return m, Invalid(errs...)
	}
	e := s.merchantEvent(id, "merchant.changed", by)
	if e.Data = merchantChanges(was, m); len(e.Data) == 0 {
		return was, nil
	}
	m.Version, m.UpdatedAt = was.Version+1, e.At
	if err := s.Ledger.SaveMerchant(ctx, m, e); err != nil {
		return m, err
	}
	s.Forget(id)
	return m, nil
}

// merchantChanges names what is different, with what stands there now.
func merchantChanges(was, now Merchant) map[string]string {
	out := map[string]string{}
	for name, pair := range map[string][2]string{
		"name": {was.Name, now.Name}, "legal_name": {was.LegalName, now.LegalName}, "phone": {was.Phone, now.Phone}, "email": {was.Email, now.Email},
		"website": {was.Website, now.Website}, "accent": {was.Accent, now.Accent},
		"currencies": {joined(was.Currencies), joined(now.Currencies)}, "category": {was.Category, now.Category},
		"max_installments": {strconv.Itoa(was.MaxCount), strconv.Itoa(now.MaxCount)}, "return_origins": {joined(was.ReturnOrigins), joined(now.ReturnOrigins)},
		"brands": {joined(was.Brands), joined(now.Brands)}, "installments": {counts(was.Installments), counts(now.Installments)},
		"support_phone": {was.Support.Phone, now.Support.Phone}, "support_email": {was.Support.Email, now.Support.Email}, "support_hours": {was.Support.Hours, now.Support.Hours},
	} {
		if pair[0] != pair[1] {
			out[name] = pair[1]
		}
	}
	return out
}

func joined[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, one := range all {
		out[i] = string(one)
	}
	return strings.Join(out, " ")
}

func counts(all []int) string {
	out := make([]string, len(all))
	for i, n := range all {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, " ")
}

var accentShape = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// CheckMerchant finds every mistake in what payers see of a merchant, by the names of the fields.
func CheckMerchant(m Merchant) (errs []FieldError) {
	add := func(field, code string) {
		if code != "" {
			errs = append(errs, FieldError{Field: field, Code: code})
		}
	}
	add("name", CheckName(m.Name))
	if m.LegalName != "" {
		add("legal_name", checkLine(m.LegalName, 200))
	}
	add("phone", checkLine(m.Phone, 40))
	if m.Phone != "" && !strings.ContainsFunc(m.Phone, unicode.IsDigit) {
		add("phone", "phone_malformed")
	}
	add("email", contactMistake(m.Email))
	add("website", httpsMistake(m.Website))
	if m.Accent != "" && !accentShape.MatchString(m.Accent) {
		add("accent", "color_malformed")
	}
	if m.Brands != nil && len(m.Brands) == 0 {
		add("brands", "required")
	}
	for _, n := range m.Installments {
		if n < 1 || n > MaxInstallments {
			add("installments", "out_of_range")
			break
		}
	}
	return append(errs, CheckSupport(m.Support)...)
}

// contactMistake is "" for an e-mail address that payers or staff may write to, and for none.
func contactMistake(address string) string {
	if address == "" {
		return ""
	}
	if a, err := mail.ParseAddress(address); err != nil || a.Address != address {
		return "email_malformed"
	}
	if HoldsCard(address) {
		return "looks_like_card"
	}
	return ""
}

// httpsMistake is "" for an https address, and for none.
func httpsMistake(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > 300 || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '\\' }) {
		return "https_required"
	}
	if addressHoldsCard(address) {
		return "looks_like_card"
	}
	return ""
}

// likeAnother refuses a name that reads like another merchant's and is not spelled like it (A36).
func (s *Service) likeAnother(ctx context.Context, m Merchant) ([]FieldError, error) {
	all, err := s.Ledger.MerchantNames(ctx)
	if err != nil {
		return nil, err
	}
	for id, name := range all {
		if id != m.ID && name != m.Name && lookOf(name) == lookOf(m.Name) {
			return []FieldError{{Field: "name", Code: "name_like_another"}}, nil
		}
	}
	return nil, nil
}

// lookalikes are letters of other scripts and figures that read as Latin letters, in lower case (Unicode UTS #39,
// confusables), and Turkish ones as they are written without their marks.
var lookalikes = strings.NewReplacer(
	"а", "a", "в", "b", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "i", "ј", "j", "к", "k", "м", "m", "н", "h", "о", "o", "р", "p", "ѕ", "s", "т", "t", "у", "y", "ѵ", "v", "х", "x",
	"α", "a", "β", "b", "ε", "e", "η", "n", "ι", "i", "κ", "k", "μ", "u", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u", "χ", "x", "ζ", "z",
	"ç", "c", "ğ", "g", "ı", "i", "ö", "o", "ş", "s", "ü", "u", "â", "a", "î", "i", "û", "u", "0", "o", "1", "l", "3", "e", "5", "s",
)

// lookOf is a name as a hasty reader sees it.
func lookOf(name string) string {
	return lookalikes.Replace(strings.Join(strings.Fields(strings.ToLower(name)), " "))
}

// SetLogo stores a merchant's picture; one without data takes it away. Invalid: it is none that browsers show
// everywhere, or too large.
func (s *Service) SetLogo(ctx context.Context, by By, id MerchantID, l Logo) error {
	if len(l.Data) > 0 && (len(l.Data) > MaxLogo || !slices.Contains([]string{"image/png", "image/jpeg", "image/webp"}, l.Type)) {
		return Invalid(FieldError{Field: "logo", Code: "logo_format"})
	}
	if err := s.Ledger.SaveLogo(ctx, id, l, s.merchantEvent(id, "merchant.logo", by)); err != nil {
		return err
	}
	s.Forget(id)
	return nil
}

// ErrWordsChanged: what the ledger has of a merchant's own words is not what this program wrote (A67).
var ErrWordsChanged = errors.New("a merchant's own words were changed by hand")

// distrusted are the merchants whose own words were changed by hand, each told once.
type distrusted struct {
	mu  sync.Mutex
	all map[MerchantID]bool
}

// add says whether it was not known yet.
func (d *distrusted) add(m MerchantID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[MerchantID]bool{}
	}
	known := d.all[m]
	d.all[m] = true
	return !known
}

func (d *distrusted) drop(m MerchantID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, m)
}

// WordsChanged is how many merchants' pages say the built-in words because their own were changed by hand.
func (s *Service) WordsChanged() int {
	s.distrusted.mu.Lock()
	defer s.distrusted.mu.Unlock()
	return len(s.distrusted.all)
}

// PageWords answers what a merchant says in its own words. Words that were changed by hand are nobody's: pages go on
// with the built-in ones, people are told, and what the merchant saves next takes their place.
func (s *Service) PageWords(ctx context.Context, m MerchantID) (PageWords, error) {
	w, err := s.Ledger.PageWords(ctx, m)
	switch {
	case errors.Is(err, ErrWordsChanged):
		if s.distrusted.add(m) {
			s.Observer.Alarm("a merchant's own words were changed by hand: its pages say the built-in ones", err)
		}
		return PageWords{Merchant: m}, nil
	case err == nil:
		s.distrusted.drop(m)
	}
	return w, err
}

// SetNoticeURL sets where a merchant's privacy notice is. Invalid.
func (s *Service) SetNoticeURL(ctx context.Context, by By, m MerchantID, address string) error {
	if code := httpsMistake(address); code != "" {
		return Invalid(FieldError{Field: "notice_url", Code: code})
	}
	return s.changeWords(ctx, s.merchantEvent(m, "merchant.notice", by), func(w *PageWords) bool {
		changed := w.NoticeURL != address
		w.NoticeURL = address
		return changed
	})
}

// SetDecline makes a sentence for payers the merchant's own; "" puts the usual one back. Invalid.
func (s *Service) SetDecline(ctx context.Context, by By, m MerchantID, lang string, r Reason, text string) error {
	text = strings.TrimSpace(text)
	code := checkLine(text, MaxPageWords)
	if lang == "" || len(lang) > 8 || !slices.Contains(WordedReasons, r) {
		return Invalid(FieldError{Field: "reason", Code: "not_a_choice"})
	}
	if code != "" {
		return Invalid(FieldError{Field: "text", Code: code})
	}
	e := s.merchantEvent(m, "merchant.decline_words", by)
	e.Data = map[string]string{"lang": lang, "reason": string(r)}
	return s.changeWords(ctx, e, func(w *PageWords) bool {
		was := w.Declines[lang][r]
		if text == "" {
			delete(w.Declines[lang], r)
			return was != ""
		}
		if w.Declines == nil {
			w.Declines = map[string]map[Reason]string{}
		}
		if w.Declines[lang] == nil {
			w.Declines[lang] = map[Reason]string{}
		}
		w.Declines[lang][r] = text
		return was != text
	})
}

// changeWords has edit change a merchant's words; it says whether something is different.
func (s *Service) changeWords(ctx context.Context, e Event, edit func(*PageWords) bool) error {
	err := s.Ledger.EditPageWords(ctx, e.Merchant, func(_ Merchant, w *PageWords) (*Event, error) {
		if !edit(w) {
			return nil, nil
		}
		return &e, nil
	})
	if err != nil {
		return err
	}
	s.Forget(e.Merchant)
	return nil
}
