package api

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// refDoc is the contract, read for the page at /docs. It keeps the order in which the contract says things.
type refDoc struct {
	root *yaml.Node
	ids  map[string]string // the ids of examples by the collection that they stand under in addresses
}

func readReference(text []byte) (*refDoc, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	d := &refDoc{root: doc.Content[0], ids: map[string]string{}}
	d.collectIDs()
	return d, nil
}

// pair is one entry of a mapping.
type pair struct {
	key   string
	value *yaml.Node
}

// pairs are the entries of a mapping in their order; of anything else none.
func pairs(n *yaml.Node) []pair {
	n = plain(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	all := make([]pair, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		all = append(all, pair{n.Content[i].Value, plain(n.Content[i+1])})
	}
	return all
}

// plain follows an alias.
func plain(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// at finds a node below another, nil when there is none.
func at(n *yaml.Node, path ...string) *yaml.Node {
	for _, name := range path {
		i := slices.IndexFunc(pairs(n), func(p pair) bool { return p.key == name })
		if i < 0 {
			return nil
		}
		n = pairs(n)[i].value
	}
	return n
}

// items are the elements of a list.
func items(n *yaml.Node) []*yaml.Node {
	if n = plain(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	all := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		all[i] = plain(c)
	}
	return all
}

// word is the text of a scalar below a node, "" when there is none.
func word(n *yaml.Node, path ...string) string {
	if n = at(n, path...); n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// words are the scalars of a list.
func wordsOf(n *yaml.Node) []string {
	list := []string{}
	for _, c := range items(n) {
		list = append(list, c.Value)
	}
	return list
}

// follow goes through a $ref; name is the last part of where it leads, "" without one.
func (d *refDoc) follow(n *yaml.Node) (node *yaml.Node, name string) {
	ref := word(n, "$ref")
	if ref == "" {
		return n, ""
	}
	path := strings.Split(strings.TrimPrefix(ref, "#/"), "/")
	node = at(d.root, path...)
	if len(path) > 3 { // a property of another schema has no name of its own
		return d.follow(node)
	}
	return node, path[len(path)-1]
}

// refSchema says what a value is, in words.
type refSchema struct {
	Type    string   // "list of ", "string" …; before the object's name where there is one
	Object  string   // the schema that describes it further; "" = none
	Or      string   // what else it may be than that object, "null" for instance
	Limits  []string // "at most 64 characters"
	Choices []refChoice
	About   prose
	Fields  []refField // of an object that has no name
}

type refChoice struct {
	Value string
	About prose
}

// refField is a field of an object.
type refField struct {
	Name     string
	Required bool
	Must     string // what is said of it when it is required, in the page's language
	refSchema
}

// inPlace are schemas whose choices have pages of their own.
var inPlace = []string{"ProblemCode", "FieldCode"}

// schema reads what a value is.
func (d *refDoc) schema(n *yaml.Node) refSchema {
	node, name := d.follow(n)
	s := refSchema{About: prose(cmp.Or(word(n, "description"), word(node, "description")))}
	if name != "" && (at(node, "properties") != nil || slices.Contains(inPlace, name)) {
		s.Object = name
		s.About = prose(word(n, "description"))
		return s
	}
	for _, list := range []string{"anyOf", "allOf"} {
		if parts := items(at(node, list)); len(parts) > 0 {
			return d.joined(s, node, parts, list)
		}
	}
	s.Limits = limits(node)
	s.Choices = choices(node)
	s.Type = typeWords(node)
	switch {
	case at(node, "properties") != nil:
		s.Fields = d.fields(node)
	case at(node, "items") != nil:
		inner := d.schema(at(node, "items"))
		s.Type, s.Object, s.Fields, s.Choices = "list of "+inner.Type, inner.Object, inner.Fields, inner.Choices
		if s.Type += orNull(node); len(inner.Limits) > 0 {
			s.Limits = append(s.Limits, "each "+strings.Join(inner.Limits, ", "))
		}
	case at(node, "additionalProperties", "type") != nil:
		s.Type += " of " + typeWords(at(node, "additionalProperties"))
	}
	return s
}

// joined reads a value that is one of several things, mostly one thing or null.
func (d *refDoc) joined(s refSchema, node *yaml.Node, parts []*yaml.Node, how string) refSchema {
	types := []string{}
	for _, part := range parts {
		inner := d.schema(part)
		s.Object = cmp.Or(s.Object, inner.Object)
		s.About = cmp.Or(s.About, inner.About)
		s.Limits = append(s.Limits, inner.Limits...)
		s.Choices = append(s.Choices, inner.Choices...)
		s.Fields = append(s.Fields, inner.Fields...)
		if word := cmp.Or(inner.Object, inner.Type); word != "" && word != s.Object && !slices.Contains(types, word) {
			types = append(types, word)
		}
	}
	if all := strings.Join(types, " or "); how == "anyOf" && s.Object == "" {
		s.Type = all
	} else if how == "anyOf" {
		s.Or = all
	}
	s.Limits = append(s.Limits, limits(node)...)
	return s
}

// fields reads the fields of an object.
func (d *refDoc) fields(object *yaml.Node) []refField {
	required := wordsOf(at(object, "required"))
	list := []refField{}
	for _, p := range pairs(at(object, "properties")) {
		list = append(list, refField{Name: p.key, Required: slices.Contains(required, p.key), refSchema: d.schema(p.value)})
	}
	return list
}

// typeWords names the JSON type of a value.
func typeWords(n *yaml.Node) string {
	if types := wordsOf(at(n, "type")); len(types) > 0 {
		return strings.Join(types, " or ")
	}
	kind := word(n, "type")
	if format := word(n, "format"); format != "" && format != "int64" {
		kind += " (" + format + ")"
	}
	if kind == "" && (at(n, "enum") != nil || at(n, "oneOf") != nil || at(n, "const") != nil) {
		return "string"
	}
	return kind
}

func orNull(n *yaml.Node) string {
	if slices.Contains(wordsOf(at(n, "type")), "null") {
		return " or null"
	}
	return ""
}

// limitWords are the limits of a value, and how each is said.
var limitWords = []struct{ key, words string }{
	{"minimum", "at least %s"}, {"maximum", "at most %s"}, {"minLength", "at least %s characters"}, {"maxLength", "at most %s characters"},
	{"minItems", "at least %s of them"}, {"maxItems", "at most %s of them"}, {"maxProperties", "at most %s of them"}, {"pattern", "%s"},
	{"default", "%s when left out"},
}

func limits(n *yaml.Node) []string {
	list := []string{}
	for _, l := range limitWords {
		if v := word(n, l.key); v != "" {
			list = append(list, fmt.Sprintf(l.words, v))
		}
	}
	if word(n, "uniqueItems") == "true" {
		list = append(list, "none twice")
	}
	return list
}

// choices are the values that a value may have, where they are few.
func choices(n *yaml.Node) []refChoice {
	list := []refChoice{}
	for _, one := range items(at(n, "oneOf")) {
		if value := word(one, "const"); value != "" {
			list = append(list, refChoice{value, prose(word(one, "description"))})
		}
	}
	for _, value := range wordsOf(at(n, "enum")) {
		list = append(list, refChoice{Value: value})
	}
	if value := word(n, "const"); value != "" {
		list = append(list, refChoice{Value: value})
	}
	return list
}
