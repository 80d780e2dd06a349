package cardscan

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Plant writes one file for each form in which a card number may hide, each with a number of its own
// drawn at random, and files full of what only looks like one. A scan of the folder must come back with
// exactly what Plant returns: see Missed.
func Plant(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var planted []string
	for name, write := range hidingPlaces {
		for _, number := range []string{drawScripted(), drawAny()} {
			path := filepath.Join(dir, fmt.Sprintf("%s-%d", name, len(planted)))
			// What stands before and after shifts the alignment of the coded forms.
			text := write(number)
			if err := os.WriteFile(path, text, 0o600); err != nil {
				return nil, err
			}
			planted = append(planted, path)
		}
	}
	for name, text := range codePlaces {
		path := filepath.Join(dir, "code-"+name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
		planted = append(planted, path)
	}
	for name, text := range decoys() {
		if err := os.WriteFile(filepath.Join(dir, "decoy-"+name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	slices.Sort(planted)
	return planted, nil
}

// Missed compares a scan of planted folders with what was planted: nil when every planted file was found
// and no other. Findings outside dir are handed back.
func Missed(dir string, planted []string, found []Finding) (others []Finding, err error) {
	var errs []error
	hit := map[string]bool{}
	for _, f := range found {
		switch {
		case !strings.HasPrefix(f.Path, dir+string(filepath.Separator)):
			others = append(others, f)
		case slices.Contains(planted, f.Path):
			hit[f.Path] = true
		default:
			errs = append(errs, fmt.Errorf("the card scan takes a decoy for a card: %s", f))
		}
	}
	for _, path := range planted {
		if !hit[path] {
			errs = append(errs, fmt.Errorf("the card scan overlooks %s", path))
		}
	}
	return others, errors.Join(errs...)
}

// hidingPlaces are the forms of the threat model, section 5, and their combinations.
var hidingPlaces = map[string]func(pan string) []byte{
	"plain":    func(p string) []byte { return []byte("card " + p + "\n") },
	"json":     func(p string) []byte { return []byte(`{"n":"` + p + `","m":1}`) },
	"spaced":   func(p string) []byte { return []byte("card: " + groups(p, " ")) },
	"dashed":   func(p string) []byte { return []byte(groups(p, "-") + "\n") },
	"no-break": func(p string) []byte { return []byte("«" + groups(p, "\u00a0") + "»") },
	"base64":   func(p string) []byte { return []byte(base64.StdEncoding.EncodeToString([]byte("x=" + p + ";"))) },
	"base64url": func(p string) []byte {
		return []byte("/p/" + base64.RawURLEncoding.EncodeToString([]byte("?>n:"+p+" ok~")))
	},
	"base64lines": func(p string) []byte {
		return lines(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("mail text, ", 9)+p+" end")), 76)
	},
	"base64pair": func(p string) []byte {
		return []byte(base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("n=" + p)))))
	},
	"hex": func(p string) []byte { return []byte(hex.EncodeToString([]byte("a" + p + "\n"))[2:]) },
	"hexupper": func(p string) []byte {
		return []byte("X" + strings.ToUpper(hex.EncodeToString([]byte(groups(p, " ")))))
	},
	"hexdump":    func(p string) []byte { return []byte(fmt.Sprintf("% x", p)) },
	"hexlist":    func(p string) []byte { return []byte(strings.TrimSuffix(fmt.Sprintf("%#v", []byte(p)), "}")[7:]) },
	"url":        func(p string) []byte { return []byte("a=1&n=" + url.QueryEscape(groups(p, " ")) + "&b=2") },
	"percent":    func(p string) []byte { return []byte("/x?n=" + each(p, "%%%02X") + "&y") },
	"percent2":   func(p string) []byte { return []byte("/x?n=" + each(p, "%%25%02X") + "&y") },
	"html":       func(p string) []byte { return []byte("<b>" + each(p, "&#%d;") + "</b>") },
	"htmlhex":    func(p string) []byte { return []byte("<b>" + each(p, "&#x%x;") + "</b>") },
	"jsonescape": func(p string) []byte { return []byte(`{"n":"` + each(p, `\u%04x`) + `"}`) },
	"cescape":    func(p string) []byte { return []byte(`"` + each(p, `\x%02x`) + `"`) },
	"quoted":     func(p string) []byte { return []byte("Karte =C3=B6 " + p[:7] + "=\r\n" + p[7:] + "\r\n") },
	"utf16le":    func(p string) []byte { return wideText("n: "+p+" .", binary.LittleEndian) },
	"utf16be":    func(p string) []byte { return wideText("n: "+groups(p, " ")+" .", binary.BigEndian) },
	"utf16beend": func(p string) []byte { return wideText(p, binary.BigEndian) },
	"utf32": func(p string) []byte {
		return bytes.ReplaceAll(wideText(p+";", binary.LittleEndian), []byte{0}, []byte{0, 0, 0})
	},
	"gzip":       func(p string) []byte { return append([]byte("before"), packed("gzip", page(p))...) },
	"gzipspaced": func(p string) []byte { return packed("gzip", page(groups(p, " "))) },
	"zlib":       func(p string) []byte { return append([]byte("stream\n"), packed("zlib", page(p))...) },
	"deflate":    func(p string) []byte { return packed("deflate", page(p)) },
	"zip":        func(p string) []byte { return packed("zip", page(p)) },
	"gzip64": func(p string) []byte {
		return []byte("body: " + base64.StdEncoding.EncodeToString(packed("gzip", page(groups(p, "-")))))
	},
	"deflate64": func(p string) []byte { return []byte(base64.StdEncoding.EncodeToString(packed("deflate", page(p)))) },
	"far": func(p string) []byte {
		return append(bytes.Repeat([]byte("0123456789abcdef,"), window/4/17), []byte("\n"+p+"\n")...)
	},
	"seam": func(p string) []byte { return append(bytes.Repeat([]byte("."), 2*overlap-7), []byte(" "+p+" ")...) },
	"gzipfar": func(p string) []byte {
		return packed("gzip", append(bytes.Repeat([]byte("nothing here, "), window/4/13), page(p)...))
	},
}

// codePlaces hold a security code beside its name.
var codePlaces = map[string]string{
	"form":  "card_holder=A&card_cvc=123&lang=tr",
	"json":  `{"cvv": "987"}`,
	"xml":   "<Cvv2>4821</Cvv2>",
	"long":  "Cv2Val : 123",
	"url":   "card_cvc%22%3A%22123%22",
	"lines": "CVV2:\n  123\n",
	"camel": `{"cardCvc":"123"}`,
	"redis": "*4\r\n$4\r\nHSET\r\n$1\r\nk\r\n$3\r\ncvv\r\n$3\r\n123\r\n",
}

// decoys look like cards and are none. They are the same in every run.
func decoys() map[string]string {
	var digests, ids, stamps strings.Builder
	sum := sha256.Sum256([]byte("decoys"))
	for i := range 2000 {
		sum = sha256.Sum256(sum[:])
		fmt.Fprintf(&digests, "%x\n", sum)
		fmt.Fprintf(&ids, "pay_%s lnk_%x-%x\n", base64.RawURLEncoding.EncodeToString(sum[:16]), sum[:4], sum[4:6])
		fmt.Fprintf(&stamps, "time=%d seq=%d rrn=%012d\n", 1_790_000_000_000_000_000+int64(binary.BigEndian.Uint32(sum[:])), i, binary.BigEndian.Uint32(sum[4:]))
	}
	return map[string]string{
		"digests":  digests.String(),
		"ids":      ids.String(),
		"stamps":   stamps.String(),
		"masked":   "415565******0007 4155 65** **** 0007 41556500****0007",
		"wrong":    "4155650000000008 card 5100000000000001",
		"unknown":  "1155650000000000 9999990000000009 0000000000000000",
		"longer":   "84155650416111284155650416111 id4155650416111284x",
		"fraction": "0.4155650416111284 12.4155650416111284",
		"amounts":  "4155 25000 6500 100 0000 0007, 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
		"codes":    `cvv: *** name="card_cvc" maxlength="4" cvc_digits=3 cvcless 123 cvv2 declined, cvc-12345`,
		"tokens":   "o:DfzcvUYtrcvC\r\n$107\r\no:gENNiRy42cVC\r\n$107\r\n+cvv\r\n$107\r\nx", // random tokens before a length
		"windows":  "\x01\x00\x17\x29\x86\x02\x00\x00\x00\x007\x00\x00",                     // 6519580000256000, over a shorter field
		"nothing":  "",
	}
}

// drawScripted makes a number of the simulated bank's family.
func drawScripted() string {
	return withCheckDigit([]string{"415565", "979280", "522240"}[random(3)] + "0000" + fmt.Sprintf("%03d", random(1000)) + "00")
}

// drawAny makes a 16-digit number of a known brand that is not scripted.
func drawAny() string {
	lead := []string{"4506", "5571", "2223", "9792", "6500"}[random(5)]
	return withCheckDigit(lead + strconv.Itoa(11111+random(88888)) + strconv.Itoa(111111+random(888888)))
}

func random(below int64) int {
	n, err := rand.Int(rand.Reader, big.NewInt(below))
	if err != nil {
		panic(err) // the system has no randomness: nothing can run
	}
	return int(n.Int64())
}

// withCheckDigit appends the digit that makes a number valid.
func withCheckDigit(digits string) string {
	for c := byte('0'); ; c++ {
		if number := digits + string(c); luhn([]byte(number)) {
			return number
		}
	}
}

// groups writes a number in fours.
func groups(pan, gap string) string {
	var parts []string
	for chunk := range slices.Chunk([]byte(pan), 4) {
		parts = append(parts, string(chunk))
	}
	return strings.Join(parts, gap)
}

// each formats every character by itself.
func each(text, format string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		fmt.Fprintf(&b, format, c)
	}
	return b.String()
}

// lines breaks a text as mail does.
func lines(text string, n int) []byte {
	var b bytes.Buffer
	for chunk := range slices.Chunk([]byte(text), n) {
		b.Write(chunk)
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

func wideText(text string, order binary.AppendByteOrder) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

// page is enough text around a number for a compressor to work on.
func page(text string) []byte {
	return []byte(strings.Repeat("<p>A line of some page, 25000 TRY.</p>\n", 20) + "<b>" + text + "</b>" + strings.Repeat("<p>after it</p>", 20))
}

// packed compresses into memory, which cannot fail.
func packed(form string, data []byte) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch form {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	case "deflate":
		w, _ = flate.NewWriter(&b, flate.BestCompression)
	case "zip":
		archive := zip.NewWriter(&b)
		member, _ := archive.Create("sheet1.xml")
		_, _ = member.Write(data)
		_ = archive.Close()
		return b.Bytes()
	}
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}
