package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"github.com/odelink/odelink/gateway/api"
)

// edgeStatuses may be answered anywhere: the edge refuses before any route is reached.
var edgeStatuses = []int{
	http.StatusMethodNotAllowed, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
	http.StatusMisdirectedRequest, http.StatusRequestHeaderFieldsTooLarge,
}

// unprovoked are codes that the tests of this package cannot see, and why.
var unprovoked = map[string]string{
	"request_timeout":            "the edge's own tests wait for slow bodies",
	"head_too_large":             "of the head guard, held by the edge's tests",
	"bad_request":                "of the head guard, held by the edge's tests",
	"length_required":            "of the head guard, held by the edge's tests",
	"expectation_failed":         "of the head guard, held by the edge's tests",
	"method_unknown":             "of the head guard, held by the edge's tests",
	"http_version_not_supported": "of the head guard, held by the edge's tests",
	"wrong_host":                 "only where host names are configured, as in the demo",
}

// The contract is held against real answers: every request that a test of this package makes goes through witness,
// which refuses what the document does not say. TestMain refuses a document that says more than the tests have seen.

// contract is the document, read for asking.
type contract struct {
	text   []byte
	doc    map[string]any
	strict *jsonschema.Compiler

	mu         sync.Mutex
	operations []*operation
	schemas    map[string]*jsonschema.Schema
	codes      map[string]bool // codes of problems and fields that were answered
	statusOf   map[string][]int
	tagsOf     map[string][]any // the only tags whose operations answer a code; none = all
}

type operation struct {
	method, path string
	match        *regexp.Regexp
	at           string // JSON pointer
	node         map[string]any
	params       map[string]string // name in the query → pointer to its schema
	seen         map[int]bool
}

// document reads the contract once.
var document = sync.OnceValue(func() *contract {
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		panic(err)
	}
	var tree any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		panic(err)
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		panic(err)
	}
	d := &contract{text: text, doc: doc.(map[string]any), schemas: map[string]*jsonschema.Schema{}, codes: map[string]bool{}, statusOf: map[string][]int{}, tagsOf: map[string][]any{}}
	d.close(d.doc["components"].(map[string]any)["schemas"])
	d.strict = jsonschema.NewCompiler()
	d.strict.AssertFormat()
	if err := d.strict.AddResource("contract.json", d.doc); err != nil {
		panic(err)
	}
	d.readOperations()
	for _, one := range d.at("/components/schemas/ProblemCode/oneOf").([]any) {
		code := one.(map[string]any)["const"].(string)
		d.tagsOf[code], _ = one.(map[string]any)["x-tags"].([]any)
		for _, status := range one.(map[string]any)["x-status"].([]any) {
			n, _ := strconv.Atoi(string(status.(json.Number)))
			d.statusOf[code] = append(d.statusOf[code], n)
		}
	}
	return d
})

// close makes every object of the document take its own properties only: clients may meet new ones,
// and our tests must not.
func (d *contract) close(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, open := n["additionalProperties"]; n["properties"] != nil && !open {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			d.close(child)
		}
	case []any:
		for _, child := range n {
			d.close(child)
		}
	}
}

func (d *contract) readOperations() {
	for path, item := range d.doc["paths"].(map[string]any) {
		node := item.(map[string]any)
		for method, op := range node {
			if method == "parameters" {
				continue
			}
			at := "/paths/" + escape(path) + "/" + method
			o := &operation{
				method: strings.ToUpper(method), path: path, at: at, node: op.(map[string]any),
				match: regexp.MustCompile("^" + regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(path), `[^/]+`) + "$"),
				seen:  map[int]bool{}, params: map[string]string{},
			}
			for _, base := range []string{"/paths/" + escape(path) + "/parameters", at + "/parameters"} {
				d.readParams(o, base)
			}
			d.operations = append(d.operations, o)
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
}

func (d *contract) readParams(o *operation, base string) {
	list, _ := d.at(base).([]any)
	for i := range list {
		pointer := d.follow(base + "/" + strconv.Itoa(i))
		p := d.at(pointer).(map[string]any)
		if p["in"] == "query" {
			o.params[p["name"].(string)] = pointer + "/schema"
		}
	}
}

func escape(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}

// at finds a node by its JSON pointer, nil when there is none.
func (d *contract) at(pointer string) any {
	var node any = d.doc
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch n := node.(type) {
		case map[string]any:
			node = n[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i >= len(n) {
				return nil
			}
			node = n[i]
		default:
			return nil
		}
	}
	return node
}

// follow goes through a $ref of what is no schema.
func (d *contract) follow(pointer string) string {
	if n, ok := d.at(pointer).(map[string]any); ok {
		if ref, ok := n["$ref"].(string); ok {
			return strings.TrimPrefix(ref, "#")
		}
	}
	return pointer
}

// schema compiles the schema at a pointer.
func (d *contract) schema(pointer string) (*jsonschema.Schema, error) {
	if s := d.schemas[pointer]; s != nil {
		return s, nil
	}
	s, err := d.strict.Compile("contract.json#" + (&url.URL{Path: pointer}).EscapedPath())
	if err == nil {
		d.schemas[pointer] = s
	}
	return s, err
}

// holds validates JSON text against the schema at a pointer.
func (d *contract) holds(pointer string, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	s, err := d.schema(pointer)
	if err != nil {
		return err
	}
	return s.Validate(value)
}

func (d *contract) find(method, path string) *operation {
	if method == http.MethodHead { // answers what GET answers, without the body
		method = http.MethodGet
	}
	for _, o := range d.operations {
		if o.method == method && o.match.MatchString(path) {
			return o
		}
	}
	return nil
}

// witness holds one exchange against the document and remembers that it was seen.
func (d *contract) witness(t testing.TB, a exchange) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	if err != nil && a.status != http.StatusNoContent {
		t.Errorf("%s: no media type: %v", a, err)
	}
	if a.status >= 400 {
		d.witnessProblem(t, a, kind)
	}
	o := d.find(a.method, a.path)
	if o == nil {
		if a.status < 400 {
			t.Errorf("%s: the contract has no such operation", a)
		}
		return
	}
	at := d.follow(o.at + "/responses/" + strconv.Itoa(a.status))
	if d.at(at) == nil {
		if !slices.Contains(edgeStatuses, a.status) {
			t.Errorf("%s: the contract does not describe this status\n%s", a, a.body)
		}
		return
	}
	o.seen[a.status] = true
	d.witnessHeaders(t, a, at)
	if a.status >= 400 && a.method != http.MethodHead {
		d.witnessTag(t, a, o)
	}
	if a.status < 300 {
		d.witnessRequest(t, a, o)
	}
	content := at + "/content/" + escape(kind)
	switch {
	case a.status == http.StatusNoContent:
		if len(a.body) > 0 {
			t.Errorf("%s: a body without content", a)
		}
	case d.at(content) == nil:
		t.Errorf("%s: the contract does not describe %s here", a, kind)
	case kind == "application/json" && a.method != http.MethodHead:
		if err := d.holds(content+"/schema", a.body); err != nil {
			t.Errorf("%s: the answer breaks the contract: %v\n%s", a, err, a.body)
		}
	}
}

// witnessRequest holds what was accepted against what the document says is taken.
func (d *contract) witnessRequest(t testing.TB, a exchange, o *operation) {
	t.Helper()
	if kind, _, err := mime.ParseMediaType(a.kind); err == nil && kind != "application/json" && d.at(o.at+"/requestBody/content/"+escape(kind)) != nil {
		return // described, and no JSON
	}
	of := o.at + "/requestBody/content/application~1json"
	if body, _ := o.node["requestBody"].(map[string]any); body != nil && d.at(of) != nil && (body["required"] == true || len(a.sent) > 0) {
		if err := d.holds(of+"/schema", a.sent); err != nil {
			t.Errorf("%s: accepted a body that the contract does not describe: %v\n%s", a, err, a.sent)
		}
	}
	for name, values := range a.query {
		pointer, known := o.params[name]
		if !known {
			t.Errorf("%s: accepted the parameter %s that the contract does not describe", a, name)
			continue
		}
		text := values[0]
		if name == "from" || name == "to" { // a plus that nobody escaped is taken, and never recommended
			text = strings.ReplaceAll(text, " ", "+")
		}
		value, _ := json.Marshal(text)
		if _, err := strconv.ParseInt(values[0], 10, 64); err == nil && (name == "limit" || name == "min" || name == "max" || name == "amount") {
			value = []byte(values[0])
		}
		if values[0] == "" { // an empty filter is none
			continue
		}
		if err := d.holds(pointer, value); err != nil {
			t.Errorf("%s: accepted %s=%s that the contract does not describe: %v", a, name, values[0], err)
		}
	}
}

// witnessHeaders wants every header that means something to clients described, and the described ones
// to have their shape.
func (d *contract) witnessHeaders(t testing.TB, a exchange, at string) {
	t.Helper()
	for _, name := range []string{"Location", "Idempotent-Replayed", "Retry-After", "WWW-Authenticate"} {
		value := a.header.Get(name)
		if value == "" {
			continue
		}
		header := d.follow(at + "/headers/" + name)
		if d.at(header) == nil {
			t.Errorf("%s: the contract does not describe the header %s", a, name)
			continue
		}
		text, _ := json.Marshal(value)
		if _, err := strconv.Atoi(value); err == nil {
			text = []byte(value)
		}
		if err := d.holds(header+"/schema", text); err != nil {
			t.Errorf("%s: header %s: %v", a, name, err)
		}
	}
}

func (d *contract) witnessProblem(t testing.TB, a exchange, kind string) {
	t.Helper()
	if kind != "application/problem+json" {
		t.Errorf("%s: a refusal as %s", a, kind)
		return
	}
	if a.method == http.MethodHead {
		return
	}
	if err := d.holds("/components/schemas/Problem", a.body); err != nil {
		t.Errorf("%s: not a problem as described: %v\n%s", a, err, a.body)
		return
	}
	p := a.problem(t)
	d.codes[p.Code] = true
	for _, f := range p.Errors {
		d.codes[f.Code] = true
	}
	if p.Status != a.status || !slices.Contains(d.statusOf[p.Code], a.status) {
		t.Errorf("%s: %s says status %d and belongs to %v", a, p.Code, p.Status, d.statusOf[p.Code])
	}
	if p.Type != "/docs/errors/"+p.Code {
		t.Errorf("%s: type %s of code %s", a, p.Type, p.Code)
	}
}

// witnessTag wants the code of a refusal to be one that the operation's tag may answer: the reference at /docs
// shows it there.
func (d *contract) witnessTag(t testing.TB, a exchange, o *operation) {
	t.Helper()
	code := a.problem(t).Code
	only := d.tagsOf[code]
	if len(only) > 0 && !slices.ContainsFunc(o.node["tags"].([]any), func(tag any) bool { return slices.Contains(only, tag) }) {
		t.Errorf("%s: %s belongs to operations of %v (x-tags in openapi.yaml)", a, code, only)
	}
}

// unseen lists what the document says and no test has seen.
func (d *contract) unseen() (missing []string) {
	for _, o := range d.operations {
		for status := range o.node["responses"].(map[string]any) {
			if n, err := strconv.Atoi(status); err == nil && n < 300 && !o.seen[n] {
				missing = append(missing, o.method+" "+o.path+" "+status)
			}
		}
		if len(o.seen) == 0 {
			missing = append(missing, o.method+" "+o.path)
		}
	}
	for _, code := range d.allCodes() {
		if _, excused := unprovoked[code]; !d.codes[code] && !excused {
			missing = append(missing, "code "+code)
		}
	}
	return missing
}

// allCodes lists the codes of problems and fields, each once.
func (d *contract) allCodes() []string {
	all := map[string]bool{}
	for _, schema := range []string{"ProblemCode", "FieldCode"} {
		for _, one := range d.at("/components/schemas/" + schema + "/oneOf").([]any) {
			all[one.(map[string]any)["const"].(string)] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// A route that is not in the contract, or one of the contract that nobody serves, fails here (A43).
func TestA43_routesAndContractAreTheSame(t *testing.T) {
	app := fiber.New()
	s, err := api.New(api.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.Register(app)
	served := map[string]bool{}
	for _, r := range app.GetRoutes(true) {
		if r.Method != http.MethodHead {
			served[r.Method+" "+regexp.MustCompile(`:(\w+)`).ReplaceAllString(r.Path, "{$1}")] = true
		}
	}
	described := map[string]bool{}
	for _, o := range document().operations {
		described[o.method+" "+o.path] = true
	}
	for route := range served {
		if !described[route] {
			t.Errorf("%s is served and not in the contract", route)
		}
	}
	for route := range described {
		if !served[route] {
			t.Errorf("%s is in the contract and not served", route)
		}
	}
	if len(served) == 0 {
		t.Fatal("no routes")
	}
}

// Every schema compiles, every example is what its schema says, and the document names no host.
func TestContractIsSound(t *testing.T) {
	d := document()
	d.mu.Lock()
	defer d.mu.Unlock()
	for name := range d.at("/components/schemas").(map[string]any) {
		if _, err := d.schema("/components/schemas/" + name); err != nil {
			t.Errorf("schema %s: %v", name, err)
		}
	}
	examples := 0
	d.walk("", d.doc, func(pointer string, n map[string]any) {
		list, ok := n["examples"].(map[string]any)
		if !ok || n["schema"] == nil {
			return
		}
		for name := range list {
			value := d.at(d.follow(pointer + "/examples/" + escape(name))).(map[string]any)["value"]
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.holds(pointer+"/schema", text); err != nil {
				t.Errorf("example %s at %s: %v", name, pointer, err)
			}
			examples++
		}
	})
	if examples < 8 {
		t.Errorf("%d examples", examples)
	}
	d.walk("", d.doc, func(pointer string, n map[string]any) {
		if ref, ok := n["$ref"].(string); ok && d.at(strings.TrimPrefix(ref, "#")) == nil {
			t.Errorf("%s: %s leads nowhere", pointer, ref)
		}
	})
	ids := map[string]bool{}
	for _, o := range d.operations {
		id, _ := o.node["operationId"].(string)
		if id == "" || ids[id] || o.node["summary"] == nil || len(o.node["tags"].([]any)) == 0 {
			t.Errorf("%s %s: operation id %q, summary or tag", o.method, o.path, id)
		}
		ids[id] = true
	}
	if d.at("/servers/0/url") != "/" || d.doc["openapi"] != "3.1.0" {
		t.Error("the server is this one, and the format is OpenAPI 3.1.0")
	}
}

// walk visits every object of the document.
func (d *contract) walk(pointer string, node any, visit func(pointer string, n map[string]any)) {
	switch n := node.(type) {
	case map[string]any:
		visit(pointer, n)
		for name, child := range n {
			d.walk(pointer+"/"+escape(name), child, visit)
		}
	case []any:
		for i, child := range n {
			d.walk(pointer+"/"+strconv.Itoa(i), child, visit)
		}
	}
}
