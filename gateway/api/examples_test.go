package api_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// A merchant's programmer copies examples: every body that an operation takes has one, and so has every good
// JSON answer, and each is what its own schema says.
func TestEveryOperationHasExamples(t *testing.T) {
	d := document()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.operations {
		name := o.method + " " + o.path
		if body, _ := o.node["requestBody"].(map[string]any); body != nil && d.exampleOf(t, name, o.at+"/requestBody") == 0 {
			t.Errorf("%s: no example of a request", name)
		}
		for status := range o.node["responses"].(map[string]any) {
			at := d.follow(o.at + "/responses/" + status)
			if strings.HasPrefix(status, "2") && d.at(at+"/content/application~1json") != nil && d.exampleOf(t, name, at) == 0 {
				t.Errorf("%s: no example of the answer %s", name, status)
			}
		}
	}
}

// exampleOf counts the examples of a body, each held against the schema beside it. It wants one of JSON where
// JSON is taken.
func (d *contract) exampleOf(t *testing.T, name, at string) (found int) {
	t.Helper()
	content := d.at(at + "/content").(map[string]any)
	if content["application/json"] != nil {
		content = map[string]any{"application/json": content["application/json"]}
	}
	for kind, media := range content {
		examples, _ := media.(map[string]any)["examples"].(map[string]any)
		for one := range examples {
			base := at + "/content/" + escape(kind)
			text, err := json.Marshal(d.at(d.follow(base + "/examples/" + escape(one))).(map[string]any)["value"])
			if err != nil {
				t.Fatal(err)
			}
			if err := d.holds(base+"/schema", text); err != nil {
				t.Errorf("%s: the example %s is not what its schema says: %v", name, one, err)
			}
			found++
		}
	}
	return found
}

// Examples lead to nobody: their addresses are of names that are set aside for examples (RFC 2606), and of WhatsApp.
func TestExamplesLeadToNobody(t *testing.T) {
	d := document()
	d.mu.Lock()
	defer d.mu.Unlock()
	allowed := []string{"pay.example.com", "shop.example", "wa.me"}
	d.walk("", d.doc, func(pointer string, n map[string]any) {
		value, ok := n["value"]
		if !ok || !strings.Contains(pointer, "/examples/") {
			return
		}
		text, _ := json.Marshal(value)
		for _, part := range strings.Split(string(text), "https://")[1:] {
			host, _, _ := strings.Cut(part, "/")
			host, _, _ = strings.Cut(host, `"`)
			if !slices.Contains(allowed, host) {
				t.Errorf("%s names the host %s", pointer, host)
			}
		}
	})
}
