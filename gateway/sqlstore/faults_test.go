package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/storetest"
	"github.com/odelink/odelink/gateway/testenv"
)

// faults fails at chosen points, or holds them.
type faults struct {
	mu sync.Mutex
	at map[string]func() error
}

func (f *faults) set(point string, fn func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = map[string]func() error{point: fn}
}

func (f *faults) clear() { f.set("", nil) }

func (f *faults) ask(point string) error {
	f.mu.Lock()
	fn := f.at[point]
	f.mu.Unlock()
	if fn == nil {
		return nil
	}
	return fn()
}

// hold makes the next transaction wait, and answers when one does and how to let it go.
func (f *faults) hold() (held <-chan struct{}, let func()) {
	reached, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	f.set(sqlstore.FaultBegin, func() error {
		once.Do(func() { close(reached) })
		<-gate
		return nil
	})
	return reached, func() { close(gate) }
}

func faulty(t *testing.T, url string) (*storetest.Books, *sqlstore.Store, *faults) {
	t.Helper()
	f, clock := &faults{}, storetest.NewClock(start)
	s := open(t, url, at(clock), func(c *sqlstore.Config) { c.Fault = f.ask })
	return storetest.NewBooks(t, s, clock), s, f
}

var errDisk = errors.New("no space left on device")

// TestC01_ACommitThatFailsOrIsNotHeardOf: before the commit nothing is there; after it everything is,
// and the same Idempotency-Key finds it.
func TestC01_ACommitThatFailsOrIsNotHeardOf(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		b, s, f := faulty(t, url)
		for _, point := range []string{sqlstore.FaultBegin, sqlstore.FaultBeforeCommit, sqlstore.FaultAfterCommit} {
			n := b.New(b.Link())
			n.Idem = checkout.Idempotency{Merchant: b.Merchant, Key: point, Request: []byte("r"), Status: 201, Body: []byte("made")}
			f.set(point, func() error { return errDisk })
			if err := s.CreateLink(t.Context(), n); !errors.Is(err, checkout.ErrStoreAway) || !errors.Is(err, errDisk) {
				t.Fatalf("%s: %v", point, err)
			}
			f.clear()
			stored := point == sqlstore.FaultAfterCommit
			if _, err := s.LinkByToken(t.Context(), n.Link.Token); (err == nil) != stored {
				t.Errorf("%s: read with %v", point, err)
			}
			a, found, err := s.Answer(t.Context(), b.Merchant, point)
			if err != nil || found != stored || stored && string(a.Body) != "made" {
				t.Errorf("%s: answer %q, %t, %v", point, a.Body, found, err)
			}
			want := error(nil)
			if stored {
				want = checkout.ErrKeyKnown
			}
			if err := s.CreateLink(t.Context(), n); !errors.Is(err, want) {
				t.Errorf("%s: again: %v", point, err)
			}
		}
		if got := verify(t, s); got != nil {
			t.Errorf("found %q", got)
		}
	})
}

// TestC23_DiskFullAtAMoneyStep: nothing changes, and the same step succeeds when there is space again.
func TestC23_DiskFullAtAMoneyStep(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		b, s, f := faulty(t, url)
		l := b.Create()
		p := b.Admit(l)
		for _, step := range []func(checkout.Payment) checkout.Move{b.Authorizing, b.Approved} {
			before, link := b.Read(p.ID), b.ReadLink(l.ID)
			f.set(sqlstore.FaultBeforeCommit, func() error { return errDisk })
			if _, err := s.Move(t.Context(), step(before)); !errors.Is(err, checkout.ErrStoreAway) {
				t.Fatal(err)
			}
			f.clear()
			if got := b.Read(p.ID); got.Seq != before.Seq || got.Status != before.Status || got.Slot != before.Slot {
				t.Fatalf("payment %+v", got)
			}
			if got := b.ReadLink(l.ID); got.Rev != link.Rev {
				t.Fatalf("link %+v", got)
			}
			b.Move(step(before))
		}
	})
}

// TestC22_AReadThatFails is a store that is away, not a link that is not there.
func TestC22_AReadThatFails(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		b, s, f := faulty(t, url)
		l := b.Create()
		p := b.Admit(l)
		f.set(sqlstore.FaultRead, func() error { return errDisk })
		ctx := t.Context()
		for name, read := range map[string]func() error{
			"link by token":    func() error { _, err := s.LinkByToken(ctx, l.Token); return err },
			"link by id":       func() error { _, err := s.LinkByID(ctx, b.Merchant, l.ID); return err },
			"search links":     func() error { _, _, err := s.SearchLinks(ctx, checkout.LinkQuery{Merchant: b.Merchant}); return err },
			"changed links":    func() error { _, err := s.ChangedLinks(ctx, start, 1); return err },
			"live links":       func() error { return s.LiveLinks(ctx, func(checkout.Link) error { return nil }) },
			"payment":          func() error { _, err := s.PaymentByID(ctx, p.ID); return err },
			"payment and link": func() error { _, _, err := s.PaymentAndLink(ctx, p.ID); return err },
			"payment of":       func() error { _, err := s.PaymentOf(ctx, b.Merchant, p.ID); return err },
			"payment by code":  func() error { _, err := s.PaymentByPrefix(ctx, string(p.ID[:16])); return err },
			"search payments": func() error {
				_, _, err := s.SearchPayments(ctx, checkout.PaymentQuery{Merchant: b.Merchant})
				return err
			},
			"events":    func() error { _, err := s.Events(ctx, b.Merchant, string(p.ID)); return err },
			"events of": func() error { _, err := s.EventsOf(ctx, b.Merchant, []checkout.PaymentID{p.ID}); return err },
			"merchant":  func() error { _, err := s.Merchant(ctx, b.Merchant); return err },
			"logo":      func() error { _, err := s.Logo(ctx, b.Merchant); return err },
			"accounts":  func() error { _, err := s.Accounts(ctx, b.Merchant); return err },
			"key":       func() error { _, err := s.KeyByHash(ctx, []byte("h")); return err },
			"keys":      func() error { _, err := s.Keys(ctx, b.Merchant); return err },
			"answer":    func() error { _, _, err := s.Answer(ctx, b.Merchant, "k"); return err },
			"outbox":    func() error { return s.Outbox(ctx, b.Merchant, func(sqlstore.Outgoing) error { return nil }) },
			"ping":      func() error { return s.Ping(ctx) },
			"verify":    func() error { return s.Verify(ctx, func(sqlstore.Finding) {}) },
		} {
			if err := read(); !errors.Is(err, checkout.ErrStoreAway) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestC22_PostgreSQLDiesAndComesBack kills the real server.
func TestC22_PostgreSQLDiesAndComesBack(t *testing.T) {
	server := testenv.NewPostgres(t, testenv.PostgresOptions{})
	clock := storetest.NewClock(start)
	s := open(t, server.Database(t), at(clock))
	b := storetest.NewBooks(t, s, clock)
	l := b.Create()
	p := b.Admit(l)
	server.Kill(t)
	if _, err := s.LinkByToken(t.Context(), l.Token); !errors.Is(err, checkout.ErrStoreAway) {
		t.Errorf("read: %v", err)
	}
	if _, err := s.Move(t.Context(), b.Authorizing(p)); !errors.Is(err, checkout.ErrStoreAway) {
		t.Errorf("move: %v", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, checkout.ErrStoreAway) {
		t.Errorf("ping: %v", err)
	}
	server.Start(t)
	if got := b.Move(b.Authorizing(b.Read(p.ID))); got.Status != checkout.StatusAuthorizing {
		t.Errorf("after the restart: %s", got.Status)
	}
	if got := verify(t, s); got != nil {
		t.Errorf("found %q", got)
	}
}

// TestAStaleConnectionIsReplaced: the server restarted while nobody wrote, and the next write does not
// pay for it.
func TestAStaleConnectionIsReplaced(t *testing.T) {
	server := testenv.NewPostgres(t, testenv.PostgresOptions{})
	clock := storetest.NewClock(start)
	s := open(t, server.Database(t), at(clock), func(c *sqlstore.Config) { c.Writers = 1 })
	b := storetest.NewBooks(t, s, clock)
	l := b.Create()
	p := b.Payment(l)
	server.Kill(t)
	server.Start(t)
	if _, err := s.Admit(t.Context(), p, b.Event("payment.challenged")); err != nil {
		t.Fatal(err)
	}
}

// TestNeighboursDoNotPay: one unit of a transaction breaks a constraint that no look-up foresees; the
// others are stored.
func TestNeighboursDoNotPay(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		b, s, f := faulty(t, url)
		first := b.Create()
		held, let := f.hold()
		links := []checkout.Link{b.Link()}
		for range 20 {
			links = append(links, b.Link())
		}
		links[10].Token = first.Token
		errs := make([]error, len(links))
		var done sync.WaitGroup
		done.Go(func() { errs[0] = s.CreateLink(t.Context(), b.New(links[0])) })
		<-held
		for i := 1; i < len(links); i++ {
			done.Go(func() { errs[i] = s.CreateLink(t.Context(), b.New(links[i])) })
		}
		f.clear()
		let()
		done.Wait()
		for i, err := range errs {
			if (err != nil) != (i == 10) {
				t.Errorf("link %d: %v", i, err)
			}
			if i != 10 && b.ReadLink(links[i].ID).Token != links[i].Token {
				t.Errorf("link %d is not there", i)
			}
		}
		if checkout.KindOf(errs[10]) != checkout.KindInternal {
			t.Errorf("kind %v", errs[10])
		}
		if got := verify(t, s); got != nil {
			t.Errorf("found %q", got)
		}
	})
}

// TestACallerWhoGoesAwayInTheQueue leaves nothing; one who goes when the work has begun is told how it
// ended.
func TestACallerWhoGoesAwayInTheQueue(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		b, s, f := faulty(t, url)
		started, waiting := b.Link(), b.Link()
		held, let := f.hold()
		begun, endBegun := context.WithCancel(t.Context())
		queued, endQueued := context.WithCancel(t.Context())
		first := make(chan error, 1)
		go func() { first <- s.CreateLink(begun, b.New(started)) }()
		<-held
		endQueued()
		if err := s.CreateLink(queued, b.New(waiting)); !errors.Is(err, checkout.ErrStoreAway) || !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		endBegun()
		f.clear()
		let()
		if err := <-first; err != nil {
			t.Fatalf("began before its caller went: %v", err)
		}
		b.ReadLink(started.ID)
		if _, err := s.LinkByToken(t.Context(), waiting.Token); !errors.Is(err, checkout.ErrNoLink) {
			t.Fatal(err)
		}
	})
}

// TestClose finishes what waits and refuses what comes later.
func TestClose(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		b, s, f := faulty(t, url)
		held, let := f.hold()
		l := b.Link()
		end := make(chan error, 1)
		go func() { end <- s.CreateLink(t.Context(), b.New(l)) }()
		<-held
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		let()
		if err := errors.Join(<-end, <-closed, s.Close()); err != nil {
			t.Fatal(err)
		}
		if err := s.CreateLink(t.Context(), b.New(b.Link())); !errors.Is(err, checkout.ErrStoreAway) {
			t.Errorf("write: %v", err)
		}
		if _, err := s.LinkByToken(t.Context(), l.Token); !errors.Is(err, checkout.ErrStoreAway) {
			t.Errorf("read: %v", err)
		}
		again := open(t, url)
		if _, err := again.LinkByToken(t.Context(), l.Token); err != nil {
			t.Error(err)
		}
	})
}

// TestC25_AStopInsideAMigration leaves nothing, and the next start completes it.
func TestC25_AStopInsideAMigration(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		f, clock := &faults{}, storetest.NewClock(start)
		s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, MasterKeys: [][]byte{masterKey(1)}, Now: clock.Now, Fault: f.ask})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f.set(sqlstore.FaultBeforeCommit, func() error { return errDisk })
		if err := s.Migrate(t.Context()); !errors.Is(err, errDisk) {
			t.Fatal(err)
		}
		f.clear()
		if err := s.CreateLink(t.Context(), checkout.NewLink{}); err == nil || !strings.Contains(err.Error(), "run its migrations") {
			t.Fatalf("a ledger without tables: %v", err)
		}
		for range 2 {
			if err := s.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		storetest.NewBooks(t, s, clock).Create()
		if err := byHand(t, url, "INSERT INTO migrations (number, name) VALUES (9999, 'of a newer program')"); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatalf("beside a newer program: %v", err)
		}
	})
}

// TestC25_LinksOfAnOlderProgramAreFound: those from before migration 0036, by which PostgreSQL keeps
// their texts apart, and those that
// the program before it makes and changes while an upgrade rolls.
func TestC25_LinksOfAnOlderProgramAreFound(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		clock := storetest.NewClock(start)
		s := open(t, url, at(clock))
		b := storetest.NewBooks(t, s, clock)
		old := b.Create(func(l *checkout.Link) { l.Description = "Eski bağlantı" })
		undo := "DROP VIEW link_texts;"
		if !strings.HasPrefix(url, "sqlite:") {
			undo = "DROP FUNCTION odelink_link_text CASCADE; DROP TABLE link_texts;"
		}
		if err := byHand(t, url, undo+"DELETE FROM migrations WHERE number = 36"); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		other := b.Create(func(l *checkout.Link) { l.Description = "Yeni bağlantı" })
		if err := byHand(t, url, "UPDATE links SET search = 'çeyiz' WHERE id = '"+string(other.ID)+"'"); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]checkout.LinkID{"ESKİ": old.ID, "çeyiz": other.ID} {
			if got, _, err := s.SearchLinks(t.Context(), checkout.LinkQuery{Merchant: b.Merchant, Text: text}); err != nil || len(got) != 1 || got[0].ID != want {
				t.Errorf("%s: %v, %v", text, got, err)
			}
		}
	})
}

// TestC25_MessagesOutliveTheirNewTable: migration 0027 makes the table of messages anew in SQLite, and what stood in the
// old one is there as it was.
func TestC25_MessagesOutliveTheirNewTable(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		f, left := &faults{}, 26
		s, err := sqlstore.Open(t.Context(), sqlstore.Config{URL: url, MasterKeys: [][]byte{masterKey(1)}, Fault: f.ask})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		f.set(sqlstore.FaultBeforeCommit, func() error {
			if left--; left < 0 {
				return errDisk
			}
			return nil
		})
		if err := s.Migrate(t.Context()); !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "0027") {
			t.Fatal(err)
		}
		f.clear()
		const add = `INSERT INTO messages (id, merchant, kind, channel, link, payment, event, lang, recipient, address, letter, digest, with_link, once, actor,
			created_at, status, reason, reference, attempts, unsure, due_at, remind_at, updated_at) VALUES ('msg_0000000000000000000001', 'mer_1', '%s', 'email', 'lnk_1', '', '',
			'tr', 'email:a@x.example', 'A@x.example', '{"text":"Ödeme"}', '', 1, '%[1]s', 'api', 1000, 'failed', 'tls', 'ref', 3, 1, 2000, 0, 3000)`
		if err := byHand(t, url, fmt.Sprintf(add, "link")); err != nil {
			t.Fatal(err)
		}
		if err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := s.MessageOf(t.Context(), "mer_1", "msg_0000000000000000000001")
		if err != nil || got.Kind != checkout.MessageLink || got.To != "A@x.example" || got.Letter.Text != "Ödeme" || !got.WithLink || got.Once != "link" ||
			got.Status != checkout.MessageFailed || got.Reason != "tls" || got.Reference != "ref" || got.Attempts != 3 || got.Unsure != 1 || got.UpdatedAt.UnixMicro() != 3000 {
			t.Errorf("%+v, %v", got, err)
		}
		again := strings.NewReplacer("msg_0000000000000000000001", "msg_0000000000000000000002")
		if err := byHand(t, url, again.Replace(fmt.Sprintf(add, "agreed_texts"))); err != nil {
			t.Errorf("the new kind: %v", err)
		}
		for why, kind := range map[string]string{"a kind that there is not": "other", "the same once": "link"} {
			if byHand(t, url, strings.NewReplacer("msg_0000000000000000000001", "msg_0000000000000000000003").Replace(fmt.Sprintf(add, kind))) == nil {
				t.Error(why + " was taken")
			}
		}
	})
}

// TestC25_SeveralStartAtOnce migrate one after the other, and all use the same lasting keys.
func TestC25_SeveralStartAtOnce(t *testing.T) {
	files(t, func(t *testing.T, url string) {
		stores := make([]*sqlstore.Store, 5)
		errs := make([]error, len(stores))
		var done sync.WaitGroup
		for i := range stores {
			done.Go(func() {
				stores[i], errs[i] = sqlstore.Open(t.Context(), sqlstore.Config{URL: url, MasterKeys: [][]byte{masterKey(1)}})
				if errs[i] == nil {
					errs[i] = stores[i].Migrate(t.Context())
				}
			})
		}
		done.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		for _, s := range stores {
			if string(s.HashKey("x")) != string(stores[0].HashKey("x")) {
				t.Error("two gateways have two keys")
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
