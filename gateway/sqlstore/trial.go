package sqlstore

import (
	"context"
	"crypto/rand"
)

// Trial waits for its turn at a writer like every unit, and begins a transaction that may write. A lock
// that another process holds, a server that takes no writes and a writer that hangs end it with
// ErrStoreAway, or not before the limits of a transaction. With store it also writes a row and takes it
// away again before the commit: bytes reach the disk, which a full one refuses, and no row stays.
func (s *Store) Trial(ctx context.Context, store bool) error {
	return s.solo(ctx, func(ctx context.Context, t tx) error {
		// To lock a row is to write, for PostgreSQL: a standby and a read-only session refuse it. SQLite's
		// transaction holds the lock already. Gateways that try at once pass each other by.
		err := t.query(ctx, "SELECT name FROM keys WHERE name = $1"+s.engine.skipLocked(),
			func(row) error { return nil }, lastingAudit)
		if err != nil || !store {
			return err
		}
		// No merchant has an empty id, and no two trials the same name.
		name := "trial " + rand.Text()
		if _, err := t.exec(ctx, idempotency.one, "", name, []byte{}, int64(0), []byte{}, int64(0)); err != nil {
			return err
		}
		_, err = t.exec(ctx, "DELETE FROM idempotency WHERE merchant = $1 AND name = $2", "", name)
		return err
	})
}
