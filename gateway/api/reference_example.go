package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// collectIDs finds, for every collection of addresses, an id that examples use: what stands in for {id} in the
// examples' addresses.
func (d *refDoc) collectIDs() {
	byPrefix := map[string]string{}
	for _, example := range pairs(at(d.root, "components", "examples")) {
		id := word(example.value, "value", "id")
		if prefix, _, ok := strings.Cut(id, "_"); ok && byPrefix[prefix] == "" {
			byPrefix[prefix] = id
		}
	}
	for _, path := range pairs(at(d.root, "paths")) {
		collection, _, ok := strings.Cut(path.key, "/{id}")
		for _, node := range append(items(at(path.value, "parameters")), nil) {
			param, _ := d.follow(node)
			schema, _ := d.follow(at(param, "schema"))
			prefix, _, _ := strings.Cut(strings.TrimPrefix(word(schema, "pattern"), "^"), "_")
			if ok && d.ids[collection] == "" {
				d.ids[collection] = byPrefix[prefix]
			}
		}
	}
}

var inBraces = regexp.MustCompile(`\{(\w+)\}`)

// address is an operation's address as an example has it: with values for what is required.
func (d *refDoc) address(path string, params []*yaml.Node) string {
	collection, _, _ := strings.Cut(path, "/{id}")
	query := []string{}
	values := map[string]string{"id": d.ids[collection]}
	for _, p := range params {
		schema, _ := d.follow(at(p, "schema"))
		name := word(p, "name")
		value := cmp.Or(exampleOfParam[name], firstChoice(schema))
		switch {
		case word(p, "in") == "path" && name != "id":
			values[name] = value
		case word(p, "in") == "query" && word(p, "required") == "true":
			query = append(query, name+"="+url.QueryEscape(value))
		}
	}
	address := inBraces.ReplaceAllStringFunc(path, func(brace string) string { return values[strings.Trim(brace, "{}")] })
	if len(query) > 0 {
		address += "?" + strings.Join(query, "&")
	}
	return address
}

// exampleOfParam are values of parameters whose schemas name none.
var exampleOfParam = map[string]string{"bin": "415565", "amount": "25000", "number": "2", "code": "link_not_found"}

func firstChoice(schema *yaml.Node) string {
	if list := choices(schema); len(list) > 0 {
		return list[0].Value
	}
	return ""
}

// curl is a request as a command line.
func curl(method, address string, key, post bool, kind, body string) string {
	var out strings.Builder
	out.WriteString("curl")
	if method != "GET" {
		out.WriteString(" -X " + method)
	}
	out.WriteString(" " + shellQuoted(address))
	line := func(text string) { out.WriteString(" \\\n  " + text) }
	if key {
		line(`-H "Authorization: Bearer $ODELINK_KEY"`)
	}
	if post {
		line(`-H "Idempotency-Key: $(uuidgen)"`)
	}
	switch {
	case kind == "application/json":
		line(`-H "Content-Type: application/json"`)
		line("-d " + shellQuoted(body))
	case kind != "":
		line(`-H "Content-Type: ` + kind + `"`)
		line("--data-binary @file")
	}
	return out.String()
}

// shellQuoted writes text as one word of a POSIX shell.
func shellQuoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// exampleJSON writes the value of an example as JSON, in the contract's order.
func exampleJSON(value *yaml.Node) string {
	var raw, out bytes.Buffer
	writeJSON(&raw, value)
	if err := json.Indent(&out, raw.Bytes(), "", "  "); err != nil {
		return raw.String()
	}
	return shortLists(out.String())
}

var listOfScalars = regexp.MustCompile(`\[\s+([^\[\]{}]*?)\s+\]`)

// shortLists puts lists of plain values on one line.
func shortLists(text string) string {
	return listOfScalars.ReplaceAllStringFunc(text, func(list string) string {
		parts := strings.Split(strings.Trim(list, "[] \n"), ",\n")
		for i, p := range parts {
			parts[i] = strings.TrimSpace(p)
		}
		if one := "[" + strings.Join(parts, ", ") + "]"; len(one) < 90 {
			return one
		}
		return list
	})
}

func writeJSON(out *bytes.Buffer, n *yaml.Node) {
	n = plain(n)
	switch n.Kind {
	case yaml.MappingNode:
		out.WriteByte('{')
		for i, p := range pairs(n) {
			if i > 0 {
				out.WriteByte(',')
			}
			writeText(out, p.key)
			out.WriteByte(':')
			writeJSON(out, p.value)
		}
		out.WriteByte('}')
	case yaml.SequenceNode:
		out.WriteByte('[')
		for i, c := range items(n) {
			if i > 0 {
				out.WriteByte(',')
			}
			writeJSON(out, c)
		}
		out.WriteByte(']')
	default:
		if slices.Contains([]string{"!!int", "!!float", "!!bool", "!!null"}, n.ShortTag()) {
			out.WriteString(cmp.Or(n.Value, "null"))
			return
		}
		writeText(out, n.Value)
	}
}

// writeText writes a JSON string with its letters as they are.
func writeText(out *bytes.Buffer, text string) {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string cannot fail
	out.Write(bytes.TrimRight(quoted.Bytes(), "\n"))
}
