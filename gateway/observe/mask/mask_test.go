package mask

import (
	"strings"
	"testing"
	"unicode/utf8"
)

const pan = "4155650000000007"

func TestTextCoversWhatMustNotBeWritten(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"a word stays", "link_not_found", "link_not_found"},
		{"a card", "card " + pan + " refused", "card **************** refused"},
		{"a card inside a word", "x" + pan + "y", "x****************y"},
		{"a card inside a longer number", "99" + pan + "1", "*******************"},
		{"a spaced card", "4155 6500 0000 0007", "**** **** **** ****"},
		{"a dashed card", "4155-6500-0000-0007.", "****-****-****-****."},
		{"a card with two spaces", "4155  6500  0000  0007", "****  ****  ****  ****"},
		{"a card with no-break spaces", "4155\u00a06500\u00a00000\u00a00007", "****\u00a0****\u00a0****\u00a0****"},
		{"a card in full-width digits", "４１５５６５０００００００００７", strings.Repeat("*", 16)},
		{"a card in Arabic-Indic digits", "٤١٥٥٦٥٠٠٠٠٠٠٠٠٠٧", strings.Repeat("*", 16)},
		{"a card in percent signs", "n=%34%31%35%35%36%35%30%30%30%30%30%30%30%30%30%37&x=1", "n=****************&x=1"},
		{"a card spaced with percent signs", "n=4155%206500%200000%200007", "n=****%20****%20****%20****"},
		{"a card among groups", "ref 12 4155 6500 0000 0007 99", "ref ** **** **** **** **** **"},
		{"a card with zero-width spaces", "4155\u200b6500\u200b0000\u200b0007", `****\u200b****\u200b****\u200b****`},
		{"an order number stays", "4155650000000008", "4155650000000008"},
		{"a time stays", "at 1764000000000000000 and 2026-11-22 10:11:12.123456", "at 1764000000000000000 and 2026-11-22 10:11:12.123456"},
		{"addresses stay", "203.0.113.195:54321 198.51.100.178:443", "203.0.113.195:54321 198.51.100.178:443"},
		{"an API key", "key sk_live_AbC123-x!", "key sk_***!"},
		{"an API key at the end of a path", "/x?key=sk_demo_odelink", "/x?key=sk_***"},
		{"a word that ends like a key's beginning", "task_list", "task_list"},
		{"a webhook secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw+/=", "whsec_***"},
		{"a bearer", "Authorization: Bearer abc.def", "Authorization: *** ***"},
		{"a password in an address", "dial postgres://ode:p%40ss:w@db:5432/x?sslmode=off", "dial postgres://ode:***@db:5432/x?sslmode=off"},
		{"a password without a user", "rediss://:hunter2@cache:6379/0", "rediss://:***@cache:6379/0"},
		{"a user alone stays", "postgres://ode@db/x", "postgres://ode@db/x"},
		{"an address without a password stays", "http://127.0.0.1:8080/v1/links", "http://127.0.0.1:8080/v1/links"},
		{"a page's token", "GET /p/aBcDeFgHiJkL/pay", "GET /p/***/pay"},
		{"a session's token", "https://pay.example/c/aBcDeFgHiJkLmNoP?x=1", "https://pay.example/c/***?x=1"},
		{"a route stays", "/p/:token/pay", "/p/:token/pay"},
		{"a payment's id stays", "/r/pay_0123456789abcdefABCDEF", "/r/pay_0123456789abcdefABCDEF"},
		{"a form's security code", "a=1&card_cvc=739&b=2", "a=1&card_cvc=***&b=2"},
		{"a JSON password", `{"user_pass":"hun\"ter2","x":1}`, `{"user_pass":"***","x":1}`},
		{"a password said by people", "password: hunter2, next", "password: ***, next"},
		{"a header", "X-Api-Key: abc", "X-Api-Key: ***"},
		{"a harmless name", "bypass=1 compass=2 span=3", "bypass=1 compass=2 span=3"},
		{"a terminal's escape", "a\u009b31mb\u007f", `a\u009b31mb\u007f`},
		{"a line separator", "a\u2028b\u2029c", `a\u2028b\u2029c`},
		{"reordered text", "a\u202eb", `a\u202eb`},
		{"Turkish stays", "Şükrü Ğ. Işık ödedi", "Şükrü Ğ. Işık ödedi"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := Text(tc.text); got != tc.want {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestNumberKnowsCards(t *testing.T) {
	if !Number(4155650000000007) || Number(4155650000000008) || Number(1764000000000000000) || Number(25000) {
		t.Error("wrong")
	}
}

func TestHarmlessTextIsNotCopied(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Text("served 12 links in 3 batches") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	req := []byte("GET /p/aBcDeFgHiJkL HTTP/1.1 Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")
	if n := testing.AllocsPerRun(100, func() { HasCard(req) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzText: whatever stands around a card, no digit of it comes out in a row, and text stays text.
func FuzzText(f *testing.F) {
	f.Add("card=", " x")
	f.Add("12", "34")
	f.Add("sk_", "=")
	f.Add("%", "%3")
	f.Add("/p/", "@")
	f.Fuzz(func(t *testing.T, before, after string) {
		if !utf8.ValidString(before) || !utf8.ValidString(after) {
			return
		}
		for _, form := range []string{pan, "4155-6500-0000-0007"} {
			got := Text(before + form + after)
			if strings.Contains(got, form) && !attached(before, after) {
				t.Errorf("%q came out as %q", before+form+after, got)
			}
			if again := Text(got); !utf8.ValidString(again) {
				t.Errorf("%q is no text any more", again)
			}
		}
	})
}

// attached: digits or groups around a grouped number join its groups and make another number of it.
func attached(before, after string) bool {
	touches := func(s string) bool {
		return strings.IndexFunc(s, func(r rune) bool { f := foldRune(r); return f >= '0' && f <= '9' }) >= 0
	}
	return touches(before) || touches(after)
}

// FuzzHasCard: the quick search finds what a slow one finds.
func FuzzHasCard(f *testing.F) {
	f.Add([]byte("x " + pan + " y"))
	f.Add([]byte("4155-6500-0000-0007"))
	f.Add([]byte("1 2 3 4155 6500 0000 0007 8"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, want := hasCard(text), slowHasCard(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	})
}

// slowHasCard tries every start and end.
func slowHasCard(text []byte) bool {
	for s := range text {
		if !isDigit(text[s]) || (s > 0 && (isDigit(text[s-1]) || isWord(text[s-1]))) {
			continue
		}
		for e := s + minPAN; e <= len(text) && e <= s+2*maxPAN; e++ {
			if !isDigit(text[e-1]) || (e < len(text) && (isDigit(text[e]) || isWord(text[e]))) {
				continue
			}
			if digits, ok := cardDigits(text[s:e]); ok && isPAN(digits) {
				return true
			}
		}
	}
	return false
}

// cardDigits are the digits of text if it is groups of at least three with one gap between.
func cardDigits(text []byte) ([]byte, bool) {
	var digits []byte
	group := 0
	for i, c := range text {
		switch {
		case isDigit(c):
			digits = append(digits, c)
			group++
		case isGap(c) && group >= 3 && i+1 < len(text) && isDigit(text[i+1]):
			group = 0
		default:
			return nil, false
		}
	}
	return digits, true
}

// FuzzHarmless: what the cheap look lets pass, the thorough one leaves alone.
func FuzzHarmless(f *testing.F) {
	for _, seed := range []string{"Bearer abc", "x:sk_abc", "pwd =x", `"cvv":1`, "/p/aBcDeFgHiJkL", "a://b:c@d", "whsec_x", "pass: x", "4155650000000007"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !harmless(s) {
			return
		}
		if got := thorough(s); got != s {
			t.Errorf("%q would have become %q", s, got)
		}
	})
}

func TestIsASCIISeesEveryPlace(t *testing.T) {
	for at := range 20 {
		text := []byte(strings.Repeat("a", 20))
		if !isASCII(text) {
			t.Fatal("plain text is not ASCII")
		}
		text[at] = 0x80
		if isASCII(text) {
			t.Errorf("byte %d is overlooked", at)
		}
	}
}
