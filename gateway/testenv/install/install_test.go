package install

import (
	"slices"
	"strings"
	"testing"
)

func TestMissingProgramsAreNamedWithTheCommandThatBringsThem(t *testing.T) {
	missing, packages := absent([]Need{
		{"a thing", []string{"thing", "libthing-dev"}, func() bool { return false }},
		{"another", []string{"another"}, func() bool { return true }},
	})
	if !slices.Equal(missing, []string{"a thing"}) || !slices.Equal(packages, []string{"thing", "libthing-dev"}) {
		t.Errorf("missing %q, packages %q", missing, packages)
	}
	text := refusal(missing, packages).Error()
	if !strings.Contains(text, "a thing") || !strings.Contains(text, "apt-get install -y --no-install-recommends thing libthing-dev") {
		t.Errorf("the refusal says %q", text)
	}
}
