//go:build !race

package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/threeds/banksim"
)

// The rows A37 to A42 and A57 to A63: what every page has around it, and what never gets through the edge.

// visit is one answer that a card holder's browser can get.
type visit struct {
	name   string
	status int
	answer
}

// everyPage opens each page and answer of the card holder's side once.
func everyPage(r *rig) (pages []visit) {
	r.t.Helper()
	see := func(name string, status int, a answer) {
		r.t.Helper()
		r.must(name, a.status, status)
		pages = append(pages, visit{name, status, a})
	}
	s := r.stranger()
	link := r.link(map[string]any{"payer_note": true, "installments": []int{1, 3}, "return_url": "https://shop.example/thanks"})
	address := link["url"].(string)
	see("link", 200, s.get(address))
	see("link in English", 200, s.get(address+"?lang=en"))
	see("link, zipped", 200, r.stranger("Accept-Encoding", "gzip").get(address))
	see("link, HEAD", 200, s.send("HEAD", address, "", ""))
	see("link with offers", 200, s.get(address+"?bin=415565"))
	see("offers", 200, s.get(address+"/installments?bin=415565"))
	see("offers, wrong BIN", 400, s.get(address+"/installments?bin=x"))
	see("mistake", 422, s.post(address+"/pay", cardForm("")))
	see("terms changed", 409, s.post(address+"/pay", cardForm(cardWithout, "terms", "x")))
	see("no form", 415, s.send("POST", address+"/pay", "application/json", "{}"))
	see("field twice", 400, s.send("POST", address+"/pay", formType, "card_cvc=1&card_cvc=2"))
	see("reload of the form's answer", 303, s.get(address+"/pay"))
	see("unknown link", 404, s.get(r.base+"/p/000000000000"))
	see("unknown payment", 404, s.get(r.base+"/r/pay_0000000000000000000000"))
	see("unknown return", 404, s.post(r.base+"/3ds/pay_0000000000000000000000", url.Values{}))
	see("nothing there", 404, s.get(r.base+"/admin"))
	see("root", 404, s.get(r.base+"/"))
	see("wrong method", 405, s.send("DELETE", address, "", ""))
	see("too large", 413, s.send("POST", address+"/pay", formType, strings.Repeat("a", 65<<10)))
	see("coded", 415, r.stranger("Content-Encoding", "br").post(address+"/pay", url.Values{}))
	see("card in the address", 400, s.get(address+"?c="+cardWithout))
	see("not active", 403, s.get(r.link(map[string]any{"active_from": r.clock.Now().Add(time.Hour).Format(time.RFC3339)})["url"].(string)))
	dead := r.link(nil)
	if status, _ := r.api("DELETE", "/v1/links/"+dead["id"].(string), nil); status != 204 {
		r.t.Fatal(status)
	}
	see("deleted", 410, s.get(dead["url"].(string)))

	p := &payer{browser: r.browser()}
	p.pay(address, cardWithout, "payer_note", "selam")
	see("hand-over", 200, answerOf(p.browser))
	p.id = p.paymentID()
	p.action, p.fields = p.callback("")
	see("at the bank", 200, s.get(r.base+"/r/"+p.id))
	see("state", 200, s.get(r.base+"/r/"+p.id+"/status"))
	see("bad return", 400, s.post(p.action, url.Values{}))
	see("return by GET", 303, s.get(p.action))
	see("return", 303, s.post(p.action, p.fields))
	see("paid", 200, s.get(r.base+"/r/"+p.id))
	see("paid link", 410, s.get(address))
	see("PDF", 200, s.get(r.base+"/r/"+p.id+"/receipt.pdf"))
	see("receipt check", 200, s.get(r.base+"/v/"+checkout.ReceiptCode(checkout.PaymentID(p.id))))
	see("unknown receipt", 404, s.get(r.base+"/v/000000000000"))

	failed := r.atBank(nil)
	form := copied(failed.fields)
	form.Set("3DStatus", "0")
	demoShop.sign(form)
	s.post(failed.action, form)
	see("failed", 200, s.get(r.base+"/r/"+failed.id))
	see("no receipt", 404, s.get(r.base+"/r/"+failed.id+"/receipt.pdf"))
	given := r.atBank(nil)
	see("given up", 303, s.post(r.base+"/r/"+given.id+"/abandon", url.Values{}))
	see("superseded", 200, s.get(r.base+"/r/"+given.id))
	doubt := r.atBank(nil)
	second := r.atBank(doubt.link)
	r.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	doubt.back()
	see("pending", 200, s.get(r.base+"/r/"+doubt.id))
	see("busy", 409, s.get(doubt.url))
	see("came second", 409, s.post(second.action, second.fields))
	r.settleUntil(doubt.id, checkout.StatusPaid)
	old := r.link(map[string]any{"expires_at": r.clock.Now().Add(time.Minute).Format(time.RFC3339)})["url"].(string)
	r.clock.advance(time.Hour)
	see("expired", 410, s.get(old))
	see("asked for a new one", 200, s.post(old+"/ask", url.Values{}))
	return pages
}

func (v visit) isPage() bool { return strings.HasPrefix(v.header.Get("Content-Type"), "text/html") }

func TestA37_A39_HeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for _, v := range everyPage(r) {
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex", "Cross-Origin-Resource-Policy": "same-origin",
			"X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if strings.HasPrefix(name, "X-Frame") || strings.HasPrefix(name, "Cross-Origin-Op") {
				if !v.isPage() {
					continue
				}
			}
			if got := v.header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s %q, want %q once", v.name, name, got, want)
			}
		}
		policy := v.header.Values("Content-Security-Policy")
		if len(policy) != 1 || !strings.Contains(policy[0], "frame-ancestors 'none'") {
			t.Errorf("%s may be framed: %q", v.name, policy)
		}
		for _, never := range []string{"Server", "X-Powered-By", "ETag", "Last-Modified", "Expires", "Access-Control-Allow-Origin", "Set-Cookie"} {
			if got := v.header.Get(never); got != "" && !(never == "Set-Cookie" && v.name == "hand-over" && reminder.MatchString(got)) {
				t.Errorf("%s: %s: %s", v.name, never, got)
			}
		}
	}
}

// A38: the bank learns our origin; nobody learns a token.
func TestA38_Referrers(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for _, v := range everyPage(r) {
		want := "no-referrer"
		if v.name == "hand-over" {
			want = "strict-origin"
		}
		if got := v.header.Values("Referrer-Policy"); len(got) != 1 || got[0] != want {
			t.Errorf("%s: Referrer-Policy %q, want %q", v.name, got, want)
		}
		if !v.isPage() {
			continue
		}
		doc, err := html.Parse(strings.NewReader(v.body))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Data == "meta" && strings.EqualFold(attr(n, "name"), "referrer") || attr(n, "referrerpolicy") != "" {
				t.Errorf("%s: markup changes the referrer policy", v.name)
			}
			for _, name := range []string{"src", "srcset", "data", "poster", "background", "ping"} {
				if to := attr(n, name); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
					t.Errorf("%s: <%s %s=%q> asks another host", v.name, n.Data, name, to)
				}
			}
			if n.Data == "link" && attr(n, "rel") != "" && !strings.HasPrefix(attr(n, "href"), "/") {
				t.Errorf("%s: <link href=%q> asks another host", v.name, attr(n, "href"))
			}
		}
	}
}

// A39: on the card page nothing is left for the next one at a shared computer.
func TestA39_FieldsOfTheCardPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(nil)["url"].(string)
	for name, b := range map[string]*browser{
		"first view": r.browser().get(link), "after a mistake": r.browser().pay(link, cardWithout, "card_cvc", "1"),
		"after the terms changed": r.browser().pay(link, cardWithout, "terms", "x"),
	} {
		want := map[string]string{"card_number": "cc-number", "card_expiry": "cc-exp", "card_cvc": "cc-csc", "card_holder": "cc-name"}
		for _, input := range elements(t, b.body, "input") {
			field := attr(input, "name")
			if token, is := want[field]; is {
				if attr(input, "autocomplete") != token || attr(input, "type") != "text" {
					t.Errorf("%s: %s has autocomplete %q", name, field, attr(input, "autocomplete"))
				}
				if (field == "card_number" || field == "card_cvc") && attr(input, "value") != "" {
					t.Errorf("%s: %s is not empty", name, field)
				}
				delete(want, field)
			}
		}
		if len(want) > 0 {
			t.Errorf("%s: fields are missing: %v", name, want)
		}
	}
}

// A40: nobody is led to another site.
func TestA40_OtherSites(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for _, to := range []string{
		"//evil.example", "/\\evil.example", "\\\\evil.example", "https:\\\\evil.example", "https:evil.example", "https:///evil.example", "https://shop@evil.example/",
		"https://shop:x@evil.example/", "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x",
		"http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "shop.example", "/thanks", "?x", "https://", "https://shop.example\r\nX: y", "https://shop.example:99999/",
		"https://shop.example/\u202e", "https://shop.example/ x", "https://shop.example/" + strings.Repeat("x", 600),
	} {
		status, answer := r.api("POST", "/v1/links", map[string]any{"amount": 100, "currency": "TRY", "return_url": to})
		if status != http.StatusUnprocessableEntity {
			t.Errorf("return_url %.40q: %d %v", to, status, answer)
		}
	}
	link := r.link(map[string]any{"return_url": "https://shop.example/thanks?a=1&b=2"})
	address := link["url"].(string)
	id := ""
	evil := []string{"https://evil.example/", "//evil.example", `\evil.example`, "javascript:evil.example"}
	look := func(name string, a answer) {
		t.Helper()
		if to := a.header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, `\`)) {
			t.Errorf("%s: leads to %q", name, to)
		}
		if strings.Contains(a.body, "evil.example") && strings.Contains(a.header.Get("Content-Type"), "html") {
			t.Errorf("%s: names the other site: %.300s", name, a.body)
		}
		for _, n := range elements(t, a.body, "a") {
			to := attr(n, "href")
			if strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`) || strings.HasPrefix(strings.ToLower(to), "javascript") {
				t.Errorf("%s: a link to %q", name, to)
			}
			if strings.HasPrefix(to, "http") && to != "https://shop.example/thanks?a=1&b=2" && !strings.HasPrefix(to, r.base) {
				t.Errorf("%s: a link to %q", name, to)
			}
		}
	}
	visitAll := func() {
		for _, to := range evil {
			q := url.QueryEscape(to)
			for _, parameter := range []string{"lang", "next", "return_url", "success_url", "url", "redirect"} {
				look(parameter+" on the link page", r.stranger().get(address+"?"+parameter+"="+q))
				if id != "" {
					look(parameter+" on the result", r.stranger().get(r.base+"/r/"+id+"?"+parameter+"="+q))
				}
			}
			look("host", r.stranger("X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example", "X-Original-URL", to, "X-Rewrite-URL", to).get(address))
		}
		for _, path := range []string{"//evil.example", "//evil.example/p/x", "/%2f%2fevil.example", "/\\evil.example", "/p//evil.example", "//evil.example/%2e%2e"} {
			look("path "+path, raw(t, r, "GET "+path+" HTTP/1.1\r\nHost: "+strings.TrimPrefix(r.base, "http://")+"\r\nAccept: text/html\r\nConnection: close\r\n\r\n"))
		}
	}
	visitAll()
	b := r.browser().pay(address, cardWithout, "return_url", evil[0], "success_url", evil[0], "next", evil[1], "lang", evil[1])
	id = b.paymentID()
	action, fields := b.callback("")
	look("return", r.stranger().post(action, fields))
	visitAll()
	b.get(r.base + "/r/" + id)
	shop := ""
	for _, n := range elements(t, b.body, "a") {
		if attr(n, "id") == "shop" {
			shop = attr(n, "href")
		}
	}
	r.must("the stored address", shop, "https://shop.example/thanks?a=1&b=2")
	// Another name for this machine: the demo answers to none but its own.
	a := raw(t, r, "GET /p/"+link["token"].(string)+" HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
	r.must("another host", a.status, http.StatusMisdirectedRequest)
}

// raw speaks bytes to the gateway and reads one answer.
func raw(t *testing.T, r *rig, request string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Close { // net/http takes the header away
		resp.Header.Set("Connection", "close")
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// reminder is the one cookie there is: on the link's own page, for half an hour, out of reach of scripts and
// of other sites' requests.
var reminder = regexp.MustCompile(`^waiting=pay_[0-9A-Za-z]{22}; max-age=1800; path=/p/[0-9A-Za-z]{12}; HttpOnly; SameSite=Lax$`)

// A41, checklist G3, F8: cookies decide nothing, none but the reminder of a payer at the bank is ever set,
// and that one by the hand-over only; a payer may be at the bank for long.
func TestA41_Cookies(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	answers, set := 0, 0
	r := newRig(t, rigOptions{seen: func(a *http.Response, _ []byte) {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(a.Request.URL.Path, "/p/") || strings.HasPrefix(a.Request.URL.Path, "/r/") || strings.HasPrefix(a.Request.URL.Path, "/3ds/") {
			answers++
			if c := a.Header.Values("Set-Cookie"); len(c) > 0 {
				set++
				if len(c) != 1 || !reminder.MatchString(c[0]) || a.Request.Method != http.MethodPost || a.StatusCode != http.StatusOK {
					t.Errorf("%s sets %q", a.Request.URL.Path, c)
				}
			}
		}
	}})
	everyPage(r)
	for _, cookies := range []string{"", "session=admin; lang=en; payment=pay_0000000000000000000000; __Host-x=1", strings.Repeat("a=b; ", 300)} {
		s := r.stranger("Cookie", cookies, "Origin", "null", "Sec-Fetch-Site", "cross-site")
		link := r.link(nil)["url"].(string)
		b := &browser{r: r, lang: "tr", url: link + "/pay"}
		b.body = s.post(b.url, cardForm(cardWithout)).body
		id := b.paymentID()
		action, fields := b.callback("")
		r.clock.advance(12 * time.Minute) // the password came late
		a := s.post(action, fields)
		r.must("return", a.status, http.StatusSeeOther)
		r.must("result", heading(s.get(r.base+a.header.Get("Location")).body), pagePaid)
		r.ended(id, checkout.StatusPaid, "", 1)
	}
	if answers < 40 || set == 0 {
		t.Errorf("%d answers were looked at, %d set a cookie", answers, set)
	}
	r.proven()
}

// A42, checklist A10: no code on any page but our own file, and its content is the one that the page names.
func TestA42_ScriptsOfEveryPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	pages, with := everyPage(r), 0
	bank := "http://" + strings.TrimPrefix(r.bankS.URL, "http://")
	for _, v := range pages {
		policy := map[string][]string{}
		for _, d := range strings.Split(v.header.Get("Content-Security-Policy"), ";") {
			words := strings.Fields(d)
			if len(words) == 0 {
				t.Errorf("%s: an empty directive", v.name)
				continue
			}
			if _, twice := policy[words[0]]; twice {
				t.Errorf("%s: %s stands twice, the second is ignored", v.name, words[0])
			}
			policy[words[0]] = words[1:]
		}
		for name, sources := range policy {
			for _, s := range sources {
				own := s == "'self'" || s == "'none'"
				hand := v.name == "hand-over" && name == "form-action" && (s == bank || s == r.base)
				if !own && !hand {
					t.Errorf("%s: %s allows %s", v.name, name, s)
				}
			}
		}
		r.must(v.name+": default-src", policy["default-src"], []string{"'none'"})
		r.must(v.name+": base-uri", policy["base-uri"], []string{"'none'"})
		if !v.isPage() || v.body == "" || v.header.Get("Content-Encoding") != "" {
			continue
		}
		with++
		holdCode(t, r, v)
	}
	if with < 25 {
		t.Errorf("only %d pages were looked at", with)
	}
	for _, path := range []string{"/sw.js", "/service-worker.js", "/s/sw.js", "/s/../main.go", "/s/app.js", "/s/outcome.js", "/s/"} {
		if a := r.stranger().get(r.base + path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

// ourScript is the address of one of the two scripts there are.
var ourScript = regexp.MustCompile(`^/s/(app\.(tr|en)|outcome)\.[0-9a-f]{10}\.js$`)

// holdCode looks through one page's markup.
func holdCode(t *testing.T, r *rig, v visit) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(v.body))
	if err != nil {
		t.Fatal(err)
	}
	scripts := 0
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || strings.Contains(strings.ToLower(a.Val), "javascript:") {
				t.Errorf("%s: <%s %s=%q>", v.name, n.Data, a.Key, a.Val)
			}
		}
		switch n.Data {
		case "style", "iframe", "frame", "object", "embed", "base", "applet":
			t.Errorf("%s: <%s>", v.name, n.Data)
		case "script":
			scripts++
			if n.FirstChild != nil || !ourScript.MatchString(attr(n, "src")) {
				t.Errorf("%s: a script of another kind: %q", v.name, attr(n, "src"))
			}
			holdFile(t, r, v.name, attr(n, "src"), attr(n, "integrity"))
		case "link":
			if attr(n, "rel") == "stylesheet" {
				holdFile(t, r, v.name, attr(n, "href"), attr(n, "integrity"))
			}
		}
	}
	if scripts != 1 {
		t.Errorf("%s: %d scripts", v.name, scripts)
	}
}

// holdFile fetches a file and holds it against the digest that the page names.
func holdFile(t *testing.T, r *rig, page, path, integrity string) {
	t.Helper()
	a := r.stranger().get(r.base + path)
	kind, want, _ := strings.Cut(integrity, "-")
	var got []byte
	switch kind {
	case "sha256":
		sum := sha256.Sum256([]byte(a.body))
		got = sum[:]
	case "sha384":
		sum := sha512.Sum384([]byte(a.body))
		got = sum[:]
	case "sha512":
		sum := sha512.Sum512([]byte(a.body))
		got = sum[:]
	}
	if a.status != http.StatusOK || len(got) == 0 || base64.StdEncoding.EncodeToString(got) != want {
		t.Errorf("%s: %s (%d) is not what the page names: %s", page, path, a.status, integrity)
	}
	if strings.Contains(a.body, "serviceWorker") || strings.Contains(a.body, "eval(") || strings.Contains(a.body, "document.cookie") {
		t.Errorf("%s registers workers, evaluates text or uses cookies", path)
	}
	for name, want := range map[string]string{"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"} {
		if a.header.Get(name) != want {
			t.Errorf("%s: %s %q", path, name, a.header.Get(name))
		}
	}
}

// HSTS is promised where the public address is https.
func TestA37_StrictTransport(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{config: func(c *Config) { c.PublicURL = "https://pay.example" }})
	address := strings.Replace(r.link(nil)["url"].(string), "https://pay.example", r.base, 1)
	for _, a := range []answer{r.stranger().get(address), r.stranger().get(r.base + "/x"), r.stranger().post(address+"/pay", url.Values{})} {
		if a.header.Get("Strict-Transport-Security") != "max-age=31536000" {
			t.Errorf("%d: %v", a.status, a.header)
		}
	}
}

// A57 to A60 stand field by field in gateway/web and gateway/api; here is that the whole gateway stands
// behind the same edge.
func TestA57_A60_TheEdgeStandsBeforeEverySurface(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	host := strings.TrimPrefix(r.base, "http://")
	key := "Authorization: Bearer " + demoAPIKey + "\r\n"
	deep := strings.Repeat(`{"metadata":`, 10_000)
	token := r.link(nil)["token"].(string)
	for name, tc := range map[string]struct {
		request string
		status  int
	}{
		"A57: zipped form":          {"POST /p/" + token + "/pay HTTP/1.1\r\nHost: " + host + "\r\nContent-Encoding: gzip\r\nContent-Type: " + formType + "\r\nContent-Length: 2\r\n\r\nxx", 415},
		"A57: zipped JSON":          {"POST /v1/links HTTP/1.1\r\nHost: " + host + "\r\n" + key + "Content-Encoding: deflate\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", 415},
		"A57: 64 MiB announced":     {"POST /v1/links HTTP/1.1\r\nHost: " + host + "\r\n" + key + "Content-Type: application/json\r\nContent-Length: 67108864\r\n\r\n{}", 413},
		"A57: too deep and too big": {"POST /v1/links HTTP/1.1\r\nHost: " + host + "\r\n" + key + "Content-Type: application/json\r\nContent-Length: " + fmt.Sprint(len(deep)) + "\r\n\r\n" + deep, 413},
		"A57: deep JSON":            {"POST /v1/links HTTP/1.1\r\nHost: " + host + "\r\n" + key + "Content-Type: application/json\r\nContent-Length: 40000\r\n\r\n" + strings.Repeat("[", 40000), 400},
		"A60: both length headers":  {"POST /p/" + token + "/pay HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		"A60: two lengths":          {"POST /p/" + token + "/pay HTTP/1.1\r\nHost: " + host + "\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nxxxxx", 400},
		"A60: bare LF":              {"GET /p/" + token + " HTTP/1.1\nHost: " + host + "\n\n", 400},
		"A60: no host":              {"GET /p/" + token + " HTTP/1.1\r\nAccept: */*\r\n\r\n", 400},
		"A60: two hosts":            {"GET /p/" + token + " HTTP/1.1\r\nHost: " + host + "\r\nHost: evil.example\r\n\r\n", 400},
		"A60: a folded line":        {"GET /p/" + token + " HTTP/1.1\r\nHost: " + host + "\r\nX: a\r\n b\r\n\r\n", 400},
		"A60: space before colon":   {"GET /p/" + token + " HTTP/1.1\r\nHost : " + host + "\r\n\r\n", 400},
	} {
		a := raw(t, r, tc.request)
		if a.status != tc.status {
			t.Errorf("%s: %d, want %d: %.200s", name, a.status, tc.status, a.body)
		}
		if strings.HasPrefix(name, "A60") && a.header.Get("Connection") != "close" {
			t.Errorf("%s: the connection stays open", name)
		}
	}
	// A59: many who say nothing hold nobody up.
	for range 150 {
		conn, err := net.Dial("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /p/"+token+" HTTP/1.1\r\nHo"); err != nil {
			t.Fatal(err)
		}
	}
	r.atBank(nil).back().wants(http.StatusOK, pagePaid)
	r.must("stored", len(r.allPayments()), 1)
	r.booksAgree()
}

// A61: whose address it is decides the connection, and behind our own proxies the last one that they saw.
func TestA61_AddressOfTheClient(t *testing.T) {
	t.Parallel()
	headers := []string{"X-Real-IP", "203.0.113.9", "Forwarded", "for=203.0.113.9", "True-Client-IP", "203.0.113.9", "CF-Connecting-IP", "203.0.113.9"}
	for name, tc := range map[string]struct {
		trusted   string
		forwarded []string
		want      string
	}{
		"nobody is trusted":        {"", []string{"203.0.113.9"}, "127.0.0.1"},
		"another is trusted":       {"10.0.0.0/8", []string{"203.0.113.9"}, "127.0.0.1"},
		"the proxy's own word":     {"127.0.0.0/8", []string{"198.51.100.1"}, "198.51.100.1"},
		"a made-up one before it":  {"127.0.0.0/8", []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		"a made-up header":         {"127.0.0.0/8", []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		"two proxies of ours":      {"127.0.0.0/8,10.0.0.0/8", []string{"203.0.113.9, 198.51.100.1, 10.1.2.3"}, "198.51.100.1"},
		"no header":                {"127.0.0.0/8", nil, "127.0.0.1"},
		"nonsense at the end":      {"127.0.0.0/8", []string{"198.51.100.1, x"}, "127.0.0.1"},
		"IPv4 in IPv6 with a port": {"127.0.0.0/8", []string{"[::ffff:198.51.100.1]:443"}, "198.51.100.1"},
		"a thousand hops of ours":  {"127.0.0.0/8,10.0.0.0/8", []string{"203.0.113.9, " + strings.TrimSuffix(strings.Repeat("10.0.0.1, ", 700), ", ")}, "10.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{config: func(c *Config) {
				if tc.trusted != "" {
					if err := c.addProxies(tc.trusted); err != nil {
						t.Fatal(err)
					}
				}
			}})
			s := r.stranger(headers...)
			for _, f := range tc.forwarded {
				s.header.Add("X-Forwarded-For", f)
			}
			b := &browser{r: r, lang: "tr", url: r.base}
			b.body = s.post(r.link(nil)["url"].(string)+"/pay", cardForm(cardWithout)).body
			id := b.paymentID()
			r.must("payment", r.ledgerPayment(id).PayerIP, tc.want)
			list, err := r.app.ledger.Events(context.Background(), demoMerchant, id)
			if err != nil {
				t.Fatal(err)
			}
			r.must("audit line", list[0].IP, tc.want)
			lines := r.loggedWith("route", "/p/:token/pay")
			r.must("log", lines[len(lines)-1]["client"], tc.want)
		})
	}
}

// A63: nothing of the inside is on the public address, and errors carry an id only.
func TestA63_NothingOfTheInside(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	for _, path := range []string{
		"/metrics", "/readyz", "/livez", "/healthz", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/_bank/charges", "/.env", "/.git/config",
		"/v1/../metrics", "/admin", "/server-status", "/odelink.db",
	} {
		for _, accept := range []string{"text/html", "application/json"} {
			a := r.stranger("Accept", accept).get(r.base + path)
			if a.status != http.StatusNotFound && !(strings.HasPrefix(path, "/v1") && a.status == http.StatusUnauthorized) {
				t.Errorf("%s: %d", path, a.status)
			}
			if strings.Contains(a.body, "odelink_") || strings.Contains(a.body, "goroutine") || strings.Contains(a.body, ".go:") {
				t.Errorf("%s tells: %.200s", path, a.body)
			}
		}
	}
	admin := r.app.admin().Handler
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	r.must("metrics inside", ask("/metrics").Code, http.StatusOK)
	r.must("readiness inside", ask("/readyz").Code, http.StatusOK)
	r.must("profiles that nobody asked for", ask("/debug/pprof/").Code, http.StatusNotFound)
	// The metrics hold counts: no token, no payment, no address, no card.
	link := r.link(nil)
	p := r.atBank(link)
	r.rejects(p, p.action, "ResponseHash=x", checkout.ForgedHashMismatch)
	p.back()
	text := ask("/metrics").Body.String()
	if !strings.Contains(text, `odelink_callbacks_rejected_total{acquirer="payfor",reason="hash_mismatch"} 1`) {
		t.Error("the rejected callback is not counted")
	}
	for _, never := range []string{link["token"].(string), link["id"].(string), p.id, "127.0.0.1", "415565", demoAPIKey} {
		if strings.Contains(text, never) {
			t.Errorf("the metrics hold %s", never)
		}
	}
}

// Checklist: whoever asks for JSON gets the same statuses as the page.
func TestJSONMirrorsThePages(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	json := r.stranger("Accept", "application/json")
	link := r.link(map[string]any{"installments": []int{1, 3}})
	address := link["url"].(string)
	form := cardForm(cardWithout)
	dead := r.link(nil)
	r.api("DELETE", "/v1/links/"+dead["id"].(string), nil)
	later := r.link(map[string]any{"active_from": r.clock.Now().Add(time.Hour).Format(time.RFC3339)})["url"].(string)
	old := r.link(map[string]any{"expires_at": r.clock.Now().Add(time.Minute).Format(time.RFC3339)})["url"].(string)
	r.clock.advance(time.Hour - time.Minute)
	busy := r.atBank(nil)
	r.bankFault(banksim.StepProvision, banksim.FaultReset, `"after"`, 1)
	busy.back()
	paid := r.atBank(nil)
	paid.back()
	yen := r.link(map[string]any{"currency": "JPY"})["url"].(string)
	for name, tc := range map[string]struct {
		address string
		form    url.Values
		status  int
		code    string
	}{
		"a mistake":               {address, cardForm(""), 422, "validation_failed card_number:required card_cvc:cvc_length"},
		"a plan not offered":      {address, cardForm(cardWithout, "installments", "6"), 422, "validation_failed installments:installments_not_offered"},
		"terms changed":           {address, cardForm(cardWithout, "terms", "x"), 409, "terms_changed"},
		"unknown":                 {r.base + "/p/000000000000", form, 404, "link_not_found"},
		"deleted":                 {dead["url"].(string), form, 410, "link_deleted"},
		"expired":                 {old, form, 410, "link_expired"},
		"not active":              {later, form, 403, "link_not_active_yet"},
		"in doubt":                {busy.url, form, 409, "link_busy"},
		"just paid":               {paid.url, form, 409, "link_paid"},
		"a currency nobody takes": {yen, form, 409, "no_acquirer"},
	} {
		j := json.post(tc.address+"/pay", tc.form)
		page := r.stranger().post(tc.address+"/pay", tc.form)
		if got := j.problem(t); j.status != tc.status || page.status != tc.status || (got != tc.code && name != "a mistake") || !strings.HasPrefix(got, strings.Fields(tc.code)[0]) {
			t.Errorf("%s: JSON %d %s, page %d, want %d %s", name, j.status, got, page.status, tc.status, tc.code)
		}
		if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: the page is %s", name, page.header.Get("Content-Type"))
		}
	}
	r.bankFault(banksim.StepOpen, banksim.FaultReset, `"before"`, 2)
	j, page := json.post(address+"/pay", form), r.stranger().post(address+"/pay", form)
	r.must("bank away", fmt.Sprint(j.status, " ", j.problem(t), " ", page.status), "503 bank_unreachable 503")
	r.must("both say when to try again", j.header.Get("Retry-After") != "" && page.header.Get("Retry-After") != "", true)
	p := r.atBank(link)
	r.must("a forged return", json.post(p.action, url.Values{}).problem(t), "callback_rejected")
	r.must("an unknown payment", json.get(r.base+"/r/pay_0000000000000000000000").problem(t), "payment_not_found")
	r.must("the link, asked for as JSON after it was paid", json.get(paid.url).problem(t), "link_paid")
	a := json.post(address+"/pay", form)
	if a.status != 200 || !strings.Contains(a.body, `"challenge":{`) || !strings.Contains(a.body, `"method":"POST"`) || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("challenge: %d %.200s", a.status, a.body)
	}
	r.settleUntil(busy.id, checkout.StatusPaid)
	r.booksAgree()
}

// Checklist D5: an attempt that failed says whether money was taken, also on a link that others have paid;
// that such a link is over says nothing about its reader's card.
func TestUX_D5_MoneyOnALinkThatWasPaidBefore(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{})
	link := r.link(map[string]any{"usage": "multi", "max_payments": 5})
	r.atBank(link).back().wants(http.StatusOK, "Ödeme tamamlandı")
	address := link["url"].(string)
	const none = "Kartınızdan para çekilmedi."
	r.bankFault(banksim.StepOpen, banksim.FaultReset, `"before"`, 1)
	a := r.stranger("Accept-Language", "tr").post(address+"/pay", cardForm(cardWithout))
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, none) {
		t.Errorf("bank away: %d, says %v that nothing was taken", a.status, strings.Contains(a.body, none))
	}
	r.api("DELETE", "/v1/links/"+link["id"].(string), nil)
	if a := r.stranger("Accept-Language", "tr").get(address); a.status != http.StatusGone || strings.Contains(a.body, none) {
		t.Errorf("withdrawn: %d, says %v that nothing was taken", a.status, strings.Contains(a.body, none))
	}
	single := r.link(nil)
	r.api("DELETE", "/v1/links/"+single["id"].(string), nil)
	if a := r.stranger("Accept-Language", "tr").get(single["url"].(string)); !strings.Contains(a.body, none) {
		t.Error("a link that nobody paid does not say that nothing was taken")
	}
}
