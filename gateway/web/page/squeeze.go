package page

import (
	"bytes"
	"strings"
)

// squeeze drops what a browser does not need: indentation, blank lines, and comments that have
// their lines to themselves (// and /* … */). Our files hold no string over several lines.
func squeeze(src []byte) []byte {
	var out bytes.Buffer
	comment := false
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSpace(line)
		switch {
		case comment:
			comment = !strings.HasSuffix(line, "*/")
		case strings.HasPrefix(line, "/*"):
			comment = !strings.HasSuffix(line, "*/")
		case line == "" || strings.HasPrefix(line, "//"):
		default:
			out.WriteString(line)
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// squeezeStyle also joins the lines of a style sheet, whose line ends separate nothing.
func squeezeStyle(src []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(squeeze(src)) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		out.Write(line)
		if !bytes.HasSuffix(line, []byte("{")) && !bytes.HasSuffix(line, []byte("}")) &&
			!bytes.HasSuffix(line, []byte(";")) && !bytes.HasSuffix(line, []byte(",")) {
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// squeezeScript also drops the spaces between a script's words and signs, by the rules of JSMin
// (Crockford 2001): text in quotes and regular expressions stay as they are, a space stays between two
// words or two equal signs, and a line end where it may end a statement. A slash begins a regular
// expression where no value can stand before it.
func squeezeScript(src []byte) []byte {
	src = squeeze(src)
	out := make([]byte, 0, len(src))
	for i := 0; i < len(src); {
		switch c := src[i]; {
		case c == '"' || c == '\'' || c == '`' || c == '/' && regexpMayBegin(out):
			n := literalLength(src[i:])
			out = append(out, src[i:i+n]...)
			i += n
		case c == ' ' || c == '\n':
			if i+1 < len(src) && len(out) > 0 && separates(out[len(out)-1], c, src[i+1]) {
				out = append(out, c)
			}
			i++
		default:
			out = append(out, c)
			i++
		}
	}
	return append(out, '\n')
}

// literalLength is how long the quoted text or regular expression is that src begins with.
func literalLength(src []byte) int {
	class := false // a slash between [ and ] ends no regular expression
	for i := 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '[':
			class = true
		case ']':
			class = false
		case src[0]:
			if src[0] != '/' || !class {
				return i + 1
			}
		}
	}
	return len(src)
}

// regexpMayBegin says whether a slash behind out begins a regular expression and divides nothing.
func regexpMayBegin(out []byte) bool {
	return len(out) == 0 || bytes.IndexByte([]byte("(,=:[!&|?{};>\n"), out[len(out)-1]) >= 0
}

// separates says whether a space or a line end has to stay between two characters.
func separates(before, space, after byte) bool {
	if space == '\n' {
		return (word(before) || bytes.IndexByte([]byte("})]\"'`/"), before) >= 0) && (word(after) || bytes.IndexByte([]byte("{([+-\"'`/"), after) >= 0)
	}
	return word(before) && word(after) || before == after && (before == '+' || before == '-')
}

// word says whether c may stand in a name or a number.
func word(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '$' || c >= 0x80
}
