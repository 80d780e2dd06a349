package main

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"sync"
	"time"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/deliver/email"
)

// maxMailbox is how many messages the demo keeps.
const maxMailbox = 200

// mailbox is where the demo's messages end: nobody gets them, and whoever tries the demo can read them at
// /_messages of the administration's address.
type mailbox struct {
	layout *email.Sender
	clock  checkout.Clock
	mu     sync.Mutex
	kept   []checkout.Message // oldest first
}

// openMailbox takes the place of every channel that is not set up. Demo only.
func (a *app) openMailbox() error {
	layout, err := email.New(email.Config{URL: "smtp://127.0.0.1:1/?from=demo@odelink.test", Clock: a.seams.clock})
	if err != nil {
		return err
	}
	a.mailbox = &mailbox{layout: layout, clock: a.seams.clock}
	for _, c := range checkout.Channels {
		if a.post.carriers[c] == nil {
			a.post.carriers[c] = a.mailbox
		}
	}
	return nil
}

// Repeat: it refuses nothing.
func (b *mailbox) Repeat() time.Duration { return 0 }

// Send keeps a message. A mail is laid out too, so that what could not be sent is seen here as it would be there.
func (b *mailbox) Send(_ context.Context, m checkout.Message) checkout.MessageSend {
	made := checkout.MessageSend{Number: m.Attempts, At: b.clock.Now(), Reference: "demo"}
	if m.Channel == checkout.ChannelEmail {
		if _, err := b.layout.Build(m); err != nil {
			made.Error, made.Permanent = checkout.SentContent, true
			return made
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept = append(b.kept, m)
	if len(b.kept) > maxMailbox {
		b.kept = b.kept[1:]
	}
	return made
}

// seen is a message as the demo shows it.
type seenMessage struct {
	ID      checkout.MessageID   `json:"id"`
	Kind    checkout.MessageKind `json:"kind"`
	Channel checkout.Channel     `json:"channel"`
	To      string               `json:"to"`
	Subject string               `json:"subject,omitempty"`
	Text    string               `json:"text"`
	URL     string               `json:"url,omitempty"`
	Files   []string             `json:"files,omitempty"` // names of what is attached
	Page    string               `json:"page"`
	At      time.Time            `json:"at"`
}

// handler serves the mailbox beside the administration.
func (b *mailbox) handler(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", next)
	mux.HandleFunc("GET /_messages", b.list)
	mux.HandleFunc("GET /_messages/{id}", b.page)
	return mux
}

// list answers the newest first.
func (b *mailbox) list(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	all := make([]seenMessage, 0, len(b.kept))
	for i := len(b.kept) - 1; i >= 0; i-- {
		m := b.kept[i]
		seen := seenMessage{
			ID: m.ID, Kind: m.Kind, Channel: m.Channel, To: m.To, Subject: m.Letter.Subject, Text: m.Letter.Text, URL: m.Letter.URL,
			Page: "/_messages/" + string(m.ID), At: m.CreatedAt,
		}
		for _, f := range m.Files {
			seen.Files = append(seen.Files, f.Name)
		}
		all = append(all, seen)
	}
	b.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(map[string]any{"data": all}) // whoever asked may have left
}

// page answers one message as it is read: a mail as a page, a text message as text.
func (b *mailbox) page(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.kept {
		if string(m.ID) != r.PathValue("id") {
			continue
		}
		text := "<!doctype html><meta charset=utf-8><pre style=\"white-space:pre-wrap;max-width:24em\">" + html.EscapeString(m.Letter.Text)
		if m.Channel == checkout.ChannelEmail {
			var err error
			if text, err = b.layout.Page(m); err != nil {
				http.Error(w, "not a mail", http.StatusInternalServerError)
				return
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		_, _ = w.Write([]byte(text)) // whoever asked may have left
		return
	}
	http.NotFound(w, r)
}
