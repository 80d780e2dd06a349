package client_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/odelink/odelink/gateway/api/client"
)

// contract is openapi.yaml as plain values.
var contract = sync.OnceValue(func() map[string]any {
	text, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		panic(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		panic(err)
	}
	return tree
})

func under(n any, path ...string) any {
	for _, name := range path {
		m, _ := n.(map[string]any)
		n = m[name]
	}
	return n
}

// follow goes through a $ref.
func follow(n any) any {
	if ref, ok := under(n, "$ref").(string); ok {
		return follow(under(contract(), strings.Split(strings.TrimPrefix(ref, "#/"), "/")...))
	}
	return n
}

// operation is one of the contract, with the method that stands for it.
type operation struct {
	id     string
	node   map[string]any
	params []any
	method reflect.Method
	found  bool
}

// operations are all but the pages for people.
func operations() (list []operation) {
	for _, item := range contract()["paths"].(map[string]any) {
		for verb, node := range item.(map[string]any) {
			n, ok := node.(map[string]any)
			if !ok || verb == "parameters" || under(n, "responses", "200", "content", "text/html") != nil {
				continue
			}
			o := operation{id: n["operationId"].(string), node: n}
			for _, from := range []any{under(item, "parameters"), n["parameters"]} {
				more, _ := from.([]any)
				o.params = append(o.params, more...)
			}
			o.method, o.found = reflect.TypeFor[*client.Client]().MethodByName(strings.ToUpper(o.id[:1]) + o.id[1:])
			list = append(list, o)
		}
	}
	return list
}

// byFile are operations whose parameters are of a second method, that sends a file.
var byFile = []string{"createReconciliation", "createLinkBatch", "checkLinkBatch"}

// An operation of the contract that the client lacks fails here, and so does a parameter.
func TestEveryOperationHasAMethod(t *testing.T) {
	all := operations()
	if len(all) < 60 {
		t.Fatalf("%d operations", len(all))
	}
	for _, o := range all {
		if !o.found {
			t.Errorf("the client has no method for %s", o.id)
			continue
		}
		taken := map[string]bool{}
		for i := range o.method.Type.NumIn() {
			in := o.method.Type.In(i)
			for f := 0; in.Kind() == reflect.Struct && f < in.NumField(); f++ {
				taken[in.Field(f).Tag.Get("query")] = true
			}
		}
		for _, p := range o.params {
			name := under(follow(p), "name").(string)
			if under(follow(p), "in") == "query" && !taken[name] && !slices.Contains(byFile, o.id) {
				t.Errorf("%s takes no %s", o.method.Name, name)
			}
		}
	}
}

// more is what methods say beside the contract: they stand for one of several bodies, or for a stream.
var more = map[string]string{
	"createReconciliation":   "CreateReconciliation: hold a bank's list of a day against the ledger. This asks the bank for its own list; ReconcileFile uploads a file.",
	"readReconciliationFile": "The answer is streamed: close it, and an error while reading means that it is no whole report.",
	"readReport":             "The answer is streamed: close it, and an error while reading means that it is no whole report.",
}

// What a method's comment says is what the contract says of its operation, so that neither grows old by itself.
func TestCommentsSayWhatTheContractSays(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "operations.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			said[f.Name.Name] = oneLine(f.Doc.Text())
		}
	}
	for _, o := range operations() {
		summary, _ := o.node["summary"].(string)
		about, _ := o.node["description"].(string)
		want := oneLine(o.method.Name + ": " + strings.ToLower(summary[:1]) + summary[1:] + ". " + about)
		if extra := more[o.id]; strings.HasPrefix(extra, o.method.Name) {
			want = extra
		} else {
			want = strings.TrimSpace(want + " " + extra)
		}
		if got := said[o.method.Name]; !strings.EqualFold(got, want) { // names of fields begin sentences of comments as Go writes them
			t.Errorf("%s says\n%s\nand the contract\n%s", o.id, got, want)
		}
	}
}

// oneLine is a text without marks and line ends.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("`", "", "**", "").Replace(text)), " ")
}

// known are the types that the client's methods take and answer, by their names.
func known() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	var meet func(reflect.Type)
	meet = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			meet(t.Elem())
		case reflect.Struct:
			if _, met := types[t.Name()]; met {
				return
			}
			types[t.Name()] = t
			for i := range t.NumField() {
				meet(t.Field(i).Type)
			}
		}
	}
	c := reflect.TypeFor[*client.Client]()
	for i := range c.NumMethod() {
		for in := range c.Method(i).Type.Ins() {
			meet(in)
		}
		for out := range c.Method(i).Type.Outs() {
			meet(out)
		}
	}
	meet(reflect.TypeFor[client.Problem]())
	meet(reflect.TypeFor[client.Report]()) // read as a stream
	return types
}

// A field of an object of the contract that the client lacks fails here.
func TestEveryFieldIsThere(t *testing.T) {
	types, seen := known(), 0
	for name, schema := range under(contract(), "components", "schemas").(map[string]any) {
		fields, ok := under(schema, "properties").(map[string]any)
		if !ok {
			continue
		}
		if strings.HasSuffix(name, "Page") {
			of, named := under(fields, "data", "items", "$ref").(string)
			if of = strings.TrimPrefix(of, "#/components/schemas/"); !named {
				of = strings.TrimSuffix(name, "Page")
			}
			name = "Page[" + reflect.TypeFor[client.Page[client.Link]]().PkgPath() + "." + of + "]"
		}
		found, ok := types[name]
		if !ok {
			t.Errorf("the client has no %s", name)
			continue
		}
		tags := map[string]bool{}
		for i := range found.NumField() {
			tag, _, _ := strings.Cut(found.Field(i).Tag.Get("json"), ",")
			tags[tag] = true
		}
		for field := range fields {
			if seen++; !tags[field] {
				t.Errorf("%s has no %s", name, field)
			}
		}
	}
	if seen < 300 {
		t.Errorf("%d fields", seen)
	}
}

// What the contract shows as an answer is read whole into the type of the method, and what it shows as a request
// is what the method's argument is written as.
func TestExamplesOfTheContractFit(t *testing.T) {
	answers, requests := 0, 0
	for _, o := range operations() {
		if !o.found {
			continue
		}
		for status, answer := range under(o.node, "responses").(map[string]any) {
			if !strings.HasPrefix(status, "2") || o.method.Type.Out(0).Kind() == reflect.Interface {
				continue
			}
			for name, raw := range examples(t, follow(answer)) {
				into := reflect.New(o.method.Type.Out(0))
				if err := strictly(raw, into.Interface()); err != nil {
					t.Errorf("%s, answer %s, %s: %v", o.id, status, name, err)
				}
				answers++
			}
		}
		in := o.method.Type.In(o.method.Type.NumIn() - 1)
		if o.method.Type.IsVariadic() {
			in = o.method.Type.In(o.method.Type.NumIn() - 2)
		}
		for name, raw := range examples(t, under(o.node, "requestBody")) {
			if in.Kind() != reflect.Struct || strings.HasSuffix(in.Name(), "Change") { // changes are written, never read
				continue
			}
			into := reflect.New(in)
			if err := strictly(raw, into.Interface()); err != nil {
				t.Errorf("%s, request %s: %v", o.id, name, err)
				continue
			}
			if written, err := json.Marshal(into.Interface()); err != nil || !same(t, written, raw) {
				t.Errorf("%s writes %s, the contract has %s (%v)", o.id, written, raw, err)
			}
			requests++
		}
	}
	if answers < 50 || requests < 12 {
		t.Errorf("%d answers, %d requests", answers, requests)
	}
}

// examples are those of a JSON body.
func examples(t *testing.T, body any) map[string][]byte {
	t.Helper()
	list := map[string][]byte{}
	all, _ := under(body, "content", "application/json", "examples").(map[string]any)
	for name, one := range all {
		raw, err := json.Marshal(under(follow(one), "value"))
		if err != nil {
			t.Fatal(err)
		}
		list[name] = raw
	}
	return list
}

func strictly(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func same(t *testing.T, a, b []byte) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal(a, &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}
