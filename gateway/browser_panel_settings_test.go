//go:build !race

package main

import (
	"net/http"
	"strings"
	"testing"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// An owner goes through all settings on a phone and at a desk: they are sound, fit, and break no rule of ours in
// the browser; a key is made and revoked in two steps, a look is tried out and kept.
func TestPanelSettingsJourney(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]chrome.Options{"phone, Turkish": phone(), "desktop, English": {Width: 1440, Height: 900, Lang: "en-GB"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, rigOptions{tame: true})
			p := r.atDesk(t, o)
			for _, page := range []string{
				"", "/acquirers", "/acquirers/new", "/acquirers/" + string(demoPayFor), "/branding", "/messages", "/messages/link/sms/tr", "/declines", "/notices", "/users", "/users/" + string(demoUser),
				"/keys", "/webhooks", "/webhooks/new", "/audit?check=1",
			} {
				status(t, page, p.Open(r.base+"/panel/settings"+page), http.StatusOK)
				p.WantNoBarriers()
				p.fits(t, page)
			}
			status(t, "keys", p.Open(r.base+"/panel/settings/keys"), http.StatusOK)
			p.Fill("#f-name", "ERP")
			status(t, "making a key", p.ClickAndLoad("form.filters button.main"), http.StatusOK)
			p.want(t, "#secret", "sk_live_")
			p.WantNoBarriers()
			p.fits(t, "a new key")
			p.Click("table details > summary")
			status(t, "revoking it", p.ClickAndLoad("table details[open] button.sure"), http.StatusOK)
			if !strings.HasSuffix(p.URL(), "saved=revoked") {
				t.Errorf("after revoking: %s", p.URL())
			}
			status(t, "branding", p.Open(r.base+"/panel/settings/branding"), http.StatusOK)
			p.Fill("#f-accent", "#ffcc00")
			p.until(t, "the contrast is measured", func() bool { return strings.Contains(p.says("#d-accent"), "#8f7200") })
			status(t, "saving", p.ClickAndLoad("form.card button.main"), http.StatusOK)
			p.WantNoBarriers()
			p.WantQuiet(strings.TrimPrefix(r.base, "http://"))
		})
	}
}
