package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

var requests = newTable("requests", "id:t merchant:t api_key:t method:t path:t status:n code:t ip:t took:n created_at:n")

// AddRequests stores those lines of the log of requests that are not there.
func (s *Store) AddRequests(ctx context.Context, lines []checkout.RequestLine) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		there, err := storedRequests(ctx, t, lines)
		if err != nil {
			return err
		}
		w := write{table: requests}
		for _, l := range lines {
			if !there[l.ID] {
				w.rows = append(w.rows, []any{
					string(l.ID), string(l.Merchant), string(l.Key), l.Method, l.Path, int64(l.Status), l.Code, l.IP, l.Took.Microseconds(), micros(l.At),
				})
			}
		}
		return applyAll(ctx, t, w)
	})
}

// storedRequests finds which of some lines are there.
func storedRequests(ctx context.Context, q querier, lines []checkout.RequestLine) (map[checkout.RequestID]bool, error) {
	there := map[checkout.RequestID]bool{}
	for some := range slices.Chunk(lines, idsAtOnce) {
		ids := make([]checkout.RequestID, len(some))
		for i, l := range some {
			ids[i] = l.ID
		}
		f := &filter{}
		in(f, "id", ids)
		err := q.query(ctx, "SELECT id FROM requests WHERE "+f.where[0], func(r row) error {
			there[checkout.RequestID(r.text())] = true
			return nil
		}, f.args...)
		if err != nil {
			return nil, err
		}
	}
	return there, nil
}

func scanRequest(r row) checkout.RequestLine {
	return checkout.RequestLine{
		ID: checkout.RequestID(r.text()), Merchant: checkout.MerchantID(r.text()), Key: checkout.KeyID(r.text()), Method: r.text(), Path: r.text(), Status: int(r.num()),
		Code: r.text(), IP: r.text(), Took: time.Duration(r.num()) * time.Microsecond, At: fromMicros(r.num()),
	}
}

func isRequest(id string) bool { return checkout.RequestID(id).Valid() }

// SearchRequests answers a page of a merchant's lines, newest first, and the cursor of the next.
func (s *Store) SearchRequests(ctx context.Context, q checkout.RequestQuery) ([]checkout.RequestLine, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	if q.Key != "" {
		f.add("api_key = ?", string(q.Key))
	}
	if q.Failed {
		f.add("status >= 400")
	}
	f.between(q.From, q.To)
	text, err := f.page(requests, isRequest, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	var out []checkout.RequestLine
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		out = nil
		return db.query(ctx, text, func(r row) error {
			out = append(out, scanRequest(r))
			return nil
		}, f.args...)
	})
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.At, string(last.ID)), nil
}

// ForgetRequests drops lines from before a time, and all but the newest keep of each key.
func (s *Store) ForgetRequests(ctx context.Context, before time.Time, keep int) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		if _, err := t.exec(ctx, "DELETE FROM requests WHERE created_at < $1", micros(before)); err != nil {
			return err
		}
		var full []string
		err := t.query(ctx, "SELECT api_key FROM requests GROUP BY api_key HAVING COUNT(*) > $1", func(r row) error {
			full = append(full, r.text())
			return nil
		}, int64(keep))
		if err != nil {
			return err
		}
		for _, key := range full {
			_, err := t.exec(ctx, `DELETE FROM requests WHERE api_key = $1 AND id NOT IN (
				SELECT id FROM requests WHERE api_key = $1 ORDER BY created_at DESC, id DESC LIMIT $2)`, key, int64(keep))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
