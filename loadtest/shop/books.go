package shop

import (
	"context"
	"fmt"
	"time"
)

// Own is what a run knows of its own payments. Others may use the same gateway meanwhile: their payments are
// theirs to judge.
type Own struct {
	Since     time.Time       // no payment of the run is older, by the target's clock
	Links     map[string]bool // by ID: a payment of one of them is the run's
	Finished  map[string]bool // by ID: payments whose payers were shown a result
	Plays     Outcome         // of the run's card
	SingleUse bool            // each of the links is paid once at most
}

// Audit is what became of the money of a run: the ledger as the API shows it against the bank's books.
type Audit struct {
	Payments int      `json:"payments"` // of the run's own links
	Others   int      `json:"others"`   // seen in the same time, of links that somebody else made; not judged
	Paid     int      `json:"paid"`
	Declined int      `json:"declined"` // ended without money, as the card plays it
	Charges  int      `json:"charges"`  // in the bank's books, of these payments
	Lost     int      `json:"lost"`     // charged and not paid, paid and not charged, or ended otherwise than the card plays it
	Double   int      `json:"double"`   // charged twice, or a single-use link paid twice
	Differ   int      `json:"differ"`   // charged with another amount or currency
	Open     int      `json:"open"`     // still undecided when the patience was over
	Examples []string `json:"examples,omitempty"`
}

// Whole says whether nothing is wrong.
func (a Audit) Whole() bool { return a.Lost == 0 && a.Double == 0 && a.Differ == 0 && a.Open == 0 }

// examples are enough to begin looking.
const examples = 10

func (a *Audit) say(format string, args ...any) {
	if len(a.Examples) < examples {
		a.Examples = append(a.Examples, fmt.Sprintf(format, args...))
	}
}

// Audit holds every payment of a run against the books. Payments that are undecided are asked for again until
// the patience is over.
func (t Target) Audit(ctx context.Context, own Own, patience time.Duration) (Audit, error) {
	end := time.Now().Add(patience)
	for {
		a, err := t.audit(ctx, own)
		if err != nil || a.Open == 0 || time.Now().After(end) {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func (t Target) audit(ctx context.Context, own Own) (Audit, error) {
	var a Audit
	byOrder := map[string][]Charge{}
	charges, err := t.Charges(ctx)
	if err != nil {
		return a, fmt.Errorf("read the bank's books: %w", err)
	}
	for _, c := range charges {
		byOrder[c.OrderID] = append(byOrder[c.OrderID], c)
	}
	paidBy := map[string]int{}
	seen := map[string]bool{}
	err = t.Payments(ctx, own.Since, func(p Payment) {
		if seen[p.ID] {
			return // a page may begin with what the last one ended with
		}
		seen[p.ID] = true
		if !own.Links[p.Link] && !own.Finished[p.ID] {
			a.Others++
			return
		}
		a.Payments++
		a.hold(p, byOrder[p.BankOrderID], own)
		if p.Status == "paid" {
			paidBy[p.Link]++
		}
	})
	if err != nil {
		return a, fmt.Errorf("read payments: %w", err)
	}
	for id := range own.Finished {
		if !seen[id] {
			a.Lost++
			a.say("%s: its payer saw a result, the API does not list it", id)
		}
	}
	for link, n := range paidBy {
		if own.SingleUse && n > 1 {
			a.Double++
			a.say("%s: a single-use link with %d paid payments", link, n)
		}
	}
	return a, nil
}

// hold judges one payment: its money first, then whether it ended as its card plays it.
func (a *Audit) hold(p Payment, charges []Charge, own Own) {
	standing := a.standing(p, charges)
	paid := p.Status == "paid"
	switch {
	case p.Status == "authorizing" || p.Status == "pending":
		a.Open++
	case paid && standing == 0:
		a.lose("%s: paid and not charged", p.ID)
	case !paid && standing > 0:
		a.lose("%s: %s and charged", p.ID, p.Status)
	case !paid && own.Finished[p.ID] && own.Plays == Pays:
		a.lose("%s: its payer saw a result, its card pays, and it is %s", p.ID, p.Status)
	case paid && own.Plays == Declines:
		a.lose("%s: its card is declined, and it is paid and charged", p.ID)
	case !paid && own.Finished[p.ID]:
		a.Declined++
	}
	if paid {
		a.Paid++
	}
}

// standing counts the charges of a payment that were not taken back, and looks at their amounts.
func (a *Audit) standing(p Payment, charges []Charge) (n int) {
	for _, c := range charges {
		if c.Status != "authorized" {
			continue
		}
		n++
		if c.Amount != p.Total || c.Currency != p.Currency {
			a.Differ++
			a.say("%s: charged %d %s instead of %d %s", p.ID, c.Amount, c.Currency, p.Total, p.Currency)
		}
	}
	a.Charges += n
	if n > 1 {
		a.Double++
		a.say("%s: %d charges", p.ID, n)
	}
	return n
}

func (a *Audit) lose(format string, args ...any) {
	a.Lost++
	a.say(format, args...)
}
