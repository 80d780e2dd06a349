package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// readiness asks the admin address, and wants a status and what it says of the ledger.
func (r *rig) readiness(what string, status int, says string) {
	r.t.Helper()
	w := httptest.NewRecorder()
	r.app.admin().Handler.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
	if w.Code != status || !strings.Contains(w.Body.String(), says) {
		r.t.Errorf("%s: %d %s", what, w.Code, w.Body)
	}
}

// C23: a gateway that can read and not write is not ready, from two seconds after the first write that
// failed until one has reached the disk again; granted locks alone do not end it.
func TestC23_notReadyWhileNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	everyStand(t, func(t *testing.T, opt rigOptions) {
		c := newCrash(t, opt)
		look := func() { c.must("look", c.app.writes.look(t.Context()), nil) }
		link := c.link(nil)
		p := &payer{browser: c.browser()}
		p.get(link["url"].(string))
		look()
		c.readiness("at the start", http.StatusOK, `"ledger":"ok"`)

		c.ledger.because(sqlstore.FaultBeforeCommit, 0, -1, fmt.Errorf("write the log: %w", syscall.ENOSPC))
		p.pay(link["url"].(string), cardWithout)
		p.notBegun(link["token"].(string))
		c.readiness("one write failed", http.StatusOK, `"ledger":"ok"`)
		c.clock.advance(writePatience)
		look()
		c.readiness("writes fail", http.StatusServiceUnavailable, "writes have failed for 2s")
		c.ledger.mend()
		c.readiness("nobody has written yet", http.StatusServiceUnavailable, "writes have failed")
		look()
		c.readiness("a trial was stored", http.StatusOK, `"ledger":"ok"`)
		c.proven()
	})
}

// A lock that another process holds on SQLite stops every write and no read.
func TestNotReadyBesideALock(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	other, err := sqlite.OpenConn(filepath.Join(r.dir, "odelink.db"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	r.must("lock", sqlitex.ExecuteTransient(other, "BEGIN IMMEDIATE", nil), nil)
	r.must("look", r.app.writes.look(t.Context()), nil)
	r.clock.advance(writePatience)
	r.readiness("locked, and nobody paid", http.StatusServiceUnavailable, "writes have failed for")
	r.must("unlock", sqlitex.ExecuteTransient(other, "ROLLBACK", nil), nil)
	r.must("look", r.app.writes.look(t.Context()), nil)
	r.readiness("unlocked", http.StatusOK, `"ledger":"ok"`)
}

// What says nothing about the ledger changes nothing, what does is believed, and where payments are
// stored nobody tries.
func TestWritesThatSaySomething(t *testing.T) {
	clock := &testClock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var tried []bool
	var answer error
	var during func()
	w := &writes{clock: clock, trial: func(_ context.Context, store bool) error {
		tried = append(tried, store)
		if during != nil {
			during()
		}
		return answer
	}}
	look := func(want string) {
		t.Helper()
		tried = nil
		if err := w.look(t.Context()); err != nil || fmt.Sprint(tried) != want {
			t.Errorf("tried %v, want %s, %v", tried, want, err)
		}
	}
	found := func(what, want string) {
		t.Helper()
		if err := w.found(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	away := func(err error) error { return checkout.ErrStoreAway.Because(err) }
	look("[false]")
	w.note(clock.Now(), nil)
	look("[]")
	look("[false]")
	for _, err := range []error{checkout.ErrStale, away(context.Canceled), errors.New("a mistake of ours")} {
		w.note(clock.Now(), err)
		clock.advance(time.Hour)
		found(err.Error(), "")
	}
	began := clock.Now()
	clock.advance(writePatience)
	w.note(began, away(context.DeadlineExceeded))
	found("a write that waited until it failed", "writes have failed for 2s")
	w.note(clock.Now(), nil)
	found("a write after it", "")

	// A trial that nobody refused and nobody answers.
	during = func() {
		found("a moment", "")
		clock.advance(writePatience)
		found("a hang", "a write has been waiting for 2s")
	}
	look("[]")
	look("[false]")
	found("after the hang", "")

	// Whatever a trial fails of: a right that was taken away is no ErrStoreAway.
	during, answer = nil, errors.New("permission denied for table keys")
	look("[false]")
	clock.advance(writePatience)
	found("a right that was taken away", "permission denied")
	look("[true]")
	answer = nil
	look("[true]")
	found("the right is back", "")
	look("[]")
	look("[false]")
}
