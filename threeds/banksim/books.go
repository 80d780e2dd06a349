package banksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strconv"
	"sync"
	"time"
)

// maxOrders stops a runaway test before the memory does: an order takes about 3 kB.
const maxOrders = 1_000_000

// compactAbove is how many lines a file may have before opening it looks for ones that are overtaken.
const compactAbove = 1000

// Stage is how far an order has come in its first step.
type Stage string

const (
	StageCard          Stage = "card"          // the hosted card page waits for the payer
	StageChallenge     Stage = "challenge"     // the issuer's page waits for the payer
	StageAuthenticated Stage = "authenticated" // two-step models: the merchant may ask for the money
	StageDone          Stage = "done"          // charged, declined or refused
)

// Order is one order number at one merchant, with everything that happened to it. It holds no card number, expiry or security code.
type Order struct {
	Dialect      string            `json:"dialect"`
	MbrID        string            `json:"mbr_id,omitempty"`
	MerchantID   string            `json:"merchant_id"`
	OrderID      string            `json:"order_id"`
	Seq          int64             `json:"seq"`               // position in the books, the dialects' request number
	Session      string            `json:"session,omitempty"` // names the order in the browser's addresses
	Model        string            `json:"model"`             // the dialect's secure type
	TxnType      string            `json:"txn_type"`          // Auth or PreAuth
	Amount       int64             `json:"amount"`            // minor units
	Currency     string            `json:"currency"`
	Installments int               `json:"installments"` // 0 or 1 = single payment, as the dialect writes it
	Lang         string            `json:"lang,omitempty"`
	Echo         map[string]string `json:"echo,omitempty"` // what the dialect repeats of the request, never card data
	Card         Card              `json:"card"`
	Stage        Stage             `json:"stage"`
	ThreeD       string            `json:"three_d,omitempty"` // 3-D status, empty while open
	Tries        int               `json:"tries,omitempty"`   // wrong passwords so far
	OpenedAt     time.Time         `json:"opened_at"`
	Callback     *Record           `json:"callback,omitempty"` // what the browser carried back, kept for its repetition
	Records      []Record          `json:"records,omitempty"`  // every attempt, failures included; the first is the order's own
	Hold         *Hold             `json:"hold,omitempty"`     // the money, once an issuer said yes
}

// Record is one attempt at one operation.
type Record struct {
	TxnType  string    `json:"txn_type"`
	Amount   int64     `json:"amount"`
	Code     string    `json:"code"`
	Detail   string    `json:"detail,omitempty"` // the dialect's finer code
	AuthCode string    `json:"auth_code,omitempty"`
	RRN      string    `json:"rrn,omitempty"`
	Stan     int       `json:"stan,omitempty"`
	Trail    string    `json:"trail,omitempty"`
	Status   string    `json:"status,omitempty"`
	Result   string    `json:"result,omitempty"`
	Rnd      string    `json:"rnd,omitempty"` // freshness value of the signed answer
	VoidedAt time.Time `json:"voided_at,omitzero"`
	VoidedBy string    `json:"voided_by,omitempty"`
	At       time.Time `json:"at"`
}

// Hold is money an issuer has promised: a sale, or a pre-authorisation until it is captured.
type Hold struct {
	Amount   int64     `json:"amount"`
	PreAuth  bool      `json:"pre_auth,omitempty"`
	Captured bool      `json:"captured,omitempty"`
	Voided   bool      `json:"voided,omitempty"`
	Refunded int64     `json:"refunded,omitempty"`
	AuthCode string    `json:"auth_code"`
	RRN      string    `json:"rrn"`
	At       time.Time `json:"at"`
	BookedAt time.Time `json:"booked_at"`        // later than At when the bank was told to book late
	Closed   bool      `json:"closed,omitempty"` // its batch was closed by hand
}

// The reasons why money cannot move; each dialect has its own code for each.
var (
	errTaken      = errors.New("order number used before")
	errNoOrder    = errors.New("no such order")
	errNoHold     = errors.New("nothing was authorised")
	errNotSold    = errors.New("authorised, but not captured")
	errFull       = errors.New("the books are full")
	errStage      = errors.New("the order is past this step")
	errVoided     = errors.New("already voided")
	errBatchOpen  = errors.New("the batch is still open")
	errBatchShut  = errors.New("the batch is closed")
	errPartial    = errors.New("a void takes the whole amount")
	errOverSale   = errors.New("more than was sold")
	errRefunded   = errors.New("refunded already")
	errNotPreAuth = errors.New("not a pre-authorisation")
	errCaptured   = errors.New("captured already")
	errTooOld     = errors.New("the pre-authorisation is too old")
	errTolerance  = errors.New("captured amount too far from the authorised one")
	errCurrency   = errors.New("another currency than the order's")
)

type orderKey struct{ dialect, mbrID, merchantID, orderID string }

func (o Order) key() orderKey { return orderKey{o.Dialect, o.MbrID, o.MerchantID, o.OrderID} }

// books are the bank's memory: every order, and the file that outlives the process. A change is written to the file before it is
// believed; the file is not synced, because it must survive a killed process, not a power cut.
type books struct {
	mu       sync.Mutex
	orders   map[orderKey]*Order
	sequence []orderKey          // sequence[n] has Seq n+1
	sessions map[string]orderKey // by Session
	stan     int                 // number of the last message to an issuer
	ticks    int64               // last freshness value given out
	file     *os.File            // nil in memory
	size     int64               // of its whole lines; the next one is written there
}

// line is one entry of the file; the last line of an order counts.
type line struct {
	Order    *Order    `json:"order,omitempty"`
	Merchant *Merchant `json:"merchant,omitempty"`
}

// openBooks reads the file if there is one, and answers the merchants that were added at run time. A last line cut off by a killed
// process is dropped; any other unreadable line is an error, because it would be lost money.
func openBooks(path string) (*books, []Merchant, error) {
	b := &books{orders: map[orderKey]*Order{}, sessions: map[string]orderKey{}}
	if path == "" {
		return b, nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	merchants, whole, lines, err := b.replay(data)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if lines > compactAbove && lines > 2*(len(b.orders)+len(merchants)) {
		if whole, err = b.compact(path, merchants); err != nil {
			return nil, nil, err
		}
	}
	b.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	b.size = int64(whole)
	if err := b.file.Truncate(b.size); err != nil {
		return nil, nil, errors.Join(err, b.file.Close())
	}
	return b, merchants, nil
}

// compact rewrites the file with one line for each order and merchant. It is renamed into place, so that a kill leaves the old or the
// new one.
func (b *books) compact(path string, merchants []Merchant) (size int, err error) {
	var lines []line
	for i := range merchants {
		lines = append(lines, line{Merchant: &merchants[i]})
	}
	for _, key := range b.sequence {
		lines = append(lines, line{Order: b.orders[key]})
	}
	var text bytes.Buffer
	if err := encodeLines(&text, lines); err != nil {
		return 0, fmt.Errorf("compacting the books: %w", err)
	}
	if err := os.WriteFile(path+".new", text.Bytes(), 0o600); err != nil {
		return 0, fmt.Errorf("compacting the books: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return 0, fmt.Errorf("compacting the books: %w", err)
	}
	return text.Len(), nil
}

// replay takes the file's lines in; whole is the length of the complete ones, of which there are lines.
func (b *books) replay(data []byte) (merchants []Merchant, whole, lines int, err error) {
	latest := map[orderKey]*Order{}
	for {
		end := bytes.IndexByte(data[whole:], '\n')
		if end < 0 {
			break
		}
		lines++
		var l line
		if err := json.Unmarshal(data[whole:whole+end], &l); err != nil {
			return nil, 0, 0, fmt.Errorf("line %d: %w", lines, err)
		}
		whole += end + 1
		if l.Order != nil {
			latest[l.Order.key()] = l.Order
		}
		if l.Merchant != nil {
			same := func(m Merchant) bool { return m.key() == l.Merchant.key() }
			merchants = append(slices.DeleteFunc(merchants, same), *l.Merchant)
		}
	}
	orders := make([]*Order, 0, len(latest))
	for _, o := range latest {
		orders = append(orders, o)
	}
	sort.Slice(orders, func(i, j int) bool { return orders[i].Seq < orders[j].Seq })
	for i, o := range orders {
		if o.Seq != int64(i+1) {
			return nil, 0, 0, fmt.Errorf("order number %d of the books is missing", i+1)
		}
		b.take(o)
		for _, r := range o.Records {
			b.stan = max(b.stan, r.Stan)
		}
	}
	return merchants, whole, lines, nil
}

func (b *books) take(o *Order) {
	key := o.key()
	if _, known := b.orders[key]; !known {
		b.sequence = append(b.sequence, key)
	}
	b.orders[key] = o
	if o.Session != "" {
		b.sessions[o.Session] = key
	}
}

func (b *books) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	return b.file.Close()
}

// write appends lines to the file; the caller holds the lock.
func (b *books) write(lines ...line) error {
	if b.file == nil || len(lines) == 0 {
		return nil
	}
	var text bytes.Buffer
	if err := encodeLines(&text, lines); err != nil {
		return fmt.Errorf("writing the books: %w", err)
	}
	n, err := b.file.WriteAt(text.Bytes(), b.size)
	if err != nil {
		// Half a line must not stay between whole ones; where even this fails, the next write goes over it.
		_ = b.file.Truncate(b.size)
		return fmt.Errorf("writing the books: %w", err)
	}
	b.size += int64(n)
	return nil
}

func encodeLines(to *bytes.Buffer, lines []line) error {
	e := json.NewEncoder(to)
	for _, l := range lines {
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

// open registers a new order and gives it its number; errTaken when the merchant has used the order id before, whatever became of it.
func (b *books) open(o Order) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, taken := b.orders[o.key()]; taken {
		return Order{}, errTaken
	}
	if len(b.sequence) >= maxOrders {
		return Order{}, errFull
	}
	o.Seq = int64(len(b.sequence) + 1)
	if err := b.write(line{Order: &o}); err != nil {
		return Order{}, err
	}
	b.take(&o)
	return o.clone(), nil
}

// change runs fn on a copy of the order, under the lock, and keeps the copy if fn has no error and the file took it.
func (b *books) change(key orderKey, fn func(*Order) error) (Order, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	stored, ok := b.orders[key]
	if !ok {
		return Order{}, errNoOrder
	}
	o := stored.clone()
	if err := fn(&o); err != nil {
		return stored.clone(), err
	}
	if err := b.write(line{Order: &o}); err != nil {
		return stored.clone(), err
	}
	b.orders[key] = &o
	return o.clone(), nil
}

func (b *books) find(key orderKey) (Order, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.orders[key]
	if !ok {
		return Order{}, false
	}
	return o.clone(), true
}

func (b *books) findSession(session string) (Order, bool) {
	b.mu.Lock()
	key, ok := b.sessions[session]
	b.mu.Unlock()
	if !ok {
		return Order{}, false
	}
	return b.find(key)
}

func (b *books) findSeq(seq int64) (Order, bool) {
	b.mu.Lock()
	known := seq >= 1 && seq <= int64(len(b.sequence))
	var key orderKey
	if known {
		key = b.sequence[seq-1]
	}
	b.mu.Unlock()
	if !known {
		return Order{}, false
	}
	return b.find(key)
}

// all are the orders that pass, oldest first.
func (b *books) all(pass func(*Order) bool) []Order {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := []Order{}
	for _, key := range b.sequence {
		if o := b.orders[key]; pass(o) {
			list = append(list, o.clone())
		}
	}
	return list
}

// closeBatch closes every authorisation that passes and answers how many there were.
func (b *books) closeBatch(pass func(*Order) bool) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var closed []*Order
	var lines []line
	for _, key := range b.sequence {
		if o := b.orders[key]; o.Hold != nil && !o.Hold.Closed && pass(o) {
			next := o.clone()
			next.Hold.Closed = true
			closed = append(closed, &next)
			lines = append(lines, line{Order: &next})
		}
	}
	if err := b.write(lines...); err != nil {
		return 0, err
	}
	for _, o := range closed {
		b.orders[o.key()] = o
	}
	return len(closed), nil
}

// keepMerchant writes a merchant that came at run time to the file.
func (b *books) keepMerchant(m Merchant) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write(line{Merchant: &m})
}

// nextStan numbers a message to an issuer, six digits as everywhere in card systems. The caller is inside change.
func (b *books) nextStan() int {
	b.stan = b.stan%999_999 + 1
	return b.stan
}

// nextTicks is the time in .NET ticks (100 ns since the year 1, local time), later than every value before.
func (b *books) nextTicks(now time.Time) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tick(now)
}

// tick is nextTicks for callers inside change.
func (b *books) tick(now time.Time) int64 {
	_, offset := now.In(turkey).Zone()
	const ticksAt1970 = 621_355_968_000_000_000
	b.ticks = max(b.ticks+1, ticksAt1970+now.UnixNano()/100+int64(offset)*10_000_000)
	return b.ticks
}

func (o *Order) clone() Order {
	c := *o
	c.Records = slices.Clone(o.Records)
	if o.Callback != nil {
		r := *o.Callback
		c.Callback = &r
	}
	if o.Hold != nil {
		h := *o.Hold
		c.Hold = &h
	}
	return c // Echo is never changed after the order is opened
}

// retrieval is the 12-digit number of a message: last digit of the year, day of the year, hour, message number (payfor sheet, section 2).
func retrieval(at time.Time, stan int) string {
	t := at.In(turkey)
	return strconv.Itoa(t.Year()%10) + fmt.Sprintf("%03d%02d%06d", t.YearDay(), t.Hour(), stan)
}

// authorize lets the issuer promise amount; bookedAt is when the bank's own books show it.
func (o *Order) authorize(r *Record, amount int64, bookedAt time.Time) {
	o.Hold = &Hold{Amount: amount, PreAuth: o.TxnType == "PreAuth", AuthCode: r.AuthCode, RRN: r.RRN, At: r.At, BookedAt: bookedAt}
}

// live answers the money of an order if the bank shows it already.
func (o *Order) live(now time.Time) (*Hold, error) {
	if o.Hold == nil || now.Before(o.Hold.BookedAt) {
		return nil, errNoHold
	}
	return o.Hold, nil
}

// batchClosed: by hand, or because its day in Turkey is over.
func (h *Hold) batchClosed(now time.Time) bool {
	return h.Closed || h.At.In(turkey).Format(time.DateOnly) < now.In(turkey).Format(time.DateOnly)
}

// void takes the promise back; amount 0 means the whole.
func (o *Order) void(now time.Time, amount int64) error {
	h, err := o.live(now)
	switch {
	case err != nil:
		return err
	case h.Voided:
		return errVoided
	case h.batchClosed(now), h.Refunded > 0:
		return errBatchShut
	case amount != 0 && amount != h.Amount:
		return errPartial
	}
	h.Voided = true
	return nil
}

// refund gives amount back, in parts if need be, up to what was sold.
func (o *Order) refund(now time.Time, amount int64) error {
	h, err := o.live(now)
	switch {
	case err != nil:
		return err
	case h.Voided:
		return errVoided
	case h.PreAuth && !h.Captured:
		return errNotSold
	case h.Refunded == h.Amount:
		return errRefunded
	case amount > h.Amount-h.Refunded:
		return errOverSale
	case !h.batchClosed(now):
		return errBatchOpen
	}
	h.Refunded += amount
	return nil
}

// capture turns a pre-authorisation into a sale of amount, within 25 days and 15 % (payfor sheet, section 6.1).
func (o *Order) capture(now time.Time, amount int64, partial bool) error {
	const life = 25 * 24 * time.Hour
	h, err := o.live(now)
	switch {
	case err != nil:
		return err
	case h.Voided:
		return errVoided
	case !h.PreAuth:
		return errNotPreAuth
	case h.Captured:
		return errCaptured
	case now.Sub(h.At) > life:
		return errTooOld
	case amount*100 < h.Amount*85, amount*100 > h.Amount*115, amount < h.Amount && !partial:
		return errTolerance
	}
	h.Captured, h.Amount, h.At, h.Closed = true, amount, now, false
	return nil
}

// Charge is one authorisation as the bank's own books show it, the truth that a merchant's ledger is compared with.
type Charge struct {
	Dialect        string    `json:"dialect"`
	MerchantID     string    `json:"merchant_id"`
	OrderID        string    `json:"order_id"`
	Amount         int64     `json:"amount"` // minor units
	Currency       string    `json:"currency"`
	Installments   int       `json:"installments"`
	Status         string    `json:"status"` // authorized, voided, or refunded once the whole amount went back
	RefundedAmount int64     `json:"refunded_amount"`
	AuthCode       string    `json:"auth_code"`
	RRN            string    `json:"rrn"`
	PANMasked      string    `json:"pan_masked"`
	At             time.Time `json:"at"`
	Kind           string    `json:"kind"` // sale, preauth, capture
	BatchClosed    bool      `json:"batch_closed"`
}

// Charges are all authorisations that the bank shows by now, oldest first.
func (b *Bank) Charges() []Charge {
	now := b.now()
	orders := b.books.all(func(o *Order) bool { _, err := o.live(now); return err == nil })
	list := make([]Charge, 0, len(orders))
	for _, o := range orders {
		list = append(list, chargeOf(o, now))
	}
	return list
}

func chargeOf(o Order, now time.Time) Charge {
	h := o.Hold
	c := Charge{Dialect: o.Dialect, MerchantID: o.MerchantID, OrderID: o.OrderID, Amount: h.Amount, Currency: o.Currency,
		Installments: max(o.Installments, 1), Status: "authorized", RefundedAmount: h.Refunded, AuthCode: h.AuthCode, RRN: h.RRN,
		PANMasked: o.Card.Mask, At: h.At.UTC(), Kind: "sale", BatchClosed: h.batchClosed(now)}
	switch {
	case h.Voided:
		c.Status = "voided"
	case h.Refunded == h.Amount:
		c.Status = "refunded"
	}
	switch {
	case h.Captured:
		c.Kind = "capture"
	case h.PreAuth:
		c.Kind = "preauth"
	}
	return c
}

// CloseDay closes the batch of every merchant, after which sales are refunded instead of voided. It answers how many authorisations
// were in it.
func (b *Bank) CloseDay() (int, error) { return b.books.closeBatch(func(*Order) bool { return true }) }
