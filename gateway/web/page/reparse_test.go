package page

import (
	"html/template"
	"io/fs"
	"strings"
	"testing"

	"github.com/odelink/odelink/templates"
)

// reparse is the engine's templates anew, with another text for the checkout page: templates that
// were executed once cannot be changed.
func reparse(t *testing.T, checkout string) (*template.Template, error) {
	t.Helper()
	set := template.New("/")
	err := fs.WalkDir(templates.Pay, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templates.Pay.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(path, ".html")
		if name == "pay/checkout" {
			text = []byte(checkout)
		}
		_, err = set.New(name).Parse(string(text))
		return err
	})
	return set, err
}
