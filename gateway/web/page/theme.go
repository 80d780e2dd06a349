package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Theme is what of a merchant stands on every page of its payers. A Theme is read, never written,
// once it was given to Pages; a change of any field needs a higher Version.
type Theme struct {
	ID      string // the merchant's own id; cache key only, never shown
	Version int64

	Name      string // display name
	LegalName string // trade title; the display name when empty
	Phone     string
	Email     string
	Address   string
	Logo      string   // path on this host, square; empty shows the initial
	Accent    string   // "#rrggbb"; empty is the product's own
	Brands    []string // accepted marks in order of showing: visa mastercard troy amex
	NoticeURL string   // the merchant's KVKK notice; empty shows the built-in text only

	// Words are sentences in the place of the usual ones, by language and key; nil for most merchants.
	Words map[string]map[string]string
}

// Initial is the first letter or digit of the display name, upper case by Turkish rules.
func (t *Theme) Initial() string {
	for _, r := range t.Name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.TurkishCase.ToUpper(r))
		}
	}
	return "•"
}

// Dial is the phone number as a tel: address wants it: digits, with a leading plus if there is one.
func (t *Theme) Dial() string {
	var b strings.Builder
	for i, r := range t.Phone {
		if r >= '0' && r <= '9' || r == '+' && i == 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// The surfaces an accent must be legible on, as in static/css/app.css.
const (
	surfaceLight = "#ffffff"
	surfaceDark  = "#17191e"

	accentDefault = "#2447c2"

	// contrastText is WCAG 2.2, 1.4.3 for text of normal size.
	contrastText = 4.5
)

// Accent fits a merchant's colour to the page: darkened until it reads on white and lightened until
// it reads on the dark surface, both at 4.5:1 at least, each with the text colour (black or white)
// that reads better on it. adjusted tells that the light colour is not the one asked for, so that
// the merchant can be told; a colour that is no "#rrggbb" gives the product's own.
func Accent(color string) (light, lightText, dark, darkText string, adjusted bool) {
	c, ok := parseColor(color)
	if !ok {
		c, _ = parseColor(accentDefault)
	}
	white, _ := parseColor(surfaceLight)
	night, _ := parseColor(surfaceDark)
	onWhite := c.towards(rgb{}, white)
	onNight := c.towards(white, night)
	return onWhite.String(), onWhite.text(), onNight.String(), onNight.text(), !ok || onWhite != c
}

// Contrast is the WCAG contrast ratio of two "#rrggbb" colours, 1 to 21; 0 when one is no colour.
func Contrast(a, b string) float64 {
	x, okX := parseColor(a)
	y, okY := parseColor(b)
	if !okX || !okY {
		return 0
	}
	return contrast(x, y)
}

type rgb struct{ r, g, b uint8 }

func parseColor(s string) (rgb, bool) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return rgb{}, false
	}
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
}

func (c rgb) String() string { return "#" + hex.EncodeToString([]byte{c.r, c.g, c.b}) }

// towards moves c in steps of 1/64 to end until it reads on surface. end itself always does.
func (c rgb) towards(end, surface rgb) rgb {
	for step := 0; step <= 64; step++ {
		mix := func(from, to uint8) uint8 { return uint8((int(from)*(64-step) + int(to)*step) / 64) }
		m := rgb{mix(c.r, end.r), mix(c.g, end.g), mix(c.b, end.b)}
		if contrast(m, surface) >= contrastText {
			return m
		}
	}
	return end
}

// text is the better of white and black on c; one of the two always has more than 4.5:1.
func (c rgb) text() string {
	if contrast(c, rgb{255, 255, 255}) >= contrast(c, rgb{}) {
		return "#ffffff"
	}
	return "#000000"
}

func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// luminance is WCAG 2.2's relative luminance.
func (c rgb) luminance() float64 {
	linear := func(v uint8) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// ThemeCSS is the style sheet that carries a merchant's colour, since the content security policy
// allows no inline style. It depends on the colour alone.
func ThemeCSS(accent string) []byte {
	light, lightText, dark, darkText, _ := Accent(accent)
	return []byte(":root{--a:" + light + ";--at:" + lightText + "}" +
		"@media(prefers-color-scheme:dark){:root{--a:" + dark + ";--at:" + darkText + "}}")
}

// ThemePath is the address prefix of theme style sheets.
const ThemePath = "/t/"

// themeLink names a style sheet by its colour and its content, so that it can be kept for ever and
// a new release that writes it otherwise gets a new address (and integrity value).
type themeLink struct{ URL, Integrity string }

func themeFor(accent string) *themeLink {
	if _, ok := parseColor(accent); !ok {
		return nil
	}
	css := ThemeCSS(accent)
	return &themeLink{ThemePath + themeName(accent, css), integrity(css)}
}

func themeName(accent string, css []byte) string {
	sum := sha256.Sum256(css)
	return strings.ToLower(accent[1:]) + "-" + hex.EncodeToString(sum[:4]) + ".css"
}

// ThemeFile is the style sheet behind ThemePath+name, such as "1f6feb-9c2e1a70.css"; false when no
// page of ours links to that name.
func ThemeFile(name string) ([]byte, bool) {
	if len(name) != len("rrggbb-00000000.css") {
		return nil, false
	}
	accent := "#" + name[:6]
	if _, ok := parseColor(accent); !ok {
		return nil, false
	}
	css := ThemeCSS(accent)
	if themeName(accent, css) != name {
		return nil, false
	}
	return css, true
}

// ThemeIntegrity is the SRI value of ThemeFile(name).
func ThemeIntegrity(name string) (string, bool) {
	css, ok := ThemeFile(name)
	if !ok {
		return "", false
	}
	return integrity(css), true
}

// integrity is the SRI value of a file's bytes.
func integrity(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
