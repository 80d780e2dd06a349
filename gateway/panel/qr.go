package panel

import (
	"html/template"
	"strconv"
	"strings"

	"rsc.io/qr"
)

// quiet is the light border of a code in modules (ISO/IEC 18004).
const quiet = 4

// QR draws a text as a code: level M, dark on light whatever the scheme.
func (p *Page) QR(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", err
	}
	size := strconv.Itoa(code.Size + 2*quiet)
	var b strings.Builder
	b.WriteString(`<svg viewBox="0 0 ` + size + ` ` + size + `" role="img" aria-label="QR" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h` + size + `v` + size + `H0z"/><path fill="#000" d="`)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				b.WriteString("M" + strconv.Itoa(x+quiet) + " " + strconv.Itoa(y+quiet) + "h1v1h-1z")
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String()), nil // numbers and our own marks only
}
