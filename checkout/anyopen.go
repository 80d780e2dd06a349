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
	found, looked, enough := Token(""), 0, errors.New("enough")
	err := s.Ledger.LiveLinks(ctx, func(l Link) error {
		if l.Hot().Check(s.Clock.Now()) == nil {
			found = l.Token
		}
		if looked++; found != "" || looked == maxLooked {
			return enough
		}
		return nil
	})
	if errors.Is(err, enough) {
		err = nil
	}
	return found, err
}
