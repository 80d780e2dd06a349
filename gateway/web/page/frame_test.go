package page

import (
	"html/template"
	"strings"
	"testing"
)

// A page in a kept frame is the page that the engine writes anew, whoever's frame was kept before it:
// another path, another merchant, another state.
func TestKeptFramesAreWhatTheEngineWrites(t *testing.T) {
	t.Parallel()
	kept := newTestPages(t)
	anew, err := New(Options{PublicURL: kept.opts.PublicURL, MaxCached: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if len(anew.frames) > 0 {
			t.Error("nothing was to be kept")
		}
	}()
	for _, self := range []string{"", "/r/pay_9f2c4e7a1b3d5f60718293a4b5c6d7e8", "/p/Xk3mN8pQ2rTv", `/p/"><b>&+ ü`} {
		for _, s := range samples() {
			head := s.view.head()
			if head.Self = self; self != "" {
				head.carry = "?lang=en"
			}
			for _, lang := range kept.Languages() {
				want, err := anew.Render(lang, s.view)
				if err != nil {
					t.Fatal(err)
				}
				got, err := kept.Render(lang, s.view)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != string(want) {
					t.Errorf("%s in %s at %q: %s", s.name, lang, self, difference(string(got), string(want)))
				}
			}
		}
	}
}

// Frames hold merchants' names and are asked for by strangers: they are kept in bounds.
func TestKeptFramesAreBounded(t *testing.T) {
	t.Parallel()
	p, err := New(Options{MaxCached: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(10) {
		theme := *shop
		theme.Version = i
		if _, err := p.Render("tr", &Kind{Head: Head{Theme: &theme}, State: KindBusy}); err != nil {
			t.Fatal(err)
		}
		if len(p.frames) > 3 {
			t.Fatalf("%d frames are kept", len(p.frames))
		}
	}
}

// What a bank sends is written into hidden fields as the engine would write it.
func FuzzHiddenFieldsEqualTheEngines(f *testing.F) {
	engine := template.Must(template.New("").Parse(`{{range .}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}`))
	f.Add("MD", "a+b/c=")
	f.Add(`"><script>`, "<>&\"'+\x00\xff ü\u2028")
	f.Fuzz(func(t *testing.T, name, value string) {
		fields := []Field{{Name: name, Value: value}, {Name: value, Value: name}}
		var want strings.Builder
		if err := engine.Execute(&want, fields); err != nil {
			t.Fatal(err)
		}
		if got := string((&root{}).Hidden(fields)); got != want.String() {
			t.Errorf("%q\n%q", got, want.String())
		}
	})
}
