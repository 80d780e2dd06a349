package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/odelink/odelink/gateway/web"
)

// root is the project's folder.
const root = "../../../.."

// composeFile is the part of compose.yaml that promises something.
type composeFile struct {
	Services map[string]struct {
		Image       string
		Build       struct{ Target string }
		Ports       []string
		Environment map[string]string
		ReadOnly    bool           `yaml:"read_only"`
		CapDrop     []string       `yaml:"cap_drop"`
		DependsOn   map[string]any `yaml:"depends_on"`
		NetworkMode string         `yaml:"network_mode"`
		StopGrace   string         `yaml:"stop_grace_period"`
		Tmpfs       []string
		Secrets     []string
		Healthcheck map[string]any
	}
	Secrets map[string]struct{ File string }
}

func readCompose(t *testing.T) composeFile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var c composeFile
	if err := yaml.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposePublishesOnThisMachineOnlyAndKeepsSecretsInFiles(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s publishes %s to the network, and the simulated bank's credentials are public", name, port)
			}
		}
		for variable, value := range s.Environment {
			if strings.Contains(variable, "PASSWORD") && !strings.HasSuffix(variable, "_FILE") ||
				variable == "ODELINK_MASTER_KEY" || strings.Contains(value, "postgres://") {
				t.Errorf("%s has a secret in its environment: %s", name, variable)
			}
		}
		if strings.HasSuffix(s.Image, ":latest") || !strings.Contains(s.Image, ":") {
			t.Errorf("%s runs the unnamed version of %s", name, s.Image)
		}
		for _, secret := range s.Secrets {
			if c.Secrets[secret].File == "" {
				t.Errorf("%s uses the secret %s, which no file holds", name, secret)
			}
		}
		for other := range s.DependsOn {
			if _, found := c.Services[other]; !found {
				t.Errorf("%s depends on %s, which is no service", name, other)
			}
		}
	}
}

func TestComposeRunsTwoGatewaysWithoutRightsOnSharedStores(t *testing.T) {
	c := readCompose(t)
	first, second := c.Services["gateway-1"], c.Services["gateway-2"]
	for _, g := range []string{"gateway-1", "gateway-2"} {
		s := c.Services[g]
		if s.Build.Target != "gateway" || !s.ReadOnly || len(s.CapDrop) != 1 || s.CapDrop[0] != "ALL" {
			t.Errorf("%s: %+v", g, s)
		}
		if s.Environment["ODELINK_MASTER_KEY_FILE"] == "" || s.Environment["ODELINK_REDIS_URL"] == "" {
			t.Errorf("%s lacks its key or Redis", g)
		}
		if grace, err := time.ParseDuration(s.StopGrace); err != nil || grace <= web.DefaultGrace {
			t.Errorf("%s is killed after %s, while its calls to banks may take %s to end", g, s.StopGrace, web.DefaultGrace)
		}
		if !slices.Contains(s.Tmpfs, "/data") {
			t.Errorf("%s leaves the image's volume behind, which nobody needs beside PostgreSQL", g)
		}
	}
	if first.Environment["ODELINK_REDIS_URL"] != second.Environment["ODELINK_REDIS_URL"] ||
		first.Environment["ODELINK_PUBLIC_URL"] != second.Environment["ODELINK_PUBLIC_URL"] {
		t.Error("the two gateways do not serve the same links")
	}
	for _, name := range []string{"postgres", "redis"} {
		if len(c.Services[name].Healthcheck) == 0 {
			t.Errorf("nobody knows when %s is ready", name)
		}
	}
}

func TestImagesAreStaticAndRunAsNobodyInParticular(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stages := regexp.MustCompile(`(?m)^FROM scratch AS (\w+)$`).FindAllStringSubmatch(string(text), -1)
	if len(stages) != 2 || stages[1][1] != "gateway" {
		t.Fatalf("stages from scratch: %v; the last one is what a plain build makes", stages)
	}
	if n := strings.Count(string(text), "\nUSER 65532:65532\n"); n != 2 {
		t.Errorf("%d of 2 images run without rights", n)
	}
	for _, want := range []string{"CGO_ENABLED=0", "-trimpath", `CMD ["/odelink", "health"]`, "ca-certificates.crt", "$TARGETARCH", "-X main.version=$VERSION"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the Dockerfile lacks %s", want)
		}
	}
}

// What is not named in .dockerignore is not in the build's context: neither a secret beside the sources, nor a
// folder that the programs have come to import.
func TestTheImagesContextHoldsTheSourcesAndNothingElse(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Split(strings.TrimSpace(regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(string(text), "")), "\n")
	named := map[string]bool{}
	for _, rule := range rules {
		if name, in := strings.CutPrefix(rule, "!"); in {
			named[name] = true
		}
	}
	if rules[0] != "*" {
		t.Errorf("the first rule is %q: what is not named has to stay out", rules[0])
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if .Module}}{{if .Module.Main}}{{.ImportPath}}{{end}}{{end}}", "./gateway", "./threeds/cmd/banksim")
	list.Dir = root
	packages, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	needed := map[string]bool{"go.mod": true, "go.sum": true}
	for _, path := range strings.Fields(string(packages)) {
		folder, _, _ := strings.Cut(strings.TrimPrefix(path, "github.com/odelink/odelink/"), "/")
		needed[folder] = true
	}
	if !maps.Equal(named, needed) {
		t.Errorf("the context holds %v, the programs are built from %v", slices.Sorted(maps.Keys(named)), slices.Sorted(maps.Keys(needed)))
	}
}

func TestLicenceIsApache2OfTheAuthors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS", "The Odelink authors"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("LICENSE lacks %q", want)
		}
	}
}
