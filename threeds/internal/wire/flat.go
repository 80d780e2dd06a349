package wire

import "strings"

// readFlat reads what banks answer in practice: a head, a root, and in it elements that hold text and nothing
// else. ok is false for everything beside that, right or wrong: attributes, references, comments, CDATA, document
// types, levels below, names beyond ASCII, an end that is missing. ReadXML then decides with the whole reader, which
// takes ten times as long. Whatever is read here, that one reads alike.
func readFlat(text, root string) (n Node, ok bool) {
	text = unixLines(text)
	if !plainXML(text) {
		return Node{}, false
	}
	f := flat{rest: text, ok: true}
	f.blanks()
	if strings.HasPrefix(f.rest, "<?") {
		f.head()
		f.blanks()
	}
	if f.start(root); !f.ok {
		return Node{}, false
	}
	n = Node{Name: root, Children: make([]Node, 0, min(strings.Count(f.rest, "</"), maxNodes))}
	var between strings.Builder // line ends, or nothing
	for {
		if between.WriteString(f.text()); f.end(root) {
			break
		}
		if child := f.child(); f.ok && len(n.Children) < maxNodes-1 {
			n.Children = append(n.Children, child)
			continue
		}
		return Node{}, false
	}
	f.blanks()
	n.Text = between.String()
	return n, f.rest == ""
}

// unixLines are the lines of a text as XML reads them: a carriage return is a line end, and so is one with a line
// feed behind it.
func unixLines(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}

// plainXML says whether every byte stands for itself wherever it is: no reference, no end of a CDATA section, and no
// character that XML does not have.
func plainXML(text string) bool {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '&', c < ' ' && c != '\n' && c != '\t':
			return false
		case c == 0xEF && strings.HasPrefix(text[i:], "\xef\xbf"):
			return false // among them U+FFFE and U+FFFF
		}
	}
	return !strings.Contains(text, "]]>")
}

// flat walks over a flat answer. ok turns false where it is none.
type flat struct {
	rest string
	ok   bool
}

func (f *flat) blanks() { f.rest = strings.TrimLeft(f.rest, " \t\n") }

// heads are the beginnings of answers that declare themselves as everybody does; what encoding they name is not
// believed (see Text).
var heads = []string{`<?xml version="1.0"?>`, `<?xml version="1.0" encoding="`, `<?xml version='1.0' encoding='`}

func (f *flat) head() {
	for i, head := range heads {
		rest, found := strings.CutPrefix(f.rest, head)
		if !found {
			continue
		}
		if i > 0 {
			rest = strings.TrimLeft(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
			rest, found = strings.CutPrefix(rest, head[len(head)-1:]+"?>")
		}
		f.rest, f.ok = rest, found
		return
	}
	f.ok = false
}

func (f *flat) start(root string) {
	rest, opened := strings.CutPrefix(f.rest, "<"+root)
	rest, closed := strings.CutPrefix(rest, ">")
	f.rest, f.ok = rest, f.ok && opened && closed
}

// end takes the end tag of name if it comes now.
func (f *flat) end(name string) bool {
	rest, begun := strings.CutPrefix(f.rest, "</")
	if !begun {
		return false
	}
	if rest, begun = strings.CutPrefix(rest, name); !begun || rest == "" || rest[0] != '>' {
		return false
	}
	f.rest = rest[1:]
	return true
}

// text takes everything up to the next tag.
func (f *flat) text() string {
	i := strings.IndexByte(f.rest, '<')
	if i < 0 {
		i = len(f.rest)
	}
	text := f.rest[:i]
	f.rest = f.rest[i:]
	return text
}

// child takes one element with text in it.
func (f *flat) child() (n Node) {
	i := 1 // behind "<"
	for i < len(f.rest) && isFlatName(f.rest[i], i == 1) {
		i++
	}
	if i == 1 || i >= len(f.rest) {
		f.ok = false
		return n
	}
	n.Name, f.rest = f.rest[1:i], f.rest[i:]
	if rest, empty := strings.CutPrefix(f.rest, "/>"); empty {
		f.rest = rest
		return n
	}
	if f.rest[0] != '>' {
		f.ok = false
		return n
	}
	f.rest = f.rest[1:]
	n.Text = f.text()
	f.ok = f.ok && f.end(n.Name)
	return n
}

func isFlatName(c byte, first bool) bool {
	return isLetter(c) || c == '_' || !first && (c >= '0' && c <= '9' || c == '-' || c == '.')
}
