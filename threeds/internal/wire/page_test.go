package wire

import (
	"net/url"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

func at(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func hidden(fields string) string {
	return `<script>x</script><form method="POST" action="/a">` + fields + `</form>`
}

func TestHandoverReadsWhatBanksWrite(t *testing.T) {
	for _, tc := range []struct {
		name, page, action, method string
		fields                     []checkout.Field
	}{
		{"upper case and single quotes", `<SCRIPT></SCRIPT><FORM METHOD='POST' ACTION='https://acs.example/x'><INPUT TYPE='HIDDEN' NAME='A' VALUE='1' /></FORM>`,
			"https://acs.example/x", "POST", []checkout.Field{{Name: "A", Value: "1"}}},
		{"no quotes at all", `<body onload=go()><form method=post action=../x?y=1><input type=hidden name=a value=b/c></form>`,
			"https://bank.example/x?y=1", "POST", []checkout.Field{{Name: "a", Value: "b/c"}}},
		{"a form without a method is sent by GET", `<script></script><form action="https://acs.example"><input type=hidden name=a value=b></form>`,
			"https://acs.example", "GET", []checkout.Field{{Name: "a", Value: "b"}}},
		{"an empty action is the page itself", `<script></script><form method=post><input type=hidden name=a></form>`,
			"https://bank.example/g/Default.aspx", "POST", []checkout.Field{{Name: "a", Value: ""}}},
		{"a base address counts", `<base href="https://acs.example/dir/"><script></script><form method=post action="go#top"><input type=hidden name=a value=b></form>`,
			"https://acs.example/dir/go", "POST", []checkout.Field{{Name: "a", Value: "b"}}},
		{"repeated names stay, in order", hidden(`<input type=hidden name=b value=1><input type=hidden name=a value=2><input type=hidden name=b value=3>`),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "b", Value: "1"}, {Name: "a", Value: "2"}, {Name: "b", Value: "3"}}},
		{"entities are decoded once, and only whole ones", hidden(`<input type=hidden name=a value="&lt;&amp;amp;&#x131;&#39;&copy=1&nope;&">`),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "<&amp;ı'&copy=1&nope;&"}}},
		{"what browsers do not send is left out", hidden(`<input type=hidden value=x><input type=hidden name=d value=x disabled><input type=submit name=s value=x><button name=t>x</button><input type=hidden name=a value=b>`),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "b"}}},
		{"the first of two equal attributes counts", hidden(`<input type=hidden name=a name=b value=1 value=2>`),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "1"}}},
		{"line ends inside a tag", hidden("<input\r\n\ttype=\"hidden\"\nname = \"a\"\nvalue\n=\n'b'\n>"),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "b"}}},
		{"markup inside a value", hidden(`<input type=hidden name=a value="</form><form action=https://evil.example>">`),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "</form><form action=https://evil.example>"}}},
		{"markup inside scripts, comments and fallbacks", `<!-- <form> --><style></form></style><title><form></title><script>"<form>"</script ><noscript><form></noscript>` + hidden(`<input type=hidden name=a value=b>`),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "b"}}},
		{"Turkish letters in windows-1254", hidden("<input type=hidden name=a value='\xfd\xfe\xf0'>"),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "ışğ"}}},
		{"Turkish letters in UTF-8", "\xef\xbb\xbf" + hidden("<input type=hidden name=a value='ışğ'>"),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "ışğ"}}},
		{"a less-than sign in text", "1 < 2 <3" + hidden(`<input type=hidden name=a value=b>`),
			"https://bank.example/a", "POST", []checkout.Field{{Name: "a", Value: "b"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := ReadPage([]byte(tc.page))
			if err != nil {
				t.Fatal(err)
			}
			h, err := p.Handover(at(t, "https://bank.example/g/Default.aspx"), false)
			if err != nil {
				t.Fatal(err)
			}
			if h.Action.String() != tc.action || h.Method != tc.method || len(h.Fields) != len(tc.fields) {
				t.Fatalf("%s %s %q", h.Method, h.Action, h.Fields)
			}
			for i := range tc.fields {
				if h.Fields[i] != tc.fields[i] {
					t.Errorf("field %d is %q, want %q", i, h.Fields[i], tc.fields[i])
				}
			}
		})
	}
}

func TestHandoverOnLoopbackOnlyWhereAllowed(t *testing.T) {
	p, err := ReadPage([]byte(`<script></script><form method=post action="/a"><input type=hidden name=a value=b></form>`))
	if err != nil {
		t.Fatal(err)
	}
	for page, want := range map[string][2]bool{
		"http://127.0.0.1:8081/x": {false, true}, "http://[::1]:8081/x": {false, true}, "http://localhost/x": {false, true},
		"http://127.0.0.1.example/x": {false, false}, "http://10.0.0.1/x": {false, false}, "https://bank.example/x": {true, true},
	} {
		for i, allow := range []bool{false, true} {
			if _, err := p.Handover(at(t, page), allow); (err == nil) != want[i] {
				t.Errorf("%s, allowed %v: %v", page, allow, err)
			}
		}
	}
}

// FuzzReadPage: no page makes the reader panic, and no form leads anywhere but to https.
func FuzzReadPage(f *testing.F) {
	f.Add(hidden(`<input type=hidden name=a value="b">`))
	f.Add(`<form method=post action=javascript:x><input type=hidden name=a`)
	f.Add("<!--><script></scr<base href=//x><form action='&#x6a;avascript&colon;'><input type=hidden name=x form>")
	f.Fuzz(func(t *testing.T, page string) {
		p, err := ReadPage([]byte(page))
		if err != nil {
			return
		}
		h, err := p.Handover(&url.URL{Scheme: "https", Host: "bank.example", Path: "/"}, false)
		if err == nil && (h.Action.Scheme != "https" || h.Action.Host == "" || len(h.Fields) == 0 || strings.Contains(h.Action.String(), "\n")) {
			t.Errorf("%q leads to %s", page, h.Action)
		}
	})
}
