package checkout

import (
	"context"
	"time"
)

// RequestLine is one call of a merchant's program: who asked for what, and how it ended. It holds no body, no query
// and no header.
type RequestLine struct {
	ID       RequestID
	Merchant MerchantID
	Key      KeyID
	Method   string
	Path     string
	Status   int
	Code     string // of an error, "" = none
	IP       string
	Took     time.Duration // until the answer began
	At       time.Time
}

// RequestQuery selects lines of a merchant, newest first.
type RequestQuery struct {
	Merchant MerchantID
	Key      KeyID
	Failed   bool // only those that ended with an error
	From, To time.Time
	Limit    int
	Cursor   string
}

// RequestLedger keeps the log of requests: for a while, and so many of a key. Nothing depends on it.
type RequestLedger interface {
	// AddRequests stores lines; those that are there, of a call whose answer was lost, are left as they are.
	AddRequests(ctx context.Context, lines []RequestLine) error
	// SearchRequests answers a page and the cursor of the next one, "" at the end. A cursor that no page gave is
	// ErrCursor.
	SearchRequests(ctx context.Context, q RequestQuery) ([]RequestLine, string, error)
	// ForgetRequests drops lines from before a time, and all but the newest keep of each key.
	ForgetRequests(ctx context.Context, before time.Time, keep int) error
}
