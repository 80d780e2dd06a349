package testenv

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// redisDatabases is how many databases a shared server has: one for every call of Redis in a run.
const redisDatabases = 10000

// startTries is how often a server is started again because somebody took its port meanwhile.
const startTries = 5

// RedisServer is one redis-server process.
type RedisServer struct {
	Process
	port int
}

// Addr is host:port.
func (s *RedisServer) Addr() string { return loopback(s.port) }

// URL is redis://host:port/0.
func (s *RedisServer) URL() string { return "redis://" + s.Addr() + "/0" }

// Do sends one command, as redis-cli would, and returns string, int64, nil or []any.
// An error answer of the server ends the test.
func (s *RedisServer) Do(t testing.TB, args ...string) any {
	t.Helper()
	answer, err := redisDo(s.Addr(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Redis returns the URL (redis://host:port/number) of an empty database that no other test has, on a
// server that other tests use at the same time. FLUSHALL is refused there: a test that flushes, fills,
// configures or kills a whole server takes NewRedis.
func Redis(t testing.TB) string {
	t.Helper()
	addr, err := sharedRedis()
	if err != nil {
		t.Fatal(err)
	}
	number, err := redisDo(addr, "INCR", "testenv:databases")
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := number.(int64); !ok || n >= redisDatabases {
		t.Fatalf("testenv.Redis: more than %d databases asked for in one run", redisDatabases)
	}
	return fmt.Sprintf("redis://%s/%d", addr, number)
}

// sharedRedis is the host:port of the run's server, or of this process's own.
var sharedRedis = sync.OnceValues(func() (string, error) {
	if text := os.Getenv(EnvRedisURL); text != "" {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "redis" {
			return "", fmt.Errorf("%s is %q, want redis://host:port", EnvRedisURL, text)
		}
		return u.Host, nil
	}
	s, err := StartSharedRedis()
	if err != nil {
		return "", err
	}
	return s.Addr(), nil
})

// StartSharedRedis starts the server behind Redis. It is for the command that runs the tests; it is
// ended by End or with this process.
func StartSharedRedis() (*RedisServer, error) {
	return startRedis("redis-shared", "--databases", strconv.Itoa(redisDatabases), "--rename-command", "FLUSHALL", "")
}

// NewRedis starts a redis-server for this test alone; extra are further arguments of the program, for
// example "--maxmemory", "10mb". It ends with the test.
func NewRedis(t testing.TB, extra ...string) *RedisServer {
	t.Helper()
	s, err := startRedis(t.Name(), extra...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Kill(t) })
	return s
}

// startRedis starts a server that appends every write to a file, uncompressed and never rewritten, so
// that the card scan sees all that was ever stored.
func startRedis(name string, extra ...string) (*RedisServer, error) {
	bin, err := program("redis-server", []string{"redis-server"})
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		s, err := tryRedis(bin, name, extra)
		if err == nil || !errors.Is(err, errEnded) || try == startTries {
			return s, err
		}
	}
}

func tryRedis(bin, name string, extra []string) (*RedisServer, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	dir, err := newDir("redis", name)
	if err != nil {
		return nil, err
	}
	s := &RedisServer{port: port}
	s.name, s.dir, s.dying = "redis-server", dir, syscall.SIGKILL
	s.argv = append([]string{bin, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "yes", "--appendfsync", "no", "--aof-use-rdb-preamble", "no",
		"--auto-aof-rewrite-percentage", "0", "--rdbcompression", "no"}, extra...)
	s.ready = func(pid int) error {
		text, err := redisText(s.Addr(), "INFO") // which it answers before it has read its data, and hardly anything else
		if err != nil {
			return err
		}
		if infoField(text, "process_id") != strconv.Itoa(pid) {
			return errors.New("another server answers on this port")
		}
		if infoField(text, "loading") != "0" {
			return errors.New("it still reads its data")
		}
		return nil
	}
	return s, s.start()
}

// Cluster is a Redis Cluster of three masters without replicas.
type Cluster struct {
	Nodes []*RedisServer
}

// URL is redis+cluster://host:port,host:port,host:port.
func (c *Cluster) URL() string {
	addrs := make([]string, len(c.Nodes))
	for i, n := range c.Nodes {
		addrs[i] = n.Addr()
	}
	return "redis+cluster://" + strings.Join(addrs, ",")
}

// leases lends this process's one cluster and one sentinel set to one test at a time.
type lease struct {
	mu     sync.Mutex
	free   sync.Cond
	holder string
}

// take waits until the thing is free and holds it until the test ends. The same test, and the sub-tests
// of a test that holds it, share it; then first is false.
func (l *lease) take(t testing.TB) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free.L = &l.mu
	for l.holder != "" {
		if t.Name() == l.holder || strings.HasPrefix(t.Name(), l.holder+"/") {
			return false
		}
		l.free.Wait()
	}
	l.holder = t.Name()
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.holder = ""
		l.free.Broadcast()
	})
	return true
}

var clusterLease lease

// RedisCluster returns the URL (redis+cluster://host:port,host:port,host:port) of three masters that
// belong to this test until it ends, emptied. Every process of tests has one cluster of its own,
// started on first use; further tests of the same process wait for their turn.
func RedisCluster(t testing.TB) string {
	t.Helper()
	first := clusterLease.take(t)
	c, err := ownCluster()
	if err != nil {
		t.Fatal(err)
	}
	if first {
		for _, n := range c.Nodes {
			n.Do(t, "FLUSHALL")
		}
	}
	return c.URL()
}

var ownCluster = sync.OnceValues(func() (*Cluster, error) { return startCluster("own") })

// NewRedisCluster starts three masters for this test alone, whose processes it may kill. They end with
// the test.
func NewRedisCluster(t testing.TB) *Cluster {
	t.Helper()
	c, err := startCluster(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, n := range c.Nodes {
			n.Kill(t)
		}
	})
	return c
}

// startCluster starts three masters, gives each a third of the slots and waits until all three say
// that the cluster is whole.
func startCluster(name string) (*Cluster, error) {
	c := new(Cluster)
	const masters, slots = 3, 16384
	for i := range masters {
		node, err := startClusterNode(name)
		if err != nil {
			return nil, err
		}
		c.Nodes = append(c.Nodes, node)
		first, last := i*slots/masters, (i+1)*slots/masters-1
		if _, err := redisDo(node.Addr(), "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last)); err != nil {
			return nil, err
		}
		if _, err := redisDo(node.Addr(), "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
			return nil, err
		}
	}
	for _, node := range c.Nodes[1:] {
		bus, err := redisDo(node.Addr(), "CONFIG", "GET", "cluster-port")
		if err != nil {
			return nil, err
		}
		list, _ := bus.([]any)
		if len(list) != 2 {
			return nil, fmt.Errorf("redis %s: CONFIG GET cluster-port answered %v", node.Addr(), bus)
		}
		if _, err := redisDo(c.Nodes[0].Addr(), "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(node.port), fmt.Sprint(list[1])); err != nil {
			return nil, err
		}
	}
	return c, await("form a Redis Cluster", c.whole)
}

// whole is nil when every node knows all three and sees every slot served.
func (c *Cluster) whole() error {
	for _, n := range c.Nodes {
		text, err := redisText(n.Addr(), "CLUSTER", "INFO")
		if err != nil {
			return err
		}
		state, known, served := infoField(text, "cluster_state"), infoField(text, "cluster_known_nodes"), infoField(text, "cluster_slots_ok")
		if state != "ok" || known != strconv.Itoa(len(c.Nodes)) || served != "16384" {
			return fmt.Errorf("%s: state %s, %s nodes known, %s slots served", n.Addr(), state, known, served)
		}
	}
	return nil
}

// AwaitWhole returns when the cluster serves every slot again, after nodes were restarted.
func (c *Cluster) AwaitWhole(t testing.TB) {
	t.Helper()
	if err := await("make the Redis Cluster whole again", c.whole); err != nil {
		t.Fatal(err)
	}
}

func startClusterNode(name string) (*RedisServer, error) {
	for try := 1; ; try++ {
		bus, err := FreePort()
		if err != nil {
			return nil, err
		}
		s, err := startRedis(name, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
			"--cluster-node-timeout", "2000", "--cluster-port", strconv.Itoa(bus))
		if err == nil || try == startTries {
			return s, err
		}
	}
}

// Sentinel is one master, one replica and one sentinel that watches them under the name mymaster.
type Sentinel struct {
	Master, Replica *RedisServer
	Watcher         *RedisServer // the sentinel itself
}

// URL is redis+sentinel://host:port/mymaster.
func (s *Sentinel) URL() string { return "redis+sentinel://" + s.Watcher.Addr() + "/mymaster" }

// MasterAddr asks the sentinel who is master now: host:port.
func (s *Sentinel) MasterAddr(t testing.TB) string {
	t.Helper()
	list, _ := s.Watcher.Do(t, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster").([]any)
	if len(list) != 2 {
		t.Fatalf("the sentinel knows no master: %v", list)
	}
	return fmt.Sprintf("%s:%s", list...)
}

// Failover makes the replica master and returns when both the sentinel and the new master say so.
// The old master is killed first when kill is set: its unreplicated writes are lost, as in a crash.
func (s *Sentinel) Failover(t testing.TB, kill bool) {
	t.Helper()
	if kill {
		s.Master.Kill(t)
	} else {
		s.Watcher.Do(t, "SENTINEL", "FAILOVER", "mymaster")
	}
	err := await("fail over to the replica", func() error {
		if addr := s.MasterAddr(t); addr != s.Replica.Addr() {
			return fmt.Errorf("master is still %s", addr)
		}
		return s.hasRole(s.Replica, "master")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Sentinel) hasRole(server *RedisServer, role string) error {
	text, err := redisText(server.Addr(), "INFO", "replication")
	if err != nil {
		return err
	}
	if now := infoField(text, "role"); now != role {
		return fmt.Errorf("%s is %s", server.Addr(), now)
	}
	return nil
}

var sentinelLease lease

// RedisSentinel returns the URL (redis+sentinel://host:port/mymaster) of a master with a replica that
// belong to this test until it ends, emptied. Who wants to fail over takes NewRedisSentinel.
func RedisSentinel(t testing.TB) string {
	t.Helper()
	first := sentinelLease.take(t)
	s, err := ownSentinel()
	if err != nil {
		t.Fatal(err)
	}
	if first {
		s.Master.Do(t, "FLUSHALL")
	}
	return s.URL()
}

var ownSentinel = sync.OnceValues(func() (*Sentinel, error) { return startSentinel("own") })

// NewRedisSentinel starts a master, a replica and a sentinel for this test alone. They end with the test.
func NewRedisSentinel(t testing.TB) *Sentinel {
	t.Helper()
	s, err := startSentinel(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Watcher.Kill(t)
		s.Replica.Kill(t)
		s.Master.Kill(t)
	})
	return s
}

func startSentinel(name string) (*Sentinel, error) {
	set := new(Sentinel)
	var err error
	if set.Master, err = startRedis(name, "--repl-diskless-sync-delay", "0"); err != nil {
		return nil, err
	}
	if set.Replica, err = startRedis(name, "--replicaof", "127.0.0.1 "+strconv.Itoa(set.Master.port)); err != nil {
		return nil, err
	}
	// A sentinel looks for replicas when it connects and then every ten seconds: have one before.
	err = await("replicate", func() error {
		text, err := redisText(set.Master.Addr(), "INFO", "replication")
		if err != nil {
			return err
		}
		if !strings.Contains(text, "state=online") {
			return errors.New("the replica is not online")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if set.Watcher, err = startSentinelProcess(name, set.Master.port); err != nil {
		return nil, err
	}
	return set, await("let the sentinel see its replica", func() error {
		answer, err := redisDo(set.Watcher.Addr(), "SENTINEL", "REPLICAS", "mymaster")
		if err != nil {
			return err
		}
		if list, _ := answer.([]any); len(list) != 1 || !strings.Contains(fmt.Sprint(list), "master-link-status ok") {
			return errors.New("no replica seen in good order")
		}
		return nil
	})
}

// startSentinelProcess runs redis-server in its sentinel mode, which wants a file that it may rewrite.
func startSentinelProcess(name string, master int) (*RedisServer, error) {
	bin, err := program("redis-server", []string{"redis-server"})
	if err != nil {
		return nil, err
	}
	dir, err := newDir("sentinel", name)
	if err != nil {
		return nil, err
	}
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "sentinel.conf")
	settings := fmt.Sprintf("port %d\nbind 127.0.0.1\ndir %s\nsentinel monitor mymaster 127.0.0.1 %d 1\n"+
		"sentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 3000\n", port, dir, master)
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		return nil, err
	}
	s := &RedisServer{port: port}
	s.name, s.dir, s.dying = "redis-server --sentinel", dir, syscall.SIGKILL
	s.argv = []string{bin, file, "--sentinel"}
	s.ready = func(int) error {
		_, err := redisDo(s.Addr(), "PING")
		return err
	}
	return s, s.start()
}

// End stops a server that no test owns. It waits at most patience and then kills.
func (p *Process) End() error {
	over := make(chan error, 1)
	go func() { over <- p.end(p.stopSignal()) }()
	select {
	case err := <-over:
		return err
	case <-time.After(patience):
		if err := syscall.Kill(p.cmd.Process.Pid, syscall.SIGKILL); err != nil {
			return fmt.Errorf("end %s: %w", p.name, err)
		}
		return <-over
	}
}
