package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	// callingEvents is how many events are read at once, at most: at first a few times as many as payments are wanted.
	callingEvents = 500
	callingFirst  = 3
	// callingSlack is how much younger than an event its payment may seem: clocks of gateways differ.
	callingSlack = 15 * time.Minute
)

// spot is where a payment stands in a list.
type spot struct {
	at int64 // of its creation
	id checkout.PaymentID
}

func (p spot) compare(other spot) int {
	return cmp.Or(cmp.Compare(p.at, other.at), cmp.Compare(p.id, other.id))
}

// callingPayments answers the newest payments that a person should look at, at most n. It follows the events that say so
// from the newest: an event is younger than its payment, so that no older one names a newer payment than those that
// were met.
func (s *Store) callingPayments(ctx context.Context, q checkout.PaymentQuery, n int) (out []checkout.Payment, err error) {
	before := spot{at: math.MaxInt64}
	if q.Cursor != "" {
		at, id, ok := readCursor(q.Cursor)
		if !ok || !isPayment(id) {
			return nil, checkout.ErrCursor
		}
		before = spot{at, checkout.PaymentID(id)}
	}
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		out = nil
		ids, err := callingIDs(ctx, db, q, before, n)
		if err != nil || len(ids) == 0 {
			return err
		}
		f := &filter{}
		in(f, "id", ids)
		return db.query(ctx, "SELECT "+payments.list+" FROM payments WHERE "+f.clause()+" ORDER BY created_at DESC, id DESC", func(r row) error {
			p, err := scanPayment(r)
			out = append(out, p)
			return err
		}, f.args...)
	})
	return out, err
}

func callingIDs(ctx context.Context, db querier, q checkout.PaymentQuery, before spot, n int) ([]checkout.PaymentID, error) {
	var best []spot // newest first
	met := map[checkout.PaymentID]bool{}
	last := spot{at: math.MaxInt64}
	for most := min(callingFirst*n, callingEvents); ; most = callingEvents {
		rows := 0
		text, args := callingQuestion(q, last, most)
		err := db.query(ctx, text, func(r row) error {
			rows++
			last = spot{r.num(), checkout.PaymentID(r.text())}
			p := spot{r.num(), last.id}
			if wanted := p.compare(before) < 0 && (q.From.IsZero() || p.at >= micros(q.From)) && (q.To.IsZero() || p.at < micros(q.To)); wanted && !met[p.id] {
				met[p.id] = true
				best = append(best, p)
			}
			return nil
		}, args...)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(best, func(a, b spot) int { return b.compare(a) })
		best = best[:min(n, len(best))]
		if rows < most || len(best) == n && last.at < best[n-1].at-callingSlack.Microseconds() {
			break
		}
	}
	ids := make([]checkout.PaymentID, len(best))
	for i, p := range best {
		ids[i] = p.id
	}
	return ids, nil
}

// callingQuestion asks for that many events behind the last one that was met, each with its payment's time. What is asked of a payment is
// a question of its own, which no planner turns round.
func callingQuestion(q checkout.PaymentQuery, last spot, most int) (text string, args []any) {
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	f.add(attention)
	f.add("(at, subject) < (?, ?)", last.at, string(last.id))
	if q.Maker != "" {
		f.add("(SELECT count(*) FROM link_makers WHERE link_makers.link = (SELECT link FROM payments WHERE payments.id = events.subject) AND link_makers.merchant = ? AND maker = ?) > 0",
			string(q.Merchant), string(q.Maker))
	}
	return fmt.Sprintf("SELECT at, subject, (SELECT created_at FROM payments WHERE payments.id = events.subject) FROM events WHERE %s ORDER BY at DESC, subject DESC LIMIT %d",
		f.clause(), most), f.args
}
