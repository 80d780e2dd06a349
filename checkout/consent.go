package checkout

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sale says what a link collects for. A consumer who buys at a distance is informed before he pays, and agrees to a
// contract (Turkish Act 6502, article 48; ux-checklist F1); whoever pays a bill agrees to nothing new.
type Sale string

// The kinds. The zero value is a collection: what every link is that says nothing, an e-invoice's and an offline one too.
const (
	SaleCollection Sale = ""
	SaleConsumer   Sale = "consumer"
)

// nameOfCollection is how programs and files call the zero value.
const nameOfCollection = "collection"

// SaleNames lists the words that stand for the kinds outside.
var SaleNames = []string{nameOfCollection, string(SaleConsumer)}

// Name is the word that stands for the kind outside.
func (k Sale) Name() string {
	if k == SaleCollection {
		return nameOfCollection
	}
	return string(k)
}

// SaleNamed reads such a word; what is none is kept, and refused where terms are checked.
func SaleNamed(name string) Sale {
	if name == nameOfCollection {
		return SaleCollection
	}
	return Sale(name)
}

// ConsentKind is something that a payer agrees to.
type ConsentKind string

// The kinds. The first two are asked of every consumer and required; the third where the merchant wants it, and
// nothing depends on it (ux-checklist F2, F6).
const (
	ConsentInformation ConsentKind = "pre_information"
	ConsentContract    ConsentKind = "distance_sale"
	ConsentAdvertising ConsentKind = "advertising"
)

// ConsentKinds lists them in the order of the page.
var ConsentKinds = []ConsentKind{ConsentInformation, ConsentContract, ConsentAdvertising}

// Required says whether nothing is sold without it.
func (k ConsentKind) Required() bool { return k != ConsentAdvertising }

// Field is the name of its box in the card form.
func (k ConsentKind) Field() string { return "consent_" + string(k) }

// ConsentGiven is the value of a ticked box. Any other is one that was not ticked.
const ConsentGiven = "yes"

// Seller is what the texts of a consumer sale need to know of a merchant beside its names (Regulation on Distance
// Contracts, article 5).
type Seller struct {
	Address     string `json:"address,omitempty"`
	TaxOffice   string `json:"tax_office,omitempty"`
	TaxNumber   string `json:"tax_number,omitempty"` // 10 digits, or 11 of a person
	MERSIS      string `json:"mersis,omitempty"`     // 16 digits
	Delivery    string `json:"delivery,omitempty"`   // when and how it is delivered, and at whose cost
	Exceptions  string `json:"exceptions,omitempty"` // when there is no right of withdrawal
	Advertising bool   `json:"advertising,omitempty"`
}

// Limits of a seller's details and of its own wording, in characters.
const (
	maxSellerLine = 300
	maxSellerText = 2000
	MaxLegalText  = 20_000
	// MaxLegalRepeats is how often a wording may have one name: what it comes to, filled in, is kept for years.
	MaxLegalRepeats = 10
)

// LegalText is one wording of a text. A wording never changes: another one has another version.
type LegalText struct {
	Kind    ConsentKind
	Lang    string
	Version int64
	Own     bool   // the merchant's; else it came with the program
	Words   string // with {names} that stand for values: see LegalPlaceholders
	SavedAt time.Time
}

// Hash names a wording by its content: SHA-256 in hex.
func (t LegalText) Hash() string { return hashOf(t.Words) }

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// LegalPlaceholders are the names that a wording may have in braces.
var LegalPlaceholders = []string{
	"seller", "address", "tax", "mersis", "phone", "email", "website", "subject", "order", "price", "total", "plan", "delivery", "exceptions", "date",
}

// legalNeeds are those without which a text does not say what the law asks of it (ux-checklist F4).
var legalNeeds = map[ConsentKind][]string{
	ConsentInformation: {"seller", "address", "phone", "email", "subject", "total", "plan", "delivery", "exceptions"},
	ConsentContract:    {"seller", "address", "subject", "total", "plan", "delivery", "exceptions"},
	ConsentAdvertising: {"seller"},
}

// LegalTexts knows the built-in wordings, and how a language writes values.
type LegalTexts interface {
	// Languages are those that there are wordings in.
	Languages() []string
	// BuiltIn answers the built-in wording. An unknown language gives the first.
	BuiltIn(k ConsentKind, lang string) LegalText
	// Values writes facts, by LegalPlaceholders.
	Values(lang string, f LegalFacts) map[string]string
}

// LegalFacts are what a text is filled from. Offers are the ways to pay that it speaks of: of an agreed text the one
// that is charged. More: the card may be offered others, which are not known yet.
type LegalFacts struct {
	Merchant Merchant
	Seller   Seller
	Order    OrderNumber
	Subject  string
	Items    []Item // what is sold, beside or instead of Subject
	Price    Money  // Minor 0: not known yet
	Min, Max int64  // of an open price that is not known yet
	Offers   []Offer
	More     bool
	At       time.Time
}

// Legal are a shop's wordings as they are in force.
type Legal struct {
	texts map[legalKey]LegalText
	terms map[string]string // by language: a digest of all that the texts say of the merchant
}

type legalKey struct {
	kind ConsentKind
	lang string
}

// Consent is one text that a payer of a consumer sale was asked to agree to, and whether he did.
type Consent struct {
	Kind     ConsentKind
	Given    bool
	Version  int64
	Own      bool
	Lang     string
	Template string // LegalText.Hash of the wording
	Hash     string // SHA-256 of Text, in hex
	Text     string // as it was filled in
	At       time.Time
	IP       string
	Agent    string // what the browser called itself
}

// ConsentLedger keeps what was agreed to, and merchants' wordings. Neither is ever changed or removed: they have to
// be shown for three years (Regulation on Distance Contracts, article 20).
type ConsentLedger interface {
	// Consents answers those of a payment, in the order of ConsentKinds; none for one that asked for none.
	Consents(ctx context.Context, p PaymentID) ([]Consent, error)
	// LegalTexts answers a merchant's own wordings, newest first: all versions, or of each kind and language the last.
	LegalTexts(ctx context.Context, m MerchantID, last bool) ([]LegalText, error)
	// SaveLegalText keeps t under the next version of its kind and language and answers it so. It becomes what
	// PageWords.Legal names, and the merchant's Version is raised; without Words nothing is kept and the built-in
	// wording is in force again. ErrNoMerchant.
	SaveLegalText(ctx context.Context, m MerchantID, t LegalText, e Event) (LegalText, error)
}

// Fill puts values into a wording. What stands in a value is not read for names.
func (t LegalText) Fill(values map[string]string) string {
	pairs := make([]string, 0, 2*len(LegalPlaceholders))
	for _, name := range LegalPlaceholders {
		pairs = append(pairs, "{"+name+"}", values[name])
	}
	return strings.NewReplacer(pairs...).Replace(t.Words)
}

// loadLegal reads the wordings that are in force for a merchant; nil where this installation has none.
func (s *Service) loadLegal(ctx context.Context, m Merchant, w PageWords) (*Legal, error) {
	if s.Texts == nil {
		return nil, nil
	}
	var own []LegalText
	if len(w.Legal) > 0 {
		var err error
		if own, err = s.Ledger.LegalTexts(ctx, m.ID, true); err != nil {
			return nil, fmt.Errorf("load legal texts: %w", err)
		}
	}
	l := &Legal{texts: map[legalKey]LegalText{}, terms: map[string]string{}}
	about, err := json.Marshal([]any{m.LegalName, m.Name, m.Phone, m.Email, m.Website, w.Seller})
	if err != nil {
		return nil, err
	}
	for _, lang := range s.Texts.Languages() {
		sum := sha256.New()
		sum.Write(about)
		for _, k := range ConsentKinds {
			t := s.Texts.BuiltIn(k, lang)
			if version := w.Legal[lang][k]; version > 0 {
				if t, err = s.wording(ctx, own, LegalText{Kind: k, Lang: lang, Version: version}, m.ID); err != nil {
					return nil, err
				}
			}
			l.texts[legalKey{k, lang}] = t
			sum.Write([]byte(t.Hash()))
		}
		l.terms[lang] = base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:9])
	}
	return l, nil
}

// wording finds a merchant's own wording among its last ones, or among all where an older one is in force.
func (s *Service) wording(ctx context.Context, last []LegalText, want LegalText, m MerchantID) (LegalText, error) {
	is := func(t LegalText) bool { return t.Kind == want.Kind && t.Lang == want.Lang && t.Version == want.Version }
	if at := slices.IndexFunc(last, is); at >= 0 {
		return last[at], nil
	}
	all, err := s.Ledger.LegalTexts(ctx, m, false)
	if err != nil {
		return LegalText{}, fmt.Errorf("load legal texts: %w", err)
	}
	at := slices.IndexFunc(all, is)
	if at < 0 {
		return LegalText{}, fmt.Errorf("legal text %s %s %d of merchant %s is missing", want.Kind, want.Lang, want.Version, m)
	}
	return all[at], nil
}

// legalText answers the wording of a kind in force; the first language where there is no such one.
func (s *Service) legalText(sh *Shop, k ConsentKind, lang string) LegalText {
	if t, ok := sh.Legal.texts[legalKey{k, lang}]; ok {
		return t
	}
	return sh.Legal.texts[legalKey{k, s.Texts.Languages()[0]}]
}

// TermsOf is the digest of what a link's page showed in a language (A28): of a consumer sale also of the texts, so
// that nobody agrees to others than he could read.
func (sh *Shop) TermsOf(h Hot, lang string) string {
	if h.Sale != SaleConsumer || sh.Legal == nil {
		return h.Terms()
	}
	return h.Terms() + sh.Legal.terms[lang]
}

// Saw says whether a digest that came with a form is of the link's terms as they are, whatever texts stood beside
// them.
func (h Hot) Saw(terms string) bool {
	own := h.Terms()
	return terms == own || h.Sale == SaleConsumer && strings.HasPrefix(terms, own)
}

// Asks lists what a link's page asks agreement to.
func (sh *Shop) Asks(h Hot) []ConsentKind {
	switch {
	case h.Sale != SaleConsumer || sh.Legal == nil:
		return nil
	case sh.Words.Seller.Advertising:
		return ConsentKinds
	}
	return ConsentKinds[:2]
}

// missingConsents are the required boxes that were not ticked.
func (sh *Shop) missingConsents(h Hot, given []ConsentKind) (errs []FieldError) {
	for _, k := range sh.Asks(h) {
		if k.Required() && !slices.Contains(given, k) {
			errs = append(errs, FieldError{Field: k.Field(), Code: "consent_required"})
		}
	}
	return errs
}

// consents are the records of a payment that is about to be written: each text filled in with what is charged.
func (s *Service) consents(sh *Shop, hot Hot, p Payment, offer Offer, given []ConsentKind) []Consent {
	asked := sh.Asks(hot)
	if len(asked) == 0 {
		return nil
	}
	values := s.Texts.Values(p.PayerLang, sh.legalFacts(hot, p.Items, p.Amount, []Offer{offer}, p.CreatedAt))
	all := make([]Consent, len(asked))
	for i, k := range asked {
		t := s.legalText(sh, k, p.PayerLang)
		c := Consent{
			Kind: k, Given: slices.Contains(given, k), Version: t.Version, Own: t.Own, Lang: t.Lang, Template: t.Hash(),
			Text: t.Fill(values), At: p.CreatedAt, IP: p.PayerIP, Agent: p.PayerAgent,
		}
		c.Hash = hashOf(c.Text)
		all[i] = c
	}
	return all
}

func (sh *Shop) legalFacts(hot Hot, items []Item, price Money, offers []Offer, at time.Time) LegalFacts {
	return LegalFacts{
		Merchant: sh.Merchant, Seller: sh.Words.Seller, Order: hot.Order, Subject: BesideItems(hot.Description, items), Items: items, Price: price, Min: hot.MinMinor, Max: hot.MaxMinor,
		Offers: offers, At: at,
	}
}

// consentData is what the payment's own audit trail says of its consents, for people; the line also vouches for the
// record as a whole.
func consentData(all []Consent) map[string]string {
	data := map[string]string{}
	for _, c := range all {
		said := "no"
		if c.Given {
			said = "yes"
		}
		data[string(c.Kind)] = said
		data[string(c.Kind)+"_text"] = c.Hash
	}
	return data
}

// EventConsented is the type of the event that says what a payer agreed to.
const EventConsented = "payment.consented"

// ConsentEvent is the line of a payment's audit trail about its consents.
func ConsentEvent(p Payment, all []Consent, of Event) Event {
	return Event{Merchant: p.Merchant, Subject: string(p.ID), Type: EventConsented, Actor: of.Actor, IP: of.IP, At: of.At, Data: consentData(all)}
}

// LegalAsk says how a payer means to pay, as far as it is known.
type LegalAsk struct {
	BIN   string // 6 to 8 digits; "" = not known
	Count int    // 0 = not known
	Minor int64  // of an open amount; 0 = not known
}

// LegalTextOf answers a text of a link's page as it reads for this way to pay. ErrNoLegalText: the page asks no
// agreement to such a one.
func (s *Service) LegalTextOf(ctx context.Context, hot Hot, k ConsentKind, lang string, ask LegalAsk) (string, error) {
	sh, err := s.merchants.get(ctx, hot.Merchant)
	if err != nil {
		return "", err
	}
	if sh.Legal == nil || !slices.Contains(sh.Asks(hot), k) {
		return "", ErrNoLegalText
	}
	price := hot.Amount
	if hot.Open && ask.Minor >= hot.MinMinor && ask.Minor <= hot.MaxMinor {
		price.Minor = ask.Minor
	}
	items, err := hot.bought()
	if err != nil {
		return "", err
	}
	offers, more := s.ways(sh, hot, price, ask)
	facts := sh.legalFacts(hot, items, price, offers, s.Clock.Now())
	facts.More = more
	return s.legalText(sh, k, lang).Fill(s.Texts.Values(lang, facts)), nil
}

// ways are the ways to pay that a text speaks of: the chosen one, else all that the card may choose, else one payment,
// and then more says whether there may be others.
func (s *Service) ways(sh *Shop, hot Hot, price Money, ask LegalAsk) (offers []Offer, more bool) {
	single := []Offer{{Count: 1, Total: price.Minor, Monthly: price.Minor, Last: price.Minor}}
	if len(ask.BIN) < 6 || len(ask.BIN) > 8 || !allDigits(ask.BIN) || price.Minor == 0 {
		return single, ask.Count != 1 && hot.instalments()
	}
	table := s.plan(sh, sh.Accounts, price, ask.BIN, hot.Installments, hot.Category)
	if offer, ok := table.Offer(ask.Count); ok {
		return []Offer{offer}, false
	}
	if len(table.Offers) == 0 {
		return single, false
	}
	return table.Offers, false
}

// ConsentsOf answers what the payer of a payment agreed to, for his own pages and mails.
func (s *Service) ConsentsOf(ctx context.Context, p Payment) ([]Consent, error) {
	if p.Sale != SaleConsumer {
		return nil, nil
	}
	all, err := s.Ledger.Consents(ctx, p.ID)
	for i := range all {
		all[i].IP, all[i].Agent = p.PayerIP, p.PayerAgent
	}
	return all, err
}

// PaymentConsents is ConsentsOf for the merchant. ErrNoPayment.
func (s *Service) PaymentConsents(ctx context.Context, m MerchantID, id PaymentID) ([]Consent, error) {
	if !id.Valid() {
		return nil, ErrNoPayment
	}
	p, err := s.Ledger.PaymentOf(ctx, m, id)
	if err != nil {
		return nil, err
	}
	return s.ConsentsOf(ctx, p)
}

// Details answers a merchant, what texts say of it besides, and what it has to say before a link of it can be a
// consumer sale, by the names of /v1/merchant.
func (s *Service) Details(ctx context.Context, id MerchantID) (m Merchant, d Seller, missing []string, err error) {
	if m, err = s.Ledger.Merchant(ctx, id); err != nil {
		return m, d, nil, err
	}
	w, err := s.Ledger.PageWords(ctx, id)
	return m, w.Seller, missingDetails(m, w.Seller), err
}

// checkSale finds what keeps a link from being a consumer sale: every detail that its texts would miss, by name.
func (s *Service) checkSale(t *LinkTerms, sh *Shop) (errs []FieldError) {
	switch {
	case t.Sale == SaleCollection:
		return nil
	case t.Sale != SaleConsumer || sh.Legal == nil:
		return []FieldError{{Field: "sale", Code: "sale_unknown"}}
	}
	for _, name := range missingDetails(sh.Merchant, sh.Words.Seller) {
		errs = append(errs, FieldError{Field: "sale", Code: "seller_" + name + "_missing"})
	}
	if t.Description == "" {
		errs = append(errs, FieldError{Field: "description", Code: "required"}) // the subject of the contract
	}
	return errs
}

// missingDetails are what a merchant did not say of itself, by the names of /v1/merchant.
func missingDetails(m Merchant, d Seller) (missing []string) {
	tax := d.TaxNumber + d.MERSIS
	for _, one := range []struct{ name, value string }{
		{"legal_name", m.LegalName}, {"phone", m.Phone}, {"email", m.Email}, {"address", d.Address}, {"tax_number", tax}, {"delivery", d.Delivery}, {"exceptions", d.Exceptions},
	} {
		if strings.TrimSpace(one.value) == "" {
			missing = append(missing, one.name)
		}
	}
	return missing
}

// lostDetails are details that texts are filled with and that a change would take away: links that are out there
// could not be paid rightly any more.
func lostDetails(was, now []string) (errs []FieldError) {
	if len(was) > 0 {
		return nil // no consumer link was ever made
	}
	for _, name := range now {
		errs = append(errs, FieldError{Field: name, Code: "required"})
	}
	return errs
}

// SetSeller changes what the texts of consumer sales say of a merchant. version is the merchant's that the caller
// saw, 0 = whatever it is. Invalid with the fields of /v1/merchant's seller; ErrStale.
func (s *Service) SetSeller(ctx context.Context, by By, id MerchantID, version int64, edit func(*Seller)) (Seller, error) {
	var is Seller
	err := s.Ledger.EditPageWords(ctx, id, func(m Merchant, w *PageWords) (*Event, error) {
		if is = w.Seller; version != 0 && m.Version != version {
			return nil, ErrStale
		}
		was := w.Seller
		edit(&w.Seller)
		errs := w.Seller.check()
		if len(errs) == 0 {
			errs = lostDetails(missingDetails(m, was), missingDetails(m, w.Seller))
		}
		if len(errs) > 0 {
			return nil, Invalid(errs...)
		}
		if is = w.Seller; is == was {
			return nil, nil
		}
		e := s.merchantEvent(id, "merchant.seller", by)
		e.Data = sellerChanges(was, is)
		return &e, nil
	})
	if err == nil {
		s.Forget(id)
	}
	return is, err
}

// sellerChanges names what is different, with what stands there now.
func sellerChanges(was, now Seller) map[string]string {
	out := map[string]string{}
	for name, pair := range map[string][2]string{
		"address": {was.Address, now.Address}, "tax_office": {was.TaxOffice, now.TaxOffice}, "tax_number": {was.TaxNumber, now.TaxNumber},
		"mersis": {was.MERSIS, now.MERSIS}, "delivery": {was.Delivery, now.Delivery}, "exceptions": {was.Exceptions, now.Exceptions},
		"advertising": {strconv.FormatBool(was.Advertising), strconv.FormatBool(now.Advertising)},
	} {
		if pair[0] != pair[1] {
			out[name] = pair[1]
		}
	}
	return out
}

// check finds every mistake in a seller's details. A MERSIS number is sixteen digits and begins with 0, so that it
// is never a card's.
func (d Seller) check() (errs []FieldError) {
	add := func(field, code string) {
		if code != "" {
			errs = append(errs, FieldError{Field: field, Code: code})
		}
	}
	add("address", checkLine(d.Address, maxSellerLine))
	add("tax_office", checkLine(d.TaxOffice, maxSellerLine))
	if d.TaxNumber != "" && !taxNumber(d.TaxNumber) {
		add("tax_number", "tax_number_format")
	}
	if d.MERSIS != "" && (len(d.MERSIS) != 16 || d.MERSIS[0] != '0' || !allDigits(d.MERSIS)) {
		add("mersis", "mersis_format")
	}
	add("delivery", checkText(d.Delivery, maxSellerText))
	add("exceptions", checkText(d.Exceptions, maxSellerText))
	return errs
}

// LegalTexts answers the wordings of a merchant in force, by kind and language, and every version of its own, newest
// first.
func (s *Service) LegalTexts(ctx context.Context, m MerchantID) (inForce, own []LegalText, err error) {
	sh, err := s.Shop(ctx, m)
	if err != nil || sh.Legal == nil {
		return nil, nil, err
	}
	for _, lang := range s.Texts.Languages() {
		for _, k := range ConsentKinds {
			inForce = append(inForce, s.legalText(sh, k, lang))
		}
	}
	own, err = s.Ledger.LegalTexts(ctx, m, false)
	return inForce, own, err
}

// SaveLegalText makes a wording of the merchant's own the one in force, under a new version; "" puts the built-in one
// back. Invalid with the fields kind, lang and text.
func (s *Service) SaveLegalText(ctx context.Context, by By, m MerchantID, k ConsentKind, lang, words string) (LegalText, error) {
	words = strings.TrimSpace(strings.ReplaceAll(words, "\r\n", "\n"))
	if errs := s.checkLegalText(k, lang, words); len(errs) > 0 {
		return LegalText{}, Invalid(errs...)
	}
	sh, err := s.Shop(ctx, m)
	if err != nil {
		return LegalText{}, err
	}
	if now := s.legalText(sh, k, lang); now.Own && now.Words == words || !now.Own && words == "" {
		return now, nil
	}
	e := s.merchantEvent(m, "merchant.legal_text", by)
	e.Data = map[string]string{"kind": string(k), "lang": lang}
	if words != "" {
		e.Data["hash"] = hashOf(words)
	}
	saved, err := s.Ledger.SaveLegalText(ctx, m, LegalText{Kind: k, Lang: lang, Own: true, Words: words, SavedAt: e.At}, e)
	if err != nil {
		return saved, err
	}
	s.Forget(m)
	if words == "" {
		return s.Texts.BuiltIn(k, lang), nil
	}
	return saved, nil
}

func (s *Service) checkLegalText(k ConsentKind, lang, words string) (errs []FieldError) {
	if !slices.Contains(ConsentKinds, k) {
		errs = append(errs, FieldError{Field: "kind", Code: "not_a_choice"})
	}
	if s.Texts == nil || !slices.Contains(s.Texts.Languages(), lang) {
		errs = append(errs, FieldError{Field: "lang", Code: "not_a_choice"})
	}
	if len(errs) > 0 || words == "" {
		return errs
	}
	if code := checkText(words, MaxLegalText); code != "" {
		return []FieldError{{Field: "text", Code: code}}
	}
	known := map[string]string{"known": "{" + strings.Join(LegalPlaceholders, "} {") + "}"}
	for _, name := range placeholderShape.FindAllString(words, -1) {
		if !slices.Contains(LegalPlaceholders, strings.Trim(name, "{}")) {
			return []FieldError{{Field: "text", Code: "placeholder_unknown", Args: known}}
		}
	}
	if strings.ContainsAny(placeholderShape.ReplaceAllString(words, " "), "{}") {
		return []FieldError{{Field: "text", Code: "placeholder_unknown", Args: known}}
	}
	for _, name := range LegalPlaceholders {
		if name = "{" + name + "}"; strings.Count(words, name) > MaxLegalRepeats {
			return []FieldError{{Field: "text", Code: "placeholder_repeated", Args: map[string]string{"name": name, "max": strconv.Itoa(MaxLegalRepeats)}}}
		}
	}
	var missing []string
	for _, name := range legalNeeds[k] {
		if !strings.Contains(words, "{"+name+"}") {
			missing = append(missing, "{"+name+"}")
		}
	}
	if len(missing) > 0 {
		return []FieldError{{Field: "text", Code: "placeholder_missing", Args: map[string]string{"missing": strings.Join(missing, " ")}}}
	}
	return nil
}

// ErrNoLegalText: there is no such text on this page.
var ErrNoLegalText = &Error{Kind: KindNotFound, Code: "legal_text_not_found"}

// errConsentBroken: a record is not what was agreed to; nobody outside reads it.
var errConsentBroken = errors.New("a consent's text is not the one that its hash names")

// Sound holds a consent as it was stored against its own hash.
func (c Consent) Sound() error {
	if hashOf(c.Text) != c.Hash {
		return errConsentBroken
	}
	return nil
}
