package checkout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"
)

// BatchID is "bat_" and 22 characters of base62.
type BatchID string

// Valid says whether the id has the syntax of one of its kind.
func (b BatchID) Valid() bool { return validID(string(b), "bat_") }

// Batch makes an identifier.
func (g *IDs) Batch() BatchID { return BatchID("bat_" + g.pick(base62, 22)) }

// BatchKind says why links were made together.
type BatchKind string

// The kinds.
const (
	BatchFile  BatchKind = "file"  // the rows of a table
	BatchGroup BatchKind = "group" // the named shares of one sum
)

// BatchKinds lists them.
var BatchKinds = []BatchKind{BatchFile, BatchGroup}

// BatchIDOf is the id of the batch that a merchant's program makes under a key of its own: the same key names the same
// batch, so that a call that broke off goes on. "" names a new one.
func (s *Service) BatchIDOf(m MerchantID, key string) BatchID {
	if key == "" {
		return s.IDs.Batch()
	}
	sum := sha256.Sum256([]byte("batch\x00" + string(m) + "\x00" + key))
	n, digit := new(big.Int).SetBytes(sum[:]), new(big.Int)
	id := []byte("bat_")
	for range 22 {
		n.DivMod(n, big.NewInt(int64(len(base62))), digit)
		id = append(id, base62[digit.Int64()])
	}
	return BatchID(id)
}

// Batch is links that were made together. They are links like any others: the batch says that they belong
// together, in which order, and what each is called.
type Batch struct {
	ID        BatchID
	Merchant  MerchantID
	Kind      BatchKind
	Name      string
	Rows      int          // that it was made from
	Refused   []RefusedRow // those of them that no link was made for
	Maker     UserID       // "" = a program
	CreatedAt time.Time
}

// RefusedRow is a row that no link was made for, and its mistakes.
type RefusedRow struct {
	Row    int          `json:"row"`
	Label  string       `json:"label,omitempty"`
	Fields []FieldError `json:"fields"`
}

// BatchRow is the place of a link in a batch.
type BatchRow struct {
	Batch BatchID
	Row   int // as the table counts, from 1
	Label string
	// Begins is the batch itself, stored with its first link; nil = it is there.
	Begins *Batch
}

// BatchLink is a link of a batch at its place.
type BatchLink struct {
	Row   int
	Label string
	Link  Link
}

// BatchSum is what a batch is to collect in one currency, and what it has. Deleted links that were not paid are
// in none of it.
type BatchSum struct {
	Currency  Currency
	Links     int
	Paid      int
	Minor     int64
	PaidMinor int64
}

// Bounds of a batch.
const (
	MaxBatchRows  = 10_000
	MaxGroupLinks = 200
	// batchPart is how many links are stored in one transaction; a group is one.
	batchPart     = 500
	maxBatchName  = 120
	maxBatchLabel = 120
)

// BatchQuery asks for batches.
type BatchQuery struct {
	Merchant MerchantID
	Maker    UserID // "" = anybody's
	Kind     BatchKind
	From, To time.Time // made at or after, before
	Limit    int
	Cursor   string
}

// BatchLedger keeps which links were made together.
type BatchLedger interface {
	// CreateLinks stores links in one transaction, at most a thousand: all of them, or none and an error of
	// CreateLink's.
	CreateLinks(ctx context.Context, all []NewLink) error
	// TakenOrders answers which order numbers a merchant has ever used.
	TakenOrders(ctx context.Context, m MerchantID, of []OrderNumber) (map[OrderNumber]bool, error)
	// BatchOf is for the merchant. ErrNoBatch also for somebody else's.
	BatchOf(ctx context.Context, m MerchantID, id BatchID) (Batch, error)
	// BatchOfLink answers the batch that a link is of. ErrNoBatch when it is of none.
	BatchOfLink(ctx context.Context, m MerchantID, id LinkID) (Batch, error)
	// RefuseRows adds rows to those of a batch that no link was made for. One that has a link, and one that is among
	// them, stays as it is. ErrNoBatch.
	RefuseRows(ctx context.Context, m MerchantID, id BatchID, rows []RefusedRow) error
	// SearchBatches answers a page of a merchant's, newest first, without what was refused, and the cursor of the next
	// page. ErrCursor.
	SearchBatches(ctx context.Context, q BatchQuery) ([]Batch, string, error)
	// BatchLinks answers links of a batch behind a row, in order.
	BatchLinks(ctx context.Context, m MerchantID, id BatchID, after, limit int) ([]BatchLink, error)
	// BatchSums answers what a batch comes to, by currency.
	BatchSums(ctx context.Context, m MerchantID, id BatchID) ([]BatchSum, error)
}

// ErrNoBatch is the same for an id that does not exist and for somebody else's.
var ErrNoBatch = &Error{Kind: KindNotFound, Code: "batch_not_found"}

// ErrBatchOther: the id has made a batch of another content.
var ErrBatchOther = &Error{Kind: KindConflict, Code: "batch_sent"}

// LinkRow is a row that a link is to be made of. Bad is what could not be read in it.
type LinkRow struct {
	Row   int
	Label string
	Terms LinkTerms
	Bad   []FieldError
}

// NewBatch is a batch about to be made. Its ID is the name under which it is made once.
type NewBatch struct {
	ID   BatchID
	Kind BatchKind
	Name string
	Rows []LinkRow
	// Content is SHA-256 over everything that was asked for, as it was typed: the rows alone change with the clock.
	Content [sha256.Size]byte
}

// partKey is under what the part that begins with a row is made once, partRequest what it is made of.
func partKey(id BatchID, begin LinkRow) string {
	return "batch " + string(id) + " " + strconv.Itoa(begin.Row)
}

func partRequest(key string, content [sha256.Size]byte) []byte {
	sum := sha256.Sum256(append([]byte(key), content[:]...))
	return sum[:]
}

// CheckRows adds to each row's mistakes those that its terms have: what a single link would be refused for, and
// an order number that was used before, or stands in an earlier row. Nothing is stored.
func (s *Service) CheckRows(ctx context.Context, m MerchantID, rows []LinkRow) error {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return err
	}
	taken, err := s.takenOrders(ctx, m, rows)
	if err != nil {
		return err
	}
	named := make([]*LinkTerms, len(rows))
	for i := range rows {
		named[i] = &rows[i].Terms
	}
	products, err := s.catalogue(ctx, m, named...)
	if err != nil {
		return err
	}
	now, first := s.Clock.Now(), map[OrderNumber]int{}
	for i := range rows {
		r := &rows[i]
		if code := checkLine(r.Label, maxBatchLabel); code != "" {
			r.Label = "" // it may be a card number, which is kept and told nowhere (A32)
			r.Bad = append(r.Bad, FieldError{Field: "label", Code: code})
		}
		r.Terms = r.Terms.withDefaults(now)
		errs := append(r.Terms.fill(products, LinkTerms{}), s.checkTerms(&r.Terms, LinkTerms{}, shop)...)
		for _, e := range append(errs, s.checkDeliver(&r.Terms, shop)...) {
			if !slices.ContainsFunc(r.Bad, func(b FieldError) bool { return b.Field == e.Field }) {
				r.Bad = append(r.Bad, e)
			}
		}
		o := r.Terms.Order
		if o == "" {
			continue
		}
		switch row, repeated := first[o]; {
		case taken[o]:
			r.Bad = append(r.Bad, FieldError{Field: "order_id", Code: ErrOrderTaken.Code})
		case repeated:
			r.Bad = append(r.Bad, FieldError{Field: "order_id", Code: "order_id_repeated", Args: map[string]string{"row": strconv.Itoa(row)}})
		default:
			first[o] = r.Row
		}
	}
	return nil
}

func (s *Service) takenOrders(ctx context.Context, m MerchantID, rows []LinkRow) (map[OrderNumber]bool, error) {
	var orders []OrderNumber
	for _, r := range rows {
		if r.Terms.Order != "" {
			orders = append(orders, r.Terms.Order)
		}
	}
	if len(orders) == 0 {
		return map[OrderNumber]bool{}, nil
	}
	return s.Ledger.TakenOrders(ctx, m, orders)
}

// CreateBatch makes a link of every good row, some hundreds to a transaction, and keeps why the others have none.
// The same id again goes on where an earlier call ended and makes nothing twice, whoever else calls it meanwhile;
// with another content it is ErrBatchOther.
// A group is all or nothing: a mistake in one of its rows is Invalid with the fields "rows.N.…". A batch without a
// good row is not made: Invalid with the field "rows".
func (s *Service) CreateBatch(ctx context.Context, by By, m MerchantID, n NewBatch) (Batch, error) {
	if err := n.check(); err != nil {
		return Batch{}, err
	}
	known, err := s.Ledger.BatchOf(ctx, m, n.ID)
	if err == nil {
		if err := s.sameBatch(ctx, m, n); err != nil || n.Kind == BatchGroup {
			return known, err
		}
	} else if !errors.Is(err, ErrNoBatch) {
		return Batch{}, err
	}
	rows := slices.Clone(n.Rows)
	if err := s.CheckRows(ctx, m, rows); err != nil {
		return Batch{}, err
	}
	b := Batch{ID: n.ID, Merchant: m, Kind: n.Kind, Name: n.Name, Rows: len(rows), Maker: by.User, CreatedAt: s.Clock.Now()}
	n.judge(&b, rows)
	if n.Kind == BatchGroup && len(b.Refused) > 0 {
		return Batch{}, b.refusal()
	}
	late, err := s.makeParts(ctx, by, b, n.Content, rows)
	if errors.Is(err, ErrKeyReused) {
		return Batch{}, ErrBatchOther
	} else if err != nil {
		return Batch{}, err
	}
	// Another call of the same batch may have made it, and ended before it said what it had left out.
	made, err := s.batchMade(ctx, m, b.ID, append(late, b.Refused...))
	if errors.Is(err, ErrNoBatch) {
		return Batch{}, Invalid(FieldError{Field: "rows", Code: "no_good_row"})
	}
	return made, err
}

// batchMade answers a batch whose parts are made, with rows added that turned out to get no link.
func (s *Service) batchMade(ctx context.Context, m MerchantID, id BatchID, late []RefusedRow) (Batch, error) {
	if len(late) > 0 {
		if err := s.Ledger.RefuseRows(ctx, m, id, late); err != nil {
			return Batch{}, err
		}
	}
	return s.Ledger.BatchOf(ctx, m, id)
}

// sameBatch holds a batch that is there against what is asked for now: one of its parts was made of the same.
func (s *Service) sameBatch(ctx context.Context, m MerchantID, n NewBatch) error {
	for from := 0; from < len(n.Rows); from += batchPart {
		key := partKey(n.ID, n.Rows[from])
		a, found, err := s.Ledger.Answer(ctx, m, key)
		if err != nil {
			return err
		}
		if found && bytes.Equal(a.Request, partRequest(key, n.Content)) {
			return nil
		}
	}
	return ErrBatchOther
}

// makeParts makes the links part by part. A part is always the same rows of the table, whichever of them are good
// now, so that its key stands for them; the first with a good row begins the batch. late are good rows that got no
// link after all.
func (s *Service) makeParts(ctx context.Context, by By, b Batch, content [sha256.Size]byte, rows []LinkRow) (late []RefusedRow, err error) {
	begins := &b
	if _, err := s.Ledger.BatchOf(ctx, b.Merchant, b.ID); err == nil {
		begins = nil
	} else if !errors.Is(err, ErrNoBatch) {
		return nil, err
	}
	for from := 0; from < len(rows); from += batchPart {
		part := rows[from:min(from+batchPart, len(rows))]
		key := partKey(b.ID, part[0])
		good := slices.DeleteFunc(slices.Clone(part), func(r LinkRow) bool { return len(r.Bad) > 0 })
		if len(good) == 0 {
			continue
		}
		made, left, err := s.makePart(ctx, by, b, begins, Idempotency{Merchant: b.Merchant, Key: key, Request: partRequest(key, content), Status: 201, Body: []byte(b.ID)}, good)
		if err != nil {
			return nil, fmt.Errorf("make rows %d to %d of batch %s: %w", part[0].Row, part[len(part)-1].Row, b.ID, err)
		}
		if late = append(late, left...); made {
			begins = nil
		}
	}
	return late, nil
}

func (n NewBatch) check() error {
	var errs []FieldError
	if code := checkLine(n.Name, maxBatchName); code != "" {
		errs = append(errs, FieldError{Field: "name", Code: code})
	}
	most := MaxBatchRows
	if n.Kind == BatchGroup {
		most = MaxGroupLinks
	}
	switch {
	case !n.ID.Valid():
		errs = append(errs, FieldError{Field: "id", Code: "bad_request"})
	case len(n.Rows) == 0:
		errs = append(errs, FieldError{Field: "rows", Code: "required"})
	case len(n.Rows) > most:
		errs = append(errs, FieldError{Field: "rows", Code: "too_many"})
	}
	if len(errs) > 0 {
		return Invalid(errs...)
	}
	return nil
}

// judge notes in the batch the rows that no link is made of. The rows of a group name it and themselves in their
// metadata, so that programs see it too.
func (n NewBatch) judge(b *Batch, rows []LinkRow) {
	for i := range rows {
		r := &rows[i]
		if len(r.Bad) > 0 {
			b.Refused = append(b.Refused, RefusedRow{Row: r.Row, Label: r.Label, Fields: r.Bad})
		}
		if n.Kind == BatchGroup {
			r.Terms.Metadata = map[string]string{"group": string(n.ID), "share": r.Label}
		}
	}
}

// refusal names the mistakes of all rows.
func (b Batch) refusal() error {
	var errs []FieldError
	for _, r := range b.Refused {
		for _, e := range r.Fields {
			e.Field = "rows." + strconv.Itoa(r.Row) + "." + e.Field
			errs = append(errs, e)
		}
	}
	return Invalid(errs...)
}

// partTries is how often the rows of a part are tried whose order numbers were taken meanwhile.
const partTries = 5

// makePart stores the links of some rows in one transaction, once: its key is kept with them. Rows whose order
// numbers somebody took since they were checked are left out; made is false where no other is there, so that the next
// part begins the batch.
func (s *Service) makePart(ctx context.Context, by By, b Batch, begins *Batch, once Idempotency, rows []LinkRow) (made bool, left []RefusedRow, err error) {
	for try := 1; len(rows) > 0; try++ {
		all, err := s.partLinks(ctx, by, b, rows)
		if err != nil {
			return false, nil, err
		}
		all[0].Idem, all[0].Batch.Begins = once, begins
		err = s.Ledger.CreateLinks(ctx, all)
		if errors.Is(err, ErrKeyKnown) {
			return true, left, nil // made before
		}
		if !errors.Is(err, ErrOrderTaken) || try == partTries || b.Kind == BatchGroup {
			return err == nil, left, err
		}
		taken, err := s.takenOrders(ctx, b.Merchant, rows)
		if err != nil {
			return false, nil, err
		}
		rows = slices.DeleteFunc(rows, func(r LinkRow) bool {
			if taken[r.Terms.Order] {
				left = append(left, RefusedRow{Row: r.Row, Label: r.Label, Fields: []FieldError{{Field: "order_id", Code: ErrOrderTaken.Code}}})
			}
			return taken[r.Terms.Order]
		})
	}
	return false, left, nil
}

// partLinks makes the links of some rows. The hot state has none of them: it fills itself at their first view.
func (s *Service) partLinks(ctx context.Context, by By, b Batch, rows []LinkRow) ([]NewLink, error) {
	shop, err := s.Shop(ctx, b.Merchant)
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	all := make([]NewLink, 0, len(rows))
	for _, r := range rows {
		t := r.Terms
		if t.Order == "" {
			t.Order = s.IDs.OrderNumber(now)
		}
		l := Link{ID: s.IDs.Link(now), Token: s.IDs.Token(), Merchant: b.Merchant, Version: 1, Rev: 1, CreatedAt: now}
		l.set(t, now)
		n := NewLink{
			Link: l, Event: s.linkEvent(l, "link.created", by, 1), Publish: "link.created", Maker: by.User,
			Batch: &BatchRow{Batch: b.ID, Row: r.Row, Label: r.Label},
		}
		if n.Messages, err = s.deliverNew(ctx, by, shop.Merchant, l, t.Deliver); err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// ShareOut gives the rows of a group that have no amount equal parts of what the others leave of a total; 0 = none
// was named. The code says what does not come out: "group_total_needed", "group_total_differs". A row of another
// currency than the first is a mistake of that row: sums of money of two kinds are none.
func ShareOut(rows []LinkRow, total int64) (code string) {
	left, bad := total, false
	var equal []int
	var currency Currency // of the first that has one
	for i, r := range rows {
		if c := r.Terms.Amount.Currency; !c.Known() {
			bad = true // its own mistake, which is told where terms are checked
			continue
		} else if currency == "" {
			currency = c
		}
		if r.Terms.Amount.Currency != currency {
			rows[i].Bad, bad = append(r.Bad, FieldError{Field: "currency", Code: "group_currency_differs"}), true
			continue
		}
		bad = bad || len(r.Bad) > 0
		if r.Terms.Amount.Minor == 0 && len(r.Bad) == 0 {
			equal = append(equal, i)
		}
		left -= r.Terms.Amount.Minor
	}
	switch {
	case len(equal) > 0 && total == 0:
		return "group_total_needed"
	case len(equal) > 0 && left < int64(len(equal)), len(equal) == 0 && total != 0 && left != 0 && !bad:
		return "group_total_differs"
	}
	for i, minor := range SplitShares(left, len(equal)) {
		rows[equal[i]].Terms.Amount.Minor = minor
	}
	return ""
}

// SplitShares divides a sum into n shares that differ by at most one minor unit, the larger ones first.
func SplitShares(minor int64, n int) []int64 {
	shares := make([]int64, n)
	for i := range shares {
		shares[i] = minor / int64(n)
		if int64(i) < minor%int64(n) {
			shares[i]++
		}
	}
	return shares
}
