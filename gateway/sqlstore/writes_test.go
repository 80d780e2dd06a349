package sqlstore_test

import (
	"regexp"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
)

// A payment's statements run for every payer: none of them may make a table of its own, as SQLite does for a list
// of more than two words in a CHECK or in the condition of an index, each time that it writes a row.
func TestNoStepOfAPaymentMakesATable(t *testing.T) {
	url := databases["SQLite"](t)
	open(t, url)
	conn, err := sqlite.OpenConn(strings.TrimPrefix(url, "sqlite:"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	parameter := regexp.MustCompile(`\$[0-9]+`)
	for _, text := range sqlstore.PaymentWrites() {
		steps := 0
		err := sqlitex.Execute(conn, "EXPLAIN "+parameter.ReplaceAllString(text, "NULL"), &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			steps++
			if s.ColumnText(1) == "OpenEphemeral" {
				t.Errorf("%.60s… makes a table", text)
			}
			return nil
		}})
		if err != nil || steps == 0 {
			t.Errorf("%.60s…: %d steps, %v", text, steps, err)
		}
	}
}

// The states that a payment may have are the database's to refuse, too, however its condition is written.
func TestAStateThatIsNoneIsRefusedByTheDatabase(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		books := storetest.NewBooks(t, s, clock)
		p := books.Admit(books.Create())
		for _, known := range []checkout.Status{
			checkout.StatusAuthorizing, checkout.StatusPending, checkout.StatusPaid, checkout.StatusDeclined, checkout.StatusFailed, checkout.StatusAbandoned,
			checkout.StatusVoided, checkout.StatusPartiallyRefunded, checkout.StatusRefunded, checkout.StatusChallenged,
		} {
			if err := byHand(t, url, "UPDATE payments SET status = '"+string(known)+"' WHERE id = '"+string(p.ID)+"'"); err != nil {
				t.Errorf("%s is refused: %v", known, err)
			}
		}
		if err := byHand(t, url, "UPDATE payments SET status = 'stolen' WHERE id = '"+string(p.ID)+"'"); err == nil {
			t.Error("a payment is stolen")
		}
	})
}
