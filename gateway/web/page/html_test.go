//go:build !race

package page

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/odelink/odelink/templates"
)

// tag is one element as the page writes it; all our attributes are quoted or bare.
type tag struct {
	name  string
	attr  map[string]string
	inner string // up to the next tag
}

var (
	tagText   = regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*)\s*/?>([^<]*)`)
	attrText  = regexp.MustCompile(`([a-zA-Z:-]+)(?:="([^"]*)")?`)
	voidNames = []string{"meta", "link", "img", "input", "br", "path", "circle"}
)

// parse reads a page and checks that it is whole: every < begins a tag, every tag is closed by its own.
func parse(t *testing.T, name, html string) []tag {
	t.Helper()
	var tags []tag
	var open []string
	for _, m := range tagText.FindAllStringSubmatch(html, -1) {
		if m[1] == "/" {
			if len(open) == 0 || open[len(open)-1] != m[2] {
				t.Errorf("%s: </%s> closes %v", name, m[2], open)
				return tags
			}
			open = open[:len(open)-1]
			continue
		}
		g := tag{m[2], map[string]string{}, m[4]}
		for _, a := range attrText.FindAllStringSubmatch(m[3], -1) {
			if _, twice := g.attr[a[1]]; twice {
				t.Errorf("%s: <%s> has %s twice", name, m[2], a[1])
			}
			g.attr[a[1]] = a[2]
		}
		tags = append(tags, g)
		if !slices.Contains(voidNames, m[2]) {
			open = append(open, m[2])
		}
	}
	if len(open) > 0 {
		t.Errorf("%s: %v are never closed", name, open)
	}
	if n := strings.Count(html, "<") - 1; n != len(tagText.FindAllString(html, -1)) { // less the doctype
		t.Errorf("%s: %d times '<', %d tags", name, n, len(tagText.FindAllString(html, -1)))
	}
	return tags
}

func find(tags []tag, name string) []tag {
	var found []tag
	for _, g := range tags {
		if g.name == name {
			found = append(found, g)
		}
	}
	return found
}

func TestL05_EveryPageIsWellBuilt(t *testing.T) {
	for name, html := range allPages(t) {
		tags := parse(t, name, html)
		if lang := find(tags, "html")[0].attr["lang"]; lang != name[:2] {
			t.Errorf("%s: lang=%q", name, lang)
		}
		for _, once := range []string{"h1", "main", "header", "footer", "title"} {
			if n := len(find(tags, once)); n != 1 {
				t.Errorf("%s: %d <%s>", name, n, once)
			}
		}
		ids := map[string]bool{}
		for _, g := range tags {
			if id := g.attr["id"]; id != "" {
				if ids[id] {
					t.Errorf("%s: id %s twice", name, id)
				}
				ids[id] = true
			}
		}
		for _, g := range tags {
			for _, ref := range []string{"for", "aria-describedby", "aria-labelledby", "form"} {
				for _, id := range strings.Fields(g.attr[ref]) {
					if !ids[id] {
						t.Errorf("%s: %s of <%s> names %q, which is not there", name, ref, g.name, id)
					}
				}
			}
			if href := g.attr["href"]; g.name == "a" && strings.HasPrefix(href, "#") && !ids[href[1:]] {
				t.Errorf("%s: a link leads to %s, which is not there", name, href)
			}
			for key := range g.attr {
				if key == "style" || strings.HasPrefix(key, "on") {
					t.Errorf("%s: <%s %s>, which the policy refuses", name, g.name, key)
				}
			}
			if v := g.attr["tabindex"]; v != "" && v != "-1" {
				t.Errorf("%s: tabindex %s", name, v)
			}
		}
	}
}

// What html/template does at a page's first rendering must be over before two readers ask for it
// at once. Only the race detector sees it when it is not.
func TestPagesFirstReadByManyAtOnce(t *testing.T) {
	for _, kept := range []int{0, -1} {
		p, err := New(Options{PublicURL: "https://ode.example.com", MaxCached: kept})
		if err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 8 {
			readers.Go(func() {
				for _, v := range []View{&Kind{}, &Result{}, &Handover{}, &Check{}} {
					if _, err := p.Render("tr", v); err != nil {
						t.Error(err)
					}
				}
			})
		}
		readers.Wait()
	}
}

func TestL05_TitlesAreUniquePerState(t *testing.T) {
	p := newTestPages(t)
	for _, lang := range p.Languages() {
		seen := map[string]string{}
		for _, s := range samples() {
			html, err := p.Render(lang, s.view)
			if err != nil {
				t.Fatal(err)
			}
			title := find(parse(t, s.name, string(html)), "title")[0].inner
			// The same state with other values may share its title.
			state := strings.TrimSuffix(strings.TrimSuffix(s.name, "-test"), "-earlier")
			switch state {
			case "checkout-consumer", "checkout-open", "checkout-twelve", "checkout-large", "checkout-debit", "checkout-waiting", "checkout-lines":
				state = "checkout"
			case "checkout-one-error", "checkout-consumer-errors":
				state = "checkout-errors"
			case "kind-expired-asked":
				state = "kind-expired"
			case "kind-too_many-link", "kind-too_many-address":
				state = "kind-too_many"
			case "kind-too_many-bin", "kind-too_many-card-later":
				state = "kind-too_many-card"
			case "result-agreed", "result-lines":
				state = "result-paid"
			case "result-reversing":
				state = "result-link-used"
			case "result-double", "result-taken-back":
				state = "result-voided"
			}
			if other, ok := seen[title]; ok && other != state {
				t.Errorf("%s: %s and %s are both titled %q", lang, other, state, title)
			}
			seen[title] = state
		}
	}
}

// Checklist C2–C6, C15, J1.
func TestC02_CardFieldsHelpKeyboardsAndAutofill(t *testing.T) {
	p := newTestPages(t)
	v := sampleCheckout
	html, err := p.AppendCheckout(nil, Key{"tr", shop, variantFull}, &v)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]tag{}
	tags := parse(t, "checkout", string(html))
	for _, g := range append(find(tags, "input"), find(tags, "textarea")...) {
		fields[g.attr["name"]] = g
		if g.attr["type"] == "number" || g.attr["pattern"] != "" {
			t.Errorf("%s: type or pattern that refuses spaces", g.attr["name"])
		}
		if g.attr["placeholder"] != "" {
			t.Errorf("%s has a placeholder", g.attr["name"])
		}
	}
	for name, want := range map[string]map[string]string{
		"card_number": {"type": "text", "inputmode": "numeric", "autocomplete": "cc-number", "id": "card_number", "enterkeyhint": "next"},
		"card_expiry": {"type": "text", "inputmode": "numeric", "autocomplete": "cc-exp", "enterkeyhint": "next"},
		"card_cvc":    {"type": "text", "inputmode": "numeric", "autocomplete": "cc-csc", "enterkeyhint": "next"},
		"card_holder": {"type": "text", "autocomplete": "cc-name", "spellcheck": "false"},
		"payer_note":  {"enterkeyhint": "done"},
	} {
		for a, value := range want {
			if got := fields[name].attr[a]; got != value {
				t.Errorf("%s: %s=%q, want %q", name, a, got, value)
			}
		}
	}
	for _, name := range []string{"card_number", "card_expiry", "card_cvc", "card_holder"} {
		if fields[name].attr["autocomplete"] == "off" {
			t.Errorf("%s: autofill is off", name)
		}
	}
	if n := fields["card_number"].attr["maxlength"]; n != "" && n < "26" {
		t.Errorf("room for %s characters of a number", n)
	}
	order := []string{}
	for _, g := range tags {
		if n := g.attr["name"]; strings.HasPrefix(n, "card_") {
			order = append(order, n)
		}
	}
	if !slices.Equal(order, []string{"card_number", "card_expiry", "card_cvc", "card_holder"}) {
		t.Errorf("the fields stand in the order %v", order)
	}
	for _, words := range []string{"Güvenlik kodu (CVV)", "Kartın arkasındaki son 3 rakam"} {
		if !strings.Contains(string(html), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

func TestB06_StepsShowWhereThePayerIs(t *testing.T) {
	p := newTestPages(t)
	for name, want := range map[string]string{
		"checkout-open": "Kart Bilgileri", "handover": "SMS Onayı", "result-pending": "SMS Onayı",
		"result-challenged": "SMS Onayı", "result-paid": "Ödeme Tamamlandı", "result-declined": "", "kind-expired": "",
	} {
		for _, s := range samples() {
			if s.name != name {
				continue
			}
			html, err := p.Render("tr", s.view)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			for _, g := range find(parse(t, name, string(html)), "li") {
				if g.attr["aria-current"] == "step" {
					got += g.inner
				}
			}
			if got != want {
				t.Errorf("%s: present step %q, want %q", name, got, want)
			}
		}
	}
}

// Checklist B1, B5, B9 and the receipt's lines of J2.
func TestPagesSayWhatTheyMust(t *testing.T) {
	text := allPages(t)
	for name, want := range map[string][]string{
		"tr/checkout 0001100": {"Çiğdem Kırtasiye", "Ltd. Şti.", "&#43;90 212 000 00 00", "SIP-2026-00417", "250,00\u00a0TL öde", "23.11.2026 15:09 (TSİ)", "Tek çekim", "Visa, Mastercard, Troy"},
		"en/checkout 0001100": {"Pay TRY\u00a0250.00", "23 Nov 2026, 15:09 (UTC&#43;3)", "Single payment"},
		"tr/checkout 0100000": {"TEST MODU"},
		"tr/checkout 1000000": {"bankanın kendi ödeme sayfasında", "250,00\u00a0TL öde"},
		"tr/checkout-twelve": {"TEST MODU", ">Seçtiğiniz tutarı öde<", `value="6" checked`, "vade farksız", "vade farkı 61.728,35\u00a0TL",
			"216.049,37\u00a0TL ×\u00a05<small>&#43; son taksit 216.049,39\u00a0TL", "617.283,95\u00a0TL ×\u00a01<small>&#43; son taksit 617.283,94\u00a0TL"},
		"tr/checkout-debit":  {"Banka kartıyla taksit yapılamaz."},
		"tr/checkout-errors": {"<title>Hata: ", "Eksik veya hatalı alanlar var", `href="#card_expiry"`, "Bu işyeri American Express kart kabul etmiyor."},
		"tr/handover":        {"Bankanızın doğrulama sayfasına yönlendiriliyorsunuz", "259,00\u00a0TL", "QNB", "Devam et", "<noscript><p class=\"strong\">Tarayıcınız bu adımı kendi başına yapamıyor. Bankanızın sayfasını açmak için “Devam et” düğmesine basın.", `action="https://acs.bank.example/acs/challenge"`, `data-result="/r/pay_`},
		"tr/result-paid": {"Ödeme tamamlandı", "3 taksit: 86,33\u00a0TL ×\u00a02, son\u00a0taksit\u00a086,34\u00a0TL", "Visa •••• 0007", "QNB · CardFinans", "S12345", "632615098249",
			"22.11.2026 15:09 (TSİ)", "Bu belge mali belge yerine geçmez.", "K7RP29XW", "https://ode.example.com/v/K7RP29XW", "receipt.pdf", "İşyerine dön"},
		"tr/result-paid-test":         {"TEST MODU", "TEST ÖDEMESİ"},
		"tr/result-paid-earlier":      {"22.11.2026 15:09 (TSİ) tarihinde tamamlandı"},
		"tr/result-partly-refunded":   {"50,00\u00a0TL iade edildi"},
		"tr/result-declined":          {"Ödeme alınamadı", "limit veya bakiyenin yetmediğini", "Kartınızdan para çekilmedi.", "Yeniden dene", "9F2C-4E7A"},
		"tr/result-pending":           {"Sonuç bekleniyor", "yeniden ödeme yapmayın", `http-equiv="refresh"`, "/status"},
		"tr/result-challenged":        {"Bankanızda bekleyen bir işlem var", "/continue", "/abandon", "Sonucu kontrol et"},
		"tr/result-double":            {"ikincisini iptal ettik", "yalnızca bir kez"},
		"tr/result-taken-back":        {"Bankanızın onayı zamanında gelmedi", "kartınızdan çekilmez", "Yeniden dene"},
		"tr/kind-expired":             {"/p/Xk3mN8pQ2rTv/ask", "Yeni link iste", "süresi 22.11.2026 15:09 (TSİ) tarihinde doldu"},
		"tr/kind-expired-asked":       {"İşyerine haber verildi"},
		"tr/kind-too_many":            {"Lütfen 14 dakika sonra yeniden deneyin."},
		"tr/kind-too_many-card":       {"Bu kart şu", "Başka bir kartla hemen ödeyebilirsiniz. Bu kartı yarın saat 14:10\u00a0(TSİ) itibarıyla yeniden deneyebilirsiniz.", `class="go" href="/p/Xk3mN8pQ2rTv">Ödeme sayfasına dön`},
		"tr/kind-too_many-card-later": {"Başka bir kartla 14 dakika sonra ödeyebilirsiniz. Bu kartı bugün saat 19:10\u00a0(TSİ) itibarıyla"},
		"en/kind-too_many-card":       {"You can pay with another card right away. You can try this card again tomorrow from 14:10\u00a0(UTC"},
		"tr/kind-too_many-bin":        {"Başka bir bankanın kartıyla hemen ödeyebilirsiniz. Bu kartı bugün saat 16:10\u00a0(TSİ) itibarıyla"},
		"en/kind-too_many-link":       {"Please try again in 1 minute; another card does not shorten the wait."},
		"tr/kind-too_many-address":    {"Bağlandığınız ağdan", "Lütfen 15 dakika sonra"},
		"tr/kind-not_active":          {"22.11.2026 15:09 (TSİ)"},
		"tr/kind-server_error":        {"Hata numarası: <b dir=\"ltr\">01HZX3"},
		"tr/kind-bank_unreachable":    {"Bankaya ulaşılamadı", "Kartınızdan para çekilmedi.", "Destek için referans: <b dir=\"ltr\">9F2C-4E7A"},
		"tr/kind-not_begun":           {"Ödemeniz başlatılamadı", "Bu denemede kartınızdan para çekilmedi.", "kart bilgilerinizi yeniden girmeniz gerekecek", `class="go" href="/p/Xk3mN8pQ2rTv">Ödeme sayfasına dön`, "odeme@cigdem.example"},
		"tr/kind-unavailable":         {`content="10;url=/p/Xk3mN8pQ2rTv"`},
		"tr/kind-return_waiting":      {`action="/3ds/pay_`, `name="mdStatus" value="1"`},
		"tr/kind-bad_return":          {`href="/r/pay_`, "Kartınızdan henüz para çekilmedi.", "Destek için referans: <b dir=\"ltr\">9F2C-4E7A"},
		"tr/checkout-waiting":         {`bankanızda bekliyor. <b>Visa •••• 0007 · 3 taksit · 259,00 TL</b> <a href=`},
		"tr/result-link-used":         {"<dt>Kart</dt><dd dir=\"ltr\">Visa •••• 0007</dd>"},
		"tr/kind-busy":                {"<dt>Sipariş no</dt>", "<dt>Açıklama</dt><dd>Kasım ayı kırtasiye siparişi</dd>", "250,00\u00a0TL</dd>"},
		"en/kind-in_progress":         {"TRY\u00a0250.00</dd>"},
		"tr/checkout-terms-changed":   {"Ödeme bilgileri değişti", "Kartınızdan para çekilmedi."},
		"tr/check-genuine":            {"Bu makbuz gerçek"},
		"en/result-declined":          {"No money was taken from your card."},
		"en/result-paid":              {"<dt>Single payment price</dt><dd dir=\"ltr\">TRY\u00a0250.00</dd>"},
		"tr/checkout 0011100":         {"İsteğe bağlı. Kartta yazdığı gibi."},
		"en/checkout 0011100":         {"Optional. As written on the card."},
		"en/kind-deleted":             {"The merchant has closed this payment link."},
		"tr/kind-in_progress":         {"Bu denemede kartınızdan para çekilmedi."},
	} {
		html, ok := text[name]
		if !ok {
			t.Errorf("there is no page %s", name)
		}
		for _, w := range want {
			if !strings.Contains(html, w) {
				t.Errorf("%s does not say %q", name, w)
			}
		}
	}
	for name, never := range map[string][]string{
		"tr/result-pending":      {"Yeniden dene<", "Kartınızdan para çekilmedi."},
		"tr/result-challenged":   {"Kartınızdan para çekilmedi."},
		"tr/kind-expired":        {`name="card_number"`},
		"tr/kind-expired-asked":  {"/ask"},
		"tr/result-paid-earlier": {`name="card_number"`},
		"tr/checkout 0000000":    {"TEST MODU", `name="payer_note"`, `name="card_holder"`, "Son ödeme", "plan"},
		"tr/kind-not_found":      {"Çiğdem"},
		"tr/kind-not_begun":      {"kendiliğinden", "data-retry", "http-equiv", "Sonucu kontrol et"},
		"tr/kind-busy":           {"<dt>Kart</dt>", "<dt>Ödeme şekli</dt>", "••••"},
		"tr/checkout 1000000":    {`name="card_number"`, `name="card_cvc"`},
	} {
		for _, w := range never {
			if strings.Contains(text[name], w) {
				t.Errorf("%s says %q", name, w)
			}
		}
	}
}

// Whoever waits, was refused or came second reads what it was about: order, sum as charged, plan and card.
func TestD04_EveryResultSaysWhatItIsAbout(t *testing.T) {
	text := allPages(t)
	for _, s := range samples() {
		v, ok := s.view.(*Result)
		if !ok || v.Receipt != nil {
			continue
		}
		for lang, want := range map[string][]string{
			"tr": {"SIP-2026-00417", "Kasım ayı kırtasiye siparişi", "259,00\u00a0TL</dd>", "250,00\u00a0TL</dd>", "3 taksit: 86,33\u00a0TL ×\u00a02, son\u00a0taksit\u00a086,34\u00a0TL", "Visa •••• 0007", "QNB · CardFinans"},
			"en": {"SIP-2026-00417", "TRY\u00a0259.00</dd>", "3 instalments: TRY\u00a086.33 ×\u00a02, last\u00a0TRY\u00a086.34", "Visa •••• 0007"},
		} {
			for _, w := range want {
				if !strings.Contains(text[lang+"/"+s.name], w) {
					t.Errorf("%s/%s does not say %q", lang, s.name, w)
				}
			}
		}
	}
}

// Checklist D5, D6: every refusal says that no money was taken, nothing unknown says so.
func TestD05_EveryRefusalSaysWhetherMoneyWasTaken(t *testing.T) {
	p := newTestPages(t)
	for _, lang := range p.Languages() {
		l := p.Locale(lang)
		for _, key := range l.Keys() {
			code, ok := strings.CutPrefix(key, "decline.")
			if !ok {
				continue
			}
			html, err := p.Render(lang, &Result{Head: Head{Theme: shop}, Payment: "pay_1", Status: StatusDeclined, Reason: code})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range []string{l.Raw(key), l.Raw("money.none")} {
				if !strings.Contains(string(html), strings.NewReplacer("'", "&#39;", "+", "&#43;").Replace(w)) {
					t.Errorf("%s, %s: the page does not say %q", lang, code, w)
				}
			}
		}
		html, err := p.Render(lang, &Result{Head: Head{Theme: shop}, Payment: "pay_1", Status: StatusDeclined, Reason: "a code of tomorrow"})
		if err != nil || !strings.Contains(string(html), l.Raw("decline.generic")) {
			t.Errorf("%s: an unknown code is not told as a general refusal (%v)", lang, err)
		}
	}
}

// Threat model A31: a card that was reported stolen is told as any other that cannot be used.
func TestA31_NoPageTellsLostOrStolenCards(t *testing.T) {
	p := newTestPages(t)
	for _, lang := range p.Languages() {
		for _, key := range p.Locale(lang).Keys() {
			for _, word := range []string{"kayıp", "çalıntı", "çalınmış", "lost", "stolen"} {
				if strings.Contains(strings.ToLower(p.Locale(lang).Raw(key)), word) {
					t.Errorf("%s: %s says %q", lang, key, word)
				}
			}
		}
	}
}

// Every key of the locale files is used by a page, the script or the code, and every key asked for
// is in them: a sentence cannot be missed or left over.
func TestEverySentenceIsUsedAndEveryUsedOneIsThere(t *testing.T) {
	p := newTestPages(t)
	used := map[string]bool{}
	family := []string{"decline.", "field.", "brand.", "currency.", "meta.", "js.", "step.", "kind.", "result.", "ask.", "agree.", "mail.", "poster.", "legal."} // the last three: gateway/deliver, gateway/poster and gateway/consent ask for them
	for _, k := range scriptKeys {
		used[k] = true
	}
	quoted := regexp.MustCompile(`"([a-z]+\.[a-z_0-9.]+)"`)
	sources, err := filepath.Glob("../../../templates/*/*.html")
	if err != nil {
		t.Fatal(err)
	}
	code, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	tr := p.Locale("tr")
	for _, file := range append(sources, code...) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(raw), -1) {
			key, first, _ := strings.Cut(m[1], ".")
			if first == "" || !knownFamily(tr, key+".") || strings.HasSuffix(m[1], ".") || isFile(m[1]) {
				continue
			}
			used[m[1]], used[m[1]+".one"], used[m[1]+".other"] = true, true, true
			if !tr.Has(m[1]) && !tr.Has(m[1]+".other") {
				t.Errorf("%s asks for %q, which no locale has", file, m[1])
			}
		}
	}
	for _, k := range tr.Keys() {
		if !used[k] && !slices.ContainsFunc(family, func(f string) bool { return strings.HasPrefix(k, f) }) {
			t.Errorf("nothing uses %s", k)
		}
	}
	states := map[string]bool{}
	for state, facts := range kinds {
		states[state] = true
		for _, part := range []string{".title", ".what"} {
			if !tr.Has("kind." + state + part) {
				t.Errorf("kind.%s%s is missing", state, part)
			}
		}
		if facts.money != "" && !tr.Has(facts.money) {
			t.Errorf("%s is missing", facts.money)
		}
		if !tr.Has("kind." + state + ".todo") {
			t.Errorf("kind.%s.todo is missing", state)
		}
	}
	for _, k := range tr.Keys() {
		if parts := strings.Split(k, "."); parts[0] == "kind" && len(parts) > 2 && !states[parts[1]] {
			t.Errorf("%s belongs to no kind page", k)
		}
	}
	script, err := os.ReadFile("../../../static/js/app.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range tr.Keys() {
		if word, ok := strings.CutPrefix(k, "js."); ok && !regexp.MustCompile(`\bT\.`+strings.TrimSuffix(strings.TrimSuffix(word, ".one"), ".other")+`\b|plural\("`+strings.Split(word, ".")[0]+`"|T\[o\.kind\]`).Match(script) {
			t.Errorf("the script does not use %s", k)
		}
	}
}

func knownFamily(l *templates.Locale, prefix string) bool {
	return slices.ContainsFunc(l.Keys(), func(k string) bool { return strings.HasPrefix(k, prefix) })
}

func isFile(name string) bool {
	return regexp.MustCompile(`\.(css|js|svg|html|json)$`).MatchString(name)
}

// A language that reads from right to left needs its file and nothing else (checklist O2).
func TestO02_RightToLeftLanguageIsOneFile(t *testing.T) {
	locales, err := templates.Load()
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	tr := locales["tr"]
	for i, k := range tr.Keys() {
		text := tr.Raw(k)
		if k == "meta.dir" {
			text = "rtl"
		} else if !strings.HasPrefix(k, "meta.") && !strings.HasPrefix(k, "currency.") && !strings.HasPrefix(k, "brand.") {
			text = "\u05d0" + text // an Aleph before each sentence
		}
		fmt.Fprintf(&file, "%s%q:%q", map[bool]string{true: "{", false: ","}[i == 0], k, text)
	}
	if locales["he"], err = templates.Parse("he", []byte(file.String()+"}")); err != nil {
		t.Fatal(err)
	}
	p, err := newPages(Options{PublicURL: "https://ode.example.com"}, locales)
	if err != nil {
		t.Fatal(err)
	}
	v := sampleCheckout
	html, err := p.AppendCheckout(nil, Key{"he", shop, variantFull}, &v)
	if err != nil {
		t.Fatal(err)
	}
	tags := parse(t, "he", string(html))
	if root := find(tags, "html")[0]; root.attr["dir"] != "rtl" || root.attr["lang"] != "he" {
		t.Errorf("<html> has %v", root.attr)
	}
	for _, g := range find(tags, "input") {
		if n := g.attr["name"]; (n == "card_number" || n == "card_expiry" || n == "card_cvc" || n == "amount") && g.attr["dir"] != "ltr" {
			t.Errorf("%s does not stay left to right", n)
		}
	}
	if n := len(find(tags, "nav")); n != 1 || strings.Count(string(html), "hreflang=") != 2 {
		t.Error("the page does not offer the two other languages")
	}
	css := string(p.Assets().ByName("app.css").Body)
	if found := regexp.MustCompile(`(margin|padding|border)-(left|right)|[;{](left|right):|text-align:(left|right)`).FindString(css); found != "" {
		t.Errorf("the style sheet names a side: %s", found)
	}
}
