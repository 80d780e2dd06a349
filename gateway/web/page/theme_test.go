package page

import (
	"bytes"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Checklist M1: whatever colour a merchant chooses, text reads on it and it reads on the page.
func TestM01_AnyAccentIsLegible(t *testing.T) {
	colors := []string{"#000000", "#ffffff", "#ffd400", "#ff0000", "#00ff00", "#0000ff", "#767676", "#777777", "#2447c2", "#17191e"}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		colors = append(colors, rgb{uint8(rnd.Uint32()), uint8(rnd.Uint32()), uint8(rnd.Uint32())}.String())
	}
	for _, c := range colors {
		light, lightText, dark, darkText, adjusted := Accent(c)
		for what, ratio := range map[string]float64{
			"accent on white":               Contrast(light, surfaceLight),
			"text on accent":                Contrast(light, lightText),
			"accent on the dark surface":    Contrast(dark, surfaceDark),
			"text on accent, dark":          Contrast(dark, darkText),
			"white is the surface of light": Contrast(surfaceLight, "#000000") - 16.5,
		} {
			if ratio < 4.5 {
				t.Errorf("%s: %s is %.2f (light %s/%s, dark %s/%s)", c, what, ratio, light, lightText, dark, darkText)
			}
		}
		if adjusted != (light != c) {
			t.Errorf("%s became %s, told as adjusted=%v", c, light, adjusted)
		}
	}
}

func TestColoursThatAreNoneGiveTheProductsOwn(t *testing.T) {
	want, _, _, _, _ := Accent(accentDefault)
	for _, c := range []string{"", "red", "#fff", "#gggggg", "2447c20", "#2447c2;", "#2447c2}body{display:none"} {
		light, _, _, _, adjusted := Accent(c)
		if light != want || !adjusted {
			t.Errorf("%q gives %s, adjusted=%v", c, light, adjusted)
		}
		if themeFor(c) != nil {
			t.Errorf("%q gets a style sheet of its own", c)
		}
	}
	if Contrast("x", "#000000") != 0 || Contrast("#000000", "#ffffff") < 20.9 {
		t.Error("contrast is measured wrongly")
	}
}

func TestThemeFilesAreServedUnderTheirOwnNamesOnly(t *testing.T) {
	link := themeFor("#0F766E")
	name := strings.TrimPrefix(link.URL, ThemePath)
	css, ok := ThemeFile(name)
	if !ok || !bytes.Equal(css, ThemeCSS("#0f766e")) || integrity(css) != link.Integrity {
		t.Fatalf("%s is not what the page links to", name)
	}
	for _, other := range []string{"", name + "x", "0f766f" + name[6:], name[:7] + "00000000.css", "zzzzzz" + name[6:], "../" + name[3:]} {
		if _, ok := ThemeFile(other); ok {
			t.Errorf("%q is served", other)
		}
	}
}

func TestInitialAndNumberToDial(t *testing.T) {
	for name, want := range map[string]string{"istanbul Kırtasiye": "İ", "ışık": "I", "  «çay»": "Ç", "7 Gün": "7", "": "•", "★": "•"} {
		if got := (&Theme{Name: name}).Initial(); got != want {
			t.Errorf("%q begins %q, want %q", name, got, want)
		}
	}
	for phone, want := range map[string]string{"+90 (212) 000-00 00": "+902120000000", "0850 000 00 00": "08500000000", "ara: 444": "444", "1+1": "11"} {
		if got := (&Theme{Phone: phone}).Dial(); got != want {
			t.Errorf("%q dials %q, want %q", phone, got, want)
		}
	}
}

// Checklist L2, over the style sheet's own colours in both schemes.
func TestL02_ColoursOfTheStyleSheetAreLegible(t *testing.T) {
	raw, err := os.ReadFile("../../../static/css/app.css")
	if err != nil {
		t.Fatal(err)
	}
	variable := regexp.MustCompile(`--(\w+):(#[0-9a-f]{3,6})`)
	css, dark, _ := strings.Cut(string(raw), "prefers-color-scheme:dark")
	dark, _, _ = strings.Cut(dark, "}}")
	for scheme, text := range map[string]string{"light": css, "dark": dark} {
		color := map[string]string{}
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			if len(m[2]) == 4 {
				m[2] = "#" + strings.Repeat(m[2][1:2], 2) + strings.Repeat(m[2][2:3], 2) + strings.Repeat(m[2][3:4], 2)
			}
			color[m[1]] = m[2]
		}
		if color["bg"] != map[string]string{"light": surfaceLight, "dark": surfaceDark}[scheme] {
			t.Errorf("%s: the surface is %s, not the one that accents are fitted to", scheme, color["bg"])
		}
		for _, pair := range []struct {
			fore, back string
			min        float64
		}{
			{"ink", "bg", 7}, {"soft", "bg", 4.5}, {"soft", "tint", 4.5}, {"ink", "tint", 7}, {"a", "bg", 4.5}, {"a", "tint", 4.5}, {"at", "a", 4.5},
			{"red", "bg", 4.5}, {"green", "bg", 4.5}, {"amber", "bg", 4.5}, {"amber", "warn", 4.5}, {"bg", "soft", 4.5}, {"line", "bg", 3}, {"bg", "red", 4.5},
		} {
			if got := Contrast(color[pair.fore], color[pair.back]); got < pair.min {
				t.Errorf("%s: --%s %s on --%s %s is %.2f, less than %.1f", scheme, pair.fore, color[pair.fore], pair.back, color[pair.back], got, pair.min)
			}
		}
	}
}
