package storetest

import (
	"time"

	"github.com/odelink/odelink/checkout"
)

// istanbul is the calendar that figures are by.
var istanbul = time.FixedZone("UTC+3", 3*60*60)

func paidGroups(b *Books) {
	// One paid just before Istanbul's midnight and two after it.
	b.Clock.Set(time.Date(2026, 11, 22, 20, 59, 0, 0, time.UTC))
	first := b.Pay(b.Create())
	b.Clock.Advance(2 * time.Minute)
	second, third := b.Pay(b.Create()), b.Pay(b.Create())
	b.Admit(b.Create()) // never paid
	from := time.Date(2026, 11, 22, 0, 0, 0, 0, istanbul)
	all, err := b.Ledger.PaidGroups(b.ctx, b.Merchant, "", from, from.AddDate(0, 0, 2))
	b.must(err)
	b.equal("groups", len(all), 2)
	b.equal("the first day", all[0].Day.Equal(from), true)
	b.equal("its payments", all[0].Payments, int64(1))
	b.equal("its sum", all[0].Total, first.Total.Minor)
	b.equal("the second day", all[1].Day.Equal(from.AddDate(0, 0, 1)), true)
	b.equal("its payments", all[1].Payments, int64(2))
	b.equal("its sum", all[1].Total, second.Total.Minor+third.Total.Minor)
	for what, got := range map[string]func() ([]checkout.PaidGroup, error){
		"somebody else's": func() ([]checkout.PaidGroup, error) {
			return b.Ledger.PaidGroups(b.ctx, b.NewMerchant(), "", from, from.AddDate(0, 0, 2))
		},
		"of who made none": func() ([]checkout.PaidGroup, error) {
			return b.Ledger.PaidGroups(b.ctx, b.Merchant, "usr_none", from, from.AddDate(0, 0, 2))
		},
		"of another time": func() ([]checkout.PaidGroup, error) {
			return b.Ledger.PaidGroups(b.ctx, b.Merchant, "", from.AddDate(0, 0, 2), from.AddDate(0, 0, 3))
		},
	} {
		none, err := got()
		b.must(err)
		b.equal(what, len(none), 0)
	}
}

func triedGroups(b *Books) {
	start := b.Clock.Now()
	b.Pay(b.Create())
	l := b.Create()
	b.Move(b.Refused(b.Move(b.Authorizing(b.Admit(l)))))
	b.Move(b.Refused(b.Move(b.Authorizing(b.Admit(l)))))
	all, err := b.Ledger.TriedGroups(b.ctx, b.Merchant, "", start, b.Clock.Now().Add(time.Hour))
	b.must(err)
	count := map[checkout.Status]int64{}
	for _, g := range all {
		count[g.Status] += g.Attempts
		if g.Status == checkout.StatusDeclined {
			b.equal("reason", g.Reason, checkout.ReasonInsufficientFunds)
		}
	}
	b.equal("attempts", count, map[checkout.Status]int64{checkout.StatusPaid: 1, checkout.StatusDeclined: 2})
}

func linkFunnel(b *Books) {
	start := b.Clock.Now()
	opened, tried, paid := b.Create(), b.Create(), b.Create()
	b.Create()
	b.must(b.Ledger.NoteOpened(b.ctx, []checkout.Token{opened.Token, paid.Token, "Unknown00000"}, start))
	b.must(b.Ledger.NoteOpened(b.ctx, []checkout.Token{opened.Token}, start.Add(time.Hour)))
	b.Admit(tried)
	b.Pay(paid)
	n, err := b.Ledger.LinkFunnel(b.ctx, b.Merchant, "", start, start.Add(time.Hour))
	b.must(err)
	b.equal("funnel", n, checkout.Funnel{Made: 4, Opened: 3, Tried: 2, Paid: 1})
	at, err := b.Ledger.OpenedAt(b.ctx, b.Merchant, opened.ID)
	b.must(err)
	b.equal("first opened", at, start)
	at, err = b.Ledger.OpenedAt(b.ctx, b.NewMerchant(), opened.ID)
	b.must(err)
	b.equal("opened, to somebody else", at, time.Time{})
}
