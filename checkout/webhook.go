package checkout

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Topics are the types of events that merchants' programs are told of, in the order of the API's document.
var Topics = []string{
	"link.created", "link.edited", "link.deleted", TopicLinkPaid, TopicLinkExpired, "link.velocity_blocked", TopicPayerStopped, "link.renewal_asked",
	"payment.paid", "payment.declined", "payment.pending", "payment.voided", "payment.refunded",
	TopicChargebackOpened, TopicChargebackUpdated, TopicChargebackClosed, TopicDeliveryFailed,
}

// The topics that no step of a payment or link names.
const (
	TopicLinkPaid    = "link.paid"    // the last payment that the link allows was made
	TopicLinkExpired = "link.expired" // its end came before that
	// TopicDeliveryFailed: an event was given up for one endpoint. That of this event itself is told to nobody.
	TopicDeliveryFailed = "delivery.failed"
)

// Endpoint is an address of a merchant's that is told of events. Its secrets are opened in memory only.
type Endpoint struct {
	ID          EndpointID
	Merchant    MerchantID
	URL         string
	Topics      []string // empty = all
	Description string
	Enabled     bool
	Reason      string // why it is not, where no person said so: EndpointGone
	Secret      []byte // signs
	OldSecret   []byte // signs too until OldUntil; empty = none
	OldUntil    time.Time
	Version     int64 // 1, 2, 3 …; a change is a compare-and-set on it
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DeletedAt   time.Time // zero = not deleted
}

// Bounds of what is written about an endpoint: bytes of its address, characters of its description.
const (
	maxEndpointURL  = 2000
	maxEndpointText = 250
)

// Check finds the mistakes in what somebody wrote about an endpoint, by the API's names of the fields; whether its
// address is one to send to is the channel's to say.
func (e Endpoint) Check() error {
	var errs []FieldError
	switch {
	case e.URL == "":
		errs = append(errs, FieldError{Field: "url", Code: "required"})
	case len(e.URL) > maxEndpointURL:
		errs = append(errs, FieldError{Field: "url", Code: "length"})
	case addressHoldsCard(e.URL):
		errs = append(errs, FieldError{Field: "url", Code: "looks_like_card"})
	}
	if code := checkText(e.Description, maxEndpointText); code != "" {
		errs = append(errs, FieldError{Field: "description", Code: code})
	}
	if len(errs) > 0 {
		return Invalid(errs...)
	}
	return nil
}

// EndpointGone is why an endpoint is disabled whose address answered 410 Gone (Standard Webhooks).
const EndpointGone = "gone"

// Wants says whether the endpoint is told of a topic.
func (e Endpoint) Wants(topic string) bool {
	return e.Enabled && e.DeletedAt.IsZero() && (len(e.Topics) == 0 || slices.Contains(e.Topics, topic))
}

// Secrets are those that sign at now, newest first.
func (e Endpoint) Secrets(now time.Time) [][]byte {
	all := [][]byte{e.Secret}
	if len(e.OldSecret) > 0 && now.Before(e.OldUntil) {
		all = append(all, e.OldSecret)
	}
	return all
}

// An endpoint prints as its id: its secrets, and its address, which may hold one, stay out of logs.
func (e Endpoint) String() string       { return string(e.ID) }
func (e Endpoint) GoString() string     { return string(e.ID) }
func (e Endpoint) LogValue() slog.Value { return slog.StringValue(string(e.ID)) }

// Notice is an event that merchants are told of. It becomes true in the transaction of what it tells (I18)
// and gets its place in the feed right after that: places are given one by one, so whoever has read to a
// place has missed nothing before it.
type Notice struct {
	ID       EventID
	Merchant MerchantID
	Subject  string // the payment, link, chargeback or delivery that it is about
	Seq      int64  // of the event, per subject: growing, with gaps where nobody is told
	Topic    string
	At       time.Time
	Place    int64 // in the feed; 0 = none yet
	// Body is what is sent, to the byte, for ever the same; nil = nobody was to be told, so nothing is kept.
	Body []byte
	// Wanted: the merchant has endpoints, so a body is to be kept.
	Wanted bool
	// Told: the merchant has named addresses that are told of events; Messages are those that this one is told by.
	Told     bool
	Messages []Message
	// Agreed: it is the end of a consumer's payment, who gets a copy of what was agreed to.
	Agreed bool
}

// NoticeQuery selects events of one merchant in the order of the feed, or in the other direction.
type NoticeQuery struct {
	Merchant MerchantID
	Newest   bool    // from the newest event back
	After    EventID // only those behind it, in the direction that is read; "" = from the beginning, or the newest
	Topic    string  // "" = any
	From, To time.Time
	Limit    int
}

// DeliveryStatus is how an event's way to one endpoint stands.
type DeliveryStatus string

// The statuses.
const (
	DeliveryWaiting   DeliveryStatus = "waiting"   // for its first attempt, or the next
	DeliveryDelivered DeliveryStatus = "delivered" // the endpoint answered 2xx
	DeliveryFailed    DeliveryStatus = "failed"    // given up
)

// DeliveryStatuses lists them.
var DeliveryStatuses = []DeliveryStatus{DeliveryWaiting, DeliveryDelivered, DeliveryFailed}

// Delivery is one event's way to one endpoint.
type Delivery struct {
	ID       DeliveryID
	Merchant MerchantID
	Endpoint EndpointID
	Event    EventID
	Topic    string
	Subject  string
	Seq      int64
	// Ordered: it waits until earlier events about its subject have reached the endpoint or were given up.
	// A redelivery is not.
	Ordered   bool
	Status    DeliveryStatus
	Attempts  int
	DueAt     time.Time
	CreatedAt time.Time
	UpdatedAt time.Time

	Body    []byte // where it was leased
	History []Send // where it was searched for, oldest first
}

// RequestID names one attempt, at the receiver and in the delivery's history.
func (d Delivery) RequestID(number int) string { return fmt.Sprintf("%s-%d", d.ID, number) }

// Send is one attempt to deliver. Of the answer its status is kept and nothing else (A51).
type Send struct {
	Number int
	At     time.Time
	Took   time.Duration
	Code   int    // HTTP status; 0 = no answer
	Error  string // one of the Send… words; "" = delivered
}

// Why an attempt did not deliver.
const (
	SendStatus   = "status"   // an answer that is not 2xx
	SendRedirect = "redirect" // an answer that leads elsewhere, where nobody goes
	SendGone     = "gone"     // 410: the endpoint is no more
	SendTimeout  = "timeout"
	SendName     = "name_not_found"
	SendTarget   = "webhook_target_refused" // its address leads where nothing is sent (A51)
	SendTLS      = "tls"
	SendBroken   = "connection"
)

// DeliveryQuery selects deliveries of one endpoint, newest first.
type DeliveryQuery struct {
	Merchant MerchantID
	Endpoint EndpointID
	Event    EventID
	Status   DeliveryStatus
	From, To time.Time
	Limit    int
	Cursor   string
}

// Waiting is what has not reached enabled endpoints yet.
type Waiting struct {
	Deliveries int64
	Oldest     time.Time // when that was made; zero = none waits
}

// Ways is how many deliveries a redelivery made, of how many events.
type Ways struct{ Events, Deliveries int }

// WebhookLedger keeps endpoints, the feed of events and their deliveries.
type WebhookLedger interface {
	// EndpointOf is for the merchant. ErrNoEndpoint also for somebody else's and a deleted one.
	EndpointOf(ctx context.Context, m MerchantID, id EndpointID) (Endpoint, error)
	// Endpoints answers those of a merchant that are not deleted, oldest first.
	Endpoints(ctx context.Context, m MerchantID) ([]Endpoint, error)
	// SaveEndpoint makes an endpoint (Version 1) or replaces the one of the version before. ErrStale,
	// ErrNoEndpoint, ErrTooManyEndpoints, ErrKeyKnown.
	SaveEndpoint(ctx context.Context, e Endpoint, ev Event, idem Idempotency) error

	// Unplaced answers events that have no place in the feed yet, oldest first.
	Unplaced(ctx context.Context, limit int) ([]Notice, error)
	// Place gives events their places, in their order, keeps their bodies, makes a delivery for each endpoint
	// that wants one which has a body, and their messages. Those that have a place already are passed over.
	Place(ctx context.Context, all []Notice) error
	// NoticeOf is for the merchant. ErrNoEvent also for somebody else's, and for one that nobody is told of.
	NoticeOf(ctx context.Context, m MerchantID, id EventID) (Notice, error)
	// Notices answers events from the feed in its order, and whether there are more. ErrCursor: After is
	// none of the merchant's that has a place.
	Notices(ctx context.Context, q NoticeQuery) (found []Notice, more bool, err error)
	// Redeliver makes another delivery of each event, all with bodies, to one endpoint of the merchant, or with ""
	// to each that wants it. answer is asked for what to keep under the caller's key. ErrNoEndpoint, ErrKeyKnown.
	Redeliver(ctx context.Context, m MerchantID, to EndpointID, all []Notice, answer func(Ways) (Idempotency, error)) (Ways, error)

	// DueEndpoints answers the enabled endpoints that a delivery is due for.
	DueEndpoints(ctx context.Context) ([]Endpoint, error)
	// LeaseDeliveries hands out deliveries that are due, pushes their DueAt to until and counts one more
	// attempt, so that no other instance makes that one (C12, C28).
	LeaseDeliveries(ctx context.Context, id EndpointID, until time.Time, limit int) ([]Delivery, error)
	// EndSend records an attempt on a delivery as it was leased. next is when the next one is made; zero
	// gives it up, if it did not deliver, and tells so (TopicDeliveryFailed). SendGone disables the endpoint.
	// ErrStale: the lease is over, and somebody else has it.
	EndSend(ctx context.Context, d Delivery, made Send, next time.Time) error
	// DeliveryOf is for the merchant. ErrNoEvent also for somebody else's.
	DeliveryOf(ctx context.Context, m MerchantID, id DeliveryID) (Delivery, error)
	// SearchDeliveries answers a page and the cursor of the next one, "" at the end.
	SearchDeliveries(ctx context.Context, q DeliveryQuery) ([]Delivery, string, error)
	// DeliveriesAbout answers the newest deliveries of events about a subject, with histories, oldest first.
	DeliveriesAbout(ctx context.Context, m MerchantID, subject string, limit int) ([]Delivery, error)
	// WaitingDeliveries counts what has not reached enabled endpoints yet.
	WaitingDeliveries(ctx context.Context) (Waiting, error)

	// TellExpired writes the event of links whose end has come, once for each end, and answers how many
	// it wrote: at most limit.
	TellExpired(ctx context.Context, limit int) (int, error)
	// ForgetDeliveries removes deliveries and kept bodies from before a time, at most limit of each, and
	// answers how many.
	ForgetDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
	// KeepAnswer keeps the answer to a request that made no object. ErrKeyKnown.
	KeepAnswer(ctx context.Context, i Idempotency) error
}

// What webhooks answer.
var (
	ErrNoEndpoint       = &Error{Kind: KindNotFound, Code: "webhook_endpoint_not_found"}
	ErrNoEvent          = &Error{Kind: KindNotFound, Code: "event_not_found"}
	ErrTooManyEndpoints = &Error{Kind: KindConflict, Code: "too_many_webhook_endpoints"}
	// ErrTarget: the address leads where nothing is sent: into this machine or its networks (A51).
	ErrTarget = &Error{Kind: KindInvalid, Code: SendTarget, Fields: []FieldError{{Field: "url", Code: SendTarget}}}
)

// MaxEndpoints is how many a merchant may have: each is one more delivery of every event.
const MaxEndpoints = 16

// EndpointID is "whk_" and 22 characters of base62.
type EndpointID string

// DeliveryID is "dlv_" and 22 characters of base62: one event's way to one endpoint.
type DeliveryID string

// Valid says whether the id has the syntax of one of its kind.
func (e EndpointID) Valid() bool { return validID(string(e), "whk_") }
func (d DeliveryID) Valid() bool { return validID(string(d), "dlv_") }
func (e EventID) Valid() bool    { return validID(string(e), "evt_") }

func validID(id, prefix string) bool {
	return len(id) == 26 && strings.HasPrefix(id, prefix) && allIn62(id[4:])
}

// Endpoint and Delivery make identifiers of their kind.
func (g *IDs) Endpoint() EndpointID { return EndpointID("whk_" + g.pick(base62, 22)) }
func (g *IDs) Delivery() DeliveryID { return DeliveryID("dlv_" + g.pick(base62, 22)) }
