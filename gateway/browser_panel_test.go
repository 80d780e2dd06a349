//go:build !race

package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/odelink/odelink/checkout"
	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// atDesk is a person who signed in to the panel.
func (r *rig) atDesk(t *testing.T, o chrome.Options) *person {
	t.Helper()
	p := r.person(t, o)
	status(t, "the door", p.Open(r.base+"/panel"), http.StatusOK)
	if !strings.HasPrefix(p.URL(), r.base+"/panel/signin") {
		t.Fatalf("nobody is asked who he is: %s", p.URL())
	}
	p.Fill("#f-email", demoEmail)
	p.Fill("#f-password", demoPassword)
	status(t, "signing in", p.ClickAndLoad("button.main"), http.StatusOK)
	return p
}

// fits says whether nothing stands out of the view to the side, open menus included: what goes out on the left makes
// no page wider.
func (p *person) fits(t *testing.T, what string) {
	t.Helper()
	if over := chrome.Eval[int](p.Page, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); over > 0 {
		t.Errorf("%s: %d px wider than the view", what, over)
	}
	if out := chrome.Eval[int](p.Page, "[...document.querySelectorAll('details.pop[open] > .list')].filter(m => m.getBoundingClientRect().left < 0).length"); out > 0 {
		t.Errorf("%s: a menu goes out of the view's side", what)
	}
}

// The first screen on phone and desktop, in both languages: it is sound, and tells of a payment while it is open.
func TestPanelHomeIsLive(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]chrome.Options{"phone, Turkish": phone(), "desktop, English": {Width: 1440, Height: 900, Lang: "en-GB"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{tame: true})
			p := r.atDesk(t, o)
			before := p.says(".sum")
			p.WantNoBarriers()
			p.fits(t, "the first screen")
			r.paid()
			r.must("the feed", r.app.hooks.Look(context.Background()), nil)
			p.until(t, "the payment shows", func() bool { return p.says(".sum") != before })
			p.want(t, ".sum", map[bool]string{true: "250,00 TL", false: "TRY 250.00"}[o.Lang == ""])
			p.WantNoBarriers()
			p.fits(t, "the first screen with a payment")
			p.Open(r.base + "/panel/account")
			p.WantNoBarriers()
			p.fits(t, "the account")
			p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
		})
	}
}

// Without scripts the panel is whole.
func TestPanelHomeWithoutScripts(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	r.paid()
	o := phone()
	o.ScriptsOff = true
	p := r.atDesk(t, o)
	p.want(t, "main", "1 ödeme", "Son ödemeler", "Ödendi")
	p.Click("details.pop.end > summary")
	p.ClickAndLoad("details.pop.end button")
	if !strings.HasSuffix(p.URL(), "/panel/signin") {
		t.Errorf("after signing out: %s", p.URL())
	}
	p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
}

// Who sees only own links sees only what was paid with them.
func TestPanelHomeOfASubUser(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{tame: true})
	r.paid()
	email, password := r.colleague(checkout.RoleSupport, true)
	text := plainText(r.signedInAs(email, password).open("/panel", http.StatusOK))
	if strings.Contains(text, "1 ödeme") || !strings.Contains(text, "0 ödeme") {
		t.Errorf("a colleague's payment shows: %s", text)
	}
	if text := plainText(r.signedIn().open("/panel", http.StatusOK)); !strings.Contains(text, "1 ödeme") {
		t.Errorf("the owner does not see the payment: %s", text)
	}
}
