package checkout

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// NoticeTopics are the events that merchants can be told of by message, in the order in which they are offered.
var NoticeTopics = []string{
	"payment.paid", "payment.declined", "payment.pending", "payment.voided", "payment.refunded", topicRenewal, TopicLinkExpired, "link.velocity_blocked",
}

// Limits of what a merchant sets.
const (
	MaxNoticeRecipients = 10
	MaxReminderHours    = 72
	maxWordingSubject   = 120
	maxWordingSMS       = 300
	maxWordingMail      = 1500
	// maxWordingParts is how many SMS a merchant's own text may take with usual values in it.
	maxWordingParts = 3
)

// MessageSettings are what a merchant set about messages. Version 0 = nothing yet.
type MessageSettings struct {
	Merchant      MerchantID        `json:"-"`
	Version       int64             `json:"-"`
	UpdatedAt     time.Time         `json:"-"`
	Recipients    []NoticeRecipient `json:"recipients,omitempty"` // of notices
	Lang          string            `json:"lang,omitempty"`       // of notices; "" = the default
	ReminderHours int               `json:"reminder_hours,omitempty"`
	Wordings      []Wording         `json:"wordings,omitempty"`
}

// NoticeRecipient is one address of a merchant's that is told of events.
type NoticeRecipient struct {
	Channel Channel  `json:"channel"`
	To      string   `json:"to"`
	Topics  []string `json:"topics"`
}

func (r NoticeRecipient) wants(topic string) bool { return slices.Contains(r.Topics, topic) }

// Wording is what the words around a link are, by kind, channel and language. A text message has no Subject.
// {names} in it stand for values: see Placeholders.
type Wording struct {
	Kind    MessageKind `json:"kind"`
	Channel Channel     `json:"channel"`
	Lang    string      `json:"lang"`
	Subject string      `json:"subject,omitempty"`
	Text    string      `json:"text"`
	// Own: the merchant wrote it.
	Own bool `json:"-"`
}

// Placeholders are the names that a wording may have in braces. {link} is the link's address: in a text message
// it stands exactly once, in a mail never, since there the address has its fixed place under the button.
var Placeholders = []string{"merchant", "amount", "order", "description", "expires", "customer", "link"}

// wordedKinds are those whose words a merchant may choose.
var wordedKinds = []MessageKind{MessageLink, MessageReminder}

// wording is the merchant's own, or the default.
func (set MessageSettings) wording(p Post, k MessageKind, c Channel, lang string) Wording {
	for _, w := range set.Wordings {
		if w.Kind == k && w.Channel == c && w.Lang == lang {
			w.Own = true
			return w
		}
	}
	return p.Default(k, c, lang)
}

// remindAt is when a link that is sent now is looked at for a reminder; zero = never, also where the time has
// passed: whoever has just got the link needs none.
func (set MessageSettings) remindAt(l Link, now time.Time) time.Time {
	at := l.ExpiresAt.Add(-time.Duration(set.ReminderHours) * time.Hour)
	if set.ReminderHours == 0 || !at.After(now) {
		return time.Time{}
	}
	return at
}

// MessageSettings answers what a merchant set about messages.
func (s *Service) MessageSettings(ctx context.Context, m MerchantID) (MessageSettings, error) {
	return s.Ledger.MessageSettings(ctx, m)
}

// ChangeMessageSettings changes recipients, language and reminders. version is the one that the caller saw, 0 =
// whatever it is. Invalid; ErrStale.
func (s *Service) ChangeMessageSettings(ctx context.Context, by By, m MerchantID, version int64, edit func(*MessageSettings) error) (MessageSettings, error) {
	return s.changeSettings(ctx, s.merchantEvent(m, "messages.settings_saved", by), version, func(set *MessageSettings) error {
		if err := edit(set); err != nil {
			return err
		}
		if errs := s.checkSettings(set); len(errs) > 0 {
			return Invalid(errs...)
		}
		return nil
	})
}

func (s *Service) changeSettings(ctx context.Context, e Event, version int64, edit func(*MessageSettings) error) (MessageSettings, error) {
	for {
		set, err := s.Ledger.MessageSettings(ctx, e.Merchant)
		if err != nil {
			return set, err
		}
		if version != 0 && set.Version != version {
			return set, ErrStale
		}
		set.Recipients, set.Wordings = slices.Clone(set.Recipients), slices.Clone(set.Wordings)
		if err := edit(&set); err != nil {
			return set, err
		}
		set.Version++
		set.UpdatedAt = e.At
		err = s.Ledger.SaveMessageSettings(ctx, set, e)
		if !errors.Is(err, ErrStale) || version != 0 {
			return set, err
		}
	}
}

// checkSettings normalizes addresses and finds every mistake.
func (s *Service) checkSettings(set *MessageSettings) (errs []FieldError) {
	add := func(field, code string) { errs = append(errs, FieldError{Field: field, Code: code}) }
	if len(set.Recipients) > MaxNoticeRecipients {
		add("recipients", "too_many")
	}
	if _, ok := s.letterLang(set.Lang); !ok {
		add("lang", "not_a_choice")
	}
	if set.ReminderHours < 0 || set.ReminderHours > MaxReminderHours {
		add("reminder_hours", "out_of_range")
	}
	seen := map[string]bool{}
	for i := range set.Recipients {
		r, field := &set.Recipients[i], "recipients."+strconv.Itoa(i)+"."
		if !slices.Contains(Channels, r.Channel) {
			add(field+"channel", "not_a_choice")
			continue
		}
		to, code := address(r.Channel, r.To)
		if code != "" {
			add(field+"to", code)
			continue
		}
		if key := RecipientOf(r.Channel, to); seen[key] {
			add(field+"to", "repeated")
		} else {
			seen[key] = true
		}
		r.To = to
		if len(r.Topics) == 0 {
			add(field+"events", "required")
		}
		for _, topic := range r.Topics {
			if !slices.Contains(NoticeTopics, topic) {
				add(field+"events", "not_a_choice")
				break
			}
		}
	}
	return errs
}

// Wordings answers every wording, the merchant's own or the default, and the version of the settings.
func (s *Service) Wordings(ctx context.Context, m MerchantID) ([]Wording, int64, error) {
	if s.Post == nil {
		return nil, 0, nil
	}
	set, err := s.Ledger.MessageSettings(ctx, m)
	if err != nil {
		return nil, 0, err
	}
	var all []Wording
	for _, k := range wordedKinds {
		for _, c := range Channels {
			for _, lang := range s.Post.Languages() {
				all = append(all, set.wording(s.Post, k, c, lang))
			}
		}
	}
	return all, set.Version, nil
}

// SaveWording makes a wording the merchant's own; one without words puts the default back. version is the one
// that the caller saw, 0 = whatever it is. Invalid; ErrStale.
func (s *Service) SaveWording(ctx context.Context, by By, m MerchantID, version int64, w Wording) (Wording, int64, error) {
	w.Subject, w.Text = strings.TrimSpace(w.Subject), strings.TrimSpace(strings.ReplaceAll(w.Text, "\r\n", "\n"))
	reset := w.Subject == "" && w.Text == ""
	errs := s.checkWordingPlace(w)
	if len(errs) == 0 && !reset {
		errs = s.checkWording(w)
	}
	if len(errs) > 0 {
		return w, 0, Invalid(errs...)
	}
	e := s.merchantEvent(m, "messages.wording_saved", by)
	e.Data = map[string]string{"kind": string(w.Kind), "channel": string(w.Channel), "lang": w.Lang}
	set, err := s.changeSettings(ctx, e, version, func(set *MessageSettings) error {
		set.Wordings = slices.DeleteFunc(set.Wordings, func(old Wording) bool { return old.Kind == w.Kind && old.Channel == w.Channel && old.Lang == w.Lang })
		if !reset {
			set.Wordings = append(set.Wordings, w)
		}
		return nil
	})
	if err != nil {
		return w, 0, err
	}
	return set.wording(s.Post, w.Kind, w.Channel, w.Lang), set.Version, nil
}

// WordingPreview is how a wording reads with usual values in it.
type WordingPreview struct {
	Letter Letter
	Size   TextSize // of a text message
}

// PreviewWording checks a wording and shows it with the values of a link that does not exist. Invalid.
func (s *Service) PreviewWording(ctx context.Context, m MerchantID, w Wording) (WordingPreview, error) {
	w.Subject, w.Text = strings.TrimSpace(w.Subject), strings.TrimSpace(strings.ReplaceAll(w.Text, "\r\n", "\n"))
	errs := s.checkWordingPlace(w)
	if len(errs) == 0 {
		errs = s.checkWording(w)
	}
	if len(errs) > 0 {
		return WordingPreview{}, Invalid(errs...)
	}
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return WordingPreview{}, err
	}
	letter, err := s.Post.Write(s.sample(shop.Merchant, w))
	if err != nil {
		return WordingPreview{}, err
	}
	p := WordingPreview{Letter: letter}
	if w.Channel == ChannelSMS {
		p.Size = s.Post.Size(letter.Text)
	}
	return p, nil
}

// TextSize counts what a text takes as an SMS, for whoever is typing it.
func (s *Service) TextSize(text string) TextSize {
	if s.Post == nil {
		return TextSize{}
	}
	return s.Post.Size(text)
}

// sample are the facts of a link that does not exist, as long as usual ones are.
func (s *Service) sample(m Merchant, w Wording) LetterFacts {
	now := s.Clock.Now()
	l := Link{
		Token: "4kXqB7mZpR2n", Merchant: m.ID, Order: "SIP-2026-00123", Amount: Money{Minor: 123_456, Currency: TRY}, Description: "Kapora",
		Customer: Customer{Name: "Ayşe Işık"}, ActiveFrom: now, ExpiresAt: now.Add(DefaultLife), Usage: UsageSingle,
	}
	return LetterFacts{Kind: w.Kind, Channel: w.Channel, Lang: w.Lang, Merchant: m, Link: l, URL: s.LinkURL(l.Token), Wording: w}
}

// checkWordingPlace finds the mistakes in where a wording belongs.
func (s *Service) checkWordingPlace(w Wording) (errs []FieldError) {
	add := func(field string) { errs = append(errs, FieldError{Field: field, Code: "not_a_choice"}) }
	if !slices.Contains(wordedKinds, w.Kind) {
		add("kind")
	}
	if !slices.Contains(Channels, w.Channel) {
		add("channel")
	}
	if s.Post == nil || !slices.Contains(s.Post.Languages(), w.Lang) {
		add("lang")
	}
	return errs
}

var (
	placeholderShape = regexp.MustCompile(`\{[^{}]*\}`)
	// addressShape finds what a phone or mail program would make a link of: our messages lead to one address only.
	addressShape = regexp.MustCompile(`(?i)://|www\.|@|\b[a-z0-9-]+\.(?:[a-z0-9-]+\.)*[a-z]{2,}\b`)
)

// checkWording holds a merchant's words against what keeps a message from becoming a trap: fixed names in braces,
// one address and that ours, nothing invisible, no card number.
func (s *Service) checkWording(w Wording) (errs []FieldError) {
	texts := map[string]string{"text": w.Text, "subject": w.Subject}
	for _, field := range slices.Sorted(maps.Keys(texts)) {
		if code := wordingMistake(w, field, texts[field]); code != "" {
			errs = append(errs, FieldError{Field: field, Code: code, Args: map[string]string{"known": "{" + strings.Join(Placeholders, "} {") + "}"}})
		}
	}
	if len(errs) > 0 || w.Channel != ChannelSMS {
		return errs
	}
	letter, err := s.Post.Write(s.sample(Merchant{Name: "Merchant"}, w))
	if err != nil || s.Post.Size(letter.Text).Parts > maxWordingParts {
		errs = append(errs, FieldError{Field: "text", Code: "sms_too_long", Args: map[string]string{"parts": strconv.Itoa(maxWordingParts)}})
	}
	return errs
}

func wordingMistake(w Wording, field, text string) (code string) {
	subject, sms := field == "subject", w.Channel == ChannelSMS
	switch {
	case subject && sms && text != "":
		return "read_only"
	case subject && sms:
		return ""
	case text == "":
		return "required"
	}
	switch {
	case subject:
		code = checkLine(text, maxWordingSubject)
	case sms:
		code = checkLine(text, maxWordingSMS)
	default:
		code = checkText(text, maxWordingMail)
	}
	if code != "" {
		return code
	}
	links := 0
	for _, name := range placeholderShape.FindAllString(text, -1) {
		name = strings.Trim(name, "{}")
		if !slices.Contains(Placeholders, name) {
			return "placeholder_unknown"
		}
		if name == "link" {
			links++
		}
	}
	rest := placeholderShape.ReplaceAllString(text, " ")
	switch {
	case strings.ContainsAny(rest, "{}"):
		return "placeholder_unknown"
	case addressShape.MatchString(rest):
		return "address_in_text"
	case sms && links != 1:
		return "link_once"
	case !sms && links > 0:
		return "link_has_its_place"
	}
	return ""
}
