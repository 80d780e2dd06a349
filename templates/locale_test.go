package templates

import (
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func loaded(t testing.TB) Locales {
	t.Helper()
	ls, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return ls
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// A language says everything that Turkish says, nothing else, with the same values in it; plural
// forms may differ, since languages do.
func TestEveryLanguageHasTheSameSentences(t *testing.T) {
	ls := loaded(t)
	plain := func(l *Locale) map[string][]string {
		keys := map[string][]string{}
		for _, k := range l.Keys() {
			for _, form := range []string{".zero", ".one", ".two", ".few", ".many", ".other"} {
				if base, ok := strings.CutSuffix(k, form); ok && l.Has(base+".other") {
					k = base + ".other"
				}
			}
			if strings.HasPrefix(k, "currency.") || strings.HasPrefix(k, "meta.") {
				continue
			}
			names := placeholder.FindAllString(l.Raw(k), -1)
			slices.Sort(names)
			keys[k] = names
		}
		return keys
	}
	want := plain(ls["tr"])
	for _, code := range ls.Codes() {
		have := plain(ls[code])
		for k, names := range want {
			if got, ok := have[k]; !ok {
				t.Errorf("%s.json has no %s", code, k)
			} else if !slices.Equal(got, names) {
				t.Errorf("%s.json: %s names %v, Turkish names %v", code, k, got, names)
			}
		}
		for k := range have {
			if _, ok := want[k]; !ok {
				t.Errorf("%s.json has %s, which Turkish has not", code, k)
			}
		}
	}
}

func TestSentencesAreWhole(t *testing.T) {
	ls := loaded(t)
	for _, code := range ls.Codes() {
		l := ls[code]
		for _, k := range l.Keys() {
			s := l.Raw(k)
			if s == "" || s != strings.TrimSpace(s) || strings.Contains(s, "  ") {
				t.Errorf("%s: %s is empty or has stray spaces: %q", code, k, s)
			}
			if strings.ContainsAny(s, "<>") {
				t.Errorf("%s: %s holds markup: %q", code, k, s)
			}
			sentence := strings.HasPrefix(k, "decline.") || strings.HasPrefix(k, "field.") || strings.HasPrefix(k, "money.") || strings.HasSuffix(k, ".what") || strings.HasSuffix(k, ".todo")
			if sentence && !strings.HasSuffix(s, ".") {
				t.Errorf("%s: %s is no finished sentence: %q", code, k, s)
			}
		}
	}
}

// Checklist B4.
func TestB04_MoneyIsWrittenAsTheLanguageDoes(t *testing.T) {
	ls := loaded(t)
	for _, c := range []struct {
		name     string
		lang     string
		minor    int64
		currency string
		want     string
	}{
		{"Turkish lira in Turkish", "tr", 123456, "TRY", "1.234,56 TL"},
		{"Turkish lira in English", "en", 123456, "TRY", "TRY 1,234.56"},
		{"millions", "tr", 123456789, "TRY", "1.234.567,89 TL"},
		{"less than one", "tr", 5, "TRY", "0,05 TL"},
		{"nothing", "en", 0, "USD", "USD 0.00"},
		{"exactly a thousand", "en", 100000, "EUR", "EUR 1,000.00"},
		{"yen have no decimals", "tr", 1234567, "JPY", "1.234.567 JPY"},
		{"yen in English", "en", 999, "JPY", "JPY 999"},
		{"money back", "tr", -123456, "TRY", "-1.234,56 TL"},
		{"the largest amount there is", "en", math.MaxInt64, "TRY", "TRY 92,233,720,368,547,758.07"},
		{"the smallest", "en", math.MinInt64, "TRY", "TRY -92,233,720,368,547,758.08"},
	} {
		want := strings.ReplaceAll(c.want, " ", "\u00a0")
		if got := ls[c.lang].Money(c.minor, c.currency); got != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

// Checklist O4: Turkish time with its name, whatever the zone of the value and of the machine.
func TestO04_DatesAreWrittenInTurkishTime(t *testing.T) {
	ls := loaded(t)
	at := time.Date(2026, 11, 5, 11, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		name, lang string
		at         time.Time
		want       string
	}{
		{"Turkish", "tr", at, "05.11.2026 14:30 (TSİ)"},
		{"English", "en", at, "5 Nov 2026, 14:30 (UTC+3)"},
		{"from another zone", "tr", at.In(time.FixedZone("", -5*3600)), "05.11.2026 14:30 (TSİ)"},
		{"the day turns at Turkish midnight", "tr", time.Date(2026, 12, 31, 21, 0, 0, 0, time.UTC), "01.01.2027 00:00 (TSİ)"},
		{"no summer time since 2016", "en", time.Date(2026, 7, 1, 9, 5, 0, 0, time.UTC), "1 Jul 2026, 12:05 (UTC+3)"},
	} {
		if got := ls[c.lang].When(c.at); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := ls["tr"].YearMonth(time.Date(2026, 11, 30, 21, 0, 0, 0, time.UTC)); got != 202612 {
		t.Errorf("at Turkish midnight of 1 December the month is %d", got)
	}
	if got := ls["tr"].YearMonth(time.Date(2026, 11, 30, 20, 59, 59, 0, time.UTC)); got != 202611 {
		t.Errorf("a second before, the month is %d", got)
	}
}

func TestCountsFollowTheLanguage(t *testing.T) {
	ls := loaded(t)
	if got := ls["en"].Count("plan.found", 1); got != "1 payment option found." {
		t.Error(got)
	}
	if got := ls["en"].Count("plan.found", 6); got != "6 payment options found." {
		t.Error(got)
	}
	if got := ls["tr"].Count("plan.found", 6); got != "6 ödeme seçeneği bulundu." {
		t.Error(got)
	}
	polish, err := Parse("pl", []byte(`{"meta.name":"Polski","meta.dir":"ltr","meta.decimal":",","meta.group":" ","meta.money":"{number}\u00a0{currency}",`+
		`"meta.months":"1|2|3|4|5|6|7|8|9|10|11|12","meta.datetime":"{dd}.{mm}.{yyyy}","x.one":"{n} rata","x.few":"{n} raty","x.many":"{n} rat","x.other":"{n} raty"}`))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "1 rata", 3: "3 raty", 5: "5 rat", 22: "22 raty"} {
		if got := polish.Count("x", n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestFillNeverReadsAValueAgain(t *testing.T) {
	if got := Fill("{a} {b} {c}", "a", "{b}", "b", "{a}"); got != "{b} {a} {c}" {
		t.Errorf("%q", got)
	}
}

func TestMistakesInALocaleFileAreErrors(t *testing.T) {
	good := `"meta.name":"X","meta.dir":"ltr","meta.decimal":",","meta.group":".","meta.money":"{number}\u00a0{currency}","meta.months":"1|2|3|4|5|6|7|8|9|10|11|12","meta.datetime":"{dd}.{mm}.{yyyy}"`
	if _, err := Parse("de", []byte("{"+good+"}")); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"no JSON":                     {`"meta.name"`, `meta.name`},
		"no name":                     {`"meta.name":"X"`, `"meta.name":""`},
		"unknown direction":           {`"ltr"`, `"up"`},
		"both marks alike":            {`"meta.group":"."`, `"meta.group":","`},
		"amount that may break apart": {`}\u00a0{`, `} {`},
		"eleven months":               {`|12"`, `"`},
		"unknown field of a date":     {`{yyyy}`, `{year}`},
		"unfinished field of a date":  {`{yyyy}`, `{yyyy`},
	} {
		if _, err := Parse("de", []byte("{"+strings.Replace(good, change[0], change[1], 1)+"}")); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := Parse("not a code", []byte("{"+good+"}")); err == nil {
		t.Error("a file that is named after no language is accepted")
	}
	_, err := load(fstest.MapFS{"locale/de.json": &fstest.MapFile{Data: []byte("{}")}}, "locale")
	if err == nil {
		t.Error("a broken file does not stop loading")
	}
	if _, err := load(fstest.MapFS{}, "locale"); err == nil {
		t.Error("a missing folder does not stop loading")
	}
}

func TestTurkishComesFirst(t *testing.T) {
	if codes := loaded(t).Codes(); codes[0] != "tr" || !slices.IsSorted(codes[1:]) {
		t.Errorf("%v", codes)
	}
}

// The pages hold no inline code and no style, which the content security policy would refuse.
func TestA07_TemplatesHoldNoInlineCode(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)<script(?:[^>]*[^r]c=)?>|<style|\sstyle=|\son\w+=|javascript:|https?://`)
	err := fs.WalkDir(Pay, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := Pay.ReadFile(path)
		if found := forbidden.Find(raw); found != nil {
			t.Errorf("%s holds %q", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func FuzzMoney(f *testing.F) {
	l := loaded(f)["tr"]
	f.Add(int64(123456))
	f.Add(int64(math.MinInt64))
	f.Fuzz(func(t *testing.T, minor int64) {
		text := l.Money(minor, "TRY")
		back := int64(0)
		for _, r := range text {
			if r >= '0' && r <= '9' {
				back = back*10 - int64(r-'0') // downwards, so that the smallest amount fits
			}
		}
		if !strings.HasPrefix(text, "-") {
			back = -back
		}
		if back != minor {
			t.Errorf("%d is written %q", minor, text)
		}
	})
}

func BenchmarkAppendMoney(b *testing.B) {
	l, buf := loaded(b)["tr"], make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = l.AppendMoney(buf[:0], 123456789, "TRY")
	}
}

func TestFillLeavesWhatIsNoPlaceholder(t *testing.T) {
	for sentence, want := range map[string]string{
		"{a}{a}": "11", "{{a}}": "{1}", "{a": "{a", "a}": "a}", "{}": "{}", "{ab}{b}": "{ab}2", "{a} {x} {": "1 {x} {", "{long}": "3",
	} {
		if got := Fill(sentence, "a", "1", "b", "2", "long", "3", "a", "not this one"); got != want {
			t.Errorf("%q gives %q, want %q", sentence, got, want)
		}
	}
}
