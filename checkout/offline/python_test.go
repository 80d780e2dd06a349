package offline_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/odelink/odelink/checkout/offline"
)

// The example in the manual mints what we mint.
func TestTheManualsPython(t *testing.T) {
	manual, err := os.ReadFile("../../docs/offline-links.md")
	if err != nil {
		t.Fatal(err)
	}
	_, code, found := strings.Cut(string(manual), "```python\n")
	code, _, ended := strings.Cut(code, "```")
	if !found || !ended {
		t.Fatal("the manual has no example")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 runs the manual's example; install it")
	}
	for _, v := range vectors() {
		at, err := time.Parse(time.RFC3339, v.ExpiresAt)
		if err != nil {
			t.Fatal(err)
		}
		ask := fmt.Sprintf("\nprint(mint(%q, %d, %q, %d, %d, %q))\n", v.Key, v.Amount, v.Reference, at.Unix(), slices.Index(offline.Currencies, v.Currency), v.Description)
		out, err := exec.Command(python, "-c", code+ask).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != v.Blob {
			t.Errorf("%s, want %s: %v", got, v.Blob, err)
		}
	}
}
