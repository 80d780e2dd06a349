package sqlstore

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"

	"github.com/odelink/odelink/checkout"
)

var sessions = newTable("sessions", "link:t merchant:t success_url:t cancel_url:t created_at:n digest:b")

// hold stores the session of a link that is made.
func (w *work) hold(n checkout.NewLink) {
	if n.Session == nil {
		return
	}
	values := sessionValues(*n.Session)
	w.newSessions = append(w.newSessions, append(values[:len(values):len(values)], w.keys.digest(sessions.name, values)))
}

func sessionValues(c checkout.Session) []any {
	return []any{string(c.Link), string(c.Merchant), c.SuccessURL, c.CancelURL, micros(c.CreatedAt)}
}

// errSessionChanged: the row is not what this program wrote (A67).
var errSessionChanged = errors.New("a session's row was changed")

// SessionByLink finds the session of a link. ErrNoSession.
func (s *Store) SessionByLink(ctx context.Context, id checkout.LinkID) (checkout.Session, error) {
	var found checkout.Session
	err := s.read(ctx, func(q querier) error {
		return q.query(ctx, "SELECT "+sessions.list+" FROM sessions WHERE link = $1", func(r row) (err error) {
			found, err = s.scanSession(r)
			return err
		}, string(id))
	})
	if err != nil {
		return checkout.Session{}, err
	}
	if found.ID == "" {
		return checkout.Session{}, checkout.ErrNoSession
	}
	return found, nil
}

// scanSession reads a session; its error says that the row is not what this program wrote.
func (s *Store) scanSession(r row) (checkout.Session, error) {
	link := checkout.LinkID(r.text())
	c := checkout.Session{
		ID: link.Session(), Link: link, Merchant: checkout.MerchantID(r.text()), SuccessURL: r.text(), CancelURL: r.text(), CreatedAt: fromMicros(r.num()),
	}
	keys := s.keys.Load()
	if keys == nil {
		return c, errNoKeys
	}
	if !hmac.Equal(r.blob(), keys.digest(sessions.name, sessionValues(c))) {
		return c, fmt.Errorf("session of link %s: %w", link, errSessionChanged)
	}
	return c, nil
}
