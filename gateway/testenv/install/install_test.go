package install

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/testenv/engine"
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

func TestAWishThatDoesNotComeTrueStopsNothing(t *testing.T) {
	var tried []string
	there := map[string]bool{"there": true}
	wish := func(name string) Need { return Need{name, []string{name}, func() bool { return there[name] }} }
	var out bytes.Buffer
	without := wished(&out, []Need{wish("there"), wish("refused"), wish("empty"), wish("brought")}, func(n Need) error {
		tried = append(tried, n.What)
		there["brought"] = n.What == "brought"
		if n.What == "refused" {
			return errors.New("no such package")
		}
		return nil
	})
	if !slices.Equal(tried, []string{"refused", "empty", "brought"}) || !slices.Equal(without, []string{"refused", "empty"}) {
		t.Errorf("tried %q, without %q", tried, without)
	}
	if !strings.Contains(out.String(), "no such package") {
		t.Errorf("it says %q", &out)
	}
}

func TestTheEnginesAreWishedForByTheNamesThatTheirTestsAskFor(t *testing.T) {
	for _, n := range Engines {
		if (engine.Name(n.What).Installed() == nil) != n.Have() || n.What != string(engine.WebKit) && n.What != string(engine.Gecko) {
			t.Errorf("%q is no engine of package engine, or another one", n.What)
		}
	}
}
