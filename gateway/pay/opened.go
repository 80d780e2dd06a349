package pay

import (
	"strings"
	"sync/atomic"

	"github.com/odelink/odelink/checkout"
)

const (
	// openedBits is 1 MB of memory, in which a million links are told apart with one in eight missed.
	openedBits = 1 << 23
	// openedMost is how many may be remembered before all are forgotten and the bits begin anew.
	openedMost = 2_000_000
	// openedWaiting is how many wait to be written down; a link beyond is noted at its next view.
	openedWaiting = 4096
)

// opened remembers which links' pages were shown, for the merchant's sake and beside the hot path: a view of a
// link that was seen before costs one look at one word. It may miss some; no payment depends on it.
type opened struct {
	bits    [openedBits / 64]atomic.Uint64
	count   atomic.Int64
	waiting chan checkout.Token
}

func newOpened() *opened { return &opened{waiting: make(chan checkout.Token, openedWaiting)} }

// note takes the token of a page that is being shown; the text is copied if it is kept.
func (o *opened) note(token string) {
	h := uint64(14695981039346656037) // FNV-1a
	for i := 0; i < len(token); i++ {
		h = (h ^ uint64(token[i])) * 1099511628211
	}
	h ^= h >> 29
	word, bit := &o.bits[h%(openedBits/64)], uint64(1)<<(h>>58)
	if word.Load()&bit != 0 {
		return
	}
	select {
	case o.waiting <- checkout.Token(strings.Clone(token)):
		word.Or(bit)
		if o.count.Add(1) == openedMost {
			o.forget()
		}
	default:
	}
}

func (o *opened) forget() {
	for i := range o.bits {
		o.bits[i].Store(0)
	}
	o.count.Store(0)
}

// Opened answers links whose page was shown for the first time since the last call, as far as this gateway
// knows, and at most so many.
func (s *Surface) Opened(most int) (tokens []checkout.Token) {
	for len(tokens) < most {
		select {
		case t := <-s.opened.waiting:
			tokens = append(tokens, t)
		default:
			return tokens
		}
	}
	return tokens
}
