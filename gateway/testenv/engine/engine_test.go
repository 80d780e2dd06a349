package engine

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/odelink/odelink/gateway/testenv"
)

// mark is in the environment of whatever a browser of the test starts, with its engine.
const mark = "ODELINK_TEST_MARK"

// marked are the working directories of all processes with that mark, where the kernel tells.
func marked(n Name) (folders []string) {
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	for _, path := range all {
		environ, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(environ, []byte(mark+"="+string(n)+"\x00")) {
			continue // gone meanwhile, or none of ours
		}
		if folder, err := os.Readlink(filepath.Join(filepath.Dir(path), "cwd")); err == nil {
			folders = append(folders, folder)
		}
	}
	return folders
}

// What a page is asked and told arrives there, and after the test no process and no file of the browser is left.
func TestAPersonAtTheBrowserLeavesNothingBehind(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!doctype html><form><input name="name" value="before"><button>Gönder</button></form><p></p>
			<script>document.querySelector("p").innerText = decodeURI(location.search)</script>`)) // a browser that is gone is told of by the test
	}))
	defer site.Close()
	if _, err := testenv.ProcessDir("engine"); err != nil { // the first folder starts a shell that outlives us; unmarked
		t.Fatal(err)
	}
	for _, name := range []Name{WebKit, Gecko} {
		t.Run(string(name), func(t *testing.T) {
			t.Setenv(mark, string(name))
			var folders []string
			t.Run("open", func(t *testing.T) {
				p := New(t, name)
				p.Open(site.URL)
				p.Fill("input", "Işık")
				p.Click("button")
				p.Reads("p", "?name=Işık")
				if wide := Eval[int](p, "innerWidth"); wide > 500 {
					t.Errorf("a phone of %d pixels", wide)
				}
				if folders = marked(name); len(folders) == 0 && runtime.GOOS == "linux" {
					t.Error("no process of the browser is seen: those that are left would not be, either")
				}
			})
			if left := marked(name); len(left) > 0 {
				t.Errorf("processes are left in %q", left)
			}
			for _, folder := range folders {
				if _, err := os.Stat(folder); err == nil {
					t.Errorf("%s is left", folder)
				}
			}
		})
	}
}

// Only the engines that the run said it goes without are excused.
func TestAMissingEngineIsAFailureUnlessTheRunGoesWithoutIt(t *testing.T) {
	for without, want := range map[string][2]bool{"": {}, "WebKit": {true, false}, "Gecko,WebKit": {true, true}, "Web": {}} {
		t.Setenv(EnvWithout, without)
		if got := [2]bool{WebKit.excused(), Gecko.excused()}; got != want {
			t.Errorf("without %q: %v, want %v", without, got, want)
		}
	}
}
