// Package static holds the files that browsers fetch beside the pages: a style sheet and a script of
// the link's page, a further sheet and another script of the pages that say how a payment stands, so
// that the first view need not carry them, and our own drawn marks. It deliberately serves nothing: hashing,
// compressing and addressing are done by gateway/web/page.
package static

import "embed"

// Files holds css/, js/ and img/ as written.
//
//go:embed css js img
var Files embed.FS

// Panel holds the style sheet and the script of the merchants' pages.
//
//go:embed css/panel.css js/panel.js img/icon.svg
var Panel embed.FS

// Script is one script of the card holder's pages, with why it is there and who answers for it
// (checklist A10; PCI DSS 4.0, 6.4.3). A page may hold no script that is not listed.
type Script struct {
	File   string // path in Files
	Words  bool   // it shows words, and is there once a language
	Reason string
	Owner  string
}

// Scripts is the whole list.
var Scripts = []Script{{
	File: "js/app.js", Words: true,
	Reason: "groups and checks card fields while they are typed, shows instalments, guards against " +
		"double taps and hands over to the bank; the pages work without it",
	Owner: "odelink card holder pages",
}, {
	File:   "js/outcome.js",
	Reason: "asks for the result, prints, leads back to the shop; the pages work without it",
	Owner:  "odelink card holder pages",
}}
