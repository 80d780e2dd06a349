package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/storetest"
)

// A merchant has no more products than a search may walk through; what is deleted does not count, and what is there may
// still be changed.
func TestACatalogueHasAnEnd(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		s := open(t, url)
		b := storetest.NewBooks(t, s, storetest.NewClock(start))
		save := func(p checkout.Product) error {
			return s.SaveProduct(t.Context(), p, b.Event("product.created"), checkout.Idempotency{})
		}
		first := b.Product()
		if err := save(first); err != nil {
			t.Fatal(err)
		}
		err := byHand(t, url, fmt.Sprintf(`INSERT INTO products WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			SELECT 'prd_' || i, '%s', '', 'x', '', 'TRY', 1, '', 1, 1, 1, 1, CASE WHEN i = 1 THEN 1 ELSE 0 END, '' FROM n`, checkout.MaxProducts-1, b.Merchant))
		if err != nil {
			t.Fatal(err)
		}
		if err := save(b.Product()); err != nil {
			t.Errorf("the last that there may be: %v", err)
		}
		if err := save(b.Product()); !errors.Is(err, checkout.ErrProducts) {
			t.Errorf("one more: %v", err)
		}
		first.Version, first.Name = 2, "Riviera"
		if err := save(first); err != nil {
			t.Errorf("a change: %v", err)
		}
	})
}
