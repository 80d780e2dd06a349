package sqlstore

import (
	"context"
	"fmt"

	"github.com/odelink/odelink/checkout"
)

// Trail answers events of a merchant's own chain, newest first.
func (s *Store) Trail(ctx context.Context, q checkout.TrailQuery) (found []checkout.Event, more bool, err error) {
	where, args := "subject = $1 AND merchant = $1", []any{string(q.Merchant)}
	and := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" AND "+condition, len(args))
	}
	if q.Actor != "" {
		and("actor = $%d", plain(q.Actor))
	}
	if q.About != "" { // "/" is the sign after "."
		and("type >= $%d", plain(q.About)+".")
		and("type < $%d", plain(q.About)+"/")
	}
	if !q.From.IsZero() {
		and("at >= $%d", micros(q.From))
	}
	if !q.To.IsZero() {
		and("at < $%d", micros(q.To))
	}
	if q.Before > 0 {
		and("seq < $%d", q.Before)
	}
	args = append(args, int64(q.Limit)+1)
	where += fmt.Sprintf(" ORDER BY seq DESC LIMIT $%d", len(args))
	err = s.read(ctx, func(r querier) error {
		found = nil
		return r.query(ctx, "SELECT "+events.list+" FROM events WHERE "+where, func(r row) error {
			l, err := scanLine(r)
			found = append(found, l.Event)
			return err
		}, args...)
	})
	if len(found) > q.Limit {
		found, more = found[:q.Limit], true
	}
	return found, more, err
}

// Note puts a line on a merchant's chain about something that changed nothing.
func (s *Store) Note(ctx context.Context, m checkout.MerchantID, e checkout.Event) error {
	return s.changeMerchant(ctx, m, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		return c.note(ctx, e)
	})
}

// TrailWhole walks one merchant's chain, and what it vouches for.
func (s *Store) TrailWhole(ctx context.Context, m checkout.MerchantID) (bool, error) {
	keys := s.keys.Load()
	if keys == nil {
		return false, errNoKeys
	}
	var a *audit
	err := s.reading(ctx, true, func(q querier) error {
		a = &audit{store: s, keys: keys, verified: verified{table: merchants, bound: merchantBound, beside: (*audit).belongings}, only: string(m)}
		return a.page(ctx, q, "")
	})
	if err != nil {
		return false, fmt.Errorf("verify merchant %s: %w", m, err)
	}
	return len(a.order) == 1 && len(a.findings) == 0, nil
}
