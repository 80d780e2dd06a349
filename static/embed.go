// Package static holds the files that browsers fetch beside the pages: one style sheet, one script
// and our own drawn marks for the card holder's pages. It deliberately serves nothing: hashing,
// compressing and addressing are done by gateway/web/page.
package static

import "embed"

// Files holds css/, js/ and img/ as written.
//
//go:embed css js img
var Files embed.FS

// Script is one script of the card holder's pages, with why it is there and who answers for it
// (checklist A10; PCI DSS 4.0, 6.4.3). A page may hold no script that is not listed.
type Script struct {
	File   string // path in Files
	Reason string
	Owner  string
}

// Scripts is the whole list.
var Scripts = []Script{{
	File: "js/app.js",
	Reason: "groups and checks card fields while they are typed, shows instalments, guards against " +
		"double taps, hands over to the bank and asks for the result; pages work without it",
	Owner: "odelink card holder pages",
}}
