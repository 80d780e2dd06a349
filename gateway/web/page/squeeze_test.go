//go:build !race

package page

import (
	"slices"
	"strings"
	"testing"
)

func TestSqueezedScriptMeansTheSame(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"indentation, empty lines and comments go", "\t// why\n\n\ta();\n\t/* more\n\t   of it */\n\tb();\n", "a();b();\n"},
		{"spaces around signs go", "const a = b ? c + d : [e, f];\n", "const a=b?c+d:[e,f];\n"},
		{"words stay apart", "return typeof a in b;\n", "return typeof a in b;\n"},
		{"signs that would join stay apart", "a + +b; c - -d;\n", "a+ +b;c- -d;\n"},
		{"text stays as it is", `say("a  :  b", 'c = d', ` + "`e + f`" + `);`, `say("a  :  b",'c = d',` + "`e + f`" + ");\n"},
		{"a quote inside a text does not end it", `say("a \" = b", c = d);`, `say("a \" = b",c=d);` + "\n"},
		{"an expression stays as it is", `s.replace(/ a = [/"] b /g, c / d / e);`, `s.replace(/ a = [/"] b /g,c/d/e);` + "\n"},
		{"an expression behind an arrow", `x => / a /.test(x);`, `x=>/ a /.test(x);` + "\n"},
		{"a line end that may end a statement stays", "if (a) {\n\tb();\n}\nc();\n", "if(a){b();}\nc();\n"},
		{"a line that goes on is joined", "a = b\n\t&& c;\n", "a=b&&c;\n"},
	} {
		if got := string(squeezeScript([]byte(c.in))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSqueezedStyleKeepsItsRules(t *testing.T) {
	in := "/* why */\n@media print{\n\ta{color:#000;\n\t--b:1px}\n}\na b,\nc d{margin:0 auto}\ne\nf{top:0}\n"
	if got, want := string(squeezeStyle([]byte(in))), "@media print{a{color:#000;--b:1px}}a b,c d{margin:0 auto}e\nf{top:0}"; strings.TrimSpace(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Checklist A2: what only later pages need is not paid for by the first view.
func TestA02_FirstViewCarriesNothingOfLaterPages(t *testing.T) {
	p := newTestPages(t)
	for name, html := range allPages(t) {
		lang, name, _ := strings.Cut(name, "/")
		var files []string
		for _, g := range parse(t, name, html) {
			switch {
			case g.name == "script":
				files = append(files, g.attr["src"])
			case g.name == "link" && g.attr["rel"] == "stylesheet" && !strings.HasPrefix(g.attr["href"], ThemePath):
				files = append(files, g.attr["href"])
			}
		}
		want := []string{"app.css", "outcome.css", "outcome.js"}
		if strings.HasPrefix(name, "checkout") || name == "handover" {
			want = []string{"app.css", inLanguage("app.js", lang)}
		}
		if name == "checkout-lines" { // the one of a link that may need more
			want = []string{"app.css", "outcome.css", inLanguage("app.js", lang)}
		}
		for i, file := range want {
			want[i] = p.Assets().ByName(file).Path
		}
		if !slices.Equal(files, want) {
			t.Errorf("%s in %s asks for %v, not for %v", name, lang, files, want)
		}
	}
}
