package main

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/redisstore"
	"github.com/odelink/odelink/gateway/sqlstore"
)

// finding is one line of doctor's report.
type finding struct {
	what string
	err  error  // nil = good
	note string // what was seen
}

// doctor checks everything that an operator can get wrong, and the audit trail; it changes nothing.
// It answers an error when anything is not as it should be.
func doctor(ctx context.Context, args []string, out io.Writer) error {
	cfg, err := loadConfig(args, os.Environ(), os.Getenv("ODELINK_DEMO_DATA") != "", out)
	if err != nil {
		return err
	}
	if cfg.Demo {
		if _, err := cfg.placeDemo(); err != nil { // a folder that was named, and stays
			return err
		}
	}
	report(out, finding{what: "settings", note: "complete"})
	a, err := open(ctx, cfg, seams{log: io.Discard})
	if err != nil {
		report(out, finding{what: "start", err: err})
		if cfg.RedisURL != "" { // what else is away, since nothing below can be looked at
			report(out, redisAlone(ctx, cfg))
		}
		return errors.New("the gateway cannot start")
	}
	defer a.close()
	bad := 0
	for _, check := range []func(context.Context) []finding{a.checkLedger, a.checkRedis, a.checkPublic, a.checkBanks, a.checkUndecided, a.checkWebhooks, a.checkMessages, a.checkAudit} {
		for _, f := range check(ctx) {
			report(out, f)
			if f.err != nil {
				bad++
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("not as it should be: %d of the lines above", bad)
	}
	fmt.Fprintln(out, "all is well")
	return nil
}

func report(out io.Writer, f finding) {
	mark, text := "ok  ", f.note
	if f.err != nil {
		mark, text = "BAD ", strings.ReplaceAll(inWords(f.err), "\n", " ")
	}
	fmt.Fprintf(out, "%s %-28s %s\n", mark, f.what, text)
}

// clockTolerance is how far our clock may be from the database's before expiries look wrong on
// pages; the database decides anyway.
const clockTolerance = 5 * time.Second

func (a *app) checkLedger(ctx context.Context) []finding {
	before := a.seams.clock.Now()
	at, err := a.ledger.DatabaseTime(ctx)
	if err != nil {
		return []finding{{what: "ledger", err: err}}
	}
	clock := finding{what: "clock", note: "agrees with the database"}
	if off := at.Sub(before); off > clockTolerance || off < -clockTolerance {
		clock.err = fmt.Errorf("differs from the database's by %s", off.Round(time.Second))
	}
	return []finding{{what: "ledger", note: "answers; tables are up to date"}, clock}
}

func (a *app) checkRedis(ctx context.Context) []finding {
	if a.redis == nil {
		return []finding{{what: "redis", note: "not configured: hot state lives in this process, for one gateway"}}
	}
	return []finding{{what: "redis", note: "answers", err: a.redis.Ping(ctx)}}
}

// redisAlone is checkRedis where there is no gateway to ask with.
func redisAlone(ctx context.Context, cfg Config) finding {
	store, err := redisstore.Open(ctx, redisstore.Config{URL: cfg.RedisURL})
	if err == nil {
		err = errors.Join(store.Ping(ctx), store.Close())
	}
	return finding{what: "redis", note: "answers", err: err}
}

// certificateLife is how long the certificate must still be good (features 4.9).
const certificateLife = 30 * 24 * time.Hour

// shortestRSA is the least length of an RSA key in bits: shorter ones have less than the 112 bits of strength that
// browsers and NIST SP 800-57 ask for.
const shortestRSA = 2048

// checkPublic looks at the public address as a payer's browser does: TLS 1.2 or better, a
// certificate of this name that lasts another month, with a key that is long enough.
func (a *app) checkPublic(ctx context.Context) []finding {
	u, err := url.Parse(a.cfg.PublicURL)
	if err != nil || u.Scheme != "https" {
		return []finding{{what: "certificate", note: "public address is loopback without TLS"}}
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}, Config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return []finding{{what: "certificate", err: err}}
	}
	defer conn.Close()
	return []finding{judgeCertificate(conn.(*tls.Conn).ConnectionState().PeerCertificates[0], a.seams.clock.Now())}
}

func judgeCertificate(leaf *x509.Certificate, now time.Time) finding {
	end := leaf.NotAfter.UTC().Format(time.DateOnly)
	f := finding{what: "certificate", note: "good until " + end}
	if leaf.NotAfter.Sub(now) < certificateLife {
		f.err = fmt.Errorf("ends on %s, within a month", end)
	}
	if key, is := leaf.PublicKey.(*rsa.PublicKey); is && key.N.BitLen() < shortestRSA {
		f.err = errors.Join(f.err, fmt.Errorf("its RSA key has %d bits, at least %d are asked for", key.N.BitLen(), shortestRSA))
	}
	return f
}

// checkBanks holds every enabled account against its kind and asks its bank about the credentials.
func (a *app) checkBanks(ctx context.Context) []finding {
	accounts, err := a.ledger.AllAccounts(ctx)
	if err != nil {
		return []finding{{what: "acquirer accounts", err: err}}
	}
	if len(accounts) == 0 {
		return []finding{{what: "acquirer accounts", note: "none yet"}}
	}
	var all []finding
	for _, acc := range accounts {
		if acc.Enabled {
			all = append(all, finding{what: "bank " + acc.Name, note: "takes the credentials", err: a.checkAccount(ctx, acc, true)})
		}
	}
	return all
}

// checkAudit walks every chain of the audit trail (A67).
func (a *app) checkAudit(ctx context.Context) []finding {
	var all []finding
	err := a.ledger.Verify(ctx, func(f sqlstore.Finding) {
		if len(all) < 20 {
			all = append(all, finding{what: "audit trail", err: errors.New(f.String())})
		}
	})
	if err != nil {
		all = append(all, finding{what: "audit trail", err: err})
	}
	if len(all) == 0 {
		all = append(all, finding{what: "audit trail", note: "every chain is whole"})
	}
	return all
}

var _ checkout.Ledger = (*sqlstore.Store)(nil)
