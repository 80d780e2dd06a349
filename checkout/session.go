package checkout

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A checkout session is a link for one order of a shop that has no payment page: the shop sends its customer
// to the session's address, and the customer comes back to the shop with the result, signed. Its link is an
// ordinary single-use link; only the way back is the session's.

// SessionID is "cs_" and 22 characters of base62, those of its link.
type SessionID string

const (
	sessionPrefix = "cs_"
	linkPrefix    = "lnk_"
)

// Session is the shop's order at the till.
type Session struct {
	ID         SessionID
	Merchant   MerchantID
	Link       LinkID
	SuccessURL string // where the customer comes back with a result
	CancelURL  string // where he goes when he does not want to pay
	CreatedAt  time.Time
}

// LinkID is the link of a session; ok is false for what is no session's id.
func (id SessionID) LinkID() (l LinkID, ok bool) {
	rest, found := strings.CutPrefix(string(id), sessionPrefix)
	l = LinkID(linkPrefix + rest)
	return l, found && l.Valid()
}

// Session is the id that a session of this link has.
func (l LinkID) Session() SessionID {
	return SessionID(sessionPrefix + strings.TrimPrefix(string(l), linkPrefix))
}

// CreateSession makes a session and its link. t.ReturnURL is the success address, cancel the other one; both
// are held against the origins that the merchant may return to. idem is asked for the answer to keep. Invalid
// with field names as the API shows them; ErrOrderTaken; ErrKeyKnown.
func (s *Service) CreateSession(ctx context.Context, by By, m MerchantID, t LinkTerms, cancel string, idem func(Session, Link) (Idempotency, error)) (Session, Link, error) {
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Session{}, Link{}, err
	}
	var errs []FieldError
	for _, a := range []struct{ field, url string }{{"success_url", t.ReturnURL}, {"cancel_url", cancel}} {
		code := "required"
		if a.url != "" {
			code = checkReturn(a.url, shop.Merchant.ReturnOrigins, shop.Merchant.Test)
			if strings.Contains(a.url, "#") {
				code = "url_not_allowed" // the result stands behind the address, which a fragment would end
			}
		}
		if code != "" {
			errs = append(errs, FieldError{Field: a.field, Code: code})
		}
	}
	if len(errs) > 0 {
		return Session{}, Link{}, Invalid(errs...)
	}
	var made Session
	l, err := s.createLink(ctx, by, m, t, func(n *NewLink) (err error) {
		made = Session{ID: n.Link.ID.Session(), Merchant: m, Link: n.Link.ID, SuccessURL: t.ReturnURL, CancelURL: cancel, CreatedAt: n.Link.CreatedAt}
		kept := made
		n.Session = &kept
		n.Idem, err = idem(made, n.Link)
		return err
	})
	return made, l, err
}

// SessionOf answers a session of the merchant and its link. ErrNoSession also for somebody else's.
func (s *Service) SessionOf(ctx context.Context, m MerchantID, id SessionID) (Session, Link, error) {
	found, l, err := s.SessionByID(ctx, id)
	if err == nil && l.Merchant != m {
		err = ErrNoSession
	}
	return found, l, err
}

// SessionByID is SessionOf for the payer's pages.
func (s *Service) SessionByID(ctx context.Context, id SessionID) (Session, Link, error) {
	link, ok := id.LinkID()
	if !ok {
		return Session{}, Link{}, ErrNoSession
	}
	found, err := s.Ledger.SessionByLink(ctx, link)
	if err != nil {
		return Session{}, Link{}, err
	}
	l, err := s.Ledger.LinkByID(ctx, found.Merchant, link)
	if errors.Is(err, ErrNoLink) {
		err = ErrNoSession
	}
	return found, l, err
}

// SessionURL is the address that the shop sends its customer to.
func (s *Service) SessionURL(id SessionID) string { return s.PublicURL + "/c/" + string(id) }

// SessionSecret is what the result of a session is signed with: the shop gets it when it makes the session,
// and nobody else has it.
func (s *Service) SessionSecret(id SessionID) string {
	mac := hmac.New(sha256.New, s.CardKey)
	mac.Write([]byte("odelink session result v1\x00" + id))
	return "css_" + hex.EncodeToString(mac.Sum(nil))
}

// ReturnTo is where the result page of a payment leads back to: the link's return address, with the signed
// result behind it where the link is a session's.
func (s *Service) ReturnTo(ctx context.Context, p Payment, l Link) (string, error) {
	if l.ReturnURL == "" {
		return "", nil
	}
	found, err := s.Ledger.SessionByLink(ctx, l.ID)
	if errors.Is(err, ErrNoSession) {
		return l.ReturnURL, nil
	}
	if err != nil {
		return "", err
	}
	return withResult(found.SuccessURL, s.SessionSecret(found.ID), found, p)
}

// withResult puts the result behind an address: what it says, and last the signature, HMAC-SHA256 in hex over
// exactly what was put before it.
func withResult(to, secret string, found Session, p Payment) (string, error) {
	u, err := url.Parse(to)
	if err != nil {
		return "", err
	}
	said := "session=" + string(found.ID) + "&payment=" + string(p.ID) + "&order_id=" + url.QueryEscape(string(p.Order)) + "&status=" + string(p.Status) +
		"&amount=" + strconv.FormatInt(p.Total.Minor, 10) + "&currency=" + string(p.Total.Currency)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(said))
	said += "&signature=" + hex.EncodeToString(mac.Sum(nil))
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += said
	return u.String(), nil
}
