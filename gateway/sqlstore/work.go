package sqlstore

import (
	"context"
	"time"

	"github.com/odelink/odelink/checkout"
)

// needs names the rows that a unit decides on.
type needs struct {
	links    []checkout.LinkID
	payments []checkout.PaymentID
	orders   []pair               // merchant and order number, to see whether it is taken
	idem     []pair               // merchant and idempotency key
	oneStep  []checkout.LinkID    // their one-step payments that are unsettled
	slots    []checkout.LinkID    // which of their slots are held
	refunds  []checkout.PaymentID // their voids and refunds
	invoices []pair               // merchant and UUID of an e-invoice, to see whether it has a link

	chargebacks []checkout.ChargebackID

	stops []checkout.LinkID // their happenings that last
	told  []pair            // merchant and beginning of a card, to see what the merchant was told of such

	sentOf     []checkout.LinkID // which messages brought them
	recipients []pair            // merchant and whom a message goes to, as address and as person, to see what was sent there
}

type pair struct{ merchant, name string }

// work is what one transaction knows and has changed. A unit sees what the units before it did.
type work struct {
	store *Store
	ids   *checkout.IDs
	keys  *lasting
	now   time.Time // the deciding clock, read after the rows were locked

	links    map[checkout.LinkID]*linkState
	payments map[checkout.PaymentID]*paymentState
	orders   map[pair]bool
	idem     map[pair][]byte // SHA-256 of the request that used the key
	oneStep  map[checkout.LinkID][]checkout.PaymentID
	slots    map[checkout.LinkID]map[int]bool
	refunds  map[checkout.RefundID]*refundState

	chargebacks map[checkout.ChargebackID]*chargebackState

	stops map[string]*stopState

	einvoices map[pair]bool // which have a link; nil until one is looked for

	mail mail

	changedLinks       []*linkState
	changedPayments    []*paymentState
	changedRefunds     []*refundState
	changedChargebacks []*chargebackState
	changedStops       []*stopState
	lines              [][]any
	outbox             [][]any
	answers            [][]any
	newEInvoices       [][]any
	newSessions        [][]any
	newDocuments       [][]any
	newMakers          [][]any
	newBatches         [][]any
	newBatchLinks      [][]any
	newConsents        [][]any
}

// linkState is a link in this transaction.
type linkState struct {
	linkRow
	rev0, seq0 int64 // as loaded
	fresh      bool  // made in this transaction
	terms      bool  // more than its counters changed
	counted    bool  // its counters changed
	listed     bool
}

// paymentState is a payment in this transaction, and its row once it changed.
type paymentState struct {
	checkout.Payment
	row    []any
	seq0   int64
	slot0  int // as loaded, like seq0
	fresh  bool
	listed bool
}

func (s *Store) newWork() *work {
	return &work{
		store: s, ids: s.ids, keys: s.keys.Load(), links: map[checkout.LinkID]*linkState{},
		payments: map[checkout.PaymentID]*paymentState{}, orders: map[pair]bool{}, idem: map[pair][]byte{},
		oneStep: map[checkout.LinkID][]checkout.PaymentID{}, slots: map[checkout.LinkID]map[int]bool{},
		refunds: map[checkout.RefundID]*refundState{}, chargebacks: map[checkout.ChargebackID]*chargebackState{},
	}
}

// load reads and locks everything the units need, links before payments and each in the order of
// their ids.
func (s *Store) load(ctx context.Context, t tx, units []*unit) (*work, error) {
	w := s.newWork()
	if w.keys == nil {
		return nil, errNoKeys
	}
	now, err := t.load(ctx, w.lookups(units), s.now == nil)
	if err != nil {
		return nil, err
	}
	w.now = fromMicros(now)
	if s.now != nil {
		w.now = s.now()
	}
	return w, nil
}

// lookups joins what the units need, each row once.
func (w *work) lookups(units []*unit) []lookup {
	var ids, paymentIDs, oneStep, slots, refunded, disputes, stopped, sentOf keySet
	var orders, idem, invoices, told, recipients pairSet
	for _, u := range units {
		for _, id := range u.needs.links {
			ids.add(string(id))
		}
		for _, id := range u.needs.payments {
			paymentIDs.add(string(id))
		}
		for _, id := range u.needs.oneStep {
			oneStep.add(string(id))
		}
		for _, id := range u.needs.slots {
			slots.add(string(id))
		}
		for _, id := range u.needs.refunds {
			refunded.add(string(id))
		}
		for _, id := range u.needs.chargebacks {
			disputes.add(string(id))
		}
		for _, id := range u.needs.stops {
			stopped.add(string(id))
		}
		for _, id := range u.needs.sentOf {
			sentOf.add(string(id))
		}
		recipients.add(u.needs.recipients)
		orders.add(u.needs.orders)
		idem.add(u.needs.idem)
		invoices.add(u.needs.invoices)
		told.add(u.needs.told)
	}
	all := []lookup{
		{table: links, by: []string{"id"}, keys: ids.columns(), lock: true, each: w.loadedLink},
		{table: payments, by: []string{"id"}, keys: paymentIDs.columns(), lock: true, each: w.loadedPayment},
		{table: payments, by: []string{"link"}, keys: oneStep.columns(), lock: true,
			where: unsettled, each: w.loadedOneStep},
		{table: payments, cols: "link, slot", by: []string{"link"}, keys: slots.columns(),
			where: "slot IS NOT NULL", each: w.loadedSlot},
		{table: refunds, by: []string{"payment"}, keys: refunded.columns(), each: w.loadedRefund},
		{table: chargebacks, by: []string{"id"}, keys: disputes.columns(), each: w.loadedChargeback},
		{table: stops, by: []string{"link"}, keys: stopped.columns(), where: "lasts = 1", each: w.loadedStop},
		{table: stops, by: []string{"merchant", "bin"}, keys: told.columns(), where: "told = 1", each: w.loadedStop},
		{table: links, cols: "merchant, merchant_order", by: []string{"merchant", "merchant_order"},
			keys: orders.columns(), each: func(r row) error { w.orders[pair{r.text(), r.text()}] = true; return nil }},
		{table: idempotency, cols: "merchant, name, request", by: []string{"merchant", "name"},
			keys: idem.columns(), each: func(r row) error { w.idem[pair{r.text(), r.text()}] = r.blob(); return nil }},
		{table: einvoices, cols: "merchant, uuid", by: []string{"merchant", "uuid"},
			keys: invoices.columns(), each: func(r row) error { w.carries(pair{r.text(), r.text()}); return nil }},
	}
	if len(sentOf.list) > 0 {
		all = append(all, w.messageLookups(sentOf, recipients)...)
	}
	asked := all[:0]
	for _, l := range all {
		if len(l.keys[0]) > 0 {
			asked = append(asked, l)
		}
	}
	return asked
}

func (w *work) loadedLink(r row) error {
	l, err := scanLink(r)
	if err != nil {
		return err
	}
	w.links[l.ID] = &linkState{linkRow: *l, rev0: l.Rev, seq0: l.seq}
	return nil
}

func (w *work) loadedPayment(r row) error {
	p, err := scanPayment(r)
	if err == nil && w.payments[p.ID] == nil {
		w.payments[p.ID] = &paymentState{Payment: p, seq0: p.Seq, slot0: p.Slot}
	}
	return err
}

func (w *work) loadedOneStep(r row) error {
	p, err := scanPayment(r)
	if err != nil {
		return err
	}
	if w.payments[p.ID] == nil {
		w.payments[p.ID] = &paymentState{Payment: p, seq0: p.Seq, slot0: p.Slot}
	}
	w.oneStep[p.Link] = append(w.oneStep[p.Link], p.ID)
	return nil
}

func (w *work) loadedSlot(r row) error {
	link, slot := checkout.LinkID(r.text()), int(r.num())
	if w.slots[link] == nil {
		w.slots[link] = map[int]bool{}
	}
	w.slots[link][slot] = true
	return nil
}

// keySet and pairSet gather keys once each, in the shape of columns.
type keySet struct {
	seen map[string]bool
	list []string
}

func (k *keySet) add(key string) {
	if k.seen == nil {
		k.seen = map[string]bool{}
	}
	if !k.seen[key] {
		k.seen[key] = true
		k.list = append(k.list, key)
	}
}

func (k *keySet) columns() [][]string { return [][]string{k.list} }

type pairSet struct {
	seen            map[pair]bool
	merchants, name []string
}

func (p *pairSet) add(pairs []pair) {
	if p.seen == nil {
		p.seen = map[pair]bool{}
	}
	for _, one := range pairs {
		if !p.seen[one] {
			p.seen[one] = true
			p.merchants, p.name = append(p.merchants, one.merchant), append(p.name, one.name)
		}
	}
}

func (p *pairSet) columns() [][]string { return [][]string{p.merchants, p.name} }

// record adds an event and, with a topic, its line in the outbox.
func (w *work) record(l line, topic string) error {
	values, err := l.values()
	if err != nil {
		return err
	}
	w.lines = append(w.lines, values)
	if topic != "" {
		w.outbox = append(w.outbox, outboxRow(l, topic, w.now))
	}
	return nil
}

func outboxRow(l line, topic string, now time.Time) []any {
	return []any{string(l.ID), string(l.Merchant), l.Subject, l.Seq, topic, micros(now), int64(0), int64(0)}
}

// touch notes that the link's page changed.
func (w *work) touch(l *linkState, at time.Time) {
	l.Rev++
	l.UpdatedAt, l.changedAt = fromMicros(micros(at)), micros(w.now)
	w.list(l)
}

// list has what changed of the link written.
func (w *work) list(l *linkState) {
	if !l.listed {
		l.listed = true
		w.changedLinks = append(w.changedLinks, l)
	}
}

// keep notes that the payment changed and extends its chain.
func (w *work) keep(p *paymentState, next checkout.Payment, e checkout.Event, topic string) error {
	next.Seq = p.Seq + 1
	values, err := paymentValues(next)
	if err != nil {
		return err
	}
	e.Merchant, e.Subject = next.Merchant, string(next.ID)
	l := w.event(e, next.Seq, p.Head, string(next.ID), w.keys.digest(payments.name, payments.bound(values, paymentBound)))
	if err := w.record(l, topic); err != nil {
		return err
	}
	next.Head = l.Hash
	values[paymentHead] = l.Hash
	if p.Payment, err = scanPayment(&written{values: values}); err != nil {
		return err
	}
	p.row = values
	if !p.listed {
		p.listed = true
		w.changedPayments = append(w.changedPayments, p)
	}
	return nil
}

// answer keeps what an idempotency key will be answered with, for ever.
func (w *work) answer(i checkout.Idempotency) {
	if i.Key == "" {
		return
	}
	w.idem[pair{string(i.Merchant), i.Key}] = i.Request
	w.answers = append(w.answers, []any{
		string(i.Merchant), i.Key, blank(i.Request), int64(i.Status), blank(i.Body), micros(w.now),
	})
}

// flush writes what changed.
func (w *work) flush(ctx context.Context, t tx) error {
	all, err := w.writes()
	if err != nil {
		return err
	}
	return applyAll(ctx, t, all...)
}

// writes are the rows that changed, in the order in which they may be written: payments that hold no slot afterwards
// go before those that do, since the slot that one of them gave back may be another's now.
func (w *work) writes() ([]write, error) {
	fresh := write{table: links}
	terms := write{table: links, set: linkTerms}
	counters := write{table: links, set: linkCounters}
	for _, l := range w.changedLinks {
		if l.counted && !l.terms && !l.fresh {
			counters.rows = append(counters.rows, l.counters()) // each payment does this twice
			continue
		}
		values, err := l.values()
		if err != nil {
			return nil, err
		}
		switch {
		case l.fresh:
			fresh.rows = append(fresh.rows, values)
			continue
		case l.terms && l.counted:
			terms.rows = append(terms.rows, linkTerms.pick(values, l.seq)) // as the counters leave it
		case l.terms:
			terms.rows = append(terms.rows, linkTerms.pick(values, l.seq0))
		}
		if l.counted {
			counters.rows = append(counters.rows, linkCounters.pick(values, l.rev0))
		}
	}
	made := write{table: payments}
	stayed := write{table: payments, set: paymentStay}
	free := write{table: payments, set: paymentMove}
	held := write{table: payments, set: paymentMove}
	for _, p := range w.changedPayments {
		switch {
		case p.fresh:
			made.rows = append(made.rows, p.row)
		case p.Slot == p.slot0:
			stayed.rows = append(stayed.rows, paymentStay.pick(p.row, p.seq0))
		case p.Slot < 0:
			free.rows = append(free.rows, paymentMove.pick(p.row, p.seq0))
		default:
			held.rows = append(held.rows, paymentMove.pick(p.row, p.seq0))
		}
	}
	ended, refunded := w.refundWrites()
	followed, disputed := w.chargebackWrites()
	went, stopped := w.stopWrites()
	// Counters go before terms: they are guarded by the Rev that both write.
	return []write{
		fresh, counters, terms, stayed, free, held, made,
		ended, refunded, followed, disputed, went, stopped, {table: events, rows: w.lines}, {table: outbox, rows: w.outbox},
		{table: idempotency, rows: w.answers}, {table: einvoices, rows: w.newEInvoices}, {table: sessions, rows: w.newSessions},
		{table: einvoiceDocuments, rows: w.newDocuments}, {table: linkMakers, rows: w.newMakers},
		{table: batches, rows: w.newBatches}, {table: batchLinks, rows: w.newBatchLinks},
		{table: messages, rows: w.mail.rows}, {table: consents, rows: w.newConsents},
	}, nil
}

func applyAll(ctx context.Context, t tx, all ...write) error {
	some := all[:0]
	for _, w := range all {
		if len(w.rows) > 0 {
			some = append(some, w)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return t.apply(ctx, some)
}
