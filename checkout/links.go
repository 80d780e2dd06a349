package checkout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// LinkTerms is what a merchant says of a link. Zero times mean the defaults: active at once, for
// DefaultLife.
type LinkTerms struct {
	Open         bool
	Amount       Money
	MinMinor     int64
	MaxMinor     int64
	Order        OrderNumber // "" = one is made
	Description  string
	Installments []int
	ActiveFrom   time.Time
	ExpiresAt    time.Time
	Usage        Usage
	MaxPayments  int
	PayerNote    bool
	Customer     Customer
	ReturnURL    string
	Metadata     map[string]string
	Category     string
}

// DefaultLife is how long a link lives whose dates were left blank (features 1.12).
const DefaultLife = 24 * time.Hour

// Limits of a link's texts, in characters, and of its numbers.
const (
	maxDescription   = 500
	maxOrder         = 64
	maxMetadata      = 20
	maxMetadataKey   = 40
	maxMetadataValue = 500
	maxURL           = 500
	maxPerson        = 120
	maxEmail         = 254                  // RFC 5321, 4.5.3.1.3, without the angle brackets
	maxLinkMinor     = 1_000_000_000_000_00 // far above any card's limit, far below int64 with mark-ups
	maxLinkPayments  = 1_000_000
)

// By says who does something, for the audit trail.
type By struct {
	Actor string // api:key_…, operator, demo
	IP    string
}

var (
	orderShape    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/#-]*$`)
	categoryShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// CreateLink makes a link. idem, when not nil, is asked for the answer to keep with the caller's
// Idempotency-Key; it is stored in the same transaction. Invalid with field names as the API shows
// them; ErrOrderTaken; ErrKeyKnown.
func (s *Service) CreateLink(ctx context.Context, by By, m MerchantID, t LinkTerms, idem func(Link) (Idempotency, error)) (Link, error) {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Link{}, err
	}
	now := s.Clock.Now()
	t = t.withDefaults(now)
	if errs := s.checkTerms(&t, shop.Merchant); len(errs) > 0 {
		return Link{}, refusedTerms(errs)
	}
	made := t.Order == ""
	for tries := 0; ; tries++ {
		if made {
			t.Order = s.IDs.OrderNumber(now)
		}
		l := Link{ID: s.IDs.Link(), Token: s.IDs.Token(), Merchant: m, Version: 1, Rev: 1, CreatedAt: now}
		l.set(t, now)
		n := NewLink{Link: l, Event: s.linkEvent(l, "link.created", by, 1), Publish: "link.created"}
		if idem != nil {
			if n.Idem, err = idem(l); err != nil {
				return Link{}, err
			}
		}
		err = s.Ledger.CreateLink(ctx, n)
		if err == nil {
			s.publish(ctx, &l)
			return l, nil
		}
		if !made || !errors.Is(err, ErrOrderTaken) || tries == 5 {
			return Link{}, err
		}
	}
}

// EditLink changes the terms in place: same token, same order number. A payment already at the
// bank keeps the terms it started with (I9).
func (s *Service) EditLink(ctx context.Context, by By, m MerchantID, id LinkID, edit func(*LinkTerms) error) (Link, error) {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Link{}, err
	}
	return s.changeLink(ctx, m, id, "link.edited", by, func(l *Link) error {
		if l.Spent() {
			return ErrPaid
		}
		t := l.terms()
		if err := edit(&t); err != nil {
			return err
		}
		t.Order = l.Order
		t = t.withDefaults(s.Clock.Now()) // a date that was taken away is what a new link has
		errs := s.checkTerms(&t, shop.Merchant)
		if t.Usage == UsageMulti && t.MaxPayments > 0 && t.MaxPayments < l.PaidCount {
			errs = append(errs, FieldError{Field: "max_payments", Code: "below_paid_count"})
		}
		if t.Usage == UsageSingle && l.PaidCount > 1 {
			errs = append(errs, FieldError{Field: "usage", Code: "below_paid_count"})
		}
		if len(errs) > 0 {
			return refusedTerms(errs)
		}
		l.set(t, s.Clock.Now())
		l.RestingSince = time.Time{} // an edit wakes a resting link
		return nil
	})
}

// refusedTerms is Invalid, or ErrCurrency when nothing but the permission is missing: that is no
// mistake of the caller's, and the merchant's bank has to help (features 1.6).
func refusedTerms(errs []FieldError) *Error {
	e := Invalid(errs...)
	if len(errs) == 1 && errs[0].Code == ErrCurrency.Code {
		e.Code = ErrCurrency.Code
	}
	return e
}

// DeleteLink makes a link dead at once. Deleting it again is no error; a paid link stays.
func (s *Service) DeleteLink(ctx context.Context, by By, m MerchantID, id LinkID) error {
	_, err := s.changeLink(ctx, m, id, "link.deleted", by, func(l *Link) error {
		if l.Spent() {
			return ErrPaid
		}
		l.DeletedAt = s.Clock.Now()
		return nil
	})
	if errors.Is(err, ErrDeleted) {
		return nil
	}
	return err
}

// changeLink reads, changes and writes a link until nobody was faster.
func (s *Service) changeLink(ctx context.Context, m MerchantID, id LinkID, typ string, by By, change func(*Link) error) (Link, error) {
	if !id.Valid() {
		return Link{}, ErrNoLink
	}
	for {
		from, err := s.Ledger.LinkByID(ctx, m, id)
		if err != nil {
			return Link{}, err
		}
		if !from.DeletedAt.IsZero() {
			return Link{}, ErrDeleted
		}
		to := from
		if err := change(&to); err != nil {
			return Link{}, err
		}
		to.Version, to.UpdatedAt = from.Version+1, s.Clock.Now()
		now, err := s.Ledger.ChangeLink(ctx, LinkChange{From: from, To: to, Publish: typ, Event: s.linkEvent(to, typ, by, 0)})
		if err == nil {
			s.publish(ctx, &now)
			return now, nil
		}
		if !errors.Is(err, ErrStale) {
			return Link{}, fmt.Errorf("change link: %w", err)
		}
	}
}

// linkEvent describes the link as it is; the ledger numbers and chains it.
func (s *Service) linkEvent(l Link, typ string, by By, seq int64) Event {
	return Event{
		Merchant: l.Merchant, Subject: string(l.ID), Seq: seq, Type: typ, Actor: by.Actor, IP: by.IP, At: s.Clock.Now(),
		Data: map[string]string{
			"order_id": string(l.Order), "amount": l.Amount.String(), "usage": string(l.Usage),
			"active_from": l.ActiveFrom.UTC().Format(time.RFC3339), "expires_at": l.ExpiresAt.UTC().Format(time.RFC3339),
		},
	}
}

func (l *Link) set(t LinkTerms, now time.Time) {
	l.Order, l.Open, l.Amount, l.MinMinor, l.MaxMinor = t.Order, t.Open, t.Amount, t.MinMinor, t.MaxMinor
	l.Description, l.Installments, l.ActiveFrom, l.ExpiresAt = t.Description, t.Installments, t.ActiveFrom, t.ExpiresAt
	l.Usage, l.MaxPayments, l.PayerNote, l.Customer = t.Usage, t.MaxPayments, t.PayerNote, t.Customer
	l.ReturnURL, l.Metadata, l.Category, l.UpdatedAt = t.ReturnURL, t.Metadata, t.Category, now
}

func (l Link) terms() LinkTerms {
	return LinkTerms{
		Open: l.Open, Amount: l.Amount, MinMinor: l.MinMinor, MaxMinor: l.MaxMinor, Order: l.Order,
		Description: l.Description, Installments: l.Installments, ActiveFrom: l.ActiveFrom, ExpiresAt: l.ExpiresAt,
		Usage: l.Usage, MaxPayments: l.MaxPayments, PayerNote: l.PayerNote, Customer: l.Customer,
		ReturnURL: l.ReturnURL, Metadata: l.Metadata, Category: l.Category,
	}
}

func (t LinkTerms) withDefaults(now time.Time) LinkTerms {
	if t.ActiveFrom.IsZero() {
		t.ActiveFrom = now
	}
	if t.ExpiresAt.IsZero() {
		t.ExpiresAt = t.ActiveFrom.Add(DefaultLife)
		if t.ActiveFrom.Before(now) {
			t.ExpiresAt = now.Add(DefaultLife)
		}
	}
	if t.Usage == "" {
		t.Usage = UsageSingle
	}
	return t
}

// checkTerms is check and what only the flow's tables know.
func (s *Service) checkTerms(t *LinkTerms, m Merchant) []FieldError {
	errs := t.check(m)
	if t.Category != "" && categoryShape.MatchString(t.Category) && !s.Caps.Known(t.Category) {
		errs = append(errs, FieldError{Field: "category", Code: "category_unknown"})
	}
	return errs
}

// check finds every mistake of the terms at once.
func (t *LinkTerms) check(m Merchant) []FieldError {
	var errs []FieldError
	add := func(field, code string) { errs = append(errs, FieldError{Field: field, Code: code}) }
	t.checkAmount(m, add)
	if t.Order != "" && (len(t.Order) > maxOrder || !orderShape.MatchString(string(t.Order))) {
		add("order_id", "order_id_format")
	} else if HoldsCard(string(t.Order)) {
		add("order_id", "looks_like_card")
	}
	if code := checkText(t.Description, maxDescription); code != "" {
		add("description", code)
	}
	for _, n := range t.Installments {
		if n < 1 || n > MaxInstallments {
			add("installments", "installment_count")
			break
		}
	}
	t.Installments = sortedCounts(t.Installments)
	if !t.ActiveFrom.Before(t.ExpiresAt) {
		add("expires_at", "ends_before_start")
	}
	t.checkUsage(add)
	if t.ReturnURL != "" {
		if code := checkReturn(t.ReturnURL, m.ReturnOrigins, m.Test); code != "" {
			add("return_url", code)
		}
	}
	if t.Category != "" && (!categoryShape.MatchString(t.Category) || HoldsCard(t.Category)) {
		add("category", "category_format")
	}
	t.checkTexts(add)
	return errs
}

func (t *LinkTerms) checkAmount(m Merchant, add func(field, code string)) {
	switch c := t.Amount.Currency; {
	case c == "":
		add("currency", "required")
	case !c.Known():
		add("currency", "currency_unknown")
	case !m.Takes(c):
		add("currency", "currency_not_permitted")
	}
	if !t.Open {
		checkMinor("amount", t.Amount.Minor, 1, add)
		if t.MinMinor != 0 {
			add("min_amount", "only_for_open")
		}
		if t.MaxMinor != 0 {
			add("max_amount", "only_for_open")
		}
		return
	}
	if t.Amount.Minor != 0 {
		add("amount", "amount_on_open_link")
	}
	checkMinor("min_amount", t.MinMinor, 1, add)
	checkMinor("max_amount", t.MaxMinor, t.MinMinor, add)
}

// checkMinor holds an amount against its bounds; 0 is one that was not said.
func checkMinor(field string, minor, least int64, add func(field, code string)) {
	switch {
	case minor == 0:
		add(field, "required")
	case minor < max(least, 1) || minor > maxLinkMinor:
		add(field, "amount_range")
	}
}

func (t *LinkTerms) checkUsage(add func(field, code string)) {
	switch {
	case t.Usage != UsageSingle && t.Usage != UsageMulti:
		add("usage", "usage_unknown")
	case t.Usage == UsageSingle && t.MaxPayments > 1:
		add("max_payments", "only_for_multi")
	case t.MaxPayments < 0 || t.MaxPayments > maxLinkPayments:
		add("max_payments", "out_of_range")
	}
}

func (t *LinkTerms) checkTexts(add func(field, code string)) {
	if code := checkPerson(t.Customer.Name); code != "" {
		add("customer.name", code)
	}
	if code := checkLine(t.Customer.Email, maxEmail); code != "" {
		add("customer.email", code)
	}
	if p := t.Customer.Phone; p != "" && NormalPhone(p) != p {
		add("customer.phone", "phone_format")
	}
	if len(t.Metadata) > maxMetadata {
		add("metadata", "too_many")
	}
	for _, k := range slices.Sorted(maps.Keys(t.Metadata)) {
		if k == "" || checkLine(k, maxMetadataKey) != "" {
			add("metadata", "key_format") // the key itself may be what must not be told
			return
		}
		if code := checkText(t.Metadata[k], maxMetadataValue); code != "" {
			add("metadata."+k, code)
		}
	}
}

// checkPerson holds a customer's name, which stands in mails and lists beside others', to one line
// of words that each keep to one script (A36, A55).
func checkPerson(name string) (code string) {
	if code = checkLine(name, maxPerson); code != "" {
		return code
	}
	for _, word := range strings.Fields(name) {
		if CheckName(word) == "mixed_scripts" {
			return "mixed_scripts"
		}
	}
	return ""
}

// checkLine is checkText for what has one line and nothing invisible in it.
func checkLine(text string, max int) (code string) {
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) }) {
		return "control"
	}
	return checkText(text, max)
}

func sortedCounts(in []int) []int {
	if in == nil {
		return nil
	}
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out)
}

// checkText is CheckFreeText for merchants' fields, where long numbers are usual (an invoice number
// has thirteen digits): only what really reads as a card number is refused. Marks that nobody sees
// are refused too, apart from those that join letters or emoji and the soft hyphen.
func checkText(text string, max int) (code string) {
	code = CheckFreeText(text, max)
	switch {
	case code == "looks_like_card" && !HoldsCard(text):
		code = ""
	case code == "" && strings.ContainsFunc(text, isHidden):
		code = "control"
	}
	return code
}

func isHidden(r rune) bool {
	const joiner, nonJoiner, softHyphen = '\u200d', '\u200c', '\u00ad'
	return unicode.Is(unicode.Cf, r) && r != joiner && r != nonJoiner && r != softHyphen
}

// HoldsCard says whether a text holds a card number: 13 to 19 digits of a known brand with a right
// check digit. As in CheckFreeText, what people write between the groups of a number and one other
// sign right between two digits do not hide it, nor do other numbers beside it. Digits written in one
// piece are one number: a card's may not be cut out of a longer one's, or every long reference of a
// bank or an invoice would be refused sooner or later.
func HoldsCard(text string) bool {
	var n number
	digit, sign := false, false // sign: what stood before is a sign right behind a digit
	for _, r := range text {
		d, ok := anyDigit(r)
		switch {
		case ok:
			n.add(d, !digit)
			digit, sign = true, false
			continue
		case separates(r) && !sign:
		case digit && !separates(r) && !unicode.IsLetter(r):
			digit, sign = false, true
			continue
		default:
			if n.isCard() {
				return true
			}
			n = number{}
		}
		digit, sign = false, false
	}
	return n.isCard()
}

// number is digits as they were written, in groups.
type number struct {
	digits []byte
	starts []int // of the groups
}

func (n *number) add(d byte, group bool) {
	if group {
		n.starts = append(n.starts, len(n.digits))
	}
	n.digits = append(n.digits, d)
}

// isCard says whether one or several neighbouring groups are a card number.
func (n *number) isCard() bool {
	for i, from := range n.starts {
		for j := i + 1; j <= len(n.starts); j++ {
			to := len(n.digits)
			if j < len(n.starts) {
				to = n.starts[j]
			}
			if to-from > 19 {
				break
			}
			part := string(n.digits[from:to])
			if b := BrandOf(part); len(part) >= 13 && b != BrandUnknown && b.lengthOK(len(part)) && Luhn(part) {
				return true
			}
		}
	}
	return false
}

// anyDigit reads one decimal digit of any script. Unicode keeps the ten of each together, zero first.
func anyDigit(r rune) (byte, bool) {
	if r < unicode.MaxASCII || !unicode.Is(unicode.Nd, r) {
		return digitOf(r)
	}
	for _, part := range unicode.Nd.R16 {
		if rune(part.Lo) <= r && r <= rune(part.Hi) {
			return byte('0' + (r-rune(part.Lo))%10), true
		}
	}
	for _, part := range unicode.Nd.R32 {
		if rune(part.Lo) <= r && r <= rune(part.Hi) {
			return byte('0' + (r-rune(part.Lo))%10), true
		}
	}
	return 0, false
}

// checkReturn holds a return address against A40: absolute https (http to loopback on test
// merchants), no user-info, no backslash, nothing invisible, and one of the merchant's origins when it
// named any. It answers "" or a field error code.
func checkReturn(raw string, origins []string, test bool) (code string) {
	const refused = "url_not_allowed"
	if len(raw) > maxURL || strings.ContainsFunc(raw, notInURL) {
		return refused
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return refused
	}
	if plain, err := url.PathUnescape(raw); HoldsCard(raw) || err == nil && HoldsCard(plain) {
		return "looks_like_card"
	}
	if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil && u.Port() != "" {
		return refused
	}
	host := strings.ToLower(u.Host)
	loopback := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback || !test) {
		return refused
	}
	if len(origins) > 0 && !slices.Contains(origins, u.Scheme+"://"+host) {
		return refused
	}
	return ""
}

// notInURL are characters that readers of addresses disagree about.
func notInURL(r rune) bool {
	return r == '\\' || r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// AskAgain tells the merchant that somebody at an expired link asks for a new one. It answers the
// link; the limits on how often are the surface's.
func (s *Service) AskAgain(ctx context.Context, t Token, ip string) (Link, error) {
	for {
		l, err := s.Ledger.LinkByToken(ctx, t)
		if err != nil {
			return Link{}, err
		}
		if l.Status(s.Clock.Now()) != LinkExpired {
			return l, nil
		}
		to := l
		to.UpdatedAt = s.Clock.Now()
		_, err = s.Ledger.ChangeLink(ctx, LinkChange{
			From: l, To: to, Publish: "link.renewal_asked", Event: s.linkEvent(l, "link.renewal_asked", By{Actor: "payer", IP: ip}, 0),
		})
		if !errors.Is(err, ErrStale) {
			return l, err
		}
	}
}
