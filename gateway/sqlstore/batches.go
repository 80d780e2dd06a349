package sqlstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var (
	batches    = newTable("batches", "id:t merchant:t kind:t name:t row_count:n refused:b maker:t created_at:n")
	batchLinks = newTable("batch_links", "batch:t place:n merchant:t link:t label:t")
)

// gather notes a link's place in a batch, and the batch with its first link.
func (w *work) gather(n checkout.NewLink) error {
	if n.Batch == nil {
		return nil
	}
	r := n.Batch
	w.newBatchLinks = append(w.newBatchLinks, []any{string(r.Batch), int64(r.Row), string(n.Link.Merchant), string(n.Link.ID), r.Label})
	if b := r.Begins; b != nil {
		refused, err := json.Marshal(b.Refused)
		if err != nil {
			return fmt.Errorf("write the refused rows of batch %s: %w", b.ID, err)
		}
		w.newBatches = append(w.newBatches, []any{
			string(b.ID), string(b.Merchant), string(b.Kind), b.Name, int64(b.Rows), refused, string(b.Maker), micros(b.CreatedAt),
		})
	}
	return nil
}

func scanBatch(r row) (b checkout.Batch, err error) {
	b = checkout.Batch{ID: checkout.BatchID(r.text()), Merchant: checkout.MerchantID(r.text()), Kind: checkout.BatchKind(r.text()), Name: r.text(), Rows: int(r.num())}
	if err = json.Unmarshal(r.blob(), &b.Refused); err != nil {
		return b, fmt.Errorf("read the refused rows of batch %s: %w", b.ID, err)
	}
	b.Maker, b.CreatedAt = checkout.UserID(r.text()), fromMicros(r.num())
	return b, nil
}

// BatchOf is for the merchant.
func (s *Store) BatchOf(ctx context.Context, m checkout.MerchantID, id checkout.BatchID) (checkout.Batch, error) {
	return s.batchWhere(ctx, "id = $1 AND merchant = $2", string(id), string(m))
}

// BatchOfLink answers the batch that a link is of.
func (s *Store) BatchOfLink(ctx context.Context, m checkout.MerchantID, id checkout.LinkID) (checkout.Batch, error) {
	return s.batchWhere(ctx, "id = (SELECT batch FROM batch_links WHERE link = $1) AND merchant = $2", string(id), string(m))
}

func (s *Store) batchWhere(ctx context.Context, where string, args ...any) (checkout.Batch, error) {
	all, err := s.readBatches(ctx, "SELECT "+batches.list+" FROM batches WHERE "+where, args...)
	if err == nil && len(all) == 0 {
		err = checkout.ErrNoBatch
	}
	if err != nil {
		return checkout.Batch{}, err
	}
	return all[0], nil
}

func (s *Store) readBatches(ctx context.Context, text string, args ...any) (all []checkout.Batch, err error) {
	err = s.read(ctx, func(q querier) error {
		return q.query(ctx, text, func(r row) error {
			b, err := scanBatch(r)
			all = append(all, b)
			return err
		}, args...)
	})
	return all, err
}

func isBatch(id string) bool { return checkout.BatchID(id).Valid() }

// RefuseRows adds rows that no link was made for. What the links of the batch say goes before what a caller thought.
func (s *Store) RefuseRows(ctx context.Context, m checkout.MerchantID, id checkout.BatchID, rows []checkout.RefusedRow) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		var b checkout.Batch
		err := t.query(ctx, "SELECT "+batches.list+" FROM batches WHERE id = $1 AND merchant = $2"+s.engine.lock(), func(r row) (err error) {
			b, err = scanBatch(r)
			return err
		}, string(id), string(m))
		if err != nil {
			return err
		}
		if b.ID == "" {
			return checkout.ErrNoBatch
		}
		known := map[int]bool{}
		for _, r := range b.Refused {
			known[r.Row] = true
		}
		err = t.query(ctx, "SELECT place FROM batch_links WHERE batch = $1", func(r row) error {
			known[int(r.num())] = true
			return nil
		}, string(id))
		if err != nil {
			return err
		}
		before := len(b.Refused)
		for _, r := range rows {
			if !known[r.Row] {
				known[r.Row], b.Refused = true, append(b.Refused, r)
			}
		}
		if len(b.Refused) == before {
			return nil
		}
		slices.SortFunc(b.Refused, func(a, b checkout.RefusedRow) int { return cmp.Compare(a.Row, b.Row) })
		refused, err := json.Marshal(b.Refused)
		if err != nil {
			return fmt.Errorf("write the refused rows of batch %s: %w", id, err)
		}
		_, err = t.exec(ctx, "UPDATE batches SET refused = $1 WHERE id = $2", refused, string(id))
		return err
	})
}

// SearchBatches answers a page of a merchant's batches, newest first, and the cursor of the next.
func (s *Store) SearchBatches(ctx context.Context, q checkout.BatchQuery) ([]checkout.Batch, string, error) {
	limit := pageSize(q.Limit)
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	if q.Maker != "" {
		f.add("maker = ?", string(q.Maker))
	}
	if q.Kind != "" {
		f.add("kind = ?", string(q.Kind))
	}
	f.between(q.From, q.To)
	text, err := f.page(batches, isBatch, q.Cursor, limit)
	if err != nil {
		return nil, "", err
	}
	all, err := s.readBatches(ctx, text, f.args...)
	for i := range all {
		all[i].Refused = nil
	}
	if err != nil || len(all) <= limit {
		return all, "", err
	}
	last := all[limit-1]
	return all[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// BatchLinks answers links of a batch behind a row.
func (s *Store) BatchLinks(ctx context.Context, m checkout.MerchantID, id checkout.BatchID, after, limit int) ([]checkout.BatchLink, error) {
	var out []checkout.BatchLink
	of := map[checkout.LinkID]int{}
	err := s.readWithin(ctx, reportTime, func(q querier) error {
		out, of = nil, map[checkout.LinkID]int{}
		err := q.query(ctx, "SELECT place, link, label FROM batch_links WHERE batch = $1 AND merchant = $2 AND place > $3 ORDER BY place LIMIT $4", func(r row) error {
			b := checkout.BatchLink{Row: int(r.num())}
			of[checkout.LinkID(r.text())] = len(out)
			b.Label = r.text()
			out = append(out, b)
			return nil
		}, string(id), string(m), int64(after), int64(limit))
		if err != nil || len(out) == 0 {
			return err
		}
		f := &filter{}
		f.add("merchant || '' = ?", string(m))
		ids := make([]checkout.LinkID, 0, len(of))
		for id := range of {
			ids = append(ids, id)
		}
		in(f, "id", ids)
		return q.query(ctx, "SELECT "+links.list+" FROM links WHERE "+strings.Join(f.where, " AND "), func(r row) error {
			l, err := scanLink(r)
			if err == nil {
				out[of[l.ID]].Link = l.Link
			}
			return err
		}, f.args...)
	})
	return out, err
}

// BatchSums answers what a batch comes to. PostgreSQL's sum of bigint is a numeric; nobody asks for 2^63 minor units.
func (s *Store) BatchSums(ctx context.Context, m checkout.MerchantID, id checkout.BatchID) ([]checkout.BatchSum, error) {
	var out []checkout.BatchSum
	text := "SELECT currency, count(*), CAST(sum(CASE WHEN paid_count > 0 THEN 1 ELSE 0 END) AS BIGINT), CAST(sum(amount) AS BIGINT), CAST(sum(paid_minor) AS BIGINT)" +
		" FROM links WHERE id IN (SELECT link FROM batch_links WHERE batch = $1) AND merchant || '' = $2 AND (deleted_at = 0 OR paid_count > 0) GROUP BY currency ORDER BY currency"
	err := s.readWithin(ctx, reportTime, func(q querier) error {
		out = nil
		return q.query(ctx, text, func(r row) error {
			out = append(out, checkout.BatchSum{Currency: checkout.Currency(r.text()), Links: int(r.num()), Paid: int(r.num()), Minor: r.num(), PaidMinor: r.num()})
			return nil
		}, string(id), string(m))
	})
	return out, err
}

// idsAtOnce is how many ids or order numbers one statement asks for.
const idsAtOnce = 500

// TakenOrders answers which order numbers a merchant has ever used.
func (s *Store) TakenOrders(ctx context.Context, m checkout.MerchantID, of []checkout.OrderNumber) (map[checkout.OrderNumber]bool, error) {
	taken := map[checkout.OrderNumber]bool{}
	err := s.readWithin(ctx, reportTime, func(q querier) error {
		for from := 0; from < len(of); from += idsAtOnce {
			f := &filter{}
			f.add("merchant = ?", string(m))
			in(f, "merchant_order", of[from:min(from+idsAtOnce, len(of))])
			err := q.query(ctx, "SELECT merchant_order FROM links WHERE "+strings.Join(f.where, " AND "), func(r row) error {
				taken[checkout.OrderNumber(r.text())] = true
				return nil
			}, f.args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return taken, err
}
