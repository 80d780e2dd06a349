package redisstore

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// address is what the one setting says. It may hold a password: it is never printed.
type address struct {
	kind             string // "", "cluster" or "sentinel"
	tls              bool
	user, pass       string
	hosts            []string // host:port
	master           string
	db               int
	guardUser, guard string // user and password of the sentinels themselves
}

// CheckURL says whether a setting is an address that Open takes; nothing is asked. The mistake never
// repeats the setting, which may hold a password.
func CheckURL(text string) error {
	_, err := parseURL(text)
	return err
}

// parseURL reads
//
//	redis://[user:pass@]host[:port][/db]                   rediss:// with TLS
//	redis+cluster://[user:pass@]host:port,host:port        rediss+cluster:// with TLS
//	redis+sentinel://[user:pass@]host:port,host:port/master[?db=1&sentinel_user=…&sentinel_password=…]
//
// User and password are those of the data servers. The errors never repeat the setting.
func parseURL(text string) (address, error) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return address{}, errors.New("redis url: no scheme")
	}
	a := address{}
	base, kind, _ := strings.Cut(scheme, "+")
	if a.kind, a.tls = kind, base == "rediss"; (base != "redis" && base != "rediss") || (kind != "" && kind != "cluster" && kind != "sentinel") || strings.HasSuffix(scheme, "+") {
		return address{}, errors.New("redis url: the scheme is none of redis, rediss, redis+cluster, rediss+cluster, redis+sentinel, rediss+sentinel")
	}
	// net/url refuses the commas and colons of a list of hosts, so those are taken out first.
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	user, hosts := "", authority
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, hosts = authority[:i+1], authority[i+1:]
	}
	u, err := url.Parse("redis://" + user + "host" + path)
	if err != nil || u.Fragment != "" {
		return address{}, errors.New("redis url: user, path or query cannot be read")
	}
	a.user = u.User.Username()
	a.pass, _ = u.User.Password()
	if err := a.setHosts(hosts); err != nil {
		return address{}, err
	}
	return a, a.setPath(strings.Trim(u.Path, "/"), u.Query())
}

func (a *address) setHosts(list string) error {
	defaultPort := "6379"
	if a.kind == "sentinel" {
		defaultPort = "26379"
	}
	for _, host := range strings.Split(list, ",") {
		name, port, err := net.SplitHostPort(host)
		if err != nil {
			name, port = strings.Trim(host, "[]"), defaultPort
		}
		if n, err := strconv.Atoi(port); name == "" || err != nil || n < 1 || n > 65535 || strings.ContainsAny(name, " \t") {
			return errors.New("redis url: a host is not host:port")
		}
		a.hosts = append(a.hosts, net.JoinHostPort(name, port))
	}
	if a.kind == "" && len(a.hosts) != 1 {
		return errors.New("redis url: several hosts need redis+cluster or redis+sentinel")
	}
	return nil
}

func (a *address) setPath(path string, query url.Values) error {
	db := path
	switch a.kind {
	case "cluster":
		if path != "" && path != "0" {
			return errors.New("redis url: a cluster has database 0 only")
		}
		db = ""
	case "sentinel":
		if a.master, db = path, ""; path == "" || strings.Contains(path, "/") {
			return errors.New("redis url: redis+sentinel needs the master's name as its path")
		}
	}
	for key, values := range query {
		value := values[len(values)-1]
		switch {
		case key == "db" && a.kind != "cluster" && db == "":
			db = value
		case key == "sentinel_user" && a.kind == "sentinel":
			a.guardUser = value
		case key == "sentinel_password" && a.kind == "sentinel":
			a.guard = value
		default:
			return fmt.Errorf("redis url: parameter %q is not known here", key)
		}
	}
	if db != "" {
		n, err := strconv.Atoi(db)
		if err != nil || n < 0 {
			return errors.New("redis url: the database is not a number")
		}
		a.db = n
	}
	return nil
}

// poolSize bounds the connections to one server: look-ups need two, scripts the rest.
const poolSize = 32

// client opens nothing: connections are made when they are first needed. Retries are few, because
// the ledger answers sooner than a Redis that has to be asked three times.
func (a address) client(bound time.Duration) redis.UniversalClient {
	var secure *tls.Config
	if a.tls {
		secure = &tls.Config{MinVersion: tls.VersionTLS12} // the name to verify is each node's own
	}
	const retries, first, last = 1, time.Millisecond, 8 * time.Millisecond
	quiet := &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	switch a.kind {
	case "cluster":
		return redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: a.hosts, Username: a.user, Password: a.pass, TLSConfig: secure, Protocol: 2,
			MaxRedirects: 3, MinRetryBackoff: first, MaxRetryBackoff: last,
			DialTimeout: bound, ReadTimeout: bound, WriteTimeout: bound, PoolTimeout: bound, DialerRetries: 1,
			PoolSize: poolSize, ContextTimeoutEnabled: true, DisableIdentity: true, MaintNotificationsConfig: quiet,
		})
	case "sentinel":
		return redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: a.master, SentinelAddrs: a.hosts, SentinelUsername: a.guardUser, SentinelPassword: a.guard,
			Username: a.user, Password: a.pass, DB: a.db, TLSConfig: secure, Protocol: 2,
			MaxRetries: retries, MinRetryBackoff: first, MaxRetryBackoff: last,
			DialTimeout: bound, ReadTimeout: bound, WriteTimeout: bound, PoolTimeout: bound, DialerRetries: 1,
			PoolSize: poolSize, ContextTimeoutEnabled: true, DisableIdentity: true,
		})
	}
	o := &redis.Options{
		Addr: a.hosts[0], Username: a.user, Password: a.pass, DB: a.db, TLSConfig: secure, Protocol: 2,
		MaxRetries: retries, MinRetryBackoff: first, MaxRetryBackoff: last,
		DialTimeout: bound, ReadTimeout: bound, WriteTimeout: bound, PoolTimeout: bound, DialerRetries: 1,
		PoolSize: poolSize, ContextTimeoutEnabled: true, DisableIdentity: true, MaintNotificationsConfig: quiet,
	}
	if !a.tls {
		o.Dialer = prompt(redis.NewDialer(o))
	}
	return redis.NewClient(o)
}
