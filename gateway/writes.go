package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
)

const (
	// writeEvery is how often the ledger is asked whether it takes writes, where no payer's write tells.
	writeEvery = time.Second
	// writePatience is how long writes may fail or wait before the gateway calls itself not ready: longer
	// than a checkpoint, a backup's lock or one connection that died, shorter than a payer's patience.
	writePatience = 2 * time.Second
)

// writes knows whether the ledger takes writes: from the payments' own, and from a trial each second in
// which none was stored. A read says nothing of that: SQLite answers reads beside a lock that stops every
// payment, PostgreSQL on a standby, and both on a full disk.
type writes struct {
	checkout.Ledger
	trial func(ctx context.Context, store bool) error
	clock checkout.Clock

	mu     sync.Mutex
	stored bool      // something, since the last look
	since  time.Time // began the first write that failed with none stored after it; zero = none failed
	last   error
	trying time.Time // began the trial that is under way; zero = none
}

func (w *writes) CreateLink(ctx context.Context, n checkout.NewLink) error {
	start := w.clock.Now()
	err := w.Ledger.CreateLink(ctx, n)
	w.note(start, err)
	return err
}

func (w *writes) Admit(ctx context.Context, p checkout.Payment, e checkout.Event, agreed ...checkout.Consent) (checkout.Payment, error) {
	start := w.clock.Now()
	admitted, err := w.Ledger.Admit(ctx, p, e, agreed...)
	w.note(start, err)
	return admitted, err
}

func (w *writes) Move(ctx context.Context, m checkout.Move) (checkout.Moved, error) {
	start := w.clock.Now()
	moved, err := w.Ledger.Move(ctx, m)
	w.note(start, err)
	return moved, err
}

// note takes a write's end. What the ledger refused, and a caller who went away, say nothing.
func (w *writes) note(start time.Time, err error) {
	refused := err != nil && !errors.Is(err, checkout.ErrStoreAway)
	if !refused && !errors.Is(err, context.Canceled) {
		w.end(start, err)
	}
}

func (w *writes) end(start time.Time, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.stored, w.since, w.last = true, time.Time{}, nil
		return
	}
	if w.since.IsZero() {
		w.since = start
	}
	w.last = err
}

// look tries where nothing was stored since the last look. After a failure only a trial that stores
// ends it: a full disk grants every lock.
func (w *writes) look(ctx context.Context) error {
	w.mu.Lock()
	busy, failing := w.stored, !w.since.IsZero()
	w.stored = false
	start := w.clock.Now()
	if busy && !failing {
		w.mu.Unlock()
		return nil
	}
	w.trying = start
	w.mu.Unlock()

	err := w.trial(ctx, failing)
	w.mu.Lock()
	w.trying = time.Time{}
	w.mu.Unlock()
	if ctx.Err() == nil && (err != nil || failing) {
		w.end(start, err)
	}
	return nil // the ledger has logged it, and readiness says it
}

// found is what the readiness check "ledger" adds to a read.
func (w *writes) found() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	switch {
	case !w.since.IsZero() && now.Sub(w.since) >= writePatience:
		return fmt.Errorf("writes have failed for %s: %w", now.Sub(w.since).Round(time.Second), w.last)
	case !w.trying.IsZero() && now.Sub(w.trying) >= writePatience:
		return fmt.Errorf("a write has been waiting for %s", now.Sub(w.trying).Round(time.Second))
	}
	return nil
}

// ledgerWorks is the readiness check "ledger".
func (a *app) ledgerWorks(ctx context.Context) error {
	if err := a.writes.found(); err != nil {
		return err
	}
	return a.ledger.Ping(ctx)
}
