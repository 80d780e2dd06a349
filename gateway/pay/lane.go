package pay

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/web"
	"github.com/odelink/odelink/gateway/web/page"
)

const typeJSON = fiber.MIMEApplicationJSON

// Lane are the routes that may be answered on the connection itself: a link that can be paid, and what a
// card may choose there. The same is answered as by view and installments; what is not the usual case is
// theirs.
func (s *Surface) Lane() []web.LaneRoute {
	return []web.LaneRoute{
		{Pattern: viewPath, Before: "/p/", Type: typeHTML, Vary: varyOfPage, Headers: s.headers, Answer: s.laneView},
		{Pattern: offersPath, Before: "/p/", Behind: "/installments?bin=", Type: typeJSON, Headers: s.headers, Answer: s.laneOffers},
	}
}

// laneOpen is open where nobody is blocked and the hot state knows the link.
func (s *Surface) laneOpen(r *web.LaneRequest) (hot checkout.Hot, now int64, ok bool) {
	if s.Guard.BlocksSomebody() {
		return hot, 0, false
	}
	hot, at, ok := s.Flow.Glance(context.Background(), checkout.Token(r.Token))
	return hot, at.Unix(), ok
}

func (s *Surface) laneView(r *web.LaneRequest) bool {
	hot, now, ok := s.laneOpen(r)
	if !ok || hot.Asks != "" || hot.Items != "" {
		return false
	}
	t, err := s.look(context.Background(), hot.Merchant)
	if err != nil {
		return false
	}
	variant, payable := t.variant(hot)
	if !payable {
		return false
	}
	r.Gzip = page.Accepts(string(r.Coding), "gzip")
	lang := r.Language()
	values := s.values(hot, t, lang, now)
	r.Out, err = s.appendPage(r.Out, page.Key{Lang: lang, Theme: t.theme, Variant: variant}, &values, r.Gzip)
	return err == nil
}

// laneOffers counts the question as installments does, once it is sure to answer it.
func (s *Surface) laneOffers(r *web.LaneRequest) bool {
	bin := string(r.Value)
	if !isBIN(bin) {
		return false
	}
	hot, now, ok := s.laneOpen(r)
	if !ok {
		return false
	}
	var err error
	r.Out, err = s.appendOffers(context.Background(), r.Out, hot, question{r.Client, bin, amountOf(hot, hot.MinMinor), now})
	return err == nil
}
