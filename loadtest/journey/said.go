package journey

import (
	"html"
	"regexp"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/odelink/odelink/loadtest/client"
)

// longestSaid is how many characters of an answer are enough to know what is wrong.
const longestSaid = 200

var (
	unread = regexp.MustCompile(`(?is)<(style|script|svg)\b.*?</(style|script|svg)>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
	// A target under test may echo what it was sent. What could be a card number (12 digits and more,
	// however grouped) must not reach a report.
	cardLike = regexp.MustCompile(`\d(?:[ -]?\d){11,}`)
)

// said is what an answer says, as a line of plain text.
func said(resp *fasthttp.Response, failed *client.Failure) string {
	if failed != nil {
		return Plain(failed.Cause.Error())
	}
	body, err := resp.BodyUncompressed()
	if err != nil {
		return "an answer that cannot be unpacked"
	}
	return Plain(html.UnescapeString(unread.ReplaceAllString(string(body), " ")))
}

// Plain makes a line of a text that somebody else wrote: at most 200 characters, nothing in it that could
// be a card number.
func Plain(text string) string {
	line := cardLike.ReplaceAllString(strings.TrimSpace(spaces.ReplaceAllString(text, " ")), "…")
	if r := []rune(line); len(r) > longestSaid {
		line = string(r[:longestSaid]) + "…"
	}
	return line
}
