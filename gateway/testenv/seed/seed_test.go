package seed

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/sqlstore"
	"github.com/odelink/odelink/gateway/testenv"
)

var masterKey = bytes.Repeat([]byte{7}, 32)

// opened is an empty ledger with the seed's merchants, at a fixed time.
func opened(t *testing.T, address string, seed uint64) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), Config{Address: address, MasterKey: masterKey, Bank: "http://127.0.0.1:1", Seed: seed, Others: 2, Now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// databases runs a test with the addresses of empty ledgers of both kinds.
func databases(t *testing.T, test func(t *testing.T, address func() string)) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		n := 0
		test(t, func() string { n++; return "sqlite:" + filepath.Join(testenv.Dir(t), fmt.Sprint(n, ".db")) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		test(t, func() string { return testenv.Postgres(t) })
	})
}

// What is measured must be like what the gateway makes: links in every state that can be opened by their tokens,
// payments in every state, and chains that hold.
func TestASeededLedgerIsLikeARealOne(t *testing.T) {
	databases(t, func(t *testing.T, address func() string) {
		ctx := t.Context()
		l := opened(t, address(), 1)
		const links, payments, fresh = 200, 2000, 20
		if err := l.Fill(ctx, Fill{Until: links, Payments: payments, Span: 90 * 24 * time.Hour, Maker: "usr_0000000000000000000001"}); err != nil {
			t.Fatal(err)
		}
		if err := l.Links(ctx, links, links+fresh); err != nil {
			t.Fatal(err)
		}
		l.by(t, func() time.Time { return l.began })
		verified(t, l)
		seen, all := map[checkout.Status]int{}, 0
		for _, m := range l.merchants {
			for cursor := "first"; cursor != ""; {
				page, next, err := l.Store.SearchPayments(ctx, checkout.PaymentQuery{Merchant: m.id, Limit: 100, Cursor: strings.TrimPrefix(cursor, "first")})
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range page {
					seen[p.Status]++
					all++
				}
				cursor = next
			}
		}
		if all != payments {
			t.Errorf("%d payments, want %d", all, payments)
		}
		for _, s := range checkout.Statuses {
			if seen[s] == 0 {
				t.Errorf("no payment is %s: %v", s, seen)
			}
		}
		for _, s := range []checkout.LinkStatus{checkout.LinkActive, checkout.LinkPaid, checkout.LinkExpired, checkout.LinkDeleted} {
			if found, _, err := l.Store.SearchLinks(ctx, checkout.LinkQuery{Merchant: l.Merchant, Status: s}); err != nil || len(found) == 0 {
				t.Errorf("no link is %s: %v", s, err)
			}
		}
		for _, n := range []int{Unpaid(0), Unpaid(links / 2), links, links + fresh - 1} {
			link, err := l.Store.LinkByToken(ctx, Token(n))
			if err != nil || link.Status(l.began) != checkout.LinkActive {
				t.Errorf("link %d is %s: %v", n, link.Status(l.began), err)
			}
		}
		if _, err := l.Store.KeyByHash(ctx, l.Store.HashKey(l.Key)); err != nil {
			t.Errorf("its API key: %v", err)
		}
		if waiting, err := l.Store.Unplaced(ctx, 10); err != nil || len(waiting) > 0 {
			t.Errorf("somebody would still be told of %v: %v", waiting, err)
		}
		if told, err := l.Store.TellExpired(ctx, 10); err != nil || told > 0 {
			t.Errorf("of %d ends nobody was told: %v", told, err)
		}
		if due, err := l.Store.LeaseDue(ctx, l.began, 10); err != nil || len(due) > 0 {
			t.Errorf("the bank would be asked about %v: %v", due, err)
		}
	})
}

func verified(t *testing.T, l *Ledger) {
	t.Helper()
	if err := l.Store.Verify(t.Context(), func(f sqlstore.Finding) { t.Error(f) }); err != nil {
		t.Fatal(err)
	}
}

// The same seed makes the same rows, whatever the ledger's keys are and however many make them at once, and a ledger
// that was filled in bulk has the rows that the store writes when the same things happen to it one after the other.
func TestSeededRowsAreThoseThatTheStoreWrites(t *testing.T) {
	databases(t, func(t *testing.T, address func() string) {
		f := Fill{Until: 25, Payments: 125, Span: 30 * 24 * time.Hour, Maker: "usr_0000000000000000000001"}
		filled, again, other, lived := opened(t, address(), 1), opened(t, address(), 1), opened(t, address(), 2), opened(t, address(), 1)
		for _, l := range []*Ledger{filled, again, other} {
			if err := l.Fill(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		lived.livedThrough(t, f)
		verified(t, lived)
		want := rows(t, filled)
		if what := difference(rows(t, again), want); what != "" {
			t.Errorf("the same seed makes another ledger: %s", what)
		}
		if what := difference(rows(t, lived), want); what != "" {
			t.Errorf("seeded rows are not what the store writes: %s", what)
		}
		if difference(rows(t, other), want) == "" {
			t.Error("another seed makes the same ledger")
		}
	})
}

// by has a ledger go by another clock, with the ids of a first Bulk.
func (l *Ledger) by(t *testing.T, clock func() time.Time) {
	t.Helper()
	err := l.Store.Close()
	if err == nil {
		l.Store, err = sqlstore.Open(t.Context(), sqlstore.Config{URL: l.Address, MasterKeys: [][]byte{masterKey}, Now: clock, IDs: idsOf(l.Seed, 1<<63)})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// livedThrough has everything happen to the ledger itself, step by step.
func (l *Ledger) livedThrough(t *testing.T, f Fill) {
	t.Helper()
	steps := &lived{t: t, ctx: t.Context()}
	l.by(t, func() time.Time { return steps.now })
	steps.store = l.Store
	for n := f.From; n < f.Until; n++ {
		if err := l.tell(steps, idsOf(l.Seed, 1+uint64(n)), f, n); err != nil {
			t.Fatalf("link %d: %v", n, err)
		}
	}
	told, err := l.Store.Unplaced(t.Context(), 1000)
	if err == nil {
		err = l.Store.Place(t.Context(), told)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lived is a book that is the ledger itself.
type lived struct {
	t     *testing.T
	ctx   context.Context
	store *sqlstore.Store
	now   time.Time
	made  checkout.Link
}

func (b *lived) At(now time.Time) { b.now = now }

func (b *lived) CreateLink(n checkout.NewLink) error {
	b.made = n.Link
	return b.store.CreateLink(b.ctx, n)
}

func (b *lived) ChangeLink(c checkout.LinkChange) (checkout.Link, error) {
	return b.store.ChangeLink(b.ctx, c)
}

func (b *lived) Admit(p checkout.Payment, e checkout.Event) (checkout.Payment, error) {
	return b.store.Admit(b.ctx, p, e)
}

func (b *lived) Move(m checkout.Move) (checkout.Moved, error) { return b.store.Move(b.ctx, m) }

func (b *lived) Expire(checkout.LinkID) error {
	_, err := b.store.TellExpired(b.ctx, 1)
	return err
}

func (b *lived) Opened(_ checkout.LinkID, at time.Time) {
	if err := b.store.NoteOpened(b.ctx, []checkout.Token{b.made.Token}, at); err != nil {
		b.t.Fatal(err)
	}
}

func (b *lived) Send(n checkout.NewMessage, made checkout.MessageSend, until time.Time) error {
	if _, err := b.store.AddMessage(b.ctx, n); err != nil {
		return err
	}
	due, err := b.store.LeaseMessages(b.ctx, n.Message.Channel, until, 10)
	if err != nil || len(due) != 1 {
		return fmt.Errorf("%d messages are due: %w", len(due), err)
	}
	return b.store.EndMessage(b.ctx, due[0], made, time.Time{}, false)
}

// keyed are columns that follow from the ledger's own keys; of the place in the feed and when it was given every
// ledger has its own order.
var keyed = []string{"head", "row_digest", "prev", "hash", "place", "done_at"}

// rows are what stands in the tables that are filled, as texts, by table.
func rows(t *testing.T, l *Ledger) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range []string{"links", "payments", "events", "outbox", "refunds", "messages", "message_attempts", "link_opens", "link_makers"} {
		found := everything(t, l.Address, table)
		if len(found) == 0 {
			t.Fatalf("nothing in %s", table)
		}
		slices.Sort(found)
		all[table] = found
	}
	return all
}

// everything is each row of a table as "column=value" in the order of the names.
func everything(t *testing.T, address, table string) (all []string) {
	t.Helper()
	line := func(row map[string]any) {
		if subject, ok := row["subject"].(string); ok && strings.HasPrefix(subject, "mer_") {
			return // the merchants' own are made as the seed is opened
		}
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(row)) {
			if !slices.Contains(keyed, name) {
				fmt.Fprintf(&b, "%s=%v\n", name, row[name])
			}
		}
		all = append(all, b.String())
	}
	if path, file := strings.CutPrefix(address, "sqlite:"); file {
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		err = sqlitex.ExecuteTransient(conn, "SELECT * FROM "+table, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			row := map[string]any{}
			for i := range s.ColumnCount() {
				row[s.ColumnName(i)] = s.ColumnText(i)
			}
			line(row)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	found, err := conn.Query(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	maps, err := pgx.CollectRows(found, pgx.RowToMap)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range maps {
		line(row)
	}
	return all
}

// difference is the first row that only one of two ledgers has, "" = none.
func difference(got, want map[string][]string) string {
	for _, table := range slices.Sorted(maps.Keys(want)) {
		if len(got[table]) != len(want[table]) {
			return fmt.Sprintf("%d rows of %s, and %d", len(got[table]), table, len(want[table]))
		}
		for i := range want[table] {
			if got[table][i] != want[table][i] {
				return fmt.Sprintf("in %s\n%s\nis not\n%s", table, got[table][i], want[table][i])
			}
		}
	}
	return ""
}

func TestTokensOfNumbersAreValidAndDiffer(t *testing.T) {
	seen := map[checkout.Token]bool{}
	for n := range 200_000 {
		token := Token(n)
		if !token.Valid() || seen[token] {
			t.Fatalf("link %d has the token %q", n, token)
		}
		seen[token] = true
	}
}

// Seeded links have order numbers as the gateway makes them, because Redis keeps those shorter than a merchant's own.
func TestOrderNumbersAreTheGatewaysAndDiffer(t *testing.T) {
	made := time.Date(2026, 11, 23, 1, 30, 0, 0, time.FixedZone("Istanbul", 3*60*60))
	shape := regexp.MustCompile(`^OD-261123-[2-9A-HJKMNP-Z]{8}$`)
	if drawn := checkout.NewIDs(rand.Reader).OrderNumber(made); !shape.MatchString(string(drawn)) {
		t.Fatalf("the gateway makes %q", drawn)
	}
	seen := map[checkout.OrderNumber]bool{}
	for n := range 200_000 {
		number := order(n*500, made)
		if !shape.MatchString(string(number)) || seen[number] {
			t.Fatalf("link %d has the order number %q", n, number)
		}
		seen[number] = true
	}
}
