package api

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/unicode/norm"

	"github.com/odelink/odelink/checkout"
)

// recipientBody is one address that is told of events.
type recipientBody struct {
	Channel string   `json:"channel"`
	To      string   `json:"to"`
	Events  []string `json:"events"`
}

// UnmarshalJSON refuses names that there are not, as bodies do.
func (r *recipientBody) UnmarshalJSON(raw []byte) error {
	type plain recipientBody
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode((*plain)(r)); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

// notificationsView is what a merchant set about being told, and about reminders.
type notificationsView struct {
	Version       int64              `json:"version"`
	Recipients    []recipientBody    `json:"recipients"`
	Lang          string             `json:"lang"`
	ReminderHours *int               `json:"reminder_hours"`
	Channels      []checkout.Channel `json:"channels"`
	Events        []string           `json:"events"`
	UpdatedAt     *string            `json:"updated_at"`
}

func (s *Surface) viewNotifications(set checkout.MessageSettings) notificationsView {
	v := notificationsView{
		Version: set.Version, Recipients: make([]recipientBody, len(set.Recipients)), Lang: set.Lang,
		Channels: append([]checkout.Channel{}, s.Flow.DeliveryChannels()...), Events: checkout.NoticeTopics,
	}
	for i, r := range set.Recipients {
		v.Recipients[i] = recipientBody{Channel: string(r.Channel), To: r.To, Events: r.Topics}
	}
	if v.Lang == "" {
		v.Lang = "tr"
	}
	if set.ReminderHours > 0 {
		v.ReminderHours = &set.ReminderHours
	}
	if !set.UpdatedAt.IsZero() {
		at := stamp(set.UpdatedAt)
		v.UpdatedAt = &at
	}
	return v
}

func (s *Surface) readNotifications(c *fiber.Ctx) error {
	set, err := s.Flow.MessageSettings(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	return c.JSON(s.viewNotifications(set))
}

// notificationsBody changes what is given. Version is the one that the caller saw.
type notificationsBody struct {
	Version       *int64          `json:"version" validate:"omitempty,gte=1"`
	Recipients    []recipientBody `json:"recipients"`
	Lang          *string         `json:"lang"`
	ReminderHours *int            `json:"reminder_hours" validate:"omitempty,gte=1"`
}

var notificationsReadOnly = []string{"channels", "events", "updated_at"}

func (s *Surface) editNotifications(c *fiber.Ctx) error {
	var b notificationsBody
	named, err := s.decode(c, &b, notificationsReadOnly)
	if err != nil {
		return err
	}
	saved, err := s.Flow.ChangeMessageSettings(c.UserContext(), s.by(c), callerOf(c).merchant, orZero(b.Version), func(to *checkout.MessageSettings) error {
		if named["recipients"] {
			to.Recipients = nil
			for _, r := range b.Recipients {
				to.Recipients = append(to.Recipients, checkout.NoticeRecipient{Channel: checkout.Channel(r.Channel), To: r.To, Topics: r.Events})
			}
		}
		set(named["lang"], b.Lang, &to.Lang)
		set(named["reminder_hours"], b.ReminderHours, &to.ReminderHours)
		return nil
	})
	if err != nil {
		return err
	}
	return c.JSON(s.viewNotifications(saved))
}

func orZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// wordingView is the words around a link.
type wordingView struct {
	Kind    checkout.MessageKind `json:"kind"`
	Channel checkout.Channel     `json:"channel"`
	Lang    string               `json:"lang"`
	Subject *string              `json:"subject"`
	Text    string               `json:"text"`
	Own     bool                 `json:"own"`
}

func viewWording(w checkout.Wording) wordingView {
	return wordingView{Kind: w.Kind, Channel: w.Channel, Lang: w.Lang, Subject: nullable(w.Subject), Text: w.Text, Own: w.Own}
}

// wordingsView is all of them, with the version that a change is compared with.
type wordingsView struct {
	Version      int64         `json:"version"`
	Placeholders []string      `json:"placeholders"`
	Data         []wordingView `json:"data"`
}

func (s *Surface) listWordings(c *fiber.Ctx) error {
	all, version, err := s.Flow.Wordings(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	v := wordingsView{Version: version, Placeholders: checkout.Placeholders, Data: make([]wordingView, len(all))}
	for i, w := range all {
		v.Data[i] = viewWording(w)
	}
	return c.JSON(v)
}

// wordingBody is one wording; without subject and text the default comes back.
type wordingBody struct {
	Version *int64  `json:"version" validate:"omitempty,gte=1"`
	Kind    string  `json:"kind" validate:"required"`
	Channel string  `json:"channel" validate:"required"`
	Lang    string  `json:"lang" validate:"required"`
	Subject *string `json:"subject"`
	Text    *string `json:"text"`
}

// wording reads the words in normal form C, so that equal texts are equal bytes (A36).
func (b *wordingBody) wording() checkout.Wording {
	return checkout.Wording{
		Kind: checkout.MessageKind(b.Kind), Channel: checkout.Channel(b.Channel), Lang: b.Lang,
		Subject: norm.NFC.String(given(b.Subject)), Text: norm.NFC.String(given(b.Text)),
	}
}

// savedWordingView is a wording with the version that the settings have now.
type savedWordingView struct {
	Version int64 `json:"version"`
	wordingView
}

func (s *Surface) saveWording(c *fiber.Ctx) error {
	var b wordingBody
	if _, err := s.decode(c, &b, []string{"own"}); err != nil {
		return err
	}
	w, version, err := s.Flow.SaveWording(c.UserContext(), s.by(c), callerOf(c).merchant, orZero(b.Version), b.wording())
	if err != nil {
		return err
	}
	return c.JSON(savedWordingView{Version: version, wordingView: viewWording(w)})
}

// previewView is how a wording reads.
type previewView struct {
	Subject *string   `json:"subject"`
	Text    string    `json:"text"`
	Size    *sizeView `json:"size"`
}

// sizeView is what a text takes as an SMS.
type sizeView struct {
	Encoding string   `json:"encoding"`
	Units    int      `json:"units"`
	Parts    int      `json:"parts"`
	Left     int      `json:"left"`
	Cost     []string `json:"cost"`
}

func (s *Surface) previewWording(c *fiber.Ctx) error {
	var b wordingBody
	if _, err := s.decode(c, &b, []string{"own"}); err != nil {
		return err
	}
	p, err := s.Flow.PreviewWording(c.UserContext(), callerOf(c).merchant, b.wording())
	if err != nil {
		return err
	}
	v := previewView{Subject: nullable(p.Letter.Subject), Text: p.Letter.Text}
	if p.Size.Parts > 0 {
		v.Size = &sizeView{p.Size.Encoding, p.Size.Units, p.Size.Parts, p.Size.Left, append([]string{}, p.Size.Cost...)}
	}
	return c.JSON(v)
}

// suppressionView is an address that nothing is sent to.
type suppressionView struct {
	Channel   checkout.Channel `json:"channel"`
	To        string           `json:"to"`
	Reason    string           `json:"reason"`
	CreatedAt string           `json:"created_at"`
}

func viewSuppression(one checkout.Suppression) suppressionView {
	return suppressionView{Channel: one.Channel, To: one.To, Reason: one.Reason, CreatedAt: stamp(one.CreatedAt)}
}

// listSuppressions answers pages of the newest thousand.
func (s *Surface) listSuppressions(c *fiber.Ctx) error {
	all, err := s.Flow.Suppressed(c.UserContext(), callerOf(c).merchant)
	if err != nil {
		return err
	}
	views := make([]suppressionView, len(all))
	for i, one := range all {
		views[i] = viewSuppression(one)
	}
	return answerFew(c, views, func(v suppressionView) string { // addresses of people stand in no URL
		return hex.EncodeToString(s.Hash(checkout.RecipientOf(v.Channel, v.To))[:16])
	})
}

// addressBody is an address in a body, since addresses of people stand in no URL.
type addressBody struct {
	Channel string `json:"channel" validate:"required,oneof=sms email"`
	To      string `json:"to" validate:"required,max=254"`
}

func (s *Surface) suppress(c *fiber.Ctx) error {
	var b addressBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	one, err := s.Flow.SuppressAddress(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.Channel(b.Channel), b.To)
	if err != nil {
		return err
	}
	return c.JSON(viewSuppression(one))
}

func (s *Surface) unsuppress(c *fiber.Ctx) error {
	var b addressBody
	if _, err := s.decode(c, &b, nil); err != nil {
		return err
	}
	if err := s.Flow.UnsuppressAddress(c.UserContext(), s.by(c), callerOf(c).merchant, checkout.Channel(b.Channel), b.To); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
