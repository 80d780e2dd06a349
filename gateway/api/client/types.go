package client

import (
	"encoding/json"
	"time"
)

// LinkID names one object, like ….
type LinkID string

// PaymentID names one object, like ….
type PaymentID string

// AccountID names one object, like ….
type AccountID string

// EventID names one object, like ….
type EventID string

// Currency: ISO 4217. JPY has no minor unit, the others have two digits. All but TRY need a permission of the
// merchant's bank.
type Currency string

// The values of Currency.
const (
	CurrencyTRY Currency = "TRY"
	CurrencyUSD Currency = "USD"
	CurrencyEUR Currency = "EUR"
	CurrencyGBP Currency = "GBP"
	CurrencyJPY Currency = "JPY"
	CurrencyRUB Currency = "RUB"
)

// LinkStatus is one of the constants below; others may come.
type LinkStatus string

// The values of LinkStatus.
const (
	LinkStatusScheduled LinkStatus = "scheduled" // Becomes active at active_from.
	LinkStatusActive    LinkStatus = "active"    // Can be paid.
	LinkStatusPaid      LinkStatus = "paid"      // Every payment that it allows was made. A paid link stays paid, also past its end.
	LinkStatusExpired   LinkStatus = "expired"   // Its time is over. Editing expires_at revives it.
	LinkStatusDeleted   LinkStatus = "deleted"   // Deleted by the merchant.
)

// PaymentStatus is one of the constants below; others may come.
type PaymentStatus string

// The values of PaymentStatus.
const (
	PaymentStatusChallenged        PaymentStatus = "challenged"         // The payer is at the bank; nothing was charged.
	PaymentStatusAuthorizing       PaymentStatus = "authorizing"        // The authorising call is running.
	PaymentStatusPending           PaymentStatus = "pending"            // The outcome is unknown; the bank is being asked. The link cannot be paid meanwhile.
	PaymentStatusPaid              PaymentStatus = "paid"               // The bank said yes.
	PaymentStatusDeclined          PaymentStatus = "declined"           // The bank said no; see decline.
	PaymentStatusFailed            PaymentStatus = "failed"             // It ended before money could move.
	PaymentStatusAbandoned         PaymentStatus = "abandoned"          // The payer never came back from the bank.
	PaymentStatusVoided            PaymentStatus = "voided"             // Given back as a whole before the bank's day end.
	PaymentStatusPartiallyRefunded PaymentStatus = "partially_refunded" // A part was given back.
	PaymentStatusRefunded          PaymentStatus = "refunded"           // All of it was given back.
)

// Usage is one of the constants below; others may come.
type Usage string

// The values of Usage.
const (
	UsageSingle Usage = "single" // Dies after one payment.
	UsageMulti  Usage = "multi"  // Takes many payments, at most max_payments when that is set.
)

// AmountMode is one of the constants below; others may come.
type AmountMode string

// The values of AmountMode.
const (
	AmountModeFixed AmountMode = "fixed" // The payer pays amount.
	AmountModeOpen  AmountMode = "open"  // The payer types an amount from min_amount to max_amount.
)

// MessageID names one object, like ….
type MessageID string

// MessageLang: A language that messages are written in.
type MessageLang string

// The values of MessageLang.
const (
	MessageLangTR MessageLang = "tr"
	MessageLangEN MessageLang = "en"
)

// MessageKind is one of the constants below; others may come.
type MessageKind string

// The values of MessageKind.
const (
	MessageKindLink        MessageKind = "link"         // It brings a link to its card holder.
	MessageKindReminder    MessageKind = "reminder"     // The same once more, before the link ends unpaid.
	MessageKindNotice      MessageKind = "notice"       // It tells the merchant of an event.
	MessageKindAgreedTexts MessageKind = "agreed_texts" // It brings a consumer a copy of the texts that were agreed to at the payment.
)

// MessageStatus is one of the constants below; others may come.
type MessageStatus string

// The values of MessageStatus.
const (
	MessageStatusQueued     MessageStatus = "queued"     // Waits for its first attempt, or the next.
	MessageStatusSent       MessageStatus = "sent"       // The mail server or SMS provider has taken it over. Whether it was read nobody tells.
	MessageStatusFailed     MessageStatus = "failed"     // Given up; reason says why.
	MessageStatusSuppressed MessageStatus = "suppressed" // Deliberately not sent; reason says why.
)

// Message is an SMS or mail about a link, or a notice to the merchant.
type Message struct {
	ID      MessageID     `json:"id"`
	Kind    MessageKind   `json:"kind"`
	Channel Channel       `json:"channel"`
	To      string        `json:"to"`
	Lang    MessageLang   `json:"lang"`
	Link    LinkID        `json:"link"`
	Payment PaymentID     `json:"payment"`
	Event   EventID       `json:"event"`
	Status  MessageStatus `json:"status"`
	// Why it was held back (suppressed_recipient link_message_limit recipient_limit message_repeated
	// link_over) or given up (the error of the last attempt).
	Reason  string `json:"reason"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// The provider's own number of it.
	Reference     string           `json:"reference"`
	NextAttemptAt time.Time        `json:"next_attempt_at"`
	Attempts      []MessageAttempt `json:"attempts"`
	CreatedAt     time.Time        `json:"created_at"`
	UpdatedAt     time.Time        `json:"updated_at"`
}

// Share holds texts and addresses for sending a link by hand.
type Share struct {
	// The link with a sentence around it.
	Text     string `json:"text"`
	WhatsApp string `json:"whatsapp"`
	SMS      string `json:"sms"`
	Email    string `json:"email"`
}

// NoticeEvent: An event that people can be told of by message.
type NoticeEvent string

// The values of NoticeEvent.
const (
	NoticeEventPaymentPaid         NoticeEvent = "payment.paid"
	NoticeEventPaymentDeclined     NoticeEvent = "payment.declined"
	NoticeEventPaymentPending      NoticeEvent = "payment.pending"
	NoticeEventPaymentVoided       NoticeEvent = "payment.voided"
	NoticeEventPaymentRefunded     NoticeEvent = "payment.refunded"
	NoticeEventLinkRenewalAsked    NoticeEvent = "link.renewal_asked"
	NoticeEventLinkExpired         NoticeEvent = "link.expired"
	NoticeEventLinkVelocityBlocked NoticeEvent = "link.velocity_blocked"
)

// NoticeRecipient is who is told of which events.
type NoticeRecipient struct {
	Channel Channel       `json:"channel"`
	To      string        `json:"to"`
	Events  []NoticeEvent `json:"events"`
}

// Notifications say who is told of payments, and when card holders are reminded.
type Notifications struct {
	Version    int               `json:"version"`
	Recipients []NoticeRecipient `json:"recipients"`
	Lang       MessageLang       `json:"lang"`
	// How long before its end the card holder of an unpaid link that was sent from here is reminded, once;
	// null = never.
	ReminderHours int `json:"reminder_hours"`
	// Those that this installation sends by.
	Channels []Channel `json:"channels"`
	// Those that can be told.
	Events    []NoticeEvent `json:"events"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// NotificationsChange changes Notifications; with Version, a change that somebody else made meanwhile is refused
// as stale.
type NotificationsChange struct {
	Version       Opt[int]               `json:"version,omitzero"`
	Recipients    Opt[[]NoticeRecipient] `json:"recipients,omitzero"`
	Lang          Opt[MessageLang]       `json:"lang,omitzero"`
	ReminderHours Opt[int]               `json:"reminder_hours,omitzero"`
}

// MessageTemplate is one wording.
type MessageTemplate struct {
	Kind    string      `json:"kind"`
	Channel Channel     `json:"channel"`
	Lang    MessageLang `json:"lang"`
	// null for text messages.
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// The merchant wrote it.
	Own bool `json:"own"`
}

// SavedMessageTemplate is a wording as it is stored.
type SavedMessageTemplate struct {
	Version int         `json:"version"`
	Kind    string      `json:"kind"`
	Channel Channel     `json:"channel"`
	Lang    MessageLang `json:"lang"`
	// null for text messages.
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// The merchant wrote it.
	Own bool `json:"own"`
}

// MessageTemplates are all wordings.
type MessageTemplates struct {
	Version      int               `json:"version"`
	Placeholders []string          `json:"placeholders"`
	Data         []MessageTemplate `json:"data"`
}

// MessageTemplateChange replaces a wording; without Subject and Text the default comes back.
type MessageTemplateChange struct {
	Version Opt[int]    `json:"version,omitzero"`
	Kind    string      `json:"kind"`
	Channel Channel     `json:"channel"`
	Lang    MessageLang `json:"lang"`
	Subject Opt[string] `json:"subject,omitzero"`
	Text    Opt[string] `json:"text,omitzero"`
}

// MessagePreview is a wording with the values of a link that does not exist.
type MessagePreview struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// What it takes as an SMS; null for a mail.
	Size *MessageSize `json:"size"`
}

// MessageAddress is somebody to whom nothing is to be sent.
type MessageAddress struct {
	Channel Channel `json:"channel"`
	To      string  `json:"to"`
}

// Suppression is an address to which nothing is sent.
type Suppression struct {
	Channel   Channel   `json:"channel"`
	To        string    `json:"to"`
	Reason    string    `json:"reason"`
	CreatedAt time.Time `json:"created_at"`
}

// Channel is one of the constants below; others may come.
type Channel string

// The values of Channel.
const (
	ChannelSMS   Channel = "sms"
	ChannelEmail Channel = "email"
)

// Customer: Whom the link is for. Never part of an address.
type Customer struct {
	Name  string `json:"name,omitzero"`
	Email string `json:"email,omitzero"`
	// 05xx…, 5xx…, 90…, +90…, 0090…, as landlines are dialled (0212…, 0850…), or any number with + and its
	// country, spaces, dashes and brackets allowed. It is stored and answered as + and digits. Text messages go to
	// mobile numbers only.
	Phone string `json:"phone,omitzero"`
}

// NewLink are the terms of a link. Required: Currency, and Amount, Items or, with AmountMode open, MinAmount and
// MaxAmount.
type NewLink struct {
	// The price in minor units. Required unless amount_mode is open or there are items, whose sum it is then.
	Amount     int64      `json:"amount,omitzero"`
	Currency   Currency   `json:"currency,omitzero"`
	AmountMode AmountMode `json:"amount_mode,omitzero"`
	// The smallest amount of an open link; required there, refused elsewhere.
	MinAmount int64 `json:"min_amount,omitzero"`
	// The largest amount of an open link; required there, refused elsewhere.
	MaxAmount    int64  `json:"max_amount,omitzero"`
	OrderID      string `json:"order_id,omitzero"`
	Description  string `json:"description,omitzero"`
	Installments []int  `json:"installments,omitzero"`
	// From when on the link can be paid; at most 31 days ago. Now, when left out.
	ActiveFrom time.Time `json:"active_from,omitzero"`
	// The moment from which on it cannot be paid. 24 hours after active_from, when left out.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	Usage     Usage     `json:"usage,omitzero"`
	// How often a multi-use link may be paid; no limit when left out.
	MaxPayments int `json:"max_payments,omitzero"`
	// Whether the payer may type a note.
	PayerNote bool `json:"payer_note,omitzero"`
	Sale      Sale `json:"sale,omitzero"`
	// What the payer is asked besides the card; at most 8.
	Fields []NewLinkField `json:"fields,omitzero"`
	// What is sold, in lines; at most 20. amount is their sum and may be left out.
	Items []NewItem `json:"items,omitzero"`
	// Whether the page of a multi-use link without a limit says how often it was paid.
	ShowCount bool      `json:"show_count,omitzero"`
	Customer  *Customer `json:"customer,omitzero"`
	// Channels by which the link is sent at once, to customer. One that is not set up here is refused with
	// channel_not_configured, and each with currency_not_taken where no virtual POS takes the currency.
	Deliver []Channel `json:"deliver,omitzero"`
	// The language of those messages; Turkish when it is left out.
	DeliverLang MessageLang       `json:"deliver_lang,omitzero"`
	ReturnURL   string            `json:"return_url,omitzero"`
	Metadata    map[string]string `json:"metadata,omitzero"`
	Category    string            `json:"category,omitzero"`
}

// LinkChange changes a link in place.
type LinkChange struct {
	Amount       Opt[int64]             `json:"amount,omitzero"`
	Currency     Opt[Currency]          `json:"currency,omitzero"`
	AmountMode   Opt[AmountMode]        `json:"amount_mode,omitzero"`
	MinAmount    Opt[int64]             `json:"min_amount,omitzero"`
	MaxAmount    Opt[int64]             `json:"max_amount,omitzero"`
	Description  Opt[string]            `json:"description,omitzero"`
	Installments Opt[[]int]             `json:"installments,omitzero"`
	ActiveFrom   Opt[time.Time]         `json:"active_from,omitzero"`
	ExpiresAt    Opt[time.Time]         `json:"expires_at,omitzero"`
	Usage        Opt[Usage]             `json:"usage,omitzero"`
	MaxPayments  Opt[int]               `json:"max_payments,omitzero"`
	PayerNote    Opt[bool]              `json:"payer_note,omitzero"`
	Sale         Opt[Sale]              `json:"sale,omitzero"`
	Fields       Opt[[]NewLinkField]    `json:"fields,omitzero"`
	Items        Opt[[]NewItem]         `json:"items,omitzero"`
	ShowCount    Opt[bool]              `json:"show_count,omitzero"`
	Customer     Opt[Customer]          `json:"customer,omitzero"`
	ReturnURL    Opt[string]            `json:"return_url,omitzero"`
	Metadata     Opt[map[string]string] `json:"metadata,omitzero"`
	Category     Opt[string]            `json:"category,omitzero"`
}

// LinkBatchID names one object, like bat_….
type LinkBatchID string

// LinkBatchKind is one of the constants below; others may come.
type LinkBatchKind string

// The values of LinkBatchKind.
const (
	LinkBatchKindFile  LinkBatchKind = "file"  // The rows of a table.
	LinkBatchKindGroup LinkBatchKind = "group" // The named shares of one sum, all of them or none.
)

// NewLinkBatch is many links at once. Required: Name and Rows.
type NewLinkBatch struct {
	// What the batch is called.
	Name string        `json:"name"`
	Kind LinkBatchKind `json:"kind,omitzero"`
	// Of rows that name none.
	Currency Currency `json:"currency,omitzero"`
	// Of a group, what its shares come to; rows without an amount share equally what the others leave of it.
	Total int64 `json:"total,omitzero"`
	// The terms of a link each; at most 10,000, of a group 200.
	Rows []NewLinkRow `json:"rows"`
}

// NewLinkRow is a row of a batch: the terms of a link, without a currency where the batch has one.
type NewLinkRow struct {
	// Names the row; without one it is the customer's name or the order number.
	Label string `json:"label,omitzero"`
	NewLink
}

// LinkTable says what a table leaves out that links are to be made of.
type LinkTable struct {
	Name        string    `query:"name"`        // With a table, what the batch is called; required there.
	Currency    Currency  `query:"currency"`    // With a table, the currency of rows that name none; TRY when it is left out.
	Description string    `query:"description"` // With a table, the description of rows that have none.
	ExpiresAt   time.Time `query:"expires_at"`  // With a table, the end of rows that name none; 24 hours from now when it is left out.
	Deliver     string    `query:"deliver"`     // With a table, by what links are sent at once: sms, email or sms,email.
}

// LinkBatchRef is a link batch in a list.
type LinkBatchRef struct {
	ID   LinkBatchID   `json:"id"`
	Kind LinkBatchKind `json:"kind"`
	Name string        `json:"name"`
	// Rows that it was made of.
	Rows      int       `json:"rows"`
	CreatedAt time.Time `json:"created_at"`
}

// LinkBatch is links that were made together, and what they came to.
type LinkBatch struct {
	ID   LinkBatchID   `json:"id"`
	Kind LinkBatchKind `json:"kind"`
	Name string        `json:"name"`
	// Rows that it was made of.
	Rows      int       `json:"rows"`
	CreatedAt time.Time `json:"created_at"`
	// Links of it, without those that were deleted unpaid.
	Links int `json:"links"`
	// Rows that no link was made of.
	Refused int `json:"refused"`
	// What it is to collect by currency, and what it has.
	Sums []LinkBatchSum `json:"sums"`
}

// LinkBatchSum is what a batch is to collect in a currency, and what it has.
type LinkBatchSum struct {
	Currency Currency `json:"currency"`
	Links    int      `json:"links"`
	// What its links come to, in minor units.
	Amount int64 `json:"amount"`
	// Links that were paid.
	Paid int `json:"paid"`
	// What they came to, in minor units.
	PaidAmount int64 `json:"paid_amount"`
}

// LinkBatchCheck is what would be made of many rows.
type LinkBatchCheck struct {
	Rows int `json:"rows"`
	// Links that would be made.
	Links int                 `json:"links"`
	Sums  []LinkBatchCheckSum `json:"sums"`
	// Every row that none would be made of.
	Refused []LinkBatchRow `json:"refused"`
}

// LinkBatchCheckSum is what links would come to in a currency.
type LinkBatchCheckSum struct {
	// As the row names it.
	Currency string `json:"currency"`
	Links    int    `json:"links"`
	// In minor units.
	Amount int64 `json:"amount"`
}

// LinkBatchRow is a row of a batch: its link, or what is wrong with it.
type LinkBatchRow struct {
	// Its number: of a table as the file counts, of JSON from 1.
	Row   int    `json:"row"`
	Label string `json:"label"`
	// null when none was made.
	Link *Link `json:"link"`
	// What is wrong with it.
	Errors []FieldProblem `json:"errors"`
}

// Sending says where a link goes.
type Sending struct {
	Channel Channel `json:"channel"`
	// An e-mail address, or a mobile number registered in Türkiye.
	To string `json:"to"`
	// The language of the message; Turkish when it is left out.
	Lang MessageLang `json:"lang,omitzero"`
}

// Link is a payment link.
type Link struct {
	ID    LinkID `json:"id"`
	Token string `json:"token"`
	// The address to give to the payer.
	URL        string     `json:"url"`
	Status     LinkStatus `json:"status"`
	AmountMode AmountMode `json:"amount_mode"`
	// null on an open link.
	Amount      int64    `json:"amount"`
	MinAmount   int64    `json:"min_amount"`
	MaxAmount   int64    `json:"max_amount"`
	Currency    Currency `json:"currency"`
	OrderID     string   `json:"order_id"`
	Description string   `json:"description"`
	// null when the merchant's own setting counts.
	Installments []int     `json:"installments"`
	ActiveFrom   time.Time `json:"active_from"`
	ExpiresAt    time.Time `json:"expires_at"`
	Usage        Usage     `json:"usage"`
	// null when there is no limit.
	MaxPayments int         `json:"max_payments"`
	PayerNote   bool        `json:"payer_note"`
	Sale        Sale        `json:"sale"`
	Customer    *Customer   `json:"customer"`
	Fields      []LinkField `json:"fields"`
	// What is sold, in lines; empty on most links.
	Items     []Item `json:"items"`
	ShowCount bool   `json:"show_count"`
	// The channels that it was sent by when it was made, for as long as messages are kept.
	Deliver   []string          `json:"deliver"`
	ReturnURL string            `json:"return_url"`
	Metadata  map[string]string `json:"metadata"`
	Category  string            `json:"category"`
	// Whether it rests after too many refused cards. Editing it wakes it.
	Resting bool `json:"resting"`
	// What stops payers right now, although the link is open, newest first: limits on refused cards. Each lets
	// go by itself; nothing of it is an attempt. Empty on most links.
	Stops []Stop `json:"stops"`
	// How many payments were paid; those given back later included.
	PaidCount int `json:"paid_count"`
	// What they came to in minor units.
	PaidAmount int64 `json:"paid_amount"`
	// The newest attempts, newest first: at most 100 of one link, at most 10 of each in a list. All of them
	// are at /v1/payments?link=.
	Payments  []PaymentRef `json:"payments"`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// ProductID names one object, like ….
type ProductID string

// NewItem is a line of what a link is to sell.
type NewItem struct {
	// The product that it is a line of. Name, code and price need not be said then; where they are, they have
	// to be the product's.
	Product ProductID `json:"product,omitzero"`
	// The merchant's own, such as a stock code.
	Code string `json:"code,omitzero"`
	// Required where there is no product.
	Name     string `json:"name,omitzero"`
	Quantity int    `json:"quantity,omitzero"`
	// The price of one in minor units of the link's currency. Required where there is no product.
	UnitAmount *int64 `json:"unit_amount,omitzero"`
}

// Item is a line of what a link sells, or of what was bought.
type Item struct {
	// null where the line was typed freely.
	Product  ProductID `json:"product"`
	Code     string    `json:"code"`
	Name     string    `json:"name"`
	Quantity int       `json:"quantity"`
	// The price of one, in minor units.
	UnitAmount int64 `json:"unit_amount"`
}

// ProductStatus is one of the constants below; others may come.
type ProductStatus string

// The values of ProductStatus.
const (
	ProductActive   ProductStatus = "active"
	ProductInactive ProductStatus = "inactive"
)

// NewProduct is something that the merchant sells.
type NewProduct struct {
	// The merchant's own, such as a stock code; unique among the products that are not deleted.
	Code string `json:"code,omitzero"`
	Name string `json:"name"`
	// For the merchant's own people.
	Description string `json:"description,omitzero"`
	// Of one, in minor units.
	Price    int64    `json:"price"`
	Currency Currency `json:"currency"`
	// The merchant's own word for a kind of goods.
	Category string `json:"category,omitzero"`
	// Whether new lines may be made of it.
	Active *bool `json:"active,omitzero"`
}

// ProductChange changes a product in place.
type ProductChange struct {
	Code        Opt[string]   `json:"code,omitzero"`
	Name        Opt[string]   `json:"name,omitzero"`
	Description Opt[string]   `json:"description,omitzero"`
	Price       Opt[int64]    `json:"price,omitzero"`
	Currency    Opt[Currency] `json:"currency,omitzero"`
	Category    Opt[string]   `json:"category,omitzero"`
	Active      Opt[bool]     `json:"active,omitzero"`
}

// Product is something that the merchant sells.
type Product struct {
	ID          ProductID `json:"id"`
	Code        string    `json:"code"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	// Of one, in minor units.
	Price    int64    `json:"price"`
	Currency Currency `json:"currency"`
	Category string   `json:"category"`
	// Whether new lines may be made of it.
	Active    bool      `json:"active"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// NewLinkField is something that a link is to ask of its payer besides the card.
type NewLinkField struct {
	// Names the answer, unique on the link: lower-case letters, digits and _.
	Key   string     `json:"key"`
	Label FieldLabel `json:"label"`
	Type  FieldType  `json:"type"`
	// Whether the payer has to answer.
	Required bool `json:"required,omitzero"`
	// Characters of a text or multiline answer; 0 = 200 and 1000.
	Max int `json:"max,omitzero"`
	// Of a choice.
	Options []string `json:"options,omitzero"`
}

// LinkField is the same as a link has it.
type LinkField struct {
	Key      string     `json:"key"`
	Label    FieldLabel `json:"label"`
	Type     FieldType  `json:"type"`
	Required bool       `json:"required"`
	// null when the type's own bound counts.
	Max     int      `json:"max"`
	Options []string `json:"options"`
}

// FieldLabel is what the payer reads, in the language of the page. One that is left out is the other.
type FieldLabel struct {
	TR string `json:"tr,omitzero"`
	EN string `json:"en,omitzero"`
}

// FieldType is the kind of an answer.
type FieldType string

// The types of fields.
const (
	FieldText      FieldType = "text"
	FieldMultiline FieldType = "multiline"
	FieldNumber    FieldType = "number"
	FieldEmail     FieldType = "email"
	FieldPhone     FieldType = "phone"
	FieldDate      FieldType = "date"
	FieldTCKN      FieldType = "tckn"
	FieldVKN       FieldType = "vkn"
	FieldChoice    FieldType = "choice"
)

// Answer is what a payer answered, with the question as it was put.
type Answer struct {
	Key   string     `json:"key"`
	Label FieldLabel `json:"label"`
	Type  FieldType  `json:"type"`
	// A phone number with + and its country, a date as YYYY-MM-DD, everything else as typed.
	Value string `json:"value"`
}

// Stop is what stops payers of a link right now.
type Stop struct {
	Limit StopLimit `json:"limit"`
	// The first eight digits of the cards, six of a number shorter than sixteen, where the limit goes by the
	// card. Several cards may be counted together; then there are none.
	BIN string `json:"bin"`
	// The last four digits, where it goes by one card.
	Last4 string    `json:"last4"`
	Since time.Time `json:"since"`
	// The last try that was counted. Tries are counted at most once a minute.
	LastAt time.Time `json:"last_at"`
	// When the limit lets go, unless cards are refused again.
	Until time.Time `json:"until"`
	// How many tries it has stopped.
	Tries int64 `json:"tries"`
}

// StopLimit is one of the constants below; others may come.
type StopLimit string

// The values of StopLimit.
const (
	StopLimitLink    StopLimit = "link"    // Refusals on this link. Another card does not help.
	StopLimitAddress StopLimit = "address" // Refusals from one network. Another card does not help.
	StopLimitBIN     StopLimit = "bin"     // Refusals of cards that begin alike on the merchant's links. Another card helps.
	StopLimitCard    StopLimit = "card"    // Refusals of one card. Another card helps.
	StopLimitGuesses StopLimit = "guesses" // Unknown links that were asked for from one address.
)

// PaymentRef is an attempt on a link, in short.
type PaymentRef struct {
	ID     PaymentID     `json:"id"`
	Status PaymentStatus `json:"status"`
	Total  int64         `json:"total"`
}

// Payment is an attempt of a payer on a link. Only PaymentStatusPaid is paid.
type Payment struct {
	ID        PaymentID `json:"id"`
	Reference string    `json:"reference"`
	Link      LinkID    `json:"link"`
	OrderID   string    `json:"order_id"`
	// The price.
	Amount int64 `json:"amount"`
	// What the payer pays, the cost of instalments included.
	Total    int64    `json:"total"`
	Currency Currency `json:"currency"`
	// 1 is the single payment.
	Installments int           `json:"installments"`
	Status       PaymentStatus `json:"status"`
	// null where the bank's own page took the card.
	Card *Card `json:"card"`
	// The merchant's virtual POS that took it.
	Acquirer AccountID `json:"acquirer"`
	// The number of this attempt at the bank; never used twice.
	BankOrderID string `json:"bank_order_id"`
	AuthCode    string `json:"auth_code"`
	// The bank's reference of the booking.
	RRN string `json:"rrn"`
	// What the bank said of 3-D Secure.
	MdStatus string `json:"md_status"`
	ECI      string `json:"eci"`
	// Who carries a dispute; null before the payer came back.
	Liability Liability `json:"liability"`
	Decline   *Decline  `json:"decline"`
	// What the payer typed, as typed.
	PayerNote string `json:"payer_note"`
	Sale      Sale   `json:"sale"`
	// What the payer answered to the fields of the link; none that was left empty.
	Fields []Answer `json:"fields"`
	// What was bought, as the link said it when the attempt was made.
	Items []Item `json:"items"`
	// What was given back so far, in minor units of the total.
	RefundedAmount int64 `json:"refunded_amount"`
	// What the card's bank takes back, or may, in minor units of the total; its chargebacks that were neither won nor withdrawn.
	DisputedAmount int64     `json:"disputed_amount"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	PaidAt         time.Time `json:"paid_at"`
	// What a person should look at; empty for nearly every payment. It stays as long as the payment, whatever
	// becomes of that.
	Attention []Attention `json:"attention"`
	// Its voids and refunds, oldest first. Not within a link.
	Refunds []Refund `json:"refunds"`
	// Every step, in order. Neither within a link nor in a webhook.
	Events []Event `json:"events"`
}

// NewAcquirer is a virtual POS to be made. Required: Kind, Credentials and Currencies.
type NewAcquirer struct {
	// The bank's language.
	Kind string `json:"kind"`
	// For your people; at most 80 characters.
	Name string `json:"name,omitzero"`
	// Of payfor: 3dmodel (default; money moves in our own call), 3dpay, 3dhost (the bank's page takes the
	// card).
	Mode string `json:"mode,omitzero"`
	// Replaces host and leading path of every address of the bank. https, at a host of the bank's or one that
	// the operator named; loopback in the demo only.
	BaseURL    string     `json:"base_url,omitzero"`
	Currencies []Currency `json:"currencies"`
	// Instalment programmes whose credit cards may pay in instalments here; the bank's own by default.
	Programmes []string `json:"programmes,omitzero"`
	// TCMB codes of issuers that count as the bank's own cards; the bank's own by default.
	Issuers     []string         `json:"issuers,omitzero"`
	Instalments []InstalmentRate `json:"instalments,omitzero"`
	Pricing     string           `json:"pricing,omitzero"`
	// The smallest monthly amount in minor units; 0 is none.
	MinMonthly int64 `json:"min_monthly,omitzero"`
	// Whether mdStatus 2, 3 and 4 may be authorised. The payment then says liability attempted.
	HalfSecure bool  `json:"half_secure,omitzero"`
	Priority   int   `json:"priority,omitzero"`
	Enabled    *bool `json:"enabled,omitzero"`
	// What the bank keeps of single payments, in percent with a point; "" where it is not known.
	// Reports of settlement estimate with it, and for instalments with Instalments.
	Commission string `json:"commission,omitzero"`
	// How the bank pays instalment sales out: at_once or monthly; "" where it is not known.
	Payout string `json:"payout,omitzero"`
	// Calendar days from the sale to the payout, 0 on the same day; where banks are closed then, the next day
	// that they are open.
	PayoutDays *int `json:"payout_days,omitzero"`
	// The account that the bank pays to. Reports name it; no money moves by it.
	IBAN string `json:"iban,omitzero"`
	// What the bank gave, by the names of its protocol. Of payfor: merchant_id, user_code, user_pass,
	// merchant_pass, mbr_id; where the bank gave another user for voids and refunds, or for inquiries and the
	// list of a day, refund_user_code and refund_user_pass, report_user_code and report_user_pass.
	Credentials map[string]string `json:"credentials"`
	// false leaves out the bank's word; in the demo only.
	Verify *bool `json:"verify,omitzero"`
}

// AcquirerChange changes a virtual POS; credentials change one by one.
type AcquirerChange struct {
	// For your people; at most 80 characters.
	Name Opt[string] `json:"name,omitzero"`
	// Of payfor: 3dmodel (default; money moves in our own call), 3dpay, 3dhost (the bank's page takes the
	// card).
	Mode Opt[string] `json:"mode,omitzero"`
	// Replaces host and leading path of every address of the bank. https; loopback in the demo only.
	BaseURL    Opt[string]     `json:"base_url,omitzero"`
	Currencies Opt[[]Currency] `json:"currencies,omitzero"`
	// Instalment programmes whose credit cards may pay in instalments here; the bank's own by default.
	Programmes Opt[[]string] `json:"programmes,omitzero"`
	// TCMB codes of issuers that count as the bank's own cards; the bank's own by default.
	Issuers     Opt[[]string]         `json:"issuers,omitzero"`
	Instalments Opt[[]InstalmentRate] `json:"instalments,omitzero"`
	Pricing     Opt[string]           `json:"pricing,omitzero"`
	// The smallest monthly amount in minor units; 0 is none.
	MinMonthly Opt[int64] `json:"min_monthly,omitzero"`
	// Whether mdStatus 2, 3 and 4 may be authorised. The payment then says liability attempted.
	HalfSecure Opt[bool] `json:"half_secure,omitzero"`
	Priority   Opt[int]  `json:"priority,omitzero"`
	Enabled    Opt[bool] `json:"enabled,omitzero"`
	// What the bank keeps of single payments, in percent with a point; null where it is not known.
	// Reports of settlement estimate with it, and for instalments with Instalments.
	Commission Opt[string] `json:"commission,omitzero"`
	// How the bank pays instalment sales out: at_once or monthly; null where it is not known.
	Payout Opt[string] `json:"payout,omitzero"`
	// Calendar days from the sale to the payout, 0 on the same day; where banks are closed then, the next day
	// that they are open.
	PayoutDays Opt[int] `json:"payout_days,omitzero"`
	// The account that the bank pays to. Reports name it; no money moves by it.
	IBAN Opt[string] `json:"iban,omitzero"`
	// What the bank gave, by the names of its protocol. Of payfor: merchant_id, user_code, user_pass,
	// merchant_pass, mbr_id; where the bank gave another user for voids and refunds, or for inquiries and the
	// list of a day, refund_user_code and refund_user_pass, report_user_code and report_user_pass.
	Credentials Opt[map[string]string] `json:"credentials,omitzero"`
	// false leaves out the bank's word; in the demo only.
	Verify Opt[bool] `json:"verify,omitzero"`
}

// Acquirer is a virtual POS of the merchant. Credentials that are secret are "".
type Acquirer struct {
	ID   AccountID `json:"id"`
	Kind string    `json:"kind"`
	// For your people; at most 80 characters.
	Name string `json:"name"`
	// Of payfor: 3dmodel (default; money moves in our own call), 3dpay, 3dhost (the bank's page takes the
	// card).
	Mode string `json:"mode"`
	// Replaces host and leading path of every address of the bank. https; loopback in the demo only.
	BaseURL    string     `json:"base_url"`
	Currencies []Currency `json:"currencies"`
	// Instalment programmes whose credit cards may pay in instalments here; the bank's own by default.
	Programmes []string `json:"programmes"`
	// TCMB codes of issuers that count as the bank's own cards; the bank's own by default.
	Issuers     []string         `json:"issuers"`
	Instalments []InstalmentRate `json:"instalments"`
	Pricing     string           `json:"pricing"`
	// The smallest monthly amount in minor units; 0 is none.
	MinMonthly int64 `json:"min_monthly"`
	// Whether mdStatus 2, 3 and 4 may be authorised. The payment then says liability attempted.
	HalfSecure bool `json:"half_secure"`
	Priority   int  `json:"priority"`
	Enabled    bool `json:"enabled"`
	// What the bank keeps of single payments, in percent with a point; "" where it is not known.
	// Reports of settlement estimate with it, and for instalments with Instalments.
	Commission string `json:"commission"`
	// How the bank pays instalment sales out: at_once or monthly; "" where it is not known.
	Payout string `json:"payout"`
	// Calendar days from the sale to the payout, 0 on the same day; where banks are closed then, the next day
	// that they are open.
	PayoutDays *int `json:"payout_days"`
	// The account that the bank pays to. Reports name it; no money moves by it.
	IBAN string `json:"iban"`
	// Secrets are null; they are never shown again.
	Credentials map[string]string `json:"credentials"`
	CreatedAt   time.Time         `json:"created_at"`
	UpdatedAt   time.Time         `json:"updated_at"`
}

// SessionID names one object, like ….
type SessionID string

// NewSession is a shop's order. Required: Amount, Currency, SuccessURL and CancelURL.
type NewSession struct {
	// Required unless there are items.
	Amount       int64    `json:"amount,omitzero"`
	Currency     Currency `json:"currency"`
	OrderID      string   `json:"order_id,omitzero"`
	Description  string   `json:"description,omitzero"`
	Sale         Sale     `json:"sale,omitzero"`
	Installments []int    `json:"installments,omitzero"`
	// 24 hours from now when it is not given.
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	// https, of an origin that the merchant may return to.
	SuccessURL string `json:"success_url"`
	// As success_url.
	CancelURL string            `json:"cancel_url"`
	PayerNote bool              `json:"payer_note,omitzero"`
	Customer  *Customer         `json:"customer,omitzero"`
	Metadata  map[string]string `json:"metadata,omitzero"`
	Category  string            `json:"category,omitzero"`
	Items     []NewItem         `json:"items,omitzero"`
}

// Session is a shop's order at the payment page.
type Session struct {
	ID     SessionID  `json:"id"`
	URL    string     `json:"url"`
	Status LinkStatus `json:"status"`
	// The single-use link that the order is; edit or delete it there.
	Link        LinkID   `json:"link"`
	Amount      int64    `json:"amount"`
	Currency    Currency `json:"currency"`
	OrderID     string   `json:"order_id"`
	Description string   `json:"description"`
	Items       []Item   `json:"items"`
	SuccessURL  string   `json:"success_url"`
	CancelURL   string   `json:"cancel_url"`
	// Its attempts, newest first.
	Payments []PaymentRef `json:"payments"`
	// Keys the signature of the result. Told when the session is made.
	Secret    string    `json:"secret"`
	ExpiresAt time.Time `json:"expires_at"`
	CreatedAt time.Time `json:"created_at"`
}

// RefundID names one object, like ….
type RefundID string

// RefundKind is one of the constants below; others may come.
type RefundKind string

// The values of RefundKind.
const (
	RefundKindVoid   RefundKind = "void"   // The whole sale is taken back before the bank's day end.
	RefundKindRefund RefundKind = "refund" // All or a part of it is given back afterwards.
)

// RefundStatus is one of the constants below; others may come.
type RefundStatus string

// The values of RefundStatus.
const (
	RefundStatusPending  RefundStatus = "pending"  // Written down and asked for; the bank has not said how it ended.
	RefundStatusVoided   RefundStatus = "voided"   // The sale was taken back.
	RefundStatusRefunded RefundStatus = "refunded" // The amount was given back.
	RefundStatusRefused  RefundStatus = "refused"  // Nothing went back.
)

// NewVoid takes a whole sale back.
type NewVoid struct {
	// Your own words, for your reports; the payer does not see them.
	Reason string `json:"reason,omitzero"`
}

// NewRefund gives money back; all that is left and not disputed without Amount.
type NewRefund struct {
	// In minor units of the payment's currency; all that is left and not disputed when it is not given.
	Amount int64 `json:"amount,omitzero"`
	// Your own words, for your reports; the payer does not see them.
	Reason string `json:"reason,omitzero"`
}

// Refund is a void or a refund.
type Refund struct {
	ID      RefundID   `json:"id"`
	Payment PaymentID  `json:"payment"`
	Kind    RefundKind `json:"kind"`
	// What was to go back.
	Amount   int64        `json:"amount"`
	Currency Currency     `json:"currency"`
	Status   RefundStatus `json:"status"`
	Reason   string       `json:"reason"`
	AuthCode string       `json:"auth_code"`
	// The bank's reference of the booking.
	RRN string `json:"rrn"`
	// Why nothing went back.
	Decline   *RefundDecline `json:"decline"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
}

// RefundDecline says why nothing went back.
type RefundDecline struct {
	// refund_too_early, void_too_late, not_done (the answer was lost, and the bank's record says that nothing
	// went back), or a code of a payment's decline.
	Code string `json:"code"`
	// The bank's own code, exactly.
	BankCode string `json:"bank_code"`
	// The bank's own words.
	Message string `json:"message"`
}

// ChargebackID names one object, like ….
type ChargebackID string

// ChargebackStatus is one of the constants below; others may come.
type ChargebackStatus string

// The values of ChargebackStatus.
const (
	ChargebackStatusOpen      ChargebackStatus = "open"      // The bank waits for an answer.
	ChargebackStatusContested ChargebackStatus = "contested" // Documents were sent to it.
	ChargebackStatusWon       ChargebackStatus = "won"       // The money stays.
	ChargebackStatusLost      ChargebackStatus = "lost"      // The card's bank took the money back.
	ChargebackStatusWithdrawn ChargebackStatus = "withdrawn" // It was recorded by mistake, or the card holder took it back.
)

// NewChargeback is what the bank writes of a dispute. Days are like 2026-12-01.
type NewChargeback struct {
	// In minor units of the payment's currency; all that is not in dispute yet when it is not given.
	Amount int64 `json:"amount,omitzero"`
	// The card network's own code, such as 10.4 of Visa or 4837 of Mastercard.
	ReasonCode string `json:"reason_code,omitzero"`
	// Your own words.
	Reason string `json:"reason,omitzero"`
	// The bank's number of the file.
	Case string `json:"case,omitzero"`
	// The day of the bank's letter, in Europe/Istanbul; today when it is not given.
	ReceivedAt string `json:"received_at,omitzero"`
	// The last day for an answer.
	RespondBy string `json:"respond_by,omitzero"`
}

// ChargebackChange records how a dispute goes on.
type ChargebackChange struct {
	Status    ChargebackStatus `json:"status,omitzero"`
	Reason    Opt[string]      `json:"reason,omitzero"`
	Case      Opt[string]      `json:"case,omitzero"`
	RespondBy Opt[string]      `json:"respond_by,omitzero"`
}

// Chargeback is a dispute of a payment. Days are like 2026-12-01.
type Chargeback struct {
	ID      ChargebackID `json:"id"`
	Payment PaymentID    `json:"payment"`
	// What is in dispute.
	Amount   int64            `json:"amount"`
	Currency Currency         `json:"currency"`
	Status   ChargebackStatus `json:"status"`
	// The card network's own code.
	ReasonCode string `json:"reason_code"`
	// Your own words.
	Reason string `json:"reason"`
	// The bank's number of the file.
	Case string `json:"case"`
	// The day of the bank's letter, in Europe/Istanbul; of a second round the day on which it was opened again.
	ReceivedAt string `json:"received_at"`
	// The last day for an answer.
	RespondBy string `json:"respond_by"`
	// What of the payment had gone back already when the dispute was recorded, or opened again: the strongest
	// answer there is. What is on its way then is not in it; the payment's refunds tell how that ended.
	RefundedBefore int64     `json:"refunded_before"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	ClosedAt       time.Time `json:"closed_at"`
}

// OfflineKeyID names one object, like ….
type OfflineKeyID string

// NewOfflineKey names a key that signs links by itself.
type NewOfflineKey struct {
	Name string `json:"name"`
}

// OfflineKey signs links by itself.
type OfflineKey struct {
	ID OfflineKeyID `json:"id"`
	// Stands in every address that it signed.
	Number int    `json:"number"`
	Name   string `json:"name"`
	Status string `json:"status"`
	// The key as programs need it, in the answer to its making only.
	Secret    string    `json:"secret"`
	CreatedAt time.Time `json:"created_at"`
	RevokedAt time.Time `json:"revoked_at"`
}

// RevokeOfflineLink names the reference whose link is withdrawn.
type RevokeOfflineLink struct {
	OrderID string `json:"order_id"`
}

// RevokedOfflineLink says what became of the reference.
type RevokedOfflineLink struct {
	OrderID string `json:"order_id"`
	// The link that was withdrawn; null when there was none yet.
	Link string `json:"link"`
}

// ReconciliationID names one object, like ….
type ReconciliationID string

// ReconciliationClass is one of the constants below; others may come.
type ReconciliationClass string

// The values of ReconciliationClass.
const (
	ReconciliationClassMatched           ReconciliationClass = "matched"             // Both sides have it alike.
	ReconciliationClassAmountDiffers     ReconciliationClass = "amount_differs"      // Both have it with other amounts.
	ReconciliationClassStateDiffers      ReconciliationClass = "state_differs"       // One side says paid, and the other does not, or it went back on one side only.
	ReconciliationClassOnlyOurs          ReconciliationClass = "only_ours"           // The bank's list does not have it.
	ReconciliationClassOnlyBank          ReconciliationClass = "only_bank"           // The ledger does not have it.
	ReconciliationClassRefundWithoutSale ReconciliationClass = "refund_without_sale" // A void or refund of a sale that the ledger does not have.
	ReconciliationClassDuplicate         ReconciliationClass = "duplicate"           // The bank's list has it twice.
)

// LineKind is one of the constants below; others may come.
type LineKind string

// The values of LineKind.
const (
	LineKindSale   LineKind = "sale"
	LineKindVoid   LineKind = "void"
	LineKindRefund LineKind = "refund"
)

// NewReconciliation: Asks the bank for its list of a day.
type NewReconciliation struct {
	Acquirer string `json:"acquirer"`
	// In Europe/Istanbul, like 2026-11-22.
	Day string `json:"day"`
}

// ReconciliationCount counts the rows of a class.
type ReconciliationCount struct {
	Rows int `json:"rows"`
	// Those that call for somebody.
	Open int `json:"open"`
}

// Reconciliation is a bank's list of a day, held against the ledger.
type Reconciliation struct {
	ID       ReconciliationID `json:"id"`
	Acquirer string           `json:"acquirer"`
	Day      string           `json:"day"`
	Source   string           `json:"source"`
	Status   string           `json:"status"`
	// Rows of the list that could be read.
	Lines int `json:"lines"`
	// Those of them that are of other days.
	OtherDays int `json:"other_days"`
	// Rows that could not be read.
	FailedLines int `json:"failed_lines"`
	// The first hundred of them.
	Faults []ReconciliationFault `json:"faults"`
	Rows   int                   `json:"rows"`
	// Rows that call for somebody.
	Open int `json:"open"`
	// By class.
	Counts    map[string]ReconciliationCount `json:"counts"`
	CreatedBy string                         `json:"created_by"`
	CreatedAt time.Time                      `json:"created_at"`
	ClosedBy  string                         `json:"closed_by"`
	ClosedAt  time.Time                      `json:"closed_at"`
	CloseNote string                         `json:"close_note"`
}

// ReconciliationOurs is the ledger's side of a row.
type ReconciliationOurs struct {
	Payment PaymentID `json:"payment"`
	// The void or refund that the row is about; null for the sale.
	Refund string   `json:"refund"`
	Kind   LineKind `json:"kind"`
	// When the reconciliation was made.
	Status      string    `json:"status"`
	OrderID     string    `json:"order_id"`
	BankOrderID string    `json:"bank_order_id"`
	RRN         string    `json:"rrn"`
	AuthCode    string    `json:"auth_code"`
	Amount      int64     `json:"amount"`
	Currency    Currency  `json:"currency"`
	At          time.Time `json:"at"`
}

// ReconciliationBank is the bank's side of a row.
type ReconciliationBank struct {
	// In the list.
	Row      int      `json:"row"`
	Kind     LineKind `json:"kind"`
	State    string   `json:"state"`
	RRN      string   `json:"rrn"`
	OrderID  string   `json:"order_id"`
	AuthCode string   `json:"auth_code"`
	Amount   int64    `json:"amount"`
	Currency Currency `json:"currency"`
	// As the bank signs it.
	Commission *int64    `json:"commission"`
	Net        *int64    `json:"net"`
	At         time.Time `json:"at"`
	// Whether the list has a time beside the day.
	Timed     bool   `json:"timed"`
	ValueDate string `json:"value_date"`
	// Masked.
	Card string `json:"card"`
}

// ReconciliationRow is a pair, or one side that has no other.
type ReconciliationRow struct {
	Number      int                 `json:"number"`
	Class       ReconciliationClass `json:"class"`
	Ours        *ReconciliationOurs `json:"ours"`
	Bank        *ReconciliationBank `json:"bank"`
	Open        bool                `json:"open"`
	Resolution  string              `json:"resolution"`
	ManualEntry string              `json:"manual_entry"`
	Note        string              `json:"note"`
	ResolvedBy  string              `json:"resolved_by"`
	ResolvedAt  time.Time           `json:"resolved_at"`
}

// ReconciliationAction does something about a row.
type ReconciliationAction struct {
	Action string `json:"action"`
	// Needed to accept.
	Note string `json:"note,omitzero"`
}

// CloseReconciliation closes a day.
type CloseReconciliation struct {
	Note string `json:"note,omitzero"`
}

// BankColumns are the headings of a bank's list by field.
type BankColumns struct {
	// The bank's heading by field: date and amount, one of rrn order_id auth_code, and currency time kind
	// status commission net value_date card. Case and Turkish letters make no difference.
	Columns map[string]string `json:"columns"`
}

// ReportColumn is a column of a report.
type ReportColumn struct {
	Name string `json:"name"`
	// money is minor units of the row's currency, rate a percentage as a decimal text, code one of a fixed set
	// of words, time UTC, local_time the same moment and date a day in Europe/Istanbul.
	Type string `json:"type"`
	// For people.
	Title string `json:"title"`
	// Stands in totals.
	Total bool `json:"total"`
}

// ReportList is every report that there is.
type ReportList struct {
	Data []ReportInfo `json:"data"`
}

// Report is a report as JSON; ReadReport streams it.
type Report struct {
	Report  string         `json:"report"`
	From    time.Time      `json:"from"`
	To      time.Time      `json:"to"`
	Columns []ReportColumn `json:"columns"`
	// A row each, with a value for every column; null where there is none.
	Data []map[string]any `json:"data"`
	// Of each currency; null where a row's value is not known.
	Totals []ReportTotals `json:"totals"`
}

// EInvoiceID names one object, like ….
type EInvoiceID string

// EInvoiceStatus is one of the constants below; others may come.
type EInvoiceStatus string

// The values of EInvoiceStatus.
const (
	EInvoiceStatusWaiting   EInvoiceStatus = "waiting"   // The link can be paid
	EInvoiceStatusPaid      EInvoiceStatus = "paid"      // The link was paid.
	EInvoiceStatusReturned  EInvoiceStatus = "returned"  // It was paid, and all of it went back.
	EInvoiceStatusExpired   EInvoiceStatus = "expired"   // Nobody paid in time. Editing the link lengthens it.
	EInvoiceStatusWithdrawn EInvoiceStatus = "withdrawn" // The link was deleted.
)

// EInvoice is an invoice with its link.
type EInvoice struct {
	ID EInvoiceID `json:"id"`
	// The invoice's ETTN, in small letters.
	UUID          string         `json:"uuid"`
	InvoiceNumber string         `json:"invoice_number"`
	Status        EInvoiceStatus `json:"status"`
	// PayableAmount, in minor units.
	Amount    int64    `json:"amount"`
	Currency  Currency `json:"currency"`
	IssueDate string   `json:"issue_date"`
	// The last day of PaymentMeans and PaymentTerms; null when the invoice names none.
	DueDate string `json:"due_date"`
	// ProfileID, like TICARIFATURA.
	Profile string `json:"profile"`
	// InvoiceTypeCode, like SATIS.
	Type     string `json:"type"`
	Supplier Party  `json:"supplier"`
	Customer Party  `json:"customer"`
	// The text of the note that carries the link.
	Note      string    `json:"note"`
	Link      Link      `json:"link"`
	CreatedAt time.Time `json:"created_at"`
}

// Party is a side of an invoice.
type Party struct {
	// VKN or TCKN.
	TaxNumber string `json:"tax_number"`
	Name      string `json:"name"`
}

// RegistrationID names one object, like ….
type RegistrationID string

// RegistrationStatus is one of the constants below; others may come.
type RegistrationStatus string

// The values of RegistrationStatus.
const (
	RegistrationStatusActive RegistrationStatus = "active" // Invoices get links.
	RegistrationStatusEnded  RegistrationStatus = "ended"  // No more.
)

// NewRegistration registers an intermediary. Required: Intermediary and CustomerID.
type NewRegistration struct {
	// Who collects. odelink is this gateway itself.
	Intermediary string `json:"intermediary"`
	// The merchant's id at the intermediary. One of odelink is OD, eight digits, and two check digits by ISO
	// 7064 MOD 97-10.
	CustomerID string `json:"customer_id"`
	// VKN or TCKN of the supplier; invoices of others are refused then.
	TaxNumber string `json:"tax_number,omitzero"`
}

// Registration is by which intermediary invoices are collected.
type Registration struct {
	ID           RegistrationID     `json:"id"`
	Intermediary string             `json:"intermediary"`
	CustomerID   string             `json:"customer_id"`
	TaxNumber    string             `json:"tax_number"`
	Status       RegistrationStatus `json:"status"`
	CreatedAt    time.Time          `json:"created_at"`
	EndedAt      time.Time          `json:"ended_at"`
}

// WebhookEndpointID names one object, like ….
type WebhookEndpointID string

// DeliveryID names one object, like ….
type DeliveryID string

// EventType is one of the constants below; others may come.
type EventType string

// The values of EventType.
const (
	EventTypeLinkCreated         EventType = "link.created"          // A link was made.
	EventTypeLinkEdited          EventType = "link.edited"           // Its terms changed.
	EventTypeLinkDeleted         EventType = "link.deleted"          // It was withdrawn.
	EventTypeLinkPaid            EventType = "link.paid"             // The last payment that it allows was made.
	EventTypeLinkExpired         EventType = "link.expired"          // Its end came before that.
	EventTypeLinkVelocityBlocked EventType = "link.velocity_blocked" // It rests after too many refused cards.
	EventTypeLinkPayerStopped    EventType = "link.payer_stopped"    // A limit stops payers, while the link is open; stops says which.
	EventTypeLinkRenewalAsked    EventType = "link.renewal_asked"    // Somebody at the expired link asks for a new one.
	EventTypePaymentPaid         EventType = "payment.paid"          // The bank said yes.
	EventTypePaymentDeclined     EventType = "payment.declined"      // The bank said no.
	EventTypePaymentPending      EventType = "payment.pending"       // The bank's answer was lost; it is being asked.
	EventTypePaymentVoided       EventType = "payment.voided"        // The sale was taken back before the bank's day end.
	EventTypePaymentRefunded     EventType = "payment.refunded"      // All or a part of it was given back.
	EventTypeChargebackOpened    EventType = "chargeback.opened"     // A dispute was recorded, or one that was won came back.
	EventTypeChargebackUpdated   EventType = "chargeback.updated"    // It goes on: documents were sent, or what is known of it changed.
	EventTypeChargebackClosed    EventType = "chargeback.closed"     // It was won, lost or withdrawn.
	EventTypeDeliveryFailed      EventType = "delivery.failed"       // An event was given up for one endpoint, or a message.
)

// NewWebhookEndpoint is an endpoint to be made. Required: URL.
type NewWebhookEndpoint struct {
	URL         string      `json:"url"`
	Events      []EventType `json:"events,omitzero"`
	Description string      `json:"description,omitzero"`
	Enabled     *bool       `json:"enabled,omitzero"`
}

// WebhookEndpointChange changes an endpoint.
type WebhookEndpointChange struct {
	URL         Opt[string]      `json:"url,omitzero"`
	Events      Opt[[]EventType] `json:"events,omitzero"`
	Description Opt[string]      `json:"description,omitzero"`
	Enabled     Opt[bool]        `json:"enabled,omitzero"`
}

// WebhookEndpoint is where events are sent.
type WebhookEndpoint struct {
	ID          WebhookEndpointID `json:"id"`
	URL         string            `json:"url"`
	Events      []EventType       `json:"events"`
	Description string            `json:"description"`
	Enabled     bool              `json:"enabled"`
	// Why it is disabled, where no person did it. gone is that it answered 410.
	DisabledReason string `json:"disabled_reason"`
	// Until when the former secret signs, too.
	OldSecretUntil time.Time `json:"old_secret_until"`
	// Signs what is sent. Told when it is made, and in no other answer.
	Secret    string        `json:"secret"`
	Check     *WebhookCheck `json:"check"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
}

// WebhookCheck is how an endpoint answered a ping.
type WebhookCheck struct {
	OK         bool      `json:"ok"`
	StatusCode *int      `json:"status_code"`
	Error      SendError `json:"error"`
	DurationMS int       `json:"duration_ms"`
}

// SendError is one of the constants below; others may come.
type SendError string

// The values of SendError.
const (
	SendErrorStatus               SendError = "status"                 // The answer was not 2xx.
	SendErrorRedirect             SendError = "redirect"               // The answer leads elsewhere; nobody follows.
	SendErrorGone                 SendError = "gone"                   // 410; the endpoint is disabled.
	SendErrorTimeout              SendError = "timeout"                // No answer within 15 seconds.
	SendErrorNameNotFound         SendError = "name_not_found"         // The host has no address.
	SendErrorWebhookTargetRefused SendError = "webhook_target_refused" // The host's address is none of the public Internet.
	SendErrorTls                  SendError = "tls"                    // No TLS connection with a valid certificate.
	SendErrorConnection           SendError = "connection"             // No connection, or it broke.
)

// DeliveryStatus is one of the constants below; others may come.
type DeliveryStatus string

// The values of DeliveryStatus.
const (
	DeliveryStatusWaiting   DeliveryStatus = "waiting"   // For its first attempt, or the next.
	DeliveryStatusDelivered DeliveryStatus = "delivered" // The endpoint answered 2xx.
	DeliveryStatusFailed    DeliveryStatus = "failed"    // Given up after three days.
)

// Delivery is an event on its way to an endpoint.
type Delivery struct {
	ID       DeliveryID        `json:"id"`
	Endpoint WebhookEndpointID `json:"endpoint"`
	Event    EventID           `json:"event"`
	Type     EventType         `json:"type"`
	Sequence int               `json:"sequence"`
	Status   DeliveryStatus    `json:"status"`
	// It was asked for, and waits for no earlier event about its object.
	Redelivery    bool              `json:"redelivery"`
	NextAttemptAt time.Time         `json:"next_attempt_at"`
	Attempts      []DeliveryAttempt `json:"attempts"`
	CreatedAt     time.Time         `json:"created_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
}

// Notice: An event, with the same bytes as it is sent.
type Notice struct {
	ID        EventID   `json:"id"`
	Type      EventType `json:"type"`
	CreatedAt time.Time `json:"created_at"`
	// Grows with each step of the object; steps that are told to nobody leave gaps.
	Sequence int `json:"sequence"`
	// The link, payment, chargeback, delivery or message as it stood when the event was taken up, within seconds
	// after it happened; null when a delivery was forgotten since. Without any endpoint it is as it stands now.
	Data json.RawMessage `json:"data"`
}

// RedeliveryOfOne names the endpoint to which an event goes again; without it, all that want it.
type RedeliveryOfOne struct {
	Endpoint WebhookEndpointID `json:"endpoint,omitzero"`
}

// Redelivery: At least from or after is given.
type Redelivery struct {
	From     time.Time         `json:"from,omitzero"`
	To       time.Time         `json:"to,omitzero"`
	After    EventID           `json:"after,omitzero"`
	Type     EventType         `json:"type,omitzero"`
	Endpoint WebhookEndpointID `json:"endpoint,omitzero"`
}

// Ways says how much is on its way again.
type Ways struct {
	Events     int    `json:"events"`
	Deliveries int    `json:"deliveries"`
	NextCursor string `json:"next_cursor"`
}

// Attention is what a person should look at.
type Attention struct {
	Code string `json:"code"`
	// What the payer was to pay, in minor units of the payment's currency.
	Expected int64 `json:"expected"`
	// What the bank said last, in minor units of actual_currency; null where that is none we know.
	Actual         *int64   `json:"actual"`
	ActualCurrency Currency `json:"actual_currency"`
	// When the bank said so.
	At time.Time `json:"at"`
}

// Liability is one of the constants below; others may come.
type Liability string

// The values of Liability.
const (
	LiabilityFull      Liability = "full"      // The payer was authenticated.
	LiabilityAttempted Liability = "attempted" // Half-secure: authentication was tried and could not be finished, and the account allows that.
)

// Card: What may be known of the card. Number and code are kept nowhere.
type Card struct {
	Brand  Brand  `json:"brand"`
	Issuer string `json:"issuer"`
	// The instalment programme, like CardFinans or World.
	Program string   `json:"program"`
	Kind    CardKind `json:"kind"`
	// The first eight digits, six of a number shorter than sixteen.
	BIN   string `json:"bin"`
	Last4 string `json:"last4"`
}

// Brand: null when the prefix belongs to no scheme that is known.
type Brand string

// The values of Brand.
const (
	BrandVisa       Brand = "visa"
	BrandMastercard Brand = "mastercard"
	BrandTroy       Brand = "troy"
	BrandAmex       Brand = "amex"
	BrandMaestro    Brand = "maestro"
	BrandDiscover   Brand = "discover"
	BrandDiners     Brand = "diners"
	BrandUnionpay   Brand = "unionpay"
)

// CardKind: null when unknown; such a card pays at once.
type CardKind string

// The values of CardKind.
const (
	CardKindCredit  CardKind = "credit"
	CardKindDebit   CardKind = "debit"
	CardKindPrepaid CardKind = "prepaid"
)

// Decline says why a payment was declined.
type Decline struct {
	Code DeclineCode `json:"code"`
	// The bank's own code, exactly.
	BankCode string `json:"bank_code"`
	// The bank's own words. For the merchant, not for the payer.
	Message string `json:"message"`
}

// DeclineCode is one of the constants below; others may come.
type DeclineCode string

// The values of DeclineCode.
const (
	DeclineCodeInsufficientFunds     DeclineCode = "insufficient_funds"      // Not enough money or limit.
	DeclineCodeClosedToOnline        DeclineCode = "closed_to_online"        // The card is closed to internet shopping.
	DeclineCodeDoNotHonour           DeclineCode = "do_not_honour"           // The issuer refused without a reason.
	DeclineCodeCardNotUsable         DeclineCode = "card_not_usable"         // Lost, stolen or restricted; the exact code is in bank_code.
	DeclineCodeExpiredCard           DeclineCode = "expired_card"            // The card has expired.
	DeclineCodeInvalidCard           DeclineCode = "invalid_card"            // There is no such card.
	DeclineCodeWrongCvv              DeclineCode = "wrong_cvv"               // The security code was wrong.
	DeclineCodeLimitExceeded         DeclineCode = "limit_exceeded"          // The amount is over a limit of the card.
	DeclineCodeCountExceeded         DeclineCode = "count_exceeded"          // The card was used too often today.
	DeclineCodePinTries              DeclineCode = "pin_tries"               // Too many wrong passwords.
	DeclineCodeIssuerUnavailable     DeclineCode = "issuer_unavailable"      // The card's bank did not answer.
	DeclineCodeAuthenticationFailed  DeclineCode = "authentication_failed"   // 3-D Secure was not passed.
	DeclineCodeHalfSecureRefused     DeclineCode = "half_secure_refused"     // 3-D Secure could not be finished and the account does not allow that.
	DeclineCodeInstallmentNotAllowed DeclineCode = "installment_not_allowed" // The issuer refused the number of instalments.
	DeclineCodeMerchantSetup         DeclineCode = "merchant_setup"          // The merchant's account at the bank is not set up for this; ask the bank.
	DeclineCodeAmountNotAccepted     DeclineCode = "amount_not_accepted"     // The bank does not take this amount.
	DeclineCodeSecurity              DeclineCode = "security"                // Refused by a security rule.
	DeclineCodeReferToIssuer         DeclineCode = "refer_to_issuer"         // The card holder has to call the bank.
	DeclineCodeTryAgain              DeclineCode = "try_again"               // A passing fault; trying again may help.
	DeclineCodeGeneric               DeclineCode = "generic"                 // Any other refusal.
	DeclineCodeNotCharged            DeclineCode = "not_charged"             // The bank never knew the order, and a void made sure of it.
	DeclineCodeBankUnreachable       DeclineCode = "bank_unreachable"        // The bank could not be reached before the payer left for it.
	DeclineCodeLinkUsed              DeclineCode = "link_used"               // Another payment of the link was first.
	DeclineCodeSuperseded            DeclineCode = "superseded"              // The payer started again.
)

// Event is a step of a payment.
type Event struct {
	ID   EventID `json:"id"`
	Type string  `json:"type"`
	// 1, 2, 3 … without gaps.
	Sequence int `json:"sequence"`
	// Who did it: payer, bank, settle, operator, or api: and the key's id.
	Actor string            `json:"actor"`
	At    time.Time         `json:"at"`
	Data  map[string]string `json:"data"`
}

// OfferTable is what a card may choose.
type OfferTable struct {
	BIN      string   `json:"bin"`
	Brand    Brand    `json:"brand"`
	Kind     CardKind `json:"kind"`
	Issuer   string   `json:"issuer"`
	Program  string   `json:"program"`
	Currency Currency `json:"currency"`
	// Empty when no acquirer account takes the currency.
	Offers []Offer `json:"offers"`
	// Every count from 2 to 12 that is not offered, and why.
	Excluded []Exclusion `json:"excluded"`
}

// Offer is one choice.
type Offer struct {
	Count int   `json:"count"`
	Total int64 `json:"total"`
	// The total divided by the count, rounded; information for people.
	Monthly int64 `json:"monthly"`
	// The last instalment, where it differs from the others.
	Last int64 `json:"last"`
	// What the payer bears, in percent. Absent for the single payment.
	Rate string `json:"rate"`
}

// Exclusion says why a count is not offered.
type Exclusion struct {
	Count  int             `json:"count"`
	Reason ExclusionReason `json:"reason"`
}

// ExclusionReason is one of the constants below; others may come.
type ExclusionReason string

// The values of ExclusionReason.
const (
	ExclusionReasonUnknownCard      ExclusionReason = "unknown_card"       // The prefix is in no table.
	ExclusionReasonDebitCard        ExclusionReason = "debit_card"         // Debit cards pay at once.
	ExclusionReasonPrepaidCard      ExclusionReason = "prepaid_card"       // Prepaid cards pay at once.
	ExclusionReasonCurrency         ExclusionReason = "currency"           // Other currencies than TRY are paid at once.
	ExclusionReasonNotOnLink        ExclusionReason = "not_on_link"        // The merchant does not offer this count.
	ExclusionReasonLegalCap         ExclusionReason = "legal_cap"          // The law allows fewer for this category.
	ExclusionReasonBelowMinimum     ExclusionReason = "below_minimum"      // The amount is too small for this count.
	ExclusionReasonNotThisProgramme ExclusionReason = "not_this_programme" // No account of the merchant takes instalments of this card.
	ExclusionReasonNotOnAccount     ExclusionReason = "not_on_account"     // The account's table has no such count.
)

// BinFacts is what a card's prefix tells.
type BinFacts struct {
	// The digits that were asked for.
	BIN string `json:"bin"`
	// The digits that were found in the table; null when only the scheme is known.
	Prefix string   `json:"prefix"`
	Brand  Brand    `json:"brand"`
	Kind   CardKind `json:"kind"`
	Issuer string   `json:"issuer"`
	// The central bank's code of the issuer.
	IssuerCode string `json:"issuer_code"`
	Program    string `json:"program"`
	Commercial bool   `json:"commercial"`
}

// MessageAttempt is one attempt to send a message.
type MessageAttempt struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	// The status of the provider's or the mail server's answer; null without one.
	Code *int `json:"code"`
	// null when it was taken over; else recipient_refused content_refused message_repeated credentials_refused
	// sender_refused provider_limit provider_error answer_unreadable outcome_unknown timeout name_not_found
	// tls connection redirect link_over.
	Error string `json:"error"`
	// What the server said, without secrets and numbers of people.
	Answer     string `json:"answer"`
	DurationMS int    `json:"duration_ms"`
}

// MessageSize is what a text takes as an SMS.
type MessageSize struct {
	Encoding string `json:"encoding"`
	Units    int    `json:"units"`
	Parts    int    `json:"parts"`
	// What still fits into the last part.
	Left int `json:"left"`
	// The characters for which it is larger than it needs to be.
	Cost []string `json:"cost"`
}

// InstalmentRate is what a number of instalments costs.
type InstalmentRate struct {
	Count int `json:"count"`
	// In percent, with a point.
	Rate string `json:"rate"`
}

// ReconciliationFault is a row that could not be read.
type ReconciliationFault struct {
	Row     int    `json:"row"`
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ReportInfo says what a report holds and takes.
type ReportInfo struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Formats     []string `json:"formats"`
	// Beside from and to.
	Filters []ReportFilterInfo `json:"filters"`
	Columns []ReportColumn     `json:"columns"`
}

// ReportTotals is described in the contract.
type ReportTotals struct {
	Currency string `json:"currency"`
	Rows     int    `json:"rows"`
}

// DeliveryAttempt is one attempt to deliver an event.
type DeliveryAttempt struct {
	Number     int       `json:"number"`
	At         time.Time `json:"at"`
	StatusCode *int      `json:"status_code"`
	Error      SendError `json:"error"`
	DurationMS int       `json:"duration_ms"`
	// What the attempt carried as X-Request-Id.
	RequestID string `json:"request_id"`
}

// BrandingChange changes how the payment page shows the merchant; with Version, a change that somebody else made
// meanwhile is refused as stale.
type BrandingChange struct {
	Version      Opt[int]     `json:"version,omitzero"`
	Name         Opt[string]  `json:"name,omitzero"`
	LegalName    Opt[string]  `json:"legal_name,omitzero"`
	Phone        Opt[string]  `json:"phone,omitzero"`
	Email        Opt[string]  `json:"email,omitzero"`
	Website      Opt[string]  `json:"website,omitzero"`
	Accent       Opt[string]  `json:"accent,omitzero"`
	Brands       Opt[[]Brand] `json:"brands,omitzero"`
	Installments Opt[[]int]   `json:"installments,omitzero"`
}

// Branding is how the payment page shows the merchant.
type Branding struct {
	Version      int     `json:"version"`
	Name         string  `json:"name"`
	LegalName    string  `json:"legal_name"`
	Phone        string  `json:"phone"`
	Email        string  `json:"email"`
	Website      string  `json:"website"`
	Accent       string  `json:"accent"`
	Brands       []Brand `json:"brands"`
	Installments []int   `json:"installments"`
	// Where the merchant's privacy notice is; null leaves the built-in text only.
	NoticeURL string `json:"notice_url"`
	// Whether there is one; it is chosen in the panel, where it can be looked at.
	Logo bool `json:"logo"`
}

// PrivacyNotice says where the merchant's privacy notice is.
type PrivacyNotice struct {
	// An address with https; null leaves the built-in text only.
	NoticeURL *string `json:"notice_url"`
}

// DeclineText is a sentence of the merchant's own about a refusal.
type DeclineText struct {
	Lang MessageLang `json:"lang"`
	Code DeclineCode `json:"code"`
	// null when the usual one is read.
	Text string `json:"text"`
}

// DeclineTextChange replaces a sentence about a refusal.
type DeclineTextChange struct {
	Lang MessageLang `json:"lang"`
	Code DeclineCode `json:"code"`
	// null puts the usual one back.
	Text Opt[string] `json:"text,omitzero"`
}

// APIKeyID names one object, like key_….
type APIKeyID string

// ApiKey is a key that a program asks with, never its secret.
type ApiKey struct {
	ID   APIKeyID `json:"id"`
	Name string   `json:"name"`
	// Its first characters, to tell keys apart.
	BeginsWith string    `json:"begins_with"`
	Status     string    `json:"status"`
	CreatedAt  time.Time `json:"created_at"`
	RevokedAt  time.Time `json:"revoked_at"`
}

// UserID names one object, like usr_….
type UserID string

// User is somebody who works in the panel.
type User struct {
	ID    UserID `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Role  string `json:"role"`
	// Whether he sees only links that he made.
	OwnLinks bool   `json:"own_links"`
	Status   string `json:"status"`
	// Since when he works for the merchant.
	CreatedAt time.Time `json:"created_at"`
}

// AuditEvent is a change of the merchant's settings.
type AuditEvent struct {
	Sequence int64  `json:"sequence"`
	Type     string `json:"type"`
	// user: or api: and an id, operator, demo or system.
	Actor string            `json:"actor"`
	Data  map[string]string `json:"data"`
	IP    string            `json:"ip"`
	At    time.Time         `json:"at"`
	// Of this line and, by it, of all before it; in hex.
	Hash string `json:"hash"`
}

// AuditCheck says whether the audit trail is as it was written.
type AuditCheck struct {
	// Whether every line stands as it was written.
	Whole bool `json:"whole"`
}

// Request is a call that a program made with a key of the merchant.
type Request struct {
	ID string `json:"id"`
	// The key's id.
	Key    string `json:"key"`
	Method string `json:"method"`
	// Without its query; (not shown) where it is long, or looks like it holds a card number.
	Path   string `json:"path"`
	Status int    `json:"status"`
	// Of an error.
	Code string `json:"code"`
	IP   string `json:"ip"`
	// Until the answer began.
	DurationMS int       `json:"duration_ms"`
	CreatedAt  time.Time `json:"created_at"`
}

// ReportScheduleID names one object, like rsc_….
type ReportScheduleID string

// NewReportSchedule is a report that is to be mailed again and again. Required: Report and To.
type NewReportSchedule struct {
	// Its name, from /v1/reports.
	Report string `json:"report"`
	// Only rows of this status, of a report that takes it.
	Status string `json:"status,omitzero"`
	// Only voids, or only refunds, of a report that takes it.
	Kind RefundKind `json:"kind,omitzero"`
	// Only rows of this currency, of a report that takes it.
	Currency Currency `json:"currency,omitzero"`
	// Only rows of this virtual POS, of a report that takes it.
	Acquirer AccountID `json:"acquirer,omitzero"`
	// csv or xlsx.
	Format string `json:"format,omitzero"`
	// Of CSV, as reports have it.
	Dialect string `json:"dialect,omitzero"`
	// Of the mail and the file.
	Lang MessageLang `json:"lang,omitzero"`
	// daily, weekly or monthly.
	Every string `json:"every,omitzero"`
	// Which day, of a weekly one, like monday; required there.
	Weekday string `json:"weekday,omitzero"`
	// The e-mail addresses, at most five; one that stands twice counts once.
	To []string `json:"to"`
}

// ReportScheduleChange changes a scheduled report.
type ReportScheduleChange struct {
	Report   Opt[string]      `json:"report,omitzero"`
	Status   Opt[string]      `json:"status,omitzero"`
	Kind     Opt[RefundKind]  `json:"kind,omitzero"`
	Currency Opt[Currency]    `json:"currency,omitzero"`
	Acquirer Opt[AccountID]   `json:"acquirer,omitzero"`
	Format   Opt[string]      `json:"format,omitzero"`
	Dialect  Opt[string]      `json:"dialect,omitzero"`
	Lang     Opt[MessageLang] `json:"lang,omitzero"`
	Every    Opt[string]      `json:"every,omitzero"`
	Weekday  Opt[string]      `json:"weekday,omitzero"`
	To       Opt[[]string]    `json:"to,omitzero"`
}

// ReportSchedule is a report that is mailed every day, week or month.
type ReportSchedule struct {
	ID       ReportScheduleID `json:"id"`
	Report   string           `json:"report"`
	Status   string           `json:"status"`
	Kind     RefundKind       `json:"kind"`
	Currency Currency         `json:"currency"`
	Acquirer AccountID        `json:"acquirer"`
	Format   string           `json:"format"`
	Dialect  string           `json:"dialect"`
	Lang     MessageLang      `json:"lang"`
	Every    string           `json:"every"`
	Weekday  string           `json:"weekday"`
	To       []string         `json:"to"`
	// When it is made next.
	NextAt time.Time `json:"next_at"`
	// Why it could not be made the last time; it is tried again at next_at.
	Error string `json:"error"`
	// What was last made; null when nothing was.
	Last      *ScheduledReport `json:"last"`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
}

// ScheduledReport is what was last made of a schedule.
type ScheduledReport struct {
	MadeAt time.Time `json:"made_at"`
	// Beginning of its period, inclusive.
	From time.Time `json:"from"`
	// End of its period, exclusive.
	To   time.Time `json:"to"`
	Rows int64     `json:"rows"`
	// One for each address, for as long as mails are kept.
	Mails []ReportMail `json:"mails"`
}

// ReportMail is how a report reached one address.
type ReportMail struct {
	To     string        `json:"to"`
	Status MessageStatus `json:"status"`
	// Why it was held back or given up, or does not get on.
	Reason    string    `json:"reason"`
	Attempts  int       `json:"attempts"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ReportFilterInfo is a filter of a report.
type ReportFilterInfo struct {
	Name string `json:"name"`
	// What it takes; null: any value of its kind.
	Choices []string `json:"choices"`
}

// Sale is what a link collects for.
type Sale string

// The kinds.
const (
	SaleCollection Sale = "collection"
	SaleConsumer   Sale = "consumer"
)

// ConsentKind is something that a payer agrees to.
type ConsentKind string

// The kinds.
const (
	ConsentPreInformation ConsentKind = "pre_information"
	ConsentDistanceSale   ConsentKind = "distance_sale"
	ConsentAdvertising    ConsentKind = "advertising"
)

// Consent is one text that the payer of a consumer sale was asked to agree to.
type Consent struct {
	Kind ConsentKind `json:"kind"`
	// Always true but for advertising.
	Given bool `json:"given"`
	// Of the wording.
	Version int `json:"version"`
	// The wording was the merchant's.
	Own          bool        `json:"own"`
	Lang         MessageLang `json:"lang"`
	TemplateHash string      `json:"template_hash"`
	TextHash     string      `json:"text_hash"`
	// As it was filled in.
	Text      string    `json:"text"`
	At        time.Time `json:"at"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
}

// Merchant is what payers are told of the merchant.
type Merchant struct {
	ID        string `json:"id"`
	Version   int    `json:"version"`
	Name      string `json:"name"`
	LegalName string `json:"legal_name"`
	Phone     string `json:"phone"`
	Email     string `json:"email"`
	Website   string `json:"website"`
	Address   string `json:"address"`
	TaxOffice string `json:"tax_office"`
	// 10 digits, or 11 of a person.
	TaxNumber string `json:"tax_number"`
	// 16 digits.
	MERSIS string `json:"mersis"`
	// When and how it is delivered, and at whose cost.
	Delivery string `json:"delivery"`
	// When there is no right of withdrawal.
	Exceptions string `json:"exceptions"`
	// Whether consumers are asked for consent to commercial messages.
	Advertising bool `json:"advertising"`
	// What has to be said before a link may be a consumer sale.
	Missing []string `json:"missing"`
	// null where whoever runs the gateway has named nobody.
	Support   *SupportLine `json:"support"`
	UpdatedAt time.Time    `json:"updated_at"`
}

// SupportLine is whom the merchant's staff call or write to about their virtual POS. Whoever runs the gateway sets
// it; the panel shows it, payers never see it.
type SupportLine struct {
	Phone string `json:"phone"`
	Email string `json:"email"`
	// When somebody answers, or what else helps, in words.
	Hours string `json:"hours"`
}

// MerchantChange changes what the texts of consumer sales say of the merchant.
type MerchantChange struct {
	// The one that the caller saw.
	Version     Opt[int]    `json:"version,omitzero"`
	Address     Opt[string] `json:"address,omitzero"`
	TaxOffice   Opt[string] `json:"tax_office,omitzero"`
	TaxNumber   Opt[string] `json:"tax_number,omitzero"`
	MERSIS      Opt[string] `json:"mersis,omitzero"`
	Delivery    Opt[string] `json:"delivery,omitzero"`
	Exceptions  Opt[string] `json:"exceptions,omitzero"`
	Advertising Opt[bool]   `json:"advertising,omitzero"`
}

// LegalText is one wording of a text that consumers agree to.
type LegalText struct {
	Kind    ConsentKind `json:"kind"`
	Lang    MessageLang `json:"lang"`
	Version int         `json:"version"`
	// The merchant wrote it.
	Own  bool   `json:"own"`
	Hash string `json:"hash"`
	Text string `json:"text"`
	// null for built-in ones.
	SavedAt time.Time `json:"saved_at"`
}

// LegalTexts are those in force, and the merchant's own.
type LegalTexts struct {
	Placeholders []string    `json:"placeholders"`
	Data         []LegalText `json:"data"`
	// The merchant's own, newest first.
	Versions []LegalText `json:"versions"`
}

// LegalTextChange puts a wording in force; without Text the built-in one.
type LegalTextChange struct {
	Kind ConsentKind `json:"kind"`
	Lang MessageLang `json:"lang"`
	Text Opt[string] `json:"text,omitzero"`
}
