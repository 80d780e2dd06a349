package checkout

import (
	"context"
	"errors"
)

// maxLooked bounds how many links AnyOpen looks at: some are not active yet, or busy.
const maxLooked = 200

// AnyOpen answers some link that could be paid now, for looking at its page as it is served; "" when there
// is none.
func (s *Service) AnyOpen(ctx context.Context) (Token, error) {
	var open []Hot
	looked, enough := 0, errors.New("enough")
	err := s.Ledger.LiveLinks(ctx, func(l Link) error {
		if h := l.Hot(); h.Check(s.Clock.Now()) == nil {
			open = append(open, h)
		}
		if looked++; looked == maxLooked {
			return enough
		}
		return nil
	})
	if err != nil && !errors.Is(err, enough) {
		return "", err
	}
	for _, h := range open { // not while the ledger is being read: a shop may have to be read from it too
		sh, err := s.Shop(ctx, h.Merchant)
		if err != nil {
			return "", err
		}
		if sh.Takes(h.Amount.Currency) {
			return h.Token, nil
		}
	}
	return "", nil
}
