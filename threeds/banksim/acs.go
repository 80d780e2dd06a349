package banksim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The issuer's side, shared by all dialects:
//
//	POST /acs/challenge           where the bank's form sends the browser (field threeDSSessionData); 303 to the page
//	GET  /acs/challenge/{session} asks for the one-time password
//	POST /acs/challenge/{session} fields otp, action=submit|cancel; ends in the page that carries the callback
//	POST /acs/card, GET and POST /acs/card/{session}   the hosted card page: Pan Expiry Cvv2 CardHolderName, action=submit|cancel
//
// A page asked for again after its step is over repeats the callback, as a browser's back button does at a real bank.
const (
	staticPath    = "/acs/static/"
	challengePath = "/acs/challenge"
	cardPath      = "/acs/card"

	passwordRight = "123456"
	passwordFails = "000000"
	maxTries      = 3
	sessionLife   = 15 * time.Minute // real issuers give 3 to 15 minutes
)

func (b *Bank) serveACS(c *call) reply {
	path := c.r.URL.Path
	switch {
	case strings.HasPrefix(path, staticPath):
		return serveStatic(strings.TrimPrefix(path, staticPath))
	case path == challengePath || path == cardPath:
		if c.r.Method != http.MethodPost {
			return notFound
		}
		return b.enterSession(c, path)
	}
	kind, session, _ := strings.Cut(strings.TrimPrefix(path, "/acs/"), "/")
	o, ok := b.books.findSession(session)
	d := b.dialects[o.Dialect]
	if !ok || d == nil {
		return b.noSessionPage(c)
	}
	c.note(o.Dialect, "acs", o.OrderID)
	switch {
	case kind == "challenge" && o.Stage != StageCard:
		return b.challenge(c, d, o)
	case kind == "card" && o.Stage == StageCard:
		return b.cardEntry(c, d, o)
	case kind == "card" && o.Stage == StageChallenge:
		return seeOther(challengePath + "/" + session)
	case kind == "card":
		return d.settle(c, o, false)
	}
	return notFound
}

// enterSession turns the post that opens a page into a page that can be reloaded.
func (b *Bank) enterSession(c *call, path string) reply {
	session := c.form().get("threeDSSessionData")
	if _, ok := b.books.findSession(session); !ok {
		return b.noSessionPage(c)
	}
	return seeOther(path + "/" + session)
}

func (b *Bank) challenge(c *call, d dialect, o Order) reply {
	switch {
	case o.Stage != StageChallenge:
		return d.settle(c, o, false)
	case b.now().Sub(o.OpenedAt) > sessionLife:
		return d.settle(c, o, false)
	case c.r.Method == http.MethodGet || c.r.Method == http.MethodHead:
		return b.challengePage(c, o, http.StatusOK, false)
	case c.r.Method != http.MethodPost:
		return notFound
	}
	f := c.form()
	if f.get("action") == "cancel" {
		return d.settle(c, o, false)
	}
	switch strings.TrimSpace(f.get("otp")) {
	case passwordRight:
		return d.settle(c, o, true)
	case passwordFails:
		return d.settle(c, o, false)
	}
	o, err := b.books.change(o.key(), func(o *Order) error {
		if o.Stage != StageChallenge {
			return errStage
		}
		o.Tries++
		return nil
	})
	switch {
	case errors.Is(err, errStage) || (err == nil && o.Tries >= maxTries):
		return d.settle(c, o, false)
	case err != nil:
		return brokenPage
	}
	return b.challengePage(c, o, http.StatusUnprocessableEntity, true)
}

// cardEntry is the bank's own card page, for models in which the merchant never sees a card.
func (b *Bank) cardEntry(c *call, d dialect, o Order) reply {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		return b.cardPage(c, o, http.StatusOK, "")
	case http.MethodPost:
	default:
		return notFound
	}
	f := c.form()
	if f.get("action") == "cancel" {
		return d.settle(c, o, false)
	}
	answer, refused := d.enter(c, o, typedCard{number: onlyDigits(f.get("Pan")), expiry: onlyDigits(f.get("Expiry")),
		cvv: strings.TrimSpace(f.get("Cvv2")), holder: strings.TrimSpace(f.get("CardHolderName"))})
	if refused.code != "" {
		return b.cardPage(c, o, http.StatusUnprocessableEntity, refused.code)
	}
	return answer
}

// challengeForm is the form that takes the browser to the issuer's page, in the shape of a 3-D Secure 2 challenge request. It carries
// names of the attempt, never the card.
func (b *Bank) challengeForm(c *call, o Order) reply {
	id := fmt.Sprintf("%s-%s-%s-%s-%s", o.Session[:8], o.Session[8:12], o.Session[12:16], o.Session[16:20], o.Session[20:])
	creq := fmt.Sprintf(`{"threeDSServerTransID":"%s","acsTransID":"%s","messageType":"CReq","messageVersion":"2.2.0","challengeWindowSize":"05"}`, id, id)
	return b.handOver(c, o.Lang, b.insideAddress(c, o, challengePath), []field{
		{"creq", base64.RawURLEncoding.EncodeToString([]byte(creq))},
		{"threeDSSessionData", o.Session},
	})
}

// insideAddress is an address of the bank as its own forms write it: absolute, or for every second order of a hostile bank
// relative to the page, as PayFor's test system does (payfor sheet, section 3.4).
func (b *Bank) insideAddress(c *call, o Order, path string) string {
	if b.opts.Hostile && o.Seq%2 == 0 {
		return strings.Repeat("../", strings.Count(c.r.URL.Path, "/")-1) + strings.TrimPrefix(path, "/")
	}
	return c.base() + path
}
