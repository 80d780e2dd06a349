//go:build !race

package main

import (
	"testing"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/testenv/engine"
)

// engineSpeech is what somebody at another engine has to read, in one language.
type engineSpeech struct {
	lang, sum, mistake, button, atBank, waiting string
	receipt                                     []string
	ready, made                                 string // in the panel
}

var inTurkish, inEnglish = engineSpeech{
	lang: "tr", sum: "250,00 TL öde", mistake: "Kart numarasında hata var. Rakamları kontrol edin.",
	button: "3 taksitle öde (toplam 259,00 TL)", atBank: "259,00 TL", waiting: "Bankanızda bekleyen bir işlem var",
	receipt: []string{"Ödeme tamamlandı", "Tutar 259,00 TL", "3 taksit: 86,33 TL × 2, son taksit 86,34 TL"},
	ready:   "Linkiniz hazır", made: "1.250,00 TL",
}, engineSpeech{
	lang: "en", sum: "Pay TRY 250.00", mistake: "There is a mistake in the card number. Check the digits.",
	button: "Pay in 3 instalments (total TRY 259.00)", atBank: "TRY 259.00", waiting: "A payment is waiting at your bank",
	receipt: []string{"Payment complete", "Amount TRY 259.00", "3 instalments: TRY 86.33 × 2, last TRY 86.34"},
	ready:   "Your link is ready", made: "TRY 1,250.00",
}

// Card holders have iPhones and Firefox, too (features 4.13): in each engine a link is paid in both languages, as
// scripts, forms and the bank's other site allow it there, and the panel, which speaks the browser's language, makes one.
func TestUX_OtherEnginesPayAndMakeLinks(t *testing.T) {
	t.Parallel()
	for name, panel := range map[engine.Name]engineSpeech{engine.WebKit: inTurkish, engine.Gecko: inEnglish} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			r := newSite(t, rigOptions{})
			p := visitor{engine.New(t, name), t} // behind the rig, which would wait for the browser's connections
			for _, w := range []engineSpeech{inTurkish, inEnglish} {
				l := r.link(map[string]any{"installments": []int{1, 3}, "description": "Ğüzel ışık, 1 adet"})
				p.pays(withLanguage(t, l["url"].(string), w.lang), w)
			}
			paid := r.allPayments()
			for _, one := range paid {
				if one.Status != checkout.StatusPaid || one.Total.Minor != 25900 || one.Installments != 3 {
					t.Errorf("the ledger holds %+v", one)
				}
			}
			if len(paid) != 2 {
				t.Errorf("%d payments, want 2", len(paid))
			}
			r.booksAgree()
			p.makesALink(r, panel)
		})
	}
}

// visitor is a person at another engine.
type visitor struct {
	*engine.Page
	t *testing.T
}

// pays goes from a link to its receipt, with a slip of the finger on the way.
func (p visitor) pays(address string, w engineSpeech) {
	p.t.Helper()
	p.Open(address)
	p.Reads("#go", w.sum)
	p.fits("the link")
	p.Fill("#card_number", card("000")[:15]+"8")
	p.Fill("#card_expiry", "1229")
	p.Reads("#card_number-e", w.mistake)
	p.fits("the link with a mistake")
	p.Fill("#card_number", card("000"))
	p.WaitFor(`!document.getElementById("card_number-e") && document.querySelectorAll("#rows .row").length === 2`)
	if typed := engine.Eval[string](p.Page, "document.getElementById('card_number').value"); typed != "4155 6500 0000 0007" {
		p.t.Errorf("the number reads %q", typed)
	}
	p.Click("#rows .row:has([value='3'])")
	p.Reads("#go", w.button)
	p.Fill("#card_cvc", "123")
	p.Fill("#card_holder", "Şükrü Ğ. Işık")
	p.fits("the link with its instalments")
	p.Click("#go")
	p.Reads("main", w.atBank, "4155 65•• •••• 0007")
	if p.Name == engine.Gecko { // WebKit's driver answers nothing any more behind a step back to another site
		p.Back()
		p.Reads(".result", w.waiting)
		p.fits("the payment that waits")
		p.Click("form[action$='/continue'] button")
		p.Reads("main", w.atBank, "4155 65•• •••• 0007")
	}
	p.Fill("#otp", "123456")
	p.Click("#challenge button[value=submit]")
	p.Reads("main", w.receipt...)
	p.fits("the receipt")
}

// makesALink signs in to the panel and makes a link with its shortest form.
func (p visitor) makesALink(r *rig, w engineSpeech) {
	p.t.Helper()
	p.Open(r.base + "/panel/signin")
	p.fits("the door")
	p.Fill("#f-email", demoEmail)
	p.Fill("#f-password", demoPassword)
	p.Click("button.main")
	p.WaitFor(`location.pathname === "/panel"`)
	p.fits("the first screen")
	p.Open(r.base + "/panel/links")
	p.fits("the list")
	p.Fill("#q-amount", "1250")
	p.Click(".quick button.main")
	p.Reads("main", w.ready, w.made, r.base+"/p/")
	p.fits("the made link")
}

// fits says whether the page is as wide as the window, which is a phone's.
func (p visitor) fits(what string) {
	p.t.Helper()
	if wide := engine.Eval[[2]int](p.Page, "[innerWidth, document.documentElement.scrollWidth]"); wide[0] > 500 || wide[1] > wide[0] {
		p.t.Errorf("%s: %d px wide in a window of %d", what, wide[1], wide[0])
	}
}
