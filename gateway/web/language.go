package web

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/templates"
)

// Language chooses one of the pages' languages for a request: ?lang= wins, then Accept-Language by its weights
// (RFC 9110, section 12.5.4), then Turkish. It allocates nothing and answers constants, so the
// result may be kept.
func Language(c *fiber.Ctx) string {
	if len(c.Request().URI().QueryString()) > 0 {
		if l := known(c.Context().QueryArgs().Peek("lang")); l != "" {
			return l
		}
	}
	return Wished(c)
}

// Wished is the language that the browser itself asks for, whatever the address says.
func Wished(c *fiber.Ctx) string {
	return accepted(c.Request().Header.Peek(fiber.HeaderAcceptLanguage), "tr")
}

// ProgramLanguage chooses as Language does and falls back to English: people who say nothing are our
// home market's, programs that say nothing were written by anybody.
func ProgramLanguage(c *fiber.Ctx) string {
	if l := known(c.Context().QueryArgs().Peek("lang")); l != "" {
		return l
	}
	return accepted(c.Request().Header.Peek(fiber.HeaderAcceptLanguage), "en")
}

// languages are those that the pages are written in, Turkish first.
var languages = templates.Languages()

// known is the language that a tag names, or "".
func known(tag []byte) string {
	for _, l := range languages {
		if len(tag) >= len(l) && (len(tag) == len(l) || tag[len(l)] == '-') && strings.EqualFold(string(tag[:len(l)]), l) {
			return l
		}
	}
	return ""
}

// maxRanges bounds the work on one header; browsers send fewer than ten.
const maxRanges = 32

// accepted reads an Accept-Language header. Of equal weights the first counts; fallback is what
// nothing known means.
func accepted(header []byte, fallback string) string {
	best, weight := fallback, 0
	for range maxRanges {
		if len(header) == 0 {
			break
		}
		item, rest, _ := bytes.Cut(header, []byte{','})
		header = rest
		tag, params, _ := bytes.Cut(item, []byte{';'})
		l := known(bytes.TrimSpace(tag))
		if w := quality(bytes.TrimSpace(params)); l != "" && w > weight {
			best, weight = l, w
		}
	}
	return best
}

// quality is a weight in thousandths: 1000 when none is given, 0 when it cannot be read.
func quality(params []byte) int {
	if len(params) == 0 {
		return 1000
	}
	if len(params) < 3 || params[0]|0x20 != 'q' || params[1] != '=' {
		return 0
	}
	whole, frac, _ := bytes.Cut(params[2:], []byte{'.'})
	if len(whole) != 1 || whole[0] < '0' || whole[0] > '1' || len(frac) > 3 {
		return 0
	}
	w, unit := int(whole[0]-'0')*1000, 100
	for _, d := range frac {
		if d < '0' || d > '9' {
			return 0
		}
		w += int(d-'0') * unit
		unit /= 10
	}
	return min(w, 1000)
}
