package storetest

import (
	"strings"
	"time"

	"github.com/odelink/odelink/checkout"
)

func requestLog(b *Books) {
	var lines []checkout.RequestLine
	for i := range 5 {
		lines = append(lines, checkout.RequestLine{
			ID: b.IDs.Request(), Merchant: b.Merchant, Key: checkout.KeyID([]string{"key_a", "key_b"}[i%2]), Method: "POST", Path: "/v1/links", Status: 201 + 208*(i%2),
			Code: []string{"", "order_id_taken"}[i%2], IP: "203.0.113.7", Took: 1500 * time.Microsecond, At: b.Clock.Now().Add(time.Duration(i) * time.Second),
		})
	}
	b.must(b.Ledger.AddRequests(b.ctx, lines[:3]))
	b.must(b.Ledger.AddRequests(b.ctx, lines)) // again, as after an answer that was lost
	find := func(q checkout.RequestQuery) string {
		b.Helper()
		q.Merchant = b.Merchant
		var found []string
		for {
			some, next, err := b.Ledger.SearchRequests(b.ctx, q)
			b.must(err)
			for _, l := range some {
				found = append(found, string(l.ID))
			}
			if q.Cursor = next; next == "" {
				return strings.Join(found, " ")
			}
		}
	}
	ids := func(which ...int) string {
		var all []string
		for _, i := range which {
			all = append(all, string(lines[i].ID))
		}
		return strings.Join(all, " ")
	}
	whole, _, err := b.Ledger.SearchRequests(b.ctx, checkout.RequestQuery{Merchant: b.Merchant, Limit: 1})
	b.must(err)
	b.equal("every field", whole, lines[4:])
	b.equal("all", find(checkout.RequestQuery{}), ids(4, 3, 2, 1, 0))
	b.equal("pages", find(checkout.RequestQuery{Limit: 2}), ids(4, 3, 2, 1, 0))
	b.equal("of a key", find(checkout.RequestQuery{Key: "key_b"}), ids(3, 1))
	b.equal("failed", find(checkout.RequestQuery{Failed: true}), ids(3, 1))
	b.equal("of a time", find(checkout.RequestQuery{From: lines[1].At, To: lines[3].At}), ids(2, 1))
	_, _, err = b.Ledger.SearchRequests(b.ctx, checkout.RequestQuery{Merchant: b.Merchant, Cursor: "x"})
	b.want(err, checkout.ErrCursor)
	b.must(b.Ledger.ForgetRequests(b.ctx, lines[1].At, 1))
	b.equal("the newest of each key, and nothing old", find(checkout.RequestQuery{}), ids(4, 3))
	b.Merchant = b.NewMerchant()
	b.equal("of somebody else (I17)", find(checkout.RequestQuery{}), "")
}
