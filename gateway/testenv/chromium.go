package testenv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// EnvAxe names the file with the axe-core script that `make test` has fetched.
const EnvAxe = "ODELINK_TEST_AXE"

// Headless returns HeadlessPath for a test.
func Headless(t testing.TB) string {
	t.Helper()
	path, err := HeadlessPath()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// ChromiumPath returns the path of the whole browser's program. Package browser drives it.
func ChromiumPath() (string, error) {
	return program("chromium", []string{"chromium", "chromium-browser", "google-chrome", "chrome"},
		"/Applications/Google Chrome.app/Contents/MacOS", "/Applications/Chromium.app/Contents/MacOS")
}

// HeadlessPath returns the path of Chromium's headless shell: the same engine without windows, tabs and the pages
// of its own surroundings, which takes a third of the processor time. Where there is none it is the whole Chromium.
func HeadlessPath() (string, error) {
	if path, err := program("chromium-headless-shell", []string{"chromium-headless-shell", "chrome-headless-shell"}); err == nil {
		return path, nil
	}
	return ChromiumPath()
}

// ProcessDir makes a folder that lives as long as this process of tests (in `make test`: until the card
// scan), for what several tests share.
func ProcessDir(kind string) (string, error) { return newDir(kind, "process") }

// axe-core is the checker of accessibility that the browser tests run inside the page. Its licence
// (MPL-2.0) is not ours, so it is fetched by the npm client and never committed.
const (
	axeVersion = "4.14.1"
	axeSHA256  = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c" // of package/axe.min.js
)

// AxeSource returns the source of axe-core's script, which defines the page's global axe.
var AxeSource = sync.OnceValues(func() (string, error) {
	path := os.Getenv(EnvAxe)
	if path == "" {
		var err error
		if path, err = AxeFile(); err != nil {
			return "", err
		}
	}
	text, err := os.ReadFile(path)
	return string(text), err
})

// AxeFile returns the path of the script in the user's cache folder and fetches it when it is missing
// or not the known bytes.
func AxeFile() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // no home, as in some build services
	}
	path := filepath.Join(cache, "odelink-test", "axe-"+axeVersion+".min.js")
	if isAxe(path) == nil {
		return path, nil
	}
	npm, err := program("npm", []string{"npm"})
	if err != nil {
		return "", fmt.Errorf("fetch axe-core: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "fetch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	for _, line := range [][]string{
		{npm, "pack", "--silent", "--no-update-notifier", "axe-core@" + axeVersion},
		{"tar", "xzf", "axe-core-" + axeVersion + ".tgz", "package/axe.min.js"},
	} {
		cmd := exec.Command(line[0], line[1:]...)
		cmd.Dir = dir
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("fetch axe-core: %v: %w: %s", line, err, text)
		}
	}
	fetched := filepath.Join(dir, "package", "axe.min.js")
	if err := isAxe(fetched); err != nil {
		return "", err
	}
	return path, os.Rename(fetched, path)
}

// isAxe is nil when a file is exactly the pinned script.
func isAxe(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != axeSHA256 {
		return fmt.Errorf("%s is not axe-core %s: its SHA-256 is %x", path, axeVersion, sum)
	}
	return nil
}
