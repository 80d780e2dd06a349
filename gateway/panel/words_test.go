package panel

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/odelink/odelink/templates"
)

// usedKey finds the words that a page or the code names outright; those that are put together end with a dot
// and are held against the beginnings of the keys.
var usedKey = regexp.MustCompile(`\.(?:T|N) \(?(?:print )?"([a-z0-9_.]+)"`)

// Every page can be parsed, and every word that it names is there in every language.
func TestEveryWordOfThePagesIsThere(t *testing.T) {
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	names, err := pageNames()
	if err != nil || len(names) < 7 {
		t.Fatalf("pages: %v, %v", names, err)
	}
	for _, name := range names {
		if _, err := p.named(name); err != nil {
			t.Error(err)
		}
	}
	err = fs.WalkDir(templates.Panel, "panel", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.Panel, file)
		if err != nil {
			return err
		}
		for _, m := range usedKey.FindAllStringSubmatch(string(text), -1) {
			for code, l := range p.locales {
				if !hasWord(l, m[1]) {
					t.Errorf("%s names %q, which %s does not have", file, m[1], code)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// hasWord says whether a language has a sentence for a key, in any number, or any that begins with it.
func hasWord(l *templates.Locale, key string) bool {
	if l.Has(key) || l.Has(key+".other") {
		return true
	}
	if !strings.HasSuffix(key, ".") {
		return false
	}
	for _, k := range l.Keys() {
		if strings.HasPrefix(k, key) {
			return true
		}
	}
	return false
}

// The languages say the same things with the same placeholders; plural forms are each language's own.
func TestLanguagesOfThePanelAgree(t *testing.T) {
	all, err := templates.LoadPanel()
	if err != nil {
		t.Fatal(err)
	}
	places := regexp.MustCompile(`\{[a-z_]+\}`)
	for code, l := range all {
		for _, key := range l.Keys() {
			if strings.HasPrefix(key, "meta.") || strings.HasSuffix(key, ".one") || strings.HasSuffix(key, ".few") || strings.HasSuffix(key, ".many") {
				continue
			}
			for other, o := range all {
				if !o.Has(key) {
					t.Errorf("%s has %q and %s does not", code, key, other)
					continue
				}
				have := map[string]bool{}
				for _, p := range places.FindAllString(o.Raw(key), -1) {
					have[p] = true
				}
				for _, p := range places.FindAllString(l.Raw(key), -1) {
					if !have[p] {
						t.Errorf("%q has %s in %s and not in %s", key, p, code, other)
					}
				}
			}
		}
	}
}
