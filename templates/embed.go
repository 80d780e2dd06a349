// Package templates holds every word and every page that a reader sees: html/template files, one
// locale file a language, and the formats of money, dates and counts. It deliberately renders
// nothing itself and knows no payment, no merchant and no HTTP.
//
//	layout/, pay/   the card holder's pages (see gateway/web/page, which renders them)
//	docs/           what an error code means, for merchants' programmers (see gateway/api)
//	mail/           the frame of every mail (see gateway/deliver/email)
//	panel/          the merchants' pages (see gateway/panel)
//	legal/          the texts that a consumer agrees to: a folder a language (see gateway/consent)
//	locale/         one JSON file a language: flat keys, plural forms, formats under "meta."
//	locale/panel/   the panel's words: a folder a language, one file an area
//
// A language is added by adding its file to locale/ and, for the panel, its folder to locale/panel/; nothing
// else changes.
package templates

import "embed"

// Pay holds the card holder's pages and their layout, named as in "pay/checkout.html".
//
//go:embed layout pay
var Pay embed.FS

// Panel holds the merchants' pages: panel/layout.html, what several pages share in panel/parts, and one file a
// page.
//
//go:embed panel
var Panel embed.FS

// Docs holds the pages for the authors of merchants' programs.
//
//go:embed docs
var Docs embed.FS

// Mail holds the frame of every mail.
//
//go:embed mail
var Mail embed.FS

// Legal holds the built-in texts of consumer sales, named as in "legal/tr/pre_information.txt".
//
//go:embed legal
var Legal embed.FS

//go:embed locale
var localeFiles embed.FS
