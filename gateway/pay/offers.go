package pay

import (
	"context"
	"net/netip"
	"strconv"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
)

// installments answers the offer table as the contract's JSON (section 3).
func (s *Surface) installments(c *fiber.Ctx) error {
	// This address speaks JSON only, its errors included, whatever a browser says it accepts.
	c.Request().Header.Set(fiber.HeaderAccept, fiber.MIMEApplicationJSON)
	hot, now, err := s.open(c)
	if err != nil {
		return err
	}
	for _, name := range []string{"bin", "amount"} { // of two, somebody else may read the other one (A8)
		if len(c.Request().URI().QueryArgs().PeekMulti(name)) > 1 {
			return web.BadRequest("repeated")
		}
	}
	bin := c.Query("bin")
	if !isBIN(bin) {
		return web.BadRequest("bin_format")
	}
	amount := hot.MinMinor
	if a := c.Query("amount"); hot.Open && a != "" {
		if amount, err = strconv.ParseInt(a, 10, 64); err != nil || amount < hot.MinMinor || amount > hot.MaxMinor {
			return web.BadRequest("amount_range")
		}
	}
	body := web.NewBody(c)
	body.Bytes, err = s.appendOffers(c.UserContext(), body.Bytes, hot, question{web.ClientAddr(c), bin, amountOf(hot, amount), now.Unix()})
	if err != nil {
		return err
	}
	body.Send(c)
	s.headers.Apply(c)
	c.Response().Header.SetContentType(typeJSON)
	return nil
}

// question is what a visitor asks about a link.
type question struct {
	ip    netip.Addr
	bin   string
	minor int64 // what there is to pay, in the link's currency
	now   int64 // Unix seconds
}

// appendOffers counts a question and appends its answer. Over the limit only the single payment is told
// (ux-checklist E11). ErrNoRoute: there is none.
func (s *Surface) appendOffers(ctx context.Context, dst []byte, hot checkout.Hot, q question) ([]byte, error) {
	if !s.Guard.BINs(ctx, q.ip, hot.Token) {
		single := checkout.Offer{Count: 1, Total: q.minor, Monthly: q.minor, Last: q.minor}
		t := checkout.OfferTable{Asked: q.bin, Currency: hot.Amount.Currency, Offers: []checkout.Offer{single}}
		return web.AppendOffers(dst, t, false), nil
	}
	l, err := s.look(ctx, hot.Merchant)
	if err != nil {
		return dst, err
	}
	key, keeps := keyOf(hot, q)
	if text := l.answers.get(key); keeps && text != nil {
		return append(dst, text...), nil
	}
	t, err := s.Flow.Offers(ctx, hot, q.bin, q.minor)
	if err != nil {
		return dst, err
	}
	if len(t.Offers) == 0 {
		return dst, checkout.ErrNoRoute
	}
	from := len(dst)
	dst = web.AppendOffers(dst, t, false)
	if keeps && t.BIN.Prefix != "" { // unknown prefixes are counted each time that somebody asks
		l.answers.put(key, dst[from:])
	}
	return dst, nil
}

// answers keeps offers as they were written, for whoever asks the same of the same merchant: a card's
// first digits are few, and a shop's links cost what its goods cost. They live as long as the merchant's
// look, which is made anew whenever merchant or accounts are read again, every few seconds.
type answers struct {
	mu   sync.RWMutex
	have map[answerKey][]byte
}

// answerKey is all that an offer table follows from besides the merchant, its accounts and the tables that
// are part of the program.
type answerKey struct {
	bin      string
	minor    int64
	currency checkout.Currency
	category string
	counts   uint32 // the link's own, as bits; 0 = the merchant's
	minute   int64  // legal caps begin and end with a day
}

// maxAnswers bounds what is kept of one merchant, some 500 bytes each.
const maxAnswers = 1000

// keyOf is false for a link whose counts are no small numbers.
func keyOf(hot checkout.Hot, q question) (k answerKey, ok bool) {
	k = answerKey{bin: q.bin, minor: q.minor, currency: hot.Amount.Currency, category: hot.Category, minute: q.now / 60}
	if hot.Installments != nil {
		k.counts = 1
	}
	for _, n := range hot.Installments {
		if n < 1 || n > 31 {
			return k, false
		}
		k.counts |= 1 << n
	}
	return k, true
}

func (a *answers) get(k answerKey) []byte {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.have[k]
}

// put copies the text. The key's texts are the caller's to keep: none lies in a request's memory.
func (a *answers) put(k answerKey, text []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.have == nil || len(a.have) >= maxAnswers {
		a.have = make(map[answerKey][]byte)
	}
	a.have[k] = append([]byte(nil), text...)
}
