package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migration is one numbered file.
type migration struct {
	number int64
	name   string
	text   string
}

// Migrate brings the tables up to what this program knows. Each file is one transaction with the
// mark that it ran, so a stop inside one leaves it undone and the next start runs it again (C25);
// several gateways that start at once wait for each other. Files of a newer program are left alone:
// migrations only add, so an older program goes on working during an upgrade.
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.tables(ctx); err != nil {
		return err
	}
	err := s.engine.migrate(ctx, func(t tx) error {
		if err := s.ensureKeys(ctx, t); err != nil {
			return err
		}
		return s.readKeys(ctx, t)
	})
	return translate("migrate the ledger: keys", err)
}

// Tables brings the tables of a ledger up to date without a master key, which only serve is to know: the lasting
// keys, which are sealed under it, are made by the first Migrate.
func Tables(ctx context.Context, c Config) error {
	e, err := openEngine(ctx, c)
	if err != nil {
		return err
	}
	s := &Store{engine: e, fail: c.Fault}
	return errors.Join(s.tables(ctx), e.close())
}

// tables runs the files that this ledger has not seen.
func (s *Store) tables(ctx context.Context) error {
	all, err := readMigrations(migrations, s.engine.section())
	if err != nil {
		return err
	}
	ran, err := s.ran(ctx)
	if err != nil {
		return translate("migrate the ledger", err)
	}
	for _, m := range all {
		if ran[m.number] {
			continue
		}
		if err := s.migrateOne(ctx, m); err != nil {
			return translate("migrate the ledger: "+m.name, err)
		}
	}
	return nil
}

// ran asks once which files need not be looked at: a start on a ledger that is up to date takes no lock for
// each. A file that is not among them is looked for again in its own transaction.
func (s *Store) ran(ctx context.Context) (map[int64]bool, error) {
	ran := map[int64]bool{}
	err := s.engine.read(ctx, false, func(q querier) error {
		return q.query(ctx, "SELECT number FROM migrations", func(r row) error { ran[r.num()] = true; return nil })
	})
	if missingTable(err) {
		return nil, nil
	}
	return ran, err
}

func (s *Store) migrateOne(ctx context.Context, m migration) error {
	return s.engine.migrate(ctx, func(t tx) error {
		_, err := t.exec(ctx, "CREATE TABLE IF NOT EXISTS migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)")
		if err != nil {
			return err
		}
		done := false
		err = t.query(ctx, "SELECT number FROM migrations WHERE number = $1", func(row) error { done = true; return nil }, m.number)
		if err != nil || done {
			return err
		}
		if err := t.script(ctx, m.text); err != nil {
			return err
		}
		if err := s.fault(FaultBeforeCommit); err != nil {
			return err
		}
		_, err = t.exec(ctx, "INSERT INTO migrations (number, name) VALUES ($1, $2)", m.number, m.name)
		return err
	})
}

// readMigrations lists the files by number, with the sections of the other engine left out.
func readMigrations(files fs.FS, section string) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		base := strings.TrimPrefix(name, "migrations/")
		number, err := strconv.ParseInt(base[:min(4, len(base))], 10, 64)
		if err != nil || number != int64(len(out)+1) {
			return nil, fmt.Errorf("migration %s: its number should be %04d", base, len(out)+1)
		}
		part, err := sections(string(text), section)
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", base, err)
		}
		out = append(out, migration{number: number, name: base, text: part})
	}
	return out, nil
}

// sections keeps the statements for both engines and for one, without comment lines.
func sections(text, engine string) (string, error) {
	var b strings.Builder
	keep := true
	for _, line := range strings.Split(text, "\n") {
		if name, ok := strings.CutPrefix(line, "--: "); ok {
			if name != "both" && name != "sqlite" && name != "postgres" {
				return "", fmt.Errorf("unknown section %q", name)
			}
			keep = name == "both" || name == engine
			continue
		}
		if keep && !strings.HasPrefix(strings.TrimSpace(line), "--") {
			b.WriteString(line + "\n")
		}
	}
	return b.String(), nil
}
