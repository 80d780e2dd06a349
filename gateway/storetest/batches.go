package storetest

import (
	"errors"
	"slices"
	"strconv"

	"github.com/odelink/odelink/checkout"
)

// batch makes a group of three shares, the first of them paid.
func (b *Books) batch() (checkout.Batch, []checkout.NewLink) {
	b.Helper()
	batch := checkout.Batch{
		ID: b.IDs.Batch(), Merchant: b.Merchant, Kind: checkout.BatchGroup, Name: "Ev kirası", Rows: 4, Maker: b.User().ID, CreatedAt: b.Clock.Now(),
		Refused: []checkout.RefusedRow{{Row: 3, Label: "Can", Fields: []checkout.FieldError{{Field: "amount", Code: "amount_range", Args: map[string]string{"min": "1"}}}}},
	}
	var all []checkout.NewLink
	for i, name := range []string{"Ayşe", "Barış", "Derya"} {
		n := b.New(b.Link(func(l *checkout.Link) { l.Amount.Minor = int64(1000 * (i + 1)) }))
		n.Batch = &checkout.BatchRow{Batch: batch.ID, Row: []int{1, 2, 4}[i], Label: name}
		all = append(all, n)
	}
	all[0].Batch.Begins = &batch
	all[0].Idem = checkout.Idempotency{Merchant: b.Merchant, Key: "batch " + string(batch.ID), Request: []byte("1"), Status: 201}
	b.must(b.Ledger.CreateLinks(b.ctx, all))
	b.Pay(b.ReadLink(all[0].Link.ID))
	return batch, all
}

func batchFields(b *Books) {
	batch, all := b.batch()
	found, err := b.Ledger.BatchOf(b.ctx, b.Merchant, batch.ID)
	b.must(err)
	b.equal("the batch", found, batch)
	found, err = b.Ledger.BatchOfLink(b.ctx, b.Merchant, all[2].Link.ID)
	b.must(err)
	b.equal("the batch of a link", found.ID, batch.ID)
	links, err := b.Ledger.BatchLinks(b.ctx, b.Merchant, batch.ID, 1, 10)
	b.must(err)
	b.equal("links behind the first", len(links), 2)
	b.equal("a link at its place", []any{links[1].Row, links[1].Label, links[1].Link.ID}, []any{4, "Derya", all[2].Link.ID})
	links, err = b.Ledger.BatchLinks(b.ctx, b.Merchant, batch.ID, 0, 1)
	b.must(err)
	b.equal("the first, as it is now", []any{len(links), links[0].Link.PaidCount}, []any{1, 1})
	sums, err := b.Ledger.BatchSums(b.ctx, b.Merchant, batch.ID)
	b.must(err)
	b.equal("sums", sums, []checkout.BatchSum{{Currency: checkout.TRY, Links: 3, Paid: 1, Minor: 6000, PaidMinor: 1000}})
	l := b.ReadLink(all[1].Link.ID)
	gone := l
	gone.DeletedAt = b.Clock.Now()
	_, err = b.Ledger.ChangeLink(b.ctx, checkout.LinkChange{From: l, To: gone, Event: b.Event("link.deleted")})
	b.must(err)
	sums, err = b.Ledger.BatchSums(b.ctx, b.Merchant, batch.ID)
	b.must(err)
	b.equal("sums without what was deleted", sums, []checkout.BatchSum{{Currency: checkout.TRY, Links: 2, Paid: 1, Minor: 4000, PaidMinor: 1000}})
	batch.Refused = nil
	b.equal("the newest", b.batches(checkout.BatchQuery{Maker: batch.Maker}), []checkout.Batch{batch})
	b.equal("of somebody else in the same house", len(b.batches(checkout.BatchQuery{Maker: b.User().ID})), 0)
}

// batches walks through all pages of a query, each of one batch.
func (b *Books) batches(q checkout.BatchQuery) (all []checkout.Batch) {
	b.Helper()
	q.Merchant, q.Limit = b.Merchant, 1
	for {
		found, next, err := b.Ledger.SearchBatches(b.ctx, q)
		b.must(err)
		all = append(all, found...)
		if q.Cursor = next; next == "" {
			return all
		}
	}
}

// Pages follow each other without a gap, whatever was made meanwhile; filters hold.
func batchPages(b *Books) {
	var made []checkout.Batch
	for range 3 {
		one, _ := b.batch()
		one.Refused = nil
		made = append([]checkout.Batch{one}, made...)
		b.Clock.Advance(Tick)
	}
	b.equal("all, newest first", b.batches(checkout.BatchQuery{}), made)
	b.equal("groups", b.batches(checkout.BatchQuery{Kind: checkout.BatchGroup}), made)
	b.equal("of files", len(b.batches(checkout.BatchQuery{Kind: checkout.BatchFile})), 0)
	b.equal("since the second", b.batches(checkout.BatchQuery{From: made[1].CreatedAt}), made[:2])
	b.equal("before the second", b.batches(checkout.BatchQuery{To: made[1].CreatedAt}), made[2:])
	_, _, err := b.Ledger.SearchBatches(b.ctx, checkout.BatchQuery{Merchant: b.Merchant, Cursor: "x"})
	b.want(err, checkout.ErrCursor)
}

func batchForeign(b *Books) {
	batch, all := b.batch()
	other := b.NewMerchant()
	if _, err := b.Ledger.BatchOf(b.ctx, other, batch.ID); !errors.Is(err, checkout.ErrNoBatch) {
		b.Errorf("somebody else reads the batch: %v", err)
	}
	if _, err := b.Ledger.BatchOfLink(b.ctx, other, all[0].Link.ID); !errors.Is(err, checkout.ErrNoBatch) {
		b.Errorf("somebody else reads a link's batch: %v", err)
	}
	links, err := b.Ledger.BatchLinks(b.ctx, other, batch.ID, 0, 10)
	b.must(err)
	sums, err := b.Ledger.BatchSums(b.ctx, other, batch.ID)
	b.must(err)
	newest, _, err := b.Ledger.SearchBatches(b.ctx, checkout.BatchQuery{Merchant: other})
	b.must(err)
	b.equal("what somebody else sees", []int{len(links), len(sums), len(newest)}, []int{0, 0, 0})
	if _, err := b.Ledger.BatchOfLink(b.ctx, b.Merchant, b.Create().ID); !errors.Is(err, checkout.ErrNoBatch) {
		b.Errorf("a link that is of no batch has one: %v", err)
	}
}

// Rows that turned out to get no link join those that were refused; what is known of a row stays.
func batchRefused(b *Books) {
	batch, _ := b.batch()
	late := func(row int) checkout.RefusedRow {
		return checkout.RefusedRow{Row: row, Label: strconv.Itoa(row), Fields: []checkout.FieldError{{Field: "order_id", Code: "order_id_taken"}}}
	}
	want := append(slices.Clone(batch.Refused), late(5), late(7))
	for range 2 { // a second time changes nothing
		b.must(b.Ledger.RefuseRows(b.ctx, b.Merchant, batch.ID, []checkout.RefusedRow{late(7), late(1), late(batch.Refused[0].Row), late(5), late(7)}))
		found, err := b.Ledger.BatchOf(b.ctx, b.Merchant, batch.ID)
		b.must(err)
		b.equal("rows without a link", found.Refused, want)
	}
	b.want(b.Ledger.RefuseRows(b.ctx, b.NewMerchant(), batch.ID, want), checkout.ErrNoBatch)
}

// A batch's links are stored together or not at all, and under one key once.
func batchWhole(b *Books) {
	batch, all := b.batch()
	again := slices.Clone(all)
	if err := b.Ledger.CreateLinks(b.ctx, again); !errors.Is(err, checkout.ErrKeyKnown) {
		b.Errorf("the same key again: %v", err)
	}
	some := []checkout.NewLink{b.New(b.Link()), b.New(b.Link(func(l *checkout.Link) { l.Order = all[0].Link.Order }))}
	for i := range some {
		some[i].Batch = &checkout.BatchRow{Batch: batch.ID, Row: 10 + i, Label: strconv.Itoa(i)}
	}
	if err := b.Ledger.CreateLinks(b.ctx, some); !errors.Is(err, checkout.ErrOrderTaken) {
		b.Errorf("an order number that is taken: %v", err)
	}
	if _, err := b.Ledger.LinkByID(b.ctx, b.Merchant, some[0].Link.ID); !errors.Is(err, checkout.ErrNoLink) {
		b.Errorf("the neighbour of a refused link is there: %v", err)
	}
	links, err := b.Ledger.BatchLinks(b.ctx, b.Merchant, batch.ID, 0, 10)
	b.must(err)
	b.equal("links of the batch", len(links), 3)
	fresh := b.IDs.OrderNumber(b.Clock.Now())
	taken, err := b.Ledger.TakenOrders(b.ctx, b.Merchant, []checkout.OrderNumber{all[0].Link.Order, fresh})
	b.must(err)
	b.equal("taken order numbers", taken, map[checkout.OrderNumber]bool{all[0].Link.Order: true})
	taken, err = b.Ledger.TakenOrders(b.ctx, b.NewMerchant(), []checkout.OrderNumber{all[0].Link.Order})
	b.must(err)
	b.equal("taken at another merchant", len(taken), 0)
}
