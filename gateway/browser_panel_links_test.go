//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// A link from the first press of n to its end, on phone and desktop: two fields, the code and the address at once,
// 'kopyalandı', an edit in place, deletion in two steps; every page is sound and fits.
func TestPanelLinksJourney(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]chrome.Options{"phone": phone(), "desktop": {Width: 1440, Height: 900, Lang: "tr-TR"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{tame: true})
			p := r.atDesk(t, o)
			sound := func(what string) {
				t.Helper()
				p.WantNoBarriers()
				p.fits(t, what)
			}
			status(t, "the empty list", p.Open(r.base+"/panel/links"), http.StatusOK)
			sound("the empty list")
			status(t, "n", p.PressAndLoad("n"), http.StatusOK)
			sound("the form")
			p.Click("details.more ~ details.more > summary")
			p.WaitFor("(scrollTo(0, 0), true)") // where the bar at the bottom lies over no half of something
			sound("the whole form")
			p.Fill("#f-amount", "on lira")
			status(t, "a mistake", p.ClickAndLoad("button.main"), http.StatusUnprocessableEntity)
			p.want(t, "#d-amount", "Tutarı rakamla yazın")
			sound("the form with a mistake")
			p.Fill("#f-amount", "1.250,50")
			p.Fill("#f-description", "Deniz manzaralı ahşap masa, 1 adet")
			status(t, "making", p.ClickAndLoad("button.main"), http.StatusOK)
			p.want(t, "main", "Linkiniz hazır", "1.250,50 TL", r.base+"/p/")
			sound("the made link")
			p.Click("[data-copy]")
			p.until(t, "it says that it copied", func() bool { return p.Text("[data-copy]") == "Kopyalandı" })
			at := p.URL()
			status(t, "edit", p.ClickAndLoad(`a[href$="/edit"]`), http.StatusOK)
			sound("the edit")
			p.Fill("#f-amount", "99,90")
			status(t, "saving", p.ClickAndLoad("button.main"), http.StatusOK)
			p.want(t, "main", "99,90 TL", "adresi aynı")
			p.Open(strings.Split(at, "?")[0] + "/print")
			sound("paper")
			p.Open(r.base + "/panel/links")
			sound("the list")
			p.Click(".head details.pop > summary")
			sound("what the list leaves as")
			p.Open(r.base + "/panel/reports/payments")
			p.Click(".head details.pop > summary")
			p.WaitVisible(".head [download]")
			sound("what a report leaves as")
			p.Open(at)
			p.Click(".do details.pop > summary")
			p.want(t, ".ask", "99,90 TL", "hemen geçersiz")
			sound("the question before deleting")
			status(t, "deleting", p.ClickAndLoad(".ask button"), http.StatusOK)
			p.want(t, "main", "Silindi")
			p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
		})
	}
}

// On the narrowest phone the choice of a link's life shows its end whole, and the page of a link that nobody can pay is
// sound.
func TestPanelLinkFormOnANarrowPhone(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"tr-TR", "en-GB"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{tame: true})
			o := phone()
			o.Lang = lang
			p := r.atDesk(t, o)
			yen := r.link(map[string]any{"currency": "JPY", "amount": 5000})["id"].(string)
			for _, path := range []string{"/panel/links/new", "/panel/links/" + yen + "/edit"} {
				status(t, path, p.Open(r.base+path), http.StatusOK)
				p.WantNoBarriers()
				p.fits(t, path)
				// The arrow takes 20 px of what is inside.
				over := chrome.Eval[float64](p.Page, `(() => {
					const s = document.getElementById("f-life"), y = getComputedStyle(s), pen = document.createElement("canvas").getContext("2d")
					pen.font = y.font
					return Math.max(...[...s.options].map(o => pen.measureText(o.textContent).width)) + 20 + parseFloat(y.paddingLeft) + parseFloat(y.paddingRight) - s.clientWidth
				})()`)
				if over > 0 {
					t.Errorf("%s: a life is %.0f px longer than its field", path, over)
				}
			}
			status(t, "the link", p.Open(r.base+"/panel/links/"+yen), http.StatusOK)
			p.want(t, ".note.warn", map[string]string{"tr-TR": "müşteriniz ödeyemez", "en-GB": "your customer cannot pay"}[lang])
			p.WantNoBarriers()
			p.fits(t, "a link that nobody can pay")
		})
	}
}

// Many links without scripts: a file's rows and a group's shares, sound on a phone.
func TestPanelLinksTogetherWithoutScripts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	o := phone()
	o.ScriptsOff = true
	p := r.atDesk(t, o)
	w := r.signedIn()
	w.open("/panel/links/file", http.StatusOK)
	page := w.upload("/panel/links/file", http.StatusOK, "file", "kasım.csv", []byte(batchFile))
	made := w.post("/panel/links/file/make", http.StatusSeeOther, confirmation(page)...)
	for _, path := range []string{"/panel/links/file", "/panel/links/groups/new", made} {
		status(t, path, p.Open(r.base+path), http.StatusOK)
		p.fits(t, path)
	}
	p.Open(r.base + "/panel/links/groups/new")
	p.Fill("#f-name", "Kasım kirası")
	p.Fill("#f-total", "1.000")
	p.Fill("#f-people", "Ayşe Işık\nBarış Çağlayan\nDerya Şükrüoğlu")
	status(t, "making a group", p.ClickAndLoad("button.main"), http.StatusOK)
	p.want(t, "main", "333,34 TL", "333,33 TL", "0/3 kişi ödedi")
	p.fits(t, "the group")
}
