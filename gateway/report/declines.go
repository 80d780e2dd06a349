package report

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/odelink/odelink/checkout"
)

// cause is what refusals of one day have in common.
type cause struct {
	account  checkout.AccountID
	reason   checkout.Reason
	bankCode string
	currency checkout.Currency
}

// refused is how often it happened.
type refused struct {
	cause
	day      time.Time
	name     string // of the account
	attempts int64
	minor    int64
}

func declineReportFields() []field[refused] {
	type r = refused
	return []field[r]{
		col("day", TypeDate, "Gün", "Day", func(v r) Value { return at(v.day) }),
		col("acquirer", TypeText, "Sanal POS", "Virtual POS", func(v r) Value { return text(string(v.account)) }),
		col("acquirer_name", TypeText, "Sanal POS Adı", "Virtual POS name", func(v r) Value { return text(v.name) }),
		col("decline_code", TypeCode, "Ret Nedeni", "Reason of refusal", func(v r) Value { return text(string(v.reason)) }),
		col("decline_bank_code", TypeText, "Banka Kodu", "Bank's code", func(v r) Value { return text(v.bankCode) }),
		col("currency", TypeText, "Para Birimi", "Currency", func(v r) Value { return text(string(v.currency)) }),
		sum("attempts", TypeCount, "Deneme Adedi", "Attempts", func(v r) Value { return number(v.attempts) }),
		sum("total", TypeMoney, "Tutar", "Total", func(v r) Value { return number(v.minor) }),
	}
}

func declines() Report {
	fields := declineReportFields()
	return Report{
		Name:  "declines",
		Title: Words{"Günlük hata raporu", "Daily error report"},
		About: Words{"Reddedilen ve başarısız ödemeler; gün, sanal POS, neden ve banka koduna göre, en sık olan önce. Dönem denemenin zamanına, gün İstanbul saatine göredir.",
			"Refused and failed payments by day, virtual POS, reason and bank code, most frequent first. The period is that of the attempt, days are Istanbul's."},
		Filters: []Filter{byCurrency, byAccount},
		columns: columns(fields),
		open: func(ctx context.Context, l Ledger, q Query) (batches, error) {
			accounts, err := accountsOf(ctx, l, q.Merchant)
			days := &tally{
				next: pagesOf(refusals, func(after checkout.ReportPlace) ([]checkout.Refusal, error) {
					ask := q.rows(after)
					ask.Limit = refusals
					return l.ReportRefused(ctx, ask)
				}, func(r checkout.Refusal) checkout.ReportPlace {
					return checkout.ReportPlace{At: r.At, ID: string(r.Payment)}
				}),
				count: map[cause]*refused{}, accounts: accounts,
			}
			return func() ([]Row, error) {
				some, err := days.read()
				rows := make([]Row, len(some))
				for i, r := range some {
					rows[i] = row(fields, r, r.currency)
				}
				return rows, err
			}, err
		},
	}
}

// tally counts refusals day by day: they come newest first, so a day is whole when another one begins, and
// nothing is kept but the causes of one day.
type tally struct {
	next     func() ([]checkout.Refusal, error)
	accounts map[checkout.AccountID]checkout.Account
	day      time.Time
	count    map[cause]*refused
}

// read answers the days that became whole.
func (t *tally) read() (out []refused, err error) {
	some, end := t.next()
	if failed(end) {
		return nil, end
	}
	for _, p := range some {
		if day := dayOf(p.At); !day.Equal(t.day) {
			out = t.whole(out)
			t.day = day
		}
		c := cause{p.Account, p.Reason, p.BankCode, p.Total.Currency}
		r := t.count[c]
		if r == nil {
			r = &refused{cause: c, day: t.day, name: t.accounts[p.Account].Name}
			t.count[c] = r
		}
		r.attempts++
		r.minor += p.Total.Minor
	}
	if end != nil {
		out = t.whole(out)
	}
	return out, end
}

// whole adds the causes of the day that ended.
func (t *tally) whole(out []refused) []refused {
	at := len(out)
	for _, r := range t.count {
		out = append(out, *r)
	}
	clear(t.count)
	slices.SortFunc(out[at:], func(a, b refused) int {
		return cmp.Or(cmp.Compare(b.attempts, a.attempts), cmp.Compare(a.account, b.account), cmp.Compare(a.reason, b.reason),
			cmp.Compare(a.bankCode, b.bankCode), cmp.Compare(a.currency, b.currency))
	})
	return out
}
