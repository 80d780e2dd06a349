package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/checkout/bins"
	"github.com/odelink/odelink/gateway/cardscan"
	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/engine"
	"github.com/odelink/odelink/gateway/testenv/install"
	"github.com/odelink/odelink/threeds/banksim"
)

// run is one run of the suite and its folder:
//
//	tools/    staticcheck and govulncheck, as this run built them
//	cards     keyed hashes of the card numbers that tests said they used
//	written/  everything that servers and tests wrote: what the card scan reads
type run struct {
	packages  []string
	dir       string
	env       []string
	unchecked []string
	broken    []string
	fine      []string // steps that ended well
	found     bool     // the card scan found something: keep the folder
	counted   bool
	count     count
}

func newRun(packages []string) (*run, error) {
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	dir, err := os.MkdirTemp("", "odelink-run-")
	if err != nil {
		return nil, err
	}
	r := &run{packages: packages, dir: dir, env: os.Environ()}
	// PostgreSQL runs as another user and has to pass through.
	for _, d := range []string{dir, r.written()} {
		if err := os.MkdirAll(d, 0o711); err != nil {
			return nil, err
		}
		if err := os.Chmod(d, 0o711); err != nil {
			return nil, err
		}
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	// In our own environment, too: the servers and the scan are of this process.
	for name, value := range map[string]string{
		testenv.EnvDir:       r.written(),
		cardscan.EnvRegister: filepath.Join(dir, "cards"),
		cardscan.EnvKey:      hex.EncodeToString(key),
	} {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	r.env = os.Environ()
	return r, nil
}

func (r *run) written() string { return filepath.Join(r.dir, "written") }

func (r *run) tools() string { return filepath.Join(r.dir, "tools") }

// close removes the folder, unless somebody will want to look.
func (r *run) close(keep bool) {
	if keep || r.found {
		fmt.Fprintln(os.Stderr, "kept:", r.dir)
		return
	}
	if err := os.RemoveAll(r.dir); err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
	}
}

// command is a program with the run's environment that gets a chance to end in order.
func (r *run) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = r.env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// say runs a program and shows what it prints.
func (r *run) say(ctx context.Context, name string, args ...string) error {
	cmd := r.command(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	return cmd.Run()
}

// idle adds the browsers besides Chromium that are there and open no page: some containers forbid what they need.
func (r *run) idle(ctx context.Context, missing []string) []string {
	for _, n := range install.Engines {
		if slices.Contains(missing, n.What) {
			continue
		}
		if r.say(ctx, "go", "test", "-count=1", "-timeout", "4m", "-run", engine.Trial+"/^"+n.What+"$", "./gateway/testenv/engine") != nil {
			missing = append(missing, n.What)
		}
	}
	return missing
}

// programs brings what the tests call, axe-core included. Browsers besides Chromium may be missing in the end, or not run
// here: their tests are told so, and only then skip themselves, which the last lines tell.
func programs(ctx context.Context, r *run) error {
	if err := install.Missing(ctx, os.Stdout, install.Tests); err != nil {
		return err
	}
	axe, err := testenv.AxeFile()
	if err != nil {
		return err
	}
	without := r.idle(ctx, install.Wished(ctx, os.Stdout, install.Engines))
	r.env = append(r.env, testenv.EnvAxe+"="+axe, engine.EnvWithout+"="+strings.Join(without, ","))
	return nil
}

// format finds Go files that gofmt would change.
func format(ctx context.Context, r *run) error {
	text, err := r.command(ctx, "gofmt", "-l", ".").CombinedOutput()
	if err != nil {
		return fmt.Errorf("gofmt: %w: %s", err, text)
	}
	if len(bytes.TrimSpace(text)) > 0 {
		return fmt.Errorf("gofmt would change:\n%s", text)
	}
	return nil
}

func vet(ctx context.Context, r *run) error {
	return r.say(ctx, "go", append([]string{"vet"}, r.packages...)...)
}

// The checkers' versions are pinned, so that a new release breaks nobody's build by itself.
const (
	staticcheckTool = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
	// The version after this one asks for a module version that not every proxy serves.
	govulncheckTool = "golang.org/x/vuln/cmd/govulncheck@v1.8.0"
)

// tool builds a checker outside our module, whose requirements it must not touch.
func (r *run) tool(ctx context.Context, module string) (string, error) {
	cmd := r.command(ctx, "go", "install", module)
	cmd.Env = append(r.env, "GOBIN="+r.tools(), "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", module, err, text)
	}
	path, _, _ := strings.Cut(module, "@")
	return filepath.Join(r.tools(), filepath.Base(path)), nil
}

func staticcheck(ctx context.Context, r *run) error {
	tool, err := r.tool(ctx, staticcheckTool)
	if err != nil {
		return err
	}
	return r.say(ctx, tool, r.packages...)
}

// vulnerabilities asks the Go project's database, which some networks do not reach. That is no failure
// of the code, and no silence either: the last lines tell. Without it nothing is built to ask it with.
func vulnerabilities(ctx context.Context, r *run) error {
	unreachable := func() error {
		r.unchecked = append(r.unchecked, "known vulnerabilities (database unreachable)")
		return nil
	}
	if !answers(ctx, vulnerabilityDatabase) {
		return unreachable()
	}
	tool, err := r.tool(ctx, govulncheckTool)
	if err != nil {
		return err
	}
	text, err := r.command(ctx, tool, r.packages...).CombinedOutput()
	if err != nil && bytes.Contains(text, []byte("fetching vulnerabilities:")) {
		return unreachable()
	}
	os.Stdout.Write(text)
	return err
}

// vulnerabilityDatabase is what govulncheck reads first.
const vulnerabilityDatabase = "https://vuln.go.dev/index/db.json"

// answers says whether there is something at an address.
func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// bankCards are the simulated bank's cards of every BIN in the table.
func bankCards() (*cardscan.Known, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	known, err := cardscan.NewKnown(key)
	if err != nil {
		return nil, err
	}
	for _, row := range bins.Embedded() {
		for _, script := range banksim.Scripts() {
			if err := known.Add(banksim.CardNumber(row.Prefix, script)); err != nil {
				return nil, err
			}
		}
	}
	return known, nil
}

// cards scans everything that the run wrote. Samples are planted among it in every form, so that a scan
// that has gone blind fails.
func cards(ctx context.Context, r *run) error {
	known, err := cardscan.Registered()
	if err != nil {
		return err
	}
	planted := filepath.Join(r.written(), "planted")
	samples, err := cardscan.Plant(planted)
	if err != nil {
		return err
	}
	family, err := bankCards()
	if err != nil {
		return err
	}
	found, stats, err := (&cardscan.Scanner{Known: known, Family: family}).Scan(r.written())
	if err != nil {
		return err
	}
	found, err = cardscan.Missed(planted, samples, found)
	fmt.Printf("%d files, %.0f MB read, %d planted samples found\n", stats.Files, float64(stats.Bytes)/1e6, len(samples))
	for _, program := range stats.Programs {
		fmt.Println("a program, not read:", program)
	}
	for _, f := range found {
		fmt.Println(f)
	}
	if r.found = len(found) > 0; r.found {
		return fmt.Errorf("%d card numbers or codes in what was written", len(found))
	}
	return err
}
