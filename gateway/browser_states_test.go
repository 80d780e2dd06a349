//go:build !race

package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"golang.org/x/net/html"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// states are addresses of every page that stays where it is, by name, in one gateway.
func states(t *testing.T, r *rig) map[string]string {
	t.Helper()
	at := map[string]string{"kind page: not found": r.base + "/p/AAAAAAAAAAAA", "receipt check: unknown": r.base + "/v/AAAAAAAA"}
	link := func(fields map[string]any) (address, id string) {
		l := r.link(fields)
		return l["url"].(string), l["id"].(string)
	}
	result := func(script string) string { return r.base + "/r/" + r.paidBy(r.link(nil), script) }
	plans := map[string]any{"installments": []int{1, 2, 3, 6, 9, 12}, "payer_note": true, "description": "Deniz manzaralı ahşap masa"}
	at["checkout"], _ = link(plans)
	open, _ := link(plans)
	at["checkout with instalments"] = open + "?bin=" + card("000")[:8]
	at["checkout, open amount"], _ = link(map[string]any{"amount": nil, "amount_mode": "open", "min_amount": 1000, "max_amount": 500000})
	at["kind page: not active yet"], _ = link(map[string]any{"active_from": r.clock.Now().Add(time.Hour).Format(time.RFC3339)})
	gone, id := link(nil)
	if code, answer := r.api("DELETE", "/v1/links/"+id, nil); code != http.StatusNoContent {
		t.Fatalf("delete: %d %v", code, answer)
	}
	at["kind page: deleted"] = gone
	expired, _ := link(map[string]any{"expires_at": r.clock.Now().Add(time.Minute).Format(time.RFC3339)})
	waiting := r.link(nil)
	at["result: waiting at the bank"] = r.base + "/r/" + r.browser().pay(waiting["url"].(string), card("000")).paymentID()
	at["result: pending"] = result("903")
	busy := r.link(nil)
	r.paidBy(busy, "903")
	at["kind page: busy"] = busy["url"].(string)
	at["result: declined"] = result("051")
	at["result: not verified"] = r.base + "/r/" + r.failed()
	paid := r.link(plans)
	at["result: paid"] = r.base + "/r/" + r.paidBy(paid, "000")
	at["link paid before"] = paid["url"].(string)
	at["receipt check"] = r.checkAddress(at["result: paid"])
	r.clock.advance(2 * time.Minute)
	at["kind page: expired"] = expired
	return at
}

// failed is a payment whose holder gave the wrong password.
func (r *rig) failed() (payment string) {
	return r.browser().pay(r.link(nil)["url"].(string), card("000")).finish("000000").paymentID()
}

// checkAddress is the address on a receipt that tells whether it is genuine.
func (r *rig) checkAddress(result string) string {
	r.t.Helper()
	text := plainText(r.browser().get(result).body)
	_, rest, ok := strings.Cut(text, strings.TrimPrefix(r.base, "http://")+"/v/")
	code, _, _ := strings.Cut(rest, " ")
	if !ok || code == "" {
		r.t.Fatalf("no address to check the receipt: %s", text)
	}
	return r.base + "/v/" + code
}

// No finding of axe-core on any state of the page, light and dark, in both languages (L1, L2, L5), no
// sideways scrolling (A8), a title of its own each (L5), and nothing that a policy refuses (A35).
func TestUX_A8_L1_L5_EveryStateForEverybody(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{tame: true})
	at := states(t, r)
	for _, lang := range []string{"tr", "en"} {
		titles := map[string]string{}
		p := r.person(t, chrome.Options{Width: 360, Height: 740, Mobile: true, Lang: lang})
		for name, address := range at {
			p.Open(withLanguage(t, address, lang))
			for _, scheme := range []string{"light", "dark"} {
				call(t, p.Page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
				for _, b := range p.Barriers() {
					t.Errorf("%s, %s, %s: %s (%s): %s: %s", name, lang, scheme, b.ID, b.Impact, b.Help, strings.Join(b.Targets, ", "))
				}
			}
			if p.OverflowsSideways() {
				t.Errorf("%s, %s: scrolls sideways", name, lang)
			}
			if h1 := p.Count("h1"); h1 != 1 || p.Attribute("html", "lang") != lang {
				t.Errorf("%s, %s: %d main headings, language %q", name, lang, h1, p.Attribute("html", "lang"))
			}
			if p.Count("[tabindex]:not([tabindex='-1'])") > 0 || p.Count("main") != 1 || p.Count("header") != 1 {
				t.Errorf("%s, %s: order of tabbing or landmarks", name, lang)
			}
			titles[p.Title()] += name + "; "
		}
		p.quiet(t)
		for title, names := range titles {
			if strings.Count(names, ";") > 1 && !strings.Contains(names, "checkout") && !strings.Contains(names, "result: paid") && !strings.Contains(names, "kind page: busy") {
				t.Errorf("the title %q stands on several states: %s", title, names)
			}
		}
	}
}

func withLanguage(t *testing.T, address, lang string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("lang", lang)
	u.RawQuery = q.Encode()
	return u.String()
}

// Kind pages say what happened and what to do, and none shows a card form (I5, H8, B1).
func TestUX_I5_KindPages(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{tame: true})
	at := states(t, r)
	p := r.person(t, phone())
	for name, want := range map[string]struct {
		status int
		says   []string
	}{
		"kind page: not found":      {http.StatusNotFound, []string{"Ödeme sayfası bulunamadı", "Size gönderilen linki kontrol edip yeniden açın."}},
		"kind page: not active yet": {http.StatusForbidden, []string{"Bu ödeme linki henüz açılmadı", "Bu link 22.11.2026 13:00 (TSİ) tarihinde kullanıma açılacak."}},
		"kind page: deleted":        {http.StatusGone, []string{"İşyeri bu ödeme linkini kapattı."}},
		"kind page: expired":        {http.StatusGone, []string{"Bu ödeme linkinin süresi 22.11.2026 12:01 (TSİ) tarihinde doldu.", "Ödeme yapmak için işyerinden yeni bir link isteyin."}},
		"kind page: busy":           {http.StatusConflict, []string{"Sonuç bekleniyor: bu link için ödeme onaylanıyor", "Lütfen yeniden ödeme yapmayın"}},
		"link paid before":          {http.StatusGone, []string{"Ödeme tamamlandı", "Yeniden ödemeniz gerekmez."}},
		"receipt check":             {http.StatusOK, []string{"Bu makbuz gerçek"}},
		"receipt check: unknown":    {http.StatusNotFound, []string{"Bu kodla bir makbuz bulunamadı"}},
	} {
		status(t, name, p.Open(at[name]), want.status)
		p.want(t, "main", want.says...)
		if p.Count("#card_number") != 0 {
			t.Errorf("%s: a card form", name)
		}
		if name != "kind page: not found" && name != "receipt check: unknown" {
			p.want(t, "footer", "Ahşap Atölyesi Mobilya Ltd. Şti.", "+90 212 555 01 23")
		}
	}
	p.quiet(t)
}

// An expired link tells the merchant with one tap that a new one is wanted, once, whatever is
// reloaded (I5, H4).
func TestUX_I5_ExpiredLinkAsksForANewOne(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"expires_at": r.clock.Now().Add(time.Minute).Format(time.RFC3339)})
	r.clock.advance(2 * time.Minute)
	p := r.person(t, phone())
	status(t, "expired", p.Open(l["url"].(string)), http.StatusGone)
	p.ClickAndLoad("form button.go")
	p.want(t, ".result", "İşyerine haber verildi. Yeni linki işyeri size gönderecek.")
	if p.Count("form button.go") != 0 {
		t.Error("the button is still there")
	}
	status(t, "reload", p.Reload(), http.StatusGone)
	p.quiet(t)
}

// A link that expires while the payer is at the bank is still paid (I4, I6).
func TestUX_I4_I6_PaymentWinsOverExpiry(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"expires_at": r.clock.Now().Add(5 * time.Minute).Format(time.RFC3339)})
	p := r.person(t, phone())
	p.Open(l["url"].(string))
	p.fillCard(card("000"))
	p.toBank()
	r.clock.advance(6 * time.Minute)
	p.answer("123456")
	p.want(t, ".result", "Ödeme tamamlandı")
	p.quiet(t)
	r.booksAgree()
}

// The receipt on paper and as the server's PDF keeps every Turkish letter; the PDF names what the page
// names (J2, J3).
func TestUX_J3_PrintAndPDFKeepTurkishLetters(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"payer_note": true, "order_id": "SIP-2026/1"})
	form := cardForm(card("000"), "payer_note", "Çiğdem için ığdır şalgamı, ÖĞÜŞÇİ")
	p := r.person(t, desktop())
	result := r.browser().post(l["url"].(string)+"/pay", form).finish("123456").url
	p.Open(result)
	want := []string{"Ahşap Atölyesi", "SIP-2026/1", "250,00 TL", "Tek çekim", "0007", "22.11.2026 12:00", "Bu belge mali belge yerine geçmez.", "Çiğdem için ığdır şalgamı, ÖĞÜŞÇİ"}
	for name, print := range map[string]func(path string){
		"printed page": p.PDF,
		"PDF of the server": func(path string) {
			b := r.browser().get(result + "/receipt.pdf")
			if b.status != http.StatusOK || b.header.Get("Content-Type") != "application/pdf" {
				t.Fatalf("PDF: %d %s", b.status, b.header)
			}
			if err := os.WriteFile(path, []byte(b.body), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		path := filepath.Join(t.TempDir(), "receipt.pdf")
		print(path)
		text, err := exec.Command("pdftotext", "-layout", path, "-").Output()
		if err != nil {
			t.Fatalf("pdftotext: %v", err)
		}
		plain := strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\u00a0", " ")), " ")
		for _, w := range want {
			if !strings.Contains(plain, w) {
				t.Errorf("%s: %q is not in it:\n%s", name, w, plain)
			}
		}
		for _, w := range []string{"Yazdır", "English"} {
			if strings.Contains(plain, w) {
				t.Errorf("%s: %q is of no use on paper", name, w)
			}
		}
	}
}

// Chat programs make a preview of a link: merchant and what it is, no sum, nobody's name (N3, I1).
func TestUX_N3_PreviewNamesTheMerchantAndNobodyElse(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{})
	l := r.link(map[string]any{"customer": map[string]any{"name": "Fatma Gizli", "email": "fatma@gizli.example", "phone": "+905321234567"}})
	b := r.browser().get(l["url"].(string))
	doc, err := html.Parse(strings.NewReader(b.body))
	if err != nil {
		t.Fatal(err)
	}
	card := map[string]string{}
	for n := range doc.Descendants() {
		if n.Data == "meta" && strings.HasPrefix(attr(n, "property"), "og:") {
			card[attr(n, "property")] = attr(n, "content")
		}
	}
	if got, want := fmt.Sprint(card), "map[og:description:Güvenli ödeme sayfası og:title:Ahşap Atölyesi]"; got != want {
		t.Errorf("preview %s, want %s", got, want)
	}
	for _, private := range []string{"Fatma", "gizli.example", "5321234567"} {
		if strings.Contains(b.body, private) || strings.Contains(l["url"].(string), private) {
			t.Errorf("%q is on the page", private)
		}
	}
	if head, err := http.Head(l["url"].(string)); err != nil || head.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %v %v", head, err)
	}
}
