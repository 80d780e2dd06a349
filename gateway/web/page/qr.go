package page

import (
	"errors"
	"fmt"
	"html/template"
	"strconv"
	"sync"

	"rsc.io/qr/coding"
)

// quiet is the light border of a code in modules (ISO/IEC 18004).
const quiet = 4

// plans are where bits stand in codes of each size, worked out once: half of what a code costs.
type plans [coding.MaxVersion + 1]func() (*coding.Plan, error)

// qrLevel restores 15 % of a code, enough for a crumpled print.
const qrLevel = coding.M

func newPlans() *plans {
	var p plans
	for v := coding.Version(coding.MinVersion); v <= coding.MaxVersion; v++ {
		p[v] = sync.OnceValues(func() (*coding.Plan, error) { return coding.NewPlan(v, qrLevel, 0) })
	}
	return &p
}

var errQRLength = errors.New("drawing the receipt's code: its address is too long")

// draw makes the smallest code that holds the text.
func (p *plans) draw(text string) (*coding.Code, error) {
	enc := coding.String(text)
	for v := coding.Version(coding.MinVersion); v <= coding.MaxVersion; v++ {
		if enc.Bits(v) > v.DataBytes(qrLevel)*8 {
			continue
		}
		plan, err := p[v]()
		if err != nil {
			return nil, fmt.Errorf("drawing the receipt's code: %w", err)
		}
		return plan.Encode(enc)
	}
	return nil, errQRLength
}

// QR is CheckURL as a picture: level M, dark on a light plate with its quiet zone (checklist N5).
func (r *root) QR() (template.HTML, error) {
	if r.marks != nil {
		return template.HTML(r.marks.of(valueQR)), nil
	}
	svg, err := r.appendQR(nil)
	return template.HTML(svg), err
}

func (r *root) appendQR(dst []byte) ([]byte, error) {
	code, err := r.p.plans.draw(r.CheckURL())
	if err != nil {
		return dst, err
	}
	side := int64(code.Size + 2*quiet)
	number := func(before string, n int64) { dst = strconv.AppendInt(append(dst, before...), n, 10) }
	number(`<svg class="qr" viewBox="0 0 `, side)
	number(" ", side)
	dst = appendEscaped(append(dst, `" role="img" aria-label="`...), r.T("receipt.qr"))
	number(`"><path fill="#fff" d="M0 0h`, side)
	number("v", side)
	dst = append(dst, `H0z"/><path d="`...)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			start := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > start {
				number("M", int64(start+quiet))
				number(" ", int64(y+quiet))
				number("h", int64(x-start))
				number("v1h-", int64(x-start))
				dst = append(dst, 'z')
			}
		}
	}
	return append(dst, `"/></svg>`...), nil
}
