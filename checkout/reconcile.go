package checkout

import (
	"slices"
	"strings"
	"time"
)

// A day's reconciliation holds a bank's list of a day against the ledger, row by row (domain.md 5.3). What
// follows is pure: reconciliation.go reads, asks and stores.

// Istanbul is the zone of banks' days. Without a zone database it is what it has been since 2016.
func Istanbul() *time.Location { return istanbul() }

// Day is a calendar day in Istanbul, as "2026-11-22".
type Day string

// DayOf is the day that a moment belongs to.
func DayOf(at time.Time) Day { return Day(at.In(istanbul()).Format(time.DateOnly)) }

// Span is the first moment of the day, and that of the next one. ok is false for what is no day.
func (d Day) Span() (from, to time.Time, ok bool) {
	at, err := time.ParseInLocation(time.DateOnly, string(d), istanbul())
	return at.UTC(), at.AddDate(0, 0, 1).UTC(), err == nil && at.Year() >= 2000 && at.Year() <= 2100
}

// LineKind is what a row of a bank's list is about.
type LineKind string

// The kinds.
const (
	LineSale   LineKind = "sale"
	LineVoid   LineKind = "void"
	LineRefund LineKind = "refund"
)

// LineState is what a row of a bank's list says became of it. Some banks tell a void or refund as a row of its
// own, others as the state of the sale.
type LineState string

// The states.
const (
	LineDone     LineState = "done"
	LineVoided   LineState = "voided"
	LineRefunded LineState = "refunded"
	LineFailed   LineState = "failed"
)

// BankLine is one row of a bank's list.
type BankLine struct {
	Row        int // in the list, from 1; 0 = there is none
	Kind       LineKind
	State      LineState
	RRN        string
	Order      string // of the attempt at the bank, or the merchant's own
	AuthCode   string
	Amount     Money // never negative
	Commission *int64
	Net        *int64 // both as the bank signs them; nil = the list has none
	At         time.Time
	Timed      bool   // At has a time; else it is the beginning of the day
	ValueDate  string // "2026-11-23", "" = the list has none
	Card       string // masked
}

// LineFault is a row of a list that could not be read.
type LineFault struct {
	Row   int    `json:"row"`
	Field string `json:"field,omitempty"` // "" = the row as a whole
	Code  string `json:"code"`
}

// OurLine is what the ledger has: a sale, or one of its voids and refunds.
type OurLine struct {
	Payment   PaymentID // "" = there is none
	Refund    RefundID  // "" = the sale
	Kind      LineKind
	Status    string // a Status, of a refund a RefundStatus
	Order     OrderNumber
	BankOrder BankOrder
	RRN       string
	AuthCode  string
	Amount    Money
	At        time.Time
}

// Class is how a row of a reconciliation came out.
type Class string

// The classes.
const (
	ClassMatched       Class = "matched"
	ClassAmountDiffers Class = "amount_differs"
	ClassStateDiffers  Class = "state_differs"
	ClassOnlyOurs      Class = "only_ours"
	ClassOnlyBank      Class = "only_bank"
	ClassNoSale        Class = "refund_without_sale"
	ClassDuplicate     Class = "duplicate"
)

// Classes lists them.
var Classes = []Class{ClassMatched, ClassAmountDiffers, ClassStateDiffers, ClassOnlyOurs, ClassOnlyBank, ClassNoSale, ClassDuplicate}

// Pair is a row of the bank's list beside what the ledger has of it; one of them may be missing.
type Pair struct {
	Class Class
	Ours  OurLine
	Bank  BankLine
}

// DayBooks is what a list is held against: attempts with their voids and refunds, of the day and around it.
type DayBooks struct {
	Payments []Payment
	Refunds  []Refund
}

// MatchDay pairs a list's rows with the ledger's, for one day: rows of other days help to pair, and stand in
// the answer only beside one of the day. Every row of the list is used once. A row finds its payment by RRN,
// by order number, or by authorisation code, amount and day, in this order (domain.md 5.3).
func MatchDay(day Day, lines []BankLine, books DayBooks) []Pair {
	m := newMatching(day, books)
	for _, l := range lines {
		if l.State != LineFailed && l.Kind != LineSale {
			if p := m.find(l); p != nil && l.Kind == LineVoid {
				m.voided[p.ID] = true
			}
		}
	}
	for _, pass := range []func(BankLine) bool{
		func(l BankLine) bool { return l.Kind == LineSale && l.State != LineFailed },
		func(l BankLine) bool { return l.Kind != LineSale && l.State != LineFailed },
		func(l BankLine) bool { return l.State == LineFailed },
	} {
		for _, l := range lines {
			if pass(l) {
				m.line(l)
			}
		}
	}
	m.rest()
	slices.SortStableFunc(m.out, func(a, b Pair) int { return order(a) - order(b) })
	return m.out
}

// order puts pairs as the list has them, and what it does not have behind.
func order(p Pair) int {
	if p.Bank.Row == 0 {
		return int(^uint(0) >> 1)
	}
	return p.Bank.Row
}

// matching is a list being held against the ledger.
type matching struct {
	day      Day
	books    DayBooks
	payments map[PaymentID]*Payment
	refunds  map[PaymentID][]*Refund
	byRRN    map[string][]*Payment
	byOrder  map[string][]*Payment
	byAuth   map[string][]*Payment
	backRRN  map[string][]*Refund
	sold     map[PaymentID]bool // beside a row of a sale
	gave     map[RefundID]bool  // beside a row
	voided   map[PaymentID]bool // the list has a void of it
	seen     map[string]bool    // rows that are in no ledger
	out      []Pair
}

func newMatching(day Day, books DayBooks) *matching {
	m := &matching{
		day: day, books: books, payments: map[PaymentID]*Payment{}, refunds: map[PaymentID][]*Refund{}, byRRN: map[string][]*Payment{}, byOrder: map[string][]*Payment{},
		byAuth: map[string][]*Payment{}, backRRN: map[string][]*Refund{}, sold: map[PaymentID]bool{}, gave: map[RefundID]bool{}, voided: map[PaymentID]bool{}, seen: map[string]bool{},
	}
	put := func(index map[string][]*Payment, key string, p *Payment) {
		if key != "" {
			index[key] = append(index[key], p)
		}
	}
	for i := range books.Payments {
		p := &books.Payments[i]
		m.payments[p.ID] = p
		put(m.byRRN, bare(p.RRN), p)
		put(m.byOrder, strings.ToUpper(string(p.BankOrder)), p)
		put(m.byOrder, strings.ToUpper(string(p.Order)), p)
		put(m.byAuth, authKey(p.AuthCode, p.Total, DayOf(saleAt(*p))), p)
	}
	for i := range books.Refunds {
		r := &books.Refunds[i]
		m.refunds[r.Payment] = append(m.refunds[r.Payment], r)
		if key := bare(r.RRN); key != "" {
			m.backRRN[key] = append(m.backRRN[key], r)
		}
	}
	return m
}

// bare is a reference as it is compared: spreadsheets take zeros away from the front of numbers.
func bare(reference string) string {
	return strings.ToUpper(strings.TrimLeft(strings.TrimSpace(reference), "0"))
}

func authKey(code string, amount Money, day Day) string {
	if code = bare(code); code == "" {
		return ""
	}
	return code + "|" + amount.String() + "|" + string(day)
}

// saleAt is when a sale counts.
func saleAt(p Payment) time.Time {
	if !p.PaidAt.IsZero() {
		return p.PaidAt
	}
	return p.CreatedAt
}

// find is the payment that a row is about, nil where no key names exactly one.
func (m *matching) find(l BankLine) *Payment {
	named := m.byOrder[strings.ToUpper(l.Order)]
	for _, r := range m.backRRN[bare(l.RRN)] {
		if p := m.payments[r.Payment]; l.Kind != LineSale && p != nil && (named == nil || slices.Contains(named, p)) {
			return p
		}
	}
	if p := one(m.byRRN[bare(l.RRN)], named); p != nil {
		return p
	}
	if p := one(named, nil); p != nil {
		return p
	}
	return one(m.byAuth[authKey(l.AuthCode, l.Amount, DayOf(l.At))], nil)
}

// one is the only payment of a key. Where there are several, the one that the second key names too, or the one
// that was collected: attempts of one order have its number all.
func one(found, also []*Payment) *Payment {
	if len(found) == 1 && (also == nil || slices.Contains(also, found[0])) {
		return found[0]
	}
	var only *Payment
	for _, p := range found {
		if also != nil && !slices.Contains(also, p) || also == nil && !p.Collected() {
			continue
		}
		if only != nil {
			return nil
		}
		only = p
	}
	return only
}

func (m *matching) line(l BankLine) {
	p := m.find(l)
	switch {
	case l.State == LineFailed:
		m.failed(l, p)
	case p == nil:
		m.unknown(l)
	case l.Kind == LineSale:
		m.sale(l, p)
	default:
		m.back(l, p)
	}
}

// add puts a pair into the answer if it has a side of the day.
func (m *matching) add(c Class, o OurLine, l BankLine) {
	if l.Row > 0 && DayOf(l.At) == m.day || o.Payment != "" && DayOf(o.At) == m.day {
		m.out = append(m.out, Pair{Class: c, Ours: o, Bank: l})
	}
}

// failed is a row of what came to nothing. That is no difference unless the ledger says otherwise.
func (m *matching) failed(l BankLine, p *Payment) {
	if p == nil || l.Kind != LineSale || !p.Collected() || m.sold[p.ID] {
		return
	}
	m.sold[p.ID] = true
	m.add(ClassStateDiffers, ourSale(*p), l)
}

// unknown is a row of which the ledger has nothing; the same one twice is a duplicate.
func (m *matching) unknown(l BankLine) {
	key := strings.Join([]string{string(l.Kind), bare(l.RRN), strings.ToUpper(l.Order), bare(l.AuthCode), l.Amount.String(), l.At.Format(time.RFC3339)}, "|")
	known := l.RRN != "" || l.Order != "" || l.AuthCode != ""
	switch {
	case known && m.seen[key]:
		m.add(ClassDuplicate, OurLine{}, l)
	case l.Kind == LineSale:
		m.add(ClassOnlyBank, OurLine{}, l)
	default:
		m.add(ClassNoSale, OurLine{}, l)
	}
	m.seen[key] = true
}

func (m *matching) sale(l BankLine, p *Payment) {
	o := ourSale(*p)
	if m.sold[p.ID] {
		m.add(ClassDuplicate, o, l)
		return
	}
	m.sold[p.ID] = true
	back := l.State == LineVoided || m.voided[p.ID] // the bank took it back
	agrees := p.Collected()
	switch {
	case !p.Collected():
		agrees = back // nothing of it stayed, whatever each side calls that
	case back || p.Status == StatusVoided:
		agrees = back && p.Status == StatusVoided
	case l.State == LineRefunded:
		agrees = p.Refunded > 0
	}
	switch {
	case !agrees:
		m.add(ClassStateDiffers, o, l)
	case l.Amount != p.Total:
		m.add(ClassAmountDiffers, o, l)
	default:
		m.add(ClassMatched, o, l)
	}
}

// back is a row of a void or refund of a payment that is known.
func (m *matching) back(l BankLine, p *Payment) {
	if r := m.refund(l, p); r != nil {
		m.gave[r.ID] = true
		o := ourRefund(*p, *r)
		switch {
		case r.Status != RefundVoided && r.Status != RefundRefunded:
			m.add(ClassStateDiffers, o, l)
		case r.Amount != l.Amount:
			m.add(ClassAmountDiffers, o, l)
		default:
			m.add(ClassMatched, o, l)
		}
		return
	}
	o := ourSale(*p)
	never := l.Kind == LineRefund && !p.Collected() && p.Status == StatusVoided && l.Amount == p.Total // charged, and given back behind the bank's day end
	switch {
	case !m.gave[RefundID(p.ID)] && (never || l.Kind == LineVoid && (!p.Collected() || p.Status == StatusVoided && len(m.refunds[p.ID]) == 0)):
		m.gave[RefundID(p.ID)] = true // taken back by ourselves, or never counted: there is no row of it here
		m.add(ClassMatched, o, l)
	case p.Collected() && p.Refunded >= p.Total.Minor:
		m.add(ClassDuplicate, o, l) // all of it went back already
	default:
		m.add(ClassStateDiffers, o, l)
	}
}

// refund picks the void or refund that a row is about: by its reference, by its amount, or the only one left.
func (m *matching) refund(l BankLine, p *Payment) *Refund {
	var same, left []*Refund
	for _, r := range m.refunds[p.ID] {
		if m.gave[r.ID] || LineKind(r.Kind) != l.Kind || r.Status == RefundRefused {
			continue
		}
		if r.RRN != "" && bare(r.RRN) == bare(l.RRN) {
			return r
		}
		left = append(left, r)
		if r.Amount == l.Amount {
			same = append(same, r)
		}
	}
	switch {
	case len(same) > 0:
		return same[0]
	case len(left) == 1:
		return left[0]
	}
	return nil
}

// rest is what the ledger has of the day and the list has not. What was voided before the bank's day end never
// reaches a list, so it is missed by nobody.
func (m *matching) rest() {
	for _, p := range m.books.Payments {
		if p.Collected() && !m.sold[p.ID] && p.Status != StatusVoided {
			m.add(ClassOnlyOurs, ourSale(p), BankLine{})
		}
	}
	for _, r := range m.books.Refunds {
		p := m.payments[r.Payment]
		if p != nil && r.Status == RefundRefunded && !m.gave[r.ID] {
			m.add(ClassOnlyOurs, ourRefund(*p, r), BankLine{})
		}
	}
}

func ourSale(p Payment) OurLine {
	return OurLine{
		Payment: p.ID, Kind: LineSale, Status: string(p.Status), Order: p.Order, BankOrder: p.BankOrder, RRN: p.RRN, AuthCode: p.AuthCode, Amount: p.Total, At: saleAt(p),
	}
}

func ourRefund(p Payment, r Refund) OurLine {
	return OurLine{
		Payment: p.ID, Refund: r.ID, Kind: LineKind(r.Kind), Status: string(r.Status), Order: p.Order, BankOrder: p.BankOrder, RRN: r.RRN, AuthCode: r.AuthCode,
		Amount: r.Amount, At: r.CreatedAt, // the bank was called then, whenever its answer came
	}
}
