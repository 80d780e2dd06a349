package sqlstore_test

import (
	"testing"

	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

// Whoever makes the tables need not know the master key: the first start that has one takes the ledger over.
func TestTables_withoutMasterKey(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		for range 2 {
			if err := sqlstore.Tables(t.Context(), sqlstore.Config{URL: url}); err != nil {
				t.Fatal(err)
			}
		}
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		storetest.NewBooks(t, s, clock).Create()
		if err := sqlstore.Tables(t.Context(), sqlstore.Config{URL: url}); err != nil {
			t.Fatal(err)
		}
	})
}
