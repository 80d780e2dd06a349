// Package install brings the programs that tests and measurements call: on Debian as root by apt, anywhere
// else by saying exactly what to install. It deliberately starts nothing and installs nothing that is there.
package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/odelink/odelink/gateway/testenv"
	"github.com/odelink/odelink/gateway/testenv/engine"
)

// Need is something that is called and the Debian packages that bring it.
type Need struct {
	What     string
	Packages []string
	Have     func() bool
}

// Redis and Postgres are the stores.
var (
	Redis    = []Need{{"redis-server", []string{"redis-server"}, command("redis-server")}}
	Postgres = []Need{
		{"PostgreSQL's server", []string{"postgresql"}, file("/usr/lib/postgresql/*/bin/postgres", "initdb")},
		{"psql", []string{"postgresql-client"}, command("psql")},
	}
)

// Tests is all that the tests call.
var Tests = slices.Concat(Redis, Postgres, []Need{
	{"a C compiler, which the race detector links with", []string{"gcc", "libc6-dev"}, canCompile},
	{"Chromium", []string{"chromium"}, func() bool { _, err := testenv.ChromiumPath(); return err == nil }},
	{"Chromium's headless shell", []string{"chromium-headless-shell"}, command("chromium-headless-shell", "chrome-headless-shell")},
	{"a font with Turkish letters", []string{"fonts-dejavu-core"}, file("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "")},
	{"pdftotext and pdftoppm", []string{"poppler-utils"}, command("pdftotext")},
	{"nginx, to stand in front", []string{"nginx-light"}, file("/usr/sbin/nginx", "nginx")},
	{"HAProxy, to stand in front", []string{"haproxy"}, file("/usr/sbin/haproxy", "haproxy")},
	{"node, which runs the k6 script and a sample receiver", []string{"nodejs"}, command("node")},
	{"Python and PHP, which run sample receivers", []string{"python3", "php-cli"}, func() bool { return command("python3")() && command("php")() }},
	{"LibreOffice Calc, which opens the reports", []string{"libreoffice-calc-nogui"}, command("soffice")},
	{"npm, which fetches axe-core", []string{"npm"}, haveAxeOrNpm},
})

// Engines are the browsers besides Chromium, by their names for package engine. They are wished for, not needed: other
// releases of Debian call them otherwise, other systems have none that can be driven, and mirrors lack them.
var Engines = []Need{
	{string(engine.WebKit), []string{"webkit2gtk-driver", "xvfb"}, func() bool { return engine.WebKit.Installed() == nil }},
	{string(engine.Gecko), []string{"firefox-esr"}, func() bool { return engine.Gecko.Installed() == nil }},
}

// command is satisfied by a program in the search path, under any of its names.
func command(names ...string) func() bool {
	return func() bool {
		return slices.ContainsFunc(names, func(name string) bool { _, err := exec.LookPath(name); return err == nil })
	}
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

// Missing brings those of the needs that are not there, and says to out what they are. Where it cannot, the
// error says exactly what to install.
func Missing(ctx context.Context, out io.Writer, needs []Need) error {
	missing, packages := absent(needs)
	if len(missing) == 0 {
		return nil
	}
	if !mayInstall() {
		return refusal(missing, packages)
	}
	fmt.Fprintln(out, "missing:", strings.Join(missing, "; "))
	if err := apt(ctx, packages); err != nil {
		return err
	}
	if missing, _ := absent(needs); len(missing) > 0 {
		return fmt.Errorf("after the installation there is still no %s", strings.Join(missing, "; "))
	}
	return nil
}

// Wished brings those of the needs that are not there and can be brought, each by itself, and answers what is still
// missing. Why, it says to out: a wish that does not come true is no error.
func Wished(ctx context.Context, out io.Writer, needs []Need) (without []string) {
	return wished(out, needs, func(n Need) error {
		if !mayInstall() {
			return refusal([]string{n.What}, n.Packages)
		}
		return apt(ctx, n.Packages)
	})
}

func wished(out io.Writer, needs []Need, bring func(Need) error) (without []string) {
	for _, n := range needs {
		if n.Have() {
			continue
		}
		fmt.Fprintln(out, "wished for:", n.What)
		if err := bring(n); err != nil {
			fmt.Fprintln(out, err)
		}
		if !n.Have() {
			without = append(without, n.What)
		}
	}
	return without
}

// absent lists what is not there and the packages that bring it.
func absent(needs []Need) (missing, packages []string) {
	for _, n := range needs {
		if !n.Have() {
			missing = append(missing, n.What)
			packages = append(packages, n.Packages...)
		}
	}
	return missing, packages
}

func mayInstall() bool { return os.Getuid() == 0 && command("apt-get")() }

// refusal says what somebody else has to install.
func refusal(missing, packages []string) error {
	return fmt.Errorf("missing: %s.\nOn Debian or Ubuntu install it with: sudo apt-get install -y --no-install-recommends %s\n"+
		"Elsewhere install the same programs, and run again", strings.Join(missing, "; "), strings.Join(packages, " "))
}

// policy keeps Debian's packages from starting servers: who called starts its own, on free ports.
const policy = "/usr/sbin/policy-rc.d"

// apt installs packages and starts none of the services they bring.
func apt(ctx context.Context, packages []string) error {
	if _, err := os.Stat(policy); errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(policy, []byte("#!/bin/sh\nexit 101\n"), 0o755); err != nil {
			return err
		}
		defer os.Remove(policy)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"update"}, append([]string{"install", "-y", "--no-install-recommends"}, packages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", slices.Concat([]string{"-q", "-o", "DPkg::Lock::Timeout=300"}, args)...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 10 * time.Second
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, text)
		}
	}
	return nil
}
