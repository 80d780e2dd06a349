package stand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Fill replaces {gateway}, {key} and the other names in a text.
func (s *Stand) Fill(text string) string {
	var pairs []string
	for name, value := range s.names {
		pairs = append(pairs, "{"+name+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// lastWords is how long a command may take to end after it was told to: it writes its report.
const lastWords = time.Minute

// Run runs a command beside the stand and answers its exit code. Names in its words are filled in; its
// environment has them as STAND_GATEWAY, STAND_KEY and so on. It has a process group of its own, so that
// Ctrl-C reaches it once. The error is of a command that could not be run or was killed.
func (s *Stand) Run(ctx context.Context, argv []string, out, progress io.Writer) (code int, err error) {
	words := slices.Clone(argv)
	for i := range words {
		words[i] = s.Fill(words[i])
	}
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = os.Environ()
	for name, value := range s.names {
		cmd.Env = append(cmd.Env, "STAND_"+strings.ToUpper(name)+"="+value)
	}
	cmd.Stdout, cmd.Stderr = out, progress
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = lastWords
	err = cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.Exited() {
		return ended.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", argv[0], err)
	}
	return 0, nil
}

// OnDisk has the ledgers of stands on a disk unless TMPDIR chose a place: /tmp is memory on many systems,
// where syncing a commit costs nothing, and whoever commits most often would look best.
func OnDisk() error {
	if os.Getenv("TMPDIR") != "" {
		return nil
	}
	const lasting = "/var/tmp" // kept over reboots, so on a disk (Filesystem Hierarchy Standard 3.0, 5.15)
	if _, err := os.Stat(lasting); err != nil {
		return nil
	}
	return os.Setenv("TMPDIR", lasting)
}
