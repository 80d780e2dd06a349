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
	Sale         Sale // "" = a collection
	Fields       []LinkField
	Items        []Item // their sum is the amount; that and the description may be left out then
	ShowCount    bool
	Customer     Customer
	ReturnURL    string
	Metadata     map[string]string
	Category     string
	Deliver      Deliver // said once, when it is made
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
	maxEmail         = 254 // RFC 5321, 4.5.3.1.3, without the angle brackets
	maxLinkPayments  = 1_000_000
)

// MaxPriceMinor is the largest price of a link, in minor units of any currency: the twelve digits that the
// amount field of a card message holds (ISO 8583, field 4). It is far below int64 with every mark-up.
const MaxPriceMinor = 999_999_999_999

// PriceBounds are the Args of an amount_range mistake: the smallest and the largest amount in minor units.
func PriceBounds(least int64) map[string]string {
	return map[string]string{"min": strconv.FormatInt(least, 10), "max": strconv.FormatInt(MaxPriceMinor, 10)}
}

// maxBackdate is how long ago a link may have begun when it is made: a month's bill may carry its own date,
// and what lies further back is a mistyped year.
const maxBackdate = 31 * 24 * time.Hour

// By says who does something, for the audit trail.
type By struct {
	Actor string // api:key_…, user:usr_…, operator, demo
	IP    string
	User  UserID // the person behind it, in the panel
}

var (
	orderShape    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/#-]*$`)
	categoryShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// CreateLink makes a link. idem, when not nil, is asked for the answer to keep with the caller's
// Idempotency-Key; it is stored in the same transaction. Invalid with field names as the API shows
// them; ErrOrderTaken; ErrKeyKnown.
func (s *Service) CreateLink(ctx context.Context, by By, m MerchantID, t LinkTerms, idem func(Link) (Idempotency, error)) (Link, error) {
	return s.createLink(ctx, by, m, t, func(n *NewLink) (err error) {
		if idem != nil {
			n.Idem, err = idem(n.Link)
		}
		return err
	})
}

// CreateLinkToTake is CreateLink for staff who have the payer before them or on the phone and open the link at once
// (features 6.9). Where its terms name no return address, the result leads back to page's, if merchants' rules for such
// addresses allow it (A40); page is asked with the link as it will be.
func (s *Service) CreateLinkToTake(ctx context.Context, by By, m MerchantID, t LinkTerms, page func(Link) string, idem func(Link) (Idempotency, error)) (Link, error) {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Link{}, err
	}
	return s.createLink(ctx, by, m, t, func(n *NewLink) (err error) {
		if back := page(n.Link); n.Link.ReturnURL == "" && checkReturn(back, shop.Merchant.ReturnOrigins, shop.Merchant.Test) == "" {
			n.Link.ReturnURL = back
		}
		n.Idem, err = idem(n.Link)
		return err
	})
}

// createLink is CreateLink with what dress adds.
func (s *Service) createLink(ctx context.Context, by By, m MerchantID, t LinkTerms, dress func(*NewLink) error) (Link, error) {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Link{}, err
	}
	number := func(try int) OrderNumber {
		if t.Order == "" {
			return s.madeNumber(try)
		}
		if try > 0 {
			return ""
		}
		return t.Order
	}
	return s.makeLink(ctx, by, shop, t, number, dress)
}

// madeNumber draws an order number, a few times: two equal ones are a wonder.
func (s *Service) madeNumber(try int) OrderNumber {
	if try > 5 {
		return ""
	}
	return s.IDs.OrderNumber(s.Clock.Now())
}

// makeLink checks the terms and stores a link under the first of its order numbers that is free; number
// answers "" when there are no more of them. dress adds what is stored with the link.
func (s *Service) makeLink(ctx context.Context, by By, sh *Shop, t LinkTerms, number func(try int) OrderNumber, dress func(*NewLink) error) (Link, error) {
	now := s.Clock.Now()
	m := sh.Merchant
	t = t.withDefaults(now)
	errs, err := s.fromCatalogue(ctx, m.ID, &t, LinkTerms{})
	if err != nil {
		return Link{}, err
	}
	errs = append(errs, s.checkTerms(&t, LinkTerms{}, sh)...)
	if errs = append(errs, s.checkDeliver(&t, sh)...); len(errs) > 0 {
		return Link{}, refusedTerms(errs)
	}
	t.Order = number(0)
	for try := 1; ; try++ {
		l := Link{ID: s.IDs.Link(now), Token: s.IDs.Token(), Merchant: m.ID, Version: 1, Rev: 1, CreatedAt: now}
		l.set(t, now)
		n := NewLink{Link: l, Event: s.linkEvent(l, "link.created", by, 1), Publish: "link.created", Maker: by.User}
		if n.Messages, err = s.deliverNew(ctx, by, m, l, t.Deliver); err != nil {
			return Link{}, err
		}
		if err := dress(&n); err != nil {
			return Link{}, err
		}
		err = s.Ledger.CreateLink(ctx, n)
		if l = n.Link; err == nil {
			s.publish(ctx, &l)
			return l, nil
		}
		if !errors.Is(err, ErrOrderTaken) {
			return Link{}, err
		}
		if t.Order = number(try); t.Order == "" {
			return Link{}, err
		}
	}
}

// EditLink changes the terms in place: same token, same order number. A payment already at the
// bank keeps the terms it started with (I9). seen is the version that whoever edits it saw, 0 = whatever it is: of
// another one nothing is changed, ErrStale.
func (s *Service) EditLink(ctx context.Context, by By, m MerchantID, id LinkID, seen int64, edit func(*LinkTerms) error) (Link, error) {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Link{}, err
	}
	return s.changeLink(ctx, m, id, "link.edited", by, func(l *Link) error {
		if l.Spent() {
			return ErrPaid
		}
		if seen != 0 && seen != l.Version {
			return ErrStale
		}
		was := l.Terms()
		t := was
		if err := edit(&t); err != nil {
			return err
		}
		t.Order = l.Order
		t = t.withDefaults(s.Clock.Now()) // a date that was taken away is what a new link has
		errs, err := s.fromCatalogue(ctx, m, &t, was)
		if err != nil {
			return err
		}
		errs = append(errs, s.checkTerms(&t, was, shop)...)
		if t.ReturnURL != was.ReturnURL {
			switch _, err := s.Ledger.SessionByLink(ctx, l.ID); {
			case err == nil:
				errs = append(errs, FieldError{Field: "return_url", Code: "read_only"}) // the session's, and signed
			case !errors.Is(err, ErrNoSession):
				return err
			}
		}
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

// linkWoken is told to merchants' programs as the edit that they could have woken it with.
const linkWoken = "link.woken"

// WakeLink lets a link that rests after too many refusals (A30) be paid again, its terms as they are. Waking one
// that is awake is no error.
func (s *Service) WakeLink(ctx context.Context, by By, m MerchantID, id LinkID) (Link, error) {
	return s.changeLink(ctx, m, id, linkWoken, by, func(l *Link) error {
		if l.Spent() {
			return ErrPaid
		}
		l.RestingSince = time.Time{}
		return nil
	})
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
		topic := typ
		if typ == linkWoken {
			topic = "link.edited"
		}
		now, err := s.Ledger.ChangeLink(ctx, LinkChange{From: from, To: to, Publish: topic, Event: s.linkEvent(to, typ, by, 0)})
		if err == nil {
			s.stops.begunAnew(id)
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
	l.Sale, l.ReturnURL, l.Metadata, l.Category, l.UpdatedAt = t.Sale, t.ReturnURL, t.Metadata, t.Category, now
	l.Fields, l.Items, l.ShowCount = t.Fields, t.Items, t.ShowCount
}

// Terms are what an edit may change of a link.
func (l Link) Terms() LinkTerms {
	return LinkTerms{
		Open: l.Open, Amount: l.Amount, MinMinor: l.MinMinor, MaxMinor: l.MaxMinor, Order: l.Order,
		Description: l.Description, Installments: l.Installments, ActiveFrom: l.ActiveFrom, ExpiresAt: l.ExpiresAt,
		Usage: l.Usage, MaxPayments: l.MaxPayments, PayerNote: l.PayerNote, Sale: l.Sale, Customer: l.Customer,
		ReturnURL: l.ReturnURL, Metadata: l.Metadata, Category: l.Category, Fields: l.Fields, Items: l.Items, ShowCount: l.ShowCount,
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

// checkTerms is check and what only the flow's clock and tables know. was is what the link had before, the
// zero value for a new one.
func (s *Service) checkTerms(t *LinkTerms, was LinkTerms, sh *Shop) []FieldError {
	t.price(was)
	errs := append(t.check(sh.Merchant), s.checkSale(t, sh)...)
	if e := t.checkTimes(was, s.Clock.Now()); e.Code != "" {
		errs = append(errs, e)
	}
	if t.Category != "" && categoryShape.MatchString(t.Category) && !s.Caps.Known(t.Category) {
		errs = append(errs, FieldError{Field: "category", Code: "category_unknown", Args: map[string]string{"known": strings.Join(s.Caps.Categories(), ", ")}})
	}
	return errs
}

// checkTimes finds the mistake in when the link may be paid. It is told at the time that was changed; one
// that the link had already is not held against the clock again.
func (t *LinkTerms) checkTimes(was LinkTerms, now time.Time) FieldError {
	moved := !t.ActiveFrom.Equal(was.ActiveFrom)
	say := func(field, code, name, value string) FieldError {
		return FieldError{Field: field, Code: code, Args: map[string]string{name: value}}
	}
	switch {
	case moved && t.ActiveFrom.Before(now.Add(-maxBackdate)):
		return say("active_from", "starts_too_early", "days", strconv.Itoa(int(maxBackdate.Hours()/24)))
	case t.ActiveFrom.Before(t.ExpiresAt):
		return FieldError{}
	case moved && t.ExpiresAt.Equal(was.ExpiresAt):
		return say("active_from", "starts_after_end", "end", t.ExpiresAt.UTC().Format(time.RFC3339))
	}
	return say("expires_at", "ends_before_start", "start", t.ActiveFrom.UTC().Format(time.RFC3339))
}

// check finds every mistake of the terms at once.
func (t *LinkTerms) check(m Merchant) []FieldError {
	var errs []FieldError
	add := func(field, code string) { errs = append(errs, FieldError{Field: field, Code: code}) }
	errs = append(errs, t.checkAmount(m)...)
	if t.Order != "" && (len(t.Order) > maxOrder || !orderShape.MatchString(string(t.Order))) {
		add("order_id", "order_id_format")
	} else if HoldsCard(string(t.Order)) {
		add("order_id", "looks_like_card")
	}
	if code := checkText(t.Description, maxDescription); code != "" {
		add("description", code)
	} else if t.Description != "" && !strings.ContainsFunc(t.Description, isVisible) {
		add("description", "blank")
	}
	for _, n := range t.Installments {
		if n < 1 || n > MaxInstallments {
			add("installments", "installment_count")
			break
		}
	}
	t.Installments = sortedCounts(t.Installments)
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
	errs = append(errs, t.checkItems()...)
	return append(errs, t.checkFields()...)
}

func (t *LinkTerms) checkAmount(m Merchant) (errs []FieldError) {
	add := func(field, code string) { errs = append(errs, FieldError{Field: field, Code: code}) }
	switch c := t.Amount.Currency; {
	case c == "":
		add("currency", "required")
	case !c.Known():
		add("currency", "currency_unknown")
	case !m.Takes(c):
		add("currency", "currency_not_permitted")
	}
	if !t.Open {
		if len(t.Items) == 0 || t.Amount.Minor != 0 { // else the lines say what it is, or what is wrong with them
			errs = append(errs, checkMinor("amount", t.Amount.Minor)...)
		}
		if t.MinMinor != 0 {
			add("min_amount", "only_for_open")
		}
		if t.MaxMinor != 0 {
			add("max_amount", "only_for_open")
		}
		return errs
	}
	if t.Amount.Minor != 0 {
		add("amount", "amount_on_open_link")
	}
	errs = append(errs, checkMinor("min_amount", t.MinMinor)...)
	if of := checkMinor("max_amount", t.MaxMinor); of != nil {
		return append(errs, of...)
	}
	if t.MaxMinor < t.MinMinor {
		errs = append(errs, FieldError{Field: "max_amount", Code: "max_below_min", Args: map[string]string{"min": strconv.FormatInt(t.MinMinor, 10)}})
	}
	return errs
}

// checkMinor holds an amount against its bounds; 0 is one that was not said.
func checkMinor(field string, minor int64) []FieldError {
	switch {
	case minor == 0:
		return []FieldError{{Field: field, Code: "required"}}
	case minor < 1 || minor > MaxPriceMinor:
		return []FieldError{{Field: field, Code: "amount_range", Args: PriceBounds(1)}}
	}
	return nil
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
	if t.Usage == UsageSingle && t.ShowCount {
		add("show_count", "only_for_multi")
	}
}

func (t *LinkTerms) checkTexts(add func(field, code string)) {
	if code := checkPerson(t.Customer.Name); code != "" {
		add("customer.name", code)
	}
	if code := checkEmail(t.Customer.Email); code != "" {
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

// checkEmail finds the mistake in a customer's address: it is one that mail can be sent to, whether any is or not.
func checkEmail(email string) (code string) {
	switch code = checkLine(email, maxEmail); {
	case email == "" || code == "" && strings.EqualFold(NormalEmail(email), email):
		return ""
	case code == "" || code == "control":
		return emailFormat
	}
	return code
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

// isVisible says whether a reader sees anything where r stands.
func isVisible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

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
	if addressHoldsCard(raw) {
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

// addressHoldsCard is HoldsCard of an address as it is written, and as its reader has it.
func addressHoldsCard(raw string) bool {
	plain, err := url.PathUnescape(raw)
	return HoldsCard(raw) || err == nil && HoldsCard(plain)
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
