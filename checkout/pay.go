package checkout

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// PayRequest is the card form. Card is read by this call only.
type PayRequest struct {
	Token        Token
	Attempt      string // drawn for one view of the page; "" = another payment each time
	Card         CardInput
	Installments string // "" = 1
	Amount       string // on open links: minor units, or as people type it
	AmountTyped  bool   // Amount is what a person typed into our own page, like "1.234,50"
	Note         string
	Answers      map[string]string // by the keys of the link's fields, in normal form C
	Consents     []ConsentKind     // whose boxes were ticked
	Terms        string            // digest that the page showed; "" = not compared
	SeenTotal    string            // total in minor units that the page showed for the chosen count; "" = not compared
	Lang         string
	IP           string
	Agent        string
}

// Started is a payment on its way to the bank.
type Started struct {
	Payment   Payment
	Challenge Challenge
	Hot       Hot
	Account   Account
}

// Pay writes one attempt and opens 3-D Secure for it. The answer takes the browser to the bank.
// Input mistakes are Invalid with the form's field names. Whatever goes wrong here, nothing was
// charged. An error with a payment in Started is of an attempt that was written; ErrBegun names the
// payment that an earlier post of the same page has become (H1).
func (s *Service) Pay(ctx context.Context, r PayRequest) (Started, error) {
	if !r.known() {
		return s.payNow(ctx, r)
	}
	return s.openings.share(ctx, s.digest(r), func() (Started, error) {
		started, err := s.payNow(ctx, r)
		if err == nil || started.Payment.ID != "" {
			return started, err
		}
		// Whatever is wrong with this form now, the payer is shown what it has become.
		if p, berr := s.begun(ctx, r); berr == nil {
			return Started{Payment: p, Hot: started.Hot}, ErrBegun
		}
		return started, err
	})
}

func (s *Service) payNow(ctx context.Context, r PayRequest) (Started, error) {
	hot, err := s.View(ctx, r.Token)
	if err != nil {
		return Started{}, err
	}
	started, err := s.pay(ctx, hot, r)
	if !refusedByLink(err) {
		return started, err
	}
	// The copy that the answer was worked out from may be older than the link, or the link moved
	// meanwhile: the ledger has the last word, and the page shows what it says (I26).
	now, lerr := s.fromLedger(ctx, hot)
	switch {
	case lerr != nil:
		return started, err
	case now.Rev == hot.Rev && now.State == hot.State:
		started.Hot = now
		return started, err
	}
	return s.pay(ctx, now, r)
}

// refusedByLink says whether the link's state or terms are why nothing was begun.
func refusedByLink(err error) bool {
	for _, e := range []*Error{ErrPaid, ErrBusy, ErrDeleted, ErrExpired, ErrNotActiveYet, ErrResting, ErrTermsChanged} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// pay goes on from one copy of the link.
func (s *Service) pay(ctx context.Context, hot Hot, r PayRequest) (Started, error) {
	closed := hot.Check(s.Clock.Now())
	if closed != nil && !hot.tooNear(s.Clock.Now()) {
		return Started{Hot: hot}, closed
	}
	sh, err := s.merchants.get(ctx, hot.Merchant)
	if err != nil {
		return Started{Hot: hot}, err
	}
	changed := r.Terms != "" && r.Terms != sh.TermsOf(hot, r.Lang)
	if changed && closed == nil {
		return Started{Hot: hot}, ErrTermsChanged // before any mistake: whoever mends one has to know what changed (A28)
	}
	a, err := s.attempt(sh, hot, r)
	switch {
	case err != nil && closed != nil:
		err = closed // nobody mends a form that cannot be sent
	case err == nil && changed:
		err = ErrTermsChanged
	}
	if err != nil {
		return Started{Hot: hot}, err
	}
	return s.begin(ctx, sh, hot, r, a)
}

// maxSkew is how far our clock may be off the ledger's, which alone decides about a link's dates (A25,
// I25).
const maxSkew = 15 * time.Minute

// tooNear says whether only the link's dates are against it, and by so little that our clock cannot
// tell: the statement that admits the payment does.
func (h Hot) tooNear(now time.Time) bool {
	switch err := h.Check(now); {
	case errors.Is(err, ErrExpired):
		return now.Sub(h.ExpiresAt) < maxSkew
	case errors.Is(err, ErrNotActiveYet):
		return h.ActiveFrom.Sub(now) < maxSkew
	}
	return false
}

// attempt is a checked card form.
type attempt struct {
	payment PaymentID
	card    Card
	price   Money
	offer   Offer
	facts   CardFacts
	count   int
	answers []Answer
	items   []Item
	route   Route // "" = follows from the accounts
}

// attempt checks the whole form at once, so that the payer sees every mistake together.
func (s *Service) attempt(sh *Shop, hot Hot, r PayRequest) (attempt, error) {
	a := attempt{price: hot.Amount}
	var errs []FieldError
	if s.HostedCard(sh.Accounts, hot.Amount.Currency) {
		a.card = Card{}
	} else {
		a.card, errs = ParseCard(r.Card, s.Clock.Now())
		if len(errs) == 0 && !sh.Merchant.Accepts(a.card.Brand()) {
			errs = append(errs, FieldError{Field: "card_number", Code: "brand_not_accepted", Args: map[string]string{"brand": string(a.card.Brand())}})
		}
	}
	if hot.Open {
		minor, code := hot.openAmount(r.Amount, r.AmountTyped)
		if code != "" {
			errs = append(errs, FieldError{Field: "amount", Code: code})
		}
		a.price.Minor = minor
	}
	note := strings.TrimSpace(r.Note)
	if code := CheckNote(note); code != "" && hot.PayerNote {
		errs = append(errs, FieldError{Field: "payer_note", Code: "note_" + code})
	}
	if hot.Asks != "" && (r.Terms == "" || r.Terms == sh.TermsOf(hot, r.Lang)) { // of other terms the payer was asked something else
		answers, wrong, err := hot.answers(r.Answers)
		if err != nil {
			return attempt{}, err
		}
		a.answers, errs = answers, append(errs, wrong...)
	}
	var err error
	if a.items, err = hot.bought(); err != nil {
		return attempt{}, err
	}
	errs = append(errs, sh.missingConsents(hot, r.Consents)...)
	count, err := parseCount(r.Installments)
	if err != nil {
		errs = append(errs, FieldError{Field: "installments", Code: "installments_not_offered"})
	}
	if len(errs) > 0 {
		return attempt{}, Invalid(errs...)
	}
	a.count = count
	return a, s.choose(&a, sh, sh.Accounts, hot, r)
}

// choose works the offer out again from the posted card: what the browser was shown or claims
// decides nothing (A26, A27).
func (s *Service) choose(a *attempt, sh *Shop, accounts []Account, hot Hot, r PayRequest) error {
	table := s.plan(sh, accounts, a.price, a.card.Prefix(), hot.Installments, hot.Category)
	a.facts = a.card.Facts(table.BIN)
	if len(table.Offers) == 0 {
		return ErrNoRoute
	}
	offer, ok := table.Offer(a.count)
	if !ok {
		return Invalid(FieldError{Field: "installments", Code: "installments_not_offered", Args: map[string]string{"n": strconv.Itoa(a.count)}})
	}
	if r.SeenTotal != "" && r.SeenTotal != strconv.FormatInt(offer.Total, 10) {
		return ErrTermsChanged
	}
	a.offer = offer
	return nil
}

func parseCount(text string) (int, error) {
	if text == "" {
		return 1, nil
	}
	if len(text) > 2 || !allDigits(text) || text[0] == '0' {
		return 0, errors.New("not a count")
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > MaxInstallments {
		return 0, errors.New("not a count")
	}
	return n, nil
}

// HostedCard says whether the page must not ask for a card because the bank's own page does: the
// best account of this currency says so.
func (s *Service) HostedCard(accounts []Account, c Currency) bool {
	for _, a := range accounts {
		if a.Takes(c) {
			return s.Banks.HostedCard(a.Kind, a.Mode)
		}
	}
	return false
}

// begin writes the attempt and opens 3-D Secure; where a bank cannot be reached before the
// challenge, the next account that asks the same total gets a new attempt (I7, C20).
func (s *Service) begin(ctx context.Context, sh *Shop, hot Hot, r PayRequest, a attempt) (Started, error) {
	accounts := sh.Accounts
	last, written := Started{Hot: hot}, 0
	var lastErr error
	for len(accounts) > 0 {
		account, rest := pickAccount(accounts, a.offer.Account)
		var err error
		if a.payment, err = s.paymentID(r, written); err != nil {
			return last, err
		}
		started, err := s.open(ctx, sh, account, hot, r, a)
		if !errors.Is(err, ErrUnreachable) {
			return started, err
		}
		s.Observer.Fault("open 3-D Secure", err)
		lastErr, accounts, a.route = err, rest, RouteBackup
		if started.Payment.ID != "" {
			last = started
			written++
		}
		total := a.offer.Total
		if s.choose(&a, sh, accounts, hot, r) != nil || a.offer.Total != total {
			break
		}
	}
	return last, lastErr
}

func pickAccount(accounts []Account, id AccountID) (Account, []Account) {
	rest := make([]Account, 0, len(accounts))
	var picked Account
	for _, a := range accounts {
		if a.ID == id {
			picked = a
			continue
		}
		rest = append(rest, a)
	}
	return picked, rest
}

// open is one attempt at one bank: limits, durable row, then the bank's opening.
func (s *Service) open(ctx context.Context, sh *Shop, account Account, hot Hot, r PayRequest, a attempt) (Started, error) {
	acq, err := s.acquirer(account)
	if err != nil {
		return Started{Hot: hot}, ErrUnreachable.Because(err)
	}
	p := s.newPayment(account, hot, r, a)
	if err := s.Velocity.Check(ctx, Attempt{Payment: p.ID, Merchant: p.Merchant, Token: hot.Token, Version: hot.Version, IP: r.IP, BIN: p.Card.BIN, CardHash: s.cardHash(a.card)}); err != nil {
		s.NoteStopped(hot, p.Card, err)
		return Started{Hot: hot}, err
	}
	if p.OneStep {
		if _, err := s.askOthers(ctx, p); err != nil {
			return Started{Hot: hot}, fmt.Errorf("ask about an earlier attempt: %w", err)
		}
	}
	first := Event{Merchant: p.Merchant, Subject: string(p.ID), Seq: 1, Type: "payment.challenged", Actor: "payer", IP: r.IP, At: p.CreatedAt,
		Data: map[string]string{"account": string(account.ID), "bank_order": string(p.BankOrder), "total": p.Total.String(), "installments": strconv.Itoa(p.Installments), "bin": p.Card.BIN, "route": a.routed(sh.Accounts)}}
	if p, err = s.Ledger.Admit(ctx, p, first, s.consents(sh, hot, p, a.offer, r.Consents)...); err != nil {
		return Started{Hot: hot}, fmt.Errorf("admit payment: %w", err)
	}
	written := Started{Payment: p, Hot: hot, Account: account}
	bank, cancel := context.WithTimeout(ctx, s.Timing.Opening)
	defer cancel()
	challenge, err := acq.Begin(bank, s.order(p), a.card)
	if err != nil {
		return written, s.neverOpened(ctx, p, err)
	}
	if len(challenge.Refs) > 0 {
		if p, err = s.keep(ctx, p, challenge.Refs); err != nil {
			return written, err
		}
	}
	if challenge.Action == s.order(p).ReturnURL {
		s.refusedAtOnce(ctx, p, acq, challenge)
	}
	s.keepChallenge(ctx, p, challenge)
	written.Payment, written.Challenge = p, challenge
	return written, nil
}

// refusedAtOnce records a refusal that came with the opening, in a form that leads straight back to us.
// The payer's browser carries it there too, and then finds it recorded; somebody who tries cards reads
// it in the form and does not come back, and has to be counted all the same (A30). A card that passed
// waits for its holder's browser.
func (s *Service) refusedAtOnce(ctx context.Context, p Payment, acq Acquirer, ch Challenge) {
	cb := Callback{Method: ch.Method, Form: make(url.Values, len(ch.Fields))}
	texts := make([]string, len(ch.Fields)) // one for all: a form has a hundred fields
	for i, f := range ch.Fields {
		texts[i] = f.Value
		if have := cb.Form[f.Name]; have == nil {
			cb.Form[f.Name] = texts[i : i+1 : i+1]
		} else {
			cb.Form[f.Name] = append(have, f.Value)
		}
	}
	v, err := acq.Judge(ctx, s.order(p), cb)
	passed := v.Result == VerdictAuthenticated || v.Result == VerdictCharged
	if err != nil || v.Result == VerdictUnclear || passed && mayAuthorize(p, v.MDStatus) {
		return // the browser's return decides
	}
	if _, err := s.Return(ctx, p.ID, cb, p.PayerIP); err != nil {
		s.Observer.Fault("record a refusal at the opening", err)
	}
}

// newPayment freezes the copy (I9).
func (s *Service) newPayment(account Account, hot Hot, r PayRequest, a attempt) Payment {
	now := s.Clock.Now()
	p := Payment{
		ID: a.payment, Merchant: hot.Merchant, Link: hot.Link, Token: hot.Token, LinkVersion: hot.Version,
		Order: hot.Order, BankOrder: s.IDs.BankOrder(), Nonce: s.IDs.Nonce(),
		Amount: a.price, Total: Money{Minor: a.offer.Total, Currency: a.price.Currency}, Installments: a.count, Rate: a.offer.Rate,
		Account: account.ID, Kind: account.Kind, Mode: account.Mode, OneStep: s.Banks.OneStep(account.Kind, account.Mode),
		HalfSecure: account.HalfSecure, Card: a.facts, PayerIP: r.IP, PayerAgent: cut(r.Agent, 200), PayerLang: r.Lang, Sale: hot.Sale,
		Status: StatusChallenged, Slot: -1, DueAt: now.Add(s.Timing.Abandon), Deadline: now.Add(s.Timing.Abandon),
		CreatedAt: now, UpdatedAt: now, Seq: 1,
	}
	if p.OneStep {
		p.DueAt = s.lookAt(p)
	}
	p.Answers, p.Items = a.answers, a.items
	if hot.PayerNote {
		p.PayerNote = strings.TrimSpace(r.Note)
	}
	return p
}

// neverOpened records that the bank could not be reached or refused before the challenge.
func (s *Service) neverOpened(ctx context.Context, p Payment, cause error) error {
	reason := ReasonUnreachable
	if KindOf(cause) == KindInvalid {
		reason = ReasonInvalidCard
	}
	m, err := p.Fail(Decline{Code: reason}, s.reverseAt(p), Step{At: s.Clock.Now(), Actor: "bank", Data: map[string]string{"cause": cut(cause.Error(), 200)}})
	if err == nil {
		err = s.commit(context.WithoutCancel(ctx), m)
	}
	if err != nil {
		s.Observer.Fault("record failed opening", err)
	}
	// Only ErrUnreachable says that no byte can have charged anything, so only it may lead to another
	// bank; whatever else the adapter says goes out as it is.
	return cause
}

// reverseAt is when to make sure that a one-step bank charged nothing for an attempt that ended
// here; zero for two-step banks, which cannot have.
func (s *Service) reverseAt(p Payment) (at time.Time) {
	if p.OneStep {
		return s.Clock.Now().Add(s.Timing.askAfter(0))
	}
	return at
}

func (s *Service) keep(ctx context.Context, p Payment, refs Refs) (Payment, error) {
	m, err := p.Keep(refs, Step{At: s.Clock.Now(), Actor: "bank"})
	if err != nil {
		return p, err
	}
	kept, err := s.take(ctx, m)
	if err != nil {
		return p, fmt.Errorf("keep references: %w", err)
	}
	return kept, nil
}

// cardHash keys the card number for limits. It is not stored with the payment.
func (s *Service) cardHash(c Card) string {
	if c.PAN() == "" {
		return ""
	}
	mac := hmac.New(sha256.New, s.CardKey)
	mac.Write([]byte(c.PAN()))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// cut shortens text to at most n bytes on a character border.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xC0 == 0x80 {
		n--
	}
	return text[:n]
}

// GiveUp ends an attempt that its payer no longer wants, so that another card can be used at once.
// Whatever the bank still sends for it is recorded and charges nothing. Where the bank charges by itself, it is asked
// first: what it has charged is recorded as paid, and what it charges afterwards is given back. While it owes its word,
// an attempt on a single-use link stays as it is.
func (s *Service) GiveUp(ctx context.Context, id PaymentID, ip string) (Payment, error) {
	for {
		p, err := s.Give(ctx, id)
		if err != nil || p.Status != StatusChallenged {
			return p, err
		}
		if p.OneStep {
			charged, err := s.askOther(context.WithoutCancel(ctx), p)
			switch {
			case charged && err == nil:
				continue // paid, and not to be paid again
			case err != nil && !errors.Is(err, ErrBusy):
				return p, err
			case err != nil && p.SingleUse:
				return p, nil // who can have been charged stays where he is
			}
		}
		m, err := p.Fail(Decline{Code: ReasonSuperseded}, s.reverseAt(p), Step{At: s.Clock.Now(), Actor: "payer", IP: ip})
		if err != nil {
			return p, err
		}
		over, err := s.take(ctx, m)
		if err == nil {
			return over, nil
		}
		if !errors.Is(err, ErrStale) {
			return p, fmt.Errorf("give up payment: %w", err)
		}
	}
}
