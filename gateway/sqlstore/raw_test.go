package sqlstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// byHand runs one statement as somebody with the database's password would, past the program.
func byHand(t testing.TB, url, statement string) error {
	t.Helper()
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return sqlitex.ExecuteScript(conn, statement, nil)
	}
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	_, err = conn.PgConn().Exec(context.Background(), statement).ReadAll()
	return err
}

// files are the databases that others can reach beside the program.
func files(t *testing.T, test func(t *testing.T, url string)) {
	for _, name := range []string{"SQLite", "PostgreSQL"} {
		t.Run(name, func(t *testing.T) { test(t, databases[name](t)) })
	}
}
