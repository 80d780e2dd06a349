package panel

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/templates"
)

// written is what the source writes into audit trails: the types of events, who does them, and the names of their
// details. Those of payments are read out of the files that move payments.
type written struct {
	payments, others facts
}

type facts struct{ types, actors, details map[string]string }

// aboutPayments are the files whose events are steps of payments; aboutLinks are on no page with their details.
var (
	aboutPayments = []string{"payment.go", "pay.go", "return.go", "settle.go", "confirm.go", "refund.go", "giveback.go", "chargeback.go", "attempt.go", "resume.go"}
	aboutLinks    = []string{"links.go", "batch.go", "stops.go"}
)

var eventType = regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)

func readSource(t *testing.T) (w written) {
	t.Helper()
	empty := func() facts { return facts{map[string]string{}, map[string]string{}, map[string]string{}} }
	w = written{empty(), empty()}
	files, err := filepath.Glob("../../checkout/*.go")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range append(files, "../commands.go", "../api/webhooks.go", "settings_webhooks.go") {
		base := filepath.Base(name)
		if strings.HasSuffix(base, "_test.go") || slices.Contains(aboutLinks, base) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		into := &w.others
		if slices.Contains(aboutPayments, base) {
			into = &w.payments
		}
		ast.Inspect(file, func(n ast.Node) bool { return into.look(base, n) })
	}
	return w
}

func text(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(l.Value)
	return s
}

func (f *facts) look(file string, n ast.Node) bool {
	note := func(in map[string]string, e ast.Expr) {
		if s := text(e); s != "" {
			in[s] = file
		}
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		f.call(file, n)
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok {
			switch key.Name {
			case "Type":
				f.typed(file, n.Value)
			case "Actor":
				note(f.actors, n.Value)
			case "Data":
				f.members(file, n.Value)
			}
		}
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if isData(to) && i < len(n.Rhs) {
				f.members(file, n.Rhs[i])
			}
			if at, ok := to.(*ast.IndexExpr); ok && isData(at.X) {
				note(f.details, at.Index)
			}
		}
	case *ast.FuncDecl: // such as outcomeData and merchantChanges
		if n.Body != nil && n.Type.Results != nil && len(n.Type.Results.List) == 1 && isMap(n.Type.Results.List[0].Type) && n.Name.Name != "PriceBounds" {
			ast.Inspect(n.Body, func(inner ast.Node) bool {
				if lit, ok := inner.(*ast.CompositeLit); ok {
					f.members(file, lit)
				}
				return true
			})
		}
	}
	return true
}

// call looks at calls that name an event's type, such as p.move(to, "payment.paid", s) and s.keyEvent(k, "key.created", by).
func (f *facts) call(file string, n *ast.CallExpr) {
	name := ""
	switch fn := n.Fun.(type) {
	case *ast.Ident:
		name = fn.Name
	case *ast.SelectorExpr:
		name = fn.Sel.Name
	}
	if strings.HasSuffix(name, "Event") || slices.Contains([]string{"move", "note", "Note", "disputed", "changeEndpoint", "saveEndpoint"}, name) {
		for _, arg := range n.Args {
			f.typed(file, arg)
		}
	}
}

func (f *facts) typed(file string, e ast.Expr) {
	if s := text(e); eventType.MatchString(s) {
		f.types[s] = file
	}
	if sum, ok := e.(*ast.BinaryExpr); ok { // "payment." + kind + "_requested"
		if end, in := text(sum.Y), sum.X; strings.HasPrefix(end, "_") {
			if inner, ok := in.(*ast.BinaryExpr); ok {
				for _, kind := range checkout.RefundKinds {
					f.types[text(inner.X)+string(kind)+end] = file
				}
			}
		}
	}
}

func (f *facts) members(file string, e ast.Expr) {
	lit, ok := e.(*ast.CompositeLit)
	if !ok || !isMap(lit.Type) {
		return
	}
	for _, one := range lit.Elts {
		if pair, ok := one.(*ast.KeyValueExpr); ok && text(pair.Key) != "" {
			f.details[text(pair.Key)] = file
		}
	}
}

func isData(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "Data"
}

func isMap(e ast.Expr) bool {
	m, ok := e.(*ast.MapType)
	if !ok {
		return false
	}
	key, ok := m.Key.(*ast.Ident)
	return ok && key.Name == "string"
}

// Every step of a payment, whoever does it, and every detail that it can keep is told in words in every language:
// one that the code gains without words fails here.
func TestEveryStepOfAPaymentHasWords(t *testing.T) {
	w := readSource(t).payments
	w.types[checkout.EventAmountDiffers] = "payment.go"
	for _, topic := range []string{checkout.TopicChargebackOpened, checkout.TopicChargebackUpdated, checkout.TopicChargebackClosed} {
		w.types[topic] = "chargeback.go" // of the line that vouches for it
	}
	for _, want := range []string{"payment.challenged", "payment.chargeback_opened", "payment.paid", "payment.void_requested", "payment.refund_refused", "payment.callback_rejected"} {
		if w.types[want] == "" {
			t.Errorf("the reading of the source does not find %s", want)
		}
	}
	for _, want := range []string{"account", "bank_order", "total", "installments", "amount", "result", "md_status", "copy_mismatch", "fence", "cause", "refund"} {
		if w.details[want] == "" {
			t.Errorf("the reading of the source does not find the detail %s", want)
		}
	}
	delete(w.types, "link.velocity_blocked")
	delete(w.actors, "limits") // who does that
	wordsFor(t, "payments.event.", w.types)
	wordsFor(t, "payments.actor.", w.actors)
	wordsFor(t, "payments.data.", w.details)
	routes := map[string]string{}
	for _, r := range checkout.Routes {
		routes[string(r)] = "route.go"
	}
	wordsFor(t, "payments.route.", routes)
}

// The same of the trail of a merchant's settings, and what it can be filtered by.
func TestEveryEventOfTheTrailHasWords(t *testing.T) {
	w := readSource(t).others
	for _, topic := range append(slices.Clone(checkout.Topics), "link.renewal_asked") {
		delete(w.types, topic)
	}
	groups := map[string]string{}
	for typ, file := range w.types {
		group, _, _ := strings.Cut(typ, ".")
		if group == "link" || group == "payment" || group == "delivery" {
			delete(w.types, typ)
			continue
		}
		if groups[group] = file; !slices.Contains(trailAbout, group) {
			t.Errorf("%s (%s) is of a group that the trail cannot be filtered by", typ, file)
		}
	}
	for _, want := range []string{"member.added", "offline_key.created", "offline_link.revoked", "report_schedule.sent", "reconciliation.day_closed", "account.saved", "webhook_endpoint.rotated"} {
		if w.types[want] == "" {
			t.Errorf("the reading of the source does not find %s", want)
		}
	}
	wordsFor(t, "audit.event.", w.types)
	wordsFor(t, "audit.about.", groups)
	wordsFor(t, "audit.fact.", w.details)
}

func wordsFor(t *testing.T, prefix string, all map[string]string) {
	t.Helper()
	locales, err := templates.LoadPanel()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for code, l := range locales {
			if !l.Has(prefix + name) {
				t.Errorf("%s (%s) has no words in %s: %s%s", name, all[name], code, prefix, name)
			}
		}
	}
}

// What results, reasons and refusals can be is told in words too, and money as money.
func TestValuesOfDetailsAreInWords(t *testing.T) {
	s := &Surface{}
	var err error
	if s.pages, err = newPages(); err != nil {
		t.Fatal(err)
	}
	p := &Page{s: s, L: s.pages.locale("tr")}
	said := func(label, value string) {
		t.Helper()
		if p.Fact(Choice{Label: label, Value: value}) == value {
			t.Errorf("%s: %s has no words", label, value)
		}
	}
	for r := checkout.Result(0); r <= checkout.ResultTooEarly; r++ {
		said("result", r.String())
		said("fence", r.String())
	}
	for _, r := range checkout.Reasons {
		said("reason", string(r))
	}
	for _, r := range []string{
		checkout.ForgedHashMissing, checkout.ForgedHashMismatch, checkout.ForgedSecretMissing, checkout.ForgedNotPinned, checkout.ForgedFieldShape, checkout.ForgedFieldRepeated, checkout.ForgedCopyMismatch,
	} {
		said("reason", r)
	}
	said("cause", "lease_ended")
	for _, status := range checkout.ChargebackStatuses {
		said("chargeback_status", string(status))
	}
	for _, name := range factMoney {
		if got := p.Fact(Choice{Label: name, Value: "1250.50 TRY"}); got != "1.250,50\u00a0TL" {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := p.Fact(Choice{Label: "amount", Value: "12 XXX"}); got != "12 XXX" {
		t.Errorf("money that is none: %q", got)
	}
}

// The trail keeps sums and answers as programs write them; a reader sees them as his language writes them.
func TestFactsAreInTheReadersWords(t *testing.T) {
	p, err := newPages()
	if err != nil {
		t.Fatal(err)
	}
	s := &Surface{pages: p}
	for _, c := range []struct{ lang, name, value, want string }{
		{"tr", "price", "12499.00 TRY", "12.499,00\u00a0TL"},
		{"en", "price", "12499.00 TRY", "TRY\u00a012,499.00"},
		{"tr", "price", "1500 JPY", "1.500\u00a0JPY"},
		{"tr", "price", "something else", "something else"},
		{"tr", "advertising", "true", "Evet"},
		{"en", "own_links", "false", "No"},
	} {
		if got := s.factOf(p.locale(c.lang), c.name, c.value, nil); got != c.want {
			t.Errorf("%s %s %q is %q, want %q", c.lang, c.name, c.value, got, c.want)
		}
	}
}
