package stand

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/odelink/odelink/gateway/testenv"
)

// merchant sets up who collects, with the operator's commands, as README says.
func (s *Stand) merchant(ctx context.Context) error {
	dir, err := testenv.Folder("master-key")
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "master_key")
	key := make([]byte, 32)
	_, _ = rand.Read(key) // crypto/rand does not fail
	if err := os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString(key)), 0o600); err != nil {
		return err
	}
	s.setup = append(withoutSettings(os.Environ()), "ODELINK_MASTER_KEY_FILE="+file, "ODELINK_DATABASE_URL="+s.names["database"],
		"ODELINK_REDIS_URL="+s.names["redis"], "ODELINK_ALLOW_SIMULATED_BANK=yes", "ODELINK_LOG_FORMAT=json", "ODELINK_LOG_LEVEL=info")
	id, err := s.operate(ctx, nil, "merchant", "add", "--name", "Ahşap Atölyesi", "--legal-name", "Ahşap Atölyesi Mobilya Ltd. Şti.",
		"--phone", "+90 212 555 01 23", "--email", "destek@ahsap.example", "--accent", "#0b6b5e")
	if err != nil {
		return err
	}
	pos, err := account(s.names["bank"])
	if err != nil {
		return err
	}
	if _, err := s.operate(ctx, pos, "account", "add", "--merchant", id); err != nil {
		return err
	}
	var keys []string
	for range s.options.Keys {
		text, err := s.operate(ctx, nil, "key", "add", "--merchant", id, "--name", "load test")
		if err != nil {
			return err
		}
		lines := strings.Split(text, "\n")
		if len(lines) < 2 || !strings.HasPrefix(lines[1], "sk_") {
			return fmt.Errorf("key add answers %d lines and no key", len(lines))
		}
		keys = append(keys, lines[1])
	}
	s.names["key"] = strings.Join(keys, ",")
	return nil
}

// operate runs one of the gateway's commands and answers what it prints.
func (s *Stand) operate(ctx context.Context, in []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.Program("gateway"), args...)
	cmd.Env, cmd.Stdin = s.setup, bytes.NewReader(in)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("odelink %s %s: %w\n%s", args[0], args[1], err, said.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// gateways starts them. All make links to the first, and each takes whoever comes back from the bank.
func (s *Stand) gateways(ctx context.Context) error {
	public := ""
	for n := range s.options.Gateways {
		suffix := ""
		if n > 0 {
			suffix = fmt.Sprint(n + 1)
		}
		err := s.start("gateway"+suffix, []string{"gateway" + suffix, "admin" + suffix}, func(_ string, addrs []string) testenv.Command {
			if n == 0 {
				public = "http://" + addrs[0]
			}
			return testenv.Command{
				Argv: []string{s.Program("gateway"), "serve"},
				Env: append(s.setup[:len(s.setup):len(s.setup)], "ODELINK_ADDR="+addrs[0], "ODELINK_ADMIN_ADDR="+addrs[1], "ODELINK_PUBLIC_URL="+public,
					"ODELINK_TRUSTED_PROXIES=127.0.0.0/8", "ODELINK_PPROF=yes"),
				Up: func() error {
					if err := answers(ctx, "http://"+addrs[1]+"/readyz", http.StatusOK, `"ready"`); err != nil {
						return err
					}
					return listens(ctx, addrs[0])
				},
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// withoutSettings is an environment without the caller's own settings of a gateway.
func withoutSettings(environ []string) []string {
	var rest []string
	for _, line := range environ {
		if !strings.HasPrefix(line, "ODELINK_") {
			rest = append(rest, line)
		}
	}
	return rest
}

// secret is a random text behind a prefix.
func secret(prefix string) string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // crypto/rand does not fail
	return prefix + hex.EncodeToString(b)
}
