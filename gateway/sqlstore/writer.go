package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/odelink/odelink/checkout"
)

// unit is one piece of work that is stored whole or not at all.
type unit struct {
	needs needs
	// run decides in memory on the rows that needs named, and may run again after a conflict. An
	// error means that it changed nothing.
	run func(*work) error
	// solo instead of run has a transaction of its own.
	solo func(context.Context, tx) error

	taken atomic.Bool // by the writer, or by a caller who gave up before it
	done  chan error  // one answer
}

// do hands a unit over and waits for its durable end. Units of one route keep their order. A caller
// whose context ends before the unit was taken is told so and nothing is done; afterwards he waits,
// since nobody else will ever tell him how it ended.
func (s *Store) do(ctx context.Context, route string, u *unit) error {
	u.done = make(chan error, 1)
	if err := s.hand(ctx, route, u); err != nil {
		return err
	}
	select {
	case err := <-u.done:
		return err
	case <-ctx.Done():
		if u.taken.CompareAndSwap(false, true) {
			return away("wait for the ledger", ctx.Err())
		}
		return <-u.done
	}
}

func (s *Store) hand(ctx context.Context, route string, u *unit) error {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return away("write the ledger", errClosed)
	}
	if err := ctx.Err(); err != nil {
		return away("write the ledger", err)
	}
	select {
	case s.queues[s.route(route)] <- u:
		return nil
	case <-ctx.Done():
		return away("wait for the ledger", ctx.Err())
	}
}

// route picks the writer: the same for everything about one link, so that two writers do not wait
// for each other's rows.
func (s *Store) route(key string) int {
	if len(s.queues) == 1 {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // a hash does not fail
	return int(h.Sum32() % uint32(len(s.queues)))
}

// solo runs fn in a transaction of its own.
func (s *Store) solo(ctx context.Context, fn func(context.Context, tx) error) error {
	return s.do(ctx, "", &unit{solo: fn})
}

// write is one writer: it takes a unit, then whatever else waits, and makes it one transaction.
// While that is on its way to the disk, the next one gathers; no timer would gain anything.
func (s *Store) write(i int) {
	var batch []*unit
	for first := range s.queues[i] {
		batch = append(batch[:0], first)
		runtime.Gosched() // let callers that are ready join
		batch = s.drain(i, batch)
		s.work(i, batch)
		clear(batch)
	}
}

func (s *Store) drain(i int, batch []*unit) []*unit {
	for len(batch) < s.batch {
		select {
		case u, ok := <-s.queues[i]:
			if !ok {
				return batch
			}
			batch = append(batch, u)
		default:
			return batch
		}
	}
	return batch
}

// work runs the units that their callers still wait for: neighbours together, solo ones alone. Where no transaction
// can be begun, because somebody holds the ledger, the whole batch has waited for it and is told so: one after the
// other would wait as long again for each.
func (s *Store) work(i int, batch []*unit) {
	var group []*unit
	var shut error
	for _, u := range batch {
		if !u.taken.CompareAndSwap(false, true) {
			continue
		}
		if u.solo == nil {
			group = append(group, u)
			continue
		}
		shut = s.together(i, group, shut)
		group = group[:0]
		err := shut
		if err == nil {
			err = s.alone(i, u)
		}
		if errors.Is(err, errNotBegun) {
			shut = err
		}
		u.done <- err
	}
	_ = s.together(i, group, shut) // there is nobody left to tell
}

// together runs units in one transaction and answers each. If that fails for a reason that may be
// one unit's own, each runs alone, so that its neighbours do not pay for it. With shut, none runs. It answers why no
// transaction could be begun, nil if one was.
func (s *Store) together(i int, group []*unit, shut error) error {
	if len(group) == 0 {
		return shut
	}
	var ends []error
	err := shut
	if err == nil {
		ends, err = s.attempt(i, group)
	}
	switch {
	case err == nil:
		for n, u := range group {
			u.done <- ends[n]
		}
	case len(group) > 1 && !isAway(err) && !errors.Is(err, errNotBegun):
		for _, u := range group {
			u.done <- s.alone(i, u)
		}
	case isConflict(err):
		group[0].done <- s.alone(i, group[0])
	default:
		s.log.Error("ledger transaction failed", "units", len(group), "err", err)
		for _, u := range group {
			u.done <- translate("write the ledger", err)
		}
		if errors.Is(err, errNotBegun) {
			return err
		}
	}
	return nil
}

// alone runs one unit until it ends or conflicts too often. A constraint that refuses again though the
// look-ups have seen the winner is refused for good.
func (s *Store) alone(i int, u *unit) error {
	var err error
	for try := range maxTries {
		if try > 1 && !isConstraint(err) {
			time.Sleep(time.Duration(try) * time.Millisecond) // whoever was in the way may still be
		}
		var ends []error
		if ends, err = s.attempt(i, []*unit{u}); err == nil {
			return ends[0]
		}
		if !isConflict(err) || try == 2 && isConstraint(err) {
			break
		}
	}
	s.log.Error("ledger transaction failed", "units", 1, "err", err)
	return translate("write the ledger", err)
}

// attempt runs units in one transaction: each unit's own end, or the error that undid them all.
func (s *Store) attempt(i int, units []*unit) (ends []error, err error) {
	if err := s.fault(FaultBegin); err != nil {
		return nil, away("begin", fmt.Errorf("%w: %w", errNotBegun, err))
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchTime)
	defer cancel()
	t, err := s.engine.begin(ctx, i)
	if err != nil {
		return nil, away("begin", fmt.Errorf("%w: %w", errNotBegun, err))
	}
	defer t.rollback()
	if units[0].solo != nil {
		ends, err = []error{nil}, units[0].solo(ctx, t)
		var refused *checkout.Error
		if errors.As(err, &refused) {
			return []error{err}, nil
		}
	} else {
		ends, err = s.run(ctx, t, units)
	}
	if err != nil {
		return nil, err
	}
	return ends, s.commit(ctx, t)
}

// run lets each unit decide and writes what they changed.
func (s *Store) run(ctx context.Context, t tx, units []*unit) ([]error, error) {
	w, err := s.load(ctx, t, units)
	if err != nil {
		return nil, err
	}
	ends := make([]error, len(units))
	for n, u := range units {
		ends[n] = u.run(w)
	}
	return ends, w.flush(ctx, t)
}

// commit makes it durable. After an error nobody knows whether it is, except where the database
// says that it is not.
func (s *Store) commit(ctx context.Context, t tx) error {
	if err := s.fault(FaultBeforeCommit); err != nil {
		return away("commit", err)
	}
	if err := t.commit(ctx); err != nil {
		if isConflict(err) {
			return err
		}
		return away("commit, which may have happened or not", err)
	}
	if err := s.fault(FaultAfterCommit); err != nil {
		return away("commit, which may have happened or not", err)
	}
	return nil
}

// errNotBegun says that a transaction did nothing, since it was never begun.
var errNotBegun = errors.New("no transaction could be begun")

var errNoKeys = fmt.Errorf("write the ledger: %w", errNotMigrated)
