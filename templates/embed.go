// Package templates holds every word and every page that a reader sees: html/template files, one
// locale file a language, and the formats of money, dates and counts. It deliberately renders
// nothing itself and knows no payment, no merchant and no HTTP.
//
//	layout/, pay/   the card holder's pages (see gateway/web/page, which renders them)
//	locale/         one JSON file a language: flat keys, plural forms, formats under "meta."
//
// A language is added by adding its file to locale/; nothing else changes.
package templates

import "embed"

// Pay holds the card holder's pages and their layout, named as in "pay/checkout.html".
//
//go:embed layout pay
var Pay embed.FS

//go:embed locale
var localeFiles embed.FS
