package einvoice

import (
	"bytes"
	"strings"
)

// escape writes text so that XML reads it as it is; quotes need it in attributes only.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// WithNote answers the document with one cbc:Note that holds text: behind the invoice's last Note, else in
// front of its DocumentCurrencyCode, where the schema has it. It is indented, prefixed and ended as its
// neighbour is. A Note that begins with ours is replaced instead, so that doing it again changes nothing.
// Every other byte stays as it is, and the document given to Parse stays whole.
func (i *Invoice) WithNote(text, ours string) []byte {
	escaped := escape.Replace(text)
	for _, n := range i.notes {
		if strings.HasPrefix(n.text, ours) {
			return i.spliced(n.inner, n.outer, []byte(escaped))
		}
	}
	near, at := i.currency, i.currency.start
	if len(i.notes) > 0 {
		near = i.notes[len(i.notes)-1]
		at = near.end
	}
	name, declares := i.noteName(near)
	note := []byte("<" + name + declares + ">" + escaped + "</" + name + ">")
	space := i.spaceBefore(near.start)
	if len(i.notes) > 0 {
		return i.spliced(at, at, append(bytes.Clone(space), note...))
	}
	return i.spliced(at, at, append(note, space...))
}

func (i *Invoice) spliced(from, to int, with []byte) []byte {
	out := make([]byte, 0, len(i.doc)+len(with))
	out = append(out, i.doc[:from]...)
	out = append(out, with...)
	return append(out, i.doc[to:]...)
}

// noteName is the name of a Note with its neighbour's prefix, and the declaration of that prefix where the
// neighbour makes it for itself alone.
func (i *Invoice) noteName(near element) (name, declares string) {
	tag := i.doc[near.start+1 : near.inner]
	qualified := string(tag[:bytes.IndexAny(tag, " \t\r\n/>")])
	prefix, _, prefixed := strings.Cut(qualified, ":")
	for _, a := range near.attrs {
		if prefixed && a.Name.Space == "xmlns" && a.Name.Local == prefix {
			return prefix + ":Note", ` xmlns:` + prefix + `="` + nsBasic + `"`
		}
		if !prefixed && a.Name.Space == "" && a.Name.Local == "xmlns" {
			return "Note", ` xmlns="` + nsBasic + `"`
		}
	}
	if prefixed {
		return prefix + ":Note", ""
	}
	return "Note", ""
}

// spaceBefore is the space in front of a place: a line end and an indent, or nothing.
func (i *Invoice) spaceBefore(at int) []byte {
	return i.doc[len(bytes.TrimRight(i.doc[:at], " \t\r\n")):at]
}
