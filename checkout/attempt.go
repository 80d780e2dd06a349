package checkout

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// AttemptLength is how many characters of base62 the field "attempt" of a page has: 71 random bits, drawn
// for each view.
const AttemptLength = 12

// NewAttempt draws the field for one view of a page. It allocates nothing.
func (s *Service) NewAttempt() [AttemptLength]byte { return s.IDs.Attempt() }

// known says whether a posted attempt has the shape of one of ours. Any other counts as none was sent.
func (r PayRequest) known() bool { return len(r.Attempt) == AttemptLength && allIn62(r.Attempt) }

// paymentID is the id of try number n of a request: drawn at random, or worked out from the page's
// attempt, so that the primary key of payments lets one attempt exist once at whichever gateway its form
// arrives, and however often (ux-checklist H1). Without our key nobody can tell one from the other. The
// same key hashes card numbers: a token stands before the attempt and no card number holds one, so no
// message of one purpose is a message of the other.
func (s *Service) paymentID(r PayRequest, n int) (PaymentID, error) {
	if !r.known() {
		return s.IDs.Payment(), nil
	}
	// A byte becomes a character with probability 0.89; 22 of 128 are found but for one time in 2^300.
	stream, err := hkdf.Key(sha256.New, s.CardKey, nil, fmt.Sprintf("attempt %s %s %d", r.Token, r.Attempt, n), 128)
	if err != nil {
		return "", fmt.Errorf("work out the attempt's payment: %w", err)
	}
	return NewIDs(bytes.NewReader(stream)).Payment(), nil
}

// begun answers the payment that a page's attempt has become, the last one where banks were tried one
// after the other. ErrNoPayment: none.
func (s *Service) begun(ctx context.Context, r PayRequest) (Payment, error) {
	last, err := Payment{}, error(ErrNoPayment)
	for n := 0; ; n++ {
		id, iderr := s.paymentID(r, n)
		if iderr != nil {
			return last, iderr
		}
		p, perr := s.Ledger.PaymentByID(ctx, id)
		if perr != nil && n > 0 {
			return last, err
		}
		if last, err = p, perr; err != nil || p.Decline.Code != ReasonUnreachable {
			return last, err
		}
	}
}

// openings are the requests of pages that are being worked on now. One form that is sent twice is opened
// once and answered twice. Nothing is kept: a challenge of a one-step bank holds the card.
type openings struct {
	mu     sync.Mutex
	flying map[[sha256.Size]byte]*opening
}

type opening struct {
	done    chan struct{}
	started Started
	err     error
}

// share lets the first of several equal requests work; the others wait for its answer.
func (o *openings) share(ctx context.Context, key [sha256.Size]byte, work func() (Started, error)) (Started, error) {
	o.mu.Lock()
	if have := o.flying[key]; have != nil {
		o.mu.Unlock()
		select {
		case <-have.done:
			return have.started, have.err
		case <-ctx.Done():
			return Started{}, ErrStoreAway.Because(ctx.Err())
		}
	}
	mine := &opening{done: make(chan struct{}), err: ErrStoreAway} // what a panic leaves to the others
	if o.flying == nil {
		o.flying = map[[sha256.Size]byte]*opening{}
	}
	o.flying[key] = mine
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		delete(o.flying, key)
		o.mu.Unlock()
		close(mine.done)
	}()
	mine.started, mine.err = work()
	return mine.started, mine.err
}

// digest tells requests apart by all that was typed; where they came from does not matter. It lives as
// long as the request.
func (s *Service) digest(r PayRequest) (sum [sha256.Size]byte) {
	said := make([]byte, 0, 1<<10)
	add := func(texts ...string) {
		for _, text := range texts {
			said = append(append(strconv.AppendInt(said, int64(len(text)), 10), ':'), text...)
		}
	}
	add("request", string(r.Token), r.Attempt, r.Card.Number, r.Card.Expiry, r.Card.CVC, r.Card.Holder, r.Installments, r.Amount,
		strconv.FormatBool(r.AmountTyped), r.Note, strconv.Itoa(len(r.Consents)), r.Terms, r.SeenTotal, r.Lang)
	for _, kind := range r.Consents {
		add(string(kind))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Answers)) {
		add(key, r.Answers[key])
	}
	mac := hmac.New(sha256.New, s.CardKey)
	mac.Write(said)
	clear(said) // it holds the card
	mac.Sum(sum[:0])
	return sum
}
