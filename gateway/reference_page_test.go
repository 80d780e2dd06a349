//go:build !race

package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	chrome "github.com/odelink/odelink/gateway/testenv/browser"
)

// rareParts leaves a few of the page's parts, which are all made alike: axe-core takes minutes for hundreds.
const rareParts = `document.querySelectorAll("article:nth-of-type(n+2)").forEach(a => a.remove()), document.querySelectorAll("article").length`

// The page about the API is for everybody: no finding of axe-core on a phone in the dark and on a desk
// in the light, in both languages, nothing sideways, nothing that the policy refuses; and it wears the style sheets that we serve.
func TestThePageAboutTheAPIForEverybody(t *testing.T) {
	t.Parallel()
	r := newSite(t, rigOptions{tame: true})
	b := r.browser().get(r.base + "/docs")
	styles := regexp.MustCompile(`<link rel="stylesheet" href="(/s/(?:app|docs)\.[0-9a-f]+\.css)" integrity="sha[^"]+">`).FindAllStringSubmatch(b.body, -1)
	r.must("style sheets", len(styles), 2)
	for _, s := range styles {
		r.must(s[1], r.browser().get(r.base+s[1]).status, 200)
	}
	for scheme, screen := range map[string]chrome.Options{"dark": {Width: 360, Height: 740, Mobile: true, Lang: "tr"}, "light": {Width: 1280, Height: 900, Lang: "en"}} {
		p := r.person(t, screen)
		p.Open(withLanguage(t, r.base+"/docs", screen.Lang))
		call(t, p.Page, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		if p.OverflowsSideways() {
			t.Errorf("%s: scrolls sideways", screen.Lang)
		}
		if p.Count("h1") != 1 || p.Count("main") != 1 || p.Attribute("html", "lang") != screen.Lang {
			t.Errorf("%s: headings, landmarks or language %q", screen.Lang, p.Attribute("html", "lang"))
		}
		if left := chrome.Eval[int](p.Page, rareParts); left < 8 || left > 30 {
			t.Fatalf("%d parts are looked at", left)
		}
		for _, b := range p.Barriers() {
			t.Errorf("%s, %s: %s (%s): %s: %s", screen.Lang, scheme, b.ID, b.Impact, b.Help, strings.Join(b.Targets[:min(5, len(b.Targets))], ", "))
		}
		p.quiet(t)
	}
}
