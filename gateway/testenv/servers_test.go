package testenv

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSharedRedisGivesEveryCallItsOwnDatabase(t *testing.T) {
	first, second := Redis(t), Redis(t)
	if first == second {
		t.Fatalf("two calls got the same database %s", first)
	}
	u, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := redisDo(u.Host, "FLUSHALL"); err == nil {
		t.Error("a shared server lets one test wipe all others'")
	}
}

func TestPrivateRedisKeepsItsDataOverKillAndRestart(t *testing.T) {
	s := NewRedis(t)
	s.Do(t, "SET", "k", "v")
	s.Kill(t)
	if _, err := redisDo(s.Addr(), "PING"); err == nil {
		t.Error("it answers after Kill")
	}
	s.Kill(t)
	s.Start(t)
	if got := s.Do(t, "GET", "k"); got != "v" {
		t.Errorf("after the restart k = %v, want v", got)
	}
	s.Stop(t)
	s.Start(t)
	if got := s.Do(t, "GET", "k"); got != "v" {
		t.Errorf("after the orderly stop k = %v, want v", got)
	}
}

func TestFrozenRedisAcceptsAndStaysSilentUntilThawed(t *testing.T) {
	s := NewRedis(t)
	s.Freeze(t)
	conn, err := dialAndAsk(s.Addr())
	if err != nil {
		t.Fatalf("a frozen server should still take connections: %v", err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 16)); err == nil {
		t.Fatalf("a frozen server answered %d bytes", n)
	}
	s.Thaw(t)
	if got := s.Do(t, "PING"); got != "PONG" {
		t.Errorf("after Thaw PING answers %v", got)
	}
}

func TestRedisWritesEverythingReadableToItsFolder(t *testing.T) {
	s := NewRedis(t)
	s.Do(t, "SET", "k", "a value that is deleted at once")
	s.Do(t, "DEL", "k")
	s.Stop(t)
	if !folderHolds(t, s.Dir(), "a value that is deleted at once") {
		t.Error("a deleted value is not in the append-only file, so a card scan would miss it")
	}
}

func TestClusterServesEverySlotAndIsEmptiedForTheNextTest(t *testing.T) {
	t.Run("the first test fills it", func(t *testing.T) {
		node := strings.Split(strings.TrimPrefix(RedisCluster(t), "redis+cluster://"), ",")[0]
		if _, err := redisDo(node, "SET", "{}", "v"); err != nil && !strings.Contains(err.Error(), "MOVED") {
			t.Fatal(err)
		}
	})
	t.Run("the second finds it empty", func(t *testing.T) {
		nodes := strings.Split(strings.TrimPrefix(RedisCluster(t), "redis+cluster://"), ",")
		if len(nodes) != 3 {
			t.Fatalf("%d nodes, want 3", len(nodes))
		}
		for _, node := range nodes {
			if n, err := redisDo(node, "DBSIZE"); err != nil || n != int64(0) {
				t.Errorf("%s holds %v keys (%v), want none", node, n, err)
			}
		}
	})
	t.Run("sub-tests share what their test holds", func(t *testing.T) {
		outer := RedisCluster(t)
		t.Run("inner", func(t *testing.T) {
			if inner := RedisCluster(t); inner != outer {
				t.Errorf("inner got %s, outer has %s", inner, outer)
			}
		})
	})
}

func TestClusterIsWholeAgainAfterAMasterWasKilled(t *testing.T) {
	c := NewRedisCluster(t)
	c.Nodes[1].Kill(t)
	if err := c.whole(); err == nil {
		t.Error("whole with a master dead")
	}
	c.Nodes[1].Start(t)
	c.AwaitWhole(t)
}

func TestSentinelFailsOverToTheReplica(t *testing.T) {
	s := NewRedisSentinel(t)
	if got := s.MasterAddr(t); got != s.Master.Addr() {
		t.Fatalf("the master is %s, want %s", got, s.Master.Addr())
	}
	s.Failover(t, true)
	if got := s.Replica.Do(t, "SET", "k", "v"); got != "OK" {
		t.Errorf("the new master answers %v to a write", got)
	}
}

func TestPostgresGivesEveryCallItsOwnEmptyDatabase(t *testing.T) {
	first, second := Postgres(t), Postgres(t)
	if first == second {
		t.Fatal("two calls got the same database")
	}
	if err := runSQL(first, "CREATE TABLE t (x text)"); err != nil {
		t.Fatal(err)
	}
	if err := runSQL(second, "CREATE TABLE t (x text)"); err != nil {
		t.Errorf("the second database is not empty: %v", err)
	}
}

func TestKilledPostgresComesBackWithWhatWasCommitted(t *testing.T) {
	s := NewPostgres(t, PostgresOptions{})
	db := s.Database(t)
	long := strings.Repeat("a long value is stored as it is, ", 200)
	if err := runSQL(db, "CREATE TABLE t AS SELECT '"+long+"'::text AS x"); err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	if err := runSQL(db, "SELECT 1"); err == nil {
		t.Error("it answers after Kill")
	}
	s.Start(t)
	if err := runSQL(db, "INSERT INTO t SELECT 1/(count(*)) FROM t"); err != nil {
		t.Errorf("the committed row is gone: %v", err)
	}
	s.Stop(t)
	if !folderHolds(t, s.Dir(), long[:1000]) {
		t.Error("a long value is stored compressed, so a card scan would miss it")
	}
}

// A server that was killed answers nobody, not even for the moment that its children would need to notice:
// a test that reads right behind Kill must not be served by one of them.
func TestKillTakesTheServersChildrenAlong(t *testing.T) {
	s := NewPostgres(t, PostgresOptions{})
	family := children(s.cmd.Process.Pid)
	if len(family) == 0 {
		t.Fatal("PostgreSQL has no children")
	}
	s.Kill(t)
	for _, pid := range family {
		if !gone(pid) {
			t.Errorf("process %d outlives the server", pid)
		}
	}
}

func TestServersEndWithTheProcessThatStartedThem(t *testing.T) {
	if os.Getenv("TESTENV_CHILD") != "" {
		os.Stdout.WriteString(NewRedis(t).Addr() + " " + NewPostgres(t, PostgresOptions{}).Dir() + "\n")
		select {} // until killed
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "TESTENV_CHILD=1", EnvDir+"=")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	addr, dir, found := strings.Cut(strings.TrimSpace(string(line[:n])), " ")
	if !found {
		t.Fatalf("the child said %q", line[:n])
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed: that is its error
	err = await("see the child's servers end", func() error {
		if _, err := redisDo(addr, "PING"); err == nil {
			return errUnwanted
		}
		if _, err := os.Stat(filepath.Dir(dir)); err == nil {
			return errUnwanted
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestMissingProgramSaysWhatInstallsIt(t *testing.T) {
	_, err := program("no-such-package", []string{"no-such-program"})
	if err == nil || !strings.Contains(err.Error(), "make test") || !strings.Contains(err.Error(), "apt-get install no-such-package") {
		t.Errorf("the error says %v", err)
	}
}
