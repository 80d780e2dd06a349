package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// Bulk is new links with all that happened to them, told in memory by the code that a unit of the ledger runs, and
// stored at once: for ledgers that are filled with more than can be lived through. Of what is stored already it
// sees nothing but what the tables' constraints refuse. It is for one goroutine; several Bulks may fill a ledger
// beside each other and beside a gateway.
//
// What it publishes has been told to nobody: it gets places in the feed, and no delivery is made of it.
type Bulk struct {
	store *Store
	work  *work
	over  map[checkout.LinkID]bool // whose end was told
	opens [][]any
	sends [][]any
}

// NewBulk begins one whose events take their ids from ids.
func (s *Store) NewBulk(ids *checkout.IDs) (*Bulk, error) {
	w := s.newWork()
	if w.keys == nil {
		return nil, errNoKeys
	}
	w.ids = ids
	return &Bulk{store: s, work: w, over: map[checkout.LinkID]bool{}}, nil
}

// At says when what follows happens: the clock that decides, where the ledger asks the database's.
func (b *Bulk) At(now time.Time) { b.work.now = now }

// CreateLink is Ledger.CreateLink.
func (b *Bulk) CreateLink(n checkout.NewLink) error {
	if err := b.work.mayCreate([]checkout.NewLink{n}); err != nil {
		return err
	}
	return b.work.create(n)
}

// ChangeLink is Ledger.ChangeLink, of a link of this Bulk.
func (b *Bulk) ChangeLink(c checkout.LinkChange) (checkout.Link, error) { return b.work.change(c) }

// Admit is Ledger.Admit, of a link of this Bulk.
func (b *Bulk) Admit(p checkout.Payment, e checkout.Event) (checkout.Payment, error) {
	if err := b.work.admit(p, e); err != nil {
		return checkout.Payment{}, err
	}
	return b.work.payments[p.ID].Payment, nil
}

// Move is Ledger.Move, of a payment of this Bulk.
func (b *Bulk) Move(m checkout.Move) (checkout.Moved, error) {
	link, err := b.work.move(m)
	if err != nil {
		return checkout.Moved{}, err
	}
	return checkout.Moved{Payment: b.work.payments[m.From.ID].Payment, Link: link}, nil
}

// Expire tells that the end of a link of this Bulk has come, as TellExpired does.
func (b *Bulk) Expire(id checkout.LinkID) error {
	b.over[id] = true
	return b.work.tellExpired(b.work.links[id])
}

// Opened notes when a link of this Bulk was first opened.
func (b *Bulk) Opened(id checkout.LinkID, at time.Time) {
	b.opens = append(b.opens, []any{string(id), micros(at)})
}

// Send makes a message about a link of this Bulk that its channel took over at the first attempt, for which it was
// leased until then.
func (b *Bulk) Send(n checkout.NewMessage, made checkout.MessageSend, until time.Time) error {
	m, err := b.work.post(n)
	if err != nil || m.Status != checkout.MessageQueued {
		return err
	}
	m.Status, m.Reference, m.Attempts = checkout.MessageSent, made.Reference, made.Number
	m.UpdatedAt, m.DueAt = made.At.Add(made.Took), until
	values, err := messageValues(m)
	if err != nil {
		return err
	}
	b.work.mail.rows[len(b.work.mail.rows)-1] = values
	b.sends = append(b.sends, sendValues(m.ID, made))
	return nil
}

var (
	linkOpens = newTable("link_opens", "link:t at:n")
	toldLinks = links.with("told_expiry:n")
	placed    = outbox.with("place:n") // in the feed
)

// Store stores everything in one transaction, which takes as long as it takes. The Bulk is used up.
func (b *Bulk) Store(ctx context.Context) error {
	told := b.work.outbox
	b.work.outbox = nil
	all, err := b.work.writes()
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].table == links {
			all[i].table = toldLinks
			b.told(all[i].rows)
		}
	}
	all = append(all, write{table: linkOpens, rows: b.opens}, write{table: messageSends, rows: b.sends})
	t, err := b.store.engine.begin(ctx, 0)
	if err != nil {
		return away("begin", err)
	}
	defer t.rollback()
	if err := t.fill(ctx, all); err != nil {
		return translate("fill the ledger", err)
	}
	if err := b.place(ctx, t, told); err != nil {
		return translate("fill the ledger", err)
	}
	return b.store.commit(ctx, t)
}

// told adds to links which end of theirs was told.
func (b *Bulk) told(rows [][]any) {
	end := links.from("expires_at")
	for i, r := range rows {
		told := int64(0)
		if b.over[checkout.LinkID(r[0].(string))] {
			told = r[end].(int64)
		}
		rows[i] = append(r, told)
	}
}

// place gives what was published its places in the order of its times. The feed's row is held until the commit, and
// so asked for last.
func (b *Bulk) place(ctx context.Context, t tx, told [][]any) error {
	if len(told) == 0 {
		return nil
	}
	due, done := placed.from("due_at"), placed.from("done_at")
	slices.SortStableFunc(told, func(x, y []any) int { return int(x[due].(int64) - y[due].(int64)) })
	var last int64
	if err := t.query(ctx, "SELECT place FROM feed WHERE one = 1"+b.store.engine.lock(), func(r row) error { last = r.num(); return nil }); err != nil {
		return err
	}
	for i, r := range told {
		r[done] = r[due]
		told[i] = append(r, last+1+int64(i))
	}
	if err := t.fill(ctx, []write{{table: placed, rows: told}}); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "UPDATE feed SET place = $1 WHERE one = 1", last+int64(len(told))); err != nil {
		return fmt.Errorf("write feed: %w", err)
	}
	return nil
}
