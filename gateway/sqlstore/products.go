package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/odelink/odelink/checkout"
)

var (
	products = newTable("products", `id:t merchant:t code:t name:t description:t currency:t price:n category:t active:n version:n
		created_at:n updated_at:n deleted_at:n search:t`)
	productAll = newUpdate(products, "merchant", append(products.names("code", "version"), "updated_at", "deleted_at", "search")...)
)

func productValues(p checkout.Product) []any {
	return []any{
		string(p.ID), string(p.Merchant), p.Code, p.Name, p.Description, string(p.Price.Currency), p.Price.Minor, p.Category, num(p.Active), p.Version,
		micros(p.CreatedAt), micros(p.UpdatedAt), micros(p.DeletedAt), fold(strings.Join([]string{p.Name, p.Code, p.Description, p.Category}, "\n")),
	}
}

func scanProduct(r row) (p checkout.Product) {
	p.ID, p.Merchant, p.Code, p.Name, p.Description = checkout.ProductID(r.text()), checkout.MerchantID(r.text()), r.text(), r.text(), r.text()
	p.Price.Currency, p.Price.Minor, p.Category = checkout.Currency(r.text()), r.num(), r.text()
	p.Active, p.Version, p.CreatedAt, p.UpdatedAt, p.DeletedAt = r.num() != 0, r.num(), fromMicros(r.num()), fromMicros(r.num()), fromMicros(r.num())
	return p // search follows from the rest
}

// SaveProduct makes a product, or replaces the version before.
func (s *Store) SaveProduct(ctx context.Context, p checkout.Product, e checkout.Event, i checkout.Idempotency) error {
	return s.changeMerchant(ctx, p.Merchant, func(ctx context.Context, c *change) error {
		if c.row == nil {
			return checkout.ErrNoMerchant
		}
		if err := c.keepAnswer(ctx, i); err != nil {
			return err
		}
		if err := c.mayReplaceProduct(ctx, &p); err != nil {
			return err
		}
		values := productValues(p)
		if err := c.tx.apply(ctx, []write{saving(products, productAll, p.Version > 1, values)}); err != nil {
			return err
		}
		return c.record(ctx, e, string(p.ID), c.keys.digest(products.name, values))
	})
}

// mayReplaceProduct holds a product that is to be saved against what the merchant has. Its creation stays.
func (c *change) mayReplaceProduct(ctx context.Context, p *checkout.Product) error {
	var have checkout.Product
	taken, living := false, int64(0)
	err := c.tx.query(ctx, "SELECT "+products.list+" FROM products WHERE id = $1", func(r row) error {
		have = scanProduct(r)
		return nil
	}, string(p.ID))
	if err == nil && p.Code != "" && p.DeletedAt.IsZero() {
		err = c.tx.query(ctx, "SELECT id FROM products WHERE merchant = $1 AND code = $2 AND code <> '' AND deleted_at = 0 AND id <> $3", func(row) error {
			taken = true
			return nil
		}, string(p.Merchant), p.Code, string(p.ID))
	}
	if err == nil && have.ID == "" {
		err = c.tx.query(ctx, "SELECT count(*) FROM products WHERE merchant = $1 AND deleted_at = 0", func(r row) error { living = r.num(); return nil }, string(p.Merchant))
	}
	switch {
	case err != nil:
		return err
	case have.ID == "" && p.Version != 1, have.ID != "" && have.Merchant != p.Merchant:
		return checkout.ErrNoProduct
	case have.Version != p.Version-1 || !have.DeletedAt.IsZero():
		return checkout.ErrStale
	case taken:
		return checkout.ErrProductCode
	case living >= checkout.MaxProducts:
		return checkout.ErrProducts
	}
	if have.ID != "" {
		p.CreatedAt = have.CreatedAt
	}
	return nil
}

// Products answers those of a merchant among these ids.
func (s *Store) Products(ctx context.Context, m checkout.MerchantID, ids []checkout.ProductID) (out []checkout.Product, err error) {
	err = s.read(ctx, func(q querier) error {
		out = nil
		for some := range slices.Chunk(ids, idsAtOnce) {
			f := &filter{}
			in(f, "id", some)
			f.add("merchant = ?", string(m))
			err := q.query(ctx, "SELECT "+products.list+" FROM products WHERE "+strings.Join(f.where, " AND "), func(r row) error {
				out = append(out, scanProduct(r))
				return nil
			}, f.args...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

func isProduct(id string) bool { return checkout.ProductID(id).Valid() }

// SearchProducts answers a page of a merchant's catalogue, newest first, and the cursor of the next.
func (s *Store) SearchProducts(ctx context.Context, q checkout.ProductQuery) ([]checkout.Product, string, error) {
	limit := pageSize(q.Limit)
	text, args, err := productSearch(q, limit)
	if err != nil {
		return nil, "", err
	}
	var out []checkout.Product
	err = s.readWithin(ctx, searchTime, func(db querier) error {
		out = nil
		return db.query(ctx, text, func(r row) error {
			out = append(out, scanProduct(r))
			return nil
		}, args...)
	})
	if err != nil || len(out) <= limit {
		return out, "", err
	}
	last := out[limit-1]
	return out[:limit], makeCursor(last.CreatedAt, string(last.ID)), nil
}

// productSearch is the question of SearchProducts. It walks the merchant's own products in the order of the list.
func productSearch(q checkout.ProductQuery, limit int) (string, []any, error) {
	f := &filter{}
	f.add("merchant = ?", string(q.Merchant))
	f.add("deleted_at = 0")
	if q.Active != nil {
		f.add("active = ?", num(*q.Active))
	}
	if q.Text != "" {
		f.add(`search LIKE ? ESCAPE '\'`, like(q.Text))
	}
	text, err := f.page(products, isProduct, q.Cursor, limit)
	return text, f.args, err
}
