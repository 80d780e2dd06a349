//go:build !race

package api_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestMain refuses a document that says more than the tests of this package have seen, when all of them ran.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if code == 0 && everyTest() {
		for _, miss := range document().unseen() {
			fmt.Fprintln(os.Stderr, "the contract describes what no test has seen:", miss)
			code = 1
		}
	}
	os.Exit(code)
}

// everyTest says whether this run was asked for all tests, by no pattern or by one with all of their names.
func everyTest() bool {
	asked := func(name string) string { return flag.Lookup("test." + name).Value.String() }
	if asked("fuzz") != "" || asked("list") != "" || asked("skip") != "" {
		return false
	}
	pattern, err := regexp.Compile(asked("run"))
	if err != nil {
		return false // testing has said so
	}
	files, _ := filepath.Glob("*_test.go")
	return !slices.ContainsFunc(files, func(path string) bool {
		text, err := os.ReadFile(path)
		return err != nil || slices.ContainsFunc(testFunc.FindAllSubmatch(text, -1), func(name [][]byte) bool { return !pattern.Match(name[1]) })
	})
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w*)\(t \*testing\.T\)`)
