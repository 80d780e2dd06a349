package sqlstore

import (
	"bytes"
	"context"
	"crypto/hmac"
	"fmt"
	"math"
)

// verifyPage is how many subjects are compared in one moment's view of the database.
const verifyPage = 200

// Finding is something in the ledger that this program did not write like that (A67).
type Finding struct {
	Subject string // payment, link or merchant whose chain it is
	Row     string // the row concerned, where it is not the subject's own
	Seq     int64  // of the event, 0 = no single one
	What    Found
}

// Found says what is wrong.
type Found string

const (
	FoundEventChanged  Found = "event_changed"  // its content does not give its hash
	FoundEventMissing  Found = "event_missing"  // a gap, or a line that does not follow the one before
	FoundTailMissing   Found = "tail_missing"   // the row names a later or another last event
	FoundRowChanged    Found = "row_changed"    // the row is not what its last event says
	FoundRowMissing    Found = "row_missing"    // events without their row
	FoundRowUnknown    Found = "row_unknown"    // a row without an event
	FoundCounters      Found = "counters"       // a link counts other payments than it has
	FoundSealedChanged Found = "sealed_changed" // credentials that do not open
)

func (f Finding) String() string {
	text := string(f.What) + " " + f.Subject
	if f.Row != "" {
		text += " " + f.Row
	}
	if f.Seq > 0 {
		text += fmt.Sprintf(" event %d", f.Seq)
	}
	return text
}

// Verify walks every chain and compares every row that events vouch for with what they say. It may
// run while the gateway serves. The error says that the ledger could not be read, not what it found.
func (s *Store) Verify(ctx context.Context, report func(Finding)) error {
	keys := s.keys.Load()
	if keys == nil {
		return errNoKeys
	}
	for _, k := range []verified{
		{table: payments, bound: paymentBound, beside: (*audit).ofPayments},
		{table: links, bound: linkBound, beside: (*audit).carried},
		{table: merchants, bound: merchantBound, beside: (*audit).belongings},
	} {
		after := ""
		for {
			a := &audit{store: s, keys: keys, verified: k}
			err := s.reading(ctx, true, func(q querier) error { return a.page(ctx, q, after) })
			if err != nil {
				return fmt.Errorf("verify %s: %w", k.table.name, err)
			}
			for _, f := range a.findings {
				report(f)
			}
			if len(a.order) == 0 {
				break
			}
			after = a.order[len(a.order)-1]
		}
	}
	return s.orphans(ctx, report)
}

// orphans finds events whose row is gone, refunds and chargebacks whose payment is, and sessions, users, message
// settings, report schedules and merchants' own words that were changed.
func (s *Store) orphans(ctx context.Context, report func(Finding)) error {
	var found []Finding
	err := s.reading(ctx, false, func(q querier) error {
		return q.query(ctx, `SELECT DISTINCT subject FROM events e
			WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.id = e.subject)
			AND NOT EXISTS (SELECT 1 FROM links l WHERE l.id = e.subject)
			AND NOT EXISTS (SELECT 1 FROM merchants m WHERE m.id = e.subject)`, func(r row) error {
			found = append(found, Finding{Subject: r.text(), What: FoundRowMissing})
			return nil
		})
	})
	if err == nil {
		err = s.reading(ctx, false, func(q querier) error {
			return q.query(ctx, `SELECT id, payment FROM refunds f WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.id = f.payment)
				UNION ALL SELECT id, payment FROM chargebacks c WHERE NOT EXISTS (SELECT 1 FROM payments p WHERE p.id = c.payment)`, func(r row) error {
				found = append(found, Finding{Row: r.text(), Subject: r.text(), What: FoundRowUnknown})
				return nil
			})
		})
	}
	if err == nil {
		err = s.reading(ctx, false, func(q querier) error {
			return q.query(ctx, "SELECT "+sessions.list+" FROM sessions", func(r row) error {
				if c, err := s.scanSession(r); err != nil {
					found = append(found, Finding{Subject: string(c.Link), Row: string(c.ID), What: FoundRowChanged})
				}
				return nil
			})
		})
	}
	if err == nil {
		err = s.reading(ctx, false, func(q querier) error {
			return q.query(ctx, "SELECT "+users.list+" FROM users", func(r row) error {
				if u, err := s.scanUser(r); err != nil {
					found = append(found, Finding{Subject: string(u.ID), What: FoundRowChanged})
				}
				return nil
			})
		})
	}
	if err == nil {
		var changed []Finding
		changed, err = s.changedSettings(ctx)
		found = append(found, changed...)
	}
	if err == nil {
		var changed []Finding
		changed, err = s.changedSchedules(ctx)
		found = append(found, changed...)
	}
	if err == nil {
		var changed []Finding
		changed, err = s.changedWords(ctx)
		found = append(found, changed...)
	}
	for _, f := range found {
		report(f)
	}
	return err
}

// verified is a table whose rows have chains.
type verified struct {
	table  *table
	bound  int // how many of its columns are bound into its events
	beside func(*audit, context.Context, querier) error
}

// audit is one page of subjects in one moment's view.
type audit struct {
	verified
	store    *Store
	keys     *lasting
	only     string // this row alone; "" = the next page
	order    []string
	subjects map[string]*subject
	findings []Finding
}

// subject is a row and what its chain says so far.
type subject struct {
	id       string
	values   []any
	seq      int64
	head     []byte
	lastSeq  int64
	lastHash []byte
	digests  map[string][]byte // by row, of its last event
}

func (a *audit) found(s *subject, what Found) {
	a.findings = append(a.findings, Finding{Subject: s.id, What: what})
}

// page reads the next rows and their events.
func (a *audit) page(ctx context.Context, q querier, after string) error {
	a.subjects = map[string]*subject{}
	seq, head := a.table.from("seq"), a.table.from("head")
	where, first := "id > $1", after
	if a.only != "" {
		where, first = "id = $1", a.only
	}
	err := q.query(ctx, "SELECT "+a.table.list+" FROM "+a.table.name+" WHERE "+where+" ORDER BY id LIMIT $2", func(r row) error {
		values := a.table.raw(r)
		s := &subject{values: values, lastHash: []byte{}, digests: map[string][]byte{}}
		s.id, _ = values[0].(string)
		s.seq, _ = values[seq].(int64)
		s.head, _ = values[head].([]byte)
		a.order, a.subjects[s.id] = append(a.order, s.id), s
		return nil
	}, first, int64(verifyPage))
	if err != nil || len(a.order) == 0 {
		return err
	}
	err = q.query(ctx, "SELECT "+events.list+" FROM events WHERE subject >= $1 AND subject <= $2 ORDER BY subject, seq",
		a.event, a.order[0], a.order[len(a.order)-1])
	if err != nil {
		return err
	}
	for _, id := range a.order {
		a.end(a.subjects[id])
	}
	if a.beside == nil {
		return nil
	}
	return a.beside(a, ctx, q)
}

// event holds one line against the one before.
func (a *audit) event(r row) error {
	l, err := scanLine(r)
	s := a.subjects[l.Subject]
	if s == nil {
		return nil // no row: orphans tells
	}
	wrong := func(what Found) { a.findings = append(a.findings, Finding{Subject: s.id, Seq: l.Seq, What: what}) }
	if l.Seq != s.lastSeq+1 || !bytes.Equal(l.Prev, s.lastHash) {
		wrong(FoundEventMissing)
	}
	// Data that cannot be read was not written here either.
	if err != nil || !hmac.Equal(a.keys.hash(l), l.Hash) {
		wrong(FoundEventChanged)
	}
	s.lastSeq, s.lastHash = l.Seq, l.Hash
	s.digests[l.row] = l.digest
	return nil
}

// end holds the row against its chain.
func (a *audit) end(s *subject) {
	if s.seq != s.lastSeq || !bytes.Equal(s.head, s.lastHash) {
		a.found(s, FoundTailMissing)
	}
	a.row(s, s.id, a.keys.digest(a.table.name, a.table.bound(s.values, a.bound)))
}

// row holds a row's digest against the last event about it.
func (a *audit) row(s *subject, id string, digest []byte) {
	said, known := s.digests[id]
	f := Finding{Subject: s.id}
	if id != s.id {
		f.Row = id
	}
	switch {
	case !known:
		f.What = FoundRowUnknown
	case !hmac.Equal(said, digest):
		f.What = FoundRowChanged
	default:
		return
	}
	a.findings = append(a.findings, f)
}

// counters holds what links count against their payments.
func (a *audit) counters(ctx context.Context, q querier) error {
	got := map[string][3]int64{}
	err := q.query(ctx, `SELECT link, CAST(SUM(CASE WHEN paid_at > 0 THEN 1 ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN paid_at > 0 THEN total ELSE 0 END) AS BIGINT),
		CAST(SUM(CASE WHEN slot IS NOT NULL AND status IN ('authorizing', 'pending') THEN 1 ELSE 0 END) AS BIGINT)
		FROM payments WHERE link >= $1 AND link <= $2 GROUP BY link`, func(r row) error {
		got[r.text()] = [3]int64{r.num(), r.num(), r.num()}
		return nil
	}, a.order[0], a.order[len(a.order)-1])
	if err != nil {
		return err
	}
	var at [3]int
	for i, name := range []string{"paid_count", "paid_minor", "slots_held"} {
		at[i] = a.table.from(name)
	}
	for _, id := range a.order {
		s := a.subjects[id]
		for i := range at {
			if s.values[at[i]] != any(got[id][i]) {
				a.found(s, FoundCounters)
				break
			}
		}
	}
	return nil
}

// ofPayments holds voids, refunds, chargebacks and consents against their payment's chain.
func (a *audit) ofPayments(ctx context.Context, q querier) error {
	return a.vouched(ctx, q, "payment", belonging{refunds, refundBound}, belonging{chargebacks, len(chargebacks.cols)}, belonging{consents, len(consents.cols)})
}

// belonging is a table whose rows another row's chain vouches for; bound is how many of its columns are bound into it.
type belonging struct {
	table *table
	bound int
}

// vouched holds the rows of other tables against the chains that vouch for them; owner names the column
// that says whose chain it is.
func (a *audit) vouched(ctx context.Context, q querier, owner string, of ...belonging) error {
	seen := map[string]bool{}
	for _, b := range of {
		t := b.table
		err := q.query(ctx, "SELECT "+t.list+" FROM "+t.name+" WHERE "+owner+" >= $1 AND "+owner+" <= $2", func(r row) error {
			values := t.raw(r)
			id, _ := values[0].(string)
			subject, _ := values[t.from(owner)].(string)
			if s := a.subjects[subject]; s != nil {
				seen[id] = true
				a.row(s, id, a.keys.digest(t.name, values[:b.bound]))
			}
			return nil
		}, a.order[0], a.order[len(a.order)-1])
		if err != nil {
			return err
		}
	}
	for _, id := range a.order {
		a.missing(a.subjects[id], seen)
	}
	return nil
}

// missing finds rows that a chain vouches for and that are not there.
func (a *audit) missing(s *subject, seen map[string]bool) {
	for row := range s.digests {
		if row != s.id && !seen[row] {
			a.findings = append(a.findings, Finding{Subject: s.id, Row: row, What: FoundRowMissing})
		}
	}
}

// belongings holds accounts, keys, registrations, webhook endpoints, members and products against their merchant's chain.
func (a *audit) belongings(ctx context.Context, q querier) error {
	for _, id := range a.order {
		s := a.subjects[id]
		seen := map[string]bool{}
		for _, t := range []*table{accounts, apiKeys, registrations, endpoints, members, products} {
			err := q.query(ctx, "SELECT "+t.list+" FROM "+t.name+" WHERE merchant = $1", func(r row) error {
				values := t.raw(r)
				row, _ := values[0].(string)
				seen[row] = true
				a.belonging(s, t, row, values)
				return nil
			}, s.id)
			if err != nil {
				return err
			}
		}
		if err := a.reconciled(ctx, q, s, seen); err != nil {
			return err
		}
		if err := a.offline(ctx, q, s, seen); err != nil {
			return err
		}
		a.missing(s, seen)
	}
	return nil
}

func (a *audit) belonging(s *subject, t *table, id string, values []any) {
	if t != accounts && t != endpoints {
		a.row(s, id, a.keys.digest(t.name, values))
		return
	}
	owner, digest, at := "account ", a.keys.accountDigest, accountBound
	if t == endpoints {
		owner, digest, at = endpointOwner, a.keys.endpointDigest, endpointBound
	}
	sealed, _ := values[at].([]byte)
	plain, err := a.store.boxes.open(owner+id, sealed)
	if err != nil {
		a.findings = append(a.findings, Finding{Subject: s.id, Row: id, What: FoundSealedChanged})
		return
	}
	secrets, err := decodePairs(plain)
	if err != nil {
		a.findings = append(a.findings, Finding{Subject: s.id, Row: id, What: FoundSealedChanged})
		return
	}
	a.row(s, id, digest(values, secrets))
}

// raw reads a row's values as they are stored.
func (t *table) raw(r row) []any {
	const null = math.MinInt64
	values := make([]any, len(t.cols))
	for i, c := range t.cols {
		switch c.kind {
		case kindText:
			values[i] = r.text()
		case kindBlob:
			values[i] = r.blob()
		default:
			if n := r.numOr(null); n != null {
				values[i] = n
			}
		}
	}
	return values
}
