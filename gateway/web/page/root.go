package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/odelink/odelink/templates"
)

// root is what a template sees as its dot: the view as V, the values of the checkout page as F, and
// the words, formats and addresses around them as methods.
type root struct {
	*Head
	p *Pages
	L *templates.Locale
	V View
	F *fill

	framed *frame
	facts  []fact // of the receipt, once they were asked for
	marks  *marks // where values stand, while a page is rendered to be cut; see kept.go
}

// T is the sentence for key with its {placeholders} filled from name, value pairs.
func (r *root) T(key any, pairs ...string) string {
	name, plain := key.(string)
	if !plain {
		name = fmt.Sprint(key)
	}
	return templates.Fill(r.p.sentence(r.L, r.Theme, name), pairs...)
}

// N is the sentence for n things.
func (r *root) N(key string, n int) string {
	return r.T(r.L.CountKey(key, n), "n", strconv.Itoa(n))
}

// Title is the page's title: unique for each state (checklist L5), with the merchant behind it.
func (r *root) Title() string {
	title := r.heading()
	if r.Theme != nil {
		title = r.T("page.title", "page", title, "merchant", r.Theme.Name)
	}
	if c, ok := r.V.(*CheckoutPage); ok && len(c.Errors) > 0 {
		title = r.T("page.title_error", "title", title)
	}
	return title
}

func (r *root) heading() string {
	switch v := r.V.(type) {
	case *CheckoutPage:
		if v.TermsChanged {
			return r.T("pay.terms_changed")
		}
		return r.T("pay.title")
	case *Handover:
		return r.T("handover.title")
	case *Result:
		return r.T(v.titleKey())
	case *Kind:
		if v.State == KindTooMany && (v.Limit == "card" || v.Limit == "bin") {
			return r.T("kind.too_many.card.title")
		}
		return r.T("kind." + v.State + ".title")
	case *Text:
		return r.T("agree.name." + v.Kind)
	case *Check:
		if v.Receipt == nil {
			return r.T("check.unknown")
		}
		return r.T("check.genuine")
	}
	return ""
}

// Heading is the page's one h1.
func (r *root) Heading() string { return r.heading() }

// Asset is the address of a file, Integrity its SRI value.
func (r *root) Asset(name string) string     { return r.p.assets.byName[name].Path }
func (r *root) Integrity(name string) string { return r.p.assets.byName[name].Integrity }

// ThemeCSS is the style sheet of the merchant's colour, nil for the product's own.
func (r *root) ThemeCSS() *themeLink {
	if r.Theme == nil {
		return nil
	}
	return themeFor(r.Theme.Accent)
}

// Script is the page's one script: of the link's page and the hand-over, or of the others.
func (r *root) Script() string {
	if r.Outcome() {
		return "outcome.js"
	}
	return inLanguage("app.js", r.L.Code)
}

// Outcome says whether the page tells how things stand; those pages have files of their own, which a
// first view of the link's page does not carry.
func (r *root) Outcome() bool {
	switch r.V.(type) {
	case *Result, *Kind, *Check, *Text:
		return true
	}
	return false
}

// MoreStyle says whether a page needs the style sheet of those: one with a table of lines does.
func (r *root) MoreStyle() bool {
	c, ok := r.V.(*CheckoutPage)
	return r.Outcome() || ok && len(c.Items) > 0
}

// Icon is the merchant's logo, so that a view needs no further request, or our own mark.
func (r *root) Icon() string {
	if r.Theme != nil && r.Theme.Logo != "" {
		return r.Theme.Logo
	}
	return r.Asset("icon.svg")
}

// LegalName falls back to the display name.
func (r *root) LegalName() string {
	if r.Theme.LegalName != "" {
		return r.Theme.LegalName
	}
	return r.Theme.Name
}

type langLink struct{ Code, Name, Href string }

// Languages are the switches to the other languages.
func (r *root) Languages() []langLink {
	var links []langLink
	and := "?lang="
	if _, text := r.V.(*Text); text && strings.Contains(r.Self, "?") {
		and = "&lang="
	}
	for _, code := range r.p.codes {
		if code != r.L.Code {
			links = append(links, langLink{code, r.p.locales[code].Name, r.Self + and + code})
		}
	}
	return links
}

type step struct {
	Text          string
	Done, Current bool
}

// Step is the present one of the three steps, 0 on pages that stand outside of them.
func (r *root) Step() int {
	switch v := r.V.(type) {
	case *CheckoutPage:
		return 1
	case *Handover:
		return 2
	case *Result:
		switch v.shown() {
		case StatusPending, StatusChallenged:
			return 2
		case StatusPaid, StatusPartiallyRefunded:
			return 3
		}
	}
	return 0
}

// RefreshTo is where the reload leads; nowhere but to the page itself when empty. A page that
// answers a POST must not be asked for again as it was.
func (r *root) RefreshTo() string {
	return r.BackURL()
}

// BackURL leads to the link's page, and RetryURL to its form.
func (r *root) BackURL() string {
	if v, ok := r.V.(*Kind); ok && v.BackURL() != "" {
		return v.BackURL() + r.carry
	}
	return ""
}

func (r *root) RetryURL() string {
	if v, ok := r.V.(*Result); ok && v.RetryURL != "" {
		return v.RetryURL + r.carry
	}
	return ""
}

// Steps are the three steps (checklist B6).
func (r *root) Steps() []step {
	now := r.Step()
	steps := make([]step, 3)
	for i := range steps {
		steps[i] = step{r.T("step." + strconv.Itoa(i+1)), i+1 < now, i+1 == now}
	}
	return steps
}

// Refresh is after how many seconds a waiting page is loaded again where scripts are off, 0 never.
func (r *root) Refresh() int {
	switch v := r.V.(type) {
	case *Result:
		if v.shown() == StatusPending {
			return 5
		}
		if v.shown() == StatusChallenged {
			return 15
		}
	case *Kind:
		return v.refresh()
	}
	return 0
}

// scriptKeys are the sentences that the script shows, besides all "js." keys.
var scriptKeys = []string{
	"pay.button", "pay.button_count", "pay.button_open", "pay.errors", "page.title_error",
	"plan.count", "plan.monthly", "plan.last", "plan.free", "plan.extra", "plan.more",
	"plan.why_debit", "plan.why_prepaid", "plan.why_none", "plan.lost",
	"plan.found.one", "plan.found.other",
	"field.card_number.required", "field.card_number.length", "field.card_number.luhn",
	"field.card_number.brand_not_accepted",
	"field.card_expiry.expiry_format", "field.card_expiry.expiry_past", "field.card_expiry.expiry_far",
	"field.card_cvc.required", "field.card_cvc.cvc_length",
	"field.card_holder.name_looks_like_card", "field.payer_note.note_looks_like_card",
	"field.amount.required", "field.amount.amount_range",
	"brand.visa", "brand.mastercard", "brand.troy", "brand.amex", "brand.maestro",
}

// scriptText is the JSON that gives the script its words and formats: sentences by key, "money" as
// a pattern, "dec" and "grp" as separators, "limit" in seconds.
func scriptText(l *templates.Locale, limit time.Duration) (string, error) {
	words := map[string]any{"limit": int(limit / time.Second)}
	for _, k := range l.Keys() {
		if strings.HasPrefix(k, "js.") {
			words[strings.TrimPrefix(k, "js.")] = l.Raw(k)
		}
	}
	for _, k := range scriptKeys {
		short := k[strings.IndexByte(k, '.')+1:]
		if strings.HasPrefix(k, "field.") || strings.HasPrefix(k, "brand.") {
			short = k[strings.LastIndexByte(k, '.')+1:]
			if short == "required" {
				short = "no_" + strings.Split(k, ".")[1]
			}
		}
		if _, twice := words[short]; twice {
			return "", fmt.Errorf("loading pages: the script's word %q is defined twice", short)
		}
		words[short] = l.Raw(k)
	}
	for k, text := range words { // the script takes the other form where there is none for one
		if many, one := strings.CutSuffix(k, ".one"); one && words[many+".other"] == text {
			delete(words, k)
		}
	}
	words["money"] = l.Raw("meta.money")
	words["dec"], words["grp"] = l.Separators()
	out, err := json.Marshal(words)
	return string(out), err
}

// Brands are the marks of the accepted cards; Visa, Mastercard and Troy where nothing is set.
func (r *root) Brands() []string {
	if r.Theme != nil && len(r.Theme.Brands) > 0 {
		return r.Theme.Brands
	}
	return []string{"visa", "mastercard", "troy"}
}

// BrandList is Brands for the script, BrandNames for a screen reader.
func (r *root) BrandList() string { return strings.Join(r.Brands(), " ") }

func (r *root) BrandNames() string {
	var names []string
	for _, b := range r.Brands() {
		names = append(names, r.T("brand."+b))
	}
	return strings.Join(names, ", ")
}

// Sum is the page's amount in one piece.
func (r *root) Sum() string {
	if r.marks != nil {
		return r.marks.of(valueSum)
	}
	switch v := r.V.(type) {
	case *Handover:
		return r.L.Money(v.AmountMinor, v.Currency)
	case *Result:
		if v.Receipt != nil {
			return r.L.Money(v.Receipt.TotalMinor, v.Receipt.Currency)
		}
	}
	return ""
}

// CountSentence is a plural sentence for the script to count down with: its "other" form.
func (r *root) CountSentence(key string) string { return r.T(key + ".other") }

// PaymentURL is the result page of the view's payment.
func (r *root) PaymentURL() string {
	switch v := r.V.(type) {
	case *Result:
		return "/r/" + v.Payment
	case *Handover:
		return "/r/" + v.Payment
	case *Kind:
		return "/r/" + v.Payment
	case *CheckoutPage:
		return "/r/" + v.Waiting
	}
	return ""
}

// sign is a drawn tick, cross, clock or note. Fixed markup, nothing of it comes from outside.
var signs = map[string]template.HTML{
	"ok":   `<svg class="sign" viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="26"/><path d="M17 29l8 8 15-17"/></svg>`,
	"bad":  `<svg class="sign" viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="26"/><path d="M20 20l16 16M36 20L20 36"/></svg>`,
	"wait": `<svg class="sign" viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="26"/><path d="M28 15v14l9 6"/></svg>`,
	"note": `<svg class="sign" viewBox="0 0 56 56" aria-hidden="true"><circle cx="28" cy="28" r="26"/><path d="M28 16v15M28 38v1"/></svg>`,
}

// Tone is the state as a class: ok, bad, wait or note. Sign draws it (word + shape + colour).
func (r *root) Tone() string {
	switch v := r.V.(type) {
	case *Result:
		return v.tone()
	case *Kind:
		return kinds[v.State].tone
	case *Check:
		if v.Receipt != nil {
			return "ok"
		}
	}
	return "bad"
}

func (r *root) Sign() template.HTML { return signs[r.Tone()] }
