package checkout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Post writes letters and knows by which channels this installation sends. The flow knows neither words nor servers.
type Post interface {
	// Offers says whether messages can be sent by a channel here, and Repeat within which time its provider refuses
	// the same text to the same recipient; 0 = it does not.
	Offers(c Channel) bool
	Repeat(c Channel) time.Duration
	// Write makes a message's letter. The wording in f has been checked.
	Write(f LetterFacts) (Letter, error)
	// Size counts what a text takes as an SMS.
	Size(text string) TextSize
	// Languages are those that letters can be written in, the default first; Default answers the own wording of one.
	Languages() []string
	Default(k MessageKind, c Channel, lang string) Wording
	// NameOf is what a text that consumers agree to is called.
	NameOf(k ConsentKind, lang string) string
}

// LetterFacts are what a letter is made from.
type LetterFacts struct {
	Kind     MessageKind
	Channel  Channel
	Lang     string
	Merchant Merchant
	Link     Link
	URL      string // of the link, or of the payment's result page
	Payment  *Payment
	Topic    string  // of a notice
	Wording  Wording // of a link or reminder
	Report   *MadeReport
}

// TextSize is what a text takes as an SMS.
type TextSize struct {
	Encoding string // gsm7, gsm7_turkish or ucs2
	Units    int    // septets, or UTF-16 units of ucs2
	Parts    int
	// Left is how many units still fit into the last part.
	Left int
	// Cost are the characters for which the text is larger than it needs to be: those that force ucs2.
	Cost []string
}

// Deliver is how a new link is to reach its customer.
type Deliver struct {
	Channels []Channel
	Lang     string
}

// SendAsk is a wish to send a link.
type SendAsk struct {
	Channel Channel
	To      string
	Lang    string // "" = the first of Post.Languages
	Idem    func(Message) (Idempotency, error)
}

// offers says whether a channel is set up here.
func (s *Service) offers(c Channel) bool { return s.Post != nil && s.Post.Offers(c) }

// DeliveryChannels answers the channels that this installation sends by.
func (s *Service) DeliveryChannels() (all []Channel) {
	for _, c := range Channels {
		if s.offers(c) {
			all = append(all, c)
		}
	}
	return all
}

// emailFormat is the code of a text that is no e-mail address.
const emailFormat = "email_format"

// address normalizes a recipient; code says what is wrong with it.
func address(c Channel, to string) (normal, code string) {
	if c == ChannelEmail {
		if normal = NormalEmail(to); normal == "" {
			code = emailFormat
		}
		return normal, code
	}
	switch normal = NormalPhone(to); {
	case normal == "":
		code = "phone_format"
	case !TurkishMobile(normal):
		code = "sms_needs_turkish_mobile"
	}
	return normal, code
}

// notConfigured is the mistake of a channel that is not set up here.
func notConfigured(field string, c Channel) FieldError {
	return FieldError{Field: field, Code: "channel_not_configured", Args: map[string]string{"channel": string(c)}}
}

// notTaken is the mistake of a link that is to be sent and could not be paid by whoever gets it.
func notTaken(field string, c Currency) FieldError {
	return FieldError{Field: field, Code: "currency_not_taken", Args: map[string]string{"currency": string(c)}}
}

// lang answers the language of a letter, and whether there is such a one.
func (s *Service) letterLang(lang string) (string, bool) {
	if s.Post == nil {
		return lang, true
	}
	all := s.Post.Languages()
	if lang == "" {
		return all[0], true
	}
	return lang, slices.Contains(all, lang)
}

// SendLink sends a link by a channel, as soon as its message is committed. Invalid names the fields as the API
// does; ErrPaid, ErrExpired and ErrDeleted for a link that nobody can pay any more; the limits' errors.
func (s *Service) SendLink(ctx context.Context, by By, m MerchantID, id LinkID, ask SendAsk) (Message, error) {
	if !id.Valid() {
		return Message{}, ErrNoLink
	}
	l, err := s.Ledger.LinkByID(ctx, m, id)
	if err != nil {
		return Message{}, err
	}
	to, code := address(ask.Channel, ask.To)
	if code != "" {
		return Message{}, Invalid(FieldError{Field: "to", Code: code})
	}
	lang, ok := s.letterLang(ask.Lang)
	if !ok {
		return Message{}, Invalid(FieldError{Field: "lang", Code: "not_a_choice"})
	}
	if !s.offers(ask.Channel) {
		return Message{}, Invalid(notConfigured("channel", ask.Channel))
	}
	if err := l.sendable(s.Clock.Now()); err != nil {
		return Message{}, err
	}
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Message{}, err
	}
	if !shop.Takes(l.Amount.Currency) {
		return Message{}, Invalid(notTaken("channel", l.Amount.Currency))
	}
	set, err := s.Ledger.MessageSettings(ctx, m)
	if err != nil {
		return Message{}, err
	}
	n, err := s.linkMessage(by, shop.Merchant, l, set, ask.Channel, to, lang)
	if err != nil {
		return Message{}, err
	}
	n.Strict = true
	if ask.Idem != nil {
		if n.Idem, err = ask.Idem(n.Message); err != nil {
			return Message{}, err
		}
	}
	return s.Ledger.AddMessage(ctx, n)
}

// sendable answers nil when somebody who gets the link now can pay it, at once or later.
func (l Link) sendable(now time.Time) error {
	switch l.Status(now) {
	case LinkPaid:
		return ErrPaid
	case LinkExpired:
		return ErrExpired
	case LinkDeleted:
		return ErrDeleted
	}
	return nil
}

// linkMessage writes the message that brings a link.
func (s *Service) linkMessage(by By, m Merchant, l Link, set MessageSettings, c Channel, to, lang string) (NewMessage, error) {
	now := s.Clock.Now()
	letter, err := s.Post.Write(LetterFacts{
		Kind: MessageLink, Channel: c, Lang: lang, Merchant: m, Link: l, URL: s.LinkURL(l.Token), Wording: set.wording(s.Post, MessageLink, c, lang),
	})
	if err != nil {
		return NewMessage{}, fmt.Errorf("write a message about link %s: %w", l.ID, err)
	}
	return NewMessage{Limits: s.messageLimits(c), Message: Message{
		ID: s.IDs.Message(), Merchant: l.Merchant, Kind: MessageLink, Channel: c, Link: l.ID, Lang: lang, To: to, Status: MessageQueued, Letter: letter,
		RemindAt: set.remindAt(l, now), Actor: by.Actor, DueAt: now, CreatedAt: now, UpdatedAt: now,
	}}, nil
}

func (s *Service) messageLimits(c Channel) MessageLimits {
	l := MessageLimits{Repeat: s.Post.Repeat(c)}
	if !s.NoMessageLimits {
		l.PerLink, l.PerRecipient = MessagesPerLink, MessagesPerRecipient
	}
	return l
}

// checkDeliver finds the mistakes of how a new link is to reach its customer.
func (s *Service) checkDeliver(t *LinkTerms, sh *Shop) (errs []FieldError) {
	for _, c := range t.Deliver.Channels {
		to, field := t.Customer.Phone, "customer.phone"
		if c == ChannelEmail {
			to, field = t.Customer.Email, "customer.email"
		}
		if to == "" {
			errs = append(errs, FieldError{Field: field, Code: "required"})
		} else if _, code := address(c, to); code != "" && c == ChannelSMS { // checkTexts has told of an e-mail's
			errs = append(errs, FieldError{Field: field, Code: code})
		}
		if !s.offers(c) {
			errs = append(errs, notConfigured("deliver", c))
		}
	}
	if c := t.Amount.Currency; len(t.Deliver.Channels) > 0 && sh.Merchant.Takes(c) && !sh.Takes(c) {
		errs = append(errs, notTaken("deliver", c))
	}
	if _, ok := s.letterLang(t.Deliver.Lang); !ok {
		errs = append(errs, FieldError{Field: "deliver_lang", Code: "not_a_choice"})
	}
	return errs
}

// deliverNew writes the messages that go out with a new link (features 1.21).
func (s *Service) deliverNew(ctx context.Context, by By, m Merchant, l Link, d Deliver) ([]NewMessage, error) {
	if len(d.Channels) == 0 {
		return nil, nil
	}
	set, err := s.Ledger.MessageSettings(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	lang, _ := s.letterLang(d.Lang)
	all := make([]NewMessage, 0, len(d.Channels))
	for _, c := range d.Channels {
		to := l.Customer.Phone
		if c == ChannelEmail {
			to = NormalEmail(l.Customer.Email)
		}
		n, err := s.linkMessage(by, m, l, set, c, to, lang)
		if err != nil {
			return nil, err
		}
		n.Message.WithLink = true
		all = append(all, n)
	}
	return all, nil
}

// Wanted says whether a message still has something to bring when its turn comes: a link that was paid, deleted or
// has ended meanwhile is not sent.
func (s *Service) Wanted(ctx context.Context, m Message) (bool, error) {
	if !m.Kind.bringsLink() {
		return true, nil
	}
	l, err := s.Ledger.LinkByID(ctx, m.Merchant, m.Link)
	if errors.Is(err, ErrNoLink) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return l.sendable(s.Clock.Now()) == nil, nil
}

// Message answers one message with its attempts. ErrNoMessage.
func (s *Service) Message(ctx context.Context, m MerchantID, id MessageID) (Message, error) {
	if !id.Valid() {
		return Message{}, ErrNoMessage
	}
	return s.Ledger.MessageOf(ctx, m, id)
}

// Messages answers a page of a merchant's messages, newest first, with their attempts, and the next page's cursor.
func (s *Service) Messages(ctx context.Context, q MessageQuery) ([]Message, string, error) {
	return s.Ledger.SearchMessages(ctx, q)
}

// reminderBatch is how many reminders are looked at in one go.
const reminderBatch = 100

// RemindDue makes the reminders whose time has come, each once, and answers how many it looked at.
func (s *Service) RemindDue(ctx context.Context) (int, error) {
	if s.Post == nil {
		return 0, nil
	}
	due, err := s.Ledger.DueReminders(ctx, reminderBatch)
	if err != nil {
		return 0, err
	}
	for _, m := range due {
		if err := s.remind(ctx, m); err != nil && !errors.Is(err, ErrStale) {
			return 0, fmt.Errorf("remind of link %s: %w", m.Link, err)
		}
	}
	return len(due), nil
}

// remind decides about one message whose time to remind has come. What the merchant or the link changed since it
// was sent counts: the switch may be off, the end may have moved.
func (s *Service) remind(ctx context.Context, m Message) error {
	l, err := s.Ledger.LinkByID(ctx, m.Merchant, m.Link)
	if errors.Is(err, ErrNoLink) {
		return s.Ledger.Remind(ctx, m, time.Time{}, nil)
	}
	if err != nil {
		return err
	}
	set, err := s.Ledger.MessageSettings(ctx, m.Merchant)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	if set.ReminderHours == 0 || l.sendable(now) != nil || l.PaidCount > 0 || l.SlotsHeld > 0 || !s.offers(m.Channel) {
		return s.Ledger.Remind(ctx, m, time.Time{}, nil)
	}
	if at := l.ExpiresAt.Add(-time.Duration(set.ReminderHours) * time.Hour); at.After(now) {
		return s.Ledger.Remind(ctx, m, at, nil)
	}
	shop, err := s.Shop(ctx, m.Merchant)
	if err != nil {
		return err
	}
	n, err := s.linkMessage(By{Actor: "clock"}, shop.Merchant, l, set, m.Channel, m.To, m.Lang)
	if err != nil {
		return err
	}
	r := &n.Message
	r.Kind, r.RemindAt, r.Once = MessageReminder, time.Time{}, "reminder "+string(l.ID)+" "+r.Recipient()
	r.Letter, err = s.Post.Write(LetterFacts{
		Kind: MessageReminder, Channel: m.Channel, Lang: m.Lang, Merchant: shop.Merchant, Link: l, URL: s.LinkURL(l.Token),
		Wording: set.wording(s.Post, MessageReminder, m.Channel, m.Lang),
	})
	if err != nil {
		return err
	}
	return s.Ledger.Remind(ctx, m, time.Time{}, &n)
}

// Tell writes the messages by which people are told of an event: the merchant's where somebody asked for it, and a
// consumer's copy of what was agreed to. They become true in the transaction that gives the event its place, so there
// is one for each event and recipient (I18).
func (s *Service) Tell(ctx context.Context, n Notice) ([]Message, error) {
	if s.Post == nil || !slices.Contains(NoticeTopics, n.Topic) {
		return nil, nil
	}
	set, err := s.Ledger.MessageSettings(ctx, n.Merchant)
	if err != nil {
		return nil, err
	}
	to := slices.DeleteFunc(slices.Clone(set.Recipients), func(r NoticeRecipient) bool { return !r.wants(n.Topic) || !s.offers(r.Channel) })
	copied := n.Agreed && s.offers(ChannelEmail)
	if len(to) == 0 && !copied {
		return nil, nil
	}
	facts, err := s.noticeFacts(ctx, n)
	if err != nil {
		return nil, err
	}
	var all []Message
	for _, r := range to {
		facts.Channel = r.Channel
		facts.Lang, _ = s.letterLang(set.Lang)
		m, err := s.told(n, facts, r.To)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	// Of a link for several payers the customer is nobody's address.
	if p := facts.Payment; copied && p != nil && p.SingleUse && NormalEmail(facts.Link.Customer.Email) != "" {
		facts.Kind, facts.Channel = MessageAgreed, ChannelEmail
		facts.Lang, _ = s.letterLang(p.PayerLang)
		m, err := s.told(n, facts, NormalEmail(facts.Link.Customer.Email))
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// told writes one message of an event.
func (s *Service) told(n Notice, f LetterFacts, to string) (Message, error) {
	letter, err := s.Post.Write(f)
	if err != nil {
		return Message{}, fmt.Errorf("write a message of event %s: %w", n.ID, err)
	}
	now := s.Clock.Now()
	m := Message{
		ID: s.IDs.Message(), Merchant: n.Merchant, Kind: f.Kind, Channel: f.Channel, Link: f.Link.ID, Event: n.ID, Lang: f.Lang, To: to,
		Status: MessageQueued, Letter: letter, Actor: "events", DueAt: now, CreatedAt: now, UpdatedAt: now,
	}
	if f.Payment != nil {
		m.Payment = f.Payment.ID
	}
	m.Once = string(m.Kind) + " " + string(n.ID) + " " + m.Recipient()
	if n.Topic == topicRenewal { // whoever asks again for the same link is told of once
		m.Once = "renewal " + string(m.Link) + " " + f.Link.ExpiresAt.UTC().Format(time.RFC3339) + " " + m.Recipient()
	}
	return m, nil
}

// Enclosed answers what is attached to a message: to a consumer's copy the texts as they were agreed to, byte for
// byte, so that each has the hash that was kept of it.
func (s *Service) Enclosed(ctx context.Context, m Message) ([]MessageFile, error) {
	if m.Kind != MessageAgreed {
		return m.Files, nil
	}
	all, err := s.Ledger.Consents(ctx, m.Payment)
	if err != nil {
		return nil, err
	}
	var files []MessageFile
	for _, c := range all {
		if c.Given {
			files = append(files, MessageFile{Name: s.Post.NameOf(c.Kind, c.Lang) + ".txt", Type: "text/plain; charset=utf-8", Body: []byte(c.Text)})
		}
	}
	return files, nil
}

// topicRenewal is the event of Service.AskAgain.
const topicRenewal = "link.renewal_asked"

// noticeFacts reads what an event is about.
func (s *Service) noticeFacts(ctx context.Context, n Notice) (LetterFacts, error) {
	f := LetterFacts{Kind: MessageNotice, Topic: n.Topic}
	shop, err := s.Shop(ctx, n.Merchant)
	if err != nil {
		return f, err
	}
	f.Merchant = shop.Merchant
	link := LinkID(n.Subject)
	if id := PaymentID(n.Subject); id.Valid() {
		p, err := s.Ledger.PaymentOf(ctx, n.Merchant, id)
		if err != nil {
			return f, err
		}
		f.Payment, link = &p, p.Link
	}
	if f.Link, err = s.Ledger.LinkByID(ctx, n.Merchant, link); err != nil {
		return f, err
	}
	f.URL = s.LinkURL(f.Link.Token)
	return f, nil
}

// Suppressed answers whom a merchant never writes to, newest first.
func (s *Service) Suppressed(ctx context.Context, m MerchantID) ([]Suppression, error) {
	return s.Ledger.Suppressions(ctx, m, MaxSuppressions)
}

// MaxSuppressions is how long a merchant's list is shown.
const MaxSuppressions = 1000

// SuppressAddress puts an address on the merchant's list: nothing is sent to it any more.
func (s *Service) SuppressAddress(ctx context.Context, by By, m MerchantID, c Channel, to string) (Suppression, error) {
	normal, code := address(c, to)
	if code != "" {
		return Suppression{}, Invalid(FieldError{Field: "to", Code: code})
	}
	one := Suppression{Merchant: m, Channel: c, To: normal, Reason: SuppressedByMerchant, CreatedAt: s.Clock.Now()}
	return one, s.Ledger.Suppress(ctx, one, s.merchantEvent(m, "messages.suppressed", by))
}

// UnsuppressAddress takes an address off the merchant's list.
func (s *Service) UnsuppressAddress(ctx context.Context, by By, m MerchantID, c Channel, to string) error {
	normal, code := address(c, to)
	if code != "" {
		return Invalid(FieldError{Field: "to", Code: code})
	}
	return s.Ledger.Unsuppress(ctx, m, c, normal, s.merchantEvent(m, "messages.unsuppressed", by))
}

// merchantEvent is a line of a merchant's own audit trail.
func (s *Service) merchantEvent(m MerchantID, typ string, by By) Event {
	return Event{Merchant: m, Subject: string(m), Type: typ, Actor: by.Actor, IP: by.IP, At: s.Clock.Now()}
}

// Share is how a merchant sends a link by hand (features 1.23): nothing of it leaves this server.
type Share struct {
	Text     string // with the address in it
	WhatsApp string
	SMS      string
	Email    string
}

// ShareOf answers the ways to send a link by hand, in a language; to the link's customer where it has one.
func (s *Service) ShareOf(ctx context.Context, m MerchantID, l Link, lang string) (Share, error) {
	if s.Post == nil {
		return Share{}, errors.New("checkout: no words to share links with")
	}
	lang, ok := s.letterLang(lang)
	if !ok {
		return Share{}, Invalid(FieldError{Field: "lang", Code: "not_a_choice"})
	}
	shop, err := s.Shop(ctx, m)
	if err != nil {
		return Share{}, err
	}
	set, err := s.Ledger.MessageSettings(ctx, m)
	if err != nil {
		return Share{}, err
	}
	write := func(c Channel) (Letter, error) {
		return s.Post.Write(LetterFacts{
			Kind: MessageLink, Channel: c, Lang: lang, Merchant: shop.Merchant, Link: l, URL: s.LinkURL(l.Token), Wording: set.wording(s.Post, MessageLink, c, lang),
		})
	}
	short, err := write(ChannelSMS)
	if err != nil {
		return Share{}, err
	}
	long, err := write(ChannelEmail)
	if err != nil {
		return Share{}, err
	}
	phone := l.Customer.Phone
	if Landline(phone) {
		phone = ""
	}
	return Share{
		Text:     short.Text,
		WhatsApp: "https://wa.me/" + strings.TrimPrefix(phone, "+") + "?text=" + percent(short.Text),
		SMS:      "sms:" + phone + "?body=" + percent(short.Text),
		Email: "mailto:" + percent(NormalEmail(l.Customer.Email)) + "?subject=" + percent(long.Subject) +
			"&body=" + percent(strings.ReplaceAll(long.Text+"\n\n"+long.URL, "\n", "\r\n")),
	}, nil
}

// percent writes text so that every reader of addresses reads it alike: a space is %20, never a plus (RFC 3986 2.1,
// RFC 6068 2).
func percent(text string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range []byte(text) {
		if asciiWord(rune(c)) || strings.IndexByte("-._~@", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
