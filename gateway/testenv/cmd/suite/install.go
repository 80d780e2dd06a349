package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
)

// need is something that a test calls and the Debian packages that bring it.
type need struct {
	what     string
	packages []string
	have     func() bool
}

var needs = []need{
	{"a C compiler, which the race detector links with", []string{"gcc", "libc6-dev"}, canCompile},
	{"redis-server", []string{"redis-server"}, command("redis-server")},
	{"PostgreSQL's server", []string{"postgresql"}, file("/usr/lib/postgresql/*/bin/postgres", "initdb")},
	{"psql", []string{"postgresql-client"}, command("psql")},
	{"Chromium", []string{"chromium"}, func() bool { _, err := testenv.ChromiumPath(); return err == nil }},
	{"a font with Turkish letters", []string{"fonts-dejavu-core"}, file("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "")},
	{"pdftotext and pdftoppm", []string{"poppler-utils"}, command("pdftotext")},
	{"nginx, to stand in front", []string{"nginx-light"}, file("/usr/sbin/nginx", "nginx")},
	{"HAProxy, to stand in front", []string{"haproxy"}, file("/usr/sbin/haproxy", "haproxy")},
	{"npm, which fetches axe-core", []string{"npm"}, haveAxeOrNpm},
}

// command is satisfied by a program in the search path.
func command(name string) func() bool {
	return func() bool { _, err := exec.LookPath(name); return err == nil }
}

// file is satisfied by a file, or by a program in the search path where other systems keep it.
func file(pattern, program string) func() bool {
	return func() bool {
		found, err := filepath.Glob(pattern)
		return err == nil && len(found) > 0 || program != "" && command(program)()
	}
}

// canCompile tries what cgo will try: a compiler without the C library's headers is none.
func canCompile() bool {
	cmd := exec.Command("cc", "-x", "c", "-fsyntax-only", "-")
	cmd.Stdin = strings.NewReader("#include <stdlib.h>\n")
	return cmd.Run() == nil
}

func haveAxeOrNpm() bool {
	if _, err := testenv.AxeFile(); err == nil {
		return true
	}
	return command("npm")()
}

// install brings what is missing. On Debian as root it does so itself; anywhere else it says exactly
// what to install, and the run ends.
func install(ctx context.Context, r *run) error {
	missing, packages := absent(needs)
	if len(missing) > 0 {
		if os.Getuid() != 0 || !command("apt-get")() {
			return refusal(missing, packages)
		}
		fmt.Println("missing:", strings.Join(missing, "; "))
		if err := r.apt(ctx, packages); err != nil {
			return err
		}
		if missing, _ := absent(needs); len(missing) > 0 {
			return fmt.Errorf("after the installation there is still no %s", strings.Join(missing, "; "))
		}
	}
	axe, err := testenv.AxeFile()
	if err != nil {
		return err
	}
	r.env = append(r.env, testenv.EnvAxe+"="+axe)
	return nil
}

// absent lists what is not there and the packages that bring it.
func absent(needs []need) (missing, packages []string) {
	for _, n := range needs {
		if !n.have() {
			missing = append(missing, n.what)
			packages = append(packages, n.packages...)
		}
	}
	return missing, packages
}

// refusal says what somebody else has to install.
func refusal(missing, packages []string) error {
	return fmt.Errorf("missing: %s.\nOn Debian or Ubuntu install it with: sudo apt-get install -y --no-install-recommends %s\n"+
		"Elsewhere install the same programs, and run again", strings.Join(missing, "; "), strings.Join(packages, " "))
}

// policy keeps Debian's packages from starting servers: the tests start their own, on free ports.
const policy = "/usr/sbin/policy-rc.d"

// apt installs packages and starts none of the services they bring.
func (r *run) apt(ctx context.Context, packages []string) error {
	if _, err := os.Stat(policy); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(policy, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
			return err
		}
		defer os.Remove(policy)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, packages...)} {
		cmd := r.command(ctx, "apt-get", slices.Concat([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args)...)
		cmd.Env = append(r.env, "DEBIAN_FRONTEND=noninteractive")
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, text)
		}
	}
	return nil
}
