package storetest

import "github.com/odelink/odelink/checkout"

func sessionFields(b *Books) {
	at := func(l checkout.Link) checkout.NewLink {
		n := b.New(l)
		n.Session = &checkout.Session{
			ID: l.ID.Session(), Merchant: b.Merchant, Link: l.ID, SuccessURL: "https://shop.example/ödendi?a=1&b='2'", CancelURL: "https://shop.example/", CreatedAt: b.Clock.Now(),
		}
		return n
	}
	made := at(b.Link())
	b.must(b.Ledger.CreateLink(b.ctx, made))
	found, err := b.Ledger.SessionByLink(b.ctx, made.Link.ID)
	b.must(err)
	b.equal("session", found, *made.Session)
	_, err = b.Ledger.SessionByLink(b.ctx, b.Create().ID)
	b.want(err, checkout.ErrNoSession)
	refused := at(b.Link(func(l *checkout.Link) { l.Order = made.Link.Order }))
	b.want(b.Ledger.CreateLink(b.ctx, refused), checkout.ErrOrderTaken)
	_, err = b.Ledger.SessionByLink(b.ctx, refused.Link.ID)
	b.want(err, checkout.ErrNoSession) // without its link none stays
}
