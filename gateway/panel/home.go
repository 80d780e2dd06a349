package panel

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/odelink/odelink/checkout"
	"github.com/odelink/odelink/gateway/report"
)

// Periods of the first screen.
const (
	plotDays    = 30
	rateDays    = 7
	valueDays   = 7 // how far ahead payouts are shown
	newestShown = 8
	reasonsMost = 6
	// pastKept is how long sums of days that have ended are taken as they are: little of them changes, and
	// reading them is most of the work.
	pastKept = time.Minute
)

// homeRoutes are the first screen: what came in, what waits, what went wrong, what to do.
func (s *Surface) homeRoutes() []route {
	look := checkout.PowerLook
	return []route{
		{"GET", "/panel", look, (*Surface).homePage},
		{"GET", "/panel/live", look, (*Surface).homePart},
		{"GET", "/panel/events", look, (*Surface).events},
	}
}

// home is what the first screen shows.
type home struct {
	At       time.Time
	Place    int64 // of the feed, before anything else was read
	Today    []todaySum
	Waiting  []todaySum
	Refused  int64 // attempts refused today
	Tasks    []task
	Plots    []plot
	Rates    []bar // success by account
	Reasons  []bar
	Funnel   []bar
	Expected []report.Payout
	Newest   []checkout.Payment
}

// todaySum is a sum in one currency.
type todaySum struct {
	Minor    int64
	Currency checkout.Currency
	Count    int64
}

// task is something to do.
type task struct {
	Words string // key of a sentence about n things
	N     int64
	Path  string
	Bad   bool
	Until checkout.Day // the first last day for it; "" = none
	// Detail stands behind the sentence; "" = nothing.
	Detail string
}

// bar is one line of a ranked list.
type bar struct {
	Label string // as it stands, or a key of the panel's words where Key is set
	Key   string
	N, Of int64
}

// Percent is the bar's length in hundredths; an empty whole has none.
func (b bar) Percent() int64 {
	if b.Of == 0 {
		return 0
	}
	return (b.N*100 + b.Of/2) / b.Of
}

func (s *Surface) homePage(c *fiber.Ctx, w *who) error {
	h, err := s.home(c.UserContext(), w)
	if err != nil {
		return err
	}
	return s.show(c, w, fiber.StatusOK, "home", h)
}

// homePart is the page without its frame: what a page that is open fetches when something happened.
func (s *Surface) homePart(c *fiber.Ctx, w *who) error {
	h, err := s.home(c.UserContext(), w)
	if err != nil {
		return err
	}
	return s.showPart(c, w, "home", "figures", h)
}

// home reads the figures, side by side.
func (s *Surface) home(ctx context.Context, w *who) (*home, error) {
	now := s.now()
	today := report.Today(now)
	h := &home{At: now}
	m, own := w.member.Merchant, w.own()
	var past, fresh []checkout.PaidGroup
	var tried, triedToday []checkout.TriedGroup
	var funnel checkout.Funnel
	var accounts []checkout.Account
	var waiting []checkout.Payment
	var calling int64
	var disputes checkout.OpenChargebacks
	var stopping checkout.Stopping
	var err error
	if h.Place, err = s.Ledger.FeedPlace(ctx, m); err != nil {
		return nil, err
	}
	err = together(
		func() (err error) { past, err = s.past.groups(ctx, s, m, own, today); return err },
		func() (err error) {
			fresh, err = s.Ledger.PaidGroups(ctx, m, own, today, now.Add(time.Hour))
			return err
		},
		func() (err error) { tried, err = s.past.tried(ctx, s, m, own, now); return err },
		func() (err error) {
			triedToday, err = s.Ledger.TriedGroups(ctx, m, own, today, now.Add(time.Hour))
			return err
		},
		func() (err error) { funnel, err = s.past.funnel(ctx, s, m, own, now); return err },
		func() (err error) { accounts, err = s.Ledger.Accounts(ctx, m); return err },
		func() (err error) {
			h.Newest, _, err = s.Ledger.SearchPayments(ctx, checkout.PaymentQuery{Merchant: m, Maker: own, Limit: newestShown})
			return err
		},
		func() (err error) {
			waiting, _, err = s.Ledger.SearchPayments(ctx, checkout.PaymentQuery{Merchant: m, Maker: own, Status: checkout.StatusPending, Limit: 100})
			return err
		},
		func() (err error) {
			calling, err = s.Ledger.Calling(ctx, m, own, 100)
			return err
		},
		func() (err error) { disputes, err = s.Ledger.OpenChargebacks(ctx, m, own); return err },
		func() (err error) { stopping, err = s.Ledger.Stopping(ctx, m, own, stoppingMost); return err },
	)
	if err != nil {
		return nil, err
	}
	h.today(fresh)
	h.waits(waiting, calling)
	h.disputed(disputes)
	h.stopped(&Page{s: s, L: s.pages.locale(w.lang), Who: w, now: now}, stopping)
	for _, g := range triedToday {
		if g.Status == checkout.StatusDeclined || g.Status == checkout.StatusFailed {
			h.Refused += g.Attempts
		}
	}
	all := append(slices.Clone(past), fresh...)
	h.Plots = plotsOf(all, today)
	h.Expected = soon(report.Expected(all, accounts, today), today)
	h.rates(tried, accounts)
	h.Funnel = []bar{
		{Key: "home.funnel.made", N: funnel.Made, Of: funnel.Made}, {Key: "home.funnel.sent", N: funnel.Sent, Of: funnel.Made},
		{Key: "home.funnel.opened", N: funnel.Opened, Of: funnel.Made}, {Key: "home.funnel.tried", N: funnel.Tried, Of: funnel.Made},
		{Key: "home.funnel.paid", N: funnel.Paid, Of: funnel.Made},
	}
	return h, nil
}

// together runs all at once and answers the first error in their order.
func together(all ...func() error) error {
	errs := make([]error, len(all))
	var done sync.WaitGroup
	for i, f := range all {
		done.Go(func() { errs[i] = f() })
	}
	done.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// today sums by currency, the lira first and there even when nothing came in.
func (h *home) today(groups []checkout.PaidGroup) {
	h.Today = []todaySum{{Currency: checkout.TRY}}
	for _, g := range groups {
		add(&h.Today, g.Currency, g.Total-g.Back, g.Payments)
	}
}

func add(sums *[]todaySum, c checkout.Currency, minor, count int64) {
	for i := range *sums {
		if (*sums)[i].Currency == c {
			(*sums)[i].Minor += minor
			(*sums)[i].Count += count
			return
		}
	}
	*sums = append(*sums, todaySum{minor, c, count})
}

// waits says what has no outcome yet, and what a person should look at.
func (h *home) waits(waiting []checkout.Payment, calling int64) {
	for _, p := range waiting {
		add(&h.Waiting, p.Total.Currency, p.Total.Minor, 1)
	}
	if n := int64(len(waiting)); n > 0 {
		h.Tasks = append(h.Tasks, task{Words: "home.task.pending", N: n, Path: "/panel/payments?status=pending"})
	}
	if calling > 0 {
		h.Tasks = append(h.Tasks, task{Words: "home.task.attention", N: calling, Path: "/panel/payments?attention=true", Bad: true})
	}
}

// disputed says how many disputes wait for an answer, and until when.
func (h *home) disputed(open checkout.OpenChargebacks) {
	if open.Count == 0 {
		return
	}
	first := checkout.Chargeback{Status: checkout.ChargebackOpen, ChargebackTerms: checkout.ChargebackTerms{RespondBy: open.RespondBy}}
	today := checkout.DayOf(h.At)
	h.Tasks = append(h.Tasks, task{Words: "home.task.disputes", N: open.Count, Path: chargebacksPath + "?status=open", Bad: first.Overdue(today) || first.DueSoon(today), Until: open.RespondBy})
}

// soon are the payouts of the next days.
func soon(all []report.Payout, today time.Time) []report.Payout {
	return slices.DeleteFunc(all, func(p report.Payout) bool { return !p.Day.Before(today.AddDate(0, 0, valueDays+1)) })
}

// rates are how many attempts that were decided were paid, by account, and why the others were not.
func (h *home) rates(groups []checkout.TriedGroup, accounts []checkout.Account) {
	names := map[checkout.AccountID]string{}
	for _, a := range accounts {
		names[a.ID] = a.Name
	}
	rates, reasons, refused := map[checkout.AccountID]*bar{}, map[checkout.Reason]*bar{}, int64(0)
	for _, g := range groups {
		b := rates[g.Account]
		if b == nil {
			b = &bar{Label: cmp.Or(names[g.Account], string(g.Account))}
			rates[g.Account] = b
		}
		switch {
		case g.Status == checkout.StatusDeclined || g.Status == checkout.StatusFailed:
			b.Of += g.Attempts
			refused += g.Attempts
			if reasons[g.Reason] == nil {
				reasons[g.Reason] = &bar{Key: "reason." + cmp.Or(string(g.Reason), "none"), Label: string(g.Reason)}
			}
			reasons[g.Reason].N += g.Attempts
		case g.Status.Collected():
			b.Of += g.Attempts
			b.N += g.Attempts
		}
	}
	for _, b := range rates {
		if b.Of > 0 {
			h.Rates = append(h.Rates, *b)
		}
	}
	slices.SortFunc(h.Rates, func(a, b bar) int { return cmp.Or(cmp.Compare(b.Of, a.Of), cmp.Compare(a.Label, b.Label)) })
	for _, b := range reasons {
		b.Of = refused
		h.Reasons = append(h.Reasons, *b)
	}
	slices.SortFunc(h.Reasons, func(a, b bar) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Key, b.Key)) })
	h.Reasons = h.Reasons[:min(len(h.Reasons), reasonsMost)]
}

// pastFigures keeps sums of days that have ended for a short while, by merchant and maker.
type pastFigures struct {
	mu   sync.Mutex
	kept map[pastKey]*pastEntry
}

type pastKey struct {
	merchant checkout.MerchantID
	maker    checkout.UserID
	what     string
}

type pastEntry struct {
	mu    sync.Mutex
	at    time.Time
	value any
}

// most is how many entries are kept before all are forgotten.
const pastMost = 4096

// keep answers what is kept, or reads it: at once for whoever comes first, and one at a time.
func keep[T any](p *pastFigures, k pastKey, now time.Time, read func() (T, error)) (T, error) {
	p.mu.Lock()
	if p.kept == nil || len(p.kept) > pastMost {
		p.kept = map[pastKey]*pastEntry{}
	}
	e := p.kept[k]
	if e == nil {
		e = &pastEntry{}
		p.kept[k] = e
	}
	p.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if v, ok := e.value.(T); ok && now.Sub(e.at) < pastKept && !now.Before(e.at) {
		return v, nil
	}
	v, err := read()
	if err == nil {
		e.at, e.value = now, v
	}
	return v, err
}

func (p *pastFigures) groups(ctx context.Context, s *Surface, m checkout.MerchantID, own checkout.UserID, today time.Time) ([]checkout.PaidGroup, error) {
	return keep(p, pastKey{m, own, "paid " + today.Format(time.DateOnly)}, s.now(), func() ([]checkout.PaidGroup, error) {
		return s.Ledger.PaidGroups(ctx, m, own, today.AddDate(0, 0, 1-plotDays), today)
	})
}

func (p *pastFigures) tried(ctx context.Context, s *Surface, m checkout.MerchantID, own checkout.UserID, now time.Time) ([]checkout.TriedGroup, error) {
	return keep(p, pastKey{m, own, "tried"}, now, func() ([]checkout.TriedGroup, error) {
		return s.Ledger.TriedGroups(ctx, m, own, report.Today(now).AddDate(0, 0, 1-rateDays), now.Add(time.Hour))
	})
}

func (p *pastFigures) funnel(ctx context.Context, s *Surface, m checkout.MerchantID, own checkout.UserID, now time.Time) (checkout.Funnel, error) {
	return keep(p, pastKey{m, own, "funnel"}, now, func() (checkout.Funnel, error) {
		return s.Ledger.LinkFunnel(ctx, m, own, report.Today(now).AddDate(0, 0, 1-rateDays), now.Add(time.Hour))
	})
}
