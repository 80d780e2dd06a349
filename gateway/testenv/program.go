package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

// Program is a program of this project as a process of its own: killed with this process, however that
// ends. What it prints is in its log.
type Program struct {
	Process

	// Addrs are the loopback addresses that it was given, host:port.
	Addrs []string
}

// Command is how a program is started.
type Command struct {
	Argv []string
	Env  []string     // whole; nil = ours
	Up   func() error // nil when it answers at its addresses
}

// StartProgram starts a program on as many free ports as it needs and returns when it answers. plan is asked
// again, with other addresses, when somebody took a port meanwhile. It is for commands; the program is
// ended by End or with this process.
func StartProgram(name string, ports int, plan func(dir string, addrs []string) Command) (*Program, error) {
	for try := 1; ; try++ {
		p, err := tryProgram(name, ports, plan)
		if err == nil || !errors.Is(err, errEnded) || try == startTries {
			return p, err
		}
	}
}

func tryProgram(name string, ports int, plan func(dir string, addrs []string) Command) (*Program, error) {
	dir, err := newDir("program", name)
	if err != nil {
		return nil, err
	}
	p := &Program{}
	for range ports {
		port, err := FreePort()
		if err != nil {
			return nil, err
		}
		p.Addrs = append(p.Addrs, loopback(port))
	}
	c := plan(dir, p.Addrs)
	p.name, p.dir, p.argv, p.env, p.dying = name, dir, c.Argv, c.Env, syscall.SIGKILL
	p.ready = func(int) error { return c.Up() }
	return p, p.start()
}

// PID is the process's number, 0 when it does not run.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Remove ends the program with all that it started, in whatever depth, and removes its folder.
func (p *Program) Remove(t testing.TB) {
	t.Helper()
	if pid := p.PID(); pid != 0 {
		_ = syscall.Kill(-pid, syscall.SIGKILL) // its process group; Kill tells what went wrong
	}
	p.Kill(t)
	if err := await("remove the folder of "+p.name, func() error { return os.RemoveAll(p.dir) }); err != nil {
		t.Error(err)
	}
}

// StartRedis starts a redis-server that no test owns; extra are further arguments of the program. It is
// ended by End or with this process.
func StartRedis(name string, extra ...string) (*RedisServer, error) {
	return startRedis(name, extra...)
}

// StartRedisCluster starts three masters that no test owns. Each is ended by End or with this process.
func StartRedisCluster(name string) (*Cluster, error) { return startCluster(name) }

// Ask sends one command, as redis-cli would, and answers string, int64, nil or []any. It waits for five seconds
// at most.
func (s *RedisServer) Ask(args ...string) (any, error) { return redisDo(s.Addr(), args...) }

// StartPostgres starts a PostgreSQL server that no test owns. It is ended by End or with this process.
func StartPostgres(name string, o PostgresOptions) (*PostgresServer, error) {
	return startPostgres(name, o)
}

// Create makes a new, empty database and answers its URL. It goes with the server's files.
func (s *PostgresServer) Create() (address string, err error) {
	name := "t_" + randomName()
	if err := runSQL(s.URL("postgres"), "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("make a database: %w", err)
	}
	return s.URL(name), nil
}

// SQL runs one statement that answers nothing, for as long as it takes.
func SQL(address, statement string) error { return runSQLFor(context.Background(), address, statement) }

// Folder makes a folder that goes with this process, unless EnvDir keeps it.
func Folder(name string) (string, error) { return newDir("folder", name) }
