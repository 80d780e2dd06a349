package journey

import (
	"bytes"
	"html"
	"strings"
)

// field is one field of a form.
type field struct {
	name, value string
	asked       bool // a person types it
}

// form is one form of a page.
type form struct {
	id, method, action string
	fields             []field
}

// readForm finds a page's form of this id, "" = its first. It reads what browsers would send of pages as
// gateways and banks write them: attributes in quotes, no nested forms.
func readForm(page []byte, id string) (form, bool) {
	for {
		_, after, found := cutTag(page, "<form")
		if !found {
			return form{}, false
		}
		tag, rest, _ := bytes.Cut(after, []byte(">"))
		body, next, _ := cutTag(rest, "</form")
		page = next
		f := form{id: attribute(tag, "id"), method: strings.ToUpper(attribute(tag, "method")), action: attribute(tag, "action")}
		if id != "" && f.id != id {
			continue
		}
		f.fields = readFields(body)
		return f, true
	}
}

func readFields(body []byte) (fields []field) {
	for {
		_, after, found := cutTag(body, "<input")
		if !found {
			return fields
		}
		tag, rest, _ := bytes.Cut(after, []byte(">"))
		body = rest
		name := attribute(tag, "name")
		if name == "" {
			continue
		}
		switch attribute(tag, "type") {
		case "hidden":
			fields = append(fields, field{name: name, value: attribute(tag, "value")})
		case "text", "tel", "number", "password", "":
			fields = append(fields, field{name: name, asked: true})
		}
	}
}

// cutTag is bytes.Cut for a tag's beginning in any letter case.
func cutTag(page []byte, tag string) (before, after []byte, found bool) {
	for from := 0; ; {
		i := bytes.IndexByte(page[from:], '<')
		if i < 0 || from+i+len(tag) > len(page) {
			return page, nil, false
		}
		if from += i; strings.EqualFold(string(page[from:from+len(tag)]), tag) {
			return page[:from], page[from+len(tag):], true
		}
		from++
	}
}

// attribute is a tag's attribute, unescaped; "" when it has none.
func attribute(tag []byte, name string) string {
	for from := 0; ; {
		i := bytes.Index(tag[from:], []byte(name+`="`))
		if i < 0 {
			return ""
		}
		from += i
		value := tag[from+len(name)+2:]
		if from > 0 && tag[from-1] != ' ' && tag[from-1] != '\n' && tag[from-1] != '\t' {
			from += len(name)
			continue
		}
		if end := bytes.IndexByte(value, '"'); end >= 0 {
			return html.UnescapeString(string(value[:end]))
		}
		return ""
	}
}
