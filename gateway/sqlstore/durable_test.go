package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv"
)

func openStore(t *testing.T, url string) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{URL: url, MasterKeys: [][]byte{make([]byte, MasterKeySize)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// setting reads a setting of the connection that writes.
func setting(t *testing.T, s *Store, q string) (text string) {
	t.Helper()
	err := s.solo(t.Context(), func(ctx context.Context, x tx) error {
		return x.query(ctx, q, func(r row) error { text = r.text(); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestC29_CommitsAreSynced: no test can pull the plug, so the settings that make a commit survive it
// are held instead.
func TestC29_CommitsAreSynced(t *testing.T) {
	path := filepath.Join(testenv.Dir(t), "ledger.db")
	lite, big := openStore(t, "sqlite:"+path), openStore(t, testenv.Postgres(t))
	for _, want := range []struct {
		s       *Store
		q, text string
	}{
		{lite, "PRAGMA synchronous", "2"}, // FULL
		{lite, "PRAGMA journal_mode", "wal"},
		{big, "SHOW synchronous_commit", "on"},
	} {
		if got := setting(t, want.s, want.q); got != want.text {
			t.Errorf("%s: %s, want %s", want.q, got, want.text)
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("ledger%s is %o", suffix, mode)
		}
	}
}

// TestC23_TheDiskIsReallyFull lets SQLite run out of pages in the middle of a transaction.
func TestC23_TheDiskIsReallyFull(t *testing.T) {
	s := openStore(t, "sqlite:"+filepath.Join(testenv.Dir(t), "ledger.db"))
	ids := s.ids
	link := func() checkout.NewLink {
		now := time.Now()
		return checkout.NewLink{Link: checkout.Link{
			ID: ids.Link(now), Token: ids.Token(), Merchant: "mer_1", Order: ids.OrderNumber(now), CreatedAt: now,
			Amount: checkout.Money{Minor: 100, Currency: checkout.TRY}, Usage: checkout.UsageSingle,
			ActiveFrom: now, ExpiresAt: now.Add(time.Hour), Description: strings.Repeat("x", 20_000),
		}}
	}
	first := link()
	if err := s.CreateLink(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	setting(t, s, "PRAGMA max_page_count = 1") // as many as there are
	second := link()
	if err := s.CreateLink(t.Context(), second); !errors.Is(err, checkout.ErrStoreAway) {
		t.Fatal(err)
	}
	if _, err := s.LinkByToken(t.Context(), first.Link.Token); err != nil {
		t.Errorf("reads go on: %v", err)
	}
	if _, err := s.LinkByToken(t.Context(), second.Link.Token); !errors.Is(err, checkout.ErrNoLink) {
		t.Errorf("half a link: %v", err)
	}
	setting(t, s, "PRAGMA max_page_count = 1000000")
	if err := s.CreateLink(t.Context(), second); err != nil {
		t.Errorf("after space returned: %v", err)
	}
	if err := s.Verify(t.Context(), func(f Finding) { t.Error(f) }); err != nil {
		t.Error(err)
	}
}

// TestCanonIsUnambiguous: what is hashed for two different lists of values is never the same.
func TestCanonIsUnambiguous(t *testing.T) {
	lists := [][]any{
		{"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {[]byte("abc")}, {}, {nil}, {""}, {[]byte{}},
		{int64(0)}, {int64(1)}, {int64(-1)}, {"1"}, {nil, "1"}, {"t\x00\x00\x00\x01a"}, {"t", "a"},
	}
	seen := map[string]int{}
	for i, values := range lists {
		var c canon
		for _, v := range values {
			c.value(v)
		}
		if other, known := seen[string(c.b)]; known {
			t.Errorf("%q and %q give the same bytes", lists[other], values)
		}
		seen[string(c.b)] = i
	}
}

func TestPairs(t *testing.T) {
	for _, m := range []map[string]string{{}, {"a": "b"}, {"": "", "ş": "ğ\x00", "b": "a"}} {
		got, err := decodePairs(encodePairs(m))
		if err != nil || len(got) != len(m) {
			t.Errorf("%q: %q, %v", m, got, err)
		}
		for k, v := range m {
			if got[k] != v {
				t.Errorf("%q: %q", m, got)
			}
		}
	}
	good := encodePairs(map[string]string{"a": "b"})
	for n := range good {
		if _, err := decodePairs(good[:n]); err == nil {
			t.Errorf("cut at %d: accepted", n)
		}
		changed := bytes.Clone(good)
		changed[n] ^= 0x80
		if got, err := decodePairs(changed); err == nil && got["a"] == "b" {
			t.Errorf("changed at %d: accepted as before", n)
		}
	}
	if _, err := decodePairs(append(good, 0)); err == nil {
		t.Error("something behind it: accepted")
	}
}

func TestMigrationFiles(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const text = "-- why\na;\n--: sqlite\nb;\n--: postgres\nc;\n--: both\nd;\n"
	for section, want := range map[string]string{"sqlite": "a;\nb;\nd;\n\n", "postgres": "a;\nc;\nd;\n\n"} {
		got, err := readMigrations(fstest.MapFS{"migrations/0001_x.sql": file(text)}, section)
		if err != nil || len(got) != 1 || got[0].text != want {
			t.Errorf("%s: %+v, %v", section, got, err)
		}
	}
	for name, files := range map[string]fstest.MapFS{
		"a gap":              {"migrations/0001_x.sql": file("a;"), "migrations/0003_y.sql": file("b;")},
		"one number twice":   {"migrations/0001_x.sql": file("a;"), "migrations/0001_y.sql": file("b;")},
		"no number":          {"migrations/x.sql": file("a;")},
		"an unknown section": {"migrations/0001_x.sql": file("--: mysql\na;")},
	} {
		if _, err := readMigrations(files, "sqlite"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A question that takes longer than it is worth is given up, and what was prepared on its connection stays: lists ask for
// their sums at every view.
func TestAQuestionThatIsGivenUpKeepsItsConnection(t *testing.T) {
	const long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n"
	for name, url := range map[string]string{"SQLite": "sqlite:" + filepath.Join(testenv.Dir(t), "ledger.db"), "PostgreSQL": testenv.Postgres(t)} {
		s := openStore(t, url)
		ask := func(q string, most time.Duration) (n int64, inTime bool, err error) {
			inTime, err = s.readSoon(t.Context(), most, func(db querier) error {
				return db.query(t.Context(), q, func(r row) error { n = r.num(); return nil })
			})
			return n, inTime, err
		}
		who := "SELECT 7"
		if name == "PostgreSQL" {
			who = "SELECT CAST(pg_backend_pid() AS BIGINT)"
		}
		before, inTime, err := ask(who, time.Minute)
		if err != nil || !inTime {
			t.Fatalf("%s: %v", name, err)
		}
		if _, inTime, err := ask(long, 30*time.Millisecond); err != nil || inTime {
			t.Errorf("%s: in time: %v, %v", name, inTime, err)
		}
		if after, inTime, err := ask(who, time.Minute); err != nil || !inTime || after != before {
			t.Errorf("%s: connection %d, then %d: %v", name, before, after, err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.readSoon(over, time.Minute, func(db querier) error { return db.query(over, long, func(row) error { return nil }) }); err == nil {
			t.Errorf("%s: a caller that has gone is told that it is in time", name)
		}
	}
}
