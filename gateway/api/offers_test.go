//go:build !race

package api_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
)

type offerTable struct {
	BIN, Currency                string
	Brand, Kind, Issuer, Program *string
	Offers                       []struct {
		Count, Total, Monthly, Last int64
		Rate                        *string
	}
	Excluded []struct {
		Count  int
		Reason string
	}
}

func TestInstallments(t *testing.T) {
	h := open(t)
	o := read[offerTable](t, h.ask("GET", "/v1/installments?bin=415565&amount=25000&currency=TRY", ""))
	if o.BIN != "415565" || *o.Brand != "visa" || *o.Kind != "credit" || *o.Program != "CardFinans" || len(o.Offers) != 3 || len(o.Excluded) != 9 {
		t.Fatalf("%+v", o)
	}
	if one, three := o.Offers[0], o.Offers[1]; one.Count != 1 || one.Total != 25000 || one.Rate != nil || three.Count != 3 || three.Total != 25900 || three.Monthly != 8633 || *three.Rate != "3.60" {
		t.Errorf("%+v", o.Offers)
	}
	for _, x := range o.Excluded {
		if x.Reason != "not_on_account" {
			t.Errorf("%+v", x)
		}
	}
	for query, reason := range map[string]string{
		"bin=415565&amount=25000&currency=USD": "currency", "bin=400709&amount=25000": "debit_card", "bin=999999&amount=25000": "unknown_card", "bin=41556500&amount=1": "below_minimum",
	} {
		o := read[offerTable](t, h.ask("GET", "/v1/installments?"+query, ""))
		if len(o.Offers) != 1 || o.Offers[0].Count != 1 {
			t.Errorf("%s: %+v", query, o.Offers)
		}
		found := false
		for _, x := range o.Excluded {
			found = found || x.Reason == reason
		}
		if !found {
			t.Errorf("%s: nothing is excluded because of %s: %+v", query, reason, o.Excluded)
		}
	}
	if o := read[offerTable](t, h.ask("GET", "/v1/installments?bin=415565&amount=100&currency=JPY", "")); len(o.Offers) != 0 {
		t.Errorf("no account takes JPY: %+v", o.Offers)
	}
	for query, want := range map[string]string{
		"":                                      "amount: required, bin: bin_format",
		"bin=415565":                            "amount: required",
		"amount=100":                            "bin: bin_format",
		"bin=41556&amount=100":                  "bin: bin_format",
		"bin=415565000&amount=100":              "bin: bin_format",
		"bin=41556a&amount=100":                 "bin: bin_format",
		"bin=４４４４４４&amount=100":                 "bin: bin_format",
		"bin=415565&amount=0":                   "amount: amount_range",
		"bin=415565&amount=100000000000001":     "amount: amount_range",
		"bin=415565&amount=9223372036854775808": "amount: wrong_type",
		"bin=415565&amount=-5":                  "amount: wrong_type",
		"bin=415565&amount=1e3":                 "amount: wrong_type",
		"bin=415565&amount=2.50":                "amount: wrong_type",
		"bin=415565&amount=100&currency=KWD":    "currency: currency_unknown",
		"bin=415565&amount=100&currency=try":    "currency: currency_unknown",
	} {
		h.mistakes(h.ask("GET", "/v1/installments?"+strings.ReplaceAll(query, "４", "%EF%BC%94"), ""), want)
	}
}

// A link's own counts and its category say what a card is not offered on it, and why.
func TestInstallmentsWithinALink(t *testing.T) {
	h := open(t)
	for body, want := range map[string]string{
		`{"amount":25000,"currency":"TRY","installments":[1,3]}`:        "[1 3] 6 not_on_link",
		`{"amount":25000,"currency":"TRY","category":"fuel"}`:           "[1] 6 legal_cap",
		`{"amount":25000,"currency":"TRY","description":"like others"}`: "[1 3 6] 2 not_on_account",
	} {
		o := read[offerTable](t, h.ask("GET", "/v1/installments?bin=415565&amount=25000&link="+h.make(body).ID, ""))
		var counts []int64
		for _, offer := range o.Offers {
			counts = append(counts, offer.Count)
		}
		var count int
		var reason string
		if _, err := fmt.Sscanf(want[strings.Index(want, "]")+2:], "%d %s", &count, &reason); err != nil {
			t.Fatal(err)
		}
		why := ""
		for _, x := range o.Excluded {
			if x.Count == count {
				why = x.Reason
			}
		}
		if got := fmt.Sprint(counts, " ", count, " ", why); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
	for _, id := range []string{"lnk_0000000000000000000009", "x", "lnk_"} {
		h.refused(h.ask("GET", "/v1/installments?bin=415565&amount=25000&link="+id, ""), 404, "link_not_found")
	}
}

func TestBIN(t *testing.T) {
	h := open(t)
	type facts struct {
		BIN                                  string
		Prefix, Brand, Kind, Issuer, Program *string
		Commercial                           bool
	}
	known := read[facts](t, h.ask("GET", "/v1/bins/41556500", ""))
	if known.BIN != "41556500" || *known.Prefix != "415565" || *known.Brand != "visa" || *known.Kind != "credit" || *known.Program != "CardFinans" {
		t.Errorf("%+v", known)
	}
	if onlyBrand := read[facts](t, h.ask("GET", "/v1/bins/499999", "")); onlyBrand.Prefix != nil || *onlyBrand.Brand != "visa" || onlyBrand.Kind != nil || onlyBrand.Issuer != nil {
		t.Errorf("%+v", onlyBrand)
	}
	if nothing := read[facts](t, h.ask("GET", "/v1/bins/000000", "")); nothing.Brand != nil {
		t.Errorf("%+v", nothing)
	}
	for _, bin := range []string{"41556", "415565000", "41556x", "%34155650", "+415565", "-41556"} {
		h.mistakes(h.ask("GET", "/v1/bins/"+bin, ""), "bin: bin_format")
	}
}

// The QR, as drawing and as picture, is read by a reader that shares nothing with the writer, and
// holds the address and nothing else (domain.md 4.6).
func TestQR(t *testing.T) {
	h := open(t)
	for range 5 {
		l := h.make(plainLink)
		svg := h.ask("GET", "/v1/links/"+l.ID+"/qr.svg", "")
		if got := readQR(t, modulesOfSVG(t, svg.body)); got != l.URL {
			t.Errorf("the drawing holds %q, want %q", got, l.URL)
		}
		picture := h.ask("GET", "/v1/links/"+l.ID+"/qr.png", "")
		if got := readQR(t, modulesOfPNG(t, picture.body)); got != l.URL {
			t.Errorf("the picture holds %q, want %q", got, l.URL)
		}
	}
	for _, host := range []string{"https://a.co", "https://odeme.example.com", "https://odeme.uzun-bir-isim.example.com:8443", "https://" + strings.Repeat("u", 60) + ".example.com"} {
		far := h.with(elsewhere{h.flow, host})
		l := far.make(plainLink)
		if got := readQR(t, modulesOfPNG(t, far.ask("GET", "/v1/links/"+l.ID+"/qr.png", "").body)); got != l.URL || !strings.HasPrefix(got, host) {
			t.Errorf("%q, want %q", got, l.URL)
		}
	}
}

// elsewhere is a flow whose links start with another address.
type elsewhere struct {
	*checkout.Service
	at string
}

func (e elsewhere) LinkURL(t checkout.Token) string { return e.at + "/p/" + string(t) }

const quiet = 4 // light modules around the code (ISO/IEC 18004)

func modulesOfSVG(t *testing.T, text []byte) [][]bool {
	t.Helper()
	if err := xml.Unmarshal(text, new(struct{ XMLName xml.Name })); err != nil {
		t.Fatalf("no XML: %v", err)
	}
	if strings.Contains(string(text), "script") || strings.Contains(string(text), "href") {
		t.Errorf("%s", text)
	}
	var side int
	if _, err := fmt.Sscanf(string(text[strings.Index(string(text), "viewBox"):]), `viewBox="0 0 %d`, &side); err != nil {
		t.Fatal(err)
	}
	m := make([][]bool, side-2*quiet)
	for i := range m {
		m[i] = make([]bool, side-2*quiet)
	}
	for _, at := range regexp.MustCompile(`M(\d+) (\d+)h1v1h-1z`).FindAllStringSubmatch(string(text), -1) {
		var x, y int
		if _, err := fmt.Sscan(at[1], &x); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(at[2], &y); err != nil {
			t.Fatal(err)
		}
		m[y-quiet][x-quiet] = true
	}
	return m
}

func modulesOfPNG(t *testing.T, data []byte) [][]bool {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	const scale = 10
	size := picture.Bounds().Dx()/scale - 2*quiet
	if picture.Bounds().Dx() != picture.Bounds().Dy() || picture.Bounds().Dx()%scale != 0 {
		t.Fatalf("%v", picture.Bounds())
	}
	dark := func(p image.Point) bool { return color.GrayModel.Convert(picture.At(p.X, p.Y)).(color.Gray).Y < 128 }
	m := make([][]bool, size)
	for y := range m {
		m[y] = make([]bool, size)
		for x := range m[y] {
			m[y][x] = dark(image.Pt((x+quiet)*scale+scale/2, (y+quiet)*scale+scale/2))
		}
	}
	for i := range picture.Bounds().Dx() { // the light border
		if dark(image.Pt(i, scale*quiet-1)) || dark(image.Pt(scale*quiet-1, i)) {
			t.Fatal("no light border")
		}
	}
	return m
}

// readQR reads the text of an undamaged code of versions 2 to 6, level M, in byte mode: format, mask,
// zigzag, blocks, text (ISO/IEC 18004, 7.3 to 7.9). The error correction words are not looked at.
func readQR(t *testing.T, m [][]bool) string {
	t.Helper()
	version := (len(m) - 17) / 4
	blocks, each := map[int][2]int{2: {1, 28}, 3: {1, 44}, 4: {2, 32}, 5: {2, 43}, 6: {4, 27}}[version][0], map[int][2]int{2: {1, 28}, 3: {1, 44}, 4: {2, 32}, 5: {2, 43}, 6: {4, 27}}[version][1]
	if blocks == 0 || len(m) != 4*version+17 {
		t.Fatalf("a code of %d modules", len(m))
	}
	format := 0 // the five bits of level and mask stand left of the upper right corner's finder
	for x := range 5 {
		format <<= 1
		if m[8][x] {
			format |= 1
		}
	}
	if format ^= 0b10101; format>>3 != 0 {
		t.Fatalf("error correction level %02b, want M", format>>3)
	}
	words := codewords(m, format&7)
	var data []byte
	for b := range blocks {
		for i := range each {
			data = append(data, words[i*blocks+b])
		}
	}
	if data[0]>>4 != 4 {
		t.Fatalf("mode %04b, want bytes", data[0]>>4)
	}
	n := int(data[0]&15)<<4 | int(data[1]>>4)
	text := make([]byte, n)
	for i := range text {
		text[i] = data[i+1]<<4 | data[i+2]>>4
	}
	return string(text)
}

// codewords walks the zigzag from the lower right and takes the mask off.
func codewords(m [][]bool, mask int) []byte {
	size := len(m)
	var words []byte
	bits, have := 0, 0
	for right, up := size-1, true; right > 0; right, up = right-2, !up {
		if right == 6 {
			right--
		}
		for i := range size {
			y := i
			if up {
				y = size - 1 - i
			}
			for _, x := range []int{right, right - 1} {
				if isFunction(x, y, size) {
					continue
				}
				bits <<= 1
				if m[y][x] != masked(mask, x, y) {
					bits |= 1
				}
				if have++; have == 8 {
					words, bits, have = append(words, byte(bits)), 0, 0
				}
			}
		}
	}
	return words
}

// isFunction says whether a module of versions 2 to 6 carries no data.
func isFunction(x, y, size int) bool {
	finder := x < 9 && y < 9 || x >= size-8 && y < 9 || x < 9 && y >= size-8
	alignment := x >= size-9 && x <= size-5 && y >= size-9 && y <= size-5
	return finder || alignment || x == 6 || y == 6
}

func masked(mask, x, y int) bool {
	switch mask {
	case 0:
		return (x+y)%2 == 0
	case 1:
		return y%2 == 0
	case 2:
		return x%3 == 0
	case 3:
		return (x+y)%3 == 0
	case 4:
		return (y/2+x/3)%2 == 0
	case 5:
		return x*y%2+x*y%3 == 0
	case 6:
		return (x*y%2+x*y%3)%2 == 0
	}
	return ((x+y)%2+x*y%3)%2 == 0
}
