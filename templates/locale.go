package templates

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"
	"time"

	// Europe/Istanbul must exist on machines without a zone database (static containers).
	_ "time/tzdata"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Zone is the time zone that every page and message of the product shows (domain sheet, 5.4).
const Zone = "Europe/Istanbul"

// Locale is one language: its sentences and its ways of writing money, dates and counts. It is
// immutable after Load and safe for concurrent use.
type Locale struct {
	Code string // BCP 47, such as "tr"; also the file's name
	Name string // the language's own name for itself, for the switch on the page
	Dir  string // "ltr" or "rtl"

	text  map[string]string
	tag   language.Tag
	zone  *time.Location
	money moneyFormat
	dates dateFormat
}

// Locales are all languages by code.
type Locales map[string]*Locale

// Load reads the embedded locale files. Every mistake in them is an error: a page must not meet a
// missing format while a payer waits.
func Load() (Locales, error) { return load(localeFiles, "locale") }

// Languages lists the codes of all embedded languages, Turkish first, without reading their texts: for
// whoever only chooses one.
func Languages() []string {
	all := Locales{}
	names, err := fs.Glob(localeFiles, "locale/*.json")
	if err != nil {
		panic(err) // the pattern is malformed
	}
	for _, name := range names {
		all[strings.TrimSuffix(path.Base(name), ".json")] = nil
	}
	return all.Codes()
}

func load(files fs.FS, dir string) (Locales, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, fmt.Errorf("listing locales: %w", err)
	}
	all := Locales{}
	for _, e := range entries {
		code, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		raw, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading locale %s: %w", code, err)
		}
		l, err := Parse(code, raw)
		if err != nil {
			return nil, err
		}
		all[code] = l
	}
	return all, nil
}

// Parse makes a language of one locale file's bytes: a flat JSON object of strings.
func Parse(code string, raw []byte) (*Locale, error) {
	l := &Locale{Code: code}
	if err := json.Unmarshal(raw, &l.text); err != nil {
		return nil, fmt.Errorf("parsing locale %s: %w", code, err)
	}
	var err error
	if l.tag, err = language.Parse(code); err != nil {
		return nil, fmt.Errorf("parsing locale %s: %w", code, err)
	}
	if l.zone, err = time.LoadLocation(Zone); err != nil {
		return nil, fmt.Errorf("loading zone: %w", err)
	}
	l.Name, l.Dir = l.text["meta.name"], l.text["meta.dir"]
	if l.Name == "" || (l.Dir != "ltr" && l.Dir != "rtl") {
		return nil, fmt.Errorf("parsing locale %s: meta.name or meta.dir is missing", code)
	}
	if l.money, err = parseMoney(l.text); err != nil {
		return nil, fmt.Errorf("parsing locale %s: %w", code, err)
	}
	if l.dates, err = parseDates(l.text); err != nil {
		return nil, fmt.Errorf("parsing locale %s: %w", code, err)
	}
	return l, nil
}

// Codes lists the languages, Turkish first because it is the product's own, the rest by code.
func (ls Locales) Codes() []string {
	codes := make([]string, 0, len(ls))
	for c := range ls {
		codes = append(codes, c)
	}
	sort.Slice(codes, func(i, j int) bool {
		if (codes[i] == "tr") != (codes[j] == "tr") {
			return codes[i] == "tr"
		}
		return codes[i] < codes[j]
	})
	return codes
}

// Has tells whether the language has a sentence for key.
func (l *Locale) Has(key string) bool { _, ok := l.text[key]; return ok }

// Keys lists every key in order.
func (l *Locale) Keys() []string {
	keys := make([]string, 0, len(l.text))
	for k := range l.text {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Raw is the sentence as the file has it, with its placeholders; the key itself when there is none,
// so that a gap is seen and the page still stands.
func (l *Locale) Raw(key string) string {
	if s, ok := l.text[key]; ok {
		return s
	}
	return key
}

// Text is the sentence for key with its {placeholders} filled from name, value pairs.
func (l *Locale) Text(key string, pairs ...string) string { return Fill(l.Raw(key), pairs...) }

// Count is the sentence for n things: the key with the plural form CLDR gives n in this language
// (".one", ".few", …), else ".other". {n} is filled with n.
func (l *Locale) Count(key string, n int, pairs ...string) string {
	return Fill(l.Raw(l.CountKey(key, n)), append([]string{"n", strconv.Itoa(n)}, pairs...)...)
}

// CountKey is the key whose sentence speaks of n things.
func (l *Locale) CountKey(key string, n int) string {
	form := [...]string{plural.Other: ".other", plural.Zero: ".zero", plural.One: ".one",
		plural.Two: ".two", plural.Few: ".few", plural.Many: ".many"}[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]
	if form != ".other" && l.Has(key+form) {
		return key + form
	}
	return key + ".other"
}

// Fill puts values in the place of {names}. A name without a value stays as it is, and a value is
// never read for placeholders again, so that a payer's text cannot pull in another value.
func Fill(sentence string, pairs ...string) string {
	if len(pairs) == 0 || !strings.Contains(sentence, "{") {
		return sentence
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(sentence, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		value, after, known := placed(rest, pairs)
		if !known {
			value, after = "{", rest
		}
		b.WriteString(value)
		sentence = after
	}
}

// placed answers the value of the placeholder that text begins with, its brace left out, and what follows.
func placed(text string, pairs []string) (value, after string, known bool) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if after, named := strings.CutPrefix(text, pairs[i]); named && strings.HasPrefix(after, "}") {
			return pairs[i+1], after[1:], true
		}
	}
	return "", "", false
}

// LoadPanel reads the languages with the panel's words beside their own: those of every file in
// locale/panel/CODE. A key that two files have is an error, and so is a language without a folder: its words
// would be Turkish in the middle of a page.
func LoadPanel() (Locales, error) {
	all, err := Load()
	if err != nil {
		return nil, err
	}
	for code, l := range all {
		files, err := fs.Glob(localeFiles, "locale/panel/"+code+"/*.json")
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("loading the panel's words: none in %s", code)
		}
		for _, name := range files {
			if err := l.add(name); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (l *Locale) add(name string) error {
	raw, err := fs.ReadFile(localeFiles, name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	var more map[string]string
	if err := json.Unmarshal(raw, &more); err != nil {
		return fmt.Errorf("parsing %s: %w", name, err)
	}
	for key, text := range more {
		if l.Has(key) {
			return fmt.Errorf("parsing %s: %s is there twice", name, key)
		}
		l.text[key] = text
	}
	return nil
}
