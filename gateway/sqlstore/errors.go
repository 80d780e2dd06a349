package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"

	"github.com/odelink/odelink/checkout"
)

// errChanged: a row is not as it was when this transaction read it, so the transaction is undone
// and runs again.
var errChanged = errors.New("a row changed meanwhile")

// away is a database that did not answer as it should; nothing was done.
func away(doing string, err error) error {
	return checkout.ErrStoreAway.Because(fmt.Errorf("%s: %w", doing, err))
}

// translate makes what a driver says into what callers of a ledger meet. What fn refused itself is
// passed on.
func translate(doing string, err error) error {
	var known *checkout.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case isAway(err):
		return away(doing, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// isConflict says whether another process's transaction was in the way, so that running again can
// end otherwise.
func isConflict(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", // serialization_failure
			"40P01", // deadlock_detected
			"55P03": // lock_not_available
			return true
		}
	}
	return errors.Is(err, errChanged) || isConstraint(err)
}

// isConstraint says whether a row was refused for what is there already: where another transaction
// was first, the next look-up sees it.
func isConstraint(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505" // unique_violation
	}
	return sqlite.ErrCode(err).ToPrimary() == sqlite.ResultConstraint
}

// isAway says whether the database, not the statement, is what failed.
func isAway(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errClosed) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "08", // connection exception
			"53", // insufficient resources: disk full, out of memory, too many connections
			"57", // operator intervention: shutting down, starting up, time limit
			"58", // system error: I/O
			"25": // read-only: a standby that has not been promoted
			return true
		}
		return false
	}
	if isConnection(err) {
		return true
	}
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultCantOpen,
		sqlite.ResultReadOnly, sqlite.ResultNoMem, sqlite.ResultInterrupt, sqlite.ResultProtocol,
		sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return true
	}
	return false
}

// missingTable says whether a statement failed because the migrations have not run.
func missingTable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "42P01"
	}
	return err != nil && strings.Contains(err.Error(), "no such table")
}
