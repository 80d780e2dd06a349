//go:build !race

package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/odelink/odelink/gateway/api"
)

// everywhere is where codes come from.
var everywhere = []string{"../../checkout", "../../checkout/einvoice", "../../threeds", "../../threeds/payfor", "../../threeds/internal/wire", "../sheet", "../statement", ".", "../web", "../pay"}

// Every code that checkout, the banks, the API and the edge can emit has a sentence in both languages. The codes
// are read out of the source, so that a new one without a sentence fails here.
func TestMessagesAreComplete(t *testing.T) {
	codes := emitted(t, everywhere...)
	for _, prefix := range []string{"note_", "name_"} { // made of two parts in checkout
		for _, code := range []string{"length", "control", "looks_like_card"} {
			codes[prefix+code] = "CheckFreeText"
		}
		delete(codes, prefix)
	}
	for _, code := range document().allCodes() {
		codes[code] = "openapi.yaml"
	}
	for code, where := range codes {
		en, tr := api.Message("en", code, nil), api.Message("tr", code, nil)
		if en == "" || tr == "" {
			t.Errorf("%s (%s): English %q, Turkish %q", code, where, en, tr)
			continue
		}
		for _, text := range []string{en, tr} {
			if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") && !strings.HasSuffix(text, "Z.") {
				t.Errorf("%s: %q is no sentence", code, text)
			}
			if strings.ContainsAny(text, "{}[]") || strings.Contains(text, "  ") {
				t.Errorf("%s: %q has gaps", code, text)
			}
		}
		if en == tr {
			t.Errorf("%s: Turkish is English", code)
		}
	}
	for _, want := range []string{"order_id_taken", "currency_not_permitted", "looks_like_card", "ends_before_start", "unknown_field", "luhn", "json_repeated_name", "too_many", "cvc_length", "bank_answer_lost", "password_refused", "https_required", "starts_too_early"} {
		if codes[want] == "" {
			t.Errorf("the reading of the source does not find %s", want)
		}
	}
	if api.Message("en", "no_such_code", nil) != "" {
		t.Error("a sentence for no code")
	}
}

// What the API can answer is in the contract, unless it belongs to other surfaces.
func TestContractHasEveryCodeOfTheAPI(t *testing.T) {
	described := document().allCodes()
	for code, where := range emitted(t, ".") {
		if !slices.Contains(described, code) {
			t.Errorf("%s (%s) is not in the contract", code, where)
		}
	}
}

func TestMessageFillsItsPlaces(t *testing.T) {
	for _, c := range []struct {
		lang, code string
		args       map[string]string
		want       string
	}{
		{"en", "cvc_length", map[string]string{"n": "4"}, "The security code has 4 digits."},
		{"tr", "cvc_length", map[string]string{"n": "4"}, "Güvenlik kodu 4 rakam olmalı."},
		{"en", "cvc_length", nil, "The security code has 3 or 4 digits."},
		{"en", "max_below_min", map[string]string{"min": "500"}, "The largest amount is smaller than the smallest, 500."},
		{"en", "max_below_min", nil, "The largest amount is smaller than the smallest."},
		{"tr", "max_below_min", map[string]string{"min": "500"}, "En büyük tutar en küçük tutardan (500) küçük."},
		{"tr", "max_below_min", map[string]string{}, "En büyük tutar en küçük tutardan küçük."},
		{"en", "amount_range", map[string]string{"min": "1"}, "The amount is too small or too large."},
		{"en", "wrong_type", map[string]string{"type": "type text"}, "The value has the wrong type. Write text in quotes."},
		{"tr", "wrong_type", map[string]string{"type": "type text"}, "Değerin türü yanlış. Tırnak içinde metin yazın."},
		{"en", "wrong_type", nil, "The value has the wrong type."},
		{"tr", "brand_not_accepted", map[string]string{"brand": "amex"}, "Üye iş yeri amex kartlarını kabul etmiyor."},
		{"de", "required", nil, "This field is required."},
		{"tr", "required", map[string]string{"x": "y"}, "Bu alan zorunludur."},
	} {
		if got := api.Message(c.lang, c.code, c.args); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.code, c.lang, got, c.want)
		}
	}
	if text := api.Message("tr", "currency_not_permitted", nil); !strings.Contains(text, "şubenizle iletişime geçin") {
		t.Errorf("features 1.6: %q", text)
	}
}

var codeShape = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+_?$|^(required|length|control|invalid|repeated|luhn|internal|stale|blank|url)$`)

// emitted finds the codes in the source of packages: values of fields named Code, the code of calls
// that report a mistake, words that functions with a result called code answer, and tables of words.
func emitted(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	codes := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "messages.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			found := func(e ast.Expr) {
				if text, ok := literal(e); ok && codeShape.MatchString(text) {
					codes[text] = name
				}
			}
			ast.Inspect(file, func(n ast.Node) bool { return inspectCode(n, found) })
		}
	}
	return codes
}

func inspectCode(n ast.Node, found func(ast.Expr)) bool {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
			found(n.Value)
			if sum, ok := n.Value.(*ast.BinaryExpr); ok {
				found(sum.X)
			}
		}
	case *ast.CallExpr:
		inspectCall(n, found)
	case *ast.FuncDecl:
		if answersCode(n.Type) && n.Body != nil {
			ast.Inspect(n.Body, func(inner ast.Node) bool {
				if r, ok := inner.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
					found(r.Results[len(r.Results)-1])
				}
				return true
			})
		}
	case *ast.ValueSpec:
		if len(n.Names) == 1 && n.Names[0].Name == "tagWords" {
			for _, pair := range n.Values[0].(*ast.CompositeLit).Elts {
				found(pair.(*ast.KeyValueExpr).Value)
			}
		}
		if len(n.Names) == 1 && n.Names[0].Name == "refused" && len(n.Values) == 1 {
			found(n.Values[0])
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if id, ok := to.(*ast.Ident); ok && i < len(n.Rhs) && slices.Contains([]string{"code", "word", "shape", "why"}, id.Name) {
				found(n.Rhs[i])
			}
		}
	}
	return true
}

// inspectCall looks at calls that report: add(field, code), mistake(field, code), say(field, code, …), BadRequest(code), refusal(code).
func inspectCall(n *ast.CallExpr, found func(ast.Expr)) {
	name := ""
	switch fn := n.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		name = fn.Sel.Name
	}
	switch {
	case (name == "add" || name == "mistake" || name == "say") && len(n.Args) >= 2:
		found(n.Args[1])
		if sum, ok := n.Args[1].(*ast.BinaryExpr); ok {
			found(sum.X)
		}
	case (name == "BadRequest" || name == "refusal") && len(n.Args) == 1:
		found(n.Args[0])
	}
}

func answersCode(f *ast.FuncType) bool {
	if f.Results == nil {
		return false
	}
	for _, r := range f.Results.List {
		for _, name := range r.Names {
			if name.Name == "code" {
				return true
			}
		}
	}
	return false
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}
