package checkout

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"
)

// Channel is a way on which people are written to.
type Channel string

// The channels.
const (
	ChannelSMS   Channel = "sms"
	ChannelEmail Channel = "email"
)

// Channels lists them.
var Channels = []Channel{ChannelSMS, ChannelEmail}

// MessageKind says what a message is for.
type MessageKind string

// The kinds.
const (
	MessageLink     MessageKind = "link"     // a link to its card holder
	MessageReminder MessageKind = "reminder" // the same link once more, before it ends unpaid
	MessageNotice   MessageKind = "notice"   // an event, to the merchant
	// MessageAgreed is a copy of the texts that a consumer agreed to, to the card holder (ux-checklist F7).
	MessageAgreed MessageKind = "agreed_texts"
)

// bringsLink says whether a message is of no use once its link cannot be paid any more.
func (k MessageKind) bringsLink() bool { return k == MessageLink || k == MessageReminder }

// MessageKinds lists them.
var MessageKinds = []MessageKind{MessageLink, MessageReminder, MessageNotice, MessageAgreed}

// MessageStatus is how far a message came.
type MessageStatus string

// The statuses. Nobody tells whether it was read: there is no tracking, and providers' receipts are not asked for.
const (
	MessageQueued     MessageStatus = "queued"     // waits for its first attempt, or the next
	MessageSent       MessageStatus = "sent"       // the mail server or SMS provider has taken it over
	MessageFailed     MessageStatus = "failed"     // given up
	MessageSuppressed MessageStatus = "suppressed" // deliberately not sent; Reason says why
)

// MessageStatuses lists them.
var MessageStatuses = []MessageStatus{MessageQueued, MessageSent, MessageFailed, MessageSuppressed}

// Why a message was suppressed.
const (
	SuppressedAddress = "suppressed_recipient" // the address is on the merchant's list
	SuppressedLink    = "link_message_limit"   // A56
	SuppressedPerson  = "recipient_limit"      // A56
	SuppressedRepeat  = "message_repeated"     // the provider refuses the same text to the same number
	SuppressedOver    = "link_over"            // paid, expired or deleted before it could be sent
)

// Message is something that is written to one recipient, once.
type Message struct {
	ID       MessageID
	Merchant MerchantID
	Kind     MessageKind
	Channel  Channel
	Link     LinkID    // that it brings, or whose payment it tells of
	Payment  PaymentID // "" = none
	Event    EventID   // that it tells of; "" = none
	Lang     string
	To       string // a normal phone number, or an e-mail address
	Status   MessageStatus
	Reason   string // why it was suppressed or failed
	Letter   Letter // what is said, in every attempt the same
	// Reference is the provider's own number of it.
	Reference string
	// WithLink: it was asked for when the link was made.
	WithLink bool
	Attempts int
	// Unsure is how many attempts may have reached the provider without its answer having reached us (C13).
	Unsure    int
	DueAt     time.Time
	RemindAt  time.Time // when the link is looked at for a reminder; zero = never
	Once      string    // no two messages have the same; "" = any number
	Actor     string
	CreatedAt time.Time
	UpdatedAt time.Time

	History []MessageSend // where it was searched for, oldest first
	Files   []MessageFile // that are attached, where it is handed over
}

// Recipient names whom a message goes to, for lists: one address however it is spelled.
func (m Message) Recipient() string { return RecipientOf(m.Channel, m.To) }

// Person names whom a message goes to, for limits: what stands behind a plus sign in front of the at sign is no other
// person, and would be any number of them (A56). On a list it is an address of its own, which only its owner takes off.
func (m Message) Person() string {
	if local, host, ok := strings.Cut(m.To, "@"); ok && m.Channel == ChannelEmail {
		if name, _, tagged := strings.Cut(local, "+"); tagged && name != "" {
			return RecipientOf(m.Channel, name+"@"+host)
		}
	}
	return m.Recipient()
}

// RecipientOf is Message.Recipient.
func RecipientOf(c Channel, to string) string { return string(c) + ":" + strings.ToLower(to) }

// Digest is equal for equal texts.
func (m Message) Digest() []byte {
	sum := sha256.Sum256([]byte(m.Letter.Subject + "\x00" + m.Letter.Text))
	return sum[:]
}

// Letter is what a message says: whole texts in its language, frozen when it is made. A text message is its Text
// and nothing else; a mail is laid out from all of it.
type Letter struct {
	Subject string      `json:"subject,omitempty"`
	Text    string      `json:"text"`            // paragraphs are apart by an empty line
	Brand   string      `json:"brand,omitempty"` // who writes
	Accent  string      `json:"accent,omitempty"`
	Sum     string      `json:"sum,omitempty"`
	Rows    []LetterRow `json:"rows,omitempty"`
	Action  string      `json:"action,omitempty"` // the button's words
	URL     string      `json:"url,omitempty"`    // an address of ours, shown as it is
	Foot    []string    `json:"foot,omitempty"`
	Banner  string      `json:"banner,omitempty"` // that this is a test (ux-checklist B9)
	ReplyTo string      `json:"reply_to,omitempty"`
	Tone    string      `json:"tone,omitempty"` // good, bad, wait or "": the colour of a notice's first words
}

// LetterRow is one fact of a letter.
type LetterRow struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// MessageSend is one attempt.
type MessageSend struct {
	Number int
	At     time.Time
	Took   time.Duration
	Code   int    // HTTP or SMTP status; 0 = no answer
	Error  string // one of the Sent… words; "" = taken over
	Answer string // what the server said, masked and cut; for the merchant's eyes
	// Reference is the provider's own number of the message.
	Reference string
	Permanent bool // trying again cannot help
	Unclear   bool // it may have been taken over although nobody said so
	// Over: it was not tried at all, since there is nothing to bring any more.
	Over bool
}

// Why an attempt did not hand a message over, beside SendTimeout, SendName, SendTLS and SendBroken.
const (
	SentRecipient   = "recipient_refused"   // the address or number does not exist, or refuses
	SentContent     = "content_refused"     // the text
	SentRepeated    = "message_repeated"    // the same text to the same number again
	SentCredentials = "credentials_refused" // user, password, key or our address
	SentSender      = "sender_refused"      // the header or the sender's address is not approved
	SentQuota       = "provider_limit"      // no credit, or too many at once
	SentServer      = "provider_error"      // it says that it cannot now
	SentGarbage     = "answer_unreadable"   // nobody knows what it did
	SentUnclear     = "outcome_unknown"     // handed over twice without an answer: no third time (C13)
	SentOver        = SuppressedOver
)

// Limits on messages to card holders (A56).
const (
	MessagesPerLink      = 5 // in 24 hours
	MessagesPerRecipient = 3 // in an hour, of one merchant
	messageDay           = 24 * time.Hour
)

// MessageLimits are what one merchant may send. The zero value has no limits.
type MessageLimits struct {
	PerLink, PerRecipient int
	// Repeat: the provider refuses the same text to the same recipient within this time; 0 = it does not.
	Repeat time.Duration
}

// SentBefore is a message that counts against the limits.
type SentBefore struct {
	Link   LinkID
	At     time.Time
	Digest string
}

// Hold says why another message may not be made now: one of the Suppressed… words and when it may; "" = it may.
func (l MessageLimits) Hold(m Message, now time.Time, ofLink, toRecipient []SentBefore) (reason string, wait time.Duration) {
	if l.Repeat > 0 {
		for _, b := range toRecipient {
			if end := b.At.Add(l.Repeat); b.Digest == string(m.Digest()) && now.Before(end) {
				return SuppressedRepeat, end.Sub(now)
			}
		}
	}
	if wait := full(ofLink, l.PerLink, messageDay, now); wait > 0 {
		return SuppressedLink, wait
	}
	if wait := full(toRecipient, l.PerRecipient, time.Hour, now); wait > 0 {
		return SuppressedPerson, wait
	}
	return "", 0
}

// full is how long until fewer than most lie within the span; 0 = fewer do. before is in the order of time.
func full(before []SentBefore, most int, span time.Duration, now time.Time) time.Duration {
	var within []time.Time
	for _, b := range before {
		if b.At.Add(span).After(now) {
			within = append(within, b.At)
		}
	}
	if most <= 0 || len(within) < most {
		return 0
	}
	return within[len(within)-most].Add(span).Sub(now)
}

// NewMessage is a message about to be made. Strict: what its limits forbid is refused; else it is kept as
// suppressed.
type NewMessage struct {
	Message Message
	Limits  MessageLimits
	Strict  bool
	Idem    Idempotency
}

// MessageQuery selects messages of one merchant, newest first.
type MessageQuery struct {
	Merchant MerchantID
	Link     LinkID
	Status   MessageStatus
	Kind     MessageKind
	From, To time.Time
	Limit    int
	Cursor   string
}

// Suppression is an address that a merchant's messages never go to.
type Suppression struct {
	Merchant  MerchantID
	Channel   Channel
	To        string
	Reason    string // SuppressedByMerchant or SuppressedByBounce
	CreatedAt time.Time
}

// Why an address is on the list.
const (
	SuppressedByMerchant = "opt_out" // the merchant says so
	SuppressedByBounce   = "bounce"  // its server said that there is no such address
)

// MessageLedger keeps messages, what merchants set about them, and whom they never write to.
type MessageLedger interface {
	// AddMessage makes a message, and answers it as stored: its status may be suppressed. Strict ones answer
	// ErrSuppressed, ErrLinkMessages, ErrRecipientMessages or ErrMessageRepeated instead. ErrNoLink, ErrKeyKnown.
	AddMessage(ctx context.Context, n NewMessage) (Message, error)
	// MessageOf is for the merchant. ErrNoMessage also for somebody else's.
	MessageOf(ctx context.Context, m MerchantID, id MessageID) (Message, error)
	// SearchMessages answers a page with histories and the cursor of the next one, "" at the end. ErrCursor.
	SearchMessages(ctx context.Context, q MessageQuery) ([]Message, string, error)
	// DeliveredWith answers the channels that were asked for when each link was made.
	DeliveredWith(ctx context.Context, m MerchantID, links []LinkID) (map[LinkID][]Channel, error)
	// LeaseMessages hands out a channel's queued messages that are due, pushes their DueAt to until, and counts one
	// more attempt and one more whose outcome nobody knows, so that no other instance makes that one (C12, C28).
	LeaseMessages(ctx context.Context, c Channel, until time.Time, limit int) ([]Message, error)
	// EndMessage records an attempt on a message as it was leased. next is when the next one is made; zero
	// gives it up, if it was not taken over, and tells so (TopicDeliveryFailed). bounced puts the recipient on
	// the merchant's list. ErrStale: the lease is over, and somebody else has it.
	EndMessage(ctx context.Context, m Message, made MessageSend, next time.Time, bounced bool) error
	// WaitingMessages counts what is queued.
	WaitingMessages(ctx context.Context) (Waiting, error)
	// ForgetMessages removes what was last touched before a time and is not queued, at most limit, and answers
	// how many.
	ForgetMessages(ctx context.Context, before time.Time, limit int) (int, error)

	// DueReminders answers messages whose RemindAt has come.
	DueReminders(ctx context.Context, limit int) ([]Message, error)
	// Remind moves a message's RemindAt, and makes the reminder when there is one. ErrStale: somebody did already.
	Remind(ctx context.Context, m Message, next time.Time, reminder *NewMessage) error

	// Suppressions answers a merchant's list, newest first, at most limit.
	Suppressions(ctx context.Context, m MerchantID, limit int) ([]Suppression, error)
	// Suppress puts an address on the list; Unsuppress takes it off. Doing so again is no error.
	Suppress(ctx context.Context, s Suppression, e Event) error
	Unsuppress(ctx context.Context, m MerchantID, c Channel, to string, e Event) error
	// MessageSettings answers what a merchant set, Version 0 for one that set nothing.
	MessageSettings(ctx context.Context, m MerchantID) (MessageSettings, error)
	// SaveMessageSettings replaces the version before. ErrStale, ErrNoMerchant.
	SaveMessageSettings(ctx context.Context, s MessageSettings, e Event) error
}

// What messages answer.
var (
	ErrNoMessage = &Error{Kind: KindNotFound, Code: "message_not_found"}
	// ErrSuppressed: the address is on the merchant's list.
	ErrSuppressed = &Error{Kind: KindConflict, Code: SuppressedAddress}
	// ErrLinkMessages and ErrRecipientMessages: too many lately; RetryAfter is set (A56).
	ErrLinkMessages      = &Error{Kind: KindTooMany, Code: SuppressedLink}
	ErrRecipientMessages = &Error{Kind: KindTooMany, Code: SuppressedPerson}
	// ErrMessageRepeated: the provider would refuse it.
	ErrMessageRepeated = &Error{Kind: KindConflict, Code: SuppressedRepeat}
)

// HeldError is what a strict message is refused with for a reason of Hold or a list.
func HeldError(reason string, wait time.Duration) error {
	switch reason {
	case SuppressedLink:
		return ErrLinkMessages.After(wait)
	case SuppressedPerson:
		return ErrRecipientMessages.After(wait)
	case SuppressedRepeat:
		return ErrMessageRepeated.After(wait)
	}
	return ErrSuppressed
}

// MessageID is "msg_" and 22 characters of base62.
type MessageID string

// Valid says whether the id has the syntax of one of its kind.
func (m MessageID) Valid() bool { return validID(string(m), "msg_") }

// Message makes an identifier.
func (g *IDs) Message() MessageID { return MessageID("msg_" + g.pick(base62, 22)) }

// maxDomainLabel and maxLocalPart are RFC 5321's, 4.5.3.1, and RFC 1035's, 2.3.4.
const (
	maxLocalPart   = 64
	maxDomainLabel = 63
)

// NormalEmail answers an address that one mail can be sent to, its domain in small letters, or "": one mailbox in
// ASCII without quotes or comments, so that nothing in it can end a header or name a second recipient (A55).
func NormalEmail(text string) string {
	local, domain, ok := strings.Cut(strings.TrimSpace(text), "@")
	if !ok || len(local) > maxLocalPart || len(local)+len(domain) >= maxEmail || !dotted(local, emailAtom) || HoldsCard(text) {
		return ""
	}
	domain = strings.ToLower(domain)
	if !strings.Contains(domain, ".") || !dotted(domain, emailLabel) {
		return ""
	}
	return local + "@" + domain
}

// dotted says whether text is parts of a shape with dots between them.
func dotted(text string, shape func(string) bool) bool {
	for _, part := range strings.Split(text, ".") {
		if part == "" || !shape(part) {
			return false
		}
	}
	return true
}

func emailAtom(part string) bool {
	return strings.IndexFunc(part, func(r rune) bool { return !asciiWord(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) }) < 0
}

func emailLabel(part string) bool {
	return len(part) <= maxDomainLabel && part[0] != '-' && part[len(part)-1] != '-' &&
		strings.IndexFunc(part, func(r rune) bool { return !asciiWord(r) && r != '-' }) < 0
}

func asciiWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
