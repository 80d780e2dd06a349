//go:build !race

package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/odelink/odelink/"

// allowed says what each room may import of ours. A room that is not here may import nothing of
// ours, so a new one has to be thought about. The most special prefix counts.
var allowed = map[string][]string{
	"checkout":                      {"checkout/offline"},
	"checkout/offline":              nil,
	"checkout/bins":                 {"checkout"},
	"checkout/caps":                 {"checkout"},
	"checkout/einvoice":             {"checkout"},
	"threeds":                       {"checkout", "threeds/internal/wire", "threeds/payfor"},
	"threeds/internal/wire":         {"checkout"},
	"threeds/payfor":                {"checkout", "threeds/internal/wire"},
	"threeds/threedstest":           {"checkout", "threeds", "threeds/banksim", "threeds/internal/wire"},
	"threeds/banksim":               nil,
	"threeds/cmd/banksim":           {"threeds/banksim"},
	"templates":                     nil,
	"static":                        nil,
	"gateway/web":                   {"checkout", "templates", "static", "gateway/observe/mask", "gateway/socket"},
	"gateway/web/page":              {"templates", "static"},
	"gateway/pay":                   {"checkout", "gateway/web", "gateway/web/page"},
	"gateway/api":                   {"checkout", "checkout/einvoice", "gateway/linkfile", "gateway/report", "gateway/sheet", "gateway/statement", "gateway/web", "templates", "gateway/poster"}, // the pages about error codes
	"gateway/api/client":            nil,                                                                                                                                                         // merchants' programs import it, with the standard library alone
	"gateway/panel":                 {"checkout", "checkout/einvoice", "gateway/linkfile", "gateway/report", "gateway/sheet", "gateway/statement", "gateway/web", "templates", "static"},
	"gateway/linkfile":              {"checkout", "gateway/sheet"},
	"gateway/report":                {"checkout"},
	"gateway/sheet":                 {"checkout"},
	"gateway/statement":             {"checkout", "gateway/sheet"},
	"gateway/sqlstore":              {"checkout"},
	"gateway/redisstore":            {"checkout", "gateway/socket"},
	"gateway/socket":                {},
	"gateway/memstore":              {"checkout"},
	"gateway/velocity":              {"checkout"},
	"gateway/observe":               {"checkout", "gateway/observe/mask"},
	"gateway/observe/mask":          {"checkout"},
	"gateway/storetest":             {"checkout"},
	"gateway/deliver":               {"checkout", "gateway/deliver/webhook"},
	"gateway/deliver/webhook":       {"checkout"},
	"gateway/poster":                {"templates"},
	"gateway/consent":               {"checkout", "templates"},
	"gateway/deliver/sms":           {"checkout"},
	"gateway/deliver/email":         {"checkout", "templates"},
	"gateway/deliver/letter":        {"checkout", "templates"},
	"gateway/testenv":               {"gateway/cardscan"},
	"gateway/testenv/browser":       {"gateway/testenv"},
	"gateway/testenv/engine":        {"gateway/testenv"},
	"gateway/cardscan":              nil,
	"gateway/cardscan/cmd/cardscan": {"gateway/cardscan"},
	"gateway":                       {"*"},
	"loadtest/measure":              nil,
	"loadtest/client":               nil,
	"loadtest/pace":                 nil,
	"loadtest/journey":              {"loadtest/client", "loadtest/measure"},
	"loadtest/scenario":             {"loadtest/journey"},
	"loadtest/shop":                 {"loadtest/client"},
	"loadtest/run":                  {"loadtest/client", "loadtest/journey", "loadtest/measure", "loadtest/pace", "loadtest/scenario", "loadtest/shop"},
	"loadtest/verdict":              {"loadtest/journey", "loadtest/run", "loadtest/scenario"},
	"loadtest/plot":                 nil,
	"loadtest/report":               {"loadtest/measure", "loadtest/plot", "loadtest/run", "loadtest/scenario", "loadtest/shop", "loadtest/verdict"},
	"loadtest/standin":              nil,
	"loadtest":                      {"loadtest/measure", "loadtest/plot", "loadtest/report", "loadtest/run", "loadtest/scenario", "loadtest/shop", "loadtest/verdict"},
}

// homes are the rooms that alone may import a driver.
var homes = map[string][]string{
	"github.com/gofiber/fiber/v2":        {"gateway/web", "gateway/pay", "gateway/api", "gateway/panel", "gateway"},
	"github.com/gofiber/template":        {"gateway/web/page"},
	"github.com/redis/go-redis":          {"gateway/redisstore"},
	"github.com/ulule/limiter":           {"gateway/redisstore", "gateway/velocity"},
	"github.com/go-playground/validator": {"gateway/api"},
	"zombiezen.com/go/sqlite":            {"gateway/sqlstore"},
	"github.com/jackc/pgx":               {"gateway/sqlstore"},
	"github.com/prometheus":              {"gateway/observe"},
	"github.com/chromedp":                {"gateway/testenv/browser"},
	"github.com/wneessen/go-mail":        {"gateway/deliver/email"},
	"github.com/emersion":                {"gateway/testenv/mailserver"},
}

// TestImports holds the arrows: they point inwards, to checkout.
func TestImports(t *testing.T) {
	for file, imports := range sourceImports(t) {
		room := path.Dir(file)
		test := strings.HasSuffix(file, "_test.go")
		for _, imp := range imports {
			ours, inside := strings.CutPrefix(imp, module)
			switch {
			case room == "gateway/api/client" && !test && strings.Contains(strings.Split(imp, "/")[0], "."):
				t.Errorf("%s imports %s: merchants' programs import it, with the standard library alone", file, imp)
			case inside && !test && !mayImport(room, ours):
				t.Errorf("%s imports %s: not among what %s may import", file, ours, room)
			case !inside && !test && strings.HasPrefix(room, "checkout") && strings.Contains(strings.Split(imp, "/")[0], "."):
				t.Errorf("%s imports %s: checkout imports the standard library only", file, imp)
			case !inside && !test && strings.HasPrefix(room, "threeds/banksim") && strings.Contains(strings.Split(imp, "/")[0], "."):
				t.Errorf("%s imports %s: the simulated bank is standard library only", file, imp)
			case !inside && !test && !atHome(room, imp):
				t.Errorf("%s imports %s: this driver has another home", file, imp)
			}
		}
	}
}

func mayImport(room, ours string) bool {
	rule, known := allowed[room]
	if !known && strings.HasPrefix(room, "gateway/cmd/") || !known && strings.HasPrefix(room, "gateway/testenv/") {
		rule, known = []string{"*"}, true
	}
	return known && (slices.Contains(rule, "*") || slices.Contains(rule, ours))
}

func atHome(room, imp string) bool {
	if room == "gateway/testenv/baseline" || room == "gateway/testenv/cmd/baseline" || room == "gateway/testenv/cmd/emptyfiber" {
		return true // they stand for somebody else's program
	}
	for driver, rooms := range homes {
		if strings.HasPrefix(imp, driver) {
			return slices.Contains(rooms, room)
		}
	}
	return true
}

// Every module that go.mod names directly stands with its reason in docs/dependencies.md, what the program
// imports in the program's table, and nothing stands there that is not used.
func TestEveryDependencyHasItsReason(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	program, tools, _ := strings.Cut(string(text), "## Tests and tools only")
	used := map[string]bool{} // by what is built; false = by tests alone
	for file, imports := range sourceImports(t) {
		tool := strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "gateway/testenv/") || strings.HasPrefix(file, "gateway/cmd/") || strings.HasPrefix(file, "loadtest/")
		for _, imp := range imports {
			used[imp] = used[imp] || !tool
		}
	}
	direct := 0
	for _, line := range strings.Split(string(mod), "\n") {
		path, _, ok := strings.Cut(strings.TrimSpace(line), " v")
		if !ok || strings.Contains(line, "// indirect") || strings.HasPrefix(line, "go ") {
			continue
		}
		direct++
		built := false
		for imp, by := range used {
			built = built || by && (imp == path || strings.HasPrefix(imp, path+"/"))
		}
		row := regexp.MustCompile("(?m)^\\|[^|]*`" + regexp.QuoteMeta(path) + "[`/][^|]*\\| *\\S[^|]{9,}\\|$")
		if first, second := row.MatchString(program), row.MatchString(tools); first == second || built && !first {
			t.Errorf("%s (imported by the program: %v) has no row with a reason in its table of docs/dependencies.md", path, built)
		}
	}
	if direct < 10 {
		t.Errorf("%d direct dependencies read", direct)
	}
	for _, m := range regexp.MustCompile("`([a-z0-9.-]+\\.[a-z]+/[^`]+)`").FindAllStringSubmatch(string(text), -1) {
		if _, ok := used[m[1]]; !ok && !slices.ContainsFunc(slices.Collect(maps.Keys(used)), func(imp string) bool { return strings.HasPrefix(imp, m[1]) }) {
			t.Errorf("%s has a reason and no use", m[1])
		}
	}
}

// sourceImports reads the import lines of every Go file of the project.
func sourceImports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(name, ".."+string(filepath.Separator)))
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			found[rel] = append(found[rel], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
