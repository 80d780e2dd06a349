package sqlstore

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"

	"github.com/odelink/odelink/checkout"
)

// PageWords answers what a merchant says in its own words. checkout.ErrWordsChanged.
func (s *Store) PageWords(ctx context.Context, m checkout.MerchantID) (w checkout.PageWords, err error) {
	keys := s.keys.Load()
	if keys == nil {
		return w, errNoKeys
	}
	err = s.read(ctx, func(q querier) (err error) {
		w, err = readPageWords(ctx, q, keys, m)
		return err
	})
	return w, err
}

func readPageWords(ctx context.Context, q querier, keys *lasting, m checkout.MerchantID) (checkout.PageWords, error) {
	w := checkout.PageWords{Merchant: m}
	err := q.query(ctx, "SELECT data, digest FROM page_words WHERE merchant = $1", func(r row) error {
		data, digest := r.text(), r.blob()
		if !hmac.Equal(digest, keys.digest("page_words", []any{string(m), data})) {
			return fmt.Errorf("merchant %s: %w", m, checkout.ErrWordsChanged)
		}
		w = checkout.PageWords{Merchant: m}
		return decodeJSON(data, &w)
	}, string(m))
	return w, err
}

// EditPageWords changes it under the lock of the merchant's row and raises the merchant's Version.
func (s *Store) EditPageWords(ctx context.Context, m checkout.MerchantID, edit func(checkout.Merchant, *checkout.PageWords) (*checkout.Event, error)) error {
	return s.changeMerchant(ctx, m, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		w, err := readPageWords(ctx, c.tx, c.keys, m)
		if errors.Is(err, checkout.ErrWordsChanged) {
			w, err = checkout.PageWords{Merchant: m}, nil // nobody's; what is saved now takes their place
		}
		if err != nil {
			return err
		}
		e, err := edit(c.row.Merchant, &w)
		if err != nil || e == nil {
			return err
		}
		return c.savePageWords(ctx, w, *e)
	})
}

func (c *change) savePageWords(ctx context.Context, w checkout.PageWords, e checkout.Event) error {
	data, err := encodeJSON(w)
	if err != nil {
		return err
	}
	data = plain(data)
	_, err = c.tx.exec(ctx, `INSERT INTO page_words (merchant, data, digest) VALUES ($1, $2, $3)
		ON CONFLICT (merchant) DO UPDATE SET data = excluded.data, digest = excluded.digest`,
		string(w.Merchant), data, c.keys.digest("page_words", []any{string(w.Merchant), data}))
	if err != nil {
		return err
	}
	m := c.row.Merchant
	m.UpdatedAt = e.At
	m.Version++
	return c.saveMerchant(ctx, m, e)
}

// MerchantNames answers the display names of all merchants.
func (s *Store) MerchantNames(ctx context.Context) (all map[checkout.MerchantID]string, err error) {
	err = s.read(ctx, func(q querier) error {
		all = map[checkout.MerchantID]string{}
		return q.query(ctx, "SELECT id, name FROM merchants", func(r row) error {
			all[checkout.MerchantID(r.text())] = r.text()
			return nil
		})
	})
	return all, err
}

// changedWords finds merchants whose own words are not what this program wrote.
func (s *Store) changedWords(ctx context.Context) (found []Finding, err error) {
	var all []checkout.MerchantID
	err = s.reading(ctx, false, func(q querier) error {
		return q.query(ctx, "SELECT merchant FROM page_words ORDER BY merchant", func(r row) error {
			all = append(all, checkout.MerchantID(r.text()))
			return nil
		})
	})
	for _, m := range all {
		if err != nil {
			break
		}
		if _, err = s.PageWords(ctx, m); errors.Is(err, checkout.ErrWordsChanged) {
			found, err = append(found, Finding{Subject: string(m), Row: "page_words", What: FoundRowChanged}), nil
		}
	}
	return found, err
}
