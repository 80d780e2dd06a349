package testenv

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// PostgresServer is one PostgreSQL cluster: a data folder and the postmaster that serves it.
type PostgresServer struct {
	Process
	port     int
	password string
}

// PostgresOptions are what a test may want otherwise than fast.
type PostgresOptions struct {
	// Durable syncs every commit to the disk, as in production: for measuring. Without it a commit is
	// still written before it is acknowledged, so it survives kill -9 of every process, not a power cut.
	Durable bool

	// Settings are lines of postgresql.conf, for example "max_connections = 20".
	Settings []string
}

// URL is postgres://user:password@host:port/database?sslmode=disable.
func (s *PostgresServer) URL(database string) string {
	return fmt.Sprintf("postgres://odelink:%s@%s/%s?sslmode=disable", s.password, loopback(s.port), database)
}

// Database makes a new, empty database on this server and returns its URL.
func (s *PostgresServer) Database(t testing.TB) string {
	t.Helper()
	return newDatabase(t, s.URL("postgres"))
}

// Postgres returns the URL of a new, empty database that no other test has, on a server that other
// tests use at the same time. A test that kills the server takes NewPostgres.
func Postgres(t testing.TB) string {
	t.Helper()
	admin, err := sharedPostgres()
	if err != nil {
		t.Fatal(err)
	}
	return newDatabase(t, admin)
}

// sharedPostgres is the URL of the run's server, or of this process's own.
var sharedPostgres = sync.OnceValues(func() (string, error) {
	if text := os.Getenv(EnvPostgresURL); text != "" {
		return text, nil
	}
	s, err := StartSharedPostgres()
	if err != nil {
		return "", err
	}
	return s.URL("postgres"), nil
})

// StartSharedPostgres starts the server behind Postgres. It is for the command that runs the tests; it
// is ended by End or with this process.
func StartSharedPostgres() (*PostgresServer, error) {
	return startPostgres("postgres-shared", PostgresOptions{Settings: []string{"max_connections = 400"}})
}

// NewPostgres makes and starts a PostgreSQL server for this test alone. It ends with the test.
func NewPostgres(t testing.TB, o PostgresOptions) *PostgresServer {
	t.Helper()
	s, err := startPostgres(t.Name(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Kill(t) })
	return s
}

// startPostgres makes a data folder and serves it on a free port.
func startPostgres(name string, o PostgresOptions) (*PostgresServer, error) {
	initdb, err := postgresProgram("initdb")
	if err != nil {
		return nil, err
	}
	postgres, err := postgresProgram("postgres")
	if err != nil {
		return nil, err
	}
	dir, err := newDir("postgres", name)
	if err != nil {
		return nil, err
	}
	account, err := postgresAccount(dir)
	if err != nil {
		return nil, err
	}
	s := &PostgresServer{password: randomName()}
	s.name, s.dir, s.dying, s.asUser = "PostgreSQL", dir, syscall.SIGQUIT, account
	data := filepath.Join(dir, "data")
	if err := s.makeCluster(initdb, data, o); err != nil {
		return nil, err
	}
	s.ready = func(pid int) error { return postmasterReady(data, pid) }
	for try := 1; ; try++ {
		if s.port, err = FreePort(); err != nil {
			return nil, err
		}
		s.argv = []string{postgres, "-D", data, "-p", strconv.Itoa(s.port)}
		if err = s.start(); err == nil {
			break
		}
		if !errors.Is(err, errEnded) || try == startTries {
			return nil, err
		}
	}
	return s, s.keepPlain()
}

// makeCluster runs initdb and writes the settings. The password goes by a file and over loopback in
// plain: hashing it at each of thousands of connections under the race detector would cost minutes.
func (s *PostgresServer) makeCluster(initdb, data string, o PostgresOptions) error {
	secret := filepath.Join(s.dir, "password")
	if err := os.WriteFile(secret, []byte(s.password+"\n"), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(initdb, "-D", data, "-U", "odelink", "--pwfile", secret, "--auth=password",
		"-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	cmd.Dir = s.dir
	cmd.SysProcAttr = childAttributes(syscall.SIGKILL)
	cmd.SysProcAttr.Credential = s.asUser
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, text)
	}
	settings := []string{"listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "shared_buffers = 64MB",
		"timezone = 'UTC'", "log_timezone = 'UTC'", "log_checkpoints = off", "autovacuum_naptime = 1h"}
	if !o.Durable {
		settings = append(settings, "fsync = off", "full_page_writes = off")
	}
	settings = append(settings, o.Settings...)
	file, err := os.OpenFile(filepath.Join(data, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := file.WriteString("\n" + strings.Join(settings, "\n") + "\n"); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// keepPlain turns off the compression of long values in databases made from now on, so that the card
// scan reads what was stored.
func (s *PostgresServer) keepPlain() error {
	return runSQL(s.URL("template1"), "UPDATE pg_type SET typstorage = 'e' WHERE typstorage IN ('x', 'm')")
}

// postmasterReady reads the state that the postmaster of this data folder writes about itself: its
// process id in the first line of postmaster.pid and its state in the eighth.
func postmasterReady(data string, pid int) error {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 8 || lines[0] != strconv.Itoa(pid) || strings.TrimSpace(lines[7]) != "ready" {
		return errors.New("the postmaster is not ready")
	}
	return nil
}

// newDatabase makes a database by way of a server's maintenance database. Outside `make test` it goes
// with the test; in it, it stays for the card scan.
func newDatabase(t testing.TB, admin string) string {
	t.Helper()
	name := "t_" + randomName()
	if err := runSQL(admin, "CREATE DATABASE "+name+" STRATEGY FILE_COPY"); err != nil {
		t.Fatal(err)
	}
	if os.Getenv(EnvDir) == "" {
		// A server that the test has killed took the database with it.
		t.Cleanup(func() { _ = runSQL(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("the address of PostgreSQL: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// runSQL sends one statement through psql, which spares this package a driver.
func runSQL(address, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return runSQLFor(ctx, address, statement)
}

func runSQLFor(ctx context.Context, address, statement string) error {
	psql, err := program("postgresql-client", []string{"psql"})
	if err != nil {
		return err
	}
	text, err := exec.CommandContext(ctx, psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement, "-d", address).CombinedOutput()
	if err != nil {
		return fmt.Errorf("psql %q: %w: %s", statement, err, text)
	}
	return nil
}

// postgresProgram finds a server program: Debian keeps them out of the search path, in a folder for each
// version; the newest is taken.
func postgresProgram(name string) (string, error) {
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(folders, func(a, b string) int { return postgresVersion(b) - postgresVersion(a) })
	return program("postgresql", []string{name}, folders...)
}

// postgresVersion is the number in /usr/lib/postgresql/NUMBER/bin; 0 for any other path.
func postgresVersion(folder string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	return n
}

// postgresAccount gives the server's folder to the user it will run as: PostgreSQL refuses root.
// For anyone else it is nil, the same user.
func postgresAccount(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("find a user to run PostgreSQL as: %w", err)
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Start brings a stopped or killed server back on the same port and data. After a Kill the processes
// that served connections need a moment to notice and leave; until then the data folder is taken.
func (s *PostgresServer) Start(t testing.TB) {
	t.Helper()
	var last error
	err := await("restart PostgreSQL", func() error {
		if last = s.start(); errors.Is(last, errEnded) {
			return errors.New("the data folder is still in use")
		}
		return nil
	})
	if err = errors.Join(err, last); err != nil {
		t.Fatal(err)
	}
}
