package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// TestFlows plays every story of testdata/flows against a whole gateway with a hostile bank. Each
// ends with ledger = bank's own books.
func TestFlows(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/flows/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no flows: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			playFlow(t, txtar.Parse(raw))
		})
	}
}

// flow is one story under way. People and links have names; the first of each is the default.
type flow struct {
	*rig
	line  string
	links map[string]string // name → address
	ids   map[string]string // name → link id
	who   map[string]*browser
	seen  map[string]url.Values // what the bank gave a payer to send back
	where map[string]string
	last  url.Values // the card form that was sent last
}

func playFlow(t *testing.T, a *txtar.Archive) {
	opt := rigOptions{}
	var steps string
	for _, f := range a.Files {
		switch f.Name {
		case "steps":
			steps = string(f.Data)
		case "settings":
			for _, word := range strings.Fields(string(f.Data)) {
				switch k, v, _ := strings.Cut(word, "="); k {
				case "mode":
					opt.mode = v
				case "half_secure":
					opt.half = v == "yes"
				default:
					t.Fatalf("unknown setting %q", word)
				}
			}
		default:
			t.Fatalf("unknown part %q", f.Name)
		}
	}
	f := &flow{rig: newRig(t, opt), links: map[string]string{}, ids: map[string]string{}, who: map[string]*browser{}, seen: map[string]url.Values{}, where: map[string]string{}}
	for n, line := range strings.Split(steps, "\n") {
		f.line = fmt.Sprintf("step %d: %s", n+1, line)
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			f.play(line)
		}
		if t.Failed() {
			t.Fatal(f.line)
		}
	}
	f.booksAgree()
}

// args are a step's words: plain ones in order, and name=value ones.
type args struct {
	words []string
	named map[string]string
}

func (a args) get(name, def string) string {
	if v, ok := a.named[name]; ok {
		return v
	}
	return def
}

func split(line string) args {
	a := args{named: map[string]string{}}
	var word strings.Builder
	quoted := false
	flush := func() {
		if word.Len() > 0 {
			if k, v, ok := strings.Cut(word.String(), "="); ok {
				a.named[k] = v
			} else {
				a.words = append(a.words, word.String())
			}
			word.Reset()
		}
	}
	for _, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			flush()
		default:
			word.WriteRune(r)
		}
	}
	flush()
	return a
}

// steps are the words of the stories.
var steps = map[string]func(*flow, args){
	"link":    (*flow).stepLink,
	"edit":    (*flow).stepEdit,
	"delete":  (*flow).stepDelete,
	"open":    (*flow).stepOpen,
	"pay":     (*flow).stepPay,
	"bank":    (*flow).stepBank,
	"return":  (*flow).stepReturn,
	"page":    (*flow).stepPage,
	"giveup":  (*flow).stepGiveUp,
	"payment": (*flow).stepPayment,
	"charges": (*flow).stepCharges,
	"payments": func(f *flow, a args) {
		if n := f.rig.payments(); strconv.Itoa(n) != a.words[0] {
			f.fail("%d payments", n)
		}
	},
	"back":    (*flow).stepBack,
	"dispute": (*flow).stepDispute,
	"dayend":  func(f *flow, _ args) { f.closeDay() },
	"fault":   (*flow).stepFault,
	"clock":   func(f *flow, a args) { f.settleFor(f.span(a.words[0])) },
	"account": (*flow).stepAccount,
	"restart": func(f *flow, _ args) { f.stop(); f.start(); f.rebase() },
}

func (f *flow) play(line string) {
	f.t.Helper()
	a := split(line)
	step := steps[a.words[0]]
	if step == nil {
		f.t.Fatalf("%s: no such step", f.line)
	}
	a.words = a.words[1:]
	step(f, a)
}

func (f *flow) fail(format string, v ...any) {
	f.t.Helper()
	f.t.Fatalf("%s\n  "+format, append([]any{f.line}, v...)...)
}

func (f *flow) span(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		f.fail("%v", err)
	}
	return d
}

func (f *flow) payer(a args) *browser {
	name := a.get("as", "payer")
	if f.who[name] == nil {
		f.who[name] = f.browser()
		f.who[name].lang = a.get("lang", "tr")
	}
	return f.who[name]
}

// rebase moves addresses to the port of the restarted gateway.
func (f *flow) rebase() {
	for name, address := range f.links {
		u, err := url.Parse(address)
		if err != nil {
			f.fail("%v", err)
		}
		f.links[name] = f.base + u.Path
	}
	for name, address := range f.where {
		if u, err := url.Parse(address); err == nil {
			f.where[name] = f.base + u.Path
		}
	}
}

// link NAME? amount=250.00 currency=TRY installments=1,3 usage=multi max=2 life=24h
func (f *flow) stepLink(a args) {
	name := "link"
	if len(a.words) > 0 {
		name = a.words[0]
	}
	l := f.link(f.terms(a))
	f.links[name], f.ids[name] = l["url"].(string), l["id"].(string)
}

func (f *flow) terms(a args) map[string]any {
	body := map[string]any{}
	currency := checkout.Currency(a.get("currency", "TRY"))
	if text, ok := a.named["amount"]; ok {
		m, err := checkout.ParseDecimal(text, currency)
		if err != nil {
			f.fail("%v", err)
		}
		body["amount"], body["currency"] = m.Minor, currency
	}
	if text, ok := a.named["installments"]; ok {
		var counts []int
		for _, part := range strings.Split(text, ",") {
			n, err := strconv.Atoi(part)
			if err != nil {
				f.fail("%v", err)
			}
			counts = append(counts, n)
		}
		body["installments"] = counts
	}
	if text, ok := a.named["usage"]; ok {
		body["usage"] = text
	}
	if text, ok := a.named["max"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil {
			f.fail("%v", err)
		}
		body["max_payments"] = n
	}
	if text, ok := a.named["life"]; ok {
		body["expires_at"] = f.clock.Now().Add(f.span(text)).Format(time.RFC3339)
	}
	if text, ok := a.named["description"]; ok {
		body["description"] = text
	}
	return body
}

func (f *flow) stepEdit(a args) {
	if status, answer := f.api("PATCH", "/v1/links/"+f.ids[a.get("link", "link")], f.terms(a)); status != http.StatusOK {
		f.fail("%d %v", status, answer)
	}
}

func (f *flow) stepDelete(a args) {
	if status, answer := f.api("DELETE", "/v1/links/"+f.ids[a.get("link", "link")], nil); status != http.StatusNoContent {
		f.fail("%d %v", status, answer)
	}
}

// open 200 "text on the page"
func (f *flow) stepOpen(a args) {
	b := f.payer(a)
	b.get(f.links[a.get("link", "link")])
	f.expect(b, a.words)
}

// expect holds status and texts of a page.
func (f *flow) expect(b *browser, want []string) {
	f.t.Helper()
	for _, w := range want {
		if n, err := strconv.Atoi(w); err == nil && n >= 100 && n < 600 {
			if b.status != n {
				f.fail("status %d: %.600s", b.status, b.body)
			}
			continue
		}
		if text := plainText(b.body); !strings.Contains(text, w) {
			f.fail("%q is not on the page (%d): %.1500s", w, b.status, text)
		}
	}
}

// pay card=415565/000 installments=3 [again=yes] [200|422 "text"]: again sends the last form once more.
func (f *flow) stepPay(a args) {
	b := f.payer(a)
	bin, script, _ := strings.Cut(a.get("card", "415565/000"), "/")
	form := cardForm(banksim.CardNumber(bin, script), "installments", a.get("installments", "1"))
	if strings.Contains(b.url, "/p/") && b.status == http.StatusOK {
		_, shown := b.form()
		for _, name := range []string{"terms", "attempt"} {
			if shown.Get(name) != "" {
				form.Set(name, shown.Get(name))
			}
		}
	}
	if a.get("again", "") == "yes" {
		form = f.last
	}
	f.last = form
	b.post(f.links[a.get("link", "link")]+"/pay", form)
	if len(a.words) == 0 {
		a.words = []string{"200"}
	}
	f.expect(b, a.words)
	if b.status == http.StatusOK {
		f.where[a.get("as", "payer")] = f.base + "/r/" + b.paymentID()
	}
}

// bank password 123456: goes through the issuer's page; the way back is not yet gone. Frictionless
// cards need no password.
func (f *flow) stepBank(a args) {
	otp := "123456"
	if len(a.words) > 1 {
		otp = a.words[1]
	}
	name := a.get("as", "payer")
	f.where["3ds "+name], f.seen[name] = f.payer(a).callback(otp)
}

// return [to=payer2] [times=3] [change=Field:value] [303] "text": sends the browser back with what the
// bank gave it.
func (f *flow) stepReturn(a args) {
	b, name := f.payer(a), a.get("as", "payer")
	form := url.Values{}
	for k, v := range f.seen[name] {
		form[k] = v
	}
	if change, ok := a.named["change"]; ok {
		field, value, _ := strings.Cut(change, ":")
		form.Set(field, value)
	}
	times, err := strconv.Atoi(a.get("times", "1"))
	if err != nil {
		f.fail("%v", err)
	}
	for range times {
		b.post(f.where["3ds "+a.get("to", name)], form)
	}
	f.expect(b, a.words)
}

// page "text": looks at the payer's result page again.
func (f *flow) stepPage(a args) {
	b := f.payer(a)
	b.get(f.where[a.get("as", "payer")])
	f.expect(b, a.words)
}

// giveup 200 "text": gives the attempt up on the payer's result page.
func (f *flow) stepGiveUp(a args) {
	b := f.payer(a)
	b.post(f.where[a.get("as", "payer")]+"/abandon", url.Values{})
	f.expect(b, a.words)
}

// payment paid total=259.00 reason=insufficient_funds events=payment.callback_rejected:hash_mismatch
func (f *flow) stepPayment(a args) {
	id := paymentInURL.FindString(f.where[a.get("as", "payer")])
	p := f.payment(id)
	if p["status"] != a.words[0] {
		f.fail("status %v, decline %v, events %v", p["status"], p["decline"], f.events(id))
	}
	if text, ok := a.named["total"]; ok {
		m, err := checkout.ParseDecimal(text, checkout.Currency(p["currency"].(string)))
		if err != nil || float64(m.Minor) != p["total"] {
			f.fail("total %v", p["total"])
		}
	}
	if want, ok := a.named["reason"]; ok {
		d, _ := p["decline"].(map[string]any)
		if d["code"] != want {
			f.fail("decline %v", p["decline"])
		}
	}
	for _, want := range strings.Split(a.get("events", ""), ",") {
		if want != "" && !strings.Contains(strings.Join(f.events(id), " "), want) {
			f.fail("events %v", f.events(id))
		}
	}
}

// back void|refunds 201 [amount=50.00]; back void|refunds 409 payment_disputed
func (f *flow) stepBack(a args) {
	body := map[string]any{}
	if text, ok := a.named["amount"]; ok {
		body["amount"] = f.terms(args{named: map[string]string{"amount": text}})["amount"]
	}
	f.answers("POST", "/v1/payments/"+paymentInURL.FindString(f.where[a.get("as", "payer")])+"/"+a.words[0], body, a.words[1:])
}

// dispute 201 [amount=50.00]: a new one; dispute won|lost|contested|withdrawn|open 200: the last one goes on.
func (f *flow) stepDispute(a args) {
	if status := checkout.ChargebackStatus(a.words[0]); slices.Contains(checkout.ChargebackStatuses, status) {
		f.answers("PATCH", "/v1/chargebacks/"+f.ids["dispute"], map[string]any{"status": status}, a.words[1:])
		return
	}
	body := map[string]any{}
	if text, ok := a.named["amount"]; ok {
		body["amount"] = f.terms(args{named: map[string]string{"amount": text}})["amount"]
	}
	answer := f.answers("POST", "/v1/payments/"+paymentInURL.FindString(f.where[a.get("as", "payer")])+"/chargebacks", body, a.words)
	if id, made := answer["id"].(string); made {
		f.ids["dispute"] = id
	}
}

// answers asks the API and holds the status, and the code of a refusal.
func (f *flow) answers(method, path string, body map[string]any, want []string) map[string]any {
	status, answer := f.api(method, path, body)
	if strconv.Itoa(status) != want[0] || len(want) > 1 && answer["code"] != want[1] {
		f.fail("%d %v", status, answer)
	}
	return answer
}

// charges 1 [voided=1]: how many authorisations stand at the bank.
func (f *flow) stepCharges(a args) {
	count := map[string]int{}
	for _, c := range f.bank.Charges() {
		count[c.Status]++
	}
	if strconv.Itoa(count["authorized"]) != a.words[0] || strconv.Itoa(count["voided"]+count["refunded"]) != a.get("given_back", "0") {
		f.fail("the bank holds %v", count)
	}
}

// account mode=3dmodel: the merchant's account takes payments in another way from now on.
func (f *flow) stepAccount(a args) {
	f.account(func(acc *checkout.Account) { acc.Mode = a.get("mode", acc.Mode) })
}

// fault provision timeout_after [times=1] [value=]
func (f *flow) stepFault(a args) {
	times, err := strconv.Atoi(a.get("times", "1"))
	if err != nil {
		f.fail("%v", err)
	}
	if _, err := f.bank.AddFault(banksim.Fault{Dialect: "payfor", Step: a.words[0], Fault: a.words[1], Times: times}); err != nil {
		f.fail("%v", err)
	}
}
