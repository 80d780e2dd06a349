package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// PageHeaders are the security headers of one kind of answer, rendered once: setting ready bytes
// costs a fifth of setting strings by name (performance page).
type PageHeaders struct {
	pairs []headerPair
	csp   int // index of the policy in pairs, −1 when there is none to extend
}

type headerPair struct{ name, value []byte }

// The policy of every page: nothing but our own files, no inline code, nobody may frame us, forms
// go to ourselves. img-src has no data: because our marks are files.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

// noPowers switches off what a payment page never asks a browser for.
const noPowers = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), " +
	"microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"

// oneYear is what browsers' preload lists ask for at least.
const oneYear = "max-age=31536000"

// NewPageHeaders makes the headers of pages (ux-checklist A7, threat model A37–A39, A42).
//
// Referrer-Policy is no-referrer: a page's address holds its bearer token, and nobody we link to
// needs to know where the payer came from. The one exception is WithFormAction.
func NewPageHeaders(publicURL string) PageHeaders {
	h := PageHeaders{csp: 1}
	h.add("Cache-Control", "no-store")
	h.add("Content-Security-Policy", pagePolicy)
	h.add("Referrer-Policy", "no-referrer")
	h.add("X-Content-Type-Options", "nosniff")
	h.add("X-Frame-Options", "DENY")
	h.add("X-Robots-Tag", "noindex")
	h.add("Permissions-Policy", noPowers)
	h.add("Cross-Origin-Opener-Policy", "same-origin")
	h.add("Cross-Origin-Resource-Policy", "same-origin")
	h.strictTransport(publicURL)
	return h
}

// NewPanelHeaders makes the headers of the merchants' pages: as the payer's, but for Referrer-Policy. Their forms
// are held against the Origin that the browser names (A48), and under no-referrer it names none. Their addresses
// hold no bearer tokens, and no other site is told of them.
func NewPanelHeaders(publicURL string) PageHeaders {
	h := NewPageHeaders(publicURL)
	for i, p := range h.pairs {
		if string(p.name) == "Referrer-Policy" {
			h.pairs[i].value = []byte("same-origin")
		}
	}
	return h
}

// NewAPIHeaders makes the headers of answers to programs: should one be opened in a browser, it may
// do nothing there.
func NewAPIHeaders(publicURL string) PageHeaders {
	h := PageHeaders{csp: -1}
	h.add("Cache-Control", "no-store")
	h.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.add("Referrer-Policy", "no-referrer")
	h.add("X-Content-Type-Options", "nosniff")
	h.add("X-Robots-Tag", "noindex")
	h.add("Cross-Origin-Resource-Policy", "same-origin")
	h.strictTransport(publicURL)
	return h
}

// NewAssetHeaders makes the headers of files whose address holds a digest of their content.
func NewAssetHeaders(publicURL string) PageHeaders {
	h := PageHeaders{csp: -1}
	h.add("Cache-Control", "public, max-age=31536000, immutable")
	h.add("X-Content-Type-Options", "nosniff")
	h.add("Cross-Origin-Resource-Policy", "same-origin")
	h.strictTransport(publicURL)
	return h
}

func (h *PageHeaders) add(name, value string) {
	h.pairs = append(h.pairs, headerPair{[]byte(name), []byte(value)})
}

// strictTransport speaks of https only where https is: a browser would keep the promise for the
// loopback name of every other program on a developer's machine.
func (h *PageHeaders) strictTransport(publicURL string) {
	if strings.HasPrefix(publicURL, "https://") {
		h.add("Strict-Transport-Security", oneYear)
	}
}

// Apply sets the headers on the answer.
func (h PageHeaders) Apply(c *fiber.Ctx) {
	head := &c.Response().Header
	for _, p := range h.pairs {
		head.SetCanonical(p.name, p.value)
	}
}

// All answers the headers by their canonical names.
func (h PageHeaders) All() map[string]string {
	all := make(map[string]string, len(h.pairs))
	for _, p := range h.pairs {
		all[string(p.name)] = string(p.value)
	}
	return all
}

// WithFormAction gives the headers of the hand-over page, which sends the browser to a bank.
//
// form-action allows the bank's origins beside our own: browsers hold it against every address of
// the redirect chain, so a challenge names all of them. Referrer-Policy becomes strict-origin: some
// banks refuse a form that names no origin, and this tells them the origin and nothing of the path
// with its token (threat model, A38). What is not a plain origin is left out: the policy is then
// too strict, never too wide.
func (h PageHeaders) WithFormAction(origins ...string) PageHeaders {
	out := PageHeaders{pairs: append([]headerPair(nil), h.pairs...), csp: h.csp}
	if h.csp < 0 {
		return out
	}
	policy := string(h.pairs[h.csp].value)
	for _, o := range origins {
		if o = Origin(o); o != "" && !strings.Contains(policy, " "+o) {
			policy += " " + o
		}
	}
	out.pairs[h.csp].value = []byte(policy)
	for i, p := range out.pairs {
		if string(p.name) == "Referrer-Policy" {
			out.pairs[i].value = []byte("strict-origin")
		}
	}
	return out
}

// Integrity is the value of an integrity attribute (SRI) for a file of ours.
func Integrity(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Origin is scheme, host and port of an http or https address, or "" when it has none that could
// stand in a policy.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return ""
	}
	for i := 0; i < len(u.Host); i++ {
		c := u.Host[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == ':' || c == '[' || c == ']' {
			continue
		}
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}
